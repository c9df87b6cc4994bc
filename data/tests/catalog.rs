//! What the embedded catalog must hold: the rows that are promised, references that resolve, and
//! architectures whose shapes add up to the published number of parameters.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail"
)]

use sizewell::catalog::{AttentionKind, BenchmarkOrigin, HealthKind, Model, PurchaseOption, WeightFormat};
use sizewell::units::Date;
use sizewell::workload::UseCase;

#[test]
fn every_promised_gpu_has_a_price() {
    let catalog = sizewell_data::catalog();
    for gpu in [
        "T4",
        "V100",
        "A10",
        "A10G",
        "L4",
        "L40",
        "L40S",
        "A100-40",
        "A100-80",
        "H100",
        "H100-PCIe",
        "H200",
        "B200",
        "B300",
        "GB200",
        "RTX 4090",
        "RTX PRO 6000",
        "MI300X",
        "MI325X",
    ] {
        let found = catalog.gpu(gpu).unwrap();
        let price = catalog.price(&found.id, None, None, PurchaseOption::OnDemand);
        assert!(price.is_some(), "{gpu} has no on-demand price");
        assert!(
            found.memory_physical_gib <= found.memory_nominal_gb * 1.01,
            "{gpu}: more memory than nominal"
        );
        assert!(found.dense_tflops.fp16.is_some(), "{gpu} has no 16-bit rate");
    }
    for provider in ["aws", "gcp", "azure"] {
        let machines = catalog.instances().iter().filter(|instance| instance.provider == provider).count();
        assert!(machines >= 10, "{provider}: {machines} instances");
    }
}

#[test]
fn names_that_people_use_resolve() {
    let catalog = sizewell_data::catalog();
    for (names, id) in [
        (&["H100", "h100_sxm", "NVIDIA-H100-80GB-HBM3", "NVIDIA H100 80GB HBM3", "h100-sxm"][..], "H100"),
        (&["A100-80", "NVIDIA-A100-SXM4-80GB", "a100 80gb"], "A100-80"),
        (&["b200_sxm", "NVIDIA-B200"], "B200"),
        (&["mi300x", "AMD-Instinct-MI300X"], "MI300X"),
    ] {
        for name in names {
            assert_eq!(catalog.gpu(name).unwrap().id, id, "{name}");
        }
    }
    for (names, id) in [
        (
            &["meta-llama/llama-3.1-8b-instruct", "Llama-3.1-8B-Instruct", "llama 3.1 8b instruct"][..],
            "meta-llama/Llama-3.1-8B-Instruct",
        ),
        (&["gpt-oss-120b", "GPT OSS 120B", "openai/gpt-oss-120b"], "openai/gpt-oss-120b"),
    ] {
        for name in names {
            assert_eq!(catalog.model(name).unwrap().id, id, "{name}");
        }
    }
}

#[test]
fn references_resolve_and_every_model_has_a_quality() {
    let catalog = sizewell_data::catalog();
    let health = catalog.health(Date::parse("2026-11-20").unwrap());
    for kind in [HealthKind::UnknownReference, HealthKind::ModelWithoutQuality, HealthKind::Duplicate] {
        let found: Vec<_> = health.issues.iter().filter(|issue| issue.kind == kind).collect();
        assert!(found.is_empty(), "{found:#?}");
    }
    // The simulated rows whose mean ITL is above their p99: they stay in the file, and out of plans.
    assert_eq!(health.counts[&HealthKind::ImpossibleBenchmark], 393);
}

#[test]
fn bigger_siblings_are_not_worse() {
    let catalog = sizewell_data::catalog();
    for chain in [
        ["HuggingFaceTB/SmolLM3-3B", "meta-llama/Llama-3.1-8B-Instruct", "meta-llama/Llama-3.3-70B-Instruct"],
        ["Qwen/Qwen3-8B", "Qwen/Qwen3-14B", "Qwen/Qwen3-32B"],
    ] {
        for use_case in UseCase::ALL {
            let scores = chain.map(|model| catalog.quality_of(model, use_case).unwrap().score);
            assert!(scores.is_sorted(), "{chain:?} at {}: {scores:?}", use_case.as_str());
        }
    }
}

/// Parameters by shapes: embeddings, attention, MLP or experts. Norms and biases are left out.
fn parameters_by_shape(model: &Model) -> f64 {
    let shape = &model.architecture;
    let attention = &shape.attention;
    let of = |value: u32| f64::from(value);
    let hidden = of(shape.hidden_size);
    let embeddings = of(shape.vocab_size) * hidden * if shape.tied_embeddings { 1.0 } else { 2.0 };
    let heads = of(attention.heads);
    let per_attention = match &attention.mla {
        Some(mla) => {
            let head = of(mla.qk_nope_head_size + mla.qk_rope_head_size);
            let queries = match mla.q_lora_rank {
                Some(rank) => hidden * of(rank) + of(rank) * heads * head,
                None => hidden * heads * head,
            };
            queries
                + hidden * of(mla.kv_lora_rank + mla.qk_rope_head_size)
                + of(mla.kv_lora_rank) * heads * of(mla.qk_nope_head_size + mla.v_head_size)
                + heads * of(mla.v_head_size) * hidden
        }
        None => {
            let head = of(attention.head_size);
            2.0 * hidden * heads * head + 2.0 * hidden * of(attention.kv_heads) * head
        }
    };
    let matrices = if shape.gated_mlp { 3.0 } else { 2.0 };
    let (dense_layers, experts) = match &shape.moe {
        Some(moe) => {
            let routed = of(moe.experts) * matrices * hidden * of(moe.expert_intermediate_size);
            let shared = matrices * hidden * of(moe.shared_expert_intermediate_size);
            let router = of(moe.experts) * hidden;
            (shape.layers - moe.moe_layers, of(moe.moe_layers) * (routed + shared + router))
        }
        None => (shape.layers, 0.0),
    };
    let attending = of(attention.full_layers + attention.sliding_layers);
    embeddings
        + attending * per_attention
        + of(dense_layers) * matrices * hidden * of(shape.intermediate_size)
        + experts
}

#[test]
fn shapes_add_up_to_the_published_parameters() {
    let mut checked = 0;
    for model in sizewell_data::catalog().models() {
        let shape = &model.architecture;
        // Hybrids have projections of their own.
        if shape.attention.linear_layers > 0 || shape.mlp_only_layers > 0 {
            continue;
        }
        let by_shape = parameters_by_shape(model);
        let ratio = by_shape / model.parameters_total as f64;
        // Vision encoders and per-layer embeddings come on top of the shapes.
        let least = match model.family.as_str() {
            family if family.contains("gemma-3n") => 0.5,
            family if family.contains("gemma-3") || family.contains("ministral-3") => 0.88,
            _ => 0.975,
        };
        assert!((least..1.025).contains(&ratio), "{}: {by_shape:.4e} by shape, ratio {ratio:.4}", model.id);
        assert_eq!(shape.attention.kind == AttentionKind::Mla, shape.attention.mla.is_some(), "{}", model.id);
        checked += 1;
    }
    assert!(checked >= 100, "only {checked} checked");
}

#[test]
fn published_sizes_agree_with_the_format() {
    for model in sizewell_data::catalog().models() {
        let Some(published) = model.checkpoint_gib else { continue };
        if !matches!(model.weight_format, WeightFormat::Bf16 | WeightFormat::Fp16) {
            continue;
        }
        let computed = model.parameters_total as f64 * 2.0 / 1_073_741_824.0;
        let ratio = published / computed;
        assert!(
            (0.97..1.06).contains(&ratio),
            "{}: {published} GiB published, {computed:.2} computed",
            model.id
        );
    }
}

#[test]
fn no_measured_deployment_has_more_gpus_than_its_machines() {
    let catalog = sizewell_data::catalog();
    let measured: Vec<_> =
        catalog.benchmarks().iter().filter(|row| row.origin == BenchmarkOrigin::Measured).collect();
    // All but those on GB200, a rack of 72, ran on one machine of eight GPUs; the degrees of
    // parallelism in the dump multiply to as many as 64.
    for (gpu, gpus) in [("H100", 8), ("H200", 8), ("B200", 8), ("B300", 8), ("GB200", 72)] {
        let most = measured.iter().filter(|row| row.gpu == gpu).map(|row| row.gpus()).max();
        assert_eq!(most, Some(gpus), "{gpu}");
    }
}

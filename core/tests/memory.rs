//! Memory against what vLLM reports, sums of parameters against published totals, and laws.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

use std::path::Path;

use proptest::prelude::*;
use sizewell::catalog::{Catalog, Gpu, Model, ParameterGroup, WeightFormat};
use sizewell::engine::{
    KvDtype, MemoryOptions, Parallelism, PipelineStage, activation_gib_per_gpu, kv_bytes_per_sequence,
    memory_plan, smallest_tensor_parallel, weights_gib_per_gpu,
};

fn catalog() -> &'static Catalog {
    sizewell_data::catalog()
}

fn model(id: &str) -> &'static Model {
    catalog().model(id).unwrap()
}

fn h100() -> &'static Gpu {
    catalog().gpu("H100").unwrap()
}

/// Rows of a CSV without quotes, by column; lines that begin with `#` are remarks.
fn rows(text: &str) -> Vec<Vec<(String, String)>> {
    let mut lines = text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    let header: Vec<&str> = lines.next().unwrap().split(',').collect();
    lines
        .map(|line| {
            header.iter().zip(line.split(',')).map(|(name, cell)| (name.to_string(), cell.to_owned()))
        })
        .map(Iterator::collect)
        .collect()
}

fn cell<'a>(row: &'a [(String, String)], name: &str) -> &'a str {
    row.iter().find(|(column, _)| column == name).map_or("", |(_, cell)| cell)
}

fn number(row: &[(String, String)], name: &str) -> Option<f64> {
    Some(cell(row, name)).filter(|cell| !cell.is_empty()).map(|cell| cell.parse().unwrap())
}

fn error(given: f64, wanted: f64) -> f64 {
    (given - wanted).abs() / wanted
}

fn kv_dtype(name: &str) -> KvDtype {
    match name {
        "auto" => KvDtype::Auto,
        "fp8" => KvDtype::Fp8,
        other => panic!("{other}"),
    }
}

/// What the issue asks: weights within 1%, KV pool and KV tokens within 2%, on every row.
fn agrees_with_vllm(text: &str) {
    let rows = rows(text);
    assert_eq!(rows.len(), 10);
    for row in &rows {
        let stated = |name: &str| number(row, name);
        let parallelism = Parallelism {
            tensor_parallel: cell(row, "tp").parse().unwrap(),
            pipeline_parallel: cell(row, "pp").parse().unwrap(),
            ..Parallelism::default()
        };
        let weight_format = match (cell(row, "dtype"), cell(row, "quantization")) {
            (_, "fp8") => WeightFormat::Fp8,
            ("float32", "") => WeightFormat::Fp32,
            ("bfloat16", "") => WeightFormat::Bf16,
            other => panic!("{other:?}"),
        };
        let options = MemoryOptions {
            parallelism,
            weight_format: Some(weight_format),
            kv_dtype: kv_dtype(cell(row, "kv_cache_dtype")),
            gpu_memory_utilization: stated("gpu_memory_utilization").unwrap(),
            request_tokens: Some(cell(row, "max_model_len").parse().unwrap()),
            ..MemoryOptions::default()
        };
        let plan = memory_plan(model(cell(row, "model")), h100(), &options).unwrap();
        let weights = stated("weights_gib_per_gpu").unwrap();
        assert!(error(plan.weights_gib_per_gpu, weights) < 0.01, "{row:?} {plan:?}");
        if let Some(pool) = stated("kv_cache_gib_per_gpu") {
            assert!(error(plan.kv_pool_gib_per_gpu, pool) < 0.02, "{row:?} {plan:?}");
        }
        if let Some(tokens) = stated("kv_cache_tokens") {
            assert!(error(plan.kv_tokens as f64, tokens) < 0.02, "{row:?} {plan:?}");
        }
        if let Some(non_torch) = stated("non_torch_gib_per_gpu") {
            assert!((plan.non_torch_gib_per_gpu - non_torch).abs() < 0.05, "{row:?} {plan:?}");
        }
        // A pipeline's rows are of a stage without the LM head; the plan is of the fullest one.
        if let Some(reported) = stated("activation_gib_per_gpu") {
            let staged = parallelism.pipeline_parallel > 1;
            let (stage, tolerance) =
                if staged { (PipelineStage::First, 0.06) } else { (PipelineStage::Only, 0.02) };
            let model = model(cell(row, "model"));
            let activation = activation_gib_per_gpu(model, h100(), &options, stage).unwrap();
            assert!(error(activation, reported) < tolerance, "{row:?}: {activation}");
        }
    }
}

#[test]
fn memory_agrees_with_vllm_0_19_on_h100() {
    agrees_with_vllm(include_str!("memory/vllm_0_19_h100.csv"));
}

#[test]
fn the_fixture_is_the_shared_file() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/memory/vllm_0_19_h100.csv");
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("skipped: no {}", path.display());
        return;
    };
    agrees_with_vllm(&text);
    assert_eq!(rows(&text), rows(include_str!("memory/vllm_0_19_h100.csv")));
}

/// Other models and versions: weights within 1%, and KV tokens within 2% of what the pool that vLLM
/// had comes to. Of other versions than 0.19 only what does not depend on a version's activations is
/// compared; the row with a utilisation is of 0.19, with the smaller batch of an A100, and its pool
/// is compared whole.
#[test]
fn weights_and_kv_costs_agree_with_logs_of_other_models() {
    let rows = rows(include_str!("memory/vllm_logs.csv"));
    assert!(rows.len() >= 14);
    for row in &rows {
        let model = model(cell(row, "model"));
        let parallelism = Parallelism {
            tensor_parallel: cell(row, "tp").parse().unwrap(),
            pipeline_parallel: cell(row, "pp").parse().unwrap(),
            ..Parallelism::default()
        };
        if let Some(weights) = number(row, "weights_gib_per_gpu") {
            let stage =
                if parallelism.pipeline_parallel > 1 { PipelineStage::First } else { PipelineStage::Only };
            let gib = weights_gib_per_gpu(model, model.weight_format, parallelism, stage);
            assert!(error(gib, weights) < 0.01, "{row:?}: {gib}");
        }
        if let (Some(pool), Some(utilization)) =
            (number(row, "kv_cache_gib_per_gpu"), number(row, "gpu_memory_utilization"))
        {
            let options = MemoryOptions {
                parallelism,
                gpu_memory_utilization: utilization,
                ..MemoryOptions::default()
            };
            let plan = memory_plan(model, catalog().gpu(cell(row, "gpu")).unwrap(), &options).unwrap();
            assert!(error(plan.kv_pool_gib_per_gpu, pool) < 0.02, "{row:?} {plan:?}");
        }
        if let (Some(pool), Some(tokens)) =
            (number(row, "kv_cache_gib_per_gpu"), number(row, "kv_cache_tokens"))
        {
            let request = number(row, "max_model_len").unwrap();
            let dtype = kv_dtype(cell(row, "kv_cache_dtype"));
            let bytes = kv_bytes_per_sequence(model, parallelism, dtype, request);
            let held = pool * 1024.0f64.powi(3) / bytes * request;
            assert!(error(held, tokens) < 0.02, "{row:?}: {held}");
        }
    }
}

/// Peaks of activations that vLLM 0.19 reported on H100 by family (llm-d-planner 0.3.3, accuracy
/// report), in GiB. The report names families; the checkpoints are those of the catalog that are
/// nearest, so the tolerance is wider, 6%.
#[test]
fn activations_follow_from_the_architecture() {
    for (id, tensor_parallel, reported) in [
        ("Llama-3.1-8B-Instruct", 1, 1.89),
        ("Llama-3.1-8B-Instruct", 4, 1.89),
        ("Qwen3-8B", 1, 2.21),
        ("Qwen2.5-7B-Instruct", 1, 2.25),
        ("mistralai/Mistral-Small-3.1-24B-Instruct-2503", 1, 2.10),
        ("DeepSeek-V2-Lite-Chat", 1, 1.93),
        ("ibm-granite/granite-3.1-8b-instruct", 1, 0.85),
        ("mistralai/Mixtral-8x7B-Instruct-v0.1", 2, 1.21),
        ("microsoft/phi-4", 1, 1.52),
        ("Qwen1.5-MoE-A2.7B-Chat", 1, 2.47),
        ("Qwen/Qwen3-30B-A3B", 1, 2.68),
        ("google/gemma-2-9b-it", 1, 3.65),
        ("google/gemma-3-12b-it", 1, 3.94),
    ] {
        let parallelism = Parallelism::tensor(tensor_parallel);
        let options = MemoryOptions { parallelism, request_tokens: Some(1024), ..MemoryOptions::default() };
        let plan = memory_plan(model(id), h100(), &options).unwrap();
        assert!(error(plan.activation_gib_per_gpu, reported) < 0.06, "{id}: {}", plan.activation_gib_per_gpu);
    }
}

/// Groups counted from the architecture come to the published number of parameters. Exceptions:
/// what no field of the architecture describes, and totals that are published in whole billions.
#[test]
fn parameters_come_to_the_published_total() {
    let vision_tower = |model: &Model| model.tasks.contains(&sizewell::catalog::Task::Vision);
    for model in catalog().models() {
        let counts = model.parameters();
        let published = model.parameters_total as f64;
        let left = counts.other / published;
        let over = counts.total() / published - 1.0;
        assert!(counts.total() >= published && over < 0.01, "{}: {over}", model.id);
        let allowed = if model.id.contains("gemma-3n") {
            // Per-layer embeddings.
            0.45
        } else if vision_tower(model) {
            // 0.4 billion of a small model.
            0.11
        } else {
            0.01
        };
        assert!((0.0..=allowed).contains(&left), "{}: {left}", model.id);
    }
}

/// The published sizes of checkpoints, within 2%; those that hold more than is served are named.
#[test]
fn weights_come_to_the_published_size_of_the_checkpoint() {
    let mut compared = 0;
    for model in catalog().models() {
        let Some(published) = model.checkpoint_gib else { continue };
        let tolerance = match model.id.as_str() {
            // Its checkpoint holds the multi-token prediction module too.
            "Qwen/Qwen3-Next-80B-A3B-Instruct" => 0.03,
            // Its checkpoint holds the LM head beside the embedding whose weights it shares.
            "RedHatAI/granite-3.1-8b-instruct-quantized.w8a8" => 0.05,
            _ => 0.02,
        };
        let gib = model.weights_gib_in(model.weight_format);
        assert!(error(gib, published) < tolerance, "{}: {gib} against {published}", model.id);
        compared += 1;
    }
    assert!(compared > 40, "{compared}");
}

#[test]
fn what_a_checkpoint_leaves_wide_is_wide() {
    let kimi = model("moonshotai/Kimi-K2.5");
    let bytes = |group| kimi.bytes_per_weight(group, kimi.weight_format);
    assert_eq!(bytes(ParameterGroup::Attention), 2.0);
    assert_eq!(bytes(ParameterGroup::RoutedExperts), 0.5625);
    // Nothing of it holds in another format.
    let fp8 = kimi.in_format(WeightFormat::Fp8);
    assert_eq!(fp8.bytes_per_weight(ParameterGroup::Attention, WeightFormat::Fp8), 1.0);
    // Meta's 405 billion parameters in fp8 with attention wide: vLLM issue 6746 logged 57.8 GiB on
    // each of 8 GPUs, when the checkpoint had twice the KV heads and its first and last layer wide.
    let large = model("meta-llama/Llama-3.1-405B-Instruct-FP8");
    let gib = weights_gib_per_gpu(large, WeightFormat::Fp8, Parallelism::tensor(8), PipelineStage::Only);
    assert!((55.5..57.8).contains(&gib), "{gib}");
}

#[test]
fn parallel_weights_add_up() {
    let deepseek = model("DeepSeek-V3");
    let weights = |tensor_parallel, data_parallel, expert_parallel| {
        let parallelism =
            Parallelism { tensor_parallel, data_parallel, expert_parallel, ..Default::default() };
        parallelism.check(deepseek).unwrap();
        weights_gib_per_gpu(deepseek, deepseek.weight_format, parallelism, PipelineStage::Only)
    };
    // Experts are the same share of eight GPUs whichever way they are cut.
    assert!((weights(8, 1, 1) - weights(8, 1, 8)).abs() < 1e-9);
    // Data-parallel attention holds attention, embedding and LM head eight times.
    assert!(weights(1, 8, 8) > weights(8, 1, 8) + 10.0);
    // Stages of a pipeline hold all layers once.
    let llama = model("Llama-3.1-8B-Instruct");
    let stages = |pipeline_parallel| Parallelism { pipeline_parallel, ..Default::default() };
    let stage = |stages, stage| weights_gib_per_gpu(llama, WeightFormat::Bf16, stages, stage);
    let whole = stage(stages(1), PipelineStage::Only);
    let rotary = 131_072.0 * 128.0 * 2.0 / 1024.0f64.powi(3);
    let sum = stage(stages(4), PipelineStage::First)
        + 2.0 * stage(stages(4), PipelineStage::Middle)
        + stage(stages(4), PipelineStage::Last);
    assert!((sum - whole - 3.0 * rotary).abs() < 1e-9, "{sum} {whole}");
    // Its three dense layers are on the first stage, which is so much lighter.
    let two = Parallelism { pipeline_parallel: 2, ..Parallelism::tensor(8) };
    let half = |stage| weights_gib_per_gpu(deepseek, deepseek.weight_format, two, stage);
    let rotary = 163_840.0 * 64.0 * 2.0 / 1024.0f64.powi(3);
    let (first, last) = (half(PipelineStage::First), half(PipelineStage::Last));
    assert!(first < last - 1.0, "{first} {last}");
    assert!((first + last - weights(8, 1, 1) - rotary).abs() < 1e-9, "{first} {last}");
}

#[test]
fn kv_caches_have_the_bytes_of_their_kind() {
    let one =
        |id: &str, parallelism, tokens| kv_bytes_per_sequence(model(id), parallelism, KvDtype::Auto, tokens);
    let tensor = Parallelism::tensor;
    // KV heads are repeated where there are fewer than GPUs: 8 over 16 GPUs are one each.
    let llama = "Llama-3.1-8B-Instruct";
    assert_eq!(one(llama, tensor(8), 1.0), 32.0 * 2.0 * 128.0 * 2.0);
    assert_eq!(one(llama, tensor(16), 1.0), one(llama, tensor(8), 1.0));
    // The latent is whole on each GPU: 61 layers of 512 + 64.
    assert_eq!(one("DeepSeek-V3", tensor(8), 1.0), 61.0 * 576.0 * 2.0);
    // A window holds no more than its tokens.
    let gemma = model("google/gemma-3-27b-it");
    let per_layer = 2.0 * 16.0 * 128.0 * 2.0;
    let long = kv_bytes_per_sequence(gemma, tensor(1), KvDtype::Auto, 100_000.0);
    assert_eq!(long, per_layer * (10.0 * 100_000.0 + 52.0 * 1024.0));
    // Linear layers keep a state whatever the length.
    let hybrid = model("Qwen3-Next-80B-A3B-Instruct");
    let grown = kv_bytes_per_sequence(hybrid, tensor(1), KvDtype::Auto, 2.0)
        - kv_bytes_per_sequence(hybrid, tensor(1), KvDtype::Auto, 1.0);
    assert_eq!(grown, 12.0 * 2.0 * 2.0 * 256.0 * 2.0);
    assert!(kv_bytes_per_sequence(hybrid, tensor(1), KvDtype::Auto, 0.0) > 36.0 * 1e6);
}

#[test]
fn data_parallel_ranks_add_up_and_pipelines_share() {
    let deepseek = model("DeepSeek-V3");
    let h200 = catalog().gpu("H200").unwrap();
    let plan = |parallelism| {
        memory_plan(
            deepseek,
            h200,
            &MemoryOptions { parallelism, request_tokens: Some(4096), ..Default::default() },
        )
        .unwrap()
    };
    let ranks = Parallelism { data_parallel: 8, expert_parallel: 8, ..Parallelism::default() };
    let (split, repeated) = (plan(ranks), plan(Parallelism::tensor(8)));
    assert!(split.kv_tokens > 5 * repeated.kv_tokens, "{split:?} {repeated:?}");
    let staged = plan(Parallelism { pipeline_parallel: 2, ..Parallelism::tensor(8) });
    assert!(staged.kv_tokens > 2 * repeated.kv_tokens);
}

#[test]
fn bad_input_is_refused_with_its_field() {
    let llama = model("Llama-3.1-8B-Instruct");
    let given = MemoryOptions::default();
    let spread = |parallelism| MemoryOptions { parallelism, ..given };
    for (options, path) in [
        (spread(Parallelism::tensor(0)), "parallelism.tensor_parallel"),
        (spread(Parallelism::tensor(3)), "parallelism.tensor_parallel"),
        (
            spread(Parallelism { pipeline_parallel: 33, ..Default::default() }),
            "parallelism.pipeline_parallel",
        ),
        (spread(Parallelism { expert_parallel: 2, ..Parallelism::tensor(2) }), "parallelism.expert_parallel"),
        (MemoryOptions { gpu_memory_utilization: f64::NAN, ..given }, "gpu_memory_utilization"),
        (MemoryOptions { gpu_memory_utilization: 1.01, ..given }, "gpu_memory_utilization"),
        (MemoryOptions { max_num_seqs: Some(0), ..given }, "max_num_seqs"),
        (MemoryOptions { max_num_batched_tokens: Some(0), ..given }, "max_num_batched_tokens"),
        (MemoryOptions { request_tokens: Some(131_073), ..given }, "request_tokens"),
    ] {
        let refused = memory_plan(llama, h100(), &options).unwrap_err();
        assert_eq!((refused.code().as_str(), refused.path()), ("invalid_value", path));
        assert!(refused.report().allowed.is_some());
    }
    let mixtral = model("mistralai/Mixtral-8x7B-Instruct-v0.1");
    for parallelism in [
        Parallelism { expert_parallel: 3, ..Parallelism::tensor(4) },
        Parallelism { data_parallel: 4, expert_parallel: 16, ..Parallelism::tensor(4) },
    ] {
        assert_eq!(parallelism.check(mixtral).unwrap_err().path(), "expert_parallel");
    }
}

#[test]
fn what_does_not_fit_says_why() {
    let options = MemoryOptions { request_tokens: Some(16_384), ..MemoryOptions::default() };
    let plan = memory_plan(model("Llama-3.3-70B-Instruct"), h100(), &options).unwrap();
    assert!(!plan.fits && plan.concurrent_requests == 0 && plan.largest_context_tokens == 0);
    let reason = plan.reason.unwrap();
    let gpu = "71.3 GiB may be used (79.2 GiB × 0.9)";
    assert!(reason.contains(gpu) && reason.contains("request of 16384 tokens"), "{reason}");
    let llama =
        smallest_tensor_parallel(model("Llama-3.3-70B-Instruct"), h100(), &options, 8).unwrap().unwrap();
    assert_eq!((llama.parallelism.tensor_parallel, &llama.reason), (4, &None));
    assert!(smallest_tensor_parallel(model("DeepSeek-V3"), h100(), &options, 8).unwrap().is_none());
}

#[derive(Debug, Clone)]
struct Case {
    model: &'static Model,
    gpu: &'static Gpu,
    options: MemoryOptions,
}

fn cases() -> impl Strategy<Value = Case> {
    let spread = (0u32..4, 0u32..3, 0u32..3, 0u32..5);
    let shape = (0.3f64..1.0, 1u32..2048, 1u32..20_000, 1u32..100_000);
    let formats = (0usize..4, 0usize..4, any::<prop::sample::Index>(), any::<prop::sample::Index>());
    (spread, shape, formats).prop_filter_map("no such split", |(spread, shape, formats)| {
        let model = &catalog().models()[formats.2.index(catalog().models().len())];
        let gpu = &catalog().gpus()[formats.3.index(catalog().gpus().len())];
        let parallelism = Parallelism {
            tensor_parallel: 1 << spread.0,
            pipeline_parallel: 1 + spread.1,
            data_parallel: 1 << spread.2,
            expert_parallel: 1 << spread.3,
        };
        parallelism.check(model).ok()?;
        let formats_of = [None, Some(WeightFormat::Fp8), Some(WeightFormat::W4a16), Some(WeightFormat::Fp32)];
        let options = MemoryOptions {
            parallelism,
            weight_format: formats_of[formats.0],
            kv_dtype: [KvDtype::Auto, KvDtype::Bf16, KvDtype::Fp8, KvDtype::Nvfp4][formats.1],
            gpu_memory_utilization: shape.0,
            max_num_seqs: Some(shape.1),
            max_num_batched_tokens: Some(shape.2),
            request_tokens: Some(shape.3.min(model.context_tokens)),
        };
        Some(Case { model, gpu, options })
    })
}

impl Case {
    fn plan(&self, options: MemoryOptions) -> sizewell::engine::MemoryPlan {
        memory_plan(self.model, self.gpu, &options).unwrap()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn longer_requests_and_more_sequences_take_more(case in cases(), more in 1u32..10_000) {
        let plan = case.plan(case.options);
        let tokens = (plan.request_tokens + more).min(case.model.context_tokens);
        let longer = case.plan(MemoryOptions { request_tokens: Some(tokens), ..case.options });
        prop_assert!(longer.request_gib_per_gpu >= plan.request_gib_per_gpu);
        prop_assert!(longer.concurrent_requests <= plan.concurrent_requests);
        let seqs = case.options.max_num_seqs.map(|seqs| seqs + more);
        let wider = case.plan(MemoryOptions { max_num_seqs: seqs, ..case.options });
        prop_assert!(wider.kv_tokens <= plan.kv_tokens && wider.concurrent_requests <= plan.concurrent_requests);
        let batched = case.options.max_num_batched_tokens.map(|tokens| tokens + more);
        let fuller = case.plan(MemoryOptions { max_num_batched_tokens: batched, ..case.options });
        prop_assert!(fuller.kv_tokens <= plan.kv_tokens);
    }

    #[test]
    fn weights_never_rise_with_tensor_parallelism(case in cases()) {
        let wider = Parallelism {
            tensor_parallel: case.options.parallelism.tensor_parallel * 2,
            ..case.options.parallelism
        };
        prop_assume!(wider.check(case.model).is_ok());
        for stage in [PipelineStage::First, PipelineStage::Middle, PipelineStage::Last] {
            let weights = |parallelism| {
                weights_gib_per_gpu(case.model, case.model.weight_format, parallelism, stage)
            };
            prop_assert!(weights(wider) <= weights(case.options.parallelism));
        }
    }

    #[test]
    fn less_memory_and_wider_caches_hold_fewer_tokens(case in cases(), share in 0.5f64..1.0) {
        let plan = case.plan(case.options);
        let utilization = (case.options.gpu_memory_utilization * share).max(0.01);
        let less = case.plan(MemoryOptions { gpu_memory_utilization: utilization, ..case.options });
        prop_assert!(less.kv_tokens <= plan.kv_tokens && less.concurrent_requests <= plan.concurrent_requests);
        prop_assert!(less.largest_context_tokens <= plan.largest_context_tokens);
        let held = |kv_dtype| case.plan(MemoryOptions { kv_dtype, ..case.options }).kv_tokens;
        prop_assert!(held(KvDtype::Fp8) >= held(KvDtype::Bf16));
        prop_assert!(held(KvDtype::Nvfp4) >= held(KvDtype::Fp8));
    }

    #[test]
    fn plans_are_consistent(case in cases()) {
        let plan = case.plan(case.options);
        let parts = plan.weights_gib_per_gpu + plan.reserve_gib_per_gpu + plan.kv_pool_gib_per_gpu;
        prop_assert!((parts - plan.usable_gib_per_gpu).abs() < 1e-6);
        prop_assert!(plan.reserve_gib_per_gpu >= plan.activation_gib_per_gpu + plan.non_torch_gib_per_gpu - 1e-9);
        prop_assert_eq!(plan.fits, plan.reason.is_none());
        prop_assert_eq!(plan.fits, plan.concurrent_requests > 0);
        prop_assert_eq!(plan.fits, plan.largest_context_tokens >= plan.request_tokens);
        prop_assert!(plan.concurrent_requests * u64::from(plan.request_tokens)
            <= plan.kv_tokens + 16 * u64::from(case.options.parallelism.data_parallel));
        // What it calls the largest context fits, and one block more does not.
        if plan.largest_context_tokens > 0 {
            let tokens = plan.largest_context_tokens;
            let largest = case.plan(MemoryOptions { request_tokens: Some(tokens), ..case.options });
            prop_assert!(largest.fits);
            if tokens < case.model.context_tokens {
                let over = MemoryOptions { request_tokens: Some(tokens + 1), ..case.options };
                prop_assert!(!case.plan(over).fits);
            }
        }
        let text = serde_json::to_string(&plan).unwrap();
        prop_assert_eq!(serde_json::from_str::<sizewell::engine::MemoryPlan>(&text).unwrap().kv_tokens, plan.kv_tokens);
    }
}

//! Manifests: what every one of them holds, over options of the whole embedded catalog; how they
//! look, by snapshots; and what is refused.
//!
//! `UPDATE_SNAPSHOTS=1 cargo test --package sizewell --test manifest` writes the snapshots anew.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "the helpers of a test may fail loudly"
)]

#[path = "manifest/options.rs"]
mod options;
#[path = "manifest/refusals.rs"]
mod refusals;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;

use options::{made, recommended};
use proptest::prelude::*;
use serde_json::Value;
use sizewell::catalog::{Catalog, GpuMaker, WeightFormat};
use sizewell::manifest::{Manifest, ManifestSettings, render_manifests};
use sizewell::recommend::DeploymentOption;
use sizewell::units::Quantile;
use sizewell::workload::{Sizing, UseCase};

fn catalog() -> &'static Catalog {
    sizewell_data::catalog()
}

/// A recommended option, to make others from.
fn template() -> &'static DeploymentOption {
    static TEMPLATE: LazyLock<DeploymentOption> = LazyLock::new(|| options::template(catalog()).unwrap());
    &TEMPLATE
}

fn rendered(option: &DeploymentOption) -> Vec<Manifest> {
    render_manifests(catalog(), option, &ManifestSettings::default()).unwrap()
}

fn option_of(model: &str, gpu: &str) -> DeploymentOption {
    made(template(), catalog().model(model).unwrap(), catalog().gpu(gpu).unwrap()).unwrap()
}

/// The engine's arguments, each flag with its value.
fn arguments(manifests: &[Manifest]) -> BTreeMap<String, String> {
    let list = manifests[0].object["spec"]["predictor"]["containers"][0]["args"].as_array().unwrap();
    let texts = list.iter().map(|argument| argument.as_str().unwrap());
    texts
        .map(|text| match text.split_once('=') {
            Some((flag, value)) => (flag.to_owned(), value.to_owned()),
            None => (text.to_owned(), String::new()),
        })
        .collect()
}

fn is_dns_label(name: &str) -> bool {
    let inside =
        |character: char| character.is_ascii_lowercase() || character.is_ascii_digit() || character == '-';
    (1..=63).contains(&name.len())
        && name.chars().all(inside)
        && !name.starts_with('-')
        && !name.ends_with('-')
}

/// What holds for every set of manifests.
fn assert_sound(option: &DeploymentOption, settings: &ManifestSettings, manifests: &[Manifest]) {
    let kinds: Vec<&str> = manifests.iter().map(|manifest| manifest.kind.as_str()).collect();
    assert_eq!(kinds, ["InferenceService", "HorizontalPodAutoscaler", "ServiceMonitor"]);
    for manifest in manifests {
        let parsed: Value = serde_saphyr::from_str(&manifest.yaml).unwrap();
        assert_eq!(parsed, manifest.object, "{}", manifest.yaml);
        let lines: Vec<&str> = manifest.yaml.lines().filter(|line| !line.starts_with([' ', '-'])).collect();
        let keys: Vec<&str> = lines.iter().filter_map(|line| line.split(':').next()).collect();
        assert_eq!(keys, ["apiVersion", "kind", "metadata", "spec"]);
        assert_eq!(manifest.object["kind"], manifest.kind.as_str());
        assert_eq!(manifest.object["metadata"]["name"], manifest.name.as_str());
        assert_eq!(manifest.object["metadata"]["namespace"], settings.namespace.as_str());
        let labels = manifest.object["metadata"]["labels"].as_object().unwrap();
        for label in ["name", "instance", "component", "managed-by", "version"] {
            assert!(labels.contains_key(&format!("app.kubernetes.io/{label}")), "{label}");
        }
        assert!(is_dns_label(&manifest.name), "{}", manifest.name);
        // What KServe makes of the name.
        assert!(manifest.name.starts_with(|first: char| first.is_ascii_lowercase()), "{}", manifest.name);
        assert!(is_dns_label(&format!("{}-predictor", manifest.name)), "{}", manifest.name);
        assert!(format!("isvc.{}-predictor", manifest.name).len() <= 63, "{}", manifest.name);
        assert!(is_dns_label(&format!("{}-predictor-{}", manifest.name, settings.namespace)));
    }
    let predictor = &manifests[0].object["spec"]["predictor"];
    let container = &predictor["containers"][0];
    let gpu = catalog().gpu(&option.gpu).unwrap();
    let gpus = option.capacity.gpus_per_replica.to_string();
    for side in ["requests", "limits"] {
        let resources = container["resources"][side].as_object().unwrap();
        assert_eq!(resources[&gpu.resource_name], gpus.as_str());
        assert!(resources.contains_key("cpu") && resources.contains_key("memory"));
    }
    assert_eq!(container["env"][1]["valueFrom"]["secretKeyRef"]["optional"], true);
    for probe in ["startupProbe", "readinessProbe", "livenessProbe"] {
        assert_eq!(container[probe]["httpGet"]["path"], "/health", "{probe}");
    }
    let flags = arguments(manifests);
    let engine = &option.engine;
    for (flag, value) in [
        ("--served-model-name", option.model.clone()),
        ("--port", settings.port.to_string()),
        ("--tensor-parallel-size", option.tensor_parallel.to_string()),
        ("--max-model-len", engine.max_model_len.to_string()),
        ("--max-num-seqs", engine.max_num_seqs.to_string()),
        ("--max-num-batched-tokens", engine.max_num_batched_tokens.to_string()),
        ("--gpu-memory-utilization", engine.gpu_memory_utilization.to_string()),
    ] {
        assert_eq!(flags.get(flag), Some(&value), "{flag}");
    }
    assert_eq!(container["args"][0], option.model.as_str());
    assert_eq!(flags.contains_key("--enable-prefix-caching"), engine.enable_prefix_caching);
    assert_eq!(flags.contains_key("--no-enable-prefix-caching"), !engine.enable_prefix_caching);
    assert_eq!(predictor["volumes"][1]["emptyDir"]["medium"] == "Memory", gpus != "1");
    let scaler = &manifests[1].object["spec"];
    assert_eq!(scaler["minReplicas"], option.replicas);
    assert!(scaler["maxReplicas"].as_u64() >= scaler["minReplicas"].as_u64());
    assert_eq!(scaler["scaleTargetRef"]["name"], format!("{}-predictor", manifests[0].name));
    assert_eq!(
        manifests[0].object["metadata"]["annotations"]["serving.kserve.io/autoscalerClass"],
        "external"
    );
    let selected = &manifests[2].object["spec"]["selector"]["matchLabels"];
    assert_eq!(selected["serving.kserve.io/inferenceservice"], manifests[0].name.as_str());
    assert_eq!(manifests[2].object["spec"]["endpoints"][0]["port"], container["ports"][0]["name"]);
}

#[test]
fn what_is_recommended_can_be_deployed() {
    let mut sound = 0;
    for use_case in UseCase::ALL {
        for option in recommended(catalog(), use_case, Quantile::P95, Sizing::Prediction).unwrap() {
            assert!(option.capacity.gpus_per_replica <= 8 || option.pipeline_parallel.is_some());
            if option.capacity.gpus_per_replica <= 8 {
                assert_sound(&option, &ManifestSettings::default(), &rendered(&option));
                sound += 1;
            }
        }
    }
    assert!(sound > 100, "{sound}");
}

/// Measured options may have run on other engines, in other numbers, or on several nodes: those are
/// refused, with the field that says so.
#[test]
fn what_was_measured_can_be_deployed_or_says_why_not() {
    let (mut sound, mut refused) = (0, BTreeMap::new());
    for use_case in UseCase::ALL {
        for option in recommended(catalog(), use_case, Quantile::Mean, Sizing::Headroom).unwrap() {
            match render_manifests(catalog(), &option, &ManifestSettings::default()) {
                Ok(manifests) => {
                    assert_sound(&option, &ManifestSettings::default(), &manifests);
                    sound += 1;
                }
                Err(error) => *refused.entry(error.path().to_owned()).or_insert(0) += 1,
            }
        }
    }
    assert!(sound > 100, "{sound}");
    for path in refused.keys() {
        let known = ["backend", "evidence.precision", "capacity.gpus_per_replica"];
        assert!(known.contains(&path.as_str()), "{path}");
    }
}

#[test]
fn every_model_has_a_name_of_its_own_on_every_gpu() {
    let mut names = BTreeMap::new();
    for gpu in catalog().gpus() {
        for model in catalog().models() {
            let Some(option) = made(template(), model, gpu) else { continue };
            let Ok(manifests) = render_manifests(catalog(), &option, &ManifestSettings::default()) else {
                // Only what vLLM cannot run is left out.
                let old = gpu.maker == GpuMaker::Amd || gpu.compute_capability.as_deref() < Some("8.9");
                assert!(old, "{} on {}", model.id, gpu.id);
                continue;
            };
            assert_sound(&option, &ManifestSettings::default(), &manifests);
            // Repositories of the same name are copies of one another.
            let repository = model.id.rsplit('/').next().unwrap();
            let other = names.insert(manifests[0].name.clone(), (repository, &gpu.id));
            let same = other.is_none_or(|other| other == (repository, &gpu.id));
            assert!(same, "{} of {} on {} and {other:?}", manifests[0].name, model.id, gpu.id);
        }
    }
    assert!(names.len() > 2000, "{}", names.len());
}

#[test]
fn quantised_checkpoints_name_their_method() {
    for (model, gpu, method) in [
        ("RedHatAI/Qwen2.5-7B-Instruct-FP8-dynamic", "H100", "compressed-tensors"),
        ("RedHatAI/Qwen2.5-7B-Instruct-quantized.w8a8", "A100-80", "compressed-tensors"),
        ("RedHatAI/Qwen2.5-7B-Instruct-quantized.w4a16", "MI300X", "compressed-tensors"),
        ("nvidia/Llama-3.1-8B-Instruct-FP8", "L40S", "modelopt"),
        ("nvidia/Llama-3.3-70B-Instruct-FP4", "B200", "modelopt_fp4"),
        ("Qwen/Qwen3-32B-FP8", "MI300X", "fp8"),
        ("Qwen/Qwen3-32B-AWQ", "A100-40", "awq_marlin"),
        ("deepseek-ai/DeepSeek-R1", "B300", "fp8"),
        ("openai/gpt-oss-120b", "H100", "mxfp4"),
        ("moonshotai/Kimi-K2.5", "B200", "compressed-tensors"),
        ("meta-llama/Llama-4-Maverick-17B-128E-Instruct-FP8", "H200", "compressed-tensors"),
    ] {
        let flags = arguments(&rendered(&option_of(model, gpu)));
        assert_eq!(flags.get("--quantization").map(String::as_str), Some(method), "{model}");
    }
    // vLLM reads it from the checkpoint: nothing is quantised, or more than one maker's tool was used.
    for (model, gpu) in [
        ("Qwen/Qwen2.5-7B-Instruct", "H100"),
        ("RedHatAI/Meta-Llama-3.1-8B-Instruct-quantized.w4a16", "H100"),
        ("RedHatAI/Mistral-7B-Instruct-v0.3-FP8", "H100"),
        ("Qwen/Qwen3-32B-AWQ", "MI300X"),
    ] {
        assert_eq!(arguments(&rendered(&option_of(model, gpu))).get("--quantization"), None, "{model}");
    }
    let flags = arguments(&rendered(&option_of("meta-llama/Llama-3.1-405B-Instruct-FP8", "B200")));
    assert_eq!(flags["--quantization"], "fbgemm_fp8");
    assert!(flags.contains_key("--allow-deprecated-quantization"));
}

#[test]
fn other_precisions_than_the_checkpoints_are_served_where_vllm_can() {
    let mut option = option_of("meta-llama/Llama-3.1-70B", "H200");
    option.evidence.precision = Some("fp8".to_owned());
    assert_eq!(arguments(&rendered(&option))["--quantization"], "fp8");
    option.evidence.precision = Some("bf16".to_owned());
    assert_eq!(arguments(&rendered(&option)).get("--quantization"), None);
    let mut option = option_of("RedHatAI/Qwen2.5-7B-Instruct-quantized.w4a16", "H100");
    option.evidence.precision = Some("bf16".to_owned());
    assert_eq!(arguments(&rendered(&option))["--quantization"], "compressed-tensors");
    let mut option = option_of("MiniMaxAI/MiniMax-M2.5", "B200");
    option.evidence.precision = Some("nvfp4".to_owned());
    let error = render_manifests(catalog(), &option, &ManifestSettings::default()).unwrap_err();
    assert_eq!((error.code().as_str(), error.path()), ("contradiction", "evidence.precision"));
    assert_eq!(error.suggestions(), ["nvidia/MiniMax-M2.5-NVFP4"]);
}

#[test]
fn makers_have_their_own_image_resource_and_node_label() {
    let amd = rendered(&option_of("Llama-3.3-70B-Instruct", "MI300X"));
    let nvidia = rendered(&option_of("Llama-3.3-70B-Instruct", "L40S"));
    for (manifests, image, resource, label) in [
        (&amd, "vllm/vllm-openai-rocm:v0.19.0", "amd.com/gpu", "amd.com/gpu.product-name"),
        (&nvidia, "vllm/vllm-openai:v0.19.0", "nvidia.com/gpu", "nvidia.com/gpu.product"),
    ] {
        let predictor = &manifests[0].object["spec"]["predictor"];
        assert_eq!(predictor["containers"][0]["image"], image);
        assert_eq!(predictor["tolerations"][0]["key"], resource);
        assert!(predictor["nodeSelector"].as_object().unwrap().contains_key(label));
    }
}

#[test]
fn number_formats_fit_the_gpu() {
    for (gpu, dtype) in [("T4", Some("float16")), ("V100", Some("float16")), ("A10", None), ("MI300X", None)]
    {
        let flags = arguments(&rendered(&option_of("Llama-3.2-1B-Instruct", gpu)));
        assert_eq!(flags.get("--dtype").map(String::as_str), dtype, "{gpu}");
    }
}

#[test]
fn parallelism_beyond_tensor_parallel_is_emitted() {
    let mut option = option_of("Qwen/Qwen3-30B-A3B", "H100");
    let plain = arguments(&rendered(&option));
    assert!(!plain.contains_key("--data-parallel-size") && !plain.contains_key("--enable-expert-parallel"));
    option.capacity.gpus_per_replica = 4 * option.tensor_parallel;
    option.capacity.gpu_count = option.replicas * u64::from(option.capacity.gpus_per_replica);
    option.gpu_count = option.capacity.gpu_count;
    option.expert_parallel = Some(option.capacity.gpus_per_replica);
    let manifests = rendered(&option);
    assert_sound(&option, &ManifestSettings::default(), &manifests);
    let flags = arguments(&manifests);
    assert_eq!(flags["--data-parallel-size"], "4");
    assert!(flags.contains_key("--enable-expert-parallel"));
}

#[test]
fn settings_reach_the_objects() {
    let option = option_of("moonshotai/Kimi-K2.5", "B200");
    assert!(arguments(&rendered(&option)).contains_key("--trust-remote-code"));
    let settings = ManifestSettings {
        name: Some("chat".to_owned()),
        namespace: "team-1".to_owned(),
        max_replicas: Some(option.replicas),
        target_waiting_requests: 7,
        nvidia_image: format!("registry.example:5000/vllm@sha256:{}", "00ff".repeat(16)),
        port: 9000,
        model_cache_claim: Some("weights".to_owned()),
        trust_remote_code: Some(false),
        scrape_interval_seconds: 5,
        service_monitor_labels: [("release".to_owned(), "prometheus".to_owned())].into(),
        ..ManifestSettings::default()
    };
    let manifests = render_manifests(catalog(), &option, &settings).unwrap();
    let flags = arguments(&manifests);
    assert!(!flags.contains_key("--trust-remote-code"));
    assert_eq!(flags["--port"], "9000");
    let predictor = &manifests[0].object["spec"]["predictor"];
    assert_eq!(predictor["containers"][0]["image"], settings.nvidia_image.as_str());
    assert_eq!(predictor["volumes"][0]["persistentVolumeClaim"]["claimName"], "weights");
    assert_eq!(manifests[1].object["spec"]["maxReplicas"], option.replicas);
    assert_eq!(manifests[1].object["spec"]["metrics"][0]["pods"]["target"]["averageValue"], "7");
    assert_eq!(manifests[2].object["metadata"]["labels"]["release"], "prometheus");
    assert_eq!(manifests[2].object["spec"]["endpoints"][0]["interval"], "5s");
    assert_eq!(manifests[2].object["metadata"]["namespace"], "team-1");
}

/// KServe joins name, `-predictor-` and namespace to one label of 63 characters at most.
#[test]
fn names_leave_room_for_the_namespace() {
    let model = "RedHatAI/Meta-Llama-3.1-8B-Instruct-quantized.w4a16";
    for length in 1..=63 {
        let namespace = "n".repeat(length);
        let mut names = BTreeMap::new();
        for (model, gpu) in [(model, "H100"), (model, "A100-80"), ("Qwen/Qwen3-8B", "H100")] {
            let option = option_of(model, gpu);
            let settings = ManifestSettings { namespace: namespace.clone(), ..ManifestSettings::default() };
            match render_manifests(catalog(), &option, &settings) {
                Ok(manifests) => {
                    assert_sound(&option, &settings, &manifests);
                    assert_eq!(names.insert(manifests[0].name.clone(), (model, gpu)), None);
                }
                Err(error) => {
                    assert_eq!((error.code().as_str(), error.path()), ("contradiction", "namespace"));
                    assert!(length > 42, "{error}");
                }
            }
        }
        assert_eq!(names.len(), if length > 42 { 0 } else { 3 }, "{length}");
    }
    let settings = ManifestSettings {
        name: Some("n".repeat(20)),
        namespace: "n".repeat(32),
        ..ManifestSettings::default()
    };
    let manifests = render_manifests(catalog(), template(), &settings).unwrap();
    assert_sound(template(), &settings, &manifests);
}

#[test]
fn options_that_miss_a_target_can_be_deployed() {
    let recommended =
        recommended(catalog(), UseCase::SummarizationShort, Quantile::P95, Sizing::Headroom).unwrap();
    let missing = recommended.iter().find(|option| !option.misses.is_empty()).unwrap();
    assert_sound(missing, &ManifestSettings::default(), &rendered(missing));
}

#[test]
fn manifests_look_as_reviewed() {
    for (name, model, gpu) in [
        ("nvidia", "RedHatAI/Llama-3.3-70B-Instruct-FP8-dynamic", "H100"),
        ("amd", "Llama-3.3-70B-Instruct", "MI300X"),
    ] {
        let option = option_of(model, gpu);
        for manifest in rendered(&option) {
            assert_snapshot(&format!("{name}-{}", manifest.file_name), &manifest.yaml);
        }
    }
}

fn assert_snapshot(file: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots/manifests").join(file);
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
    }
    let expected = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}; UPDATE_SNAPSHOTS=1 writes it", path.display()));
    // A checkout may have turned the line ends.
    assert_eq!(text, expected.replace("\r\n", "\n"), "{file}; UPDATE_SNAPSHOTS=1 writes it anew");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Any model on any GPU, any settings that pass: written and read again, the object is the same.
    #[test]
    fn written_and_read_again_is_the_same(
        model in 0..1000_usize,
        gpu in 0..1000_usize,
        name in prop::option::of("[a-z]([a-z0-9-]{0,43}[a-z0-9])?"),
        namespace in "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?",
        label in "([A-Za-z0-9]([A-Za-z0-9_.-]{0,20}[A-Za-z0-9])?)?",
        key in "[A-Za-z0-9_-][A-Za-z0-9._-]{0,19}",
        claim in prop::option::of("[a-z0-9]{1,5}([.-][a-z0-9]{1,5}){0,3}"),
        more in 0..5_u64,
        waiting in 1..100_u32,
        caching in any::<bool>(),
        utilization in 0.01..=1.0_f64,
    ) {
        let model = &catalog().models()[model % catalog().models().len()];
        let gpu = &catalog().gpus()[gpu % catalog().gpus().len()];
        let Some(mut option) = made(template(), model, gpu) else { return Ok(()) };
        option.engine.enable_prefix_caching = caching;
        option.engine.gpu_memory_utilization = utilization;
        let settings = ManifestSettings {
            name,
            namespace,
            max_replicas: Some(option.replicas + more),
            target_waiting_requests: waiting,
            hf_token_key: key,
            model_cache_claim: claim,
            service_monitor_labels: [("team".to_owned(), label)].into(),
            ..ManifestSettings::default()
        };
        match render_manifests(catalog(), &option, &settings) {
            Ok(manifests) => {
                assert_sound(&option, &settings, &manifests);
                let again = render_manifests(catalog(), &option, &settings).unwrap();
                prop_assert_eq!(manifests, again);
            }
            Err(error) if ["name", "namespace"].contains(&error.path()) => {
                prop_assert_eq!(error.code().as_str(), "contradiction");
                let room = 52_usize.saturating_sub(settings.namespace.len());
                prop_assert!(settings.name.map_or(10, |name| name.len()) > room);
            }
            Err(error) => {
                prop_assert_eq!((error.code().as_str(), error.path()), ("contradiction", "gpu"));
                prop_assert!(model.weight_format != WeightFormat::Bf16 || model.family.starts_with("gemma"));
            }
        }
    }
}

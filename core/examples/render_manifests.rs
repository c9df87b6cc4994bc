//! Writes manifests of many options into a folder, as YAML and, beside each, as JSON: what
//! `core/tests/validate_manifests.py` validates.
//!
//! ```sh
//! cargo run --package sizewell --example render_manifests -- <folder>
//! ```
//!
//! One folder for each option: what is recommended for each use case, every model on an H100 and an
//! MI300X, every GPU with models of several formats, settings out of the ordinary.

#[path = "../tests/manifest/options.rs"]
mod options;

use std::fs;
use std::path::{Path, PathBuf};

use sizewell::manifest::{ManifestSettings, render_manifests};
use sizewell::recommend::DeploymentOption;
use sizewell::units::Quantile;
use sizewell::workload::{Sizing, UseCase};

type Failure = Box<dyn std::error::Error>;

const MODELS: [&str; 8] = [
    "Qwen2.5-7B-Instruct",
    "Llama-3.3-70B-Instruct",
    "RedHatAI/Qwen2.5-7B-Instruct-FP8-dynamic",
    "RedHatAI/Mistral-Small-3.1-24B-Instruct-2503-quantized.w4a16",
    "Qwen/Qwen3-8B-AWQ",
    "nvidia/Llama-3.1-8B-Instruct-FP8",
    "openai/gpt-oss-20b",
    "Qwen/Qwen3-30B-A3B",
];

/// Names that YAML readers may take for something else than text.
const AWKWARD_NAMES: [&str; 7] = ["on", "yes", "no", "null", "true", "y", "e1"];

fn main() -> Result<(), Failure> {
    let folder = std::env::args().nth(1).ok_or("usage: render_manifests <folder>")?;
    let mut out = Output { folder: PathBuf::from(folder), written: 0, refused: 0 };
    let catalog = sizewell_data::catalog();
    let plain = ManifestSettings::default();
    for use_case in UseCase::ALL {
        for percentile in [Quantile::P95, Quantile::Mean] {
            for (how, sizing) in [("predicted", Sizing::Prediction), ("headroom", Sizing::Headroom)] {
                for option in options::recommended(catalog, use_case, percentile, sizing)? {
                    let name = format!("{}-{percentile}-{how}-{}", use_case.as_str(), option.id);
                    out.render(&name, &option, &plain)?;
                }
            }
        }
    }
    let template = options::template(catalog)?;
    for gpu in ["H100", "MI300X"] {
        let gpu = catalog.gpu(gpu)?;
        for model in catalog.models() {
            if let Some(option) = options::made(&template, model, gpu) {
                out.render(&format!("models-{}-{}", gpu.id, model.id), &option, &plain)?;
            }
        }
    }
    for gpu in catalog.gpus() {
        for model in MODELS {
            if let Some(option) = options::made(&template, catalog.model(model)?, gpu) {
                out.render(&format!("gpus-{}-{model}", gpu.id), &option, &plain)?;
            }
        }
    }
    for name in AWKWARD_NAMES {
        let settings = ManifestSettings {
            name: Some(name.to_owned()),
            namespace: name.to_owned(),
            max_replicas: Some(template.replicas),
            model_cache_claim: Some("1e3".to_owned()),
            hf_token_key: "0x1F".to_owned(),
            trust_remote_code: Some(true),
            service_monitor_labels: [("release".to_owned(), "1.0".to_owned())].into(),
            ..plain.clone()
        };
        out.render(&format!("settings-{name}"), &template, &settings)?;
    }
    let mut spread = options::made(&template, catalog.model("Qwen/Qwen3-30B-A3B")?, catalog.gpu("H100")?)
        .ok_or("the model fits")?;
    spread.capacity.gpus_per_replica = spread.tensor_parallel * 2;
    spread.capacity.gpu_count = spread.replicas * u64::from(spread.capacity.gpus_per_replica);
    spread.gpu_count = spread.capacity.gpu_count;
    spread.expert_parallel = Some(spread.capacity.gpus_per_replica);
    spread.engine.enable_prefix_caching = false;
    out.render("experts", &spread, &plain)?;
    println!("{} objects in {}, {} options refused", out.written, out.folder.display(), out.refused);
    Ok(())
}

struct Output {
    folder: PathBuf,
    written: usize,
    refused: usize,
}

impl Output {
    fn render(
        &mut self,
        case: &str,
        option: &DeploymentOption,
        settings: &ManifestSettings,
    ) -> Result<(), Failure> {
        let manifests = match render_manifests(sizewell_data::catalog(), option, settings) {
            Ok(manifests) => manifests,
            // Other engines, checkpoints of other numbers than were measured, replicas larger than a node.
            Err(_) => {
                self.refused += 1;
                return Ok(());
            }
        };
        let case: String =
            case.chars().map(|part| if part.is_ascii_alphanumeric() { part } else { '-' }).collect();
        let folder = self.folder.join(case);
        fs::create_dir_all(&folder)?;
        for manifest in manifests {
            let path = folder.join(&manifest.file_name);
            fs::write(&path, &manifest.yaml)?;
            fs::write(Path::with_extension(&path, "json"), serde_json::to_string_pretty(&manifest.object)?)?;
            self.written += 1;
        }
        Ok(())
    }
}

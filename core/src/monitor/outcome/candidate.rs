//! What could run instead, and whether planning would let it: the kernels that there are for its
//! numbers, the links between the GPUs of a replica, room for weights and requests.

use super::saving::SavingKind;
use crate::catalog::{Catalog, Gpu, Model, Numbers, WeightFormat};
use crate::engine::{KvDtype, Speculation};
use crate::error::{Error, Result};
use crate::queueing::{DeploymentRequest, FleetDeployment};
use crate::recommend::kernels;

/// Tokens of a draft that is tried.
const DRAFT_TOKENS: u32 = 3;
/// GPUs of a replica that are tried: those of one node, as in planning.
const TENSOR_PARALLEL: [u32; 4] = [1, 2, 4, 8];
/// Fewest requests for which the KV cache must have room at a time, as in planning.
const LEAST_REQUESTS: f64 = 4.0;
const ANSWERS: &str = "answers in these numbers, on a set of your own";

/// What may run instead.
pub(super) struct Candidate {
    pub kind: SavingKind,
    pub deployment: DeploymentRequest,
    pub words: String,
    pub usd_per_gpu_hour: f64,
    pub check: Option<String>,
}

/// What runs.
pub(super) struct AtHand<'a> {
    pub catalog: &'a Catalog,
    pub model: &'a Model,
    pub gpu: &'a Gpu,
    pub present: &'a DeploymentRequest,
    pub usd_per_gpu_hour: f64,
}

impl AtHand<'_> {
    /// What can change on the present GPU.
    pub fn same_gpu(&self) -> Vec<Candidate> {
        let present = self.present;
        let mut found = vec![self.candidate(SavingKind::RightSize, "The same", present.clone(), None)];
        for tensor_parallel in TENSOR_PARALLEL {
            if Some(tensor_parallel) != present.tensor_parallel {
                let deployment =
                    DeploymentRequest { tensor_parallel: Some(tensor_parallel), ..present.clone() };
                let words = format!("{tensor_parallel} GPUs a replica");
                found.push(self.candidate(SavingKind::Respread, &words, deployment, None));
            }
        }
        for (words, deployment) in self.quantized() {
            found.push(self.candidate(SavingKind::Quantize, &words, deployment, Some(ANSWERS)));
        }
        if present.speculation.is_none_or(|speculation| speculation.draft_tokens == 0) {
            let drafts = Speculation { draft_tokens: DRAFT_TOKENS, acceptance: None };
            let deployment = DeploymentRequest { speculation: Some(drafts), ..present.clone() };
            let check = "that there is a draft model or head, and how many of its tokens are accepted";
            let words = format!("Speculative decoding with drafts of {DRAFT_TOKENS}");
            found.push(self.candidate(SavingKind::SpeculativeDecoding, &words, deployment, Some(check)));
        }
        found
    }

    /// In fewer bits: quantised checkpoints of the same base model, weights quantised while loading
    /// where there is no such checkpoint in fp8, the KV cache.
    fn quantized(&self) -> Vec<(String, DeploymentRequest)> {
        let present = self.present;
        let wide = !present.precision.unwrap_or(self.model.weight_format).is_quantized();
        let mut found = Vec::new();
        if wide {
            let base = self.catalog.base_position(&self.model.id);
            let of_base = |other: &&Model| {
                base.is_some()
                    && self.catalog.base_position(&other.id) == base
                    && other.weight_format.is_quantized()
            };
            let checkpoints = || self.catalog.models().iter().filter(of_base);
            for checkpoint in checkpoints().filter(|model| kernels::refusal(model, self.gpu).is_none()) {
                let words = format!("{} (weights in {})", checkpoint.id, checkpoint.weight_format.as_str());
                let model = checkpoint.id.clone();
                found.push((words, DeploymentRequest { model, precision: None, ..present.clone() }));
            }
            let has_fp8 = checkpoints().any(|model| model.weight_format.numbers() == Numbers::Float8);
            if !has_fp8 && kernels::quantizes_online(self.model, self.gpu) {
                let fp8 = DeploymentRequest { precision: Some(WeightFormat::Fp8), ..present.clone() };
                found.push(("Weights in fp8".to_owned(), fp8));
            }
        }
        if has_wide_cache(present) && kernels::keeps_kv_in_8_bits(self.gpu) {
            let narrow = |deployment: &DeploymentRequest| DeploymentRequest {
                kv_dtype: Some(KvDtype::Fp8),
                ..deployment.clone()
            };
            let both: Vec<_> = found
                .iter()
                .map(|(words, deployment)| (format!("{words}, KV cache in fp8"), narrow(deployment)))
                .collect();
            found.extend(both);
            found.push(("KV cache in fp8".to_owned(), narrow(present)));
        }
        found
    }

    /// The same on other GPUs, and why some are none.
    pub fn other_gpus(
        &self,
        named: Option<&[String]>,
        price: &dyn Fn(&Gpu) -> Option<f64>,
    ) -> Result<(Vec<Candidate>, Vec<String>)> {
        let others: Vec<&Gpu> = match named {
            Some(names) => {
                let at = |index: usize| move |error: Error| error.at(format!("gpus[{index}]"));
                let each = names.iter().enumerate();
                each.map(|(index, name)| self.catalog.gpu(name).map_err(at(index))).collect::<Result<_>>()?
            }
            None => {
                let of_maker = |other: &&Gpu| other.maker == self.gpu.maker && price(other).is_some();
                self.catalog.gpus().iter().filter(of_maker).collect()
            }
        };
        let (mut found, mut rejected) = (Vec::new(), Vec::new());
        for other in others.into_iter().filter(|other| other.id != self.gpu.id) {
            let Some(usd_per_gpu_hour) = price(other) else {
                rejected.push(format!("{} (other_gpu): no on-demand price is known", other.id));
                continue;
            };
            if let Some(why) = refusal(self.model, self.present, other) {
                rejected.push(format!("{} (other_gpu): {why}", other.id));
                continue;
            }
            for tensor_parallel in TENSOR_PARALLEL {
                let deployment = DeploymentRequest {
                    gpu: other.id.clone(),
                    tensor_parallel: Some(tensor_parallel),
                    ..self.present.clone()
                };
                found.push(Candidate {
                    kind: SavingKind::OtherGpu,
                    words: format!("{} × {tensor_parallel} GPUs a replica", other.id),
                    deployment,
                    usd_per_gpu_hour,
                    check: Some("the price is the catalog's, on demand".to_owned()),
                });
            }
        }
        Ok((found, rejected))
    }

    fn candidate(
        &self,
        kind: SavingKind,
        words: &str,
        deployment: DeploymentRequest,
        check: Option<&str>,
    ) -> Candidate {
        Candidate {
            kind,
            deployment,
            words: words.to_owned(),
            usd_per_gpu_hour: self.usd_per_gpu_hour,
            check: check.map(str::to_owned),
        }
    }
}

impl Candidate {
    /// Why planning would refuse it, whatever its size; none where it would not. What runs already
    /// does run.
    pub fn refusal(&self, catalog: &Catalog) -> Option<String> {
        if self.kind == SavingKind::RightSize {
            return None;
        }
        let (model, gpu) =
            (catalog.model(&self.deployment.model).ok()?, catalog.gpu(&self.deployment.gpu).ok()?);
        let domain = gpu.interconnect.domain_gpus.max(1);
        let spread = self.deployment.tensor_parallel.filter(|size| *size > domain);
        let links = spread.map(|_| format!("fast links join {domain} GPUs of {} at most", gpu.id));
        links.or_else(|| refusal(model, &self.deployment, gpu))
    }

    /// Why the memory of one replica is too small, where it is: weights that are quantised while
    /// loading are loaded as stored first, and a few requests must fit at a time.
    pub fn tight(&self, catalog: &Catalog, fleet: &FleetDeployment, request_tokens: f64) -> Option<String> {
        if self.kind == SavingKind::RightSize {
            return None;
        }
        let (model, gpu) =
            (catalog.model(&self.deployment.model).ok()?, catalog.gpu(&self.deployment.gpu).ok()?);
        let stored_gib = model.weights_gib_in(model.weight_format) / f64::from(fleet.gpus_per_replica.max(1));
        if stored_gib > gpu.memory_physical_gib {
            return Some(format!(
                "{stored_gib:.1} GiB of weights a GPU are loaded before they are quantised, and there are {:.1}",
                gpu.memory_physical_gib
            ));
        }
        let requests = fleet.kv_tokens as f64 / request_tokens;
        (requests < LEAST_REQUESTS)
            .then(|| format!("room for {requests:.1} requests at a time, {LEAST_REQUESTS} make a batch"))
    }
}

/// Why there are no kernels for a deployment's numbers on a GPU; none where there are.
fn refusal(model: &Model, deployment: &DeploymentRequest, gpu: &Gpu) -> Option<String> {
    let format = deployment.precision.unwrap_or(model.weight_format);
    let weights = match format {
        // While loading, from a checkpoint that stores 16 bits.
        WeightFormat::Fp8 if model.weight_format != format => {
            (!kernels::quantizes_online(model, gpu)).then(|| {
                let stored = model.weight_format.as_str();
                format!("{} does not quantise {stored} weights to fp8 while loading", gpu.id)
            })
        }
        _ => kernels::refusal_in(model, format, gpu),
    };
    let cache = !has_wide_cache(deployment) && !kernels::keeps_kv_in_8_bits(gpu);
    weights.or_else(|| cache.then(|| format!("{} has no units for a KV cache in 8 bits", gpu.id)))
}

fn has_wide_cache(deployment: &DeploymentRequest) -> bool {
    matches!(deployment.kv_dtype, None | Some(KvDtype::Auto | KvDtype::Bf16 | KvDtype::Fp16))
}

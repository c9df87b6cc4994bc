//! An option that was checked, with all that renderers need to know of it.

use super::ManifestSettings;
use super::names::{
    LEAST_DEFAULT_NAME, MAX_NAME_AND_NAMESPACE, check_model_id, default_name, is_label_key, is_label_value,
    printable,
};
use crate::catalog::{Catalog, Gpu, GpuMaker, Model, Numbers};
use crate::error::{Error, ErrorCode, Result};
use crate::recommend::DeploymentOption;
use crate::units::{check_count, check_range};

/// Most replicas: far above any fleet, far below what a 32-bit count of Kubernetes holds.
const MAX_REPLICAS: u64 = 1_000_000;
/// GPUs of a node where the catalog knows no larger machine: what servers hold.
const NODE_GPUS: u32 = 8;

/// A deployment option that was checked against catalog and settings: what a
/// [`ManifestRenderer`](super::ManifestRenderer) renders.
#[derive(Debug, Clone)]
pub struct ManifestRequest<'a> {
    catalog: &'a Catalog,
    model: &'a Model,
    gpu: &'a Gpu,
    option: &'a DeploymentOption,
    settings: &'a ManifestSettings,
    name: String,
    max_replicas: u64,
}

impl<'a> ManifestRequest<'a> {
    /// Checks an option and settings, both of which may come from outside.
    ///
    /// # Errors
    ///
    /// `unknown_name` when the catalog does not have the option's model or GPU; `invalid_value` for
    /// a backend other than vLLM, counts of 0, negative figures, more GPUs in a replica than a node
    /// holds, `max_replicas` below the planned ones, and names that Kubernetes refuses;
    /// `contradiction` for counts that do not agree with one another or with the model, memory that
    /// does not fit or is more than the GPU has, an `engine.max_model_len` that the planned requests exceed,
    /// and a name and namespace that are too long together.
    ///
    /// An option with `misses` is no error: it can be deployed, and misses its targets there.
    pub fn new(
        catalog: &'a Catalog,
        option: &'a DeploymentOption,
        settings: &'a ManifestSettings,
    ) -> Result<Self> {
        settings.check()?;
        let model = catalog.model(&option.model)?;
        let gpu = catalog.gpu(&option.gpu)?;
        check_model_id("model", &model.id)?;
        check_gpu(gpu)?;
        if !option.backend.eq_ignore_ascii_case("vllm") {
            return Err(Error::invalid("backend", printable(&option.backend), "vllm")
                .help("manifests are written for vLLM; choose an option that runs on it"));
        }
        check_counts(catalog, model, gpu, option)?;
        check_engine(model, option)?;
        check_memory(model, gpu, option)?;
        check_figures(option)?;
        let max_replicas = match settings.max_replicas {
            Some(given) => {
                check_count("max_replicas", given, option.replicas, 2 * MAX_REPLICAS)?;
                given
            }
            None => option.replicas.saturating_mul(2),
        };
        let name = name_for(model, gpu, settings)?;
        Ok(Self { catalog, model, gpu, option, settings, name, max_replicas })
    }

    /// The catalog that names were looked up in.
    #[must_use]
    pub fn catalog(&self) -> &'a Catalog {
        self.catalog
    }

    /// The option's model.
    #[must_use]
    pub fn model(&self) -> &'a Model {
        self.model
    }

    /// The option's GPU.
    #[must_use]
    pub fn gpu(&self) -> &'a Gpu {
        self.gpu
    }

    /// The option itself.
    #[must_use]
    pub fn option(&self) -> &'a DeploymentOption {
        self.option
    }

    /// The settings.
    #[must_use]
    pub fn settings(&self) -> &'a ManifestSettings {
        self.settings
    }

    /// The deployment's name: the given one, or one made from model and GPU.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Name of the Deployment that KServe makes for the predictor in RawDeployment mode.
    #[must_use]
    pub fn deployment_name(&self) -> String {
        format!("{}-predictor", self.name)
    }

    /// Most replicas that the autoscaler may start, at least the planned ones.
    #[must_use]
    pub fn max_replicas(&self) -> u64 {
        self.max_replicas
    }

    /// The container image for the GPU's maker.
    #[must_use]
    pub fn image(&self) -> &'a str {
        match self.gpu.maker {
            GpuMaker::Nvidia => &self.settings.nvidia_image,
            GpuMaker::Amd => &self.settings.amd_image,
        }
    }

    /// GPUs of one replica, at least 1.
    #[must_use]
    pub fn gpus_per_replica(&self) -> u32 {
        self.option.capacity.gpus_per_replica
    }

    /// Groups of `tensor_parallel` GPUs in a replica, each with attention of its own; 1 where tensor
    /// parallelism takes all of a replica's GPUs.
    #[must_use]
    pub fn data_parallel(&self) -> u32 {
        let stages = self.option.pipeline_parallel.unwrap_or(1).max(1);
        self.gpus_per_replica() / self.option.tensor_parallel.saturating_mul(stages).max(1)
    }
}

pub(super) fn contradiction(path: &str, message: impl Into<String>) -> Error {
    Error::new(ErrorCode::Contradiction, path, message)
}

/// The given name, or one from model and GPU, if it leaves room for the namespace in a host name.
fn name_for(model: &Model, gpu: &Gpu, settings: &ManifestSettings) -> Result<String> {
    const HELP: &str = "KServe joins name, `-predictor-` and namespace to one part of a host name";
    let namespace = &settings.namespace;
    let room = MAX_NAME_AND_NAMESPACE.saturating_sub(namespace.len());
    match &settings.name {
        Some(name) if name.len() <= room => Ok(name.clone()),
        Some(name) => Err(contradiction("name", format!("is too long for the namespace `{namespace}`"))
            .given(name)
            .allowed(format!("at most {MAX_NAME_AND_NAMESPACE} characters of name and namespace together"))
            .help(HELP)),
        None => default_name(model, gpu, room).ok_or_else(|| {
            let most = MAX_NAME_AND_NAMESPACE - LEAST_DEFAULT_NAME;
            contradiction("namespace", "leaves no room for a name made from model and GPU")
                .given(namespace)
                .allowed(format!("at most {most} characters where no `name` is given"))
                .help(HELP)
        }),
    }
}

/// A catalog of the caller's may hold anything.
fn check_gpu(gpu: &Gpu) -> Result<()> {
    if !gpu.resource_name.contains('/') || !is_label_key(&gpu.resource_name) {
        return Err(Error::invalid(
            "gpu",
            printable(&gpu.resource_name),
            "a resource such as nvidia.com/gpu",
        )
        .help("the catalog's `resource_name` of this GPU is not one that Kubernetes accepts"));
    }
    if let Some(key) = gpu.node_label_key.as_ref().filter(|key| !is_label_key(key)) {
        return Err(Error::invalid("gpu", printable(key), "the key of a Kubernetes label")
            .help("see the catalog's `node_label_key` of this GPU"));
    }
    if let Some(value) = gpu.node_label_value.as_ref().filter(|value| !is_label_value(value)) {
        return Err(Error::invalid("gpu", printable(value), "the value of a Kubernetes label")
            .help("see the catalog's `node_label_value` of this GPU"));
    }
    Ok(())
}

fn check_counts(catalog: &Catalog, model: &Model, gpu: &Gpu, option: &DeploymentOption) -> Result<()> {
    let capacity = &option.capacity;
    check_count("replicas", option.replicas, 1, MAX_REPLICAS)?;
    check_count("capacity.replicas", capacity.replicas, 1, MAX_REPLICAS)?;
    check_count("tensor_parallel", option.tensor_parallel.into(), 1, 1_000_000)?;
    check_count("capacity.gpus_per_replica", capacity.gpus_per_replica.into(), 1, 1_000_000)?;
    if option.replicas != capacity.replicas {
        return Err(contradiction("replicas", "differs from `capacity.replicas`")
            .given(option.replicas)
            .allowed(capacity.replicas.to_string()));
    }
    let gpus = option.replicas * u64::from(capacity.gpus_per_replica);
    for (path, count) in [("gpu_count", option.gpu_count), ("capacity.gpu_count", capacity.gpu_count)] {
        if count != gpus {
            return Err(contradiction(path, "is not replicas × GPUs of one replica")
                .given(count)
                .allowed(gpus.to_string()));
        }
    }
    let of_this_gpu = |name: &str| catalog.gpu(name).is_ok_and(|known| known.id == gpu.id);
    let largest = catalog
        .instances()
        .iter()
        .filter(|instance| of_this_gpu(&instance.gpu))
        .map(|instance| instance.gpu_count)
        .fold(NODE_GPUS, u32::max);
    if capacity.gpus_per_replica > largest {
        return Err(Error::invalid(
            "capacity.gpus_per_replica",
            capacity.gpus_per_replica,
            format!("at most {largest}, the {}s of one node", gpu.id),
        )
        .help("a pod cannot span nodes; choose an option with fewer GPUs in a replica"));
    }
    if !capacity.gpus_per_replica.is_multiple_of(option.tensor_parallel) {
        return Err(contradiction("tensor_parallel", "does not divide the GPUs of a replica")
            .given(option.tensor_parallel)
            .allowed(format!("a divisor of {}", capacity.gpus_per_replica)));
    }
    if let Some(stages) = option.pipeline_parallel {
        check_count("pipeline_parallel", stages.into(), 1, model.architecture.layers.into())?;
        if !(capacity.gpus_per_replica / option.tensor_parallel).is_multiple_of(stages) {
            return Err(contradiction(
                "pipeline_parallel",
                "does not divide the tensor-parallel groups of a replica",
            )
            .given(stages)
            .allowed(format!("a divisor of {}", capacity.gpus_per_replica / option.tensor_parallel)));
        }
    }
    let heads = model.architecture.attention.heads;
    if !heads.is_multiple_of(option.tensor_parallel) {
        return Err(contradiction("tensor_parallel", "does not divide the model's attention heads")
            .given(option.tensor_parallel)
            .allowed(format!("a divisor of {heads}")));
    }
    match option.expert_parallel {
        None | Some(1) => Ok(()),
        Some(ranks) if model.architecture.moe.is_none() => {
            Err(contradiction("expert_parallel", "is given, but the model has no experts").given(ranks))
        }
        // vLLM spreads experts over all GPUs of a replica or over none.
        Some(ranks) if ranks != capacity.gpus_per_replica => {
            Err(contradiction("expert_parallel", "is not the number of GPUs of a replica")
                .given(ranks)
                .allowed(capacity.gpus_per_replica.to_string()))
        }
        Some(_) => Ok(()),
    }
}

fn check_engine(model: &Model, option: &DeploymentOption) -> Result<()> {
    let engine = &option.engine;
    check_count("engine.max_model_len", engine.max_model_len.into(), 1, model.context_tokens.into())?;
    check_count("engine.max_num_seqs", engine.max_num_seqs.into(), 1, 1_000_000)?;
    check_count("engine.max_num_batched_tokens", engine.max_num_batched_tokens.into(), 1, 1_000_000_000)?;
    check_range("engine.gpu_memory_utilization", engine.gpu_memory_utilization, 0.01, 1.0)?;
    if engine.max_num_batched_tokens < engine.max_num_seqs {
        return Err(contradiction("engine.max_num_batched_tokens", "is below `engine.max_num_seqs`")
            .given(engine.max_num_batched_tokens)
            .allowed(format!("at least {}", engine.max_num_seqs)));
    }
    let traffic = &option.traffic;
    let tokens = u64::from(traffic.input_tokens) + u64::from(traffic.output_tokens);
    if u64::from(engine.max_model_len) < tokens {
        return Err(contradiction("engine.max_model_len", "is below the tokens of a planned request")
            .given(engine.max_model_len)
            .allowed(format!("at least {tokens}, prompt and answer of `traffic`")));
    }
    Ok(())
}

fn check_memory(model: &Model, gpu: &Gpu, option: &DeploymentOption) -> Result<()> {
    let (memory, physical) = (&option.memory, gpu.memory_physical_gib);
    check_range("memory.usable_gib_per_gpu", memory.usable_gib_per_gpu, 0.0, 1e6)?;
    if memory.usable_gib_per_gpu > physical {
        let message = format!("is more memory than one {} has", gpu.id);
        return Err(contradiction("memory.usable_gib_per_gpu", message)
            .given(memory.usable_gib_per_gpu)
            .allowed(format!("at most {physical}"))
            .help("an option is for one GPU; for another, take the recommendation's option for that"));
    }
    // The plan is about the weights as stored: run in fewer bits, they may fit all the same.
    let ran = option.evidence.precision.as_deref();
    let as_stored = ran.is_none_or(|ran| Numbers::of_precision(ran) == Some(model.weight_format.numbers()));
    if as_stored && !memory.fits {
        return Err(contradiction("memory.fits", "is false: weights and one request do not fit the GPUs")
            .given(false)
            .allowed("true")
            .help("choose an option with more or larger GPUs in a replica"));
    }
    Ok(())
}

fn check_figures(option: &DeploymentOption) -> Result<()> {
    let (capacity, latency) = (&option.capacity, &option.latency);
    for (path, value) in [
        ("usd_per_hour", option.usd_per_hour),
        ("usd_per_month", option.usd_per_month),
        ("traffic.peak_qps", option.traffic.peak_qps),
        ("capacity.replica_qps", capacity.replica_qps),
        ("capacity.capacity_qps", capacity.capacity_qps),
        ("capacity.required_qps", capacity.required_qps),
        ("capacity.utilization_at_peak", capacity.utilization_at_peak),
        ("latency.ttft.value_ms", latency.ttft.value_ms),
        ("latency.ttft.target_ms", latency.ttft.target_ms),
        ("latency.itl.value_ms", latency.itl.value_ms),
        ("latency.itl.target_ms", latency.itl.target_ms),
        ("latency.e2e.value_ms", latency.e2e.value_ms),
        ("latency.e2e.target_ms", latency.e2e.target_ms),
    ] {
        check_range(path, value, 0.0, 1e15)?;
    }
    Ok(())
}

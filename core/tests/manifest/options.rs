//! Deployment options to render: what [`recommend`] finds, and, for GPUs and models that nothing
//! was measured on, options made as it would make them.

use sizewell::catalog::{Catalog, Gpu, Model};
use sizewell::engine::{Parallelism, engine_settings, memory_plan, planned_memory_options};
use sizewell::plan::{CapacityRequest, ReplicaPlanner};
use sizewell::recommend::{DeploymentOption, recommend};
use sizewell::units::Quantile;
use sizewell::workload::{Intent, NameFilter, Sizing, UseCase, specify};

/// What is recommended for a use case, options and near misses.
pub fn recommended(
    catalog: &Catalog,
    use_case: UseCase,
    percentile: Quantile,
    sizing: Sizing,
) -> sizewell::Result<Vec<DeploymentOption>> {
    let intent = Intent {
        use_case: Some(use_case),
        qps: Some(20.0),
        percentile: Some(percentile),
        sizing,
        ..Intent::default()
    };
    let recommendation = recommend(catalog, &specify(&intent)?)?;
    Ok(recommendation.options.into_iter().chain(recommendation.near_misses).collect())
}

/// A recommended option with one model, to make others from.
pub fn template(catalog: &Catalog) -> sizewell::Result<DeploymentOption> {
    let models = NameFilter { preferred: vec!["Llama-3.3-70B-Instruct".to_owned()], ..NameFilter::default() };
    let intent = Intent {
        use_case: Some(UseCase::SummarizationShort),
        qps: Some(2.0),
        models,
        sizing: Sizing::Headroom,
        ..Intent::default()
    };
    let recommendation = recommend(catalog, &specify(&intent)?)?;
    let mut options = recommendation.options.into_iter().chain(recommendation.near_misses);
    options
        .next()
        .ok_or_else(|| sizewell::Error::missing("options", "the catalog has benchmarks of this model"))
}

/// An option of a model on a GPU: the fewest GPUs that hold it and eight requests, `None` where 8 do not or where its
/// context is too short.
pub fn made(template: &DeploymentOption, model: &Model, gpu: &Gpu) -> Option<DeploymentOption> {
    let lengths = template.traffic.lengths();
    if u64::from(lengths.input_tokens) + u64::from(lengths.output_tokens) > model.context_tokens.into() {
        return None;
    }
    let (gpus, memory) = [1, 2, 4, 8]
        .into_iter()
        .filter_map(|gpus| {
            let options = planned_memory_options(gpu, Parallelism::tensor(gpus), lengths);
            Some((gpus, memory_plan(model, gpu, &options).ok()?))
        })
        .find(|(_, memory)| memory.concurrent_requests >= 8)?;
    let capacity = ReplicaPlanner
        .plan_one(&CapacityRequest {
            peak_qps: template.traffic.peak_qps,
            headroom_fraction: 0.2,
            replica_qps: template.capacity.replica_qps,
            gpus_per_replica: gpus,
        })
        .ok()?;
    Some(DeploymentOption {
        model: model.id.clone(),
        model_name: model.name.clone(),
        gpu: gpu.id.clone(),
        tensor_parallel: gpus,
        expert_parallel: None,
        replicas: capacity.replicas,
        gpu_count: capacity.gpu_count,
        weight_format: model.weight_format,
        capacity,
        engine: engine_settings(model, gpu, &memory, lengths),
        memory,
        ..template.clone()
    })
}

//! Laws of recommendations, over random specifications of the whole embedded catalog.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail"
)]

use std::collections::BTreeMap;

use proptest::prelude::*;
use sizewell::catalog::{Catalog, CatalogData};
use sizewell::recommend::{DeploymentOption, Recommendation, recommend};
use sizewell::units::Quantile;
use sizewell::workload::{
    Budget, Datacenter, DeploymentModel, Intent, LicencePolicy, NameFilter, Priorities, Priority, Sizing,
    Specification, UseCase, specify,
};

fn catalog() -> &'static Catalog {
    sizewell_data::catalog()
}

fn use_cases() -> impl Strategy<Value = UseCase> {
    prop::sample::select(UseCase::ALL.to_vec())
}

fn priority() -> impl Strategy<Value = Priority> {
    prop::sample::select(vec![Priority::Low, Priority::Medium, Priority::High])
}

/// Specifications as teams write them: any use case, percentile, load and priorities, targets from
/// half to three times the template's, with and without a budget.
fn specifications() -> impl Strategy<Value = Specification> {
    let load = (use_cases(), prop::sample::select(Quantile::ALL.to_vec()), 0.01..2000.0_f64, 0.0..1.0_f64);
    let slo = (0.5..3.0_f64, 0.5..3.0_f64, 0.5..3.0_f64);
    let wishes =
        (priority(), priority(), priority(), prop::option::of((100.0..500_000.0_f64, any::<bool>())));
    let place = (
        prop::sample::select(vec![DeploymentModel::Cloud, DeploymentModel::Owned, DeploymentModel::Purchase]),
        prop::sample::select(vec![LicencePolicy::Any, LicencePolicy::Commercial, LicencePolicy::OpenSource]),
        prop::option::of(prop::sample::select(vec!["aws", "gcp", "azure"])),
    );
    (load, slo, wishes, place).prop_map(|(load, slo, wishes, place)| {
        let template = load.0.template();
        let intent = Intent {
            use_case: Some(load.0),
            percentile: Some(load.1),
            qps: Some(load.2),
            headroom_fraction: Some(load.3),
            ttft_ms: Some(template.ttft_ms * slo.0),
            itl_ms: Some(template.itl_ms * slo.1),
            e2e_ms: Some(template.e2e_ms * slo.2),
            priorities: Priorities { latency: wishes.0, cost: wishes.1, quality: wishes.2 },
            budget: wishes.3.map(|(usd, strict)| Budget {
                usd_per_month: Some(usd),
                strict,
                ..Budget::default()
            }),
            deployment_model: place.0,
            licence: place.1,
            provider: place.2.map(str::to_owned),
            sizing: Sizing::Headroom,
            ..Intent::default()
        };
        specify(&intent).unwrap()
    })
}

fn by_id(recommendation: &Recommendation) -> BTreeMap<&str, &DeploymentOption> {
    recommendation.options.iter().map(|option| (option.id.as_str(), option)).collect()
}

fn order(recommendation: &Recommendation) -> Vec<&str> {
    recommendation.options.iter().map(|option| option.id.as_str()).collect()
}

/// What a checkpoint is a variant of in the end.
fn base(model: &str) -> &str {
    let model = catalog().model(model).unwrap();
    model.variant_of.as_deref().map_or(model.id.as_str(), base)
}

/// A benchmark of the catalog that an option may rest on: the deployment, the load, and each target
/// met at the asked percentile or a higher one.
fn is_backed(option: &DeploymentOption, specification: &Specification) -> bool {
    let asked = specification.slo.percentile;
    let within = |measured: &sizewell::catalog::LatencyStatistics, target: f64, value: f64| {
        Quantile::ALL
            .into_iter()
            .filter(|level| if asked == Quantile::Mean { *level == asked } else { *level >= asked })
            .any(|level| measured.get(level).is_some_and(|figure| figure == value && figure <= target))
    };
    catalog().benchmarks().iter().any(|row| {
        row.gpu == option.gpu
            && row.gpus() == option.capacity.gpus_per_replica
            && row.lengths() == specification.traffic.lengths()
            && row.rate() == Some(option.evidence.latency_at_qps)
            && base(&row.model) == base(&option.model)
            && within(&row.ttft_ms, specification.slo.ttft_ms, option.latency.ttft.value_ms)
            && within(&row.itl_ms, specification.slo.itl_ms, option.latency.itl.value_ms)
            && row.e2e_at_most(asked).is_some_and(|e2e| {
                e2e.value_ms == option.latency.e2e.value_ms && e2e.value_ms <= specification.slo.e2e_ms
            })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 250, failure_persistence: None, ..ProptestConfig::default() })]

    /// No option breaks a target, the budget or its own arithmetic.
    #[test]
    fn every_option_keeps_every_promise(specification in specifications()) {
        let recommendation = recommend(catalog(), &specification).unwrap();
        for option in &recommendation.options {
            prop_assert!(option.misses.is_empty());
            prop_assert!(is_backed(option, &specification), "{} rests on no benchmark", option.id);
            let plan = &option.capacity;
            prop_assert!(plan.capacity_qps * (1.0 + 1e-9) >= plan.required_qps);
            prop_assert!(option.evidence.latency_at_qps * (1.0 + 1e-9) >= option.evidence.planned_qps);
            prop_assert_eq!(plan.replicas * u64::from(plan.gpus_per_replica), option.gpu_count);
            // One replica fewer would not do.
            let fewer = (plan.replicas - 1) as f64 * plan.replica_qps;
            prop_assert!(plan.replicas == 1 || fewer < plan.required_qps);
            if let Some(limit) = specification.budget.and_then(|budget| budget.limit_usd_per_month()) {
                let tolerated = if specification.budget.unwrap().strict { 1.0 } else { 1.2 };
                prop_assert!(option.usd_per_month <= limit * tolerated * (1.0 + 1e-12));
            }
            prop_assert!(option.usd_per_month.is_finite() && option.scores.total.is_finite());
        }
        for near in &recommendation.near_misses {
            prop_assert!(!near.misses.is_empty());
            prop_assert!(near.misses.iter().all(|miss| miss.over_fraction > 0.0 && miss.over_fraction <= 0.5));
        }
    }

    /// More requests never need fewer GPUs or cost less.
    #[test]
    fn more_load_never_costs_less(specification in specifications(), factor in 1.0..20.0_f64) {
        let specification = Specification { budget: None, ..specification };
        let mut more = specification.clone();
        more.traffic.peak_qps *= factor;
        let (less, more) = (recommend(catalog(), &specification).unwrap(), recommend(catalog(), &more).unwrap());
        let more = by_id(&more);
        for (id, option) in by_id(&less) {
            let grown = more[id];
            prop_assert!(grown.gpu_count >= option.gpu_count, "{id}");
            prop_assert!(grown.usd_per_month >= option.usd_per_month, "{id}");
        }
    }

    /// A looser target loses no option and makes none dearer.
    #[test]
    fn looser_targets_never_cost_more(
        specification in specifications(),
        looser in (1.0..3.0_f64, 1.0..3.0_f64, 1.0..3.0_f64),
    ) {
        let mut loose = specification.clone();
        loose.slo.ttft_ms *= looser.0;
        loose.slo.itl_ms *= looser.1;
        loose.slo.e2e_ms *= looser.2.max(looser.0).max(looser.1);
        let (tight, loose) = (recommend(catalog(), &specification).unwrap(), recommend(catalog(), &loose).unwrap());
        let loose = by_id(&loose);
        for (id, option) in by_id(&tight) {
            let relaxed = loose.get(id);
            prop_assert!(relaxed.is_some(), "{id} was lost");
            prop_assert!(relaxed.unwrap().usd_per_month <= option.usd_per_month, "{id}");
        }
    }

    /// A lower budget adds no option.
    #[test]
    fn a_lower_budget_adds_nothing(
        specification in specifications(),
        usd in 500.0..500_000.0_f64,
        share in 0.01..1.0_f64,
        strict in any::<bool>(),
    ) {
        let with = |usd: f64| {
            let budget = Some(Budget { usd_per_month: Some(usd), strict, ..Budget::default() });
            recommend(catalog(), &Specification { budget, ..specification.clone() }).unwrap()
        };
        let (rich, poor) = (with(usd), with(usd * share));
        let rich = by_id(&rich);
        for id in by_id(&poor).keys() {
            prop_assert!(rich.contains_key(id), "{id} was added");
        }
    }

    /// Prices scaled by a factor scale every cost by it and leave the order as it is.
    #[test]
    fn scaled_prices_scale_costs_and_keep_the_order(specification in specifications(), power in -6..6_i32) {
        let factor = 2.0_f64.powi(power);
        let specification =
            Specification { budget: None, deployment_model: DeploymentModel::Cloud, ..specification };
        let mut data = CatalogData { benchmarks: Vec::new(), ..catalog().to_data() };
        for price in &mut data.prices {
            price.usd_per_gpu_hour *= factor;
        }
        // Only the benchmarks of these lengths matter: indexing all of them 400 times would not end.
        let lengths = specification.traffic.lengths();
        data.benchmarks = catalog()
            .benchmarks()
            .iter()
            .filter(|row| row.lengths() == lengths)
            .map(|row| row.as_ref().clone())
            .collect();
        let scaled = recommend(&Catalog::new(data).unwrap(), &specification).unwrap();
        let plain = recommend(catalog(), &specification).unwrap();
        prop_assert_eq!(order(&plain), order(&scaled));
        for (before, after) in plain.options.iter().zip(&scaled.options) {
            prop_assert!((after.usd_per_month - before.usd_per_month * factor).abs() <= 1e-9 * after.usd_per_month);
        }
    }

    /// Taking an option away that was not the best changes no order among the others.
    #[test]
    fn irrelevant_options_do_not_matter(specification in specifications(), which in any::<prop::sample::Index>()) {
        let all = recommend(catalog(), &specification).unwrap();
        prop_assume!(all.options.len() > 2);
        let gone = all.options[1 + which.index(all.options.len() - 1)].model.clone();
        let models = NameFilter { excluded: vec![gone.clone()], ..specification.models.clone() };
        let without = recommend(catalog(), &Specification { models, ..specification }).unwrap();
        let left: Vec<&str> =
            all.options.iter().filter(|option| option.model != gone).map(|option| option.id.as_str()).collect();
        prop_assert_eq!(left, order(&without));
    }

    /// The front holds what nothing beats, and everything else is beaten.
    #[test]
    fn the_pareto_front_is_one(specification in specifications()) {
        let specification = Specification {
            deployment_model: DeploymentModel::Cloud, datacenter: Datacenter::default(), ..specification
        };
        let recommendation = recommend(catalog(), &specification).unwrap();
        let beats = |one: &DeploymentOption, other: &DeploymentOption| {
            let better = [
                (one.usd_per_month, other.usd_per_month),
                (-one.scores.latency, -other.scores.latency),
                (-one.scores.quality, -other.scores.quality),
            ];
            better.iter().all(|(left, right)| left <= right) && better.iter().any(|(left, right)| left < right)
        };
        let front = &recommendation.pareto;
        for option in &recommendation.options {
            let on_front = front.iter().any(|member| member.id == option.id);
            let beaten = recommendation.options.iter().any(|other| beats(other, option));
            prop_assert!(!(on_front && beaten), "{} is beaten", option.id);
            let equal = front.iter().any(|member| {
                member.usd_per_month == option.usd_per_month
                    && member.scores.latency == option.scores.latency
                    && member.scores.quality == option.scores.quality
            });
            prop_assert!(on_front || beaten || equal, "{} is missing from the front", option.id);
        }
    }

    /// What is written can be read, and says the same again.
    #[test]
    fn json_round_trips(specification in specifications()) {
        let recommendation = recommend(catalog(), &specification).unwrap();
        let text = serde_json::to_string(&recommendation).unwrap();
        let back: Recommendation = sizewell::wire::from_json(&text, "").unwrap();
        prop_assert_eq!(&back, &recommendation);
    }
}

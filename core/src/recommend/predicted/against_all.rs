//! The search against judging every pair in full.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

use super::demand::Demand;
use super::evidence::Evidence;
use super::pair::{Found, Judge, Tally};
use super::standing::Standing;
use super::{best, judge_all};
use crate::catalog::Catalog;
use crate::recommend::filter::Admission;
use crate::recommend::search::Search;
use crate::units::{Quantile, exp};
use crate::workload::{Budget, DeploymentModel, Intent, Specification, UseCase, specify};

/// Numbers between 0 and 1 that look random: Knuth's linear congruential generator (MMIX).
struct Random(u64);

impl Random {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn below(&mut self, count: usize) -> usize {
        (self.next() * count as f64) as usize
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low * exp(self.next() * crate::units::ln(high / low))
    }
}

/// Any use case, load, lengths, targets, statistic, way to pay, limits and part of the catalog.
fn specification(catalog: &Catalog, random: &mut Random) -> Specification {
    let intent = Intent {
        use_case: Some(UseCase::ALL[random.below(UseCase::ALL.len())]),
        qps: Some(random.between(0.05, 3000.0)),
        ..Intent::default()
    };
    let mut asked = specify(&intent).unwrap();
    if random.next() < 0.5 {
        asked.traffic.input_tokens = random.between(30.0, 20_000.0) as u32;
        asked.traffic.output_tokens = random.between(2.0, 2000.0) as u32;
    }
    asked.slo.ttft_ms *= random.between(0.5, 5.0);
    asked.slo.itl_ms *= random.between(0.5, 5.0);
    let whole = asked.slo.ttft_ms + asked.slo.itl_ms * f64::from(asked.traffic.output_tokens);
    asked.slo.e2e_ms = (whole * random.between(0.4, 1.5)).max(asked.slo.ttft_ms);
    asked.slo.percentile = Quantile::ALL[random.below(Quantile::ALL.len())];
    let ways = [DeploymentModel::Cloud, DeploymentModel::Owned, DeploymentModel::Purchase];
    asked.deployment_model = ways[random.below(3)];
    if random.next() < 0.2 {
        asked.max_gpus = Some(random.between(1.0, 200.0) as u32);
    }
    if random.next() < 0.2 {
        let usd_per_month = Some(random.between(1000.0, 300_000.0));
        asked.budget = Some(Budget { usd_per_month, strict: random.next() < 0.5, ..Budget::default() });
    }
    asked.models.preferred =
        (0..12).map(|_| catalog.models()[random.below(catalog.models().len())].id.clone()).collect();
    asked.gpus.preferred =
        (0..8).map(|_| catalog.gpus()[random.below(catalog.gpus().len())].id.clone()).collect();
    asked
}

fn found(catalog: &Catalog, asked: &Specification, standing: Standing, most: usize) -> (Vec<Found>, usize) {
    let admission = Admission::new(catalog, asked).unwrap();
    let search = Search::new(catalog, asked).unwrap();
    let demand = Demand::new(asked).unwrap();
    let evidence = Evidence::new(catalog, &admission).unwrap();
    let judge = Judge::new(&search, &demand, &evidence);
    let mut tally = Tally::default();
    let passed_over = judge_all(&judge, &admission, standing, &mut tally);
    (best(tally.found, most), passed_over)
}

/// What is passed over is nothing that would be listed: the answer is that of judging all pairs in
/// full, options, replicas and scores, for any specification; with a few listed, so that much is
/// passed over.
#[test]
fn what_is_passed_over_would_not_be_listed() {
    // The catalog's crate is built against another build of this one.
    let data = serde_json::to_value(sizewell_data::catalog().to_data()).unwrap();
    let catalog = Catalog::new(serde_json::from_value(data).unwrap()).unwrap();
    let mut random = Random(20_260_730);
    let (mut listed, mut passed, mut answers) = (0, 0, 0);
    while answers < 48 {
        let asked = specification(&catalog, &mut random);
        if asked.check().is_err() {
            continue;
        }
        let most = [3, 10, 25][answers % 3];
        let (fast, passed_over) = found(&catalog, &asked, Standing::new(most), most);
        let (all, _) = found(&catalog, &asked, Standing::new(usize::MAX), most);
        let figures = |found: &[Found]| -> Vec<_> {
            found.iter().map(|one| (one.key(), one.replicas, one.scores, one.usd_per_month)).collect()
        };
        assert_eq!(figures(&fast), figures(&all), "{asked:?}");
        (listed, passed, answers) = (listed + fast.len(), passed + passed_over, answers + 1);
    }
    assert!(listed > 200 && passed > 500, "{listed} listed, {passed} passed over");
}

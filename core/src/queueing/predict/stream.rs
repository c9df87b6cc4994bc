//! Arrivals as one replica sees them: the fleet's, thinned by the balancer.

use super::coefficients::{PredictionCoefficients, Scale};
use super::state::poisson_at_most;
use crate::queueing::deployment::{Balancer, Deployment};
use crate::units::{exp, powf, sqrt};

/// How arrivals at one replica look.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stream {
    /// Per millisecond.
    pub rate: f64,
    /// Squared coefficient of variation of the times between arrivals at the fleet.
    pub fleet_scv: f64,
    /// The same at one replica, over long times.
    pub scv: f64,
    pub replicas: f64,
    /// Whether the balancer evens out what fluctuates.
    pub pooled: bool,
    balancer: Balancer,
    /// How far a balancer that looks keeps arrivals at one replica apart, 0 to 1.
    evenness: f64,
    /// Share of arrivals that find no idle replica, over that of a balancer that does not look.
    pub crowd: f64,
    /// Requests that a balancer sends after one to the same replica, because as many ended there
    /// together.
    herd: f64,
    /// Requests at the replica that gets the next one, over the mean of all.
    lowest: f64,
    pub fitted: &'static PredictionCoefficients,
}

/// How soon evenness is lost as more sequences run: departures at random leave replicas behind
/// that then get several arrivals in a row. Fitted to the reference simulation.
const NOISE_PER_SEQUENCE: f64 = 0.3;
/// Answers of one length that begin together end together; a balancer that counts requests fills
/// their places together, so that herds form and stay: their size over the arrivals at the fleet
/// during one prompt. A few per cent of spread in the lengths dissolve them. Fitted to the reference
/// simulation.
pub(crate) const HERD: f64 = 0.25;
/// The same where prompts make all answers wait.
pub(crate) const HERD_PROMPTS_FIRST: f64 = 0.75;
/// Squared coefficient of variation of lengths that dissolves most of a herd.
pub(crate) const HERD_SCV: f64 = 0.03;
/// Sequences that it takes for herds to form.
const HERD_BATCH: f64 = 5.0;
/// Loss of evenness in fleets with few sequences.
const LEAST_NOISE: f64 = 0.15;

impl Stream {
    pub fn new(
        deployment: &Deployment,
        rate_per_ms: f64,
        dispersion: f64,
        fitted: &'static PredictionCoefficients,
    ) -> Self {
        let replicas = f64::from(deployment.replicas);
        let scv = match deployment.balancer {
            Balancer::Random => 1.0 + (dispersion - 1.0) / replicas,
            Balancer::RoundRobin | Balancer::LeastOutstanding => dispersion / replicas,
        };
        Self {
            rate: rate_per_ms / replicas,
            fleet_scv: dispersion,
            scv,
            replicas,
            pooled: deployment.balancer == Balancer::LeastOutstanding && deployment.replicas > 1,
            balancer: deployment.balancer,
            evenness: 1.0,
            crowd: 1.0,
            herd: 0.0,
            lowest: 1.0,
            fitted,
        }
    }

    /// Sets what depends on the state of the fleet: `batch` sequences at each replica, lengths of
    /// answers with this squared coefficient of variation, and the probability that a replica is
    /// idle when a request arrives.
    pub fn look(
        &mut self,
        batch: f64,
        mixing: f64,
        lengths_scv: f64,
        idle: f64,
        prompt_share: f64,
        herd: f64,
    ) {
        if self.pooled {
            let scale = |scale| self.fitted.scale(scale);
            let pace = self.replicas * prompt_share;
            self.herd = herd * scale(Scale::Herd) * pace * pace / (pace + scale(Scale::HerdPace)) * batch
                / (batch + HERD_BATCH * scale(Scale::HerdBatch))
                * exp(-lengths_scv / (HERD_SCV * scale(Scale::HerdSpread)));
            let spread = NOISE_PER_SEQUENCE
                * scale(Scale::Noise)
                * powf(batch, scale(Scale::NoiseOfBatch))
                * (mixing.min(1.0) + 0.1 * scale(Scale::NoiseLeast));
            let larger = 1.0 + (1.0 - 2.0 / self.replicas) * (scale(Scale::NoiseOfReplicas) - 1.0);
            self.evenness =
                1.0 / (1.0 + (spread + LEAST_NOISE * scale(Scale::NoiseOfFew)) * (1.0 - idle) * larger);
            self.crowd = ((1.0 - idle) / (1.0 - exp(-batch)).max(1e-12)).min(1.0);
        }
    }

    /// [`renewal_excess`] as fitted.
    fn renewals(&self, scv: f64, expected: f64) -> f64 {
        renewal_excess(scv, expected, self.fitted.scale(Scale::Regular))
    }

    /// Requests that arrive at the same replica after one, while `expected` are due, beyond (or
    /// short of) those of a Poisson process.
    pub fn excess(&self, expected: f64) -> f64 {
        let share = 1.0 / self.replicas;
        match self.balancer {
            Balancer::Random => share * self.renewals(self.fleet_scv, expected * self.replicas),
            Balancer::LeastOutstanding if self.pooled => {
                let even = 1.0 - share;
                let lack = even / 2.0 * (1.0 - exp(-2.0 * expected * self.evenness / even));
                share * self.renewals(self.fleet_scv, expected * self.replicas) - lack
            }
            Balancer::RoundRobin | Balancer::LeastOutstanding => self.renewals(self.scv, expected),
        }
    }

    /// Other arrivals within a time in which `expected` are due and one is known to come, over
    /// those of a Poisson process.
    pub fn company(&self, expected: f64) -> f64 {
        self.apart(2.0 * self.excess(expected / 2.0), expected)
    }

    /// The same with the herd that one comes in.
    pub fn company_in_herd(&self, expected: f64) -> f64 {
        self.apart(2.0 * (self.excess(expected / 2.0) + self.herd), expected)
    }

    /// The beyond of a Poisson process as a factor.
    fn apart(&self, excess: f64, expected: f64) -> f64 {
        if expected > 0.0 { (1.0 + excess / expected).max(0.0) * self.crowd } else { 1.0 }
    }

    /// Requests that arrive after one, the herd that it comes in among them.
    pub fn excess_in_herd(&self, expected: f64) -> f64 {
        self.excess(expected) + self.herd
    }

    /// The least that is left of a queue by a balancer that keeps arrivals apart.
    pub fn least_company(&self) -> f64 {
        let share = 1.0 / self.replicas;
        if self.pooled { 1.0 - self.evenness * (1.0 - share) } else { 0.1 }
    }

    /// How late in the wait for an iteration's end arrivals come first: 0 where they come evenly, 1
    /// where all come just after one.
    pub fn early(&self, ended: f64) -> f64 {
        if self.pooled { (1.0 - 1.0 / self.replicas) * ended / (ended + 1.0) } else { 0.0 }
    }

    /// How far a balancer evens out what fluctuates: 0 for one replica, towards 1 for many.
    pub fn pooling(&self) -> f64 {
        if self.pooled { 1.0 - 1.0 / self.replicas } else { 0.0 }
    }

    /// How far arrivals at one replica are bursty, 0 to 1, and how far regular.
    pub fn bursts(&self) -> f64 {
        (self.scv - 1.0).max(0.0) / self.scv.max(1.0)
    }

    pub fn regular(&self) -> f64 {
        if self.pooled { 0.0 } else { (1.0 - self.scv).max(0.0) }
    }

    /// Sets how many requests are at the replica that gets the next one, over the mean of all.
    pub fn lowest(&mut self, present: f64, mixing: f64) {
        let n = self.replicas;
        let mean = n * present;
        let deviation = sqrt(present / n);
        let even = 1.0 - 1.0 / n;
        let low = if present > 1.0 + 3.0 * deviation {
            present - even / 2.0
        } else {
            let mut sum = 0.0;
            let mut level = 1.0;
            while level < 12.0 {
                let above = 1.0 - poisson_at_most(level * n - 1.0, mean);
                sum += above;
                if above < 1e-3 {
                    break;
                }
                level += 1.0;
            }
            sum
        };
        let uneven = even * (mixing.min(1.0) + 0.1) * present / (1.0 + present)
            * (self.fitted.scale(Scale::Uneven) - 1.0);
        self.lowest = ((low - uneven) / present).clamp(0.0, 1.0);
    }

    /// Requests that a request sees beyond those due in its time.
    pub fn extra(&self, expected: f64) -> f64 {
        if self.pooled {
            let share = 1.0 / self.replicas;
            let company = share * self.renewals(self.fleet_scv, expected * self.replicas);
            expected * (self.lowest - 1.0) + company
        } else {
            self.excess(expected)
        }
    }

    /// Mean size of the clumps that arrivals within such a time come in.
    pub fn clump(&self, expected: f64) -> f64 {
        1.0 + self.excess_in_herd(expected).max(0.0)
    }
}

/// Renewals after one at time 0 while `expected` are due, less `expected`, for gamma distributed
/// times between them with this squared coefficient of variation `c²`. For long times
/// `(c² − 1) / 2` (Cox, *Renewal Theory*, 1962, section 4.2); the approach to it fitted to the
/// renewal function's series, within 5% of the limit for `c²` from 1.5 to 6. Below 1 none comes
/// early: all that are due are lacking at first, the more sharply the more regular renewals are (the
/// shape of an Erlang process with `1 / c²` stages; `sharpness` fitted).
fn renewal_excess(scv: f64, expected: f64, sharpness: f64) -> f64 {
    let limit = (scv - 1.0) / 2.0;
    if limit > 1e-9 {
        let early = (1.3 - 0.85 / scv) * powf(expected, 0.35);
        let late = 1.8 * powf(scv, -1.35) * expected;
        limit * (1.0 - exp(-early - late))
    } else if limit < -1e-9 {
        let early = expected / -limit;
        let sharp = 1.5 + sharpness * (1.0 / scv - 1.0).min(12.0);
        limit * early * powf(1.0 + powf(early, sharp), -1.0 / sharp)
    } else {
        0.0
    }
}

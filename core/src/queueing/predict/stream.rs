//! Arrivals as one replica sees them: the fleet's, thinned by the balancer.

use crate::queueing::deployment::{Balancer, Deployment};
use crate::units::{exp, powf};

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
}

/// How soon evenness is lost as more sequences run: departures at random leave replicas behind
/// that then get several arrivals in a row. Fitted to the reference simulation.
const NOISE_PER_SEQUENCE: f64 = 0.3;
/// Answers of one length that begin together end together; a balancer that counts requests fills
/// their places together, so that herds form and stay, with the arrivals at the fleet during one
/// prompt. A few per cent of spread in the lengths dissolve them. Fitted to the reference simulation.
pub(crate) const HERD: f64 = 0.05;
/// The same where prompts make all answers wait.
pub(crate) const HERD_PROMPTS_FIRST: f64 = 0.15;
const HERD_SCV: f64 = 0.03;
/// The same of fleets with few sequences.
const LEAST_NOISE: f64 = 0.15;

impl Stream {
    pub fn new(deployment: &Deployment, rate_per_ms: f64, dispersion: f64) -> Self {
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
            let meanwhile = (self.replicas * prompt_share - 1.0).max(0.0);
            self.herd = herd * meanwhile * exp(-lengths_scv / HERD_SCV);
            let spread = NOISE_PER_SEQUENCE * batch * (mixing.min(1.0) + 0.1);
            self.evenness = 1.0 / (1.0 + (spread + LEAST_NOISE) * (1.0 - idle));
            self.crowd = ((1.0 - idle) / (1.0 - exp(-batch)).max(1e-12)).min(1.0);
        }
    }

    /// Requests that arrive at the same replica after one, while `expected` are due, beyond (or
    /// short of) those of a Poisson process.
    pub fn excess(&self, expected: f64) -> f64 {
        let share = 1.0 / self.replicas;
        match self.balancer {
            Balancer::Random => share * renewal_excess(self.fleet_scv, expected * self.replicas),
            Balancer::LeastOutstanding if self.pooled => {
                let even = 1.0 - share;
                let lack = even / 2.0 * (1.0 - exp(-2.0 * expected * self.evenness / even));
                share * renewal_excess(self.fleet_scv, expected * self.replicas) - lack
            }
            Balancer::RoundRobin | Balancer::LeastOutstanding => renewal_excess(self.scv, expected),
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

    /// The same for a time that begins with an arrival.
    pub fn followers(&self, expected: f64) -> f64 {
        self.apart(self.excess(expected), expected)
    }

    /// Mean size of the clumps that arrivals within such a time come in.
    pub fn clump(&self, expected: f64) -> f64 {
        1.0 + self.excess_in_herd(expected).max(0.0)
    }
}

/// Renewals after one at time 0 while `expected` are due, less `expected`, for gamma distributed
/// times between them with this squared coefficient of variation `c²`. For long times
/// `(c² − 1) / 2` (Cox, *Renewal Theory*, 1962, section 4.2); the approach to it fitted to the
/// renewal function's series, within 5% of the limit for `c²` from 1.5 to 6. Below 1 an exponential
/// approach whose beginning keeps renewals apart.
fn renewal_excess(scv: f64, expected: f64) -> f64 {
    let limit = (scv - 1.0) / 2.0;
    if limit > 1e-9 {
        let early = (1.3 - 0.85 / scv) * powf(expected, 0.35);
        let late = 1.8 * powf(scv, -1.35) * expected;
        limit * (1.0 - exp(-early - late))
    } else if limit < -1e-9 {
        limit * (1.0 - exp(expected / limit))
    } else {
        0.0
    }
}

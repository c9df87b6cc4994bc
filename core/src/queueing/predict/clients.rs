//! A closed loop: so many clients, each of which sends its next request when its last is answered,
//! as benchmark tools do.
//!
//! The number of requests in the system is fixed, so that throughput is that of a replica saturated
//! at this number ([`Saturation`]) and the mean time of a request is clients over throughput
//! (Little's law). A request arrives when another ends, which is when an iteration ends: it waits
//! for no residual, only for the prompts of those that ended with it.

use serde::{Deserialize, Serialize};

use super::Predictor;
use super::mixture::{Cumulants, Part, percentiles};
use super::stable::{Saturation, alone_for};
use crate::engine::Scheduling;
use crate::error::Result;
use crate::queueing::deployment::Balancer;
use crate::queueing::prediction::{Latencies, LatencyPrediction};
use crate::queueing::workload::MOST_STRIPS;
use crate::units::check_count;

/// The most clients, and the most requests of a run.
const MOST: u64 = 1_000_000_000;

/// Clients in a loop without time to think. They are taken to be spread evenly over replicas: the
/// unevenness of a random split is not modelled.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ClientLoop {
    /// Clients, from 1.
    pub concurrency: u64,
    /// Requests of a whole run that starts with all clients at once; latencies are then over the
    /// run, its start included. `None` for the steady state.
    #[serde(default)]
    pub requests: Option<u64>,
}

/// Three sets of parts: for the burst at the start, for those that find a place, for those that
/// wait for one.
const TTFT_PARTS: usize = 3 * MOST_STRIPS;

impl Predictor<'_> {
    /// How the deployment behaves under so many clients.
    ///
    /// # Errors
    ///
    /// `invalid_value` for no clients, fewer requests than clients, or more than a billion of
    /// either.
    pub fn predict_clients(&self, clients: &ClientLoop) -> Result<LatencyPrediction> {
        check_count("concurrency", clients.concurrency, 1, MOST)?;
        if let Some(requests) = clients.requests {
            check_count("requests", requests, clients.concurrency, MOST)?;
        }
        let replica = &self.replica;
        let workload = replica.workload;
        let replicas = f64::from(self.deployment.replicas);
        let concurrency = clients.concurrency as f64;
        let places = replica.most_sequences();
        // Clients are with the engine but for the overhead of their requests.
        let mut present = concurrency / replicas;
        let mut steady = Saturation::of(replica, present.clamp(1e-6, places));
        for _ in 0..3 {
            // Fewer clients than replicas leave some without work.
            let engaged = present.max(1.0);
            steady = Saturation::of(replica, engaged.min(places));
            let rate = steady.rate * (present / engaged);
            present = (concurrency / replicas - rate * self.overhead_ms).max(concurrency / replicas * 0.05);
        }
        let engaged = present.max(1.0);
        let rate = steady.rate * (present / engaged);
        let queued = (engaged - places).max(0.0);
        // Nobody's answer is interrupted by their own prompt.
        let running = engaged.min(places);
        let cycle_ms =
            steady.decode_ms + (steady.cycle_ms - steady.decode_ms) * (1.0 - 1.0 / running.max(1.0));
        let decode_ms = replica.steps * cycle_ms;
        let in_prompt = (running / steady.rate - decode_ms).max(0.0);
        let wait = queued / steady.rate;

        let alone = replica.decode_ms(running);
        let base = alone_for(replica, alone);
        let mut costs = [0.0; MOST_STRIPS];
        let (mut cost, mut square) = (0.0, 0.0);
        for (slot, strip) in costs.iter_mut().zip(&workload.prompts) {
            let chunks = replica.chunks(strip.work, running);
            *slot = replica.prompt_ms(strip, running, base) + (chunks - 1.0) * base;
            cost += strip.weight * *slot;
            square += strip.weight * *slot * *slot;
        }
        // Others that ended in the same iteration: as many as end by chance.
        let lengths = workload.later_scv.min(1.0);
        let by_chance = steady.prompts * (1.0 - 1.0 / running.max(1.0)) * cost * lengths;
        let others = (in_prompt - base - cost).max(by_chance);
        let company = Cumulants::new(others, others * square / cost.max(1e-12), 0.0);
        // Those ahead in line end one by one.
        let line = Cumulants::new(wait, wait * (0.1 + lengths) / steady.rate, 0.0);
        let residual = match self.deployment.balancer {
            Balancer::LeastOutstanding => 0.0,
            _ if self.deployment.replicas == 1 => 0.0,
            _ => cycle_ms,
        };

        let burst = self.burst(clients, places, base, cost);
        let later = 1.0 - burst.map_or(0.0, |burst| burst.0);
        let mut ttft = [Part::NONE; TTFT_PARTS];
        let mut count = 0;
        for (strip, own) in workload.prompts.iter().zip(costs) {
            let slope = own / strip.work;
            let spread =
                Cumulants::new(self.overhead_ms + base + own, slope * slope * strip.work_variance, 0.0);
            let mut add = |part: Part| {
                if let Some(slot) = ttft.get_mut(count) {
                    *slot = part;
                    count += 1;
                }
            };
            let delay = company.plus(line).plus(Cumulants::uniform(residual)).plus(spread);
            add(Part::gamma(later * strip.weight, delay));
            if let Some((share, first, width)) = burst {
                add(Part::even(share * strip.weight, self.overhead_ms + first, width));
            }
        }

        let mut itl = [Part::NONE; MOST_STRIPS];
        let mut e2e = [Part::NONE; MOST_STRIPS];
        let mean_ttft = Cumulants::new(self.overhead_ms + base, 0.0, 0.0)
            .plus(company)
            .plus(line)
            .plus(Cumulants::new(cost, square - cost * cost, 0.0));
        let started = burst.map_or(Cumulants::default(), |burst| {
            Cumulants::new(burst.0 * (burst.1 + burst.2 / 2.0 + self.overhead_ms), 0.0, 0.0)
        });
        let mut strips = 0;
        let per_token = cycle_ms / replica.step_gain;
        for (strip, (gaps, whole)) in workload.answers.iter().zip(itl.iter_mut().zip(&mut e2e)) {
            strips += 1;
            let tokens = strip.output - 1.0;
            let mut answer = Cumulants::default();
            if tokens > 0.0 {
                let steps = replica.steps_of(tokens, 1.0);
                let mean = steps * cycle_ms;
                let lumps = steady.rate
                    * mean
                    * (1.0 - 1.0 / running.max(1.0))
                    * (square - cost * cost * (1.0 - lengths)).max(0.0);
                let accepted = replica.step_variance / (replica.step_gain * replica.step_gain);
                let drafts = cycle_ms * cycle_ms * steps * accepted;
                answer = Cumulants::new(mean, lumps + drafts, 0.0);
                *gaps = Part::gamma(strip.weight / workload.with_later, answer.times(1.0 / tokens));
            }
            let length = Cumulants::new(0.0, per_token * per_token * strip.output_variance, 0.0);
            let start = Cumulants { mean: mean_ttft.mean * later + started.mean, ..mean_ttft };
            *whole = Part::gamma(strip.weight, start.plus(answer).plus(length));
        }
        let waiting = [
            Part::gamma(later, line.plus(Cumulants::uniform(residual))),
            burst.map_or(Part::NONE, |burst| Part::even(burst.0, 0.0, burst.2)),
        ];
        let rate_per_second = rate * replicas * 1000.0;
        let stable = self.stable_requests_per_second();
        Ok(LatencyPrediction {
            stable: true,
            requests_per_second: rate_per_second,
            stable_requests_per_second: stable,
            utilization: rate_per_second / stable,
            latencies: Some(Latencies {
                waiting: percentiles(&waiting),
                ttft: percentiles(ttft.get(..count).unwrap_or_default()),
                itl: if workload.with_later > 0.0 {
                    percentiles(itl.get(..strips).unwrap_or_default())
                } else {
                    Default::default()
                },
                e2e: percentiles(e2e.get(..strips).unwrap_or_default()),
            }),
            batch_mean: present.min(places),
            kv_use_fraction: self.kv_use(present.min(places)),
            output_tokens_per_second: rate_per_second * workload.all.output,
            goodput_fraction: None,
        })
    }

    /// The burst at the start of a finite run: its share of all requests, the first prompt's end,
    /// and the time from it to the last's. Prompts go in order, as many in an iteration as the token
    /// budget holds, and all of an iteration end together.
    fn burst(&self, clients: &ClientLoop, places: f64, base: f64, cost: f64) -> Option<(f64, f64, f64)> {
        let replica = &self.replica;
        // Answers of one length whose prompts all come first begin and end together for ever.
        let in_step = replica.scheduling == Scheduling::PrefillFirst && replica.workload.later_scv < 1e-9;
        let requests = if in_step { clients.concurrency } else { clients.requests? } as f64;
        let replicas = f64::from(self.deployment.replicas);
        let each = (clients.concurrency as f64 / replicas).max(1.0).min(places);
        let share = (each * replicas).min(clients.concurrency as f64) / requests;
        let half = if replica.scheduling == Scheduling::PrefillFirst { 0.0 } else { each / 2.0 };
        let together = (replica.room(half) / replica.workload.all.work).max(1.0).min(each);
        let iterations = (each / together).ceil();
        let first = base + together * cost;
        Some((share.min(1.0), first, (iterations - 1.0) * base + (each - together).max(0.0) * cost))
    }
}

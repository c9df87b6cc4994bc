//! M/M/c/K: Poisson arrivals, exponential service, several servers and limited room.

use super::{check, check::as_real, erlang, geometric, poisson, solve, uniformised};
use crate::{
    error::Result,
    units::{check_count, ln_1p, mul_add},
};

/// The largest capacity; counts stay exact as real numbers.
const MOST_CAPACITY: u64 = 1_000_000_000_000;

/// The M/M/c/K queue in steady state, first come, first served: an arrival that finds `capacity`
/// requests present, waiting or in service, is lost. Any load has a steady state.
///
/// With one server it is M/M/1/K; with as much room as servers, Erlang's loss system. Waits are
/// those of accepted requests.
///
/// Source: D. Gross and C. M. Harris, *Fundamentals of Queueing Theory*, section 2.4 (states);
/// waits as Poisson mixtures (uniformisation: Jensen, 1953) of the states that accepted arrivals
/// find.
///
/// ```
/// use sizewell::queueing::closed_form::MmckQueue;
/// // Two servers, four places, a load of 1 per server.
/// let queue = MmckQueue::new(2.0, 1.0, 2, 4)?;
/// assert!((queue.loss_probability() - 2.0 / 9.0).abs() < 1e-15);
/// assert!((queue.throughput_per_second() - 14.0 / 9.0).abs() < 1e-15);
/// let p95 = queue.sojourn_quantile_seconds(0.95)?;
/// assert!((queue.sojourn_tail(p95)? - 0.05).abs() < 1e-12);
/// # Ok::<(), sizewell::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MmckQueue {
    arrival_rate: f64,
    service_rate: f64,
    servers: u64,
    capacity: u64,
    /// The places in the queue.
    room: f64,
    /// ln ρ.
    growth: f64,
    /// The probability of the likelier end of the queue: all servers busy and nobody waiting
    /// where ρ ≤ 1, all room taken where ρ > 1.
    likelier_end: f64,
    /// The probability that a server is free.
    some_free: f64,
    accepted: f64,
}

impl MmckQueue {
    /// A queue with arrivals and, for each of 1 to 10⁹ servers, service at these rates, each from
    /// 10⁻¹² to 10¹² per second, and with room for `capacity` requests, those in service included,
    /// from `servers` to 10¹².
    ///
    /// # Errors
    ///
    /// `invalid_value` for a number out of range.
    pub fn new(
        arrival_rate_per_second: f64,
        service_rate_per_second: f64,
        servers: u64,
        capacity: u64,
    ) -> Result<Self> {
        let arrival_rate = check::rate("arrival_rate_per_second", arrival_rate_per_second)?;
        let service_rate = check::rate("service_rate_per_second", service_rate_per_second)?;
        let servers = check::servers(servers)?;
        check_count("capacity", capacity, servers, MOST_CAPACITY)?;
        let full = as_real(servers);
        let room = as_real(capacity - servers);
        let spare_rate = check::spare_rate(arrival_rate, service_rate, servers);
        let growth = geometric::ln_ratio(arrival_rate, full * service_rate, -spare_rate);
        let decay = growth.abs();
        let load = arrival_rate / service_rate;
        let ratio = geometric::power(1.0, decay);
        let (likelier_end, some_free, accepted) = if growth <= 0.0 {
            let lost = erlang::blocking(full, load);
            let all = 1.0 + lost * ratio * geometric::sum(room, decay);
            let some_free = (1.0 - lost) / all;
            (lost / all, some_free, some_free + lost / all * geometric::sum(room, decay))
        } else {
            let end = geometric::power(room, decay);
            let free = end * erlang::served_over_lost(full, load);
            let all = free + geometric::sum(room + 1.0, decay);
            (1.0 / all, free / all, free / all + ratio * geometric::sum(room, decay) / all)
        };
        Ok(Self {
            arrival_rate,
            service_rate,
            servers,
            capacity,
            room,
            growth,
            likelier_end,
            some_free,
            accepted,
        })
    }

    /// M/M/1/K: one server, and room for `capacity` requests, the one in service included.
    ///
    /// ```
    /// use sizewell::queueing::closed_form::MmckQueue;
    /// let queue = MmckQueue::single_server(1.0, 1.0, 4)?;
    /// assert!((queue.loss_probability() - 0.2).abs() < 1e-15, "all five states are as likely");
    /// # Ok::<(), sizewell::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `invalid_value` for a number out of range.
    pub fn single_server(
        arrival_rate_per_second: f64,
        service_rate_per_second: f64,
        capacity: u64,
    ) -> Result<Self> {
        Self::new(arrival_rate_per_second, service_rate_per_second, 1, capacity)
    }

    /// The offered load in erlangs: *λ/μ*, lost arrivals included.
    #[must_use]
    pub fn load_erlangs(&self) -> f64 {
        self.arrival_rate / self.service_rate
    }

    /// The share of arrivals that is lost.
    #[must_use]
    pub fn loss_probability(&self) -> f64 {
        self.queue_probability(self.room)
    }

    /// The share of arrivals that is accepted, precise also where nearly all are lost.
    #[must_use]
    pub fn acceptance_probability(&self) -> f64 {
        self.accepted
    }

    /// The rate of accepted arrivals, which is the rate of departures.
    #[must_use]
    pub fn throughput_per_second(&self) -> f64 {
        self.arrival_rate * self.accepted
    }

    /// The share of time that a server is busy.
    #[must_use]
    pub fn utilization(&self) -> f64 {
        (self.load_erlangs() * self.accepted / as_real(self.servers)).min(1.0)
    }

    /// The share of accepted requests that wait.
    #[must_use]
    pub fn wait_probability(&self) -> f64 {
        self.waiting_after(0)
    }

    /// The mean number that wait.
    #[must_use]
    pub fn mean_waiting(&self) -> f64 {
        let decay = self.growth.abs();
        let from_likelier_end = geometric::mean(self.room, decay);
        let mean_if_busy = if self.growth <= 0.0 { from_likelier_end } else { self.room - from_likelier_end };
        self.likelier_end * geometric::sum(self.room + 1.0, decay) * mean_if_busy
    }

    /// The mean number present, waiting or in service.
    #[must_use]
    pub fn mean_number(&self) -> f64 {
        self.mean_waiting() + self.load_erlangs() * self.accepted
    }

    /// The mean wait of accepted requests before service.
    #[must_use]
    pub fn mean_wait_seconds(&self) -> f64 {
        self.mean_waiting() / self.throughput_per_second()
    }

    /// The mean time from arrival to departure of accepted requests.
    #[must_use]
    pub fn mean_sojourn_seconds(&self) -> f64 {
        self.mean_wait_seconds() + 1.0 / self.service_rate
    }

    /// The probability that `number` are present; 0 above the capacity.
    #[must_use]
    pub fn state_probability(&self, number: u64) -> f64 {
        if number > self.capacity {
            return 0.0;
        }
        if let Some(waiting) = number.checked_sub(self.servers) {
            return self.queue_probability(as_real(waiting));
        }
        let load = self.load_erlangs();
        let full = as_real(self.servers);
        if self.growth <= 0.0 {
            let at_full = poisson::probability(full, load);
            let (up_to_full, _) = poisson::at_most_and_above(full, load);
            let decay = -self.growth;
            let queued = at_full * geometric::power(1.0, decay) * geometric::sum(self.room, decay);
            return poisson::probability_of(number, load) / (up_to_full + queued);
        }
        // Above a load of 1 the states fall from the full one downwards, fast enough to end early.
        let mut probability = self.queue_probability(0.0);
        for state in (number + 1..=self.servers).rev() {
            probability *= as_real(state) / load;
            if probability == 0.0 {
                break;
            }
        }
        probability
    }

    /// The probability that an accepted request waits longer than `seconds`.
    ///
    /// # Errors
    ///
    /// `invalid_value` when `seconds` is negative or not finite.
    pub fn wait_tail(&self, seconds: f64) -> Result<f64> {
        Ok(self.wait_beyond(check::elapsed(seconds)?))
    }

    /// The wait that a share `level` of accepted requests does not exceed; 0 where that share
    /// does not wait.
    ///
    /// # Errors
    ///
    /// `invalid_value` when `level` is not from 0, below 1.
    pub fn wait_quantile_seconds(&self, level: f64) -> Result<f64> {
        let guess = self.mean_wait_seconds();
        solve::quantile(level, self.wait_probability(), guess, |seconds| self.wait_beyond(seconds))
    }

    /// The probability that an accepted request takes more than `seconds` from arrival to
    /// departure.
    ///
    /// # Errors
    ///
    /// `invalid_value` when `seconds` is negative or not finite.
    pub fn sojourn_tail(&self, seconds: f64) -> Result<f64> {
        Ok(self.sojourn_beyond(check::elapsed(seconds)?))
    }

    /// The time from arrival to departure that a share `level` of accepted requests does not
    /// exceed.
    ///
    /// # Errors
    ///
    /// `invalid_value` when `level` is not from 0, below 1.
    pub fn sojourn_quantile_seconds(&self, level: f64) -> Result<f64> {
        solve::quantile(level, 1.0, self.mean_sojourn_seconds(), |seconds| self.sojourn_beyond(seconds))
    }

    /// The probability that all servers are busy and `waiting` requests wait.
    fn queue_probability(&self, waiting: f64) -> f64 {
        let from_likelier_end = if self.growth <= 0.0 { waiting } else { self.room - waiting };
        self.likelier_end * geometric::power(from_likelier_end, self.growth.abs())
    }

    fn wait_beyond(&self, seconds: f64) -> f64 {
        uniformised::outlived(self.events_in(seconds), self.places(), |events| self.waiting_after(events))
    }

    fn sojourn_beyond(&self, seconds: f64) -> f64 {
        uniformised::outlived(self.events_in(seconds), u64::MAX, |events| {
            self.waiting_after(events) + self.in_service_after(events)
        })
    }

    fn events_in(&self, seconds: f64) -> f64 {
        as_real(self.servers) * self.service_rate * seconds
    }

    fn places(&self) -> u64 {
        self.capacity - self.servers
    }

    /// The probability that an accepted request still waits after so many services have ended.
    fn waiting_after(&self, events: u64) -> f64 {
        let Some(left) = self.places().checked_sub(events) else { return 0.0 };
        let decay = self.growth.abs();
        let first = if self.growth <= 0.0 { as_real(events) } else { 1.0 };
        self.likelier_end * geometric::power(first, decay) * geometric::sum(as_real(left), decay)
            / self.accepted
    }

    /// The probability that an accepted request is in service after so many services of its group
    /// of servers could have ended.
    fn in_service_after(&self, events: u64) -> f64 {
        let others = as_real(self.servers - 1);
        // Each event leaves the request in service with probability (c − 1)/c.
        let staying = -ln_1p(-1.0 / as_real(self.servers));
        let found_free = self.some_free * geometric::power(as_real(events), staying);
        let started = as_real(events.min(self.places()));
        if started == 0.0 {
            return found_free / self.accepted;
        }
        // Those that found j waiting started at event j + 1: a geometric sum, from its larger end.
        let others_rate = others * self.service_rate;
        let difference = mul_add(-others, self.service_rate, self.arrival_rate);
        let trend = geometric::ln_ratio(self.arrival_rate, others_rate, difference);
        let largest = if trend >= 0.0 {
            self.queue_probability(started - 1.0)
        } else {
            self.queue_probability(0.0) * geometric::power(started - 1.0, staying)
        };
        let since = geometric::power(as_real(events) - started, staying);
        (found_free + largest * geometric::sum(started, trend.abs()) * since) / self.accepted
    }
}

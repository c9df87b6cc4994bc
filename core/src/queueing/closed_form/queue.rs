//! The closed forms as one question and one answer, for callers of other languages.

use serde::{Deserialize, Serialize};

use super::{
    BirthDeath, GgcQueue, Md1Queue, Mg1Queue, Mm1Queue, MmcQueue, MmckQueue, erlang_b, erlang_c,
    number_present, rate_through_per_second, time_present_seconds,
};
use crate::error::{Error, Result};

/// Longest birth–death chain that is asked about in one request.
const MOST_STATES: usize = 100_000;

/// A queue, in Kendall's notation. Rates are per second, times in seconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum QueueRequest {
    /// M/M/c/c: what does not find a free server is lost.
    ErlangB {
        /// Servers.
        servers: u64,
        /// Arrival rate × mean service time.
        load_erlangs: f64,
    },
    /// The probability of having to wait in M/M/c.
    ErlangC {
        /// Servers.
        servers: u64,
        /// Arrival rate × mean service time.
        load_erlangs: f64,
    },
    /// One server, Poisson arrivals, exponential service.
    Mm1 {
        /// Arrivals per second.
        arrival_rate_per_second: f64,
        /// What a server does in a second.
        service_rate_per_second: f64,
    },
    /// Several servers, Poisson arrivals, exponential service.
    Mmc {
        /// Arrivals per second.
        arrival_rate_per_second: f64,
        /// What a server does in a second.
        service_rate_per_second: f64,
        /// Servers.
        servers: u64,
    },
    /// One server and room for so many.
    Mm1k {
        /// Arrivals per second.
        arrival_rate_per_second: f64,
        /// What a server does in a second.
        service_rate_per_second: f64,
        /// Room, that in service included.
        capacity: u64,
    },
    /// Several servers and room for so many.
    Mmck {
        /// Arrivals per second.
        arrival_rate_per_second: f64,
        /// What a server does in a second.
        service_rate_per_second: f64,
        /// Servers.
        servers: u64,
        /// Room, that in service included.
        capacity: u64,
    },
    /// One server with a constant service time.
    Md1 {
        /// Arrivals per second.
        arrival_rate_per_second: f64,
        /// The service time.
        service_seconds: f64,
    },
    /// One server with any service time: Pollaczek–Khinchine. Quantiles are approximate.
    Mg1 {
        /// Arrivals per second.
        arrival_rate_per_second: f64,
        /// Mean of the service time.
        mean_service_seconds: f64,
        /// Squared coefficient of variation of the service time: variance over squared mean.
        service_scv: f64,
    },
    /// Any arrivals, any service, several servers: Allen–Cunneen, an approximation.
    Ggc {
        /// Arrivals per second.
        arrival_rate_per_second: f64,
        /// What a server does in a second.
        service_rate_per_second: f64,
        /// Servers.
        servers: u64,
        /// Squared coefficient of variation of the times between arrivals: 1 for Poisson.
        arrival_scv: f64,
        /// Squared coefficient of variation of the service times: 1 for exponential.
        service_scv: f64,
    },
    /// Rates that depend on the number present, at most 100,000 of each.
    BirthDeath {
        /// Arrivals per second with 0, 1, 2, … present.
        births_per_second: Vec<f64>,
        /// Departures per second with 1, 2, 3, … present.
        deaths_per_second: Vec<f64>,
    },
    /// Little's law: two of the three, of which the third follows.
    Little {
        /// Mean number present.
        #[serde(default)]
        number: Option<f64>,
        /// Rate through the system, per second.
        #[serde(default)]
        rate_per_second: Option<f64>,
        /// Mean time in the system, in seconds.
        #[serde(default)]
        time_seconds: Option<f64>,
    },
}

/// Percentiles of a time, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TimePercentiles {
    /// The median.
    pub p50_seconds: f64,
    /// The 90th percentile.
    pub p90_seconds: f64,
    /// The 95th percentile.
    pub p95_seconds: f64,
    /// The 99th percentile.
    pub p99_seconds: f64,
}

impl TimePercentiles {
    fn of(quantile: impl Fn(f64) -> Result<f64>) -> Result<Option<Self>> {
        Ok(Some(Self {
            p50_seconds: quantile(0.5)?,
            p90_seconds: quantile(0.9)?,
            p95_seconds: quantile(0.95)?,
            p99_seconds: quantile(0.99)?,
        }))
    }
}

/// A queue in steady state; `None` for what its form does not tell.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct QueueResult {
    /// Share of time that a server is busy.
    pub utilization: Option<f64>,
    /// Probability that an arrival that gets in has to wait.
    pub wait_probability: Option<f64>,
    /// Probability that an arrival is lost.
    pub loss_probability: Option<f64>,
    /// Departures per second.
    pub throughput_per_second: Option<f64>,
    /// Mean number that wait.
    pub mean_waiting: Option<f64>,
    /// Mean number present, those in service included.
    pub mean_number: Option<f64>,
    /// Mean time before service, of all that get in.
    pub mean_wait_seconds: Option<f64>,
    /// Mean time from arrival to departure.
    pub mean_sojourn_seconds: Option<f64>,
    /// Percentiles of the time before service.
    pub wait: Option<TimePercentiles>,
    /// Percentiles of the time from arrival to departure.
    pub sojourn: Option<TimePercentiles>,
    /// Of a birth–death chain, the probability of each number present, from 0.
    pub probabilities: Option<Vec<f64>>,
}

/// What any queue of this module that has waiting tells of itself.
macro_rules! waiting {
    ($queue:ident, $wait:ident, $($rest:tt)*) => {
        Ok(QueueResult {
            utilization: Some($queue.utilization()),
            wait_probability: Some($queue.wait_probability()),
            mean_waiting: Some($queue.mean_waiting()),
            mean_number: Some($queue.mean_number()),
            mean_wait_seconds: Some($queue.mean_wait_seconds()),
            mean_sojourn_seconds: Some($queue.mean_sojourn_seconds()),
            wait: TimePercentiles::of(|level| $queue.$wait(level))?,
            $($rest)*
        })
    };
}

/// The steady state of a queue.
///
/// ```
/// use sizewell::queueing::closed_form::{QueueRequest, queue};
/// let found = queue(&QueueRequest::ErlangC { servers: 10, load_erlangs: 9.0 })?;
/// assert!((found.wait_probability.unwrap() - 0.668732).abs() < 1e-6);
/// # Ok::<(), sizewell::Error>(())
/// ```
///
/// # Errors
///
/// `invalid_value` with the field for a number out of range; `unstable` for more work than can be
/// served where nothing bounds the queue; of birth–death chains `empty`, `too_large` and
/// `contradiction`; `missing_field` at `number` unless two of Little's three are given.
pub fn queue(request: &QueueRequest) -> Result<QueueResult> {
    use QueueRequest as Ask;
    match request {
        Ask::ErlangB { servers, load_erlangs } => Ok(QueueResult {
            loss_probability: Some(erlang_b(*servers, *load_erlangs)?),
            ..QueueResult::default()
        }),
        Ask::ErlangC { servers, load_erlangs } => Ok(QueueResult {
            wait_probability: Some(erlang_c(*servers, *load_erlangs)?),
            ..QueueResult::default()
        }),
        Ask::Mm1 { arrival_rate_per_second, service_rate_per_second } => {
            let queue = Mm1Queue::new(*arrival_rate_per_second, *service_rate_per_second)?;
            waiting!(queue, wait_quantile_seconds,
                sojourn: TimePercentiles::of(|level| queue.sojourn_quantile_seconds(level))?,
                throughput_per_second: Some(*arrival_rate_per_second),
                loss_probability: None,
                probabilities: None,
            )
        }
        Ask::Mmc { arrival_rate_per_second, service_rate_per_second, servers } => {
            let queue = MmcQueue::new(*arrival_rate_per_second, *service_rate_per_second, *servers)?;
            waiting!(queue, wait_quantile_seconds,
                sojourn: TimePercentiles::of(|level| queue.sojourn_quantile_seconds(level))?,
                throughput_per_second: Some(*arrival_rate_per_second),
                loss_probability: None,
                probabilities: None,
            )
        }
        Ask::Mm1k { arrival_rate_per_second, service_rate_per_second, capacity } => {
            let (arrivals, service) = (*arrival_rate_per_second, *service_rate_per_second);
            bounded(&MmckQueue::single_server(arrivals, service, *capacity)?)
        }
        Ask::Mmck { arrival_rate_per_second, service_rate_per_second, servers, capacity } => {
            let (arrivals, service) = (*arrival_rate_per_second, *service_rate_per_second);
            bounded(&MmckQueue::new(arrivals, service, *servers, *capacity)?)
        }
        Ask::Md1 { arrival_rate_per_second, service_seconds } => {
            let queue = Md1Queue::new(*arrival_rate_per_second, *service_seconds)?;
            waiting!(queue, wait_quantile_seconds,
                sojourn: TimePercentiles::of(|level| queue.sojourn_quantile_seconds(level))?,
                throughput_per_second: Some(*arrival_rate_per_second),
                loss_probability: None,
                probabilities: None,
            )
        }
        Ask::Mg1 { arrival_rate_per_second, mean_service_seconds, service_scv } => {
            let queue = Mg1Queue::new(*arrival_rate_per_second, *mean_service_seconds, *service_scv)?;
            waiting!(queue, wait_quantile_approximate_seconds,
                throughput_per_second: Some(*arrival_rate_per_second),
                ..QueueResult::default()
            )
        }
        Ask::Ggc { arrival_rate_per_second, service_rate_per_second, servers, arrival_scv, service_scv } => {
            let (arrivals, service) = (*arrival_rate_per_second, *service_rate_per_second);
            let queue = GgcQueue::new(arrivals, service, *servers, *arrival_scv, *service_scv)?;
            waiting!(queue, wait_quantile_seconds,
                throughput_per_second: Some(arrivals),
                ..QueueResult::default()
            )
        }
        Ask::BirthDeath { births_per_second, deaths_per_second } => {
            chain(births_per_second, deaths_per_second)
        }
        Ask::Little { number, rate_per_second, time_seconds } => {
            little(*number, *rate_per_second, *time_seconds)
        }
    }
}

fn bounded(queue: &MmckQueue) -> Result<QueueResult> {
    waiting!(queue, wait_quantile_seconds,
        sojourn: TimePercentiles::of(|level| queue.sojourn_quantile_seconds(level))?,
        throughput_per_second: Some(queue.throughput_per_second()),
        loss_probability: Some(queue.loss_probability()),
        probabilities: None,
    )
}

fn chain(births: &[f64], deaths: &[f64]) -> Result<QueueResult> {
    for (path, rates) in [("births_per_second", births), ("deaths_per_second", deaths)] {
        if rates.len() > MOST_STATES {
            let error = Error::new(crate::ErrorCode::TooLarge, path, "has too many rates");
            return Err(error.given(rates.len()).allowed(format!("at most {MOST_STATES}")));
        }
    }
    let chain = BirthDeath::new(births, deaths)?;
    Ok(QueueResult {
        throughput_per_second: Some(chain.throughput_per_second()),
        mean_number: Some(chain.mean_number()),
        mean_sojourn_seconds: Some(chain.mean_sojourn_seconds()),
        probabilities: Some(chain.probabilities().to_vec()),
        ..QueueResult::default()
    })
}

fn little(number: Option<f64>, rate: Option<f64>, time: Option<f64>) -> Result<QueueResult> {
    let (number, rate, time) = match (number, rate, time) {
        (None, Some(rate), Some(time)) => (number_present(rate, time)?, rate, time),
        (Some(number), None, Some(time)) => (number, rate_through_per_second(number, time)?, time),
        (Some(number), Some(rate), None) => (number, rate, time_present_seconds(number, rate)?),
        _ => {
            let help = "give two of number, rate_per_second and time_seconds";
            return Err(Error::missing("number", help));
        }
    };
    Ok(QueueResult {
        mean_number: Some(number),
        throughput_per_second: Some(rate),
        mean_sojourn_seconds: Some(time),
        ..QueueResult::default()
    })
}

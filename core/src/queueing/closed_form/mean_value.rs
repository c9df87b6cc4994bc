//! Mean value analysis: throughput and times of a closed network, by adding one customer at a time.

use super::{check, check::as_real};
use crate::{
    error::{Error, ErrorCode, Result},
    units::{check_count, check_range},
};

/// The largest number of customers, and of stations.
const MOST_CUSTOMERS: u64 = 1_000_000;
const MOST_STATIONS: usize = 1_000;

/// How a station of a closed network serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StationKind {
    /// One server and a queue.
    Queue,
    /// Room for everybody: nobody waits.
    Delay,
}

/// A station of a closed network.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Station {
    /// How it serves.
    pub kind: StationKind,
    /// The mean service time that a customer needs here in one cycle, all visits together, from
    /// 10⁻¹² to 10¹² seconds.
    pub demand_seconds: f64,
}

/// What mean value analysis finds for a station.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StationResult {
    /// The mean number present, waiting or in service.
    pub mean_number: f64,
    /// The mean time a customer spends here in one cycle, waiting included.
    pub mean_sojourn_seconds: f64,
    /// The mean number in service; for a queue, the share of time that it is busy.
    pub mean_busy: f64,
}

/// What mean value analysis finds for a closed network.
#[derive(Debug, Clone, PartialEq)]
pub struct ClosedNetwork {
    /// Cycles ended per second, all customers together.
    pub throughput_per_second: f64,
    /// The mean time of one cycle without the think time.
    pub mean_response_seconds: f64,
    /// The stations, in the order given.
    pub stations: Vec<StationResult>,
}

/// Exact mean value analysis of `customers` (1 to 10⁶) who think for `mean_think_seconds` (0 to
/// 10¹²) and then visit every station, first come, first served with exponential service, or in
/// any order that makes a product form.
///
/// With one queue it is M/M/1//N; for one station of several servers use
/// [`FiniteSourceQueue`](super::FiniteSourceQueue), which is exact where mean value analysis with
/// several servers loses precision. All terms are positive, so nothing cancels.
///
/// Source: M. Reiser and S. S. Lavenberg, "Mean-Value Analysis of Closed Multichain Queuing
/// Networks", Journal of the ACM 27 (1980) 313–322.
///
/// ```
/// use sizewell::queueing::closed_form::{Station, StationKind, mean_value_analysis};
/// let prefill = Station { kind: StationKind::Queue, demand_seconds: 0.2 };
/// let decode = Station { kind: StationKind::Delay, demand_seconds: 3.0 };
/// let network = mean_value_analysis(&[prefill, decode], 1.8, 40)?;
/// assert!(network.throughput_per_second < 5.0, "the queue ends at most 1/0.2 a second");
/// # Ok::<(), sizewell::Error>(())
/// ```
///
/// # Errors
///
/// `empty` without stations, `too_large` with more than 1,000, `invalid_value` for a number out of
/// range.
pub fn mean_value_analysis(
    stations: &[Station],
    mean_think_seconds: f64,
    customers: u64,
) -> Result<ClosedNetwork> {
    if stations.is_empty() {
        return Err(Error::new(ErrorCode::Empty, "stations", "is empty"));
    }
    if stations.len() > MOST_STATIONS {
        return Err(Error::new(ErrorCode::TooLarge, "stations", "is too long")
            .given(stations.len())
            .allowed(format!("at most {MOST_STATIONS} stations")));
    }
    for (at, station) in stations.iter().enumerate() {
        check::time("", station.demand_seconds)
            .map_err(|error| error.at(format!("stations[{at}].demand_seconds")))?;
    }
    check_range("mean_think_seconds", mean_think_seconds, 0.0, check::SCALE.1)?;
    check_count("customers", customers, 1, MOST_CUSTOMERS)?;
    let mut numbers = vec![0.0; stations.len()];
    let mut times = vec![0.0; stations.len()];
    let mut throughput = 0.0;
    let mut response = 0.0;
    for present in 1..=customers {
        for ((time, number), station) in times.iter_mut().zip(&numbers).zip(stations) {
            *time = match station.kind {
                StationKind::Queue => station.demand_seconds * (1.0 + number),
                StationKind::Delay => station.demand_seconds,
            };
        }
        response = times.iter().sum::<f64>();
        throughput = as_real(present) / (mean_think_seconds + response);
        for (number, time) in numbers.iter_mut().zip(&times) {
            *number = throughput * time;
        }
    }
    let found = stations
        .iter()
        .zip(numbers.iter().zip(&times))
        .map(|(station, (&mean_number, &mean_sojourn_seconds))| StationResult {
            mean_number,
            mean_sojourn_seconds,
            mean_busy: throughput * station.demand_seconds,
        })
        .collect();
    Ok(ClosedNetwork { throughput_per_second: throughput, mean_response_seconds: response, stations: found })
}

//! The checks that every queue's constructor and every method with an argument share.

use crate::{
    error::{Error, ErrorCode, Result},
    units::{check_count, check_range, mul_add},
};

/// The smallest and the largest rate, per second, and mean time, in seconds.
pub(super) const SCALE: (f64, f64) = (1e-12, 1e12);

/// The largest number of servers.
pub(super) const MOST_SERVERS: u64 = 1_000_000_000;

pub(super) fn rate(path: &str, value: f64) -> Result<f64> {
    check_range(path, value, SCALE.0, SCALE.1).map(|()| value)
}

pub(super) fn time(path: &str, value: f64) -> Result<f64> {
    check_range(path, value, SCALE.0, SCALE.1).map(|()| value)
}

pub(super) fn servers(value: u64) -> Result<u64> {
    check_count("servers", value, 1, MOST_SERVERS).map(|()| value)
}

/// A squared coefficient of variation, at least 0.
pub(super) fn variation(path: &str, value: f64) -> Result<f64> {
    check_range(path, value, 0.0, 1e6).map(|()| value)
}

/// A level of a quantile: at least 0, below 1.
pub(super) fn level(value: f64) -> Result<f64> {
    if (0.0..1.0).contains(&value) {
        Ok(value)
    } else {
        Err(Error::invalid("level", value, "a number from 0, below 1"))
    }
}

/// A time since arrival, from 0.
pub(super) fn elapsed(value: f64) -> Result<f64> {
    check_range("seconds", value, 0.0, f64::MAX).map(|()| value)
}

/// The rate at which `servers` would still take work, rounded once: *cμ − λ*.
pub(super) fn spare_rate(arrival_rate: f64, service_rate: f64, servers: u64) -> f64 {
    mul_add(as_real(servers), service_rate, -arrival_rate)
}

/// Refuses a load per server of 1 or more.
pub(super) fn stable(spare_rate: f64, load_per_server: f64) -> Result<()> {
    if spare_rate > 0.0 { Ok(()) } else { Err(unstable("arrival_rate_per_second", load_per_server)) }
}

pub(super) fn unstable(path: &str, load_per_server: f64) -> Error {
    Error::new(ErrorCode::Unstable, path, "more work arrives than can be served: the queue grows without end")
        .given(format!("a load of {load_per_server} per server"))
        .allowed("a load below 1 per server")
        .help("lower the arrival rate, or add servers")
}

/// A count as a real number; counts here are below 2⁵³, so this is exact.
pub(super) fn as_real(count: u64) -> f64 {
    count as f64
}

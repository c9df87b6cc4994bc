//! Erlang's loss and delay formulas, for whole and for real numbers of servers.
//!
//! Source: A. K. Erlang, "Solution of some Problems in the Theory of Probabilities of Significance
//! in Automatic Telephone Exchanges" (1917); the continuous extension *1/B = a∫e^(−at)(1+t)^x dt*
//! and its relation to the incomplete gamma function: D. L. Jagerman, "Some Properties of the
//! Erlang Loss Function", Bell System Technical Journal 53 (1974) 525–551.

use super::{
    check::{self, MOST_SERVERS, as_real},
    poisson::{MOST_TERMS, NEGLIGIBLE, above_over_at, probability},
};
use crate::{
    error::{Error, ErrorCode, Result},
    units::check_range,
};

/// The largest load in erlangs.
const MOST_LOAD: f64 = 1e12;

/// Erlang B: the share of arrivals that find all of `servers` busy and are lost, when
/// `load_erlangs` (arrival rate × mean service time) is offered and nobody waits.
///
/// Takes a few tens of √load steps; 14 digits at 100,000 servers.
///
/// ```
/// use sizewell::queueing::closed_form::erlang_b;
/// let lost = erlang_b(10, 4.46)?;
/// assert!((lost - 0.01).abs() < 5e-5, "4.46 erlangs on 10 circuits lose 1%");
/// # Ok::<(), sizewell::Error>(())
/// ```
///
/// # Errors
///
/// `invalid_value` when there are more than 10⁹ servers, or the load is not above 0 and at most 10¹².
pub fn erlang_b(servers: u64, load_erlangs: f64) -> Result<f64> {
    crate::units::check_count("servers", servers, 0, MOST_SERVERS)?;
    erlang_b_continuous(as_real(servers), load_erlangs)
}

/// Erlang B for a real number of servers from 0, as Jagerman continues it; the same as
/// [`erlang_b`] at whole numbers.
///
/// # Errors
///
/// As [`erlang_b`].
pub fn erlang_b_continuous(servers: f64, load_erlangs: f64) -> Result<f64> {
    check_range("servers", servers, 0.0, as_real(MOST_SERVERS))?;
    crate::units::check_positive("load_erlangs", load_erlangs, MOST_LOAD)?;
    Ok(blocking(servers, load_erlangs))
}

/// Erlang C: the share of arrivals that find all of `servers` busy and wait, when everybody
/// waits as long as it takes.
///
/// ```
/// use sizewell::queueing::closed_form::erlang_c;
/// assert!((erlang_c(1, 0.3)? - 0.3).abs() < 1e-15, "one server: the share of time it is busy");
/// assert_eq!(erlang_c(2, 2.5).unwrap_err().code().as_str(), "unstable");
/// # Ok::<(), sizewell::Error>(())
/// ```
///
/// # Errors
///
/// `invalid_value` as [`erlang_b`] and when there are no servers; `unstable` when the load is not below the
/// number of servers.
pub fn erlang_c(servers: u64, load_erlangs: f64) -> Result<f64> {
    check::servers(servers)?;
    erlang_c_continuous(as_real(servers), load_erlangs)
}

/// Erlang C for a real number of servers above 0; the same as [`erlang_c`] at whole numbers.
///
/// # Errors
///
/// As [`erlang_c`].
pub fn erlang_c_continuous(servers: f64, load_erlangs: f64) -> Result<f64> {
    crate::units::check_positive("servers", servers, as_real(MOST_SERVERS))?;
    crate::units::check_positive("load_erlangs", load_erlangs, MOST_LOAD)?;
    if load_erlangs >= servers {
        return Err(Error::new(
            ErrorCode::Unstable,
            "load_erlangs",
            "more work arrives than can be served: the queue grows without end",
        )
        .given(load_erlangs)
        .allowed(format!("a load below {servers}, the number of servers")));
    }
    Ok(delay(servers, load_erlangs, servers - load_erlangs))
}

/// Erlang C where the spare capacity *c − a* is known more precisely than the difference shows.
pub(super) fn delay(servers: f64, load: f64, spare: f64) -> f64 {
    let lost = blocking(servers, load);
    (servers * lost / (spare + load * lost)).min(1.0)
}

/// Erlang B for a checked input.
pub(super) fn blocking(servers: f64, load: f64) -> f64 {
    if servers >= load {
        // The Poisson number truncated at `servers`: the lost part is the smaller, so 1 − it is safe.
        let at = probability(servers, load);
        return at / (1.0 - at * above_over_at(servers, load));
    }
    // 1/B = 1 + x/a + x(x−1)/a² + …, falling terms, down to the fraction of a server that is left.
    let mut term = 1.0;
    let mut sum = 0.0;
    let mut left = servers;
    for _ in 0..MOST_TERMS {
        if left < 1.0 {
            return 1.0 / (sum + term / below_one_server(left, load));
        }
        sum += term;
        term *= left / load;
        left -= 1.0;
        if term * load <= NEGLIGIBLE * sum * (load - left) {
            break;
        }
    }
    1.0 / sum
}

/// (1 − B)/B for a load above a whole number of servers, precise also where nearly all is lost:
/// *x/a + x(x−1)/a² + …*.
pub(super) fn served_over_lost(servers: f64, load: f64) -> f64 {
    let mut term = 1.0;
    let mut sum = 0.0;
    let mut left = servers;
    while left > 0.0 {
        term *= left / load;
        sum += term;
        left -= 1.0;
        if term * load <= NEGLIGIBLE * sum * (load - left) {
            break;
        }
    }
    sum
}

/// Erlang B for less than one server: from the series of the incomplete gamma function for a
/// small load, from its continued fraction (Abramowitz and Stegun 6.5.31) for others.
fn below_one_server(servers: f64, load: f64) -> f64 {
    if servers == 0.0 {
        return 1.0;
    }
    if load < 2.0 {
        let at = probability(servers, load);
        return at / (1.0 - at * above_over_at(servers, load));
    }
    // Γ(s, a) = e^(−a) a^s / (a+1−s − 1(1−s)/(a+3−s − 2(2−s)/(a+5−s − …))), from the inside out;
    // 100 levels leave less than 10⁻¹⁷ at a load of 2 and fewer are needed above.
    let shape = servers + 1.0;
    let mut fraction = 0.0;
    for level in (1..=100).rev().map(f64::from) {
        fraction = level * (level - shape) / (load + 2.0 * level + 1.0 - shape - fraction);
    }
    (load + 1.0 - shape - fraction) / load
}

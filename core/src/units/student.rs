//! Student's t distribution.

use super::{exp, ln, ln_1p, ln_gamma, sqrt};

/// Probability that |t| is at least this with so many degrees of freedom (above 0).
pub(crate) fn t_two_sided(t: f64, degrees: f64) -> f64 {
    if !t.is_finite() {
        return 0.0;
    }
    incomplete_beta(degrees / 2.0, 0.5, degrees / (degrees + t * t))
}

/// The t at which that probability is `two_sided`, by halving.
pub(crate) fn t_quantile(two_sided: f64, degrees: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..200 {
        if t_two_sided(high, degrees) <= two_sided {
            break;
        }
        high *= 2.0;
    }
    for _ in 0..80 {
        let middle = (low + high) / 2.0;
        if t_two_sided(middle, degrees) > two_sided {
            low = middle;
        } else {
            high = middle;
        }
    }
    (low + high) / 2.0
}

/// The regularised incomplete beta function, by its continued fraction (Abramowitz and Stegun,
/// *Handbook of Mathematical Functions*, 26.5.8), evaluated by the modified method of Lentz.
fn incomplete_beta(a: f64, b: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - incomplete_beta(b, a, 1.0 - x);
    }
    let front = exp(ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b) + a * ln(x) + b * ln_1p(-x)) / a;
    let tiny = 1e-300;
    let away = |value: f64| if value.abs() < tiny { tiny } else { value };
    let mut c = 1.0;
    let mut d = 1.0 / away(1.0 - (a + b) * x / (a + 1.0));
    let mut fraction = d;
    // Terms need about the square root of the larger parameter.
    let rounds = 200.0 + 10.0 * sqrt(a.max(b));
    for round in 1..=rounds.min(1e5) as u32 {
        let m = f64::from(round);
        for term in [
            m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0)),
        ] {
            d = 1.0 / away(1.0 + term * d);
            c = away(1.0 + term / c);
            fraction *= c * d;
        }
        if (c * d - 1.0).abs() < 1e-15 {
            break;
        }
    }
    (front * fraction).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against scipy.stats.t (1.17): `2 * t.sf(t, df)`.
    #[test]
    fn tails_are_those_of_tables() {
        for (t, degrees, expected) in [
            (1.0, 1.0, 0.5),
            (2.0, 3.0, 0.139_325_968_558_843_05),
            (2.228_138_851_964_938_5, 10.0, 0.05),
            (0.3, 40.0, 0.765_730_716_771_019_1),
            (8.0, 5.0, 0.000_492_906_660_572_444_2),
            (1.96, 1e6, 0.049_996_067_585_269_71),
        ] {
            let found = t_two_sided(t, degrees);
            assert!((found - expected).abs() < 1e-9 * expected, "{t} {degrees}: {found}");
        }
    }

    #[test]
    fn quantiles_invert_tails() {
        for degrees in [0.5, 1.0, 2.5, 30.0, 1000.0] {
            for two_sided in [0.5, 0.1, 0.05, 0.001] {
                let t = t_quantile(two_sided, degrees);
                assert!((t_two_sided(t, degrees) - two_sided).abs() < 1e-9, "{degrees} {two_sided}");
            }
        }
    }
}

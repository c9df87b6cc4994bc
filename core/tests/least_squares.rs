//! The least-squares solver against certified results, closed forms and data made for the purpose.
//!
//! `nist/` holds the nonlinear regression sets of NIST's Statistical Reference Datasets
//! (<https://www.itl.nist.gov/div898/strd/nls/nls_main.shtml>, in the public domain), each with its
//! certified values and standard deviations to 11 digits. Lanczos1 is left out: its residuals
//! are rounding errors of the data, so its standard deviations say nothing.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail loudly")]

use std::f64::consts::PI;

use sizewell::ErrorCode;
use sizewell::engine::least_squares::{
    Differences, Fit, Loss, Noise, Options, Parameter, fit, fit_with_jacobian,
};

struct Set {
    starts: [Vec<f64>; 2],
    values: Vec<f64>,
    deviations: Vec<f64>,
    residual_deviation: f64,
    /// Response first.
    rows: Vec<Vec<f64>>,
}

fn read(name: &str) -> Set {
    let path = format!("{}/tests/nist/{name}.dat", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    let numbers =
        |line: &str| -> Vec<f64> { line.split_whitespace().filter_map(|word| word.parse().ok()).collect() };
    let mut set = Set {
        starts: [vec![], vec![]],
        values: vec![],
        deviations: vec![],
        residual_deviation: f64::NAN,
        rows: vec![],
    };
    for line in text.lines().take(60) {
        if let Some((left, right)) = line.split_once('=')
            && left.trim().starts_with('b')
            && let [first, second, value, deviation] = numbers(right)[..]
        {
            set.starts[0].push(first);
            set.starts[1].push(second);
            set.values.push(value);
            set.deviations.push(deviation);
        }
        if let Some(rest) = line.strip_prefix("Residual Standard Deviation:") {
            set.residual_deviation = numbers(rest)[0];
        }
    }
    let data = text.lines().skip(60).map(numbers).filter(|row| row.len() >= 2);
    set.rows = data.collect();
    assert!(set.values.len() >= 2 && set.rows.len() > set.values.len(), "{name}");
    set
}

type Model = fn(&[f64], &[f64]) -> f64;

fn gaussians(b: &[f64], x: &[f64]) -> f64 {
    let peak = |height: f64, centre: f64, width: f64| height * (-((x[0] - centre) / width).powi(2)).exp();
    b[0] * (-b[1] * x[0]).exp() + peak(b[2], b[3], b[4]) + peak(b[5], b[6], b[7])
}

fn lanczos(b: &[f64], x: &[f64]) -> f64 {
    b[0] * (-b[1] * x[0]).exp() + b[2] * (-b[3] * x[0]).exp() + b[4] * (-b[5] * x[0]).exp()
}

fn cubics(b: &[f64], x: &[f64]) -> f64 {
    let x = x[0];
    (b[0] + x * (b[1] + x * (b[2] + x * b[3]))) / (1.0 + x * (b[4] + x * (b[5] + x * b[6])))
}

fn chwirut(b: &[f64], x: &[f64]) -> f64 {
    (-b[0] * x[0]).exp() / (b[1] + b[2] * x[0])
}

fn saturation(b: &[f64], x: &[f64]) -> f64 {
    b[0] * (1.0 - (-b[1] * x[0]).exp())
}

fn enso(b: &[f64], x: &[f64]) -> f64 {
    let wave = |period: f64| (2.0 * PI * x[0] / period).sin_cos();
    let ((s1, c1), (s2, c2), (s3, c3)) = (wave(12.0), wave(b[3]), wave(b[6]));
    b[0] + b[1] * c1 + b[2] * s1 + b[4] * c2 + b[5] * s2 + b[7] * c3 + b[8] * s3
}

/// Name, model, and whether the first start is so far away that no descent is bound to arrive.
const SETS: [(&str, Model); 26] = [
    ("Misra1a", saturation),
    ("Chwirut2", chwirut),
    ("Chwirut1", chwirut),
    ("Lanczos3", lanczos),
    ("Gauss1", gaussians),
    ("Gauss2", gaussians),
    ("DanWood", |b, x| b[0] * x[0].powf(b[1])),
    ("Misra1b", |b, x| b[0] * (1.0 - (1.0 + b[1] * x[0] / 2.0).powi(-2))),
    ("Kirby2", |b, x| (b[0] + x[0] * (b[1] + x[0] * b[2])) / (1.0 + x[0] * (b[3] + x[0] * b[4]))),
    ("Hahn1", cubics),
    ("Nelson", |b, x| b[0] - b[1] * x[0] * (-b[2] * x[1]).exp()),
    ("MGH17", |b, x| b[0] + b[1] * (-x[0] * b[3]).exp() + b[2] * (-x[0] * b[4]).exp()),
    ("Lanczos2", lanczos),
    ("Gauss3", gaussians),
    ("Misra1c", |b, x| b[0] * (1.0 - (1.0 + 2.0 * b[1] * x[0]).powf(-0.5))),
    ("Misra1d", |b, x| b[0] * b[1] * x[0] / (1.0 + b[1] * x[0])),
    ("Roszman1", |b, x| b[0] - b[1] * x[0] - (b[2] / (x[0] - b[3])).atan() / PI),
    ("ENSO", enso),
    ("MGH09", |b, x| b[0] * (x[0] * x[0] + x[0] * b[1]) / (x[0] * x[0] + x[0] * b[2] + b[3])),
    ("Thurber", cubics),
    ("BoxBOD", saturation),
    ("Rat42", |b, x| b[0] / (1.0 + (b[1] - b[2] * x[0]).exp())),
    ("MGH10", |b, x| b[0] * (b[1] / (x[0] + b[2])).exp()),
    ("Eckerle4", |b, x| b[0] / b[1] * (-0.5 * ((x[0] - b[2]) / b[1]).powi(2)).exp()),
    ("Rat43", |b, x| b[0] / (1.0 + (b[1] - b[2] * x[0]).exp()).powf(1.0 / b[3])),
    ("Bennett5", |b, x| b[0] * (b[1] + x[0]).powf(-1.0 / b[2])),
];

/// Common digits of two numbers: the measure of NIST's own comparisons.
fn digits(given: f64, certified: f64) -> f64 {
    (-((given - certified).abs() / certified.abs()).log10()).clamp(0.0, 11.0)
}

fn fit_set(name: &str, model: Model, start: usize, options: &Options) -> Result<Fit, sizewell::Error> {
    let set = read(name);
    let parameters: Vec<Parameter> = set.starts[start]
        .iter()
        .enumerate()
        .map(|(index, &initial)| Parameter::new(format!("b{}", index + 1), initial))
        .collect();
    let log = name == "Nelson";
    let residuals = |values: &[f64], out: &mut [f64]| {
        for (out, row) in out.iter_mut().zip(&set.rows) {
            *out = model(values, &row[1..]) - if log { row[0].ln() } else { row[0] };
        }
    };
    fit(&parameters, residuals, set.rows.len(), options)
}

/// Fewest common digits of values, and of standard deviations.
fn agreement(name: &str, fit: &Fit) -> (f64, f64) {
    let set = read(name);
    let least = |digits: &mut dyn Iterator<Item = f64>| digits.fold(11.0, f64::min);
    let values =
        least(&mut fit.values.iter().zip(&set.values).map(|(&given, &certified)| digits(given, certified)));
    let errors = fit.standard_errors.iter().zip(&set.deviations);
    let deviations =
        least(&mut errors.map(|(given, &certified)| given.map_or(0.0, |given| digits(given, certified))));
    (values, deviations.min(digits(fit.noise, set.residual_deviation)))
}

/// The tightest options: certified digits ask for better derivatives than an engine model does.
const EXACT: Options = Options {
    loss: Loss::Squared,
    noise: Noise::Estimated { at_least: 0.0 },
    differences: Differences::Central,
    difference_step: None,
    reuse_jacobian: true,
    max_iterations: 2000,
    tolerance: 1e-9,
    undetermined_above: 0.9,
};

/// Six digits are what NIST's own comparisons ask of a good solver (McCullough, "Assessing the
/// reliability of statistical software", 1998, asks for four).
#[test]
fn certified_values_from_the_near_start() {
    for (name, model) in SETS {
        let fit = fit_set(name, model, 1, &EXACT).unwrap();
        let (values, deviations) = agreement(name, &fit);
        assert!(fit.converged && fit.undetermined.is_empty(), "{name}");
        assert!(values >= 6.0 && deviations >= 6.0, "{name}: {values:.1} and {deviations:.1} digits");
    }
}

/// The first starts are far away on purpose. Three sets end in another valley, where the
/// exponential that they should find is flat; the fit says so instead of giving standard errors.
#[test]
fn certified_values_from_the_far_start() {
    const OTHER_VALLEY: [&str; 3] = ["MGH17", "BoxBOD", "MGH10"];
    for (name, model) in SETS {
        let fit = fit_set(name, model, 0, &EXACT).unwrap();
        let (values, deviations) = agreement(name, &fit);
        if OTHER_VALLEY.contains(&name) {
            let certified = values >= 6.0;
            assert!(certified || !fit.converged || !fit.undetermined.is_empty(), "{name} is silently wrong");
        } else {
            assert!(fit.converged && fit.undetermined.is_empty(), "{name}");
            assert!(values >= 6.0 && deviations >= 6.0, "{name}: {values:.1} and {deviations:.1} digits");
        }
    }
}

/// With the default options, from the near start: every value within √0.001 ≈ 0.03 of its standard
/// error, since the search may end when it gains less than the tolerance in squared standard
/// errors. The two that creep along a curved valley run out of 200 iterations and say so.
#[test]
fn default_options_stop_near_enough() {
    const VALLEYS: [&str; 2] = ["MGH10", "Bennett5"];
    for (name, model) in SETS {
        let set = read(name);
        let fit = fit_set(name, model, 1, &Options::default()).unwrap();
        assert_eq!(fit.converged, !VALLEYS.contains(&name), "{name}");
        for ((value, certified), deviation) in fit.values.iter().zip(&set.values).zip(&set.deviations) {
            let off = (value - certified).abs() / deviation;
            assert!(!fit.converged || off < 0.03, "{name}: {off} standard errors off");
        }
    }
}

/// A Jacobian that is given finds what differences find, on either scale.
#[test]
fn given_derivatives() {
    let set = read("Misra1a");
    let residuals = |b: &[f64], out: &mut [f64]| {
        for (out, row) in out.iter_mut().zip(&set.rows) {
            *out = saturation(b, &row[1..]) - row[0];
        }
    };
    let jacobian = |b: &[f64], out: &mut [f64]| {
        let (first, second) = out.split_at_mut(set.rows.len());
        for ((first, second), row) in first.iter_mut().zip(second).zip(&set.rows) {
            *first = 1.0 - (-b[1] * row[1]).exp();
            *second = b[0] * row[1] * (-b[1] * row[1]).exp();
        }
    };
    for parameters in [
        [Parameter::new("b1", 500.0), Parameter::new("b2", 1e-4)],
        [Parameter::positive("b1", 500.0), Parameter::positive("b2", 1e-4)],
    ] {
        let fit = fit_with_jacobian(&parameters, residuals, jacobian, set.rows.len(), &EXACT).unwrap();
        let (values, deviations) = agreement("Misra1a", &fit);
        assert!(values >= 8.0 && deviations >= 8.0, "{values} {deviations}");
        assert!(fit.correlation(0, 1).unwrap() < -0.99);
    }
}

/// Evenly spread numbers from −1 to 1 (a Weyl sequence), the same on every platform.
fn spread(index: usize, stream: usize) -> f64 {
    let step = [0.618_033_988_749_894_8, 0.754_877_666_246_692_7, 0.569_840_290_998_053_2][stream % 3];
    2.0 * ((index as f64 + 1.0) * step + 0.137 * stream as f64).fract() - 1.0
}

/// Nearly normal noise of standard deviation 1: the sum of three even ones.
fn noise(index: usize) -> f64 {
    (0..3).map(|stream| spread(index * 7 + stream * 31, stream)).sum()
}

/// `y = 2 + 3 x` with noise of 0.1, of which every fifth point is off by much, to one side.
fn line_with_outliers(points: usize) -> Vec<(f64, f64, bool)> {
    (0..points)
        .map(|index| {
            let x = index as f64 / points as f64 * 10.0;
            let outlier = index % 5 == 2;
            let off = if outlier { 5.0 + 10.0 * spread(index, 1).abs() } else { 0.0 };
            (x, 2.0 + 3.0 * x + 0.1 * noise(index) + off, outlier)
        })
        .collect()
}

fn fit_line(data: &[(f64, f64, bool)], options: &Options) -> Fit {
    let residuals = |b: &[f64], out: &mut [f64]| {
        for (out, (x, y, _)) in out.iter_mut().zip(data) {
            *out = b[0] + b[1] * x - y;
        }
    };
    fit(&[Parameter::new("a", 0.0), Parameter::new("b", 1.0)], residuals, data.len(), options).unwrap()
}

#[test]
fn a_fifth_of_outliers_does_no_harm() {
    let data = line_with_outliers(200);
    let squared = fit_line(&data, &Options::default());
    assert!((squared.values[0] - 2.0).abs() > 1.0, "the data must be hard for squares");
    for (loss, bias) in
        [(Loss::HUBER, 0.12), (Loss::CAUCHY, 0.04), (Loss::StudentT { degrees_of_freedom: 2.0 }, 0.04)]
    {
        let fit = fit_line(&data, &Options { loss, ..Options::default() });
        assert!(fit.converged, "{loss:?}");
        // Huber's loss lets each outlier pull a little, so one-sided ones leave a bias of about
        // a standard deviation of the noise; the others forget them.
        assert!((fit.values[0] - 2.0).abs() < bias, "{loss:?}: {:?}", fit.values);
        assert!((fit.values[1] - 3.0).abs() < 0.02, "{loss:?}: {:?}", fit.values);
        let counted = |wanted: bool| data.iter().zip(&fit.weights).filter(move |(row, _)| row.2 == wanted);
        assert!(counted(true).all(|(_, weight)| *weight < 0.06), "{loss:?}");
        let good: f64 = counted(false).map(|(_, weight)| weight).sum::<f64>() / 160.0;
        assert!(
            good > 0.75 && fit.weights.iter().all(|weight| (0.0..=1.0).contains(weight)),
            "{loss:?}: {good}"
        );
    }
}

/// Standard errors of robust fits are those that repeated samples show: for each loss the spread
/// of the slope over 400 samples of normal noise, and its mean standard error, within 15% (the
/// spread itself is known to 1/√800 ≈ 3.5%, Huber's formula is asymptotic, and n is 40).
#[test]
fn robust_standard_errors_match_repeated_samples() {
    for loss in [Loss::Squared, Loss::HUBER, Loss::CAUCHY, Loss::StudentT { degrees_of_freedom: 4.0 }] {
        let mut slopes = Vec::new();
        let mut errors = Vec::new();
        let mut state = 1_u64;
        let mut uniform = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1_u64 << 53) as f64
        };
        for _ in 0..400 {
            let data: Vec<(f64, f64, bool)> = (0..40)
                .map(|index| {
                    let normal = (0..12).map(|_| uniform()).sum::<f64>() - 6.0;
                    (f64::from(index) / 4.0, 2.0 + 3.0 * f64::from(index) / 4.0 + 0.1 * normal, false)
                })
                .collect();
            let fit = fit_line(&data, &Options { loss, ..Options::default() });
            slopes.push(fit.values[1]);
            errors.push(fit.standard_errors[1].unwrap());
        }
        let mean = slopes.iter().sum::<f64>() / 400.0;
        let spread = (slopes.iter().map(|slope| (slope - mean).powi(2)).sum::<f64>() / 399.0).sqrt();
        let error = errors.iter().sum::<f64>() / 400.0;
        assert!((error / spread - 1.0).abs() < 0.15, "{loss:?}: {error} against {spread}");
    }
}

/// A linear model with normal priors and known noise has a posterior in closed form: for one
/// parameter, precisions add; for a line, `(XᵀX/σ² + P)⁻¹` (Gelman and others, "Bayesian Data
/// Analysis", 3rd edition, section 14.8).
#[test]
fn priors_give_the_exact_posterior() {
    let data = line_with_outliers(12);
    let sigma = 0.5;
    let (means, deviations) = ([1.0, 2.5], [0.4, 0.3]);
    let residuals = |b: &[f64], out: &mut [f64]| {
        for (out, (x, y, _)) in out.iter_mut().zip(&data) {
            *out = b[0] + b[1] * x - y;
        }
    };
    let parameters = [
        Parameter::new("a", -3.0).known_as(means[0], deviations[0]),
        Parameter::new("b", 7.0).known_as(means[1], deviations[1]),
    ];
    let options = Options { noise: Noise::Known(sigma), ..EXACT };
    let fit = fit(&parameters, residuals, data.len(), &options).unwrap();

    let sum = |term: &dyn Fn(f64, f64) -> f64| {
        data.iter().map(|(x, y, _)| term(*x, *y)).sum::<f64>() / (sigma * sigma)
    };
    let precision = |index: usize| 1.0 / (deviations[index] * deviations[index]);
    let (aa, ab, bb) = (sum(&|_, _| 1.0) + precision(0), sum(&|x, _| x), sum(&|x, _| x * x) + precision(1));
    let (a, b) = (sum(&|_, y| y) + precision(0) * means[0], sum(&|x, y| x * y) + precision(1) * means[1]);
    let determinant = aa * bb - ab * ab;
    let expected = [
        (fit.values[0], (bb * a - ab * b) / determinant),
        (fit.values[1], (aa * b - ab * a) / determinant),
        (fit.covariance[0][0], bb / determinant),
        (fit.covariance[0][1], -ab / determinant),
        (fit.standard_errors[1].unwrap(), (aa / determinant).sqrt()),
        (fit.degrees_of_freedom, 12.0 - 2.0 + (bb * precision(0) + aa * precision(1)) / determinant),
    ];
    // Derivatives by central differences are right to about 1e-10.
    for (index, (given, wanted)) in expected.into_iter().enumerate() {
        assert!((given / wanted - 1.0).abs() < 1e-8, "{index}: {given} against {wanted}");
    }
    assert!(fit.undetermined.is_empty());
}

/// On the logarithmic scale the prior is lognormal: with `ln y = ln θ` measured n times, the
/// posterior of `ln θ` is normal in closed form.
#[test]
fn priors_on_the_logarithmic_scale() {
    let measured = [3.0, 3.3, 2.8, 3.1];
    let residuals = |b: &[f64], out: &mut [f64]| {
        for (out, y) in out.iter_mut().zip(measured) {
            *out = (b[0] / y).ln();
        }
    };
    let options = Options { noise: Noise::Known(0.1), ..EXACT };
    let parameter = Parameter::positive("rate", 10.0).known_as(2.0, 0.2);
    let fit = fit(&[parameter], residuals, 4, &options).unwrap();
    let precision = 4.0 / 0.01 + 1.0 / 0.04;
    let mean = (measured.iter().map(|y: &f64| y.ln()).sum::<f64>() / 0.01 + 2_f64.ln() / 0.04) / precision;
    assert!((fit.values[0].ln() - mean).abs() < 1e-9);
    assert!((fit.standard_errors[0].unwrap() / (fit.values[0] / precision.sqrt()) - 1.0).abs() < 1e-8);
}

/// Of `a + b` only the sum is seen; of `d` nothing at all.
#[test]
fn what_the_data_do_not_determine_is_named() {
    let residuals = |v: &[f64], out: &mut [f64]| {
        for (index, out) in out.iter_mut().enumerate() {
            let x = index as f64 / 10.0;
            *out = v[0] + v[1] + v[2] * x - (4.0 + 2.0 * x + 0.01 * noise(index));
        }
    };
    let names = ["a", "b", "c", "d"].map(|name| Parameter::new(name, 1.0));
    let open = fit(&names, residuals, 30, &Options::default()).unwrap();
    assert_eq!(open.undetermined, ["a", "b", "d"]);
    assert!((open.values[0] + open.values[1] - 4.0).abs() < 0.02, "{:?}", open.values);
    assert_eq!(open.values[3], 1.0, "stays where it started");
    assert!((open.values[2] - 2.0).abs() < 0.01 && open.standard_errors[2].is_some());
    assert_eq!([0, 1, 3].map(|index| open.standard_errors[index]), [None; 3]);

    // A prior that is sharp for `a` leaves it there and determines `b`.
    let [a, b, c, d] = names;
    let known = [a.known_as(1.5, 0.05), b.known_as(1.0, 5.0), c, d.known_as(7.0, 1.0)];
    let closed = fit(&known, residuals, 30, &Options::default()).unwrap();
    assert_eq!(closed.undetermined, ["a", "d"]);
    assert_eq!((closed.values[0], closed.values[3]), (1.5, 7.0));
    assert!((closed.values[1] - 2.5).abs() < 0.02, "{:?}", closed.values);
    // What is open about `a` is open about `b`.
    assert!((closed.standard_errors[1].unwrap() / 0.05 - 1.0).abs() < 0.1, "{:?}", closed.standard_errors);
    assert_eq!(closed.standard_errors[3], None);
}

#[test]
fn bounds_hold() {
    let data = line_with_outliers(60);
    let residuals = |b: &[f64], out: &mut [f64]| {
        for ((out, (x, y, _)), index) in out.iter_mut().zip(&data).zip(0..) {
            assert!(b[0] <= 1.5 && b[1] >= 0.0 && b[1] <= 10.0, "{b:?} at {index} leaves the bounds");
            *out = b[0] + b[1] * x - y;
        }
    };
    let parameters = [
        Parameter::new("a", 0.0).between(-5.0, 1.5),
        Parameter::positive("b", 9.0).between(0.0, 10.0),
        Parameter::new("fixed", 3.0).between(3.0, 3.0),
    ];
    let fit = fit(&parameters, residuals, data.len(), &EXACT).unwrap();
    assert!(fit.converged);
    assert_eq!(fit.at_bound, ["a"]);
    assert_eq!((fit.values[0], fit.values[2]), (1.5, 3.0));
    assert_eq!((fit.standard_errors[0], fit.standard_errors[2]), (None, None));
    // With `a` known the slope is a regression through (0, 1.5).
    let slope = data.iter().map(|(x, y, _)| x * (y - 1.5)).sum::<f64>()
        / data.iter().map(|(x, ..)| x * x).sum::<f64>();
    assert!((fit.values[1] / slope - 1.0).abs() < 1e-8, "{} against {slope}", fit.values[1]);
}

#[test]
fn the_same_input_gives_the_same_bits() {
    let data = line_with_outliers(97);
    let options = Options { loss: Loss::CAUCHY, ..Options::default() };
    assert_eq!(fit_line(&data, &options), fit_line(&data, &options));
    // A value fixed once: a platform that computes differently shows here.
    let bits: Vec<u64> = fit_line(&data, &options).values.iter().map(|value| value.to_bits()).collect();
    assert_eq!(bits, [0x4000_54b5_cbd7_0b45, 0x4007_efa6_604c_777c], "{bits:#x?}");
}

#[test]
fn degenerate_data_are_refused_with_the_reason() {
    let two = || [Parameter::new("a", 1.0), Parameter::new("b", 1.0)];
    let line = |x: fn(usize) -> f64| {
        move |b: &[f64], out: &mut [f64]| {
            for (index, out) in out.iter_mut().enumerate() {
                *out = b[0] + b[1] * x(index) - 3.0 - 0.1 * noise(index);
            }
        }
    };
    let options = Options::default();
    let refused = |result: Result<Fit, sizewell::Error>| {
        let error = result.unwrap_err();
        (error.code(), error.path().to_owned(), error.message().to_owned())
    };
    let even = |index: usize| index as f64;

    let (code, path, message) = refused(fit(&two(), line(even), 2, &options));
    assert_eq!((code, path.as_str()), (ErrorCode::InvalidValue, "points"));
    assert!(message.contains("too few"));

    let (code, path, message) = refused(fit(&two(), line(|_| 4.0), 50, &options));
    assert_eq!((code, path.as_str()), (ErrorCode::InvalidValue, "points"));
    assert!(message.contains("the same point"), "{message}");

    let (_, path, message) = refused(fit(&two(), |_: &[f64], out: &mut [f64]| out.fill(1.0), 50, &options));
    assert_eq!(path, "points");
    assert!(message.contains("none of the parameters"), "{message}");

    let (_, path, _) =
        refused(fit(&two(), line(|index| if index == 3 { f64::NAN } else { 1.0 }), 50, &options));
    assert_eq!(path, "residuals[3]");

    let steep = |b: &[f64], out: &mut [f64]| out.fill(if b[0] == 1.0 { 1.0 } else { f64::NAN });
    assert_eq!(refused(fit(&two(), steep, 50, &options)).1, "parameters[0]");

    assert_eq!(refused(fit(&[], line(even), 50, &options)).0, ErrorCode::Empty);
    let same = [Parameter::new("a", 1.0), Parameter::new("a", 1.0)];
    assert_eq!(refused(fit(&same, line(even), 50, &options)).0, ErrorCode::Duplicate);
    for (parameter, path) in [
        (Parameter::positive("a", -1.0), "parameters[0].initial"),
        (Parameter::new("a", f64::NAN), "parameters[0].initial"),
        (Parameter::new("a", 1.0).between(2.0, 3.0), "parameters[0].initial"),
        (Parameter::new("a", 1.0).between(3.0, 2.0), "parameters[0].upper"),
        (Parameter::new("a", 1.0).known_as(1.0, 0.0), "parameters[0].prior.standard_deviation"),
        (Parameter::positive("a", 1.0).known_as(-1.0, 1.0), "parameters[0].prior.mean"),
    ] {
        let pair = [parameter, Parameter::new("b", 1.0)];
        assert_eq!(refused(fit(&pair, line(even), 50, &options)).1, path);
    }
    for (options, path) in [
        (Options { noise: Noise::Known(0.0), ..options }, "options.noise"),
        (Options { tolerance: f64::NAN, ..options }, "options.tolerance"),
        (Options { max_iterations: 0, ..options }, "options.max_iterations"),
        (Options { loss: Loss::Huber { threshold: -1.0 }, ..options }, "options.loss.threshold"),
    ] {
        assert_eq!(refused(fit(&two(), line(even), 50, &options)).1, path);
    }
}

/// A model with kinks, the larger of two times at each point, has no place where derivatives
/// vanish; the fit must still end, close to where it should be.
#[test]
fn kinks_do_not_keep_the_search_going() {
    let times = |b: &[f64], index: usize| {
        let (compute, bytes) = (1.0 + spread(index, 0), 1.0 + spread(index, 1));
        (b[0] * compute).max(b[1] * bytes) + b[2]
    };
    let truth = [1.3, 0.9, 0.4];
    let residuals = |b: &[f64], out: &mut [f64]| {
        for (index, out) in out.iter_mut().enumerate() {
            *out = (times(b, index) / times(&truth, index)).ln() - 0.05 * noise(index);
        }
    };
    let parameters = ["compute", "bandwidth", "overhead"].map(|name| Parameter::positive(name, 1.0));
    for loss in [Loss::Squared, Loss::CAUCHY, Loss::StudentT { degrees_of_freedom: 4.0 }] {
        let fit = fit(&parameters, residuals, 300, &Options { loss, ..Options::default() }).unwrap();
        assert!(fit.converged && fit.iterations < 60, "{loss:?}: {} iterations", fit.iterations);
        for ((value, truth), error) in fit.values.iter().zip(truth).zip(&fit.standard_errors) {
            // Three standard errors: the data are one sample of noise.
            assert!((value - truth).abs() < 3.0 * error.unwrap(), "{loss:?}: {value} {truth} {error:?}");
        }
    }
}

/// Whatever the data, a fit ends, and never with a number that is not finite.
#[test]
fn hostile_data_never_give_infinities() {
    for scale in [1e-150, 1e-20, 1.0, 1e20, 1e100] {
        for loss in [Loss::Squared, Loss::HUBER, Loss::CAUCHY, Loss::StudentT { degrees_of_freedom: 4.0 }] {
            for exact in [0.0, 1.0] {
                let residuals = |b: &[f64], out: &mut [f64]| {
                    for (index, out) in out.iter_mut().enumerate() {
                        let x = index as f64 / 10.0;
                        *out =
                            scale * (b[0] * (b[1] * x).exp() - 2.0 * (0.3 * x).exp() + exact * noise(index));
                    }
                };
                let parameters = [Parameter::new("a", 1.0), Parameter::new("b", 0.0)];
                let options = Options { loss, ..Options::default() };
                let fit = fit(&parameters, residuals, 40, &options).unwrap();
                let numbers = fit.values.iter().chain(&fit.weights).chain(fit.covariance.iter().flatten());
                assert!(
                    numbers.chain([&fit.noise]).all(|number| number.is_finite()),
                    "{scale} {loss:?} {fit:?}"
                );
                assert!((fit.values[1] - 0.3).abs() < 0.15, "{scale} {loss:?} {exact} {:?}", fit.values);
            }
        }
    }
}

//! Costs that are out of the ordinary, and whether that can be chance.
//!
//! This does not stand on [`forecast::anomalies`](crate::forecast::anomalies), which takes a series apart after
//! the fact: there, what came after a point says what was to be expected of it, and a lasting rise becomes
//! the trend. A bill is judged when it comes, by those before it alone, so that no later one changes
//! what was said; chance is held for all stretches together (Holm); and stretches may be missing or uneven,
//! where a series has one step.

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorCode, Result};
use crate::monitor::reading::{check_past, check_present};
use crate::monitor::review::{CostColumns, check_counts};
use crate::monitor::statistics::{holm, mean, median};
use crate::monitor::trend::{Trend, TrendOptions, of_points};
use crate::units::{DAY_SECONDS, check_count, check_range, exp, ln, sqrt, t_quantile, t_two_sided};

/// Costs that count, in USD of a stretch or a request: beyond these, something is wrong.
const LEAST_COST: f64 = 1e-12;
const MOST_COST: f64 = 1e15;
/// Most rows of one request.
const MOST_ROWS: usize = 20_000;
/// Fewest rows before one that is judged.
const FEWEST_BEFORE: usize = 8;
/// The median absolute deviation of a normal distribution is its standard deviation over this.
const MAD_FACTOR: f64 = 1.482_602_218_505_602;
/// How much a median absolute deviation says of a spread, beside a standard deviation of as many
/// normal values: 0.37 (P. J. Rousseeuw and C. Croux, "Alternatives to the median absolute
/// deviation", JASA 88, 1993).
const MAD_EFFICIENCY: f64 = 0.37;

/// Costs over time, and how they are judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CostAnomalyRequest {
    /// What was paid, by stretches of equal length; at most 20,000.
    pub costs: CostColumns,
    /// Whether the cost of a request is judged, and not that of a stretch, so that more traffic
    /// alone is no anomaly. Stretches without requests are left out. Default: no.
    #[serde(default)]
    pub per_request: bool,
    /// Chance of any false alarm among all stretches, 0.0001 to 0.5. Default: 0.01.
    #[serde(default = "significance")]
    pub significance: f64,
    /// Least difference from what is expected that counts, as a share of it, 0.001 to 10. Default:
    /// 0.1.
    #[serde(default = "least")]
    pub least_change_fraction: f64,
    /// How many stretches before one say what is expected of it, 8 to 1,000. Default: 28.
    #[serde(default = "baseline")]
    pub baseline: u32,
    /// The present, in seconds since the Unix epoch, which nothing may be after. Default: not held
    /// against one.
    #[serde(default)]
    pub now_seconds: Option<f64>,
}

fn significance() -> f64 {
    0.01
}

fn least() -> f64 {
    0.1
}

fn baseline() -> u32 {
    28
}

impl CostAnomalyRequest {
    /// These costs, judged by default.
    #[must_use]
    pub fn new(costs: CostColumns) -> Self {
        Self {
            costs,
            per_request: false,
            significance: significance(),
            least_change_fraction: least(),
            baseline: baseline(),
            now_seconds: None,
        }
    }

    fn check(&self) -> Result<()> {
        let rows = self.costs.at_seconds.len();
        if rows > MOST_ROWS {
            let error = Error::new(ErrorCode::TooLarge, "costs.at_seconds", "has too many rows");
            return Err(error.given(rows).allowed(format!("at most {MOST_ROWS}")));
        }
        if rows == 0 {
            return Err(Error::new(ErrorCode::Empty, "costs.at_seconds", "has no rows"));
        }
        let mut columns = vec![("usd", &self.costs.usd)];
        if self.per_request {
            columns.push(("requests", &self.costs.requests));
        }
        check_counts(&self.costs.at_seconds, &columns).map_err(|error| error.within("costs"))?;
        check_present(self.now_seconds)?;
        check_past("costs.at_seconds", &self.costs.at_seconds, self.now_seconds)?;
        check_range("significance", self.significance, 1e-4, 0.5)?;
        check_range("least_change_fraction", self.least_change_fraction, 1e-3, 10.0)?;
        check_count("baseline", self.baseline.into(), FEWEST_BEFORE as u64, 1000)
    }
}

/// A stretch whose cost is out of the ordinary.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CostAnomaly {
    /// When it began, in seconds since the Unix epoch.
    pub at_seconds: f64,
    /// What was paid, in USD: for the stretch, or for a request.
    pub usd: f64,
    /// What was to be expected.
    pub expected_usd: f64,
    /// Lower end of what is ordinary, at the significance that was asked for of one stretch.
    pub expected_usd_low: f64,
    /// Upper end of it.
    pub expected_usd_high: f64,
    /// How far it is off, in standard deviations of the logarithm.
    pub score: f64,
    /// The chance of one as far off, where every stretch is tested at once (Holm).
    pub p_adjusted: f64,
    /// What was paid beyond the expected for the whole stretch, in USD; below 0 for less.
    pub excess_usd: f64,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CostAnomalies {
    /// Stretches out of the ordinary, in order of time.
    pub anomalies: Vec<CostAnomaly>,
    /// Stretches that were judged: those with eight before them.
    pub judged: u64,
    /// What the anomalies cost beyond the expected, in USD.
    pub excess_usd: f64,
    /// Whether costs rise or fall altogether.
    pub trend: Trend,
    /// The cycle that was taken out: none, `daily` or `weekly`.
    pub cycle: Option<String>,
    /// What limits the answer, in sentences.
    pub notes: Vec<String>,
}

struct Row {
    at_seconds: f64,
    value: f64,
    weight: f64,
    log: f64,
}

/// Costs out of the ordinary.
///
/// A stretch is held against the median of those before it, in the logarithm, with the cycle of a
/// day or of a week taken out where three of them are there, and with the spread of those before it
/// (their median absolute deviation). A change that lasts is told until half the baseline has it.
///
/// ```
/// use sizewell::monitor::{CostAnomalyRequest, CostColumns, cost_anomalies};
/// let usd = |day: u32| if day == 40 { 300.0 } else { 100.0 + f64::from(day % 5) };
/// let costs = CostColumns {
///     at_seconds: (0..60).map(|day| f64::from(day) * 86_400.0).collect(),
///     usd: (0..60).map(usd).collect(),
///     requests: Vec::new(),
/// };
/// let found = cost_anomalies(&CostAnomalyRequest::new(costs))?;
/// assert_eq!(found.anomalies.len(), 1);
/// assert!((found.excess_usd - 198.0).abs() < 2.0);
/// # Ok::<(), sizewell::Error>(())
/// ```
///
/// # Errors
///
/// `empty` and `too_large` at `costs.at_seconds`; `contradiction` for columns of different lengths;
/// `invalid_value` for what is negative, not finite, not in ascending order, after the present, or out of
/// its range.
pub fn cost_anomalies(request: &CostAnomalyRequest) -> Result<CostAnomalies> {
    request.check()?;
    let costs = &request.costs;
    let mut notes = Vec::new();
    let mut rows: Vec<Row> = Vec::with_capacity(costs.usd.len());
    for (index, (at, usd)) in costs.at_seconds.iter().zip(&costs.usd).enumerate() {
        let requests =
            if request.per_request { costs.requests.get(index).copied().unwrap_or(0.0) } else { 1.0 };
        let value = usd / requests;
        if (LEAST_COST..=MOST_COST).contains(&value) {
            rows.push(Row { at_seconds: *at, value, weight: requests, log: ln(value) });
        }
    }
    let left_out = costs.usd.len() - rows.len();
    if left_out > 0 {
        notes.push(format!("{left_out} stretches without costs or requests are left out."));
    }
    let points: Vec<(f64, f64)> = rows.iter().map(|row| (row.at_seconds, row.value)).collect();
    if points.is_empty() {
        return Err(Error::new(ErrorCode::Empty, "costs.usd", "has no costs above 0"));
    }
    let trend = of_points(&points, &TrendOptions::default());
    let (cycle, levels) = cycle(&rows);
    let plain: Vec<f64> = rows.iter().zip(&levels).map(|(row, level)| row.log - level).collect();
    let judged = judge(&plain, request);
    if judged.is_empty() {
        notes.push(format!("Fewer than {} stretches: none is judged.", FEWEST_BEFORE + 1));
    }
    let adjusted = holm(&judged.iter().map(|one| one.p_value).collect::<Vec<_>>());
    let mut anomalies = Vec::new();
    for (one, p_adjusted) in judged.iter().zip(adjusted) {
        let (Some(row), Some(level)) = (rows.get(one.index), levels.get(one.index)) else { continue };
        let expected = exp(one.expected + level);
        let off = (row.value / expected - 1.0).abs();
        if p_adjusted < request.significance && off >= request.least_change_fraction {
            anomalies.push(CostAnomaly {
                at_seconds: row.at_seconds,
                usd: row.value,
                expected_usd: expected,
                expected_usd_low: exp(one.expected + level - one.reach),
                expected_usd_high: exp((one.expected + level + one.reach).min(700.0)),
                score: one.score,
                p_adjusted,
                excess_usd: (row.value - expected) * row.weight,
            });
        }
    }
    Ok(CostAnomalies {
        excess_usd: anomalies.iter().map(|one| one.excess_usd).sum(),
        anomalies,
        judged: judged.len() as u64,
        trend,
        cycle: cycle.map(str::to_owned),
        notes,
    })
}

struct Judged {
    index: usize,
    expected: f64,
    reach: f64,
    score: f64,
    p_value: f64,
}

fn judge(plain: &[f64], request: &CostAnomalyRequest) -> Vec<Judged> {
    // Costs that are all alike have no spread to judge by: a quarter of what counts takes its place.
    let least_spread = ln(1.0 + request.least_change_fraction) / 4.0;
    let mut judged = Vec::new();
    for (index, value) in plain.iter().enumerate().skip(FEWEST_BEFORE) {
        let from = index.saturating_sub(request.baseline as usize);
        let mut before: Vec<f64> = plain.iter().copied().take(index).skip(from).collect();
        let count = before.len() as f64;
        let expected = median(&mut before);
        let mut away: Vec<f64> = before.iter().map(|one| (one - expected).abs()).collect();
        let spread = (median(&mut away) * MAD_FACTOR).max(least_spread);
        // The median of n normal values has the variance π ÷ 2n.
        let spread = spread * sqrt(1.0 + std::f64::consts::FRAC_PI_2 / count);
        let degrees = (MAD_EFFICIENCY * (count - 1.0)).max(2.0);
        let score = (value - expected) / spread;
        let reach = t_quantile(request.significance, degrees) * spread;
        judged.push(Judged { index, expected, reach, score, p_value: t_two_sided(score, degrees) });
    }
    judged
}

/// Level of each row by its phase in a day or a week, about the median of the cycle around it;
/// nothing where there are fewer than three cycles.
fn cycle(rows: &[Row]) -> (Option<&'static str>, Vec<f64>) {
    let none = || (None, vec![0.0; rows.len()]);
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return none() };
    let mut gaps: Vec<f64> = rows
        .windows(2)
        .filter_map(|pair| match pair {
            [before, after] => Some(after.at_seconds - before.at_seconds),
            _ => None,
        })
        .collect();
    let step = median(&mut gaps);
    let span = last.at_seconds - first.at_seconds + step;
    let (name, length) = if span >= 20.9 * DAY_SECONDS && step <= 1.1 * DAY_SECONDS {
        ("weekly", 7.0 * DAY_SECONDS)
    } else if span >= 2.9 * DAY_SECONDS && step <= DAY_SECONDS / 2.0 {
        ("daily", DAY_SECONDS)
    } else {
        return none();
    };
    let phases = ((length / step).round() as usize).clamp(2, MOST_ROWS);
    let phase = |row: &Row| {
        let part = (row.at_seconds.rem_euclid(length) / length * phases as f64).floor();
        (part as usize).min(phases - 1)
    };
    let mut by_phase: Vec<Vec<f64>> = vec![Vec::new(); phases];
    for (index, row) in rows.iter().enumerate() {
        let from = index.saturating_sub(phases / 2).min(rows.len().saturating_sub(phases));
        let mut around: Vec<f64> = rows.iter().skip(from).take(phases).map(|row| row.log).collect();
        if let Some(slot) = by_phase.get_mut(phase(row)) {
            slot.push(row.log - median(&mut around));
        }
    }
    let mut levels: Vec<f64> = by_phase.iter_mut().map(|logs| median(logs)).collect();
    let middle = mean(&levels);
    levels.iter_mut().for_each(|level| *level -= middle);
    let level = |row: &Row| levels.get(phase(row)).copied().unwrap_or_default();
    (Some(name), rows.iter().map(level).collect())
}

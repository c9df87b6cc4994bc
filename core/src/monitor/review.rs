//! The quarterly review of the production sizing guide (§5.3), its six points filled with figures.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::advice::Urgency;
use super::dashboard::{ResourceDetails, recommendations_of};
use super::metric::Metric;
use super::reading::{check_each, check_not_after, check_past, check_present};
use super::status::{chance, in_words};
use super::trend::{TrendDirection, TrendOptions, check_columns, of_points};
use crate::error::{Error, ErrorCode, Result};
use crate::units::{capitalised, check_range, sqrt};

/// Rows of findings at a point.
const MOST_FINDINGS: usize = 10;
/// Days of a month, on average.
const MONTH_DAYS: f64 = 365.25 / 12.0;
/// Days of a quarter.
const QUARTER_DAYS: f64 = 365.25 / 4.0;
/// Usual share of requests answered from a cache, from the least (production sizing guide §1.2).
const LEAST_HIT_FRACTION: f64 = 0.10;
/// Least number of anything that is divided by.
const LEAST_COUNT: f64 = 1e-9;
/// Greatest projection.
const MOST_VALUE: f64 = 1e15;
/// The most that is held against what was projected: of more, the ratio may be no number.
const MOST_P95: f64 = 1e100;
/// What points about resources need.
const NEEDS_RESOURCES: &str = "`resources`: every resource in detail, with a window of a quarter";
/// How far usage may be from its projection before it calls for attention.
const FAIR_ERROR: f64 = 0.20;

/// What a metric was projected to be at its 95th percentile.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct UsageProjection {
    /// The service.
    pub service: String,
    /// The metric.
    pub metric: Metric,
    /// The projected 95th percentile of what thresholds are held against: percent of the capacity,
    /// or the metric's unit.
    pub value: f64,
}

/// What was paid for how many requests, by stretches of time.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct CostColumns {
    /// When each stretch began, in seconds since the Unix epoch, ascending.
    pub at_seconds: Vec<f64>,
    /// What it cost, in USD.
    pub usd: Vec<f64>,
    /// Requests that were answered.
    pub requests: Vec<f64>,
}

/// How often a cache had the answer, by stretches of time.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct CacheColumns {
    /// When each stretch began, in seconds since the Unix epoch, ascending.
    pub at_seconds: Vec<f64>,
    /// Look-ups that were answered.
    pub hits: Vec<f64>,
    /// All look-ups.
    pub lookups: Vec<f64>,
}

/// What a review is made from. What is left out makes its point of the review `no_data`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct ReviewRequest {
    /// Every resource in detail, as `Collector::all_details` has them with a window of a quarter
    /// or of what is kept.
    pub resources: Vec<ResourceDetails>,
    /// What was projected a quarter ago.
    pub projections: Vec<UsageProjection>,
    /// What was paid.
    pub costs: CostColumns,
    /// How the cache did.
    pub cache: CacheColumns,
    /// The present, in seconds since the Unix epoch, which nothing may be after. Default: not held
    /// against one.
    pub now_seconds: Option<f64>,
}

/// What a point of the review says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ReviewState {
    /// Nothing calls for attention.
    Fine,
    /// Something does.
    Attention,
    /// There is nothing to tell it from.
    NoData,
}

impl ReviewState {
    /// The stable spelling.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fine => "fine",
            Self::Attention => "attention",
            Self::NoData => "no_data",
        }
    }
}

/// A point of the review.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ReviewItem {
    /// The point, as the checklist has it.
    pub title: String,
    /// What it says.
    pub state: ReviewState,
    /// What was found, in sentences; the ten that matter most. Where there is no data, what is needed.
    pub findings: Vec<String>,
    /// Figures by name, units in their names.
    pub figures: BTreeMap<String, f64>,
}

/// The review.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct QuarterlyReview {
    /// The six points of the checklist, in its order.
    pub items: Vec<ReviewItem>,
    /// What every resource is projected to be in a quarter: the projections of the next review. Its
    /// 95th percentile, moved along the trend where there is one.
    #[serde(default)]
    pub projections: Vec<UsageProjection>,
}

impl ReviewItem {
    /// A point without data, and what is needed to fill it.
    fn without(title: &str, needed: &str) -> Self {
        Self {
            title: title.to_owned(),
            state: ReviewState::NoData,
            findings: vec![format!("Needed: {needed}")],
            figures: BTreeMap::new(),
        }
    }

    /// The same point, filled.
    fn filled(self, state: ReviewState) -> Self {
        Self { state, findings: Vec::new(), ..self }
    }

    fn figure(&mut self, name: &str, value: f64) {
        // Details come as data, and need not be ones that this crate has made.
        if value.is_finite() {
            self.figures.insert(name.to_owned(), value);
        }
    }

    fn say(&mut self, finding: String) {
        if self.findings.len() < MOST_FINDINGS {
            self.findings.push(finding);
        }
    }
}

/// Fills the quarterly review.
///
/// # Errors
///
/// At `costs` and `cache`: `contradiction` for columns of different lengths, `invalid_value` for
/// what is negative, not finite, or not in ascending order, after the present, and for more
/// hits than look-ups; at
/// `resources[i]`: `invalid_value` for shares of the time outside 0 to 1; at
/// `projections[i]`: `invalid_value`, and `unknown_name` for one of a resource that is not among
/// those given.
pub fn quarterly_review(request: &ReviewRequest) -> Result<QuarterlyReview> {
    request.costs.check().map_err(|error| error.within("costs"))?;
    request.cache.check().map_err(|error| error.within("cache"))?;
    check_present(request.now_seconds)?;
    check_past("costs.at_seconds", &request.costs.at_seconds, request.now_seconds)?;
    check_past("cache.at_seconds", &request.cache.at_seconds, request.now_seconds)?;
    for (index, resource) in request.resources.iter().enumerate() {
        let path = |field: &str| format!("resources[{index}].{field}");
        check_not_after(&path("status.at_seconds"), resource.status.at_seconds, request.now_seconds)?;
        check_range(&path("above_warning_fraction"), resource.above_warning_fraction, 0.0, 1.0)?;
        check_range(&path("above_critical_fraction"), resource.above_critical_fraction, 0.0, 1.0)?;
        check_range(&path("trend.p95"), resource.trend.p95, -MOST_P95, MOST_P95)?;
    }
    let items = vec![
        projected(request)?,
        cost_per_request(&request.costs),
        cache(&request.cache),
        hotspots(&request.resources),
        outlook(&request.resources),
        changes(&request.resources),
    ];
    Ok(QuarterlyReview { items, projections: projections(&request.resources) })
}

fn projected(request: &ReviewRequest) -> Result<ReviewItem> {
    let item = ReviewItem::without(
        "Review actual vs projected usage",
        "what was projected a quarter ago, as `projections`; those of this review serve the next",
    );
    let mut errors = Vec::new();
    for (index, projection) in request.projections.iter().enumerate() {
        let path = |field: &str| format!("projections[{index}].{field}");
        check_range(&path("value"), projection.value, LEAST_COUNT, MOST_VALUE)?;
        let mut resources = request.resources.iter();
        let resource = resources
            .find(|one| one.service == projection.service && one.status.metric == projection.metric)
            .ok_or_else(|| {
                let known = request.resources.iter().map(|one| one.service.as_str());
                Error::unknown_name(path("service"), "resource", &projection.service, known)
            })?;
        let actual = resource.trend.p95;
        errors.push((actual / projection.value - 1.0, resource, projection.value));
    }
    if errors.is_empty() {
        return Ok(item);
    }
    let mean = errors.iter().map(|(error, _, _)| error.abs()).sum::<f64>() / errors.len() as f64;
    errors.sort_by(|left, right| right.0.abs().total_cmp(&left.0.abs()));
    let far = errors.iter().filter(|(error, _, _)| error.abs() > FAIR_ERROR).count();
    let mut item = item.filled(if far > 0 { ReviewState::Attention } else { ReviewState::Fine });
    item.figure("mean_absolute_error_fraction", mean);
    item.figure("projections", errors.len() as f64);
    for (error, resource, value) in errors {
        item.say(format!(
            "{} {}: p95 {} against {} projected ({:+.0}%)",
            resource.service,
            resource.status.metric.title(),
            value_in_words(resource, resource.trend.p95),
            value_in_words(resource, value),
            error * 100.0
        ));
    }
    Ok(item)
}

fn cost_per_request(costs: &CostColumns) -> ReviewItem {
    let item = ReviewItem::without(
        "Analyze cost per request trends",
        "what was paid for how many requests, by day or hour, as `costs`",
    );
    let points: Vec<(f64, f64)> = costs
        .at_seconds
        .iter()
        .zip(costs.usd.iter().zip(&costs.requests))
        .filter(|(_, (_, requests))| **requests >= LEAST_COUNT)
        .map(|(at, (usd, requests))| (*at, usd / requests))
        .collect();
    if points.is_empty() {
        return item;
    }
    // At least one stretch has requests.
    let (usd, requests) = (costs.usd.iter().sum::<f64>(), costs.requests.iter().sum::<f64>());
    let trend = of_points(&points, &TrendOptions::default());
    let rising = trend.direction == TrendDirection::Increasing;
    let mut item = item.filled(if rising { ReviewState::Attention } else { ReviewState::Fine });
    item.figure("usd_per_request", usd / requests);
    item.figure("usd", usd);
    item.figure("requests", requests);
    item.say(format!("{:.6} USD per request over {:.0} requests", usd / requests, requests));
    if let (Some(slope), Some(p_value)) = (trend.slope_per_day, trend.p_value) {
        let monthly = if trend.median > 0.0 { slope * MONTH_DAYS / trend.median } else { 0.0 };
        item.figure("change_per_month_fraction", monthly);
        item.figure("p_value", p_value);
        item.say(format!(
            "{}: {:+.1}% a month ({})",
            capitalised(trend.direction.as_str()),
            monthly * 100.0,
            chance(p_value)
        ));
    } else {
        item.findings.extend(trend.notes);
    }
    item
}

fn cache(columns: &CacheColumns) -> ReviewItem {
    let item = ReviewItem::without(
        "Evaluate cache effectiveness",
        "hits and look-ups of the cache, by day or hour, as `cache`",
    );
    let (hits, lookups) = (columns.hits.iter().sum::<f64>(), columns.lookups.iter().sum::<f64>());
    if lookups < LEAST_COUNT {
        return item;
    }
    let (low, high) = wilson(hits, lookups);
    let mut item = item.filled(ReviewState::Fine);
    item.figure("hit_fraction", hits / lookups);
    item.figure("hit_fraction_low", low);
    item.figure("hit_fraction_high", high);
    item.say(format!(
        "{:.1}% of look-ups answered from the cache (95% interval {:.1} to {:.1}%); 10 to 30% are usual",
        hits / lookups * 100.0,
        low * 100.0,
        high * 100.0
    ));
    let points: Vec<(f64, f64)> = columns
        .at_seconds
        .iter()
        .zip(columns.hits.iter().zip(&columns.lookups))
        .filter(|(_, (_, lookups))| **lookups >= LEAST_COUNT)
        .map(|(at, (hits, lookups))| (*at, hits / lookups))
        .collect();
    let trend = of_points(&points, &TrendOptions::default());
    let falling = trend.direction == TrendDirection::Decreasing;
    if let (Some(slope), Some(p_value)) = (trend.slope_per_day, trend.p_value) {
        item.figure("change_per_month_points", slope * MONTH_DAYS * 100.0);
        item.figure("p_value", p_value);
        item.say(format!(
            "{}: {:+.2} percentage points a month ({})",
            capitalised(trend.direction.as_str()),
            slope * MONTH_DAYS * 100.0,
            chance(p_value)
        ));
    }
    let poor = high < LEAST_HIT_FRACTION || falling;
    item.state = if poor { ReviewState::Attention } else { ReviewState::Fine };
    item
}

fn hotspots(resources: &[ResourceDetails]) -> ReviewItem {
    let item = ReviewItem::without("Check for hotspots/bottlenecks", NEEDS_RESOURCES);
    if resources.is_empty() {
        return item;
    }
    let mut hot: Vec<&ResourceDetails> =
        resources.iter().filter(|one| one.above_warning_fraction > 0.0).collect();
    let heat = |one: &ResourceDetails| one.trend.p95 / one.status.thresholds.critical;
    hot.sort_by(|left, right| {
        let critical = right.above_critical_fraction.total_cmp(&left.above_critical_fraction);
        critical.then(heat(right).total_cmp(&heat(left)))
    });
    let mut item = item.filled(if hot.is_empty() { ReviewState::Fine } else { ReviewState::Attention });
    item.figure("resources", resources.len() as f64);
    item.figure("resources_above_warning", hot.len() as f64);
    for one in &hot {
        item.say(format!(
            "{} {}: at the warning or above {:.1}% of the time, critical {:.1}%; p95 {}",
            one.service,
            one.status.metric.title(),
            one.above_warning_fraction * 100.0,
            one.above_critical_fraction * 100.0,
            value_in_words(one, one.trend.p95)
        ));
    }
    let hottest = resources.iter().max_by(|left, right| heat(left).total_cmp(&heat(right)));
    if let Some(hottest) = hottest.filter(|_| hot.is_empty()) {
        item.say(format!(
            "No resource was at its warning; nearest is {} {} with a p95 of {}",
            hottest.service,
            hottest.status.metric.title(),
            value_in_words(hottest, hottest.trend.p95)
        ));
    }
    item
}

/// Days until the 95th percentile, moved along the trend, reaches what is critical: expected, and at
/// the upper end of the slope's interval; none where it does not rise. It is the busy hours that
/// have to fit.
fn days_to_critical(one: &ResourceDetails) -> Option<(f64, f64)> {
    let trend = &one.trend;
    let slope = trend.slope_per_day.filter(|_| trend.direction == TrendDirection::Increasing)?;
    let steepest = trend.slope_per_day_high.unwrap_or(slope);
    let left = (one.status.thresholds.critical - trend.p95).max(0.0);
    (slope > 0.0).then(|| (left / slope, left / steepest))
}

fn outlook(resources: &[ResourceDetails]) -> ReviewItem {
    let needed = "eight readings or more of a resource; `resources` with a window of a quarter";
    let item = ReviewItem::without("Update capacity projections", needed);
    let told = resources.iter().filter(|one| one.trend.direction != TrendDirection::Unknown).count();
    if told == 0 {
        return item;
    }
    let mut soon: Vec<(&ResourceDetails, (f64, f64))> =
        resources.iter().filter_map(|one| days_to_critical(one).map(|days| (one, days))).collect();
    soon.sort_by(|left, right| left.1.0.total_cmp(&right.1.0));
    let mut item = item.filled(match soon.first() {
        Some((_, (_, earliest))) if *earliest <= QUARTER_DAYS => ReviewState::Attention,
        _ => ReviewState::Fine,
    });
    item.figure("resources_rising", soon.len() as f64);
    if let Some((_, (days, earliest))) = soon.first() {
        item.figure("days_to_critical", *days);
        item.figure("days_to_critical_earliest", *earliest);
    }
    for (one, (days, earliest)) in &soon {
        let when = if *days < 1.0 {
            "critical in its busiest hours already".to_owned()
        } else {
            format!("critical in about {days:.0} days ({earliest:.0} at the earliest)")
        };
        item.say(format!(
            "{} {}: rising, {when}; p95 of {} becomes {} in a quarter",
            one.service,
            one.status.metric.title(),
            value_in_words(one, one.trend.p95),
            value_in_words(one, in_a_quarter(one))
        ));
    }
    if soon.is_empty() {
        item.say(format!("None of the {told} resources with enough readings rises"));
    }
    item
}

fn changes(resources: &[ResourceDetails]) -> ReviewItem {
    let item = ReviewItem::without("Plan infrastructure changes", NEEDS_RESOURCES);
    if resources.is_empty() {
        return item;
    }
    let advice = recommendations_of(resources);
    let urgent = advice.iter().filter(|one| one.recommendation.urgency <= Urgency::Week).count();
    let quiet = advice.is_empty();
    let mut item = item.filled(if quiet { ReviewState::Fine } else { ReviewState::Attention });
    item.figure("changes", advice.len() as f64);
    item.figure("changes_within_a_week", urgent as f64);
    if quiet {
        item.say(format!("None of {} resources calls for a change", resources.len()));
    }
    for one in &advice {
        let text = &one.recommendation.text;
        item.say(format!("{} {}: {text}", one.service, one.metric.title()));
    }
    item
}

/// The 95th percentile moved along the trend for a quarter, where there is one.
fn in_a_quarter(one: &ResourceDetails) -> f64 {
    let moves = matches!(one.trend.direction, TrendDirection::Increasing | TrendDirection::Decreasing);
    let slope = one.trend.slope_per_day.filter(|_| moves).unwrap_or_default();
    (one.trend.p95 + slope * QUARTER_DAYS).max(0.0)
}

/// The projections of the next review.
fn projections(resources: &[ResourceDetails]) -> Vec<UsageProjection> {
    let all = resources.iter().map(|one| UsageProjection {
        service: one.service.clone(),
        metric: one.status.metric,
        value: in_a_quarter(one),
    });
    // A resource of which nothing is used has no percentage to be wrong by.
    all.filter(|one| (LEAST_COUNT..=MOST_VALUE).contains(&one.value)).collect()
}

/// What thresholds are held against, with its unit.
fn value_in_words(one: &ResourceDetails, value: f64) -> String {
    in_words(value, one.status.thresholds.basis, one.status.unit)
}

/// 95% interval of a share (E. B. Wilson, "Probable inference, the law of succession, and
/// statistical inference", JASA 22, 1927).
pub(super) fn wilson(successes: f64, trials: f64) -> (f64, f64) {
    const Z: f64 = 1.959_963_984_540_054;
    if trials < 1e-6 {
        return (0.0, 1.0);
    }
    let share = successes / trials;
    let square = Z * Z / trials;
    let middle = share + square / 2.0;
    let reach = Z * sqrt(share * (1.0 - share) / trials + square / (4.0 * trials));
    (((middle - reach) / (1.0 + square)).max(0.0), ((middle + reach) / (1.0 + square)).min(1.0))
}

impl CostColumns {
    fn check(&self) -> Result<()> {
        check_counts(&self.at_seconds, &[("usd", &self.usd), ("requests", &self.requests)])
    }
}

impl CacheColumns {
    fn check(&self) -> Result<()> {
        check_counts(&self.at_seconds, &[("hits", &self.hits), ("lookups", &self.lookups)])?;
        let more = self.hits.iter().zip(&self.lookups).position(|(hits, lookups)| hits > lookups);
        match more {
            None => Ok(()),
            Some(index) => Err(Error::new(
                ErrorCode::Contradiction,
                format!("hits[{index}]"),
                "are more than the look-ups",
            )),
        }
    }
}

/// Checks columns of amounts beside one of ascending times; all may be empty.
pub(super) fn check_counts(at_seconds: &[f64], columns: &[(&str, &Vec<f64>)]) -> Result<()> {
    if at_seconds.is_empty() && columns.iter().all(|(_, values)| values.is_empty()) {
        return Ok(());
    }
    for (name, values) in columns {
        let named = |error: Error| {
            let path = error.path().replacen("values", name, 1);
            error.at(path)
        };
        check_columns(at_seconds, values).map_err(named)?;
        check_each(name, values, 0.0, 1e15)?;
    }
    Ok(())
}

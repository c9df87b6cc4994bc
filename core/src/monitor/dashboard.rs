//! Dashboards: all services at a glance, and one resource in detail.

use serde::{Deserialize, Serialize};

use super::advice::{CapacityRecommendation, Urgency, advise};
use super::collector::Collector;
use super::level::AlertLevel;
use super::metric::Metric;
use super::resource_forecast::{ForecastQuery, ResourceForecast};
use super::status::{CapacityAlert, MetricStatus, ServiceStatus};
use super::trend::{Trend, TrendOptions, of_points};
use crate::error::Result;
use crate::units::{DAY_SECONDS, check_positive};

/// Most points of a chart.
const MOST_CHART_POINTS: usize = 120;
/// Roll-ups from which on a trend is judged by them.
const FEWEST_ROLLUPS: usize = 24;

/// What a dashboard shows. Every field has a default.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct DashboardOptions {
    /// How far back trends and charts go, in seconds. Default: 28 days, which holds four of every
    /// weekday.
    pub window_seconds: f64,
    /// How trends are judged.
    pub trend: TrendOptions,
    /// How far ahead resources are forecast, and how; none for no forecasts.
    pub forecast: Option<ForecastQuery>,
}

impl Default for DashboardOptions {
    fn default() -> Self {
        Self {
            window_seconds: 28.0 * DAY_SECONDS,
            trend: TrendOptions::default(),
            forecast: Some(ForecastQuery::default()),
        }
    }
}

/// All services at a glance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Overview {
    /// When, in seconds since the Unix epoch.
    pub at_seconds: f64,
    /// The worst level of all.
    pub level: AlertLevel,
    /// Metrics that are normal, at a warning, and critical.
    pub counts: LevelCounts,
    /// Every service, by name.
    pub services: Vec<ServiceStatus>,
    /// What calls for attention, the worst first.
    pub alerts: Vec<CapacityAlert>,
}

/// How many metrics are at which level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LevelCounts {
    /// Normal.
    pub normal: u64,
    /// At a warning.
    pub warning: u64,
    /// Critical.
    pub critical: u64,
    /// Of all of these, without a recent reading.
    pub stale: u64,
}

/// A point of a chart: what thresholds are held against, over a stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ChartPoint {
    /// When the stretch begins, in seconds since the Unix epoch.
    pub at_seconds: f64,
    /// Mean.
    pub mean: f64,
    /// Greatest.
    pub max: f64,
}

/// One resource in detail.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ResourceDetails {
    /// The service.
    pub service: String,
    /// How it stands.
    pub status: MetricStatus,
    /// Where it goes.
    pub trend: Trend,
    /// Share of the window's roll-ups whose mean was at the warning or above, 0 to 1.
    pub above_warning_fraction: f64,
    /// The same of what is critical.
    pub above_critical_fraction: f64,
    /// Where it will be; none where no forecast was asked for, none can be made, or readings have
    /// ceased.
    pub forecast: Option<ResourceForecast>,
    /// Why there is no forecast, where one was asked for.
    pub forecast_reason: Option<String>,
    /// What to do, most urgent first.
    pub recommendations: Vec<CapacityRecommendation>,
    /// The window, in at most 120 points.
    pub chart: Vec<ChartPoint>,
}

/// Something to do, and about what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ServiceRecommendation {
    /// The service.
    pub service: String,
    /// The metric.
    pub metric: Metric,
    /// What to do.
    pub recommendation: CapacityRecommendation,
}

impl Collector {
    /// All services at a glance.
    ///
    /// # Errors
    ///
    /// `invalid_value` at `now_seconds` when a reading is after it.
    pub fn overview(&self, now_seconds: f64) -> Result<Overview> {
        let alerts = self.alerts(now_seconds)?;
        let services: Vec<ServiceStatus> = self
            .services()
            .map(|service| self.status_unchecked(service, now_seconds))
            .collect::<Result<_>>()?;
        let mut counts = LevelCounts::default();
        for metric in services.iter().flat_map(|service| &service.metrics) {
            counts.stale += u64::from(metric.stale);
            match metric.level {
                AlertLevel::Normal => counts.normal += 1,
                AlertLevel::Warning => counts.warning += 1,
                AlertLevel::Critical => counts.critical += 1,
            }
        }
        let level = services.iter().map(|service| service.level).max().unwrap_or_default();
        Ok(Overview { at_seconds: now_seconds, level, counts, services, alerts })
    }

    /// Where a metric has gone over the last `window_seconds`, from its roll-ups.
    ///
    /// # Errors
    ///
    /// `unknown_name` at `service` or `metric`; `invalid_value` at `now_seconds`,
    /// `window_seconds` or an option.
    pub fn trend(
        &self,
        service: &str,
        metric: Metric,
        now_seconds: f64,
        window_seconds: f64,
        options: &TrendOptions,
    ) -> Result<Trend> {
        self.check_now(now_seconds)?;
        check_positive("window_seconds", window_seconds, 1e10)?;
        options.check()?;
        let channel = self.channel(service, metric)?;
        let from = now_seconds - window_seconds;
        let rollups = channel.history.covering(from, &self.options().retention);
        let within = rollups.since(from);
        let middle = |index: i64| (index as f64 + 0.5) * rollups.step_seconds;
        let mut points: Vec<(f64, f64)> =
            within.clone().map(|rollup| (middle(rollup.index), rollup.value_mean())).collect();
        if points.len() < FEWEST_ROLLUPS {
            // A short past is told from the readings as they came.
            let recent = channel.history.recent.iter().filter(|sample| sample.at_seconds >= from);
            points = recent.map(|sample| (sample.at_seconds, sample.value)).collect();
        }
        let points = if points.is_empty() {
            // Nothing within the window: the last reading is all that is known.
            channel.history.last().map(|sample| (sample.at_seconds, sample.value)).into_iter().collect()
        } else {
            points
        };
        let mut trend = of_points(&points, options);
        for rollup in within {
            trend.min = trend.min.min(rollup.value_min);
            trend.max = trend.max.max(rollup.value_max);
        }
        if let Some(last) = channel.history.last() {
            trend.last = last.value;
        }
        Ok(trend)
    }

    /// One resource in detail.
    ///
    /// # Errors
    ///
    /// `unknown_name` at `service` or `metric`; `invalid_value` at `now_seconds` or an option.
    pub fn details(
        &self,
        service: &str,
        metric: Metric,
        now_seconds: f64,
        options: &DashboardOptions,
    ) -> Result<ResourceDetails> {
        let trend = self.trend(service, metric, now_seconds, options.window_seconds, &options.trend)?;
        let channel = self.channel(service, metric)?;
        let status = channel
            .status(now_seconds, &self.options().policy)
            .ok_or_else(|| crate::error::Error::missing("service", "record a reading first"))?;
        let (forecast, forecast_reason) = match &options.forecast {
            None => (None, None),
            // What is to come begins where readings end.
            Some(_) if status.stale => (None, Some("no recent readings".to_owned())),
            Some(query) => match self.forecast(service, metric, query, None) {
                Ok(forecast) => (Some(forecast), None),
                Err(error) => (None, Some(error.message().to_owned())),
            },
        };
        let from = now_seconds - options.window_seconds;
        let rollups = channel.history.covering(from, &self.options().retention);
        let within = || rollups.since(from);
        let total = within().count().max(1) as f64;
        let above =
            |threshold: f64| within().filter(|one| one.value_mean() >= threshold).count() as f64 / total;
        let kept: Vec<_> = within().collect();
        let span = kept.last().zip(kept.first()).map_or(0, |(last, first)| last.index - first.index) as f64;
        // Stretches lie on a grid of their own, so that they may be one more than the span holds.
        let stretch = (span / (MOST_CHART_POINTS - 1) as f64).ceil().max(1.0);
        let place = |index: i64| index.div_euclid(stretch as i64);
        let chart = kept
            .chunk_by(|left, right| place(left.index) == place(right.index))
            .map(|group| {
                let count: u64 = group.iter().map(|one| one.count).sum();
                let sum: f64 = group.iter().map(|one| one.value_sum).sum();
                let first = group.first().map_or(0, |one| place(one.index));
                ChartPoint {
                    at_seconds: first as f64 * stretch * rollups.step_seconds,
                    mean: sum / count.max(1) as f64,
                    max: group.iter().map(|one| one.value_max).fold(0.0, f64::max),
                }
            })
            .collect();
        let recommendations = advise(&status, &trend, forecast.as_ref());
        Ok(ResourceDetails {
            service: service.to_owned(),
            above_warning_fraction: above(status.thresholds.warning),
            above_critical_fraction: above(status.thresholds.critical),
            status,
            trend,
            forecast,
            forecast_reason,
            recommendations,
            chart,
        })
    }

    /// Every resource in detail, by service.
    ///
    /// # Errors
    ///
    /// `invalid_value` at `now_seconds` or an option.
    pub fn all_details(&self, now_seconds: f64, options: &DashboardOptions) -> Result<Vec<ResourceDetails>> {
        self.check_now(now_seconds)?;
        let each = self.all_channels();
        each.map(|one| self.details(&one.service, one.metric, now_seconds, options)).collect()
    }

    /// All that should be done, most urgent first, then by name.
    ///
    /// # Errors
    ///
    /// `invalid_value` at `now_seconds` or an option.
    pub fn recommendations(
        &self,
        now_seconds: f64,
        options: &DashboardOptions,
    ) -> Result<Vec<ServiceRecommendation>> {
        Ok(recommendations_of(&self.all_details(now_seconds, options)?))
    }
}

pub(super) fn recommendations_of(details: &[ResourceDetails]) -> Vec<ServiceRecommendation> {
    let mut found: Vec<ServiceRecommendation> = Vec::new();
    for one in details {
        let to_do = one.recommendations.iter().filter(|advice| advice.urgency != Urgency::None);
        found.extend(to_do.map(|advice| ServiceRecommendation {
            service: one.service.clone(),
            metric: one.status.metric,
            recommendation: advice.clone(),
        }));
    }
    found.sort_by_key(|one| one.recommendation.urgency);
    found
}

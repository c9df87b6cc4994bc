//! Is it still true? Capacity status, alerts that do not flap, trends with significance, dashboards
//! and reports from readings; what deployments really did against what was predicted; and whether
//! service-level objectives hold.
//!
//! The resource types, units, thresholds and reports are those of the capacity planning guide (§1
//! and §3) and of the production sizing guide (§5). All times are seconds since the Unix epoch and
//! are given by the caller.

mod advice;
mod collector;
mod dashboard;
mod history;
mod level;
mod metric;
mod outcome;
mod reading;
mod report;
mod resource_forecast;
mod review;
mod slo;
mod statistics;
mod status;
mod threshold;
mod trend;

pub use advice::{CapacityRecommendation, Urgency};
pub use collector::{
    Capacities, Collector, CollectorOptions, CollectorState, MOST_CHANNELS, MetricChannel, ThresholdRule,
};
pub use dashboard::{
    ChartPoint, DashboardOptions, LevelCounts, Overview, ResourceDetails, ServiceRecommendation,
};
pub use history::{MetricHistory, MetricRollup, MetricSample, Retention};
pub use level::{AlertLevel, LevelLatch, LevelLatches, ScalingAdvice};
pub use metric::{CapacityUnit, Metric};
pub use outcome::{
    BiasScope, CostAnomalies, CostAnomaly, CostAnomalyRequest, DriftBase, LevelChange, MOST_OUTCOMES,
    Outcome, OutcomeComparison, OutcomeDrift, OutcomeFigure, OutcomeFigures, OutcomeReport, OutcomesRequest,
    PredictionBias, Provisioning, ProvisioningState, Recalibration, RecalibrationRequest, Saving, SavingKind,
    SavingsReport, SavingsRequest, assess_outcomes, cost_anomalies, predicted_figures, recalibrate, savings,
};
pub use reading::Reading;
pub use report::{CapacityReport, ReportFormat, render_report};
pub use resource_forecast::{ForecastQuery, ResourceForecast, ThresholdCrossing};
pub use review::{
    CacheColumns, CostColumns, QuarterlyReview, ReviewItem, ReviewRequest, ReviewState, UsageProjection,
    quarterly_review,
};
pub use slo::{
    BurnAlert, BurnRate, BurnRule, BurnSeverity, ErrorBudget, ErrorBudgetRequest, EventColumns,
    LatencyColumns, SloCompliance, SloComplianceRequest, TargetCompliance, error_budget, slo_compliance,
};
pub use status::{CapacityAlert, MetricStatus, ServiceStatus};
pub use threshold::{AlertPolicy, ThresholdBasis, Thresholds};
pub use trend::{Trend, TrendDirection, TrendOptions, TrendRequest, trend};

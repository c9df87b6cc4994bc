//! Whether service-level objectives hold: the error budget and how fast it burns, and how often
//! latencies were within their targets.

mod budget;
mod burn;
mod compliance;

pub use budget::{ErrorBudget, ErrorBudgetRequest, EventColumns, error_budget};
pub use burn::{BurnAlert, BurnRate, BurnRule, BurnSeverity};
pub use compliance::{LatencyColumns, SloCompliance, SloComplianceRequest, TargetCompliance, slo_compliance};

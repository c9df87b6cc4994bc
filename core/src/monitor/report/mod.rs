//! Reports: everything that a collector knows, as Markdown, as JSON, or as one HTML page that needs
//! nothing else. Whatever a service is called, it stays text.

mod chart;
mod html;
mod markdown;
mod words;

use serde::{Deserialize, Serialize};

use super::collector::Collector;
use super::dashboard::{
    DashboardOptions, Overview, ResourceDetails, ServiceRecommendation, recommendations_of,
};
use super::review::QuarterlyReview;
use crate::error::{Error, ErrorCode, Result};
use crate::units::check_name;

/// How a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ReportFormat {
    /// Markdown.
    #[default]
    Markdown,
    /// JSON: the [`CapacityReport`] itself.
    Json,
    /// One HTML page, styles and charts within, without scripts.
    Html,
}

/// What a report says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CapacityReport {
    /// Its title.
    pub title: String,
    /// All services at a glance.
    pub overview: Overview,
    /// What should be done, most urgent first.
    pub recommendations: Vec<ServiceRecommendation>,
    /// Every resource in detail, by service.
    pub resources: Vec<ResourceDetails>,
    /// The quarterly review, where there is one.
    #[serde(default)]
    pub review: Option<QuarterlyReview>,
}

impl CapacityReport {
    /// The same with a quarterly review.
    #[must_use]
    pub fn with_review(self, review: QuarterlyReview) -> Self {
        Self { review: Some(review), ..self }
    }

    /// The same with another title.
    ///
    /// # Errors
    ///
    /// `empty`, `too_large` (over 200 bytes) or `invalid_value` (control characters) at `title`.
    pub fn titled(self, title: impl Into<String>) -> Result<Self> {
        let title = title.into();
        check_name("title", &title, 200)?;
        Ok(Self { title, ..self })
    }
}

impl Collector {
    /// The content of a report.
    ///
    /// # Errors
    ///
    /// `invalid_value` at `now_seconds` when a reading is after it, or at an option.
    pub fn report(&self, now_seconds: f64, options: &DashboardOptions) -> Result<CapacityReport> {
        let resources = self.all_details(now_seconds, options)?;
        Ok(CapacityReport {
            title: format!("Capacity report, {}", words::date(now_seconds)),
            overview: self.overview(now_seconds)?,
            recommendations: recommendations_of(&resources),
            resources,
            review: None,
        })
    }
}

/// Writes a report.
///
/// ```
/// use sizewell::monitor::{Collector, DashboardOptions, Metric, Reading, ReportFormat, render_report};
/// let mut collector = Collector::new(Default::default())?;
/// collector.record(1_763_640_000.0, &Reading::new("chat <b>", Metric::Gpu, 13.0, 16.0))?;
/// let report = collector.report(1_763_640_000.0, &DashboardOptions::default())?;
/// let page = render_report(&report, ReportFormat::Html)?;
/// assert!(page.contains("chat &lt;b&gt;") && !page.contains("<b>"));
/// # Ok::<(), sizewell::Error>(())
/// ```
///
/// # Errors
///
/// `invalid_json` where a number of the report is none, which those of this crate never are.
pub fn render_report(report: &CapacityReport, format: ReportFormat) -> Result<String> {
    match format {
        ReportFormat::Markdown => Ok(markdown::render(report)),
        ReportFormat::Html => Ok(html::render(report)),
        ReportFormat::Json => serde_json::to_string_pretty(report)
            .map_err(|error| Error::new(ErrorCode::InvalidJson, "report", error.to_string())),
    }
}

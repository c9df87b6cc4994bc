//! A report as Markdown.

use super::{CapacityReport, words};
use crate::monitor::level::AlertLevel;
use crate::monitor::review::ReviewState;

/// The whole report.
pub(super) fn render(report: &CapacityReport) -> String {
    let text = words::markdown;
    let overview = &report.overview;
    let counts = overview.counts;
    let mut out = vec![
        format!("# {}", text(&report.title)),
        String::new(),
        format!("## Overall status: {}", overview.level.as_str().to_uppercase()),
        String::new(),
        format!(
            "{}: {} critical, {} at a warning, {} normal, {} without recent readings.",
            words::time(overview.at_seconds),
            counts.critical,
            counts.warning,
            counts.normal,
            counts.stale
        ),
        String::new(),
        "## Active alerts".to_owned(),
        String::new(),
    ];
    if overview.alerts.is_empty() {
        out.push("No active alerts.".to_owned());
    } else {
        out.push("| Service | Resource | Level | What | Threshold | Since | To do |".to_owned());
        out.push("|---|---|---|---|---|---|---|".to_owned());
        for alert in &overview.alerts {
            out.push(format!(
                "| {} | {} | {} | {} | {} | {} | {} |",
                text(&alert.service),
                text(alert.metric.title()),
                alert.level.as_str(),
                text(&alert.message),
                text(&words::threshold(overview, alert)),
                words::time(alert.since_seconds),
                text(&alert.action)
            ));
        }
    }
    out.extend([String::new(), "## To do".to_owned(), String::new()]);
    if report.recommendations.is_empty() {
        out.push("Nothing to do.".to_owned());
    }
    for one in &report.recommendations {
        let advice = &one.recommendation;
        out.push(format!(
            "- **{}** {} {}: {}",
            words::urgency(advice.urgency),
            text(&one.service),
            text(one.metric.title()),
            text(&advice.text)
        ));
    }
    out.extend([String::new(), "## Services".to_owned()]);
    for service in words::worst_first(overview) {
        let status = match service.level {
            AlertLevel::Normal => "healthy",
            other => other.as_str(),
        };
        out.extend([
            String::new(),
            format!("### {}", text(&service.service)),
            String::new(),
            format!("Status: **{status}**"),
            String::new(),
            "| Resource | Usage | Utilisation | Thresholds | Level | Trend | Forecast |".to_owned(),
            "|---|---|---|---|---|---|---|".to_owned(),
        ]);
        for one in report.resources.iter().filter(|one| one.service == service.service) {
            let status = &one.status;
            let stale = if status.stale { ", stale" } else { "" };
            let percent =
                status.utilization_percent.map_or("–".to_owned(), |percent| format!("{percent:.1}%"));
            out.push(format!(
                "| {} | {} | {percent} | {} | {}{stale} | {} | {} |",
                text(status.metric.title()),
                text(&words::usage(status)),
                text(&words::thresholds(status)),
                status.level.as_str(),
                text(&words::trend(status, &one.trend)),
                text(&words::forecast(one))
            ));
        }
    }
    if let Some(review) = &report.review {
        out.extend([String::new(), "## Quarterly review".to_owned(), String::new()]);
        for item in &review.items {
            let mark = if item.state == ReviewState::NoData { " " } else { "x" };
            out.push(format!("- [{mark}] **{}** ({})", text(&item.title), text(item.state.as_str())));
            out.extend(item.findings.iter().map(|finding| format!("  - {}", text(finding))));
        }
    }
    out.push(String::new());
    out.join("\n")
}

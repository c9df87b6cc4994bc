//! A report as one HTML page: no script, nothing loaded, readable in the light and in the dark and
//! on paper.

use std::fmt::Write as _;

use super::{CapacityReport, words};
use crate::monitor::advice::Urgency;
use crate::monitor::dashboard::ResourceDetails;
use crate::monitor::level::AlertLevel;
use crate::monitor::review::{QuarterlyReview, ReviewState};

const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#1d2430;--soft:#5c6675;--line:#d9dee6;--paper:#fff;--card:#f6f8fb;\
--normal:#1f7a4d;--warning:#9a6200;--critical:#b3261e;--band:#3b6fd433;--curve:#2f62c9}\
@media(prefers-color-scheme:dark){:root{--ink:#e6eaf0;--soft:#9aa5b5;--line:#333b47;--paper:#14181e;\
--card:#1c222a;--normal:#5fd39a;--warning:#f2b84b;--critical:#ff8a80;--curve:#7fa8ff;--band:#7fa8ff33}}\
*{box-sizing:border-box}body{margin:0 auto;max-width:72rem;padding:2rem 1.25rem;background:var(--paper);\
color:var(--ink);font:16px/1.5 system-ui,sans-serif}h1{font-size:1.7rem;margin:0 0 .25rem}\
h2{font-size:1.2rem;margin:2.2rem 0 .6rem}h3{font-size:1.05rem;margin:1.4rem 0 .4rem}\
p{margin:.3rem 0}.soft{color:var(--soft)}.scroll{overflow-x:auto}\
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums;font-size:.92rem}\
th,td{text-align:left;padding:.45rem .7rem;border-bottom:1px solid var(--line);vertical-align:top}\
th{color:var(--soft);font-weight:600;white-space:nowrap}\
.level{display:inline-block;padding:.05rem .55rem;border:1px solid currentColor;border-radius:1rem;\
font-weight:600;white-space:nowrap}.normal{color:var(--normal)}.warning{color:var(--warning)}\
.critical{color:var(--critical)}.none{color:var(--soft)}ul{margin:.3rem 0;padding-left:1.2rem}\
.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(20rem,1fr));gap:1rem}\
.card{background:var(--card);border:1px solid var(--line);border-radius:.6rem;padding:.9rem 1rem}\
.card h4{margin:0 0 .3rem;display:flex;align-items:flex-start;justify-content:space-between;gap:.5rem;font-size:1rem}\
svg{display:block;width:100%;height:auto;margin:.4rem 0}\
@media print{.card,tr{break-inside:avoid}}";

const WIDTH: f64 = 320.0;
const HEIGHT: f64 = 90.0;

/// The whole page.
pub(super) fn render(report: &CapacityReport) -> String {
    let text = words::html;
    let overview = &report.overview;
    let counts = overview.counts;
    let mut body = String::new();
    let mut put = |part: &str| {
        body.push_str(part);
        body.push('\n');
    };
    put(&format!("<h1>{}</h1>", text(&report.title)));
    put(&format!(
        "<p>{} <span class=\"soft\">{} · {} critical, {} at a warning, {} normal, {} without recent readings</span></p>",
        badge(overview.level),
        words::time(overview.at_seconds),
        counts.critical,
        counts.warning,
        counts.normal,
        counts.stale
    ));
    put("<h2>Active alerts</h2>");
    if overview.alerts.is_empty() {
        put("<p>No active alerts.</p>");
    } else {
        put(
            "<div class=\"scroll\"><table><thead><tr><th>Level</th><th>Service</th><th>What</th><th>Since</th><th>To do</th></tr></thead><tbody>",
        );
        for alert in &overview.alerts {
            put(&format!(
                "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
                badge(alert.level),
                text(&alert.service),
                text(&alert.message),
                words::time(alert.since_seconds),
                text(&alert.action)
            ));
        }
        put("</tbody></table></div>");
    }
    put("<h2>To do</h2>");
    if report.recommendations.is_empty() {
        put("<p>Nothing to do.</p>");
    } else {
        put("<ul>");
        for one in &report.recommendations {
            let advice = &one.recommendation;
            let class = match advice.urgency {
                Urgency::Now => "critical",
                Urgency::Week => "warning",
                Urgency::Review | Urgency::None => "none",
            };
            put(&format!(
                "<li><strong class=\"{class}\">{}</strong> {} {}: {}</li>",
                advice.urgency.as_str(),
                text(&one.service),
                text(one.metric.title()),
                text(&advice.text)
            ));
        }
        put("</ul>");
    }
    put("<h2>Services</h2>");
    for service in &overview.services {
        put(&format!(
            "<section><h3>{} {}</h3><div class=\"cards\">",
            text(&service.service),
            badge(service.level)
        ));
        for one in report.resources.iter().filter(|one| one.service == service.service) {
            put(&card(one));
        }
        put("</div></section>");
    }
    if let Some(review) = &report.review {
        put(&review_part(review));
    }
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n{body}</main>\n</body>\n</html>\n",
        text(&report.title)
    )
}

fn badge(level: AlertLevel) -> String {
    format!("<span class=\"level {0}\">{0}</span>", level.as_str())
}

fn card(one: &ResourceDetails) -> String {
    let text = words::html;
    let status = &one.status;
    let stale = if status.stale {
        format!("<p class=\"warning\">No reading since {}</p>", words::time(status.at_seconds))
    } else {
        String::new()
    };
    let percent = status.utilization_percent.map_or(String::new(), |percent| format!(" · {percent:.1}%"));
    format!(
        "<article class=\"card\"><h4><span>{}</span>{}</h4><p>{}{percent}</p>{}{stale}\
         <p class=\"soft\">Trend: {}</p><p class=\"soft\">Forecast: {}</p></article>",
        text(status.metric.title()),
        badge(status.level),
        text(&words::usage(status)),
        chart(one),
        text(&words::trend(status, &one.trend)),
        text(&words::forecast(one))
    )
}

/// Means of the window, the forecast with its interval, and the thresholds.
fn chart(one: &ResourceDetails) -> String {
    let forecast = one.forecast.as_ref();
    let ahead: Vec<(f64, f64, f64, f64)> = forecast
        .and_then(|found| {
            let (clock, interval) = (found.forecast.clock?, found.forecast.intervals.first()?);
            let bounds = interval.lower.iter().zip(&interval.upper);
            let steps = found.forecast.mean.iter().zip(bounds).enumerate();
            Some(
                steps
                    .map(|(index, (mean, (low, high)))| (clock.time_seconds(index), *mean, *low, *high))
                    .collect(),
            )
        })
        .unwrap_or_default();
    let (Some(first), Some(last)) = (one.chart.first(), one.chart.last()) else { return String::new() };
    if one.chart.len() < 2 {
        return String::new();
    }
    let end = ahead.last().map_or(last.at_seconds, |step| step.0).max(last.at_seconds);
    let thresholds = &one.status.thresholds;
    let seen = one.chart.iter().map(|point| point.mean).chain(ahead.iter().map(|step| step.3));
    let top = seen.fold(thresholds.critical, f64::max).min(thresholds.critical * 3.0).max(1e-12) * 1.05;
    let x = |at: f64| (at - first.at_seconds) / (end - first.at_seconds).max(1.0) * WIDTH;
    let y = |value: f64| (1.0 - (value / top).clamp(0.0, 1.0)) * HEIGHT;
    let curve = |points: &mut dyn Iterator<Item = (f64, f64)>| {
        let mut line = String::new();
        for (at, value) in points {
            // A text that is written to never fails.
            let _ = write!(line, "{:.1},{:.1} ", x(at), y(value));
        }
        line.trim_end().to_owned()
    };
    let mut svg = format!(
        "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{} of {} from {} to {}\">",
        words::html(one.status.metric.title()),
        words::html(&one.service),
        words::date(first.at_seconds),
        words::date(end)
    );
    for (threshold, class) in [(thresholds.warning, "warning"), (thresholds.critical, "critical")] {
        let level = y(threshold);
        let _ = write!(
            svg,
            "<line x1=\"0\" x2=\"{WIDTH}\" y1=\"{level:.1}\" y2=\"{level:.1}\" class=\"{class}\" stroke=\"currentColor\" stroke-dasharray=\"4 4\"/>"
        );
    }
    if !ahead.is_empty() {
        let upper = ahead.iter().map(|step| (step.0, step.3));
        let lower = ahead.iter().rev().map(|step| (step.0, step.2));
        let band = curve(&mut upper.chain(lower));
        let _ = write!(svg, "<polygon points=\"{band}\" fill=\"var(--band)\"/>");
        let joined = std::iter::once((last.at_seconds, last.mean));
        let line = curve(&mut joined.chain(ahead.iter().map(|step| (step.0, step.1))));
        let _ = write!(
            svg,
            "<polyline points=\"{line}\" fill=\"none\" stroke=\"var(--curve)\" stroke-width=\"1.5\" stroke-dasharray=\"2 3\"/>"
        );
    }
    let line = curve(&mut one.chart.iter().map(|point| (point.at_seconds, point.mean)));
    let _ = write!(
        svg,
        "<polyline points=\"{line}\" fill=\"none\" stroke=\"var(--curve)\" stroke-width=\"1.8\" stroke-linejoin=\"round\"/></svg>"
    );
    svg
}

fn review_part(review: &QuarterlyReview) -> String {
    let mut out = "<h2>Quarterly review</h2>\n<div class=\"cards\">\n".to_owned();
    for item in &review.items {
        let (class, word) = match item.state {
            ReviewState::Fine => ("normal", "fine"),
            ReviewState::Attention => ("warning", "attention"),
            ReviewState::NoData => ("none", "no data"),
        };
        let findings: String =
            item.findings.iter().map(|finding| format!("<li>{}</li>", words::html(finding))).collect();
        let list = if findings.is_empty() { String::new() } else { format!("<ul>{findings}</ul>") };
        let _ = writeln!(
            out,
            "<article class=\"card\"><h4><span>{}</span><span class=\"level {class}\">{word}</span></h4>{list}</article>",
            words::html(&item.title)
        );
    }
    out.push_str("</div>\n");
    out
}

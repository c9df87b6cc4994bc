//! A report as one HTML page: no script, nothing loaded, readable in the light and in the dark and
//! on paper.

use std::fmt::Write as _;

use super::{CapacityReport, chart, words};
use crate::monitor::advice::Urgency;
use crate::monitor::dashboard::ResourceDetails;
use crate::monitor::level::AlertLevel;
use crate::monitor::review::{QuarterlyReview, ReviewState};
use crate::monitor::status::rounded;

const STYLE: &str = "\
:root{color-scheme:light;--ink:#1d2430;--soft:#556070;--line:#d9dee6;--paper:#fff;--card:#f6f8fb;\
--normal:#1f7a4d;--warning:#8a5700;--critical:#b3261e;--curve:#2f62c9;--band:#2f62c93d;--reach:#2f62c91f}\
@media screen and (prefers-color-scheme:dark){:root{color-scheme:dark;--ink:#e6eaf0;--soft:#a3aebd;--line:#38414e;\
--paper:#14181e;--card:#1c222a;--normal:#5fd39a;--warning:#f2b84b;--critical:#ff8a80;--curve:#7fa8ff;\
--band:#7fa8ff4d;--reach:#7fa8ff29}}\
*{box-sizing:border-box}body{margin:0 auto;max-width:76rem;padding:2rem 1.25rem;background:var(--paper);\
color:var(--ink);font:1rem/1.5 system-ui,sans-serif;overflow-wrap:break-word}\
h1,h3,td[data-label=Service]{overflow-wrap:anywhere}h1{font-size:1.7rem;line-height:1.25;margin:0 0 .4rem}\
h2{font-size:1.2rem;margin:2.2rem 0 .6rem}h3{font-size:1.05rem;margin:1.6rem 0 .5rem}\
p{margin:.3rem 0}.soft{color:var(--soft)}.small{font-size:.86rem}\
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums;font-size:.92rem}\
th,td{text-align:left;padding:.45rem .9rem .45rem 0;border-bottom:1px solid var(--line);vertical-align:top}\
th{color:var(--soft);font-weight:600;white-space:nowrap}td.tight{white-space:nowrap}\
.level{display:inline-block;padding:.05rem .55rem;border:1px solid currentColor;border-radius:1rem;\
font-weight:600;font-size:.86rem;white-space:nowrap}.normal{color:var(--normal)}.warning{color:var(--warning)}\
.critical{color:var(--critical)}.none{color:var(--soft)}ul{margin:.3rem 0;padding-left:1.2rem}\
.tiles{display:flex;flex-wrap:wrap;gap:.75rem;margin:1rem 0 0;padding:0;list-style:none}\
.tiles li{flex:1 1 7rem;padding:.6rem .9rem;border:1px solid var(--line);border-radius:.6rem;background:var(--card)}\
.tiles strong{display:block;font-size:1.5rem;line-height:1.2}\
.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(21rem,100%),1fr));gap:1rem}\
.card{background:var(--card);border:1px solid var(--line);border-radius:.6rem;padding:.9rem 1rem}\
.card h4{margin:0 0 .3rem;display:flex;align-items:flex-start;justify-content:space-between;gap:.5rem;font-size:1rem}\
svg{display:block;width:100%;height:auto;margin:.5rem 0}svg text{font:10.5px system-ui,sans-serif;fill:var(--soft)}\
svg .axis{stroke:var(--line)}svg .now{stroke:var(--soft);stroke-dasharray:1 3}\
svg .limit{stroke:currentColor;stroke-dasharray:5 4}svg .curve{fill:none;stroke:var(--curve);stroke-width:1.6;stroke-linejoin:round}\
svg .ahead{stroke-dasharray:3 3}svg .band{fill:var(--band)}svg .reach{fill:var(--reach)}\
@media screen and (max-width:44rem){body{padding:1.25rem 1rem}thead{display:none}tr{display:block;padding:.6rem 0;border-bottom:1px solid var(--line)}\
td,td.tight{display:flex;gap:.75rem;padding:.12rem 0;border:0;white-space:normal}\
td::before{content:attr(data-label);flex:0 0 5.5rem;color:var(--soft)}}\
@media print{@page{margin:14mm}:root{font-size:12px}body{max-width:none;padding:0}.card,.tiles li,tr{break-inside:avoid}\
h2,h3{break-after:avoid}.cards{grid-template-columns:1fr 1fr}.card,.tiles li{background:none}}";

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
        "<p>{} <span class=\"soft\">as of {}</span></p>",
        badge(overview.level),
        words::time(overview.at_seconds)
    ));
    put("<ul class=\"tiles\">");
    for (class, count, title) in [
        ("critical", counts.critical, "critical"),
        ("warning", counts.warning, "at a warning"),
        ("normal", counts.normal, "normal"),
        ("none", counts.stale, "without recent readings"),
    ] {
        let class = if count > 0 { class } else { "none" };
        put(&format!("<li><strong class=\"{class}\">{count}</strong>{title}</li>"));
    }
    put("</ul>");
    put("<h2>Active alerts</h2>");
    if overview.alerts.is_empty() {
        put("<p>No active alerts.</p>");
    } else {
        let columns = ["Level", "Service", "What", "Threshold", "Since", "To do"];
        let alerts = overview.alerts.iter().map(|alert| {
            [
                badge(alert.level),
                text(&alert.service),
                text(&alert.message),
                text(&words::threshold(overview, alert)),
                words::time(alert.since_seconds),
                text(&alert.action),
            ]
        });
        put(&table(columns, alerts));
    }
    put("<h2>To do</h2>");
    if report.recommendations.is_empty() {
        put("<p>Nothing to do.</p>");
    } else {
        let advice = report.recommendations.iter().map(|one| {
            let class = match one.recommendation.urgency {
                Urgency::Now => "critical",
                Urgency::Week => "warning",
                Urgency::Review | Urgency::None => "none",
            };
            let when = words::urgency(one.recommendation.urgency);
            [
                format!("<strong class=\"{class}\">{when}</strong>"),
                text(&one.service),
                text(one.metric.title()),
                text(&one.recommendation.text),
            ]
        });
        put(&table(["When", "Service", "Resource", "What"], advice));
    }
    put("<h2>Services</h2>");
    put(
        "<p class=\"soft small\">Line: means; shaded: up to the greatest reading. Right of the dotted line, on a time scale of \
         its own: the forecast with its interval. Dashed: warning and critical. Times are UTC.</p>",
    );
    for service in words::worst_first(overview) {
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
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>{}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n{body}</main>\n</body>\n</html>\n",
        text(&report.title)
    )
}

/// A table, which a narrow screen shows cell by cell with the columns' names.
fn table<const COLUMNS: usize>(
    columns: [&str; COLUMNS],
    rows: impl Iterator<Item = [String; COLUMNS]>,
) -> String {
    let mut out = "<table><thead><tr>".to_owned();
    for column in columns {
        let _ = write!(out, "<th>{column}</th>");
    }
    out.push_str("</tr></thead><tbody>\n");
    for row in rows {
        out.push_str("<tr>");
        for (column, cell) in columns.into_iter().zip(row) {
            let class = if matches!(column, "Level" | "When" | "Threshold" | "Since") {
                " class=\"tight\""
            } else {
                ""
            };
            let _ = write!(out, "<td data-label=\"{column}\"{class}><span>{cell}</span></td>");
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody></table>");
    out
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
    let headroom = match (status.headroom, status.headroom_percent) {
        (Some(left), Some(percent)) => {
            format!(" · headroom {} ({percent:.1}%)", rounded(left))
        }
        _ => String::new(),
    };
    let share = |fraction: f64| format!("{:.1}%", fraction * 100.0);
    format!(
        "<article class=\"card\"><h4><span>{}</span>{}</h4><p>{}{percent}{headroom}</p>{}{stale}\
         <p class=\"soft small\">Trend: {}</p><p class=\"soft small\">Forecast: {}</p>\
         <p class=\"soft small\">Thresholds: {}; at the warning or above {} of the time, critical {}</p></article>",
        text(status.metric.title()),
        badge(status.level),
        text(&words::usage(status)),
        chart::render(one),
        text(&words::trend(status, &one.trend)),
        text(&words::forecast(one)),
        text(&words::thresholds(status)),
        share(one.above_warning_fraction),
        share(one.above_critical_fraction)
    )
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

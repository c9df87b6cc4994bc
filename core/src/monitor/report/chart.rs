//! A metric over the window and the hours ahead, as a picture with axes: means and what they rose to,
//! the forecast with its interval, and the thresholds.

use std::fmt::Write as _;

use super::words;
use crate::monitor::dashboard::ResourceDetails;
use crate::monitor::status::{duration, short};
use crate::monitor::threshold::ThresholdBasis;

const WIDTH: f64 = 360.0;
const HEIGHT: f64 = 150.0;
/// Room for the labels of the axes.
const LEFT: f64 = 44.0;
const TOP: f64 = 20.0;
const RIGHT: f64 = 352.0;
const BOTTOM: f64 = 128.0;
/// Where the forecast begins, where there is one: it has a scale of its own, for six hours beside
/// four weeks are a dot.
const NOW: f64 = 278.0;
/// Least distance between labels of the vertical axis.
const APART: f64 = 11.0;
/// A critical level further above everything else than this is left to the words.
const FAR_ABOVE: f64 = 2.5;

/// A step ahead: when, mean, and the ends of its interval.
type Step = (f64, f64, f64, f64);

/// The picture; nothing of fewer than two points.
pub(super) fn render(one: &ResourceDetails) -> String {
    let (Some(first), Some(last)) = (one.chart.first(), one.chart.last()) else { return String::new() };
    if one.chart.len() < 2 {
        return String::new();
    }
    let ahead = ahead(one);
    let now = last.at_seconds.max(first.at_seconds + 1.0);
    let middle = if ahead.is_empty() { RIGHT } else { NOW };
    let end = ahead.last().map_or(now, |step| step.0).max(now + 1.0);
    let top = top(one, &ahead);
    let x = |at: f64| match at <= now {
        true => LEFT + (at - first.at_seconds) / (now - first.at_seconds) * (middle - LEFT),
        false => middle + (at - now) / (end - now) * (RIGHT - middle),
    };
    let y = |value: f64| BOTTOM - (value / top).clamp(0.0, 1.0) * (BOTTOM - TOP);
    let curve = |points: &mut dyn Iterator<Item = (f64, f64)>| {
        let mut line = String::new();
        for (at, value) in points {
            // A text that is written to never fails.
            let _ = write!(line, "{:.1},{:.1} ", x(at), y(value));
        }
        line.trim_end().to_owned()
    };
    let band = |upper: String, lower: String, class: &str| {
        format!("<polygon points=\"{upper} {lower}\" class=\"{class}\"/>")
    };

    let mut svg = format!(
        "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{} of {} from {} to {}\">",
        words::html(one.status.metric.title()),
        words::html(&one.service),
        words::date(first.at_seconds),
        words::date(end)
    );
    svg.push_str(&axes(one, top, &y));
    let label = |at: f64, anchor: &str, words: &str| {
        format!("<text x=\"{at:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\">{words}</text>", BOTTOM + 15.0)
    };
    svg.push_str(&label(LEFT, "start", &words::moment_of(first.at_seconds, now - first.at_seconds)));
    if ahead.is_empty() {
        svg.push_str(&label(RIGHT, "end", &words::moment_of(now, now - first.at_seconds)));
    } else {
        let _ = write!(
            svg,
            "<line x1=\"{NOW}\" x2=\"{NOW}\" y1=\"{TOP}\" y2=\"{}\" class=\"now\"/>",
            BOTTOM + 4.0
        );
        svg.push_str(&label(NOW, "middle", "last"));
        svg.push_str(&label(RIGHT, "end", &format!("+{}", duration(end - now))));
    }

    let means = || one.chart.iter().map(|point| (point.at_seconds, point.mean));
    let greatest = curve(&mut one.chart.iter().map(|point| (point.at_seconds, point.max)));
    svg.push_str(&band(greatest, curve(&mut means().rev()), "reach"));
    if !ahead.is_empty() {
        let start = (now, last.mean);
        let upper = curve(&mut std::iter::once(start).chain(ahead.iter().map(|step| (step.0, step.3))));
        let lower = curve(&mut ahead.iter().rev().map(|step| (step.0, step.2)));
        svg.push_str(&band(upper, lower, "band"));
        let line = curve(&mut std::iter::once(start).chain(ahead.iter().map(|step| (step.0, step.1))));
        let _ = write!(svg, "<polyline points=\"{line}\" class=\"curve ahead\"/>");
    }
    let _ = write!(svg, "<polyline points=\"{}\" class=\"curve\"/></svg>", curve(&mut means()));
    svg
}

fn ahead(one: &ResourceDetails) -> Vec<Step> {
    let Some(found) = &one.forecast else { return Vec::new() };
    let (Some(clock), Some(interval)) = (found.forecast.clock, found.forecast.intervals.first()) else {
        return Vec::new();
    };
    let bounds = interval.lower.iter().zip(&interval.upper);
    let steps = found.forecast.mean.iter().zip(bounds).enumerate();
    steps.map(|(index, (mean, (low, high)))| (clock.time_seconds(index), *mean, *low, *high)).collect()
}

/// The top of the vertical axis: everything that was or is to come, the warning, and what is critical
/// unless that is far above.
fn top(one: &ResourceDetails, ahead: &[Step]) -> f64 {
    let thresholds = &one.status.thresholds;
    let seen = one.chart.iter().map(|point| point.max).chain(ahead.iter().map(|step| step.3));
    let highest = seen.fold(thresholds.warning, f64::max);
    let with = if thresholds.critical <= FAR_ABOVE * highest { thresholds.critical } else { 0.0 };
    highest.max(with).max(1e-12) * 1.06
}

/// The axes, and the thresholds with their values.
fn axes(one: &ResourceDetails, top: f64, y: &dyn Fn(f64) -> f64) -> String {
    let status = &one.status;
    let caption = match status.thresholds.basis {
        ThresholdBasis::Utilization => "% of capacity",
        ThresholdBasis::Value => status.unit.as_str(),
    };
    let mut svg = format!(
        "<text x=\"0\" y=\"10\">{}</text>\
         <line x1=\"{LEFT}\" x2=\"{RIGHT}\" y1=\"{BOTTOM}\" y2=\"{BOTTOM}\" class=\"axis\"/>\
         <line x1=\"{LEFT}\" x2=\"{LEFT}\" y1=\"{TOP}\" y2=\"{BOTTOM}\" class=\"axis\"/>",
        words::html(caption)
    );
    let mut taken = Vec::new();
    let mut tick = |svg: &mut String, value: f64| {
        let at = y(value);
        if taken.iter().all(|other: &f64| (other - at).abs() >= APART) {
            taken.push(at);
            let _ = write!(
                svg,
                "<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                LEFT - 4.0,
                at + 3.5,
                short(value)
            );
        }
    };
    tick(&mut svg, 0.0);
    let lines = [("critical", status.thresholds.critical), ("warning", status.thresholds.warning)];
    for (class, value) in lines.into_iter().filter(|line| line.1 <= top) {
        tick(&mut svg, value);
        let level = y(value);
        let _ = write!(
            svg,
            "<line x1=\"{LEFT}\" x2=\"{RIGHT}\" y1=\"{level:.1}\" y2=\"{level:.1}\" class=\"limit {class}\"/>"
        );
    }
    svg
}

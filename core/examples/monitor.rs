//! A collector fed with two weeks of readings, and its report as Markdown; with `html`, as a page.
//!
//! `cargo run -p sizewell --example monitor -- html > report.html`

use sizewell::monitor::{
    Capacities, Collector, CollectorOptions, DashboardOptions, Metric, Reading, ReportFormat, render_report,
};

fn main() -> Result<(), sizewell::Error> {
    let start = 1_763_337_600.0;
    let count = 14 * 288;
    let times: Vec<f64> = (0..count).map(|index| start + 300.0 * f64::from(index)).collect();
    let now = start + 300.0 * f64::from(count - 1);
    // Busy from nine to six, quiet on Saturdays and Sundays, a little more every day.
    let busy_gpus = |index: i32| {
        let (day, hour) = (index / 288, index % 288 / 12);
        let week = if day % 7 < 5 { 1.0 } else { 0.6 };
        let hours = if (9..18).contains(&hour) { 11.0 } else { 5.0 };
        (hours + 0.15 * f64::from(day)) * week + f64::from(index * 7 % 13) / 13.0
    };
    let usage: Vec<f64> = (0..count).map(busy_gpus).collect();

    let mut collector = Collector::new(CollectorOptions::default())?;
    collector.record_columns(now, "chat", Metric::Gpu, &times, &usage, Capacities::One(16.0))?;
    collector.record(now, &Reading::signal("chat", Metric::LatencyP95, 2.4))?;
    collector.record(now, &Reading::new("chat", Metric::DatabaseConnections, 88.0, 100.0))?;

    let report = collector.report(now, &DashboardOptions::default())?;
    let format = match std::env::args().nth(1).as_deref() {
        Some("html") => ReportFormat::Html,
        Some("json") => ReportFormat::Json,
        _ => ReportFormat::Markdown,
    };
    println!("{}", render_report(&report, format)?);
    Ok(())
}

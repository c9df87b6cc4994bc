//! Reports and the quarterly review.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

mod monitor_support;

use monitor_support::{DAY, START, filled};
use sizewell::monitor::{
    CacheColumns, CostColumns, DashboardOptions, Metric, Reading, ReportFormat, ReviewRequest, ReviewState,
    UsageProjection, quarterly_review, render_report,
};

#[test]
fn a_quarter_is_reviewed() {
    let (collector, end) = filled(28.0, 60.0, 0.6);
    let resources = collector.all_details(end, &DashboardOptions::default()).unwrap();
    let empty = quarterly_review(&ReviewRequest::default()).unwrap();
    assert_eq!(empty.items.len(), 6);
    assert!(empty.items.iter().all(|item| item.state == ReviewState::NoData));
    assert!(
        empty.items.iter().all(|item| item.findings.len() == 1 && item.findings[0].starts_with("Needed: "))
    );
    let days: Vec<f64> = (0..90).map(|day| START + f64::from(day) * DAY).collect();
    let request = ReviewRequest {
        resources,
        projections: vec![UsageProjection { service: "chat".into(), metric: Metric::Gpu, value: 60.0 }],
        costs: CostColumns {
            at_seconds: days.clone(),
            usd: (0..90).map(|day| 100.0 + f64::from(day) + f64::from(day % 7)).collect(),
            requests: vec![10_000.0; 90],
        },
        cache: CacheColumns { at_seconds: days, hits: vec![2_000.0; 90], lookups: vec![10_000.0; 90] },
        now_seconds: None,
    };
    let review = quarterly_review(&request).unwrap();
    let states: Vec<ReviewState> = review.items.iter().map(|item| item.state).collect();
    use ReviewState::{Attention, Fine};
    assert_eq!(states, [Attention, Attention, Fine, Attention, Attention, Attention], "{review:#?}");
    // 1 USD more each day on about 147: 20.6% a month of the median.
    let monthly = review.items[1].figures["change_per_month_fraction"];
    assert!((monthly - 30.4375 / 147.5).abs() < 0.01, "{monthly}");
    assert_eq!(review.items[2].figures["hit_fraction"], 0.2);
    // What is projected now is what the next review holds usage against.
    let (next, now) = (&review.projections[0], &request.resources[0].trend);
    assert_eq!((review.projections.len(), next.metric), (1, Metric::Gpu));
    assert!((next.value - (now.p95 + now.slope_per_day.unwrap() * 91.3125)).abs() < 1e-9);
    let later = ReviewRequest { projections: review.projections.clone(), ..request.clone() };
    assert!(quarterly_review(&later).unwrap().items[0].findings[0].contains("projected"));
    let report = collector.report(end, &DashboardOptions::default()).unwrap().with_review(review);
    let markdown = render_report(&report, ReportFormat::Markdown).unwrap();
    for title in [
        "Review actual vs projected usage",
        "Analyze cost per request trends",
        "Evaluate cache effectiveness",
        "Check for hotspots/bottlenecks",
        "Update capacity projections",
        "Plan infrastructure changes",
    ] {
        assert!(markdown.contains(&format!("- [x] **{title}**")), "{markdown}");
    }
    let unknown = ReviewRequest { resources: Vec::new(), ..request.clone() };
    assert_eq!(quarterly_review(&unknown).unwrap_err().path(), "projections[0].service");
    let mut broken = request;
    broken.cache.hits[4] = 1e9;
    assert_eq!(quarterly_review(&broken).unwrap_err().path(), "cache.hits[4]");
}

/// Every tag of a page is closed in order, and nothing is loaded or run.
#[test]
fn pages_are_whole() {
    let (mut collector, end) = filled(28.0, 60.0, 0.4);
    let name = "</title><script>alert('x')</script>\"&|*";
    collector.record(end, &Reading::new(name, Metric::Compute, 97.0, 100.0)).unwrap();
    let report = collector.report(end, &DashboardOptions::default()).unwrap().titled(name).unwrap();
    let page = render_report(&report, ReportFormat::Html).unwrap();
    for never in ["<script", "http:", "https:", "url(", "src=", "href="] {
        assert!(!page.contains(never), "{never}");
    }
    // Charts have axes with units, thresholds and times; a narrow screen has the columns' names.
    for always in
        ["% of capacity</text>", ">95</text>", ">80</text>", ">0</text>", "2025-10-10", "data-label="]
    {
        assert!(page.contains(always), "{always}");
    }
    assert!(page.contains("default-src 'none'"), "what is not in the page is not fetched");
    let mut open: Vec<String> = Vec::new();
    for part in page.split('<').skip(1) {
        let (tag, _) = part.split_once('>').unwrap();
        let name = tag.trim_start_matches('/').split([' ', '\n']).next().unwrap().to_owned();
        if tag.starts_with('/') {
            assert_eq!(open.pop().as_deref(), Some(name.as_str()), "{tag}");
        } else if !tag.ends_with('/') && !["meta", "!DOCTYPE"].contains(&name.as_str()) {
            open.push(name);
        }
    }
    assert_eq!(open, Vec::<String>::new());
    let markdown = render_report(&report, ReportFormat::Markdown).unwrap();
    let row = markdown.lines().find(|line| line.starts_with("| ") && line.contains("script")).unwrap();
    assert_eq!(row.replace("\\|", "").matches('|').count(), 8, "{row}");
}

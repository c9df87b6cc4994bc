//! `docs/ACCURACY.md`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use sizewell::engine::Coefficients;

use crate::points::Point;
use crate::statistics::{CLASSES, Case, Interval, Summary};

/// What was left out, and the points predicted without it.
pub struct Trial<'a> {
    pub title: &'static str,
    pub cases: Vec<Case<'a>>,
}

const HEADER: &str = "| | points | ITL median | ITL mean | within 20% | bias | in 90% interval | TTFT median | bias | in 90% interval |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n";

fn percent(share: f64) -> String {
    format!("{:.1}%", share * 100.0)
}

fn signed(share: f64) -> String {
    format!("{:+}%", (share * 100.0).round() as i64)
}

fn row(text: &mut String, name: &str, summary: &Summary) {
    let _ = writeln!(
        text,
        "| {name} | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
        summary.points,
        percent(summary.itl_median),
        percent(summary.itl_mean),
        percent(summary.itl_within_20),
        signed(summary.itl_bias),
        percent(summary.itl_coverage),
        percent(summary.ttft_median),
        signed(summary.ttft_bias),
        percent(summary.ttft_coverage),
    );
}

fn table(text: &mut String, cases: &[Case<'_>], key: impl Fn(&Point) -> String) {
    let mut parts: BTreeMap<String, Vec<&Case<'_>>> = BTreeMap::new();
    for case in cases {
        parts.entry(key(case.point)).or_default().push(case);
    }
    text.push_str(HEADER);
    for (name, cases) in parts {
        if let Some(summary) = Summary::of(cases.into_iter()) {
            row(text, &name, &summary);
        }
    }
    text.push('\n');
}

fn concurrency_class(point: &Point) -> String {
    let at = point.concurrency();
    [4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 512.0]
        .into_iter()
        .find(|most| at <= *most)
        .map_or_else(|| "more than 512".into(), |most| format!("{most:4} or less"))
}

/// Why points are doubtful, and which.
type Doubt = (&'static str, fn(&Point) -> bool);

/// Points that no model could be right about, or whose deployment is not known, and why.
const DOUBTFUL: &[Doubt] = &[
    (
        "DeepSeek-V3 on B300 with SGLang 0.5.10: prompts of 8,192 tokens took three to eight times as long as on B200 with the release before, and answers waited for them",
        |point| point.group().starts_with("DeepSeek-V3/R1 · B300"),
    ),
    (
        "Llama-3.1-8B in fp8 on H200 (vLLM 0.12, no date): at 112 clients and 1000→100 tokens it would prefill at three quarters of the GPU's fp8 peak while decoding; prompts were shared, or ran elsewhere",
        |point| point.group().starts_with("Llama-3.1-8B · H200"),
    ),
    (
        "Qwen3-32B on GB200 and B200 (TensorRT-LLM 1.2 and 1.3): latency does not grow with the load (42 ms at 2 clients, 28 ms at 8); clients ÷ batch size of 2 to 32 say several replicas, of unknown number",
        |point| point.base_model() == "Qwen3-32B" && matches!(point.gpu_id(), "GB200" | "B200"),
    ),
    (
        "NVFP4 checkpoints and gpt-oss with TensorRT-LLM 1.3.0rc at 4000→1000 tokens: four to five times slower than the same setting a month before; batch sizes that are not the clients' number, replicas unknown",
        |point| {
            point.row.backend_version.starts_with("1.3.0rc") || point.row.backend_version == "1.2.0rc6.post1"
        },
    ),
    (
        "gpt-oss-120b on H100 at 512 clients (vLLM 0.11): a TTFT of 20 to 460 s beside an ITL of 4 to 6 ms: the client or the front end was the bottleneck, not the engine",
        |point| point.group().starts_with("gpt-oss-120b · H100 · vllm") && point.concurrency() >= 512.0,
    ),
    (
        "DeepSeek on B200 with SGLang in fp4, November 2025: a TTFT of 2 to 9 s at 16 to 128 clients, 0.3 to 0.6 s in the sweep of March 2026",
        |point| {
            point.group().contains("B200 · sglang")
                && point.group().starts_with("DeepSeek")
                && point.row.ttft_mean_ms > 1500.0
        },
    ),
    (
        "DeepSeek-R1 on GB200 with SGLang, disaggregated over 72 GPUs: an ITL of 32 ms whatever the load, so a fixed cost of wide expert parallelism that other engines' runs do not show",
        |point| point.group().starts_with("DeepSeek-V3/R1 · GB200 · sglang"),
    ),
    (
        "Qwen3-235B on H100 (TensorRT-LLM 1.0.0rc3): 25 to 35% faster than predicted at every load; the benchmark's prompts may touch fewer distinct experts than random text does",
        |point| point.group().starts_with("Qwen3-235B-A22B · H100"),
    ),
];

pub fn text(
    trials: &[Trial<'_>],
    fitted: &[Case<'_>],
    intervals: &[(Interval, Interval); CLASSES.len()],
    fit: &Coefficients,
) -> String {
    let mut text = String::from(INTRODUCTION);
    let first = &trials[0].cases;
    if let Some(all) = Summary::of(first.iter()) {
        let dense = Summary::of(first.iter().filter(|case| !case.point.is_moe()));
        let _ = writeln!(
            text,
            "## In one table\n\nGroups of model, GPU and engine left out of the fit and then predicted; each of the source's {} points counts.\n",
            all.points
        );
        text.push_str("| on held-out groups | sizewell | aiconfigurator 0.12, on the points it can predict |\n| --- | --- | --- |\n");
        for (name, ours, theirs) in [
            ("points predicted", "100%".to_owned(), "62%"),
            ("ITL, median absolute error", percent(all.itl_median), "16%"),
            ("ITL, mean absolute error", percent(all.itl_mean), "26%"),
            ("ITL within 20%", percent(all.itl_within_20), "57%"),
            (
                "ITL, median absolute error, dense models",
                dense.map_or(String::new(), |dense| percent(dense.itl_median)),
                "13%",
            ),
            ("TTFT, median absolute error", percent(all.ttft_median), "43%"),
            ("ITL in the 90% prediction interval", percent(all.itl_coverage), "none given"),
            ("TTFT in the 90% prediction interval", percent(all.ttft_coverage), "none given"),
        ] {
            let _ = writeln!(text, "| {name} | {ours} | {theirs} |");
        }
        text.push('\n');
    }
    text.push_str("## What was left out\n\n");
    text.push_str(HEADER);
    if let Some(summary) = Summary::of(fitted.iter()) {
        row(&mut text, "nothing (the fit itself)", &summary);
    }
    for trial in trials {
        if let Some(summary) = Summary::of(trial.cases.iter()) {
            row(&mut text, trial.title, &summary);
        }
    }
    text.push_str("\n## Points that are doubtful\n\nThey count in every figure of this page.\n\n");
    text.push_str(HEADER.replacen("| |", "| points |", 1).as_str());
    for (reason, filter) in DOUBTFUL {
        if let Some(summary) = Summary::of(first.iter().filter(|case| filter(case.point))) {
            row(&mut text, reason, &summary);
        }
    }
    if let Some(summary) =
        Summary::of(first.iter().filter(|case| !DOUBTFUL.iter().any(|(_, filter)| filter(case.point))))
    {
        row(&mut text, "all others", &summary);
    }
    text.push_str("\n## Prediction intervals\n\nA 90% interval runs from the 5% to the 95% quantile of measured ÷ predicted over points that the prediction had not seen. Coverage above is of intervals that did not see the group either.\n\n| | ITL from | to | TTFT from | to |\n| --- | --- | --- | --- | --- |\n");
    for (class, (itl, ttft)) in CLASSES.iter().zip(intervals) {
        let _ = writeln!(
            text,
            "| {class} | × {:.2} | × {:.2} | × {:.2} | × {:.2} |",
            itl.low.exp(),
            itl.high.exp(),
            ttft.low.exp(),
            ttft.high.exp()
        );
    }
    for trial in trials {
        let _ = writeln!(text, "\n## Leaving out each {}\n", trial.title);
        for (name, key) in [
            ("model", Point::base_model as fn(&Point) -> String),
            ("GPU", |point| point.gpu_id().to_owned()),
            ("engine", |point| point.backend.as_str().to_owned()),
            ("precision", |point| point.precision().to_owned()),
            ("clients", concurrency_class),
        ] {
            let _ = writeln!(text, "By {name}:\n");
            table(&mut text, &trial.cases, key);
        }
    }
    let _ = writeln!(text, "## Leaving out each group, by group\n");
    table(&mut text, first, Point::group);
    let _ = writeln!(
        text,
        "## Coefficients\n\nFitted to all points; `core/src/engine/roofline/coefficients.rs` says what each means.\n\n| coefficient | assumed | fitted |\n| --- | --- | --- |"
    );
    let prior = Coefficients::PRIOR.to_array();
    for ((name, value), prior) in Coefficients::NAMES.iter().zip(fit.to_array()).zip(prior) {
        let _ = writeln!(text, "| `{name}` | {prior} | {value} |");
    }
    text
}

const INTRODUCTION: &str = "# Accuracy\n\nWritten by `cargo xtask accuracy`; do not edit.\n\nHow well the engine model predicts serving benchmarks that were measured on real hardware: `data/benchmarks/measured.csv`, 2,323 distinct points (2,630 rows in their source) of TensorRT-LLM, vLLM and SGLang on H100, H200, B200, B300 and GB200, dense and mixture-of-experts models. All are closed loops: so many clients, mean latencies.\n\nThe model has one set of coefficients for all models, GPUs and engines (the last section). To test it, the coefficients are fitted anew without the points of one group, those points are predicted, and so on for each group. The priors of the coefficients come from measured kernels (aiconfigurator-core 0.12.0: achieved shares of the peaks, fits of GEMM times) and from what such operations usually cost; they, and four constants of the fit (noise, robustness, correlation), were settled while looking at errors on these points, so that the figures are those of a model developed on this data, though never fitted to the points it predicts. How each point was run (parallelism, drafts, formats, limits) is in the data file's own columns, from the benchmark's public settings. DeepSeek-V3 and R1 count as one model: they have one architecture, and 142 measurements are in the source under both names.\n\nErrors are |predicted ÷ measured − 1|; the bias is the median of predicted ÷ measured − 1.\n\n";

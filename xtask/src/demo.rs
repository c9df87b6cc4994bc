//! `cargo xtask demo`: the main job on real input, from a sentence to manifests.

use std::fs;
use std::time::Instant;

use anyhow::{Context, Result};
use sizewell::manifest::{ManifestSettings, render_manifests};
use sizewell::recommend::{DeploymentOption, Recommendation, recommend};
use sizewell::workload::{Intent, ParsedIntent, Specification, TraceSummary, parse_intent, specify};

const DEFAULT_SENTENCE: &str =
    "a support chatbot for 1,000 users, low latency, on AWS, under $10,000 a month";

pub fn run(arguments: &[String]) -> Result<()> {
    let sentence = if arguments.is_empty() { DEFAULT_SENTENCE.to_owned() } else { arguments.join(" ") };
    let begun = Instant::now();
    let catalog = sizewell_data::catalog();
    let trace = sizewell_data::azure_conversation_2023()?.summary()?;

    heading("The request");
    println!("\"{sentence}\"");
    let understood = parse_intent(&sentence)?;
    print_understood(&understood)?;

    heading("Real traffic: one hour of a production chat service (Azure, 2023)");
    print_traffic(&trace);

    heading("The specification");
    let intent = completed(understood.intent, &trace);
    let specification = specify(&intent)?;
    print_specification(&specification);

    let recommendation = recommend(catalog, &specification)?;
    heading("The best options");
    println!("{}\n", recommendation.summary);
    print_options(&recommendation.options);
    for note in &recommendation.notes {
        println!("note: {note}");
    }
    if let Some(best) = recommendation.options.first() {
        heading("Why the first");
        for sentence in &best.explanation {
            println!("- {sentence}");
        }
    }
    print_near_misses(&recommendation);

    if let Some(best) = recommendation.options.first() {
        heading("Manifests of the first");
        let folder = crate::root().join("demo-output");
        fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        for manifest in render_manifests(catalog, best, &ManifestSettings::default())? {
            let path = folder.join(&manifest.file_name);
            fs::write(&path, &manifest.yaml).with_context(|| path.display().to_string())?;
            println!("{:<26} demo-output/{}", manifest.kind, manifest.file_name);
        }
    }
    println!("\nAll of it in {} ms, on one core, offline.", begun.elapsed().as_millis());
    Ok(())
}

/// Where the sentence says nothing of the load or the use case, the demo takes the trace's.
fn completed(intent: Intent, trace: &TraceSummary) -> Intent {
    let mut intent = intent;
    if intent.users.is_none() && intent.qps.is_none() {
        println!("The sentence says nothing of the load: the trace's busiest minute is taken.");
        intent.qps = Some(trace.peak_minute_qps);
    }
    if intent.use_case.is_none() && (intent.input_tokens.is_none() || intent.output_tokens.is_none()) {
        println!("The sentence says nothing of the use: a chatbot is taken, as in the trace.");
        intent.use_case = Some(sizewell::workload::UseCase::ChatbotConversational);
    }
    intent
}

fn heading(text: &str) {
    println!("\n== {text} ==");
}

fn print_understood(understood: &ParsedIntent) -> Result<()> {
    let intent = serde_json::to_value(&understood.intent)?;
    for (path, evidence) in &understood.evidence {
        let value = path.split('.').try_fold(&intent, |value, field| value.get(field));
        let value = value.map(ToString::to_string).unwrap_or_default();
        println!("  {path:<28} {value:<28} from \"{}\"", evidence.words.join("\", \""));
    }
    for assumption in &understood.assumptions {
        println!("  assumed: {assumption}");
    }
    for question in understood.questions.iter().take(3) {
        println!("  to ask: {}", question.text);
    }
    Ok(())
}

fn print_traffic(trace: &TraceSummary) {
    println!(
        "  requests                     {} in {:.0} minutes",
        trace.requests,
        trace.duration_seconds / 60.0
    );
    println!("  rate                         {:.2} requests/s on average", trace.mean_qps);
    println!(
        "  busiest minute               {:.2} requests/s, {:.2} times the mean",
        trace.peak_minute_qps, trace.peak_to_mean_per_minute
    );
    println!(
        "  burstiness                   {:.2} (variance over mean per second; 1 is Poisson)",
        trace.dispersion_per_second
    );
    println!(
        "  prompt tokens                mean {:.0}, median {}, p95 {}",
        trace.input_tokens_mean, trace.input_tokens_p50, trace.input_tokens_p95
    );
    println!(
        "  answer tokens                mean {:.0}, median {}, p95 {}",
        trace.output_tokens_mean, trace.output_tokens_p50, trace.output_tokens_p95
    );
}

fn print_specification(specification: &Specification) {
    for (path, origin) in &specification.origins {
        let kind = format!("{:?}", origin.kind).to_lowercase();
        println!("  {path:<34} {:<24} {kind:<9} {}", origin.value, origin.note);
    }
}

fn print_options(options: &[DeploymentOption]) {
    if options.is_empty() {
        return;
    }
    let widest = |text: &dyn Fn(&DeploymentOption) -> String| {
        options.iter().take(5).map(|option| text(option).chars().count()).max().unwrap_or_default()
    };
    let gpus = |option: &DeploymentOption| format!("{} × {}", option.gpu_count, option.gpu);
    let (width, gpus_width) = (widest(&|option| option.model.clone()), widest(&gpus));
    println!(
        "{:>2}  {:<width$} {:<gpus_width$} {:>10} {:>8} {:>7} {:>7} {:>8} {:>6}",
        "#", "model", "GPUs", "USD/month", "TTFT ms", "ITL ms", "E2E ms", "quality", "score"
    );
    for option in options.iter().take(5) {
        let latency = &option.latency;
        println!(
            "{:>2}  {:<width$} {:<gpus_width$} {:>10.0} {:>8.1} {:>7.1} {:>7.0} {:>8} {:>6.1}",
            option.rank,
            option.model,
            gpus(option),
            option.usd_per_month,
            latency.ttft.value_ms,
            latency.itl.value_ms,
            latency.e2e.value_ms,
            option.quality.map_or_else(|| "-".to_owned(), |score| format!("{score:.0}")),
            option.scores.total,
        );
    }
    println!();
}

fn print_near_misses(recommendation: &Recommendation) {
    if let Some(unmeasured) = &recommendation.unmeasured {
        println!("{}", unmeasured.message);
    }
    if recommendation.near_misses.is_empty() {
        return;
    }
    heading("The nearest misses");
    for option in recommendation.near_misses.iter().take(3) {
        let misses: Vec<&str> = option.misses.iter().map(|miss| miss.message.as_str()).collect();
        println!("- {} on {} × {}: {}", option.model, option.gpu_count, option.gpu, misses.join("; "));
    }
    println!("{} more were ruled out, each with its reason.", recommendation.rejected.len());
}

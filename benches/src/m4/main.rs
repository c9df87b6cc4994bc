//! How well the forecasting models do on the M4 competition's hourly and weekly series: writes
//! `docs/FORECASTING.md`.
//!
//! `m4 [--tuning [--earlier HORIZONS] [--auto]]`: with `--tuning`, prints the figures of the half that
//! choices were made on, and writes nothing; with `--earlier`, of its training parts alone, the end
//! so many horizons back; with `--auto`, of `auto` and Naive2 alone. The series are not shipped; without `../shared/data/forecasting`
//! beside the repository it says so and ends.

mod report;
mod scores;
mod series;

use std::path::Path;

use anyhow::Context as _;
use scores::{Score, hourly_models, score, weekly_models};
use series::{Half, Set};

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let Some((mut hourly, mut weekly)) = read(&root)? else {
        println!("skipped: the M4 series are not in {}", series::folder(&root).display());
        return Ok(());
    };
    let usage = "usage: m4 [--tuning [--earlier HORIZONS] [--auto]]";
    let (mut half, mut auto) = (Half::Reporting, false);
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--tuning" => half = Half::Tuning,
            "--earlier" if half == Half::Tuning => {
                let horizons = rest.next().context(usage)?.parse()?;
                hourly.earlier(horizons);
                weekly.earlier(horizons);
            }
            "--auto" if half == Half::Tuning => auto = true,
            _ => anyhow::bail!(usage),
        }
    }
    let (mut of_hours, mut of_weeks) = (hourly_models(), weekly_models());
    if auto {
        for models in [&mut of_hours, &mut of_weeks] {
            models.retain(|model| ["auto", "Naive2"].contains(&model.name));
        }
    }
    let hourly_scores = scores_of(&hourly, half, &of_hours)?;
    let weekly_scores = scores_of(&weekly, half, &of_weeks)?;
    if half == Half::Tuning {
        return Ok(());
    }
    let path = root.join("docs/FORECASTING.md");
    std::fs::write(&path, report::text(&hourly_scores, &weekly_scores))?;
    println!("wrote docs/FORECASTING.md");
    Ok(())
}

/// Both sets, where they are there.
fn read(root: &Path) -> anyhow::Result<Option<(Set, Set)>> {
    let hourly = Set::read(root, "m4_hourly_dev.csv", 24, 48, 3_600.0)?;
    let weekly = Set::read(root, "m4_weekly_dev.csv", 1, 13, 604_800.0)?;
    Ok(hourly.zip(weekly))
}

fn scores_of(set: &Set, half: Half, models: &[scores::Model]) -> anyhow::Result<Vec<Score>> {
    let mut scores: Vec<Score> = Vec::new();
    for model in models {
        let mut score = score(set, half, model)?;
        let reference = scores.first().unwrap_or(&score);
        score.owa =
            sizewell::forecast::accuracy::owa(score.smape, score.mase, reference.smape, reference.mase);
        println!(
            "{:<34} {:>3} series  OWA {:.3}  sMAPE {:6.2}  MASE {:6.3}  coverage {:.3}  MSIS {:6.2}  {:7.2} ms",
            score.name,
            score.series,
            score.owa,
            score.smape,
            score.mase,
            score.coverage,
            score.msis,
            score.milliseconds
        );
        scores.push(score);
    }
    Ok(scores)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The figures in `docs/FORECASTING.md` are of 103 series each; a sixth of them keeps the
    /// models and the page together. Without the series there is nothing to hold.
    #[test]
    fn auto_does_as_the_page_says() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let Some((mut hourly, _)) = read(&root).unwrap() else {
            println!("skipped: no M4 series");
            return;
        };
        hourly.keep_every(6);
        let models = hourly_models();
        let named = |name: &str| models.iter().find(|model| model.name == name).unwrap();
        let reference = score(&hourly, Half::Reporting, named("Naive2")).unwrap();
        let auto = score(&hourly, Half::Reporting, named("auto")).unwrap();
        let owa = sizewell::forecast::accuracy::owa(auto.smape, auto.mase, reference.smape, reference.mase);
        assert!(auto.series >= 15 && owa < 0.5, "{owa}");
        assert!((0.88..=1.0).contains(&auto.coverage), "{}", auto.coverage);
    }
}

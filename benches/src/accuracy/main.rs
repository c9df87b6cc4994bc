//! How well the engine predicts what was measured: fits its coefficients to the measured points,
//! leaves out what it is tested on, and writes `docs/ACCURACY.md`.
//!
//! `accuracy [--fit] [--residuals FILE]`: with `--fit` the coefficients in
//! `core/src/engine/roofline/fitted.rs` are replaced by what all points together say.

mod fitting;
mod points;

use std::path::Path;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let points = points::read(&root)?;
    let problem = fitting::Problem::new(&points);
    let start = std::time::Instant::now();
    let all = vec![true; points.len()];
    let fit = problem.fit(&all, &sizewell::engine::Coefficients::PRIOR)?;
    eprintln!("fit {:.1?}", start.elapsed());
    for (index, name) in sizewell::engine::Coefficients::NAMES.iter().enumerate() {
        let (value, prior, spread) = (
            fit.to_array()[index],
            sizewell::engine::Coefficients::PRIOR.to_array()[index],
            sizewell::engine::Coefficients::SPREAD.to_array()[index],
        );
        eprintln!("{name:28} {value:.4} ({:+.1})", (value / prior).ln() / spread);
    }
    let fitted = problem.predict(&fit);
    fitting::report("in sample", &points, &fitted);
    let jacobian = problem.jacobian(&fit);
    for (name, key) in [
        ("group", points::Point::group as fn(&points::Point) -> String),
        ("gpu", |point| point.gpu_id().to_owned()),
        ("model", points::Point::base_model),
    ] {
        let held_out = problem.leave_out(key, &fit, &jacobian)?;
        fitting::report(name, &points, &held_out);
        if let Some(at) = arguments.iter().position(|argument| argument == "--residuals")
            && name == "group"
            && let Some(path) = arguments.get(at + 1)
        {
            fitting::write_residuals(Path::new(path), &points, &fitted, &held_out)?;
        }
    }
    eprintln!("all {:.1?}", start.elapsed());
    if arguments.iter().any(|argument| argument == "--fit") {
        fitting::write_coefficients(&root, &fit)?;
    }
    Ok(())
}

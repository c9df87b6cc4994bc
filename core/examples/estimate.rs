//! Latencies and throughput of a model on a GPU at rising rates, with their intervals:
//! `cargo run --release --example estimate -- Llama-3.3-70B-Instruct H100`.

use sizewell::queueing::{Column, EstimateColumns, estimate_many};

fn main() -> Result<(), sizewell::Error> {
    let mut names = std::env::args().skip(1);
    let model = names.next().unwrap_or_else(|| "Llama-3.3-70B-Instruct".into());
    let gpu = names.next().unwrap_or_else(|| "H100".into());
    let rates: Vec<Option<f64>> = (0..8).map(|step| Some(0.5 * f64::from(1 << step))).collect();
    let columns = EstimateColumns {
        qps: Some(Column::Many(rates.clone())),
        ..EstimateColumns::new(model, gpu, Column::One(1024.0), Column::One(256.0))
    };
    let table = estimate_many(sizewell_data::catalog(), &columns)?;
    println!("{:>8} {:>22} {:>22} {:>8} {:>8}", "qps", "TTFT p95, ms", "ITL mean, ms", "batch", "kv");
    for (row, rate) in rates.iter().enumerate() {
        let at = |column: &[Option<f64>]| column.get(row).copied().flatten();
        let span = |value, low, high| match (at(value), at(low), at(high)) {
            (Some(value), Some(low), Some(high)) => format!("{value:.1} ({low:.0} to {high:.0})"),
            _ => "–".into(),
        };
        println!(
            "{:>8.1} {:>22} {:>22} {:>8.1} {:>7.0}% {}",
            rate.unwrap_or_default(),
            span(&table.ttft_p95_ms, &table.ttft_p95_ms_low, &table.ttft_p95_ms_high),
            span(&table.itl_mean_ms, &table.itl_mean_ms_low, &table.itl_mean_ms_high),
            at(&table.batch_size).unwrap_or_default(),
            at(&table.kv_use).unwrap_or_default() * 100.0,
            table.reason.get(row).cloned().flatten().unwrap_or_default(),
        );
    }
    Ok(())
}

//! Work on all processors for the native bindings: the core itself has no threads.

use std::convert::Infallible;
use std::panic::resume_unwind;
use std::sync::{Mutex, PoisonError};
use std::thread::{available_parallelism, scope};

use sizewell::Result;
use sizewell::forecast::{ForecastBatch, ForecastManyRequest, ForecastTable};

/// Most parts that the rows of a table are cut into: enough for threads to end at about the same time.
const MOST_PARTS: usize = 10_000;

/// What `work` makes of every job, in the order of the jobs.
///
/// # Errors
///
/// That of the first job that is refused; jobs are begun in their order, and none after that.
pub fn each<J: Send, A: Send, E: Send>(
    jobs: Vec<J>,
    work: impl Fn(J) -> std::result::Result<A, E> + Sync,
) -> std::result::Result<Vec<A>, E> {
    let threads = available_parallelism().map_or(1, Into::into).min(jobs.len());
    let jobs = Mutex::new(jobs.into_iter().enumerate());
    let next = || jobs.lock().unwrap_or_else(PoisonError::into_inner).next();
    let run = || {
        let mut done = Vec::new();
        while let Some((place, job)) = next() {
            let answer = work(job);
            if answer.is_err() {
                while next().is_some() {}
            }
            done.push((place, answer));
        }
        done
    };
    let mut done = scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(run)).collect();
        let mut done = run();
        for thread in others {
            done.extend(thread.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        done
    });
    done.sort_unstable_by_key(|(place, _)| *place);
    done.into_iter().map(|(_, answer)| answer).collect()
}

/// Forecasts of many series, as [`sizewell::forecast::forecast_many`] has them.
///
/// # Errors
///
/// As there.
pub fn forecast_many(request: ForecastManyRequest) -> Result<ForecastTable> {
    let batch = ForecastBatch::new(request)?;
    let rows = batch.rows().div_ceil(MOST_PARTS).max(1);
    let starts: Vec<usize> = (0..batch.rows()).step_by(rows).collect();
    let Ok(parts) = each(starts, |start| Ok::<_, Infallible>(batch.forecast(start..start + rows)));
    let mut table = batch.forecast(0..0);
    for part in parts {
        table.append(part);
    }
    Ok(table)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

    use super::*;

    #[test]
    fn answers_are_in_order_and_the_first_error_counts() {
        let squares = each((0..1000).collect(), |job: usize| Ok::<_, usize>(job * job)).unwrap();
        assert!(squares.iter().enumerate().all(|(job, square)| *square == job * job));
        let refused = each((0..1000).collect(), |job: usize| if job % 7 == 6 { Err(job) } else { Ok(job) });
        assert_eq!(refused, Err(6));
        assert_eq!(each(Vec::new(), |job: usize| Ok::<_, usize>(job)), Ok(Vec::new()));
    }

    #[test]
    fn series_are_forecast_as_by_one_thread() {
        let request = |rows: usize| {
            let values: Vec<f64> = (0..rows * 30).map(|step| (step * 37 % 101) as f64).collect();
            let options = r#"{"values": [], "offsets": [], "horizon": 3, "model": "drift"}"#;
            let options: ForecastManyRequest =
                sizewell::wire::read_json_argument(options, "options").unwrap();
            options.with_columns(&values, (0..=rows).map(|row| row * 30).collect(), Vec::new())
        };
        for rows in [0, 1, 7, 10_001] {
            let table = forecast_many(request(rows)).unwrap();
            assert_eq!(table, sizewell::forecast::forecast_many(request(rows)).unwrap());
        }
    }
}

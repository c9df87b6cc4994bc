//! The series of the M4 competition that lie beside the repository.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// Where they are.
pub fn folder(root: &Path) -> PathBuf {
    root.join("../shared/data/forecasting")
}

/// Which half of the series: lines of the file by turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Half {
    /// The first, third, … of the file: what choices were made on.
    Tuning,
    /// The second, fourth, …: what is reported.
    Reporting,
}

/// One series.
pub struct Case {
    pub train: Vec<f64>,
    pub test: Vec<f64>,
    half: Half,
}

/// All series of a frequency.
pub struct Set {
    /// Period of the competition's scale of errors.
    pub period: usize,
    pub horizon: usize,
    pub step_seconds: f64,
    cases: Vec<Case>,
}

impl Set {
    /// The set of a file; none where there is no such file.
    pub fn read(
        root: &Path,
        name: &str,
        period: usize,
        horizon: usize,
        step_seconds: f64,
    ) -> anyhow::Result<Option<Self>> {
        let path = folder(root).join(name);
        if !path.exists() {
            return Ok(None);
        }
        let mut reader = csv::Reader::from_path(&path)?;
        let mut cases: Vec<Case> = Vec::new();
        for row in reader.records() {
            let row = row?;
            let values = row.get(2).context("a row has three columns")?;
            let values: Vec<f64> =
                values.split_whitespace().map(str::parse).collect::<Result<_, _>>().context("a value")?;
            if row.get(1) == Some("train") {
                let half = if cases.len().is_multiple_of(2) { Half::Tuning } else { Half::Reporting };
                cases.push(Case { train: values, test: Vec::new(), half });
            } else {
                cases.last_mut().context("a test part follows its training part")?.test = values;
            }
        }
        anyhow::ensure!(
            cases.iter().all(|case| case.test.len() == horizon),
            "{name}: test parts of {horizon}"
        );
        Ok(Some(Self { period, horizon, step_seconds, cases }))
    }

    pub fn half(&self, half: Half) -> impl Iterator<Item = &Case> {
        self.cases.iter().filter(move |case| case.half == half)
    }

    /// Moves the end of every series so many horizons back: the test part is then the end of what
    /// was the training part.
    pub fn earlier(&mut self, horizons: usize) {
        for case in &mut self.cases {
            let mut all = std::mem::take(&mut case.train);
            all.append(&mut case.test);
            all.truncate(all.len() - horizons * self.horizon);
            case.test = all.split_off(all.len() - self.horizon);
            case.train = all;
        }
    }

    /// Keeps one case in so many of each half.
    #[cfg(test)]
    pub fn keep_every(&mut self, nth: usize) {
        let mut index = 0;
        self.cases.retain(|_| {
            index += 1;
            (index - 1) / 2 % nth == 0
        });
    }
}

//! Points on a regular grid with gaps, and a cycle taken out.

use crate::forecast::statistics::{mean, median};

/// Means over equal stretches; none where nothing was observed.
#[derive(Debug, Clone)]
pub(crate) struct Grid {
    /// Length of a stretch, in whatever unit slopes are to be told.
    pub step_seconds: f64,
    pub values: Vec<Option<f64>>,
    /// By how much the variance of what is left is understated, because a mean was taken out at each
    /// phase of a cycle: c ÷ (c − 1) of c cycles.
    pub understated: f64,
}

impl Grid {
    pub(crate) fn present(&self) -> usize {
        self.values.iter().flatten().count()
    }

    /// Takes out what cycles of `period` stretches have in common; false where there are too few.
    ///
    /// The cycle is the mean at each phase of what is left after the seasonal Kendall slope: the
    /// median of slopes between points that are whole cycles apart (R. M. Hirsch, J. R. Slack and
    /// R. A. Smith, "Techniques of trend analysis for monthly water quality data", Water Resources
    /// Research 18, 1982), which the cycle itself can't move. A median at each phase would leave one
    /// point of each exactly on the line, and the test would count those as sure.
    pub(crate) fn take_out(&mut self, period: usize) -> bool {
        let mut slopes = Vec::new();
        for (index, early) in self.values.iter().enumerate() {
            let Some(early) = early else { continue };
            for (cycles, late) in self.values.iter().skip(index + period).step_by(period).enumerate() {
                if let Some(late) = late {
                    slopes.push((late - early) / ((cycles + 1) * period) as f64);
                }
            }
        }
        if slopes.len() < 4 {
            return false;
        }
        let slope = median(&mut slopes).unwrap_or_default();
        for phase in 0..period {
            let at_phase = || self.values.iter().enumerate().skip(phase).step_by(period);
            let left: Vec<f64> = at_phase()
                .filter_map(|(index, value)| value.map(|value| value - slope * index as f64))
                .collect();
            let level = mean(&left);
            for value in self.values.iter_mut().skip(phase).step_by(period).flatten() {
                *value -= level;
            }
        }
        let cycles = (self.present() as f64 / period as f64).max(1.5);
        self.understated = cycles / (cycles - 1.0);
        true
    }
}

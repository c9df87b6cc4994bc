//! The counts of successive windows, one after the other: their distribution, dispersion and
//! autocorrelation, without keeping them. Distinct counts of N requests are at most √(2N), so what
//! is kept stays small.

use std::collections::BTreeMap;

use super::windows::LagCorrelation;

/// The distribution of a sequence of counts.
#[derive(Debug, Clone)]
pub(super) struct Counts {
    lags: Vec<u32>,
    windows: u64,
    total: f64,
    squares: f64,
    /// Sum of the products of each count with that `lags[i]` windows before.
    products: Vec<f64>,
    /// The first counts, as many as the longest lag.
    first: Vec<f64>,
    /// The last counts, as many as the longest lag; the next takes the place `windows` modulo length.
    ring: Vec<f64>,
    common: Vec<u64>,
    rare: BTreeMap<u64, u64>,
}

/// Counts below this are tallied in an array.
const COMMON: u64 = 4096;

impl Counts {
    /// For autocorrelation at these lags.
    pub(super) fn new(lags: &[u32]) -> Self {
        let longest = lags.iter().copied().max().unwrap_or(0) as usize;
        Self {
            lags: lags.to_vec(),
            windows: 0,
            total: 0.0,
            squares: 0.0,
            products: vec![0.0; lags.len()],
            first: Vec::with_capacity(longest),
            ring: vec![0.0; longest],
            common: Vec::new(),
            rare: BTreeMap::new(),
        }
    }

    pub(super) fn add(&mut self, count: u64) {
        self.tally(count, 1);
        let value = count as f64;
        self.total += value;
        self.squares += value * value;
        let length = self.ring.len() as u64;
        for (product, lag) in self.products.iter_mut().zip(&self.lags) {
            let lag = u64::from(*lag);
            if value > 0.0 && self.windows >= lag {
                let before = self.ring.get(((self.windows - lag) % length.max(1)) as usize);
                *product += value * before.copied().unwrap_or_default();
            }
        }
        self.remember(value);
    }

    /// Takes in so many windows without a request.
    pub(super) fn add_zeros(&mut self, windows: u64) {
        self.tally(0, windows);
        let remembered = windows.min(self.ring.len() as u64);
        // Places in the ring go by the number of windows, so that those left out count first.
        let left_out = windows - remembered;
        let missing = self.ring.len().saturating_sub(self.first.len()) as u64;
        self.first.extend((0..left_out.min(missing)).map(|_| 0.0));
        self.windows += left_out;
        for _ in 0..remembered {
            self.remember(0.0);
        }
    }

    fn remember(&mut self, value: f64) {
        let length = self.ring.len();
        if self.first.len() < length {
            self.first.push(value);
        }
        if let Some(slot) = self.ring.get_mut((self.windows % length.max(1) as u64) as usize) {
            *slot = value;
        }
        self.windows += 1;
    }

    fn tally(&mut self, count: u64, windows: u64) {
        if windows == 0 {
            return;
        }
        if count >= COMMON {
            *self.rare.entry(count).or_insert(0) += windows;
            return;
        }
        if self.common.len() <= count as usize {
            self.common.resize(count as usize + 1, 0);
        }
        if let Some(slot) = self.common.get_mut(count as usize) {
            *slot += windows;
        }
    }

    pub(super) fn windows(&self) -> u64 {
        self.windows
    }

    pub(super) fn mean(&self) -> f64 {
        self.total / self.windows.max(1) as f64
    }

    /// Over n.
    pub(super) fn variance(&self) -> f64 {
        let mean = self.mean();
        (self.squares / self.windows.max(1) as f64 - mean * mean).max(0.0)
    }

    pub(super) fn most(&self) -> u64 {
        let rare = self.rare.last_key_value().map(|(count, _)| *count);
        rare.unwrap_or_else(|| self.common.len().saturating_sub(1) as u64)
    }

    /// The quantiles at ascending probabilities by linear interpolation between order statistics
    /// at p × (n − 1): definition 7 of Hyndman and Fan (1996), NumPy's default.
    pub(super) fn quantiles<const N: usize>(&self, probabilities: [f64; N]) -> [f64; N] {
        let last = self.windows.saturating_sub(1) as f64;
        probabilities.map(|probability| {
            let place = probability * last;
            let below = place.floor();
            let (low, high) = (self.at_rank(below as u64), self.at_rank((below + 1.0).min(last) as u64));
            low + (high - low) * (place - below)
        })
    }

    fn at_rank(&self, rank: u64) -> f64 {
        let common = self.common.iter().enumerate().map(|(count, windows)| (count as u64, *windows));
        let rare = self.rare.iter().map(|(count, windows)| (*count, *windows));
        let mut reached = 0;
        let found = common.chain(rare).find(|(_, windows)| {
            reached += windows;
            reached > rank
        });
        found.map_or(0.0, |(count, _)| count as f64)
    }

    /// The sample autocorrelation at each lag that half of the windows exceed (Box and Jenkins's
    /// estimator: about the mean of all, over the sum of squares of all); none where all counts
    /// are alike.
    pub(super) fn autocorrelation(&self) -> Vec<LagCorrelation> {
        let (windows, mean) = (self.windows as f64, self.mean());
        let whole = self.variance() * windows;
        if whole <= 0.0 {
            return Vec::new();
        }
        let length = self.ring.len();
        let last = |lag: usize| -> f64 {
            let place = |back: usize| ((self.windows - back as u64) % length.max(1) as u64) as usize;
            (1..=lag).filter_map(|back| self.ring.get(place(back))).sum()
        };
        let of_lag = |(lag, product): (&u32, &f64)| {
            let steps = *lag as usize;
            let early: f64 = self.first.iter().take(steps).sum();
            let pairs = windows - f64::from(*lag);
            let ends = (self.total - early) + (self.total - last(steps));
            let about_mean = product - mean * ends + pairs * mean * mean;
            LagCorrelation { lag: *lag, correlation: (about_mean / whole).clamp(-1.0, 1.0) }
        };
        let long_enough = |(lag, _): &(&u32, &f64)| self.windows >= 2 * u64::from(**lag).max(1);
        self.lags.iter().zip(&self.products).filter(long_enough).map(of_lag).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by_definition(values: &[f64], lag: usize) -> f64 {
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let whole: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
        let pairs = values.iter().skip(lag).zip(values);
        pairs.map(|(now, before)| (now - mean) * (before - mean)).sum::<f64>() / whole
    }

    #[test]
    fn autocorrelation_is_as_defined() {
        let mut values: Vec<u64> = (0..500u64).map(|index| index * index % 7 + index % 5).collect();
        values[100..180].fill(0);
        values[400] = 10_000;
        let mut counts = Counts::new(&[1, 2, 7, 60]);
        values[..100].iter().for_each(|count| counts.add(*count));
        counts.add_zeros(80);
        values[180..].iter().for_each(|count| counts.add(*count));
        let real: Vec<f64> = values.iter().map(|value| *value as f64).collect();
        for found in counts.autocorrelation() {
            let expected = by_definition(&real, found.lag as usize);
            assert!((found.correlation - expected).abs() < 1e-9, "{found:?}, {expected}");
        }
        assert_eq!((counts.windows(), counts.most()), (500, 10_000));
        let mut sorted = real;
        sorted.sort_by(f64::total_cmp);
        let [median, high] = counts.quantiles([0.5, 0.999]);
        assert_eq!(median, (sorted[249] + sorted[250]) / 2.0);
        assert!((high - (sorted[498] + (sorted[499] - sorted[498]) * (0.999 * 499.0 - 498.0))).abs() < 1e-6);
    }

    #[test]
    fn long_gaps_take_no_time_and_count() {
        let mut counts = Counts::new(&[1, 3]);
        counts.add(5);
        counts.add_zeros(3_000_000_000);
        counts.add(5);
        assert_eq!(counts.windows(), 3_000_000_002);
        assert!((counts.mean() * 3_000_000_002.0 - 10.0).abs() < 1e-6);
        assert!(counts.autocorrelation().iter().all(|lag| lag.correlation.abs() < 1e-6));
        assert!(Counts::new(&[]).autocorrelation().is_empty());
    }
}

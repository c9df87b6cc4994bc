//! A histogram of whole numbers in bounded memory: exact up to 1,023, within one part in 1,024
//! above (the bucket layout of HdrHistogram: powers of two, each cut into 512 equal parts).

/// Values below this are counted exactly.
const EXACT: u64 = 1024;
/// Parts of each power of two above.
const PARTS: u64 = 512;

/// A histogram of whole numbers.
#[derive(Debug, Clone, Default)]
pub(in crate::workload) struct Histogram {
    counts: Vec<u64>,
    total: u64,
    sum: u128,
    squares: f64,
    least: u64,
    most: u64,
}

/// One bucket that is not empty.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::workload) struct Bucket {
    pub least: u64,
    pub most: u64,
    pub count: u64,
}

impl Bucket {
    /// What a value of the bucket is taken for.
    pub(in crate::workload) fn middle(&self) -> f64 {
        (self.least as f64 + self.most as f64) / 2.0
    }
}

fn bucket_of(value: u64) -> usize {
    if value < EXACT {
        return value as usize;
    }
    let octave = u64::from(value.ilog2()) - u64::from(EXACT.ilog2());
    let part = (value >> (octave + 1)) - PARTS;
    (EXACT + octave * PARTS + part) as usize
}

fn bounds(bucket: usize) -> (u64, u64) {
    let bucket = bucket as u64;
    if bucket < EXACT {
        return (bucket, bucket);
    }
    let (octave, part) = ((bucket - EXACT) / PARTS, (bucket - EXACT) % PARTS);
    let least = (part + PARTS) << (octave + 1);
    (least, least + (2 << octave) - 1)
}

impl Histogram {
    pub(in crate::workload) fn add(&mut self, value: u64) {
        self.add_many(value, 1);
    }

    pub(in crate::workload) fn add_many(&mut self, value: u64, count: u64) {
        if count == 0 {
            return;
        }
        let bucket = bucket_of(value);
        if bucket >= self.counts.len() {
            self.counts.resize(bucket + 1, 0);
        }
        if let Some(slot) = self.counts.get_mut(bucket) {
            *slot += count;
        }
        (self.least, self.most) =
            if self.total == 0 { (value, value) } else { (self.least.min(value), self.most.max(value)) };
        self.total += count;
        self.sum += u128::from(value) * u128::from(count);
        self.squares += value as f64 * value as f64 * count as f64;
    }

    pub(in crate::workload) fn total(&self) -> u64 {
        self.total
    }

    pub(super) fn least(&self) -> u64 {
        self.least
    }

    pub(super) fn most(&self) -> u64 {
        self.most
    }

    /// 0 where empty.
    pub(in crate::workload) fn mean(&self) -> f64 {
        self.sum as f64 / self.total.max(1) as f64
    }

    /// Over n.
    pub(super) fn variance(&self) -> f64 {
        let mean = self.mean();
        (self.squares / self.total.max(1) as f64 - mean * mean).max(0.0)
    }

    /// The buckets that are not empty, ascending, within the least and the greatest value seen.
    pub(in crate::workload) fn buckets(&self) -> impl Iterator<Item = Bucket> + '_ {
        self.counts.iter().enumerate().filter(|(_, count)| **count > 0).map(|(index, count)| {
            let (least, most) = bounds(index);
            Bucket { least: least.max(self.least), most: most.min(self.most), count: *count }
        })
    }

    /// The value that a share of the values does not exceed (nearest rank), to the precision of a
    /// bucket; 0 where empty.
    pub(in crate::workload) fn quantile(&self, share: f64) -> u64 {
        let rank = ((self.total as f64 * share).ceil() as u64).max(1);
        let mut reached = 0;
        let found = self.buckets().find(|bucket| {
            reached += bucket.count;
            reached >= rank
        });
        found.map_or(self.most, |bucket| bucket.least.midpoint(bucket.most))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_within_its_bucket() {
        for value in (0..5000).chain([65_535, 65_536, 9_999_999, 10_000_000, 1 << 40, u64::MAX >> 1]) {
            let (least, most) = bounds(bucket_of(value));
            assert!((least..=most).contains(&value), "{value}: {least} to {most}");
            assert!(most - least <= value / 512, "{value}: {least} to {most}");
        }
    }

    #[test]
    fn quantiles_and_moments() {
        let mut histogram = Histogram::default();
        (1..=100).for_each(|value| histogram.add(value));
        assert_eq!((histogram.quantile(0.5), histogram.quantile(0.95), histogram.quantile(0.0)), (50, 95, 1));
        assert_eq!((histogram.mean(), histogram.variance()), (50.5, 833.25));
        histogram.add_many(1_000_000, 900);
        assert!((histogram.quantile(0.5) as f64 / 1e6 - 1.0).abs() < 1e-3);
        assert_eq!(Histogram::default().quantile(0.5), 0);
    }
}

//! A table by number: an array for the numbers that logs count from 0, a map for the rest, so that
//! neither a large number costs memory nor a common one time.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// Numbers below this are in the array.
const DENSE: u32 = 1 << 24;

/// A hasher of one whole number, the same everywhere: multiplication by 2⁶⁴ over the golden ratio
/// (Knuth, The Art of Computer Programming 3, 6.4), the upper half mixed into the lower.
#[derive(Debug, Clone, Copy, Default)]
struct NumberHasher(u64);

impl Hasher for NumberHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u32(u32::from(*byte)));
    }

    fn write_u32(&mut self, number: u32) {
        let mixed = (self.0 ^ u64::from(number)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = mixed ^ (mixed >> 32);
    }
}

/// A value for each number, at first that of a number never asked for.
#[derive(Debug, Clone)]
pub(in crate::workload) struct NumberTable<T> {
    never: T,
    dense: Vec<T>,
    sparse: HashMap<u32, T, BuildHasherDefault<NumberHasher>>,
}

impl<T: Copy> NumberTable<T> {
    pub(in crate::workload) fn new(never: T) -> Self {
        Self { never, dense: Vec::new(), sparse: HashMap::default() }
    }

    pub(in crate::workload) fn at(&mut self, number: u32) -> &mut T {
        let place = number as usize;
        if number < DENSE && place >= self.dense.len() {
            self.dense.resize(place + 1, self.never);
        }
        match self.dense.get_mut(place) {
            Some(value) => value,
            None => self.sparse.entry(number).or_insert(self.never),
        }
    }

    /// All values, in no order that anything may rest on; of the array also those never asked for.
    pub(in crate::workload) fn values(&self) -> impl Iterator<Item = &T> {
        self.dense.iter().chain(self.sparse.values())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_has_a_value_of_its_own() {
        let mut table = NumberTable::new(0_u32);
        for number in [3, 0, DENSE - 1, DENSE, u32::MAX, 3, DENSE, 7] {
            *table.at(number) += 1;
        }
        assert_eq!((*table.at(3), *table.at(DENSE), *table.at(u32::MAX), *table.at(5)), (2, 2, 1, 0));
        assert_eq!(table.values().sum::<u32>(), 8);
    }
}

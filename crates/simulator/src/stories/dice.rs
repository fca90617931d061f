//! Repeatable chance: a stream of numbers that its key decides.

use crate::noise;

/// A stream of numbers (SplitMix64). The same key gives the same stream.
pub(super) struct Dice(u64);

impl Dice {
    /// The stream of `n` under `key`.
    pub(super) fn new(seed: u64, key: u64, n: u64) -> Self {
        Self(noise::hash(seed, key, n))
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    /// Uniformly in 0..1.
    pub(super) fn unit(&mut self) -> f64 {
        noise::unit(self.next())
    }

    /// True with probability `p`.
    pub(super) fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    /// Uniformly from `low` up to, without, `high`; `low` when there is nothing between.
    pub(super) fn range(&mut self, low: i64, high: i64) -> i64 {
        let width = high.saturating_sub(low).max(1) as u64;
        low.saturating_add((self.next() % width) as i64)
    }

    /// One of `all`, all alike.
    pub(super) fn pick<T: Copy>(&mut self, all: &[T]) -> T {
        all[(self.next() % all.len().max(1) as u64) as usize]
    }

    /// One of `all` by its weight.
    pub(super) fn weighted<'a, T>(&mut self, all: &'a [T], weight: impl Fn(&T) -> f64) -> &'a T {
        let total: f64 = all.iter().map(|t| weight(t).max(0.0)).sum();
        let mut left = self.unit() * total;
        let last = all.len().saturating_sub(1);
        for one in &all[..last] {
            left -= weight(one).max(0.0);
            if left < 0.0 {
                return one;
            }
        }
        &all[last]
    }

    /// Log-normal about `median`: a third of the values lies outside median/`spread` .. median·`spread`. Cut off at 30 medians.
    pub(super) fn around(&mut self, median: f64, spread: f64) -> f64 {
        // the sum of twelve uniform numbers is as normal as is needed here
        let normal: f64 = (0..12).map(|_| self.unit()).sum::<f64>() - 6.0;
        median * (normal * spread.ln()).exp().min(30.0)
    }

    /// How many of something come when `mean` come on average: the whole part, and one more by chance for the rest.
    pub(super) fn count(&mut self, mean: f64) -> usize {
        let mean = mean.max(0.0);
        mean as usize + usize::from(self.chance(mean.fract()))
    }

    /// `digits` hexadecimal digits.
    pub(super) fn hex(&mut self, digits: usize) -> String {
        let mut text = String::with_capacity(digits + 15);
        while text.len() < digits {
            text.push_str(&format!("{:016x}", self.next()));
        }
        text.truncate(digits);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_repeats_and_its_values_are_where_they_should_be() {
        let mut a = Dice::new(1, 2, 3);
        let mut b = Dice::new(1, 2, 3);
        let mut other = Dice::new(1, 2, 4);
        let first: Vec<u64> = (0..50).map(|_| a.next()).collect();
        assert_eq!(first, (0..50).map(|_| b.next()).collect::<Vec<_>>());
        assert_ne!(first, (0..50).map(|_| other.next()).collect::<Vec<_>>());
        let mut values: Vec<f64> = (0..4001).map(|_| a.around(10.0, 2.0)).collect();
        values.sort_by(f64::total_cmp);
        assert!(
            (9.0..11.0).contains(&values[2000]),
            "median {}",
            values[2000]
        );
        let outside = values.iter().filter(|v| !(5.0..20.0).contains(*v)).count();
        assert!((1000..1600).contains(&outside), "{outside} of 4001");
        assert!((0..1000).all(|_| (3..7).contains(&a.range(3, 7))));
        let total: usize = (0..1000).map(|_| a.count(2.5)).sum();
        assert!((2400..2600).contains(&total));
        let heavy = (0..1000)
            .filter(|_| *a.weighted(&[1.0, 9.0], |w| *w) > 5.0)
            .count();
        assert!((860..940).contains(&heavy), "{heavy}");
        assert_eq!(a.hex(17).len(), 17);
    }
}

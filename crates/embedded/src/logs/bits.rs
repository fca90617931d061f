//! Sets of rows of one stretch, a bit for each.

/// Rows by their number in the stretch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bits {
    words: Vec<u64>,
}

impl Bits {
    /// None of `len` rows; `len` is a multiple of 64.
    pub(super) fn none(len: usize) -> Self {
        Self {
            words: vec![0; len.div_ceil(64)],
        }
    }

    /// All of `len` rows.
    pub(super) fn all(len: usize) -> Self {
        Self {
            words: vec![!0; len.div_ceil(64)],
        }
    }

    pub(super) fn set(&mut self, row: usize) {
        if let Some(word) = self.words.get_mut(row / 64) {
            *word |= 1 << (row % 64);
        }
    }

    pub(super) fn has(&self, row: usize) -> bool {
        self.words
            .get(row / 64)
            .is_some_and(|word| word >> (row % 64) & 1 == 1)
    }

    /// Sets rows `from..to`, both multiples of 64.
    pub(super) fn fill(&mut self, from: usize, to: usize) {
        if let Some(words) = self.words.get_mut(from / 64..to / 64) {
            words.fill(!0);
        }
    }

    pub(super) fn and(&mut self, other: &Self) {
        for (a, b) in self.words.iter_mut().zip(&other.words) {
            *a &= b;
        }
    }

    pub(super) fn or(&mut self, other: &Self) {
        for (a, b) in self.words.iter_mut().zip(&other.words) {
            *a |= b;
        }
    }

    /// Without those of `other`.
    pub(super) fn minus(&mut self, other: &Self) {
        for (a, b) in self.words.iter_mut().zip(&other.words) {
            *a &= !b;
        }
    }

    pub(super) fn not(&mut self) {
        for a in &mut self.words {
            *a = !*a;
        }
    }

    pub(super) fn count(&self) -> usize {
        self.words.iter().map(|w| w.count_ones() as usize).sum()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.words.iter().all(|w| *w == 0)
    }

    /// Whether none of `from..to` is in it, both multiples of 64.
    pub(super) fn lacks(&self, from: usize, to: usize) -> bool {
        self.words
            .get(from / 64..to / 64)
            .is_none_or(|words| words.iter().all(|w| *w == 0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn of(rows: &BTreeSet<usize>) -> Bits {
        let mut bits = Bits::none(256);
        rows.iter().for_each(|r| bits.set(*r));
        bits
    }

    proptest! {
        #[test]
        fn like_sets(a in proptest::collection::btree_set(0_usize..256, 0..40), b in proptest::collection::btree_set(0_usize..256, 0..40)) {
            let with = |change: fn(&mut Bits, &Bits)| {
                let mut bits = of(&a);
                change(&mut bits, &of(&b));
                (0..256).filter(|r| bits.has(*r)).collect::<BTreeSet<_>>()
            };
            prop_assert_eq!(with(Bits::and), &a & &b);
            prop_assert_eq!(with(Bits::or), &a | &b);
            prop_assert_eq!(with(Bits::minus), &a - &b);
            prop_assert_eq!(with(|x, _| x.not()).len(), 256 - a.len());
            prop_assert_eq!(of(&a).count(), a.len());
            prop_assert!((0..256).all(|r| of(&a).has(r) == a.contains(&r)));
            prop_assert_eq!(of(&a).lacks(64, 128), a.range(64..128).next().is_none());
            prop_assert_eq!(of(&a).is_empty(), a.is_empty());
        }
    }
}

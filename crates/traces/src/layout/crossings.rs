//! Counts crossings.

/// How often lines cross that go from one place to several, in the order of the places at one side: `targets` are the positions at the
/// other side, those of one place after those of the place above it, in rising order for each place. There are `width`
/// positions.
///
/// Each line crosses those before it that end below it; a tree of sums counts them (Barth, Mutzel, Jünger: "Simple and Efficient
/// Bilayer Cross Counting", 2004), in O(lines · log width).
pub(super) fn count(targets: impl Iterator<Item = u32>, width: usize, tree: &mut Vec<u32>) -> u64 {
    let leaves = width.next_power_of_two();
    tree.clear();
    tree.resize(2 * leaves, 0);
    let mut crossings = 0;
    for target in targets {
        let mut at = leaves + target as usize;
        tree[at] += 1;
        while at > 1 {
            if at.is_multiple_of(2) {
                crossings += u64::from(tree[at + 1]);
            }
            at /= 2;
            tree[at] += 1;
        }
    }
    crossings
}

/// How often the lines of one place cross those of another that stands below it; both lists of positions rise.
pub(super) fn of_pair(upper: &[u32], lower: &[u32]) -> u64 {
    let (mut below, mut crossings) = (0, 0);
    for &end in upper {
        while lower.get(below).is_some_and(|&l| l < end) {
            below += 1;
        }
        crossings += below as u64;
    }
    crossings
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_pair_of_lines_is_looked_at(sets in prop::collection::vec(prop::collection::vec(0u32..9, 0..6), 0..8)) {
            let sets: Vec<Vec<u32>> = sets.into_iter().map(|mut s| { s.sort_unstable(); s }).collect();
            let lines: Vec<(usize, u32)> = (sets.iter().enumerate()).flat_map(|(n, s)| s.iter().map(move |&t| (n, t))).collect();
            let crosses = |a: &(usize, u32), b: &(usize, u32)| a.0 < b.0 && a.1 > b.1;
            let slow = lines.iter().map(|a| lines.iter().filter(|b| crosses(a, b)).count() as u64).sum::<u64>();
            prop_assert_eq!(count(lines.iter().map(|l| l.1), 9, &mut Vec::new()), slow);
            let pairs = (0..sets.len()).flat_map(|a| (a + 1..sets.len()).map(move |b| (a, b)));
            prop_assert_eq!(pairs.map(|(a, b)| of_pair(&sets[a], &sets[b])).sum::<u64>(), slow);
        }
    }
}

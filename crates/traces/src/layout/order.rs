//! The order of places within layers.

use super::crossings;
use super::layers::{Layered, Side};

/// How often all layers are gone over at most.
const SWEEPS: usize = 24;
/// How many sweeps without fewer crossings end it.
const PATIENCE: usize = 4;
/// How often neighbours of a layer are tried the other way round in one sweep.
const SWAP_ROUNDS: usize = 3;

/// Parts with at most so many places are ordered twice, begun from either side.
const BOTH_SIDES: usize = 4_000;

/// How often lines crossed and cross.
pub(super) struct Crossed {
    pub before: u64,
    pub after: u64,
}

/// Puts places in an order with few crossings, by the medians of their neighbours and by swapping (Gansner et al. 1993,
/// section 3). Never more crossings than before. Parts that are not large are begun from the right side too.
pub(super) fn arrange(layered: &mut Layered) -> Crossed {
    let mut orderer = Orderer::of(layered);
    let before = orderer.crossings(layered);
    let mut best = (before, layered.order.clone());
    let both = layered.layer.len() <= BOTH_SIDES;
    for from_right in [false, true].into_iter().take(1 + usize::from(both)) {
        if from_right {
            layered.begin(Side::Right);
            orderer.number_all(layered);
        }
        orderer.improve(layered, &mut best);
    }
    layered.order = best.1;
    Crossed {
        before,
        after: best.0,
    }
}

/// The positions of places, and room to work in.
struct Orderer {
    position: Vec<u32>,
    tree: Vec<u32>,
}

impl Orderer {
    fn of(layered: &Layered) -> Self {
        let mut out = Self {
            position: vec![0; layered.layer.len()],
            tree: Vec::new(),
        };
        out.number_all(layered);
        out
    }

    fn number_all(&mut self, layered: &Layered) {
        for order in &layered.order {
            self.number(order);
        }
    }

    /// Goes over the layers as long as that helps, and keeps the best order.
    fn improve(&mut self, layered: &mut Layered, best: &mut (u64, Vec<Vec<u32>>)) {
        let (mut least, mut idle) = (u64::MAX, 0);
        for sweep in 0..SWEEPS {
            if best.0 == 0 || idle >= PATIENCE {
                break;
            }
            self.sweep(layered, sweep);
            let now = self.crossings(layered);
            idle = if now < least { 0 } else { idle + 1 };
            least = least.min(now);
            if now < best.0 {
                *best = (now, layered.order.clone());
            }
        }
    }

    fn number(&mut self, order: &[u32]) {
        for (n, &place) in (0..).zip(order) {
            self.position[place as usize] = n;
        }
    }

    fn positions(&self, places: &[u32]) -> Vec<u32> {
        let mut out: Vec<u32> = (places.iter())
            .map(|&p| self.position[p as usize])
            .collect();
        out.sort_unstable();
        out
    }

    fn crossings(&mut self, layered: &Layered) -> u64 {
        let mut sum = 0;
        for pair in layered.order.windows(2) {
            let [order, next] = pair else { continue };
            let mut tree = std::mem::take(&mut self.tree);
            let ends = (order.iter()).flat_map(|&p| self.positions(&layered.right[p as usize]));
            sum += crossings::count(ends, next.len(), &mut tree);
            self.tree = tree;
        }
        sum
    }

    /// Goes over all layers to the right or to the left: each is sorted by the medians of its neighbours in the one before, then
    /// neighbours in it are swapped where that helps. Every other time equal medians change places, so that a sweep does not
    /// only repeat the one before.
    fn sweep(&mut self, layered: &mut Layered, sweep: usize) {
        let layers = layered.order.len();
        let (rightwards, turn) = (sweep.is_multiple_of(2), sweep % 4 >= 2);
        for step in 1..layers {
            let at = if rightwards { step } else { layers - 1 - step };
            let mut order = std::mem::take(&mut layered.order[at]);
            let sides = if rightwards {
                &layered.left
            } else {
                &layered.right
            };
            self.by_median(&mut order, sides, turn);
            self.number(&order);
            layered.order[at] = order;
        }
        for at in 0..layers {
            let mut order = std::mem::take(&mut layered.order[at]);
            self.swap(&mut order, layered);
            layered.order[at] = order;
        }
    }

    /// Places without neighbours stay where they are, the others are sorted around them.
    fn by_median(&self, order: &mut [u32], neighbours: &[Vec<u32>], turn: bool) {
        let slots: Vec<usize> = (0..order.len())
            .filter(|&n| !neighbours[order[n] as usize].is_empty())
            .collect();
        let mut sorted: Vec<(f64, u32)> = (slots.iter())
            .map(|&n| {
                let place = order[n];
                (median(&self.positions(&neighbours[place as usize])), place)
            })
            .collect();
        if turn {
            sorted.reverse();
        }
        sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
        for (slot, (_, place)) in slots.into_iter().zip(sorted) {
            order[slot] = place;
        }
    }

    fn swap(&mut self, order: &mut [u32], layered: &Layered) {
        let ends = |places: &Vec<u32>| self.positions(places);
        // the neighbours' positions do not change while this layer is worked on
        let mut sides: Vec<[Vec<u32>; 2]> = (order.iter())
            .map(|&p| {
                [
                    ends(&layered.left[p as usize]),
                    ends(&layered.right[p as usize]),
                ]
            })
            .collect();
        for _ in 0..SWAP_ROUNDS {
            let mut swapped = false;
            for n in 1..order.len() {
                let [upper, lower] = [&sides[n - 1], &sides[n]];
                let both = |a: &[Vec<u32>; 2], b: &[Vec<u32>; 2]| {
                    crossings::of_pair(&a[0], &b[0]) + crossings::of_pair(&a[1], &b[1])
                };
                if both(lower, upper) < both(upper, lower) {
                    order.swap(n - 1, n);
                    sides.swap(n - 1, n);
                    swapped = true;
                }
            }
            if !swapped {
                break;
            }
        }
        self.number(order);
    }
}

/// The median of rising positions; of an even number the mean of the middle two, nearer to the side where they are closer
/// together (Gansner et al. 1993, figure 3-2). 0 of none.
fn median(positions: &[u32]) -> f64 {
    let at = |n: usize| positions.get(n).copied().map_or(0.0, f64::from);
    let n = positions.len();
    let middle = n / 2;
    if n == 0 {
        return 0.0;
    }
    if n % 2 == 1 {
        return at(middle);
    }
    let (a, b) = (at(middle - 1), at(middle));
    let (left, right) = (a - at(0), at(n - 1) - b);
    if n == 2 || left + right == 0.0 {
        (a + b) / 2.0
    } else {
        (a * right + b * left) / (left + right)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::acyclic::Directed;
    use crate::layout::pack::Part;
    use proptest::prelude::*;

    /// Every pair of lines between two layers.
    fn slow(layered: &Layered) -> u64 {
        let position = |p: u32| {
            let layer = &layered.order[layered.layer[p as usize] as usize];
            layer.iter().position(|&q| q == p).expect("in its layer")
        };
        let mut sum = 0;
        for order in &layered.order {
            let lines: Vec<(usize, usize)> = (order.iter())
                .flat_map(|&p| layered.right[p as usize].iter().map(move |&q| (p, q)))
                .map(|(p, q)| (position(p), position(q)))
                .collect();
            for (n, a) in lines.iter().enumerate() {
                let crosses =
                    |b: &&(usize, usize)| (a.0 < b.0 && a.1 > b.1) || (a.0 > b.0 && a.1 < b.1);
                sum += lines[n + 1..].iter().filter(crosses).count() as u64;
            }
        }
        sum
    }

    proptest! {
        #[test]
        fn crossings_are_as_told_and_never_more(pairs in prop::collection::btree_set((0usize..16, 1usize..8), 1..50)) {
            let edge = |(from, step)| Directed { edge: 0, from, to: from + step, backward: false };
            let edges: Vec<Directed> = pairs.into_iter().map(edge).collect();
            let part = Part { nodes: (0..24).collect(), edges: Vec::new() };
            let mut layered = Layered::of(&part, &edges);
            let (places, at_first) = (layered.layer.len(), slow(&layered));
            let crossed = arrange(&mut layered);
            prop_assert_eq!((crossed.before, crossed.after), (at_first, slow(&layered)));
            prop_assert!(crossed.after <= crossed.before);
            let mut all: Vec<u32> = layered.order.concat();
            all.sort_unstable();
            prop_assert_eq!(all, (0..places as u32).collect::<Vec<_>>());
        }
    }
}

//! How far down in its layer each place is.

use super::Options;
use super::layers::Layered;

/// How often layers are gone over.
const SWEEPS: usize = 12;

/// So many points of lines to each node have their full distance.
const LINES_A_NODE: f64 = 3.0;
/// The least part of the distance between lines that is kept.
const CLOSEST: f64 = 0.2;

/// A place's centre from top to bottom.
///
/// Places want to be at the weighted mean of their neighbours and have to keep their order and distance. Within a layer that is
/// isotonic regression, which pooling neighbours that violate it solves exactly (Ayer et al. 1955; "pool adjacent
/// violators"); layers are gone over to the right, to the left, and at the end with both sides at once. A line's own points weigh
/// most, so that long lines are straight (the weights of Gansner et al. 1993, section 4).
pub(super) fn place(layered: &Layered, options: &Options) -> Vec<f64> {
    let options = &Options {
        line_gap: line_gap(layered, options),
        ..options.clone()
    };
    let mut y = vec![0.0; layered.layer.len()];
    for order in &layered.order {
        let mut at = 0.0;
        for (n, &p) in order.iter().enumerate() {
            if n > 0 {
                at += distance(layered, order[n - 1], p, options);
            }
            y[p as usize] = at;
        }
    }
    let layers = layered.order.len();
    for sweep in 0..SWEEPS {
        let last = sweep + 4 >= SWEEPS;
        for step in 0..layers {
            let at = if sweep % 2 == 0 {
                step
            } else {
                layers - 1 - step
            };
            let sides: &[&Vec<Vec<u32>>] = match (last, sweep % 2) {
                (true, _) => &[&layered.left, &layered.right],
                (false, 0) => &[&layered.left],
                _ => &[&layered.right],
            };
            settle(layered, at, sides, options, &mut y);
        }
    }
    let top = |(p, y): (usize, &f64)| {
        if p < layered.nodes {
            y - options.height / 2.0
        } else {
            *y
        }
    };
    let least = y.iter().enumerate().map(top).fold(f64::INFINITY, f64::min);
    y.iter_mut().for_each(|y| *y -= least);
    y
}

/// Where lines are many compared with nodes they are drawn closer: they would take most of the height, and nobody follows one
/// of hundreds by eye.
fn line_gap(layered: &Layered, options: &Options) -> f64 {
    let points = layered.layer.len().saturating_sub(layered.nodes).max(1);
    let share = LINES_A_NODE * layered.nodes as f64 / points as f64;
    options.line_gap * share.clamp(CLOSEST, 1.0)
}

/// From one place's centre to that of the place below it, at least.
fn distance(layered: &Layered, upper: u32, lower: u32, options: &Options) -> f64 {
    let half = |p: u32| {
        if layered.is_point(p) {
            0.0
        } else {
            options.height / 2.0
        }
    };
    let gap = match (layered.is_point(upper), layered.is_point(lower)) {
        (true, true) => options.line_gap,
        _ => options.node_gap,
    };
    half(upper) + gap + half(lower)
}

/// Neighbouring places that stand as close as they may.
struct Block {
    first: usize,
    weight: f64,
    /// Sum of weight times wish.
    sum: f64,
}

impl Block {
    fn at(&self) -> f64 {
        self.sum / self.weight
    }
}

/// Moves the places of one layer as near to what they want as their order allows.
fn settle(
    layered: &Layered,
    layer: usize,
    sides: &[&Vec<Vec<u32>>],
    options: &Options,
    y: &mut [f64],
) {
    let order = &layered.order[layer];
    let mut offset = 0.0;
    let mut offsets = Vec::with_capacity(order.len());
    let mut blocks: Vec<Block> = Vec::with_capacity(order.len());
    for (n, &p) in order.iter().enumerate() {
        if n > 0 {
            offset += distance(layered, order[n - 1], p, options);
        }
        offsets.push(offset);
        let (wish, weight) = wish(layered, p, sides, y);
        let mut block = Block {
            first: n,
            weight,
            sum: weight * (wish - offset),
        };
        while let Some(above) = blocks.pop_if(|above| above.at() >= block.at()) {
            block.first = above.first;
            block.weight += above.weight;
            block.sum += above.sum;
        }
        blocks.push(block);
    }
    let ends = (blocks.iter().skip(1).map(|b| b.first)).chain([order.len()]);
    for (block, end) in blocks.iter().zip(ends) {
        for n in block.first..end {
            y[order[n] as usize] = block.at() + offsets[n];
        }
    }
}

/// Where a place wants to be and how much. Without neighbours it stays, if nobody pushes.
fn wish(layered: &Layered, place: u32, sides: &[&Vec<Vec<u32>>], y: &[f64]) -> (f64, f64) {
    let (mut sum, mut weight) = (0.0, 0.0);
    let neighbours = sides.iter().flat_map(|side| &side[place as usize]);
    for &other in neighbours {
        let w = match (layered.is_point(place), layered.is_point(other)) {
            (true, true) => 8.0,
            (false, false) => 1.0,
            _ => 2.0,
        };
        sum += w * y[other as usize];
        weight += w;
    }
    if weight == 0.0 {
        (y[place as usize], 0.01)
    } else {
        (sum / weight, weight)
    }
}

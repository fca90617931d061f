//! The way of each line.

use super::layers::Layered;
use super::pack::{Part, Piece};
use super::{Options, Placed, Routed};

/// Lines leave and reach nodes on this middle part of their height.
const PORTS: f64 = 0.6;

/// Left and right edge of each layer.
fn columns(part: &Part, layered: &Layered, options: &Options) -> Vec<(f64, f64)> {
    let mut x = 0.0;
    let widest = |order: &Vec<u32>| {
        let nodes = order.iter().filter(|&&p| !layered.is_point(p));
        let widths = nodes.map(|&p| options.width_of(part.nodes[p as usize]));
        widths.fold(0.0, f64::max)
    };
    let column = |order| {
        let width = widest(order);
        let left = x;
        x += width + options.layer_gap;
        (left, left + width)
    };
    layered.order.iter().map(column).collect()
}

/// Where each line touches its two nodes, above or below their centres: in the order of what it comes from or goes to, so
/// that lines do not cross right before a node.
fn ports(layered: &Layered, y: &[f64], options: &Options) -> Vec<(f64, f64)> {
    let mut at = vec![(0.0, 0.0); layered.lines.len()];
    let mut of_node: Vec<[Vec<(f64, usize)>; 2]> = vec![Default::default(); layered.nodes];
    for (n, (edge, points)) in layered.lines.iter().enumerate() {
        let first = points.first().map_or(edge.to, |&p| p as usize);
        let last = points.last().map_or(edge.from, |&p| p as usize);
        of_node[edge.from][0].push((y[first], n));
        of_node[edge.to][1].push((y[last], n));
    }
    for [outgoing, incoming] in &mut of_node {
        for (lines, out) in [(outgoing, true), (incoming, false)] {
            lines.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            let step = options.height * PORTS / lines.len() as f64;
            for (k, &(_, n)) in lines.iter().enumerate() {
                let off = (k as f64 + 0.5 - lines.len() as f64 / 2.0) * step;
                if out {
                    at[n].0 = off;
                } else {
                    at[n].1 = off;
                }
            }
        }
    }
    at
}

/// A part with all its places.
pub(super) fn piece(part: &Part, layered: &Layered, y: &[f64], options: &Options) -> Piece {
    let columns = columns(part, layered, options);
    let placed = |local: usize| {
        let node = part.nodes[local];
        let layer = layered.layer[local];
        let (left, right) = columns[layer as usize];
        let width = options.width_of(node);
        Placed {
            x: left + (right - left - width) / 2.0,
            y: y[local] - options.height / 2.0,
            width,
            height: options.height,
            layer,
        }
    };
    let nodes: Vec<Placed> = (0..layered.nodes).map(placed).collect();
    let ports = ports(layered, y, options);
    let mut edges = Vec::with_capacity(layered.lines.len());
    for ((edge, points), port) in layered.lines.iter().zip(ports) {
        let from = (&nodes[edge.from], y[edge.from] + port.0);
        let to = (&nodes[edge.to], y[edge.to] + port.1);
        let between = points.iter().map(|&p| {
            let column = columns[layered.layer[p as usize] as usize];
            (column, y[p as usize])
        });
        let mut points = way(from, to, between, &columns);
        if edge.backward {
            points.reverse();
        }
        let backward = edge.backward;
        edges.push((edge.edge, Routed { points, backward }));
    }
    let lowest = |(p, y): (usize, &f64)| {
        if p < layered.nodes {
            y + options.height / 2.0
        } else {
            *y
        }
    };
    Piece {
        width: columns.last().map_or(0.0, |c| c.1),
        height: y.iter().enumerate().map(lowest).fold(0.0, f64::max),
        nodes: part.nodes.iter().copied().zip(nodes).collect(),
        edges,
    }
}

/// From one node at a height to another, through columns at their heights. It is level within columns: in that of a node too,
/// because a wider one may stand above or below.
fn way(
    (from, start): (&Placed, f64),
    (to, end): (&Placed, f64),
    between: impl Iterator<Item = ((f64, f64), f64)>,
    columns: &[(f64, f64)],
) -> Vec<(f64, f64)> {
    let column = |node: &Placed| columns[node.layer as usize];
    let mut way = vec![(from.x + from.width, start), (column(from).1, start)];
    way.extend(between.flat_map(|((left, right), y)| [(left, y), (right, y)]));
    way.extend([(column(to).0, end), (to.x, end)]);
    straightened(&way)
}

/// Without the points at which nothing turns.
fn straightened(way: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut out: Vec<(f64, f64)> = Vec::with_capacity(way.len());
    for &point in way {
        while let [.., a, b] = out.as_slice() {
            // twice the area of the triangle
            let bend = (b.0 - a.0) * (point.1 - a.1) - (b.1 - a.1) * (point.0 - a.0);
            if bend.abs() > (point.0 - a.0).abs().max(1.0) * 0.05 {
                break;
            }
            out.pop();
        }
        out.push(point);
    }
    out
}

//! Connected parts of a graph, and where each of them goes.

use super::{Layout, Options, Placed, Routed};
use crate::graph::Graph;

/// How much wider than high a drawing should be.
const ASPECT: f64 = 1.6;

/// A connected part: indices into the graph's nodes and edges, both in order. Self-calls are in no part.
pub(super) struct Part {
    pub nodes: Vec<u32>,
    pub edges: Vec<u32>,
}

impl Part {
    /// Which node of the part a node of the graph is.
    pub fn local(&self, node: u32) -> usize {
        self.nodes.partition_point(|&n| n < node)
    }
}

/// A part that is laid out, with its upper left corner at (0, 0).
pub(super) struct Piece {
    pub nodes: Vec<(u32, Placed)>,
    pub edges: Vec<(u32, Routed)>,
    pub width: f64,
    pub height: f64,
}

fn top(above: &mut [u32], mut node: u32) -> u32 {
    while above[node as usize] != node {
        let next = above[above[node as usize] as usize];
        above[node as usize] = next;
        node = next;
    }
    node
}

/// The connected parts, the one with most nodes first, then by their first node.
pub(super) fn parts(graph: &Graph) -> Vec<Part> {
    let n = graph.nodes.len();
    let there = |e: &crate::graph::Edge| (e.from.max(e.to) as usize) < n && e.from != e.to;
    let mut above: Vec<u32> = (0..n as u32).collect();
    for edge in graph.edges.iter().filter(|e| there(e)) {
        let (a, b) = (top(&mut above, edge.from), top(&mut above, edge.to));
        above[a.max(b) as usize] = a.min(b);
    }
    let mut number = vec![usize::MAX; n];
    let mut out: Vec<Part> = Vec::new();
    for node in 0..n as u32 {
        let first = top(&mut above, node) as usize;
        if number[first] == usize::MAX {
            number[first] = out.len();
            out.push(Part {
                nodes: Vec::new(),
                edges: Vec::new(),
            });
        }
        out[number[first]].nodes.push(node);
    }
    for (e, edge) in (0..).zip(&graph.edges) {
        if there(edge) {
            let first = top(&mut above, edge.from) as usize;
            out[number[first]].edges.push(e);
        }
    }
    out.sort_by_key(|p| (std::cmp::Reverse(p.nodes.len()), p.nodes.first().copied()));
    out
}

/// Puts the pieces on shelves, in their order, and adds the self-calls.
pub(super) fn pack(graph: &Graph, pieces: Vec<Piece>, options: &Options) -> Layout {
    let gap = options.node_gap.max(options.line_gap) * 2.0;
    let area: f64 = (pieces.iter())
        .map(|p| (p.width + gap) * (p.height + gap))
        .sum();
    let widest = pieces.iter().map(|p| p.width).fold(0.0, f64::max);
    let shelf = widest.max((area * ASPECT).sqrt());
    let mut out = Layout {
        nodes: vec![Placed::default(); graph.nodes.len()],
        edges: vec![Routed::default(); graph.edges.len()],
        ..Layout::default()
    };
    let (mut x, mut y, mut lowest) = (0.0, 0.0, 0.0f64);
    for piece in pieces {
        if x > 0.0 && x + piece.width > shelf {
            (x, y) = (0.0, lowest + gap);
        }
        for (n, mut placed) in piece.nodes {
            placed.x += x;
            placed.y += y;
            out.nodes[n as usize] = placed;
        }
        for (e, mut routed) in piece.edges {
            for point in &mut routed.points {
                *point = (point.0 + x, point.1 + y);
            }
            out.edges[e as usize] = routed;
        }
        out.width = out.width.max(x + piece.width);
        lowest = lowest.max(y + piece.height);
        x += piece.width + gap;
    }
    out.height = lowest;
    loops(graph, &mut out, options);
    out
}

/// A call of a service to itself leaves it at the right, above the middle, and comes back at its upper edge.
fn loops(graph: &Graph, out: &mut Layout, options: &Options) {
    let reach = options.node_gap.min(options.layer_gap / 2.0) * 0.8;
    for (edge, routed) in graph.edges.iter().zip(&mut out.edges) {
        if edge.from != edge.to {
            continue;
        }
        let Some(node) = out.nodes.get(edge.from as usize) else {
            continue;
        };
        let (right, from) = (node.x + node.width, node.y + node.height / 4.0);
        let back = right - reach.min(node.width / 2.0);
        routed.points = vec![
            (right, from),
            (right + reach, from),
            (right + reach, node.y - reach / 2.0),
            (back, node.y - reach / 2.0),
            (back, node.y),
        ];
    }
}

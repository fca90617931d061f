//! Layers of nodes, and points where lines pass a layer.

use super::acyclic::Directed;
use super::pack::Part;

/// Lines pass layers at so many points in all; the longest lines beyond that are drawn straight from end to end.
const MOST_POINTS: usize = 60_000;
/// How often layers are gone over to shorten lines; far fewer rounds change anything.
const ROUNDS: usize = 50;

/// Where a search begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Left,
    Right,
}

/// A part in layers. Nodes come first, points of lines after them; both are called places here.
pub(super) struct Layered {
    /// How many of the places are nodes.
    pub nodes: usize,
    /// The layer of each place.
    pub layer: Vec<u32>,
    /// The places of each layer, from top to bottom.
    pub order: Vec<Vec<u32>>,
    /// The places to the right that each place is connected to, which are in the next layer.
    pub right: Vec<Vec<u32>>,
    /// And to the left.
    pub left: Vec<Vec<u32>>,
    /// The edges; each with the points by which its line passes the layers between its ends.
    pub lines: Vec<(Directed, Vec<u32>)>,
}

impl Layered {
    /// Gives each node a layer and each line its points.
    pub fn of(part: &Part, edges: &[Directed]) -> Self {
        let nodes = part.nodes.len();
        let mut layer = longest_paths(nodes, edges);
        shorten(&mut layer, edges);
        let mut out = Self {
            nodes,
            order: vec![Vec::new(); layer.iter().max().map_or(0, |&l| l as usize + 1)],
            layer,
            right: vec![Vec::new(); nodes],
            left: vec![Vec::new(); nodes],
            lines: Vec::with_capacity(edges.len()),
        };
        out.add_lines(edges);
        out.begin(Side::Left);
        out
    }

    fn add_lines(&mut self, edges: &[Directed]) {
        let span = |layer: &[u32], e: &Directed| layer[e.to] - layer[e.from];
        let mut by_length: Vec<usize> = (0..edges.len()).collect();
        by_length.sort_by_key(|&e| span(&self.layer, &edges[e]));
        let mut room = MOST_POINTS;
        let mut straight = vec![false; edges.len()];
        for e in by_length {
            let points = span(&self.layer, &edges[e]).saturating_sub(1) as usize;
            straight[e] = points > room;
            room -= if straight[e] { 0 } else { points };
        }
        for (edge, straight) in edges.iter().zip(straight) {
            let mut points = Vec::new();
            if !straight {
                let mut last = edge.from as u32;
                for layer in self.layer[edge.from] + 1..self.layer[edge.to] {
                    let point = self.layer.len() as u32;
                    self.layer.push(layer);
                    self.right.push(Vec::new());
                    self.left.push(Vec::new());
                    self.connect(last, point);
                    points.push(point);
                    last = point;
                }
                self.connect(last, edge.to as u32);
            }
            self.lines.push((*edge, points));
        }
    }

    fn connect(&mut self, left: u32, right: u32) {
        self.right[left as usize].push(right);
        self.left[right as usize].push(left);
    }

    /// Places in the order in which a search in depth from one side finds them: what hangs together stands together.
    pub fn begin(&mut self, side: Side) {
        let last = self.order.len() as u32;
        self.order.iter_mut().for_each(Vec::clear);
        let mut seen = vec![false; self.layer.len()];
        let mut starts: Vec<u32> = (0..self.nodes as u32).collect();
        let (from, next) = match side {
            Side::Left => (0, &self.right),
            Side::Right => (last, &self.left),
        };
        starts.sort_by_key(|&n| (self.layer[n as usize].abs_diff(from), n));
        for start in starts {
            let mut open = vec![start];
            while let Some(at) = open.pop() {
                if std::mem::replace(&mut seen[at as usize], true) {
                    continue;
                }
                self.order[self.layer[at as usize] as usize].push(at);
                open.extend(next[at as usize].iter().rev());
            }
        }
    }

    /// Whether a place is a point of a line.
    pub fn is_point(&self, place: u32) -> bool {
        place as usize >= self.nodes
    }
}

/// Each node as far to the left as the longest way to it allows.
fn longest_paths(nodes: usize, edges: &[Directed]) -> Vec<u32> {
    let mut right = vec![Vec::new(); nodes];
    let mut waits = vec![0; nodes];
    for edge in edges {
        right[edge.from].push(edge.to);
        waits[edge.to] += 1;
    }
    let mut layer = vec![0; nodes];
    let mut open: Vec<usize> = (0..nodes).filter(|&n| waits[n] == 0).collect();
    while let Some(at) = open.pop() {
        for &to in &right[at] {
            layer[to] = layer[to].max(layer[at] + 1);
            waits[to] -= 1;
            if waits[to] == 0 {
                open.push(to);
            }
        }
    }
    layer
}

/// Moves each node, within the layers that its neighbours leave it, to the side where it has more lines, as long as
/// that makes lines shorter; then to the left as a whole.
fn shorten(layer: &mut [u32], edges: &[Directed]) {
    let (mut left, mut right) = (vec![Vec::new(); layer.len()], vec![Vec::new(); layer.len()]);
    for edge in edges {
        right[edge.from].push(edge.to);
        left[edge.to].push(edge.from);
    }
    for _ in 0..ROUNDS {
        let mut moved = false;
        for node in (0..layer.len()).rev() {
            let lo = left[node].iter().map(|&l| layer[l] + 1).max();
            let hi = right[node]
                .iter()
                .filter_map(|&r| layer[r].checked_sub(1))
                .min();
            let to = match left[node].len().cmp(&right[node].len()) {
                std::cmp::Ordering::Less => hi,
                std::cmp::Ordering::Greater => lo,
                std::cmp::Ordering::Equal => None,
            };
            if let Some(to) = to.filter(|&to| to != layer[node]) {
                layer[node] = to;
                moved = true;
            }
        }
        if !moved {
            break;
        }
    }
    let least = layer.iter().copied().min().unwrap_or(0);
    layer.iter_mut().for_each(|l| *l -= least);
}

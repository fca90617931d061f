//! Who calls whom.

mod parts;
mod sample;

pub use parts::{Part, prefix};
pub use sample::{Sample, calls};

use crate::statistics::percentile;
use model::trace::Dependency;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Where a graph comes from; a page must say it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// The store computed it, from all that it was sent. It knows neither failures nor durations.
    #[default]
    Store,
    /// Counted here in some traces: rare calls may be missing, and counts are those of the sample.
    Sample {
        /// How many traces.
        traces: u32,
        /// How many spans they had.
        spans: u64,
    },
}

/// A service in the graph.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Node {
    /// Its name; stores do give empty ones.
    pub name: Arc<str>,
    /// Its spans; 0 when the store does not say.
    pub spans: u64,
    /// Those that failed.
    pub errors: u64,
    /// Whether it is only known from those who call it: a database, a queue, a service that sends no spans.
    pub inferred: bool,
    /// How many services it stands for: more than one in a grouped graph.
    pub members: u32,
}

/// The calls from one service to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// Who calls, as an index of [`Graph::nodes`].
    pub from: u32,
    /// Who is called; may be the same.
    pub to: u32,
    /// How often.
    pub calls: u64,
    /// How many of the calls failed; `None` when the store does not say.
    pub errors: Option<u64>,
    /// How many of the calls are messages through a queue, for which nobody waits.
    pub messages: u64,
    /// Their durations as the caller saw them, sorted, ns.
    took: Vec<i64>,
}

impl Edge {
    /// Calls between two nodes, of which no more is known than how many.
    pub fn between(from: u32, to: u32, calls: u64) -> Self {
        Self {
            from,
            to,
            calls,
            errors: None,
            messages: 0,
            took: Vec::new(),
        }
    }

    /// The median duration of a call, ns; `None` when the store does not say.
    pub fn p50_ns(&self) -> Option<i64> {
        (!self.took.is_empty()).then(|| percentile(&self.took, 50))
    }

    /// The duration that 95 of 100 calls do not exceed, ns.
    pub fn p95_ns(&self) -> Option<i64> {
        (!self.took.is_empty()).then(|| percentile(&self.took, 95))
    }

    /// The part of the calls that failed, 0 to 1.
    pub fn error_rate(&self) -> Option<f64> {
        self.errors.map(|e| e as f64 / self.calls.max(1) as f64)
    }
}

/// A graph of services: at most one edge from one to another, nodes by name, edges by their ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Graph {
    /// The services.
    pub nodes: Vec<Node>,
    /// The calls.
    pub edges: Vec<Edge>,
    /// Where it comes from.
    pub origin: Origin,
}

impl Graph {
    /// The graph that a store keeps. Pairs that it lists twice are added up; self-calls and empty names stay.
    pub fn from_dependencies(all: &[Dependency]) -> Self {
        let mut numbers: BTreeMap<&str, u32> = BTreeMap::new();
        for dependency in all {
            numbers.insert(&dependency.parent, 0);
            numbers.insert(&dependency.child, 0);
        }
        for (n, number) in (0..).zip(numbers.values_mut()) {
            *number = n;
        }
        let mut edges: BTreeMap<(u32, u32), u64> = BTreeMap::new();
        for d in all {
            let of = |name: &str| numbers.get(name).copied().unwrap_or(0);
            let calls = edges.entry((of(&d.parent), of(&d.child))).or_default();
            *calls = calls.saturating_add(d.calls);
        }
        let node = |name: &&str| Node {
            name: Arc::from(*name),
            members: 1,
            ..Node::default()
        };
        let edge = |((from, to), calls)| Edge::between(from, to, calls);
        Self {
            nodes: numbers.keys().map(node).collect(),
            edges: edges.into_iter().map(edge).collect(),
            origin: Origin::Store,
        }
    }

    /// The node of a service.
    pub fn node(&self, name: &str) -> Option<u32> {
        let found = self.nodes.binary_search_by(|n| (*n.name).cmp(name)).ok()?;
        Some(found as u32)
    }

    /// Services that call each other in a ring, each ring's nodes in order, the greatest ring first. These are the strongly
    /// connected components (Tarjan 1972) of more than one node; self-calls are no rings.
    pub fn rings(&self) -> Vec<Vec<u32>> {
        let mut below = vec![Vec::new(); self.nodes.len()];
        for edge in &self.edges {
            if let Some(of) = below.get_mut(edge.from as usize)
                && (edge.to as usize) < self.nodes.len()
            {
                of.push(edge.to);
            }
        }
        let mut rings = components(&below);
        rings.retain(|r| r.len() > 1);
        for ring in &mut rings {
            ring.sort_unstable();
        }
        rings.sort_by(|a, b| (b.len(), a).cmp(&(a.len(), b)));
        rings
    }
}

/// Tarjan's strongly connected components, with a stack of its own instead of recursion.
fn components(below: &[Vec<u32>]) -> Vec<Vec<u32>> {
    const NEW: u32 = u32::MAX;
    let n = below.len();
    let (mut number, mut low) = (vec![NEW; n], vec![0u32; n]);
    let mut on_stack = vec![false; n];
    let (mut stack, mut out) = (Vec::new(), Vec::new());
    let mut count = 0;
    for root in 0..n {
        if number[root] != NEW {
            continue;
        }
        let mut open = vec![(root, 0)];
        while let Some((node, next)) = open.last_mut() {
            let at = *node;
            if *next == 0 {
                (number[at], low[at]) = (count, count);
                count += 1;
                stack.push(at as u32);
                on_stack[at] = true;
            }
            if let Some(&child) = below[at].get(*next) {
                *next += 1;
                let child = child as usize;
                if number[child] == NEW {
                    open.push((child, 0));
                } else if on_stack[child] {
                    low[at] = low[at].min(number[child]);
                }
                continue;
            }
            open.pop();
            if let Some(&(above, _)) = open.last() {
                low[above] = low[above].min(low[at]);
            }
            if low[at] == number[at] {
                let first = stack.iter().rposition(|&s| s as usize == at).unwrap_or(0);
                let ring = stack.split_off(first);
                for &member in &ring {
                    on_stack[member as usize] = false;
                }
                out.push(ring);
            }
        }
    }
    out
}

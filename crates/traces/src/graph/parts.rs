//! Smaller graphs of a large one: the surroundings of a service, and services as groups.

use super::{Edge, Graph, Node};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

/// A part of a graph.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// The part.
    pub graph: Graph,
    /// Which node of the whole each of its nodes is.
    pub nodes: Vec<u32>,
    /// How many edges of each of its nodes lead out of the part.
    pub hidden: Vec<u32>,
}

impl Graph {
    /// Who calls a service and whom it calls, over so many steps each way, `most` nodes at most. Nearer ones come first, of equally
    /// near ones those with more calls. Empty when there is no such node.
    pub fn around(&self, node: u32, hops: u32, most: usize) -> Part {
        if node as usize >= self.nodes.len() {
            return Part::default();
        }
        let mut callers: Vec<Vec<(u64, u32)>> = vec![Vec::new(); self.nodes.len()];
        let mut called = callers.clone();
        for edge in &self.edges {
            let (from, to) = (edge.from as usize, edge.to as usize);
            if from.max(to) < self.nodes.len() {
                called[from].push((edge.calls, edge.to));
                callers[to].push((edge.calls, edge.from));
            }
        }
        let mut taken = vec![false; self.nodes.len()];
        taken[node as usize] = true;
        let mut count = 1;
        // who calls and is called is on both ways
        let mut seen = [taken.clone(), taken.clone()];
        let mut edge_of = [vec![node], vec![node]];
        for _ in 0..hops.min(self.nodes.len() as u32) {
            let ways = edge_of.iter_mut().zip(&mut seen);
            for ((edge, seen), next) in ways.zip([&callers, &called]) {
                let mut found: Vec<(u64, u32)> = (edge.iter())
                    .flat_map(|&n| next[n as usize].iter().copied())
                    .collect();
                found.sort_unstable_by_key(|&(calls, n)| (Reverse(calls), n));
                edge.clear();
                for (_, n) in found {
                    let known = taken[n as usize];
                    if (known || count < most) && !std::mem::replace(&mut seen[n as usize], true) {
                        taken[n as usize] = true;
                        count += usize::from(!known);
                        edge.push(n);
                    }
                }
            }
        }
        self.part(&taken)
    }

    /// The nodes that are taken and the edges between them.
    fn part(&self, taken: &[bool]) -> Part {
        let nodes: Vec<u32> = (0..self.nodes.len() as u32)
            .filter(|&n| taken[n as usize])
            .collect();
        let place = |n: u32| nodes.binary_search(&n).ok();
        let mut hidden = vec![0; nodes.len()];
        let mut edges = Vec::new();
        for edge in &self.edges {
            match (place(edge.from), place(edge.to)) {
                (Some(from), Some(to)) => edges.push(Edge {
                    from: from as u32,
                    to: to as u32,
                    ..edge.clone()
                }),
                (Some(n), None) | (None, Some(n)) => hidden[n] += 1,
                (None, None) => {}
            }
        }
        let graph = Graph {
            nodes: (nodes.iter())
                .map(|&n| self.nodes[n as usize].clone())
                .collect(),
            edges,
            origin: self.origin,
        };
        Part {
            graph,
            nodes,
            hidden,
        }
    }

    /// Services with the same group as one node of that name; services without a group, and those that would be alone in theirs,
    /// stay themselves; one that has the very name of a group is part of it. Calls within a group are its self-calls. Also gives the new node of each old one.
    pub fn grouped(&self, group: impl Fn(&str) -> Option<&str>) -> (Self, Vec<u32>) {
        let mut members: BTreeMap<&str, u32> = BTreeMap::new();
        for node in &self.nodes {
            if let Some(of) = group(&node.name) {
                *members.entry(of).or_default() += 1;
            }
        }
        let shared = |name: &str| members.get(name).is_some_and(|&m| m > 1);
        let name = |node: &Node| match group(&node.name) {
            Some(of) if shared(of) => Arc::from(of),
            _ => node.name.clone(),
        };
        let mut nodes: BTreeMap<Arc<str>, Node> = BTreeMap::new();
        for node in &self.nodes {
            let of = nodes.entry(name(node)).or_insert_with(|| Node {
                name: name(node),
                inferred: true,
                ..Node::default()
            });
            of.spans += node.spans;
            of.errors += node.errors;
            of.members += node.members;
            of.inferred &= node.inferred;
        }
        let numbers: BTreeMap<&Arc<str>, u32> = nodes.keys().zip(0..).collect();
        let place: Vec<u32> = (self.nodes.iter())
            .map(|n| numbers.get(&name(n)).copied().unwrap_or(0))
            .collect();
        let grouped = Self {
            edges: merged(&self.edges, &place),
            origin: self.origin,
            nodes: nodes.into_values().collect(),
        };
        (grouped, place)
    }
}

/// The edges between new nodes, of which `place` has one for each old one.
fn merged(edges: &[Edge], place: &[u32]) -> Vec<Edge> {
    let mut all: BTreeMap<(u32, u32), Edge> = BTreeMap::new();
    for edge in edges {
        let ends = (place.get(edge.from as usize), place.get(edge.to as usize));
        let (Some(&from), Some(&to)) = ends else {
            continue;
        };
        match all.entry((from, to)) {
            Entry::Vacant(free) => {
                let edge = edge.clone();
                free.insert(Edge { from, to, ..edge });
            }
            Entry::Occupied(mut of) => of.get_mut().add(edge),
        }
    }
    let mut out: Vec<Edge> = all.into_values().collect();
    for edge in &mut out {
        edge.took.sort_unstable();
    }
    out
}

impl Edge {
    /// Adds the calls of another edge; durations are no longer sorted.
    fn add(&mut self, other: &Self) {
        self.calls = self.calls.saturating_add(other.calls);
        self.messages = self.messages.saturating_add(other.messages);
        self.errors = (self.errors.zip(other.errors)).map(|(a, b)| a.saturating_add(b));
        self.took.extend_from_slice(&other.took);
    }
}

/// The first part of a service's name, before `-`, `_`, `.`, `/` or `:`; `None` when it has only one.
pub fn prefix(name: &str) -> Option<&str> {
    let (first, _) = name.split_once(['-', '_', '.', '/', ':'])?;
    (!first.is_empty()).then_some(first)
}

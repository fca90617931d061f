//! Spans merged by where they are called: all spans of an operation that are reached by the same operations are one path.

use crate::Arrangement;
use crate::parents::NONE;
use hashbrown::HashMap;
use std::sync::Arc;

/// A service and one of its operations.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name {
    /// The service.
    pub service: Arc<str>,
    /// The operation.
    pub operation: Arc<str>,
}

/// What the spans of a path have together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PathTotals {
    /// How many they are.
    pub spans: u32,
    /// How many failed.
    pub errors: u32,
    /// The sum of their durations, ns.
    pub total_ns: i64,
    /// The sum of their self times, ns.
    pub self_ns: i64,
    /// How much of the critical path is their own work, ns.
    pub critical_ns: i64,
    /// The row of the longest of them.
    pub longest: u32,
    longest_ns: i64,
}

impl PathTotals {
    /// The mean duration, ns; 0 without spans.
    pub fn mean_ns(&self) -> i64 {
        self.total_ns
            .checked_div(i64::from(self.spans))
            .unwrap_or(0)
    }

    /// How long the longest of them took, ns.
    pub fn longest_ns(&self) -> i64 {
        self.longest_ns
    }

    fn add(&mut self, a: &Arrangement, row: usize) {
        let took = a.end[row].saturating_sub(a.start[row]);
        if self.spans == 0 || took > self.longest_ns {
            (self.longest, self.longest_ns) = (row as u32, took);
        }
        self.spans += 1;
        self.errors += u32::from(a.marks[row].contains(crate::Marks::ERROR));
        self.total_ns = self.total_ns.saturating_add(took);
        self.self_ns = self.self_ns.saturating_add(a.own[row]);
        self.critical_ns = (self.critical_ns).saturating_add(a.critical.own_ns(row as u32));
    }
}

/// A path.
pub(crate) struct Path {
    pub name: u32,
    /// The path above, or [`NONE`]; always an earlier one.
    pub parent: u32,
    pub totals: PathTotals,
}

/// The tree of all paths of a trace, parents before children, otherwise in the order of their first spans.
pub(crate) struct Paths {
    pub names: Vec<Name>,
    pub all: Vec<Path>,
}

impl Paths {
    pub fn of(a: &Arrangement) -> Self {
        let mut out = Self {
            names: Vec::new(),
            all: Vec::new(),
        };
        let mut numbers: HashMap<(&str, &str), u32> = HashMap::new();
        let mut known: HashMap<(u32, u32), u32> = HashMap::new();
        let mut of_row: Vec<u32> = Vec::with_capacity(a.len());
        for row in 0..a.len() {
            let span = &a.trace.spans[a.span[row] as usize];
            let next = out.names.len() as u32;
            let key = (a.trace.service(span), &*span.operation);
            let name = *numbers.entry(key).or_insert(next);
            if name == next {
                let process = a.trace.processes.get(span.process as usize);
                out.names.push(Name {
                    service: process.map(|p| p.service.clone()).unwrap_or_default(),
                    operation: span.operation.clone(),
                });
            }
            let above = a.parent[row];
            let parent = if above == NONE {
                NONE
            } else {
                of_row[above as usize]
            };
            let next = out.all.len() as u32;
            let path = *known.entry((parent, name)).or_insert(next);
            if path == next {
                out.all.push(Path {
                    name,
                    parent,
                    totals: PathTotals::default(),
                });
            }
            out.all[path as usize].totals.add(a, row);
            of_row.push(path);
        }
        out
    }
}

/// Lists each node's children one list after another: `of(n)` for a node's, `of(nodes)` for the roots. Within a list they
/// are in the order in which they were dealt out.
pub(crate) struct Children {
    first: Vec<u32>,
    list: Vec<u32>,
}

impl Children {
    /// `parents` has [`NONE`] for roots.
    pub fn of_parents(parents: &[u32]) -> Self {
        Self::in_order(parents, 0..parents.len() as u32)
    }

    /// The same, with each list in this order of all nodes.
    pub fn in_order(parents: &[u32], order: impl Iterator<Item = u32>) -> Self {
        let n = parents.len();
        let slot = |parent: u32| if parent == NONE { n } else { parent as usize };
        let mut first = vec![0u32; n + 2];
        for &parent in parents {
            first[slot(parent) + 1] += 1;
        }
        for i in 0..=n {
            first[i + 1] += first[i];
        }
        let mut next = first.clone();
        let mut list = vec![0u32; n];
        for node in order {
            let place = &mut next[slot(parents[node as usize])];
            list[*place as usize] = node;
            *place += 1;
        }
        Self { first, list }
    }

    pub fn of(&self, node: usize) -> &[u32] {
        &self.list[self.first[node] as usize..self.first[node + 1] as usize]
    }

    pub fn of_mut(&mut self, node: usize) -> &mut [u32] {
        &mut self.list[self.first[node] as usize..self.first[node + 1] as usize]
    }

    /// All nodes, each before its children, with its depth.
    pub fn pre_order(&self) -> Vec<(u32, u32)> {
        let roots = self.of(self.first.len() - 2);
        let mut open: Vec<(u32, u32)> = roots.iter().rev().map(|&r| (r, 0)).collect();
        let mut out = Vec::with_capacity(self.list.len());
        while let Some((node, depth)) = open.pop() {
            out.push((node, depth));
            let below = self.of(node as usize).iter().rev();
            open.extend(below.map(|&c| (c, depth + 1)));
        }
        out
    }
}

/// The number of nodes in each one's subtree, itself included. `parents` are earlier than their children.
pub(crate) fn sizes(parents: &[u32]) -> Vec<u32> {
    let mut size = vec![1u32; parents.len()];
    for n in (0..parents.len()).rev() {
        if parents[n] != NONE {
            size[parents[n] as usize] += size[n];
        }
    }
    size
}

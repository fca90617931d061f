//! Breaks rings: which edges are to run to the left.

use super::pack::Part;
use crate::graph::Graph;

/// An edge of a part in the direction in which it is drawn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Directed {
    /// Index into the graph's edges.
    pub edge: u32,
    /// From the left, a node of the part.
    pub from: usize,
    /// To the right.
    pub to: usize,
    /// Whether the call goes the other way.
    pub backward: bool,
}

/// What counts of an edge: calls that are frequent should run to the right, but not at any price.
fn weight(calls: u64) -> i64 {
    1 + i64::from(calls.checked_ilog2().unwrap_or(0))
}

/// An edge's index in the graph, its ends as nodes of the part, its weight.
type Ends = (u32, usize, usize, i64);

/// All edges of a part, so directed that there is no ring: nodes are put in a row and edges against it are turned round. Of two
/// rows the one that turns round less is taken, of equally good ones that from the entries, because it keeps the way that
/// requests take.
pub(super) fn directed(graph: &Graph, part: &Part) -> Vec<Directed> {
    let n = part.nodes.len();
    let ends: Vec<Ends> = (part.edges.iter())
        .map(|&e| {
            let edge = &graph.edges[e as usize];
            let (from, to) = (part.local(edge.from), part.local(edge.to));
            (e, from, to, weight(edge.calls))
        })
        .collect();
    let against = |place: &[usize]| -> i64 {
        let turned = ends.iter().filter(|e| place[e.1] > place[e.2]);
        turned.map(|e| e.3).sum()
    };
    let (by_entries, by_degree) = (from_entries(n, &ends), by_degree(n, &ends));
    let place = if against(&by_entries) <= against(&by_degree) {
        by_entries
    } else {
        by_degree
    };
    (ends.iter())
        .map(|&(edge, from, to, _)| {
            let backward = place[from] > place[to];
            let (from, to) = if backward { (to, from) } else { (from, to) };
            Directed {
                edge,
                from,
                to,
                backward,
            }
        })
        .collect()
}

/// The place of each node in a row in which only those edges run back that close a ring in a search in depth from the nodes that
/// nobody calls.
fn from_entries(n: usize, ends: &[Ends]) -> Vec<usize> {
    let mut calls = vec![Vec::new(); n];
    let mut balance = vec![(false, 0i64); n];
    for &(_, from, to, weight) in ends {
        calls[from].push(to);
        balance[from].1 -= weight;
        balance[to].0 = true;
        balance[to].1 += weight;
    }
    let mut starts: Vec<usize> = (0..n).collect();
    starts.sort_by_key(|&v| (balance[v], v));
    let mut seen = vec![false; n];
    let (mut place, mut left) = (vec![0; n], n);
    for start in starts {
        if std::mem::replace(&mut seen[start], true) {
            continue;
        }
        let mut open = vec![(start, 0)];
        while let Some((at, next)) = open.last_mut() {
            let Some(&to) = calls[*at].get(*next) else {
                left -= 1;
                place[*at] = left;
                open.pop();
                continue;
            };
            *next += 1;
            if !std::mem::replace(&mut seen[to], true) {
                open.push((to, 0));
            }
        }
    }
    place
}

/// The place of each node in a row by the greedy rule of Eades, Lin and Smyth ("A fast and effective heuristic for the feedback
/// arc set problem", 1993): who calls nobody goes to the right end, whom nobody calls to the left, and else who calls
/// most more than it is called.
fn by_degree(n: usize, ends: &[Ends]) -> Vec<usize> {
    let (mut called, mut calls) = (vec![Vec::new(); n], vec![Vec::new(); n]);
    let (mut incoming, mut outgoing) = (vec![0i64; n], vec![0i64; n]);
    for &(_, from, to, weight) in ends {
        calls[from].push((to, weight));
        called[to].push((from, weight));
        outgoing[from] += weight;
        incoming[to] += weight;
    }
    let mut place = vec![usize::MAX; n];
    let (mut left, mut right) = (0, n);
    // nodes at the ends come in the order in which they become free, so that each is looked at once
    let mut free: Vec<usize> = (0..n).rev().collect();
    while left < right {
        let ended =
            |v: usize, outgoing: &[i64], incoming: &[i64]| outgoing[v] == 0 || incoming[v] == 0;
        let next = loop {
            match free.pop() {
                Some(v) if place[v] == usize::MAX && ended(v, &outgoing, &incoming) => {
                    break Some(v);
                }
                Some(_) => {}
                None => break None,
            }
        };
        let strongest = || {
            (0..n)
                .filter(|&v| place[v] == usize::MAX)
                .max_by_key(|&v| (outgoing[v] - incoming[v], std::cmp::Reverse(v)))
        };
        let Some(v) = next.or_else(strongest) else {
            break;
        };
        if outgoing[v] == 0 && incoming[v] != 0 {
            right -= 1;
            place[v] = right;
        } else {
            place[v] = left;
            left += 1;
        }
        for &(to, weight) in &calls[v] {
            incoming[to] -= weight;
            free.push(to);
        }
        for &(from, weight) in &called[v] {
            outgoing[from] -= weight;
            free.push(from);
        }
    }
    place
}

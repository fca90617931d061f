//! Clocks that are apart: measured, said, and on request mended.
//!
//! What mending would move is Jaeger's rule (its query service's clock skew adjuster): spans of another host than their parent's that
//! do not lie within the parent are moved to its middle, as if the way there and the way back took equally long; one
//! that took longer than its parent is only moved so far that it does not begin before it; spans of a host are moved
//! together with the first span of theirs above them.

use crate::parents::NONE;
use hashbrown::HashMap;
use model::trace::{Process, Trace};
use std::sync::Arc;

/// A span that as recorded does not lie within its parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Skew {
    /// The span's index in the trace.
    pub span: u32,
    /// The index of its parent.
    pub parent: u32,
    /// By how much it begins before its parent, ns; 0 when it does not.
    pub before_ns: i64,
    /// By how much it ends after its parent, ns; 0 when it does not. That alone need not be a clock: the parent may not wait for it.
    pub after_ns: i64,
    /// Whether the two ran on different hosts. On one host there is one clock, and the times are simply odd.
    pub other_host: bool,
    /// By how much [`crate::Clocks::Adjusted`] moves it, ns.
    pub shift_ns: i64,
}

/// What calls from one host to another tell of their clocks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostSkew {
    /// The host of the parents.
    pub parent: Arc<str>,
    /// The host of the children.
    pub child: Arc<str>,
    /// Children there of parents here.
    pub spans: u32,
    /// How many of them begin before their parent, which no call can.
    pub before: u32,
    /// By how much at most, ns: the child's clock is at least so much behind.
    pub before_ns: i64,
    /// How many of them end after their parent.
    pub after: u32,
    /// By how much at most, ns.
    pub after_ns: i64,
}

/// What was measured.
pub(crate) struct Measured {
    /// By index of span.
    pub shift: Vec<i64>,
    /// By index of span; only those that stick out.
    pub skews: Vec<Skew>,
    /// Only pairs with a span that begins too early.
    pub hosts: Vec<HostSkew>,
}

/// Tags that name a host, the most reliable first.
const HOST_TAGS: [&str; 6] = [
    "host.id",
    "host.name",
    "hostname",
    "ip",
    "host.ip",
    "k8s.pod.name",
];

/// The host of each process: a number and a name. Where nothing names it, each process is taken for a host of its own.
fn hosts(trace: &Trace) -> (Vec<u32>, Vec<Arc<str>>) {
    let mut seen: HashMap<String, u32> = HashMap::new();
    let mut names: Vec<Arc<str>> = Vec::new();
    let mut numbers = Vec::with_capacity(trace.processes.len());
    for process in &trace.processes {
        let next = names.len() as u32;
        let number = match named_host(process) {
            Some(name) => *seen.entry(name).or_insert(next),
            None => next,
        };
        if number == next {
            let name = named_host(process).map(Arc::from);
            names.push(name.unwrap_or_else(|| process.service.clone()));
        }
        numbers.push(number);
    }
    (numbers, names)
}

fn named_host(process: &Process) -> Option<String> {
    let tag = |key: &&str| process.tags.iter().find(|t| *t.key == **key);
    let tag = HOST_TAGS.iter().find_map(tag)?;
    Some(tag.value.to_string()).filter(|name| !name.is_empty())
}

/// By how much to move a child of another host, whose parent is at `parent` already. Jaeger's rule.
fn rule(child: (i64, i64), parent: (i64, i64)) -> i64 {
    let took = |(start, end): (i64, i64)| end.saturating_sub(start);
    if took(child) > took(parent) {
        return parent.0.saturating_sub(child.0).max(0);
    }
    if child.0 >= parent.0 && child.1 <= parent.1 {
        return 0;
    }
    let way = (took(parent) - took(child)) / 2;
    parent.0.saturating_add(way).saturating_sub(child.0)
}

/// Where spans ran, and when by their host's clock.
struct Ran<'a> {
    trace: &'a Trace,
    host_of: Vec<u32>,
    names: Vec<Arc<str>>,
}

impl<'a> Ran<'a> {
    fn of(trace: &'a Trace) -> Self {
        let (host_of, names) = hosts(trace);
        Self {
            trace,
            host_of,
            names,
        }
    }

    fn host(&self, span: u32) -> u32 {
        let process = self.trace.spans[span as usize].process;
        self.host_of.get(process as usize).copied().unwrap_or(NONE)
    }

    fn time(&self, span: u32) -> (i64, i64) {
        let span = &self.trace.spans[span as usize];
        (span.start_ns, span.end_ns())
    }

    fn name(&self, host: u32) -> Arc<str> {
        self.names.get(host as usize).cloned().unwrap_or_default()
    }

    /// How a span lies in its parent, which is moved by `moved`.
    fn skew(&self, span: u32, parent: u32, moved: i64) -> Skew {
        let ((start, end), (from, to)) = (self.time(span), self.time(parent));
        let at = |t: i64| t.saturating_add(moved);
        let other_host = self.host(span) != self.host(parent);
        let shift_ns = if other_host {
            rule((start, end), (at(from), at(to)))
        } else {
            moved
        };
        Skew {
            span,
            parent,
            before_ns: from.saturating_sub(start).max(0),
            after_ns: end.saturating_sub(to).max(0),
            other_host,
            shift_ns,
        }
    }

    fn pair(&self, parent: u32, child: u32) -> HostSkew {
        HostSkew {
            parent: self.name(parent),
            child: self.name(child),
            spans: 0,
            before: 0,
            before_ns: 0,
            after: 0,
            after_ns: 0,
        }
    }
}

impl HostSkew {
    fn add(&mut self, skew: &Skew) {
        self.spans += 1;
        self.before += u32::from(skew.before_ns > 0);
        self.after += u32::from(skew.after_ns > 0);
        self.before_ns = self.before_ns.max(skew.before_ns);
        self.after_ns = self.after_ns.max(skew.after_ns);
    }
}

/// Measures a trace. `parents` is by index of span, `order` names parents before their children.
pub(crate) fn measure(trace: &Trace, parents: &[u32], order: &[u32]) -> Measured {
    let ran = Ran::of(trace);
    let mut shift = vec![0i64; parents.len()];
    let mut skews = Vec::new();
    let mut pairs: HashMap<(u32, u32), HostSkew> = HashMap::new();
    for &span in order {
        let parent = parents[span as usize];
        if parent == NONE {
            continue;
        }
        let skew = ran.skew(span, parent, shift[parent as usize]);
        shift[span as usize] = skew.shift_ns;
        if skew.other_host {
            let (there, here) = (ran.host(parent), ran.host(span));
            let pair = pairs.entry((there, here));
            pair.or_insert_with(|| ran.pair(there, here)).add(&skew);
        }
        if skew.before_ns > 0 || skew.after_ns > 0 {
            skews.push(skew);
        }
    }
    skews.sort_unstable_by_key(|s| s.span);
    let mut hosts: Vec<HostSkew> = pairs.into_values().filter(|p| p.before > 0).collect();
    hosts.sort_by(|a, b| {
        let key = |p: &HostSkew| (std::cmp::Reverse(p.before_ns), p.parent.clone());
        (key(a), &a.child).cmp(&(key(b), &b.child))
    });
    Measured {
        shift,
        skews,
        hosts,
    }
}

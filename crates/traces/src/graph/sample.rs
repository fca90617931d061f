//! The graph counted in traces.

use super::{Edge, Graph, Node, Origin};
use crate::parents::{self, NONE};
use hashbrown::HashMap;
use model::trace::{Span, SpanKind, Trace};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Tags by which a client says whom it calls, the most telling first.
const PEER_TAGS: [&str; 7] = [
    "peer.service",
    "service.peer.name",
    "db.system.name",
    "db.system",
    "messaging.system",
    "rpc.service",
    "net.peer.name",
];

/// Counts calls, trace by trace.
///
/// A call is a span whose parent is of another service, or of the same when one asks and the other answers (a service that calls
/// itself through the network). It took as long as the asking span did where there is one, and failed when either did. An asking
/// span that nothing answers calls whom its tags name (`peer.service`, `db.system.name`, …): such nodes are
/// [`Node::inferred`], unless a service of that name has spans.
#[derive(Clone, Debug, Default)]
pub struct Sample {
    nodes: BTreeMap<Arc<str>, Node>,
    edges: HashMap<(Arc<str>, Arc<str>), Counted>,
    traces: u32,
    spans: u64,
}

#[derive(Clone, Debug, Default)]
struct Counted {
    calls: u64,
    errors: u64,
    messages: u64,
    took: Vec<i64>,
}

/// Counts the calls in traces.
pub fn calls<'a>(traces: impl IntoIterator<Item = &'a Trace>) -> Graph {
    let mut sample = Sample::default();
    for trace in traces {
        sample.add(trace);
    }
    sample.graph()
}

fn asks(kind: SpanKind) -> bool {
    matches!(kind, SpanKind::Client | SpanKind::Producer)
}

fn answers(kind: SpanKind) -> bool {
    matches!(kind, SpanKind::Server | SpanKind::Consumer)
}

fn peer(span: &Span) -> Option<Arc<str>> {
    let tag = |key: &&str| span.tag(key).map(ToString::to_string);
    let name = PEER_TAGS.iter().find_map(tag)?;
    (!name.is_empty()).then(|| Arc::from(name))
}

fn took(span: &Span) -> i64 {
    span.end_ns().saturating_sub(span.start_ns)
}

impl Sample {
    /// Counts one trace.
    pub fn add(&mut self, trace: &Trace) {
        self.traces = self.traces.saturating_add(1);
        self.spans += trace.spans.len() as u64;
        let services: Vec<Arc<str>> = trace.processes.iter().map(|p| p.service.clone()).collect();
        let service = |span: &Span| {
            services
                .get(span.process as usize)
                .cloned()
                .unwrap_or_default()
        };
        let parents = parents::resolve(trace);
        let mut answered = vec![false; trace.spans.len()];
        for (span, &parent) in trace.spans.iter().zip(&parents.of) {
            let name = service(span);
            let node = self.nodes.entry(name.clone()).or_default();
            node.spans += 1;
            node.errors += u64::from(span.error);
            node.inferred = false;
            if parent == NONE {
                continue;
            }
            let caller = &trace.spans[parent as usize];
            let by = service(caller);
            if by == name && !(asks(caller.kind) && answers(span.kind)) {
                continue;
            }
            answered[parent as usize] = true;
            let waits = caller.kind == SpanKind::Client;
            let message = caller.kind == SpanKind::Producer || span.kind == SpanKind::Consumer;
            let counted = self.edges.entry((by, name)).or_default();
            counted.calls += 1;
            counted.errors += u64::from(span.error || (waits && caller.error));
            counted.messages += u64::from(message);
            counted.took.push(took(if waits { caller } else { span }));
        }
        let unanswered = trace.spans.iter().zip(answered).filter(|(_, done)| !done);
        for (span, _) in unanswered.filter(|(s, _)| asks(s.kind)) {
            let Some(name) = peer(span) else { continue };
            let inferred = || Node {
                inferred: true,
                ..Node::default()
            };
            self.nodes.entry(name.clone()).or_insert_with(inferred);
            let counted = self.edges.entry((service(span), name)).or_default();
            counted.calls += 1;
            counted.errors += u64::from(span.error);
            counted.messages += u64::from(span.kind == SpanKind::Producer);
            counted.took.push(took(span));
        }
    }

    /// The graph so far.
    pub fn graph(self) -> Graph {
        let numbers: HashMap<Arc<str>, u32> = self.nodes.keys().cloned().zip(0..).collect();
        let number = |name: &Arc<str>| numbers.get(name).copied().unwrap_or(0);
        let mut edges: Vec<Edge> = (self.edges.into_iter())
            .map(|((from, to), mut counted)| {
                counted.took.sort_unstable();
                Edge {
                    from: number(&from),
                    to: number(&to),
                    calls: counted.calls,
                    errors: Some(counted.errors),
                    messages: counted.messages,
                    took: counted.took,
                }
            })
            .collect();
        edges.sort_unstable_by_key(|e| (e.from, e.to));
        let node = |(name, node)| Node {
            name,
            members: 1,
            ..node
        };
        Graph {
            nodes: self.nodes.into_iter().map(node).collect(),
            edges,
            origin: Origin::Sample {
                traces: self.traces,
                spans: self.spans,
            },
        }
    }
}

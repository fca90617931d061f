//! Traces to test with, and slow, obvious answers about them.

use model::trace::{Link, Process, Span, SpanId, SpanKind, Tag, TagValue, Trace, TraceId};
use proptest::prelude::*;
use std::sync::Arc;

/// A span of service `svc<process>`.
pub fn span(id: u64, parent: Option<u64>, start_ns: i64, duration_ns: i64, process: u32) -> Span {
    Span {
        id: SpanId(id),
        parent: parent.map(SpanId),
        links: Vec::new(),
        process,
        operation: format!("op{}", id % 7).into(),
        kind: SpanKind::Internal,
        start_ns,
        duration_ns,
        error: id % 11 == 3,
        tags: Vec::new(),
        events: Vec::new(),
        warnings: Vec::new(),
    }
}

/// A trace with five services on a host each.
pub fn trace(spans: Vec<Span>) -> Arc<Trace> {
    let process = |n: usize| Process {
        service: format!("svc{n}").into(),
        tags: vec![Tag {
            key: "host.name".into(),
            value: TagValue::Text(format!("host{n}").into()),
        }],
    };
    Arc::new(Trace {
        id: TraceId(7),
        spans,
        processes: (0..5).map(process).collect(),
        warnings: Vec::new(),
    })
}

/// Any trace at all: ids that repeat, parents that are missing, rings, negative durations, clocks apart.
pub fn any_trace() -> impl Strategy<Value = Arc<Trace>> {
    let kind = prop_oneof![
        3 => Just(SpanKind::Internal),
        2 => Just(SpanKind::Client),
        2 => Just(SpanKind::Server),
        1 => Just(SpanKind::Producer),
        1 => Just(SpanKind::Consumer),
    ];
    let one = (
        1u64..40,
        prop::option::weighted(0.9, 1u64..44),
        -50i64..300,
        -20i64..200,
        0u32..5,
        kind,
        prop::bool::weighted(0.1),
    );
    prop::collection::vec(one, 0..60).prop_map(|spans| {
        let made = spans
            .into_iter()
            .map(|(id, parent, start, took, process, kind, follows)| {
                let mut made = span(id, parent, start, took, process);
                made.kind = kind;
                if let Some(parent) = parent.filter(|_| follows) {
                    made.links.push(Link {
                        trace: TraceId(7),
                        span: SpanId(parent),
                    });
                }
                made
            });
        trace(made.collect())
    })
}

/// A sound tree: ids 1.., each parent earlier in the list.
pub fn sound_trace() -> impl Strategy<Value = Arc<Trace>> {
    let one = (any::<prop::sample::Index>(), 0i64..300, 0i64..200, 0u32..5);
    prop::collection::vec(one, 1..60).prop_map(|spans| {
        let made = (1u64..)
            .zip(spans)
            .map(|(id, (parent, start, took, process))| {
                let parent = (id > 1).then(|| parent.index(id as usize - 1) as u64 + 1);
                span(id, parent, start, took, process)
            });
        trace(made.collect())
    })
}

//! Traces and graphs of sizes that real systems have now and then, for tests and benchmarks.

use crate::noise;
use model::trace::{
    Dependency, Process, Span, SpanEvent, SpanId, SpanKind, Tag, TagValue, Trace, TraceId,
};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Spans do not lie deeper than this in [`trace_of`].
const DEEPEST: usize = 24;
const SERVICES: usize = 40;
const OPERATIONS: [&str; 6] = [
    "GET /api/v1/dishes/{id}",
    "SELECT restaurant.orders",
    "HGETALL",
    "POST /internal/stock/reserve",
    "score candidates",
    "publish order.created",
];

/// Random numbers that only a seed and a place decide.
struct Chance {
    seed: u64,
    n: u64,
}

impl Chance {
    fn next(&mut self) -> u64 {
        self.n += 1;
        noise::hash(self.seed, 0x6769_616e_7473, self.n)
    }

    fn unit(&mut self) -> f64 {
        noise::unit(self.next())
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }
}

fn text(key: &Arc<str>, value: Arc<str>) -> Tag {
    Tag {
        key: key.clone(),
        value: TagValue::Text(value),
    }
}

fn process(name: &str, host: usize) -> Process {
    let tag = |key: &str, value: String| text(&key.into(), value.into());
    Process {
        service: name.into(),
        tags: vec![
            tag("host.name", format!("sw-app-{host:02}")),
            tag("ip", format!("10.42.{}.{}", host / 200, host % 200 + 2)),
            tag("service.version", "2.8.1".into()),
        ],
    }
}

/// Keys of tags, made once.
struct Keys {
    method: Arc<str>,
    route: Arc<str>,
    status: Arc<str>,
    address: Arc<str>,
    statement: Arc<str>,
    thread: Arc<str>,
    user: Arc<str>,
}

impl Keys {
    fn new() -> Self {
        Self {
            method: "http.request.method".into(),
            route: "http.route".into(),
            status: "http.response.status_code".into(),
            address: "server.address".into(),
            statement: "db.query.text".into(),
            thread: "thread.name".into(),
            user: "enduser.id".into(),
        }
    }

    fn tags(&self, chance: &mut Chance, service: usize) -> Vec<Tag> {
        let number = chance.below(42_000);
        vec![
            text(&self.method, "GET".into()),
            text(&self.route, OPERATIONS[service % OPERATIONS.len()].into()),
            Tag {
                key: self.status.clone(),
                value: TagValue::Int(200),
            },
            text(&self.address, format!("service-{service:02}.restaurant.svc").into()),
            text(
                &self.statement,
                format!("SELECT id, state FROM orders WHERE user_id = {number} AND created_at > now() - interval '1 day'").into(),
            ),
            text(&self.thread, format!("http-nio-8080-exec-{}", number % 200).into()),
            text(&self.user, format!("u{}", 100_000 + number).into()),
        ]
    }
}

/// One trace of `spans` spans (at least one) that begins at `start_ns` and takes a minute: forty services, at most 24 deep,
/// children within their parents, one span in a hundred fails with an exception. Jaeger's classic JSON of it is about 0.8 kB
/// a span.
pub fn trace_of(spans: usize, seed: u64, start_ns: i64) -> Trace {
    let mut chance = Chance { seed, n: 0 };
    let keys = Keys::new();
    let high = u128::from(chance.next() | 1 << 63);
    let id = TraceId(high << 64 | u128::from(chance.next()));
    let mut all: Vec<Span> = Vec::with_capacity(spans.max(1));
    let mut depth: Vec<usize> = Vec::with_capacity(spans.max(1));
    for i in 0..spans.max(1) {
        let service = chance.below(SERVICES);
        let parent = (i > 0).then(|| parent_of(&mut chance, &depth));
        let (start, length) = match parent.and_then(|p| all.get(p)) {
            None => (start_ns, 60_000_000_000),
            Some(p) => inside(&mut chance, p),
        };
        depth.push(parent.and_then(|p| depth.get(p)).map_or(0, |d| d + 1));
        let failed = i > 0 && chance.below(100) == 0;
        all.push(Span {
            id: SpanId(chance.next() | 1),
            parent: parent.and_then(|p| all.get(p)).map(|p| p.id),
            links: Vec::new(),
            process: service as u32,
            operation: OPERATIONS[(service + i) % OPERATIONS.len()].into(),
            kind: [SpanKind::Server, SpanKind::Client, SpanKind::Internal][i % 3],
            start_ns: start,
            duration_ns: length,
            error: failed,
            tags: keys.tags(&mut chance, service),
            events: if failed {
                vec![exception(start + length / 2)]
            } else {
                Vec::new()
            },
            warnings: Vec::new(),
        });
    }
    Trace {
        id,
        spans: all,
        processes: (0..SERVICES)
            .map(|i| process(&format!("service-{i:02}"), i))
            .collect(),
        warnings: Vec::new(),
    }
}

/// The root often, else one of those made lately, so that the tree is both broad and deep.
fn parent_of(chance: &mut Chance, depth: &[usize]) -> usize {
    let i = depth.len();
    if chance.unit() < 0.02 {
        return 0;
    }
    let back = 1 + chance.below(i.min(60));
    let parent = i - back;
    if depth[parent] + 1 < DEEPEST {
        parent
    } else {
        0
    }
}

fn inside(chance: &mut Chance, parent: &Span) -> (i64, i64) {
    let room = parent.duration_ns as f64;
    let start = room * chance.unit() * 0.9;
    let length = (room - start) * (0.05 + 0.9 * chance.unit());
    (parent.start_ns + start as i64, length as i64)
}

fn exception(at_ns: i64) -> SpanEvent {
    let field = |key: &str, value: &str| text(&key.into(), value.into());
    SpanEvent {
        at_ns,
        fields: vec![
            field("event", "exception"),
            field("exception.type", "java.net.SocketTimeoutException"),
            field("exception.message", "Read timed out"),
        ],
    }
}

/// A chain in which every span has one child, `depth` deep (at least one span), from service to service.
pub fn chain(depth: usize, seed: u64, start_ns: i64) -> Trace {
    let mut chance = Chance { seed, n: 0 };
    let keys = Keys::new();
    let id = TraceId(u128::from(chance.next() | 1 << 63) << 64 | u128::from(chance.next()));
    let depth = depth.max(1);
    let mut spans: Vec<Span> = Vec::with_capacity(depth);
    for i in 0..depth {
        let service = i % SERVICES;
        // a microsecond and a half on either side, so that even the innermost has some time
        let margin = i as i64 * 1_500_000;
        spans.push(Span {
            id: SpanId(chance.next() | 1),
            parent: spans.last().map(|s| s.id),
            links: Vec::new(),
            process: service as u32,
            operation: OPERATIONS[i % OPERATIONS.len()].into(),
            kind: SpanKind::Server,
            start_ns: start_ns + margin,
            duration_ns: (depth as i64 + 1) * 3_000_000 - 2 * margin,
            error: i + 1 == depth,
            tags: keys.tags(&mut chance, service),
            events: Vec::new(),
            warnings: Vec::new(),
        });
    }
    Trace {
        id,
        spans,
        processes: (0..SERVICES.min(depth))
            .map(|i| process(&format!("service-{i:02}"), i))
            .collect(),
        warnings: Vec::new(),
    }
}

/// A graph of `services` services with `edges` calls between two different ones, each once: layers as in a real system (few at the
/// edge, many in the middle), every service in at least one call, and about one call in fifty back up, so that there are rings.
/// Fewer edges come out when there are not as many pairs.
pub fn graph(services: usize, edges: usize, seed: u64) -> Vec<Dependency> {
    let mut chance = Chance { seed, n: 0 };
    let mut pairs: BTreeSet<(usize, usize)> = BTreeSet::new();
    for child in 1..services {
        // the nearer to the edge, the more are called by it: a few services call many
        let parent = (child as f64 * chance.unit().powi(2)) as usize;
        if pairs.len() < edges {
            pairs.insert((parent.min(child - 1), child));
        }
    }
    let most = edges.min(services.saturating_mul(services.saturating_sub(1)));
    let mut tries = 0;
    while pairs.len() < most && tries < most.saturating_mul(50) {
        tries += 1;
        let (a, b) = (chance.below(services), chance.below(services));
        let (low, high) = (a.min(b), a.max(b));
        if low == high {
            continue;
        }
        let back = chance.below(50) == 0;
        pairs.insert(if back { (high, low) } else { (low, high) });
    }
    pairs
        .into_iter()
        .map(|(parent, child)| Dependency {
            parent: service(parent),
            child: service(child),
            calls: 1 + chance.next() % 40_000,
        })
        .collect()
}

/// A name as they are in large systems: team, task, number.
fn service(n: usize) -> String {
    const TEAMS: [&str; 8] = [
        "order",
        "payment",
        "menu",
        "user",
        "nutrition",
        "delivery",
        "marketing",
        "data",
    ];
    const TASKS: [&str; 7] = [
        "api", "worker", "cache", "sync", "gateway", "report", "adapter",
    ];
    format!(
        "{}-{}-{n:04}",
        TEAMS[n % TEAMS.len()],
        TASKS[n / TEAMS.len() % TASKS.len()]
    )
}

/// Traces from which `graph` follows, each call once: as many traces as calls, of two spans each.
pub fn traces_of(graph: &[Dependency], seed: u64, start_ns: i64) -> Vec<Trace> {
    let mut chance = Chance { seed, n: 0 };
    graph
        .iter()
        .enumerate()
        .map(|(i, edge)| {
            let id = TraceId(u128::from(chance.next() | 1 << 63) << 64 | i as u128);
            let root = SpanId(chance.next() | 1);
            let start = start_ns + i as i64 * 1_000_000;
            let span = |id, parent, process, start_ns, duration_ns, kind| Span {
                id,
                parent,
                links: Vec::new(),
                process,
                operation: "call".into(),
                kind,
                start_ns,
                duration_ns,
                error: false,
                tags: Vec::new(),
                events: Vec::new(),
                warnings: Vec::new(),
            };
            let child = SpanId(chance.next() | 1);
            Trace {
                id,
                spans: vec![
                    span(root, None, 0, start, 9_000_000, SpanKind::Client),
                    span(
                        child,
                        Some(root),
                        1,
                        start + 1_000_000,
                        7_000_000,
                        SpanKind::Server,
                    ),
                ],
                processes: vec![process(&edge.parent, 1), process(&edge.child, 2)],
                warnings: Vec::new(),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    #[test]
    fn a_giant_is_a_tree_of_the_asked_size() {
        let trace = trace_of(5000, 7, 1_000);
        assert_eq!(trace.spans.len(), 5000);
        assert_eq!(trace, trace_of(5000, 7, 1_000));
        let at: HashMap<_, _> = trace.spans.iter().map(|s| (s.id, s)).collect();
        assert_eq!(at.len(), 5000, "ids are used once");
        let mut deepest = 0;
        for span in &trace.spans {
            let mut depth = 0;
            let mut up = span;
            while let Some(parent) = up.parent {
                let p = at[&parent];
                assert!(p.start_ns <= up.start_ns && up.end_ns() <= p.end_ns());
                up = p;
                depth += 1;
            }
            deepest = deepest.max(depth);
        }
        assert!((15..DEEPEST).contains(&deepest), "{deepest}");
        assert!((20..90).contains(&trace.spans.iter().filter(|s| s.error).count()));
    }

    #[test]
    fn a_chain_is_as_deep_as_asked() {
        let trace = chain(200, 1, 0);
        assert_eq!(trace.spans.len(), 200);
        for pair in trace.spans.windows(2) {
            assert_eq!(pair[1].parent, Some(pair[0].id));
            assert!(pair[1].duration_ns > 0 && pair[1].end_ns() < pair[0].end_ns());
        }
    }

    #[test]
    fn a_graph_has_all_its_services_and_calls() {
        let graph = graph(1238, 4271, 3);
        assert_eq!(graph.len(), 4271);
        let names: BTreeSet<&str> = graph.iter().flat_map(|d| [&*d.parent, &*d.child]).collect();
        assert_eq!(names.len(), 1238);
        assert!(graph.iter().all(|d| d.parent != d.child && d.calls > 0));
        assert_eq!(
            super::graph(3, 100, 1).len(),
            6,
            "no more than there are pairs"
        );
        assert!(super::graph(0, 5, 1).is_empty() && super::graph(1, 5, 1).is_empty());
        assert_eq!(traces_of(&graph, 1, 0).len(), 4271);
    }
}

//! What arranging, merging and laying out cost, a line of JSON for each: `cargo run --release -p traces --example traces_bench`.

use model::trace::{Dependency, Process, Span, SpanId, SpanKind, Tag, TagValue, Trace, TraceId};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;
use traces::{
    Arrangement, By, Clocks, Collapsed, Find, Flame, Graph, Options, Significance, calls, compare,
    layout,
};

const MS: i64 = 1_000_000;

/// A sequence of numbers that is the same each time (xorshift, Marsaglia 2003).
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n.max(1)
    }
}

/// A trace of so many spans of 40 services. Wide: each span's parent is any of the thousand before it. Deep: chains of 200
/// below one root. Every child lies within its parent.
fn trace(spans: u64, deep: bool, seed: u64) -> Arc<Trace> {
    let mut random = Random(seed);
    let key: Vec<Arc<str>> = (0..6)
        .map(|n| format!("attribute.number.{n}").into())
        .collect();
    let operations: Vec<Arc<str>> = (0..200)
        .map(|n| format!("GET /api/v1/orders/{n}").into())
        .collect();
    let values: Vec<Arc<str>> = (0..500).map(|n| format!("value-{n}").into()).collect();
    let process = |n: u64| Process {
        service: format!("service-{n:02}").into(),
        tags: vec![Tag {
            key: "host.name".into(),
            value: TagValue::Text(format!("host-{n}").into()),
        }],
    };
    let mut made: Vec<Span> = Vec::with_capacity(spans as usize);
    for id in 1..=spans {
        let parent = match (id, deep) {
            (1, _) => None,
            (_, true) if id % 200 == 2 => Some(1),
            (_, true) => Some(id - 1),
            (_, false) => Some(id - 1 - random.below((id - 1).min(1_000))),
        };
        let above = parent.and_then(|p| made.get(p as usize - 1));
        let (from, took) = above.map_or((0, 3_600_000 * MS), |a| (a.start_ns, a.duration_ns));
        let start_ns = from + random.below(took as u64 / 50 + 1) as i64;
        let room = (from + took - start_ns) as u64;
        let tag = |key: &Arc<str>| Tag {
            key: key.clone(),
            value: TagValue::Text(values[random.below(500) as usize].clone()),
        };
        let tags = key.iter().map(tag).collect();
        made.push(Span {
            id: SpanId(id),
            parent: parent.map(SpanId),
            links: Vec::new(),
            process: random.below(40) as u32,
            operation: operations[random.below(200) as usize].clone(),
            kind: if id % 2 == 0 {
                SpanKind::Client
            } else {
                SpanKind::Server
            },
            start_ns,
            duration_ns: (room - random.below(room / 20 + 1)) as i64,
            error: random.below(100) == 0,
            tags,
            events: Vec::new(),
            warnings: Vec::new(),
        });
    }
    Arc::new(Trace {
        id: TraceId(1),
        spans: made,
        processes: (0..40).map(process).collect(),
        warnings: Vec::new(),
    })
}

/// A graph in which those who have many neighbours get more (Barabási and Albert 1999), so degrees follow a power law; one call
/// of fifty goes back.
fn graph(nodes: u64, edges: usize, seed: u64) -> Graph {
    let mut random = Random(seed);
    let mut ends = vec![0u64];
    let mut pairs = BTreeSet::new();
    for node in 1..nodes {
        let to = ends[random.below(ends.len() as u64) as usize];
        pairs.insert((to, node));
        ends.extend([to, node]);
    }
    while pairs.len() < edges {
        let mut any = || ends[random.below(ends.len() as u64) as usize];
        let (a, b) = (any(), any());
        let pair = if random.below(50) == 0 {
            (a.max(b), a.min(b))
        } else {
            (a.min(b), a.max(b))
        };
        if a != b {
            pairs.insert(pair);
        }
    }
    let name = |n: u64| format!("service-{n:04}");
    let all: Vec<Dependency> = (pairs.into_iter())
        .map(|(from, to)| Dependency {
            parent: name(from),
            child: name(to),
            calls: 1 + random.below(10_000),
        })
        .collect();
    Graph::from_dependencies(&all)
}

/// The middle of so many runs, ms.
#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn timed<T>(what: &str, runs: usize, mut run: impl FnMut() -> T) {
    let mut times: Vec<f64> = (0..runs)
        .map(|_| {
            let start = Instant::now();
            std::hint::black_box(run());
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    let middle = times.get(runs / 2).copied().unwrap_or_default();
    println!("{{\"{what}_ms\":{middle:.4}}}");
}

fn one_trace(name: &str, trace: &Arc<Trace>) {
    timed(&format!("{name}_arrange"), 21, || {
        Arrangement::of(trace.clone())
    });
    timed(&format!("{name}_arrange_adjusted"), 11, || {
        Arrangement::with(trace.clone(), Clocks::Adjusted)
    });
    let a = Arrangement::of(trace.clone());
    println!("{{\"{name}_depth\":{}}}", a.max_depth());
    println!(
        "{{\"{name}_critical_pieces\":{}}}",
        a.critical_path().segments().len()
    );
    let mut collapsed = Collapsed::none(&a);
    collapsed.to_depth(&a, 6);
    let half = collapsed.visible() / 2;
    timed(&format!("{name}_window_of_60_rows"), 201, || {
        a.visible(&collapsed, half, 60, 1_000).len()
    });
    timed(&format!("{name}_toggle"), 201, || collapsed.toggle(&a, 0));
    let none = Collapsed::none(&a);
    timed(&format!("{name}_window_of_60_rows_expanded"), 201, || {
        a.visible(&none, 25_000, 60, 1_000).len()
    });
    let find = Find {
        text: "value-77".into(),
        ..Find::default()
    };
    timed(&format!("{name}_find_text"), 11, || a.find(&find));
    timed(&format!("{name}_minimap"), 21, || a.minimap(1_600));
    timed(&format!("{name}_services"), 21, || a.services());
    timed(&format!("{name}_statistics_by_operation"), 21, || {
        a.statistics(&By::Operation)
    });
    timed(&format!("{name}_statistics_by_tag"), 21, || {
        a.statistics(&By::Tag("attribute.number.3".into()))
    });
    timed(&format!("{name}_flame"), 21, || Flame::of(&a));
    let flame = Flame::of(&a);
    timed(&format!("{name}_flame_window"), 201, || {
        flame.cells(None, 1_600, 0, 40).len()
    });
}

fn main() {
    let (wide, deep) = (trace(50_000, false, 42), trace(50_000, true, 43));
    one_trace("wide_50000", &wide);
    one_trace("deep_50000", &deep);
    let (a, b) = (
        Arrangement::of(wide),
        Arrangement::of(trace(50_000, false, 44)),
    );
    timed("compare_two_of_50000", 5, || {
        compare(&a, &b, Significance::default())
    });
    let sample: Vec<Arc<Trace>> = (0..500)
        .map(|seed| trace(100, false, seed * 7 + 1))
        .collect();
    timed("calls_in_500_traces", 11, || {
        calls(sample.iter().map(|t| &**t))
    });
    let medium = graph(60, 150, 5);
    timed("layout_60_nodes_150_edges", 21, || {
        layout(&medium, &Options::default()).is_ok()
    });
    let big = graph(1_238, 4_271, 7);
    timed("layout_1238_nodes_4271_edges", 5, || {
        layout(&big, &Options::default()).is_ok()
    });
    if let Ok(drawn) = layout(&big, &Options::default()) {
        println!(
            "{{\"layout_1238\":{{\"crossings_at_first\":{},\"crossings\":{},\"width\":{:.0},\"height\":{:.0}}}}}",
            drawn.crossings_at_first, drawn.crossings, drawn.width, drawn.height
        );
    }
    timed("around_two_hops_100_nodes", 21, || big.around(0, 2, 100));
}

//! Who calls whom, and where it is drawn.

use crate::common::{any_trace, span, trace};
use model::trace::{Dependency, SpanKind, Tag, TagValue, Trace};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::sync::Arc;
use traces::{
    Arrangement, Graph, Layout, MOST_NODES, Options, Origin, Placed, TooLarge, calls, layout,
    prefix,
};

fn dependency(parent: &str, child: &str, calls: u64) -> Dependency {
    Dependency {
        parent: parent.into(),
        child: child.into(),
        calls,
    }
}

fn of(pairs: &[(u32, u32)]) -> Graph {
    let name = |n: u32| format!("n{n:03}");
    let all: Vec<_> = pairs
        .iter()
        .map(|&(a, b)| dependency(&name(a), &name(b), 1 + u64::from(a * b)))
        .collect();
    Graph::from_dependencies(&all)
}

fn any_graph() -> impl Strategy<Value = Graph> {
    prop::collection::vec((0u32..30, 0u32..30), 0..80).prop_map(|pairs| of(&pairs))
}

fn edges(graph: &Graph) -> Vec<(String, String, u64)> {
    let name = |n: u32| graph.nodes[n as usize].name.to_string();
    graph
        .edges
        .iter()
        .map(|e| (name(e.from), name(e.to), e.calls))
        .collect()
}

fn edge(a: &str, b: &str, calls: u64) -> (String, String, u64) {
    (a.into(), b.into(), calls)
}

fn apart(a: &Placed, b: &Placed) -> bool {
    let e = 1e-6;
    a.x + a.width <= b.x + e
        || b.x + b.width <= a.x + e
        || a.y + a.height <= b.y + e
        || b.y + b.height <= a.y + e
}

/// Whether a line runs through the inside of a node.
fn through(points: &[(f64, f64)], node: &Placed) -> bool {
    let (left, right, top, bottom) = (
        node.x + 1.0,
        node.x + node.width - 1.0,
        node.y + 1.0,
        node.y + node.height - 1.0,
    );
    points.windows(2).any(|w| {
        let (a, b) = if w[0].0 <= w[1].0 {
            (w[0], w[1])
        } else {
            (w[1], w[0])
        };
        let (from, to) = (a.0.max(left), b.0.min(right));
        let at = |x: f64| a.1 + (b.1 - a.1) * (x - a.0) / (b.0 - a.0).max(1e-9);
        from < to && at(from).min(at(to)) < bottom && at(from).max(at(to)) > top
    })
}

fn check(graph: &Graph, drawn: &Layout) -> Result<(), TestCaseError> {
    prop_assert!(drawn.crossings <= drawn.crossings_at_first);
    for (n, a) in drawn.nodes.iter().enumerate() {
        prop_assert!(
            a.x >= -1e-6
                && a.y >= -1e-6
                && a.x + a.width <= drawn.width + 1e-6
                && a.y + a.height <= drawn.height + 1e-6,
            "{a:?}"
        );
        prop_assert!(drawn.nodes[n + 1..].iter().all(|b| apart(a, b)), "{n}");
    }
    for (edge, routed) in graph.edges.iter().zip(&drawn.edges) {
        let (from, to) = (
            &drawn.nodes[edge.from as usize],
            &drawn.nodes[edge.to as usize],
        );
        prop_assert!(routed.points.len() >= 2);
        prop_assert!(
            routed
                .points
                .iter()
                .all(|p| p.0.is_finite() && p.1.is_finite())
        );
        let (first, last) = (routed.points[0], *routed.points.last().unwrap());
        let near = |a: f64, b: f64| (a - b).abs() < 1e-6;
        if edge.from == edge.to {
            prop_assert!(near(first.0, from.x + from.width) && near(last.1, from.y));
            continue;
        }
        prop_assert_eq!(routed.backward, to.layer < from.layer);
        let (start, end) = if routed.backward {
            (from.x, to.x + to.width)
        } else {
            (from.x + from.width, to.x)
        };
        prop_assert!(near(first.0, start) && near(last.0, end));
        let inside = |y: f64, n: &Placed| n.y < y && y < n.y + n.height;
        prop_assert!(inside(first.1, from) && inside(last.1, to));
        for (n, node) in drawn.nodes.iter().enumerate() {
            let own = n as u32 == edge.from || n as u32 == edge.to;
            prop_assert!(
                own || !through(&routed.points, node),
                "{:?} {node:?}",
                routed.points
            );
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn nothing_overlaps_and_lines_reach_their_nodes(graph in any_graph(), widths in prop::collection::vec(20.0f64..300.0, 0..40)) {
        let options = Options { widths, ..Options::default() };
        let drawn = layout(&graph, &options).unwrap();
        check(&graph, &drawn)?;
        prop_assert_eq!(drawn, layout(&graph, &options).unwrap());
    }

    #[test]
    fn without_rings_all_calls_run_to_the_right(pairs in prop::collection::vec((0u32..30, 1u32..30), 1..80)) {
        let graph = of(&pairs.into_iter().map(|(a, step)| (a, a + step)).collect::<Vec<_>>());
        prop_assert!(graph.rings().is_empty());
        let drawn = layout(&graph, &Options::default()).unwrap();
        prop_assert!(drawn.edges.iter().all(|e| !e.backward));
        check(&graph, &drawn)?;
    }

    #[test]
    fn rings_are_who_reaches_each_other(graph in any_graph()) {
        let n = graph.nodes.len() as u32;
        let reached = |from: u32| {
            let mut all = BTreeSet::from([from]);
            for _ in 0..n {
                let next: Vec<u32> = graph.edges.iter().filter(|e| all.contains(&e.from)).map(|e| e.to).collect();
                all.extend(next);
            }
            all
        };
        let reaches: Vec<BTreeSet<u32>> = (0..n).map(reached).collect();
        let ring = |i: u32| (0..n).filter(|&j| reaches[i as usize].contains(&j) && reaches[j as usize].contains(&i)).collect::<Vec<_>>();
        let rings: BTreeSet<Vec<u32>> = (0..n).map(ring).filter(|r| r.len() > 1).collect();
        let found = graph.rings();
        prop_assert!(found.iter().map(Vec::len).rev().is_sorted());
        prop_assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), rings);
    }

    #[test]
    fn surroundings_are_as_near_as_asked(graph in any_graph(), hops in 0u32..4, most in 1usize..40) {
        if graph.nodes.is_empty() { return Ok(()); }
        let part = graph.around(0, hops, most);
        // forwards and backwards step by step
        let mut near: [BTreeSet<u32>; 2] = [BTreeSet::from([0]), BTreeSet::from([0])];
        for _ in 0..hops {
            for (way, set) in near.iter_mut().enumerate() {
                let next: Vec<u32> = graph.edges.iter().filter_map(|e| {
                    let (a, b) = if way == 0 { (e.from, e.to) } else { (e.to, e.from) };
                    set.contains(&a).then_some(b)
                }).collect();
                set.extend(next);
            }
        }
        let all: BTreeSet<u32> = near[0].union(&near[1]).copied().collect();
        prop_assert!(part.nodes.contains(&0) && part.nodes.iter().all(|n| all.contains(n)));
        if most >= 30 { prop_assert_eq!(part.nodes.len(), all.len()); } else { prop_assert!(part.nodes.len() <= most); }
        for (n, &node) in part.nodes.iter().enumerate() {
            prop_assert_eq!(&part.graph.nodes[n], &graph.nodes[node as usize]);
            let outside = |other: u32| !part.nodes.contains(&other);
            let hidden = graph.edges.iter().filter(|e| (e.from == node && outside(e.to)) || (e.to == node && outside(e.from))).count();
            prop_assert_eq!(part.hidden[n] as usize, hidden);
        }
        let inside = graph.edges.iter().filter(|e| part.nodes.contains(&e.from) && part.nodes.contains(&e.to)).count();
        prop_assert_eq!(part.graph.edges.len(), inside);
    }

    #[test]
    fn groups_keep_all_calls(graph in any_graph()) {
        let (grouped, place) = graph.grouped(|name| name.get(..3));
        prop_assert_eq!(place.len(), graph.nodes.len());
        let sum = |g: &Graph| g.edges.iter().map(|e| e.calls).sum::<u64>();
        prop_assert_eq!(sum(&grouped), sum(&graph));
        prop_assert_eq!(grouped.nodes.iter().map(|n| n.members as usize).sum::<usize>(), graph.nodes.len());
        for e in &graph.edges {
            let ends = (place[e.from as usize], place[e.to as usize]);
            prop_assert!(grouped.edges.iter().any(|g| (g.from, g.to) == ends));
        }
        prop_assert!(grouped.nodes.is_sorted_by(|a, b| a.name < b.name));
    }

    #[test]
    fn calls_are_counted_as_the_tree_says(t in any_trace()) {
        let a = Arrangement::of(t.clone());
        let mut expected: std::collections::BTreeMap<(String, String), u64> = Default::default();
        for row in 0..a.len() as u32 {
            let Some(parent) = a.parent(row) else { continue };
            let (span, above) = (a.span(row).unwrap(), a.span(parent).unwrap());
            let (to, from) = (t.service(span), t.service(above));
            let asked = matches!(above.kind, SpanKind::Client | SpanKind::Producer) && matches!(span.kind, SpanKind::Server | SpanKind::Consumer);
            if from != to || asked { *expected.entry((from.into(), to.into())).or_default() += 1; }
        }
        let graph = calls([&*t]);
        let expected: Vec<_> = expected.into_iter().map(|((a, b), n)| (a, b, n)).collect();
        prop_assert_eq!(edges(&graph), expected);
        prop_assert_eq!(graph.nodes.iter().map(|n| n.spans as usize).sum::<usize>(), t.spans.len());
        for e in &graph.edges {
            prop_assert!(e.errors.unwrap() <= e.calls && e.messages <= e.calls && e.p50_ns() <= e.p95_ns());
        }
    }
}

#[test]
fn the_busiest_neighbours_come_first() {
    let mut all: Vec<_> = (1..=9)
        .map(|n| dependency("hub", &format!("n{n}"), n))
        .collect();
    all.push(dependency("far", "hub", 1));
    let graph = Graph::from_dependencies(&all);
    let part = graph.around(graph.node("hub").unwrap(), 1, 4);
    let names: Vec<&str> = part.graph.nodes.iter().map(|n| &*n.name).collect();
    assert_eq!(names, ["far", "hub", "n8", "n9"]);
    assert_eq!(part.hidden, [0, 7, 0, 0]);
}

/// shop asks pay (10 ms, 30 ms seen by the caller), which fails once by the one's word and once by the
/// other's; shop sends a message that mail takes; pay asks a database that has no spans, and itself.
fn shop() -> Arc<Trace> {
    let ms = 1_000_000;
    let mut t = Trace::clone(&trace(vec![
        span(101, None, 0, 200 * ms, 0),
        span(102, Some(101), 10 * ms, 30 * ms, 0),
        span(104, Some(102), 15 * ms, 10 * ms, 1),
        span(105, Some(101), 50 * ms, 10 * ms, 0),
        span(106, Some(105), 52 * ms, 2 * ms, 1),
        span(107, Some(101), 70 * ms, ms, 0),
        span(108, Some(107), 90 * ms, 40 * ms, 2),
        span(109, Some(104), 16 * ms, 5 * ms, 1),
        span(110, Some(104), 21 * ms, 4 * ms, 1),
        span(111, Some(110), 22 * ms, 2 * ms, 1),
    ]));
    use SpanKind::{Client, Consumer, Producer, Server};
    for (at, kind) in [
        (1, Client),
        (2, Server),
        (3, Client),
        (4, Server),
        (5, Producer),
        (6, Consumer),
        (7, Client),
        (8, Client),
        (9, Server),
    ] {
        t.spans[at].kind = kind;
    }
    for span in &mut t.spans {
        span.error = [102, 106].contains(&span.id.0);
    }
    t.spans[7].tags.push(Tag {
        key: "db.system".into(),
        value: TagValue::Text("postgresql".into()),
    });
    Arc::new(t)
}

#[test]
fn calls_messages_and_silent_databases() {
    let graph = calls([&*shop(), &*shop()]);
    assert_eq!(
        graph.origin,
        Origin::Sample {
            traces: 2,
            spans: 20
        }
    );
    assert_eq!(
        edges(&graph),
        [
            edge("svc0", "svc1", 4),
            edge("svc0", "svc2", 2),
            edge("svc1", "postgresql", 2),
            edge("svc1", "svc1", 2)
        ]
        .into_iter()
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect::<Vec<_>>()
    );
    let find = |to: &str| {
        graph
            .edges
            .iter()
            .find(|e| *graph.nodes[e.to as usize].name == *to)
            .unwrap()
    };
    let pay = find("svc1");
    assert_eq!(
        (pay.errors, pay.messages, pay.error_rate()),
        (Some(4), 0, Some(1.0))
    );
    assert_eq!(
        (pay.p50_ns(), pay.p95_ns()),
        (Some(10_000_000), Some(30_000_000)),
        "as the caller saw it"
    );
    let mail = find("svc2");
    assert_eq!((mail.messages, mail.p50_ns()), (2, Some(40_000_000)));
    let database = &graph.nodes[graph.node("postgresql").unwrap() as usize];
    assert!(database.inferred && database.spans == 0);
    assert!(!graph.nodes[graph.node("svc1").unwrap() as usize].inferred);
    let (grouped, _) = graph.grouped(|name| name.get(..3));
    let inner = grouped.edges.iter().find(|e| e.from == e.to).unwrap();
    assert_eq!(
        (inner.calls, inner.p95_ns(), inner.errors),
        (8, Some(40_000_000), Some(4))
    );
}

#[test]
fn a_stores_graph_with_empty_names_and_doubles() {
    let all = [
        dependency("a", "", 3),
        dependency("a", "b", u64::MAX),
        dependency("b", "b", 5),
        dependency("a", "b", 2),
        dependency("b", "a", 1),
    ];
    let graph = Graph::from_dependencies(&all);
    assert_eq!(
        edges(&graph),
        [
            edge("a", "", 3),
            edge("a", "b", u64::MAX),
            edge("b", "a", 1),
            edge("b", "b", 5)
        ]
    );
    assert_eq!(
        (graph.origin, graph.edges[0].p50_ns(), graph.edges[0].errors),
        (Origin::Store, None, None)
    );
    assert_eq!(graph.rings(), [[1, 2]], "a self-call is no ring");
    let drawn = layout(&graph, &Options::default()).unwrap();
    check(&graph, &drawn).unwrap();
    assert_eq!(drawn.edges.iter().filter(|e| e.backward).count(), 1);
    let none = layout(&Graph::default(), &Options::default()).unwrap();
    assert_eq!((none.width, none.height), (0.0, 0.0));
}

#[test]
fn the_way_of_requests_is_kept_where_a_ring_is_broken() {
    // the page enters at "gate"; the queue calls back
    let all = [
        dependency("gate", "order", 10),
        dependency("order", "queue", 10),
        dependency("queue", "ship", 1_000),
        dependency("ship", "order", 10),
    ];
    let graph = Graph::from_dependencies(&all);
    let drawn = layout(&graph, &Options::default()).unwrap();
    let layer = |name: &str| drawn.nodes[graph.node(name).unwrap() as usize].layer;
    assert_eq!(
        (layer("gate"), layer("order"), layer("queue"), layer("ship")),
        (0, 1, 2, 3)
    );
}

#[test]
fn long_chains_full_graphs_and_crowds() {
    let chain: Vec<_> = (0..400)
        .map(|n| (n, n + 1))
        .chain((0..200).map(|n| (n, 400 - n)))
        .collect();
    let graph = of(&chain);
    check(&graph, &layout(&graph, &Options::default()).unwrap()).unwrap();
    let full: Vec<_> = (0..25).flat_map(|a| (0..25).map(move |b| (a, b))).collect();
    let graph = of(&full);
    check(&graph, &layout(&graph, &Options::default()).unwrap()).unwrap();
    let star: Vec<_> = (1..300)
        .map(|n| (0, n))
        .chain((1..300).map(|n| (n, 500)))
        .collect();
    let graph = of(&star);
    let drawn = layout(&graph, &Options::default()).unwrap();
    check(&graph, &drawn).unwrap();
    assert_eq!(drawn.crossings, 0);
    let islands: Vec<_> = (0..200).map(|n| (n, n)).collect();
    let graph = of(&islands);
    let drawn = layout(&graph, &Options::default()).unwrap();
    check(&graph, &drawn).unwrap();
    assert!(
        drawn.width < 3.0 * drawn.height && drawn.height < 3.0 * drawn.width,
        "on shelves"
    );
}

#[test]
fn too_much_is_refused_by_name() {
    let pairs: Vec<_> = (0..MOST_NODES as u32).map(|n| (n, n + 1)).collect();
    let graph = of(&pairs);
    let refused = layout(&graph, &Options::default()).unwrap_err();
    assert_eq!(
        refused,
        TooLarge {
            nodes: MOST_NODES + 1,
            edges: MOST_NODES
        }
    );
    assert!(refused.to_string().contains("surroundings"));
    assert!(layout(&graph.around(100, 3, 50).graph, &Options::default()).is_ok());
    assert!(graph.around(u32::MAX, 3, 50).nodes.is_empty());
}

#[test]
fn names_have_a_first_part() {
    let parts: Vec<_> = ["order-api", "order", "-x", "支付.网关", "a/b:c"]
        .map(prefix)
        .into();
    assert_eq!(parts, [Some("order"), None, None, Some("支付"), Some("a")]);
}

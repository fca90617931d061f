//! The rows against walks over the tree, and odd traces one by one.

use crate::common::{any_trace, sound_trace, span, trace};
use model::trace::{Link, Span, SpanId, SpanKind, Trace, TraceId};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use traces::{Arrangement, Clocks, Collapsed, Find, Marks, Note, Row};

fn rows(a: &Arrangement) -> Vec<(u64, u32)> {
    let all = a.visible(&Collapsed::none(a), 0, u32::MAX, 0);
    all.iter().map(|r| (r.span.id.0, r.depth)).collect()
}

/// The tree of a sound trace, walked with recursion; without what is below `closed`.
fn walk(t: &Trace, span: &Span, depth: u32, closed: &BTreeSet<u64>, out: &mut Vec<(u64, u32)>) {
    out.push((span.id.0, depth));
    if closed.contains(&span.id.0) {
        return;
    }
    let mut below: Vec<&Span> = (t.spans.iter())
        .filter(|s| s.parent == Some(span.id))
        .collect();
    below.sort_by_key(|s| (s.start_ns, s.id));
    for child in below {
        walk(t, child, depth + 1, closed, out);
    }
}

/// The critical path a moment at a time: from the end of a span's window backwards; where a child that is waited for ends, into
/// that one (of several into the longest), and on from its beginning.
fn backwards(all: &[Row<'_>], row: &Row<'_>, (from, to): (i64, i64), out: &mut BTreeMap<i64, u32>) {
    let mut t = to;
    while t > from {
        let cut = |r: &Row<'_>| (r.start_ns.max(from), r.end_ns.min(to));
        let ends_here = |r: &&Row<'_>| {
            let (start, end) = cut(r);
            r.parent == Some(row.row) && !r.marks.contains(Marks::ASYNC) && end == t && start < t
        };
        match all.iter().filter(ends_here).min_by_key(|r| cut(r).0) {
            Some(child) => {
                let (start, _) = cut(child);
                backwards(all, child, (start, t), out);
                t = start;
            }
            None => {
                t -= 1;
                out.insert(t, row.row);
            }
        }
    }
}

proptest! {
    #[test]
    fn rows_are_a_walk_over_the_tree(t in sound_trace(), picks in prop::collection::vec(0u32..60, 0..12), first in 0u32..60, count in 0u32..30) {
        let a = Arrangement::of(t.clone());
        let collapsed = Collapsed::of(&a, picks);
        let closed: BTreeSet<u64> = collapsed.rows().map(|r| a.span(r).unwrap().id.0).collect();
        let mut expected = Vec::new();
        walk(&t, &t.spans[0], 0, &closed, &mut expected);
        prop_assert_eq!(collapsed.visible() as usize, expected.len());
        let seen = a.visible(&collapsed, first, count, 0);
        let expected_window: Vec<_> = expected.iter().copied().skip(first as usize).take(count as usize).collect();
        let got: Vec<_> = seen.iter().map(|r| (r.span.id.0, r.depth)).collect();
        prop_assert_eq!(got, expected_window);
        for (n, (id, _)) in expected.iter().enumerate() {
            let row = a.row_of(*id as u32 - 1).unwrap();
            prop_assert_eq!(collapsed.position(row), Some((n as u32, false)));
            prop_assert_eq!(collapsed.row_at(n as u32), Some(row));
        }
        for row in 0..a.len() as u32 {
            let mut above = std::iter::successors(a.parent(row), |&r| a.parent(r)).collect::<Vec<_>>();
            above.reverse();
            if let Some(outermost) = above.into_iter().find(|&r| collapsed.contains(r)) {
                let shown = collapsed.position(outermost).unwrap().0;
                prop_assert_eq!(collapsed.position(row), Some((shown, true)));
            }
        }
    }

    #[test]
    fn whatever_comes_each_span_is_one_row_below_its_parent(t in any_trace()) {
        for clocks in [Clocks::Recorded, Clocks::Adjusted] {
            let a = Arrangement::with(t.clone(), clocks);
            let all = a.visible(&Collapsed::none(&a), 0, u32::MAX, 0);
            prop_assert_eq!(all.len(), t.spans.len());
            let spans: BTreeSet<u32> = all.iter().map(|r| r.span_index).collect();
            prop_assert_eq!(spans.len(), t.spans.len());
            let ids: BTreeSet<SpanId> = t.spans.iter().map(|s| s.id).collect();
            for row in &all {
                prop_assert_eq!(a.row_of(row.span_index), Some(row.row));
                match row.parent {
                    None => {
                        prop_assert_eq!(row.depth, 0);
                        let why = row.span.parent.is_none() || row.marks.contains(Marks::ORPHAN) || row.marks.contains(Marks::RING);
                        prop_assert!(why, "{:?}", row);
                    }
                    Some(parent) => {
                        let above = a.span(parent).unwrap();
                        prop_assert!(row.span.parent == Some(above.id) || (row.marks.contains(Marks::SHARED_ID) && above.id == row.span.id));
                        prop_assert!(parent < row.row && row.row <= parent + a.descendants(parent));
                        prop_assert_eq!(row.depth, all[parent as usize].depth + 1);
                    }
                }
                let missing = row.span.parent.is_some_and(|p| !ids.contains(&p));
                prop_assert_eq!(row.marks.contains(Marks::ORPHAN), missing && !row.marks.contains(Marks::SHARED_ID));
                let children: Vec<_> = a.children(row.row).collect();
                prop_assert_eq!(children.len() as u32, row.children);
                let order: Vec<_> = children.iter().map(|&c| (all[c as usize].start_ns, all[c as usize].span.id)).collect();
                prop_assert!(order.is_sorted());
                let errors = all.iter().filter(|r| r.span.error && r.row > row.row && r.row <= row.row + row.descendants).count();
                prop_assert_eq!(row.errors_below as usize, errors);
                let later = all.iter().any(|r| r.row > row.row && r.parent == row.parent);
                prop_assert_eq!(row.last, !later);
                prop_assert_eq!(row.start_ns, row.span.start_ns + row.shift_ns);
            }
        }
    }

    #[test]
    fn self_time_is_what_a_sweep_finds(t in any_trace()) {
        let a = Arrangement::of(t);
        let all = a.visible(&Collapsed::none(&a), 0, u32::MAX, 0);
        for row in &all {
            let children: Vec<_> = a.children(row.row).map(|c| (all[c as usize].start_ns, all[c as usize].end_ns)).collect();
            let alone = (row.start_ns..row.end_ns).filter(|t| !children.iter().any(|(s, e)| s <= t && t < e)).count();
            prop_assert_eq!(row.self_ns, alone as i64);
        }
    }

    #[test]
    fn the_critical_path_covers_its_root_once(t in any_trace()) {
        let a = Arrangement::of(t);
        let path = a.critical_path();
        let all = a.visible(&Collapsed::none(&a), 0, u32::MAX, 0);
        let Some(root) = path.root() else { prop_assert!(a.is_empty()); return Ok(()); };
        let root = &all[root as usize];
        let mut taken: BTreeMap<i64, u32> = BTreeMap::new();
        for piece in path.segments() {
            let row = &all[piece.row as usize];
            prop_assert!(row.start_ns <= piece.start_ns && piece.start_ns < piece.end_ns && piece.end_ns <= row.end_ns);
            for t in piece.start_ns..piece.end_ns {
                prop_assert!(taken.insert(t, piece.row).is_none(), "{t} twice");
            }
        }
        let mut slow = BTreeMap::new();
        backwards(&all, root, (root.start_ns, root.end_ns), &mut slow);
        prop_assert_eq!(&taken, &slow);
        prop_assert_eq!(taken.len() as i64, root.end_ns - root.start_ns);
        prop_assert_eq!(path.duration_ns(), root.end_ns - root.start_ns);
        // at each moment it is in the deepest span of a chain of windows
        for row in &all {
            let below = |r: u32| r >= row.row && r <= row.row + row.descendants;
            let inside: Vec<i64> = taken.iter().filter(|(_, r)| below(**r)).map(|(t, _)| *t).collect();
            match path.window_of(row.row) {
                Some(w) => prop_assert_eq!(inside, (w.start_ns..w.end_ns).collect::<Vec<_>>()),
                None => prop_assert!(inside.is_empty()),
            }
        }
    }

    #[test]
    fn the_minimap_counts_what_runs(t in any_trace(), n in 1usize..50) {
        let a = Arrangement::of(t);
        let map = a.minimap(n);
        if a.is_empty() { prop_assert!(map.is_empty()); return Ok(()); }
        let (start, end) = a.extent_ns();
        let width = (end - start).max(1) as f64 / n as f64;
        let all = a.visible(&Collapsed::none(&a), 0, u32::MAX, 0);
        let mut critical = 0.0;
        for (k, bucket) in map.iter().enumerate() {
            let (from, to) = (k as f64 * width, (k + 1) as f64 * width);
            let runs = all.iter().filter(|r| {
                let (s, e) = ((r.start_ns - start) as f64, (r.end_ns - start) as f64);
                let point = s == e && s >= from - 1e-9 && (s < to - 1e-9 || k + 1 == n);
                point || (s < to - 1e-9 && e > from + 1e-9)
            }).count();
            // a boundary that falls on a moment may go either way by rounding
            let near = all.iter().filter(|r| [r.start_ns, r.end_ns].iter().any(|t| [from, to].iter().any(|b| ((t - start) as f64 - b).abs() < 1e-6))).count();
            prop_assert!((bucket.spans as i64 - runs as i64).unsigned_abs() as usize <= near, "{k}: {} {runs} {near}", bucket.spans);
            critical += f64::from(bucket.critical) * width;
        }
        let path = a.critical_path().duration_ns() as f64;
        prop_assert!((critical - path).abs() < 0.01 * path.max(1.0), "{critical} {path}");
    }
}

#[test]
fn a_chain_of_fifty_thousand_is_a_chain() {
    let n = 50_000u64;
    let spans = (1..=n).map(|i| {
        span(
            i,
            (i > 1).then(|| i - 1),
            i as i64,
            200_000 - 2 * i as i64,
            0,
        )
    });
    let a = Arrangement::of(trace(spans.collect()));
    assert_eq!(a.max_depth() as u64, n - 1);
    assert_eq!(u64::from(a.descendants(0)), n - 1);
    let mut collapsed = Collapsed::none(&a);
    collapsed.to_depth(&a, 10);
    assert_eq!(collapsed.visible(), 11);
    collapsed.reveal(&a, 40_000);
    let (position, hidden) = collapsed.position(40_000).expect("there");
    assert_eq!((position, hidden), (40_000, false));
    assert_eq!(a.critical_path().duration_ns(), 200_000 - 2);
    let deepest = a.visible(&Collapsed::none(&a), n as u32 - 1, 5, 0);
    assert_eq!(deepest.len(), 1);
    assert_eq!(deepest[0].self_ns, 100_000);
}

#[test]
fn two_hundred_thousand_spans_with_one_id() {
    let spans = (0..200_000).map(|i| span(5, Some(5), i, 10, (i % 5) as u32));
    let a = Arrangement::of(trace(spans.collect()));
    assert_eq!(rows(&a).len(), 200_000);
    assert!(
        a.visible(&Collapsed::none(&a), 0, 1, 0)[0]
            .marks
            .contains(Marks::DUPLICATE)
    );
}

#[test]
fn a_ring_is_cut_above_its_earliest_span() {
    let t = trace(vec![
        span(1, Some(3), 30, 5, 0),
        span(2, Some(1), 10, 5, 0),
        span(3, Some(2), 20, 5, 0),
        span(4, Some(4), 0, 5, 0),
        span(9, Some(1), 40, 5, 0),
    ]);
    let a = Arrangement::of(t);
    assert_eq!(rows(&a), [(4, 0), (2, 0), (3, 1), (1, 2), (9, 3)]);
    let marks = |row| a.visible(&Collapsed::none(&a), row, 1, 0)[0].marks;
    assert!(marks(0).contains(Marks::RING) && marks(1).contains(Marks::RING));
    assert!(!marks(2).contains(Marks::RING) && !marks(1).contains(Marks::ORPHAN));
}

#[test]
fn zipkins_shared_ids_are_one_call() {
    let mut client = span(2, Some(1), 10, 80, 0);
    client.kind = SpanKind::Client;
    let mut server = span(2, Some(1), 20, 60, 1);
    server.kind = SpanKind::Server;
    let t = trace(vec![
        span(1, None, 0, 100, 0),
        server,
        client,
        span(3, Some(2), 30, 10, 1),
        span(4, Some(2), 15, 2, 0),
    ]);
    let a = Arrangement::of(t);
    assert_eq!(rows(&a), [(1, 0), (2, 1), (4, 2), (2, 2), (3, 3)]);
    let row = &a.visible(&Collapsed::none(&a), 3, 1, 0)[0];
    assert_eq!(row.service, "svc1");
    assert!(row.marks.contains(Marks::SHARED_ID) && !row.marks.contains(Marks::DUPLICATE));
}

#[test]
fn times_at_the_ends_of_the_number_line() {
    let t = trace(vec![
        span(1, None, i64::MIN, i64::MAX, 0),
        span(2, Some(1), i64::MAX, i64::MAX, 1),
        span(3, Some(2), 0, i64::MIN, 2),
        span(4, None, i64::MAX, 0, 0),
    ]);
    for clocks in [Clocks::Recorded, Clocks::Adjusted] {
        let a = Arrangement::with(t.clone(), clocks);
        assert_eq!(rows(&a).len(), 4);
        assert_eq!(a.minimap(100).len(), 100);
        assert_eq!(a.services().len(), 3);
    }
    assert!(Arrangement::of(trace(Vec::new())).minimap(10).is_empty());
    let none = Arrangement::of(Arc::new(Trace::default()));
    assert!(
        none.visible(&Collapsed::none(&none), 0, 10, 0).is_empty() && none.roots().next().is_none()
    );
}

#[test]
fn a_process_that_is_not_there_is_no_service() {
    let a = Arrangement::of(trace(vec![span(1, None, 0, 10, 99)]));
    assert_eq!(a.visible(&Collapsed::none(&a), 0, 1, 0)[0].service, "");
}

#[test]
fn clocks_apart_are_said_and_mended_only_on_request() {
    // svc1's clock is 50 behind; its own child moves with it
    let t = trace(vec![
        span(1, None, 100, 100, 0),
        span(2, Some(1), 70, 60, 1),
        span(3, Some(2), 80, 20, 1),
        span(4, Some(1), 110, 20, 0),
    ]);
    let a = Arrangement::of(t.clone());
    assert_eq!(rows(&a), [(1, 0), (2, 1), (3, 2), (4, 1)]);
    let skew = a.skew_of(1).expect("sticks out");
    assert_eq!(
        (
            skew.before_ns,
            skew.after_ns,
            skew.other_host,
            skew.shift_ns
        ),
        (30, 0, true, 50)
    );
    assert_eq!(a.skews().len(), 1, "its child lies within it");
    let hosts = a.host_skews();
    assert_eq!(
        (&*hosts[0].parent, &*hosts[0].child, hosts[0].before_ns),
        ("host0", "host1", 30)
    );
    let row = &a.visible(&Collapsed::none(&a), 1, 1, 0)[0];
    assert!(row.marks.contains(Marks::BEFORE_PARENT) && !row.marks.contains(Marks::ADJUSTED));
    assert_eq!((row.start_ns, row.before_parent_ns), (70, 30));
    let mended = Arrangement::with(t, Clocks::Adjusted);
    assert_eq!(
        rows(&mended),
        [(1, 0), (4, 1), (2, 1), (3, 2)],
        "order by adjusted start"
    );
    let row = &mended.visible(&Collapsed::none(&mended), 2, 1, 0)[0];
    assert_eq!(
        (row.start_ns, row.end_ns, row.shift_ns, row.before_parent_ns),
        (120, 180, 50, 30)
    );
    assert!(row.marks.contains(Marks::ADJUSTED));
    let mut collapsed = Collapsed::none(&a);
    collapsed.toggle(&a, 1);
    let carried = collapsed.carried(&a, &mended);
    assert_eq!(carried.rows().collect::<Vec<_>>(), [2]);
}

#[test]
fn who_lasts_longer_than_its_parent_is_only_kept_from_beginning_before_it() {
    let t = trace(vec![
        span(1, None, 100, 10, 0),
        span(2, Some(1), 90, 500, 1),
        span(3, Some(1), 105, 500, 2),
    ]);
    let a = Arrangement::of(t);
    let shift = |span| a.skew_of(span).map(|s| s.shift_ns);
    assert_eq!((shift(1), shift(2)), (Some(10), Some(0)));
    assert_eq!(
        a.host_skews().len(),
        1,
        "ending late alone proves nothing about clocks"
    );
}

#[test]
fn nobody_waits_for_what_follows() {
    let ms = 1_000_000;
    let mut consumer = span(3, Some(2), 20 * ms, 70 * ms, 1);
    consumer.kind = SpanKind::Consumer;
    let mut producer = span(2, Some(1), 10 * ms, 5 * ms, 0);
    producer.kind = SpanKind::Producer;
    let mut follows = span(4, Some(1), 30 * ms, 70 * ms, 2);
    follows.links.push(Link {
        trace: TraceId(7),
        span: SpanId(1),
    });
    let outlives = span(5, Some(1), 40 * ms, 900 * ms, 0);
    // closed half a millisecond after its parent on the same clock
    let closes = span(7, Some(1), 20 * ms, 80 * ms + ms / 2, 0);
    let cut = span(6, Some(7), 60 * ms, 41 * ms, 1);
    let t = trace(vec![
        span(1, None, 0, 100 * ms, 0),
        producer,
        consumer,
        follows,
        outlives,
        cut,
        closes,
    ]);
    let a = Arrangement::of(t);
    let on_path: Vec<u64> = a
        .find(&Find {
            critical: true,
            ..Find::default()
        })
        .rows
        .iter()
        .map(|&r| a.span(r).unwrap().id.0)
        .collect();
    assert_eq!(
        on_path,
        [1, 2, 7, 6],
        "the last one is another host's and cut"
    );
    let asynchronous: Vec<u64> = a
        .visible(&Collapsed::none(&a), 0, 10, 0)
        .iter()
        .filter(|r| r.marks.contains(Marks::ASYNC))
        .map(|r| r.span.id.0)
        .collect();
    assert_eq!(asynchronous, [3, 4, 5]);
}

#[test]
fn the_path_goes_into_who_finished_last() {
    // parallel calls b and c; c is the last one, b overlaps it and is not on the path; a is before c
    let t = trace(vec![
        span(1, None, 0, 100, 0),
        span(2, Some(1), 5, 20, 1),
        span(3, Some(1), 30, 40, 2),
        span(4, Some(1), 28, 62, 3),
        span(5, Some(4), 50, 30, 4),
    ]);
    let a = Arrangement::of(t);
    let mut pieces: Vec<_> = a
        .critical_path()
        .segments()
        .iter()
        .map(|s| (s.start_ns, s.end_ns, a.span(s.row).unwrap().id.0))
        .collect();
    pieces.sort_unstable();
    assert_eq!(
        pieces,
        [
            (0, 5, 1),
            (5, 25, 2),
            (25, 28, 1),
            (28, 50, 4),
            (50, 80, 5),
            (80, 90, 4),
            (90, 100, 1)
        ]
    );
    let mut collapsed = Collapsed::none(&a);
    collapsed.toggle(&a, a.row_of(3).unwrap());
    let shown = a.visible(&collapsed, 0, 10, 0);
    let folded = shown.iter().find(|r| r.span.id.0 == 4).unwrap();
    assert_eq!(
        (folded.critical[0].start_ns, folded.critical[0].end_ns),
        (28, 90)
    );
    let coarse = a.visible(&collapsed, 0, 1, 21);
    assert_eq!(
        coarse[0].critical.len(),
        2,
        "pieces 20 apart are one: {:?}",
        coarse[0].critical
    );
}

#[test]
fn of_two_that_finish_together_the_longer_one_counts() {
    let spans = vec![
        span(1, None, 0, 100, 0),
        span(2, Some(1), 50, 300, 1),
        span(3, Some(1), 20, 300, 2),
        span(4, Some(1), 70, 30, 3),
    ];
    let a = Arrangement::of(trace(spans));
    let path = a.critical_path().segments();
    let pieces: Vec<_> = path.iter().map(|s| (s.row, s.start_ns, s.end_ns)).collect();
    assert_eq!(pieces, [(0, 0, 20), (1, 20, 100)]);
}

#[test]
fn hits_go_round() {
    let mut second = span(2, Some(1), 10, 5, 1);
    second.tags.push(model::trace::Tag {
        key: "db.Statement".into(),
        value: model::trace::TagValue::Text("SELECT 订单".into()),
    });
    second.tags.push(model::trace::Tag {
        key: "http.status_code".into(),
        value: model::trace::TagValue::Int(503),
    });
    let t = trace(vec![
        span(1, None, 0, 100, 0),
        second,
        span(3, Some(1), 20, 5, 1),
    ]);
    let a = Arrangement::of(t);
    let text = |text: &str| {
        a.find(&Find {
            text: text.into(),
            ..Find::default()
        })
        .rows
    };
    assert_eq!(text("订单"), [1]);
    assert_eq!(text("select"), [1]);
    assert_eq!(text("STATEMENT=sel"), [1]);
    assert_eq!(text("status_code=503"), [1]);
    assert_eq!(text("503"), [1]);
    assert_eq!(text("SVC1"), [1, 2]);
    assert_eq!(text("0000000000000003"), [2]);
    assert!(text("(.*").is_empty() && text("  ").is_empty());
    assert!(text(&"龘".repeat(100_000)).is_empty());
    let hits = a.find(&Find {
        service: Some("svc1".into()),
        ..Find::default()
    });
    assert_eq!(
        (hits.next(None), hits.next(Some(1)), hits.next(Some(2))),
        (Some(0), Some(1), Some(0))
    );
    assert_eq!(
        (
            hits.previous(None),
            hits.previous(Some(2)),
            hits.previous(Some(1))
        ),
        (Some(1), Some(0), Some(1))
    );
    assert_eq!(hits.below(&a, 0), 2);
    assert_eq!(
        a.find(&Find {
            errors: true,
            ..Find::default()
        })
        .rows,
        [2]
    );
    assert_eq!(traces::Hits::default().next(None), None);
}

#[test]
fn what_the_store_says_is_kept() {
    let mut t = Trace::clone(&trace(vec![span(1, None, 0, 100, 0)]));
    t.warnings.push("只有一半".into());
    t.spans[0]
        .warnings
        .push("This span's timestamps were adjusted by 2ms".into());
    let a = Arrangement::of(Arc::new(t));
    assert_eq!(
        a.notes(),
        [
            (None, Note::Other("只有一半".into())),
            (Some(0), Note::AdjustedByStore(2_000_000))
        ]
    );
}

#[test]
fn what_belongs_to_another_trace_does_no_harm() {
    let long = Arrangement::of(trace(
        (1..100)
            .map(|i| span(i, (i > 1).then_some(1), 0, 5, 0))
            .collect(),
    ));
    let short = Arrangement::of(trace(vec![span(1, None, 0, 1, 0)]));
    let mut collapsed = Collapsed::of(&long, [0, 5, 1_000_000]);
    assert_eq!(collapsed.visible(), 1);
    assert_eq!(short.visible(&collapsed, 0, 100, 0).len(), 1);
    assert!(short.visible(&Collapsed::none(&long), 5, 100, 0).is_empty());
    collapsed.set(&short, 70, true);
    collapsed.set_below(&short, u32::MAX, true);
    assert!(
        short.span(9).is_none()
            && short.children(9).next().is_none()
            && short.children(u32::MAX).next().is_none()
    );
    assert_eq!(collapsed.position(70), None);
}

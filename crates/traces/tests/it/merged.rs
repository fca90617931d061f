//! Flame graph, statistics and comparison against sums over single spans.

use crate::common::{any_trace, sound_trace, span, trace};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use traces::{Arrangement, By, Change, Collapsed, Flame, PathTotals, Significance, compare};

type Path = Vec<(String, String)>;

/// Each row's path from its root, by walking up.
fn paths(a: &Arrangement) -> Vec<Path> {
    let name = |row: u32| {
        let span = a.span(row).unwrap();
        (
            a.trace().service(span).to_owned(),
            span.operation.to_string(),
        )
    };
    (0..a.len() as u32)
        .map(|row| {
            let mut path: Path = std::iter::successors(Some(row), |&r| a.parent(r))
                .map(name)
                .collect();
            path.reverse();
            path
        })
        .collect()
}

/// Spans, errors, total, self and critical time by path.
fn sums(a: &Arrangement) -> BTreeMap<Path, (u32, u32, i64, i64, i64)> {
    let mut out: BTreeMap<Path, (u32, u32, i64, i64, i64)> = BTreeMap::new();
    let rows = a.visible(&Collapsed::none(a), 0, u32::MAX, 0);
    for (path, row) in paths(a).into_iter().zip(rows) {
        let sum = out.entry(path).or_default();
        sum.0 += 1;
        sum.1 += u32::from(row.span.error);
        sum.2 += row.end_ns - row.start_ns;
        sum.3 += row.self_ns;
        sum.4 += row
            .critical
            .iter()
            .map(|s| s.end_ns - s.start_ns)
            .sum::<i64>();
    }
    out
}

fn tuple(t: &PathTotals) -> (u32, u32, i64, i64, i64) {
    (t.spans, t.errors, t.total_ns, t.self_ns, t.critical_ns)
}

proptest! {
    #[test]
    fn frames_are_sums_by_path(t in any_trace(), width in 1u32..80) {
        let a = Arrangement::of(t);
        let flame = Flame::of(&a);
        let frames = flame.frames();
        let expected = sums(&a);
        prop_assert_eq!(frames.len(), expected.len());
        let mut names: Vec<Path> = Vec::new();
        for f in frames {
            let mut path = f.parent.map(|p| names[p as usize].clone()).unwrap_or_default();
            path.push((f.name.service.to_string(), f.name.operation.to_string()));
            prop_assert_eq!(expected.get(&path).copied(), Some(tuple(&f.totals)));
            prop_assert_eq!(path.len() as u32, f.depth + 1);
            let work: i64 = expected.iter().filter(|(p, _)| p.starts_with(&path)).map(|(_, s)| s.3).sum();
            prop_assert_eq!(f.work_ns, work);
            if let Some(parent) = f.parent.map(|p| &frames[p as usize]) {
                prop_assert!(parent.offset_ns <= f.offset_ns && f.offset_ns + f.work_ns <= parent.offset_ns + parent.work_ns);
            }
            names.push(path);
        }
        prop_assert_eq!(flame.work_ns(), a.services().iter().map(|s| s.self_ns).sum::<i64>());
        for zoom in std::iter::once(None).chain((0..frames.len() as u32).map(Some)) {
            let cells = flame.cells(zoom, width, 0, u32::MAX);
            let mut rows: BTreeMap<u32, Vec<(f64, f64)>> = BTreeMap::new();
            for cell in &cells {
                rows.entry(cell.depth).or_default().push((cell.x, cell.x + cell.width));
            }
            // of what stands on one frame at most one is too narrow and drawn by itself
            let mut narrow = BTreeSet::new();
            for cell in cells.iter().filter(|c| c.width < 1.0 && c.frame != zoom) {
                if let Some(frame) = cell.frame.map(|f| &frames[f as usize]) {
                    prop_assert!(narrow.insert(frame.parent), "{cell:?}");
                }
            }
            for (_, mut row) in rows {
                row.sort_by(|a, b| a.partial_cmp(b).unwrap());
                prop_assert!(row.len() <= 2 * width as usize + 1);
                prop_assert!(row.windows(2).all(|w| w[0].1 <= w[1].0 + 1e-6), "{row:?}");
                prop_assert!(row.iter().all(|(x, end)| *x >= -1e-6 && *end <= f64::from(width) + 1e-6));
            }
            // each frame of the window is a cell, is within a cell for several, or stands on such a one
            let shown: u32 = cells.iter().filter(|c| c.frame.is_none()).map(|c| c.frames).sum::<u32>()
                + cells.iter().filter(|c| c.frame.is_some()).count() as u32;
            let expected = match zoom {
                None => frames.len() as u32,
                Some(z) => frames[z as usize].descendants + 1 + frames[z as usize].depth,
            };
            prop_assert_eq!(shown, expected);
            let part: Vec<_> = cells.iter().filter(|c| (1..3).contains(&c.depth)).copied().collect();
            prop_assert_eq!(flame.cells(zoom, width, 1, 2), part);
        }
    }

    #[test]
    fn groups_are_sums_over_their_spans(t in any_trace()) {
        let a = Arrangement::of(t.clone());
        let rows = a.visible(&Collapsed::none(&a), 0, u32::MAX, 0);
        for by in [By::Service, By::Operation, By::Tag("host.name".into()), By::Tag("nothing".into())] {
            let groups = a.statistics(&by);
            prop_assert_eq!(groups.iter().map(|g| g.spans as usize).sum::<usize>(), rows.len());
            prop_assert!(groups.iter().map(|g| g.self_ns).rev().is_sorted());
            for g in &groups {
                let of: Vec<_> = rows.iter().filter(|r| {
                    let host = format!("host{}", r.span.process);
                    g.service.as_ref().is_none_or(|s| **s == *r.service)
                        && g.operation.as_ref().is_none_or(|o| *o == r.span.operation)
                        && g.value.as_ref().is_none_or(|v| *v == host)
                }).collect();
                let mut took: Vec<i64> = of.iter().map(|r| r.end_ns - r.start_ns).collect();
                took.sort_unstable();
                prop_assert_eq!(g.spans as usize, of.len());
                prop_assert_eq!(g.errors as usize, of.iter().filter(|r| r.span.error).count());
                prop_assert_eq!(g.total_ns, took.iter().sum::<i64>());
                prop_assert_eq!((g.min_ns, g.max_ns), (took[0], *took.last().unwrap()));
                let enough = |v: i64, percent: usize| took.iter().filter(|t| **t <= v).count() * 100 >= percent * took.len();
                prop_assert!(took.contains(&g.p50_ns) && enough(g.p50_ns, 50) && !enough(g.p50_ns - 1, 50));
                prop_assert!(took.contains(&g.p95_ns) && enough(g.p95_ns, 95) && !enough(g.p95_ns - 1, 95));
                prop_assert_eq!(rows[g.longest as usize].end_ns - rows[g.longest as usize].start_ns, g.max_ns);
            }
            let critical: i64 = groups.iter().map(|g| g.critical_ns).sum();
            prop_assert_eq!(critical, a.critical_path().duration_ns());
        }
    }

    #[test]
    fn a_comparison_is_the_union_of_both(t in any_trace(), u in any_trace()) {
        let (a, b) = (Arrangement::of(t), Arrangement::of(u));
        let s = Significance { absolute_ns: 5, relative: 0.1 };
        let both = compare(&a, &b, s);
        let (in_a, in_b) = (sums(&a), sums(&b));
        let all: BTreeSet<&Path> = in_a.keys().chain(in_b.keys()).collect();
        prop_assert_eq!(both.paths.len(), all.len());
        let mut names: Vec<Path> = Vec::new();
        for (n, p) in both.paths.iter().enumerate() {
            let mut path = p.parent.map(|p| names[p as usize].clone()).unwrap_or_default();
            path.push((p.name.service.to_string(), p.name.operation.to_string()));
            let (was, is) = (in_a.get(&path).copied(), in_b.get(&path).copied());
            prop_assert_eq!(p.first.as_ref().map(tuple), was);
            prop_assert_eq!(p.second.as_ref().map(tuple), is);
            let expected = match (was, is) {
                (None, _) => Change::Added,
                (_, None) => Change::Removed,
                (Some(was), Some(is)) => {
                    let (x, y) = (was.2 / i64::from(was.0), is.2 / i64::from(is.0));
                    let enough = (x - y).abs() >= 5 && (x - y).abs() as f64 >= 0.1 * x.max(y) as f64;
                    if enough && y > x { Change::Slower } else if enough { Change::Faster }
                    else if (was.0, was.1) != (is.0, is.1) { Change::Counts } else { Change::Same }
                }
            };
            prop_assert_eq!(p.change, expected);
            let below = &both.paths[n + 1..=n + p.descendants as usize];
            prop_assert!(below.iter().all(|b| b.depth > p.depth));
            prop_assert_eq!(p.changed_below as usize, below.iter().filter(|b| b.change != Change::Same).count());
            names.push(path);
        }
        let sum: i64 = both.paths.iter().map(traces::Compared::critical_delta_ns).sum();
        prop_assert_eq!(sum, both.second.critical_ns - both.first.critical_ns);
        let causes: Vec<u64> = both.causes().iter().map(|&n| both.paths[n as usize].critical_delta_ns().unsigned_abs()).collect();
        prop_assert!(causes.iter().rev().is_sorted() && causes.iter().all(|c| *c > 0));
    }

    #[test]
    fn a_trace_is_no_different_from_itself(t in sound_trace()) {
        let a = Arrangement::of(t);
        let both = compare(&a, &a, Significance::default());
        prop_assert_eq!(both.count(Change::Same), both.paths.len());
        prop_assert!(both.causes().is_empty());
        prop_assert_eq!(both.first, both.second);
    }
}

#[test]
fn deep_chains_are_frames_too() {
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
    let flame = Flame::of(&a);
    assert_eq!(u64::from(flame.depth()), n);
    let window = flame.cells(None, 1_000, 0, 40);
    assert_eq!(window.len(), 40);
    let zoomed = flame.cells(Some(49_000), 1_000, 48_990, 20);
    assert_eq!(zoomed.len(), 20);
    assert!(zoomed[..11].iter().all(|c| c.width == 1_000.0));
    assert_eq!(zoomed[10].frame, Some(49_000));
    let both = compare(&a, &a, Significance::default());
    assert_eq!(both.paths[0].descendants as u64, n - 1);
}

#[test]
fn a_window_for_frames_that_are_not_there_is_whole() {
    let a = Arrangement::of(trace(vec![span(1, None, 0, 10, 0)]));
    let flame = Flame::of(&a);
    assert_eq!(
        flame.cells(Some(77), 100, 0, 5),
        flame.cells(None, 100, 0, 5)
    );
    assert!(Flame::default().cells(None, 100, 0, 5).is_empty());
    assert_eq!(
        flame.cells(None, 0, 0, 5).len(),
        1,
        "no pixels, one frame: too narrow, but there"
    );
}

#[test]
fn tags_are_counted_once_a_span() {
    let a = Arrangement::of(trace((1..=4).map(|i| span(i, None, 0, 10, 0)).collect()));
    let keys: Vec<_> = a
        .tag_keys()
        .into_iter()
        .map(|(k, n)| (k.to_string(), n))
        .collect();
    assert_eq!(keys, [("host.name".to_owned(), 4)]);
}

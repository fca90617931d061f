//! The store as its callers see it, without a file.

use super::*;
use promql::Storage;
use promql_parser::label::{MatchOp, Matcher, Matchers};
use proptest::prelude::*;
use std::collections::BTreeMap;

pub(super) const NOW: i64 = 1_760_000_000_000;

pub(super) fn options() -> Options {
    Options::new(Arc::new(|| NOW))
}

pub(super) fn labels(name: &str, x: &str) -> Labels {
    Labels::from_pairs([("__name__", name), ("x", x)])
}

pub(super) fn named(name: &str) -> Matchers {
    Matchers::one(Matcher::new(MatchOp::Equal, "__name__", name))
}

/// What a selection gives, with the values' bits.
pub(super) fn selected(
    db: &Tsdb,
    m: &Matchers,
    start: i64,
    end: i64,
) -> BTreeMap<Labels, Vec<(i64, u64)>> {
    let mut out = BTreeMap::new();
    db.select(m, start, end, &mut |l, samples| {
        let bits = samples.iter().map(|s| (s.t, s.v.to_bits())).collect();
        assert!(out.insert(l.clone(), bits).is_none(), "{l} came twice");
        Ok(())
    })
    .unwrap();
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn select_is_what_a_plain_list_gives(
        writes in prop::collection::vec((0usize..4, 0i64..2_000_000, any::<u64>()), 1..2000),
        start in 0i64..2_000_000_000, len in 0i64..2_000_000_000, by_ref in any::<bool>(),
    ) {
        let db = Tsdb::in_memory(Options { retention_ms: 2_000_000_000, ..options() });
        let mut naive: BTreeMap<Labels, BTreeMap<i64, u64>> = BTreeMap::new();
        let base = NOW - 2_000_000_000;
        let mut refused = 0;
        for (n, &(series, offset, v)) in writes.iter().enumerate() {
            // mostly ascending, sometimes not
            let t = base + if n % 7 == 0 { offset } else { n as i64 * 1_000_000 };
            let l = labels("m", &series.to_string());
            let sample = Sample { t, v: f64::from_bits(v) };
            let report = if by_ref {
                db.append_refs(&[(db.series_ref(&l).unwrap(), sample)])
            } else {
                db.append(&[(l.clone(), sample)])
            };
            refused += report.refused();
            let known = naive.entry(l).or_default();
            if known.last_key_value().is_none_or(|(&last, _)| last < t) {
                known.insert(t, v);
                prop_assert_eq!(report.accepted, 1);
            }
        }
        let stored: usize = naive.values().map(BTreeMap::len).sum();
        prop_assert_eq!(db.appended(), stored as u64);
        prop_assert!(refused <= writes.len() - stored);
        let (start, end) = (base + start, base + start + len);
        let expected: BTreeMap<Labels, Vec<(i64, u64)>> = naive
            .into_iter()
            .map(|(l, s)| (l, s.range(start..=end).map(|(&t, &v)| (t, v)).collect::<Vec<_>>()))
            .filter(|(_, s)| !s.is_empty())
            .collect();
        prop_assert_eq!(selected(&db, &named("m"), start, end), expected);
    }
}

#[test]
fn a_bad_sample_does_not_take_the_good_ones_with_it() {
    let db = Tsdb::in_memory(options());
    let s = |t, v| Sample { t, v };
    let huge = "x".repeat(10 << 20);
    let report = db.append(&[
        (labels("m", "a"), s(NOW, 1.0)),
        (labels("m", &huge), s(NOW, 1.0)),
        (labels("m", "a"), s(NOW - 1, 1.0)),
        (labels("m", "a"), s(NOW, 2.0)),
        (labels("m", "a"), s(NOW, 1.0)),
        (labels("m", "b"), s(NOW + 3_600_000, 1.0)),
        (labels("m", "b"), s(NOW - 16 * 24 * 3_600_000, 1.0)),
        (labels("m", "a"), s(NOW + 1, model::sample::stale_marker())),
    ]);
    let counts = (
        report.accepted,
        report.out_of_order,
        report.duplicate,
        report.out_of_bounds,
        report.invalid_labels,
    );
    assert_eq!(counts, (3, 1, 1, 2, 1));
    assert_eq!(report.first.as_ref().map(|f| f.index), Some(1));
    assert_eq!(db.series_count(), 1, "a refused series is not made");
    let got = selected(&db, &named("m"), 0, i64::MAX);
    let stale = model::sample::STALE_NAN_BITS;
    assert_eq!(
        got[&labels("m", "a")],
        [(NOW, 1f64.to_bits()), (NOW + 1, stale)]
    );
}

#[test]
fn the_series_limit_is_counted_and_known_series_go_on() {
    let mut options = options();
    options.limits.max_series = 2;
    let db = Tsdb::in_memory(options);
    for i in 0..2 {
        let batch: Vec<_> = ["a", "b", "c"]
            .iter()
            .map(|x| (labels("m", x), Sample { t: NOW + i, v: 0.0 }))
            .collect();
        let report = db.append(&batch);
        assert_eq!((report.accepted, report.over_series_limit), (2, 1));
    }
}

#[test]
fn lists_know_matchers_times_and_limits() {
    let db = Tsdb::in_memory(options());
    db.append(&[
        (
            labels("old", "a"),
            Sample {
                t: NOW - 10_000,
                v: 1.0,
            },
        ),
        (labels("new", "b"), Sample { t: NOW, v: 1.0 }),
        (
            Labels::from_pairs([("__name__", "new"), ("y", "c")]),
            Sample { t: NOW, v: 1.0 },
        ),
    ]);
    let recent = Span {
        start: NOW - 1000,
        end: NOW,
    };
    assert_eq!(
        db.label_values("__name__", &[], Span::ALL, 10),
        ["new", "old"]
    );
    assert_eq!(db.label_values("__name__", &[], recent, 10), ["new"]);
    assert_eq!(db.label_values("x", &[named("new")], Span::ALL, 10), ["b"]);
    assert_eq!(db.label_names(&[], Span::ALL, 10), ["__name__", "x", "y"]);
    assert_eq!(
        db.label_names(&[named("old")], Span::ALL, 10),
        ["__name__", "x"]
    );
    assert_eq!(db.label_names(&[], Span::ALL, 1), ["__name__"]);
    assert_eq!(
        db.series(&[named("new"), named("old")], Span::ALL, 10)
            .len(),
        3
    );
    assert_eq!(
        db.series(&[named("new"), named("old")], Span::ALL, 2).len(),
        2
    );
    assert_eq!(db.series(&[], recent, 10).len(), 2);
}

#[test]
fn metadata_are_cut_and_bounded() {
    let db = Tsdb::in_memory(options());
    let help = "说".repeat(4000);
    db.set_metadata(
        "m",
        Metadata {
            kind: MetricKind::Counter,
            help,
            unit: String::new(),
        },
    );
    db.set_metadata(&"n".repeat(1000), Metadata::default());
    let all = db.metadata(None, 10);
    assert_eq!(all.keys().collect::<Vec<_>>(), ["m"]);
    assert_eq!(all["m"].help.len(), 4095);
    assert!(db.metadata(Some("other"), 10).is_empty());
}

#[test]
fn a_selection_stops_at_its_limit() {
    let mut options = options();
    options.max_samples = 3;
    let db = Tsdb::in_memory(options);
    db.append(
        &(0..4)
            .map(|i| (labels("m", "a"), Sample { t: NOW + i, v: 0.0 }))
            .collect::<Vec<_>>(),
    );
    let e = db
        .select(&named("m"), 0, i64::MAX, &mut |_, _| Ok(()))
        .unwrap_err();
    assert!(matches!(e, promql::StorageError::TooMuch(_)));
}

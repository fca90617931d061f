//! Two stores that answer as one: the newest samples in full, a few series also from long ago at coarse steps.
//!
//! Comparisons with yesterday and last week need days of a handful of series; keeping days of thousands at full resolution would
//! take gigabytes.

use embedded::tsdb::Tsdb;
use model::{Labels, Sample};
use promql::storage::{Sink, Storage, StorageError};
use promql_parser::label::Matchers;
use std::collections::HashMap;

/// `live` where it has samples, `past` before its first one.
#[derive(Clone, Copy)]
pub(crate) struct Tiers<'a> {
    pub live: &'a Tsdb,
    pub past: &'a Tsdb,
    /// `live` has every sample from here on, ms: a selection that begins later need not ask `past`.
    pub live_since: i64,
}

impl Storage for Tiers<'_> {
    fn select(
        &self,
        matchers: &Matchers,
        start: i64,
        end: i64,
        sink: &mut Sink<'_>,
    ) -> Result<(), StorageError> {
        if start >= self.live_since {
            return self.live.select(matchers, start, end, sink);
        }
        let mut old: HashMap<Labels, Vec<Sample>> = HashMap::new();
        self.past
            .select(matchers, start, end, &mut |labels, samples| {
                old.insert(labels.clone(), samples.to_vec());
                Ok(())
            })?;
        self.live.select(
            matchers,
            start,
            end,
            &mut |labels, samples| match old.remove(labels) {
                None => sink(labels, samples),
                Some(before) => sink(labels, &joined(before, samples, counts(labels))),
            },
        )?;
        for (labels, samples) in &old {
            sink(labels, samples)?;
        }
        Ok(())
    }
}

/// Whether a series counts up, by the suffix that names of counters and of parts of histograms have.
fn counts(labels: &Labels) -> bool {
    let name = labels.metric_name().unwrap_or_default();
    ["_total", "_count", "_sum", "_bucket"]
        .iter()
        .any(|end| name.ends_with(end))
}

/// What is older than the first of `new`, then `new`; both ascend by time. Each store has counted from its own start, so a counter's old
/// samples are moved to where the new ones begin: otherwise the seam would look like a restart, and all that `new` has counted
/// like one burst.
fn joined(mut old: Vec<Sample>, new: &[Sample], counter: bool) -> Vec<Sample> {
    if let Some(first) = new.first() {
        old.truncate(old.partition_point(|s| s.t < first.t));
        if let Some(last) = old.last().copied().filter(|_| counter) {
            let shift = first.v - last.v;
            old.iter_mut().for_each(|s| s.v += shift);
        }
    }
    old.extend_from_slice(new);
    old
}

#[cfg(test)]
mod tests {
    use super::*;
    use embedded::tsdb::Options;
    use promql::{Engine, Value};
    use std::sync::Arc;

    const DAY: i64 = 86_400_000;
    const NOW: i64 = 1_794_931_200_000;

    fn store(name: &str, samples: &[(i64, f64)]) -> Tsdb {
        let options = Options {
            retention_ms: 10 * DAY,
            ..Options::new(Arc::new(|| NOW))
        };
        let store = Tsdb::in_memory(options);
        let labels = Labels::from_pairs([("__name__", name)]);
        let batch: Vec<(Labels, Sample)> = samples
            .iter()
            .map(|(t, v)| (labels.clone(), Sample { t: *t, v: *v }))
            .collect();
        assert_eq!(store.append(&batch).refused(), 0);
        store
    }

    fn value(tiers: &Tiers<'_>, query: &str) -> Option<f64> {
        match Engine::default().instant(tiers, query, NOW).unwrap() {
            Value::Vector(rows) => rows.first().map(|(_, s)| s.v),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_past_ends_where_the_present_begins() {
        let past = store(
            "a",
            &[(NOW - DAY, 1.0), (NOW - 60_000, 2.0), (NOW - 20_000, 9.0)],
        );
        let live = store("a", &[(NOW - 30_000, 3.0), (NOW - 10_000, 4.0)]);
        let tiers = Tiers {
            live: &live,
            past: &past,
            live_since: NOW - 30_000,
        };
        assert_eq!(value(&tiers, "a"), Some(4.0));
        assert_eq!(value(&tiers, "a offset 1d"), Some(1.0));
        // 9 lies beside samples of the present and is none of them.
        assert_eq!(value(&tiers, "count_over_time(a[2m])"), Some(3.0));
        assert_eq!(value(&tiers, "max_over_time(a[2m])"), Some(4.0));
        assert_eq!(value(&tiers, "count_over_time(a[2d])"), Some(4.0));
    }

    #[test]
    fn a_counter_goes_on_over_the_seam() {
        let past = store(
            "a_total",
            &[(NOW - 3 * 60_000, 900.0), (NOW - 2 * 60_000, 960.0)],
        );
        let live = store("a_total", &[(NOW - 60_000, 7.0), (NOW, 67.0)]);
        let tiers = Tiers {
            live: &live,
            past: &past,
            live_since: NOW - 60_000,
        };
        // 60 before, nothing over the seam, 60 after; by hand, without a restart.
        let got = value(&tiers, "delta(a_total[3m])").unwrap();
        assert!((got - 120.0).abs() < 1e-9, "{got}");
        let resets = value(&tiers, "resets(a_total[4m])");
        assert_eq!(resets, Some(0.0));
    }

    #[test]
    fn a_series_of_one_store_alone_is_found() {
        let past = store("gone", &[(NOW - DAY, 1.0)]);
        let live = store("new", &[(NOW - 10_000, 4.0)]);
        let tiers = Tiers {
            live: &live,
            past: &past,
            live_since: NOW - 30_000,
        };
        assert_eq!(value(&tiers, "gone offset 1d"), Some(1.0));
        assert_eq!(value(&tiers, "new"), Some(4.0));
        assert_eq!(value(&tiers, "count_over_time(new[2d])"), Some(1.0));
        assert_eq!(value(&tiers, "gone"), None);
    }
}

//! `histogram_quantile` over classic histograms (series with `le`).

use crate::error::PromqlError;
use crate::eval::{Eval, RowSink};
use crate::plan::Node;
use crate::rows::{Grid, Merge, Metric, absent, is_absent};
use hashbrown::HashMap;

/// The label that holds a bucket's upper bound.
const BUCKET: &str = "le";

#[derive(Clone, Copy)]
struct Bucket {
    upper: f64,
    count: f64,
}

/// The series of one histogram.
struct Histogram {
    metric: Metric,
    /// Upper bound and counts by step.
    buckets: Vec<(f64, Vec<f64>)>,
}

impl Eval<'_> {
    pub(crate) fn histogram_quantile(
        &self,
        quantile: &Node,
        arg: &Node,
        grid: Grid,
        sink: &mut RowSink<'_>,
    ) -> Result<(), PromqlError> {
        let quantile = self.scalar(quantile, grid)?;
        let mut index: HashMap<Metric, usize> = HashMap::new();
        let mut histograms: Vec<Histogram> = Vec::new();
        self.stream(arg, grid, &mut |metric, row| {
            let Some(upper) = metric.get(BUCKET).and_then(upper_bound) else {
                return Ok(());
            };
            self.hold(row.len())?;
            // the name still tells histograms apart here, though the result loses it
            let labels = metric.into_labels().without(|n| n == BUCKET);
            let metric = Metric::new(labels);
            let i = *index.entry(metric.clone()).or_insert_with(|| {
                histograms.push(Histogram {
                    metric: metric.clone().drop_name(),
                    buckets: Vec::new(),
                });
                histograms.len() - 1
            });
            if let Some(histogram) = histograms.get_mut(i) {
                histogram.buckets.push((upper, row.to_vec()));
            }
            Ok(())
        })?;
        let mut merge = Merge::new(grid.len);
        let mut row = self.empty_row(grid)?;
        let mut buckets: Vec<Bucket> = Vec::new();
        for histogram in histograms {
            self.tick()?;
            for (i, (out, q)) in row.iter_mut().zip(&quantile).enumerate() {
                buckets.clear();
                buckets.extend(histogram.buckets.iter().filter_map(|(upper, counts)| {
                    let count = *counts.get(i).filter(|c| !is_absent(**c))?;
                    Some(Bucket {
                        upper: *upper,
                        count,
                    })
                }));
                *out = if buckets.is_empty() {
                    absent()
                } else {
                    bucket_quantile(*q, &mut buckets)
                };
            }
            self.merge(&mut merge, histogram.metric, &row)?;
        }
        self.emit(merge.rows, sink)
    }
}

/// A bucket's bound; what is no number is not a bucket.
fn upper_bound(text: &str) -> Option<f64> {
    let v: f64 = text.parse().ok()?;
    // "1e999" overflows, which Go reports as an error
    let spelled_out = text.bytes().any(|b| matches!(b, b'n' | b'N'));
    (v.is_finite() || spelled_out).then_some(v)
}

/// The quantile by linear interpolation within a bucket (`bucketQuantile` in Prometheus' promql/quantile.go).
fn bucket_quantile(q: f64, buckets: &mut Vec<Bucket>) -> f64 {
    if q.is_nan() {
        return f64::NAN;
    }
    if q < 0.0 {
        return f64::NEG_INFINITY;
    }
    if q > 1.0 {
        return f64::INFINITY;
    }
    buckets.sort_by(|a, b| {
        a.upper
            .partial_cmp(&b.upper)
            .unwrap_or(std::cmp::Ordering::Equal)
    });
    if buckets.last().is_none_or(|b| b.upper != f64::INFINITY) {
        return f64::NAN;
    }
    // the same bound written in two ways ("1" and "1.0") is one bucket
    buckets.dedup_by(|next, kept| {
        let same = next.upper == kept.upper;
        if same {
            kept.count += next.count;
        }
        same
    });
    make_monotonic(buckets);
    let [others @ .., last] = buckets.as_slice() else {
        return f64::NAN;
    };
    let Some(highest) = others.last() else {
        return f64::NAN;
    };
    if last.count == 0.0 {
        return f64::NAN;
    }
    let mut rank = q * last.count;
    let at = others.partition_point(|b| b.count < rank);
    let Some(found) = others.get(at) else {
        return highest.upper;
    };
    if at == 0 && found.upper <= 0.0 {
        return found.upper;
    }
    let mut start = 0.0;
    let mut count = found.count;
    if let Some(below) = at.checked_sub(1).and_then(|i| others.get(i)) {
        start = below.upper;
        count -= below.count;
        rank -= below.count;
    }
    start + (found.upper - start) * (rank / count)
}

/// Removes decreases of the cumulative counts, which rates and partial scrapes cause.
fn make_monotonic(buckets: &mut [Bucket]) {
    let Some(first) = buckets.first() else {
        return;
    };
    let mut max = first.count;
    for bucket in buckets.iter_mut().skip(1) {
        if bucket.count > max {
            max = bucket.count;
        } else if bucket.count < max {
            bucket.count = max;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quantile(q: f64, buckets: &[(f64, f64)]) -> f64 {
        let mut buckets = buckets
            .iter()
            .map(|(upper, count)| Bucket {
                upper: *upper,
                count: *count,
            })
            .collect();
        bucket_quantile(q, &mut buckets)
    }

    const INF: f64 = f64::INFINITY;

    #[test]
    fn interpolates_within_the_bucket() {
        let buckets = [(1.0, 10.0), (2.0, 20.0), (INF, 20.0)];
        assert_eq!(quantile(0.5, &buckets), 1.0);
        assert_eq!(quantile(0.75, &buckets), 1.5);
        assert_eq!(quantile(0.25, &buckets), 0.5);
        assert_eq!(
            quantile(1.0, &[(1.0, 1.0), (INF, 2.0)]),
            1.0,
            "beyond the highest bound"
        );
        assert_eq!(
            quantile(0.1, &[(-1.0, 5.0), (INF, 5.0)]),
            -1.0,
            "below zero no natural start"
        );
    }

    #[test]
    fn broken_histograms() {
        assert!(
            quantile(0.5, &[(1.0, 10.0), (2.0, 20.0)]).is_nan(),
            "no +Inf bucket"
        );
        assert!(quantile(0.5, &[(INF, 20.0)]).is_nan(), "one bucket");
        assert!(
            quantile(0.5, &[(1.0, 0.0), (INF, 0.0)]).is_nan(),
            "no observation"
        );
        assert_eq!(
            quantile(0.5, &[(1.0, 10.0), (2.0, 4.0), (INF, 20.0)]),
            1.0,
            "a decrease"
        );
        assert_eq!(
            quantile(0.5, &[(1.0, 5.0), (1.0, 5.0), (INF, 20.0)]),
            1.0,
            "the same bound twice"
        );
        assert_eq!(
            (quantile(-1.0, &[(INF, 1.0)]), quantile(2.0, &[(INF, 1.0)])),
            (-INF, INF)
        );
    }

    #[test]
    fn bounds() {
        assert_eq!(upper_bound("+Inf"), Some(INF));
        assert_eq!(upper_bound("0.5"), Some(0.5));
        assert_eq!(
            (upper_bound("abc"), upper_bound("1e999"), upper_bound("")),
            (None, None, None)
        );
    }
}

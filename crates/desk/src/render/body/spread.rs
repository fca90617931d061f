//! How values are spread now: a histogram's own buckets, else as many equal classes as Sturges' rule gives (JASA 1926).

use super::{How, Known, series};
use crate::render::words::grade;
use chart::panel::{Body, Class, Classes, nice_step};
use engine::Engine;
use model::board::{Panel, Unit};
use model::{Direction, Thresholds};

/// Classes at most.
const MOST: usize = 200;

/// A class of values: more than `from`, at most `to`.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Bin {
    from: f64,
    to: f64,
    count: f64,
}

pub(super) fn body(engine: &Engine, panel: &Panel, main: &[&Known<'_>], how: &How) -> Body {
    let all = series(engine, main, None, how);
    let unit = main.first().map_or(panel.unit, |k| k.unit);
    let limits = main.first().and_then(|k| k.status.limits);
    let bounds: Option<Vec<(f64, f64)>> = (main.len() == 1)
        .then(|| {
            all.iter()
                .map(|s| Some((end_of(s.labels.get("le")?)?, s.judged.value)))
                .collect()
        })
        .flatten();
    let measured = bounds.map(buckets).filter(|bins| bins.len() > 1);
    let values: Vec<f64> = all
        .iter()
        .map(|s| s.judged.value)
        .filter(|v| v.is_finite())
        .collect();
    let rest = if measured.is_some() {
        String::new()
    } else {
        let count = values.len().to_string();
        how.words.with("ui.histogram.series", "count", &count)
    };
    let bins = measured.unwrap_or_else(|| equal(&values));
    let total: f64 = bins.iter().map(|b| b.count).sum();
    let most = bins.iter().map(|b| b.count).fold(0.0, f64::max);
    let class = |bin: &Bin| Class {
        height: bin.count / most.max(f64::MIN_POSITIVE),
        share: how.words.line(
            (bin.count / total.max(f64::MIN_POSITIVE) * 1_000.0).round() / 10.0,
            Unit::Percent,
        ),
        end: if bin.to.is_finite() {
            how.words.line(bin.to, unit)
        } else {
            String::new()
        },
        grade: limits.map_or(chart::panel::Grade::Normal, |l| {
            grade(l.severity(better_end(bin, &l)))
        }),
    };
    let quantile = |share: f64| {
        let value = quantile(&bins, share)?;
        let name = format!("P{}", share * 100.0);
        Some((name, how.words.line(value, unit), place(&bins, value)))
    };
    Body::Classes(Classes {
        classes: bins.iter().map(class).collect(),
        quantiles: [0.5, 0.9, 0.99].into_iter().filter_map(quantile).collect(),
        rest,
    })
}

/// A class is as bad as its better end: it certainly holds nothing less bad.
fn better_end(bin: &Bin, limits: &Thresholds) -> f64 {
    if limits.direction == Direction::Below {
        bin.to
    } else {
        bin.from
    }
}

/// The upper end that a label `le` names.
fn end_of(label: &str) -> Option<f64> {
    match label.trim() {
        "+Inf" | "Inf" => Some(f64::INFINITY),
        text => text.parse().ok().filter(|v: &f64| v.is_finite()),
    }
}

/// Classes of a histogram from what lies at or below each end, without empty ones at both sides.
fn buckets(mut all: Vec<(f64, f64)>) -> Vec<Bin> {
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut bins: Vec<Bin> = Vec::new();
    let mut ends: Vec<(f64, f64)> = Vec::new();
    for (end, count) in all {
        let count = if count.is_finite() { count } else { 0.0 };
        match ends.last_mut() {
            Some((last, sum)) if last.total_cmp(&end).is_eq() => *sum += count,
            _ => ends.push((end, count)),
        }
    }
    let mut under = 0.0_f64;
    for (i, (end, up_to)) in ends.iter().enumerate() {
        let from = if i == 0 { end.min(0.0) } else { ends[i - 1].0 };
        bins.push(Bin {
            from,
            to: *end,
            count: (up_to - under).max(0.0),
        });
        under = under.max(*up_to);
    }
    let first = bins.iter().position(|b| b.count > 0.0);
    let last = bins.iter().rposition(|b| b.count > 0.0);
    if let (Some(first), Some(last)) = (first, last) {
        bins.truncate(last + 2);
        bins.drain(..first.saturating_sub(1));
    }
    bins.truncate(MOST);
    bins
}

fn equal(values: &[f64]) -> Vec<Bin> {
    let (lo, hi) = values
        .iter()
        .fold((f64::MAX, f64::MIN), |(a, b), v| (a.min(*v), b.max(*v)));
    if lo > hi {
        return Vec::new();
    }
    let classes = ((values.len() as f64).log2() + 1.0).ceil();
    let rough = match (hi - lo) / classes {
        step if step > 0.0 => step,
        _ if hi != 0.0 => hi.abs() * 0.1,
        _ => 1.0,
    };
    let step = nice_step(rough, false);
    let begin = (lo / step + 1e-9).floor() * step;
    let count = ((hi - begin) / step - 1e-9).ceil().max(1.0) as usize;
    let count = count.min(MOST);
    let mut bins: Vec<Bin> = (0..count)
        .map(|i| Bin {
            from: begin + i as f64 * step,
            to: begin + (i + 1) as f64 * step,
            count: 0.0,
        })
        .collect();
    for v in values {
        let at = (((v - begin) / step - 1e-9).ceil() - 1.0).max(0.0) as usize;
        if let Some(bin) = bins.get_mut(at.min(count - 1)) {
            bin.count += 1.0;
        }
    }
    bins
}

/// The value below which a share of all lies, taking values as evenly spread in their class (as `histogram_quantile` does).
fn quantile(all: &[Bin], share: f64) -> Option<f64> {
    let total: f64 = all.iter().map(|b| b.count).sum();
    let rank = share * total;
    let mut under = 0.0;
    for bin in all.iter().filter(|b| b.count > 0.0) {
        if under + bin.count >= rank {
            return Some(if bin.to.is_finite() {
                bin.from + (bin.to - bin.from) * ((rank - under) / bin.count)
            } else {
                bin.from
            });
        }
        under += bin.count;
    }
    None
}

/// Where a value lies among the classes, 0 to 1 of their row.
fn place(all: &[Bin], value: f64) -> f64 {
    let Some(at) = all.iter().position(|b| value <= b.to) else {
        return 1.0;
    };
    let bin = all[at];
    let part = if bin.to.is_finite() {
        (value - bin.from) / (bin.to - bin.from)
    } else {
        0.0
    };
    (at as f64 + part.clamp(0.0, 1.0)) / all.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_count_what_the_one_below_does_not() {
        let bins = buckets(vec![
            (0.1, 10.0),
            (0.5, 60.0),
            (f64::INFINITY, 100.0),
            (1.0, 100.0),
            (0.01, 0.0),
            (0.001, 0.0),
        ]);
        let counts: Vec<f64> = bins.iter().map(|b| b.count).collect();
        // One empty class stays at each side, so that the end is seen.
        assert_eq!(counts, [0.0, 10.0, 50.0, 40.0, 0.0]);
        assert!((quantile(&bins, 0.5).expect("a median") - 0.42).abs() < 1e-9);
        assert!((place(&bins, 0.5) - 0.6).abs() < 1e-9);
    }

    #[test]
    fn values_without_buckets_lie_in_equal_classes() {
        let bins = equal(&[1.0, 2.0, 2.5, 9.0]);
        assert_eq!(bins.iter().map(|b| b.count).sum::<f64>(), 4.0);
        assert!(bins.len() == 2 && bins[0].from <= 1.0 && bins[0].count > bins[1].count);
        assert_eq!(equal(&[5.0, 5.0]).len(), 1);
        assert!(equal(&[]).is_empty());
    }
}

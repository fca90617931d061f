//! The functions over a window of samples, as Prometheus 2.42 computes them (promql/functions.go there).

use crate::error::ExecutionError;
use crate::functions::RangeFn;
use model::Sample;

/// The samples of one series in one window; never empty.
pub(crate) struct Window<'a> {
    pub samples: &'a [Sample],
    /// Index of the first sample in the series that [`State::enter`] saw.
    pub from: usize,
    /// First and last millisecond of the window.
    pub start: i64,
    pub end: i64,
    /// The evaluation time (the window's end unless `offset` or `@` moved it).
    pub now: i64,
}

/// What is kept from window to window of one series.
#[derive(Default)]
pub(crate) struct State {
    /// Counter resets up to each sample, so that a window without any is known at once.
    resets: Vec<u32>,
    scratch: Vec<f64>,
}

impl State {
    /// Begins a series.
    pub(crate) fn enter(&mut self, function: RangeFn, samples: &[Sample]) {
        self.resets.clear();
        if !matches!(
            function,
            RangeFn::Rate | RangeFn::Increase | RangeFn::Resets
        ) {
            return;
        }
        let mut count = 0;
        let mut before = f64::NAN;
        self.resets.extend(samples.iter().map(|s| {
            count += u32::from(s.v < before);
            before = s.v;
            count
        }));
    }

    /// Resets within the window.
    fn resets(&self, w: &Window<'_>) -> u32 {
        let at = |i: usize| self.resets.get(i).copied().unwrap_or(0);
        at(w.from + w.samples.len() - 1) - at(w.from)
    }

    /// The function's value for one window; `parameter(n)` is its n-th scalar argument at this step.
    pub(crate) fn value(
        &mut self,
        function: RangeFn,
        w: &Window<'_>,
        parameter: &dyn Fn(usize) -> Option<f64>,
    ) -> Result<Option<f64>, ExecutionError> {
        let samples = w.samples;
        let (Some(first), Some(last)) = (samples.first(), samples.last()) else {
            return Ok(None);
        };
        let parameter = |n| parameter(n).unwrap_or(f64::NAN);
        Ok(match function {
            RangeFn::Rate => self.extrapolated(w, true, true),
            RangeFn::Increase => self.extrapolated(w, true, false),
            RangeFn::Delta => self.extrapolated(w, false, false),
            RangeFn::Irate => last_two(samples, true),
            RangeFn::Idelta => last_two(samples, false),
            RangeFn::Deriv => {
                // near the samples, so that the arithmetic does not lose their differences
                (samples.len() > 1).then(|| regression(samples, first.t).0)
            }
            RangeFn::PredictLinear => (samples.len() > 1).then(|| {
                let (slope, intercept) = regression(samples, w.now);
                slope * parameter(0) + intercept
            }),
            RangeFn::HoltWinters => holt_winters(samples, parameter(0), parameter(1))?,
            RangeFn::Changes => Some(changes(samples)),
            RangeFn::Resets => Some(f64::from(self.resets(w))),
            RangeFn::Avg => Some(average(samples)),
            RangeFn::Count => Some(samples.len() as f64),
            RangeFn::Last => Some(last.v),
            RangeFn::Max => Some(extreme(samples, |v, have| v > have)),
            RangeFn::Min => Some(extreme(samples, |v, have| v < have)),
            RangeFn::Sum => Some(sum(samples)),
            RangeFn::Stddev => Some(variance(samples).sqrt()),
            RangeFn::Stdvar => Some(variance(samples)),
            RangeFn::Present => Some(1.0),
            RangeFn::Quantile => {
                self.scratch.clear();
                self.scratch.extend(samples.iter().map(|s| s.v));
                Some(quantile(parameter(0), &mut self.scratch))
            }
        })
    }

    /// `rate`, `increase`, `delta`: the difference between the last and first sample, extrapolated to the window's
    /// ends as far as samples can be expected there (`extrapolatedRate`).
    fn extrapolated(&self, w: &Window<'_>, counter: bool, per_second: bool) -> Option<f64> {
        let (first, last) = (w.samples.first()?, w.samples.last()?);
        if w.samples.len() < 2 {
            return None;
        }
        let mut result = last.v - first.v;
        if counter && self.resets(w) > 0 {
            for pair in w.samples.windows(2) {
                if let [before, s] = pair
                    && s.v < before.v
                {
                    result += before.v;
                }
            }
        }
        let mut to_start = (first.t - w.start) as f64 / 1000.0;
        let to_end = (w.end - last.t) as f64 / 1000.0;
        let sampled = (last.t - first.t) as f64 / 1000.0;
        let between = sampled / (w.samples.len() - 1) as f64;
        if counter && result > 0.0 && first.v >= 0.0 {
            // a counter cannot have been negative: it began at zero at the earliest
            let to_zero = sampled * (first.v / result);
            if to_zero < to_start {
                to_start = to_zero;
            }
        }
        let threshold = between * 1.1;
        let mut covered = sampled;
        for gap in [to_start, to_end] {
            covered += if gap < threshold { gap } else { between / 2.0 };
        }
        let mut factor = covered / sampled;
        if per_second {
            factor /= (w.end - w.start) as f64 / 1000.0;
        }
        Some(result * factor)
    }
}

/// `irate` and `idelta`.
fn last_two(samples: &[Sample], rate: bool) -> Option<f64> {
    let [.., before, last] = samples else {
        return None;
    };
    let interval = last.t - before.t;
    if interval == 0 {
        return None;
    }
    let difference = if rate && last.v < before.v {
        last.v
    } else {
        last.v - before.v
    };
    Some(if rate {
        difference / (interval as f64 / 1000.0)
    } else {
        difference
    })
}

/// A sum with the error of each addition kept aside (Kahan's, in Neumaier's form).
#[derive(Clone, Copy, Default)]
struct Kahan {
    sum: f64,
    lost: f64,
}

impl Kahan {
    fn add(&mut self, v: f64) {
        let t = self.sum + v;
        self.lost += if self.sum.abs() >= v.abs() {
            (self.sum - t) + v
        } else {
            (v - t) + self.sum
        };
        self.sum = t;
    }

    fn total(self) -> f64 {
        self.sum + self.lost
    }
}

/// Least squares: slope per second, and the value at `at`.
fn regression(samples: &[Sample], at: i64) -> (f64, f64) {
    let mut n = 0.0;
    let (mut x_sum, mut y_sum) = (Kahan::default(), Kahan::default());
    let (mut xy_sum, mut xx_sum) = (Kahan::default(), Kahan::default());
    let constant = samples.first().map_or(f64::NAN, |s| s.v);
    let mut is_constant = true;
    for (i, s) in samples.iter().enumerate() {
        if i > 0 && s.v != constant {
            is_constant = false;
        }
        n += 1.0;
        let x = (s.t - at) as f64 / 1000.0;
        x_sum.add(x);
        y_sum.add(s.v);
        xy_sum.add(x * s.v);
        xx_sum.add(x * x);
    }
    if is_constant {
        return if constant.is_infinite() {
            (f64::NAN, f64::NAN)
        } else {
            (0.0, constant)
        };
    }
    let (x, y) = (x_sum.total(), y_sum.total());
    let covariance = xy_sum.total() - x * y / n;
    let variance = xx_sum.total() - x * x / n;
    let slope = covariance / variance;
    (slope, y / n - slope * x / n)
}

/// Double exponential smoothing.
fn holt_winters(
    samples: &[Sample],
    smoothing: f64,
    trend: f64,
) -> Result<Option<f64>, ExecutionError> {
    for (which, value) in [("smoothing", smoothing), ("trend", trend)] {
        // NaN passes, as it does in Prometheus
        if value <= 0.0 || value >= 1.0 {
            return Err(ExecutionError::SmoothingFactor { which, value });
        }
    }
    let [first, second, ..] = samples else {
        return Ok(None);
    };
    let mut before = 0.0;
    let mut smoothed = first.v;
    let mut slope = second.v - first.v;
    for (i, s) in samples.iter().skip(1).enumerate() {
        if i > 0 {
            slope = trend * (smoothed - before) + (1.0 - trend) * slope;
        }
        let next = smoothing * s.v + (1.0 - smoothing) * (smoothed + slope);
        before = smoothed;
        smoothed = next;
    }
    Ok(Some(smoothed))
}

fn changes(samples: &[Sample]) -> f64 {
    let changed = |pair: &&[Sample]| match pair {
        [a, b] => a.v != b.v && !(a.v.is_nan() && b.v.is_nan()),
        _ => false,
    };
    samples.windows(2).filter(changed).count() as f64
}

/// Whether an infinite mean stays what it is when `v` comes in: the difference of infinities would be NaN.
pub(crate) fn keeps_infinite_mean(mean: f64, v: f64) -> bool {
    mean.is_infinite() && (v.is_finite() || (v.is_infinite() && (mean > 0.0) == (v > 0.0)))
}

fn average(samples: &[Sample]) -> f64 {
    let mut mean = Kahan::default();
    let mut count = 0.0;
    for s in samples {
        count += 1.0;
        if !keeps_infinite_mean(mean.sum, s.v) {
            mean.add(s.v / count - mean.sum / count);
        }
    }
    if mean.sum.is_infinite() {
        mean.sum
    } else {
        mean.total()
    }
}

fn sum(samples: &[Sample]) -> f64 {
    let mut sum = Kahan::default();
    for s in samples {
        sum.add(s.v);
    }
    if sum.sum.is_infinite() {
        sum.sum
    } else {
        sum.total()
    }
}

fn extreme(samples: &[Sample], better: impl Fn(f64, f64) -> bool) -> f64 {
    let mut best = f64::NAN;
    for s in samples {
        if better(s.v, best) || best.is_nan() {
            best = s.v;
        }
    }
    best
}

/// Population variance (Welford's method, compensated).
fn variance(samples: &[Sample]) -> f64 {
    let mut count = 0.0;
    let (mut mean, mut aux) = (Kahan::default(), Kahan::default());
    for s in samples {
        count += 1.0;
        let delta = s.v - mean.total();
        mean.add(delta / count);
        aux.add(delta * (s.v - mean.total()));
    }
    aux.total() / count
}

/// The `q`-quantile, interpolated between neighbours; sorts `values` (NaN first).
pub(crate) fn quantile(q: f64, values: &mut [f64]) -> f64 {
    if values.is_empty() || q.is_nan() {
        return f64::NAN;
    }
    if q < 0.0 {
        return f64::NEG_INFINITY;
    }
    if q > 1.0 {
        return f64::INFINITY;
    }
    values.sort_unstable_by(|a, b| match (a.is_nan(), b.is_nan()) {
        (false, false) => a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal),
        (a, b) => b.cmp(&a),
    });
    let last = values.len() - 1;
    let rank = q * last as f64;
    let lower = rank.floor().max(0.0);
    let weight = rank - rank.floor();
    let at = |i: usize| values.get(i.min(last)).copied().unwrap_or(f64::NAN);
    let lower = lower as usize;
    at(lower) * (1.0 - weight) + at(lower + 1) * weight
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(values: &[f64]) -> Vec<Sample> {
        values
            .iter()
            .zip(0..)
            .map(|(v, i)| Sample {
                t: i * 10_000,
                v: *v,
            })
            .collect()
    }

    fn value(function: RangeFn, values: &[f64], parameters: &[f64]) -> Option<f64> {
        let samples = series(values);
        let mut state = State::default();
        state.enter(function, &samples);
        let end = samples.last().expect("samples").t;
        let window = Window {
            samples: &samples,
            from: 0,
            start: 0,
            end,
            now: end,
        };
        state
            .value(function, &window, &|n| parameters.get(n).copied())
            .expect("no error")
    }

    #[test]
    fn counters_that_start_over_count_on() {
        assert_eq!(
            value(RangeFn::Increase, &[0.0, 5.0, 2.0, 4.0], &[]),
            Some(9.0)
        );
        assert_eq!(value(RangeFn::Rate, &[0.0, 10.0, 20.0], &[]), Some(1.0));
        assert_eq!(value(RangeFn::Delta, &[5.0, 3.0, 1.0], &[]), Some(-4.0));
        assert_eq!(
            value(RangeFn::Resets, &[1.0, 0.0, 3.0, 2.0], &[]),
            Some(2.0)
        );
        assert_eq!(value(RangeFn::Rate, &[1.0], &[]), None);
        assert_eq!(value(RangeFn::Irate, &[9.0, 3.0], &[]), Some(0.3));
        assert_eq!(value(RangeFn::Idelta, &[9.0, 3.0], &[]), Some(-6.0));
    }

    #[test]
    fn rates_reach_to_the_ends_of_the_window_as_far_as_samples_can_be_expected() {
        let samples = series(&[100.0, 110.0, 120.0]);
        let rate = |start: i64, end: i64| {
            let mut state = State::default();
            state.enter(RangeFn::Increase, &samples);
            let window = Window {
                samples: &samples,
                from: 0,
                start,
                end,
                now: end,
            };
            state
                .value(RangeFn::Increase, &window, &|_| None)
                .expect("no error")
                .expect("a value")
        };
        // 5 s on both sides: covered
        assert!((rate(-5_000, 25_000) - 30.0).abs() < 1e-9);
        // 60 s after the last sample: half an interval only
        assert!((rate(0, 80_000) - 25.0).abs() < 1e-9);
    }

    #[test]
    fn sums_keep_what_plain_addition_loses() {
        assert_eq!(value(RangeFn::Sum, &[1e100, 1.0, -1e100], &[]), Some(1.0));
        assert_eq!(
            value(RangeFn::Avg, &[f64::INFINITY, 1.0], &[]),
            Some(f64::INFINITY)
        );
        let v = value(RangeFn::Avg, &[f64::INFINITY, f64::NEG_INFINITY], &[]);
        assert!(v.is_some_and(f64::is_nan));
        let stdvar = value(
            RangeFn::Stdvar,
            &[1e9 + 4.0, 1e9 + 7.0, 1e9 + 13.0, 1e9 + 16.0],
            &[],
        );
        assert_eq!(stdvar, Some(22.5));
    }

    #[test]
    fn nan_loses_every_comparison() {
        assert_eq!(
            value(RangeFn::Max, &[f64::NAN, 1.0, f64::NAN], &[]),
            Some(1.0)
        );
        assert_eq!(value(RangeFn::Min, &[2.0, f64::NAN, 1.0], &[]), Some(1.0));
        assert_eq!(
            value(RangeFn::Changes, &[1.0, f64::NAN, f64::NAN, 2.0], &[]),
            Some(2.0)
        );
    }

    #[test]
    fn quantiles_interpolate() {
        assert_eq!(
            value(RangeFn::Quantile, &[3.0, 1.0, 2.0, 4.0], &[0.5]),
            Some(2.5)
        );
        assert_eq!(
            value(RangeFn::Quantile, &[1.0], &[2.0]),
            Some(f64::INFINITY)
        );
        assert_eq!(
            value(RangeFn::Quantile, &[1.0], &[-1.0]),
            Some(f64::NEG_INFINITY)
        );
        assert_eq!(
            value(RangeFn::Quantile, &[f64::NAN, 1.0, 2.0], &[1.0]),
            Some(2.0)
        );
    }

    #[test]
    fn trends() {
        assert_eq!(value(RangeFn::Deriv, &[0.0, 20.0, 40.0], &[]), Some(2.0));
        assert_eq!(
            value(RangeFn::PredictLinear, &[0.0, 20.0, 40.0], &[10.0]),
            Some(60.0)
        );
        assert_eq!(value(RangeFn::Deriv, &[7.0, 7.0], &[]), Some(0.0));
        assert_eq!(
            value(RangeFn::HoltWinters, &[1.0, 2.0, 3.0], &[0.5, 0.5]),
            Some(3.0)
        );
        assert!(holt_winters(&series(&[1.0]), 0.0, 0.5).is_err());
        assert!(holt_winters(&series(&[1.0]), 0.5, 1.5).is_err());
    }
}

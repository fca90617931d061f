//! What is to be expected, by the three ways that a forecast panel of the wall knows (`ui/src/panels/forecast/predict.ts`).

use model::board::ForecastMethod;

/// Most points of the future: finer says nothing.
const FINE: f64 = 240.0;
/// Weights that Holt and Winters' way is tried with.
const ALPHAS: [f64; 4] = [0.05, 0.15, 0.35, 0.6];
const BETAS: [f64; 3] = [0.0, 0.02, 0.1];
const GAMMAS: [f64; 3] = [0.05, 0.2, 0.5];
/// Points of a season that are looked at; more would only follow the noise.
const SEASON_POINTS: f64 = 96.0;
/// Points of an answer at most.
const MOST: usize = 8_000;

/// Points on a grid; `None` where nothing is known.
pub(super) struct Past<'a> {
    pub start: f64,
    pub step: f64,
    pub values: &'a [Option<f64>],
}

/// What is to be expected at a time: the middle, the least, the greatest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point {
    pub at: f64,
    pub mid: f64,
    pub lo: f64,
    pub hi: f64,
}

/// Ends of a band, least and greatest.
pub(super) type Band = Vec<Option<(f64, f64)>>;

/// What is to be expected, by time.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Expected(pub Vec<Point>);

impl Past<'_> {
    fn time(&self, i: usize) -> f64 {
        self.start + i as f64 * self.step
    }

    pub fn last(&self) -> f64 {
        self.time(self.values.len().saturating_sub(1))
    }

    fn at(&self, time: f64) -> Option<f64> {
        let i = ((time - self.start) / self.step).round();
        if i < 0.0 {
            return None;
        }
        self.values.get(i as usize).copied().flatten()
    }

    fn known(&self) -> Vec<(f64, f64)> {
        let points = self.values.iter().enumerate();
        points
            .filter_map(|(i, v)| Some((self.time(i), (*v)?)))
            .collect()
    }
}

impl Expected {
    /// When it first reaches a limit after `now`, ms.
    pub fn reaches(&self, limit: f64, below: bool, now: f64) -> Option<f64> {
        let crossed = |v: f64| if below { v <= limit } else { v >= limit };
        let found = self.0.iter().find(|p| p.at >= now && crossed(p.mid));
        found.map(|p| p.at)
    }

    /// Middle and band at the points of a grid that begins at `start`, drawn straight between what is known.
    pub fn on_grid(&self, start: f64, step: f64) -> (Vec<Option<f64>>, Band) {
        let Some(end) = self.0.last().map(|p| p.at) else {
            return (Vec::new(), Vec::new());
        };
        let count = (((end - start) / step.max(1.0)).ceil().max(0.0) as usize + 1).min(MOST);
        let mut next = 0;
        let mut mid = Vec::with_capacity(count);
        let mut band = Vec::with_capacity(count);
        for i in 0..count {
            let at = (start + i as f64 * step).min(end);
            while self.0.get(next + 1).is_some_and(|p| p.at <= at) {
                next += 1;
            }
            let (a, b) = (
                self.0[next],
                self.0.get(next + 1).copied().unwrap_or(self.0[next]),
            );
            if at < a.at {
                mid.push(None);
                band.push(None);
                continue;
            }
            let part = ((at - a.at) / (b.at - a.at).max(1.0)).clamp(0.0, 1.0);
            let between = |x: f64, y: f64| x + (y - x) * part;
            mid.push(Some(between(a.mid, b.mid)));
            band.push(Some((between(a.lo, b.lo), between(a.hi, b.hi))));
        }
        (mid, band)
    }
}

/// What the method expects; `None` when the past is too short for it.
pub(super) fn predict(
    past: &Past<'_>,
    method: ForecastMethod,
    season: f64,
    ahead: f64,
) -> Option<Expected> {
    if past.values.is_empty() || past.step <= 0.0 || ahead <= 0.0 || season <= 0.0 {
        return None;
    }
    match method {
        ForecastMethod::SameTime => same_time(past, season, ahead),
        ForecastMethod::Linear => linear(past, ahead),
        ForecastMethod::HoltWinters => holt_winters(past, season, ahead),
    }
}

/// What was at the same time of the seasons before: their median, from the smallest to the greatest; at least two must be known.
fn same_time(past: &Past<'_>, season: f64, ahead: f64) -> Option<Expected> {
    let (first, last) = (past.start, past.last());
    let step = past.step.max(ahead / FINE);
    let mut out = Vec::new();
    let mut t = first.max(last - season);
    while t <= last + ahead + 1.0 && out.len() < MOST {
        let mut before = Vec::new();
        let mut k = ((t - last) / season).ceil().max(1.0);
        while t - k * season >= first - past.step / 2.0 {
            before.extend(past.at(t - k * season));
            k += 1.0;
        }
        if before.len() >= 2 {
            before.sort_by(f64::total_cmp);
            let middle = before.len() / 2;
            let mid = if before.len() % 2 == 1 {
                before[middle]
            } else {
                f64::midpoint(before[middle - 1], before[middle])
            };
            let (lo, hi) = (before[0], before[before.len() - 1]);
            out.push(Point { at: t, mid, lo, hi });
        }
        t += step;
    }
    out.last()
        .is_some_and(|p| p.at > last)
        .then_some(Expected(out))
}

/// A straight line by least squares, with the interval in which 95 % of further points lie.
fn linear(past: &Past<'_>, ahead: f64) -> Option<Expected> {
    let points = past.known();
    if points.len() < 8 {
        return None;
    }
    let (origin, last) = (past.start, past.last());
    let n = points.len() as f64;
    let mx = points.iter().map(|(t, _)| t - origin).sum::<f64>() / n;
    let my = points.iter().map(|(_, v)| v).sum::<f64>() / n;
    let (mut sxx, mut sxy, mut syy) = (0.0, 0.0, 0.0);
    for (t, v) in &points {
        let dx = t - origin - mx;
        sxx += dx * dx;
        sxy += dx * (v - my);
        syy += (v - my) * (v - my);
    }
    if sxx <= 0.0 {
        return None;
    }
    let slope = sxy / sxx;
    let s = ((syy - slope * sxy).max(0.0) / (n - 2.0)).sqrt();
    let step = past.step.max(ahead / FINE);
    let mut out = Vec::new();
    let mut t = last;
    while t <= last + ahead + 1.0 && out.len() < MOST {
        let dx = t - origin - mx;
        let mid = my + slope * dx;
        let half = 1.96 * s * (1.0 + 1.0 / n + dx * dx / sxx).sqrt();
        out.push(Point {
            at: t,
            mid,
            lo: mid - half,
            hi: mid + half,
        });
        t += step;
    }
    Some(Expected(out))
}

struct Fit {
    weights: (f64, f64, f64),
    level: f64,
    trend: f64,
    seasonal: Vec<f64>,
    error: f64,
}

/// Level, trend and season that each forget exponentially (Winters 1960, additive); two seasons must be known. The band is that of
/// Hyndman, Koehler, Ord, Snyder 2008, class 1.
fn holt_winters(past: &Past<'_>, season: f64, ahead: f64) -> Option<Expected> {
    let every = past.step.max(season / SEASON_POINTS);
    let m = (season / every).round() as usize;
    let y = regular(past, every);
    if m < 2 || y.len() < 2 * m {
        return None;
    }
    let mut best: Option<Fit> = None;
    for alpha in ALPHAS {
        for beta in BETAS {
            for gamma in GAMMAS {
                let found = fit(&y, m, (alpha, beta, gamma));
                if best.as_ref().is_none_or(|b| found.error < b.error) {
                    best = Some(found);
                }
            }
        }
    }
    let fit = best?;
    let (alpha, beta, gamma) = fit.weights;
    let mut spread = 1.0;
    let steps = ((ahead / every).ceil() as usize).min(4_000);
    let mut out = Vec::with_capacity(steps);
    for h in 1..=steps {
        let ahead = h as f64;
        let mid = fit.level + ahead * fit.trend + fit.seasonal[(y.len() + h - 1) % m];
        let half = 1.96 * (fit.error * spread).sqrt();
        out.push(Point {
            at: past.last() + ahead * every,
            mid,
            lo: mid - half,
            hi: mid + half,
        });
        let again = if h % m == 0 { gamma } else { 0.0 };
        let c = alpha + alpha * beta * ahead + again;
        spread += c * c;
    }
    Some(Expected(out))
}

/// Means of equal parts that end with the last point, the oldest first; what is missing is what was before it.
fn regular(past: &Past<'_>, every: f64) -> Vec<f64> {
    let points = past.known();
    let Some(&(first, value)) = points.first() else {
        return Vec::new();
    };
    let last = past.last();
    let count = (((last - first) / every).floor() as usize + 1).min(MOST * 4);
    let mut sums = vec![(0.0, 0_u32); count];
    for (t, v) in &points {
        let back = ((last - t) / every).floor() as usize;
        if let Some(slot) = count.checked_sub(1 + back).and_then(|i| sums.get_mut(i)) {
            slot.0 += v;
            slot.1 += 1;
        }
    }
    let mut before = value;
    let mean = |(sum, n): (f64, u32)| {
        if n > 0 {
            before = sum / f64::from(n);
        }
        before
    };
    sums.into_iter().map(mean).collect()
}

fn fit(y: &[f64], m: usize, weights: (f64, f64, f64)) -> Fit {
    let (alpha, beta, gamma) = weights;
    let mean = |from: usize| y[from..from + m].iter().sum::<f64>() / m as f64;
    let middle = (m as f64 - 1.0) / 2.0;
    let mut level = mean(0);
    let mut trend = (mean(m) - mean(0)) / m as f64;
    let mut seasonal: Vec<f64> = y[..m]
        .iter()
        .enumerate()
        .map(|(i, v)| v - (level + trend * (i as f64 - middle)))
        .collect();
    level += trend * middle;
    let mut squares = 0.0;
    for (i, v) in y.iter().enumerate().skip(m) {
        let s = seasonal[i % m];
        let wrong = v - (level + trend + s);
        squares += wrong * wrong;
        let before = level;
        level = alpha * (v - s) + (1.0 - alpha) * (level + trend);
        trend = beta * (level - before) + (1.0 - beta) * trend;
        seasonal[i % m] = gamma * (v - level) + (1.0 - gamma) * s;
    }
    Fit {
        weights,
        level,
        trend,
        seasonal,
        error: squares / (y.len() - m).max(1) as f64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: f64 = 3_600_000.0;

    fn daily(days: usize) -> Vec<Option<f64>> {
        (0..days * 24)
            .map(|h| Some(50.0 + 20.0 * ((h % 24) as f64 / 24.0 * std::f64::consts::TAU).sin()))
            .collect()
    }

    #[test]
    fn a_day_like_the_days_before_is_expected_by_both_ways_that_know_seasons() {
        let values = daily(7);
        let past = Past {
            start: 0.0,
            step: HOUR,
            values: &values,
        };
        for method in [ForecastMethod::SameTime, ForecastMethod::HoltWinters] {
            let found = predict(&past, method, 24.0 * HOUR, 24.0 * HOUR).expect("long enough");
            let six = past.last() + 6.0 * HOUR;
            let point = found.0.iter().find(|p| p.at >= six - 1.0).expect("a point");
            let hour = ((six / HOUR) as usize) % 24;
            let known = values[hour].expect("a value");
            assert!(
                (point.mid - known).abs() < 2.0,
                "{method:?}: {point:?}, {known}"
            );
            assert!(point.lo <= point.mid && point.mid <= point.hi);
        }
        let short = daily(1);
        let past = Past {
            values: &short,
            ..past
        };
        assert!(predict(&past, ForecastMethod::SameTime, 24.0 * HOUR, 24.0 * HOUR).is_none());
    }

    #[test]
    fn a_line_reaches_its_limit_and_lies_on_the_grid() {
        let values: Vec<Option<f64>> = (0..48).map(|h| Some(f64::from(h))).collect();
        let past = Past {
            start: 0.0,
            step: HOUR,
            values: &values,
        };
        let found =
            predict(&past, ForecastMethod::Linear, 24.0 * HOUR, 24.0 * HOUR).expect("a line");
        let at = found.reaches(60.0, false, past.last()).expect("it grows");
        assert!((at / HOUR - 60.0).abs() < 1.1, "{}", at / HOUR);
        assert_eq!(found.reaches(0.0, true, past.last()), None);
        let (mid, band) = found.on_grid(0.0, HOUR);
        assert_eq!(mid.len(), 72);
        assert!(mid[46].is_none() && (mid[50].expect("known") - 50.0).abs() < 0.1);
        assert_eq!(mid.len(), band.len());
    }
}

//! What a row of values says: mean, peak, share of time inside a limit, direction.

use model::{Direction, Severity, Thresholds};

/// Values at equal distances; `None` where nothing is known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Track {
    /// The first point's time, ms.
    pub start: i64,
    /// Distance of two points, ms.
    pub step: i64,
    /// The points.
    pub points: Vec<Option<f64>>,
}

/// What a track says.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Summary {
    /// Arithmetic mean of what is known.
    pub mean: f64,
    /// Smallest.
    pub min: f64,
    /// Greatest.
    pub max: f64,
    /// When it was greatest, ms.
    pub max_at: i64,
    /// When it was smallest, ms.
    pub min_at: i64,
    /// 95 of 100 values are not above it (nearest rank).
    pub p95: f64,
    /// How much of the time is known, 0 to 1.
    pub coverage: f64,
}

/// A straight line by least squares.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fit {
    /// Change a day.
    pub per_day: f64,
    /// The line's value at the last point.
    pub last: f64,
    /// How much of the variation the line explains, 0 to 1.
    pub r2: f64,
}

const DAY: f64 = 86_400_000.0;
/// A line through fewer points than this says nothing.
const LEAST_POINTS: usize = 12;

impl Track {
    fn known(&self) -> impl Iterator<Item = (i64, f64)> {
        let at = |i: usize| {
            self.start.saturating_add(
                self.step
                    .saturating_mul(i64::try_from(i).unwrap_or(i64::MAX)),
            )
        };
        self.points
            .iter()
            .enumerate()
            .filter_map(move |(i, v)| Some((at(i), v.filter(|v| v.is_finite())?)))
    }

    /// What it says; `None` when nothing is known.
    pub fn summary(&self) -> Option<Summary> {
        let known: Vec<(i64, f64)> = self.known().collect();
        let (mut low, mut high) = (*known.first()?, *known.first()?);
        let mut sum = 0.0;
        for (at, v) in &known {
            sum += v;
            if *v < low.1 {
                low = (*at, *v);
            }
            if *v > high.1 {
                high = (*at, *v);
            }
        }
        let mut sorted: Vec<f64> = known.iter().map(|(_, v)| *v).collect();
        sorted.sort_by(f64::total_cmp);
        let rank = (sorted.len() * 95).div_ceil(100).saturating_sub(1);
        Some(Summary {
            mean: sum / known.len() as f64,
            min: low.1,
            max: high.1,
            min_at: low.0,
            max_at: high.0,
            p95: sorted.get(rank).copied().unwrap_or(high.1),
            coverage: known.len() as f64 / self.points.len().max(1) as f64,
        })
    }

    /// What a rate a minute adds up to over the whole time: the mean of what is known, times the minutes of the track. What is not known
    /// counts as the mean; [`Summary::coverage`] says how much that is.
    pub fn total_per_minute(&self) -> Option<f64> {
        let minutes = self.step as f64 * self.points.len() as f64 / 60_000.0;
        Some(self.summary()?.mean * minutes)
    }

    /// The share of the known time in which values are inside a limit (below it, or above it), 0 to 1; on the limit is inside.
    pub fn inside(&self, limit: f64, direction: Direction) -> Option<f64> {
        let (mut inside, mut all) = (0_u64, 0_u64);
        for (_, v) in self.known() {
            all += 1;
            inside += u64::from(match direction {
                Direction::Above => v <= limit,
                Direction::Below => v >= limit,
            });
        }
        (all > 0).then(|| inside as f64 / all as f64)
    }

    /// Minutes in which values are at least this bad.
    pub fn minutes_at(&self, limits: &Thresholds, severity: Severity) -> f64 {
        let bad = self
            .known()
            .filter(|(_, v)| limits.severity(*v) >= severity)
            .count();
        bad as f64 * self.step as f64 / 60_000.0
    }

    /// A line through it; `None` for too few points.
    pub fn fit(&self) -> Option<Fit> {
        let known: Vec<(f64, f64)> = self
            .known()
            .map(|(at, v)| ((at - self.start) as f64 / DAY, v))
            .collect();
        if known.len() < LEAST_POINTS {
            return None;
        }
        let n = known.len() as f64;
        let mean = |pick: fn(&(f64, f64)) -> f64| known.iter().map(pick).sum::<f64>() / n;
        let (mx, my) = (mean(|p| p.0), mean(|p| p.1));
        let sxx: f64 = known.iter().map(|(x, _)| (x - mx).powi(2)).sum();
        let sxy: f64 = known.iter().map(|(x, y)| (x - mx) * (y - my)).sum();
        let syy: f64 = known.iter().map(|(_, y)| (y - my).powi(2)).sum();
        if sxx <= 0.0 {
            return None;
        }
        let slope = sxy / sxx;
        let last = known.last().map_or(my, |(x, _)| my + slope * (x - mx));
        let r2 = if syy > 0.0 {
            (sxy * sxy / (sxx * syy)).clamp(0.0, 1.0)
        } else {
            1.0
        };
        Some(Fit {
            per_day: slope,
            last,
            r2,
        })
    }

    /// Means of groups of `n` points, for a chart that needs no more.
    pub fn thinned(&self, n: usize) -> Self {
        let n = n.max(1);
        let mean = |group: &[Option<f64>]| {
            let known: Vec<f64> = group
                .iter()
                .copied()
                .flatten()
                .filter(|v| v.is_finite())
                .collect();
            (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
        };
        Self {
            start: self.start,
            step: self.step.saturating_mul(i64::try_from(n).unwrap_or(1)),
            points: self.points.chunks(n).map(mean).collect(),
        }
    }
}

impl Fit {
    /// Days from the last point until the line reaches a limit; `None` when it does not go there, or not within `most` days.
    pub fn days_until(&self, limit: f64, most: f64) -> Option<f64> {
        if self.last >= limit {
            return Some(0.0);
        }
        let days = (limit - self.last) / self.per_day;
        (self.per_day > 1e-9 && days <= most).then_some(days)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn track(points: Vec<Option<f64>>) -> Track {
        Track {
            start: 0,
            step: 60_000,
            points,
        }
    }

    #[test]
    fn what_is_not_known_is_told_and_not_counted() {
        let t = track(vec![Some(1.0), None, Some(3.0), Some(f64::NAN)]);
        let s = t.summary().expect("values");
        assert_eq!(
            (s.mean, s.min, s.max, s.max_at, s.coverage),
            (2.0, 1.0, 3.0, 120_000, 0.5)
        );
        assert_eq!(
            t.total_per_minute(),
            Some(8.0),
            "four minutes at 2 a minute"
        );
        assert_eq!(track(vec![None]).summary(), None);
        assert_eq!(Track::default().summary(), None);
    }

    #[test]
    fn a_share_of_time_inside_a_limit() {
        let t = track(vec![Some(99.0), Some(98.0), Some(90.0), None]);
        assert_eq!(t.inside(98.0, Direction::Below), Some(2.0 / 3.0));
        assert_eq!(t.inside(98.0, Direction::Above), Some(2.0 / 3.0));
        assert_eq!(track(vec![None]).inside(1.0, Direction::Below), None);
        let limits = Thresholds {
            warning: Some(98.5),
            critical: Some(95.0),
            direction: Direction::Below,
            ..Thresholds::default()
        };
        assert_eq!(t.minutes_at(&limits, Severity::Warning), 2.0);
        assert_eq!(t.minutes_at(&limits, Severity::Critical), 1.0);
    }

    #[test]
    fn a_line_says_when_the_disk_is_full() {
        // 60 % growing by half a percent a day, hourly for ten days
        let points = (0..240).map(|h| Some(60.0 + f64::from(h) / 48.0)).collect();
        let t = Track {
            start: 0,
            step: 3_600_000,
            points,
        };
        let fit = t.fit().expect("a line");
        assert!((fit.per_day - 0.5).abs() < 1e-9 && fit.r2 > 0.999);
        let days = fit.days_until(100.0, 365.0).expect("full one day");
        assert!((days - (100.0 - fit.last) / 0.5).abs() < 1e-9);
        assert_eq!(fit.days_until(100.0, 10.0), None, "later than is looked");
        let falling = Fit {
            per_day: -1.0,
            last: 50.0,
            r2: 1.0,
        };
        assert_eq!(falling.days_until(100.0, 365.0), None);
        assert_eq!(
            Fit {
                last: 101.0,
                ..falling
            }
            .days_until(100.0, 365.0),
            Some(0.0)
        );
        assert_eq!(track(vec![Some(1.0); 5]).fit(), None);
        assert_eq!(
            track(vec![Some(1.0); 20]).fit().map(|f| (f.per_day, f.r2)),
            Some((0.0, 1.0))
        );
    }

    #[test]
    fn thinning_keeps_the_mean() {
        let t = track((0..10).map(|i| Some(f64::from(i))).collect()).thinned(4);
        assert_eq!(
            (t.step, t.points),
            (240_000, vec![Some(1.5), Some(5.5), Some(8.5)])
        );
    }
}

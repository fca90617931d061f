//! A restaurant's day and week, in Asia/Shanghai (UTC+8 the year round, so no time-zone tables are needed).

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
const SHANGHAI_MS: i64 = 8 * HOUR_MS;

/// (hour, level): the level of activity, 1 at a weekday's lunch.
const WEEKDAY: &[(f64, f64)] = &[
    (0.0, 0.10),
    (2.0, 0.04),
    (5.0, 0.035),
    (6.5, 0.14),
    (7.8, 0.50),
    (9.0, 0.30),
    (10.3, 0.27),
    (11.3, 0.74),
    (12.2, 1.0),
    (13.2, 0.62),
    (14.5, 0.25),
    (16.5, 0.27),
    (17.5, 0.60),
    (18.6, 0.93),
    (20.0, 0.55),
    (21.5, 0.30),
    (23.0, 0.17),
    (24.0, 0.10),
];
const WEEKEND: &[(f64, f64)] = &[
    (0.0, 0.10),
    (2.0, 0.05),
    (6.0, 0.04),
    (8.0, 0.19),
    (9.3, 0.40),
    (10.5, 0.34),
    (11.6, 0.78),
    (12.6, 0.97),
    (14.0, 0.58),
    (15.5, 0.36),
    (17.0, 0.55),
    (18.6, 1.06),
    (20.2, 0.72),
    (22.0, 0.36),
    (23.0, 0.20),
    (24.0, 0.10),
];

/// How busy the platform is at `t_ms`, about 0.03 at night to about 1 at lunch and dinner; a weekend sleeps longer and dines longer.
pub(crate) fn activity(t_ms: i64) -> f64 {
    let local = t_ms + SHANGHAI_MS;
    let hour = local.rem_euclid(DAY_MS) as f64 / HOUR_MS as f64;
    curve(if is_weekend(t_ms) { WEEKEND } else { WEEKDAY }, hour)
}

/// Whether it is Saturday or Sunday in Shanghai.
pub(crate) fn is_weekend(t_ms: i64) -> bool {
    // 1970-01-01 was a Thursday
    matches!(
        ((t_ms + SHANGHAI_MS).div_euclid(DAY_MS) + 4).rem_euclid(7),
        0 | 6
    )
}

/// Share of the local day that is over, 0..1.
pub(crate) fn day_share(t_ms: i64) -> f64 {
    (t_ms + SHANGHAI_MS).rem_euclid(DAY_MS) as f64 / DAY_MS as f64
}

/// Local days since 1970-01-01.
pub(crate) fn day_number(t_ms: i64) -> i64 {
    (t_ms + SHANGHAI_MS).div_euclid(DAY_MS)
}

fn curve(points: &[(f64, f64)], hour: f64) -> f64 {
    let mut previous = points.first().copied().unwrap_or((0.0, 0.0));
    for &(h, level) in points {
        if hour <= h {
            let width = (h - previous.0).max(1e-9);
            let f = ((hour - previous.0) / width).clamp(0.0, 1.0);
            return previous.1 + (level - previous.1) * f * f * (3.0 - 2.0 * f);
        }
        previous = (h, level);
    }
    previous.1
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-18 00:00 in Shanghai, a Wednesday.
    const WEDNESDAY: i64 = 1_794_931_200_000;

    fn at(day: i64, hour: f64) -> f64 {
        activity(WEDNESDAY + day * DAY_MS + (hour * HOUR_MS as f64) as i64)
    }

    #[test]
    fn three_meals_stand_out_and_the_night_is_quiet() {
        for (meal, before, after) in [(7.8, 6.0, 10.3), (12.2, 10.3, 14.5), (18.6, 16.0, 21.5)] {
            assert!(
                at(0, meal) > 1.5 * at(0, before) && at(0, meal) > 1.5 * at(0, after),
                "meal at {meal}"
            );
        }
        assert!(at(0, 3.5) < 0.06);
    }

    #[test]
    fn weekends_differ_and_midnight_does_not_jump() {
        assert!(
            !is_weekend(WEDNESDAY)
                && is_weekend(WEDNESDAY + 3 * DAY_MS)
                && is_weekend(WEDNESDAY + 4 * DAY_MS + DAY_MS / 2)
        );
        assert!(
            at(3, 7.8) < 0.5 * at(0, 7.8),
            "nobody has an early breakfast on Saturday"
        );
        assert!(at(3, 20.2) > at(0, 20.2));
        for day in 0..7 {
            assert!((at(day, 0.0) - at(day, -0.01)).abs() < 0.01);
        }
    }
}

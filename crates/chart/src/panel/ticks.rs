//! Where an axis is labelled.

const SECOND: f64 = 1_000.0;
const MINUTE: f64 = 60.0 * SECOND;
const HOUR: f64 = 60.0 * MINUTE;
const DAY: f64 = 24.0 * HOUR;
/// Distances of labels on a clock.
const CLOCK: [f64; 17] = [
    10.0 * SECOND,
    30.0 * SECOND,
    MINUTE,
    2.0 * MINUTE,
    5.0 * MINUTE,
    10.0 * MINUTE,
    15.0 * MINUTE,
    30.0 * MINUTE,
    HOUR,
    2.0 * HOUR,
    3.0 * HOUR,
    6.0 * HOUR,
    12.0 * HOUR,
    DAY,
    2.0 * DAY,
    5.0 * DAY,
    7.0 * DAY,
];
/// Labels of an axis at most.
const MOST: usize = 60;

/// 1, 2 or 5 times a power of ten (for `binary`, of two), not less than `rough`.
pub fn nice_step(rough: f64, binary: bool) -> f64 {
    if !rough.is_finite() || rough <= 0.0 {
        return 1.0;
    }
    if binary && rough >= 1.0 {
        return 2.0_f64.powf(rough.log2().ceil());
    }
    let power = 10.0_f64.powf(rough.log10().floor());
    [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|m| m * power)
        .find(|step| *step >= rough * 0.999_999)
        .unwrap_or(10.0 * power)
}

/// Multiples of a nice step between two values, `count` or a few fewer.
pub fn value_ticks(low: f64, high: f64, count: usize, binary: bool) -> Vec<f64> {
    let step = nice_step((high - low) / count.max(1) as f64, binary);
    multiples(low, high, step, 0.0)
}

/// Times (ms) between two, at even places of the clock that is `offset` ms before UTC, `count` or fewer.
pub fn time_ticks(from: f64, to: f64, count: usize, offset: f64) -> Vec<f64> {
    let rough = (to - from) / count.max(1) as f64;
    let step = CLOCK
        .into_iter()
        .find(|step| *step >= rough)
        .unwrap_or_else(|| (rough / DAY).ceil() * DAY);
    multiples(from, to, step, offset)
}

fn multiples(low: f64, high: f64, step: f64, offset: f64) -> Vec<f64> {
    if !(low.is_finite() && high.is_finite() && low <= high) {
        return Vec::new();
    }
    let first = ((low + offset) / step - 1e-9).ceil();
    (0..MOST)
        .map(|i| (first + i as f64) * step - offset)
        .take_while(|at| *at <= high + step * 1e-9)
        // -0 would be written with its sign.
        .map(|at| if at == 0.0 { 0.0 } else { at })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_one_two_or_five() {
        for (rough, step) in [
            (0.3, 0.5),
            (1.0, 1.0),
            (1.1, 2.0),
            (34.0, 50.0),
            (5.1, 10.0),
        ] {
            assert!((nice_step(rough, false) - step).abs() < 1e-9, "{rough}");
        }
        assert_eq!(nice_step(3_000_000.0, true), 4_194_304.0);
        assert_eq!(
            (nice_step(f64::NAN, false), nice_step(0.0, true)),
            (1.0, 1.0)
        );
    }

    #[test]
    fn ticks_stand_inside_and_are_bounded() {
        assert_eq!(
            value_ticks(0.0, 100.0, 5, false),
            [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]
        );
        assert_eq!(value_ticks(-0.2, 0.2, 2, false), [-0.2, 0.0, 0.2]);
        assert!(value_ticks(f64::NAN, 1.0, 5, false).is_empty());
        assert!(value_ticks(0.0, 1e300, 1_000_000, false).len() <= MOST);
    }

    #[test]
    fn times_stand_at_the_zones_hours() {
        // 2026-01-01 00:07 to 03:00 in Shanghai
        let midnight = 1_767_196_800_000.0;
        let ticks = time_ticks(
            midnight + 7.0 * MINUTE,
            midnight + 3.0 * HOUR,
            4,
            8.0 * HOUR,
        );
        assert_eq!(ticks, [1.0, 2.0, 3.0].map(|h| midnight + h * HOUR));
        let days = time_ticks(midnight, midnight + 7.0 * DAY, 8, 8.0 * HOUR);
        assert_eq!(days.len(), 8);
        assert_eq!(days[1], midnight + DAY);
    }
}

//! Brightness by the hour, and a picture that does not burn in.

use super::plan::Hours;
use chrono_tz::Tz;

/// Where the picture stands in turn, in device pixels: round and round, one step at a time, so that nobody sees it move.
const ORBIT: [(i8, i8); 8] = [
    (0, 0),
    (1, 0),
    (1, 1),
    (0, 1),
    (-1, 1),
    (-1, 0),
    (-1, -1),
    (0, -1),
];

/// What is to happen when.
#[derive(Clone, Debug, PartialEq)]
pub struct NightPlan {
    /// Dimmed in these hours.
    pub dim: Option<Hours>,
    /// To this brightness, 0 to 1.
    pub brightness: f64,
    /// Dark in these hours.
    pub off: Option<Hours>,
    /// The picture moves by a step this often, ms; 0: never.
    pub shift_every_ms: i64,
    /// A step, in device pixels.
    pub shift_pixels: u8,
    /// Zone of the hours.
    pub zone: Tz,
}

/// How the wall is to look now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Night {
    /// 1: as it is; 0: black.
    pub brightness: f64,
    /// Dark, because nobody is there.
    pub off: bool,
    /// Where the picture stands, device pixels.
    pub shift: (i16, i16),
}

impl NightPlan {
    /// How the wall is to look at `now`, ms. While `urgent` (an alert that moves the wall is open) it is neither dark nor dimmed.
    pub fn at(&self, now: i64, urgent: bool) -> Night {
        let within = |hours: &Option<Hours>| {
            !urgent
                && hours
                    .as_ref()
                    .is_some_and(|hours| hours.contain(now, self.zone))
        };
        let step = now.checked_div_euclid(self.shift_every_ms).unwrap_or(0);
        let at = usize::try_from(step.rem_euclid(ORBIT.len() as i64)).unwrap_or(0);
        let (x, y) = ORBIT.get(at).copied().unwrap_or_default();
        let pixels = i16::from(self.shift_pixels);
        Night {
            brightness: if within(&self.dim) {
                self.brightness.clamp(0.05, 1.0)
            } else {
                1.0
            },
            off: within(&self.off),
            shift: (i16::from(x) * pixels, i16::from(y) * pixels),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::NaiveTime;

    const MINUTE: i64 = 60_000;
    /// 2026-11-21 08:00 in Shanghai.
    const EIGHT: i64 = 1_795_219_200_000;

    fn plan() -> NightPlan {
        let hours = |from, to| {
            let time = |h| NaiveTime::from_hms_opt(h, 0, 0).unwrap();
            Some(Hours {
                between: Some((time(from), time(to))),
                weekdays: Vec::new(),
            })
        };
        NightPlan {
            dim: hours(22, 7),
            brightness: 0.4,
            off: hours(0, 6),
            shift_every_ms: MINUTE,
            shift_pixels: 2,
            zone: chrono_tz::Asia::Shanghai,
        }
    }

    #[test]
    fn it_is_dimmed_at_night_and_dark_when_nobody_is_there_but_never_while_something_burns() {
        let at = |hour: i64, urgent| plan().at(EIGHT + (hour - 8) * 60 * MINUTE, urgent);
        assert_eq!((at(12, false).brightness, at(12, false).off), (1.0, false));
        assert_eq!((at(23, false).brightness, at(23, false).off), (0.4, false));
        assert!(at(27, false).off, "three in the morning");
        assert_eq!((at(27, true).brightness, at(27, true).off), (1.0, false));
    }

    #[test]
    fn the_picture_moves_by_one_step_at_a_time_and_comes_back() {
        let shifts: Vec<_> = (0..8).map(|i| plan().at(i * MINUTE, false).shift).collect();
        for pair in shifts.windows(2) {
            let (dx, dy) = (pair[0].0 - pair[1].0, pair[0].1 - pair[1].1);
            assert_eq!(dx.abs() + dy.abs(), 2, "{shifts:?}");
        }
        assert_eq!(plan().at(8 * MINUTE, false).shift, shifts[0]);
        let inside = shifts.iter().all(|(x, y)| x.abs() <= 2 && y.abs() <= 2);
        assert!(inside, "{shifts:?}");
        let still = NightPlan {
            shift_every_ms: 0,
            ..plan()
        };
        assert_eq!(still.at(5 * MINUTE, false).shift, (0, 0));
    }
}

//! How often somebody may guess.

/// Wrong answers that cost nothing.
const FREE: u32 = 3;
/// The first pause, ms; it doubles.
const FIRST_PAUSE: i64 = 5_000;
/// The longest pause, ms.
const LONGEST_PAUSE: i64 = 10 * 60_000;

/// Counts wrong answers to a question for a PIN. With four digits and these pauses, trying half of all takes more than a month.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attempts {
    wrong: u32,
    until: i64,
}

impl Attempts {
    /// How long to wait before the next answer is looked at, ms; 0: not at all.
    pub fn wait(&self, now: i64) -> i64 {
        // A clock that was set back does not lock anybody out for longer than the longest pause.
        (self.until - now).clamp(0, LONGEST_PAUSE)
    }

    /// A right answer: everything is forgotten.
    pub fn right(&mut self) {
        *self = Self::default();
    }

    /// A wrong one at `now`; how long to wait from now on, ms.
    pub fn wrong(&mut self, now: i64) -> i64 {
        self.wrong = self.wrong.saturating_add(1);
        let pause = match self.wrong.checked_sub(FREE) {
            None | Some(0) => 0,
            Some(n) => FIRST_PAUSE
                .saturating_mul(1 << (n - 1).min(20))
                .min(LONGEST_PAUSE),
        };
        self.until = now.saturating_add(pause);
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guessing_becomes_slow_and_a_right_answer_forgives() {
        let mut a = Attempts::default();
        let pauses: Vec<i64> = (0..12).map(|_| a.wrong(0)).collect();
        assert_eq!(pauses[..5], [0, 0, 0, 5_000, 10_000]);
        assert_eq!(pauses[11], LONGEST_PAUSE);
        assert_eq!(a.wait(1_000), LONGEST_PAUSE - 1_000);
        assert_eq!(
            a.wait(-1_000_000_000),
            LONGEST_PAUSE,
            "the clock was set back"
        );
        a.right();
        assert_eq!(a.wait(0), 0);
    }

    #[test]
    fn half_of_all_four_digit_pins_take_more_than_a_month() {
        let mut a = Attempts::default();
        let waited: i64 = (0..5_000).map(|_| a.wrong(0)).sum();
        assert!(waited > 31 * 86_400_000, "{waited}");
    }
}

//! A budget of sends: a token bucket. Time is a parameter.

use std::time::Duration;

/// How much may be sent: `burst` at once, and `per_minute` over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Sends per minute in the long run; 0 means without limit.
    pub per_minute: u32,
    /// Sends at once after a rest; at least 1.
    pub burst: u32,
}

/// What is left of a budget.
#[derive(Clone, Debug)]
pub struct Bucket {
    budget: Budget,
    /// Tokens in 1/60000, so that a millisecond of `per_minute` is a whole number.
    tokens: u64,
    /// When `tokens` was right, ms of any clock that goes forward.
    at: u64,
}

const TOKEN: u64 = 60_000;

impl Bucket {
    /// Full.
    pub fn new(budget: Budget, now_ms: u64) -> Self {
        Self {
            budget,
            tokens: u64::from(budget.burst.max(1)) * TOKEN,
            at: now_ms,
        }
    }

    /// Takes one. Otherwise says how long to wait until one is there. A clock that goes back adds nothing and takes nothing.
    ///
    /// # Errors
    /// The time to wait, never zero.
    pub fn take(&mut self, now_ms: u64) -> Result<(), Duration> {
        let rate = u64::from(self.budget.per_minute);
        if rate == 0 {
            return Ok(());
        }
        let full = u64::from(self.budget.burst.max(1)) * TOKEN;
        let passed = now_ms.saturating_sub(self.at);
        self.tokens = self
            .tokens
            .saturating_add(passed.saturating_mul(rate))
            .min(full);
        self.at = self.at.max(now_ms);
        match self.tokens.checked_sub(TOKEN) {
            Some(left) => {
                self.tokens = left;
                Ok(())
            }
            None => Err(Duration::from_millis(
                (TOKEN - self.tokens).div_ceil(rate).max(1),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ROBOT: Budget = Budget {
        per_minute: 20,
        burst: 5,
    };

    #[test]
    fn a_burst_and_then_the_rate() {
        let mut b = Bucket::new(ROBOT, 1000);
        for _ in 0..5 {
            assert_eq!(b.take(1000), Ok(()));
        }
        assert_eq!(b.take(1000), Err(Duration::from_secs(3)));
        assert_eq!(b.take(3999), Err(Duration::from_millis(1)));
        assert_eq!(b.take(4000), Ok(()));
        assert!(b.take(4000).is_err());
        assert!(b.take(0).is_err(), "a clock that goes back gives nothing");
    }

    #[test]
    fn zero_is_without_limit() {
        let budget = Budget {
            per_minute: 0,
            burst: 0,
        };
        let mut b = Bucket::new(budget, 0);
        assert!((0..1000).all(|_| b.take(0).is_ok()));
    }

    proptest! {
        #[test]
        fn never_more_than_burst_plus_rate(gaps in prop::collection::vec(0u64..5000, 1..300), rate in 1u32..200, burst in 1u32..20) {
            let mut b = Bucket::new(Budget { per_minute: rate, burst }, 0);
            let (mut now, mut taken) = (0u64, 0u64);
            for gap in gaps {
                now += gap;
                if let Err(wait) = b.take(now) {
                    // waiting as told is always enough
                    now += u64::try_from(wait.as_millis()).expect("short");
                    prop_assert!(b.take(now).is_ok());
                }
                taken += 1;
                prop_assert!(taken <= u64::from(burst) + now * u64::from(rate) / 60_000 + 1);
            }
        }
    }
}

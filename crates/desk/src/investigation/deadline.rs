//! By when all of it has to be there.

use crate::clock;
use std::time::{Duration, Instant};
use wire::{ErrorCode, ErrorView};

/// Since when is gathered, and for how long. Whoever has to do something afterwards gives others [`Deadline::less`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline {
    began: Instant,
    within: Duration,
}

impl Deadline {
    /// So long from now on.
    pub(super) fn begin(within: Duration) -> Self {
        Self {
            began: clock::instant(),
            within,
        }
    }

    /// The same, but so much earlier.
    pub(super) fn less(self, by: Duration) -> Self {
        Self {
            within: self.within.saturating_sub(by),
            ..self
        }
    }

    /// The answer, or that there was none in time.
    ///
    /// # Errors
    /// The work's own, or [`ErrorCode::Timeout`].
    pub(super) async fn keep<T>(
        self,
        work: impl Future<Output = Result<T, ErrorView>>,
    ) -> Result<T, ErrorView> {
        let until = tokio::time::Instant::from_std(self.began + self.within);
        let late = || ErrorView::new(ErrorCode::Timeout).with("seconds", self.within.as_secs_f64());
        tokio::time::timeout_at(until, work)
            .await
            .unwrap_or_else(|_| Err(late()))
    }

    /// How long it has taken until now, ms.
    pub(super) fn took_ms(self) -> f64 {
        self.began.elapsed().as_secs_f64() * 1e3
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_hangs_is_given_up() {
        let soon = Deadline::begin(Duration::from_secs(60)).less(Duration::from_millis(59_980));
        let hangs = std::future::pending::<Result<(), ErrorView>>();
        let answer = soon.keep(hangs).await;
        assert_eq!(answer.map_err(|e| e.code), Err(ErrorCode::Timeout));
        assert!(soon.took_ms() >= 20.0);
        let later = Deadline::begin(Duration::from_secs(60));
        assert_eq!(later.keep(async { Ok(7) }).await, Ok(7));
    }
}

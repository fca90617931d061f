//! Questions under way. A page that asks again from the same place has no use for the answer before.

use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::future::Future;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use wire::{ErrorCode, ErrorView};

/// Places of a page that can ask at once.
const LANES: usize = 64;
/// Questions that reach the stores at once; the others wait, and that counts to their time.
const AT_ONCE: usize = 8;
/// Longest name of a lane.
const NAME: usize = 60;

/// All questions under way by the place that asked.
#[derive(Debug)]
pub(super) struct Lanes {
    under_way: Mutex<Lines>,
    permits: Semaphore,
}

#[derive(Debug, Default)]
struct Lines {
    count: u64,
    by_name: BTreeMap<String, (u64, CancellationToken)>,
}

impl Default for Lanes {
    fn default() -> Self {
        Self {
            under_way: Mutex::default(),
            permits: Semaphore::new(AT_ONCE),
        }
    }
}

/// Leaves the lane when the question has ended, however it did.
struct Leave<'a> {
    lanes: &'a Lanes,
    name: String,
    mine: u64,
}

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        let mut lines = self.lanes.under_way.lock();
        if lines
            .by_name
            .get(&self.name)
            .is_some_and(|(n, _)| *n == self.mine)
        {
            lines.by_name.remove(&self.name);
        }
    }
}

impl Lanes {
    /// Does the work within the time; gives it up when the same lane asks for something else. Work that is given up is dropped,
    /// which cancels it at the store.
    ///
    /// # Errors
    /// [`ErrorCode::Cancelled`], [`ErrorCode::Timeout`], [`ErrorCode::Limit`], or the work's own.
    pub async fn run<T>(
        &self,
        lane: &str,
        within: Duration,
        work: impl Future<Output = Result<T, ErrorView>>,
    ) -> Result<T, ErrorView> {
        let (_leave, newer) = self.enter(lane)?;
        let permitted = async {
            // never closed
            let _permit = self.permits.acquire().await;
            work.await
        };
        tokio::select! {
            biased;
            () = newer.cancelled() => Err(ErrorView::new(ErrorCode::Cancelled)),
            done = tokio::time::timeout(within, permitted) => done.unwrap_or_else(|_| {
                Err(ErrorView::new(ErrorCode::Timeout).with("seconds", within.as_secs_f64()))
            }),
        }
    }

    /// Gives up what a lane has under way.
    pub fn give_up(&self, lane: &str) {
        let name: String = lane.chars().take(NAME).collect();
        if let Some((_, token)) = self.under_way.lock().by_name.get(&name) {
            token.cancel();
        }
    }

    fn enter(&self, lane: &str) -> Result<(Leave<'_>, CancellationToken), ErrorView> {
        let name: String = lane.chars().take(NAME).collect();
        let mut lines = self.under_way.lock();
        if lines.by_name.len() >= LANES && !lines.by_name.contains_key(&name) {
            return Err(ErrorView::new(ErrorCode::Limit).with("detail", format!("{LANES} lanes")));
        }
        lines.count += 1;
        let (mine, token) = (lines.count, CancellationToken::new());
        if let Some((_, before)) = lines.by_name.insert(name.clone(), (mine, token.clone())) {
            before.cancel();
        }
        let lanes = self;
        Ok((Leave { lanes, name, mine }, token))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use tokio::sync::oneshot;

    const LONG: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn a_newer_question_of_the_same_lane_wins_and_the_other_is_dropped() {
        let lanes = Arc::new(Lanes::default());
        let (held, dropped) = oneshot::channel::<()>();
        let first = tokio::spawn({
            let lanes = lanes.clone();
            async move {
                let work = async {
                    let _held = held;
                    std::future::pending::<Result<u8, ErrorView>>().await
                };
                lanes.run("page", LONG, work).await
            }
        });
        tokio::task::yield_now().await;
        let other = lanes.run("facets", LONG, async { Ok(1) }).await;
        assert_eq!(other, Ok(1), "another lane is not in the way");
        assert_eq!(lanes.run("page", LONG, async { Ok(2) }).await, Ok(2));
        let given_up = first.await.expect("ends");
        assert_eq!(given_up.map_err(|e| e.code), Err(ErrorCode::Cancelled));
        assert!(dropped.await.is_err(), "its work was dropped");
        assert!(lanes.under_way.lock().by_name.is_empty());
    }

    #[tokio::test]
    async fn what_takes_too_long_ends_and_lanes_are_bounded() {
        let lanes = Lanes::default();
        let never = std::future::pending::<Result<(), ErrorView>>();
        let late = lanes.run("page", Duration::from_millis(50), never).await;
        let late = late.expect_err("too late");
        assert_eq!(late.code, ErrorCode::Timeout);
        assert_eq!(late.params.get("seconds").map(String::as_str), Some("0.05"));
        let all: Vec<_> = (0..LANES)
            .map(|i| lanes.enter(&i.to_string()).expect("room"))
            .collect();
        assert!(lanes.enter("one more").is_err());
        assert!(
            lanes.enter("0").is_ok(),
            "a lane that is there is no new one"
        );
        drop(all);
        assert!(lanes.enter("one more").is_ok());
    }
}

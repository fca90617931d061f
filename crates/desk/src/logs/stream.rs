//! The newest lines for a panel of the wall: what its board asks for, and nothing else.

use super::LogsHandle;
use crate::clock;
use wire::{ErrorView, LogPageAsk, LogScope, LogTailAsk, LogTailView};

/// Lines of one answer; no wall shows more.
const LINES: u32 = 60;
/// At first, lines of so much of the past are looked for, ms.
const LOOKBACK: f64 = 86_400_000.0;

impl LogsHandle {
    /// Lines that arrived since `mark`; without one, the newest there are. `lane` names the place that asks, `query` is the board's.
    ///
    /// # Errors
    /// A query that cannot be understood, or what the store answers.
    pub async fn stream(
        &self,
        lane: &str,
        query: String,
        mark: Option<String>,
    ) -> Result<LogTailView, ErrorView> {
        let first = mark.is_none();
        let scope = LogScope {
            query,
            ..LogScope::default()
        };
        // The mark is taken before the page: a line that arrives in between comes twice rather than never.
        let tail = self
            .tail(LogTailAsk {
                lane: lane.to_owned(),
                scope: scope.clone(),
                mark,
                limit: LINES,
                columns: Vec::new(),
            })
            .await?;
        if !first {
            return Ok(tail);
        }
        let now = clock::now_ms() as f64;
        let page = self
            .page(LogPageAsk {
                lane: lane.to_owned(),
                scope: LogScope {
                    from: now - LOOKBACK,
                    to: now + 1.0,
                    ..scope
                },
                limit: LINES,
                ..LogPageAsk::default()
            })
            .await?;
        Ok(LogTailView {
            lines: page.lines,
            left_out: 0.0,
            ..tail
        })
    }
}

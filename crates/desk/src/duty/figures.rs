//! Figures as the page sees them.

use crate::clock;
use ::engine::duty::{PerLevel, Setup};
use store::figures::{Kept, Spread, Tally};
use store::{Store, StoreError, Targets};
use wire::{FiguresView, WeekFigures};

/// The figures of the weeks between two times, ms.
pub async fn figures(
    store: &Store,
    from: i64,
    to: i64,
    setup: &Setup,
) -> Result<FiguresView, StoreError> {
    let PerLevel(response) = setup.targets.respond_ms;
    let PerLevel(resolution) = setup.targets.resolve_ms;
    let targets = Targets {
        response,
        resolution,
    };
    let figures = store
        .figures(from, to, setup.zone, &targets, clock::now_ms())
        .await?;
    Ok(FiguresView {
        weeks: figures
            .weeks
            .iter()
            .map(|w| week(w.start, &w.tally))
            .collect(),
        noisy: figures
            .total
            .noisiest
            .iter()
            .map(|n| (n.rule.clone(), count(n.count)))
            .collect(),
        acks: figures
            .total
            .acks
            .iter()
            .map(|a| (a.name.clone(), count(a.count)))
            .collect(),
    })
}

fn count(n: u64) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

fn week(start: i64, tally: &Tally) -> WeekFigures {
    WeekFigures {
        from: start as f64,
        fired: tally.by_level.map(count),
        response: spread(&tally.response),
        resolution: spread(&tally.resolution),
        unanswered: count(tally.unanswered.ended + tally.unanswered.open),
        open: count(tally.open),
        response_kept: tally.response_by_level.map(kept),
        resolution_kept: tally.resolution_by_level.map(kept),
    }
}

fn spread(s: &Spread) -> wire::Spread {
    let ms = |v: Option<i64>| v.map(|v| v as f64);
    wire::Spread {
        count: count(s.count),
        mean: ms(s.mean),
        median: ms(s.median),
        p95: ms(s.p95),
    }
}

/// What was over before anybody had to respond, what was kept quiet and what has time left counts for neither side.
fn kept(k: Kept) -> wire::Kept {
    wire::Kept {
        met: count(k.met),
        of: count(k.met + k.missed),
    }
}

//! Which range to ask for.

use crate::Columns;
use crate::stream::Shape;
use model::board::{Board, Panel, Query, Role};

/// Points that are asked for again, so that samples that came late heal the picture.
pub const OVERLAP: i64 = 2;

/// Most points of a series that are ever asked for at once (Prometheus refuses more than 11,000).
pub const MAX_POINTS: i64 = 5_000;

/// A range to ask for; both ends are multiples of the step, so that each refresh hits the same grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RangeRequest {
    /// First point, ms.
    pub start: i64,
    /// Last point, ms.
    pub end: i64,
    /// Distance, ms.
    pub step: i64,
}

/// How often what a board's variables can be is asked for, ms.
pub const VARIABLES: i64 = 60_000;

/// The step for a window: fine enough for about 720 points, never finer than the refresh, whole seconds.
pub fn step_for(window_ms: i64, refresh_ms: i64) -> i64 {
    let fine = window_ms / 720;
    let step = fine.max(refresh_ms).max(1_000);
    let whole = up_to_second(step);
    if window_ms / whole > MAX_POINTS {
        up_to_second(window_ms / MAX_POINTS)
    } else {
        whole
    }
}

/// What kind of answer a query of this panel needs, and how often it is asked for, ms.
pub fn question(board: &Board, panel: &Panel, query: &Query) -> (Shape, i64) {
    let seconds = query.refresh_seconds.unwrap_or(board.refresh_seconds);
    let refresh = i64::from(seconds.max(1)) * 1_000;
    if !panel.kind.needs_history() || query.role != Role::Main {
        return (Shape::Instant, refresh);
    }
    let window = i64::from(panel.window(board).max(60)) * 1_000;
    let least = up_to_second(window / MAX_POINTS);
    let own = panel.step_seconds.or_else(|| panel.kind.own_step());
    let step = own.map_or_else(
        || step_for(window, refresh),
        |s| (i64::from(s) * 1_000).clamp(least.max(1_000), window),
    );
    (Shape::Range(window, step), refresh)
}

fn up_to_second(ms: i64) -> i64 {
    (ms + 999) / 1_000 * 1_000
}

/// What to ask at `source_now` (the source's clock, ms): only what is new, with a small overlap; everything when there is nothing
/// yet, the step is another one, or what is there ends before the window begins. `None` when the grid has no new point yet.
pub fn next_range(
    have: &Columns,
    window_ms: i64,
    step: i64,
    source_now: i64,
) -> Option<RangeRequest> {
    let end = source_now.div_euclid(step) * step;
    let window_start = end - window_ms.div_euclid(step) * step;
    let start = match have.last() {
        Some(last) if have.step() == step && last >= window_start => {
            if end < last - OVERLAP * step {
                // The source's clock went back: what is there lies in its future.
                window_start
            } else if end <= last {
                return None;
            } else {
                (last - OVERLAP * step + step)
                    .max(window_start)
                    .max(have.start())
            }
        }
        _ => window_start,
    };
    Some(RangeRequest { start, end, step })
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Labels, RangeFrame};

    fn have(start: i64, len: usize, step: i64) -> Columns {
        let mut c = Columns::default();
        let series = vec![(Labels::default(), vec![1.0; len])];
        c.merge(
            &RangeFrame {
                start_ms: start,
                step_ms: step,
                len,
                series,
            },
            start,
            1,
        );
        c
    }

    #[test]
    fn only_what_is_new() {
        let c = have(0, 721, 5_000); // ends at 3,600,000
        assert_eq!(next_range(&c, 3_600_000, 5_000, 3_600_900), None);
        assert_eq!(
            next_range(&c, 3_600_000, 5_000, 3_605_100),
            Some(RangeRequest {
                start: 3_595_000,
                end: 3_605_000,
                step: 5_000
            })
        );
    }

    #[test]
    fn after_a_silence_the_hole_is_filled_and_no_more() {
        let c = have(0, 721, 5_000);
        let r = next_range(&c, 3_600_000, 5_000, 4_200_000).unwrap();
        assert_eq!((r.start, r.end), (3_595_000, 4_200_000));
        let after_hours = next_range(&c, 3_600_000, 5_000, 90_000_000).unwrap();
        assert_eq!(after_hours.end - after_hours.start, 3_600_000);
    }

    #[test]
    fn another_step_and_a_clock_that_goes_back_ask_for_everything() {
        let c = have(0, 721, 5_000);
        assert_eq!(
            next_range(&c, 3_600_000, 10_000, 3_700_000).unwrap().start,
            100_000
        );
        let back = next_range(&c, 3_600_000, 5_000, 3_000_000).unwrap();
        assert_eq!((back.start, back.end), (-600_000, 3_000_000));
    }

    #[test]
    fn a_panel_may_have_a_past_of_its_own() {
        let board = Board {
            window_seconds: 3_600,
            refresh_seconds: 5,
            ..Board::default()
        };
        let ask = |kind, window_seconds, step_seconds, refresh_seconds| {
            let panel = Panel {
                kind,
                window_seconds,
                step_seconds,
                ..Panel::default()
            };
            let query = Query {
                refresh_seconds,
                ..Query::default()
            };
            question(&board, &panel, &query)
        };
        use model::board::PanelKind::{Calendar, Ring, Timeseries};
        let range = |w: i64, s: i64| Shape::Range(w * 1_000, s * 1_000);
        assert_eq!(ask(Timeseries, None, None, None), (range(3_600, 5), 5_000));
        assert_eq!(
            ask(Timeseries, Some(86_400), None, None),
            (range(86_400, 120), 5_000)
        );
        assert_eq!(
            ask(Calendar, None, None, Some(60)),
            (range(14 * 86_400, 3_600), 60_000)
        );
        // More points than a source gives are never asked for.
        let year = 366 * 86_400;
        let (Shape::Range(window, step), _) = ask(Timeseries, Some(year), Some(1), None) else {
            panic!("a range was wanted");
        };
        assert!(window / step <= MAX_POINTS);
        assert_eq!(ask(Ring, Some(60), None, None), (Shape::Instant, 5_000));
    }

    #[test]
    fn steps_are_whole_seconds_and_bounded() {
        assert_eq!(step_for(3_600_000, 5_000), 5_000);
        assert_eq!(step_for(720_000, 1_000), 1_000);
        assert_eq!(step_for(86_400_000, 5_000), 120_000);
        assert!(86_400_000 * 365 / step_for(86_400_000 * 365, 1_000) <= MAX_POINTS);
    }
}

//! Bars, one under the other.

use super::value::colour;
use super::{Bars, Grade};
use crate::ChartError;
use crate::pen::{Pen, Rect};
use plotters::prelude::DrawingBackend;

/// Height of a row, units.
const LEAST: f64 = 23.0;
const MOST: f64 = 34.0;

/// How high rows are, and how many fit. One line less when something is said under them.
pub(super) fn rows<DB: DrawingBackend>(
    pen: &Pen<'_, DB>,
    room: Rect,
    count: usize,
) -> (i32, usize) {
    let least = pen.px(LEAST).max(1);
    let fit = usize::try_from(room.h / least)
        .unwrap_or(0)
        .min(count)
        .max(1);
    let height = (room.h / i32::try_from(fit).unwrap_or(1)).clamp(least, pen.px(MOST).max(least));
    (height, fit)
}

/// The quiet line under a list; answers what is left above.
pub(super) fn rest<DB: DrawingBackend>(
    pen: &Pen<'_, DB>,
    words: &str,
    room: Rect,
) -> Result<Rect, ChartError> {
    if words.is_empty() {
        return Ok(room);
    }
    let line = pen.px(22.0);
    let words = pen.fit(words, room.w, 14.0);
    pen.left(
        &words,
        (room.x, room.bottom() - line + pen.px(3.0)),
        14.0,
        pen.theme.text_3,
    )?;
    Ok(room.above(line))
}

pub(super) fn draw<DB: DrawingBackend>(
    pen: &Pen<'_, DB>,
    bars: &Bars,
    room: Rect,
) -> Result<(), ChartError> {
    let room = rest(pen, &bars.rest, room)?;
    let (height, fit) = rows(pen, room, bars.bars.len());
    let value_text = |i: usize| {
        bars.bars
            .get(i)
            .map_or(String::new(), |b| join(&b.figure.text, &b.figure.unit))
    };
    let shown = bars.bars.iter().take(fit);
    let value_width = (0..fit)
        .map(|i| pen.width(&value_text(i), 15.0))
        .max()
        .unwrap_or(0);
    let icon = pen.px(22.0);
    let names = bars
        .bars
        .iter()
        .take(fit)
        .map(|b| pen.width(&b.name, 15.0))
        .max()
        .unwrap_or(0);
    // Names take what they need, but never all of it: a bar without length says nothing.
    let name_width = (names + icon + pen.px(4.0)).clamp(room.w * 24 / 100, room.w * 58 / 100);
    for (i, bar) in shown.enumerate() {
        let y = room.y + height * i32::try_from(i).unwrap_or(0);
        let middle = y + height / 2;
        pen.mark(bar.figure.grade, (room.x + pen.px(9.0), middle), 14.0)?;
        let name = pen.fit(&bar.name, name_width - icon, 15.0);
        pen.after(&name, (room.x + icon, middle), 15.0, pen.theme.text)?;
        let track = Rect {
            x: room.x + name_width + pen.px(10.0),
            y: middle - pen.px(6.0),
            w: (room.w - name_width - value_width - pen.px(22.0)).max(1),
            h: pen.px(12.0),
        };
        pen.rect(track, pen.theme.track)?;
        let share = bar.share.clamp(0.0, 1.0);
        let filled = Rect {
            w: (share * f64::from(track.w)).round() as i32,
            ..track
        };
        pen.rect(
            filled,
            if bar.figure.grade == Grade::Normal {
                pen.theme.calm
            } else {
                pen.theme.grade(bar.figure.grade)
            },
        )?;
        for limit in bar.limits.iter().filter(|l| (0.0..=1.0).contains(*l)) {
            let x = track.x + (limit * f64::from(track.w)).round() as i32;
            pen.rect(
                Rect {
                    x,
                    w: pen.px(2.0).max(1),
                    ..track
                },
                pen.theme.text_3,
            )?;
        }
        pen.before(
            &value_text(i),
            (room.right(), middle),
            15.0,
            colour(pen, &bar.figure),
        )?;
    }
    Ok(())
}

/// Digits and unit in one.
pub(super) fn join(text: &str, unit: &str) -> String {
    if unit.is_empty() || unit.starts_with(['%', '/', '°', ' ']) {
        format!("{text}{unit}")
    } else {
        format!("{text} {unit}")
    }
}

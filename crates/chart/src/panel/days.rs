//! Hours by days, or days by weeks, as depth of colour.

use super::{Days, Grade};
use crate::ChartError;
use crate::pen::{Pen, Rect};
use plotters::prelude::DrawingBackend;

pub(super) fn draw<DB: DrawingBackend>(
    pen: &Pen<'_, DB>,
    days: &Days,
    room: Rect,
) -> Result<(), ChartError> {
    let widest = days
        .rows
        .iter()
        .map(|(name, _)| pen.width(name, 13.0))
        .max();
    let left = widest.unwrap_or(0).min(room.w * 30 / 100) + pen.px(10.0);
    let below = pen.px(22.0);
    let plot = Rect {
        x: room.x + left,
        w: (room.w - left).max(1),
        ..room.above(below + pen.px(20.0))
    };
    let (rows, columns) = (days.rows.len().max(1), days.columns.len().max(1));
    let cut = |i: usize, of: usize, length: i32| {
        (i as f64 / of as f64 * f64::from(length)).round() as i32
    };
    let gap = pen.px(1.6).max(1);
    let mut named: Option<i32> = None;
    for (r, (name, cells)) in days.rows.iter().enumerate() {
        let (top, bottom) = (
            plot.y + cut(r, rows, plot.h),
            plot.y + cut(r + 1, rows, plot.h),
        );
        for (c, day) in cells.iter().take(columns).enumerate() {
            let x = plot.x + cut(c, columns, plot.w);
            let cell = Rect {
                x,
                y: top,
                w: (plot.x + cut(c + 1, columns, plot.w) - x - gap).max(1),
                h: (bottom - top - gap).max(1),
            };
            pen.veil(
                cell,
                pen.theme.track,
                if day.depth.is_some() { 1.0 } else { 0.45 },
            )?;
            if let Some(depth) = day.depth {
                pen.veil(
                    cell,
                    pen.theme.series[0],
                    0.06 + 0.94 * depth.clamp(0.0, 1.0),
                )?;
            }
            // A corner of its own, not another colour of the whole cell: how much it is stays readable.
            if day.grade != Grade::Normal {
                let edge =
                    cell.w.min(cell.h) * if day.grade == Grade::Warning { 42 } else { 62 } / 100;
                let edge = edge.max(pen.px(3.0));
                let corner = vec![
                    (cell.right(), cell.y),
                    (cell.right(), cell.y + edge),
                    (cell.right() - edge, cell.y),
                ];
                pen.shape(corner, pen.theme.grade(day.grade), 1.0)?;
            }
            if day.marked {
                let dot = pen.px(4.0).max(2);
                let mark = Rect {
                    x: cell.x + gap,
                    y: cell.bottom() - dot - gap,
                    w: dot,
                    h: dot,
                };
                pen.rect(mark, pen.theme.text)?;
            }
        }
        let middle = i32::midpoint(top, bottom);
        if named.is_none_or(|above| middle - above >= pen.px(17.0)) {
            let words = pen.fit(name, left - pen.px(10.0), 13.0);
            pen.before(
                &words,
                (plot.x - pen.px(8.0), middle),
                13.0,
                pen.theme.text_3,
            )?;
            named = Some(middle);
        }
    }
    let mut end = i32::MIN;
    for (c, name) in days.columns.iter().enumerate() {
        let x = plot.x + cut(c, columns, plot.w);
        if x > end && x + pen.width(name, 13.0) <= room.right() {
            pen.left(
                name,
                (x, plot.bottom() + pen.px(3.0)),
                13.0,
                pen.theme.text_3,
            )?;
            end = x + pen.width(name, 13.0) + pen.px(10.0);
        }
    }
    key(pen, days, room)
}

/// What the depth of colour means.
fn key<DB: DrawingBackend>(pen: &Pen<'_, DB>, days: &Days, room: Rect) -> Result<(), ChartError> {
    let middle = room.bottom() - pen.px(9.0);
    let ramp = pen.px(110.0);
    let mut x = room.right() - pen.width(&days.ends.1, 13.0);
    pen.after(&days.ends.1, (x, middle), 13.0, pen.theme.text_3)?;
    x -= ramp + pen.px(6.0);
    let parts = 11;
    for i in 0..parts {
        let part = Rect {
            x: x + ramp * i / parts,
            y: middle - pen.px(4.0),
            w: ramp / parts + 1,
            h: pen.px(8.0),
        };
        let depth = f64::from(i) / f64::from(parts - 1);
        pen.rect(part, pen.theme.track)?;
        pen.veil(part, pen.theme.series[0], 0.06 + 0.94 * depth)?;
    }
    pen.before(
        &days.ends.0,
        (x - pen.px(6.0), middle),
        13.0,
        pen.theme.text_3,
    )
}

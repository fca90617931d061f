//! How values are spread: classes side by side.

use super::bars::rest;
use super::{Classes, Grade};
use crate::ChartError;
use crate::pen::{Pen, Rect};
use plotters::prelude::DrawingBackend;

pub(super) fn draw<DB: DrawingBackend>(
    pen: &Pen<'_, DB>,
    classes: &Classes,
    room: Rect,
) -> Result<(), ChartError> {
    let mut room = rest(pen, &classes.rest, room)?;
    if room.h > pen.px(110.0) {
        let mut x = room.x;
        for (name, value, _) in &classes.quantiles {
            pen.left(name, (x, room.y), 14.0, pen.theme.text_2)?;
            x += pen.width(name, 14.0) + pen.px(6.0);
            pen.left(value, (x, room.y), 14.0, pen.theme.text)?;
            x += pen.width(value, 14.0) + pen.px(18.0);
        }
        room = room.below(pen.px(26.0));
    }
    let plot = room.above(pen.px(22.0));
    let count = i32::try_from(classes.classes.len().max(1)).unwrap_or(i32::MAX);
    let edge = |i: usize| plot.x + plot.w * i32::try_from(i).unwrap_or(0) / count;
    let gap = (plot.w / count / 12).max(1);
    pen.hair(
        (plot.x, plot.bottom()),
        (plot.right(), plot.bottom()),
        pen.theme.hair,
    )?;
    let mut written = plot.x;
    for (i, class) in classes.classes.iter().enumerate() {
        let (left, right) = (edge(i), edge(i + 1));
        let high = (class.height.clamp(0.0, 1.0) * f64::from(plot.h - pen.px(18.0)))
            .round()
            .max(0.0) as i32;
        let bar = Rect {
            x: left + gap,
            y: plot.bottom() - high,
            w: (right - left - 2 * gap).max(1),
            h: high,
        };
        let ink = match class.grade {
            Grade::Normal => pen.theme.series[0],
            bad => pen.theme.grade(bad),
        };
        pen.rect(bar, ink)?;
        let middle = i32::midpoint(left, right);
        if class.height > 0.0 && pen.width(&class.share, 12.0) < right - left {
            let above = (middle, bar.y - pen.px(8.0));
            pen.centre(&class.share, above, 12.0, pen.theme.text_2)?;
        }
        let half = pen.width(&class.end, 13.0) / 2;
        if !class.end.is_empty() && right - half > written && right + half <= room.right() {
            let below = (right, plot.bottom() + pen.px(12.0));
            pen.centre(&class.end, below, 13.0, pen.theme.text_3)?;
            written = right + half + pen.px(12.0);
        }
    }
    for (_, _, at) in &classes.quantiles {
        let x = plot.x + (at.clamp(0.0, 1.0) * f64::from(plot.w)).round() as i32;
        pen.dashes(vec![(x, plot.y), (x, plot.bottom())], pen.theme.text_2, 1.2)?;
    }
    Ok(())
}

//! Values as depth of colour.

use super::Heat;
use crate::ChartError;
use crate::pen::{Pen, Rect};
use plotters::prelude::DrawingBackend;

pub(super) fn draw<DB: DrawingBackend>(
    pen: &Pen<'_, DB>,
    heat: &Heat,
    room: Rect,
) -> Result<(), ChartError> {
    let widest = heat
        .rows
        .iter()
        .map(|(name, _)| pen.width(name, 13.0))
        .max()
        .unwrap_or(0);
    let left = widest.min(room.w * 30 / 100) + pen.px(10.0);
    let plot = Rect {
        x: room.x + left,
        w: (room.w - left).max(1),
        ..room.above(pen.px(26.0))
    };
    let count = heat.rows.len().max(1) as f64;
    let edge = |i: usize| plot.bottom() - (i as f64 / count * f64::from(plot.h)).round() as i32;
    let mut labelled = i32::MAX;
    for (i, (name, cells)) in heat.rows.iter().enumerate() {
        let (bottom, top) = (edge(i), edge(i + 1));
        let columns = cells.len().max(1) as f64;
        let x = |c: usize| plot.x + (c as f64 / columns * f64::from(plot.w)).round() as i32;
        for (c, share) in cells.iter().enumerate() {
            let Some(share) = share.filter(|s| s.is_finite() && *s > 0.0) else {
                continue;
            };
            let cell = Rect {
                x: x(c),
                y: top,
                w: (x(c + 1) - x(c)).max(1),
                h: (bottom - top).max(1),
            };
            // The root, because a few of many are to be seen too.
            pen.veil(
                cell,
                pen.theme.series[0],
                0.08 + 0.92 * share.min(1.0).sqrt(),
            )?;
        }
        let middle = i32::midpoint(bottom, top);
        if labelled - middle >= pen.px(18.0) {
            let words = pen.fit(name, left - pen.px(10.0), 13.0);
            pen.before(
                &words,
                (plot.x - pen.px(8.0), middle),
                13.0,
                pen.theme.text_3,
            )?;
            labelled = middle;
        }
    }
    super::moments::draw(
        pen,
        &heat.marks,
        plot,
        (heat.from, heat.to),
        super::moments::Names::LeftOut,
    )?;
    super::lines::times(
        pen,
        plot,
        (heat.from, heat.to),
        heat.zone_offset,
        &heat.time,
    )
}

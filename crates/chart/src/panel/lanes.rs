//! What was when: a lane for each thing.

use super::bars::{rest, rows};
use super::{Grade, Lanes};
use crate::ChartError;
use crate::pen::{Pen, Rect};
use plotters::prelude::DrawingBackend;

pub(super) fn draw<DB: DrawingBackend>(
    pen: &Pen<'_, DB>,
    lanes: &Lanes,
    room: Rect,
) -> Result<(), ChartError> {
    let room = rest(pen, &lanes.rest, room)?;
    let above = room.above(pen.px(26.0));
    let (height, fit) = rows(pen, above, lanes.lanes.len());
    let names = room.w * 26 / 100;
    let plot = Rect {
        x: room.x + names,
        w: room.w - names,
        h: height * i32::try_from(fit.min(lanes.lanes.len())).unwrap_or(0),
        ..above
    };
    let span = (lanes.to - lanes.from).max(1.0);
    let x = |at: f64| plot.x + ((at - lanes.from) / span * f64::from(plot.w)).round() as i32;
    for (i, (name, stretches)) in lanes.lanes.iter().take(fit).enumerate() {
        let y = plot.y + height * i32::try_from(i).unwrap_or(0);
        let words = pen.fit(name, names - pen.px(10.0), 14.0);
        pen.after(&words, (room.x, y + height / 2), 14.0, pen.theme.text_2)?;
        for (from, to, grade) in stretches {
            let (left, right) = (x(from.max(lanes.from)), x(to.min(lanes.to)));
            let bar = Rect {
                x: left,
                w: (right - left).max(1),
                y: y + pen.px(4.0),
                h: (height - pen.px(8.0)).max(1),
            };
            let opacity = if *grade == Grade::Normal { 0.35 } else { 1.0 };
            pen.veil(bar, pen.theme.grade(*grade), opacity)?;
        }
    }
    super::moments::draw(
        pen,
        &lanes.marks,
        plot,
        (lanes.from, lanes.to),
        super::moments::Names::LeftOut,
    )?;
    super::lines::times(
        pen,
        plot,
        (lanes.from, lanes.to),
        lanes.zone_offset,
        &lanes.time,
    )
}

//! Parts of a whole, as a ring with names beside it.

use super::Slice;
use super::bars::{join, rows};
use crate::ChartError;
use crate::pen::{Pen, Rect};
use plotters::prelude::DrawingBackend;
use std::f64::consts::PI;

/// Points of a whole circle.
const POINTS: f64 = 120.0;

pub(super) fn draw<DB: DrawingBackend>(
    pen: &Pen<'_, DB>,
    slices: &[Slice],
    room: Rect,
) -> Result<(), ChartError> {
    let radius = f64::from(room.h.min(room.w * 45 / 100)) / 2.0 * 0.96;
    let centre = (room.x + radius.round() as i32, room.y + room.h / 2);
    let point = |share: f64, r: f64| {
        let (sin, cos) = (2.0 * PI * share).sin_cos();
        (
            centre.0 + (sin * r).round() as i32,
            centre.1 - (cos * r).round() as i32,
        )
    };
    let mut from = 0.0;
    for (i, slice) in slices.iter().enumerate() {
        let to = (from + slice.share.clamp(0.0, 1.0)).min(1.0);
        // A hairline of ground keeps neighbours apart without their colours.
        let (a, b) = (from + 0.002, (to - 0.002).max(from + 0.002));
        let steps = ((b - a) * POINTS).ceil().max(1.0);
        let share = |n: f64| a + (b - a) * n / steps;
        let numbers: Vec<f64> = (0..=steps as u32).map(f64::from).collect();
        let outer = numbers.iter().map(|n| point(share(*n), radius));
        let inner = numbers
            .iter()
            .rev()
            .map(|n| point(share(*n), radius * 0.62));
        pen.shape(
            outer.chain(inner).collect(),
            pen.theme.series[i % pen.theme.series.len()],
            1.0,
        )?;
        from = to;
    }
    let names = Rect {
        x: centre.0 + radius.round() as i32 + pen.px(24.0),
        w: (room.right() - centre.0 - radius.round() as i32 - pen.px(24.0)).max(0),
        ..room
    };
    let (height, fit) = rows(pen, names, slices.len());
    let top = names.y + (names.h - height * i32::try_from(fit.min(slices.len())).unwrap_or(0)) / 2;
    for (i, slice) in slices.iter().take(fit).enumerate() {
        let middle = top + height * i32::try_from(i).unwrap_or(0) + height / 2;
        let dot = Rect {
            x: names.x,
            y: middle - pen.px(6.0),
            w: pen.px(12.0),
            h: pen.px(12.0),
        };
        pen.rect(dot, pen.theme.series[i % pen.theme.series.len()])?;
        let figure = format!(
            "{} · {:.1}%",
            join(&slice.figure.text, &slice.figure.unit),
            slice.share * 100.0
        );
        let name = pen.fit(
            &slice.name,
            names.w - pen.px(30.0) - pen.width(&figure, 15.0),
            15.0,
        );
        pen.after(
            &name,
            (names.x + pen.px(20.0), middle),
            15.0,
            pen.theme.text_2,
        )?;
        pen.before(&figure, (names.right(), middle), 15.0, pen.theme.text)?;
    }
    Ok(())
}

//! Rows and columns.

use super::bars::{join, rest, rows};
use super::value::{Past, colour, past};
use super::{Grade, Table};
use crate::ChartError;
use crate::pen::{Pen, Rect};
use plotters::prelude::DrawingBackend;

pub(super) fn draw<DB: DrawingBackend>(
    pen: &Pen<'_, DB>,
    table: &Table,
    room: Rect,
) -> Result<(), ChartError> {
    let room = rest(pen, &table.rest, room)?;
    let columns = i32::try_from(table.head.len().max(1)).unwrap_or(1);
    // The first column is 1.7 times as wide as the others.
    let width = room.w * 10 / (17 + 10 * columns);
    let right = |i: usize| room.right() - width * (columns - 1 - i32::try_from(i).unwrap_or(0));
    let head_height = pen.px(24.0);
    for (i, name) in table.head.iter().enumerate() {
        let words = pen.fit(name, width - pen.px(6.0), 14.0);
        pen.right(&words, (right(i), room.y), 14.0, pen.theme.text_3)?;
    }
    let below = room.below(head_height);
    let (height, fit) = rows(pen, below, table.rows.len());
    for (r, (name, grade, cells)) in table.rows.iter().take(fit).enumerate() {
        let y = below.y + height * i32::try_from(r).unwrap_or(0);
        let middle = y + height / 2;
        pen.hair((room.x, y), (room.right(), y), pen.theme.hair)?;
        let mut x = room.x;
        if *grade != Grade::Normal {
            pen.mark(*grade, (x + pen.px(8.0), middle), 14.0)?;
            x += pen.px(22.0);
        }
        let name = pen.fit(
            name,
            room.w - width * columns - (x - room.x) - pen.px(6.0),
            15.0,
        );
        pen.after(&name, (x, middle), 15.0, pen.theme.text)?;
        for (i, cell) in cells.iter().enumerate().take(table.head.len()) {
            let points = table.pasts.get(r).and_then(|row| row.get(i));
            // A value with its past shares its column with it: the picture first, the number at the edge.
            let room = if points.is_some() {
                width * 52 / 100
            } else {
                width
            };
            let words = pen.fit(&join(&cell.text, &cell.unit), room - pen.px(4.0), 15.0);
            pen.before(&words, (right(i), middle), 15.0, colour(pen, cell))?;
            if let Some(points) = points {
                let spark = Rect {
                    x: right(i) - width + pen.px(10.0),
                    y: y + pen.px(4.0),
                    w: width - room - pen.px(12.0),
                    h: (height - pen.px(8.0)).max(1),
                };
                let shown = Past {
                    points,
                    limit: None,
                    grade: cell.grade,
                    marks: &[],
                };
                past(pen, &shown, spark)?;
            }
        }
    }
    Ok(())
}

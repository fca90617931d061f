//! Lines of words, the foremost above.

use super::bars::{rest, rows};
use super::{Grade, List};
use crate::ChartError;
use crate::pen::{Pen, Rect};
use plotters::prelude::DrawingBackend;

pub(super) fn draw<DB: DrawingBackend>(
    pen: &Pen<'_, DB>,
    list: &List,
    room: Rect,
) -> Result<(), ChartError> {
    if list.items.is_empty() {
        let middle = (room.x + room.w / 2, room.y + room.h / 2);
        let words = pen.fit(&list.rest, room.w, 16.0);
        return pen.centre(&words, middle, 16.0, pen.theme.text_3);
    }
    let room = rest(pen, &list.rest, room)?;
    let (height, fit) = rows(pen, room, list.items.len());
    let shown = || list.items.iter().take(fit);
    let columns = shown().map(|i| i.lead.len()).max().unwrap_or(0);
    let widths: Vec<i32> = (0..columns)
        .map(|c| {
            let widest = shown().filter_map(|i| i.lead.get(c));
            let widest = widest.map(|w| pen.width(w, 14.0)).max().unwrap_or(0);
            widest.min(room.w * 18 / 100) + pen.px(10.0)
        })
        .collect();
    for (r, item) in shown().enumerate() {
        let middle = room.y + height * i32::try_from(r).unwrap_or(0) + height / 2;
        pen.mark(item.grade, (room.x + pen.px(9.0), middle), 14.0)?;
        let mut x = room.x + pen.px(22.0);
        for (c, (words, width)) in item.lead.iter().zip(&widths).enumerate() {
            let ink = match (c, item.grade) {
                (0, Grade::Normal) | (1.., _) => pen.theme.text_2,
                (0, bad) => pen.theme.grade(bad),
            };
            let words = pen.fit(words, width - pen.px(8.0), 14.0);
            pen.after(&words, (x, middle), 14.0, ink)?;
            x += width;
        }
        let mut right = room.right();
        if !item.end.is_empty() {
            let words = pen.fit(&item.end, room.w / 4, 14.0);
            pen.before(&words, (right, middle), 14.0, pen.theme.text_2)?;
            right -= pen.width(&words, 14.0) + pen.px(12.0);
        }
        let text = pen.fit(&item.text, right - x, 15.0);
        pen.after(&text, (x, middle), 15.0, pen.theme.text)?;
        x += pen.width(&text, 15.0) + pen.px(10.0);
        if right - x > pen.px(40.0) {
            let place = pen.fit(&item.place, right - x, 13.0);
            pen.after(&place, (x, middle), 13.0, pen.theme.text_3)?;
        }
    }
    Ok(())
}

//! Objectives: what is left of their budgets, and how fast they burn.

use super::bars::{rest, rows};
use super::{Budget, Budgets, Grade};
use crate::ChartError;
use crate::pen::{Pen, Rect};
use plotters::prelude::DrawingBackend;

/// Where on the bar of a rate somebody is told.
const TOLD: i32 = 80;

pub(super) fn draw<DB: DrawingBackend>(
    pen: &Pen<'_, DB>,
    budgets: &Budgets,
    room: Rect,
) -> Result<(), ChartError> {
    let mut room = rest(pen, &budgets.rest, room)?;
    let words = pen.fit(&budgets.promise, room.w, 14.0);
    pen.left(&words, (room.x, room.y), 14.0, pen.theme.text_3)?;
    room = room.below(pen.px(24.0));
    match budgets.all.as_slice() {
        [one] => alone(pen, one, &budgets.left, room),
        all => several(pen, all, room),
    }
}

fn ink<DB: DrawingBackend>(pen: &Pen<'_, DB>, grade: Grade) -> crate::Colour {
    match grade {
        Grade::Normal => pen.theme.series[0],
        bad => pen.theme.grade(bad),
    }
}

fn text<DB: DrawingBackend>(pen: &Pen<'_, DB>, grade: Grade) -> crate::Colour {
    match grade {
        Grade::Normal => pen.theme.text,
        bad => pen.theme.grade(bad),
    }
}

fn bar<DB: DrawingBackend>(
    pen: &Pen<'_, DB>,
    place: Rect,
    share: f64,
    grade: Grade,
) -> Result<(), ChartError> {
    pen.rect(place, pen.theme.track)?;
    let filled = Rect {
        w: (share.clamp(0.0, 1.0) * f64::from(place.w)).round() as i32,
        ..place
    };
    pen.rect(filled, ink(pen, grade))
}

fn alone<DB: DrawingBackend>(
    pen: &Pen<'_, DB>,
    one: &Budget,
    left: &str,
    room: Rect,
) -> Result<(), ChartError> {
    let beside = room.w > pen.px(330.0) && !one.rates.is_empty();
    let (own, rates) = if beside {
        let width = room.w * 48 / 100;
        let rates = Rect {
            x: room.x + width + pen.px(24.0),
            w: room.w - width - pen.px(24.0),
            ..room
        };
        (Rect { w: width, ..room }, rates)
    } else {
        let height = pen.px(96.0).min(room.h);
        (Rect { h: height, ..room }, room.below(height))
    };
    let mut y = own.y;
    let em = 36.0;
    let mut x = own.x;
    if one.grade != Grade::Normal {
        pen.mark(one.grade, (x + pen.px(10.0), y + pen.px(em * 0.62)), 18.0)?;
        x += pen.px(26.0);
    }
    pen.left(&one.left, (x, y), em, text(pen, one.grade))?;
    x += pen.width(&one.left, em) + pen.px(10.0);
    let words = pen.fit(left, own.right() - x, 14.0);
    pen.left(&words, (x, y + pen.px(em * 0.6)), 14.0, pen.theme.text_2)?;
    y += pen.px(em * 1.35);
    let place = Rect {
        y,
        h: pen.px(10.0),
        ..own
    };
    bar(pen, place, one.share, one.grade)?;
    let about = pen.fit(&one.about, own.w, 14.0);
    pen.left(&about, (own.x, y + pen.px(16.0)), 14.0, pen.theme.text_2)?;
    let (height, fit) = rows(pen, rates, one.rates.len());
    let (window, times, icon) = (pen.px(40.0), pen.px(64.0), pen.px(22.0));
    for (i, rate) in one.rates.iter().take(fit).enumerate() {
        let middle = rates.y + height * i32::try_from(i).unwrap_or(0) + height / 2;
        if middle + height / 2 > room.bottom() {
            break;
        }
        pen.after(&rate.window, (rates.x, middle), 15.0, pen.theme.text_2)?;
        let place = Rect {
            x: rates.x + window,
            y: middle - pen.px(5.0),
            w: (rates.w - window - times - icon).max(1),
            h: pen.px(10.0),
        };
        bar(pen, place, rate.share, rate.grade)?;
        let told = Rect {
            x: place.x + place.w * TOLD / 100,
            w: pen.px(2.0).max(1),
            ..place
        };
        pen.rect(told, pen.theme.text_2)?;
        let at = (rates.right() - icon, middle);
        pen.before(&rate.times, at, 15.0, text(pen, rate.grade))?;
        pen.mark(rate.grade, (rates.right() - pen.px(9.0), middle), 14.0)?;
    }
    Ok(())
}

fn several<DB: DrawingBackend>(
    pen: &Pen<'_, DB>,
    all: &[Budget],
    room: Rect,
) -> Result<(), ChartError> {
    let (height, fit) = rows(pen, room, all.len());
    let name_width = room.w * 38 / 100;
    let value = pen.px(72.0);
    for (i, one) in all.iter().take(fit).enumerate() {
        let middle = room.y + height * i32::try_from(i).unwrap_or(0) + height / 2;
        pen.mark(one.grade, (room.x + pen.px(9.0), middle), 14.0)?;
        let name = pen.fit(&one.name, name_width - pen.px(30.0), 15.0);
        pen.after(&name, (room.x + pen.px(22.0), middle), 15.0, pen.theme.text)?;
        let place = Rect {
            x: room.x + name_width,
            y: middle - pen.px(5.0),
            w: (room.w - name_width - 2 * value).max(1),
            h: pen.px(10.0),
        };
        bar(pen, place, one.share, one.grade)?;
        let at = (room.right() - value, middle);
        pen.before(&one.left, at, 15.0, text(pen, one.grade))?;
        let burning = one.rates.first().map_or("", |r| r.times.as_str());
        pen.before(burning, (room.right(), middle), 13.0, pen.theme.text_3)?;
    }
    Ok(())
}

//! One value: great, or on an arc.

use super::{Arc_, Figure, Grade, Hero};
use crate::ChartError;
use crate::pen::{Pen, Rect};
use plotters::prelude::DrawingBackend;
use std::f64::consts::PI;

/// Points of a whole arc.
const ARC_POINTS: i32 = 90;

/// Writes a value with its unit small beside it, from the left; answers its width.
fn figure<DB: DrawingBackend>(
    pen: &Pen<'_, DB>,
    figure: &Figure,
    (x, y): (i32, i32),
    em: f64,
) -> Result<i32, ChartError> {
    let colour = colour(pen, figure);
    pen.left(&figure.text, (x, y), em, colour)?;
    let width = pen.width(&figure.text, em);
    if figure.unit.is_empty() {
        return Ok(width);
    }
    let small = (em * 0.42).max(11.0);
    let at = (
        x + width + pen.px(5.0),
        // Both stand on one line: a face reaches 1.16 of an em above it.
        y + pen.px((em - small) * 1.16),
    );
    pen.left(&figure.unit, at, small, pen.theme.text_2)?;
    Ok(width + pen.px(5.0) + pen.width(&figure.unit, small))
}

/// The colour that a value is written in.
pub(super) fn colour<DB: DrawingBackend>(pen: &Pen<'_, DB>, figure: &Figure) -> crate::Colour {
    match (figure.faded, figure.grade) {
        (true, _) => pen.theme.text_3,
        (false, Grade::Normal) => pen.theme.text,
        (false, grade) => pen.theme.grade(grade),
    }
}

/// The greatest of the sizes in which a value fits, at most `em`.
fn largest<DB: DrawingBackend>(pen: &Pen<'_, DB>, figure: &Figure, room: i32, em: f64) -> f64 {
    let mut em = em;
    while em > 14.0 {
        let unit = pen.width(&figure.unit, (em * 0.42).max(11.0));
        if pen.width(&figure.text, em) + unit + pen.px(6.0) <= room {
            break;
        }
        em *= 0.88;
    }
    em
}

pub(super) fn hero<DB: DrawingBackend>(
    pen: &Pen<'_, DB>,
    hero: &Hero,
    room: Rect,
) -> Result<(), ChartError> {
    let units = |pixels: i32| f64::from(pixels) / f64::from(pen.px(100.0).max(1)) * 100.0;
    // A wide place has the past beside the value, a narrow one under it.
    let wide = room.w > room.h * 2 && units(room.w) > 300.0 && !hero.past.is_empty();
    let (left, past) = if wide {
        let width = room.w * 42 / 100;
        let past = Rect {
            x: room.x + width + pen.px(14.0),
            w: room.w - width - pen.px(14.0),
            ..room
        };
        (Rect { w: width, ..room }, past)
    } else {
        let height = if hero.past.is_empty() {
            0
        } else {
            room.h * 36 / 100
        };
        (
            room.above(height),
            Rect {
                y: room.bottom() - height,
                h: height,
                ..room
            },
        )
    };
    let note_height = pen.px(22.0);
    let em = (units(left.h) * 0.46).clamp(16.0, 54.0);
    let em = largest(pen, &hero.figure, left.w, em);
    let tall = pen.px(em * 1.32);
    let notes = usize::try_from((left.h - tall) / note_height)
        .unwrap_or(0)
        .min(3);
    let lines = note_lines(pen, hero, left.w, notes);
    let whole = tall + note_height * i32::try_from(lines.len()).unwrap_or(0);
    let mut y = left.y + ((left.h - whole) / 2).max(0);
    figure(pen, &hero.figure, (left.x, y), em)?;
    y += tall;
    for line in lines {
        let mut x = left.x;
        for (name, value) in line {
            pen.left(&name, (x, y), 14.0, pen.theme.text_2)?;
            x += pen.width(&name, 14.0) + pen.px(6.0);
            let words = written(&value);
            pen.left(&words, (x, y), 14.0, colour(pen, &value))?;
            x += pen.width(&words, 14.0) + pen.px(16.0);
        }
        y += note_height;
    }
    spark(pen, hero, past)
}

fn written(figure: &Figure) -> String {
    if figure.unit.is_empty() || figure.unit == "%" {
        format!("{}{}", figure.text, figure.unit)
    } else {
        format!("{} {}", figure.text, figure.unit)
    }
}

type NoteLine = Vec<(String, Figure)>;

/// Notes put into so many lines; those without a place are left out.
fn note_lines<DB: DrawingBackend>(
    pen: &Pen<'_, DB>,
    hero: &Hero,
    room: i32,
    most: usize,
) -> Vec<NoteLine> {
    let mut lines: Vec<NoteLine> = Vec::new();
    let mut x = 0;
    for (name, value) in &hero.notes {
        let width = pen.width(name, 14.0) + pen.width(&written(value), 14.0) + pen.px(22.0);
        if lines.is_empty() || x + width > room + pen.px(16.0) {
            if lines.len() == most {
                break;
            }
            lines.push(Vec::new());
            x = 0;
        }
        x += width;
        if let Some(line) = lines.last_mut() {
            line.push((pen.fit(name, room / 2, 14.0), value.clone()));
        }
    }
    lines
}

/// A small picture of the past: its form, not its numbers.
fn spark<DB: DrawingBackend>(pen: &Pen<'_, DB>, hero: &Hero, room: Rect) -> Result<(), ChartError> {
    past(
        pen,
        &Past {
            points: &hero.past,
            limit: hero.limit,
            grade: hero.figure.grade,
            marks: &hero.marks,
        },
        room.shrink(0, pen.px(5.0)),
    )
}

/// What a small picture shows.
pub(super) struct Past<'a> {
    pub points: &'a [Option<f64>],
    pub limit: Option<f64>,
    pub grade: Grade,
    pub marks: &'a [(f64, Grade)],
}

/// Draws a small picture; nothing where nothing is known.
pub(super) fn past<DB: DrawingBackend>(
    pen: &Pen<'_, DB>,
    past: &Past<'_>,
    room: Rect,
) -> Result<(), ChartError> {
    let values = || {
        past.points
            .iter()
            .copied()
            .flatten()
            .filter(|v| v.is_finite())
    };
    let (low, high) = values().fold((f64::MAX, f64::MIN), |(a, b), v| (a.min(v), b.max(v)));
    if low > high || room.w < 4 || room.h < 4 {
        return Ok(());
    }
    let near = past
        .limit
        .filter(|l| *l <= high + (high - low) && *l >= low - (high - low));
    let (low, high) = (
        near.map_or(low, |l| l.min(low)),
        near.map_or(high, |l| l.max(high)),
    );
    let span = (high - low).max(high.abs() * 1e-6).max(1e-12);
    let last = (past.points.len().max(2) - 1) as f64;
    let across = |share: f64| room.x + (share * f64::from(room.w)).round() as i32;
    let y = |v: f64| room.bottom() - ((v - low) / span * f64::from(room.h)).round() as i32;
    let colour = match past.grade {
        Grade::Normal => pen.theme.series[0],
        grade => pen.theme.grade(grade),
    };
    for (share, grade) in past.marks.iter().filter(|(s, _)| (0.0..=1.0).contains(s)) {
        let tick = Rect {
            x: across(*share),
            y: room.bottom() - pen.px(6.0),
            w: pen.px(2.0).max(1),
            h: pen.px(6.0).max(2),
        };
        pen.rect(tick, super::moments::colour(pen.theme, *grade))?;
    }
    if let Some(limit) = near {
        pen.dashes(
            vec![(room.x, y(limit)), (room.right(), y(limit))],
            pen.theme.text_3,
            1.0,
        )?;
    }
    let mut run: Vec<(i32, i32)> = Vec::new();
    for (i, value) in past.points.iter().enumerate() {
        match value.filter(|v| v.is_finite()) {
            Some(v) => run.push((across(i as f64 / last), y(v))),
            None if run.len() > 1 => pen.path(std::mem::take(&mut run), colour, 1.6)?,
            None => run.clear(),
        }
    }
    if run.len() > 1 {
        pen.path(run, colour, 1.6)?;
    }
    Ok(())
}

/// Points of a ring's part, from share to share of three quarters of a circle, `in` and out of it.
fn part(centre: (i32, i32), radius: f64, thick: f64, from: f64, to: f64) -> Vec<(i32, i32)> {
    let steps = ((to - from) * f64::from(ARC_POINTS)).ceil().max(1.0) as i32;
    let point = |share: f64, r: f64| {
        let angle = PI * (0.75 + 1.5 * share);
        let (sin, cos) = angle.sin_cos();
        (
            centre.0 + (cos * r).round() as i32,
            centre.1 + (sin * r).round() as i32,
        )
    };
    let share = |i: i32| from + (to - from) * f64::from(i) / f64::from(steps);
    let outer = (0..=steps).map(|i| point(share(i), radius));
    let inner = (0..=steps).rev().map(|i| point(share(i), radius - thick));
    outer.chain(inner).collect()
}

pub(super) fn arc<DB: DrawingBackend>(
    pen: &Pen<'_, DB>,
    arc: &Arc_,
    room: Rect,
) -> Result<(), ChartError> {
    let radius = (f64::from(room.w) / 2.0).min(f64::from(room.h) / 1.72) * 0.98;
    let centre = (
        room.x + room.w / 2,
        room.y + radius.round() as i32 + pen.px(2.0),
    );
    let thick = radius * 0.15;
    let inner = radius - radius * 0.12;
    pen.shape(part(centre, inner, thick, 0.0, 1.0), pen.theme.track, 1.0)?;
    let share = arc.share.clamp(0.0, 1.0);
    if share > 0.002 {
        let colour = match arc.figure.grade {
            Grade::Normal => pen.theme.calm,
            grade => pen.theme.grade(grade),
        };
        pen.shape(part(centre, inner, thick, 0.0, share), colour, 1.0)?;
    }
    for (from, to, grade) in arc.zones.iter().filter(|(from, to, _)| to > from) {
        let zone = part(
            centre,
            radius,
            radius * 0.035,
            from.clamp(0.0, 1.0),
            to.clamp(0.0, 1.0),
        );
        pen.shape(zone, pen.theme.grade(*grade), 1.0)?;
    }
    let units = radius / f64::from(pen.px(100.0).max(1)) * 100.0;
    let em = largest(
        pen,
        &arc.figure,
        (radius * 1.3) as i32,
        (units * 0.46).clamp(14.0, 44.0),
    );
    let unit_width = if arc.figure.unit.is_empty() {
        0
    } else {
        pen.px(5.0) + pen.width(&arc.figure.unit, (em * 0.42).max(11.0))
    };
    let width = pen.width(&arc.figure.text, em) + unit_width;
    let y = centre.1 - pen.px(em * 0.75);
    figure(pen, &arc.figure, (centre.0 - width / 2, y), em)?;
    let note = pen.fit(&arc.note, room.w, 13.0);
    pen.centre(
        &note,
        (centre.0, centre.1 + pen.px(em * 0.62) + pen.px(8.0)),
        13.0,
        pen.theme.text_2,
    )
}

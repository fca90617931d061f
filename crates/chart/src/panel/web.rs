//! Who calls whom: nodes and the ways between them.

use super::bars::{join, rest};
use super::value::colour;
use super::{Grade, Web};
use crate::ChartError;
use crate::pen::{Pen, Rect};
use plotters::prelude::DrawingBackend;

/// Greatest distortion of one direction against the other.
const TEAR: f64 = 1.9;
/// Pieces of a bend.
const PIECES: i32 = 16;

/// How the drawing's own units become pixels.
struct Fit {
    sx: f64,
    sy: f64,
    left: f64,
    top: f64,
}

impl Fit {
    fn of(web: &Web, room: Rect, most: f64) -> Self {
        let (w, h) = (web.size.0.max(1.0), web.size.1.max(1.0));
        let sx = (f64::from(room.w) / w).min(most * 1.5);
        let sy = (f64::from(room.h) / h).min(most * 1.5);
        let sx = sx.min(sy * TEAR);
        let sy = sy.min(sx * TEAR);
        Self {
            sx,
            sy,
            left: f64::from(room.x) + (f64::from(room.w) - w * sx) / 2.0,
            top: f64::from(room.y) + (f64::from(room.h) - h * sy) / 2.0,
        }
    }

    fn at(&self, (x, y): (f64, f64)) -> (f64, f64) {
        (self.left + x * self.sx, self.top + y * self.sy)
    }
}

/// A smooth line through points, level where it begins and ends.
fn bent(points: &[(f64, f64)]) -> Vec<(i32, i32)> {
    let pixel = |(x, y): (f64, f64)| (x.round() as i32, y.round() as i32);
    let mut out: Vec<(i32, i32)> = points.first().copied().map(pixel).into_iter().collect();
    for pair in points.windows(2) {
        let [(ax, ay), (bx, by)] = pair else { continue };
        for i in 1..=PIECES {
            let t = f64::from(i) / f64::from(PIECES);
            let eased = t * t * (3.0 - 2.0 * t);
            let at = pixel((ax + (bx - ax) * t, ay + (by - ay) * eased));
            if out.last() != Some(&at) {
                out.push(at);
            }
        }
    }
    out
}

pub(super) fn draw<DB: DrawingBackend>(
    pen: &Pen<'_, DB>,
    web: &Web,
    room: Rect,
) -> Result<(), ChartError> {
    let room = rest(pen, &web.rest, room)?;
    let fit = Fit::of(web, room, f64::from(pen.px(100.0)) / 100.0);
    let mut words = Vec::new();
    // What is abnormal is drawn over what is not.
    let mut ways: Vec<_> = web.ways.iter().collect();
    ways.sort_by_key(|w| w.grade);
    for way in ways {
        let points: Vec<(f64, f64)> = way.points.iter().map(|p| fit.at(*p)).collect();
        let line = bent(&points);
        let ink = match way.grade {
            Grade::Normal => pen.theme.calm,
            bad => pen.theme.grade(bad),
        };
        arrow(pen, &line, ink)?;
        if line.len() > 1 {
            pen.path(line.clone(), ink, way.thick)?;
        }
        if let (Some(figure), Some(at)) = (&way.figure, line.get(line.len() / 2)) {
            words.push((figure, *at, way.grade));
        }
    }
    for (figure, at, grade) in words {
        let text = join(&figure.text, &figure.unit);
        let width = pen.width(&text, 12.0) + pen.px(8.0);
        // On a ground of its own, because lines run there too.
        let ground = Rect {
            x: at.0 - width / 2,
            y: at.1 - pen.px(9.0),
            w: width,
            h: pen.px(18.0),
        };
        pen.veil(ground, pen.theme.panel, 0.85)?;
        let ink = if grade == Grade::Normal {
            pen.theme.text_2
        } else {
            colour(pen, figure)
        };
        pen.centre(&text, at, 12.0, ink)?;
    }
    for node in &web.nodes {
        let (x, y) = fit.at((node.x, node.y));
        let place = Rect {
            x: x.round() as i32,
            y: y.round() as i32,
            w: (node.width * fit.sx).round().max(2.0) as i32,
            h: (web.node * fit.sy).round().max(2.0) as i32,
        };
        pen.rect(place, pen.theme.track)?;
        let edge = match node.grade {
            Grade::Normal => pen.theme.hair,
            bad => pen.theme.grade(bad),
        };
        pen.frame(place, edge)?;
        let em =
            (f64::from(place.h) / f64::from(pen.px(100.0).max(1)) * 100.0 * 0.34).clamp(9.0, 17.0);
        let mut left = place.x + pen.px(8.0);
        if node.grade != Grade::Normal {
            pen.mark(node.grade, (left + pen.px(6.0), place.y + place.h / 2), em)?;
            left += pen.px(18.0);
        }
        let room = place.right() - left - pen.px(6.0);
        let two = place.h > pen.px(em * 2.5) && node.figure.is_some();
        let middle = place.y + if two { place.h * 32 / 100 } else { place.h / 2 };
        let name = pen.fit(&node.name, room, em);
        pen.after(&name, (left, middle), em, pen.theme.text)?;
        if let Some(figure) = node.figure.as_ref().filter(|_| two) {
            let text = pen.fit(&join(&figure.text, &figure.unit), room, em * 0.86);
            let below = (left, place.y + place.h * 70 / 100);
            pen.after(&text, below, em * 0.86, colour(pen, figure))?;
        }
    }
    Ok(())
}

/// The point of a way, before its end.
fn arrow<DB: DrawingBackend>(
    pen: &Pen<'_, DB>,
    line: &[(i32, i32)],
    ink: crate::Colour,
) -> Result<(), ChartError> {
    let [.., before, end] = line else {
        return Ok(());
    };
    let (dx, dy) = (f64::from(end.0 - before.0), f64::from(end.1 - before.1));
    let long = dx.hypot(dy).max(1e-6);
    let (ux, uy) = (dx / long, dy / long);
    let size = f64::from(pen.px(8.0).max(3));
    let at = |along: f64, across: f64| {
        (
            end.0 + (ux * along - uy * across).round() as i32,
            end.1 + (uy * along + ux * across).round() as i32,
        )
    };
    let point = vec![*end, at(-size, size * 0.45), at(-size, -size * 0.45)];
    pen.shape(point, ink, 1.0)
}

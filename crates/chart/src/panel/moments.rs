//! What happened, across a plot of time: moments as lines, stretches of time as veils.

use super::{Grade, Moment, Theme};
use crate::pen::{Pen, Rect};
use crate::{ChartError, Colour};
use plotters::prelude::DrawingBackend;

/// Whether names stand beside moments.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Names {
    Written,
    /// Where they would hide what is drawn.
    LeftOut,
}

pub(super) fn colour(theme: &Theme, grade: Grade) -> Colour {
    match grade {
        Grade::Normal => theme.text_2,
        bad => theme.grade(bad),
    }
}

pub(super) fn draw<DB: DrawingBackend>(
    pen: &Pen<'_, DB>,
    all: &[Moment],
    plot: Rect,
    (from, to): (f64, f64),
    names: Names,
) -> Result<(), ChartError> {
    let x = |at: f64| {
        let share = (at - from) / (to - from).max(1.0);
        plot.x + (share * f64::from(plot.w)).round() as i32
    };
    let seen = |m: &&Moment| m.at <= to && m.until.unwrap_or(m.at) >= from;
    let mut shown: Vec<&Moment> = all.iter().filter(seen).collect();
    shown.sort_by(|a, b| a.at.total_cmp(&b.at));
    for (i, moment) in shown.iter().enumerate() {
        let ink = colour(pen.theme, moment.grade);
        let left = x(moment.at.max(from));
        if let Some(until) = moment.until.filter(|until| *until > moment.at) {
            let right = x(until.min(to));
            let stretch = Rect {
                x: left,
                w: (right - left).max(1),
                ..plot
            };
            pen.veil(stretch, ink, 0.10)?;
            let cap = Rect {
                h: pen.px(3.0).max(1),
                ..stretch
            };
            pen.rect(cap, ink)?;
            if until <= to {
                pen.hair((right, plot.y), (right, plot.bottom()), ink)?;
            }
        }
        if moment.at >= from {
            pen.dashes(vec![(left, plot.y), (left, plot.bottom())], ink, 1.0)?;
            pen.mark_moment(moment.grade, (left, plot.y + pen.px(5.0)), ink)?;
        }
        if names == Names::LeftOut {
            continue;
        }
        // Up to the next one, so that no name stands on another.
        let end = shown
            .get(i + 1)
            .map_or(plot.right(), |next| x(next.at).min(plot.right()));
        let room = end - left - pen.px(12.0);
        if room > pen.px(24.0) {
            let words = pen.fit(&moment.name, room, 12.0);
            pen.left(&words, (left + pen.px(8.0), plot.y), 12.0, pen.theme.text_2)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ink::{Ink, Recorder};
    use plotters::prelude::IntoDrawingArea as _;

    fn inks(all: &[Moment]) -> Vec<Ink> {
        let mut inks = Vec::new();
        let recorder = Recorder {
            size: (200, 100),
            inks: &mut inks,
        };
        let area = recorder.into_drawing_area();
        let plot = Rect {
            x: 0,
            y: 0,
            w: 200,
            h: 100,
        };
        let pen = Pen::new(&area, &Theme::DARK, 1.0);
        draw(&pen, all, plot, (0.0, 100.0), Names::LeftOut).expect("drawn");
        drop(area);
        inks
    }

    #[test]
    fn a_stretch_is_more_than_a_moment_and_what_lies_outside_is_nothing() {
        let moment = Moment {
            at: 20.0,
            ..Moment::default()
        };
        let stretch = Moment {
            until: Some(60.0),
            ..moment.clone()
        };
        let begun_before = Moment {
            at: -50.0,
            until: Some(10.0),
            ..Moment::default()
        };
        let gone = Moment {
            at: 200.0,
            ..Moment::default()
        };
        let once = inks(&[moment]).len();
        assert!(once > 0);
        assert!(inks(&[stretch]).len() > once);
        assert!(!inks(&[begun_before]).is_empty());
        assert!(inks(&[gone]).is_empty());
    }
}

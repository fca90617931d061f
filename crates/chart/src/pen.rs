//! Drawing in pixels with a theme's colours and the one face.

use crate::draw::font;
use crate::panel::{Grade, Theme};
use crate::plot::{failed, rgb};
use crate::{ChartError, Colour, fit};
use plotters::coord::Shift;
use plotters::element::DashedPathElement;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// What is drawn on.
pub type Area<DB> = DrawingArea<DB, Shift>;

/// A place, pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rect {
    pub x: i32,
    pub y: i32,
    pub w: i32,
    pub h: i32,
}

impl Rect {
    pub fn right(self) -> i32 {
        self.x + self.w
    }

    pub fn bottom(self) -> i32 {
        self.y + self.h
    }

    /// Without a border at both sides, above and below.
    pub fn shrink(self, sides: i32, ends: i32) -> Self {
        Self {
            x: self.x + sides,
            y: self.y + ends,
            w: (self.w - 2 * sides).max(0),
            h: (self.h - 2 * ends).max(0),
        }
    }

    /// What is left under so many pixels.
    pub fn below(self, taken: i32) -> Self {
        Self {
            y: self.y + taken,
            h: (self.h - taken).max(0),
            ..self
        }
    }

    /// Without so many pixels at the lower end.
    pub fn above(self, taken: i32) -> Self {
        Self {
            h: (self.h - taken).max(0),
            ..self
        }
    }
}

/// Draws on an area; all sizes are in units of design.
pub(crate) struct Pen<'a, DB: DrawingBackend> {
    area: &'a Area<DB>,
    pub theme: &'a Theme,
    unit: f64,
}

impl<'a, DB: DrawingBackend> Pen<'a, DB> {
    pub fn new(area: &'a Area<DB>, theme: &'a Theme, unit: f64) -> Self {
        Self { area, theme, unit }
    }

    /// Units as pixels.
    pub fn px(&self, units: f64) -> i32 {
        (units * self.unit).round() as i32
    }

    /// The thickness of a line, at least one pixel.
    fn thick(&self, units: f64) -> u32 {
        u32::try_from(self.px(units).max(1)).unwrap_or(1)
    }

    fn em(&self, units: f64) -> i32 {
        self.px(units).max(6)
    }

    pub fn width(&self, words: &str, em: f64) -> i32 {
        let size = font(self.em(em)).box_size(words);
        size.map_or(0, |(w, _)| i32::try_from(w).unwrap_or(i32::MAX))
    }

    /// One line that fits.
    pub fn fit(&self, words: &str, room: i32, em: f64) -> String {
        fit::line(words, room, &|text: &str| self.width(text, em))
    }

    /// Lines that fit.
    pub fn lines(&self, words: &str, room: i32, most: usize, em: f64) -> Vec<String> {
        fit::lines(words, room, most, &|text: &str| self.width(text, em))
    }

    fn text(
        &self,
        words: &str,
        at: (i32, i32),
        em: f64,
        colour: Colour,
        (h, v): (HPos, VPos),
    ) -> Result<(), ChartError> {
        if words.is_empty() {
            return Ok(());
        }
        let style = font(self.em(em)).color(&rgb(colour)).pos(Pos::new(h, v));
        self.area
            .draw(&Text::new(words.to_owned(), at, style))
            .map_err(failed)
    }

    /// From its upper left corner.
    pub fn left(
        &self,
        words: &str,
        at: (i32, i32),
        em: f64,
        colour: Colour,
    ) -> Result<(), ChartError> {
        self.text(words, at, em, colour, (HPos::Left, VPos::Top))
    }

    /// From its upper right corner.
    pub fn right(
        &self,
        words: &str,
        at: (i32, i32),
        em: f64,
        colour: Colour,
    ) -> Result<(), ChartError> {
        self.text(words, at, em, colour, (HPos::Right, VPos::Top))
    }

    /// About its middle.
    pub fn centre(
        &self,
        words: &str,
        at: (i32, i32),
        em: f64,
        colour: Colour,
    ) -> Result<(), ChartError> {
        self.text(words, at, em, colour, (HPos::Center, VPos::Center))
    }

    /// Beside a point at its left, in the middle of its height.
    pub fn before(
        &self,
        words: &str,
        at: (i32, i32),
        em: f64,
        colour: Colour,
    ) -> Result<(), ChartError> {
        self.text(words, at, em, colour, (HPos::Right, VPos::Center))
    }

    /// Beside a point at its right, in the middle of its height.
    pub fn after(
        &self,
        words: &str,
        at: (i32, i32),
        em: f64,
        colour: Colour,
    ) -> Result<(), ChartError> {
        self.text(words, at, em, colour, (HPos::Left, VPos::Center))
    }

    /// Filled.
    pub fn rect(&self, place: Rect, colour: Colour) -> Result<(), ChartError> {
        self.veil(place, colour, 1.0)
    }

    /// Filled, seen through.
    pub fn veil(&self, place: Rect, colour: Colour, opacity: f64) -> Result<(), ChartError> {
        if place.w <= 0 || place.h <= 0 {
            return Ok(());
        }
        let corners = [(place.x, place.y), (place.right(), place.bottom())];
        let style = rgb(colour).mix(opacity).filled();
        self.area
            .draw(&Rectangle::new(corners, style))
            .map_err(failed)
    }

    /// Its edge.
    pub fn frame(&self, place: Rect, colour: Colour) -> Result<(), ChartError> {
        let corners = [(place.x, place.y), (place.right() - 1, place.bottom() - 1)];
        let style = rgb(colour).stroke_width(self.thick(1.0));
        self.area
            .draw(&Rectangle::new(corners, style))
            .map_err(failed)
    }

    /// A line through points.
    pub fn path(
        &self,
        points: Vec<(i32, i32)>,
        colour: Colour,
        thick: f64,
    ) -> Result<(), ChartError> {
        let style = rgb(colour).stroke_width(self.thick(thick));
        self.area
            .draw(&PathElement::new(points, style))
            .map_err(failed)
    }

    /// A line through points, with gaps.
    pub fn dashes(
        &self,
        points: Vec<(i32, i32)>,
        colour: Colour,
        thick: f64,
    ) -> Result<(), ChartError> {
        let style = rgb(colour).stroke_width(self.thick(thick));
        let (on, off) = (self.thick(6.0), self.thick(5.0));
        let dashed = DashedPathElement::new(points, on, off, style);
        self.area.draw(&dashed).map_err(failed)
    }

    /// A hairline across.
    pub fn hair(&self, from: (i32, i32), to: (i32, i32), colour: Colour) -> Result<(), ChartError> {
        self.path(vec![from, to], colour, 1.0)
    }

    /// A filled shape, seen through.
    pub fn shape(
        &self,
        points: Vec<(i32, i32)>,
        colour: Colour,
        opacity: f64,
    ) -> Result<(), ChartError> {
        let style = rgb(colour).mix(opacity);
        self.area.draw(&Polygon::new(points, style)).map_err(failed)
    }

    /// The mark of how bad something is, about a point: triangle, diamond, octagon.
    pub fn mark(&self, grade: Grade, (x, y): (i32, i32), size: f64) -> Result<(), ChartError> {
        let r = f64::from(self.px(size)) / 2.0;
        let at = |dx: f64, dy: f64| (x + (dx * r).round() as i32, y + (dy * r).round() as i32);
        let points = match grade {
            Grade::Normal => return Ok(()),
            Grade::Warning => vec![at(0.0, -0.95), at(1.0, 0.85), at(-1.0, 0.85)],
            Grade::Critical => vec![at(0.0, -1.0), at(1.0, 0.0), at(0.0, 1.0), at(-1.0, 0.0)],
            Grade::Emergency => (0..8)
                .map(|i| (std::f64::consts::FRAC_PI_4 * (f64::from(i) + 0.5)).sin_cos())
                .map(|(sin, cos)| at(cos, sin))
                .collect(),
        };
        self.shape(points, self.theme.grade(grade), 1.0)
    }

    /// The mark of a moment, about a point: bad things as [`Self::mark`] has them, others as a small square on its corner.
    pub fn mark_moment(
        &self,
        grade: Grade,
        (x, y): (i32, i32),
        colour: Colour,
    ) -> Result<(), ChartError> {
        if grade != Grade::Normal {
            return self.mark(grade, (x, y), 11.0);
        }
        let r = self.px(4.0).max(2);
        let points = vec![(x, y - r), (x + r, y), (x, y + r), (x - r, y)];
        self.shape(points, colour, 1.0)
    }
}

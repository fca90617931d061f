//! A drawing as a list of strokes and words, for those who set it into a page of their own.

use crate::{Colour, face};
use plotters::style::text_anchor::{HPos, VPos};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
};
use std::convert::Infallible;

/// One thing that is drawn. Coordinates are pixels from the upper left corner.
#[derive(Clone, Debug, PartialEq)]
pub enum Ink {
    /// A line through points.
    Stroke {
        /// The points.
        points: Vec<(f64, f64)>,
        /// Its thickness.
        width: f64,
        /// Its colour.
        colour: Colour,
        /// 0 to 1.
        opacity: f64,
    },
    /// A filled shape.
    Shape {
        /// Its corners.
        points: Vec<(f64, f64)>,
        /// Its colour.
        colour: Colour,
        /// 0 to 1.
        opacity: f64,
    },
    /// Words in one line.
    Words {
        /// The words.
        text: String,
        /// The left end of the base line.
        at: (f64, f64),
        /// The size of an em.
        em: f64,
        /// Its colour.
        colour: Colour,
    },
}

/// Takes note of what is drawn.
pub(crate) struct Recorder<'a> {
    pub size: (u32, u32),
    pub inks: &'a mut Vec<Ink>,
}

type Drawn = Result<(), DrawingErrorKind<Infallible>>;

fn colour(c: BackendColor) -> Colour {
    Colour(c.rgb.0, c.rgb.1, c.rgb.2)
}

fn points(path: impl IntoIterator<Item = BackendCoord>) -> Vec<(f64, f64)> {
    path.into_iter()
        .map(|(x, y)| (f64::from(x), f64::from(y)))
        .collect()
}

impl Recorder<'_> {
    fn shape(&mut self, points: Vec<(f64, f64)>, of: BackendColor) {
        if points.len() > 2 && of.alpha > 0.0 {
            self.inks.push(Ink::Shape {
                points,
                colour: colour(of),
                opacity: of.alpha,
            });
        }
    }

    fn stroke<S: BackendStyle>(&mut self, points: Vec<(f64, f64)>, style: &S) {
        let of = style.color();
        if points.len() > 1 && of.alpha > 0.0 {
            let width = f64::from(style.stroke_width());
            self.inks.push(Ink::Stroke {
                points,
                width,
                colour: colour(of),
                opacity: of.alpha,
            });
        }
    }
}

impl DrawingBackend for Recorder<'_> {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        self.size
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    fn draw_pixel(&mut self, (x, y): BackendCoord, of: BackendColor) -> Drawn {
        self.shape(points([(x, y), (x + 1, y), (x + 1, y + 1), (x, y + 1)]), of);
        Ok(())
    }

    fn draw_line<S: BackendStyle>(
        &mut self,
        from: BackendCoord,
        to: BackendCoord,
        style: &S,
    ) -> Drawn {
        self.stroke(points([from, to]), style);
        Ok(())
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        (left, top): BackendCoord,
        (right, bottom): BackendCoord,
        style: &S,
        fill: bool,
    ) -> Drawn {
        let corners = points([(left, top), (right, top), (right, bottom), (left, bottom)]);
        if fill {
            self.shape(corners, style.color());
        } else {
            let around = corners.iter().chain(corners.first()).copied().collect();
            self.stroke(around, style);
        }
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Drawn {
        self.stroke(points(path), style);
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        vert: I,
        style: &S,
    ) -> Drawn {
        self.shape(points(vert), style.color());
        Ok(())
    }

    fn draw_text<T: BackendTextStyle>(
        &mut self,
        text: &str,
        style: &T,
        (x, y): BackendCoord,
    ) -> Drawn {
        let failed = |e| DrawingErrorKind::FontError(Box::new(e));
        let ((left, _), (right, _)) = style.layout_box(text).map_err(failed)?;
        let width = f64::from(right - left);
        let shape = face::shape();
        let (tall, em) = (style.size(), style.size() / shape.height());
        let x = f64::from(x)
            - match style.anchor().h_pos {
                HPos::Left => 0.0,
                HPos::Center => width / 2.0,
                HPos::Right => width,
            };
        let top = f64::from(y)
            - match style.anchor().v_pos {
                VPos::Top => 0.0,
                VPos::Center => tall / 2.0,
                VPos::Bottom => tall,
            };
        self.inks.push(Ink::Words {
            text: text.to_owned(),
            at: (x, top + shape.ascent * em),
            em,
            colour: colour(style.color()),
        });
        Ok(())
    }
}

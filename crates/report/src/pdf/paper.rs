//! Strokes and words onto pages of a PDF.

use crate::ReportError;
use crate::document::Document;
use chart::{Colour, Ink};
use krilla::color::rgb;
use krilla::geom::{Path, PathBuilder, Point};
use krilla::metadata::Metadata;
use krilla::num::NormalizedF32;
use krilla::page::PageSettings;
use krilla::paint::{Fill, Stroke};
use krilla::surface::Surface;
use krilla::text::{Font, TextDirection};
use std::sync::Arc;

/// A4 in points.
pub const WIDTH: f64 = 595.0;
/// A4 in points.
pub const HEIGHT: f64 = 842.0;

/// A PDF that is being made.
pub struct Paper {
    document: krilla::Document,
    font: Font,
}

fn paint(colour: Colour) -> krilla::paint::Paint {
    rgb::Color::new(colour.0, colour.1, colour.2).into()
}

fn opacity(share: f64) -> NormalizedF32 {
    NormalizedF32::new(share.clamp(0.0, 1.0) as f32).unwrap_or(NormalizedF32::ONE)
}

fn path(points: &[(f64, f64)], closed: bool) -> Option<Path> {
    let (first, rest) = points.split_first()?;
    let mut builder = PathBuilder::new();
    builder.move_to(first.0 as f32, first.1 as f32);
    for (x, y) in rest {
        builder.line_to(*x as f32, *y as f32);
    }
    if closed {
        builder.close();
    }
    builder.finish()
}

impl Paper {
    /// Written with this face (an OpenType file).
    ///
    /// # Errors
    /// When the face cannot be read.
    pub fn new(face: &'static [u8], document: &Document) -> Result<Self, ReportError> {
        let data: Arc<dyn AsRef<[u8]> + Send + Sync> = Arc::new(face);
        let font = Font::new(data.into(), 0).ok_or(ReportError::Face)?;
        let mut out = krilla::Document::new();
        out.set_metadata(
            Metadata::new()
                .title(format!("{} {}", document.title, document.subtitle))
                .language(document.locale.clone())
                .creator("守望 Shouwang".to_owned()),
        );
        Ok(Self {
            document: out,
            font,
        })
    }

    /// A page.
    ///
    /// # Errors
    /// When the page's size is none.
    pub fn page(&mut self, inks: &[Ink]) -> Result<(), ReportError> {
        let settings =
            PageSettings::from_wh(WIDTH as f32, HEIGHT as f32).ok_or(ReportError::Page)?;
        let font = self.font.clone();
        let mut page = self.document.start_page_with(settings);
        let mut surface = page.surface();
        for ink in inks {
            draw(&mut surface, ink, &font);
        }
        surface.finish();
        page.finish();
        Ok(())
    }

    /// The file.
    ///
    /// # Errors
    /// When the library cannot write it.
    pub fn finish(self) -> Result<Vec<u8>, ReportError> {
        self.document
            .finish()
            .map_err(|e| ReportError::Write(format!("{e:?}")))
    }
}

fn draw(surface: &mut Surface<'_>, ink: &Ink, font: &Font) {
    match ink {
        Ink::Stroke {
            points,
            width,
            colour,
            opacity: share,
        } => {
            let Some(path) = path(points, false) else {
                return;
            };
            surface.set_fill(None);
            surface.set_stroke(Some(Stroke {
                paint: paint(*colour),
                width: *width as f32,
                opacity: opacity(*share),
                ..Stroke::default()
            }));
            surface.draw_path(&path);
            surface.set_stroke(None);
        }
        Ink::Shape {
            points,
            colour,
            opacity: share,
        } => {
            let Some(path) = path(points, true) else {
                return;
            };
            surface.set_fill(Some(Fill {
                paint: paint(*colour),
                opacity: opacity(*share),
                ..Fill::default()
            }));
            surface.draw_path(&path);
        }
        Ink::Words {
            text,
            at,
            em,
            colour,
        } => {
            surface.set_fill(Some(Fill {
                paint: paint(*colour),
                ..Fill::default()
            }));
            let start = Point::from_xy(at.0 as f32, at.1 as f32);
            surface.draw_text(
                start,
                font.clone(),
                *em as f32,
                text,
                false,
                TextDirection::LeftToRight,
            );
        }
    }
}

//! A whole picture: one panel or a board of them, as PNG and SVG.

use super::{Picture, Theme, draw};
use crate::ink::{Ink, Recorder};
use crate::pen::{Area, Pen, Rect};
use crate::plot::failed;
use crate::{ChartError, face};
use plotters::prelude::*;

/// A panel in its place on the grid.
#[derive(Clone, Debug)]
pub struct Cell {
    /// Column, row, width, height in cells of the grid.
    pub at: (u16, u16, u16, u16),
    /// What stands there.
    pub picture: Picture,
}

/// A board, or one panel that fills it.
#[derive(Clone, Debug)]
pub struct Sheet {
    /// Width and height, pixels.
    pub size: (u32, u32),
    /// Colours.
    pub theme: Theme,
    /// The head's words at the left and at the right; without any there is no head.
    pub head: Option<(String, String)>,
    /// Columns and rows of the grid.
    pub grid: (u16, u16),
    /// Panels.
    pub cells: Vec<Cell>,
}

impl Sheet {
    /// Pixels of a unit of design.
    fn unit(&self) -> f64 {
        let (w, h) = (f64::from(self.size.0), f64::from(self.size.1));
        if self.head.is_some() {
            return (w / 1920.0).min(h / 1080.0);
        }
        // A panel by itself is written as large as it has room.
        (w / 960.0).min(h / 460.0).max(0.25)
    }
}

/// A PNG.
///
/// # Errors
/// Without a face, or when it cannot be drawn.
pub fn png(sheet: &Sheet) -> Result<Vec<u8>, ChartError> {
    let (width, height) = sheet.size;
    let mut pixels = vec![0_u8; width as usize * height as usize * 3];
    {
        let area = BitMapBackend::with_buffer(&mut pixels, sheet.size).into_drawing_area();
        paint(&area, sheet)?;
        area.present().map_err(failed)?;
    }
    crate::draw::encode(&pixels, sheet.size)
}

/// An SVG. Texts in it are text, escaped.
///
/// # Errors
/// Without a face (texts are measured), or when it cannot be drawn.
pub fn svg(sheet: &Sheet) -> Result<String, ChartError> {
    let mut out = String::new();
    {
        let area = SVGBackend::with_string(&mut out, sheet.size).into_drawing_area();
        paint(&area, sheet)?;
        area.present().map_err(failed)?;
    }
    Ok(crate::draw::with_families(&out))
}

/// One panel as SVG; `unit` as in [`draw`].
///
/// # Errors
/// Without a face, or when it cannot be drawn.
pub fn panel_svg(
    picture: &Picture,
    theme: &Theme,
    size: (u32, u32),
    unit: f64,
) -> Result<String, ChartError> {
    let mut out = String::new();
    {
        let area = SVGBackend::with_string(&mut out, size).into_drawing_area();
        draw(&area, picture, theme, unit)?;
        area.present().map_err(failed)?;
    }
    Ok(crate::draw::with_families(&out))
}

/// One panel as strokes and words; `unit` as in [`draw`].
///
/// # Errors
/// Without a face, or when it cannot be drawn.
pub fn panel_inks(
    picture: &Picture,
    theme: &Theme,
    size: (u32, u32),
    unit: f64,
) -> Result<Vec<Ink>, ChartError> {
    let mut inks = Vec::new();
    {
        let recorder = Recorder {
            size,
            inks: &mut inks,
        };
        draw(&recorder.into_drawing_area(), picture, theme, unit)?;
    }
    Ok(inks)
}

fn paint<DB: DrawingBackend>(area: &Area<DB>, sheet: &Sheet) -> Result<(), ChartError> {
    if !face::is_installed() {
        return Err(ChartError::NoFace);
    }
    let unit = sheet.unit();
    let pen = Pen::new(area, &sheet.theme, unit);
    let all = Rect {
        x: 0,
        y: 0,
        w: side(sheet.size.0),
        h: side(sheet.size.1),
    };
    pen.rect(all, sheet.theme.ground)?;
    let mut room = all.shrink(pen.px(18.0), pen.px(14.0));
    if let Some((left, right)) = &sheet.head {
        pen.left(left, (room.x, room.y), 26.0, sheet.theme.text)?;
        pen.right(
            right,
            (room.right(), room.y + pen.px(8.0)),
            16.0,
            sheet.theme.text_2,
        )?;
        room = room.below(pen.px(48.0));
    }
    let (columns, rows) = (
        i32::from(sheet.grid.0.max(1)),
        i32::from(sheet.grid.1.max(1)),
    );
    let gap = pen.px(10.0);
    for cell in &sheet.cells {
        let (x, y, w, h) = cell.at;
        let edge = |n: u16, of: i32, length: i32| i32::from(n) * (length + gap) / of;
        let left = edge(x, columns, room.w);
        let top = edge(y, rows, room.h);
        let right = edge(x.saturating_add(w), columns, room.w) - gap;
        let bottom = edge(y.saturating_add(h), rows, room.h) - gap;
        if right <= left || bottom <= top || right > room.w + gap || bottom > room.h + gap {
            continue;
        }
        let part = area
            .clone()
            .shrink((room.x + left, room.y + top), (right - left, bottom - top));
        draw(&part, &cell.picture, &sheet.theme, unit)?;
    }
    Ok(())
}

fn side(pixels: u32) -> i32 {
    i32::try_from(pixels).unwrap_or(i32::MAX)
}

//! The picture as a whole.

use crate::fit;
use crate::plot::{self, failed, rgb};
use crate::poster::{Poster, Row, Section};
use crate::{ChartError, face};
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// Its width, pixels.
pub const WIDTH: u32 = 1600;
/// Its greatest height: a page that nobody scrolls is not a picture.
const MAX_HEIGHT: i32 = 4_000;
const EDGE: i32 = 40;
const GAP: i32 = 24;
const PLOT: i32 = 420;
const HEAD: i32 = 44;
const UNDER: i32 = 22;
const LINE: i32 = 26;
const PAD: i32 = 18;

type Area<'a, DB> = DrawingArea<DB, Shift>;

/// A PNG.
///
/// # Errors
/// Without a face, or when it cannot be drawn.
pub fn png(poster: &Poster) -> Result<Vec<u8>, ChartError> {
    let height = height(poster)?;
    let mut pixels = vec![0_u8; WIDTH as usize * height as usize * 3];
    {
        let area = BitMapBackend::with_buffer(&mut pixels, (WIDTH, height)).into_drawing_area();
        draw(&area, poster)?;
        area.present().map_err(failed)?;
    }
    encode(&pixels, (WIDTH, height))
}

/// Pixels (three bytes each) as PNG.
pub(crate) fn encode(pixels: &[u8], (width, height): (u32, u32)) -> Result<Vec<u8>, ChartError> {
    let failed = |e: png::EncodingError| ChartError::Encode(e.to_string());
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    // Flat colours become small by any means; the slow ones take longer than the drawing.
    encoder.set_compression(png::Compression::Fast);
    let mut writer = encoder.write_header().map_err(failed)?;
    writer.write_image_data(pixels).map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(out)
}

/// An SVG names the face as Plotters knows it, which nobody else does: here are names that a reader's machine may have.
pub(crate) fn with_families(svg: &str) -> String {
    let ours = format!("font-family=\"{}\"", face::NAME);
    svg.replace(
        &ours,
        "font-family=\"Noto Sans CJK SC, Noto Sans SC, PingFang SC, Microsoft YaHei, sans-serif\"",
    )
}

/// An SVG. Texts in it are text, escaped.
///
/// # Errors
/// Without a face (texts are measured), or when it cannot be drawn.
pub fn svg(poster: &Poster) -> Result<String, ChartError> {
    let height = height(poster)?;
    let mut out = String::new();
    {
        let area = SVGBackend::with_string(&mut out, (WIDTH, height)).into_drawing_area();
        draw(&area, poster)?;
        area.present().map_err(failed)?;
    }
    Ok(with_families(&out))
}

/// With characters that are `em` pixels wide.
pub(crate) fn font(em: i32) -> FontDesc<'static> {
    (face::NAME, face::size(em)).into_font()
}

fn width_of(size: i32) -> impl Fn(&str) -> i32 {
    let font = font(size);
    move |text: &str| {
        font.box_size(text)
            .map_or(0, |(w, _)| i32::try_from(w).unwrap_or(i32::MAX))
    }
}

fn column() -> i32 {
    (i32::try_from(WIDTH).unwrap_or(0) - 2 * EDGE - GAP) / 2
}

/// A row's text in lines, as wide as the figure lets it.
fn row_lines(row: &Row) -> Vec<String> {
    let figure = if row.figure.is_empty() {
        0
    } else {
        width_of(14)(&row.figure) + GAP
    };
    fit::lines(&row.text, column() - 2 * PAD - figure, 2, &width_of(14))
}

fn row_height(row: &Row) -> i32 {
    let lines = i32::try_from(row_lines(row).len().max(1)).unwrap_or(1);
    LINE * lines + if row.under.is_empty() { 0 } else { UNDER } + 12
}

fn section_height(section: &Section) -> i32 {
    let rows: i32 = section.rows.iter().map(row_height).sum();
    HEAD + PAD
        + if section.rows.is_empty() {
            LINE + 12
        } else {
            rows
        }
}

/// Where each section's upper edge is below the first, and the whole height: each goes to the column that ends higher.
fn places(sections: &[Section]) -> (Vec<(usize, i32)>, i32) {
    let mut ends = [0, 0];
    let mut out = Vec::with_capacity(sections.len());
    for section in sections {
        let at = usize::from(ends[1] < ends[0]);
        out.push((at, ends[at]));
        ends[at] += section_height(section) + GAP;
    }
    (out, ends[0].max(ends[1]))
}

fn head_height(poster: &Poster) -> i32 {
    let room = i32::try_from(WIDTH).unwrap_or(0) - 2 * EDGE;
    let under = fit::lines(&poster.subtitle, room, 2, &width_of(15)).len();
    EDGE + 56 + i32::try_from(under).unwrap_or(0) * 30 + 40
}

fn height(poster: &Poster) -> Result<u32, ChartError> {
    if !face::is_installed() {
        return Err(ChartError::NoFace);
    }
    let (_, sections) = places(&poster.sections);
    let all = head_height(poster) + PLOT + GAP + sections + EDGE + 20;
    u32::try_from(all.min(MAX_HEIGHT)).map_err(failed)
}

fn text<DB: DrawingBackend>(
    area: &Area<'_, DB>,
    words: String,
    at: (i32, i32),
    size: i32,
    colour: RGBColor,
    from: HPos,
) -> Result<(), ChartError> {
    let style = font(size).color(&colour).pos(Pos::new(from, VPos::Top));
    area.draw(&Text::new(words, at, style)).map_err(failed)
}

fn draw<DB: DrawingBackend>(area: &Area<'_, DB>, poster: &Poster) -> Result<(), ChartError> {
    let palette = &poster.palette;
    area.fill(&rgb(palette.ground)).map_err(failed)?;
    head(area, poster)?;
    let top = head_height(poster);
    let right = i32::try_from(WIDTH).unwrap_or(0) - EDGE;
    let panel = |from: (i32, i32), to: (i32, i32)| {
        area.draw(&Rectangle::new([from, to], rgb(palette.panel).filled()))
            .map_err(failed)
    };
    panel((EDGE, top), (right, top + PLOT))?;
    match &poster.plot {
        Ok(figures) => {
            let inner = area
                .clone()
                .shrink((EDGE, top + 12), (right - EDGE, PLOT - 20));
            plot::draw(&inner, figures, palette, "–")?;
        }
        Err(why) => {
            let words = fit::line(why, right - EDGE - 2 * PAD, &width_of(15));
            text(
                area,
                words,
                (EDGE + PAD, top + PLOT / 2),
                15,
                rgb(palette.muted),
                HPos::Left,
            )?;
        }
    }
    let below = top + PLOT + GAP;
    let (places, whole) = places(&poster.sections);
    for (section, (side, y)) in poster.sections.iter().zip(places) {
        let x = if side == 0 {
            EDGE
        } else {
            EDGE + column() + GAP
        };
        panel(
            (x, below + y),
            (x + column(), below + y + section_height(section)),
        )?;
        draw_section(area, poster, section, (x, below + y))?;
    }
    let foot = fit::line(&poster.foot, right - EDGE, &width_of(12));
    text(
        area,
        foot,
        (EDGE, below + whole),
        12,
        rgb(palette.muted),
        HPos::Left,
    )
}

fn head<DB: DrawingBackend>(area: &Area<'_, DB>, poster: &Poster) -> Result<(), ChartError> {
    let palette = &poster.palette;
    let right = i32::try_from(WIDTH).unwrap_or(0) - EDGE;
    let badge = width_of(18)(&poster.badge) + 28;
    let field = Rectangle::new(
        [(EDGE, EDGE), (EDGE + badge, EDGE + 40)],
        rgb(poster.badge_colour).filled(),
    );
    area.draw(&field).map_err(failed)?;
    text(
        area,
        poster.badge.clone(),
        (EDGE + 14, EDGE + 8),
        18,
        rgb(palette.ground),
        HPos::Left,
    )?;
    let x = EDGE + badge + 18;
    let title = fit::line(&poster.title, right - x, &width_of(25));
    text(area, title, (x, EDGE), 25, rgb(palette.text), HPos::Left)?;
    let mut y = EDGE + 56;
    for line in fit::lines(&poster.subtitle, right - EDGE, 2, &width_of(15)) {
        text(area, line, (EDGE, y), 15, rgb(palette.text), HPos::Left)?;
        y += 30;
    }
    let mut x = EDGE;
    for (name, value) in &poster.facts {
        let value = fit::line(value, 420, &width_of(14));
        let (name_width, value_width) = (width_of(14)(name), width_of(14)(&value));
        if x + name_width + value_width + 8 > right {
            break;
        }
        text(
            area,
            name.clone(),
            (x, y + 4),
            14,
            rgb(palette.muted),
            HPos::Left,
        )?;
        x += name_width + 8;
        text(area, value, (x, y + 4), 14, rgb(palette.text), HPos::Left)?;
        x += value_width + 28;
    }
    Ok(())
}

fn draw_section<DB: DrawingBackend>(
    area: &Area<'_, DB>,
    poster: &Poster,
    section: &Section,
    (x, top): (i32, i32),
) -> Result<(), ChartError> {
    let palette = &poster.palette;
    let (left, right) = (x + PAD, x + column() - PAD);
    text(
        area,
        section.title.clone(),
        (left, top + 12),
        15,
        rgb(palette.accent),
        HPos::Left,
    )?;
    let room = right - left - width_of(15)(&section.title) - GAP;
    let note = fit::line(&section.note, room, &width_of(12));
    text(
        area,
        note,
        (right, top + 15),
        12,
        rgb(palette.muted),
        HPos::Right,
    )?;
    let mut y = top + HEAD;
    if section.rows.is_empty() {
        let words = fit::line(&section.empty, right - left, &width_of(14));
        return text(
            area,
            words,
            (left, y + 6),
            14,
            rgb(palette.muted),
            HPos::Left,
        );
    }
    for row in &section.rows {
        let hair = vec![(left, y), (right, y)];
        area.draw(&PathElement::new(hair, rgb(palette.hair)))
            .map_err(failed)?;
        let colour = if row.alarming {
            palette.alarm
        } else {
            palette.text
        };
        text(
            area,
            row.figure.clone(),
            (right, y + 6),
            14,
            rgb(colour),
            HPos::Right,
        )?;
        let mut at = y + 6;
        for line in row_lines(row) {
            text(area, line, (left, at), 14, rgb(palette.text), HPos::Left)?;
            at += LINE;
        }
        if !row.under.is_empty() {
            let under = fit::line(&row.under, right - left, &width_of(12));
            text(
                area,
                under,
                (left, at - 2),
                12,
                rgb(palette.muted),
                HPos::Left,
            )?;
        }
        y += row_height(row);
    }
    Ok(())
}

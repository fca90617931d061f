//! Pictures of figures for those who do not sit before the program: an investigation's page to be sent to a colleague.
//!
//! Pure but for [`face::install`], which reads the system's fonts once: what is drawn, in which words, in which colours and how a
//! number is written is the caller's; here is only where it stands. Plotters draws, into pixels or SVG.
#![warn(missing_docs)]

mod draw;
pub mod face;
mod fit;
mod ink;
pub mod panel;
mod pen;
mod plot;
mod poster;

pub use draw::{WIDTH, png, svg};
pub use ink::Ink;
pub use pen::Area;
pub use poster::{Colour, Line, Palette, Plot, Poster, Row, Section};

/// How wide words are, in ems of the installed face; a guess where there is none.
pub fn width(words: &str) -> f64 {
    // Measured large, because sizes are whole pixels.
    const LARGE: i32 = 200;
    let size = draw::font(LARGE).box_size(words);
    size.map_or(words.chars().count() as f64, |(w, _)| {
        f64::from(w) / f64::from(LARGE)
    })
}

/// Words in at most so many lines of a width (ems); what does not fit ends with `…`.
pub fn wrapped(words: &str, room: f64, lines: usize) -> Vec<String> {
    const PARTS: f64 = 1_000.0;
    let measure = |text: &str| (width(text) * PARTS) as i32;
    fit::lines(words, (room * PARTS) as i32, lines, &measure)
}

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
pub enum ChartError {
    /// [`face::install`] was not called, or failed.
    #[error("no face to write with is installed")]
    NoFace,
    /// Plotters could not draw.
    #[error("the picture cannot be drawn: {0}")]
    Draw(String),
    /// The picture could not be put into its format.
    #[error("the picture cannot be written: {0}")]
    Encode(String),
}

//! Pictures of figures for those who do not sit before the program: an investigation's page to be sent to a colleague.
//!
//! Pure but for [`face::install`], which reads the system's fonts once: what is drawn, in which words, in which colours and how a
//! number is written is the caller's; here is only where it stands. Plotters draws, into pixels or SVG.
#![warn(missing_docs)]

mod draw;
pub mod face;
mod fit;
mod plot;
mod poster;

pub use draw::{WIDTH, png, svg};
pub use poster::{Colour, Line, Palette, Plot, Poster, Row, Section};

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

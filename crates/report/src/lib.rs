//! Reports to forward: what happened in a day, a week or a month.
//!
//! Figures come in ([`Data`]), a document comes out ([`compose`]), and is written as one HTML file ([`html`]) or a PDF ([`pdf`]). Nothing here
//! asks anybody or looks at the clock; sentences are those of `locales/`. [`figure`] writes numbers as the page does.
#![warn(missing_docs)]

rust_i18n::i18n!("../../locales", fallback = "zh-CN");

mod compose;
pub mod data;
pub mod document;
pub mod figure;
mod html;
mod pdf;
pub mod period;
mod say;
pub mod trend;

pub use compose::compose;
pub use data::Data;
pub use document::Document;
pub use html::{chart_svg, escape, html, spark};
pub use pdf::pdf;
pub use period::{Kind, Period};
pub use say::Writer;

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// A chart cannot be drawn, or there is no face.
    #[error(transparent)]
    Chart(#[from] chart::ChartError),
    /// The face cannot be put into a PDF.
    #[error("the face cannot be read")]
    Face,
    /// A page's size is none.
    #[error("the page has no size")]
    Page,
    /// The PDF cannot be written.
    #[error("the PDF cannot be written: {0}")]
    Write(String),
}

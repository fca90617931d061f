//! A report as PDF, A4: the face's used characters are in the file, texts can be selected, charts are strokes and not pixels.

mod flow;
mod paper;

use crate::ReportError;
use crate::document::Document;
use flow::Flow;
use paper::Paper;

/// Writes the file. The same document gives the same bytes but for the library's own.
///
/// # Errors
/// Without a face ([`chart::face::install`] has to be called before), or when it cannot be drawn.
pub fn pdf(document: &Document) -> Result<Vec<u8>, ReportError> {
    let bytes = chart::face::bytes().ok_or(chart::ChartError::NoFace)?;
    // What stands where is decided first: the number of pages stands on each of them.
    let mut flow = Flow::new();
    flow.document(document)?;
    let pages = flow.finish();
    let count = pages.len();
    let mut paper = Paper::new(bytes, document)?;
    for (i, mut inks) in pages.into_iter().enumerate() {
        flow::foot(&mut inks, &document.foot, i + 1, count);
        paper.page(&inks)?;
    }
    paper.finish()
}

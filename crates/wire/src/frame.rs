//! The binary frame: what is new since the page's cursor.
//!
//! Layout, little endian: `b"SWF1"`; u32 length of the head in bytes, a multiple of 8; the head, JSON of [`FrameHead`] padded with
//! spaces; then a block of f64. Offsets in the head count f64 from the block's beginning. NaN in the block is a gap.

use crate::{
    AlertBand, AnnotationView, BoardView, KioskView, Mark, PanelFrame, SeriesView, SourceView,
    VariableView, Verdict, ViewSettings,
};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The first four bytes of every frame.
pub const MAGIC: &[u8; 4] = b"SWF1";

/// Everything but the numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct FrameHead {
    /// The host's clock, ms since the epoch. The page shows this clock, not its own.
    pub now: f64,
    /// To be sent with the next pull.
    #[ts(type = "number")]
    pub cursor: u64,
    /// The page must forget what it has of the board: this frame holds all of it.
    pub full: bool,
    /// When changed.
    pub settings: Option<ViewSettings>,
    /// When changed.
    pub board: Option<BoardView>,
    /// When changed.
    pub sources: Option<Vec<SourceView>>,
    /// When changed.
    pub verdict: Option<Verdict>,
    /// The alert desk, when changed.
    pub alerts: Option<AlertBand>,
    /// This screen, when changed.
    pub kiosk: Option<KioskView>,
    /// What can be chosen for the board, and what is, when either is another.
    pub variables: Option<Vec<VariableView>>,
    /// What happened lately, oldest first, when changed.
    pub annotations: Option<Vec<AnnotationView>>,
    /// Panels that changed.
    pub panels: Vec<PanelFrame>,
    /// The board that [`KioskView::coming`] names, whole, for a page that does not have it yet.
    pub coming: Option<ComingBoard>,
}

/// A board that will stand on this screen in a moment: the page lays it out and draws it where nobody sees it. When its time comes, the page
/// says in its pull that it has it, and gets what is new since.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct ComingBoard {
    /// How it is laid out.
    pub board: BoardView,
    /// All of its panels, with all points; offsets are of this frame's block.
    pub panels: Vec<PanelFrame>,
}

/// A board that a page has laid out without showing it, as it says when it asks for what is new: the one that comes, or one that was shown a
/// moment ago.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ReadyBoard {
    /// The board's id.
    pub board: String,
    /// [`FrameHead::cursor`] of the last frame that it has.
    #[ts(type = "number")]
    pub cursor: u64,
}

/// Points of all series of a query on one grid of times, series after series.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Patch {
    /// Time of the first point, ms. Points the page has at or after it are replaced.
    pub from: f64,
    /// Distance of two points, ms.
    pub step: f64,
    /// Points a series.
    pub count: u32,
    /// Where in the block; series i begins at `offset + i * count`.
    pub offset: u32,
}

/// What has changed in one query of a panel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct QueryFrame {
    /// The query in its panel.
    pub id: String,
    /// Another number than before: the series are others, forget the points.
    pub epoch: u32,
    /// The series, when `epoch` is new to the page.
    pub series: Option<Vec<SeriesView>>,
    /// Points before this time leave the window, ms.
    pub start: f64,
    /// New points; none for queries without history.
    pub patch: Option<Patch>,
    /// Where in the block the newest values begin: value and data time (ms, NaN when unknown) of each series in turn.
    pub latest: u32,
    /// Freshness and severity, for each series.
    pub marks: Vec<Mark>,
    /// The reduced value of the query is at this f64 of the block, its data time after it.
    pub reduced: u32,
    /// Freshness and severity of the reduced value.
    pub reduced_mark: Mark,
}

/// Collects the block while the head is made.
#[derive(Debug, Default)]
pub struct FrameWriter {
    block: Vec<f64>,
}

impl FrameWriter {
    /// Appends values and tells where they begin.
    pub fn push(&mut self, values: impl IntoIterator<Item = f64>) -> u32 {
        let at = u32::try_from(self.block.len()).unwrap_or(u32::MAX);
        self.block.extend(values);
        at
    }

    /// The frame's bytes.
    pub fn finish(self, head: &FrameHead) -> Vec<u8> {
        let mut json = serde_json::to_vec(head).unwrap_or_default();
        json.resize(json.len().next_multiple_of(8), b' ');
        let mut out = Vec::with_capacity(8 + json.len() + 8 * self.block.len());
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&u32::try_from(json.len()).unwrap_or(u32::MAX).to_le_bytes());
        out.extend_from_slice(&json);
        for v in &self.block {
            out.extend_from_slice(&v.to_le_bytes());
        }
        out
    }
}

/// Head and block of a frame, or `None` when the bytes are no frame.
pub fn read(bytes: &[u8]) -> Option<(FrameHead, Vec<f64>)> {
    let rest = bytes.strip_prefix(MAGIC)?;
    let (len, rest) = rest.split_first_chunk::<4>()?;
    let (json, block) = rest.split_at_checked(u32::from_le_bytes(*len) as usize)?;
    let head = serde_json::from_slice(json).ok()?;
    let (values, tail) = block.as_chunks::<8>();
    tail.is_empty().then(|| {
        (
            head,
            values.iter().map(|b| f64::from_le_bytes(*b)).collect(),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_reads_back_aligned() {
        let mut w = FrameWriter::default();
        assert_eq!(w.push([1.0, f64::INFINITY]), 0);
        assert_eq!(w.push([2.5]), 2);
        let head = FrameHead {
            now: 1.5e12,
            cursor: 7,
            full: true,
            settings: None,
            board: None,
            sources: None,
            verdict: Some(Verdict::default()),
            alerts: None,
            kiosk: None,
            variables: None,
            annotations: None,
            panels: vec![],
            coming: None,
        };
        let bytes = w.finish(&head);
        assert_eq!(bytes.len() % 8, 0);
        let (back, block) = read(&bytes).unwrap();
        assert_eq!(back, head);
        assert_eq!(block, [1.0, f64::INFINITY, 2.5]);
        assert!(read(&bytes[..bytes.len() - 3]).is_none());
        assert!(read(b"SWF1").is_none());
    }
}

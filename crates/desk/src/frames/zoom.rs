//! The answer to a zoom.

use super::series_name;
use model::board::Query;
use std::collections::BTreeMap;
use wire::{FrameHead, FrameWriter, Mark, PanelFrame, PanelState, Patch, QueryFrame, SeriesView};
/// A frame with nothing but the given series of one panel: the answer to a zoom.
pub fn zoom(
    panel: &str,
    query: &Query,
    answers: &[(String, bool, model::RangeFrame)],
    now: i64,
) -> Vec<u8> {
    let mut writer = FrameWriter::default();
    let Some((_, _, first)) = answers.first() else {
        return writer.finish(&zoom_head(panel, Vec::new(), now));
    };
    let mut series = Vec::new();
    let mut offset = None;
    for (source, demo, frame) in answers {
        for (labels, values) in &frame.series {
            series.push(SeriesView {
                name: series_name(query.legend.as_deref(), labels, source),
                labels: BTreeMap::new(),
                source: source.clone(),
                demo: *demo,
            });
            let at =
                writer.push((0..first.len).map(|i| values.get(i).copied().unwrap_or(f64::NAN)));
            offset.get_or_insert(at);
        }
    }
    let patch = Patch {
        from: first.start_ms as f64,
        step: first.step_ms as f64,
        count: u32::try_from(first.len).unwrap_or(u32::MAX),
        offset: offset.unwrap_or(0),
    };
    let marks = vec![
        Mark {
            freshness: wire::Freshness::Fresh,
            severity: wire::SeverityView::Normal
        };
        series.len()
    ];
    let latest = writer.push(std::iter::repeat_n(f64::NAN, 2 * series.len()));
    let reduced = writer.push([f64::NAN, f64::NAN]);
    let frame = QueryFrame {
        id: query.id.clone(),
        epoch: 0,
        series: Some(series),
        start: first.start_ms as f64,
        patch: Some(patch),
        latest,
        marks,
        reduced,
        reduced_mark: Mark {
            freshness: wire::Freshness::Unknown,
            severity: wire::SeverityView::Normal,
        },
    };
    writer.finish(&zoom_head(panel, vec![frame], now))
}

fn zoom_head(panel: &str, queries: Vec<QueryFrame>, now: i64) -> FrameHead {
    FrameHead {
        now: now as f64,
        cursor: 0,
        full: false,
        settings: None,
        board: None,
        sources: None,
        verdict: None,
        alerts: None,
        kiosk: None,
        variables: None,
        annotations: None,
        panels: vec![PanelFrame {
            id: panel.to_owned(),
            state: PanelState::Data,
            severity: wire::SeverityView::Normal,
            demo: false,
            remarks: Vec::new(),
            topology: None,
            queries,
        }],
        coming: None,
    }
}

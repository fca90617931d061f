//! From the engine's state to the page's frame: what is new since a cursor.

pub(crate) mod topology;
mod views;
mod zoom;

pub use views::{error_view, source_view};
pub use zoom::zoom;

use crate::annotations::Annotations;
use crate::kiosk::ScreenNow;
use engine::machine::VariableStatus;
use engine::panels::QueryStatus;
use engine::stream::{Shape, Stream};
use engine::{Engine, Freshness, PanelStatus, Shown};
use model::Labels;
use model::board::{Panel, PanelKind, Query};
use views::{board_view, remark_view, state_view, verdict_view};
use wire::{
    AlertBand, AnnotationView, ComingBoard, FrameHead, FrameWriter, Mark, PanelFrame, Patch,
    QueryFrame, ReadyBoard, SeriesView, VariableView, ViewSettings,
};

/// Characters of a label value or a series name that reach the page.
const MAX_TEXT: usize = 200;
/// Marks of one question that reach the page.
const MAX_MARKS: usize = 100;
/// Labels of a series that reach the page.
const MAX_LABELS: usize = 40;

/// What stands in a frame beside the board, each with the revision of its last change.
#[derive(Clone, Copy, Debug)]
pub struct Around<'a> {
    /// How windows look.
    pub settings: (&'a ViewSettings, u64),
    /// The alert desk.
    pub band: (Option<&'a AlertBand>, u64),
    /// What happened.
    pub notes: (&'a Annotations, u64),
    /// The screen that asks; `None`: no screen, the first board.
    pub screen: Option<&'a ScreenNow>,
}

/// The frame for a page that has everything up to `cursor` (0: nothing), and boards that stand `ready`.
pub fn build(
    engine: &Engine,
    around: Around<'_>,
    cursor: u64,
    ready: &[ReadyBoard],
    now: i64,
) -> Vec<u8> {
    let Around {
        settings,
        band,
        notes,
        screen,
    } = around;
    let (first, nothing) = (&engine.setup().open, ScreenNow::default());
    let board = screen.map_or(first, |s| &s.board);
    let screen = screen.unwrap_or(&nothing);
    let engine = engine.shown(board);
    let engine = &engine;
    let (laid_out, sources_rev, verdict_rev) = engine.revisions();
    let board_rev = laid_out.max(screen.switched);
    let forgets = cursor == 0 || cursor > engine.revision();
    let anew = forgets || board_rev > cursor;
    // What is the same on all boards a page keeps when it comes to another.
    let newer = |revision: u64| forgets || revision > cursor;
    let of_board = |revision: u64| anew || revision > cursor;
    let since = match anew {
        false => Some(cursor),
        // Of a board that it has laid out beforehand the page knows all up to then.
        true => known(if forgets { &[] } else { ready }, board, engine),
    };
    let full = since.is_none();
    let mut writer = FrameWriter::default();
    let panels = panel_frames(engine, since, &mut writer);
    let coming = (screen.view.coming.as_deref())
        .filter(|next| !anew && known(ready, next, &engine.shown(next)).is_none())
        .and_then(|next| coming(&engine.shown(next), &mut writer));
    let head = FrameHead {
        now: now as f64,
        // A page that has seen nothing yet must not send 0 again.
        cursor: engine.revision().max(1),
        full,
        settings: newer(settings.1).then(|| settings.0.clone()),
        board: (engine.board().filter(|_| anew)).map(|b| board_view(b, engine)),
        sources: newer(sources_rev).then(|| engine.sources().map(source_view).collect()),
        verdict: of_board(verdict_rev).then(|| verdict_view(engine, engine.verdict())),
        alerts: band.0.filter(|_| newer(band.1)).cloned(),
        kiosk: newer(screen.changed).then(|| screen.view.clone()),
        variables: variables(engine, anew, cursor),
        annotations: of_board(notes.1.max(engine.beside_revision()))
            .then(|| happened(engine, notes.0.view())),
        panels,
        coming,
    };
    writer.finish(&head)
}

/// Up to which cursor a page has a board that it has laid out beforehand; `None` when it has not, or when it is laid out otherwise by now.
fn known(ready: &[ReadyBoard], board: &str, shown: &Shown<'_>) -> Option<u64> {
    let (laid_out, ..) = shown.revisions();
    let ready = ready
        .iter()
        .find(|r| r.board == board && shown.board().is_some())?;
    let is_open = !shown.panels().is_empty();
    (is_open && (laid_out..=shown.revision()).contains(&ready.cursor)).then_some(ready.cursor)
}

/// A board that is to be laid out beforehand, once there is something to show on all of it.
fn coming(shown: &Shown<'_>, writer: &mut FrameWriter) -> Option<ComingBoard> {
    let board = shown.board().filter(|_| shown.is_complete())?;
    Some(ComingBoard {
        board: board_view(board, shown),
        panels: panel_frames(shown, None, writer),
    })
}

/// Panels of a board that have changed since; with `None` all, with all that they show.
fn panel_frames(
    engine: &Shown<'_>,
    since: Option<u64>,
    writer: &mut FrameWriter,
) -> Vec<PanelFrame> {
    let panels = engine.board().map(|b| b.panels.as_slice());
    let with_status = panels.unwrap_or_default().iter().zip(engine.panels());
    with_status
        .filter(|(_, status)| since.is_none_or(|since| status.revision > since))
        .map(|(panel, status)| {
            let full = since.is_none();
            panel_frame(engine, panel, status, since.unwrap_or(0), full, writer)
        })
        .collect()
}

/// What happened, by the book (`all`) and by the metrics that the board names for it, oldest first.
pub(crate) fn happened(engine: &Engine, mut all: Vec<AnnotationView>) -> Vec<AnnotationView> {
    for mark in engine
        .board()
        .map(|b| b.marks.as_slice())
        .unwrap_or_default()
    {
        for (source, values) in engine.marks(mark) {
            let demo = engine.source(source).is_some_and(|s| s.spec.demo);
            let seen = values.iter().filter(|(_, v)| v.is_finite() && *v > 0.0);
            all.extend(seen.take(MAX_MARKS).map(|(labels, seconds)| {
                let title = series_name(mark.legend.as_deref(), labels, source);
                AnnotationView {
                    id: format!("{}/{source}/{title}", mark.id),
                    kind: mark.kind.into(),
                    at: seconds * 1000.0,
                    until: None,
                    title,
                    place: Vec::new(),
                    source: source.to_owned(),
                    severity: model::Severity::Normal.into(),
                    demo,
                }
            }));
        }
    }
    all.sort_by(|a, b| a.at.total_cmp(&b.at));
    all
}

/// The board's variables, when the page does not know them: values come with answers of sources, choices lay the board out anew.
fn variables(engine: &Shown<'_>, full: bool, since: u64) -> Option<Vec<VariableView>> {
    let board = engine.board().filter(|b| !b.variables.is_empty());
    let Some(board) = board else {
        return full.then(Vec::new);
    };
    if !full && engine.beside_revision() <= since {
        return None;
    }
    let view = |status: VariableStatus<'_>| VariableView {
        id: status.variable.id.clone(),
        label: status
            .variable
            .label
            .clone()
            .unwrap_or_else(|| status.variable.id.clone()),
        values: status.values.iter().map(|v| cut(v)).collect(),
        chosen: status.chosen,
        multi: status.variable.multi,
    };
    Some(engine.variables(board).into_iter().map(view).collect())
}

fn panel_frame(
    engine: &Shown<'_>,
    panel: &Panel,
    status: &PanelStatus,
    since: u64,
    full: bool,
    writer: &mut FrameWriter,
) -> PanelFrame {
    let queries = status.queries.iter().zip(&panel.queries);
    let moved = full || status.queries.iter().any(|q| q.epoch_revision > since);
    PanelFrame {
        id: panel.id.clone(),
        state: state_view(&status.state),
        severity: status.severity.into(),
        demo: status.demo,
        remarks: status.remarks.iter().map(remark_view).collect(),
        topology: (moved && panel.kind == PanelKind::Topology)
            .then(|| topology::view(panel, &series_labels(engine, status))),
        queries: queries
            .map(|(s, q)| query_frame(engine, q, s, since, full, writer))
            .collect(),
    }
}

/// Labels of the series of each query, in the order in which frames have them.
fn series_labels<'a>(engine: &'a Engine, status: &'a PanelStatus) -> Vec<Vec<&'a Labels>> {
    let of = |q: &'a QueryStatus| {
        let streams = q.streams.iter().filter_map(|id| engine.stream(*id));
        streams.flat_map(names).collect()
    };
    status.queries.iter().map(of).collect()
}

fn query_frame(
    engine: &Shown<'_>,
    query: &Query,
    status: &QueryStatus,
    since: u64,
    full: bool,
    writer: &mut FrameWriter,
) -> QueryFrame {
    let streams: Vec<&Stream> = status
        .streams
        .iter()
        .filter_map(|id| engine.stream(*id))
        .collect();
    let anew = full || status.epoch_revision > since;
    let series = anew.then(|| {
        let of = |s: &&Stream| -> Vec<SeriesView> {
            names(s)
                .map(|l| series_view(engine, query, &s.key.source, l))
                .collect()
        };
        streams.iter().flat_map(of).collect()
    });
    let (start, patch) = history(&streams, if anew { 0 } else { since }, anew, writer);
    let at = |t: Option<i64>| t.map_or(f64::NAN, |t| t as f64);
    let latest = writer.push(status.judged.iter().flat_map(|j| [j.value, at(j.at)]));
    let reduced = writer.push([status.reduced.value, at(status.reduced.at)]);
    QueryFrame {
        id: query.id.clone(),
        epoch: status.epoch,
        series,
        start,
        patch,
        latest,
        marks: status.judged.iter().map(mark).collect(),
        reduced,
        reduced_mark: mark(&status.reduced),
    }
}

fn names(stream: &Stream) -> Box<dyn Iterator<Item = &Labels> + '_> {
    match stream.key.shape {
        Shape::Range(..) => Box::new(stream.columns.series().map(|(l, _)| l)),
        Shape::Instant => Box::new(stream.instant.1.iter().map(|(l, _)| l)),
    }
}

/// Begin of the window and what is new in it. All streams of a query share window and step; their grids are the same multiples.
fn history(
    streams: &[&Stream],
    since: u64,
    all: bool,
    writer: &mut FrameWriter,
) -> (f64, Option<Patch>) {
    let with_points = || streams.iter().filter(|s| !s.columns.is_empty());
    let start = with_points().map(|s| s.columns.start()).min();
    let end = with_points().filter_map(|s| s.columns.last()).max();
    let step = with_points().map(|s| s.columns.step()).find(|s| *s > 0);
    let from = if all {
        start
    } else {
        with_points()
            .filter_map(|s| s.columns.changed_since(since))
            .min()
    };
    let (Some(start), Some(end), Some(step)) = (start, end, step) else {
        return (0.0, None);
    };
    let Some(from) = from.map(|f| f.max(start)) else {
        return (start as f64, None);
    };
    let count = usize::try_from((end - from) / step + 1).unwrap_or(0);
    let mut offset = None;
    for stream in streams {
        let c = &stream.columns;
        for (_, values) in c.series() {
            let point = |i: usize| {
                let index = (from + step * i as i64 - c.start()).checked_div(c.step())?;
                usize::try_from(index)
                    .ok()
                    .and_then(|i| values.get(i))
                    .copied()
            };
            let at = writer.push((0..count).map(|i| point(i).unwrap_or(f64::NAN)));
            offset.get_or_insert(at);
        }
    }
    let patch = Patch {
        from: from as f64,
        step: step as f64,
        count: u32::try_from(count).unwrap_or(u32::MAX),
        offset: offset.unwrap_or_else(|| writer.push([])),
    };
    (start as f64, Some(patch))
}

fn series_view(engine: &Shown<'_>, query: &Query, source: &str, labels: &Labels) -> SeriesView {
    SeriesView {
        name: series_name(query.legend.as_deref(), labels, source),
        labels: labels
            .iter()
            .take(MAX_LABELS)
            .map(|(n, v)| (cut(n), cut(v)))
            .collect(),
        source: source.to_owned(),
        demo: engine.source(source).is_some_and(|s| s.spec.demo),
    }
}

/// The legend with its `{{label}}` filled in; without a legend the label values, without labels the source's name.
pub fn series_name(legend: Option<&str>, labels: &Labels, source: &str) -> String {
    let Some(mut rest) = legend else {
        let values: Vec<&str> = labels
            .iter()
            .filter(|(n, _)| *n != "__name__" && *n != "job")
            .map(|(_, v)| v)
            .collect();
        let name = if values.is_empty() {
            labels.metric_name().unwrap_or(source).to_owned()
        } else {
            values.join(" · ")
        };
        return cut(&name);
    };
    let mut out = String::new();
    while let Some(start) = rest.find("{{") {
        let Some(len) = rest[start..].find("}}") else {
            break;
        };
        out.push_str(&rest[..start]);
        out.push_str(
            labels
                .get(rest[start + 2..start + len].trim())
                .unwrap_or(""),
        );
        rest = &rest[start + len + 2..];
    }
    out.push_str(rest);
    cut(out.trim())
}

fn cut(text: &str) -> String {
    let mut out: String = text.chars().take(MAX_TEXT).collect();
    if out.len() < text.len() {
        out.push('…');
    }
    out
}

fn mark(j: &engine::judge::Judged) -> Mark {
    Mark {
        freshness: freshness(j.freshness),
        severity: j.severity.into(),
    }
}

fn freshness(f: Freshness) -> wire::Freshness {
    match f {
        Freshness::Fresh => wire::Freshness::Fresh,
        Freshness::Old => wire::Freshness::Old,
        Freshness::Unknown => wire::Freshness::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::Failure;
    use wire::ErrorCode;

    #[test]
    fn names_of_series_come_from_the_legend_and_are_bounded() {
        let l = Labels::from_pairs([
            ("__name__", "m"),
            ("job", "j"),
            ("instance", "h1"),
            ("x", &*"<b>".repeat(1000)),
        ]);
        assert_eq!(
            series_name(Some("{{instance}} 的 {{ nope }}"), &l, "s"),
            "h1 的"
        );
        assert_eq!(series_name(Some("a {{x"), &l, "s"), "a {{x");
        assert!(series_name(None, &l, "s").chars().count() <= MAX_TEXT + 1);
        assert_eq!(series_name(None, &Labels::default(), "prod"), "prod");
        assert_eq!(
            series_name(None, &Labels::from_pairs([("__name__", "m")]), "prod"),
            "m"
        );
    }

    #[test]
    fn every_code_of_the_engine_and_of_sources_is_on_the_wire() {
        let codes = [
            "connect",
            "dns",
            "tls",
            "timeout",
            "http",
            "unauthorized",
            "not_prometheus",
            "not_alertmanager",
            "not_expected",
            "unsupported",
            "too_large",
            "truncated",
            "malformed",
            "query",
            "limit",
            "cancelled",
            "unknown_source",
            "unknown_concept",
            "unbound_concept",
            "secret_missing",
            "secret_unreadable",
            "partial",
            "skew",
            "warned",
            "targets",
            "scrape",
            "config",
        ];
        for code in codes {
            let view = error_view(&Failure {
                code,
                params: vec![],
            });
            assert_ne!(view.code, ErrorCode::Internal, "{code}");
        }
    }
}

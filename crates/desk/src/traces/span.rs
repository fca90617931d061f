//! Everything about one span.

use super::opened::Opened;
use super::units::{at_ms, length, name, tag};
use super::waterfall;
use crate::duty::sentences::{With as _, sentence, text};
use model::trace::{SpanEvent, Tag};
use traces::{Collapsed, Marks, Note, Row};
use wire::{Sentence, TraceEventView, TraceLinkView, TraceSpanView, TraceStepView};

/// Tags of a span, or of its process, that are told.
const TAGS: usize = 300;
/// Events that are told.
const EVENTS: usize = 300;
/// Fields of an event that are told.
const FIELDS: usize = 60;
/// Other spans that are told.
const LINKS: usize = 100;
/// Texts of the store that are told.
const WARNINGS: usize = 20;
/// Steps of the path from the root that are told: the first and the last of them.
const PATH: (usize, usize) = (3, 9);

/// Everything about a row; `None` when there is no such row.
pub fn detail(opened: &Opened, at: u32) -> Option<TraceSpanView> {
    let a = &opened.arrangement;
    // A look without anything folded, so that position and number are the same.
    let rows = a.visible(&Collapsed::none(a), at, 1, 0);
    let row = rows.first()?;
    let span = row.span;
    let process = a.trace().processes.get(span.process as usize);
    let begin = opened.begin();
    let (path, path_cut) = path(opened, at);
    let of_process = process.map(|p| p.tags.as_slice()).unwrap_or_default();
    let left_out = span.tags.len().saturating_sub(TAGS)
        + span.events.len().saturating_sub(EVENTS)
        + of_process.len().saturating_sub(TAGS)
        + span.links.len().saturating_sub(LINKS);
    let link = |l: &model::trace::Link| TraceLinkView {
        trace: l.trace.to_string(),
        span: l.span.to_string(),
        row: (l.trace == a.trace().id)
            .then(|| a.trace().spans.iter().position(|s| s.id == l.span))
            .flatten()
            .and_then(|n| a.row_of(u32::try_from(n).ok()?)),
    };
    Some(TraceSpanView {
        // the waterfall shows the critical path; here it would be thousands of pieces for a span with as many children
        row: waterfall::row(opened, row, (f64::MAX, f64::MIN)),
        id: span.id.to_string(),
        parent: span.parent.map(|p| p.to_string()),
        path,
        path_cut,
        at: at_ms(row.start_ns),
        shift: row.shift_ns as f64,
        tags: span.tags.iter().take(TAGS).map(tag).collect(),
        process: of_process.iter().take(TAGS).map(tag).collect(),
        events: span
            .events
            .iter()
            .take(EVENTS)
            .map(|e| event(e, begin))
            .collect(),
        left_out: u32::try_from(left_out).unwrap_or(u32::MAX),
        links: span.links.iter().take(LINKS).map(link).collect(),
        notes: notes(row)
            .into_iter()
            .chain(store_notes(opened, row.span_index))
            .collect(),
        warnings: own_words(opened, row.span_index),
    })
}

/// What the store says of a span's clock.
fn store_notes(opened: &Opened, span: u32) -> Vec<Sentence> {
    let all = opened.arrangement.notes().iter();
    all.filter(|(n, _)| *n == Some(span))
        .filter_map(|(_, note)| {
            let (key, by) = match note {
                Note::AdjustedByStore(by) => ("store_moved", by),
                Note::NotAdjusted(by) => ("store_not_moved", by),
                _ => return None,
            };
            let said = sentence(format!("traces.span_note.{key}"));
            Some(said.with("by", text(&length(*by))))
        })
        .collect()
}

/// What the store says of a span and we cannot say in our own words.
fn own_words(opened: &Opened, span: u32) -> Vec<String> {
    let of_span = opened
        .arrangement
        .notes()
        .iter()
        .filter(|(n, _)| *n == Some(span));
    of_span
        .filter_map(|(_, note)| match note {
            Note::Other(words) => Some(name(words)),
            Note::AdjustedByStore(_)
            | Note::NotAdjusted(_)
            | Note::ParentMissing(_)
            | Note::DuplicateIds => None,
        })
        .take(WARNINGS)
        .collect()
}

fn event(e: &SpanEvent, begin: i64) -> TraceEventView {
    let named = |f: &&Tag| ["event", "message", "name"].contains(&&*f.key);
    let title = e.fields.iter().find(named);
    TraceEventView {
        at: e.at_ns.saturating_sub(begin) as f64,
        name: title
            .map(|f| name(&f.value.to_string()))
            .unwrap_or_default(),
        fields: e
            .fields
            .iter()
            .filter(|f| title.is_none_or(|t| !std::ptr::eq(*f, t)))
            .take(FIELDS)
            .map(tag)
            .collect(),
    }
}

fn step(opened: &Opened, row: u32) -> Option<TraceStepView> {
    let span = opened.arrangement.span(row)?;
    Some(TraceStepView {
        row,
        service: opened.service(opened.arrangement.trace().service(span)),
        operation: name(&span.operation),
    })
}

/// From the root to the parent of a row, and how many steps are left out.
fn path(opened: &Opened, row: u32) -> (Vec<TraceStepView>, u32) {
    let above = std::iter::successors(opened.arrangement.parent(row), |r| {
        opened.arrangement.parent(*r)
    });
    let mut rows: Vec<u32> = above.collect();
    rows.reverse();
    let (first, last) = PATH;
    let out = rows.len().saturating_sub(first + last);
    if out > 0 {
        rows.drain(first..first + out);
    }
    let steps = rows.iter().filter_map(|r| step(opened, *r)).collect();
    (steps, u32::try_from(out).unwrap_or(u32::MAX))
}

/// What is odd about a row.
fn notes(row: &Row<'_>) -> Vec<Sentence> {
    let said = |key: &str| sentence(format!("traces.span_note.{key}"));
    let mut out = Vec::new();
    let plain = [
        (Marks::ORPHAN, "orphan"),
        (Marks::RING, "ring"),
        (Marks::DUPLICATE, "duplicate"),
        (Marks::SHARED_ID, "shared_id"),
        (Marks::NEGATIVE, "negative"),
        (Marks::ASYNC, "async"),
    ];
    for (mark, key) in plain {
        if row.marks.contains(mark) {
            out.push(said(key));
        }
    }
    for (ns, key) in [
        (row.before_parent_ns, "before_parent"),
        (row.after_parent_ns, "after_parent"),
    ] {
        if ns > 0 {
            out.push(said(key).with("by", text(&length(ns))));
        }
    }
    if row.shift_ns != 0 {
        out.push(said("moved").with("by", text(&length(row.shift_ns))));
    }
    out
}

//! The traces that are open: few, and bounded by the memory they take.

use super::units::{at_ms, length, name};
use crate::duty::sentences::{With as _, sentence, text};
use model::trace::Trace;
use parking_lot::Mutex;
use source::jaeger::Odd;
use std::collections::{BTreeMap, HashMap};
use std::mem::size_of;
use std::sync::{Arc, OnceLock};
use traces::{Arrangement, Clocks, Collapsed, Find, Flame, Hits, Marks, Note, ServiceTotals};
use wire::{Param, Sentence, TraceBucketView, TraceHead, TraceServiceView};

/// Traces open at once.
const MOST: usize = 8;
/// Bytes that they may take together; the one that was opened last stays however large it is.
const BYTES: usize = 384 << 20;
/// Pieces of the minimap.
const BUCKETS: usize = 480;
/// Services that the page is told of.
const SERVICES: usize = 1_000;
/// Sentences of one kind that are told.
const TOLD: usize = 5;

/// What is folded away, and how often that has changed.
#[derive(Debug)]
pub struct Fold {
    /// The rows.
    pub collapsed: Collapsed,
    /// Changes so far.
    pub revision: u32,
}

/// Where a trace is from and how long it took.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The store's name.
    pub source: String,
    /// Made up.
    pub demo: bool,
    /// Bytes of its answer.
    pub bytes: u64,
    /// From the question to the whole answer, ms.
    pub asked_ms: f64,
    /// Until it was arranged, ms.
    pub arranged_ms: f64,
}

/// An open trace.
#[derive(Debug)]
pub struct Opened {
    /// What the page knows it by.
    pub key: String,
    /// Where it is from.
    pub origin: Origin,
    /// The trace.
    pub arrangement: Arrangement,
    /// Its services, the one with most time of its own first.
    pub services: Vec<ServiceTotals>,
    /// Their numbers.
    pub number: HashMap<Arc<str>, u32>,
    /// What is folded away.
    pub fold: Mutex<Fold>,
    /// Its flame graph, once somebody has asked for it.
    pub flame: OnceLock<Flame>,
    /// What was found last.
    pub found: Mutex<Option<(Find, Arc<Hits>)>>,
    /// About how many bytes it takes.
    pub weight: usize,
}

/// What the page knows a trace by.
pub fn key(source: &str, id: &str, adjusted: bool) -> String {
    format!(
        "{}/{id}/{source}",
        if adjusted { "adjusted" } else { "recorded" }
    )
}

impl Opened {
    /// Arranges a trace; takes a while for a large one.
    pub fn new(trace: Arc<Trace>, adjusted: bool, origin: Origin) -> Self {
        let clocks = if adjusted {
            Clocks::Adjusted
        } else {
            Clocks::Recorded
        };
        let key = key(&origin.source, &trace.id.to_string(), adjusted);
        let weight = weight(&trace);
        let arrangement = Arrangement::with(trace, clocks);
        let services = arrangement.services();
        let number = (0..)
            .zip(&services)
            .map(|(n, s): (u32, _)| (s.service.clone(), n));
        Self {
            key,
            origin,
            number: number.collect(),
            fold: Mutex::new(Fold {
                collapsed: Collapsed::none(&arrangement),
                revision: 0,
            }),
            flame: OnceLock::new(),
            found: Mutex::new(None),
            services,
            arrangement,
            weight,
        }
    }

    /// The number of a service.
    pub fn service(&self, name: &str) -> u32 {
        self.number.get(name).copied().unwrap_or_default()
    }

    /// When it begins, ns since the epoch.
    pub fn begin(&self) -> i64 {
        self.arrangement.extent_ns().0
    }

    /// Its head as the page sees it.
    pub fn head(&self) -> TraceHead {
        let a = &self.arrangement;
        let trace = a.trace();
        let (begin, end) = a.extent_ns();
        let root = a.critical_path().root().and_then(|r| a.span(r));
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let shown = self.services.iter().take(SERVICES);
        TraceHead {
            key: self.key.clone(),
            id: trace.id.to_string(),
            source: self.origin.source.clone(),
            demo: self.origin.demo,
            service: root.map(|s| name(trace.service(s))).unwrap_or_default(),
            operation: root.map(|s| name(&s.operation)).unwrap_or_default(),
            at: at_ms(begin),
            duration: end.saturating_sub(begin) as f64,
            spans: count(a.len()),
            errors: self.services.iter().map(|s| s.errors).sum(),
            depth: if a.is_empty() { 0 } else { a.max_depth() + 1 },
            roots: count(a.roots().count()),
            services: shown.clone().map(service_view).collect(),
            notes: self.notes(),
            adjusted: a.clocks() == Clocks::Adjusted,
            skewed: a.skews().iter().any(|s| s.shift_ns != 0),
            rows: self.fold.lock().collapsed.visible(),
            critical: shown.map(|s| s.critical_ns as f64).collect(),
            minimap: a.minimap(BUCKETS).iter().map(bucket).collect(),
            bytes: self.origin.bytes as f64,
            took: [self.origin.asked_ms, self.origin.arranged_ms],
        }
    }

    /// What is to be said of the whole trace.
    fn notes(&self) -> Vec<Sentence> {
        let a = &self.arrangement;
        let mut out = Vec::new();
        let marked = [
            (Marks::ORPHAN, "orphans"),
            (Marks::RING, "rings"),
            (Marks::DUPLICATE, "duplicates"),
            (Marks::NEGATIVE, "negative"),
        ];
        for (mark, key) in marked {
            let rows = 0..u32::try_from(a.len()).unwrap_or(u32::MAX);
            let n = rows.filter(|r| a.marks(*r).contains(mark)).count();
            if n > 0 {
                out.push(said(key).with("count", number(n)));
            }
        }
        for skew in a.host_skews().iter().take(TOLD) {
            out.push(
                said("clocks")
                    .with("parent", text(&name(&skew.parent)))
                    .with("child", text(&name(&skew.child)))
                    .with("by", text(&length(skew.before_ns)))
                    .with("count", number(skew.before as usize)),
            );
        }
        self.store_notes(&mut out);
        out
    }

    /// What the store said, each kind once.
    fn store_notes(&self, out: &mut Vec<Sentence>) {
        let a = &self.arrangement;
        let (mut moved, mut most, mut not_moved, mut repeat) = (0, 0_i64, 0, false);
        let mut others: BTreeMap<&str, usize> = BTreeMap::new();
        for (_, note) in a.notes() {
            match note {
                Note::AdjustedByStore(by) => {
                    moved += 1;
                    most = most.max(by.saturating_abs());
                }
                Note::NotAdjusted(_) => not_moved += 1,
                Note::DuplicateIds => repeat = true,
                Note::ParentMissing(_) => {}
                Note::Other(text) => *others.entry(text).or_default() += 1,
            }
        }
        if moved > 0 {
            let said = said("store_moved").with("count", number(moved));
            out.push(said.with("by", text(&length(most))));
        }
        if not_moved > 0 {
            out.push(said("store_not_moved").with("count", number(not_moved)));
        }
        if repeat {
            out.push(said("store_duplicates"));
        }
        let more = others.len().saturating_sub(TOLD);
        for (words, count) in others.into_iter().take(TOLD) {
            out.push(match Odd::read(words) {
                Some((odd, times)) => sentence(format!("trace_source.oddity.{}", odd.code()))
                    .with("count", number(times as usize)),
                None => said("store_says")
                    .with("count", number(count))
                    .with("words", text(&name(words))),
            });
        }
        if more > 0 {
            out.push(said("more").with("count", number(more)));
        }
    }
}

fn number(n: usize) -> Param {
    Param::Number(n as f64)
}

fn said(key: &str) -> Sentence {
    sentence(format!("traces.note.{key}"))
}

fn service_view(s: &ServiceTotals) -> TraceServiceView {
    TraceServiceView {
        name: name(&s.service),
        spans: s.spans,
        errors: s.errors,
        self_time: s.self_ns as f64,
    }
}

fn bucket(b: &traces::Bucket) -> TraceBucketView {
    TraceBucketView {
        spans: b.spans,
        errors: b.errors,
        critical: f64::from(b.critical),
    }
}

/// About how many bytes a trace and its arrangement take. Names are shared and not counted.
fn weight(trace: &Trace) -> usize {
    use model::trace::{Span, SpanEvent, Tag, TagValue};
    /// Vectors of the arrangement, for each span.
    const ARRANGED: usize = 120;
    let tag = |t: &Tag| {
        let text = match &t.value {
            TagValue::Text(text) if text.len() > 64 => text.len(),
            _ => 0,
        };
        size_of::<Tag>() + text
    };
    let event = |e: &SpanEvent| size_of::<SpanEvent>() + e.fields.iter().map(tag).sum::<usize>();
    let span = |s: &Span| {
        size_of::<Span>()
            + ARRANGED
            + s.tags.iter().map(tag).sum::<usize>()
            + s.events.iter().map(event).sum::<usize>()
    };
    trace.spans.iter().map(span).sum()
}

/// Open traces, the one used last at the end.
#[derive(Debug, Default)]
pub struct Shelf(Mutex<Vec<Arc<Opened>>>);

impl Shelf {
    /// The trace with this key.
    pub fn get(&self, key: &str) -> Option<Arc<Opened>> {
        let mut all = self.0.lock();
        let at = all.iter().position(|o| o.key == key)?;
        let found = all.remove(at);
        all.push(found.clone());
        Some(found)
    }

    /// Adds one; those that were not used for longest go when there are too many.
    pub fn put(&self, opened: Arc<Opened>) {
        let mut all = self.0.lock();
        all.retain(|o| o.key != opened.key);
        all.push(opened);
        let mut weight: usize = all.iter().map(|o| o.weight).sum();
        while all.len() > 1 && (all.len() > MOST || weight > BYTES) {
            weight -= all.remove(0).weight;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::trace::{Process, Span, SpanId, SpanKind, TraceId};

    pub fn trace(id: u128, spans: u64) -> Arc<Trace> {
        let span = |n: u64| Span {
            id: SpanId(n),
            parent: (n > 1).then_some(SpanId(n / 2)),
            links: Vec::new(),
            process: 0,
            operation: "op".into(),
            kind: SpanKind::Internal,
            start_ns: n as i64 * 1_000,
            duration_ns: 1_000_000 - n as i64 * 1_000,
            error: n == 3,
            tags: Vec::new(),
            events: Vec::new(),
            warnings: Vec::new(),
        };
        Arc::new(Trace {
            id: TraceId(id),
            spans: (1..=spans).map(span).collect(),
            processes: vec![Process {
                service: "svc".into(),
                tags: Vec::new(),
            }],
            warnings: vec!["something odd".into()],
        })
    }

    fn origin() -> Origin {
        Origin {
            source: "s".into(),
            demo: false,
            bytes: 1,
            asked_ms: 1.0,
            arranged_ms: 1.0,
        }
    }

    #[test]
    fn few_are_open_and_the_one_used_last_stays() {
        let shelf = Shelf::default();
        let open = |id| Arc::new(Opened::new(trace(id, 3), false, origin()));
        let first = open(0);
        shelf.put(first.clone());
        for id in 1..=20 {
            shelf.put(open(id));
            assert!(shelf.get(&first.key).is_some(), "used all the time");
        }
        let all = shelf.0.lock();
        assert_eq!(all.len(), MOST);
        assert!(all.iter().any(|o| o.key == first.key));
    }

    #[test]
    fn a_head_says_what_is_there() {
        let opened = Opened::new(trace(7, 5), false, origin());
        let head = opened.head();
        assert_eq!(
            (head.spans, head.errors, head.depth, head.rows),
            (5, 1, 3, 5)
        );
        assert_eq!(
            (head.service.as_str(), head.operation.as_str()),
            ("svc", "op")
        );
        assert_eq!(head.minimap.len(), BUCKETS);
        let keys: Vec<&str> = head.notes.iter().map(|n| n.key.as_str()).collect();
        assert_eq!(keys, ["traces.note.store_says"]);
    }
}

//! Traces in memory, bounded by number, spans and age.

use model::trace::{Dependency, Operation, Span, SpanKind, Tag, TagValue, Trace, TraceId};
use parking_lot::RwLock;
use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// Texts that occur again and again are kept once; more than this many, or longer ones, are not looked for.
const MOST_SHARED: usize = 16_384;
const LONGEST_SHARED: usize = 96;

/// How much is kept. What is over goes, the earliest arrived first; a trace alone is kept whatever its size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreLimits {
    /// Traces.
    pub traces: usize,
    /// Spans of all traces; one of the platform takes about 0.8 kB, so that 150,000 are 120 MB.
    pub spans: usize,
    /// How much older than the newest trace's end a trace's end may be.
    pub age: Duration,
}

impl Default for StoreLimits {
    fn default() -> Self {
        Self {
            traces: 20_000,
            spans: 150_000,
            age: Duration::from_secs(2 * 3600),
        }
    }
}

/// What a search wants, matched against one span.
#[derive(Clone, Debug, Default)]
pub(super) struct Wanted {
    pub(super) service: String,
    pub(super) operation: String,
    pub(super) tags: Vec<(String, String)>,
    pub(super) from_ns: i64,
    pub(super) to_ns: i64,
    pub(super) min_ns: i64,
    pub(super) max_ns: i64,
    pub(super) limit: i64,
}

#[derive(Debug, Default)]
struct Inner {
    /// By arrival.
    order: VecDeque<TraceId>,
    traces: HashMap<TraceId, Arc<Trace>>,
    spans: usize,
    newest_ns: i64,
    shared: HashSet<Arc<str>>,
}

/// Traces in memory; a copy is the same store.
#[derive(Clone, Debug)]
pub struct TraceStore {
    inner: Arc<RwLock<Inner>>,
    limits: StoreLimits,
}

impl Default for TraceStore {
    fn default() -> Self {
        Self::new(StoreLimits::default())
    }
}

impl TraceStore {
    /// An empty store.
    pub fn new(limits: StoreLimits) -> Self {
        Self {
            inner: Arc::default(),
            limits,
        }
    }

    /// Takes traces in. Spans of a trace that is there already are added to it. Traces without spans are left out.
    pub fn push(&self, traces: Vec<Trace>) {
        let mut inner = self.inner.write();
        for mut trace in traces.into_iter().filter(|t| !t.spans.is_empty()) {
            inner.share(&mut trace);
            inner.take(trace);
        }
        inner.shrink(&self.limits);
    }

    /// How many traces there are.
    pub fn len(&self) -> usize {
        self.inner.read().order.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many spans there are.
    pub fn spans(&self) -> usize {
        self.inner.read().spans
    }

    /// One trace.
    pub fn get(&self, id: TraceId) -> Option<Arc<Trace>> {
        self.inner.read().traces.get(&id).cloned()
    }

    /// All services, sorted.
    pub fn services(&self) -> Vec<String> {
        let inner = self.inner.read();
        let names: BTreeSet<&str> = inner
            .traces
            .values()
            .flat_map(|t| &t.processes)
            .map(|p| &*p.service)
            .collect();
        names.into_iter().map(str::to_owned).collect()
    }

    /// The operations of a service with their kinds, sorted.
    pub fn operations(&self, service: &str) -> Vec<Operation> {
        let inner = self.inner.read();
        let mut found: BTreeSet<(&str, SpanKind)> = BTreeSet::new();
        for trace in inner.traces.values() {
            for span in trace.spans.iter().filter(|s| trace.service(s) == service) {
                found.insert((&span.operation, span.kind));
            }
        }
        let named = |(name, kind): (&str, SpanKind)| Operation {
            name: name.to_owned(),
            kind: Some(kind),
        };
        found.into_iter().map(named).collect()
    }

    /// The traces of which one span is wanted, the last arrived first. `None` when the limit is not one that the store takes.
    pub(super) fn search(&self, wanted: &Wanted) -> Option<Vec<Arc<Trace>>> {
        let limit = usize::try_from(wanted.limit)
            .ok()
            .filter(|n| (1..=self.limits.traces).contains(n))?;
        let inner = self.inner.read();
        let found = inner
            .order
            .iter()
            .rev()
            .filter_map(|id| inner.traces.get(id))
            .filter(|t| t.spans.iter().any(|s| fits(t, s, wanted)))
            .take(limit);
        Some(found.cloned().collect())
    }

    /// Who calls whom in traces that lie within these times, in no order.
    pub fn dependencies(&self, from_ns: i64, to_ns: i64) -> Vec<Dependency> {
        let inner = self.inner.read();
        let mut calls: HashMap<(&str, &str), u64> = HashMap::new();
        for trace in inner.traces.values() {
            let inside = trace
                .extent_ns()
                .is_some_and(|(start, end)| start >= from_ns && end <= to_ns);
            if !inside {
                continue;
            }
            let of: HashMap<_, &str> = trace
                .spans
                .iter()
                .map(|s| (s.id, trace.service(s)))
                .collect();
            for span in &trace.spans {
                if let Some(parent) = span.parent.and_then(|p| of.get(&p)) {
                    *calls.entry((parent, trace.service(span))).or_default() += 1;
                }
            }
        }
        let named = |((parent, child), calls): ((&str, &str), u64)| Dependency {
            parent: parent.to_owned(),
            child: child.to_owned(),
            calls,
        };
        calls.into_iter().map(named).collect()
    }
}

impl Inner {
    fn take(&mut self, trace: Trace) {
        self.spans += trace.spans.len();
        if let Some((_, end)) = trace.extent_ns() {
            self.newest_ns = self.newest_ns.max(end);
        }
        match self.traces.get_mut(&trace.id) {
            Some(there) => merge(Arc::make_mut(there), trace),
            None => {
                self.order.push_back(trace.id);
                self.traces.insert(trace.id, Arc::new(trace));
            }
        }
    }

    fn shrink(&mut self, limits: &StoreLimits) {
        let age = i64::try_from(limits.age.as_nanos()).unwrap_or(i64::MAX);
        let oldest = self.newest_ns.saturating_sub(age);
        while self.order.len() > 1 {
            let Some(id) = self.order.front() else { break };
            let end = self.traces.get(id).and_then(|t| t.extent_ns());
            let old = end.is_none_or(|(_, end)| end < oldest);
            if !old && self.order.len() <= limits.traces && self.spans <= limits.spans {
                break;
            }
            if let Some(gone) = self
                .order
                .pop_front()
                .and_then(|id| self.traces.remove(&id))
            {
                self.spans -= gone.spans.len();
            }
        }
    }

    /// Replaces texts by those that are there already.
    fn share(&mut self, trace: &mut Trace) {
        let shared = &mut self.shared;
        for process in &mut trace.processes {
            one(shared, &mut process.service);
            all(shared, &mut process.tags);
        }
        for span in &mut trace.spans {
            one(shared, &mut span.operation);
            all(shared, &mut span.tags);
            for event in &mut span.events {
                all(shared, &mut event.fields);
            }
        }
    }
}

fn one(shared: &mut HashSet<Arc<str>>, text: &mut Arc<str>) {
    if text.len() > LONGEST_SHARED {
        return;
    }
    if let Some(there) = shared.get(&**text) {
        *text = there.clone();
        return;
    }
    if shared.len() >= MOST_SHARED {
        // most of them are numbers that never come again; what does come is soon here again
        shared.clear();
    }
    shared.insert(text.clone());
}

fn all(shared: &mut HashSet<Arc<str>>, tags: &mut [Tag]) {
    for tag in tags {
        one(shared, &mut tag.key);
        if let TagValue::Text(text) = &mut tag.value {
            one(shared, text);
        }
    }
}

/// Adds the spans of another part of the same trace.
fn merge(into: &mut Trace, from: Trace) {
    let shift = into.processes.len() as u32;
    into.processes.extend(from.processes);
    into.warnings.extend(from.warnings);
    into.spans.extend(from.spans.into_iter().map(|mut span| {
        span.process = span.process.saturating_add(shift);
        span
    }));
}

/// Whether this one span is wanted.
fn fits(trace: &Trace, span: &Span, wanted: &Wanted) -> bool {
    let took = span.duration_ns;
    trace.service(span) == wanted.service
        && (wanted.operation.is_empty() || *span.operation == *wanted.operation)
        && span.start_ns >= wanted.from_ns
        && span.start_ns <= wanted.to_ns
        && (wanted.min_ns == 0 || took >= wanted.min_ns)
        && (wanted.max_ns == 0 || took <= wanted.max_ns)
        && wanted.tags.iter().all(|(k, v)| tagged(trace, span, k, v))
}

/// Whether the span has this tag: one of its own, of its process, or of what it noted. Some names are asked of its state.
fn tagged(trace: &Trace, span: &Span, key: &str, value: &str) -> bool {
    match key {
        "error" => match value {
            "true" | "True" | "TRUE" | "t" | "1" => return span.error,
            "false" | "False" | "FALSE" | "f" | "0" => return !span.error,
            _ => return false,
        },
        "span.status" | "otel.status_code" => {
            return value.eq_ignore_ascii_case("error") == span.error;
        }
        "span.kind" => return span.kind.name().eq_ignore_ascii_case(value),
        _ => {}
    }
    let has = |tags: &[Tag], key: &str| {
        tags.iter()
            .any(|t| *t.key == *key && t.value.to_string() == value)
    };
    let process = trace.processes.get(span.process as usize);
    if let Some(key) = key.strip_prefix("resource.") {
        return process.is_some_and(|p| has(&p.tags, key));
    }
    has(&span.tags, key)
        || process.is_some_and(|p| has(&p.tags, key))
        || span.events.iter().any(|e| has(&e.fields, key))
}

//! Which span stands below which, for traces in which ids repeat, parents are missing and parents form rings.

use crate::Marks;
use hashbrown::HashMap;
use model::trace::{Span, SpanId, SpanKind, Trace};

/// No span, no row.
pub(crate) const NONE: u32 = u32::MAX;

/// One parent at most for each span, without rings.
pub(crate) struct Parents {
    /// The parent's index into the trace's spans, or [`NONE`].
    pub of: Vec<u32>,
    /// What was odd about it.
    pub marks: Vec<Marks>,
}

/// The spans of one id: the first ones of each sort.
#[derive(Clone, Copy)]
struct SameId {
    first: u32,
    client: u32,
    server: u32,
    spans: u32,
}

impl SameId {
    /// The two halves of one call, and nothing else.
    fn is_call(&self) -> bool {
        self.spans == 2 && self.client != NONE && self.server != NONE
    }
}

/// Where spans are by their ids. Lists of spans with one id are never walked: all spans of a trace may have the same.
struct ById {
    all: HashMap<SpanId, SameId>,
    by_service: HashMap<(SpanId, u32), u32>,
}

impl ById {
    fn of(trace: &Trace, services: &[u32]) -> Self {
        let mut all: HashMap<SpanId, SameId> = HashMap::with_capacity(trace.spans.len());
        for (n, span) in (0..).zip(&trace.spans) {
            let found = all.entry(span.id).or_insert(SameId {
                first: n,
                client: NONE,
                server: NONE,
                spans: 0,
            });
            found.spans += 1;
            match span.kind {
                SpanKind::Client if found.client == NONE => found.client = n,
                SpanKind::Server if found.server == NONE => found.server = n,
                _ => {}
            }
        }
        let mut by_service = HashMap::new();
        for (n, span) in (0..).zip(&trace.spans) {
            if all.get(&span.id).is_some_and(|s| s.spans > 1) {
                let service = service_of(span, services);
                by_service.entry((span.id, service)).or_insert(n);
            }
        }
        Self { all, by_service }
    }

    /// The span that number `n` means with the id `parent`: of several the one of its own service, or else the answering
    /// one, or else the first. Itself only when there is no other.
    fn meant(&self, parent: SpanId, n: u32, service: u32) -> Option<u32> {
        let same = self.all.get(&parent)?;
        if same.spans == 1 {
            return Some(same.first);
        }
        let own = self.by_service.get(&(parent, service)).copied();
        [own.unwrap_or(NONE), same.server, same.first]
            .into_iter()
            .find(|&c| c != NONE && c != n)
            .or(Some(n))
    }
}

fn service_of(span: &Span, services: &[u32]) -> u32 {
    services.get(span.process as usize).copied().unwrap_or(NONE)
}

/// A number for each process' service, the same for all processes of one service.
fn service_numbers(trace: &Trace) -> Vec<u32> {
    let mut seen: HashMap<&str, u32> = HashMap::new();
    let mut out = Vec::with_capacity(trace.processes.len());
    for process in &trace.processes {
        let next = seen.len() as u32;
        out.push(*seen.entry(&process.service).or_insert(next));
    }
    out
}

/// Decides on the parents.
///
/// A server span with the id of a client span is that one's child (Zipkin's shared ids); of other spans with one id each
/// keeps the parent that it names. A ring is cut above its earliest span.
pub(crate) fn resolve(trace: &Trace) -> Parents {
    let services = service_numbers(trace);
    let by_id = ById::of(trace, &services);
    let mut of = Vec::with_capacity(trace.spans.len());
    let mut marks = Vec::with_capacity(trace.spans.len());
    for (n, span) in (0..).zip(&trace.spans) {
        let same = by_id.all.get(&span.id);
        let call = same.filter(|s| s.server == n && s.client != NONE);
        let mut mark = Marks::default();
        mark.set(Marks::SHARED_ID, call.is_some());
        mark.set(
            Marks::DUPLICATE,
            same.is_some_and(|s| s.spans > 1 && !s.is_call()),
        );
        let parent = match (call, span.parent) {
            (Some(call), _) => Some(call.client),
            (None, Some(parent)) => {
                let meant = by_id.meant(parent, n, service_of(span, &services));
                mark.set(Marks::ORPHAN, meant.is_none());
                meant
            }
            (None, None) => None,
        };
        of.push(parent.unwrap_or(NONE));
        marks.push(mark);
    }
    cut_rings(trace, &mut of, &mut marks);
    Parents { of, marks }
}

/// Each span is walked once: a walk ends at a root, at a span of an earlier walk, or at one of its own, which is a ring.
fn cut_rings(trace: &Trace, parents: &mut [u32], marks: &mut [Marks]) {
    let mut walk_of = vec![0u32; parents.len()];
    for first in 0..parents.len() {
        let walk = first as u32 + 1;
        let mut at = first;
        while walk_of[at] == 0 {
            walk_of[at] = walk;
            match parents[at] {
                NONE => break,
                parent => at = parent as usize,
            }
        }
        if walk_of[at] != walk || parents[at] == NONE {
            continue;
        }
        let (ring, mut cut) = (at, at);
        let key = |n: usize| (trace.spans[n].start_ns, trace.spans[n].id, n);
        loop {
            at = parents[at] as usize;
            if at == ring {
                break;
            }
            if key(at) < key(cut) {
                cut = at;
            }
        }
        parents[cut] = NONE;
        marks[cut] |= Marks::RING;
    }
}

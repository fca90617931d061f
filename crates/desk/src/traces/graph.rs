//! Who calls whom: as the store keeps it, with figures from some traces, or counted in these.

use super::stores::{Store, error};
use super::units::name;
use crate::clock;
use crate::duty::sentences::{With as _, sentence, text};
use futures::StreamExt as _;
use model::trace::{Dependency, Trace, TraceQuery};
use parking_lot::Mutex;
use source::{SourceError, Traces};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use traces::{Graph, Options, calls, layout};
use wire::{
    ErrorView, Param, Sentence, TraceEdgeView, TraceGraphAsk, TraceGraphView, TraceNodeView,
};

/// A graph with more services than this is not shown as a whole at first: nobody could read it.
const READABLE: usize = 60;
/// Services of a part that is shown.
const PART: usize = 80;
/// Services whose traces are fetched.
const SAMPLED: usize = 24;
/// Traces that are fetched of each.
const EACH: usize = 30;
/// Questions at once.
const AT_ONCE: usize = 4;
/// The samples together may take so long; what has come by then counts.
const SAMPLES_WITHIN: Duration = Duration::from_secs(8);
/// A graph that was fetched counts for so long.
const FRESH: Duration = Duration::from_secs(60);
/// Operations that are told of an edge.
const OPERATIONS: usize = 5;
/// Longest time that is looked back, ms.
const LONGEST: f64 = 7.0 * 86_400_000.0;

/// What was fetched of a store.
#[derive(Debug)]
pub struct Fetched {
    /// Of which store, how far back.
    of: (String, i64),
    /// When.
    at: std::time::Instant,
    from_ms: i64,
    to_ms: i64,
    /// The store's own.
    kept: Option<Graph>,
    /// Counted in samples.
    counted: Graph,
    traces: u32,
    /// What edges call, the frequent ones first.
    operations: HashMap<(String, String), Vec<String>>,
    notes: Vec<Sentence>,
}

/// The graph that was fetched last: moving about in it asks nothing.
#[derive(Debug, Default)]
pub struct Graphs(Mutex<Option<Arc<Fetched>>>);

fn said(key: &str) -> Sentence {
    sentence(format!("traces.graph.note.{key}"))
}

fn why(e: &SourceError) -> Param {
    Param::Key(format!("cause.{}", e.code()))
}

fn number(n: usize) -> Param {
    Param::Number(n as f64)
}

impl Graphs {
    /// The graph to draw.
    ///
    /// # Errors
    /// What the store answers when it neither keeps a graph nor gives traces.
    pub async fn draw(
        &self,
        store: &Store,
        ask: &TraceGraphAsk,
    ) -> Result<TraceGraphView, ErrorView> {
        let lookback = ask.lookback.clamp(60_000.0, LONGEST) as i64;
        let of = (store.name.clone(), lookback);
        let held = self.0.lock().clone();
        let fresh = |f: &Arc<Fetched>| f.of == of && f.at.elapsed() < FRESH && !ask.again;
        let fetched = match held.filter(fresh) {
            Some(held) => held,
            None => {
                let fetched =
                    Arc::new(fetch(store, ask.to as i64, lookback, SAMPLES_WITHIN).await?);
                *self.0.lock() = Some(fetched.clone());
                fetched
            }
        };
        let (demo, ask, source) = (store.demo, ask.clone(), store.name.clone());
        tokio::task::spawn_blocking(move || view(&fetched, &ask, source, demo))
            .await
            .map_err(|e| ErrorView::new(wire::ErrorCode::Internal).with("detail", e))
    }
}

async fn fetch(
    store: &Store,
    to_ms: i64,
    lookback_ms: i64,
    within: Duration,
) -> Result<Fetched, ErrorView> {
    let client = store.client()?;
    let from_ms = to_ms.saturating_sub(lookback_ms);
    let (kept, sampled) = tokio::join!(
        client.dependencies(to_ms, lookback_ms),
        sample(client, from_ms, to_ms, within)
    );
    let mut notes = Vec::new();
    let kept: Vec<Dependency> = match (kept, &sampled) {
        (Ok(answer), _) => {
            if answer.value.is_empty() {
                notes.push(said("no_store"));
            }
            answer.value
        }
        // without either there is nothing to show
        (Err(e), Err(_)) => return Err(error(&e)),
        (Err(e), Ok(_)) => {
            tracing::debug!(error = %e, "the store's own graph of services");
            notes.push(said("store_failed").with("why", why(&e)));
            Vec::new()
        }
    };
    let traces = match sampled {
        Ok(sample) => {
            notes.extend(sample.notes(within));
            sample.traces
        }
        Err(e) => {
            notes.push(said("no_samples").with("why", why(&e)));
            tracing::debug!(error = %e, "no samples for the graph of services");
            Vec::new()
        }
    };
    let work = move || {
        let mut seen = HashSet::new();
        let once: Vec<&Trace> = traces.iter().filter(|t| seen.insert(t.id)).collect();
        (
            calls(once.iter().copied()),
            operations(once.iter().copied()),
            once.len(),
            (!kept.is_empty()).then(|| Graph::from_dependencies(&kept)),
        )
    };
    let (counted, operations, n, kept) = tokio::task::spawn_blocking(work)
        .await
        .map_err(|e| ErrorView::new(wire::ErrorCode::Internal).with("detail", e))?;
    Ok(Fetched {
        of: (store.name.clone(), lookback_ms),
        at: clock::instant(),
        from_ms,
        to_ms,
        kept,
        counted,
        traces: u32::try_from(n).unwrap_or(u32::MAX),
        operations,
        notes,
    })
}

/// Traces of several services. The same trace may come more than once.
#[derive(Debug, Default)]
struct Sample {
    traces: Vec<Trace>,
    /// Services that there are.
    services: usize,
    /// Services that were asked for.
    chosen: usize,
    /// Of these the store failed for so many.
    failed: usize,
    /// And so many were not answered for in time.
    late: usize,
}

impl Sample {
    /// What is missing from it.
    fn notes(&self, within: Duration) -> Vec<Sentence> {
        let mut notes = Vec::new();
        if self.services > self.chosen {
            let note = said("some_services").with("count", number(self.chosen));
            notes.push(note.with("all", number(self.services)));
        }
        if self.late > 0 {
            let note = said("samples_late").with("count", number(self.late));
            notes.push(note.with("seconds", Param::Number(within.as_secs_f64())));
        }
        if self.failed > 0 {
            notes.push(said("samples_failed").with("count", number(self.failed)));
        }
        notes
    }
}

/// Some of all, over the whole list: stores sort by name, and neighbours by name are often parts of one thing.
fn spread<T>(all: &[T], most: usize) -> impl Iterator<Item = &T> {
    let n = all.len().min(most);
    (0..n).filter_map(move |i| all.get(i * all.len() / n))
}

async fn sample(
    client: &Arc<dyn Traces>,
    from_ms: i64,
    to_ms: i64,
    within: Duration,
) -> Result<Sample, SourceError> {
    let services = client.services().await?.value;
    let ask = |service: &String| {
        let query = TraceQuery {
            service: service.clone(),
            from_ns: from_ms.saturating_mul(1_000_000),
            to_ns: to_ms.saturating_mul(1_000_000),
            limit: EACH,
            ..TraceQuery::default()
        };
        let client = client.clone();
        async move { client.traces(&query).await.map(|a| a.value) }
    };
    let chosen: Vec<_> = spread(&services, SAMPLED).map(ask).collect();
    let mut sample = Sample {
        services: services.len(),
        chosen: chosen.len(),
        late: chosen.len(),
        ..Sample::default()
    };
    let mut answers = futures::stream::iter(chosen).buffer_unordered(AT_ONCE);
    let mut failure = None;
    let collecting = async {
        while let Some(answer) = answers.next().await {
            sample.late -= 1;
            match answer {
                Ok(traces) => sample.traces.extend(traces),
                Err(e) => {
                    sample.failed += 1;
                    failure = Some(e);
                }
            }
        }
    };
    // what has come by then counts
    let _ = tokio::time::timeout(within, collecting).await;
    match failure {
        Some(e) if sample.traces.is_empty() => Err(e),
        _ => Ok(sample),
    }
}

/// The operations that are called, by the services at both ends.
fn operations<'a>(
    traces: impl Iterator<Item = &'a Trace>,
) -> HashMap<(String, String), Vec<String>> {
    let mut counts: HashMap<(String, String), BTreeMap<String, u32>> = HashMap::new();
    for trace in traces {
        let by_id: HashMap<_, _> = trace.spans.iter().map(|s| (s.id, s)).collect();
        for span in &trace.spans {
            let Some(parent) = span.parent.and_then(|p| by_id.get(&p)) else {
                continue;
            };
            let ends = (trace.service(parent), trace.service(span));
            if ends.0 != ends.1 {
                let ends = (ends.0.to_owned(), ends.1.to_owned());
                let all = counts.entry(ends).or_default();
                *all.entry(name(&span.operation)).or_default() += 1;
            }
        }
    }
    let frequent = |all: BTreeMap<String, u32>| {
        let mut all: Vec<_> = all.into_iter().collect();
        all.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
        all.into_iter().take(OPERATIONS).map(|(o, _)| o).collect()
    };
    counts.into_iter().map(|(k, v)| (k, frequent(v))).collect()
}

/// The part that is shown, laid out.
fn view(fetched: &Fetched, ask: &TraceGraphAsk, source: String, demo: bool) -> TraceGraphView {
    let own = fetched.kept.as_ref().filter(|_| !ask.sampled);
    let whole = own.unwrap_or(&fetched.counted);
    let mut notes = fetched.notes.clone();
    let rings = whole.rings().len();
    if rings > 0 {
        notes.push(said("cycles").with("count", number(rings)));
    }
    let mut focus = ask.focus.as_deref().and_then(|f| whole.node(f));
    if focus.is_none() && whole.nodes.len() > READABLE && !ask.whole {
        focus = busiest(whole);
        if let Some(node) = focus.and_then(|n| whole.nodes.get(n as usize)) {
            notes.push(
                said("too_large")
                    .with("nodes", number(whole.nodes.len()))
                    .with("name", text(&name(&node.name))),
            );
        }
    }
    let hops = ask.hops.clamp(1, 5) as u8;
    let part = focus.map(|f| whole.around(f, u32::from(hops), PART));
    let (graph, hidden) = match &part {
        Some(part) => (&part.graph, part.hidden.as_slice()),
        None => (whole, &[][..]),
    };
    let drawn = draw(graph, hidden, fetched);
    TraceGraphView {
        source,
        demo,
        sampled: own.is_none(),
        traces: fetched.traces,
        width: drawn.width,
        height: drawn.height,
        nodes: drawn.nodes,
        edges: drawn.edges,
        services: whole.nodes.iter().map(|n| name(&n.name)).collect(),
        all_edges: u32::try_from(whole.edges.len()).unwrap_or(u32::MAX),
        focus: focus
            .and_then(|f| whole.nodes.get(f as usize))
            .map(|n| name(&n.name)),
        notes,
        from: fetched.from_ms as f64,
        to: fetched.to_ms as f64,
    }
}

/// The service with most calls to and from it.
fn busiest(graph: &Graph) -> Option<u32> {
    let mut calls: HashMap<u32, u64> = HashMap::new();
    for edge in graph.edges.iter().filter(|e| e.from != e.to) {
        for end in [edge.from, edge.to] {
            let all = calls.entry(end).or_default();
            *all = all.saturating_add(edge.calls);
        }
    }
    calls
        .into_iter()
        .max_by_key(|(node, calls)| (*calls, std::cmp::Reverse(*node)))
        .map(|(node, _)| node)
}

struct Drawn {
    nodes: Vec<TraceNodeView>,
    edges: Vec<TraceEdgeView>,
    width: f64,
    height: f64,
}

/// Wide enough for a name: a Han character takes twice the room of a Latin one.
fn width_of(text: &str) -> f64 {
    let units: f64 = text
        .chars()
        .take(28)
        .map(|c| if c.is_ascii() { 7.4 } else { 13.5 })
        .sum();
    (units + 26.0).clamp(64.0, 260.0)
}

fn draw(graph: &Graph, hidden: &[u32], fetched: &Fetched) -> Drawn {
    let options = Options {
        widths: graph.nodes.iter().map(|n| width_of(&n.name)).collect(),
        height: 32.0,
        layer_gap: 110.0,
        node_gap: 26.0,
        ..Options::default()
    };
    let placed = layout(graph, &options).unwrap_or_default();
    let mut calls_to = vec![0u64; graph.nodes.len()];
    for edge in &graph.edges {
        if let Some(n) = calls_to.get_mut(edge.to as usize) {
            *n = n.saturating_add(edge.calls);
        }
    }
    let own = |n: usize| {
        let loops = |e: &&traces::Edge| e.from == e.to && e.from as usize == n;
        graph.edges.iter().any(|e| loops(&e))
    };
    let nodes = graph.nodes.iter().zip(&placed.nodes).enumerate();
    let nodes = nodes.map(|(n, (node, at))| TraceNodeView {
        name: name(&node.name),
        x: at.x + at.width / 2.0,
        y: at.y + at.height / 2.0,
        width: at.width,
        height: at.height,
        calls: calls_to.get(n).copied().unwrap_or(0) as f64,
        hidden: hidden.get(n).copied().unwrap_or(0),
        own: own(n),
        inferred: node.inferred,
        members: node.members,
    });
    let edges = graph.edges.iter().zip(&placed.edges);
    let edges = edges
        .filter(|(edge, _)| edge.from != edge.to)
        .map(|(edge, way)| edge_view(graph, edge, way, fetched));
    Drawn {
        nodes: nodes.collect(),
        edges: edges.collect(),
        width: placed.width,
        height: placed.height,
    }
}

/// An edge; what the store does not say of it is taken from the samples.
fn edge_view(
    graph: &Graph,
    edge: &traces::Edge,
    way: &traces::Routed,
    fetched: &Fetched,
) -> TraceEdgeView {
    let names = [edge.from, edge.to].map(|n| graph.nodes.get(n as usize).map(|n| &*n.name));
    let counted = &fetched.counted;
    let sampled = match names {
        [Some(from), Some(to)] => counted
            .node(from)
            .zip(counted.node(to))
            .and_then(|(f, t)| counted.edges.iter().find(|e| (e.from, e.to) == (f, t))),
        _ => None,
    };
    let key = (
        names[0].unwrap_or_default().to_owned(),
        names[1].unwrap_or_default().to_owned(),
    );
    let measured = sampled.unwrap_or(edge);
    TraceEdgeView {
        from: edge.from,
        to: edge.to,
        calls: edge.calls as f64,
        errors: measured.error_rate(),
        p50: measured.p50_ns().map(|n| n as f64),
        p95: measured.p95_ns().map(|n| n as f64),
        measured: sampled.map_or(0, |e| u32::try_from(e.calls).unwrap_or(u32::MAX)),
        queue: measured.messages > 0,
        circle: way.backward,
        points: way.points.iter().map(|(x, y)| [*x, *y]).collect(),
        operations: fetched.operations.get(&key).cloned().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests;

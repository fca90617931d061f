//! What can be asked of traces.

use super::graph::Graphs;
use super::lanes::Lanes;
use super::list;
use super::opened::{Opened, Origin, Shelf, key};
use super::stores::{Store, error, find};
use super::{compare, flame, halves, search, span, statistics, waterfall};
use crate::clock;
use model::trace::{Trace, TraceId};
use source::{Answer, cancellable};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use wire::{
    ErrorCode, ErrorView, TraceChoicesView, TraceDiffView, TraceFind, TraceFlameAsk,
    TraceFlameView, TraceFound, TraceGraphAsk, TraceGraphView, TraceHead, TraceListView, TraceOpen,
    TraceRowsAsk, TraceRowsView, TraceSearch, TraceSourceView, TraceSpanView, TraceStatisticsAsk,
    TraceStatisticsView,
};

/// Names of services or operations that the page is told.
const NAMES: usize = 5_000;

#[derive(Debug)]
struct Inner {
    stores: Vec<Arc<Store>>,
    shelf: Shelf,
    lanes: Lanes,
    graphs: Graphs,
}

/// To ask of traces. Clones are the same.
#[derive(Clone, Debug)]
pub struct TracesHandle(Arc<Inner>);

fn closed() -> ErrorView {
    ErrorView::new(ErrorCode::TraceClosed)
}

/// On a thread for work that takes a while.
async fn beside<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, ErrorView> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|e| ErrorView::new(ErrorCode::Internal).with("detail", e))
}

impl TracesHandle {
    /// Over these stores, in order of preference.
    pub fn new(stores: Vec<Arc<Store>>) -> Self {
        Self(Arc::new(Inner {
            stores,
            shelf: Shelf::default(),
            lanes: Lanes::default(),
            graphs: Graphs::default(),
        }))
    }

    /// The stores themselves, the preferred one first, for whoever looks for what is odd about a time.
    pub fn all(&self) -> Vec<Arc<Store>> {
        self.0.stores.clone()
    }

    /// All stores and how they are.
    pub fn stores(&self) -> Vec<TraceSourceView> {
        self.0.stores.iter().map(|s| s.view()).collect()
    }

    /// The services that a store knows, or the operations of one of them.
    ///
    /// # Errors
    /// No such store, or what it answers.
    pub async fn names(
        &self,
        source: Option<String>,
        service: Option<String>,
    ) -> Result<TraceChoicesView, ErrorView> {
        let store = find(&self.0.stores, source.as_deref())?;
        let client = store.client()?;
        let mut names = match &service {
            None => client.services().await.map_err(|e| error(&e))?.value,
            Some(service) => {
                let all = client.operations(service).await.map_err(|e| error(&e))?;
                let mut names: Vec<String> = all.value.into_iter().map(|o| o.name).collect();
                // the same operation may be listed once for each kind
                names.dedup();
                names
            }
        };
        let more = names.len() > NAMES;
        names.truncate(NAMES);
        Ok(TraceChoicesView {
            source: store.name.clone(),
            names,
            more,
        })
    }

    /// Traces that match.
    ///
    /// # Errors
    /// A search that cannot be meant, no such store, what it answers, or [`ErrorCode::Cancelled`] when the same place asks again.
    pub async fn search(&self, ask: TraceSearch) -> Result<TraceListView, ErrorView> {
        let query = search::query(&ask)?;
        let lane = self.0.lanes.begin(&ask.lane);
        let store = find(&self.0.stores, ask.source.as_deref())?;
        let begun = clock::instant();
        let answer = cancellable(&lane.token, store.client()?.search(&query))
            .await
            .map_err(|e| error(&e))?;
        Ok(TraceListView {
            source: store.name.clone(),
            demo: store.demo,
            traces: answer.value.traces.iter().map(list::item).collect(),
            capped: answer.value.capped,
            warnings: answer.warnings,
            took: begun.elapsed().as_secs_f64() * 1e3,
        })
    }

    /// Opens a trace, or finds that it is open.
    ///
    /// # Errors
    /// No id, no such store or trace, what the store answers, or [`ErrorCode::Cancelled`].
    pub async fn open(&self, ask: TraceOpen) -> Result<TraceHead, ErrorView> {
        let opened = self.opened(&ask).await?;
        // its notes and its minimap look at every span
        beside(move || opened.head()).await
    }

    async fn opened(&self, ask: &TraceOpen) -> Result<Arc<Opened>, ErrorView> {
        let id: TraceId = ask.id.trim().parse().map_err(|_| {
            ErrorView::new(ErrorCode::Search)
                .with("reason_key", "traces.search.no_id")
                .with("term", &ask.id)
        })?;
        let lane = self.0.lanes.begin(&ask.lane);
        let stores = match &ask.source {
            Some(name) => std::slice::from_ref(find(&self.0.stores, Some(name))?),
            None => self.0.stores.as_slice(),
        };
        let mut failed = None;
        for id in std::iter::once(id).chain(id.lower_half()) {
            match self.among(stores, id, ask, &lane.token).await {
                Ok(Some(open)) => return Ok(open),
                Ok(None) => {}
                Err(why) if why.code == ErrorCode::Cancelled => return Err(why),
                Err(why) => failed = failed.or(Some(why)),
            }
        }
        if let Some(near) = ask.near.as_ref().filter(|_| id.is_short()) {
            let found = halves::find(stores, id, near);
            let whole = cancellable(&lane.token, async { Ok(found.await) }).await;
            if let Some((store, whole)) = whole.map_err(|e| error(&e))?
                && let Some(open) = self
                    .among(std::slice::from_ref(store), whole, ask, &lane.token)
                    .await?
            {
                return Ok(open);
            }
        }
        Err(failed.unwrap_or_else(|| ErrorView::new(ErrorCode::UnknownTrace).with("id", id)))
    }

    /// The trace with exactly this id, from the first of the stores that has it.
    ///
    /// # Errors
    /// When none has it, what the first one that failed said.
    async fn among(
        &self,
        stores: &[Arc<Store>],
        id: TraceId,
        ask: &TraceOpen,
        token: &CancellationToken,
    ) -> Result<Option<Arc<Opened>>, ErrorView> {
        let mut failed = None;
        for store in stores {
            if !ask.again
                && let Some(open) =
                    self.0
                        .shelf
                        .get(&key(&store.name, &id.to_string(), ask.adjusted))
            {
                return Ok(Some(open));
            }
            let begun = clock::instant();
            let found = match self.held(store, id, ask).await {
                Some(held) => Ok(Some(held)),
                None => match store.client() {
                    Ok(client) => cancellable(token, client.trace(id))
                        .await
                        .map(found)
                        .map_err(|e| error(&e)),
                    Err(why) => Err(why),
                },
            };
            match found {
                Ok(Some((trace, bytes))) => {
                    let asked_ms = begun.elapsed().as_secs_f64() * 1e3;
                    return self
                        .arrange(store, trace, bytes, asked_ms, ask.adjusted)
                        .await
                        .map(Some);
                }
                Ok(None) => {}
                Err(why) if why.code == ErrorCode::Cancelled => return Err(why),
                Err(why) => failed = failed.or(Some(why)),
            }
        }
        failed.map_or(Ok(None), Err)
    }

    /// The trace as it is open by other clocks.
    async fn held(&self, store: &Store, id: TraceId, ask: &TraceOpen) -> Option<(Arc<Trace>, u64)> {
        if ask.again {
            return None;
        }
        let other = key(&store.name, &id.to_string(), !ask.adjusted);
        let open = self.0.shelf.get(&other)?;
        Some((open.arrangement.trace().clone(), open.origin.bytes))
    }

    async fn arrange(
        &self,
        store: &Store,
        trace: Arc<Trace>,
        bytes: u64,
        asked_ms: f64,
        adjusted: bool,
    ) -> Result<Arc<Opened>, ErrorView> {
        let mut origin = Origin {
            source: store.name.clone(),
            demo: store.demo,
            bytes,
            asked_ms,
            arranged_ms: 0.0,
        };
        let opened = beside(move || {
            let begun = clock::instant();
            let mut opened = Opened::new(trace, adjusted, origin.clone());
            origin.arranged_ms = begun.elapsed().as_secs_f64() * 1e3;
            opened.origin = origin;
            Arc::new(opened)
        })
        .await?;
        self.0.shelf.put(opened.clone());
        Ok(opened)
    }

    fn at(&self, key: &str) -> Result<Arc<Opened>, ErrorView> {
        self.0.shelf.get(key).ok_or_else(closed)
    }

    /// The rows that the page shows.
    ///
    /// # Errors
    /// [`ErrorCode::TraceClosed`].
    pub fn rows(&self, ask: &TraceRowsAsk) -> Result<TraceRowsView, ErrorView> {
        Ok(waterfall::rows(&*self.at(&ask.key)?, ask))
    }

    /// Everything about a span.
    ///
    /// # Errors
    /// [`ErrorCode::TraceClosed`], also when there is no such row.
    pub fn span(&self, key: &str, row: u32) -> Result<TraceSpanView, ErrorView> {
        span::detail(&*self.at(key)?, row).ok_or_else(closed)
    }

    /// Finds spans.
    ///
    /// # Errors
    /// [`ErrorCode::TraceClosed`].
    pub async fn find(&self, ask: TraceFind) -> Result<TraceFound, ErrorView> {
        let opened = self.at(&ask.key)?;
        beside(move || waterfall::find(&opened, &ask)).await
    }

    /// Its flame graph.
    ///
    /// # Errors
    /// [`ErrorCode::TraceClosed`].
    pub async fn flame(&self, ask: TraceFlameAsk) -> Result<TraceFlameView, ErrorView> {
        let opened = self.at(&ask.key)?;
        beside(move || flame::flame(&opened, &ask)).await
    }

    /// Its statistics.
    ///
    /// # Errors
    /// [`ErrorCode::TraceClosed`].
    pub async fn statistics(
        &self,
        ask: TraceStatisticsAsk,
    ) -> Result<TraceStatisticsView, ErrorView> {
        let opened = self.at(&ask.key)?;
        beside(move || statistics::statistics(&opened, &ask)).await
    }

    /// Two traces beside each other; they are opened for it.
    ///
    /// # Errors
    /// As [`TracesHandle::open`].
    pub async fn compare(
        &self,
        first: TraceOpen,
        second: TraceOpen,
    ) -> Result<TraceDiffView, ErrorView> {
        let (first, second) = (self.opened(&first).await?, self.opened(&second).await?);
        beside(move || compare::diff(&first, &second)).await
    }

    /// Who calls whom.
    ///
    /// # Errors
    /// No such store, what it answers, or [`ErrorCode::Cancelled`].
    pub async fn graph(&self, ask: TraceGraphAsk) -> Result<TraceGraphView, ErrorView> {
        let lane = self.0.lanes.begin(&ask.lane);
        let store = find(&self.0.stores, ask.source.as_deref())?;
        tokio::select! {
            biased;
            () = lane.token.cancelled() => Err(ErrorView::new(ErrorCode::Cancelled)),
            drawn = self.0.graphs.draw(store, &ask) => drawn,
        }
    }
}

fn found(answer: Answer<Option<Trace>>) -> Option<(Arc<Trace>, u64)> {
    let bytes = answer.bytes;
    answer.value.map(|trace| (Arc::new(trace), bytes))
}

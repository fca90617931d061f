//! A source of metrics that is connected once its password has been read: a keyring may take seconds to answer, and the wall must not
//! wait for it.

use engine::Failure;
use model::{InstantValue, Labels, RangeFrame};
use source::{Answer, Ask, Metadata, Metrics, SourceError, SourceInfo, Span};
use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::SetOnce;

/// What there is once it is connected.
type Connected = Result<Arc<dyn Metrics>, Failure>;

/// A source that comes later. A question that is asked before waits, within the bounds of whoever asks.
pub struct Late {
    kind: &'static str,
    patience: Duration,
    client: Arc<SetOnce<Connected>>,
}

impl fmt::Debug for Late {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Late")
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

impl Late {
    /// A source of this kind, whose questions may take `patience`; `connect` makes it.
    pub fn new(
        kind: &'static str,
        patience: Duration,
        connect: impl Future<Output = Connected> + Send + 'static,
    ) -> Self {
        let client = Arc::new(SetOnce::new());
        let made = client.clone();
        tokio::spawn(async move {
            let connected = connect.await;
            // Nobody else sets it.
            let _ = made.set(connected);
        });
        Self {
            kind,
            patience,
            client,
        }
    }

    async fn client(&self) -> Result<Arc<dyn Metrics>, SourceError> {
        let connected = self.client.wait().await;
        connected.clone().map_err(|why| SourceError::NotSetUp {
            code: why.code,
            params: why.params,
        })
    }

    fn ask<'a, T, F>(
        &'a self,
        question: impl FnOnce(Arc<dyn Metrics>) -> F + Send + 'a,
    ) -> Ask<'a, T>
    where
        T: Send + 'a,
        F: Future<Output = Result<Answer<T>, SourceError>> + Send + 'a,
    {
        Box::pin(async move { question(self.client().await?).await })
    }
}

impl Metrics for Late {
    fn kind(&self) -> &'static str {
        self.kind
    }

    fn patience(&self) -> Duration {
        self.patience
    }

    fn instant<'a>(&'a self, query: &'a str, at_ms: Option<i64>) -> Ask<'a, InstantValue> {
        self.ask(move |c| async move { c.instant(query, at_ms).await })
    }

    fn range<'a>(
        &'a self,
        query: &'a str,
        start_ms: i64,
        end_ms: i64,
        step_ms: i64,
    ) -> Ask<'a, RangeFrame> {
        self.ask(move |c| async move { c.range(query, start_ms, end_ms, step_ms).await })
    }

    fn series<'a>(
        &'a self,
        selectors: &'a [&'a str],
        span: Span,
        limit: usize,
    ) -> Ask<'a, Vec<Labels>> {
        self.ask(move |c| async move { c.series(selectors, span, limit).await })
    }

    fn label_names<'a>(&'a self, selectors: &'a [&'a str], span: Span) -> Ask<'a, Vec<String>> {
        self.ask(move |c| async move { c.label_names(selectors, span).await })
    }

    fn label_values<'a>(
        &'a self,
        name: &'a str,
        selectors: &'a [&'a str],
        span: Span,
    ) -> Ask<'a, Vec<String>> {
        self.ask(move |c| async move { c.label_values(name, selectors, span).await })
    }

    fn metadata<'a>(&'a self, metric: Option<&'a str>) -> Ask<'a, BTreeMap<String, Metadata>> {
        self.ask(move |c| async move { c.metadata(metric).await })
    }

    fn probe(&self) -> Ask<'_, SourceInfo> {
        self.ask(move |c| async move { c.probe().await })
    }

    fn exists<'a>(&'a self, metrics: &'a [&'a str]) -> Ask<'a, Vec<bool>> {
        self.ask(move |c| async move { c.exists(metrics).await })
    }
}

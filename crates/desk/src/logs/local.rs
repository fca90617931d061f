//! The embedded log store as a store like any other.

use super::news;
use embedded::logs::{AppendError, LogStore, ReadError};
use model::log::{
    Counted, Facet, Field, Histogram, LogLine, LogPage, LogRange, LogTail, PageAsk, TailMark,
};
use source::{Answer, Ask, Capacity, LogSink, LogStoreInfo, Logs, QueryFault, SourceError};
use std::future::Future;

/// A log store of this process.
#[derive(Clone, Debug)]
pub struct LocalLogs {
    store: LogStore,
}

impl LocalLogs {
    /// The name of its kind in the configuration.
    pub const KIND: &'static str = "embedded";

    /// Over an open store.
    pub fn new(store: LogStore) -> Self {
        Self { store }
    }
}

fn asked<'a, T: Send + 'a>(
    ask: impl Future<Output = Result<T, ReadError>> + Send + 'a,
) -> Ask<'a, T> {
    Box::pin(async move { ask.await.map(Answer::local).map_err(read_error) })
}

impl Logs for LocalLogs {
    fn kind(&self) -> &'static str {
        Self::KIND
    }

    fn probe(&self) -> Ask<'_, LogStoreInfo> {
        asked(async {
            let contents = self.store.contents().await?;
            Ok(LogStoreInfo {
                version: None,
                ready: true,
                oldest_ns: contents.oldest_ns,
                newest_ns: None,
                lines: Some(contents.lines),
                bytes: Some(contents.bytes),
                news: news::of(&self.store.health()),
            })
        })
    }

    fn page<'a>(&'a self, range: &'a LogRange, page: PageAsk) -> Ask<'a, LogPage> {
        asked(self.store.page(range, page))
    }

    fn histogram<'a>(&'a self, range: &'a LogRange, step_ns: i64) -> Ask<'a, Histogram> {
        asked(self.store.histogram(range, step_ns))
    }

    fn count<'a>(&'a self, range: &'a LogRange) -> Ask<'a, Counted> {
        asked(self.store.count(range))
    }

    fn facets<'a>(
        &'a self,
        range: &'a LogRange,
        fields: &'a [Field],
        limit: usize,
    ) -> Ask<'a, Vec<Facet>> {
        asked(self.store.facets(range, fields, limit))
    }

    fn fields<'a>(&'a self, range: &'a LogRange) -> Ask<'a, Vec<Field>> {
        asked(self.store.fields(range))
    }

    fn tail<'a>(
        &'a self,
        range: &'a LogRange,
        mark: Option<&'a TailMark>,
        limit: usize,
    ) -> Ask<'a, LogTail> {
        asked(self.store.tail(range, mark, limit))
    }
}

impl LogSink for LocalLogs {
    fn append(&self, lines: Vec<LogLine>) -> Ask<'_, usize> {
        Box::pin(async move {
            let kept = self.store.append(lines).await;
            kept.map(Answer::local).map_err(append_error)
        })
    }
}

fn read_error(e: ReadError) -> SourceError {
    let query = |fault, message: String| SourceError::Query { fault, message };
    match e {
        ReadError::TimedOut { after } => SourceError::Timeout { after },
        ReadError::TooMuch { limit, .. } => SourceError::Limit {
            what: Capacity::Points,
            limit: limit as u64,
        },
        ReadError::Invalid(what) => query(QueryFault::Invalid, what.to_owned()),
        ReadError::Sqlite { .. } => query(QueryFault::Failed, e.to_string()),
        ReadError::Internal(detail) => SourceError::Internal { detail },
    }
}

fn append_error(e: AppendError) -> SourceError {
    let fault = match e {
        AppendError::Failed { .. } => QueryFault::Failed,
        // both may pass: somebody makes room, the program starts again
        AppendError::Full { .. } | AppendError::Closing => QueryFault::Unavailable,
    };
    SourceError::Query {
        fault,
        message: e.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use embedded::logs::Options;
    use model::log::{Filter, LogPosition};
    use std::sync::Arc;
    use std::time::Duration;

    /// 2026-11-21T12:00:00Z, ms.
    const NOW_MS: i64 = 1_795_262_400_000;

    fn open(folder: &std::path::Path) -> LocalLogs {
        let mut options = Options::new(folder, Arc::new(|| NOW_MS));
        options.linger = Duration::from_millis(1);
        LocalLogs::new(LogStore::open(options).expect("the store opens"))
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn conforms() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = open(folder.path());
        let base_ns = (NOW_MS - 3_600_000) * 1_000_000;
        let failures = source::conformance_logs::check(&store, &store, base_ns).await;
        assert!(failures.is_empty(), "{failures:#?}");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn errors_are_the_sources() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = open(folder.path());
        let range = LogRange {
            from_ns: 0,
            to_ns: i64::MAX,
            filter: Filter::All,
        };
        let wrong = store.histogram(&range, 0).await;
        assert!(matches!(
            wrong,
            Err(SourceError::Query {
                fault: QueryFault::Invalid,
                ..
            })
        ));
        let fine = store.histogram(&range, 1).await;
        assert!(matches!(fine, Err(SourceError::Limit { .. })));
        let mark = TailMark("?".into());
        assert!(store.tail(&range, Some(&mark), 1).await.is_err());
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_probe_tells_what_there_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = open(folder.path());
        let line = LogLine {
            position: LogPosition {
                at_ns: NOW_MS * 1_000_000,
                seq: 0,
            },
            message: "有".into(),
            ..LogLine::default()
        };
        store.append(vec![line]).await.expect("kept");
        let info = store.probe().await.expect("an answer").value;
        assert!(info.ready && info.bytes.is_some_and(|b| b > 0));
        assert_eq!(info.lines, Some(1));
        assert_eq!(info.oldest_ns, Some(NOW_MS * 1_000_000));
    }
}

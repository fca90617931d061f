//! A table of lines as a store of logs.

mod counts;
pub(crate) mod facets;
pub(crate) mod row;
mod tail;
mod walk;

use crate::connect::{Credentials, Options};
use crate::error::source_error;
use crate::layout::Layout;
use crate::mapping::{self, Mapping};
use crate::schema;
use crate::{Clock, PgLogsError};
use futures::FutureExt as _;
use model::log::{
    Counted, Direction, Facet, Field, Histogram, LogPage, LogRange, LogTail, PageAsk, TailMark,
};
use source::{Answer, Ask, LogStoreInfo, Logs, SourceError};
use sqlx::postgres::PgPool;
use std::future::Future;
use std::time::Duration;
use tokio::sync::OnceCell;

/// Lines that a page may have.
const MAX_PAGE: usize = 10_000;
/// Bytes of text that an answer may have.
const MAX_BYTES: usize = 64 << 20;

/// A store of logs in PostgreSQL, for reading. Its sessions are read only.
///
/// A question that would read for longer than [`Options::timeout`] is answered in part where the answer can say so, else with
/// [`SourceError::Timeout`].
#[derive(Debug)]
pub struct Reader {
    pool: PgPool,
    options: Options,
    mapping: Option<Mapping>,
    layout: OnceCell<Layout>,
    timeout: Duration,
    clock: Clock,
}

impl Reader {
    /// A reader of our own schema, or of the table that `mapping` describes. Sends nothing; the first question looks at the schema.
    ///
    /// Must be called within a tokio runtime.
    pub fn new(
        options: &Options,
        who: &Credentials,
        mapping: Option<Mapping>,
        clock: Clock,
    ) -> Self {
        Self {
            pool: options.readers(who),
            options: options.clone(),
            mapping,
            layout: OnceCell::new(),
            timeout: options.timeout,
            clock,
        }
    }

    /// Looks at the schema, or at the table of the mapping.
    ///
    /// # Errors
    /// What is wrong with it.
    pub async fn check(&self) -> Result<(), PgLogsError> {
        self.checked().await.map(|_| ())
    }

    async fn checked(&self) -> Result<&Layout, PgLogsError> {
        self.layout
            .get_or_try_init(|| async {
                let mut conn = self.pool.acquire().await?;
                schema::check_server(&mut conn).await?;
                match &self.mapping {
                    Some(mapping) => mapping::layout(&mut conn, mapping).await,
                    None => {
                        schema::check(&mut conn).await?;
                        Ok(Layout::own())
                    }
                }
            })
            .await
    }

    async fn layout(&self) -> Result<&Layout, SourceError> {
        self.checked().await.map_err(|e| e.source(self.timeout))
    }

    fn failed(&self, e: &sqlx::Error) -> SourceError {
        source_error(e, self.timeout)
    }

    async fn listens(&self) -> Result<(), SourceError> {
        let refused = |e: std::io::Error| self.failed(&sqlx::Error::Io(e));
        self.options.listens().await.map_err(refused)
    }

    /// When whoever goes on reading has to stop, so that there is time left to answer with what was found.
    fn deadline(&self) -> tokio::time::Instant {
        tokio::time::Instant::now() + self.timeout * 8 / 10
    }

    fn ask<'a, T: Send + 'a>(
        &'a self,
        asking: impl Future<Output = Result<T, SourceError>> + Send + 'a,
    ) -> Ask<'a, T> {
        let limit = self.timeout;
        async move {
            // the server has the same limit for each statement; it ends what we stop waiting for
            let late = Err(SourceError::Timeout { after: limit });
            if self.pool.num_idle() == 0 {
                self.listens().await?;
            }
            let answer = tokio::time::timeout(limit, asking).await.unwrap_or(late);
            if matches!(answer, Err(SourceError::Timeout { .. })) {
                // connections that were kept may have hidden that it is gone
                self.listens().await?;
            }
            answer.map(Answer::local)
        }
        .boxed()
    }

    async fn page_of(&self, range: &LogRange, ask: PageAsk) -> Result<LogPage, SourceError> {
        let limit = ask.limit.min(MAX_PAGE);
        let mut lines = Vec::new();
        let mut bytes = 0;
        let walked = self
            .walk(range, ask, walk::Wanted::everything(limit + 1), |line| {
                bytes += line.message.len() + 200;
                lines.push(line);
                lines.len() <= limit && bytes < MAX_BYTES
            })
            .await?;
        if lines.is_empty() && walked == walk::End::Late {
            return Err(SourceError::Timeout {
                after: self.timeout,
            });
        }
        let more = lines.len() > limit || walked != walk::End::Complete;
        lines.truncate(limit);
        if ask.direction == Direction::Newer {
            lines.reverse();
        }
        Ok(LogPage { lines, more })
    }

    async fn info(&self) -> Result<LogStoreInfo, SourceError> {
        let layout = self.layout().await?;
        let failed = |e: sqlx::Error| self.failed(&e);
        let version: String = sqlx::query_scalar("SELECT current_setting('server_version')")
            .fetch_one(&self.pool)
            .await
            .map_err(failed)?;
        let mut info = LogStoreInfo {
            version: Some(version),
            ready: true,
            ..LogStoreInfo::default()
        };
        if layout.own {
            let (lines, bytes, oldest): (Option<i64>, i64, Option<i64>) = sqlx::query_as(
                "SELECT CASE WHEN min(c.reltuples) FILTER (WHERE pg_relation_size(c.oid) > 0) >= 0 THEN sum(greatest(c.reltuples, 0))::int8 END, coalesce(sum(pg_total_relation_size(c.oid)), 0)::int8, \
                 (SELECT extract(epoch FROM min(minute))::int8 FROM shouwang_logs.minute) \
                 FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'shouwang_logs.line'::regclass",
            )
            .fetch_one(&self.pool)
            .await
            .map_err(failed)?;
            // an estimate, and none as long as the server has not yet looked at a partition that has lines
            info.lines = lines.and_then(|n| u64::try_from(n).ok());
            info.bytes = u64::try_from(bytes).ok();
            info.oldest_ns = oldest.and_then(|s| s.checked_mul(1_000_000_000));
        }
        Ok(info)
    }
}

impl Logs for Reader {
    fn kind(&self) -> &'static str {
        "postgresql"
    }

    fn probe(&self) -> Ask<'_, LogStoreInfo> {
        self.ask(self.info())
    }

    fn page<'a>(&'a self, range: &'a LogRange, page: PageAsk) -> Ask<'a, LogPage> {
        self.ask(self.page_of(range, page))
    }

    fn histogram<'a>(&'a self, range: &'a LogRange, step_ns: i64) -> Ask<'a, Histogram> {
        self.ask(self.histogram_of(range, step_ns))
    }

    fn count<'a>(&'a self, range: &'a LogRange) -> Ask<'a, Counted> {
        self.ask(self.count_of(range))
    }

    fn facets<'a>(
        &'a self,
        range: &'a LogRange,
        fields: &'a [Field],
        limit: usize,
    ) -> Ask<'a, Vec<Facet>> {
        self.ask(self.facets_of(range, fields, limit))
    }

    fn fields<'a>(&'a self, range: &'a LogRange) -> Ask<'a, Vec<Field>> {
        self.ask(self.fields_of(range))
    }

    fn tail<'a>(
        &'a self,
        range: &'a LogRange,
        mark: Option<&'a TailMark>,
        limit: usize,
    ) -> Ask<'a, LogTail> {
        self.ask(self.tail_of(range, mark, limit))
    }
}

//! VictoriaLogs by its LogsQL HTTP API (`/select/logsql/…`). Its answers are JSON, one object a line, in no order unless the query sorts.
//!
//! All values are texts, so it decides every filter but comparisons of numbers.

mod decode;
mod query;

use crate::connection::{ConfigError, Connection};
use crate::error::{QueryFault, SourceError};
use crate::http::{Http, Params, Protocol, Reply};
use crate::logs::{LogStoreInfo, Logs};
use crate::metrics::{Answer, Ask};
use crate::weblogs::{
    Backend, Batch, Expr, Fetch, Gathered, LineMaker, LogOptions, Names, Plan, Tails, buckets,
    count, decoded, facets, fields, histogram, page, plan, tail,
};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use model::log::{
    Counted, Facet, Field, Filter, Histogram, LogLevel, LogPage, LogRange, LogTail, PageAsk,
    TailMark,
};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Lines asked for at once.
const MOST: usize = 10_000;
/// Characters kept of an error's message.
const MESSAGE: usize = 500;

/// A client for one VictoriaLogs. Tenants are headers of the connection (`AccountID`, `ProjectID`).
#[derive(Debug)]
pub struct VictoriaLogs {
    http: Http,
    options: LogOptions,
    names: Mutex<Option<Names>>,
    tails: Tails,
}

impl VictoriaLogs {
    /// A client; nothing is sent yet.
    ///
    /// # Errors
    /// When the connection's description cannot be right.
    pub fn new(connection: &Connection, options: &LogOptions) -> Result<Self, ConfigError> {
        Ok(Self {
            http: Http::new(connection, Protocol::Other("VictoriaLogs"))?,
            options: options.clone(),
            names: Mutex::new(None),
            tails: Tails::default(),
        })
    }

    async fn ask(&self, route: &str, params: &Params<'_>) -> Result<Reply, SourceError> {
        let reply = self.http.ask(&["select", "logsql", route], params).await?;
        match reply.status {
            200..300 => match reply.body.iter().find(|b| !b.is_ascii_whitespace()) {
                // no lines are an empty body
                Some(b'{') | None => Ok(reply),
                Some(_) => Err(self.http.not_ours(&reply)),
            },
            401 | 403 => Err(self.http.refusal(&reply)),
            status @ (400 | 422 | 500..) => Err(self.said(status, &reply)),
            _ => Err(self.http.refusal(&reply)),
        }
    }

    /// Its errors are plain texts.
    fn said(&self, status: u16, reply: &Reply) -> SourceError {
        let text = String::from_utf8_lossy(&reply.body);
        if !reply.content_type.starts_with("text/plain") || text.trim().is_empty() {
            return self.http.refusal(reply);
        }
        SourceError::Query {
            fault: match status {
                400..=499 => QueryFault::Invalid,
                502 | 503 => QueryFault::Unavailable,
                504 => QueryFault::Timeout,
                _ => QueryFault::Internal,
            },
            message: self.http.clean(&text, MESSAGE),
        }
    }

    /// Which fields are a line's own; looked for in the fields of the last day, and again until there are any.
    async fn names(&self) -> Result<Names, SourceError> {
        let known = self
            .names
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if let Some(names) = known {
            return Ok(names);
        }
        let recent = query::text(self.options.scope.as_deref(), &Expr::All, "_time:1d");
        let reply = self.ask("field_names", &[("query", recent)]).await?;
        let there = decode::values(&reply.body)?;
        let has = |name: &str| there.iter().any(|(n, _)| n == name);
        let mut names = Names::find(&self.options.fields, has);
        // the message always has this name here, whatever it was called before
        names.message = Some("_msg".to_owned());
        if !there.is_empty() {
            let mut known = self.names.lock().unwrap_or_else(PoisonError::into_inner);
            *known = Some(names.clone());
        }
        Ok(names)
    }

    fn plan(&self, filter: &Filter, names: &Names) -> Plan {
        plan(filter, names, &|_| Some(true))
    }

    /// A query over a range with pipes behind it; `None` when nothing can match.
    fn query(&self, plan: &Plan, range: &LogRange, pipes: &str) -> Option<String> {
        if plan.expr == Expr::Nothing {
            return None;
        }
        let time = query::time(range.from_ns, Some(range.to_ns));
        let text = query::text(self.options.scope.as_deref(), &plan.expr, &time);
        Some(format!("{text}{pipes}"))
    }

    async fn lines(&self, fetch: Fetch<'_>) -> Result<Batch, SourceError> {
        let names = self.names().await?;
        let plan = self.plan(fetch.filter, &names);
        if plan.expr == Expr::Nothing {
            return Ok(Batch::default());
        }
        let time = query::time(fetch.from_ns, fetch.to_ns);
        let text = query::text(self.options.scope.as_deref(), &plan.expr, &time);
        let text = format!("{text}{}", query::sorted(fetch.direction, fetch.limit));
        let reply = self.ask("query", &[("query", text)]).await?;
        let read = move |body: &[u8]| decode::lines(body, &LineMaker { names: &names });
        let (lines, body) = decoded(reply.body, read).await?;
        Ok(Batch {
            full: lines.len() >= fetch.limit,
            lines,
            bytes: body.len() as u64,
            server_time_ms: reply.server_time_ms,
        })
    }

    async fn ask_count(&self, range: &LogRange) -> Result<Answer<Counted>, SourceError> {
        let plan = self.plan(&range.filter, &self.names().await?);
        if !plan.exact {
            return count(self, range).await;
        }
        let exact = |lines| Counted { lines, exact: true };
        let Some(text) = self.query(&plan, range, " | stats count() as lines") else {
            return Ok(Answer::local(exact(0)));
        };
        let reply = self.ask("query", &[("query", text)]).await?;
        let rows = decode::rows(&reply.body)?;
        let lines = rows.first().and_then(|row| row.get("lines")?.parse().ok());
        Ok(answer(&reply, exact(lines.unwrap_or(0))))
    }

    async fn ask_histogram(
        &self,
        range: &LogRange,
        step_ns: i64,
    ) -> Result<Answer<Histogram>, SourceError> {
        let names = self.names().await?;
        let plan = self.plan(&range.filter, &names);
        if !plan.exact {
            return histogram(self, range, step_ns).await;
        }
        let mut all = buckets(range, step_ns)?;
        let pipes = query::per_bucket(step_ns, names.level.as_deref());
        let Some(text) = self.query(&plan, range, &pipes) else {
            return Ok(Answer::local(all));
        };
        let reply = self.ask("query", &[("query", text)]).await?;
        for row in decode::rows(&reply.body)? {
            let at = row.get("_time").and_then(|t| decode::time_ns(t));
            let lines = row.get("lines").and_then(|n| n.parse::<u64>().ok());
            let word = names.level.as_ref().and_then(|name| row.get(name));
            let level = word.and_then(|w| LogLevel::read(w));
            let (Some(at), Some(lines)) = (at, lines) else {
                all.exact = false;
                continue;
            };
            let bucket = at.saturating_sub(all.start_ns).div_euclid(step_ns);
            let bucket = usize::try_from(bucket).ok();
            let counts = bucket.and_then(|b| all.counts.get_mut(b));
            if let Some(n) = counts.and_then(|c| c.get_mut(Histogram::column(level))) {
                *n = n.saturating_add(lines);
            }
        }
        Ok(answer(&reply, all))
    }

    async fn ask_facets(
        &self,
        range: &LogRange,
        wanted: &[Field],
        limit: usize,
    ) -> Result<Answer<Vec<Facet>>, SourceError> {
        let names = self.names().await?;
        let plan = self.plan(&range.filter, &names);
        // words of levels and the case of ids are ours; for these the lines are read
        let direct = |field: &Field| matches!(field, Field::Service | Field::Host | Field::Attr(_));
        if !plan.exact || !wanted.iter().all(direct) {
            return facets(self, range, wanted, limit).await;
        }
        let mut gathered = Gathered::default();
        let mut all = Vec::new();
        for field in wanted {
            let name = match field {
                Field::Attr(path) => Some(path.join(".")).filter(|n| names.field(n).is_none()),
                own => names.own(own).map(str::to_owned),
            };
            let mut values = Vec::new();
            let pipes = |name: &str| query::top(name, limit);
            let text = name
                .as_deref()
                .and_then(|name| self.query(&plan, range, &pipes(name)));
            if let (Some(text), Some(name)) = (text, &name) {
                let reply = self.ask("query", &[("query", text)]).await?;
                values = decode::facet(&reply.body, name)?;
                gathered.bytes += reply.body.len() as u64;
                gathered.server_time_ms = reply.server_time_ms;
            }
            all.push(Facet {
                field: field.clone(),
                values: crate::weblogs::most_frequent(values, limit),
                exact: true,
                estimated: false,
            });
        }
        Ok(gathered.answer(all))
    }

    async fn ask_who(&self) -> Result<Answer<LogStoreInfo>, SourceError> {
        let recent = query::text(self.options.scope.as_deref(), &Expr::All, "_time:5m");
        let reply = self.ask("field_names", &[("query", recent)]).await?;
        decode::values(&reply.body)?;
        let info = LogStoreInfo {
            ready: true,
            ..LogStoreInfo::default()
        };
        Ok(answer(&reply, info))
    }
}

fn answer<T>(reply: &Reply, value: T) -> Answer<T> {
    Answer {
        value,
        warnings: Vec::new(),
        bytes: reply.body.len() as u64,
        server_time_ms: reply.server_time_ms,
        partial: false,
    }
}

impl Backend for VictoriaLogs {
    fn fetch<'a>(&'a self, fetch: Fetch<'a>) -> BoxFuture<'a, Result<Batch, SourceError>> {
        self.lines(fetch).boxed()
    }

    fn most(&self) -> usize {
        MOST
    }

    fn patience(&self) -> Duration {
        self.http.timeout()
    }
}

impl Logs for VictoriaLogs {
    fn kind(&self) -> &'static str {
        "victorialogs"
    }

    fn probe(&self) -> Ask<'_, LogStoreInfo> {
        self.ask_who().boxed()
    }

    fn page<'a>(&'a self, range: &'a LogRange, ask: PageAsk) -> Ask<'a, LogPage> {
        page(self, range, ask).boxed()
    }

    fn histogram<'a>(&'a self, range: &'a LogRange, step_ns: i64) -> Ask<'a, Histogram> {
        self.ask_histogram(range, step_ns).boxed()
    }

    fn count<'a>(&'a self, range: &'a LogRange) -> Ask<'a, Counted> {
        self.ask_count(range).boxed()
    }

    fn facets<'a>(
        &'a self,
        range: &'a LogRange,
        fields: &'a [Field],
        limit: usize,
    ) -> Ask<'a, Vec<Facet>> {
        self.ask_facets(range, fields, limit).boxed()
    }

    fn fields<'a>(&'a self, range: &'a LogRange) -> Ask<'a, Vec<Field>> {
        fields(self, range).boxed()
    }

    fn tail<'a>(
        &'a self,
        range: &'a LogRange,
        mark: Option<&'a TailMark>,
        limit: usize,
    ) -> Ask<'a, LogTail> {
        tail(self, &self.tails, range, mark, limit).boxed()
    }
}

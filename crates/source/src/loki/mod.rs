//! Grafana Loki by its HTTP API (`/loki/api/v1/…`).
//!
//! - A selector must name a label, so every stream is looked at that has the one label which stands for the service (since version 3
//!   Loki gives each stream `service_name`); others by [`LogOptions::scope`].
//! - A page has at most as many lines as the server allows (5,000, found out from its refusal where it is less), and there is no order
//!   among lines of one time stamp: whole time stamps are fetched.
//! - Lines are texts. What a line that is a JSON object says becomes fields of it; such fields, and those of single lines
//!   (structured metadata), are decided on the lines, labels of streams by the server.

mod decode;
mod query;

use crate::connection::{ConfigError, Connection};
use crate::error::{QueryFault, SourceError};
use crate::http::{Http, Params, Protocol, Reply};
use crate::logs::{LogStoreInfo, Logs};
use crate::metrics::{Answer, Ask};
use crate::weblogs::{
    Backend, Batch, Expr, Fetch, Gathered, LineMaker, LogOptions, Names, Tails, buckets, count,
    decoded, facets, fields, histogram, most_frequent, page, plan, tail,
};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use model::log::{
    Counted, Direction, Facet, FacetValue, Field, Filter, Histogram, LogLevel, LogLine, LogPage,
    LogRange, LogTail, PageAsk, TailMark,
};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Lines that a server gives at once unless it is configured otherwise.
const MOST: usize = 5_000;
/// Points of a series that a server gives.
const POINTS: i64 = 11_000;
/// The longest stretch that a server answers unless it is configured otherwise (30 days and an hour), less the hour.
const LONGEST_NS: i64 = 30 * 86_400 * 1_000_000_000;
/// Characters kept of an error's message.
const MESSAGE: usize = 500;
/// Labels that stand for streams when none stands for the service.
const STREAMS: &[&str] = &["namespace", "cluster", "filename", "host", "instance"];

/// What is known of a server.
#[derive(Debug, Default)]
struct Known {
    names: Names,
    /// Labels of streams.
    labels: Vec<String>,
    /// `{…}`; `None` when there are no streams.
    selector: Option<String>,
}

/// A query, and whether its lines are exactly the wanted ones.
struct Query {
    text: String,
    exact: bool,
}

/// A client for one Loki. The tenant is a header of the connection (`X-Scope-OrgID`).
#[derive(Debug)]
pub struct Loki {
    http: Http,
    options: LogOptions,
    known: Mutex<Option<Arc<Known>>>,
    most: AtomicUsize,
    tails: Tails,
}

impl Loki {
    /// A client; nothing is sent yet.
    ///
    /// # Errors
    /// When the connection's description cannot be right.
    pub fn new(connection: &Connection, options: &LogOptions) -> Result<Self, ConfigError> {
        Ok(Self {
            http: Http::new(connection, Protocol::Other("Loki"))?,
            options: options.clone(),
            known: Mutex::new(None),
            most: AtomicUsize::new(MOST),
            tails: Tails::default(),
        })
    }

    async fn ask(&self, route: &str, params: &Params<'_>) -> Result<Reply, SourceError> {
        let reply = self.http.ask(&["loki", "api", "v1", route], params).await?;
        match reply.status {
            200..300 => match reply.body.iter().find(|b| !b.is_ascii_whitespace()) {
                Some(b'{') => Ok(reply),
                None => Err(SourceError::Truncated),
                Some(_) => Err(self.http.not_ours(&reply)),
            },
            status @ (400 | 422 | 429 | 500..) => Err(self.said(status, &reply)),
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
                429 | 502 | 503 => QueryFault::Unavailable,
                400..=499 => QueryFault::Invalid,
                504 => QueryFault::Timeout,
                _ => QueryFault::Internal,
            },
            message: self.http.clean(&text, MESSAGE),
        }
    }

    /// Labels, and what they mean; looked for again until there are any.
    async fn known(&self) -> Result<Arc<Known>, SourceError> {
        let known = self
            .known
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if let Some(known) = known {
            return Ok(known);
        }
        let reply = self.ask("labels", &[]).await?;
        let known = Arc::new(self.understand(decode::labels(&reply.body)?));
        if !known.labels.is_empty() {
            *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(known.clone());
        }
        Ok(known)
    }

    fn understand(&self, mut labels: Vec<String>) -> Known {
        labels.retain(|l| query::is_label(l) && !l.starts_with("__"));
        let has = |name: &str| labels.iter().any(|l| l == name);
        let mut names = Names::find(&self.options.fields, has);
        // fields of single lines are no labels of streams, but by these names newer versions and usual senders give them
        names.level.get_or_insert_with(|| "detected_level".into());
        names.trace_id.get_or_insert_with(|| "trace_id".into());
        names.span_id.get_or_insert_with(|| "span_id".into());
        names.category.get_or_insert_with(|| "category".into());
        names.message = None;
        let streams = names.service.clone().filter(|s| has(s));
        let streams = streams
            .or_else(|| STREAMS.iter().find(|l| has(l)).map(|l| (*l).to_owned()))
            .or_else(|| labels.first().cloned());
        let everything = streams.map(|label| format!("{{{label}=~\".+\"}}"));
        Known {
            names,
            selector: self.options.scope.clone().or(everything),
            labels,
        }
    }

    /// The query for a filter; `None` when nothing can match.
    fn query(&self, filter: &Filter, known: &Known) -> Option<Query> {
        let is_label = |name: &str| known.labels.iter().any(|l| l == name);
        let plan = plan(filter, &known.names, &|name| {
            // a line can always be looked at
            name.is_none_or(is_label).then_some(true)
        });
        if plan.expr == Expr::Nothing {
            return None;
        }
        let (stages, whole) = query::stages(&plan.expr);
        Some(Query {
            text: format!("{}{stages}", known.selector.as_deref()?),
            exact: plan.exact && whole,
        })
    }

    async fn lines(&self, fetch: Fetch<'_>) -> Result<Batch, SourceError> {
        let known = self.known().await?;
        let Some(query) = self.query(fetch.filter, &known) else {
            return Ok(Batch::default());
        };
        let Some((field, id)) = decode::id_wanted(fetch.filter).filter(|_| !query.exact) else {
            return self.some(&query.text, &fetch, &known).await;
        };
        // an id stands in the line or in a field of it, and only either can be asked for
        let how = crate::weblogs::How::Contains(id.to_owned());
        let in_line = query::stages(&Expr::Match(None, how.clone())).0;
        let name = known.names.own(&field).map(str::to_owned);
        let in_field = query::stages(&Expr::Match(name, how)).0;
        let a = format!("{}{in_line}", query.text);
        let b = format!("{}{in_field}", query.text);
        let (a, b) = futures::join!(self.some(&a, &fetch, &known), self.some(&b, &fetch, &known));
        Ok(together(a?, b?, fetch.direction))
    }

    async fn some(
        &self,
        text: &str,
        fetch: &Fetch<'_>,
        known: &Arc<Known>,
    ) -> Result<Batch, SourceError> {
        let mut limit = fetch.limit.min(self.most());
        loop {
            let mut params = vec![
                ("query", text.to_owned()),
                ("limit", limit.to_string()),
                (
                    "direction",
                    match fetch.direction {
                        Direction::Older => "backward",
                        Direction::Newer => "forward",
                    }
                    .to_owned(),
                ),
            ];
            if fetch.from_ns != i64::MIN {
                params.push(("start", fetch.from_ns.to_string()));
            }
            params.extend(fetch.to_ns.map(|to| ("end", to.to_string())));
            let reply = match self.ask("query_range", &params).await {
                Err(SourceError::Query { message, .. })
                    if allowed(&message).is_some_and(|most| most < limit) =>
                {
                    limit = allowed(&message).unwrap_or(1).max(1);
                    self.most.store(limit, Ordering::Relaxed);
                    continue;
                }
                other => other?,
            };
            let known = Arc::clone(known);
            let read = move |body: &[u8]| {
                let names = &known.names;
                decode::lines(body, &LineMaker { names }, &known.labels)
            };
            let (lines, body) = decoded(reply.body, read).await?;
            return Ok(Batch {
                full: lines.len() >= limit,
                lines,
                bytes: body.len() as u64,
                server_time_ms: reply.server_time_ms,
            });
        }
    }

    /// Counts by a label from `from_ns` on and before `to_ns`, in pieces that the server answers.
    async fn counts(
        &self,
        text: &str,
        from_ns: i64,
        to_ns: i64,
        label: Option<&str>,
        gathered: &mut Gathered,
    ) -> Result<Vec<(String, u64)>, SourceError> {
        let (mut all, mut from) = (Vec::new(), from_ns);
        while from < to_ns {
            let to = to_ns.min(from.saturating_add(LONGEST_NS));
            let params = [
                ("query", query::counted(text, to - from, label)),
                ("time", to.to_string()),
            ];
            let reply = self.ask("query", &params).await?;
            gathered.bytes += reply.body.len() as u64;
            gathered.server_time_ms = reply.server_time_ms;
            let counts = decode::counts(&reply.body, label)?;
            all.extend(counts.into_iter().map(|(value, _, n)| (value, n)));
            from = to;
        }
        Ok(all)
    }

    async fn ask_count(&self, range: &LogRange) -> Result<Answer<Counted>, SourceError> {
        let known = self.known().await?;
        let Some(query) = self.query(&range.filter, &known) else {
            return Ok(Answer::local(Counted {
                lines: 0,
                exact: true,
            }));
        };
        if !query.exact {
            return count(self, range).await;
        }
        let mut gathered = Gathered::default();
        let counts = self
            .counts(&query.text, range.from_ns, range.to_ns, None, &mut gathered)
            .await?;
        let lines = counts.iter().map(|(_, n)| n).sum();
        Ok(gathered.answer(Counted { lines, exact: true }))
    }

    async fn ask_histogram(
        &self,
        range: &LogRange,
        step_ns: i64,
    ) -> Result<Answer<Histogram>, SourceError> {
        let mut all = buckets(range, step_ns)?;
        let known = self.known().await?;
        let Some(query) = self.query(&range.filter, &known) else {
            return Ok(Answer::local(all));
        };
        let fine = step_ns % 1_000_000 == 0 && (all.counts.len() as i64) < POINTS;
        if !query.exact || !fine {
            return histogram(self, range, step_ns).await;
        }
        let label = known.names.level.as_deref();
        let mut gathered = Gathered::default();
        // the first and the last bucket may be cut by the range
        let first = range.from_ns.max(all.start_ns);
        let whole_from =
            first.div_euclid(step_ns) * step_ns + if first % step_ns == 0 { 0 } else { step_ns };
        let whole_to = range.to_ns.div_euclid(step_ns) * step_ns;
        let mut pieces = Vec::new();
        if whole_from > first {
            pieces.push((first, whole_from.min(range.to_ns)));
        }
        if whole_to < range.to_ns && whole_to >= whole_from {
            pieces.push((whole_to, range.to_ns));
        }
        for (from, to) in pieces {
            let counts = self
                .counts(&query.text, from, to, label, &mut gathered)
                .await?;
            for (word, lines) in counts {
                put(&mut all, from, &word, lines);
            }
        }
        let mut from = whole_from;
        while from < whole_to {
            let chunk = LONGEST_NS / step_ns * step_ns;
            let to = whole_to.min(from.saturating_add(chunk.max(step_ns)));
            let params = [
                ("query", query::counted(&query.text, step_ns, label)),
                ("start", (from + step_ns).to_string()),
                ("end", to.to_string()),
                ("step", (step_ns as f64 / 1e9).to_string()),
            ];
            let reply = self.ask("query_range", &params).await?;
            gathered.bytes += reply.body.len() as u64;
            gathered.server_time_ms = reply.server_time_ms;
            for (word, at_s, lines) in decode::counts(&reply.body, label)? {
                // times come in seconds; the nearest multiple of the step is meant
                let at = (at_s * 1e9 / step_ns as f64).round() as i64 * step_ns;
                put(&mut all, at - step_ns, &word, lines);
            }
            from = to;
        }
        // levels that stand in the lines only are not seen by the server
        let seen = label.is_some_and(|l| known.labels.iter().any(|k| k == l));
        all.exact = seen || all.counts.iter().all(|row| row.first() == Some(&0));
        Ok(gathered.answer(all))
    }

    async fn ask_facets(
        &self,
        range: &LogRange,
        wanted: &[Field],
        limit: usize,
    ) -> Result<Answer<Vec<Facet>>, SourceError> {
        let known = self.known().await?;
        let label = |field: &Field| {
            let name = match field {
                Field::Service | Field::Host => known.names.own(field)?.to_owned(),
                Field::Attr(path) => {
                    Some(path.join(".")).filter(|n| known.names.field(n).is_none())?
                }
                _ => return None,
            };
            known.labels.contains(&name).then_some(name)
        };
        let names: Option<Vec<String>> = wanted.iter().map(label).collect();
        let query = self.query(&range.filter, &known);
        let (Some(query), Some(names)) = (query.filter(|q| q.exact), names) else {
            return facets(self, range, wanted, limit).await;
        };
        let mut gathered = Gathered::default();
        let mut all = Vec::new();
        for (field, name) in wanted.iter().zip(names) {
            let counts = self
                .counts(
                    &query.text,
                    range.from_ns,
                    range.to_ns,
                    Some(&name),
                    &mut gathered,
                )
                .await;
            let counts = match counts {
                // more values than the server counts at once
                Err(SourceError::Query { .. }) => return facets(self, range, wanted, limit).await,
                other => other?,
            };
            let mut values = std::collections::BTreeMap::new();
            for (value, lines) in counts.into_iter().filter(|(v, _)| !v.is_empty()) {
                *values.entry(value).or_insert(0) += lines;
            }
            let values = values
                .into_iter()
                .map(|(value, lines)| FacetValue { value, lines })
                .collect();
            all.push(Facet {
                field: field.clone(),
                values: most_frequent(values, limit),
                exact: true,
                estimated: false,
            });
        }
        Ok(gathered.answer(all))
    }

    async fn ask_who(&self) -> Result<Answer<LogStoreInfo>, SourceError> {
        let reply = self.ask("labels", &[]).await?;
        decode::labels(&reply.body)?;
        // a gateway may keep it back
        let path = ["loki", "api", "v1", "status", "buildinfo"];
        let build = self.http.get(&path, &[]).await.ok();
        let info = LogStoreInfo {
            version: build.and_then(|b| decode::version(&b.body)),
            ready: true,
            ..LogStoreInfo::default()
        };
        Ok(Answer {
            value: info,
            warnings: Vec::new(),
            bytes: reply.body.len() as u64,
            server_time_ms: reply.server_time_ms,
            partial: false,
        })
    }
}

/// How many lines the server allows, as its refusal says: `… (10000 > 5000)`.
fn allowed(message: &str) -> Option<usize> {
    let (_, numbers) = message.split_once("max_entries_limit")?;
    let (_, most) = numbers.split_once('>')?;
    most.trim().trim_end_matches(')').parse().ok()
}

fn put(all: &mut Histogram, at_ns: i64, word: &str, lines: u64) {
    let bucket = at_ns.saturating_sub(all.start_ns).div_euclid(all.step_ns);
    let bucket = usize::try_from(bucket).ok();
    let counts = bucket.and_then(|b| all.counts.get_mut(b));
    let column = Histogram::column(LogLevel::read(word));
    if let Some(n) = counts.and_then(|c| c.get_mut(column)) {
        *n = n.saturating_add(lines);
    }
}

/// Lines of two questions. Where one has more than it gave, the other's beyond that point are left for the next time.
fn together(a: Batch, b: Batch, direction: Direction) -> Batch {
    let edge = |batch: &Batch| {
        let times = batch.lines.iter().map(|l| l.position.at_ns);
        match direction {
            _ if !batch.full => None,
            Direction::Older => times.min(),
            Direction::Newer => times.max(),
        }
    };
    let edges = edge(&a).into_iter().chain(edge(&b));
    let full = a.full || b.full;
    let keep = |line: &LogLine, edge: i64| match direction {
        Direction::Older => line.position.at_ns >= edge,
        Direction::Newer => line.position.at_ns <= edge,
    };
    let edge = match direction {
        Direction::Older => edges.max(),
        Direction::Newer => edges.min(),
    };
    let mut lines = decode::union(a.lines, b.lines);
    lines.retain(|l| edge.is_none_or(|edge| keep(l, edge)));
    Batch {
        lines,
        full,
        bytes: a.bytes + b.bytes,
        server_time_ms: b.server_time_ms,
    }
}

impl Backend for Loki {
    fn fetch<'a>(&'a self, fetch: Fetch<'a>) -> BoxFuture<'a, Result<Batch, SourceError>> {
        self.lines(fetch).boxed()
    }

    fn most(&self) -> usize {
        self.most.load(Ordering::Relaxed)
    }

    fn longest_ns(&self) -> i64 {
        LONGEST_NS
    }

    fn patience(&self) -> Duration {
        self.http.timeout()
    }
}

impl Logs for Loki {
    fn kind(&self) -> &'static str {
        "loki"
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

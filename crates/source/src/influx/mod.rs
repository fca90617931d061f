//! InfluxDB as a source of metrics: 1.x by InfluxQL (<https://docs.influxdata.com/influxdb/v1/tools/api/>), 2.x by Flux
//! (<https://docs.influxdata.com/influxdb/v2/api/>), 3.x by SQL (<https://docs.influxdata.com/influxdb3/core/api/v3/>).
//!
//! A question is PromQL all the same: our evaluator works on the series that the server gives. What it reads are selectors that hold
//! a question in the server's own language (`max by (host) ({influxql="SELECT …"})`, see [`model::lang`]), so that a concept of any
//! dialect can stand in any board. InfluxDB 1.x also answers plain selectors, in the shape in which it stores what Prometheus writes
//! to it: the metric's name is the measurement, its labels are tags, its value is the field `value`.
//!
//! Labels of an answer: tags as they are, the measurement as the metric's name, `field` where a question gives several numbers a row
//! (of SQL: where the number is not called `value`), and `instance` from `host` where there is none, because that is how Telegraf calls it.

mod csv;
mod evaluate;
mod guard;
mod json1;
mod json3;
mod rows;
mod select;
#[cfg(test)]
mod tests;

use crate::connection::{Auth, ConfigError, Connection, Part};
use crate::error::{QueryFault, SourceError};
use crate::http::{Http, Protocol, Reply};
use crate::metrics::{Answer, Ask, Flavor, Metadata, Metrics, SourceInfo, Span};
use evaluate::{Fetched, Wanted};
use futures::FutureExt as _;
use model::sample::stale_marker;
use model::{InstantValue, Labels, Lang, RangeFrame, Series};
use promql::Value;
use rows::Read;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Bodies above this are decoded on a thread of their own, so that others' answers need not wait.
const LARGE: usize = 256 << 10;
/// Characters kept of a server's message.
const MESSAGE: usize = 500;
/// Rounds in which an expression may find out which further series it needs.
const ROUNDS: usize = 8;
/// Selectors of one expression that are asked for.
const MAX_SELECTORS: usize = 32;
/// The distance of two points where only the present is asked for, ms: Telegraf's usual interval.
const PRESENT_STEP: i64 = 10_000;
/// The server's clock is looked at again after this time.
const CLOCK_AGAIN: Duration = Duration::from_secs(30);

/// Which generation of InfluxDB is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Generation {
    /// 1.x: InfluxQL.
    One,
    /// 2.x: Flux.
    Two,
    /// 3.x: SQL.
    Three,
}

impl Generation {
    /// The kind's name in the configuration.
    pub fn kind(self) -> &'static str {
        match self {
            Self::One => "influxdb1",
            Self::Two => "influxdb2",
            Self::Three => "influxdb3",
        }
    }

    /// The language of its questions.
    pub fn lang(self) -> Lang {
        match self {
            Self::One => Lang::Influxql,
            Self::Two => Lang::Flux,
            Self::Three => Lang::Sql,
        }
    }
}

/// A client for one database of an InfluxDB.
#[derive(Debug)]
pub struct Influx {
    http: Http,
    generation: Generation,
    part: Part,
    /// The server's clock in ms, and when it showed that.
    clock: Mutex<Option<(i64, Instant)>>,
}

impl Influx {
    /// A client; nothing is sent yet.
    ///
    /// # Errors
    /// When the connection's description cannot be right, or names no database.
    pub fn new(connection: &Connection, generation: Generation) -> Result<Self, ConfigError> {
        let part = connection.part.clone();
        if part.database.is_empty() {
            return Err(ConfigError::Missing("database"));
        }
        if generation == Generation::Two && part.organization.is_empty() {
            return Err(ConfigError::Missing("organization"));
        }
        let mut connection = connection.clone();
        if generation == Generation::Two
            && let Auth::Bearer(token) = &connection.auth
        {
            // its own scheme; Bearer is not understood by every 2.x
            connection.auth = Auth::Token(token.clone());
        }
        Ok(Self {
            http: Http::new(&connection, Protocol::Other("InfluxDB"))?,
            generation,
            part,
            clock: Mutex::new(None),
        })
    }

    /// One question in the server's own language.
    async fn send(&self, text: &str) -> Result<Reply, SourceError> {
        let reply = match self.generation {
            Generation::One => {
                let params = [
                    ("db", self.part.database.clone()),
                    ("epoch", "ms".to_owned()),
                    ("q", text.to_owned()),
                ];
                self.http.ask(&["query"], &params).await?
            }
            Generation::Two => {
                let body = serde_json::json!({
                    "query": text,
                    "type": "flux",
                    "dialect": {
                        "header": true,
                        "delimiter": ",",
                        "annotations": ["datatype", "group", "default"],
                        "dateTimeFormat": "RFC3339"
                    }
                });
                let org = [("org", self.part.organization.clone())];
                let path = ["api", "v2", "query"];
                self.http
                    .ask_json(&path, &org, body.to_string().into_bytes())
                    .await?
            }
            Generation::Three => {
                let body = serde_json::json!({
                    "db": self.part.database, "q": text, "format": "jsonl"
                });
                let path = ["api", "v3", "query_sql"];
                self.http
                    .ask_json(&path, &[], body.to_string().into_bytes())
                    .await?
            }
        };
        self.accept(reply)
    }

    fn accept(&self, reply: Reply) -> Result<Reply, SourceError> {
        if (200..300).contains(&reply.status) {
            let html = reply.content_type.starts_with("text/html");
            return if html {
                Err(self.http.not_ours(&reply))
            } else {
                Ok(reply)
            };
        }
        let said = match reply.status {
            401 => return Err(SourceError::Unauthorized),
            403 => return Err(SourceError::Forbidden),
            _ => rows::message(&reply.body),
        };
        let Some(message) = said else {
            return Err(self.http.refusal(&reply));
        };
        Err(SourceError::Query {
            fault: match reply.status {
                429 | 502 | 503 => QueryFault::Unavailable,
                400..=499 => QueryFault::Invalid,
                504 => QueryFault::Timeout,
                _ => QueryFault::Internal,
            },
            message: self.http.clean(&message, MESSAGE),
        })
    }

    async fn decoded<T: Send + 'static>(
        &self,
        reply: Reply,
        read: impl FnOnce(&[u8]) -> Result<Read<T>, SourceError> + Send + 'static,
    ) -> Result<Answer<T>, SourceError> {
        let (bytes, server_time_ms) = (reply.body.len() as u64, reply.server_time_ms);
        let stranger = self.http.not_ours(&reply);
        let body = reply.body;
        let read = if body.len() > LARGE {
            tokio::task::spawn_blocking(move || read(&body))
                .await
                .map_err(|e| SourceError::Internal {
                    detail: e.to_string(),
                })?
        } else {
            read(&body)
        };
        let read = read.map_err(|e| match e {
            SourceError::Query { fault, message } => SourceError::Query {
                fault,
                message: self.http.clean(&message, MESSAGE),
            },
            // at its very first byte it is something else altogether
            SourceError::Malformed { at: 0, .. } => stranger,
            other => other,
        })?;
        let warnings = read.warnings.iter().take(20);
        Ok(Answer {
            value: read.value,
            warnings: warnings.map(|w| self.http.clean(w, MESSAGE)).collect(),
            bytes,
            server_time_ms,
            partial: read.partial,
        })
    }

    /// The series of one selector.
    async fn fetch(&self, wanted: &Wanted, step: i64) -> Result<Answer<Vec<Series>>, SourceError> {
        let limits = *self.http.limits();
        let text = select::question(wanted, step, self.generation, &self.part.database)?;
        let reply = self.send(&text).await?;
        let generation = self.generation;
        let read = move |body: &[u8]| match generation {
            Generation::One => json1::series(body, &limits),
            Generation::Two => csv::series(body, &limits),
            Generation::Three => json3::series(body, &limits),
        };
        let mut answer = self.decoded(reply, read).await?;
        select::only(&mut answer.value, wanted);
        Ok(answer)
    }

    /// Evaluates; asks for what the evaluation has missed until it misses nothing.
    async fn evaluated<T: Send + 'static>(
        &self,
        step: i64,
        work: impl Fn(&Fetched, &promql::Engine) -> Result<T, promql::PromqlError>
        + Clone
        + Send
        + 'static,
    ) -> Result<Answer<T>, SourceError> {
        let mut fetched = Fetched::default();
        let mut about = Answer::local(());
        let mut left = self.http.limits().values;
        for _ in 0..ROUNDS {
            let (result, back) =
                evaluate::run(fetched, self.http.limits().values, work.clone()).await?;
            fetched = back;
            let missing = fetched.missing();
            if missing.is_empty() {
                let value = result.map_err(evaluate::fault)?;
                return Ok(about.map(|()| value));
            }
            if fetched.len() + missing.len() > MAX_SELECTORS {
                return Err(SourceError::Limit {
                    what: crate::Capacity::Series,
                    limit: MAX_SELECTORS as u64,
                });
            }
            for wanted in missing {
                let part = self.fetch(&wanted, step).await?;
                let values: usize = part.value.iter().map(|s| s.samples.len()).sum();
                left = left.checked_sub(values).ok_or(SourceError::Limit {
                    what: crate::Capacity::Values,
                    limit: self.http.limits().values as u64,
                })?;
                about.bytes += part.bytes;
                about.server_time_ms = part.server_time_ms;
                about.partial |= part.partial;
                about.warnings.extend(part.warnings);
                fetched.keep(wanted, part.value);
            }
        }
        Err(SourceError::Internal {
            detail: "an expression that always needs more".into(),
        })
    }

    /// The server's present, ms: from the header `Date`, which counts whole seconds, and our monotonic clock since then.
    async fn now(&self) -> Result<i64, SourceError> {
        let known = *self.clock.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((ms, at)) = known.filter(|(_, at)| at.elapsed() < CLOCK_AGAIN) {
            return Ok(ms + i64::try_from(at.elapsed().as_millis()).unwrap_or(0));
        }
        let reply = self.http.get(&["ping"], &[]).await?;
        if reply.status >= 400 {
            return Err(self.http.refusal(&reply));
        }
        // the second that has begun counts whole: a value written in it must not be missed
        let ms = reply.server_time_ms.ok_or(SourceError::Malformed {
            at: 0,
            what: "the header Date",
        })? + 999;
        *self.clock.lock().unwrap_or_else(PoisonError::into_inner) = Some((ms, Instant::now()));
        Ok(ms)
    }

    /// Texts in the column `column` of the answer to `text`.
    async fn texts(
        &self,
        text: &str,
        column: &'static str,
    ) -> Result<Answer<Vec<String>>, SourceError> {
        let limits = *self.http.limits();
        let reply = self.send(text).await?;
        let generation = self.generation;
        self.decoded(reply, move |body| match generation {
            Generation::One => json1::texts(body, column, &limits),
            Generation::Two => csv::texts(body, column, &limits),
            Generation::Three => json3::texts(body, column, &limits),
        })
        .await
    }

    async fn measurements(&self) -> Result<Answer<Vec<String>>, SourceError> {
        match self.generation {
            Generation::One => self.texts("SHOW MEASUREMENTS", "name").await,
            Generation::Two => {
                let bucket = select::quoted(&self.part.database);
                let text = format!(
                    "import \"influxdata/influxdb/schema\"\nschema.measurements(bucket: {bucket})"
                );
                self.texts(&text, "_value").await
            }
            Generation::Three => {
                let text =
                    "SELECT table_name FROM information_schema.tables WHERE table_schema = 'iox'";
                self.texts(text, "table_name").await
            }
        }
    }

    fn plain_selectors(&self, what: &'static str) -> Result<(), SourceError> {
        if self.generation == Generation::One {
            Ok(())
        } else {
            Err(SourceError::Unsupported { what })
        }
    }

    async fn ask_series(
        &self,
        selectors: &[&str],
        span: Span,
        limit: usize,
    ) -> Result<Answer<Vec<Labels>>, SourceError> {
        self.plain_selectors("list of series")?;
        let limits = *self.http.limits();
        let mut all = Answer::local(BTreeSet::new());
        for selector in selectors {
            let wanted = Wanted::parse(selector, span)?;
            let reply = self.send(&select::newest(&wanted)?).await?;
            let read = move |body: &[u8]| json1::series(body, &limits);
            let mut part = self.decoded(reply, read).await?;
            select::only(&mut part.value, &wanted);
            all.bytes += part.bytes;
            all.server_time_ms = part.server_time_ms;
            all.partial |= part.partial;
            all.value.extend(part.value.into_iter().map(|s| s.labels));
        }
        Ok(all.map(|found| found.into_iter().take(limit).collect()))
    }

    async fn ask_range(
        &self,
        query: String,
        start: i64,
        end: i64,
        step: i64,
    ) -> Result<Answer<RangeFrame>, SourceError> {
        let limits = *self.http.limits();
        // the same bounds for every source
        crate::prometheus::decode::Grid::new(start, end, step, &limits)?;
        let len = usize::try_from((end - start) / step).unwrap_or(0) + 1;
        let answer = self
            .evaluated(step, move |store, engine| {
                engine.range(store, &query, start, end, step)
            })
            .await?;
        Ok(answer.map(|series| RangeFrame {
            start_ms: start,
            step_ms: step,
            len,
            series: series
                .into_iter()
                .map(|s| (s.labels.clone(), column(&s, start, step, len)))
                .collect(),
        }))
    }

    async fn ask_who(&self) -> Result<Answer<SourceInfo>, SourceError> {
        let reply = self.http.get(&["ping"], &[]).await?;
        if reply.status == 503 {
            return Ok(Answer::local(SourceInfo {
                flavor: Flavor::InfluxDb,
                ..SourceInfo::default()
            }));
        }
        let version = rows::version(&reply);
        if reply.status >= 400 {
            return Err(self.http.refusal(&reply));
        }
        let Some(version) = version else {
            return Err(self.http.not_ours(&reply));
        };
        // whether the database is there and may be read
        let found = match self.generation {
            // lists of a database that is not there are empty; only a question to it is refused
            Generation::One => {
                self.texts("SELECT \"value\" FROM \"_\" LIMIT 1", "value")
                    .await?
            }
            Generation::Two | Generation::Three => self.measurements().await?,
        };
        Ok(found.map(|_| SourceInfo {
            flavor: Flavor::InfluxDb,
            version: Some(crate::http::clean(version.trim_start_matches('v'), 40)),
            ready: true,
            has_metadata: false,
        }))
    }
}

fn column(series: &Series, start: i64, step: i64, len: usize) -> Vec<f64> {
    let mut values = vec![stale_marker(); len];
    for s in &series.samples {
        let slot = usize::try_from((s.t - start) / step.max(1)).ok();
        if let Some(slot) = slot.and_then(|i| values.get_mut(i)) {
            *slot = s.v;
        }
    }
    values
}

impl Metrics for Influx {
    fn kind(&self) -> &'static str {
        self.generation.kind()
    }

    fn patience(&self) -> Duration {
        self.http.timeout()
    }

    fn instant<'a>(&'a self, query: &'a str, at_ms: Option<i64>) -> Ask<'a, InstantValue> {
        async move {
            let at = match at_ms {
                Some(at) => at,
                None => self.now().await?,
            };
            let query = query.to_owned();
            let work =
                move |store: &Fetched, engine: &promql::Engine| engine.instant(store, &query, at);
            let answer = self.evaluated(PRESENT_STEP, work).await?;
            Ok(answer.map(|value| match value {
                Value::Scalar(s) => InstantValue::Scalar(s),
                Value::String { t, value } => InstantValue::Text(t, value),
                Value::Vector(v) => InstantValue::Vector(v),
                Value::Matrix(m) => InstantValue::Matrix(m),
            }))
        }
        .boxed()
    }

    fn range<'a>(
        &'a self,
        query: &'a str,
        start_ms: i64,
        end_ms: i64,
        step_ms: i64,
    ) -> Ask<'a, RangeFrame> {
        self.ask_range(query.to_owned(), start_ms, end_ms, step_ms)
            .boxed()
    }

    fn series<'a>(
        &'a self,
        selectors: &'a [&'a str],
        span: Span,
        limit: usize,
    ) -> Ask<'a, Vec<Labels>> {
        self.ask_series(selectors, span, limit).boxed()
    }

    fn label_names<'a>(&'a self, selectors: &'a [&'a str], span: Span) -> Ask<'a, Vec<String>> {
        async move {
            self.plain_selectors("list of label names")?;
            let mut names = if selectors.is_empty() {
                self.texts("SHOW TAG KEYS", "tagKey").await?
            } else {
                let found = self.ask_series(selectors, span, usize::MAX).await?;
                found.map(|all| {
                    let names = all.iter().flat_map(|l| l.iter().map(|(n, _)| n.to_owned()));
                    names.collect()
                })
            };
            names.value.push(model::labels::METRIC_NAME.into());
            names.value.sort_unstable();
            names.value.dedup();
            Ok(names)
        }
        .boxed()
    }

    fn label_values<'a>(
        &'a self,
        name: &'a str,
        selectors: &'a [&'a str],
        span: Span,
    ) -> Ask<'a, Vec<String>> {
        async move {
            let all = selectors.is_empty();
            let mut values = if all && name == model::labels::METRIC_NAME {
                self.measurements().await?
            } else {
                self.plain_selectors("list of label values")?;
                if all {
                    let text = format!("SHOW TAG VALUES WITH KEY = {}", select::identifier(name));
                    self.texts(&text, "value").await?
                } else {
                    let found = self.ask_series(selectors, span, usize::MAX).await?;
                    found.map(|all| {
                        all.iter()
                            .filter_map(|l| l.get(name).map(str::to_owned))
                            .collect()
                    })
                }
            };
            values.value.sort_unstable();
            values.value.dedup();
            Ok(values)
        }
        .boxed()
    }

    fn metadata<'a>(&'a self, _: Option<&'a str>) -> Ask<'a, BTreeMap<String, Metadata>> {
        async { Ok(Answer::local(BTreeMap::new())) }.boxed()
    }

    fn probe(&self) -> Ask<'_, SourceInfo> {
        self.ask_who().boxed()
    }

    fn exists<'a>(&'a self, metrics: &'a [&'a str]) -> Ask<'a, Vec<bool>> {
        async move {
            let found = self.measurements().await?;
            Ok(found.map(|names| {
                let known: BTreeSet<String> = names.into_iter().collect();
                metrics.iter().map(|m| known.contains(*m)).collect()
            }))
        }
        .boxed()
    }
}

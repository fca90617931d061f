//! Elasticsearch and OpenSearch by `_search`.
//!
//! - Times are as fine as the index has them: milliseconds with `date`, whatever was sent.
//! - Keywords are decided by the server. Of an analysed message the server knows words only; lines with these words are read, and the
//!   phrase is looked for in them.
//! - At most 10,000 lines come at once; beyond that the search goes on after the last one.

mod decode;
mod fields;
mod query;

use crate::connection::{ConfigError, Connection};
use crate::error::{QueryFault, SourceError};
use crate::http::{Http, Protocol, Reply};
use crate::logs::{LogStoreInfo, Logs};
use crate::metrics::{Answer, Ask};
use crate::weblogs::{
    Backend, Batch, Expr, Fetch, Gathered, LogOptions, Tails, buckets, count, decoded, facets,
    fields as sampled_fields, histogram, most_frequent, page, plan, tail,
};
use decode::Found;
use fields::Fields;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use model::log::{
    Counted, Facet, FacetValue, Field, Filter, Histogram, LogLevel, LogPage, LogRange, LogTail,
    PageAsk, TailMark,
};
use serde::Deserialize;
use serde_json::Value;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The field of a line's time.
const TIME: &str = "@timestamp";
/// Where lines are looked for unless it is configured.
const INDICES: &str = "logs-*,filebeat-*,logstash-*";
/// Lines of one answer.
const WINDOW: usize = 10_000;
/// Lines of one fetch: five answers.
const MOST: usize = 50_000;
/// Characters kept of an error's message.
const MESSAGE: usize = 500;

/// What is known of a server.
#[derive(Debug, Default)]
struct Known {
    fields: Fields,
    /// Whether histograms want `interval`, as before version 7.2.
    old: bool,
}

/// A client for one Elasticsearch or OpenSearch.
#[derive(Debug)]
pub struct Elastic {
    http: Http,
    options: LogOptions,
    indices: String,
    known: Mutex<Option<Arc<Known>>>,
    tails: Tails,
}

/// Which version answers.
#[derive(Deserialize)]
struct Version {
    number: String,
    /// `opensearch`.
    distribution: Option<String>,
}

impl Version {
    fn is_before_7_2(&self) -> bool {
        let mut parts = self
            .number
            .split('.')
            .map(|p| p.parse::<u32>().unwrap_or(0));
        let version = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
        self.distribution.is_none() && version < (7, 2)
    }
}

/// A question, and whether its lines are exactly the wanted ones.
struct Question {
    query: Value,
    exact: bool,
}

impl Elastic {
    /// A client; nothing is sent yet.
    ///
    /// # Errors
    /// When the connection's description cannot be right.
    pub fn new(connection: &Connection, options: &LogOptions) -> Result<Self, ConfigError> {
        Ok(Self {
            http: Http::new(connection, Protocol::Other("Elasticsearch"))?,
            indices: options.scope.clone().unwrap_or_else(|| INDICES.to_owned()),
            options: options.clone(),
            known: Mutex::new(None),
            tails: Tails::default(),
        })
    }

    fn accept(&self, reply: Reply) -> Result<Reply, SourceError> {
        match reply.status {
            200..300 => match reply.body.iter().find(|b| !b.is_ascii_whitespace()) {
                Some(b'{') => Ok(reply),
                None => Err(SourceError::Truncated),
                Some(_) => Err(self.http.not_ours(&reply)),
            },
            401 | 403 => Err(self.http.refusal(&reply)),
            status => Err(match decode::refusal(&reply.body) {
                Some(reason) => SourceError::Query {
                    fault: match status {
                        429 | 502 | 503 => QueryFault::Unavailable,
                        400..=499 => QueryFault::Invalid,
                        504 => QueryFault::Timeout,
                        _ => QueryFault::Internal,
                    },
                    message: self.http.clean(&reason, MESSAGE),
                },
                None => self.http.refusal(&reply),
            }),
        }
    }

    async fn search(&self, body: &Value) -> Result<(Reply, Found), SourceError> {
        let path = [self.indices.as_str(), "_search"];
        let params = [
            ("ignore_unavailable", "true".to_owned()),
            ("allow_no_indices", "true".to_owned()),
        ];
        let body = body.to_string().into_bytes();
        let reply = self.accept(self.http.ask_json(&path, &params, body).await?)?;
        let (found, body) = decoded(reply.body, Found::read).await?;
        Ok((Reply { body, ..reply }, found))
    }

    async fn version(&self) -> Result<(Reply, Version), SourceError> {
        #[derive(Deserialize)]
        struct Root {
            version: Version,
        }
        let reply = self.accept(self.http.get(&[], &[]).await?)?;
        let root: Result<Root, _> = serde_json::from_slice(&reply.body);
        match root {
            Ok(root) => Ok((reply, root.version)),
            Err(_) => Err(self.http.not_ours(&reply)),
        }
    }

    /// Fields and version; looked for again until there are fields.
    async fn known(&self) -> Result<Arc<Known>, SourceError> {
        let known = self
            .known
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if let Some(known) = known {
            return Ok(known);
        }
        let path = [self.indices.as_str(), "_field_caps"];
        let params = [
            ("fields", "*".to_owned()),
            ("ignore_unavailable", "true".to_owned()),
            ("allow_no_indices", "true".to_owned()),
        ];
        let caps = self.accept(self.http.get(&path, &params).await?)?;
        // a user who may only read indices may not ask for the version
        let old = match self.version().await {
            Ok((_, version)) => version.is_before_7_2(),
            Err(SourceError::Forbidden | SourceError::NotExpected { .. }) => false,
            Err(e) => return Err(e),
        };
        let known = Arc::new(Known {
            fields: Fields::read(&caps.body, &self.options)?,
            old,
        });
        if !known.fields.is_empty() {
            *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(known.clone());
        }
        Ok(known)
    }

    /// The question for a filter; `None` when nothing can match.
    fn question(
        &self,
        filter: &Filter,
        fields: &Fields,
        from_ns: i64,
        to_ns: Option<i64>,
    ) -> Option<Question> {
        let plan = plan(filter, &fields.names, &|name| {
            let is_own = name.is_none_or(|n| fields.names.field(n).is_some());
            query::decides(fields, name, is_own)
        });
        if plan.expr == Expr::Nothing {
            return None;
        }
        match query::query(&plan.expr, fields, from_ns, to_ns) {
            Some(query) => Some(Question {
                query,
                exact: plan.exact,
            }),
            // too long to be asked: everything is read
            None => query::query(&Expr::All, fields, from_ns, to_ns).map(|query| Question {
                query,
                exact: false,
            }),
        }
    }

    async fn lines(&self, fetch: Fetch<'_>) -> Result<Batch, SourceError> {
        let known = self.known().await?;
        let fields = &known.fields;
        let asked = self.question(fetch.filter, fields, fetch.from_ns, fetch.to_ns);
        let mut batch = Batch::default();
        let Some(question) = asked else {
            return Ok(batch);
        };
        let mut after = None;
        loop {
            let size = fetch.limit.saturating_sub(batch.lines.len()).min(WINDOW);
            let body = query::lines(&question.query, fetch.direction, size, after.as_ref());
            let (reply, found) = self.search(&body).await?;
            batch.bytes += reply.body.len() as u64;
            batch.server_time_ms = reply.server_time_ms;
            after = found.after();
            let whole = found.count() < size;
            batch.lines.extend(found.lines(fields));
            batch.full = !whole;
            if whole || after.is_none() || batch.lines.len() >= fetch.limit {
                return Ok(batch);
            }
        }
    }

    async fn ask_count(&self, range: &LogRange) -> Result<Answer<Counted>, SourceError> {
        let known = self.known().await?;
        let asked = self.question(
            &range.filter,
            &known.fields,
            range.from_ns,
            Some(range.to_ns),
        );
        let Some(question) = asked else {
            return Ok(Answer::local(Counted {
                lines: 0,
                exact: true,
            }));
        };
        if !question.exact {
            return count(self, range).await;
        }
        let body =
            serde_json::json!({"size": 0, "track_total_hits": true, "query": question.query});
        let (reply, found) = self.search(&body).await?;
        let counted = Counted {
            lines: found.total(),
            exact: !found.partial(),
        };
        Ok(answer(&reply, &found, counted))
    }

    async fn ask_histogram(
        &self,
        range: &LogRange,
        step_ns: i64,
    ) -> Result<Answer<Histogram>, SourceError> {
        let mut all = buckets(range, step_ns)?;
        let known = self.known().await?;
        let fields = &known.fields;
        let asked = self.question(&range.filter, fields, range.from_ns, Some(range.to_ns));
        let Some(question) = asked else {
            return Ok(Answer::local(all));
        };
        let level = fields.names.level.as_deref().map(|name| fields.of(name));
        let level = match level {
            Some(Some((field, fields::Kind::Keyword))) => Some(field),
            None => None,
            // its levels cannot be counted
            Some(_) => return histogram(self, range, step_ns).await,
        };
        if !question.exact || step_ns % 1_000_000 != 0 {
            return histogram(self, range, step_ns).await;
        }
        let interval = if known.old {
            "interval"
        } else {
            "fixed_interval"
        };
        let step_ms = step_ns / 1_000_000;
        let body = query::per_bucket(&question.query, step_ms, level.as_deref(), interval);
        let (reply, found) = self.search(&body).await?;
        all.exact = !found.partial();
        for bucket in found.aggregations.values().flat_map(|a| &a.buckets) {
            let at = bucket.key.as_i64().and_then(|ms| ms.checked_mul(1_000_000));
            let at = at.map(|at| at.saturating_sub(all.start_ns).div_euclid(step_ns));
            let at = at.and_then(|at| usize::try_from(at).ok());
            let Some(row) = at.and_then(|at| all.counts.get_mut(at)) else {
                continue;
            };
            let words = bucket.words.iter().flat_map(|w| &w.buckets);
            let mut rest = bucket.doc_count;
            for word in words {
                let level = word.key.as_str().and_then(LogLevel::read);
                rest = rest.saturating_sub(word.doc_count);
                if let Some(n) = row.get_mut(Histogram::column(level)) {
                    *n = n.saturating_add(word.doc_count);
                }
            }
            if let Some(n) = row.first_mut() {
                *n = n.saturating_add(rest);
            }
        }
        Ok(answer(&reply, &found, all))
    }

    async fn ask_facets(
        &self,
        range: &LogRange,
        wanted: &[Field],
        limit: usize,
    ) -> Result<Answer<Vec<Facet>>, SourceError> {
        let known = self.known().await?;
        let fields = &known.fields;
        // what a field of several values says is another thing to the server
        let keyword = |field: &Field| match field {
            Field::Service | Field::Host => {
                let (field, kind) = fields.of(fields.names.own(field)?)?;
                (kind == fields::Kind::Keyword).then_some(field)
            }
            _ => None,
        };
        let names: Option<Vec<String>> = wanted.iter().map(keyword).collect();
        let asked = self.question(&range.filter, fields, range.from_ns, Some(range.to_ns));
        let (Some(question), Some(names)) = (asked.filter(|q| q.exact), names) else {
            return facets(self, range, wanted, limit).await;
        };
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let body = query::top(&question.query, &names, limit);
        let (reply, found) = self.search(&body).await?;
        let facet = |(n, field): (usize, &Field)| {
            let counted = found.aggregations.get(&n.to_string());
            let values = counted.iter().flat_map(|c| &c.buckets);
            let values = values
                .filter_map(|b| {
                    let value = b.key.as_str().filter(|v| !v.is_empty())?;
                    Some(FacetValue {
                        value: value.to_owned(),
                        lines: b.doc_count,
                    })
                })
                .collect();
            Facet {
                field: field.clone(),
                values: most_frequent(values, limit),
                exact: !found.partial()
                    && counted.is_none_or(|c| c.doc_count_error_upper_bound == 0),
                estimated: false,
            }
        };
        let all = wanted.iter().enumerate().map(facet).collect();
        Ok(answer(&reply, &found, all))
    }

    async fn ask_who(&self) -> Result<Answer<LogStoreInfo>, SourceError> {
        let (reply, version) = self.version().await?;
        let name = version
            .distribution
            .map_or_else(String::new, |d| format!("{d} "));
        let info = LogStoreInfo {
            version: Some(self.http.clean(&format!("{name}{}", version.number), 40)),
            ready: true,
            ..LogStoreInfo::default()
        };
        let gathered = Gathered {
            bytes: reply.body.len() as u64,
            server_time_ms: reply.server_time_ms,
            warnings: Vec::new(),
        };
        Ok(gathered.answer(info))
    }
}

fn answer<T>(reply: &Reply, found: &Found, value: T) -> Answer<T> {
    Answer {
        value,
        warnings: Vec::new(),
        bytes: reply.body.len() as u64,
        server_time_ms: reply.server_time_ms,
        partial: found.partial(),
    }
}

impl Backend for Elastic {
    fn fetch<'a>(&'a self, fetch: Fetch<'a>) -> BoxFuture<'a, Result<Batch, SourceError>> {
        self.lines(fetch).boxed()
    }

    fn most(&self) -> usize {
        MOST
    }

    fn grain_ns(&self) -> i64 {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known
            .as_ref()
            .map_or(1_000_000, |k| k.fields.grain_ns.max(1))
    }

    fn patience(&self) -> Duration {
        self.http.timeout()
    }
}

impl Logs for Elastic {
    fn kind(&self) -> &'static str {
        "elasticsearch"
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
        sampled_fields(self, range).boxed()
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

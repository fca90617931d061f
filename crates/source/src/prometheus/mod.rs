//! Prometheus' HTTP API v1 (<https://prometheus.io/docs/prometheus/latest/querying/api/>), as Prometheus 2.42 and
//! VictoriaMetrics 1.79 answer it.
//!
//! VictoriaMetrics differs: errors carry the HTTP status as their type, `buildinfo` and `metadata` are empty, a
//! scalar comes as a vector, fresh points show after its `latencyOffset` (30 s), it moves the grid of a range
//! query to multiples of the step unless asked not to (`nocache=1`), and it says `isPartial` when a node was away.

pub mod alerts;
mod api;
pub mod decode;
mod number;
mod scan;

use crate::connection::{ConfigError, Connection};
use crate::error::SourceError;
use crate::http::{Http, Params, Protocol, Reply};
use crate::metrics::{Answer, Ask, Flavor, Metadata, Metrics, SourceInfo, Span};
use api::{BuildInfo, MetadataEntry};
use decode::{Decoded, Grid};
use futures::FutureExt as _;
use model::{InstantValue, Labels, RangeFrame};
use std::collections::{BTreeMap, HashSet};

/// Bodies above this are decoded on a thread of their own, so that others' answers need not wait.
const LARGE: usize = 256 << 10;
/// Bytes of metric names in one question of [`Metrics::exists`].
const NAMES: usize = 6_000;
/// Characters kept of a warning and of an error's message.
const MESSAGE: usize = 500;

/// A client for one Prometheus or VictoriaMetrics.
#[derive(Debug)]
pub struct Prometheus {
    http: Http,
}

impl Prometheus {
    /// A client; nothing is sent yet.
    ///
    /// # Errors
    /// When the connection's description cannot be right.
    pub fn new(connection: &Connection) -> Result<Self, ConfigError> {
        Ok(Self {
            http: Http::new(connection, Protocol::Prometheus)?,
        })
    }

    /// The body of a successful answer, or the error it is.
    fn accept(&self, reply: Reply) -> Result<Reply, SourceError> {
        if (200..300).contains(&reply.status) {
            let first = reply.body.iter().find(|b| !b.is_ascii_whitespace());
            return match first {
                Some(b'{') => Ok(reply),
                None => Err(SourceError::Truncated),
                Some(_) => Err(self.http.not_ours(&reply)),
            };
        }
        match api::api_error(&reply.body, reply.status) {
            Some(_) if reply.status == 401 => Err(SourceError::Unauthorized),
            Some((fault, message)) => Err(SourceError::Query {
                fault,
                message: self.http.clean(&message, MESSAGE),
            }),
            None => Err(self.http.refusal(&reply)),
        }
    }

    async fn decoded<T: Send + 'static>(
        &self,
        reply: Reply,
        decode: impl FnOnce(&[u8]) -> Result<Decoded<T>, SourceError> + Send + 'static,
    ) -> Result<Answer<T>, SourceError> {
        let Reply {
            body,
            server_time_ms,
            ..
        } = self.accept(reply)?;
        let bytes = body.len() as u64;
        let decoded = if body.len() > LARGE {
            tokio::task::spawn_blocking(move || decode(&body))
                .await
                .map_err(|e| SourceError::Internal {
                    detail: e.to_string(),
                })?
        } else {
            decode(&body)
        };
        let decoded = decoded.map_err(|e| self.cleaned(e))?;
        Ok(Answer {
            value: decoded.value,
            warnings: decoded
                .warnings
                .iter()
                .take(20)
                .map(|w| self.http.clean(w, MESSAGE))
                .collect(),
            bytes,
            server_time_ms,
            partial: decoded.partial,
        })
    }

    fn cleaned(&self, e: SourceError) -> SourceError {
        match e {
            SourceError::Query { fault, message } => SourceError::Query {
                fault,
                message: self.http.clean(&message, MESSAGE),
            },
            other => other,
        }
    }

    /// The server gives up a little before we do, so that its own words arrive.
    fn server_timeout(&self) -> (&'static str, String) {
        let seconds = self.http.timeout().as_secs_f64() * 0.9;
        ("timeout", format!("{seconds:.3}"))
    }

    async fn ask_range(
        &self,
        query: &str,
        start_ms: i64,
        end_ms: i64,
        step_ms: i64,
    ) -> Result<Answer<RangeFrame>, SourceError> {
        let limits = *self.http.limits();
        let grid = Grid::new(start_ms, end_ms, step_ms, &limits)?;
        let mut params = vec![
            ("query", query.to_owned()),
            ("start", seconds(start_ms)),
            ("end", seconds(end_ms)),
            ("step", seconds(step_ms)),
            self.server_timeout(),
        ];
        if start_ms.rem_euclid(step_ms) != 0 {
            params.push(("nocache", "1".into())); // VictoriaMetrics: else the grid moves
        }
        let reply = self
            .http
            .ask(&["api", "v1", "query_range"], &params)
            .await?;
        self.decoded(reply, move |body| decode::range(body, grid, &limits))
            .await
    }

    async fn ask_names(
        &self,
        path: &[&str],
        selectors: &[&str],
        span: Span,
    ) -> Result<Answer<Vec<String>>, SourceError> {
        let limits = *self.http.limits();
        let params = matching(selectors, span);
        // the values of one label are only answered to GET
        let reply = if path.len() > 3 {
            self.http.get(path, &params).await?
        } else {
            self.http.ask(path, &params).await?
        };
        self.decoded(reply, move |body| {
            let mut names: Decoded<Vec<String>> = api::decode(body)?;
            api::within(&names.value, &limits)?;
            names.value.sort_unstable();
            Ok(names)
        })
        .await
    }

    async fn ask_series(
        &self,
        selectors: &[&str],
        span: Span,
        limit: usize,
    ) -> Result<Answer<Vec<Labels>>, SourceError> {
        let limits = *self.http.limits();
        let mut params = matching(selectors, span);
        params.push(("limit", limit.to_string())); // newer servers obey, older ones ignore it
        let reply = self.http.ask(&["api", "v1", "series"], &params).await?;
        self.decoded(reply, move |body| {
            let mut series: Decoded<Vec<BTreeMap<String, String>>> = api::decode(body)?;
            series.value.truncate(limit);
            for labels in &series.value {
                api::within(labels.iter().flat_map(|(n, v)| [n, v]), &limits)?;
            }
            Ok(Decoded {
                value: series.value.into_iter().map(Labels::from_pairs).collect(),
                warnings: series.warnings,
                partial: series.partial,
            })
        })
        .await
    }

    async fn ask_metadata(
        &self,
        params: &Params<'_>,
    ) -> Result<Answer<BTreeMap<String, Metadata>>, SourceError> {
        let limits = *self.http.limits();
        let reply = self.http.get(&["api", "v1", "metadata"], params).await?;
        self.decoded(reply, move |body| {
            let all: Decoded<BTreeMap<String, Vec<MetadataEntry>>> = api::decode(body)?;
            Ok(Decoded {
                value: api::metadata(all.value, &limits)?,
                warnings: all.warnings,
                partial: all.partial,
            })
        })
        .await
    }

    async fn ask_who(&self) -> Result<Answer<SourceInfo>, SourceError> {
        let ready = self.http.get(&["-", "ready"], &[]).await?;
        let word = String::from_utf8_lossy(&ready.body).into_owned();
        let mut flavor = if word.starts_with("VictoriaMetrics") {
            Flavor::VictoriaMetrics
        } else {
            Flavor::Compatible
        };
        let reply = self
            .http
            .get(&["api", "v1", "status", "buildinfo"], &[])
            .await?;
        let info = match self.decoded(reply, api::decode::<BuildInfo>).await {
            Ok(answer) => answer,
            // not ready yet: everything but its own pages answers 503
            Err(SourceError::Http { status: 503 }) if ready.status == 503 => {
                return Ok(Answer::local(SourceInfo::default()));
            }
            // behind a gateway that passes only the queries: those decide whether it is one at all
            Err(
                SourceError::NotPrometheus { .. }
                | SourceError::Forbidden
                | SourceError::Query { .. },
            ) => {
                let reply = self
                    .http
                    .ask(&["api", "v1", "query"], &[("query", "1".into())])
                    .await?;
                let limits = *self.http.limits();
                self.decoded(reply, move |body| decode::instant(body, &limits))
                    .await?
                    .map(|_| BuildInfo::default())
            }
            Err(other) => return Err(other),
        };
        let version = Some(crate::http::clean(&info.value.version, 40)).filter(|v| !v.is_empty());
        if flavor == Flavor::Compatible && word.starts_with("Prometheus") {
            flavor = Flavor::Prometheus;
        }
        let has_metadata = self
            .ask_metadata(&[("limit", "1".into())])
            .await
            .is_ok_and(|known| !known.value.is_empty());
        Ok(info.map(|_| SourceInfo {
            flavor,
            version,
            // where there is no such page, an answer is proof enough
            ready: ready.status != 503,
            has_metadata,
        }))
    }

    async fn ask_exists(&self, metrics: &[&str]) -> Result<Answer<Vec<bool>>, SourceError> {
        let mut all = Answer::local(Vec::new());
        let mut found: HashSet<String> = HashSet::new();
        for query in existence_queries(metrics) {
            let part = self.instant(&query, None).await?;
            all.bytes += part.bytes;
            all.server_time_ms = part.server_time_ms;
            all.partial |= part.partial;
            all.warnings.extend(part.warnings);
            if let InstantValue::Vector(counts) = part.value {
                let names = counts.iter().filter_map(|(l, _)| l.metric_name());
                found.extend(names.map(str::to_owned));
            }
        }
        all.value = metrics.iter().map(|m| found.contains(*m)).collect();
        Ok(all)
    }
}

impl Metrics for Prometheus {
    fn kind(&self) -> &'static str {
        "prometheus"
    }

    fn patience(&self) -> std::time::Duration {
        self.http.timeout()
    }

    fn instant<'a>(&'a self, query: &'a str, at_ms: Option<i64>) -> Ask<'a, InstantValue> {
        async move {
            let limits = *self.http.limits();
            let mut params = vec![("query", query.to_owned()), self.server_timeout()];
            if let Some(at) = at_ms {
                params.push(("time", seconds(at)));
            }
            let reply = self.http.ask(&["api", "v1", "query"], &params).await?;
            self.decoded(reply, move |body| decode::instant(body, &limits))
                .await
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
        self.ask_range(query, start_ms, end_ms, step_ms).boxed()
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
            self.ask_names(&["api", "v1", "labels"], selectors, span)
                .await
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
            let path = ["api", "v1", "label", name, "values"];
            self.ask_names(&path, selectors, span).await
        }
        .boxed()
    }

    fn metadata<'a>(&'a self, metric: Option<&'a str>) -> Ask<'a, BTreeMap<String, Metadata>> {
        async move {
            let params: Vec<_> = metric
                .map(|m| ("metric", m.to_owned()))
                .into_iter()
                .collect();
            self.ask_metadata(&params).await
        }
        .boxed()
    }

    fn probe(&self) -> Ask<'_, SourceInfo> {
        self.ask_who().boxed()
    }

    fn exists<'a>(&'a self, metrics: &'a [&'a str]) -> Ask<'a, Vec<bool>> {
        self.ask_exists(metrics).boxed()
    }
}

/// Milliseconds as the API's seconds, exactly.
fn seconds(ms: i64) -> String {
    let sign = if ms < 0 { "-" } else { "" };
    let ms = ms.unsigned_abs();
    format!("{sign}{}.{:03}", ms / 1000, ms % 1000)
}

fn matching<'a>(selectors: &[&str], span: Span) -> Vec<(&'a str, String)> {
    let mut params = vec![
        ("start", seconds(span.start_ms)),
        ("end", seconds(span.end_ms)),
    ];
    params.extend(selectors.iter().map(|s| ("match[]", (*s).to_owned())));
    params
}

/// Queries that together count every valid name of `metrics` that has a value.
fn existence_queries(metrics: &[&str]) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    for name in metrics.iter().filter(|m| is_metric_name(m)) {
        match parts.last_mut() {
            Some(part) if part.len() + name.len() < NAMES => {
                part.push('|');
                part.push_str(name);
            }
            _ => parts.push((*name).to_owned()),
        }
    }
    parts
        .iter()
        .map(|names| format!("count by (__name__) ({{__name__=~\"{names}\"}})"))
        .collect()
}

/// `[a-zA-Z_:][a-zA-Z0-9_:]*`; nothing in it needs escaping in a regular expression.
fn is_metric_name(name: &str) -> bool {
    let word = |b: u8| b.is_ascii_alphabetic() || b == b'_' || b == b':';
    let mut bytes = name.bytes();
    bytes.next().is_some_and(word) && bytes.all(|b| word(b) || b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_sent_exactly() {
        assert_eq!(seconds(1_435_781_430_781), "1435781430.781");
        assert_eq!(seconds(5), "0.005");
        assert_eq!(seconds(-1_500), "-1.500");
    }

    #[test]
    fn names_are_asked_in_parts_and_never_injected() {
        let names: Vec<String> = (0..1_000)
            .map(|i| format!("metric_number_{i:04}"))
            .collect();
        let mut asked: Vec<&str> = names.iter().map(String::as_str).collect();
        asked.push("x\"}) or vector(1) #");
        asked.push("");
        let queries = existence_queries(&asked);
        assert_eq!(queries.len(), 4);
        assert!(queries.iter().all(|q| q.len() < NAMES + 60));
        assert!(!queries.iter().any(|q| q.contains("vector")));
        let asked_for: usize = queries
            .iter()
            .map(|q| q.matches("metric_number_").count())
            .sum();
        assert_eq!(asked_for, 1_000);
    }
}

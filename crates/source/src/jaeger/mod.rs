//! Jaeger's HTTP API, in both forms: the classic one under `/api` and the one under `/api/v3`, and stores that are compatible with
//! either.
//!
//! Which one is used is found out by asking (`probe`):
//! - `/api/v3` with trace summaries is preferred: a search need not carry whole traces then.
//! - An older `/api/v3` silently ignores the filter by tags and is used only where there is no classic search.
//! - Errors are JSON sent as `text/plain`; a route that does not exist answers `404 page not found` or the page of the program, so
//!   bodies count, not content types.
//! - Dependencies exist in the classic API only, also where all else is v3.

mod any;
mod classic;
pub mod decode;
mod ids;
mod kit;
mod limits;
mod lists;
mod loose;
mod params;
mod probe;
mod summary;
#[cfg(test)]
mod tests;
mod v3;

pub use limits::{Odd, TraceLimits};
pub use summary::summarise;

use crate::alertmanager::raw::unreadable;
use crate::connection::{ConfigError, Connection};
use crate::error::{QueryFault, SourceError};
use crate::http::{Http, Params, Protocol, Reply};
use crate::metrics::{Answer, Ask};
use crate::traces::{TraceApi, TraceSourceInfo, Traces};
use decode::Decoded;
use futures::FutureExt as _;
use model::trace::{Dependency, Operation, Trace, TraceId, TraceList, TraceQuery};
use params::Spelling;
use probe::Dialect;
use std::sync::Mutex;

/// Bodies above this are decoded on a thread of their own, so that others' answers need not wait.
const LARGE: usize = 256 << 10;
/// Characters kept of an error's message.
const MESSAGE: usize = 500;
/// How the server names a route that it does not have (Go's `net/http`).
const NO_ROUTE: &str = "404 page not found";

/// Reads a list, and whether there was one.
type ReadList<T> = fn(&[u8]) -> Result<(T, bool), serde_json::Error>;

/// A client for one Jaeger.
#[derive(Debug)]
pub struct Jaeger {
    http: Http,
    limits: TraceLimits,
    /// How to talk to it, once that is known.
    dialect: Mutex<Option<Dialect>>,
}

impl Jaeger {
    /// A client; nothing is sent yet.
    ///
    /// # Errors
    /// When the connection's description cannot be right.
    pub fn new(connection: &Connection, limits: &TraceLimits) -> Result<Self, ConfigError> {
        let mut connection = connection.clone();
        connection.limits.body_bytes = limits.body_bytes;
        Ok(Self {
            http: Http::new(&connection, Protocol::Other("Jaeger"))?,
            limits: *limits,
            dialect: Mutex::new(None),
        })
    }

    /// Whether the answer says that there is no such route: in words, or by the page that the program serves for paths it does not
    /// know. Nothing found is said in JSON.
    fn no_route(reply: &Reply) -> bool {
        let said = String::from_utf8_lossy(reply.body.get(..200).unwrap_or(&reply.body));
        let said = said.trim_start();
        match reply.status {
            404 | 405 => said.is_empty() || said.starts_with(NO_ROUTE) || said.starts_with('<'),
            200..300 => said.starts_with('<'),
            _ => false,
        }
    }

    /// A successful answer that may be JSON, `None` for one that says "not found", or the error it is.
    fn accept(&self, reply: Reply) -> Result<Option<Reply>, SourceError> {
        if Self::no_route(&reply) {
            return Err(self.http.refusal_or_stranger(&reply));
        }
        match reply.status {
            200..300 => match reply.body.iter().find(|b| !b.is_ascii_whitespace()) {
                Some(b'{' | b'[') => Ok(Some(reply)),
                None => Err(SourceError::Truncated),
                Some(_) => Err(self.http.not_ours(&reply)),
            },
            404 => Ok(None),
            _ => Err(self.refused(&reply)),
        }
    }

    fn refused(&self, reply: &Reply) -> SourceError {
        let said = lists::refusal(&reply.body);
        match said {
            Some(said) if !matches!(reply.status, 401 | 403) => SourceError::Query {
                fault: match reply.status {
                    400..=499 => QueryFault::Invalid,
                    501 => QueryFault::Failed,
                    502 | 503 => QueryFault::Unavailable,
                    504 => QueryFault::Timeout,
                    _ => QueryFault::Internal,
                },
                message: self.http.clean(&said.message, MESSAGE),
            },
            _ => self.http.refusal(reply),
        }
    }

    /// Asks and reads with `read`; `None` where the server says "not found".
    async fn list<T>(
        &self,
        path: &[&str],
        params: &Params<'_>,
        read: ReadList<T>,
    ) -> Result<Option<Answer<T>>, SourceError> {
        let reply = self.http.get(path, params).await?;
        let Some(reply) = self.accept(reply)? else {
            return Ok(None);
        };
        let value = listed(&reply.body, read, "a list as Jaeger's API has it")?;
        Ok(Some(answer(&reply, value)))
    }

    async fn decoded(&self, reply: Reply, api: TraceApi) -> Result<Answer<Decoded>, SourceError> {
        let limits = self.limits;
        let decode = move |body: &[u8]| match api {
            TraceApi::Classic => decode::classic(body, &limits),
            TraceApi::V3 => decode::v3(body, &limits),
        };
        let said = answer(&reply, ());
        let body = reply.body;
        let decoded = if body.len() > LARGE {
            tokio::task::spawn_blocking(move || decode(&body))
                .await
                .map_err(|e| SourceError::Internal {
                    detail: e.to_string(),
                })?
        } else {
            decode(&body)
        }?;
        let mut answer = said.map(|()| decoded);
        answer.warnings = answer
            .value
            .warnings
            .iter()
            .map(|w| self.http.clean(w, MESSAGE))
            .collect();
        Ok(answer)
    }

    async fn ask_services(&self) -> Result<Answer<Vec<String>>, SourceError> {
        let path: &[&str] = match self.dialect().await?.lists {
            TraceApi::V3 => &["api", "v3", "services"],
            TraceApi::Classic => &["api", "services"],
        };
        let found = self.list(path, &[], lists::services).await?;
        Ok(found.unwrap_or_else(|| Answer::local(Vec::new())))
    }

    async fn ask_operations(&self, service: &str) -> Result<Answer<Vec<Operation>>, SourceError> {
        let params = [("service", service.to_owned())];
        let v3 = self.dialect().await?.lists == TraceApi::V3;
        let path: &[&str] = if v3 {
            &["api", "v3", "operations"]
        } else {
            &["api", "operations"]
        };
        let found = match self.list(path, &params, lists::operations).await {
            // versions before 1.11 and some compatible stores have the names only
            Err(e) if !v3 && is_stranger(&e) => {
                let path = ["api", "services", service, "operations"];
                self.list(&path, &[], lists::operations).await?
            }
            other => other?,
        };
        Ok(found.unwrap_or_else(|| Answer::local(Vec::new())))
    }

    async fn ask_search(&self, query: &TraceQuery) -> Result<Answer<TraceList>, SourceError> {
        let limit = params::limit(query);
        let mut answer = if self.dialect().await?.summaries {
            let path = ["api", "v3", "trace-summaries"];
            let params = params::v3(query, Spelling::Camel);
            let found = self
                .list(&path, &borrowed(&params), lists::summaries)
                .await?;
            found.unwrap_or_else(|| Answer::local(Vec::new()))
        } else {
            let whole = self.ask_traces(query).await?;
            whole.map(|traces| traces.iter().map(summarise).collect())
        };
        let capped = answer.value.len() >= limit;
        answer
            .value
            .sort_by(|a, b| b.start_ns.cmp(&a.start_ns).then(a.id.cmp(&b.id)));
        Ok(answer.map(|traces| TraceList { traces, capped }))
    }

    async fn ask_traces(&self, query: &TraceQuery) -> Result<Answer<Vec<Trace>>, SourceError> {
        match self.dialect().await?.traces {
            TraceApi::Classic => {
                let params = params::classic(query);
                let reply = self.http.get(&["api", "traces"], &params).await?;
                let Some(reply) = self.accept(reply)? else {
                    return Ok(Answer::local(Vec::new()));
                };
                let decoded = self.decoded(reply, TraceApi::Classic).await?;
                Ok(decoded.map(|d| d.traces))
            }
            TraceApi::V3 => self.ask_traces_v3(query).await,
        }
    }

    async fn ask_traces_v3(&self, query: &TraceQuery) -> Result<Answer<Vec<Trace>>, SourceError> {
        let path = ["api", "v3", "traces"];
        let mut spelling = self.dialect().await?.spelling;
        let ask = async |spelling| {
            let params = params::v3(query, spelling);
            self.http.get(&path, &borrowed(&params)).await
        };
        let mut reply = ask(spelling).await?;
        if reply.status == 400 && spelling == Spelling::Camel && names_snake(&reply) {
            spelling = Spelling::Snake;
            self.respell(spelling);
            reply = ask(spelling).await?;
        }
        let Some(reply) = self.accept(reply)? else {
            return Ok(Answer::local(Vec::new()));
        };
        let decoded = self.decoded(reply, TraceApi::V3).await?;
        Ok(decoded.map(|d| {
            let mut traces = d.traces;
            if spelling == Spelling::Snake && !query.tags.is_empty() {
                traces.retain(|t| params::has_tags(t, query));
            }
            traces
        }))
    }

    async fn ask_trace(&self, id: TraceId) -> Result<Answer<Option<Trace>>, SourceError> {
        let api = self.dialect().await?.traces;
        let found = self.ask_one(api, &id.to_string()).await?;
        // a store that compares ids as texts has a 64-bit one under its 16 digits
        match u64::try_from(id.0) {
            Ok(short) if found.value.is_none() => self.ask_one(api, &format!("{short:016x}")).await,
            _ => Ok(found),
        }
    }

    async fn ask_one(&self, api: TraceApi, id: &str) -> Result<Answer<Option<Trace>>, SourceError> {
        let path: &[&str] = match api {
            TraceApi::Classic => &["api", "traces", id],
            TraceApi::V3 => &["api", "v3", "traces", id],
        };
        let reply = self.http.get(path, &[]).await?;
        let Some(reply) = self.accept(reply)? else {
            return Ok(Answer::local(None));
        };
        let decoded = self.decoded(reply, api).await?;
        Ok(decoded.map(|d| d.traces.into_iter().next()))
    }

    async fn ask_dependencies(
        &self,
        end_ms: i64,
        lookback_ms: i64,
    ) -> Result<Answer<Vec<Dependency>>, SourceError> {
        let params = [
            ("endTs", end_ms.to_string()),
            ("lookback", lookback_ms.to_string()),
        ];
        let reply = self.http.get(&["api", "dependencies"], &params).await?;
        // neither a server that has dropped the classic API nor a store that computes none is at fault
        if Self::no_route(&reply) || reply.status == 501 {
            return Ok(Answer::local(Vec::new()));
        }
        let Some(reply) = self.accept(reply)? else {
            return Ok(Answer::local(Vec::new()));
        };
        let what = "dependencies as Jaeger's API has them";
        let value = listed(&reply.body, lists::dependencies, what)?;
        Ok(answer(&reply, value))
    }
}

/// What `read` finds in a body. A body without any list is none of Jaeger's, but for the empty object: a field that is empty may be left out.
fn listed<T>(body: &[u8], read: ReadList<T>, what: &'static str) -> Result<T, SourceError> {
    let (value, found) = read(body).map_err(|e| unreadable(body, &e, what))?;
    if !found && !lists::is_empty_object(body) {
        return Err(SourceError::Malformed { at: 0, what });
    }
    Ok(value)
}

/// Whether something answers that has no such route.
fn is_stranger(e: &SourceError) -> bool {
    matches!(e, SourceError::NotExpected { .. })
}

/// Whether the refusal names a parameter as old servers spell it.
fn names_snake(reply: &Reply) -> bool {
    lists::refusal(&reply.body).is_some_and(|f| f.message.contains("start_time_min"))
}

fn borrowed(params: &[(String, String)]) -> Vec<(&str, String)> {
    params
        .iter()
        .map(|(n, v)| (n.as_str(), v.clone()))
        .collect()
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

impl Traces for Jaeger {
    fn kind(&self) -> &'static str {
        "jaeger"
    }

    fn probe(&self) -> Ask<'_, TraceSourceInfo> {
        self.ask_who().boxed()
    }

    fn services(&self) -> Ask<'_, Vec<String>> {
        self.ask_services().boxed()
    }

    fn operations<'a>(&'a self, service: &'a str) -> Ask<'a, Vec<Operation>> {
        self.ask_operations(service).boxed()
    }

    fn search<'a>(&'a self, query: &'a TraceQuery) -> Ask<'a, TraceList> {
        self.ask_search(query).boxed()
    }

    fn traces<'a>(&'a self, query: &'a TraceQuery) -> Ask<'a, Vec<Trace>> {
        self.ask_traces(query).boxed()
    }

    fn trace(&self, id: TraceId) -> Ask<'_, Option<Trace>> {
        self.ask_trace(id).boxed()
    }

    fn dependencies(&self, end_ms: i64, lookback_ms: i64) -> Ask<'_, Vec<Dependency>> {
        self.ask_dependencies(end_ms, lookback_ms).boxed()
    }
}

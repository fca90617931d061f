//! The Alertmanager's API v2, as 0.25 answers it; fields of newer versions (`mutedBy`) are read where they are.
//!
//! What its answers leave to us: an alert that is over is not listed any more; a start forgets all alerts until
//! the Prometheus servers send them again; at most `GOMAXPROCS` (at least 8) questions are answered at a time, others get 503.

pub mod decode;
pub(crate) mod fields;
pub(crate) mod raw;

use crate::alerts::{
    AlertLimits, AlertList, AlertOptions, AlertSourceInfo, Alerts, SilenceRequest, SilenceState,
    SourceSilence, bounded,
};
use crate::connection::{ConfigError, Connection};
use crate::error::{QueryFault, SourceError};
use crate::http::{Http, Method, Protocol, Reply};
use crate::metrics::{Answer, Ask};
use futures::FutureExt as _;
use model::alert::{Fingerprint, Matcher};

/// Bodies above this are decoded on a thread of their own, so that others' answers need not wait.
const LARGE: usize = 256 << 10;
/// Characters kept of an error's message.
const MESSAGE: usize = 500;

/// A client for one Alertmanager.
#[derive(Debug)]
pub struct Alertmanager {
    http: Http,
    limits: AlertLimits,
}

impl Alertmanager {
    /// A client; nothing is sent yet.
    ///
    /// # Errors
    /// When the connection's description cannot be right.
    pub fn new(connection: &Connection, options: &AlertOptions) -> Result<Self, ConfigError> {
        Ok(Self {
            http: Http::new(
                &bounded(connection, &options.limits),
                Protocol::Alertmanager,
            )?,
            limits: options.limits,
        })
    }

    /// A successful answer whose body begins with `first`, or the error it is.
    fn accept(&self, reply: Reply, first: u8) -> Result<Reply, SourceError> {
        if (200..300).contains(&reply.status) {
            return match reply.body.iter().find(|b| !b.is_ascii_whitespace()) {
                Some(b) if *b == first => Ok(reply),
                None => Err(SourceError::Truncated),
                Some(_) => Err(self.http.not_ours(&reply)),
            };
        }
        Err(self.refused(&reply))
    }

    fn refused(&self, reply: &Reply) -> SourceError {
        if matches!(reply.status, 401 | 403) {
            return self.http.refusal(reply);
        }
        match decode::refusal_words(&reply.body) {
            Some(message) => SourceError::Query {
                fault: match reply.status {
                    400..500 => QueryFault::Invalid,
                    502 | 503 => QueryFault::Unavailable,
                    504 => QueryFault::Timeout,
                    _ => QueryFault::Internal,
                },
                message: self.http.clean(&message, MESSAGE),
            },
            None => self.http.refusal(reply),
        }
    }

    async fn list(&self, params: &[(&str, String)]) -> Result<Answer<AlertList>, SourceError> {
        let reply = self.http.get(&["api", "v2", "alerts"], params).await?;
        let reply = self.accept(reply, b'[')?;
        let (took, bytes, server_time_ms) =
            (reply.took, reply.body.len() as u64, reply.server_time_ms);
        let limits = self.limits;
        let decode = move || decode::alerts(&reply.body, &limits);
        let decoded = if bytes > LARGE as u64 {
            tokio::task::spawn_blocking(decode)
                .await
                .map_err(|e| SourceError::Internal {
                    detail: e.to_string(),
                })?
        } else {
            decode()
        };
        let (alerts, oddities) = decoded?;
        Ok(Answer {
            warnings: oddities.warnings(),
            partial: oddities.refused() > 0,
            value: AlertList {
                alerts,
                oddities,
                started_at_ms: None,
                took,
            },
            bytes,
            server_time_ms,
        })
    }

    async fn ask_alerts(&self) -> Result<Answer<AlertList>, SourceError> {
        let mut answer = self.list(&all_alerts()).await?;
        // behind a gateway that passes only the alerts there is no start to be had
        answer.value.started_at_ms = match self.ask_who().await {
            Ok(who) => who.value.started_at_ms,
            Err(SourceError::NotAlertmanager { .. } | SourceError::Forbidden) => None,
            // it went away right after it answered: whether the list is whole cannot be told
            Err(e) => return Err(e),
        };
        Ok(answer)
    }

    async fn ask_matching(
        &self,
        matchers: &[Matcher],
    ) -> Result<Answer<Vec<Fingerprint>>, SourceError> {
        // without a filter the answer is everything; a silence without matchers is none
        if matchers.is_empty() {
            return Err(SourceError::Query {
                fault: QueryFault::Invalid,
                message: "no matchers".into(),
            });
        }
        let mut params = all_alerts();
        params.extend(matchers.iter().map(|m| ("filter", decode::filter(m))));
        let answer = self.list(&params).await?;
        Ok(answer.map(|list| list.alerts.iter().map(|a| a.fingerprint()).collect()))
    }

    async fn ask_who(&self) -> Result<Answer<AlertSourceInfo>, SourceError> {
        let reply = self.http.get(&["api", "v2", "status"], &[]).await?;
        let reply = self.accept(reply, b'{')?;
        Ok(answer(&reply, decode::status(&reply.body)?))
    }

    async fn make_silence(&self, request: &SilenceRequest) -> Result<Answer<String>, SourceError> {
        let body = decode::postable(request)?;
        let reply = self
            .http
            .order(Method::Post, &["api", "v2", "silences"], body)
            .await?;
        let reply = self.accept(reply, b'{')?;
        Ok(answer(&reply, decode::created(&reply.body)?))
    }

    async fn end_silence(&self, id: &str) -> Result<Answer<()>, SourceError> {
        if !is_id(id) {
            return Err(SourceError::Query {
                fault: QueryFault::Invalid,
                message: "not a silence's id".into(),
            });
        }
        let path = ["api", "v2", "silence", id];
        let reply = self.http.order(Method::Delete, &path, Vec::new()).await?;
        if (200..300).contains(&reply.status) {
            return Ok(answer(&reply, ()));
        }
        let refused = self.refused(&reply);
        if matches!(refused, SourceError::Unauthorized | SourceError::Forbidden) {
            return Err(refused);
        }
        // versions answer 404 or 500 for one that is unknown or over; so ask whether there is anything left to end
        let now = self.http.get(&path, &[]).await?;
        let ended = match now.status {
            404 => true,
            200..300 => decode::one_silence(&now.body)?.state == SilenceState::Expired,
            _ => false,
        };
        if ended {
            Ok(answer(&now, ()))
        } else {
            Err(refused)
        }
    }

    async fn ask_silences(&self) -> Result<Answer<Vec<SourceSilence>>, SourceError> {
        let reply = self.http.get(&["api", "v2", "silences"], &[]).await?;
        let reply = self.accept(reply, b'[')?;
        Ok(answer(&reply, decode::silences(&reply.body, &self.limits)?))
    }
}

impl Alerts for Alertmanager {
    fn kind(&self) -> &'static str {
        "alertmanager"
    }

    fn alerts(&self) -> Ask<'_, AlertList> {
        self.ask_alerts().boxed()
    }

    fn matching<'a>(&'a self, matchers: &'a [Matcher]) -> Ask<'a, Vec<Fingerprint>> {
        self.ask_matching(matchers).boxed()
    }

    fn probe(&self) -> Ask<'_, AlertSourceInfo> {
        self.ask_who().boxed()
    }

    fn can_silence(&self) -> bool {
        true
    }

    fn silence<'a>(&'a self, request: &'a SilenceRequest) -> Ask<'a, String> {
        self.make_silence(request).boxed()
    }

    fn expire_silence<'a>(&'a self, id: &'a str) -> Ask<'a, ()> {
        self.end_silence(id).boxed()
    }

    fn silences(&self) -> Ask<'_, Vec<SourceSilence>> {
        self.ask_silences().boxed()
    }
}

/// Whether `id` can be a silence's (UUIDs today); it becomes a segment of a URL's path.
fn is_id(id: &str) -> bool {
    (1..=100).contains(&id.len())
        && id
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

fn all_alerts() -> Vec<(&'static str, String)> {
    ["active", "silenced", "inhibited", "unprocessed"]
        .map(|state| (state, "true".to_owned()))
        .into()
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

#[cfg(test)]
mod tests;

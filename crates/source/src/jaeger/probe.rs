//! Finding out which API a server has.

use super::params::{self, Spelling};
use super::{Jaeger, answer, lists};
use crate::error::SourceError;
use crate::http::Reply;
use crate::metrics::Answer;
use crate::traces::{TraceApi, TraceSourceInfo};
use model::trace::TraceQuery;
use std::sync::PoisonError;

/// How to talk to a server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Dialect {
    /// Which API answers services and operations.
    pub lists: TraceApi,
    /// Which API answers traces.
    pub traces: TraceApi,
    /// Whether `/api/v3/trace-summaries` is there.
    pub summaries: bool,
    pub spelling: Spelling,
}

/// What a list of services says about the API.
enum Lists {
    /// The services.
    There(Reply, Vec<String>),
    /// The API is there and cannot answer now.
    Ailing,
    /// No such API.
    Absent(SourceError),
}

impl Jaeger {
    /// How to talk to the server; asked for once, and again until it could be told.
    pub(super) async fn dialect(&self) -> Result<Dialect, SourceError> {
        let known = *self.dialect.lock().unwrap_or_else(PoisonError::into_inner);
        match known {
            Some(dialect) => Ok(dialect),
            None => self.find_out().await.map(|(dialect, _)| dialect),
        }
    }

    pub(super) fn respell(&self, spelling: Spelling) {
        let mut known = self.dialect.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(dialect) = known.as_mut() {
            dialect.spelling = spelling;
        }
    }

    pub(super) async fn ask_who(&self) -> Result<Answer<TraceSourceInfo>, SourceError> {
        let (dialect, said) = self.find_out().await?;
        Ok(said.map(|ready| TraceSourceInfo {
            api: dialect.traces,
            summaries: dialect.summaries,
            ready,
        }))
    }

    /// The dialect, and whether the server can answer now.
    async fn find_out(&self) -> Result<(Dialect, Answer<bool>), SourceError> {
        let (v3, classic) = futures::join!(
            self.lists(&["api", "v3", "services"]),
            self.lists(&["api", "services"])
        );
        let (v3, classic) = (v3?, classic?);
        let services = match (&v3, &classic) {
            (Lists::There(_, services), _) | (_, Lists::There(_, services)) => services.clone(),
            _ => Vec::new(),
        };
        let service = services.first().cloned().unwrap_or_default();
        let has_v3 = !matches!(v3, Lists::Absent(_));
        let summaries = has_v3 && self.has_summaries(&service).await?;
        let has_search = !summaries
            && !matches!(classic, Lists::Absent(_))
            && (!has_v3 || self.has_classic_search().await?);
        let api = |v3: bool| if v3 { TraceApi::V3 } else { TraceApi::Classic };
        let dialect = Dialect {
            lists: api(has_v3),
            traces: api(!has_search && has_v3),
            summaries,
            spelling: Spelling::default(),
        };
        let said = match (v3, classic) {
            (Lists::There(reply, _), _) | (_, Lists::There(reply, _)) => answer(&reply, true),
            (Lists::Ailing, _) | (_, Lists::Ailing) => Answer::local(false),
            // the classic route is the older one: what stands there is what a person would look at
            (Lists::Absent(_), Lists::Absent(why)) => return Err(why),
        };
        // a server that cannot answer may have more than it shows; it is asked again
        if said.value {
            let mut known = self.dialect.lock().unwrap_or_else(PoisonError::into_inner);
            let spelling = known.map_or(dialect.spelling, |d| d.spelling);
            *known = Some(Dialect {
                spelling,
                ..dialect
            });
        }
        Ok((dialect, said))
    }

    async fn lists(&self, path: &[&str]) -> Result<Lists, SourceError> {
        let reply = self.http.get(path, &[]).await?;
        match self.accept(reply) {
            Ok(Some(reply)) => match lists::services(&reply.body) {
                // an empty list is not written at all by the v3 API
                Ok((all, found)) if found || lists::is_empty_object(&reply.body) => {
                    Ok(Lists::There(reply, all))
                }
                _ => Ok(Lists::Absent(self.http.not_ours(&reply))),
            },
            Ok(None) => Ok(Lists::Absent(SourceError::Http { status: 404 })),
            // its own words: it is one
            Err(SourceError::Query { .. }) => Ok(Lists::Ailing),
            // a gateway may let one of the APIs pass only
            Err(e @ (SourceError::NotExpected { .. } | SourceError::Forbidden)) => {
                Ok(Lists::Absent(e))
            }
            Err(e) => Err(e),
        }
    }

    /// Asks for one summary of the first instant of the epoch, where there is none: any answer but "no such route" will do.
    async fn has_summaries(&self, service: &str) -> Result<bool, SourceError> {
        let query = TraceQuery {
            service: service.to_owned(),
            to_ns: 1,
            limit: 1,
            ..TraceQuery::default()
        };
        let params = params::v3(&query, Spelling::Camel);
        let path = ["api", "v3", "trace-summaries"];
        let reply = self.http.get(&path, &super::borrowed(&params)).await?;
        Ok(!Self::no_route(&reply) && reply.status != 501 && speaks_json(&reply))
    }

    /// Asks without a service, which the route refuses in its own words.
    async fn has_classic_search(&self) -> Result<bool, SourceError> {
        let reply = self.http.get(&["api", "traces"], &[]).await?;
        Ok(!Self::no_route(&reply) && speaks_json(&reply))
    }
}

/// Whether the body is a JSON object: an answer, or an error in the API's own form.
fn speaks_json(reply: &Reply) -> bool {
    lists::is_object(&reply.body)
}

//! The API under `/api/v3`.

use super::otlp::Traces;
use super::params::{self, Params, first};
use super::{Ask, bytes, json, plain};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use model::trace::{Span, Trace};
use serde::Serialize;
use serde_json::json as value;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

/// An error as the gateway sends it: JSON, called plain text.
fn failed(status: StatusCode, message: &str) -> Response {
    let body = value!({"error": {"httpCode": status.as_u16(), "message": message}});
    plain(status, body.to_string())
}

fn bad(message: &str) -> Response {
    failed(StatusCode::BAD_REQUEST, message)
}

#[derive(Serialize)]
struct Services {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    services: Vec<String>,
}

pub(super) async fn services(State(shared): Ask) -> Response {
    json(move || {
        let services = shared.store.services();
        bytes(&Services { services }, 4096)
    })
    .await
}

#[derive(Serialize)]
struct Operations {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    operations: Vec<Operation>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Operation {
    name: String,
    span_kind: &'static str,
}

pub(super) async fn operations(State(shared): Ask, Query(asked): Query<Params>) -> Response {
    let service = first(&asked, "service").unwrap_or_default().to_owned();
    let kind = first(&asked, "spanKind")
        .or_else(|| first(&asked, "span_kind"))
        .map(str::to_owned);
    json(move || {
        let operations = shared
            .store
            .operations(&service)
            .into_iter()
            .map(|o| Operation {
                name: o.name,
                span_kind: o.kind.unwrap_or_default().name(),
            })
            .filter(|o| kind.as_ref().is_none_or(|k| k == o.span_kind))
            .collect();
        bytes(&Operations { operations }, 4096)
    })
    .await
}

async fn answer(traces: Vec<Arc<Trace>>, raw: bool) -> Response {
    if traces.is_empty() {
        return failed(StatusCode::NOT_FOUND, "No traces found");
    }
    #[derive(Serialize)]
    struct Wrapped {
        result: Traces,
    }
    json(move || {
        let spans: usize = traces.iter().map(|t| t.spans.len()).sum();
        let result = Traces { traces, raw };
        bytes(&Wrapped { result }, 256 + spans * super::ROOM)
    })
    .await
}

/// What a search finds, and whether it should be raw; or why not.
type Found = Result<(Vec<Arc<Trace>>, bool), (StatusCode, String)>;

fn found(shared: &super::Shared, asked: &Params) -> Found {
    let (raw, wanted) = params::search_v3(asked).map_err(|e| (StatusCode::BAD_REQUEST, e))?;
    match shared.store.search(&wanted) {
        Some(traces) => Ok((traces, raw)),
        None => Err((StatusCode::INTERNAL_SERVER_ERROR, params::DEPTH.into())),
    }
}

pub(super) async fn search(State(shared): Ask, Query(asked): Query<Params>) -> Response {
    match found(&shared, &asked) {
        Ok((traces, raw)) => answer(traces, raw).await,
        Err((status, message)) => failed(status, &message),
    }
}

pub(super) async fn trace(
    State(shared): Ask,
    Path(id): Path<String>,
    Query(asked): Query<Params>,
) -> Response {
    let id = match params::trace_id(&id) {
        Ok(id) => id,
        Err(e) => return bad(&format!("malformed parameter trace_id: {e}")),
    };
    let times = params::time_v3(&asked, "startTime", "start_time")
        .and_then(|_| params::time_v3(&asked, "endTime", "end_time"));
    if let Err(e) = times {
        return bad(&e);
    }
    match params::raw_v3(&asked, "rawTraces", "raw_traces") {
        Err(e) => bad(&e),
        Ok(raw) => answer(shared.store.get(id).into_iter().collect(), raw).await,
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    trace_id: String,
    root_service_name: String,
    root_operation_name: String,
    min_start_time_unix_nano: String,
    max_end_time_unix_nano: String,
    span_count: usize,
    #[serde(skip_serializing_if = "none")]
    error_span_count: usize,
    #[serde(skip_serializing_if = "none")]
    orphan_span_count: usize,
    services: Vec<Share>,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Share {
    name: String,
    span_count: usize,
    #[serde(skip_serializing_if = "none")]
    error_span_count: usize,
}

/// Protobuf's JSON leaves out numbers that are 0.
fn none(count: &usize) -> bool {
    *count == 0
}

#[derive(Serialize)]
struct Summaries {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    summaries: Vec<Summary>,
}

pub(super) async fn summaries(State(shared): Ask, Query(asked): Query<Params>) -> Response {
    match found(&shared, &asked) {
        Err((status, message)) => failed(status, &message),
        Ok((traces, _)) => {
            json(move || {
                let summaries = traces.iter().map(|t| summary(t)).collect();
                bytes(&Summaries { summaries }, 512 * traces.len())
            })
            .await
        }
    }
}

fn summary(trace: &Trace) -> Summary {
    let ids: HashSet<_> = trace.spans.iter().map(|s| s.id).collect();
    let is_orphan = |s: &&Span| s.parent.is_some_and(|p| !ids.contains(&p));
    // the first that has no parent; else the first whose parent is not there; else the first
    let root = trace
        .spans
        .iter()
        .filter(|s| s.parent.is_none())
        .min_by_key(|s| s.start_ns)
        .or_else(|| {
            trace
                .spans
                .iter()
                .filter(is_orphan)
                .min_by_key(|s| s.start_ns)
        })
        .or_else(|| trace.spans.first());
    let mut shares: BTreeMap<&str, Share> = BTreeMap::new();
    for span in &trace.spans {
        let share = shares.entry(trace.service(span)).or_default();
        share.span_count += 1;
        share.error_span_count += usize::from(span.error);
    }
    let (start, end) = trace.extent_ns().unwrap_or_default();
    Summary {
        trace_id: trace.id.to_string(),
        root_service_name: root.map_or("", |s| trace.service(s)).to_owned(),
        root_operation_name: root.map_or("", |s| &s.operation).to_owned(),
        min_start_time_unix_nano: start.to_string(),
        max_end_time_unix_nano: end.to_string(),
        span_count: trace.spans.len(),
        error_span_count: trace.spans.iter().filter(|s| s.error).count(),
        orphan_span_count: trace.spans.iter().filter(is_orphan).count(),
        services: shares
            .into_iter()
            .map(|(name, share)| Share {
                name: name.to_owned(),
                ..share
            })
            .collect(),
    }
}

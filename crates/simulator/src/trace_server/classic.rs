//! The classic API under `/api`.

use super::classic_json::{ClassicTrace, Envelope, Problem};
use super::params::{self, Params, first};
use super::{Ask, Flavour, bytes, json, plain};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use model::trace::SpanKind;
use serde::Serialize;
use serde_json::Value;
use std::sync::Arc;

/// An error as Jaeger sends it: JSON, called plain text.
fn failed(status: StatusCode, message: impl Into<String>) -> Response {
    let body = Envelope {
        data: Value::Null,
        total: 0,
        limit: 0,
        offset: 0,
        errors: Some(vec![Problem {
            code: Some(status.as_u16()),
            msg: message.into(),
            trace_id: None,
        }]),
    };
    let text = serde_json::to_string(&body).unwrap_or_default();
    plain(status, text)
}

fn bad(message: impl Into<String>) -> Response {
    failed(StatusCode::BAD_REQUEST, message)
}

fn not_found() -> Response {
    failed(StatusCode::NOT_FOUND, "trace not found")
}

pub(super) async fn services(State(shared): Ask) -> Response {
    json(move || {
        let names = shared.store.services();
        let total = names.len();
        if total == 0 && shared.options.flavour == Flavour::Old {
            return bytes(&Envelope::of(Value::Null, 0), 128);
        }
        bytes(&Envelope::of(names, total), 4096)
    })
    .await
}

pub(super) async fn operations_of(State(shared): Ask, Path(service): Path<String>) -> Response {
    json(move || {
        let mut names: Vec<String> = shared
            .store
            .operations(&service)
            .into_iter()
            .map(|o| o.name)
            .collect();
        names.dedup();
        let total = names.len();
        bytes(&Envelope::of(names, total), 4096)
    })
    .await
}

pub(super) async fn operations(State(shared): Ask, Query(asked): Query<Params>) -> Response {
    let Some(service) = first(&asked, "service").map(str::to_owned) else {
        return bad("parameter 'service' is required");
    };
    let kind = first(&asked, "spanKind").map(str::to_owned);
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Named {
        name: String,
        span_kind: &'static str,
    }
    json(move || {
        let named: Vec<Named> = shared
            .store
            .operations(&service)
            .into_iter()
            .map(|o| Named {
                name: o.name,
                span_kind: o.kind.map_or("", SpanKind::name),
            })
            .filter(|o| kind.as_ref().is_none_or(|k| k == o.span_kind))
            .collect();
        let total = named.len();
        bytes(&Envelope::of(named, total), 4096)
    })
    .await
}

pub(super) async fn search(State(shared): Ask, Query(asked): Query<Params>) -> Response {
    let now_ms = (shared.options.clock)();
    let search = match params::search(&asked, now_ms) {
        Ok(search) => search,
        Err(message) => return bad(message),
    };
    let raw = search.raw;
    let mut errors = Vec::new();
    let found = if search.ids.is_empty() {
        match shared.store.search(&search.wanted) {
            Some(found) => found,
            None => {
                return failed(StatusCode::INTERNAL_SERVER_ERROR, params::DEPTH);
            }
        }
    } else {
        let mut found = Vec::new();
        for id in search.ids {
            match shared.store.get(id) {
                Some(trace) => found.push(trace),
                None => errors.push(Problem {
                    code: None,
                    msg: "trace not found".into(),
                    trace_id: Some(id.to_string()),
                }),
            }
        }
        found
    };
    answer(found, raw, errors).await
}

async fn answer(found: Vec<Arc<model::trace::Trace>>, raw: bool, errors: Vec<Problem>) -> Response {
    json(move || {
        let spans: usize = found.iter().map(|t| t.spans.len()).sum();
        let data: Vec<ClassicTrace> = found
            .into_iter()
            .map(|trace| ClassicTrace { trace, raw })
            .collect();
        let mut body = Envelope::of(data, 0);
        body.errors = (!errors.is_empty()).then_some(errors);
        bytes(&body, 256 + spans * super::ROOM)
    })
    .await
}

pub(super) async fn trace(
    State(shared): Ask,
    Path(id): Path<String>,
    Query(asked): Query<Params>,
) -> Response {
    let id = match params::trace_id(&id) {
        Ok(id) => id,
        Err(message) => return bad(message),
    };
    for name in ["start", "end"] {
        if let Some(text) = first(&asked, name)
            && let Err(e) = params::integer(text)
        {
            return bad(format!("unable to parse param '{name}': {e}"));
        }
    }
    match (params::raw(&asked), shared.store.get(id)) {
        (Err(message), _) => bad(message),
        (Ok(_), None) => not_found(),
        (Ok(raw), Some(trace)) => answer(vec![trace], raw, Vec::new()).await,
    }
}

/// There is nothing to archive into.
pub(super) async fn archive(State(shared): Ask, Path(id): Path<String>) -> Response {
    match params::trace_id(&id) {
        Err(message) => bad(message),
        Ok(id) if shared.store.get(id).is_none() => not_found(),
        Ok(_) => failed(
            StatusCode::INTERNAL_SERVER_ERROR,
            "archive span storage was not configured",
        ),
    }
}

pub(super) async fn dependencies(State(shared): Ask, Query(asked): Query<Params>) -> Response {
    let now_ms = (shared.options.clock)();
    let (from_ns, to_ns) = match params::dependencies(&asked, now_ms) {
        Ok(times) => times,
        Err(message) => return bad(message),
    };
    let service = first(&asked, "service").map(str::to_owned);
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Edge {
        parent: String,
        child: String,
        call_count: u64,
    }
    json(move || {
        let edges: Vec<Edge> = shared
            .store
            .dependencies(from_ns, to_ns)
            .into_iter()
            .filter(|d| {
                service
                    .as_ref()
                    .is_none_or(|s| *s == d.parent || *s == d.child)
            })
            .map(|d| Edge {
                parent: d.parent,
                child: d.child,
                call_count: d.calls,
            })
            .collect();
        bytes(&Envelope::of(edges, 0), 4096)
    })
    .await
}

/// Nothing computes metrics of spans here, as in a Jaeger without a store for them.
pub(super) async fn metrics(Path(kind): Path<String>, Query(asked): Query<Params>) -> Response {
    if !["latencies", "calls", "errors"].contains(&&*kind) {
        return super::nothing_here(false);
    }
    if first(&asked, "service").is_none() {
        return bad("unable to parse param 'service': please provide at least one service name");
    }
    failed(
        StatusCode::NOT_IMPLEMENTED,
        "metrics querying is currently disabled",
    )
}

//! What there is: `/series`, `/labels`, `/label/<name>/values`, `/metadata`, `/status/buildinfo`.

use super::Shared;
use super::answer::{Failure, Success};
use super::params::Params;
use crate::tsdb::{Metadata, Span, Tsdb};
use axum::extract::{Path, State};
use promql_parser::label::Matchers;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Most entries of an answer, whatever `limit` says.
const MAX_ENTRIES: usize = 500_000;

/// The Prometheus whose API this is: Grafana decides by it what it may ask.
const LIKE_PROMETHEUS: &str = "2.42.0";

/// Lists walk the whole index: off the threads that serve connections.
async fn listed<T: Serialize>(
    shared: &Arc<Shared>,
    list: impl FnOnce(&Tsdb) -> T + Send + 'static,
) -> Result<Success, Failure> {
    let shared = shared.clone();
    let done = tokio::task::spawn_blocking(move || Success::of(&list(&shared.tsdb)));
    done.await.map_err(|_| Failure::lost())?
}

pub(super) async fn series(
    State(shared): State<Arc<Shared>>,
    params: Params,
) -> Result<Success, Failure> {
    let (any_of, span, limit) = asked(&params)?;
    if any_of.is_empty() {
        return Err(Failure::bad_data("no match[] parameter provided"));
    }
    listed(&shared, move |tsdb| tsdb.series(&any_of, span, limit)).await
}

pub(super) async fn labels(
    State(shared): State<Arc<Shared>>,
    params: Params,
) -> Result<Success, Failure> {
    let (any_of, span, limit) = asked(&params)?;
    listed(&shared, move |tsdb| tsdb.label_names(&any_of, span, limit)).await
}

pub(super) async fn label_values(
    State(shared): State<Arc<Shared>>,
    Path(name): Path<String>,
    params: Params,
) -> Result<Success, Failure> {
    let mut bytes = name.bytes();
    let first = bytes
        .next()
        .is_some_and(|b| b.is_ascii_alphabetic() || b == b'_');
    if !first || !bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_') {
        return Err(Failure::bad_data(format!("invalid label name: {name:?}")));
    }
    let (any_of, span, limit) = asked(&params)?;
    listed(&shared, move |tsdb| {
        tsdb.label_values(&name, &any_of, span, limit)
    })
    .await
}

fn asked(params: &Params) -> Result<(Vec<Matchers>, Span, usize), Failure> {
    Ok((
        params.selectors()?,
        params.span()?,
        params.limit(MAX_ENTRIES)?,
    ))
}

pub(super) async fn metadata(
    State(shared): State<Arc<Shared>>,
    params: Params,
) -> Result<Success, Failure> {
    let limit = params.limit(MAX_ENTRIES)?;
    let metric = params.get("metric").to_owned();
    listed(&shared, move |tsdb| {
        let all = tsdb.metadata(Some(&*metric).filter(|m| !m.is_empty()), limit);
        // Prometheus answers a list for each metric: targets may contradict each other
        all.into_iter()
            .map(|(name, m)| (name, [m]))
            .collect::<BTreeMap<String, [Metadata; 1]>>()
    })
    .await
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BuildInfo {
    version: &'static str,
    revision: &'static str,
    branch: &'static str,
    build_user: &'static str,
    build_date: &'static str,
    go_version: &'static str,
    application: &'static str,
}

pub(super) async fn buildinfo() -> Result<Success, Failure> {
    Success::of(&BuildInfo {
        version: LIKE_PROMETHEUS,
        revision: env!("CARGO_PKG_VERSION"),
        branch: "",
        build_user: "",
        build_date: "",
        go_version: "",
        application: "shouwang",
    })
}

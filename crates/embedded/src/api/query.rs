//! `/query` and `/query_range`.

use super::Shared;
use super::answer::{Failure, Success};
use super::params::Params;
use super::text::{put_time, put_value};
use axum::extract::State;
use model::{Labels, Sample, Series};
use promql::{Engine, PromqlError, Value};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Points of one series that a range query may have (`web/api/v1/api.go`).
const MAX_POINTS: i64 = 11_000;

pub(super) async fn instant(
    State(shared): State<Arc<Shared>>,
    params: Params,
) -> Result<Success, Failure> {
    let at = params.time_or("time", (shared.clock)())?;
    let timeout = params.timeout(shared.options.query_timeout)?;
    let query = params.get("query").to_owned();
    evaluate(&shared, timeout, query, move |engine, shared, query| {
        engine.instant(&*shared.tsdb, query, at).map(|v| value(&v))
    })
    .await
}

pub(super) async fn range(
    State(shared): State<Arc<Shared>>,
    params: Params,
) -> Result<Success, Failure> {
    let (start, end) = (params.time("start")?, params.time("end")?);
    if end < start {
        return Err(Failure::parameter(
            "end",
            "end timestamp must not be before start time",
        ));
    }
    let step = params.step()?;
    if end.saturating_sub(start) / step > MAX_POINTS {
        return Err(Failure::bad_data(
            "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)",
        ));
    }
    let timeout = params.timeout(shared.options.query_timeout)?;
    let query = params.get("query").to_owned();
    evaluate(&shared, timeout, query, move |engine, shared, query| {
        engine
            .range(&*shared.tsdb, query, start, end, step)
            .map(|series| matrix(&series))
    })
    .await
}

/// Cancels the evaluation when the request is over, answered or not.
struct CancelOnDrop(Arc<AtomicBool>);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

async fn evaluate(
    shared: &Arc<Shared>,
    timeout: Duration,
    query: String,
    run: impl FnOnce(&Engine, &Shared, &str) -> Result<String, PromqlError> + Send + 'static,
) -> Result<Success, Failure> {
    let cancelled = Arc::new(AtomicBool::new(false));
    let _guard = CancelOnDrop(cancelled.clone());
    let engine = shared
        .engine
        .clone()
        .with_cancel(Arc::new(move || cancelled.load(Ordering::Relaxed)));
    let shared = shared.clone();
    let work = async move {
        let permit = shared
            .permits
            .clone()
            .acquire_owned()
            .await
            .map_err(|_| Failure::lost())?;
        let done = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            run(&engine, &shared, &query).map_err(|e| Failure::of_query(&query, &e))
        });
        done.await.map_err(|_| Failure::lost())?
    };
    let deadline = tokio::time::Instant::now().checked_add(timeout);
    let data = tokio::time::timeout(timeout, work)
        .await
        .map_err(|_| Failure::timeout())??;
    // the timer ticks in milliseconds and lets finished work pass; what was asked for may be less
    if deadline.is_some_and(|at| tokio::time::Instant::now() > at) {
        return Err(Failure::timeout());
    }
    Ok(Success(data))
}

fn put_labels(out: &mut String, labels: &Labels) {
    // a map of strings always serializes
    out.push_str(&serde_json::to_string(labels).unwrap_or_default());
}

fn put_sample(out: &mut String, s: Sample) {
    out.push('[');
    put_time(out, s.t);
    out.push_str(",\"");
    put_value(out, s.v);
    out.push_str("\"]");
}

fn separated<T>(
    out: &mut String,
    items: impl IntoIterator<Item = T>,
    mut put: impl FnMut(&mut String, T),
) {
    for (i, item) in items.into_iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        put(out, item);
    }
}

fn matrix(all: &[Series]) -> String {
    let mut out = String::from("{\"resultType\":\"matrix\",\"result\":[");
    separated(&mut out, all, |out, series| {
        out.push_str("{\"metric\":");
        put_labels(out, &series.labels);
        out.push_str(",\"values\":[");
        separated(out, &series.samples, |out, s| put_sample(out, *s));
        out.push_str("]}");
    });
    out.push_str("]}");
    out
}

fn value(v: &Value) -> String {
    match v {
        Value::Matrix(all) => matrix(all),
        Value::Scalar(s) => {
            let mut out = String::from("{\"resultType\":\"scalar\",\"result\":");
            put_sample(&mut out, *s);
            out.push('}');
            out
        }
        Value::String { t, value } => {
            let mut out = String::from("{\"resultType\":\"string\",\"result\":[");
            put_time(&mut out, *t);
            out.push(',');
            out.push_str(&serde_json::to_string(value).unwrap_or_default());
            out.push_str("]}");
            out
        }
        Value::Vector(all) => {
            let mut out = String::from("{\"resultType\":\"vector\",\"result\":[");
            separated(&mut out, all, |out, (labels, s)| {
                out.push_str("{\"metric\":");
                put_labels(out, labels);
                out.push_str(",\"value\":");
                put_sample(out, *s);
                out.push('}');
            });
            out.push_str("]}");
            out
        }
    }
}

//! `/write`: remote write 1.0 (<https://prometheus.io/docs/concepts/remote_write_spec/>).
//!
//! The body is taken apart one series at a time: decoded as a whole, 64 MiB of empty messages would become
//! gigabytes. The good samples of a request are stored even when others are refused; the answer is then 400, which
//! a Prometheus does not repeat, and names the first reason.

use super::Shared;
use crate::tsdb::{AppendReport, Metadata, MetricKind, Tsdb};
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use model::Labels;
use prost::Message;
use prost::bytes::Buf;
use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};
use std::sync::Arc;

/// Largest body as sent, in bytes.
pub(super) const MAX_BODY_BYTES: usize = 16 << 20;

/// Largest body after decompression, in bytes.
const MAX_PLAIN_BYTES: usize = 64 << 20;

/// Largest message of one series, in bytes.
const MAX_SERIES_BYTES: usize = 4 << 20;

/// Samples handed to the store at a time.
const GROUP: usize = 8192;

#[derive(Clone, PartialEq, Message)]
struct TimeSeries {
    #[prost(message, repeated, tag = "1")]
    labels: Vec<Label>,
    #[prost(message, repeated, tag = "2")]
    samples: Vec<Sample>,
}

#[derive(Clone, PartialEq, Message)]
struct Label {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    value: String,
}

#[derive(Clone, Copy, PartialEq, Message)]
struct Sample {
    #[prost(double, tag = "1")]
    value: f64,
    #[prost(int64, tag = "2")]
    timestamp: i64,
}

#[derive(Clone, PartialEq, Message)]
struct MetricMetadata {
    #[prost(int32, tag = "1")]
    kind: i32,
    #[prost(string, tag = "2")]
    metric_family_name: String,
    #[prost(string, tag = "4")]
    help: String,
    #[prost(string, tag = "5")]
    unit: String,
}

/// Why a body was refused as a whole.
#[derive(Debug, thiserror::Error)]
enum BadBody {
    #[error("snappy: corrupt input")]
    Snappy,
    #[error(
        "the body has {bytes} bytes after decompression, at most {MAX_PLAIN_BYTES} are taken; send smaller batches"
    )]
    TooLarge { bytes: usize },
    #[error(
        "a series of {bytes} bytes, at most {MAX_SERIES_BYTES} are taken; send smaller batches"
    )]
    SeriesTooLarge { bytes: usize },
    #[error("not a remote-write request: {0}")]
    Protobuf(#[from] prost::DecodeError),
    #[error("not a remote-write request: it ends in the middle")]
    Truncated,
}

pub(super) async fn write(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if let Err(why) = check_headers(&headers) {
        return (StatusCode::UNSUPPORTED_MEDIA_TYPE, why).into_response();
    }
    let done = tokio::task::spawn_blocking(move || store(&shared.tsdb, &body)).await;
    match done {
        Ok(Ok(report)) if report.refused() == 0 => StatusCode::NO_CONTENT.into_response(),
        Ok(Ok(report)) => (StatusCode::BAD_REQUEST, refusal(&report)).into_response(),
        Ok(Err(BadBody::TooLarge { .. })) => {
            (StatusCode::PAYLOAD_TOO_LARGE, said(done)).into_response()
        }
        Ok(Err(_)) => (StatusCode::BAD_REQUEST, said(done)).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn said(done: Result<Result<AppendReport, BadBody>, tokio::task::JoinError>) -> String {
    match done {
        Ok(Err(e)) => format!("{e}\n"),
        _ => String::new(),
    }
}

/// Absent headers are taken for those of remote write 1.0, as Prometheus does.
fn check_headers(headers: &HeaderMap) -> Result<(), &'static str> {
    let text = |name| {
        headers
            .get(name)
            .and_then(|v| v.to_str().ok())
            .unwrap_or("")
    };
    let encoding = text(header::CONTENT_ENCODING);
    if !encoding.is_empty() && encoding != "snappy" {
        return Err("only snappy is taken as Content-Encoding\n");
    }
    if text(header::CONTENT_TYPE).contains("io.prometheus.write.v2") {
        return Err("only remote write 1.0 is taken (prometheus.WriteRequest)\n");
    }
    Ok(())
}

fn refusal(report: &AppendReport) -> String {
    let first = report
        .first
        .as_ref()
        .map(|f| f.error.to_string())
        .unwrap_or_default();
    format!(
        "{first} ({} of {} samples refused)\n",
        report.refused(),
        report.refused() + report.accepted
    )
}

fn store(tsdb: &Tsdb, body: &[u8]) -> Result<AppendReport, BadBody> {
    let bytes = snap::raw::decompress_len(body).map_err(|_| BadBody::Snappy)?;
    if bytes > MAX_PLAIN_BYTES {
        return Err(BadBody::TooLarge { bytes });
    }
    let plain = snap::raw::Decoder::new()
        .decompress_vec(body)
        .map_err(|_| BadBody::Snappy)?;
    let mut all = AppendReport::default();
    let mut batch: Vec<(Labels, model::Sample)> = Vec::new();
    let mut rest = plain.as_slice();
    while !rest.is_empty() {
        let (tag, wire) = decode_key(&mut rest)?;
        match (tag, wire) {
            (1, WireType::LengthDelimited) => {
                let bytes = message(&mut rest)?;
                if bytes.len() > MAX_SERIES_BYTES {
                    return Err(BadBody::SeriesTooLarge { bytes: bytes.len() });
                }
                let series = TimeSeries::decode(bytes)?;
                let labels =
                    Labels::from_pairs(series.labels.into_iter().map(|l| (l.name, l.value)));
                let samples = series.samples.iter().map(|s| model::Sample {
                    t: s.timestamp,
                    v: s.value,
                });
                batch.extend(samples.map(|s| (labels.clone(), s)));
                if batch.len() >= GROUP {
                    all.add(&tsdb.append(&batch));
                    batch.clear();
                }
            }
            (3, WireType::LengthDelimited) => {
                note(tsdb, MetricMetadata::decode(message(&mut rest)?)?)
            }
            _ => skip_field(wire, tag, &mut rest, DecodeContext::default())?,
        }
    }
    all.add(&tsdb.append(&batch));
    Ok(all)
}

fn message<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], BadBody> {
    let len = usize::try_from(decode_varint(rest)?).map_err(|_| BadBody::Truncated)?;
    let (bytes, _) = rest.split_at_checked(len).ok_or(BadBody::Truncated)?;
    rest.advance(len);
    Ok(bytes)
}

fn note(tsdb: &Tsdb, m: MetricMetadata) {
    // prompb.MetricMetadata.MetricType
    let kind = match m.kind {
        1 => MetricKind::Counter,
        2 => MetricKind::Gauge,
        3 => MetricKind::Histogram,
        4 => MetricKind::GaugeHistogram,
        5 => MetricKind::Summary,
        6 => MetricKind::Info,
        7 => MetricKind::StateSet,
        _ => MetricKind::Unknown,
    };
    tsdb.set_metadata(
        &m.metric_family_name,
        Metadata {
            kind,
            help: m.help,
            unit: m.unit,
        },
    );
}

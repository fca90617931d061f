//! Samples into a real Prometheus or VictoriaMetrics by the remote-write protocol 1.0
//! (<https://prometheus.io/docs/concepts/remote_write_spec/>): protobuf, compressed with snappy.

use model::Series;
use prost::Message;
use std::io;

#[derive(Clone, PartialEq, Message)]
struct WriteRequest {
    #[prost(message, repeated, tag = "1")]
    timeseries: Vec<TimeSeries>,
}

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

#[derive(Clone, PartialEq, Message)]
struct Sample {
    #[prost(double, tag = "1")]
    value: f64,
    #[prost(int64, tag = "2")]
    timestamp: i64,
}

/// The request body for `series`, compressed.
pub fn encode(series: &[Series]) -> Vec<u8> {
    let request = WriteRequest {
        timeseries: series
            .iter()
            .map(|s| TimeSeries {
                labels: s
                    .labels
                    .iter()
                    .map(|(name, value)| Label {
                        name: name.into(),
                        value: value.into(),
                    })
                    .collect(),
                samples: s
                    .samples
                    .iter()
                    .map(|p| Sample {
                        value: p.v,
                        timestamp: p.t,
                    })
                    .collect(),
            })
            .collect(),
    };
    snap::raw::Encoder::new()
        .compress_vec(&request.encode_to_vec())
        .expect("a test's samples fit into one snappy block")
}

/// Writes `series` to `/api/v1/write` of the server at `127.0.0.1:port`.
///
/// # Errors
/// When the server cannot be reached, or with its own words when it refuses the samples.
pub fn remote_write(port: u16, series: &[Series]) -> io::Result<()> {
    // 5,000 series a request, as Prometheus' own sender is bounded too
    for part in series.chunks(5_000) {
        let reply = crate::http::request(
            port,
            "POST",
            "/api/v1/write",
            &[
                ("Content-Encoding", "snappy"),
                ("Content-Type", "application/x-protobuf"),
                ("X-Prometheus-Remote-Write-Version", "0.1.0"),
            ],
            &encode(part),
        )?;
        if !(200..300).contains(&reply.status) {
            return Err(io::Error::other(format!(
                "remote write answered {}: {}",
                reply.status,
                reply.text()
            )));
        }
    }
    Ok(())
}

//! The demonstration's store: a server of the simulated platform's traces on loopback, asked like any other.

use super::stores::Store;
use crate::clock;
use crate::config::traces::DEMO;
use engine::Failure;
use model::trace::Trace;
use simulator::trace_server::{ServerOptions, StoreLimits, TraceServer, TraceStore};
use source::{Connection, Proxy, connect_traces};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// MiB that its answers may have.
const ANSWER_MIB: u64 = 256;

/// Lines a second up to which each trace is kept; above only so many as would be there at this rate, as real platforms sample theirs. There are
/// three spans to a line: those of 5,000 lines a second would fill the store in nine seconds.
const ALL_UP_TO: f64 = 100.0;
/// Spans that are kept of traces that are sampled: those of a minute, some 16 MB.
const SAMPLED_SPANS: usize = 20_000;

/// How much is kept of a platform that writes so many lines a second, and that it is each so manyth trace.
fn kept(lines_per_second: Option<f64>) -> (StoreLimits, u128) {
    let usual = StoreLimits::default();
    match lines_per_second {
        Some(lines) if lines > ALL_UP_TO => {
            let sampled = StoreLimits {
                spans: SAMPLED_SPANS,
                ..usual
            };
            (sampled, (lines / ALL_UP_TO).ceil() as u128)
        }
        _ => (usual, 1),
    }
}

/// Takes the platform's traces.
pub type Sink = Box<dyn Fn(Vec<Trace>) + Send + Sync>;

/// Starts the server of a platform that writes so many lines a second (`None`: the usual); it ends with `stop`.
pub async fn start(lines_per_second: Option<f64>, stop: &CancellationToken) -> (Store, Sink) {
    let (limits, each) = kept(lines_per_second);
    let kept = TraceStore::new(limits);
    let sink = {
        let kept = kept.clone();
        Box::new(move |mut traces: Vec<Trace>| {
            traces.retain(|t| t.id.0 % each == 0);
            kept.push(traces);
        }) as Sink
    };
    let options = ServerOptions::new(Arc::new(clock::now_ms));
    let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let started = TraceServer::start(any_port, kept, options).await;
    let (address, client) = match started {
        Ok(server) => {
            let address = format!("http://{}", server.address());
            let mut connection = Connection::to(&address);
            connection.limits.body_bytes = ANSWER_MIB << 20;
            connection.proxy = Proxy::Direct;
            let client = connect_traces("jaeger", &connection)
                .map_err(|e| Failure::new("config", "detail", e));
            let stop = stop.clone();
            tokio::spawn(async move {
                stop.cancelled().await;
                server.stop().await;
            });
            (address, client)
        }
        Err(e) => (String::new(), Err(Failure::new("connect", "detail", e))),
    };
    let store = Store::new(DEMO, "jaeger", &address, true, client);
    (store, sink)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traces_are_sampled_where_there_are_too_many() {
        let usual = StoreLimits::default();
        assert_eq!(kept(None), (usual, 1));
        assert_eq!(kept(Some(100.0)), (usual, 1));
        let (limits, each) = kept(Some(5_000.0));
        assert_eq!((limits.spans, each), (SAMPLED_SPANS, 50));
    }
}

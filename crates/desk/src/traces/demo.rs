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

/// Takes the platform's traces.
pub type Sink = Box<dyn Fn(Vec<Trace>) + Send + Sync>;

/// Starts the server; it ends with `stop`.
pub async fn start(stop: &CancellationToken) -> (Store, Sink) {
    let kept = TraceStore::new(StoreLimits::default());
    let sink = {
        let kept = kept.clone();
        Box::new(move |traces| kept.push(traces)) as Sink
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

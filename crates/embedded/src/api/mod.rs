//! Prometheus' own HTTP API over the store, so that promtool, Grafana and tests can ask us as they ask a Prometheus,
//! and a Prometheus can write to us. After <https://prometheus.io/docs/prometheus/2.42/querying/api/>; texts, status
//! codes and JSON are those of Prometheus 2.42.
//!
//! It listens on loopback unless told otherwise, and then takes no request that a browser makes for a page of
//! another host: neither one with a foreign `Origin` nor one with a foreign `Host` (DNS rebinding).

mod answer;
mod lists;
mod params;
mod query;
mod text;
mod write;

use crate::Clock;
use crate::tsdb::Tsdb;
use answer::Failure;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use promql::Engine;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

/// Longest form body of a query, in bytes.
const MAX_FORM_BYTES: usize = 1 << 20;

/// How the API is served.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where to listen; port 0 takes a free one.
    pub bind: SocketAddr,
    /// Whether an address other than loopback may be bound. There is no password.
    pub allow_remote: bool,
    /// How long a query may take (Prometheus: 2 min); a request can ask for less with `timeout`.
    pub query_timeout: Duration,
    /// Queries evaluated at a time (Prometheus: 20); others wait within their timeout.
    pub max_queries: usize,
}

impl Options {
    /// Prometheus' defaults at this address.
    pub fn new(bind: SocketAddr) -> Self {
        Self {
            bind,
            allow_remote: false,
            query_timeout: Duration::from_secs(120),
            max_queries: 20,
        }
    }
}

/// Why the API does not listen.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// The address can be reached from other machines.
    #[error(
        "{addr} can be reached from other machines and the API has no password; bind to 127.0.0.1 or allow remote access explicitly"
    )]
    NotLoopback {
        /// The address.
        addr: SocketAddr,
    },
    /// The system refused the address.
    #[error("cannot listen on {addr}: {source}")]
    Io {
        /// The address.
        addr: SocketAddr,
        /// The system's reason.
        source: std::io::Error,
    },
}

/// What every request needs.
struct Shared {
    tsdb: Arc<Tsdb>,
    engine: Engine,
    clock: Clock,
    options: Options,
    permits: Arc<Semaphore>,
}

/// The API, bound to its address.
pub struct Server {
    listener: TcpListener,
    local: SocketAddr,
    router: Router,
}

impl Server {
    /// Binds the address. `engine` carries the limits of queries.
    pub async fn bind(
        options: Options,
        tsdb: Arc<Tsdb>,
        engine: Engine,
        clock: Clock,
    ) -> Result<Self, BindError> {
        let addr = options.bind;
        if !addr.ip().is_loopback() && !options.allow_remote {
            return Err(BindError::NotLoopback { addr });
        }
        let io = |source| BindError::Io { addr, source };
        let listener = TcpListener::bind(addr).await.map_err(io)?;
        let local = listener.local_addr().map_err(io)?;
        let permits = Arc::new(Semaphore::new(options.max_queries.max(1)));
        let shared = Shared {
            tsdb,
            engine,
            clock,
            options,
            permits,
        };
        Ok(Self {
            listener,
            local,
            router: router(shared),
        })
    }

    /// Where it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.local
    }

    /// Serves until `stop` is ready, then lets running requests end.
    pub async fn run(self, stop: impl Future<Output = ()> + Send + 'static) -> std::io::Result<()> {
        axum::serve(self.listener, self.router)
            .with_graceful_shutdown(stop)
            .await
    }
}

fn router(shared: Shared) -> Router {
    let shared = Arc::new(shared);
    let forms = Router::new()
        .route("/query", get(query::instant).post(query::instant))
        .route("/query_range", get(query::range).post(query::range))
        .route("/series", get(lists::series).post(lists::series))
        .route("/labels", get(lists::labels).post(lists::labels))
        .route("/label/{name}/values", get(lists::label_values))
        .route("/metadata", get(lists::metadata))
        .route("/status/buildinfo", get(lists::buildinfo))
        .layer(DefaultBodyLimit::max(MAX_FORM_BYTES))
        .route(
            "/write",
            post(write::write).layer(DefaultBodyLimit::max(write::MAX_BODY_BYTES)),
        );
    Router::new()
        .nest("/api/v1", forms)
        .route("/-/healthy", get(async || "Shouwang is Healthy.\n"))
        .route("/-/ready", get(async || "Shouwang is Ready.\n"))
        .fallback(async || (StatusCode::NOT_FOUND, "404 page not found\n"))
        .layer(middleware::from_fn_with_state(shared.clone(), local_only))
        .with_state(shared)
}

/// Refuses what a browser sends for a page that is not ours.
async fn local_only(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    if shared.options.bind.ip().is_loopback() && !is_local(request.headers()) {
        return Failure::forbidden(
            "this API answers loopback only: the Host or Origin of the request is another one",
        )
        .into_response();
    }
    next.run(request).await
}

fn is_local(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).map(|v| v.to_str().unwrap_or("?"));
    let host = text(header::HOST).is_none_or(is_loopback_authority);
    let origin = text(header::ORIGIN).is_none_or(|o| {
        o.split_once("://")
            .is_some_and(|(_, a)| is_loopback_authority(a))
    });
    host && origin
}

/// `localhost`, `127.0.0.1:9090`, `[::1]:9090` …
fn is_loopback_authority(authority: &str) -> bool {
    let bracketed = authority
        .strip_prefix('[')
        .and_then(|rest| rest.split_once(']'));
    let host = match bracketed {
        Some((inside, _)) => inside,
        None => authority
            .rsplit_once(':')
            .map_or(authority, |(host, _)| host),
    };
    host.eq_ignore_ascii_case("localhost")
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_are_local() {
        for good in [
            "localhost",
            "LOCALHOST:1",
            "127.0.0.1",
            "127.9.9.9:80",
            "[::1]:9090",
            "[::1]",
        ] {
            assert!(is_loopback_authority(good), "{good}");
        }
        for bad in [
            "",
            "evil.example",
            "127.0.0.1.evil.example:80",
            "localhost.evil.example",
            "10.0.0.1:1",
            "[::2]:1",
        ] {
            assert!(!is_loopback_authority(bad), "{bad}");
        }
    }
}

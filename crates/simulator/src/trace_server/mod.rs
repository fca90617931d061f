//! A server of traces that answers as Jaeger does, by both of its HTTP APIs: the classic one that its page uses
//! (`/api/traces`, envelope `data`/`total`/`limit`/`offset`/`errors`) and v3 (`/api/v3/traces`, OpenTelemetry's JSON,
//! `/api/v3/trace-summaries`). Shapes, parameters, texts of errors and their content type are those of Jaeger 2.x's query
//! service; its oddities are kept, because they are what a client has to live with: errors are JSON sent as `text/plain`,
//! `total` is 0 for traces, the numbers beyond 2^53 are text, dependencies come in any order.
//!
//! It is for demonstrations and tests. It has no password and should listen on loopback.

mod classic;
mod classic_json;
mod otlp;
mod params;
mod store;
mod v3;
mod warnings;

pub use store::{StoreLimits, TraceStore};

use crate::server::Clock;
use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use model::trace::Trace;
use serde::Serialize;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Which Jaeger the server plays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Flavour {
    /// Before v3: the classic API alone, and `null` instead of an empty list of services.
    Old,
    /// Both APIs, without summaries (2.0 to about 2.18).
    Both,
    /// Both APIs and summaries.
    #[default]
    Current,
    /// What comes: v3 with summaries, and of the classic API only the dependencies.
    WithoutClassic,
}

impl Flavour {
    fn has_v3(self) -> bool {
        self != Self::Old
    }

    fn has_classic(self) -> bool {
        self != Self::WithoutClassic
    }

    fn has_summaries(self) -> bool {
        matches!(self, Self::Current | Self::WithoutClassic)
    }
}

/// How the server answers.
#[derive(Clone)]
pub struct ServerOptions {
    /// Which Jaeger it plays.
    pub flavour: Flavour,
    /// Under which path everything is, like `/jaeger`; empty for none.
    pub base_path: String,
    /// Whether any unknown path answers 200 with a page, as a Jaeger with its page does; else 404 as text.
    pub page: bool,
    /// What time it is, where a question leaves it out; milliseconds since the epoch.
    pub clock: Clock,
}

impl ServerOptions {
    /// A current Jaeger without a page.
    pub fn new(clock: Clock) -> Self {
        Self {
            flavour: Flavour::Current,
            base_path: String::new(),
            page: false,
            clock,
        }
    }
}

struct Shared {
    store: TraceStore,
    options: ServerOptions,
}

type Ask = axum::extract::State<Arc<Shared>>;

/// The server while it runs; it ends when this is dropped.
#[derive(Debug)]
pub struct TraceServer {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<std::io::Result<()>>,
}

impl TraceServer {
    /// Listens on `address` (port 0 takes a free one) and serves what is and will be in `store`.
    ///
    /// # Errors
    /// When the system refuses the address.
    pub async fn start(
        address: SocketAddr,
        store: TraceStore,
        options: ServerOptions,
    ) -> std::io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel::<()>();
        let app = router(store, options);
        let task = tokio::spawn(async move {
            axum::serve(listener, app)
                .with_graceful_shutdown(async {
                    // an error means that the other end was dropped, which is a wish to stop as well
                    let _ = stopped.await;
                })
                .await
        });
        Ok(Self {
            address,
            stop: Some(stop),
            task,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends the server and waits for running answers.
    pub async fn stop(mut self) {
        self.stop.take();
        // a failed server has nothing left to end
        let _ = (&mut self.task).await;
    }
}

/// The routes, for a server that has its own listener.
pub fn router(store: TraceStore, options: ServerOptions) -> Router {
    let flavour = options.flavour;
    let page = options.page;
    let base = options.base_path.trim_end_matches('/').to_owned();
    let shared = Arc::new(Shared { store, options });
    let mut api = Router::new()
        .route("/api/dependencies", get(classic::dependencies))
        .route("/api/metrics/{kind}", get(classic::metrics));
    if flavour.has_classic() {
        api = api
            .route("/api/services", get(classic::services))
            .route(
                "/api/services/{service}/operations",
                get(classic::operations_of),
            )
            .route("/api/operations", get(classic::operations))
            .route("/api/traces", get(classic::search))
            .route("/api/traces/{id}", get(classic::trace))
            .route("/api/archive/{id}", post(classic::archive));
    }
    if flavour.has_v3() {
        api = api
            .route("/api/v3/services", get(v3::services))
            .route("/api/v3/operations", get(v3::operations))
            .route("/api/v3/traces", get(v3::search))
            .route("/api/v3/traces/{id}", get(v3::trace));
    }
    if flavour.has_summaries() {
        api = api.route("/api/v3/trace-summaries", get(v3::summaries));
    }
    let routes = if base.is_empty() {
        api
    } else {
        Router::new().nest(&base, api)
    };
    let unknown = move || async move { nothing_here(page) };
    routes.fallback(unknown).with_state(shared)
}

/// What `GET /api/traces/{id}` answers for this trace, for tests and benchmarks of clients that need no server.
pub fn classic_body(trace: &Trace) -> Vec<u8> {
    let data = [classic_json::ClassicTrace {
        trace: Arc::new(trace.clone()),
        raw: false,
    }];
    let body = classic_json::Envelope::of(data, 0);
    // only numbers, texts and lists are written, none of which can fail in memory
    bytes(&body, 256 + trace.spans.len() * ROOM).unwrap_or_default()
}

/// What `GET /api/v3/traces/{id}` answers for this trace, likewise.
pub fn v3_body(trace: &Trace) -> Vec<u8> {
    let result = otlp::Traces {
        traces: vec![Arc::new(trace.clone())],
        raw: false,
    };
    let body = std::collections::BTreeMap::from([("result", result)]);
    bytes(&body, 256 + trace.spans.len() * ROOM).unwrap_or_default()
}

/// Bytes of JSON that a span takes at most, usually.
const ROOM: usize = 1400;

/// What Jaeger's page is, as far as a client of the API can see.
const PAGE: &str = "<!doctype html><html><head><title>Jaeger UI</title></head><body><div id=\"jaeger-ui-root\"></div></body></html>";

fn nothing_here(page: bool) -> Response {
    if page {
        ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], PAGE).into_response()
    } else {
        plain(StatusCode::NOT_FOUND, "404 page not found".into())
    }
}

/// As Go's `http.Error` sends it: plain text with a line feed, whatever the text is.
fn plain(status: StatusCode, text: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (status, headers, text + "\n").into_response()
}

/// Writes JSON on a thread that may be busy for a while: a large trace takes half a second.
async fn json(make: impl FnOnce() -> serde_json::Result<Vec<u8>> + Send + 'static) -> Response {
    match tokio::task::spawn_blocking(make).await {
        Ok(Ok(body)) => ([(header::CONTENT_TYPE, "application/json")], body).into_response(),
        Ok(Err(e)) => plain(StatusCode::INTERNAL_SERVER_ERROR, e.to_string()),
        Err(e) => plain(StatusCode::INTERNAL_SERVER_ERROR, e.to_string()),
    }
}

/// As JSON, with room for it from the start where its size is known.
fn bytes<T: Serialize>(value: &T, room: usize) -> serde_json::Result<Vec<u8>> {
    let mut body = Vec::with_capacity(room);
    serde_json::to_writer(&mut body, value)?;
    Ok(body)
}

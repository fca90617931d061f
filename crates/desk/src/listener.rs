//! Receives what an Alertmanager posts to its webhook: 2xx only after the alerts are kept, 503 when they cannot be kept now.
//!
//! The Alertmanager tries again after 5xx and after nothing else (`notify/util.go`), so everything that may be better later is
//! 503, never 429 and never 408; what can never be taken is 4xx. An answer is `{"code":…,"params":{…}}`, the codes those of
//! [`WebhookError`] and `busy`, `slow`, `not_kept`.

mod guard;

use crate::happened;
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use model::{Annotation, Secret};
use parking_lot::Mutex;
use source::AlertLimits;
use source::webhook::{self, Batch, WebhookError};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// Where the Alertmanager posts to.
pub const PATH: &str = "/api/v1/webhook/alertmanager";
/// Where programs tell of deployments and other changes.
pub const HAPPENED: &str = "/api/v1/annotations";
/// Bodies above this are read on a thread of their own.
const LARGE: usize = 256 << 10;
/// Connections at a time; further ones wait.
const CONNECTIONS: usize = 64;
/// How long running requests may take when the listener ends.
const DRAIN: Duration = Duration::from_secs(6);

/// How the listener is set up.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where to listen; port 0 takes a free one.
    pub bind: SocketAddr,
    /// Whether an address other than loopback may be bound. There is no TLS: the token is then readable on the way.
    pub allow_remote: bool,
    /// `Authorization: Bearer …` of every notification.
    pub token: Secret,
    /// How much of a body is taken.
    pub limits: AlertLimits,
    /// Notifications worked on at a time; others get 503.
    pub in_flight: usize,
    /// Time until a request's head, and then again until its body, must be there.
    pub read_timeout: Duration,
    /// Time until the alerts must be kept.
    pub keep_timeout: Duration,
}

impl Options {
    /// At this address with this token: 8 MiB, 16 at a time, 10 s to read, 5 s to keep.
    pub fn new(bind: SocketAddr, token: Secret) -> Self {
        Self {
            bind,
            allow_remote: false,
            token,
            limits: AlertLimits {
                body_bytes: 8 << 20,
                ..AlertLimits::default()
            },
            in_flight: 16,
            read_timeout: Duration::from_secs(10),
            keep_timeout: Duration::from_secs(5),
        }
    }
}

/// Why the listener does not listen. [`ListenError::code`] is the locale key `error.listener.<code>`.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// The address can be reached from other machines.
    #[error("{addr} can be reached from other machines; use 127.0.0.1 or allow it explicitly")]
    NotLoopback {
        /// The address.
        addr: SocketAddr,
    },
    /// Without a token everybody on this machine could make alerts.
    #[error("the listener needs a token")]
    NoToken,
    /// The system refused the address.
    #[error("cannot listen on {addr}: {source}")]
    Io {
        /// The address.
        addr: SocketAddr,
        /// The system's reason.
        source: std::io::Error,
    },
}

impl ListenError {
    /// The code: stable, snake case.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotLoopback { .. } => "not_loopback",
            Self::NoToken => "no_token",
            Self::Io { .. } => "io",
        }
    }

    /// Placeholders of the sentence.
    pub fn params(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::NotLoopback { addr } => vec![("addr", addr.to_string())],
            Self::NoToken => Vec::new(),
            Self::Io { addr, source } => {
                vec![("addr", addr.to_string()), ("detail", source.to_string())]
            }
        }
    }

    /// Every code; a test holds the locales to it.
    pub const CODES: [&'static str; 3] = ["not_loopback", "no_token", "io"];
}

/// The alerts could not be kept; the reason is for the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not kept: {0}")]
pub struct NotKept(pub String);

/// Takes notifications over. `Ok` promises that they are on the disk: only then the Alertmanager is told 200.
/// The same notification may come again (the Alertmanager tries again when our answer was lost).
pub trait Sink: Send + Sync + 'static {
    /// Keeps `batch`. The future is dropped when it takes too long or the Alertmanager hangs up.
    fn keep(&self, batch: Batch) -> BoxFuture<'_, Result<(), NotKept>>;

    /// Takes over what programs tell of besides alerts; marks on charts are not worth a disk.
    fn happened(&self, _notes: Vec<Annotation>) -> BoxFuture<'_, ()> {
        async {}.boxed()
    }
}

impl<F, Fut> Sink for F
where
    F: Fn(Batch) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<(), NotKept>> + Send + 'static,
{
    fn keep(&self, batch: Batch) -> BoxFuture<'_, Result<(), NotKept>> {
        self(batch).boxed()
    }
}

/// What the listener did since it started, for the health page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Notifications kept.
    pub kept: u64,
    /// Alerts in them.
    pub alerts: u64,
    /// Alerts that could not be taken (see [`source::Oddities`]), out of notifications that were kept.
    pub alerts_refused: u64,
    /// Requests refused, by code: those of [`WebhookError`], `busy`, `slow`, `not_kept`, `unauthorized`.
    pub refused: BTreeMap<&'static str, u64>,
    /// When something was kept last, ms.
    pub last_kept: Option<i64>,
    /// What was refused last: when (ms) and the code.
    pub last_refused: Option<(i64, &'static str)>,
}

struct Shared {
    options: Options,
    sink: Arc<dyn Sink>,
    clock: fn() -> i64,
    permits: Arc<Semaphore>,
    figures: Arc<Mutex<Figures>>,
}

/// The listener, bound to its address.
pub struct Listener {
    listener: TcpListener,
    local: SocketAddr,
    shared: Arc<Shared>,
}

impl Listener {
    /// Binds the address. `clock` is the time in ms since the epoch.
    ///
    /// # Errors
    /// [`ListenError`].
    pub async fn bind(
        options: Options,
        sink: Arc<dyn Sink>,
        clock: fn() -> i64,
    ) -> Result<Self, ListenError> {
        let addr = options.bind;
        if !addr.ip().is_loopback() && !options.allow_remote {
            return Err(ListenError::NotLoopback { addr });
        }
        if options.token.is_empty() {
            return Err(ListenError::NoToken);
        }
        let io = |source| ListenError::Io { addr, source };
        let listener = TcpListener::bind(addr).await.map_err(io)?;
        let local = listener.local_addr().map_err(io)?;
        let permits = Arc::new(Semaphore::new(options.in_flight.max(1)));
        Ok(Self {
            listener,
            local,
            shared: Arc::new(Shared {
                options,
                sink,
                clock,
                permits,
                figures: Arc::default(),
            }),
        })
    }

    /// Where it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.local
    }

    /// What it did, kept up to date.
    pub fn figures(&self) -> Arc<Mutex<Figures>> {
        self.shared.figures.clone()
    }

    /// Serves until `stop` is ready, then lets running requests end for a few seconds.
    pub async fn run(self, stop: impl Future<Output = ()> + Send + 'static) {
        let read_timeout = self.shared.options.read_timeout;
        let service = TowerToHyperService::new(router(self.shared));
        let graceful = GracefulShutdown::new();
        let slots = Arc::new(Semaphore::new(CONNECTIONS));
        let mut stop = std::pin::pin!(stop);
        loop {
            let accept = async {
                let slot = slots.clone().acquire_owned().await.ok()?;
                Some((slot, self.listener.accept().await))
            };
            let (slot, accepted) = tokio::select! {
                () = &mut stop => break,
                next = accept => match next {
                    Some(next) => next,
                    None => break,
                },
            };
            let stream = match accepted {
                Ok((stream, _)) => stream,
                Err(e) => {
                    // out of file descriptors, or the peer was gone already: neither ends the listener
                    tracing::warn!(error = %e, "webhook listener: accept failed");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            };
            let connection = hyper::server::conn::http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(read_timeout)
                .max_buf_size(64 << 10)
                .serve_connection(TokioIo::new(stream), service.clone());
            let connection = graceful.watch(connection);
            tokio::spawn(async move {
                // a peer that hangs up or is too slow is its own fault
                let _ = connection.await;
                drop(slot);
            });
        }
        let _ = timeout(DRAIN, graceful.shutdown()).await;
    }
}

fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route(PATH, post(receive))
        .route(HAPPENED, post(happened))
        .route("/healthz", get(async || "ok\n"))
        .fallback(async || (StatusCode::NOT_FOUND, "404 page not found\n"))
        .layer(middleware::from_fn_with_state(
            shared.options.bind.ip().is_loopback(),
            guard::local_only,
        ))
        .with_state(shared)
}

/// Why a notification is not taken.
enum Refusal {
    Unauthorized,
    Busy,
    Slow,
    NotKept,
    Body(WebhookError),
}

impl Refusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Unauthorized => "unauthorized",
            Self::Busy => "busy",
            Self::Slow => "slow",
            Self::NotKept => "not_kept",
            Self::Body(e) => e.code(),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let code = self.code();
        let (status, params) = match &self {
            // without detail: who has no token learns nothing
            Self::Unauthorized => {
                let challenge = [(header::WWW_AUTHENTICATE, "Bearer")];
                return (StatusCode::UNAUTHORIZED, challenge).into_response();
            }
            Self::Busy | Self::Slow | Self::NotKept => {
                (StatusCode::SERVICE_UNAVAILABLE, Vec::new())
            }
            Self::Body(e @ WebhookError::TooLarge { .. }) => {
                (StatusCode::PAYLOAD_TOO_LARGE, e.params())
            }
            Self::Body(e) => (StatusCode::BAD_REQUEST, e.params()),
        };
        let params: BTreeMap<_, _> = params.into_iter().collect();
        let body = axum::Json(serde_json::json!({ "code": code, "params": params }));
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
        }
        // a body that was not read to its end makes the connection useless
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        response
    }
}

async fn receive(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let now = (shared.clock)();
    match take(&shared, request, now).await {
        Ok((alerts, refused)) => {
            let mut figures = shared.figures.lock();
            figures.kept += 1;
            figures.alerts += alerts;
            figures.alerts_refused += refused;
            figures.last_kept = Some(now);
            let body = serde_json::json!({ "accepted": alerts, "refused": refused });
            axum::Json(body).into_response()
        }
        Err(refusal) => {
            let code = refusal.code();
            tracing::warn!(code, "webhook: notification refused");
            let mut figures = shared.figures.lock();
            *figures.refused.entry(code).or_default() += 1;
            figures.last_refused = Some((now, code));
            drop(figures);
            refusal.into_response()
        }
    }
}

/// Deployments and other changes, see [`crate::happened`].
async fn happened(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let now = (shared.clock)();
    let taken = async {
        if !guard::authorized(request.headers(), &shared.options.token) {
            return Err(Refusal::Unauthorized.into_response());
        }
        let Ok(_permit) = shared.permits.try_acquire() else {
            return Err(Refusal::Busy.into_response());
        };
        let (head, body) = request.into_parts();
        let options = Options {
            limits: AlertLimits {
                body_bytes: happened::BYTES as u64,
                ..shared.options.limits
            },
            ..shared.options.clone()
        };
        let body = read(&head.headers, body, &options).await;
        let body = body.map_err(IntoResponse::into_response)?;
        happened::read(&body, now).map_err(|e| {
            let said =
                serde_json::json!({ "code": e.code(), "params": { "detail": e.to_string() } });
            (StatusCode::BAD_REQUEST, axum::Json(said)).into_response()
        })
    };
    match taken.await {
        Ok(notes) => {
            let accepted = notes.len();
            shared.sink.happened(notes).await;
            axum::Json(serde_json::json!({ "accepted": accepted })).into_response()
        }
        Err(response) => response,
    }
}

/// How many alerts were kept, and how many of the notification could not be taken.
async fn take(shared: &Shared, request: Request, now: i64) -> Result<(u64, u64), Refusal> {
    let options = &shared.options;
    if !guard::authorized(request.headers(), &options.token) {
        return Err(Refusal::Unauthorized);
    }
    let _permit = shared.permits.try_acquire().map_err(|_| Refusal::Busy)?;
    let (head, body) = request.into_parts();
    let body = read(&head.headers, body, options).await?;
    let limits = options.limits;
    let batch = if body.len() > LARGE {
        tokio::task::spawn_blocking(move || webhook::parse(&body, &limits, now))
            .await
            .map_err(|_| Refusal::NotKept)?
    } else {
        webhook::parse(&body, &limits, now)
    };
    let batch = batch.map_err(Refusal::Body)?;
    let (alerts, refused) = (batch.alerts.len() as u64, batch.oddities.refused() as u64);
    match timeout(options.keep_timeout, shared.sink.keep(batch)).await {
        Ok(Ok(())) => Ok((alerts, refused)),
        Ok(Err(e)) => {
            tracing::error!(error = %e, "webhook: alerts not kept");
            Err(Refusal::NotKept)
        }
        Err(_) => Err(Refusal::NotKept),
    }
}

/// The body, refused before it is read where its length is announced.
async fn read(
    headers: &HeaderMap,
    body: Body,
    options: &Options,
) -> Result<axum::body::Bytes, Refusal> {
    let limit = options.limits.body_bytes;
    let too_large = || Refusal::Body(WebhookError::TooLarge { limit });
    let announced = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|v| v.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|n| n > limit) {
        return Err(too_large());
    }
    let limited = Limited::new(body, usize::try_from(limit).unwrap_or(usize::MAX));
    match timeout(options.read_timeout, limited.collect()).await {
        Ok(Ok(read)) => Ok(read.to_bytes()),
        Ok(Err(e)) if e.is::<LengthLimitError>() => Err(too_large()),
        Ok(Err(_)) => Err(Refusal::Body(WebhookError::Truncated)),
        Err(_) => Err(Refusal::Slow),
    }
}

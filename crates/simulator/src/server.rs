//! The platform as a program that a Prometheus can scrape, with a way to start incidents at run time.
//!
//! - `GET /metrics`: the page, text format 0.0.4.
//! - `GET /-/incidents`: what runs and is planned, as JSON.
//! - `POST /-/incidents`: starts one; the body is its description (`replica-lag:critical@30s+10m`), answered with the list.
//! - `DELETE /-/incidents/{name}`: ends all of that kind.

use crate::incident::{Incident, IncidentKind, Planned};
use crate::{Platform, Scenario};
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get};
use axum::{Json, Router};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tokio::net::TcpListener;

/// Reads the time: milliseconds since the epoch.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// An incident as the control interface writes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IncidentView {
    /// [`IncidentKind::as_str`].
    pub name: String,
    /// Milliseconds since the epoch, of the platform's own time.
    pub start_ms: i64,
    /// Likewise.
    pub end_ms: i64,
    /// How bad it gets.
    pub severity: model::Severity,
    /// How bad it is now: 0 (not at all) to 3 (emergency).
    pub level: f64,
}

impl IncidentView {
    fn of(incident: &Incident, now_ms: i64) -> Self {
        Self {
            name: incident.kind.as_str().to_owned(),
            start_ms: incident.start_ms,
            end_ms: incident.end_ms,
            severity: incident.severity,
            level: incident.level(now_ms),
        }
    }
}

/// Settings of the server.
#[derive(Clone, Debug)]
pub struct Options {
    /// What the platform lives through.
    pub scenario: Scenario,
    /// How many seconds of the platform pass in one second; 1 is real time. Clamped to 0.01..=3600.
    pub speed: f64,
}

/// The platform while it lives; a copy is the same platform.
#[derive(Clone)]
pub struct Simulation {
    platform: Arc<Mutex<Platform>>,
    clock: Clock,
    started_ms: i64,
    speed: f64,
}

impl Simulation {
    /// A platform that begins to live now.
    pub fn new(options: &Options, clock: Clock) -> Self {
        let started_ms = clock();
        let speed = if options.speed.is_finite() {
            options.speed.clamp(0.01, 3600.0)
        } else {
            1.0
        };
        Self {
            platform: Arc::new(Mutex::new(Platform::with_scenario(
                &options.scenario,
                started_ms,
            ))),
            clock,
            started_ms,
            speed,
        }
    }

    /// The platform's own time, milliseconds since the epoch, and the incidents that run or are planned.
    pub fn state(&self) -> (i64, Vec<Incident>) {
        self.with(|p| (p.now_ms(), p.incidents()))
    }

    /// The platform's own time, milliseconds since the epoch.
    pub fn now_ms(&self) -> i64 {
        let passed = ((self.clock)() - self.started_ms).max(0);
        self.started_ms + (passed as f64 * self.speed) as i64
    }

    /// The platform brought up to the present.
    fn with<T>(&self, f: impl FnOnce(&mut Platform) -> T) -> T {
        let now_ms = self.now_ms();
        let mut platform = self.platform.lock();
        platform.advance_to(now_ms);
        f(&mut platform)
    }

    fn list(&self) -> Vec<IncidentView> {
        self.with(|p| {
            p.incidents()
                .iter()
                .map(|i| IncidentView::of(i, p.now_ms()))
                .collect()
        })
    }
}

/// The routes, for a server that has its own listener.
pub fn router(options: &Options, clock: Clock) -> Router {
    router_of(Simulation::new(options, clock))
}

/// The routes of a platform that lives already.
pub fn router_of(simulation: Simulation) -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .route("/-/incidents", get(list).post(start))
        .route("/-/incidents/{name}", delete(stop))
        .layer(DefaultBodyLimit::max(4096))
        .with_state(simulation)
}

/// Serves until `stop` completes.
///
/// # Errors
/// When the listener fails.
pub async fn serve(
    listener: TcpListener,
    options: Options,
    clock: Clock,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    serve_of(listener, Simulation::new(&options, clock), stop).await
}

/// Serves a platform that lives already until `stop` completes.
///
/// # Errors
/// When the listener fails.
pub async fn serve_of(
    listener: TcpListener,
    simulation: Simulation,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    axum::serve(listener, router_of(simulation))
        .with_graceful_shutdown(stop)
        .await
}

async fn metrics(State(shared): State<Simulation>) -> Response {
    let page = shared.with(|p| {
        let mut page = String::with_capacity(512 << 10);
        p.write_text(&mut page);
        page
    });
    ([(header::CONTENT_TYPE, exposition::MEDIA_TYPE_TEXT)], page).into_response()
}

async fn list(State(shared): State<Simulation>) -> Json<Vec<IncidentView>> {
    Json(shared.list())
}

async fn start(State(shared): State<Simulation>, body: String) -> Response {
    match body.trim().parse::<Planned>() {
        Ok(planned) => {
            shared.with(|p| p.start_incident(&planned));
            Json(shared.list()).into_response()
        }
        Err(e) => (StatusCode::BAD_REQUEST, e.to_string()).into_response(),
    }
}

async fn stop(State(shared): State<Simulation>, Path(name): Path<String>) -> Response {
    match name.parse::<IncidentKind>() {
        Ok(kind) => {
            shared.with(|p| p.stop_incident(kind));
            Json(shared.list()).into_response()
        }
        Err(e) => (StatusCode::NOT_FOUND, e.to_string()).into_response(),
    }
}

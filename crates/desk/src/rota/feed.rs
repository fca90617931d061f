//! Calendars to subscribe to: `http://127.0.0.1:PORT/calendar/<secret>/rota/<id>.ics` and `…/person/<id>.ics`.
//!
//! Programs that read calendars cannot show a token in a header, so the secret is a part of the path, and nothing is told to who does not
//! know it.

use super::handle::{RotaAsk, RotaHandle};
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use std::sync::Arc;
use subtle::ConstantTimeEq;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use wire::ExportAsk;

struct Shared {
    handle: RotaHandle,
    secret: String,
}

/// Answers until `stop`.
pub async fn serve(
    listener: TcpListener,
    secret: String,
    handle: RotaHandle,
    stop: CancellationToken,
) {
    let router = Router::new()
        .route("/calendar/{secret}/{what}/{file}", get(calendar))
        .with_state(Arc::new(Shared { handle, secret }));
    let served = axum::serve(listener, router)
        .with_graceful_shutdown(async move { stop.cancelled().await })
        .await;
    if let Err(e) = served {
        tracing::warn!(error = %e, "calendars are not served any more");
    }
}

async fn calendar(
    State(shared): State<Arc<Shared>>,
    Path((secret, what, file)): Path<(String, String, String)>,
) -> Response {
    let id = file.strip_suffix(".ics").map(str::to_owned);
    let ask = match (what.as_str(), id) {
        ("rota", Some(rota)) => ExportAsk::Rota { rota },
        ("person", Some(person)) => ExportAsk::Person { person },
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    if !bool::from(secret.as_bytes().ct_eq(shared.secret.as_bytes())) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let text = shared.handle.ask(|reply| RotaAsk::Calendar(ask, reply));
    match text.await {
        Ok(text) => {
            let kind = [(header::CONTENT_TYPE, "text/calendar; charset=utf-8")];
            (kind, text).into_response()
        }
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}

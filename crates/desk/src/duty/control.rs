//! The running desk's door for the command line of the same machine: HTTP on loopback, with a token that only this user can read.

use super::handle::DutyHandle;
use super::remote;
use crate::logs::LogsHandle;
use crate::rota::{RotaAsk, RotaHandle};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path as UrlPath, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::post;
use model::Secret;
use model::duty::{AlertId, Via};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use wire::{ErrorCode, ErrorView};

/// The file that says where the door is.
const FILE: &str = "duty/control.json";
/// Bytes of a question.
const MAX_QUESTION: usize = 1 << 20;
/// Bytes of an answer.
const MAX_ANSWER: usize = 32 << 20;
/// The command line waits no longer.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Serialize, Deserialize)]
struct Door {
    port: u16,
    token: String,
}

/// Whom the command line may ask.
pub struct Doors {
    /// The alert desk.
    pub duty: DutyHandle,
    /// The rota.
    pub rota: RotaHandle,
    /// The wall.
    pub wall: crate::Handle,
    /// The stores of logs; `None`: nobody asks them here.
    pub logs: Option<LogsHandle>,
}

struct Shared {
    doors: Doors,
    data: PathBuf,
    token: Secret,
}

/// Answers until `stop`. Without a door (no port, no file) the desk runs all the same; the log says so.
pub async fn serve(data: PathBuf, doors: Doors, stop: CancellationToken) {
    let file = data.join(FILE);
    if let Err(e) = opened(&file, data, doors, stop).await {
        tracing::warn!(error = %e, "the command line cannot reach this desk");
    }
    // What is left over is recognised by nobody listening there.
    let _ = std::fs::remove_file(&file);
}

async fn opened(
    file: &Path,
    data: PathBuf,
    doors: Doors,
    stop: CancellationToken,
) -> std::io::Result<()> {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
    let mut bytes = [0u8; 32];
    getrandom::fill(&mut bytes).map_err(std::io::Error::other)?;
    let token: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
    let door = Door {
        port: listener.local_addr()?.port(),
        token: token.clone(),
    };
    write_private(file, &serde_json::to_vec(&door)?)?;
    let shared = Arc::new(Shared {
        doors,
        data,
        token: Secret::new(token),
    });
    let router = Router::new()
        .route("/v1/{what}", post(answer))
        .layer(DefaultBodyLimit::max(MAX_QUESTION))
        .with_state(shared);
    axum::serve(listener, router)
        .with_graceful_shutdown(async move { stop.cancelled().await })
        .await
}

/// Readable by this user alone from its first byte on.
fn write_private(file: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::Write;
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let _ = std::fs::remove_file(file);
    let mut options = std::fs::File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file)?.write_all(bytes)
}

fn is_allowed(headers: &HeaderMap, token: &Secret) -> bool {
    let shown = headers
        .get("authorization")
        .and_then(|v| v.to_str().ok())
        .and_then(|v| v.strip_prefix("Bearer "));
    // Every byte is looked at, whatever the first ones are.
    shown.is_some_and(|s| {
        let (a, b) = (s.as_bytes(), token.expose().as_bytes());
        a.len() == b.len() && a.iter().zip(b).fold(0, |d, (x, y)| d | (x ^ y)) == 0
    })
}

async fn answer(
    State(shared): State<Arc<Shared>>,
    UrlPath(what): UrlPath<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if !is_allowed(&headers, &shared.token) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    match ask(&shared, &what, &body).await {
        Some(Ok(value)) => Json(value).into_response(),
        Some(Err(e)) => (StatusCode::UNPROCESSABLE_ENTITY, Json(e)).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

type Answered = Result<serde_json::Value, ErrorView>;

async fn ask(shared: &Shared, what: &str, body: &[u8]) -> Option<Answered> {
    let Doors {
        duty: handle,
        rota,
        wall,
        logs,
    } = &shared.doors;
    Some(match what {
        "alerts" => json(async { handle.list(read(body)?).await }).await,
        "detail" => json(async { handle.detail(AlertId(read(body)?)).await }).await,
        "act" => json(async { handle.act(read(body)?, Via::CommandLine).await }).await,
        "preview" => json(async { handle.preview(read(body)?).await }).await,
        "mutes" => json(handle.mutes()).await,
        "history" => json(async { handle.history(read(body)?).await }).await,
        "figures" => json(async { handle.figures(read(body)?).await }).await,
        "oncall" => {
            json(async {
                let (at, of) = read(body)?;
                rota.ask(|reply| RotaAsk::OnDuty(at, of, reply)).await
            })
            .await
        }
        "rota" => {
            json(async {
                let query = read(body)?;
                rota.ask(|reply| RotaAsk::Page(query, reply)).await
            })
            .await
        }
        "rota_edit" => {
            json(async {
                let edit = Box::new(read(body)?);
                rota.ask(|reply| RotaAsk::Edit(edit, Via::CommandLine, reply))
                    .await
            })
            .await
        }
        "wall" => json(async { wall.wall(read(body)?).await }).await,
        "sources" => json(remote::kept(wall)).await,
        "metrics" => json(async { remote::asked(wall, read(body)?).await }).await,
        "notes" => json(wall.notes()).await,
        "log_page" => {
            json(async {
                let away = || ErrorView::new(ErrorCode::Connect).with("detail", "no logs");
                let logs = logs.as_ref().ok_or_else(away)?;
                logs.page(read(body)?).await
            })
            .await
        }
        "wall_status" => json(wall.status()).await,
        "wall_pin" => {
            json(async {
                crate::start::read_pin(Some(&shared.data), wall).await;
                Ok(())
            })
            .await
        }
        _ => return None,
    })
}

fn read<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, ErrorView> {
    serde_json::from_slice(body).map_err(|e| ErrorView::new(ErrorCode::Malformed).with("detail", e))
}

async fn json<T: Serialize>(answer: impl Future<Output = Result<T, ErrorView>>) -> Answered {
    let value = answer.await?;
    serde_json::to_value(value).map_err(|e| ErrorView::new(ErrorCode::Internal).with("detail", e))
}

/// The way to a desk that runs on this machine.
pub struct Control {
    client: reqwest::Client,
    door: Door,
}

impl Control {
    /// Finds the running desk of this data directory; `None`: none runs.
    pub async fn find(data: &Path) -> Option<Self> {
        let bytes = std::fs::read(data.join(FILE)).ok()?;
        let door: Door = serde_json::from_slice(&bytes).ok()?;
        tokio::net::TcpStream::connect(("127.0.0.1", door.port))
            .await
            .ok()?;
        source::prepare_tls();
        let client = reqwest::Client::builder()
            .no_proxy()
            .timeout(PATIENCE)
            .build()
            .ok()?;
        Some(Self { client, door })
    }

    /// Asks it.
    ///
    /// # Errors
    /// What the desk answers, or that it cannot be reached.
    pub async fn ask<Q: Serialize, A: serde::de::DeserializeOwned>(
        &self,
        what: &str,
        question: &Q,
    ) -> Result<A, ErrorView> {
        let lost = |e: &dyn std::fmt::Display| ErrorView::new(ErrorCode::Connect).with("detail", e);
        let url = format!("http://127.0.0.1:{}/v1/{what}", self.door.port);
        let sent = self
            .client
            .post(url)
            .bearer_auth(&self.door.token)
            .json(question)
            .send();
        let mut reply = sent.await.map_err(|e| lost(&e))?;
        let good = reply.status().is_success();
        let mut body = Vec::new();
        while let Some(chunk) = reply.chunk().await.map_err(|e| lost(&e))? {
            if body.len() + chunk.len() > MAX_ANSWER {
                return Err(ErrorView::new(ErrorCode::TooLarge).with("limit", "32 MiB"));
            }
            body.extend_from_slice(&chunk);
        }
        if good {
            read(&body)
        } else {
            let error = serde_json::from_slice::<ErrorView>(&body);
            Err(error
                .unwrap_or_else(|_| ErrorView::new(ErrorCode::Http).with("status", reply.status())))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::duty::handle::{Ask, Message};

    #[tokio::test]
    async fn only_who_can_read_the_file_is_answered_and_after_the_end_nobody_is_there() {
        let dir = tempfile::tempdir().unwrap();
        let (handle, mut rx, _band) = DutyHandle::channel();
        let stop = CancellationToken::new();
        let serving = tokio::spawn(serve(
            dir.path().to_owned(),
            Doors {
                duty: handle,
                rota: RotaHandle::channel().0,
                wall: crate::Handle::channel().0,
                logs: None,
            },
            stop.clone(),
        ));
        let mut control = loop {
            match Control::find(dir.path()).await {
                Some(control) => break control,
                None => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        };
        tokio::spawn(async move {
            while let Some(message) = rx.recv().await {
                if let Message::Ask(Ask::Mutes(reply)) = message {
                    let _ = reply.send(Vec::new());
                }
            }
        });
        let mutes: Vec<wire::MuteView> = control.ask("mutes", &()).await.unwrap();
        assert!(mutes.is_empty());
        let wrong = control.ask::<_, ()>("act", &"nonsense").await.unwrap_err();
        assert_eq!(wrong.code, ErrorCode::Malformed);
        control.door.token = "0".repeat(64);
        let refused = control.ask::<_, ()>("mutes", &()).await.unwrap_err();
        assert_eq!(refused.params["status"], "401 Unauthorized");
        stop.cancel();
        serving.await.unwrap();
        assert!(Control::find(dir.path()).await.is_none());
        assert!(!dir.path().join(FILE).exists());
    }
}

//! Copying the write-ahead log into the file, beside the commits instead of within them.

use crate::StoreError;
use crate::open::maintaining;
use sqlx::{ConnectOptions, Connection};
use std::path::{Path, PathBuf};
use tokio::task::JoinHandle;

/// Bytes that may gather before the log is copied; SQLite's own default is a thousand pages.
const GATHERED: usize = 4 << 20;

/// When the log was last copied, and whether it is being copied.
#[derive(Default)]
pub(crate) struct Checkpoint {
    gathered: usize,
    running: Option<JoinHandle<()>>,
}

impl Checkpoint {
    /// After a commit of about so many bytes.
    pub(crate) fn after(&mut self, bytes: usize, path: &Path) {
        self.gathered = self.gathered.saturating_add(bytes);
        let free = self.running.as_ref().is_none_or(JoinHandle::is_finished);
        let in_file = path != Path::new(":memory:");
        if self.gathered < GATHERED || !free || !in_file {
            return;
        }
        self.gathered = 0;
        self.running = Some(tokio::spawn(run(path.to_owned())));
    }

    /// Until nothing uses the file any more.
    pub(crate) async fn wait(&mut self) {
        if let Some(running) = self.running.take() {
            let _ = running.await; // it tells its failure itself
        }
    }
}

async fn run(path: PathBuf) {
    if let Err(e) = copy(&path).await {
        tracing::warn!(error = %e, "the write-ahead log cannot be copied; it grows until it can");
    }
}

async fn copy(path: &Path) -> Result<(), StoreError> {
    let failed = |e: sqlx::Error| StoreError::of(path, &e);
    let mut conn = maintaining(path).connect().await.map_err(failed)?;
    // passive: waits for nobody and lets nobody wait
    let done = sqlx::query("PRAGMA wal_checkpoint(PASSIVE)")
        .execute(&mut conn)
        .await;
    let closed = conn.close().await;
    done.map_err(failed)?;
    closed.map_err(failed)
}

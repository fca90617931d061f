//! Making a backup.

use super::{BackupFault, Manifest, blocking, digest, examine};
use crate::audit::AuditKey;
use crate::audit::anchor::sync_folder;
use crate::open::{beside, reading};
use crate::{Store, StoreError};
use sqlx::{ConnectOptions, Connection};
use std::fs::File;
use std::io::Write;
use std::path::Path;

impl Store {
    /// Copies the database to a new file, while others go on writing: the copy is the state of one moment. It is checked before it gets its
    /// name, and has a manifest beside it.
    ///
    /// A log whose chain is broken is not backed up without saying so: it fails with [`BackupFault::Audit`], and the file stays as
    /// `<to>.unchecked`.
    ///
    /// # Errors
    /// [`BackupFault::Exists`] when there is a file already; from the database and the system.
    pub async fn backup(
        &self,
        to: &Path,
        key: &AuditKey,
        now: i64,
    ) -> Result<Manifest, StoreError> {
        if self.inner.readers.is_none() {
            return Err(BackupFault::InMemory.at(to));
        }
        let manifest = Manifest::path_of(to);
        if to.exists() || manifest.exists() {
            return Err(BackupFault::Exists.at(to));
        }
        let draft = beside(to, ".unchecked");
        remove(&draft)?; // of a backup that was interrupted
        let name = draft.to_str().ok_or_else(|| {
            StoreError::io(to, &std::io::Error::from(std::io::ErrorKind::InvalidInput))
        })?;
        {
            let mut reader = self.reader().await?;
            sqlx::query("VACUUM INTO $1")
                .bind(name)
                .execute(&mut *reader)
                .await
                .map_err(|e| StoreError::of(to, &e))?;
        }
        let failed = |e: sqlx::Error| StoreError::of(&draft, &e);
        let mut copy = reading(&draft).connect().await.map_err(failed)?;
        let found = examine(&mut copy, &draft, now).await;
        let closed = copy.close().await;
        let found = found?;
        closed.map_err(failed)?;
        let (key, to) = (key.clone(), to.to_owned());
        blocking(&draft.clone(), move || {
            let io = |path: &Path, e: std::io::Error| StoreError::io(path, &e);
            let (sha256, bytes) = digest(&draft, None)?;
            let written = Manifest {
                sha256,
                bytes,
                ..found
            }
            .sealed(&key);
            let file = File::open(&draft).map_err(|e| io(&draft, e))?;
            file.sync_all().map_err(|e| io(&draft, e))?;
            let text = serde_json::to_vec_pretty(&written).map_err(|e| io(&manifest, e.into()))?;
            let mut file = File::create_new(&manifest).map_err(|e| io(&manifest, e))?;
            file.write_all(&text).map_err(|e| io(&manifest, e))?;
            file.sync_all().map_err(|e| io(&manifest, e))?;
            std::fs::rename(&draft, &to).map_err(|e| io(&to, e))?;
            let folder = to.parent().unwrap_or(Path::new(""));
            sync_folder(folder).map_err(|e| io(folder, e))?;
            Ok(written)
        })
        .await
    }
}

/// Removes a file if it is there.
pub(super) fn remove(path: &Path) -> Result<(), StoreError> {
    match std::fs::remove_file(path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(StoreError::io(path, &e)),
        _ => Ok(()),
    }
}

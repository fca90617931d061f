//! Taking a backup back.

use super::make::remove;
use super::{BackupFault, Manifest, blocking, digest, examine};
use crate::audit::anchor::{Anchor, sync_folder};
use crate::audit::{self, AuditKey};
use crate::open::{self, beside};
use crate::{Store, StoreError};
use chrono::DateTime;
use model::duty::{Actor, AuditEntry, Record};
use sqlx::{ConnectOptions, Connection};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Whose backups are taken back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Trust {
    /// Those that were sealed with our key.
    #[default]
    Ours,
    /// Any that is whole: after the key was lost with the machine. The audit log then proves nothing about the time before.
    Any,
}

/// What was taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// What the backup says of itself.
    pub manifest: Manifest,
    /// Where the former database is now, if there was one.
    pub kept_aside: Option<PathBuf>,
}

/// Puts a backup in the place of a database that no desk has open. Everything is checked on a copy before anything is moved: checksum, schema,
/// SQLite's integrity, the audit chain and its end. The former database is kept beside it under a name with the time. The audit log of what was
/// taken back gets an entry `restored`.
///
/// # Errors
/// [`StoreError::InUse`] when a desk has the database; [`StoreError::Backup`] when the backup is not what it says; [`StoreError::Newer`] when it
/// was made by a later version. The database is then as it was.
pub async fn restore(
    from: &Path,
    to: &Path,
    key: &AuditKey,
    trust: Trust,
    by: &Actor,
    now: i64,
) -> Result<Restored, StoreError> {
    let lock = open::lock(to)?;
    if !from.is_file() {
        return Err(BackupFault::Missing.at(from));
    }
    let manifest = Manifest::read(from)?;
    if trust == Trust::Ours && !manifest.is_sealed_with(key) {
        return Err(BackupFault::Seal.at(from));
    }
    let draft = beside(to, ".restoring");
    let head = match check(from, &draft, &manifest).await {
        Ok(head) => head,
        Err(e) => {
            remove(&draft)?;
            return Err(e);
        }
    };
    let kept_aside = exchange(&draft, to, now)?;
    let mut anchor = Anchor::open(to, key.clone(), manifest.identity.clone())?;
    anchor.confirm(head).await?;
    let store = Store::open_locked(to, key, now, lock).await?;
    let entry = told(&manifest, kept_aside.as_deref(), by, now);
    store.commit(&[Record::Audit(entry)]).await?;
    store.close().await;
    Ok(Restored {
        manifest,
        kept_aside,
    })
}

fn told(manifest: &Manifest, kept_aside: Option<&Path>, by: &Actor, now: i64) -> AuditEntry {
    let mut detail = BTreeMap::from([
        ("made_at".to_owned(), manifest.created_at.to_string()),
        ("sha256".to_owned(), manifest.sha256.clone()),
    ]);
    if let Some(name) = kept_aside.and_then(Path::file_name) {
        let name = name.to_string_lossy().into_owned();
        detail.insert("former".to_owned(), name);
    }
    AuditEntry {
        at: now,
        by: by.clone(),
        action: "restored".to_owned(),
        alerts: Vec::new(),
        detail,
    }
}

/// Copies the backup and looks at the copy. Answers the end of its audit log.
async fn check(from: &Path, draft: &Path, manifest: &Manifest) -> Result<audit::Head, StoreError> {
    let (source, copy) = (from.to_owned(), draft.to_owned());
    let (found, bytes) = blocking(from, move || digest(&source, Some(&copy))).await?;
    if found != manifest.sha256 || bytes != manifest.bytes {
        let expected = manifest.sha256.clone();
        return Err(BackupFault::Checksum { expected, found }.at(from));
    }
    // told of the backup, not of the copy
    let about = |e: StoreError| match e {
        StoreError::Backup { fault, .. } => fault.at(from),
        StoreError::Damaged { detail, .. } => BackupFault::Integrity { detail }.at(from),
        StoreError::Newer { found, known, .. } => StoreError::Newer {
            path: from.to_owned(),
            found,
            known,
        },
        StoreError::Foreign { .. } => StoreError::Foreign {
            path: from.to_owned(),
        },
        other => other,
    };
    open::examine(draft).await.map_err(about)?;
    let failed = |e: sqlx::Error| about(StoreError::of(draft, &e));
    let mut conn = open::reading(draft).connect().await.map_err(failed)?;
    let found = examine(&mut conn, draft, manifest.created_at).await;
    let head = audit::head_of(&mut conn).await;
    let _ = conn.close().await; // nothing was written
    let found = found.map_err(about)?;
    if (found.audit_last, &found.audit_head) != (manifest.audit_last, &manifest.audit_head) {
        let detail = format!(
            "it ends at entry {} with {}",
            found.audit_last, found.audit_head
        );
        return Err(BackupFault::Audit { detail }.at(from));
    }
    head.map_err(failed)
}

/// Files that belong to a database, by what follows its name.
const PARTS: [&str; 3] = ["-wal", "-shm", ".audit.anchor"];

/// Puts the former database aside and the copy in its place.
fn exchange(draft: &Path, to: &Path, now: i64) -> Result<Option<PathBuf>, StoreError> {
    let time = DateTime::from_timestamp_millis(now).map_or_else(
        || now.to_string(),
        |t| t.format("%Y%m%dT%H%M%S%3fZ").to_string(),
    );
    let aside = beside(to, &format!(".before-restore-{time}"));
    let mut kept = false;
    for part in std::iter::once("").chain(PARTS) {
        let (old, new) = (beside(to, part), beside(&aside, part));
        if new.exists() {
            return Err(BackupFault::Exists.at(&new));
        }
        match std::fs::rename(&old, &new) {
            Ok(()) => kept |= part.is_empty(),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
            Err(e) => return Err(StoreError::io(&old, &e)),
        }
    }
    std::fs::rename(draft, to).map_err(|e| StoreError::io(to, &e))?;
    let folder = to.parent().unwrap_or(Path::new(""));
    sync_folder(folder).map_err(|e| StoreError::io(folder, &e))?;
    Ok(kept.then_some(aside))
}

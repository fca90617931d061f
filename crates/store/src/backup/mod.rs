//! Backups: a copy of the database, made while it is written to, with a manifest beside it that says what is in it.
//!
//! The manifest is `<backup>.manifest.json`. It is sealed with the audit log's key; the end of the audit log in it, kept on another machine, also
//! proves the log against somebody who can put database and anchor back to an earlier day.

mod make;
mod restore;

pub use restore::{Restored, Trust, restore};

use crate::audit::AuditKey;
use crate::open::beside;
use crate::{StoreError, audit};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sqlx::sqlite::SqliteConnection;
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

/// The manifest's format.
const FORMAT: u32 = 1;
/// A manifest has at most so many bytes.
const MANIFEST_BYTES: u64 = 64 << 10;

/// Why a backup cannot be made or is not taken back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BackupFault {
    /// There is something at that place already; nothing is overwritten.
    #[error("there is already a file of that name")]
    Exists,
    /// The backup itself is not there.
    #[error("there is no such backup")]
    Missing,
    /// The database is only in memory.
    #[error("the database has no file to copy")]
    InMemory,
    /// There is no manifest beside it.
    #[error("its manifest is missing")]
    NoManifest,
    /// The manifest is not one, or of a later version.
    #[error("its manifest cannot be read: {detail}")]
    Manifest {
        /// What is wrong.
        detail: String,
    },
    /// The manifest was not sealed with this key.
    #[error("its manifest was not sealed with this key")]
    Seal,
    /// The file is not the one that the manifest describes: shortened, or changed.
    #[error("its checksum is {found}, not {expected}")]
    Checksum {
        /// By the manifest.
        expected: String,
        /// Of the file.
        found: String,
    },
    /// SQLite finds fault with the copy.
    #[error("the database in it is damaged: {detail}")]
    Integrity {
        /// SQLite's words.
        detail: String,
    },
    /// The audit log in it is not whole, or is not the one that the manifest names.
    #[error("the audit log in it is not whole: {detail}")]
    Audit {
        /// The first fault.
        detail: String,
    },
}

impl BackupFault {
    /// Stable, snake case.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Exists => "backup_exists",
            Self::Missing => "backup_missing",
            Self::InMemory => "backup_in_memory",
            Self::NoManifest => "backup_no_manifest",
            Self::Manifest { .. } => "backup_manifest",
            Self::Seal => "backup_seal",
            Self::Checksum { .. } => "backup_checksum",
            Self::Integrity { .. } => "backup_integrity",
            Self::Audit { .. } => "backup_audit",
        }
    }

    /// Every code.
    pub const CODES: [&'static str; 9] = [
        "backup_audit",
        "backup_checksum",
        "backup_exists",
        "backup_in_memory",
        "backup_integrity",
        "backup_manifest",
        "backup_missing",
        "backup_no_manifest",
        "backup_seal",
    ];

    fn at(self, path: &Path) -> StoreError {
        StoreError::Backup {
            path: path.to_owned(),
            fault: self,
        }
    }
}

/// What a backup holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Of this file.
    pub format: u32,
    /// Version of the database's schema.
    pub schema: i64,
    /// When it was made, ms.
    pub created_at: i64,
    /// The file's SHA-256, 64 hexadecimal digits.
    pub sha256: String,
    /// The file's size.
    pub bytes: u64,
    /// The database's own random name.
    pub identity: String,
    /// Episodes.
    pub alerts: i64,
    /// Lines of timelines.
    pub transitions: i64,
    /// Notices.
    pub notices: i64,
    /// Silences and maintenance windows.
    pub mutes: i64,
    /// Changes of the rota. Left out where there are none, so that the seals of older manifests hold.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub changes: i64,
    /// Number of the audit log's last entry.
    pub audit_last: i64,
    /// Its hash, 64 hexadecimal digits.
    pub audit_head: String,
    /// HMAC-SHA256 over all of the above, 64 hexadecimal digits.
    #[serde(default)]
    pub seal: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_zero(n: &i64) -> bool {
    *n == 0
}

impl Manifest {
    /// Where a backup's manifest is.
    pub fn path_of(backup: &Path) -> PathBuf {
        beside(backup, ".manifest.json")
    }

    /// Reads a backup's manifest. Its seal is not looked at.
    ///
    /// # Errors
    /// [`StoreError::Backup`] when there is none or it is none.
    pub fn read(backup: &Path) -> Result<Self, StoreError> {
        let path = Self::path_of(backup);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                return Err(BackupFault::NoManifest.at(backup));
            }
            Err(e) => return Err(StoreError::io(&path, &e)),
        };
        let mut text = Vec::new();
        file.take(MANIFEST_BYTES)
            .read_to_end(&mut text)
            .map_err(|e| StoreError::io(&path, &e))?;
        let wrong = |detail: String| BackupFault::Manifest { detail }.at(backup);
        let manifest: Self = serde_json::from_slice(&text).map_err(|e| wrong(e.to_string()))?;
        if manifest.format > FORMAT {
            return Err(wrong(format!("format {}", manifest.format)));
        }
        Ok(manifest)
    }

    fn mac(&self, key: &AuditKey) -> Option<Hmac<Sha256>> {
        let unsealed = Self {
            seal: String::new(),
            ..self.clone()
        };
        let mut mac = Hmac::<Sha256>::new_from_slice(key.bytes()).ok()?;
        mac.update(b"shouwang backup 1\0");
        mac.update(&serde_json::to_vec(&unsealed).ok()?);
        Some(mac)
    }

    fn sealed(mut self, key: &AuditKey) -> Self {
        if let Some(mac) = self.mac(key) {
            self.seal = audit::hex(&mac.finalize().into_bytes());
        }
        self
    }

    /// Whether it was sealed with this key and not changed since.
    pub fn is_sealed_with(&self, key: &AuditKey) -> bool {
        let digits = self.seal.as_bytes().chunks_exact(2);
        let seal: Option<Vec<u8>> = digits
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
            .collect();
        match (self.mac(key), seal) {
            (Some(mac), Some(seal)) => mac.verify_slice(&seal).is_ok(),
            _ => false,
        }
    }
}

/// Copies a file, or only reads it, and answers its SHA-256 and size.
fn digest(from: &Path, to: Option<&Path>) -> Result<(String, u64), StoreError> {
    let reading = |e: std::io::Error| StoreError::io(from, &e);
    let mut file = File::open(from).map_err(reading)?;
    let mut copy = match to {
        Some(path) => Some((
            path,
            File::create(path).map_err(|e| StoreError::io(path, &e))?,
        )),
        None => None,
    };
    let (mut hash, mut bytes) = (Sha256::new(), 0_u64);
    let mut block = vec![0; 1 << 16];
    loop {
        let n = file.read(&mut block).map_err(reading)?;
        let part = block.get(..n).unwrap_or_default();
        if part.is_empty() {
            break;
        }
        hash.update(part);
        bytes = bytes.saturating_add(n as u64);
        if let Some((path, copy)) = &mut copy {
            copy.write_all(part).map_err(|e| StoreError::io(path, &e))?;
        }
    }
    if let Some((path, copy)) = copy {
        copy.sync_all().map_err(|e| StoreError::io(path, &e))?;
    }
    Ok((audit::hex(&hash.finalize()), bytes))
}

/// Work on files, beside the tasks of the runtime's threads.
async fn blocking<T: Send + 'static>(
    about: &Path,
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(e) => Err(StoreError::io(about, &std::io::Error::other(e))),
    }
}

/// What a database holds, checked: SQLite's own checks, then the audit chain. Checksum and size are left empty.
async fn examine(
    conn: &mut SqliteConnection,
    path: &Path,
    created_at: i64,
) -> Result<Manifest, StoreError> {
    let failed = |e: sqlx::Error| match StoreError::of(path, &e) {
        StoreError::Damaged { detail, .. } => BackupFault::Integrity { detail }.at(path),
        other => other,
    };
    let said: Vec<String> = sqlx::query_scalar("PRAGMA integrity_check(10)")
        .fetch_all(&mut *conn)
        .await
        .map_err(failed)?;
    if said != ["ok"] {
        let detail = said.join("; ").chars().take(500).collect();
        return Err(BackupFault::Integrity { detail }.at(path));
    }
    let counts = "SELECT (SELECT count(*) FROM alerts), (SELECT count(*) FROM transitions), (SELECT count(*) FROM notices), \
                  (SELECT count(*) FROM mutes), (SELECT identity FROM desk), (SELECT max(version) FROM _sqlx_migrations)";
    let (alerts, transitions, notices, mutes, identity, schema): (i64, i64, i64, i64, String, i64) =
        sqlx::query_as(counts)
            .fetch_one(&mut *conn)
            .await
            .map_err(failed)?;
    let rota: i64 =
        sqlx::query_scalar("SELECT count(*) FROM sqlite_schema WHERE name = 'rota_changes'")
            .fetch_one(&mut *conn)
            .await
            .map_err(failed)?;
    let changes = match rota {
        0 => 0, // from before there was a rota
        _ => sqlx::query_scalar("SELECT count(*) FROM rota_changes")
            .fetch_one(&mut *conn)
            .await
            .map_err(failed)?,
    };
    let report = audit::walk(conn, None).await.map_err(failed)?;
    // what was found at an earlier opening is in the log for good; it is no fault of this copy
    let broken = |f: &&audit::AuditFault| f.kind != audit::AuditFaultKind::FoundAtOpen;
    if let Some(fault) = report.faults.iter().find(broken) {
        let detail = format!("entry {}: {}", fault.seq, fault.kind);
        return Err(BackupFault::Audit { detail }.at(path));
    }
    Ok(Manifest {
        format: FORMAT,
        schema,
        created_at,
        sha256: String::new(),
        bytes: 0,
        identity,
        alerts,
        transitions,
        notices,
        mutes,
        changes,
        audit_last: report.last,
        audit_head: report.head,
        seal: String::new(),
    })
}

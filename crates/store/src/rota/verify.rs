//! The log of changes against what the audit log says of it.

use crate::audit::{AuditFaultKind, AuditReport, hex};
use futures::TryStreamExt;
use model::duty::AuditEntry;
use sha2::{Digest, Sha256};
use sqlx::sqlite::SqliteConnection;
use std::collections::BTreeMap;

/// What the action of an audit entry about a change begins with.
pub(super) const ACTION: &str = "rota_";
/// Key of an entry's detail: the change's number.
pub(super) const CHANGE: &str = "change";
/// Key of an entry's detail: the SHA-256 of the change as it is kept, hexadecimal.
pub(super) const SHA256: &str = "sha256";
/// Key of an entry's detail: `yes` when the change is kept for good.
pub(super) const KEPT: &str = "kept";

/// What the audit log says of one change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Promise {
    /// The entry.
    seq: i64,
    sha256: String,
    kept: bool,
}

/// What an audit entry says of a change, if it is about one.
pub(crate) fn promise(seq: i64, entry: &str) -> Option<(i64, Promise)> {
    // looked for in the text first: reading each entry would make the check three times as long
    if !entry.contains("\"action\":\"rota_") {
        return None;
    }
    let entry: AuditEntry = serde_json::from_str(entry).ok()?;
    entry.action.strip_prefix(ACTION)?;
    let id = entry.detail.get(CHANGE)?.parse().ok()?;
    let promise = Promise {
        seq,
        sha256: entry.detail.get(SHA256)?.clone(),
        kept: entry.detail.get(KEPT).is_none_or(|k| k != "no"),
    };
    Some((id, promise))
}

/// Compares every change with what was promised of it, in the transaction in which the promises were read. A change that nobody promised was put in by somebody else; one that is gone was taken out,
/// unless retention may have forgotten it.
pub(crate) async fn check(
    conn: &mut SqliteConnection,
    mut promised: BTreeMap<i64, Promise>,
    report: &mut AuditReport,
) -> Result<(), sqlx::Error> {
    let there: i64 =
        sqlx::query_scalar("SELECT count(*) FROM sqlite_schema WHERE name = 'rota_changes'")
            .fetch_one(&mut *conn)
            .await?;
    if there == 0 {
        return Ok(()); // a copy from before there was a rota
    }
    let mut rows =
        sqlx::query_as::<_, (i64, String)>("SELECT id, body FROM rota_changes ORDER BY id")
            .fetch(conn);
    while let Some((id, body)) = rows.try_next().await? {
        match promised.remove(&id) {
            Some(p) if p.sha256 == hex(&Sha256::digest(body.as_bytes())) => {}
            Some(p) => report.fault(p.seq, AuditFaultKind::ChangeEdited),
            None => report.fault(report.last, AuditFaultKind::ChangeForged),
        }
    }
    for promise in promised.into_values().filter(|p| p.kept) {
        report.fault(promise.seq, AuditFaultKind::ChangeMissing);
    }
    Ok(())
}

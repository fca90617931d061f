//! The audit log: each entry carries the hash of the one before it, and an anchor beside the database knows the last one.
//!
//! The chain alone finds an entry that was edited, taken out of the middle or moved. Whoever can write the file can also cut off the end, or
//! compute the whole chain anew; these the [`anchor`] finds, which cannot be made without the key. What nothing inside one machine can find is
//! that database and anchor were both put back to an earlier day; a backup's manifest, kept elsewhere, can.

pub(crate) mod anchor;
mod report;

pub use report::{AuditFault, AuditFaultKind, AuditReport};
pub(crate) use report::{hex, walk};

use crate::{Store, StoreError, Writer, bulk, commit};
use anchor::Seen;
use model::duty::{Actor, AuditEntry, Record};
use sha2::{Digest, Sha256};
use sqlx::sqlite::SqliteConnection;
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use zeroize::Zeroizing;

/// The action of the entry by which the store says that it found the end of the log changed when it was opened.
pub const FAULT_ACTION: &str = "audit_fault";

/// The key of the audit log's anchor. It belongs into the secret store, never beside the database.
#[derive(Clone)]
pub struct AuditKey(Arc<Zeroizing<[u8; 32]>>);

impl AuditKey {
    /// From a secret of any length; 32 random bytes or more are as good as it gets.
    pub fn new(secret: &[u8]) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"shouwang audit key 1\0");
        hash.update(secret);
        Self(Arc::new(Zeroizing::new(hash.finalize().into())))
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Never prints the key.
impl fmt::Debug for AuditKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuditKey")
    }
}

/// The log's last entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    /// Its number; 0 when there is none.
    pub(crate) seq: i64,
    /// Its hash.
    pub(crate) hash: [u8; 32],
}

impl Head {
    /// Of an empty log.
    pub(crate) const START: Self = Self {
        seq: 0,
        hash: [0; 32],
    };
}

/// An entry with its place in the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) seq: i64,
    pub(crate) at: i64,
    pub(crate) entry: String,
    pub(crate) prev: [u8; 32],
    pub(crate) hash: [u8; 32],
}

impl Link {
    pub(crate) fn head(&self) -> Head {
        Head {
            seq: self.seq,
            hash: self.hash,
        }
    }
}

/// SHA-256 of what comes before, number, time, and the entry with its length before it.
pub(crate) fn hash(prev: &[u8], seq: i64, at: i64, entry: &str) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(prev);
    hash.update(seq.to_be_bytes());
    hash.update(at.to_be_bytes());
    hash.update((entry.len() as u64).to_be_bytes());
    hash.update(entry.as_bytes());
    hash.finalize().into()
}

/// Chains entries (time, JSON) to the end of the log.
pub(crate) fn chain(end: Head, entries: &[(i64, String)]) -> Vec<Link> {
    let mut end = end;
    let link = |(at, entry): &(i64, String)| {
        let (prev, seq) = (end.hash, end.seq.saturating_add(1));
        let link = Link {
            hash: hash(&prev, seq, *at, entry),
            seq,
            at: *at,
            entry: entry.clone(),
            prev,
        };
        end = link.head();
        link
    };
    entries.iter().map(link).collect()
}

/// The last entry in the database. A hash that is none counts as zeros; [`Store::verify`] names it.
pub(crate) async fn head_of(conn: &mut SqliteConnection) -> Result<Head, sqlx::Error> {
    let last: Option<(i64, Vec<u8>)> =
        sqlx::query_as("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1")
            .fetch_optional(conn)
            .await?;
    Ok(last.map_or(Head::START, |(seq, hash)| Head {
        seq,
        hash: hash.try_into().unwrap_or([0; 32]),
    }))
}

/// The end of the log after a transaction whose outcome is unknown: it must be one of the two that the anchor expects.
pub(crate) async fn head_again(writer: &mut Writer, path: &Path) -> Result<Head, StoreError> {
    let head = head_of(&mut writer.conn)
        .await
        .map_err(|e| StoreError::of(path, &e))?;
    match &writer.anchor {
        Some(anchor) if !anchor.expects(head) => Err(StoreError::AuditMoved { seq: head.seq }),
        _ => Ok(head),
    }
}

pub(crate) async fn append(
    conn: &mut SqliteConnection,
    links: Vec<Link>,
) -> Result<(), sqlx::Error> {
    let head = "INSERT INTO audit (seq, at, entry, prev, hash)";
    bulk::insert(conn, head, "", links, |v, link| {
        v.push_bind(link.seq)
            .push_bind(link.at)
            .push_bind(link.entry)
            .push_bind(link.prev.to_vec())
            .push_bind(link.hash.to_vec());
    })
    .await
}

/// Compares the end of the log with the anchor. A difference is written into the log itself; only then does the anchor follow.
pub(crate) async fn check_at_open(
    writer: &mut Writer,
    path: &Path,
    now: i64,
) -> Result<(), StoreError> {
    let (Some(head), Some(anchor)) = (writer.head, &mut writer.anchor) else {
        return Ok(());
    };
    let fault = match anchor.seen() {
        Seen::Nothing if head.seq == 0 => None,
        Seen::Nothing => Some((AuditFaultKind::AnchorMissing, head.seq)),
        Seen::Forged => Some((AuditFaultKind::AnchorForged, head.seq)),
        Seen::Ends(ends) if ends.allow(head) => None,
        Seen::Ends(ends) => Some(
            report::difference(&mut writer.conn, head, ends.to)
                .await
                .map_err(|e| StoreError::of(path, &e))?,
        ),
    };
    let Some((kind, seq)) = fault else {
        return anchor.confirm(head).await;
    };
    tracing::error!(%kind, seq, "the end of the audit log is not the one that was written");
    let entry = AuditEntry {
        at: now,
        by: Actor::default(),
        action: FAULT_ACTION.to_owned(),
        alerts: Vec::new(),
        detail: BTreeMap::from([
            ("kind".to_owned(), kind.code().to_owned()),
            ("seq".to_owned(), seq.to_string()),
            ("found_end".to_owned(), head.seq.to_string()),
        ]),
    };
    commit::commit_records(writer, path, &[Record::Audit(entry)])
        .await
        .map(|_| ())
}

impl Store {
    /// One page of the audit log, newest first: entries with a number below `before` (`None`: from the end), with their numbers.
    ///
    /// # Errors
    /// From the database; [`StoreError::Unreadable`] for an entry that is no longer JSON of an entry.
    pub async fn audit_log(
        &self,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<(i64, AuditEntry)>, StoreError> {
        let mut reader = self.reader().await?;
        let rows: Vec<(i64, String)> = sqlx::query_as(
            "SELECT seq, entry FROM audit WHERE seq < $1 ORDER BY seq DESC LIMIT $2",
        )
        .bind(before.unwrap_or(i64::MAX))
        .bind(limit)
        .fetch_all(&mut *reader)
        .await
        .map_err(|e| self.failed(&e))?;
        rows.into_iter()
            .map(|(seq, entry)| Ok((seq, crate::load::read("audit", seq, &entry)?)))
            .collect()
    }
}

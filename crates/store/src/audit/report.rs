//! Checking the whole chain.

use super::anchor::{self, Seen};
use super::{AuditKey, FAULT_ACTION, Head, hash};
use crate::rota::{self, Promise};
use crate::{Store, StoreError};
use futures::TryStreamExt;
use model::duty::AuditEntry;
use serde::Serialize;
use sqlx::sqlite::SqliteConnection;
use std::collections::BTreeMap;
use std::fmt;

/// Faults reported one by one; what is more is counted only.
const FAULTS: usize = 1000;
/// Entries that do not fit their hash, kept to find out whether they were moved.
const MISFITS: usize = 64;
/// How often a running desk may append while we look.
const TRIES: usize = 5;

/// In what way the audit log is not what was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AuditFaultKind {
    /// This entry is not the one that was written, or its hash is not.
    Edited,
    /// From here entries are gone from the middle.
    Missing,
    /// This entry stands in another's place.
    Reordered,
    /// From here entries are gone from the end.
    Truncated,
    /// The chain is whole but another one: computed anew from somewhere up to this entry.
    Rewritten,
    /// From here somebody else has appended.
    Appended,
    /// The anchor's file is gone.
    AnchorMissing,
    /// The anchor's file was not made with this key, or for another database.
    AnchorForged,
    /// The store found a fault when it was opened, and says so in this entry.
    FoundAtOpen,
    /// The change of the rota that this entry tells of is not the one that was made.
    ChangeEdited,
    /// The change of the rota that this entry tells of is gone.
    ChangeMissing,
    /// The log of the rota's changes has one that no entry up to here tells of.
    ChangeForged,
}

impl AuditFaultKind {
    /// Stable, snake case.
    pub fn code(self) -> &'static str {
        match self {
            Self::Edited => "edited",
            Self::Missing => "missing",
            Self::Reordered => "reordered",
            Self::Truncated => "truncated",
            Self::Rewritten => "rewritten",
            Self::Appended => "appended",
            Self::AnchorMissing => "anchor_missing",
            Self::AnchorForged => "anchor_forged",
            Self::FoundAtOpen => "found_at_open",
            Self::ChangeEdited => "change_edited",
            Self::ChangeMissing => "change_missing",
            Self::ChangeForged => "change_forged",
        }
    }
}

impl fmt::Display for AuditFaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// One thing that is wrong with the audit log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AuditFault {
    /// The entry concerned.
    pub seq: i64,
    /// What is wrong.
    pub kind: AuditFaultKind,
}

/// What became of checking the audit log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AuditReport {
    /// Entries read.
    pub entries: u64,
    /// Number of the last one; 0 when there is none.
    pub last: i64,
    /// Hash of the last one, 64 hexadecimal digits. Written down elsewhere it proves the log up to here.
    pub head: String,
    /// What is wrong, in order of the entries; the first thousand.
    pub faults: Vec<AuditFault>,
    /// Further faults that are not listed.
    pub more: u64,
}

impl AuditReport {
    /// Whether nothing is wrong.
    pub fn is_whole(&self) -> bool {
        self.faults.is_empty()
    }

    pub(crate) fn fault(&mut self, seq: i64, kind: AuditFaultKind) {
        if self.faults.len() < FAULTS {
            self.faults.push(AuditFault { seq, kind });
        } else {
            self.more = self.more.saturating_add(1);
        }
    }
}

type Row = (i64, i64, String, Vec<u8>, Vec<u8>);

/// Walks the chain from its beginning.
struct Walk {
    report: AuditReport,
    end: Head,
    misfits: Vec<(Row, usize)>,
    /// Hash of the entry that the anchor names, if it was passed.
    anchored: Option<(i64, [u8; 32])>,
    anchor_seq: Option<i64>,
    /// What entries say of changes of the rota, by their numbers.
    promised: BTreeMap<i64, Promise>,
}

impl Walk {
    fn new(anchor_seq: Option<i64>) -> Self {
        Self {
            report: AuditReport::default(),
            end: Head::START,
            misfits: Vec::new(),
            anchored: None,
            anchor_seq,
            promised: BTreeMap::new(),
        }
    }

    fn step(&mut self, row: Row) {
        let (seq, at, entry, prev, stored) = &row;
        let (seq, at) = (*seq, *at);
        let expected = self.end.seq.saturating_add(1);
        let gap = seq != expected;
        if gap {
            self.report.fault(expected, AuditFaultKind::Missing);
        }
        self.report.entries = self.report.entries.saturating_add(1);
        let fits = hash(prev, seq, at, entry).as_slice() == stored.as_slice();
        // a successor that remembers another hash tells of the entry before it, unless that one is already known to be wrong or gone
        if fits && !gap && prev.as_slice() != self.end.hash {
            let before = self.end.seq.max(1);
            if !self.report.faults.iter().any(|f| f.seq == before) {
                self.report.fault(before, AuditFaultKind::Edited);
            }
        }
        self.promised.extend(rota::promise(seq, entry));
        if is_fault_entry(entry) {
            self.report.fault(seq, AuditFaultKind::FoundAtOpen);
        }
        self.end = Head {
            seq,
            hash: stored.as_slice().try_into().unwrap_or([0; 32]),
        };
        if self.anchor_seq == Some(seq) {
            self.anchored = Some((seq, self.end.hash));
        }
        if !fits {
            let place = self.report.faults.len();
            self.report.fault(seq, AuditFaultKind::Edited);
            if self.misfits.len() < MISFITS && place < FAULTS {
                self.misfits.push((row, place));
            }
        }
    }

    /// Entries that do not fit their own place, but another's, were moved.
    fn name_moved(&mut self) {
        for (i, ((seq, at, entry, prev, stored), place)) in self.misfits.iter().enumerate() {
            let moved = self.misfits.iter().enumerate().any(|(j, (other, _))| {
                let rows = i != j && *seq != other.0;
                // the whole row under another number, or its content alone
                rows && (hash(prev, other.0, *at, entry).as_slice() == stored.as_slice()
                    || hash(&other.3, other.0, *at, entry).as_slice() == other.4.as_slice())
            });
            if moved && let Some(fault) = self.report.faults.get_mut(*place) {
                fault.kind = AuditFaultKind::Reordered;
            }
        }
    }

    fn finish(mut self, seen: Option<Seen>) -> AuditReport {
        self.name_moved();
        self.report.last = self.end.seq;
        self.report.head = hex(&self.end.hash);
        match seen {
            None => {}
            Some(Seen::Nothing) if self.end.seq == 0 => {}
            Some(Seen::Nothing) => self
                .report
                .fault(self.end.seq, AuditFaultKind::AnchorMissing),
            Some(Seen::Forged) => self
                .report
                .fault(self.end.seq, AuditFaultKind::AnchorForged),
            Some(Seen::Ends(ends)) if ends.allow(self.end) => {}
            Some(Seen::Ends(ends)) => {
                let same = self.anchored == Some((ends.to.seq, ends.to.hash)) || ends.to.seq == 0;
                let (kind, seq) = judge(self.end, ends.to, same);
                self.report.fault(seq, kind);
            }
        }
        self.report
    }
}

/// What is wrong with an end that the anchor does not know. `same`: the entry that the anchor names is still the one that was written.
fn judge(end: Head, anchored: Head, same: bool) -> (AuditFaultKind, i64) {
    if end.seq < anchored.seq {
        (AuditFaultKind::Truncated, end.seq.saturating_add(1))
    } else if same {
        (AuditFaultKind::Appended, anchored.seq.saturating_add(1))
    } else {
        (AuditFaultKind::Rewritten, anchored.seq)
    }
}

/// The same without walking the chain.
pub(super) async fn difference(
    conn: &mut SqliteConnection,
    end: Head,
    anchored: Head,
) -> Result<(AuditFaultKind, i64), sqlx::Error> {
    let stored: Option<Vec<u8>> = sqlx::query_scalar("SELECT hash FROM audit WHERE seq = $1")
        .bind(anchored.seq)
        .fetch_optional(conn)
        .await?;
    let same = anchored.seq == 0 || stored.as_deref() == Some(anchored.hash.as_slice());
    Ok(judge(end, anchored, same))
}

fn is_fault_entry(entry: &str) -> bool {
    // looked for in the text first: reading each entry would make the check three times as long
    entry.contains(FAULT_ACTION)
        && serde_json::from_str::<AuditEntry>(entry).is_ok_and(|e| e.action == FAULT_ACTION)
}

/// Lower case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use fmt::Write;
    bytes.iter().fold(String::new(), |mut out, b| {
        let _ = write!(out, "{b:02x}"); // a String takes everything
        out
    })
}

/// Walks the audit log of a connection; `seen` is what the anchor says, `None` when there is none to be had.
pub(crate) async fn walk(
    conn: &mut SqliteConnection,
    seen: Option<Seen>,
) -> Result<AuditReport, sqlx::Error> {
    let anchor_seq = match seen {
        Some(Seen::Ends(ends)) => Some(ends.to.seq),
        _ => None,
    };
    let mut walk = Walk::new(anchor_seq);
    // one view of the log and of what it tells of
    let mut tx = sqlx::Connection::begin(conn).await?;
    {
        let sql = "SELECT seq, at, entry, prev, hash FROM audit ORDER BY seq";
        let mut rows = sqlx::query_as::<_, Row>(sql).fetch(&mut *tx);
        while let Some(row) = rows.try_next().await? {
            walk.step(row);
        }
    }
    let promised = std::mem::take(&mut walk.promised);
    let mut report = walk.finish(seen);
    rota::check(&mut tx, promised, &mut report).await?;
    report.faults.sort_by_key(|f| f.seq);
    tx.rollback().await?; // nothing was written
    Ok(report)
}

impl Store {
    /// Checks every entry of the audit log, and its end against the anchor. Works while a desk appends.
    ///
    /// # Errors
    /// Only when the file cannot be read; what is wrong with the log is in the report.
    pub async fn verify(&self, key: &AuditKey) -> Result<AuditReport, StoreError> {
        let mut reader = self.reader().await?;
        let failed = |e: sqlx::Error| self.failed(&e);
        let identity: String = sqlx::query_scalar("SELECT identity FROM desk")
            .fetch_one(&mut *reader)
            .await
            .map_err(failed)?;
        if self.inner.readers.is_none() {
            return walk(&mut reader, None).await.map_err(failed);
        }
        // a desk that appended between our look at the anchor and at the log has changed the anchor as well
        let mut seen = anchor::look(self.path(), key, &identity)?;
        let mut tries = 0;
        loop {
            let report = walk(&mut reader, Some(seen)).await.map_err(failed)?;
            let after = anchor::look(self.path(), key, &identity)?;
            tries += 1;
            if report.is_whole() || after == seen || tries == TRIES {
                return Ok(report);
            }
            seen = after;
        }
    }
}

/// For the tests of the chain alone.
#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{Link, chain};

    fn log(n: i64) -> Vec<Row> {
        let entries: Vec<_> = (0..n).map(|i| (i, format!("{{\"n\":{i}}}"))).collect();
        let row = |l: Link| (l.seq, l.at, l.entry, l.prev.to_vec(), l.hash.to_vec());
        chain(Head::START, &entries).into_iter().map(row).collect()
    }

    fn check(rows: Vec<Row>) -> Vec<(i64, AuditFaultKind)> {
        let mut walk = Walk::new(None);
        for row in rows {
            walk.step(row);
        }
        let report = walk.finish(None);
        report.faults.iter().map(|f| (f.seq, f.kind)).collect()
    }

    #[test]
    fn a_chain_as_written_is_whole() {
        assert_eq!(check(log(20)), []);
        assert_eq!(check(Vec::new()), []);
    }

    #[test]
    fn every_field_counts() {
        for field in 0..4 {
            let mut rows = log(9);
            match field {
                0 => rows[4].1 += 1,
                1 => rows[4].2 = "{\"n\":40}".to_owned(),
                2 => rows[4].3[0] ^= 1,
                _ => rows[4].4[0] ^= 1,
            }
            assert_eq!(check(rows), [(5, AuditFaultKind::Edited)], "field {field}");
        }
    }

    #[test]
    fn an_edit_with_a_new_hash_of_its_own_is_told_by_its_successor() {
        let mut rows = log(9);
        rows[4].2 = "{}".to_owned();
        rows[4].4 = hash(&rows[4].3, 5, rows[4].1, "{}").to_vec();
        assert_eq!(check(rows), [(5, AuditFaultKind::Edited)]);
    }

    #[test]
    fn entries_that_changed_places_are_told_from_edited_ones() {
        use AuditFaultKind::Reordered;
        let mut whole = log(9);
        whole.swap(3, 6);
        (whole[3].0, whole[6].0) = (4, 7);
        assert_eq!(check(whole), [(4, Reordered), (7, Reordered)]);
        let mut content = log(9);
        let (a, b) = (content[3].clone(), content[6].clone());
        (content[3].1, content[3].2) = (b.1, b.2);
        (content[6].1, content[6].2) = (a.1, a.2);
        assert_eq!(check(content), [(4, Reordered), (7, Reordered)]);
    }

    #[test]
    fn holes_are_told_once() {
        let mut rows = log(9);
        rows.drain(2..5);
        assert_eq!(check(rows), [(3, AuditFaultKind::Missing)]);
        let mut rows = log(9);
        rows.remove(0);
        assert_eq!(check(rows), [(1, AuditFaultKind::Missing)]);
    }

    #[test]
    fn faults_are_bounded() {
        let mut rows = log(5000);
        for row in &mut rows {
            row.2.push(' ');
        }
        let mut walk = Walk::new(None);
        for row in rows {
            walk.step(row);
        }
        let report = walk.finish(None);
        assert_eq!(report.faults.len() as u64 + report.more, 5000);
        assert_eq!(report.faults.len(), FAULTS);
    }
}

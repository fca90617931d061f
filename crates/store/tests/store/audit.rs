//! The audit log against somebody who can write its file.

use crate::more::raw;
use crate::samples::*;
use sha2::{Digest, Sha256};
use sqlx::Connection;
use std::path::{Path, PathBuf};
use store::AuditFaultKind::{self, *};
use store::{AuditKey, Store};
use tempfile::TempDir;

const ENTRIES: i64 = 20;

/// A closed database with twenty entries, one in each transaction but the last three, which came together.
async fn filled() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("desk.sqlite");
    let store = open(&path).await;
    for i in 0..ENTRIES - 3 {
        store.commit(&[audit(NOW + i, "ack")]).await.unwrap();
    }
    let last = [ENTRIES - 3, ENTRIES - 2, ENTRIES - 1].map(|i| audit(NOW + i, "unack"));
    let committed = store.commit(&last).await.unwrap();
    assert_eq!((committed.audit, committed.audit_seq), (3, ENTRIES));
    store.close().await;
    (folder, path)
}

const NO_TRIGGERS: &str = "DROP TRIGGER audit_is_not_edited; DROP TRIGGER audit_is_not_cut; DROP TRIGGER audit_is_in_order;";

async fn tamper(path: &Path, sql: &str) {
    raw(path, &format!("{NO_TRIGGERS} {sql}")).await.unwrap();
}

async fn faults(path: &Path) -> Vec<(i64, AuditFaultKind)> {
    faults_with(path, &key()).await
}

async fn faults_with(path: &Path, key: &AuditKey) -> Vec<(i64, AuditFaultKind)> {
    let store = Store::open_read_only(path).await.unwrap();
    let report = store.verify(key).await.unwrap();
    report.faults.iter().map(|f| (f.seq, f.kind)).collect()
}

fn anchor(path: &Path) -> PathBuf {
    PathBuf::from(format!("{}.audit.anchor", path.display()))
}

#[tokio::test]
async fn a_log_as_written_is_whole_and_has_a_head() {
    let (_folder, path) = filled().await;
    let store = Store::open_read_only(&path).await.unwrap();
    let report = store.verify(&key()).await.unwrap();
    assert!(report.is_whole(), "{report:?}");
    assert_eq!((report.entries, report.last), (ENTRIES as u64, ENTRIES));
    assert_eq!(report.head.len(), 64);
    // opened and closed once more it is the same
    open(&path).await.close().await;
    assert_eq!(store.verify(&key()).await.unwrap(), report);
    let page = store.audit_log(Some(18), 5).await.unwrap();
    assert_eq!(
        page.iter().map(|(seq, _)| *seq).collect::<Vec<_>>(),
        [17, 16, 15, 14, 13]
    );
}

#[tokio::test]
async fn a_mistake_cannot_change_it() {
    let (_folder, path) = filled().await;
    for sql in [
        "UPDATE audit SET at = 0 WHERE seq = 3",
        "DELETE FROM audit",
        "INSERT OR REPLACE INTO audit SELECT * FROM audit WHERE seq = 3",
        "INSERT INTO audit SELECT seq + 7, at, entry, prev, hash FROM audit WHERE seq = 20",
    ] {
        let refused = raw(&path, sql).await.unwrap_err().to_string();
        assert!(refused.contains("only appended to"), "{sql}: {refused}");
    }
    assert_eq!(faults(&path).await, []);
}

#[tokio::test]
async fn an_edited_entry_is_found() {
    for edit in [
        "entry = replace(entry, 'ack', 'ask')",
        "at = at + 1",
        "hash = zeroblob(32)",
        "hash = x''",
        "prev = zeroblob(1000)",
    ] {
        let (_folder, path) = filled().await;
        tamper(&path, &format!("UPDATE audit SET {edit} WHERE seq = 7")).await;
        let found = faults(&path).await;
        assert_eq!(found[0], (7, Edited), "{edit}: {found:?}");
        assert_eq!(found.len(), 1, "{edit}: {found:?}");
    }
}

#[tokio::test]
async fn the_last_entry_edited_is_found() {
    let (_folder, path) = filled().await;
    tamper(&path, "UPDATE audit SET entry = '{}' WHERE seq = 20").await;
    assert_eq!(faults(&path).await, [(20, Edited)]);
}

#[tokio::test]
async fn a_hole_is_found() {
    let (_folder, path) = filled().await;
    tamper(&path, "DELETE FROM audit WHERE seq IN (5, 6, 11)").await;
    assert_eq!(faults(&path).await, [(5, Missing), (11, Missing)]);
    let (_folder, path) = filled().await;
    tamper(&path, "DELETE FROM audit WHERE seq = 1").await;
    assert_eq!(faults(&path).await, [(1, Missing)]);
}

#[tokio::test]
async fn an_end_that_was_cut_off_is_found() {
    for (keep, last) in [(19, 20), (17, 18), (1, 2), (0, 1)] {
        let (_folder, path) = filled().await;
        tamper(&path, &format!("DELETE FROM audit WHERE seq > {keep}")).await;
        assert_eq!(faults(&path).await, [(last, Truncated)], "{keep} kept");
    }
}

#[tokio::test]
async fn entries_that_changed_places_are_found() {
    let (_folder, path) = filled().await;
    let swap = "UPDATE audit SET seq = -1 WHERE seq = 4; UPDATE audit SET seq = 4 WHERE seq = 9; UPDATE audit SET seq = 9 WHERE seq = -1";
    tamper(&path, swap).await;
    assert_eq!(faults(&path).await, [(4, Reordered), (9, Reordered)]);
    // the content alone, with numbers and hashes left as they were
    let (_folder, path) = filled().await;
    let swap = "CREATE TEMP TABLE t AS SELECT * FROM audit WHERE seq IN (4, 9); \
                UPDATE audit SET (at, entry) = (SELECT at, entry FROM t WHERE t.seq = 9) WHERE seq = 4; \
                UPDATE audit SET (at, entry) = (SELECT at, entry FROM t WHERE t.seq = 4) WHERE seq = 9";
    tamper(&path, swap).await;
    assert_eq!(faults(&path).await, [(4, Reordered), (9, Reordered)]);
}

/// Computes the chain anew over whatever is in the table.
async fn chain_again(path: &Path) {
    let mut conn = sqlx::sqlite::SqliteConnection::connect(&format!("sqlite:{}", path.display()))
        .await
        .unwrap();
    let rows: Vec<(i64, i64, String)> =
        sqlx::query_as("SELECT seq, at, entry FROM audit ORDER BY seq")
            .fetch_all(&mut conn)
            .await
            .unwrap();
    let mut prev = [0_u8; 32];
    for (seq, at, entry) in rows {
        let hash = Sha256::new()
            .chain_update(prev)
            .chain_update(seq.to_be_bytes())
            .chain_update(at.to_be_bytes())
            .chain_update((entry.len() as u64).to_be_bytes())
            .chain_update(&entry);
        let hash: [u8; 32] = hash.finalize().into();
        sqlx::query("UPDATE audit SET prev = $1, hash = $2 WHERE seq = $3")
            .bind(prev.to_vec())
            .bind(hash.to_vec())
            .bind(seq)
            .execute(&mut conn)
            .await
            .unwrap();
        prev = hash;
    }
    conn.close().await.unwrap();
}

#[tokio::test]
async fn a_chain_computed_anew_is_found() {
    // the tool itself changes nothing where nothing was changed
    let (_folder, path) = filled().await;
    tamper(&path, "").await;
    chain_again(&path).await;
    assert_eq!(faults(&path).await, []);

    tamper_again(
        &path,
        "UPDATE audit SET entry = replace(entry, 'li', 'wang') WHERE seq = 2",
    )
    .await;
    assert_eq!(faults(&path).await, [(20, Rewritten)]);
    // and shortened
    tamper_again(&path, "DELETE FROM audit WHERE seq > 12").await;
    assert_eq!(faults(&path).await, [(13, Truncated)]);
}

async fn tamper_again(path: &Path, sql: &str) {
    raw(path, sql).await.unwrap();
    chain_again(path).await;
}

#[tokio::test]
async fn entries_that_somebody_else_appended_are_found() {
    let (_folder, path) = filled().await;
    tamper(&path, "").await;
    tamper_again(
        &path,
        "INSERT INTO audit SELECT seq + 1, at, entry, prev, hash FROM audit WHERE seq = 20",
    )
    .await;
    assert_eq!(faults(&path).await, [(21, Appended)]);
}

#[tokio::test]
async fn an_anchor_that_is_not_ours_is_found() {
    let (_folder, path) = filled().await;
    let good = std::fs::read(anchor(&path)).unwrap();
    std::fs::remove_file(anchor(&path)).unwrap();
    assert_eq!(faults(&path).await, [(20, AnchorMissing)]);
    std::fs::write(anchor(&path), b"").unwrap();
    assert_eq!(faults(&path).await, [(20, AnchorMissing)]);
    for wrong in [
        b"x".to_vec(),
        vec![0; 8192],
        vec![0xff; 1 << 20],
        good[..100].to_vec(),
    ] {
        std::fs::write(anchor(&path), wrong).unwrap();
        assert_eq!(faults(&path).await, [(20, AnchorForged)]);
    }
    let (_other, another) = filled().await;
    std::fs::copy(anchor(&another), anchor(&path)).unwrap();
    assert_eq!(
        faults(&path).await,
        [(20, AnchorForged)],
        "another database's"
    );
    std::fs::write(anchor(&path), &good).unwrap();
    assert_eq!(faults(&path).await, []);
    let wrong_key = AuditKey::new(b"another");
    assert_eq!(faults_with(&path, &wrong_key).await, [(20, AnchorForged)]);
    // one flipped bit in either place: the other still counts, and it is the older one or the newer one
    for at in [20, 60, 110] {
        let mut flipped = good.clone();
        flipped[at] ^= 1;
        flipped[4096 + at] ^= 1;
        std::fs::write(anchor(&path), flipped).unwrap();
        assert_eq!(faults(&path).await, [(20, AnchorForged)], "byte {at}");
    }
}

#[tokio::test]
async fn an_old_anchor_put_back_is_found() {
    let (_folder, path) = filled().await;
    let old = std::fs::read(anchor(&path)).unwrap();
    let store = open(&path).await;
    store.commit(&[audit(NOW, "ack")]).await.unwrap();
    store.close().await;
    std::fs::write(anchor(&path), old).unwrap();
    assert_eq!(faults(&path).await, [(21, Appended)]);
}

#[tokio::test]
async fn starting_the_program_does_not_wash_a_fault_away() {
    for (sql, kind) in [
        ("DELETE FROM audit WHERE seq > 15", "truncated"),
        (
            "INSERT INTO audit SELECT seq + 1, at, entry, prev, hash FROM audit WHERE seq = 20",
            "appended",
        ),
        ("UPDATE audit SET hash = x'' WHERE seq = 20", "rewritten"),
    ] {
        let (_folder, path) = filled().await;
        tamper(&path, sql).await;
        let store = open(&path).await;
        let (seq, entry) = store.audit_log(None, 1).await.unwrap().remove(0);
        assert_eq!(
            (entry.action.as_str(), entry.detail["kind"].as_str()),
            ("audit_fault", kind)
        );
        store.commit(&[audit(NOW, "ack")]).await.unwrap();
        store.close().await;
        open(&path).await.close().await;
        let found = faults(&path).await;
        assert!(found.contains(&(seq, FoundAtOpen)), "{kind}: {found:?}");
        // it is said once, not at every start
        let store = open(&path).await;
        let log = store.audit_log(None, 100).await.unwrap();
        assert_eq!(
            log.iter()
                .filter(|(_, e)| e.action == "audit_fault")
                .count(),
            1
        );
    }
    let (_folder, path) = filled().await;
    std::fs::remove_file(anchor(&path)).unwrap();
    open(&path).await.close().await;
    assert_eq!(faults(&path).await, [(21, FoundAtOpen)]);
}

#[tokio::test]
async fn appending_beside_the_desk_does_not_go_on_unnoticed() {
    let (_folder, path) = filled().await;
    let store = open(&path).await;
    let insert =
        "INSERT INTO audit SELECT seq + 1, at, entry, prev, hash FROM audit WHERE seq = 20";
    raw(&path, insert).await.unwrap();
    // our own next entry has the number that is taken
    store.commit(&[audit(NOW, "ack")]).await.unwrap_err();
    let refused = store.commit(&[audit(NOW, "ack")]).await.unwrap_err();
    assert_eq!(refused, store::StoreError::AuditMoved { seq: 21 });
    // what is no audit entry is kept all the same? no: the desk must not act without its log
    let refused = store
        .commit(&[keep(&alert(1, NOW)), audit(NOW, "ack")])
        .await;
    assert!(refused.is_err());
    assert_eq!(store.alert(model::duty::AlertId(1)).await.unwrap(), None);
}

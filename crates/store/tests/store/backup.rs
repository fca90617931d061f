//! Backup and restore.

use crate::samples::*;
use model::duty::AlertId;
use std::path::{Path, PathBuf};
use store::{AuditKey, BackupFault, Manifest, Store, StoreError, Trust, restore};
use tempfile::TempDir;

struct Place {
    _folder: TempDir,
    desk: PathBuf,
    backup: PathBuf,
}

/// A database with fifty episodes and its backup.
async fn place() -> (Place, Manifest) {
    let folder = tempfile::tempdir().unwrap();
    let desk = folder.path().join("desk.sqlite");
    let backup = folder.path().join("backup.sqlite");
    let store = open(&desk).await;
    fill(&store, 1..51).await;
    let manifest = store.backup(&backup, &key(), NOW).await.unwrap();
    store.close().await;
    let place = Place {
        _folder: folder,
        desk,
        backup,
    };
    (place, manifest)
}

async fn fill(store: &Store, ids: std::ops::Range<i64>) {
    for i in ids {
        store
            .commit(&[keep(&alert(i, NOW + i)), fired(i, NOW), audit(NOW, "ack")])
            .await
            .unwrap();
    }
}

async fn take_back(place: &Place) -> Result<store::Restored, StoreError> {
    restore(
        &place.backup,
        &place.desk,
        &key(),
        Trust::Ours,
        &actor("li"),
        NOW + 1,
    )
    .await
}

fn fault(result: Result<store::Restored, StoreError>) -> BackupFault {
    match result {
        Err(StoreError::Backup { fault, .. }) => fault,
        other => panic!("{other:?}"),
    }
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn what_was_backed_up_comes_back() {
    let (place, manifest) = place().await;
    assert_eq!(
        (manifest.alerts, manifest.transitions, manifest.audit_last),
        (50, 50, 50)
    );
    assert_eq!(Manifest::read(&place.backup).unwrap(), manifest);
    let store = open(&place.desk).await;
    let before = store.load(NOW).await.unwrap();
    fill(&store, 51..61).await;
    let refused = take_back(&place).await.unwrap_err();
    assert_eq!(
        refused,
        StoreError::InUse {
            path: place.desk.clone()
        }
    );
    store.close().await;

    let restored = take_back(&place).await.unwrap();
    assert_eq!(restored.manifest, manifest);
    let store = open(&place.desk).await;
    assert_eq!(store.load(NOW).await.unwrap(), before);
    assert_eq!(store.timeline(AlertId(7)).await.unwrap().len(), 1);
    let report = store.verify(&key()).await.unwrap();
    assert!(report.is_whole(), "{report:?}");
    let (seq, entry) = store.audit_log(None, 1).await.unwrap().remove(0);
    assert_eq!(
        (seq, entry.action.as_str(), entry.by),
        (51, "restored", actor("li"))
    );
    // and it goes on
    fill(&store, 51..52).await;
    store.close().await;

    let aside = restored.kept_aside.unwrap();
    assert!(
        aside
            .to_string_lossy()
            .ends_with(".before-restore-20260302T080000001Z"),
        "{aside:?}"
    );
    let former = open(&aside).await;
    assert_eq!(former.load(NOW).await.unwrap().alerts.len(), 60);
    assert!(
        former.verify(&key()).await.unwrap().is_whole(),
        "its anchor went with it"
    );
}

#[tokio::test]
async fn a_backup_is_one_moment_while_the_desk_writes() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder.path().join("desk.sqlite")).await;
    fill(&store, 1..200).await;
    let writing = tokio::spawn({
        let store = store.clone();
        async move { fill(&store, 200..400).await }
    });
    let mut made = Vec::new();
    while !writing.is_finished() && made.len() < 20 {
        let to = folder.path().join(format!("b{}.sqlite", made.len()));
        let manifest = store.backup(&to, &key(), NOW).await.unwrap();
        // each transaction had one of each
        assert_eq!(manifest.alerts, manifest.audit_last);
        assert_eq!(manifest.alerts, manifest.transitions);
        made.push(manifest.alerts);
    }
    writing.await.unwrap();
    assert!(made.windows(2).all(|w| w[0] <= w[1]), "{made:?}");
    assert!(made.first().is_some_and(|n| *n < 400), "{made:?}");
    let again = store
        .backup(&folder.path().join("b0.sqlite"), &key(), NOW)
        .await
        .unwrap_err();
    assert_eq!(again.advice(), "backup_exists");
    assert!(!names(folder.path()).iter().any(|n| n.contains("unchecked")));
}

#[tokio::test]
async fn where_there_was_no_database_it_is_put_and_one_in_memory_has_none() {
    let (place, _) = place().await;
    let desk = place.desk.with_file_name("new folder").join("desk.sqlite");
    let by = actor("li");
    let restored = restore(&place.backup, &desk, &key(), Trust::Ours, &by, NOW)
        .await
        .unwrap();
    assert_eq!(restored.kept_aside, None);
    assert_eq!(open(&desk).await.load(NOW).await.unwrap().alerts.len(), 50);
    let store = Store::in_memory().await.unwrap();
    let to = desk.with_file_name("b.sqlite");
    let refused = store.backup(&to, &key(), NOW).await.unwrap_err();
    assert_eq!(refused.advice(), "backup_in_memory");
}

#[tokio::test]
async fn a_damaged_backup_is_refused_and_nothing_is_touched() {
    let (place, _) = place().await;
    let folder = place.desk.parent().unwrap();
    let good = std::fs::read(&place.backup).unwrap();
    let before = names(folder);
    let mut flipped = good.clone();
    flipped[good.len() / 2] ^= 1;
    for bad in [
        flipped,
        good[..good.len() - 1].to_vec(),
        [good.as_slice(), b"x"].concat(),
        Vec::new(),
    ] {
        std::fs::write(&place.backup, bad).unwrap();
        assert!(matches!(
            fault(take_back(&place).await),
            BackupFault::Checksum { .. }
        ));
        assert_eq!(names(folder), before);
    }
    std::fs::write(&place.backup, &good).unwrap();
    let manifest = Manifest::path_of(&place.backup);
    let text = std::fs::read_to_string(&manifest).unwrap();
    for (bad, code) in [
        (
            text.replace("\"alerts\": 50", "\"alerts\": 51"),
            "backup_seal",
        ),
        (
            text.replace("\"format\": 1", "\"format\": 2"),
            "backup_manifest",
        ),
        ("{".to_owned(), "backup_manifest"),
        ("[".repeat(100_000), "backup_manifest"),
    ] {
        std::fs::write(&manifest, bad).unwrap();
        assert_eq!(fault(take_back(&place).await).code(), code);
    }
    std::fs::remove_file(&manifest).unwrap();
    assert_eq!(fault(take_back(&place).await), BackupFault::NoManifest);
    std::fs::write(&manifest, &text).unwrap();
    std::fs::remove_file(&place.backup).unwrap();
    assert_eq!(fault(take_back(&place).await), BackupFault::Missing);
    assert_eq!(
        open(&place.desk)
            .await
            .load(NOW)
            .await
            .unwrap()
            .alerts
            .len(),
        50
    );
}

#[tokio::test]
async fn another_key_is_told_and_can_be_accepted() {
    let (place, manifest) = place().await;
    let new_key = AuditKey::new(b"a new machine");
    assert!(manifest.is_sealed_with(&key()) && !manifest.is_sealed_with(&new_key));
    let by = actor("li");
    let desk = place.desk.with_file_name("new/desk.sqlite");
    let refused = restore(&place.backup, &desk, &new_key, Trust::Ours, &by, NOW).await;
    assert_eq!(fault(refused), BackupFault::Seal);
    restore(&place.backup, &desk, &new_key, Trust::Any, &by, NOW)
        .await
        .unwrap();
    let store = Store::open(&desk, &new_key, NOW).await.unwrap();
    assert!(store.verify(&new_key).await.unwrap().is_whole());
}

#[tokio::test]
async fn a_broken_audit_log_in_a_backup_is_refused_even_with_a_right_checksum() {
    let (place, manifest) = place().await;
    let sql = "DROP TRIGGER audit_is_not_edited; UPDATE audit SET at = at + 1 WHERE seq = 9";
    crate::more::raw(&place.backup, sql).await.unwrap();
    let bytes = std::fs::read(&place.backup).unwrap();
    use sha2::Digest;
    let sha256 = sha2::Sha256::digest(&bytes)
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect();
    let forged = Manifest {
        sha256,
        bytes: bytes.len() as u64,
        ..manifest
    };
    let text = serde_json::to_string(&forged).unwrap();
    std::fs::write(Manifest::path_of(&place.backup), text).unwrap();
    assert_eq!(fault(take_back(&place).await), BackupFault::Seal);
    let any = restore(
        &place.backup,
        &place.desk,
        &key(),
        Trust::Any,
        &actor("li"),
        NOW,
    )
    .await;
    assert!(matches!(fault(any), BackupFault::Audit { detail } if detail.contains("entry 9")));
    // nor is such a log backed up as if it were whole
    let desk = place.desk.clone();
    crate::more::raw(&desk, sql).await.unwrap();
    let to = desk.with_file_name("second.sqlite");
    let refused = Store::open_read_only(&desk)
        .await
        .unwrap()
        .backup(&to, &key(), NOW)
        .await
        .unwrap_err();
    assert_eq!(refused.advice(), "backup_audit");
    assert!(!to.exists());
}

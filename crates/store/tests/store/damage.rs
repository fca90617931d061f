//! Files that are not what they should be, and disks without room.

use crate::more::raw;
use crate::samples::*;
use model::duty::Record;
use std::path::{Path, PathBuf};
use store::{Store, StoreError};
use tempfile::TempDir;

async fn filled() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("desk.sqlite");
    let store = open(&path).await;
    let records: Vec<_> = (1..=300)
        .flat_map(|i| [keep(&alert(i, NOW)), fired(i, NOW)])
        .collect();
    store.commit(&records).await.unwrap();
    store.close().await;
    (folder, path)
}

async fn refused(path: &Path) -> StoreError {
    Store::open(path, &key(), NOW)
        .await
        .err()
        .expect("it is refused")
}

#[tokio::test]
async fn what_is_no_database_of_ours_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    std::fs::write(&path, "key: value\n".repeat(1000)).unwrap();
    assert!(matches!(refused(&path).await, StoreError::Damaged { .. }));
    assert_eq!(
        std::fs::read_to_string(&path).unwrap(),
        "key: value\n".repeat(1000)
    );

    let other = folder.path().join("other.sqlite");
    raw(
        &PathBuf::from(format!("{}?mode=rwc", other.display())),
        "CREATE TABLE theirs (a); INSERT INTO theirs VALUES (7)",
    )
    .await
    .unwrap();
    let before = std::fs::read(&other).unwrap();
    assert_eq!(
        refused(&other).await,
        StoreError::Foreign {
            path: other.clone()
        }
    );
    let read_only = Store::open_read_only(&other).await.err().unwrap();
    assert_eq!(read_only.code(), "store_foreign");
    assert_eq!(std::fs::read(&other).unwrap(), before);
    assert!(matches!(
        refused(folder.path()).await,
        StoreError::Foreign { .. }
    ));
    let empty = folder.path().join("empty");
    std::fs::write(&empty, "").unwrap();
    open(&empty).await.close().await;
}

#[tokio::test]
async fn a_later_version_is_named() {
    let (_folder, path) = filled().await;
    let later = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (99, 'later', 1, x'00', 0)";
    raw(&path, later).await.unwrap();
    let wanted = StoreError::Newer {
        path: path.clone(),
        found: 99,
        known: 2,
    };
    assert_eq!(refused(&path).await, wanted);
    assert_eq!(
        Store::open_read_only(&path).await.err(),
        Some(wanted.clone())
    );
    let params = wanted.params();
    assert!(params.contains(&("found", "99".to_owned())), "{params:?}");
}

#[tokio::test]
async fn damage_is_named_wherever_it_is() {
    let (_folder, path) = filled().await;
    let good = std::fs::read(&path).unwrap();
    let mut told = 0;
    for page in 0..good.len() / 4096 {
        let mut bad = good.clone();
        bad[page * 4096..(page + 1) * 4096].fill(0xA5);
        std::fs::write(&path, bad).unwrap();
        let outcome = match Store::open(&path, &key(), NOW).await {
            Ok(store) => {
                let loaded = store.load(NOW).await.map(|_| ());
                let searched = store.history(&store::Query::default()).await.map(|_| ());
                store.close().await;
                loaded.and(searched)
            }
            Err(e) => Err(e),
        };
        if let Err(e) = outcome {
            assert!(
                matches!(
                    e,
                    StoreError::Damaged { .. }
                        | StoreError::Unreadable { .. }
                        | StoreError::Foreign { .. }
                ),
                "page {page}: {e}"
            );
            told += 1;
        }
    }
    assert!(told > 20, "{told} of {} pages", good.len() / 4096);
}

#[tokio::test]
async fn one_row_that_cannot_be_read_is_named() {
    let (_folder, path) = filled().await;
    raw(&path, "UPDATE alerts SET body = '{\"id\": 7}' WHERE id = 7")
        .await
        .unwrap();
    let store = open(&path).await;
    let failed = store.load(NOW).await.unwrap_err();
    assert!(
        matches!(&failed, StoreError::Unreadable { table: "alerts", key, .. } if key == "7"),
        "{failed}"
    );
    assert!(
        store
            .alert(model::duty::AlertId(8))
            .await
            .unwrap()
            .is_some()
    );
}

/// A file system of one MiB, if this machine lets us have one.
struct SmallDisk(TempDir);

impl SmallDisk {
    fn new() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mount = std::process::Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=3m", "tmpfs"])
            .arg(folder.path())
            .output();
        mount
            .is_ok_and(|o| o.status.success())
            .then_some(Self(folder))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // lazily: a connection that is being closed by its own thread still holds it for a moment
        let unmounted = std::process::Command::new("umount")
            .arg("--lazy")
            .arg(self.0.path())
            .status();
        assert!(unmounted.is_ok_and(|s| s.success()));
    }
}

/// Fills it until it is refused, and checks that what was accepted is there, that nothing else is, and that it goes on with room.
async fn until_full(path: &Path, make_room: impl AsyncFnOnce()) {
    let store = open(path).await;
    let mut kept = 0;
    let failed = loop {
        let records: Vec<Record> = (kept + 1..kept + 21)
            .flat_map(|i| [keep(&alert(i, NOW)), fired(i, NOW), audit(NOW, "ack")])
            .collect();
        match store.commit(&records).await {
            Ok(_) => kept += 20,
            Err(e) => break e,
        }
        assert!(kept < 100_000, "it is never full");
    };
    assert_eq!(
        failed,
        StoreError::Full {
            path: path.to_owned()
        }
    );
    assert!(failed.is_transient());
    assert!(kept > 0);
    let snapshot = store.load(NOW).await.unwrap();
    assert_eq!(snapshot.alerts.len() as i64, kept);
    assert_eq!(snapshot.last_alert.0, kept);
    let report = store.verify(&key()).await.unwrap();
    assert!(report.is_whole() && report.last == kept, "{report:?}");
    make_room().await;
    store
        .commit(&[keep(&alert(kept + 1, NOW)), audit(NOW, "ack")])
        .await
        .unwrap();
    assert!(store.verify(&key()).await.unwrap().is_whole());
    store.close().await;
    assert_eq!(
        open(path).await.load(NOW).await.unwrap().alerts.len() as i64,
        kept + 1
    );
}

#[tokio::test]
async fn a_full_disk_keeps_what_was_kept() {
    let Some(disk) = SmallDisk::new() else {
        eprintln!(
            "no right to mount a small disk here; the database's own limit is tested all the same"
        );
        return;
    };
    let ballast = disk.0.path().join("ballast");
    std::fs::write(&ballast, vec![1; 1 << 20]).unwrap();
    until_full(&disk.0.path().join("desk.sqlite"), async || {
        std::fs::remove_file(&ballast).unwrap();
    })
    .await;
}

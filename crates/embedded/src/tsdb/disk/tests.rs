//! The store with a file.

use super::*;
use crate::tsdb::series::BUCKET_MS;
use crate::tsdb::tests::{labels, named, selected};
use crate::tsdb::{AppendReport, Metadata, MetricKind, Options, Span, Tsdb};
use model::{Labels, Sample};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

const START: i64 = 1_760_000_000_000 / BUCKET_MS * BUCKET_MS;

/// A clock that the test moves.
#[derive(Clone)]
struct Now(Arc<AtomicI64>);

impl Now {
    fn new() -> Self {
        Self(Arc::new(AtomicI64::new(START)))
    }

    fn set(&self, t: i64) {
        self.0.store(t, Ordering::SeqCst);
    }

    fn options(&self) -> Options {
        let clock = self.0.clone();
        Options::new(Arc::new(move || clock.load(Ordering::SeqCst)))
    }
}

/// Flushed only when the test says so.
fn file(folder: &Path) -> FileOptions {
    FileOptions {
        flush_every: Duration::from_secs(3600),
        ..FileOptions::new(folder.join("samples.sqlite"))
    }
}

fn put(db: &Tsdb, l: &Labels, t: i64, v: f64) -> AppendReport {
    db.append(&[(l.clone(), Sample { t, v })])
}

fn all(db: &Tsdb) -> BTreeMap<Labels, Vec<(i64, u64)>> {
    selected(db, &named("m"), 0, i64::MAX)
}

fn sql(path: &Path, statement: &'static str) -> Vec<i64> {
    use sqlx::ConnectOptions;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let options = sqlx::sqlite::SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true);
        let mut conn = options.connect().await.unwrap();
        let rows = sqlx::query_scalar::<_, i64>(statement)
            .fetch_all(&mut conn)
            .await
            .unwrap();
        sqlx::Connection::close(conn).await.unwrap();
        rows
    })
}

#[derive(Clone, Debug)]
enum Step {
    /// Samples for each series, this many milliseconds apart.
    Append {
        count: i64,
        every: i64,
        series: usize,
    },
    Flush,
    Reopen,
    Compare {
        back: i64,
        len: i64,
    },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (1i64..400, prop_oneof![Just(1000i64), Just(15_000), Just(60_000)], 1usize..4)
            .prop_map(|(count, every, series)| Step::Append { count, every, series }),
        2 => Just(Step::Flush),
        1 => Just(Step::Reopen),
        2 => (0i64..5 * BUCKET_MS, 0i64..5 * BUCKET_MS).prop_map(|(back, len)| Step::Compare { back, len }),
    ];
    prop::collection::vec(step, 1..25)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn memory_and_file_together_are_what_a_plain_list_gives(steps in steps()) {
        let folder = tempfile::tempdir().unwrap();
        let now = Now::new();
        let options = || Options { memory_window_ms: 1_800_000, ..now.options() };
        let mut db = Some(Tsdb::open(options(), file(folder.path())).unwrap());
        let mut naive: BTreeMap<Labels, BTreeMap<i64, u64>> = BTreeMap::new();
        let mut t = START;
        for (n, step) in steps.into_iter().enumerate() {
            let store = db.as_ref().unwrap();
            match step {
                Step::Append { count, every, series } => {
                    for i in 0..count {
                        t += every;
                        now.set(t);
                        let l = labels("m", &(i as usize % series).to_string());
                        let v = f64::from_bits((n as u64) << 40 | (i as u64).wrapping_mul(0x9e37_79b9));
                        prop_assert_eq!(put(store, &l, t, v).accepted, 1);
                        naive.entry(l).or_default().insert(t, v.to_bits());
                    }
                }
                Step::Flush => store.flush().unwrap(),
                Step::Reopen => {
                    drop(db.take());
                    db = Some(Tsdb::open(options(), file(folder.path())).unwrap());
                }
                Step::Compare { back, len } => {
                    let (start, end) = (t - back, t - back + len);
                    let expected: BTreeMap<Labels, Vec<(i64, u64)>> = naive
                        .iter()
                        .map(|(l, s)| (l.clone(), s.range(start..=end).map(|(&t, &v)| (t, v)).collect::<Vec<_>>()))
                        .filter(|(_, s)| !s.is_empty())
                        .collect();
                    prop_assert_eq!(selected(store, &named("m"), start, end), expected);
                }
            }
        }
        let expected: BTreeMap<Labels, Vec<(i64, u64)>> =
            naive.into_iter().map(|(l, s)| (l, s.into_iter().collect())).collect();
        prop_assert_eq!(all(db.as_ref().unwrap()), expected);
    }
}

#[test]
fn a_start_brings_recent_samples_into_memory_and_leaves_old_ones_in_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let now = Now::new();
    let (l, end) = (labels("m", "a"), START + 10 * 3_600_000);
    let db = Tsdb::open(now.options(), file(folder.path())).unwrap();
    now.set(end);
    for i in 0..=600 {
        assert_eq!(put(&db, &l, START + i * 60_000, i as f64).accepted, 1);
    }
    db.flush().unwrap();
    let window = db.health().memory_bytes;
    assert!(window > 0);
    drop(db);
    let db = Tsdb::open(now.options(), file(folder.path())).unwrap();
    // the reading thread takes its first job after it has loaded the window
    assert_eq!(all(&db)[&l].len(), 601);
    let head = db.shared.head.read();
    let (_, series) = head.find(&l).unwrap();
    assert_eq!(series.state.lock().memory_from, START + 8 * 3_600_000);
    drop(head);
    assert_eq!(
        put(&db, &l, end, 600.0).accepted,
        1,
        "a sender repeats its last sample"
    );
    assert_eq!(put(&db, &l, end - 1, 0.0).out_of_order, 1);
    assert_eq!(put(&db, &l, end + 1, 601.0).accepted, 1);
    assert_eq!(all(&db)[&l].len(), 602);
}

#[test]
fn metadata_and_names_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let now = Now::new();
    let metadata = Metadata {
        kind: MetricKind::Counter,
        help: "帮助 <b>".into(),
        unit: "bytes".into(),
    };
    let db = Tsdb::open(now.options(), file(folder.path())).unwrap();
    put(&db, &labels("m", "中文\n\"x\""), START, f64::NAN);
    db.set_metadata("m", metadata.clone());
    let before = all(&db);
    drop(db);
    let db = Tsdb::open(now.options(), file(folder.path())).unwrap();
    assert_eq!(all(&db), before);
    assert_eq!(db.metadata(None, 10)["m"], metadata);
    assert_eq!(db.label_values("x", &[], Span::ALL, 10), ["中文\n\"x\""]);
}

#[test]
fn retention_by_age_takes_samples_then_series_then_space() {
    let folder = tempfile::tempdir().unwrap();
    let now = Now::new();
    let day = 24 * 3_600_000;
    let options = Options {
        retention_ms: day,
        ..now.options()
    };
    let db = Tsdb::open(options, file(folder.path())).unwrap();
    let noise = |i: i64| f64::from_bits((i as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    for i in 0..2000 {
        now.set(START + i * 10_000);
        for x in 0..20 {
            put(
                &db,
                &labels("m", &format!("old{x}")),
                START + i * 10_000,
                noise(i * 20 + x),
            );
        }
    }
    db.flush().unwrap();
    let full = db.health().file_bytes;
    assert!(full > 300_000, "{full}");
    now.set(START + 2 * day);
    put(&db, &labels("m", "new"), START + 2 * day, 1.0);
    db.flush().unwrap();
    assert_eq!(all(&db).keys().collect::<Vec<_>>(), [&labels("m", "new")]);
    assert_eq!(db.series_count(), 1);
    assert!(db.health().file_bytes < full / 3, "{:?}", db.health());
    assert_eq!(db.label_values("x", &[], Span::ALL, 100), ["new"]);
    let on_disk = std::fs::metadata(folder.path().join("samples.sqlite"))
        .unwrap()
        .len();
    assert!(on_disk < full / 3, "{on_disk} bytes on disk");
    let report = put(&db, &labels("m", "late"), START, 1.0);
    assert_eq!(report.out_of_bounds, 1, "older than the retention");
    drop(db);
    assert_eq!(
        sql(
            &folder.path().join("samples.sqlite"),
            "SELECT count(*) FROM series"
        ),
        [1]
    );
}

#[test]
fn retention_by_size_takes_the_oldest() {
    let folder = tempfile::tempdir().unwrap();
    let now = Now::new();
    let options = Options {
        memory_window_ms: 600_000,
        ..now.options()
    };
    let db = Tsdb::open(
        options,
        FileOptions {
            max_bytes: 200_000,
            ..file(folder.path())
        },
    )
    .unwrap();
    for i in 0..6000 {
        let t = START + i * 10_000;
        now.set(t);
        for x in 0..5 {
            let v = f64::from_bits((i as u64 * 5 + x).wrapping_mul(0x9e37_79b9_7f4a_7c15));
            put(&db, &labels("m", &x.to_string()), t, v);
        }
        if i % 100 == 0 {
            db.flush().unwrap();
        }
    }
    db.flush().unwrap();
    assert!(db.health().file_bytes <= 200_000, "{:?}", db.health());
    let left = all(&db);
    assert_eq!(left.len(), 5);
    for samples in left.values() {
        assert!(
            samples.len() > 100 && samples.len() < 5000,
            "{}",
            samples.len()
        );
        assert_eq!(samples.last().unwrap().0, START + 5999 * 10_000);
        assert!(
            samples.windows(2).all(|w| w[1].0 - w[0].0 == 10_000),
            "no gap in what is left"
        );
    }
}

#[test]
fn a_clock_that_jumps_ahead_does_not_empty_the_store() {
    let folder = tempfile::tempdir().unwrap();
    let now = Now::new();
    let db = Tsdb::open(now.options(), file(folder.path())).unwrap();
    put(&db, &labels("m", "a"), START, 1.0);
    now.set(START + 365 * 24 * 3_600_000);
    db.flush().unwrap();
    assert_eq!(all(&db).len(), 1);
}

fn damaged(folder: &Path) -> Vec<String> {
    let names = std::fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap());
    names
        .filter(|n| n.contains(".corrupt-") && !n.ends_with("-wal") && !n.ends_with("-shm"))
        .collect()
}

#[test]
fn a_file_that_is_no_database_is_moved_aside() {
    let folder = tempfile::tempdir().unwrap();
    let options = file(folder.path());
    std::fs::write(&options.path, "<html>not a database</html>".repeat(100)).unwrap();
    let now = Now::new();
    let db = Tsdb::open(now.options(), options.clone()).unwrap();
    let moved = db.health().moved_aside.unwrap();
    assert_eq!(
        moved.to,
        folder
            .path()
            .join(format!("samples.sqlite.corrupt-{START}"))
    );
    assert!(
        std::fs::read(&moved.to).unwrap().starts_with(b"<html>"),
        "what was there is kept"
    );
    put(&db, &labels("m", "a"), START, 1.0);
    drop(db);
    let db = Tsdb::open(now.options(), options).unwrap();
    assert_eq!(db.health().moved_aside, None);
    assert_eq!(all(&db).len(), 1);
}

fn filled(folder: &Path, now: &Now) {
    let db = Tsdb::open(now.options(), file(folder)).unwrap();
    for x in 0..200 {
        for i in 0..20 {
            put(&db, &labels("m", &x.to_string()), START + i, (x * i) as f64);
        }
    }
}

#[test]
fn a_damaged_file_is_moved_aside_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let now = Now::new();
    filled(folder.path(), &now);
    let path = folder.path().join("samples.sqlite");
    let mut bytes = std::fs::read(&path).unwrap();
    let len = bytes.len();
    bytes[4096..len].fill(0x5a);
    std::fs::write(&path, bytes).unwrap();
    let db = Tsdb::open(now.options(), file(folder.path())).unwrap();
    assert!(db.health().moved_aside.is_some());
    assert_eq!(db.series_count(), 0);
    assert_eq!(put(&db, &labels("m", "a"), START, 1.0).accepted, 1);
    db.flush().unwrap();
    assert_eq!(damaged(folder.path()).len(), 1);
}

#[test]
fn a_file_damaged_while_in_use_is_replaced_by_what_is_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let now = Now::new();
    filled(folder.path(), &now);
    let db = Tsdb::open(now.options(), file(folder.path())).unwrap();
    assert_eq!(all(&db).len(), 200);
    let path = folder.path().join("samples.sqlite");
    // what another connection writes makes SQLite read its pages again, which would hide the damage in its cache
    sql(&path, "INSERT INTO metadata VALUES ('x', '{}') RETURNING 1");
    for (name, from) in [("samples.sqlite", 4096), ("samples.sqlite-wal", 32)] {
        use std::io::{Seek, SeekFrom, Write};
        let name = folder.path().join(name);
        let len = std::fs::metadata(&name).unwrap().len();
        let mut f = std::fs::File::options().write(true).open(name).unwrap();
        f.seek(SeekFrom::Start(from)).unwrap();
        f.write_all(&vec![0x5a; (len - from) as usize]).unwrap();
    }
    for x in 0..200 {
        put(&db, &labels("m", &x.to_string()), START + 100, 0.5);
    }
    let failed = db.flush();
    assert!(
        matches!(failed, Err(FlushError::Corrupt { .. })),
        "{failed:?}"
    );
    assert!(db.health().moved_aside.is_some());
    db.flush().unwrap();
    assert_eq!(db.health().file, FileState::Ok);
    assert_eq!(db.health().unsaved, 0);
    let before = all(&db);
    assert_eq!(before.len(), 200);
    drop(db);
    let db = Tsdb::open(now.options(), file(folder.path())).unwrap();
    assert_eq!(all(&db), before);
}

#[test]
fn a_full_file_is_told_and_memory_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let now = Now::new();
    let options = FileOptions {
        hard_limit_bytes: 150_000,
        ..file(folder.path())
    };
    let db = Tsdb::open(now.options(), options).unwrap();
    for x in 0..100 {
        for i in 0..200 {
            let v = f64::from_bits((x * 200 + i as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
            put(&db, &labels("m", &x.to_string()), START + i, v);
        }
    }
    assert!(matches!(db.flush(), Err(FlushError::Full { .. })));
    let health = db.health();
    assert!(matches!(
        health.file,
        FileState::Failing(FlushError::Full { .. })
    ));
    assert_eq!((health.unsaved, health.lost), (20_000, 0));
    let held: usize = all(&db).values().map(Vec::len).sum();
    assert_eq!(held, 20_000, "nothing is lost while it lasts");
}

#[test]
fn memory_beyond_its_limit_drops_the_oldest_and_counts_it() {
    let folder = tempfile::tempdir().unwrap();
    let now = Now::new();
    let options = Options {
        max_memory_bytes: 100_000,
        ..now.options()
    };
    let db = Tsdb::open(
        options,
        FileOptions {
            hard_limit_bytes: 1,
            ..file(folder.path())
        },
    )
    .unwrap();
    for i in 0..20_000 {
        now.set(START + i * 300);
        let v = f64::from_bits((i as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        put(&db, &labels("m", "a"), START + i * 300, v);
    }
    assert!(db.flush().is_err());
    let health = db.health();
    assert!(
        health.memory_bytes <= 100_000 && health.lost > 0,
        "{health:?}"
    );
    let left = &all(&db)[&labels("m", "a")];
    assert_eq!(left.len() as u64 + health.lost, 20_000);
    assert_eq!(
        left.last().unwrap().0,
        START + 19_999 * 300,
        "the newest stay"
    );
}

#[test]
fn two_processes_do_not_share_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let now = Now::new();
    let db = Tsdb::open(now.options(), file(folder.path())).unwrap();
    let second = Tsdb::open(now.options(), file(folder.path()));
    assert!(matches!(second.err(), Some(OpenError::InUse { .. })));
    drop(db);
    assert!(Tsdb::open(now.options(), file(folder.path())).is_ok());
}

#[test]
fn databases_of_others_and_of_later_versions_are_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let now = Now::new();
    let path = folder.path().join("samples.sqlite");
    sql(&path, "CREATE TABLE theirs (x)");
    assert!(matches!(
        Tsdb::open(now.options(), file(folder.path())).err(),
        Some(OpenError::Foreign { .. })
    ));
    std::fs::remove_file(&path).unwrap();
    filled(folder.path(), &now);
    sql(
        &path,
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (99, 'later', 1, x'00', 0)",
    );
    assert!(matches!(
        Tsdb::open(now.options(), file(folder.path())).err(),
        Some(OpenError::Newer { .. })
    ));
    assert!(damaged(folder.path()).is_empty());
}

#[test]
fn a_folder_that_cannot_be_written_is_an_error_with_its_path() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("plain"), "").unwrap();
    let options = FileOptions::new(folder.path().join("plain/samples.sqlite"));
    let e = Tsdb::open(Now::new().options(), options).err().unwrap();
    assert!(
        matches!(&e, OpenError::Io { path, .. } if path.ends_with("plain/samples.sqlite")),
        "{e}"
    );
}

/// Chunks move from memory to the file and out of it while somebody reads: no sample may be missed or come twice.
#[test]
fn readers_see_every_sample_while_chunks_move_to_the_file_and_leave() {
    let folder = tempfile::tempdir().unwrap();
    let now = Now::new();
    let options = Options {
        memory_window_ms: 60_000,
        ..now.options()
    };
    let db = Tsdb::open(options, file(folder.path())).unwrap();
    let (series, count) = (3, 6000);
    let written = AtomicI64::new(-1);
    let done = || written.load(Ordering::SeqCst) == count - 1;
    std::thread::scope(|threads| {
        threads.spawn(|| {
            for i in 0..count {
                let t = START + i * 10_000;
                now.set(t);
                for x in 0..series {
                    put(&db, &labels("m", &x.to_string()), t, i as f64);
                }
                written.store(i, Ordering::SeqCst);
            }
        });
        threads.spawn(|| {
            while !done() {
                db.flush().unwrap();
            }
        });
        let mut rounds = 0;
        while !done() || rounds == 0 {
            let at_least = written.load(Ordering::SeqCst);
            for samples in all(&db).values() {
                let expected = (0..).map(|i| (START + i * 10_000, (i as f64).to_bits()));
                assert!(
                    samples.iter().copied().eq(expected.take(samples.len())),
                    "a gap"
                );
                assert!(
                    samples.len() as i64 > at_least,
                    "{} of {at_least}",
                    samples.len()
                );
            }
            rounds += 1;
        }
    });
    assert_eq!(
        all(&db).values().map(Vec::len).collect::<Vec<_>>(),
        [6000; 3]
    );
}

#[test]
fn a_chunk_that_does_not_decode_is_left_out_and_told() {
    let folder = tempfile::tempdir().unwrap();
    let now = Now::new();
    filled(folder.path(), &now);
    let path = folder.path().join("samples.sqlite");
    sql(
        &path,
        "UPDATE chunks SET data = x'00ff' WHERE series_id = 7 RETURNING 1",
    );
    // within the memory window and, hours later, from the file
    for later in [0, 12 * 3_600_000] {
        now.set(START + later);
        let db = Tsdb::open(now.options(), file(folder.path())).unwrap();
        assert_eq!(all(&db).len(), 199, "the others are there");
        assert!(db.health().damaged >= 1);
    }
}

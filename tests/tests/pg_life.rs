//! The life of partitions against a real server: no line is lost or doubled, wherever it is cut off.

mod pg_support;

use model::log::{Filter, LogLine, LogPosition, LogRange, PageAsk};
use pg_support::{DAY, NOW, line, login, maintainer, now, prepared, reader, retain, today, writer};
use pglogs::lifecycle::{Finding, Maintainer, Policy, findings, plan};
use pglogs::{Options, cold};
use source::{LogSink as _, Logs as _};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

const EVERYTHING: LogRange = LogRange {
    from_ns: i64::MIN,
    to_ns: i64::MAX,
    filter: Filter::All,
};

/// Lines of the day `age` days ago.
fn of_day(age: i64, lines: u64) -> Vec<LogLine> {
    let place = |n: u64| LogPosition::before(NOW - age * DAY + i64::try_from(n).unwrap_or(0));
    let dated = |n: u64| LogLine {
        position: place(n),
        span_id: format!("{age}-{n}"),
        ..line(n)
    };
    (0..lines).map(dated).collect()
}

/// What tells a line from all others here.
fn names<'a>(lines: impl IntoIterator<Item = &'a LogLine>) -> Vec<String> {
    let mut names: Vec<String> = lines.into_iter().map(|l| l.span_id.clone()).collect();
    names.sort();
    names
}

/// All lines of the database and of the files.
async fn all(options: &Options, folder: &Path) -> Vec<String> {
    let ask = PageAsk {
        limit: 10_000,
        ..PageAsk::default()
    };
    let page = reader(options)
        .page(&EVERYTHING, ask)
        .await
        .expect("a page");
    let cold = cold::search(folder, &EVERYTHING, 10_000, &mut |_| ()).expect("searched");
    assert_eq!(
        reader(options)
            .count(&EVERYTHING)
            .await
            .expect("a count")
            .value
            .lines,
        page.value.lines.len() as u64,
        "counters fit"
    );
    names(page.value.lines.iter().chain(&cold.lines))
}

fn moving() -> Policy {
    Policy {
        move_default: true,
        ..Policy::default()
    }
}

#[tokio::test]
async fn lines_go_from_hot_to_cold_and_away() {
    let (server, options) = prepared("").await;
    let dir = tempfile::tempdir().expect("a folder");
    let folder = dir.path();
    assert_eq!(
        retain(&options, folder, &Policy::default()).await,
        ["create"; 4]
    );
    assert!(
        retain(&options, folder, &Policy::default())
            .await
            .is_empty()
    );
    for age in [0, 10, 40, 100] {
        writer(&options)
            .append(of_day(age, 50))
            .await
            .expect("kept");
    }
    let mut keeper = maintainer(&options, folder).await;
    let state = keeper.state().await.expect("a state");
    assert!(matches!(
        findings(&state, &moving(), today())[..],
        [Finding::DefaultNotEmpty {
            lines: 150,
            days: 3,
            ..
        }]
    ));
    let busy = Maintainer::connect(&options, &login("keeps"), folder, now).await;
    assert_eq!(busy.expect_err("one at a time").code(), "busy");
    drop(keeper);
    let before = all(&options, folder).await;
    assert_eq!(before.len(), 200);

    // given partitions, and in the next run what their age asks for
    assert_eq!(retain(&options, folder, &moving()).await, ["create"; 3]);
    assert_eq!(all(&options, folder).await, before);
    assert_eq!(
        retain(&options, folder, &moving()).await,
        ["discard", "export", "verify", "detach", "drop"]
    );
    let rest = all(&options, folder).await;
    let gone: BTreeSet<&String> = before.iter().filter(|n| !rest.contains(n)).collect();
    assert!(gone.len() == 50 && gone.iter().all(|n| n.starts_with("100-")));
    assert_eq!(cold::parts(folder).expect("files")[0].1.lines, 50);

    // lines that are late for a day that has left go into a second part
    writer(&options).append(of_day(40, 7)).await.expect("kept");
    retain(&options, folder, &moving()).await;
    assert_eq!(
        retain(&options, folder, &moving()).await,
        ["export", "verify", "detach", "drop"]
    );
    let parts = cold::parts(folder).expect("files");
    assert_eq!(
        parts
            .iter()
            .map(|(_, m)| (m.part, m.lines))
            .collect::<Vec<_>>(),
        [(1, 50), (2, 7)]
    );

    // hot becomes warm: the indexes for searching go, and the answers stay
    let sooner = Policy {
        hot_days: 0,
        ..Policy::default()
    };
    let steps = retain(&options, folder, &sooner).await;
    assert!(steps.contains(&"unindex"), "{steps:?}");
    assert_eq!(all(&options, folder).await.len(), 157);
    let indexes = "SELECT count(*) FROM pg_indexes WHERE schemaname = 'shouwang_logs' AND indexname LIKE 'line\\_20261121%' AND indexname NOT LIKE '%\\_ts'";
    assert_eq!(server.sql("logs", indexes), "0");
    let again = retain(&options, folder, &Policy::default()).await;
    assert!(again.iter().all(|s| *s == "index") && !again.is_empty());

    // and at last the files go too
    let short = Policy {
        cold_days: 35,
        ..Policy::default()
    };
    assert_eq!(retain(&options, folder, &short).await, ["forget", "forget"]);
    assert!(cold::parts(folder).expect("no files").is_empty());
}

#[tokio::test]
async fn a_line_that_comes_after_the_export_is_not_lost() {
    let (server, options) = prepared("").await;
    let dir = tempfile::tempdir().expect("a folder");
    let folder = dir.path();
    writer(&options).append(of_day(40, 30)).await.expect("kept");
    retain(&options, folder, &moving()).await;
    let mut keeper = maintainer(&options, folder).await;
    let steps = plan(
        &keeper.state().await.expect("a state"),
        &Policy::default(),
        today(),
    );
    for step in &steps[..2] {
        keeper
            .run(step, &mut |_| ())
            .await
            .expect("exported and verified");
    }
    writer(&options)
        .append(of_day(40, 31)[30..].to_vec())
        .await
        .expect("kept");
    let error = keeper
        .run(&steps[2], &mut |_| ())
        .await
        .expect_err("changed");
    assert_eq!(error.code(), "changed");
    keeper
        .run(&steps[3], &mut |_| ())
        .await
        .expect("nothing to drop");
    drop(keeper);
    assert_eq!(
        retain(&options, folder, &Policy::default()).await,
        ["export", "verify", "detach", "drop"]
    );
    assert_eq!(all(&options, folder).await.len(), 31);

    // files that were damaged since keep the table where it is
    writer(&options).append(of_day(41, 30)).await.expect("kept");
    retain(&options, folder, &moving()).await;
    let mut keeper = maintainer(&options, folder).await;
    let steps = plan(
        &keeper.state().await.expect("a state"),
        &Policy::default(),
        today(),
    );
    keeper.run(&steps[0], &mut |_| ()).await.expect("exported");
    let (path, manifest) = cold::parts(folder).expect("files").remove(0);
    std::fs::write(path.join(&manifest.files[0].name), b"rubbish").expect("written");
    assert_eq!(
        keeper
            .run(&steps[1], &mut |_| ())
            .await
            .expect_err("damaged")
            .code(),
        "damaged"
    );
    assert_eq!(
        keeper
            .run(&steps[2], &mut |_| ())
            .await
            .expect_err("not verified")
            .code(),
        "changed"
    );
    assert_eq!(
        server.sql("logs", "SELECT count(*) FROM shouwang_logs.line"),
        "30"
    );
}

/// A day beyond all that is kept goes whole: whoever waits for a lock after the table was taken out and is killed there has done nothing.
#[tokio::test]
async fn a_day_is_discarded_whole_or_not_at_all() {
    let (server, options) = prepared("").await;
    let dir = tempfile::tempdir().expect("a folder");
    writer(&options)
        .append(of_day(100, 20))
        .await
        .expect("kept");
    assert!(
        retain(&options, dir.path(), &moving())
            .await
            .iter()
            .all(|s| *s == "create")
    );
    // nobody may remove a table: the detaching before it goes too
    server.sql(
        "logs",
        "CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not now'; END $$; \
         CREATE EVENT TRIGGER no_drop ON ddl_command_start WHEN TAG IN ('DROP TABLE') EXECUTE FUNCTION refuse()",
    );
    let mut keeper = maintainer(&options, dir.path()).await;
    let steps = plan(
        &keeper.state().await.expect("a state"),
        &Policy::default(),
        today(),
    );
    assert_eq!(
        steps.iter().map(|s| s.code()).collect::<Vec<_>>(),
        ["discard"]
    );
    let refused = keeper.run(&steps[0], &mut |_| ()).await;
    assert_eq!(refused.expect_err("refused").code(), "database");
    let state = keeper.state().await.expect("a state");
    assert!(state.partitions.iter().all(|p| p.attached));
    drop(keeper);
    assert_eq!(all(&options, dir.path()).await.len(), 20);
    server.sql("logs", "DROP EVENT TRIGGER no_drop");
    assert_eq!(
        retain(&options, dir.path(), &Policy::default()).await,
        ["discard"]
    );
    assert!(all(&options, dir.path()).await.is_empty());
}

/// One damaged manifest is somebody's to repair; partitions are made all the same, and leftovers of cut off steps go.
#[tokio::test]
async fn a_damaged_manifest_stops_nothing_else() {
    let (server, options) = prepared("").await;
    let dir = tempfile::tempdir().expect("a folder");
    let folder = dir.path();
    for age in [40, 41] {
        writer(&options)
            .append(of_day(age, 10))
            .await
            .expect("kept");
    }
    retain(&options, folder, &moving()).await;
    retain(&options, folder, &moving()).await;
    let (path, _) = cold::parts(folder).expect("files").remove(0);
    std::fs::write(path.join("manifest.json"), b"rubbish").expect("written");
    let left = folder.join("unfinished-2026-08-01.1");
    std::fs::create_dir(&left).expect("a leftover");
    std::fs::write(left.join("lines-00001.ndjson.zst"), b"rubbish").expect("written");
    server.sql("logs", "DROP TABLE shouwang_logs.line_20261124");
    writer(&options).append(of_day(42, 5)).await.expect("kept");
    assert_eq!(
        retain(&options, folder, &moving()).await,
        ["create", "create", "sweep"]
    );
    assert!(!left.exists());
    assert_eq!(
        retain(&options, folder, &moving()).await,
        ["export", "verify", "detach", "drop"]
    );
    let mut keeper = maintainer(&options, folder).await;
    let state = keeper.state().await.expect("a state");
    assert!(matches!(
        &findings(&state, &moving(), today())[..],
        [Finding::Damaged { part: 1, .. }]
    ));
    drop(keeper);
    let short = Policy {
        cold_days: 35,
        ..Policy::default()
    };
    assert_eq!(retain(&options, folder, &short).await, ["forget"; 3]);
    assert_eq!(std::fs::read_dir(folder).expect("a list").count(), 0);
}

/// Whoever keeps the store is killed at any moment, the server too, again and again; in the end each line is there once.
#[tokio::test(flavor = "multi_thread")]
async fn wherever_it_is_cut_off_it_goes_on() {
    let (mut server, options) = prepared("").await;
    let dir = tempfile::tempdir().expect("a folder");
    let folder = dir.path().to_owned();
    for age in [0, 31, 32, 33, 95, 96, 97, 98] {
        let lines = if age < 90 { 1500 } else { 500 };
        writer(&options)
            .append(of_day(age, lines))
            .await
            .expect("kept");
    }
    let mut before = all(&options, &folder).await;
    assert_eq!(before.len(), 8_000);
    // older than is kept: these go, and their tables with them
    before.retain(|name| !name.starts_with('9'));
    assert_eq!(before.len(), 6_000);
    let mut cuts = 0;
    for round in 0..400_u64 {
        let (options, folder) = (options.clone(), folder.clone());
        let task = tokio::spawn(async move {
            let mut keeper = Maintainer::connect(&options, &login("keeps"), &folder, now).await?;
            let steps = plan(&keeper.state().await?, &moving(), today());
            for step in &steps {
                keeper.run(step, &mut |_| ()).await?;
            }
            Ok::<_, pglogs::PgLogsError>(steps.len())
        });
        // the later the round the longer it may run, so that it comes to an end on any machine
        tokio::time::sleep(Duration::from_millis(round * 7 % 90 + round / 2)).await;
        if round % 40 == 39 {
            server.restart();
        }
        if task.is_finished() {
            match task.await.expect("no panic") {
                Ok(0) => break,
                Ok(_) => {}
                Err(e) => assert!(matches!(e.code(), "busy" | "database"), "{e}"),
            }
        } else {
            cuts += 1;
            task.abort();
            // the server notices that its client is gone at its next word
            let _ = task.await;
        }
    }
    let left = retain(&options, &folder, &moving()).await;
    assert!(left.is_empty() && cuts > 5, "{left:?} after {cuts} cuts");
    assert_eq!(all(&options, &folder).await, before);
    let parts = cold::parts(&folder).expect("files");
    assert_eq!(
        parts.iter().map(|(_, m)| m.lines).collect::<Vec<_>>(),
        [1500; 3]
    );
    let detached = "SELECT count(*) FROM pg_class c WHERE relnamespace = 'shouwang_logs'::regnamespace AND relkind = 'r' AND relname LIKE 'line\\_2%' AND NOT EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = c.oid)";
    assert_eq!(server.sql("logs", detached), "0");
    assert!(parts.iter().all(|(_, m)| m.verified));
    let unfinished = std::fs::read_dir(&folder).expect("a list").flatten();
    assert_eq!(
        unfinished
            .filter(|e| e.file_name().to_string_lossy().starts_with("unfinished"))
            .count(),
        0
    );
}

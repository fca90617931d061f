//! A killed process loses no line whose append was answered.
//!
//! The test starts itself again as a child that appends without end and tells each answer, kills it without warning and opens
//! its folder.

use embedded::logs::{LogStore, Options};
use model::log::{Filter, LogLine, LogPosition, LogRange, PageAsk};
use shouwang_tests::now_ms;
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

/// The child's folder.
const CHILD: &str = "SHOUWANG_TEST_KILLED_LOGS";
/// The number of the child's first batch.
const FIRST: &str = "SHOUWANG_TEST_KILLED_LOGS_FIRST";
const BATCH: usize = 37;

fn open(folder: &Path) -> LogStore {
    let mut options = Options::new(folder, Arc::new(now_ms));
    options.linger = Duration::from_millis(2);
    LogStore::open(options).expect("the store opens")
}

/// Runs in the child only: several writers, each answer is told.
#[tokio::test(flavor = "multi_thread")]
async fn child_appends_until_it_is_killed() {
    let Some(folder) = std::env::var_os(CHILD) else {
        return;
    };
    let store = open(Path::new(&folder));
    let first = std::env::var(FIRST).expect("the parent says");
    let first: usize = first.parse().expect("a number");
    let mut writers = Vec::new();
    for writer in 0..3 {
        let store = store.clone();
        writers.push(tokio::spawn(async move {
            for batch in (first + writer..).step_by(3) {
                // every third line is of yesterday: another file
                let line = |i: usize| LogLine {
                    position: LogPosition {
                        at_ns: (now_ms() - (i % 3 / 2) as i64 * 86_400_000) * 1_000_000,
                        seq: 0,
                    },
                    message: format!("第 {batch} 批 第 {i} 行 连接超时"),
                    ..LogLine::default()
                };
                let kept = store.append((0..BATCH).map(line).collect()).await;
                assert_eq!(kept, Ok(BATCH));
                println!("kept {batch}");
            }
        }));
    }
    for writer in writers {
        writer.await.expect("it goes on");
    }
}

fn child(folder: &Path, first: usize) -> Child {
    let program = std::env::current_exe().expect("the test's own program");
    Command::new(program)
        .args(["--exact", "child_appends_until_it_is_killed", "--nocapture"])
        .env(CHILD, folder)
        .env(FIRST, first.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the child starts")
}

/// Kills the child after it has told `count` answers; answers the batches it told, those included that it told meanwhile.
fn kill_after(mut child: Child, count: usize) -> Vec<usize> {
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe"))
        .lines()
        .map_while(Result::ok)
        .filter_map(|l| l.rsplit_once("kept ")?.1.parse::<usize>().ok());
    let mut told: Vec<usize> = lines.by_ref().take(count).collect();
    child.kill().expect("it can be killed"); // SIGKILL
    child.wait().expect("it ended");
    told.extend(lines);
    told
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_survives() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut answered = BTreeSet::new();
    for (run, count) in [40, 75, 110].into_iter().enumerate() {
        let told = kill_after(child(folder.path(), run * 1_000_000), count);
        assert!(told.len() >= count, "it wrote");
        answered.extend(told);
        let store = open(folder.path());
        assert_eq!(store.health().set_aside, [], "the files are whole");
        let mut lines = BTreeSet::new();
        let mut beyond = None;
        let range = LogRange {
            from_ns: 0,
            to_ns: i64::MAX,
            filter: Filter::Text("连接超时".into()),
        };
        loop {
            let ask = PageAsk {
                beyond,
                limit: 5_000,
                ..PageAsk::default()
            };
            let page = store.page(&range, ask).await.expect("a page");
            beyond = page.lines.last().map(|l| l.position);
            for line in page.lines {
                assert!(lines.insert(line.message), "a line is there once");
            }
            if !page.more {
                break;
            }
        }
        for batch in &answered {
            for i in 0..BATCH {
                let line = format!("第 {batch} 批 第 {i} 行 连接超时");
                assert!(lines.contains(&line), "lost: {line}");
            }
        }
        let counted = store.count(&range).await.expect("a number");
        assert_eq!(counted.lines as usize, lines.len(), "index and rows agree");
    }
}

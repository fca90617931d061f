//! A killed process costs at most what arrived since the last flush.
//!
//! The test starts itself again as a child that writes a sample a second to each of its series (in its own time,
//! twenty times as fast as the machine's), kills it without warning and opens its file.

use embedded::tsdb::{FileOptions, FileState, Options, Tsdb};
use model::{Labels, Sample};
use promql::Storage;
use promql_parser::label::{MatchOp, Matcher, Matchers};
use shouwang_tests::now_ms;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

/// The child's file.
const CHILD: &str = "SHOUWANG_TEST_KILLED_WRITER";
/// Where the child's time begins, milliseconds.
const BEGIN: &str = "SHOUWANG_TEST_KILLED_WRITER_BEGIN";
const SERIES: usize = 200;
/// The child's seconds in one of the machine's.
const SPEED: i64 = 20;
/// 30 s of the child's time.
const FLUSH_EVERY: Duration = Duration::from_millis(30_000 / SPEED as u64);

fn labels(i: usize) -> Labels {
    Labels::from_pairs([("__name__", "m".to_owned()), ("i", i.to_string())])
}

fn open(file: &Path) -> Tsdb {
    let options = FileOptions {
        flush_every: FLUSH_EVERY,
        ..FileOptions::new(file)
    };
    // the child's time runs ahead of the machine's
    let clock = Arc::new(|| now_ms() + 24 * 3_600_000);
    Tsdb::open(Options::new(clock), options).expect("the store opens")
}

/// Runs in the child only: tells each second that it has written.
#[test]
fn child_writes_until_it_is_killed() {
    let Some(file) = std::env::var_os(CHILD) else {
        return;
    };
    let db = open(Path::new(&file));
    let refs: Vec<_> = (0..SERIES)
        .map(|i| db.series_ref(&labels(i)).expect("a series"))
        .collect();
    let begin: i64 = std::env::var(BEGIN)
        .expect("the parent says")
        .parse()
        .expect("a number");
    for n in 0.. {
        let t = begin + n * 1000;
        let batch: Vec<_> = refs
            .iter()
            .map(|r| (*r, Sample { t, v: n as f64 }))
            .collect();
        assert_eq!(db.append_refs(&batch).accepted, SERIES);
        println!("wrote {t}");
        std::thread::sleep(Duration::from_millis(1000 / SPEED as u64));
    }
}

fn child(file: &Path, begin: i64) -> Child {
    let program = std::env::current_exe().expect("the test's own program");
    Command::new(program)
        .args(["--exact", "child_writes_until_it_is_killed", "--nocapture"])
        .env(CHILD, file)
        .env(BEGIN, begin.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the child starts")
}

/// Kills the child after `count` of its seconds; answers the last one that it told.
fn kill_after(mut child: Child, count: usize) -> i64 {
    let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let told = lines
        .map_while(Result::ok)
        .filter_map(|l| l.rsplit_once("wrote ")?.1.parse::<i64>().ok());
    let last = told.take(count).last().expect("it writes");
    child.kill().expect("it can be killed"); // SIGKILL
    child.wait().expect("it ended");
    last
}

#[test]
fn a_killed_process_costs_at_most_sixty_seconds() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("samples.sqlite");
    let mut kept = 0;
    let mut begin = now_ms();
    // killed in different places of the flush's cycle; each start goes on with the same file
    for count in [70, 85, 100] {
        let last = kill_after(child(&file, begin), count);
        begin = last + 3_600_000;
        let db = open(&file);
        assert_eq!(db.health().file, FileState::Ok);
        assert_eq!(db.health().moved_aside, None, "the file is whole");
        assert_eq!(db.series_count(), SERIES);
        let all = Matchers::one(Matcher::new(MatchOp::Equal, "__name__", "m"));
        let mut series = 0;
        let mut total = 0;
        db.select(&all, 0, i64::MAX, &mut |labels, samples| {
            series += 1;
            total += samples.len();
            let newest = samples.last().expect("samples").t;
            assert!(
                last - newest <= 60_000,
                "{labels}: lost {} ms of the last run",
                last - newest
            );
            assert!(samples.windows(2).all(|w| w[0].t < w[1].t));
            // within a run no second is missing: its values count them
            let run = samples.rsplit(|s| s.v == 0.0).next().expect("a run");
            assert!(
                run.iter().enumerate().all(|(i, s)| s.v == (i + 1) as f64),
                "{labels}: a gap"
            );
            Ok(())
        })
        .expect("a selection");
        assert_eq!(series, SERIES);
        assert!(total > kept, "what earlier runs left is still there");
        kept = total;
    }
}

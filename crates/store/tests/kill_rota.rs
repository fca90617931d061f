//! A desk that changes the rota, killed without warning sixty times: what it said was kept is kept, nothing is kept by half, and the audit log
//! vouches for all of it.
//!
//! The test starts itself again as a child, which changes the rota with the real `engine::rota` as fast as the database takes it: one override and
//! one note in each transaction, with a line of the alert desk's audit log. It tells the number of each change once that is durable.

use engine::rota::{apply, record};
use model::duty::{Actor, AuditEntry, Record};
use model::rota::{Book, DutyNote, Edit, Member, Override, Rota, RotaChange, RotaRecord};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use store::rota::{ChangeQuery, NoteQuery};
use store::{AuditKey, Store};

/// The child's folder.
const CHILD: &str = "SHOUWANG_TEST_KILLED_ROTA";
const KILLS: u64 = 60;
/// 2026-03-02 08:00:00 UTC, a Monday.
const NOW: i64 = 1_772_438_400_000;

fn key() -> AuditKey {
    AuditKey::new(b"killed")
}

fn database(folder: &Path) -> PathBuf {
    folder.join("desk.sqlite")
}

fn by() -> Actor {
    Actor {
        id: "li".to_owned(),
        name: "李四".to_owned(),
        ..Actor::default()
    }
}

fn does(book: &mut Book, edit: Edit) -> RotaRecord {
    let (changed, change) = apply(book, edit, &by(), NOW).expect("it is allowed");
    *book = changed;
    RotaRecord::Change(Box::new(change))
}

/// The people and the rota, if a child has not kept them yet.
async fn begin(store: &Store, book: &mut Book) {
    if !book.members.is_empty() {
        return;
    }
    let member = Member {
        id: "li".to_owned(),
        name: "李四".to_owned(),
        ..Member::default()
    };
    let zone = "Asia/Shanghai".parse().expect("a zone");
    let first = [
        does(book, Edit::PutMember(member)),
        does(book, Edit::PutRota(Rota::new("r", "值班", zone))),
    ];
    store.commit_rota(&first).await.expect("it is kept");
}

/// Runs in the child only.
#[test]
fn child_changes_until_it_is_killed() {
    let Some(folder) = std::env::var_os(CHILD) else {
        return;
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let path = database(Path::new(&folder));
        let store = Store::open(&path, &key(), NOW).await.expect("it opens");
        let mut book = store.load_rota().await.expect("it loads");
        begin(&store, &mut book).await;
        println!("\nstarted");
        loop {
            let from = NOW + book.last_id * 60_000;
            let over = Override {
                rota: "r".into(),
                person: "li".to_owned(),
                from,
                until: from + 60_000,
                ..Override::default()
            };
            let note = DutyNote {
                rota: "r".into(),
                text: format!("第 {} 次", book.last_id),
                ..DutyNote::default()
            };
            let changes = [
                does(&mut book, Edit::PutOverride(over)),
                does(&mut book, Edit::AddNote(note)),
            ];
            let entry = AuditEntry {
                at: NOW,
                by: by(),
                action: "comment".to_owned(),
                alerts: Vec::new(),
                detail: BTreeMap::new(),
            };
            let records = [Record::Audit(entry)];
            store
                .commit_both(&records, &changes)
                .await
                .expect("it is kept");
            println!("kept {}", book.last_id);
            std::io::stdout().flush().expect("the parent listens");
        }
    });
}

/// Lets a child live so long and kills it. Answers whether it came to work, and the largest number that it said was kept.
fn live_and_die(folder: &Path, life: Duration) -> (bool, i64) {
    let program = std::env::current_exe().expect("the test's own program");
    let mut child = Command::new(program)
        .args(["--exact", "child_changes_until_it_is_killed", "--nocapture"])
        .env(CHILD, folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the child starts");
    let out = child.stdout.take().expect("a pipe");
    let reader = std::thread::spawn(move || -> Vec<u8> {
        let mut all = Vec::new();
        let mut out = BufReader::new(out);
        while out.read_until(b'\n', &mut all).is_ok_and(|n| n > 0) {}
        all
    });
    std::thread::sleep(life);
    let before = child.try_wait().expect("its state");
    child.kill().expect("it can be killed"); // SIGKILL
    let out = child.wait_with_output().expect("it ended");
    let errors = String::from_utf8_lossy(&out.stderr);
    assert!(before.is_none(), "it died by itself: {errors}");
    let text = reader.join().expect("what it said");
    let text = String::from_utf8_lossy(&text);
    // a line that the kill cut short says nothing
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    let number = |l: &str| l.strip_prefix("kept ")?.parse().ok();
    let kept = whole.lines().filter_map(number).max().unwrap_or(0);
    (whole.lines().any(|l| l == "started"), kept)
}

/// Every change, oldest first.
async fn log(store: &Store) -> Vec<RotaChange> {
    let (mut all, mut query) = (Vec::new(), ChangeQuery::default());
    loop {
        let page = store.rota_changes(&query).await.expect("a page");
        let Some(last) = page.last() else { break };
        query.before = Some(last.id);
        all.extend(page);
    }
    all.reverse();
    all
}

async fn notes(store: &Store) -> usize {
    let (mut all, mut query) = (0, NoteQuery::default());
    loop {
        let page = store.notes(&query).await.expect("a page");
        all += page.notes.len();
        match page.next {
            Some(next) => query.before = Some(next),
            None => return all,
        }
    }
}

#[test]
fn sixty_kills_lose_no_change_and_keep_none_by_half() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let (mut started, mut said) = (0, 0);
    for kill in 0..KILLS {
        // lives of 20 to 160 ms, without a pattern that matters
        let life = Duration::from_millis(20 + kill * 37 % 141);
        let (came, kept) = live_and_die(folder, life);
        started += u64::from(came);
        said = said.max(kept);
        if kill % 10 == 9 {
            runtime.block_on(check(folder, said));
        }
    }
    println!("{KILLS} kills, {started} starts, change {said} was the last that was told");
    assert!(started > KILLS / 4, "only {started} came so far");
    assert!(said > 200, "only {said} changes");
}

async fn check(folder: &Path, said: i64) {
    let store = Store::open(&database(folder), &key(), NOW)
        .await
        .expect("it opens");
    let book = store.load_rota().await.expect("it loads");
    assert!(book.last_id >= said, "{said} was kept, {} is", book.last_id);
    let log = log(&store).await;
    // the log alone gives the same book
    let replayed = log.iter().fold(Book::default(), |b, c| record(&b, c));
    assert_eq!(replayed, book);
    // both of each transaction, or none
    assert_eq!(book.overrides.len(), notes(&store).await);
    let report = store.verify(&key()).await.expect("it is read");
    assert!(report.is_whole(), "{report:?}");
    // two changes and a line of the desk in each transaction; two changes at the beginning
    let transactions = book.overrides.len() as u64;
    let began = log.len() as u64 - 2 * transactions;
    assert_eq!(report.entries, 3 * transactions + began);
    store.close().await;
}

//! The desk's brain with this database, killed without warning two hundred times: nothing acknowledged is lost, and no step is told twice under
//! a new id.
//!
//! The test starts itself again as a child, which runs the real `engine::duty` on a clock sixty times as fast as the machine's. Its channel
//! appends each notice to a file and syncs it. The child tells on its standard output what is durable: acknowledgements, and answers of the
//! channel. The parent kills it at any moment, also while it starts, and compares at the end.

use engine::duty::{
    Action, Duty, Effect, Event, Extent, FlapLimits, PerLevel, Policy, Repeat, Retry, SendFailure,
    Setup, Step, StormLimits, Target,
};
use model::duty::{Actor, AlertId, NoticeId, NoticeKind, NoticeState, Person, Record, What};
use model::{Labels, Observation, Reported};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use store::{AuditKey, Store};

/// The child's folder.
const CHILD: &str = "SHOUWANG_TEST_KILLED_DESK";
/// When the first child started, ms.
const BEGIN: &str = "SHOUWANG_TEST_KILLED_DESK_BEGIN";
const KILLS: u64 = 200;
/// The child's seconds in one of the machine's.
const SPEED: i64 = 60;
const MINUTE: i64 = 60_000;
/// Open episodes at one time.
const OPEN: usize = 6;

#[expect(
    clippy::disallowed_methods,
    reason = "a killed process has only the machine's clock to go on by"
)]
fn machine_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    i64::try_from(since.expect("a clock after 1970").as_millis()).expect("not so late")
}

/// Numbers without a pattern that matters here (xorshift, Marsaglia 2003).
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }
}

fn key() -> AuditKey {
    AuditKey::new(b"killed")
}

fn database(folder: &Path) -> PathBuf {
    folder.join("desk.sqlite")
}

fn told_file(folder: &Path) -> PathBuf {
    folder.join("told.txt")
}

fn setup() -> Setup {
    let person = |id: &str| Person {
        id: id.to_owned(),
        name: id.to_owned(),
        addresses: BTreeMap::new(),
    };
    let step = |after_ms, roles: &[&str]| Step {
        after_ms,
        targets: roles
            .iter()
            .map(|r| Target::Role((*r).to_owned()))
            .collect(),
        channels: vec!["popup".to_owned(), "sound".to_owned()],
    };
    let policy = Policy {
        name: "quick".to_owned(),
        levels: Vec::new(),
        matchers: Vec::new(),
        steps: vec![
            step(0, &["duty"]),
            step(MINUTE, &["duty", "lead"]),
            step(2 * MINUTE, &["lead"]),
        ],
        repeat: Some(Repeat {
            every_ms: MINUTE,
            times: 1000,
        }),
        ..Policy::default()
    };
    let role = |name: &str, id: &str| (name.to_owned(), vec![id.to_owned()]);
    Setup {
        people: vec![person("li"), person("wang")],
        roles: BTreeMap::from([role("duty", "li"), role("lead", "wang")]),
        policies: vec![policy],
        collect: PerLevel([0; 4]),
        flapping: FlapLimits {
            changes: u32::MAX,
            ..FlapLimits::default()
        },
        storm: StormLimits {
            notices: usize::MAX,
            ..StormLimits::default()
        },
        ..Setup::default()
    }
}

/// The child.
struct Desk {
    store: Store,
    duty: Duty,
    told: File,
    dice: Dice,
    begin: i64,
    next_label: i64,
}

impl Desk {
    async fn start(folder: &Path, begin: i64) -> Self {
        let now = begin + (machine_ms() - begin) * SPEED;
        let path = database(folder);
        let store = Store::open(&path, &key(), now).await.expect("it opens");
        let snapshot = store.load(now).await.expect("it loads");
        let told = File::options()
            .create(true)
            .append(true)
            .open(told_file(folder))
            .expect("the channel's file");
        let mut desk = Self {
            store,
            duty: Duty::new(),
            told,
            dice: Dice(machine_ms().unsigned_abs() | 1),
            begin,
            next_label: snapshot.last_alert.0 + 1,
        };
        let configured = desk.duty.handle(Event::Configured(Box::new(setup())), now);
        desk.run(configured).await;
        let restored = desk.duty.handle(Event::Restored(Box::new(snapshot)), now);
        println!("\nstarted");
        desk.run(restored).await;
        desk
    }

    fn now(&self) -> i64 {
        self.begin + (machine_ms() - self.begin) * SPEED
    }

    /// As the real driver does it: first all that is to be kept, in one transaction; then the rest.
    async fn run(&mut self, effects: Vec<Effect>) {
        let mut queue = VecDeque::from([effects]);
        while let Some(effects) = queue.pop_front() {
            let (mut records, mut sends) = (Vec::new(), Vec::new());
            for effect in effects {
                match effect {
                    Effect::Keep(kept) => records = kept,
                    Effect::Send(notice) => sends.push(notice),
                    _ => {}
                }
            }
            self.store.commit(&records).await.expect("it is kept");
            say_what_is_durable(&records);
            for notice in sends {
                let step = match (&notice.kind, notice.alerts.as_slice()) {
                    (NoticeKind::Step { step, round }, [alert]) => {
                        format!(
                            "{} {round} {step} {} {}",
                            alert.0, notice.to, notice.channel
                        )
                    }
                    (NoticeKind::Step { .. }, several) => panic!("a step about {several:?}"),
                    _ => String::new(),
                };
                let line = format!("{} {step}\n", notice.id);
                self.told.write_all(line.as_bytes()).expect("told");
                self.told.sync_data().expect("told for good");
                // the moment in which a kill makes the notice go out once more
                tokio::time::sleep(Duration::from_millis(self.dice.below(4))).await;
                let result = if self.dice.below(10) == 0 {
                    Err(SendFailure {
                        code: "connect".to_owned(),
                        params: BTreeMap::new(),
                        retry: Retry::After(1000),
                    })
                } else {
                    Ok(String::new())
                };
                let now = self.now();
                let answered = Event::Sent {
                    notice: notice.id,
                    result,
                };
                queue.push_back(self.duty.handle(answered, now));
            }
        }
    }

    /// One of the things that happen to a desk.
    async fn something(&mut self) {
        let now = self.now();
        let open: Vec<_> = self.duty.alerts().cloned().collect();
        let any = open
            .get(self.dice.below(open.len().max(1) as u64) as usize)
            .cloned();
        let observed = |alerts| Event::Observed {
            source: "am".to_owned(),
            extent: Extent::Some,
            alerts,
        };
        let by = Actor {
            id: "li".to_owned(),
            name: "李".to_owned(),
            ..Actor::default()
        };
        let effects = match (self.dice.below(8), any) {
            (0 | 1, _) if open.len() < OPEN => {
                let labels = Labels::from_pairs([
                    ("alertname", "Killed".to_owned()),
                    ("n", self.next_label.to_string()),
                    ("severity", "critical".to_owned()),
                ]);
                self.next_label += 1;
                let alert = Observation::firing(labels, now);
                self.duty.handle(observed(vec![alert]), now)
            }
            // the source says again what is known
            (2, Some(alert)) => {
                let again = Observation::firing(alert.labels, alert.starts_at);
                self.duty.handle(observed(vec![again]), now)
            }
            (3, Some(alert)) if open.len() == OPEN => {
                let over = Observation {
                    state: Reported::Resolved,
                    ends_at: Some(now),
                    ..Observation::firing(alert.labels, alert.starts_at)
                };
                self.duty.handle(observed(vec![over]), now)
            }
            (4 | 5, Some(alert)) if alert.ack.is_none() => {
                let ack = Action::Ack {
                    alerts: vec![alert.id],
                    comment: "我来处理".to_owned(),
                    for_ms: Some(MINUTE),
                    mirror: None,
                };
                self.duty.act(ack, &by, now).expect("it is open")
            }
            (6, Some(alert)) if alert.ack.is_some() => {
                let alerts = vec![alert.id];
                self.duty
                    .act(Action::Unack { alerts }, &by, now)
                    .expect("it is taken")
            }
            _ => self.duty.handle(Event::Wakeup, now),
        };
        self.run(effects).await;
    }
}

fn say_what_is_durable(records: &[Record]) {
    // begins anew: the test's harness may have left a line open
    let mut lines = String::from("\n");
    for record in records {
        match record {
            Record::Transition(t) => {
                if let What::Acked { ack } = &t.what {
                    lines += &format!("acked {} {}\n", t.alert.0, ack.at);
                }
            }
            Record::Notice(n) if matches!(n.outcome, NoticeState::Sent { .. }) => {
                lines += &format!("done {}\n", n.id.0);
            }
            _ => {}
        }
    }
    let mut out = std::io::stdout().lock();
    out.write_all(lines.as_bytes()).expect("the parent listens");
    out.flush().expect("the parent listens");
}

/// Runs in the child only.
#[test]
fn child_runs_until_it_is_killed() {
    let Some(folder) = std::env::var_os(CHILD) else {
        return;
    };
    let begin = std::env::var(BEGIN).expect("the parent says");
    let begin = begin.parse().expect("a number");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let mut desk = Desk::start(Path::new(&folder), begin).await;
        loop {
            desk.something().await;
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    });
}

fn child(folder: &Path, begin: i64) -> Child {
    let program = std::env::current_exe().expect("the test's own program");
    Command::new(program)
        .args(["--exact", "child_runs_until_it_is_killed", "--nocapture"])
        .env(CHILD, folder)
        .env(BEGIN, begin.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the child starts")
}

/// What the killed children said.
#[derive(Default)]
struct Said {
    started: u64,
    /// Episode, when.
    acks: Vec<(i64, i64)>,
    /// Notices whose sending is durable.
    done: BTreeSet<String>,
}

impl Said {
    fn hear(&mut self, line: &str) {
        let words: Vec<&str> = line.split(' ').collect();
        match words.as_slice() {
            ["started"] => self.started += 1,
            ["acked", alert, at] => {
                let number = |s: &str| s.parse().expect("a number");
                self.acks.push((number(alert), number(at)));
            }
            ["done", id] => {
                self.done.insert((*id).to_owned());
            }
            _ => {}
        }
    }
}

/// Lets a child live so long, kills it, and hears what it said.
fn live_and_die(folder: &Path, begin: i64, life: Duration, said: &mut Said) {
    let mut child = child(folder, begin);
    let out = child.stdout.take().expect("a pipe");
    // read while it lives, or it would wait for room in the pipe
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
    whole.lines().for_each(|line| said.hear(line));
}

/// Every line that reached the channel: id, and the step that it tells, if it is one.
fn reached(folder: &Path) -> Vec<(String, String)> {
    let text = std::fs::read_to_string(told_file(folder)).expect("the channel's file");
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    whole
        .lines()
        .filter_map(|l| l.split_once(' '))
        .map(|(id, step)| (id.to_owned(), step.to_owned()))
        .collect()
}

async fn check_acknowledgements(store: &Store, said: &Said) {
    for (alert, at) in &said.acks {
        let timeline = store.timeline(AlertId(*alert)).await.expect("a timeline");
        let kept = timeline
            .iter()
            .any(|t| matches!(&t.what, What::Acked { ack } if ack.at == *at));
        assert!(kept, "the acknowledgement of {alert} at {at} is lost");
    }
    let mut acks = 0;
    let mut before = None;
    loop {
        let page = store.audit_log(before, 1000).await.expect("the log");
        acks += page.iter().filter(|(_, e)| e.action == "ack").count();
        match page.last() {
            Some((seq, _)) => before = Some(*seq),
            None => break,
        }
    }
    assert!(acks >= said.acks.len(), "{acks} in the audit log");
    let report = store.verify(&key()).await.expect("it is read");
    assert!(report.is_whole(), "{report:?}");
}

async fn check_notices(store: &Store, lines: &[(String, String)]) {
    let mut ids: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (id, step) in lines.iter().filter(|(_, step)| !step.is_empty()) {
        ids.entry(step).or_default().insert(id);
    }
    for (step, ids) in &ids {
        assert_eq!(ids.len(), 1, "step {step} was told as {ids:?}");
    }
    let known: BTreeSet<&str> = lines.iter().map(|(id, _)| id.as_str()).collect();
    for id in &known {
        let id: NoticeId = id.parse().expect("an id");
        let kept = store.notice(&id).await.expect("it is read");
        assert!(kept.is_some(), "{id:?} went out and nobody kept it");
    }
}

/// Each label was given once, so each has one episode, however often its source repeated it.
async fn check_episodes(store: &Store) {
    let mut query = store::Query::default();
    let (mut seen, mut episodes) = (BTreeSet::new(), 0);
    loop {
        let page = store.history(&query).await.expect("a page");
        episodes += page.items.len();
        seen.extend(page.items.iter().map(|a| a.labels.to_string()));
        match page.next {
            Some(next) => query.before = Some(next),
            None => break,
        }
    }
    assert_eq!(seen.len(), episodes);
}

#[test]
fn two_hundred_kills_lose_no_acknowledgement_and_tell_no_step_anew() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let begin = machine_ms();
    let mut dice = Dice(0x5eed_cafe);
    let mut said = Said::default();
    let mut counted = 0;
    for kill in 0..KILLS {
        let done = said.done.clone();
        let life = Duration::from_millis(10 + dice.below(300));
        live_and_die(folder, begin, life, &mut said);
        // what a channel took, and was kept as taken, goes out no more
        if told_file(folder).exists() {
            let lines = reached(folder);
            for (id, step) in &lines[counted..] {
                assert!(!done.contains(id), "kill {kill}: {id} ({step}) once more");
            }
            counted = lines.len();
        }
    }
    let lines = reached(folder);
    let different: BTreeSet<_> = lines.iter().map(|(id, _)| id).collect();
    let again = lines.len() - different.len();
    println!(
        "{KILLS} kills, {} starts, {} acknowledgements, {} notices, {again} once more under the same id, {} s",
        said.started,
        said.acks.len(),
        different.len(),
        (machine_ms() - begin) / 1000
    );
    assert!(
        said.started > KILLS / 4,
        "only {} came so far",
        said.started
    );
    assert!(said.acks.len() > 100 && different.len() > 300);
    assert!(
        again > 0,
        "no kill hit a notice between channel and database"
    );
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let now = begin + (machine_ms() - begin) * SPEED;
        let store = Store::open(&database(folder), &key(), now)
            .await
            .expect("it opens");
        check_acknowledgements(&store, &said).await;
        check_notices(&store, &lines).await;
        check_episodes(&store).await;
    });
}

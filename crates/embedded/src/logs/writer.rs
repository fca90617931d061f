//! The one thread that writes.

use super::day::{DAY_NS, Day};
use super::error::{AppendError, OpenError, is_damage};
use super::file::Fault;
use super::folder::Folder;
use super::insert::DayWriter;
use chrono::DateTime;
use model::log::LogLine;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

/// Lines that wait for the writer at most; who has more waits.
const QUEUE: usize = 100_000;
/// Lines of a commit, more when a call has more.
const COMMIT: usize = 8_000;
/// A commit of fewer waits a moment for more.
const FEW: usize = 1_000;
/// Between two looks at what nobody asks for: retention, merging of the index.
const TICK: Duration = Duration::from_secs(1);
/// Ticks between two rounds of retention.
const RETAIN_TICKS: u32 = 60;
/// Files that stay open for writing.
const OPEN: usize = 4;

type Reply = oneshot::Sender<Result<usize, AppendError>>;

struct Call {
    lines: Vec<LogLine>,
    reply: Reply,
    _room: OwnedSemaphorePermit,
}

enum Job {
    Append(Call),
    Retain(oneshot::Sender<()>),
    Stop,
}

/// Hands lines to the thread; dropping it ends the thread after what waits.
#[derive(Debug)]
pub(super) struct Writer {
    jobs: Sender<Job>,
    room: Arc<Semaphore>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start(folder: Arc<Folder>) -> Result<Self, OpenError> {
        let (jobs, inbox) = channel();
        let path = folder.options.folder.clone();
        let thread = std::thread::Builder::new()
            .name("logs-write".into())
            .spawn(move || Work::new(folder).run(&inbox))
            .map_err(|source| OpenError::Io { path, source })?;
        Ok(Self {
            jobs,
            room: Arc::new(Semaphore::new(QUEUE)),
            thread: Some(thread),
        })
    }

    pub(super) async fn append(&self, lines: Vec<LogLine>) -> Result<usize, AppendError> {
        if lines.is_empty() {
            return Ok(0);
        }
        let permits = u32::try_from(lines.len().min(QUEUE)).unwrap_or(u32::MAX);
        let room = self.room.clone().acquire_many_owned(permits).await;
        let (reply, answer) = oneshot::channel();
        let call = Call {
            lines,
            reply,
            _room: room.map_err(|_| AppendError::Closing)?,
        };
        let sent = self.jobs.send(Job::Append(call));
        sent.map_err(|_| AppendError::Closing)?;
        answer.await.map_err(|_| AppendError::Closing)?
    }

    pub(super) async fn retain(&self) -> Result<(), AppendError> {
        let (reply, answer) = oneshot::channel();
        let sent = self.jobs.send(Job::Retain(reply));
        sent.map_err(|_| AppendError::Closing)?;
        answer.await.map_err(|_| AppendError::Closing)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        let _ = self.jobs.send(Job::Stop);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Why a transaction failed.
enum Failure {
    /// The day's file is damaged; nothing of the commit is kept.
    Damaged(Day, String),
    Other(AppendError),
}

impl Failure {
    fn told(self) -> AppendError {
        match self {
            Self::Other(e) => e,
            Self::Damaged(day, text) => AppendError::Failed {
                kept: 0,
                code: 0,
                text: format!("{day}: {text}"),
            },
        }
    }
}

struct Work {
    folder: Arc<Folder>,
    open: BTreeMap<Day, DayWriter>,
    ticks: u32,
}

impl Work {
    fn new(folder: Arc<Folder>) -> Self {
        Self {
            folder,
            open: BTreeMap::new(),
            ticks: 0,
        }
    }

    fn run(&mut self, inbox: &Receiver<Job>) {
        self.retain();
        let linger = self.folder.options.linger;
        let mut busy = false;
        loop {
            let wait = if busy { linger } else { TICK };
            match inbox.recv_timeout(wait) {
                Ok(Job::Append(call)) => {
                    if !self.gather(inbox, call, busy) {
                        break;
                    }
                    busy = true;
                }
                Ok(Job::Retain(reply)) => {
                    self.retain();
                    let _ = reply.send(());
                }
                Err(RecvTimeoutError::Timeout) if busy => busy = false,
                Err(RecvTimeoutError::Timeout) => self.tick(),
                Ok(Job::Stop) | Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        for (_, day) in std::mem::take(&mut self.open) {
            day.close();
        }
    }

    /// Commits a call together with those that wait behind it. False when that was the end.
    fn gather(&mut self, inbox: &Receiver<Job>, first: Call, busy: bool) -> bool {
        // lines that trickle would each be a commit; only when one has just been made it is worth to wait
        if busy && first.lines.len() < FEW {
            std::thread::sleep(self.folder.options.linger);
        }
        let mut lines = first.lines.len();
        let mut calls = vec![first];
        let mut go_on = true;
        while lines < COMMIT {
            match inbox.try_recv() {
                Ok(Job::Append(call)) => {
                    lines += call.lines.len();
                    calls.push(call);
                }
                Ok(Job::Retain(reply)) => {
                    self.retain();
                    let _ = reply.send(());
                }
                Ok(Job::Stop) => {
                    go_on = false;
                    break;
                }
                Err(_) => break,
            }
        }
        self.keep(calls);
        go_on
    }

    fn keep(&mut self, mut calls: Vec<Call>) {
        for (day, cause) in self.folder.suspects() {
            self.put_aside(day, cause);
        }
        let replaced = self.bound_times(&mut calls);
        let mut result = self.commit(&calls);
        if let Err((_, Failure::Damaged(day, cause))) = result {
            // its file is new now; a second damage in the same moment is told
            self.put_aside(day, cause);
            result = self.commit(&calls);
        }
        let failed = result.err().map(|(days, failure)| (days, failure.told()));
        let kept_of = |call: &Call| match &failed {
            None => call.lines.len(),
            Some((days, _)) => {
                let kept = |l: &&LogLine| days.contains(&Day::of(l.position.at_ns));
                call.lines.iter().filter(kept).count()
            }
        };
        let lines: usize = calls.iter().map(|c| c.lines.len()).sum();
        let kept: usize = calls.iter().map(kept_of).sum();
        let failing = failed.as_ref().map(|(_, e)| e.with_kept(kept));
        if let Some(e) = &failing {
            tracing::error!(error = %e, lines = lines - kept, "log lines were not kept");
        }
        self.folder.note(|h| {
            h.failing = failing;
            h.kept += kept as u64;
            h.refused += (lines - kept) as u64;
            h.times_replaced += replaced;
        });
        for call in calls {
            let of_call = kept_of(&call);
            let answer = match &failed {
                Some((_, e)) if of_call < call.lines.len() => Err(e.with_kept(of_call)),
                _ => Ok(of_call),
            };
            let _ = call.reply.send(answer);
        }
        self.close_some();
    }

    /// Lines from beyond what the store keeps, and from tomorrow's tomorrow, get the time of now; answers how many.
    fn bound_times(&self, calls: &mut [Call]) -> u64 {
        let now_ns = (self.folder.options.clock)().saturating_mul(1_000_000);
        let first = Day::of(now_ns).before(self.folder.options.max_days.saturating_sub(1));
        let bounds = first.start_ns()..now_ns.saturating_add(DAY_NS);
        let mut replaced = 0;
        for line in calls.iter_mut().flat_map(|c| &mut c.lines) {
            let at = line.position.at_ns;
            if !bounds.contains(&at) {
                let own = DateTime::from_timestamp_nanos(at).to_rfc3339();
                line.attrs.insert("time_replaced".into(), own.into());
                line.position.at_ns = now_ns;
                replaced += 1;
            }
        }
        replaced
    }

    /// All lines in one transaction for each day. An error comes with the days that were committed before.
    fn commit(&mut self, calls: &[Call]) -> Result<(), (Vec<Day>, Failure)> {
        let mut next = self.folder.arrived.load(Ordering::Acquire);
        let mut days: BTreeMap<Day, Vec<(i64, i64, &LogLine)>> = BTreeMap::new();
        for line in calls.iter().flat_map(|c| &c.lines) {
            let at = line.position.at_ns;
            days.entry(Day::of(at)).or_default().push((next, at, line));
            next = next.saturating_add(1);
        }
        let mut committed = Vec::new();
        let mut done = Ok(());
        for (day, lines) in &days {
            done = self.insert(*day, lines);
            if done.is_err() {
                break;
            }
        }
        for (day, lines) in &days {
            if done.is_err() {
                break;
            }
            done = self.commit_day(*day);
            if done.is_ok() {
                committed.push(*day);
                self.folder
                    .arrived_at(*day, lines.last().map_or(0, |l| l.0));
            }
        }
        if let Err(failure) = done {
            // what was not committed is forgotten with the connections
            for day in days.keys().filter(|d| !committed.contains(d)) {
                self.open.remove(day);
            }
            if committed.is_empty() {
                return Err((committed, failure));
            }
            self.folder.arrived.store(next, Ordering::Release);
            return Err((committed, failure));
        }
        self.folder.arrived.store(next, Ordering::Release);
        Ok(())
    }

    fn insert(&mut self, day: Day, lines: &[(i64, i64, &LogLine)]) -> Result<(), Failure> {
        let path = self.folder.path(day);
        let max_bytes = self.folder.options.max_bytes;
        let writer = match self.open.entry(day) {
            std::collections::btree_map::Entry::Occupied(open) => open.into_mut(),
            std::collections::btree_map::Entry::Vacant(place) => {
                let opened = DayWriter::open(day, &path, max_bytes).map_err(|e| match e {
                    Fault::Damaged(cause) => Failure::Damaged(day, cause),
                    Fault::Other(e) => Failure::Other(AppendError::Failed {
                        kept: 0,
                        code: 0,
                        text: e.to_string(),
                    }),
                })?;
                self.folder.add(day);
                place.insert(opened)
            }
        };
        writer.insert(lines).map_err(|e| failure(day, &e))
    }

    fn commit_day(&mut self, day: Day) -> Result<(), Failure> {
        let writer = self.open.get_mut(&day);
        writer.map_or(Ok(()), |w| w.commit().map_err(|e| failure(day, &e)))
    }

    fn put_aside(&mut self, day: Day, cause: String) {
        self.open.remove(&day);
        self.folder.put_aside(day, cause);
    }

    /// Not more files stay open than are written now and then.
    fn close_some(&mut self) {
        while self.open.len() > OPEN {
            if let Some((_, oldest)) = self.open.pop_first() {
                oldest.close();
            }
        }
    }

    fn tick(&mut self) {
        for (day, cause) in self.folder.suspects() {
            self.put_aside(day, cause);
        }
        self.ticks += 1;
        if self.ticks >= RETAIN_TICKS {
            self.ticks = 0;
            self.retain();
        }
        // days that are over become one part, which is searched faster; a bit at a time
        let newest = self.open.keys().next_back().copied();
        for (day, writer) in &mut self.open {
            if Some(*day) != newest
                && writer.unmerged
                && let Err(e) = writer.merge()
            {
                writer.unmerged = false;
                tracing::warn!(%day, error = %e, "the index of a day of logs could not be merged");
            }
        }
    }

    fn retain(&mut self) {
        for (day, why) in self.folder.too_many() {
            if let Some(writer) = self.open.remove(&day) {
                writer.close();
            }
            self.folder.drop_day(day, why);
        }
    }
}

fn failure(day: Day, e: &rusqlite::Error) -> Failure {
    if is_damage(e) {
        Failure::Damaged(day, e.to_string())
    } else {
        Failure::Other(AppendError::of(e, 0))
    }
}

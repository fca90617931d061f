//! What can be asked about reports. One is made at a time, whoever asked for it.

use super::files::FilesError;
use super::ground::Ground;
use super::making::{self, Job, Made};
use super::schedule::{Plan, letter};
use super::shelf::{self, Note};
use crate::{clock, texts};
use chrono::{Datelike as _, NaiveDate};
use notify::mail::Mailer;
use parking_lot::Mutex;
use report::{Kind, Period, ReportError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use wire::{
    ErrorCode, ErrorView, ReportKind, ReportMake, ReportMaking, ReportOutcome, ReportPlan,
    ReportSaved, ReportSent, ReportSheet, ReportStage, ReportsPage,
};

/// Below the data directory: reports of the schedule without a folder of their own, those made by hand, and copies for somebody.
pub(super) const FOLDER: &str = "reports";
const BY_HAND: &str = "by-hand";
const EXPORTS: &str = "exports";
/// Nothing older is asked about.
const FIRST_YEAR: i32 = 2000;

/// What reports are made with.
pub struct Parts {
    /// Sources, boards, the alert desk's database.
    pub ground: Ground,
    /// The configuration's reports.
    pub plans: Vec<Plan>,
    /// Who sends them.
    pub mailer: Option<Arc<Mailer>>,
    /// Where reports made by hand and copies go.
    pub data: Option<PathBuf>,
    /// Ends what is being made.
    pub stop: CancellationToken,
}

#[derive(Default)]
struct State {
    making: Option<ReportMaking>,
    outcome: Option<ReportOutcome>,
    count: u32,
    /// By plan.
    failed: Vec<Option<ErrorView>>,
}

pub(super) struct Inner {
    pub parts: Parts,
    /// Where reports are looked for; the first is for those made by hand, if there is a data directory.
    folders: Vec<PathBuf>,
    state: Mutex<State>,
    bench: Arc<tokio::sync::Mutex<()>>,
}

/// To ask about reports. Clones are the same.
#[derive(Clone)]
pub struct ReportsHandle(pub(super) Arc<Inner>);

impl std::fmt::Debug for ReportsHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReportsHandle")
            .field("folders", &self.0.folders)
            .finish_non_exhaustive()
    }
}

fn refuse(reason: &str) -> ErrorView {
    ErrorView::new(ErrorCode::Refused).with("reason_key", format!("reports_page.reason.{reason}"))
}

/// Why there are no files, for a person.
pub(super) fn files_error(e: &FilesError) -> ErrorView {
    match e {
        FilesError::Report(ReportError::Chart(chart::ChartError::NoFace)) => refuse("no_face"),
        FilesError::Report(e) => refuse("not_drawn").with("detail", e),
        FilesError::Write { path, error } => refuse("not_written")
            .with("path", path.display())
            .with("detail", error),
    }
}

fn disk_error(path: &Path, error: &std::io::Error) -> ErrorView {
    refuse("not_written")
        .with("path", path.display())
        .with("detail", error)
}

/// Files lie on disks that may take their time.
async fn beside<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, ErrorView> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|e| ErrorView::new(ErrorCode::Internal).with("detail", e))
}

/// The period that is asked for.
fn period(ask: &ReportMake, now: i64, zone: chrono_tz::Tz) -> Result<Period, ErrorView> {
    let kind = match ask.kind {
        ReportKind::Daily => Kind::Daily,
        ReportKind::Weekly => Kind::Weekly,
        ReportKind::Monthly => Kind::Monthly,
    };
    let bad = |day: &str| refuse("bad_day").with("day", day);
    let Some(day) = &ask.day else {
        return Period::last_over(kind, now, zone).ok_or_else(|| bad(""));
    };
    let date: NaiveDate = day.parse().map_err(|_| bad(day))?;
    let period = Period::of(kind, date, zone).filter(|_| date.year() >= FIRST_YEAR);
    let period = period.ok_or_else(|| bad(day))?;
    if period.from >= now {
        return Err(refuse("future").with("day", day));
    }
    Ok(period)
}

/// Whom a report of this kind goes to: the addresses of its plans, else of all.
fn receivers(plans: &[Plan], kind: Kind) -> Vec<String> {
    let of = |wanted: &dyn Fn(&Plan) -> bool| {
        let mut all: Vec<String> = Vec::new();
        for address in plans.iter().filter(|p| wanted(p)).flat_map(|p| &p.mail_to) {
            if !all.contains(address) {
                all.push(address.clone());
            }
        }
        all
    };
    let own = of(&|p| p.kind == kind);
    if own.is_empty() { of(&|_| true) } else { own }
}

/// Folders in which reports are, each once.
fn folders(plans: &[Plan], data: Option<&Path>) -> Vec<PathBuf> {
    let own = data.map(|d| d.join(FOLDER));
    let mut all: Vec<PathBuf> = own.iter().map(|d| d.join(BY_HAND)).collect();
    for folder in own
        .into_iter()
        .chain(plans.iter().map(|p| p.folder.clone()))
    {
        if !all.contains(&folder) {
            all.push(folder);
        }
    }
    all
}

/// Says that nothing is being made any more, also when making it has panicked.
struct AtWork<'a>(&'a Inner);

impl Drop for AtWork<'_> {
    fn drop(&mut self) {
        self.0.state.lock().making = None;
    }
}

impl Inner {
    /// Makes one; the caller has the bench.
    async fn work(&self, job: &Job) -> Result<Made, FilesError> {
        let now = clock::now_ms();
        self.state.lock().making = Some(ReportMaking {
            kind: shelf::kind_view(job.period.kind),
            first: job.period.first.to_string(),
            by: job.by,
            since: now,
            stage: ReportStage::Gathering,
        });
        let _at_work = AtWork(self);
        let tell = |stage| {
            if let Some(making) = &mut self.state.lock().making {
                making.stage = stage;
            }
        };
        making::make(&self.parts.ground, job, now, &self.parts.stop, tell).await
    }

    /// Makes one for the schedule, after what is being made.
    pub async fn on_schedule(&self, plan: usize, job: &Job) -> Result<Made, FilesError> {
        let _bench = self.bench.lock().await;
        let made = self.work(job).await;
        let failed = made.as_ref().err().map(files_error);
        if let Some(slot) = self.state.lock().failed.get_mut(plan) {
            *slot = failed;
        }
        made
    }

    /// Remembers that a report was mailed.
    pub fn was_sent(folder: &Path, stem: &str, sent: ReportSent) {
        let Some(note) = shelf::note(folder, stem) else {
            return;
        };
        let note = Note {
            sent: Some(sent),
            ..note
        };
        if let Err(e) = shelf::keep_note(folder, stem, &note) {
            tracing::warn!(error = %e, "that a report was mailed cannot be kept");
        }
    }

    fn find(&self, id: &str) -> Result<(PathBuf, Period), ErrorView> {
        let zone = self.parts.ground.zone();
        let found = shelf::named(id, &self.folders, zone);
        found
            .map(|(folder, period)| (folder.to_owned(), period))
            .ok_or_else(|| refuse("unknown"))
    }

    fn plan_view(&self, i: usize, plan: &Plan, now: i64) -> ReportPlan {
        ReportPlan {
            kind: shelf::kind_view(plan.kind),
            next: plan.next(now, self.parts.ground.zone()),
            formats: plan.formats.iter().map(|f| f.ending().into()).collect(),
            folder: plan.folder.display().to_string(),
            mail_to: plan.mail_to.clone(),
            failed: self.state.lock().failed.get(i).cloned().flatten(),
        }
    }
}

impl ReportsHandle {
    /// Nothing is made before it is asked for, or before [`super::schedule::run`].
    pub fn new(parts: Parts) -> Self {
        let state = State {
            failed: vec![None; parts.plans.len()],
            ..State::default()
        };
        Self(Arc::new(Inner {
            folders: folders(&parts.plans, parts.data.as_deref()),
            parts,
            state: Mutex::new(state),
            bench: Arc::default(),
        }))
    }

    /// Which reports there are, what comes when, what is being made.
    ///
    /// # Errors
    /// When the program is ending.
    pub async fn page(&self) -> Result<ReportsPage, ErrorView> {
        let inner = self.0.clone();
        let now = clock::now_ms();
        beside(move || {
            let parts = &inner.parts;
            // Before the list: what is made meanwhile is listed when it is said to be there.
            let (making, outcome, count) = {
                let state = inner.state.lock();
                (state.making.clone(), state.outcome.clone(), state.count)
            };
            let (found, more) = shelf::list(&inner.folders, parts.ground.zone());
            let row = |f: &shelf::Found| {
                shelf::row(f, &inner.folders, receivers(&parts.plans, f.period.kind))
            };
            let plans = parts.plans.iter().enumerate();
            ReportsPage {
                now,
                rows: found.iter().map(row).collect(),
                more,
                plans: plans.map(|(i, p)| inner.plan_view(i, p, now)).collect(),
                mail: parts.mailer.is_some(),
                making,
                outcome,
                count,
                folder: parts
                    .data
                    .as_ref()
                    .map(|_| inner.folders[0].display().to_string()),
            }
        })
        .await
    }

    /// Begins to make one; how far it is and what came of it is told by [`ReportsHandle::page`].
    ///
    /// # Errors
    /// A day that is none or has not come, another report that is being made, or no place for files.
    pub fn make(&self, ask: &ReportMake) -> Result<(), ErrorView> {
        let inner = self.0.clone();
        let period = period(ask, clock::now_ms(), inner.parts.ground.zone())?;
        if inner.parts.data.is_none() {
            return Err(refuse("no_folder"));
        }
        let Ok(bench) = inner.bench.clone().try_lock_owned() else {
            return Err(refuse("busy"));
        };
        let locale = texts::LOCALES.iter().find(|l| **l == ask.locale);
        let mut job = Job::by_hand(period, inner.folders[0].clone());
        job.locale = locale.map(|l| (*l).to_owned());
        if let Some(plan) = inner.parts.plans.iter().find(|p| p.kind == period.kind) {
            job.promise = plan.promise;
        }
        tokio::spawn(async move {
            let _bench = bench;
            let made = inner.work(&job).await;
            let outcome = match made {
                Ok(_) => ReportOutcome::Made {
                    id: format!("0/{}", period.file_stem()),
                },
                Err(e) => {
                    tracing::error!(error = %e, "a report was not made");
                    ReportOutcome::Failed {
                        error: files_error(&e),
                    }
                }
            };
            let mut state = inner.state.lock();
            state.outcome = Some(outcome);
            state.count = state.count.wrapping_add(1);
        });
        Ok(())
    }

    /// One of them as it was written.
    ///
    /// # Errors
    /// When there is none of this name, or nothing is known beside its files.
    pub async fn open(&self, id: String) -> Result<ReportSheet, ErrorView> {
        let (folder, period) = self.0.find(&id)?;
        let read = beside(move || shelf::sheet(&folder, &period.file_stem())).await?;
        read.ok_or_else(|| refuse("not_readable"))
    }

    /// Copies its files to where the program puts what is for somebody.
    ///
    /// # Errors
    /// When there is none of this name, or the disk refuses.
    pub async fn save(&self, id: String) -> Result<ReportSaved, ErrorView> {
        let (folder, period) = self.0.find(&id)?;
        let Some(exports) = self.0.parts.data.as_ref().map(|d| d.join(EXPORTS)) else {
            return Err(refuse("no_folder"));
        };
        beside(move || {
            let files = shelf::files(&folder, &period.file_stem());
            if files.is_empty() {
                return Err(refuse("unknown"));
            }
            let copied = files.iter().map(|file| copy(file, &exports));
            copied.collect::<Result<Vec<_>, _>>()
        })
        .await?
        .map(|paths| ReportSaved { paths })
    }

    /// Mails it to those who are named, who have to be those of the configuration.
    ///
    /// # Errors
    /// When there is no mail server, no such report, other receivers than were confirmed, or the server refuses.
    pub async fn send(&self, id: String, to: Vec<String>) -> Result<(), ErrorView> {
        let (folder, period) = self.0.find(&id)?;
        let Some(mailer) = &self.0.parts.mailer else {
            return Err(refuse("no_mail"));
        };
        if to.is_empty() || to != receivers(&self.0.parts.plans, period.kind) {
            return Err(refuse("receivers"));
        }
        let stem = period.file_stem();
        let (at, name) = (folder.clone(), stem.clone());
        let receivers = to.clone();
        let written = beside(move || {
            let sheet = shelf::sheet(&at, &name).ok_or_else(|| refuse("not_readable"))?;
            let made = shelf::note(&at, &name).map_or(0, |n| n.made_at);
            let letter = letter(receivers, &sheet, &shelf::files(&at, &name), &name, made);
            let whole = !letter.attachments.is_empty();
            whole.then_some(letter).ok_or_else(|| refuse("unknown"))
        });
        let letter = written.await??;
        mailer.post(&letter).await.map_err(|e| {
            let mut said =
                ErrorView::new(ErrorCode::Refused).with("reason_key", e.code.locale_key());
            for (name, value) in &e.params {
                said = said.with(name, value);
            }
            said
        })?;
        let sent = ReportSent {
            at: clock::now_ms(),
            to,
        };
        beside(move || Inner::was_sent(&folder, &stem, sent)).await
    }
}

/// A copy is there whole or not at all.
fn copy(file: &Path, folder: &Path) -> Result<String, ErrorView> {
    let name = file.file_name().unwrap_or_default();
    let path = folder.join(name);
    let half = path.with_extension("part");
    let done = std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::copy(file, &half))
        .and_then(|_| std::fs::rename(&half, &path));
    done.map_err(|e| disk_error(&path, &e))?;
    Ok(path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-17 00:00 in Shanghai, a Tuesday.
    const NOW: i64 = 1_794_844_800_000;

    fn ask(kind: ReportKind, day: Option<&str>) -> Result<Period, String> {
        let ask = ReportMake {
            kind,
            day: day.map(str::to_owned),
            locale: "zh-CN".into(),
        };
        period(&ask, NOW, chrono_tz::Asia::Shanghai)
            .map_err(|e| e.params["reason_key"].replace("reports_page.reason.", ""))
    }

    #[test]
    fn a_day_is_one_that_has_begun() {
        let first = |p: Result<Period, String>| p.map(|p| p.first.to_string());
        assert_eq!(first(ask(ReportKind::Daily, None)), Ok("2026-11-16".into()));
        assert_eq!(
            first(ask(ReportKind::Weekly, Some("2026-11-12"))),
            Ok("2026-11-09".into())
        );
        assert_eq!(
            first(ask(ReportKind::Weekly, Some("2026-11-18"))),
            Ok("2026-11-16".into()),
            "it has begun"
        );
        let refused = |day| first(ask(ReportKind::Daily, Some(day)));
        assert_eq!(refused("2026-11-17"), Err("future".into()));
        for day in ["", "17.11.2026", "2026-02-30", "1999-12-31", "99999-01-01"] {
            assert_eq!(refused(day), Err("bad_day".into()), "{day}");
        }
    }

    #[test]
    fn mail_goes_to_the_kinds_receivers_else_to_all_each_once() {
        let plan = |kind: &str, to: &[&str]| {
            let wanted = crate::config::report::Report {
                kind: kind.into(),
                mail_to: to.iter().map(|s| (*s).to_owned()).collect(),
                ..Default::default()
            };
            Plan::of(&wanted, Path::new("x")).expect("a plan")
        };
        let plans = [
            plan("daily", &["a@x.cn", "b@x.cn"]),
            plan("daily", &["b@x.cn"]),
            plan("monthly", &[]),
        ];
        assert_eq!(receivers(&plans, Kind::Daily), ["a@x.cn", "b@x.cn"]);
        assert_eq!(receivers(&plans, Kind::Monthly), ["a@x.cn", "b@x.cn"]);
        assert!(receivers(&[], Kind::Daily).is_empty());
    }

    #[test]
    fn each_folder_is_looked_into_once() {
        let wanted = crate::config::report::Report {
            kind: "daily".into(),
            ..Default::default()
        };
        let plan = Plan::of(&wanted, Path::new("/d/reports")).expect("a plan");
        let all = folders(&[plan.clone(), plan], Some(Path::new("/d")));
        assert_eq!(
            all,
            [Path::new("/d/reports/by-hand"), Path::new("/d/reports")]
        );
    }
}

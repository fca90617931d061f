//! One report made: asked for, written, and remembered beside its files.

use super::files::{self, FilesError, Format};
use super::ground::{Ground, Question};
use super::sheet::sheet;
use super::shelf::{self, Note};
use report::{Document, Period};
use std::path::{Path, PathBuf};
use tokio_util::sync::CancellationToken;
use wire::{ReportBy, ReportSheet, ReportStage};

/// Later than this after its time a report is late, ms.
const LATE: i64 = 10 * 60_000;

/// What is to be made.
#[derive(Clone, Debug)]
pub(super) struct Job {
    /// About when.
    pub period: Period,
    /// Written as.
    pub formats: Vec<Format>,
    /// Written to.
    pub folder: PathBuf,
    /// The promised share of time, percent.
    pub promise: f64,
    /// For whom.
    pub by: ReportBy,
    /// When it was due, ms; `None`: nobody waited for it.
    pub due: Option<i64>,
    /// `zh-CN` or `en`; `None`: the configuration's.
    pub locale: Option<String>,
}

impl Job {
    /// By hand: in all formats, with the usual promise.
    pub fn by_hand(period: Period, folder: PathBuf) -> Self {
        Self {
            period,
            formats: vec![Format::Pdf, Format::Html],
            folder,
            promise: super::PROMISE,
            by: ReportBy::Hand,
            due: None,
            locale: None,
        }
    }
}

/// What came of it.
pub(super) struct Made {
    /// As the page shows it.
    pub sheet: ReportSheet,
    /// Its files.
    pub paths: Vec<PathBuf>,
    /// When its figures were asked for, ms.
    pub at: i64,
}

/// Makes a report now and tells how far it is.
pub(super) async fn make(
    ground: &Ground,
    job: &Job,
    now: i64,
    stop: &CancellationToken,
    tell: impl Fn(ReportStage),
) -> Result<Made, FilesError> {
    tell(ReportStage::Gathering);
    let question = Question {
        period: job.period,
        locale: job.locale.as_deref(),
        promise: job.promise,
    };
    let data = ground.gather(question, now, stop).await;
    let mut document = report::compose(&data);
    if let Some(due) = job.due.filter(|due| now - due > LATE) {
        let writer = report::Writer {
            locale: data.locale.clone(),
            zone: data.zone,
        };
        let at = writer.time(due, "%Y-%m-%d %H:%M");
        document.lead.push(writer.say("lead.late", &[("at", &at)]));
    }
    tell(ReportStage::Writing);
    let job = job.clone();
    let work = move || write(&document, &job, now);
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(e) => std::panic::resume_unwind(e.into_panic()),
    }
}

fn write(document: &Document, job: &Job, now: i64) -> Result<Made, FilesError> {
    let paths = files::write(document, &job.period, &job.formats, &job.folder)?;
    let sheet = sheet(document)?;
    let note = Note {
        made_at: now,
        by: job.by,
        sent: None,
    };
    remember(&job.folder, &job.period, &note, &sheet);
    Ok(Made {
        sheet,
        paths,
        at: now,
    })
}

/// The report is there without it; only the page cannot show it.
fn remember(folder: &Path, period: &Period, note: &Note, sheet: &ReportSheet) {
    let stem = period.file_stem();
    let kept = shelf::keep_sheet(folder, &stem, sheet);
    if let Err(e) = kept.and_then(|()| shelf::keep_note(folder, &stem, note)) {
        tracing::warn!(folder = %folder.display(), error = %e, "what the page shows of a report cannot be kept");
    }
}

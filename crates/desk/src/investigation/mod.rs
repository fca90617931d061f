//! 现场: what an engineer who has taken an alert asks first, gathered at once: the metric around the firing and as it was before, error
//! patterns that are new, failed and slow traces, what else fired, who is on duty.
//!
//! One deadline holds for all of it. Parts are asked beside each other, and within a part what came in time stays when something else of
//! it hangs: the page says what is missing.

mod clues;
mod deadline;
mod lines;
mod metric;
mod picture;
mod spans;

use crate::clock;
use crate::duty::DutyHandle;
use crate::duty::chart::Book;
use crate::logs::Stores;
use crate::traces::Store;
use clues::Clues;
use deadline::Deadline;
use model::duty::AlertId;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use wire::{
    AlertDetail, AlertGrouping, AlertItem, AlertOrder, AlertQuery, AlertRow, AlertTab, ErrorCode,
    ErrorView, ExportView, InvestigationView,
};

/// All of it has its answer by then: it is to be there in two seconds.
const WITHIN: Duration = Duration::from_millis(1_800);
/// The episode itself has this much less: without it nothing else can be asked, and that takes time as well.
const DETAIL_LESS: Duration = Duration::from_millis(900);
/// Looked at before the firing, ms: an alert fires after its `for`.
const BEFORE: i64 = 10 * 60_000;
/// Looked at after the firing at most, ms.
const AFTER: i64 = 60 * 60_000;
/// The time before that is compared with, ms.
const COMPARED: i64 = 60 * 60_000;
/// Alerts of a tab that are looked through.
const ROWS: u32 = 200;

/// Who gathers.
#[derive(Clone, Debug)]
pub struct Investigator {
    duty: DutyHandle,
    book: Book,
    logs: Stores,
    traces: Vec<Arc<Store>>,
    place: Place,
}

/// Where pictures go and how they are written.
#[derive(Clone, Debug)]
pub struct Place {
    /// The desk's data; `None`: there is no such folder.
    pub data: Option<PathBuf>,
    /// The zone that times are told in.
    pub zone: chrono_tz::Tz,
}

/// The stretch that is looked at, ms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stretch {
    from: i64,
    to: i64,
}

impl Stretch {
    /// Around the firing, until it was over, until now, or until long enough after.
    fn around(row: &AlertRow, now: i64) -> Self {
        let fired = row.starts_at as i64;
        let end = row.resolved_at.map_or(now, |at| at as i64 + BEFORE);
        Self {
            from: fired - BEFORE,
            to: end.min(fired + AFTER).min(now).max(fired - BEFORE + 1),
        }
    }
}

impl Investigator {
    /// From those who know.
    pub fn new(
        duty: DutyHandle,
        book: Book,
        logs: Stores,
        traces: Vec<Arc<Store>>,
        place: Place,
    ) -> Self {
        Self {
            duty,
            book,
            logs,
            traces,
            place,
        }
    }

    /// The same as a picture, written into the desk's folder of exports.
    ///
    /// # Errors
    /// As [`Investigator::investigate`]; without a folder or a Chinese face, or when it cannot be written.
    pub async fn picture(&self, id: AlertId, locale: &str) -> Result<ExportView, ErrorView> {
        let Some(data) = self.place.data.clone() else {
            return Err(refuse("refused.rota.no_folder"));
        };
        let view = self.investigate(id).await?;
        let (locale, zone) = (locale.to_owned(), self.place.zone);
        let work = move || {
            let png = picture::png(&view, &locale, zone, clock::now_ms()).map_err(|e| match e {
                chart::ChartError::NoFace => refuse("investigation.no_face"),
                other => ErrorView::new(ErrorCode::Internal).with("detail", other),
            })?;
            let folder = data.join("exports");
            let path = folder.join(format!("alert-{}.png", view.alert.row.id));
            let written =
                std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(&path, png));
            written.map_err(|e| {
                refuse("refused.rota.not_written")
                    .with("path", path.display())
                    .with("detail", e)
            })?;
            Ok(ExportView {
                path: path.display().to_string(),
                url: None,
            })
        };
        let drawn = tokio::task::spawn_blocking(work).await;
        drawn.map_err(|e| ErrorView::new(ErrorCode::Internal).with("detail", e))?
    }

    /// Everything about an episode, also one of the past.
    ///
    /// # Errors
    /// When there is no such episode. What could not be asked is an error of its part.
    pub async fn investigate(&self, id: AlertId) -> Result<InvestigationView, ErrorView> {
        let all = Deadline::begin(WITHIN);
        let alert = all.less(DETAIL_LESS).keep(self.duty.detail(id)).await?;
        let clues = Clues::of(&alert.labels);
        let stretch = Stretch::around(&alert.row, clock::now_ms());
        let demo = alert.row.demo;
        let (metric, logs, traces, (rows, others_error)) = tokio::join!(
            metric::gather(&self.duty, &self.book, id, all),
            lines::gather(&self.logs, &clues, stretch, demo, all),
            spans::gather(&self.traces, &clues, stretch, demo, all),
            self.rows(all),
        );
        Ok(InvestigationView {
            others: clues::others(&alert.row, rows),
            others_error,
            on_duty: self.duty.band().borrow().rota.clone(),
            alert: brief(alert),
            metric,
            logs,
            traces,
            took_ms: all.took_ms(),
        })
    }

    /// Alerts that hold and alerts that were over lately; and why some of them are missing.
    async fn rows(&self, all: Deadline) -> (Vec<AlertRow>, Option<ErrorView>) {
        let tab = async |tab| {
            let query = AlertQuery {
                tab,
                text: String::new(),
                levels: Vec::new(),
                group: AlertGrouping::None,
                order: AlertOrder::Newest,
                unfolded: Vec::new(),
                offset: 0,
                limit: ROWS,
                cursor: 0,
            };
            all.keep(self.duty.list(query)).await
        };
        let (open, suppressed, resolved) = tokio::join!(
            tab(AlertTab::Open),
            tab(AlertTab::Suppressed),
            tab(AlertTab::Resolved),
        );
        let (mut rows, mut error) = (Vec::new(), None);
        for page in [open, suppressed, resolved] {
            match page {
                Ok(page) => rows.extend(page.items.unwrap_or_default()),
                Err(why) => error = error.or(Some(why)),
            }
        }
        let row = |item| match item {
            AlertItem::Alert { row } => Some(*row),
            AlertItem::Group { .. } => None,
        };
        (rows.into_iter().filter_map(row).collect(), error)
    }
}

/// Why somebody was told is a page of its own.
fn brief(mut alert: AlertDetail) -> AlertDetail {
    alert.findings.clear();
    alert.notices.clear();
    alert
}

fn refuse(reason: &str) -> ErrorView {
    ErrorView::new(ErrorCode::Refused).with("reason_key", reason)
}

/// Which of several stores are asked: made up lines and traces explain made up alerts, real ones the others, unless there are none of
/// that kind.
fn of_its_kind<T>(stores: Vec<T>, is_demo: impl Fn(&T) -> bool, demo: bool) -> Vec<T> {
    if stores.iter().any(|s| is_demo(s) == demo) {
        return stores.into_iter().filter(|s| is_demo(s) == demo).collect();
    }
    stores
}

#[cfg(test)]
mod tests;

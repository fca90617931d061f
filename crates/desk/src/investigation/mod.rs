//! 现场: what an engineer who has taken an alert asks first, gathered at once: the metric around the firing and as it was before, error
//! patterns that are new, failed and slow traces, what else fired, who is on duty.
//!
//! Parts are asked beside each other and each has its time limit, so that a store that hangs costs its part and nothing else.

mod clues;
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
use model::duty::AlertId;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use wire::{
    AlertDetail, AlertGrouping, AlertItem, AlertOrder, AlertQuery, AlertRow, AlertTab, ErrorCode,
    ErrorView, ExportView, InvestigationView,
};

/// Each part has its answer by then. All of it is to be there in two seconds.
const WITHIN: Duration = Duration::from_millis(1_800);
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
    traces: Option<Arc<Store>>,
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
        traces: Option<Arc<Store>>,
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
        let began = clock::instant();
        let alert = self.duty.detail(id).await?;
        let clues = Clues::of(&alert.labels);
        let stretch = Stretch::around(&alert.row, clock::now_ms());
        let (metric, logs, traces, rows) = tokio::join!(
            metric::gather(&self.duty, &self.book, id),
            lines::gather(&self.logs, &clues, stretch),
            spans::gather(self.traces.as_deref(), &clues, stretch),
            self.rows(),
        );
        Ok(InvestigationView {
            others: clues::others(&alert.row, rows),
            on_duty: self.duty.band().borrow().rota.clone(),
            alert: brief(alert),
            metric,
            logs,
            traces,
            took_ms: began.elapsed().as_secs_f64() * 1e3,
        })
    }

    /// Alerts that hold and alerts that were over lately.
    async fn rows(&self) -> Vec<AlertRow> {
        let mut all = Vec::new();
        for tab in [AlertTab::Open, AlertTab::Suppressed, AlertTab::Resolved] {
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
            // Without the desk there is no alert to look at either.
            let page = self.duty.list(query).await.ok();
            all.extend(page.and_then(|p| p.items).unwrap_or_default());
        }
        let row = |item| match item {
            AlertItem::Alert { row } => Some(*row),
            AlertItem::Group { .. } => None,
        };
        all.into_iter().filter_map(row).collect()
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

/// The answer, or that there was none in time, and how long it took, ms.
async fn in_time<T>(
    work: impl Future<Output = Result<T, ErrorView>>,
) -> (Result<T, ErrorView>, f64) {
    within(WITHIN, work).await
}

async fn within<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, ErrorView>>,
) -> (Result<T, ErrorView>, f64) {
    let began = clock::instant();
    let late = || ErrorView::new(ErrorCode::Timeout).with("seconds", limit.as_secs_f64());
    let answer = tokio::time::timeout(limit, work)
        .await
        .unwrap_or_else(|_| Err(late()));
    (answer, began.elapsed().as_secs_f64() * 1e3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_part_that_hangs_is_given_up() {
        let hangs = std::future::pending::<Result<(), ErrorView>>();
        let (answer, took) = within(Duration::from_millis(20), hangs).await;
        assert_eq!(answer.map_err(|e| e.code), Err(ErrorCode::Timeout));
        assert!(took >= 20.0);
        let (answer, _) = within(Duration::from_secs(60), async { Ok(7) }).await;
        assert_eq!(answer, Ok(7));
    }
}

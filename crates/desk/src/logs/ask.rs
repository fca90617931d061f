//! Answers to what pages ask of logs.

use super::export;
use super::lanes::Lanes;
use super::saved::Saved;
use super::scope::{self, MS, position, refuse, store_error};
use super::stores::Stores;
use super::{complete, numbers, patterns, views};
use crate::clock;
use model::log::{Direction, Field, Histogram, LogLine, LogPosition, LogRange, PageAsk, TailMark};
use source::{Answer, Logs, SourceError};
use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use wire::{
    ErrorView, LogCompleteAsk, LogCompletion, LogDetailView, LogExportAsk, LogExportView,
    LogFacetValue, LogFacetView, LogFacetsAsk, LogFacetsView, LogHistogramAsk, LogHistogramView,
    LogNumbersAsk, LogNumbersView, LogPageAsk, LogPageView, LogPatternsAsk, LogPatternsView,
    LogReadingView, LogScope, LogTailAsk, LogTailView, LogViewEdit, LogsHome,
};

/// How long a question may take; an export and patterns read much.
const WITHIN: Duration = Duration::from_secs(20);
const LONG: Duration = Duration::from_secs(120);
/// Lines of one answer.
const LINES: usize = 1_000;
/// Buckets of a histogram.
const BUCKETS: u32 = 400;
/// Fields and values of one answer about facets.
const FACETS: usize = 20;
const VALUES: usize = 100;
/// Longest mark of a tail that comes back.
const MARK: usize = 4_096;
/// Fields that a range is said to have.
const FIELDS: usize = 200;

/// To ask about logs.
#[derive(Clone, Debug)]
pub struct LogsHandle(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    stores: Stores,
    lanes: Lanes,
    saved: Saved,
    boards: super::boards::Boards,
    /// Where exports are written.
    data: Option<PathBuf>,
}

/// What a page means: whom to ask, for which lines, and how long that may take.
struct Meant {
    store: Arc<dyn Logs>,
    range: LogRange,
    within: Duration,
}

/// Lengths of a bucket that people read, ms.
const STEPS: [i64; 22] = [
    1, 10, 100, 500, 1_000, 2_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000,
    600_000, 900_000, 1_800_000, 3_600_000, 7_200_000, 14_400_000, 21_600_000, 43_200_000,
    86_400_000,
];

/// The shortest readable step that cuts the range into no more than so many buckets, ns.
fn step(range: &LogRange, buckets: u32) -> i64 {
    let buckets = i64::from(buckets.clamp(1, BUCKETS));
    let least = range.to_ns.saturating_sub(range.from_ns) / MS / buckets;
    let found = STEPS.iter().copied().find(|s| *s >= least.max(1));
    // whole days beyond the last of them
    let day = 86_400_000;
    found.unwrap_or_else(|| least.div_euclid(day).saturating_add(1).saturating_mul(day)) * MS
}

/// The line at this place is the first one older than the next place.
fn just_after(at: LogPosition) -> Option<LogPosition> {
    at.seq.checked_add(1).map(|seq| LogPosition { seq, ..at })
}

/// Fields whose values tell lines apart without being different in each of them.
fn telling(fields: &[Field], with_category: bool) -> Vec<Field> {
    let mut chosen = vec![Field::Level, Field::Service, Field::Host];
    if with_category {
        chosen.push(Field::Category);
    }
    let each_its_own = |name: &str| {
        ["id", "_ms", "bytes", "time", "demo"]
            .iter()
            .any(|end| name.ends_with(end))
    };
    let more = fields
        .iter()
        .filter(|f| matches!(f, Field::Attr(_)) && !each_its_own(&f.to_string()));
    chosen.extend(more.take(6).cloned());
    chosen
}

impl LogsHandle {
    pub(super) fn new(
        stores: Stores,
        saved: Saved,
        boards: super::boards::Boards,
        data: Option<PathBuf>,
    ) -> Self {
        Self(Arc::new(Inner {
            stores,
            lanes: Lanes::default(),
            saved,
            boards,
            data,
        }))
    }

    /// The stores themselves, for other parts of the program.
    pub fn stores(&self) -> &Stores {
        &self.0.stores
    }

    async fn within<T>(
        &self,
        lane: &str,
        time: Duration,
        work: impl Future<Output = Result<T, ErrorView>>,
    ) -> Result<T, ErrorView> {
        self.0.lanes.run(lane, time, work).await
    }

    fn meant(&self, scope: &LogScope) -> Result<Meant, ErrorView> {
        let entry = self.0.stores.pick(scope.store.as_deref())?;
        let range = scope::range(scope)?;
        let within = if entry.is_cold() {
            scope::bounded(&range)?;
            LONG
        } else {
            WITHIN
        };
        Ok(Meant {
            store: entry.client()?.clone(),
            range,
            within,
        })
    }

    /// How far a slow store has read; nothing for one that is not slow.
    ///
    /// # Errors
    /// [`ErrorCode::UnknownSource`](wire::ErrorCode::UnknownSource).
    pub fn reading(&self, store: Option<&str>) -> Result<Option<LogReadingView>, ErrorView> {
        Ok(self.0.stores.pick(store)?.reading())
    }

    /// Gives up what this place of a page has asked.
    pub fn cancel(&self, lane: &str) {
        self.0.lanes.give_up(lane);
    }

    /// What the page needs once.
    pub async fn home(&self) -> LogsHome {
        let inner = &self.0;
        LogsHome {
            stores: inner.stores.all().iter().map(|e| e.view()).collect(),
            boards: inner.boards.views.clone(),
            views: inner.saved.all().await,
            problems: inner
                .boards
                .problems
                .iter()
                .map(crate::Problem::view)
                .collect(),
        }
    }

    /// A page of lines.
    ///
    /// # Errors
    /// A query that cannot be understood, or what the store answers.
    pub async fn page(&self, ask: LogPageAsk) -> Result<LogPageView, ErrorView> {
        let Meant {
            store,
            range,
            within,
        } = self.meant(&ask.scope)?;
        let page = PageAsk {
            beyond: ask.beyond.as_deref().map(position).transpose()?,
            direction: if ask.newer {
                Direction::Newer
            } else {
                Direction::Older
            },
            limit: (ask.limit as usize).clamp(1, LINES),
        };
        let columns = views::columns(&ask.columns);
        self.within(&ask.lane, within, async {
            let began = clock::instant();
            let answer = store
                .page(&range, page)
                .await
                .map_err(|e| store_error(&e))?;
            Ok(LogPageView {
                lines: lines(&answer.value.lines, &columns),
                more: answer.value.more,
                phrases: complete::phrases(&range.filter),
                partial: answer.partial,
                warnings: answer.warnings,
                took: began.elapsed().as_secs_f64() * 1e3,
            })
        })
        .await
    }

    /// One line as a whole.
    ///
    /// # Errors
    /// A line that is gone, or what the store answers.
    pub async fn line(
        &self,
        store: Option<String>,
        place: String,
    ) -> Result<LogDetailView, ErrorView> {
        let at = position(&place)?;
        let entry = self.0.stores.pick(store.as_deref())?;
        let store = entry.client()?.clone();
        let within = if entry.is_cold() { LONG } else { WITHIN };
        self.within("detail", within, async {
            let range = LogRange {
                from_ns: at.at_ns,
                to_ns: at.at_ns.saturating_add(1),
                ..LogRange::default()
            };
            let page = PageAsk {
                beyond: just_after(at),
                direction: Direction::Older,
                limit: 1,
            };
            let answer = store
                .page(&range, page)
                .await
                .map_err(|e| store_error(&e))?;
            let found = answer.value.lines.into_iter().find(|l| l.position == at);
            found
                .map(|l| views::detail(&l))
                .ok_or_else(|| refuse("gone"))
        })
        .await
    }

    /// Lines by time and level.
    ///
    /// # Errors
    /// A query that cannot be understood, or what the store answers.
    pub async fn histogram(&self, ask: LogHistogramAsk) -> Result<LogHistogramView, ErrorView> {
        let Meant {
            store,
            range,
            within,
        } = self.meant(&ask.scope)?;
        let step = step(&range, ask.buckets);
        self.within(&ask.lane, within, async {
            let began = clock::instant();
            let asked = store.histogram(&range, step).await;
            let Answer { value, .. } = asked.map_err(|e| store_error(&e))?;
            Ok(LogHistogramView {
                start: value.start_ns as f64 / MS as f64,
                step: value.step_ns as f64 / MS as f64,
                counts: value
                    .counts
                    .iter()
                    .take(2 * BUCKETS as usize)
                    .map(|row| row.map(|n| n as f64))
                    .collect(),
                total: Histogram::total(&value) as f64,
                exact: value.exact,
                took: began.elapsed().as_secs_f64() * 1e3,
            })
        })
        .await
    }

    /// The most frequent values of fields.
    ///
    /// # Errors
    /// A query that cannot be understood, or what the store answers.
    pub async fn facets(&self, ask: LogFacetsAsk) -> Result<LogFacetsView, ErrorView> {
        let Meant {
            store,
            range,
            within,
        } = self.meant(&ask.scope)?;
        let limit = (ask.limit as usize).clamp(1, VALUES);
        self.within(&ask.lane, within, async {
            // What was asked for by name needs no list of all.
            let known = if ask.fields.is_empty() {
                let asked = store.fields(&range).await;
                asked.map_err(|e| store_error(&e))?.value
            } else {
                Vec::new()
            };
            let fields: Vec<Field> = if ask.fields.is_empty() {
                telling(&known, ask.scope.category.is_none())
            } else {
                let named = ask.fields.iter().take(FACETS);
                named.map(|n| Field::named(n)).collect()
            };
            let asked = store.facets(&range, &fields, limit).await;
            let facets = asked.map_err(|e| store_error(&e))?.value;
            Ok(LogFacetsView {
                facets: facets.iter().map(|f| facet(f, limit)).collect(),
                fields: known.iter().take(FIELDS).map(Field::to_string).collect(),
            })
        })
        .await
    }

    /// What has arrived since the mark.
    ///
    /// # Errors
    /// A query that cannot be understood, or what the store answers.
    pub async fn tail(&self, ask: LogTailAsk) -> Result<LogTailView, ErrorView> {
        let entry = self.0.stores.pick(ask.scope.store.as_deref())?;
        let store = entry.client()?.clone();
        let range = LogRange {
            from_ns: i64::MIN,
            to_ns: i64::MAX,
            filter: scope::filter(&ask.scope)?,
        };
        let mark = match ask.mark {
            Some(mark) if mark.len() > MARK => return Err(refuse("place")),
            mark => mark.map(TailMark),
        };
        let columns = views::columns(&ask.columns);
        let limit = (ask.limit as usize).clamp(1, LINES);
        self.within(&ask.lane, WITHIN, async {
            let asked = store.tail(&range, mark.as_ref(), limit).await;
            let tail = asked.map_err(|e| store_error(&e))?.value;
            Ok(LogTailView {
                lines: lines(&tail.lines, &columns),
                mark: tail.mark.0,
                left_out: tail.left_out as f64,
                phrases: complete::phrases(&range.filter),
            })
        })
        .await
    }

    /// Similar lines folded.
    ///
    /// # Errors
    /// A query that cannot be understood, or what the store answers.
    pub async fn patterns(&self, ask: LogPatternsAsk) -> Result<LogPatternsView, ErrorView> {
        let Meant { store, range, .. } = self.meant(&ask.scope)?;
        let limit = ask.limit as usize;
        self.within(&ask.lane, LONG, patterns::find(store, range, limit))
            .await
    }

    /// A number's size by the values of a field.
    ///
    /// # Errors
    /// A query that cannot be understood, or what the store answers.
    pub async fn numbers(&self, ask: LogNumbersAsk) -> Result<LogNumbersView, ErrorView> {
        let Meant { store, range, .. } = self.meant(&ask.scope)?;
        let by = Field::named(&ask.by);
        let number = Field::named(&ask.number);
        let limit = (ask.limit as usize).clamp(1, VALUES);
        self.within(
            &ask.lane,
            WITHIN,
            numbers::find(store, range, by, number, limit),
        )
        .await
    }

    /// What could be typed next, and what is wrong.
    ///
    /// # Errors
    /// When something newer is asked. A store that does not answer makes fewer proposals, no error.
    pub async fn complete(&self, ask: LogCompleteAsk) -> Result<LogCompletion, ErrorView> {
        let entry = self.0.stores.pick(ask.scope.store.as_deref())?;
        let store = entry.client()?.clone();
        self.within(
            &ask.lane,
            WITHIN,
            complete::complete(store, ask.scope, ask.caret),
        )
        .await
    }

    /// Lines into a file.
    ///
    /// # Errors
    /// A query that cannot be understood, what the store answers, a disk that is full.
    pub async fn export(&self, ask: LogExportAsk) -> Result<LogExportView, ErrorView> {
        let Meant { store, range, .. } = self.meant(&ask.scope)?;
        let data = self.0.data.clone().ok_or_else(|| refuse("no_data"))?;
        self.within("export", LONG, export::write(store, range, ask, data))
            .await
    }

    /// Keeps or forgets a view; answered with all of them when it is on the disk.
    ///
    /// # Errors
    /// What is wrong with it, or the disk's.
    pub async fn edit_views(
        &self,
        edit: LogViewEdit,
    ) -> Result<Vec<wire::LogSavedView>, ErrorView> {
        self.0.saved.edit(edit).await
    }
}

fn lines(all: &[LogLine], columns: &[Field]) -> Vec<wire::LogLineView> {
    all.iter()
        .take(LINES)
        .map(|l| views::line(l, columns))
        .collect()
}

fn facet(facet: &model::log::Facet, limit: usize) -> LogFacetView {
    LogFacetView {
        field: facet.field.to_string(),
        values: facet
            .values
            .iter()
            .take(limit)
            .map(|v| LogFacetValue {
                value: views::head(&v.value, 300).0,
                lines: v.lines as f64,
            })
            .collect(),
        exact: facet.exact,
        estimated: facet.estimated,
    }
}

/// The newest lines of a range, at most `most`, in pages; and whether that is all.
pub(super) async fn newest(
    store: &dyn Logs,
    range: &LogRange,
    most: usize,
    mut take: impl FnMut(Vec<LogLine>) + Send,
) -> Result<(usize, bool), SourceError> {
    const PAGE: usize = 2_000;
    let (mut beyond, mut seen) = (None, 0);
    loop {
        let ask = PageAsk {
            beyond,
            direction: Direction::Older,
            limit: PAGE.min(most - seen),
        };
        let page = store.page(range, ask).await?.value;
        seen += page.lines.len();
        beyond = page.lines.last().map(|l| l.position);
        let empty = page.lines.is_empty();
        take(page.lines);
        if !page.more || empty {
            return Ok((seen, !page.more));
        }
        if seen >= most {
            return Ok((seen, false));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_have_readable_lengths_and_are_never_too_many() {
        let of = |ms: i64| LogRange {
            from_ns: 0,
            to_ns: ms * MS,
            ..LogRange::default()
        };
        assert_eq!(step(&of(3_600_000), 60), 60_000 * MS);
        assert_eq!(step(&of(86_400_000), 96), 900_000 * MS);
        assert_eq!(step(&of(5), 60), MS);
        for ms in [1, 999, 3_600_001, 86_400_000 * 7, 86_400_000 * 4_000] {
            for buckets in [1, 30, 400, 9_999] {
                let step = step(&of(ms), buckets);
                let cut = (ms * MS + step - 1) / step;
                assert!(
                    step > 0 && cut <= i64::from(buckets.min(BUCKETS)) + 1,
                    "{ms} {buckets} {cut}"
                );
            }
        }
    }

    #[test]
    fn facets_are_of_fields_that_many_lines_share() {
        let fields = [
            "demo",
            "http.status",
            "user_id",
            "duration_ms",
            "channel",
            "message",
        ]
        .map(Field::named);
        let names: Vec<String> = telling(&fields, false)
            .iter()
            .map(Field::to_string)
            .collect();
        assert_eq!(
            names,
            ["level", "service", "host", "http.status", "channel"]
        );
        assert_eq!(telling(&[], true).len(), 4);
    }
}

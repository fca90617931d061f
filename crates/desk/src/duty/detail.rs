//! Questions that look into the database: one episode, the past, figures. Each is answered beside the loop.

use super::chart;
use super::core::{DutyCore, search_error};
use super::filter::{Filter, haystack};
use super::handle::Answer;
use super::sentences::{self, Names, level_reason};
use super::views::{self, Scene};
use crate::clock;
use engine::duty::{Next, Setup};
use model::duty::{Alert, AlertId, Notice, Transition};
use std::collections::BTreeSet;
use std::sync::Arc;
use wire::{
    AlertChart, AlertDetail, ErrorCode, ErrorView, FiguresView, HistoryPage, HistoryQuery,
    LabelView, NoticeView, SightView,
};

/// Lines of a timeline that are shown: the oldest and the newest of more.
const MOST_LINES: usize = 400;
/// Notices that are shown.
const MOST_NOTICES: usize = 200;
/// Characters of a text that is shown.
const MAX_TEXT: usize = 4_000;
/// Weeks of figures.
const MOST_WEEKS: u32 = 104;
/// Rows of a page of the past.
const MOST_ROWS: u32 = 200;
const WEEK: i64 = 7 * 86_400_000;

/// The database's error for a person.
pub fn store_error(e: &store::StoreError) -> ErrorView {
    let view = ErrorView::new(ErrorCode::Store).with("reason_key", format!("store.{}", e.advice()));
    e.params()
        .into_iter()
        .fold(view, |v, (name, value)| v.with(name, value))
}

/// What a view of one episode needs from the loop.
struct Frozen {
    setup: Arc<Setup>,
    names: Arc<Names>,
    lost: BTreeSet<String>,
    me: String,
    store: store::Store,
    next: Option<Next>,
}

impl DutyCore {
    fn frozen(&self, id: AlertId) -> Frozen {
        Frozen {
            setup: self.setup.clone(),
            names: self.names.clone(),
            lost: self.lost.clone(),
            me: self.facts.me.id.clone(),
            store: self.store.clone(),
            next: self.duty.next_for(id),
        }
    }

    pub(super) fn detail(&self, id: AlertId, reply: Answer<AlertDetail>) {
        let alert = self.duty.alert(id).cloned();
        let frozen = self.frozen(id);
        tokio::spawn(async move {
            // Nobody waits any more: as everywhere here.
            let _ = reply.send(frozen.detail(id, alert).await);
        });
    }

    pub(super) fn chart(&self, id: AlertId, reply: Answer<AlertChart>) {
        let alert = self.duty.alert(id).cloned();
        let (store, book) = (self.store.clone(), self.book.clone());
        tokio::spawn(async move {
            let found = match alert {
                Some(alert) => Ok(alert),
                None => known(&store, id).await,
            };
            let answer = match found {
                Ok(alert) => chart::chart(alert, book).await,
                Err(e) => Err(e),
            };
            let _ = reply.send(answer);
        });
    }

    pub(super) fn history(&self, query: HistoryQuery, reply: Answer<HistoryPage>) {
        let frozen = self.frozen(AlertId(0));
        tokio::spawn(async move {
            let _ = reply.send(frozen.history(query).await);
        });
    }

    pub(super) fn figures(&self, weeks: u32, reply: Answer<FiguresView>) {
        let (store, setup) = (self.store.clone(), self.setup.clone());
        tokio::spawn(async move {
            let to = clock::now_ms();
            let from = to - i64::from(weeks.clamp(1, MOST_WEEKS)) * WEEK;
            let answer = super::figures::figures(&store, from, to, &setup).await;
            let _ = reply.send(answer.map_err(|e| store_error(&e)));
        });
    }
}

/// An episode of the past.
async fn known(store: &store::Store, id: AlertId) -> Result<Alert, ErrorView> {
    match store.alert(id).await {
        Ok(Some(alert)) => Ok(alert),
        Ok(None) => Err(ErrorView::new(ErrorCode::UnknownAlert).with("id", id.0)),
        Err(e) => Err(store_error(&e)),
    }
}

impl Frozen {
    fn scene(&self) -> Scene<'_> {
        Scene {
            setup: &self.setup,
            names: &self.names,
            lost: &self.lost,
        }
    }

    async fn detail(&self, id: AlertId, alert: Option<Alert>) -> Result<AlertDetail, ErrorView> {
        let alert = match alert {
            Some(alert) => alert,
            None => known(&self.store, id).await?,
        };
        let timeline = self.store.timeline(id).await.map_err(|e| store_error(&e))?;
        let notices = self
            .store
            .notices_of(id)
            .await
            .map_err(|e| store_error(&e))?;
        Ok(self.view(&alert, &timeline, &notices))
    }

    fn view(&self, alert: &Alert, timeline: &[Transition], notices: &[Notice]) -> AlertDetail {
        let findings = engine::duty::explain(alert, timeline, notices, &self.setup, Some(&self.me));
        let web = |url: &str| url.starts_with("http://") || url.starts_with("https://");
        let note = |name: &str| alert.annotations.get(name).map(|t| cut(t));
        let shown = ["summary", "description", "runbook_url"];
        let label = |(n, v): (&str, &str)| LabelView {
            name: cut(n),
            value: cut(v),
        };
        AlertDetail {
            now: clock::now_ms() as f64,
            row: views::row(alert, self.next.as_ref(), &self.scene()),
            description: note("description"),
            runbook: note("runbook_url")
                .or_else(|| note("runbook"))
                .filter(|u| web(u)),
            annotations: alert
                .annotations
                .iter()
                .filter(|(n, _)| !shown.contains(&n.as_str()))
                .map(|(n, v)| label((n, v)))
                .collect(),
            labels: alert.labels.iter().map(label).collect(),
            level_reason: level_reason(&alert.level_reason),
            expr: alert.expr.as_deref().map(cut),
            sights: alert
                .sights
                .iter()
                .map(|(source, s)| sight(source, s))
                .collect(),
            quiet: alert
                .suppressions
                .iter()
                .map(sentences::suppression)
                .collect(),
            steps: views::steps_ahead(alert, self.next.as_ref(), &self.scene()),
            timeline: middle_out(timeline)
                .map(|t| sentences::timeline(t, &self.names))
                .collect(),
            notices: notices
                .iter()
                .rev()
                .take(MOST_NOTICES)
                .map(|n| self.notice(n))
                .collect(),
            findings: findings
                .iter()
                .map(|f| super::findings::view(f, &self.names))
                .collect(),
        }
    }

    fn notice(&self, notice: &Notice) -> NoticeView {
        let (state, at) = sentences::state(&notice.outcome);
        NoticeView {
            id: notice.id.to_string(),
            to: sentences::name(&self.names, &notice.to),
            channel: notice.channel.clone(),
            created_at: notice.created_at as f64,
            why: sentences::why(notice),
            state: state.to_owned(),
            at: at.map(|t| t as f64),
            outcome: sentences::outcome(&notice.outcome),
        }
    }

    async fn history(&self, query: HistoryQuery) -> Result<HistoryPage, ErrorView> {
        let filter = Filter::parse(&query.text).map_err(|e| search_error(&e))?;
        let wanted = store::Query {
            from: Some(query.from as i64),
            to: Some(query.to as i64),
            levels: views::levels(&query.levels),
            labels: filter.matchers(),
            text: filter.first_word().to_owned(),
            person: query.person.clone().map(|p| (p, None)),
            state: None,
            before: query.before.map(|(time, id)| store::Cursor {
                time: time as i64,
                id: AlertId(id),
            }),
            limit: query.limit.clamp(1, MOST_ROWS),
        };
        let page = self
            .store
            .history(&wanted)
            .await
            .map_err(|e| store_error(&e))?;
        let found = page
            .items
            .iter()
            .filter(|a| filter.matches(a, &haystack(a)));
        Ok(HistoryPage {
            rows: found.map(|a| views::row(a, None, &self.scene())).collect(),
            before: page.next.map(|c| (c.time as f64, c.id.0)),
        })
    }
}

fn sight(source: &str, s: &model::duty::Sight) -> SightView {
    SightView {
        source: source.to_owned(),
        state: match s.state {
            model::Reported::Firing => "firing",
            model::Reported::Suppressed => "suppressed",
            model::Reported::Resolved => "resolved",
        }
        .to_owned(),
        seen_at: s.seen_at as f64,
        url: s.generator_url.clone(),
    }
}

fn cut(text: &str) -> String {
    text.chars().take(MAX_TEXT).collect()
}

/// All lines, or the oldest and the newest of too many.
fn middle_out(timeline: &[Transition]) -> impl Iterator<Item = &Transition> {
    let half = MOST_LINES / 2;
    let (first, last) = if timeline.len() > MOST_LINES {
        (&timeline[..half], &timeline[timeline.len() - half..])
    } else {
        (timeline, &timeline[..0])
    };
    first.iter().chain(last)
}

#[cfg(test)]
mod tests {
    use crate::texts::{LOCALES, exists};

    #[test]
    fn every_fault_of_the_database_has_its_sentence() {
        let plain = store::StoreError::CODES
            .iter()
            .filter(|c| **c != "store_backup");
        for code in plain.chain(&store::BackupFault::CODES) {
            for locale in LOCALES {
                assert!(exists(locale, &format!("store.{code}")), "{locale}: {code}");
            }
        }
    }
}

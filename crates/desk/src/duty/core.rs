//! The loop.

mod acts;
mod whole;

use self::acts::refused;

use super::chart::Book;
use super::commit::{self, Batch, FAIL_OPEN_AFTER};
use super::detail;
use super::driver::Driver;
use super::filter::{Filter, FilterError};
use super::handle::{Ask, DutyHandle, Message, SourceNews};
use super::list::{self, Question};
use super::seen::Seen;
use super::sentences::Names;
use super::shell::{Shell, ShellState};
use super::views::{self, Scene};
use crate::clock;
use crate::core::Look;
use crate::rota::RotaNews;
use engine::duty::{Duty, Effect, Event, Extent, Setup};
use model::duty::{Alert, Mute, Snapshot};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use wire::{
    AlertBand, AlertPage, AlertQuery, ErrorCode, ErrorView, MatcherView, PersonView, PreviewView,
    ViewSettings, WantedPlace, WantedView,
};

/// Messages taken in one turn.
const BATCH: usize = 64;
/// The loop wakes at least this often: a machine that slept, a clock that was set.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);
/// Alerts that a preview shows.
const PREVIEW: usize = 50;
/// Characters of a place that another window asks for.
const MAX_PLACE: usize = 1_000;

/// What does not change while the desk runs.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Who uses this desk.
    pub me: PersonView,
    /// How long an acknowledgement holds, ms; `None`: until the alert is over.
    pub ack_ms: Option<i64>,
    /// Labels over which acknowledgements are mirrored; empty: not unless asked for.
    pub mirror: Vec<String>,
    /// Sources in the order of the configuration, with their kinds and whether they take silences.
    pub sources: Vec<(String, String, bool)>,
    /// How windows look.
    pub settings: ViewSettings,
}

/// How a source fares.
#[derive(Clone, Default)]
struct Fares {
    /// Whether it answered last; `None`: not asked yet.
    ok: Option<bool>,
    error: Option<ErrorView>,
    last_ok: Option<i64>,
    alerts: u32,
}

/// What a desk is made of.
pub struct Parts {
    /// What the engine decides by.
    pub setup: Setup,
    /// What does not change.
    pub facts: Facts,
    /// The database.
    pub store: store::Store,
    /// Channels and Alertmanagers.
    pub driver: Driver,
    /// Windows and tray.
    pub shell: Arc<dyn Shell>,
    /// Where the wall looks.
    pub band: watch::Sender<Arc<AlertBand>>,
    /// Sources of metrics, for charts.
    pub book: Book,
    /// To send to itself.
    pub handle: DutyHandle,
    /// Where others read who uses this desk.
    pub me: watch::Sender<PersonView>,
}

/// The loop's state.
pub struct DutyCore {
    pub(super) duty: Duty,
    pub(super) setup: Arc<Setup>,
    pub(super) names: Arc<Names>,
    pub(super) facts: Facts,
    pub(super) store: store::Store,
    pub(super) driver: Driver,
    pub(super) book: Book,
    shell: Arc<dyn Shell>,
    band: watch::Sender<Arc<AlertBand>>,
    pub(super) lost: BTreeSet<String>,
    sources: BTreeMap<String, Fares>,
    channels: BTreeMap<String, notify::ChannelHealth>,
    batch: Batch,
    /// What is under way to the disk, to be done again if it fails.
    flying: Option<(Arc<Vec<model::duty::Record>>, Batch)>,
    failures: u32,
    failing_since: Option<i64>,
    store_error: Option<ErrorView>,
    muted_until: Option<i64>,
    wanted: Option<WantedView>,
    place: Option<WantedPlace>,
    away: Option<(i64, i64)>,
    seen: Seen,
    shown: (u64, ShellState),
    handle: DutyHandle,
    me: watch::Sender<PersonView>,
    /// As the configuration has it: people and roles, to which the rota adds its own.
    base: (Vec<model::duty::Person>, BTreeMap<String, Vec<String>>),
    rota: Vec<wire::OnDutyView>,
    /// What whoever plans the rota must know.
    rota_warnings: Vec<wire::Sentence>,
}

impl DutyCore {
    /// A desk before its first event.
    pub fn new(parts: Parts) -> Self {
        let Parts {
            setup,
            facts,
            store,
            driver,
            shell,
            band,
            book,
            handle,
            me,
        } = parts;
        let names = names(&setup, &facts.me);
        let base = (setup.people.clone(), setup.roles.clone());
        let sources = facts
            .sources
            .iter()
            .map(|(n, _, _)| (n.clone(), Fares::default()));
        Self {
            duty: Duty::new(),
            names: Arc::new(names),
            setup: Arc::new(setup),
            sources: sources.collect(),
            facts,
            store,
            driver,
            book,
            shell,
            band,
            lost: BTreeSet::new(),
            channels: BTreeMap::new(),
            batch: Batch::default(),
            flying: None,
            failures: 0,
            failing_since: None,
            store_error: None,
            muted_until: None,
            wanted: None,
            place: None,
            away: None,
            seen: Seen::default(),
            shown: (u64::MAX, ShellState::default()),
            handle,
            me,
            base,
            rota: Vec::new(),
            rota_warnings: Vec::new(),
        }
    }

    /// Runs until every handle is gone.
    pub async fn run(mut self, snapshot: Snapshot, mut rx: mpsc::Receiver<Message>) {
        let now = clock::now_ms();
        let away = snapshot
            .alive_at
            .map(|at| now - at)
            .filter(|ms| *ms > 120_000);
        self.away = away.map(|ms| (ms, now));
        self.event(Event::Configured(Box::new(Setup::clone(&self.setup))));
        self.event(Event::Restored(Box::new(snapshot)));
        loop {
            self.flush();
            self.publish();
            let wait = self.duty.next_wakeup().map_or(LONGEST_SLEEP, |(at, _)| {
                let ms = u64::try_from(at - clock::now_ms()).unwrap_or(0);
                Duration::from_millis(ms).min(LONGEST_SLEEP)
            });
            let message = tokio::select! {
                message = rx.recv() => match message {
                    Some(message) => Some(message),
                    None => return,
                },
                () = tokio::time::sleep(wait) => None,
            };
            let Some(message) = message else {
                self.event(Event::Wakeup);
                continue;
            };
            self.message(message);
            for _ in 0..BATCH {
                match rx.try_recv() {
                    Ok(message) => self.message(message),
                    Err(_) => break,
                }
            }
        }
    }

    fn event(&mut self, event: Event) {
        let effects = self.duty.handle(event, clock::now_ms());
        self.batch.add(effects);
    }

    fn message(&mut self, message: Message) {
        match message {
            Message::Event(event) => self.event(event),
            Message::Observed(event, taken) => {
                self.event(event);
                // Its sender is gone with its source.
                let _ = taken.send(());
            }
            Message::Ask(ask) => self.ask(ask),
            Message::Batch {
                source,
                alerts,
                reply,
            } => {
                self.event(Event::Observed {
                    source,
                    extent: Extent::Some,
                    alerts,
                });
                self.batch.replies.push(reply);
            }
            Message::Source(news) => self.source(news),
            Message::Channel(kind, health) => {
                let event = Event::ChannelHealth {
                    channel: kind.clone(),
                    ok: health.ok,
                };
                self.channels.insert(kind, health);
                self.event(event);
            }
            Message::Rota(news) => self.rota_news(*news),
            Message::Popup(event) => self.popup(&event),
            Message::Want(alert) => self.want(Some(alert)),
            Message::Place(page, query) => {
                self.place = Some(WantedPlace {
                    page: page.chars().take(MAX_PLACE).collect(),
                    query: query.chars().take(MAX_PLACE).collect(),
                    at: clock::now_ms() as f64,
                });
            }
            Message::Look(Look::Locale(l)) if crate::texts::LOCALES.contains(&l.as_str()) => {
                self.facts.settings.locale = l;
                self.shown.0 = u64::MAX;
            }
            Message::Look(Look::Theme(t)) if t == "dark" || t == "calm" => {
                self.facts.settings.theme = t;
            }
            Message::Look(_) => {}
            Message::Committed(result) => self.committed(result),
            Message::Retry => self.fly(),
        }
    }

    /// People and roles of the rota beside those of the configuration: where both know a person the configuration's addresses count, where
    /// both fill a role the rota does.
    fn rota_news(&mut self, news: RotaNews) {
        let mut setup = Setup::clone(&self.setup);
        setup.people.clone_from(&self.base.0);
        let known: BTreeSet<String> = setup.people.iter().map(|p| p.id.clone()).collect();
        let new = news.people.into_iter().filter(|p| !known.contains(&p.id));
        setup.people.extend(new);
        setup.roles.clone_from(&self.base.1);
        setup.roles.extend(
            news.roles
                .into_iter()
                // A rota's own role stays known when nobody has it.
                .filter(|(role, people)| role.contains('/') || !people.is_empty()),
        );
        let roles = setup.roles.clone();
        let more_people = setup.people != self.setup.people;
        self.names = Arc::new(names(&setup, &self.facts.me));
        self.setup = Arc::new(setup);
        if more_people {
            self.event(Event::Configured(Box::new(Setup::clone(&self.setup))));
        }
        self.event(Event::Roles(roles));
        self.rota = news.on_duty;
        self.rota_warnings = news.warnings;
        self.shown.0 = u64::MAX;
    }

    fn source(&mut self, news: SourceNews) {
        let lost = news.error.is_some();
        let entry = self.sources.entry(news.name.clone()).or_default();
        entry.ok = Some(!lost);
        entry.error = news.error;
        if !lost {
            entry.last_ok = Some(clock::now_ms());
            entry.alerts = news.alerts;
        }
        let was_lost = self.lost.contains(&news.name);
        if lost && !was_lost {
            self.lost.insert(news.name.clone());
            self.event(Event::SourceLost { source: news.name });
        } else if !lost && was_lost {
            self.lost.remove(&news.name);
            self.event(Event::SourceBack { source: news.name });
        }
    }

    // ---- to the disk ------------------------------------------------------------------------------------------------------

    /// Begins a transaction if there is something to keep and none is under way.
    fn flush(&mut self) {
        if self.flying.is_some() {
            self.fail_open();
            return;
        }
        if self.batch.is_empty() {
            return;
        }
        let mut batch = std::mem::take(&mut self.batch);
        let records = std::mem::take(&mut batch.records);
        if records.is_empty() {
            self.finish(batch);
            return;
        }
        self.flying = Some((Arc::new(records), batch));
        self.fly();
    }

    fn fly(&mut self) {
        let Some((records, _)) = &self.flying else {
            return;
        };
        let (store, handle, records) = (self.store.clone(), self.handle.clone(), records.clone());
        tokio::spawn(async move {
            let result = store.commit(&records).await.map(|_| ());
            handle.send(Message::Committed(result)).await;
        });
    }

    fn committed(&mut self, result: Result<(), store::StoreError>) {
        match result {
            Ok(()) => {
                self.failures = 0;
                self.failing_since = None;
                self.store_error = None;
                if let Some((_, after)) = self.flying.take() {
                    self.finish(after);
                }
            }
            Err(e) => self.failed(&e),
        }
    }

    /// Everything is tried again until it is kept. After a while what was to be done is done all the same: nobody may sleep because a disk
    /// is full.
    fn failed(&mut self, error: &store::StoreError) {
        tracing::error!(error = %error, "the alert desk's database cannot be written");
        self.store_error = Some(detail::store_error(error));
        self.failing_since.get_or_insert(clock::now_ms());
        self.batch.squeeze();
        let (handle, pause) = (self.handle.clone(), commit::pause(self.failures));
        self.failures += 1;
        tokio::spawn(async move {
            tokio::time::sleep(pause).await;
            handle.send(Message::Retry).await;
        });
    }

    /// Does what waits for a transaction that has failed for too long; the records go on waiting.
    fn fail_open(&mut self) {
        let too_long = self
            .failing_since
            .is_some_and(|t| clock::now_ms() - t >= FAIL_OPEN_AFTER);
        let Some(error) = self.store_error.clone().filter(|_| too_long) else {
            return;
        };
        let flying = self.flying.as_mut().map(|(_, after)| std::mem::take(after));
        let waiting = Batch {
            records: Vec::new(),
            after: std::mem::take(&mut self.batch.after),
            replies: std::mem::take(&mut self.batch.replies),
        };
        for mut batch in flying.into_iter().chain([waiting]) {
            for reply in batch.replies.drain(..) {
                // Nobody waits any more.
                let _ = reply.send(Err(error.clone()));
            }
            self.finish(batch);
        }
    }

    fn finish(&mut self, batch: Batch) {
        for reply in batch.replies {
            // Nobody waits any more.
            let _ = reply.send(Ok(()));
        }
        for effect in batch.after {
            self.run_effect(effect);
        }
    }

    fn run_effect(&mut self, effect: Effect) {
        match effect {
            Effect::Keep(_) => {}
            Effect::Send(notice) => {
                let alerts: Vec<Alert> = notice
                    .alerts
                    .iter()
                    .take(notify::message::ALERTS)
                    .filter_map(|id| self.duty.alert(*id).cloned())
                    .collect();
                let next = notice.alerts.first().and_then(|id| self.duty.next_for(*id));
                let message = notify::render(
                    &notice,
                    &notify::Scene {
                        alerts: &alerts,
                        people: &self.setup.people,
                        next: next.map(|n| notify::Next {
                            at: n.at,
                            to: n.names,
                        }),
                        locale: &self.facts.settings.locale,
                        zone: self.setup.zone,
                        now: clock::now_ms(),
                    },
                );
                let hushed = self.muted_until.is_some_and(|at| at > clock::now_ms());
                self.driver.send(notice, message, hushed);
            }
            Effect::Withdraw(notices) => self.driver.withdraw(notices),
            Effect::Mirror {
                alert,
                source,
                matchers,
                until,
                by,
                comment,
            } => {
                self.driver
                    .mirror(alert, source, matchers, until, &by, &comment);
            }
            Effect::Unmirror {
                alert,
                source,
                silence,
            } => {
                self.driver.unmirror(alert, source, silence);
            }
        }
    }

    // ---- questions --------------------------------------------------------------------------------------------------------

    fn ask(&mut self, ask: Ask) {
        // A reply that nobody waits for any more is dropped: the page asks again.
        match ask {
            Ask::List(query, reply) => {
                let _ = reply.send(self.list(&query));
            }
            Ask::Detail(id, reply) => self.detail(id, reply),
            Ask::Chart(id, reply) => self.chart(id, reply),
            Ask::Act(act, via, reply) => self.act(*act, via, reply),
            Ask::Preview(matchers, reply) => {
                let _ = reply.send(self.preview(matchers));
            }
            Ask::Mutes(reply) => {
                let all = self.duty.mutes();
                let view = |m: &Mute| views::mute_view(m, self.holds(m));
                let _ = reply.send(all.map(view).collect());
            }
            Ask::History(query, reply) => self.history(*query, reply),
            Ask::Figures(weeks, reply) => self.figures(weeks, reply),
            Ask::Pack(from, until, reply) => self.pack(from, until, reply),
        }
    }

    fn holds(&self, mute: &Mute) -> usize {
        use model::duty::Suppression::{Maintenance, Silenced};
        let by = |s: &model::duty::Suppression| match s {
            Silenced { mute: id, .. } | Maintenance { mute: id, .. } => *id == mute.id,
            _ => false,
        };
        self.duty
            .alerts()
            .filter(|a| a.suppressions.iter().any(by))
            .count()
    }

    pub(super) fn scene(&self) -> Scene<'_> {
        Scene {
            setup: &self.setup,
            names: &self.names,
            lost: &self.lost,
        }
    }

    fn list(&mut self, query: &AlertQuery) -> AlertPage {
        let now = clock::now_ms();
        let revision = self.duty.revision().max(1);
        let survey = self.seen.survey(&self.duty, &self.facts.me.id);
        let mut page = AlertPage {
            now: now as f64,
            cursor: revision,
            total: 0,
            alerts: 0,
            offset: 0,
            items: None,
            tabs: survey.tabs,
            duty: self.duty_view(&survey, now),
            settings: self.facts.settings.clone(),
            wanted: self.wanted,
            place: self.place.clone(),
            error: None,
        };
        let filter = match Filter::parse(&query.text) {
            Ok(filter) => filter,
            Err(e) => {
                page.error = Some(search_error(&e));
                page.items = Some(Vec::new());
                return page;
            }
        };
        let question = Question {
            tab: query.tab,
            levels: views::levels(&query.levels),
            group: query.group,
            order: query.order,
            unfolded: &query.unfolded,
            offset: query.offset,
            limit: query.limit,
            me: self.facts.me.id.clone(),
        };
        let found = self.seen.find(&self.duty, &query.text, &filter, &question);
        let window = list::window(found, |id| self.duty.alert(id), &question);
        page.total = window.total;
        page.alerts = window.alerts;
        page.offset = window.offset;
        if query.cursor != revision {
            let next = |a: &Alert| self.duty.next_for(a.id);
            page.items = Some(views::items(&window.entries, &self.scene(), next));
        }
        page
    }

    fn preview(&self, matchers: Vec<MatcherView>) -> Result<wire::PreviewView, ErrorView> {
        let matchers: Vec<_> = matchers.into_iter().map(views::matcher).collect();
        let hidden = self.duty.would_hide(&matchers).map_err(|e| refused(&e))?;
        let scene = self.scene();
        let mut alerts: Vec<&Alert> = hidden
            .iter()
            .filter_map(|id| self.duty.alert(*id))
            .collect();
        alerts.sort_by_key(|a| (a.level, a.starts_at));
        Ok(PreviewView {
            total: u32::try_from(alerts.len()).unwrap_or(u32::MAX),
            rows: alerts
                .into_iter()
                .take(PREVIEW)
                .map(|a| views::row(a, None, &scene))
                .collect(),
        })
    }
}

fn names(setup: &Setup, me: &PersonView) -> Names {
    let mut names: Names = setup
        .people
        .iter()
        .map(|p| (p.id.clone(), p.name.clone()))
        .collect();
    names
        .entry(me.id.clone())
        .or_insert_with(|| me.name.clone());
    names
}

/// Why a search cannot be understood.
pub(super) fn search_error(e: &FilterError) -> ErrorView {
    let (what, term) = match e {
        FilterError::TooLong => ("too_long", String::new()),
        FilterError::Term(t) => ("term", t.clone()),
        FilterError::Regex(t) => ("regex", t.clone()),
    };
    ErrorView::new(ErrorCode::Search)
        .with("reason_key", format!("search.{what}"))
        .with("term", term)
}

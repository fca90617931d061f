//! The rota's loop.

use super::handle::RotaAsk;
use super::news::{self, RotaNews, SOURCE};
use super::steps::Steps;
use super::words::{self, Words};
use crate::clock;
use crate::duty::{DutyHandle, Message};
use engine::duty::{Event, Extent};
use engine::rota::{apply, handovers_due, holidays, next_moment, unsigned};
use model::Observation;
use model::duty::{Actor, Via};
use model::rota::{Book, Calendar, Edit, HandoverId, Pack, RotaChange, RotaRecord};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use wire::{ErrorView, PersonView};

/// The loop looks at the time at least this often: a machine that slept, a clock that was set.
const LONGEST_SLEEP: i64 = 5_000;
/// The alert desk is told of the rota's alerts at least this often.
const REPEAT: i64 = 30_000;
/// A handover is opened this long before the change of shift, ms.
const OPEN_BEFORE: i64 = 30 * 60_000;

/// What the rota's desk is made of.
pub struct RotaParts {
    /// The database, which also keeps the alerts.
    pub store: store::Store,
    /// Who uses this desk; changes when somebody else sits down.
    pub me: watch::Receiver<PersonView>,
    /// The rota of the default policies, from the configuration.
    pub main: Option<String>,
    /// Language and zone.
    pub words: Words,
    /// The alert desk.
    pub duty: DutyHandle,
    /// Where files are written.
    pub data: Option<PathBuf>,
    /// Address of the server of calendars, with its secret path; `None`: there is none.
    pub calendars: Option<String>,
}

/// The loop's state.
pub struct RotaCore {
    pub(super) book: Arc<Book>,
    pub(super) parts: RotaParts,
    /// What `Ctrl+Z` takes back, step by step.
    pub(super) steps: Steps,
    /// When anything was changed last, ms; 0: never.
    pub(super) changed_at: i64,
    /// The pack of the handover under way, and when it was put together, ms.
    pub(super) pack: Option<(HandoverId, i64, Pack)>,
    /// Until when every handover that was due has been opened, ms; 0: not known. A shift that changed before that is past: who had it then is not
    /// what the book says now.
    opened_until: i64,
    news: RotaNews,
    firing: Vec<Observation>,
    told_at: i64,
}

impl RotaCore {
    /// Over the book as it was kept.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn load(parts: RotaParts) -> Result<Self, store::StoreError> {
        let book = parts.store.load_rota().await?;
        // A whole page of the log: of what the program did by itself there is more than of what people did.
        let newest = store::ChangeQuery::default();
        let log = parts.store.rota_changes(&newest).await?;
        let changed_at = log.first().map_or(0, |c| c.at);
        Ok(Self {
            book: Arc::new(book),
            parts,
            changed_at,
            // A desk that wrote a change was there, and opened what was due.
            opened_until: changed_at,
            steps: Steps::from_log(log.into_iter()),
            pack: None,
            news: RotaNews::default(),
            firing: Vec::new(),
            told_at: 0,
        })
    }

    /// The book as it is now.
    pub fn book(&self) -> &Book {
        &self.book
    }

    /// Runs until every handle is gone.
    pub async fn run(mut self, mut rx: mpsc::Receiver<RotaAsk>) {
        self.enter_holidays().await;
        loop {
            let now = clock::now_ms();
            self.tick(now).await;
            self.publish(now).await;
            let wait = u64::try_from(self.wakes_at(now) - now).unwrap_or(0);
            tokio::select! {
                ask = rx.recv() => match ask {
                    Some(ask) => self.ask(ask).await,
                    None => return,
                },
                () = tokio::time::sleep(Duration::from_millis(wait)) => {}
            }
        }
    }

    fn wakes_at(&self, now: i64) -> i64 {
        let latest = now + LONGEST_SLEEP;
        let next = next_moment(&self.book, now).unwrap_or(latest);
        next.clamp(now + 20, latest)
    }

    /// The program itself, in the log of changes.
    fn program(&self) -> Actor {
        Actor {
            id: String::new(),
            name: self.parts.words.plain("rota.program"),
            via: Via::System,
        }
    }

    /// Who uses this desk.
    pub(super) fn actor(&self, via: Via) -> Actor {
        let me = self.parts.me.borrow();
        Actor {
            id: me.id.clone(),
            name: me.name.clone(),
            via,
        }
    }

    /// Does an edit and keeps it. The book is as it was when it cannot be kept.
    pub(super) async fn edit(&mut self, edit: Edit, by: &Actor) -> Result<(), ErrorView> {
        let now = clock::now_ms();
        let done = apply(&self.book, edit, by, now);
        let (book, change) = done.map_err(|e| words::refused(&e, &self.book))?;
        self.keep(book, vec![change]).await
    }

    /// Several edits in one transaction: all or none.
    pub(super) async fn edits(&mut self, edits: Vec<Edit>, by: &Actor) -> Result<(), ErrorView> {
        let now = clock::now_ms();
        let mut book = Book::clone(&self.book);
        let mut changes = Vec::with_capacity(edits.len());
        for edit in edits {
            let done = apply(&book, edit, by, now);
            let (next, change) = done.map_err(|e| words::refused(&e, &self.book))?;
            book = next;
            changes.push(change);
        }
        self.keep(book, changes).await
    }

    /// Puts a changed book in the place of the former one, once its changes are on the disk.
    pub(super) async fn keep(
        &mut self,
        book: Book,
        changes: Vec<RotaChange>,
    ) -> Result<(), ErrorView> {
        let records: Vec<RotaRecord> = changes
            .iter()
            .map(|c| RotaRecord::Change(Box::new(c.clone())))
            .collect();
        let kept = self.parts.store.commit_rota(&records).await;
        kept.map_err(|e| crate::duty::store_error(&e))?;
        self.book = Arc::new(book);
        for change in changes {
            self.changed_at = change.at;
            self.steps.add(change);
        }
        Ok(())
    }

    /// China's calendar, with the years that this version of the program brings.
    async fn enter_holidays(&mut self) {
        let name = self.parts.words.plain("rota.calendar.cn");
        let brought = holidays::china(&name);
        let known = self.book.calendars.get(&brought.id);
        let new = |c: &Calendar| brought.years.keys().any(|y| !c.years.contains_key(y));
        if known.is_some_and(|c| !new(c)) {
            return;
        }
        let mut calendar = known.map_or_else(|| brought.clone(), |c| Calendar::clone(c));
        for (year, source) in &brought.years {
            if !calendar.years.contains_key(year) {
                calendar.years.insert(*year, source.clone());
                let days = brought.days.iter();
                let of_year = days.filter(|(d, _)| chrono::Datelike::year(*d) == *year);
                calendar
                    .days
                    .extend(of_year.map(|(d, day)| (*d, day.clone())));
            }
        }
        let by = self.program();
        if let Err(e) = self.edit(Edit::PutCalendar(calendar), &by).await {
            tracing::error!(error = ?e, "the calendar of holidays could not be entered");
        }
    }

    /// What the program does by itself: opens handovers, tells of unsigned ones.
    async fn tick(&mut self, now: i64) {
        let by = self.program();
        let rotas: Vec<_> = self.book.rotas.keys().cloned().collect();
        let mut edits = Vec::new();
        let since = self.opened_until.clamp(now - OPEN_BEFORE, now);
        for rota in rotas {
            let due = handovers_due(&self.book, &rota, since, now + OPEN_BEFORE);
            edits.extend(due.into_iter().map(Edit::OpenHandover));
        }
        let late = unsigned(&self.book, now).into_iter();
        edits.extend(late.map(|handover| Edit::ToldUnsigned { handover }));
        if !edits.is_empty()
            && let Err(e) = self.edits(edits, &by).await
        {
            tracing::error!(error = ?e, "a handover could not be kept");
            return;
        }
        self.opened_until = now;
    }

    /// Tells the alert desk what has changed, and of the rota's alerts again and again.
    async fn publish(&mut self, now: i64) {
        let news = news::news(&self.book, self.parts.main.as_deref(), now);
        let changed = news != self.news;
        if changed {
            self.news = news.clone();
            self.parts.duty.send(Message::Rota(Box::new(news))).await;
        }
        if changed || now - self.told_at >= REPEAT || now < self.told_at {
            self.told_at = now;
            let firing = news::alerts(&self.book, &self.parts.words, now);
            let over = news::over(&self.firing, &firing, now);
            let alerts = firing.iter().cloned().chain(over).collect();
            self.firing = firing;
            let event = Event::Observed {
                source: SOURCE.to_owned(),
                extent: Extent::All,
                alerts,
            };
            self.parts.duty.send(Message::Event(event)).await;
        }
    }
}

//! The one loop, the only writer: events and requests in, effects out, frames for readers.

use crate::annotations::Annotations;
use crate::boards::Library;
use crate::driver::Driver;
use crate::duty::DutyHandle;
use crate::registries::Registries;
use crate::{clock, frames};
use engine::{Engine, Event};
use model::Annotation;
use model::board::{Panel, PanelKind};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use wire::{
    AlertBand, BoardName, ConceptView, ErrorCode, ErrorText, ErrorView, HealthView, ViewSettings,
};

/// Messages that wait for the loop; whoever sends more waits, so that nothing grows behind a busy loop.
const QUEUE: usize = 512;
/// Messages taken in one turn before effects are looked at again.
const BATCH: usize = 64;
/// The loop wakes at least this often, so that a wall whose clock was set (a machine that slept) notices.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);

/// What the page or the command line asks.
#[derive(Debug)]
pub enum Request {
    /// What is new since this cursor.
    Pull(u64, oneshot::Sender<Vec<u8>>),
    /// Finer points of one panel.
    Zoom(Zoom, oneshot::Sender<Result<Vec<u8>, ErrorView>>),
    /// The health page.
    Health(oneshot::Sender<HealthView>),
    /// Which lines a board's log stream shows: the board, the panel.
    Stream(String, String, oneshot::Sender<Result<String, ErrorView>>),
    /// Values for a board's variables; none for everything.
    Choose(
        String,
        BTreeMap<String, Vec<String>>,
        oneshot::Sender<Result<(), ErrorView>>,
    ),
    /// Show another board.
    Open(String, oneshot::Sender<Result<(), ErrorView>>),
    /// Another language or theme; unknown ones are ignored.
    Look(Look),
}

/// A part of a panel's time, wanted finer.
#[derive(Clone, Debug, PartialEq)]
pub struct Zoom {
    /// The panel.
    pub panel: String,
    /// Begin, ms.
    pub from: i64,
    /// End, ms.
    pub to: i64,
    /// How many points fit on the screen.
    pub points: u32,
}

/// How the wall is to look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look {
    /// `zh-CN` or `en`.
    Locale(String),
    /// `dark` or `calm`.
    Theme(String),
}

/// Everything that reaches the loop.
#[derive(Debug)]
pub enum Message {
    /// An answer, for the engine.
    Event(Event),
    /// Somebody asks.
    Request(Request),
    /// The files of boards and concepts were read again.
    Library(Library),
    /// Where secrets are kept, and why not in the keyring.
    Secrets(&'static str, Option<&'static str>),
    /// Something that a person should know of has failed after the start.
    Problem(ErrorText),
    /// Something happened that panels of time mark.
    Happened(Annotation),
}

/// What of the health page does not change while the program runs.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Configuration file.
    pub config: Option<String>,
    /// Data directory.
    pub data: Option<String>,
    /// `keyring`, `vault` or `none`; empty until it is known.
    pub secrets: String,
    /// Why not the keyring.
    pub secrets_reason: Option<String>,
    /// Problems of the configuration.
    pub problems: Vec<ErrorText>,
    /// Registries of services.
    pub registries: Registries,
}

/// To send requests to the loop.
#[derive(Clone, Debug)]
pub struct Handle {
    tx: mpsc::Sender<Message>,
}

fn gone() -> ErrorView {
    ErrorView::new(ErrorCode::Internal).with("detail", "the desk has ended")
}

impl Handle {
    /// A handle and what the loop reads from.
    pub fn channel() -> (Self, mpsc::Receiver<Message>) {
        let (tx, rx) = mpsc::channel(QUEUE);
        (Self { tx }, rx)
    }

    /// Sends a message; waits while the loop is busy.
    pub async fn send(&self, message: Message) {
        // The loop has ended: the program is ending, nobody needs the message.
        let _ = self.tx.send(message).await;
    }

    async fn ask<T>(
        &self,
        make: impl FnOnce(oneshot::Sender<T>) -> Request,
    ) -> Result<T, ErrorView> {
        let (reply, answer) = oneshot::channel();
        self.send(Message::Request(make(reply))).await;
        answer.await.map_err(|_| gone())
    }

    /// The frame since `cursor`.
    ///
    /// # Errors
    /// When the desk has ended.
    pub async fn pull(&self, cursor: u64) -> Result<Vec<u8>, ErrorView> {
        self.ask(|reply| Request::Pull(cursor, reply)).await
    }

    /// Finer points of one panel.
    ///
    /// # Errors
    /// What the source answers.
    pub async fn zoom(&self, zoom: Zoom) -> Result<Vec<u8>, ErrorView> {
        self.ask(|reply| Request::Zoom(zoom, reply)).await?
    }

    /// The health page.
    ///
    /// # Errors
    /// When the desk has ended.
    pub async fn health(&self) -> Result<HealthView, ErrorView> {
        self.ask(Request::Health).await
    }

    /// The query of a board's log stream; the page names the panel, never the query.
    ///
    /// # Errors
    /// When there is no such panel.
    pub async fn stream(&self, board: String, panel: String) -> Result<String, ErrorView> {
        self.ask(|reply| Request::Stream(board, panel, reply))
            .await?
    }

    /// Chooses values for a board's variables.
    ///
    /// # Errors
    /// When there is no such board, or the wall is a kiosk: there the configuration says what is shown.
    pub async fn choose(
        &self,
        board: String,
        values: BTreeMap<String, Vec<String>>,
    ) -> Result<(), ErrorView> {
        self.ask(|reply| Request::Choose(board, values, reply))
            .await?
    }

    /// Shows another board.
    ///
    /// # Errors
    /// When there is no such board.
    pub async fn open(&self, board: String) -> Result<(), ErrorView> {
        self.ask(|reply| Request::Open(board, reply)).await?
    }

    /// Something happened that panels of time mark; the same thing told twice is one mark.
    pub async fn happened(&self, note: Annotation) {
        self.send(Message::Happened(note)).await;
    }

    /// Another language or theme.
    pub async fn look(&self, look: Look) {
        self.send(Message::Request(Request::Look(look))).await;
    }
}

/// The loop's state.
pub struct Core {
    engine: Engine,
    driver: Driver,
    settings: ViewSettings,
    settings_revision: u64,
    facts: Facts,
    files: Vec<ErrorText>,
    duty: DutyHandle,
    /// What the alert desk shows on the wall; `None` once it has ended.
    band: Option<watch::Receiver<Arc<AlertBand>>>,
    band_revision: u64,
    annotations: Annotations,
    annotations_revision: u64,
}

impl Core {
    /// A loop that has not begun.
    pub fn new(driver: Driver, settings: ViewSettings, facts: Facts, duty: DutyHandle) -> Self {
        Self {
            band: Some(duty.band()),
            band_revision: 0,
            annotations: Annotations::default(),
            annotations_revision: 0,
            duty,
            engine: Engine::new(),
            driver,
            settings,
            settings_revision: 0,
            facts,
            files: Vec::new(),
        }
    }

    /// Runs until every [`Handle`] is gone.
    pub async fn run(
        mut self,
        first: engine::Setup,
        library: Library,
        mut rx: mpsc::Receiver<Message>,
    ) {
        self.take_library(library, first);
        loop {
            let wait = self.engine.next_wakeup().map_or(LONGEST_SLEEP, |(at, _)| {
                Duration::from_millis(u64::try_from(at - clock::now_ms()).unwrap_or(0))
                    .min(LONGEST_SLEEP)
            });
            let message = tokio::select! {
                message = rx.recv() => match message {
                    Some(message) => Some(message),
                    None => return,
                },
                changed = changed(self.band.as_mut()) => {
                    self.band_changed(changed);
                    continue;
                }
                () = tokio::time::sleep(wait) => None,
            };
            match message {
                None => self.event(Event::Wakeup),
                Some(message) => {
                    self.message(message);
                    for _ in 0..BATCH {
                        match rx.try_recv() {
                            Ok(message) => self.message(message),
                            Err(_) => break,
                        }
                    }
                }
            }
        }
    }

    /// A page's cursor counts events: a change of the band is one.
    fn band_changed(&mut self, lives: bool) {
        if !lives {
            self.band = None;
            return;
        }
        let band = self.band.as_ref().map(|b| b.borrow().clone());
        let noted = band.is_some_and(|b| self.annotations.band(&b, clock::now_ms()));
        self.event(Event::Wakeup);
        self.band_revision = self.engine.revision();
        if noted {
            self.annotations_revision = self.band_revision;
        }
    }

    fn event(&mut self, event: Event) {
        for effect in self.engine.handle(event, clock::now_ms()) {
            self.driver.run(effect);
        }
    }

    fn message(&mut self, message: Message) {
        match message {
            Message::Event(event) => self.event(event),
            Message::Request(request) => self.request(request),
            Message::Library(library) => {
                let setup = self.engine.setup().clone();
                self.take_library(library, setup);
            }
            Message::Secrets(backend, reason) => {
                self.facts.secrets = backend.to_owned();
                self.facts.secrets_reason = reason.map(str::to_owned);
            }
            Message::Problem(problem) => self.facts.problems.push(problem),
            Message::Happened(note) => {
                if self.annotations.note(note, clock::now_ms()) {
                    self.event(Event::Wakeup);
                    self.annotations_revision = self.engine.revision();
                }
            }
        }
    }

    /// A board that cannot be read any more stays as it was; its problem is shown.
    fn take_library(&mut self, library: Library, mut setup: engine::Setup) {
        let mut boards = setup.boards;
        let broken: Vec<String> = library
            .problems
            .iter()
            .map(|p| file_stem(&p.file))
            .collect();
        boards.retain(|id, _| broken.contains(id));
        boards.extend(library.boards);
        setup.boards = boards;
        setup.concepts = library.concepts;
        if !setup.boards.contains_key(&setup.open)
            && let Some(first) = setup.boards.keys().next()
        {
            setup.open.clone_from(first);
        }
        self.files = library.problems.iter().map(crate::Problem::view).collect();
        self.settings.boards = setup
            .boards
            .values()
            .map(|b| BoardName {
                id: b.id.clone(),
                title: b.title.clone(),
                problem: self
                    .files
                    .iter()
                    .find(|p| file_stem(&p.file) == b.id)
                    .cloned(),
            })
            .collect();
        self.event(Event::Configured(setup));
        self.settings_revision = self.engine.revision();
    }

    fn request(&mut self, request: Request) {
        // A reply that nobody waits for any more is dropped: the page asks again.
        match request {
            Request::Pull(cursor, reply) => {
                let settings = (&self.settings, self.settings_revision);
                let band = self.band.as_ref().map(|b| b.borrow().clone());
                let band = (band.as_deref(), self.band_revision);
                let now = clock::now_ms();
                let notes = (&self.annotations, self.annotations_revision);
                let frame = frames::build(&self.engine, settings, band, notes, cursor, now);
                let _ = reply.send(frame);
            }
            Request::Zoom(zoom, reply) => self.zoom(zoom, reply),
            Request::Health(reply) => {
                let _ = reply.send(self.health());
            }
            Request::Stream(board, panel, reply) => {
                let found = self.engine.setup().boards.get(&board).and_then(|b| {
                    let is_it = |p: &&Panel| p.kind == PanelKind::LogStream && p.id == panel;
                    b.panels.iter().find(is_it)
                });
                let _ = reply.send(match found {
                    Some(panel) => Ok(panel.filter.clone().unwrap_or_default()),
                    None => Err(ErrorView::new(ErrorCode::UnknownBoard).with("board", &board)),
                });
            }
            Request::Choose(board, values, reply) => {
                let done = if self.settings.kiosk {
                    Err(ErrorView::new(ErrorCode::ReadOnly))
                } else if self.engine.setup().boards.contains_key(&board) {
                    self.event(Event::Chosen(board, values));
                    Ok(())
                } else {
                    Err(ErrorView::new(ErrorCode::UnknownBoard).with("board", &board))
                };
                let _ = reply.send(done);
            }
            Request::Open(board, reply) => {
                let known = self.engine.setup().boards.contains_key(&board);
                let _ = reply.send(if known {
                    Ok(())
                } else {
                    Err(ErrorView::new(ErrorCode::UnknownBoard).with("board", &board))
                });
                if known {
                    self.event(Event::Opened(board));
                }
            }
            Request::Look(look) => self.look(look),
        }
    }

    fn look(&mut self, look: Look) {
        let (duty, also) = (self.duty.clone(), look.clone());
        tokio::spawn(async move { duty.look(also).await });
        match look {
            Look::Locale(l) if crate::texts::LOCALES.contains(&l.as_str()) => {
                self.settings.locale = l
            }
            Look::Theme(t) if t == "dark" || t == "calm" => self.settings.theme = t,
            Look::Locale(_) | Look::Theme(_) => return,
        }
        self.event(Event::Wakeup);
        self.settings_revision = self.engine.revision();
    }

    fn zoom(&self, zoom: Zoom, reply: oneshot::Sender<Result<Vec<u8>, ErrorView>>) {
        let span = (zoom.to - zoom.from).max(0);
        let found = self.engine.board().and_then(|b| {
            let at = b.panels.iter().position(|p| p.id == zoom.panel)?;
            let query = b.panels[at].queries.first()?.clone();
            let status = self.engine.panels().get(at)?.queries.first()?;
            Some((query, status.streams.clone()))
        });
        let Some((query, ids)) = found.filter(|_| span > 0) else {
            let _ = reply.send(Err(
                ErrorView::new(ErrorCode::Malformed).with("detail", &zoom.panel)
            ));
            return;
        };
        let streams: Vec<(String, bool, String)> = ids
            .iter()
            .filter_map(|id| self.engine.stream(*id))
            .map(|s| {
                (
                    s.key.source.clone(),
                    self.engine
                        .source(&s.key.source)
                        .is_some_and(|x| x.spec.demo),
                    s.key.expr.clone(),
                )
            })
            .collect();
        self.driver.zoom(zoom, query, streams, reply);
    }

    fn health(&self) -> HealthView {
        let sources: Vec<_> = self.engine.sources().collect();
        let concepts = self.engine.setup().concepts.values().map(|c| {
            let bound = sources.iter().filter_map(|s| {
                let dialect = c.dialects.get(*s.bindings.get(&c.id)?)?;
                Some((s.spec.name.clone(), dialect.name.clone()))
            });
            ConceptView {
                id: c.id.clone(),
                title: c.title.clone(),
                domain: serde_json::to_value(c.domain)
                    .ok()
                    .and_then(|v| v.as_str().map(str::to_owned))
                    .unwrap_or_default(),
                bound: bound.collect::<BTreeMap<_, _>>(),
            }
        });
        HealthView {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            config: self.facts.config.clone(),
            data: self.facts.data.clone(),
            secrets: self.facts.secrets.clone(),
            secrets_reason: self.facts.secrets_reason.clone(),
            sources: sources.iter().map(|s| frames::source_view(s)).collect(),
            concepts: concepts.collect(),
            registries: self.facts.registries.views(),
            problems: self
                .facts
                .problems
                .iter()
                .chain(&self.files)
                .cloned()
                .collect(),
        }
    }
}

/// Waits for the next change; false when there will be none any more. Without a desk it waits for ever.
async fn changed(band: Option<&mut watch::Receiver<Arc<AlertBand>>>) -> bool {
    match band {
        Some(band) => band.changed().await.is_ok(),
        None => std::future::pending().await,
    }
}

fn file_stem(file: &str) -> String {
    std::path::Path::new(file)
        .file_stem()
        .map(|s| s.to_string_lossy().into_owned())
        .unwrap_or_default()
}

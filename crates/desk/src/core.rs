//! The one loop, the only writer: events and requests in, effects out, frames for readers.

mod handle;

pub use self::handle::{Handle, Look, Message, Request, Zoom};

use crate::annotations::Annotations;
use crate::boards::Library;
use crate::driver::Driver;
use crate::duty::DutyHandle;
use crate::kiosk::Kiosk;
use crate::registries::Registries;
use crate::scraping::Scraped;
use crate::{clock, frames};
use engine::kiosk::Command;
use engine::{Engine, Event, Failure, Memory, MemoryLimits};
use model::board::{Panel, PanelKind};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use wire::{
    AlertBand, BoardName, ConceptView, ErrorCode, ErrorText, ErrorView, HealthView, PageView,
    ScreenStatus, ViewSettings, WallCommand, WallStatus,
};

/// Messages taken in one turn before effects are looked at again.
const BATCH: usize = 64;
/// The loop wakes at least this often, so that a wall whose clock was set (a machine that slept) notices.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);

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
    /// Why secrets cannot be read at all.
    pub secrets_error: Option<ErrorView>,
    /// Problems of the configuration.
    pub problems: Vec<ErrorText>,
    /// Pages that the program scrapes itself.
    pub scraped: Scraped,
    /// Registries of services.
    pub registries: Registries,
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
    kiosk: Kiosk,
    /// Boards whose questions are asked.
    needed: std::collections::BTreeSet<String>,
    pages: Vec<PageView>,
    annotations: Annotations,
    annotations_revision: u64,
}

impl Core {
    /// A loop that has not begun.
    pub fn new(
        driver: Driver,
        settings: ViewSettings,
        facts: Facts,
        duty: DutyHandle,
        kiosk: Kiosk,
    ) -> Self {
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
            kiosk,
            needed: std::collections::BTreeSet::new(),
            pages: Vec::new(),
        }
    }

    /// The same, knowing what happened before the start.
    #[must_use]
    pub fn with_notes(mut self, notes: Vec<model::Annotation>) -> Self {
        self.annotations.recall(notes, clock::now_ms());
        self
    }

    /// Runs until every [`Handle`] is gone.
    pub async fn run(
        mut self,
        first: engine::Setup,
        library: Library,
        memory: Option<Memory>,
        mut rx: mpsc::Receiver<Message>,
    ) {
        self.take_library(library, first);
        if let Some(memory) = memory {
            self.event(Event::Remembered(memory));
        }
        loop {
            let wait = self.pause();
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

    /// Until the engine or the kiosk wants to be called again.
    fn pause(&self) -> Duration {
        let engine = self.engine.next_wakeup().map_or(i64::MAX, |(at, _)| at);
        let at = engine.min(self.kiosk.next_wakeup());
        let ms = u64::try_from(at.saturating_sub(clock::now_ms())).unwrap_or(0);
        Duration::from_millis(ms).min(LONGEST_SLEEP)
    }

    /// A page's cursor counts events: a change of the band is one.
    fn band_changed(&mut self, lives: bool) {
        if !lives {
            self.band = None;
            return;
        }
        let band = self.band.as_ref().map(|b| b.borrow().clone());
        let now = clock::now_ms();
        let noted = band.is_some_and(|b| {
            self.kiosk.band(&b, now);
            self.annotations.band(&b, now)
        });
        self.event(Event::Wakeup);
        self.band_revision = self.engine.revision();
        if noted {
            self.annotations_revision = self.band_revision;
        }
    }

    fn event(&mut self, event: Event) {
        let now = clock::now_ms();
        self.driver.run(self.engine.handle(event, now));
        // What has changed on the screens belongs to the event after this one: no page has a cursor as high as that yet.
        let needed = self.kiosk.tick(now, self.engine.revision() + 1);
        if needed != self.needed {
            self.needed.clone_from(&needed);
            self.driver
                .run(self.engine.handle(Event::Needed(needed), now));
        } else if self.kiosk.changed(self.engine.revision() + 1) {
            // So that the cursor passes it.
            self.driver.run(self.engine.handle(Event::Wakeup, now));
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
            Message::Secrets(backend, reason, problem) => {
                self.facts.secrets_error = problem.as_ref().map(frames::error_view);
                self.facts.secrets = backend.to_owned();
                self.facts.secrets_reason = reason.map(str::to_owned);
            }
            Message::Problem(problem) => self.facts.problems.push(problem),
            Message::Locked(locked) => {
                self.kiosk.lock(locked);
                self.event(Event::Wakeup);
            }
            Message::Kiosk(kiosk) => {
                self.kiosk.set_kiosk(kiosk);
                self.settings.kiosk = kiosk;
                self.event(Event::Wakeup);
                self.settings_revision = self.engine.revision();
            }
            Message::Pages(pages) => self.pages = pages,
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
        self.kiosk
            .boards(&setup.boards, &setup.concepts, clock::now_ms());
        self.event(Event::Configured(setup));
        self.settings_revision = self.engine.revision();
    }

    fn request(&mut self, request: Request) {
        // A reply that nobody waits for any more is dropped: the page asks again.
        match request {
            Request::Pull(screen, cursor, ready, reply) => {
                let settings = (&self.settings, self.settings_revision);
                let band = self.band.as_ref().map(|b| b.borrow().clone());
                let band = (band.as_deref(), self.band_revision);
                let now = clock::now_ms();
                let around = frames::Around {
                    settings,
                    band,
                    notes: (&self.annotations, self.annotations_revision),
                    screen: self.kiosk.screen(screen),
                };
                let _ = reply.send(frames::build(&self.engine, around, cursor, &ready, now));
            }
            Request::Zoom(zoom, reply) => self.zoom(zoom, reply),
            Request::Health(reply) => {
                let _ = reply.send(self.health());
            }
            Request::Stream(board, panel, reply) => {
                let found = self.engine.setup().boards.get(&board).and_then(|b| {
                    let is_it = |p: &&Panel| p.kind == PanelKind::LogStream && p.id == panel;
                    Some((b, b.panels.iter().find(is_it)?))
                });
                let _ = reply.send(match found {
                    Some((board, panel)) => Ok(model::board::variable::fill_lines(
                        panel.filter.as_deref().unwrap_or_default(),
                        &self.engine.chosen(board),
                    )),
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
            Request::Open(screen, board, reply) => {
                let done = self.obey(Some(screen), Command::Show(board));
                let _ = reply.send(done);
            }
            Request::Wall(command, reply) => {
                let _ = reply.send(self.wall(command));
            }
            Request::Status(reply) => {
                let _ = reply.send(self.status());
            }
            Request::Calm(reply) => {
                let _ = reply.send(self.kiosk.is_calm());
            }
            Request::Memory(reply) => {
                let _ = reply.send(self.engine.memory(MemoryLimits::default()));
            }
            Request::Look(look) => self.look(look),
            Request::Inside(reply) => {
                // What has an address is asked there.
                let inside = self.engine.setup().sources.iter();
                let inside = inside.filter(|s| s.address.is_empty());
                let _ = reply.send(inside.cloned().collect());
            }
            Request::Metrics(name, reply) => {
                let inside = self.engine.source(&name);
                let found = match inside.filter(|s| s.spec.address.is_empty()) {
                    Some(_) => self.driver.metrics(&name),
                    None => Err(Failure::new("unknown_source", "source", name)),
                };
                let _ = reply.send(found.map_err(|why| frames::error_view(&why)));
            }
            Request::Notes(reply) => {
                let _ = reply.send(self.annotations.view());
            }
            Request::Book(reply) => {
                let _ = reply.send(self.annotations.kept());
            }
        }
    }

    fn obey(&mut self, screen: Option<usize>, command: Command) -> Result<(), ErrorView> {
        self.kiosk.command(screen, &command, clock::now_ms())?;
        self.event(Event::Wakeup);
        Ok(())
    }

    fn wall(&mut self, command: WallCommand) -> Result<(), ErrorView> {
        let (screen, command) = match command {
            WallCommand::Show { board, screen } => (screen, Command::Show(board)),
            WallCommand::Next { screen } => (screen, Command::Next),
            WallCommand::Previous { screen } => (screen, Command::Previous),
            WallCommand::Pause { screen } => (screen, Command::Pause),
            WallCommand::Resume { screen } => (screen, Command::Resume),
            WallCommand::Theme { theme } => {
                self.look(Look::Theme(theme));
                return Ok(());
            }
            WallCommand::Language { locale } => {
                self.look(Look::Locale(locale));
                return Ok(());
            }
        };
        let index = match &screen {
            Some(name) => Some(self.kiosk.find(name).ok_or_else(|| {
                ErrorView::new(ErrorCode::Refused).with("reason_key", "refused.no_screen")
            })?),
            None => None,
        };
        self.obey(index, command)
    }

    fn status(&self) -> WallStatus {
        let screen = |(i, now): (usize, &crate::kiosk::ScreenNow)| {
            let shown = self.engine.shown(&now.board);
            ScreenStatus {
                number: u32::try_from(i + 1).unwrap_or(u32::MAX),
                board: now.board.clone(),
                title: shown.board().map(|b| b.title.clone()).unwrap_or_default(),
                kiosk: now.view.clone(),
                complete: shown.is_complete(),
            }
        };
        WallStatus {
            locale: self.settings.locale.clone(),
            theme: self.settings.theme.clone(),
            kiosk: self.settings.kiosk,
            screens: self
                .kiosk
                .screens()
                .iter()
                .enumerate()
                .map(screen)
                .collect(),
            pages: self.pages.clone(),
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
        let board = self
            .kiosk
            .screen(zoom.screen)
            .map_or("", |s| s.board.as_str());
        let shown = self.engine.shown(board);
        let found = shown.board().and_then(|b| {
            let at = b.panels.iter().position(|p| p.id == zoom.panel)?;
            let query = b.panels[at].queries.first()?.clone();
            let status = shown.panels().get(at)?.queries.first()?;
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
            secrets_error: self.facts.secrets_error.clone(),
            targets: self.facts.scraped.views(),
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

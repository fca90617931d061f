//! What can be asked of the loop, and the way to it.

use crate::boards::Library;
use crate::clock;
use crate::kiosk::Pin;
use engine::{Event, Failure, Memory, SourceSpec};
use model::{Annotation, Secret};
use parking_lot::Mutex;
use source::Metrics;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};
use wire::{
    AnnotationView, ErrorCode, ErrorText, ErrorView, HealthView, LeaveAnswer, LeaveView, PageView,
    ReadyBoard, WallCommand, WallStatus,
};

/// Messages that wait for the loop; whoever sends more waits, so that nothing grows behind a busy loop.
const QUEUE: usize = 512;

/// What the page or the command line asks.
#[derive(Debug)]
pub enum Request {
    /// What is new on the screen of this index since this cursor, for a page with which these boards stand ready.
    Pull(usize, u64, Vec<ReadyBoard>, oneshot::Sender<Vec<u8>>),
    /// Finer points of one panel.
    Zoom(Zoom, oneshot::Sender<Result<Vec<u8>, ErrorView>>),
    /// The health page.
    Health(oneshot::Sender<HealthView>),
    /// Show another board on the screen of this index.
    Open(usize, String, oneshot::Sender<Result<(), ErrorView>>),
    /// What a person wants of the wall.
    Wall(WallCommand, oneshot::Sender<Result<(), ErrorView>>),
    /// How the wall is.
    Status(oneshot::Sender<WallStatus>),
    /// Whether nothing fails that moves the wall.
    Calm(oneshot::Sender<bool>),
    /// What is worth keeping for the next start.
    Memory(oneshot::Sender<Memory>),
    /// Which lines a board's log stream shows: the board, the panel.
    Stream(String, String, oneshot::Sender<Result<String, ErrorView>>),
    /// Values for a board's variables; none for everything.
    Choose(
        String,
        BTreeMap<String, Vec<String>>,
        oneshot::Sender<Result<(), ErrorView>>,
    ),
    /// Another language or theme; unknown ones are ignored.
    Look(Look),
    /// The sources inside the program, for its command line.
    Inside(oneshot::Sender<Vec<SourceSpec>>),
    /// One of them, by name.
    Metrics(String, oneshot::Sender<Result<Arc<dyn Metrics>, ErrorView>>),
    /// What happened, as pages see it.
    Notes(oneshot::Sender<Vec<AnnotationView>>),
    /// What happened, as it is kept.
    Book(oneshot::Sender<Vec<Annotation>>),
}

/// A part of a panel's time, wanted finer.
#[derive(Clone, Debug, PartialEq)]
pub struct Zoom {
    /// Index of the screen whose board it is on.
    pub screen: usize,
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
    /// Where secrets are kept, why not in the keyring, and why they cannot be read at all.
    Secrets(&'static str, Option<&'static str>, Option<Failure>),
    /// Something that a person should know of has failed after the start.
    Problem(ErrorText),
    /// A PIN is set, or none.
    Locked(bool),
    /// Full screen, or an ordinary window.
    Kiosk(bool),
    /// How the wall's pages are.
    Pages(Vec<PageView>),
    /// Something happened that panels of time mark.
    Happened(Annotation),
}

/// To send requests to the loop.
#[derive(Clone, Debug)]
pub struct Handle {
    tx: mpsc::Sender<Message>,
    pin: Arc<Mutex<Pin>>,
}

fn gone() -> ErrorView {
    ErrorView::new(ErrorCode::Internal).with("detail", "the desk has ended")
}

impl Handle {
    /// A handle and what the loop reads from.
    pub fn channel() -> (Self, mpsc::Receiver<Message>) {
        let (tx, rx) = mpsc::channel(QUEUE);
        let pin = Arc::default();
        (Self { tx, pin }, rx)
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

    /// The frame of a screen (its index) since `cursor`.
    ///
    /// # Errors
    /// When the desk has ended.
    pub async fn pull(&self, screen: usize, cursor: u64) -> Result<Vec<u8>, ErrorView> {
        self.pull_with(screen, cursor, Vec::new()).await
    }

    /// The same for a page with which these boards stand ready.
    ///
    /// # Errors
    /// When the desk has ended.
    pub async fn pull_with(
        &self,
        screen: usize,
        cursor: u64,
        ready: Vec<ReadyBoard>,
    ) -> Result<Vec<u8>, ErrorView> {
        self.ask(|reply| Request::Pull(screen, cursor, ready, reply))
            .await
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

    /// Shows another board on a screen (its index).
    ///
    /// # Errors
    /// When there is no such board.
    pub async fn open(&self, screen: usize, board: String) -> Result<(), ErrorView> {
        self.ask(|reply| Request::Open(screen, board, reply))
            .await?
    }

    /// What a person wants of the wall.
    ///
    /// # Errors
    /// When there is no such board or screen.
    pub async fn wall(&self, command: WallCommand) -> Result<(), ErrorView> {
        self.ask(|reply| Request::Wall(command, reply)).await?
    }

    /// How the wall is.
    ///
    /// # Errors
    /// When the desk has ended.
    pub async fn status(&self) -> Result<WallStatus, ErrorView> {
        self.ask(Request::Status).await
    }

    /// Whether nothing fails that moves the wall: a quiet moment.
    pub async fn is_calm(&self) -> bool {
        self.ask(Request::Calm).await.unwrap_or(false)
    }

    /// What is worth keeping for the next start.
    ///
    /// # Errors
    /// When the desk has ended.
    pub async fn memory(&self) -> Result<Memory, ErrorView> {
        self.ask(Request::Memory).await
    }

    /// The stored hash of the kiosk's PIN, now and whenever it changes.
    pub async fn set_pin(&self, sealed: Option<Secret>) {
        let locked = sealed.is_some();
        self.pin.lock().changed(sealed);
        self.send(Message::Locked(locked)).await;
    }

    /// Whether a PIN is needed to leave the kiosk.
    pub fn is_locked(&self) -> bool {
        self.pin.lock().is_set()
    }

    /// Somebody wants to leave the kiosk. A right answer makes the wall an ordinary window.
    pub async fn leave(&self, pin: String) -> LeaveView {
        let lock = Arc::clone(&self.pin);
        let now = clock::now_ms();
        // The hash is made expensive on purpose; nobody else waits for it.
        let tried = tokio::task::spawn_blocking(move || lock.lock().try_at(&pin, now)).await;
        let view = tried.unwrap_or(LeaveView {
            answer: LeaveAnswer::Wrong,
            wait: 0.0,
        });
        if view.answer == LeaveAnswer::Left {
            self.send(Message::Kiosk(false)).await;
        }
        view
    }

    /// The sources inside the program.
    ///
    /// # Errors
    /// When the desk has ended.
    pub async fn inside(&self) -> Result<Vec<SourceSpec>, ErrorView> {
        self.ask(Request::Inside).await
    }

    /// A source inside the program.
    ///
    /// # Errors
    /// When there is none of this name, or it could not be set up.
    pub async fn metrics(&self, name: String) -> Result<Arc<dyn Metrics>, ErrorView> {
        self.ask(|reply| Request::Metrics(name, reply)).await?
    }

    /// What happened lately, as pages see it.
    ///
    /// # Errors
    /// When the desk has ended.
    pub async fn notes(&self) -> Result<Vec<AnnotationView>, ErrorView> {
        self.ask(Request::Notes).await
    }

    /// What happened lately, as it is kept for the next start.
    ///
    /// # Errors
    /// When the desk has ended.
    pub async fn book(&self) -> Result<Vec<Annotation>, ErrorView> {
        self.ask(Request::Book).await
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

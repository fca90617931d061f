//! A draft on the screen: a second loop like the wall's, whose only board is the draft, so that what is seen while editing is exactly
//! what a wall will show. It lives while somebody looks at it.

use crate::boards::Library;
use crate::clock;
use crate::config::Config;
use crate::core::{Core, Facts, Handle, Message};
use crate::driver::Driver;
use crate::duty::DutyHandle;
use engine::{Failure, Setup, SourceSpec};
use model::board::{Board, Concept};
use parking_lot::Mutex;
use source::Metrics;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;
use wire::ViewSettings;

/// A preview that nobody asks for so long ends: the page asks every second.
const IDLE: Duration = Duration::from_secs(20);

/// Sources by name, as the wall's driver has them.
pub type Clients = BTreeMap<String, Result<Arc<dyn Metrics>, Failure>>;

/// What a loop is made of.
#[derive(Clone)]
pub struct Ground {
    /// Sources in order of preference.
    pub specs: Vec<SourceSpec>,
    /// How they are asked.
    pub clients: Clients,
    /// Language, theme, zone.
    pub settings: ViewSettings,
    /// The alert desk, whose band a frame carries.
    pub duty: DutyHandle,
}

struct Running {
    /// Id of the board that its loop was begun for: it goes on showing that one and no other.
    board: String,
    handle: Handle,
    task: JoinHandle<()>,
    seen: Instant,
}

impl Drop for Running {
    fn drop(&mut self) {
        // The loop's own driver holds a way to it, so that it would never end by itself.
        self.task.abort();
    }
}

/// At most one preview.
pub(super) struct Preview {
    ground: Ground,
    running: Arc<Mutex<Option<Running>>>,
}

impl Preview {
    pub fn new(ground: Ground) -> Self {
        Self {
            ground,
            running: Arc::default(),
        }
    }

    /// Shows `board` from now on.
    pub async fn show(&self, board: Board, concepts: BTreeMap<String, Concept>) {
        let open = board.id.clone();
        let library = Library {
            concepts,
            boards: BTreeMap::from([(open.clone(), board)]),
            problems: Vec::new(),
        };
        let there = self.same(&open).then(|| self.alive()).flatten();
        match there {
            Some(handle) => handle.send(Message::Library(library)).await,
            None => self.begin(library, open),
        }
    }

    fn begin(&self, library: Library, open: String) {
        let (handle, rx) = Handle::channel();
        let ground = self.ground.clone();
        let core = Core::new(
            Driver::new(ground.clients, handle.clone()),
            ground.settings,
            Facts::default(),
            ground.duty,
            crate::start::screens(&Config {
                board: open.clone(),
                ..Config::default()
            }),
        );
        let setup = Setup {
            sources: ground.specs,
            open: open.clone(),
            ..Setup::default()
        };
        let task = tokio::spawn(core.run(setup, library, None, rx));
        *self.running.lock() = Some(Running {
            board: open,
            handle,
            task,
            seen: clock::instant(),
        });
        tokio::spawn(end_when_idle(Arc::clone(&self.running)));
    }

    /// Whether what runs was begun for this board.
    fn same(&self, board: &str) -> bool {
        let running = self.running.lock();
        running.as_ref().is_some_and(|one| one.board == board)
    }

    /// The loop, if there is one; asking for it keeps it alive.
    pub fn alive(&self) -> Option<Handle> {
        let mut running = self.running.lock();
        let running = running.as_mut()?;
        running.seen = clock::instant();
        Some(running.handle.clone())
    }
}

async fn end_when_idle(running: Arc<Mutex<Option<Running>>>) {
    loop {
        tokio::time::sleep(IDLE / 4).await;
        let mut there = running.lock();
        match there.as_ref() {
            Some(one) if one.seen.elapsed() < IDLE => {}
            _ => {
                *there = None;
                return;
            }
        }
    }
}

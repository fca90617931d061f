//! A board or one of its panels as a picture, without a display: asked of the sources as the wall asks them, and judged as it judges.

mod beside;
mod body;
mod gather;
mod picture;
mod predict;
mod words;

pub use beside::Beside;
pub use gather::gather;
pub use picture::{How, sheet};
pub use words::Words;

use crate::boards::Library;
use crate::config::{self, Config};
use crate::core::{Handle, Message};
use crate::driver::Driver;
use crate::{feeders, sources};
use engine::machine::Chosen;
use engine::{Engine, Event, Failure, Setup, SourceSpec};
use source::Metrics;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Whatever sources do, the picture is drawn with what there is by then.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// Answers that are taken at most: a board's questions, and again after a source has come back.
const ANSWERS: usize = 4_000;

/// Points that a panel has at least; with a shorter range its own step is not kept.
const STEPS: u32 = 20;

/// What is to be seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// The board's id.
    pub board: String,
    /// One panel of it; `None`: all.
    pub panel: Option<String>,
    /// The end of what is shown, ms.
    pub at: i64,
    /// How much of the past, ms; the board's own, and that of its panels, when absent.
    pub range: Option<i64>,
    /// Chosen values of the board's variables; those of its file where nothing is chosen.
    pub chosen: Chosen,
}

/// Why there is nothing to be drawn.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ViewError {
    /// No board has this id.
    #[error("there is no board {board:?}; there are {known}")]
    UnknownBoard {
        /// What was asked for.
        board: String,
        /// What there is.
        known: String,
    },
    /// The board has no panel with this id.
    #[error("board {board:?} has no panel {panel:?}; it has {known}")]
    UnknownPanel {
        /// The board.
        board: String,
        /// What was asked for.
        panel: String,
        /// What there is.
        known: String,
    },
    /// The board has no variable with this id.
    #[error("board {board:?} has no variable {variable:?}; it has {known}")]
    UnknownVariable {
        /// The board.
        board: String,
        /// What was asked for.
        variable: String,
        /// What there is.
        known: String,
    },
}

impl ViewError {
    /// Its sentence's key and values.
    pub fn sentence(&self) -> (&'static str, Vec<(&'static str, String)>) {
        match self {
            Self::UnknownBoard { board, known } => (
                "cli.render_no_board",
                vec![("board", board.clone()), ("known", known.clone())],
            ),
            Self::UnknownPanel {
                board,
                panel,
                known,
            } => (
                "cli.render_no_panel",
                vec![
                    ("board", board.clone()),
                    ("panel", panel.clone()),
                    ("known", known.clone()),
                ],
            ),
            Self::UnknownVariable {
                board,
                variable,
                known,
            } => (
                "cli.render_no_variable",
                vec![
                    ("board", board.clone()),
                    ("variable", variable.clone()),
                    ("known", known.clone()),
                ],
            ),
        }
    }
}

/// Sources with their clients, by name.
pub type Clients = Vec<(SourceSpec, Result<Arc<dyn Metrics>, Failure>)>;

/// Sources as the configuration has them: its servers, and what the running wall keeps inside; where no wall runs, the simulated
/// platform and this host.
pub async fn clients(config: &Config, stop: &CancellationToken) -> Clients {
    let data = config::data_dir(config);
    let secrets = sources::secrets(config, data.as_deref()).await;
    let mut all = sources::connect_all(config, &secrets);
    // The wall holds its stores, and knows more than can be made up again: the past of the simulated platform, the desk's figures.
    if let Some(data) = &data {
        let known: Vec<String> = all.iter().map(|(spec, _)| spec.name.clone()).collect();
        let held = gather::held(data).await;
        all.extend(held.into_iter().filter(|(s, _)| !known.contains(&s.name)));
    }
    let has = |all: &Clients, name: &str| all.iter().any(|(spec, _)| spec.name == name);
    let inside = |name: &str, kind: &str, demo, seconds| SourceSpec {
        name: name.to_owned(),
        kind: kind.to_owned(),
        address: String::new(),
        demo,
        budget: sources::budget(seconds),
        langs: source::registry::langs(kind),
    };
    let hosts = config.embedded.host || !config.embedded.scrape.is_empty();
    if hosts && !has(&all, "local") {
        let client = feeders::for_query(config, data.as_deref(), "local", stop).await;
        let seconds = config.embedded.interval_seconds;
        // A store that another program holds is no reason to draw nothing.
        if client.is_ok() {
            all.push((inside("local", "embedded", false, seconds), client));
        }
    }
    if config.demo_enabled() && !has(&all, "demo") {
        let client = feeders::for_query(config, data.as_deref(), "demo", stop).await;
        all.push((inside("demo", "simulator", true, 15.0), client));
    }
    all
}

/// The setup that shows just what is asked for.
///
/// # Errors
/// No such board, no such panel.
pub fn setup(library: &Library, view: &View) -> Result<Setup, ViewError> {
    let mut board =
        library
            .boards
            .get(&view.board)
            .cloned()
            .ok_or_else(|| ViewError::UnknownBoard {
                board: view.board.clone(),
                known: list(library.boards.keys()),
            })?;
    if let Some(panel) = &view.panel {
        let known = list(board.panels.iter().map(|p| &p.id));
        board.panels.retain(|p| p.id == *panel);
        if board.panels.is_empty() {
            return Err(ViewError::UnknownPanel {
                board: view.board.clone(),
                panel: panel.clone(),
                known,
            });
        }
    }
    if let Some(unknown) =
        (view.chosen.keys()).find(|id| board.variables.iter().all(|v| v.id != **id))
    {
        return Err(ViewError::UnknownVariable {
            board: view.board.clone(),
            variable: unknown.clone(),
            known: list(board.variables.iter().map(|v| &v.id)),
        });
    }
    for variable in &mut board.variables {
        if let Some(values) = view.chosen.get(&variable.id) {
            variable.default.clone_from(values);
        }
    }
    if let Some(range) = view.range {
        let seconds = u32::try_from(range / 1_000).unwrap_or(u32::MAX).max(60);
        board.window_seconds = seconds;
        for panel in &mut board.panels {
            panel.window_seconds = Some(seconds);
            // A step that was meant for a week leaves an hour without points.
            panel.step_seconds = panel.step_seconds.filter(|step| seconds / STEPS >= *step);
        }
    }
    Ok(Setup {
        concepts: library.concepts.clone(),
        boards: BTreeMap::from([(board.id.clone(), board)]),
        open: view.board.clone(),
        ..Setup::default()
    })
}

fn list<'a>(names: impl Iterator<Item = &'a String>) -> String {
    let all: Vec<&str> = names.map(String::as_str).take(60).collect();
    all.join(", ")
}

/// Lets the engine ask about the time `at` until every question is answered, or patience ends.
pub async fn look(mut setup: Setup, clients: Clients, at: i64, patience: Duration) -> Engine {
    setup.sources = clients.iter().map(|(spec, _)| spec.clone()).collect();
    let clients = clients
        .into_iter()
        .map(|(spec, client)| (spec.name, client))
        .collect();
    let (handle, mut answers) = Handle::channel();
    let driver = Driver::new(clients, handle).at(at);
    let mut engine = Engine::new();
    let mut open = 0_usize;
    let take = |engine: &mut Engine, event, open: &mut usize| {
        let effects = engine.handle(event, at);
        *open += effects.len();
        driver.run(effects);
    };
    take(&mut engine, Event::Configured(setup), &mut open);
    let deadline = tokio::time::sleep(patience);
    tokio::pin!(deadline);
    for _ in 0..ANSWERS {
        if open == 0 {
            break;
        }
        tokio::select! {
            message = answers.recv() => {
                if let Some(Message::Event(event)) = message {
                    open -= 1;
                    take(&mut engine, event, &mut open);
                }
            }
            () = &mut deadline => break,
        }
    }
    engine
}

#[cfg(test)]
mod tests;

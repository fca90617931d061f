//! What can be asked of the editor.

use super::complete::Names;
use super::grafana_views::{imported, json, losses};
use super::preview::{Ground, Preview};
use super::{checks, file, yaml};
use crate::boards::{self, Library};
use crate::core::{Handle, Message};
use crate::{clock, texts};
use grafana::{ExportOptions, ImportOptions};
use model::board::Board;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use wire::{
    EditorCompleteAsk, EditorCompletion, EditorConcept, EditorExported, EditorHome, EditorImported,
    EditorListed, EditorOpened, EditorProblem, EditorSave, EditorSaved, ErrorCode, ErrorView,
};

/// Folder of the data directory for what is written for others.
const EXPORTS: &str = "exports";
/// Panels of a draft: as many as a board may have.
const MAX_PANELS: usize = 200;

/// What the editor works with.
pub struct Parts {
    /// Where the user's boards are.
    pub boards_dir: Option<PathBuf>,
    /// Where exports are written.
    pub data: Option<PathBuf>,
    /// The wall, which is told of a saved board at once.
    pub wall: Handle,
    /// What a preview is made of.
    pub ground: Ground,
}

struct Inner {
    boards_dir: Option<PathBuf>,
    data: Option<PathBuf>,
    wall: Handle,
    ground: Ground,
    preview: Preview,
}

/// To ask the editor. Clones are the same.
#[derive(Clone)]
pub struct EditorHandle(Arc<Inner>);

impl std::fmt::Debug for EditorHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EditorHandle")
            .field("boards_dir", &self.0.boards_dir)
            .finish_non_exhaustive()
    }
}

fn malformed(detail: impl ToString) -> ErrorView {
    ErrorView::new(ErrorCode::Malformed).with("detail", detail)
}

fn board(value: Value) -> Result<Board, ErrorView> {
    let board: Board = serde_json::from_value(value).map_err(malformed)?;
    if board.panels.len() > MAX_PANELS {
        return Err(malformed(format!("{} panels", board.panels.len())));
    }
    Ok(board)
}

/// Files are small, but a network drive may take its time.
async fn beside<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, ErrorView> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|e| ErrorView::new(ErrorCode::Internal).with("detail", e))
}

impl EditorHandle {
    /// An editor over these parts.
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(Inner {
            preview: Preview::new(parts.ground.clone()),
            boards_dir: parts.boards_dir,
            data: parts.data,
            wall: parts.wall,
            ground: parts.ground,
        }))
    }

    async fn library(&self) -> Result<Library, ErrorView> {
        let dir = self.0.boards_dir.clone();
        beside(move || boards::load(dir.as_deref())).await
    }

    fn path(&self, id: &str) -> Option<PathBuf> {
        file::path(self.0.boards_dir.as_deref()?, id).ok()
    }

    /// Boards, concepts, sources.
    ///
    /// # Errors
    /// When the program is ending.
    pub async fn home(&self) -> Result<EditorHome, ErrorView> {
        let library = self.library().await?;
        let listed = |b: &Board| EditorListed {
            id: b.id.clone(),
            title: b.title.clone(),
            own: self.path(&b.id).is_some_and(|p| p.exists()),
            panels: u32::try_from(b.panels.len()).unwrap_or(u32::MAX),
        };
        let unit = |u: &model::board::Unit| match serde_json::to_value(u) {
            Ok(Value::String(name)) => name,
            _ => String::new(),
        };
        Ok(EditorHome {
            boards: library.boards.values().map(listed).collect(),
            directory: self.0.boards_dir.as_ref().map(|d| d.display().to_string()),
            concepts: library
                .concepts
                .values()
                .map(|c| EditorConcept {
                    id: c.id.clone(),
                    title: c.title.clone(),
                    unit: unit(&c.unit),
                })
                .collect(),
            sources: self.0.ground.specs.iter().map(|s| s.name.clone()).collect(),
        })
    }

    /// A board to be edited.
    ///
    /// # Errors
    /// When there is none with this id.
    pub async fn open(&self, id: String) -> Result<EditorOpened, ErrorView> {
        let library = self.library().await?;
        let Some(board) = library.boards.get(&id) else {
            return Err(ErrorView::new(ErrorCode::UnknownBoard).with("board", &id));
        };
        let path = self.path(&id);
        let at = path.clone();
        let text = beside(move || std::fs::read_to_string(at?).ok()).await?;
        Ok(EditorOpened {
            board: json(board),
            version: file::version(text.as_deref()),
            file: path.map(|p| p.display().to_string()),
        })
    }

    /// Takes a draft: says what is wrong with it, and with `show` shows what can be shown of it.
    ///
    /// # Errors
    /// When it is no board at all.
    pub async fn draft(&self, draft: Value, show: bool) -> Result<Vec<EditorProblem>, ErrorView> {
        let mut board = board(draft)?;
        let library = self.library().await?;
        let problems = checks::problems(&board, &library);
        if !show {
            return Ok(problems);
        }
        // A panel whose query cannot be asked would only fail; the others go on.
        let broken = |id: &str| {
            problems
                .iter()
                .any(|p| p.field == "expr" && p.panel.as_deref() == Some(id))
        };
        board.panels.retain(|p| !broken(&p.id));
        let unasked = |field: &str, id: &str| {
            problems
                .iter()
                .any(|p| p.field == field && p.query.as_deref() == Some(id))
        };
        board.marks.retain(|m| !unasked("mark_expr", &m.id));
        board
            .variables
            .retain(|v| !unasked("variable_query", &v.id));
        self.0.preview.show(board, library.concepts).await;
        Ok(problems)
    }

    /// What is new in the preview since `cursor`.
    ///
    /// # Errors
    /// When there is no preview (any more): a draft begins one.
    pub async fn pull(&self, cursor: u64) -> Result<Vec<u8>, ErrorView> {
        let Some(handle) = self.0.preview.alive() else {
            return Err(ErrorView::new(ErrorCode::Cancelled));
        };
        handle.pull(0, cursor).await
    }

    /// Writes a board, if it is right and nobody else has changed its file, and shows it on the walls.
    ///
    /// # Errors
    /// When it is no board at all.
    pub async fn save(&self, ask: EditorSave) -> Result<EditorSaved, ErrorView> {
        let board = board(ask.board)?;
        let library = self.library().await?;
        let problems = checks::problems(&board, &library);
        if !problems.is_empty() {
            return Ok(EditorSaved::Refused { problems });
        }
        let Some(path) = self.path(&board.id) else {
            let problem = EditorProblem {
                field: "id".to_owned(),
                ..checks::plain("board_name", &board.id)
            };
            return Ok(EditorSaved::Refused {
                problems: vec![problem],
            });
        };
        let saved = beside(move || write(&board, path, ask.version.as_deref())).await?;
        if matches!(saved, EditorSaved::Saved { .. }) {
            let library = self.library().await?;
            self.0.wall.send(Message::Library(library)).await;
        }
        Ok(saved)
    }

    /// What could be typed next.
    ///
    /// # Errors
    /// When the program is ending.
    pub async fn complete(&self, ask: EditorCompleteAsk) -> Result<EditorCompletion, ErrorView> {
        let library = self.library().await?;
        let clients = &self.0.ground.clients;
        let asked = |name: &&String| ask.source.as_ref().is_none_or(|s| s == *name);
        let names = self.0.ground.specs.iter().map(|s| &s.name);
        let sources: Vec<_> = names
            .filter(asked)
            .filter_map(|name| clients.get(name)?.as_ref().ok().cloned())
            .collect();
        let names = Names {
            sources: &sources,
            concepts: &library.concepts,
            now_ms: clock::now_ms(),
        };
        Ok(names.complete(&ask.before).await)
    }

    /// A dashboard of Grafana as boards; nothing is kept.
    ///
    /// # Errors
    /// When the program is ending.
    pub async fn import(&self, text: String) -> Result<EditorImported, ErrorView> {
        let options = ImportOptions::default();
        beside(move || imported(grafana::import(text.as_bytes(), &options))).await
    }

    /// Writes a board as a dashboard of Grafana into the data directory.
    ///
    /// # Errors
    /// When it is no board, or the disk refuses.
    pub async fn export(&self, draft: Value, locale: String) -> Result<EditorExported, ErrorView> {
        let board = board(draft)?;
        let library = self.library().await?;
        let words = |key: &str| texts::plain(&locale, key);
        let bound = BTreeMap::new();
        let exported = grafana::export(
            &board,
            &ExportOptions {
                concepts: &library.concepts,
                bound: &bound,
                words: &words,
            },
        );
        let failed = |e: String| ErrorView::new(ErrorCode::Internal).with("detail", e);
        let folder = self.0.data.as_ref().map(|d| d.join(EXPORTS));
        let folder = folder.ok_or_else(|| failed("no data directory".to_owned()))?;
        let path = file::path(&folder, &board.id)
            .map_err(|e| failed(e.to_string()))?
            .with_extension("grafana.json");
        let text =
            serde_json::to_string_pretty(&exported.dashboard).map_err(|e| failed(e.to_string()))?;
        let to = path.clone();
        beside(move || file::save(&to, &(text + "\n"), None))
            .await?
            .map_err(|e| failed(e.to_string()))?;
        Ok(EditorExported {
            path: path.display().to_string(),
            losses: losses(&exported.losses),
        })
    }
}

/// Puts the board into its file, in the words of the file or of the built-in board before.
fn write(board: &Board, path: PathBuf, version: Option<&str>) -> EditorSaved {
    let failed = |detail: String| EditorSaved::Failed { detail };
    let own = std::fs::read_to_string(&path).ok();
    let before = own.as_deref().or_else(|| boards::built_in(&board.id));
    let written = match yaml::write(board, before) {
        Ok(written) => written,
        Err(e) => return failed(e.to_string()),
    };
    match file::save(&path, &written.text, version) {
        Ok(()) => EditorSaved::Saved {
            file: path.display().to_string(),
            version: file::version(Some(&written.text)),
            comments_lost: u32::try_from(written.comments_lost).unwrap_or(u32::MAX),
        },
        Err(file::FileError::Changed(path)) => EditorSaved::Conflict {
            file: path.display().to_string(),
        },
        Err(e) => failed(e.to_string()),
    }
}

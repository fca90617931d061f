//! What the editor of boards is asked and answers.
//!
//! A board crosses as the JSON of `model::board::Board`: the page changes the fields that it knows and hands back all others as they
//! were, so that a new field of the model needs no second description here.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use ts_rs::TS;

/// A board that can be opened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct EditorListed {
    /// Unique.
    pub id: String,
    /// Locale key, or the title itself.
    pub title: String,
    /// It stands in the user's directory; else it is built in, and saving makes the user's own of it.
    pub own: bool,
    /// How many panels it has.
    pub panels: u32,
}

/// A concept that queries may use.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct EditorConcept {
    /// Its id, written `${id}`.
    pub id: String,
    /// Locale key.
    pub title: String,
    /// `model::board::Unit` in snake_case.
    pub unit: String,
}

/// What the editor begins with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct EditorHome {
    /// All boards.
    pub boards: Vec<EditorListed>,
    /// Where boards are saved; `None`: nowhere, there is no data directory.
    pub directory: Option<String>,
    /// All concepts.
    pub concepts: Vec<EditorConcept>,
    /// Names of the sources, in order of preference.
    pub sources: Vec<String>,
}

/// A board to be edited.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct EditorOpened {
    /// The board.
    #[ts(type = "unknown")]
    pub board: Value,
    /// Which text of its file this is; empty while there is no file of the user's.
    pub version: String,
    /// The file that saving will write.
    pub file: Option<String>,
}

/// Something that `shouwang check` would refuse, at its field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct EditorProblem {
    /// The panel's id; `None`: the board itself.
    pub panel: Option<String>,
    /// The query's id.
    pub query: Option<String>,
    /// The field (`expr`, `at`, `thresholds`, `title`, …).
    pub field: String,
    /// Sentence under `problem.`.
    pub key: String,
    /// Its values.
    pub params: BTreeMap<String, String>,
}

/// A board to be written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct EditorSave {
    /// The board.
    #[ts(type = "unknown")]
    pub board: Value,
    /// The version that the file has to have; `None` overwrites whatever is there.
    pub version: Option<String>,
}

/// What came of saving.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum EditorSaved {
    /// It is on the disk, and walls show it.
    Saved {
        /// The file.
        file: String,
        /// Its version now.
        version: String,
        /// Comments that stood inside of what changed and are gone.
        comments_lost: u32,
    },
    /// The file is not as it was when the board was opened.
    Conflict {
        /// The file.
        file: String,
    },
    /// It is wrong; nothing was written.
    Refused {
        /// What is wrong.
        problems: Vec<EditorProblem>,
    },
    /// The disk refused.
    Failed {
        /// The system's words.
        detail: String,
    },
}

/// A query that is being typed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct EditorCompleteAsk {
    /// What stands before the caret.
    pub before: String,
    /// Of this source only.
    pub source: Option<String>,
}

/// What a proposal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)] // the names say it
pub enum EditorProposalKind {
    Metric,
    Label,
    Value,
    Function,
    Concept,
    Duration,
}

/// Something that could be typed next.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct EditorProposal {
    /// What it is.
    pub kind: EditorProposalKind,
    /// What is shown.
    pub text: String,
    /// What is put in instead of the letters before the caret.
    pub insert: String,
    /// What a source or the locale (a key) says about it.
    pub detail: Option<String>,
}

/// What could be typed next.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct EditorCompletion {
    /// So many UTF-16 units before the caret are replaced.
    pub replace: u32,
    /// Best first.
    pub proposals: Vec<EditorProposal>,
}

/// A sentence from a code: `grafana.<group>.<code>`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct EditorReason {
    /// The sentence.
    pub code: String,
    /// Its values.
    pub params: BTreeMap<String, String>,
}

/// Something of a dashboard that was not taken, or of a board that a dashboard cannot say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct EditorLoss {
    /// Title of the panel; `None`: of the whole.
    pub panel: Option<String>,
    /// Its place in the file.
    pub path: String,
    /// Why, and what to do: under `grafana.loss.`.
    pub reason: EditorReason,
    /// The whole panel is missing.
    pub whole: bool,
}

/// What came of a dashboard of Grafana.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct EditorImported {
    /// Why it could not be read at all: under `grafana.refused.`.
    pub refused: Option<EditorReason>,
    /// The dashboard's title.
    pub title: String,
    /// Boards, several where it does not fit one screen.
    #[ts(type = "unknown[]")]
    pub boards: Vec<Value>,
    /// Panels that the dashboard has.
    pub found: u32,
    /// Panels that were taken.
    pub taken: u32,
    /// What was not.
    pub losses: Vec<EditorLoss>,
}

/// Where a board was written as a dashboard of Grafana.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct EditorExported {
    /// The file.
    pub path: String,
    /// What it cannot say.
    pub losses: Vec<EditorLoss>,
}

//! The wall as a screen nobody sits before: which board of how many, why, how bright, how to leave. Times are ms since the epoch.

use crate::LevelView;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// In which way a screen shows its board.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum KioskMode {
    /// It has but one.
    #[default]
    Single,
    /// One after the other.
    Rotating,
    /// A person has stopped the rotation.
    Paused,
    /// A person has chosen this board.
    Held,
    /// Something fails there.
    Failing,
}

/// Why a screen left its rotation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct KioskWhy {
    /// The alert.
    #[ts(type = "number")]
    pub alert: i64,
    /// Its level.
    pub level: LevelView,
    /// `model::board::Domain` in snake_case, if it is known.
    pub domain: Option<String>,
    /// What it says; from outside.
    pub title: String,
    /// Other alerts as urgent as would move the wall.
    pub others: u32,
    /// Somebody has it.
    pub acked: bool,
}

/// Which part of the board this screen shows: one of `columns` × `rows` equal ones, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct PartView {
    /// Screens beside each other.
    pub columns: u16,
    /// Screens above each other.
    pub rows: u16,
    /// From the left.
    pub column: u16,
    /// From the top.
    pub row: u16,
}

impl Default for PartView {
    fn default() -> Self {
        Self {
            columns: 1,
            rows: 1,
            column: 0,
            row: 0,
        }
    }
}

/// A screen of the wall.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct KioskView {
    /// Name or number of its output; empty for the only one.
    pub screen: String,
    /// Place of the board in the rotation, from 0.
    pub index: u32,
    /// Boards that take part now.
    pub of: u32,
    /// In which way it shows its board.
    pub mode: KioskMode,
    /// When the next board comes.
    pub until: Option<f64>,
    /// The board that comes in a moment, or with the next key: it may be laid out beforehand.
    pub coming: Option<String>,
    /// Why it left its rotation.
    pub why: Option<KioskWhy>,
    /// Which part of the board.
    pub part: PartView,
    /// 1: as it is; 0: black.
    pub brightness: f64,
    /// Dark, because nobody is there.
    pub off: bool,
    /// Where the picture stands, device pixels to the right and down, against burning in.
    pub shift: [i32; 2],
    /// How far it can be moved at most, device pixels.
    pub shift_room: u32,
    /// A PIN is needed to leave.
    pub locked: bool,
}

/// What is tried to leave the kiosk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum LeaveAnswer {
    /// The wall is an ordinary window now.
    Left,
    /// Not the PIN.
    Wrong,
    /// Too many wrong ones.
    Wait,
}

/// The answer to somebody who wants to leave the kiosk.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct LeaveView {
    /// What came of it.
    pub answer: LeaveAnswer,
    /// How long to wait before the next try, ms.
    pub wait: f64,
}

/// What the watchdog knows of a page.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PageView {
    /// The window's label.
    pub window: String,
    /// Pictures that it has painted since it began.
    pub painted: u64,
    /// Its process, if it is known.
    pub process: Option<u32>,
    /// Its memory, bytes, if it has been measured.
    pub memory: Option<u64>,
    /// Times it was brought back since the program began.
    pub revived: u32,
    /// How long it was away the last time, ms.
    pub away: Option<f64>,
    /// Times it was replaced as planned.
    pub recycled: u32,
    /// Whether it has painted lately.
    pub lives: bool,
}

/// A screen in `shouwang wall status`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ScreenStatus {
    /// Its number, from 1.
    pub number: u32,
    /// The board.
    pub board: String,
    /// Locale key of its title.
    pub title: String,
    /// As the page sees it.
    pub kiosk: KioskView,
    /// Every panel of it has been answered or has failed.
    pub complete: bool,
}

/// `shouwang wall status`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct WallStatus {
    /// `zh-CN` or `en`.
    pub locale: String,
    /// `dark` or `calm`.
    pub theme: String,
    /// Full screen.
    pub kiosk: bool,
    /// All screens.
    pub screens: Vec<ScreenStatus>,
    /// All pages.
    pub pages: Vec<PageView>,
}

/// What the command line wants of the running wall.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum WallCommand {
    /// This board, until told otherwise.
    Show {
        /// Its id.
        board: String,
        /// Number of the screen from 1, or the output's name; the first when left out.
        screen: Option<String>,
    },
    /// The next board.
    Next {
        /// As for `Show`; all when left out.
        screen: Option<String>,
    },
    /// The board before.
    Previous {
        /// As for `Next`.
        screen: Option<String>,
    },
    /// Stay.
    Pause {
        /// As for `Next`.
        screen: Option<String>,
    },
    /// Go on.
    Resume {
        /// As for `Next`.
        screen: Option<String>,
    },
    /// `dark` or `calm`.
    Theme {
        /// Which.
        theme: String,
    },
    /// `zh-CN` or `en`.
    Language {
        /// Which.
        locale: String,
    },
}

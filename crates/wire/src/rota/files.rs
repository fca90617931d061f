//! Files that go in and out.

use super::{RotaName, RotaPreview};
use crate::alert::Sentence;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What kind of file is imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ImportKind {
    /// People, CSV.
    People,
    /// Overrides, CSV.
    Overrides,
    /// Overrides, iCalendar.
    OverridesIcal,
    /// A year's holidays, JSON in the format of holiday-cn.
    Holidays,
    /// A country's holidays, iCalendar.
    HolidaysIcal,
}

/// A file to import.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct ImportAsk {
    /// What it is.
    pub kind: ImportKind,
    /// For overrides: the rota, in CSV where the file names none. For holidays: the calendar, a new or an existing one; none: for JSON China's, for
    /// iCalendar a new one.
    pub target: Option<String>,
    /// Its bytes in base64; at most 10 MB.
    pub content: String,
    /// Only look whether it could be.
    pub dry_run: bool,
}

/// A place in a file that cannot be taken.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct ImportError {
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1; `None`: the whole line.
    pub column: Option<u32>,
    /// What is wrong and what to do.
    pub what: Sentence,
}

/// What became of an import. With errors nothing was taken.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct ImportView {
    /// Entries read.
    pub entries: u32,
    /// What is wrong, at most 100.
    pub errors: Vec<ImportError>,
    /// How many errors there are altogether.
    pub error_count: u32,
    /// What to know before it is kept, and no fault: columns that are not read, years of a calendar that are replaced.
    pub notes: Vec<Sentence>,
    /// For holidays: the calendar into which they go.
    pub calendar: Option<RotaName>,
    /// For overrides and holidays that are only looked at: what would be wrong or right with them on any rota, over the stretch that they
    /// concern. Without shifts.
    pub preview: Option<RotaPreview>,
}

/// What is written to a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum ExportAsk {
    /// People, CSV with contacts in full.
    People,
    /// A rota's shifts, iCalendar.
    Rota {
        /// Which.
        rota: String,
    },
    /// A rota's shifts as CSV, in the form in which overrides are imported.
    Shifts {
        /// Which.
        rota: String,
        /// First day, in the rota's zone.
        from: String,
        /// Last day; at most 366 after the first.
        until: String,
    },
    /// A person's shifts on all rotas, iCalendar.
    Person {
        /// Who.
        person: String,
    },
}

/// Where it was written, and where it can be subscribed to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ExportView {
    /// The file.
    pub path: String,
    /// Address on this machine; `None`: there is no listener (`duty.calendar_listen` is empty), or it is no calendar.
    pub url: Option<String>,
}

//! The page of reports: which there are, what comes when, and one of them as it was written. Times are ms since the epoch, days are
//! `YYYY-MM-DD` in the configured zone. A report's own texts are in the language in which it was made.

use crate::error::ErrorView;
use crate::view::SeverityView;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// How long a report's period is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ReportKind {
    /// A day.
    Daily,
    /// Monday to Sunday.
    Weekly,
    /// A month of the calendar.
    Monthly,
}

/// Who had a report made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ReportBy {
    /// The configuration's schedule.
    Schedule,
    /// Somebody at the page.
    Hand,
}

/// A file of a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ReportFile {
    /// `pdf`, `html`.
    pub format: String,
    /// Its size.
    #[ts(type = "number")]
    pub bytes: u64,
}

/// When and to whom a report was mailed last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ReportSent {
    /// When.
    #[ts(type = "number")]
    pub at: i64,
    /// Addresses.
    pub to: Vec<String>,
}

/// A report that is there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct ReportRow {
    /// Names it to [`ReportSheet`] and to whatever is done with it.
    pub id: String,
    /// Its period's length.
    pub kind: ReportKind,
    /// The period's first day.
    pub first: String,
    /// Its last day.
    pub last: String,
    /// Its files.
    pub files: Vec<ReportFile>,
    /// When it was made.
    #[ts(type = "number")]
    pub made_at: i64,
    /// By whom; `None`: the command line, or an older program.
    pub by: Option<ReportBy>,
    /// Whether it can be shown on the page.
    pub readable: bool,
    /// The last time that it was mailed.
    pub sent: Option<ReportSent>,
    /// Who would get it by mail: the addresses of the configuration's reports of this kind, else of all.
    pub receivers: Vec<String>,
}

/// A report of the configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct ReportPlan {
    /// Its period's length.
    pub kind: ReportKind,
    /// When the next one is due.
    #[ts(type = "number | null")]
    pub next: Option<i64>,
    /// Its formats.
    pub formats: Vec<String>,
    /// Where its files go.
    pub folder: String,
    /// Who gets it by mail.
    pub mail_to: Vec<String>,
    /// Why the last one was not made; it is tried again.
    pub failed: Option<ErrorView>,
}

/// What is being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ReportStage {
    /// Figures are asked for.
    Gathering,
    /// Charts are drawn and files written.
    Writing,
}

/// A report that is being made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct ReportMaking {
    /// Its period's length.
    pub kind: ReportKind,
    /// The period's first day.
    pub first: String,
    /// For whom.
    pub by: ReportBy,
    /// Since when.
    #[ts(type = "number")]
    pub since: i64,
    /// How far it is.
    pub stage: ReportStage,
}

/// What came of the last report that was made by hand.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ReportOutcome {
    /// It is there.
    Made {
        /// [`ReportRow::id`].
        id: String,
    },
    /// It is not.
    Failed {
        /// Why.
        error: ErrorView,
    },
}

/// Everything that the page shows but a report itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct ReportsPage {
    /// The host's clock.
    #[ts(type = "number")]
    pub now: i64,
    /// Reports, the one that was made last first.
    pub rows: Vec<ReportRow>,
    /// There are more than are listed.
    pub more: bool,
    /// The configuration's reports.
    pub plans: Vec<ReportPlan>,
    /// Whether a mail server is configured and its settings can be.
    pub mail: bool,
    /// What is being made.
    pub making: Option<ReportMaking>,
    /// What came of the last one made by hand since the program began.
    pub outcome: Option<ReportOutcome>,
    /// How many were made by hand since the program began: a rise says that `outcome` is new.
    pub count: u32,
    /// Where reports made by hand go; `None`: there is no data directory.
    pub folder: Option<String>,
}

/// What is to be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ReportMake {
    /// The period's length.
    pub kind: ReportKind,
    /// A day of the period; `None`: the last period that is over.
    pub day: Option<String>,
    /// In which language: `zh-CN` or `en`.
    pub locale: String,
}

/// One of the great numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct ReportFigure {
    /// What it is.
    pub name: String,
    /// Digits.
    pub text: String,
    /// What stands small beside them.
    pub unit: String,
    /// Against the period before, or the limit.
    pub note: String,
    /// How bad.
    pub grade: SeverityView,
    /// Its course: runs of points `x,y` in a field of 100 by 24; gaps part runs.
    pub course: Vec<String>,
}

/// A cell of a table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct ReportCell {
    /// What stands there.
    pub text: String,
    /// How bad.
    pub grade: SeverityView,
}

/// A chart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct ReportChart {
    /// What is drawn.
    pub title: String,
    /// The drawing; to be shown as an image and never as part of the page.
    pub svg: String,
}

/// What stands in a section.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ReportBlock {
    /// A paragraph.
    Text {
        /// Its words.
        text: String,
    },
    /// A paragraph of less weight.
    Note {
        /// Its words.
        text: String,
    },
    /// Charts beside each other.
    Charts {
        /// One or two.
        charts: Vec<ReportChart>,
    },
    /// A table; the first column is text, the others are figures.
    Table {
        /// Names of the columns.
        head: Vec<String>,
        /// Rows.
        rows: Vec<Vec<ReportCell>>,
    },
}

/// A section.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct ReportSection {
    /// Its head.
    pub title: String,
    /// What stands in it.
    pub blocks: Vec<ReportBlock>,
}

/// A report as it was written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct ReportSheet {
    /// `zh-CN` or `en`.
    pub locale: String,
    /// 守望 周报
    pub title: String,
    /// The period.
    pub subtitle: String,
    /// How it went, in a few words.
    pub verdict: String,
    /// How bad.
    pub grade: SeverityView,
    /// What a reader in a hurry has to know.
    pub lead: Vec<String>,
    /// The great numbers.
    pub figures: Vec<ReportFigure>,
    /// The rest.
    pub sections: Vec<ReportSection>,
    /// At its end.
    pub foot: String,
}

/// Files that were written for somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ReportSaved {
    /// Where they are.
    pub paths: Vec<String>,
}

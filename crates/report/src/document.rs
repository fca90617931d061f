//! A report as a document: what is said, in which order; not how it is set.

use chart::panel::{Body, Grade};

/// One of the great numbers on the first page.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyFigure {
    /// What it is.
    pub name: String,
    /// Digits.
    pub text: String,
    /// What stands small beside them.
    pub unit: String,
    /// Against the period before, or the limit.
    pub note: String,
    /// How bad.
    pub grade: Grade,
    /// Its course over the period.
    pub course: Vec<Option<f64>>,
}

/// A cell of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    /// What stands there.
    pub text: String,
    /// How bad.
    pub grade: Grade,
}

/// A table; the first column is text, the others are figures.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// Names of the columns.
    pub head: Vec<String>,
    /// Rows.
    pub rows: Vec<Vec<Cell>>,
}

/// A chart.
#[derive(Clone, Debug)]
pub struct Chart {
    /// What is drawn.
    pub title: String,
    /// Smaller words beside it.
    pub subtitle: String,
    /// The drawing.
    pub body: Body,
    /// Its height as a share of its width.
    pub height: f64,
}

/// What stands in a section.
#[derive(Clone, Debug)]
pub enum Block {
    /// A paragraph.
    Text(String),
    /// A paragraph of less weight.
    Note(String),
    /// A chart.
    Chart(Box<Chart>),
    /// Two charts beside each other.
    Pair(Box<Chart>, Box<Chart>),
    /// A table.
    Table(Table),
}

/// A section.
#[derive(Clone, Debug)]
pub struct Section {
    /// Its head.
    pub title: String,
    /// What stands in it.
    pub blocks: Vec<Block>,
}

/// A report.
#[derive(Clone, Debug)]
pub struct Document {
    /// `zh-CN` or `en`.
    pub locale: String,
    /// 守望 周报
    pub title: String,
    /// The period.
    pub subtitle: String,
    /// How it went, in a few words.
    pub verdict: String,
    /// How bad.
    pub grade: Grade,
    /// What a reader in a hurry has to know.
    pub lead: Vec<String>,
    /// The great numbers.
    pub figures: Vec<KeyFigure>,
    /// The rest.
    pub sections: Vec<Section>,
    /// At the end of each page.
    pub foot: String,
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self {
            text,
            grade: Grade::Normal,
        }
    }
}

impl Cell {
    /// With how bad it is.
    pub fn of(text: String, grade: Grade) -> Self {
        Self { text, grade }
    }
}

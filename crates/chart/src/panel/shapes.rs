//! What stands in panels of the later kinds: classes, cells of days, budgets, nodes, lists; and what happened across all of time.

use super::{Figure, Grade};

/// Something that happened: a moment, or a stretch of time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Moment {
    /// When, ms.
    pub at: f64,
    /// Until when, ms; `None`: a moment.
    pub until: Option<f64>,
    /// What, in a few words.
    pub name: String,
    /// How bad.
    pub grade: Grade,
}

/// A class of values.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Class {
    /// Of the greatest class, 0 to 1.
    pub height: f64,
    /// Its share of all, written.
    pub share: String,
    /// Its upper end, written; empty: it has none.
    pub end: String,
    /// How bad its better end is.
    pub grade: Grade,
}

/// How values are spread.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Classes {
    /// Classes, the least first.
    pub classes: Vec<Class>,
    /// Shares of all and where they end: name, value, place between the first and the last class (0 to 1).
    pub quantiles: Vec<(String, String, f64)>,
    /// What is said of where they come from.
    pub rest: String,
}

/// A cell of a calendar.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Day {
    /// Depth of colour, 0 to 1; `None`: nothing is known.
    pub depth: Option<f64>,
    /// How bad: a corner of its own.
    pub grade: Grade,
    /// Something happened.
    pub marked: bool,
}

/// Hours by days, or days by weeks.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Days {
    /// Names of the columns.
    pub columns: Vec<String>,
    /// Rows: name and cells.
    pub rows: Vec<(String, Vec<Day>)>,
    /// The least and the greatest value, written.
    pub ends: (String, String),
}

/// How fast a budget burns over one window.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Burning {
    /// The window.
    pub window: String,
    /// How many times too fast, written.
    pub times: String,
    /// Against four fifths of the bar, where somebody is told, 0 to 1.
    pub share: f64,
    /// Whether somebody is told.
    pub grade: Grade,
}

/// An objective and what is left of its budget.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Budget {
    /// Whose; empty where there is one alone.
    pub name: String,
    /// What is left, written.
    pub left: String,
    /// What is left, 0 to 1.
    pub share: f64,
    /// How bad.
    pub grade: Grade,
    /// What is reached, and how long the rest lasts.
    pub about: String,
    /// How fast it burns.
    pub rates: Vec<Burning>,
}

/// Objectives.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Budgets {
    /// The least left first.
    pub all: Vec<Budget>,
    /// What the figure is of.
    pub left: String,
    /// What is promised.
    pub promise: String,
    /// What is said of those that are not there.
    pub rest: String,
}

/// A node of a drawing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// Upper left corner and width in the drawing's units.
    pub x: f64,
    /// As `x`.
    pub y: f64,
    /// As `x`.
    pub width: f64,
    /// What is said of it.
    pub figure: Option<Figure>,
    /// How bad.
    pub grade: Grade,
}

/// A way from one node to another.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Way {
    /// Its points in the drawing's units.
    pub points: Vec<(f64, f64)>,
    /// What is said of it.
    pub figure: Option<Figure>,
    /// How bad.
    pub grade: Grade,
    /// Thickness, units of design.
    pub thick: f64,
}

/// Who calls whom.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Web {
    /// Size of the drawing, and the height of a node, in units of its own.
    pub size: (f64, f64),
    /// As `size`.
    pub node: f64,
    /// Nodes.
    pub nodes: Vec<Node>,
    /// Ways.
    pub ways: Vec<Way>,
    /// What is said of those that are not there.
    pub rest: String,
}

/// A line of a list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Item {
    /// How bad.
    pub grade: Grade,
    /// Small words before it, each in a column of its own.
    pub lead: Vec<String>,
    /// What it says.
    pub text: String,
    /// Smaller words behind that.
    pub place: String,
    /// At the right.
    pub end: String,
}

/// Lines, the foremost above.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct List {
    /// The lines.
    pub items: Vec<Item>,
    /// What is said of those that are not there, or why there are none.
    pub rest: String,
}

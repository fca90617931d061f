//! Panels of a board, as pictures: what stands in one, and how each kind is drawn.

mod bars;
mod budgets;
mod cells;
mod classes;
mod days;
mod lanes;
mod lines;
mod list;
mod moments;
mod ring;
mod shapes;
mod sheet;
mod table;
mod theme;
mod ticks;
mod value;
mod web;

pub use shapes::{
    Budget, Budgets, Burning, Class, Classes, Day, Days, Item, List, Moment, Node, Way, Web,
};
pub use sheet::{Cell, Sheet, panel_inks, panel_svg, png, svg};
pub use theme::Theme;
pub use ticks::{nice_step, time_ticks, value_ticks};

use crate::pen::{Area, Pen};
use crate::{ChartError, Colour};
use plotters::prelude::DrawingBackend;
use std::fmt;
use std::sync::Arc;

/// How bad something is: a colour, and a mark of its own shape.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// Within its limits, or without any.
    #[default]
    Normal,
    /// 警告: a triangle.
    Warning,
    /// 严重: a diamond.
    Critical,
    /// 紧急: an octagon.
    Emergency,
}

/// Writes a number for people.
#[derive(Clone)]
pub struct Writer(Arc<dyn Fn(f64) -> String + Send + Sync>);

impl Writer {
    /// From a function.
    pub fn new(write: impl Fn(f64) -> String + Send + Sync + 'static) -> Self {
        Self(Arc::new(write))
    }

    /// The number as text.
    pub fn write(&self, value: f64) -> String {
        (self.0)(value)
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Writer(0 → {:?})", self.write(0.0))
    }
}

/// A value as it is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figure {
    /// Digits, or a word.
    pub text: String,
    /// What stands small beside them.
    pub unit: String,
    /// How bad.
    pub grade: Grade,
    /// Too old to be true now.
    pub faded: bool,
}

/// Lines over time.
#[derive(Clone, Debug)]
pub struct Graph {
    /// Begin of the axis, ms.
    pub from: f64,
    /// End of the axis, ms.
    pub to: f64,
    /// The first point's time, ms.
    pub start: f64,
    /// Distance of two points, ms.
    pub step: f64,
    /// Series; those before are drawn over those after.
    pub lines: Vec<GraphLine>,
    /// Limits: value and how bad beyond it.
    pub limits: Vec<(f64, Grade)>,
    /// What happened.
    pub marks: Vec<Moment>,
    /// Lower end of the axis; from the data when absent.
    pub min: Option<f64>,
    /// Upper end of the axis; from the data when absent.
    pub max: Option<f64>,
    /// Writes a value beside the axis.
    pub value: Writer,
    /// Writes a time (ms) below the axis.
    pub time: Writer,
    /// How far the zone's clock is before UTC, ms: ticks stand at its full hours.
    pub zone_offset: f64,
    /// Values go in the steps of bytes.
    pub binary: bool,
}

/// A series of a [`Graph`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GraphLine {
    /// Its name in the legend; empty: it is not in the legend.
    pub name: String,
    /// Its newest value, beside the name.
    pub newest: String,
    /// Index of its colour in the theme, or how bad it is.
    pub stroke: Stroke,
    /// Drawn with gaps: what was, or is expected.
    pub dashed: bool,
    /// With a light area under it.
    pub filled: bool,
    /// Values; `None` is a gap.
    pub points: Vec<Option<f64>>,
    /// Values below and above it that make a band around it; empty: no band.
    pub band: Vec<Option<(f64, f64)>>,
}

/// Where a line's colour comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stroke {
    /// The theme's series, by number.
    Series(usize),
    /// The severity's.
    Grade(Grade),
    /// A quiet one: what is compared with.
    Quiet,
}

impl Default for Stroke {
    fn default() -> Self {
        Self::Series(0)
    }
}

/// One great value.
#[derive(Clone, Debug)]
pub struct Hero {
    /// The value.
    pub figure: Figure,
    /// Small values beside it: name and value.
    pub notes: Vec<(String, Figure)>,
    /// Its past; empty: none.
    pub past: Vec<Option<f64>>,
    /// A limit in its past.
    pub limit: Option<f64>,
    /// What happened in it: where between its ends, 0 to 1, and how bad.
    pub marks: Vec<(f64, Grade)>,
}

/// A value on an arc.
#[derive(Clone, Debug)]
pub struct Arc_ {
    /// The value.
    pub figure: Figure,
    /// Where it stands between the arc's ends, 0 to 1.
    pub share: f64,
    /// Zones: from, to (0 to 1) and how bad.
    pub zones: Vec<(f64, f64, Grade)>,
    /// Under the value.
    pub note: String,
}

/// A bar.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bar {
    /// Whose.
    pub name: String,
    /// The value.
    pub figure: Figure,
    /// How long, 0 to 1.
    pub share: f64,
    /// Where limits stand, 0 to 1.
    pub limits: Vec<f64>,
}

/// Bars, one under the other.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bars {
    /// The bars, the first above.
    pub bars: Vec<Bar>,
    /// What is said of those that are not there.
    pub rest: String,
}

/// Rows and columns.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// Names of the columns of values.
    pub head: Vec<String>,
    /// Each row's name, how bad it is, and its values.
    pub rows: Vec<(String, Grade, Vec<Figure>)>,
    /// The past of each row's values, row by row; empty: none is drawn.
    pub pasts: Vec<Vec<Vec<Option<f64>>>>,
    /// What is said of those that are not there.
    pub rest: String,
}

/// A row of a state timeline: its name, and from when to when (ms) it was how bad.
pub type Lane = (String, Vec<(f64, f64, Grade)>);

/// What was when.
#[derive(Clone, Debug)]
pub struct Lanes {
    /// Begin of the axis, ms.
    pub from: f64,
    /// End of the axis, ms.
    pub to: f64,
    /// Lanes: name, stretches (from, to, how bad).
    pub lanes: Vec<Lane>,
    /// What happened.
    pub marks: Vec<Moment>,
    /// Writes a time (ms) below the axis.
    pub time: Writer,
    /// How far the zone's clock is before UTC, ms.
    pub zone_offset: f64,
    /// What is said of those that are not there.
    pub rest: String,
}

/// A part of a whole.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Slice {
    /// Whose.
    pub name: String,
    /// The value.
    pub figure: Figure,
    /// Of the whole, 0 to 1.
    pub share: f64,
}

/// Values as depth of colour: columns of time, rows from below.
#[derive(Clone, Debug)]
pub struct Heat {
    /// Begin of the axis, ms.
    pub from: f64,
    /// End of the axis, ms.
    pub to: f64,
    /// Rows from below: name and values, 0 to 1; `None`: nothing is known.
    pub rows: Vec<(String, Vec<Option<f64>>)>,
    /// What happened.
    pub marks: Vec<Moment>,
    /// Writes a time (ms) below the axis.
    pub time: Writer,
    /// How far the zone's clock is before UTC, ms.
    pub zone_offset: f64,
}

/// What stands in a panel.
#[derive(Clone, Debug)]
pub enum Body {
    /// Words: a text, or why there is nothing.
    Words(Vec<String>),
    /// Lines over time.
    Lines(Graph),
    /// One great value.
    Hero(Hero),
    /// A value on an arc.
    Arc(Arc_),
    /// Bars.
    Bars(Bars),
    /// Rows and columns.
    Table(Table),
    /// What was when.
    Lanes(Lanes),
    /// Parts of a whole.
    Ring(Vec<Slice>),
    /// Values as depth of colour.
    Heat(Heat),
    /// How values are spread.
    Classes(Classes),
    /// Hours by days, or days by weeks.
    Days(Days),
    /// Objectives and their budgets.
    Budgets(Budgets),
    /// Who calls whom.
    Web(Web),
    /// A list.
    List(List),
}

/// A panel.
#[derive(Clone, Debug)]
pub struct Picture {
    /// Its head.
    pub title: String,
    /// Smaller words beside it.
    pub subtitle: String,
    /// How bad what it shows is.
    pub grade: Grade,
    /// Words at the right of the head: simulated, old since.
    pub notes: Vec<String>,
    /// What stands in it.
    pub body: Body,
}

/// Draws a panel into an area; `unit` is how many pixels a unit of design (1/1080 of a screen's height) has.
///
/// # Errors
/// Without a face, or when it cannot be drawn.
pub fn draw<DB: DrawingBackend>(
    area: &Area<DB>,
    picture: &Picture,
    theme: &Theme,
    unit: f64,
) -> Result<(), ChartError> {
    if !crate::face::is_installed() {
        return Err(ChartError::NoFace);
    }
    let (width, height) = area.dim_in_pixel();
    let all = crate::pen::Rect {
        x: 0,
        y: 0,
        w: i32::try_from(width).unwrap_or(i32::MAX),
        h: i32::try_from(height).unwrap_or(i32::MAX),
    };
    let pen = Pen::new(area, theme, unit);
    pen.rect(all, theme.panel)?;
    pen.frame(
        all,
        if picture.grade == Grade::Normal {
            theme.hair
        } else {
            theme.grade(picture.grade)
        },
    )?;
    let inner = all.shrink(pen.px(14.0), pen.px(12.0));
    let below = head(&pen, picture, inner)?;
    body(&pen, &picture.body, below)
}

/// Title, mark and notes; answers what is left below.
fn head<DB: DrawingBackend>(
    pen: &Pen<'_, DB>,
    picture: &Picture,
    inner: crate::pen::Rect,
) -> Result<crate::pen::Rect, ChartError> {
    let theme = pen.theme;
    let mut right = inner.right();
    for note in picture.notes.iter().rev() {
        let words = pen.fit(note, inner.w / 3, 14.0);
        right -= pen.width(&words, 14.0);
        pen.left(&words, (right, inner.y + pen.px(3.0)), 14.0, theme.text_3)?;
        right -= pen.px(12.0);
    }
    let mut x = inner.x;
    let title = pen.fit(&picture.title, right - x, 18.0);
    pen.left(&title, (x, inner.y), 18.0, theme.text)?;
    x += pen.width(&title, 18.0) + pen.px(8.0);
    if picture.grade != Grade::Normal && x + pen.px(16.0) < right {
        pen.mark(
            picture.grade,
            (x + pen.px(8.0), inner.y + pen.px(12.0)),
            15.0,
        )?;
        x += pen.px(24.0);
    }
    let room = right - x - pen.px(8.0);
    if room > pen.px(40.0) && !picture.subtitle.is_empty() {
        let words = pen.fit(&picture.subtitle, room, 14.0);
        pen.left(&words, (x, inner.y + pen.px(4.0)), 14.0, theme.text_3)?;
    }
    Ok(inner.below(pen.px(30.0)))
}

fn body<DB: DrawingBackend>(
    pen: &Pen<'_, DB>,
    body: &Body,
    room: crate::pen::Rect,
) -> Result<(), ChartError> {
    if room.w < pen.px(20.0) || room.h < pen.px(10.0) {
        return Ok(());
    }
    match body {
        Body::Words(lines) => words(pen, lines, room),
        Body::Lines(graph) => lines::draw(pen, graph, room),
        Body::Hero(hero) => value::hero(pen, hero, room),
        Body::Arc(arc) => value::arc(pen, arc, room),
        Body::Bars(bars) => bars::draw(pen, bars, room),
        Body::Table(table) => table::draw(pen, table, room),
        Body::Lanes(lanes) => lanes::draw(pen, lanes, room),
        Body::Ring(slices) => ring::draw(pen, slices, room),
        Body::Heat(heat) => cells::draw(pen, heat, room),
        Body::Classes(classes) => classes::draw(pen, classes, room),
        Body::Days(days) => days::draw(pen, days, room),
        Body::Budgets(budgets) => budgets::draw(pen, budgets, room),
        Body::Web(web) => web::draw(pen, web, room),
        Body::List(list) => list::draw(pen, list, room),
    }
}

/// Paragraphs, as many lines as there is room for.
fn words<DB: DrawingBackend>(
    pen: &Pen<'_, DB>,
    paragraphs: &[String],
    room: crate::pen::Rect,
) -> Result<(), ChartError> {
    let line = pen.px(25.0).max(1);
    let mut y = room.y;
    for paragraph in paragraphs {
        let left = usize::try_from((room.bottom() - y) / line).unwrap_or(0);
        for words in pen.lines(paragraph, room.w, left, 16.0) {
            pen.left(&words, (room.x, y), 16.0, pen.theme.text_2)?;
            y += line;
        }
    }
    Ok(())
}

/// A colour of a line.
pub(crate) fn stroke(theme: &Theme, stroke: Stroke) -> Colour {
    match stroke {
        Stroke::Series(i) => theme.series[i % theme.series.len()],
        Stroke::Grade(Grade::Normal) => theme.calm,
        Stroke::Grade(grade) => theme.grade(grade),
        Stroke::Quiet => theme.text_3,
    }
}

//! Boards, panels, queries and concepts, as they stand in `boards/*.yaml`.
//!
//! These types are the files' schema: parsing (with line numbers) is the desk's work, meaning is defined here.

mod kind;
mod narrow;
mod options;
mod slo;
pub mod variable;

pub use kind::PanelKind;
pub use options::{Ends, Forecast, ForecastMethod, Link, LinkTo, Mark, Slo};
pub use slo::{BURNS, Burn, WINDOW};
pub use variable::Variable;

use crate::{Lang, Thresholds};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a value counts; decides how it is written for people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// A plain number, grouped in 万 and 亿.
    #[default]
    Count,
    /// 0 to 100.
    Percent,
    /// 0 to 1, shown as percent.
    Ratio,
    /// Seconds; shown as µs, ms, s, min, h or d.
    Seconds,
    /// Milliseconds; shown as [`Unit::Seconds`].
    Milliseconds,
    /// Bytes, by 1024.
    Bytes,
    /// Bytes a second, by 1024.
    BytesPerSecond,
    /// Bits a second, by 1000.
    BitsPerSecond,
    /// Events a second.
    PerSecond,
    /// Events a minute.
    PerMinute,
    /// 元, grouped in 万 and 亿.
    Yuan,
    /// 元 a minute.
    YuanPerMinute,
    /// Degrees Celsius.
    Celsius,
    /// 1 to 5 (ratings).
    Score,
    /// 1 is up, 0 is down.
    UpDown,
}

/// The twelve domains of the platform that have a health tile, and those behind them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Domain {
    /// 服务器
    Server,
    /// 容器
    Container,
    /// 网络设备
    Network,
    /// Web / API
    Api,
    /// 数据库
    Database,
    /// 缓存
    Cache,
    /// 消息队列
    Queue,
    /// 用户
    User,
    /// 订单
    Order,
    /// 支付
    Payment,
    /// AI 推荐
    Recommendation,
    /// 营养师咨询
    Consultation,
    /// 性能与用户体验
    Experience,
    /// 监控自身
    Pipeline,
}

/// What a query is to its panel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// What the panel is about.
    #[default]
    Main,
    /// A small value beside it with a label of its own.
    Note,
    /// Judged but not drawn: a tile's further checks.
    Check,
}

/// How the series of a query become the one value that is shown and judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reduce {
    /// The one that is worst by the thresholds' direction (the greatest without thresholds).
    #[default]
    Worst,
    /// The sum over series.
    Sum,
    /// The mean over series.
    Mean,
    /// The smallest.
    Min,
    /// The greatest.
    Max,
    /// How many series there are.
    Count,
}

/// A place on the board's grid, in grid cells from the upper left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Area {
    /// Column of the left edge, from 0.
    pub x: u16,
    /// Row of the upper edge, from 0.
    pub y: u16,
    /// Width in columns.
    pub w: u16,
    /// Height in rows.
    pub h: u16,
}

/// One question to the sources.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Query {
    /// Unique in its panel; `a`, `b`, … when left out.
    #[serde(default)]
    pub id: String,
    /// The question; in PromQL `${concept_id}` stands for that concept's expression in the dialect of the asked source.
    pub expr: String,
    /// The language of the question; only sources that speak it are asked.
    #[serde(default)]
    pub lang: Lang,
    /// Locale key of the query's name (a note's label, a table's column).
    #[serde(default)]
    pub label: Option<String>,
    /// Name of each series: text with `{{label}}` placeholders.
    #[serde(default)]
    pub legend: Option<String>,
    /// What the query is to the panel.
    #[serde(default)]
    pub role: Role,
    /// The panel's unit when left out.
    #[serde(default)]
    pub unit: Option<Unit>,
    /// Limits; those of the panel, then those of the only concept used, when left out.
    #[serde(default)]
    pub thresholds: Option<Thresholds>,
    /// How series become one value.
    #[serde(default)]
    pub reduce: Reduce,
    /// Asked of this source only; of each source that knows its concepts when left out.
    #[serde(default)]
    pub source: Option<String>,
    /// Seconds between two questions; the board's when left out. What is long changes slowly.
    #[serde(default)]
    pub refresh_seconds: Option<u32>,
}

impl Query {
    /// The concepts that it uses, in order, each once. A question in a store's own language uses none.
    pub fn concepts(&self) -> Vec<String> {
        match self.lang {
            Lang::Promql => concepts_in(&self.expr),
            _ => Vec::new(),
        }
    }
}

/// One panel.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Panel {
    /// Unique on the board.
    pub id: String,
    /// How it is drawn.
    pub kind: PanelKind,
    /// Locale key of its title.
    pub title: String,
    /// Locale key of the smaller words beside the title.
    #[serde(default)]
    pub subtitle: Option<String>,
    /// Where it stands.
    pub at: Area,
    /// The domain it belongs to.
    #[serde(default)]
    pub domain: Option<Domain>,
    /// Unit of its values.
    #[serde(default)]
    pub unit: Unit,
    /// Limits of its values.
    #[serde(default)]
    pub thresholds: Option<Thresholds>,
    /// Lower end of the axis; from the data when left out.
    #[serde(default)]
    pub min: Option<f64>,
    /// Upper end of the axis; from the data when left out.
    #[serde(default)]
    pub max: Option<f64>,
    /// At most so many rows or bars (default 8).
    #[serde(default)]
    pub limit: Option<u16>,
    /// Shows only what is outside its band, the rest as one quiet line.
    #[serde(default)]
    pub abnormal_only: bool,
    /// Locale key of the text of a text panel.
    #[serde(default)]
    pub text: Option<String>,
    /// Seconds of the past that it shows; the kind's own, then the board's, when left out.
    #[serde(default)]
    pub window_seconds: Option<u32>,
    /// Seconds between two points; from the window when left out.
    #[serde(default)]
    pub step_seconds: Option<u32>,
    /// What an objective promises.
    #[serde(default)]
    pub slo: Option<Slo>,
    /// How a forecast looks ahead.
    #[serde(default)]
    pub forecast: Option<Forecast>,
    /// Labels of a topology's edges.
    #[serde(default)]
    pub ends: Option<Ends>,
    /// Which lines a log stream shows (query of the log search), which alerts an alert list (words, `level<=P1`).
    #[serde(default)]
    pub filter: Option<String>,
    /// Ways to where more is known; the first one is taken by a click on the title.
    #[serde(default)]
    pub links: Vec<Link>,
    /// Its questions.
    #[serde(default)]
    pub queries: Vec<Query>,
}

impl Panel {
    /// Seconds of the past that it shows on this board.
    pub fn window(&self, board: &Board) -> u32 {
        self.window_seconds
            .or_else(|| self.kind.own_window())
            .unwrap_or(board.window_seconds)
    }
}

/// A board: one screen.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Board {
    /// Unique; the file's name without `.yaml`.
    pub id: String,
    /// Locale key of its title.
    pub title: String,
    /// Seconds of the past that are shown.
    #[serde(default = "default_window")]
    pub window_seconds: u32,
    /// Seconds between two questions.
    #[serde(default = "default_refresh")]
    pub refresh_seconds: u32,
    /// Columns of the grid.
    #[serde(default = "default_columns")]
    pub columns: u16,
    /// Rows of the grid.
    #[serde(default = "default_rows")]
    pub rows: u16,
    /// What can be chosen for all of it.
    #[serde(default)]
    pub variables: Vec<Variable>,
    /// What happened, from metrics.
    #[serde(default)]
    pub marks: Vec<Mark>,
    /// What stands on it.
    pub panels: Vec<Panel>,
}

fn default_window() -> u32 {
    3600
}
fn default_refresh() -> u32 {
    5
}
fn default_columns() -> u16 {
    24
}
fn default_rows() -> u16 {
    20
}

/// One exporter's way of saying a concept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dialect {
    /// The exporter (`node_exporter`, `categraf`, …).
    pub name: String,
    /// A metric whose presence in a source binds the concept to this dialect there.
    pub discovery: String,
    /// The question, keeping the labels which identify what is measured.
    pub expr: String,
    /// Its language; only a source that speaks it can be bound.
    #[serde(default)]
    pub lang: Lang,
    /// Labels under the names that boards know, each with the name that this exporter gives it (`mountpoint: path`). A series that has
    /// none of the exporter's name keeps what it has.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
}

impl Dialect {
    /// The question as PromQL that gives the labels which boards know.
    pub fn in_promql(&self) -> String {
        let plain = self.lang.in_promql(&self.expr);
        self.labels.iter().fold(plain, |expr, (known, theirs)| {
            format!("label_replace({expr}, {known:?}, \"$1\", {theirs:?}, \"(.+)\")")
        })
    }
}

/// Something worth watching, written once, with the dialects of the exporters that know it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Concept {
    /// snake_case; used as `${id}` in boards.
    pub id: String,
    /// Locale key of its name.
    pub title: String,
    /// Where it belongs.
    pub domain: Domain,
    /// Unit of its value.
    #[serde(default)]
    pub unit: Unit,
    /// Its usual limits.
    #[serde(default)]
    pub thresholds: Option<Thresholds>,
    /// In order of preference.
    pub dialects: Vec<Dialect>,
}

/// The file of concepts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConceptFile {
    /// All concepts, each id once.
    pub concepts: Vec<Concept>,
}

/// Why an expression's concepts could not be filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExpandError {
    /// `${` without `}`; the byte where it begins.
    Unclosed(usize),
    /// No dialect given for this concept.
    Unbound(String),
    /// What stands in braces behind a concept is no list of conditions; the byte where it begins.
    Condition(usize),
}

/// The ids used as `${id}` in `expr`, in order, each once.
pub fn concepts_in(expr: &str) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    let mut rest = expr;
    while let Some(start) = rest.find("${") {
        let Some(len) = rest[start..].find('}') else {
            break;
        };
        let id = rest[start + 2..start + len].trim().to_owned();
        if !ids.contains(&id) {
            ids.push(id);
        }
        rest = &rest[start + len + 1..];
    }
    ids
}

/// `expr` with every `${id}` replaced by its bound expression in parentheses, narrowed by the conditions in braces right behind it:
/// `${id}{instance=~"a|b"}`, as behind a metric. `=~".*"` is no condition.
///
/// # Errors
/// When a placeholder does not end, `bound` has no expression for it, or what stands behind it is no list of conditions.
pub fn expand(expr: &str, bound: &BTreeMap<String, String>) -> Result<String, ExpandError> {
    let mut out = String::with_capacity(expr.len() * 2);
    let mut at = 0;
    while let Some(start) = expr[at..].find("${").map(|i| at + i) {
        out.push_str(&expr[at..start]);
        let end = expr[start..]
            .find('}')
            .map(|i| start + i)
            .ok_or(ExpandError::Unclosed(start))?;
        let id = expr[start + 2..end].trim();
        let filled = bound
            .get(id)
            .ok_or_else(|| ExpandError::Unbound(id.to_owned()))?;
        at = end + 1;
        let (narrowed, length) = narrow::narrowed(format!("({filled})"), &expr[at..])
            .ok_or(ExpandError::Condition(at))?;
        out.push_str(&narrowed);
        at += length;
    }
    out.push_str(&expr[at..]);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn concepts_are_filled_in_with_parentheses() {
        let bound = BTreeMap::from([("cpu".to_owned(), "a or b".to_owned())]);
        assert_eq!(
            expand("max(${cpu}) > 1", &bound).unwrap(),
            "max((a or b)) > 1"
        );
        assert_eq!(concepts_in("${a} + ${b} - ${a}"), ["a", "b"]);
        assert_eq!(
            expand("${x}", &bound),
            Err(ExpandError::Unbound("x".into()))
        );
        assert_eq!(expand("1 + ${x", &bound), Err(ExpandError::Unclosed(4)));
        assert_eq!(expand("${cpu}{a", &bound), Err(ExpandError::Condition(6)));
        assert_eq!(
            expand("sum(${cpu}{host=~\".*\"}) > 1", &bound).unwrap(),
            "sum((a or b)) > 1"
        );
    }
}

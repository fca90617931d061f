//! What is shown: boards, panels, sources, health. All times are milliseconds since the epoch.

use crate::ErrorView;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use ts_rs::TS;

/// `model::Severity` as the page sees it.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS,
)]
#[serde(rename_all = "snake_case")]
pub enum SeverityView {
    /// Inside its band.
    #[default]
    Normal,
    /// 警告
    Warning,
    /// 严重
    Critical,
    /// 紧急
    Emergency,
}

impl From<model::Severity> for SeverityView {
    fn from(s: model::Severity) -> Self {
        match s {
            model::Severity::Normal => Self::Normal,
            model::Severity::Warning => Self::Warning,
            model::Severity::Critical => Self::Critical,
            model::Severity::Emergency => Self::Emergency,
        }
    }
}

/// How old a value is against its budget, judged by the data's own time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Freshness {
    /// Within its budget.
    Fresh,
    /// Older than its budget: shown with its age.
    Old,
    /// Much older, or its time is not known: the value says nothing about now.
    #[default]
    Unknown,
}

/// Limits of a panel or query.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct ThresholdsView {
    /// Where 警告 begins.
    pub warning: Option<f64>,
    /// Where 严重 begins.
    pub critical: Option<f64>,
    /// Where 紧急 begins.
    pub emergency: Option<f64>,
    /// True when smaller is worse.
    pub below: bool,
}

impl From<model::Thresholds> for ThresholdsView {
    fn from(t: model::Thresholds) -> Self {
        Self {
            warning: t.warning,
            critical: t.critical,
            emergency: t.emergency,
            below: t.direction == model::Direction::Below,
        }
    }
}

/// A place on the grid, in cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[allow(missing_docs)] // x, y, w, h say it
pub struct AreaView {
    pub x: u16,
    pub y: u16,
    pub w: u16,
    pub h: u16,
}

/// A query, without its expression.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct QueryView {
    /// Unique in its panel.
    pub id: String,
    /// `main`, `note` or `check`.
    pub role: String,
    /// Locale key.
    pub label: Option<String>,
    /// `model::board::Unit` in snake_case.
    pub unit: String,
    /// `model::board::Reduce` in snake_case.
    pub reduce: String,
    /// Limits in force.
    pub thresholds: Option<ThresholdsView>,
}

/// A panel, without data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct PanelView {
    /// Unique on the board.
    pub id: String,
    /// `model::board::PanelKind` in snake_case.
    pub kind: String,
    /// Locale key.
    pub title: String,
    /// Locale key.
    pub subtitle: Option<String>,
    /// Where it stands.
    pub at: AreaView,
    /// `model::board::Domain` in snake_case.
    pub domain: Option<String>,
    /// `model::board::Unit` in snake_case.
    pub unit: String,
    /// Limits in force.
    pub thresholds: Option<ThresholdsView>,
    /// Lower end of the axis.
    pub min: Option<f64>,
    /// Upper end of the axis.
    pub max: Option<f64>,
    /// At most so many rows.
    pub limit: u16,
    /// Only what is outside its band.
    pub abnormal_only: bool,
    /// Locale key of a text panel's text.
    pub text: Option<String>,
    /// Width of its time axis in ms.
    pub window: f64,
    /// What an objective promises.
    pub slo: Option<SloView>,
    /// How a forecast looks ahead.
    pub forecast: Option<ForecastView>,
    /// Which alerts an alert list shows.
    pub filter: Option<String>,
    /// Where more is known.
    pub links: Vec<LinkView>,
    /// Its queries.
    pub queries: Vec<QueryView>,
}

/// A promise about the share of good events.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct SloView {
    /// Percent of good events.
    pub objective: f64,
    /// Over so many days.
    pub days: u16,
    /// Pairs of windows that say that the budget burns too fast, fastest first.
    pub burns: Vec<BurnView>,
}

/// How fast a budget may burn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct BurnView {
    /// The query that answers while it burns faster.
    pub id: String,
    /// The query with the share of bad events over the longer window, which is its name (`1h`).
    pub long: String,
    /// The window that confirms.
    pub short: String,
    /// Times what uses the budget up exactly.
    pub rate: f64,
    /// Whether somebody must come at once.
    pub page: bool,
}

/// How a forecast looks ahead.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct ForecastView {
    /// `model::board::ForecastMethod` in snake_case.
    pub method: String,
    /// How far, ms.
    pub ahead: f64,
    /// Length of a season, ms.
    pub season: f64,
}

/// A way to where more is known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct LinkView {
    /// `board`, `logs` or `traces`.
    pub to: String,
    /// Board, query of the log search, or service; `$label` stands for a label of the row.
    pub target: String,
    /// Values of the board's variables.
    pub variables: BTreeMap<String, String>,
}

/// Where a topology's nodes and edges stand, in units of their own.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct TopologyView {
    /// Width of everything.
    pub width: f64,
    /// Height of everything.
    pub height: f64,
    /// Height of a node.
    pub node: f64,
    /// Names are values of labels: hostile input.
    pub nodes: Vec<TopologyNode>,
    /// Who calls whom.
    pub edges: Vec<TopologyEdge>,
    /// Edges that are left out because there are too many.
    pub hidden: u32,
}

/// One node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct TopologyNode {
    /// Its name.
    pub name: String,
    /// Left edge.
    pub x: f64,
    /// Upper edge.
    pub y: f64,
    /// Width.
    pub width: f64,
    /// Series that speak of it: number of the query and of its series.
    pub series: Vec<(u32, u32)>,
}

/// One edge.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct TopologyEdge {
    /// Index of the node that calls.
    pub from: u32,
    /// Index of the called one.
    pub to: u32,
    /// From node to node.
    pub points: Vec<(f64, f64)>,
    /// It runs to the left.
    pub backward: bool,
    /// Series that speak of it: number of the query and of its series.
    pub series: Vec<(u32, u32)>,
}

/// A board, without data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct BoardView {
    /// Unique.
    pub id: String,
    /// Locale key.
    pub title: String,
    /// Width of the time axis in ms.
    pub window: f64,
    /// Columns of the grid.
    pub columns: u16,
    /// Rows of the grid.
    pub rows: u16,
    /// What stands on it.
    pub panels: Vec<PanelView>,
}

/// Name of a board for a menu.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct BoardName {
    /// Unique.
    pub id: String,
    /// Locale key.
    pub title: String,
    /// Why its file could not be read in its newest form (the older form stays in use): file, line, remedy.
    pub problem: Option<ErrorText>,
}

/// A problem in a file that a person wrote.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct ErrorText {
    /// The file's name.
    pub file: String,
    /// From 1; 0 when it concerns the whole file.
    pub line: u32,
    /// Locale key under `problem.`.
    pub key: String,
    /// Placeholders of the sentence.
    pub params: BTreeMap<String, String>,
}

/// How the wall is to look.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct ViewSettings {
    /// `zh-CN` or `en`.
    pub locale: String,
    /// `dark` or `calm`.
    pub theme: String,
    /// IANA name of the zone in which times are shown.
    pub time_zone: String,
    /// No cursor, no menus.
    pub kiosk: bool,
    /// Factor on type size for the viewing distance; 1 is made for 1920×1080 at arm's length.
    pub type_scale: f64,
    /// All boards.
    pub boards: Vec<BoardName>,
}

/// Which of the four looks a panel has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum PanelState {
    /// Asked, not yet answered.
    Loading,
    /// Answered: there is nothing. The error says why if it is known (no source knows the concept).
    NoData {
        /// Why, if known.
        reason: Option<ErrorView>,
    },
    /// What is shown is older than its budget.
    Stale {
        /// The data's own time.
        since: f64,
    },
    /// The source cannot be asked; what is shown, if anything, is from before.
    Failed {
        /// Since when.
        since: f64,
        /// Why.
        error: ErrorView,
    },
    /// Fresh data.
    Data,
}

/// Freshness and severity of a series' newest value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Mark {
    /// By the data's own time.
    pub freshness: Freshness,
    /// By the query's limits.
    pub severity: SeverityView,
}

/// What a series is called and where it comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct SeriesView {
    /// By the query's legend, or from the labels. Hostile input: a text node, never markup.
    pub name: String,
    /// All labels.
    pub labels: BTreeMap<String, String>,
    /// The source's name.
    pub source: String,
    /// Made by the simulator: must be marked 演示.
    pub demo: bool,
}

/// What has changed on one panel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct PanelFrame {
    /// The panel.
    pub id: String,
    /// Which look.
    pub state: PanelState,
    /// The worst of its queries.
    pub severity: SeverityView,
    /// Whether any of its series is simulated.
    pub demo: bool,
    /// What is to be said beside the look.
    pub remarks: Vec<crate::RemarkView>,
    /// Where a topology stands, when its edges are others than before.
    pub topology: Option<TopologyView>,
    /// Queries that changed.
    pub queries: Vec<crate::QueryFrame>,
}

/// Something that can be chosen for a whole board.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct VariableView {
    /// Used as `$id`.
    pub id: String,
    /// Locale key of its name, or the id.
    pub label: String,
    /// What can be chosen: values of labels, hostile input.
    pub values: Vec<String>,
    /// What is; empty: everything.
    pub chosen: Vec<String>,
    /// Several may be chosen.
    pub multi: bool,
}

/// What kind of thing happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum HappenedView {
    /// An alert fired.
    Alert,
    /// Somebody took an alert.
    Acknowledged,
    /// Something new runs.
    Deployment,
    /// A configuration or a registry's key became another.
    Configuration,
    /// Work that was announced.
    Maintenance,
    /// What a person wrote down.
    Note,
}

impl From<model::Happened> for HappenedView {
    fn from(kind: model::Happened) -> Self {
        match kind {
            model::Happened::Alert => Self::Alert,
            model::Happened::Acknowledged => Self::Acknowledged,
            model::Happened::Deployment => Self::Deployment,
            model::Happened::Configuration => Self::Configuration,
            model::Happened::Maintenance => Self::Maintenance,
            model::Happened::Note => Self::Note,
        }
    }
}

/// Something that happened: a mark across panels of time. Its texts are hostile input.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct AnnotationView {
    /// Unique.
    pub id: String,
    /// What kind.
    pub kind: HappenedView,
    /// When.
    pub at: f64,
    /// Until when; `None` for a moment, or while it goes on.
    pub until: Option<f64>,
    /// What.
    pub title: String,
    /// Where.
    pub place: Vec<String>,
    /// Who said so.
    pub source: String,
    /// How bad.
    pub severity: SeverityView,
    /// Simulated.
    pub demo: bool,
}

/// Whether a source answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum SourceHealth {
    /// Not asked yet.
    #[default]
    Unknown,
    /// Answers.
    Ok,
    /// Answers, but with warnings, slowly or with a wrong clock.
    Degraded,
    /// Does not answer.
    Failed,
}

/// A source as the wall's header and the health page show it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct SourceView {
    /// Its name in the configuration.
    pub name: String,
    /// `prometheus`, `embedded`, `simulator`.
    pub kind: String,
    /// Address without credentials; empty for those inside the program.
    pub address: String,
    /// Whether it answers.
    pub health: SourceHealth,
    /// Why it does not, or what is not well with it.
    pub error: Option<ErrorView>,
    /// What it warned of in its last answers, in its own words. Hostile input: text nodes, never markup.
    pub warnings: Vec<String>,
    /// What answers, and its version.
    pub version: Option<String>,
    /// Made by the simulator.
    pub demo: bool,
    /// When it last answered.
    pub last_ok: Option<f64>,
    /// Newest data time seen.
    pub newest: Option<f64>,
    /// Time of the last answer in ms.
    pub latency: Option<f64>,
    /// Its clock minus ours in ms.
    pub skew: Option<f64>,
    /// Concepts bound here.
    pub bound: u32,
}

/// One thing that is outside its band.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Abnormal {
    /// The panel that shows it.
    pub panel: String,
    /// Locale key of the panel's title.
    pub title: String,
    /// Locale key of the check, if it has a name of its own.
    pub check: Option<String>,
    /// Name of the series.
    pub series: String,
    /// How bad.
    pub severity: SeverityView,
    /// The value (finite).
    pub value: f64,
    /// `model::board::Unit` in snake_case.
    pub unit: String,
    /// The limit that is crossed.
    pub limit: f64,
    /// True when smaller is worse.
    pub below: bool,
    /// Since when it is at least this bad.
    pub since: f64,
    /// Simulated.
    pub demo: bool,
}

/// The answer to "is it well".
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct Verdict {
    /// The worst.
    pub severity: SeverityView,
    /// How many 警告.
    pub warning: u32,
    /// How many 严重.
    pub critical: u32,
    /// How many 紧急.
    pub emergency: u32,
    /// Panels whose data is old, whose source fails or of which a part is not known: it cannot be said that all is well.
    pub unknown: u32,
    /// Domains concerned, worst first.
    pub domains: Vec<String>,
    /// What is outside its band, worst and newest first.
    pub abnormal: Vec<Abnormal>,
    /// Data time of the oldest of the newest values on the board.
    pub data_at: Option<f64>,
}

/// One concept and where it is bound.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct ConceptView {
    /// Its id.
    pub id: String,
    /// Locale key.
    pub title: String,
    /// `model::board::Domain` in snake_case.
    pub domain: String,
    /// Source name to dialect name.
    pub bound: BTreeMap<String, String>,
}

/// A service of a registry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct RegistryService {
    /// Its name; text of the registry.
    pub name: String,
    /// How many instances are registered.
    pub instances: u32,
    /// How many of them are well.
    pub healthy: u32,
}

/// A registry of services and configuration keys.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct RegistryView {
    /// Its name in the configuration.
    pub name: String,
    /// `etcd` or `consul`.
    pub kind: String,
    /// Address without credentials.
    pub address: String,
    /// Whether it answers; `degraded` when only its keys cannot be watched.
    pub health: SourceHealth,
    /// Why it does not.
    pub error: Option<ErrorView>,
    /// When it last answered.
    pub last_ok: Option<f64>,
    /// Services, first those that are not whole, at most 200.
    pub services: Vec<RegistryService>,
    /// Instances that are scraped.
    pub targets: u32,
    /// Changes of keys since the program's start.
    pub changes: u32,
}

/// The health page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct HealthView {
    /// The program's version.
    pub version: String,
    /// Configuration file in use, if any.
    pub config: Option<String>,
    /// Where data is kept; `None` when only in memory.
    pub data: Option<String>,
    /// `keyring`, `vault` or `none`.
    pub secrets: String,
    /// Why the vault and not the keyring: locale key under `secrets.keyring.`.
    pub secrets_reason: Option<String>,
    /// Why secrets cannot be read at all.
    pub secrets_error: Option<ErrorView>,
    /// All sources.
    pub sources: Vec<SourceView>,
    /// Pages that the program scrapes itself: first those that fail, at most 200.
    pub targets: Vec<crate::TargetView>,
    /// All concepts.
    pub concepts: Vec<ConceptView>,
    /// Registries of services.
    pub registries: Vec<RegistryView>,
    /// Problems in files: boards, concepts.
    pub problems: Vec<ErrorText>,
}

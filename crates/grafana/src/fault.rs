//! Why a file is no dashboard, and what of a dashboard could not be taken.

use std::collections::BTreeMap;

/// Things not taken that are listed; after so many a person reads no more of them.
pub const MAX_LOSSES: usize = 2_000;

/// Why nothing could be read at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// More bytes than [`crate::MAX_BYTES`].
    #[error("{bytes} bytes; at most {max} are read")]
    TooLarge {
        /// How many there are.
        bytes: usize,
        /// How many may be there.
        max: usize,
    },
    /// Not JSON.
    #[error("line {line}, column {column}: {detail}")]
    Json {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
        /// What the reader of JSON says.
        detail: String,
    },
    /// Lists in lists in lists.
    #[error("line {line}, column {column}: nested too deeply")]
    TooDeep {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
    },
    /// Something at this place has another type than a dashboard has there.
    #[error("{path}: expected {wanted}, found {found}")]
    WrongType {
        /// JSON path, `$.panels`.
        path: String,
        /// `list`, `object`, …
        wanted: &'static str,
        /// The same for what is there.
        found: &'static str,
    },
    /// JSON, but no dashboard: it has neither panels nor rows.
    #[error("no dashboard: {path} has neither panels nor rows")]
    NotADashboard {
        /// Where panels were looked for.
        path: String,
    },
    /// The dynamic dashboards of schema v2, which have elements and a layout instead of panels.
    #[error("schema v2 ({path}.elements) is another format")]
    NewSchema {
        /// Where the elements are.
        path: String,
    },
}

impl Refused {
    /// Name of the sentence (`grafana.refused.<code>`).
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "too_large",
            Self::Json { .. } => "json",
            Self::TooDeep { .. } => "too_deep",
            Self::WrongType { .. } => "wrong_type",
            Self::NotADashboard { .. } => "not_a_dashboard",
            Self::NewSchema { .. } => "new_schema",
        }
    }

    /// Values of the sentence.
    pub fn params(&self) -> BTreeMap<String, String> {
        let pairs: Vec<(&str, String)> = match self {
            Self::TooLarge { bytes, max } => {
                vec![("bytes", bytes.to_string()), ("max", max.to_string())]
            }
            Self::Json {
                line,
                column,
                detail,
            } => vec![
                ("line", line.to_string()),
                ("column", column.to_string()),
                ("detail", detail.clone()),
            ],
            Self::TooDeep { line, column } => {
                vec![("line", line.to_string()), ("column", column.to_string())]
            }
            Self::WrongType {
                path,
                wanted,
                found,
            } => vec![
                ("path", path.clone()),
                ("wanted", (*wanted).to_owned()),
                ("found", (*found).to_owned()),
            ],
            Self::NotADashboard { path } | Self::NewSchema { path } => vec![("path", path.clone())],
        };
        pairs.into_iter().map(|(n, v)| (n.to_owned(), v)).collect()
    }
}

/// Something of a dashboard that a board cannot say, or of a board that a dashboard cannot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// Title of the panel; `None`: the whole dashboard.
    pub panel: Option<String>,
    /// Where in the JSON (`$.panels[3].fieldConfig`), or `panels.<id>` of a board.
    pub path: String,
    /// What and why.
    pub kind: LossKind,
}

/// What could not be taken. The sentence is `grafana.loss.<code>`; it says why and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LossKind {
    /// The panel is of a kind that no board has; it is not taken.
    PanelKind(String),
    /// The panel stands in a library that is not in the file; it is not taken.
    LibraryPanel(String),
    /// No query of the panel could be taken, so it is not taken either.
    NoQuery,
    /// More panels than are looked at; the rest is not taken.
    TooManyPanels(usize),
    /// The query is asked of another kind of source than one that understands PromQL.
    DataSource(String),
    /// The query cannot be read as PromQL: what the parser says.
    Expression(String),
    /// A variable stands where only a certain value makes sense (in a function, as a metric); the query is not taken.
    VariablePlace(String),
    /// The query uses a variable that the dashboard does not define.
    VariableUnknown(String),
    /// A variable was replaced by "everything".
    VariableWidened(String),
    /// A variable of a kind that has no meaning here (ad hoc filters, grouping).
    VariableKind(String),
    /// A query that was switched off.
    Hidden,
    /// Values are shown as plain numbers, because the unit is not known.
    Unit(String),
    /// Limits that get neither better nor worse in one direction.
    Thresholds,
    /// Limits in percent of an axis whose ends are not given.
    ThresholdsPercent,
    /// A value over time (mean, maximum, …) where ours is the last one.
    Calculation(String),
    /// Steps that change the answer before it is drawn.
    Transformations(String),
    /// So many settings of single series.
    Overrides(usize),
    /// Texts or colours for values.
    Mappings,
    /// Series piled on each other; ours stand beside each other.
    Stacked,
    /// A panel drawn once for each value of a variable; ours is drawn once for all.
    Repeat(String),
    /// A time of its own (shifted or relative).
    OwnTime,
    /// An alert rule inside the panel.
    AlertRule,
    /// So many links.
    Links(usize),
    /// So many queries for annotations.
    Annotations(usize),
    /// The right axis with a unit of its own.
    RightAxis(String),
    /// A value of another type than documented; it was not looked at.
    WrongType {
        /// What is documented.
        wanted: &'static str,
        /// What stands there.
        found: &'static str,
    },
    /// Two panels with this number; both are taken.
    DuplicateId(String),
    /// Formatting of a text; the words are taken.
    Markup,
    /// On export: the panel is drawn in another way there.
    OtherKind(String),
    /// On export: several exporters say this concept; this one's words were written.
    Dialect(String, String),
    /// On export: a concept that nobody defines; the query is not written.
    Concept(String),
    /// On export: a check that is judged and not drawn; it is written as a hidden query.
    Check(String),
    /// On export: how series become one value.
    Reduce(String),
    /// On export: the concept or the query is said in another language than PromQL; it is not written.
    Language(String),
    /// On export: only what is abnormal is listed; there everything is.
    AbnormalOnly,
    /// On export: a way to logs, to traces, or to a board whose dashboard has no address of its own.
    LinkTo(String),
    /// On export: what a list lets through.
    Filter(String),
    /// On export: a query that is asked of one source alone.
    Source(String),
    /// On export: a query that is asked at a pace of its own (seconds).
    Refresh(u32),
}

impl LossKind {
    /// Name of the sentence.
    pub fn code(&self) -> &'static str {
        match self {
            Self::PanelKind(_) => "panel_kind",
            Self::LibraryPanel(_) => "library_panel",
            Self::NoQuery => "no_query",
            Self::TooManyPanels(_) => "too_many_panels",
            Self::DataSource(_) => "data_source",
            Self::Expression(_) => "expression",
            Self::VariablePlace(_) => "variable_place",
            Self::VariableUnknown(_) => "variable_unknown",
            Self::VariableWidened(_) => "variable_widened",
            Self::VariableKind(_) => "variable_kind",
            Self::Hidden => "hidden",
            Self::Unit(_) => "unit",
            Self::Thresholds => "thresholds",
            Self::ThresholdsPercent => "thresholds_percent",
            Self::Calculation(_) => "calculation",
            Self::Transformations(_) => "transformations",
            Self::Overrides(_) => "overrides",
            Self::Mappings => "mappings",
            Self::Stacked => "stacked",
            Self::Repeat(_) => "repeat",
            Self::OwnTime => "own_time",
            Self::AlertRule => "alert_rule",
            Self::Links(_) => "links",
            Self::Annotations(_) => "annotations",
            Self::RightAxis(_) => "right_axis",
            Self::WrongType { .. } => "wrong_type",
            Self::DuplicateId(_) => "duplicate_id",
            Self::Markup => "markup",
            Self::OtherKind(_) => "other_kind",
            Self::Dialect(..) => "dialect",
            Self::Concept(_) => "concept",
            Self::Check(_) => "check",
            Self::Reduce(_) => "reduce",
            Self::Language(_) => "language",
            Self::AbnormalOnly => "abnormal_only",
            Self::LinkTo(_) => "link_to",
            Self::Filter(_) => "filter",
            Self::Source(_) => "source",
            Self::Refresh(_) => "refresh",
        }
    }

    /// Values of the sentence: `what` in most, cut at 200 characters because they come from outside.
    pub fn params(&self) -> BTreeMap<String, String> {
        let what = |v: &dyn ToString| vec![("what", v.to_string())];
        let pairs = match self {
            Self::PanelKind(v)
            | Self::LibraryPanel(v)
            | Self::DataSource(v)
            | Self::Expression(v)
            | Self::VariablePlace(v)
            | Self::VariableUnknown(v)
            | Self::VariableWidened(v)
            | Self::VariableKind(v)
            | Self::Unit(v)
            | Self::Calculation(v)
            | Self::Transformations(v)
            | Self::Repeat(v)
            | Self::RightAxis(v)
            | Self::DuplicateId(v)
            | Self::OtherKind(v)
            | Self::Concept(v)
            | Self::Check(v)
            | Self::Reduce(v)
            | Self::Language(v)
            | Self::LinkTo(v)
            | Self::Filter(v)
            | Self::Source(v) => what(v),
            Self::Refresh(seconds) => what(seconds),
            Self::TooManyPanels(n) | Self::Overrides(n) | Self::Links(n) | Self::Annotations(n) => {
                what(n)
            }
            Self::WrongType { wanted, found } => vec![
                ("wanted", (*wanted).to_owned()),
                ("found", (*found).to_owned()),
            ],
            Self::Dialect(concept, dialect) => {
                vec![("what", concept.clone()), ("dialect", dialect.clone())]
            }
            Self::NoQuery
            | Self::Hidden
            | Self::Thresholds
            | Self::ThresholdsPercent
            | Self::Mappings
            | Self::Stacked
            | Self::OwnTime
            | Self::AlertRule
            | Self::Markup
            | Self::AbnormalOnly => Vec::new(),
        };
        let cut = |v: String| v.chars().take(200).collect();
        pairs
            .into_iter()
            .map(|(n, v)| (n.to_owned(), cut(v)))
            .collect()
    }

    /// Whether the panel is missing altogether.
    pub fn costs_the_panel(&self) -> bool {
        matches!(
            self,
            Self::PanelKind(_) | Self::LibraryPanel(_) | Self::NoQuery | Self::TooManyPanels(_)
        )
    }
}

//! How panels are drawn.

use serde::{Deserialize, Serialize};

/// How a panel is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PanelKind {
    /// A domain's health: name, one value, a sparkline, the worst of its checks.
    Tile,
    /// Lines over time with axes, legend, crosshair.
    #[default]
    Timeseries,
    /// One big value with its history beside it and small notes under it.
    Stat,
    /// One value on an arc with its limits.
    Gauge,
    /// Bars, worst first.
    BarList,
    /// Rows by label, a column for each query.
    Table,
    /// One lane a series, coloured by severity or state over time.
    StateTimeline,
    /// A fixed text (a locale key).
    Text,
    /// Where values lie over time: buckets of a histogram (series with the label `le`), or one row for each series.
    Heatmap,
    /// How values are spread now: buckets of a histogram (`le`), or the series' newest values in equal classes.
    Histogram,
    /// One bar for each series, in the board's order, with the zones of its limits.
    BarGauge,
    /// Shares of a whole.
    Ring,
    /// Who calls whom ([`super::Ends`]), coloured where it is abnormal.
    Topology,
    /// The alert desk's open alerts.
    AlertList,
    /// The newest lines of the default log store.
    LogStream,
    /// Rows by label; each query has a value and a small line of its past.
    SparkTable,
    /// Hours by days, or days by weeks.
    Calendar,
    /// An objective, what is left of its error budget, and how fast it burns ([`super::Slo`]).
    Slo,
    /// The past, and what is to be expected ([`super::Forecast`]).
    Forecast,
}

const DAY: u32 = 86_400;

impl PanelKind {
    /// Whether the panel shows the past, so that its queries are asked over a window.
    pub fn needs_history(self) -> bool {
        matches!(
            self,
            Self::Tile
                | Self::Timeseries
                | Self::Stat
                | Self::StateTimeline
                | Self::Heatmap
                | Self::SparkTable
                | Self::Calendar
                | Self::Forecast
        )
    }

    /// Whether it is about what its queries say; others have what they show from elsewhere.
    pub fn needs_query(self) -> bool {
        !matches!(self, Self::Text | Self::AlertList | Self::LogStream)
    }

    /// Whether a click on one of its rows, nodes or lines can take a link that needs its labels.
    pub fn has_rows(self) -> bool {
        matches!(
            self,
            Self::Table | Self::SparkTable | Self::BarList | Self::Topology | Self::LogStream
        )
    }

    /// Seconds of the past that it shows when neither panel nor board have a say.
    pub fn own_window(self) -> Option<u32> {
        match self {
            Self::Calendar => Some(14 * DAY),
            Self::Forecast => Some(7 * DAY),
            _ => None,
        }
    }

    /// Seconds between two points when the panel has no say. A calendar's cells are whole hours.
    pub fn own_step(self) -> Option<u32> {
        match self {
            Self::Calendar => Some(3_600),
            _ => None,
        }
    }
}

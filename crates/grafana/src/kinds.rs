//! Kinds of panels: a visualization's name in a dashboard and ours.

use model::board::PanelKind;

/// What a panel of a dashboard is to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Drawn by this kind.
    Ours(PanelKind),
    /// A heading: begins a part of the dashboard.
    Row,
    /// No kind of ours says it.
    Unknown,
}

/// The kind of `type`. Old single values with a gauge are gauges.
pub(crate) fn from_dashboard(name: &str, single_has_gauge: bool) -> Kind {
    let ours = match name {
        "timeseries" | "graph" | "trend" => PanelKind::Timeseries,
        "singlestat" if single_has_gauge => PanelKind::Gauge,
        "stat" | "singlestat" => PanelKind::Stat,
        "gauge" => PanelKind::Gauge,
        "bargauge" => PanelKind::BarGauge,
        "barchart" => PanelKind::BarList,
        "piechart" | "grafana-piechart-panel" => PanelKind::Ring,
        "heatmap" => PanelKind::Heatmap,
        "histogram" => PanelKind::Histogram,
        "alertlist" => PanelKind::AlertList,
        "table" | "table-old" => PanelKind::Table,
        "state-timeline" | "status-history" | "natel-discrete-panel" => PanelKind::StateTimeline,
        "text" => PanelKind::Text,
        "row" => return Kind::Row,
        _ => return Kind::Unknown,
    };
    Kind::Ours(ours)
}

/// The visualization that shows a panel of ours, and whether it says the same.
pub(crate) fn to_dashboard(kind: PanelKind) -> (&'static str, bool) {
    match kind {
        PanelKind::Tile => ("stat", false),
        PanelKind::Timeseries => ("timeseries", true),
        PanelKind::Stat => ("stat", true),
        PanelKind::Gauge => ("gauge", true),
        PanelKind::BarList | PanelKind::BarGauge => ("bargauge", true),
        PanelKind::Heatmap => ("heatmap", true),
        PanelKind::Histogram => ("histogram", true),
        PanelKind::Ring => ("piechart", true),
        PanelKind::AlertList => ("alertlist", true),
        PanelKind::Topology => ("nodeGraph", false),
        PanelKind::LogStream => ("logs", false),
        PanelKind::SparkTable => ("table", false),
        PanelKind::Calendar => ("heatmap", false),
        PanelKind::Slo => ("stat", false),
        PanelKind::Forecast => ("timeseries", false),
        PanelKind::Table => ("table", true),
        PanelKind::StateTimeline => ("state-timeline", true),
        PanelKind::Text => ("text", true),
    }
}

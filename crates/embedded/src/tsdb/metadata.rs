//! What a metric is: type, help, unit.

use serde::{Deserialize, Serialize};

/// Longest help or unit kept, in bytes; longer ones are cut.
const MAX_TEXT_BYTES: usize = 4096;

/// Most metrics whose metadata are kept.
pub(super) const MAX_METRICS: usize = 50_000;

/// The type of a metric, as OpenMetrics and Prometheus' `/api/v1/metadata` name it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MetricKind {
    /// Only rises, or starts again at zero.
    Counter,
    /// Goes up and down.
    Gauge,
    /// `_bucket`, `_sum`, `_count`.
    Histogram,
    /// A histogram whose buckets may shrink.
    GaugeHistogram,
    /// Quantiles, `_sum`, `_count`.
    Summary,
    /// Labels that describe something, value 1.
    Info,
    /// One series for each state, 1 for those that hold.
    StateSet,
    /// Not told.
    #[default]
    Unknown,
}

impl MetricKind {
    /// As `/metrics` and `/api/v1/metadata` write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
            Self::GaugeHistogram => "gaugehistogram",
            Self::Summary => "summary",
            Self::Info => "info",
            Self::StateSet => "stateset",
            Self::Unknown => "unknown",
        }
    }

    /// From [`MetricKind::as_str`]; `untyped` and everything else is [`MetricKind::Unknown`].
    pub fn from_name(name: &str) -> Self {
        match name {
            "counter" => Self::Counter,
            "gauge" => Self::Gauge,
            "histogram" => Self::Histogram,
            "gaugehistogram" => Self::GaugeHistogram,
            "summary" => Self::Summary,
            "info" => Self::Info,
            "stateset" => Self::StateSet,
            _ => Self::Unknown,
        }
    }
}

/// What a metric is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Metadata {
    /// Its type.
    #[serde(rename = "type")]
    pub kind: MetricKind,
    /// One sentence about it; from outside, so only ever text.
    pub help: String,
    /// `seconds`, `bytes` …, often empty.
    pub unit: String,
}

impl Metadata {
    /// With texts cut to what is kept.
    pub(super) fn bounded(mut self) -> Self {
        for text in [&mut self.help, &mut self.unit] {
            text.truncate(text.floor_char_boundary(MAX_TEXT_BYTES));
        }
        self
    }
}

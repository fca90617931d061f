//! What a `/metrics` page says: the Prometheus text format 0.0.4 and OpenMetrics 1.0, read and written.
//!
//! Sources: <https://prometheus.io/docs/instrumenting/exposition_formats/> and the OpenMetrics specification 1.0; where the two
//! leave something open, the behaviour of Prometheus 2.42 (`model/textparse`) counts. Pages are hostile input: every size has a
//! limit, an error names its line and column, and nothing panics.
#![warn(missing_docs)]

mod error;
mod parse;
mod scan;
mod write;

pub use error::{ParseError, Problem};
pub use parse::parse;
pub use write::{MEDIA_TYPE_TEXT, format_value, write_metadata, write_sample};

use model::Labels;

/// Which of the two formats a page is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Prometheus text format 0.0.4: timestamps in milliseconds.
    Text,
    /// OpenMetrics 1.0: timestamps in seconds, ends with `# EOF`.
    OpenMetrics,
}

impl Format {
    /// What a scraper sends as `Accept`: OpenMetrics preferred, text as a fallback.
    pub const ACCEPT: &str =
        "application/openmetrics-text;version=1.0.0;q=0.8,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";

    /// The format that a `Content-Type` names; text where it names none, as Prometheus 2 does.
    pub fn from_content_type(content_type: &str) -> Self {
        let media = content_type.split(';').next().unwrap_or("").trim();
        if media.eq_ignore_ascii_case("application/openmetrics-text") {
            Self::OpenMetrics
        } else {
            Self::Text
        }
    }
}

/// What kind of metric a family is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Only rises, starts again at 0 after a restart.
    Counter,
    /// Rises and falls.
    Gauge,
    /// Cumulative buckets `_bucket{le}`, `_sum`, `_count`.
    Histogram,
    /// A histogram whose buckets may fall (OpenMetrics).
    GaugeHistogram,
    /// Quantiles `{quantile}`, `_sum`, `_count`.
    Summary,
    /// Facts as labels, value 1 (OpenMetrics).
    Info,
    /// One series a state, 0 or 1 (OpenMetrics).
    StateSet,
    /// Nobody said.
    #[default]
    Unknown,
}

impl Kind {
    /// As it stands in a `# TYPE` line of the text format 0.0.4, which knows fewer kinds than OpenMetrics.
    pub fn as_text(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge | Self::Info | Self::StateSet => "gauge",
            Self::Histogram => "histogram",
            Self::Summary => "summary",
            Self::GaugeHistogram | Self::Unknown => "untyped",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "counter" => Self::Counter,
            "gauge" => Self::Gauge,
            "histogram" => Self::Histogram,
            "gaugehistogram" => Self::GaugeHistogram,
            "summary" => Self::Summary,
            "info" => Self::Info,
            "stateset" => Self::StateSet,
            "unknown" | "untyped" => Self::Unknown,
            _ => return None,
        })
    }
}

/// What a page says about one family of metrics.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    /// The family's name as it stands in `# TYPE` and `# HELP` (OpenMetrics counters: without `_total`).
    pub name: String,
    /// Its kind; [`Kind::Unknown`] where no `# TYPE` came.
    pub kind: Kind,
    /// Help text, unescaped; empty where none came.
    pub help: String,
    /// OpenMetrics' `# UNIT`; empty where none came.
    pub unit: String,
}

/// One sample of a page.
#[derive(Clone, Debug, PartialEq)]
pub struct ExposedSample {
    /// With `__name__`.
    pub labels: Labels,
    /// The value; NaN and infinities are ordinary values.
    pub value: f64,
    /// Milliseconds since the epoch, where the page gives a time of its own.
    pub timestamp_ms: Option<i64>,
}

/// A whole page.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Exposition {
    /// In the page's order.
    pub samples: Vec<ExposedSample>,
    /// In order of first mention, each family once.
    pub metadata: Vec<Metadata>,
}

/// How much of a page is accepted. Sizes are in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The whole page.
    pub body: usize,
    /// One line.
    pub line: usize,
    /// Samples on the page.
    pub samples: usize,
    /// Families with metadata on the page.
    pub families: usize,
    /// Labels of one sample, without the metric's name.
    pub labels: usize,
    /// Name of a metric or a label.
    pub name: usize,
    /// Value of a label.
    pub label_value: usize,
}

impl Default for Limits {
    /// Larger than any exporter's page that is in order: kube-state-metrics of a large cluster stays below 50 MB.
    fn default() -> Self {
        Self {
            body: 64 << 20,
            line: 64 << 10,
            samples: 500_000,
            families: 50_000,
            labels: 64,
            name: 512,
            label_value: 16 << 10,
        }
    }
}

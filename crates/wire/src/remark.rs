//! What is said of a panel beside its look, and of the targets that are scraped.

use crate::{ErrorView, SourceHealth};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// One thing to say of a panel that shows something.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum RemarkView {
    /// So many of its series are older than their budget while the rest is fresh.
    Old {
        /// How many.
        series: u32,
        /// Of how many.
        of: u32,
        /// Data time of the oldest, if it is known.
        since: Option<f64>,
    },
    /// A source that knows what the panel asks does not answer; the others do.
    Missing {
        /// Its name.
        source: String,
        /// Since when.
        since: f64,
        /// Why.
        error: ErrorView,
    },
    /// A source gave only a part, or warned.
    Warned {
        /// Its name.
        source: String,
        /// It could not reach all of its own data.
        partial: bool,
        /// What it warned of, in its own words. Hostile input: text nodes, never markup.
        texts: Vec<String>,
    },
    /// There are more series than are kept.
    Cut {
        /// So many are shown and judged.
        shown: u32,
        /// So many are not.
        dropped: u32,
    },
}

/// A page of metrics that the program scrapes itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct TargetView {
    /// Label `job`.
    pub job: String,
    /// Label `instance`.
    pub instance: String,
    /// The address that is asked.
    pub url: String,
    /// `unknown` before the first scrape, `degraded` when the store refused samples of it.
    pub health: SourceHealth,
    /// Why the last scrape failed.
    pub error: Option<ErrorView>,
    /// When the last scrape began.
    pub last: Option<f64>,
    /// Samples on the last page that was taken.
    pub samples: u32,
}

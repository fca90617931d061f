//! What happened while values ran: the marks that stand across panels of time.

use crate::Severity;
use serde::{Deserialize, Serialize};

/// What kind of thing happened; each kind has a shape of its own on a chart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Happened {
    /// An alert fired.
    Alert,
    /// Somebody took an alert.
    Acknowledged,
    /// Something new runs.
    Deployment,
    /// A configuration, a registry's key or a service's address became another.
    Configuration,
    /// Work that was announced.
    Maintenance,
    /// What a person wrote down.
    Note,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Annotation {
    /// Unique: the same thing told twice is one mark.
    pub id: String,
    /// What kind.
    pub kind: Happened,
    /// When, ms since the epoch.
    pub at: i64,
    /// Until when, ms; `None` for a moment, or while it goes on.
    #[serde(default)]
    pub until: Option<i64>,
    /// What, in a few words. Hostile input.
    pub title: String,
    /// Where: service, host, key. Hostile input.
    #[serde(default)]
    pub place: Vec<String>,
    /// Who said so: a source's name.
    #[serde(default)]
    pub source: String,
    /// How bad.
    #[serde(default)]
    pub severity: Severity,
    /// Made by the simulator.
    #[serde(default)]
    pub demo: bool,
}

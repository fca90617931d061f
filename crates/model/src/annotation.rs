//! Something that happened at a time and explains what charts show: an alert, a deployment, a changed setting.

use crate::Labels;
use serde::{Deserialize, Serialize};

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnnotationKind {
    /// An alert began to fire.
    Alert,
    /// Somebody acknowledged an alert.
    Acknowledged,
    /// An alert ended.
    Resolved,
    /// A new version went live.
    Deployment,
    /// A key of the configuration (etcd, Consul) was set or deleted.
    Configuration,
    /// Any other change.
    Change,
}

/// One such event. Texts are of the other side and hostile input: bounded by who makes them, shown as text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Annotation {
    /// When, ms since the epoch.
    pub at_ms: i64,
    /// What.
    pub kind: AnnotationKind,
    /// A few words: the alert's name, the key.
    pub title: String,
    /// More, possibly empty.
    pub detail: String,
    /// What it is about, to show it only where it belongs.
    pub labels: Labels,
    /// Who told: the name of the source or registry.
    pub source: String,
}

//! What is kept over a restart, so that `for` goes on and what fires goes on firing.

use crate::rule_state::AlertState;
use model::Labels;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Everything that [`crate::RuleEngine::restore`] needs; JSON by serde.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SavedState {
    /// When it was taken, ms.
    pub at: i64,
    /// Rules with pending or firing alerts.
    pub rules: Vec<SavedRule>,
}

/// The alerts of one rule on one source.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SavedRule {
    /// The file's name.
    pub file: String,
    /// The group's name.
    pub group: String,
    /// The rule's name.
    pub rule: String,
    /// Its labels as they are in the file: what tells rules of one name apart.
    pub labels: BTreeMap<String, String>,
    /// The source's name.
    pub source: String,
    /// When it was last evaluated, ms.
    #[serde(default)]
    pub evaluated_at: Option<i64>,
    /// Pending and firing.
    pub alerts: Vec<SavedAlert>,
}

/// One alert.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SavedAlert {
    /// Its identity.
    pub labels: Labels,
    /// Texts as they were last filled in.
    #[serde(default)]
    pub annotations: BTreeMap<String, String>,
    /// Last value of the expression. NaN and infinities are kept as text, because JSON has none.
    #[serde(with = "number")]
    pub value: f64,
    /// Pending or firing.
    pub state: AlertState,
    /// Since when the expression holds, ms.
    pub active_at: i64,
    /// Since when it fires, ms.
    #[serde(default)]
    pub fired_at: Option<i64>,
    /// Since when it fires although the expression holds no more (`keep_firing_for`), ms.
    #[serde(default)]
    pub keep_firing_since: Option<i64>,
}

mod number {
    use serde::{Deserialize, Deserializer, Serializer};

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Number(f64),
        Text(String),
    }

    pub(super) fn serialize<S: Serializer>(v: &f64, s: S) -> Result<S::Ok, S::Error> {
        if v.is_finite() {
            s.serialize_f64(*v)
        } else {
            s.collect_str(v)
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<f64, D::Error> {
        match Either::deserialize(d)? {
            Either::Number(v) => Ok(v),
            Either::Text(s) => s.parse().map_err(serde::de::Error::custom),
        }
    }
}

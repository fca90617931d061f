//! The nouns of a rule file.

use std::collections::BTreeMap;

/// A rule file that was read and checked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RuleFile {
    /// Its name, as it was given to [`crate::parse`].
    pub name: String,
    /// In the file's order.
    pub groups: Vec<Group>,
}

/// Rules that are evaluated together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Group {
    /// Unique in its file.
    pub name: String,
    /// Milliseconds between two evaluations; `None` is the engine's default.
    pub interval_ms: Option<i64>,
    /// Most alerts (pending and firing) that a rule may have; 0 is any number.
    pub limit: usize,
    /// The expression is evaluated that many milliseconds before the evaluation's own time (Prometheus 2.53 and later have it).
    pub query_offset_ms: i64,
    /// Labels of all its rules, under the rule's own (Prometheus 3 has it).
    pub labels: BTreeMap<String, String>,
    /// In the file's order.
    pub rules: Vec<Rule>,
}

/// Whether a rule alerts or records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `alert`
    #[default]
    Alert,
    /// `record`: kept and written, never evaluated here.
    Record,
}

/// One rule.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rule {
    /// Of what kind.
    pub kind: Kind,
    /// `alert` or `record`.
    pub name: String,
    /// PromQL.
    pub expr: String,
    /// How long the expression must hold before the alert fires, ms.
    pub for_ms: i64,
    /// How long the alert fires on after the expression holds no more, ms.
    pub keep_firing_for_ms: i64,
    /// Labels of its alerts; the values are templates.
    pub labels: BTreeMap<String, String>,
    /// Texts of its alerts; templates.
    pub annotations: BTreeMap<String, String>,
    /// Line of its `alert` or `record`, from 1.
    pub line: u64,
}

impl Group {
    /// The labels of `rule`, those of the group included.
    pub fn labels_of(&self, rule: &Rule) -> BTreeMap<String, String> {
        let mut all = self.labels.clone();
        all.extend(rule.labels.clone());
        all
    }
}

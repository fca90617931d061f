//! Which fields an Elasticsearch has and what can be asked of them (`_field_caps`).

use crate::alertmanager::raw::unreadable;
use crate::error::SourceError;
use crate::weblogs::{LogOptions, Names};
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What can be asked of a field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Kind {
    /// Its values as they are.
    Keyword,
    /// Its words.
    Text,
    /// Nothing that we ask.
    #[default]
    Other,
}

/// What is known of an index.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields {
    pub names: Names,
    /// What its times are multiples of, ns.
    pub grain_ns: i64,
    /// The field of the message in questions.
    pub message_field: String,
    pub message: Kind,
    kinds: BTreeMap<String, Kind>,
}

impl Fields {
    /// The field that stands for `name` in questions, and its kind.
    pub(super) fn of(&self, name: &str) -> Option<(String, Kind)> {
        let keyword = format!("{name}.keyword");
        match (self.kinds.get(name), self.kinds.get(&keyword)) {
            (Some(Kind::Keyword), _) => Some((name.to_owned(), Kind::Keyword)),
            // what a dynamic mapping makes of texts
            (_, Some(Kind::Keyword)) => Some((keyword, Kind::Keyword)),
            (Some(kind), _) => Some((name.to_owned(), *kind)),
            (None, _) => None,
        }
    }

    /// Whether nothing is there yet.
    pub(super) fn is_empty(&self) -> bool {
        self.kinds.is_empty()
    }

    /// Reads `_field_caps`.
    ///
    /// # Errors
    /// [`SourceError::Truncated`] or [`SourceError::Malformed`].
    pub(super) fn read(body: &[u8], options: &LogOptions) -> Result<Self, SourceError> {
        #[derive(Deserialize)]
        struct Caps {
            fields: BTreeMap<String, BTreeMap<String, Value>>,
        }
        let caps: Caps = serde_json::from_slice(body)
            .map_err(|e| unreadable(body, &e, "fields as Elasticsearch has them"))?;
        // a field can be of several types in several indices; then only what holds for all of them counts
        let kind = |types: &BTreeMap<String, Value>| {
            let of = |t: &String| match t.as_str() {
                "keyword" | "constant_keyword" => Kind::Keyword,
                "text" | "match_only_text" => Kind::Text,
                _ => Kind::Other,
            };
            let mut all = types.keys().filter(|t| *t != "unmapped").map(of);
            let first = all.next().unwrap_or_default();
            if all.all(|k| k == first) {
                first
            } else {
                Kind::Other
            }
        };
        let times: BTreeSet<&str> = caps
            .fields
            .get(super::TIME)
            .into_iter()
            .flat_map(|types| types.keys().map(String::as_str))
            .collect();
        let mut fields = Self {
            names: Names::find(&options.fields, |n| caps.fields.contains_key(n)),
            grain_ns: if times.contains("date_nanos") && !times.contains("date") {
                1
            } else {
                1_000_000
            },
            kinds: caps
                .fields
                .iter()
                .filter(|(name, _)| !name.starts_with('_'))
                .map(|(name, types)| (name.clone(), kind(types)))
                .collect(),
            ..Self::default()
        };
        let message = fields.names.message.clone().unwrap_or_default();
        // a keyword beside a text holds short values only
        fields.message = fields.kinds.get(&message).copied().unwrap_or_default();
        fields.message_field = message;
        Ok(fields)
    }
}

//! All kinds of channels, one line each.

use crate::channel::{Channel, Descriptor};
use crate::popup::PopupHost;
use model::Secret;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A channel's settings: those of the configuration, and the secrets that it names.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The table of the configuration without `kind`.
    pub values: serde_json::Map<String, serde_json::Value>,
    /// Field → secret.
    pub secrets: BTreeMap<String, Secret>,
}

impl Settings {
    /// The settings as the channel's own type.
    ///
    /// # Errors
    /// A key that is not known, a value of the wrong type, one that is missing.
    pub fn read<T: DeserializeOwned>(&self, kind: &'static str) -> Result<T, BuildError> {
        let value = serde_json::Value::Object(self.values.clone());
        serde_json::from_value(value).map_err(|e| BuildError::Settings {
            kind,
            detail: crate::text::line(&e.to_string(), crate::text::DETAIL),
        })
    }
}

/// What channels need of the program around them.
#[derive(Clone, Default)]
pub struct Surroundings {
    /// Shows pop-ups, if anything can.
    pub popup: Option<Arc<dyn PopupHost>>,
}

/// A channel that cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// There is no such kind.
    #[error("there is no channel {kind:?}; there are {known}")]
    UnknownKind {
        /// What was asked for.
        kind: String,
        /// The kinds there are.
        known: String,
    },
    /// A setting is unknown, missing, or of the wrong type.
    #[error("settings of channel {kind}: {detail}")]
    Settings {
        /// Of which channel.
        kind: &'static str,
        /// What is wrong.
        detail: String,
    },
    /// A setting's value cannot be.
    #[error("setting {field} of channel {kind}: {problem}")]
    Value {
        /// Of which channel.
        kind: &'static str,
        /// Which setting.
        field: &'static str,
        /// The end of a key `channel.setting.`.
        problem: &'static str,
    },
}

impl BuildError {
    /// Its sentence's key.
    pub fn locale_key(&self) -> String {
        match self {
            Self::UnknownKind { .. } => "channel.setting.unknown_kind".to_owned(),
            Self::Settings { .. } => "channel.setting.malformed".to_owned(),
            Self::Value { problem, .. } => format!("channel.setting.{problem}"),
        }
    }

    /// Its sentence's placeholders.
    pub fn params(&self) -> BTreeMap<String, String> {
        let pairs: Vec<(&str, &str)> = match self {
            Self::UnknownKind { kind, known } => vec![("kind", kind), ("known", known)],
            Self::Settings { kind, detail } => vec![("kind", kind), ("detail", detail)],
            Self::Value { kind, field, .. } => vec![("kind", kind), ("field", field)],
        };
        let clean = |v: &str| crate::text::line(v, crate::text::DETAIL);
        pairs
            .into_iter()
            .map(|(k, v)| (k.to_owned(), clean(v)))
            .collect()
    }
}

/// A channel without settings.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoSettings {}

/// Makes a channel of one kind.
type Build = fn(&Settings, &Surroundings) -> Result<Arc<dyn Channel>, BuildError>;

/// One kind.
pub(crate) struct Entry {
    pub descriptor: Descriptor,
    pub build: Build,
}

/// The kinds of channels that this program knows.
pub struct Registry(&'static [Entry]);

/// All of them.
const ALL: Registry = Registry(&[
    crate::popup::ENTRY,
    crate::sound::ENTRY,
    crate::webhook::ENTRY,
    crate::mail::ENTRY,
]);

impl Registry {
    /// All kinds.
    pub fn all() -> Self {
        ALL
    }

    /// What they are and can.
    pub fn descriptors(&self) -> impl Iterator<Item = &Descriptor> {
        self.0.iter().map(|e| &e.descriptor)
    }

    /// A channel of this kind.
    ///
    /// # Errors
    /// There is no such kind, or the settings are wrong.
    pub fn build(
        &self,
        kind: &str,
        settings: &Settings,
        around: &Surroundings,
    ) -> Result<Arc<dyn Channel>, BuildError> {
        match self.0.iter().find(|e| e.descriptor.kind == kind) {
            Some(entry) => (entry.build)(settings, around),
            None => {
                let known: Vec<_> = self.descriptors().map(|d| d.kind).collect();
                Err(BuildError::UnknownKind {
                    kind: crate::text::line(kind, crate::text::NAME),
                    known: known.join(", "),
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::ChannelHealth;
    use crate::speak::exists;

    #[test]
    fn every_kind_names_itself_and_its_settings_in_every_language() {
        for locale in ["zh-CN", "en"] {
            for d in Registry::all().descriptors() {
                assert!(
                    exists(locale, &format!("channel.{}.name", d.kind)),
                    "{}",
                    d.kind
                );
                for field in d.fields {
                    let key = format!("channel.{}.field.{}", d.kind, field.name);
                    assert!(exists(locale, &key), "{locale} lacks {key}");
                }
                assert!(!d.codes.is_empty());
            }
            for code in ChannelHealth::GOOD {
                assert!(exists(locale, &ChannelHealth::good(code).locale_key()));
            }
            for problem in crate::webhook::PROBLEMS {
                assert!(exists(locale, &format!("channel.setting.{problem}")));
            }
            for key in [
                "unknown_kind",
                "malformed",
                "mailbox",
                "unencrypted",
                "no_password",
            ] {
                assert!(exists(locale, &format!("channel.setting.{key}")));
            }
        }
    }

    #[test]
    fn an_unknown_kind_says_which_there_are() {
        let built = Registry::all().build(
            "pager\u{202e}",
            &Settings::default(),
            &Surroundings::default(),
        );
        let Err(BuildError::UnknownKind { kind, known }) = built else {
            panic!("built")
        };
        assert_eq!(
            (kind.as_str(), known.as_str()),
            ("pager‹U+202E›", "popup, sound, webhook, mail")
        );
    }

    #[test]
    fn an_unknown_setting_is_an_error() {
        let mut settings = Settings::default();
        settings.values.insert("colour".into(), "red".into());
        for kind in ["popup", "sound", "webhook", "mail"] {
            let built = Registry::all().build(kind, &settings, &Surroundings::default());
            let Err(BuildError::Settings { detail, .. }) = built else {
                panic!("{kind} took it")
            };
            assert!(detail.contains("colour"), "{detail}");
        }
    }
}

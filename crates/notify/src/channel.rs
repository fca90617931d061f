//! The trait of every way to tell somebody, and how it describes itself.

use crate::error::{Code, SendError};
use crate::message::Message;
use futures::future::BoxFuture;
use model::duty::NoticeId;
use serde::Serialize;
use std::collections::BTreeMap;

/// The answer of [`Channel::send`].
pub type Sending<'a> = BoxFuture<'a, Result<Receipt, SendError>>;
/// The answer of [`Channel::withdraw`].
pub type Withdrawing<'a> = BoxFuture<'a, Result<(), SendError>>;
/// The answer of [`Channel::health`].
pub type Health<'a> = BoxFuture<'a, ChannelHealth>;

/// A way to tell somebody. Every call ends in bounded time by itself.
pub trait Channel: Send + Sync {
    /// What it is and what it can.
    fn descriptor(&self) -> Descriptor;

    /// Tells. `Ok` means that the other side has taken it, not merely that it was sent off. The same notice sent again replaces the former
    /// one or is recognised by its id.
    fn send<'a>(&'a self, message: &'a Message) -> Sending<'a>;

    /// Takes back what can be taken back: closes a pop-up, ends a sound. A notice that was never sent, or cannot be taken back: `Ok`.
    fn withdraw<'a>(&'a self, notice: &'a NoticeId) -> Withdrawing<'a>;

    /// Whether it would get through now.
    fn health(&self) -> Health<'_>;
}

/// The other side's own words about what it has taken: an id, a status. Empty where it says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Receipt(pub String);

/// Whether a channel would get through.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChannelHealth {
    /// Whether it would.
    pub ok: bool,
    /// If not, a [`Code`]; if so, `ok` or what is worth knowing (`no_buttons`). Its sentence is `channel.health.<code>` or
    /// `channel.error.<code>`, see [`Self::locale_key`].
    pub code: String,
    /// Placeholders of the sentence: a server's name and version.
    pub params: BTreeMap<String, String>,
}

impl ChannelHealth {
    /// The codes of a channel that works.
    pub const GOOD: [&'static str; 6] = [
        "ok",
        "notification_server",
        "no_buttons",
        "sound_device",
        "not_tried",
        "last_sent",
    ];

    /// It works.
    pub fn good(code: &'static str) -> Self {
        Self {
            ok: true,
            code: code.to_owned(),
            params: BTreeMap::new(),
        }
    }

    /// With a placeholder's value, cleaned and bounded.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.params.insert(
            name.to_owned(),
            crate::text::line(value, crate::text::DETAIL),
        );
        self
    }

    /// Its sentence's key.
    pub fn locale_key(&self) -> String {
        let group = if self.ok { "health" } else { "error" };
        format!("channel.{group}.{}", self.code)
    }
}

impl From<SendError> for ChannelHealth {
    fn from(error: SendError) -> Self {
        Self {
            ok: false,
            code: error.code.as_str().to_owned(),
            params: error.params,
        }
    }
}

/// What kind of value a setting is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FieldKind {
    /// One line.
    Text,
    /// An `http` or `https` address.
    Url,
    /// A whole number.
    Number {
        /// At least.
        min: i64,
        /// At most.
        max: i64,
    },
    /// Yes or no.
    Bool,
    /// Several lines of text.
    List,
    /// Kept in the keyring or the vault; the configuration names it, and it is never shown.
    Secret,
}

/// A setting. Its name for people is `channel.<kind>.field.<name>` in `locales/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Field {
    /// The key in the configuration.
    pub name: &'static str,
    /// What it holds.
    #[serde(flatten)]
    pub kind: FieldKind,
    /// Whether the channel cannot be without it.
    pub required: bool,
}

/// What a channel is and can: enough to draw its form of settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Descriptor {
    /// The kind's name in the registry, the configuration and the outbox. Its name for people is `channel.<kind>.name`.
    pub kind: &'static str,
    /// Settings.
    pub fields: &'static [Field],
    /// Has buttons whose presses come back.
    pub two_way: bool,
    /// Can insist: stays or sounds until somebody takes it.
    pub urgent: bool,
    /// Reaches only who sits at this machine.
    pub local: bool,
    /// Needs the person's address.
    pub needs_address: bool,
    /// What can go wrong with it.
    #[serde(skip)]
    pub codes: &'static [Code],
}

//! Ways to tell a person. A [`Channel`] takes a rendered [`Message`] and says whether it got through; [`render`] makes the message from a
//! notice of the desk and the alerts it is about; [`registry`] knows all kinds.
//!
//! Nothing here decides whom to tell or when: that is the escalation's business. What a channel decides alone is whether a failure is worth
//! another try ([`Retry`]).
#![warn(missing_docs)]

pub mod bucket;
pub mod channel;
pub mod error;
pub mod mail;
pub mod memory;
pub mod message;
pub mod popup;
pub mod registry;
mod render;
pub mod sound;
mod speak;
pub mod text;
pub mod webhook;

pub use channel::{
    Channel, ChannelHealth, Descriptor, Field, FieldKind, Health, Receipt, Sending, Withdrawing,
};
pub use error::{Code, Retry, SendError};
pub use message::{Action, AlertBrief, Fact, Kind, Message, Next, Recipient};
pub use registry::{BuildError, Registry, Settings, Surroundings};
pub use render::{Scene, render};
pub use speak::sentence;

rust_i18n::i18n!("../../locales", fallback = "zh-CN");

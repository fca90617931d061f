//! What is said to a notification server, and what its answers mean.

use super::LATER;
use crate::error::{Code, SendError};
use crate::popup::{Popup, Urgency};
use model::alert::Level;
use std::collections::HashMap;
use zbus::zvariant::Value;

/// The icon's name, as of the freedesktop icon naming specification.
pub(super) fn icon(level: Level) -> &'static str {
    match level {
        Level::P0 => "dialog-error",
        Level::P1 | Level::P2 => "dialog-warning",
        Level::P3 => "dialog-information",
    }
}

pub(super) fn hints(popup: &Popup) -> HashMap<&'static str, Value<'static>> {
    let urgency: u8 = match popup.urgency {
        Urgency::Low => 0,
        Urgency::Normal => 1,
        Urgency::Critical => 2,
    };
    let mut hints = HashMap::from([
        ("urgency", Value::from(urgency)),
        ("desktop-entry", Value::from("shouwang")),
        // the channel `sound` sounds
        ("suppress-sound", Value::from(true)),
    ]);
    if popup.stays {
        // stays after a press of 查看
        hints.insert("resident", Value::from(true));
    }
    hints
}

pub(super) fn sender_of(message: &zbus::Message) -> String {
    let header = message.header();
    header
        .sender()
        .map(|s| s.as_str().to_owned())
        .unwrap_or_default()
}

pub(super) fn fault(error: &zbus::Error) -> SendError {
    match error {
        zbus::Error::MethodError(name, _, _) => {
            let name = name.as_str();
            match name.strip_prefix("org.freedesktop.DBus.Error.") {
                Some("ServiceUnknown" | "NameHasNoOwner") => {
                    SendError::after(Code::NoNotificationServer, LATER)
                }
                Some(spawn) if spawn.starts_with("Spawn.") => {
                    SendError::after(Code::NoNotificationServer, LATER)
                }
                Some("NoReply" | "Timeout" | "TimedOut") => {
                    SendError::after(Code::NotificationServerSlow, LATER)
                }
                _ => SendError::after(Code::NotificationRefused, LATER).with("detail", name),
            }
        }
        zbus::Error::InputOutput(_) | zbus::Error::Handshake(_) => {
            SendError::after(Code::NoSessionBus, 5)
        }
        // an answer of another shape
        _ => SendError::after(Code::NotificationRefused, LATER).with("detail", error),
    }
}

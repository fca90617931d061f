//! Native pop-ups. The channel decides how a message is shown; a [`PopupHost`] shows it: [`DbusHost`] where there is no window of ours, or what
//! the shell gives.

#[cfg(target_os = "linux")]
mod dbus;
#[cfg(target_os = "linux")]
mod shown;

#[cfg(target_os = "linux")]
pub use dbus::{Abilities, DbusHost};

use crate::channel::{Channel, ChannelHealth, Descriptor, Health, Sending, Withdrawing};
use crate::error::{Code, SendError};
use crate::message::{Action, Kind, Message};
use crate::registry::{BuildError, Entry, Settings, Surroundings};
use crate::speak::say;
use futures::FutureExt as _;
use model::alert::Level;
use model::duty::NoticeId;
use std::sync::Arc;

/// Lines of a pop-up's body; servers cut longer ones without saying so.
const LINES: usize = 10;

/// How a pop-up insists, as the notification specification has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    /// 0
    Low,
    /// 1
    Normal,
    /// 2
    Critical,
}

/// A pop-up to be shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Popup {
    /// Which; shown again it replaces the former one.
    pub notice: NoticeId,
    /// Of what level.
    pub level: Level,
    /// One line of text, never markup.
    pub title: String,
    /// Lines of text, never markup.
    pub body: Vec<String>,
    /// Buttons.
    pub actions: Vec<Action>,
    /// How it insists.
    pub urgency: Urgency,
    /// Stays until somebody closes it.
    pub stays: bool,
    /// A further line where the server can show no buttons: where to acknowledge instead. Empty if there is nothing to do.
    pub without_buttons: String,
}

impl Popup {
    /// How `message` is shown: a P0 stays and is critical, unless it is over.
    pub fn of(message: &Message) -> Self {
        let over = matches!(message.kind, Kind::Resolved | Kind::Test);
        let urgency = match message.level {
            Level::P0 if !over => Urgency::Critical,
            Level::P0 | Level::P1 => Urgency::Normal,
            Level::P2 | Level::P3 => Urgency::Low,
        };
        let can_ack = message.actions.len() > 1;
        Self {
            notice: message.id,
            level: message.level,
            title: message.title.clone(),
            body: message.body.iter().take(LINES).cloned().collect(),
            actions: message.actions.clone(),
            urgency,
            stays: urgency == Urgency::Critical,
            without_buttons: if can_ack {
                say(&message.locale, "notice.line.ack_at_desk", &[])
            } else {
                String::new()
            },
        }
    }
}

/// What somebody, or the server, did with a pop-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PopupAction {
    /// 确认
    Ack,
    /// 查看
    View,
    /// It is gone.
    Closed(Gone),
}

/// Why a pop-up is gone. One that we closed ourselves is not told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gone {
    /// Its time was over.
    Expired,
    /// Somebody closed it.
    Dismissed,
    /// The notification server ended, and its pop-ups with it.
    ServerEnded,
    /// The server does not say.
    Unknown,
}

/// Something happened to a pop-up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PopupEvent {
    /// Which.
    pub notice: NoticeId,
    /// What.
    pub action: PopupAction,
}

/// Shows pop-ups. Events come by the `tokio::sync::mpsc` channel that the host was made with.
pub trait PopupHost: Send + Sync {
    /// Shows; `Ok` only if a server has taken it.
    fn show<'a>(&'a self, popup: &'a Popup) -> Sending<'a>;

    /// Closes; one that is not shown: `Ok`.
    fn close<'a>(&'a self, notice: &'a NoticeId) -> Withdrawing<'a>;

    /// Which server answers, and whether it has buttons.
    fn health(&self) -> Health<'_>;
}

/// The channel.
pub struct PopupChannel {
    host: Option<Arc<dyn PopupHost>>,
}

impl PopupChannel {
    /// Over `host`; without one every message fails with [`Code::NoPopupHost`].
    pub fn new(host: Option<Arc<dyn PopupHost>>) -> Self {
        Self { host }
    }
}

const DESCRIPTOR: Descriptor = Descriptor {
    kind: "popup",
    fields: &[],
    two_way: true,
    urgent: true,
    local: true,
    needs_address: false,
    codes: &[
        Code::NoPopupHost,
        Code::NoSessionBus,
        Code::NoNotificationServer,
        Code::NotificationServerSlow,
        Code::NotificationRefused,
        Code::Closed,
    ],
};

/// Its line in the registry.
pub(crate) const ENTRY: Entry = Entry {
    descriptor: DESCRIPTOR,
    build,
};

fn build(settings: &Settings, around: &Surroundings) -> Result<Arc<dyn Channel>, BuildError> {
    settings.read::<crate::registry::NoSettings>(DESCRIPTOR.kind)?;
    Ok(Arc::new(PopupChannel::new(around.popup.clone())))
}

impl Channel for PopupChannel {
    fn descriptor(&self) -> Descriptor {
        DESCRIPTOR
    }

    fn send<'a>(&'a self, message: &'a Message) -> Sending<'a> {
        async move {
            match &self.host {
                Some(host) => host.show(&Popup::of(message)).await,
                None => Err(SendError::never(Code::NoPopupHost)),
            }
        }
        .boxed()
    }

    fn withdraw<'a>(&'a self, notice: &'a NoticeId) -> Withdrawing<'a> {
        async move {
            match &self.host {
                Some(host) => host.close(notice).await,
                None => Ok(()),
            }
        }
        .boxed()
    }

    fn health(&self) -> Health<'_> {
        match &self.host {
            Some(host) => host.health(),
            None => async { ChannelHealth::from(SendError::never(Code::NoPopupHost)) }.boxed(),
        }
    }
}

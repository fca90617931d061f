//! Pop-ups straight over D-Bus, as the Desktop Notifications Specification 1.2 has it.
//!
//! Over one connection, because servers send `ActionInvoked` to the connection that asked (GNOME Shell does), and one listener can then serve
//! all pop-ups. notify-rust opens a connection and blocks a thread for each pop-up whose buttons matter, and does not tell the connection it
//! used, so a listener beside it would hear nothing from such a server.

mod say;

use super::shown::{Place, Shown, Signal};
use super::{Popup, PopupEvent, PopupHost};
use crate::channel::{ChannelHealth, Health, Receipt, Sending, Withdrawing};
use crate::error::{Code, SendError};
use crate::text::escape_markup;
use futures::{FutureExt as _, StreamExt as _};
use model::duty::NoticeId;
use parking_lot::Mutex;
use say::{fault, hints, sender_of};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use zbus::{Connection, MatchRule, MessageStream, message};

const NAME: &str = "org.freedesktop.Notifications";
const PATH: &str = "/org/freedesktop/Notifications";
/// How long a caller waits for the server.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long a question may stay under way; a server that is started by the bus needs a while.
const AT_MOST: Duration = Duration::from_secs(20);
/// Questions under way at once.
const UNDER_WAY: usize = 64;
/// Signals waiting for us.
const QUEUE: usize = 1024;
/// The server needs a human or a while.
const LATER: u64 = 30;

/// What a server can, and which one it is.
#[derive(Clone, Debug)]
struct Server {
    unique: String,
    buttons: bool,
    markup: bool,
}

struct Link {
    connection: Connection,
    server: Mutex<Option<Server>>,
    listener: tokio::task::AbortHandle,
}

impl Drop for Link {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

struct Inner {
    address: Option<String>,
    application: String,
    events: mpsc::Sender<PopupEvent>,
    link: tokio::sync::Mutex<Option<Arc<Link>>>,
    shown: Mutex<Shown>,
    under_way: Arc<tokio::sync::Semaphore>,
}

/// Shows pop-ups by whichever notification server is on the session bus; the bus starts one if it knows how to.
#[derive(Clone)]
pub struct DbusHost {
    inner: Arc<Inner>,
}

impl DbusHost {
    /// On the bus at `address`, or the session's; connects when it is first needed and again after the bus was gone. `application` is the name
    /// that servers show. Needs a tokio runtime when it is used.
    pub fn new(
        address: Option<String>,
        application: &str,
        events: mpsc::Sender<PopupEvent>,
    ) -> Self {
        Self {
            inner: Arc::new(Inner {
                address,
                application: application.to_owned(),
                events,
                link: tokio::sync::Mutex::default(),
                shown: Mutex::default(),
                under_way: Arc::new(tokio::sync::Semaphore::new(UNDER_WAY)),
            }),
        }
    }
}

/// What the notification server on the bus can.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Abilities {
    /// It shows buttons.
    pub buttons: bool,
    /// It interprets markup in the body, so that text has to be escaped.
    pub markup: bool,
}

impl DbusHost {
    /// Whether a server is there now, and what it can; for those who show pop-ups by another way that does not tell.
    ///
    /// # Errors
    /// There is none, or it does not answer.
    pub async fn abilities(&self) -> Result<Abilities, SendError> {
        let asked = async {
            let link = Inner::link(&self.inner).await?;
            let server = Inner::server(&link).await?;
            Ok(Abilities {
                buttons: server.buttons,
                markup: server.markup,
            })
        };
        match tokio::time::timeout(PATIENCE, asked).await {
            Ok(answer) => answer,
            Err(_) => Err(SendError::after(Code::NotificationServerSlow, 10)),
        }
    }
}

impl PopupHost for DbusHost {
    fn show<'a>(&'a self, popup: &'a Popup) -> Sending<'a> {
        async move {
            let inner = &self.inner;
            let permit = Arc::clone(&inner.under_way)
                .try_acquire_owned()
                .map_err(|_| SendError::after(Code::NotificationServerSlow, 5))?;
            let Ok(former) = inner.shown.lock().begin(&popup.notice, popup.level) else {
                return Err(SendError::after(Code::NotificationServerSlow, 5));
            };
            // A task of its own: an answer that comes after we gave up waiting still says which pop-up is ours.
            let task = tokio::spawn({
                let (inner, popup) = (Arc::clone(inner), popup.clone());
                async move {
                    let _permit = permit;
                    Inner::deliver(&inner, &popup, former).await
                }
            });
            match tokio::time::timeout(PATIENCE, task).await {
                Ok(Ok(answer)) => answer,
                Ok(Err(_)) => Err(SendError::after(Code::Closed, LATER)),
                Err(_) => Err(SendError::after(Code::NotificationServerSlow, 10)),
            }
        }
        .boxed()
    }

    fn close<'a>(&'a self, notice: &'a NoticeId) -> Withdrawing<'a> {
        async move {
            let place = self.inner.shown.lock().withdraw(notice);
            if let Some(place) = place {
                Inner::close_at(&self.inner, place).await;
            }
            Ok(())
        }
        .boxed()
    }

    fn health(&self) -> Health<'_> {
        async move {
            let asked = tokio::time::timeout(PATIENCE, Inner::server_information(&self.inner));
            match asked.await {
                Ok(Ok(health)) => health,
                Ok(Err(error)) => error.into(),
                Err(_) => SendError::after(Code::NotificationServerSlow, 10).into(),
            }
        }
        .boxed()
    }
}

impl Inner {
    /// The connection, made anew if there is none.
    async fn link(inner: &Arc<Self>) -> Result<Arc<Link>, SendError> {
        let mut slot = inner.link.lock().await;
        if let Some(link) = &*slot {
            return Ok(Arc::clone(link));
        }
        let link = Arc::new(
            tokio::time::timeout(PATIENCE, Self::connect(inner))
                .await
                .map_err(|_| SendError::after(Code::NoSessionBus, LATER))?
                .map_err(|e| {
                    tracing::debug!(error = %e, "no session bus");
                    SendError::after(Code::NoSessionBus, LATER)
                })?,
        );
        *slot = Some(Arc::clone(&link));
        Ok(link)
    }

    async fn connect(inner: &Arc<Self>) -> zbus::Result<Link> {
        let builder = match &inner.address {
            Some(address) => zbus::connection::Builder::address(address.as_str())?,
            None => zbus::connection::Builder::session()?,
        };
        let connection = builder.build().await?;
        let signals = MatchRule::builder()
            .msg_type(message::Type::Signal)
            .interface(NAME)?
            .path(PATH)?
            .build();
        let owners = MatchRule::builder()
            .msg_type(message::Type::Signal)
            .sender("org.freedesktop.DBus")?
            .interface("org.freedesktop.DBus")?
            .member("NameOwnerChanged")?
            .add_arg(NAME)?
            .build();
        let signals = MessageStream::for_match_rule(signals, &connection, Some(QUEUE)).await?;
        let owners = MessageStream::for_match_rule(owners, &connection, Some(QUEUE)).await?;
        let weak = Arc::downgrade(inner);
        let listener = tokio::spawn(async move {
            let mut both = futures::stream::select(signals, owners);
            while let Some(message) = both.next().await {
                let (Ok(message), Some(inner)) = (message, weak.upgrade()) else {
                    break;
                };
                inner.heard(&message).await;
            }
            if let Some(inner) = weak.upgrade() {
                inner.link_lost().await;
            }
        });
        Ok(Link {
            connection,
            server: Mutex::new(None),
            listener: listener.abort_handle(),
        })
    }

    /// The bus has gone.
    async fn link_lost(&self) {
        let link = self.link.lock().await.take();
        let gone = self.shown.lock().ended(None);
        self.tell(gone).await;
        // dropped last: it ends the task that runs this
        drop(link);
    }

    async fn heard(&self, message: &zbus::Message) {
        let header = message.header();
        let sender = header.sender().map(|s| s.as_str().to_owned());
        let body = message.body();
        let member = header.member().map(|m| m.as_str().to_owned());
        let (Some(sender), Some(member)) = (sender, member) else {
            return;
        };
        match member.as_str() {
            "ActionInvoked" => {
                if let Ok((id, key)) = body.deserialize::<(u32, &str)>() {
                    self.signal(sender, id, Signal::Action(key.to_owned()))
                        .await;
                }
            }
            "NotificationClosed" => {
                if let Ok((id, reason)) = body.deserialize::<(u32, u32)>() {
                    self.signal(sender, id, Signal::Closed(reason)).await;
                }
            }
            "NameOwnerChanged" if sender == "org.freedesktop.DBus" => {
                if let Ok((_, old, _)) = body.deserialize::<(&str, &str, &str)>() {
                    self.server_ended(old).await;
                }
            }
            _ => {}
        }
    }

    async fn signal(&self, server: String, id: u32, signal: Signal) {
        let event = self.shown.lock().signal(Place { server, id }, signal);
        self.tell(event).await;
    }

    async fn server_ended(&self, old: &str) {
        if let Some(link) = &*self.link.lock().await {
            *link.server.lock() = None;
        }
        if !old.is_empty() {
            let gone = self.shown.lock().ended(Some(old));
            self.tell(gone).await;
        }
    }

    async fn tell(&self, events: impl IntoIterator<Item = PopupEvent>) {
        for event in events {
            // nobody listens any more: the program is ending
            let _ = self.events.send(event).await;
        }
    }

    async fn call<B>(
        link: &Link,
        to: &str,
        method: &str,
        body: &B,
    ) -> Result<zbus::Message, SendError>
    where
        B: serde::Serialize + zbus::zvariant::DynamicType,
    {
        let asked = link
            .connection
            .call_method(Some(to), PATH, Some(NAME), method, body);
        match tokio::time::timeout(AT_MOST, asked).await {
            Ok(answer) => answer.map_err(|e| fault(&e)),
            Err(_) => Err(SendError::after(Code::NotificationServerSlow, LATER)),
        }
    }

    /// What the server can; asked once for each server.
    async fn server(link: &Link) -> Result<Server, SendError> {
        if let Some(server) = link.server.lock().clone() {
            return Ok(server);
        }
        let answer = Self::call(link, NAME, "GetCapabilities", &()).await?;
        let can: Vec<String> = answer.body().deserialize().map_err(|e| fault(&e))?;
        let server = Server {
            unique: sender_of(&answer),
            buttons: can.iter().any(|c| c == "actions"),
            markup: can.iter().any(|c| c == "body-markup"),
        };
        *link.server.lock() = Some(server.clone());
        Ok(server)
    }

    async fn deliver(
        inner: &Arc<Self>,
        popup: &Popup,
        former: Option<Place>,
    ) -> Result<Receipt, SendError> {
        match Self::notify(inner, popup, former).await {
            Ok(place) => {
                let receipt = Receipt(place.id.to_string());
                let arrived = inner.shown.lock().arrived(&popup.notice, place);
                inner.tell(arrived.events).await;
                for place in arrived.close {
                    Self::close_at(inner, place).await;
                }
                Ok(receipt)
            }
            Err(error) => {
                inner.shown.lock().failed(&popup.notice);
                Err(error)
            }
        }
    }

    async fn notify(
        inner: &Arc<Self>,
        popup: &Popup,
        former: Option<Place>,
    ) -> Result<Place, SendError> {
        let link = Self::link(inner).await?;
        let server = Self::server(&link).await?;
        let replaces = former.filter(|p| p.server == server.unique);
        let replaces = replaces.map_or(0, |p| p.id);
        let mut lines = popup.body.clone();
        if !server.buttons && !popup.without_buttons.is_empty() {
            lines.push(popup.without_buttons.clone());
        }
        let mut body = lines.join("\n");
        if server.markup {
            body = escape_markup(&body);
        }
        let buttons: Vec<&str> = if server.buttons {
            let pairs = popup.actions.iter();
            pairs.flat_map(|a| [a.id.as_str(), &a.title]).collect()
        } else {
            Vec::new()
        };
        let expire: i32 = if popup.stays { 0 } else { -1 };
        let answer = Self::call(
            &link,
            NAME,
            "Notify",
            &(
                inner.application.as_str(),
                replaces,
                say::icon(popup.level),
                popup.title.as_str(),
                body.as_str(),
                buttons,
                hints(popup),
                expire,
            ),
        )
        .await?;
        let id: u32 = answer.body().deserialize().map_err(|e| fault(&e))?;
        Ok(Place {
            server: sender_of(&answer),
            id,
        })
    }

    /// At the server that showed it, and no other: its successor may have given the same id to something else.
    async fn close_at(inner: &Arc<Self>, place: Place) {
        let Some(link) = inner.link.lock().await.clone() else {
            return;
        };
        let asked = Self::call(&link, &place.server, "CloseNotification", &place.id);
        match tokio::time::timeout(PATIENCE, asked).await {
            Ok(Ok(_)) => {}
            // a server answers an error for what is closed already
            Ok(Err(error)) => tracing::debug!(%error, "pop-up not closed"),
            Err(_) => tracing::debug!("pop-up not closed in time"),
        }
    }

    async fn server_information(inner: &Arc<Self>) -> Result<ChannelHealth, SendError> {
        let link = Self::link(inner).await?;
        let answer = Self::call(&link, NAME, "GetServerInformation", &()).await?;
        let (name, vendor, version, spec): (String, String, String, String) =
            answer.body().deserialize().map_err(|e| fault(&e))?;
        let server = Self::server(&link).await?;
        let code = if server.buttons {
            "notification_server"
        } else {
            "no_buttons"
        };
        Ok(ChannelHealth::good(code)
            .with("name", &name)
            .with("vendor", &vendor)
            .with("version", &version)
            .with("spec", &spec))
    }
}

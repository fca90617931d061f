//! Pop-ups of the shell. Where the system has an urgency that stays (Linux), a P0 goes straight over D-Bus; the rest goes through Tauri's plugin,
//! which works on every system, but says `Ok` also where no server takes the pop-up. So a server is asked for first.

use crate::machine::App;
use futures::FutureExt as _;
use model::duty::NoticeId;
use notify::channel::{Health, Receipt, Sending, Withdrawing};
use notify::error::{Code, SendError};
use notify::popup::{Gone, Popup, PopupAction, PopupEvent, PopupHost};
use parking_lot::Mutex;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tauri::AppHandle;
use tauri_plugin_notification::{Action, ActionType, NotificationExt as _};
use tokio::sync::mpsc;

#[cfg(target_os = "linux")]
use notify::popup::{DbusHost, Urgency};

/// Pop-ups of the plugin that are remembered; the plugin cannot tell how many are up.
const MOST: usize = 60;

#[derive(Default)]
struct Shown {
    last: i32,
    by_id: BTreeMap<i32, NoticeId>,
    by_notice: BTreeMap<NoticeId, i32>,
    /// Sets of buttons that the plugin knows.
    buttons: BTreeSet<String>,
}

impl Shown {
    /// A number for this notice. Those that are to be closed: its former one, and the oldest if there are too many.
    fn begin(&mut self, notice: &NoticeId) -> (i32, Vec<i32>) {
        let mut close = Vec::new();
        close.extend(self.end(notice));
        while self.by_id.len() >= MOST {
            let Some((id, notice)) = self.by_id.pop_first() else {
                break;
            };
            self.by_notice.remove(&notice);
            close.push(id);
        }
        self.last = self.last.checked_add(1).unwrap_or(1);
        self.by_id.insert(self.last, *notice);
        self.by_notice.insert(*notice, self.last);
        (self.last, close)
    }

    fn end(&mut self, notice: &NoticeId) -> Option<i32> {
        let id = self.by_notice.remove(notice)?;
        self.by_id.remove(&id);
        Some(id)
    }

    /// The notice with this number is no longer up; `None` if we took it down.
    fn closed(&mut self, id: i32) -> Option<NoticeId> {
        let notice = self.by_id.remove(&id)?;
        self.by_notice.remove(&notice);
        Some(notice)
    }
}

/// What the plugin's handlers need too.
struct Inner {
    app: App,
    events: mpsc::Sender<PopupEvent>,
    shown: Mutex<Shown>,
}

/// Shows the program's pop-ups.
pub struct Popups {
    inner: Arc<Inner>,
    #[cfg(target_os = "linux")]
    bus: DbusHost,
}

impl Popups {
    /// A host, and what happens to its pop-ups.
    pub fn new(app: App) -> (Arc<Self>, mpsc::Receiver<PopupEvent>) {
        let (events, heard) = mpsc::channel(256);
        let host = Self {
            #[cfg(target_os = "linux")]
            bus: DbusHost::new(None, "守望", events.clone()),
            inner: Arc::new(Inner {
                app,
                events,
                shown: Mutex::default(),
            }),
        };
        (Arc::new(host), heard)
    }

    /// Hears the plugin's buttons. Before the first pop-up, because one that is shown before has none.
    pub fn listen(&self, app: &AppHandle) {
        let inner = Arc::downgrade(&self.inner);
        let listening = app.notification().on_action(move |performed| {
            let Some(inner) = inner.upgrade() else {
                return;
            };
            let id = performed.notification().map(|n| n.id());
            let notice = id.and_then(|id| inner.shown.lock().by_id.get(&id).cloned());
            let action = match performed.action_id() {
                "ack" => PopupAction::Ack,
                // "tap" is a click on the pop-up itself
                "view" | "tap" => PopupAction::View,
                _ => return,
            };
            if let Some(notice) = notice {
                inner.tell(PopupEvent { notice, action });
            }
        });
        if let Err(error) = listening {
            tracing::warn!(%error, "buttons of pop-ups cannot be heard");
        }
    }
}

impl Inner {
    /// From whichever thread the plugin is on.
    fn tell(&self, event: PopupEvent) {
        let events = self.events.clone();
        tauri::async_runtime::spawn(async move {
            // nobody listens any more: the program is ending
            let _ = events.send(event).await;
        });
    }

    fn close(&self, app: &AppHandle, ids: Vec<i32>) {
        if ids.is_empty() {
            return;
        }
        if let Err(error) = app.notification().remove_active(ids) {
            tracing::debug!(%error, "pop-ups could not be closed");
        }
    }

    /// By the plugin. `markup`: the server interprets it.
    fn show(
        self: &Arc<Self>,
        app: &AppHandle,
        popup: &Popup,
        buttons: bool,
        markup: bool,
    ) -> Result<Receipt, SendError> {
        let (id, close) = self.shown.lock().begin(&popup.notice);
        self.close(app, close);
        let mut lines = popup.body.clone();
        if !buttons && !popup.without_buttons.is_empty() {
            lines.push(popup.without_buttons.clone());
        }
        let mut body = lines.join("\n");
        if markup {
            body = notify::text::escape_markup(&body);
        }
        let mut builder = app
            .notification()
            .builder()
            .id(id)
            .title(&popup.title)
            .body(body);
        if buttons {
            builder = builder.action_type_id(self.buttons(app, popup));
        }
        #[cfg(target_os = "linux")]
        {
            let inner = Arc::downgrade(self);
            builder = builder.on_close(move || {
                let Some(inner) = inner.upgrade() else {
                    return;
                };
                let notice = inner.shown.lock().closed(id);
                if let Some(notice) = notice {
                    let action = PopupAction::Closed(Gone::Unknown);
                    inner.tell(PopupEvent { notice, action });
                }
            });
        }
        builder.show().map_err(|error| {
            self.shown.lock().closed(id);
            SendError::after(Code::NotificationRefused, 30).with("detail", error)
        })?;
        Ok(Receipt(id.to_string()))
    }

    /// The name under which the plugin knows these buttons.
    fn buttons(&self, app: &AppHandle, popup: &Popup) -> String {
        let named = |a: &notify::Action| format!("{}:{}", a.id.as_str(), a.title);
        let name = popup
            .actions
            .iter()
            .map(named)
            .collect::<Vec<_>>()
            .join("|");
        if self.shown.lock().buttons.insert(name.clone()) {
            let actions = popup.actions.iter();
            let actions = actions.map(|a| Action::builder(a.id.as_str(), &a.title).build());
            let kind = ActionType::builder(&name)
                .actions(actions.collect())
                .build();
            if let Err(error) = app.notification().register_action_types(vec![kind]) {
                tracing::warn!(%error, "buttons of pop-ups cannot be shown");
            }
        }
        name
    }
}

impl PopupHost for Popups {
    fn show<'a>(&'a self, popup: &'a Popup) -> Sending<'a> {
        async move {
            #[cfg(target_os = "linux")]
            let (buttons, markup) = {
                if popup.urgency == Urgency::Critical {
                    return self.bus.show(popup).await;
                }
                let can = self.bus.abilities().await?;
                (can.buttons, can.markup)
            };
            #[cfg(not(target_os = "linux"))]
            let (buttons, markup) = (true, false);
            let Some(app) = self.inner.app.get() else {
                // so early that there is no window system yet
                return Err(SendError::after(Code::NoPopupHost, 2));
            };
            self.inner.show(app, popup, buttons, markup)
        }
        .boxed()
    }

    fn close<'a>(&'a self, notice: &'a NoticeId) -> Withdrawing<'a> {
        async move {
            let id = self.inner.shown.lock().end(notice);
            if let (Some(id), Some(app)) = (id, self.inner.app.get()) {
                self.inner.close(app, vec![id]);
            }
            #[cfg(target_os = "linux")]
            self.bus.close(notice).await?;
            Ok(())
        }
        .boxed()
    }

    fn health(&self) -> Health<'_> {
        #[cfg(target_os = "linux")]
        return self.bus.health();
        #[cfg(not(target_os = "linux"))]
        async { notify::ChannelHealth::good("ok") }.boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn n(i: usize) -> NoticeId {
        NoticeId(i as u128)
    }

    #[test]
    fn a_notice_has_one_number_and_the_oldest_make_room() {
        let mut shown = Shown::default();
        assert_eq!(shown.begin(&n(1)), (1, vec![]));
        assert_eq!(shown.begin(&n(1)), (2, vec![1]), "shown again");
        assert_eq!(shown.closed(1), None, "told of the former one");
        assert_eq!(shown.closed(2), Some(n(1)));
        assert_eq!(shown.end(&n(1)), None);
        for i in 0..MOST {
            assert!(shown.begin(&n(i)).1.is_empty());
        }
        assert_eq!(shown.begin(&n(1000)).1, [3]);
        assert_eq!(shown.end(&n(0)), None, "it made room");
        assert_eq!(shown.by_id.len(), shown.by_notice.len());
    }
}

//! Carries out what the alert desk decided, once it is kept: tells people, puts silences to Alertmanagers. Each effect that has an answer
//! is answered by exactly one event, also when the other side hangs.

use super::handle::{DutyHandle, Message};
use engine::duty::{Event, Retry, SendFailure};
use model::Matcher;
use model::duty::{Actor, AlertId, Notice, NoticeId};
use notify::{Channel, Message as Said, SendError};
use parking_lot::Mutex;
use source::{Alerts, SilenceRequest};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// Whatever a channel does, a notice has an answer by then.
const LONGEST_SEND: Duration = Duration::from_secs(30);
/// Whatever an Alertmanager does, a silence has an answer by then.
const LONGEST_SILENCE: Duration = Duration::from_secs(30);
/// Notices under way by one channel.
const AT_ONCE: usize = 4;
/// Notices remembered so that a button can find its alerts.
const REMEMBERED: usize = 1_000;
/// The receipt of a sound that was not made because sounds are off.
const HUSHED: &str = "hushed";

struct Line {
    channel: Arc<dyn Channel>,
    permits: Arc<Semaphore>,
}

#[derive(Default)]
struct Sent {
    notices: BTreeMap<NoticeId, Notice>,
    order: VecDeque<NoticeId>,
}

/// Channels and Alertmanagers.
#[derive(Clone)]
pub struct Driver {
    lines: Arc<BTreeMap<String, Line>>,
    silencing: Arc<BTreeMap<String, Arc<dyn Alerts>>>,
    sent: Arc<Mutex<Sent>>,
    handle: DutyHandle,
}

impl Driver {
    /// Over these channels (by kind) and sources that take silences (by name); answers go to `handle`.
    pub fn new(
        channels: Vec<Arc<dyn Channel>>,
        silencing: BTreeMap<String, Arc<dyn Alerts>>,
        handle: DutyHandle,
    ) -> Self {
        let line = |channel: Arc<dyn Channel>| {
            let permits = Arc::new(Semaphore::new(AT_ONCE));
            (
                channel.descriptor().kind.to_owned(),
                Line { channel, permits },
            )
        };
        Self {
            lines: Arc::new(channels.into_iter().map(line).collect()),
            silencing: Arc::new(silencing),
            sent: Arc::default(),
            handle,
        }
    }

    /// Kinds of the channels.
    pub fn kinds(&self) -> impl Iterator<Item = &str> {
        self.lines.keys().map(String::as_str)
    }

    /// Tells. A sound is not made while sounds are off; the notice counts as sent, and its receipt says why.
    pub fn send(&self, notice: Notice, message: Said, hushed: bool) {
        let this = self.clone();
        let id = notice.id;
        let kind = notice.channel.clone();
        self.remember(notice);
        tokio::spawn(async move {
            let result = if hushed && kind == "sound" {
                Ok(HUSHED.to_owned())
            } else {
                this.told(&kind, &message).await
            };
            this.handle
                .send(Message::Event(Event::Sent { notice: id, result }))
                .await;
        });
    }

    async fn told(&self, kind: &str, message: &Said) -> Result<String, SendFailure> {
        let Some(line) = self.lines.get(kind) else {
            return Err(SendFailure {
                code: "unknown_channel".into(),
                params: BTreeMap::from([("channel".into(), kind.to_owned())]),
                retry: Retry::Never,
            });
        };
        let sent = tokio::time::timeout(LONGEST_SEND, async {
            let _permit = line.permits.acquire().await;
            line.channel.send(message).await
        });
        match sent.await {
            Ok(Ok(receipt)) => Ok(receipt.0),
            Ok(Err(e)) => Err(failure(&e)),
            Err(_) => Err(SendFailure {
                code: "timeout".into(),
                params: BTreeMap::new(),
                retry: Retry::After(10_000),
            }),
        }
    }

    fn remember(&self, notice: Notice) {
        let mut sent = self.sent.lock();
        if sent.notices.insert(notice.id, notice.clone()).is_none() {
            sent.order.push_back(notice.id);
        }
        while sent.order.len() > REMEMBERED {
            if let Some(oldest) = sent.order.pop_front() {
                sent.notices.remove(&oldest);
            }
        }
    }

    /// A notice that was sent lately.
    pub fn sent(&self, id: &NoticeId) -> Option<Notice> {
        self.sent.lock().notices.get(id).cloned()
    }

    /// Takes back what is on screens and in the air.
    pub fn withdraw(&self, notices: Vec<NoticeId>) {
        let this = self.clone();
        tokio::spawn(async move {
            for id in notices {
                let kind = this.sent(&id).map(|n| n.channel);
                let lines = this
                    .lines
                    .iter()
                    .filter(|(k, _)| kind.as_ref().is_none_or(|x| x == *k));
                for (kind, line) in lines {
                    let closed = tokio::time::timeout(LONGEST_SEND, line.channel.withdraw(&id));
                    if let Ok(Err(e)) = closed.await {
                        tracing::debug!(channel = kind, error = ?e, "could not be taken back");
                    }
                }
            }
        });
    }

    /// Ends all sounds.
    pub fn silence_sounds(&self) {
        let all = self.sent.lock();
        let sounding = all.notices.values().filter(|n| n.channel == "sound");
        let ids: Vec<NoticeId> = sounding.map(|n| n.id).collect();
        drop(all);
        self.withdraw(ids);
    }

    /// Puts a silence to an Alertmanager.
    pub fn mirror(
        &self,
        alert: AlertId,
        source: String,
        matchers: Vec<Matcher>,
        until: i64,
        by: &Actor,
        comment: &str,
    ) {
        let request = SilenceRequest {
            matchers,
            starts_at: crate::clock::now_ms(),
            ends_at: until,
            created_by: by.name.clone(),
            comment: if comment.is_empty() {
                "ack".to_owned()
            } else {
                comment.to_owned()
            },
        };
        let this = self.clone();
        tokio::spawn(async move {
            let result = match this.silencing.get(&source) {
                None => Err("unknown_source".to_owned()),
                Some(client) => {
                    let made = tokio::time::timeout(LONGEST_SILENCE, client.silence(&request));
                    match made.await {
                        Ok(Ok(id)) => Ok(id.value),
                        Ok(Err(e)) => Err(e.code().to_owned()),
                        Err(_) => Err("timeout".to_owned()),
                    }
                }
            };
            this.handle
                .send(Message::Event(Event::Mirrored {
                    alert,
                    source,
                    result,
                }))
                .await;
        });
    }

    /// Ends a silence at an Alertmanager.
    pub fn unmirror(&self, alert: AlertId, source: String, silence: String) {
        let this = self.clone();
        tokio::spawn(async move {
            let result = match this.silencing.get(&source) {
                None => Err("unknown_source".to_owned()),
                Some(client) => {
                    let ended =
                        tokio::time::timeout(LONGEST_SILENCE, client.expire_silence(&silence));
                    match ended.await {
                        Ok(Ok(_)) => Ok(()),
                        Ok(Err(e)) => Err(e.code().to_owned()),
                        Err(_) => Err("timeout".to_owned()),
                    }
                }
            };
            let event = Event::Unmirrored {
                alert,
                source,
                silence,
                result,
            };
            this.handle.send(Message::Event(event)).await;
        });
    }

    /// Looks whether the channels would get through, again and again, until the desk ends.
    pub async fn watch_channels(self, every: Duration) {
        loop {
            for (kind, line) in self.lines.iter() {
                let health = tokio::time::timeout(LONGEST_SEND, line.channel.health()).await;
                if let Ok(health) = health {
                    self.handle
                        .send(Message::Channel(kind.clone(), health))
                        .await;
                }
            }
            tokio::time::sleep(every).await;
        }
    }
}

fn failure(e: &SendError) -> SendFailure {
    let retry = match e.retry_after() {
        Some(after) => Retry::After(i64::try_from(after.as_millis()).unwrap_or(i64::MAX)),
        None => Retry::Never,
    };
    SendFailure {
        code: e.code.as_str().to_owned(),
        params: e.params.clone(),
        retry,
    }
}

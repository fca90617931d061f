//! A channel that remembers instead of telling: for tests of everything above channels.

use crate::channel::{Channel, ChannelHealth, Descriptor, Health, Receipt, Sending, Withdrawing};
use crate::error::{Code, SendError};
use crate::message::Message;
use futures::FutureExt as _;
use model::duty::NoticeId;
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// What happened at it, in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Heard {
    /// A message was taken.
    Sent(Box<Message>),
    /// A message was refused as the script says.
    Refused(NoticeId, Code),
    /// A notice was taken back.
    Withdrawn(NoticeId),
}

/// One answer of the script.
#[derive(Clone, Debug)]
pub struct Answer {
    /// How long it takes, by tokio's clock.
    pub delay: Duration,
    /// Taken or not.
    pub result: Result<(), SendError>,
}

#[derive(Default)]
struct State {
    heard: Vec<Heard>,
    script: VecDeque<Answer>,
}

/// Remembers what it is given. Clones share it.
#[derive(Clone, Default)]
pub struct Memory {
    state: Arc<Mutex<State>>,
}

impl Memory {
    /// Nothing heard; every message will be taken at once.
    pub fn new() -> Self {
        Self::default()
    }

    /// The next send is answered so; after the script's end everything is taken at once.
    pub fn then(&self, delay: Duration, result: Result<(), SendError>) -> &Self {
        self.state.lock().script.push_back(Answer { delay, result });
        self
    }

    /// All that happened so far.
    pub fn heard(&self) -> Vec<Heard> {
        self.state.lock().heard.clone()
    }

    /// The messages that were taken so far.
    pub fn sent(&self) -> Vec<Message> {
        let state = self.state.lock();
        let sent = state.heard.iter().filter_map(|h| match h {
            Heard::Sent(m) => Some((**m).clone()),
            _ => None,
        });
        sent.collect()
    }
}

impl Channel for Memory {
    fn descriptor(&self) -> Descriptor {
        Descriptor {
            kind: "memory",
            fields: &[],
            two_way: false,
            urgent: false,
            local: true,
            needs_address: false,
            codes: &Code::ALL,
        }
    }

    fn send<'a>(&'a self, message: &'a Message) -> Sending<'a> {
        async move {
            let answer = self.state.lock().script.pop_front();
            let Answer { delay, result } = answer.unwrap_or(Answer {
                delay: Duration::ZERO,
                result: Ok(()),
            });
            if !delay.is_zero() {
                tokio::time::sleep(delay).await;
            }
            let mut state = self.state.lock();
            match result {
                Ok(()) => {
                    state.heard.push(Heard::Sent(Box::new(message.clone())));
                    Ok(Receipt(state.heard.len().to_string()))
                }
                Err(error) => {
                    state.heard.push(Heard::Refused(message.id, error.code));
                    Err(error)
                }
            }
        }
        .boxed()
    }

    fn withdraw<'a>(&'a self, notice: &'a NoticeId) -> Withdrawing<'a> {
        async move {
            self.state.lock().heard.push(Heard::Withdrawn(*notice));
            Ok(())
        }
        .boxed()
    }

    fn health(&self) -> Health<'_> {
        async { ChannelHealth::good("ok") }.boxed()
    }
}

//! What a channel is given: texts ready to be shown, and the same facts for machines.

use model::alert::{Fingerprint, Level};
use model::duty::{AlertId, NoticeId, PersonId};
use serde::Serialize;
use std::collections::BTreeMap;

/// Alerts that a message names one by one.
pub const ALERTS: usize = 50;
/// Alerts that a digest's body names, one line each.
pub const DIGEST_LINES: usize = 8;
/// Labels that a message shows.
pub const FACTS: usize = 20;

/// Why the person is told; the notice's kind without its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The first telling.
    Fired,
    /// A later step.
    Escalated,
    /// An acknowledgement has lapsed.
    AckLapsed,
    /// Somebody gave it to this person.
    Assigned,
    /// It is over.
    Resolved,
    /// It comes and goes.
    Flapping,
    /// Several at once.
    Digest,
    /// The program tells of itself.
    System,
    /// Somebody tries a channel out.
    Test,
}

/// What the person can do from the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ActionId {
    /// 确认
    Ack,
    /// 查看
    View,
}

impl ActionId {
    /// `ack`, `view`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ack => "ack",
            Self::View => "view",
        }
    }
}

/// A button.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Action {
    /// What it does.
    pub id: ActionId,
    /// What it says.
    pub title: String,
}

/// A name and a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fact {
    /// Name, at most [`crate::text::NAME`] characters.
    pub name: String,
    /// Value, at most [`crate::text::DETAIL`] characters.
    pub value: String,
}

/// Whom.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Recipient {
    /// Id in the configuration.
    pub id: PersonId,
    /// As shown.
    pub name: String,
    /// Their address at this channel, if they have one.
    pub address: Option<String>,
}

/// What happens if nobody takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Next {
    /// When, ms.
    pub at: i64,
    /// To whom it goes then (names); empty if it is not known yet.
    pub to: Vec<String>,
}

/// An alert for machines, bounded.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AlertBrief {
    /// Episode.
    pub id: AlertId,
    /// Identity.
    pub fingerprint: Fingerprint,
    /// Urgency.
    pub level: Level,
    /// `firing` or `resolved`.
    pub state: &'static str,
    /// Since when, ms.
    pub starts_at: i64,
    /// Until when, ms.
    pub ends_at: Option<i64>,
    /// The newest value; not there if it is not a finite number.
    pub value: Option<f64>,
    /// Labels as they came.
    pub labels: BTreeMap<String, String>,
    /// Texts as they came.
    pub annotations: BTreeMap<String, String>,
    /// Who has it.
    pub acknowledged_by: Option<String>,
}

/// What a channel sends. All texts are clean ([`crate::text`]) but not escaped for any markup.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// Which notice: the same however often it is sent.
    pub id: NoticeId,
    /// Why.
    pub kind: Kind,
    /// Urgency.
    pub level: Level,
    /// One line: "P0 · 微信支付成功率过低".
    pub title: String,
    /// Lines.
    pub body: Vec<String>,
    /// Labels, for channels with room for them.
    pub facts: Vec<Fact>,
    /// Buttons, for channels that have some.
    pub actions: Vec<Action>,
    /// A page about it: the runbook, or where the source shows it. `http` or `https`.
    pub link: Option<String>,
    /// Whom.
    pub to: Recipient,
    /// Alerts by level, P0 first.
    pub counts: [u32; 4],
    /// The alerts, at most [`ALERTS`].
    pub alerts: Vec<AlertBrief>,
    /// How many alerts it is about, also those that are not in `alerts`.
    pub total: usize,
    /// Its language.
    pub locale: String,
    /// When it was written, ms.
    pub written_at: i64,
}

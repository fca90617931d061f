//! The document that is posted, version 1. Fields may be added; none changes its meaning or goes away within a version.

use crate::message::{AlertBrief, Fact, Kind, Message, Recipient};
use model::alert::Level;
use model::duty::NoticeId;
use serde::Serialize;

/// The document's version.
pub const VERSION: &str = "1";
/// Bytes of a document.
const LARGEST: usize = 256 << 10;

/// What is posted.
#[derive(Clone, Debug, Serialize)]
pub struct Document<'a> {
    /// `"1"`
    pub version: &'static str,
    /// The notice's id; the same when it is sent again.
    pub notice: NoticeId,
    /// `fired`, `escalated`, `ack_lapsed`, `assigned`, `resolved`, `flapping`, `digest`, `system`, `test`.
    pub kind: Kind,
    /// `P0` to `P3`.
    pub level: Level,
    /// One line for people.
    pub title: &'a str,
    /// Lines for people.
    pub body: &'a [String],
    /// Names and values for people.
    pub facts: &'a [Fact],
    /// A page about it.
    pub link: Option<&'a str>,
    /// Whom it is for.
    pub to: &'a Recipient,
    /// Language of the texts.
    pub locale: &'a str,
    /// When it was written, ms since 1970.
    pub written_at: i64,
    /// Of how many alerts it tells.
    pub total: usize,
    /// Alerts of each level.
    pub counts: Counts,
    /// The alerts, most urgent first; fewer than `total` in large digests.
    pub alerts: &'a [AlertBrief],
}

/// Alerts of each level.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Counts {
    /// P0
    #[serde(rename = "P0")]
    pub p0: u32,
    /// P1
    #[serde(rename = "P1")]
    pub p1: u32,
    /// P2
    #[serde(rename = "P2")]
    pub p2: u32,
    /// P3
    #[serde(rename = "P3")]
    pub p3: u32,
}

impl<'a> Document<'a> {
    /// Of this message, with the first `alerts` of its alerts.
    pub fn of(message: &'a Message, alerts: usize) -> Self {
        let [p0, p1, p2, p3] = message.counts;
        Self {
            version: VERSION,
            notice: message.id,
            kind: message.kind,
            level: message.level,
            title: &message.title,
            body: &message.body,
            facts: &message.facts,
            link: message.link.as_deref(),
            to: &message.to,
            locale: &message.locale,
            written_at: message.written_at,
            total: message.total,
            counts: Counts { p0, p1, p2, p3 },
            alerts: message.alerts.get(..alerts).unwrap_or(&message.alerts),
        }
    }
}

/// As JSON of at most [`LARGEST`] bytes: alerts are left out until it fits.
pub(super) fn encode(message: &Message) -> Vec<u8> {
    let mut alerts = message.alerts.len();
    loop {
        // only maps with keys that are no text, and writers that fail, make this fail
        let body = serde_json::to_vec(&Document::of(message, alerts)).unwrap_or_default();
        if body.len() <= LARGEST || alerts == 0 {
            return body;
        }
        alerts /= 2;
    }
}

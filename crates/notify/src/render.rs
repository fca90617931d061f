//! A notice and its alerts become a message in the person's language.

mod beside;
mod lines;

use crate::message::{ALERTS, AlertBrief, DIGEST_LINES, FACTS, Kind, Message, Next};
use crate::speak::{clock, duration, exists, number, say, sentence};
use crate::text::{self, line};
use chrono_tz::Tz;
use lines::{alert_title, digest_line, resolved_by, start_of};
use model::alert::Level;
use model::duty::{Alert, AlertId, DigestReason, Notice, NoticeKind, Person};
use std::collections::BTreeMap;

/// What a message is written from, beside the notice.
#[derive(Clone, Debug)]
pub struct Scene<'a> {
    /// The alerts that the notice names, as they stand now; further ones are not looked at.
    pub alerts: &'a [Alert],
    /// All people of the configuration.
    pub people: &'a [Person],
    /// What happens next if nobody takes it, if the desk knows. Otherwise the first alert's own escalation is named.
    pub next: Option<Next>,
    /// The person's language: `zh-CN` or `en`; another one is answered in Chinese.
    pub locale: &'a str,
    /// The zone in which times are written.
    pub zone: Tz,
    /// ms.
    pub now: i64,
}

/// Writes the message of `notice`. It cannot fail: what is missing is said.
pub fn render(notice: &Notice, scene: &Scene<'_>) -> Message {
    let by_id: BTreeMap<AlertId, &Alert> = scene.alerts.iter().map(|a| (a.id, a)).collect();
    let known: Vec<&Alert> = notice
        .alerts
        .iter()
        .filter_map(|id| by_id.get(id).copied())
        .collect();
    let writer = Writer {
        notice,
        scene,
        known: &known,
    };
    let (title, body) = writer.texts();
    let mut counts = [0u32; 4];
    for alert in &known {
        if let Some(count) = counts.get_mut(usize::from(alert.level.number())) {
            *count += 1;
        }
    }
    Message {
        id: notice.id,
        kind: kind_of(&notice.kind),
        level: notice.level,
        title: line(&title, text::TITLE),
        body: body
            .iter()
            .map(|l| line(l, text::LINE))
            .filter(|l| !l.is_empty())
            .collect(),
        facts: writer.facts(),
        actions: writer.actions(),
        link: writer.link(),
        to: writer.recipient(),
        counts,
        alerts: known.iter().take(ALERTS).map(|a| brief(a)).collect(),
        total: notice.alerts.len(),
        locale: scene.locale.to_owned(),
        written_at: scene.now,
    }
}

fn kind_of(kind: &NoticeKind) -> Kind {
    match kind {
        NoticeKind::Step { step: 0, round: 0 } => Kind::Fired,
        NoticeKind::Step { .. } => Kind::Escalated,
        NoticeKind::AckLapsed => Kind::AckLapsed,
        NoticeKind::Assigned { .. } => Kind::Assigned,
        NoticeKind::Resolved => Kind::Resolved,
        NoticeKind::Flapping => Kind::Flapping,
        NoticeKind::Digest { .. } => Kind::Digest,
        NoticeKind::System { .. } => Kind::System,
    }
}

fn brief(alert: &Alert) -> AlertBrief {
    let pairs = |pairs: &mut dyn Iterator<Item = (&str, &str)>| {
        pairs
            .take(FACTS * 2)
            .map(|(k, v)| (line(k, text::NAME), line(v, text::LINE)))
            .collect()
    };
    AlertBrief {
        id: alert.id,
        fingerprint: alert.fingerprint,
        level: alert.level,
        state: if alert.is_open() {
            "firing"
        } else {
            "resolved"
        },
        starts_at: alert.starts_at,
        ends_at: alert.resolved.as_ref().map(|(at, _)| *at),
        value: alert.value.filter(|v| v.is_finite()),
        labels: pairs(&mut alert.labels.iter()),
        annotations: pairs(
            &mut alert
                .annotations
                .iter()
                .map(|(k, v)| (k.as_str(), v.as_str())),
        ),
        acknowledged_by: alert.ack.as_ref().map(|a| line(&a.by.name, text::NAME)),
    }
}

struct Writer<'a> {
    notice: &'a Notice,
    scene: &'a Scene<'a>,
    known: &'a [&'a Alert],
}

impl Writer<'_> {
    fn say(&self, key: &str, params: &[(&str, &str)]) -> String {
        say(self.scene.locale, key, params)
    }

    fn for_how_long(&self, from: i64) -> String {
        duration(self.scene.locale, self.scene.now.saturating_sub(from))
    }

    fn at(&self, ms: i64) -> String {
        clock(self.scene.zone, ms, self.scene.now)
    }

    /// Title and body.
    fn texts(&self) -> (String, Vec<String>) {
        match &self.notice.kind {
            NoticeKind::System { code, params } => self.system(code, params),
            NoticeKind::Digest { why } => self.digest(*why),
            // several alerts of a rule can share a notice, whatever its kind
            kind if self.notice.alerts.len() > 1 => self.several(kind),
            kind => match self.known.first() {
                Some(alert) => self.one(kind, alert),
                None => self.unknown(),
            },
        }
    }

    fn unknown(&self) -> (String, Vec<String>) {
        let id = self.notice.alerts.first().copied().unwrap_or_default().0;
        let title = self.say(
            "notice.title.unknown",
            &[("level", self.notice.level.name()), ("id", &id.to_string())],
        );
        (title, vec![self.say("notice.line.unknown", &[])])
    }

    fn title(&self, kind: &NoticeKind, name: &str) -> String {
        let key = match kind_of(kind) {
            Kind::AckLapsed => "ack_lapsed",
            Kind::Assigned => "assigned",
            Kind::Resolved => "resolved",
            Kind::Flapping => "flapping",
            Kind::Escalated => "escalated",
            _ => "fired",
        };
        self.say(
            &format!("notice.title.{key}"),
            &[("level", self.notice.level.name()), ("name", name)],
        )
    }

    fn one(&self, kind: &NoticeKind, alert: &Alert) -> (String, Vec<String>) {
        let name = alert_title(alert, self.scene.locale);
        let mut body = Vec::new();
        // the title shows one of summary and description; the other explains it
        for key in ["summary", "description"] {
            if let Some(said) = alert.annotations.get(key) {
                body.extend(
                    text::lines(said, text::LINE, 3)
                        .into_iter()
                        .filter(|l| *l != name),
                );
            }
        }
        body.truncate(4);
        if let Some(value) = alert.value {
            body.push(self.say("notice.line.value", &[("value", &number(value))]));
        }
        body.push(self.story(kind, alert));
        match kind {
            NoticeKind::Step { step, round } if (*step, *round) != (0, 0) => {
                body.push(self.escalated(*step, *round, alert));
            }
            NoticeKind::AckLapsed => body.push(self.say("notice.line.ack_lapsed", &[])),
            NoticeKind::Assigned { by, comment } => body.push(self.given(by, comment)),
            NoticeKind::Flapping => body.push(self.say(
                "notice.line.flapping",
                &[("changes", &alert.changes.len().to_string())],
            )),
            _ => {}
        }
        // who was given it knows whose it is
        if !matches!(kind, NoticeKind::Assigned { .. }) {
            body.push(self.whose(alert));
        }
        if !matches!(kind, NoticeKind::Resolved | NoticeKind::Flapping) {
            body.push(self.next(alert));
        }
        (self.title(kind, &name), body)
    }

    /// Since when, or from when to when.
    fn story(&self, kind: &NoticeKind, alert: &Alert) -> String {
        let from = start_of(alert);
        match &alert.resolved {
            Some((at, why)) => {
                let lasted = duration(self.scene.locale, at.saturating_sub(from));
                let by = resolved_by(why, self.scene.locale);
                self.say(
                    "notice.line.resolved",
                    &[("at", &self.at(*at)), ("lasted", &lasted), ("by", &by)],
                )
            }
            // the notice says that it is over, and it has fired again since
            None if matches!(kind, NoticeKind::Resolved) => {
                self.say("notice.line.fired_again", &[("at", &self.at(from))])
            }
            None => self.say(
                "notice.line.since",
                &[("lasted", &self.for_how_long(from)), ("at", &self.at(from))],
            ),
        }
    }

    fn escalated(&self, step: u32, round: u32, alert: &Alert) -> String {
        let key = if alert.responded_at.is_some() {
            "notice.line.escalated"
        } else {
            "notice.line.escalated_unanswered"
        };
        let line = self.say(
            key,
            &[
                ("lasted", &self.for_how_long(alert.first_seen)),
                ("step", &step.saturating_add(1).to_string()),
            ],
        );
        if round == 0 {
            return line;
        }
        let round = round.saturating_add(1).to_string();
        format!(
            "{line} {}",
            self.say("notice.line.round", &[("round", &round)])
        )
    }

    /// By whom it was given to this person.
    fn given(&self, by: &str, comment: &str) -> String {
        let comment = line(comment, text::DETAIL);
        let key = if comment.is_empty() {
            "notice.line.given"
        } else {
            "notice.line.given_with"
        };
        self.say(
            key,
            &[("name", &line(by, text::NAME)), ("comment", &comment)],
        )
    }

    /// Who has it, or whose it is.
    fn whose(&self, alert: &Alert) -> String {
        if let Some(ack) = &alert.ack {
            let comment = line(&ack.comment, text::DETAIL);
            let key = if comment.is_empty() {
                "notice.line.acked"
            } else {
                "notice.line.acked_with"
            };
            return self.say(
                key,
                &[
                    ("name", &line(&ack.by.name, text::NAME)),
                    ("comment", &comment),
                ],
            );
        }
        match &alert.assignee {
            Some(id) => self.say("notice.line.assigned", &[("name", &self.name_of(id))]),
            None => String::new(),
        }
    }

    fn next(&self, alert: &Alert) -> String {
        if alert.ack.is_some() || !alert.is_open() {
            return String::new();
        }
        let (at, to) = match (&self.scene.next, alert.escalation.due_at) {
            (Some(next), _) => (next.at, next.to.as_slice()),
            (None, Some(at)) => (at, [].as_slice()),
            (None, None) => return String::new(),
        };
        let at = self.at(at);
        if to.is_empty() {
            return self.say("notice.line.next", &[("at", &at)]);
        }
        let names: Vec<String> = to.iter().take(5).map(|n| line(n, text::NAME)).collect();
        let names = names.join(&self.say("notice.and", &[]));
        self.say("notice.line.next_to", &[("at", &at), ("names", &names)])
    }

    fn several(&self, kind: &NoticeKind) -> (String, Vec<String>) {
        let first = self
            .known
            .first()
            .map(|a| alert_title(a, self.scene.locale))
            .unwrap_or_default();
        let name = self.say(
            "notice.title.several",
            &[
                ("name", &first),
                ("total", &self.notice.alerts.len().to_string()),
            ],
        );
        let mut body = self.list();
        if let Some(alert) = self.known.first() {
            match kind {
                NoticeKind::Step { step, round } if (*step, *round) != (0, 0) => {
                    body.push(self.escalated(*step, *round, alert));
                }
                NoticeKind::AckLapsed => body.push(self.say("notice.line.ack_lapsed", &[])),
                NoticeKind::Assigned { by, comment } => body.push(self.given(by, comment)),
                _ => {}
            }
            if !matches!(kind, NoticeKind::Resolved | NoticeKind::Flapping) {
                body.push(self.next(alert));
            }
        }
        (self.title(kind, &name), body)
    }

    fn digest(&self, why: DigestReason) -> (String, Vec<String>) {
        let why = match why {
            DigestReason::Storm => "storm",
            DigestReason::Collected => "collected",
            DigestReason::QuietHours => "quiet_hours",
        };
        let total = self.notice.alerts.len().to_string();
        let title = self.say(&format!("notice.title.{why}"), &[("total", &total)]);
        let mut body = vec![self.counts()];
        body.extend(self.list());
        (title, body)
    }

    /// `P0 2 · P1 5 · P3 16`
    fn counts(&self) -> String {
        let of = |level: Level| {
            let n = self.known.iter().filter(|a| a.level == level).count();
            (n > 0).then(|| format!("{level} {n}"))
        };
        let parts: Vec<String> = Level::ALL.into_iter().filter_map(of).collect();
        parts.join(" · ")
    }

    fn list(&self) -> Vec<String> {
        let mut out: Vec<String> = self
            .known
            .iter()
            .take(DIGEST_LINES)
            .map(|a| digest_line(a, self.scene))
            .collect();
        let more = self.notice.alerts.len().saturating_sub(out.len());
        if more > 0 {
            out.push(self.say("notice.line.more", &[("n", &more.to_string())]));
        }
        out
    }

    fn system(&self, code: &str, params: &BTreeMap<String, String>) -> (String, Vec<String>) {
        let title = self.say("notice.title.system", &[]);
        let key = format!("notice.system.{code}");
        let body = if exists("zh-CN", &key) {
            let clean = params
                .iter()
                .map(|(k, v)| (k.clone(), self.system_value(code, k, v)))
                .collect();
            sentence(self.scene.locale, &key, &clean)
        } else {
            self.say(
                "notice.system.unknown",
                &[("code", &line(code, text::NAME))],
            )
        };
        (title, vec![body])
    }

    /// A channel by its name for people, and why it or a source failed in words.
    fn system_value(&self, of: &str, name: &str, value: &str) -> String {
        let key = match name {
            "channel" => format!("channel.{value}.name"),
            "code" if of.starts_with("channel") => format!("channel.code.{value}"),
            "code" => format!("cause.{value}"),
            _ => String::new(),
        };
        if exists("zh-CN", &key) {
            return self.say(&key, &[]);
        }
        line(value, text::DETAIL)
    }
}

#[cfg(test)]
mod tests;

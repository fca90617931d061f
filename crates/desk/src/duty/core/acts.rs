//! What people do.

use super::DutyCore;
use crate::clock;
use crate::duty::commit::Reply;
use crate::duty::shell::Window;
use crate::duty::{sentences, views};
use engine::duty::{Action, Refused};
use model::duty::{Actor, Alert, AlertId, MuteKind, Via};
use notify::popup::{PopupAction, PopupEvent};
use wire::{AlertAct, ErrorCode, ErrorView, WantedView};

impl DutyCore {
    pub(super) fn actor(&self, via: Via) -> Actor {
        Actor {
            id: self.facts.me.id.clone(),
            name: self.facts.me.name.clone(),
            via,
        }
    }

    pub(super) fn act(&mut self, act: AlertAct, via: Via, reply: Reply) {
        let now = clock::now_ms();
        let action = match act {
            AlertAct::Hush { for_ms } => {
                self.hush(for_ms, now);
                let _ = reply.send(Ok(()));
                return;
            }
            AlertAct::Me { person } => {
                let _ = reply.send(self.change_me(&person));
                return;
            }
            other => self.action(other, now),
        };
        self.act_as(action, self.actor(via), reply);
    }

    pub(super) fn act_as(&mut self, action: Action, actor: Actor, reply: Reply) {
        match self.duty.act(action, &actor, clock::now_ms()) {
            Ok(effects) => {
                self.batch.add(effects);
                self.batch.replies.push(reply);
            }
            Err(e) => {
                // Nobody waits any more.
                let _ = reply.send(Err(refused(&e)));
            }
        }
    }

    pub(super) fn hush(&mut self, for_ms: f64, now: i64) {
        let longest = 24.0 * 3_600_000.0;
        let for_ms = if for_ms.is_finite() {
            for_ms.clamp(0.0, longest) as i64
        } else {
            0
        };
        self.muted_until = (for_ms > 0).then_some(now + for_ms);
        if for_ms > 0 {
            self.driver.silence_sounds();
        }
        self.shown.0 = u64::MAX;
    }

    pub(super) fn change_me(&mut self, person: &str) -> Result<(), ErrorView> {
        if !self.names.contains_key(person) {
            return Err(refused(&Refused::UnknownPerson(person.to_owned())));
        }
        self.facts.me = views::person_view(&self.names, person);
        self.me.send_replace(self.facts.me.clone());
        Ok(())
    }

    pub(super) fn action(&self, act: AlertAct, now: i64) -> Action {
        let ids = |all: Vec<i64>| all.into_iter().map(AlertId).collect();
        let ms = |value: f64| if value.is_finite() { value as i64 } else { 0 };
        match act {
            AlertAct::Ack {
                alerts,
                comment,
                for_ms,
                mirror,
            } => Action::Ack {
                alerts: ids(alerts),
                comment,
                // 0 stands for "until it is over".
                for_ms: for_ms.map(ms).or(self.facts.ack_ms).filter(|ms| *ms != 0),
                mirror: mirror
                    .or_else(|| (!self.facts.mirror.is_empty()).then(|| self.facts.mirror.clone())),
            },
            AlertAct::Unack { alerts } => Action::Unack {
                alerts: ids(alerts),
            },
            AlertAct::Assign {
                alerts,
                to,
                comment,
            } => Action::Assign {
                alerts: ids(alerts),
                to,
                comment,
            },
            AlertAct::Snooze { alerts, for_ms } if ms(for_ms) == 0 => Action::Unsnooze {
                alerts: ids(alerts),
            },
            AlertAct::Snooze { alerts, for_ms } => Action::Snooze {
                alerts: ids(alerts),
                for_ms: ms(for_ms),
            },
            AlertAct::Resolve { alerts, comment } => Action::Resolve {
                alerts: ids(alerts),
                comment,
            },
            AlertAct::Comment { alerts, comment } => Action::Comment {
                alerts: ids(alerts),
                comment,
            },
            AlertAct::Mute {
                maintenance,
                matchers,
                from,
                until,
                comment,
            } => Action::Mute {
                kind: if maintenance {
                    MuteKind::Maintenance
                } else {
                    MuteKind::Silence
                },
                matchers: matchers.into_iter().map(views::matcher).collect(),
                starts_at: from.map_or(now, ms),
                ends_at: ms(until),
                comment,
            },
            AlertAct::Unmute { id } => Action::Unmute {
                id: model::duty::MuteId(id),
            },
            // Handled before: neither concerns alerts.
            AlertAct::Hush { .. } | AlertAct::Me { .. } => Action::Ack {
                alerts: Vec::new(),
                comment: String::new(),
                for_ms: None,
                mirror: None,
            },
        }
    }

    /// A button of a pop-up acts for the person it was meant for.
    pub(super) fn popup(&mut self, event: &PopupEvent) {
        let Some(notice) = self.driver.sent(&event.notice) else {
            return;
        };
        match event.action {
            PopupAction::Ack => {
                let open = |id: &AlertId| self.duty.alert(*id).is_some_and(Alert::is_open);
                let alerts: Vec<AlertId> = notice.alerts.iter().copied().filter(open).collect();
                if alerts.is_empty() {
                    return;
                }
                let actor = Actor {
                    id: notice.to.clone(),
                    name: sentences::name(&self.names, &notice.to),
                    via: Via::Popup,
                };
                let action = Action::Ack {
                    alerts,
                    comment: String::new(),
                    for_ms: self.facts.ack_ms.filter(|ms| *ms != 0),
                    mirror: (!self.facts.mirror.is_empty()).then(|| self.facts.mirror.clone()),
                };
                let (reply, answer) = tokio::sync::oneshot::channel();
                self.act_as(action, actor, reply);
                tokio::spawn(async move {
                    if let Ok(Err(e)) = answer.await {
                        tracing::warn!(error = ?e, "a pop-up's acknowledgement was refused");
                    }
                });
            }
            PopupAction::View => {
                let alert = notice.alerts.first().copied();
                self.want(alert);
                self.shell.show(Window::Desk, alert);
            }
            PopupAction::Closed(_) => {}
        }
    }

    pub(super) fn want(&mut self, alert: Option<AlertId>) {
        self.wanted = alert.map(|a| WantedView {
            alert: a.0,
            at: clock::now_ms() as f64,
        });
    }
}

/// Why an action is not done, for a person: locale key `refused.<what>`.
pub(super) fn refused(e: &Refused) -> ErrorView {
    let view = |what: &str| {
        ErrorView::new(ErrorCode::Refused).with("reason_key", format!("refused.{what}"))
    };
    match e {
        Refused::NoAlerts => view("no_alerts"),
        Refused::UnknownAlert(id) => view("unknown_alert").with("id", id.0),
        Refused::AlreadyResolved(id) => view("already_resolved").with("id", id.0),
        Refused::NotAcknowledged(id) => view("not_acknowledged").with("id", id.0),
        Refused::NotSnoozed(id) => view("not_snoozed").with("id", id.0),
        Refused::UnknownPerson(id) => view("unknown_person").with("id", id),
        Refused::UnknownMute(id) => view("unknown_mute").with("id", id.0),
        Refused::NoMatchers => view("no_matchers"),
        Refused::MatchesEverything => view("matches_everything"),
        Refused::BadLabelName(name) => view("bad_label_name").with("name", name),
        Refused::BadRegex { label, why } => {
            view("bad_regex").with("name", label).with("detail", why)
        }
        Refused::UnknownLabel { alert, label } => view("unknown_label")
            .with("id", alert.0)
            .with("name", label),
        Refused::NoMirrorLabels => view("no_mirror_labels"),
        Refused::EndBeforeStart => view("end_before_start"),
        Refused::AlreadyOver => view("already_over"),
        Refused::BadDuration => view("bad_duration"),
        Refused::TooLong { max_ms } => view("too_long").with("days", max_ms / 86_400_000),
        Refused::CommentTooLong { max } => view("comment_too_long").with("max", max),
        Refused::TooMany { max } => view("too_many").with("max", max),
    }
}

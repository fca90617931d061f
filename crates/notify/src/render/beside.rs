//! What stands beside a message's text: facts, buttons, a link, and whom it is for.

use super::Writer;
use super::lines::{alert_name, start_of};
use crate::message::{Action, ActionId, FACTS, Fact, Recipient};
use crate::speak::number;
use crate::text::{self, line};
use model::duty::NoticeKind;

impl Writer<'_> {
    pub(super) fn facts(&self) -> Vec<Fact> {
        let [alert] = self.known else {
            return Vec::new();
        };
        let fact = |key: &str, value: String| Fact {
            name: self.say(&format!("notice.fact.{key}"), &[]),
            value: line(&value, text::DETAIL),
        };
        let mut facts = vec![fact("rule", alert_name(alert, self.scene.locale))];
        facts.push(fact("level", alert.level.name().to_owned()));
        if let Some(value) = alert.value {
            facts.push(fact("value", number(value)));
        }
        facts.push(fact("since", self.at(start_of(alert))));
        let labels = alert
            .labels
            .iter()
            .filter(|(name, _)| *name != model::alert::ALERT_NAME);
        facts.extend(labels.take(FACTS).map(|(name, value)| Fact {
            name: line(name, text::NAME),
            value: line(value, text::DETAIL),
        }));
        facts
    }

    pub(super) fn actions(&self) -> Vec<Action> {
        let action = |id: ActionId| Action {
            id,
            title: self.say(&format!("notice.action.{}", id.as_str()), &[]),
        };
        let open = self.known.iter().any(|a| a.is_open() && a.ack.is_none());
        let over = matches!(self.notice.kind, NoticeKind::Resolved);
        if open && !over {
            vec![action(ActionId::Ack), action(ActionId::View)]
        } else {
            vec![action(ActionId::View)]
        }
    }

    /// The runbook, or where the source shows it.
    pub(super) fn link(&self) -> Option<String> {
        let [alert] = self.known else {
            return None;
        };
        let runbook = alert.annotations.get("runbook_url").map(String::as_str);
        let source = alert
            .sights
            .values()
            .filter_map(|s| s.generator_url.as_deref());
        runbook.into_iter().chain(source).find_map(web_link)
    }

    pub(super) fn recipient(&self) -> Recipient {
        let person = self.scene.people.iter().find(|p| p.id == self.notice.to);
        Recipient {
            id: self.notice.to.clone(),
            name: self.name_of(&self.notice.to),
            address: person.and_then(|p| p.addresses.get(&self.notice.channel).cloned()),
        }
    }

    pub(super) fn name_of(&self, id: &str) -> String {
        let person = self.scene.people.iter().find(|p| p.id == id);
        line(person.map_or(id, |p| &p.name), text::NAME)
    }
}

/// Only a web address, and none that hides something: anything else from a label is no link.
pub(super) fn web_link(text: &str) -> Option<String> {
    let url = reqwest::Url::parse(text.trim()).ok()?;
    let web = matches!(url.scheme(), "http" | "https") && url.has_host();
    let plain = url.username().is_empty() && url.password().is_none() && url.as_str().len() <= 2000;
    (web && plain).then(|| url.into())
}

//! What was worked out of the whole list, kept until something changes: a page asks every second, and with every key and every turn of the
//! wheel; with 50,000 alerts each look at all of them costs milliseconds.

use super::filter::{Filter, haystack};
use super::list::{self, Brief, Question, Survey};
use engine::duty::Duty;
use model::Level;
use model::duty::{AlertId, PersonId};
use std::collections::BTreeMap;
use wire::{AlertOrder, AlertTab};

/// The list at one moment: forgetting a closed episode does not change the revision, but their number.
type Moment = (u64, usize);

/// More changes than that are not taken over one by one.
const FEW: usize = 32;

/// What found alerts depend on, beside the moment.
#[derive(PartialEq)]
struct Asked {
    me: PersonId,
    text: String,
    tab: AlertTab,
    levels: Vec<Level>,
    order: AlertOrder,
}

/// See the module.
#[derive(Default)]
pub struct Seen {
    /// Sorted by id, and as many as there are alerts.
    briefs: Vec<Brief>,
    briefs_of: Option<(Moment, PersonId)>,
    /// Since then the same alerts are known.
    same_since: Moment,
    survey: Option<(Moment, PersonId, Survey)>,
    found: Option<(Moment, Asked, Vec<AlertId>)>,
    words: BTreeMap<AlertId, String>,
    words_revision: u64,
}

fn moment(duty: &Duty) -> Moment {
    (duty.revision(), duty.known().len())
}

impl Seen {
    /// What lists need of all alerts, in the order of their ids.
    pub fn briefs(&mut self, duty: &Duty, me: &PersonId) -> &[Brief] {
        let now = moment(duty);
        let followed = match self.briefs_of.take() {
            Some((then, whose)) if whose == *me => {
                then == now || self.follow(duty, me, then.0) && self.briefs.len() == now.1
            }
            _ => false,
        };
        if !followed {
            self.same_since = now;
            self.briefs = duty.known().map(|a| Brief::of(a, me)).collect();
        }
        self.briefs_of = Some((now, me.clone()));
        &self.briefs
    }

    /// Takes over what has changed since `revision`; false when that cannot be told.
    fn follow(&mut self, duty: &Duty, me: &str, revision: u64) -> bool {
        let changes = duty.changed_since(revision);
        if !changes.complete {
            return false;
        }
        for id in changes.alerts {
            let place = self.briefs.binary_search_by_key(&id, |b| b.id);
            match (duty.alert(id).map(|a| Brief::of(a, me)), place) {
                (Some(new), Ok(at)) => {
                    if let Some(brief) = self.briefs.get_mut(at) {
                        *brief = new;
                    }
                }
                (Some(new), Err(at)) => {
                    self.briefs.insert(at, new);
                    self.same_since = moment(duty);
                }
                (None, Ok(at)) => {
                    self.briefs.remove(at);
                    self.same_since = moment(duty);
                }
                (None, Err(_)) => {}
            }
        }
        true
    }

    /// What all alerts come to, for this person.
    pub fn survey(&mut self, duty: &Duty, me: &PersonId) -> Survey {
        let now = moment(duty);
        match &self.survey {
            Some((then, whose, survey)) if *then == now && whose == me => *survey,
            _ => {
                let survey = list::survey(self.briefs(duty, me));
                self.survey = Some((now, me.clone(), survey));
                survey
            }
        }
    }

    /// Ids of the alerts that are asked for, in order. `filter` is `text`, read.
    pub fn find(
        &mut self,
        duty: &Duty,
        text: &str,
        filter: &Filter,
        question: &Question<'_>,
    ) -> &[AlertId] {
        let now = moment(duty);
        let asked = Asked {
            me: question.me.clone(),
            text: text.to_owned(),
            tab: question.tab,
            levels: question.levels.clone(),
            order: question.order,
        };
        let before = self.found.take().filter(|(_, then, _)| *then == asked);
        let ids = match before {
            Some((then, _, ids)) if then == now => ids,
            before => {
                if filter.has_words() {
                    self.read_words(duty);
                }
                self.briefs(duty, &question.me);
                before
                    .and_then(|(then, _, ids)| self.renewed(duty, then, ids, filter, question))
                    .unwrap_or_else(|| {
                        let hay = |id: &AlertId| self.hay(*id);
                        list::find(&self.briefs, duty.known(), filter, question, hay)
                    })
            }
        };
        &self.found.insert((now, asked, ids)).2
    }

    fn hay(&self, id: AlertId) -> &str {
        self.words.get(&id).map_or("", String::as_str)
    }

    /// What was found at another moment, with the few changes since then taken over.
    fn renewed(
        &self,
        duty: &Duty,
        then: Moment,
        mut ids: Vec<AlertId>,
        filter: &Filter,
        question: &Question<'_>,
    ) -> Option<Vec<AlertId>> {
        let changes = duty.changed_since(then.0);
        if !changes.complete || then.0 < self.same_since.0 || then.1 != self.same_since.1 {
            return None;
        }
        let changed: Vec<AlertId> = changes.alerts.into_iter().take(FEW + 1).collect();
        let matches = |id: AlertId| {
            let alert = duty.alert(id);
            alert.is_some_and(|a| filter.is_empty() || filter.matches(a, self.hay(id)))
        };
        let done = changed.len() <= FEW
            && list::renew(&mut ids, &self.briefs, &changed, question, matches);
        done.then_some(ids)
    }

    /// What words are looked for in, kept from one key to the next and renewed for what has changed.
    fn read_words(&mut self, duty: &Duty) {
        let revision = duty.revision();
        if revision == self.words_revision {
            return;
        }
        let changes = duty.changed_since(self.words_revision);
        self.words_revision = revision;
        if changes.complete {
            for id in changes.alerts {
                match duty.alert(id) {
                    Some(alert) => self.words.insert(id, haystack(alert)),
                    None => self.words.remove(&id),
                };
            }
        } else {
            self.words = duty.known().map(|a| (a.id, haystack(a))).collect();
        }
    }
}

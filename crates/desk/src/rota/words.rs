//! What the rota's state is called: sentences for the page, and texts for files and alerts in the desk's language.

use crate::duty::sentences::{With, sentence, text, time};
use crate::texts;
use chrono::{DateTime, Utc};
use engine::rota::Refusal;
use model::rota::{
    Book, Conflict, DoubleBooking, DutyReason, Gap, GapCause, LayerId, MissingYear, Role, Rota,
    RotaChange, RotaId, Shift, Touched,
};
use std::collections::BTreeMap;
use wire::{ErrorCode, ErrorView, Param, ProblemView, Sentence};

/// The desk's language and zone.
#[derive(Clone, Debug)]
pub struct Words {
    locale: String,
    zone: chrono_tz::Tz,
}

impl Words {
    /// In this language and zone.
    pub fn new(locale: &str, zone: chrono_tz::Tz) -> Self {
        Self {
            locale: locale.to_owned(),
            zone,
        }
    }

    /// The desk's zone.
    pub fn zone(&self) -> chrono_tz::Tz {
        self.zone
    }

    /// Whether Chinese is spoken.
    pub fn is_chinese(&self) -> bool {
        self.locale != "en"
    }

    /// A sentence without values.
    pub fn plain(&self, key: &str) -> String {
        texts::plain(&self.locale, key)
    }

    /// A sentence of the wire, written out.
    pub fn say(&self, sentence: &Sentence) -> String {
        let mut params: BTreeMap<String, String> = BTreeMap::new();
        for (name, value) in &sentence.params {
            params.insert(name.clone(), self.value(value));
        }
        texts::say(&self.locale, &sentence.key, &params)
    }

    fn value(&self, value: &Param) -> String {
        let list = |all: Vec<String>| all.join(&self.plain("list.separator"));
        match value {
            Param::Text(text) => text.clone(),
            Param::Time(ms) => self.moment(*ms as i64),
            Param::Duration(ms) => {
                let minutes = format!("{:.0}", ms / 60_000.0);
                let params = BTreeMap::from([("n".to_owned(), minutes)]);
                texts::say(&self.locale, "rota.minutes", &params)
            }
            Param::Number(n) => n.to_string(),
            Param::Key(key) => self.plain(key),
            Param::Keys(keys) => list(keys.iter().map(|k| self.plain(k)).collect()),
            Param::Texts(all) => list(all.clone()),
        }
    }

    /// A point in time in the desk's zone.
    pub fn moment(&self, ms: i64) -> String {
        DateTime::<Utc>::from_timestamp_millis(ms)
            .map(|t| {
                t.with_timezone(&self.zone)
                    .format("%m-%d %H:%M")
                    .to_string()
            })
            .unwrap_or_default()
    }

    /// What a role is called.
    pub fn role(&self, role: &Role) -> String {
        self.value(&role_param(role))
    }
}

/// What a role is called in a language.
pub fn role_name(locale: &str, role: &str) -> String {
    Words::new(locale, chrono_tz::UTC).role(&role.into())
}

/// A role inside a sentence.
pub fn role_param(role: &Role) -> Param {
    match role {
        Role::Other(name) => text(name),
        known => Param::Key(format!("rota.role.{known}")),
    }
}

fn layer_name(rota: Option<&Rota>, id: LayerId) -> Param {
    let layer = rota.and_then(|r| r.layer(id));
    text(layer.map_or("", |l| &l.name))
}

/// Why somebody is on duty.
pub fn reason(book: &Book, rota: &RotaId, reason: &DutyReason) -> Sentence {
    let of = book.rotas.get(rota).map(AsRef::as_ref);
    let say = |key: &str| sentence(format!("rota.why.{key}"));
    match reason {
        DutyReason::Override { id } => {
            let by = book.overrides.get(id);
            let name = by.map_or("", |o| &o.by.name);
            let why = by.map_or("", |o| o.why.as_str());
            let key = if why.is_empty() {
                "override"
            } else {
                "override_because"
            };
            say(key).with("by", text(name)).with("why", text(why))
        }
        DutyReason::Swap { id } => {
            let swap = book.swaps.get(id);
            let (a, b) = swap.map_or(("", ""), |s| (s.give.person.as_str(), s.with.as_str()));
            say("swap")
                .with("one", text(book.name_of(a)))
                .with("other", text(book.name_of(b)))
        }
        DutyReason::StandIn { of: whose, .. } => {
            say("stand_in").with("of", text(book.name_of(whose)))
        }
        DutyReason::Holiday { layer, name } => say("holiday")
            .with("holiday", text(name))
            .with("layer", layer_name(of, *layer)),
        DutyReason::Layer { layer, .. } => say("layer").with("layer", layer_name(of, *layer)),
    }
}

/// The code of a reason.
pub fn reason_code(reason: &DutyReason) -> &'static str {
    match reason {
        DutyReason::Override { .. } => "override",
        DutyReason::Swap { .. } => "swap",
        DutyReason::StandIn { .. } => "stand_in",
        DutyReason::Holiday { .. } => "holiday",
        DutyReason::Layer { .. } => "layer",
    }
}

/// Why a shift's person has it, for calendars.
pub fn shift_reason(book: &Book, rota: &RotaId, shift: &Shift) -> Sentence {
    reason(book, rota, &shift.reason)
}

fn names(book: &Book, people: &[String]) -> Param {
    let name = |p: &String| book.name_of(p).to_owned();
    Param::Texts(people.iter().map(name).collect())
}

/// A gap in words.
pub fn gap(book: &Book, rota: &RotaId, gap: &Gap) -> ProblemView {
    let of = book.rotas.get(rota).map(AsRef::as_ref);
    let say = |key: &str| sentence(format!("rota.problem.gap_{key}"));
    let (what, people) = match &gap.cause {
        GapCause::NoShift => (say("no_shift"), Vec::new()),
        GapCause::NobodyNamed { layer } => (
            say("nobody_named").with("layer", layer_name(of, *layer)),
            Vec::new(),
        ),
        GapCause::AllAbsent { layer, people } => (
            say("all_absent")
                .with("layer", layer_name(of, *layer))
                .with("people", names(book, people)),
            people.clone(),
        ),
    };
    ProblemView {
        kind: "gap".into(),
        role: gap.role.to_string(),
        people,
        from: gap.from as f64,
        until: gap.until as f64,
        what: what
            .with("role", role_param(&gap.role))
            .with("from", time(gap.from))
            .with("until", time(gap.until)),
    }
}

/// A double booking in words.
pub fn double(book: &Book, double: &DoubleBooking) -> ProblemView {
    let place = |rota: &RotaId| {
        let name = book.rotas.get(rota).map_or(rota.0.as_str(), |r| &r.name);
        text(name)
    };
    let here = double.one.rota == double.other.rota;
    let key = if here { "double_role" } else { "double_rota" };
    ProblemView {
        kind: "double".into(),
        role: double.one.role.to_string(),
        people: vec![double.person.clone()],
        from: double.from as f64,
        until: double.until as f64,
        what: sentence(format!("rota.problem.{key}"))
            .with("person", text(book.name_of(&double.person)))
            .with("one", role_param(&double.one.role))
            .with("other", role_param(&double.other.role))
            .with("rota", place(&double.one.rota))
            .with("other_rota", place(&double.other.rota)),
    }
}

/// What else is wrong, in words.
pub fn conflict(book: &Book, conflict: &Conflict) -> ProblemView {
    let say = |key: &str| sentence(format!("rota.problem.{key}"));
    let (kind, role, people, (from, until), what) = match conflict {
        Conflict::AbsentOnDuty {
            person,
            role,
            from,
            until,
            ..
        } => (
            "absent",
            role.clone(),
            vec![person.clone()],
            (*from, *until),
            say("absent").with("person", text(book.name_of(person))),
        ),
        Conflict::SeveralPrimaries {
            people,
            from,
            until,
        } => (
            "several",
            Role::Primary,
            people.clone(),
            (*from, *until),
            say("several").with("people", names(book, people)),
        ),
        Conflict::UnknownPerson {
            person,
            role,
            from,
            until,
        } => (
            "unknown",
            role.clone(),
            vec![person.clone()],
            (*from, *until),
            say("unknown").with("person", text(person)),
        ),
        Conflict::LacksRole {
            person,
            role,
            from,
            until,
        } => (
            "lacks",
            role.clone(),
            vec![person.clone()],
            (*from, *until),
            say("lacks").with("person", text(book.name_of(person))),
        ),
    };
    ProblemView {
        kind: kind.into(),
        role: role.to_string(),
        people,
        from: from as f64,
        until: until as f64,
        what: what.with("role", role_param(&role)),
    }
}

/// A year whose holidays are not known.
pub fn missing(book: &Book, year: &MissingYear) -> Sentence {
    let calendar = book.calendars.get(&year.calendar);
    let name = calendar.map_or(year.calendar.0.as_str(), |c| &c.name);
    sentence("rota.warning.missing_year")
        .with("calendar", text(name))
        .with("year", text(&year.year.to_string()))
}

/// One line of the change log: what was done, and to what.
pub fn change(book: &Book, change: &RotaChange) -> Sentence {
    let said = sentence(format!("rota.change.{}", change.action));
    let said = match &change.rota {
        Some(rota) => {
            let name = book.rotas.get(rota).map_or(rota.0.as_str(), |r| &r.name);
            said.with("rota", text(name))
        }
        None => said.with("rota", text("–")),
    };
    let what: Vec<String> = change
        .touched
        .iter()
        .filter_map(|t| touched(book, t))
        .take(6)
        .collect();
    said.with("what", Param::Texts(what))
}

fn touched(book: &Book, touched: &Touched) -> Option<String> {
    macro_rules! one {
        ($before:expr, $after:expr) => {
            $after.as_deref().or($before.as_deref())
        };
    }
    match touched {
        Touched::Member { before, after } => one!(before, after).map(|m| m.name.clone()),
        Touched::Rota { before, after } => one!(before, after).map(|r| r.name.clone()),
        Touched::Absence { before, after } => {
            one!(before, after).map(|a| book.name_of(&a.person).to_owned())
        }
        Touched::Override { before, after } => {
            one!(before, after).map(|o| book.name_of(&o.person).to_owned())
        }
        Touched::Swap { before, after } => one!(before, after).map(|s| {
            let (a, b) = (book.name_of(&s.give.person), book.name_of(&s.with));
            format!("{a} ↔ {b}")
        }),
        Touched::Calendar { before, after } => one!(before, after).map(|c| c.name.clone()),
        Touched::Handover { before, after } => one!(before, after).map(|h| {
            let list = |all: &[String]| {
                let names: Vec<&str> = all.iter().map(|p| book.name_of(p)).collect();
                names.join("/")
            };
            format!("{} → {}", list(&h.from), list(&h.to))
        }),
        Touched::Note { before, after } => {
            one!(before, after).map(|n| n.text.chars().take(40).collect())
        }
    }
}

/// Why an edit is not done: locale key `refused.rota.<code>`.
pub fn refused(e: &Refusal, book: &Book) -> ErrorView {
    let view =
        ErrorView::new(ErrorCode::Refused).with("reason_key", format!("refused.rota.{}", e.code()));
    match e {
        Refusal::UnknownPerson { person } => view.with("person", person),
        Refusal::UnknownRota { rota } => view.with("rota", rota),
        Refusal::UnknownCalendar { calendar } => view.with("calendar", calendar),
        Refusal::Unknown { what, id } => view
            .with("what_key", format!("rota.thing.{what}"))
            .with("id", id),
        Refusal::BadText { field, limit } => view.with("field", field).with("limit", limit),
        Refusal::BadNumber { field, least, most } => view
            .with("field", field)
            .with("least", least)
            .with("most", most),
        Refusal::BadId { text } => view.with("text", text),
        Refusal::BadStretch { .. }
        | Refusal::BadSwap
        | Refusal::NothingToDo
        | Refusal::AlreadySigned { .. }
        | Refusal::AlreadyOpen { .. } => view,
        Refusal::BadLayer { layer, field } => view.with("layer", layer).with("field", field),
        Refusal::BadDay { day } => view.with("day", day),
        Refusal::TooMany { what, limit } => view.with("what", what).with("limit", limit),
        Refusal::InUse { id, by } => view.with("id", book.name_of(id)).with("by", by),
        Refusal::NotYours { who } => view.with("who", book.name_of(who)),
        Refusal::NotOnDuty { person, role, at } => view
            .with("person", book.name_of(person))
            .with("role_key", format!("rota.role.{role}"))
            .with(
                "at",
                DateTime::<Utc>::from_timestamp_millis(*at)
                    .map_or_else(String::new, |t| t.to_rfc3339()),
            ),
        Refusal::AlreadyOnDuty { person } | Refusal::Absent { person, .. } => {
            view.with("person", book.name_of(person))
        }
        Refusal::AlreadyBegun { .. } => view,
        Refusal::SwapDecided { .. } => view,
        Refusal::ChangedSince { what } => view.with("what", what),
        Refusal::Final { .. } => view,
    }
}

/// What a plan could not keep to.
pub fn plan_notes(book: &Book, rota: &RotaId, plan: &engine::rota::Plan) -> Vec<Sentence> {
    let of = book.rotas.get(rota).map(AsRef::as_ref);
    let strained = plan.strained.iter().map(|s| {
        let key = if s.nights { "nights" } else { "rest" };
        sentence(format!("rota.plan.{key}"))
            .with("person", text(book.name_of(&s.person)))
            .with("day", text(&s.day.to_string()))
            .with("layer", layer_name(of, s.layer))
    });
    let unfilled = plan.unfilled.iter().map(|g| gap(book, rota, g).what);
    unfilled.chain(strained).take(50).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_said_in_the_desks_language() {
        let said = |locale| {
            let words = Words::new(locale, chrono_tz::UTC);
            words.value(&Param::Duration(90_000.0 * 60.0))
        };
        assert_eq!(
            (said("zh-CN").as_str(), said("en").as_str()),
            ("90 分钟", "90 min")
        );
    }
}

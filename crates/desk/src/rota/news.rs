//! What the alert desk is told of the rota: who can be told, who has which role, who stands on walls, and what is wrong with it as alerts.

use super::page::on_duty_view;
use super::words::{Words, gap as gap_words, missing, role_param};
use crate::duty::sentences::{With, sentence, text, time};
use engine::duty::setup::{DUTY, LEAD};
use engine::rota::{Nobody, missing_notices, nobody_on_duty, on_duty, pages_for};
use model::duty::{Person, PersonId};
use model::rota::{Book, Handover, HandoverState, Member, Role, Rota};
use model::{Labels, Observation, Reported};
use std::collections::BTreeMap;
use wire::{OnDutyView, Sentence};

/// The name of the rota as a source of alerts.
pub const SOURCE: &str = "rota";
/// The role of those who are told that nobody is on duty.
pub const NOBODY: &str = "rota/nobody";
/// The role of those who are told that a handover is not signed.
pub const UNSIGNED: &str = "rota/unsigned";
/// Rule name of the alert that nobody is on duty.
pub const NOBODY_RULE: &str = "NobodyOnDuty";
/// Rule name of the alert that a handover is not signed.
pub const UNSIGNED_RULE: &str = "HandoverUnsigned";

/// `<rota>/<role>` as the alert desk is told of it, from how somebody has written it: `platform/主值` is `platform/primary`.
pub fn role_of(written: &str) -> String {
    match written.split_once('/') {
        Some((rota, role)) => format!("{rota}/{}", Role::from(role)),
        None => written.to_owned(),
    }
}

/// What the alert desk is told, as a whole, whenever it has changed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RotaNews {
    /// Everybody in the rota's list of people.
    pub people: Vec<Person>,
    /// `duty`, `lead`, and `<rota>/<role>` for each role of each rota: who gets its pages.
    pub roles: BTreeMap<String, Vec<PersonId>>,
    /// Who has which role.
    pub on_duty: Vec<OnDutyView>,
    /// Years whose holidays should be known by now and are not.
    pub warnings: Vec<Sentence>,
}

fn person(member: &Member) -> Person {
    let known = [
        ("sms", &member.phone),
        ("phone", &member.phone),
        ("mail", &member.email),
        ("dingtalk", &member.dingtalk),
        ("wecom", &member.wecom),
    ];
    Person {
        id: member.id.clone(),
        name: member.name.clone(),
        addresses: known
            .into_iter()
            .filter(|(_, contact)| !contact.is_empty())
            .map(|(kind, contact)| (kind.to_owned(), contact.expose().to_owned()))
            .collect(),
    }
}

/// Roles of a rota that anybody can have: those of its layers and those that are required.
pub(super) fn roles_of(rota: &Rota) -> Vec<Role> {
    let mut roles: Vec<Role> = rota.layers.iter().map(|l| l.role.clone()).collect();
    roles.extend(rota.required.iter().cloned());
    roles.sort();
    roles.dedup();
    roles
}

fn add(roles: &mut BTreeMap<String, Vec<PersonId>>, role: &str, people: &[PersonId]) {
    let entry = roles.entry(role.to_owned()).or_default();
    for person in people {
        if !entry.contains(person) {
            entry.push(person.clone());
        }
    }
}

/// Everything at `now`, ms. `main` is the rota whose primary and manager are the default policies' `duty` and `lead`; `None`: the only one, or
/// all together where there are several.
pub fn news(book: &Book, main: Option<&str>, now: i64) -> RotaNews {
    let mut out = RotaNews {
        people: book.members.values().map(|m| person(m)).collect(),
        warnings: missing_notices(book, now)
            .iter()
            .map(|year| missing(book, year))
            .collect(),
        ..RotaNews::default()
    };
    for rota in book.rotas.values().filter(|r| !r.layers.is_empty()) {
        let is_main = main.is_none_or(|m| m == rota.id.0);
        for role in roles_of(rota) {
            let pages = pages_for(book, &rota.id, &role, now).to;
            add(&mut out.roles, &format!("{}/{role}", rota.id), &pages);
            let default = match role {
                Role::Primary => Some(DUTY),
                Role::Manager => Some(LEAD),
                _ => None,
            };
            if let Some(default) = default.filter(|_| is_main) {
                add(&mut out.roles, default, &pages);
            }
        }
        let views = on_duty(book, &rota.id, now);
        let views = views.iter().map(|d| on_duty_view(book, &rota.id, d));
        out.on_duty.extend(views);
    }
    // A rota without a manager: whoever stands behind the primary leads.
    if !out.roles.contains_key(LEAD) {
        for rota in book.rotas.values().filter(|r| !r.layers.is_empty()) {
            let behind = pages_for(book, &rota.id, &Role::Secondary, now).to;
            add(&mut out.roles, LEAD, &behind);
        }
    }
    add(&mut out.roles, NOBODY, &[]);
    add(&mut out.roles, UNSIGNED, &[]);
    for nobody in nobody_on_duty(book, now) {
        add(&mut out.roles, NOBODY, &nobody.tell);
    }
    for handover in overdue(book, now) {
        add(&mut out.roles, UNSIGNED, &handover.from);
        add(&mut out.roles, UNSIGNED, &handover.to);
    }
    out
}

/// Handovers that are overdue at `now` and that no later change of shift has replaced.
fn overdue(book: &Book, now: i64) -> Vec<&Handover> {
    let mut newest: BTreeMap<&str, &Handover> = BTreeMap::new();
    for handover in book.handovers.values().filter(|h| h.at <= now) {
        let entry = newest.entry(&handover.rota.0).or_insert(handover);
        if handover.at > entry.at {
            *entry = handover;
        }
    }
    let is_overdue = |h: &&Handover| {
        let rules = book.rotas.get(&h.rota).and_then(|r| r.handover);
        rules.is_some_and(|r| h.state(r, now) == HandoverState::Overdue)
    };
    newest.into_values().filter(is_overdue).collect()
}

/// What is wrong with the rota now, as alerts.
pub fn alerts(book: &Book, words: &Words, now: i64) -> Vec<Observation> {
    let nobody = nobody_on_duty(book, now);
    let gaps = nobody.iter().map(|n| nobody_alert(book, words, n));
    let unsigned = overdue(book, now);
    let unsigned = unsigned.iter().map(|h| unsigned_alert(book, words, h));
    gaps.chain(unsigned).collect()
}

/// Those of `before` that are not in `firing` any more, as ended at `now`, ms: who was told learns it at once.
pub fn over(before: &[Observation], firing: &[Observation], now: i64) -> Vec<Observation> {
    let gone = before
        .iter()
        .filter(|old| firing.iter().all(|new| new.labels != old.labels));
    gone.map(|old| Observation {
        state: Reported::Resolved,
        ends_at: Some(now),
        ..old.clone()
    })
    .collect()
}

fn labels(rule: &str, level: &str, rota: &str, role: &Role) -> Labels {
    Labels::from_pairs([
        ("alertname", rule),
        ("priority", level),
        ("rota", rota),
        ("role", role.as_str()),
        ("domain", SOURCE),
    ])
}

fn nobody_alert(book: &Book, words: &Words, nobody: &Nobody) -> Observation {
    let name = book.rotas.get(&nobody.rota).map_or("", |r| r.name.as_str());
    let labels = labels(NOBODY_RULE, "P1", &nobody.rota.0, &nobody.gap.role);
    let mut alert = Observation::firing(labels, nobody.gap.from);
    let summary = sentence("rota.alert.nobody")
        .with("rota", text(name))
        .with("role", role_param(&nobody.gap.role));
    let why = gap_words(book, &nobody.rota, &nobody.gap).what;
    let texts = [
        ("summary", words.say(&summary)),
        ("description", words.say(&why)),
    ];
    alert
        .annotations
        .extend(texts.map(|(name, value)| (name.to_owned(), value)));
    alert
}

fn unsigned_alert(book: &Book, words: &Words, handover: &Handover) -> Observation {
    let rota = book.rotas.get(&handover.rota);
    let grace = rota
        .and_then(|r| r.handover)
        .map_or(0, |rules| rules.grace_ms);
    let labels = labels(UNSIGNED_RULE, "P2", &handover.rota.0, &handover.role);
    let mut alert = Observation::firing(labels, handover.at + grace);
    let names = |people: &[PersonId]| {
        let names: Vec<String> = people.iter().map(|p| book.name_of(p).to_owned()).collect();
        wire::Param::Texts(names)
    };
    let say = |key: &str| {
        let said = sentence(format!("rota.alert.{key}"))
            .with("rota", text(rota.map_or("", |r| r.name.as_str())))
            .with("at", time(handover.at))
            .with("from", names(&handover.from))
            .with("to", names(&handover.to));
        words.say(&said)
    };
    let texts = [
        ("summary", say("unsigned")),
        ("description", say("unsigned_detail")),
    ];
    alert
        .annotations
        .extend(texts.map(|(name, value)| (name.to_owned(), value)));
    alert
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rota::words::Words;
    use chrono::NaiveDate;
    use engine::rota::{SeedNames, seed_layers};
    use model::rota::{Absence, AbsenceId};
    use std::sync::Arc;

    const HOUR: i64 = 3_600_000;
    /// Monday, 2026-11-02 12:00 in Shanghai.
    const MONDAY_NOON: i64 = 1_793_592_000_000;

    fn book() -> Book {
        let mut book = Book::default();
        for (id, name) in [("a", "张三"), ("b", "李四"), ("c", "王经理")] {
            let member = Member {
                id: id.into(),
                name: name.into(),
                phone: "13800131234".into(),
                ..Member::default()
            };
            book.members.insert(id.into(), Arc::new(member));
        }
        let mut rota = Rota::new("platform", "平台", chrono_tz::Asia::Shanghai);
        rota.layers = seed_layers(
            &["a".to_owned(), "b".to_owned()],
            &["c".to_owned()],
            NaiveDate::from_ymd_opt(2026, 11, 2).unwrap(),
            SeedNames {
                workday: "工作日",
                night: "夜间",
                weekend: "周末",
                holiday: "节假日",
                manager: "主管",
            },
        );
        book.rotas.insert("platform".into(), Arc::new(rota));
        book
    }

    #[test]
    fn duty_and_lead_are_the_primary_and_the_manager() {
        let news = news(&book(), None, MONDAY_NOON);
        assert_eq!(news.roles[DUTY], ["a"]);
        assert_eq!(news.roles[LEAD], ["c"]);
        assert_eq!(news.roles["platform/primary"], ["a"]);
        assert_eq!(news.people.len(), 3);
        let primary = news.on_duty.iter().find(|d| d.role == "primary").unwrap();
        assert_eq!(
            (primary.name.as_str(), primary.rota.as_str()),
            ("张三", "platform")
        );
        assert_eq!(primary.next, ["李四"], "the night has somebody else");
    }

    #[test]
    fn another_rotas_people_do_not_get_the_default_pages() {
        let mut book = book();
        let mut other = Rota::clone(&book.rotas[&"platform".into()]);
        other.id = "dba".into();
        for layer in &mut other.layers {
            layer.rotation = model::rota::Rotation::Turns {
                turns: vec![vec!["b".into()]],
                cadence: model::rota::Cadence::Days { days: 1 },
            };
        }
        book.rotas.insert("dba".into(), Arc::new(other));
        let only = news(&book, Some("platform"), MONDAY_NOON);
        assert_eq!(only.roles[DUTY], ["a"]);
        assert_eq!(only.roles["dba/primary"], ["b"]);
        let together = news(&book, None, MONDAY_NOON);
        assert_eq!(together.roles[DUTY], ["b", "a"]);
    }

    #[test]
    fn the_desk_is_told_from_november_on_that_next_years_notice_is_missing() {
        let mut book = book();
        let china = engine::rota::holidays::china("中国法定节假日");
        book.calendars.insert(china.id.clone(), Arc::new(china));
        let mut rota = Rota::clone(&book.rotas[&"platform".into()]);
        rota.calendar = Some("cn".into());
        book.rotas.insert("platform".into(), Arc::new(rota));
        let october = news(&book, None, MONDAY_NOON - 48 * HOUR);
        assert!(october.warnings.is_empty(), "{:?}", october.warnings);
        let [warning] = &news(&book, None, MONDAY_NOON).warnings[..] else {
            panic!("one warning")
        };
        assert_eq!(warning.key, "rota.warning.missing_year");
        assert_eq!(warning.params["year"], text("2027"));
    }

    #[test]
    fn nobody_on_duty_is_a_p1_for_the_manager() {
        let mut book = book();
        for (id, person) in [(1, "a"), (2, "b")] {
            let absence = Absence {
                id: AbsenceId(id),
                person: person.into(),
                from: MONDAY_NOON - HOUR,
                until: MONDAY_NOON + HOUR,
                ..Absence::default()
            };
            book.absences.insert(AbsenceId(id), Arc::new(absence));
        }
        let words = Words::new("zh-CN", chrono_tz::Asia::Shanghai);
        let alerts = alerts(&book, &words, MONDAY_NOON);
        let [alert] = alerts.as_slice() else {
            panic!("{alerts:?}");
        };
        assert_eq!(alert.labels.get("priority"), Some("P1"));
        assert_eq!(alert.starts_at, MONDAY_NOON - HOUR);
        assert!(alert.annotations["summary"].contains("平台"), "{alert:?}");
        assert!(
            !alert.annotations["description"].contains("%{"),
            "{alert:?}"
        );
        assert_eq!(news(&book, None, MONDAY_NOON).roles[NOBODY], ["c"]);
        assert!(super::alerts(&book, &words, MONDAY_NOON + HOUR).is_empty());
    }
}

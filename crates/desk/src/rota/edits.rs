//! From what the page wants to what the engine does.

use super::parts::{self, ms};
use super::words::Words;
use chrono::{Datelike, Days, NaiveDate};
use engine::rota::plan::MAX_HISTORY;
use engine::rota::{PlanRules, SeedNames, seed_layers};
use model::duty::AlertId;
use model::rota::{
    AbsenceId, Book, Calendar, Contact, DutyNote, Edit, HandoverId, LayerId, Member, Override,
    OverrideId, Rota, RotaId, Side, Swap, SwapId,
};
use wire::{ErrorCode, ErrorView, MemberEdit, PlanAsk, RotaEdit, SideView};

/// Longest plan, days.
const LONGEST_PLAN: i64 = 184;

/// What is to be done: an edit, or one that needs the log or the duty record first.
pub enum Wanted {
    /// This.
    Edit(Box<Edit>),
    /// Put back what a change has touched.
    Undo(i64),
    /// Correct a note.
    Alter(i64, String, Vec<String>),
    /// Remove a note.
    RemoveNote(i64),
    /// Sign: the pack is put together first.
    Sign(HandoverId, Side),
    /// Make a plan and adopt it.
    Adopt(PlanAsk),
}

/// Refuses with a reason below `refused.rota`.
pub fn refuse(what: &str) -> ErrorView {
    ErrorView::new(ErrorCode::Refused).with("reason_key", format!("refused.rota.{what}"))
}

fn member(edit: MemberEdit, book: &Book) -> Result<Member, ErrorView> {
    let zone = parts::maybe_zone(edit.zone.as_ref())?;
    let known = book
        .members
        .get(&edit.id)
        .map(|m| Member::clone(m))
        .unwrap_or_default();
    let contact = |new: Option<String>, old: Contact| new.map_or(old, |t| Contact::new(&t));
    Ok(Member {
        id: edit.id,
        name: edit.name,
        phone: contact(edit.phone, known.phone),
        email: contact(edit.email, known.email),
        dingtalk: contact(edit.dingtalk, known.dingtalk),
        wecom: contact(edit.wecom, known.wecom),
        zone,
        roles: edit.roles.iter().map(|r| r.as_str().into()).collect(),
        teams: edit.teams,
    })
}

/// The handbook's rota, its turns from Monday of this week on. It begins a week before that: in the first hours of a Monday whoever had the
/// Sunday is still on duty, and a rota that is made then must not begin with a gap.
fn begin(
    book: &Book,
    words: &Words,
    id: String,
    name: String,
    people: &[String],
    managers: &[String],
    today: NaiveDate,
) -> Result<Rota, ErrorView> {
    if book.rotas.contains_key(&RotaId(id.clone())) {
        return Err(refuse("rota_exists").with("rota", id));
    }
    if people.is_empty() {
        return Err(refuse("no_people"));
    }
    let back = u64::from(today.weekday().num_days_from_monday());
    let monday = today.checked_sub_days(Days::new(back)).unwrap_or(today);
    let said = |key: &str| words.plain(&format!("rota.seed.{key}"));
    let (workday, night, weekend, holiday, manager) = (
        said("workday"),
        said("night"),
        said("weekend"),
        said("holiday"),
        said("manager"),
    );
    let names = SeedNames {
        workday: &workday,
        night: &night,
        weekend: &weekend,
        holiday: &holiday,
        manager: &manager,
    };
    let mut rota = Rota::new(RotaId(id), &name, words.zone());
    rota.calendar = book
        .calendars
        .contains_key(&engine::rota::holidays::CHINA.into())
        .then(|| engine::rota::holidays::CHINA.into());
    let week_before = monday.checked_sub_days(Days::new(7)).unwrap_or(monday);
    rota.layers = seed_layers(
        &last_first(people),
        &last_first(managers),
        week_before,
        names,
    );
    Ok(rota)
}

/// The same turns, a turn earlier.
fn last_first(people: &[String]) -> Vec<String> {
    let mut people = people.to_vec();
    let one = people.len().min(1);
    people.rotate_right(one);
    people
}

/// What a plan is made by: its rota, first day, the day after its last, rules, seed.
pub fn plan(ask: &PlanAsk) -> Result<(RotaId, NaiveDate, NaiveDate, PlanRules, u64), ErrorView> {
    let (from, last) = (
        parts::day("from", &ask.from)?,
        parts::day("until", &ask.until)?,
    );
    let days = (last - from).num_days();
    if !(0..=LONGEST_PLAN).contains(&days) {
        return Err(refuse("plan_too_long").with("days", LONGEST_PLAN));
    }
    let until = last.succ_opt().unwrap_or(last);
    let usual = PlanRules::default();
    let rules = PlanRules {
        people: ask.people.clone(),
        max_nights: ask.nights_in_a_row.clamp(1, 31),
        min_rest_ms: i64::from(ask.rest_hours.min(168)) * 3_600_000,
        weights: ask.weights.map_or(Ok(usual.weights), parts::weights)?,
        history_days: ask
            .history_days
            .map_or(usual.history_days, |d| d.min(MAX_HISTORY)),
    };
    let rota = RotaId(ask.rota.clone());
    Ok((rota, from, until, rules, u64::from(ask.seed)))
}

/// What the page wants, for the engine. `today` is the day now in the desk's zone, `now` ms.
pub fn wanted(
    edit: RotaEdit,
    book: &Book,
    words: &Words,
    me: &str,
    today: NaiveDate,
    now: i64,
) -> Result<Wanted, ErrorView> {
    let edit = match edit {
        RotaEdit::PutMember { member: m } => Edit::PutMember(member(m, book)?),
        RotaEdit::RemoveMember { person } => Edit::RemoveMember { person },
        RotaEdit::BeginRota {
            id,
            name,
            people,
            managers,
        } => Edit::PutRota(begin(book, words, id, name, &people, &managers, today)?),
        RotaEdit::PutRota { rota } => Edit::PutRota(parts::rota(rota)?),
        RotaEdit::RemoveRota { rota } => Edit::RemoveRota { rota: RotaId(rota) },
        RotaEdit::PutLayer { rota, layer } => Edit::PutLayer {
            rota: RotaId(rota),
            layer: parts::layer(layer)?,
        },
        RotaEdit::RemoveLayer { rota, layer } => Edit::RemoveLayer {
            rota: RotaId(rota),
            layer: LayerId(layer),
        },
        RotaEdit::PutAbsence { absence } => Edit::PutAbsence(parts::absence(absence)),
        RotaEdit::RemoveAbsence { absence } => Edit::RemoveAbsence {
            absence: AbsenceId(absence),
        },
        RotaEdit::Assign {
            slot,
            replaces,
            why,
        } => Edit::PutOverride(Override {
            rota: RotaId(slot.rota),
            role: slot.role.as_str().into(),
            person: slot.person,
            replaces: replaces.filter(|p| !p.is_empty()),
            from: ms(slot.from),
            until: ms(slot.until),
            why,
            ..Override::default()
        }),
        RotaEdit::RemoveOverride { id } => Edit::RemoveOverride { id: OverrideId(id) },
        RotaEdit::Exchange { one, other, why } => Edit::Exchange {
            one: parts::slot(one),
            other: parts::slot(other),
            why,
        },
        RotaEdit::RequestSwap {
            give,
            with,
            take,
            why,
        } => Edit::RequestSwap(Swap {
            give: parts::slot(give),
            with,
            take: take.map(parts::slot),
            why,
            ..Swap::default()
        }),
        RotaEdit::AnswerSwap {
            swap,
            accept: true,
            answer,
        } => Edit::AcceptSwap {
            swap: SwapId(swap),
            answer,
        },
        RotaEdit::AnswerSwap { swap, answer, .. } => Edit::DeclineSwap {
            swap: SwapId(swap),
            answer,
        },
        RotaEdit::WithdrawSwap { swap } => Edit::WithdrawSwap { swap: SwapId(swap) },
        RotaEdit::WriteHandover { handover, notes } => Edit::WriteHandover {
            handover: HandoverId(handover),
            notes,
        },
        RotaEdit::AddNote {
            rota,
            text,
            alerts,
            tags,
        } => Edit::AddNote(DutyNote {
            rota: RotaId(rota),
            at: now,
            by: me.to_owned(),
            text,
            alerts: alerts.into_iter().map(AlertId).collect(),
            tags,
            ..DutyNote::default()
        }),
        RotaEdit::SignHandover { handover, side } => {
            let side = match side {
                SideView::Giving => Side::Giving,
                SideView::Taking => Side::Taking,
            };
            return Ok(Wanted::Sign(HandoverId(handover), side));
        }
        RotaEdit::SetWeekend { calendar, weekend } => {
            let known = book.calendars.get(&calendar.as_str().into());
            let known =
                known.ok_or_else(|| refuse("unknown_calendar").with("calendar", &calendar))?;
            let mut changed = Calendar::clone(known);
            changed.weekend = weekend.into_iter().collect();
            Edit::PutCalendar(changed)
        }
        RotaEdit::AdoptPlan { plan } => return Ok(Wanted::Adopt(plan)),
        RotaEdit::AlterNote { note, text, tags } => return Ok(Wanted::Alter(note, text, tags)),
        RotaEdit::RemoveNote { note } => return Ok(Wanted::RemoveNote(note)),
        RotaEdit::Undo { change } => return Ok(Wanted::Undo(change)),
    };
    Ok(Wanted::Edit(Box::new(edit)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono_tz::Asia::Shanghai;
    use engine::rota::{coverage, on_duty, wall};
    use model::rota::{Member, WallTime};
    use std::sync::Arc;

    #[test]
    fn a_rota_that_is_begun_in_the_night_has_somebody_at_once_and_its_turns_from_monday() {
        let words = Words::new("zh-CN", Shanghai);
        let mut book = Book::default();
        for id in ["a", "b", "c", "boss"] {
            let member = Member {
                id: id.into(),
                name: id.into(),
                ..Member::default()
            };
            book.members.insert(id.into(), Arc::new(member));
        }
        // Monday to Sunday, each in the middle of the night and at ten.
        let week = NaiveDate::from_ymd_opt(2026, 11, 23).expect("a Monday");
        for day in week.iter_days().take(7) {
            for hour in [0, 2, 10] {
                let people = ["a", "b", "c"].map(str::to_owned);
                let made = begin(
                    &book,
                    &words,
                    "p".into(),
                    "平台".into(),
                    &people,
                    &["boss".to_owned()],
                    day,
                );
                let mut with = book.clone();
                let made = made.expect("a rota");
                with.rotas.insert("p".into(), Arc::new(made));
                let now = wall::instant(day, WallTime::hour(hour), Shanghai).expect("a time");
                let rota = RotaId("p".into());
                let primaries = on_duty(&with, &rota, now)
                    .into_iter()
                    .filter(|d| d.role == model::rota::Role::Primary)
                    .count();
                assert_eq!(primaries, 1, "{day} {hour} o'clock");
                assert!(
                    coverage(&with, &rota, now, now + 86_400_000)
                        .gaps
                        .is_empty(),
                    "{day}"
                );
                let first = wall::instant(week, WallTime::hour(10), Shanghai).expect("a time");
                let monday = on_duty(&with, &rota, first);
                assert!(
                    monday
                        .iter()
                        .any(|d| d.role == model::rota::Role::Primary && d.person == "a"),
                    "{monday:?}"
                );
            }
        }
    }
}

//! Nouns of the rota to and from the wire.

use chrono::NaiveDate;
use model::duty::PersonId;
use model::rota::{
    Absence, AbsenceId, Book, Cadence, Calendar, CalendarId, DayKind, DutyNote, HandoverRules,
    Layer, LayerId, Load, Member, Role, Rota, RotaId, Rotation, ShiftRule, Slot, WallTime, Weights,
};
use std::collections::BTreeMap;
use wire::{
    AbsenceView, CadenceView, CalendarView, ErrorCode, ErrorView, LayerView, LoadView, MemberView,
    NoteView, PlannedDay, RotaView, RotationView, SlotView, WeightsView,
};

/// What stands where a day, a time or a zone is expected.
pub fn unreadable(field: &str, text: &str) -> ErrorView {
    ErrorView::new(ErrorCode::Refused)
        .with("reason_key", "refused.rota.unreadable")
        .with("field", field)
        .with("text", text.chars().take(60).collect::<String>())
}

/// A day `YYYY-MM-DD`.
pub fn day(field: &str, text: &str) -> Result<NaiveDate, ErrorView> {
    NaiveDate::parse_from_str(text, "%Y-%m-%d").map_err(|_| unreadable(field, text))
}

/// A time in ms; what is no number is out of range, and refused as such by the engine.
pub fn ms(value: f64) -> i64 {
    if value.is_finite() { value as i64 } else { 0 }
}

fn time(field: &str, text: &str) -> Result<WallTime, ErrorView> {
    text.parse().map_err(|_| unreadable(field, text))
}

fn zone(text: &str) -> Result<chrono_tz::Tz, ErrorView> {
    text.parse().map_err(|_| unreadable("zone", text))
}

/// An optional zone; an empty text is none.
pub fn maybe_zone(text: Option<&String>) -> Result<Option<chrono_tz::Tz>, ErrorView> {
    text.filter(|t| !t.is_empty()).map(|t| zone(t)).transpose()
}

/// As the wire names kinds of days.
pub fn kind_name(kind: DayKind) -> &'static str {
    match kind {
        DayKind::Workday => "workday",
        DayKind::Weekend => "weekend",
        DayKind::Holiday => "holiday",
    }
}

fn kind(text: &str) -> Result<DayKind, ErrorView> {
    let all = [DayKind::Workday, DayKind::Weekend, DayKind::Holiday];
    all.into_iter()
        .find(|k| kind_name(*k) == text)
        .ok_or_else(|| unreadable("kinds", text))
}

fn cadence_view(cadence: &Cadence) -> CadenceView {
    match cadence {
        Cadence::Days { days } => CadenceView::Days { days: *days },
        Cadence::Weeks { weeks, weekday } => CadenceView::Weeks {
            weeks: *weeks,
            weekday: *weekday,
        },
        Cadence::Shifts { shifts } => CadenceView::Shifts { shifts: *shifts },
        Cadence::Cycle { days } => CadenceView::Cycle { days: days.clone() },
    }
}

fn cadence(view: CadenceView) -> Cadence {
    match view {
        CadenceView::Days { days } => Cadence::Days { days },
        CadenceView::Weeks { weeks, weekday } => Cadence::Weeks { weeks, weekday },
        CadenceView::Shifts { shifts } => Cadence::Shifts { shifts },
        CadenceView::Cycle { days } => Cadence::Cycle { days },
    }
}

fn rotation_view(rotation: &Rotation) -> RotationView {
    match rotation {
        Rotation::Turns { turns, cadence } => RotationView::Turns {
            turns: turns.clone(),
            cadence: cadence_view(cadence),
        },
        Rotation::Weekdays { people } => RotationView::Weekdays {
            people: (1..=7)
                .map(|d| people.get(&d).cloned().unwrap_or_default())
                .collect(),
        },
        Rotation::Planned { days } => RotationView::Planned {
            days: days
                .iter()
                .map(|(day, people)| PlannedDay {
                    day: day.to_string(),
                    people: people.clone(),
                })
                .collect(),
        },
    }
}

fn rotation(view: RotationView) -> Result<Rotation, ErrorView> {
    Ok(match view {
        RotationView::Turns { turns, cadence: c } => Rotation::Turns {
            turns,
            cadence: cadence(c),
        },
        RotationView::Weekdays { people } => Rotation::Weekdays {
            people: (1..=7).zip(people).filter(|(_, p)| !p.is_empty()).collect(),
        },
        RotationView::Planned { days } => {
            let one = |d: PlannedDay| Ok((day("day", &d.day)?, d.people));
            Rotation::Planned {
                days: days
                    .into_iter()
                    .map(one)
                    .collect::<Result<BTreeMap<_, _>, ErrorView>>()?,
            }
        }
    })
}

/// A layer as the page sees it.
pub fn layer_view(layer: &Layer) -> LayerView {
    LayerView {
        id: layer.id.0,
        name: layer.name.clone(),
        role: layer.role.to_string(),
        priority: layer.priority,
        kinds: layer
            .rule
            .kinds
            .iter()
            .map(|k| kind_name(*k).to_owned())
            .collect(),
        weekdays: layer.rule.weekdays.iter().copied().collect(),
        from: layer.rule.from.to_string(),
        to: layer.rule.to.to_string(),
        rotation: rotation_view(&layer.rotation),
        handoff: layer.handoff.map(|t| t.to_string()),
        first_day: layer.first_day.to_string(),
        last_day: layer.last_day.map(|d| d.to_string()),
        zone: layer.zone.map(|z| z.name().to_owned()),
        calendar: layer.calendar.as_ref().map(|c| c.0.clone()),
    }
}

fn some(text: Option<String>) -> Option<String> {
    text.filter(|t| !t.is_empty())
}

/// A layer as the page wants it.
pub fn layer(view: LayerView) -> Result<Layer, ErrorView> {
    let kinds: Result<_, ErrorView> = view.kinds.iter().map(|k| kind(k)).collect();
    Ok(Layer {
        id: LayerId(view.id),
        name: view.name,
        role: view.role.as_str().into(),
        priority: view.priority,
        rule: ShiftRule {
            kinds: kinds?,
            weekdays: view.weekdays.into_iter().collect(),
            from: time("from", &view.from)?,
            to: time("to", &view.to)?,
        },
        rotation: rotation(view.rotation)?,
        handoff: some(view.handoff)
            .map(|t| time("handoff", &t))
            .transpose()?,
        first_day: day("first_day", &view.first_day)?,
        last_day: some(view.last_day)
            .map(|d| day("last_day", &d))
            .transpose()?,
        zone: maybe_zone(view.zone.as_ref())?,
        calendar: some(view.calendar).map(CalendarId),
    })
}

/// A rota as the page sees it.
pub fn rota_view(rota: &Rota) -> RotaView {
    RotaView {
        id: rota.id.0.clone(),
        name: rota.name.clone(),
        zone: rota.zone.name().to_owned(),
        calendar: rota.calendar.as_ref().map(|c| c.0.clone()),
        layers: rota.layers.iter().map(layer_view).collect(),
        required: rota.required.iter().map(Role::to_string).collect(),
        grace_minutes: rota
            .handover
            .map(|h| u32::try_from(h.grace_ms / 60_000).unwrap_or(u32::MAX)),
    }
}

/// A rota as the page wants it.
pub fn rota(view: RotaView) -> Result<Rota, ErrorView> {
    let layers: Result<_, ErrorView> = view.layers.into_iter().map(layer).collect();
    Ok(Rota {
        id: RotaId(view.id),
        name: view.name,
        zone: zone(&view.zone)?,
        calendar: some(view.calendar).map(CalendarId),
        layers: layers?,
        required: view.required.iter().map(|r| r.as_str().into()).collect(),
        handover: view.grace_minutes.map(|m| HandoverRules {
            grace_ms: i64::from(m) * 60_000,
        }),
    })
}

/// A person as the page sees it: contacts masked.
pub fn member_view(member: &Member) -> MemberView {
    MemberView {
        id: member.id.clone(),
        name: member.name.clone(),
        phone: member.phone.masked(),
        email: member.email.masked(),
        dingtalk: member.dingtalk.masked(),
        wecom: member.wecom.masked(),
        zone: member.zone.map(|z| z.name().to_owned()),
        roles: member.roles.iter().map(Role::to_string).collect(),
        teams: member.teams.clone(),
    }
}

/// An absence as the page sees it.
pub fn absence_view(absence: &Absence) -> AbsenceView {
    AbsenceView {
        id: absence.id.0,
        person: absence.person.clone(),
        from: absence.from as f64,
        until: absence.until as f64,
        stand_in: absence.stand_in.clone(),
        why: absence.why.clone(),
    }
}

/// An absence as the page wants it.
pub fn absence(view: AbsenceView) -> Absence {
    Absence {
        id: AbsenceId(view.id),
        person: view.person,
        from: ms(view.from),
        until: ms(view.until),
        stand_in: some(view.stand_in),
        why: view.why,
        ..Absence::default()
    }
}

/// A slot as the page sees it.
pub fn slot_view(slot: &Slot) -> SlotView {
    SlotView {
        rota: slot.rota.0.clone(),
        role: slot.role.to_string(),
        person: slot.person.clone(),
        from: slot.from as f64,
        until: slot.until as f64,
    }
}

/// A slot as the page wants it.
pub fn slot(view: SlotView) -> Slot {
    Slot {
        rota: RotaId(view.rota),
        role: view.role.as_str().into(),
        person: view.person,
        from: ms(view.from),
        until: ms(view.until),
    }
}

/// A calendar as the page sees it.
pub fn calendar_view(calendar: &Calendar) -> CalendarView {
    let usual = [6, 7];
    CalendarView {
        id: calendar.id.0.clone(),
        name: calendar.name.clone(),
        years: calendar.years.keys().copied().collect(),
        weekend: if calendar.weekend.is_empty() {
            usual.to_vec()
        } else {
            calendar.weekend.iter().copied().collect()
        },
    }
}

/// Weights as the page sees them.
pub fn weights_view(weights: Weights) -> WeightsView {
    WeightsView {
        night: weights.night,
        weekend: weights.weekend,
        holiday: weights.holiday,
        standby: weights.standby,
    }
}

/// Weights as the page wants them.
pub fn weights(view: WeightsView) -> Result<Weights, ErrorView> {
    let all = [
        ("night", view.night),
        ("weekend", view.weekend),
        ("holiday", view.holiday),
        ("standby", view.standby),
    ];
    for (field, weight) in all {
        if !(0.0..=100.0).contains(&weight) {
            return Err(super::edits::refuse("bad_number")
                .with("field", field)
                .with("least", 0)
                .with("most", 100));
        }
    }
    Ok(Weights {
        night: view.night,
        weekend: view.weekend,
        holiday: view.holiday,
        standby: view.standby,
    })
}

/// A load as the page sees it.
pub fn load_view(load: &Load, book: &Book) -> LoadView {
    LoadView {
        person: load.person.clone(),
        name: book.name_of(&load.person).to_owned(),
        hours: load.on_duty_ms as f64 / 3_600_000.0,
        nights: load.nights,
        weekends: load.weekends,
        holidays: load.holidays,
        score: load.score,
    }
}

/// A note as the page sees it.
pub fn note_view(note: &DutyNote, book: &Book, me: &PersonId) -> NoteView {
    NoteView {
        id: note.id.0,
        rota: note.rota.0.clone(),
        at: note.at as f64,
        by: book.name_of(&note.by).to_owned(),
        text: note.text.clone(),
        alerts: note.alerts.iter().map(|a| a.0).collect(),
        tags: note.tags.clone(),
        mine: note.by == *me,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rota_is_the_same_after_the_page_had_it() {
        let mut made = Rota::new("platform", "平台", chrono_tz::Asia::Shanghai);
        made.calendar = Some("cn".into());
        let first = NaiveDate::from_ymd_opt(2026, 11, 2).unwrap();
        made.layers = engine::rota::seed_layers(
            &["a".to_owned(), "b".to_owned()],
            &["c".to_owned()],
            first,
            engine::rota::SeedNames {
                workday: "工作日",
                night: "夜间",
                weekend: "周末",
                holiday: "节假日",
                manager: "主管",
            },
        );
        assert_eq!(rota(rota_view(&made)).unwrap(), made);
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let mut view = rota_view(&Rota::new("p", "p", chrono_tz::UTC));
        view.zone = "Mars/Olympus".into();
        let error = rota(view).unwrap_err();
        assert_eq!(error.params["field"], "zone");
        assert_eq!(error.params["text"], "Mars/Olympus");
        assert!(day("from", "2026-02-30").is_err());
    }
}

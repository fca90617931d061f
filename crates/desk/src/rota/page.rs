//! Everything the rota's page shows, put together from the book at one time.

use super::parts::{self, load_view, member_view, note_view, slot_view};
use super::words;
use chrono::{Datelike, Days, NaiveDate};
use engine::rota::wall;
use engine::rota::{coverage, fairness, missing_notices, next_on_duty, on_duty, schedule};
use model::duty::PersonId;
use model::rota::{
    Book, Calendar, Coverage, Handover, HandoverRules, HandoverState, OnDuty, PackAlert, Rota,
    RotaId, Shift, Swap, SwapState, WallTime, Weights,
};
use wire::{
    DayView, ErrorView, HandoverView, OnDutyView, PackAlertView, PackRuleView, PackSilenceView,
    ProblemView, RotaChangeView, RotaName, RotaPage, RotaQuery, ShiftView, SignatureView, SwapView,
};

/// Days of one page at most.
const MAX_DAYS: u32 = 100;
/// Problems of one page at most; further ones are beyond help on a screen.
const MAX_PROBLEMS: usize = 200;

/// A stretch of days in a rota's zone.
#[derive(Clone, Debug)]
pub struct Span {
    /// Its days, each with its begin and end, ms.
    pub days: Vec<(NaiveDate, i64, i64)>,
    /// Begin, ms.
    pub from: i64,
    /// End, ms.
    pub until: i64,
    /// What of it is counted, from, ms.
    pub counted_from: i64,
    /// And until.
    pub counted_until: i64,
}

/// What of the days shown is counted: a month is shown in whole weeks, and counted without the days of others.
fn counted(
    query: &RotaQuery,
    zone: chrono_tz::Tz,
    shown: (i64, i64),
) -> Result<(i64, i64), ErrorView> {
    let Some(text) = query.count_from.as_ref().filter(|t| !t.is_empty()) else {
        return Ok(shown);
    };
    let first = parts::day("count_from", text)?;
    let last = first.checked_add_days(Days::new(u64::from(
        query.count_days.clamp(1, MAX_DAYS) - 1,
    )));
    let begin = wall::instant(first, WallTime::default(), zone);
    let end = last.and_then(|day| wall::day_end(day, zone));
    Ok(begin.zip(end).unwrap_or(shown))
}

/// The rota that is asked for, and the stretch.
pub fn chosen<'a>(
    book: &'a Book,
    query: &RotaQuery,
    zone: chrono_tz::Tz,
    now: i64,
) -> Result<(Option<&'a Rota>, Span), ErrorView> {
    let wanted = query.rota.as_ref().map(|id| RotaId(id.clone()));
    let rota = match wanted {
        Some(id) => book.rotas.get(&id),
        None => book.rotas.values().next(),
    }
    .map(AsRef::as_ref);
    let zone = rota.map_or(zone, |r| r.zone);
    let today = wall::day_at(now, zone).unwrap_or_default();
    let first = match query.from.as_ref().filter(|t| !t.is_empty()) {
        Some(text) => parts::day("from", text)?,
        None => today.with_day(1).unwrap_or(today),
    };
    let count = query.days.clamp(1, MAX_DAYS);
    let mut days = Vec::new();
    for n in 0..count {
        let Some(day) = first.checked_add_days(Days::new(u64::from(n))) else {
            break;
        };
        let begin = wall::instant(day, WallTime::default(), zone);
        if let (Some(from), Some(until)) = (begin, wall::day_end(day, zone)) {
            days.push((day, from, until));
        }
    }
    let (from, until) = match (days.first(), days.last()) {
        (Some((_, from, _)), Some((_, _, until))) => (*from, *until),
        _ => (now, now),
    };
    let (counted_from, counted_until) = counted(query, zone, (from, until))?;
    Ok((
        rota,
        Span {
            days,
            from,
            until,
            counted_from,
            counted_until,
        },
    ))
}

/// Somebody on duty, as every window shows it.
pub fn on_duty_view(book: &Book, rota: &RotaId, duty: &OnDuty) -> OnDutyView {
    let next = next_on_duty(book, rota, &duty.role, duty.until.saturating_sub(1));
    OnDutyView {
        rota: rota.0.clone(),
        role: duty.role.to_string(),
        person: duty.person.clone(),
        name: book.name_of(&duty.person).to_owned(),
        from: duty.from as f64,
        until: duty.until as f64,
        why: words::reason(book, rota, &duty.reason),
        next: next
            .iter()
            .map(|d| book.name_of(&d.person).to_owned())
            .collect(),
    }
}

/// A shift of the calendar.
pub fn shift_view(book: &Book, rota: &Rota, shift: &Shift) -> ShiftView {
    let layer = shift.layer.and_then(|id| rota.layer(id));
    ShiftView {
        role: shift.role.to_string(),
        person: shift.person.clone(),
        name: book.name_of(&shift.person).to_owned(),
        from: shift.from as f64,
        until: shift.until as f64,
        by: words::reason_code(&shift.reason).to_owned(),
        why: words::reason(book, &rota.id, &shift.reason),
        r#override: match &shift.reason {
            model::rota::DutyReason::Override { id } => Some(id.0),
            _ => None,
        },
        layer: shift.layer.map(|l| l.0),
        layer_name: layer.map(|l| l.name.clone()),
        day: shift.day.map(|d| d.to_string()),
        instead_of: shift
            .instead_of
            .iter()
            .map(|p| book.name_of(p).to_owned())
            .collect(),
    }
}

/// Shifts of a stretch.
pub fn shifts(book: &Book, rota: &Rota, from: i64, until: i64) -> Vec<ShiftView> {
    let all = schedule(book, &rota.id, from, until);
    all.iter().map(|s| shift_view(book, rota, s)).collect()
}

/// What is wrong, in order of time.
pub fn problems(book: &Book, found: &Coverage) -> Vec<ProblemView> {
    let gaps = found.gaps.iter().map(|g| words::gap(book, &found.rota, g));
    let doubles = found.doubles.iter().map(|d| words::double(book, d));
    let others = found.conflicts.iter().map(|c| words::conflict(book, c));
    let mut all: Vec<ProblemView> = gaps.chain(doubles).chain(others).collect();
    all.sort_by(|a, b| a.from.total_cmp(&b.from));
    all.truncate(MAX_PROBLEMS);
    all
}

fn day_view(calendar: Option<&Calendar>, (date, from, until): &(NaiveDate, i64, i64)) -> DayView {
    let day = engine::rota::day(calendar, *date);
    DayView {
        date: date.to_string(),
        from: *from as f64,
        until: *until as f64,
        kind: parts::kind_name(day.kind).to_owned(),
        name: day.name,
        make_up: day.make_up,
        known: day.known,
    }
}

fn swap_view(book: &Book, swap: &Swap, me: &PersonId, now: i64) -> SwapView {
    let before = swap.begins() > now;
    let state = match swap.state {
        SwapState::Requested => "requested",
        SwapState::Accepted => "accepted",
        SwapState::Declined => "declined",
        SwapState::Withdrawn => "withdrawn",
    };
    let by = if swap.by.name.is_empty() {
        book.name_of(&swap.give.person)
    } else {
        &swap.by.name
    };
    let waits = swap.state == SwapState::Requested;
    SwapView {
        id: swap.id.0,
        state: state.to_owned(),
        give: slot_view(&swap.give),
        with: swap.with.clone(),
        take: swap.take.as_ref().map(slot_view),
        why: swap.why.clone(),
        by: by.to_owned(),
        at: swap.at as f64,
        answer: swap.answer.clone(),
        can_answer: before && waits && swap.with == *me,
        // What was agreed to is taken back by whoever agreed, by undoing.
        can_withdraw: before && waits && (swap.give.person == *me || swap.by.id == *me),
    }
}

fn touches(swap: &Swap, rota: &RotaId, span: &Span) -> bool {
    let here = |slot: &model::rota::Slot| {
        slot.rota == *rota && slot.from < span.until && slot.until > span.from
    };
    here(&swap.give) || swap.take.as_ref().is_some_and(here)
}

fn pack_alert(alert: &PackAlert) -> PackAlertView {
    PackAlertView {
        alert: alert.alert.0,
        title: if alert.summary.is_empty() {
            alert.name.clone()
        } else {
            alert.summary.clone()
        },
        level: alert.level.into(),
        since: alert.since as f64,
        by: alert.by.clone(),
        until: alert.until.map(|t| t as f64),
    }
}

fn state_name(state: HandoverState) -> &'static str {
    match state {
        HandoverState::Coming => "coming",
        HandoverState::Open => "open",
        HandoverState::Given => "given",
        HandoverState::Taken => "taken",
        HandoverState::Signed => "signed",
        HandoverState::Overdue => "overdue",
    }
}

/// A handover as the page shows it.
pub fn handover_view(
    book: &Book,
    rules: HandoverRules,
    handover: &Handover,
    me: &PersonId,
    now: i64,
) -> HandoverView {
    let names = |people: &[PersonId]| people.iter().map(|p| book.name_of(p).to_owned()).collect();
    let signature = |s: &model::rota::Signature| SignatureView {
        name: book.name_of(&s.by).to_owned(),
        at: s.at as f64,
    };
    let pack = &handover.pack;
    HandoverView {
        id: handover.id.0,
        rota: handover.rota.0.clone(),
        at: handover.at as f64,
        due: handover.at.saturating_add(rules.grace_ms) as f64,
        state: state_name(handover.state(rules, now)).to_owned(),
        from: names(&handover.from),
        to: names(&handover.to),
        made_at: pack.made_at as f64,
        open: pack.open.iter().map(pack_alert).collect(),
        open_count: pack.open_count,
        lapsing: pack.lapsing.iter().map(pack_alert).collect(),
        silences: pack
            .silences
            .iter()
            .map(|s| PackSilenceView {
                comment: s.comment.clone(),
                by: s.by.clone(),
                until: s.until as f64,
            })
            .collect(),
        noisy: pack
            .noisy
            .iter()
            .map(|r| PackRuleView {
                name: r.name.clone(),
                episodes: r.episodes,
                notices: r.notices,
            })
            .collect(),
        records: pack.notes.iter().map(|n| note_view(n, book, me)).collect(),
        notes: handover.notes.clone(),
        given: handover.given.as_ref().map(signature),
        taken: handover.taken.as_ref().map(signature),
        can_give: handover.given.is_none() && handover.from.contains(me),
        can_take: handover.taken.is_none() && handover.to.contains(me),
    }
}

/// The handover to show: the latest that has happened or comes within an hour.
pub fn current_handover<'a>(book: &'a Book, rota: &RotaId, now: i64) -> Option<&'a Handover> {
    let of = book.handovers.values().map(AsRef::as_ref);
    of.filter(|h: &&Handover| h.rota == *rota && h.at <= now + 3_600_000)
        .max_by_key(|h| (h.at, h.id))
}

/// What the page is made of besides the book.
pub struct Around<'a> {
    /// Who uses this desk.
    pub me: &'a PersonId,
    /// The desk's zone, where there is no rota yet.
    pub zone: chrono_tz::Tz,
    /// What makes this page different from others.
    pub revision: String,
    /// The handover with its pack as it is now.
    pub handover: Option<Handover>,
    /// The newest change that can be undone.
    pub undo: Option<RotaChangeView>,
}

/// The page.
pub fn page(
    book: &Book,
    query: &RotaQuery,
    around: Around<'_>,
    now: i64,
) -> Result<RotaPage, ErrorView> {
    let (rota, span) = chosen(book, query, around.zone, now)?;
    let calendar = rota
        .and_then(|r| r.calendar.as_ref())
        .and_then(|id| book.calendars.get(id))
        .map(AsRef::as_ref);
    let name = |id: &str, name: &str| RotaName {
        id: id.to_owned(),
        name: name.to_owned(),
    };
    let mut out = RotaPage {
        revision: around.revision,
        now: now as f64,
        rotas: book
            .rotas
            .values()
            .map(|r| name(&r.id.0, &r.name))
            .collect(),
        calendars: book
            .calendars
            .values()
            .map(|c| parts::calendar_view(c))
            .collect(),
        rota: rota.map(parts::rota_view),
        people: book.members.values().map(|m| member_view(m)).collect(),
        me: around.me.clone(),
        on_duty: Vec::new(),
        shifts: Vec::new(),
        days: span.days.iter().map(|d| day_view(calendar, d)).collect(),
        problems: Vec::new(),
        absences: Vec::new(),
        swaps: Vec::new(),
        loads: Vec::new(),
        counted_from: span.counted_from as f64,
        counted_until: span.counted_until as f64,
        weights: parts::weights_view(Weights::default()),
        spread: 0.0,
        handover: None,
        warnings: missing_notices(book, now)
            .iter()
            .map(|m| words::missing(book, m))
            .collect(),
        undo: around.undo,
    };
    let in_span = |from: i64, until: i64| from < span.until && until > span.from;
    let absences = book.absences.values();
    out.absences = absences
        .filter(|a| in_span(a.from, a.until))
        .map(|a| parts::absence_view(a))
        .collect();
    let Some(rota) = rota else {
        return Ok(out);
    };
    let on = on_duty(book, &rota.id, now);
    out.on_duty = on.iter().map(|d| on_duty_view(book, &rota.id, d)).collect();
    out.shifts = shifts(book, rota, span.from, span.until);
    out.problems = problems(book, &coverage(book, &rota.id, span.from, span.until));
    // What is over cannot be mended, and before the rota began there was none.
    out.problems.retain(|p| p.until > now as f64);
    let swaps = book.swaps.values();
    out.swaps = swaps
        .filter(|s| s.state == SwapState::Requested || touches(s, &rota.id, &span))
        .map(|s| swap_view(book, s, around.me, now))
        .collect();
    let (from, until) = (span.counted_from, span.counted_until);
    let fair = fairness(book, &rota.id, from, until, &Weights::default());
    out.loads = fair.people.iter().map(|l| load_view(l, book)).collect();
    out.spread = fair.spread;
    if let (Some(rules), Some(handover)) = (rota.handover, &around.handover) {
        out.handover = Some(handover_view(book, rules, handover, around.me, now));
    }
    Ok(out)
}

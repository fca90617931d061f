//! One layer's shifts: on which days they begin, from when to when, and whose turn it is.

use super::days::{kind_of, weekday};
use super::wall;
use chrono::{Days, NaiveDate};
use chrono_tz::Tz;
use model::duty::PersonId;
use model::rota::{Book, Cadence, Calendar, DayKind, Layer, Rota, Rotation, ShiftRule};

/// Layers begin at most so many days back: two hundred years. Edits allow less; a damaged database must not stop the program.
const MOST_DAYS: usize = 73_050;

/// A stretch of one shift with one turn. Those of one layer are in order and do not overlap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Occurrence<'a> {
    /// From, ms.
    pub from: i64,
    /// Until, ms.
    pub until: i64,
    /// The day on which the shift begins.
    pub day: NaiveDate,
    /// Its kind.
    pub kind: DayKind,
    /// The holiday's name, if the day has one.
    pub name: Option<&'a str>,
    /// Whose turn it is; may be nobody.
    pub people: &'a [PersonId],
}

/// Where a layer's times and days come from.
pub(super) struct Setting<'a> {
    pub zone: Tz,
    pub calendar: Option<&'a Calendar>,
}

impl<'a> Setting<'a> {
    pub fn of(book: &'a Book, rota: &Rota, layer: &Layer) -> Self {
        let id = layer.calendar.as_ref().or(rota.calendar.as_ref());
        Self {
            zone: layer.zone.unwrap_or(rota.zone),
            calendar: id.and_then(|id| book.calendars.get(id)).map(AsRef::as_ref),
        }
    }
}

/// A layer's shifts that touch the stretch, not cut by it.
pub(super) fn occurrences<'a>(
    layer: &'a Layer,
    setting: &Setting<'a>,
    from: i64,
    until: i64,
) -> Vec<Occurrence<'a>> {
    let mut out = Vec::new();
    let zone = setting.zone;
    let (Some(today), Some(last)) = (wall::day_at(from, zone), wall::day_at(until, zone)) else {
        return out;
    };
    // A shift lasts a day and a changed clock at most.
    let first = today.checked_sub_days(Days::new(2)).unwrap_or(today);
    let last = layer.last_day.map_or(last, |end| end.min(last));
    let first = first.max(layer.first_day);
    let mut count = shifts_before(layer, setting, first);
    let mut next = Some(first);
    while let Some(day) = next.filter(|d| *d <= last) {
        next = wall::next(day);
        let (kind, name) = kind_of(setting.calendar, day);
        if !begins(&layer.rule, day, kind) {
            continue;
        }
        let index = count;
        count += 1;
        let Some((start, end)) = stretch(&layer.rule, day, zone) else {
            continue;
        };
        if end <= from || start >= until {
            continue;
        }
        let whole = Occurrence {
            from: start,
            until: end,
            day,
            kind,
            name,
            people: &[],
        };
        divide(layer, zone, whole, index, &mut out);
    }
    out
}

/// Whether a shift begins on a day.
pub(super) fn begins(rule: &ShiftRule, day: NaiveDate, kind: DayKind) -> bool {
    (rule.kinds.is_empty() || rule.kinds.contains(&kind))
        && (rule.weekdays.is_empty() || rule.weekdays.contains(&weekday(day)))
}

/// From when to when the shift that begins on `day` lasts; `None` if the clock leaves nothing of it.
pub(super) fn stretch(rule: &ShiftRule, day: NaiveDate, zone: Tz) -> Option<(i64, i64)> {
    let last = if rule.to <= rule.from {
        wall::next(day)?
    } else {
        day
    };
    let from = wall::instant(day, rule.from, zone)?;
    let until = wall::instant(last, rule.to, zone)?;
    (from < until).then_some((from, until))
}

/// How many shifts the layer had before `first`, where turns go by shifts.
fn shifts_before(layer: &Layer, setting: &Setting<'_>, first: NaiveDate) -> usize {
    let by_shifts = matches!(
        &layer.rotation,
        Rotation::Turns {
            cadence: Cadence::Shifts { .. },
            ..
        }
    );
    if !by_shifts {
        return 0;
    }
    layer
        .first_day
        .iter_days()
        .take(MOST_DAYS)
        .take_while(|day| *day < first)
        .filter(|day| begins(&layer.rule, *day, kind_of(setting.calendar, *day).0))
        .count()
}

/// Gives the shift its people, cut where the turn changes within it.
fn divide<'a>(
    layer: &'a Layer,
    zone: Tz,
    whole: Occurrence<'a>,
    index: usize,
    out: &mut Vec<Occurrence<'a>>,
) {
    let by_day = !matches!(
        &layer.rotation,
        Rotation::Planned { .. }
            | Rotation::Turns {
                cadence: Cadence::Shifts { .. },
                ..
            }
    );
    let handoff = layer.handoff.filter(|at| by_day && *at != layer.rule.from);
    let Some(handoff) = handoff else {
        if let Some(people) = turn(layer, whole.day, index) {
            out.push(Occurrence { people, ..whole });
        }
        return;
    };
    let mut start = whole.from;
    let mut turn_day = wall::previous(whole.day).unwrap_or(whole.day);
    let mut cut_day = Some(whole.day);
    let began = out.len();
    while start < whole.until {
        let cut = cut_day.and_then(|d| wall::instant(d, handoff, zone));
        let end = cut.unwrap_or(whole.until).clamp(start, whole.until);
        let people = turn(layer, turn_day, index).unwrap_or(&[]);
        if end > start {
            match out.get_mut(began..).and_then(<[_]>::last_mut) {
                Some(former) if former.people == people => former.until = end,
                _ => out.push(Occurrence {
                    from: start,
                    until: end,
                    people,
                    ..whole
                }),
            }
        }
        start = end;
        let Some(day) = cut_day else { break };
        turn_day = day;
        cut_day = wall::next(day);
    }
}

/// Whose turn it is; `None`: the layer does not apply. Before the layer's first day it is the first turn's.
fn turn(layer: &Layer, day: NaiveDate, index: usize) -> Option<&[PersonId]> {
    let since = |start: NaiveDate| (day - start).num_days().max(0) as usize;
    let (turns, cadence) = match &layer.rotation {
        Rotation::Planned { days } => return days.get(&day).map(Vec::as_slice),
        Rotation::Weekdays { people } => {
            return Some(people.get(&weekday(day)).map_or(&[], Vec::as_slice));
        }
        Rotation::Turns { turns, cadence } => (turns, cadence),
    };
    let number = match cadence {
        Cadence::Days { days } => since(layer.first_day) / usize::from(*days).max(1),
        Cadence::Weeks { weeks, weekday: at } => {
            let back = (7 + weekday(layer.first_day) - (*at).clamp(1, 7)) % 7;
            let anchor = layer.first_day.checked_sub_days(Days::new(back.into()));
            since(anchor.unwrap_or(layer.first_day)) / 7 / usize::from(*weeks).max(1)
        }
        Cadence::Shifts { shifts } => index / usize::from(*shifts).max(1),
        Cadence::Cycle { days } => in_cycle(days, since(layer.first_day)),
    };
    let number = number.checked_rem(turns.len()).unwrap_or(0);
    Some(turns.get(number).map_or(&[], Vec::as_slice))
}

/// Which turn of a cycle of its own has the day so many days after its begin.
fn in_cycle(days: &[u16], since: usize) -> usize {
    let length = days.iter().map(|d| usize::from(*d)).sum();
    let mut left = since.checked_rem(length).unwrap_or(0);
    for (number, days) in days.iter().enumerate() {
        match left.checked_sub(usize::from(*days)) {
            Some(rest) => left = rest,
            None => return number,
        }
    }
    0
}

//! Duty as a calendar to subscribe to.

use chrono::{DateTime, TimeDelta, Utc};
use icalendar::{Calendar, Component, Event, EventLike, Property};
use model::rota::{Book, DutyReason, Role, RotaId, Shift};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write;

/// What a calendar of duty is made with.
pub struct Feed<'a> {
    /// The calendar's name, as programs list it: 值班 · 张三.
    pub name: &'a str,
    /// When what is in it was last changed, ms: stands in each event (DTSTAMP), so that an unchanged calendar is the same file byte for byte.
    pub changed_at: i64,
    /// How a role is called in titles and categories: 主值.
    pub role: &'a dyn Fn(&Role) -> String,
    /// A sentence on why somebody has the shift, for the event's text; may be empty.
    pub why: &'a dyn Fn(&Shift) -> String,
}

/// How often programs should ask anew. Many ask more rarely all the same.
const REFRESH_MINUTES: i64 = 15;
/// Characters of any text.
const MAX_TEXT: usize = 500;

/// Writes resolved shifts as a calendar (RFC 5545; times in UTC, lines folded at 75 octets). For a rota, all of its shifts; for a person, those of the
/// person in every rota. It names people, and has none of their telephone numbers or addresses.
///
/// An event keeps its UID as long as the same person has the same shift, wherever the asked stretch of time begins and ends. What
/// [`crate::overrides_from_ical`] needs to read the calendar back exactly stands in properties of our own (`X-SHOUWANG-ROTA`, `-ROLE`, `-PERSON`).
pub fn feed<'a>(
    book: &Book,
    shifts: impl IntoIterator<Item = (&'a RotaId, &'a Shift)>,
    feed: &Feed,
) -> String {
    let mut calendar = Calendar::empty();
    for (key, value) in [
        ("VERSION", "2.0"),
        ("PRODID", "-//Shouwang//Rota//ZH"),
        ("CALSCALE", "GREGORIAN"),
        ("METHOD", "PUBLISH"),
    ] {
        calendar.append_property(Property::new(key, value));
    }
    calendar.append_property(Property::new("X-WR-CALNAME", clean(feed.name)));
    calendar.ttl(&TimeDelta::minutes(REFRESH_MINUTES));
    let mut shifts: Vec<_> = shifts.into_iter().collect();
    shifts.sort_by_key(|(rota, s)| (s.from, *rota, &s.role, &s.person, s.until));
    let mut pieces: BTreeMap<String, u32> = BTreeMap::new();
    for (rota, shift) in shifts {
        let key = key(rota, shift);
        let piece = pieces.entry(key.clone()).or_default();
        calendar.push(event(book, rota, shift, feed, &uid(&key, *piece)));
        *piece += 1;
    }
    folded(&calendar.to_string())
}

/// Octets of a line, without its end (RFC 5545, 3.1).
const LINE: usize = 75;

/// Folds every line anew, between characters: the crate makes lines of 76 octets of some.
fn folded(calendar: &str) -> String {
    let whole = calendar.replace("\r\n ", "");
    let mut out = String::with_capacity(calendar.len());
    for line in whole.split_terminator("\r\n") {
        let mut length = 0;
        for c in line.chars() {
            if length + c.len_utf8() > LINE {
                out.push_str("\r\n ");
                length = 1;
            }
            out.push(c);
            length += c.len_utf8();
        }
        out.push_str("\r\n");
    }
    out
}

fn event(book: &Book, rota: &RotaId, shift: &Shift, feed: &Feed, uid: &str) -> Event {
    let role = clean(&(feed.role)(&shift.role));
    let name = clean(book.name_of(&shift.person));
    let rota_name = match book.rotas.get(rota) {
        Some(r) if !r.name.trim().is_empty() => clean(&r.name),
        _ => clean(&rota.0),
    };
    let mut event = Event::with_uid(uid);
    event
        .summary(&format!("{role} {name} · {rota_name}"))
        .timestamp(utc(feed.changed_at))
        .starts(utc(shift.from))
        .ends(utc(shift.until))
        .add_property("STATUS", "CONFIRMED")
        // who is on duty can have other appointments
        .add_property("TRANSP", "TRANSPARENT")
        .add_property("CATEGORIES", escaped_item(&role))
        .add_property("X-SHOUWANG-ROTA", clean(&rota.0))
        .add_property("X-SHOUWANG-ROLE", clean(shift.role.as_str()))
        .add_property("X-SHOUWANG-PERSON", clean(&shift.person));
    let why = clean(&(feed.why)(shift));
    if !why.is_empty() {
        event.description(&why);
    }
    event.done()
}

/// An instant; one that no calendar has becomes the beginning of 1970, which is seen.
fn utc(at: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(at).unwrap_or_default()
}

/// What an event is about, independent of where the asked stretch cuts it.
fn key(rota: &RotaId, shift: &Shift) -> String {
    let source = match (shift.layer, shift.day, &shift.reason) {
        (Some(layer), Some(day), _) => format!("layer {layer} {day}"),
        (_, _, DutyReason::Override { id }) => format!("override {id}"),
        _ => format!("at {}", shift.from),
    };
    let role = shift.role.as_str();
    // lengths, so that no two different things give the same text
    let mut key = String::new();
    for part in [
        rota.0.as_str(),
        role,
        shift.person.as_str(),
        source.as_str(),
    ] {
        let _ = write!(key, "{}:{part}", part.len()); // a String takes everything
    }
    key
}

fn uid(key: &str, piece: u32) -> String {
    let hash = Sha256::digest(format!("{key} {piece}").as_bytes());
    let mut uid = String::new();
    for byte in hash.iter().take(16) {
        let _ = write!(uid, "{byte:02x}"); // a String takes everything
    }
    uid + "@shouwang"
}

/// Bounded, and without control characters: the format knows only the line break, and only as an escape.
fn clean(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut clean: String = text
        .trim()
        .chars()
        .filter(|c| *c == '\n' || !c.is_control())
        .take(MAX_TEXT)
        .collect();
    if text.trim().chars().nth(MAX_TEXT).is_some() {
        clean.push('…');
    }
    clean
}

/// An item of a list of texts; the crate escapes texts, but not lists of them. A comma becomes the full-width one: many programs divide a list
/// also at a comma with a backslash.
fn escaped_item(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '\\' | ';' => out.extend(['\\', c]),
            ',' => out.push('，'),
            '\n' => out.push_str("\\n"),
            c => out.push(c),
        }
    }
    out
}

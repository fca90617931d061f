//! People, the handbook's rota, and moments by the wall clock.

use chrono::{NaiveDate, TimeZone};
use chrono_tz::{Asia::Shanghai, Tz};
use engine::rota::{Refusal, SeedNames, apply, holders, holidays, seed_layers};
use model::duty::{Actor, Via};
use model::rota::{
    Book, DayKind, Edit, Layer, Member, Role, Rota, RotaChange, RotaId, Rotation, ShiftRule, Slot,
    WallTime,
};
use std::sync::Arc;

pub const HOUR: i64 = 3_600_000;
pub const DAY: i64 = 24 * HOUR;
pub const NAMES: SeedNames<'_> = SeedNames {
    workday: "工作日",
    night: "夜间",
    weekend: "周末",
    holiday: "节假日",
    manager: "主管",
};

pub fn date(y: i32, m: u32, d: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(y, m, d).unwrap()
}

/// A moment by a zone's clock that shows this time once.
pub fn ms(zone: Tz, y: i32, mo: u32, d: u32, h: u32, mi: u32) -> i64 {
    let t = zone.with_ymd_and_hms(y, mo, d, h, mi, 0).unwrap();
    t.timestamp_millis()
}

/// A moment of 2026 in Shanghai.
pub fn at(mo: u32, d: u32, h: u32) -> i64 {
    ms(Shanghai, 2026, mo, d, h, 0)
}

pub fn who(id: &str) -> Actor {
    Actor {
        id: id.into(),
        name: id.into(),
        via: Via::Desk,
    }
}

pub fn platform() -> RotaId {
    "platform".into()
}

/// A book with these people and China's calendar.
pub fn people(ids: &[&str]) -> Book {
    let mut book = Book::default();
    for id in ids {
        let member = Member {
            id: (*id).into(),
            name: format!("{id} 先生"),
            ..Member::default()
        };
        book.members.insert(member.id.clone(), Arc::new(member));
    }
    let calendar = holidays::china("中国法定节假日");
    book.calendars
        .insert(calendar.id.clone(), Arc::new(calendar));
    book
}

/// The handbook's rota, since 1 December 2024, with a manager `boss`.
pub fn handbook(ids: &[&str]) -> Book {
    let mut book = people(ids);
    let boss = Member {
        id: "boss".into(),
        name: "主管".into(),
        roles: vec![Role::Manager],
        ..Member::default()
    };
    book.members.insert(boss.id.clone(), Arc::new(boss));
    let mut rota = Rota::new("platform", "平台值班", Shanghai);
    rota.calendar = Some(holidays::CHINA.into());
    let ids: Vec<String> = ids.iter().map(|s| (*s).to_string()).collect();
    rota.layers = seed_layers(&ids, &["boss".into()], date(2024, 12, 1), NAMES);
    done(&book, Edit::PutRota(rota), "boss", 0).0
}

/// A rota of one layer by itself.
pub fn one_layer(ids: &[&str], layer: Layer) -> Book {
    let mut rota = Rota::new("platform", "平台值班", Shanghai);
    rota.calendar = Some(holidays::CHINA.into());
    rota.layers = vec![layer];
    done(&people(ids), Edit::PutRota(rota), "a", 0).0
}

pub fn turns(rule: ShiftRule, ids: &[&str], cadence: model::rota::Cadence) -> Layer {
    Layer {
        name: "班".into(),
        role: Role::Primary,
        rule,
        rotation: Rotation::Turns {
            turns: ids.iter().map(|p| vec![(*p).to_string()]).collect(),
            cadence,
        },
        first_day: date(2025, 1, 6),
        ..Layer::default()
    }
}

pub fn workdays(from: u16, to: u16) -> ShiftRule {
    ShiftRule::on(DayKind::Workday, WallTime::hour(from), WallTime::hour(to))
}

pub fn done(book: &Book, edit: Edit, by: &str, now: i64) -> (Book, RotaChange) {
    match apply(book, edit, &who(by), now) {
        Ok(done) => done,
        Err(refusal) => panic!("refused: {refusal}"),
    }
}

pub fn refused(book: &Book, edit: Edit, by: &str, now: i64) -> Refusal {
    match apply(book, edit, &who(by), now) {
        Ok((_, change)) => panic!("done: {change:?}"),
        Err(refusal) => refusal,
    }
}

pub fn primary(book: &Book, t: i64) -> Vec<String> {
    holders(book, &platform(), &Role::Primary, t)
}

pub fn slot(person: &str, from: i64, until: i64) -> Slot {
    Slot {
        rota: platform(),
        role: Role::Primary,
        person: person.into(),
        from,
        until,
    }
}

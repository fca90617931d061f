//! What the rota's decisions cost, a line of JSON for each: `cargo run --release -p engine --example rota_bench`.

use chrono::{Datelike, NaiveDate, TimeZone};
use chrono_tz::Asia::Shanghai;
use engine::rota::{
    PlanRules, SeedNames, coverage, fairness, holidays, next_change, on_duty, pages_for, plan,
    preview, schedule, seed_layers,
};
use model::duty::Actor;
use model::rota::{
    Absence, AbsenceId, Book, Edit, LayerId, Member, Override, OverrideId, Role, Rota, RotaId,
    Slot, Swap, SwapId, SwapState, Weights,
};
use std::sync::Arc;
use std::time::Instant;

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
const NAMES: SeedNames<'_> = SeedNames {
    workday: "工作日",
    night: "夜间",
    weekend: "周末",
    holiday: "节假日",
    manager: "主管",
};

fn date(y: i32, m: u32, d: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(y, m, d).unwrap_or_default()
}

fn moment(day: NaiveDate) -> i64 {
    let t = Shanghai.with_ymd_and_hms(day.year(), day.month(), day.day(), 9, 0, 0);
    t.earliest().map_or(0, |t| t.timestamp_millis())
}

/// So many people in so many layers (of the handbook's four shifts as primary, then as secondary), with a year of absences, overrides and
/// swaps.
fn book(people: usize, layers: usize, decisions: i64) -> Book {
    let mut book = Book::default();
    let ids: Vec<String> = (0..people).map(|n| format!("person{n:02}")).collect();
    for id in &ids {
        let member = Member {
            id: id.clone(),
            name: id.clone(),
            ..Member::default()
        };
        book.members.insert(id.clone(), Arc::new(member));
    }
    let calendar = holidays::china("中国");
    book.calendars
        .insert(calendar.id.clone(), Arc::new(calendar));
    let mut rota = Rota::new("platform", "平台值班", Shanghai);
    rota.calendar = Some(holidays::CHINA.into());
    rota.layers = seed_layers(&ids, &[], date(2025, 1, 1), NAMES);
    rota.layers.truncate(layers);
    for (n, layer) in (1..).zip(&mut rota.layers) {
        layer.id = LayerId(n);
    }
    book.rotas.insert(rota.id.clone(), Arc::new(rota));
    let start = moment(date(2026, 1, 1));
    let person = |n: i64| ids.get(n as usize % ids.len()).cloned().unwrap_or_default();
    for n in 0..decisions {
        let from = start + (n * 37 % 365) * DAY;
        let (absence, put, swap) = (AbsenceId(n), OverrideId(10_000 + n), SwapId(20_000 + n));
        let away = Absence {
            id: absence,
            person: person(n * 7),
            from,
            until: from + 3 * DAY,
            ..Absence::default()
        };
        book.absences.insert(absence, Arc::new(away));
        let over = Override {
            id: put,
            rota: RotaId::from("platform"),
            person: person(n * 11),
            from: from + DAY,
            until: from + DAY + 9 * HOUR,
            at: n,
            ..Override::default()
        };
        book.overrides.insert(put, Arc::new(over));
        let give = Slot {
            rota: RotaId::from("platform"),
            role: Role::Primary,
            person: person(n),
            from,
            until: from + DAY,
        };
        let swapped = Swap {
            id: swap,
            give,
            with: person(n + 1),
            state: SwapState::Accepted,
            decided_at: Some(n),
            ..Swap::default()
        };
        book.swaps.insert(swap, Arc::new(swapped));
    }
    book
}

/// The fastest and the middle of so many runs, ms.
#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn timed<T>(what: &str, runs: usize, mut run: impl FnMut() -> T) {
    let mut times: Vec<f64> = (0..runs)
        .map(|_| {
            let start = Instant::now();
            std::hint::black_box(run());
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    let middle = times.get(runs / 2).copied().unwrap_or_default();
    println!("{{\"{what}_ms\":{middle:.4}}}");
}

fn main() {
    let rota: RotaId = "platform".into();
    let (from, until) = (moment(date(2026, 1, 1)), moment(date(2027, 1, 1)));
    let t = moment(date(2026, 11, 21));
    let plain = book(50, 6, 0);
    let full = book(50, 6, 200);
    timed("coverage_year_50_people_6_layers", 101, || {
        coverage(&plain, &rota, from, until)
    });
    timed("coverage_year_with_600_decisions", 101, || {
        coverage(&full, &rota, from, until)
    });
    timed("schedule_month", 101, || {
        schedule(&full, &rota, t, t + 31 * DAY)
    });
    timed("on_duty", 101, || on_duty(&full, &rota, t));
    timed("pages_for", 101, || {
        pages_for(&full, &rota, &Role::Primary, t)
    });
    timed("next_change", 101, || next_change(&full, &rota, t));
    timed("fairness_year", 21, || {
        fairness(&full, &rota, from, until, &Weights::default())
    });
    let edit = Edit::PutOverride(Override {
        rota: rota.clone(),
        person: "person07".into(),
        from: t,
        until: t + 9 * HOUR,
        ..Override::default()
    });
    timed("preview_quarter", 21, || {
        let by = Actor::default();
        preview(&full, edit.clone(), &by, t, t, t + 91 * DAY)
    });
    for (people, layers) in [(20, 8), (50, 6)] {
        let book = book(people, layers, 40);
        let rules = PlanRules::default();
        let what = format!("plan_quarter_{people}_people_{layers}_layers");
        timed(&what, 5, || {
            let (first, last) = (date(2026, 10, 1), date(2027, 1, 1));
            plan(&book, &rota, first, last, &rules, 7)
        });
        if let Ok(made) = plan(&book, &rota, date(2026, 10, 1), date(2027, 1, 1), &rules, 7) {
            println!(
                "{{\"{what}\":{{\"deviation_before\":{:.2},\"deviation_after\":{:.2},\"strained\":{},\"unfilled\":{}}}}}",
                made.total_before.deviation,
                made.total_after.deviation,
                made.strained.len(),
                made.unfilled.len()
            );
        }
    }
}

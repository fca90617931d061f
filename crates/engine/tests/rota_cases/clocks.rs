//! Summer time: shifts go by the wall clock, and on the days of change there is neither a hole nor a doubled hour.

use super::world::*;
use chrono_tz::America::New_York;
use chrono_tz::Asia::Shanghai;
use chrono_tz::Australia::Lord_Howe;
use chrono_tz::Europe::Berlin;
use chrono_tz::Tz;
use engine::rota::{coverage, schedule};
use model::rota::{Book, Cadence, Edit, Layer, Role, Rota, ShiftRule, WallTime};

fn rota(zone: Tz, layers: Vec<Layer>) -> Book {
    let mut rota = Rota::new("platform", "平台", zone);
    rota.layers = layers;
    done(&people(&["a", "b", "c"]), Edit::PutRota(rota), "a", 0).0
}

fn rule(from: (u16, u16), to: (u16, u16)) -> ShiftRule {
    ShiftRule {
        from: WallTime::new(from.0, from.1).unwrap(),
        to: WallTime::new(to.0, to.1).unwrap(),
        ..ShiftRule::default()
    }
}

/// Three shifts, of which one begins in the middle of the hour that is left out or comes twice.
fn three(zone: Tz) -> Book {
    let day = Cadence::Days { days: 1 };
    let layers = [
        (rule((2, 30), (9, 0)), ["a", "b"]),
        (rule((9, 0), (18, 0)), ["b", "c"]),
        (rule((18, 0), (2, 30)), ["c", "a"]),
    ];
    let layer = |(rule, people): (ShiftRule, [&str; 2])| turns(rule, &people, day.clone());
    rota(zone, layers.into_iter().map(layer).collect())
}

#[test]
fn no_hole_and_no_double_hour_in_three_years_of_any_zone() {
    for zone in [Berlin, New_York, Lord_Howe, Shanghai] {
        let book = three(zone);
        let from = ms(zone, 2025, 1, 7, 0, 0);
        let until = ms(zone, 2028, 1, 1, 0, 0);
        let found = coverage(&book, &platform(), from, until);
        assert!(found.is_clean(), "{zone}: {:?}", found.gaps);
        let shifts = schedule(&book, &platform(), from, until);
        for pair in shifts.windows(2) {
            assert_eq!(pair[0].until, pair[1].from, "{zone} {pair:?}");
        }
    }
}

#[test]
fn a_shift_keeps_its_wall_clock_times_when_the_clock_changes() {
    for (zone, day, night) in [
        // Spring: the night is an hour shorter. Autumn: an hour longer. On Lord Howe half an hour.
        (Berlin, (2026, 3, 28), 2 * 15 - 2),
        (Berlin, (2026, 10, 24), 2 * 15 + 2),
        (New_York, (2026, 3, 7), 2 * 15 - 2),
        (New_York, (2026, 10, 31), 2 * 15 + 2),
        (Lord_Howe, (2026, 10, 3), 2 * 15 - 1),
        (Lord_Howe, (2026, 4, 4), 2 * 15 + 1),
        (Shanghai, (2026, 3, 28), 2 * 15),
    ] {
        let layer = turns(rule((18, 0), (9, 0)), &["a"], Cadence::Days { days: 1 });
        let book = rota(zone, vec![layer]);
        let evening = ms(zone, day.0, day.1, day.2, 18, 0);
        let found = schedule(&book, &platform(), evening, evening + 20 * HOUR);
        assert_eq!(found[0].from, evening);
        assert_eq!(found[0].until - evening, night * HOUR / 2, "{zone} {day:?}");
    }
}

#[test]
fn a_shift_that_begins_in_the_left_out_hour_begins_when_the_clock_changes() {
    let book = three(Berlin);
    let change = ms(Berlin, 2026, 3, 29, 3, 0);
    let found = schedule(&book, &platform(), change - HOUR, change + HOUR);
    let begins: Vec<i64> = found.iter().map(|s| s.from).collect();
    assert_eq!(begins, [change - HOUR, change]);
    // In autumn half past two comes twice: the first counts.
    let first = ms(Berlin, 2026, 10, 25, 1, 0) + 3 * HOUR / 2;
    let found = schedule(&book, &platform(), first - HOUR, first + HOUR);
    assert_eq!(found[1].from, first);
}

#[test]
fn following_the_sun_tells_the_hour_that_summer_time_tears_open() {
    // Shanghai 09–17, Berlin 09–17, New York 09–17 and Shanghai's early shift: written for winter.
    let day = Cadence::Days { days: 1 };
    let of = |zone, from, to, person| Layer {
        zone: Some(zone),
        role: Role::Primary,
        ..turns(rule((from, 0), (to, 0)), &[person], day.clone())
    };
    let layers = vec![
        of(Shanghai, 6, 16, "a"),
        of(Berlin, 9, 16, "b"),
        of(New_York, 10, 17, "c"),
    ];
    let book = rota(Shanghai, layers);
    let winter = coverage(&book, &platform(), at(1, 10, 0), at(1, 20, 0));
    assert!(winter.is_clean(), "{winter:?}");
    // In summer Berlin begins an hour earlier by Shanghai's clock, and New York ends an hour before Shanghai begins.
    let summer = coverage(&book, &platform(), at(7, 10, 0), at(7, 11, 0));
    let gaps: Vec<(i64, i64)> = summer.gaps.iter().map(|g| (g.from, g.until)).collect();
    assert_eq!(gaps, [(at(7, 10, 5), at(7, 10, 6))]);
    assert!(summer.doubles.is_empty());
}

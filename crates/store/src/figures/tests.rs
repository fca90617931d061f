use super::tally::spread;
use super::*;

const MONDAY: i64 = 1_772_409_600_000; // 2026-03-02 00:00 UTC

fn episode(level: u8, first_seen: i64) -> Episode {
    Episode {
        name: "R".to_owned(),
        level,
        first_seen,
        begins_at: first_seen,
        responded_at: None,
        resolved_at: None,
        quieted: false,
    }
}

fn add(episodes: &[Episode], zone: Tz, now: i64) -> Figures {
    let targets = Targets::default();
    let mut adding = Adding {
        zone,
        targets: &targets,
        now,
        weeks: BTreeMap::new(),
        total: Counting::default(),
        undated: 0,
    };
    for e in episodes {
        adding.episode(e);
    }
    adding.finish()
}

#[test]
fn spreads_by_hand() {
    assert_eq!(spread(vec![]), Spread::default());
    let of = |times: Vec<i64>| {
        let s = spread(times);
        (s.count, s.mean, s.median, s.p95)
    };
    assert_eq!(of(vec![7]), (1, Some(7), Some(7), Some(7)));
    assert_eq!(of(vec![4, 1]), (2, Some(2), Some(2), Some(4)));
    let hundred: Vec<i64> = (1..=100).rev().collect();
    assert_eq!(of(hundred), (100, Some(50), Some(50), Some(95)));
    let twenty: Vec<i64> = (1..=20).collect();
    assert_eq!(of(twenty).3, Some(19)); // 19 of 20 are 95 %
    let huge = vec![i64::MAX, i64::MAX];
    assert_eq!(
        of(huge),
        (2, Some(i64::MAX), Some(i64::MAX), Some(i64::MAX))
    );
}

#[test]
fn weeks_are_those_of_the_zone() {
    // Sunday 23:30 in London is Monday 07:30 in Shanghai
    let sunday = MONDAY - HOUR / 2;
    let figures = add(&[episode(0, sunday)], chrono_tz::Europe::London, MONDAY);
    let week = &figures.weeks[0];
    assert_eq!(
        (week.year, week.week, week.start),
        (2026, 9, MONDAY - 7 * 24 * HOUR)
    );
    let figures = add(&[episode(0, sunday)], chrono_tz::Asia::Shanghai, MONDAY);
    let week = &figures.weeks[0];
    assert_eq!(
        (week.year, week.week, week.start),
        (2026, 10, MONDAY - 8 * HOUR)
    );
    // ISO: 2027-01-01 is a Friday of 2026's week 53
    let new_year = 1_798_761_600_000;
    let figures = add(&[episode(0, new_year)], chrono_tz::UTC, new_year);
    assert_eq!((figures.weeks[0].year, figures.weeks[0].week), (2026, 53));
}

#[test]
fn quiet_weeks_between_are_shown_and_impossible_times_are_told() {
    let week = 7 * 24 * HOUR;
    let episodes = [
        episode(0, MONDAY),
        episode(1, MONDAY + 3 * week),
        episode(2, i64::MAX),
    ];
    let figures = add(&episodes, chrono_tz::UTC, MONDAY);
    let fired: Vec<_> = figures.weeks.iter().map(|w| w.tally.fired).collect();
    assert_eq!(fired, [1, 0, 0, 1]);
    assert_eq!((figures.total.fired, figures.undated), (2, 1));
}

#[test]
fn midnight_that_does_not_exist_begins_an_hour_later() {
    // clocks in Beirut went from Sunday 2026-03-29 00:00 to 01:00
    let day = NaiveDate::from_ymd_opt(2026, 3, 29).unwrap();
    assert_eq!(begins(day, chrono_tz::Asia::Beirut), 1_774_735_200_000);
}

#[test]
fn times_count_from_the_later_of_start_and_first_hearing() {
    let mut e = episode(0, MONDAY);
    e.begins_at = MONDAY + MINUTE;
    e.responded_at = Some(MONDAY + 3 * MINUTE);
    e.resolved_at = Some(MONDAY); // a clock that was set back
    let total = add(&[e], chrono_tz::UTC, MONDAY).total;
    assert_eq!(total.response.mean, Some(2 * MINUTE));
    assert_eq!(total.resolution.mean, Some(0));
}

#[test]
fn every_episode_is_counted_once_in_each_promise() {
    let at = |m: i64| Some(MONDAY + m * MINUTE);
    let with = |responded, resolved, quieted| Episode {
        responded_at: responded,
        resolved_at: resolved,
        quieted,
        ..episode(0, MONDAY)
    };
    let mut late = with(at(5), at(30), false);
    late.responded_at = late.responded_at.map(|t| t + 1);
    late.resolved_at = late.resolved_at.map(|t| t + 1);
    let episodes = [
        with(at(5), at(30), false), // both to the very millisecond
        late,
        with(None, at(5), false), // gone by itself in time
        with(None, at(6), false), // gone by itself, but somebody should have had it
        with(None, None, true),   // in a maintenance window
        with(at(1), None, true),  // the same, and taken all the same
        with(None, None, false),  // open
        episode(3, MONDAY),       // of P3 no resolution is promised
    ];
    let total = add(&episodes, chrono_tz::UTC, MONDAY + 4 * MINUTE).total;
    let response = total.response_target;
    assert_eq!((response.met, response.missed, response.pending), (2, 2, 2));
    assert_eq!(
        (response.not_needed, response.quieted, response.without),
        (1, 1, 0)
    );
    let resolution = total.resolution_target;
    assert_eq!(
        (resolution.met, resolution.missed, resolution.pending),
        (3, 1, 3)
    );
    assert_eq!(resolution.without, 1);
    let unanswered = total.unanswered;
    assert_eq!(
        (unanswered.ended, unanswered.open, unanswered.quieted),
        (2, 2, 1)
    );
    assert_eq!(total.response.count + 5, total.fired);
    assert_eq!((total.open, total.by_level), (4, [7, 0, 0, 1]));
    // an hour later what was open has missed both
    let total = add(&episodes, chrono_tz::UTC, MONDAY + HOUR).total;
    assert_eq!(
        (total.response_target.missed, total.response_target.pending),
        (3, 1)
    );
    assert_eq!(
        (
            total.resolution_target.missed,
            total.resolution_target.pending
        ),
        (4, 0)
    );
    assert_eq!(total.resolution_target.total(), 7);
}

#[test]
fn the_noisiest_rules_come_first_and_names_are_bounded() {
    let mut episodes: Vec<_> = (0..11_000)
        .map(|n| Episode {
            name: format!("R{n:05}"),
            ..episode(0, MONDAY)
        })
        .collect();
    episodes.extend((0..3).map(|_| Episode {
        name: "R00007".to_owned(),
        ..episode(0, MONDAY)
    }));
    let noisiest = add(&episodes, chrono_tz::UTC, MONDAY).total.noisiest;
    let told: Vec<_> = noisiest
        .iter()
        .map(|n| (n.rule.as_str(), n.count))
        .collect();
    assert_eq!(told[..3], [("…", 1000), ("R00007", 4), ("R00000", 1)]);
    assert_eq!(told.len(), 10);
}

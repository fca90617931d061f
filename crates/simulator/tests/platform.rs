//! The platform as a whole: repeatable, plausible, cheap.

use exposition::{Format, Limits};
use model::{Labels, Severity};
use proptest::prelude::*;
use simulator::{IncidentKind, Planned, Platform, Scenario};
use std::collections::{BTreeMap, BTreeSet};

const HOUR: i64 = 3_600_000;
/// Wednesday 2026-11-18, 0:00 in Shanghai.
const MIDNIGHT: i64 = 1_794_931_200_000;

fn calm(seed: u64) -> Scenario {
    Scenario {
        seed,
        ambient: false,
        ..Scenario::default()
    }
}

fn values(p: &Platform) -> BTreeMap<Labels, f64> {
    p.samples().into_iter().map(|(l, s)| (l, s.v)).collect()
}

/// What the counters called `name` (all labels) grew by, a second.
fn rate(
    before: &BTreeMap<Labels, f64>,
    after: &BTreeMap<Labels, f64>,
    name: &str,
    seconds: f64,
) -> f64 {
    after
        .iter()
        .filter(|(l, _)| l.metric_name() == Some(name))
        .map(|(l, v)| v - before[l])
        .sum::<f64>()
        / seconds
}

#[test]
fn the_same_seed_gives_the_same_platform_and_another_does_not() {
    let live = |seed: u64| {
        let mut p = Platform::with_scenario(
            &Scenario {
                seed,
                ..Scenario::default()
            },
            MIDNIGHT + 8 * HOUR,
        );
        for i in 1..200 {
            p.advance_to(MIDNIGHT + 8 * HOUR + i * 1700);
        }
        p.samples()
    };
    assert_eq!(live(7), live(7));
    assert_ne!(live(7), live(8));
}

#[test]
fn every_series_is_unique_marked_and_finite_and_counters_only_rise() {
    let mut p = Platform::new(42, MIDNIGHT + 11 * HOUR);
    assert!(
        (2000..=4000).contains(&p.labels().len()),
        "{} series",
        p.labels().len()
    );
    let unique: BTreeSet<&Labels> = p.labels().iter().collect();
    assert_eq!(unique.len(), p.labels().len());
    assert!(
        p.labels()
            .iter()
            .all(|l| l.get("environment") == Some("demo")
                && l.get("job").is_some()
                && l.get("instance").is_some())
    );
    let counters: BTreeSet<String> = p
        .metadata()
        .iter()
        .filter(|m| m.kind == exposition::Kind::Counter)
        .map(|m| m.name.clone())
        .collect();
    let mut before = values(&p);
    for i in 1..=40 {
        p.advance_to(MIDNIGHT + 11 * HOUR + i * 90_000);
        let after = values(&p);
        for (l, v) in &after {
            assert!(v.is_finite(), "{l} = {v}");
            let name = l.metric_name().unwrap_or_default();
            if counters.contains(name) || name.ends_with("_bucket") {
                assert!(*v >= before[l], "{l} fell from {} to {v}", before[l]);
            }
        }
        before = after;
    }
}

#[test]
fn buckets_rise_with_their_limits_and_end_with_the_count() {
    let mut p = Platform::new(1, MIDNIGHT + 12 * HOUR);
    p.advance_to(MIDNIGHT + 12 * HOUR + 100_000);
    let all = values(&p);
    let mut checked = 0;
    for (l, count) in all
        .iter()
        .filter(|(l, _)| l.metric_name() == Some("http_server_request_duration_seconds_count"))
    {
        let bucket = |l: &Labels, le: &str| {
            all[&l
                .with("__name__", "http_server_request_duration_seconds_bucket")
                .with("le", le)]
        };
        let rising: Vec<f64> = ["0.005", "0.1", "0.5", "1", "5", "10", "+Inf"]
            .iter()
            .map(|le| bucket(l, le))
            .collect();
        assert!(rising.windows(2).all(|w| w[0] <= w[1]), "{l}: {rising:?}");
        assert_eq!(rising.last(), Some(count));
        checked += 1;
    }
    assert!(checked > 20);
}

#[test]
fn a_day_has_its_meals_and_its_numbers_fit_together() {
    let at = |hour: i64| {
        let mut p = Platform::with_scenario(&calm(42), MIDNIGHT + hour * HOUR);
        let before = values(&p);
        p.advance_to(MIDNIGHT + hour * HOUR + 600_000);
        (before, values(&p))
    };
    let (night, lunch) = (at(4), at(12));
    let per_minute = |(b, a): &(BTreeMap<Labels, f64>, BTreeMap<Labels, f64>), name: &str| {
        60.0 * rate(b, a, name, 600.0)
    };
    let orders = per_minute(&lunch, "orders_created_total");
    assert!(
        (60.0..300.0).contains(&orders),
        "{orders} orders a minute at lunch"
    );
    assert!(orders > 10.0 * per_minute(&night, "orders_created_total"));
    let paid = per_minute(&lunch, "orders_paid_total");
    assert!(paid < orders && paid > 0.93 * orders);
    let value = per_minute(&lunch, "order_amount_yuan_total") / paid;
    assert!((30.0..80.0).contains(&value), "{value} yuan an order");
    let by_channel: f64 = ["alipay", "wechat", "bank_card"]
        .iter()
        .map(|c| per_minute(&lunch, &format!("{c}_transaction_count_total")))
        .sum();
    assert!(
        (by_channel / paid - 1.0).abs() < 0.15,
        "{by_channel} transactions for {paid} paid orders"
    );
}

#[test]
fn history_is_what_living_through_it_gives() {
    let from = MIDNIGHT + 18 * HOUR;
    let mut one = Platform::new(3, from);
    let series = one.history(from, from + 20 * 15_000, 15_000);
    let mut other = Platform::new(3, from);
    for i in 0..=20 {
        other.advance_to(from + i * 15_000);
        for (s, (l, sample)) in series.iter().zip(other.samples()) {
            assert_eq!((&s.labels, s.samples[i as usize]), (&l, sample));
        }
    }
    assert_eq!(one.now_ms(), other.now_ms());
    // it goes on where it stopped, and does not go back
    let more = one.history(from, from + 25 * 15_000, 15_000);
    let times: Vec<i64> = more[0]
        .samples
        .iter()
        .map(|s| (s.t - from) / 15_000)
        .collect();
    assert_eq!(times, [20, 21, 22, 23, 24, 25]);
    assert!(
        one.history(from, from - 1, 15_000)
            .iter()
            .all(|s| s.samples.is_empty())
    );
}

#[test]
fn incidents_come_as_planned_and_go_when_told() {
    let from = MIDNIGHT + 12 * HOUR;
    let mut p = Platform::with_scenario(&calm(42), from);
    let planned = Planned {
        kind: IncidentKind::ReplicaLag,
        after_ms: 60_000,
        duration_ms: 600_000,
        severity: Severity::Critical,
    };
    p.start_incident(&planned);
    let lag = |p: &Platform| {
        values(p)
            .iter()
            .find(|(l, _)| {
                l.metric_name() == Some("pg_replication_lag_seconds")
                    && l.get("instance") == Some("sw-db-02:9187")
            })
            .map(|(_, v)| *v)
            .expect("the replica")
    };
    assert!(lag(&p) < 5.0);
    p.advance_to(from + 300_000);
    assert!(lag(&p) > 30.0, "{}", lag(&p));
    assert_eq!(p.incidents().len(), 1);
    assert_eq!(p.stop_incident(IncidentKind::ReplicaLag), 1);
    assert!(lag(&p) < 5.0 && p.incidents().is_empty());
    p.start_incident(&planned);
    p.advance_to(from + 2 * HOUR);
    assert!(p.incidents().is_empty(), "what is over is forgotten");
    for _ in 0..5000 {
        p.start_incident(&planned);
    }
    assert_eq!(p.incidents().len(), 1000, "bounded");
}

#[test]
fn the_page_is_read_as_it_is_written() {
    let p = Platform::new(42, MIDNIGHT + 19 * HOUR);
    let mut page = String::new();
    p.write_text(&mut page);
    let read =
        exposition::parse(page.as_bytes(), Format::Text, &Limits::default()).expect("our own page");
    let got: Vec<(Labels, f64)> = read
        .samples
        .into_iter()
        .map(|s| (s.labels, s.value))
        .collect();
    let own: Vec<(Labels, f64)> = p.samples().into_iter().map(|(l, s)| (l, s.v)).collect();
    assert_eq!(got, own);
    assert_eq!(read.metadata.len(), p.metadata().len());
    assert!(p.metadata().iter().all(|m| !m.help.is_empty()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn any_clock_is_survived(start in any::<i32>(), jumps in proptest::collection::vec(-4_000_000_000i64..4_000_000_000i64, 1..4)) {
        let mut now = i64::from(start) * 1000;
        let mut p = Platform::new(9, now);
        for jump in jumps {
            now += jump / 1000;
            let before = p.now_ms();
            p.advance_to(now);
            prop_assert_eq!(p.now_ms(), before.max(now));
            prop_assert!(p.values().all(f64::is_finite));
        }
    }
}

//! What our rule engine makes of samples, judged by Prometheus' own rule evaluation (`promtool test rules`): which alerts are pending and
//! firing at every step, since when, with which labels and texts.

use crate::judge;
use crate::promtool;
use crate::replay::{self, ByName, EVERY, SCRAPE};
use model::{Labels, Sample, Series};
use rules::{Group, Rule, RuleFile};
use simulator::{IncidentKind, Planned};

const MINUTE: i64 = 60_000;
/// Wednesday 2026-11-18, 12:20:30 in Shanghai: lunch.
const LUNCH: i64 = 1_794_931_200_000 + 12 * 60 * MINUTE + 20 * MINUTE + 30_000;

fn all_groups(files: &[RuleFile]) -> Vec<Group> {
    files.iter().flat_map(|f| f.groups.clone()).collect()
}

/// Our engine on `series`; Prometheus must find the same.
fn agree(
    files: &[RuleFile],
    series: Vec<Series>,
    every: i64,
    scrape: i64,
    until: i64,
) -> Vec<replay::Step> {
    let store = ByName::new(series.clone());
    let steps = replay::run(files, &store, every, until);
    let test = judge::test_file(&series, scrape, every, &steps);
    let said = promtool::test(&rules::export(&all_groups(files)), &test);
    let head: String = said.text.chars().take(6000).collect();
    assert!(said.ok, "{head}");
    steps
}

fn incident(kind: IncidentKind, severity: &str) -> Vec<replay::Step> {
    let files = replay::builtin();
    let planned: Planned = format!("{kind}:{severity}@8m+14m")
        .parse()
        .expect("an incident");
    let span = 36 * MINUTE;
    let series = replay::simulated(vec![planned], LUNCH, span, &replay::metrics(&files));
    agree(&files, series, EVERY, SCRAPE, span)
}

/// Prometheus fires the built-in rules as we do, and the rule that an incident is about is among them.
fn fires(kind: IncidentKind, wanted: &[&str]) {
    let steps = incident(kind, "emergency");
    let fired = replay::fired(&steps);
    for name in wanted {
        let at = fired.get(*name).copied();
        let in_time = at.is_some_and(|t| t <= 18 * MINUTE);
        assert!(in_time, "{kind}: {name} not within ten minutes: {fired:?}");
    }
    let first = fired.values().min().copied().unwrap_or(0);
    assert!(
        first >= 8 * MINUTE,
        "{kind}: before the incident: {fired:?}"
    );
    let left = steps.last().map_or(0, |s| s.active.len());
    println!("{kind}: {fired:?}; {left} active at the end");
}

#[test]
fn host_cpu_fires_as_in_prometheus() {
    fires(IncidentKind::HostCpu, &["HighCPUUsage", "CriticalCPUUsage"]);
}

#[test]
fn disk_filling_fires_as_in_prometheus() {
    fires(IncidentKind::DiskFilling, &["DiskSpaceLow"]);
}

#[test]
fn replica_lag_fires_as_in_prometheus() {
    fires(
        IncidentKind::ReplicaLag,
        &["ReplicationLagHigh", "ReplicationLagCritical"],
    );
}

#[test]
fn a_failing_payment_channel_fires_as_in_prometheus() {
    fires(
        IncidentKind::PaymentChannelFailing,
        &["PaymentSuccessEmergency", "PaymentChannelDown"],
    );
}

#[test]
fn a_queue_piling_up_fires_as_in_prometheus() {
    fires(
        IncidentKind::QueuePilingUp,
        &["QueuePilingUp", "QueuePilingUpCritical"],
    );
}

#[test]
fn a_crashing_pod_fires_as_in_prometheus() {
    fires(IncidentKind::PodCrashLoop, &["PodCrashLooping"]);
}

#[test]
fn a_blocked_event_loop_fires_as_in_prometheus() {
    fires(IncidentKind::EventLoopLag, &["EventLoopLagCritical"]);
}

/// A small generator of our own, so that a failure can be repeated.
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        // xorshift64*
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % n
    }
}

/// Series that jump between below and above the limit, vanish, come back, and end with stale markers.
fn jumping(random: &mut Random, id: usize, steps: i64) -> Vec<Series> {
    (0..2)
        .map(|twin: u64| {
            let mut samples = Vec::new();
            let mut v = random.below(20) as f64;
            for i in 0..steps {
                match random.below(10) {
                    0..=1 => v = random.below(20) as f64,
                    2 if random.below(3) == 0 => v = f64::NAN,
                    3 => continue,
                    4 if random.below(4) == 0 => v = model::sample::stale_marker(),
                    _ => {}
                }
                let t = i * SCRAPE;
                samples.push(Sample { t, v });
            }
            Series {
                labels: Labels::from_pairs([
                    ("__name__".to_owned(), "s".to_owned()),
                    ("id".to_owned(), id.to_string()),
                    ("twin".to_owned(), twin.to_string()),
                    ("z".to_owned(), format!("值 \"{id}\"")),
                ]),
                samples,
            }
        })
        .collect()
}

#[test]
fn random_series_go_through_the_same_states() {
    let mut random = Random(20_261_121);
    let seconds = [0, 15, 30, 45, 60, 90, 120, 300];
    let (mut series, mut list) = (Vec::new(), Vec::new());
    for id in 0..60 {
        series.append(&mut jumping(&mut random, id, 240));
        let mut pick = |n: usize| seconds[random.below(n as u64) as usize] * 1000;
        list.push(Rule {
            name: format!("R{id}"),
            expr: format!("s{{id=\"{id}\"}} > 9"),
            for_ms: pick(8),
            keep_firing_for_ms: pick(8),
            labels: [
                ("kind", "{{ $labels.twin | printf \"twin-%s\" }}"),
                (
                    "z",
                    "{{ if eq $labels.twin \"1\" }}一{{ else }}{{ $labels.z }}{{ end }}",
                ),
            ]
            .map(|(n, v)| (n.to_owned(), v.to_owned()))
            .into(),
            annotations: [("summary", "{{ $labels.z }} {{ $value }} {{ $labels }}")]
                .map(|(n, v)| (n.to_owned(), v.to_owned()))
                .into(),
            ..Rule::default()
        });
    }
    let file = RuleFile {
        name: "random".to_owned(),
        groups: vec![Group {
            name: "random".to_owned(),
            rules: list,
            ..Group::default()
        }],
    };
    let steps = agree(&[file], series, SCRAPE, SCRAPE, 240 * SCRAPE);
    let of = |state| {
        let all = steps.iter().flat_map(|s| &s.active);
        all.filter(|a| a.state == state).count()
    };
    let (pending, firing) = (
        of(rules::AlertState::Pending),
        of(rules::AlertState::Firing),
    );
    println!("{} steps, {pending} pending, {firing} firing", steps.len());
    assert!(pending > 1000 && firing > 2000, "{pending}, {firing}");
}

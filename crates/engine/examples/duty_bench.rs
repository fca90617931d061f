//! What the alert desk's brain costs: `cargo run --release -p engine --example duty_bench`.

use engine::duty::{Action, Duty, Effect, Event, Extent, InhibitRule, Setup};
use model::duty::{Actor, AlertId, MuteKind};
use model::{Labels, Matcher, Observation};
use std::alloc::{GlobalAlloc, Layout, System};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

/// Counts what is allocated, to tell what an alert takes.
struct Counting;

static HELD: AtomicUsize = AtomicUsize::new(0);

#[expect(
    unsafe_code,
    reason = "an allocator that counts is unsafe by its trait"
)]
// SAFETY: every call is passed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        HELD.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: as the caller promised.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as the caller promised.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const NOW: i64 = 1_795_000_000_000;

/// As a real Alertmanager's: ten labels, two texts.
fn alert(n: usize, severity: &str) -> Observation {
    let labels = Labels::from_pairs([
        ("alertname", format!("HostHighCpu{}", n % 40)),
        ("instance", format!("10.0.{}.{}:9100", n / 250, n % 250)),
        ("severity", severity.to_string()),
        ("job", "node".to_string()),
        ("cluster", format!("cluster-{}", n % 8)),
        ("namespace", "restaurant".to_string()),
        ("pod", format!("api-7d9f8b6c5-{n:05}")),
        ("service", "order-service".to_string()),
        ("team", "platform".to_string()),
        ("n", n.to_string()),
    ]);
    Observation {
        annotations: BTreeMap::from([
            ("summary".to_string(), format!("{n} 处理器使用率过高")),
            (
                "description".to_string(),
                "处理器使用率连续五分钟超过 90%，请检查进程与最近的发布。".to_string(),
            ),
        ]),
        generator_url: Some(format!("http://prometheus:9090/graph?g0.expr={n}")),
        ends_at: Some(NOW + 240_000),
        ..Observation::firing(labels, NOW - 60_000)
    }
}

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn timed<T>(what: &str, run: impl FnOnce() -> T) -> T {
    let (start, used) = (Instant::now(), on_cpu());
    let out = run();
    let wall = start.elapsed().as_secs_f64() * 1e3;
    // On a busy machine only the processor's time says what it costs.
    let cpu = match (used, on_cpu()) {
        (Some(a), Some(b)) => format!("{:.2}", (b - a) / 1e6),
        _ => "?".to_string(),
    };
    println!("{what:<40} {wall:>9.2} ms, {cpu:>8} ms of processor");
    out
}

/// Nanoseconds that this thread has had a processor, on Linux.
fn on_cpu() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split(' ').next()?.parse().ok()
}

fn full(alerts: Vec<Observation>) -> Event {
    Event::Observed {
        source: "am".to_string(),
        extent: Extent::All,
        alerts,
    }
}

fn desk() -> Duty {
    let mut duty = Duty::new();
    let setup = Setup {
        inhibitions: vec![InhibitRule {
            source: vec![Matcher::equal("severity", "critical")],
            target: vec![Matcher::equal("severity", "warning")],
            equal: vec!["cluster".into(), "instance".into()],
        }],
        ..Setup::default()
    };
    duty.handle(Event::Configured(Box::new(setup)), NOW);
    let by = Actor::default();
    for n in 0..20 {
        let mute = Action::Mute {
            kind: MuteKind::Silence,
            matchers: vec![Matcher::equal("pod", format!("gone-{n}"))],
            starts_at: NOW,
            ends_at: NOW + 3_600_000,
            comment: String::new(),
        };
        duty.act(mute, &by, NOW).expect("accepted");
    }
    duty
}

fn sends(effects: &[Effect]) -> usize {
    effects
        .iter()
        .filter(|e| matches!(e, Effect::Send(_)))
        .count()
}

fn measure(count: usize, severity: &str) {
    let before = HELD.load(Ordering::Relaxed);
    let mut duty = desk();
    let seen: Vec<Observation> = (0..count).map(|n| alert(n, severity)).collect();
    let copy = seen.clone();
    let effects = timed(&format!("{count} new, {severity}"), || {
        duty.handle(full(copy), NOW)
    });
    println!(
        "    {} effects, {} sendings",
        effects.len(),
        sends(&effects)
    );
    drop(effects);
    let copy = seen.clone();
    let effects = timed(&format!("{count} unchanged, {severity}"), || {
        duty.handle(full(copy), NOW + 15_000)
    });
    assert_eq!(sends(&effects), 0);
    drop(seen);
    drop(effects);
    let held = HELD.load(Ordering::Relaxed) - before;
    println!("    {} bytes an alert", held / count);
    timed("    counts", || duty.counts(NOW));
    timed("    changed_since", || duty.changed_since(duty.revision()));
    let one = Action::Ack {
        alerts: vec![AlertId(7)],
        comment: "我来处理".to_string(),
        for_ms: None,
        mirror: None,
    };
    let by = Actor::default();
    timed("    acknowledge one", || duty.act(one, &by, NOW + 16_000)).expect("accepted");
    let all = Action::Ack {
        alerts: duty.alerts().map(|a| a.id).collect(),
        comment: "我来处理".to_string(),
        for_ms: Some(60_000),
        mirror: None,
    };
    timed("    acknowledge all", || duty.act(all, &by, NOW + 17_000)).expect("accepted");
    let effects = timed("    all lapse", || duty.handle(Event::Wakeup, NOW + 77_000));
    println!("    {} sendings", sends(&effects));
    drop(effects);
    timed("    all missing, first answer", || {
        duty.handle(full(Vec::new()), NOW + 80_000)
    });
    let effects = timed("    all over", || {
        duty.handle(full(Vec::new()), NOW + 111_000)
    });
    println!("    {} sendings", sends(&effects));
}

fn main() {
    measure(10_000, "critical");
    measure(10_000, "warning");
    if std::env::args().count() > 1 {
        return;
    }
    measure(50_000, "warning");
    measure(50_000, "critical");
}

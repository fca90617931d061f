//! The platform's requests as traces and lines: the same ones, the same every time, and changed by incidents as they should.

use model::Severity;
use model::log::{LogCategory, LogLevel, LogLine};
use model::trace::{SpanKind, TagValue, Trace};
use simulator::stories::{Batch, Rhythm, Source, Stories, StoryOptions};
use simulator::{Incident, IncidentKind};
use std::collections::{BTreeMap, BTreeSet};

/// Wednesday 2026-11-18, 12:00 in Shanghai.
const NOON: i64 = 1_794_974_400_000_000_000;
const SECOND: i64 = 1_000_000_000;

fn options(rate: f64) -> StoryOptions {
    StoryOptions {
        seed: 42,
        lines_per_second: rate,
        rhythm: Rhythm::Steady,
        ambient: false,
    }
}

fn calm(rate: f64, seconds: i64) -> Batch {
    Stories::new(options(rate)).between(NOON, NOON + seconds * SECOND, &[])
}

fn during(kind: IncidentKind, seconds: i64) -> Batch {
    let incident = Incident {
        kind,
        start_ms: NOON / 1_000_000 - 600_000,
        end_ms: NOON / 1_000_000 + 1_200_000,
        severity: Severity::Emergency,
    };
    Stories::new(options(60.0)).between(NOON, NOON + seconds * SECOND, &[incident])
}

fn attr<'a>(line: &'a LogLine, key: &str) -> Option<&'a str> {
    line.attrs.get(key).and_then(|v| v.as_str())
}

fn event(batch: &Batch, name: &str) -> usize {
    batch
        .lines
        .iter()
        .filter(|l| attr(l, "event") == Some(name))
        .count()
}

fn failed(batch: &Batch) -> f64 {
    let bad = batch
        .traces
        .iter()
        .filter(|t| t.spans.iter().any(|s| s.error))
        .count();
    bad as f64 / batch.traces.len() as f64
}

/// Milliseconds of the spans of this operation, sorted.
fn durations(batch: &Batch, service: &str, operation: &str) -> Vec<f64> {
    let mut all: Vec<f64> = batch
        .traces
        .iter()
        .flat_map(|t| {
            t.spans
                .iter()
                .filter(|s| &*s.operation == operation && t.service(s) == service)
        })
        .map(|s| s.duration_ns as f64 / 1e6)
        .collect();
    all.sort_by(f64::total_cmp);
    all
}

fn median(all: &[f64]) -> f64 {
    all[all.len() / 2]
}

#[test]
fn the_same_stretch_is_the_same_however_it_is_cut() {
    let whole = calm(60.0, 30);
    assert!(whole.lines.len() > 1000 && whole.traces.len() > 100);
    let mut cut = Stories::new(options(60.0));
    let mut pieces = Batch::default();
    let mut from = NOON;
    for step in [
        1,
        37_000_000,
        999,
        6 * SECOND,
        250_000_000,
        11 * SECOND,
        60 * SECOND,
    ] {
        let to = (from + step).min(NOON + 30 * SECOND);
        let piece = cut.between(from, to, &[]);
        pieces.traces.extend(piece.traces);
        pieces.lines.extend(piece.lines);
        from = to;
    }
    assert_eq!(pieces, whole);
    // asked for the end alone, what runs since before is there too
    let late = Stories::new(options(60.0)).between(NOON + 20 * SECOND, NOON + 30 * SECOND, &[]);
    assert_eq!(
        whole.lines[whole.lines.len() - late.lines.len()..],
        late.lines[..]
    );
    assert_eq!(
        whole.traces[whole.traces.len() - late.traces.len()..],
        late.traces[..]
    );
    let other = StoryOptions {
        seed: 43,
        ..options(60.0)
    };
    assert_ne!(
        Stories::new(other).between(NOON, NOON + 30 * SECOND, &[]),
        whole
    );
    assert_eq!(
        Stories::new(options(60.0)).between(NOON, NOON, &[]),
        Batch::default()
    );
}

#[test]
fn lines_name_traces_and_spans_that_exist() {
    let batch = calm(60.0, 180);
    let traces: BTreeMap<String, &Trace> =
        batch.traces.iter().map(|t| (t.id.to_string(), t)).collect();
    assert_eq!(traces.len(), batch.traces.len(), "ids are used once");
    let of_trace: Vec<&LogLine> = batch
        .lines
        .iter()
        .filter(|l| !l.trace_id.is_empty())
        .collect();
    assert!(of_trace.len() * 2 > batch.lines.len());
    // those of the first and last seconds may belong to traces that ended before or end after
    let inner = NOON + 60 * SECOND..NOON + 120 * SECOND;
    let (mut known, mut lost, mut same_pod) = (0, 0, 0);
    for line in of_trace
        .iter()
        .filter(|l| inner.contains(&l.position.at_ns))
    {
        let trace = traces
            .get(&line.trace_id)
            .unwrap_or_else(|| panic!("no trace for {line:?}"));
        if line.span_id.is_empty() {
            continue;
        }
        match trace
            .spans
            .iter()
            .find(|s| s.id.to_string() == line.span_id)
        {
            Some(span) => {
                known += 1;
                same_pod += usize::from(trace.service(span) == line.service);
                let at = line.position.at_ns;
                assert!(
                    span.start_ns <= at && at <= span.end_ns(),
                    "{line:?} {span:?}"
                );
            }
            None => lost += 1,
        }
    }
    assert!(
        known > 500 && known == same_pod && lost * 50 < known,
        "{known} {same_pod} {lost}"
    );
}

#[test]
fn every_source_of_the_plan_writes_in_its_category() {
    let batch = calm(200.0, 60);
    let mut seen: BTreeMap<&str, BTreeSet<LogCategory>> = BTreeMap::new();
    for line in &batch.lines {
        assert_eq!(line.attrs.get("demo"), Some(&true.into()), "{line:?}");
        assert!(line.level.is_some() && !line.message.is_empty() && !line.service.is_empty());
        let source = attr(line, "source").expect("a source");
        seen.entry(source).or_default().insert(line.category);
    }
    let expected: BTreeSet<&str> = Source::ALL.iter().map(|s| s.name()).collect();
    assert_eq!(seen.keys().copied().collect::<BTreeSet<_>>(), expected);
    let only = |c: LogCategory| BTreeSet::from([c]);
    for source in [
        "business",
        "error",
        "performance",
        "nginx",
        "postgresql",
        "redis",
        "rabbitmq",
        "loadbalancer",
    ] {
        assert_eq!(seen[source], only(LogCategory::App), "{source}");
    }
    for source in ["container", "network"] {
        assert_eq!(seen[source], only(LogCategory::System), "{source}");
    }
    for source in ["audit", "firewall"] {
        assert_eq!(seen[source], only(LogCategory::Security), "{source}");
    }
    assert_eq!(seen["os"].len(), 2, "the system's own, and logins");
    for name in [
        "kernel", "sshd", "cron", "systemd", "kubelet", "switch", "firewall", "nginx", "haproxy",
    ] {
        assert!(batch.lines.iter().any(|l| l.service == name), "{name}");
    }
    let levels: BTreeSet<_> = batch.lines.iter().filter_map(|l| l.level).collect();
    assert!(
        [
            LogLevel::Debug,
            LogLevel::Info,
            LogLevel::Warn,
            LogLevel::Error
        ]
        .iter()
        .all(|l| levels.contains(l))
    );
}

#[test]
fn stacks_of_both_runtimes_and_fields_for_the_dashboards() {
    let batch = during(IncidentKind::PaymentChannelFailing, 60);
    let loop_lag = during(IncidentKind::EventLoopLag, 60);
    let stack = |b: &Batch, text: &str| {
        b.lines
            .iter()
            .any(|l| l.message.contains(text) && l.message.lines().count() > 3)
    };
    assert!(stack(&batch, "\tat com.restaurant.payment"), "Java");
    assert!(stack(&loop_lag, "    at Socket"), "Node");
    let has = |path: &[&str]| {
        batch.lines.iter().any(|l| {
            let mut value = l.attrs.get(path[0]);
            for key in &path[1..] {
                value = value.and_then(|v| v.get(key));
            }
            value.is_some()
        })
    };
    for path in [
        &["http", "status"][..],
        &["http", "route"],
        &["http", "method"],
        &["duration_ms"],
        &["user_id"],
        &["order_id"],
        &["channel"],
        &["payment_channel"],
        &["event"],
        &["cpu_percent"],
        &["memory_percent"],
        &["disk_percent"],
        &["health"],
        &["exception", "type"],
        &["src_ip"],
        &["action"],
        &["result"],
        &["event_loop_lag_ms"],
        &["heap_mb"],
    ] {
        assert!(has(path), "{path:?}");
    }
    let phones = batch
        .lines
        .iter()
        .filter(|l| l.message.contains("****"))
        .count();
    assert!(phones > 5, "masked telephone numbers occur");
}

#[test]
fn traces_follow_the_conventions_and_show_what_is_odd() {
    let batch = calm(150.0, 120);
    let order = batch
        .traces
        .iter()
        .filter(|t| {
            t.spans
                .iter()
                .any(|s| &*s.operation == "POST /api/v1/payments")
        })
        .max_by_key(|t| t.spans.len())
        .expect("an order");
    let services: BTreeSet<&str> = order.spans.iter().map(|s| order.service(s)).collect();
    for service in [
        "gateway",
        "order-service",
        "user-service",
        "menu-service",
        "payment-service",
        "recommendation",
        "consultation",
    ] {
        assert!(services.contains(service), "{service} in {services:?}");
    }
    let all = || {
        batch
            .traces
            .iter()
            .flat_map(|t| t.spans.iter().map(move |s| (t, s)))
    };
    for kind in [
        SpanKind::Internal,
        SpanKind::Server,
        SpanKind::Client,
        SpanKind::Producer,
        SpanKind::Consumer,
    ] {
        assert!(all().any(|(_, s)| s.kind == kind), "{kind:?}");
    }
    for key in [
        "http.request.method",
        "http.route",
        "http.response.status_code",
        "db.system.name",
        "db.query.text",
        "messaging.system",
        "messaging.destination.name",
        "error.type",
        "server.address",
    ] {
        assert!(all().any(|(_, s)| s.tag(key).is_some()), "{key}");
    }
    let ids: BTreeSet<_> = batch.traces.iter().map(|t| t.id).collect();
    let links: Vec<_> = all().flat_map(|(_, s)| &s.links).collect();
    assert!(links.len() > 20);
    assert!(links.iter().filter(|l| ids.contains(&l.trace)).count() * 10 > links.len() * 8);
    let exceptions = all()
        .flat_map(|(_, s)| &s.events)
        .filter(|e| e.fields.iter().any(|f| &*f.key == "exception.type"))
        .count();
    assert!(exceptions > 0);
    let orphans = all()
        .filter(|(t, s)| s.parent.is_some_and(|p| !t.spans.iter().any(|o| o.id == p)))
        .count();
    assert!(
        orphans > 0 && orphans * 50 < all().count(),
        "{orphans} of {}",
        all().count()
    );
    let early = all()
        .filter(|(t, s)| {
            t.spans
                .iter()
                .any(|p| Some(p.id) == s.parent && p.start_ns > s.start_ns)
        })
        .count();
    assert!(early > 0, "a late clock shows");
    for (t, s) in all() {
        assert!(s.duration_ns >= 0 && (s.process as usize) < t.processes.len());
        let demo = t.processes[s.process as usize]
            .tags
            .iter()
            .find(|tag| &*tag.key == "demo");
        assert_eq!(demo.map(|d| &d.value), Some(&TagValue::Bool(true)));
    }
    let pods: BTreeSet<String> = batch
        .traces
        .iter()
        .flat_map(|t| &t.processes)
        .flat_map(|p| &p.tags)
        .filter(|t| &*t.key == "k8s.pod.name")
        .map(|t| t.value.to_string())
        .collect();
    assert!(pods.len() >= 10, "{pods:?}");
    let jobs = ["cancel-unpaid-orders", "warm-menu-cache"];
    for job in jobs {
        assert!(
            all().any(|(_, s)| &*s.operation == job && s.parent.is_none()),
            "{job}"
        );
    }
}

#[test]
fn incidents_change_what_they_should() {
    let quiet = calm(60.0, 60);
    assert!(failed(&quiet) < 0.12, "{}", failed(&quiet));

    let pay = during(IncidentKind::PaymentChannelFailing, 60);
    assert!(event(&pay, "payment_timeout") > 5 * event(&quiet, "payment_timeout").max(1));
    assert!(event(&pay, "circuit_breaker") > 10 && event(&quiet, "circuit_breaker") == 0);
    assert!(
        pay.traces
            .iter()
            .flat_map(|t| &t.spans)
            .any(|s| s.tag("http.request.resend_count") == Some(&TagValue::Int(2)))
    );

    let lag = during(IncidentKind::EventLoopLag, 60);
    let root = "GET /api/v1/menus";
    let (slow, fast) = (
        durations(&lag, "gateway", root),
        durations(&quiet, "gateway", root),
    );
    assert!(
        median(&slow) > 10.0 * median(&fast),
        "{} {}",
        median(&slow),
        median(&fast)
    );
    assert!(event(&lag, "event_loop_lag") > 50 && failed(&lag) > 2.0 * failed(&quiet));

    let queue = during(IncidentKind::QueuePilingUp, 90);
    assert!(event(&queue, "message_late") > 20 && event(&quiet, "message_late") == 0);
    assert!(event(&queue, "queue_depth") > 10 && event(&queue, "consumer_timeout") > 5);

    let crash = during(IncidentKind::PodCrashLoop, 60);
    assert!(event(&crash, "upstream_retry") > 5 && event(&quiet, "upstream_retry") == 0);
    assert!(event(&crash, "crash_loop") > 10 && event(&crash, "oom_kill") > 3);

    let database = during(IncidentKind::ReplicaLag, 60);
    assert!(event(&database, "slow_query") > 10 * event(&quiet, "slow_query").max(1));
    assert!(event(&database, "replication_lag") > 10);
    let disk = during(IncidentKind::DiskFilling, 60);
    assert!(event(&disk, "disk_full") > 5 && event(&disk, "slow_query") > 10);

    let cpu = during(IncidentKind::HostCpu, 60);
    assert!(event(&cpu, "soft_lockup") > 3);
    let orders = "POST /api/v1/orders";
    let late = |b: &Batch| {
        let all = durations(b, "order-service", orders);
        all[all.len() * 9 / 10]
    };
    assert!(
        late(&cpu) > 1.3 * late(&quiet),
        "{} {}",
        late(&cpu),
        late(&quiet)
    );
}

#[test]
fn the_rate_is_what_was_asked_for() {
    for rate in [20.0, 300.0] {
        let seconds = if rate < 100.0 { 300 } else { 30 };
        let lines = calm(rate, seconds).lines.len() as f64 / seconds as f64;
        assert!((0.85..1.15).contains(&(lines / rate)), "{lines} of {rate}");
    }
    let by_day = StoryOptions {
        rhythm: Rhythm::Day,
        ..options(100.0)
    };
    let hour = 3600 * SECOND;
    let at = |from: i64| {
        Stories::new(by_day.clone())
            .between(from, from + 60 * SECOND, &[])
            .lines
            .len()
    };
    let (lunch, night) = (at(NOON + hour / 4), at(NOON - 9 * hour));
    assert!(lunch > 5 * night && night > 100, "{lunch} {night}");
    assert!(
        calm(f64::NAN, 5).lines.len() < 5,
        "nonsense is no rate; the jobs still run"
    );
}

#[test]
fn any_clock_is_survived() {
    for (from, to) in [
        (i64::MIN, i64::MIN + 5),
        (i64::MAX - 1, i64::MAX),
        (NOON, i64::MIN),
        (-SECOND, SECOND),
    ] {
        let batch = Stories::new(options(5.0)).between(from, to, &[]);
        assert!(batch.lines.len() < 100, "{from} {to}");
    }
    let early = 4_000_000_000_000_000_000;
    let lines = Stories::new(options(50.0))
        .between(-early, 3 * SECOND - early, &[])
        .lines;
    assert!(lines.len() > 50 && lines.iter().all(|l| l.position.at_ns < 4 * SECOND - early));
}

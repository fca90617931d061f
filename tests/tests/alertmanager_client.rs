//! The client against a real Alertmanager 0.25, and against the alerts of a real Prometheus.

use model::Labels;
use model::alert::{ALERT_NAME, Fingerprint, Matcher, Reported};
use serde_json::{Value, json};
use shouwang_tests::alertmanager::{self as am, rfc3339};
use shouwang_tests::now_ms;
use shouwang_tests::servers::{self, PrometheusOptions, Server};
use source::{
    AlertLimits, AlertList, AlertOptions, Alerts, Connection, SilenceRequest, SourceError,
    conformance_alerts, connect_alerts,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

fn client(kind: &str, server: &Server) -> Arc<dyn Alerts> {
    with(kind, server, AlertOptions::default())
}

fn with(kind: &str, server: &Server, options: AlertOptions) -> Arc<dyn Alerts> {
    connect_alerts(kind, &Connection::to(server.url()), &options).expect("a client")
}

/// Asks until `holds`, at most 20 s.
async fn until(source: &dyn Alerts, holds: impl Fn(&AlertList) -> bool) -> AlertList {
    let mut last = None;
    for _ in 0..200 {
        let list = source.alerts().await.expect("an answer").value;
        if holds(&list) {
            return list;
        }
        last = Some(list);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("never so: {last:#?}");
}

fn post(server: &Server, alerts: &[Value]) {
    am::post(server.port(), alerts).expect("the Alertmanager takes them");
}

#[tokio::test(flavor = "multi_thread")]
async fn alertmanager_conforms() {
    let server = servers::alertmanager(None);
    let since = now_ms();
    let alerts: Vec<Value> = conformance_alerts::fixture()
        .iter()
        .map(|a| json!({ "labels": a.labels, "annotations": a.annotations }))
        .collect();
    post(&server, &alerts);
    let source = client("alertmanager", &server);
    let failures = conformance_alerts::check(&*source, since, now_ms()).await;
    assert!(failures.is_empty(), "{failures:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn prometheus_conforms() {
    let since = now_ms();
    let server = servers::prometheus(PrometheusOptions {
        rules: Some(conformance_alerts::fixture_rules()),
        ..PrometheusOptions::default()
    });
    let source = client("prometheus", &server);
    let wanted = conformance_alerts::fixture().len();
    let list = until(&*source, |l| l.alerts.len() >= wanted).await;
    for alert in &list.alerts {
        assert_eq!(alert.value, Some(1.5), "{alert:?}");
        assert_eq!(alert.expr.as_deref(), Some("vector(1.5) > 1"), "{alert:?}");
    }
    let failures = conformance_alerts::check(&*source, since, now_ms()).await;
    assert!(failures.is_empty(), "{failures:#?}");
}

/// xorshift64: the same label sets each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % sides as u64) as usize
    }

    fn text(&mut self, from: &[char], max: usize) -> String {
        let n = self.roll(max + 1);
        (0..n).map(|_| from[self.roll(from.len())]).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fingerprints_are_the_alertmanagers() {
    let server = servers::alertmanager(None);
    let values: Vec<char> = "aZ0 _-\"\\'<>&\n\t,={}é上海门店徐家汇\u{1f363}\u{202e}\u{7f}"
        .chars()
        .collect();
    let names: Vec<char> = "abzAZ_09".chars().collect();
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let sets: Vec<BTreeMap<String, String>> = (0..500)
        .map(|i| {
            let mut set = BTreeMap::from([("n".to_owned(), i.to_string())]);
            for _ in 0..dice.roll(12) {
                // an empty value is no label, to the Alertmanager and to us
                let name = format!("l{}", dice.text(&names, 8));
                set.insert(name, dice.text(&values, 20));
            }
            set
        })
        .collect();
    let alerts: Vec<Value> = sets.iter().map(|s| json!({ "labels": s })).collect();
    post(&server, &alerts);
    let stated = am::read(server.port(), "alerts").expect("an answer");
    let stated: BTreeSet<&str> = stated
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|a| a["fingerprint"].as_str())
        .collect();
    let ours: BTreeSet<String> = sets
        .into_iter()
        .map(|s| Fingerprint::of(&Labels::from_pairs(s)).to_string())
        .collect();
    assert_eq!(ours.len(), 500);
    assert_eq!(stated, ours.iter().map(String::as_str).collect());

    let list = client("alertmanager", &server).alerts().await;
    let list = list.expect("an answer").value;
    assert_eq!(
        (list.alerts.len(), list.oddities),
        (500, Default::default())
    );
    let read: BTreeSet<String> = list
        .alerts
        .iter()
        .map(|a| a.fingerprint().to_string())
        .collect();
    assert_eq!(read, ours);
}

#[tokio::test(flavor = "multi_thread")]
async fn inhibited_and_silenced_alerts_say_by_what() {
    let config = am::config_with_webhook("http://127.0.0.1:9/", "unused", 0);
    let server = servers::alertmanager(Some(&config));
    let source = client("alertmanager", &server);
    let cause = Labels::from_pairs([
        (ALERT_NAME, "HostDown"),
        ("severity", "critical"),
        ("store", "门店1"),
    ]);
    let kept_quiet = cause
        .with(ALERT_NAME, "SlowOrders")
        .with("severity", "warning");
    let other = kept_quiet.with("store", "门店2");
    let all = [&cause, &kept_quiet, &other].map(|l| json!({ "labels": l }));
    post(&server, &all);
    let list = until(&*source, |l| {
        l.alerts.iter().any(|a| !a.inhibited_by.is_empty())
    })
    .await;
    let of = |labels: &Labels| list.alerts.iter().find(|a| a.labels == *labels);
    let quiet = of(&kept_quiet).expect("listed all the same");
    assert_eq!(quiet.state, Reported::Suppressed);
    assert_eq!(quiet.inhibited_by, [Fingerprint::of(&cause)]);
    assert!(quiet.silenced_by.is_empty());
    assert_eq!(of(&cause).map(|a| a.state), Some(Reported::Firing));
    assert_eq!(of(&other).map(|a| a.state), Some(Reported::Firing));

    // a silence that begins later holds nothing yet
    let request = SilenceRequest {
        matchers: vec![Matcher::equal("store", "门店2")],
        starts_at: now_ms() + 3_600_000,
        ends_at: now_ms() + 7_200_000,
        created_by: "李四".into(),
        comment: "施工".into(),
    };
    let id = source.silence(&request).await.expect("made").value;
    let known = source.silences().await.expect("an answer").value;
    assert_eq!(known.len(), 1);
    assert_eq!(known[0].state, source::SilenceState::Pending);
    assert!(known[0].answers(&request) && known[0].id == id);
    let list = source.alerts().await.expect("an answer").value;
    assert!(list.alerts.iter().all(|a| a.silenced_by.is_empty()));
    source.expire_silence(&id).await.expect("ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_over_is_not_listed_and_a_restart_can_be_told() {
    let mut server = servers::alertmanager(None);
    let source = client("alertmanager", &server);
    let labels = json!({ "alertname": "A", "store": "门店1" });
    post(&server, &[json!({ "labels": labels })]);
    let list = source.alerts().await.expect("an answer").value;
    assert_eq!(list.alerts.len(), 1);
    let ends = list.alerts[0].ends_at.expect("resolve_timeout");
    assert!(ends > now_ms() + 60_000, "{ends}");
    let past = rfc3339(now_ms() - 1_000);
    post(&server, &[json!({ "labels": labels, "endsAt": past })]);
    assert_eq!(until(&*source, |l| l.alerts.is_empty()).await.alerts, []);

    post(&server, &[json!({ "labels": labels })]);
    let before = source.probe().await.expect("an answer").value;
    assert!(before.ready && before.silences, "{before:?}");
    assert!(
        before
            .version
            .as_deref()
            .is_some_and(|v| v.starts_with("0."))
    );
    server.kill();
    let gone = source.alerts().await.expect_err("nobody there");
    assert!(gone.is_transient(), "{gone:?}");
    server.restart();
    let after = source.probe().await.expect("an answer").value;
    assert!(after.started_at_ms > before.started_at_ms, "{after:?}");
    // an Alertmanager keeps no alerts: an empty list right after a start does not say that they are over
    let list = source.alerts().await.expect("an answer").value;
    assert_eq!(
        (list.alerts, list.started_at_ms),
        (Vec::new(), after.started_at_ms)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_and_their_limits() {
    let server = servers::alertmanager(None);
    am::load(server.port(), 10_000).expect("loaded");
    let answer = client("alertmanager", &server).alerts().await;
    let answer = answer.expect("an answer");
    assert_eq!(answer.value.alerts.len(), 10_000);
    assert_eq!(answer.value.oddities, Default::default());
    assert!(
        (6_000_000..12_000_000).contains(&answer.bytes),
        "{}",
        answer.bytes
    );
    let distinct: BTreeSet<Fingerprint> = answer
        .value
        .alerts
        .iter()
        .map(|a| a.fingerprint())
        .collect();
    assert_eq!(distinct.len(), 10_000);
    let first = &answer.value.alerts[0];
    assert_eq!(first.expr.as_deref(), Some("up{job=\"node\"} == 0"));

    let limited = |limits: AlertLimits| {
        let options = AlertOptions {
            limits,
            ..AlertOptions::default()
        };
        with("alertmanager", &server, options)
    };
    let few = AlertLimits {
        alerts: 9_999,
        ..AlertLimits::default()
    };
    let refused = limited(few).alerts().await.expect_err("too many");
    assert!(
        matches!(refused, SourceError::Limit { limit: 9_999, .. }),
        "{refused:?}"
    );
    let small = AlertLimits {
        body_bytes: 1 << 20,
        ..AlertLimits::default()
    };
    let refused = limited(small).alerts().await.expect_err("too large");
    assert_eq!(refused, SourceError::TooLarge { limit: 1 << 20 });
}

#[tokio::test(flavor = "multi_thread")]
async fn one_alert_has_one_identity_at_prometheus_and_alertmanager() {
    let alertmanager = servers::alertmanager(None);
    let prometheus = servers::prometheus(PrometheusOptions {
        rules: Some(conformance_alerts::fixture_rules()),
        alertmanagers: vec![format!("127.0.0.1:{}", alertmanager.port())],
        // it finds its Alertmanagers some seconds after the first evaluation, and then would wait for a minute
        args: vec!["--rules.alert.resend-delay=1s".into()],
        ..PrometheusOptions::default()
    });
    let wanted = conformance_alerts::fixture().len();
    let sent = until(&*client("alertmanager", &alertmanager), |l| {
        l.alerts.len() >= wanted
    })
    .await;
    let held = until(&*client("prometheus", &prometheus), |l| {
        l.alerts.len() >= wanted
    })
    .await;
    let by_identity = |list: &AlertList| -> BTreeMap<Fingerprint, (i64, Option<String>)> {
        list.alerts
            .iter()
            .map(|a| (a.fingerprint(), (a.starts_at, a.expr.clone())))
            .collect()
    };
    assert_eq!(by_identity(&sent).len(), wanted);
    // the Alertmanager has the expression in the link that Prometheus gives it
    assert_eq!(by_identity(&sent), by_identity(&held));
    let link = sent.alerts[0].generator_url.as_deref();
    assert!(
        link.is_some_and(|l| l.contains("/graph?g0.expr=")),
        "{link:?}"
    );
}

use super::*;
use model::Labels;
use model::alert::Fingerprint;
use std::fmt::Write as _;

const NOW: i64 = 1_800_000_000_000;

fn alert(labels: &str, more: &str) -> String {
    format!(
        r#"{{"status":"firing","labels":{labels},"annotations":{{"summary":"磁盘"}},"startsAt":"2026-11-21T11:25:28.922Z","endsAt":"0001-01-01T00:00:00Z","generatorURL":"http://p:9090/graph?g0.expr=up+%3D%3D+0&g0.tab=1"{more}}}"#
    )
}

/// As the Alertmanager orders its fields: the version behind the alerts.
fn body(alerts: &str, version: &str) -> String {
    format!(
        r#"{{"receiver":"desk","status":"firing","alerts":[{alerts}],"groupLabels":{{"alertname":"A"}},"commonLabels":{{}},"commonAnnotations":{{}},"externalURL":"http://am:9093","version":{version},"groupKey":"{{}}:{{alertname=\"A\"}}","truncatedAlerts":3}}"#
    )
}

fn read(text: &str) -> Result<Batch, WebhookError> {
    parse(text.as_bytes(), &AlertLimits::default(), NOW)
}

#[test]
fn a_notification() {
    let labels = Labels::from_pairs([("alertname", "A"), ("shop", "上海")]);
    let fingerprint = format!(r#","fingerprint":"{}""#, Fingerprint::of(&labels));
    let one = alert(r#"{"alertname":"A","shop":"上海"}"#, &fingerprint);
    let over = one
        .replace("firing", "resolved")
        .replace("0001-01-01T00:00:00Z", "2026-11-21T11:30:00Z");
    let batch = read(&body(&format!("{one},{over}"), "\"4\"")).expect("a batch");
    assert_eq!(batch.oddities, Oddities::default());
    assert_eq!((batch.receiver.as_str(), batch.truncated), ("desk", 3));
    assert_eq!(batch.group_key, "{}:{alertname=\"A\"}");
    assert_eq!(batch.external_url.as_deref(), Some("http://am:9093/"));
    let [first, second] = &batch.alerts[..] else {
        panic!("{batch:?}")
    };
    assert_eq!(first.labels, labels);
    assert_eq!((first.state, first.ends_at), (Reported::Firing, None));
    assert_eq!(first.starts_at, 1_795_260_328_922);
    assert_eq!(first.expr.as_deref(), Some("up == 0"));
    assert_eq!(second.state, Reported::Resolved);
    assert_eq!(second.ends_at, Some(1_795_260_600_000));
}

#[test]
fn other_versions_and_payloads_are_named() {
    let one = alert(r#"{"alertname":"A"}"#, "");
    let version = |found: &str| {
        Err(WebhookError::Version {
            found: found.into(),
        })
    };
    assert_eq!(read(&body(&one, "\"3\"")), version("3"));
    assert_eq!(read(&body(&one, "4")), version("4"));
    assert_eq!(read(&body(&one, "[]")), version("?"));
    // of another version, whose alerts look otherwise
    assert_eq!(read(r#"{"alerts":{"a":1},"version":"1"}"#), version("1"));
    assert_eq!(read(r#"{"text":"磁盘满了"}"#), Err(WebhookError::Custom));
    assert_eq!(
        read(&body(&one, "null")).map(|_| ()),
        version("").map(|_: Batch| ())
    );
    assert!(matches!(
        read(r#"{"version":"4"}"#),
        Err(WebhookError::Malformed { what: "alerts", .. })
    ));
}

#[test]
fn broken_bodies_say_where() {
    let whole = body(&alert(r#"{"alertname":"A"}"#, ""), "\"4\"");
    assert_eq!(read(""), Err(WebhookError::Truncated));
    for cut in [1, 40, whole.len() / 2, whole.len() - 1] {
        assert_eq!(read(&whole[..cut]), Err(WebhookError::Truncated), "{cut}");
    }
    assert_eq!(
        read("{\n\"version\": nope}"),
        Err(WebhookError::Malformed {
            at: 14,
            what: "JSON"
        })
    );
    for wrong in ["[]", "7", "\"4\"", "<html>"] {
        assert!(
            matches!(read(wrong), Err(WebhookError::Malformed { .. })),
            "{wrong}: {:?}",
            read(wrong)
        );
    }
    let number = body(&alert(r#"{"alertname":7}"#, ""), "\"4\"");
    assert!(matches!(read(&number), Err(WebhookError::Malformed { at, .. }) if at > 50));
    let when = whole.replace("2026-11-21T11:25:28.922Z", "soon");
    assert!(matches!(read(&when), Err(WebhookError::Malformed { .. })));
    let two = format!("{whole}{whole}");
    assert!(matches!(read(&two), Err(WebhookError::Malformed { at, .. }) if at >= whole.len()));
    assert!(matches!(
        parse(b"{\"version\":\"\xff\"}", &AlertLimits::default(), NOW),
        Err(WebhookError::Malformed { .. })
    ));
    // nested without end: the parser must not follow it with its stack
    let deep = format!(r#"{{"x":{}"#, "[".repeat(1_000_000));
    assert!(read(&deep).is_err());
}

#[test]
fn what_is_too_much_is_refused_and_counted() {
    let mut million = String::from("{\"alertname\":\"A\"");
    for i in 0..1_000_000 {
        let _ = write!(million, ",\"l{i}\":\"v\"");
    }
    million.push('}');
    let long = format!(r#"{{"alertname":"{}"}}"#, "x".repeat(16_385));
    let good = r#"{"alertname":"A"}"#;
    let all = [&million, &long, "{}", good]
        .map(|l| alert(l, ""))
        .join(",");
    let batch = read(&body(&all, "\"4\"")).expect("a batch");
    assert_eq!(batch.alerts.len(), 1);
    let expected = Oddities {
        too_many_labels: 1,
        label_too_long: 1,
        no_labels: 1,
        ..Oddities::default()
    };
    assert_eq!(batch.oddities, expected);
    assert_eq!(batch.oddities.refused(), 3);

    let limits = AlertLimits {
        alerts: 1,
        ..AlertLimits::default()
    };
    let two = [good, good].map(|l| alert(l, "")).join(",");
    let got = parse(body(&two, "\"4\"").as_bytes(), &limits, NOW);
    assert_eq!(got, Err(WebhookError::TooMany { limit: 1 }));
    let limits = AlertLimits {
        body_bytes: 10,
        ..AlertLimits::default()
    };
    let got = parse(body(good, "\"4\"").as_bytes(), &limits, NOW);
    assert_eq!(got, Err(WebhookError::TooLarge { limit: 10 }));
}

#[test]
fn hostile_texts_are_data_and_identity_is_never_cut() {
    let value = "<img src=x onerror=alert(1)>\\u0000\\u202e\\n";
    let one = alert(&format!(r#"{{"alertname":"{value}"}}"#), "")
        .replace("磁盘", &"长".repeat(10_000))
        .replace("http://p", "javascript://p");
    let batch = read(&body(&one, "\"4\"")).expect("a batch");
    let got = &batch.alerts[0];
    assert_eq!(
        got.labels.get("alertname"),
        Some("<img src=x onerror=alert(1)>\0\u{202e}\n")
    );
    let summary = &got.annotations["summary"];
    assert!(summary.len() <= 16 << 10 && summary.ends_with("长…"));
    assert_eq!(got.generator_url, None);
    let odd = batch.oddities;
    assert_eq!((odd.annotations_cut, odd.url_dropped), (1, 1));
    assert_eq!(odd.refused(), 0);
}

#[test]
fn our_fingerprint_counts_and_a_start_is_found() {
    let stated = |s: &str| alert(r#"{"alertname":"A"}"#, &format!(r#","fingerprint":"{s}""#));
    let all = [stated("0000000000000000"), stated("what"), stated("")].join(",");
    let batch = read(&body(&all, "\"4\"")).expect("a batch");
    assert_eq!(batch.alerts.len(), 3);
    assert_eq!(batch.oddities.fingerprint_mismatch, 2);
    let zero = alert(r#"{"alertname":"A"}"#, "")
        .replace("2026-11-21T11:25:28.922Z", "0001-01-01T00:00:00Z");
    let batch = read(&body(&zero, "\"4\"")).expect("a batch");
    assert_eq!(batch.alerts[0].starts_at, NOW);
}

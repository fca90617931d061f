use super::decode::{alerts, filter, refusal_words, silences, status};
use crate::webhook;
use crate::{AlertLimits, Oddities, SilenceState};
use model::alert::{ALERT_NAME, Fingerprint, Matcher, Observation, Reported};
use proptest::prelude::*;

// recorded from Alertmanager 0.25.0
const ALERTS: &str = include_str!("../../fixtures/alertmanager/alerts-0.25.json");
const SILENCES: &str = include_str!("../../fixtures/alertmanager/silences-0.25.json");
const STATUS: &str = include_str!("../../fixtures/alertmanager/status-0.25.json");
const FIRING: &str = include_str!("../../fixtures/alertmanager/webhook-firing-0.25.json");
const RESOLVED: &str = include_str!("../../fixtures/alertmanager/webhook-resolved-0.25.json");

fn read(body: &str) -> (Vec<Observation>, Oddities) {
    alerts(body.as_bytes(), &AlertLimits::default()).expect("alerts")
}

fn named<'a>(all: &'a [Observation], name: &str, store: &str) -> &'a Observation {
    let fits = |a: &&Observation| {
        a.labels.get(ALERT_NAME) == Some(name) && a.labels.get("store") == Some(store)
    };
    all.iter().find(fits).expect("in the recording")
}

#[test]
fn a_recorded_list() {
    let (all, odd) = read(ALERTS);
    assert_eq!((all.len(), odd), (4, Oddities::default()));
    let cause = named(&all, "HostDown", "门店1");
    assert_eq!(cause.fingerprint().to_string(), "0efecab98edf40e6");
    assert_eq!(cause.state, Reported::Firing);
    assert_eq!(cause.annotations["description"], "<b>连续 5 分钟</b>");
    assert_eq!(cause.expr.as_deref(), Some("up{job=\"node\"} == 0"));
    assert_eq!(cause.ends_at.map(|e| e - cause.starts_at), Some(300_000));
    let inhibited = named(&all, "SlowOrders", "门店1");
    assert_eq!(inhibited.state, Reported::Suppressed);
    assert_eq!(inhibited.inhibited_by, [cause.fingerprint()]);
    let silenced = named(&all, "CertificateExpiring", "门店3");
    assert_eq!(
        silenced.silenced_by,
        ["10764117-5cfb-45ec-97e9-316c8231a7be"]
    );
    assert_eq!(named(&all, "SlowOrders", "门店2").state, Reported::Firing);
}

#[test]
fn recorded_status_and_silences() {
    let info = status(STATUS.as_bytes()).expect("a status");
    assert_eq!(info.version.as_deref(), Some("0.25.0"));
    assert!(info.ready && info.silences && info.started_at_ms.is_some());
    let settling = STATUS.replace("disabled", "settling");
    assert!(!status(settling.as_bytes()).expect("a status").ready);
    let all = silences(SILENCES.as_bytes(), &AlertLimits::default()).expect("silences");
    let [one] = &all[..] else { panic!("{all:?}") };
    assert_eq!(one.state, SilenceState::Active);
    assert_eq!(one.silence.created_by, "张三");
    let matcher = Matcher {
        is_regex: true,
        ..Matcher::equal("store", "门店3|门店4")
    };
    assert_eq!(one.silence.matchers, [matcher]);
    let none = AlertLimits {
        silences: 0,
        ..AlertLimits::default()
    };
    assert!(silences(SILENCES.as_bytes(), &none).is_err());
    let old = SILENCES.replace("\"isEqual\":true,", "");
    assert_eq!(silences(old.as_bytes(), &AlertLimits::default()), Ok(all));
}

#[test]
fn recorded_notifications() {
    let parse = |body: &str| webhook::parse(body.as_bytes(), &AlertLimits::default(), 0);
    let (firing, resolved) = (parse(FIRING), parse(RESOLVED));
    let (firing, resolved) = (firing.expect("a batch"), resolved.expect("a batch"));
    assert_eq!(firing.oddities, Oddities::default());
    assert!(firing.alerts.iter().all(|a| a.ends_at.is_none()));
    assert_eq!(resolved.status, Reported::Resolved);
    assert_eq!(
        resolved.alerts[0].fingerprint().to_string(),
        "0efecab98edf40e6"
    );
    assert!(resolved.alerts[0].ends_at > Some(resolved.alerts[0].starts_at));
    assert_eq!(resolved.group_key, "{}:{alertname=\"HostDown\"}");
}

#[test]
fn fields_of_newer_versions() {
    let newer = ALERTS
        .replace(
            "\"inhibitedBy\":[]",
            "\"inhibitedBy\":null,\"mutedBy\":[\"夜间\"]",
        )
        .replace(
            "\"receivers\":",
            "\"annotationsVersion\":{\"deep\":[[1]]},\"receivers\":",
        )
        .replace("\"state\":\"active\"", "\"state\":\"unprocessed\"");
    let (all, odd) = read(&newer);
    assert_eq!((all.len(), odd), (4, Oddities::default()));
    let cause = named(&all, "HostDown", "门店1");
    assert_eq!(cause.state, Reported::Firing);
    assert_eq!(cause.muted_by, ["夜间"]);
    assert_eq!(read("[]").0, []);
    assert_eq!(read("null").0, []);
}

#[test]
fn filters_are_written_as_they_are_parsed() {
    let nasty = Matcher {
        is_equal: false,
        ..Matcher::equal("note", "a\"b\\c\nd\te上")
    };
    assert_eq!(filter(&nasty), "note!=\"a\\\"b\\\\c\\nd\te上\"");
    let regex = Matcher {
        is_regex: true,
        ..Matcher::equal("store", "门店\\d+")
    };
    assert_eq!(filter(&regex), "store=~\"门店\\\\d+\"");
}

#[test]
fn refusals_in_both_forms() {
    assert_eq!(refusal_words(b"\"no\"\n").as_deref(), Some("no"));
    let coded = br#"{"code":612,"message":"matchers"}"#;
    assert_eq!(refusal_words(coded).as_deref(), Some("matchers"));
    for other in ["", "<html>", "{}", "7", "[\"a\"]"] {
        assert_eq!(refusal_words(other.as_bytes()), None, "{other}");
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(body in prop::collection::vec(any::<u8>(), 0..300)) {
        let limits = AlertLimits::default();
        let _ = alerts(&body, &limits);
        let _ = webhook::parse(&body, &limits, 0);
        let _ = silences(&body, &limits);
        let _ = status(&body);
    }

    /// A recorded body with some bytes changed or cut: an error, or alerts whose labels fit their fingerprints.
    #[test]
    fn no_damage_makes_it_panic(
        which in 0..3_usize,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        end in any::<prop::sample::Index>(),
    ) {
        let mut body = [ALERTS, FIRING, RESOLVED][which].as_bytes().to_vec();
        for (at, byte) in &changes {
            let at = at.index(body.len());
            body[at] = *byte;
        }
        if changes.len() % 2 == 1 {
            body.truncate(end.index(body.len()));
        }
        let limits = AlertLimits::default();
        let read = if which == 0 {
            alerts(&body, &limits).ok()
        } else {
            webhook::parse(&body, &limits, 0).ok().map(|b| (b.alerts, b.oddities))
        };
        if let Some((all, _)) = read {
            for alert in all {
                prop_assert_eq!(alert.fingerprint(), Fingerprint::of(&alert.labels));
                prop_assert!(!alert.labels.is_empty());
            }
        }
    }
}

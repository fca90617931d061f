//! Every code of the webhook, of its listener and of a list of alerts has its sentence in both languages, with the values it gets.

use desk::listener::ListenError;
use serde_json::Value;
use source::Oddities;
use source::webhook::WebhookError;
use std::collections::BTreeSet;
use std::path::Path;

fn texts(name: &str, path: &[&str]) -> serde_json::Map<String, Value> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../locales")
        .join(name);
    let text = std::fs::read_to_string(file).expect("the locale is there");
    let locale: Value = serde_saphyr::from_str(&text).expect("the locale is YAML");
    let found = path.iter().try_fold(&locale, |value, key| value.get(key));
    found.and_then(Value::as_object).expect("texts").clone()
}

fn placeholders(text: &str) -> BTreeSet<&str> {
    text.split("%{")
        .skip(1)
        .filter_map(|rest| rest.split('}').next())
        .collect()
}

fn check(path: &[&str], codes: &[&str], params: impl Fn(&str) -> Vec<&'static str>) {
    for name in ["zh-CN.yml", "en.yml"] {
        let texts = texts(name, path);
        let known: BTreeSet<&str> = codes.iter().copied().collect();
        assert_eq!(
            texts.keys().map(String::as_str).collect::<BTreeSet<_>>(),
            known,
            "{name}"
        );
        for (code, text) in &texts {
            let text = text.as_str().expect("a sentence");
            assert!(text.chars().count() > 5, "{name} {code}");
            let given: BTreeSet<&str> = params(code).into_iter().collect();
            assert!(
                placeholders(text).is_subset(&given),
                "{name} {code}: {text}"
            );
        }
    }
}

#[test]
fn sentences_of_the_webhook() {
    let errors = [
        WebhookError::TooLarge { limit: 1 },
        WebhookError::TooMany { limit: 1 },
        WebhookError::Version { found: "3".into() },
        WebhookError::Custom,
        WebhookError::Truncated,
        WebhookError::Malformed { at: 1, what: "x" },
    ];
    let codes: Vec<&str> = errors.iter().map(WebhookError::code).collect();
    assert_eq!(codes, WebhookError::CODES);
    let all = [&codes[..], &["unauthorized", "busy", "slow", "not_kept"]].concat();
    check(&["error", "webhook"], &all, |code| {
        let error = errors.iter().find(|e| e.code() == code);
        error.map_or(Vec::new(), |e| {
            e.params().into_iter().map(|(n, _)| n).collect()
        })
    });
}

#[test]
fn sentences_of_the_listener() {
    let addr = "10.0.0.1:1".parse().expect("an address");
    let errors = [
        ListenError::NotLoopback { addr },
        ListenError::NoToken,
        ListenError::Io {
            addr,
            source: std::io::Error::other("x"),
        },
    ];
    let codes: Vec<&str> = errors.iter().map(ListenError::code).collect();
    assert_eq!(codes, ListenError::CODES);
    check(&["error", "listener"], &codes, |code| {
        let error = errors.iter().find(|e| e.code() == code);
        error.map_or(Vec::new(), |e| {
            e.params().into_iter().map(|(n, _)| n).collect()
        })
    });
}

#[test]
fn sentences_of_oddities() {
    check(&["alert_source", "oddity"], &Oddities::CODES, |_| {
        vec!["count"]
    });
}

//! Every code that the source and the secrets can answer has its sentence in both languages.

use secrets::{KeyringFault, SecretError};
use serde_json::Value;
use source::{ConfigError, SourceError, TlsFault};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

fn locale(name: &str) -> Value {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = root.join("../locales").join(name);
    let text = std::fs::read_to_string(&path).expect("the locale is there");
    serde_saphyr::from_str(&text).expect("the locale is YAML")
}

fn sentence<'a>(locale: &'a Value, keys: &[&str]) -> &'a str {
    let found = keys.iter().try_fold(locale, |value, key| value.get(key));
    found
        .and_then(Value::as_str)
        .unwrap_or_else(|| panic!("no text for {}", keys.join(".")))
}

#[test]
fn every_code_has_its_sentence() {
    for locale in ["zh-CN.yml", "en.yml"].map(locale) {
        for code in SourceError::ADVICE.iter().chain(&ConfigError::CODES) {
            assert!(sentence(&locale, &["error", "source", code]).len() > 5);
        }
        for odd in source::jaeger::Odd::ALL {
            let said = sentence(&locale, &["trace_source", "oddity", odd.code()]);
            assert!(said.len() > 5);
        }
        for code in source::LOG_WARNINGS {
            assert!(sentence(&locale, &["log_source", "warning", code]).len() > 5);
        }
        for code in SecretError::CODES {
            assert!(sentence(&locale, &["error", "secrets", code]).len() > 5);
        }
        for code in KeyringFault::CODES {
            assert!(sentence(&locale, &["secrets", "keyring", code]).len() > 5);
        }
        let known: BTreeSet<&str> = SourceError::ADVICE
            .into_iter()
            .chain(ConfigError::CODES)
            .collect();
        let written = locale["error"]["source"].as_object().expect("texts");
        let unknown: Vec<&String> = written
            .keys()
            .filter(|k| !known.contains(k.as_str()))
            .collect();
        assert!(unknown.is_empty(), "nobody says {unknown:?}");
    }
}

#[test]
fn the_sentence_of_a_code_uses_what_the_error_gives() {
    let text = || "x".to_owned();
    let errors = [
        SourceError::Connect { detail: text() },
        SourceError::Dns { host: text() },
        SourceError::Tls {
            why: TlsFault::UnknownIssuer,
        },
        SourceError::Timeout {
            after: Duration::from_millis(1_500),
        },
        SourceError::Http { status: 502 },
        SourceError::Redirected { to: text() },
        SourceError::Unauthorized,
        SourceError::Forbidden,
        SourceError::Query {
            fault: source::QueryFault::Failed,
            message: text(),
        },
        SourceError::NotPrometheus {
            content_type: text(),
            snippet: text(),
        },
        SourceError::NotExpected {
            expected: "Jaeger",
            content_type: text(),
            snippet: text(),
        },
        SourceError::TooLarge { limit: 64 << 20 },
        SourceError::Truncated,
        SourceError::Malformed {
            at: 7,
            what: "comma",
        },
        SourceError::Limit {
            what: source::Capacity::Series,
            limit: 9,
        },
        SourceError::Cancelled,
        SourceError::Internal { detail: text() },
    ];
    for locale in ["zh-CN.yml", "en.yml"].map(locale) {
        for error in &errors {
            let mut said = sentence(&locale, &["error", error.code()]).to_owned();
            for (name, value) in error.params() {
                let place = format!("%{{{name}}}");
                assert!(said.contains(&place), "{said} has no {place}");
                said = said.replace(&place, &value);
            }
            assert!(!said.contains("%{"), "{said}");
            assert!(
                SourceError::ADVICE.contains(&error.advice()),
                "{}",
                error.advice()
            );
        }
    }
    assert_eq!(errors[3].params(), [("seconds", "1.5".to_owned())]);
    assert_eq!(errors[11].params(), [("limit", "64 MiB".to_owned())]);
}

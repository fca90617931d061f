//! What is wrong with a store's partitions and needs a person, as alerts of the program's own: lines that nobody would ever move or
//! remove look like any others.

use super::keeping::Record;
use super::steps;
use super::stores::Stores;
use crate::clock;
use crate::duty::sentences::{With, sentence, text};
use crate::duty::{DutyHandle, Message};
use crate::rota::Words;
use crate::rota::news::over;
use engine::duty::{Event, Extent};
use model::{Labels, Observation};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use wire::Sentence;

/// The name of the stores' keeping as a source of alerts.
pub const SOURCE: &str = "logs";
/// How often the records are looked at; they change once an hour.
const EVERY: Duration = Duration::from_secs(10);
/// So many looks in a row have to fail: a database that is started anew is no alert, and says itself that it is away.
const FAILURES: u32 = 2;

/// What is wrong with the stores of these names.
pub fn alerts(kept: &[(String, Record)], words: &Words) -> Vec<Observation> {
    let mut all = Vec::new();
    for (store, record) in kept {
        for (finding, since) in &record.findings {
            let (code, of) = steps::about(finding);
            let said = steps::finding(finding);
            all.push(alert(store, (code, of), &said, *since, words));
        }
        if let (Some(error), Some((since, times))) = (&record.error, record.failing)
            && times >= FAILURES
        {
            all.push(alert(store, ("failed", String::new()), error, since, words));
        }
    }
    all
}

fn rule(code: &str) -> &'static str {
    match code {
        "default_not_empty" => "LogLinesWithoutPartition",
        "not_ahead" => "LogPartitionsNotAhead",
        "detached" => "LogPartitionDetached",
        "damaged" => "LogFilesDamaged",
        _ => "LogPartitionsNotKept",
    }
}

fn alert(
    store: &str,
    (code, of): (&'static str, String),
    said: &Sentence,
    since: i64,
    words: &Words,
) -> Observation {
    let labels = [
        ("alertname", rule(code)),
        ("priority", "P3"),
        ("store", store),
        ("part", of.as_str()),
        ("domain", SOURCE),
    ];
    let labels = labels.into_iter().filter(|(_, value)| !value.is_empty());
    let mut alert = Observation::firing(Labels::from_pairs(labels), since);
    let what = words.say(said);
    let summary = sentence("pglogs.alert")
        .with("store", text(store))
        .with("what", text(&what));
    let texts = [
        ("summary", words.say(&summary)),
        ("description", words.plain(&format!("pglogs.todo_{code}"))),
    ];
    let texts = texts.map(|(name, value)| (name.to_owned(), value));
    alert.annotations.extend(texts);
    alert
}

/// Tells the alert desk whenever something has changed, until told to end. Where no store is looked after there is nothing to tell.
pub async fn run(stores: Stores, duty: DutyHandle, words: Words, stop: CancellationToken) {
    if stores.all().iter().all(|e| e.record().is_none()) {
        return;
    }
    let mut told: Vec<Observation> = Vec::new();
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => {}
        }
        let kept = stores.all().iter();
        let kept: Vec<_> = kept
            .filter_map(|e| Some((e.name.clone(), e.record()?)))
            .collect();
        let firing = alerts(&kept, &words);
        if firing == told {
            continue;
        }
        let over = over(&told, &firing, clock::now_ms());
        let alerts = firing.iter().cloned().chain(over).collect();
        told = firing;
        let event = Event::Observed {
            source: SOURCE.to_owned(),
            extent: Extent::All,
            alerts,
        };
        duty.send(Message::Event(event)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::NaiveDate;
    use pglogs::lifecycle::Finding;

    fn day(n: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, n).expect("a day")
    }

    #[test]
    fn each_finding_is_an_alert_that_says_what_to_do_in_both_languages() {
        let findings = [
            Finding::DefaultNotEmpty {
                lines: 7,
                days: 1,
                oldest: day(1),
                newest: day(1),
            },
            Finding::NotAhead { day: day(2) },
            Finding::Detached { day: day(3) },
            Finding::Damaged {
                day: day(4),
                part: 2,
                detail: "manifest unreadable".to_owned(),
            },
        ];
        let record = Record {
            findings: findings.map(|f| (f, 5)).into(),
            error: Some(sentence("pglogs.no_schema")),
            failing: Some((9, FAILURES)),
            ..Record::default()
        };
        for locale in crate::texts::LOCALES {
            let words = Words::new(locale, chrono_tz::Asia::Shanghai);
            let alerts = alerts(&[("main".to_owned(), record.clone())], &words);
            assert_eq!(alerts.len(), 5);
            let rules: std::collections::BTreeSet<_> = alerts
                .iter()
                .map(|a| a.labels.get("alertname").map(str::to_owned))
                .collect();
            assert_eq!(rules.len(), 5);
            assert_eq!(alerts[0].starts_at, 5);
            assert_eq!(alerts[4].starts_at, 9);
            for alert in &alerts {
                for text in alert.annotations.values() {
                    assert!(!text.contains("%{") && !text.contains("pglogs."), "{text}");
                }
            }
        }
    }

    #[test]
    fn a_single_failure_is_no_alert() {
        let record = Record {
            error: Some(sentence("pglogs.no_schema")),
            failing: Some((9, 1)),
            ..Record::default()
        };
        let words = Words::new("en", chrono_tz::UTC);
        assert_eq!(alerts(&[("main".to_owned(), record)], &words), []);
    }
}

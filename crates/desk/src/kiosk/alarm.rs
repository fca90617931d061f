//! A page of the wall that does not come back, as an alert of the program's own: a dead wall looks like a quiet one.

use crate::duty::sentences::{With, sentence, text};
use crate::rota::Words;
use model::{Labels, Observation};

/// The name of the wall as a source of alerts.
pub const SOURCE: &str = "wall";
/// Rule name of the alert that a page of the wall is dead.
pub const DEAD_RULE: &str = "WallPageDead";

/// The pages (window label, since when in ms) that do not come back, as alerts.
pub fn dead_pages(pages: &[(String, i64)], words: &Words) -> Vec<Observation> {
    let alert = |(window, since): &(String, i64)| {
        let labels = Labels::from_pairs([
            ("alertname", DEAD_RULE),
            ("priority", "P1"),
            ("window", window.as_str()),
            ("domain", SOURCE),
        ]);
        let mut alert = Observation::firing(labels, *since);
        let said = |key: &str| words.say(&sentence(key).with("window", text(window)));
        let texts = [
            ("summary", said("kiosk.alert.dead")),
            ("description", said("kiosk.alert.dead_detail")),
        ];
        let texts = texts.map(|(name, value)| (name.to_owned(), value));
        alert.annotations.extend(texts);
        alert
    };
    pages.iter().map(alert).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_which_window_and_what_to_do_in_both_languages() {
        for locale in crate::texts::LOCALES {
            let words = Words::new(locale, chrono_tz::Asia::Shanghai);
            let alerts = dead_pages(&[("wall-2".to_owned(), 5)], &words);
            let [alert] = alerts.as_slice() else {
                panic!("{alerts:?}");
            };
            assert_eq!(
                (alert.labels.get("priority"), alert.starts_at),
                (Some("P1"), 5)
            );
            for text in alert.annotations.values() {
                assert!(text.contains("wall-2") && !text.contains("%{"), "{text}");
                assert!(!text.contains("kiosk."), "{text}");
            }
        }
    }
}

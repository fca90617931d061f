//! Parts of a message that are about one alert.

use super::Scene;
use crate::speak::{duration, say};
use crate::text::{self, line};
use model::duty::{Alert, Resolution};

/// The rule's name, or that it has none.
pub(super) fn alert_name(alert: &Alert, locale: &str) -> String {
    let name = line(alert.name(), text::TITLE);
    if name.is_empty() {
        say(locale, "notice.nameless", &[])
    } else {
        name
    }
}

/// What it is called in a title: its `summary`, because that is written for people; otherwise the rule's name.
pub(super) fn alert_title(alert: &Alert, locale: &str) -> String {
    let summary = alert.annotations.get("summary");
    summary
        .and_then(|s| text::lines(s, text::TITLE, 1).pop())
        .unwrap_or_else(|| alert_name(alert, locale))
}

/// Since when it counts as holding: a source's clock may be ahead of ours.
pub(super) fn start_of(alert: &Alert) -> i64 {
    alert.starts_at.min(alert.first_seen)
}

/// One line of a digest.
pub(super) fn digest_line(alert: &Alert, scene: &Scene<'_>) -> String {
    let (until, key) = match &alert.resolved {
        Some((at, _)) => (*at, "notice.line.digest_resolved"),
        None => (scene.now, "notice.line.digest"),
    };
    let lasted = duration(scene.locale, until.saturating_sub(start_of(alert)));
    let name = line(&alert_title(alert, scene.locale), 80);
    say(
        scene.locale,
        key,
        &[
            ("level", alert.level.name()),
            ("name", &name),
            ("lasted", &lasted),
        ],
    )
}

/// By what it is over.
pub(super) fn resolved_by(why: &Resolution, locale: &str) -> String {
    match why {
        Resolution::Source { source } | Resolution::Gone { source } => line(source, text::NAME),
        Resolution::ByHand { by, .. } => say(
            locale,
            "notice.by_hand",
            &[("name", &line(&by.name, text::NAME))],
        ),
    }
}

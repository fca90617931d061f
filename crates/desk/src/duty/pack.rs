//! What the next shift must know of the alerts.

use super::core::DutyCore;
use super::handle::Answer;
use super::{list, views};
use crate::clock;
use model::duty::{Alert, Mute};
use model::rota::{Pack, PackAlert, PackRule, PackSilence};

/// Alerts, silences and rules of a pack at most, of each.
const MOST: usize = 50;
/// Characters of a text.
const TEXT: usize = 200;

fn entry(alert: &Alert) -> PackAlert {
    let until = alert
        .ack
        .as_ref()
        .and_then(|a| a.until)
        .or(alert.snooze.as_ref().map(|(_, until)| *until));
    let by = alert
        .ack
        .as_ref()
        .map(|a| a.by.name.clone())
        .or(alert.snooze.as_ref().map(|(by, _)| by.name.clone()));
    let summary = alert.annotations.get("summary");
    PackAlert {
        alert: alert.id,
        name: alert.name().chars().take(TEXT).collect(),
        summary: summary.map_or_else(String::new, |s| s.chars().take(TEXT).collect()),
        level: alert.level,
        since: alert.starts_at,
        by,
        until,
    }
}

impl DutyCore {
    /// The pack of a handover: `from` is when the old shift began, `until` when the next one ends, ms.
    pub(super) fn pack(&self, from: i64, until: i64, reply: Answer<Pack>) {
        let now = clock::now_ms();
        let mut open: Vec<&Alert> = self
            .duty
            .alerts()
            .filter(|a| a.is_open() && !list::is_suppressed(a))
            .collect();
        open.sort_by_key(|a| (a.ack.is_some(), a.level, views::counted_from(a), a.id));
        let open_count = u32::try_from(open.len()).unwrap_or(u32::MAX);
        let mut lapsing: Vec<PackAlert> = self
            .duty
            .alerts()
            .filter(|a| a.is_open())
            .map(entry)
            .filter(|a| a.until.is_some_and(|t| t > now))
            .collect();
        lapsing.sort_by_key(|a| (a.until, a.alert));
        lapsing.truncate(MOST);
        let ending = |m: &&Mute| m.ends_at > now && m.ends_at <= until.max(now);
        let mut silences: Vec<PackSilence> = self
            .duty
            .mutes()
            .filter(ending)
            .map(|m| PackSilence {
                mute: m.id,
                comment: m.comment.chars().take(TEXT).collect(),
                by: m.by.name.clone(),
                until: m.ends_at,
            })
            .collect();
        silences.sort_by_key(|s| (s.until, s.mute));
        silences.truncate(MOST);
        let mut pack = Pack {
            made_at: now,
            open: open.into_iter().take(MOST).map(entry).collect(),
            open_count,
            lapsing,
            silences,
            ..Pack::default()
        };
        let store = self.store.clone();
        tokio::spawn(async move {
            match store.noisy(from, now, MOST).await {
                Ok(noisy) => {
                    pack.noisy = noisy
                        .into_iter()
                        .map(|r| PackRule {
                            name: r.rule,
                            episodes: r.episodes,
                            notices: r.notices,
                        })
                        .collect();
                }
                Err(e) => tracing::warn!(error = %e, "noisy rules cannot be counted"),
            }
            // Nobody waits any more: the page asks again.
            let _ = reply.send(Ok(pack));
        });
    }
}

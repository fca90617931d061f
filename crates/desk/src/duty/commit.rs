//! What waits for the disk: records of one transaction, and what may only be done once they are kept.
//!
//! While one transaction runs, everything that happens meanwhile is gathered for the next, so that a storm costs few transactions and an
//! acknowledgement waits for two at most.

use engine::duty::Effect;
use model::duty::{NoticeId, Record};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::oneshot;
use wire::ErrorView;

/// A database that cannot be written for this long must not keep anybody asleep: effects then run all the same, and every window says so.
pub const FAIL_OPEN_AFTER: i64 = 10_000;
/// Lines of timelines that wait at most while the database cannot be written; beyond, the oldest are given up (and counted in the log).
const MOST_LINES: usize = 200_000;

/// Somebody who waits until it is kept.
pub type Reply = oneshot::Sender<Result<(), ErrorView>>;

/// What waits for one transaction.
#[derive(Default)]
pub struct Batch {
    /// To be kept.
    pub records: Vec<Record>,
    /// To be done afterwards.
    pub after: Vec<Effect>,
    /// To be told afterwards.
    pub replies: Vec<Reply>,
}

impl Batch {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty() && self.after.is_empty() && self.replies.is_empty()
    }

    /// Takes the engine's answer.
    pub fn add(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Keep(records) if self.records.is_empty() => self.records = records,
                Effect::Keep(records) => self.records.extend(records),
                after => self.after.push(after),
            }
        }
    }

    /// While the database cannot be written: of an episode, a notice or a mute only the newest state is left.
    pub fn squeeze(&mut self) {
        self.records = squeeze(std::mem::take(&mut self.records));
    }
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Alert(i64),
    Notice(NoticeId),
    Mute(i64),
    Alive,
}

fn key(record: &Record) -> Option<Key> {
    match record {
        Record::Alert(a) => Some(Key::Alert(a.id.0)),
        Record::Notice(n) => Some(Key::Notice(n.id)),
        Record::Mute(m) => Some(Key::Mute(m.id.0)),
        Record::Alive(_) => Some(Key::Alive),
        Record::Transition(_) | Record::Audit(_) => None,
    }
}

/// States that a later one replaces are left out; everything else stays in its order.
fn squeeze(records: Vec<Record>) -> Vec<Record> {
    let mut newest: BTreeMap<Key, usize> = BTreeMap::new();
    for (i, record) in records.iter().enumerate() {
        if let Some(key) = key(record) {
            newest.insert(key, i);
        }
    }
    let lines = records
        .iter()
        .filter(|r| matches!(r, Record::Transition(_)))
        .count();
    let mut too_many = lines.saturating_sub(MOST_LINES);
    if too_many > 0 {
        tracing::error!(
            lines = too_many,
            "timelines are cut: the database cannot be written"
        );
    }
    let mut kept = Vec::with_capacity(records.len());
    for (i, record) in records.into_iter().enumerate() {
        let replaced = key(&record).is_some_and(|k| newest.get(&k) != Some(&i));
        let cut = too_many > 0 && matches!(record, Record::Transition(_));
        too_many -= usize::from(cut);
        if !replaced && !cut {
            kept.push(record);
        }
    }
    kept
}

/// How long to wait before the next try to write.
pub fn pause(failures: u32) -> Duration {
    Duration::from_millis(250 << failures.min(5))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::duty::samples::alert;
    use model::Level;
    use model::duty::{AlertId, Transition, What};

    #[test]
    fn only_the_newest_state_is_kept_and_every_line() {
        let line = |at| {
            Record::Transition(Transition {
                alert: AlertId(1),
                at,
                what: What::AckLapsed,
            })
        };
        let state = |level| Record::Alert(Box::new(alert(1, level, &[])));
        let mut batch = Batch {
            records: vec![state(Level::P2), line(1), line(2), Record::Alive(8)],
            ..Batch::default()
        };
        batch
            .records
            .extend([state(Level::P1), line(3), Record::Alive(9)]);
        batch.squeeze();
        let expected = [
            line(1),
            line(2),
            state(Level::P1),
            line(3),
            Record::Alive(9),
        ];
        assert_eq!(batch.records, expected);
    }

    #[test]
    fn pauses_grow_to_eight_seconds() {
        assert_eq!(pause(0).as_millis(), 250);
        assert_eq!(pause(99).as_millis(), 8_000);
    }
}

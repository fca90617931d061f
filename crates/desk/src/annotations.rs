//! The last events that explain charts, bounded in number, for every reader in the program.

use model::annotation::Annotation;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

/// Events that are kept; the oldest go first.
pub const KEPT: usize = 5_000;
/// Characters of a title and of a detail that are kept.
const TITLE: usize = 200;
const DETAIL: usize = 1_000;

/// A ring of events in the order in which they were told. Cloning gives the same ring.
#[derive(Clone, Debug, Default)]
pub struct Annotations {
    inner: Arc<Mutex<Ring>>,
}

#[derive(Debug, Default)]
struct Ring {
    events: VecDeque<Annotation>,
    revision: u64,
}

impl Annotations {
    fn with<T>(&self, f: impl FnOnce(&mut Ring) -> T) -> T {
        f(&mut self.inner.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes an event; one that is there already is not taken twice. Long texts are cut.
    pub fn push(&self, mut event: Annotation) {
        cut(&mut event.title, TITLE);
        cut(&mut event.detail, DETAIL);
        self.with(|ring| {
            // a watch that begins anew tells its last events again
            if ring.events.iter().rev().take(200).any(|e| *e == event) {
                return;
            }
            ring.events.push_back(event);
            while ring.events.len() > KEPT {
                ring.events.pop_front();
            }
            ring.revision += 1;
        });
    }

    /// Those of `from_ms..=to_ms`, by time, the newest `limit` of them.
    pub fn between(&self, from_ms: i64, to_ms: i64, limit: usize) -> Vec<Annotation> {
        let mut found: Vec<Annotation> = self.with(|ring| {
            let within = |e: &&Annotation| (from_ms..=to_ms).contains(&e.at_ms);
            ring.events.iter().filter(within).cloned().collect()
        });
        found.sort_by_key(|e| e.at_ms);
        let surplus = found.len().saturating_sub(limit);
        found.drain(..surplus);
        found
    }

    /// Changes with every event that is taken.
    pub fn revision(&self) -> u64 {
        self.with(|ring| ring.revision)
    }
}

fn cut(text: &mut String, chars: usize) {
    if let Some((at, _)) = text.char_indices().nth(chars) {
        text.truncate(at);
        text.push('…');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Labels;
    use model::annotation::AnnotationKind;

    fn event(at_ms: i64, title: &str) -> Annotation {
        Annotation {
            at_ms,
            kind: AnnotationKind::Configuration,
            title: title.into(),
            detail: String::new(),
            labels: Labels::default(),
            source: "etcd".into(),
        }
    }

    #[test]
    fn the_ring_is_bounded_and_takes_nothing_twice() {
        let ring = Annotations::default();
        for i in 0..KEPT as i64 + 10 {
            ring.push(event(i, "k"));
        }
        let before = ring.revision();
        ring.push(event(KEPT as i64 + 9, "k"));
        assert_eq!(ring.revision(), before);
        let all = ring.between(0, i64::MAX, usize::MAX);
        assert_eq!((all.len(), all[0].at_ms), (KEPT, 10));
        let few = ring.between(20, 40, 3);
        assert_eq!(
            few.iter().map(|e| e.at_ms).collect::<Vec<_>>(),
            [38, 39, 40]
        );
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        let ring = Annotations::default();
        ring.push(event(1, &"键".repeat(5_000)));
        let title = ring.between(0, 9, 9)[0].title.clone();
        assert_eq!(title.chars().count(), TITLE + 1);
    }
}

//! What `Ctrl+Z` takes back: what people have changed, newest first, without what is undone already.

use model::duty::Via;
use model::rota::{RotaChange, Touched};
use std::collections::{BTreeSet, VecDeque};

/// So many steps can be gone back at most.
pub const STEPS: usize = 100;

/// The newest changes made by people, oldest first. What the program does by itself (handovers that it opens, that it told of them) is nobody's
/// step, and would hide what was done before it.
#[derive(Debug, Default)]
pub struct Steps(VecDeque<RotaChange>);

impl Steps {
    /// From the log, newest first.
    pub fn from_log(log: impl DoubleEndedIterator<Item = RotaChange>) -> Self {
        let mut steps = Self::default();
        log.rev().for_each(|change| steps.add(change));
        steps
    }

    /// One more change.
    pub fn add(&mut self, change: RotaChange) {
        if change.by.via == Via::System {
            return;
        }
        self.0.push_back(change);
        if self.0.len() > STEPS {
            self.0.pop_front();
        }
    }

    /// Those that are no undoing and are not undone, newest first. An undoing that was itself undone has undone nothing.
    pub fn back(&self) -> Vec<&RotaChange> {
        let mut undone = BTreeSet::new();
        let mut out = Vec::new();
        for change in self.0.iter().rev() {
            let gone = undone.contains(&change.id);
            match change.undoes {
                Some(id) if !gone => {
                    undone.insert(id);
                }
                None if !gone && !is_signature(change) => out.push(change),
                _ => {}
            }
        }
        out
    }
}

/// What is written and signed in handovers stands.
fn is_signature(change: &RotaChange) -> bool {
    let of_handover = |t: &Touched| matches!(t, Touched::Handover { .. });
    change.touched.iter().all(of_handover)
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::duty::Actor;
    use model::rota::{ChangeId, Handover};

    fn change(id: i64, via: Via, undoes: Option<i64>) -> RotaChange {
        RotaChange {
            id: ChangeId(id),
            at: id,
            by: Actor {
                via,
                ..Actor::default()
            },
            action: String::new(),
            rota: None,
            touched: vec![Touched::Member {
                before: None,
                after: None,
            }],
            undoes: undoes.map(ChangeId),
        }
    }

    fn ids(steps: &Steps) -> Vec<i64> {
        steps.back().iter().map(|c| c.id.0).collect()
    }

    #[test]
    fn what_is_undone_is_no_step_until_its_undoing_is_undone() {
        let mut steps = Steps::default();
        for id in [1, 2, 3] {
            steps.add(change(id, Via::Desk, None));
        }
        assert_eq!(ids(&steps), [3, 2, 1]);
        steps.add(change(4, Via::Desk, Some(3)));
        assert_eq!(ids(&steps), [2, 1]);
        steps.add(change(5, Via::Desk, Some(2)));
        assert_eq!(ids(&steps), [1]);
        // Somebody takes the first undoing back: what it had undone is there again.
        steps.add(change(6, Via::Desk, Some(4)));
        assert_eq!(ids(&steps), [3, 1]);
    }

    #[test]
    fn what_the_program_does_and_what_is_signed_are_no_steps() {
        let mut steps = Steps::default();
        steps.add(change(1, Via::Desk, None));
        steps.add(change(2, Via::System, None));
        let signed = Touched::Handover {
            before: None,
            after: Some(Box::new(Handover::default())),
        };
        steps.add(RotaChange {
            touched: vec![signed],
            ..change(3, Via::Desk, None)
        });
        assert_eq!(ids(&steps), [1]);
    }

    #[test]
    fn a_log_is_read_from_its_newest_on_and_only_so_much_is_remembered() {
        let log: Vec<RotaChange> = (1..=120)
            .rev()
            .map(|i| change(i, Via::CommandLine, None))
            .collect();
        let steps = Steps::from_log(log.into_iter());
        assert_eq!(steps.0.len(), STEPS);
        assert_eq!(ids(&steps)[..2], [120, 119]);
    }
}

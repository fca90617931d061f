//! One question for each place of the page: the newest.

use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Places at once; a page that names more waits in the last of them.
const MOST: usize = 32;
/// Bytes of a place's name that count.
const NAME: usize = 64;

#[derive(Debug, Default)]
struct State {
    next: u64,
    open: HashMap<String, (u64, CancellationToken)>,
}

/// The questions under way by the place that asks.
#[derive(Clone, Debug, Default)]
pub struct Lanes(Arc<Mutex<State>>);

/// A question under way; over when it is dropped.
#[derive(Debug)]
pub struct Lane {
    all: Lanes,
    name: String,
    id: u64,
    /// Cancelled when the same place asks again.
    pub token: CancellationToken,
}

impl Lanes {
    /// Begins a question; the one before of the same place is given up.
    pub fn begin(&self, name: &str) -> Lane {
        let mut state = self.0.lock();
        let mut name: String = name.chars().take(NAME).collect();
        if state.open.len() >= MOST && !state.open.contains_key(&name) {
            name.clear();
        }
        state.next += 1;
        let (id, token) = (state.next, CancellationToken::new());
        let before = state.open.insert(name.clone(), (id, token.clone()));
        if let Some((_, before)) = before {
            before.cancel();
        }
        Lane {
            all: self.clone(),
            name,
            id,
            token,
        }
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        let mut state = self.all.0.lock();
        if state
            .open
            .get(&self.name)
            .is_some_and(|(id, _)| *id == self.id)
        {
            state.open.remove(&self.name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newer_question_gives_up_the_older_one_of_its_place_only() {
        let lanes = Lanes::default();
        let list = lanes.begin("list");
        let other = lanes.begin("graph");
        let again = lanes.begin("list");
        assert!(list.token.is_cancelled());
        assert!(!other.token.is_cancelled() && !again.token.is_cancelled());
        // the older one's end does not end the newer one
        drop(list);
        let third = lanes.begin("list");
        assert!(again.token.is_cancelled() && !third.token.is_cancelled());
        drop((other, again, third));
        assert!(lanes.0.lock().open.is_empty());
    }

    #[test]
    fn a_page_cannot_make_the_table_grow() {
        let lanes = Lanes::default();
        let held: Vec<Lane> = (0..100)
            .map(|n| lanes.begin(&format!("{n}{}", "x".repeat(1000))))
            .collect();
        assert!(lanes.0.lock().open.len() <= MOST + 1);
        assert!(held.iter().all(|l| l.name.len() <= NAME));
    }
}

//! All series: by place, by labels, by matcher.

use super::append::{AppendError, Limits};
use super::index::{Index, Slot};
use super::series::{MemSeries, State};
use hashbrown::{DefaultHashBuilder, HashTable};
use model::Labels;
use parking_lot::Mutex;
use promql_parser::label::Matchers;
use std::hash::BuildHasher;
use std::sync::Arc;

/// A series once looked up, for appending without looking it up again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SeriesRef {
    slot: Slot,
    /// The series' key: a slot is used again after its series is gone, a key never.
    key: i64,
}

#[derive(Debug)]
pub(super) struct Head {
    slots: Vec<Option<Arc<MemSeries>>>,
    free: Vec<Slot>,
    by_labels: HashTable<Slot>,
    hasher: DefaultHashBuilder,
    pub(super) index: Index,
    next_key: i64,
}

impl Head {
    pub(super) fn new() -> Self {
        Self {
            slots: Vec::new(),
            free: Vec::new(),
            by_labels: HashTable::new(),
            hasher: DefaultHashBuilder::default(),
            index: Index::default(),
            next_key: 1,
        }
    }

    /// Number of series.
    pub(super) fn len(&self) -> usize {
        self.by_labels.len()
    }

    pub(super) fn get(&self, slot: Slot) -> Option<&Arc<MemSeries>> {
        self.slots.get(slot as usize)?.as_ref()
    }

    pub(super) fn by_ref(&self, r: SeriesRef) -> Option<&Arc<MemSeries>> {
        self.get(r.slot).filter(|s| s.key == r.key)
    }

    pub(super) fn find(&self, labels: &Labels) -> Option<(SeriesRef, &Arc<MemSeries>)> {
        let hash = self.hasher.hash_one(labels);
        let &slot = self.by_labels.find(hash, |&slot| {
            self.get(slot).is_some_and(|s| s.labels == *labels)
        })?;
        let series = self.get(slot)?;
        Some((
            SeriesRef {
                slot,
                key: series.key,
            },
            series,
        ))
    }

    /// The series with these labels, made when it is not there yet.
    pub(super) fn find_or_create(
        &mut self,
        labels: &Labels,
        limits: &Limits,
    ) -> Result<(SeriesRef, &Arc<MemSeries>), AppendError> {
        let r = match self.find(labels) {
            Some((r, _)) => r,
            None => {
                limits.check(labels)?;
                if self.len() >= limits.max_series {
                    return Err(AppendError::TooManySeries {
                        max: limits.max_series,
                    });
                }
                self.insert(labels.clone(), self.next_key, State::empty())
            }
        };
        self.by_ref(r).map(|s| (r, s)).ok_or(AppendError::StaleRef)
    }

    /// Adds a series that is not there yet, with its key.
    pub(super) fn insert(&mut self, labels: Labels, key: i64, state: State) -> SeriesRef {
        self.next_key = self.next_key.max(key.saturating_add(1));
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            (self.slots.len() - 1) as Slot
        });
        self.index.add(slot, &labels);
        let hash = self.hasher.hash_one(&labels);
        let series = Arc::new(MemSeries {
            labels,
            key,
            state: Mutex::new(state),
        });
        if let Some(place) = self.slots.get_mut(slot as usize) {
            *place = Some(series);
        }
        let (slots, hasher) = (&self.slots, &self.hasher);
        self.by_labels.insert_unique(hash, slot, |&slot| {
            let labels = slots
                .get(slot as usize)
                .and_then(|s| s.as_ref())
                .map(|s| &s.labels);
            labels.map_or(0, |l| hasher.hash_one(l))
        });
        SeriesRef { slot, key }
    }

    /// Removes the series for which `gone` answers true; answers their keys.
    pub(super) fn remove_where(&mut self, gone: impl Fn(&MemSeries) -> bool) -> Vec<i64> {
        let mut slots: Vec<Slot> = Vec::new();
        let mut removed: Vec<Arc<MemSeries>> = Vec::new();
        for (slot, place) in self.slots.iter_mut().enumerate() {
            if let Some(series) = place.take_if(|s| gone(s)) {
                slots.push(slot as Slot);
                removed.push(series);
            }
        }
        for (&slot, series) in slots.iter().zip(&removed) {
            let hash = self.hasher.hash_one(&series.labels);
            if let Ok(entry) = self.by_labels.find_entry(hash, |&s| s == slot) {
                entry.remove();
            }
        }
        self.index.remove(&slots, removed.iter().map(|s| &s.labels));
        self.free.extend(&slots);
        removed.iter().map(|s| s.key).collect()
    }

    /// All series, in no order.
    pub(super) fn all(&self) -> Vec<Arc<MemSeries>> {
        self.slots.iter().flatten().cloned().collect()
    }

    /// The series that match.
    pub(super) fn select(&self, matchers: &Matchers) -> Vec<Arc<MemSeries>> {
        let slots = self
            .index
            .select(matchers, &|slot| self.get(slot).map(|s| &s.labels));
        slots
            .into_iter()
            .filter_map(|slot| self.get(slot).cloned())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn l(v: &str) -> Labels {
        Labels::from_pairs([("__name__", "m"), ("x", v)])
    }

    #[test]
    fn a_reference_to_a_removed_series_is_stale_even_when_its_place_is_used_again() {
        let mut head = Head::new();
        let limits = Limits {
            max_series: 2,
            ..Limits::default()
        };
        let (a, _) = head.find_or_create(&l("a"), &limits).unwrap();
        let (b, _) = head.find_or_create(&l("b"), &limits).unwrap();
        assert_eq!(
            head.find_or_create(&l("c"), &limits).unwrap_err(),
            AppendError::TooManySeries { max: 2 }
        );
        assert_eq!(head.remove_where(|s| s.labels == l("a")), [1]);
        let (c, _) = head.find_or_create(&l("c"), &limits).unwrap();
        assert_eq!(c.slot, a.slot);
        assert!(head.by_ref(a).is_none() && head.by_ref(b).is_some() && head.by_ref(c).is_some());
        assert!(head.find(&l("a")).is_none());
        assert_eq!(head.len(), 2);
    }
}

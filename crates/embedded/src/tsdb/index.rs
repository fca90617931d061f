//! The inverted index: for each label name and value, the series that have it.

use hashbrown::HashMap;
use model::Labels;
use promql_parser::label::{MatchOp, Matcher, Matchers};

/// Place of a series in the head.
pub(super) type Slot = u32;

/// Slots, ascending.
type Postings = Vec<Slot>;

/// A set of slots that is built out of order.
struct SlotSet(Vec<u64>);

impl SlotSet {
    fn new(slots: usize) -> Self {
        Self(vec![0; slots.div_ceil(64)])
    }

    fn add(&mut self, slots: &[Slot]) {
        for &s in slots {
            if let Some(word) = self.0.get_mut(s as usize / 64) {
                *word |= 1 << (s % 64);
            }
        }
    }

    fn has(&self, slot: Slot) -> bool {
        self.0
            .get(slot as usize / 64)
            .is_some_and(|w| w >> (slot % 64) & 1 == 1)
    }

    fn ascending(&self) -> Postings {
        let mut out = Postings::new();
        for (i, &word) in self.0.iter().enumerate() {
            let mut rest = word;
            while rest != 0 {
                out.push(i as Slot * 64 + rest.trailing_zeros());
                rest &= rest - 1;
            }
        }
        out
    }
}

#[derive(Debug, Default)]
pub(super) struct Index {
    names: HashMap<Box<str>, HashMap<Box<str>, Postings>>,
    all: Postings,
    /// One more than the greatest slot ever added.
    slots: usize,
}

fn insert(postings: &mut Postings, slot: Slot) {
    match postings.last() {
        Some(&last) if last >= slot => {
            if let Err(at) = postings.binary_search(&slot) {
                postings.insert(at, slot);
            }
        }
        _ => postings.push(slot),
    }
}

impl Index {
    pub(super) fn add(&mut self, slot: Slot, labels: &Labels) {
        for (name, value) in labels.iter() {
            if !self.names.contains_key(name) {
                self.names.insert(name.into(), HashMap::new());
            }
            let Some(values) = self.names.get_mut(name) else {
                continue;
            };
            match values.get_mut(value) {
                Some(postings) => insert(postings, slot),
                None => _ = values.insert(value.into(), vec![slot]),
            }
        }
        insert(&mut self.all, slot);
        self.slots = self.slots.max(slot as usize + 1);
    }

    /// Removes the series in `slots` (ascending), whose labels are `labels`.
    pub(super) fn remove<'a>(&mut self, slots: &[Slot], labels: impl Iterator<Item = &'a Labels>) {
        let gone = |s: &Slot| slots.binary_search(s).is_ok();
        let mut touched: HashMap<&str, hashbrown::HashSet<&str>> = HashMap::new();
        for set in labels {
            for (name, value) in set.iter() {
                touched.entry(name).or_default().insert(value);
            }
        }
        for (name, values) in touched {
            let Some(known) = self.names.get_mut(name) else {
                continue;
            };
            for value in values {
                if let Some(postings) = known.get_mut(value) {
                    postings.retain(|s| !gone(s));
                    if postings.is_empty() {
                        known.remove(value);
                    }
                }
            }
            if known.is_empty() {
                self.names.remove(name);
            }
        }
        self.all.retain(|s| !gone(s));
    }

    /// Names of all labels, in no order.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.keys().map(|n| &**n)
    }

    /// Values of a label with the series that have them, in no order.
    pub(super) fn values(&self, name: &str) -> impl Iterator<Item = (&str, &[Slot])> {
        self.names
            .get(name)
            .into_iter()
            .flatten()
            .map(|(v, p)| (&**v, &**p))
    }

    /// The series that match, ascending. `labels_of` answers the labels of a slot.
    ///
    /// A label that a series has not got matches as an empty value does (Prometheus' data model).
    pub(super) fn select<'a>(
        &self,
        matchers: &Matchers,
        labels_of: &impl Fn(Slot) -> Option<&'a Labels>,
    ) -> Postings {
        if matchers.or_matchers.is_empty() {
            return self.select_all_of(&matchers.matchers.iter().collect::<Vec<_>>(), labels_of);
        }
        let mut set = SlotSet::new(self.slots);
        for group in &matchers.or_matchers {
            let all_of: Vec<&Matcher> = matchers.matchers.iter().chain(group).collect();
            set.add(&self.select_all_of(&all_of, labels_of));
        }
        set.ascending()
    }

    fn select_all_of<'a>(
        &self,
        matchers: &[&Matcher],
        labels_of: &impl Fn(Slot) -> Option<&'a Labels>,
    ) -> Postings {
        let (equal, other): (Vec<&Matcher>, Vec<&Matcher>) = matchers
            .iter()
            .partition(|m| matches!(m.op, MatchOp::Equal) && !m.value.is_empty());
        let mut found: Vec<&[Slot]> = Vec::with_capacity(equal.len());
        for m in equal {
            match self
                .names
                .get(&*m.name)
                .and_then(|values| values.get(&*m.value))
            {
                Some(postings) => found.push(postings),
                None => return Postings::new(),
            }
        }
        found.sort_by_key(|p| p.len());
        let mut result = None;
        if let Some((first, rest)) = found.split_first() {
            let mut slots = first.to_vec();
            for postings in rest.iter().filter(|p| p.len() < self.all.len()) {
                slots.retain(|s| postings.binary_search(s).is_ok());
            }
            result = Some(slots);
        }
        // those that need the label to be there narrow most: they come first
        let (required, optional): (Vec<&Matcher>, Vec<&Matcher>) =
            other.into_iter().partition(|m| !m.is_match(""));
        for m in required.into_iter().chain(optional) {
            result = Some(self.narrow(result, m, labels_of));
        }
        result.unwrap_or_else(|| self.all.clone())
    }

    fn narrow<'a>(
        &self,
        sofar: Option<Postings>,
        m: &Matcher,
        labels_of: &impl Fn(Slot) -> Option<&'a Labels>,
    ) -> Postings {
        let values = self.names.get(&*m.name);
        if let Some(mut slots) = sofar {
            if values.is_some_and(|v| slots.len() <= v.len()) {
                slots.retain(|&s| {
                    labels_of(s).is_some_and(|l| m.is_match(l.get(&m.name).unwrap_or("")))
                });
                return slots;
            }
            let (set, inside) = self.matching(m);
            slots.retain(|&s| set.has(s) == inside);
            return slots;
        }
        let (set, inside) = self.matching(m);
        if inside {
            set.ascending()
        } else {
            self.all.iter().copied().filter(|&s| !set.has(s)).collect()
        }
    }

    /// A set, and whether the series that match are those inside it (else those outside).
    fn matching(&self, m: &Matcher) -> (SlotSet, bool) {
        let inside = !m.is_match("");
        let mut set = SlotSet::new(self.slots);
        for (_, postings) in self
            .values(&m.name)
            .filter(|(v, _)| m.is_match(v) == inside)
        {
            set.add(postings);
        }
        (set, inside)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use regex::Regex;

    fn matcher() -> impl Strategy<Value = Matcher> {
        let name = prop_oneof![Just("a"), Just("b"), Just("c"), Just("nowhere")];
        let value = prop_oneof![Just(""), Just("x"), Just("y"), Just("xy"), Just("z")];
        let re = prop_oneof![
            Just(""),
            Just("x|y"),
            Just(".*"),
            Just(".+"),
            Just("x.*"),
            Just("x?"),
            Just("none")
        ];
        let anchored = |re: &str| Regex::new(&format!("^(?:{re})$")).unwrap();
        prop_oneof![
            (name.clone(), value.clone()).prop_map(|(n, v)| Matcher::new(MatchOp::Equal, n, v)),
            (name.clone(), value).prop_map(|(n, v)| Matcher::new(MatchOp::NotEqual, n, v)),
            (name.clone(), re.clone()).prop_map(move |(n, r)| Matcher::new(
                MatchOp::Re(anchored(r)),
                n,
                r
            )),
            (name, re).prop_map(move |(n, r)| Matcher::new(MatchOp::NotRe(anchored(r)), n, r)),
        ]
    }

    fn labels() -> impl Strategy<Value = Labels> {
        let value = prop_oneof![Just(""), Just("x"), Just("y"), Just("xy")];
        (value.clone(), value.clone(), value)
            .prop_map(|(a, b, c)| Labels::from_pairs([("a", a), ("b", b), ("c", c)]))
    }

    proptest! {
        #[test]
        fn select_is_what_testing_each_series_gives(
            sets in prop::collection::vec(labels(), 0..200),
            matchers in prop::collection::vec(matcher(), 0..4),
            or in prop::collection::vec(prop::collection::vec(matcher(), 1..3), 0..3),
            removed in prop::collection::btree_set(0usize..200, 0..40),
        ) {
            let mut index = Index::default();
            for (i, l) in sets.iter().enumerate() {
                index.add(i as Slot, l);
            }
            let removed: Vec<usize> = removed.into_iter().filter(|&i| i < sets.len()).collect();
            let slots: Vec<Slot> = removed.iter().map(|&i| i as Slot).collect();
            index.remove(&slots, removed.iter().map(|&i| &sets[i]));
            let matches = |l: &Labels, m: &Matcher| m.is_match(l.get(&m.name).unwrap_or(""));
            let expected: Vec<Slot> = (0..sets.len() as Slot)
                .filter(|&i| {
                    let l = &sets[i as usize];
                    !slots.contains(&i)
                        && matchers.iter().all(|m| matches(l, m))
                        && (or.is_empty() || or.iter().any(|group| group.iter().all(|m| matches(l, m))))
                })
                .collect();
            let all = Matchers { matchers, or_matchers: or };
            prop_assert_eq!(index.select(&all, &|s| sets.get(s as usize)), expected);
        }
    }

    #[test]
    fn the_last_series_of_a_value_takes_the_value_with_it() {
        let mut index = Index::default();
        let l = Labels::from_pairs([("a", "x")]);
        index.add(0, &l);
        index.remove(&[0], [&l].into_iter());
        assert_eq!(index.names().count(), 0);
    }
}

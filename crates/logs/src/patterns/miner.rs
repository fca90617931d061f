//! Messages in, patterns out.

use super::group::{Group, Pattern, PatternId, Slot};
use super::token::{Token, Tokenizer, hash, mix};
use model::log::LogLine;
use std::collections::HashMap;

/// How similar a message must be to a pattern to join it, of 1000. This and the next were tuned on eight of LogHub's sixteen sets of
/// logs (Zhu et al.: "Loghub: A Large Collection of System Log Datasets for AI-driven Log Analytics", ISSRE 2023) and reported on the
/// other eight.
const SIMILAR: u32 = 920;
/// So many patterns that differ in one and the same word only become one.
const MANY: usize = 5;
/// Sequences of tokens whose pattern is remembered at most.
const MAX_KNOWN: usize = 65_536;
/// Ids of merged patterns that are remembered at most.
const MAX_MERGED: usize = 65_536;
/// Gaps (patterns without one of their words) that are remembered at most.
const MAX_GAPS: usize = 262_144;
/// Patterns that a message is compared with at most, the newest.
const MAX_COMPARED: usize = 256;

/// What was forgotten because there were too many patterns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Evicted {
    /// So many patterns, those with the fewest messages.
    pub patterns: u64,
    /// With so many messages in all.
    pub lines: u64,
}

/// Finds patterns in messages, one message after the other. Bounded in memory whatever comes.
#[derive(Debug)]
pub struct Miner {
    tokenizer: Tokenizer,
    max_patterns: usize,
    groups: HashMap<PatternId, Group>,
    /// Patterns by the number of their tokens and their first word; 0 where that varies.
    leaves: HashMap<(usize, u64), Vec<PatternId>>,
    /// Where messages with exactly these tokens went.
    known: HashMap<u64, PatternId>,
    /// Patterns by what is left of them without one of their words.
    gaps: HashMap<u64, Vec<PatternId>>,
    /// Patterns that became part of others.
    merged: HashMap<PatternId, PatternId>,
    next: u32,
    lines: u64,
    evicted: Evicted,
}

impl Default for Miner {
    fn default() -> Self {
        Self::new()
    }
}

impl Miner {
    /// Characters of a pattern's example.
    pub const EXAMPLE_CHARS: usize = 500;
    /// Patterns at most, unless said otherwise.
    pub const MAX_PATTERNS: usize = 4000;

    /// Nothing seen yet.
    pub fn new() -> Self {
        Self::with_limit(Self::MAX_PATTERNS)
    }

    /// Keeps so many patterns at most (8 at least).
    pub fn with_limit(patterns: usize) -> Self {
        Self {
            tokenizer: Tokenizer::default(),
            max_patterns: patterns.max(8),
            groups: HashMap::new(),
            leaves: HashMap::new(),
            known: HashMap::new(),
            gaps: HashMap::new(),
            merged: HashMap::new(),
            next: 0,
            lines: 0,
            evicted: Evicted::default(),
        }
    }

    /// Takes a message in; its number (from 0) is its time. The pattern may become part of another one later:
    /// [`Miner::resolve`].
    pub fn add(&mut self, message: &str) -> PatternId {
        self.add_at(message, self.lines.cast_signed())
    }

    /// Takes a message of this time in.
    pub fn add_at(&mut self, message: &str, at: i64) -> PatternId {
        self.lines += 1;
        self.tokenizer.cut(message);
        let tokens = &self.tokenizer.tokens;
        let exact = tokens
            .iter()
            .fold(tokens.len() as u64, |h, t| mix(h, t.hash));
        if let Some(id) = self.known.get(&exact) {
            let id = self.resolve(*id);
            if let Some(group) = self.groups.get_mut(&id) {
                group.take(tokens, message, at);
                return id;
            }
        }
        let id = match self.most_similar(message) {
            Some(id) => {
                if let Some(group) = self.groups.get_mut(&id) {
                    group.take(&self.tokenizer.tokens, message, at);
                }
                self.file_if_open(id);
                id
            }
            None => self.found(message, at),
        };
        if self.known.len() >= MAX_KNOWN {
            self.known.clear();
        }
        self.known.insert(exact, id);
        id
    }

    /// The pattern that this one has become part of, or itself. Of the latest 65,536 that did.
    pub fn resolve(&self, id: PatternId) -> PatternId {
        let mut id = id;
        while let Some(into) = self.merged.get(&id) {
            id = *into;
        }
        id
    }

    /// The patterns, the most frequent first.
    pub fn patterns(&self) -> Vec<Pattern> {
        let mut groups: Vec<&Group> = self.groups.values().collect();
        groups.sort_by(|a, b| b.count.cmp(&a.count).then(a.id.cmp(&b.id)));
        groups.into_iter().map(Group::pattern).collect()
    }

    /// One pattern, under its present or a former id; `None` when it was forgotten.
    pub fn pattern(&self, id: PatternId) -> Option<Pattern> {
        self.groups.get(&self.resolve(id)).map(Group::pattern)
    }

    /// Messages taken in.
    pub fn lines(&self) -> u64 {
        self.lines
    }

    /// What was forgotten.
    pub fn evicted(&self) -> Evicted {
        self.evicted
    }

    /// The pattern that a message belongs to.
    fn most_similar(&self, message: &str) -> Option<PatternId> {
        let tokens = &self.tokenizer.tokens;
        let (length, first) = leaf(tokens);
        let candidates = [first, 0].into_iter().take(if first == 0 { 1 } else { 2 });
        candidates
            .filter_map(|first| self.leaves.get(&(length, first)))
            .flat_map(|ids| ids.iter().rev().take(MAX_COMPARED))
            .filter_map(|id| self.groups.get(id))
            .filter_map(|group| Some((group.similarity(tokens, message)?, group.id)))
            .filter(|(similarity, _)| *similarity >= SIMILAR)
            .max_by_key(|(similarity, id)| (*similarity, std::cmp::Reverse(*id)))
            .map(|(_, id)| id)
    }

    /// A new pattern, or the one that it became part of at once.
    fn found(&mut self, message: &str, at: i64) -> PatternId {
        if self.groups.len() >= self.max_patterns {
            self.evict();
        }
        let id = PatternId(self.next);
        self.next = self.next.wrapping_add(1);
        let example: String = message.chars().take(Self::EXAMPLE_CHARS).collect();
        let mut group = Group::new(id, &self.tokenizer.tokens, message, &example, at);
        group.count(1, at, at);
        let gaps = gaps(&group);
        self.groups.insert(id, group);
        self.leaves
            .entry(leaf(&self.tokenizer.tokens))
            .or_default()
            .push(id);
        self.merge_by(&gaps, id);
        self.resolve(id)
    }

    /// Files a pattern whose first word varies where messages with any first word look for it.
    fn file_if_open(&mut self, id: PatternId) {
        if let Some(group) = self.groups.get(&id)
            && !group.begins_with_word()
        {
            let ids = self.leaves.entry((group.slots.len(), 0)).or_default();
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
    }

    /// Merges the new pattern with those that differ from it in one and the same word, when there are enough of them.
    fn merge_by(&mut self, gaps: &[u64], id: PatternId) {
        if self.gaps.len() + gaps.len() > MAX_GAPS {
            self.gaps.clear();
        }
        let mut into = None;
        for gap in gaps {
            let same = self.gaps.entry(*gap).or_default();
            same.push(id);
            if same.len() >= MANY && into.is_none() {
                into = Some(std::mem::take(same));
            }
        }
        let Some((first, rest)) = into.as_deref().and_then(|same| same.split_first()) else {
            return;
        };
        let into = self.resolve(*first);
        for other in rest {
            self.merge(into, self.resolve(*other));
        }
        self.absorb(into);
        self.file_if_open(into);
    }

    /// Merges into a pattern that became more general those that are special cases of it now.
    fn absorb(&mut self, into: PatternId) {
        let Some(general) = self.groups.get(&into) else {
            return;
        };
        let special: Vec<PatternId> = self
            .groups
            .values()
            .filter(|g| g.id != into && general.covers(g))
            .map(|g| g.id)
            .collect();
        for id in special {
            self.merge(into, id);
        }
    }

    fn merge(&mut self, into: PatternId, from: PatternId) {
        if into == from || !self.groups.contains_key(&into) {
            return;
        }
        let Some(other) = self.groups.remove(&from) else {
            return;
        };
        if let Some(group) = self.groups.get_mut(&into) {
            group.merge(&other);
        }
        if self.merged.len() >= MAX_MERGED {
            let newest = self.next.saturating_sub(MAX_MERGED as u32 / 2);
            self.merged.retain(|old, _| old.0 >= newest);
        }
        self.merged.insert(from, into);
        for ids in self.leaves.values_mut() {
            ids.retain(|id| *id != from);
        }
    }

    /// Forgets a quarter of the patterns: those with the fewest messages, the oldest first.
    fn evict(&mut self) {
        let mut order: Vec<(u64, i64, PatternId)> = self
            .groups
            .values()
            .map(|g| (g.count, g.last, g.id))
            .collect();
        order.sort_unstable();
        for (lines, _, id) in order.iter().take(self.max_patterns.div_ceil(4)) {
            self.groups.remove(id);
            self.evicted.patterns += 1;
            self.evicted.lines += lines;
        }
        let groups = &self.groups;
        let lives = |id: &PatternId| groups.contains_key(id);
        for ids in self.leaves.values_mut().chain(self.gaps.values_mut()) {
            ids.retain(lives);
        }
        self.leaves.retain(|_, ids| !ids.is_empty());
        self.gaps.retain(|_, ids| !ids.is_empty());
        self.known.clear();
    }
}

/// As many tokens, and the first of them if it is a word.
fn leaf(tokens: &[Token]) -> (usize, u64) {
    let first = tokens.first().filter(|t| t.is_word());
    (tokens.len(), first.map_or(0, |t| t.hash))
}

/// What is left of a pattern without one of its words, for each of them; of Chinese text also without some of its characters.
fn gaps(group: &Group) -> Vec<u64> {
    let words = group.slots.iter().filter(|s| s.is_word()).count();
    let without = |at: usize, instead: u64| {
        let hashes = group.slots.iter().enumerate();
        hashes.fold(at as u64, |h, (n, s)| {
            mix(h, if n == at { instead } else { s.hash })
        })
    };
    let mut out = Vec::new();
    for (at, slot) in group.slots.iter().enumerate().filter(|(_, s)| s.is_word()) {
        if words > 1 {
            out.push(without(at, 0));
        }
        out.extend(frames(slot).into_iter().map(|frame| without(at, frame)));
    }
    out
}

/// What is left of a Chinese text without up to four characters, a name say, at its beginning, in its middle, at its end.
fn frames(slot: &Slot) -> Vec<u64> {
    let chars = || slot.text.chars();
    let length = chars().count();
    if !slot.is_han() || !(7..=10).contains(&length) {
        return Vec::new();
    }
    let part = |from: usize, count: usize| -> u64 {
        let text: String = chars().skip(from).take(count).collect();
        hash(text.as_bytes())
    };
    [(0, 6), (2, 4), (4, 2), (6, 0)]
        .into_iter()
        .map(|(before, after)| mix(part(0, before), part(length - after, after)))
        .collect()
}

/// Lines under their patterns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fold {
    /// The patterns, the most frequent first; `first` and `last` are the lines' times, ns.
    pub patterns: Vec<Pattern>,
    /// For each line its pattern.
    pub of: Vec<PatternId>,
    /// What was forgotten.
    pub evicted: Evicted,
}

/// Folds lines by the patterns of their messages.
pub fn fold<'a>(lines: impl IntoIterator<Item = &'a LogLine>) -> Fold {
    let mut miner = Miner::new();
    let ids: Vec<PatternId> = lines
        .into_iter()
        .map(|l| miner.add_at(&l.message, l.position.at_ns))
        .collect();
    Fold {
        patterns: miner.patterns(),
        of: ids.into_iter().map(|id| miner.resolve(id)).collect(),
        evicted: miner.evicted(),
    }
}

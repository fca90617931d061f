//! A pattern, and how similar a message is to it.

use super::token::{Kind, Token, WILD_HASH, Wild};

/// The name of a pattern in its [`super::Miner`]; stays the same while the pattern becomes more general.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PatternId(pub u32);

/// A piece of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// What is the same in all messages, spaces included.
    Text(String),
    /// What varies.
    Any(Wild),
}

/// Similar messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// Its name.
    pub id: PatternId,
    /// What its messages look like.
    pub parts: Vec<Part>,
    /// How many.
    pub count: u64,
    /// The smallest time given with them.
    pub first: i64,
    /// The greatest.
    pub last: i64,
    /// The first of them, cut to [`super::Miner::EXAMPLE_CHARS`].
    pub example: String,
}

impl Pattern {
    /// The pattern as one text, placeholders as `<number>`.
    pub fn template(&self) -> String {
        self.parts
            .iter()
            .map(|part| match part {
                Part::Text(text) => text.clone(),
                Part::Any(wild) => format!("<{}>", wild.name()),
            })
            .collect()
    }
}

/// A token of a pattern.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    pub kind: Kind,
    pub hash: u64,
    /// What it says; of Chinese text that varies in its middle what it begins with.
    pub text: Box<str>,
    /// What such text ends with.
    pub after: Option<Box<str>>,
    pub space: bool,
}

impl Slot {
    fn of(token: &Token, message: &str) -> Self {
        let text = match token.kind {
            Kind::Wild(_) => "",
            _ => token.text(message),
        };
        Self {
            kind: token.kind,
            hash: token.hash,
            text: text.into(),
            after: None,
            space: token.space,
        }
    }

    pub fn is_word(&self) -> bool {
        matches!(self.kind, Kind::Word { .. })
    }

    pub fn is_han(&self) -> bool {
        matches!(self.kind, Kind::Word { han: true, .. })
    }

    fn generalise(&mut self, wild: Wild) {
        self.kind = Kind::Wild(wild);
        self.hash = WILD_HASH;
        self.text = Box::default();
        self.after = None;
    }

    /// Makes room for a Chinese text that differs: what both begin and end with stays.
    fn open(&mut self, text: &str) {
        let (begins, ends) = match &self.after {
            Some(after) => (&*self.text, &**after),
            None => (&*self.text, &*self.text),
        };
        let same = begins.chars().zip(text.chars()).take_while(|(a, b)| a == b);
        let before: String = same.map(|(a, _)| a).collect();
        let rest = text.get(before.len()..).unwrap_or_default();
        let own_rest = match &self.after {
            Some(_) => ends,
            None => ends.get(before.len()..).unwrap_or_default(),
        };
        let same = own_rest.chars().rev().zip(rest.chars().rev());
        let length: usize = same
            .take_while(|(a, b)| a == b)
            .map(|(a, _)| a.len_utf8())
            .sum();
        let after: Box<str> = rest.get(rest.len() - length..).unwrap_or_default().into();
        self.generalise(Wild::Any);
        if before.len() + after.len() > 0 {
            self.text = before.into();
            self.after = Some(after);
        }
    }

    /// Whether a Chinese text fits into one that varies in its middle.
    fn encloses(&self, text: &str) -> bool {
        self.after.as_ref().is_some_and(|after| {
            text.len() >= self.text.len() + after.len()
                && text.starts_with(&*self.text)
                && text.ends_with(&**after)
        })
    }
}

#[derive(Clone, Debug)]
pub(super) struct Group {
    pub id: PatternId,
    pub slots: Vec<Slot>,
    pub count: u64,
    pub first: i64,
    pub last: i64,
    pub example: Box<str>,
}

/// What a word weighs when messages are compared.
const WORD: u32 = 4;
/// What a value weighs, and a program's name for something that is not the same: it may be a value.
const VALUE: u32 = 1;

impl Group {
    pub fn new(id: PatternId, tokens: &[Token], message: &str, example: &str, at: i64) -> Self {
        Self {
            id,
            slots: tokens.iter().map(|t| Slot::of(t, message)).collect(),
            count: 0,
            first: at,
            last: at,
            example: example.into(),
        }
    }

    /// How much of the message is in the pattern, of 1000; `None` when they cannot be the same.
    pub fn similarity(&self, tokens: &[Token], message: &str) -> Option<u32> {
        let (mut same, mut all) = (0, 0);
        for (slot, token) in self.slots.iter().zip(tokens) {
            let equal = slot.hash == token.hash;
            let identifies = matches!(
                token.kind,
                Kind::Word {
                    identifier: true,
                    ..
                } | Kind::Wild(_)
            );
            let (weight, agrees) = match slot.kind {
                Kind::Sign if equal => continue,
                Kind::Sign => return None,
                _ if token.kind == Kind::Sign => return None,
                Kind::Wild(_) if slot.after.is_some() => (WORD, slot.encloses(token.text(message))),
                Kind::Wild(Wild::Any) => (VALUE, true),
                Kind::Wild(_) if equal => (VALUE, true),
                _ if equal => (WORD, true),
                Kind::Word {
                    identifier: true, ..
                }
                | Kind::Wild(_)
                    if identifies =>
                {
                    (VALUE, false)
                }
                _ => (WORD, false),
            };
            all += weight;
            same += if agrees { weight } else { 0 };
        }
        Some((same * 1000).checked_div(all).unwrap_or(1000))
    }

    /// Takes a message in: what differs becomes a placeholder.
    pub fn take(&mut self, tokens: &[Token], message: &str, at: i64) {
        for (slot, token) in self.slots.iter_mut().zip(tokens) {
            match (slot.kind, token.kind) {
                (Kind::Wild(a), Kind::Wild(b)) if a == b && slot.after.is_none() => (),
                (Kind::Wild(Wild::Any), _) if slot.after.is_none() => (),
                (Kind::Word { .. } | Kind::Sign, _) if slot.hash == token.hash => (),
                _ if slot.encloses(token.text(message)) => (),
                (_, Kind::Word { han: true, .. }) if slot.is_han() || slot.after.is_some() => {
                    slot.open(token.text(message));
                }
                _ => slot.generalise(Wild::Any),
            }
        }
        self.count(1, at, at);
    }

    pub fn count(&mut self, lines: u64, first: i64, last: i64) {
        self.count += lines;
        self.first = self.first.min(first);
        self.last = self.last.max(last);
    }

    /// Takes another pattern of as many tokens in.
    pub fn merge(&mut self, other: &Self) {
        for (slot, theirs) in self.slots.iter_mut().zip(&other.slots) {
            let same = match (slot.kind, theirs.kind) {
                (Kind::Wild(a), Kind::Wild(b)) => a == b && slot.text == theirs.text,
                _ => slot.hash == theirs.hash,
            };
            if same {
                continue;
            }
            if theirs.is_han() && (slot.is_han() || slot.after.is_some()) {
                slot.open(&theirs.text);
            } else {
                slot.generalise(Wild::Any);
            }
        }
        self.count(other.count, other.first, other.last);
    }

    /// Whether every message of the other pattern is one of this.
    pub fn covers(&self, other: &Self) -> bool {
        let covered = |(slot, theirs): (&Slot, &Slot)| {
            let equal = slot.hash == theirs.hash;
            match slot.kind {
                Kind::Wild(_) if slot.after.is_some() => {
                    (equal && slot.text == theirs.text && slot.after == theirs.after)
                        || (theirs.is_han() && slot.encloses(&theirs.text))
                }
                Kind::Wild(Wild::Any) => theirs.kind != Kind::Sign,
                _ => equal && theirs.after.is_none(),
            }
        };
        self.slots.len() == other.slots.len() && self.slots.iter().zip(&other.slots).all(covered)
    }

    /// Whether it can be found by its first word.
    pub fn begins_with_word(&self) -> bool {
        self.slots.first().is_some_and(Slot::is_word)
    }

    pub fn pattern(&self) -> Pattern {
        let mut parts: Vec<Part> = Vec::new();
        let text = |parts: &mut Vec<Part>, more: &str| match parts.last_mut() {
            Some(Part::Text(text)) => text.push_str(more),
            _ if more.is_empty() => (),
            _ => parts.push(Part::Text(more.to_owned())),
        };
        for slot in &self.slots {
            if slot.space && !parts.is_empty() {
                text(&mut parts, " ");
            }
            match slot.kind {
                Kind::Wild(wild) => {
                    text(&mut parts, &slot.text);
                    parts.push(Part::Any(wild));
                    text(&mut parts, slot.after.as_deref().unwrap_or_default());
                }
                Kind::Word { digits: true, .. } => {
                    let mut rest = &*slot.text;
                    while let Some(from) = rest.find(|c: char| c.is_ascii_digit()) {
                        let (word, digits) = rest.split_at(from);
                        // a number's sign is a part of it
                        let word = if word.ends_with("_-") {
                            word.trim_end_matches('-')
                        } else {
                            word
                        };
                        text(&mut parts, word);
                        parts.push(Part::Any(Wild::Number));
                        rest = digits.trim_start_matches(|c: char| c.is_ascii_digit());
                    }
                    text(&mut parts, rest);
                }
                _ => text(&mut parts, &slot.text),
            }
        }
        Pattern {
            id: self.id,
            parts,
            count: self.count,
            first: self.first,
            last: self.last,
            example: self.example.to_string(),
        }
    }
}

//! A message cut into tokens: words, signs, and values of which only the kind matters.

use super::class::{self, Class, class};

/// Bytes of a message that are looked at.
const MAX_BYTES: usize = 8192;
/// Tokens of a message that are looked at.
const MAX_TOKENS: usize = 192;

/// The kind of a value that stands in a pattern instead of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Wild {
    /// A number, also with sign, fraction, unit or per cent.
    Number,
    /// Hexadecimal digits.
    Hex,
    /// An identifier: a UUID, or letters and digits mixed.
    Id,
    /// A network address or a host's name, with or without port.
    Address,
    /// A file's path.
    Path,
    /// A URL.
    Url,
    /// A date, a time of day or a length of time.
    Time,
    /// Bytes.
    Size,
    /// What stands between quotation marks.
    Quoted,
    /// Several values with the same sign between them.
    List,
    /// Anything: words that differed.
    Any,
    /// What comes behind the part that is looked at: further lines (a stack trace), or the end of a very long one.
    Rest,
}

impl Wild {
    /// Its name, in snake case; on the wire, and between `<` and `>` in a template.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Hex => "hex",
            Self::Id => "id",
            Self::Address => "address",
            Self::Path => "path",
            Self::Url => "url",
            Self::Time => "time",
            Self::Size => "size",
            Self::Quoted => "quoted",
            Self::List => "list",
            Self::Any => "any",
            Self::Rest => "rest",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A word; `digits` when runs of digits in it stand for any.
    Word {
        digits: bool,
        /// Chinese characters only.
        han: bool,
        /// A program's name for something rather than a word of a language.
        identifier: bool,
    },
    /// A sign, or several.
    Sign,
    Wild(Wild),
}

/// A piece of the message.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub kind: Kind,
    /// Of a word or a sign what it says, digits as one; of a value that it is one.
    pub hash: u64,
    pub from: u32,
    pub to: u32,
    /// Whether there is a space before it.
    pub space: bool,
}

impl Token {
    /// What it says.
    pub fn text<'a>(&self, message: &'a str) -> &'a str {
        message
            .get(self.from as usize..self.to as usize)
            .unwrap_or_default()
    }

    pub fn is_word(&self) -> bool {
        matches!(self.kind, Kind::Word { .. })
    }

    pub fn is_wild(&self) -> bool {
        matches!(self.kind, Kind::Wild(_))
    }
}

/// What all values have in common.
pub(super) const WILD_HASH: u64 = 1;

/// Cuts messages; keeps its memory for the next one.
#[derive(Debug, Default)]
pub(super) struct Tokenizer {
    pub tokens: Vec<Token>,
}

impl Tokenizer {
    /// The tokens of a message, in [`Tokenizer::tokens`].
    pub fn cut(&mut self, text: &str) {
        self.tokens.clear();
        let whole = text.as_bytes();
        let line = whole.iter().take(MAX_BYTES).position(|b| *b == b'\n');
        let mut end = line.unwrap_or(whole.len().min(MAX_BYTES));
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let bytes = whole.get(..end).unwrap_or_default();
        let mut at = 0;
        let mut space = false;
        while at < end && self.tokens.len() < MAX_TOKENS {
            let before = self.tokens.len();
            let (class, width) = class(bytes, at);
            let next = match class {
                Class::Space => {
                    space = true;
                    at += width;
                    continue;
                }
                Class::Han => self.han(bytes, at),
                Class::Quote => self.quote(bytes, at),
                Class::Sign => {
                    self.push(bytes, Kind::Sign, at, at + width);
                    at + width
                }
                Class::Chunk => self.chunk(bytes, at),
            };
            if let Some(first) = self.tokens.get_mut(before) {
                first.space = space;
            }
            self.join(bytes, before);
            space = false;
            at = next.max(at + width);
        }
        let rest = whole.get(at..).unwrap_or_default();
        if rest.iter().any(|b| !b.is_ascii_whitespace()) {
            self.push(whole, Kind::Wild(Wild::Rest), at, whole.len());
        }
    }

    pub(super) fn push(&mut self, bytes: &[u8], kind: Kind, from: usize, to: usize) {
        let text = bytes.get(from..to).unwrap_or_default();
        let hash = match kind {
            Kind::Wild(_) => WILD_HASH,
            Kind::Word { digits: true, .. } => hash_without_digits(text),
            _ => hash(text),
        };
        self.tokens.push(Token {
            kind,
            hash,
            from: from as u32,
            to: to as u32,
            space: false,
        });
    }

    fn han(&mut self, bytes: &[u8], from: usize) -> usize {
        let mut at = from;
        while at < bytes.len() {
            match class(bytes, at) {
                (Class::Han, width) => at += width,
                _ => break,
            }
        }
        let kind = Kind::Word {
            digits: false,
            han: true,
            identifier: false,
        };
        self.push(bytes, kind, from, at);
        at
    }

    /// What stands between quotation marks on the same line, with them; a sign when nothing closes it.
    fn quote(&mut self, bytes: &[u8], from: usize) -> usize {
        match class::quoted(bytes, from) {
            Some(to) => {
                self.push(bytes, Kind::Wild(Wild::Quoted), from, to);
                to
            }
            None => {
                let width = class(bytes, from).1;
                self.push(bytes, Kind::Sign, from, from + width);
                from + width
            }
        }
    }

    /// A run of letters, digits and the signs that stand within names and values.
    fn chunk(&mut self, bytes: &[u8], from: usize) -> usize {
        let mut end = from;
        let mut query = false;
        while end < bytes.len() {
            match class(bytes, end) {
                (Class::Chunk, width) => end += width,
                // a query belongs to its address
                (Class::Sign, 1) if bytes.get(end) == Some(&b'=') && query => end += 1,
                _ => break,
            }
            query |= bytes.get(end) == Some(&b'?');
        }
        let mut to = end;
        // signs at the end belong to the sentence
        while to > from + 1 && bytes.get(to - 1).is_some_and(|b| b".:!?-*#/".contains(b)) {
            to -= 1;
        }
        self.classify(bytes, from, to, 0);
        if to < end {
            self.push(bytes, Kind::Sign, to, end);
        }
        end
    }

    fn classify(&mut self, bytes: &[u8], from: usize, to: usize, depth: u8) {
        let Some(text) = bytes.get(from..to).filter(|t| !t.is_empty()) else {
            return;
        };
        if let Some(wild) = class::value(text) {
            return self.push(bytes, Kind::Wild(wild), from, to);
        }
        let cut = if depth < 24 { class::cut(text) } else { None };
        if let Some(at) = cut {
            self.classify(bytes, from, from + at, depth + 1);
            self.push(bytes, Kind::Sign, from + at, from + at + 1);
            return self.classify(bytes, from + at + 1, to, depth + 1);
        }
        let after = self.tokens.last().filter(|t| t.is_word());
        let after = after.and_then(|t| bytes.get(t.from as usize..t.to as usize));
        let kind = if depth == 0 && after.is_some_and(class::names_somebody) {
            Kind::Wild(Wild::Any)
        } else if !text.iter().any(|b| b.is_ascii_alphanumeric() || *b >= 0x80) {
            Kind::Sign
        } else if class::is_id(text) {
            Kind::Wild(Wild::Id)
        } else {
            Kind::Word {
                digits: text.iter().any(u8::is_ascii_digit),
                han: false,
                identifier: class::is_identifier(text),
            }
        };
        self.push(bytes, kind, from, to);
    }
}

const MIX: u64 = 0x9e37_79b9_7f4a_7c15;

/// A hash that is the same in every run, good enough for some thousands of words.
pub(super) fn hash(text: &[u8]) -> u64 {
    let mut hash = text.len() as u64 ^ MIX;
    let (chunks, rest) = text.as_chunks::<8>();
    for chunk in chunks {
        hash = mix(hash, u64::from_le_bytes(*chunk));
    }
    let mut last = [0; 8];
    for (to, from) in last.iter_mut().zip(rest) {
        *to = *from;
    }
    mix(hash, u64::from_le_bytes(last))
}

pub(super) fn mix(hash: u64, value: u64) -> u64 {
    let product = u128::from(hash ^ value) * u128::from(MIX);
    (product as u64) ^ ((product >> 64) as u64)
}

/// Every run of digits counts as one and the same.
fn hash_without_digits(text: &[u8]) -> u64 {
    let mut hash = MIX;
    let mut digit = false;
    for (at, &byte) in text.iter().enumerate() {
        let is = byte.is_ascii_digit();
        // the sign of a number is a part of it
        let sign = byte == b'-' && at.checked_sub(1).and_then(|b| text.get(b)) == Some(&b'_');
        if sign && text.get(at + 1).is_some_and(u8::is_ascii_digit) {
            continue;
        }
        if !is || !digit {
            hash = mix(hash, u64::from(if is { b'0' } else { byte }));
        }
        digit = is;
    }
    hash
}

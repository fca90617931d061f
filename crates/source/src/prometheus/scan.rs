//! A strict JSON scanner that borrows from the answer's bytes. It knows only what the decoder needs: values that
//! the decoder does not know are skipped, but must be well nested.

use super::number;
use memchr::{memchr, memchr2};
use std::borrow::Cow;

/// Nesting deeper than this is refused; Prometheus' answers have 6 levels.
const MAX_DEPTH: usize = 64;

/// Why scanning ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The bytes ended inside a value.
    Truncated,
    /// At this byte something else was expected.
    Malformed(usize, &'static str),
    /// More than is allowed.
    Limit(crate::error::Capacity, usize),
}

/// A text between its quotes, not yet unescaped.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Text<'a> {
    /// Where it begins, after the quote.
    pub at: usize,
    /// What stands between the quotes.
    pub raw: &'a [u8],
    /// Whether there is a backslash in it.
    pub escaped: bool,
}

impl<'a> Text<'a> {
    /// The text itself.
    pub(crate) fn decode(&self) -> Result<Cow<'a, str>, Fault> {
        if !self.escaped {
            if self.raw.iter().any(|b| *b < 0x20) {
                return Err(Fault::Malformed(self.at, "text without control characters"));
            }
            return std::str::from_utf8(self.raw)
                .map(Cow::Borrowed)
                .map_err(|_| Fault::Malformed(self.at, "UTF-8 text"));
        }
        // escapes are rare: leave them to serde
        let mut quoted = Vec::with_capacity(self.raw.len() + 2);
        quoted.push(b'"');
        quoted.extend_from_slice(self.raw);
        quoted.push(b'"');
        serde_json::from_slice::<String>(&quoted)
            .map(Cow::Owned)
            .map_err(|_| Fault::Malformed(self.at, "text with valid escapes"))
    }
}

/// The scanner.
#[derive(Clone, Debug)]
pub(crate) struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Scan<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// The same bytes from another place.
    pub(crate) fn from(&self, at: usize) -> Self {
        Self {
            bytes: self.bytes,
            at,
        }
    }

    /// Where it stands.
    pub(crate) fn position(&self) -> usize {
        self.at
    }

    /// What is not read yet.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// The fault "something else was expected here", or "truncated" at the end.
    pub(crate) fn wrong(&self, expected: &'static str) -> Fault {
        if self.at >= self.bytes.len() {
            Fault::Truncated
        } else {
            Fault::Malformed(self.at, expected)
        }
    }

    /// The next byte that is not white space, without taking it.
    #[inline]
    pub(crate) fn peek(&mut self) -> Result<u8, Fault> {
        loop {
            match self.bytes.get(self.at) {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.at += 1,
                Some(b) => return Ok(*b),
                None => return Err(Fault::Truncated),
            }
        }
    }

    /// Takes `byte`, white space before it included.
    #[inline]
    pub(crate) fn expect(&mut self, byte: u8, what: &'static str) -> Result<(), Fault> {
        if self.bytes.get(self.at) == Some(&byte) || self.peek()? == byte {
            self.at += 1;
            Ok(())
        } else {
            Err(self.wrong(what))
        }
    }

    /// After an element: true if another one follows, false at `close` (both are taken).
    #[inline]
    pub(crate) fn more(&mut self, close: u8) -> Result<bool, Fault> {
        match self.peek()? {
            b',' => {
                self.at += 1;
                Ok(true)
            }
            b if b == close => {
                self.at += 1;
                Ok(false)
            }
            _ => Err(self.wrong("comma or end of list")),
        }
    }

    /// Takes `close` if it comes next: an empty list or object.
    #[inline]
    pub(crate) fn closes(&mut self, close: u8) -> Result<bool, Fault> {
        let empty = self.peek()? == close;
        self.at += usize::from(empty);
        Ok(empty)
    }

    /// Only white space may follow.
    pub(crate) fn end(&mut self) -> Result<(), Fault> {
        match self.peek() {
            Err(Fault::Truncated) => Ok(()),
            Err(other) => Err(other),
            Ok(_) => Err(self.wrong("end of the answer")),
        }
    }

    /// A text.
    pub(crate) fn text(&mut self) -> Result<Text<'a>, Fault> {
        self.expect(b'"', "text")?;
        let begin = self.at;
        let mut escaped = false;
        loop {
            let rest = self.rest();
            let found = memchr2(b'"', b'\\', rest).ok_or(Fault::Truncated)?;
            self.at += found;
            if rest.get(found) == Some(&b'"') {
                let raw = self.bytes.get(begin..self.at).unwrap_or_default();
                self.at += 1;
                return Ok(Text {
                    at: begin,
                    raw,
                    escaped,
                });
            }
            escaped = true;
            self.at += 2;
        }
    }

    /// An object's key with its colon.
    pub(crate) fn key(&mut self) -> Result<Text<'a>, Fault> {
        let key = self.text()?;
        self.expect(b':', "colon")?;
        Ok(key)
    }

    /// The bytes of a number.
    pub(crate) fn number(&mut self) -> Result<&'a [u8], Fault> {
        self.peek()?;
        let rest = self.rest();
        let length = rest
            .iter()
            .take_while(|b| matches!(b, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E'))
            .count();
        if length == 0 {
            return Err(self.wrong("number"));
        }
        if length == rest.len() {
            return Err(Fault::Truncated); // it may go on beyond the end
        }
        self.at += length;
        Ok(rest.get(..length).unwrap_or_default())
    }

    /// `true` or `false`.
    pub(crate) fn boolean(&mut self) -> Result<bool, Fault> {
        match self.peek()? {
            b't' => self.word(b"true").map(|()| true),
            _ => self.word(b"false").map(|()| false),
        }
    }

    /// Skips one value of any shape.
    pub(crate) fn skip(&mut self) -> Result<(), Fault> {
        // the closing byte that each open list or object waits for
        let mut open: Vec<u8> = Vec::new();
        loop {
            match self.peek()? {
                b'{' => {
                    self.at += 1;
                    if !self.closes(b'}')? {
                        self.key()?;
                        open.push(b'}');
                        self.bounded(&open)?;
                        continue;
                    }
                }
                b'[' => {
                    self.at += 1;
                    if !self.closes(b']')? {
                        open.push(b']');
                        self.bounded(&open)?;
                        continue;
                    }
                }
                b'"' => {
                    self.text()?;
                }
                b't' => self.word(b"true")?,
                b'f' => self.word(b"false")?,
                b'n' => self.word(b"null")?,
                _ => {
                    self.number()?;
                }
            }
            // a value is complete: close whatever ends here
            loop {
                let Some(close) = open.last().copied() else {
                    return Ok(());
                };
                if self.more(close)? {
                    if close == b'}' {
                        self.key()?;
                    }
                    break;
                }
                open.pop();
            }
        }
    }

    fn bounded(&self, open: &[u8]) -> Result<(), Fault> {
        if open.len() > MAX_DEPTH {
            return Err(Fault::Malformed(self.at, "less nesting"));
        }
        Ok(())
    }

    fn word(&mut self, word: &'static [u8]) -> Result<(), Fault> {
        let rest = self.rest();
        if rest.starts_with(word) {
            self.at += word.len();
            Ok(())
        } else if word.starts_with(rest) {
            Err(Fault::Truncated)
        } else {
            Err(self.wrong("true, false, null or a value"))
        }
    }

    /// `[time,"value"]` as every server writes it, without white space, escapes or exponents: time in ms and value.
    /// Nothing is taken when it is written in any other way; then the slower reader has its turn.
    #[inline]
    pub(crate) fn compact_point(&mut self) -> Option<(i64, f64)> {
        let rest = self.bytes.get(self.at..)?;
        let (time, used) = number::compact_time(rest.strip_prefix(b"[")?)?;
        let text = rest.get(1 + used..)?.strip_prefix(b",\"")?;
        let (value, length) = number::compact_value(text)?;
        if text.get(length..)?.get(..2)? != b"\"]" {
            return None;
        }
        self.at += 1 + used + 2 + length + 2;
        Some((time, value))
    }

    /// The bytes up to the next quote, which is taken; for short texts without escapes.
    pub(crate) fn until_quote(&mut self) -> Result<&'a [u8], Fault> {
        let rest = self.rest();
        let length = memchr(b'"', rest).ok_or(Fault::Truncated)?;
        self.at += length + 1;
        Ok(rest.get(..length).unwrap_or_default())
    }
}

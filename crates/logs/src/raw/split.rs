//! Records in a stream of bytes.

use regex::bytes::Regex;
use std::fmt;

/// Where a record begins.
#[derive(Clone, Debug, Default)]
pub enum Start {
    /// On every line.
    Line,
    /// On every line that does not look like the rest of a stack trace: indented, `Caused by:`, `}`, an empty line, what follows Python's
    /// `Traceback`.
    #[default]
    Trace,
    /// On lines that this matches; bytes, so that it works in any encoding.
    Pattern(Regex),
}

/// A pattern that is no regular expression, or too large a one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatternFault(pub String);

impl fmt::Display for PatternFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "start pattern: {}", self.0)
    }
}

impl std::error::Error for PatternFault {}

impl Start {
    /// On lines that this regular expression matches.
    ///
    /// # Errors
    /// When it is none, or too large.
    pub fn pattern(pattern: &str) -> Result<Self, PatternFault> {
        regex::bytes::RegexBuilder::new(pattern)
            .size_limit(1 << 20)
            .build()
            .map(Self::Pattern)
            .map_err(|e| PatternFault(e.to_string()))
    }
}

/// A record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// Its bytes, without the line feed at the end.
    pub bytes: Vec<u8>,
    /// Lines of it, those left out included.
    pub lines: usize,
    /// Bytes left out because it was too long.
    pub left_out: u64,
}

/// Cuts a stream into records. What it keeps is bounded by `max_bytes`, however long a line is.
#[derive(Debug)]
pub struct Splitter {
    start: Start,
    max_lines: usize,
    max_bytes: usize,
    /// The line that is not complete yet.
    line: Vec<u8>,
    /// Bytes of it that were left out.
    line_left_out: u64,
    /// The record that may go on.
    record: Option<Record>,
    traceback: bool,
}

impl Splitter {
    /// Lines of a record at most, unless said otherwise.
    pub const MAX_LINES: usize = 1000;
    /// Bytes of a record at most, unless said otherwise.
    pub const MAX_BYTES: usize = 1 << 20;

    /// Records begin so.
    pub fn new(start: Start) -> Self {
        Self::with_limits(start, Self::MAX_LINES, Self::MAX_BYTES)
    }

    /// Records have at most so many lines and bytes. What is more of a line is left out; further lines are records of their own.
    pub fn with_limits(start: Start, max_lines: usize, max_bytes: usize) -> Self {
        Self {
            start,
            max_lines: max_lines.max(1),
            max_bytes: max_bytes.max(1),
            line: Vec::new(),
            line_left_out: 0,
            record: None,
            traceback: false,
        }
    }

    /// Takes bytes in; gives the records that are complete. The last one is complete when the next begins: [`Splitter::finish`].
    pub fn push(&mut self, mut bytes: &[u8]) -> Vec<Record> {
        let mut out = Vec::new();
        while let Some(at) = memchr::memchr(b'\n', bytes) {
            let (line, rest) = bytes.split_at(at);
            self.keep(line);
            out.extend(self.end_line());
            bytes = rest.get(1..).unwrap_or_default();
        }
        self.keep(bytes);
        out
    }

    /// What is left, when no more comes or it took too long: the record, and an incomplete line as one.
    pub fn finish(&mut self) -> Vec<Record> {
        let mut out = Vec::new();
        if !self.line.is_empty() || self.line_left_out > 0 {
            out.extend(self.end_line());
        }
        out.extend(self.record.take());
        self.traceback = false;
        out
    }

    /// Whether anything is kept that [`Splitter::finish`] would give.
    pub fn is_waiting(&self) -> bool {
        self.record.is_some() || !self.line.is_empty()
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = self.max_bytes - self.line.len();
        let (kept, left_out) = bytes.split_at(bytes.len().min(room));
        self.line.extend_from_slice(kept);
        self.line_left_out += left_out.len() as u64;
    }

    /// The line is complete; gives the record that it ends.
    fn end_line(&mut self) -> Option<Record> {
        let mut line = std::mem::take(&mut self.line);
        let left_out = std::mem::take(&mut self.line_left_out);
        if line.last() == Some(&b'\r') && left_out == 0 {
            line.pop();
        }
        let begins = self.begins(&line);
        if !begins
            && let Some(record) = &mut self.record
            && record.lines < self.max_lines
            && record.bytes.len() + 1 + line.len() <= self.max_bytes
        {
            record.bytes.push(b'\n');
            record.bytes.extend_from_slice(&line);
            record.lines += 1;
            record.left_out += left_out;
            return None;
        }
        // an empty line by itself is nothing
        let next = (!line.is_empty()).then_some(Record {
            bytes: line,
            lines: 1,
            left_out,
        });
        std::mem::replace(&mut self.record, next).map(without_empty_end)
    }

    fn begins(&mut self, line: &[u8]) -> bool {
        match &self.start {
            Start::Line => true,
            Start::Pattern(pattern) => pattern.is_match(line),
            Start::Trace => {
                let indented = line
                    .first()
                    .is_none_or(|b| matches!(b, b' ' | b'\t' | b'}' | b')' | b']'));
                let goes_on = [b"Caused by:".as_slice(), b"Suppressed:", b"... "];
                let last_of_traceback = self.traceback && !indented;
                let traceback = line.starts_with(b"Traceback (most recent call last)");
                self.traceback = traceback || (self.traceback && indented);
                !(indented
                    || last_of_traceback
                    || traceback
                    || goes_on.iter().any(|g| line.starts_with(g)))
            }
        }
    }
}

fn without_empty_end(mut record: Record) -> Record {
    while record.bytes.last() == Some(&b'\n') {
        record.bytes.pop();
    }
    record
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn split(splitter: &mut Splitter, text: &str) -> Vec<String> {
        let mut out = splitter.push(text.as_bytes());
        out.extend(splitter.finish());
        out.into_iter()
            .map(|r| String::from_utf8_lossy(&r.bytes).into_owned())
            .collect()
    }

    #[test]
    fn stack_traces_stay_together() {
        let java =
            "ERROR a\njava.lang.X: b\n\tat c.D\nCaused by: e\n\t... 3 more\n\nINFO f\r\nINFO g";
        assert_eq!(
            split(&mut Splitter::new(Start::Trace), java),
            [
                "ERROR a",
                "java.lang.X: b\n\tat c.D\nCaused by: e\n\t... 3 more",
                "INFO f",
                "INFO g"
            ]
        );
        let python =
            "ERROR a\nTraceback (most recent call last):\n  File \"x\"\nValueError: b\nINFO c\n";
        assert_eq!(
            split(&mut Splitter::new(Start::Trace), python),
            [
                "ERROR a\nTraceback (most recent call last):\n  File \"x\"\nValueError: b",
                "INFO c"
            ]
        );
    }

    #[test]
    fn a_pattern_says_where_records_begin() {
        let start = Start::pattern(r"^\d{4}-").expect("a pattern");
        let text = "2026-1 a\njava.X: b\n  at c\n2026-2 d\n";
        assert_eq!(
            split(&mut Splitter::new(start), text),
            ["2026-1 a\njava.X: b\n  at c", "2026-2 d"]
        );
        assert!(Start::pattern("(").is_err());
        assert!(Start::pattern("(a{1000}){1000}").is_err());
        assert_eq!(
            split(&mut Splitter::new(Start::Line), "a\n b\n\nc"),
            ["a", " b", "c"]
        );
    }

    #[test]
    fn nothing_grows_without_end() {
        let mut splitter = Splitter::with_limits(Start::Trace, 3, 100);
        for _ in 0..1000 {
            assert!(splitter.push(&[b'x'; 10_000]).is_empty());
        }
        assert!(splitter.line.capacity() < 1000);
        let last = splitter.finish();
        assert_eq!(
            (last[0].bytes.len(), last[0].left_out),
            (100, 10_000_000 - 100)
        );
        let many = "a\n".to_owned() + &" b\n".repeat(10);
        let records = splitter.push(many.as_bytes());
        assert_eq!(
            records.iter().map(|r| r.lines).collect::<Vec<_>>(),
            [3, 3, 3]
        );
        assert!(splitter.is_waiting());
    }

    proptest! {
        /// However the bytes arrive, the records are the same.
        #[test]
        fn pieces_do_not_matter(text in "([ab]| |\t|\n|\r\n|Traceback \\(most recent call last\\)|Caused by:){0,30}", at in 0usize..60) {
            let whole = split(&mut Splitter::new(Start::Trace), &text);
            let mut splitter = Splitter::new(Start::Trace);
            let (a, b) = text.as_bytes().split_at(at.min(text.len()));
            let mut out = splitter.push(a);
            out.extend(splitter.push(b));
            out.extend(splitter.finish());
            let pieces: Vec<String> = out.into_iter().map(|r| String::from_utf8_lossy(&r.bytes).into_owned()).collect();
            prop_assert_eq!(whole, pieces);
        }
    }
}

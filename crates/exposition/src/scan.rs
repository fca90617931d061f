//! A cursor over one line.

use crate::error::{ParseError, Problem, excerpt};

/// Reads one line from left to right; all positions are byte offsets on character boundaries.
pub(crate) struct Scan<'a> {
    line: &'a str,
    at: usize,
    number: usize,
}

impl<'a> Scan<'a> {
    pub(crate) fn new(line: &'a str, number: usize) -> Self {
        Self {
            line,
            at: 0,
            number,
        }
    }

    pub(crate) fn rest(&self) -> &'a str {
        self.line.get(self.at..).unwrap_or("")
    }

    pub(crate) fn error(&self, problem: Problem) -> ParseError {
        ParseError {
            line: self.number,
            column: self.at + 1,
            problem,
        }
    }

    pub(crate) fn expected(&self, expected: &'static str) -> ParseError {
        self.error(Problem::Expected {
            expected,
            found: excerpt(self.rest()),
        })
    }

    pub(crate) fn skip_blanks(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches([' ', '\t']).len();
    }

    /// Takes `c` if it stands next.
    pub(crate) fn take(&mut self, c: char) -> bool {
        let found = self.rest().starts_with(c);
        if found {
            self.at += c.len_utf8();
        }
        found
    }

    /// Takes the longest run of characters that `accept` likes, without a limit.
    pub(crate) fn take_while(&mut self, accept: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|c| !accept(c)).unwrap_or(rest.len());
        self.at += end;
        rest.get(..end).unwrap_or("")
    }

    /// Takes everything up to a blank.
    pub(crate) fn word(&mut self) -> &'a str {
        self.take_while(|c| c != ' ' && c != '\t')
    }

    /// Takes a metric's name (`colons`) or a label's.
    pub(crate) fn name(
        &mut self,
        colons: bool,
        limit: usize,
        expected: &'static str,
    ) -> Result<&'a str, ParseError> {
        let first_ok = self
            .rest()
            .chars()
            .next()
            .is_some_and(|c| c.is_ascii_alphabetic() || c == '_' || (colons && c == ':'));
        if !first_ok {
            return Err(self.expected(expected));
        }
        let before = self.at;
        let name =
            self.take_while(|c| c.is_ascii_alphanumeric() || c == '_' || (colons && c == ':'));
        if name.len() > limit {
            self.at = before;
            return Err(self.error(Problem::NameTooLong { limit }));
        }
        Ok(name)
    }

    /// Takes a label's value after its opening quote, up to and with the closing one. Unknown escapes stay as they are, as in
    /// Prometheus' parser.
    pub(crate) fn quoted(&mut self, label: &str, limit: usize) -> Result<String, ParseError> {
        let rest = self.rest();
        let mut value = String::new();
        let mut chars = rest.char_indices();
        while let Some((i, c)) = chars.next() {
            if value.len() > limit {
                return Err(self.error(Problem::LabelValueTooLong {
                    label: excerpt(label),
                    limit,
                }));
            }
            match c {
                '"' => {
                    self.at += i + 1;
                    return Ok(value);
                }
                '\\' => match chars.next() {
                    Some((_, 'n')) => value.push('\n'),
                    Some((_, e @ ('\\' | '"'))) => value.push(e),
                    Some((_, other)) => value.extend(['\\', other]),
                    None => break,
                },
                c => value.push(c),
            }
        }
        Err(self.error(Problem::Unterminated {
            label: excerpt(label),
        }))
    }
}

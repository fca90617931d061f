//! What is looked at before the parser sees a query: bounds against hostile input, and the places where the
//! parser's dialect is newer than Prometheus 2.42.
//!
//! The parser builds and drops its tree by recursion and turns bare numbers into durations with a function that
//! panics on large ones; so depth, length and durations are checked on the text.

use crate::error::{LimitError, PromqlError};

/// Longest query accepted, bytes.
const MAX_BYTES: usize = 32 * 1024;
/// Most brackets open at once.
const MAX_OPEN: usize = 100;
/// Most operators in a query: an unbalanced chain of them is as deep as it is long.
const MAX_OPERATORS: usize = 500;

/// The name since Prometheus 3, which the parser knows instead of `holt_winters`.
const HOLT_WINTERS_NOW: &str = "double_exponential_smoothing";

/// Checks `query` and writes it as the parser wants it.
pub(crate) fn prepare(query: &str) -> Result<String, PromqlError> {
    if query.len() > MAX_BYTES {
        return Err(LimitError::QueryLength {
            bytes: query.len(),
            max: MAX_BYTES,
        }
        .into());
    }
    let mut scan = Scan {
        text: query,
        at: 0,
        open: Vec::new(),
        operators: 0,
        out: String::with_capacity(query.len()),
        after_offset: false,
    };
    while scan.token()? {}
    Ok(scan.out)
}

struct Scan<'a> {
    text: &'a str,
    at: usize,
    /// Opening brackets not yet closed.
    open: Vec<char>,
    operators: usize,
    out: String,
    /// The last token was `offset`, or a sign after it.
    after_offset: bool,
}

impl<'a> Scan<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    /// Length of the longest start of the rest for which `part` holds.
    fn run(&self, part: impl Fn(char) -> bool) -> usize {
        let rest = self.rest();
        rest.find(|c| !part(c)).unwrap_or(rest.len())
    }

    fn copy(&mut self, len: usize) {
        let text = self.text;
        self.out
            .push_str(text.get(self.at..self.at + len).unwrap_or(""));
        self.at += len;
    }

    /// Takes one token; false at the end.
    fn token(&mut self) -> Result<bool, PromqlError> {
        let mut chars = self.rest().chars();
        let Some(c) = chars.next() else {
            return Ok(false);
        };
        let next = chars.next();
        match c {
            '#' => {
                let len = self.run(|c| c != '\n' && c != '\r');
                self.at += len;
            }
            c if c.is_ascii_whitespace() => self.copy(1),
            '"' | '\'' | '`' => self.string(c)?,
            c if is_name_start(c) => self.name()?,
            c if c.is_ascii_digit() || (c == '.' && next.is_some_and(|n| n.is_ascii_digit())) => {
                self.number()?;
            }
            _ => self.punctuation(c)?,
        }
        Ok(true)
    }

    fn string(&mut self, quote: char) -> Result<(), PromqlError> {
        let mut escaped = false;
        for (i, c) in self.rest().char_indices().skip(1) {
            if escaped {
                escaped = false;
            } else if c == '\\' && quote != '`' {
                escaped = true;
            } else if c == quote {
                if quote == '`' {
                    self.raw_string(i);
                } else {
                    self.copy(i + c.len_utf8());
                }
                self.after_offset = false;
                return Ok(());
            }
        }
        Err(PromqlError::parse_at(self.at, "unterminated quoted string"))
    }

    /// Writes a raw string of `len` bytes (less the closing quote) with escapes: the parser reads backslashes in
    /// raw strings as escapes.
    fn raw_string(&mut self, len: usize) {
        let raw = self.rest().get(1..len).unwrap_or("");
        self.out.push('"');
        for c in raw.chars() {
            match c {
                '\n' => self.out.push_str("\\n"),
                '"' | '\\' => {
                    self.out.push('\\');
                    self.out.push(c);
                }
                c => self.out.push(c),
            }
        }
        self.out.push('"');
        self.at += len + 1;
    }

    fn name(&mut self) -> Result<(), PromqlError> {
        let len = self.run(|c| is_name_start(c) || c.is_ascii_digit());
        let (word, after) = self.rest().split_at(len);
        let called = after.trim_start().starts_with('(');
        let lower = word.to_ascii_lowercase();
        self.after_offset = lower == "offset";
        if called && word == "holt_winters" {
            self.out.push_str(HOLT_WINTERS_NOW);
            self.at += len;
            return Ok(());
        }
        if called && word == HOLT_WINTERS_NOW {
            return Err(PromqlError::parse_at(
                self.at,
                format!("unknown function with name {word:?} (it is called holt_winters here)"),
            ));
        }
        if matches!(&*lower, "and" | "or" | "unless" | "atan2") {
            self.operator()?;
        }
        self.copy(len);
        Ok(())
    }

    fn number(&mut self) -> Result<(), PromqlError> {
        let mut len = 0;
        let mut before = ' ';
        let hex = self.rest().starts_with("0x") || self.rest().starts_with("0X");
        for c in self.rest().chars() {
            let sign = matches!(c, '+' | '-') && matches!(before, 'e' | 'E') && !hex;
            if !(c.is_ascii_alphanumeric() || c == '.' || c == '_' || sign) {
                break;
            }
            before = c;
            len += c.len_utf8();
        }
        let token = self.rest().get(..len).unwrap_or("");
        let wanted = self.after_offset || self.open.last() == Some(&'[');
        match (is_duration(token), wanted) {
            (true, false) => Err(PromqlError::parse_at(
                self.at,
                format!("unexpected duration {token:?}, expected a number"),
            )),
            (false, true) => Err(PromqlError::parse_at(
                self.at,
                format!("{token:?} is not a duration (such as 5m)"),
            )),
            _ => {
                self.after_offset = false;
                self.copy(len);
                Ok(())
            }
        }
    }

    fn punctuation(&mut self, c: char) -> Result<(), PromqlError> {
        match c {
            '(' | '[' | '{' => {
                self.open.push(c);
                if self.open.len() > MAX_OPEN {
                    return Err(LimitError::Depth { max: MAX_OPEN }.into());
                }
            }
            ')' | ']' | '}' => {
                self.open.pop();
            }
            // within braces and brackets these belong to a matcher or a sign, not to an operator
            '+' | '-' | '*' | '/' | '%' | '^' | '<' | '>' | '=' | '!'
                if !matches!(self.open.last(), Some('{' | '[')) =>
            {
                self.operator()?;
            }
            _ => {}
        }
        self.after_offset = self.after_offset && matches!(c, '+' | '-');
        self.copy(c.len_utf8());
        Ok(())
    }

    fn operator(&mut self) -> Result<(), PromqlError> {
        self.operators += 1;
        if self.operators > MAX_OPERATORS {
            return Err(LimitError::Depth { max: MAX_OPERATORS }.into());
        }
        Ok(())
    }
}

fn is_name_start(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_' || c == ':'
}

/// Whether `token` is a duration in Prometheus' form: units from year to millisecond, each a whole number.
fn is_duration(token: &str) -> bool {
    let mut rest = token;
    while !rest.is_empty() {
        let digits = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        let (number, unit) = rest.split_at(digits);
        // the parser reads each part into 32 bits and takes zero where it does not fit
        if number.parse::<u32>().is_err() {
            return false;
        }
        let Some(after) = unit
            .strip_prefix("ms")
            .or_else(|| unit.strip_prefix(['y', 'w', 'd', 'h', 'm', 's']))
        else {
            return false;
        };
        rest = after;
    }
    !token.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holt_winters_is_written_as_the_parser_calls_it() {
        let out = prepare(r#"holt_winters (m{a="holt_winters("}[5m], 0.5, 0.1) # holt_winters("#);
        assert_eq!(
            out.expect("accepted"),
            r#"double_exponential_smoothing (m{a="holt_winters("}[5m], 0.5, 0.1) "#
        );
        assert!(prepare("double_exponential_smoothing(m[5m], 0.5, 0.1)").is_err());
    }

    #[test]
    fn raw_strings_are_written_with_escapes() {
        assert_eq!(
            prepare("m{a=`x\\s\"y`}").expect("accepted"),
            r#"m{a="x\\s\"y"}"#
        );
    }

    #[test]
    fn durations_stand_only_where_prometheus_takes_them() {
        for good in [
            "m[5m]",
            "m[1h30m:15s]",
            "m offset -5m",
            "m offset 1y2w3d4h5m6s7ms",
            "0x1e+5",
            "1e-3 + 2",
        ] {
            assert!(prepare(good).is_ok(), "{good}");
        }
        for bad in [
            "m[300]",
            "m[1e400]",
            "m offset 5",
            "m > 5m",
            "m[99999999999s]",
            "m[5x]",
        ] {
            assert!(
                matches!(
                    prepare(bad),
                    Err(PromqlError::Parse {
                        position: Some(_),
                        ..
                    })
                ),
                "{bad}"
            );
        }
    }

    #[test]
    fn size_and_depth_are_bounded() {
        let limit = |q: &str| matches!(prepare(q), Err(PromqlError::Limit(_)));
        assert!(limit(&" ".repeat(MAX_BYTES + 1)));
        assert!(limit(&"(".repeat(MAX_OPEN + 1)));
        assert!(limit(&"-".repeat(MAX_OPERATORS + 1)));
        assert!(!limit(&format!("{}1", "-".repeat(MAX_OPERATORS))));
    }
}

//! Tokens to a filter.
//!
//! ```text
//! any  := all ("or" all)*
//! all  := not ("and"? not)*
//! not  := ("not" | "-") not | "(" any ")" | word | name op values
//! values := value | "(" value ("or"? value)* ")"
//! value  := word | "~" word | "[" end "TO" end "]"
//! ```

use super::fault::nearest;
use super::token::{Kind, Op, Token, Word, scan};
use super::{Expected, Fault, MAX_CHARS, MAX_DEPTH, MAX_TERMS, QueryFault};
use model::log::{Compare, Field, Filter, LogCategory, LogLevel};
use std::ops::Range;

/// Characters of the text that a fault shows.
const FOUND_CHARS: usize = 60;

/// A query that was read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parsed {
    /// What it asks for.
    pub filter: Filter,
    /// The fields that it names, and at which characters.
    pub fields: Vec<(Field, Range<usize>)>,
}

/// A field that no line has, and whose name is nearly that of one that some have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// The field that the query names.
    pub field: Field,
    /// Which characters.
    pub at: Range<usize>,
    /// What was probably meant.
    pub meant: Field,
}

impl Parsed {
    /// Fields that are neither own nor `known`, but nearly. No fault: a field may be in lines that nobody has looked at.
    pub fn doubts(&self, known: &[Field]) -> Vec<Doubt> {
        let names: Vec<(String, &Field)> = Field::OWN
            .iter()
            .chain(known)
            .map(|f| (f.to_string(), f))
            .collect();
        let strange = |field: &Field| matches!(field, Field::Attr(_)) && !known.contains(field);
        self.fields
            .iter()
            .filter(|(field, _)| strange(field))
            .filter_map(|(field, at)| {
                let meant = nearest(&field.to_string(), names.iter().map(|(n, _)| n.as_str()))?;
                let (_, meant) = names.iter().find(|(n, _)| n == meant)?;
                Some(Doubt {
                    field: field.clone(),
                    at: at.clone(),
                    meant: (*meant).clone(),
                })
            })
            .collect()
    }
}

/// What the query asks for; nothing but spaces asks for every line.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn parse(text: &str) -> Result<Filter, QueryFault> {
    read(text).map(|parsed| parsed.filter)
}

/// What the query asks for, and where it names which fields.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn read(text: &str) -> Result<Parsed, QueryFault> {
    let chars: Vec<char> = text.chars().take(MAX_CHARS + 1).collect();
    let mut parser = Parser {
        text: &chars,
        tokens: Vec::new(),
        at: 0,
        depth: 0,
        terms: 0,
        fields: Vec::new(),
    };
    if chars.len() > MAX_CHARS {
        return Err(parser.fault(Fault::TooLong, MAX_CHARS..MAX_CHARS, Expected::Less));
    }
    parser.tokens = scan(&chars).tokens;
    parser.skip_commas();
    if parser.peek().is_none() {
        return Ok(Parsed::default());
    }
    let filter = parser.any()?;
    match parser.peek() {
        None => Ok(Parsed {
            filter,
            fields: parser.fields,
        }),
        Some(token) => {
            let at = token.from..token.to;
            Err(parser.fault(Fault::ParenClose, at, Expected::Term))
        }
    }
}

struct Parser<'a> {
    text: &'a [char],
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
    terms: usize,
    fields: Vec<(Field, Range<usize>)>,
}

type Read<T> = Result<T, QueryFault>;

impl Parser<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn next(&mut self) -> Option<Token> {
        let token = self.peek().cloned();
        self.at += 1;
        token
    }

    fn take(&mut self, kind: &Kind) -> bool {
        let there = self.peek().is_some_and(|t| t.kind == *kind);
        self.at += usize::from(there);
        there
    }

    fn skip_commas(&mut self) {
        while self.take(&Kind::Comma) {}
    }

    /// The characters of the next token, or the end.
    fn here(&self) -> Range<usize> {
        let end = self.text.len();
        self.peek().map_or(end..end, |t| t.from..t.to)
    }

    fn fault(&self, fault: Fault, at: Range<usize>, expected: Expected) -> QueryFault {
        let found = self.text.get(at.clone()).unwrap_or_default();
        QueryFault {
            fault,
            found: found.iter().take(FOUND_CHARS).collect(),
            at,
            expected,
            meant: None,
        }
    }

    fn fails<T>(&self, fault: Fault, at: Range<usize>, expected: Expected) -> Read<T> {
        Err(self.fault(fault, at, expected))
    }

    fn any(&mut self) -> Read<Filter> {
        let mut all = vec![self.all()?];
        while self.take(&Kind::Or) {
            all.push(self.all()?);
        }
        Ok(single(all, Filter::Or))
    }

    fn all(&mut self) -> Read<Filter> {
        self.skip_commas();
        let mut all = vec![self.not()?];
        loop {
            self.skip_commas();
            let joined = self.take(&Kind::And);
            match self.peek().map(|t| &t.kind) {
                None | Some(Kind::Or | Kind::Close) if !joined => break,
                _ => all.push(self.not()?),
            }
        }
        Ok(single(all, Filter::And))
    }

    fn not(&mut self) -> Read<Filter> {
        let at = self.here();
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return self.fails(Fault::TooDeep, at, Expected::Less);
        }
        let filter = if self.take(&Kind::Not) {
            Filter::Not(Box::new(self.not()?))
        } else if self.take(&Kind::Open) {
            let inner = self.any()?;
            if !self.take(&Kind::Close) {
                return self.fails(Fault::ParenOpen, at, Expected::Close);
            }
            inner
        } else {
            self.term()?
        };
        self.depth -= 1;
        Ok(filter)
    }

    fn count_term(&mut self, at: Range<usize>) -> Read<()> {
        self.terms += 1;
        if self.terms > MAX_TERMS {
            return self.fails(Fault::TooMany, at, Expected::Less);
        }
        Ok(())
    }

    fn term(&mut self) -> Read<Filter> {
        let at = self.here();
        match self.next().map(|t| t.kind) {
            Some(Kind::Word(word)) => {
                self.count_term(at.clone())?;
                self.check_word(&word, &at)?;
                Ok(match word {
                    Word {
                        quoted: false,
                        star_after: true,
                        text,
                        ..
                    } if text.is_empty() => Filter::All,
                    word => Filter::Text(word.text),
                })
            }
            Some(Kind::Name(field)) => {
                self.fields.push((field.clone(), at));
                let Some(Kind::Op(op)) = self.next().map(|t| t.kind) else {
                    let at = self.here();
                    return self.fails(Fault::ValueMissing, at, Expected::Value);
                };
                self.values(&field, op)
            }
            _ => self.fails(Fault::TermMissing, at, Expected::Term),
        }
    }

    fn check_word(&self, word: &Word, at: &Range<usize>) -> Read<()> {
        if !word.closed {
            return self.fails(Fault::QuoteOpen, at.clone(), Expected::Quote);
        }
        if word.star_inside {
            return self.fails(Fault::Wildcard, at.clone(), Expected::Value);
        }
        Ok(())
    }

    /// The value or the list of values behind an operator.
    fn values(&mut self, field: &Field, op: Op) -> Read<Filter> {
        let open = self.here();
        if !self.take(&Kind::Open) {
            return self.value(field, op);
        }
        let mut any = Vec::new();
        loop {
            let at = self.here();
            match self.peek().map(|t| &t.kind) {
                Some(Kind::Close) if !any.is_empty() => {
                    self.at += 1;
                    break;
                }
                Some(Kind::Comma) => self.at += 1,
                Some(Kind::Or) if !any.is_empty() => {
                    self.at += 1;
                    any.push(self.value(field, op)?);
                }
                Some(Kind::And | Kind::Not | Kind::Open) => {
                    return self.fails(Fault::List, at, Expected::Or);
                }
                None => return self.fails(Fault::ParenOpen, open, Expected::Close),
                _ => any.push(self.value(field, op)?),
            }
        }
        // "not a, nor b" is meant by `field!=(a or b)`
        let join = if op == Op::IsNot {
            Filter::And
        } else {
            Filter::Or
        };
        Ok(single(any, join))
    }

    fn value(&mut self, field: &Field, op: Op) -> Read<Filter> {
        let at = self.here();
        self.count_term(at.clone())?;
        let token = self.next();
        match (token.map(|t| t.kind), op) {
            (Some(Kind::Word(word)), Op::Compare(compare)) => {
                self.check_word(&word, &at)?;
                self.compared(field, compare, &word.text, at)
            }
            (Some(Kind::Word(word)), op) => {
                self.check_word(&word, &at)?;
                let is = self.equal(field, op, word, at)?;
                Ok(match op {
                    Op::IsNot => Filter::Not(Box::new(is)),
                    _ => is,
                })
            }
            (Some(Kind::Tilde), Op::Is) => {
                let at = self.here();
                match self.next().map(|t| t.kind) {
                    Some(Kind::Word(word)) => {
                        self.check_word(&word, &at)?;
                        Ok(Filter::Contains(field.clone(), word.text))
                    }
                    _ => self.fails(Fault::ValueMissing, at, Expected::Value),
                }
            }
            (Some(Kind::RangeOpen(from)), Op::Is) => self.range(field, from, at.start),
            (Some(Kind::RangeOpen(_) | Kind::Tilde), _) => {
                self.fails(Fault::ValueMissing, at, expected_of(field, op))
            }
            (Some(Kind::Open | Kind::And | Kind::Not), _) => {
                self.fails(Fault::List, at, Expected::Value)
            }
            _ => self.fails(Fault::ValueMissing, at, expected_of(field, op)),
        }
    }

    fn equal(&self, field: &Field, op: Op, word: Word, at: Range<usize>) -> Read<Filter> {
        let field = field.clone();
        if !word.quoted && word.text.is_empty() && word.star_after {
            return Ok(Filter::Has(field));
        }
        match (word.star_before, word.star_after) {
            (true, true) => return Ok(Filter::Contains(field, word.text)),
            (false, true) => return Ok(Filter::Prefix(field, word.text)),
            (true, false) => return self.fails(Fault::Wildcard, at, Expected::Value),
            (false, false) => (),
        }
        match field {
            Field::Level if !word.quoted => Ok(Filter::Is(
                field,
                self.level(&word.text, at)?.name().to_owned(),
            )),
            Field::Category if !word.quoted => {
                let Ok(category) = word.text.to_ascii_lowercase().parse::<LogCategory>() else {
                    let names = LogCategory::ALL.into_iter().map(LogCategory::name);
                    let mut fault = self.fault(Fault::UnknownCategory, at, Expected::Category);
                    fault.meant = nearest(&word.text, names).map(str::to_owned);
                    return Err(fault);
                };
                Ok(Filter::Is(field, category.name().to_owned()))
            }
            Field::Message if op == Op::Is => Ok(Filter::Text(word.text)),
            field => Ok(Filter::Is(field, word.text)),
        }
    }

    fn level(&self, word: &str, at: Range<usize>) -> Read<LogLevel> {
        LogLevel::read(word).ok_or_else(|| {
            let names = LogLevel::ALL.into_iter().map(LogLevel::name);
            let mut fault = self.fault(Fault::UnknownLevel, at, Expected::Level);
            fault.meant = nearest(word, names).map(str::to_owned);
            fault
        })
    }

    fn compared(
        &self,
        field: &Field,
        compare: Compare,
        word: &str,
        at: Range<usize>,
    ) -> Read<Filter> {
        if *field == Field::Level {
            let level = self.level(word, at.clone())?;
            return levels(compare, level)
                .ok_or_else(|| self.fault(Fault::NoSuchLevel, at, Expected::Level));
        }
        let number: Option<f64> = word.parse().ok().filter(|n: &f64| n.is_finite());
        match number {
            Some(number) => Ok(Filter::Number(field.clone(), compare, number)),
            None => self.fails(Fault::NotNumber, at, Expected::Number),
        }
    }

    /// The two ends of a range whose opening sign was read.
    fn range(&mut self, field: &Field, from_included: bool, start: usize) -> Read<Filter> {
        let from = self.range_end()?;
        let at = self.here();
        if !self.take(&Kind::To) {
            return self.fails(Fault::Range, at, Expected::To);
        }
        let to = self.range_end()?;
        let at = self.here();
        let to_included = match self.next().map(|t| t.kind) {
            Some(Kind::RangeClose(included)) => included,
            _ => return self.fails(Fault::Range, at, Expected::RangeEnd),
        };
        let low = if from_included {
            Compare::AtLeast
        } else {
            Compare::More
        };
        let high = if to_included {
            Compare::AtMost
        } else {
            Compare::Less
        };
        let mut all = Vec::new();
        for (end, compare) in [(from, low), (to, high)] {
            if let Some((word, at)) = end {
                all.push(self.compared(field, compare, &word, at)?);
            }
        }
        self.count_term(start..at.end)?;
        Ok(match all.len() {
            0 => Filter::Has(field.clone()),
            _ => single(all, Filter::And),
        })
    }

    /// An end's word; `None` when it is open.
    fn range_end(&mut self) -> Read<Option<(String, Range<usize>)>> {
        let at = self.here();
        match self.next().map(|t| t.kind) {
            Some(Kind::Word(word)) => {
                self.check_word(&word, &at)?;
                let open = word.star_after && word.text.is_empty() && !word.quoted;
                Ok((!open).then_some((word.text, at)))
            }
            _ => self.fails(Fault::Range, at, Expected::Value),
        }
    }
}

fn expected_of(field: &Field, op: Op) -> Expected {
    match (field, op) {
        (Field::Level, _) => Expected::Level,
        (Field::Category, _) => Expected::Category,
        (_, Op::Compare(_)) => Expected::Number,
        _ => Expected::Value,
    }
}

/// The levels that stand so to this one; `None` when there are none. Lines without a level never do.
fn levels(compare: Compare, level: LogLevel) -> Option<Filter> {
    let above = LogLevel::ALL.into_iter().find(|l| *l > level);
    let below = |bound: LogLevel| {
        Filter::And(vec![
            Filter::Has(Field::Level),
            Filter::Not(Box::new(Filter::AtLeast(bound))),
        ])
    };
    match compare {
        Compare::AtLeast => Some(Filter::AtLeast(level)),
        Compare::More => above.map(Filter::AtLeast),
        Compare::AtMost => Some(above.map_or(Filter::Has(Field::Level), below)),
        Compare::Less => (level != LogLevel::Trace).then(|| below(level)),
    }
}

/// One filter as itself, several joined.
fn single(mut filters: Vec<Filter>, join: fn(Vec<Filter>) -> Filter) -> Filter {
    match filters.pop() {
        Some(only) if filters.is_empty() => only,
        Some(last) => {
            filters.push(last);
            join(filters)
        }
        None => Filter::All,
    }
}

#[cfg(test)]
#[path = "parse_tests.rs"]
mod tests;

//! The search of the alert lists: words, conditions on labels, levels.

use model::duty::Alert;
use model::{Level, Matcher};

/// Longest search, characters.
pub const MAX_TEXT: usize = 1_000;
/// Most terms of a search.
const MAX_TERMS: usize = 32;
/// Size of a compiled regular expression, bytes.
const MAX_REGEX: usize = 1 << 20;

/// Why a search cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// Longer than [`MAX_TEXT`] or more terms than bearable.
    #[error("the search is too long")]
    TooLong,
    /// A term that is neither word nor condition.
    #[error("{0:?} cannot be understood")]
    Term(String),
    /// Not a regular expression, or too large a one.
    #[error("{0:?} is no regular expression")]
    Regex(String),
}

/// One condition on a label, ready to be asked.
#[derive(Clone, Debug)]
struct Condition {
    matcher: Matcher,
    /// Anchored, when the value is a regular expression.
    regex: Option<regex::Regex>,
}

impl Condition {
    fn new(matcher: Matcher) -> Result<Self, FilterError> {
        let regex = if matcher.is_regex {
            let anchored = format!("^(?:{})$", matcher.value);
            let compiled = regex::RegexBuilder::new(&anchored)
                .size_limit(MAX_REGEX)
                .build();
            Some(compiled.map_err(|_| FilterError::Regex(matcher.value.clone()))?)
        } else {
            None
        };
        Ok(Self { matcher, regex })
    }

    fn holds(&self, alert: &Alert) -> bool {
        let value = alert.labels.get(&self.matcher.name).unwrap_or("");
        let equal = match &self.regex {
            Some(regex) => regex.is_match(value),
            None => value == self.matcher.value,
        };
        equal == self.matcher.is_equal
    }
}

/// A search, ready to be asked. All its terms must hold.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Lower-case words that must (or, with false, must not) stand somewhere.
    words: Vec<(String, bool)>,
    conditions: Vec<Condition>,
    /// Levels from, to.
    levels: Vec<(Level, Level)>,
}

impl Filter {
    /// Reads a search: words (`!word`: must not stand there), `label=value`, `!=`, `=~`, `!~`, `level=P1`, `level<=P1` (P1 and more
    /// urgent), `level>=P2`. Values with blanks stand in double quotes.
    ///
    /// # Errors
    /// What cannot be understood, by its text.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        if text.chars().count() > MAX_TEXT {
            return Err(FilterError::TooLong);
        }
        let mut filter = Self::default();
        let terms = split(text);
        if terms.len() > MAX_TERMS {
            return Err(FilterError::TooLong);
        }
        for term in terms {
            filter.add(&term)?;
        }
        Ok(filter)
    }

    fn add(&mut self, term: &str) -> Result<(), FilterError> {
        if let Some(rest) = term
            .strip_prefix("level")
            .filter(|r| r.starts_with(['<', '>', '=']))
        {
            let (low, high) = levels(rest).ok_or_else(|| FilterError::Term(term.to_owned()))?;
            self.levels.push((low, high));
        } else if let Ok(matcher) = term.parse::<Matcher>() {
            self.conditions.push(Condition::new(matcher)?);
        } else {
            let (word, wanted) = match term.strip_prefix('!') {
                Some(word) if !word.is_empty() => (word, false),
                _ => (term, true),
            };
            self.words
                .push((word.trim_matches('"').to_lowercase(), wanted));
        }
        Ok(())
    }

    /// Whether every alert is looked for.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty() && self.conditions.is_empty() && self.levels.is_empty()
    }

    /// Whether it asks for words, so that [`haystack`] is needed.
    pub fn has_words(&self) -> bool {
        !self.words.is_empty()
    }

    /// The conditions on labels: a database can look for them by itself.
    pub fn matchers(&self) -> Vec<Matcher> {
        self.conditions.iter().map(|c| c.matcher.clone()).collect()
    }

    /// The first word that must stand there, for a database.
    pub fn first_word(&self) -> &str {
        self.words
            .iter()
            .find(|(_, wanted)| *wanted)
            .map_or("", |(w, _)| w.as_str())
    }

    /// Whether the alert is looked for. `hay` is its [`haystack`]; it may be empty when there are no words.
    pub fn matches(&self, alert: &Alert, hay: &str) -> bool {
        self.levels
            .iter()
            .all(|(low, high)| (*low..=*high).contains(&alert.level))
            && self.conditions.iter().all(|c| c.holds(alert))
            && self
                .words
                .iter()
                .all(|(word, wanted)| hay.contains(word.as_str()) == *wanted)
    }
}

/// What words are looked for in: texts and label values, lower case, bounded.
pub fn haystack(alert: &Alert) -> String {
    const MOST: usize = 4_000;
    let mut hay = String::with_capacity(256);
    let texts = alert.annotations.values().map(String::as_str);
    for text in texts.chain(alert.labels.iter().map(|(_, v)| v)) {
        if hay.len() > MOST {
            break;
        }
        hay.extend(text.chars().take(500).flat_map(char::to_lowercase));
        hay.push('\n');
    }
    hay
}

fn levels(rest: &str) -> Option<(Level, Level)> {
    let (op, name) = ["<=", ">=", "=", "<", ">"]
        .iter()
        .find_map(|op| rest.strip_prefix(op).map(|n| (*op, n)))?;
    let level = Level::parse(name)?;
    let at = usize::from(level.number());
    match op {
        "=" => Some((level, level)),
        "<=" => Some((Level::P0, level)),
        ">=" => Some((level, Level::P3)),
        "<" => Some((Level::P0, *Level::ALL.get(at.checked_sub(1)?)?)),
        _ => Some((*Level::ALL.get(at + 1)?, Level::P3)),
    }
}

/// At blanks that are not inside double quotes.
fn split(text: &str) -> Vec<String> {
    let mut terms = Vec::new();
    let mut term = String::new();
    let mut quoted = false;
    for c in text.chars() {
        if c == '"' {
            quoted = !quoted;
        }
        if c.is_whitespace() && !quoted {
            if !term.is_empty() {
                terms.push(std::mem::take(&mut term));
            }
        } else {
            term.push(c);
        }
    }
    if !term.is_empty() {
        terms.push(term);
    }
    terms
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::duty::samples::alert;

    fn found(search: &str, alert: &Alert) -> bool {
        Filter::parse(search)
            .unwrap()
            .matches(alert, &haystack(alert))
    }

    #[test]
    fn words_labels_and_levels_must_all_hold() {
        let a = alert(
            1,
            Level::P1,
            &[
                ("alertname", "PayLow"),
                ("service", "pay gw"),
                ("channel", "WeChat"),
            ],
        );
        for yes in [
            "",
            "wechat",
            "service=\"pay gw\"",
            "service=~\"pay.*\" level<=P2",
            "level=p1 !refund",
            "level>P0 region=\"\"",
            "region!=cn",
        ] {
            assert!(found(yes, &a), "{yes}");
        }
        for no in [
            "alipay",
            "service=pay",
            "level<P1",
            "level>=P2",
            "!wechat",
            "region=cn",
            "wechat nothing",
        ] {
            assert!(!found(no, &a), "{no}");
        }
    }

    #[test]
    fn what_cannot_be_understood_is_named() {
        let error = |t: &str| Filter::parse(t).map(|_| ()).unwrap_err();
        assert_eq!(error("a=~\"(\""), FilterError::Regex("(".into()));
        assert_eq!(error("level<=P9"), FilterError::Term("level<=P9".into()));
        assert_eq!(error("level<P0"), FilterError::Term("level<P0".into()));
        assert_eq!(error(&"x".repeat(1_001)), FilterError::TooLong);
        assert!(matches!(
            error("a=~\"(a{1000}){1000}\""),
            FilterError::Regex(_)
        ));
    }
}

//! Conditions on labels, compiled once: a missing label counts as empty, a regular expression must match the whole value.

use super::Refused;
use model::{Labels, Matcher};
use regex::{Regex, RegexBuilder};

/// Conditions in one silence.
const MOST: usize = 64;
/// Bytes of a label's name or value, or of a regular expression.
const LONGEST: usize = 4096;
/// Bytes of a compiled regular expression.
const LARGEST: usize = 1 << 20;

/// Conditions that must all hold.
#[derive(Clone, Debug, Default)]
pub struct Matchers(Vec<One>);

#[derive(Clone, Debug)]
struct One {
    name: Box<str>,
    test: Test,
    is_equal: bool,
}

#[derive(Clone, Debug)]
enum Test {
    Value(Box<str>),
    Regex(Regex),
}

impl Matchers {
    /// Reads conditions.
    ///
    /// # Errors
    /// [`Refused::BadLabelName`], [`Refused::BadRegex`], [`Refused::TooMany`].
    pub fn compile(matchers: &[Matcher]) -> Result<Self, Refused> {
        if matchers.len() > MOST {
            return Err(Refused::TooMany { max: MOST });
        }
        matchers
            .iter()
            .map(One::compile)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// The same for a silence: there must be a condition that fails where the label is missing, as the Alertmanager demands.
    ///
    /// # Errors
    /// Those of [`Self::compile`], [`Refused::NoMatchers`], [`Refused::MatchesEverything`].
    pub fn for_mute(matchers: &[Matcher]) -> Result<Self, Refused> {
        if matchers.is_empty() {
            return Err(Refused::NoMatchers);
        }
        let all = Self::compile(matchers)?;
        if all.0.iter().all(|one| one.holds("")) {
            return Err(Refused::MatchesEverything);
        }
        Ok(all)
    }

    /// Whether all hold; without conditions: yes.
    pub fn matches(&self, labels: &Labels) -> bool {
        self.0
            .iter()
            .all(|one| one.holds(labels.get(&one.name).unwrap_or("")))
    }

    /// Whether there is no condition.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl One {
    fn compile(m: &Matcher) -> Result<Self, Refused> {
        let name_fits =
            !m.name.is_empty() && m.name.len() <= LONGEST && !m.name.chars().any(char::is_control);
        if !name_fits {
            let shown = m.name.chars().take(64).collect();
            return Err(Refused::BadLabelName(shown));
        }
        let refuse = |why: String| Refused::BadRegex {
            label: m.name.clone(),
            why,
        };
        if m.value.len() > LONGEST {
            return Err(refuse(format!("longer than {LONGEST} bytes")));
        }
        let test = if m.is_regex {
            // By itself first: "a)|(b" would break out of the anchors.
            build(&m.value).map_err(|e| refuse(e.to_string()))?;
            let whole = format!("^(?s:{})$", m.value);
            Test::Regex(build(&whole).map_err(|e| refuse(e.to_string()))?)
        } else {
            Test::Value(m.value.as_str().into())
        };
        Ok(Self {
            name: m.name.as_str().into(),
            test,
            is_equal: m.is_equal,
        })
    }

    fn holds(&self, value: &str) -> bool {
        let fits = match &self.test {
            Test::Value(v) => **v == *value,
            Test::Regex(r) => r.is_match(value),
        };
        fits == self.is_equal
    }
}

fn build(pattern: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(pattern).size_limit(LARGEST).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matcher(name: &str, op: &str, value: &str) -> Matcher {
        Matcher {
            name: name.into(),
            value: value.into(),
            is_regex: op.ends_with('~'),
            is_equal: op.starts_with('='),
        }
    }

    #[test]
    fn all_four_operators_on_present_and_missing_labels() {
        let labels = Labels::from_pairs([("job", "api\nx")]);
        let holds = |n, op, v| {
            Matchers::compile(&[matcher(n, op, v)])
                .unwrap()
                .matches(&labels)
        };
        assert!(holds("job", "=", "api\nx") && !holds("job", "=", "api"));
        assert!(holds("job", "!=", "api") && !holds("job", "!=", "api\nx"));
        assert!(holds("job", "=~", "a.*") && !holds("job", "=~", "a"));
        assert!(holds("job", "!~", "a") && !holds("job", "!~", ".*x"));
        assert!(holds("gone", "=", "") && holds("gone", "!=", "x") && holds("gone", "=~", ".*"));
        assert!(!holds("gone", "=~", ".+"));
    }

    #[test]
    fn a_regular_expression_cannot_break_out_of_its_anchors_or_grow() {
        for bad in ["a)|(b", "(", "(?x)a #", "(a{1000}){1000}{1000}"] {
            let got = Matchers::compile(&[matcher("job", "=~", bad)]);
            assert!(matches!(got, Err(Refused::BadRegex { .. })), "{bad}");
        }
        let either = Matchers::compile(&[matcher("job", "=~", "a|b")]).unwrap();
        assert!(!either.matches(&Labels::from_pairs([("job", "ab")])));
    }

    #[test]
    fn a_mute_must_not_match_everything() {
        for everything in [
            vec![matcher("a", "=~", ".*")],
            vec![matcher("a", "!=", "x"), matcher("b", "=", "")],
        ] {
            let got = Matchers::for_mute(&everything);
            assert_eq!(got.err(), Some(Refused::MatchesEverything));
        }
        assert_eq!(Matchers::for_mute(&[]).err(), Some(Refused::NoMatchers));
        let one = [matcher("a", "!=", "x"), matcher("b", "=", "y")];
        assert!(Matchers::for_mute(&one).is_ok());
    }
}

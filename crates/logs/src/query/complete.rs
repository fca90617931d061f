//! What could be completed at the caret, also in the middle of a text that cannot be read yet.

use super::MAX_CHARS;
use super::token::{ALIASES, Kind, Mode, Token, Word, scan};
use model::log::Field;
use std::ops::Range;

/// What is to be offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wants {
    /// A field's name, or a word of messages. `joined` when something stands before it, so that `and`, `or` can come too.
    Term {
        /// Whether something stands before it.
        joined: bool,
    },
    /// What comes between this field and its value.
    Operator(Field),
    /// A value of this field. `number` when it is compared, so that only numbers (or levels) will do.
    Value {
        /// Whose value.
        field: Field,
        /// Whether a number is wanted.
        number: bool,
    },
}

/// What could be completed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// The characters to be replaced by what is chosen; the caret is within them or at their ends.
    pub replace: Range<usize>,
    /// What is to be offered.
    pub wants: Wants,
    /// What of it stands before the caret already, without quotation marks and escapes.
    pub prefix: String,
}

/// What could be completed at this caret (a position in characters; beyond the end is the end).
pub fn complete(text: &str, caret: usize) -> Completion {
    let chars: Vec<char> = text.chars().take(MAX_CHARS).collect();
    let caret = caret.min(chars.len());
    let before = chars.get(..caret).unwrap_or_default();
    let scan = scan(before);
    let last = scan.tokens.last();
    // the word that the caret is in or at the end of
    let word = last.and_then(|t| match &t.kind {
        Kind::Word(w) if t.to == caret && !(w.quoted && w.closed) => Some((t, w.clone())),
        Kind::And | Kind::Or | Kind::Not | Kind::To if t.to == caret => typed(before, t),
        _ => None,
    });
    let rest = if word.is_some() {
        scan.tokens.len() - 1
    } else {
        scan.tokens.len()
    };
    let earlier = scan.tokens.get(..rest).unwrap_or_default();
    let start = word.as_ref().map_or(caret, |(t, _)| t.from);
    let quoted = word.as_ref().is_some_and(|(_, w)| w.quoted);
    let in_value = scan.mode != Mode::Term || (word.is_some() && behind_operator(earlier));
    let wants = match (scan.field, in_value) {
        (Some(field), true) => Wants::Value {
            field,
            number: is_number(earlier),
        },
        _ => match (word.is_none(), last.and_then(|t| own_name(before, t))) {
            (true, Some(field)) => Wants::Operator(field),
            _ => Wants::Term {
                joined: earlier.last().is_some_and(|t| ends_term(&t.kind)),
            },
        },
    };
    Completion {
        replace: start..end_of_word(&chars, caret, quoted),
        wants,
        prefix: word.map(|(_, w)| w.text).unwrap_or_default(),
    }
}

/// A keyword that is perhaps the beginning of a longer word, or a sign that negates (then nothing).
fn typed<'a>(text: &[char], token: &'a Token) -> Option<(&'a Token, Word)> {
    let typed: String = text.get(token.from..token.to)?.iter().collect();
    typed.starts_with(char::is_alphabetic).then(|| {
        let word = Word {
            text: typed,
            closed: true,
            ..Word::default()
        };
        (token, word)
    })
}

/// Whether what follows is a value because of what stands there.
fn behind_operator(tokens: &[Token]) -> bool {
    matches!(
        tokens.last().map(|t| &t.kind),
        Some(Kind::Op(_) | Kind::Tilde)
    )
}

/// Whether the value is compared, or is the end of a range.
fn is_number(tokens: &[Token]) -> bool {
    tokens
        .iter()
        .rev()
        .find_map(|t| match t.kind {
            Kind::Op(op) => Some(matches!(op, super::token::Op::Compare(_))),
            Kind::RangeOpen(_) => Some(true),
            Kind::RangeClose(_) => Some(false),
            _ => None,
        })
        .unwrap_or(false)
}

/// The own field that this word names.
fn own_name(text: &[char], token: &Token) -> Option<Field> {
    let Kind::Word(word) = &token.kind else {
        return None;
    };
    let gap = text.get(token.to..)?.iter().all(|c| c.is_whitespace());
    let own = Field::OWN.into_iter().map(|f| (f.to_string(), f));
    let known = own.chain(ALIASES.into_iter().map(|(n, f)| (n.to_owned(), f)));
    (gap && !word.quoted)
        .then(|| known.into_iter().find(|(n, _)| *n == word.text))
        .flatten()
        .map(|(_, field)| field)
}

/// Whether something that `and` could follow ends with this.
fn ends_term(kind: &Kind) -> bool {
    matches!(
        kind,
        Kind::Word(_) | Kind::Close | Kind::RangeClose(_) | Kind::Comma
    )
}

/// Where the word at the caret ends: at the closing quotation mark, or at a space or sign.
fn end_of_word(text: &[char], caret: usize, quoted: bool) -> usize {
    let rest = text.get(caret..).unwrap_or_default();
    if quoted {
        let closing = rest
            .iter()
            .position(|c| matches!(c, '"' | '“' | '”' | '＂'));
        return closing.map_or(caret, |at| caret + at + 1);
    }
    let goes_on =
        |c: &&char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | '@' | '$' | '*');
    caret + rest.iter().take_while(goes_on).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The caret is where `|` stands.
    #[track_caller]
    fn at(marked: &str) -> (Wants, String, Range<usize>) {
        let caret = marked.chars().position(|c| c == '|').expect("a caret");
        let done = complete(&marked.replacen('|', "", 1), caret);
        (done.wants, done.prefix, done.replace)
    }

    fn value(name: &str, number: bool) -> Wants {
        Wants::Value {
            field: Field::named(name),
            number,
        }
    }

    const FIRST: Wants = Wants::Term { joined: false };
    const NEXT: Wants = Wants::Term { joined: true };

    #[test]
    fn names_and_words() {
        assert_eq!(at("|"), (FIRST, String::new(), 0..0));
        assert_eq!(at("ser|"), (FIRST, "ser".into(), 0..3));
        assert_eq!(at("se|rvice"), (FIRST, "se".into(), 0..7));
        assert_eq!(at("超时 http.st|"), (NEXT, "http.st".into(), 3..10));
        assert_eq!(at("超时 |"), (NEXT, String::new(), 3..3));
        assert_eq!(at("超时 and |"), (FIRST, String::new(), 7..7));
        assert_eq!(at("超时 an|"), (NEXT, "an".into(), 3..5));
        assert_eq!(at("超时 or|"), (NEXT, "or".into(), 3..5));
        assert_eq!(at("-us|"), (FIRST, "us".into(), 1..3));
        assert_eq!(at("(us| or b"), (FIRST, "us".into(), 1..3));
        assert_eq!(at("“连接 超|"), (FIRST, "连接 超".into(), 0..5));
        assert_eq!(at("“连|接” a"), (FIRST, "连".into(), 0..4));
    }

    #[test]
    fn operators() {
        assert_eq!(at("level |").0, Wants::Operator(Field::Level));
        assert_eq!(at("级别 |").0, Wants::Operator(Field::Level));
        assert_eq!(at("level:error |").0, NEXT);
        assert_eq!(at("\"level\" |").0, NEXT);
    }

    #[test]
    fn values() {
        assert_eq!(at("level:|"), (value("level", false), String::new(), 6..6));
        assert_eq!(at("级别：错|"), (value("level", false), "错".into(), 3..4));
        assert_eq!(at("level>=w|"), (value("level", true), "w".into(), 7..8));
        assert_eq!(
            at("service:or|der x"),
            (value("service", false), "or".into(), 8..13)
        );
        assert_eq!(
            at("service:(a or b|"),
            (value("service", false), "b".into(), 14..15)
        );
        assert_eq!(
            at("service:(a or |"),
            (value("service", false), String::new(), 14..14)
        );
        assert_eq!(at("service:(a) |").0, NEXT);
        assert_eq!(at("path:~ord|"), (value("path", false), "ord".into(), 6..9));
        assert_eq!(at("host:\"web 1|").1, "web 1");
        assert_eq!(at("n:[1 TO |"), (value("n", true), String::new(), 8..8));
        assert_eq!(at("n:[1 TO 5] |").0, NEXT);
    }

    #[test]
    fn in_the_middle_of_what_cannot_be_read() {
        assert_eq!(at(") and level:er| \"").0, value("level", false));
        assert_eq!(at("n:[ (( service:o|").0, value("n", true));
        assert_eq!(at("\"open phrase level:|").0, FIRST);
    }
}

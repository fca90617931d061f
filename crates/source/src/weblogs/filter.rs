//! A filter as far as a server can decide it. What it cannot is left out so that its answer has too many lines and never too few;
//! the rest is decided on the lines.

use super::Names;
use model::log::{Field, Filter, LogCategory, LogLevel};

/// What is asked of a server's field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// It is this, without regard to the case of ASCII letters.
    Is(String),
    /// It contains this, in any case.
    Contains(String),
    /// It begins with this, in any case.
    Prefix(String),
    /// It is there and not empty.
    There,
    /// It is one of these words, in any case, with blanks around.
    Word(Vec<&'static str>),
}

/// What a server is asked to decide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Expr {
    All,
    Nothing,
    And(Vec<Self>),
    Or(Vec<Self>),
    Not(Box<Self>),
    /// Of the server's field of this name; `None` is the message.
    Match(Option<String>, How),
}

/// What to ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    pub expr: Expr,
    /// Whether the server's lines are exactly the wanted ones; else they are these and others.
    pub exact: bool,
}

/// What of `filter` can be asked of a server whose fields are all texts. `decides` says whether it can tell about its field of this
/// name.
pub(crate) fn plan(filter: &Filter, names: &Names, decides: &dyn Fn(&str) -> bool) -> Plan {
    match asked(filter, names, decides) {
        Some(plan) => plan,
        None => Plan {
            expr: Expr::All,
            exact: false,
        },
    }
}

/// `None`: nothing of it can be asked.
fn asked(filter: &Filter, names: &Names, decides: &dyn Fn(&str) -> bool) -> Option<Plan> {
    let exact = |expr| Some(Plan { expr, exact: true });
    match filter {
        Filter::All => exact(Expr::All),
        Filter::And(all) => {
            let parts: Vec<Option<Plan>> = all.iter().map(|f| asked(f, names, decides)).collect();
            let exact = parts.iter().all(|p| p.as_ref().is_some_and(|p| p.exact));
            let mut parts: Vec<Expr> = parts.into_iter().flatten().map(|p| p.expr).collect();
            parts.retain(|e| *e != Expr::All);
            let expr = match parts.len() {
                _ if parts.contains(&Expr::Nothing) => Expr::Nothing,
                0 => Expr::All,
                1 => parts.swap_remove(0),
                _ => Expr::And(parts),
            };
            Some(Plan { expr, exact })
        }
        Filter::Or(any) => {
            let parts: Option<Vec<Plan>> = any.iter().map(|f| asked(f, names, decides)).collect();
            let parts = parts?;
            let exact = parts.iter().all(|p| p.exact);
            let mut parts: Vec<Expr> = parts.into_iter().map(|p| p.expr).collect();
            parts.retain(|e| *e != Expr::Nothing);
            let expr = match parts.len() {
                _ if parts.contains(&Expr::All) => Expr::All,
                0 => Expr::Nothing,
                1 => parts.swap_remove(0),
                _ => Expr::Or(parts),
            };
            Some(Plan { expr, exact })
        }
        Filter::Not(inner) => {
            let inner = asked(inner, names, decides).filter(|p| p.exact)?;
            exact(match inner.expr {
                Expr::All => Expr::Nothing,
                Expr::Nothing => Expr::All,
                Expr::Not(twice) => *twice,
                other => Expr::Not(Box::new(other)),
            })
        }
        Filter::Number(..) => None,
        Filter::AtLeast(least) => level(names, decides, |l| l >= *least).and_then(exact),
        Filter::Text(part) => exact(message(How::Contains(part.clone()))),
        Filter::Is(field, value) => {
            leaf(field, How::Is(value.clone()), names, decides).and_then(exact)
        }
        Filter::Contains(field, part) => {
            leaf(field, How::Contains(part.clone()), names, decides).and_then(exact)
        }
        Filter::Prefix(field, start) => {
            leaf(field, How::Prefix(start.clone()), names, decides).and_then(exact)
        }
        Filter::Has(field) => leaf(field, How::There, names, decides).and_then(exact),
    }
}

fn message(how: How) -> Expr {
    match how {
        How::Contains(part) | How::Prefix(part) if part.is_empty() => Expr::All,
        how => Expr::Match(None, how),
    }
}

fn leaf(field: &Field, how: How, names: &Names, decides: &dyn Fn(&str) -> bool) -> Option<Expr> {
    match field {
        Field::Message => Some(message(how)),
        Field::Level => level(names, decides, |l| word_fits(l.name(), &how)),
        // a line of a store that has no such field is of the first kind
        Field::Category if names.category.is_none() => {
            Some(match word_fits(LogCategory::default().name(), &how) {
                true => Expr::All,
                false => Expr::Nothing,
            })
        }
        Field::Category => None,
        Field::Attr(path) => {
            let name = path.join(".");
            // such a field is the line's own and not among the others
            if names.field(&name).is_some() {
                return Some(Expr::Nothing);
            }
            decides(&name).then(|| of(name, how))
        }
        own => match names.own(own) {
            None => Some(Expr::Nothing),
            Some(name) => decides(name).then(|| of(name.to_owned(), how)),
        },
    }
}

/// Of a field that is not there when it is empty.
fn of(name: String, how: How) -> Expr {
    match how {
        How::Is(value) if value.is_empty() => Expr::Nothing,
        How::Contains(part) | How::Prefix(part) if part.is_empty() => {
            Expr::Match(Some(name), How::There)
        }
        how => Expr::Match(Some(name), how),
    }
}

fn word_fits(word: &str, how: &How) -> bool {
    match how {
        How::Is(value) => word.eq_ignore_ascii_case(value),
        How::Contains(part) => logs::contains(word, part),
        How::Prefix(start) => word
            .as_bytes()
            .get(..start.len())
            .is_some_and(|head| head.eq_ignore_ascii_case(start.as_bytes())),
        How::There => true,
        How::Word(words) => words.contains(&word),
    }
}

fn level(
    names: &Names,
    decides: &dyn Fn(&str) -> bool,
    wanted: impl Fn(LogLevel) -> bool,
) -> Option<Expr> {
    let Some(name) = names.level.as_deref() else {
        return Some(Expr::Nothing);
    };
    let words: Vec<&str> = LogLevel::ALL
        .into_iter()
        .filter(|l| wanted(*l))
        .flat_map(LogLevel::words)
        .copied()
        .collect();
    if words.is_empty() {
        return Some(Expr::Nothing);
    }
    decides(name).then(|| Expr::Match(Some(name.to_owned()), How::Word(words)))
}

/// The pattern (RE2, as Go has it) of what is asked, to be found anywhere in the value; anchored where it must be. Letters are
/// written in both cases one by one, because a pattern that ignores case takes other letters for these too.
pub(crate) fn pattern(how: &How) -> String {
    match how {
        How::Is(value) => format!("^{}$", literal(value)),
        How::Contains(part) => literal(part),
        How::Prefix(start) => format!("^{}", literal(start)),
        How::There => ".".to_owned(),
        How::Word(words) => {
            let words: Vec<String> = words.iter().map(|w| literal(w)).collect();
            format!("^\\s*(?:{})\\s*$", words.join("|"))
        }
    }
}

fn literal(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    for c in text.chars() {
        match c {
            c if c.is_ascii_alphabetic() => {
                out.push('[');
                out.push(c.to_ascii_lowercase());
                out.push(c.to_ascii_uppercase());
                out.push(']');
            }
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\\' | '.' | '+' | '*' | '?' | '(' | ')' | '|' | '[' | ']' | '{' | '}' | '^' | '$' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

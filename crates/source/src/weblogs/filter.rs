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

/// Whether a server can tell about its field of this name: exactly (`true`), with lines too many (`false`), or not at all.
pub(crate) type Decides<'a> = dyn Fn(Option<&str>) -> Option<bool> + 'a;

/// What of `filter` can be asked of a server. `decides` is asked with a field's name, and with `None` for the message.
pub(crate) fn plan(filter: &Filter, names: &Names, decides: &Decides<'_>) -> Plan {
    match asked(filter, names, decides) {
        Some(plan) => plan,
        None => Plan {
            expr: Expr::All,
            exact: false,
        },
    }
}

/// `None`: nothing of it can be asked.
fn asked(filter: &Filter, names: &Names, decides: &Decides<'_>) -> Option<Plan> {
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
        Filter::AtLeast(least) => level(names, decides, |l| l >= *least),
        Filter::Text(part) => message(How::Contains(part.clone()), decides),
        Filter::Is(field, value) => leaf(field, How::Is(value.clone()), names, decides),
        Filter::Contains(field, part) => leaf(field, How::Contains(part.clone()), names, decides),
        Filter::Prefix(field, start) => leaf(field, How::Prefix(start.clone()), names, decides),
        Filter::Has(field) => leaf(field, How::There, names, decides),
    }
}

fn certain(expr: Expr) -> Option<Plan> {
    Some(Plan { expr, exact: true })
}

fn message(how: How, decides: &Decides<'_>) -> Option<Plan> {
    match how {
        How::Contains(part) | How::Prefix(part) if part.is_empty() => certain(Expr::All),
        how => Some(Plan {
            exact: decides(None)?,
            expr: Expr::Match(None, how),
        }),
    }
}

fn leaf(field: &Field, how: How, names: &Names, decides: &Decides<'_>) -> Option<Plan> {
    match field {
        Field::Message => message(how, decides),
        Field::Level => level(names, decides, |l| word_fits(l.name(), &how)),
        // a line of a store that has no such field is of the first kind
        Field::Category if names.category.is_none() => {
            certain(match word_fits(LogCategory::default().name(), &how) {
                true => Expr::All,
                false => Expr::Nothing,
            })
        }
        Field::Category => None,
        Field::Attr(path) => {
            let name = path.join(".");
            // such a field is the line's own and not among the others
            if names.field(&name).is_some() {
                return certain(Expr::Nothing);
            }
            let exact = decides(Some(&name))?;
            Some(of(name, how, exact))
        }
        own => match names.own(own) {
            None => certain(Expr::Nothing),
            Some(name) => Some(of(name.to_owned(), how, decides(Some(name))?)),
        },
    }
}

/// Of a field that is not there when it is empty.
fn of(name: String, how: How, exact: bool) -> Plan {
    let how = match how {
        // nobody has it, whatever the server says
        How::Is(value) if value.is_empty() => {
            return Plan {
                expr: Expr::Nothing,
                exact: true,
            };
        }
        How::Contains(part) | How::Prefix(part) if part.is_empty() => How::There,
        how => how,
    };
    Plan {
        expr: Expr::Match(Some(name), how),
        exact,
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

fn level(names: &Names, decides: &Decides<'_>, wanted: impl Fn(LogLevel) -> bool) -> Option<Plan> {
    let Some(name) = names.level.as_deref() else {
        return certain(Expr::Nothing);
    };
    let words: Vec<&str> = LogLevel::ALL
        .into_iter()
        .filter(|l| wanted(*l))
        .flat_map(LogLevel::words)
        .copied()
        .collect();
    if words.is_empty() {
        return certain(Expr::Nothing);
    }
    Some(Plan {
        exact: decides(Some(name))?,
        expr: Expr::Match(Some(name.to_owned()), How::Word(words)),
    })
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

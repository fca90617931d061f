//! Variables of a dashboard: what they stand for, and expressions without them.
//!
//! A board has to be right for everybody who looks at it, so a variable whose values come from a query stands for all of them: a
//! condition on a label becomes `=~".*"`. Where only a certain value makes sense, the query cannot be taken.

use crate::fault::LossKind;
use crate::read::{Losses, Node};
use model::board::WINDOW;
use model::board::variable::{self, LabelValues, Variable};
use std::collections::{BTreeMap, BTreeSet};

/// Variables of a dashboard that are looked at.
const MAX_VARIABLES: usize = 200;
/// Values of one variable that are put in as alternatives.
const MAX_VALUES: usize = 200;

/// What stands for a variable.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Stands {
    /// This text.
    For(String),
    /// One of these, as a regular expression; its parts are plain texts.
    OneOf(Vec<String>),
    /// Whatever there is.
    Everything,
}

/// The dashboard's variables and those that Grafana itself fills in.
#[derive(Clone, Debug, Default)]
pub(crate) struct Variables {
    stands: BTreeMap<String, Stands>,
    /// Names of variables for data sources, with the kind of source.
    pub sources: BTreeMap<String, String>,
    /// Variables that a board can have too: they stay what they are.
    pub kept: BTreeMap<String, Variable>,
}

/// An expression without variables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Filled {
    pub text: String,
    /// Variables that became "everything".
    pub widened: BTreeSet<String>,
}

/// A part of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece<'a> {
    Char(char),
    Variable(&'a str),
}

impl Variables {
    /// The variables of `templating.list`; those that have no meaning here are listed as lost.
    pub fn read(dashboard: &Node<'_>, window_seconds: u32, losses: &mut Losses) -> Self {
        let mut out = Self::default();
        out.built_in(dashboard, window_seconds);
        let list = dashboard.at(&["templating", "list"]);
        let mut queries: Vec<(Variable, LabelValues)> = Vec::new();
        for node in list.list(losses, None).into_iter().take(MAX_VARIABLES) {
            let Some(name) = node.get("name").words() else {
                continue;
            };
            match node.get("type").text().unwrap_or("query") {
                "datasource" => {
                    let kind = node.get("query").text().unwrap_or_default();
                    out.sources.insert(name, kind.to_owned());
                }
                "constant" | "textbox" => {
                    let text = current(&node).or_else(|| node.get("query").words());
                    out.stands
                        .insert(name, text.map_or(Stands::Everything, Stands::For));
                }
                "interval" => {
                    let found = current(&node).filter(|c| !c.starts_with('$') && c != "auto");
                    let text = found.unwrap_or_else(|| interval(window_seconds));
                    out.stands.insert(name, Stands::For(text));
                }
                "custom" => {
                    out.stands.insert(name, custom(&node, losses));
                }
                "query" => {
                    queries.extend(kept(&name, &node));
                    out.stands.insert(name, Stands::Everything);
                }
                other => {
                    let kind = LossKind::VariableKind(format!("{name} ({other})"));
                    losses.add(None, &node.path, kind);
                    out.stands.insert(name, Stands::Everything);
                }
            }
        }
        // Where a query depends on another variable, that stands for everything: the list is longer, and never empty for that reason.
        let own = |(mut variable, asks): (Variable, LabelValues)| {
            let filled = out.expression(&asks.selector).ok()?;
            let asks = LabelValues {
                selector: filled.text,
                ..asks
            };
            promql_parser::parser::parse(&asks.expr()).ok()?;
            variable.query = Some(format!("label_values({}, {})", asks.selector, asks.label));
            Some((variable.id.clone(), variable))
        };
        out.kept = queries.into_iter().filter_map(own).collect();
        out
    }

    fn built_in(&mut self, dashboard: &Node<'_>, window: u32) {
        let step = step_seconds(window);
        // `$__rate_interval` is at least four scrapes; a scrape is taken to be 15 s, as Grafana does when it is not told.
        let rate = (step + 15).max(60);
        for (name, text) in [
            ("__interval", format!("{step}s")),
            ("__interval_ms", (step * 1_000).to_string()),
            ("__rate_interval", format!("{rate}s")),
            ("__range", format!("{window}s")),
            ("__range_s", window.to_string()),
            ("__range_ms", (u64::from(window) * 1_000).to_string()),
            (
                "__dashboard",
                dashboard.get("title").words().unwrap_or_default(),
            ),
        ] {
            self.stands.insert(name.to_owned(), Stands::For(text));
        }
    }

    fn pieces<'a>(&self, text: &'a str) -> Vec<Piece<'a>> {
        let mut out = Vec::new();
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            match reference(rest) {
                Some((name, len)) if self.knows(name) => {
                    out.push(Piece::Variable(name));
                    rest = rest.get(len..).unwrap_or_default();
                }
                _ => {
                    out.push(Piece::Char(c));
                    rest = rest.get(c.len_utf8()..).unwrap_or_default();
                }
            }
        }
        out
    }

    fn knows(&self, name: &str) -> bool {
        self.stands.contains_key(name) || self.sources.contains_key(name)
    }

    /// A title or a legend for people: values where they are known, `*` for everything.
    pub fn words(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        for piece in self.pieces(text) {
            match piece {
                Piece::Char(c) => out.push(c),
                Piece::Variable(name) => match self.stands.get(name) {
                    Some(Stands::For(text)) => out.push_str(text),
                    Some(Stands::OneOf(values)) => out.push_str(&values.join(", ")),
                    _ if self.kept.contains_key(name) => {
                        out.push('$');
                        out.push_str(name);
                    }
                    Some(Stands::Everything) | None => out.push('*'),
                },
            }
        }
        out
    }

    /// PromQL without variables.
    ///
    /// # Errors
    /// When a variable stands where everything makes no sense, or nobody defines it.
    pub fn expression(&self, text: &str) -> Result<Filled, LossKind> {
        let mut filling = Filling {
            variables: self,
            out: String::with_capacity(text.len()),
            widened: BTreeSet::new(),
            braces: 0,
        };
        let pieces = self.pieces(text);
        let mut rest = pieces.as_slice();
        while let Some((piece, after)) = rest.split_first() {
            rest = after;
            match piece {
                Piece::Char(quote @ ('"' | '\'' | '`')) => {
                    let end = string_end(rest, *quote);
                    let (inside, after) = rest.split_at(end);
                    filling.string(*quote, inside)?;
                    rest = after.get(1..).unwrap_or_default();
                }
                Piece::Char(c) => filling.outside(*c),
                Piece::Variable(name) => filling.name(name)?,
            }
        }
        unknown(&filling.out)?;
        Ok(Filled {
            text: filling.out,
            widened: filling.widened,
        })
    }
}

/// What `${…}` is left would be read as one of our concepts.
fn unknown(text: &str) -> Result<(), LossKind> {
    let Some(at) = text.find("${") else {
        return Ok(());
    };
    let name: String = text
        .get(at + 2..)
        .unwrap_or_default()
        .chars()
        .take_while(|c| *c != '}')
        .take(60)
        .collect();
    Err(LossKind::VariableUnknown(name))
}

/// Where the string that has begun ends: the index of its closing quote, or the end of everything.
fn string_end(pieces: &[Piece<'_>], quote: char) -> usize {
    let mut escaped = false;
    for (i, piece) in pieces.iter().enumerate() {
        match piece {
            _ if escaped => escaped = false,
            Piece::Char('\\') if quote != '`' => escaped = true,
            Piece::Char(c) if *c == quote => return i,
            _ => {}
        }
    }
    pieces.len()
}

struct Filling<'a> {
    variables: &'a Variables,
    out: String,
    widened: BTreeSet<String>,
    braces: usize,
}

impl Filling<'_> {
    fn outside(&mut self, c: char) {
        match c {
            '{' => self.braces += 1,
            '}' => self.braces = self.braces.saturating_sub(1),
            _ => {}
        }
        self.out.push(c);
    }

    /// A variable outside of strings: a duration, a number, a metric, a label.
    fn name(&mut self, name: &str) -> Result<(), LossKind> {
        match self.variables.stands.get(name) {
            Some(Stands::For(text)) => {
                self.out.push_str(text);
                Ok(())
            }
            Some(Stands::OneOf(values)) if values.len() == 1 => {
                self.out.push_str(&values.concat());
                Ok(())
            }
            _ => Err(LossKind::VariablePlace(name.to_owned())),
        }
    }

    fn string(&mut self, quote: char, inside: &[Piece<'_>]) -> Result<(), LossKind> {
        let wide = |p: &Piece<'_>| match p {
            Piece::Variable(n) => !matches!(self.variables.stands.get(*n), Some(Stands::For(_))),
            Piece::Char(_) => false,
        };
        let operator = (self.braces > 0).then(|| operator(&self.out)).flatten();
        let Some((operator, at)) = operator else {
            return self.plain_string(quote, inside);
        };
        if !inside.iter().any(wide) {
            return self.plain_string(quote, inside);
        }
        let negative = operator.starts_with('!');
        self.out.truncate(at);
        let everything = inside.iter().any(|p| {
            matches!(p, Piece::Variable(n) if self.variables.stands.get(*n) == Some(&Stands::Everything))
        });
        if negative && everything {
            // "Not any of all" would be nothing at all: the condition is taken away, by one that always holds.
            self.out.push_str("=~\".*\"");
            for piece in inside {
                self.widen(piece);
            }
            return Ok(());
        }
        self.out.push_str(if negative { "!~" } else { "=~" });
        self.out.push('"');
        let was_regex = operator.ends_with('~');
        for (i, piece) in inside.iter().enumerate() {
            let text = match piece {
                Piece::Char(c) if was_regex || c.is_alphanumeric() => c.to_string(),
                Piece::Char(c) => quoted(&escaped(&c.to_string())),
                Piece::Variable(name) if self.stays(name, inside.get(i + 1)) => format!("${name}"),
                Piece::Variable(name) => {
                    self.widen(piece);
                    self.alternatives(name)
                }
            };
            self.out.push_str(&text);
        }
        self.out.push('"');
        Ok(())
    }

    /// Whether `$name` can stand in a board: a letter right behind it would be read as a part of the name.
    fn stays(&self, name: &str, next: Option<&Piece<'_>>) -> bool {
        let goes_on = |c: char| c.is_ascii_alphanumeric() || c == '_';
        self.variables.kept.contains_key(name)
            && !matches!(next, Some(Piece::Char(c)) if goes_on(*c))
    }

    /// Notes that a variable became "everything".
    fn widen(&mut self, piece: &Piece<'_>) {
        if let Piece::Variable(name) = piece
            && self.variables.stands.get(*name) == Some(&Stands::Everything)
        {
            self.widened.insert((*name).to_owned());
        }
    }

    /// A variable as a part of a regular expression inside a string.
    fn alternatives(&self, name: &str) -> String {
        match self.variables.stands.get(name) {
            Some(Stands::For(text)) => quoted(&escaped(text)),
            Some(Stands::OneOf(values)) => {
                let all: Vec<String> = values.iter().map(|v| quoted(&escaped(v))).collect();
                format!("({})", all.join("|"))
            }
            Some(Stands::Everything) | None => ".*".to_owned(),
        }
    }

    /// A string in which nothing has to become a regular expression.
    fn plain_string(&mut self, quote: char, inside: &[Piece<'_>]) -> Result<(), LossKind> {
        self.out.push(quote);
        for piece in inside {
            match piece {
                Piece::Char(c) => self.out.push(*c),
                Piece::Variable(name) => match self.variables.stands.get(*name) {
                    Some(Stands::For(text)) if quote == '"' => self.out.push_str(&quoted(text)),
                    Some(Stands::For(text)) => self.out.push_str(text),
                    _ => return Err(LossKind::VariablePlace((*name).to_owned())),
                },
            }
        }
        self.out.push(quote);
        Ok(())
    }
}

/// The operator that `out` ends with, and where it begins.
fn operator(out: &str) -> Option<(&'static str, usize)> {
    let trimmed = out.trim_end();
    ["=~", "!~", "!=", "="]
        .into_iter()
        .find(|op| trimmed.ends_with(op))
        .map(|op| (op, trimmed.len() - op.len()))
}

/// As a part of a regular expression (RE2) that means the text itself.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if "\\^$.|?*+()[]{}".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// Inside double quotes.
fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

/// The reference that `text` begins with: `$name`, `${name}`, `${name:format}`, `[[name]]`; its name and length.
fn reference(text: &str) -> Option<(&str, usize)> {
    for (open, close) in [("${", "}"), ("[[", "]]")] {
        if let Some(inside) = text.strip_prefix(open) {
            let end = inside.find(close)?;
            let whole = inside.get(..end)?;
            let name = whole.split([':', '.']).next().unwrap_or_default();
            return is_name(name).then_some((name, open.len() + end + close.len()));
        }
    }
    let name = text.strip_prefix('$')?;
    let end = name
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(name.len());
    let name = name.get(..end)?;
    is_name(name).then_some((name, end + 1))
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_alphanumeric() || c == '_')
}

/// The one value that is chosen in the file; "All" is none.
fn current(node: &Node<'_>) -> Option<String> {
    let value = node.at(&["current", "value"]);
    let text = match value.value {
        serde_json::Value::Array(all) if all.len() == 1 => all.first()?.as_str()?.to_owned(),
        _ => value.words()?,
    };
    Some(text).filter(|t| t != "$__all" && !t.is_empty())
}

/// A query variable as a board can have it: its values are those of a label.
fn kept(name: &str, node: &Node<'_>) -> Option<(Variable, LabelValues)> {
    let query = node.get("query");
    let text = query
        .text()
        .or_else(|| query.value.get("query")?.as_str())
        .or_else(|| node.value.get("definition")?.as_str())?;
    let asks = LabelValues::parse(text)?;
    // A regular expression over the values, which a board does not have, would let values in that are none.
    let plain = node.get("regex").text().unwrap_or_default().is_empty();
    let free = variable::is_name(name) && format!("${name}") != WINDOW;
    (plain && free).then(|| {
        let made = Variable {
            id: name.to_owned(),
            label: node.get("label").words(),
            multi: node.get("multi").is_true() || node.get("includeAll").is_true(),
            ..Variable::default()
        };
        (made, asks)
    })
}

/// A list of texts written into the dashboard: the chosen ones, else all.
fn custom(node: &Node<'_>, losses: &mut Losses) -> Stands {
    if let Some(value) = current(node) {
        return Stands::For(value);
    }
    let all = node.get("allValue");
    if all.words().is_some() {
        return Stands::Everything;
    }
    let options = node.get("options").list(losses, None);
    let mut values: Vec<String> = options
        .iter()
        .filter_map(|o| o.get("value").words())
        .filter(|v| v != "$__all")
        .take(MAX_VALUES)
        .collect();
    if values.is_empty() {
        // `a, b : shown as, c`
        let query = node.get("query").text().unwrap_or_default();
        values = query
            .split(',')
            .filter_map(|v| v.split(" : ").last())
            .map(|v| v.trim().to_owned())
            .filter(|v| !v.is_empty())
            .take(MAX_VALUES)
            .collect();
    }
    match values.len() {
        0 => Stands::Everything,
        1 => Stands::For(values.concat()),
        _ => Stands::OneOf(values),
    }
}

/// Seconds between two points of a window: some 240 points, no finer than a scrape.
fn step_seconds(window: u32) -> u32 {
    (window / 240).max(15)
}

fn interval(window: u32) -> String {
    format!("{}s", (step_seconds(window) + 15).max(60))
}

#[cfg(test)]
#[path = "variables_tests.rs"]
mod tests;

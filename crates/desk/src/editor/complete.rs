//! What could be typed next in a query: from its text what is wanted, from a source what there is.

use super::promql_names::{DURATIONS, FUNCTIONS};
use model::board::Concept;
use source::{Metrics, Span};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use wire::{EditorCompletion, EditorProposal, EditorProposalKind as Kind};

/// Proposals that the page gets.
const MOST: usize = 60;
/// Longest text before the caret that is looked at.
const LONGEST: usize = 20_000;
/// What is proposed must exist in the last hour.
const BACK_MS: i64 = 3_600_000;
/// A source that takes longer has nothing to propose: who types is faster.
const PATIENCE: Duration = Duration::from_secs(3);

/// What is wanted at the caret.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Wanted {
    /// A metric, a function or a concept that begins so.
    Name(String),
    /// A label; of this metric when one is named.
    Label(Option<String>, String),
    /// A value of a label; of this metric when one is named.
    Value(Option<String>, String, String),
    /// A concept, after `${`.
    Concept(String),
    /// The length of a range, after `[`.
    Duration(String),
    /// A text of which nothing is known.
    Nothing,
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == ':'
}

/// The word that `text` ends with, and what stands before it.
fn last_word(text: &str) -> (&str, &str) {
    let begin = text
        .char_indices()
        .rev()
        .take_while(|(_, c)| is_word(*c))
        .last()
        .map_or(text.len(), |(i, _)| i);
    text.split_at(begin)
}

/// What is open at the end of `text`: brackets, and a string with its begin.
struct Open {
    brackets: Vec<(char, usize)>,
    string: Option<usize>,
}

fn open(text: &str) -> Open {
    let mut out = Open {
        brackets: Vec::new(),
        string: None,
    };
    let (mut quote, mut escaped, mut before) = (None, false, ' ');
    for (i, c) in text.char_indices() {
        match quote {
            Some(_) if escaped => escaped = false,
            Some(q) if c == '\\' && q != '`' => escaped = true,
            Some(q) if c == q => (quote, out.string) = (None, None),
            Some(_) => {}
            None => match c {
                '"' | '\'' | '`' => (quote, out.string) = (Some(c), Some(i)),
                '{' if before == '$' => out.brackets.push(('$', i)),
                '(' | '[' | '{' => out.brackets.push((c, i)),
                ')' | ']' | '}' => drop(out.brackets.pop()),
                _ => {}
            },
        }
        before = c;
    }
    out
}

fn wanted(before: &str) -> Wanted {
    let open = open(before);
    let bracket = open.brackets.last().copied();
    let metric = |at: usize| {
        let (_, word) = last_word(before.get(..at).unwrap_or_default().trim_end());
        Some(word.to_owned()).filter(|w| !w.is_empty())
    };
    if let Some(at) = open.string {
        let Some(('{', brace)) = bracket else {
            return Wanted::Nothing;
        };
        let head = before.get(..at).unwrap_or_default().trim_end();
        let (_, label) = last_word(head.trim_end_matches(['=', '~', '!']).trim_end());
        let typed = before.get(at + 1..).unwrap_or_default();
        return Wanted::Value(metric(brace), label.to_owned(), typed.to_owned());
    }
    let (head, word) = last_word(before);
    match bracket {
        Some(('$', at)) => Wanted::Concept(before.get(at + 1..).unwrap_or_default().to_owned()),
        Some(('{', at)) => Wanted::Label(metric(at), word.to_owned()),
        Some(('[', at)) => Wanted::Duration(before.get(at + 1..).unwrap_or_default().to_owned()),
        Some(('(', at)) if is_list_of_labels(before.get(..at).unwrap_or_default()) => {
            Wanted::Label(None, word.to_owned())
        }
        _ if head.ends_with('$') => Wanted::Concept(word.to_owned()),
        _ => Wanted::Name(word.to_owned()),
    }
}

/// `by (`, `on (` and the like are followed by labels.
fn is_list_of_labels(before: &str) -> bool {
    let (_, word) = last_word(before.trim_end());
    [
        "by",
        "without",
        "on",
        "ignoring",
        "group_left",
        "group_right",
    ]
    .contains(&word)
}

/// How well `name` fits what was typed: it begins so, a part of it begins so, it contains it; `None`: not at all.
fn rank(name: &str, typed: &str) -> Option<u8> {
    let (name, typed) = (name.to_lowercase(), typed.to_lowercase());
    if name.starts_with(&typed) {
        Some(0)
    } else if name.contains(&format!("_{typed}")) {
        Some(1)
    } else {
        name.contains(&typed).then_some(2)
    }
}

fn best(mut all: Vec<(u8, EditorProposal)>) -> Vec<EditorProposal> {
    all.sort_by(|(a, x), (b, y)| (a, &x.text).cmp(&(b, &y.text)));
    all.dedup_by(|(_, x), (_, y)| x.text == y.text && x.kind == y.kind);
    all.into_iter().take(MOST).map(|(_, p)| p).collect()
}

fn proposal(kind: Kind, text: &str, insert: String, detail: Option<String>) -> EditorProposal {
    EditorProposal {
        kind,
        text: text.to_owned(),
        insert,
        detail,
    }
}

/// Where names come from.
pub(super) struct Names<'a> {
    pub sources: &'a [Arc<dyn Metrics>],
    pub concepts: &'a BTreeMap<String, Concept>,
    pub now_ms: i64,
}

impl Names<'_> {
    /// What could follow `before`.
    pub async fn complete(&self, before: &str) -> EditorCompletion {
        if before.len() > LONGEST {
            return EditorCompletion::default();
        }
        let wanted = wanted(before);
        let typed = match &wanted {
            Wanted::Name(t) | Wanted::Label(_, t) | Wanted::Value(_, _, t) => t,
            Wanted::Concept(t) | Wanted::Duration(t) => t,
            Wanted::Nothing => return EditorCompletion::default(),
        };
        let found = match &wanted {
            Wanted::Name(_) => self.names(typed).await,
            Wanted::Label(metric, _) => self.labels(metric.as_deref(), typed).await,
            Wanted::Value(metric, label, _) => self.values(metric.as_deref(), label, typed).await,
            Wanted::Concept(_) => self.concepts(typed, ""),
            Wanted::Duration(_) => {
                let fits = |d: &&&str| d.starts_with(typed.as_str());
                let all = DURATIONS.iter().filter(fits).enumerate();
                all.map(|(i, d)| {
                    let place = u8::try_from(i).unwrap_or(u8::MAX);
                    (place, proposal(Kind::Duration, d, (*d).to_owned(), None))
                })
                .collect()
            }
            Wanted::Nothing => Vec::new(),
        };
        EditorCompletion {
            replace: u32::try_from(typed.encode_utf16().count()).unwrap_or(0),
            proposals: best(found),
        }
    }

    fn span(&self) -> Span {
        Span {
            start_ms: self.now_ms - BACK_MS,
            end_ms: self.now_ms,
        }
    }

    /// Values of a label from every source that answers in time.
    async fn ask(&self, label: &str, selectors: &[&str]) -> Vec<String> {
        let asks = self.sources.iter().map(|s| {
            let ask = s.label_values(label, selectors, self.span());
            tokio::time::timeout(PATIENCE, ask)
        });
        let answers = futures::future::join_all(asks).await;
        let good = answers.into_iter().flatten().flatten();
        good.flat_map(|a| a.value).collect()
    }

    async fn names(&self, typed: &str) -> Vec<(u8, EditorProposal)> {
        let mut out = self.concepts(typed, "${");
        for name in FUNCTIONS {
            if let Some(rank) = rank(name, typed) {
                let insert = format!("{name}(");
                out.push((rank, proposal(Kind::Function, name, insert, None)));
            }
        }
        // Every metric of a source would help nobody; two letters say enough to ask for.
        if typed.chars().count() >= 2 {
            for name in self.ask("__name__", &[]).await {
                if let Some(rank) = rank(&name, typed) {
                    out.push((rank, proposal(Kind::Metric, &name, name.clone(), None)));
                }
            }
        }
        out
    }

    fn concepts(&self, typed: &str, open: &str) -> Vec<(u8, EditorProposal)> {
        let fits = |c: &Concept| rank(&c.id, typed);
        let make = |c: &Concept| {
            let insert = format!("{open}{}}}", c.id);
            proposal(Kind::Concept, &c.id, insert, Some(c.title.clone()))
        };
        self.concepts
            .values()
            .filter_map(|c| Some((fits(c)?, make(c))))
            .collect()
    }

    async fn labels(&self, metric: Option<&str>, typed: &str) -> Vec<(u8, EditorProposal)> {
        let selectors: Vec<&str> = metric.into_iter().collect();
        let asks = self.sources.iter().map(|s| {
            let ask = s.label_names(&selectors, self.span());
            tokio::time::timeout(PATIENCE, ask)
        });
        let answers = futures::future::join_all(asks).await;
        let names = answers.into_iter().flatten().flatten();
        names
            .flat_map(|a| a.value)
            .filter(|n| n != "__name__")
            .filter_map(|n| {
                let rank = rank(&n, typed)?;
                Some((rank, proposal(Kind::Label, &n, n.clone(), None)))
            })
            .collect()
    }

    async fn values(
        &self,
        metric: Option<&str>,
        label: &str,
        typed: &str,
    ) -> Vec<(u8, EditorProposal)> {
        if label.is_empty() {
            return Vec::new();
        }
        let selectors: Vec<&str> = metric.into_iter().collect();
        let quoted = |v: &str| v.replace('\\', "\\\\").replace('"', "\\\"");
        self.ask(label, &selectors)
            .await
            .iter()
            .filter_map(|v| Some((rank(v, typed)?, proposal(Kind::Value, v, quoted(v), None))))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_says_what_is_wanted() {
        let some = |t: &str| Some(t.to_owned());
        for (before, expected) in [
            ("", Wanted::Name(String::new())),
            ("sum(ra", Wanted::Name("ra".into())),
            ("node_cpu{", Wanted::Label(some("node_cpu"), String::new())),
            (
                "node_cpu{mode=\"idle\", inst",
                Wanted::Label(some("node_cpu"), "inst".into()),
            ),
            (
                "node_cpu{mode=\"id",
                Wanted::Value(some("node_cpu"), "mode".into(), "id".into()),
            ),
            (
                "{mode =~ 'a",
                Wanted::Value(None, "mode".into(), "a".into()),
            ),
            ("sum by (ins", Wanted::Label(None, "ins".into())),
            ("rate(x[", Wanted::Duration(String::new())),
            ("rate(x[5", Wanted::Duration("5".into())),
            ("max(${host", Wanted::Concept("host".into())),
            ("max($host", Wanted::Concept("host".into())),
            ("max(${host}) + no", Wanted::Name("no".into())),
            ("label_replace(up, \"a", Wanted::Nothing),
            ("up{a=\"\\\"}\", b", Wanted::Label(some("up"), "b".into())),
            ("总", Wanted::Name("总".into())),
        ] {
            assert_eq!(wanted(before), expected, "{before}");
        }
    }

    #[test]
    fn what_begins_so_comes_first() {
        assert_eq!(rank("node_cpu", "node"), Some(0));
        assert_eq!(rank("node_cpu", "CPU"), Some(1));
        assert_eq!(rank("node_cpu", "pu"), Some(2));
        assert_eq!(rank("node_cpu", "x"), None);
    }

    #[tokio::test]
    async fn concepts_and_functions_need_no_source() {
        let library = crate::boards::load(None);
        let names = Names {
            sources: &[],
            concepts: &library.concepts,
            now_ms: 0,
        };
        let found = names.complete("max(host_cpu_p").await;
        assert_eq!(found.replace, 10);
        assert_eq!(found.proposals[0].insert, "${host_cpu_percent}");
        let found = names.complete("histogram_q").await;
        assert_eq!(found.proposals[0].insert, "histogram_quantile(");
        assert!(names.complete("").await.proposals.len() <= MOST);
    }
}

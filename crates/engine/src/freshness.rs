//! How old a value is, by the data's own time.
//!
//! A range or instant answer carries the time of evaluation, not of the sample: with Prometheus' lookback of five minutes a dead
//! exporter looks alive for as long. So each query has a second, cheap one that asks for the time of its raw samples.

use model::Labels;
use promql_parser::parser::{self, Expr, VectorSelector};
use std::collections::BTreeMap;

/// How old a value may become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Older than this is old, ms.
    pub old_ms: i64,
    /// Older than this says nothing about now, ms.
    pub unknown_ms: i64,
}

impl Default for Budget {
    /// Three scrapes of the seed's 30 s; ten of them.
    fn default() -> Self {
        Self {
            old_ms: 90_000,
            unknown_ms: 300_000,
        }
    }
}

/// Ordered from good to bad.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Freshness {
    /// Within its budget.
    Fresh,
    /// Older than its budget.
    Old,
    /// Much older, or its time is not known.
    #[default]
    Unknown,
}

impl Budget {
    /// For values that are only asked for every `step` ms: such a value is not old because the grid is coarse.
    pub fn widened(self, step: i64) -> Self {
        Self {
            old_ms: self.old_ms + step,
            unknown_ms: self.unknown_ms + step,
        }
    }

    /// How fresh data of time `at` is at `now` (both ms, same clock).
    pub fn judge(&self, at: Option<i64>, now: i64) -> Freshness {
        match at.map(|at| now.saturating_sub(at)) {
            None => Freshness::Unknown,
            Some(age) if age > self.unknown_ms => Freshness::Unknown,
            Some(age) if age > self.old_ms => Freshness::Old,
            Some(_) => Freshness::Fresh,
        }
    }

    /// When the judgement of data of time `at` will next become worse, ms.
    pub fn next_change(&self, at: i64, now: i64) -> Option<i64> {
        [at + self.old_ms + 1, at + self.unknown_ms + 1]
            .into_iter()
            .find(|t| *t > now)
    }
}

/// A query for the time (seconds) of the newest raw sample behind `expr` for each instance; of several selectors the one that is
/// furthest behind counts. `None` when the expression reads no series (a constant, `time()`) or cannot be parsed.
pub fn age_query(expr: &str) -> Option<String> {
    let ast = parser::parse(expr).ok()?;
    let mut selectors = Vec::new();
    collect(&ast, &mut selectors);
    selectors.sort();
    selectors.dedup();
    selectors.truncate(MAX_SELECTORS);
    let parts: Vec<String> = selectors
        .iter()
        .enumerate()
        .map(|(i, s)| format!("label_replace(max by (instance) (timestamp({s})), \"selector\", \"{i}\", \"\", \"\")"))
        .collect();
    match parts.len() {
        0 => None,
        1 => Some(format!("max by (instance) (timestamp({}))", selectors[0])),
        _ => Some(format!("min by (instance) ({})", parts.join(" or "))),
    }
}

/// Age queries that are asked as one, at most.
const MAX_TOGETHER: usize = 16;
/// Selectors in such a query at most; some sources answer no more than twice as many.
const MAX_READ_TOGETHER: usize = 16;
/// The label that says which of several queries an answer belongs to.
const ASKED_AS: &str = "asked_as";

/// Age queries as few questions: how many of them, in their order, each stands for, and its text. One request costs more than what is
/// asked with it, for us and for the source.
pub fn together(queries: &[&str]) -> Vec<(usize, String)> {
    let mut out = Vec::new();
    let mut rest = queries;
    while !rest.is_empty() {
        let mut read = 0;
        let fits = |query: &&&str| {
            read += query.matches("timestamp(").count();
            read <= MAX_READ_TOGETHER
        };
        let count = rest
            .iter()
            .take(MAX_TOGETHER)
            .take_while(fits)
            .count()
            .max(1);
        let (these, later) = rest.split_at(count);
        let one = |(i, query): (usize, &&str)| {
            format!("label_replace({query}, \"{ASKED_AS}\", \"{i}\", \"\", \"\")")
        };
        let text = match these {
            [only] => (*only).to_owned(),
            _ => these
                .iter()
                .enumerate()
                .map(one)
                .collect::<Vec<_>>()
                .join(" or "),
        };
        out.push((count, text));
        rest = later;
    }
    out
}

/// Which query of those that [`together`] made one question of an answer with these labels belongs to.
pub fn asked_as(labels: &Labels) -> usize {
    labels
        .get(ASKED_AS)
        .and_then(|i| i.parse().ok())
        .unwrap_or(0)
}

/// Selectors of one expression whose age is asked for; a board's query has one to six.
const MAX_SELECTORS: usize = 12;

fn collect(expr: &Expr, out: &mut Vec<String>) {
    match expr {
        Expr::VectorSelector(v) => out.push(plain(v)),
        Expr::MatrixSelector(m) => out.push(plain(&m.vs)),
        Expr::Aggregate(a) => {
            collect(&a.expr, out);
            if let Some(p) = &a.param {
                collect(p, out);
            }
        }
        Expr::Unary(u) => collect(&u.expr, out),
        Expr::Binary(b) => {
            collect(&b.lhs, out);
            collect(&b.rhs, out);
        }
        Expr::Paren(p) => collect(&p.expr, out),
        Expr::Subquery(s) => collect(&s.expr, out),
        Expr::Call(c) => c.args.args.iter().for_each(|a| collect(a, out)),
        Expr::NumberLiteral(_) | Expr::StringLiteral(_) | Expr::Extension(_) => {}
    }
}

/// The selector at the present time: without offset and `@`, because its age is what matters.
fn plain(v: &VectorSelector) -> String {
    let mut bare = v.clone();
    bare.offset = None;
    bare.at = None;
    Expr::VectorSelector(bare).to_string()
}

/// Data times by instance, as the age query gave them, in ms of our own clock.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ages {
    by_instance: BTreeMap<String, i64>,
}

impl Ages {
    /// From an answer: instance label (empty when there is none) and time in ms.
    pub fn new(times: impl IntoIterator<Item = (String, i64)>) -> Self {
        Self {
            by_instance: times.into_iter().collect(),
        }
    }

    /// The data time of a series: of its own instance if it has one, otherwise of the instance that is furthest behind, because
    /// an aggregate is as old as its oldest part.
    pub fn of(&self, instance: Option<&str>) -> Option<i64> {
        instance
            .and_then(|i| self.by_instance.get(i).copied())
            .or_else(|| self.by_instance.values().min().copied())
    }

    /// Instance and data time in ms of our clock, as [`Ages::new`] takes them.
    pub fn times(&self) -> Vec<(String, i64)> {
        let all = self.by_instance.iter();
        all.map(|(instance, at)| (instance.clone(), *at)).collect()
    }

    /// The newest data time of all.
    pub fn newest(&self) -> Option<i64> {
        self.by_instance.values().max().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_judged_by_the_budget() {
        let b = Budget {
            old_ms: 10,
            unknown_ms: 100,
        };
        assert_eq!(b.judge(Some(0), 10), Freshness::Fresh);
        assert_eq!(b.judge(Some(0), 11), Freshness::Old);
        assert_eq!(b.judge(Some(0), 101), Freshness::Unknown);
        assert_eq!(b.judge(None, 0), Freshness::Unknown);
        assert_eq!(b.next_change(0, 5), Some(11));
        assert_eq!(b.next_change(0, 50), Some(101));
        assert_eq!(b.next_change(0, 500), None);
    }

    #[test]
    fn the_age_query_asks_for_raw_samples() {
        assert_eq!(age_query("1 + time()"), None);
        assert_eq!(age_query("nonsense("), None);
        let one = age_query(r#"sum(rate(a_total{x="1"}[5m] offset 1w))"#).unwrap();
        assert!(
            one.starts_with("max by (instance) (timestamp(a_total{"),
            "{one}"
        );
        assert!(!one.contains("offset") && !one.contains("5m"), "{one}");
        let two = age_query("a / (b > 0)").unwrap();
        assert!(
            two.starts_with("min by (instance) (label_replace("),
            "{two}"
        );
        assert!(parser::parse(&two).is_ok());
    }

    #[test]
    fn several_age_queries_are_one_question_of_bounded_size() {
        assert_eq!(together(&[]), []);
        let one = age_query("a").unwrap();
        assert_eq!(together(&[&one]), [(1, one.clone())]);
        let [(2, both)] = &together(&[&one, "x"])[..] else {
            panic!("one question for both");
        };
        assert!(parser::parse(both).is_ok(), "{both}");
        let at = |i: &str| asked_as(&Labels::from_pairs([("asked_as", i)]));
        assert_eq!((at("0"), at("7"), at("x")), (0, 7, 0));

        let many = vec![one.as_str(); 40];
        let counts: Vec<usize> = together(&many).iter().map(|(n, _)| *n).collect();
        assert_eq!(counts, [16, 16, 8]);
        let wide = age_query("a / b / c / d / e / f / g / h / i / j").unwrap();
        let counts: Vec<usize> = together(&[&wide, &wide, &one])
            .iter()
            .map(|(n, _)| *n)
            .collect();
        assert_eq!(counts, [1, 2]);
    }

    #[test]
    fn an_aggregate_is_as_old_as_its_oldest_part() {
        let a = Ages::new([("h1".to_owned(), 100), ("h2".to_owned(), 40)]);
        assert_eq!(a.of(Some("h1")), Some(100));
        assert_eq!(a.of(None), Some(40));
        assert_eq!(a.newest(), Some(100));
        assert_eq!(Ages::default().of(None), None);
    }
}

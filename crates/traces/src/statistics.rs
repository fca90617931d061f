//! Figures of groups of spans.

use crate::Arrangement;
use hashbrown::HashMap;
use model::trace::Span;
use std::cmp::Reverse;
use std::sync::Arc;

/// What makes a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum By {
    /// The service.
    Service,
    /// The service and the operation.
    Operation,
    /// The value of a tag, of the span or else of its process.
    Tag(String),
}

/// A group of spans and its figures.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// The service; `None` when grouped by a tag.
    pub service: Option<Arc<str>>,
    /// The operation, when grouped by it.
    pub operation: Option<Arc<str>>,
    /// The tag's value; `None` for the spans without it, and when not grouped by a tag.
    pub value: Option<String>,
    /// How many spans.
    pub spans: u32,
    /// How many failed.
    pub errors: u32,
    /// The sum of durations, ns; spans within spans count twice.
    pub total_ns: i64,
    /// The sum of self times, ns.
    pub self_ns: i64,
    /// How much of the critical path is their own work, ns.
    pub critical_ns: i64,
    /// Their part of all self time, 0 to 1.
    pub share: f64,
    /// The shortest, ns.
    pub min_ns: i64,
    /// The mean, ns.
    pub mean_ns: i64,
    /// The median, ns: the least duration that half of the spans do not exceed.
    pub p50_ns: i64,
    /// The same for 95 in a hundred, ns.
    pub p95_ns: i64,
    /// The longest, ns.
    pub max_ns: i64,
    /// Its row.
    pub longest: u32,
}

/// The least value that `percent` in a hundred of the sorted values do not exceed (nearest rank); 0 of none.
pub(crate) fn percentile(sorted: &[i64], percent: usize) -> i64 {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().unwrap_or(0)
}

/// What tells groups apart.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Key<'a> {
    service: Option<&'a str>,
    operation: Option<&'a str>,
    value: Option<String>,
}

impl Arrangement {
    /// Figures by group, the one with most self time first, then by name.
    pub fn statistics(&self, by: &By) -> Vec<Group> {
        let mut rows: HashMap<Key<'_>, Vec<u32>> = HashMap::new();
        for (row, &span) in (0..).zip(&self.span) {
            let key = self.key(&self.trace.spans[span as usize], by);
            rows.entry(key).or_default().push(row);
        }
        let all_ns = self
            .own
            .iter()
            .fold(0i64, |sum, ns| sum.saturating_add(*ns));
        let mut groups: Vec<(Key<'_>, Vec<u32>)> = rows.into_iter().collect();
        groups.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        let mut out: Vec<Group> = (groups.into_iter())
            .map(|(key, rows)| self.group(key, &rows, all_ns))
            .collect();
        out.sort_by_key(|g| Reverse(g.self_ns));
        out
    }

    fn key<'a>(&'a self, span: &'a Span, by: &By) -> Key<'a> {
        let service = Some(self.trace.service(span));
        let none = Key {
            service: None,
            operation: None,
            value: None,
        };
        match by {
            By::Service => Key { service, ..none },
            By::Operation => Key {
                service,
                operation: Some(&span.operation),
                ..none
            },
            By::Tag(key) => {
                let process = self.trace.processes.get(span.process as usize);
                let tags = process.map(|p| p.tags.as_slice()).unwrap_or_default();
                let of_process = tags.iter().find(|t| *t.key == **key).map(|t| &t.value);
                let value = span.tag(key).or(of_process).map(ToString::to_string);
                Key { value, ..none }
            }
        }
    }

    fn group(&self, key: Key<'_>, rows: &[u32], all_ns: i64) -> Group {
        let took = |&row: &u32| {
            let row = row as usize;
            self.end[row].saturating_sub(self.start[row])
        };
        let sum = |of: &dyn Fn(u32) -> i64| {
            (rows.iter()).fold(0i64, |sum, &row| sum.saturating_add(of(row)))
        };
        let mut sorted: Vec<i64> = rows.iter().map(took).collect();
        sorted.sort_unstable();
        let total_ns = sum(&|row| took(&row));
        let self_ns = sum(&|row| self.self_ns(row));
        let failed = |row: &&u32| self.marks[**row as usize].contains(crate::Marks::ERROR);
        let longest = rows.iter().max_by_key(|row| (took(row), Reverse(**row)));
        Group {
            service: key.service.map(Arc::from),
            operation: key.operation.map(Arc::from),
            value: key.value,
            spans: rows.len() as u32,
            errors: rows.iter().filter(failed).count() as u32,
            total_ns,
            self_ns,
            critical_ns: sum(&|row| self.critical.own_ns(row)),
            share: self_ns as f64 / all_ns.max(1) as f64,
            min_ns: sorted.first().copied().unwrap_or(0),
            mean_ns: total_ns.checked_div(rows.len() as i64).unwrap_or(0),
            p50_ns: percentile(&sorted, 50),
            p95_ns: percentile(&sorted, 95),
            max_ns: sorted.last().copied().unwrap_or(0),
            longest: longest.copied().unwrap_or(0),
        }
    }

    /// The tags that spans or their processes have, with the number of spans that have them, the most frequent first, then by
    /// name.
    pub fn tag_keys(&self) -> Vec<(Arc<str>, u32)> {
        let mut count: HashMap<&Arc<str>, u32> = HashMap::new();
        for span in &self.trace.spans {
            let process = self.trace.processes.get(span.process as usize);
            let of_process = process.map(|p| p.tags.as_slice()).unwrap_or_default();
            for tag in &span.tags {
                *count.entry(&tag.key).or_default() += 1;
            }
            for tag in of_process.iter().filter(|t| span.tag(&t.key).is_none()) {
                *count.entry(&tag.key).or_default() += 1;
            }
        }
        let spans = self.trace.spans.len() as u32;
        // a span may have a tag twice
        let mut out: Vec<_> = (count.into_iter())
            .map(|(key, n)| (key.clone(), n.min(spans)))
            .collect();
        out.sort_by(|a, b| (b.1, &a.0).cmp(&(a.1, &b.0)));
        out
    }
}

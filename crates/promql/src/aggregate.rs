//! Aggregations. Sum, average, counts, extremes and deviations are folded in as the rows come, so that no series is
//! kept; the order of additions is the order of the rows, as in Prometheus.

use crate::error::PromqlError;
use crate::eval::{Eval, RowSink};
use crate::over_time::{keeps_infinite_mean, quantile};
use crate::plan::{Aggregate, AggregateOp, Grouping, Node};
use crate::rows::{Grid, Metric, absent, is_absent};
use hashbrown::HashMap;
use model::Labels;
use model::labels::METRIC_NAME;

impl Grouping {
    /// Writes what tells the group of `metric` from others.
    fn key(&self, metric: &Metric, key: &mut Vec<u8>) {
        key.clear();
        // no label value contains 0xff: it is not UTF-8
        let mut part = |text: &str| {
            key.extend_from_slice(text.as_bytes());
            key.push(0xff);
        };
        if self.without {
            for (name, value) in metric.iter().filter(|(n, _)| self.keeps(n)) {
                part(name);
                part(value);
            }
        } else {
            for name in &self.labels {
                part(metric.get(name).unwrap_or(""));
            }
        }
    }

    fn keeps(&self, name: &str) -> bool {
        let listed = self.labels.iter().any(|l| l == name);
        if self.without {
            !listed && name != METRIC_NAME
        } else {
            listed
        }
    }

    /// The labels of the group of `metric`.
    fn labels(&self, metric: &Metric) -> Labels {
        Labels::from_pairs(metric.iter().filter(|(n, _)| self.keeps(n)))
    }
}

/// The groups seen so far.
pub(crate) struct Groups<'a> {
    grouping: &'a Grouping,
    index: HashMap<Box<[u8]>, usize>,
    pub(crate) labels: Vec<Labels>,
    key: Vec<u8>,
}

impl<'a> Groups<'a> {
    pub(crate) fn new(grouping: &'a Grouping) -> Self {
        Self {
            grouping,
            index: HashMap::new(),
            labels: Vec::new(),
            key: Vec::new(),
        }
    }

    /// The number of `metric`'s group; a new one gets the next number.
    pub(crate) fn of(&mut self, metric: &Metric) -> usize {
        self.grouping.key(metric, &mut self.key);
        if let Some(&group) = self.index.get(self.key.as_slice()) {
            return group;
        }
        let group = self.labels.len();
        self.index.insert(self.key.as_slice().into(), group);
        self.labels.push(self.grouping.labels(metric));
        group
    }
}

/// What is folded for one group at one step.
#[derive(Clone, Copy, Default)]
struct Cell {
    count: u32,
    /// Sum, extreme, or sum of squared differences.
    value: f64,
    mean: f64,
}

impl Cell {
    fn first(op: &AggregateOp, v: f64) -> Self {
        let value = match op {
            // of a single value also NaN and Inf: no difference from itself
            AggregateOp::Stddev | AggregateOp::Stdvar => 0.0,
            AggregateOp::Group => 1.0,
            _ => v,
        };
        Self {
            count: 1,
            value,
            mean: v,
        }
    }

    fn add(&mut self, op: &AggregateOp, v: f64) {
        self.count += 1;
        match op {
            AggregateOp::Sum => self.value += v,
            AggregateOp::Avg if !keeps_infinite_mean(self.mean, v) => {
                // divided first, so that large values do not overflow
                let n = f64::from(self.count);
                self.mean += v / n - self.mean / n;
            }
            AggregateOp::Max if self.value < v || self.value.is_nan() => self.value = v,
            AggregateOp::Min if self.value > v || self.value.is_nan() => self.value = v,
            AggregateOp::Stddev | AggregateOp::Stdvar => {
                let delta = v - self.mean;
                self.mean += delta / f64::from(self.count);
                self.value += delta * (v - self.mean);
            }
            _ => {}
        }
    }

    fn result(&self, op: &AggregateOp) -> f64 {
        let n = f64::from(self.count);
        match op {
            _ if self.count == 0 => absent(),
            AggregateOp::Avg => self.mean,
            AggregateOp::Count => n,
            AggregateOp::Stdvar => self.value / n,
            AggregateOp::Stddev => (self.value / n).sqrt(),
            _ => self.value,
        }
    }
}

impl Eval<'_> {
    pub(crate) fn aggregate(
        &self,
        aggregate: &Aggregate,
        grid: Grid,
        sink: &mut RowSink<'_>,
    ) -> Result<(), PromqlError> {
        match &aggregate.op {
            AggregateOp::Topk(k) => self.topk(aggregate, k, true, grid, sink),
            AggregateOp::Bottomk(k) => self.topk(aggregate, k, false, grid, sink),
            AggregateOp::Quantile(q) => self.quantile(aggregate, q, grid, sink),
            AggregateOp::CountValues(label) => self.count_values(aggregate, label, grid, sink),
            op => self.fold(op, aggregate, grid, sink),
        }
    }

    fn fold(
        &self,
        op: &AggregateOp,
        aggregate: &Aggregate,
        grid: Grid,
        sink: &mut RowSink<'_>,
    ) -> Result<(), PromqlError> {
        let mut groups = Groups::new(&aggregate.grouping);
        let mut cells: Vec<Cell> = Vec::new();
        self.stream(&aggregate.arg, grid, &mut |metric, row| {
            let group = groups.of(&metric);
            let from = group * grid.len;
            if cells.len() <= from {
                self.hold(grid.len)?;
                cells.resize(from + grid.len, Cell::default());
            }
            for (cell, v) in cells.iter_mut().skip(from).zip(row) {
                if is_absent(*v) {
                    continue;
                }
                if cell.count == 0 {
                    *cell = Cell::first(op, *v);
                } else {
                    cell.add(op, *v);
                }
            }
            Ok(())
        })?;
        let mut row = self.empty_row(grid)?;
        for (labels, cells) in groups.labels.into_iter().zip(cells.chunks(grid.len.max(1))) {
            for (out, cell) in row.iter_mut().zip(cells) {
                *out = cell.result(op);
            }
            sink(Metric::new(labels), &mut row)?;
        }
        Ok(())
    }

    fn quantile(
        &self,
        aggregate: &Aggregate,
        q: &Node,
        grid: Grid,
        sink: &mut RowSink<'_>,
    ) -> Result<(), PromqlError> {
        let q = self.scalar(q, grid)?;
        let mut groups = Groups::new(&aggregate.grouping);
        let mut values: Vec<Vec<f64>> = Vec::new();
        self.stream(&aggregate.arg, grid, &mut |metric, row| {
            let from = groups.of(&metric) * grid.len;
            self.hold(row.len())?;
            if values.len() <= from {
                values.resize(from + grid.len, Vec::new());
            }
            for (values, v) in values.iter_mut().skip(from).zip(row) {
                if !is_absent(*v) {
                    values.push(*v);
                }
            }
            Ok(())
        })?;
        let mut row = self.empty_row(grid)?;
        let by_group = values.chunks_mut(grid.len.max(1));
        for (labels, values) in groups.labels.into_iter().zip(by_group) {
            for ((out, values), q) in row.iter_mut().zip(values).zip(&q) {
                *out = if values.is_empty() {
                    absent()
                } else {
                    quantile(*q, values)
                };
            }
            sink(Metric::new(labels), &mut row)?;
        }
        Ok(())
    }

    /// One series for each distinct value, which becomes a label.
    fn count_values(
        &self,
        aggregate: &Aggregate,
        label: &str,
        grid: Grid,
        sink: &mut RowSink<'_>,
    ) -> Result<(), PromqlError> {
        let mut grouping = aggregate.grouping.clone();
        if !grouping.without && !grouping.labels.iter().any(|l| l == label) {
            grouping.labels.push(label.to_owned());
            grouping.labels.sort();
        }
        let mut groups = Groups::new(&grouping);
        let mut counts: Vec<f64> = Vec::new();
        let mut of_row: HashMap<u64, usize> = HashMap::new();
        self.stream(&aggregate.arg, grid, &mut |metric, row| {
            of_row.clear();
            let metric = metric.into_labels();
            for (i, v) in row.iter().enumerate().filter(|(_, v)| !is_absent(**v)) {
                let group = match of_row.get(&v.to_bits()) {
                    Some(group) => *group,
                    None => {
                        let labelled = metric.with(label, &plain_decimal(*v));
                        let group = groups.of(&Metric::new(labelled));
                        of_row.insert(v.to_bits(), group);
                        group
                    }
                };
                let from = group * grid.len;
                if counts.len() <= from {
                    self.hold(grid.len)?;
                    counts.resize(from + grid.len, absent());
                }
                if let Some(count) = counts.get_mut(from + i) {
                    *count = if is_absent(*count) { 1.0 } else { *count + 1.0 };
                }
            }
            Ok(())
        })?;
        for (labels, row) in groups
            .labels
            .into_iter()
            .zip(counts.chunks_mut(grid.len.max(1)))
        {
            sink(Metric::new(labels), row)?;
        }
        Ok(())
    }
}

/// A number without exponent, as short as it can be read back; infinities with a sign, as Go writes them.
fn plain_decimal(v: f64) -> String {
    if v.is_infinite() {
        return if v > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let shortest = v.to_string();
    // of two equally short and equally near texts Go takes the one whose last digit is even
    let digits = shortest.split_once('.').map_or(0, |(_, d)| d.len());
    if digits > 0 {
        let even = format!("{v:.digits$}");
        if even.parse() == Ok(v) {
            return even;
        }
    }
    shortest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fold(op: &AggregateOp, values: &[f64]) -> f64 {
        let mut cell = Cell::default();
        for v in values {
            if cell.count == 0 {
                cell = Cell::first(op, *v);
            } else {
                cell.add(op, *v);
            }
        }
        cell.result(op)
    }

    #[test]
    fn folds() {
        let nan = f64::NAN;
        let inf = f64::INFINITY;
        assert_eq!(fold(&AggregateOp::Sum, &[1.0, 2.0, 3.5]), 6.5);
        assert_eq!(fold(&AggregateOp::Avg, &[1.0, 2.0, 6.0]), 3.0);
        assert_eq!(fold(&AggregateOp::Avg, &[inf, 1.0]), inf);
        assert_eq!(fold(&AggregateOp::Avg, &[f64::MAX, f64::MAX]), f64::MAX);
        assert_eq!(fold(&AggregateOp::Max, &[nan, 1.0, nan]), 1.0);
        assert_eq!(fold(&AggregateOp::Min, &[nan, 1.0, 2.0]), 1.0);
        assert_eq!(fold(&AggregateOp::Count, &[nan, nan]), 2.0);
        assert_eq!(fold(&AggregateOp::Group, &[7.0, 8.0]), 1.0);
        assert_eq!(fold(&AggregateOp::Stdvar, &[1.0, 3.0]), 1.0);
        assert_eq!(fold(&AggregateOp::Stddev, &[nan]), 0.0);
        assert!(is_absent(fold(&AggregateOp::Sum, &[])));
    }

    #[test]
    fn groups_by_and_without() {
        let metric = Metric::new(Labels::from_pairs([
            ("__name__", "m"),
            ("a", "1"),
            ("b", "2"),
        ]));
        let grouping = |without, labels: &[&str]| Grouping {
            without,
            labels: labels.iter().map(|l| (*l).to_owned()).collect(),
        };
        assert_eq!(
            grouping(false, &["a", "z"]).labels(&metric).to_string(),
            r#"{a="1"}"#
        );
        assert_eq!(
            grouping(true, &["a"]).labels(&metric).to_string(),
            r#"{b="2"}"#
        );
        assert_eq!(
            grouping(false, &["__name__"]).labels(&metric).to_string(),
            "m"
        );
        let by = grouping(false, &["a"]);
        let mut groups = Groups::new(&by);
        assert_eq!((groups.of(&metric), groups.of(&metric)), (0, 0));
    }

    #[test]
    fn values_as_labels_have_no_exponent() {
        let of = |v: f64| plain_decimal(v);
        assert_eq!(of(1e21), "1000000000000000000000");
        assert_eq!(of(0.1), "0.1");
        assert_eq!(of(1e15 + 55.25), "1000000000000055.2");
        assert_eq!(of(f64::NEG_INFINITY), "-Inf");
        assert_eq!((of(f64::NAN), of(-0.0)), ("NaN".into(), "-0".into()));
    }
}

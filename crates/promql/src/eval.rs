//! The evaluator: each vector is a stream of rows (labels and one value a step), handed on one at a time.
//! Selectors, window functions, arithmetic with scalars and most aggregations hold no more than one row; what must
//! see a whole side first (matching, sorting, merging) holds rows and is counted against the limit of samples.

use crate::error::{ExecutionError, LimitError, PromqlError};
use crate::plan::{Node, Selector};
use crate::rows::{Grid, Merge, Metric, Rows, absent, is_absent};
use crate::{Storage, StorageError};
use model::{Labels, Sample};
use promql_parser::label::Matchers;
use std::cell::Cell;

/// Takes rows one by one; the values may be changed in place.
pub(crate) type RowSink<'a> = dyn FnMut(Metric, &mut [f64]) -> Result<(), PromqlError> + 'a;

/// Takes series as they are stored, stale markers included.
type SelectedSink<'a> = dyn FnMut(&Labels, &[Sample]) -> Result<(), PromqlError> + 'a;

pub(crate) struct Eval<'a> {
    pub(crate) storage: &'a dyn Storage,
    /// How far back an instant selector looks, milliseconds.
    pub(crate) lookback: i64,
    pub(crate) max_samples: usize,
    pub(crate) cancelled: &'a dyn Fn() -> bool,
    /// Samples held now or so far.
    held: Cell<usize>,
    ticks: Cell<u32>,
}

impl<'a> Eval<'a> {
    pub(crate) fn new(
        storage: &'a dyn Storage,
        lookback: i64,
        max_samples: usize,
        cancelled: &'a dyn Fn() -> bool,
    ) -> Self {
        Self {
            storage,
            lookback,
            max_samples,
            cancelled,
            held: Cell::new(0),
            ticks: Cell::new(0),
        }
    }

    /// Counts `n` samples that are kept.
    pub(crate) fn hold(&self, n: usize) -> Result<(), PromqlError> {
        let held = self.held.get().saturating_add(n);
        if held > self.max_samples {
            return Err(LimitError::Samples {
                max: self.max_samples,
            }
            .into());
        }
        self.held.set(held);
        Ok(())
    }

    /// To be called often: asks the cancellation hook now and then.
    pub(crate) fn tick(&self) -> Result<(), PromqlError> {
        let ticks = self.ticks.get().wrapping_add(1);
        self.ticks.set(ticks);
        // the hook may read a clock: about every 100 µs is often enough
        if ticks.is_multiple_of(64) {
            return self.check();
        }
        Ok(())
    }

    /// Asks the cancellation hook.
    pub(crate) fn check(&self) -> Result<(), PromqlError> {
        if (self.cancelled)() {
            return Err(PromqlError::Cancelled);
        }
        Ok(())
    }

    /// A row without values.
    pub(crate) fn empty_row(&self, grid: Grid) -> Result<Vec<f64>, PromqlError> {
        if grid.len > self.max_samples {
            return Err(LimitError::Samples {
                max: self.max_samples,
            }
            .into());
        }
        Ok(vec![absent(); grid.len])
    }

    /// Reads series one at a time; the first error of `each` ends the reading.
    pub(crate) fn select(
        &self,
        matchers: &Matchers,
        start: i64,
        end: i64,
        each: &mut SelectedSink<'_>,
    ) -> Result<(), PromqlError> {
        self.check()?;
        let mut failed = None;
        let selected = self
            .storage
            .select(matchers, start, end, &mut |labels, samples| {
                self.tick()
                    .and_then(|()| each(labels, samples))
                    .map_err(|error| {
                        failed = Some(error);
                        StorageError::Failed("the evaluation ended".into())
                    })
            });
        match failed {
            Some(error) => Err(error),
            None => Ok(selected?),
        }
    }

    /// Hands the rows of a vector to `sink`.
    pub(crate) fn stream(
        &self,
        node: &Node,
        grid: Grid,
        sink: &mut RowSink<'_>,
    ) -> Result<(), PromqlError> {
        match node {
            Node::Select(selector) => self.instant(selector, grid, |sample| sample.v, sink),
            Node::Timestamp(arg) => self.timestamp(arg, grid, sink),
            Node::Rolling(rolling) => self.rolling(rolling, grid, sink),
            Node::Negate(arg) => self.map(arg, grid, sink, |_, v| -v),
            Node::Math(math) => self.math(math, grid, sink),
            Node::Date(part, Some(arg)) => self.map(arg, grid, sink, |_, v| {
                crate::calendar::part_of_seconds(*part, v)
            }),
            Node::Date(part, None) => self.constant(grid, sink, |t| {
                crate::calendar::part_of_seconds(*part, (t / 1000) as f64)
            }),
            Node::Arithmetic(binary) => self.arithmetic(binary, grid, sink),
            Node::Set(set) => self.set(set, grid, sink),
            Node::Aggregate(aggregate) => self.aggregate(aggregate, grid, sink),
            Node::Absent(arg, labels) => self.absent(arg, labels, grid, sink),
            Node::AbsentOverTime(source, labels) => {
                self.absent_over_time(source, labels, grid, sink)
            }
            Node::Vector(scalar) => {
                let mut row = self.scalar(scalar, grid)?;
                sink(Metric::new(Labels::default()), &mut row)
            }
            Node::Sort { arg, descending } => self.sort(arg, *descending, grid, sink),
            Node::LabelReplace(replace) => self.label_replace(replace, grid, sink),
            Node::LabelJoin(join) => self.label_join(join, grid, sink),
            Node::HistogramQuantile { quantile, arg } => {
                self.histogram_quantile(quantile, arg, grid, sink)
            }
            // evaluated, because its errors count even where its values do not
            Node::NativeHistogram(arg) => self.stream(arg, grid, &mut |_, _| Ok(())),
            Node::Fixed(inner) => self.fixed(inner, grid, sink),
            Node::Number(_) | Node::Time | Node::Scalar(_) => {
                let mut row = self.scalar(node, grid)?;
                sink(Metric::new(Labels::default()), &mut row)
            }
            Node::Text(_) | Node::Range(_) => Err(PromqlError::parse(
                "a string or range vector cannot stand here",
            )),
        }
    }

    /// The value of a scalar at each step.
    pub(crate) fn scalar(&self, node: &Node, grid: Grid) -> Result<Vec<f64>, PromqlError> {
        let mut row = self.empty_row(grid)?;
        match node {
            Node::Number(v) => row.fill(*v),
            Node::Time => {
                for (i, v) in row.iter_mut().enumerate() {
                    *v = grid.at(i) as f64 / 1000.0;
                }
            }
            Node::Negate(inner) => {
                row = self.scalar(inner, grid)?;
                row.iter_mut().for_each(|v| *v = -*v);
            }
            Node::Arithmetic(b) => {
                row = self.scalar(&b.left, grid)?;
                let right = self.scalar(&b.right, grid)?;
                for (l, r) in row.iter_mut().zip(right) {
                    *l = crate::binary::scalars(b.op, *l, r);
                }
            }
            Node::Scalar(vector) => {
                let mut several = vec![false; row.len()];
                self.stream(vector, grid, &mut |_, values| {
                    for ((have, several), v) in row.iter_mut().zip(&mut several).zip(values) {
                        if !is_absent(*v) {
                            *several = *several || !is_absent(*have);
                            *have = *v;
                        }
                    }
                    Ok(())
                })?;
                for (v, several) in row.iter_mut().zip(several) {
                    if several || is_absent(*v) {
                        *v = f64::NAN;
                    }
                }
            }
            Node::Fixed(inner) => {
                let once = self.scalar(inner, Grid { len: 1, ..grid })?;
                row.fill(once.first().copied().unwrap_or(f64::NAN));
            }
            _ => return Err(PromqlError::parse("expected a scalar")),
        }
        Ok(row)
    }

    /// All rows of a vector that have a value.
    pub(crate) fn collect(&self, node: &Node, grid: Grid) -> Result<Rows, PromqlError> {
        let mut rows = Rows::new(grid.len);
        self.stream(node, grid, &mut |metric, row| {
            if row.iter().any(|v| !is_absent(*v)) {
                self.hold(row.len())?;
                rows.push(metric, row);
            }
            Ok(())
        })?;
        Ok(rows)
    }

    /// Hands collected rows on.
    pub(crate) fn emit(&self, mut rows: Rows, sink: &mut RowSink<'_>) -> Result<(), PromqlError> {
        let metrics = std::mem::take(&mut rows.metrics);
        for (i, metric) in metrics.into_iter().enumerate() {
            self.tick()?;
            sink(metric, rows.row_mut(i))?;
        }
        Ok(())
    }

    /// Adds to rows that may have to be merged.
    pub(crate) fn merge(
        &self,
        merge: &mut Merge,
        metric: Metric,
        row: &[f64],
    ) -> Result<(), PromqlError> {
        if merge.add(metric, row)? {
            self.hold(row.len())?;
        }
        Ok(())
    }

    /// `f(step, value)` of each value of `arg`, names dropped.
    pub(crate) fn map(
        &self,
        arg: &Node,
        grid: Grid,
        sink: &mut RowSink<'_>,
        f: impl Fn(usize, f64) -> f64,
    ) -> Result<(), PromqlError> {
        self.dropping_names(arg.distinct(), grid, sink, &mut |sink| {
            self.stream(arg, grid, &mut |metric, row| {
                for (i, v) in row.iter_mut().enumerate() {
                    if !is_absent(*v) {
                        *v = f(i, *v);
                    }
                }
                sink(metric.drop_name(), row)
            })
        })
    }

    /// Runs `rows`, whose names are dropped; unless they stay `distinct` so, those with equal labels are merged.
    pub(crate) fn dropping_names(
        &self,
        distinct: bool,
        grid: Grid,
        sink: &mut RowSink<'_>,
        rows: &mut dyn FnMut(&mut RowSink<'_>) -> Result<(), PromqlError>,
    ) -> Result<(), PromqlError> {
        if distinct {
            return rows(sink);
        }
        let mut merge = Merge::new(grid.len);
        rows(&mut |metric, row| self.merge(&mut merge, metric, row))?;
        self.emit(merge.rows, sink)
    }

    /// One row without labels.
    fn constant(
        &self,
        grid: Grid,
        sink: &mut RowSink<'_>,
        f: impl Fn(i64) -> f64,
    ) -> Result<(), PromqlError> {
        let mut row = self.empty_row(grid)?;
        for (i, v) in row.iter_mut().enumerate() {
            *v = f(grid.at(i));
        }
        sink(Metric::new(Labels::default()), &mut row)
    }

    fn fixed(&self, inner: &Node, grid: Grid, sink: &mut RowSink<'_>) -> Result<(), PromqlError> {
        let mut row = self.empty_row(grid)?;
        self.stream(inner, Grid { len: 1, ..grid }, &mut |metric, once| {
            row.fill(once.first().copied().unwrap_or_else(absent));
            sink(metric, &mut row)
        })
    }

    /// An instant selector: at each step the last sample of the lookback, unless it is a stale marker.
    fn instant(
        &self,
        selector: &Selector,
        grid: Grid,
        value: impl Fn(&Sample) -> f64,
        sink: &mut RowSink<'_>,
    ) -> Result<(), PromqlError> {
        let mut row = self.empty_row(grid)?;
        let first = selector.at.unwrap_or(grid.start) - selector.offset;
        let last = selector.at.unwrap_or(grid.end()) - selector.offset;
        self.select(
            &selector.matchers,
            first - self.lookback,
            last,
            &mut |labels, samples| {
                let mut next = 0;
                let mut any = false;
                for (i, out) in row.iter_mut().enumerate() {
                    let now = selector.at.unwrap_or_else(|| grid.at(i)) - selector.offset;
                    while samples.get(next).is_some_and(|s| s.t <= now) {
                        next += 1;
                    }
                    let found = next
                        .checked_sub(1)
                        .and_then(|i| samples.get(i))
                        .filter(|s| s.t >= now - self.lookback && !is_absent(s.v));
                    any = any || found.is_some();
                    *out = found.map_or_else(absent, &value);
                }
                if any {
                    sink(Metric::new(labels.clone()), &mut row)?;
                }
                Ok(())
            },
        )
    }

    /// `timestamp()`: of a selector the samples' own times, of anything else the evaluation times.
    fn timestamp(&self, arg: &Node, grid: Grid, sink: &mut RowSink<'_>) -> Result<(), PromqlError> {
        if let Node::Select(selector) = arg {
            return self.dropping_names(selector.one_name, grid, sink, &mut |sink| {
                self.instant(
                    selector,
                    grid,
                    |sample| sample.t as f64 / 1000.0,
                    &mut |metric, row| sink(metric.drop_name(), row),
                )
            });
        }
        self.map(arg, grid, sink, |i, _| grid.at(i) as f64 / 1000.0)
    }

    fn absent(
        &self,
        arg: &Node,
        labels: &Labels,
        grid: Grid,
        sink: &mut RowSink<'_>,
    ) -> Result<(), PromqlError> {
        let mut missing = vec![1.0; self.empty_row(grid)?.len()];
        self.stream(arg, grid, &mut |_, row| {
            for (m, v) in missing.iter_mut().zip(row) {
                if !is_absent(*v) {
                    *m = absent();
                }
            }
            Ok(())
        })?;
        emit_any(labels, missing, sink)
    }

    /// `sort`/`sort_desc`: an order exists for one step only; NaN comes last in both.
    fn sort(
        &self,
        arg: &Node,
        descending: bool,
        grid: Grid,
        sink: &mut RowSink<'_>,
    ) -> Result<(), PromqlError> {
        if grid.len != 1 {
            return self.stream(arg, grid, sink);
        }
        let mut rows = self.collect(arg, grid)?;
        let metrics = std::mem::take(&mut rows.metrics);
        let mut order: Vec<(f64, Metric)> = metrics
            .into_iter()
            .enumerate()
            .map(|(i, metric)| (rows.row(i).first().copied().unwrap_or(f64::NAN), metric))
            .collect();
        order.sort_by(|(a, _), (b, _)| crate::topk::order(*a, *b, descending));
        for (v, metric) in order {
            sink(metric, &mut [v])?;
        }
        Ok(())
    }

    /// Whether two series of a result got the same labels; `seen` holds those so far.
    pub(crate) fn once(
        &self,
        seen: &mut hashbrown::HashSet<Metric>,
        metric: &Metric,
    ) -> Result<(), PromqlError> {
        if seen.insert(metric.clone()) {
            Ok(())
        } else {
            Err(ExecutionError::DuplicateLabels.into())
        }
    }
}

/// One row, if it has any value.
pub(crate) fn emit_any(
    labels: &Labels,
    mut row: Vec<f64>,
    sink: &mut RowSink<'_>,
) -> Result<(), PromqlError> {
    if row.iter().all(|v| is_absent(*v)) {
        return Ok(());
    }
    sink(Metric::new(labels.clone()), &mut row)
}

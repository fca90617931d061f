//! Range selectors and subqueries: a window that walks along the samples of one series at a time.

use crate::error::PromqlError;
use crate::eval::{Eval, RowSink, emit_any};
use crate::functions::RangeFn;
use crate::over_time::{self, Window};
use crate::plan::{RangeSource, Rolling, Selector, Subquery};
use crate::rows::{Grid, Metric, absent, is_absent};
use model::{Labels, Sample, Series};

/// Where the windows of a range lie: `(end - range)..=end`, both included as in Prometheus 2.
#[derive(Clone, Copy)]
struct Span {
    at: Option<i64>,
    offset: i64,
    range: i64,
}

impl Span {
    fn of(source: &RangeSource) -> Self {
        match source {
            RangeSource::Select(selector, range) => Self {
                at: selector.at,
                offset: selector.offset,
                range: *range,
            },
            RangeSource::Subquery(s) => Self {
                at: s.at,
                offset: s.offset,
                range: s.range,
            },
        }
    }

    /// End of the window of the step at `now`.
    fn end(&self, now: i64) -> i64 {
        self.at.unwrap_or(now) - self.offset
    }
}

/// Takes the samples of one series, without stale markers.
type SeriesSink<'a> = dyn FnMut(Metric, &[Sample]) -> Result<(), PromqlError> + 'a;

impl Eval<'_> {
    /// A function over windows: one row for each series that has a result.
    pub(crate) fn rolling(
        &self,
        rolling: &Rolling,
        grid: Grid,
        sink: &mut RowSink<'_>,
    ) -> Result<(), PromqlError> {
        let mut parameters = Vec::with_capacity(rolling.parameters.len());
        for parameter in &rolling.parameters {
            parameters.push(self.scalar(parameter, grid)?);
        }
        let keeps_name = rolling.function == RangeFn::Last;
        let distinct = keeps_name || rolling.source.distinct();
        let mut seen = hashbrown::HashSet::new();
        let mut row = self.empty_row(grid)?;
        let mut state = over_time::State::default();
        let span = Span::of(&rolling.source);
        self.series(&rolling.source, grid, &mut |metric, samples| {
            state.enter(rolling.function, samples);
            let mut any = false;
            let mut windows = Windows::new(span);
            for (i, out) in row.iter_mut().enumerate() {
                let now = grid.at(i);
                *out = absent();
                let Some((from, window)) = windows.next(now, samples) else {
                    continue;
                };
                if window.len() > 4096 {
                    self.tick()?;
                }
                let end = span.end(now);
                let window = Window {
                    samples: window,
                    from,
                    start: end - span.range,
                    end,
                    now,
                };
                let parameter = |n: usize| parameters.get(n).and_then(|p| p.get(i)).copied();
                if let Some(v) = state.value(rolling.function, &window, &parameter)? {
                    *out = v;
                    any = true;
                }
            }
            if !any {
                return Ok(());
            }
            let metric = if keeps_name {
                metric
            } else {
                metric.drop_name()
            };
            if !distinct {
                self.once(&mut seen, &metric)?;
            }
            sink(metric, &mut row)
        })
    }

    /// `absent_over_time`: 1 at each step whose window has no sample of any series.
    pub(crate) fn absent_over_time(
        &self,
        source: &RangeSource,
        labels: &Labels,
        grid: Grid,
        sink: &mut RowSink<'_>,
    ) -> Result<(), PromqlError> {
        let mut missing = self.empty_row(grid)?;
        missing.fill(1.0);
        let span = Span::of(source);
        self.series(source, grid, &mut |_, samples| {
            let mut windows = Windows::new(span);
            for (i, m) in missing.iter_mut().enumerate() {
                if windows.next(grid.at(i), samples).is_some() {
                    *m = absent();
                }
            }
            Ok(())
        })?;
        emit_any(labels, missing, sink)
    }

    /// The series of a range selector or subquery as the whole query: the samples with their own times.
    pub(crate) fn matrix(
        &self,
        source: &RangeSource,
        now: i64,
    ) -> Result<Vec<Series>, PromqlError> {
        let grid = Grid {
            start: now,
            step: 1,
            len: 1,
        };
        let mut all = Vec::new();
        self.series(source, grid, &mut |metric, samples| {
            self.hold(samples.len())?;
            if !samples.is_empty() {
                all.push(Series {
                    labels: metric.into_labels(),
                    samples: samples.to_vec(),
                });
            }
            Ok(())
        })?;
        all.sort_by(|a, b| a.labels.cmp(&b.labels));
        Ok(all)
    }

    /// Hands on the samples that the windows of `grid` need, series by series.
    fn series(
        &self,
        source: &RangeSource,
        grid: Grid,
        each: &mut SeriesSink<'_>,
    ) -> Result<(), PromqlError> {
        match source {
            RangeSource::Select(selector, range) => {
                self.selected_series(selector, *range, grid, each)
            }
            RangeSource::Subquery(subquery) => self.subquery(subquery, grid, each),
        }
    }

    fn selected_series(
        &self,
        selector: &Selector,
        range: i64,
        grid: Grid,
        each: &mut SeriesSink<'_>,
    ) -> Result<(), PromqlError> {
        let first = selector.at.unwrap_or(grid.start) - selector.offset - range;
        let last = selector.at.unwrap_or(grid.end()) - selector.offset;
        let mut live: Vec<Sample> = Vec::new();
        self.select(&selector.matchers, first, last, &mut |labels, samples| {
            let metric = Metric::new(labels.clone());
            if samples.iter().any(|s| is_absent(s.v)) {
                live.clear();
                live.extend(samples.iter().filter(|s| !is_absent(s.v)));
                each(metric, &live)
            } else {
                each(metric, samples)
            }
        })
    }

    /// Evaluates the inner expression at the multiples of the subquery's step that the windows cover.
    fn subquery(
        &self,
        subquery: &Subquery,
        grid: Grid,
        each: &mut SeriesSink<'_>,
    ) -> Result<(), PromqlError> {
        let first = subquery.at.unwrap_or(grid.start) - subquery.offset - subquery.range;
        let end = subquery.at.unwrap_or(grid.end()) - subquery.offset;
        let step = subquery.step.max(1);
        let start = first.div_euclid(step) * step;
        let start = if start < first { start + step } else { start };
        if start > end {
            return Ok(());
        }
        let inner = Grid {
            start,
            step,
            len: usize::try_from((end - start) / step)
                .unwrap_or(usize::MAX)
                .saturating_add(1),
        };
        let mut samples: Vec<Sample> = Vec::new();
        self.stream(&subquery.inner, inner, &mut |metric, row| {
            samples.clear();
            samples.extend(row.iter().enumerate().filter(|(_, v)| !is_absent(**v)).map(
                |(i, v)| Sample {
                    t: inner.at(i),
                    v: *v,
                },
            ));
            each(metric, &samples)
        })
    }
}

/// The window of each step in turn; both its ends only move forward.
struct Windows {
    span: Span,
    /// First sample in the window.
    from: usize,
    /// First sample after it.
    to: usize,
}

impl Windows {
    fn new(span: Span) -> Self {
        Self {
            span,
            from: 0,
            to: 0,
        }
    }

    /// The window of the step at `now` and the index of its first sample, or `None` if it is empty.
    fn next<'s>(&mut self, now: i64, samples: &'s [Sample]) -> Option<(usize, &'s [Sample])> {
        let end = self.span.end(now);
        let start = end - self.span.range;
        while samples.get(self.to).is_some_and(|s| s.t <= end) {
            self.to += 1;
        }
        while self.from < self.to && samples.get(self.from).is_some_and(|s| s.t < start) {
            self.from += 1;
        }
        let window = samples.get(self.from..self.to)?;
        (!window.is_empty()).then_some((self.from, window))
    }
}

//! `topk` and `bottomk`: a small heap for each group and step, kept as Go's container/heap keeps it, because ties are
//! decided by it.

use crate::aggregate::Groups;
use crate::error::{ExecutionError, PromqlError};
use crate::eval::{Eval, RowSink};
use crate::plan::{Aggregate, Node};
use crate::rows::{Grid, Metric, absent, is_absent};
use std::cmp::Ordering;

/// Order of values in a sorted result; NaN comes last whichever way.
pub(crate) fn order(a: f64, b: f64, descending: bool) -> Ordering {
    match (a.is_nan(), b.is_nan()) {
        (true, true) => Ordering::Equal,
        (true, false) => Ordering::Greater,
        (false, true) => Ordering::Less,
        (false, false) => {
            let ascending = a.partial_cmp(&b).unwrap_or(Ordering::Equal);
            if descending {
                ascending.reverse()
            } else {
                ascending
            }
        }
    }
}

/// Values with the row each belongs to; the worst one is in front.
#[derive(Clone, Default)]
struct Heap(Vec<(f64, usize)>);

impl Heap {
    fn less(&self, i: usize, j: usize, top: bool) -> bool {
        match (self.0.get(i), self.0.get(j)) {
            (Some((a, _)), Some((b, _))) => a.is_nan() || if top { a < b } else { a > b },
            _ => false,
        }
    }

    fn offer(&mut self, k: usize, v: f64, row: usize, top: bool) {
        if let Some(&(worst, _)) = self.0.first()
            && self.0.len() >= k
        {
            let better = if top { worst < v } else { worst > v };
            if !better && !worst.is_nan() {
                return;
            }
            self.pop(top);
        }
        self.0.push((v, row));
        self.up(top);
    }

    fn up(&mut self, top: bool) {
        let mut j = self.0.len().saturating_sub(1);
        while j > 0 {
            let i = (j - 1) / 2;
            if !self.less(j, i, top) {
                break;
            }
            self.0.swap(i, j);
            j = i;
        }
    }

    fn pop(&mut self, top: bool) {
        let Some(n) = self.0.len().checked_sub(1) else {
            return;
        };
        self.0.swap(0, n);
        self.0.truncate(n);
        let mut i = 0;
        loop {
            let left = 2 * i + 1;
            if left >= n {
                break;
            }
            let right = left + 1;
            let j = if right < n && self.less(right, left, top) {
                right
            } else {
                left
            };
            if !self.less(j, i, top) {
                break;
            }
            self.0.swap(i, j);
            i = j;
        }
    }
}

/// How many to keep; 0 means none.
fn whole(k: f64) -> Result<usize, ExecutionError> {
    if !(-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&k) {
        return Err(ExecutionError::NotAnInteger(k));
    }
    Ok(if k < 1.0 { 0 } else { k as usize })
}

impl Eval<'_> {
    /// The `k` largest (`top`) or smallest values of each group at each step, with their series' own labels.
    pub(crate) fn topk(
        &self,
        aggregate: &Aggregate,
        k: &Node,
        top: bool,
        grid: Grid,
        sink: &mut RowSink<'_>,
    ) -> Result<(), PromqlError> {
        let k = self.scalar(k, grid)?;
        let k: Vec<usize> = k.into_iter().map(whole).collect::<Result<_, _>>()?;
        let mut rows = self.collect(&aggregate.arg, grid)?;
        let metrics = std::mem::take(&mut rows.metrics);
        // ties are decided by the order of the series, and Prometheus reads them sorted by labels
        let mut sorted: Vec<(usize, &Metric)> = metrics.iter().enumerate().collect();
        sorted.sort_by(|(_, a), (_, b)| a.stored_order(b));
        let mut groups = Groups::new(&aggregate.grouping);
        let mut heaps: Vec<Heap> = Vec::new();
        for (number, metric) in sorted {
            self.tick()?;
            let from = groups.of(metric) * grid.len;
            if heaps.len() <= from {
                heaps.resize(from + grid.len, Heap::default());
            }
            let cells = heaps.iter_mut().skip(from);
            for ((heap, v), k) in cells.zip(rows.row(number)).zip(&k) {
                if !is_absent(*v) && *k > 0 {
                    heap.offer(*k, *v, number, top);
                }
            }
        }
        if grid.len == 1 {
            return ordered(heaps, &metrics, top, sink);
        }
        let mut chosen: Vec<Option<Vec<f64>>> = vec![None; metrics.len()];
        for (i, heap) in heaps.into_iter().enumerate() {
            let step = i % grid.len.max(1);
            for (v, number) in heap.0 {
                let Some(slot) = chosen.get_mut(number) else {
                    continue;
                };
                if slot.is_none() {
                    self.hold(grid.len)?;
                }
                let row = slot.get_or_insert_with(|| vec![absent(); grid.len]);
                if let Some(out) = row.get_mut(step) {
                    *out = v;
                }
            }
        }
        for (metric, row) in metrics.into_iter().zip(chosen) {
            if let Some(mut row) = row {
                sink(metric, &mut row)?;
            }
        }
        Ok(())
    }
}

/// At a single step the best of each group comes first.
fn ordered(
    heaps: Vec<Heap>,
    metrics: &[Metric],
    top: bool,
    sink: &mut RowSink<'_>,
) -> Result<(), PromqlError> {
    for mut heap in heaps {
        heap.0.sort_by(|(a, _), (b, _)| order(*a, *b, top));
        for (v, number) in heap.0 {
            if let Some(metric) = metrics.get(number) {
                sink(metric.clone(), &mut [v])?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn best(k: usize, top: bool, values: &[f64]) -> Vec<f64> {
        let mut heap = Heap::default();
        for (i, v) in values.iter().enumerate() {
            heap.offer(k, *v, i, top);
        }
        heap.0.sort_by(|(a, _), (b, _)| order(*a, *b, top));
        heap.0.into_iter().map(|(v, _)| v).collect()
    }

    #[test]
    fn the_best_stay() {
        assert_eq!(best(2, true, &[1.0, 5.0, 3.0, 4.0]), [5.0, 4.0]);
        assert_eq!(best(2, false, &[1.0, 5.0, 3.0, 0.0]), [0.0, 1.0]);
        assert_eq!(best(9, true, &[1.0, 2.0]), [2.0, 1.0]);
    }

    #[test]
    fn nan_gives_way_to_any_number() {
        assert_eq!(best(2, true, &[f64::NAN, 1.0, f64::NAN, 2.0]), [2.0, 1.0]);
        let with_nan = best(3, false, &[f64::NAN, 1.0, 2.0]);
        assert_eq!(with_nan.get(..2), Some(&[1.0, 2.0][..]));
        assert!(with_nan.last().is_some_and(|v| v.is_nan()));
    }

    #[test]
    fn the_parameter_must_be_a_number() {
        assert_eq!(whole(2.9), Ok(2));
        assert_eq!(whole(-3.0), Ok(0));
        assert!(whole(f64::NAN).is_err() && whole(1e19).is_err());
    }
}

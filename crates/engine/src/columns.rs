//! The window of points a query has, on one grid, and what of it is new since a revision.

use model::{Labels, RangeFrame};
use std::collections::{BTreeMap, VecDeque};

/// More series than this of one query are not kept: no panel can show them and a label explosion must not fill the memory.
pub const MAX_SERIES: usize = 200;

/// How many changes are remembered; a page that is further behind gets the whole window.
const MAX_CHANGES: usize = 64;

/// Points of all series of one query, on a regular grid, for the length of the window.
#[derive(Clone, Debug, Default)]
pub struct Columns {
    start: i64,
    step: i64,
    len: usize,
    series: BTreeMap<Labels, VecDeque<f64>>,
    epoch: u32,
    changes: VecDeque<(u64, i64)>,
    dropped: usize,
}

impl Columns {
    /// Time of the first point, ms.
    pub fn start(&self) -> i64 {
        self.start
    }

    /// Distance of two points, ms; 0 while empty.
    pub fn step(&self) -> i64 {
        self.step
    }

    /// Points of each series.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing has been merged yet.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Changes when series come or go or the grid is another one, so that points can't be matched any more.
    pub fn epoch(&self) -> u32 {
        self.epoch
    }

    /// Series that were left out of the last answer because there were more than [`MAX_SERIES`].
    pub fn dropped(&self) -> usize {
        self.dropped
    }

    /// Series in order of their labels.
    pub fn series(&self) -> impl ExactSizeIterator<Item = (&Labels, &VecDeque<f64>)> {
        self.series.iter()
    }

    /// Time of the last point, ms; `None` while empty.
    pub fn last(&self) -> Option<i64> {
        (self.len > 0).then(|| self.time(self.len - 1))
    }

    fn time(&self, i: usize) -> i64 {
        self.start + self.step * i as i64
    }

    /// The newest point that is not a gap: its time and value.
    pub fn newest(&self, values: &VecDeque<f64>) -> Option<(i64, f64)> {
        values
            .iter()
            .rposition(|v| !v.is_nan())
            .map(|i| (self.time(i), values[i]))
    }

    /// From when on points differ from those at revision `since`, or `None` when nothing changed.
    /// The beginning of the window when the page is too far behind.
    pub fn changed_since(&self, since: u64) -> Option<i64> {
        if self.changes.len() == MAX_CHANGES
            && self.changes.front().is_some_and(|(rev, _)| *rev > since)
        {
            return Some(self.start);
        }
        self.changes
            .iter()
            .filter(|(rev, _)| *rev > since)
            .map(|(_, from)| *from)
            .min()
    }

    /// Takes an answer over, as change number `revision`: its points replace those of the same times, points before `window_start`
    /// are dropped, a series without any point left is forgotten. A series that the answer lacks has gaps there.
    ///
    /// Answers with whether anything changed.
    pub fn merge(&mut self, answer: &RangeFrame, window_start: i64, revision: u64) -> bool {
        if answer.step_ms <= 0 {
            return false;
        }
        let fits = self.len > 0
            && self.step == answer.step_ms
            && (answer.start_ms - self.start).rem_euclid(self.step) == 0
            && answer.start_ms >= self.start
            && answer.start_ms <= self.time(self.len);
        let before = self.labels_hash();
        if !fits {
            *self = Self {
                epoch: self.epoch,
                changes: std::mem::take(&mut self.changes),
                ..Self::default()
            };
            self.start = answer.start_ms;
            self.step = answer.step_ms;
        }
        let changed_from = self.write(answer);
        self.trim(window_start);
        let others = !fits || before != self.labels_hash();
        if others {
            self.epoch = self.epoch.wrapping_add(1);
        }
        let from = if others {
            Some(self.start)
        } else {
            changed_from
        };
        if let Some(from) = from {
            if self.changes.len() == MAX_CHANGES {
                self.changes.pop_front();
            }
            self.changes.push_back((revision, from));
        }
        from.is_some()
    }

    /// Writes the answer's points; the time of the first one that differs.
    fn write(&mut self, answer: &RangeFrame) -> Option<i64> {
        let offset = usize::try_from((answer.start_ms - self.start) / self.step).unwrap_or(0);
        let new_len = self.len.max(offset + answer.len);
        let mut first = (new_len > self.len).then_some(self.len);
        for values in self.series.values_mut() {
            values.resize(new_len, f64::NAN);
        }
        self.len = new_len;
        let mut given: Vec<&Labels> = Vec::with_capacity(answer.series.len());
        self.dropped = 0;
        for (labels, values) in &answer.series {
            if !self.series.contains_key(labels) {
                if self.series.len() >= MAX_SERIES {
                    self.dropped += 1;
                    continue;
                }
                self.series
                    .insert(labels.clone(), VecDeque::from(vec![f64::NAN; new_len]));
            }
            given.push(labels);
            if let Some(column) = self.series.get_mut(labels) {
                put(column, offset, values, &mut first);
            }
        }
        given.sort_unstable();
        for (labels, column) in &mut self.series {
            if given.binary_search(&labels).is_err() {
                let gap = std::iter::repeat_n(&f64::NAN, answer.len);
                put_iter(column, offset, gap, &mut first);
            }
        }
        first.map(|i| self.time(i))
    }

    fn trim(&mut self, window_start: i64) {
        if self.step <= 0 || window_start <= self.start {
            return self.forget_empty();
        }
        let drop = usize::try_from((window_start - self.start + self.step - 1) / self.step)
            .unwrap_or(0)
            .min(self.len);
        for values in self.series.values_mut() {
            values.drain(..drop);
        }
        self.len -= drop;
        self.start += self.step * drop as i64;
        self.forget_empty();
    }

    fn forget_empty(&mut self) {
        self.series
            .retain(|_, values| values.iter().any(|v| !v.is_nan()));
    }

    fn labels_hash(&self) -> Vec<Labels> {
        self.series.keys().cloned().collect()
    }
}

fn put(column: &mut VecDeque<f64>, offset: usize, values: &[f64], first: &mut Option<usize>) {
    put_iter(column, offset, values.iter(), first);
}

fn put_iter<'a>(
    column: &mut VecDeque<f64>,
    offset: usize,
    values: impl Iterator<Item = &'a f64>,
    first: &mut Option<usize>,
) {
    for (i, new) in values.enumerate() {
        let Some(old) = column.get_mut(offset + i) else {
            return;
        };
        let same = *old == *new || (old.is_nan() && new.is_nan());
        if !same {
            *old = *new;
            *first = Some(first.map_or(offset + i, |f| f.min(offset + i)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(start: i64, values: &[(&str, &[f64])]) -> RangeFrame {
        RangeFrame {
            start_ms: start,
            step_ms: 10,
            len: values.first().map_or(0, |v| v.1.len()),
            series: values
                .iter()
                .map(|(n, v)| (Labels::from_pairs([("i", *n)]), v.to_vec()))
                .collect(),
        }
    }

    fn points(c: &Columns) -> Vec<Vec<f64>> {
        c.series()
            .map(|(_, v)| v.iter().copied().collect())
            .collect()
    }

    #[test]
    fn an_overlap_with_the_same_values_is_no_change() {
        let mut c = Columns::default();
        assert!(c.merge(&frame(0, &[("a", &[1., 2., 3.])]), 0, 1));
        assert_eq!(c.changed_since(0), Some(0));
        assert!(!c.merge(&frame(10, &[("a", &[2., 3.])]), 0, 2));
        assert!(c.merge(&frame(20, &[("a", &[3., 4.])]), 0, 3));
        assert_eq!(c.changed_since(1), Some(30));
        assert_eq!(c.changed_since(3), None);
        assert_eq!(c.epoch(), 1);
        assert_eq!(points(&c), [[1., 2., 3., 4.]]);
    }

    #[test]
    fn late_points_heal_the_past() {
        let mut c = Columns::default();
        c.merge(&frame(0, &[("a", &[1., 2., f64::NAN])]), 0, 1);
        c.merge(&frame(10, &[("a", &[2., 9., 4.])]), 0, 2);
        assert_eq!(c.changed_since(1), Some(20));
        assert_eq!(points(&c), [[1., 2., 9., 4.]]);
    }

    #[test]
    fn the_window_moves_and_series_come_and_go() {
        let mut c = Columns::default();
        c.merge(&frame(0, &[("a", &[1., 2.]), ("b", &[5., f64::NAN])]), 0, 1);
        c.merge(&frame(20, &[("a", &[3.])]), 10, 2);
        assert_eq!(c.epoch(), 2, "b has left the window");
        assert_eq!((c.start(), c.len()), (10, 2));
        c.merge(&frame(30, &[("a", &[4.]), ("n", &[7.])]), 10, 3);
        assert_eq!(c.epoch(), 3);
        let p = points(&c);
        assert_eq!(p[0], [2., 3., 4.]);
        assert!(p[1][0].is_nan() && p[1][2] == 7.);
    }

    #[test]
    fn another_step_or_a_hole_begins_anew() {
        let mut c = Columns::default();
        c.merge(&frame(0, &[("a", &[1., 2.])]), 0, 1);
        c.merge(&frame(100, &[("a", &[3.])]), 0, 2);
        assert_eq!((c.start(), c.len(), c.epoch()), (100, 1, 2));
        let mut other = frame(100, &[("a", &[3.])]);
        other.step_ms = 5;
        c.merge(&other, 0, 3);
        assert_eq!((c.step(), c.epoch()), (5, 3));
    }

    #[test]
    fn a_label_explosion_is_bounded() {
        let mut c = Columns::default();
        let many = RangeFrame {
            start_ms: 0,
            step_ms: 1,
            len: 1,
            series: (0..1000)
                .map(|i| (Labels::from_pairs([("i", i.to_string())]), vec![1.0]))
                .collect(),
        };
        c.merge(&many, 0, 1);
        assert_eq!(
            (c.series().len(), c.dropped()),
            (MAX_SERIES, 1000 - MAX_SERIES)
        );
    }
}

//! `and`, `or`, `unless`: one side lets rows of the other one through, step by step.

use crate::error::PromqlError;
use crate::eval::{Eval, RowSink};
use crate::plan::{Matching, Node, SetOperation, SetOperator};
use crate::rows::{Grid, Merge, Metric, absent, is_absent};
use hashbrown::HashMap;

/// For each match group the steps at which it has a value.
struct Presence<'a> {
    matching: &'a Matching,
    index: HashMap<Box<[u8]>, usize>,
    present: Vec<bool>,
    steps: usize,
    key: Vec<u8>,
}

impl<'a> Presence<'a> {
    fn new(matching: &'a Matching, steps: usize) -> Self {
        Self {
            matching,
            index: HashMap::new(),
            present: Vec::new(),
            steps,
            key: Vec::new(),
        }
    }

    /// Adds a row; true if its group is new.
    fn add(&mut self, metric: &Metric, row: &[f64]) -> bool {
        self.matching.signature(metric, &mut self.key);
        let (group, new) = match self.index.get(self.key.as_slice()) {
            Some(group) => (*group, false),
            None => {
                let group = self.index.len();
                self.index.insert(self.key.as_slice().into(), group);
                self.present.resize((group + 1) * self.steps, false);
                (group, true)
            }
        };
        let flags = self.present.iter_mut().skip(group * self.steps);
        for (flag, v) in flags.zip(row) {
            *flag = *flag || !is_absent(*v);
        }
        new
    }

    /// Keeps the values of `row` where its group is present (or where it is not); whether any is left.
    fn mask(&mut self, metric: &Metric, row: &mut [f64], where_present: bool) -> bool {
        self.matching.signature(metric, &mut self.key);
        let flags = self
            .index
            .get(self.key.as_slice())
            .and_then(|group| self.present.get(group * self.steps..))
            .unwrap_or(&[]);
        let mut any = false;
        for (i, v) in row.iter_mut().enumerate() {
            if flags.get(i).copied().unwrap_or(false) != where_present {
                *v = absent();
            }
            any = any || !is_absent(*v);
        }
        any
    }
}

impl Eval<'_> {
    pub(crate) fn set(
        &self,
        set: &SetOperation,
        grid: Grid,
        sink: &mut RowSink<'_>,
    ) -> Result<(), PromqlError> {
        let mut presence = Presence::new(&set.matching, grid.len);
        if set.op == SetOperator::Or {
            return self.union(set, presence, grid, sink);
        }
        self.note(&mut presence, &set.right, grid)?;
        self.stream(&set.left, grid, &mut |metric, row| {
            if presence.mask(&metric, row, set.op == SetOperator::And) {
                sink(metric, row)?;
            }
            Ok(())
        })
    }

    fn note(
        &self,
        presence: &mut Presence<'_>,
        node: &Node,
        grid: Grid,
    ) -> Result<(), PromqlError> {
        self.stream(node, grid, &mut |metric, row| {
            if presence.add(&metric, row) {
                self.hold(row.len().div_ceil(8))?;
            }
            Ok(())
        })
    }

    fn union(
        &self,
        set: &SetOperation,
        mut presence: Presence<'_>,
        grid: Grid,
        sink: &mut RowSink<'_>,
    ) -> Result<(), PromqlError> {
        // a series may be on the left at one step and on the right at another: it is one series of the result
        let mut merge = Merge::new(grid.len);
        self.stream(&set.left, grid, &mut |metric, row| {
            presence.add(&metric, row);
            self.merge(&mut merge, metric, row)
        })?;
        self.stream(&set.right, grid, &mut |metric, row| {
            if presence.mask(&metric, row, false) {
                self.merge(&mut merge, metric, row)?;
            }
            Ok(())
        })?;
        self.emit(merge.rows, sink)
    }
}

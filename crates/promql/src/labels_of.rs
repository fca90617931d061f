//! `label_replace` and `label_join`.

use crate::error::PromqlError;
use crate::eval::{Eval, RowSink};
use crate::plan::{LabelJoin, LabelReplace, Node};
use crate::rows::{Grid, Merge, Metric};
use model::Labels;

impl Eval<'_> {
    pub(crate) fn label_replace(
        &self,
        replace: &LabelReplace,
        grid: Grid,
        sink: &mut RowSink<'_>,
    ) -> Result<(), PromqlError> {
        self.relabel(&replace.arg, grid, sink, |labels| {
            let value = labels.get(&replace.source).unwrap_or("");
            let Some(found) = replace.pattern.captures(value) else {
                return labels;
            };
            let mut expanded = String::new();
            found.expand(&replace.replacement, &mut expanded);
            labels.with(&replace.target, &expanded)
        })
    }

    pub(crate) fn label_join(
        &self,
        join: &LabelJoin,
        grid: Grid,
        sink: &mut RowSink<'_>,
    ) -> Result<(), PromqlError> {
        self.relabel(&join.arg, grid, sink, |labels| {
            let values: Vec<&str> = join
                .sources
                .iter()
                .map(|source| labels.get(source).unwrap_or(""))
                .collect();
            labels.with(&join.target, &values.join(&join.separator))
        })
    }

    fn relabel(
        &self,
        arg: &Node,
        grid: Grid,
        sink: &mut RowSink<'_>,
        relabel: impl Fn(Labels) -> Labels,
    ) -> Result<(), PromqlError> {
        let mut merge = Merge::new(grid.len);
        self.stream(arg, grid, &mut |metric, row| {
            let metric = Metric::new(relabel(metric.into_labels()));
            self.merge(&mut merge, metric, row)
        })?;
        self.emit(merge.rows, sink)
    }
}

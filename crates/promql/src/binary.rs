//! Arithmetic and comparison: between scalars, with a scalar row by row, and between vectors by matching labels.

use crate::error::{ExecutionError, PromqlError};
use crate::eval::{Eval, RowSink};
use crate::plan::{Binary, Cardinality, Matching, Operator};
use crate::rows::{Grid, Merge, Metric, Rows, absent, is_absent};
use hashbrown::HashMap;
use model::Labels;
use model::labels::METRIC_NAME;

/// The operation's number, and for comparisons whether it holds.
fn apply(op: Operator, l: f64, r: f64) -> (f64, bool) {
    match op {
        Operator::Add => (l + r, true),
        Operator::Sub => (l - r, true),
        Operator::Mul => (l * r, true),
        Operator::Div => (l / r, true),
        Operator::Mod => (l % r, true),
        Operator::Pow => (l.powf(r), true),
        Operator::Atan2 => (l.atan2(r), true),
        Operator::Equal => (l, l == r),
        Operator::NotEqual => (l, l != r),
        Operator::Greater => (l, l > r),
        Operator::Less => (l, l < r),
        Operator::GreaterEqual => (l, l >= r),
        Operator::LessEqual => (l, l <= r),
    }
}

/// Between scalars, where a comparison gives 0 or 1.
pub(crate) fn scalars(op: Operator, l: f64, r: f64) -> f64 {
    let (value, holds) = apply(op, l, r);
    if op.is_comparison() {
        f64::from(u8::from(holds))
    } else {
        value
    }
}

/// Between elements of vectors: the value, or none where the comparison filters it out.
fn elements(op: Operator, l: f64, r: f64, return_bool: bool) -> Option<f64> {
    let (value, holds) = apply(op, l, r);
    if return_bool {
        Some(f64::from(u8::from(holds)))
    } else {
        holds.then_some(value)
    }
}

impl Matching {
    /// Whether label `name` counts.
    fn counts(&self, name: &str) -> bool {
        let listed = self.labels.iter().any(|l| l == name);
        if self.on {
            listed
        } else {
            !listed && name != METRIC_NAME
        }
    }

    /// Writes what tells the match group of `metric` from others.
    pub(crate) fn signature(&self, metric: &Metric, key: &mut Vec<u8>) {
        key.clear();
        for (name, value) in metric.iter().filter(|(n, _)| self.counts(n)) {
            // no label contains 0xff: it is not UTF-8
            for part in [name, value] {
                key.extend_from_slice(part.as_bytes());
                key.push(0xff);
            }
        }
    }

    fn group(&self, metric: &Metric) -> Labels {
        Labels::from_pairs(metric.iter().filter(|(n, _)| self.counts(n)))
    }
}

/// The side that has one series for each match group.
struct OneSide {
    rows: Rows,
    index: HashMap<Box<[u8]>, usize>,
    /// Rows of each group. Several are fine while no step has two of them.
    groups: Vec<Vec<usize>>,
    /// Per step two rows of the same group, if there are; empty if there are none at all.
    clashes: Vec<Option<(usize, usize)>>,
}

impl OneSide {
    fn new(
        eval: &Eval<'_>,
        rows: Rows,
        matching: &Matching,
        steps: usize,
    ) -> Result<Self, PromqlError> {
        let mut index: HashMap<Box<[u8]>, usize> = HashMap::new();
        let mut groups: Vec<Vec<usize>> = Vec::new();
        let mut key = Vec::new();
        for (i, metric) in rows.metrics.iter().enumerate() {
            matching.signature(metric, &mut key);
            let group = match index.get(key.as_slice()) {
                Some(group) => *group,
                None => {
                    index.insert(key.as_slice().into(), groups.len());
                    groups.push(Vec::new());
                    groups.len() - 1
                }
            };
            if let Some(members) = groups.get_mut(group) {
                members.push(i);
            }
        }
        let mut side = Self {
            rows,
            index,
            groups,
            clashes: Vec::new(),
        };
        side.find_clashes(eval, steps)?;
        Ok(side)
    }

    fn find_clashes(&mut self, eval: &Eval<'_>, steps: usize) -> Result<(), PromqlError> {
        for members in self.groups.iter().filter(|m| m.len() > 1) {
            for step in 0..steps {
                eval.tick()?;
                let mut present = members.iter().filter(|i| {
                    let v = self.rows.row(**i).get(step);
                    v.is_some_and(|v| !is_absent(*v))
                });
                if let (Some(a), Some(b)) = (present.next(), present.next()) {
                    self.clashes.resize(steps, None);
                    if let Some(clash) = self.clashes.get_mut(step) {
                        clash.get_or_insert((*a, *b));
                    }
                }
            }
        }
        Ok(())
    }

    /// An error if `row` of the other side has a value at a step that has two series of one group here.
    fn check(
        &self,
        row: &[f64],
        matching: &Matching,
        side: &'static str,
    ) -> Result<(), ExecutionError> {
        let clash = self
            .clashes
            .iter()
            .zip(row)
            .find_map(|(clash, v)| clash.filter(|_| !is_absent(*v)));
        let Some((a, b)) = clash else {
            return Ok(());
        };
        match (self.rows.metrics.get(a), self.rows.metrics.get(b)) {
            (Some(a), Some(b)) => Err(ExecutionError::ManyToMany {
                group: matching.group(a).to_string(),
                side,
                first: b.to_string(),
                second: a.to_string(),
            }),
            _ => Ok(()),
        }
    }
}

impl Eval<'_> {
    pub(crate) fn arithmetic(
        &self,
        binary: &Binary,
        grid: Grid,
        sink: &mut RowSink<'_>,
    ) -> Result<(), PromqlError> {
        match (binary.left.is_scalar(), binary.right.is_scalar()) {
            (true, true) => {
                let mut row = self.scalar(&binary.left, grid)?;
                let right = self.scalar(&binary.right, grid)?;
                for (l, r) in row.iter_mut().zip(right) {
                    *l = scalars(binary.op, *l, r);
                }
                sink(Metric::new(Labels::default()), &mut row)
            }
            (true, false) | (false, true) => self.with_scalar(binary, grid, sink),
            (false, false) => self.vectors(binary, grid, sink),
        }
    }

    fn with_scalar(
        &self,
        binary: &Binary,
        grid: Grid,
        sink: &mut RowSink<'_>,
    ) -> Result<(), PromqlError> {
        let swapped = binary.left.is_scalar();
        let (vector, scalar) = if swapped {
            (&binary.right, &binary.left)
        } else {
            (&binary.left, &binary.right)
        };
        let scalar = self.scalar(scalar, grid)?;
        let drops_name = binary.op.drops_name() || binary.return_bool;
        let distinct = !drops_name || vector.distinct();
        self.dropping_names(distinct, grid, sink, &mut |sink| {
            self.stream(vector, grid, &mut |metric, row| {
                let mut any = false;
                for (v, s) in row.iter_mut().zip(&scalar) {
                    if is_absent(*v) {
                        continue;
                    }
                    let (l, r) = if swapped { (*s, *v) } else { (*v, *s) };
                    // a filter passes the vector's value, on whichever side it stands
                    *v = match elements(binary.op, l, r, binary.return_bool) {
                        Some(_) if binary.op.is_comparison() && !binary.return_bool => *v,
                        Some(result) => result,
                        None => absent(),
                    };
                    any = any || !is_absent(*v);
                }
                if !any {
                    return Ok(());
                }
                let metric = if drops_name {
                    metric.drop_name()
                } else {
                    metric
                };
                sink(metric, row)
            })
        })
    }

    /// Between vectors: the "one" side is held, the other one streams past it.
    fn vectors(
        &self,
        binary: &Binary,
        grid: Grid,
        sink: &mut RowSink<'_>,
    ) -> Result<(), PromqlError> {
        let swapped = binary.cardinality == Cardinality::OneToMany;
        let (many, one, side) = if swapped {
            (&binary.right, &binary.left, "left")
        } else {
            (&binary.left, &binary.right, "right")
        };
        let one = OneSide::new(self, self.collect(one, grid)?, &binary.matching, grid.len)?;
        let explicit = binary.cardinality != Cardinality::OneToOne;
        let mut matched = vec![
            false;
            if explicit {
                0
            } else {
                one.groups.len() * grid.len
            }
        ];
        let mut merge = Merge::new(grid.len);
        let mut out = self.empty_row(grid)?;
        let mut key = Vec::new();
        self.stream(many, grid, &mut |metric, row| {
            one.check(row, &binary.matching, side)?;
            binary.matching.signature(&metric, &mut key);
            let Some(&group) = one.index.get(key.as_slice()) else {
                return Ok(());
            };
            for &member in one.groups.get(group).into_iter().flatten() {
                self.tick()?;
                let values = Values {
                    many: row,
                    one: one.rows.row(member),
                    swapped,
                };
                let matched = matched.get_mut(group * grid.len..).unwrap_or(&mut []);
                if !combine(binary, &values, &mut out, matched)? {
                    continue;
                }
                if let Some(one) = one.rows.metrics.get(member) {
                    let metric = result_metric(binary, &metric, one);
                    self.merge(&mut merge, metric, &out).map_err(|e| match e {
                        PromqlError::Execution(ExecutionError::DuplicateLabels) if explicit => {
                            ExecutionError::AmbiguousGrouping.into()
                        }
                        other => other,
                    })?;
                }
            }
            Ok(())
        })?;
        self.emit(merge.rows, sink)
    }
}

struct Values<'a> {
    many: &'a [f64],
    one: &'a [f64],
    /// Whether "many" is the right operand.
    swapped: bool,
}

/// Computes one pair of rows into `out`; whether there is any value. `matched` has a flag for each step of the
/// match group unless several matches are allowed (then it is empty).
fn combine(
    binary: &Binary,
    values: &Values<'_>,
    out: &mut [f64],
    matched: &mut [bool],
) -> Result<bool, ExecutionError> {
    let mut any = false;
    for (i, ((out, many), one)) in out.iter_mut().zip(values.many).zip(values.one).enumerate() {
        *out = absent();
        if is_absent(*many) || is_absent(*one) {
            continue;
        }
        let (l, r) = if values.swapped {
            (*one, *many)
        } else {
            (*many, *one)
        };
        let Some(v) = elements(binary.op, l, r, binary.return_bool) else {
            continue;
        };
        if let Some(matched) = matched.get_mut(i) {
            if *matched {
                return Err(ExecutionError::ImplicitManyToOne);
            }
            *matched = true;
        }
        *out = v;
        any = true;
    }
    Ok(any)
}

/// The labels of a result: those of the "many" side, less what the matching leaves out, plus what `group_left`
/// or `group_right` takes from the "one" side.
fn result_metric(binary: &Binary, many: &Metric, one: &Metric) -> Metric {
    let one_to_one = binary.cardinality == Cardinality::OneToOne;
    let listed = |name: &str| binary.matching.labels.iter().any(|l| l == name);
    let keeps = |name: &str| {
        let named = !(binary.op.drops_name() && name == METRIC_NAME);
        let matches = !one_to_one || listed(name) == binary.matching.on;
        named && matches && !binary.include.iter().any(|l| l == name)
    };
    let unchanged = !one_to_one || (!binary.matching.on && binary.matching.labels.is_empty());
    if unchanged && binary.include.is_empty() {
        let drops = binary.op.drops_name() || binary.return_bool;
        return if drops {
            many.clone().drop_name()
        } else {
            many.clone()
        };
    }
    let kept = many.iter().filter(|(n, _)| keeps(n));
    let taken = binary
        .include
        .iter()
        .filter_map(|name| one.get(name).map(|value| (name.as_str(), value)));
    let metric = Metric::new(Labels::from_pairs(kept.chain(taken)));
    if binary.return_bool {
        metric.drop_name()
    } else {
        metric
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comparisons_filter_or_say_yes_and_no() {
        assert_eq!(elements(Operator::Greater, 2.0, 1.0, false), Some(2.0));
        assert_eq!(elements(Operator::Greater, 1.0, 2.0, false), None);
        assert_eq!(elements(Operator::Greater, 1.0, 2.0, true), Some(0.0));
        assert_eq!(scalars(Operator::NotEqual, f64::NAN, f64::NAN), 1.0);
        assert_eq!(scalars(Operator::Mod, -7.0, 3.0), -1.0);
        assert_eq!(scalars(Operator::Pow, 2.0, 10.0), 1024.0);
    }

    #[test]
    fn signatures_leave_the_name_out_unless_asked_for() {
        let metric = Metric::new(Labels::from_pairs([
            ("__name__", "m"),
            ("a", "1"),
            ("b", "2"),
        ]));
        let group = |on, labels: &[&str]| {
            let labels = labels.iter().map(|l| (*l).to_owned()).collect();
            Matching { on, labels }.group(&metric).to_string()
        };
        assert_eq!(group(false, &[]), r#"{a="1", b="2"}"#);
        assert_eq!(group(false, &["b"]), r#"{a="1"}"#);
        assert_eq!(group(true, &["b", "c"]), r#"{b="2"}"#);
        assert_eq!(group(true, &["__name__"]), "m");
    }
}

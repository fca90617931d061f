//! How bad: one value of many series, its severity, and the verdict on the whole.

use crate::freshness::Freshness;
use model::board::{Concept, Panel, Query, Reduce, Role};
use model::{Direction, Severity, Thresholds};
use std::collections::BTreeMap;

/// One judged value.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Judged {
    /// The value; NaN when there is none.
    pub value: f64,
    /// Data time, ms.
    pub at: Option<i64>,
    /// Against its budget.
    pub freshness: Freshness,
    /// Against its limits; a value whose freshness is unknown says nothing and is normal.
    pub severity: Severity,
}

/// The limits in force for a query: its own, the panel's (for the main queries), those of the only concept it uses.
pub fn thresholds(
    panel: &Panel,
    query: &Query,
    concepts: &BTreeMap<String, Concept>,
) -> Option<Thresholds> {
    let of_panel = || {
        if query.role == Role::Main {
            panel.thresholds
        } else {
            None
        }
    };
    let of_concept = || match query.concepts().as_slice() {
        [only] => concepts.get(only).and_then(|c| c.thresholds),
        _ => None,
    };
    query
        .thresholds
        .or_else(of_panel)
        .or_else(of_concept)
        .filter(Thresholds::is_set)
}

/// Judges one value.
pub fn judge(
    value: f64,
    at: Option<i64>,
    freshness: Freshness,
    limits: Option<&Thresholds>,
) -> Judged {
    let severity = match (freshness, limits) {
        (Freshness::Unknown, _) | (_, None) => Severity::Normal,
        (_, Some(l)) => l.severity(value),
    };
    Judged {
        value,
        at,
        freshness,
        severity,
    }
}

/// One value of many. Values of unknown age are left out as long as there are others; NaN always.
pub fn reduce(all: &[Judged], how: Reduce, limits: Option<&Thresholds>) -> Judged {
    let known: Vec<&Judged> = all
        .iter()
        .filter(|j| !j.value.is_nan() && j.freshness != Freshness::Unknown)
        .collect();
    let used = if known.is_empty() {
        all.iter().filter(|j| !j.value.is_nan()).collect()
    } else {
        known
    };
    if used.is_empty() {
        return Judged {
            value: if how == Reduce::Count { 0.0 } else { f64::NAN },
            ..Judged::default()
        };
    }
    let below = limits.is_some_and(|l| l.direction == Direction::Below);
    let pick = |smallest: bool| {
        let by = |a: &&&Judged, b: &&&Judged| a.value.total_cmp(&b.value);
        let found = if smallest {
            used.iter().min_by(by)
        } else {
            used.iter().max_by(by)
        };
        found.map(|j| **j).unwrap_or_default()
    };
    let folded = |value: f64| {
        let at = used.iter().map(|j| j.at).min().flatten();
        let freshness = used.iter().map(|j| j.freshness).max().unwrap_or_default();
        judge(value, at, freshness, limits)
    };
    let sum: f64 = used.iter().map(|j| j.value).sum();
    match how {
        Reduce::Worst => pick(below),
        Reduce::Min => pick(true),
        Reduce::Max => pick(false),
        Reduce::Sum => folded(sum),
        Reduce::Mean => folded(sum / used.len() as f64),
        Reduce::Count => folded(used.len() as f64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn j(value: f64, freshness: Freshness) -> Judged {
        judge(value, Some(1), freshness, Some(&LIMITS))
    }
    const LIMITS: Thresholds = Thresholds {
        warning: Some(70.0),
        critical: Some(85.0),
        emergency: None,
        direction: Direction::Above,
    };

    #[test]
    fn the_worst_of_what_is_known() {
        let all = [
            j(50.0, Freshness::Fresh),
            j(90.0, Freshness::Fresh),
            j(99.0, Freshness::Unknown),
            j(f64::NAN, Freshness::Fresh),
        ];
        let worst = reduce(&all, Reduce::Worst, Some(&LIMITS));
        assert_eq!((worst.value, worst.severity), (90.0, Severity::Critical));
        let below = Thresholds {
            direction: Direction::Below,
            warning: Some(60.0),
            ..Default::default()
        };
        assert_eq!(reduce(&all, Reduce::Worst, Some(&below)).value, 50.0);
        assert_eq!(
            reduce(&all, Reduce::Sum, Some(&LIMITS)).severity,
            Severity::Critical
        );
        assert_eq!(reduce(&all, Reduce::Count, None).value, 2.0);
        assert!(reduce(&[], Reduce::Worst, None).value.is_nan());
    }

    #[test]
    fn a_value_of_unknown_age_is_no_alarm() {
        assert_eq!(j(99.0, Freshness::Unknown).severity, Severity::Normal);
        let only_old = reduce(&[j(99.0, Freshness::Unknown)], Reduce::Worst, Some(&LIMITS));
        assert_eq!(
            (only_old.value, only_old.freshness, only_old.severity),
            (99.0, Freshness::Unknown, Severity::Normal)
        );
    }
}

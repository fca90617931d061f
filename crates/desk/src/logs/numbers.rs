//! How large a number is in lines, by the values of a field. Stores do not reckon that alike, so it is done here over the newest
//! lines, and the answer says over how many.

use super::ask::newest;
use super::scope::store_error;
use super::views;
use model::log::{Field, Filter, LogRange};
use source::Logs;
use std::collections::BTreeMap;
use std::sync::Arc;
use wire::{ErrorView, LogNumbersRow, LogNumbersView};

/// Lines that are looked at.
const LINES: usize = 10_000;
/// Groups that are kept while reading; the others are left out.
const GROUPS: usize = 2_000;

/// Mean, quantiles and the largest of `number` in the lines of each value of `by`.
///
/// # Errors
/// What the store answers.
pub(super) async fn find(
    store: Arc<dyn Logs>,
    mut range: LogRange,
    by: Field,
    number: Field,
    limit: usize,
) -> Result<LogNumbersView, ErrorView> {
    range.filter = range
        .filter
        .and(Filter::Has(by.clone()))
        .and(Filter::Has(number.clone()));
    let mut groups: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    let read = newest(store.as_ref(), &range, LINES, |lines| {
        for line in &lines {
            let (Some(group), Some(size)) = (
                logs::field_text(line, &by),
                logs::field_number(line, &number),
            ) else {
                continue;
            };
            let group = views::head(&group, 300).0;
            if groups.len() < GROUPS || groups.contains_key(&group) {
                groups.entry(group).or_default().push(size);
            }
        }
    })
    .await;
    let (looked_at, whole) = read.map_err(|e| store_error(&e))?;
    let mut rows: Vec<LogNumbersRow> = groups
        .into_iter()
        .map(|(value, sizes)| row(value, sizes))
        .collect();
    rows.sort_by(|a, b| {
        b.lines
            .total_cmp(&a.lines)
            .then_with(|| a.value.cmp(&b.value))
    });
    rows.truncate(limit);
    Ok(LogNumbersView {
        rows,
        looked_at: looked_at as f64,
        whole,
    })
}

/// By the nearest rank: a quantile is a size that was measured.
fn row(value: String, mut sizes: Vec<f64>) -> LogNumbersRow {
    sizes.sort_by(f64::total_cmp);
    let rank = |q: f64| {
        let at = (q * sizes.len() as f64).ceil() as usize;
        sizes.get(at.saturating_sub(1)).copied().unwrap_or_default()
    };
    LogNumbersRow {
        value,
        lines: sizes.len() as f64,
        mean: sizes.iter().sum::<f64>() / sizes.len().max(1) as f64,
        p50: rank(0.5),
        p95: rank(0.95),
        max: sizes.last().copied().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_sizes_that_were_measured() {
        let row = row("a".into(), (1..=100).rev().map(f64::from).collect());
        assert_eq!(
            (row.lines, row.mean, row.p50, row.p95, row.max),
            (100.0, 50.5, 50.0, 95.0, 100.0)
        );
        let one = super::row("b".into(), vec![3.0]);
        assert_eq!((one.p50, one.p95, one.max), (3.0, 3.0, 3.0));
    }
}

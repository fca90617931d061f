//! The metric around the firing, and as it was a day and a week before.

use super::in_time;
use crate::duty::DutyHandle;
use crate::duty::chart::Book;
use model::Labels;
use model::duty::AlertId;
use wire::{AlertChart, Baseline, ErrorView, InvestigationMetric};

const DAY: i64 = 86_400_000;

/// How much earlier, ms.
const fn earlier(baseline: Baseline) -> i64 {
    match baseline {
        Baseline::Day => DAY,
        Baseline::Week => 7 * DAY,
    }
}

/// The chart, and what is known of its first series before.
pub(super) async fn gather(duty: &DutyHandle, book: &Book, id: AlertId) -> InvestigationMetric {
    let work = async {
        let chart = duty.chart(id).await?;
        let (day, week) = tokio::join!(
            before(book, &chart, Baseline::Day),
            before(book, &chart, Baseline::Week),
        );
        let known = [(Baseline::Day, day), (Baseline::Week, week)];
        let baselines = known
            .into_iter()
            .filter_map(|(which, points)| Some((which, points?)))
            .collect();
        Ok::<_, ErrorView>((chart, baselines))
    };
    match in_time(work).await {
        (Ok((chart, baselines)), took_ms) => InvestigationMetric {
            chart: Some(chart),
            baselines,
            error: None,
            took_ms,
        },
        (Err(error), took_ms) => InvestigationMetric {
            error: Some(error),
            took_ms,
            ..InvestigationMetric::default()
        },
    }
}

/// The chart's first series as it was before; a source that does not know, or fails, has none: the chart itself says how the source is.
async fn before(book: &Book, chart: &AlertChart, which: Baseline) -> Option<Vec<Option<f64>>> {
    let (series, points) = chart.series.first()?;
    let (_, _, metrics) = book.iter().find(|(name, _, _)| *name == series.source)?;
    let shift = earlier(which);
    let (from, to, step) = (
        chart.from as i64 - shift,
        chart.to as i64 - shift,
        chart.step as i64,
    );
    let answer = metrics.range(&chart.expr, from, to, step).await.ok()?;
    let wanted = Labels::from_pairs(series.labels.iter().map(|(n, v)| (n.as_str(), v.as_str())));
    let (_, values) = answer
        .value
        .series
        .into_iter()
        .find(|(labels, _)| *labels == wanted)?;
    let points: Vec<Option<f64>> = values
        .into_iter()
        .take(points.len())
        .map(|v| v.is_finite().then_some(v))
        .collect();
    points.iter().any(Option::is_some).then_some(points)
}

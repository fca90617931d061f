//! The metric around the firing, and as it was a day and a week before.

use super::deadline::Deadline;
use crate::duty::DutyHandle;
use crate::duty::chart::Book;
use model::Labels;
use model::duty::AlertId;
use wire::{AlertChart, Baseline, InvestigationMetric};

const DAY: i64 = 86_400_000;

/// How much earlier, ms.
const fn earlier(baseline: Baseline) -> i64 {
    match baseline {
        Baseline::Day => DAY,
        Baseline::Week => 7 * DAY,
    }
}

/// The chart, and what is known of its first series before.
pub(super) async fn gather(
    duty: &DutyHandle,
    book: &Book,
    id: AlertId,
    all: Deadline,
) -> InvestigationMetric {
    match all.keep(duty.chart(id)).await {
        Ok(chart) => with_baselines(chart, book, all).await,
        Err(error) => InvestigationMetric {
            error: Some(error),
            took_ms: all.took_ms(),
            ..InvestigationMetric::default()
        },
    }
}

/// The chart stays whatever becomes of what was before; each stretch is given up by itself.
async fn with_baselines(chart: AlertChart, book: &Book, all: Deadline) -> InvestigationMetric {
    let one = async |which| {
        let points = all
            .keep(async { Ok(before(book, &chart, which).await) })
            .await;
        (which, points)
    };
    let (day, week) = tokio::join!(one(Baseline::Day), one(Baseline::Week));
    let (mut baselines, mut late) = (Vec::new(), Vec::new());
    for (which, points) in [day, week] {
        match points {
            Ok(points) => baselines.extend(points.map(|p| (which, p))),
            Err(_) => late.push(which),
        }
    }
    InvestigationMetric {
        chart: Some(chart),
        baselines,
        late,
        error: None,
        took_ms: all.took_ms(),
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

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt as _;
    use model::{InstantValue, RangeFrame};
    use source::{Answer, Ask, Metadata, Metrics, SourceInfo, Span};
    use std::collections::BTreeMap;
    use std::sync::Arc;
    use std::time::Duration;
    use wire::SeriesView;

    /// Knows the day before; asked about the week before it hangs.
    #[derive(Debug)]
    struct Slow;

    fn given<'a, T: Send + 'a>(value: T) -> Ask<'a, T> {
        futures::future::ready(Ok(Answer::local(value))).boxed()
    }

    impl Metrics for Slow {
        fn kind(&self) -> &'static str {
            "slow"
        }
        fn instant<'a>(&'a self, _: &'a str, _: Option<i64>) -> Ask<'a, InstantValue> {
            futures::future::pending().boxed()
        }
        fn range<'a>(&'a self, _: &'a str, from: i64, _: i64, _: i64) -> Ask<'a, RangeFrame> {
            if from < -DAY {
                return futures::future::pending().boxed();
            }
            let frame = RangeFrame {
                series: vec![
                    (Labels::from_pairs([("app", "stock")]), vec![9.0, 9.0]),
                    (
                        Labels::from_pairs([("app", "pay")]),
                        vec![1.0, f64::NAN, 3.0],
                    ),
                ],
                ..RangeFrame::default()
            };
            given(frame)
        }
        fn series<'a>(&'a self, _: &'a [&'a str], _: Span, _: usize) -> Ask<'a, Vec<Labels>> {
            given(Vec::new())
        }
        fn label_names<'a>(&'a self, _: &'a [&'a str], _: Span) -> Ask<'a, Vec<String>> {
            given(Vec::new())
        }
        fn label_values<'a>(
            &'a self,
            _: &'a str,
            _: &'a [&'a str],
            _: Span,
        ) -> Ask<'a, Vec<String>> {
            given(Vec::new())
        }
        fn metadata<'a>(&'a self, _: Option<&'a str>) -> Ask<'a, BTreeMap<String, Metadata>> {
            given(BTreeMap::new())
        }
        fn probe(&self) -> Ask<'_, SourceInfo> {
            futures::future::pending().boxed()
        }
        fn exists<'a>(&'a self, names: &'a [&'a str]) -> Ask<'a, Vec<bool>> {
            given(vec![true; names.len()])
        }
    }

    fn chart(app: &str) -> AlertChart {
        let series = SeriesView {
            name: app.into(),
            source: "prom".into(),
            labels: [("app".to_owned(), app.to_owned())].into(),
            demo: false,
        };
        AlertChart {
            from: 0.0,
            to: 10_000.0,
            step: 5_000.0,
            series: vec![(series, vec![Some(1.0), Some(2.0)])],
            limit: None,
            expr: "up".into(),
            fired_at: 5_000.0,
            resolved_at: None,
        }
    }

    #[tokio::test]
    async fn the_chart_stays_when_what_was_before_hangs() {
        let book: Book = Arc::new(vec![("prom".into(), false, Arc::new(Slow) as _)]);
        let soon = || Deadline::begin(Duration::from_millis(50));
        let view = with_baselines(chart("pay"), &book, soon()).await;
        assert!(view.chart.is_some() && view.error.is_none());
        // The alert's own series, at the chart's two times; what is no number is a gap.
        assert_eq!(view.baselines, [(Baseline::Day, vec![Some(1.0), None])]);
        assert_eq!(view.late, [Baseline::Week]);

        let unknown = with_baselines(chart("order"), &book, soon()).await;
        assert!(
            unknown.baselines.is_empty(),
            "another's series is not shown"
        );
    }
}

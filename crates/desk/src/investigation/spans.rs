//! What the traces say: failed ones and slow ones about the time of the firing.

use super::clues::{self, Clues};
use super::{Stretch, in_time};
use crate::traces::Store;
use futures::future::join_all;
use model::trace::{TraceId, TraceQuery, TraceSummary};
use source::{SourceError, Traces};
use std::collections::BTreeMap;
use wire::{ErrorView, InvestigationTraces};

/// Services asked when the alert names none of them.
const SERVICES: usize = 6;
/// Traces of one service.
const TRACES: usize = 60;
const MS: i64 = 1_000_000;

/// Asks for failed traces and for any; a source answers some that match, so the slowest are the slowest of those.
pub(super) async fn gather(
    source: Option<&Store>,
    clues: &Clues,
    stretch: Stretch,
) -> InvestigationTraces {
    let mut view = InvestigationTraces {
        from: stretch.from as f64,
        to: stretch.to as f64,
        ..InvestigationTraces::default()
    };
    let Some(source) = source else {
        return view;
    };
    view.source.clone_from(&source.name);
    view.demo = source.demo;
    let client = match source.client() {
        Ok(client) => client.clone(),
        Err(error) => {
            view.error = Some(error);
            return view;
        }
    };
    let work = async {
        let known = client.services().await.map_err(|e| error(&e))?.value;
        let (services, narrow) = clues::services(clues, &known, SERVICES);
        let traces = search(&*client, &services, stretch).await?;
        Ok((services, narrow, traces))
    };
    let (answer, took_ms) = in_time(work).await;
    view.took_ms = took_ms;
    match answer {
        Ok((services, narrow, traces)) => {
            view.median = clues::median(&traces);
            (view.failed, view.slow) = clues::notable(&traces);
            view.looked_at = u32::try_from(traces.len()).unwrap_or(u32::MAX);
            view.services = services;
            view.narrow = narrow;
        }
        Err(error) => view.error = Some(error),
    }
    view
}

fn error(e: &SourceError) -> ErrorView {
    crate::frames::error_view(&crate::driver::failure(e))
}

/// Each trace once. One service that fails is not all of them; when all do, the first one's failure is told.
async fn search(
    client: &dyn Traces,
    services: &[String],
    stretch: Stretch,
) -> Result<Vec<TraceSummary>, ErrorView> {
    let queries: Vec<TraceQuery> = services
        .iter()
        .flat_map(|service| {
            let any = TraceQuery {
                service: service.clone(),
                from_ns: stretch.from.saturating_mul(MS),
                to_ns: stretch.to.saturating_mul(MS),
                limit: TRACES,
                ..TraceQuery::default()
            };
            let failed = TraceQuery {
                tags: vec![("error".to_owned(), "true".to_owned())],
                limit: TRACES / 3,
                ..any.clone()
            };
            [failed, any]
        })
        .collect();
    let answers = join_all(queries.iter().map(|q| client.search(q))).await;
    let mut found: BTreeMap<TraceId, TraceSummary> = BTreeMap::new();
    let mut failure = None;
    let mut answered = answers.is_empty();
    for answer in answers {
        match answer {
            Ok(list) => {
                answered = true;
                found.extend(list.value.traces.into_iter().map(|t| (t.id, t)));
            }
            Err(e) => {
                failure.get_or_insert(e);
            }
        }
    }
    match failure {
        Some(e) if !answered => Err(error(&e)),
        _ => Ok(found.into_values().collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt as _;
    use model::trace::{Dependency, Operation, Trace, TraceList};
    use source::{Answer, Ask, TraceSourceInfo};
    use std::sync::Arc;

    /// Knows two services, of which the second always fails.
    #[derive(Debug)]
    struct Half;

    fn given<'a, T: Send + 'a>(value: T) -> Ask<'a, T> {
        futures::future::ready(Ok(Answer::local(value))).boxed()
    }

    impl Traces for Half {
        fn kind(&self) -> &'static str {
            "half"
        }
        fn probe(&self) -> Ask<'_, TraceSourceInfo> {
            given(TraceSourceInfo::default())
        }
        fn services(&self) -> Ask<'_, Vec<String>> {
            given(vec!["order".into(), "pay".into()])
        }
        fn operations<'a>(&'a self, _: &'a str) -> Ask<'a, Vec<Operation>> {
            given(Vec::new())
        }
        fn search<'a>(&'a self, query: &'a TraceQuery) -> Ask<'a, TraceList> {
            if query.service == "pay" {
                return futures::future::ready(Err(SourceError::Cancelled)).boxed();
            }
            let trace = TraceSummary {
                id: TraceId(7),
                errors: u32::from(!query.tags.is_empty()),
                ..TraceSummary::default()
            };
            given(TraceList {
                traces: vec![trace],
                capped: false,
            })
        }
        fn traces<'a>(&'a self, _: &'a TraceQuery) -> Ask<'a, Vec<Trace>> {
            given(Vec::new())
        }
        fn trace(&self, _: TraceId) -> Ask<'_, Option<Trace>> {
            given(None)
        }
        fn dependencies(&self, _: i64, _: i64) -> Ask<'_, Vec<Dependency>> {
            given(Vec::new())
        }
    }

    async fn about(services: &[&str]) -> InvestigationTraces {
        let source = Store::new("t", "half", "", false, Ok(Arc::new(Half)));
        let clues = Clues {
            services: services.iter().map(|s| (*s).to_owned()).collect(),
            hosts: Vec::new(),
        };
        gather(Some(&source), &clues, Stretch { from: 1, to: 2 }).await
    }

    #[tokio::test]
    async fn one_trace_is_told_once_and_half_an_answer_is_one() {
        let view = about(&[]).await;
        assert_eq!((view.looked_at, view.narrow), (1, false));
        assert_eq!(view.services, ["order", "pay"]);
        assert!(view.error.is_none());
    }

    #[tokio::test]
    async fn when_all_that_was_asked_fails_that_is_told() {
        let view = about(&["pay"]).await;
        assert!(view.error.is_some());
        let none = gather(None, &Clues::default(), Stretch { from: 1, to: 2 }).await;
        assert!(none.error.is_none() && none.source.is_empty());
    }
}

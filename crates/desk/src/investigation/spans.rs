//! What the traces say: failed ones and slow ones about the time of the firing.

use super::clues::{self, Clues};
use super::deadline::Deadline;
use super::{Stretch, of_its_kind};
use crate::traces::Store;
use futures::StreamExt as _;
use futures::future::join_all;
use futures::stream::FuturesOrdered;
use model::trace::{TraceId, TraceList, TraceQuery, TraceSummary};
use source::{SourceError, Traces};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use wire::{ErrorView, InvestigationGap, InvestigationTraces};

/// Services asked when the alert names none of them.
const SERVICES: usize = 6;
/// Traces of one service.
const TRACES: usize = 60;
/// Sources asked at most.
const SOURCES: usize = 6;
/// What is left for searching when one of several sources does not say which services it knows.
const SEARCHING: Duration = Duration::from_millis(900);
const MS: i64 = 1_000_000;

/// A source, and the services to ask it about, and whether the alert names them.
type Told<'a> = (&'a Store, Result<(Vec<String>, bool), ErrorView>);

/// Asks the first source that knows a service that the alert names, else the first that answers, for failed traces and for any; a source
/// answers some that match, so the slowest are the slowest of those.
pub(super) async fn gather(
    sources: &[Arc<Store>],
    clues: &Clues,
    stretch: Stretch,
    demo: bool,
    all: Deadline,
) -> InvestigationTraces {
    let mut view = InvestigationTraces {
        from: stretch.from as f64,
        to: stretch.to as f64,
        ..InvestigationTraces::default()
    };
    let mut stores = of_its_kind(sources.iter().collect(), |s: &&Arc<Store>| s.demo, demo);
    stores.truncate(SOURCES);
    let told = services(&stores, clues, all).await;
    view.asked = told.iter().map(|(store, _)| store.name.clone()).collect();
    let first = |wanted: fn(&(Vec<String>, bool)) -> bool| {
        told.iter()
            .position(|(_, answer)| answer.as_ref().is_ok_and(wanted))
    };
    let best = first(|(_, narrow)| *narrow)
        .or_else(|| first(|(services, _)| !services.is_empty()))
        .or_else(|| first(|_| true));
    let mut chosen = None;
    for (n, (store, answer)) in told.into_iter().enumerate() {
        match answer {
            Ok(about) if best == Some(n) => chosen = Some((store, about)),
            Ok(_) => {}
            Err(error) if best.is_none() && view.error.is_none() => {
                view.source.clone_from(&store.name);
                view.demo = store.demo;
                view.error = Some(error);
            }
            Err(error) => view.gaps.push(gap(&store.name, error)),
        }
    }
    if let Some((store, about)) = chosen {
        view.source.clone_from(&store.name);
        view.demo = store.demo;
        (view.services, view.narrow) = about;
        tell(&mut view, store, stretch, all).await;
    }
    view.took_ms = all.took_ms();
    view
}

/// Which services each source is to be asked about; ends with the first that knows one that the alert names.
async fn services<'a>(stores: &[&'a Arc<Store>], clues: &Clues, all: Deadline) -> Vec<Told<'a>> {
    // Alone it has all the time there is.
    let limit = if stores.len() > 1 {
        all.less(SEARCHING)
    } else {
        all
    };
    let mut asked: FuturesOrdered<_> = stores
        .iter()
        .copied()
        .map(|store| known(store, clues, limit))
        .collect();
    let mut told = Vec::new();
    while let Some(one) = asked.next().await {
        let knows = one.1.as_ref().is_ok_and(|(_, narrow)| *narrow);
        told.push(one);
        if knows {
            break;
        }
    }
    told
}

async fn known<'a>(store: &'a Store, clues: &Clues, limit: Deadline) -> Told<'a> {
    let ask = async {
        let known = store.client()?.services().await.map_err(|e| error(&e))?;
        Ok(clues::services(clues, &known.value, SERVICES))
    };
    (store, limit.keep(ask).await)
}

async fn tell(view: &mut InvestigationTraces, store: &Store, stretch: Stretch, all: Deadline) {
    let found = match store.client() {
        Ok(client) => search(&**client, &view.services, stretch, all).await,
        Err(error) => Err(error),
    };
    match found {
        Ok((traces, gaps)) => {
            view.median = clues::median(&traces);
            (view.failed, view.slow) = clues::notable(&traces);
            view.looked_at = u32::try_from(traces.len()).unwrap_or(u32::MAX);
            view.gaps.extend(gaps);
        }
        Err(error) => view.error = Some(error),
    }
}

fn gap(what: &str, error: ErrorView) -> InvestigationGap {
    InvestigationGap {
        what: what.to_owned(),
        error,
    }
}

fn error(e: &SourceError) -> ErrorView {
    crate::frames::error_view(&crate::driver::failure(e))
}

/// Each trace once, and the services that were not answered for. When none was, the first one's failure is told.
async fn search(
    client: &dyn Traces,
    services: &[String],
    stretch: Stretch,
    all: Deadline,
) -> Result<(Vec<TraceSummary>, Vec<InvestigationGap>), ErrorView> {
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
    let ask = |query| all.keep(one(client, query));
    let answers = join_all(queries.iter().map(ask)).await;
    let mut found: BTreeMap<TraceId, TraceSummary> = BTreeMap::new();
    let mut gaps: Vec<InvestigationGap> = Vec::new();
    let mut answered = answers.is_empty();
    for (query, answer) in queries.iter().zip(answers) {
        match answer {
            Ok(list) => {
                answered = true;
                found.extend(list.traces.into_iter().map(|t| (t.id, t)));
            }
            Err(_) if gaps.iter().any(|g| g.what == query.service) => {}
            Err(error) => gaps.push(gap(&query.service, error)),
        }
    }
    if !answered && !gaps.is_empty() {
        return Err(gaps.swap_remove(0).error);
    }
    Ok((found.into_values().collect(), gaps))
}

async fn one(client: &dyn Traces, query: &TraceQuery) -> Result<TraceList, ErrorView> {
    let answer = client.search(query).await.map_err(|e| error(&e))?;
    Ok(answer.value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt as _;
    use model::trace::{Dependency, Operation, Trace};
    use source::{Answer, Ask, TraceSourceInfo};
    use wire::ErrorCode;

    /// Knows some services, of which "pay" always fails and "stock" hangs; without any it never says which it knows.
    #[derive(Debug)]
    struct Half(&'static [&'static str]);

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
            if self.0.is_empty() {
                return futures::future::pending().boxed();
            }
            given(self.0.iter().map(|s| (*s).to_owned()).collect())
        }
        fn operations<'a>(&'a self, _: &'a str) -> Ask<'a, Vec<Operation>> {
            given(Vec::new())
        }
        fn search<'a>(&'a self, query: &'a TraceQuery) -> Ask<'a, TraceList> {
            if query.service == "pay" {
                return futures::future::ready(Err(SourceError::Cancelled)).boxed();
            }
            if query.service == "stock" {
                return futures::future::pending().boxed();
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

    fn store(name: &str, demo: bool, known: &'static [&'static str]) -> Arc<Store> {
        let client = Ok(Arc::new(Half(known)) as _);
        Arc::new(Store::new(name, "half", "", demo, client))
    }

    async fn about(sources: &[Arc<Store>], services: &[&str], demo: bool) -> InvestigationTraces {
        let clues = Clues {
            services: services.iter().map(|s| (*s).to_owned()).collect(),
            hosts: Vec::new(),
        };
        // Of several sources one that hangs has what is left of this.
        let all = Deadline::begin(SEARCHING + Duration::from_millis(100));
        let all = if sources.len() > 1 {
            all
        } else {
            all.less(SEARCHING)
        };
        gather(sources, &clues, Stretch { from: 1, to: 2 }, demo, all).await
    }

    const KNOWN: &[&str] = &["order", "pay"];

    fn missing(view: &InvestigationTraces) -> Vec<&str> {
        view.gaps.iter().map(|g| g.what.as_str()).collect()
    }

    #[tokio::test]
    async fn one_trace_is_told_once_and_half_an_answer_is_one() {
        let view = about(&[store("t", false, KNOWN)], &[], false).await;
        assert_eq!((view.looked_at, view.narrow), (1, false));
        assert_eq!(view.services, ["order", "pay"]);
        assert!(view.error.is_none());
        assert_eq!(missing(&view), ["pay"], "what failed is said");
    }

    #[tokio::test]
    async fn traces_stay_when_another_service_hangs() {
        let source = store("t", false, &["order", "stock"]);
        let view = about(&[source], &[], false).await;
        assert_eq!(view.looked_at, 1);
        assert!(view.error.is_none());
        assert_eq!(missing(&view), ["stock"]);
        assert_eq!(view.gaps[0].error.code, ErrorCode::Timeout);
    }

    #[tokio::test]
    async fn when_all_that_was_asked_fails_that_is_told() {
        let view = about(&[store("t", false, KNOWN)], &["pay"], false).await;
        assert!(view.error.is_some());
        let none = about(&[], &[], false).await;
        assert!(none.error.is_none() && none.source.is_empty());
    }

    #[tokio::test]
    async fn of_several_sources_the_one_that_knows_the_service_is_asked() {
        let sources = [
            store("hangs", false, &[]),
            store("web", false, &["web"]),
            store("orders", false, &["order"]),
            store("never asked", false, &["order"]),
            store("demo", true, &["order"]),
        ];
        let view = about(&sources, &["order"], false).await;
        assert_eq!((view.source.as_str(), view.narrow), ("orders", true));
        assert_eq!(view.asked, ["hangs", "web", "orders"]);
        assert_eq!(missing(&view), ["hangs"]);
        assert_eq!(view.looked_at, 1);
        // None knows it: the first that answers.
        let view = about(&sources, &["node"], false).await;
        assert_eq!((view.source.as_str(), view.narrow), ("web", false));
        // A made up alert is explained by made up traces.
        let view = about(&sources, &["order"], true).await;
        assert_eq!((view.source.as_str(), view.demo), ("demo", true));
    }
}

use super::*;
use futures::FutureExt as _;
use model::trace::{Operation, Span, SpanId, TraceId, TraceList};
use source::{Answer, Ask, TraceSourceInfo};

/// Knows so many services.
#[derive(Debug, Default)]
struct Fake {
    services: usize,
    /// What the store says of who calls whom: nothing, or that it failed.
    dependencies_fail: bool,
    kept: Vec<Dependency>,
    /// Traces of services with these numbers hang, or fail.
    hang: Vec<usize>,
    fail: Vec<usize>,
}

fn given<'a, T: Send + 'a>(value: T) -> Ask<'a, T> {
    futures::future::ready(Ok(Answer::local(value))).boxed()
}

fn failed<'a, T: Send + 'a>() -> Ask<'a, T> {
    futures::future::ready(Err(SourceError::Cancelled)).boxed()
}

impl Traces for Fake {
    fn kind(&self) -> &'static str {
        "fake"
    }
    fn probe(&self) -> Ask<'_, TraceSourceInfo> {
        given(TraceSourceInfo::default())
    }
    fn services(&self) -> Ask<'_, Vec<String>> {
        given((0..self.services).map(|n| format!("{n:04}")).collect())
    }
    fn operations<'a>(&'a self, _: &'a str) -> Ask<'a, Vec<Operation>> {
        given(Vec::new())
    }
    fn search<'a>(&'a self, _: &'a TraceQuery) -> Ask<'a, TraceList> {
        given(TraceList::default())
    }
    fn traces<'a>(&'a self, query: &'a TraceQuery) -> Ask<'a, Vec<Trace>> {
        let n = query.service.parse().unwrap_or(0);
        if self.hang.contains(&n) {
            return futures::future::pending().boxed();
        }
        if self.fail.contains(&n) {
            return failed();
        }
        let span = Span {
            id: SpanId(1),
            parent: None,
            links: Vec::new(),
            process: 0,
            operation: "GET /".into(),
            kind: model::trace::SpanKind::Internal,
            start_ns: 0,
            duration_ns: 1,
            error: false,
            tags: Vec::new(),
            events: Vec::new(),
            warnings: Vec::new(),
        };
        let trace = Trace {
            id: TraceId(n as u128 + 1),
            spans: vec![span],
            ..Trace::default()
        };
        given(vec![trace])
    }
    fn trace(&self, _: TraceId) -> Ask<'_, Option<Trace>> {
        given(None)
    }
    fn dependencies(&self, _: i64, _: i64) -> Ask<'_, Vec<Dependency>> {
        if self.dependencies_fail {
            return failed();
        }
        given(self.kept.clone())
    }
}

/// The notes of a graph, and the number in each.
async fn notes(fake: Fake) -> Vec<(String, f64)> {
    let store = Store::new("t", "fake", "", false, Ok(Arc::new(fake)));
    let fetched = fetch(&store, 3_600_000, 3_600_000, Duration::from_millis(100)).await;
    let note = |note: Sentence| {
        let mut key = note.key.trim_start_matches("traces.graph.note.").to_owned();
        if let Some(Param::Key(why)) = note.params.get("why") {
            key = format!("{key} {why}");
        }
        let count = match note.params.get("count") {
            Some(Param::Number(n)) => *n,
            _ => 0.0,
        };
        (key, count)
    };
    let all = fetched.expect("a graph").notes;
    all.into_iter().map(note).collect()
}

fn of(all: &[(&str, f64)]) -> Vec<(String, f64)> {
    all.iter().map(|(k, n)| ((*k).to_owned(), *n)).collect()
}

#[tokio::test]
async fn as_many_services_are_asked_for_as_is_said() {
    let kept = || vec![Dependency::default()];
    let fake = |services| Fake {
        services,
        kept: kept(),
        ..Fake::default()
    };
    assert_eq!(notes(fake(SAMPLED)).await, []);
    for services in [SAMPLED + 1, 47, 48, 1_000] {
        let said = notes(fake(services)).await;
        assert_eq!(said, of(&[("some_services", SAMPLED as f64)]), "{services}");
    }
    let all: Vec<usize> = (0..25).collect();
    let chosen: Vec<usize> = spread(&all, 24).copied().collect();
    assert_eq!(chosen.len(), 24);
    assert!(chosen.windows(2).all(|w| w[0] < w[1]), "{chosen:?}");
    assert_eq!(spread(&all[..0], 24).count(), 0);
}

#[tokio::test]
async fn a_store_that_fails_is_not_one_that_keeps_nothing() {
    let fails = Fake {
        services: 2,
        dependencies_fail: true,
        ..Fake::default()
    };
    assert_eq!(
        notes(fails).await,
        of(&[("store_failed cause.cancelled", 0.0)])
    );
    let empty = Fake {
        services: 2,
        ..Fake::default()
    };
    assert_eq!(notes(empty).await, of(&[("no_store", 0.0)]));
}

#[tokio::test]
async fn services_without_samples_are_counted() {
    let fake = Fake {
        services: 6,
        kept: vec![Dependency::default()],
        hang: vec![1, 3],
        fail: vec![2],
        ..Fake::default()
    };
    let said = notes(fake).await;
    assert_eq!(said, of(&[("samples_late", 2.0), ("samples_failed", 1.0)]));
    let none = Fake {
        services: 1,
        kept: vec![Dependency::default()],
        fail: vec![0],
        ..Fake::default()
    };
    assert_eq!(
        notes(none).await,
        of(&[("no_samples cause.cancelled", 0.0)])
    );
}

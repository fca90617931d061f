//! The embedded store held to the same suite as Prometheus and VictoriaMetrics.

use desk::local::LocalMetrics;
use embedded::tsdb::{Options, Tsdb};
use model::{Labels, Sample};
use shouwang_tests::now_ms;
use source::{Metrics, conformance, source_conformance};
use std::sync::Arc;

async fn conforming() -> (Arc<dyn Metrics>, i64, ()) {
    let base = (now_ms() - 7_200_000) / conformance::STEP_MS * conformance::STEP_MS;
    let clock: embedded::Clock = Arc::new(now_ms);
    let store = Arc::new(Tsdb::in_memory(Options::new(clock.clone())));
    let mut samples: Vec<(Labels, Sample)> = conformance::fixture(base)
        .into_iter()
        .flat_map(|s| s.samples.into_iter().map(move |p| (s.labels.clone(), p)))
        .collect();
    samples.sort_by_key(|(_, p)| p.t);
    let report = store.append(&samples);
    assert_eq!(report.refused(), 0, "{report:?}");
    (
        Arc::new(LocalMetrics::new("embedded", store, clock)),
        base,
        (),
    )
}

source_conformance!(embedded_conforms, conforming());

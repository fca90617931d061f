//! Our PromQL against a real Prometheus 2.42: the same samples, the same queries, the same answers.
//!
//! The queries are in `promql/queries.txt` (and `promql/errors.txt` for those that both must refuse) and are joined
//! by generated combinations; each runs at several instants and over several ranges. Labels must be equal, values
//! equal to 1e-9 relative.

#[path = "promql/compare.rs"]
mod compare;
#[path = "promql/data.rs"]
mod data;
#[path = "promql/queries.rs"]
mod queries;

use compare::{Answer, Ask};
use promql::{Engine, MemoryStorage};
use shouwang_tests::remote_write::remote_write;
use shouwang_tests::servers::{self, PrometheusOptions, Server};
use std::time::Duration;

/// Of 100 queries so many must agree, each in all of its answers.
const REQUIRED: f64 = 99.0;

fn load() -> (Server, MemoryStorage) {
    let server = servers::prometheus(PrometheusOptions {
        // the evaluation interval is also the step of subqueries that name none
        interval: "1m".into(),
        ..PrometheusOptions::default()
    });
    let series = data::all();
    for part in data::slices(&series) {
        remote_write(server.port(), &part).expect("Prometheus takes the samples");
    }
    (server, MemoryStorage::new(series))
}

/// The questions asked of each query.
fn questions() -> Vec<Ask> {
    let m = 60_000;
    let at = |t: i64| Ask::Instant(data::T0 + t);
    let range = |start: i64, end: i64, step: i64| Ask::Range {
        start: data::T0 + start,
        end: data::T0 + end,
        step,
    };
    vec![
        at(20 * m + 7_000),
        at(47 * m + 30_123),
        at(95 * m),
        at(130 * m),
        range(5 * m, 125 * m, 60_000),
        range(31 * m + 1, 45 * m, 13_700),
        range(-3 * m, 12 * m, 45_000),
    ]
}

/// What a list of queries promises, so that a query in the wrong list does not pass by saying nothing.
#[derive(Clone, Copy)]
enum Promise {
    /// Prometheus answers it at some time.
    Answered,
    /// Prometheus refuses it at some time.
    Refused,
    /// Made at random: either.
    Nothing,
}

struct Corpus {
    server: Server,
    storage: MemoryStorage,
    engine: Engine,
    asked: u32,
    refused: u32,
    queries: u32,
    /// Queries of which at least one answer differs.
    differing: u32,
    wrong: Vec<String>,
}

impl Corpus {
    fn check(&mut self, queries: &[String], questions: &[Ask], promise: Promise) {
        for query in queries {
            let mut refusals = 0;
            let before = self.wrong.len();
            for ask in questions {
                let theirs = compare::prometheus(self.server.port(), query, ask);
                let ours = compare::ours(&self.engine, &self.storage, query, ask);
                self.asked += 1;
                refusals += u32::from(matches!(theirs, Answer::Error(_)));
                if let Some(what) = compare::difference(query, &theirs, &ours) {
                    self.wrong.push(format!("{query}\n    {ask:?}: {what}"));
                }
            }
            self.refused += refusals;
            self.queries += 1;
            self.differing += u32::from(self.wrong.len() > before);
            let kept = match promise {
                Promise::Answered => (refusals as usize) < questions.len(),
                Promise::Refused => refusals > 0,
                Promise::Nothing => true,
            };
            assert!(
                kept,
                "{query}: Prometheus refuses it {refusals} times of {}",
                questions.len()
            );
        }
    }
}

#[test]
fn answers_as_prometheus_does() {
    let (server, storage) = load();
    let mut corpus = Corpus {
        server,
        storage,
        engine: Engine {
            subquery_step: Duration::from_secs(60),
            ..Engine::default()
        },
        asked: 0,
        refused: 0,
        queries: 0,
        differing: 0,
        wrong: Vec::new(),
    };
    let questions = questions();
    let (queries, errors, random) = (queries::all(), queries::errors(), queries::random());
    corpus.check(&queries, &questions, Promise::Answered);
    corpus.check(&queries::deviations(), &questions, Promise::Answered);
    corpus.check(&errors, &questions, Promise::Refused);
    corpus.check(&random, &questions, Promise::Nothing);
    let share = 100.0 * (1.0 - f64::from(corpus.differing) / f64::from(corpus.queries));
    println!(
        "{} queries, {} errors, {} at random, {} answers ({} of them refusals), {} answers differ",
        queries.len(),
        errors.len(),
        random.len(),
        corpus.asked,
        corpus.refused,
        corpus.wrong.len()
    );
    // what `cargo xtask bench promql` reads
    println!(
        r#"{{"queries":{},"differing":{},"agree_percent":{share:.3}}}"#,
        corpus.queries, corpus.differing
    );
    for line in corpus.wrong.iter().take(60) {
        println!("{line}");
    }
    assert!(
        queries.len() >= 400 && errors.len() >= 100,
        "the corpus shrank"
    );
    assert!(
        share >= REQUIRED,
        "only {share:.2} % agree; the differences are above"
    );
}

#[test]
fn the_corpus_covers_every_function() {
    let all = queries::all();
    let missing: Vec<&str> = queries::FUNCTIONS
        .into_iter()
        .filter(|name| !all.iter().any(|query| queries::calls(query, name)))
        .collect();
    assert!(missing.is_empty(), "no query calls {missing:?}");
    assert!(!queries::calls("max_over_time(a[5m])", "time"));
}

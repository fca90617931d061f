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

/// What must agree, of 100.
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

#[test]
fn answers_as_prometheus_does() {
    let (server, storage) = load();
    let engine = Engine {
        subquery_step: Duration::from_secs(60),
        ..Engine::default()
    };
    let (mut asked, mut agreed) = (0_u32, 0_u32);
    let mut wrong: Vec<String> = Vec::new();
    let mut check = |query: &str, questions: &[Ask], must_fail: bool| {
        let mut refusals = 0;
        for ask in questions {
            let theirs = compare::prometheus(server.port(), query, ask);
            let ours = compare::ours(&engine, &storage, query, ask);
            asked += 1;
            refusals += usize::from(matches!(theirs, Answer::Error(_)));
            match compare::difference(query, &theirs, &ours) {
                None => agreed += 1,
                Some(what) => wrong.push(format!("{query}\n    {ask:?}: {what}")),
            }
        }
        // a query in the wrong list would show nothing
        assert!(
            if must_fail {
                refusals > 0
            } else {
                refusals < questions.len()
            },
            "{query}: Prometheus refuses it {refusals} times of {}",
            questions.len()
        );
    };
    let queries = queries::all();
    let questions = questions();
    for query in &queries {
        check(query, &questions, false);
    }
    let instants: Vec<Ask> = questions
        .iter()
        .filter(|q| matches!(q, Ask::Instant(_)))
        .cloned()
        .collect();
    for query in queries::at_instants_only() {
        check(&query, &instants, false);
    }
    let errors = queries::errors();
    for query in &errors {
        check(query, &questions, true);
    }
    let share = 100.0 * f64::from(agreed) / f64::from(asked);
    println!(
        "{} queries and {} errors, {agreed} of {asked} answers agree ({share:.2} %)",
        queries.len(),
        errors.len()
    );
    for line in wrong.iter().take(60) {
        println!("{line}");
    }
    assert!(queries.len() + errors.len() >= 400, "the corpus shrank");
    assert!(
        share >= REQUIRED,
        "only {share:.2} % agree; {} disagreements, the first ones are above",
        wrong.len()
    );
}

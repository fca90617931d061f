//! What the database costs: `cargo run --release -p store --example store_bench [folder]`.
//!
//! Prints one line a figure, in milliseconds. The folder decides which disk is measured.

#[path = "../tests/store/samples.rs"]
mod samples;

use model::duty::{AlertId, Record};
use samples::*;
use std::path::{Path, PathBuf};
use std::time::Instant;
use store::{Query, Store};

#[expect(clippy::disallowed_methods, reason = "a bench measures real time")]
fn started() -> Instant {
    Instant::now()
}

fn ms(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1000.0
}

fn told(what: &str, mut all: Vec<f64>) {
    all.sort_by(f64::total_cmp);
    let at = |q: f64| all[((all.len() - 1) as f64 * q).round() as usize];
    println!(
        "{what}: p50 {:.2} p95 {:.2} max {:.2}",
        at(0.5),
        at(0.95),
        at(1.0)
    );
}

/// One acknowledgement: the episode, two lines of its timeline, one of the audit log.
async fn acknowledgements(store: &Store, n: i64) -> Vec<f64> {
    let mut all = Vec::new();
    for i in 1..=n {
        let mut taken = alert(i, NOW);
        taken.ack = Some(ack("li", NOW));
        let acked = model::duty::What::Acked {
            ack: ack("li", NOW),
        };
        let records = [
            keep(&taken),
            transition(i, NOW, acked),
            fired(i, NOW),
            audit(NOW, "ack"),
        ];
        let begun = started();
        store.commit(&records).await.expect("committed");
        all.push(ms(begun));
    }
    all
}

async fn in_bulk(store: &Store, ids: std::ops::Range<i64>) -> f64 {
    let records: Vec<Record> = ids
        .flat_map(|i| [keep(&alert(i, NOW + i)), fired(i, NOW), fired(i, NOW + 1)])
        .collect();
    let begun = started();
    store.commit(&records).await.expect("committed");
    ms(begun)
}

async fn figures(folder: &Path) {
    let store = open(&folder.join("desk.sqlite")).await;
    told("one acknowledgement", acknowledgements(&store, 500).await);
    let mut bulk = Vec::new();
    for n in 0..5 {
        bulk.push(in_bulk(&store, 10_000 * n + 1000..10_000 * n + 11_000).await);
    }
    told("10,000 episodes and 20,000 transitions", bulk);
    let busy = acknowledgements(&store, 500).await;
    told("one acknowledgement among 50,000", busy);
    let mut loads = Vec::new();
    for _ in 0..3 {
        let begun = started();
        let snapshot = store.load(NOW).await.expect("loaded");
        loads.push(ms(begun));
        assert_eq!(snapshot.alerts.len(), 50_500);
    }
    told("loading 50,500 open episodes", loads);
    let (mut pages, mut query) = (Vec::new(), Query::default());
    query.limit = 100;
    for _ in 0..200 {
        let begun = started();
        let page = store.history(&query).await.expect("a page");
        pages.push(ms(begun));
        query.before = page.next;
    }
    told("a page of 100 of the history", pages);
    let nowhere = Query {
        text: "nowhere to be found".to_owned(),
        ..Query::default()
    };
    let begun = started();
    let page = store.history(&nowhere).await.expect("a page");
    println!("searching 50,000 for what is nowhere: {:.0}", ms(begun));
    assert!(page.items.is_empty());
    let begun = started();
    let zone = chrono_tz::Asia::Shanghai;
    let targets = store::Targets::default();
    let figures = store.figures(0, i64::MAX, zone, &targets, NOW).await;
    println!(
        "figures of {} episodes: {:.0}",
        figures.expect("figures").total.fired,
        ms(begun)
    );
    let begun = started();
    let lines = store.timeline(AlertId(7)).await.expect("a timeline").len();
    println!("a timeline of {lines}: {:.2}", ms(begun));
    let begun = started();
    let report = store.verify(&key()).await.expect("verified");
    println!(
        "verifying {} audit entries: {:.0}",
        report.entries,
        ms(begun)
    );
    store.close().await;
}

#[tokio::main]
async fn main() {
    let own = tempfile::tempdir().expect("a folder");
    let folder = std::env::args().nth(1).map(PathBuf::from);
    figures(folder.as_deref().unwrap_or(own.path())).await;
}

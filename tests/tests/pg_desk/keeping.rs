//! A running desk and its database: partitions are kept, what needs a person is told, the simulated platform writes.

use crate::ground::{DAY_MS, Ground, MS, NoSecrets, files, now_ns, postgres_user};
use desk::config;
use desk::logs::{Stores, alarm, keeping};
use desk::rota::Words;
use desk::start::{self, Machine, Overrides};
use model::log::{Filter, LogRange, PageAsk};
use pglogs::Reader;
use pglogs::lifecycle::{Maintainer, Policy, plan};
use serde_json::json;
use shouwang_tests::now_ms;
use source::Logs as _;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use wire::{AlertItem, AlertQuery, LogPageAsk, LogScope};

/// Looks once. The server may need a moment to see that whoever kept the store before is gone.
async fn look(keeper: &keeping::Keeper, record: &keeping::Watched) {
    let before = record.lock().looked;
    while record.lock().looked == before {
        tokio::time::sleep(Duration::from_millis(20)).await;
        keeper.look().await;
    }
}

#[tokio::test]
async fn a_running_desk_keeps_partitions_and_says_what_needs_a_person() {
    let ground = Ground::new("[demo]\nenabled = false");
    ground.prepare().await;
    for age in [40, 41] {
        ground.write(age, 10).await;
    }
    let loaded = config::load(Some(&ground.file()));
    let (name, record, keeper) = keeping::keepers(&loaded.config, &NoSecrets).remove(0);
    let keeper = keeper.expect("a login is configured");
    let entry = ground.entry(&name, &record);
    let words = Words::new("en", chrono_tz::UTC);
    let rules = || -> Vec<String> {
        let record = entry.record().expect("it is kept");
        let alerts = alarm::alerts(&[(name.clone(), record)], &words);
        alerts
            .iter()
            .filter_map(|a| a.labels.get("alertname").map(str::to_owned))
            .collect()
    };
    let view = || entry.view().keeping.expect("it is kept");
    assert!(view().looked.is_none() && rules().is_empty());

    keeper.look().await;
    let seen = view();
    assert!(seen.looked.is_some() && seen.error.is_none());
    assert_eq!(seen.steps.len(), 4);
    assert!(
        seen.steps
            .iter()
            .all(|s| s.what.key == "pglogs.step_create" && s.error.is_none())
    );
    assert_eq!(seen.findings.len(), 1);
    assert_eq!(rules(), ["LogLinesWithoutPartition"]);
    let since = record.lock().findings[0].1;

    // somebody moves them; what cannot be done for one day keeps nobody from the other
    let today = chrono::DateTime::from_timestamp_millis(now_ms()).expect("a time");
    let day = |age: i64| (today - chrono::Duration::days(age)).format("%Y-%m-%d");
    let moving = Policy {
        move_default: true,
        ..Policy::default()
    };
    let mut hand = Maintainer::connect(&ground.options(), &postgres_user(), &ground.cold(), now_ns)
        .await
        .expect("nobody else keeps it at this moment");
    let state = hand.state().await.expect("a state");
    for step in plan(&state, &moving, today.date_naive()) {
        hand.run(&step, &mut |_| ()).await.expect("moved");
    }
    drop(hand);
    std::fs::create_dir_all(ground.cold()).expect("a folder");
    let in_the_way = ground.cold().join(format!("unfinished-{}.1", day(41)));
    std::fs::write(&in_the_way, b"a file where a folder should be").expect("written");
    look(&keeper, &record).await;
    let seen = view();
    let last = &seen.steps[0];
    assert_eq!(last.what.key, "pglogs.step_drop", "{seen:?}");
    let failed: Vec<_> = seen.steps.iter().filter(|s| s.error.is_some()).collect();
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0].what.key, "pglogs.step_export");
    assert!(seen.error.is_some() && seen.findings.is_empty());
    assert!(rules().is_empty(), "one failure may be nobody's");
    look(&keeper, &record).await;
    assert_eq!(rules(), ["LogPartitionsNotKept"]);
    std::fs::remove_file(&in_the_way).expect("removed");
    look(&keeper, &record).await;
    assert!(rules().is_empty() && view().error.is_none());
    assert_eq!(files(&ground.cold()).len(), 6, "two days");
    assert!(since > 0);

    // by itself, until told to end
    let looked = record.lock().looked;
    let stop = CancellationToken::new();
    let running = tokio::spawn(keeper.run(Duration::ZERO, stop.clone()));
    let began = now_ms();
    while record.lock().looked == looked {
        assert!(now_ms() - began < 30_000, "it looks");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    stop.cancel();
    running.await.expect("it ends");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_needs_a_person_is_an_alert_of_the_desk() {
    let ground = Ground::new("[demo]\nenabled = false");
    ground.prepare().await;
    ground.write(40, 10).await;
    let loaded = config::load(Some(&ground.file()));
    let (name, record, keeper) = keeping::keepers(&loaded.config, &NoSecrets).remove(0);
    keeper.expect("a login is configured").look().await;
    let entry = ground.entry(&name, &record);
    let desk = start::start(loaded, Overrides::default(), Machine::none()).await;
    // the page of health knows that somebody keeps this store, and that nobody has looked yet
    let home = desk.logs.home().await;
    assert!(
        home.stores[0]
            .keeping
            .as_ref()
            .is_some_and(|k| k.looked.is_none())
    );
    let stop = CancellationToken::new();
    let telling = tokio::spawn(alarm::run(
        Stores::new(vec![entry]),
        desk.duty.clone(),
        desk.words(),
        stop.clone(),
    ));
    let listed = async || {
        let query = AlertQuery {
            limit: 50,
            ..AlertQuery::default()
        };
        let page = desk.duty.list(query).await.expect("a list");
        let mut items = page.items.into_iter().flatten();
        items.any(|item| {
            matches!(&item, AlertItem::Alert { row } if row.rule == "LogLinesWithoutPartition")
        })
    };
    let began = now_ms();
    while !listed().await {
        assert!(now_ms() - began < 60_000, "the alert is on the desk");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    stop.cancel();
    telling.await.expect("it ends");
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_simulated_platform_writes_into_the_configured_database() {
    let ground = Ground::new("[demo]\nlog_store = \"main\"\nlog_lines_per_second = 30");
    ground.prepare().await;
    ground.logs(&["retain"]).good();
    let loaded = config::load(Some(&ground.file()));
    assert!(loaded.problems.is_empty(), "{:?}", loaded.problems);
    let desk = start::start(loaded, Overrides::default(), Machine::none()).await;
    let names: Vec<String> = desk
        .logs
        .home()
        .await
        .stores
        .into_iter()
        .map(|s| s.name)
        .collect();
    assert!(
        !names.contains(&"demo".to_owned()),
        "no second store: {names:?}"
    );
    let reader = Reader::new(&ground.options(), &postgres_user(), None, now_ns);
    let range = |filter: Filter| LogRange {
        from_ns: now_ns() - DAY_MS * MS,
        to_ns: now_ns() + DAY_MS * MS,
        filter,
    };
    let began = now_ms();
    let all = loop {
        let counted = reader.count(&range(Filter::All)).await.expect("a count");
        if counted.value.lines > 300 {
            break counted.value.lines;
        }
        assert!(now_ms() - began < 90_000, "{} lines", counted.value.lines);
        tokio::time::sleep(Duration::from_millis(200)).await;
    };
    assert!(all > 300);
    // Chinese and English lines of all categories, with the traces that they belong to
    let ask = |query: &str| LogPageAsk {
        lane: query.into(),
        scope: LogScope {
            store: Some("main".into()),
            query: query.into(),
            from: (now_ms() - DAY_MS) as f64,
            to: (now_ms() + DAY_MS) as f64,
            ..LogScope::default()
        },
        limit: 50,
        ..LogPageAsk::default()
    };
    for query in [
        "订单",
        "category:app trace_id:*",
        "category:system",
        "category:security",
        "http.status>=200",
    ] {
        // the past is written the oldest first, and some happen only now and then
        while desk
            .logs
            .page(ask(query))
            .await
            .expect("a page")
            .lines
            .is_empty()
        {
            assert!(now_ms() - began < 180_000, "{query}");
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }
    let page = PageAsk {
        limit: 100,
        ..PageAsk::default()
    };
    let page = reader
        .page(&range(Filter::All), page)
        .await
        .expect("a page");
    assert!(
        page.value
            .lines
            .iter()
            .all(|l| l.attrs.get("demo") == Some(&json!(true))),
        "made-up lines are marked"
    );
    desk.stop().await;
    let kept = ground
        .server
        .sql("logs", "SELECT count(*) > 300 FROM shouwang_logs.line");
    assert_eq!(kept, "t");
}

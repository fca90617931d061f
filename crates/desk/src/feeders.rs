//! What fills the stores inside the program: this host, scraped targets, the simulated platform.

use crate::Problem;
use crate::clock;
use crate::config::{Config, Scrape};
use crate::core::{Handle, Message};
use crate::demo_past;
use crate::duty::remote;
use crate::local::LocalMetrics;
use crate::registries::{self, Registries, Targets};
use crate::scraping::Scraped;
use crate::sources::{Client, Secrets, budget};
use crate::start::store_clock;
use embedded::collector::{HostCollector, HostOptions};
use embedded::scrape::{ScrapeAuth, ScrapeSink, ScrapeTarget, Scraper};
use embedded::tsdb::{FileOptions, Options, Tsdb};
use engine::{Budget, Event, Failure, SourceSpec};
use model::{Labels, Sample};
use simulator::{Planned, Platform, Scenario};
use source::{Connection, Metrics, registry};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// The source of this host's and the scraped samples.
const LOCAL: &str = "local";
/// The simulated platform is sampled this often.
const DEMO_EVERY: Duration = Duration::from_secs(5);
/// The past that the simulated platform has lived through when the program starts, ms, and the distance of its samples.
const DEMO_PAST: i64 = 65 * 60_000;
const DEMO_PAST_STEP: i64 = 15_000;
/// Samples of the past are made in pieces of this length, so that the newest panels need not wait for all of it.
const DEMO_PIECE: i64 = 5 * 60_000;
/// The distance of samples for a report, ms: two of them within the five minutes of a rate.
const REPORT_STEP: i64 = 140_000;
/// A report's past is made in pieces of this length, ms.
const REPORT_PIECE: i64 = 12 * 3_600_000;
/// What the simulated platform keeps, ms.
const DEMO_RETENTION: i64 = 3 * 3_600_000;

/// What runs.
#[derive(Default)]
pub struct Running {
    tasks: Vec<JoinHandle<()>>,
    scraper: Option<Arc<Scraper>>,
    stores: Vec<Arc<Tsdb>>,
    /// What is known of registries of services.
    pub registries: Registries,
    /// What is known of pages that are scraped.
    pub scraped: Scraped,
}

impl Running {
    /// Waits until everything has ended and the last samples are on the disk.
    pub async fn end(self) {
        for task in self.tasks {
            // A feeder that panicked has nothing left to write.
            let _ = task.await;
        }
        // The tasks above were the others that held it.
        if let Some(scraper) = self.scraper.and_then(Arc::into_inner) {
            scraper.stop().await;
        }
        for store in self.stores {
            let flushed = tokio::task::spawn_blocking(move || store.flush()).await;
            if let Ok(Err(e)) = flushed {
                tracing::warn!(error = %e, "the last samples were not written");
            }
        }
    }
}

/// Starts what the configuration asks for.
pub async fn start(
    config: &Config,
    incidents: Vec<Planned>,
    secrets: &dyn Secrets,
    handle: &Handle,
    data: Option<&Path>,
    calm: impl Future<Output = ()> + Send + 'static,
    stop: &CancellationToken,
) -> (Running, Vec<Client>, Vec<Problem>) {
    let mut running = Running::default();
    let mut clients = Vec::new();
    let mut problems = Vec::new();
    let registries = !config.registry.is_empty();
    if config.embedded.host || !config.embedded.scrape.is_empty() || registries {
        let store = Arc::new(open(config, data, &mut problems));
        clients.push(client(
            LOCAL,
            "embedded",
            false,
            budget(config.embedded.interval_seconds),
            &store,
        ));
        if config.embedded.host {
            let every = Duration::from_secs_f64(config.embedded.interval_seconds);
            running
                .tasks
                .push(tokio::spawn(host(store.clone(), every, stop.clone())));
        }
        let (scraper, fixed) = scrape(config, secrets, &store, &mut problems);
        running.scraper = scraper.clone();
        if let Some(scraper) = scraper.clone() {
            let watched = running.scraped.clone().watch(
                scraper,
                LOCAL.to_owned(),
                handle.clone(),
                stop.clone(),
            );
            running.tasks.push(tokio::spawn(watched));
        }
        if registries {
            let sinks = registries::Sinks {
                store: store.clone(),
                targets: Arc::new(Targets::new(scraper, fixed)),
                handle: handle.clone(),
            };
            let (known, tasks) = registries::start(&config.registry, secrets, &sinks, stop);
            running.registries = known;
            running.tasks.extend(tasks);
        }
        if let Some(problem) = serve(config, &store, stop, &mut running).await {
            problems.push(problem);
        }
        running.stores.push(store);
    }
    if config.demo_enabled() {
        let store = demo_store();
        let past = demo_past::store(store_clock());
        let platform = demo_platform(config, incidents);
        clients.push(demo_client(&store, &past, platform.now_ms()));
        let days = demo_past::run(past, scenario(config), handle.clone(), stop.clone());
        let earlier = async move {
            calm.await;
            days.await;
        };
        let demo = demo(store, platform, handle.clone(), stop.clone(), earlier);
        running.tasks.push(tokio::spawn(demo));
    }
    (running, clients, problems)
}

/// A source inside the program, for one question from the command line: the simulated platform with its past, or the store of this
/// host's samples unless the wall is using it.
///
/// # Errors
/// When the store cannot be opened, because the wall holds it or otherwise.
pub async fn for_query(
    config: &Config,
    data: Option<&Path>,
    name: &str,
    stop: &CancellationToken,
) -> Result<Arc<dyn Metrics>, Failure> {
    // The running wall holds its stores, and answers for them.
    if let Some(data) = data {
        let held = remote::sources(data).await.unwrap_or_default();
        if let Some((_, client)) = held.into_iter().find(|(spec, _)| spec.name == name) {
            return client;
        }
    }
    if name == "demo" {
        let store = demo_store();
        let begin = demo_platform(config, Vec::new());
        let since = begin.now_ms();
        let (platform, _) = live_through_the_past(begin, &store, stop).await;
        store.append(&platform.samples());
        let past = demo_past::store(store_clock());
        let (feed, scenario, stop) = (past.clone(), scenario(config), stop.clone());
        let filled = tokio::task::spawn_blocking(move || demo_past::fill(&feed, &scenario, &stop));
        if let Err(e) = filled.await {
            std::panic::resume_unwind(e.into_panic());
        }
        let metrics = LocalMetrics::new("simulator", store, store_clock());
        return Ok(Arc::new(metrics.with_past(past, since, DEMO_RETENTION)));
    }
    if name != "local" {
        return Err(Failure::new("unknown_source", "source", name));
    }
    let mut problems = Vec::new();
    let store = open(config, data, &mut problems);
    let Some(problem) = problems.pop() else {
        return Ok(Arc::new(LocalMetrics::new(
            "embedded",
            Arc::new(store),
            store_clock(),
        )));
    };
    if !config.embedded.listen.is_empty() {
        // The wall holds the store; it answers on its own address.
        let connection = Connection::to(format!("http://{}", config.embedded.listen));
        return registry::connect("prometheus", &connection)
            .map_err(|e| Failure::new("config", "detail", e));
    }
    let detail = problem.params.get("detail").cloned().unwrap_or_default();
    Err(Failure::new("connect", "detail", detail))
}

/// The simulated platform's past for a report: only what reports look at (`wanted`, expressions), sampled as sparsely as rates over five
/// minutes allow.
pub async fn for_report(
    config: &Config,
    wanted: &[String],
    from: i64,
    until: i64,
    stop: &CancellationToken,
) -> Client {
    let from = from.div_euclid(REPORT_STEP) * REPORT_STEP;
    let store = Arc::new(Tsdb::in_memory(Options {
        retention_ms: clock::now_ms() - from + 3_600_000,
        ..Options::new(store_clock())
    }));
    let scenario = Scenario {
        seed: config.demo.seed,
        ambient: config.demo.incidents,
        ..Scenario::default()
    };
    let (feed, stopped, wanted) = (store.clone(), stop.clone(), wanted.to_vec());
    let live = move || {
        let mut platform = Platform::with_scenario(&scenario, from);
        while platform.now_ms() + REPORT_STEP < until && !stopped.is_cancelled() {
            let begin = platform.now_ms() + 1;
            let end = (begin + REPORT_PIECE).min(until);
            for series in platform.history(begin, end, REPORT_STEP) {
                let name = series.labels.metric_name().unwrap_or_default();
                if wanted.iter().any(|expr| expr.contains(name)) {
                    let labels = &series.labels;
                    let samples = series.samples.iter().map(|s| (labels.clone(), *s));
                    feed.append(&samples.collect::<Vec<_>>());
                }
            }
        }
    };
    if let Err(e) = tokio::task::spawn_blocking(live).await {
        std::panic::resume_unwind(e.into_panic());
    }
    let spec = client(
        "demo",
        "simulator",
        true,
        budget(DEMO_EVERY.as_secs_f64()),
        &store,
    )
    .0;
    // Its present is the report's end: what is there is asked of the last hours.
    let end: embedded::Clock = Arc::new(move || until);
    (
        spec,
        Ok(Arc::new(LocalMetrics::new("simulator", store, end))),
    )
}

fn demo_store() -> Arc<Tsdb> {
    Arc::new(Tsdb::in_memory(Options {
        retention_ms: DEMO_RETENTION,
        ..Options::new(store_clock())
    }))
}

fn scenario(config: &Config) -> Scenario {
    Scenario {
        seed: config.demo.seed,
        ambient: config.demo.incidents,
        ..Scenario::default()
    }
}

/// The simulated platform as a source: `since` is when its full life begins, ms.
fn demo_client(store: &Arc<Tsdb>, past: &Arc<Tsdb>, since: i64) -> Client {
    let every = budget(DEMO_EVERY.as_secs_f64());
    let (spec, _) = client("demo", "simulator", true, every, store);
    let metrics = LocalMetrics::new("simulator", store.clone(), store_clock());
    let metrics = metrics.with_past(past.clone(), since, DEMO_RETENTION);
    (spec, Ok(Arc::new(metrics)))
}

fn demo_platform(config: &Config, incidents: Vec<Planned>) -> Platform {
    let start = (clock::now_ms() - DEMO_PAST).div_euclid(DEMO_PAST_STEP) * DEMO_PAST_STEP;
    let mut platform = Platform::with_scenario(&scenario(config), start);
    // Incidents of the command line count from now, not from the past that the platform has lived through.
    for planned in incidents {
        platform.start_incident(&Planned {
            after_ms: planned.after_ms + DEMO_PAST,
            ..planned
        });
    }
    platform
}

fn client(name: &str, kind: &'static str, demo: bool, budget: Budget, store: &Arc<Tsdb>) -> Client {
    let spec = SourceSpec {
        name: name.into(),
        kind: kind.into(),
        address: String::new(),
        demo,
        budget,
        langs: registry::langs(kind),
    };
    (
        spec,
        Ok(Arc::new(LocalMetrics::new(
            kind,
            store.clone(),
            store_clock(),
        ))),
    )
}

/// The store of this host's and the scraped samples: on disk where that is possible, in memory otherwise.
fn open(config: &Config, data: Option<&Path>, problems: &mut Vec<Problem>) -> Tsdb {
    let options = Options {
        retention_ms: i64::from(config.embedded.retention_days) * 86_400_000,
        ..Options::new(store_clock())
    };
    let Some(dir) = data else {
        problems.push(Problem::new(Path::new("-"), "data_in_memory").with("detail", "-"));
        return Tsdb::in_memory(options);
    };
    let path = dir.join("metrics.db");
    let bytes = config.embedded.retention_mib << 20;
    let file = FileOptions {
        max_bytes: bytes,
        hard_limit_bytes: bytes + bytes / 2,
        ..FileOptions::new(&path)
    };
    let opened = std::fs::create_dir_all(dir).map_err(|e| e.to_string());
    match opened.and_then(|()| Tsdb::open(options.clone(), file).map_err(|e| e.to_string())) {
        Ok(store) => store,
        Err(e) => {
            problems.push(Problem::new(&path, "data_in_memory").with("detail", e));
            Tsdb::in_memory(options)
        }
    }
}

/// Collects this host's metrics. A collection that hangs (a dead network mount) is waited for; no second one is begun beside it.
async fn host(store: Arc<Tsdb>, every: Duration, stop: CancellationToken) {
    let mut collector = HostCollector::new(HostOptions::default());
    let mut told = false;
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => {}
        }
        let feed = store.clone();
        let collected = tokio::task::spawn_blocking(move || {
            let collection = collector.collect(clock::now_ms());
            ScrapeSink::append(&*feed, &collection.samples);
            feed.describe(collector.metadata());
            (collector, collection.missing)
        });
        match collected.await {
            Ok((c, missing)) => {
                collector = c;
                for (part, why) in missing.iter().filter(|_| !told) {
                    tracing::info!(part, why = %why, "not collected from this host");
                }
                told = true;
            }
            Err(e) => return tracing::error!(error = %e, "this host is not collected any more"),
        }
    }
}

/// Begins to scrape the configured targets; one that is wrong is left out and told.
fn scrape(
    config: &Config,
    secrets: &dyn Secrets,
    store: &Arc<Tsdb>,
    problems: &mut Vec<Problem>,
) -> (Option<Arc<Scraper>>, Vec<ScrapeTarget>) {
    let mut tell = |url: &str, detail: String| {
        problems.push(Problem::new(Path::new(url), "scrape_target").with("detail", detail));
    };
    let mut targets = Vec::new();
    for s in &config.embedded.scrape {
        match target(s, secrets) {
            Ok(target) => targets.push(target),
            Err(detail) => tell(&s.url, detail),
        }
    }
    if targets.is_empty() && !config.registry.iter().any(|r| r.scrape) {
        return (None, targets);
    }
    match Scraper::start(targets.clone(), store.clone(), store_clock()) {
        Ok(scraper) => (Some(Arc::new(scraper)), targets),
        Err(e) => {
            tell("embedded.scrape", e.to_string());
            (None, Vec::new())
        }
    }
}

/// A target of the configuration, or what is wrong with it.
fn target(s: &Scrape, secrets: &dyn Secrets) -> Result<ScrapeTarget, String> {
    let secret = || {
        secrets
            .get(&s.secret)
            .ok_or_else(|| format!("shouwang secret set {}", s.secret))
    };
    let mut target = ScrapeTarget::new(&s.job, &s.url);
    target.interval = Duration::from_secs_f64(s.interval_seconds.unwrap_or(15.0));
    target.timeout =
        Duration::from_secs_f64(s.timeout_seconds.unwrap_or(10.0)).min(target.interval);
    target.honor_labels = s.honor_labels;
    target.auth = match s.auth.as_str() {
        "basic" => ScrapeAuth::Basic {
            user: s.user.clone(),
            password: secret()?,
        },
        "bearer" => ScrapeAuth::Bearer(secret()?),
        _ => ScrapeAuth::None,
    };
    if let Some(file) = &s.ca_file {
        target.authorities_pem = Some(std::fs::read_to_string(file).map_err(|e| e.to_string())?);
    }
    match target.problem() {
        Some(e) => Err(e.to_string()),
        None => Ok(target),
    }
}

/// Prometheus' HTTP API over the local store, when the configuration asks for it.
async fn serve(
    config: &Config,
    store: &Arc<Tsdb>,
    stop: &CancellationToken,
    running: &mut Running,
) -> Option<Problem> {
    let address = config.embedded.listen.parse().ok()?;
    let options = embedded::api::Options::new(address);
    match embedded::api::Server::bind(
        options,
        store.clone(),
        promql::Engine::default(),
        store_clock(),
    )
    .await
    {
        Ok(server) => {
            tracing::info!(address = %server.local_addr(), "answering Prometheus' API");
            let stop = stop.clone();
            running.tasks.push(tokio::spawn(async move {
                if let Err(e) = server.run(async move { stop.cancelled().await }).await {
                    tracing::error!(error = %e, "the API has ended");
                }
            }));
            None
        }
        Err(e) => Some(
            Problem::new(Path::new(&config.embedded.listen), "listen_failed").with("detail", e),
        ),
    }
}

/// Lives the simulated platform's life: first the past in pieces, then every few seconds. What was days before comes last (`earlier`), so
/// that a wall that has just started need not wait for it.
async fn demo(
    store: Arc<Tsdb>,
    platform: Platform,
    handle: Handle,
    stop: CancellationToken,
    earlier: impl Future<Output = ()>,
) {
    let (mut platform, stopped) = live_through_the_past(platform, &store, &stop).await;
    if stopped {
        return;
    }
    // Panels that asked in the meantime have got a part of the past.
    handle
        .send(Message::Event(Event::Backfilled("demo".into())))
        .await;
    let present = async {
        let mut ticks = tokio::time::interval(DEMO_EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = ticks.tick() => {}
            }
            platform.advance_to(clock::now_ms());
            store.append(&platform.samples());
        }
    };
    tokio::join!(present, earlier);
}

/// From the platform's present to ours; answers whether it was stopped on the way.
async fn live_through_the_past(
    mut platform: Platform,
    store: &Arc<Tsdb>,
    stop: &CancellationToken,
) -> (Platform, bool) {
    while platform.now_ms() + DEMO_PAST_STEP < clock::now_ms() && !stop.is_cancelled() {
        let feed = store.clone();
        let piece = move |mut platform: Platform| {
            let from = platform.now_ms() + 1;
            let to = (from + DEMO_PIECE).min(clock::now_ms());
            for series in platform.history(from, to, DEMO_PAST_STEP) {
                let samples: Vec<(Labels, Sample)> = series
                    .samples
                    .iter()
                    .map(|s| (series.labels.clone(), *s))
                    .collect();
                feed.append(&samples);
            }
            platform
        };
        // Computing an hour of thousands of series takes a while: not on the threads that answer the page.
        match tokio::task::spawn_blocking(move || piece(platform)).await {
            Ok(lived) => platform = lived,
            Err(e) => std::panic::resume_unwind(e.into_panic()),
        }
    }
    (platform, stop.is_cancelled())
}

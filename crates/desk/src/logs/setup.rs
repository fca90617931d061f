//! From the configuration to stores.

use super::boards;
use super::keeping;
use super::postgres;
use super::saved::Saved;
use super::stores::{Entry, Stores};
use super::{LocalLogs, LogsHandle};
use crate::Problem;
use crate::clock;
use crate::config::{Config, LogStore, Source};
use crate::sources::{self, Secrets};
use embedded::logs::{LogStore as Files, Options};
use engine::Failure;
use source::{FieldNames, LogOptions, LogSink, Logs, connect_logs};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// The store inside the program when nothing is configured, and that of the simulated platform.
const LOCAL: &str = "local";
const DEMO: &str = "demo";
/// What the embedded store keeps when the configuration does not say.
const DAYS: u32 = 30;
const MIB: u64 = 4_096;
/// What the simulated platform keeps. At its usual rate a day is nearly half a gigabyte.
const DEMO_DAYS: u32 = 2;

/// What was started.
pub struct Started {
    /// To ask.
    pub handle: LogsHandle,
    /// Where the simulated platform's lines go, when it runs.
    pub demo: Option<Arc<dyn LogSink>>,
    /// What is wrong with files.
    pub problems: Vec<Problem>,
    /// Ends when told to.
    pub watching: JoinHandle<()>,
}

/// Opens all stores. None of them is asked anything here: a server that is away keeps nothing waiting.
pub async fn start(
    config: &Config,
    secrets: &dyn Secrets,
    data: Option<&Path>,
    stop: &CancellationToken,
) -> Started {
    let mut entries = Vec::new();
    let mut records = BTreeMap::new();
    for (name, record, keeper) in keeping::keepers(config, secrets) {
        records.insert(name, record);
        if let Some(keeper) = keeper {
            tokio::spawn(keeper.run(keeping::FIRST, stop.clone()));
        }
    }
    for store in &config.log_store {
        let client = connect(store, secrets, data).await;
        let entry = Entry::new(&store.name, &store.kind, false, client);
        entries.push(entry.kept(records.remove(&store.name)));
        entries.extend(cold(config, store));
    }
    let mut demo = None;
    let mut problems = Vec::new();
    if config.demo_enabled() && !config.demo.log_store.is_empty() {
        match demo_writer(config, secrets) {
            Ok(writer) => demo = Some(writer),
            Err(problem) => problems.push(problem),
        }
    } else if config.demo_enabled() {
        let opened = open(folder(data, DEMO), DEMO_DAYS, MIB).await;
        let client = opened.map(|store| {
            demo = Some(store.clone() as Arc<dyn LogSink>);
            store as Arc<dyn Logs>
        });
        entries.push(Entry::new(DEMO, LocalLogs::KIND, true, client));
    }
    if entries.is_empty() {
        let client = embedded(LOCAL, None, None, data).await;
        entries.push(Entry::new(LOCAL, "embedded", false, client));
    }
    let (saved, problem) = Saved::open(data);
    let boards = boards::load(config.boards_dir.as_deref());
    let stores = Stores::new(entries);
    let watching = tokio::spawn(stores.clone().watch(stop.clone()));
    problems.extend(problem);
    problems.extend(boards.problems.clone());
    Started {
        handle: LogsHandle::new(stores, saved, boards, data.map(Path::to_owned)),
        demo,
        problems,
        watching,
    }
}

/// To read lines while no program runs that holds the stores: nothing is looked after, nothing is written.
pub async fn reader(config: &Config, secrets: &dyn Secrets, data: &Path) -> LogsHandle {
    let mut entries = Vec::new();
    for store in &config.log_store {
        let client = connect(store, secrets, Some(data)).await;
        entries.push(Entry::new(&store.name, &store.kind, false, client));
    }
    if config.demo_enabled() && config.demo.log_store.is_empty() {
        let client = embedded(DEMO, Some(DEMO_DAYS), None, Some(data)).await;
        entries.push(Entry::new(DEMO, LocalLogs::KIND, true, client));
    }
    if entries.is_empty() {
        let client = embedded(LOCAL, None, None, Some(data)).await;
        entries.push(Entry::new(LOCAL, "embedded", false, client));
    }
    let boards = boards::load(config.boards_dir.as_deref());
    let (saved, _) = Saved::open(None);
    LogsHandle::new(Stores::new(entries), saved, boards, None)
}

/// Who writes the simulated platform's lines into the configured store.
fn demo_writer(config: &Config, secrets: &dyn Secrets) -> Result<Arc<dyn LogSink>, Problem> {
    let name = &config.demo.log_store;
    let store = config.log_store.iter().find(|s| s.name == *name);
    let writer = store
        .filter(|s| s.kind == postgres::KIND)
        .and_then(|s| postgres::writer(s, secrets).ok().flatten());
    writer.ok_or_else(|| {
        Problem::new(Path::new("demo.log_store"), "config_demo_log_store").with("store", name)
    })
}

/// The files of a database's old lines, where somebody keeps its partitions or there are files already.
fn cold(config: &Config, store: &LogStore) -> Option<Entry> {
    if store.kind != postgres::KIND || store.table.is_some() {
        return None;
    }
    let folder = postgres::cold_folder(config, store)?;
    (!store.keep_user.is_empty() || folder.is_dir()).then(|| Entry::cold(&store.name, folder))
}

async fn connect(
    store: &LogStore,
    secrets: &dyn Secrets,
    data: Option<&Path>,
) -> Result<Arc<dyn Logs>, Failure> {
    if store.kind == "embedded" {
        return embedded(&store.name, store.retention_days, store.retention_mib, data).await;
    }
    if store.kind == postgres::KIND {
        return postgres::reader(store, secrets);
    }
    let connection = sources::connection(&as_source(store), secrets)?;
    connect_logs(&store.kind, &connection, &options(store))
        .map_err(|e| Failure::new("config", "detail", e))
}

/// What the configuration says about a server's fields; what it does not name is found out.
fn options(store: &LogStore) -> LogOptions {
    let named = |name: &str| (!name.trim().is_empty()).then(|| name.trim().to_owned());
    let fields = &store.fields;
    LogOptions {
        fields: FieldNames {
            service: named(&fields.service),
            host: named(&fields.host),
            level: named(&fields.level),
            message: named(&fields.message),
            trace_id: named(&fields.trace_id),
            span_id: named(&fields.span_id),
            category: named(&fields.category),
        },
        scope: named(&store.scope),
    }
}

async fn embedded(
    name: &str,
    days: Option<u32>,
    mib: Option<u64>,
    data: Option<&Path>,
) -> Result<Arc<dyn Logs>, Failure> {
    let (days, mib) = (days.unwrap_or(DAYS), mib.unwrap_or(MIB));
    let store = open(folder(data, name), days, mib).await?;
    Ok(store)
}

/// Where a store's files are. What a name says is no path.
fn folder(data: Option<&Path>, name: &str) -> Option<PathBuf> {
    let plain = |c: char| {
        if c.is_alphanumeric() || c == '-' {
            c
        } else {
            '_'
        }
    };
    let name: String = name.chars().take(60).map(plain).collect();
    data.map(|d| d.join("logs").join(name))
}

/// Opens the files, on a thread for blocking work: after a crash they are looked through.
async fn open(folder: Option<PathBuf>, days: u32, mib: u64) -> Result<Arc<LocalLogs>, Failure> {
    let folder = folder.ok_or_else(|| Failure::new("config", "detail", "no data directory"))?;
    let options = Options {
        max_days: days,
        max_bytes: mib << 20,
        ..Options::new(folder, Arc::new(clock::now_ms))
    };
    let opened = tokio::task::spawn_blocking(move || Files::open(options)).await;
    let opened = opened.map_err(|e| Failure::new("internal", "detail", e))?;
    let store = opened.map_err(|e| Failure::new("config", "detail", e))?;
    Ok(Arc::new(LocalLogs::new(store)))
}

/// How a server is reached is the same for what stores metrics and what stores logs.
fn as_source(store: &LogStore) -> Source {
    Source {
        name: store.name.clone(),
        kind: store.kind.clone(),
        url: store.url.clone(),
        auth: store.auth.clone(),
        user: store.user.clone(),
        secret: store.secret.clone(),
        ca_file: store.ca_file.clone(),
        client_cert_file: store.client_cert_file.clone(),
        client_key_secret: store.client_key_secret.clone(),
        timeout_seconds: store.timeout_seconds,
        ..Source::default()
    }
}

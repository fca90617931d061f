//! Puts the alert desk together: database, channels, sources, listener, own rules, the loop.

use super::chart::Book;
use super::core::{DutyCore, Facts};
use super::driver::Driver;
use super::handle::{DutyHandle, Message};
use super::poll::Poll;
use super::shell::Shell;
use super::{control, own_rules, setup};
use crate::config::Config;
use crate::config::duty::{AlertSource, Webhook};
use crate::listener::{self, NotKept};
use crate::problem::Problem;
use crate::rota::{
    RotaAsk, RotaCore, RotaHandle, RotaParts, Words, serve_calendars, unknown_roles,
};
use crate::sources::Secrets;
use crate::{clock, secret_store, sources};
use engine::Failure;
use futures::future::BoxFuture;
use model::duty::Snapshot;
use model::{Annotation, Secret};
use notify::popup::{PopupEvent, PopupHost};
use notify::{Channel, Settings, Surroundings};
use source::webhook::Batch;
use source::{AlertOptions, Alerts, connect_alerts};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use wire::{AlertBand, PersonView, ViewSettings};

/// Where the database is, below the data directory.
pub const DATABASE: &str = "duty/desk.db";
/// Name of the stored key that seals the audit log.
const AUDIT_KEY: &str = "shouwang-audit-key";
/// Name of the stored secret in the address of calendars.
const CALENDAR_SECRET: &str = "shouwang-calendar-address";
/// Channels are looked at this often.
const LOOK_AT_CHANNELS: Duration = Duration::from_secs(30);
/// The pause between two questions where the configuration does not say.
const POLL_SECONDS: f64 = 5.0;
/// Closed episodes are pruned this often.
const PRUNE_EVERY: Duration = Duration::from_secs(3600);

/// What the alert desk needs of the program around it.
pub struct Around {
    /// Windows and tray.
    pub shell: Arc<dyn Shell>,
    /// Shows pop-ups; `None`: nothing can.
    pub popup: Option<Arc<dyn PopupHost>>,
    /// What happens to them.
    pub popup_events: mpsc::Receiver<PopupEvent>,
    /// Sources of metrics, for charts and own rules.
    pub book: Book,
    /// How windows look.
    pub settings: ViewSettings,
    /// Where data is kept; `None`: only in memory.
    pub data: Option<PathBuf>,
    /// Ends everything.
    pub stop: CancellationToken,
    /// Ask sources, listen, evaluate rules. False for a single action of the command line.
    pub with_sources: bool,
    /// The wall, for the command line.
    pub wall: crate::Handle,
    /// The stores of logs, for the command line.
    pub logs: Option<crate::logs::LogsHandle>,
}

/// What has been made of the channel of messages.
pub struct Ends {
    /// For senders.
    pub handle: DutyHandle,
    /// For the loop.
    pub rx: mpsc::Receiver<Message>,
    /// For what the wall shows.
    pub band: watch::Sender<Arc<AlertBand>>,
    /// For the rota's loop.
    pub rota: mpsc::Receiver<RotaAsk>,
    /// To talk to it.
    pub rota_handle: RotaHandle,
}

/// Runs the alert desk until `around.stop`.
///
/// # Errors
/// When the database cannot be opened: another desk holds it, it is damaged, the disk refuses.
pub async fn run(
    config: &Config,
    secrets: &dyn Secrets,
    around: Around,
    ends: Ends,
    told: mpsc::UnboundedSender<Problem>,
) -> Result<(), store::StoreError> {
    let Ends {
        handle,
        rx,
        band,
        rota,
        rota_handle,
    } = ends;
    // Who listens ends with us.
    let mut tell = |problem| drop(told.send(problem));
    let (store, snapshot) = open(around.data.clone()).await?;

    let channels = channels(config, secrets, around.popup.clone(), &mut tell);
    let kinds: BTreeSet<String> = channels
        .iter()
        .map(|c| c.descriptor().kind.to_owned())
        .collect();
    let mut clients = Vec::new();
    for source in &config.alert_source {
        match connect(source, secrets) {
            Ok(client) => clients.push((source, client)),
            Err(failure) => tell(refused_source(source, &failure)),
        }
    }
    let silencing: BTreeMap<String, Arc<dyn Alerts>> = clients
        .iter()
        .filter(|(_, c)| c.can_silence())
        .map(|(s, c)| (s.name.clone(), c.clone()))
        .collect();
    let setup = setup::setup(config, kinds, silencing.keys().cloned().collect());
    let driver = Driver::new(channels, silencing, handle.clone());
    let facts = Facts {
        me: me(config),
        ack_ms: Some((config.duty.ack_minutes * 60_000.0) as i64).filter(|ms| *ms > 0),
        mirror: config.duty.mirror_labels.clone(),
        sources: listed(config, &clients),
        settings: around.settings.clone(),
    };
    let (me, who) = watch::channel(facts.me.clone());
    let zone = setup.zone;
    let core = DutyCore::new(super::core::Parts {
        me,
        setup,
        facts,
        store: store.clone(),
        driver: driver.clone(),
        shell: around.shell.clone(),
        band,
        book: around.book.clone(),
        handle: handle.clone(),
    });

    let mut tasks = tokio::task::JoinSet::new();
    let stop = around.stop.clone();
    let served = calendars(config, around.data.as_deref(), &mut tell).await;
    let rota_parts = RotaParts {
        store: store.clone(),
        me: who,
        main: Some(config.duty.rota.clone()).filter(|r| !r.is_empty()),
        words: Words::new(&config.locale, zone),
        duty: handle.clone(),
        data: around.data.clone(),
        calendars: served
            .as_ref()
            .map(|(_, secret, at)| format!("http://{at}/calendar/{secret}")),
    };
    let rota_core = RotaCore::load(rota_parts).await?;
    unknown_roles(Path::new("config.toml"), config, rota_core.book())
        .into_iter()
        .for_each(&mut tell);
    tasks.spawn(rota_core.run(rota));
    if let Some((listener, secret, _)) = served {
        tasks.spawn(serve_calendars(
            listener,
            secret,
            rota_handle.clone(),
            stop.clone(),
        ));
    }
    tasks.spawn(driver.watch_channels(LOOK_AT_CHANNELS));
    tasks.spawn(popups(around.popup_events, handle.clone()));
    tasks.spawn(prune(store, config.duty.retention_days));
    if around.with_sources {
        for (source, client) in &clients {
            let poll = Poll {
                name: source.name.clone(),
                client: client.clone(),
                interval: Duration::from_secs_f64(source.poll_seconds.unwrap_or(POLL_SECONDS)),
            };
            tasks.spawn(poll.run(handle.clone(), stop.clone()));
        }
        if let Some(problem) =
            listen(config, secrets, (&handle, &around.wall), &mut tasks, &stop).await
        {
            tell(problem);
        }
        let (rules, problems) = own_rules::load(config);
        problems.into_iter().for_each(&mut tell);
        tasks.spawn(own_rules::run(
            rules,
            around.book,
            around.data.clone(),
            handle.clone(),
            stop.clone(),
        ));
        if let Some(data) = &around.data {
            tasks.spawn(control::serve(
                data.clone(),
                control::Doors {
                    duty: handle.clone(),
                    rota: rota_handle,
                    wall: around.wall.clone(),
                    logs: around.logs.clone(),
                },
                stop.clone(),
            ));
        }
    }
    tokio::select! {
        () = stop.cancelled() => {}
        () = core.run(snapshot, rx) => {}
    }
    tasks.shutdown().await;
    Ok(())
}

/// Boxed, because the compiler cannot see through the borrows inside that it may move between threads.
fn open(
    data: Option<PathBuf>,
) -> BoxFuture<'static, Result<(store::Store, Snapshot), store::StoreError>> {
    Box::pin(async move {
        let store = match data {
            None => store::Store::in_memory().await?,
            Some(data) => {
                let key = audit_key(&data).await;
                store::Store::open(&data.join(DATABASE), &key, clock::now_ms()).await?
            }
        };
        let snapshot = store.load(clock::now_ms()).await?;
        Ok((store, snapshot))
    })
}

/// The key that seals the audit log: from keyring or vault, made at the first start. Where neither can be used the log is still chained, but
/// who can write the file could write it anew; the log says so.
pub async fn audit_key(data: &Path) -> store::AuditKey {
    match made_secret(data, AUDIT_KEY).await {
        Some(text) => store::AuditKey::new(text.as_bytes()),
        None => {
            tracing::warn!("the audit log has no key: keyring and vault cannot be used");
            store::AuditKey::new(b"")
        }
    }
}

/// 64 hexadecimal digits from keyring or vault, made at the first start; `None`: neither can be used.
async fn made_secret(data: &Path, name: &str) -> Option<String> {
    let secrets = secret_store::Store::open(Some(data)).await;
    let known = secrets.read(vec![name.to_owned()]).await;
    if let Some(key) = known.get(name) {
        return Some(key.expose().to_owned());
    }
    let mut bytes = [0u8; 32];
    getrandom::fill(&mut bytes).ok()?;
    let text: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
    let stored = secrets.set(name, Secret::new(text.clone())).await;
    stored.ok().map(|()| text)
}

/// Where calendars are served: the listener, the secret part of the path, the address.
async fn calendars(
    config: &Config,
    data: Option<&Path>,
    tell: &mut impl FnMut(Problem),
) -> Option<(tokio::net::TcpListener, String, std::net::SocketAddr)> {
    let address: std::net::SocketAddr = config.duty.calendar_listen.parse().ok()?;
    let secret = made_secret(data?, CALENDAR_SECRET).await?;
    let bound = tokio::net::TcpListener::bind(address).await;
    match bound.and_then(|l| l.local_addr().map(|at| (l, at))) {
        Ok((listener, at)) => Some((listener, secret, at)),
        Err(e) => {
            let problem = Problem::new(Path::new("config.toml"), "listener")
                .with("address", address)
                .with("detail", e);
            tell(problem);
            None
        }
    }
}

fn channels(
    config: &Config,
    secrets: &dyn Secrets,
    popup: Option<Arc<dyn PopupHost>>,
    tell: &mut impl FnMut(Problem),
) -> Vec<Arc<dyn Channel>> {
    let around = Surroundings { popup };
    let mut wanted = vec![
        ("popup", Settings::default()),
        ("sound", Settings::default()),
    ];
    if !config.webhook.url.is_empty() {
        wanted.push(("webhook", webhook(&config.webhook, secrets)));
    }
    if !config.mail.host.is_empty() {
        wanted.push((
            "mail",
            crate::reports::post::settings(&config.mail, secrets),
        ));
    }
    let mut made = Vec::new();
    for (kind, settings) in wanted {
        match notify::Registry::all().build(kind, &settings, &around) {
            Ok(channel) => made.push(channel),
            Err(e) => {
                let problem = Problem::new(Path::new("config.toml"), "channel")
                    .with("channel", kind)
                    .with("detail", &e);
                tell(problem);
            }
        }
    }
    made
}

fn webhook(config: &Webhook, secrets: &dyn Secrets) -> Settings {
    let mut settings = Settings::default();
    let values = [
        ("url", config.url.clone().into()),
        ("allow_http", config.allow_http.into()),
        ("allow", config.allow.clone().into()),
    ];
    settings
        .values
        .extend(values.map(|(n, v): (&str, serde_json::Value)| (n.to_owned(), v)));
    if let Some(key) = secrets.get(&config.secret) {
        settings.secrets.insert("secret".to_owned(), key);
    }
    settings
}

fn connect(source: &AlertSource, secrets: &dyn Secrets) -> Result<Arc<dyn Alerts>, Failure> {
    let connection = sources::connection(&source.reached(), secrets)?;
    connect_alerts(&source.kind, &connection, &AlertOptions::default())
        .map_err(|e| Failure::new("config", "detail", e))
}

fn refused_source(source: &AlertSource, failure: &Failure) -> Problem {
    let detail = failure
        .params
        .iter()
        .map(|(_, v)| v.as_str())
        .collect::<Vec<_>>()
        .join(" ");
    Problem::new(Path::new("config.toml"), "alert_source")
        .with("source", &source.name)
        .with("code", failure.code)
        .with("detail", detail)
}

/// Who uses this desk: as configured, the first person, or whoever is logged in.
pub fn me(config: &Config) -> PersonView {
    let of = |p: &crate::config::duty::Person| PersonView {
        id: p.id.clone(),
        name: p.name.clone(),
    };
    let named = config.person.iter().find(|p| p.id == config.duty.person);
    if let Some(person) = named.or(config.person.first()) {
        return of(person);
    }
    let login = ["USER", "USERNAME", "LOGNAME"]
        .iter()
        .find_map(|n| std::env::var(n).ok().filter(|v| !v.is_empty()));
    PersonView {
        id: engine::duty::setup::LOCAL.to_owned(),
        name: login.unwrap_or_else(|| crate::texts::plain(&config.locale, "duty.this_desk")),
    }
}

fn listed(
    config: &Config,
    clients: &[(&AlertSource, Arc<dyn Alerts>)],
) -> Vec<(String, String, bool)> {
    let mut all: Vec<(String, String, bool)> = clients
        .iter()
        .map(|(s, c)| (s.name.clone(), s.kind.clone(), c.can_silence()))
        .collect();
    if !config.duty.listen.is_empty() {
        all.push(("webhook".into(), "webhook".into(), false));
    }
    if own_rules::wanted(config) {
        all.push((own_rules::SOURCE.into(), "rules".into(), false));
    }
    all
}

async fn listen(
    config: &Config,
    secrets: &dyn Secrets,
    (handle, wall): (&DutyHandle, &crate::Handle),
    tasks: &mut tokio::task::JoinSet<()>,
    stop: &CancellationToken,
) -> Option<Problem> {
    let address = config.duty.listen.parse::<std::net::SocketAddr>().ok()?;
    let problem = |detail: String| {
        Problem::new(Path::new("config.toml"), "listener")
            .with("address", &config.duty.listen)
            .with("detail", detail)
    };
    let Some(token) = secrets.get(&config.duty.listen_secret) else {
        return Some(problem(config.duty.listen_secret.clone()));
    };
    // What the one Alertmanager that is polled sends is what it says: so its list also tells when it is over.
    let mut polled = config
        .alert_source
        .iter()
        .filter(|s| s.kind == "alertmanager");
    let source = match (polled.next(), polled.next()) {
        (Some(only), None) => only.name.clone(),
        _ => "webhook".to_owned(),
    };
    let mut options = listener::Options::new(address, token);
    options.allow_remote = config.duty.listen_beyond_loopback;
    let sink = Sink {
        handle: handle.clone(),
        wall: wall.clone(),
        source,
    };
    match listener::Listener::bind(options, Arc::new(sink), clock::now_ms).await {
        Ok(listening) => {
            let stop = stop.clone();
            tasks.spawn(listening.run(async move { stop.cancelled().await }));
            None
        }
        Err(e) => Some(problem(e.to_string())),
    }
}

/// Gives what came to the loop, and waits until it is on the disk.
struct Sink {
    handle: DutyHandle,
    wall: crate::Handle,
    source: String,
}

impl listener::Sink for Sink {
    fn keep(&self, batch: Batch) -> BoxFuture<'_, Result<(), NotKept>> {
        Box::pin(async move {
            let kept = self.handle.take(self.source.clone(), batch.alerts).await;
            kept.map_err(|e| NotKept(format!("{:?}", e.code)))
        })
    }

    fn happened(&self, notes: Vec<Annotation>) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            for note in notes {
                self.wall.happened(note).await;
            }
        })
    }
}

async fn popups(mut events: mpsc::Receiver<PopupEvent>, handle: DutyHandle) {
    while let Some(event) = events.recv().await {
        handle.send(Message::Popup(event)).await;
    }
    // The shell has no pop-ups any more: nothing to wait for.
    std::future::pending::<()>().await;
}

async fn prune(store: store::Store, days: u32) {
    loop {
        tokio::time::sleep(PRUNE_EVERY).await;
        if let Err(e) = store
            .prune(clock::now_ms() - i64::from(days) * 86_400_000)
            .await
        {
            tracing::warn!(error = %e, "old episodes could not be deleted");
        }
    }
}

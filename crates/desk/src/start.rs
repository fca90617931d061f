//! Puts the program together: sources, feeders, watchers, the loop.

use crate::boards;
use crate::clock;
use crate::config::{self, Config, Loaded};
use crate::core::{Core, Facts, Handle, Message};
use crate::driver::Driver;
use crate::duty::{self, DutyHandle, Shell, chart::Book};
use crate::duty_metrics;
use crate::editor::{self, EditorHandle};
use crate::feeders;
use crate::investigation::{Investigator, Place};
use crate::kiosk::{self, Kiosk};
use crate::logs::{self, LogsHandle};
use crate::reports::{self, ReportsHandle, schedule};
use crate::rota::RotaHandle;
use crate::secret_store::{self, ReadSecrets};
use crate::sources;
use crate::stories;
use crate::traces::{self, TracesHandle};
use engine::kiosk::Director;
use engine::{Failure, Memory, Setup, SourceSpec};
use model::Annotation;
use notify::popup::{PopupEvent, PopupHost};
use simulator::Planned;
use source::Metrics;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{SetOnce, mpsc};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use wire::ViewSettings;

/// What the wall knows is written to the disk this often: enough for a start without network, and rare enough for a flash disk.
const KEEP_VALUES: Duration = Duration::from_secs(300);
/// What happened is looked at this often for something new to write.
const KEEP_NOTES: Duration = Duration::from_secs(2);
/// What can wait leaves the processors to the wall's first picture, but never for longer than this.
const FIRST_PICTURE: Duration = Duration::from_secs(4);
/// The user's boards are looked at this often.
const LOOK_AT_FILES: Duration = Duration::from_secs(2);

/// What the command line says over the configuration.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// Full screen, no cursor.
    pub kiosk: bool,
    /// The first board.
    pub board: Option<String>,
    /// Incidents of the simulated platform, from now on.
    pub incidents: Vec<Planned>,
}

/// The machine around the desk: what shows its windows and pop-ups.
pub struct Machine {
    /// Windows and tray.
    pub shell: Arc<dyn Shell>,
    /// Shows pop-ups; `None`: nothing can.
    pub popup: Option<Arc<dyn PopupHost>>,
    /// What happens to them.
    pub popup_events: mpsc::Receiver<PopupEvent>,
    /// Set once the wall's first picture stands; from the beginning where there is no window.
    pub first_picture: Arc<SetOnce<()>>,
}

impl Machine {
    /// Without windows or pop-ups.
    pub fn none() -> Self {
        Self {
            first_picture: Arc::new(SetOnce::new_with(Some(()))),
            shell: Arc::new(duty::Headless),
            popup: None,
            popup_events: mpsc::channel(1).1,
        }
    }
}

/// A running desk. Dropping it ends everything it started.
pub struct Desk {
    /// To talk to the wall.
    pub handle: Handle,
    /// To talk to the alert desk.
    pub duty: DutyHandle,
    /// To talk to the rota.
    pub rota: RotaHandle,
    /// To ask about logs.
    pub logs: LogsHandle,
    /// To ask about everything around an alert.
    pub investigation: Investigator,
    /// To ask of traces.
    pub traces: TracesHandle,
    /// To edit boards.
    pub editor: EditorHandle,
    /// To ask about reports.
    pub reports: ReportsHandle,
    /// What is in force.
    pub config: Config,
    stop: CancellationToken,
    running: JoinHandle<()>,
    logs_running: Vec<JoinHandle<()>>,
    data: Option<PathBuf>,
    /// The stores write their last samples when the last of these is dropped.
    feeders: feeders::Running,
}

impl Desk {
    /// Language and zone in which the program speaks of itself.
    pub fn words(&self) -> crate::rota::Words {
        let zone = self.config.time_zone.parse();
        let zone = zone.unwrap_or(chrono_tz::Asia::Shanghai);
        crate::rota::Words::new(&self.config.locale, zone)
    }

    /// Ends with the desk.
    pub fn stopping(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Ends the feeders and waits for the last samples to reach the disk.
    pub async fn stop(self) {
        if let Some(data) = self.data {
            keep_values(&self.handle, data).await;
        }
        self.stop.cancel();
        // What was to be kept is kept; a panic there is in the log already.
        let _ = self.running.await;
        for task in self.logs_running {
            // A feeder that panicked has nothing left to write.
            let _ = task.await;
        }
        self.feeders.end().await;
    }
}

/// Starts everything. Nothing here waits for a source or for the network.
pub async fn start(loaded: Loaded, overrides: Overrides, machine: Machine) -> Desk {
    let mut config = loaded.config;
    config.wall.kiosk |= overrides.kiosk;
    if let Some(board) = overrides.board {
        config.board = board;
    }
    let stop = CancellationToken::new();
    let data = config::data_dir(&config);
    let reading = sources::Reading::begin(&config, data.as_deref());
    let (handle, rx) = Handle::channel();

    let mut specs: Vec<SourceSpec> = Vec::new();
    let mut clients: BTreeMap<String, Result<Arc<dyn Metrics>, Failure>> = BTreeMap::new();
    let mut add = |spec: SourceSpec, client: Result<Arc<dyn Metrics>, Failure>| {
        clients.insert(spec.name.clone(), client);
        specs.push(spec);
    };
    for (spec, client) in sources::connect_late(&config, &reading) {
        add(spec, client);
    }
    let secrets = reading.urgent().await;
    let logs = logs::start(&config, &*secrets, data.as_deref(), &stop).await;
    let mut logs_running = vec![logs.watching];
    let (traces, demo_traces) = traces::start(&config, &*secrets, &stop).await;
    if config.demo_enabled() {
        let options = stories::options(&config.demo);
        let incidents = stories::incidents(&overrides.incidents, clock::now_ms());
        let sinks = stories::Sinks {
            logs: logs.demo,
            traces: demo_traces,
        };
        let calm = after_first_picture(machine.first_picture.clone(), stop.clone());
        let told = stories::tell(options, incidents, sinks, stop.clone());
        logs_running.push(tokio::spawn(async move {
            calm.await;
            told.await;
        }));
    }
    let (feeders, embedded, problems) = feeders::start(
        &config,
        overrides.incidents,
        &*secrets,
        &handle,
        data.as_deref(),
        after_first_picture(machine.first_picture, stop.clone()),
        &stop,
    )
    .await;
    for (spec, client) in embedded {
        add(spec, client);
    }

    let facts = Facts {
        config: loaded.file.map(|f| f.display().to_string()),
        data: data.as_ref().map(|d| d.display().to_string()),
        problems: loaded
            .problems
            .iter()
            .chain(&problems)
            .chain(&logs.problems)
            .map(crate::Problem::view)
            .collect(),
        registries: feeders.registries.clone(),
        scraped: feeders.scraped.clone(),
        ..Facts::default()
    };
    tokio::spawn(tell_about_secrets(data.clone(), handle.clone()));
    let boards_dir = config::boards_dir(&config);
    let library = boards::load(boards_dir.as_deref());
    let mut setup = Setup {
        sources: specs,
        open: config.board.clone(),
        ..Setup::default()
    };
    let settings = settings(&config);
    let reports = start_reports(&config, &setup, &clients, &secrets, data.clone(), &stop);
    let book = book(&setup, &clients);
    let (duty, duty_rx, band) = DutyHandle::channel();
    // After the book: neither rules nor charts of alerts ask the desk about itself.
    let (figures, (spec, client)) = duty_metrics::source();
    clients.insert(spec.name.clone(), client);
    setup.sources.push(spec);
    tokio::spawn(duty_metrics::run(duty.clone(), figures, stop.clone()));
    let (rota, rota_rx) = RotaHandle::channel();
    let investigation = Investigator::new(
        duty.clone(),
        book.clone(),
        logs.handle.stores().clone(),
        traces.all(),
        Place {
            data: data.clone(),
            zone: config
                .time_zone
                .parse()
                .unwrap_or(chrono_tz::Asia::Shanghai),
        },
    );
    let zone = config.time_zone.parse();
    let words = crate::rota::Words::new(&config.locale, zone.unwrap_or(chrono_tz::Asia::Shanghai));
    let stores = logs.handle.stores().clone();
    tokio::spawn(logs::alarm::run(stores, duty.clone(), words, stop.clone()));
    let around = duty::start::Around {
        shell: machine.shell,
        popup: machine.popup,
        popup_events: machine.popup_events,
        book,
        settings: settings.clone(),
        data: data.clone(),
        wall: handle.clone(),
        logs: Some(logs.handle.clone()),
        stop: stop.clone(),
        with_sources: true,
    };
    let ends = duty::start::Ends {
        handle: duty.clone(),
        rx: duty_rx,
        band,
        rota: rota_rx,
        rota_handle: rota.clone(),
    };
    // Beside the start: neither database nor keyring may keep the wall waiting.
    let running = tokio::spawn(run_duty(
        config.clone(),
        reading,
        around,
        ends,
        handle.clone(),
    ));
    let editor = EditorHandle::new(editor::Parts {
        boards_dir: boards_dir.clone(),
        data: data.clone(),
        wall: handle.clone(),
        ground: editor::Ground {
            specs: setup.sources.clone(),
            clients: clients.clone(),
            settings: settings.clone(),
            duty: duty.clone(),
        },
    });
    let core = Core::new(
        Driver::new(clients, handle.clone()),
        settings,
        facts,
        duty.clone(),
        screens(&config),
    );
    let (memory, notes) = recall(data.clone()).await;
    let core = core.with_notes(notes);
    tokio::spawn(core.run(setup, library, memory, rx));
    if let Some(data) = data.clone() {
        tokio::spawn(keep_notes(handle.clone(), data.clone(), stop.clone()));
        tokio::spawn(keep_values_now_and_then(handle.clone(), data, stop.clone()));
    }
    if let Some(dir) = boards_dir {
        tokio::spawn(watch(dir, handle.clone(), stop.clone()));
    }
    Desk {
        handle,
        duty,
        rota,
        logs: logs.handle,
        investigation,
        traces,
        editor,
        reports,
        config,
        stop,
        feeders,
        running,
        logs_running,
        data,
    }
}

/// Until the wall's first picture stands: work that it does not need is done then.
async fn after_first_picture(shown: Arc<SetOnce<()>>, stop: CancellationToken) {
    tokio::select! {
        () = stop.cancelled() => {}
        _ = shown.wait() => {}
        () = tokio::time::sleep(FIRST_PICTURE) => {}
    }
}

/// The wall's screens at the start.
pub(crate) fn screens(config: &Config) -> Kiosk {
    let zone = config
        .time_zone
        .parse()
        .unwrap_or(chrono_tz::Asia::Shanghai);
    let (plan, outputs) = kiosk::plan(config, zone);
    let director = Director::new(plan, clock::now_ms());
    let night = kiosk::night(config, zone);
    Kiosk::new(director, outputs, night, config.wall.kiosk)
}

/// What the wall knew when it last ended.
async fn recall(data: Option<PathBuf>) -> (Option<Memory>, Vec<Annotation>) {
    let Some(data) = data else {
        return (None, Vec::new());
    };
    let read = move || (kiosk::recall(&data), kiosk::recall_notes(&data));
    // A panic while reading is in the log: the wall begins empty.
    tokio::task::spawn_blocking(read).await.unwrap_or_default()
}

async fn keep_values(handle: &Handle, data: PathBuf) {
    let Ok(memory) = handle.memory().await else {
        return;
    };
    let notes = handle.book().await.unwrap_or_default();
    let write = move || {
        kiosk::keep_notes(&data, &notes)?;
        kiosk::keep(&data, &memory)
    };
    let kept = tokio::task::spawn_blocking(write).await;
    if let Ok(Err(error)) = kept {
        tracing::warn!(%error, "the last values cannot be written");
    }
}

/// What somebody told is told once: it is on the disk soon, not only when values are. Nothing is written while nothing is new.
async fn keep_notes(handle: Handle, data: PathBuf, stop: CancellationToken) {
    let mut kept = None;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(KEEP_NOTES) => {}
        }
        let Ok(notes) = handle.book().await else {
            return;
        };
        if kept.as_ref() == Some(&notes) {
            continue;
        }
        let (place, new) = (data.clone(), notes.clone());
        let written = tokio::task::spawn_blocking(move || kiosk::keep_notes(&place, &new)).await;
        match written {
            Ok(Ok(())) => kept = Some(notes),
            Ok(Err(error)) => tracing::warn!(%error, "what happened cannot be written"),
            Err(_) => {}
        }
    }
}

async fn keep_values_now_and_then(handle: Handle, data: PathBuf, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(KEEP_VALUES) => keep_values(&handle, data.clone()).await,
        }
    }
}

/// Reports: those that the configuration asks for are made beside everything else, others when somebody asks.
fn start_reports(
    config: &Config,
    setup: &Setup,
    clients: &BTreeMap<String, Result<Arc<dyn Metrics>, Failure>>,
    secrets: &ReadSecrets,
    data: Option<PathBuf>,
    stop: &CancellationToken,
) -> ReportsHandle {
    let plans = reports::plans(config, data.as_deref());
    let mailer = match reports::post::mailer(&config.mail, secrets) {
        Some(Ok(mailer)) => Some(Arc::new(mailer)),
        // The alert desk tells it as a problem of its channel.
        Some(Err(_)) | None => None,
    };
    let client = |s: &SourceSpec| Some((s.clone(), clients.get(&s.name)?.clone()));
    let sources = setup.sources.iter().filter_map(client).collect();
    let database = data.as_ref().map(|dir| dir.join(duty::start::DATABASE));
    let handle = ReportsHandle::new(reports::Parts {
        ground: reports::Ground::new(config.clone(), sources, database),
        plans,
        mailer,
        data,
        stop: stop.clone(),
    });
    tokio::spawn(schedule::run(handle.clone()));
    handle
}

/// Sources of metrics for charts and rules, in order of preference. Rules name metrics of Prometheus' exporters: a store that has
/// another language first would only be asked in vain.
fn book(setup: &Setup, clients: &BTreeMap<String, Result<Arc<dyn Metrics>, Failure>>) -> Book {
    let client = |s: &SourceSpec| {
        if s.langs.first() != Some(&model::Lang::Promql) {
            return None;
        }
        let metrics = clients.get(&s.name)?.as_ref().ok()?.clone();
        Some((s.name.clone(), s.demo, metrics))
    };
    Arc::new(setup.sources.iter().filter_map(client).collect())
}

async fn run_duty(
    config: Config,
    reading: sources::Reading,
    around: duty::start::Around,
    ends: duty::start::Ends,
    wall: Handle,
) {
    let (tell, mut told) = mpsc::unbounded_channel();
    let forward = tokio::spawn(async move {
        while let Some(problem) = told.recv().await {
            wall.send(Message::Problem(crate::Problem::view(&problem)))
                .await;
        }
    });
    let secrets = reading.all().await;
    if let Err(e) = duty::start::run(&config, &*secrets, around, ends, tell.clone()).await {
        tracing::error!(error = %e, "there is no alert desk");
        let problem =
            crate::Problem::new(std::path::Path::new(duty::start::DATABASE), "duty_store");
        drop(tell.send(problem.with("detail", &e)));
    }
    drop(tell);
    // It has ended when all is told.
    let _ = forward.await;
}

/// Where secrets are kept is found out beside the start: a keyring may take seconds to answer, and the wall must not wait.
async fn tell_about_secrets(data: Option<PathBuf>, handle: Handle) {
    let store = secret_store::Store::open(data.as_deref()).await;
    handle
        .send(Message::Secrets(
            store.backend(),
            store.reason(),
            store.problem(),
        ))
        .await;
    read_pin(data.as_deref(), &handle).await;
}

/// Gives the wall the stored hash of the kiosk's PIN; asked again when the command line has changed it.
pub async fn read_pin(data: Option<&std::path::Path>, handle: &Handle) {
    let store = secret_store::Store::open(data).await;
    let known = store.read(vec![kiosk::PIN_SECRET.to_owned()]).await;
    let sealed = sources::Secrets::get(&known, kiosk::PIN_SECRET);
    handle.set_pin(sealed).await;
}

fn settings(config: &Config) -> ViewSettings {
    ViewSettings {
        locale: config.locale.clone(),
        theme: config.theme.clone(),
        time_zone: config.time_zone.clone(),
        kiosk: config.wall.kiosk,
        type_scale: config.wall.type_scale(),
        boards: Vec::new(),
    }
}

/// Polled and not subscribed to: an editor that writes by renaming, a network file system and a directory that comes later are all
/// the same, and a look at a few files costs nothing.
async fn watch(dir: PathBuf, handle: Handle, stop: CancellationToken) {
    let mut seen = boards::fingerprint(&dir);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(LOOK_AT_FILES) => {}
        }
        let now = boards::fingerprint(&dir);
        if now != seen {
            seen = now;
            handle
                .send(Message::Library(boards::load(Some(&dir))))
                .await;
        }
    }
}

/// The clock as the stores take it.
pub fn store_clock() -> embedded::Clock {
    Arc::new(clock::now_ms)
}

//! A private session bus, and a notification server on it that records what it is asked and does as it is told.

use std::collections::{HashMap, VecDeque};
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use zbus::blocking::{Connection, connection};
use zbus::interface;
use zbus::zvariant::OwnedValue;

const NAME: &str = "org.freedesktop.Notifications";
const PATH: &str = "/org/freedesktop/Notifications";

/// A session bus of its own, without any service that it could start. It ends when it is dropped.
#[derive(Debug)]
pub struct Bus {
    daemon: Child,
    address: String,
    _dir: TempDir,
}

impl Bus {
    /// Starts one.
    ///
    /// # Panics
    /// When `dbus-daemon` is not installed or does not start.
    pub fn start() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let config = dir.path().join("bus.conf");
        let text = format!(
            "<busconfig><type>session</type><listen>unix:dir={}</listen><auth>EXTERNAL</auth>\
             <policy context=\"default\"><allow send_destination=\"*\" eavesdrop=\"true\"/><allow eavesdrop=\"true\"/><allow own=\"*\"/></policy></busconfig>",
            dir.path().display()
        );
        std::fs::write(&config, text).expect("a file");
        let mut daemon = Command::new("dbus-daemon")
            .arg(format!("--config-file={}", config.display()))
            .args(["--nofork", "--print-address=1"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("dbus-daemon is installed");
        let mut address = String::new();
        let out = daemon.stdout.take().expect("piped");
        BufReader::new(out)
            .read_line(&mut address)
            .expect("dbus-daemon prints its address");
        let address = address.trim().to_owned();
        assert!(address.starts_with("unix:"), "no address: {address:?}");
        Self {
            daemon,
            address,
            _dir: dir,
        }
    }

    /// For `DBUS_SESSION_BUS_ADDRESS`.
    pub fn address(&self) -> &str {
        &self.address
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        // it may have ended by itself
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
    }
}

/// How a server behaves.
#[derive(Clone, Debug)]
pub struct Manner {
    /// As `GetCapabilities` answers.
    pub capabilities: Vec<String>,
    /// How long each `Notify` takes.
    pub delay: Duration,
    /// The D-Bus error's message that `Notify` answers.
    pub refuse: Option<String>,
    /// The action that is pressed at once, before `Notify` is even answered.
    pub press: Option<String>,
}

impl Manner {
    /// With buttons and markup, fast, friendly.
    pub fn able() -> Self {
        let able = ["body", "body-markup", "actions", "persistence"];
        Self {
            capabilities: able.map(str::to_owned).to_vec(),
            delay: Duration::ZERO,
            refuse: None,
            press: None,
        }
    }

    /// Text only.
    pub fn plain() -> Self {
        Self {
            capabilities: vec!["body".to_owned()],
            ..Self::able()
        }
    }
}

/// One `Notify`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The id that it got.
    pub id: u32,
    /// The id that it replaces; 0: none.
    pub replaces: u32,
    /// The program's name.
    pub application: String,
    /// The icon.
    pub icon: String,
    /// Its title.
    pub title: String,
    /// Its text.
    pub body: String,
    /// Keys and titles of buttons, in turn.
    pub actions: Vec<String>,
    /// Hint `urgency`, if there is one.
    pub urgency: Option<u8>,
    /// Names of the hints.
    pub hints: Vec<String>,
    /// ms; 0: never, -1: as the server likes.
    pub expire: i32,
    /// When it came.
    pub at: Instant,
}

#[derive(Debug)]
struct State {
    manner: Manner,
    notes: Vec<Note>,
    closed: VecDeque<u32>,
    last_id: u32,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Object(Arc<Shared>);

#[interface(name = "org.freedesktop.Notifications")]
impl Object {
    #[expect(clippy::too_many_arguments, reason = "as the specification has it")]
    async fn notify(
        &self,
        application: String,
        replaces: u32,
        icon: String,
        title: String,
        body: String,
        actions: Vec<String>,
        hints: HashMap<String, OwnedValue>,
        expire: i32,
        #[zbus(connection)] connection: &zbus::Connection,
    ) -> zbus::fdo::Result<u32> {
        let (id, manner) = {
            let mut state = self.0.state();
            let manner = state.manner.clone();
            if let Some(why) = manner.refuse {
                return Err(zbus::fdo::Error::Failed(why));
            }
            if replaces == 0 {
                state.last_id += 1;
            }
            let id = if replaces == 0 {
                state.last_id
            } else {
                replaces
            };
            let mut names: Vec<String> = hints.keys().cloned().collect();
            names.sort();
            state.notes.push(Note {
                id,
                replaces,
                application,
                icon,
                title,
                body,
                actions,
                urgency: hints.get("urgency").and_then(|v| u8::try_from(v).ok()),
                hints: names,
                expire,
                at: arrival(),
            });
            (id, manner)
        };
        self.0.changed.notify_all();
        if let Some(key) = &manner.press {
            connection
                .emit_signal(None::<&str>, PATH, NAME, "ActionInvoked", &(id, key))
                .await?;
        }
        // the whole server is slow, as a real one is that waits for its screen
        std::thread::sleep(manner.delay);
        Ok(id)
    }

    async fn close_notification(
        &self,
        id: u32,
        #[zbus(connection)] connection: &zbus::Connection,
    ) -> zbus::fdo::Result<()> {
        self.0.state().closed.push_back(id);
        self.0.changed.notify_all();
        connection
            .emit_signal(None::<&str>, PATH, NAME, "NotificationClosed", &(id, 3u32))
            .await?;
        Ok(())
    }

    fn get_capabilities(&self) -> Vec<String> {
        self.0.state().manner.capabilities.clone()
    }

    fn get_server_information(&self) -> (String, String, String, String) {
        let text = |s: &str| s.to_owned();
        (text("test"), text("守望"), text("1.0"), text("1.2"))
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "latency is measured in real time"
)]
fn arrival() -> Instant {
    Instant::now()
}

/// A notification server. It leaves the bus when it is dropped.
#[derive(Debug)]
pub struct NotificationServer {
    shared: Arc<Shared>,
    connection: Connection,
}

impl NotificationServer {
    /// Takes the name on the bus at `address`. Its ids begin at 1.
    ///
    /// # Panics
    /// When the bus is not there, or the name is taken.
    pub fn start(address: &str, manner: Manner) -> Self {
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                manner,
                notes: Vec::new(),
                closed: VecDeque::new(),
                last_id: 0,
            }),
            changed: Condvar::new(),
        });
        let connection = connection::Builder::address(address)
            .and_then(|b| b.serve_at(PATH, Object(Arc::clone(&shared))))
            .and_then(|b| b.name(NAME))
            .and_then(connection::Builder::build)
            .expect("a connection to the bus");
        Self { shared, connection }
    }

    /// From now on.
    pub fn behave(&self, manner: Manner) {
        self.shared.state().manner = manner;
    }

    /// All that it was asked to show.
    pub fn notes(&self) -> Vec<Note> {
        self.shared.state().notes.clone()
    }

    /// Ids that it was asked to close.
    pub fn closed(&self) -> Vec<u32> {
        self.shared.state().closed.iter().copied().collect()
    }

    /// Waits until it has been asked to show `n`; all of them.
    ///
    /// # Panics
    /// When that takes more than ten seconds.
    pub fn wait_for(&self, n: usize) -> Vec<Note> {
        self.wait(|state| state.notes.len() >= n, "notifications");
        self.notes()
    }

    /// Waits for the one whose title has `part`, whatever else (a hint that a channel is
    /// out of order, say) is shown beside it.
    ///
    /// # Panics
    /// When that takes more than ten seconds.
    pub fn wait_titled(&self, part: &str) -> Note {
        let has = |state: &State| state.notes.iter().position(|n| n.title.contains(part));
        self.wait(|state| has(state).is_some(), part);
        let state = self.shared.state();
        state.notes[has(&state).expect("it has come")].clone()
    }

    /// Waits until it has been asked to close `id`.
    ///
    /// # Panics
    /// When that takes more than ten seconds.
    pub fn wait_closed(&self, id: u32) {
        self.wait(|state| state.closed.contains(&id), "closing");
    }

    fn wait(&self, ready: impl Fn(&State) -> bool, what: &str) {
        let state = self.shared.state();
        let (state, waited) = self
            .shared
            .changed
            .wait_timeout_while(state, Duration::from_secs(10), |s| !ready(s))
            .unwrap_or_else(PoisonError::into_inner);
        assert!(!waited.timed_out(), "no {what} came: {state:?}");
    }

    /// Somebody presses a button; real servers then close the notification.
    ///
    /// # Panics
    /// When the bus is gone.
    pub fn press(&self, id: u32, key: &str) {
        self.emit("ActionInvoked", &(id, key));
        self.emit("NotificationClosed", &(id, 2u32));
    }

    /// Somebody, or time, closes it: 1 expired, 2 dismissed, 3 by a call, 4 undefined.
    ///
    /// # Panics
    /// When the bus is gone.
    pub fn close(&self, id: u32, reason: u32) {
        self.emit("NotificationClosed", &(id, reason));
    }

    fn emit<B: serde::Serialize + zbus::zvariant::DynamicType>(&self, signal: &str, body: &B) {
        self.connection
            .emit_signal(None::<&str>, PATH, NAME, signal, body)
            .expect("the bus is there");
    }
}

impl Drop for NotificationServer {
    fn drop(&mut self) {
        // the bus may be gone already
        let _ = self.connection.release_name(NAME);
        let _ = self.connection.clone().close();
    }
}

/// Sends `signal` with `body` in the name of nobody in particular, as any program on the bus can.
///
/// # Panics
/// When the bus is not there.
pub fn forge(address: &str, id: u32, key: &str) {
    let connection = connection::Builder::address(address)
        .and_then(connection::Builder::build)
        .expect("a connection to the bus");
    connection
        .emit_signal(None::<&str>, PATH, NAME, "ActionInvoked", &(id, key))
        .expect("the bus is there");
}

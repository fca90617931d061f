//! The program in a real window: a private display, WebKitWebDriver, and the page driven through it.
//!
//! One window at a time, across all test programs (a file lock): two of them on two cores would make each
//! other's times worthless.

use fantoccini::actions::{InputSource, MouseActions, PointerAction};
use fantoccini::{Client, ClientBuilder, Locator};
use serde_json::{Value, json};
use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::runtime::Runtime;
use xtask::display::{Display, Size};
use xtask::procs::{self, Service};
use xtask::{fixture, paths};

/// How long the wall may take until it has painted its first frame: a debug build on a busy machine.
const READY_WITHIN: Duration = Duration::from_secs(60);
/// WebKitWebDriver has opened the program by then, or it never answers.
const ANSWERS_WITHIN: Duration = Duration::from_secs(90);
/// How often a condition is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// A script: what stands outside of its panel, or of the screen, or over another panel.
pub const MISPLACED: &str = r"
    const wrong = [];
    const root = document.documentElement;
    if (root.scrollWidth > innerWidth || root.scrollHeight > innerHeight || document.body.scrollHeight > innerHeight)
      wrong.push(`the page scrolls: ${root.scrollWidth}x${root.scrollHeight} in ${innerWidth}x${innerHeight}`);
    const panels = [...document.querySelectorAll('[data-panel]')];
    const rects = panels.map(p => p.getBoundingClientRect());
    panels.forEach((panel, i) => {
      const name = panel.dataset.panel, r = rects[i];
      if (r.width < 40 || r.height < 30) wrong.push(`${name} is ${r.width}x${r.height}`);
      if (r.left < -1 || r.top < -1 || r.right > innerWidth + 1 || r.bottom > innerHeight + 1)
        wrong.push(`${name} leaves the screen`);
      for (let j = 0; j < i; j++) {
        const o = rects[j];
        if (r.left < o.right - 1 && o.left < r.right - 1 && r.top < o.bottom - 1 && o.top < r.bottom - 1)
          wrong.push(`${name} lies over ${panels[j].dataset.panel}`);
      }
      const clipped = e => { for (let p = e.parentElement; p && p !== panel; p = p.parentElement)
        if (getComputedStyle(p).overflow !== 'visible') return true; return false };
      for (const e of panel.querySelectorAll('*')) {
        if (![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) && e.tagName !== 'CANVAS') continue;
        const b = e.getBoundingClientRect();
        if (b.width === 0 || b.height === 0 || clipped(e)) continue;
        if (b.left < r.left - 1 || b.top < r.top - 1 || b.right > r.right + 1 || b.bottom > r.bottom + 1)
          wrong.push(`${name}: ${e.tagName} '${e.textContent.trim().slice(0, 20)}' ${b.left},${b.top},${b.right},${b.bottom} ` +
            `leaves ${r.left},${r.top},${r.right},${r.bottom}`);
      }
      // What does not fit ends in an ellipsis: that of the box that cuts, for which the text must stand in it directly.
      for (const e of panel.querySelectorAll('*')) {
        if (e.closest('svg') || ![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())) continue;
        const range = document.createRange();
        range.selectNodeContents(e);
        let right = range.getBoundingClientRect().right, direct = true;
        for (let box = e; box !== panel; box = box.parentElement) {
          const style = getComputedStyle(box), edge = box.getBoundingClientRect().right;
          if (style.overflowX !== 'visible' && right > edge + 1) {
            if (!direct || style.textOverflow !== 'ellipsis') wrong.push(`${name}: '${e.textContent.trim().slice(0, 40)}' is cut without an ellipsis`);
            right = edge;
          }
          direct &&= style.display === 'inline';
        }
      }
    });
    return wrong.slice(0, 12)";

/// What to open.
#[derive(Debug, Clone)]
pub struct Options {
    name: &'static str,
    size: Size,
    config: String,
    boards: Vec<(String, String)>,
    args: Vec<String>,
}

impl Options {
    /// The wall as it is without any configuration; `name` is the test's, for its pictures.
    pub fn new(name: &'static str) -> Self {
        Self {
            name,
            size: Size::FULL_HD,
            config: String::new(),
            boards: Vec::new(),
            args: Vec::new(),
        }
    }

    /// On a screen of this size.
    #[must_use]
    pub fn size(mut self, size: Size) -> Self {
        self.size = size;
        self
    }

    /// With this text as the configuration file.
    #[must_use]
    pub fn config(mut self, toml: impl Into<String>) -> Self {
        self.config = toml.into();
        self
    }

    /// With a file of our own (`id.yaml`) beside the built-in boards.
    #[must_use]
    pub fn board(mut self, id: &str, yaml: impl Into<String>) -> Self {
        self.boards.push((id.to_owned(), yaml.into()));
        self
    }

    /// With these arguments on the command line.
    #[must_use]
    pub fn args(mut self, args: &[&str]) -> Self {
        self.args.extend(args.iter().map(|a| (*a).to_owned()));
        self
    }
}

/// An open wall. Everything ends when it is dropped.
#[derive(Debug)]
pub struct Wall {
    // dropped in this order
    client: Option<Client>,
    driver: Service,
    display: Display,
    runtime: Runtime,
    name: &'static str,
    _one_at_a_time: File,
}

impl Wall {
    /// Opens the wall and waits for its first frame.
    ///
    /// # Panics
    /// When something is missing (says what), or the wall does not come up (shows what the program wrote).
    pub fn open(options: Options) -> Self {
        let lock = one_at_a_time();
        let program = program();
        let display = Display::start(options.size)
            .unwrap_or_else(|e| panic!("{e:#}. Run `cargo xtask setup`."));
        let args = write_files(display.dir(), &options);
        let port = fixture::free_port().expect("a free port");
        let driver = start_driver(&display, port);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let mut wall = Self {
            client: None,
            driver,
            display,
            runtime,
            name: options.name,
            _one_at_a_time: lock,
        };
        let mut port = port;
        // Now and then WebKitWebDriver never answers although the program is there: then both are started anew.
        while !wall.connect(port, &program, &args) {
            eprintln!("WebKitWebDriver did not answer within {ANSWERS_WITHIN:?}, once more");
            port = fixture::free_port().expect("a free port");
            wall.driver.end();
            wall.driver = start_driver(&wall.display, port);
        }
        wall.until(
            "the first frame",
            READY_WITHIN,
            "return document.body.dataset.ready === '1'",
        );
        wall
    }

    /// Whether it has answered.
    fn connect(&mut self, port: u16, program: &Path, args: &[String]) -> bool {
        let begun = procs::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            let listens_in_time = self.driver.check().is_ok() && begun.elapsed() < READY_WITHIN;
            assert!(
                listens_in_time,
                "WebKitWebDriver does not listen\n{}",
                self.words()
            );
            std::thread::sleep(LOOK_EVERY);
        }
        let mut wanted = serde_json::Map::new();
        let options = json!({ "binary": program, "args": args });
        wanted.insert("webkitgtk:browserOptions".into(), options);
        let connector = hyper_util::client::legacy::connect::HttpConnector::new();
        let mut builder = ClientBuilder::new(connector);
        let url = format!("http://127.0.0.1:{port}");
        let opened = self.runtime.block_on(async {
            let session = builder.capabilities(wanted).connect(&url);
            tokio::time::timeout(ANSWERS_WITHIN, session).await
        });
        let Ok(opened) = opened else {
            return false;
        };
        let client = opened.unwrap_or_else(|e| {
            panic!(
                "WebKitWebDriver did not open the program: {e}\n{}",
                self.words()
            )
        });
        self.client = Some(client);
        true
    }

    fn client(&self) -> &Client {
        self.client.as_ref().expect("the wall is open")
    }

    /// Where its files are: `config.toml`, `boards/`, `data/`.
    pub fn dir(&self) -> &Path {
        self.display.dir()
    }

    /// What the program's command line answers on the same machine, with `input` on its standard input.
    ///
    /// # Panics
    /// When it fails.
    pub fn command_line(&self, args: &[&str], input: &str) -> String {
        command_line(&self.display, args, input)
    }

    /// Its display.
    pub fn display(&self) -> &Display {
        &self.display
    }

    /// Process id of the driver; the program is below it.
    pub fn driver_pid(&self) -> u32 {
        self.driver.pid()
    }

    /// What the program wrote to standard output and standard error.
    pub fn words(&self) -> String {
        let bytes = fs::read(self.dir().join("program.log")).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Writes a board's file as a person's editor would: whole, by renaming.
    pub fn write_board(&self, id: &str, yaml: &str) {
        let file = self.dir().join("boards").join(format!("{id}.yaml"));
        let half = file.with_extension("part");
        fs::write(&half, yaml).expect("a board can be written");
        fs::rename(&half, &file).expect("a board can be renamed");
    }

    /// Addresses of all windows of the program, sorted; the part after the host: `/`, `/index.html#desk`.
    ///
    /// # Panics
    /// When the driver refuses.
    pub fn windows(&self) -> Vec<String> {
        let mut all: Vec<String> = self.pages().into_iter().map(|(_, page)| page).collect();
        all.sort();
        all
    }

    /// Waits until the program has exactly these windows.
    ///
    /// # Panics
    /// When it has not in time.
    pub fn until_windows(&self, wanted: &[&str], within: Duration) {
        let begun = procs::now();
        loop {
            let there = self.windows();
            if there == wanted {
                return;
            }
            assert!(
                begun.elapsed() < within,
                "windows {there:?}, not {wanted:?}; picture: {}\n{}",
                self.picture("failed").display(),
                self.words()
            );
            std::thread::sleep(LOOK_EVERY);
        }
    }

    /// From now on everything is about the window with this address.
    ///
    /// # Panics
    /// When there is none.
    pub fn enter(&self, page: &str) {
        let found = self.pages().into_iter().find(|(_, p)| p == page);
        let (handle, _) = found.unwrap_or_else(|| panic!("no window {page}\n{}", self.words()));
        self.runtime
            .block_on(self.client().switch_to_window(handle))
            .expect("a window can be entered");
    }

    /// Leaves the driver in the last of them.
    fn pages(&self) -> Vec<(fantoccini::wd::WindowHandle, String)> {
        let client = self.client();
        let look = async {
            let mut all = Vec::new();
            for handle in client.windows().await? {
                // it may have been closed meanwhile
                if client.switch_to_window(handle.clone()).await.is_err() {
                    continue;
                }
                let script = "return location.pathname + location.hash";
                if let Ok(page) = client.execute(script, Vec::new()).await {
                    all.push((handle, text_of(&page)));
                }
            }
            Ok::<_, fantoccini::error::CmdError>(all)
        };
        self.runtime
            .block_on(look)
            .unwrap_or_else(|e| panic!("windows cannot be listed: {e}\n{}", self.words()))
    }

    /// What a script in the page returns.
    ///
    /// # Panics
    /// When it throws, or the page does not answer.
    pub fn js(&self, script: &str) -> Value {
        self.try_js(script)
            .unwrap_or_else(|e| panic!("{script}\n{e}\n{}", self.words()))
    }

    fn try_js(&self, script: &str) -> Result<Value, String> {
        self.runtime
            .block_on(self.client().execute(script, Vec::new()))
            .map_err(|e| e.to_string())
    }

    /// Text of all elements that match, in the order of the page.
    pub fn texts(&self, css: &str) -> Vec<String> {
        let found = self.js(&format!(
            "return [...document.querySelectorAll({css:?})].map(e => e.textContent)"
        ));
        found
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default()
            .iter()
            .map(text_of)
            .collect()
    }

    /// Text of the first element that matches; empty when there is none.
    pub fn text(&self, css: &str) -> String {
        self.texts(css).into_iter().next().unwrap_or_default()
    }

    /// How many elements match.
    pub fn count(&self, css: &str) -> usize {
        self.texts(css).len()
    }

    /// State of a panel; empty when there is no such panel.
    pub fn state(&self, panel: &str) -> String {
        text_of(&self.js(&format!(
            "return document.querySelector('[data-panel=\"{panel}\"]')?.dataset.state ?? ''"
        )))
    }

    /// Waits until the script returns something true, and gives that.
    ///
    /// # Panics
    /// When it does not in time: says `what`, leaves a picture and shows what the program wrote.
    pub fn until(&self, what: &str, within: Duration, script: &str) -> Value {
        let begun = procs::now();
        loop {
            let seen = self.try_js(script);
            if let Ok(value) = &seen
                && is_true(value)
            {
                return value.clone();
            }
            if begun.elapsed() > within {
                let picture = self.picture("failed");
                panic!(
                    "{what}: not within {within:?} ({seen:?}); picture: {}\n{}",
                    picture.display(),
                    self.words()
                );
            }
            std::thread::sleep(LOOK_EVERY);
        }
    }

    /// Waits until the panel has this state.
    ///
    /// # Panics
    /// When it has not in time.
    pub fn until_state(&self, panel: &str, state: &str, within: Duration) {
        self.until(
            &format!("panel {panel} to be {state}"),
            within,
            &format!("return document.querySelector('[data-panel=\"{panel}\"]')?.dataset.state === '{state}'"),
        );
    }

    /// Clicks the first element that matches, by the pointer.
    ///
    /// # Panics
    /// When there is none.
    pub fn click(&self, css: &str) {
        let click = async { self.client().find(Locator::Css(css)).await?.click().await };
        self.runtime
            .block_on(click)
            .unwrap_or_else(|e| panic!("cannot click {css}: {e}"));
    }

    /// Moves the pointer, so that the controls come up, and clicks one of them (`locale`, `theme`, `health`).
    ///
    /// # Panics
    /// When it does not come up.
    pub fn control(&self, name: &str) {
        self.hover(300, 300);
        self.hover(320, 310);
        let css = format!("[data-control='{name}']");
        let there = format!("return document.querySelector(\"{css}\") !== null");
        self.until("the controls to come up", Duration::from_secs(5), &there);
        self.click(&css);
    }

    /// Presses the left button at one place of the page, moves and lets go at another (CSS pixels).
    ///
    /// # Panics
    /// When the driver refuses.
    pub fn drag(&self, from: (i64, i64), to: (i64, i64)) {
        let go = |x: i64, y: i64, ms: u64| PointerAction::MoveTo {
            duration: Some(Duration::from_millis(ms)),
            x: x as f64,
            y: y as f64,
        };
        let left = fantoccini::actions::MOUSE_BUTTON_LEFT;
        let middle = ((from.0 + to.0) / 2, (from.1 + to.1) / 2);
        let actions = MouseActions::new("mouse".into())
            .then(go(from.0, from.1, 50))
            .then(PointerAction::Down { button: left })
            .then(go(middle.0, middle.1, 100))
            .then(go(to.0, to.1, 100))
            .then(PointerAction::Up { button: left });
        self.runtime
            .block_on(self.client().perform_actions(actions))
            .expect("the pointer can be dragged");
    }

    /// Moves the pointer to a place of the page (CSS pixels).
    ///
    /// # Panics
    /// When the driver refuses.
    pub fn hover(&self, x: i64, y: i64) {
        let actions = MouseActions::new("mouse".into()).then(PointerAction::MoveTo {
            duration: Some(Duration::from_millis(50)),
            x: x as f64,
            y: y as f64,
        });
        self.runtime
            .block_on(self.client().perform_actions(actions))
            .expect("the pointer can be moved");
    }

    /// What the screen shows, as `target/window-tests/<test>-<what>.png`.
    ///
    /// # Panics
    /// When the picture cannot be taken.
    pub fn picture(&self, what: &str) -> PathBuf {
        let file = paths::output()
            .join("window-tests")
            .join(format!("{}-{what}.png", self.name));
        self.display
            .picture(&file)
            .unwrap_or_else(|e| panic!("{e:#}"));
        file
    }
}

impl Drop for Wall {
    fn drop(&mut self) {
        if let Some(client) = self.client.take() {
            // the program ends when its session does; a hung one is killed with the driver's group
            let close =
                async { tokio::time::timeout(Duration::from_secs(5), client.close()).await };
            let _ = self.runtime.block_on(close);
        }
        self.driver.end();
    }
}

fn is_true(value: &Value) -> bool {
    !matches!(value, Value::Null | Value::Bool(false)) && value != "" && value != 0
}

fn text_of(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Waits for other window tests and keeps them waiting.
///
/// # Panics
/// When the lock cannot be made.
pub fn one_at_a_time() -> File {
    let folder = paths::output().join("window-tests");
    fs::create_dir_all(&folder).expect("target/window-tests can be made");
    let file = File::create(folder.join("lock")).expect("the lock can be made");
    file.lock().expect("the lock can be taken");
    file
}

/// The program: `SHOUWANG_BIN`, or the one beside the tests.
///
/// # Panics
/// When it has not been built.
pub fn program() -> PathBuf {
    let built = std::env::var_os("SHOUWANG_BIN").map_or_else(
        || {
            let me = std::env::current_exe().expect("the test's own path");
            me.parent()
                .and_then(Path::parent)
                .expect("a target directory")
                .join("shouwang")
        },
        PathBuf::from,
    );
    assert!(
        built.is_file(),
        "there is no {}: build it with `cargo build -p shouwang -p reclaim`, or run `cargo xtask test`",
        built.display()
    );
    built
}

/// What the command line answers about the program that runs on this display with `data` and `config.toml` in the display's directory.
///
/// # Panics
/// When it fails.
pub fn command_line(display: &Display, args: &[&str], input: &str) -> String {
    use std::io::Write as _;
    let mut command = procs::tied(program());
    command
        .args(args)
        .arg("--config")
        .arg(display.dir().join("config.toml"))
        .env("SHOUWANG_DATA", display.dir().join("data"))
        .env("HOME", display.dir())
        .env("LANG", "zh_CN.UTF-8")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    display.apply(&mut command);
    let mut child = command.spawn().expect("the command line starts");
    let mut to = child.stdin.take().expect("its standard input");
    to.write_all(input.as_bytes()).expect("it reads");
    drop(to);
    let out = child.wait_with_output().expect("it ends");
    assert!(
        out.status.success(),
        "{args:?}: {}",
        String::from_utf8_lossy(&out.stderr)
    );
    String::from_utf8_lossy(&out.stdout).into_owned()
}

fn write_files(dir: &Path, options: &Options) -> Vec<String> {
    let boards = dir.join("boards");
    fs::create_dir_all(&boards).expect("boards/ can be made");
    for (id, yaml) in &options.boards {
        fs::write(boards.join(format!("{id}.yaml")), yaml).expect("a board can be written");
    }
    let config = dir.join("config.toml");
    let text = format!(
        "boards_dir = {:?}\n{}",
        boards.display().to_string(),
        options.config
    );
    fs::write(&config, text).expect("the configuration can be written");
    let mut args = vec!["--config".to_owned(), config.display().to_string()];
    args.extend(options.args.iter().cloned());
    args
}

fn start_driver(display: &Display, port: u16) -> Service {
    let log = File::create(display.dir().join("program.log")).expect("the log can be made");
    let mut command = procs::tied("WebKitWebDriver");
    command
        .arg(format!("--port={port}"))
        .arg("--host=127.0.0.1")
        .env("TAURI_WEBVIEW_AUTOMATION", "true")
        .env("SHOUWANG_DATA", display.dir().join("data"))
        .env("HOME", display.dir())
        .env("LANG", "zh_CN.UTF-8")
        .env_remove("LC_ALL")
        .env_remove("XDG_CONFIG_HOME")
        .env_remove("XDG_DATA_HOME")
        .env_remove("XDG_CACHE_HOME")
        .stdin(Stdio::null())
        .stdout(log.try_clone().expect("the log can be shared"))
        .stderr(log);
    display.apply(&mut command);
    Service::start("WebKitWebDriver", &mut command)
        .unwrap_or_else(|e| panic!("{e:#}. Run `cargo xtask setup`."))
}

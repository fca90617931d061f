//! The program: built, and started as the commands here need it.

use crate::display::{Display, Size};
use crate::procfs::Cost;
use crate::procs::{self, Service};
use crate::{paths, say};
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// cargo in the checkout.
pub fn cargo(args: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(args).current_dir(paths::root());
    command
}

/// Builds page and program; gives the program's path. With `SHOUWANG_BIN` in the environment nothing is built and
/// that program is taken: to measure one that was built elsewhere.
///
/// # Errors
/// When a build fails.
pub fn build(release: bool) -> Result<PathBuf> {
    if let Some(given) = std::env::var_os("SHOUWANG_BIN") {
        return Ok(PathBuf::from(given));
    }
    crate::ui::build()?;
    say::step("构建程序", "building the program");
    // the module for WebKit's processes lies beside it
    let mut command = cargo(&["build", "-p", "shouwang", "-p", "reclaim"]);
    if release {
        command.arg("--release");
    }
    procs::step(&mut command)?;
    let program = paths::program(release);
    if !program.is_file() {
        bail!("构建后没有 {0} · the build gave no {0}", program.display());
    }
    Ok(program)
}

/// What the program writes when the first panel with live data has been painted: `first_paint ms=…`.
pub const FIRST_PAINT: &str = "first_paint";

/// The program on a private display, with data of its own and its words kept in a file.
#[derive(Debug)]
pub struct Running {
    service: Service,
    log: PathBuf,
    display: Display,
    begun: Instant,
}

impl Running {
    /// Starts `program` with `args` on a new display; its data go to a directory that goes with it.
    ///
    /// # Errors
    /// When display or program do not start.
    pub fn start(program: &Path, args: &[String], size: Size) -> Result<Self> {
        let display = Display::start(size)?;
        Self::start_on(display, program, args)
    }

    fn start_on(display: Display, program: &Path, args: &[String]) -> Result<Self> {
        let log = display.dir().join("shouwang.log");
        let file = std::fs::File::create(&log)?;
        let mut command = procs::tied(program);
        command
            .args(args)
            .env("SHOUWANG_DATA", display.dir().join("data"))
            .env("LANG", "zh_CN.UTF-8")
            .env_remove("LC_ALL")
            .env("RUST_LOG", "info")
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file);
        display.apply(&mut command);
        let begun = procs::now();
        let service = Service::start("shouwang", &mut command)?;
        Ok(Self {
            service,
            log,
            display,
            begun,
        })
    }

    /// Ends the program and starts it again on the same display and data.
    ///
    /// # Errors
    /// As [`Running::start`].
    pub fn again(mut self, program: &Path, args: &[String]) -> Result<Self> {
        self.service.end();
        Self::start_on(self.display, program, args)
    }

    /// Waits until the first live panel is painted; gives the time since the process was started.
    ///
    /// # Errors
    /// When the program ends, or does not paint within a minute; shows what it wrote.
    pub fn painted(&mut self) -> Result<Duration> {
        loop {
            if self.words().contains(FIRST_PAINT) {
                return Ok(self.begun.elapsed());
            }
            if self.begun.elapsed() > Duration::from_secs(60) || self.service.check().is_err() {
                bail!("没有画出大屏 · the wall was not painted:\n{}", self.words());
            }
            procs::check_interrupt()?;
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// What it wrote so far.
    pub fn words(&self) -> String {
        let bytes = std::fs::read(&self.log).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Checks that it still runs.
    ///
    /// # Errors
    /// When it ended; shows what it wrote.
    pub fn check(&mut self) -> Result<()> {
        self.service.check().with_context(|| self.words())
    }

    /// What it and its web processes cost so far.
    ///
    /// # Errors
    /// When it ended.
    pub fn cost(&self) -> Result<Cost> {
        Cost::of_tree(self.service.pid())
    }

    /// Its display.
    pub fn display(&self) -> &Display {
        &self.display
    }
}

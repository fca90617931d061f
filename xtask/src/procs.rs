//! Processes: steps that run to their end before the person's eyes, and services that end with us, together
//! with everything they started.

use anyhow::{Context, Result, anyhow, bail};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// How long a process may take to end after it was asked to.
const GRACE: Duration = Duration::from_secs(3);

static INTERRUPTED: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// From now on Ctrl-C and SIGTERM do not end this process; [`interrupted`] says that one came.
///
/// # Errors
/// When the system refuses the handler.
pub fn listen_for_interrupt() -> Result<()> {
    let flag = INTERRUPTED.get_or_init(Arc::default);
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        // the second one ends us at once: a person who insists is right
        signal_hook::flag::register_conditional_shutdown(signal, 130, Arc::clone(flag))?;
        signal_hook::flag::register(signal, Arc::clone(flag))?;
    }
    Ok(())
}

/// Whether Ctrl-C or SIGTERM came.
pub fn interrupted() -> bool {
    INTERRUPTED.get().is_some_and(|f| f.load(Ordering::SeqCst))
}

/// Now, for measuring how long something takes.
#[expect(
    clippy::disallowed_methods,
    reason = "a driver of real processes measures real time"
)]
pub fn now() -> Instant {
    Instant::now()
}

/// Seconds since the epoch, for data that a real server is to take.
#[expect(
    clippy::disallowed_methods,
    reason = "data for a real server carries real time"
)]
pub fn epoch_seconds() -> f64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0.0, |d| d.as_secs_f64())
}

/// Sleeps, but not past an interrupt.
///
/// # Errors
/// When an interrupt came.
pub fn pause(time: Duration) -> Result<()> {
    let begun = now();
    while begun.elapsed() < time {
        check_interrupt()?;
        std::thread::sleep(Duration::from_millis(50).min(time));
    }
    check_interrupt()
}

/// # Errors
/// When an interrupt came.
pub fn check_interrupt() -> Result<()> {
    if interrupted() {
        bail!("已中断 · interrupted")
    }
    Ok(())
}

/// Runs `command` to its end; its output is the person's.
///
/// # Errors
/// When it cannot start, ends without success or an interrupt came.
pub fn step(command: &mut Command) -> Result<()> {
    let status = status(command)?;
    if !status.success() {
        bail!("`{}`：{status}", shown(command));
    }
    Ok(())
}

/// Runs `command` to its end, whatever that is.
///
/// # Errors
/// When it cannot start or an interrupt came.
pub fn status(command: &mut Command) -> Result<ExitStatus> {
    check_interrupt()?;
    without_cargos_own(command);
    let mut child = command.spawn().with_context(|| cannot_start(command))?;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if interrupted() {
            // a Ctrl-C reached the child too; a SIGTERM did not
            end(&mut child, false);
            bail!("已中断 · interrupted");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Runs `command` and gives what it writes to standard output.
///
/// # Errors
/// When it cannot start or ends without success; then with what it wrote to standard error.
pub fn output(command: &mut Command) -> Result<String> {
    without_cargos_own(command);
    let out = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| cannot_start(command))?;
    if !out.status.success() {
        bail!(
            "`{}`：{}\n{}",
            shown(command),
            out.status,
            String::from_utf8_lossy(&out.stderr).trim()
        );
    }
    Ok(String::from_utf8_lossy(&out.stdout).into_owned())
}

/// `cargo run` describes xtask itself to us by its environment; a cargo that we start must not take that for a
/// description of what it builds, or it builds anew.
fn without_cargos_own(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
}

fn cannot_start(command: &Command) -> String {
    format!("无法启动 · cannot start `{}`", shown(command))
}

fn shown(command: &Command) -> String {
    let mut text = command.get_program().to_string_lossy().into_owned();
    for arg in command.get_args() {
        text.push(' ');
        text.push_str(&arg.to_string_lossy());
    }
    text
}

/// A command for a service that must not outlive the thread that starts it, even if that thread's process is
/// killed: the kernel then kills it too (where util-linux has `setpriv`; elsewhere it is the plain program).
pub fn tied(program: impl AsRef<std::ffi::OsStr>) -> Command {
    if cfg!(target_os = "linux") && crate::paths::on_path("setpriv") {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "--"]).arg(program);
        return command;
    }
    Command::new(program)
}

/// A process in the background in a group of its own; it and all that it started end when this is dropped.
#[derive(Debug)]
pub struct Service {
    name: String,
    child: Child,
}

impl Service {
    /// Starts `command`.
    ///
    /// # Errors
    /// When it cannot start.
    pub fn start(name: &str, command: &mut Command) -> Result<Self> {
        without_cargos_own(command);
        own_group(command);
        let child = command.spawn().with_context(|| cannot_start(command))?;
        Ok(Self {
            name: name.to_owned(),
            child,
        })
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Its process, for its pipes.
    pub fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// How it ended, if it did.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// Checks that it still runs.
    ///
    /// # Errors
    /// When it ended.
    pub fn check(&mut self) -> Result<()> {
        match self.ended()? {
            None => Ok(()),
            Some(status) => Err(anyhow!(
                "{0} 提前结束：{status} · {0} ended early: {status}",
                self.name
            )),
        }
    }

    /// Ends it and its group: asks first, then kills.
    pub fn end(&mut self) {
        end(&mut self.child, true);
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.end();
    }
}

fn end(child: &mut Child, group: bool) {
    if !matches!(child.try_wait(), Ok(None)) {
        if group {
            // it is gone; those that it started may not be
            signal(child, group, true);
        }
        return;
    }
    signal(child, group, false);
    let begun = now();
    while begun.elapsed() < GRACE {
        if !matches!(child.try_wait(), Ok(None)) {
            if group {
                signal(child, group, true);
            }
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    signal(child, group, true);
    let _ = child.wait();
}

#[cfg(unix)]
fn own_group(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    command.process_group(0);
}

#[cfg(unix)]
fn signal(child: &mut Child, group: bool, kill: bool) {
    use rustix::process::{Pid, Signal, kill_process, kill_process_group};
    let signal = if kill { Signal::KILL } else { Signal::TERM };
    let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) else {
        return;
    };
    // an error means that nobody is left
    let _ = if group {
        kill_process_group(pid, signal)
    } else {
        kill_process(pid, signal)
    };
}

#[cfg(not(unix))]
fn own_group(_: &mut Command) {}

#[cfg(not(unix))]
fn signal(child: &mut Child, _: bool, _: bool) {
    let _ = child.kill();
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_service_ends_with_all_that_it_started() {
        let mut service = Service::start(
            "sh",
            Command::new("sh")
                .args(["-c", "sleep 300 & echo $!; wait"])
                .stdout(Stdio::piped()),
        )
        .unwrap();
        let mut line = String::new();
        let out = service.child().stdout.take().unwrap();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(out), &mut line).unwrap();
        let grandchild = format!("/proc/{}/stat", line.trim());
        assert!(std::path::Path::new(&grandchild).exists());
        drop(service);
        let begun = now();
        let gone =
            || std::fs::read_to_string(&grandchild).map_or(true, |stat| stat.contains(") Z"));
        while !gone() && begun.elapsed() < Duration::from_secs(5) {
            std::thread::sleep(Duration::from_millis(20));
        }
        assert!(gone(), "the grandchild lives on");
    }

    #[test]
    fn a_failing_step_says_which() {
        let error = step(Command::new("sh").args(["-c", "exit 3"])).unwrap_err();
        assert!(error.to_string().contains("exit 3"), "{error}");
    }
}

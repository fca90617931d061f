//! A real PostgreSQL from the distribution's package, with a cluster of its own in a temporary directory.
//!
//! The superuser `postgres` needs no password, every other login does. Nothing is synced to the disk.

use crate::servers::free_port;
use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long the server may take until it answers; generous, because test machines are busy.
const READY_WITHIN: Duration = Duration::from_secs(60);
/// `nobody`: the server refuses to run as root.
const NOBODY: u32 = 65_534;

/// A running server; ended and removed on drop.
#[derive(Debug)]
pub struct Postgres {
    child: Option<Child>,
    port: u16,
    dir: TempDir,
    settings: String,
}

/// Where the distribution keeps the server's programs: the newest version that is there.
fn programs() -> PathBuf {
    let all = fs::read_dir("/usr/lib/postgresql");
    let mut versions: Vec<(u32, PathBuf)> = all
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|e| {
            let version = e.file_name().to_str()?.parse().ok()?;
            let bin = e.path().join("bin");
            bin.join("initdb").exists().then_some((version, bin))
        })
        .collect();
    versions.sort();
    versions
        .pop()
        .map(|(_, bin)| bin)
        .expect("PostgreSQL is installed: run `cargo xtask setup`")
}

/// Starts a server with further settings (`name = value`, one a line).
///
/// # Panics
/// When it is not installed or does not start (shows its log).
pub fn postgres(settings: &str) -> Postgres {
    let dir = tempfile::tempdir().expect("a temporary directory can be made");
    // the other user has to come in
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).expect("rights can be set");
    let data = dir.path().join("data");
    fs::create_dir(&data).expect("a folder can be made");
    fs::set_permissions(&data, fs::Permissions::from_mode(0o700)).expect("rights can be set");
    if is_root(dir.path()) {
        chown(&data, Some(NOBODY), Some(NOBODY)).expect("root can give the folder away");
    }
    let mut server = Postgres {
        child: None,
        port: free_port(),
        dir,
        settings: settings.to_owned(),
    };
    server.initialise();
    server.start();
    server
}

fn is_root(own: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    fs::metadata(own).is_ok_and(|m| m.uid() == 0)
}

impl Postgres {
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(programs().join(program));
        command.current_dir("/").stdin(Stdio::null());
        if is_root(self.dir.path()) {
            command.uid(NOBODY).gid(NOBODY);
        }
        command
    }

    fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    fn initialise(&self) {
        let out = self
            .command("initdb")
            .arg("-D")
            .arg(self.data())
            .args(["-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8"])
            .args(["--no-sync", "-A", "trust"])
            .output()
            .expect("initdb can be started");
        let said = String::from_utf8_lossy(&out.stderr);
        assert!(out.status.success(), "initdb: {said}");
        let rules = "host all postgres 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\nhostssl all all 127.0.0.1/32 scram-sha-256\n";
        fs::write(self.data().join("pg_hba.conf"), rules).expect("rules can be written");
    }

    /// Puts a file that the server alone may read into its data directory.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn put(&self, name: &str, text: &str) {
        let path = self.data().join(name);
        fs::write(&path, text).expect("a file can be written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("rights can be set");
        if is_root(self.dir.path()) {
            chown(&path, Some(NOBODY), Some(NOBODY)).expect("root can give the file away");
        }
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "waits for a real process in real time"
    )]
    fn start(&mut self) {
        let log = File::create(self.dir.path().join("server.log")).expect("a log can be made");
        let err = log.try_clone().expect("the log can be shared");
        let mut command = self.command("postgres");
        command
            .arg("-D")
            .arg(self.data())
            .args(["-p", &self.port.to_string(), "-c", "fsync=off"])
            .args(["-c", "listen_addresses=127.0.0.1"])
            .args(["-c", "unix_socket_directories="])
            .stdout(log)
            .stderr(err);
        for line in self.settings.lines().filter(|l| !l.trim().is_empty()) {
            command.arg("-c").arg(line.replace(" = ", "="));
        }
        self.child = Some(command.spawn().expect("postgres can be started"));
        let begun = Instant::now();
        while !self.answers() {
            let ended = self
                .child
                .as_mut()
                .and_then(|c| c.try_wait().ok().flatten());
            assert!(
                ended.is_none() && begun.elapsed() < READY_WITHIN,
                "PostgreSQL did not start: {}",
                self.log()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn answers(&self) -> bool {
        let mut command = Command::new(programs().join("pg_isready"));
        command.args(["-q", "-h", "127.0.0.1", "-p", &self.port.to_string()]);
        command.status().is_ok_and(|s| s.success())
    }

    /// Its port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// `postgresql://127.0.0.1:port/database`.
    pub fn url(&self, database: &str) -> String {
        format!("postgresql://127.0.0.1:{}/{database}", self.port)
    }

    /// What it wrote to its log so far.
    pub fn log(&self) -> String {
        let bytes = fs::read(self.dir.path().join("server.log")).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Runs SQL as the superuser; answers what psql prints without decoration.
    ///
    /// # Panics
    /// When the server refuses it.
    pub fn sql(&self, database: &str, sql: &str) -> String {
        let out = Command::new(programs().join("psql"))
            .args(["-h", "127.0.0.1", "-p", &self.port.to_string()])
            .args(["-U", "postgres", "-d", database])
            .args(["-v", "ON_ERROR_STOP=1", "-qXAt", "-c", sql])
            .output()
            .expect("psql can be started");
        let said = String::from_utf8_lossy(&out.stderr);
        assert!(out.status.success(), "{sql}: {said}");
        String::from_utf8_lossy(&out.stdout).trim_end().to_owned()
    }

    /// Ends it as a crash would: connections break, nothing is tidied up.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            // the postmaster passes this on to all its processes, which SIGKILL would leave behind
            let _ = Command::new("kill")
                .args(["-QUIT", &child.id().to_string()])
                .status();
            let _ = child.wait();
        }
    }

    /// Starts it again on the same port and data.
    ///
    /// # Panics
    /// When it does not start.
    pub fn restart(&mut self) {
        self.kill();
        self.start();
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.kill();
    }
}

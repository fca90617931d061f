//! Runs the bench of PostgreSQL as a store of logs (an example of the crate `pglogs`) against a server of its own in a temporary directory,
//! and judges its figures.

use super::{Limit, Report, figure};
use crate::app::cargo;
use crate::procs;
use anyhow::{Context as _, Result, bail};
use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const EXAMPLE: [&str; 5] = ["--release", "-p", "pglogs", "--example", "pg_bench"];
const LIMITS: &[(&str, Limit)] = &[
    ("service_and_level_24h_p95_ms", Limit::AtMost(20.0)),
    ("phrase_often_hour_p95_ms", Limit::AtMost(200.0)),
    ("phrase_rare_hour_p95_ms", Limit::AtMost(200.0)),
    ("phrase_never_hour_p95_ms", Limit::AtMost(200.0)),
    ("histogram_24h_by_minute_p95_ms", Limit::AtMost(100.0)),
];
/// The server refuses to run as root; this is `nobody`.
const NOBODY: u32 = 65_534;

pub(super) fn measure(report: &mut Report, quick: bool) -> Result<()> {
    procs::step(cargo(&["build"]).args(EXAMPLE))?;
    let server = Server::start()?;
    let lines = if quick { "1000000" } else { "10000000" };
    let mut command = cargo(&["run", "--quiet"]);
    let url = format!("postgresql://127.0.0.1:{}/postgres", server.port);
    command.args(EXAMPLE).args(["--", &url, "postgres", lines]);
    figure::take_lines(report, "logs-pg", &procs::output(&mut command)?, LIMITS)
}

/// A private server; ended and removed on drop.
struct Server {
    child: Option<Child>,
    port: u16,
    dir: tempfile::TempDir,
}

fn programs() -> Result<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .context("PostgreSQL is not installed")?
        .flatten()
        .filter_map(|e| Some((e.file_name().to_str()?.parse().ok()?, e.path().join("bin"))))
        .collect();
    versions.sort();
    let newest = versions.pop().context("PostgreSQL is not installed")?;
    Ok(newest.1)
}

fn command(dir: &Path, program: &str) -> Result<Command> {
    let mut command = Command::new(programs()?.join(program));
    command.current_dir("/").stdin(Stdio::null());
    if fs::metadata(dir)?.uid() == 0 {
        command.uid(NOBODY).gid(NOBODY);
    }
    Ok(command)
}

impl Server {
    fn start() -> Result<Self> {
        let dir = tempfile::tempdir()?;
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755))?;
        let data = dir.path().join("data");
        fs::create_dir(&data)?;
        fs::set_permissions(&data, fs::Permissions::from_mode(0o700))?;
        if fs::metadata(dir.path())?.uid() == 0 {
            chown(&data, Some(NOBODY), Some(NOBODY))?;
        }
        let mut initdb = command(dir.path(), "initdb")?;
        initdb.arg("-D").arg(&data);
        initdb.args([
            "-U",
            "postgres",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "-A",
            "trust",
        ]);
        procs::output(&mut initdb)?;
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
            .local_addr()?
            .port();
        let mut postgres = command(dir.path(), "postgres")?;
        // what a server for logs would be given at least; everything else as the package has it, syncing included
        let settings = [
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "shared_buffers=512MB",
            "max_wal_size=1GB",
        ];
        postgres
            .arg("-D")
            .arg(&data)
            .args(["-p", &port.to_string()]);
        postgres.args(settings.iter().flat_map(|s| ["-c", s]));
        let child = postgres
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let mut server = Self {
            child: Some(child),
            port,
            dir,
        };
        for _ in 0..300 {
            if server.answers()? {
                return Ok(server);
            }
            if let Some(Ok(Some(status))) = server.child.as_mut().map(Child::try_wait) {
                bail!("PostgreSQL ended with {status}");
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        bail!(
            "PostgreSQL did not start in {}",
            server.dir.path().display()
        )
    }

    fn answers(&self) -> Result<bool> {
        let mut ready = Command::new(programs()?.join("pg_isready"));
        ready.args(["-q", "-h", "127.0.0.1", "-p", &self.port.to_string()]);
        Ok(ready.status()?.success())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // the postmaster passes this on to its processes, which SIGKILL would leave behind
            let _ = Command::new("kill")
                .args(["-QUIT", &child.id().to_string()])
                .status();
            let _ = child.wait();
        }
    }
}

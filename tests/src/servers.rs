//! Real servers from the distribution's packages, each on a free loopback port with a directory of its own.
//! A [`Server`] is killed when it is dropped, so keep it in the test and not in a `static`.

use crate::http;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long a server may take until it answers; generous, because test machines are busy.
const READY_WITHIN: Duration = Duration::from_secs(30);

/// How a server says that it is ready.
#[derive(Debug, Clone)]
pub enum Ready {
    /// `GET` of this path answers 2xx.
    Http(&'static str),
    /// This text stands in its log (for servers behind TLS or a password).
    Log(&'static str),
    /// The port accepts a connection.
    Port,
}

/// What to start. `{port}` and `{dir}` in arguments, environment and files are replaced.
#[derive(Debug, Clone)]
pub struct Spec {
    /// The program's name or path.
    pub program: String,
    /// Its arguments.
    pub args: Vec<String>,
    /// Environment variables on top of the test's own.
    pub env: Vec<(String, String)>,
    /// Files to put into its directory first (name, text).
    pub files: Vec<(String, String)>,
    /// How it says that it is ready.
    pub ready: Ready,
    /// `http` or `https`, for [`Server::url`].
    pub scheme: &'static str,
}

/// A running server with its own port and directory; killed and removed on drop.
#[derive(Debug)]
pub struct Server {
    child: Option<Child>,
    port: u16,
    dir: TempDir,
    spec: Spec,
}

impl Server {
    /// Starts `spec` and waits until it is ready.
    ///
    /// # Panics
    /// When the program is missing (says what to run), ends early or is not ready in time (shows its log).
    pub fn start(spec: Spec) -> Self {
        let mut last = String::new();
        // another process may take the port between our look and the server's bind: then try another one
        for _ in 0..3 {
            let dir = tempfile::tempdir().expect("a temporary directory can be made");
            let mut server = Self {
                child: None,
                port: free_port(),
                dir,
                spec: spec.clone(),
            };
            for (name, text) in &spec.files {
                fs::write(server.dir.path().join(name), server.fill(text))
                    .expect("the server's files can be written");
            }
            match server.launch() {
                Ok(()) => return server,
                Err(why) if why.contains("address already in use") => last = why,
                Err(why) => panic!("{why}"),
            }
        }
        panic!("{last}");
    }

    /// Its port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// `http://127.0.0.1:port` (or https), without a slash at the end.
    pub fn url(&self) -> String {
        format!("{}://127.0.0.1:{}", self.spec.scheme, self.port)
    }

    /// Its directory, where its files and its log are.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Its process id, while it runs.
    pub fn pid(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// What it wrote to standard output and standard error so far.
    pub fn log(&self) -> String {
        let bytes = fs::read(self.log_path()).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Kills it as a power cut would; its directory stays.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Starts it again on the same port and directory after [`Server::kill`], and waits until it is ready.
    ///
    /// # Panics
    /// As [`Server::start`].
    pub fn restart(&mut self) {
        self.kill();
        if let Err(why) = self.launch() {
            panic!("{why}");
        }
    }

    fn log_path(&self) -> PathBuf {
        self.dir.path().join("server.log")
    }

    fn fill(&self, text: &str) -> String {
        text.replace("{port}", &self.port.to_string())
            .replace("{dir}", &self.dir.path().to_string_lossy())
    }

    fn launch(&mut self) -> Result<(), String> {
        let log = File::create(self.log_path()).expect("the server's log can be made");
        let err = log.try_clone().expect("the server's log can be shared");
        let spawned = Command::new(&self.spec.program)
            .args(self.spec.args.iter().map(|a| self.fill(a)))
            .envs(self.spec.env.iter().map(|(k, v)| (k, self.fill(v))))
            .current_dir(self.dir.path())
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(err)
            .spawn();
        self.child = Some(spawned.map_err(|e| {
            format!(
                "cannot start `{}`: {e}. It comes from a package of the system: run `cargo xtask setup`.",
                self.spec.program
            )
        })?);
        self.wait_until_ready()
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "waits for a real process in real time"
    )]
    fn wait_until_ready(&mut self) -> Result<(), String> {
        let begun = Instant::now();
        loop {
            if let Some(child) = self.child.as_mut()
                && let Ok(Some(status)) = child.try_wait()
            {
                self.child = None;
                return Err(format!(
                    "`{}` ended with {status} before it was ready:\n{}",
                    self.spec.program,
                    self.log()
                ));
            }
            if self.is_ready() {
                return Ok(());
            }
            if begun.elapsed() > READY_WITHIN {
                return Err(format!(
                    "`{}` was not ready within {READY_WITHIN:?}:\n{}",
                    self.spec.program,
                    self.log()
                ));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn is_ready(&self) -> bool {
        match self.spec.ready {
            Ready::Http(path) => {
                http::get(self.port, path).is_ok_and(|r| (200..300).contains(&r.status))
            }
            Ready::Log(text) => self.log().contains(text),
            Ready::Port => TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_ok(),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A port of 127.0.0.1 on which nobody listens now.
///
/// # Panics
/// When the system gives no port at all.
pub fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|l| l.local_addr())
        .expect("a free loopback port")
        .port()
}

/// How a Prometheus of a test is set up. The default scrapes nothing and accepts remote write.
#[derive(Debug, Clone)]
pub struct PrometheusOptions {
    /// Job name and its targets (`127.0.0.1:9100`). `{port}` is the server's own port.
    pub targets: Vec<(String, Vec<String>)>,
    /// `scrape_interval` and `evaluation_interval`.
    pub interval: String,
    /// Text of a rule file, if any.
    pub rules: Option<String>,
    /// Alertmanagers to send to (`127.0.0.1:9093`).
    pub alertmanagers: Vec<String>,
    /// Text of `--web.config.file` (TLS, passwords); `{dir}` is the server's directory.
    pub web_config: Option<String>,
    /// Whether `web_config` has a `tls_server_config`.
    pub tls: bool,
    /// More files for its directory (certificates).
    pub files: Vec<(String, String)>,
    /// More arguments.
    pub args: Vec<String>,
}

impl Default for PrometheusOptions {
    fn default() -> Self {
        Self {
            targets: Vec::new(),
            interval: "1s".into(),
            rules: None,
            alertmanagers: Vec::new(),
            web_config: None,
            tls: false,
            files: Vec::new(),
            args: Vec::new(),
        }
    }
}

/// A real Prometheus; its remote-write receiver, admin API and lifecycle API are on.
///
/// # Panics
/// As [`Server::start`].
pub fn prometheus(options: PrometheusOptions) -> Server {
    let mut args: Vec<String> = [
        "--config.file={dir}/prometheus.yml",
        "--storage.tsdb.path={dir}/data",
        "--web.listen-address=127.0.0.1:{port}",
        "--web.enable-lifecycle",
        "--web.enable-admin-api",
        "--web.enable-remote-write-receiver",
    ]
    .map(str::to_owned)
    .into();
    let mut files = options.files.clone();
    files.push(("prometheus.yml".into(), prometheus_config(&options)));
    if let Some(rules) = &options.rules {
        files.push(("rules.yml".into(), rules.clone()));
    }
    if let Some(web) = &options.web_config {
        files.push(("web.yml".into(), web.clone()));
        args.push("--web.config.file={dir}/web.yml".into());
    }
    args.extend(options.args);
    Server::start(Spec {
        program: "prometheus".into(),
        args,
        env: Vec::new(),
        files,
        ready: Ready::Log("Server is ready to receive web requests"),
        scheme: if options.tls { "https" } else { "http" },
    })
}

fn prometheus_config(options: &PrometheusOptions) -> String {
    let list = |items: &[String]| {
        let quoted: Vec<String> = items.iter().map(|t| format!("\"{t}\"")).collect();
        quoted.join(", ")
    };
    let mut text = format!(
        "global:\n  scrape_interval: {0}\n  scrape_timeout: {0}\n  evaluation_interval: {0}\n",
        options.interval
    );
    if options.rules.is_some() {
        text.push_str("rule_files: [rules.yml]\n");
    }
    if !options.alertmanagers.is_empty() {
        let _ = writeln!(
            text,
            "alerting:\n  alertmanagers:\n  - static_configs:\n    - targets: [{}]",
            list(&options.alertmanagers)
        );
    }
    if !options.targets.is_empty() {
        text.push_str("scrape_configs:\n");
        for (job, targets) in &options.targets {
            let _ = writeln!(
                text,
                "- job_name: \"{job}\"\n  static_configs:\n  - targets: [{}]",
                list(targets)
            );
        }
    }
    text
}

/// A real VictoriaMetrics, single node, with `args` on top. Fresh points show after its `latencyOffset`
/// (30 s), unless `args` has `-search.latencyOffset`.
///
/// # Panics
/// As [`Server::start`].
pub fn victoria(args: &[&str]) -> Server {
    let mut all: Vec<String> = [
        "-httpListenAddr=127.0.0.1:{port}",
        "-storageDataPath={dir}/data",
        "-retentionPeriod=1",
    ]
    .map(str::to_owned)
    .into();
    all.extend(args.iter().map(|a| (*a).to_owned()));
    Server::start(Spec {
        program: "victoria-metrics".into(),
        args: all,
        env: Vec::new(),
        files: Vec::new(),
        ready: Ready::Http("/health"),
        scheme: "http",
    })
}

/// A real Alertmanager with this configuration; the default one (`None`) routes everything to nobody.
///
/// # Panics
/// As [`Server::start`].
pub fn alertmanager(config: Option<&str>) -> Server {
    let config = config.unwrap_or("route: {receiver: nobody}\nreceivers:\n- name: nobody\n");
    Server::start(Spec {
        program: "prometheus-alertmanager".into(),
        args: [
            "--config.file={dir}/alertmanager.yml",
            "--storage.path={dir}/data",
            "--web.listen-address=127.0.0.1:{port}",
            "--cluster.listen-address=",
        ]
        .map(str::to_owned)
        .into(),
        env: Vec::new(),
        files: vec![("alertmanager.yml".into(), config.into())],
        ready: Ready::Http("/-/ready"),
        scheme: "http",
    })
}

/// A real node exporter of this host.
///
/// # Panics
/// As [`Server::start`].
pub fn node_exporter() -> Server {
    Server::start(Spec {
        program: "prometheus-node-exporter".into(),
        args: vec!["--web.listen-address=127.0.0.1:{port}".into()],
        env: Vec::new(),
        files: Vec::new(),
        ready: Ready::Http("/"),
        scheme: "http",
    })
}

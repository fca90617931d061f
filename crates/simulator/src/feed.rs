//! Traces and lines of the running platform: a server for the ones, a file or standard output for the others.

use crate::cli::Failure;
use clap::{Arg, ArgMatches, value_parser};
use rust_i18n::t;
use simulator::server::Simulation;
use simulator::stories::{Stories, StoryOptions, json_line};
use simulator::trace_server::{Flavour, ServerOptions, TraceServer, TraceStore};
use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// What was finished is given this often.
const EVERY: Duration = Duration::from_millis(200);
/// The past that the server of traces has when the program starts.
const PAST_MS: i64 = 15 * 60_000;
/// A gap longer than this (a laptop that slept) is not made up for.
const LONGEST_GAP_MS: i64 = 10 * 60_000;
/// A file of lines is put aside at this size; one such file is kept.
const FILE_BYTES: u64 = 100 << 20;

/// The command line's part.
pub(crate) fn args() -> [Arg; 5] {
    [
        Arg::new("traces")
            .long("traces")
            .value_name("ADDR")
            .value_parser(value_parser!(SocketAddr))
            .help(t!("simulator.arg.traces").into_owned()),
        Arg::new("jaeger")
            .long("jaeger")
            .value_parser(["current", "both", "old", "v3"])
            .default_value("current")
            .help(t!("simulator.arg.jaeger").into_owned()),
        Arg::new("logs")
            .long("logs")
            .value_parser(["json"])
            .help(t!("simulator.arg.logs").into_owned()),
        Arg::new("log-file")
            .long("log-file")
            .requires("logs")
            .value_parser(value_parser!(PathBuf))
            .help(t!("simulator.arg.log_file").into_owned()),
        Arg::new("log-rate")
            .long("log-rate")
            .value_parser(value_parser!(f64))
            .default_value("20")
            .help(t!("simulator.arg.log_rate").into_owned()),
    ]
}

/// What runs beside the metrics.
pub(crate) struct Feed {
    server: Option<TraceServer>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    /// Whether standard output is for lines alone.
    quiet: bool,
}

/// Where lines go.
struct Sink {
    out: BufWriter<Box<dyn Write + Send>>,
    /// The file, when it is one, and how much is in it.
    file: Option<(PathBuf, u64)>,
}

impl Sink {
    fn open(path: Option<&Path>) -> std::io::Result<Self> {
        let Some(path) = path else {
            return Ok(Self {
                out: BufWriter::new(Box::new(std::io::stdout())),
                file: None,
            });
        };
        let (file, length) = append(path)?;
        Ok(Self {
            out: BufWriter::new(Box::new(file)),
            file: Some((path.to_owned(), length)),
        })
    }

    fn write(&mut self, lines: &[model::log::LogLine]) -> std::io::Result<()> {
        for line in lines {
            let text = json_line(line);
            self.out.write_all(text.as_bytes())?;
            self.out.write_all(b"\n")?;
            if let Some((_, length)) = &mut self.file {
                *length += text.len() as u64 + 1;
            }
        }
        self.out.flush()?;
        self.rotate()
    }

    fn rotate(&mut self) -> std::io::Result<()> {
        let Some((path, length)) = &mut self.file else {
            return Ok(());
        };
        if *length < FILE_BYTES {
            return Ok(());
        }
        let mut aside = path.clone().into_os_string();
        aside.push(".1");
        std::fs::rename(&*path, aside)?;
        let (file, now) = append(path)?;
        *length = now;
        self.out = BufWriter::new(Box::new(file));
        Ok(())
    }
}

fn append(path: &Path) -> std::io::Result<(File, u64)> {
    let file = OpenOptions::new().create(true).append(true).open(path)?;
    let length = file.metadata()?.len();
    Ok((file, length))
}

impl Feed {
    /// Starts what the command line asks for.
    pub(crate) async fn start(
        matches: &ArgMatches,
        seed: u64,
        ambient: bool,
        simulation: &Simulation,
    ) -> Result<Self, Failure> {
        let path = matches.get_one::<PathBuf>("log-file");
        let wanted = matches.contains_id("logs");
        let quiet = wanted && path.is_none();
        let sink = match wanted.then(|| Sink::open(path.map(PathBuf::as_path))) {
            None => None,
            Some(Ok(sink)) => Some(sink),
            Some(Err(e)) => {
                let shown = path.map(|p| p.display().to_string()).unwrap_or_default();
                return Err(Failure(
                    t!("simulator.error.log_file", path = shown, error = e).into_owned(),
                ));
            }
        };
        let mut feed = Self {
            server: None,
            stop: Arc::default(),
            thread: None,
            quiet,
        };
        let store = match matches.get_one::<SocketAddr>("traces") {
            None => None,
            Some(address) => Some(feed.serve(matches, *address, simulation).await?),
        };
        if sink.is_none() && store.is_none() {
            return Ok(feed);
        }
        let stories = Stories::new(StoryOptions {
            seed,
            ambient,
            lines_per_second: matches.get_one::<f64>("log-rate").copied().unwrap_or(20.0),
            ..StoryOptions::default()
        });
        let (stop, simulation) = (feed.stop.clone(), simulation.clone());
        let thread = std::thread::Builder::new().name("stories".into());
        let started = thread.spawn(move || run(stories, &simulation, sink, store, &stop));
        feed.thread = Some(started.map_err(|e| Failure(e.to_string()))?);
        Ok(feed)
    }

    async fn serve(
        &mut self,
        matches: &ArgMatches,
        address: SocketAddr,
        simulation: &Simulation,
    ) -> Result<TraceStore, Failure> {
        let store = TraceStore::default();
        let clock = simulation.clone();
        let mut options = ServerOptions::new(Arc::new(move || clock.now_ms()));
        options.flavour = match matches.get_one::<String>("jaeger").map(String::as_str) {
            Some("old") => Flavour::Old,
            Some("both") => Flavour::Both,
            Some("v3") => Flavour::WithoutClassic,
            _ => Flavour::Current,
        };
        let server = TraceServer::start(address, store.clone(), options)
            .await
            .map_err(|e| {
                Failure(t!("simulator.error.listen", address = address, error = e).into_owned())
            })?;
        self.tell(&t!(
            "simulator.serving_traces",
            url = format!("http://{}", server.address())
        ));
        self.server = Some(server);
        Ok(store)
    }

    /// Says something to the person who started the program.
    pub(crate) fn tell(&self, sentence: &str) {
        if self.quiet {
            eprintln!("{sentence}");
        } else {
            println!("{sentence}");
        }
    }

    /// Ends it all; lines that were begun are written.
    pub(crate) async fn end(self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread {
            // one that panicked has nothing left to write
            let _ = thread.join();
        }
        if let Some(server) = self.server {
            server.stop().await;
        }
    }
}

fn run(
    mut stories: Stories,
    simulation: &Simulation,
    mut sink: Option<Sink>,
    store: Option<TraceStore>,
    stop: &AtomicBool,
) {
    let (now_ms, incidents) = simulation.state();
    let ns = |ms: i64| ms.saturating_mul(1_000_000);
    let mut until_ms = now_ms;
    if let Some(store) = &store {
        let past = stories.between(ns(now_ms - PAST_MS), ns(now_ms), &incidents);
        store.push(past.traces);
    }
    while !stop.load(Ordering::Relaxed) {
        std::thread::sleep(EVERY);
        let (now_ms, incidents) = simulation.state();
        let from_ms = until_ms.max(now_ms - LONGEST_GAP_MS);
        let batch = stories.between(ns(from_ms), ns(now_ms), &incidents);
        until_ms = now_ms.max(until_ms);
        if let Some(store) = &store {
            store.push(batch.traces);
        }
        if let Some(Err(e)) = sink.as_mut().map(|s| s.write(&batch.lines)) {
            eprintln!("{}", t!("simulator.error.log_write", error = e));
            sink = None;
        }
    }
}

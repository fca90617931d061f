//! A database of one's own, a configuration that keeps it, and the command line as a program of its own.

use desk::logs::postgres::KIND;
use desk::logs::{Entry, keeping};
use desk::sources::Secrets;
use model::Secret;
use model::log::{LogLevel, LogLine, LogPosition};
use pglogs::{Credentials, Options, Reader, Writer};
use serde_json::Value;
use shouwang_tests::now_ms;
use shouwang_tests::postgres::{Postgres, postgres};
use source::LogSink as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use tempfile::TempDir;

pub const MS: i64 = 1_000_000;
pub const DAY_MS: i64 = 86_400_000;
/// Arguments of the command that this program is when it is started again, one a line.
pub const COMMAND: &str = "SHOUWANG_TEST_COMMAND";
/// What stands before the command's own words.
pub const BEGIN: &str = "----- begin";

pub struct NoSecrets;

impl Secrets for NoSecrets {
    fn get(&self, _: &str) -> Option<Secret> {
        None
    }
}

pub fn now_ns() -> i64 {
    now_ms() * MS
}

pub fn postgres_user() -> Credentials {
    Credentials {
        user: "postgres".into(),
        password: None,
    }
}

/// A server with an empty database, and a configuration that keeps and writes it.
pub struct Ground {
    pub server: Postgres,
    pub dir: TempDir,
}

impl Ground {
    pub fn new(more: &str) -> Self {
        let server = postgres("");
        server.sql("postgres", "CREATE DATABASE logs");
        let dir = tempfile::tempdir().expect("a folder");
        let text = format!(
            "data_dir = {:?}\n[embedded]\nhost = false\n[duty]\nbuiltin_rules = false\n{more}\n\
             [[log_store]]\nname = \"main\"\nkind = {KIND:?}\nurl = {:?}\nuser = \"postgres\"\nwrite_user = \"postgres\"\nkeep_user = \"postgres\"\n",
            dir.path().join("data"),
            server.url("logs"),
        );
        std::fs::write(dir.path().join("config.toml"), text).expect("a file");
        Self { server, dir }
    }

    pub fn file(&self) -> PathBuf {
        self.dir.path().join("config.toml")
    }

    pub fn cold(&self) -> PathBuf {
        self.dir.path().join("data/cold-logs/main")
    }

    pub fn options(&self) -> Options {
        Options::new(&self.server.url("logs")).expect("an address")
    }

    pub async fn prepare(&self) {
        pglogs::schema::prepare(&self.options(), &postgres_user())
            .await
            .expect("prepared");
    }

    /// Lines of the day `age` days ago.
    pub async fn write(&self, age: i64, lines: i64) {
        let line = |n: i64| LogLine {
            position: LogPosition::before((now_ms() - age * DAY_MS + n) * MS),
            level: Some(LogLevel::Error),
            service: "order-service".into(),
            message: format!("下单失败：支付网关连接超时，订单 {n}"),
            ..LogLine::default()
        };
        let writer = Writer::new(&self.options(), &postgres_user(), now_ns);
        writer
            .append((0..lines).map(line).collect())
            .await
            .expect("kept");
    }

    /// The store with this record of how it is kept.
    pub fn entry(&self, name: &str, record: &keeping::Watched) -> Entry {
        let reader = Reader::new(&self.options(), &postgres_user(), None, now_ns);
        Entry::new(name, KIND, false, Ok(Arc::new(reader))).kept(Some(record.clone()))
    }

    /// Everything that a run could change: tables and indexes with their numbers, lines, files.
    pub fn everything(&self) -> String {
        let tables = self.server.sql("logs", "SELECT string_agg(relname || ' ' || oid::text, ',' ORDER BY relname) FROM pg_class WHERE relnamespace = 'shouwang_logs'::regnamespace");
        let lines = self.server.sql("logs", "SELECT string_agg(tableoid::regclass::text || ' ' || n, ',' ORDER BY tableoid) FROM (SELECT tableoid, count(*) AS n FROM shouwang_logs.line GROUP BY 1) AS t");
        format!("{tables}\n{lines}\n{:?}", files(&self.cold()))
    }

    /// Runs `shouwang logs …`.
    pub fn logs(&self, args: &[&str]) -> Said {
        let file = self.file().display().to_string();
        let all = [&["shouwang", "--config", &file, "logs"][..], args].concat();
        let program = std::env::current_exe().expect("the test's own program");
        let out = Command::new(program)
            .args(["--exact", "this_program_is_the_command", "--nocapture"])
            .env(COMMAND, all.join("\n"))
            .env("SHOUWANG_LOCALE", "en")
            .output()
            .expect("it starts");
        let text = String::from_utf8_lossy(&out.stdout).into_owned();
        let (_, said) = text.split_once(BEGIN).expect("it is the command");
        Said {
            good: out.status.success(),
            out: said.trim().lines().map(str::to_owned).collect(),
            err: String::from_utf8_lossy(&out.stderr).into_owned(),
        }
    }
}

/// Names of all files below.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut all = Vec::new();
    for entry in entries.flatten() {
        all.push(entry.path());
        all.extend(files(&entry.path()));
    }
    all.sort();
    all
}

#[derive(Debug)]
pub struct Said {
    pub good: bool,
    pub out: Vec<String>,
    pub err: String,
}

impl Said {
    /// It went well.
    pub fn good(self) -> Self {
        assert!(self.good, "{self:?}");
        self
    }

    pub fn json(&self) -> Vec<Value> {
        let read = |l: &String| serde_json::from_str(l).unwrap_or_else(|e| panic!("{l}: {e}"));
        self.out.iter().map(read).collect()
    }
}

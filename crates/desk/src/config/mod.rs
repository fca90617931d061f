//! The configuration: one TOML file.
//!
//! [`schema`] is the list of all keys; the reference in docs/ is generated from it, unknown keys are found with it, and a test
//! holds it to these types.

pub mod check;
pub mod check_duty;
mod check_wall;
pub mod duty;
pub mod reference;
pub mod registry;
pub mod report;
pub mod schema;
pub mod traces;

use crate::Problem;
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// Largest file that is read.
const MAX_BYTES: u64 = 1 << 20;

/// Everything in the file; every key has a default, so that no file is needed at all.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// `zh-CN` or `en`.
    pub locale: String,
    /// `dark` or `calm`.
    pub theme: String,
    /// IANA time zone.
    pub time_zone: String,
    /// The board shown first.
    pub board: String,
    /// Where databases are kept.
    pub data_dir: Option<PathBuf>,
    /// Further boards and concepts.
    pub boards_dir: Option<PathBuf>,
    /// The screen.
    pub wall: Wall,
    /// Sources of metrics in order of preference.
    pub source: Vec<Source>,
    /// Stores of logs in order of preference.
    pub log_store: Vec<LogStore>,
    /// The store inside the program.
    pub embedded: Embedded,
    /// The alert desk.
    pub duty: duty::Duty,
    /// Stores of traces in order of preference.
    pub trace_source: Vec<traces::TraceSource>,
    /// Registries of services.
    pub registry: Vec<registry::Registry>,
    /// Sources of alerts.
    pub alert_source: Vec<duty::AlertSource>,
    /// Who can be told.
    pub person: Vec<duty::Person>,
    /// Groups of them.
    pub group: Vec<duty::Group>,
    /// From labels to levels.
    pub level: Vec<duty::LevelLine>,
    /// Escalation.
    pub policy: Vec<duty::Policy>,
    /// What explains what.
    pub inhibit: Vec<duty::Inhibit>,
    /// Quiet hours.
    pub quiet: Vec<duty::Quiet>,
    /// Maintenance windows.
    pub maintenance: Vec<duty::Maintenance>,
    /// The generic webhook.
    pub webhook: duty::Webhook,
    /// The mail server.
    pub mail: report::Mail,
    /// Reports on schedule.
    pub report: Vec<report::Report>,
    /// The simulated platform.
    pub demo: Demo,
}

/// The screen.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Wall {
    /// Full screen, no cursor.
    pub kiosk: bool,
    /// Metres from eye to screen; 0 when somebody sits before it.
    pub viewing_distance: f64,
    /// Diagonal of the screen in inches.
    pub screen_inches: f64,
    /// Seconds that a board stays where a rotation says nothing else.
    pub dwell_seconds: f64,
    /// `off`, `P0` or `P1`: alerts this urgent move the wall to the board of what fails.
    pub director: String,
    /// An acknowledged alert keeps its board on the wall.
    pub stay_acknowledged: bool,
    /// Seconds after the last such alert until the rotation goes on.
    pub return_seconds: f64,
    /// MiB of the page's process from which on it is replaced in a quiet moment; 0: never.
    pub soft_mib: u64,
    /// MiB from which on it is replaced at once; 0: never.
    pub hard_mib: u64,
    /// Dimmed from, `22:00`; empty: never.
    pub dim_from: String,
    /// Dimmed until.
    pub dim_to: String,
    /// Brightness while dimmed.
    pub brightness: f64,
    /// Dark from, `00:30`; empty: never.
    pub off_from: String,
    /// Dark until.
    pub off_to: String,
    /// Days on which the dark hours begin, `mon` to `sun`; empty: every day.
    pub off_weekdays: Vec<String>,
    /// Minutes after which the picture moves by a step, in kiosk only; 0: never.
    pub shift_minutes: f64,
    /// Device pixels of a step.
    pub shift_pixels: u8,
    /// Boards that follow each other.
    pub rotation: Vec<RotationStop>,
    /// Screens; none: the one on which the window system opens the window.
    pub screen: Vec<Screen>,
}

/// A board of the rotation.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct RotationStop {
    /// Its id.
    pub board: String,
    /// Seconds that it stays.
    pub dwell_seconds: Option<f64>,
    /// Only from, `08:00`; empty: always.
    pub from: String,
    /// Only until.
    pub to: String,
    /// Only on these days, `mon` to `sun`.
    pub weekdays: Vec<String>,
    /// On the screen of this output; empty: on every screen that has no boards of its own.
    pub screen: String,
}

/// A screen.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Screen {
    /// The output's name (`HDMI-1`), or its number from 1, from left to right.
    pub output: String,
    /// Its boards; empty: the rotation.
    pub boards: Vec<String>,
    /// `3x2`: the board is spread over so many screens.
    pub grid: String,
    /// `1,1`: which part of it is here, column and row.
    pub cell: String,
    /// Whether alerts move it; by default when it is the only one or has several boards.
    pub director: Option<bool>,
}

/// One source of metrics.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Source {
    /// Unique name.
    pub name: String,
    /// A kind of the registry: `prometheus`, `influxdb1`, `influxdb2`, `influxdb3`.
    pub kind: String,
    /// Address.
    pub url: String,
    /// `none`, `basic` or `bearer`.
    pub auth: String,
    /// User for `basic`.
    pub user: String,
    /// Name of the stored secret: password for `basic`, token for `bearer`.
    pub secret: String,
    /// PEM file of the authority that signed the server's certificate.
    pub ca_file: Option<PathBuf>,
    /// PEM file of our certificate.
    pub client_cert_file: Option<PathBuf>,
    /// Name of the stored secret that holds our certificate's key (PEM).
    pub client_key_secret: String,
    /// Seconds from asking to the end of the answer.
    pub timeout_seconds: Option<f64>,
    /// MiB an answer may have.
    pub max_answer_mib: Option<u64>,
    /// Ask for gzip.
    pub gzip: bool,
    /// Database of InfluxDB 1 and 3, bucket of InfluxDB 2.
    pub database: String,
    /// Organization of InfluxDB 2.
    pub organization: String,
    /// Seconds between two scrapes of that server; the age at which a value counts as old is three of them.
    pub scrape_interval_seconds: Option<f64>,
}

/// One store of logs.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct LogStore {
    /// Unique name.
    pub name: String,
    /// `embedded`, `postgresql`, or a kind of [`source::LOG_KINDS`].
    pub kind: String,
    /// Address; none for `embedded`.
    pub url: String,
    /// `none`, `basic` or `bearer`.
    pub auth: String,
    /// User for `basic`.
    pub user: String,
    /// Name of the stored secret: password for `basic`, token for `bearer`.
    pub secret: String,
    /// PEM file of the authority that signed the server's certificate.
    pub ca_file: Option<PathBuf>,
    /// PEM file of our certificate.
    pub client_cert_file: Option<PathBuf>,
    /// Name of the stored secret that holds our certificate's key (PEM).
    pub client_key_secret: String,
    /// Seconds from asking to the end of the answer.
    pub timeout_seconds: Option<f64>,
    /// Days that lines are kept, for `embedded`.
    pub retention_days: Option<u32>,
    /// MiB that lines may take on disk, for `embedded`.
    pub retention_mib: Option<u64>,
    /// Login that may write lines, for `postgresql`.
    pub write_user: String,
    /// Name of its stored password.
    pub write_secret: String,
    /// Login that makes and takes away partitions, for `postgresql`.
    pub keep_user: String,
    /// Name of its stored password.
    pub keep_secret: String,
    /// Days with all indexes, for `postgresql`.
    pub hot_days: Option<u32>,
    /// Days in the database.
    pub warm_days: Option<u32>,
    /// Days after which files go too.
    pub cold_days: Option<u32>,
    /// Folder for lines that left the database.
    pub cold_dir: Option<PathBuf>,
    /// A table that is there already, for `postgresql`.
    pub table: Option<LogTable>,
    /// What of a server is looked at; see [`source::LogOptions::scope`].
    pub scope: String,
    /// Which of a server's fields are a line's own; those not named are found out.
    pub fields: LogFields,
}

/// A server's names for a line's own fields; see [`source::FieldNames`].
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct LogFields {
    /// How serious.
    pub level: String,
    /// Which category.
    pub category: String,
    /// What wrote it.
    pub service: String,
    /// Where.
    pub host: String,
    /// The text.
    pub message: String,
    /// The trace.
    pub trace_id: String,
    /// The span.
    pub span_id: String,
}

/// Which column of a table that is there already is what; see [`pglogs::mapping::Mapping`].
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct LogTable {
    /// The table.
    pub name: String,
    /// When a line was written.
    pub time: String,
    /// The zone of times that have none.
    pub time_zone: String,
    /// What times count that are numbers.
    pub time_unit: String,
    /// A unique whole number.
    pub id: String,
    /// How serious.
    pub level: String,
    /// Which category, or `=app`.
    pub category: String,
    /// What wrote it.
    pub service: String,
    /// Where.
    pub host: String,
    /// The text.
    pub message: String,
    /// The trace.
    pub trace_id: String,
    /// The span.
    pub span_id: String,
    /// Further fields.
    pub attrs: String,
    /// Columns that are fields of their own name.
    pub extra: Vec<String>,
}

/// The store inside the program.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Embedded {
    /// Collect this host's metrics.
    pub host: bool,
    /// Seconds between two collections.
    pub interval_seconds: f64,
    /// Days that samples are kept.
    pub retention_days: u32,
    /// MiB that samples may take on disk.
    pub retention_mib: u64,
    /// Address on which Prometheus' HTTP API is answered (loopback); empty: nowhere.
    pub listen: String,
    /// Targets to scrape.
    pub scrape: Vec<Scrape>,
}

/// One /metrics page to scrape.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Scrape {
    /// Label `job`.
    pub job: String,
    /// Address of the page.
    pub url: String,
    /// Seconds between two scrapes.
    pub interval_seconds: Option<f64>,
    /// Seconds a scrape may take.
    pub timeout_seconds: Option<f64>,
    /// Labels of the page win over `job` and `instance`.
    pub honor_labels: bool,
    /// `none`, `basic` or `bearer`.
    pub auth: String,
    /// User for `basic`.
    pub user: String,
    /// Name of the stored secret.
    pub secret: String,
    /// PEM file of the authority that signed the target's certificate.
    pub ca_file: Option<PathBuf>,
}

/// The simulated platform.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Demo {
    /// On, off; by default on as long as no source is configured.
    pub enabled: Option<bool>,
    /// The same number makes the same day.
    pub seed: u64,
    /// Now and then a small incident.
    pub incidents: bool,
    /// Log lines a second, always the same; by default about 20 by the rhythm of the day.
    pub log_lines_per_second: Option<f64>,
    /// The PostgreSQL store that its log lines are written to; empty: a store inside the program.
    pub log_store: String,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            locale: "zh-CN".into(),
            theme: "dark".into(),
            time_zone: "Asia/Shanghai".into(),
            board: "overview".into(),
            data_dir: None,
            boards_dir: None,
            wall: Wall::default(),
            source: Vec::new(),
            log_store: Vec::new(),
            embedded: Embedded::default(),
            duty: duty::Duty::default(),
            trace_source: Vec::new(),
            registry: Vec::new(),
            alert_source: Vec::new(),
            person: Vec::new(),
            group: Vec::new(),
            level: Vec::new(),
            policy: Vec::new(),
            inhibit: Vec::new(),
            quiet: Vec::new(),
            maintenance: Vec::new(),
            webhook: duty::Webhook::default(),
            mail: report::Mail::default(),
            report: Vec::new(),
            demo: Demo::default(),
        }
    }
}

impl Default for Wall {
    fn default() -> Self {
        Self {
            kiosk: false,
            viewing_distance: 0.0,
            screen_inches: 55.0,
            dwell_seconds: 30.0,
            director: "P1".into(),
            stay_acknowledged: true,
            return_seconds: 10.0,
            soft_mib: 512,
            hard_mib: 1024,
            dim_from: String::new(),
            dim_to: String::new(),
            brightness: 0.5,
            off_from: String::new(),
            off_to: String::new(),
            off_weekdays: Vec::new(),
            shift_minutes: 5.0,
            shift_pixels: 2,
            rotation: Vec::new(),
            screen: Vec::new(),
        }
    }
}

impl Default for Embedded {
    fn default() -> Self {
        Self {
            host: true,
            interval_seconds: 5.0,
            retention_days: 15,
            retention_mib: 2048,
            listen: String::new(),
            scrape: Vec::new(),
        }
    }
}

impl Default for Demo {
    fn default() -> Self {
        Self {
            enabled: None,
            seed: 1,
            incidents: true,
            log_lines_per_second: None,
            log_store: String::new(),
        }
    }
}

impl Config {
    /// Whether the simulated platform runs.
    pub fn demo_enabled(&self) -> bool {
        self.demo
            .enabled
            .unwrap_or(self.source.is_empty() && self.embedded.scrape.is_empty())
    }
}

impl Wall {
    /// Factor on type size, so that what must be read from afar (the verdict, tiles' values: 27 units of 1080 or more) has the height
    /// that legibility asks for: height in mm ≥ 0.00465 × distance in mm. Between 1 and 1.75 (6.4 m before 55
    /// inches), because the boards hold no more; beyond that only a larger screen helps.
    pub fn type_scale(&self) -> f64 {
        // 16:9: the height of a screen is 0.4903 of its diagonal.
        let screen_mm = self.screen_inches * 25.4 * 0.4903;
        let read_mm = screen_mm * 27.0 / 1080.0;
        let wanted = 0.00465 * self.viewing_distance * 1000.0;
        if read_mm > 0.0 && wanted.is_finite() {
            (wanted / read_mm).clamp(1.0, 1.75)
        } else {
            1.0
        }
    }
}

/// A configuration with where it came from.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// What counts.
    pub config: Config,
    /// The file, if there is one.
    pub file: Option<PathBuf>,
    /// What is wrong with it. Whatever is wrong is left out; the start goes on.
    pub problems: Vec<Problem>,
}

/// Reads `file`, or the platform's place if it exists, or nothing.
pub fn load(file: Option<&Path>) -> Loaded {
    let path = match file {
        Some(given) => given.to_owned(),
        None => match default_file().filter(|p| p.exists()) {
            Some(found) => found,
            None => {
                return Loaded {
                    config: Config::default(),
                    file: None,
                    problems: Vec::new(),
                };
            }
        },
    };
    let (config, problems) = match read_bounded(&path) {
        Ok(text) => check::parse(&path, &text),
        // What was meant is unknown, so no made-up numbers either.
        Err(problem) => (check::without_demo(), vec![problem]),
    };
    Loaded {
        config,
        file: Some(path),
        problems,
    }
}

/// Text of a file of bounded size.
pub fn read_bounded(path: &Path) -> Result<String, Problem> {
    let unreadable = |e: std::io::Error| Problem::new(path, "file_unreadable").with("detail", e);
    let size = std::fs::metadata(path).map_err(unreadable)?.len();
    if size > MAX_BYTES {
        return Err(Problem::new(path, "file_too_large").with("limit", "1 MiB"));
    }
    let bytes = std::fs::read(path).map_err(unreadable)?;
    String::from_utf8(bytes).map_err(|e| {
        let at = e.utf8_error().valid_up_to();
        let line = e
            .as_bytes()
            .iter()
            .take(at)
            .filter(|b| **b == b'\n')
            .count()
            + 1;
        Problem::new(path, "file_not_utf8").at(line)
    })
}

fn directories() -> Option<directories::ProjectDirs> {
    directories::ProjectDirs::from("cn", "shouwang", "shouwang")
}

/// The configuration's usual place (`~/.config/shouwang/config.toml` on Linux).
pub fn default_file() -> Option<PathBuf> {
    directories().map(|d| d.config_dir().join("config.toml"))
}

/// Where the user's boards are: as configured, else `boards` of the data directory, where the editor saves them.
pub fn boards_dir(config: &Config) -> Option<PathBuf> {
    let beside = || Some(data_dir(config)?.join("boards"));
    config.boards_dir.clone().or_else(beside)
}

/// Where data is kept: the environment's SHOUWANG_DATA, the configuration, the platform's place.
pub fn data_dir(config: &Config) -> Option<PathBuf> {
    std::env::var_os("SHOUWANG_DATA")
        .filter(|v| !v.is_empty())
        .map(PathBuf::from)
        .or_else(|| config.data_dir.clone())
        .or_else(|| directories().map(|d| d.data_local_dir().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn type_size_follows_the_distance() {
        let at = |m: f64| {
            Wall {
                viewing_distance: m,
                ..Wall::default()
            }
            .type_scale()
        };
        assert_eq!(at(0.0), 1.0);
        assert!(at(5.0) > 1.3 && at(5.0) < 1.4, "{}", at(5.0));
        // Six metres before 55 inches are not cut.
        assert!(at(6.0) > 1.6 && at(6.0) < 1.7, "{}", at(6.0));
        assert_eq!(at(50.0), 1.75);
        assert_eq!(
            Wall {
                viewing_distance: f64::NAN,
                ..Wall::default()
            }
            .type_scale(),
            1.0
        );
    }

    #[test]
    fn a_file_that_cannot_be_read_shows_no_made_up_numbers() {
        let dir = std::env::temp_dir().join(format!("shouwang-config-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let too_large = dir.join("large.toml");
        std::fs::write(&too_large, vec![b'#'; 1 << 21]).unwrap();
        let other_encoding = dir.join("gbk.toml");
        std::fs::write(&other_encoding, b"# \xca\xd8\xcd\xfb\n").unwrap();
        for (file, key) in [
            (dir.join("nowhere.toml"), "file_unreadable"),
            (too_large, "file_too_large"),
            (other_encoding, "file_not_utf8"),
        ] {
            let loaded = load(Some(&file));
            assert_eq!(loaded.problems.len(), 1, "{key}");
            assert_eq!(loaded.problems[0].key, key);
            assert!(!loaded.config.demo_enabled(), "{key}");
        }
        std::fs::remove_dir_all(&dir).unwrap();
    }

    #[test]
    fn the_demo_gives_way_to_real_sources() {
        let mut c = Config::default();
        assert!(c.demo_enabled());
        c.source.push(Source::default());
        assert!(!c.demo_enabled());
        c.demo.enabled = Some(true);
        assert!(c.demo_enabled());
    }
}

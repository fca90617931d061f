//! The collector of this host: what the node exporter shows, under its names, labels and meanings, without the exporter.
//!
//! Reading is bounded and synchronous (a file of `/proc` answers at once, but a dead disk need not): call [`HostCollector::collect`]
//! where blocking is allowed. What this kernel or this system does not have is named in [`Collection::missing`], never an error of
//! the whole.

mod page;

#[cfg(target_os = "linux")]
mod disk;
#[cfg(target_os = "linux")]
mod memory;
#[cfg(target_os = "linux")]
mod network;
#[cfg(target_os = "linux")]
mod processor;
#[cfg(target_os = "linux")]
mod read;
#[cfg(target_os = "linux")]
mod sensor;
#[cfg(target_os = "linux")]
mod system;

use exposition::Metadata;
use model::{Labels, Sample};
use std::path::PathBuf;

/// Who the host is, and where its files are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostOptions {
    /// Label `job`; the boards know the node exporter's usual `node`.
    pub job: String,
    /// Label `instance`; the host's own name when `None`.
    pub instance: Option<String>,
    /// Where procfs is mounted.
    pub proc: PathBuf,
    /// Where sysfs is mounted.
    pub sys: PathBuf,
}

impl Default for HostOptions {
    fn default() -> Self {
        Self {
            job: "node".into(),
            instance: None,
            proc: "/proc".into(),
            sys: "/sys".into(),
        }
    }
}

/// Why a part could not be collected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CollectError {
    /// This operating system is not supported; only Linux is.
    #[error("collecting from {os} is not supported: scrape an exporter for it instead")]
    UnsupportedSystem {
        /// `std::env::consts::OS`.
        os: &'static str,
    },
    /// This kernel, machine or container does not have it.
    #[error("{path} is not there: this kernel or machine does not have it")]
    Absent {
        /// The file or folder.
        path: String,
    },
    /// It is there but cannot be read.
    #[error("{path} cannot be read: {reason}")]
    Unreadable {
        /// The file or folder.
        path: String,
        /// What the system says.
        reason: String,
    },
    /// It does not look as the kernel's documentation says.
    #[error("{path} is not as expected: {found:?}")]
    Malformed {
        /// The file.
        path: String,
        /// The line that is wrong, cut.
        found: String,
    },
    /// A network file system is not asked: a dead server would block the question for ever.
    #[error("{mount} is on the network ({fstype}) and is not asked")]
    RemoteFilesystem {
        /// Where it is mounted.
        mount: String,
        /// Its type.
        fstype: String,
    },
}

/// What one collection gave.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Collection {
    /// All samples, stamped with the time that was given.
    pub samples: Vec<(Labels, Sample)>,
    /// What could not be had, with the part (the node exporter's name of the collector) that misses it.
    pub missing: Vec<(&'static str, CollectError)>,
}

/// Collects from this host. Keeps what it needs between two collections.
#[derive(Debug)]
pub struct HostCollector {
    options: HostOptions,
    metadata: Vec<Metadata>,
    #[cfg(target_os = "linux")]
    processor: processor::Memory,
}

#[cfg(target_os = "linux")]
type Part = fn(&mut HostCollector, &mut page::Page) -> Result<(), CollectError>;

/// The parts by the names that the node exporter gives its collectors.
#[cfg(target_os = "linux")]
const PARTS: [(&str, Part); 21] = [
    ("cpu", processor::cpu),
    ("stat", processor::stat),
    ("loadavg", processor::load),
    ("pressure", processor::pressure),
    ("meminfo", memory::meminfo),
    ("vmstat", memory::vmstat),
    ("diskstats", disk::diskstats),
    ("filesystem", disk::filesystems),
    ("netdev", network::devices),
    ("netclass", network::classes),
    ("netstat", network::netstat),
    ("sockstat", network::sockstat),
    ("conntrack", network::conntrack),
    ("hwmon", sensor::hwmon),
    ("thermal_zone", sensor::thermal_zones),
    ("filefd", system::file_handles),
    ("processes", system::processes),
    ("uname", system::uname),
    ("time", system::time),
    ("timex", system::timex),
    ("entropy", system::entropy),
];

impl HostCollector {
    /// A collector; reads nothing yet but the host's name.
    pub fn new(mut options: HostOptions) -> Self {
        if options.instance.is_none() {
            options.instance = Some(host_name());
        }
        Self {
            options,
            metadata: Vec::new(),
            #[cfg(target_os = "linux")]
            processor: processor::Memory::default(),
        }
    }

    /// Label `instance` of all samples.
    pub fn instance(&self) -> &str {
        self.options.instance.as_deref().unwrap_or("localhost")
    }

    /// Families of the last collection, by name. Empty before the first.
    pub fn metadata(&self) -> &[Metadata] {
        &self.metadata
    }

    /// Reads everything once. `now_ms` (milliseconds since the epoch) stamps the samples. Blocks for some milliseconds.
    pub fn collect(&mut self, now_ms: i64) -> Collection {
        let mut page = page::Page::new(now_ms, &self.options.job, self.instance());
        let missing = self.parts(&mut page);
        let (samples, metadata) = page.finish();
        self.metadata = metadata;
        Collection { samples, missing }
    }

    #[cfg(target_os = "linux")]
    fn parts(&mut self, page: &mut page::Page) -> Vec<(&'static str, CollectError)> {
        let mut missing = Vec::new();
        for (name, part) in PARTS {
            let failed = part(self, page).err();
            let success = f64::from(failed.is_none());
            page.gauge(
                "node_scrape_collector_success",
                "node_exporter: Whether a collector succeeded.",
                &[("collector", name)],
                success,
            );
            missing.extend(failed.map(|e| (name, e)));
            missing.extend(page.take_notes().into_iter().map(|e| (name, e)));
        }
        missing
    }

    #[cfg(not(target_os = "linux"))]
    fn parts(&mut self, page: &mut page::Page) -> Vec<(&'static str, CollectError)> {
        let seconds = page.now_ms() as f64 / 1000.0;
        page.gauge(
            "node_time_seconds",
            "System time in seconds since epoch (1970).",
            &[],
            seconds,
        );
        vec![(
            "host",
            CollectError::UnsupportedSystem {
                os: std::env::consts::OS,
            },
        )]
    }
}

#[cfg(unix)]
fn host_name() -> String {
    rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned()
}

#[cfg(not(unix))]
fn host_name() -> String {
    std::env::var("COMPUTERNAME").unwrap_or_else(|_| "localhost".into())
}

//! What every registry of services answers: which instances there are and how they are, and which keys of a configuration changed.

use crate::consul::Consul;
use crate::etcd::Etcd;
use crate::{ConfigError, Connection, SourceError};
use futures::future::BoxFuture;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

/// Instances that are taken from one registry.
pub const MAX_INSTANCES: usize = 5_000;
/// Changes of keys that are told at once.
pub const MAX_CHANGES: usize = 1_000;
/// Labels and tags of one instance that are taken, and bytes of each of its texts.
pub(crate) const MAX_LABELS: usize = 32;
pub(crate) const MAX_TEXT: usize = 512;

/// How an instance is, by the registry's own checks. Ordered from good to bad.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum InstanceHealth {
    /// All checks pass, or there are none: it is registered.
    #[default]
    Passing,
    /// A check warns.
    Warning,
    /// Somebody took it out on purpose.
    Maintenance,
    /// A check fails.
    Critical,
}

/// One instance of a service.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ServiceInstance {
    /// The service's name.
    pub service: String,
    /// Unique within the service.
    pub id: String,
    /// Host and port; empty where the registry knows none.
    pub address: String,
    /// How it is.
    pub health: InstanceHealth,
    /// Tags, sorted.
    pub tags: Vec<String>,
    /// What is said of it besides, sorted. Hostile input.
    pub meta: Vec<(String, String)>,
}

/// What happened to a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyEvent {
    /// It is new.
    Created,
    /// It has another value, or was written again.
    Changed,
    /// It is gone.
    Deleted,
}

/// A change of a key. Its value is only here when the options ask for values, because it may be a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyChange {
    /// The key. Hostile input.
    pub key: String,
    /// What happened.
    pub event: KeyEvent,
    /// The registry's own count of changes, at this change; 0 where it does not say.
    pub revision: u64,
    /// The session or lease that holds the key, where there is one; neither system tells a person.
    pub by: Option<String>,
    /// The new value, cut to 512 bytes.
    pub value: Option<String>,
}

/// What is wanted of a registry.
#[derive(Clone, Debug)]
pub struct RegistryOptions {
    /// Only these services; all when empty.
    pub services: Vec<String>,
    /// The prefix under which services are registered, for a registry that knows only keys.
    pub services_prefix: String,
    /// Whether values of keys are told.
    pub values: bool,
    /// How long a question may wait for a change.
    pub wait: Duration,
}

impl Default for RegistryOptions {
    fn default() -> Self {
        Self {
            services: Vec::new(),
            services_prefix: "/services/".into(),
            values: false,
            wait: Duration::from_secs(30),
        }
    }
}

/// The next news, or `None` when nothing changed within the options' wait.
pub type News<'a, T> = BoxFuture<'a, Result<Option<T>, SourceError>>;

/// Something that is watched. After an error the same watch goes on where it was.
pub trait Watch<T>: Send {
    /// Waits for the next news; the first answer comes at once. Dropping the future gives up waiting, and nothing is lost.
    fn next(&mut self) -> News<'_, T>;
}

/// A registry of services and keys.
pub trait ServiceRegistry: Send + Sync + Debug {
    /// The kind's name in the configuration.
    fn kind(&self) -> &'static str;

    /// All instances, each time that any of them changed; sorted.
    fn services(self: Arc<Self>) -> Box<dyn Watch<Vec<ServiceInstance>>>;

    /// Changes of the keys that begin with `prefix`, from the first call on.
    fn keys(self: Arc<Self>, prefix: &str) -> Box<dyn Watch<Vec<KeyChange>>>;
}

/// Makes a client of a kind; sends nothing.
pub type ConnectRegistry =
    fn(&Connection, &RegistryOptions) -> Result<Arc<dyn ServiceRegistry>, ConfigError>;

/// One kind of registry.
#[derive(Clone, Copy, Debug)]
pub struct RegistryKind {
    /// Its name in the configuration.
    pub name: &'static str,
    /// Makes a client; sends nothing.
    pub connect: ConnectRegistry,
}

/// All kinds.
pub const REGISTRY_KINDS: &[RegistryKind] = &[
    RegistryKind {
        name: "etcd",
        connect: |c, o| Ok(Arc::new(Etcd::new(c, o)?)),
    },
    RegistryKind {
        name: "consul",
        connect: |c, o| Ok(Arc::new(Consul::new(c, o)?)),
    },
];

/// A client of kind `kind`.
///
/// # Errors
/// [`ConfigError::UnknownKind`], or what is wrong with the connection.
pub fn connect_registry(
    kind: &str,
    connection: &Connection,
    options: &RegistryOptions,
) -> Result<Arc<dyn ServiceRegistry>, ConfigError> {
    REGISTRY_KINDS
        .iter()
        .find(|k| k.name == kind)
        .ok_or_else(|| ConfigError::UnknownKind(kind.to_owned()))
        .and_then(|k| (k.connect)(connection, options))
}

/// `text` cut to [`MAX_TEXT`] bytes at a character's border.
pub(crate) fn cut(text: &str) -> String {
    let end = (0..=MAX_TEXT.min(text.len()))
        .rev()
        .find(|i| text.is_char_boundary(*i));
    text.get(..end.unwrap_or(0)).unwrap_or("").to_owned()
}

/// Sorted, bounded and cut, so that equal news are equal.
pub(crate) fn tidy(mut all: Vec<ServiceInstance>) -> Result<Vec<ServiceInstance>, SourceError> {
    if all.len() > MAX_INSTANCES {
        return Err(SourceError::Limit {
            what: crate::Capacity::Series,
            limit: MAX_INSTANCES as u64,
        });
    }
    for one in &mut all {
        one.tags.sort_unstable();
        one.tags.truncate(MAX_LABELS);
        one.meta.sort_unstable();
        one.meta.truncate(MAX_LABELS);
        for text in [&mut one.service, &mut one.id, &mut one.address] {
            *text = cut(text);
        }
        for tag in &mut one.tags {
            *tag = cut(tag);
        }
        for (name, value) in &mut one.meta {
            (*name, *value) = (cut(name), cut(value));
        }
    }
    all.sort_unstable();
    all.dedup_by(|a, b| a.service == b.service && a.id == b.id);
    Ok(all)
}

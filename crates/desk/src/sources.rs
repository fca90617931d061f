//! From configuration to clients.

use crate::config::{Config, Source};
use crate::late::Late;
use crate::secret_store::{ReadSecrets, Store};
use engine::{Budget, Failure, SourceSpec};
use model::Secret;
use source::{Auth, Connection, Metrics, Part, TlsOptions, registry};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::SetOnce;

/// Seconds between two scrapes when the configuration does not say (the seed's).
const SCRAPE_SECONDS: f64 = 30.0;

/// Where passwords come from.
pub trait Secrets: Sync {
    /// The secret with this name, if it is stored.
    fn get(&self, name: &str) -> Option<Secret>;

    /// The secret with this name, or why there is none.
    ///
    /// # Errors
    /// It is not stored, or cannot be read.
    fn need(&self, name: &str) -> Result<Secret, Failure> {
        self.get(name).ok_or_else(|| missing(name))
    }
}

/// A secret that was never stored.
pub(crate) fn missing(name: &str) -> Failure {
    Failure::new("secret_missing", "name", name)
}

/// Secrets that are being read beside the start. Cloning gives the same ones.
#[derive(Clone)]
pub struct Reading {
    read: Arc<SetOnce<Arc<ReadSecrets>>>,
    /// Whether something is set up at once that cannot be set up without them.
    urgent: bool,
}

impl Reading {
    /// Begins to read all secrets that the configuration names.
    pub fn begin(config: &Config, data: Option<&Path>) -> Self {
        let read = Arc::new(SetOnce::new());
        let urgent = at_once(config).any(|n| !n.is_empty());
        let (done, config, data) = (read.clone(), config.clone(), data.map(Path::to_owned));
        tokio::spawn(async move {
            let found = secrets(&config, data.as_deref()).await;
            // Nobody else sets it.
            let _ = done.set(Arc::new(found));
        });
        Self { read, urgent }
    }

    /// When they have been read.
    pub async fn all(&self) -> Arc<ReadSecrets> {
        self.read.wait().await.clone()
    }

    /// For what is set up at once: none, without waiting, where nothing of that names a secret.
    pub async fn urgent(&self) -> Arc<ReadSecrets> {
        if self.urgent {
            self.all().await
        } else {
            Arc::default()
        }
    }
}

/// Secrets of what is set up at once. Sources of metrics and the alert desk wait for theirs beside the start.
fn at_once(config: &Config) -> impl Iterator<Item = &String> {
    let of_traces = config
        .trace_source
        .iter()
        .flat_map(|s| [&s.secret, &s.client_key_secret]);
    let of_registries = config
        .registry
        .iter()
        .flat_map(|s| [&s.secret, &s.client_key_secret]);
    let of_logs = config.log_store.iter().flat_map(|s| {
        [
            &s.secret,
            &s.client_key_secret,
            &s.write_secret,
            &s.keep_secret,
        ]
    });
    of_logs
        .chain(config.embedded.scrape.iter().map(|s| &s.secret))
        .chain(of_traces)
        .chain(of_registries)
        .chain([&config.mail.secret])
}

/// The values of all secrets that the configuration names. Keyring and vault are only looked at when it names any.
pub async fn secrets(config: &Config, data: Option<&Path>) -> ReadSecrets {
    let of_sources = config
        .source
        .iter()
        .flat_map(|s| [&s.secret, &s.client_key_secret]);
    let of_alerts = config
        .alert_source
        .iter()
        .flat_map(|s| [&s.secret, &s.client_key_secret]);
    let named = of_sources
        .chain(of_alerts)
        .chain(at_once(config))
        .chain([&config.duty.listen_secret, &config.webhook.secret]);
    let names: Vec<String> = named.filter(|n| !n.is_empty()).cloned().collect();
    if names.is_empty() {
        ReadSecrets::default()
    } else {
        Store::open(data).await.read(names).await
    }
}

/// Budgets of age from the interval of scrapes: three of them is old, ten say nothing about now.
pub fn budget(interval_seconds: f64) -> Budget {
    let ms = |n: f64| (n * interval_seconds * 1000.0).clamp(1_000.0, 86_400_000.0) as i64;
    Budget {
        old_ms: ms(3.0),
        unknown_ms: ms(10.0),
    }
}

/// A source and its client, or why there is none.
pub type Client = (SourceSpec, Result<Arc<dyn Metrics>, Failure>);

/// What the engine must know of a configured source.
pub fn spec(source: &Source) -> SourceSpec {
    SourceSpec {
        name: source.name.clone(),
        kind: source.kind.clone(),
        address: source.url.clone(),
        demo: false,
        budget: budget(source.scrape_interval_seconds.unwrap_or(SCRAPE_SECONDS)),
        langs: registry::langs(&source.kind),
    }
}

/// All configured sources with their clients; one that cannot be set up comes with why.
pub fn connect_all(config: &Config, secrets: &dyn Secrets) -> Vec<Client> {
    config
        .source
        .iter()
        .map(|s| (spec(s), connect(s, secrets)))
        .collect()
}

/// The same beside a start: those that need a secret are connected when it has been read.
pub fn connect_late(config: &Config, reading: &Reading) -> Vec<Client> {
    let one = |s: &Source| {
        let client: Result<Arc<dyn Metrics>, Failure> =
            if s.secret.is_empty() && s.client_key_secret.is_empty() {
                connect(s, &ReadSecrets::default())
            } else {
                let (source, reading) = (s.clone(), reading.clone());
                let connecting = async move { connect(&source, &*reading.all().await) };
                Ok(Arc::new(Late::new(kind(s), patience(s), connecting)))
            };
        (spec(s), client)
    };
    config.source.iter().map(one).collect()
}

/// The kind's name as the registry has it.
fn kind(source: &Source) -> &'static str {
    let known = registry::KINDS.iter().find(|k| k.name == source.kind);
    known.map_or("", |k| k.name)
}

/// How long a question to it may take.
fn patience(source: &Source) -> Duration {
    Duration::from_secs_f64(source.timeout_seconds.unwrap_or(10.0))
}

fn connect(source: &Source, secrets: &dyn Secrets) -> Result<Arc<dyn Metrics>, Failure> {
    let connection = connection(source, secrets)?;
    registry::connect(&source.kind, &connection).map_err(|e| Failure::new("config", "detail", e))
}

/// How to reach a configured server.
///
/// # Errors
/// A secret that is not stored, a file that cannot be read.
pub fn connection(source: &Source, secrets: &dyn Secrets) -> Result<Connection, Failure> {
    let secret = |name: &str| secrets.need(name);
    let mut connection = Connection::to(&source.url);
    connection.auth = match source.auth.as_str() {
        "basic" => Auth::Basic {
            user: source.user.clone(),
            password: secret(&source.secret)?,
        },
        "bearer" => Auth::Bearer(secret(&source.secret)?),
        _ => Auth::None,
    };
    connection.tls = TlsOptions {
        authorities_pem: source.ca_file.as_deref().map(pem).transpose()?,
        certificate_pem: source.client_cert_file.as_deref().map(pem).transpose()?,
        key_pem: if source.client_key_secret.is_empty() {
            None
        } else {
            Some(secret(&source.client_key_secret)?)
        },
    };
    connection.timeout = patience(source);
    connection.connect_timeout = connection.timeout.min(Duration::from_secs(5));
    if let Some(mib) = source.max_answer_mib {
        connection.limits.body_bytes = mib << 20;
    }
    connection.gzip = source.gzip;
    connection.part = Part {
        database: source.database.clone(),
        organization: source.organization.clone(),
    };
    Ok(connection)
}

fn pem(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path)
        .map_err(|e| Failure::new("config", "detail", format!("{}: {e}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct None_;
    impl Secrets for None_ {
        fn get(&self, _: &str) -> Option<Secret> {
            None
        }
    }

    #[test]
    fn a_missing_secret_is_named_and_nothing_else_fails() {
        let source = |name: &str, auth: &str| Source {
            name: name.into(),
            kind: "prometheus".into(),
            url: "http://127.0.0.1:9".into(),
            auth: auth.into(),
            secret: "pw".into(),
            ..Source::default()
        };
        let config = Config {
            source: vec![source("a", "bearer"), source("b", "none")],
            ..Config::default()
        };
        let all = connect_all(&config, &None_);
        assert_eq!(
            all[0].1.as_ref().err(),
            Some(&Failure::new("secret_missing", "name", "pw"))
        );
        assert!(all[1].1.is_ok());
    }

    #[test]
    fn budgets_follow_the_interval() {
        assert_eq!(budget(30.0), Budget::default());
        assert_eq!(budget(5.0).old_ms, 15_000);
    }
}

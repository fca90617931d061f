//! PostgreSQL as a store of logs: from the configuration to whoever reads, writes and keeps it.

use crate::clock;
use crate::config::{Config, LogStore, LogTable, data_dir};
use crate::sources::Secrets;
use engine::Failure;
use pglogs::lifecycle::Policy;
use pglogs::mapping::Mapping;
use pglogs::{Credentials, Options, Reader, Writer};
use source::{LogSink, Logs};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// The kind's name in the configuration.
pub const KIND: &str = "postgresql";

fn now_ns() -> i64 {
    clock::now_ms().saturating_mul(1_000_000)
}

/// Days that lines are hot, warm and cold.
pub fn days(store: &LogStore) -> (u32, u32, u32) {
    let usual = Policy::default();
    (
        store.hot_days.unwrap_or(usual.hot_days),
        store.warm_days.unwrap_or(usual.warm_days),
        store.cold_days.unwrap_or(usual.cold_days),
    )
}

/// How long lines of this store stay what they are.
pub fn policy(store: &LogStore, move_default: bool) -> Policy {
    let (hot_days, warm_days, cold_days) = days(store);
    Policy {
        hot_days,
        warm_days,
        cold_days,
        move_default,
        ..Policy::default()
    }
}

/// The folder of lines that left this store's database.
pub fn cold_folder(config: &Config, store: &LogStore) -> Option<PathBuf> {
    let usual = || data_dir(config).map(|d| d.join("cold-logs").join(plain(&store.name)));
    store.cold_dir.clone().or_else(usual)
}

/// What a name says is no path.
fn plain(name: &str) -> String {
    let plain = |c: char| {
        if c.is_alphanumeric() || c == '-' {
            c
        } else {
            '_'
        }
    };
    name.chars().take(60).map(plain).collect()
}

/// How the database is reached.
///
/// # Errors
/// What is wrong with the address or with a certificate's file.
pub fn options(store: &LogStore, secrets: &dyn Secrets) -> Result<Options, Failure> {
    let wrong = |e: &dyn std::fmt::Display| Failure::new("config", "detail", e);
    let mut options = Options::new(&store.url).map_err(|e| wrong(&e))?;
    let pem = |path: &Path| {
        let read = std::fs::read_to_string(path);
        read.map_err(|e| wrong(&format!("{}: {e}", path.display())))
    };
    options.tls_options.authorities_pem = store.ca_file.as_deref().map(pem).transpose()?;
    options.tls_options.certificate_pem = store.client_cert_file.as_deref().map(pem).transpose()?;
    if !store.client_key_secret.is_empty() {
        options.tls_options.key_pem = Some(secrets.need(&store.client_key_secret)?);
    }
    options.timeout = Duration::from_secs_f64(store.timeout_seconds.unwrap_or(10.0));
    options.connect_timeout = options.timeout.min(Duration::from_secs(5));
    Ok(options)
}

fn login(user: &str, secret: &str, secrets: &dyn Secrets) -> Result<Credentials, Failure> {
    let password = if secret.is_empty() {
        None
    } else {
        Some(secrets.need(secret)?)
    };
    Ok(Credentials {
        user: user.to_owned(),
        password,
    })
}

fn mapping(table: &LogTable) -> Mapping {
    Mapping {
        table: table.name.clone(),
        time: table.time.clone(),
        time_zone: table.time_zone.clone(),
        time_unit: table.time_unit.clone(),
        id: table.id.clone(),
        level: table.level.clone(),
        category: table.category.clone(),
        service: table.service.clone(),
        host: table.host.clone(),
        message: table.message.clone(),
        trace_id: table.trace_id.clone(),
        span_id: table.span_id.clone(),
        attrs: table.attrs.clone(),
        extra: table.extra.clone(),
    }
}

/// Whoever asks this store. Sends nothing yet.
///
/// # Errors
/// What the configuration lacks.
pub fn reader(store: &LogStore, secrets: &dyn Secrets) -> Result<Arc<dyn Logs>, Failure> {
    let options = options(store, secrets)?;
    let who = login(&store.user, &store.secret, secrets)?;
    let mapping = store.table.as_ref().map(mapping);
    Ok(Arc::new(Reader::new(&options, &who, mapping, now_ns)))
}

/// Whoever writes to this store; `None` when no login is configured for that, or the table is somebody else's.
///
/// # Errors
/// What the configuration lacks.
pub fn writer(
    store: &LogStore,
    secrets: &dyn Secrets,
) -> Result<Option<Arc<dyn LogSink>>, Failure> {
    if store.write_user.is_empty() || store.table.is_some() {
        return Ok(None);
    }
    let options = options(store, secrets)?;
    let who = login(&store.write_user, &store.write_secret, secrets)?;
    Ok(Some(Arc::new(Writer::new(&options, &who, now_ns))))
}

/// Who looks after this store's partitions, and where they are; `None` when no login is configured for that.
///
/// # Errors
/// What the configuration lacks.
pub fn keeper(
    store: &LogStore,
    secrets: &dyn Secrets,
) -> Result<Option<(Options, Credentials)>, Failure> {
    if store.keep_user.is_empty() || store.table.is_some() {
        return Ok(None);
    }
    let who = login(&store.keep_user, &store.keep_secret, secrets)?;
    Ok(Some((options(store, secrets)?, who)))
}

/// The clock that readers, writers and keepers go by, ns since the epoch.
pub fn clock() -> pglogs::Clock {
    now_ns
}

/// The day it is, as partitions have it (UTC).
pub fn today() -> chrono::NaiveDate {
    chrono::DateTime::from_timestamp_nanos(now_ns()).date_naive()
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Secret;

    struct One;
    impl Secrets for One {
        fn get(&self, name: &str) -> Option<Secret> {
            (name == "known").then(|| Secret::new("x"))
        }
    }

    #[tokio::test]
    async fn each_login_has_its_own_secret() {
        let mut store = LogStore {
            url: "postgresql://127.0.0.1/logs".into(),
            user: "reads".into(),
            secret: "known".into(),
            ..LogStore::default()
        };
        assert!(reader(&store, &One).is_ok());
        assert!(writer(&store, &One).expect("none").is_none());
        assert!(keeper(&store, &One).expect("none").is_none());
        store.keep_user = "keeps".into();
        store.keep_secret = "unknown".into();
        assert_eq!(
            keeper(&store, &One).expect_err("missing").code,
            "secret_missing"
        );
        store.keep_secret = "known".into();
        assert!(keeper(&store, &One).expect("one").is_some());
        store.table = Some(LogTable::default());
        assert!(keeper(&store, &One).expect("none").is_none());
    }

    #[test]
    fn names_are_no_paths() {
        let store = LogStore {
            name: "../生产".into(),
            ..LogStore::default()
        };
        let config = Config {
            data_dir: Some("d".into()),
            ..Config::default()
        };
        let folder = cold_folder(&config, &store).expect("a folder");
        assert!(folder.ends_with("cold-logs/___生产"));
    }
}

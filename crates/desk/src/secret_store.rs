//! Secrets by name, off the threads that answer the page: a keyring may take its time.

use crate::sources::{Secrets, missing};
use crate::texts::{plain, say};
use engine::Failure;
use model::Secret;
use secrets::{Backend, Options, Passphrase, SecretError, SecretStore};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The variable that names a file with the vault's passphrase; without it the vault is opened by this machine's own key.
const PASSPHRASE_FILE: &str = "SHOUWANG_PASSPHRASE_FILE";
/// Set to 1, the keyring is left alone.
const NO_KEYRING: &str = "SHOUWANG_NO_KEYRING";

/// Why a secret could not be handled.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no directory for the vault, and no keyring.
    #[error("no data directory")]
    NoDirectory,
    /// The keyring or the vault.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The thread that asked has ended.
    #[error("interrupted")]
    Interrupted,
}

impl StoreError {
    /// The same where the secret `name` is needed and cannot be read; not to be taken for one that was never stored.
    pub fn failure(&self, name: &str) -> Failure {
        let mut params = vec![("name", name.to_owned())];
        match self {
            Self::NoDirectory => params.push(("reason_key", "secrets.no_directory".to_owned())),
            Self::Interrupted => params.push(("reason_key", "secrets.interrupted".to_owned())),
            Self::Secret(e) => {
                params.push(("reason_key", format!("error.secrets.{}", e.code())));
                params.extend(e.params());
            }
        }
        Failure {
            code: "secret_unreadable",
            params,
        }
    }

    /// The sentence for a person.
    pub fn say(&self, locale: &str) -> String {
        match self {
            Self::NoDirectory => plain(locale, "secrets.no_directory"),
            Self::Interrupted => plain(locale, "secrets.interrupted"),
            Self::Secret(e) => {
                let params: BTreeMap<String, String> = e
                    .params()
                    .into_iter()
                    .map(|(n, v)| (n.to_owned(), v))
                    .collect();
                say(locale, &format!("error.secrets.{}", e.code()), &params)
            }
        }
    }
}

/// The program's secrets.
#[derive(Clone)]
pub struct Store {
    inner: Result<Arc<SecretStore>, StoreError>,
    dir: Option<PathBuf>,
}

impl Store {
    /// Keyring or vault, decided in bounded time.
    pub async fn open(data: Option<&Path>) -> Self {
        let dir = data.map(Path::to_owned);
        let Some(place) = dir.clone() else {
            return Self {
                inner: Err(StoreError::NoDirectory),
                dir,
            };
        };
        let mut options = Options::new(place);
        options.keyring = std::env::var_os(NO_KEYRING).is_none_or(|v| v != "1");
        if let Some(file) = std::env::var_os(PASSPHRASE_FILE).filter(|v| !v.is_empty()) {
            options.passphrase = Passphrase::File(file.into());
        }
        let opened = blocking(move || SecretStore::open(&options)).await;
        if let Err(e) = &opened {
            tracing::warn!(error = %e, "secrets cannot be read");
        }
        Self {
            inner: opened.map(Arc::new),
            dir,
        }
    }

    async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&SecretStore) -> Result<T, SecretError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let store = self.inner.clone()?;
        blocking(move || work(&store)).await
    }

    /// Stores a value.
    ///
    /// # Errors
    /// When keyring or vault fail or the name is not allowed.
    pub async fn set(&self, name: &str, value: Secret) -> Result<(), StoreError> {
        let name = name.to_owned();
        self.with(move |s| s.set(&name, &value)).await
    }

    /// Removes a value; whether there was one.
    ///
    /// # Errors
    /// As [`Store::set`].
    pub async fn delete(&self, name: &str) -> Result<bool, StoreError> {
        let name = name.to_owned();
        self.with(move |s| s.delete(&name)).await
    }

    /// All names.
    ///
    /// # Errors
    /// As [`Store::set`].
    pub async fn list(&self) -> Result<Vec<String>, StoreError> {
        self.with(SecretStore::list).await
    }

    /// Reads the values of these names, so that they can be handed out without waiting.
    pub async fn read(&self, names: Vec<String>) -> ReadSecrets {
        let asked = names.clone();
        let read = self
            .with(move |s| {
                let one = |n: String| {
                    let found = s.get(&n);
                    (n, found)
                };
                Ok(asked.into_iter().map(one).collect::<Vec<_>>())
            })
            .await;
        let found = match read {
            Ok(found) => found,
            Err(e) => {
                // Nothing can be read: whoever needs a secret is told so, and not that it was never stored.
                let each = |name| (name, Err(e.clone()));
                return ReadSecrets(names.into_iter().map(each).collect());
            }
        };
        let mut values = BTreeMap::new();
        for (name, value) in found {
            match value {
                Ok(Some(value)) => drop(values.insert(name, Ok(value))),
                Ok(None) => {}
                Err(e) => {
                    tracing::warn!(name, error = %e, "a secret cannot be read");
                    values.insert(name, Err(e.into()));
                }
            }
        }
        ReadSecrets(values)
    }

    /// Why nothing can be read at all, if so.
    pub fn problem(&self) -> Option<Failure> {
        self.inner.as_ref().err().map(|e| e.failure("*"))
    }

    /// `keyring`, `vault` or `none`.
    pub fn backend(&self) -> &'static str {
        match self.inner.as_ref().map(|s| s.backend().clone()) {
            Ok(Backend::Keyring) => "keyring",
            Ok(Backend::Vault { .. }) => "vault",
            Err(_) => "none",
        }
    }

    /// Why not the keyring: locale key under `secrets.keyring.`.
    pub fn reason(&self) -> Option<&'static str> {
        match self.inner.as_ref().map(|s| s.backend()) {
            Ok(Backend::Vault { because }) => Some(because.code()),
            Ok(Backend::Keyring) | Err(_) => None,
        }
    }

    /// Where secrets are kept and why, as a sentence.
    pub fn describe(&self, locale: &str) -> String {
        match &self.inner {
            Err(e) => e.say(locale),
            Ok(_) => match self.reason() {
                None => plain(locale, "cli.secret_backend_keyring"),
                Some(reason) => {
                    let path = self
                        .dir
                        .as_ref()
                        .map(|d| d.display().to_string())
                        .unwrap_or_default();
                    let reason = plain(locale, &format!("secrets.keyring.{reason}"));
                    let params =
                        BTreeMap::from([("path".to_owned(), path), ("reason".to_owned(), reason)]);
                    say(locale, "cli.secret_backend_vault", &params)
                }
            },
        }
    }
}

/// Values that have been read, and why others could not be.
#[derive(Default)]
pub struct ReadSecrets(BTreeMap<String, Result<Secret, StoreError>>);

impl Secrets for ReadSecrets {
    fn get(&self, name: &str) -> Option<Secret> {
        self.0.get(name)?.as_ref().ok().cloned()
    }

    fn need(&self, name: &str) -> Result<Secret, Failure> {
        match self.0.get(name) {
            Some(Ok(value)) => Ok(value.clone()),
            Some(Err(e)) => Err(e.failure(name)),
            None => Err(missing(name)),
        }
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, SecretError> + Send + 'static,
) -> Result<T, StoreError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => Ok(result?),
        Err(_) => Err(StoreError::Interrupted),
    }
}

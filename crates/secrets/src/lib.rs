//! Passwords and tokens, by name: in the operating system's keyring, or in an encrypted vault where there is none.
//!
//! A wall's computer often has no keyring (no desktop session), or a locked one that would cover the wall with a
//! password prompt. So [`SecretStore::open`] asks whether there is one that is unlocked, writes and reads a trial
//! value within a bounded time, and else uses the vault and says why ([`Backend::Vault`]).
//!
//! Every call blocks, at most for [`Options::keyring_timeout`] or as long as a file takes: call it from a blocking
//! thread, not from an async task. No value is ever printed, logged or part of an error.
#![warn(missing_docs)]

mod error;
mod os;
mod vault;

pub use error::{KeyringFault, SecretError};
pub use vault::Passphrase;

use model::Secret;
use std::path::PathBuf;
use std::time::Duration;
use vault::Vault;

/// Longest value in bytes: a private key with its chain fits.
pub const MAX_VALUE: usize = 64 << 10;
/// Longest name in bytes.
pub const MAX_NAME: usize = 64;

/// Where to look for secrets.
#[derive(Clone, Debug)]
pub struct Options {
    /// The folder of the vault (`secrets.vault`, `secrets.key`); made when something is stored.
    pub dir: PathBuf,
    /// Under which name the keyring keeps our entries.
    pub service: String,
    /// What opens the vault.
    pub passphrase: Passphrase,
    /// Whether the keyring may be used at all.
    pub keyring: bool,
    /// How long the keyring may take for one answer.
    pub keyring_timeout: Duration,
}

impl Options {
    /// The keyring under `shouwang`, else a vault in `dir` that is opened by this machine's own key.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            service: "shouwang".into(),
            passphrase: Passphrase::MachineKey,
            keyring: true,
            keyring_timeout: Duration::from_secs(3),
        }
    }
}

/// Where secrets are kept, and why there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Backend {
    /// In the operating system's keyring.
    Keyring,
    /// In the encrypted vault, because the keyring cannot be used.
    Vault {
        /// Why not.
        because: KeyringFault,
    },
}

/// The store. It reads through: with the keyring in use, a name that it does not have is looked for in the vault
/// too, because it may have been stored where there was no keyring (over SSH, for example).
#[derive(Debug)]
pub struct SecretStore {
    keyring: Option<os::Keyring>,
    vault: Vault,
    backend: Backend,
}

impl SecretStore {
    /// Decides between keyring and vault. Creates no file.
    ///
    /// # Errors
    /// When the vault has to be used and cannot be opened: wrong key, damaged, readable by others.
    pub fn open(options: &Options) -> Result<Self, SecretError> {
        let found = if options.keyring {
            os::Keyring::open(&options.service, options.keyring_timeout)
        } else {
            Err(KeyringFault::Disabled)
        };
        let vault = Vault::new(&options.dir, options.passphrase.clone());
        let (keyring, backend) = match found {
            Ok(keyring) => (Some(keyring), Backend::Keyring),
            Err(because) => {
                tracing::info!(
                    because = because.code(),
                    "secrets are kept in the encrypted vault"
                );
                vault.check()?;
                (None, Backend::Vault { because })
            }
        };
        Ok(Self {
            keyring,
            vault,
            backend,
        })
    }

    /// Where secrets are kept, and why there.
    pub fn backend(&self) -> &Backend {
        &self.backend
    }

    /// The value of `name`, or `None`.
    ///
    /// # Errors
    /// When the keyring or the vault fails, or `name` is not allowed.
    pub fn get(&self, name: &str) -> Result<Option<Secret>, SecretError> {
        allowed(name)?;
        if let Some(keyring) = &self.keyring
            && let Some(value) = keyring.get(name)?
        {
            return Ok(Some(value));
        }
        self.vault.get(name)
    }

    /// Stores `value` under `name`, over an older one.
    ///
    /// # Errors
    /// When the keyring or the vault fails, `name` is not allowed, or `value` is empty or too long.
    pub fn set(&self, name: &str, value: &Secret) -> Result<(), SecretError> {
        allowed(name)?;
        let length = value.expose().len();
        if length == 0 {
            return Err(SecretError::Empty);
        }
        if length > MAX_VALUE {
            return Err(SecretError::TooLong { limit: MAX_VALUE });
        }
        match &self.keyring {
            Some(keyring) => keyring.set(name, value),
            None => self.vault.set(name, value),
        }
    }

    /// Removes `name` wherever it is; whether there was one.
    ///
    /// # Errors
    /// When the keyring or the vault fails, or `name` is not allowed.
    pub fn delete(&self, name: &str) -> Result<bool, SecretError> {
        allowed(name)?;
        let in_keyring = match &self.keyring {
            Some(keyring) => keyring.delete(name)?,
            None => false,
        };
        Ok(self.vault.delete(name)? || in_keyring)
    }

    /// All names, sorted.
    ///
    /// # Errors
    /// When the keyring or the vault fails.
    pub fn list(&self) -> Result<Vec<String>, SecretError> {
        let mut names = self.vault.names()?;
        if let Some(keyring) = &self.keyring {
            names.extend(keyring.names()?);
        }
        names.sort_unstable();
        names.dedup();
        Ok(names)
    }
}

/// Names stand in the configuration: letters, digits, `-`, `_` and `.`, beginning with a letter or digit.
fn allowed(name: &str) -> Result<(), SecretError> {
    let fits = !name.is_empty()
        && name.len() <= MAX_NAME
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
    if fits { Ok(()) } else { Err(SecretError::Name) }
}

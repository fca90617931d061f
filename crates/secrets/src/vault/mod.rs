//! The encrypted vault: one file, all secrets.
//!
//! ```text
//! magic 8 │ version 1 │ kind 1 │ Argon2id: memory KiB, passes, lanes 4+4+4 │ salt 16 │ check 16 │ nonce 24 │ ciphertext
//! ```
//! Argon2id (RFC 9106) makes 48 bytes of passphrase and salt: the key of XChaCha20-Poly1305 and the check, by
//! which a wrong key is told from a damaged file. Everything before the ciphertext is authenticated with it.
//! The passphrase is a person's, or 32 random bytes in a file of mode 0600 beside the vault together with the
//! machine's id, so that a copy of the folder opens nowhere else.

mod file;
mod format;

use crate::error::SecretError;
use format::{Cost, Derived, Header, Kind};
use model::Secret;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use zeroize::Zeroizing;

/// What opens the vault.
#[derive(Clone, Debug, Default)]
pub enum Passphrase {
    /// This machine's own key: a random file beside the vault, and the machine's id.
    #[default]
    MachineKey,
    /// The environment variable of this name.
    Env(String),
    /// The first line of this file, which only its owner may read.
    File(PathBuf),
    /// This one.
    Given(Secret),
}

impl Passphrase {
    /// As the administrator set it up: variable `SHOUWANG_VAULT_PASSPHRASE`, else systemd's credential
    /// `shouwang-vault` (`LoadCredential=`), else the machine's key. `variable` reads the environment.
    pub fn from_environment(variable: impl Fn(&str) -> Option<OsString>) -> Self {
        const NAME: &str = "SHOUWANG_VAULT_PASSPHRASE";
        if variable(NAME).is_some_and(|v| !v.is_empty()) {
            return Self::Env(NAME.into());
        }
        let credential = variable("CREDENTIALS_DIRECTORY")
            .map(|dir| Path::new(&dir).join("shouwang-vault"))
            .filter(|path| path.exists());
        credential.map_or(Self::MachineKey, Self::File)
    }
}

/// Bytes that open a vault, and of which kind they are.
type Opener = (Zeroizing<Vec<u8>>, Kind);

type Entries = BTreeMap<String, Zeroizing<String>>;

/// The vault in a folder. It is read anew for every question, so that what another process stored is seen.
#[derive(Debug)]
pub(crate) struct Vault {
    path: PathBuf,
    key_path: PathBuf,
    lock_path: PathBuf,
    passphrase: Passphrase,
    /// The key last derived: deriving one is slow on purpose.
    derived: Mutex<Option<Derived>>,
}

impl Vault {
    pub(crate) fn new(dir: &Path, passphrase: Passphrase) -> Self {
        Self {
            path: dir.join("secrets.vault"),
            key_path: dir.join("secrets.key"),
            lock_path: dir.join("secrets.lock"),
            passphrase,
            derived: Mutex::new(None),
        }
    }

    /// Whether it can be opened; one that is not there can.
    pub(crate) fn check(&self) -> Result<(), SecretError> {
        self.read().map(|_| ())
    }

    pub(crate) fn get(&self, name: &str) -> Result<Option<Secret>, SecretError> {
        let (entries, _) = self.read()?;
        Ok(entries.get(name).map(|v| Secret::new(v.as_str())))
    }

    pub(crate) fn names(&self) -> Result<Vec<String>, SecretError> {
        Ok(self.read()?.0.into_keys().collect())
    }

    pub(crate) fn set(&self, name: &str, value: &Secret) -> Result<(), SecretError> {
        self.change(|entries| {
            let value = Zeroizing::new(value.expose().to_owned());
            entries.insert(name.to_owned(), value);
            true
        })?;
        Ok(())
    }

    pub(crate) fn delete(&self, name: &str) -> Result<bool, SecretError> {
        if !self.path.exists() {
            return Ok(false);
        }
        self.change(|entries| entries.remove(name).is_some())
    }

    /// Reads, changes and, if `f` says that there is a change, writes, with other processes kept out.
    fn change(&self, f: impl FnOnce(&mut Entries) -> bool) -> Result<bool, SecretError> {
        let _lock = file::lock(&self.lock_path)?;
        let (mut entries, header) = self.read()?;
        if !f(&mut entries) {
            return Ok(false);
        }
        let (passphrase, kind) = match self.passphrase()? {
            Some(found) => found,
            None => (file::new_machine_key(&self.key_path)?, Kind::MachineKey),
        };
        let header = match header {
            Some(header) => header,
            None => Header::new(kind, Cost::of(kind))?,
        };
        let derived = self.derive(&header, &passphrase)?;
        let sealed = format::seal(&header, &derived, &entries, &self.path)?;
        file::write(&self.path, &sealed)?;
        Ok(true)
    }

    fn read(&self) -> Result<(Entries, Option<Header>), SecretError> {
        let Some(bytes) = file::read(&self.path, format::MAX_BYTES)? else {
            return Ok((Entries::new(), None));
        };
        let (header, _) = Header::parse(&bytes, &self.path)?;
        let Some((passphrase, kind)) = self.passphrase()? else {
            // the vault is here, the machine's key is not: it came from another machine
            return Err(match header.kind() {
                Kind::MachineKey => SecretError::WrongKey {
                    path: self.path.clone(),
                },
                Kind::Passphrase => self.other_kind(&header),
            });
        };
        if kind != header.kind() {
            return Err(self.other_kind(&header));
        }
        let derived = self.derive(&header, &passphrase)?;
        let entries = format::open(&bytes, &derived, &self.path)?;
        Ok((entries, Some(header)))
    }

    fn derive(&self, header: &Header, passphrase: &[u8]) -> Result<Derived, SecretError> {
        let mut last = self.derived.lock().unwrap_or_else(PoisonError::into_inner);
        match &*last {
            Some(derived) if derived.is_for(header) => Ok(derived.clone()),
            _ => {
                let derived = header.derive(passphrase)?;
                *last = Some(derived.clone());
                Ok(derived)
            }
        }
    }

    fn other_kind(&self, header: &Header) -> SecretError {
        SecretError::OtherKind {
            path: self.path.clone(),
            with_passphrase: header.kind() == Kind::Passphrase,
        }
    }

    /// What opens the vault; `None` if that is the machine's key and there is none yet.
    fn passphrase(&self) -> Result<Option<Opener>, SecretError> {
        let missing = |from: String| SecretError::NoPassphrase { from };
        let text = match &self.passphrase {
            Passphrase::MachineKey => {
                let key = file::machine_key(&self.key_path)?;
                return Ok(key.map(|key| (key, Kind::MachineKey)));
            }
            Passphrase::Given(secret) => Zeroizing::new(secret.expose().to_owned()),
            Passphrase::Env(name) => {
                Zeroizing::new(std::env::var(name).map_err(|_| missing(name.clone()))?)
            }
            Passphrase::File(path) => file::first_line(path)?,
        };
        if text.is_empty() {
            return Err(missing(match &self.passphrase {
                Passphrase::Env(name) => name.clone(),
                Passphrase::File(path) => path.display().to_string(),
                Passphrase::Given(_) | Passphrase::MachineKey => "-".into(),
            }));
        }
        let bytes = Zeroizing::new(text.as_bytes().to_vec());
        Ok(Some((bytes, Kind::Passphrase)))
    }
}

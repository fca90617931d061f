//! The operating system's keyring: Secret Service, Keychain, Credential Manager.
//!
//! Every question runs on a thread of its own and is given up after a time, because a keyring may wait for a
//! person who is not there.

use crate::error::{KeyringFault, SecretError};
use model::Secret;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::Duration;
use zeroize::Zeroizing;

/// The entry that lists the names of all others: keyrings cannot be asked for them in one way on all systems.
/// No secret's name begins so.
const INDEX: &str = "_names";
/// The entry of the trial at the start.
const TRIAL: &str = "_trial";

/// A keyring that kept a trial value.
#[derive(Debug)]
pub(crate) struct Keyring {
    service: String,
    timeout: Duration,
    /// Set when an answer never came; the next ones would not come either.
    silent: AtomicBool,
}

impl Keyring {
    /// The keyring, if there is one that is unlocked and keeps what is written.
    pub(crate) fn open(service: &str, timeout: Duration) -> Result<Self, KeyringFault> {
        let keyring = Self {
            service: service.to_owned(),
            timeout,
            silent: AtomicBool::new(false),
        };
        // two processes may try at once: each reads what somebody wrote, and a missing entry to delete is no fault
        let value = std::process::id().to_string();
        keyring.run(move |service| {
            let entry = entry(service, TRIAL)?;
            entry.set_password(&value).map_err(|e| fault(&e))?;
            let read = entry.get_password().map_err(|e| fault(&e))?;
            let _ = entry.delete_credential();
            if read.parse::<u32>().is_ok() {
                Ok(())
            } else {
                Err(KeyringFault::Forgetful)
            }
        })?;
        Ok(keyring)
    }

    pub(crate) fn get(&self, name: &str) -> Result<Option<Secret>, SecretError> {
        let name = name.to_owned();
        self.run(move |service| read(service, &name))
            .map_err(SecretError::Keyring)
    }

    pub(crate) fn set(&self, name: &str, value: &Secret) -> Result<(), SecretError> {
        let (name, value) = (name.to_owned(), value.clone());
        self.run(move |service| {
            entry(service, &name)?
                .set_password(value.expose())
                .map_err(|e| fault(&e))?;
            let mut names = index(service)?;
            if !names.contains(&name) {
                names.push(name);
                write_index(service, &names)?;
            }
            Ok(())
        })
        .map_err(SecretError::Keyring)
    }

    pub(crate) fn delete(&self, name: &str) -> Result<bool, SecretError> {
        let name = name.to_owned();
        self.run(move |service| {
            let there = match entry(service, &name)?.delete_credential() {
                Ok(()) => true,
                Err(keyring::Error::NoEntry) => false,
                Err(e) => return Err(fault(&e)),
            };
            let mut names = index(service)?;
            let before = names.len();
            names.retain(|n| *n != name);
            if names.len() != before {
                write_index(service, &names)?;
            }
            Ok(there)
        })
        .map_err(SecretError::Keyring)
    }

    pub(crate) fn names(&self) -> Result<Vec<String>, SecretError> {
        self.run(index).map_err(SecretError::Keyring)
    }

    fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&str) -> Result<T, KeyringFault> + Send + 'static,
    ) -> Result<T, KeyringFault> {
        if self.silent.load(Ordering::Relaxed) {
            return Err(KeyringFault::Timeout);
        }
        let service = self.service.clone();
        let (send, receive) = mpsc::sync_channel(1);
        let spawned = std::thread::Builder::new()
            .name("keyring".into())
            .spawn(move || {
                let result = unlocked().and_then(|()| work(&service));
                let _ = send.send(result); // nobody waits any more: the time was over
            });
        spawned.map_err(|e| KeyringFault::Other(e.to_string()))?;
        match receive.recv_timeout(self.timeout) {
            Ok(result) => result,
            Err(mpsc::RecvTimeoutError::Timeout) => {
                self.silent.store(true, Ordering::Relaxed);
                Err(KeyringFault::Timeout)
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => {
                Err(KeyringFault::Other("the keyring's client failed".into()))
            }
        }
    }
}

fn entry(service: &str, name: &str) -> Result<keyring::Entry, KeyringFault> {
    if let Err(e) = keyring::Entry::store_status() {
        return Err(match fault(e) {
            KeyringFault::Other(_) => KeyringFault::Absent,
            other => other,
        });
    }
    keyring::Entry::new(service, name).map_err(|e| fault(&e))
}

fn read(service: &str, name: &str) -> Result<Option<Secret>, KeyringFault> {
    match entry(service, name)?.get_password() {
        Ok(value) => Ok(Some(Secret::new(value))),
        Err(keyring::Error::NoEntry) => Ok(None),
        Err(keyring::Error::BadEncoding(bytes)) => {
            drop(Zeroizing::new(bytes));
            Err(KeyringFault::Other("the entry is not text".into()))
        }
        Err(e) => Err(fault(&e)),
    }
}

fn index(service: &str) -> Result<Vec<String>, KeyringFault> {
    let text = read(service, INDEX)?;
    let names = text.as_ref().map_or("", Secret::expose).lines();
    Ok(names.filter(|n| !n.is_empty()).map(str::to_owned).collect())
}

fn write_index(service: &str, names: &[String]) -> Result<(), KeyringFault> {
    entry(service, INDEX)?
        .set_password(&names.join("\n"))
        .map_err(|e| fault(&e))
}

/// What an error means. Its texts are not passed on where they might hold a value (`BadEncoding`).
fn fault(e: &keyring::Error) -> KeyringFault {
    match e {
        keyring::Error::NoDefaultStore => KeyringFault::Absent,
        keyring::Error::NoStorageAccess(_) => KeyringFault::Denied,
        // a trial value that cannot be read back, although it was just written
        keyring::Error::NoEntry => KeyringFault::Forgetful,
        keyring::Error::PlatformFailure(inner) => KeyringFault::Other(inner.to_string()),
        keyring::Error::TooLong(what, limit) => {
            KeyringFault::Other(format!("{what} longer than {limit}"))
        }
        _ => KeyringFault::Other("unexpected answer of the keyring".into()),
    }
}

/// Whether the default keyring is open. Any other question to a locked one would raise a prompt, which on a wall
/// nobody answers.
#[cfg(all(unix, not(target_os = "macos")))]
fn unlocked() -> Result<(), KeyringFault> {
    use secret_service::blocking::SecretService;
    use secret_service::{EncryptionType, Error};
    // no secret crosses this session, so it needs no encryption
    let service =
        SecretService::connect(EncryptionType::Plain).map_err(|_| KeyringFault::Absent)?;
    let collection = match service.get_default_collection() {
        Ok(collection) => collection,
        Err(Error::NoResult) => return Err(KeyringFault::NoCollection),
        Err(_) => return Err(KeyringFault::Absent),
    };
    match collection.is_locked() {
        Ok(false) => Ok(()),
        Ok(true) => Err(KeyringFault::Locked),
        Err(e) => Err(KeyringFault::Other(e.to_string())),
    }
}

#[cfg(not(all(unix, not(target_os = "macos"))))]
fn unlocked() -> Result<(), KeyringFault> {
    Ok(()) // the session's own keychain is open as long as the session is
}

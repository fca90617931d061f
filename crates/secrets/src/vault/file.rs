//! The vault's files: nobody else may read them, and a write is whole or not at all.

use super::format;
use crate::error::SecretError;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;
use zeroize::Zeroizing;

/// Longest passphrase or key file that is read.
const MAX_KEY: u64 = 4 << 10;

fn failed(path: &Path, e: &io::Error) -> SecretError {
    SecretError::Io {
        path: path.to_owned(),
        detail: e.to_string(),
    }
}

/// The file's bytes, or `None` if there is no such file.
pub(super) fn read(path: &Path, limit: u64) -> Result<Option<Zeroizing<Vec<u8>>>, SecretError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(failed(path, &e)),
    };
    let mut bytes = Zeroizing::new(Vec::new());
    file.take(limit + 1)
        .read_to_end(&mut bytes)
        .map_err(|e| failed(path, &e))?;
    if bytes.len() as u64 > limit {
        return Err(SecretError::Damaged {
            path: path.to_owned(),
        });
    }
    Ok(Some(bytes))
}

/// Keeps other processes out of the vault until it is dropped.
pub(super) fn lock(path: &Path) -> Result<File, SecretError> {
    make_folder(path)?;
    let file = private(OpenOptions::new().write(true).create(true).truncate(false))
        .open(path)
        .map_err(|e| failed(path, &e))?;
    file.lock().map_err(|e| failed(path, &e))?;
    Ok(file)
}

/// Writes the file whole or not at all, for its owner alone.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), SecretError> {
    make_folder(path)?;
    let fresh = path.with_extension("new");
    let written = (|| {
        // a half-written one of an earlier crash is in the way; the lock keeps other writers out
        match fs::remove_file(&fresh) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
            _ => {}
        }
        let mut file = private(OpenOptions::new().write(true).create_new(true)).open(&fresh)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&fresh, path)?;
        // the rename is safe only once the folder is
        match path.parent() {
            Some(dir) if cfg!(unix) => File::open(dir)?.sync_all(),
            _ => Ok(()),
        }
    })();
    written.map_err(|e| failed(path, &e))
}

/// The machine's key: the key file and the machine's id. `None` if there is no key file.
pub(super) fn machine_key(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, SecretError> {
    let Some(text) = read(path, MAX_KEY)? else {
        return Ok(None);
    };
    only_owner(path)?;
    let mut key = STANDARD
        .decode(text.trim_ascii())
        .ok()
        .filter(|key| key.len() == 32)
        .map(Zeroizing::new)
        .ok_or_else(|| SecretError::Damaged {
            path: path.to_owned(),
        })?;
    key.extend_from_slice(machine_id().as_bytes());
    Ok(Some(key))
}

/// Makes the key file.
pub(super) fn new_machine_key(path: &Path) -> Result<Zeroizing<Vec<u8>>, SecretError> {
    let key = Zeroizing::new(format::random::<32>()?);
    write(path, Zeroizing::new(STANDARD.encode(&key[..])).as_bytes())?;
    machine_key(path)?.ok_or_else(|| SecretError::Io {
        path: path.to_owned(),
        detail: "vanished after it was written".into(),
    })
}

/// A text's first line, of a file that only its owner may read.
pub(super) fn first_line(path: &Path) -> Result<Zeroizing<String>, SecretError> {
    let bytes = read(path, MAX_KEY)?.ok_or_else(|| SecretError::NoPassphrase {
        from: path.display().to_string(),
    })?;
    only_owner(path)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| SecretError::Damaged {
        path: path.to_owned(),
    })?;
    Ok(Zeroizing::new(
        text.lines().next().unwrap_or_default().to_owned(),
    ))
}

/// Linux' machine id; empty elsewhere, where the key file alone has to do.
fn machine_id() -> String {
    fs::read_to_string("/etc/machine-id")
        .map(|id| id.trim().to_owned())
        .unwrap_or_default()
}

fn make_folder(path: &Path) -> Result<(), SecretError> {
    let Some(dir) = path.parent().filter(|dir| !dir.exists()) else {
        return Ok(());
    };
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir).map_err(|e| failed(dir, &e))
}

fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

#[cfg(unix)]
fn only_owner(path: &Path) -> Result<(), SecretError> {
    use std::os::unix::fs::PermissionsExt as _;
    let metadata = fs::metadata(path).map_err(|e| failed(path, &e))?;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(SecretError::Permissions {
            path: path.to_owned(),
            mode,
        });
    }
    Ok(())
}

#[cfg(not(unix))]
fn only_owner(_path: &Path) -> Result<(), SecretError> {
    Ok(()) // a user's own folders are closed to others there
}

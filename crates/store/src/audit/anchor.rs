//! The anchor: a file of 8 KiB beside the database that knows the audit log's end, sealed with HMAC-SHA256 (RFC 2104).
//!
//! The rule: before a transaction that appends, the anchor is written with the end before and the end after it, and synced (*announced*); after
//! the transaction it is written with the end after it alone, not synced (*confirmed*). So
//! - after a clean commit an end that was cut off is found;
//! - after a killed process or a power failure in the middle, the end is one of the two that were announced, and nothing else is taken for it:
//!   entries that somebody else appended are found as well;
//! - a power failure just after a commit may cost the confirmation. Then, until the next commit, the end before the last transaction also
//!   counts as right. That is the only gap.
//!
//! Writes go to two places in turn, 4 KiB apart, so that one of them is whole at any moment.

use super::{AuditKey, Head};
use crate::StoreError;
use crate::open::beside;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const MAGIC: &[u8; 8] = b"SWaudit1";
/// Magic, counter, end before, end after, seal.
const SLOT: usize = 8 + 8 + 40 + 40 + 32;
/// Distance of the two places.
const PLACE: u64 = 4096;

/// The anchor's file name.
pub(crate) fn path_of(database: &Path) -> PathBuf {
    beside(database, ".audit.anchor")
}

/// The ends that the log may have: the same twice when no transaction is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ends {
    pub(crate) from: Head,
    pub(crate) to: Head,
}

impl Ends {
    pub(crate) fn allow(self, head: Head) -> bool {
        head == self.from || head == self.to
    }
}

/// What the anchor's file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// There is no file, or it is empty.
    Nothing,
    /// There is one that was not sealed with this key for this database.
    Forged,
    /// It says this.
    Ends(Ends),
}

/// The anchor of a database that is open for writing.
pub(crate) struct Anchor {
    file: Arc<File>,
    path: PathBuf,
    seal: Seal,
    counter: u64,
    seen: Seen,
}

/// Makes and checks seals.
#[derive(Clone)]
struct Seal {
    key: AuditKey,
    identity: String,
}

impl Seal {
    fn mac(&self, body: &[u8]) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.key.bytes()).ok()?;
        mac.update(b"shouwang audit anchor 1\0");
        mac.update(&(self.identity.len() as u64).to_be_bytes());
        mac.update(self.identity.as_bytes());
        mac.update(body);
        Some(mac)
    }

    fn write(&self, counter: u64, ends: Ends) -> Option<[u8; SLOT]> {
        let mut slot = Vec::with_capacity(SLOT);
        slot.extend_from_slice(MAGIC);
        slot.extend_from_slice(&counter.to_be_bytes());
        for head in [ends.from, ends.to] {
            slot.extend_from_slice(&head.seq.to_be_bytes());
            slot.extend_from_slice(&head.hash);
        }
        let seal = self.mac(&slot)?.finalize().into_bytes();
        slot.extend_from_slice(&seal);
        slot.try_into().ok()
    }

    fn read(&self, slot: &[u8]) -> Option<(u64, Ends)> {
        let (body, seal) = slot.split_at_checked(SLOT - 32)?;
        self.mac(body)?.verify_slice(seal).ok()?; // in constant time
        let rest = body.strip_prefix(MAGIC)?;
        let (counter, rest) = rest.split_first_chunk::<8>()?;
        let (from, rest) = head(rest)?;
        let (to, _) = head(rest)?;
        Some((u64::from_be_bytes(*counter), Ends { from, to }))
    }
}

fn head(bytes: &[u8]) -> Option<(Head, &[u8])> {
    let (seq, rest) = bytes.split_first_chunk::<8>()?;
    let (hash, rest) = rest.split_first_chunk::<32>()?;
    let seq = i64::from_be_bytes(*seq);
    Some((Head { seq, hash: *hash }, rest))
}

/// What a file's bytes say, and its counter.
fn understand(bytes: &[u8], seal: &Seal) -> (u64, Seen) {
    if bytes.is_empty() {
        return (0, Seen::Nothing);
    }
    let place = |n: usize| {
        let start = n * PLACE as usize;
        seal.read(bytes.get(start..start + SLOT)?)
    };
    let newest = [place(0), place(1)]
        .into_iter()
        .flatten()
        .max_by_key(|(counter, _)| *counter);
    newest.map_or((0, Seen::Forged), |(counter, ends)| {
        (counter, Seen::Ends(ends))
    })
}

/// Makes the names in a folder durable, where the system has a way to.
pub(crate) fn sync_folder(folder: &Path) -> std::io::Result<()> {
    if !cfg!(unix) {
        return Ok(());
    }
    let here = Path::new(".");
    let folder = if folder.as_os_str().is_empty() {
        here
    } else {
        folder
    };
    File::open(folder)?.sync_all()
}

/// Writes at a place without moving the file's position, which a writer that was given up may still use.
#[cfg(unix)]
fn write_at(file: &File, bytes: &[u8], at: u64) -> std::io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, at)
}

/// Writes at a place.
#[cfg(windows)]
fn write_at(file: &File, bytes: &[u8], at: u64) -> std::io::Result<()> {
    let written = std::os::windows::fs::FileExt::seek_write(file, bytes, at)?;
    if written == bytes.len() {
        Ok(())
    } else {
        Err(std::io::ErrorKind::WriteZero.into())
    }
}

fn read_bounded(file: &mut File) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.take(2 * PLACE).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// What the anchor of a database says, without opening it for writing.
pub(crate) fn look(database: &Path, key: &AuditKey, identity: &str) -> Result<Seen, StoreError> {
    let path = path_of(database);
    let failed = |e: std::io::Error| StoreError::io(&path, &e);
    let mut file = match File::open(&path) {
        Ok(file) => file,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Seen::Nothing),
        Err(e) => return Err(failed(e)),
    };
    let seal = Seal {
        key: key.clone(),
        identity: identity.to_owned(),
    };
    Ok(understand(&read_bounded(&mut file).map_err(failed)?, &seal).1)
}

impl Anchor {
    /// Opens the anchor beside a database, and makes the file if there is none.
    pub(crate) fn open(
        database: &Path,
        key: AuditKey,
        identity: String,
    ) -> Result<Self, StoreError> {
        let path = path_of(database);
        let failed = |e: std::io::Error| StoreError::io(&path, &e);
        let mut file = File::options()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&path)
            .map_err(failed)?;
        let bytes = read_bounded(&mut file).map_err(failed)?;
        let seal = Seal { key, identity };
        let (counter, seen) = understand(&bytes, &seal);
        Ok(Self {
            file: Arc::new(file),
            path,
            seal,
            counter,
            seen,
        })
    }

    pub(crate) fn seen(&self) -> Seen {
        self.seen
    }

    /// Whether the log may end there.
    pub(crate) fn expects(&self, head: Head) -> bool {
        matches!(self.seen, Seen::Ends(ends) if ends.allow(head))
    }

    /// Says, durably, that the log is about to grow.
    pub(crate) async fn announce(&mut self, from: Head, to: Head) -> Result<(), StoreError> {
        self.put(Ends { from, to }, true).await
    }

    /// Says that the log ends there.
    pub(crate) async fn confirm(&mut self, head: Head) -> Result<(), StoreError> {
        let ends = Ends {
            from: head,
            to: head,
        };
        self.put(ends, false).await
    }

    async fn put(&mut self, ends: Ends, sync: bool) -> Result<(), StoreError> {
        let path = self.path.clone();
        let failed = |e: std::io::Error| StoreError::io(&path, &e);
        let counter = self.counter.saturating_add(1);
        let slot = self.seal.write(counter, ends);
        let slot = slot.ok_or_else(|| failed(std::io::ErrorKind::InvalidData.into()))?;
        let first = matches!(self.seen, Seen::Nothing | Seen::Forged);
        let file = Arc::clone(&self.file);
        let folder = first
            .then(|| self.path.parent().map(Path::to_owned))
            .flatten();
        // before it is written: if our caller gives up meanwhile, the next one goes to the other place
        self.counter = counter;
        self.seen = Seen::Ends(ends);
        // a disk that is busy must not stop the other tasks of this thread
        let written = tokio::task::spawn_blocking(move || {
            if first {
                file.set_len(0)?; // nothing of a forged one stays
                file.set_len(2 * PLACE)?;
            }
            write_at(&file, &slot, counter % 2 * PLACE)?;
            if sync || first {
                file.sync_all()?;
            }
            // a new file's name must outlive a power failure as well
            folder.map_or(Ok(()), |folder| sync_folder(&folder))
        });
        match written.await {
            Ok(result) => result.map_err(failed),
            Err(e) => Err(failed(std::io::Error::other(e))),
        }
    }
}

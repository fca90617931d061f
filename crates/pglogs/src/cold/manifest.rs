//! What is in a folder of files.

use crate::PgLogsError;
use crate::error::ColdFault;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

/// Version of the files and of the manifest.
pub const FORMAT: u32 = 1;
/// The manifest's name in its folder.
const NAME: &str = "manifest.json";
/// What the names of unfinished folders begin with.
pub(super) const UNFINISHED: &str = "unfinished-";
/// Largest manifest that is read.
const MAX_BYTES: u64 = 16 << 20;

/// What is in a folder of files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`FORMAT`].
    pub format: u32,
    /// Version of the schema that the lines come from.
    pub schema: i32,
    /// The day, UTC.
    pub day: NaiveDate,
    /// From 1; lines that came after the day was exported are in the next.
    pub part: u32,
    /// The catalogue's number of the table that they come from.
    pub oid: u32,
    /// Lines in all files.
    pub lines: u64,
    /// Largest number of a line.
    pub last_id: i64,
    /// Time of the first line, ns since the epoch; 0 without lines.
    pub first_ns: i64,
    /// Time of the last.
    pub last_ns: i64,
    /// When it was made, ns since the epoch.
    pub made_ns: i64,
    /// Whether the files were read back and found to be what stands here.
    pub verified: bool,
    /// The files, in order.
    pub files: Vec<FileEntry>,
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// Its name in the folder.
    pub name: String,
    /// Lines.
    pub lines: u64,
    /// Time of its first line, ns since the epoch.
    pub first_ns: i64,
    /// Time of its last.
    pub last_ns: i64,
    /// Bytes of the file.
    pub bytes: u64,
    /// Bytes before compression.
    pub raw_bytes: u64,
    /// SHA-256 of the file, small hex digits.
    pub sha256: String,
}

/// A day's folder.
pub(super) fn folder_name(day: NaiveDate, part: u32) -> String {
    format!("{}.{part}", day.format("%Y-%m-%d"))
}

impl Manifest {
    /// Writes it so that at any moment the old or the new one is there whole.
    pub(super) fn write(&self, folder: &Path) -> Result<(), PgLogsError> {
        let (new, name) = (folder.join("manifest.new"), folder.join(NAME));
        let failed = |e: std::io::Error| PgLogsError::io(&new, &e);
        let mut text = serde_json::to_vec_pretty(self).map_err(|e| failed(e.into()))?;
        text.push(b'\n');
        let mut file = File::create(&new).map_err(failed)?;
        file.write_all(&text).map_err(failed)?;
        file.sync_all().map_err(failed)?;
        fs::rename(&new, &name).map_err(|e| PgLogsError::io(&name, &e))?;
        sync(folder)
    }

    /// Reads a folder's.
    ///
    /// # Errors
    /// [`PgLogsError::Damaged`] when it is missing, no manifest of ours, or names files outside its folder.
    pub fn read(folder: &Path) -> Result<Self, PgLogsError> {
        let path = folder.join(NAME);
        let damaged = |fault| PgLogsError::damaged(&path, fault);
        let size = match fs::metadata(&path) {
            Ok(meta) => meta.len(),
            Err(e) if e.kind() == ErrorKind::NotFound => return Err(damaged(ColdFault::Missing)),
            Err(e) => return Err(PgLogsError::io(&path, &e)),
        };
        if size > MAX_BYTES {
            return Err(damaged(ColdFault::Manifest(format!("{size} bytes"))));
        }
        let text = fs::read(&path).map_err(|e| PgLogsError::io(&path, &e))?;
        let manifest: Self = serde_json::from_slice(&text)
            .map_err(|e| damaged(ColdFault::Manifest(e.to_string())))?;
        if manifest.format > FORMAT {
            return Err(damaged(ColdFault::Version(manifest.format)));
        }
        let plain = |name: &str| {
            !name.is_empty() && !name.contains(['/', '\\']) && name != ".." && name != "."
        };
        match manifest.files.iter().find(|f| !plain(&f.name)) {
            Some(file) => Err(damaged(ColdFault::Manifest(file.name.clone()))),
            None => Ok(manifest),
        }
    }
}

/// What lies in the folder of a store.
#[derive(Debug, Default)]
pub struct Survey {
    /// Finished folders with their manifests, the oldest day first.
    pub parts: Vec<(PathBuf, Manifest)>,
    /// Folders whose manifest cannot be read: the day and part by their name, and what is wrong. They keep nobody from the others.
    pub damaged: Vec<(NaiveDate, u32, PgLogsError)>,
    /// Folders that were cut off while they were written or removed: the day and part by their name.
    pub unfinished: Vec<(NaiveDate, u32)>,
}

/// Looks at all folders below `folder`. What has a name that is none of ours is left out.
///
/// # Errors
/// When the folder cannot be read.
pub fn survey(folder: &Path) -> Result<Survey, PgLogsError> {
    let mut found = Survey::default();
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(found),
        Err(e) => return Err(PgLogsError::io(folder, &e)),
    };
    for entry in entries {
        let entry = entry.map_err(|e| PgLogsError::io(folder, &e))?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if !entry.path().is_dir() {
            continue;
        }
        if let Some((day, part)) = day_and_part(&name) {
            match Manifest::read(&entry.path()) {
                Ok(manifest) => found.parts.push((entry.path(), manifest)),
                Err(e) => found.damaged.push((day, part, e)),
            }
        } else if let Some(left) = name.strip_prefix(UNFINISHED).and_then(day_and_part) {
            found.unfinished.push(left);
        }
    }
    found.parts.sort_by_key(|(_, m)| (m.day, m.part));
    found.damaged.sort_by_key(|(day, part, _)| (*day, *part));
    found.unfinished.sort_unstable();
    Ok(found)
}

/// All finished folders below `folder` with their manifests, the oldest day first. Those that were cut off are left out.
///
/// # Errors
/// When the folder cannot be read, or a manifest is damaged.
pub fn parts(folder: &Path) -> Result<Vec<(PathBuf, Manifest)>, PgLogsError> {
    let (parts, damaged) = readable_parts(folder)?;
    match damaged.into_iter().next() {
        Some(damaged) => Err(damaged),
        None => Ok(parts),
    }
}

/// Folders with their manifests, and what is wrong with those whose manifest cannot be read.
type Readable = (Vec<(PathBuf, Manifest)>, Vec<PgLogsError>);

/// As [`parts`], but folders whose manifest is damaged keep nobody from the others.
///
/// # Errors
/// When the folder cannot be read.
pub(super) fn readable_parts(folder: &Path) -> Result<Readable, PgLogsError> {
    let found = survey(folder)?;
    let damaged = found.damaged.into_iter().map(|(_, _, e)| e).collect();
    Ok((found.parts, damaged))
}

/// What a folder's name says, if it is one of ours.
fn day_and_part(name: &str) -> Option<(NaiveDate, u32)> {
    let (day, part) = name.split_once('.')?;
    let found = (
        NaiveDate::parse_from_str(day, "%Y-%m-%d").ok()?,
        part.parse().ok()?,
    );
    // `1.01` would be read as a part, and removed under a name that is not its own
    (folder_name(found.0, found.1) == name).then_some(found)
}

/// The first part of a day that has no folder yet, readable or not.
pub(super) fn next_part(folder: &Path, day: NaiveDate) -> Result<u32, PgLogsError> {
    let found = survey(folder)?;
    let parts = found.parts.iter().map(|(_, m)| (m.day, m.part));
    let damaged = found.damaged.iter().map(|(day, part, _)| (*day, *part));
    let last = parts
        .chain(damaged)
        .filter(|(d, _)| *d == day)
        .map(|(_, part)| part)
        .max();
    Ok(last.unwrap_or(0) + 1)
}

/// The folder with the lines of this very table.
///
/// # Errors
/// When the folder cannot be read.
pub fn of_table(
    folder: &Path,
    day: NaiveDate,
    oid: u32,
) -> Result<Option<(PathBuf, Manifest)>, PgLogsError> {
    let mut all = survey(folder)?.parts.into_iter();
    Ok(all.find(|(_, m)| m.day == day && m.oid == oid))
}

/// Removes a day's folder.
///
/// # Errors
/// When it cannot be removed.
pub fn forget(folder: &Path, day: NaiveDate, part: u32) -> Result<(), PgLogsError> {
    remove(&folder.join(folder_name(day, part)))
}

/// Removes a folder; first it loses its name, so that half of it is never taken for a whole. One that is not there is no error.
///
/// # Errors
/// When it cannot be removed.
pub fn remove(folder: &Path) -> Result<(), PgLogsError> {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let unfinished = folder.with_file_name(format!("{UNFINISHED}{name}"));
    // a folder cannot take the name of one that is not empty
    clear(&unfinished)?;
    match fs::rename(folder, &unfinished) {
        Ok(()) => {}
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(PgLogsError::io(folder, &e)),
    }
    clear(&unfinished)
}

/// Removes what a beginning or a removal that was cut off left of a day's folder.
///
/// # Errors
/// When it cannot be removed.
pub fn sweep(folder: &Path, day: NaiveDate, part: u32) -> Result<(), PgLogsError> {
    clear(&folder.join(format!("{UNFINISHED}{}", folder_name(day, part))))
}

fn clear(folder: &Path) -> Result<(), PgLogsError> {
    match fs::remove_dir_all(folder) {
        Err(e) if e.kind() != ErrorKind::NotFound => Err(PgLogsError::io(folder, &e)),
        _ => Ok(()),
    }
}

/// Makes the names in a folder outlive a power failure.
pub(super) fn sync(folder: &Path) -> Result<(), PgLogsError> {
    // only where a folder can be opened like a file
    if cfg!(unix) {
        File::open(folder)
            .and_then(|f| f.sync_all())
            .map_err(|e| PgLogsError::io(folder, &e))?;
    }
    Ok(())
}

//! Reading back: for certainty, and for searching.

use super::files::hex;
use super::manifest::{FileEntry, Manifest, parts};
use crate::PgLogsError;
use crate::error::ColdFault;
use model::log::{LogLine, LogPage, LogRange};
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind, Read};
use std::path::Path;

/// Longest line that is read: a message and attributes at their limits, escaped.
const MAX_LINE: u64 = 16 << 20;

/// Bytes that come from a file, hashed on their way.
struct Hashing {
    file: File,
    hash: Sha256,
}

impl Read for Hashing {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.file.read(buf)?;
        self.hash.update(buf.get(..n).unwrap_or_default());
        Ok(n)
    }
}

fn open(path: &Path) -> Result<File, PgLogsError> {
    File::open(path).map_err(|e| match e.kind() {
        ErrorKind::NotFound => PgLogsError::damaged(path, ColdFault::Missing),
        _ => PgLogsError::io(path, &e),
    })
}

/// Shows the lines of a file one after the other until `visit` says false.
fn each_line(
    path: &Path,
    reader: impl Read,
    mut visit: impl FnMut(LogLine) -> bool,
) -> Result<(), PgLogsError> {
    let unreadable =
        |line: u64, detail: String| PgLogsError::damaged(path, ColdFault::Line { line, detail });
    let decoder = zstd::Decoder::new(reader).map_err(|e| unreadable(0, e.to_string()))?;
    let mut text = BufReader::with_capacity(256 << 10, decoder);
    let mut buffer = Vec::new();
    let mut number = 0;
    loop {
        number += 1;
        buffer.clear();
        let read = (&mut text)
            .take(MAX_LINE)
            .read_until(b'\n', &mut buffer)
            .map_err(|e| unreadable(number, e.to_string()))?;
        if read == 0 {
            return Ok(());
        }
        if buffer.last() != Some(&b'\n') {
            return Err(unreadable(number, format!("no end within {read} bytes")));
        }
        let line =
            serde_json::from_slice(&buffer).map_err(|e| unreadable(number, e.to_string()))?;
        if !visit(line) {
            return Ok(());
        }
    }
}

/// Reads a folder's files and compares them with its manifest; if all is as it says, the manifest is marked as verified. `told` hears how
/// many lines were read.
///
/// # Errors
/// [`PgLogsError::Damaged`] with what is wrong; then nothing is marked.
pub fn verify(folder: &Path, told: &dyn Fn(u64)) -> Result<(), PgLogsError> {
    let mut manifest = Manifest::read(folder)?;
    let mut lines = 0;
    for entry in &manifest.files {
        verify_file(folder, entry, &mut lines, told)?;
    }
    if lines != manifest.lines {
        let fault = ColdFault::Rows {
            found: lines,
            expected: manifest.lines,
        };
        return Err(PgLogsError::damaged(folder, fault));
    }
    if !manifest.verified {
        manifest.verified = true;
        manifest.write(folder)?;
    }
    Ok(())
}

fn verify_file(
    folder: &Path,
    entry: &FileEntry,
    lines: &mut u64,
    told: &dyn Fn(u64),
) -> Result<(), PgLogsError> {
    let path = folder.join(&entry.name);
    // the bytes first: what is not what was written need not be unpacked
    let mut hashing = Hashing {
        file: open(&path)?,
        hash: Sha256::new(),
    };
    io::copy(&mut hashing, &mut io::sink()).map_err(|e| PgLogsError::io(&path, &e))?;
    if hex(&hashing.hash.finalize()) != entry.sha256 {
        return Err(PgLogsError::damaged(&path, ColdFault::Checksum));
    }
    let (mut found, mut first, mut last) = (0_u64, None, i64::MIN);
    let mut ordered = true;
    each_line(&path, open(&path)?, |line| {
        let at = line.position.at_ns;
        ordered &= at >= last;
        first = first.or(Some(at));
        last = at;
        found += 1;
        if found.is_multiple_of(10_000) {
            told(*lines + found);
        }
        true
    })?;
    if found != entry.lines {
        let fault = ColdFault::Rows {
            found,
            expected: entry.lines,
        };
        return Err(PgLogsError::damaged(&path, fault));
    }
    if !ordered || first != Some(entry.first_ns) || last != entry.last_ns {
        return Err(PgLogsError::damaged(&path, ColdFault::Times));
    }
    *lines += found;
    told(*lines);
    Ok(())
}

/// The newest lines of a filter in all folders below `folder`, at most `limit`, the newest first. Files whose times are outside the range
/// are not opened. `told` hears how many lines were looked at, now and then.
///
/// # Errors
/// When a file cannot be read, or is damaged.
pub fn search(
    folder: &Path,
    range: &LogRange,
    limit: usize,
    told: &mut dyn FnMut(u64),
) -> Result<LogPage, PgLogsError> {
    let mut kept: Vec<LogLine> = Vec::new();
    let mut more = false;
    let mut looked = 0;
    let mut days = parts(folder)?;
    days.reverse();
    let mut newest_day = None;
    for (path, manifest) in days {
        // a day's parts overlap in time; an older day has nothing newer
        if kept.len() >= limit && newest_day.is_some_and(|d| d != manifest.day) {
            more |= manifest.first_ns < range.to_ns && manifest.last_ns >= range.from_ns;
            break;
        }
        newest_day = Some(manifest.day);
        for entry in manifest.files.iter().rev() {
            if entry.last_ns < range.from_ns || entry.first_ns >= range.to_ns {
                continue;
            }
            let oldest_kept = kept.iter().map(|l| l.position.at_ns).min();
            if kept.len() >= limit && oldest_kept.is_some_and(|at| at > entry.last_ns) {
                more = true;
                continue;
            }
            let file = path.join(&entry.name);
            each_line(&file, open(&file)?, |line| {
                looked += 1;
                if looked % 10_000 == 0 {
                    told(looked);
                }
                let at = line.position.at_ns;
                if (range.from_ns..range.to_ns).contains(&at) && logs::matches(&range.filter, &line)
                {
                    kept.push(line);
                    more |= keep_newest(&mut kept, limit);
                }
                at < range.to_ns
            })?;
        }
    }
    told(looked);
    kept.sort_by_key(|l| std::cmp::Reverse(l.position));
    more |= kept.len() > limit;
    kept.truncate(limit);
    Ok(LogPage { lines: kept, more })
}

/// Throws away all but the newest, now and then; true when some were.
fn keep_newest(kept: &mut Vec<LogLine>, limit: usize) -> bool {
    if kept.len() < limit.saturating_mul(2).max(1000) {
        return false;
    }
    kept.sort_by_key(|l| std::cmp::Reverse(l.position));
    let many = kept.len() > limit;
    kept.truncate(limit);
    many
}

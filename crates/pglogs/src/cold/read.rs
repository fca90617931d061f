//! Reading back.

use super::files::hex;
use super::manifest::{FileEntry, Manifest};
use crate::PgLogsError;
use crate::error::ColdFault;
use model::log::LogLine;
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

/// Shows the lines of the file at `path` one after the other until `visit` says false.
pub(super) fn each_line_of(
    path: &Path,
    visit: impl FnMut(LogLine) -> bool,
) -> Result<(), PgLogsError> {
    each_line(path, open(path)?, visit)
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

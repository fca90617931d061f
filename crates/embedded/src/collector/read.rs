//! Small files of procfs and sysfs.

use super::CollectError;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

/// More than any file that is read here has (`/proc/self/mountinfo` of a host with thousands of containers: about 1 MiB).
const MOST_BYTES: u64 = 4 << 20;

/// The whole text of a small file. What is not UTF-8 (a volume's name) is replaced.
pub(super) fn text(path: &Path) -> Result<String, CollectError> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|f| f.take(MOST_BYTES).read_to_end(&mut bytes));
    read.map_err(|e| failure(path, &e))?;
    Ok(String::from_utf8(bytes)
        .unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned()))
}

/// The number that is all of a small file; `None` where there is none.
pub(super) fn number(path: &Path) -> Option<f64> {
    text(path).ok()?.trim().parse().ok()
}

/// Names in a folder, sorted.
pub(super) fn names(path: &Path) -> Result<Vec<String>, CollectError> {
    let entries = std::fs::read_dir(path).map_err(|e| failure(path, &e))?;
    let mut names: Vec<String> = entries
        .flatten()
        .map(|e| e.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    Ok(names)
}

pub(super) fn malformed(path: &Path, found: &str) -> CollectError {
    CollectError::Malformed {
        path: path.display().to_string(),
        found: found.chars().take(80).collect(),
    }
}

fn failure(path: &Path, error: &std::io::Error) -> CollectError {
    let path = path.display().to_string();
    match error.kind() {
        ErrorKind::NotFound => CollectError::Absent { path },
        // PSI that is compiled in but switched off answers so
        ErrorKind::Unsupported => CollectError::Absent { path },
        _ => CollectError::Unreadable {
            path,
            reason: error.to_string(),
        },
    }
}

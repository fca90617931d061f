//! The file behind a store.

use super::chunk::{DamagedChunk, decode};
use hashbrown::HashMap;
use model::Sample;

/// Why old samples could not be read.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ReadError {
    /// A chunk is damaged.
    #[error(transparent)]
    Damaged(#[from] DamagedChunk),
    /// SQLite failed.
    #[error("{0}")]
    Sqlite(String),
}

/// A chunk as it stands in the file.
pub(super) struct FileChunk {
    pub(super) count: u16,
    pub(super) bytes: Vec<u8>,
}

impl FileChunk {
    pub(super) fn decode(
        &self,
        start: i64,
        end: i64,
        out: &mut Vec<Sample>,
    ) -> Result<(), DamagedChunk> {
        decode(&self.bytes, self.count, start, end, out)
    }
}

pub(super) struct Disk;

impl Disk {
    pub(super) fn read(
        &self,
        _keys: Vec<i64>,
        _start: i64,
        _end: i64,
    ) -> Result<HashMap<i64, Vec<FileChunk>>, ReadError> {
        Ok(HashMap::new())
    }
}

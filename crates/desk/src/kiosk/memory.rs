//! What the wall last knew, on the disk: one compressed file for values and one for what happened, each replaced as a whole.

use engine::Memory;
use model::Annotation;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::{self, Read, Write};
use std::path::Path;

/// The file, below the data directory.
const FILE: &str = "wall/last.json.zst";
/// What happened, beside it: it is written far more rarely than values change, and far more often than those are written.
const NOTES: &str = "wall/happened.json.zst";
/// Bytes that are read back, unpacked: more is no file of ours.
const MOST: u64 = 256 << 20;

/// Writes what is known; the old file stays until the new one is whole.
///
/// # Errors
/// When the disk refuses.
pub fn keep(data: &Path, memory: &Memory) -> io::Result<()> {
    write(&data.join(FILE), memory)
}

/// Reads it back; `None` when there is none, or when it cannot be read: then the wall begins empty, as it did the first time.
pub fn recall(data: &Path) -> Option<Memory> {
    read(&data.join(FILE))
}

/// Writes what happened lately.
///
/// # Errors
/// When the disk refuses.
pub fn keep_notes(data: &Path, notes: &[Annotation]) -> io::Result<()> {
    write(&data.join(NOTES), &notes)
}

/// Reads it back; nothing where there is nothing that can be read.
pub fn recall_notes(data: &Path) -> Vec<Annotation> {
    read(&data.join(NOTES)).unwrap_or_default()
}

fn write(file: &Path, what: &impl Serialize) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let half = file.with_extension("part");
    let mut to = zstd::Encoder::new(std::fs::File::create(&half)?, 1)?;
    let mut buffered = io::BufWriter::new(&mut to);
    serde_json::to_writer(&mut buffered, what)?;
    buffered.flush()?;
    drop(buffered);
    to.finish()?.flush()?;
    std::fs::rename(half, file)
}

fn read<T: DeserializeOwned>(file: &Path) -> Option<T> {
    let packed = std::fs::File::open(file).ok()?;
    let read = zstd::Decoder::new(packed).and_then(|unpacked| {
        let bounded = io::BufReader::new(unpacked.take(MOST));
        serde_json::from_reader(bounded).map_err(io::Error::from)
    });
    match read {
        Ok(read) => Some(read),
        Err(error) => {
            tracing::warn!(%error, file = %file.display(), "what was known last cannot be read");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::machine::{Remembered, RememberedSource};
    use model::Labels;

    #[test]
    fn what_is_kept_comes_back_with_its_gaps_and_a_damaged_file_is_none() {
        let dir = tempfile::tempdir().unwrap();
        assert!(recall(dir.path()).is_none());
        let memory = Memory {
            sources: vec![RememberedSource {
                name: "local".into(),
                present: ["up".to_owned()].into(),
            }],
            streams: vec![Remembered {
                source: "local".into(),
                expr: "up".into(),
                range: Some((600_000, 5_000)),
                start: 1_000,
                series: vec![(Labels::from_pairs([("a", "甲")]), vec![Some(0.1), None])],
                ages: Some(vec![("h".into(), 900)]),
            }],
        };
        keep(dir.path(), &memory).unwrap();
        assert_eq!(recall(dir.path()), Some(memory));
        let file = dir.path().join(FILE);
        let bytes = std::fs::read(&file).unwrap();
        for end in [0, 1, bytes.len() / 2, bytes.len() - 1] {
            std::fs::write(&file, &bytes[..end]).unwrap();
            assert!(recall(dir.path()).is_none(), "cut at {end}");
        }
    }

    #[test]
    fn what_happened_comes_back_beside_the_values() {
        let dir = tempfile::tempdir().unwrap();
        assert!(recall_notes(dir.path()).is_empty());
        let body = r#"{"title": "迁移数据库", "kind": "maintenance", "at": 5, "until": 9}"#;
        let notes = crate::happened::read(body.as_bytes(), 7).unwrap();
        keep_notes(dir.path(), &notes).unwrap();
        assert_eq!(recall_notes(dir.path()), notes);
        std::fs::write(dir.path().join(NOTES), b"half").unwrap();
        assert!(recall_notes(dir.path()).is_empty());
    }
}

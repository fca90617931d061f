//! What the wall last knew, on the disk: one compressed file, replaced as a whole.

use engine::Memory;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// The file, below the data directory.
const FILE: &str = "wall/last.json.zst";
/// Bytes that are read back, unpacked: more is no file of ours.
const MOST: u64 = 256 << 20;

fn place(data: &Path) -> PathBuf {
    data.join(FILE)
}

/// Writes what is known; the old file stays until the new one is whole.
///
/// # Errors
/// When the disk refuses.
pub fn keep(data: &Path, memory: &Memory) -> io::Result<()> {
    let file = place(data);
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let half = file.with_extension("part");
    let mut to = zstd::Encoder::new(std::fs::File::create(&half)?, 1)?;
    let mut buffered = io::BufWriter::new(&mut to);
    serde_json::to_writer(&mut buffered, memory)?;
    buffered.flush()?;
    drop(buffered);
    to.finish()?.flush()?;
    std::fs::rename(half, file)
}

/// Reads it back; `None` when there is none, or when it cannot be read: then the wall begins empty, as it did the first time.
pub fn recall(data: &Path) -> Option<Memory> {
    let file = place(data);
    let packed = std::fs::File::open(&file).ok()?;
    let read = zstd::Decoder::new(packed).and_then(|unpacked| {
        let bounded = io::BufReader::new(unpacked.take(MOST));
        serde_json::from_reader(bounded).map_err(io::Error::from)
    });
    match read {
        Ok(memory) => Some(memory),
        Err(error) => {
            tracing::warn!(%error, file = %file.display(), "the last values cannot be read");
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
        let file = place(dir.path());
        let bytes = std::fs::read(&file).unwrap();
        for end in [0, 1, bytes.len() / 2, bytes.len() - 1] {
            std::fs::write(&file, &bytes[..end]).unwrap();
            assert!(recall(dir.path()).is_none(), "cut at {end}");
        }
    }
}

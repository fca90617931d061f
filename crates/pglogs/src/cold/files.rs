//! Writing.

use super::manifest::{FORMAT, FileEntry, Manifest, UNFINISHED, folder_name, next_part, sync};
use crate::PgLogsError;
use crate::schema;
use chrono::NaiveDate;
use model::log::LogLine;
use sha2::{Digest as _, Sha256};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Bytes of a file before compression; some 30 MB after it.
const FILE_BYTES: u64 = 256 << 20;
/// zstd's level: half the time of 9 for a few percent more.
const LEVEL: i32 = 6;

/// Bytes that go into a file, counted and hashed on their way.
#[derive(Debug)]
struct Hashed {
    file: File,
    hash: Sha256,
    bytes: u64,
}

impl Write for Hashed {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let n = self.file.write(buf)?;
        self.hash.update(buf.get(..n).unwrap_or_default());
        self.bytes += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

struct Open {
    path: PathBuf,
    encoder: zstd::Encoder<'static, Hashed>,
    entry: FileEntry,
}

/// Files of a day in the making. Dropped before [`Files::finish`] they stay behind under a name that says so, and the next export removes
/// them.
pub struct Files {
    unfinished: PathBuf,
    finished: PathBuf,
    manifest: Manifest,
    open: Option<Open>,
    file_bytes: u64,
    buffer: Vec<u8>,
}

impl std::fmt::Debug for Files {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Files")
            .field("folder", &self.finished)
            .finish_non_exhaustive()
    }
}

impl Files {
    /// Begins the files of table `oid`, with the lines of `day`; what an earlier beginning left is removed.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn begin(folder: &Path, day: NaiveDate, oid: u32) -> Result<Self, PgLogsError> {
        Self::begin_with(folder, day, oid, FILE_BYTES)
    }

    fn begin_with(
        folder: &Path,
        day: NaiveDate,
        oid: u32,
        file_bytes: u64,
    ) -> Result<Self, PgLogsError> {
        let part = next_part(folder, day)?;
        let name = folder_name(day, part);
        let unfinished = folder.join(format!("{UNFINISHED}{name}"));
        if unfinished.exists() {
            fs::remove_dir_all(&unfinished).map_err(|e| PgLogsError::io(&unfinished, &e))?;
        }
        fs::create_dir_all(&unfinished).map_err(|e| PgLogsError::io(&unfinished, &e))?;
        Ok(Self {
            unfinished,
            finished: folder.join(name),
            manifest: Manifest {
                format: FORMAT,
                schema: schema::VERSION,
                day,
                part,
                oid,
                lines: 0,
                last_id: 0,
                first_ns: 0,
                last_ns: 0,
                made_ns: 0,
                verified: false,
                files: Vec::new(),
            },
            open: None,
            file_bytes,
            buffer: Vec::new(),
        })
    }

    /// Adds a line; lines come in order.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn add(&mut self, line: &LogLine) -> Result<(), PgLogsError> {
        let at = line.position.at_ns;
        let mut open = match self.open.take() {
            Some(open) => open,
            None => self.file(at)?,
        };
        self.buffer.clear();
        let failed = |path: &Path, e: io::Error| PgLogsError::io(path, &e);
        serde_json::to_writer(&mut self.buffer, line).map_err(|e| failed(&open.path, e.into()))?;
        self.buffer.push(b'\n');
        open.encoder
            .write_all(&self.buffer)
            .map_err(|e| failed(&open.path, e))?;
        open.entry.lines += 1;
        open.entry.raw_bytes += self.buffer.len() as u64;
        open.entry.last_ns = at;
        if self.manifest.lines == 0 {
            self.manifest.first_ns = at;
        }
        self.manifest.lines += 1;
        self.manifest.last_ns = at;
        let id = i64::try_from(line.position.seq).unwrap_or(i64::MAX);
        self.manifest.last_id = self.manifest.last_id.max(id);
        if open.entry.raw_bytes >= self.file_bytes {
            self.close(open)
        } else {
            self.open = Some(open);
            Ok(())
        }
    }

    fn file(&self, at: i64) -> Result<Open, PgLogsError> {
        let name = format!("lines-{:05}.ndjson.zst", self.manifest.files.len() + 1);
        let path = self.unfinished.join(&name);
        let failed = |e: io::Error| PgLogsError::io(&path, &e);
        let hashed = Hashed {
            file: File::create(&path).map_err(failed)?,
            hash: Sha256::new(),
            bytes: 0,
        };
        let mut encoder = zstd::Encoder::new(hashed, LEVEL).map_err(failed)?;
        // whoever unpacks the file by hand is told of a flipped bit too
        encoder.include_checksum(true).map_err(failed)?;
        let entry = FileEntry {
            name,
            lines: 0,
            first_ns: at,
            last_ns: at,
            bytes: 0,
            raw_bytes: 0,
            sha256: String::new(),
        };
        Ok(Open {
            path,
            encoder,
            entry,
        })
    }

    fn close(&mut self, open: Open) -> Result<(), PgLogsError> {
        let failed = |e: io::Error| PgLogsError::io(&open.path, &e);
        let hashed = open.encoder.finish().map_err(failed)?;
        hashed.file.sync_all().map_err(failed)?;
        let mut entry = open.entry;
        entry.bytes = hashed.bytes;
        entry.sha256 = hex(&hashed.hash.finalize());
        self.manifest.files.push(entry);
        Ok(())
    }

    /// Ends the files, writes the manifest and gives the folder its name. Answers the folder.
    ///
    /// # Errors
    /// When something cannot be written.
    pub fn finish(mut self, now_ns: i64) -> Result<PathBuf, PgLogsError> {
        if let Some(open) = self.open.take() {
            self.close(open)?;
        }
        self.manifest.made_ns = now_ns;
        self.manifest.write(&self.unfinished)?;
        fs::rename(&self.unfinished, &self.finished)
            .map_err(|e| PgLogsError::io(&self.finished, &e))?;
        if let Some(folder) = self.finished.parent() {
            sync(folder)?;
        }
        Ok(self.finished)
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{parts, search, survey, sweep, verify};
    use super::*;
    use crate::error::ColdFault;
    use model::log::{Filter, LogPosition, LogRange};

    fn day() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 10, 1).expect("a day")
    }

    fn line(n: u64) -> LogLine {
        LogLine {
            position: LogPosition {
                at_ns: 1_000 + i64::try_from(n / 2).expect("small"),
                seq: n,
            },
            message: format!(
                "第 {n} 行：连接{}",
                if n.is_multiple_of(10) {
                    "超时"
                } else {
                    "成功"
                }
            ),
            ..LogLine::default()
        }
    }

    fn written(folder: &Path, lines: u64) -> PathBuf {
        let mut files = Files::begin_with(folder, day(), 5, 20_000).expect("a folder");
        for n in 0..lines {
            files.add(&line(n)).expect("written");
        }
        files.finish(42).expect("finished")
    }

    fn fault(path: &Path) -> ColdFault {
        match verify(path, &|_| ()) {
            Err(PgLogsError::Damaged { fault, .. }) => fault,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_was_written_is_read_back_and_marked() {
        let dir = tempfile::tempdir().expect("a folder");
        let folder = written(dir.path(), 1000);
        let before = Manifest::read(&folder).expect("a manifest");
        assert!(before.files.len() > 3 && !before.verified);
        assert_eq!((before.lines, before.last_id), (1000, 999));
        assert_eq!((before.first_ns, before.last_ns), (1000, 1499));
        verify(&folder, &|_| ()).expect("good");
        assert!(Manifest::read(&folder).expect("a manifest").verified);
        let mut next = Files::begin(dir.path(), day(), 6).expect("a folder");
        next.add(&line(1)).expect("written");
        let second = next.finish(0).expect("finished");
        assert!(second.ends_with("2026-10-01.2"));
    }

    #[test]
    fn every_flipped_byte_is_found() {
        let dir = tempfile::tempdir().expect("a folder");
        let folder = written(dir.path(), 300);
        let path = folder.join("lines-00001.ndjson.zst");
        let good = fs::read(&path).expect("bytes");
        for at in [0, good.len() / 2, good.len() - 1] {
            let mut bad = good.clone();
            bad[at] ^= 1;
            fs::write(&path, &bad).expect("written");
            assert_eq!(fault(&folder), ColdFault::Checksum);
        }
        fs::write(&path, &good[..good.len() / 2]).expect("written");
        assert_eq!(fault(&folder), ColdFault::Checksum);
        fs::remove_file(&path).expect("removed");
        assert_eq!(fault(&folder), ColdFault::Missing);
    }

    #[test]
    fn a_manifest_that_lies_is_found() {
        let dir = tempfile::tempdir().expect("a folder");
        let folder = written(dir.path(), 300);
        let good = Manifest::read(&folder).expect("a manifest");
        let mut bad = good.clone();
        bad.files[0].lines += 1;
        bad.write(&folder).expect("written");
        assert!(matches!(fault(&folder), ColdFault::Rows { .. }));
        let mut bad = good.clone();
        bad.files[0].last_ns += 1;
        bad.write(&folder).expect("written");
        assert_eq!(fault(&folder), ColdFault::Times);
        let mut bad = good.clone();
        bad.format = 99;
        bad.write(&folder).expect("written");
        assert_eq!(fault(&folder), ColdFault::Version(99));
        let mut bad = good;
        bad.files[0].name = "../../etc/passwd".into();
        bad.write(&folder).expect("written");
        assert!(matches!(fault(&folder), ColdFault::Manifest(_)));
    }

    #[test]
    fn what_was_cut_off_is_no_export_and_does_not_stay() {
        let dir = tempfile::tempdir().expect("a folder");
        let mut cut = Files::begin(dir.path(), day(), 5).expect("a folder");
        cut.add(&line(1)).expect("written");
        drop(cut);
        assert_eq!(parts(dir.path()).expect("a list"), []);
        written(dir.path(), 10);
        let names: Vec<_> = fs::read_dir(dir.path())
            .expect("a list")
            .flatten()
            .map(|e| e.file_name())
            .collect();
        assert_eq!(names, ["2026-10-01.1"]);
        super::super::forget(dir.path(), day(), 1).expect("removed");
        assert_eq!(fs::read_dir(dir.path()).expect("a list").count(), 0);
        super::super::forget(dir.path(), day(), 1).expect("nothing to remove");
    }

    #[test]
    fn a_damaged_manifest_keeps_nobody_from_the_others() {
        let dir = tempfile::tempdir().expect("a folder");
        let bad = written(dir.path(), 10);
        fs::write(bad.join("manifest.json"), b"{").expect("written");
        let mut next = Files::begin(dir.path(), day(), 6).expect("a folder of its own");
        next.add(&line(1)).expect("written");
        assert!(next.finish(0).expect("finished").ends_with("2026-10-01.2"));
        let found = survey(dir.path()).expect("a list");
        assert_eq!(found.parts.len(), 1);
        assert!(matches!(
            &found.damaged[..],
            [(d, 1, PgLogsError::Damaged { .. })] if *d == day()
        ));
        assert!(super::super::of_table(dir.path(), day(), 6).is_ok_and(|found| found.is_some()));
    }

    #[test]
    fn what_a_removal_that_was_cut_off_left_is_found_and_removed() {
        let dir = tempfile::tempdir().expect("a folder");
        let folder = written(dir.path(), 10);
        let left = dir.path().join("unfinished-2026-10-01.1");
        fs::rename(&folder, &left).expect("renamed");
        fs::create_dir(dir.path().join("unfinished-business")).expect("somebody else's");
        assert_eq!(survey(dir.path()).expect("a list").unfinished, [(day(), 1)]);
        // a second removal of the same part does not stumble over the first
        written(dir.path(), 10);
        super::super::forget(dir.path(), day(), 1).expect("removed");
        assert!(!left.exists());
        fs::create_dir(&left).expect("again");
        sweep(dir.path(), day(), 1).expect("removed");
        sweep(dir.path(), day(), 1).expect("nothing to remove");
        assert!(!left.exists() && dir.path().join("unfinished-business").exists());
    }

    #[test]
    fn files_are_searched_in_the_time_asked_for() {
        let dir = tempfile::tempdir().expect("a folder");
        written(dir.path(), 1000);
        let range = LogRange {
            from_ns: 1100,
            to_ns: 1200,
            filter: Filter::Text("超时".into()),
        };
        let mut told = 0;
        let found = search(dir.path(), &range, 5, &mut |_| told += 1).expect("searched");
        let seqs: Vec<u64> = found.lines.iter().map(|l| l.position.seq).collect();
        assert_eq!(seqs, [390, 380, 370, 360, 350]);
        assert!(found.more && told > 0);
        let found = search(dir.path(), &range, 100, &mut |_| ()).expect("searched");
        assert_eq!((found.lines.len(), found.more), (20, false));
    }
}

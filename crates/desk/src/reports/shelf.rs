//! Which reports are there. Their files are the truth; what the page knows beyond them (when, for whom, what they say) lies in a folder of
//! its own beside them, and goes with them.

use super::files::Format;
use chrono::NaiveDate;
use chrono_tz::Tz;
use report::{Kind, Period};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;
use wire::{ReportBy, ReportFile, ReportKind, ReportRow, ReportSent, ReportSheet};

/// Beside the files.
const BESIDE: &str = ".shouwang";
/// Reports that are listed.
pub(super) const LISTED: usize = 200;
/// Entries of a folder that are looked at: somebody may have named a folder full of other things.
const LOOKED_AT: usize = 20_000;
/// Bytes of a note and of a sheet: what is larger is none of ours.
const NOTE_BYTES: u64 = 64 << 10;
const SHEET_BYTES: u64 = 32 << 20;

/// What is known of a report beside its files.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Note {
    /// When it was made, ms.
    pub made_at: i64,
    /// For whom.
    pub by: ReportBy,
    /// The last time that it was mailed.
    #[serde(default)]
    pub sent: Option<ReportSent>,
}

/// A report among several folders.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Found {
    /// Which of the folders.
    pub folder: usize,
    /// About when.
    pub period: Period,
    /// Its files.
    pub files: Vec<ReportFile>,
    /// When the newest of them was written, ms.
    pub written: i64,
}

impl Found {
    /// How the page names it: `0/shouwang-daily-2026-11-20`.
    pub fn id(&self) -> String {
        format!("{}/{}", self.folder, self.period.file_stem())
    }
}

/// The period of files with this name; `None`: it is no name of ours.
fn period_of(stem: &str, zone: Tz) -> Option<Period> {
    let (kind, day) = stem.strip_prefix("shouwang-")?.split_once('-')?;
    let kind = Kind::named(kind)?;
    let day: NaiveDate = match kind {
        Kind::Monthly => format!("{day}-01").parse().ok()?,
        Kind::Daily | Kind::Weekly => day.parse().ok()?,
    };
    // The one way of writing it: nothing else of what a page sends becomes part of a path.
    Period::of(kind, day, zone).filter(|p| p.file_stem() == stem)
}

/// What the page has named; `None`: nothing of ours.
pub(super) fn named<'a>(id: &str, folders: &'a [PathBuf], zone: Tz) -> Option<(&'a Path, Period)> {
    let (at, stem) = id.split_once('/')?;
    let at: usize = at.parse().ok()?;
    Some((folders.get(at)?, period_of(stem, zone)?))
}

fn millis(meta: &fs::Metadata) -> i64 {
    let since = meta
        .modified()
        .ok()
        .and_then(|t| t.duration_since(UNIX_EPOCH).ok());
    since.map_or(0, |d| i64::try_from(d.as_millis()).unwrap_or(i64::MAX))
}

/// Reports of all folders, the one that was written last first, and whether there are more than are listed. A folder that is not there (yet)
/// has none.
pub(super) fn list(folders: &[PathBuf], zone: Tz) -> (Vec<Found>, bool) {
    let mut all: Vec<Found> = Vec::new();
    for (at, folder) in folders.iter().enumerate() {
        let mut here: BTreeMap<String, Found> = BTreeMap::new();
        let Ok(entries) = fs::read_dir(folder) else {
            continue;
        };
        for entry in entries.take(LOOKED_AT).flatten() {
            let path = entry.path();
            let (Some(stem), Some(ending)) = (
                path.file_stem().and_then(|s| s.to_str()),
                path.extension().and_then(|e| e.to_str()),
            ) else {
                continue;
            };
            let (Some(format), Some(period)) = (Format::named(ending), period_of(stem, zone))
            else {
                continue;
            };
            let Some(meta) = entry.metadata().ok().filter(fs::Metadata::is_file) else {
                continue;
            };
            let found = here.entry(stem.to_owned()).or_insert(Found {
                folder: at,
                period,
                files: Vec::new(),
                written: 0,
            });
            found.written = found.written.max(millis(&meta));
            found.files.push(ReportFile {
                format: format.ending().to_owned(),
                bytes: meta.len(),
            });
        }
        all.extend(here.into_values());
    }
    for found in &mut all {
        found.files.sort_by(|a, b| b.format.cmp(&a.format));
    }
    all.sort_by(|a, b| {
        (b.written, b.period.until, b.id()).cmp(&(a.written, a.period.until, a.id()))
    });
    let more = all.len() > LISTED;
    all.truncate(LISTED);
    (all, more)
}

/// As the page lists it.
pub(super) fn row(found: &Found, folders: &[PathBuf], receivers: Vec<String>) -> ReportRow {
    let stem = found.period.file_stem();
    let folder = folders
        .get(found.folder)
        .map_or(Path::new(""), PathBuf::as_path);
    let note = note(folder, &stem);
    ReportRow {
        id: found.id(),
        kind: kind_view(found.period.kind),
        first: found.period.first.to_string(),
        last: found.period.last().to_string(),
        files: found.files.clone(),
        made_at: note.as_ref().map_or(found.written, |n| n.made_at),
        by: note.as_ref().map(|n| n.by),
        readable: sheet_path(folder, &stem).is_file(),
        sent: note.and_then(|n| n.sent),
        receivers,
    }
}

/// As it crosses the wire.
pub(super) fn kind_view(kind: Kind) -> ReportKind {
    match kind {
        Kind::Daily => ReportKind::Daily,
        Kind::Weekly => ReportKind::Weekly,
        Kind::Monthly => ReportKind::Monthly,
    }
}

fn note_path(folder: &Path, stem: &str) -> PathBuf {
    folder.join(BESIDE).join(format!("{stem}.json"))
}

fn sheet_path(folder: &Path, stem: &str) -> PathBuf {
    folder.join(BESIDE).join(format!("{stem}.sheet.json"))
}

/// A file is there whole or not at all.
fn put(path: &Path, value: &impl Serialize) -> io::Result<()> {
    let bytes = serde_json::to_vec(value)?;
    let beside = path.with_extension("new");
    if let Some(dir) = path.parent() {
        fs::create_dir_all(dir)?;
    }
    fs::write(&beside, bytes)?;
    fs::rename(&beside, path)
}

fn get<T: DeserializeOwned>(path: &Path, most: u64) -> Option<T> {
    let mut bytes = Vec::new();
    let file = fs::File::open(path).ok()?;
    let read = file.take(most + 1).read_to_end(&mut bytes).ok()?;
    if read as u64 > most {
        return None;
    }
    serde_json::from_slice(&bytes).ok()
}

/// Remembers when and for whom.
pub(super) fn keep_note(folder: &Path, stem: &str, note: &Note) -> io::Result<()> {
    put(&note_path(folder, stem), note)
}

/// Remembers what it says.
pub(super) fn keep_sheet(folder: &Path, stem: &str, sheet: &ReportSheet) -> io::Result<()> {
    put(&sheet_path(folder, stem), sheet)
}

/// When and for whom it was made, if that is known.
pub(super) fn note(folder: &Path, stem: &str) -> Option<Note> {
    get(&note_path(folder, stem), NOTE_BYTES)
}

/// What it says, if that is known.
pub(super) fn sheet(folder: &Path, stem: &str) -> Option<ReportSheet> {
    get(&sheet_path(folder, stem), SHEET_BYTES)
}

/// The files of a report, PDF first.
pub(super) fn files(folder: &Path, stem: &str) -> Vec<PathBuf> {
    [Format::Pdf, Format::Html]
        .iter()
        .map(|f| folder.join(format!("{stem}.{}", f.ending())))
        .filter(|p| p.is_file())
        .collect()
}

/// Forgets what is known of reports whose files are gone.
pub(super) fn tidy(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder.join(BESIDE)) else {
        return;
    };
    for path in entries.take(LOOKED_AT).flatten().map(|e| e.path()) {
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned());
        let stem = name.as_deref().and_then(|n| n.split('.').next());
        if stem.is_some_and(|stem| files(folder, stem).is_empty())
            && let Err(e) = fs::remove_file(&path)
        {
            tracing::warn!(path = %path.display(), error = %e, "what was known of an old report stays");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ZONE: Tz = chrono_tz::Asia::Shanghai;

    fn folder(names: &[&str]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().expect("a folder");
        for name in names {
            fs::write(dir.path().join(name), "x").expect("written");
        }
        dir
    }

    fn sent() -> Note {
        Note {
            made_at: 7,
            by: ReportBy::Hand,
            sent: Some(ReportSent {
                at: 9,
                to: vec!["a@b.cn".into()],
            }),
        }
    }

    #[test]
    fn files_of_ours_are_reports_and_nothing_else_is() {
        let dir = folder(&[
            "shouwang-daily-2026-11-20.pdf",
            "shouwang-daily-2026-11-20.html",
            "shouwang-monthly-2026-10.pdf",
            "shouwang-daily-2026-13-20.pdf",
            "shouwang-weekly-2026-11-20.pdf", // no Monday
            "shouwang-yearly-2026-11-20.pdf",
            "shouwang-daily-2026-11-20.doc",
            "mine.pdf",
        ]);
        fs::create_dir(dir.path().join("shouwang-daily-2026-11-19.pdf")).expect("a folder");
        let folders = [dir.path().join("not there"), dir.path().to_owned()];
        let (found, more) = list(&folders, ZONE);
        assert!(!more);
        let mut ids: Vec<String> = found.iter().map(Found::id).collect();
        ids.sort();
        assert_eq!(
            ids,
            ["1/shouwang-daily-2026-11-20", "1/shouwang-monthly-2026-10"]
        );
        let day = found
            .iter()
            .find(|f| f.period.kind == Kind::Daily)
            .expect("the day");
        let formats: Vec<&str> = day.files.iter().map(|f| f.format.as_str()).collect();
        assert_eq!(formats, ["pdf", "html"]);
        let row = row(day, &folders, Vec::new());
        assert_eq!(
            (row.by, row.readable, row.made_at),
            (None, false, day.written)
        );
        assert!(row.made_at > 0);
    }

    #[test]
    fn what_is_known_lies_beside_and_goes_with_the_files() {
        let dir = folder(&["shouwang-daily-2026-11-20.pdf"]);
        let stem = "shouwang-daily-2026-11-20";
        keep_note(dir.path(), stem, &sent()).expect("kept");
        assert_eq!(note(dir.path(), stem), Some(sent()));
        let folders = [dir.path().to_owned()];
        let found = list(&folders, ZONE).0;
        let listed = row(&found[0], &folders, Vec::new());
        assert_eq!((listed.made_at, listed.by), (7, Some(ReportBy::Hand)));
        assert_eq!(listed.sent, sent().sent);
        tidy(dir.path());
        assert!(note(dir.path(), stem).is_some(), "its file is there");
        fs::remove_file(dir.path().join("shouwang-daily-2026-11-20.pdf")).expect("gone");
        tidy(dir.path());
        assert_eq!(note(dir.path(), stem), None);
    }

    #[test]
    fn only_names_of_ours_become_paths() {
        let folders = [PathBuf::from("a"), PathBuf::from("b")];
        let named = |id: &str| named(id, &folders, ZONE).map(|(folder, _)| folder.to_owned());
        assert_eq!(named("1/shouwang-daily-2026-11-20"), Some("b".into()));
        for id in [
            "2/shouwang-daily-2026-11-20",
            "0/../secret",
            "0/shouwang-daily-../../x",
            "0/shouwang-daily-2026-11-20/..",
            "0/shouwang-daily-2026-1-2",
            "-1/shouwang-daily-2026-11-20",
            "shouwang-daily-2026-11-20",
            "",
        ] {
            assert_eq!(named(id), None, "{id}");
        }
    }

    #[test]
    fn a_note_that_is_none_is_not_read() {
        let dir = folder(&[]);
        let path = note_path(dir.path(), "x");
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        for text in ["{", "[]", &"[".repeat(100_000)] {
            fs::write(&path, text).expect("written");
            assert_eq!(note(dir.path(), "x"), None);
        }
    }
}

//! A board's file: written as a whole or not at all, the one before kept beside it, and nothing of somebody else's overwritten.

use std::io::Write;
use std::path::{Path, PathBuf};

/// Why a file was not written.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The file is not as it was when the board was opened.
    #[error("{0} has changed meanwhile")]
    Changed(PathBuf),
    /// A board's id that is no name of a file.
    #[error("{0:?} is no name of a file")]
    Name(String),
    /// The system refused.
    #[error("{path}: {source}")]
    Io {
        /// What was to be written.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
}

/// What tells one text of a file from another, for as long as the program runs; of no file it is empty.
pub fn version(text: Option<&str>) -> String {
    use std::hash::{DefaultHasher, Hash, Hasher};
    text.map_or_else(String::new, |text| {
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        format!("{:016x}-{}", hasher.finish(), text.len())
    })
}

/// Where a board with this id stands in `dir`.
///
/// # Errors
/// When the id would leave the directory or be hidden in it.
pub fn path(dir: &Path, id: &str) -> Result<PathBuf, FileError> {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    let is_name = !id.is_empty() && id.chars().count() <= 80 && id.chars().all(plain);
    // `concepts.yaml` is no board
    if !is_name || id == "concepts" {
        return Err(FileError::Name(id.chars().take(80).collect()));
    }
    Ok(dir.join(format!("{id}.yaml")))
}

/// Writes `text`. `expected` is the [`version`] that the file has to have; `None` overwrites whatever is there. The file before is
/// kept as `<name>.yaml.bak`.
///
/// # Errors
/// When the file has changed meanwhile or cannot be written; it is then as it was.
pub fn save(path: &Path, text: &str, expected: Option<&str>) -> Result<(), FileError> {
    let failed = |source| FileError::Io {
        path: path.to_owned(),
        source,
    };
    let dir = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(dir).map_err(failed)?;
    let now = match std::fs::read(path) {
        Ok(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => None,
        Err(e) => return Err(failed(e)),
    };
    if expected.is_some_and(|v| v != version(now.as_deref())) {
        return Err(FileError::Changed(path.to_owned()));
    }
    let beside = |ending: &str| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        path.with_file_name(format!("{name}{ending}"))
    };
    let new = beside(".new");
    let written = (|| {
        let mut file = std::fs::File::create(&new)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        if now.is_some() {
            std::fs::copy(path, beside(".bak"))?;
        }
        std::fs::rename(&new, path)
    })();
    written.map_err(|e| {
        // What is half written is of no use to anybody; that it cannot be removed either changes nothing.
        let _ = std::fs::remove_file(&new);
        failed(e)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_as_a_whole_and_the_one_before_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let file = path(&dir.path().join("boards"), "kitchen").unwrap();
        save(&file, "one", Some("")).unwrap();
        let one = version(Some("one"));
        save(&file, "two", Some(&one)).unwrap();
        let refused = save(&file, "three", Some(&one));
        assert!(matches!(refused, Err(FileError::Changed(_))));
        let read =
            |ending: &str| std::fs::read_to_string(format!("{}{ending}", file.display())).unwrap();
        assert_eq!((read("").as_str(), read(".bak").as_str()), ("two", "one"));
        assert_eq!(
            std::fs::read_dir(file.parent().unwrap()).unwrap().count(),
            2
        );
        save(&file, "four", None).unwrap();
        assert_eq!(read(""), "four");
    }

    #[test]
    fn an_id_never_leaves_its_directory() {
        let dir = Path::new("boards");
        for id in [
            "", "..", "a/b", "../x", ".hidden", "concepts", "a\0b", "a b",
        ] {
            assert!(matches!(path(dir, id), Err(FileError::Name(_))), "{id:?}");
        }
        assert!(path(dir, "服务器-2").is_ok());
    }

    #[test]
    fn a_directory_that_cannot_be_written_says_so() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("boards"), "a file").unwrap();
        let file = path(&dir.path().join("boards"), "kitchen").unwrap();
        assert!(matches!(save(&file, "x", None), Err(FileError::Io { .. })));
    }
}

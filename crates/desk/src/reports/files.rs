//! A report's files.

use report::{Document, Period, ReportError};
use std::path::{Path, PathBuf};

/// In which formats a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For forwarding and printing.
    Pdf,
    /// For reading anywhere.
    Html,
}

impl Format {
    /// The format of this name.
    pub fn named(name: &str) -> Option<Self> {
        match name.trim() {
            "pdf" => Some(Self::Pdf),
            "html" => Some(Self::Html),
            _ => None,
        }
    }

    /// The ending of its files.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Html => "html",
        }
    }
}

/// Why there are no files.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// The report cannot be drawn.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// A file cannot be written.
    #[error("{path}: {error}")]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
}

/// Writes a report into a folder, which is made. A file is there whole or not at all. Answers with the files in the order of the formats.
///
/// # Errors
/// Without a face, or when a file cannot be written.
pub fn write(
    document: &Document,
    period: &Period,
    formats: &[Format],
    dir: &Path,
) -> Result<Vec<PathBuf>, FilesError> {
    chart::face::install();
    let mut out = Vec::new();
    for format in formats {
        let bytes = match format {
            Format::Pdf => report::pdf(document)?,
            Format::Html => report::html(document)?.into_bytes(),
        };
        let path = dir.join(format!("{}.{}", period.file_stem(), format.ending()));
        let beside = dir.join(format!(".{}.{}.new", period.file_stem(), format.ending()));
        let written = std::fs::create_dir_all(dir)
            .and_then(|()| std::fs::write(&beside, bytes))
            .and_then(|()| std::fs::rename(&beside, &path));
        written.map_err(|error| FilesError::Write {
            path: path.clone(),
            error,
        })?;
        out.push(path);
    }
    Ok(out)
}

//! Beginning with the session: an entry in the autostart folder (freedesktop.org Desktop Application Autostart Specification).

use std::io;
use std::path::{Path, PathBuf};

/// The entry's file.
const FILE: &str = "shouwang.desktop";

/// Why the entry could not be changed.
#[derive(Debug, thiserror::Error)]
pub enum AutostartError {
    /// This system has no such folder, or does not say where it is.
    #[error("no autostart folder")]
    NoFolder,
    /// The path of the program or of the configuration cannot be written into an entry.
    #[error("{0} cannot stand in an entry")]
    Path(PathBuf),
    /// The disk refuses.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// The entry of one user.
#[derive(Clone, Debug)]
pub struct Autostart {
    file: PathBuf,
}

impl Autostart {
    /// The user's entry: `autostart` below `XDG_CONFIG_HOME`, or below `.config`.
    ///
    /// # Errors
    /// When there is no home directory, or the system is none with such entries.
    pub fn of_user() -> Result<Self, AutostartError> {
        if !cfg!(target_os = "linux") {
            return Err(AutostartError::NoFolder);
        }
        let base = directories::BaseDirs::new().ok_or(AutostartError::NoFolder)?;
        Ok(Self::in_folder(&base.config_dir().join("autostart")))
    }

    /// The entry in this folder.
    pub fn in_folder(folder: &Path) -> Self {
        Self {
            file: folder.join(FILE),
        }
    }

    /// Where the entry is.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Whether it is there.
    pub fn is_on(&self) -> bool {
        self.file.is_file()
    }

    /// Begins `program` with the session, full screen, with this configuration.
    ///
    /// # Errors
    /// When a path cannot be written down, or the disk refuses.
    pub fn on(&self, program: &Path, config: Option<&Path>) -> Result<(), AutostartError> {
        let mut line = format!("{} --kiosk", quoted(program)?);
        if let Some(config) = config {
            line.push_str(&format!(" --config {}", quoted(config)?));
        }
        let entry = format!(
            "[Desktop Entry]\nType=Application\nName=Shouwang\nName[zh_CN]=守望\nExec={line}\nTerminal=false\nX-GNOME-Autostart-enabled=true\n"
        );
        if let Some(folder) = self.file.parent() {
            std::fs::create_dir_all(folder)?;
        }
        Ok(std::fs::write(&self.file, entry)?)
    }

    /// No longer; whether it was there.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn off(&self) -> Result<bool, AutostartError> {
        match std::fs::remove_file(&self.file) {
            Ok(()) => Ok(true),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(e) => Err(e.into()),
        }
    }
}

/// A path as an argument of `Exec`: in quotes, with the characters escaped that are special within them, a percent sign doubled.
fn quoted(path: &Path) -> Result<String, AutostartError> {
    let refused = || AutostartError::Path(path.to_owned());
    let text = path.to_str().ok_or_else(refused)?;
    if text.chars().any(char::is_control) {
        return Err(refused());
    }
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            // a backslash is special twice: in the value of a key, and in a quoted argument
            '"' | '`' | '$' => out.push_str("\\\\"),
            '\\' => out.push_str("\\\\\\"),
            '%' => out.push('%'),
            _ => {}
        }
        out.push(c);
    }
    out.push('"');
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_written_found_and_taken_away() {
        let dir = tempfile::tempdir().unwrap();
        let entry = Autostart::in_folder(&dir.path().join("autostart"));
        assert!(!entry.is_on());
        entry
            .on(
                Path::new("/opt/守望 1/shouwang"),
                Some(Path::new("/etc/100%.toml")),
            )
            .unwrap();
        assert!(entry.is_on());
        let text = std::fs::read_to_string(entry.file()).unwrap();
        assert!(
            text.contains("Exec=\"/opt/守望 1/shouwang\" --kiosk --config \"/etc/100%%.toml\"\n"),
            "{text}"
        );
        assert!(entry.off().unwrap());
        assert!(!entry.off().unwrap() && !entry.is_on());
    }

    #[test]
    fn a_path_that_would_break_the_entry_is_refused_or_escaped() {
        assert!(quoted(Path::new("/a\nExec=/bin/sh")).is_err());
        assert_eq!(quoted(Path::new("/a$b")).unwrap(), "\"/a\\\\$b\"");
    }
}

//! The mail server of the configuration.

use super::files::FilesError;
use super::{schedule, sheet};
use crate::config::report::Mail;
use crate::sources::Secrets;
use notify::mail::{Letter, MailSettings, Mailer};
use notify::{BuildError, Settings};
use report::{Document, Period};
use std::path::PathBuf;

/// The channel's settings. A file of an authority that cannot be read is an authority that cannot be: the channel refuses it by name.
pub fn settings(config: &Mail, secrets: &dyn Secrets) -> Settings {
    let ca = config
        .ca_file
        .iter()
        .map(|path| std::fs::read_to_string(path).unwrap_or_default());
    let mut settings = Settings::default();
    let values = [
        ("host", config.host.clone().into()),
        ("port", config.port.into()),
        ("security", config.security.clone().into()),
        ("from", config.from.clone().into()),
        ("user", config.user.clone().into()),
        ("ca", ca.collect::<Vec<_>>().into()),
    ];
    settings
        .values
        .extend(values.map(|(n, v): (&str, serde_json::Value)| (n.to_owned(), v)));
    if let Some(password) = secrets.get(&config.secret) {
        settings.secrets.insert("password".to_owned(), password);
    }
    settings
}

/// Who sends reports; `None`: no mail server is configured.
///
/// # Errors
/// A setting that cannot be.
pub fn mailer(config: &Mail, secrets: &dyn Secrets) -> Option<Result<Mailer, BuildError>> {
    if config.host.is_empty() {
        return None;
    }
    let settings = settings(config, secrets);
    let own = settings.read::<MailSettings>("mail");
    Some(own.and_then(|own| Mailer::new(own, settings.secrets.get("password").cloned())))
}

/// The letter of a report that was written to these files at `made_at` (ms).
///
/// # Errors
/// When its head cannot be drawn.
pub fn letter(
    to: Vec<String>,
    document: &Document,
    paths: &[PathBuf],
    period: &Period,
    made_at: i64,
) -> Result<Letter, FilesError> {
    let sheet = sheet::sheet(document)?;
    let stem = period.file_stem();
    Ok(schedule::letter(to, &sheet, paths, &stem, made_at))
}

//! Reports on schedule (`[[report]]`) and the mail server (`[mail]`).

use super::Config;
use super::check::Walk;
use super::check_duty::time_of_day;
use serde::Deserialize;
use std::path::PathBuf;

/// The mail server.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Mail {
    /// Name or address; empty: no such channel.
    pub host: String,
    /// Its port; by `security` when left out.
    pub port: Option<u16>,
    /// `starttls`, `tls` or `none`.
    pub security: String,
    /// The sender.
    pub from: String,
    /// Who logs in.
    pub user: String,
    /// Name of the stored password.
    pub secret: String,
    /// PEM file of the authority that signed the server's certificate.
    pub ca_file: Option<PathBuf>,
}

impl Default for Mail {
    fn default() -> Self {
        Self {
            host: String::new(),
            port: None,
            security: "starttls".into(),
            from: String::new(),
            user: String::new(),
            secret: String::new(),
            ca_file: None,
        }
    }
}

/// One report that is made again and again.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Report {
    /// `daily`, `weekly` or `monthly`.
    pub kind: String,
    /// When, `HH:MM` in the configured zone.
    pub at: String,
    /// Day of the week of a weekly one, 1 is Monday.
    pub weekday: u32,
    /// Day of the month of a monthly one.
    pub day: u32,
    /// `pdf`, `html`.
    pub formats: Vec<String>,
    /// Where files go; `reports` in the data directory when left out.
    pub folder: Option<PathBuf>,
    /// Addresses that get it by mail.
    pub mail_to: Vec<String>,
    /// Files of older periods that stay.
    pub keep: u32,
    /// The promised share of time, percent.
    pub promise: f64,
}

impl Default for Report {
    fn default() -> Self {
        Self {
            kind: String::new(),
            at: "08:00".into(),
            weekday: 1,
            day: 1,
            formats: vec!["pdf".into(), "html".into()],
            folder: None,
            mail_to: Vec::new(),
            keep: 60,
            promise: 99.9,
        }
    }
}

impl Walk<'_> {
    /// Leaves out reports that cannot be made.
    pub(super) fn reports(&mut self, config: &mut Config) {
        if config.mail.host.is_empty() != config.mail.from.is_empty() {
            let missing = if config.mail.host.is_empty() {
                "mail.host"
            } else {
                "mail.from"
            };
            self.required("mail", missing, "");
            config.mail = Mail::default();
        }
        let mut i = 0;
        let has_mail = !config.mail.host.is_empty();
        config.report.retain(|r| {
            let place = format!("report.{i}");
            i += 1;
            let mut good = self.required(&place, "report.kind", &r.kind);
            let mut wrong = |walk: &mut Self, key: &'static str, value: String| {
                let line = walk.line(&format!("{place}.{}", key.trim_start_matches("report.")));
                walk.add("config_report", line, key, &[("value", value)]);
                good = false;
            };
            if time_of_day(&r.at).is_none() {
                wrong(self, "report.at", r.at.clone());
            }
            if let Some(bad) = r
                .formats
                .iter()
                .find(|f| !matches!(f.as_str(), "pdf" | "html"))
            {
                wrong(self, "report.formats", bad.clone());
            }
            if !r.mail_to.is_empty() && !has_mail {
                wrong(self, "report.mail_to", r.mail_to.join(", "));
            }
            good
        });
    }
}

//! The channel's settings, and what they may be.

use crate::bucket::Budget;
use crate::registry::BuildError;
use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, Tokio1Executor};
use model::Secret;
use serde::Deserialize;
use std::net::IpAddr;
use std::time::Duration;

/// How the connection is encrypted.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Security {
    /// Plain first, then encrypted before anything is said; port 587.
    #[default]
    Starttls,
    /// Encrypted from the first byte; port 465.
    Tls,
    /// Never encrypted: only to this machine, and without a password; port 25.
    None,
}

/// As in the configuration; the secret `password` comes beside them.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailSettings {
    /// The server: a name or an address.
    pub host: String,
    /// Its port; by how the connection is encrypted when absent.
    #[serde(default)]
    pub port: Option<u16>,
    /// How the connection is encrypted.
    #[serde(default)]
    pub security: Security,
    /// The sender: `watch@example.com` or `守望 <watch@example.com>`.
    pub from: String,
    /// Who logs in; empty: nobody does.
    #[serde(default)]
    pub user: String,
    /// Further certificate authorities, PEM.
    #[serde(default)]
    pub ca: Vec<String>,
    /// For one mail, 1 to 120.
    #[serde(default = "thirty")]
    pub timeout_seconds: u64,
    /// At most so many a minute, a third of them at once; 0: without limit.
    #[serde(default = "thirty_mails")]
    pub per_minute: u32,
}

fn thirty() -> u64 {
    30
}

fn thirty_mails() -> u32 {
    30
}

/// The same, ready to be used.
pub(super) struct Checked {
    pub transport: AsyncSmtpTransport<Tokio1Executor>,
    pub from: Mailbox,
    pub timeout: Duration,
    pub budget: Budget,
}

impl MailSettings {
    /// These settings with only a server and a sender.
    pub fn to(host: impl Into<String>, from: impl Into<String>) -> Self {
        Self {
            host: host.into(),
            port: None,
            security: Security::default(),
            from: from.into(),
            user: String::new(),
            ca: Vec::new(),
            timeout_seconds: thirty(),
            per_minute: thirty_mails(),
        }
    }

    fn is_here(&self) -> bool {
        self.host == "localhost" || self.host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }

    pub(super) fn check(
        &self,
        kind: &'static str,
        password: Option<Secret>,
    ) -> Result<Checked, BuildError> {
        let wrong = |field, problem| BuildError::Value {
            kind,
            field,
            problem,
        };
        let host = self.host.trim();
        if host.is_empty()
            || host.len() > 253
            || host.contains(|c: char| c.is_whitespace() || c == '/')
        {
            return Err(wrong("host", "url"));
        }
        let from: Mailbox = self
            .from
            .trim()
            .parse()
            .map_err(|_| wrong("from", "mailbox"))?;
        if !(1..=120).contains(&self.timeout_seconds) {
            return Err(wrong("timeout_seconds", "out_of_range"));
        }
        if self.per_minute > 6000 {
            return Err(wrong("per_minute", "out_of_range"));
        }
        let (tls, port) = match self.security {
            Security::None if !self.is_here() => return Err(wrong("security", "unencrypted")),
            Security::None if !self.user.is_empty() => {
                return Err(wrong("security", "unencrypted"));
            }
            Security::None => (Tls::None, 25),
            Security::Starttls => (Tls::Required(self.parameters(kind)?), 587),
            Security::Tls => (Tls::Wrapper(self.parameters(kind)?), 465),
        };
        // "dangerous" is the library's word for what has no TLS yet; it is set in the same breath.
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
            .port(self.port.unwrap_or(port))
            .timeout(Some(Duration::from_secs(self.timeout_seconds)))
            .tls(tls);
        if !self.user.is_empty() {
            let Some(password) = password else {
                return Err(wrong("password", "no_password"));
            };
            builder = builder.credentials(Credentials::new(
                self.user.clone(),
                password.expose().to_owned(),
            ));
        }
        Ok(Checked {
            transport: builder.build(),
            from,
            timeout: Duration::from_secs(self.timeout_seconds),
            budget: Budget {
                per_minute: self.per_minute,
                burst: (self.per_minute / 3).max(1),
            },
        })
    }

    fn parameters(&self, kind: &'static str) -> Result<TlsParameters, BuildError> {
        // one provider a process; whoever installed one before us did the same
        let _ = rustls::crypto::ring::default_provider().install_default();
        let wrong = |field, problem| BuildError::Value {
            kind,
            field,
            problem,
        };
        let mut builder = TlsParameters::builder(self.host.trim().to_owned());
        for pem in &self.ca {
            // The library takes a text without any certificate for an authority that signs nothing.
            if !pem.contains("-----BEGIN CERTIFICATE-----") {
                return Err(wrong("ca", "certificate"));
            }
            let authority =
                Certificate::from_pem(pem.as_bytes()).map_err(|_| wrong("ca", "certificate"))?;
            builder = builder.add_root_certificate(authority);
        }
        builder.build().map_err(|_| wrong("ca", "client"))
    }
}

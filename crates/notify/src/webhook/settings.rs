//! The channel's settings, and what they may be.

use super::guard::Allowed;
use crate::bucket::Budget;
use crate::registry::BuildError;
use reqwest::{Certificate, Url};
use serde::Deserialize;
use std::time::Duration;

/// Ends of the keys `channel.setting.` that a wrong value can lead to.
pub const PROBLEMS: [&str; 8] = [
    "out_of_range",
    "url",
    "url_scheme",
    "url_credentials",
    "http_not_allowed",
    "network",
    "certificate",
    "client",
];

/// As in the configuration; the secrets `secret` and `token` come beside them.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookSettings {
    /// Where to.
    pub url: String,
    /// Networks (`10.0.0.0/8`, `192.168.1.7`) that may be called although they are private or this machine's own. Link-local addresses,
    /// multicast and clouds' metadata services never may.
    #[serde(default)]
    pub allow: Vec<String>,
    /// Also `http://`: what is sent can be read and changed on the way.
    #[serde(default)]
    pub allow_http: bool,
    /// Further certificate authorities, PEM.
    #[serde(default)]
    pub ca: Vec<String>,
    /// For the whole exchange, 1 to 60.
    #[serde(default = "ten")]
    pub timeout_seconds: u64,
    /// At most so many a minute, a third of them at once; 0: without limit.
    #[serde(default = "sixty")]
    pub per_minute: u32,
}

fn ten() -> u64 {
    10
}

fn sixty() -> u32 {
    60
}

/// The same, parsed.
pub(super) struct Checked {
    pub url: Url,
    pub allowed: Allowed,
    pub authorities: Vec<Certificate>,
    pub timeout: Duration,
    pub budget: Budget,
}

impl WebhookSettings {
    /// These settings with only a URL.
    pub fn to(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            allow: Vec::new(),
            allow_http: false,
            ca: Vec::new(),
            timeout_seconds: ten(),
            per_minute: sixty(),
        }
    }

    pub(super) fn check(&self, kind: &'static str) -> Result<Checked, BuildError> {
        let wrong = |field, problem| BuildError::Value {
            kind,
            field,
            problem,
        };
        let url = Url::parse(self.url.trim()).map_err(|_| wrong("url", "url"))?;
        match url.scheme() {
            "https" => {}
            "http" if self.allow_http => {}
            "http" => return Err(wrong("url", "http_not_allowed")),
            _ => return Err(wrong("url", "url_scheme")),
        }
        if !url.has_host() {
            return Err(wrong("url", "url"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong("url", "url_credentials"));
        }
        let allowed = Allowed::parse(&self.allow).map_err(|_| wrong("allow", "network"))?;
        let mut authorities = Vec::new();
        for pem in &self.ca {
            let bundle = Certificate::from_pem_bundle(pem.as_bytes())
                .ok()
                .filter(|b| !b.is_empty());
            authorities.extend(bundle.ok_or_else(|| wrong("ca", "certificate"))?);
        }
        if !(1..=60).contains(&self.timeout_seconds) {
            return Err(wrong("timeout_seconds", "out_of_range"));
        }
        if self.per_minute > 6000 {
            return Err(wrong("per_minute", "out_of_range"));
        }
        Ok(Checked {
            url,
            allowed,
            authorities,
            timeout: Duration::from_secs(self.timeout_seconds),
            budget: Budget {
                per_minute: self.per_minute,
                burst: (self.per_minute / 3).max(1),
            },
        })
    }
}

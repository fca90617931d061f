//! Stores of traces: `[[trace_source]]`.

use super::check::Walk;
use super::{Config, Source};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// The name of the store that the demonstration starts.
pub const DEMO: &str = "demo";

/// One store of traces.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct TraceSource {
    /// Unique name.
    pub name: String,
    /// A kind of the registry: `jaeger`.
    pub kind: String,
    /// Address.
    pub url: String,
    /// `none`, `basic` or `bearer`.
    pub auth: String,
    /// User for `basic`.
    pub user: String,
    /// Name of the stored secret: password for `basic`, token for `bearer`.
    pub secret: String,
    /// PEM file of the authority that signed the server's certificate.
    pub ca_file: Option<PathBuf>,
    /// PEM file of our certificate.
    pub client_cert_file: Option<PathBuf>,
    /// Name of the stored secret that holds our certificate's key (PEM).
    pub client_key_secret: String,
    /// Seconds from asking to the end of the answer.
    pub timeout_seconds: Option<f64>,
    /// MiB an answer may have.
    pub max_answer_mib: Option<u64>,
}

impl TraceSource {
    /// How it is reached, as a source of metrics is.
    pub fn reached(&self) -> Source {
        Source {
            name: self.name.clone(),
            kind: self.kind.clone(),
            url: self.url.clone(),
            auth: self.auth.clone(),
            user: self.user.clone(),
            secret: self.secret.clone(),
            ca_file: self.ca_file.clone(),
            client_cert_file: self.client_cert_file.clone(),
            client_key_secret: self.client_key_secret.clone(),
            timeout_seconds: self.timeout_seconds.or(Some(30.0)),
            max_answer_mib: self.max_answer_mib.or(Some(256)),
            ..Source::default()
        }
    }
}

impl Walk<'_> {
    pub(super) fn trace_sources(&mut self, config: &mut Config) {
        let mut names: BTreeSet<String> = [DEMO.to_owned()].into();
        let mut i = 0;
        let mut sources = std::mem::take(&mut config.trace_source);
        sources.retain(|s| {
            let good = self.reachable("trace_source", i, &s.reached(), &names);
            names.insert(s.name.clone());
            i += 1;
            good
        });
        config.trace_source = sources;
    }
}

//! Registries of services: `[[registry]]`.

use super::check::Walk;
use super::{Config, Source};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// One registry of services and configuration keys.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Registry {
    /// Unique name.
    pub name: String,
    /// A kind of [`source::REGISTRY_KINDS`].
    pub kind: String,
    /// Address.
    pub url: String,
    /// `none`, `basic` (etcd's login) or `bearer` (Consul's token).
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
    /// Seconds for a question that does not wait for a change.
    pub timeout_seconds: Option<f64>,
    /// Only these services; all when empty.
    pub services: Vec<String>,
    /// Where services are registered in etcd.
    pub services_prefix: String,
    /// Whether services are scraped.
    pub scrape: bool,
    /// Only instances with this tag are scraped.
    pub scrape_tag: String,
    /// The page that is scraped.
    pub metrics_path: String,
    /// Seconds between two scrapes.
    pub scrape_interval_seconds: Option<f64>,
    /// Keys that begin so are watched.
    pub keys: Vec<String>,
    /// Whether the values of these keys may be kept and shown.
    pub keep_values: bool,
}

impl Registry {
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
            timeout_seconds: self.timeout_seconds,
            ..Source::default()
        }
    }
}

impl Walk<'_> {
    pub(super) fn registries(&mut self, config: &mut Config) {
        let mut names: BTreeSet<String> = BTreeSet::new();
        let mut i = 0;
        let mut all = std::mem::take(&mut config.registry);
        all.retain(|r| {
            let good = self.reachable("registry", i, &r.reached(), &names) & self.registry(i, r);
            names.insert(r.name.clone());
            i += 1;
            good
        });
        config.registry = all;
    }

    /// What this kind cannot do, and what would be asked for in vain.
    fn registry(&mut self, i: usize, r: &Registry) -> bool {
        let wrong_login = match r.kind.as_str() {
            "etcd" => r.auth == "bearer",
            "consul" => r.auth == "basic",
            _ => false,
        };
        let wrong_path = !r.metrics_path.is_empty() && !r.metrics_path.starts_with('/');
        for (wrong, key, known) in [
            (
                wrong_login,
                "auth",
                if r.kind == "etcd" {
                    "none, basic"
                } else {
                    "none, bearer"
                },
            ),
            (wrong_path, "metrics_path", "/…"),
        ] {
            if wrong {
                let line = self.line(&format!("registry.{i}.{key}"));
                let path = format!("registry.{key}");
                self.add("config_one_of", line, &path, &[("known", known.to_owned())]);
            }
        }
        !wrong_login && !wrong_path
    }
}

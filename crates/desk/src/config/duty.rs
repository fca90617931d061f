//! The configuration's part about alerts: where they come from, who is told, when and how.

use super::Source;
use serde::Deserialize;
use std::path::PathBuf;

/// The alert desk.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Duty {
    /// Id of the person who uses this desk; empty: the first one, or the login name.
    pub person: String,
    /// Minutes an acknowledgement holds; 0: until the alert is over.
    pub ack_minutes: f64,
    /// Labels over which acknowledgements are mirrored to Alertmanagers; empty: not unless asked for.
    pub mirror_labels: Vec<String>,
    /// An alert that fires again within so many minutes is the same episode.
    pub reopen_minutes: f64,
    /// Minutes over which P2 notices are collected.
    pub collect_p2_minutes: f64,
    /// Minutes over which P3 notices are collected.
    pub collect_p3_minutes: f64,
    /// Days that closed alerts are kept.
    pub retention_days: u32,
    /// Address of the webhook listener; empty: none.
    pub listen: String,
    /// The listener may be reached from other machines.
    pub listen_beyond_loopback: bool,
    /// Name of the stored token that senders must show.
    pub listen_secret: String,
    /// The rota whose primary and manager the default policies tell; empty: all rotas together.
    pub rota: String,
    /// Address of the server of calendars to subscribe to, on this machine; empty: none.
    pub calendar_listen: String,
    /// The built-in rules are evaluated.
    pub builtin_rules: Option<bool>,
    /// Directory of further Prometheus rule files.
    pub rules_dir: Option<PathBuf>,
    /// Seconds between two evaluations of groups that say nothing.
    pub rules_interval_seconds: f64,
}

impl Default for Duty {
    fn default() -> Self {
        Self {
            person: String::new(),
            ack_minutes: 60.0,
            mirror_labels: Vec::new(),
            reopen_minutes: 5.0,
            collect_p2_minutes: 5.0,
            collect_p3_minutes: 30.0,
            retention_days: 400,
            listen: String::new(),
            listen_beyond_loopback: false,
            listen_secret: String::new(),
            rota: String::new(),
            calendar_listen: String::new(),
            builtin_rules: None,
            rules_dir: None,
            rules_interval_seconds: 30.0,
        }
    }
}

/// One source of alerts.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct AlertSource {
    /// Unique name.
    pub name: String,
    /// `alertmanager` or `prometheus`.
    pub kind: String,
    /// Address.
    pub url: String,
    /// `none`, `basic` or `bearer`.
    pub auth: String,
    /// User for `basic`.
    pub user: String,
    /// Name of the stored secret.
    pub secret: String,
    /// PEM file of the authority that signed the server's certificate.
    pub ca_file: Option<PathBuf>,
    /// PEM file of our certificate.
    pub client_cert_file: Option<PathBuf>,
    /// Name of the stored secret that holds our certificate's key (PEM).
    pub client_key_secret: String,
    /// Seconds from asking to the end of the answer.
    pub timeout_seconds: Option<f64>,
    /// Seconds between two questions; asked less often when the server is slow.
    pub poll_seconds: Option<f64>,
}

impl AlertSource {
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

/// A person.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Person {
    /// Unique.
    pub id: String,
    /// As shown.
    pub name: String,
    /// Phone number.
    pub phone: String,
    /// Mail address.
    pub email: String,
}

/// A group of persons, or a role: `duty` and `lead` are those of the default policies.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Group {
    /// Unique.
    pub name: String,
    /// Ids of persons.
    pub people: Vec<String>,
}

/// A line of the mapping from labels to levels.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct LevelLine {
    /// The label.
    pub label: String,
    /// Its value.
    pub value: String,
    /// `P0` to `P3`.
    pub level: String,
}

/// A policy of escalation.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// Unique.
    pub name: String,
    /// For this level.
    pub level: String,
    /// And only for alerts with these labels.
    pub matchers: Vec<String>,
    /// What is done when.
    pub step: Vec<Step>,
    /// After the last step it begins anew every so many minutes; 0: never.
    pub repeat_minutes: f64,
    /// So many times.
    pub repeat_times: u32,
}

/// A step.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Step {
    /// Minutes without acknowledgement.
    pub after_minutes: f64,
    /// Ids of persons, names of groups, roles of rotas (`platform/primary`), or `all`.
    pub to: Vec<String>,
    /// Kinds of channels.
    pub channels: Vec<String>,
    /// Where `to` stands in the file: rotas are known only when the database is.
    #[serde(skip)]
    pub line: usize,
}

/// An alert that explains others.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Inhibit {
    /// Conditions on the one that explains.
    pub source: Vec<String>,
    /// Conditions on those that it explains.
    pub target: Vec<String>,
    /// Labels in which both must be equal.
    pub equal: Vec<String>,
}

/// Hours in which less urgent notices wait.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Quiet {
    /// Whose; empty: everybody's.
    pub people: Vec<String>,
    /// Which levels wait; empty: P2 and P3.
    pub levels: Vec<String>,
    /// `22:00`
    pub from: String,
    /// `08:00`
    pub to: String,
}

/// A maintenance window that comes every week, or once.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Maintenance {
    /// What is done.
    pub title: String,
    /// Which alerts.
    pub matchers: Vec<String>,
    /// `mon` to `sun`; empty: once.
    pub weekdays: Vec<String>,
    /// `02:00`, or `2026-11-22 02:00` for once.
    pub at: String,
    /// How long; an hour where nothing is said.
    pub minutes: Option<f64>,
}

/// The generic webhook.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Webhook {
    /// Address; empty: no such channel.
    pub url: String,
    /// Name of the stored key with which bodies are signed.
    pub secret: String,
    /// `http` is allowed, not only `https`.
    pub allow_http: bool,
    /// Hosts and networks on private addresses that may be reached.
    pub allow: Vec<String>,
}

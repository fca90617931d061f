//! Every key of the configuration.

/// What a value must be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// Text.
    Text,
    /// A list of texts.
    Texts,
    /// One of these texts.
    OneOf(&'static [&'static str]),
    /// `true` or `false`.
    Bool,
    /// A number within these bounds.
    Number(f64, f64),
    /// A whole number within these bounds.
    Whole(i64, i64),
    /// A path of the file system.
    Path,
    /// `[table]`.
    Table,
    /// `[[table]]`.
    Tables,
}

/// One key.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// Full path; `source.url` is `url` in each `[[source]]`. Its description is locale key `config.<path with _ for .>`.
    pub path: &'static str,
    /// What it must be.
    pub kind: Kind,
    /// What counts when it is left out, as it would be written; empty when nothing.
    pub default: &'static str,
    /// Whether it must be there.
    pub required: bool,
}

const fn key(path: &'static str, kind: Kind, default: &'static str) -> Key {
    Key {
        path,
        kind,
        default,
        required: false,
    }
}

const fn must(path: &'static str, kind: Kind) -> Key {
    Key {
        path,
        kind,
        default: "",
        required: true,
    }
}

/// Largest number of seconds that makes sense for an interval or a time limit.
const HOUR: f64 = 3600.0;

/// Kinds of stores of logs: the one inside the program, the database, and what is reached over HTTP.
pub const LOG_STORES: &[&str] = &[
    "embedded",
    "postgresql",
    "loki",
    "victorialogs",
    "elasticsearch",
];

/// Names of the levels.
pub const LEVELS: &[&str] = &["P0", "P1", "P2", "P3"];

/// All keys in the order of the reference.
pub const KEYS: &[Key] = &[
    key("locale", Kind::OneOf(&["zh-CN", "en"]), "\"zh-CN\""),
    key("theme", Kind::OneOf(&["dark", "calm"]), "\"dark\""),
    key("time_zone", Kind::Text, "\"Asia/Shanghai\""),
    key("board", Kind::Text, "\"overview\""),
    key("data_dir", Kind::Path, ""),
    key("boards_dir", Kind::Path, ""),
    key("wall", Kind::Table, ""),
    key("wall.kiosk", Kind::Bool, "false"),
    key("wall.viewing_distance", Kind::Number(0.0, 50.0), "0.0"),
    key("wall.screen_inches", Kind::Number(5.0, 1000.0), "55.0"),
    key("wall.dwell_seconds", Kind::Number(3.0, 86_400.0), "30.0"),
    key("wall.director", Kind::OneOf(&["off", "P0", "P1"]), "\"P1\""),
    key("wall.stay_acknowledged", Kind::Bool, "true"),
    key("wall.return_seconds", Kind::Number(0.0, HOUR), "10.0"),
    key("wall.soft_mib", Kind::Whole(0, 65_536), "512"),
    key("wall.hard_mib", Kind::Whole(0, 65_536), "1024"),
    key("wall.dim_from", Kind::Text, "\"\""),
    key("wall.dim_to", Kind::Text, "\"\""),
    key("wall.brightness", Kind::Number(0.05, 1.0), "0.5"),
    key("wall.off_from", Kind::Text, "\"\""),
    key("wall.off_to", Kind::Text, "\"\""),
    key("wall.off_weekdays", Kind::Texts, "[]"),
    key("wall.shift_minutes", Kind::Number(0.0, 1440.0), "5.0"),
    key("wall.shift_pixels", Kind::Whole(0, 16), "2"),
    key("wall.rotation", Kind::Tables, ""),
    must("wall.rotation.board", Kind::Text),
    key(
        "wall.rotation.dwell_seconds",
        Kind::Number(3.0, 86_400.0),
        "",
    ),
    key("wall.rotation.from", Kind::Text, "\"\""),
    key("wall.rotation.to", Kind::Text, "\"\""),
    key("wall.rotation.weekdays", Kind::Texts, "[]"),
    key("wall.rotation.screen", Kind::Text, "\"\""),
    key("wall.screen", Kind::Tables, ""),
    must("wall.screen.output", Kind::Text),
    key("wall.screen.boards", Kind::Texts, "[]"),
    key("wall.screen.grid", Kind::Text, "\"1x1\""),
    key("wall.screen.cell", Kind::Text, "\"1,1\""),
    key("wall.screen.director", Kind::Bool, ""),
    key("source", Kind::Tables, ""),
    must("source.name", Kind::Text),
    must(
        "source.kind",
        Kind::OneOf(&["prometheus", "influxdb1", "influxdb2", "influxdb3"]),
    ),
    must("source.url", Kind::Text),
    key(
        "source.auth",
        Kind::OneOf(&["none", "basic", "bearer"]),
        "\"none\"",
    ),
    key("source.user", Kind::Text, ""),
    key("source.secret", Kind::Text, ""),
    key("source.ca_file", Kind::Path, ""),
    key("source.client_cert_file", Kind::Path, ""),
    key("source.client_key_secret", Kind::Text, ""),
    key("source.timeout_seconds", Kind::Number(0.1, HOUR), "10.0"),
    key("source.max_answer_mib", Kind::Whole(1, 1024), "64"),
    key("source.gzip", Kind::Bool, "false"),
    key("source.database", Kind::Text, ""),
    key("source.organization", Kind::Text, ""),
    key(
        "source.scrape_interval_seconds",
        Kind::Number(0.5, HOUR),
        "30.0",
    ),
    key("log_store", Kind::Tables, ""),
    must("log_store.name", Kind::Text),
    must("log_store.kind", Kind::OneOf(LOG_STORES)),
    key("log_store.url", Kind::Text, ""),
    key(
        "log_store.auth",
        Kind::OneOf(&["none", "basic", "bearer"]),
        "\"none\"",
    ),
    key("log_store.user", Kind::Text, ""),
    key("log_store.secret", Kind::Text, ""),
    key("log_store.ca_file", Kind::Path, ""),
    key("log_store.client_cert_file", Kind::Path, ""),
    key("log_store.client_key_secret", Kind::Text, ""),
    key("log_store.timeout_seconds", Kind::Number(0.1, HOUR), "10.0"),
    key("log_store.retention_days", Kind::Whole(1, 3650), "30"),
    key("log_store.retention_mib", Kind::Whole(16, 1 << 20), "4096"),
    key("log_store.write_user", Kind::Text, ""),
    key("log_store.write_secret", Kind::Text, ""),
    key("log_store.keep_user", Kind::Text, ""),
    key("log_store.keep_secret", Kind::Text, ""),
    key("log_store.hot_days", Kind::Whole(1, 3650), "7"),
    key("log_store.warm_days", Kind::Whole(1, 3650), "30"),
    key("log_store.cold_days", Kind::Whole(1, 3650), "90"),
    key("log_store.cold_dir", Kind::Path, ""),
    key("log_store.scope", Kind::Text, ""),
    key("log_store.table", Kind::Table, ""),
    must("log_store.table.name", Kind::Text),
    must("log_store.table.time", Kind::Text),
    key("log_store.table.time_zone", Kind::Text, ""),
    key(
        "log_store.table.time_unit",
        Kind::OneOf(&["s", "ms", "us", "ns"]),
        "",
    ),
    key("log_store.table.id", Kind::Text, ""),
    key("log_store.table.level", Kind::Text, ""),
    key("log_store.table.category", Kind::Text, ""),
    key("log_store.table.service", Kind::Text, ""),
    key("log_store.table.host", Kind::Text, ""),
    must("log_store.table.message", Kind::Text),
    key("log_store.table.trace_id", Kind::Text, ""),
    key("log_store.table.span_id", Kind::Text, ""),
    key("log_store.table.attrs", Kind::Text, ""),
    key("log_store.table.extra", Kind::Texts, "[]"),
    key("log_store.fields", Kind::Table, ""),
    key("log_store.fields.level", Kind::Text, ""),
    key("log_store.fields.category", Kind::Text, ""),
    key("log_store.fields.service", Kind::Text, ""),
    key("log_store.fields.host", Kind::Text, ""),
    key("log_store.fields.message", Kind::Text, ""),
    key("log_store.fields.trace_id", Kind::Text, ""),
    key("log_store.fields.span_id", Kind::Text, ""),
    key("embedded", Kind::Table, ""),
    key("embedded.host", Kind::Bool, "true"),
    key("embedded.interval_seconds", Kind::Number(0.5, HOUR), "5.0"),
    key("embedded.retention_days", Kind::Whole(1, 3650), "15"),
    key("embedded.retention_mib", Kind::Whole(16, 1 << 20), "2048"),
    key("embedded.listen", Kind::Text, "\"\""),
    key("embedded.scrape", Kind::Tables, ""),
    must("embedded.scrape.job", Kind::Text),
    must("embedded.scrape.url", Kind::Text),
    key(
        "embedded.scrape.interval_seconds",
        Kind::Number(0.5, HOUR),
        "15.0",
    ),
    key(
        "embedded.scrape.timeout_seconds",
        Kind::Number(0.1, HOUR),
        "10.0",
    ),
    key("embedded.scrape.honor_labels", Kind::Bool, "false"),
    key(
        "embedded.scrape.auth",
        Kind::OneOf(&["none", "basic", "bearer"]),
        "\"none\"",
    ),
    key("embedded.scrape.user", Kind::Text, ""),
    key("embedded.scrape.secret", Kind::Text, ""),
    key("embedded.scrape.ca_file", Kind::Path, ""),
    key("duty", Kind::Table, ""),
    key("duty.person", Kind::Text, "\"\""),
    key("duty.ack_minutes", Kind::Number(0.0, 10080.0), "60.0"),
    key("duty.mirror_labels", Kind::Texts, "[]"),
    key("duty.reopen_minutes", Kind::Number(0.0, 1440.0), "5.0"),
    key("duty.collect_p2_minutes", Kind::Number(0.0, 1440.0), "5.0"),
    key("duty.collect_p3_minutes", Kind::Number(0.0, 1440.0), "30.0"),
    key("duty.retention_days", Kind::Whole(1, 3650), "400"),
    key("duty.listen", Kind::Text, "\"\""),
    key("duty.listen_beyond_loopback", Kind::Bool, "false"),
    key("duty.listen_secret", Kind::Text, ""),
    key("duty.rota", Kind::Text, "\"\""),
    key("duty.calendar_listen", Kind::Text, "\"\""),
    key("duty.builtin_rules", Kind::Bool, ""),
    key("duty.rules_dir", Kind::Path, ""),
    key(
        "duty.rules_interval_seconds",
        Kind::Number(1.0, HOUR),
        "30.0",
    ),
    key("trace_source", Kind::Tables, ""),
    must("trace_source.name", Kind::Text),
    must("trace_source.kind", Kind::OneOf(&["jaeger"])),
    must("trace_source.url", Kind::Text),
    key(
        "trace_source.auth",
        Kind::OneOf(&["none", "basic", "bearer"]),
        "\"none\"",
    ),
    key("trace_source.user", Kind::Text, ""),
    key("trace_source.secret", Kind::Text, ""),
    key("trace_source.ca_file", Kind::Path, ""),
    key("trace_source.client_cert_file", Kind::Path, ""),
    key("trace_source.client_key_secret", Kind::Text, ""),
    key(
        "trace_source.timeout_seconds",
        Kind::Number(0.1, HOUR),
        "30.0",
    ),
    key("trace_source.max_answer_mib", Kind::Whole(1, 1024), "256"),
    key("registry", Kind::Tables, ""),
    must("registry.name", Kind::Text),
    must("registry.kind", Kind::OneOf(&["etcd", "consul"])),
    must("registry.url", Kind::Text),
    key(
        "registry.auth",
        Kind::OneOf(&["none", "basic", "bearer"]),
        "\"none\"",
    ),
    key("registry.user", Kind::Text, ""),
    key("registry.secret", Kind::Text, ""),
    key("registry.ca_file", Kind::Path, ""),
    key("registry.client_cert_file", Kind::Path, ""),
    key("registry.client_key_secret", Kind::Text, ""),
    key("registry.timeout_seconds", Kind::Number(0.1, HOUR), "10.0"),
    key("registry.services", Kind::Texts, "[]"),
    key("registry.services_prefix", Kind::Text, "\"/services/\""),
    key("registry.scrape", Kind::Bool, "false"),
    key("registry.scrape_tag", Kind::Text, "\"\""),
    key("registry.metrics_path", Kind::Text, "\"/metrics\""),
    key(
        "registry.scrape_interval_seconds",
        Kind::Number(0.5, HOUR),
        "15.0",
    ),
    key("registry.keys", Kind::Texts, "[]"),
    key("registry.keep_values", Kind::Bool, "false"),
    key("alert_source", Kind::Tables, ""),
    must("alert_source.name", Kind::Text),
    must(
        "alert_source.kind",
        Kind::OneOf(&["alertmanager", "prometheus"]),
    ),
    must("alert_source.url", Kind::Text),
    key(
        "alert_source.auth",
        Kind::OneOf(&["none", "basic", "bearer"]),
        "\"none\"",
    ),
    key("alert_source.user", Kind::Text, ""),
    key("alert_source.secret", Kind::Text, ""),
    key("alert_source.ca_file", Kind::Path, ""),
    key("alert_source.client_cert_file", Kind::Path, ""),
    key("alert_source.client_key_secret", Kind::Text, ""),
    key(
        "alert_source.timeout_seconds",
        Kind::Number(0.1, HOUR),
        "10.0",
    ),
    key("alert_source.poll_seconds", Kind::Number(1.0, HOUR), "5.0"),
    key("person", Kind::Tables, ""),
    must("person.id", Kind::Text),
    must("person.name", Kind::Text),
    key("person.phone", Kind::Text, ""),
    key("person.email", Kind::Text, ""),
    key("group", Kind::Tables, ""),
    must("group.name", Kind::Text),
    must("group.people", Kind::Texts),
    key("level", Kind::Tables, ""),
    must("level.label", Kind::Text),
    must("level.value", Kind::Text),
    must("level.level", Kind::OneOf(LEVELS)),
    key("policy", Kind::Tables, ""),
    must("policy.name", Kind::Text),
    must("policy.level", Kind::OneOf(LEVELS)),
    key("policy.matchers", Kind::Texts, "[]"),
    key("policy.repeat_minutes", Kind::Number(0.0, 10080.0), "0.0"),
    key("policy.repeat_times", Kind::Whole(0, 100), "0"),
    key("policy.step", Kind::Tables, ""),
    key(
        "policy.step.after_minutes",
        Kind::Number(0.0, 10080.0),
        "0.0",
    ),
    must("policy.step.to", Kind::Texts),
    must("policy.step.channels", Kind::Texts),
    key("inhibit", Kind::Tables, ""),
    must("inhibit.source", Kind::Texts),
    must("inhibit.target", Kind::Texts),
    key("inhibit.equal", Kind::Texts, "[]"),
    key("quiet", Kind::Tables, ""),
    key("quiet.people", Kind::Texts, "[]"),
    key("quiet.levels", Kind::Texts, "[]"),
    must("quiet.from", Kind::Text),
    must("quiet.to", Kind::Text),
    key("maintenance", Kind::Tables, ""),
    must("maintenance.title", Kind::Text),
    must("maintenance.matchers", Kind::Texts),
    key("maintenance.weekdays", Kind::Texts, "[]"),
    must("maintenance.at", Kind::Text),
    key("maintenance.minutes", Kind::Number(1.0, 10080.0), "60.0"),
    key("webhook", Kind::Table, ""),
    key("webhook.url", Kind::Text, "\"\""),
    key("webhook.secret", Kind::Text, ""),
    key("webhook.allow_http", Kind::Bool, "false"),
    key("webhook.allow", Kind::Texts, "[]"),
    key("mail", Kind::Table, ""),
    key("mail.host", Kind::Text, "\"\""),
    key("mail.port", Kind::Whole(1, 65_535), ""),
    key(
        "mail.security",
        Kind::OneOf(&["starttls", "tls", "none"]),
        "\"starttls\"",
    ),
    key("mail.from", Kind::Text, "\"\""),
    key("mail.user", Kind::Text, "\"\""),
    key("mail.secret", Kind::Text, ""),
    key("mail.ca_file", Kind::Path, ""),
    key("report", Kind::Tables, ""),
    must("report.kind", Kind::OneOf(&["daily", "weekly", "monthly"])),
    key("report.at", Kind::Text, "\"08:00\""),
    key("report.weekday", Kind::Whole(1, 7), "1"),
    key("report.day", Kind::Whole(1, 31), "1"),
    key("report.formats", Kind::Texts, "[\"pdf\", \"html\"]"),
    key("report.folder", Kind::Path, ""),
    key("report.mail_to", Kind::Texts, "[]"),
    key("report.keep", Kind::Whole(1, 10_000), "60"),
    key("report.promise", Kind::Number(0.0, 100.0), "99.9"),
    key("demo", Kind::Table, ""),
    key("demo.enabled", Kind::Bool, ""),
    key("demo.seed", Kind::Whole(0, i64::MAX), "1"),
    key("demo.incidents", Kind::Bool, "true"),
    key("demo.log_lines_per_second", Kind::Number(0.0, 20_000.0), ""),
    key("demo.log_store", Kind::Text, "\"\""),
];

/// The key with this path.
pub fn find(path: &str) -> Option<&'static Key> {
    KEYS.iter().find(|k| k.path == path)
}

/// Names of the keys directly in `table` (empty for the file itself).
pub fn children(table: &str) -> impl Iterator<Item = &'static Key> {
    let depth = if table.is_empty() {
        0
    } else {
        table.split('.').count()
    };
    let prefix = if table.is_empty() {
        String::new()
    } else {
        format!("{table}.")
    };
    KEYS.iter()
        .filter(move |k| k.path.starts_with(&prefix) && k.path.split('.').count() == depth + 1)
}

impl Key {
    /// The last part of the path.
    pub fn name(&self) -> &'static str {
        self.path.rsplit('.').next().unwrap_or(self.path)
    }

    /// Locale key of the description.
    pub fn text_key(&self) -> String {
        format!("config.{}", self.path.replace('.', "_"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_the_registry_can_be_configured() {
        let known: Vec<&str> = source::registry::KINDS.iter().map(|k| k.name).collect();
        let Some(Kind::OneOf(listed)) = find("source.kind").map(|k| k.kind) else {
            panic!("source.kind")
        };
        assert_eq!(listed, known);
        let known: Vec<&str> = source::TRACE_KINDS.iter().map(|k| k.name).collect();
        let Some(Kind::OneOf(listed)) = find("trace_source.kind").map(|k| k.kind) else {
            panic!("trace_source.kind")
        };
        assert_eq!(listed, known);
        let known: Vec<&str> = source::REGISTRY_KINDS.iter().map(|k| k.name).collect();
        let Some(Kind::OneOf(listed)) = find("registry.kind").map(|k| k.kind) else {
            panic!("registry.kind")
        };
        assert_eq!(listed, known);
    }
}

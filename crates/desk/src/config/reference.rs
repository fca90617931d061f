//! The reference of the configuration and a sample file, both made from the schema.

use super::schema::{KEYS, Key, Kind};
use crate::texts::plain;
use std::fmt::Write;

/// `docs/configuration.<locale>.md`.
pub fn markdown(locale: &str) -> String {
    let mut out = format!(
        "# {}\n\n{}\n\n```toml\n{}```\n",
        plain(locale, "config.title"),
        plain(locale, "config.intro"),
        sample()
    );
    let mut open = false;
    for key in KEYS {
        if matches!(key.kind, Kind::Table | Kind::Tables) {
            let brackets = if key.kind == Kind::Tables {
                format!("[[{}]]", key.path)
            } else {
                format!("[{}]", key.path)
            };
            let _ = writeln!(
                out,
                "\n## `{brackets}`\n\n{}\n",
                plain(locale, &key.text_key())
            );
            head(&mut out, locale);
            open = true;
            continue;
        }
        if !open {
            out.push('\n');
            head(&mut out, locale);
            open = true;
        }
        row(&mut out, key, locale);
    }
    out
}

fn head(out: &mut String, locale: &str) {
    let names = ["key", "value", "default", "meaning"]
        .map(|n| plain(locale, &format!("config.column_{n}")));
    let _ = writeln!(out, "| {} |\n| --- | --- | --- | --- |", names.join(" | "));
}

fn row(out: &mut String, key: &Key, locale: &str) {
    let default = match (key.required, key.default) {
        (true, _) => plain(locale, "config.required"),
        (false, "") => "–".to_owned(),
        (false, d) => format!("`{d}`"),
    };
    let _ = writeln!(
        out,
        "| `{}` | {} | {} | {} |",
        key.path,
        kind(key.kind, locale),
        default,
        plain(locale, &key.text_key())
    );
}

fn kind(kind: Kind, locale: &str) -> String {
    match kind {
        Kind::OneOf(known) => known
            .iter()
            .map(|k| format!("`\"{k}\"`"))
            .collect::<Vec<_>>()
            .join(" "),
        Kind::Number(min, max) => format!("{min} – {max}"),
        Kind::Whole(min, max) if max == i64::MAX => format!("≥ {min}"),
        Kind::Whole(min, max) => format!("{min} – {max}"),
        Kind::Bool => "`true` `false`".into(),
        Kind::Text => plain(locale, "config.kind_text"),
        Kind::Texts => plain(locale, "config.kind_texts"),
        Kind::Path => plain(locale, "config.kind_path"),
        Kind::Table | Kind::Tables => String::new(),
    }
}

/// A file with every key.
pub fn sample() -> String {
    let mut out = String::new();
    for key in KEYS {
        match key.kind {
            Kind::Table => {
                let _ = writeln!(out, "\n[{}]", key.path);
            }
            Kind::Tables => {
                let _ = writeln!(out, "\n[[{}]]", key.path);
            }
            _ => {
                let _ = writeln!(out, "{} = {}", key.name(), example(key));
            }
        }
    }
    out
}

fn example(key: &Key) -> String {
    let example = match key.path {
        "data_dir" => "\"/var/lib/shouwang\"",
        "boards_dir" => "\"/etc/shouwang/boards\"",
        "source.name" => "\"prod\"",
        "source.kind" => "\"prometheus\"",
        "source.url" => "\"https://prometheus.example.com\"",
        "source.auth" => "\"basic\"",
        "source.user" => "\"shouwang\"",
        "source.secret" => "\"prod-password\"",
        "source.ca_file" => "\"/etc/shouwang/ca.pem\"",
        "source.client_cert_file" => "\"/etc/shouwang/client.pem\"",
        "source.client_key_secret" => "\"prod-client-key\"",
        "wall.dim_from" | "wall.off_from" => "\"22:00\"",
        "wall.dim_to" | "wall.off_to" => "\"07:00\"",
        "wall.rotation.board" => "\"overview\"",
        "wall.rotation.dwell_seconds" => "60.0",
        "wall.rotation.from" => "\"08:00\"",
        "wall.rotation.to" => "\"20:00\"",
        "wall.screen.output" => "\"HDMI-1\"",
        "wall.screen.boards" => "[\"overview\"]",
        "wall.screen.director" => "true",
        "source.database" => "\"telegraf\"",
        "source.organization" => "\"ops\"",
        "demo.log_lines_per_second" => "50.0",
        "log_store.name" => "\"prod-logs\"",
        "log_store.kind" => "\"loki\"",
        "log_store.url" => "\"https://loki.example.com\"",
        "log_store.auth" => "\"basic\"",
        "log_store.user" => "\"shouwang\"",
        "log_store.secret" => "\"loki-password\"",
        "log_store.ca_file" => "\"/etc/shouwang/ca.pem\"",
        "log_store.client_cert_file" => "\"/etc/shouwang/client.pem\"",
        "log_store.client_key_secret" => "\"loki-client-key\"",
        "log_store.write_user" => "\"shouwang_writer\"",
        "log_store.write_secret" => "\"logs-writer\"",
        "log_store.keep_user" => "\"shouwang_keeper\"",
        "log_store.keep_secret" => "\"logs-keeper\"",
        "log_store.cold_dir" => "\"/var/lib/shouwang/cold-logs\"",
        "log_store.table.name" => "\"app.access_log\"",
        "log_store.table.time" => "\"created_at\"",
        "log_store.table.time_zone" => "\"Asia/Shanghai\"",
        "log_store.table.time_unit" => "\"ms\"",
        "log_store.table.id" => "\"id\"",
        "log_store.table.level" => "\"severity\"",
        "log_store.table.category" => "\"=app\"",
        "log_store.table.service" => "\"app\"",
        "log_store.table.host" => "\"hostname\"",
        "log_store.table.message" => "\"text\"",
        "log_store.table.trace_id" => "\"trace\"",
        "log_store.table.span_id" => "\"span\"",
        "log_store.table.attrs" => "\"fields\"",
        "log_store.scope" => "'{cluster=\"shop\"}'",
        "log_store.fields.level" => "\"severity\"",
        "log_store.fields.category" => "\"log_category\"",
        "log_store.fields.service" => "\"app\"",
        "log_store.fields.host" => "\"pod\"",
        "log_store.fields.message" => "\"msg\"",
        "log_store.fields.trace_id" => "\"traceID\"",
        "log_store.fields.span_id" => "\"spanID\"",
        "embedded.listen" => "\"127.0.0.1:9099\"",
        "embedded.scrape.job" => "\"node\"",
        "embedded.scrape.url" => "\"http://127.0.0.1:9100/metrics\"",
        "embedded.scrape.auth" => "\"basic\"",
        "embedded.scrape.user" => "\"shouwang\"",
        "embedded.scrape.secret" => "\"node-password\"",
        "embedded.scrape.ca_file" => "\"/etc/shouwang/ca.pem\"",
        "duty.person" => "\"lisi\"",
        "duty.mirror_labels" => "[\"alertname\", \"service\"]",
        "duty.listen" => "\"127.0.0.1:9095\"",
        "duty.listen_secret" => "\"webhook-token\"",
        "duty.builtin_rules" => "true",
        "duty.rules_dir" => "\"/etc/shouwang/rules\"",
        "trace_source.name" => "\"prod-jaeger\"",
        "trace_source.kind" => "\"jaeger\"",
        "trace_source.url" => "\"https://jaeger.example.com\"",
        "trace_source.auth" => "\"bearer\"",
        "trace_source.user" => "\"shouwang\"",
        "trace_source.secret" => "\"jaeger-token\"",
        "trace_source.ca_file" => "\"/etc/shouwang/ca.pem\"",
        "trace_source.client_cert_file" => "\"/etc/shouwang/client.pem\"",
        "trace_source.client_key_secret" => "\"jaeger-client-key\"",
        "registry.name" => "\"prod-etcd\"",
        "registry.kind" => "\"etcd\"",
        "registry.url" => "\"https://etcd.example.com:2379\"",
        "registry.auth" => "\"basic\"",
        "registry.user" => "\"wall\"",
        "registry.secret" => "\"etcd-password\"",
        "registry.ca_file" => "\"/etc/shouwang/ca.pem\"",
        "registry.client_cert_file" => "\"/etc/shouwang/client.pem\"",
        "registry.client_key_secret" => "\"etcd-client-key\"",
        "registry.services" => "[\"order\", \"payment\"]",
        "registry.scrape" => "true",
        "registry.keys" => "[\"/config/\"]",
        "alert_source.name" => "\"prod-am\"",
        "alert_source.kind" => "\"alertmanager\"",
        "alert_source.url" => "\"https://alertmanager.example.com\"",
        "alert_source.auth" => "\"basic\"",
        "alert_source.user" => "\"shouwang\"",
        "alert_source.secret" => "\"am-password\"",
        "alert_source.ca_file" => "\"/etc/shouwang/ca.pem\"",
        "alert_source.client_cert_file" => "\"/etc/shouwang/client.pem\"",
        "alert_source.client_key_secret" => "\"am-client-key\"",
        "person.id" => "\"lisi\"",
        "person.name" => "\"李四\"",
        "person.phone" => "\"13900000000\"",
        "person.email" => "\"lisi@example.com\"",
        "group.name" => "\"duty\"",
        "group.people" | "policy.step.to" | "quiet.people" => "[\"lisi\"]",
        "level.label" => "\"severity\"",
        "level.value" => "\"disaster\"",
        "level.level" | "policy.level" => "\"P0\"",
        "policy.name" => "\"payment\"",
        "policy.matchers" => "[\"service=payment\"]",
        "policy.step.channels" => "[\"popup\", \"sound\"]",
        "inhibit.source" => "[\"severity=critical\"]",
        "inhibit.target" => "[\"severity=warning\"]",
        "inhibit.equal" => "[\"instance\"]",
        "quiet.levels" => "[\"P2\", \"P3\"]",
        "quiet.from" => "\"22:00\"",
        "quiet.to" => "\"08:00\"",
        "maintenance.title" => "\"数据库例行维护\"",
        "maintenance.matchers" => "[\"service=~pg.*\"]",
        "maintenance.weekdays" => "[\"sun\"]",
        "maintenance.at" => "\"02:00\"",
        "mail.host" => "\"smtp.example.com\"",
        "mail.port" => "587",
        "mail.from" => "\"守望 <watch@example.com>\"",
        "mail.user" => "\"watch\"",
        "mail.secret" => "\"mail-password\"",
        "mail.ca_file" => "\"/etc/shouwang/ca.pem\"",
        "report.kind" => "\"weekly\"",
        "report.folder" => "\"/var/lib/shouwang/reports\"",
        "report.mail_to" => "[\"boss@example.com\"]",
        "webhook.url" => "\"https://ops.example.com/hook\"",
        "webhook.secret" => "\"webhook-key\"",
        "webhook.allow" => "[\"10.0.0.0/8\"]",
        "demo.enabled" => "false",
        _ => key.default,
    };
    example.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn the_reference_is_up_to_date() {
        for locale in crate::texts::LOCALES {
            let path = Path::new(env!("CARGO_MANIFEST_DIR"))
                .join(format!("../../docs/configuration.{locale}.md"));
            let text = markdown(locale);
            for key in KEYS {
                assert!(
                    crate::texts::exists(locale, &key.text_key()),
                    "{} has no text in {locale}",
                    key.path
                );
            }
            if std::env::var_os("UPDATE_GENERATED").is_some() {
                std::fs::write(&path, &text).unwrap();
            }
            let on_disk = std::fs::read_to_string(&path).unwrap_or_default();
            assert!(
                on_disk == text,
                "{} is stale: run `cargo xtask codegen`",
                path.display()
            );
        }
    }
}

//! From text to configuration, with every problem named by line, key and remedy.

use super::schema::{self, Kind};
use super::{Config, LogStore, Source};
use crate::Problem;
use crate::problem::line_of;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;
use toml::de::{DeTable, DeValue};

/// What is left when everything wrong is left out, and what was wrong. A file that is not TOML leaves nothing, not even the demo:
/// a wall must not show made-up numbers because of a typing error.
pub fn parse(file: &Path, text: &str) -> (Config, Vec<Problem>) {
    let mut walk = Walk {
        file,
        text,
        problems: Vec::new(),
        lines: BTreeMap::new(),
    };
    let table = match DeTable::parse(text) {
        Ok(table) => walk.table(table.get_ref(), "", ""),
        Err(e) => {
            let line = e.span().map_or(1, |s| line_of(text, s.start));
            let problem = Problem::new(file, "config_syntax")
                .at(line)
                .with("detail", e.message());
            return (without_demo(), vec![problem]);
        }
    };
    let mut config = match Config::deserialize(table) {
        Ok(config) => config,
        Err(e) => {
            walk.problems
                .push(Problem::new(file, "config_syntax").with("detail", e.message()));
            without_demo()
        }
    };
    walk.meaning(&mut config);
    (config, walk.problems)
}

/// What counts where a file could not be read: whoever wrote one has servers of his own and must not take the demonstration for them.
pub(super) fn without_demo() -> Config {
    let mut config = Config::default();
    config.demo.enabled = Some(false);
    config
}

pub(super) struct Walk<'a> {
    file: &'a Path,
    text: &'a str,
    problems: Vec<Problem>,
    /// Line of each key by its place (`source.0.url`).
    lines: BTreeMap<String, usize>,
}

impl Walk<'_> {
    pub(super) fn problem(&mut self, key: &'static str, line: usize, path: &str) -> &mut Problem {
        self.problems
            .push(Problem::new(self.file, key).at(line).with("key", path));
        let last = self.problems.len() - 1;
        &mut self.problems[last]
    }

    pub(super) fn add(
        &mut self,
        key: &'static str,
        line: usize,
        path: &str,
        params: &[(&str, String)],
    ) {
        let problem = self.problem(key, line, path).clone();
        let problem = params.iter().fold(problem, |p, (n, v)| p.with(n, v));
        if let Some(last) = self.problems.last_mut() {
            *last = problem;
        }
    }

    /// The table without what is wrong in it. `path` names its keys in the schema, `place` in this file.
    fn table(&mut self, table: &DeTable<'_>, path: &str, place: &str) -> toml::Table {
        let mut good = toml::Table::new();
        for (name, value) in table {
            let line = line_of(self.text, name.span().start);
            let key_path = join(path, name.get_ref());
            let key_place = join(place, name.get_ref());
            self.lines.insert(key_place.clone(), line);
            match schema::find(&key_path) {
                None => self.unknown(path, &key_path, name.get_ref(), line),
                Some(key) => {
                    if let Some(v) =
                        self.value(value.get_ref(), key.kind, &key_path, &key_place, line)
                    {
                        good.insert(name.get_ref().to_string(), v);
                    }
                }
            }
        }
        good
    }

    fn unknown(&mut self, table: &str, path: &str, name: &str, line: usize) {
        let near = schema::children(table)
            .map(|k| (strsim::damerau_levenshtein(k.name(), name), k.name()))
            .filter(|(distance, _)| *distance <= 3)
            .min();
        match near {
            Some((_, meant)) => self.add(
                "config_unknown_key_near",
                line,
                path,
                &[("near", meant.to_owned())],
            ),
            None => {
                let all: Vec<&str> = schema::children(table).map(schema::Key::name).collect();
                self.add(
                    "config_unknown_key",
                    line,
                    path,
                    &[("known", all.join(", "))],
                );
            }
        }
    }

    fn value(
        &mut self,
        value: &DeValue<'_>,
        kind: Kind,
        path: &str,
        place: &str,
        line: usize,
    ) -> Option<toml::Value> {
        let good = match (kind, value) {
            (Kind::Table, DeValue::Table(t)) => {
                return Some(toml::Value::Table(self.table(t, path, place)));
            }
            (Kind::Tables, DeValue::Array(items))
                if items.iter().all(|i| i.get_ref().is_table()) =>
            {
                let tables = items.iter().enumerate().filter_map(|(i, item)| {
                    let here = format!("{place}.{i}");
                    self.lines
                        .insert(here.clone(), line_of(self.text, item.span().start));
                    item.get_ref()
                        .as_table()
                        .map(|t| toml::Value::Table(self.table(t, path, &here)))
                });
                return Some(toml::Value::Array(tables.collect()));
            }
            (Kind::Text | Kind::Path, DeValue::String(s)) => {
                Some(toml::Value::String(s.to_string()))
            }
            (Kind::Texts, DeValue::Array(items)) if items.iter().all(|i| i.get_ref().is_str()) => {
                let texts = items
                    .iter()
                    .filter_map(|i| i.get_ref().as_str())
                    .map(|s| toml::Value::String(s.to_owned()));
                Some(toml::Value::Array(texts.collect()))
            }
            (Kind::OneOf(known), DeValue::String(s)) if known.contains(&s.as_ref()) => {
                Some(toml::Value::String(s.to_string()))
            }
            (Kind::Bool, DeValue::Boolean(b)) => Some(toml::Value::Boolean(*b)),
            (Kind::Number(min, max), DeValue::Integer(_) | DeValue::Float(_)) => number(value)
                .filter(|v| (min..=max).contains(v))
                .map(toml::Value::Float),
            (Kind::Whole(min, max), DeValue::Integer(i)) => {
                i64::from_str_radix(&i.as_str().replace('_', ""), i.radix())
                    .ok()
                    .filter(|v| (min..=max).contains(v))
                    .map(toml::Value::Integer)
            }
            _ => None,
        };
        if good.is_none() {
            self.wrong_value(kind, path, line);
        }
        good
    }

    fn wrong_value(&mut self, kind: Kind, path: &str, line: usize) {
        match kind {
            Kind::OneOf(known) => {
                self.add("config_one_of", line, path, &[("known", known.join(", "))])
            }
            Kind::Number(min, max) => self.add(
                "config_number",
                line,
                path,
                &[("min", min.to_string()), ("max", max.to_string())],
            ),
            Kind::Whole(min, max) => self.add(
                "config_whole",
                line,
                path,
                &[("min", min.to_string()), ("max", max.to_string())],
            ),
            Kind::Text | Kind::Path => self.add("config_text", line, path, &[]),
            Kind::Texts => self.add("config_texts", line, path, &[]),
            Kind::Bool => self.add("config_bool", line, path, &[]),
            Kind::Table => self.add("config_table", line, path, &[]),
            Kind::Tables => self.add("config_tables", line, path, &[]),
        }
    }

    // ---- what the schema cannot say ---------------------------------------------------------------------------------------

    pub(super) fn line(&self, place: &str) -> usize {
        let mut at = place;
        loop {
            if let Some(line) = self.lines.get(at) {
                return *line;
            }
            match at.rsplit_once('.') {
                Some((parent, _)) => at = parent,
                None => return 0,
            }
        }
    }

    fn meaning(&mut self, config: &mut Config) {
        if config.time_zone.parse::<chrono_tz::Tz>().is_err() {
            let line = self.line("time_zone");
            self.add(
                "config_time_zone",
                line,
                "time_zone",
                &[("value", config.time_zone.clone())],
            );
            config.time_zone = Config::default().time_zone;
        }
        self.wall(config);
        let mut names: Vec<String> = vec!["local".into(), "demo".into(), "desk".into()];
        let mut kept = Vec::new();
        for (i, source) in std::mem::take(&mut config.source).into_iter().enumerate() {
            if self.source(&source, i, &names) {
                names.push(source.name.clone());
                kept.push(source);
            }
        }
        config.source = kept;
        let mut scrape = std::mem::take(&mut config.embedded.scrape);
        let mut i = 0;
        scrape.retain(|s| {
            let place = format!("embedded.scrape.{i}");
            i += 1;
            self.required(&place, "embedded.scrape.job", &s.job)
                && self.required(&place, "embedded.scrape.url", &s.url)
                && self.url(&format!("{place}.url"), "embedded.scrape.url", &s.url)
                && self.credentials(&place, "embedded.scrape", &s.auth, &s.user, &s.secret)
        });
        config.embedded.scrape = scrape;
        self.trace_sources(config);
        self.registries(config);
        self.listen(config);
        self.log_stores(config);
        self.duty(config);
        if let Some(dir) = config.boards_dir.as_ref().filter(|d| !d.is_dir()) {
            let line = self.line("boards_dir");
            self.add(
                "config_no_directory",
                line,
                "boards_dir",
                &[("value", dir.display().to_string())],
            );
        }
    }

    fn source(&mut self, source: &Source, i: usize, names: &[String]) -> bool {
        let place = format!("source.{i}");
        let mut good = self.required(&place, "source.name", &source.name);
        good &= self.required(&place, "source.kind", &source.kind);
        good &= self.required(&place, "source.url", &source.url)
            && self.url(&format!("{place}.url"), "source.url", &source.url);
        if names.contains(&source.name) {
            let line = self.line(&format!("{place}.name"));
            self.add(
                "config_name_twice",
                line,
                "source.name",
                &[("value", source.name.clone())],
            );
            good = false;
        }
        good &= self.credentials(&place, "source", &source.auth, &source.user, &source.secret);
        if source.kind.starts_with("influxdb") {
            good &= self.required(&place, "source.database", &source.database);
        }
        if source.kind == "influxdb2" {
            good &= self.required(&place, "source.organization", &source.organization);
        }
        if source.client_cert_file.is_some() == source.client_key_secret.is_empty() {
            let line = self.line(&format!("{place}.client_cert_file"));
            self.add("config_cert_and_key", line, "source.client_cert_file", &[]);
            good = false;
        }
        for (name, path) in [
            ("ca_file", &source.ca_file),
            ("client_cert_file", &source.client_cert_file),
        ] {
            if let Some(path) = path.as_ref().filter(|p| !p.is_file()) {
                let line = self.line(&format!("{place}.{name}"));
                self.add(
                    "config_no_file",
                    line,
                    &format!("source.{name}"),
                    &[("value", path.display().to_string())],
                );
            }
        }
        good
    }

    fn log_stores(&mut self, config: &mut Config) {
        let mut names: Vec<String> = vec!["local".into(), "demo".into()];
        let mut kept = Vec::new();
        for (i, store) in std::mem::take(&mut config.log_store)
            .into_iter()
            .enumerate()
        {
            if self.log_store(&store, i, &names) {
                names.push(store.name.clone());
                kept.push(store);
            }
        }
        config.log_store = kept;
        let wanted = &config.demo.log_store;
        let takes = |s: &LogStore| {
            s.name == *wanted
                && s.kind == "postgresql"
                && !s.write_user.is_empty()
                && s.table.is_none()
        };
        if !wanted.is_empty() && !config.log_store.iter().any(takes) {
            let line = self.line("demo.log_store");
            let params = [("store", wanted.clone())];
            self.add("config_demo_log_store", line, "demo.log_store", &params);
            config.demo.log_store.clear();
        }
    }

    fn log_store(&mut self, store: &LogStore, i: usize, names: &[String]) -> bool {
        let place = format!("log_store.{i}");
        let mut good = self.required(&place, "log_store.name", &store.name)
            & self.required(&place, "log_store.kind", &store.kind);
        // A database's address is looked at by the one that speaks to it.
        good &= match store.kind.as_str() {
            "embedded" => true,
            "postgresql" => {
                self.required(&place, "log_store.url", &store.url) && self.database(&place, store)
            }
            _ => {
                self.required(&place, "log_store.url", &store.url)
                    && self.url(&format!("{place}.url"), "log_store.url", &store.url)
            }
        };
        if names.contains(&store.name) {
            let line = self.line(&format!("{place}.name"));
            let value = store.name.clone();
            self.add(
                "config_name_twice",
                line,
                "log_store.name",
                &[("value", value)],
            );
            good = false;
        }
        good &= self.credentials(&place, "log_store", &store.auth, &store.user, &store.secret);
        if store.client_cert_file.is_some() == store.client_key_secret.is_empty() {
            let line = self.line(&format!("{place}.client_cert_file"));
            self.add(
                "config_cert_and_key",
                line,
                "log_store.client_cert_file",
                &[],
            );
            good = false;
        }
        good
    }

    /// What only a store in PostgreSQL has.
    fn database(&mut self, place: &str, store: &LogStore) -> bool {
        if let Err(e) = pglogs::Options::new(&store.url) {
            let line = self.line(&format!("{place}.url"));
            let detail = e.to_string();
            self.add(
                "config_url_postgresql",
                line,
                "log_store.url",
                &[("detail", detail)],
            );
            return false;
        }
        let (hot, warm, cold) = crate::logs::postgres::days(store);
        if hot > warm || warm > cold {
            let line = self.line(&format!("{place}.warm_days"));
            self.add("config_log_days", line, "log_store.warm_days", &[]);
            return false;
        }
        store.table.as_ref().is_none_or(|table| {
            let place = format!("{place}.table");
            self.required(&place, "log_store.table.name", &table.name)
                & self.required(&place, "log_store.table.time", &table.time)
                & self.required(&place, "log_store.table.message", &table.message)
        })
    }

    pub(super) fn credentials(
        &mut self,
        place: &str,
        table: &str,
        auth: &str,
        user: &str,
        secret: &str,
    ) -> bool {
        let line = self.line(&format!("{place}.auth"));
        let no_secret = matches!(auth, "basic" | "bearer") && secret.is_empty();
        let no_user = auth == "basic" && user.is_empty();
        if no_secret {
            self.add(
                "config_needs_secret",
                line,
                &format!("{table}.secret"),
                &[("auth", auth.to_owned())],
            );
        }
        if no_user {
            self.add("config_needs_user", line, &format!("{table}.user"), &[]);
        }
        !no_secret && !no_user
    }

    pub(super) fn required(&mut self, place: &str, path: &str, value: &str) -> bool {
        if value.is_empty() {
            let line = self.line(place);
            self.add("config_required", line, path, &[]);
        }
        !value.is_empty()
    }

    pub(super) fn url(&mut self, place: &str, path: &str, value: &str) -> bool {
        let parsed = reqwest::Url::parse(value)
            .ok()
            .filter(|u| matches!(u.scheme(), "http" | "https") && u.has_host());
        let key = match &parsed {
            None => "config_url",
            Some(u) if !u.username().is_empty() || u.password().is_some() => {
                "config_url_credentials"
            }
            Some(_) => return true,
        };
        let line = self.line(place);
        self.add(key, line, path, &[]);
        false
    }

    fn listen(&mut self, config: &mut Config) {
        let listen = config.embedded.listen.clone();
        if listen.is_empty() {
            return;
        }
        let loopback = listen
            .parse::<std::net::SocketAddr>()
            .is_ok_and(|a| a.ip().is_loopback());
        if !loopback {
            let line = self.line("embedded.listen");
            self.add(
                "config_listen",
                line,
                "embedded.listen",
                &[("value", listen)],
            );
            config.embedded.listen.clear();
        }
    }
}

fn number(value: &DeValue<'_>) -> Option<f64> {
    match value {
        DeValue::Integer(i) if i.radix() == 10 => i.as_str().replace('_', "").parse().ok(),
        DeValue::Float(f) => f.as_str().replace('_', "").parse().ok(),
        _ => None,
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> Vec<(usize, &'static str, String)> {
        let (_, problems) = parse(Path::new("c.toml"), text);
        problems
            .into_iter()
            .map(|p| {
                (
                    p.line,
                    p.key,
                    p.params.get("key").cloned().unwrap_or_default(),
                )
            })
            .collect()
    }

    #[test]
    fn every_problem_has_line_key_and_remedy() {
        let text = "locale = \"fr\"\n\n[wall]\nkioks = true\nviewing_distance = -1\n[[source]]\nname = \"a\"\nkind = \"prometheus\"\nurl = \"ftp://x\"\n[[source]]\nname = \"b\"\nkind = \"prometheus\"\nurl = \"http://u:p@x\"\nauth = \"basic\"\n[embedded]\nlisten = \"0.0.0.0:9090\"\n";
        let found = problems(text);
        let expect = [
            (1, "config_one_of", "locale"),
            (4, "config_unknown_key_near", "wall.kioks"),
            (5, "config_number", "wall.viewing_distance"),
            (9, "config_url", "source.url"),
            (13, "config_url_credentials", "source.url"),
            (14, "config_needs_secret", "source.secret"),
            (14, "config_needs_user", "source.user"),
            (16, "config_listen", "embedded.listen"),
        ];
        for (line, key, path) in expect {
            assert!(
                found.contains(&(line, key, path.to_owned())),
                "{line} {key} {path} not in {found:?}"
            );
        }
        let (config, all) = parse(Path::new("c.toml"), text);
        assert!(
            config.source.is_empty()
                && config.locale == "zh-CN"
                && config.embedded.listen.is_empty()
        );
        for p in all {
            for locale in crate::texts::LOCALES {
                let said = p.say(locale);
                assert!(!said.contains("problem.") && !said.contains("%{"), "{said}");
            }
        }
    }

    #[test]
    fn a_file_that_is_not_toml_shows_no_made_up_numbers() {
        let (config, problems) = parse(Path::new("c.toml"), "a = 1\n b = = 2\n");
        assert_eq!((problems[0].key, problems[0].line), ("config_syntax", 2));
        assert!(!config.demo_enabled());
    }

    #[test]
    fn names_are_unique_and_reserved_ones_are_refused() {
        let one = "[[source]]\nname = \"demo\"\nkind = \"prometheus\"\nurl = \"http://x\"\n";
        assert_eq!(
            problems(one)[0],
            (2, "config_name_twice", "source.name".into())
        );
    }

    #[test]
    fn stores_of_logs_need_an_address_and_a_name_of_their_own() {
        let text = "[[log_store]]\nname = \"a\"\nkind = \"loki\"\n[[log_store]]\nname = \"demo\"\nkind = \"embedded\"\n[[log_store]]\nname = \"b\"\nkind = \"embedded\"\n[[log_store]]\nname = \"c\"\nkind = \"splunk\"\n";
        let found = problems(text);
        for expect in [
            (1, "config_required", "log_store.url"),
            (5, "config_name_twice", "log_store.name"),
            (12, "config_one_of", "log_store.kind"),
        ] {
            let expect = (expect.0, expect.1, expect.2.to_owned());
            assert!(found.contains(&expect), "{expect:?} not in {found:?}");
        }
        let (config, _) = parse(Path::new("c.toml"), text);
        let kept: Vec<&str> = config.log_store.iter().map(|s| s.name.as_str()).collect();
        assert_eq!(kept, ["b"]);
    }

    #[test]
    fn a_good_file_has_no_problem() {
        let text = "theme = \"calm\"\n[[source]]\nname = \"prod\"\nkind = \"prometheus\"\nurl = \"https://p:9090/x\"\nauth = \"bearer\"\nsecret = \"t\"\ntimeout_seconds = 3\n[[embedded.scrape]]\njob = \"node\"\nurl = \"http://127.0.0.1:9100/metrics\"\n";
        let (config, problems) = parse(Path::new("c.toml"), text);
        assert_eq!(problems, []);
        assert_eq!(config.source[0].timeout_seconds, Some(3.0));
        assert_eq!(config.embedded.scrape[0].job, "node");
    }

    #[test]
    fn the_schema_and_the_types_are_the_same() {
        // Every key of the schema with its default (or an example) must be taken by the types, which deny unknown fields.
        let sample = super::super::reference::sample();
        let (_, problems) = parse(Path::new("sample.toml"), &sample);
        let real: Vec<_> = problems
            .iter()
            .filter(|p| !p.key.starts_with("config_no_"))
            .collect();
        assert!(real.is_empty(), "{real:?}\n{sample}");
        for key in schema::KEYS {
            assert!(
                sample.contains(key.name()),
                "{} is not in the sample",
                key.path
            );
        }
    }
}

//! What the schema cannot say of the alert desk's part.

use super::check::Walk;
use super::{Config, Source};
use model::Matcher;
use std::collections::BTreeSet;

/// Roles that exist without being configured: the default policies name them.
pub const ROLES: [&str; 3] = ["duty", "lead", "all"];

impl Walk<'_> {
    pub(super) fn duty(&mut self, config: &mut Config) {
        self.alert_sources(config);
        let people = self.people(config);
        self.groups(config, &people);
        self.policies(config, &people);
        self.conditions(config);
        self.times(config, &people);
        self.reach(config);
        self.reports(config);
    }

    fn alert_sources(&mut self, config: &mut Config) {
        let mut names: BTreeSet<String> = ["rules", "webhook"].map(str::to_owned).into();
        let mut i = 0;
        let mut sources = std::mem::take(&mut config.alert_source);
        sources.retain(|s| {
            let good = self.reachable("alert_source", i, &s.reached(), &names);
            names.insert(s.name.clone());
            i += 1;
            good
        });
        config.alert_source = sources;
    }

    /// Whether entry `i` of `table` says all that is needed to reach a server, under a name of its own.
    pub(super) fn reachable(
        &mut self,
        table: &str,
        i: usize,
        s: &Source,
        names: &BTreeSet<String>,
    ) -> bool {
        let place = format!("{table}.{i}");
        let key = |name: &str| format!("{table}.{name}");
        let mut good = self.required(&place, &key("name"), &s.name)
            & self.required(&place, &key("kind"), &s.kind)
            & (self.required(&place, &key("url"), &s.url)
                && self.url(&format!("{place}.url"), &key("url"), &s.url));
        good &= self.unique(&place, &key("name"), &s.name, names);
        good &= self.credentials(&place, table, &s.auth, &s.user, &s.secret);
        if s.client_cert_file.is_some() == s.client_key_secret.is_empty() {
            let line = self.line(&format!("{place}.client_cert_file"));
            self.add("config_cert_and_key", line, &key("client_cert_file"), &[]);
            good = false;
        }
        for (name, path) in [
            ("ca_file", &s.ca_file),
            ("client_cert_file", &s.client_cert_file),
        ] {
            if let Some(path) = path.as_ref().filter(|p| !p.is_file()) {
                let line = self.line(&format!("{place}.{name}"));
                let params = [("value", path.display().to_string())];
                self.add("config_no_file", line, &key(name), &params);
            }
        }
        good
    }

    pub(super) fn unique(
        &mut self,
        place: &str,
        path: &str,
        name: &str,
        names: &BTreeSet<String>,
    ) -> bool {
        if names.contains(name) {
            let line = self.line(place);
            self.add(
                "config_name_twice",
                line,
                path,
                &[("value", name.to_owned())],
            );
        }
        !names.contains(name)
    }

    fn people(&mut self, config: &mut Config) -> BTreeSet<String> {
        let mut known: BTreeSet<String> = ROLES.map(str::to_owned).into();
        let mut i = 0;
        let mut people = std::mem::take(&mut config.person);
        people.retain(|p| {
            let place = format!("person.{i}");
            i += 1;
            let good = self.required(&place, "person.id", &p.id)
                && self.required(&place, "person.name", &p.name)
                && self.unique(&place, "person.id", &p.id, &known);
            known.insert(p.id.clone());
            good
        });
        config.person = people;
        let me = config.duty.person.clone();
        if !me.is_empty() && !config.person.iter().any(|p| p.id == me) {
            self.unknown_person("duty.person", "duty.person", &me);
            config.duty.person.clear();
        }
        known
    }

    fn unknown_person(&mut self, place: &str, path: &str, name: &str) {
        let line = self.line(place);
        self.add(
            "config_unknown_person",
            line,
            path,
            &[("value", name.to_owned())],
        );
    }

    fn groups(&mut self, config: &mut Config, known: &BTreeSet<String>) {
        for (i, group) in config.group.iter_mut().enumerate() {
            let place = format!("group.{i}");
            self.required(&place, "group.name", &group.name);
            group.people.retain(|id| {
                let there = known.contains(id) && !ROLES.contains(&id.as_str());
                if !there {
                    self.unknown_person(&format!("{place}.people"), "group.people", id);
                }
                there
            });
        }
    }

    /// A step that names somebody unknown stays: the desk tells everybody else and says so, which is better than nobody.
    fn policies(&mut self, config: &mut Config, people: &BTreeSet<String>) {
        let groups: BTreeSet<&str> = config.group.iter().map(|g| g.name.as_str()).collect();
        for (i, policy) in config.policy.iter_mut().enumerate() {
            let place = format!("policy.{i}");
            self.required(&place, "policy.name", &policy.name);
            if policy.step.is_empty() {
                let line = self.line(&place);
                self.add("config_required", line, "policy.step", &[]);
            }
            for (j, step) in policy.step.iter_mut().enumerate() {
                step.line = self.line(&format!("{place}.step.{j}.to"));
                for to in &step.to {
                    let of_a_rota = to
                        .split_once('/')
                        .is_some_and(|(rota, role)| !rota.is_empty() && !role.is_empty());
                    if !of_a_rota && !people.contains(to) && !groups.contains(to.as_str()) {
                        let here = format!("{place}.step.{j}.to");
                        self.unknown_person(&here, "policy.step.to", to);
                    }
                }
            }
        }
    }

    /// An entry with a condition that cannot be read is left out: half a condition would hide more than was meant.
    fn conditions(&mut self, config: &mut Config) {
        let mut i = 0;
        config.policy.retain(|p| {
            i += 1;
            self.matchers(
                &format!("policy.{}.matchers", i - 1),
                "policy.matchers",
                &p.matchers,
            )
        });
        i = 0;
        config.inhibit.retain(|rule| {
            i += 1;
            let place = format!("inhibit.{}", i - 1);
            self.matchers(&format!("{place}.source"), "inhibit.source", &rule.source)
                & self.matchers(&format!("{place}.target"), "inhibit.target", &rule.target)
        });
        i = 0;
        config.maintenance.retain(|m| {
            i += 1;
            let place = format!("maintenance.{}", i - 1);
            let some = !m.matchers.is_empty();
            if !some {
                let line = self.line(&place);
                self.add("config_required", line, "maintenance.matchers", &[]);
            }
            some & self.matchers(
                &format!("{place}.matchers"),
                "maintenance.matchers",
                &m.matchers,
            ) & self.maintenance_time(&place, m)
        });
    }

    fn matchers(&mut self, place: &str, path: &str, texts: &[String]) -> bool {
        let mut good = true;
        for text in texts {
            let matcher = text.parse::<Matcher>();
            let sound = matcher.is_ok_and(|m| !m.is_regex || is_regex(&m.value));
            if !sound {
                let line = self.line(place);
                self.add("config_matcher", line, path, &[("value", text.clone())]);
                good = false;
            }
        }
        good
    }

    fn maintenance_time(&mut self, place: &str, m: &super::duty::Maintenance) -> bool {
        let once = m.weekdays.is_empty();
        let days = m
            .weekdays
            .iter()
            .all(|d| d.parse::<chrono::Weekday>().is_ok());
        if !days {
            let line = self.line(&format!("{place}.weekdays"));
            let params = [("value", m.weekdays.join(", "))];
            self.add("config_weekday", line, "maintenance.weekdays", &params);
        }
        let time = if once {
            chrono::NaiveDateTime::parse_from_str(&m.at, "%Y-%m-%d %H:%M").is_ok()
        } else {
            time_of_day(&m.at).is_some()
        };
        if !time {
            let line = self.line(&format!("{place}.at"));
            self.add(
                "config_time_of_day",
                line,
                "maintenance.at",
                &[("value", m.at.clone())],
            );
        }
        days && time
    }

    fn times(&mut self, config: &mut Config, people: &BTreeSet<String>) {
        let mut i = 0;
        config.quiet.retain(|q| {
            let place = format!("quiet.{i}");
            i += 1;
            let mut good = true;
            for (name, value) in [("from", &q.from), ("to", &q.to)] {
                if time_of_day(value).is_none() {
                    let line = self.line(&format!("{place}.{name}"));
                    let params = [("value", value.clone())];
                    self.add(
                        "config_time_of_day",
                        line,
                        &format!("quiet.{name}"),
                        &params,
                    );
                    good = false;
                }
            }
            for id in q.people.iter().filter(|id| !people.contains(*id)) {
                self.unknown_person(&format!("{place}.people"), "quiet.people", id);
            }
            for level in q.levels.iter().filter(|l| model::Level::parse(l).is_none()) {
                let line = self.line(&format!("{place}.levels"));
                let params = [("known", super::schema::LEVELS.join(", "))];
                self.add("config_one_of", line, "quiet.levels", &params);
                tracing::debug!(level, "not a level");
                good = false;
            }
            good
        });
    }

    fn reach(&mut self, config: &mut Config) {
        let duty = &mut config.duty;
        if !duty.listen.is_empty() {
            let address = duty.listen.parse::<std::net::SocketAddr>();
            let near = address.as_ref().is_ok_and(|a| a.ip().is_loopback());
            if address.is_err() || !near && !duty.listen_beyond_loopback {
                let line = self.line("duty.listen");
                self.add(
                    "config_duty_listen",
                    line,
                    "duty.listen",
                    &[("value", duty.listen.clone())],
                );
                duty.listen.clear();
            } else if duty.listen_secret.is_empty() {
                let line = self.line("duty.listen");
                self.add("config_listen_secret", line, "duty.listen_secret", &[]);
                duty.listen.clear();
            }
        }
        if !duty.calendar_listen.is_empty() {
            let address = duty.calendar_listen.parse::<std::net::SocketAddr>();
            if !address.is_ok_and(|a| a.ip().is_loopback()) {
                let line = self.line("duty.calendar_listen");
                let params = [("value", duty.calendar_listen.clone())];
                self.add(
                    "config_calendar_listen",
                    line,
                    "duty.calendar_listen",
                    &params,
                );
                duty.calendar_listen.clear();
            }
        }
        if let Some(dir) = duty.rules_dir.as_ref().filter(|d| !d.is_dir()) {
            let line = self.line("duty.rules_dir");
            let params = [("value", dir.display().to_string())];
            self.add("config_no_directory", line, "duty.rules_dir", &params);
        }
        let url = config.webhook.url.clone();
        if !url.is_empty() && !self.url("webhook.url", "webhook.url", &url) {
            config.webhook.url.clear();
        }
    }
}

/// Whether it is a regular expression of bearable size.
fn is_regex(text: &str) -> bool {
    regex::RegexBuilder::new(&format!("^(?:{text})$"))
        .size_limit(1 << 20)
        .build()
        .is_ok()
}

/// `HH:MM` as minutes of the day.
pub fn time_of_day(text: &str) -> Option<u16> {
    let time = chrono::NaiveTime::parse_from_str(text, "%H:%M").ok()?;
    u16::try_from(chrono::Timelike::num_seconds_from_midnight(&time) / 60).ok()
}

//! From the configuration to what the alert desk's decisions need.

use crate::config::duty as conf;
use crate::config::{Config, check_duty::time_of_day};
use crate::rota::{SOURCE, news};
use chrono::{NaiveDateTime, TimeZone};
use engine::duty::calendar::WeekTime;
use engine::duty::setup::{DUTY, LEAD, MINUTE, seed_policies};
use engine::duty::{
    InhibitRule, LevelMapping, Policy, QuietHours, Repeat, Setup, Step, Target, When, Window,
};
use model::duty::Person;
use model::{Level, Matcher};
use std::collections::BTreeSet;

fn minutes(value: f64) -> i64 {
    (value * MINUTE as f64).round() as i64
}

/// Lines that cannot be read are not there any more: [`crate::config::check`] has told of them.
fn matchers(texts: &[String]) -> Vec<Matcher> {
    texts.iter().filter_map(|t| t.parse().ok()).collect()
}

/// Everything that the engine decides by. `channels` are the kinds that exist, `silencing` the sources that take silences.
pub fn setup(config: &Config, channels: BTreeSet<String>, silencing: BTreeSet<String>) -> Setup {
    let zone = config
        .time_zone
        .parse()
        .unwrap_or(chrono_tz::Asia::Shanghai);
    let defaults = Setup::default();
    let mut collect = defaults.collect;
    collect.0[2] = minutes(config.duty.collect_p2_minutes);
    collect.0[3] = minutes(config.duty.collect_p3_minutes);
    let mut setup = Setup {
        people: config.person.iter().map(person).collect(),
        policies: policies(config, &channels),
        levels: levels(config),
        channels,
        inhibitions: inhibitions(config),
        quiet: config.quiet.iter().flat_map(quiet).collect(),
        collect,
        reopen_ms: minutes(config.duty.reopen_minutes),
        maintenance: config
            .maintenance
            .iter()
            .filter_map(|m| window(m, zone))
            .collect(),
        zone,
        silencing,
        ..defaults
    };
    for group in &config.group {
        if [DUTY, LEAD].contains(&group.name.as_str()) {
            setup.roles.insert(group.name.clone(), group.people.clone());
        }
        setup
            .groups
            .insert(group.name.clone(), group.people.clone());
    }
    // Without groups: the first person is on duty, the last one leads.
    let ends = [(DUTY, config.person.first()), (LEAD, config.person.last())];
    for (role, person) in ends {
        if let Some(person) = person {
            setup
                .roles
                .entry(role.to_owned())
                .or_insert_with(|| vec![person.id.clone()]);
        }
    }
    setup
}

fn person(p: &conf::Person) -> Person {
    let known = [("sms", &p.phone), ("phone", &p.phone), ("mail", &p.email)];
    Person {
        id: p.id.clone(),
        name: p.name.clone(),
        addresses: known
            .into_iter()
            .filter(|(_, address)| !address.is_empty())
            .map(|(kind, address)| (kind.to_owned(), address.clone()))
            .collect(),
    }
}

fn levels(config: &Config) -> LevelMapping {
    let own = config
        .level
        .iter()
        .filter_map(|l| Some((l.label.clone(), l.value.clone(), Level::parse(&l.level)?)));
    let mut mapping = LevelMapping::default();
    mapping.lines = own.chain(mapping.lines).collect();
    mapping
}

fn policies(config: &Config, channels: &BTreeSet<String>) -> Vec<Policy> {
    let groups: BTreeSet<&str> = config.group.iter().map(|g| g.name.as_str()).collect();
    let target = |name: &String| match name.as_str() {
        "all" => Target::Everyone,
        DUTY | LEAD => Target::Role(name.clone()),
        other if groups.contains(other) => Target::Group(name.clone()),
        // `platform/primary`: a role of a rota, also by its Chinese name.
        other if other.contains('/') => Target::Role(news::role_of(other)),
        _ => Target::Person(name.clone()),
    };
    let one = |p: &conf::Policy| Policy {
        name: p.name.clone(),
        levels: Level::parse(&p.level).into_iter().collect(),
        matchers: matchers(&p.matchers),
        steps: p
            .step
            .iter()
            .map(|s| Step {
                after_ms: minutes(s.after_minutes),
                targets: s.to.iter().map(target).collect(),
                channels: s.channels.clone(),
            })
            .collect(),
        repeat: (p.repeat_times > 0).then(|| Repeat {
            every_ms: minutes(p.repeat_minutes).max(MINUTE),
            times: p.repeat_times,
        }),
        at_once: false,
    };
    // A policy for a level alone would take the rota's own alerts away from those whom they are for; one that names them is meant.
    let (named, others): (Vec<_>, Vec<_>) = config.policy.iter().map(one).partition(names_the_rota);
    named
        .into_iter()
        .chain(rota_policies(channels))
        .chain(others)
        .chain(seed_policies(channels))
        .collect()
}

/// Whether a policy of the configuration asks for the rota's own alerts by their name or their domain, and not for whatever there is.
fn names_the_rota(policy: &Policy) -> bool {
    let asks = |m: &Matcher| {
        let wanted: &[&str] = match m.name.as_str() {
            "alertname" => &[news::NOBODY_RULE, news::UNSIGNED_RULE],
            "domain" => &[SOURCE],
            _ => return false,
        };
        if !m.is_equal {
            return false;
        }
        if !m.is_regex {
            return wanted.contains(&m.value.as_str());
        }
        let whole = regex::Regex::new(&format!("^(?:{})$", m.value));
        whole.is_ok_and(|r| wanted.iter().any(|w| r.is_match(w)) && !r.is_match("another"))
    };
    policy.matchers.iter().any(asks)
}

/// What the rota says of itself: nobody on duty goes to the managers, an unsigned handover to both sides. Both are told at once: neither
/// collected nor kept for the end of quiet hours, because somebody waits for it. An unsigned handover is a P2 that wakes nobody: no sound.
fn rota_policies(channels: &BTreeSet<String>) -> Vec<Policy> {
    let all: Vec<String> = channels.iter().cloned().collect();
    let silent: Vec<String> = all.iter().filter(|c| *c != "sound").cloned().collect();
    let silent = if silent.is_empty() {
        all.clone()
    } else {
        silent
    };
    let policy = |name: &str, rule: &str, channels: Vec<String>, steps: Vec<(i64, Target)>| {
        let step = |(after_ms, target): (i64, Target)| Step {
            after_ms,
            targets: vec![target],
            channels: channels.clone(),
        };
        let texts = [
            format!("alertname=\"{rule}\""),
            format!("domain=\"{SOURCE}\""),
        ];
        Policy {
            name: name.to_owned(),
            matchers: matchers(&texts),
            steps: steps.into_iter().map(step).collect(),
            at_once: true,
            ..Policy::default()
        }
    };
    let nobody = vec![
        (0, Target::Role(news::NOBODY.to_owned())),
        (15 * MINUTE, Target::Everyone),
    ];
    let again = Some(Repeat {
        every_ms: 30 * MINUTE,
        times: 4,
    });
    let unsigned = vec![(0, Target::Role(news::UNSIGNED.to_owned()))];
    vec![
        Policy {
            repeat: again,
            ..policy("rota-nobody", news::NOBODY_RULE, all.clone(), nobody)
        },
        policy("rota-unsigned", news::UNSIGNED_RULE, silent, unsigned),
    ]
}

/// Tiers of the built-in rules, most urgent first.
const TIERS: [&str; 4] = ["emergency", "critical", "warning", "notice"];
/// Labels that tell what a built-in rule's alert is about; missing on both sides counts as equal.
const ABOUT: [&str; 32] = [
    "check",
    "instance",
    "ident",
    "job",
    "device",
    "mountpoint",
    "path",
    "node",
    "namespace",
    "pod",
    "container",
    "deployment",
    "persistentvolumeclaim",
    "proxy",
    "ifIndex",
    "ifName",
    "http_route",
    "uri",
    "pool",
    "target",
    "slot_name",
    "application_name",
    "datname",
    "slave_ip",
    "vhost",
    "queue",
    "consumergroup",
    "topic",
    "channel",
    "model",
    "page",
    "server_address",
];

/// The built-in rules have tiers of one check: the more urgent one explains the others. Rules of the configuration come beside it.
fn inhibitions(config: &Config) -> Vec<InhibitRule> {
    let some_check = || Matcher {
        is_equal: false,
        ..Matcher::equal("check", "")
    };
    let tiers = (0..TIERS.len() - 1).map(|i| InhibitRule {
        source: vec![Matcher::equal("tier", TIERS[i]), some_check()],
        target: vec![
            Matcher {
                is_regex: true,
                ..Matcher::equal("tier", TIERS[i + 1..].join("|"))
            },
            some_check(),
        ],
        equal: ABOUT.map(str::to_owned).to_vec(),
    });
    let own = config.inhibit.iter().map(|i| InhibitRule {
        source: matchers(&i.source),
        target: matchers(&i.target),
        equal: i.equal.clone(),
    });
    tiers.chain(own).collect()
}

fn quiet(q: &conf::Quiet) -> Vec<QuietHours> {
    let (Some(from), Some(to)) = (time_of_day(&q.from), time_of_day(&q.to)) else {
        return Vec::new();
    };
    let levels: Vec<Level> = q.levels.iter().filter_map(|l| Level::parse(l)).collect();
    let hours = |person| QuietHours {
        person,
        time: WeekTime::daily(from, to),
        levels: if levels.is_empty() {
            vec![Level::P2, Level::P3]
        } else {
            levels.clone()
        },
    };
    if q.people.is_empty() {
        vec![hours(None)]
    } else {
        q.people.iter().map(|id| hours(Some(id.clone()))).collect()
    }
}

fn window(m: &conf::Maintenance, zone: chrono_tz::Tz) -> Option<Window> {
    let length = minutes(m.minutes.unwrap_or(60.0));
    let when = if m.weekdays.is_empty() {
        let local = NaiveDateTime::parse_from_str(&m.at, "%Y-%m-%d %H:%M").ok()?;
        // A time that a change of clocks leaves out begins an hour later, as clocks do.
        let from = zone
            .from_local_datetime(&local)
            .earliest()
            .or_else(|| {
                zone.from_local_datetime(&(local + chrono::TimeDelta::hours(1)))
                    .earliest()
            })?
            .timestamp_millis();
        When::Once(from, from + length)
    } else {
        let from = time_of_day(&m.at)?;
        let days = m
            .weekdays
            .iter()
            .filter_map(|d| d.parse::<chrono::Weekday>().ok());
        // A weekly window lasts a day at most.
        let length = (length / MINUTE).clamp(1, 24 * 60) as u16;
        When::Weekly(WeekTime {
            days: days.map(|d| d.number_from_monday() as u8).collect(),
            from,
            to: (from + length) % (24 * 60),
        })
    };
    Some(Window {
        title: m.title.clone(),
        matchers: matchers(&m.matchers),
        when,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Labels;
    use std::path::Path;

    fn of(text: &str) -> Setup {
        let (config, problems) = crate::config::check::parse(Path::new("c.toml"), text);
        assert_eq!(problems, []);
        setup(&config, ["popup".to_owned()].into(), BTreeSet::new())
    }

    #[test]
    fn what_is_not_configured_is_the_handbooks() {
        let s =
            of("[[person]]\nid = \"a\"\nname = \"甲\"\n[[person]]\nid = \"b\"\nname = \"乙\"\n");
        assert_eq!(s.roles[DUTY], ["a"]);
        assert_eq!(s.roles[LEAD], ["b"]);
        assert_eq!(s.policies.len(), 6);
        assert_eq!(s.levels.otherwise, Level::P2);
    }

    #[test]
    fn a_more_urgent_tier_of_a_built_in_rule_explains_the_others() {
        let rules = of("").inhibitions;
        assert_eq!(rules.len(), 3);
        assert_eq!(rules[1].source[0].value, "critical");
        assert_eq!(rules[1].target[0].to_string(), "tier=~\"warning|notice\"");
        assert!(rules.iter().all(|r| r.equal.contains(&"check".to_owned())));
    }

    fn policy_of(s: &Setup, rule: &str, level: Level) -> String {
        let (policies, bad) = engine::duty::Policies::new(s);
        assert!(bad.is_empty(), "{bad:?}");
        let labels = Labels::from_pairs([
            ("alertname", rule),
            ("domain", SOURCE),
            ("rota", "platform"),
        ]);
        let chosen = policies.choose(level, &labels).expect("a policy");
        chosen.name.clone()
    }

    #[test]
    fn the_rotas_own_alerts_stay_with_those_whom_they_are_for() {
        let step = "[[policy.step]]\nto = [\"all\"]\nchannels = [\"popup\"]\n";
        let own = |level: &str, matchers: &str| {
            of(&format!(
                "[[policy]]\nname = \"own\"\nlevel = \"{level}\"\nmatchers = [{matchers}]\n{step}"
            ))
        };
        let chosen = |s: &Setup| {
            (
                policy_of(s, news::NOBODY_RULE, Level::P1),
                policy_of(s, news::UNSIGNED_RULE, Level::P2),
            )
        };
        let theirs = ("rota-nobody".to_owned(), "rota-unsigned".to_owned());
        // For a level alone, for a rota, and for whatever there is: that is not meant.
        for (level, matchers) in [
            ("P1", ""),
            ("P2", ""),
            ("P1", "\"rota=platform\""),
            ("P1", "\"alertname=~.*\""),
            ("P2", "\"domain!=rota\""),
        ] {
            assert_eq!(chosen(&own(level, matchers)), theirs, "{level} {matchers}");
        }
        // By name it is.
        let nobody = own("P1", "\"alertname=NobodyOnDuty\"");
        assert_eq!(chosen(&nobody), ("own".into(), theirs.1.clone()));
        let unsigned = own("P2", "\"alertname=~Handover.+\"");
        assert_eq!(chosen(&unsigned), (theirs.0.clone(), "own".into()));
        assert_eq!(chosen(&own("P1", "\"domain=rota\"")).0, "own");
        // Other alerts of the level are the configuration's.
        let labels = Labels::from_pairs([("alertname", "DiskFull")]);
        let (policies, _) = engine::duty::Policies::new(&own("P1", ""));
        assert_eq!(policies.choose(Level::P1, &labels).unwrap().name, "own");
    }

    #[test]
    fn an_unsigned_handover_is_told_at_once_without_a_sound() {
        let (config, _) = crate::config::check::parse(Path::new("c.toml"), "");
        let kinds = ["popup", "sound"].map(str::to_owned).into();
        let s = setup(&config, kinds, BTreeSet::new());
        let of = |name: &str| s.policies.iter().find(|p| p.name == name).unwrap();
        assert!(of("rota-unsigned").at_once && of("rota-nobody").at_once);
        assert_eq!(of("rota-unsigned").steps[0].channels, ["popup"]);
        assert_eq!(of("rota-nobody").steps[0].channels, ["popup", "sound"]);
        // Where there is nothing but sound, a sound is better than nothing.
        let s = setup(&config, ["sound".to_owned()].into(), BTreeSet::new());
        let only = s.policies.iter().find(|p| p.name == "rota-unsigned");
        assert_eq!(only.unwrap().steps[0].channels, ["sound"]);
    }

    #[test]
    fn a_role_of_a_rota_can_be_written_in_chinese() {
        let s = of(
            "[[policy]]\nname = \"own\"\nlevel = \"P1\"\n[[policy.step]]\nto = [\"platform/主值\", \"platform/dba\"]\nchannels = [\"popup\"]\n",
        );
        let own = s.policies.iter().find(|p| p.name == "own").unwrap();
        let role = |name: &str| Target::Role(name.into());
        let expected = [role("platform/primary"), role("platform/dba")];
        assert_eq!(own.steps[0].targets, expected);
    }

    #[test]
    fn own_lines_come_before_the_defaults() {
        let s = of(concat!(
            "[[level]]\nlabel = \"severity\"\nvalue = \"critical\"\nlevel = \"P1\"\n",
            "[[policy]]\nname = \"pay\"\nlevel = \"P1\"\nmatchers = [\"service=pay\"]\nrepeat_times = 2\n",
            "[[policy.step]]\nafter_minutes = 0.5\nto = [\"duty\", \"all\"]\nchannels = [\"popup\"]\n",
            "[[quiet]]\nfrom = \"22:00\"\nto = \"08:00\"\n",
            "[[maintenance]]\ntitle = \"x\"\nmatchers = [\"a=b\"]\nweekdays = [\"sun\"]\nat = \"23:30\"\nminutes = 60\n",
            "[[maintenance]]\ntitle = \"y\"\nmatchers = [\"a=b\"]\nat = \"2026-11-22 02:00\"\n",
        ));
        assert_eq!(s.levels.lines[0].2, Level::P1);
        let own = s.policies.iter().find(|p| p.name == "pay").unwrap();
        let step = &own.steps[0];
        assert_eq!(step.after_ms, 30_000);
        assert_eq!(
            step.targets,
            [Target::Role("duty".into()), Target::Everyone]
        );
        assert_eq!(own.repeat.map(|r| r.every_ms), Some(MINUTE));
        assert_eq!(s.quiet[0].levels, [Level::P2, Level::P3]);
        let weekly = WeekTime {
            days: vec![7],
            from: 23 * 60 + 30,
            to: 30,
        };
        assert_eq!(s.maintenance[0].when, When::Weekly(weekly));
        // 02:00 in Shanghai is 18:00 UTC of the day before
        let from = 1_795_284_000_000;
        assert_eq!(s.maintenance[1].when, When::Once(from, from + 60 * MINUTE));
    }
}

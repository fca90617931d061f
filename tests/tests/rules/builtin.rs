//! The built-in rules: accepted by Prometheus, about metrics that exist, those of the operations document among them, calm on a calm day.

use crate::promtool;
use crate::replay::{self, ByName, EVERY};
use model::board::ConceptFile;
use rules::{Rule, RuleFile};
use simulator::{Platform, Scenario};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Midnight of Wednesday 2026-11-18 in Shanghai.
const MIDNIGHT: i64 = 1_794_931_200_000;

fn all_rules(files: &[RuleFile]) -> BTreeMap<&str, &Rule> {
    let rules = files.iter().flat_map(|f| &f.groups).flat_map(|g| &g.rules);
    rules.map(|r| (r.name.as_str(), r)).collect()
}

#[test]
fn promtool_accepts_the_files_and_what_we_export() {
    for (name, text) in rules::builtin::files() {
        let loaded = rules::parse(name, text).unwrap_or_else(|e| panic!("{e:#?}"));
        assert!(loaded.warnings.is_empty(), "{:#?}", loaded.warnings);
        for text in [text, &rules::export_file(&loaded.file)] {
            let said = promtool::check(text);
            let rules: usize = loaded.file.groups.iter().map(|g| g.rules.len()).sum();
            let wanted = format!("SUCCESS: {rules} rules found");
            assert!(
                said.ok && said.text.contains(&wanted),
                "{name}: {}",
                said.text
            );
            assert!(!said.text.contains("duplicate"), "{name}: {}", said.text);
        }
        let again = rules::parse(name, &rules::export_file(&loaded.file)).expect("what we wrote");
        let strip = |f: &RuleFile| {
            let mut f = f.clone();
            f.groups
                .iter_mut()
                .flat_map(|g| &mut g.rules)
                .for_each(|r| r.line = 0);
            f
        };
        assert_eq!(strip(&again.file), strip(&loaded.file));
    }
}

#[test]
fn names_are_unique_and_labels_complete() {
    let files = replay::builtin();
    let count: usize = files
        .iter()
        .flat_map(|f| &f.groups)
        .map(|g| g.rules.len())
        .sum();
    let all = all_rules(&files);
    assert_eq!(all.len(), count, "each name once");
    assert!(count >= 200, "the list shrank: {count}");
    for (name, r) in all {
        let label = |n: &str| r.labels.get(n).map_or("", String::as_str);
        assert!(
            ["critical", "high", "warning", "info"].contains(&label("severity")),
            "{name}"
        );
        assert!(
            ["notice", "warning", "critical", "emergency"].contains(&label("tier")),
            "{name}"
        );
        for n in ["check", "domain", "service"] {
            assert!(!label(n).is_empty(), "{name} has no {n}");
        }
        for n in ["summary", "description", "summary_en", "description_en"] {
            assert!(
                r.annotations.get(n).is_some_and(|t| !t.is_empty()),
                "{name} has no {n}"
            );
        }
    }
}

/// Of two tiers of a check the higher one must be the harder to reach, or it would not explain the lower one.
#[test]
fn a_check_has_each_tier_once() {
    let files = replay::builtin();
    let mut seen = BTreeSet::new();
    for (name, r) in all_rules(&files) {
        let key = (r.labels["check"].clone(), r.labels["tier"].clone());
        assert!(seen.insert(key.clone()), "{name}: {key:?} twice");
    }
}

/// Name, end of the expression, duration, severity: sections 6.1 and appendix B of the operations document; then the limits of its
/// sections 2 and 3.
const DOCUMENT: [(&str, &str, i64, &str); 28] = [
    ("HighCPUUsage", "> 85", 300, "warning"),
    ("CriticalCPUUsage", "> 95", 120, "critical"),
    ("HighMemoryUsage", "> 90", 180, "warning"),
    ("DiskSpaceLow", "> 90", 60, "critical"),
    ("HighAPILatency", "> 2", 120, "warning"),
    ("HighErrorRate", "> 5", 60, "critical"),
    ("DatabaseConnectionHigh", "> 80", 180, "warning"),
    ("SlowQueryHigh", "> 20", 300, "warning"),
    ("DatabaseDown", "== 0", 60, "critical"),
    ("CPUUsageElevated", "> 70", 600, "info"),
    ("MemoryUsageElevated", "> 80", 600, "info"),
    ("CriticalMemoryUsage", "> 95", 120, "critical"),
    ("DiskSpaceWarning", "> 85", 300, "info"),
    ("DiskSpaceExhausted", "> 95", 60, "critical"),
    ("HighBandwidthUsage", "> 70", 300, "warning"),
    ("CriticalBandwidthUsage", "> 85", 120, "high"),
    ("NetworkErrorsHigh", "> 1", 120, "critical"),
    ("CriticalAPILatency", "> 5", 120, "high"),
    ("ElevatedErrorRate", "> 1", 120, "warning"),
    ("HighConcurrency", "> 1000", 120, "warning"),
    ("CriticalConcurrency", "> 2000", 60, "high"),
    ("DatabaseConnectionCritical", "> 90", 60, "high"),
    ("SlowQueryElevated", "> 10", 300, "info"),
    ("SlowQueryCritical", "> 50", 120, "high"),
    ("ReplicationLagHigh", "> 5", 60, "warning"),
    ("ReplicationLagCritical", "> 30", 60, "high"),
    ("ReplicaDown", "== 0", 120, "high"),
    ("RedisDown", "== 0", 60, "critical"),
];

#[test]
fn the_rules_of_the_operations_document_are_there() {
    let files = replay::builtin();
    let all = all_rules(&files);
    for (name, end, seconds, severity) in DOCUMENT {
        let r = all.get(name).unwrap_or_else(|| panic!("no {name}"));
        assert!(r.expr.ends_with(end), "{name}: {}", r.expr);
        assert_eq!(r.for_ms, seconds * 1000, "{name}");
        assert_eq!(r.labels["severity"], severity, "{name}");
    }
}

#[test]
fn rules_ask_only_for_metrics_that_an_exporter_has() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../boards/concepts.yaml");
    let text = std::fs::read_to_string(path).expect("boards/concepts.yaml");
    let concepts: ConceptFile = serde_saphyr::from_str(&text).expect("the concepts");
    let mut known: BTreeSet<String> = concepts
        .concepts
        .iter()
        .flat_map(|c| &c.dialects)
        .flat_map(|d| promql::selectors(&d.in_promql()).expect("a concept's query"))
        .map(|s| s.split('{').next().unwrap_or("").to_owned())
        .collect();
    let platform = Platform::with_scenario(&Scenario::default(), MIDNIGHT);
    known.extend(
        platform
            .labels()
            .iter()
            .filter_map(|l| l.metric_name().map(str::to_owned)),
    );
    // mysqld_exporter's, asked for by the operations document's own example
    known.insert("mysql_up".to_owned());
    let asked = replay::metrics(&replay::builtin());
    let unknown: Vec<_> = asked.difference(&known).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[test]
fn on_a_calm_day_nothing_fires() {
    let files = replay::builtin();
    let names = replay::metrics(&files);
    // the first hour fills the windows
    let day = 25 * 3_600_000;
    let store = ByName::new(replay::simulated(
        Vec::new(),
        MIDNIGHT - 3_600_000,
        day,
        &names,
    ));
    let fired = replay::fired(&replay::run(&files, &store, 2 * EVERY, day));
    assert!(fired.is_empty(), "{fired:?}");
}

//! What is decided about the facts that are gathered; nothing here asks anybody.

use logs::patterns::{Miner, PatternId};
use model::log::{Field, Filter, LogLevel, LogLine};
use model::trace::TraceSummary;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use wire::{AlertRow, InvestigationAlert, InvestigationPattern, InvestigationTrace, LabelView};

/// Labels whose values name a program, the most telling first.
const PROGRAMS: [&str; 8] = [
    "service",
    "service_name",
    "app",
    "application",
    "deployment",
    "container",
    "job",
    "queue",
];
/// Labels whose values name a machine or a pod.
const PLACES: [&str; 7] = [
    "pod", "instance", "node", "host", "hostname", "nodename", "device",
];
/// Patterns shown of each kind.
const PATTERNS: usize = 8;
/// Traces shown of each kind.
const TRACES: usize = 8;
/// Other alerts shown.
const OTHERS: usize = 12;
/// Alerts that fired farther apart have nothing to do with each other unless they share a place, ms.
const NEAR: f64 = 30.0 * 60_000.0;

/// What an alert names that logs and traces may know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Clues {
    /// Programs.
    pub services: Vec<String>,
    /// Machines and pods, without ports.
    pub hosts: Vec<String>,
}

impl Clues {
    /// From an alert's labels.
    pub fn of(labels: &[LabelView]) -> Self {
        let values = |names: &[&str]| {
            let mut seen = BTreeSet::new();
            names
                .iter()
                .filter_map(|n| labels.iter().find(|l| l.name == *n))
                .map(|l| without_port(&l.value).to_owned())
                .filter(|v| !v.is_empty() && seen.insert(v.clone()))
                .collect::<Vec<_>>()
        };
        Self {
            services: values(&PROGRAMS),
            hosts: values(&PLACES),
        }
    }

    /// Lines of warnings and worse about what is named; `None` when nothing is.
    pub fn filter(&self) -> Option<Filter> {
        let services = self
            .services
            .iter()
            .map(|s| Filter::Is(Field::Service, s.clone()));
        let hosts = self
            .hosts
            .iter()
            .map(|h| Filter::Is(Field::Host, h.clone()));
        let mut any: Vec<Filter> = services.chain(hosts).collect();
        let about = match any.len() {
            0 => return None,
            1 => any.remove(0),
            _ => Filter::Or(any),
        };
        Some(Filter::AtLeast(LogLevel::Warn).and(about))
    }
}

/// `10.0.0.1:9100` is the machine `10.0.0.1`; an IPv6 address without brackets has colons of its own.
fn without_port(value: &str) -> &str {
    match value.rsplit_once(':') {
        Some((host, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => {
            let bracketed = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
            match bracketed {
                Some(inner) => inner,
                None if host.contains(':') => value,
                None => host,
            }
        }
        _ => value,
    }
}

#[derive(Default)]
struct Tally<'a> {
    before: u32,
    since: u32,
    first_ns: i64,
    services: BTreeMap<&'a str, u32>,
    trace: &'a str,
}

/// Patterns that are new, and patterns that are more than three times as frequent, in lines `since` compared with those `before`;
/// `ratio` is how much longer the time before was.
pub fn patterns(
    before: &[LogLine],
    since: &[LogLine],
    ratio: f64,
) -> (Vec<InvestigationPattern>, Vec<InvestigationPattern>) {
    let mut miner = Miner::new();
    let ids: Vec<(PatternId, bool, &LogLine)> = before
        .iter()
        .map(|l| (l, false))
        .chain(since.iter().map(|l| (l, true)))
        .map(|(line, is_since)| {
            (
                miner.add_at(&line.message, line.position.at_ns),
                is_since,
                line,
            )
        })
        .collect();
    let mut tallies: HashMap<PatternId, Tally<'_>> = HashMap::new();
    for (id, is_since, line) in ids {
        let tally = tallies.entry(miner.resolve(id)).or_default();
        if !is_since {
            tally.before += 1;
            continue;
        }
        let at = line.position.at_ns;
        tally.first_ns = if tally.since == 0 {
            at
        } else {
            tally.first_ns.min(at)
        };
        tally.since += 1;
        *tally.services.entry(&line.service).or_default() += 1;
        if tally.trace.is_empty() {
            tally.trace = &line.trace_id;
        }
    }
    let (mut new, mut more) = (Vec::new(), Vec::new());
    for pattern in miner.patterns() {
        let Some(tally) = tallies.get(&pattern.id).filter(|t| t.since > 0) else {
            continue;
        };
        let service = tally.services.iter().max_by_key(|(_, n)| **n);
        let view = InvestigationPattern {
            template: pattern.template().chars().take(400).collect(),
            example: pattern.example.clone(),
            service: service.map_or_else(String::new, |(s, _)| (*s).to_owned()),
            count: tally.since,
            before: tally.before,
            first: tally.first_ns as f64 / 1e6,
            trace_id: tally.trace.to_owned(),
        };
        if tally.before == 0 {
            new.push(view);
        } else if f64::from(tally.since) * ratio > 3.0 * f64::from(tally.before) {
            more.push(view);
        }
    }
    for list in [&mut new, &mut more] {
        list.sort_by(|a, b| b.count.cmp(&a.count).then(a.first.total_cmp(&b.first)));
        list.truncate(PATTERNS);
    }
    (new, more)
}

/// Words that lines of a pattern have in common: the longest stretch of its template that its example has as well (a template has one
/// space where a line may have several). `None` when it is too short to tell lines apart.
pub fn words(pattern: &InvestigationPattern) -> Option<&str> {
    let mut best = "";
    for part in pattern.template.split('<') {
        let placeholder = part
            .split_once('>')
            .filter(|(name, _)| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'));
        let part = placeholder.map_or(part, |(_, rest)| rest).trim();
        if part.chars().count() > best.chars().count() && pattern.example.contains(part) {
            best = part;
        }
    }
    // A Han character says as much as three letters.
    let said = |c: char| if c.is_ascii() { 1 } else { 3 };
    (best.chars().map(said).sum::<usize>() >= 6).then_some(best)
}

/// Which services of the tracing an alert is about, and whether it names them.
pub fn services(clues: &Clues, known: &[String], most: usize) -> (Vec<String>, bool) {
    let named: Vec<String> = known
        .iter()
        .filter(|k| clues.services.contains(k))
        .cloned()
        .collect();
    if !named.is_empty() {
        return (named, true);
    }
    (known.iter().take(most).cloned().collect(), false)
}

/// Half of the traces took less than this, ms.
pub fn median(traces: &[TraceSummary]) -> Option<f64> {
    let mut all: Vec<i64> = traces.iter().map(|t| t.duration_ns).collect();
    all.sort_unstable();
    all.get(all.len() / 2).map(|ns| *ns as f64 / 1e6)
}

/// The failed ones, newest first, and the slowest of all.
pub fn notable(traces: &[TraceSummary]) -> (Vec<InvestigationTrace>, Vec<InvestigationTrace>) {
    let view = |t: &&TraceSummary| InvestigationTrace {
        id: t.id.to_string(),
        service: t.root_service.chars().take(120).collect(),
        operation: t.root_operation.chars().take(200).collect(),
        start: t.start_ns as f64 / 1e6,
        duration: t.duration_ns as f64 / 1e6,
        spans: t.spans,
        errors: t.errors,
    };
    let mut failed: Vec<&TraceSummary> = traces.iter().filter(|t| t.errors > 0).collect();
    failed.sort_by_key(|t| std::cmp::Reverse(t.start_ns));
    let mut slow: Vec<&TraceSummary> = traces.iter().collect();
    slow.sort_by_key(|t| std::cmp::Reverse(t.duration_ns));
    (
        failed.iter().take(TRACES).map(view).collect(),
        slow.iter().take(TRACES).map(view).collect(),
    )
}

/// What else fired: what shares a place first, then what fired nearest.
pub fn others(of: &AlertRow, rows: Vec<AlertRow>) -> Vec<InvestigationAlert> {
    let mut seen = BTreeSet::from([of.id]);
    let mut all: Vec<InvestigationAlert> = rows
        .into_iter()
        .filter(|row| seen.insert(row.id))
        .map(|row| InvestigationAlert {
            after: row.starts_at - of.starts_at,
            shared: row
                .place
                .iter()
                .filter(|p| of.place.contains(p))
                .cloned()
                .collect(),
            row,
        })
        .filter(|a| a.after.abs() <= NEAR || (!a.shared.is_empty() && a.row.resolved_at.is_none()))
        .collect();
    all.sort_by(|a, b| {
        (b.shared.len().cmp(&a.shared.len()))
            .then(a.after.abs().total_cmp(&b.after.abs()))
            .then(a.row.id.cmp(&b.row.id))
    });
    all.truncate(OTHERS);
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::log::LogPosition;
    use model::trace::TraceId;

    fn labels(pairs: &[(&str, &str)]) -> Vec<LabelView> {
        let view = |(n, v): &(&str, &str)| LabelView {
            name: (*n).into(),
            value: (*v).into(),
        };
        pairs.iter().map(view).collect()
    }

    fn line(at_s: i64, service: &str, message: &str) -> LogLine {
        LogLine {
            position: LogPosition::before(at_s * 1_000_000_000),
            service: service.into(),
            message: message.into(),
            trace_id: format!("{at_s:x}"),
            ..LogLine::default()
        }
    }

    #[test]
    fn labels_name_programs_and_machines() {
        let clues = Clues::of(&labels(&[
            ("alertname", "X"),
            ("job", "node"),
            ("service", "order-service"),
            ("instance", "10.0.0.1:9100"),
        ]));
        assert_eq!(clues.services, ["order-service", "node"]);
        assert_eq!(clues.hosts, ["10.0.0.1"]);
        let about = Filter::Or(vec![
            Filter::Is(Field::Service, "order-service".into()),
            Filter::Is(Field::Service, "node".into()),
            Filter::Is(Field::Host, "10.0.0.1".into()),
        ]);
        let wanted = Filter::AtLeast(LogLevel::Warn).and(about);
        assert_eq!(clues.filter(), Some(wanted));
        assert_eq!(Clues::of(&labels(&[("alertname", "X")])).filter(), None);
    }

    #[test]
    fn ports_go_and_addresses_stay() {
        for (value, host) in [
            ("web-1:9100", "web-1"),
            ("[fe80::1]:9100", "fe80::1"),
            ("fe80::1", "fe80::1"),
            ("web-1", "web-1"),
            ("a:b", "a:b"),
        ] {
            assert_eq!(without_port(value), host);
        }
    }

    #[test]
    fn new_is_what_was_not_there_before() {
        let before: Vec<_> = (0..20)
            .map(|i| line(i, "pay", &format!("retry {i} of channel wechat")))
            .collect();
        let mut since: Vec<_> = (0..5)
            .map(|i| {
                line(
                    100 + i,
                    "pay",
                    &format!("支付渠道超时 {}ms，订单 {}", 3000 + i, 880_000 + i),
                )
            })
            .collect();
        since.push(line(200, "pay", "retry 7 of channel wechat"));
        let (new, more) = patterns(&before, &since, 1.0);
        assert_eq!(new.len(), 1, "{new:?}");
        assert_eq!((new[0].count, new[0].before), (5, 0));
        assert!(
            new[0].template.contains("支付渠道超时"),
            "{}",
            new[0].template
        );
        assert_eq!(
            (new[0].service.as_str(), new[0].trace_id.as_str()),
            ("pay", "64")
        );
        assert_eq!(new[0].first, 100_000.0);
        assert!(more.is_empty());
    }

    #[test]
    fn more_is_three_times_as_many_in_the_same_time() {
        let of = |n: i64| -> Vec<_> { (0..n).map(|i| line(i, "db", "slow query")).collect() };
        // An hour before against a quarter of it: 4 times as long.
        assert!(patterns(&of(8), &of(6), 4.0).1.is_empty());
        assert_eq!(patterns(&of(8), &of(7), 4.0).1.len(), 1);
    }

    #[test]
    fn words_are_what_all_lines_of_a_pattern_have() {
        let pattern = |template: &str, example: &str| InvestigationPattern {
            template: template.into(),
            example: example.into(),
            service: String::new(),
            count: 1,
            before: 0,
            first: 0.0,
            trace_id: String::new(),
        };
        for (template, example, found) in [
            (
                "支付渠道超时 <time>，订单 <number>",
                "支付渠道超时 30ms，订单 8",
                Some("支付渠道超时"),
            ),
            ("lock held <number> times", "lock  held 3 times", None),
            ("<path> <number>", "/path/number 7", None),
            ("a < b and c", "a < b and c", Some("b and c")),
        ] {
            assert_eq!(words(&pattern(template, example)), found, "{template}");
        }
    }

    #[test]
    fn others_are_near_in_time_or_in_place() {
        use super::super::tests::row;
        let minute = 60_000.0;
        let at = |id: i64, after_min: f64, place: &[&str]| AlertRow {
            starts_at: 1e9 + after_min * minute,
            ..row(id, place)
        };
        let over = |row: AlertRow| AlertRow {
            resolved_at: Some(2e9),
            ..row
        };
        let of = at(1, 0.0, &["pay", "web-1"]);
        let rows = vec![
            at(1, 0.0, &["pay"]),
            at(2, 5.0, &["stock"]),
            at(3, -2.0, &["stock"]),
            at(4, -600.0, &["pay"]),
            at(5, 20.0, &["pay", "web-1"]),
            at(6, 31.0, &["stock"]),
            over(at(7, 31.0, &["pay"])),
            over(at(8, 1.0, &["order"])),
            at(2, 5.0, &["stock"]),
        ];
        let found = others(&of, rows);
        let ids: Vec<i64> = found.iter().map(|o| o.row.id).collect();
        // Two places, one place however far, then by distance; itself, doubles, and what is far without a place of its own are not there.
        assert_eq!(ids, [5, 4, 8, 3, 2]);
        assert_eq!(found[0].shared, ["pay", "web-1"]);
        assert_eq!(
            (found[1].after, found[3].after),
            (-600.0 * minute, -2.0 * minute)
        );
        let many = (10..40).map(|id| at(id, 1.0, &[])).collect();
        assert_eq!(others(&of, many).len(), OTHERS);
    }

    #[test]
    fn failed_by_time_and_slow_by_length() {
        let trace = |id: u128, start_s: i64, ms: i64, errors: u32| TraceSummary {
            id: TraceId(id),
            start_ns: start_s * 1_000_000_000,
            duration_ns: ms * 1_000_000,
            errors,
            ..TraceSummary::default()
        };
        let all = [trace(1, 1, 50, 1), trace(2, 2, 900, 0), trace(3, 3, 40, 2)];
        let (failed, slow) = notable(&all);
        let start = |t: &InvestigationTrace| t.start;
        assert_eq!(
            failed.iter().map(start).collect::<Vec<_>>(),
            [3000.0, 1000.0]
        );
        assert_eq!(slow.first().map(|t| t.duration), Some(900.0));
        assert_eq!(median(&all), Some(50.0));
        assert_eq!(median(&[]), None);
    }

    #[test]
    fn services_are_those_that_the_tracing_knows() {
        let known = ["order".to_owned(), "pay".to_owned(), "web".to_owned()];
        let clues = Clues {
            services: vec!["node".into(), "pay".into()],
            hosts: Vec::new(),
        };
        assert_eq!(services(&clues, &known, 2), (vec!["pay".to_owned()], true));
        let all = services(&Clues::default(), &known, 2);
        assert_eq!(
            all,
            (
                vec!["order".to_owned(), "web".to_owned()][..1]
                    .iter()
                    .cloned()
                    .chain(["pay".to_owned()])
                    .collect(),
                false
            )
        );
    }
}

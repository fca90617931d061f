//! Boards group, name and narrow by labels. Whatever exporter a source has, its dialect of a concept must give these labels: else a panel
//! that is right with one exporter shows a single nameless line, or nothing at all, with another. Which labels come out of an expression
//! is computed from the expression itself and from what the exporters' series carry.

use desk::boards::{self, Library};
use embedded::tsdb::{Options, Tsdb};
use model::Lang;
use model::board::variable::{LabelValues, fill};
use model::board::{Board, LinkTo, Panel, PanelKind, Query, Role, concepts_in, expand};
use promql::{Engine, Value};
use promql_parser::label::Labels;
use promql_parser::parser::{self, BinaryExpr, Expr, LabelModifier, VectorMatchCardinality, token};
use regex::Regex;
use simulator::{Platform, Scenario};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

type Names = BTreeSet<String>;

const NOW: i64 = 1_794_931_200_000;

/// What cannot have a label, with the reason.
const WITHOUT: [(&str, &str, &str, &str); 4] = [
    (
        "rabbitmq_queue_depth",
        "rabbitmq",
        "queue",
        "the aggregated page has one value for each node and knows no queue",
    ),
    ("rabbitmq_unacked", "rabbitmq", "queue", "as above"),
    ("rabbitmq_consumers", "rabbitmq", "queue", "as above"),
    (
        "redis_up",
        "redis_exporter, categraf",
        "address",
        "one name for both: only categraf's series have an address, and theirs stands for the instance",
    ),
];

/// Labels of series that the simulated platform does not have, by the beginning of the metric's name; the first that
/// fits counts.
const CARRIED: [(&str, &[&str]); 56] = [
    ("disk_", &["ident", "device", "fstype", "path"]),
    ("diskio_", &["ident", "name"]),
    ("net_", &["ident", "interface"]),
    ("netstat_", &["ident"]),
    ("cpu_usage_", &["ident", "cpu"]),
    ("mem_", &["ident"]),
    ("system_", &["ident"]),
    ("processes_", &["ident"]),
    ("linux_sysctl_", &["ident"]),
    (
        "docker_container_",
        &["ident", "container_name", "container_image"],
    ),
    ("docker_n_", &["ident"]),
    ("http_response_", &["ident", "target"]),
    ("postgresql_max_connections", &["ident"]),
    ("postgresql_up", &["ident", "server"]),
    ("postgresql_", &["ident", "server", "db"]),
    ("redis_", &["ident", "address"]),
    ("snmp_interface_", &["ident", "agent_host", "ifname"]),
    ("nginx_", &["job", "instance"]),
    (
        "traefik_service_",
        &[
            "job", "instance", "service", "code", "method", "protocol", "le",
        ],
    ),
    (
        "haproxy_server_up",
        &["job", "instance", "backend", "server"],
    ),
    ("hwEntity", &["job", "instance", "entPhysicalIndex"]),
    (
        "ciscoEnvMon",
        &["job", "instance", "ciscoEnvMonTemperatureStatusIndex"],
    ),
    (
        "ciscoMemoryPool",
        &["job", "instance", "ciscoMemoryPoolType"],
    ),
    ("cpmCPU", &["job", "instance", "cpmCPUTotalIndex"]),
    (
        "jnxOperating",
        &["job", "instance", "jnxOperatingContentsIndex"],
    ),
    ("panSession", &["job", "instance"]),
    (
        "http_client_requests_seconds",
        &[
            "job",
            "instance",
            "client_name",
            "method",
            "status",
            "uri",
            "le",
        ],
    ),
    ("http_server_requests_active", &["job", "instance"]),
    (
        "http_server_requests_seconds",
        &["job", "instance", "method", "status", "uri", "le"],
    ),
    (
        "http_server_duration_milliseconds",
        &[
            "job",
            "instance",
            "http_method",
            "http_route",
            "http_status_code",
            "le",
        ],
    ),
    (
        "http_request_duration_seconds",
        &["job", "instance", "method", "path", "status_code", "le"],
    ),
    ("tomcat_", &["job", "instance"]),
    ("jvm_memory_bytes_", &["job", "instance", "area"]),
    (
        "jvm_memory_used_bytes",
        &["job", "instance", "jvm_memory_type", "jvm_memory_pool_name"],
    ),
    (
        "jvm_memory_limit",
        &["job", "instance", "jvm_memory_type", "jvm_memory_pool_name"],
    ),
    ("jvm_gc_", &["job", "instance"]),
    ("jvm_thread", &["job", "instance", "state"]),
    ("nodejs_", &["job", "instance"]),
    (
        "kafka_cluster_partition_",
        &["job", "instance", "topic", "partition"],
    ),
    (
        "kafka_server_brokertopicmetrics_",
        &["job", "instance", "topic"],
    ),
    (
        "kafka_consumergroup_uncommitted_offsets",
        &["job", "instance", "consumergroup", "topic", "partition"],
    ),
    ("druid_", &["job", "instance", "pool"]),
    ("mysql_", &["job", "instance"]),
    ("pg_replication_lag", &["job", "instance"]),
    ("rabbitmq_channel_", &["job", "instance"]),
    ("otelcol_exporter_", &["job", "instance", "exporter"]),
    (
        "otelcol_receiver_",
        &["job", "instance", "receiver", "transport"],
    ),
    ("shouwang_on_duty_seconds_left", &["rota", "role", "person"]),
    ("shouwang_channel_up", &["channel"]),
    ("shouwang_alert_source_up", &["source"]),
    ("shouwang_response_seconds", &["stat"]),
    ("shouwang_resolution_seconds", &["stat"]),
    ("shouwang_alerts_suppressed", &[]),
    ("shouwang_alerts_unanswered_week", &[]),
    ("shouwang_on_duty", &[]),
    ("shouwang_", &["level"]),
];

fn set(names: &[&str]) -> Names {
    names.iter().map(|n| (*n).to_owned()).collect()
}

/// The simulated series of each metric.
fn simulated() -> BTreeMap<String, Vec<model::Labels>> {
    let mut out: BTreeMap<String, Vec<model::Labels>> = BTreeMap::new();
    for series in Platform::with_scenario(&Scenario::default(), NOW).labels() {
        let metric = series.metric_name().unwrap_or_default().to_owned();
        out.entry(metric).or_default().push(series.clone());
    }
    out
}

/// Labels that all of these have which the selector takes; `None` where it takes none.
fn common(series: &[model::Labels], selector: &parser::VectorSelector) -> Option<Names> {
    let all = &selector.matchers.matchers;
    let taken = series.iter().filter(|labels| {
        all.iter()
            .all(|m| m.is_match(labels.get(&m.name).unwrap_or_default()))
    });
    let names = taken.map(|l| {
        let all = l.iter().map(|(n, _)| n.to_owned());
        all.filter(|n| n != "__name__").collect::<Names>()
    });
    names.reduce(|a, b| a.intersection(&b).cloned().collect())
}

/// Tags by which a question in a store's own language groups, and the label that its host becomes.
fn tags(text: &str) -> Names {
    let words = Regex::new(r"[A-Za-z_]+").expect("a pattern");
    let from = text
        .rfind("GROUP BY")
        .or_else(|| text.rfind("group(columns"));
    let part = &text[from.unwrap_or(text.len())..];
    let mut out: Names = words.find_iter(part).map(|m| m.as_str().into()).collect();
    if out.contains("host") {
        out.insert("instance".to_owned());
    }
    out
}

/// Labels of what an expression answers, and what it asks for without getting it.
struct Reader<'a> {
    simulated: &'a BTreeMap<String, Vec<model::Labels>>,
    missing: BTreeSet<String>,
    unknown: &'a mut BTreeSet<String>,
}

impl Reader<'_> {
    fn series(&mut self, selector: &parser::VectorSelector) -> Names {
        for matcher in &selector.matchers.matchers {
            if Lang::NATIVE.iter().any(|l| l.name() == matcher.name) {
                return tags(&matcher.value);
            }
        }
        let name = selector.name.clone().unwrap_or_default();
        let simulated = self.simulated.get(&name);
        if let Some(names) = simulated.and_then(|found| common(found, selector)) {
            return names;
        }
        // Two exporters may give a metric the same name and other labels.
        match CARRIED.iter().find(|(begin, _)| name.starts_with(begin)) {
            Some((_, names)) => set(names),
            None if simulated.is_some() => Names::new(),
            None => {
                self.unknown.insert(name);
                Names::new()
            }
        }
    }

    fn lacks(&mut self, label: &str, have: &Names) {
        if !have.contains(label) {
            self.missing.insert(label.to_owned());
        }
    }

    fn kept(&mut self, by: &Labels, have: &Names) -> Names {
        for label in &by.labels {
            self.lacks(label, have);
        }
        let kept = by.labels.iter().filter(|l| have.contains(*l));
        kept.cloned().collect()
    }

    /// `None` for what is no vector.
    fn read(&mut self, expr: &Expr) -> Option<Names> {
        Some(match expr {
            Expr::Aggregate(a) => {
                let inner = self.read(&a.expr).unwrap_or_default();
                let picks = [token::T_TOPK, token::T_BOTTOMK].contains(&a.op.id());
                match &a.modifier {
                    _ if picks => inner,
                    Some(LabelModifier::Include(by)) => self.kept(by, &inner),
                    Some(LabelModifier::Exclude(out)) => inner
                        .into_iter()
                        .filter(|l| !out.labels.contains(l))
                        .collect(),
                    None => Names::new(),
                }
            }
            Expr::Unary(u) => return self.read(&u.expr),
            Expr::Paren(p) => return self.read(&p.expr),
            Expr::Subquery(s) => return self.read(&s.expr),
            Expr::Binary(b) => return self.both(b),
            Expr::NumberLiteral(_) | Expr::StringLiteral(_) | Expr::Extension(_) => return None,
            Expr::VectorSelector(v) => self.series(v),
            Expr::MatrixSelector(m) => self.series(&m.vs),
            Expr::Call(c) => return self.call(c),
        })
    }

    fn call(&mut self, call: &parser::Call) -> Option<Names> {
        let text = |i: usize| match call.args.args.get(i).map(|a| &**a) {
            Some(Expr::StringLiteral(s)) => s.val.clone(),
            _ => String::new(),
        };
        match call.func.name {
            "time" => None,
            "vector" | "absent" => Some(Names::new()),
            "label_replace" => {
                let mut have = self.read(call.args.args.first()?).unwrap_or_default();
                let (to, with, from) = (text(1), text(2), text(3));
                let has = from.is_empty() || have.contains(&from);
                let whole = format!("^(?:{})$", text(4));
                let nothing = Regex::new(&whole).is_ok_and(|r| r.is_match(""));
                if with.contains('$') {
                    // A mapped label may be there already, under the name that is wanted.
                    if !has && !have.contains(&to) {
                        self.missing.insert(from);
                    } else {
                        have.insert(to);
                    }
                } else if with.is_empty() {
                    have.remove(&to);
                } else if has || nothing {
                    have.insert(to);
                } else {
                    self.missing.insert(from);
                }
                Some(have)
            }
            name => {
                let all = call.args.args.iter().map(|a| self.read(a));
                let found: Vec<Names> = all.flatten().collect();
                let mut have = found.into_iter().next()?;
                if name == "histogram_quantile" {
                    self.lacks("le", &have);
                    have.remove("le");
                }
                Some(have)
            }
        }
    }

    fn both(&mut self, b: &BinaryExpr) -> Option<Names> {
        let (left, right) = (self.read(&b.lhs), self.read(&b.rhs));
        let (Some(left), Some(right)) = (left.clone(), right.clone()) else {
            return left.or(right);
        };
        let matching = b.modifier.as_ref().and_then(|m| m.matching.as_ref());
        if let Some(LabelModifier::Include(on)) = matching {
            for label in on.labels.iter().filter(|l| *l != "shouwang_kept") {
                self.lacks(label, &left);
                self.lacks(label, &right);
            }
        }
        match b.op.id() {
            token::T_LOR => return Some(left.intersection(&right).cloned().collect()),
            token::T_LAND | token::T_LUNLESS => return Some(left),
            _ => {}
        }
        Some(match b.modifier.as_ref().map(|m| &m.card) {
            Some(VectorMatchCardinality::ManyToOne(more)) => {
                left.into_iter().chain(more.labels.clone()).collect()
            }
            Some(VectorMatchCardinality::OneToMany(more)) => {
                right.into_iter().chain(more.labels.clone()).collect()
            }
            _ => match matching {
                Some(LabelModifier::Include(on)) => on.labels.iter().cloned().collect(),
                Some(LabelModifier::Exclude(out)) => left
                    .into_iter()
                    .filter(|l| !out.labels.contains(l))
                    .collect(),
                None => left,
            },
        })
    }
}

/// Something that a board asks, and the labels that it needs of the answer.
struct Asked {
    place: String,
    expr: String,
    needs: Names,
}

fn words(text: &str, pattern: &str) -> Names {
    let pattern = Regex::new(pattern).expect("a pattern");
    let found = pattern.captures_iter(text);
    found.map(|c| c[1].to_owned()).collect()
}

fn of_query(board: &Board, panel: &Panel, query: &Query) -> Asked {
    let mut needs = words(
        query.legend.as_deref().unwrap_or_default(),
        r"\{\{\s*(\w+)\s*\}\}",
    );
    let rows = [
        PanelKind::Table,
        PanelKind::SparkTable,
        PanelKind::BarList,
        PanelKind::Topology,
    ];
    if query.role == Role::Main && rows.contains(&panel.kind) {
        for link in &panel.links {
            let texts = std::iter::once(&link.target).chain(link.variables.values());
            let node = panel.kind == PanelKind::Topology && link.to == LinkTo::Traces;
            for text in texts.filter(|_| !node) {
                needs.extend(words(text, r"\$([a-zA-Z_]\w*)"));
            }
        }
    }
    Asked {
        place: format!("{}/{}/{}", board.id, panel.id, query.id),
        expr: query.expr.clone(),
        needs,
    }
}

fn asked(library: &Library) -> Vec<Asked> {
    let mut out = Vec::new();
    for board in library.boards.values() {
        let everything: BTreeMap<String, Vec<String>> = board
            .variables
            .iter()
            .map(|v| (v.id.clone(), vec!["chosen".to_owned()]))
            .collect();
        for variable in &board.variables {
            let asked = variable.query.as_deref().and_then(LabelValues::parse);
            out.extend(asked.map(|a| Asked {
                place: format!("{}/${}", board.id, variable.id),
                expr: a.expr(),
                needs: Names::from([a.label]),
            }));
        }
        for mark in &board.marks {
            out.push(Asked {
                place: format!("{}/mark {}", board.id, mark.id),
                expr: mark.expr.clone(),
                needs: words(
                    mark.legend.as_deref().unwrap_or_default(),
                    r"\{\{\s*(\w+)\s*\}\}",
                ),
            });
        }
        for panel in &board.panels {
            for query in panel.queries.iter().filter(|q| q.lang == Lang::Promql) {
                out.push(of_query(board, panel, query));
            }
        }
        for one in &mut out {
            // With something chosen, so that the conditions stay.
            one.expr = fill(&one.expr, &everything).replace(model::board::WINDOW, "1h");
        }
    }
    out
}

#[test]
fn every_dialect_gives_the_labels_that_boards_go_by() {
    let library = boards::load(None);
    assert_eq!(library.problems, []);
    let simulated = simulated();
    let mut unknown = BTreeSet::new();
    let mut wrong = BTreeSet::new();
    let mut used = BTreeSet::new();
    let mut compared = 0;
    for one in asked(&library) {
        let ids = concepts_in(&one.expr);
        for id in &ids {
            let concept = &library.concepts[id];
            for dialect in &concept.dialects {
                // The other concepts of the question in the same exporter's words, where it has them.
                let like = |other: &String| {
                    let all = &library.concepts[other].dialects;
                    let same = all.iter().find(|d| d.name == dialect.name);
                    let found = same.or(all.first()).map(|d| d.in_promql());
                    (other.clone(), found.unwrap_or_default())
                };
                let mut bound: BTreeMap<String, String> = ids.iter().map(like).collect();
                bound.insert(id.clone(), dialect.in_promql());
                let full = expand(&one.expr, &bound).expect("known concepts");
                let expr = parser::parse(&full).unwrap_or_else(|e| panic!("{full}: {e}"));
                let mut reader = Reader {
                    simulated: &simulated,
                    missing: BTreeSet::new(),
                    unknown: &mut unknown,
                };
                let have = reader.read(&expr).unwrap_or_default();
                let mut missing = reader.missing;
                missing.extend(one.needs.difference(&have).cloned());
                compared += 1;
                for label in missing {
                    let known = WITHOUT
                        .iter()
                        .find(|w| (w.0, w.1, w.2) == (id, dialect.name.as_str(), label.as_str()));
                    match known {
                        Some(one) => {
                            used.insert(one);
                        }
                        None => {
                            wrong.insert(format!(
                                "{id} of {}: {} needs {label}",
                                dialect.name, one.place
                            ));
                        }
                    }
                }
            }
        }
    }
    assert!(unknown.is_empty(), "what do these carry? {unknown:#?}");
    let wrong: Vec<String> = wrong.into_iter().collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(used.len(), WITHOUT.len(), "an exemption that is not needed");
    assert!(compared > 700, "{compared} questions");
}

/// Buckets of the old convention are limited in milliseconds. Boards know seconds, and a histogram's quantile must come out the same.
#[test]
fn old_buckets_in_milliseconds_become_seconds() {
    let store = Tsdb::in_memory(Options::new(Arc::new(|| NOW)));
    let limits = ["0", "2.5", "5", "25.0", "100", "2500", "10000", "+Inf"];
    for (i, le) in limits.iter().enumerate() {
        let labels = model::Labels::from_pairs([
            ("__name__", "http_server_duration_milliseconds_bucket"),
            ("job", "order-service"),
            ("http_route", "/orders"),
            ("le", le),
        ]);
        let r = store.series_ref(&labels).expect("a series");
        let each = i as f64;
        let batch: Vec<_> = (0..=20)
            .map(|n: i64| {
                let t = NOW - (20 - n) * 15_000;
                (
                    r,
                    model::Sample {
                        t,
                        v: each * n as f64,
                    },
                )
            })
            .collect();
        assert_eq!(store.append_refs(&batch).refused(), 0);
    }
    let library = boards::load(None);
    let old = |id: &str| {
        let all = &library.concepts[id].dialects;
        let found = all.iter().find(|d| d.name == "otel_old");
        found.unwrap_or_else(|| panic!("{id}")).in_promql()
    };
    let ask = |expr: &str| match Engine::default().instant(&store, expr, NOW) {
        Ok(Value::Vector(rows)) => rows,
        other => panic!("{expr}: {other:?}"),
    };
    for id in ["api_duration_buckets", "api_service_buckets"] {
        let found: BTreeSet<String> = ask(&old(id))
            .iter()
            .filter_map(|(l, _)| l.get("le").map(str::to_owned))
            .collect();
        let wanted = [
            "+Inf", "0.000", "0.005", "0.025", "0.100", "10.000", "2.500",
        ];
        assert_eq!(found, set(&wanted), "{id}");
        let expr = format!("histogram_quantile(0.5, sum by (le) ({}))", old(id));
        let rows = ask(&expr);
        // Half of 7 lies between 25 ms (3) and 100 ms (4).
        assert_eq!(rows.len(), 1);
        assert!((rows[0].1.v - 0.0625).abs() < 1e-9, "{rows:?}");
    }
}

//! docs/metric-coverage.md against what it speaks of: every metric that the operations document names is there, with a panel that
//! really asks for it, and with the rules that really watch it; and every panel of every built-in board has something to show.

use desk::boards::{self, Library};
use embedded::tsdb::{Options, Tsdb};
use model::board::variable::{LabelValues, fill};
use model::board::{Query, concepts_in, expand};
use model::{Labels, Sample, Series};
use promql::{Engine, Value};
use regex::Regex;
use simulator::{Platform, Scenario};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

const NAMES: &str = include_str!("coverage/names.txt");
const NO_RULE: &str = "不设规则：";
const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
/// Wednesday 2026-11-18, 12:20:30 in Shanghai: lunch.
const LUNCH: i64 = 1_794_931_200_000 + 12 * HOUR + 20 * 60_000 + 30_000;
/// Boards of what the desk itself knows: their series come from the running program, not from the simulated platform.
const OF_THE_DESK: [&str; 1] = ["duty"];

/// A line of the table.
#[derive(Debug)]
struct Row {
    section: String,
    name: String,
    concepts: Vec<String>,
    panels: Vec<String>,
    rules: Vec<String>,
    reason: String,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The words in backquotes.
fn quoted(cell: &str) -> Vec<String> {
    cell.split('`')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

fn table() -> Vec<Row> {
    let path = root().join("docs/metric-coverage.md");
    let text = std::fs::read_to_string(path).expect("docs/metric-coverage.md");
    let mut section = String::new();
    let mut rows = Vec::new();
    for line in text.lines() {
        if let Some(head) = line.strip_prefix("## ") {
            section = head.split(' ').next().unwrap_or_default().to_owned();
            continue;
        }
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let is_row = cells.len() == 7 && cells[1] != "名称" && !cells[1].starts_with("---");
        if !is_row {
            continue;
        }
        let reason = cells[5].strip_prefix(NO_RULE).unwrap_or_default();
        rows.push(Row {
            section: section.clone(),
            name: cells[1].to_owned(),
            concepts: quoted(cells[3]),
            panels: quoted(cells[4]),
            rules: quoted(cells[5]),
            reason: reason.to_owned(),
        });
    }
    rows
}

/// Metrics that an expression reads, without the endings that parts of one histogram or counter have.
fn metrics(expr: &str) -> BTreeSet<String> {
    static NAME: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"[a-zA-Z_:][a-zA-Z0-9_:]*").expect("a pattern"));
    static NO_METRIC: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r#"\{[^}]*\}|"[^"]*"|(by|on|without|ignoring|group_left|group_right) ?\([^)]*\)"#,
        )
        .expect("a pattern")
    });
    let bare = NO_METRIC.replace_all(expr, " ");
    NAME.find_iter(&bare)
        .filter(|m| !bare[m.end()..].starts_with('('))
        .map(|m| m.as_str())
        // The names of SNMP's objects have humps instead of underscores.
        .filter(|n| n.contains('_') || n.chars().any(char::is_uppercase))
        .map(|n| {
            let ends = ["_bucket", "_sum", "_count", "_total"];
            let stem = ends.iter().find_map(|e| n.strip_suffix(e));
            stem.unwrap_or(n).to_owned()
        })
        .collect()
}

fn library() -> Library {
    let library = boards::load(None);
    assert_eq!(library.problems, []);
    library
}

#[test]
fn the_table_has_exactly_what_the_document_names() {
    let mut named: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut section = "";
    for line in NAMES.lines().filter(|l| !l.starts_with("# ")) {
        if let Some(head) = line.strip_prefix("## ") {
            section = head;
        } else if !line.is_empty() {
            named.entry(section).or_default().push(line);
        }
    }
    let rows = table();
    let mut written: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for row in &rows {
        written
            .entry(&row.section)
            .or_default()
            .push(row.name.as_str());
    }
    assert_eq!(written, named);
    assert!(rows.len() >= 200, "{} rows", rows.len());
}

#[test]
fn every_row_has_a_panel_that_asks_for_it() {
    let library = library();
    let log_boards = root().join("boards/logs");
    let mut wrong = Vec::new();
    for row in table() {
        let mut asked: BTreeSet<String> = BTreeSet::new();
        for place in &row.panels {
            if let Some(id) = place.strip_prefix("log:") {
                if !log_boards.join(format!("{id}.yaml")).is_file() {
                    wrong.push(format!("{}: no board of logs {id}", row.name));
                }
                continue;
            }
            let found = place.split_once('/').and_then(|(board, panel)| {
                let board = library.boards.get(board)?;
                board.panels.iter().find(|p| p.id == panel)
            });
            let Some(panel) = found else {
                wrong.push(format!("{}: no panel {place}", row.name));
                continue;
            };
            let ids: Vec<String> = panel
                .queries
                .iter()
                .flat_map(|q| concepts_in(&q.expr))
                .collect();
            if !ids.iter().any(|id| row.concepts.contains(id)) {
                wrong.push(format!("{}: {place} asks for {ids:?}", row.name));
            }
            asked.extend(ids);
        }
        if row.panels.is_empty() {
            wrong.push(format!("{}: no panel", row.name));
        }
        for concept in &row.concepts {
            if !asked.contains(concept) {
                wrong.push(format!("{}: no panel asks for {concept}", row.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_row_is_watched_or_says_why_not() {
    let library = library();
    let mut rules: BTreeMap<String, String> = BTreeMap::new();
    for (name, text) in rules::builtin::files() {
        let file = rules::parse(name, text).expect("a built-in file").file;
        for rule in file.groups.into_iter().flat_map(|g| g.rules) {
            rules.insert(rule.name, rule.expr);
        }
    }
    let rule_name = Regex::new("[A-Z][A-Za-z]*[a-z][A-Z][A-Za-z]+").expect("a pattern");
    let mut wrong = Vec::new();
    for row in table() {
        if row.rules.is_empty() == row.reason.is_empty() {
            wrong.push(format!("{}: rules or a reason, one of both", row.name));
        }
        // A reason may name the rule that notices instead.
        for named in rule_name.find_iter(&row.reason) {
            if !rules.contains_key(named.as_str()) {
                wrong.push(format!("{}: no rule {}", row.name, named.as_str()));
            }
        }
        let of_row: BTreeSet<String> = row
            .concepts
            .iter()
            .filter_map(|id| library.concepts.get(id))
            .flat_map(|c| &c.dialects)
            .filter(|d| d.lang == model::Lang::Promql)
            .flat_map(|d| metrics(&d.expr))
            .collect();
        for name in &row.rules {
            match rules.get(name) {
                None => wrong.push(format!("{}: no rule {name}", row.name)),
                Some(expr) if metrics(expr).is_disjoint(&of_row) => wrong.push(format!(
                    "{}: {name} watches {:?}, not one of {of_row:?}",
                    row.name,
                    metrics(expr)
                )),
                Some(_) => {}
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The last hour of a calm platform, and the days before it of what is compared with the past.
fn simulated() -> Tsdb {
    let calm = Scenario {
        ambient: false,
        ..Scenario::default()
    };
    let since = LUNCH - 65 * 60_000;
    let store = Tsdb::in_memory(Options {
        retention_ms: 20 * DAY,
        ..Options::new(Arc::new(|| LUNCH))
    });
    let fill = |pieces: Vec<Series>| {
        for series in &pieces {
            let r = store.series_ref(&series.labels).expect("a series");
            let batch: Vec<_> = series.samples.iter().map(|s| (r, *s)).collect();
            assert_eq!(store.append_refs(&batch).refused(), 0, "{}", series.labels);
        }
    };
    let begin = since - 9 * DAY;
    let mut old = Platform::with_scenario(&calm, begin).only(&desk::demo_past::COMPARED, 120_000);
    for from in (begin..since).step_by(12 * HOUR as usize) {
        fill(old.history(from, (from + 12 * HOUR).min(since) - 1, 120_000));
    }
    let mut new = Platform::with_scenario(&calm, since);
    fill(new.history(since, LUNCH, 15_000));
    store
}

fn rows_of(store: &Tsdb, expr: &str) -> Vec<(Labels, Sample)> {
    match Engine::default().instant(store, expr, LUNCH) {
        Ok(Value::Vector(rows)) => rows,
        other => panic!("{expr}: {other:?}"),
    }
}

#[test]
fn every_panel_of_every_board_has_something_to_show() {
    let library = library();
    let store = simulated();
    let bound: BTreeMap<String, String> = library
        .concepts
        .values()
        .filter_map(|c| Some((c.id.clone(), c.dialects.first()?.in_promql())))
        .collect();
    let answer = |query: &Query, chosen: &BTreeMap<String, Vec<String>>| {
        // Nothing is chosen.
        let asked = fill(&query.expr, chosen);
        let expr = expand(&asked, &bound).expect("known concepts");
        rows_of(&store, &expr.replace(model::board::WINDOW, "1h"))
    };
    let mut wrong = Vec::new();
    let mut asked = 0;
    let of_platform = |id: &str| !OF_THE_DESK.contains(&id);
    for board in library.boards.values().filter(|b| of_platform(&b.id)) {
        let variables = board.variables.iter();
        let everything = variables.map(|v| (v.id.clone(), Vec::new())).collect();
        for panel in &board.panels {
            for query in &panel.queries {
                asked += 1;
                let place = format!("{}/{}/{}", board.id, panel.id, query.id);
                let rows = answer(query, &everything);
                if rows.iter().all(|(_, s)| !s.v.is_finite()) {
                    wrong.push(format!("{place}: nothing from {}", query.expr));
                }
                let bare = |label: &str| rows.iter().any(|(l, _)| l.get(label).is_none());
                let legend = query.legend.as_deref().unwrap_or_default();
                for part in legend.split("{{").skip(1) {
                    let label = part.split("}}").next().unwrap_or_default();
                    if bare(label) {
                        wrong.push(format!("{place}: the legend's label {label} is not there"));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(asked > 500, "{asked} queries");
}

/// What a person chooses is answered: each variable has values on the simulated platform, and every panel that is narrowed to one of them
/// answers with that alone.
#[test]
fn every_variable_has_values_and_narrows_its_panels() {
    let library = library();
    let store = simulated();
    let bound: BTreeMap<String, String> = library
        .concepts
        .values()
        .filter_map(|c| Some((c.id.clone(), c.dialects.first()?.in_promql())))
        .collect();
    let ask = |expr: &str| {
        let expr = expand(expr, &bound).unwrap_or_else(|e| panic!("{expr}: {e:?}"));
        rows_of(&store, &expr.replace(model::board::WINDOW, "1h"))
    };
    let mut narrowed = 0;
    for board in library.boards.values() {
        for variable in &board.variables {
            let query = variable.query.as_deref().expect("built-in ones ask");
            let asked = LabelValues::parse(query).expect("label_values");
            let values: Vec<String> = ask(&asked.expr())
                .into_iter()
                .filter_map(|(l, _)| l.get(&asked.label).map(str::to_owned))
                .collect();
            assert!(
                !values.is_empty(),
                "{}: {} has no values",
                board.id,
                variable.id
            );
            let chosen = BTreeMap::from([(variable.id.clone(), vec![values[0].clone()])]);
            let uses = format!("${}\"", variable.id);
            for query in board.panels.iter().flat_map(|p| &p.queries) {
                if !query.expr.contains(&uses) {
                    continue;
                }
                narrowed += 1;
                for (labels, _) in ask(&fill(&query.expr, &chosen)) {
                    let seen = labels.get(&asked.label);
                    assert!(
                        seen.is_none_or(|v| v == values[0]),
                        "{}: {labels}",
                        query.expr
                    );
                    assert!(labels.get("shouwang_kept").is_none(), "{labels}");
                }
            }
        }
    }
    assert!(narrowed > 60, "{narrowed} queries follow a variable");
}

/// Limits in the operations document: warning, critical, emergency.
type Limits = [Option<f64>; 3];

const fn limits(warning: f64, critical: f64) -> Limits {
    [Some(warning), Some(critical), None]
}

/// Each limit that the operations document names (2.1, 3.1, 3.2), at the concept that it is about.
const DOCUMENT: [(&str, Limits); 13] = [
    ("host_cpu_percent", [Some(70.0), Some(85.0), Some(95.0)]),
    ("host_memory_percent", [Some(80.0), Some(90.0), Some(95.0)]),
    ("host_disk_percent", [Some(85.0), Some(90.0), Some(95.0)]),
    ("host_bandwidth_percent", limits(70.0, 85.0)),
    ("host_network_error_percent", [None, None, Some(1.0)]),
    ("api_p90", limits(2.0, 5.0)),
    ("api_error_percent", limits(1.0, 5.0)),
    ("api_5xx_percent", limits(1.0, 5.0)),
    ("api_timeout_percent", limits(1.0, 5.0)),
    ("api_concurrent", limits(1000.0, 2000.0)),
    ("pg_connection_percent", limits(80.0, 90.0)),
    ("pg_slow_queries", limits(10.0, 50.0)),
    ("pg_replication_lag", limits(5.0, 30.0)),
];

/// Queries that compute such a value on their board instead of asking for the concept: they have to say the limits themselves.
const ON_BOARDS: [(&str, Limits); 12] = [
    ("api/tile_p90/a", limits(2.0, 5.0)),
    ("api/latency/b", limits(2.0, 5.0)),
    ("api/routes/b", limits(2.0, 5.0)),
    ("api/services/b", limits(2.0, 5.0)),
    ("api/tile_errors/a", limits(1.0, 5.0)),
    ("api/tile_5xx/a", limits(1.0, 5.0)),
    ("api/tile_timeout/a", limits(1.0, 5.0)),
    ("api/errors/b", limits(1.0, 5.0)),
    ("api/errors/c", limits(1.0, 5.0)),
    ("api/services/c", limits(1.0, 5.0)),
    ("api/tile_concurrent/a", limits(1000.0, 2000.0)),
    ("api/concurrency/a", limits(1000.0, 2000.0)),
];

#[test]
fn the_documents_limits_are_those_of_the_boards() {
    let library = library();
    let as_written = |t: Option<model::Thresholds>| {
        let t = t.unwrap_or_default();
        assert_eq!(t.direction, model::Direction::Above, "{t:?}");
        [t.warning, t.critical, t.emergency]
    };
    for (id, wanted) in DOCUMENT {
        let concept = &library.concepts[id];
        assert_eq!(as_written(concept.thresholds), wanted, "{id}");
    }
    for (place, wanted) in ON_BOARDS {
        let mut parts = place.split('/');
        let mut next = || parts.next().expect("board/panel/query");
        let board = &library.boards[next()];
        let panel = next();
        let panel = board.panels.iter().find(|p| p.id == panel).expect(place);
        let query = next();
        let query = panel.queries.iter().find(|q| q.id == query).expect(place);
        assert_eq!(as_written(query.thresholds), wanted, "{place}");
    }
    // A panel may leave a line unjudged (`thresholds: {}`), because another one beside it is judged; it may not have limits of its own.
    for board in library.boards.values() {
        for (panel, query) in board
            .panels
            .iter()
            .flat_map(|p| p.queries.iter().map(move |q| (p, q)))
        {
            let concepts = query.concepts();
            let [only] = concepts.as_slice() else {
                continue;
            };
            let of_document = DOCUMENT.iter().find(|(id, _)| id == only);
            let own = query
                .thresholds
                .or(panel.thresholds)
                .filter(model::Thresholds::is_set);
            if let (Some((_, wanted)), Some(own)) = (of_document, own) {
                assert_eq!(as_written(Some(own)), *wanted, "{}/{}", board.id, panel.id);
            }
        }
    }
}

/// From every tile of the overview somebody comes, by one more click, to lines or traces.
#[test]
fn every_tile_of_the_overview_leads_to_lines_or_traces() {
    use model::board::{LinkTo, PanelKind};
    let library = library();
    let overview = &library.boards["overview"];
    let mut tiles = 0;
    for tile in overview.panels.iter().filter(|p| p.kind == PanelKind::Tile) {
        tiles += 1;
        let to = tile.links.iter().find(|l| l.to == LinkTo::Board);
        let board = &library.boards[&to
            .unwrap_or_else(|| panic!("{} leads nowhere", tile.id))
            .target];
        let further = board.panels.iter().flat_map(|p| &p.links);
        let found = further.filter(|l| l.to != LinkTo::Board).count();
        assert!(
            found >= 2,
            "{}: {} has {found} ways to lines or traces",
            tile.id,
            board.id
        );
    }
    assert_eq!(tiles, 12);
}

#[test]
fn every_link_leads_to_something_that_is_there() {
    use model::board::LinkTo;
    let library = library();
    let label = Regex::new(r"\$\w+(\.\w+)?").expect("a pattern");
    for board in library.boards.values() {
        for link in board.panels.iter().flat_map(|p| &p.links) {
            let query = label.replace_all(&link.target, "\"x\"");
            match link.to {
                LinkTo::Board => {
                    let target = library.boards.get(&link.target);
                    let target =
                        target.unwrap_or_else(|| panic!("{}: no board {}", board.id, link.target));
                    for id in link.variables.keys() {
                        assert!(
                            target.variables.iter().any(|v| v.id == *id),
                            "{} has no {id}",
                            target.id
                        );
                    }
                }
                LinkTo::Logs => {
                    logs::query::parse(&query)
                        .unwrap_or_else(|e| panic!("{}: {query}: {e:?}", board.id));
                }
                LinkTo::Traces => {}
            }
        }
    }
}

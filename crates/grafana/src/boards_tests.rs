use super::*;
use model::board::{PanelKind, Role, Unit};
use serde_json::{Value, json};

fn read(dashboard: &Value) -> Imported {
    import(dashboard.to_string().as_bytes(), &ImportOptions::default()).unwrap()
}

fn codes(imported: &Imported) -> Vec<&'static str> {
    imported.losses.iter().map(|l| l.kind.code()).collect()
}

fn target(expr: &str) -> Value {
    json!([{"refId": "A", "expr": expr, "legendFormat": "{{instance}}"}])
}

/// In the shape of a dashboard of these days: grid, collapsed row, field settings, data source variable.
fn modern() -> Value {
    json!({
        "title": "Hosts of the kitchen",
        "schemaVersion": 41,
        "time": {"from": "now-6h", "to": "now"},
        "refresh": "1m",
        "annotations": {"list": [{"builtIn": 1}, {"name": "deploys"}]},
        "templating": {"list": [
            {"name": "ds", "type": "datasource", "query": "prometheus"},
            {"name": "node", "type": "query"},
        ]},
        "panels": [
            {"type": "row", "title": "Quick", "id": 1, "gridPos": {"x": 0, "y": 0, "w": 24, "h": 1}},
            {"type": "gauge", "title": "CPU of $node", "id": 2, "gridPos": {"x": 0, "y": 1, "w": 6, "h": 8},
             "datasource": {"type": "prometheus", "uid": "${ds}"},
             "fieldConfig": {"defaults": {"unit": "percent", "min": 0, "max": 100, "color": {"mode": "thresholds"},
                "thresholds": {"mode": "absolute", "steps": [{"color": "green"}, {"color": "orange", "value": 85}, {"color": "red", "value": 95}]}}},
             "options": {"reduceOptions": {"calcs": ["mean"]}},
             "targets": target("100 * cpu{instance=\"$node\"}")},
            {"type": "stat", "title": "RAM", "id": 3, "gridPos": {"x": 6, "y": 1, "w": 6, "h": 8},
             "fieldConfig": {"defaults": {"unit": "gbytes"}, "overrides": [
                {"matcher": {"id": "byFrameRefID", "options": "B"}, "properties": [{"id": "unit", "value": "percentunit"}]}]},
             "targets": [{"refId": "A", "expr": "ram"}, {"refId": "B", "expr": "used", "legendFormat": "Used"}]},
            {"type": "row", "title": "Network", "collapsed": true, "id": 4, "gridPos": {"x": 0, "y": 40, "w": 24, "h": 1}, "panels": [
                {"type": "timeseries", "title": "In and out", "id": 2, "gridPos": {"x": 0, "y": 433, "w": 24, "h": 36},
                 "datasource": {"type": "prometheus", "uid": "${ds}"},
                 "fieldConfig": {"defaults": {"unit": "bps", "custom": {"stacking": {"mode": "normal"}, "thresholdsStyle": {"mode": "off"}},
                    "thresholds": {"steps": [{"color": "green"}, {"color": "red", "value": 80}]}},
                    "overrides": [{"matcher": {"id": "byRegexp"}, "properties": [{"id": "custom.transform", "value": "negative-Y"}]}]},
                 "targets": [
                    {"refId": "A", "expr": "rate(in{instance=~\"$node\"}[$__rate_interval]) * 8"},
                    {"refId": "B", "expr": "rate(out[5m]", "hide": false},
                    {"refId": "C", "expr": "off", "hide": true},
                    {"refId": "D", "expr": "{job=\"x\"}", "datasource": {"type": "loki"}}]},
                {"type": "geomap", "title": "Map", "id": 5, "gridPos": {"x": 0, "y": 500, "w": 24, "h": 8}}]},
        ],
    })
}

#[test]
fn a_dashboard_becomes_boards() {
    let imported = read(&modern());
    assert_eq!((imported.found, imported.taken), (4, 3));
    let [first, second] = imported.boards.as_slice() else {
        panic!("{:?}", imported.boards);
    };
    assert_eq!(
        (first.id.as_str(), second.id.as_str()),
        ("hosts-of-the-kitchen", "hosts-of-the-kitchen-2")
    );
    assert_eq!(second.title, "Hosts of the kitchen · Network");
    assert_eq!(
        (first.window_seconds, first.refresh_seconds, first.columns),
        (21_600, 60, 24)
    );
    let cpu = &first.panels[0];
    assert_eq!(
        (cpu.id.as_str(), cpu.title.as_str(), cpu.kind),
        ("cpu_of", "CPU of *", PanelKind::Gauge)
    );
    assert_eq!(cpu.unit, Unit::Percent);
    let limits = cpu.thresholds.unwrap();
    assert_eq!((limits.warning, limits.critical), (Some(85.0), Some(95.0)));
    assert_eq!(cpu.queries[0].expr, r#"100 * cpu{instance=~".*"}"#);
    let ram = &first.panels[1];
    assert_eq!(ram.queries[0].expr, "(ram) * 1073741824");
    assert_eq!(ram.queries[1].role, Role::Note);
    assert_eq!(
        (ram.queries[1].label.as_deref(), ram.queries[1].unit),
        (Some("Used"), Some(Unit::Ratio))
    );
    let net = &second.panels[0];
    assert_eq!((net.at.y, net.at.h, net.thresholds), (0, 36, None));
    assert_eq!(net.queries[0].expr, r#"rate(in{instance=~".*"}[105s]) * 8"#);
    assert_eq!(net.queries.len(), 1);
}

#[test]
fn what_could_not_be_taken_is_listed_with_its_place() {
    let imported = read(&modern());
    let has = |code: &str, path: &str, panel: Option<&str>| {
        imported
            .losses
            .iter()
            .any(|l| l.kind.code() == code && l.path == path && l.panel.as_deref() == panel)
    };
    for (code, path, panel) in [
        (
            "calculation",
            "$.panels[1].options.reduceOptions.calcs",
            Some("CPU of *"),
        ),
        ("variable_widened", "$.templating", None),
        (
            "expression",
            "$.panels[3].panels[0].targets[1].expr",
            Some("In and out"),
        ),
        (
            "hidden",
            "$.panels[3].panels[0].targets[2]",
            Some("In and out"),
        ),
        (
            "data_source",
            "$.panels[3].panels[0].targets[3]",
            Some("In and out"),
        ),
        ("stacked", "$.panels[3].panels[0]", Some("In and out")),
        (
            "overrides",
            "$.panels[3].panels[0].fieldConfig.overrides",
            Some("In and out"),
        ),
        ("panel_kind", "$.panels[3].panels[1]", Some("Map")),
        (
            "duplicate_id",
            "$.panels[3].panels[0].id",
            Some("In and out"),
        ),
        ("annotations", "$.annotations.list", None),
    ] {
        assert!(
            has(code, path, panel),
            "{code} at {path}: {:#?}",
            imported.losses
        );
    }
    assert_eq!(imported.losses.len(), 10, "{:#?}", imported.losses);
}

/// In the shape of the days before the grid: rows with heights and spans, graphs with axes, single values with colours.
#[test]
fn rows_of_old_are_read() {
    let imported = read(&json!({
        "title": "旧看板", "schemaVersion": 14,
        "__inputs": [{"name": "DS_P", "pluginId": "prometheus"}, {"name": "DS_I", "pluginId": "influxdb"}],
        "rows": [
            {"title": "Row", "height": "250px", "panels": [
                {"type": "singlestat", "title": "可用率", "span": 4, "id": 1, "format": "percentunit", "colorValue": true,
                 "thresholds": "0.9,0.99", "colors": ["#d44a3a", "rgba(237, 129, 40, 0.89)", "#299c46"], "valueName": "current",
                 "datasource": "${DS_P}", "targets": target("avg(up)")},
                {"type": "graph", "title": "Load", "span": 8, "id": 2, "yaxes": [{"format": "short", "min": "0"}, {"format": "s"}],
                 "seriesOverrides": [{"alias": "x", "yaxis": 2}], "alert": {"name": "a"},
                 "thresholds": [{"value": 5, "op": "gt", "colorMode": "critical"}], "targets": target("load1")},
                {"type": "graph", "title": "Influx", "span": 12, "id": 3, "datasource": "${DS_I}",
                 "targets": [{"refId": "A", "query": "SELECT 1", "rawQuery": true}]}]},
            {"title": "Second", "height": 100, "panels": [
                {"type": "text", "title": "Note", "span": 12, "id": 4, "mode": "html", "content": "<b onclick='x()'>Call</b> *9*"}]},
        ],
    }));
    assert_eq!((imported.found, imported.taken), (4, 3));
    let board = &imported.boards[0];
    assert_eq!((board.id.as_str(), board.panels.len()), ("旧看板", 3));
    let stat = &board.panels[0];
    assert_eq!((stat.at.w, stat.at.h, stat.unit), (8, 7, Unit::Ratio));
    let limits = stat.thresholds.unwrap();
    assert_eq!(
        (limits.warning, limits.critical, limits.direction),
        (Some(0.99), Some(0.9), model::Direction::Below)
    );
    let graph = &board.panels[1];
    assert_eq!((graph.at.x, graph.at.w, graph.min), (8, 16, Some(0.0)));
    assert_eq!(graph.thresholds.unwrap().critical, Some(5.0));
    assert_eq!(graph.subtitle.as_deref(), Some("Row"));
    let note = &board.panels[2];
    assert_eq!((note.text.as_deref(), note.at.y), (Some("Call 9"), 7));
    assert_eq!(
        codes(&imported),
        [
            "alert_rule",
            "right_axis",
            "data_source",
            "no_query",
            "markup"
        ]
    );
}

#[test]
fn panels_of_a_library_are_taken_when_they_are_in_the_file() {
    let imported = read(&json!({
        "title": "L", "__elements": {"u1": {"name": "Shared", "model": {"type": "stat", "title": "Up", "targets": target("sum(up)")}}},
        "panels": [
            {"id": 1, "libraryPanel": {"uid": "u1", "name": "Shared"}, "gridPos": {"x": 0, "y": 0, "w": 6, "h": 4}},
            {"id": 2, "libraryPanel": {"uid": "u2", "name": "Missing"}, "gridPos": {"x": 6, "y": 0, "w": 6, "h": 4}}],
    }));
    assert_eq!(imported.taken, 1);
    let loss = &imported.losses[0];
    assert_eq!(loss.kind, LossKind::LibraryPanel("Missing".into()));
    assert!(loss.kind.costs_the_panel());
}

#[test]
fn values_of_wrong_types_are_listed_and_nothing_panics() {
    let imported = read(&json!({
        "title": 7, "templating": {"list": "x"}, "time": [], "refresh": {}, "annotations": 3,
        "panels": [1, null, "x", [], {"type": 5}, {"type": "stat", "title": {}, "targets": {"expr": 1}, "gridPos": {"x": -5, "y": 1e300, "w": "wide", "h": null}},
            {"type": "stat", "targets": [7, {"expr": ["up"]}, {"expr": "up", "refId": 9}], "fieldConfig": {"defaults": {"thresholds": {"steps": {}}, "mappings": 4, "min": "NaN"}, "overrides": true}, "transformations": "no"}],
    }));
    assert_eq!((imported.found, imported.taken), (7, 1));
    let mut wrong: Vec<&str> = imported
        .losses
        .iter()
        .filter(|l| l.kind.code() == "wrong_type")
        .map(|l| l.path.as_str())
        .collect();
    wrong.sort_unstable();
    assert_eq!(
        wrong,
        [
            "$.panels[5].targets",
            "$.panels[6].fieldConfig.defaults.mappings",
            "$.panels[6].fieldConfig.defaults.thresholds.steps",
            "$.panels[6].fieldConfig.overrides",
            "$.panels[6].transformations",
            "$.templating.list"
        ]
    );
}

#[test]
fn a_dashboard_of_many_panels_is_bounded() {
    let panel = |i: usize| json!({"id": i, "type": "stat", "title": "p", "gridPos": {"x": 0, "y": i, "w": 24, "h": 4}, "targets": target("up")});
    let panels: Vec<Value> = (0..MAX_PANELS + 5).map(panel).collect();
    let imported = read(&json!({"title": "x", "panels": panels}));
    assert_eq!(imported.taken, MAX_PANELS);
    assert!(codes(&imported).contains(&"too_many_panels"));
    for board in &imported.boards {
        assert!(board.panels.len() <= 200 && board.rows <= 96);
    }
}

mod there_and_back {
    use super::*;
    use crate::{ExportOptions, export};
    use model::board::{Area, Panel, Query};
    use model::{Direction, Thresholds};
    use proptest::prelude::*;

    fn unit() -> impl Strategy<Value = Unit> {
        prop::sample::select(vec![
            Unit::Count,
            Unit::Percent,
            Unit::Ratio,
            Unit::Seconds,
            Unit::Milliseconds,
            Unit::Bytes,
            Unit::BytesPerSecond,
            Unit::BitsPerSecond,
            Unit::PerSecond,
            Unit::PerMinute,
            Unit::Yuan,
            Unit::YuanPerMinute,
            Unit::Celsius,
            Unit::Score,
            Unit::UpDown,
        ])
    }

    fn limits() -> impl Strategy<Value = Option<Thresholds>> {
        let steps = (
            1..50u8,
            prop::option::of(51..80u8),
            prop::option::of(81..99u8),
            any::<bool>(),
        );
        prop::option::of(steps.prop_map(|(w, c, e, above)| {
            let (direction, sign) = if above {
                (Direction::Above, 1.0)
            } else {
                (Direction::Below, -1.0)
            };
            let limit = |n: u8| f64::from(n) * sign;
            Thresholds {
                warning: Some(limit(w)),
                critical: c.map(limit),
                emergency: e.filter(|_| c.is_some()).map(limit),
                direction,
            }
        }))
    }

    fn panel() -> impl Strategy<Value = Panel> {
        let kinds = vec![
            PanelKind::Timeseries,
            PanelKind::Stat,
            PanelKind::Gauge,
            PanelKind::BarGauge,
            PanelKind::Table,
            PanelKind::StateTimeline,
        ];
        let expr = prop::sample::select(vec![
            "sum(rate(x{job=\"a\\\"b\"}[5m]))",
            "up == 1",
            "histogram_quantile(0.9, y)",
            "label_replace(up, \"a\", \"$1\", \"b\", \"(.*)\")",
        ]);
        let title = "[a-z ]{0,12}[a-z]|[\u{4e00}-\u{4e40}]{1,8}|\\$[0-9] [\"<>&]{1,4}";
        (
            prop::sample::select(kinds),
            title,
            unit(),
            limits(),
            expr,
            unit(),
            prop::option::of(Just("{{instance}}".to_owned())),
            any::<bool>(),
        )
            .prop_map(
                |(kind, title, unit, thresholds, expr, own, legend, ends)| Panel {
                    kind,
                    title: title.trim().to_owned(),
                    at: Area {
                        x: 0,
                        y: 0,
                        w: 6,
                        h: 5,
                    },
                    unit,
                    thresholds,
                    min: ends.then_some(-7.5),
                    max: ends.then_some(120.0),
                    queries: vec![Query {
                        id: "a".to_owned(),
                        expr: expr.to_owned(),
                        legend,
                        unit: Some(own).filter(|o| *o != unit),
                        ..Query::default()
                    }],
                    ..Panel::default()
                },
            )
    }

    proptest! {
           #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]
           #[test]
           fn what_both_can_say_is_kept(panels in prop::collection::vec(panel(), 1..24)) {
               let mut board = Board {
                   id: "a-board".to_owned(), title: "看板".to_owned(), window_seconds: 21_600, refresh_seconds: 30, columns: 24, rows: 40,
    variables: Vec::new(), marks: Vec::new(),
    panels,
               };
               for (i, p) in board.panels.iter_mut().enumerate() {
                   p.at.x = u16::try_from(i % 4).unwrap() * 6;
                   p.at.y = u16::try_from(i / 4).unwrap() * 5;
               }
               let (concepts, bound) = (BTreeMap::new(), BTreeMap::new());
               let options = ExportOptions { concepts: &concepts, bound: &bound, words: &str::to_owned };
               let exported = export(&board, &options);
               prop_assert_eq!(&exported.losses, &[]);
               let read = import(exported.dashboard.to_string().as_bytes(), &ImportOptions::default()).unwrap();
               prop_assert_eq!(&read.losses, &[]);
               prop_assert_eq!(read.boards.len(), 1);
               let back = &read.boards[0];
               prop_assert_eq!((&back.title, back.window_seconds, back.refresh_seconds), (&board.title, 21_600, 30));
               for (before, after) in board.panels.iter().zip(&back.panels) {
                   let mut expected = before.clone();
                   expected.id.clone_from(&after.id);
                   // a table's column has to be called something
                   expected.queries[0].label.clone_from(&after.queries[0].label);
                   prop_assert_eq!(&expected, after);
               }
           }

           #[test]
           fn nothing_that_is_json_panics(text in "\\PC{0,60}", depth in 0..5usize) {
               let value = (0..depth).fold(json!(text), |v, i| if i % 2 == 0 { json!([v, i]) } else { json!({"type": "graph", "title": v, "targets": v, "expr": v}) });
               for key in ["panels", "rows"] {
                   let dashboard = json!({key: [{"type": "timeseries", "panels": [value.clone()], "targets": [{"expr": text}], "title": text, "gridPos": value.clone(), "fieldConfig": value.clone()}], "templating": {"list": [value.clone(), {"name": text, "type": "custom", "query": text}]}});
                   let _ = import(dashboard.to_string().as_bytes(), &ImportOptions::default()).unwrap();
               }
           }
       }

    #[test]
    fn concepts_are_written_in_a_dialect() {
        use model::board::{Concept, Dialect, Domain};
        let dialect = |name: &str, expr: &str| Dialect {
            name: name.to_owned(),
            discovery: "x".to_owned(),
            expr: expr.to_owned(),
            lang: model::Lang::Promql,
            labels: BTreeMap::new(),
        };
        let concept = Concept {
            id: "cpu".to_owned(),
            title: "t".to_owned(),
            domain: Domain::Server,
            unit: Unit::Percent,
            thresholds: Some(Thresholds {
                critical: Some(85.0),
                ..Thresholds::default()
            }),
            dialects: vec![dialect("node_exporter", "a + b"), dialect("categraf", "c")],
        };
        let text = "id: x\ntitle: x\ncolumns: 48\nrows: 54\npanels:\n  - {id: a, kind: tile, title: board.cpu, at: {x: 3, y: 6, w: 6, h: 6}, queries: [{id: a, expr: 'max(${cpu})'}, {id: b, expr: '${nope}'}, {id: c, role: check, expr: up, reduce: sum}]}";
        let board: Board = serde_json::from_value(yaml(text)).unwrap();
        let concepts = BTreeMap::from([("cpu".to_owned(), concept)]);
        let bound = BTreeMap::from([("cpu".to_owned(), 1)]);
        let words = |key: &str| {
            if key == "board.cpu" {
                "处理器".to_owned()
            } else {
                key.to_owned()
            }
        };
        let out = export(
            &board,
            &ExportOptions {
                concepts: &concepts,
                bound: &bound,
                words: &words,
            },
        );
        let panel = &out.dashboard["panels"][0];
        assert_eq!(panel["title"], "处理器");
        assert_eq!(panel["targets"][0]["expr"], "max((c))");
        assert_eq!(panel["targets"][1]["hide"], true);
        assert_eq!(
            panel["fieldConfig"]["defaults"]["thresholds"]["steps"][1]["value"],
            85.0
        );
        assert_eq!(panel["gridPos"], json!({"x": 2, "y": 3, "w": 3, "h": 3}));
        let codes: Vec<_> = out.losses.iter().map(|l| l.kind.code()).collect();
        assert_eq!(codes, ["other_kind", "dialect", "concept", "check"]);
    }

    #[test]
    fn what_a_dashboard_can_hold_is_written_and_the_rest_is_listed() {
        use model::board::{Concept, Dialect, Domain};
        let dialect = |name: &str, lang, expr: &str, labels: &[(&str, &str)]| Dialect {
            name: name.to_owned(),
            discovery: "x".to_owned(),
            expr: expr.to_owned(),
            lang,
            labels: labels
                .iter()
                .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()))
                .collect(),
        };
        let concept = |id: &str, dialects| Concept {
            id: id.to_owned(),
            title: "t".to_owned(),
            domain: Domain::Server,
            unit: Unit::Percent,
            thresholds: None,
            dialects,
        };
        let promql = model::Lang::Promql;
        let disk = concept(
            "disk",
            vec![dialect(
                "categraf",
                promql,
                "disk_used",
                &[("mountpoint", "path")],
            )],
        );
        let other = concept(
            "other",
            vec![dialect("telegraf", model::Lang::Influxql, "SELECT 1", &[])],
        );
        let text = "id: x\ntitle: x\nvariables: [{id: host, query: 'label_values(${disk}, instance)', default: [h1]}]\nmarks: [{id: start, kind: deployment, expr: process_start_time_seconds, legend: '{{job}}'}]\npanels:\n  - {id: a, kind: timeseries, title: A, window_seconds: 691200, step_seconds: 300, abnormal_only: true, at: {x: 0, y: 0, w: 6, h: 6}, links: [{to: board, target: host, variables: {host: $instance, env: a b}}, {to: board, target: overview}, {to: logs, target: 'service:$service'}], queries: [{id: a, expr: '${disk}{instance=~\"$host\"}', source: east, refresh_seconds: 60}, {id: b, expr: '${other}'}]}\n  - {id: l, kind: alert_list, title: L, filter: 'level<=P1', at: {x: 6, y: 0, w: 6, h: 6}}";
        let board: Board = serde_json::from_value(yaml(text)).unwrap();
        let concepts = [disk, other].map(|c| (c.id.clone(), c)).into();
        let out = export(
            &board,
            &ExportOptions {
                concepts: &concepts,
                bound: &BTreeMap::new(),
                words: &|key: &str| key.to_owned(),
            },
        );
        let panel = &out.dashboard["panels"][0];
        let expr = panel["targets"][0]["expr"].as_str().unwrap();
        assert!(
            expr.contains("label_replace(disk_used, \"mountpoint\", \"$1\", \"path\""),
            "{expr}"
        );
        assert_eq!(panel["timeFrom"], "691200s");
        assert_eq!(panel["interval"], "300s");
        assert_eq!(panel["links"][0]["url"], "/d/overview");
        assert_eq!(
            panel["fieldConfig"]["defaults"]["links"][0]["url"],
            "/d/host?var-env=a%20b&var-host=${__field.labels.instance}"
        );
        let mark = &out.dashboard["annotations"]["list"][0];
        assert_eq!(mark["expr"], "(process_start_time_seconds) * 1000");
        assert_eq!(
            (&mark["useValueForTime"], &mark["titleFormat"]),
            (&json!(true), &json!("{{job}}"))
        );
        let variable = &out.dashboard["templating"]["list"][1];
        assert_eq!(variable["current"]["value"], "h1");
        assert!(
            variable["definition"]
                .as_str()
                .unwrap()
                .contains("label_replace")
        );
        let losses: Vec<_> = out
            .losses
            .iter()
            .map(|l| (l.kind.code(), l.path.as_str()))
            .collect();
        for wanted in [
            ("abnormal_only", "panels.a"),
            ("source", "panels.a.queries.a"),
            ("refresh", "panels.a.queries.a"),
            ("link_to", "panels.a.links[2]"),
            ("language", "panels.a.queries.b"),
            ("filter", "panels.l"),
        ] {
            assert!(losses.contains(&wanted), "{wanted:?} in {losses:?}");
        }
        assert_eq!(losses.len(), 6, "{losses:?}");
    }

    /// The test's board is written as people write it; what is read is JSON's subset of it.
    fn yaml(text: &str) -> Value {
        serde_saphyr::from_str(text).unwrap()
    }
}

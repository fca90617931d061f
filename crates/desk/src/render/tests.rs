use super::*;
use chart::panel::{Body, Theme};
use embedded::tsdb::{Options, Tsdb};
use model::{Labels, Sample};

/// 2026-11-21 12:00 in Shanghai.
const NOON: i64 = 1_795_233_600_000;

/// Two hosts and a platform's CPU time, every 15 s for two hours up to noon: host a is busy for 80 % of it, host b for 20 %.
fn store() -> Arc<dyn Metrics> {
    let store = Tsdb::in_memory(Options {
        retention_ms: 365 * 86_400_000,
        ..Options::new(Arc::new(|| NOON))
    });
    let mut samples = Vec::new();
    for i in 0..=480_i64 {
        let t = NOON - (480 - i) * 15_000;
        for (host, busy) in [("a", 0.8), ("b", 0.2)] {
            let seconds = i as f64 * 15.0;
            for (mode, share) in [("idle", 1.0 - busy), ("user", busy)] {
                let labels = Labels::from_pairs([
                    ("__name__", "node_cpu_seconds_total"),
                    ("instance", host),
                    ("cpu", "0"),
                    ("mode", mode),
                ]);
                samples.push((
                    labels,
                    Sample {
                        t,
                        v: seconds * share,
                    },
                ));
            }
            let info = Labels::from_pairs([("__name__", "node_uname_info"), ("instance", host)]);
            samples.push((info, Sample { t, v: 1.0 }));
        }
    }
    store.append(&samples);
    let clock = Arc::new(|| NOON);
    Arc::new(crate::local::LocalMetrics::new(
        "embedded",
        Arc::new(store),
        clock,
    ))
}

fn clients() -> Clients {
    let spec = SourceSpec {
        name: "s".into(),
        kind: "embedded".into(),
        address: String::new(),
        demo: false,
        budget: sources::budget(15.0),
        langs: &[model::Lang::Promql],
    };
    vec![(spec, Ok(store()))]
}

const BOARD: &str = "
id: b
title: board.overview
panels:
  - {id: lines, kind: timeseries, title: domain.server, unit: percent, at: {x: 0, y: 0, w: 12, h: 10}, queries: [{expr: '${host_cpu_percent}', legend: '{{instance}}'}]}
  - {id: stat, kind: stat, title: domain.server, unit: percent, at: {x: 12, y: 0, w: 6, h: 10}, queries: [{expr: '${host_cpu_percent}'}]}
  - {id: gauge, kind: gauge, title: domain.server, unit: percent, at: {x: 18, y: 0, w: 6, h: 10}, queries: [{expr: '${host_cpu_percent}'}]}
  - {id: bars, kind: bar_list, title: domain.server, unit: percent, at: {x: 0, y: 10, w: 6, h: 10}, queries: [{expr: '${host_cpu_percent}', legend: '{{instance}}'}]}
  - {id: table, kind: table, title: domain.server, unit: percent, at: {x: 6, y: 10, w: 6, h: 10}, queries: [{expr: '${host_cpu_percent}', legend: '{{instance}}', label: board.q.cpu}]}
  - {id: lanes, kind: state_timeline, title: domain.server, unit: percent, at: {x: 12, y: 10, w: 6, h: 10}, queries: [{expr: '${host_cpu_percent}', legend: '{{instance}}'}]}
  - {id: redis, kind: stat, title: domain.cache, unit: percent, at: {x: 18, y: 10, w: 3, h: 10}, queries: [{expr: '${redis_hit_percent}'}]}
  - {id: words, kind: text, title: domain.cache, text: domain.api, at: {x: 21, y: 10, w: 3, h: 10}}
";

fn library() -> Library {
    let mut library = crate::boards::load(None);
    let path = std::path::Path::new("b.yaml");
    let board = crate::boards::parse_board(path, BOARD, &library.concepts).expect("a good board");
    library.boards.insert("b".into(), board);
    library
}

fn view(panel: Option<&str>, at: i64) -> View {
    View {
        board: "b".into(),
        panel: panel.map(str::to_owned),
        at,
        range: Some(3_600_000),
        chosen: engine::machine::Chosen::new(),
    }
}

fn how(at: i64) -> How {
    How {
        size: (960, 460),
        theme: Theme::DARK,
        words: Words {
            locale: "zh-CN".into(),
            zone: chrono_tz::Asia::Shanghai,
        },
        at,
        beside: Beside::default(),
    }
}

async fn seen(panel: Option<&str>, at: i64) -> chart::panel::Sheet {
    let setup = setup(&library(), &view(panel, at)).expect("it is there");
    let engine = look(setup, clients(), at, Duration::from_secs(20)).await;
    sheet(&engine, &how(at))
}

fn only(sheet: chart::panel::Sheet) -> Body {
    let mut cells = sheet.cells;
    assert_eq!(cells.len(), 1);
    cells.remove(0).picture.body
}

#[tokio::test]
async fn each_kind_says_what_the_wall_would_say() {
    let whole = seen(None, NOON).await;
    assert_eq!((whole.cells.len(), whole.grid), (8, (24, 20)));
    assert!(whole.head.is_some());
    let bodies: Vec<&Body> = whole.cells.iter().map(|c| &c.picture.body).collect();
    let Body::Lines(graph) = bodies[0] else {
        panic!("{:?}", bodies[0])
    };
    let names: Vec<&str> = graph.lines.iter().map(|l| l.name.as_str()).collect();
    assert_eq!(names, ["a", "b"]);
    let known = graph.lines[0].points.iter().flatten().count();
    assert!(known > 650, "an hour of points of 5 s: {known}");
    assert!(
        graph.lines[0]
            .points
            .iter()
            .flatten()
            .all(|v| (v - 80.0).abs() < 0.1)
    );
    let Body::Hero(hero) = bodies[1] else {
        panic!("{:?}", bodies[1])
    };
    // The worst of both, which is above the concept's first limit.
    assert_eq!(
        (hero.figure.text.as_str(), hero.figure.unit.as_str()),
        ("80", "%")
    );
    assert_eq!(hero.figure.grade, chart::panel::Grade::Warning);
    assert_eq!(whole.cells[1].picture.grade, chart::panel::Grade::Warning);
    let Body::Arc(arc) = bodies[2] else {
        panic!("{:?}", bodies[2])
    };
    assert!((arc.share - 0.8).abs() < 0.01);
    let Body::Bars(bars) = bodies[3] else {
        panic!("{:?}", bodies[3])
    };
    assert_eq!(
        bars.bars
            .iter()
            .map(|b| b.name.as_str())
            .collect::<Vec<_>>(),
        ["a", "b"]
    );
    let Body::Table(table) = bodies[4] else {
        panic!("{:?}", bodies[4])
    };
    assert_eq!((table.head.len(), table.rows.len()), (1, 2));
    let Body::Lanes(lanes) = bodies[5] else {
        panic!("{:?}", bodies[5])
    };
    assert_eq!(lanes.lanes.len(), 2);
    // Nobody has this metric: the panel says so, in words.
    let Body::Words(words) = bodies[6] else {
        panic!("{:?}", bodies[6])
    };
    assert_eq!(words[0], "无数据");
    assert!(matches!(bodies[7], Body::Words(w) if w == &["Web / API"]));
}

#[tokio::test]
async fn the_past_is_asked_about_as_it_was() {
    let half_past = NOON - 30 * 60_000;
    let Body::Lines(graph) = only(seen(Some("lines"), half_past).await) else {
        panic!("no lines")
    };
    assert_eq!(
        (graph.to, graph.from),
        (half_past as f64, (half_past - 3_600_000) as f64)
    );
    assert!(graph.lines[0].points.iter().flatten().count() > 650);
    // A day later nothing is known any more, and that is said.
    let later = only(seen(Some("lines"), NOON + 86_400_000).await);
    assert!(matches!(later, Body::Words(_)), "{later:?}");
}

#[tokio::test]
async fn a_source_that_fails_is_named_and_the_picture_is_drawn() {
    let mut clients = clients();
    clients[0].1 = Err(Failure::new("secret_missing", "name", "prod-password"));
    let setup = setup(&library(), &view(Some("stat"), NOON)).expect("it is there");
    let engine = look(setup, clients, NOON, Duration::from_secs(20)).await;
    let sheet = sheet(&engine, &how(NOON));
    let Body::Words(words) = &sheet.cells[0].picture.body else {
        panic!("{sheet:?}")
    };
    assert!(words[1].contains("prod-password"), "{words:?}");
    assert!(chart::face::install());
    assert!(
        chart::panel::svg(&sheet)
            .expect("a picture")
            .contains("prod-password")
    );
}

#[test]
fn what_is_not_there_is_told_with_what_is() {
    let library = library();
    let missing = View {
        board: "nope".into(),
        ..view(None, NOON)
    };
    let Err(e) = setup(&library, &missing) else {
        panic!("there is no such board")
    };
    assert_eq!(e.sentence().0, "cli.render_no_board");
    assert!(e.to_string().contains("overview"), "{e}");
    let Err(e) = setup(&library, &view(Some("nope"), NOON)) else {
        panic!("no such panel")
    };
    assert!(e.to_string().contains("gauge"), "{e}");
}

/// Nine days of hours: what every kind of panel needs to have something to show.
fn rich() -> Clients {
    let store = Tsdb::in_memory(Options {
        retention_ms: 365 * 86_400_000,
        ..Options::new(Arc::new(|| NOON))
    });
    let mut samples = Vec::new();
    let mut add = |name: &str, labels: &[(&str, &str)], t: i64, v: f64| {
        let mut all = vec![("__name__", name)];
        all.extend(labels);
        samples.push((Labels::from_pairs(all), Sample { t, v }));
    };
    for i in 0..=9 * 24 * 12_i64 {
        let t = NOON - (9 * 24 * 12 - i) * 300_000;
        let hour = (i / 12 % 24) as f64;
        add("orders", &[("city", "上海")], t, 100.0 + 10.0 * hour);
        add("orders", &[("city", "杭州")], t, 40.0);
        add("bad", &[], t, 0.0004);
        for (le, count) in [("0.1", 10.0), ("0.5", 60.0), ("1", 100.0), ("+Inf", 100.0)] {
            add("took_bucket", &[("le", le)], t, count);
        }
        for (from, to) in [("gateway", "order"), ("order", "payment")] {
            add("calls", &[("client", from), ("server", to)], t, 12.0);
        }
        add(
            "started",
            &[("service", "order")],
            t,
            (NOON - 1_800_000) as f64 / 1_000.0,
        );
    }
    store.append(&samples);
    let clock = Arc::new(|| NOON);
    let store = crate::local::LocalMetrics::new("embedded", Arc::new(store), clock);
    let (mut spec, _) = clients().remove(0);
    spec.budget = sources::budget(3_600.0);
    vec![(spec, Ok(Arc::new(store)))]
}

const KINDS: &str = "
id: k
title: board.overview
window_seconds: 7200
variables:
  - {id: city, values: [上海, 杭州], default: [上海]}
marks:
  - {id: start, kind: deployment, expr: started, legend: '{{service}} 上线'}
panels:
  - {id: tile, kind: tile, title: domain.server, at: {x: 0, y: 0, w: 6, h: 5}, queries: [{expr: sum(orders)}]}
  - {id: lines, kind: timeseries, title: domain.server, at: {x: 6, y: 0, w: 6, h: 5}, queries: [{expr: 'orders{city=~\"$city\"}', legend: '{{city}}'}]}
  - {id: week, kind: timeseries, title: domain.server, window_seconds: 691200, at: {x: 12, y: 0, w: 6, h: 5}, queries: [{expr: sum(orders)}]}
  - {id: histogram, kind: histogram, title: domain.server, unit: seconds, at: {x: 18, y: 0, w: 6, h: 5}, queries: [{expr: took_bucket}]}
  - {id: heatmap, kind: heatmap, title: domain.server, unit: seconds, at: {x: 0, y: 5, w: 6, h: 5}, queries: [{expr: took_bucket}]}
  - {id: bar_gauge, kind: bar_gauge, title: domain.server, at: {x: 6, y: 5, w: 6, h: 5}, queries: [{expr: orders, legend: '{{city}}'}]}
  - {id: ring, kind: ring, title: domain.server, at: {x: 12, y: 5, w: 6, h: 5}, queries: [{expr: orders, legend: '{{city}}'}]}
  - {id: topology, kind: topology, title: domain.server, at: {x: 18, y: 5, w: 6, h: 5}, queries: [{expr: calls}]}
  - {id: spark_table, kind: spark_table, title: domain.server, at: {x: 0, y: 10, w: 6, h: 5}, queries: [{expr: orders, legend: '{{city}}', label: board.q.cpu}]}
  - {id: calendar, kind: calendar, title: domain.server, window_seconds: 691200, at: {x: 6, y: 10, w: 6, h: 5}, queries: [{expr: sum(orders)}]}
  - {id: slo, kind: slo, title: domain.server, slo: {objective: 99.9, days: 7}, at: {x: 12, y: 10, w: 6, h: 5}, queries: [{expr: 'avg_over_time(bad[$window])'}]}
  - {id: forecast, kind: forecast, title: domain.server, at: {x: 18, y: 10, w: 6, h: 5}, queries: [{expr: sum(orders)}]}
  - {id: alert_list, kind: alert_list, title: domain.server, filter: 'level<=P1', at: {x: 0, y: 15, w: 6, h: 5}}
  - {id: log_stream, kind: log_stream, title: domain.server, at: {x: 6, y: 15, w: 6, h: 5}}
";

async fn kinds(view: View, beside: Beside) -> BTreeMap<String, Body> {
    let mut library = crate::boards::load(None);
    let path = std::path::Path::new("k.yaml");
    let text = KINDS.replace("\\\"", "\"");
    let board = crate::boards::parse_board(path, &text, &library.concepts).expect("a good board");
    let ids: Vec<String> = board.panels.iter().map(|p| p.id.clone()).collect();
    library.boards.insert("k".into(), board);
    let setup = setup(&library, &view).expect("it is there");
    let engine = look(setup, rich(), view.at, Duration::from_secs(20)).await;
    let how = How {
        beside: beside.with_marks(&engine),
        ..how(view.at)
    };
    let sheet = sheet(&engine, &how);
    assert!(chart::face::install());
    // What is drawn of each kind has ink, in both formats.
    let svg = chart::panel::svg(&sheet).expect("a picture");
    assert!(svg.len() > 10_000);
    let cells = sheet.cells.into_iter().map(|c| c.picture.body);
    ids.into_iter().zip(cells).collect()
}

fn of_kinds() -> View {
    View {
        board: "k".into(),
        panel: None,
        at: NOON,
        range: None,
        chosen: engine::machine::Chosen::new(),
    }
}

#[tokio::test]
async fn each_kind_is_drawn_as_what_it_is() {
    let row = |id: i64, level: &str| -> wire::AlertRow {
        serde_json::from_value(serde_json::json!({
            "id": id, "fingerprint": "0", "level": level, "look": "open", "title": "支付失败", "rule": "PayFails", "place": ["alipay"],
            "sources": 1, "starts_at": NOON - 60_000, "respond_by": null, "resolve_by": null, "resolved_at": null, "acked_by": null,
            "ack_comment": null, "ack_until": null, "assignee": null, "quiet": null, "next": null, "flapping": false,
            "unverified": false, "demo": false,
        }))
        .expect("a row")
    };
    let note = model::Annotation {
        id: "told/1".into(),
        kind: model::Happened::Maintenance,
        at: NOON - 3_600_000,
        until: Some(NOON - 1_800_000),
        title: "迁移".into(),
        place: Vec::new(),
        source: "webhook".into(),
        severity: model::Severity::Normal,
        demo: false,
    };
    let beside = Beside {
        notes: crate::annotations::view_of(vec![note]),
        alerts: Some(vec![row(1, "p1"), row(2, "p3")]),
        lines: BTreeMap::from([("log_stream".to_owned(), Ok(Vec::new()))]),
    };
    let all = kinds(of_kinds(), beside).await;
    let day = 86_400_000.0;
    let Body::Lines(lines) = &all["lines"] else {
        panic!("{:?}", all["lines"])
    };
    assert_eq!(
        lines.lines.len(),
        1,
        "the board's own choice of the variable"
    );
    let marks: Vec<(&str, bool)> = lines
        .marks
        .iter()
        .map(|m| (m.name.as_str(), m.until.is_some()))
        .collect();
    assert_eq!(marks, [("迁移", true), ("order 上线", false)]);
    assert_eq!(lines.to - lines.from, 7_200_000.0);
    let Body::Lines(week) = &all["week"] else {
        panic!("{:?}", all["week"])
    };
    assert_eq!(week.to - week.from, 8.0 * day, "the panel's own window");
    let Body::Classes(classes) = &all["histogram"] else {
        panic!("{:?}", all["histogram"])
    };
    let heights: Vec<f64> = classes.classes.iter().map(|c| c.height).collect();
    assert_eq!(
        heights[..3],
        [0.2, 1.0, 0.8],
        "what the bucket below does not count"
    );
    assert_eq!(classes.quantiles.len(), 3);
    assert!(
        matches!(&all["heatmap"], Body::Heat(heat) if heat.rows.len() == 4 && heat.marks.len() == 2)
    );
    let Body::Web(web) = &all["topology"] else {
        panic!("{:?}", all["topology"])
    };
    assert_eq!((web.nodes.len(), web.ways.len()), (3, 2));
    assert!(web.nodes[0].x < web.nodes[1].x && web.ways[0].figure.is_some());
    let Body::Table(table) = &all["spark_table"] else {
        panic!("{:?}", all["spark_table"])
    };
    assert_eq!((table.rows.len(), table.pasts.len()), (2, 2));
    assert!(table.pasts[0][0].iter().flatten().count() > 10);
    let Body::Days(days) = &all["calendar"] else {
        panic!("{:?}", all["calendar"])
    };
    assert_eq!((days.rows.len(), days.columns.len()), (9, 24));
    let known = |row: usize| {
        days.rows[row]
            .1
            .iter()
            .filter(|d| d.depth.is_some())
            .count()
    };
    assert_eq!(known(4), 24, "a whole day in the middle");
    assert!(
        days.rows
            .iter()
            .any(|(_, cells)| cells.iter().any(|c| c.marked))
    );
    let Body::Budgets(slo) = &all["slo"] else {
        panic!("{:?}", all["slo"])
    };
    assert_eq!((slo.all.len(), slo.all[0].rates.len()), (1, 3));
    assert_eq!(
        slo.all[0].left, "60%",
        "of 0.1 % four hundredths of a percent are used"
    );
    let Body::Lines(forecast) = &all["forecast"] else {
        panic!("{:?}", all["forecast"])
    };
    assert!(forecast.to > NOON as f64 + 0.9 * day, "it looks ahead");
    assert!(forecast.lines[1].band.iter().flatten().count() > 10);
    assert!(
        matches!(&all["alert_list"], Body::List(list) if list.items.len() == 1 && list.items[0].text == "支付失败")
    );
    assert!(matches!(&all["log_stream"], Body::List(list) if list.items.is_empty()));
    assert!(matches!(&all["bar_gauge"], Body::Bars(b) if b.bars.len() == 2));
    assert!(matches!(&all["ring"], Body::Ring(parts) if parts.len() == 2));
    assert!(matches!(&all["tile"], Body::Hero(hero) if !hero.past.is_empty()));
}

#[tokio::test]
async fn a_range_and_a_choice_go_over_what_the_board_says() {
    let chosen = [("city".to_owned(), Vec::new())].into();
    let view = View {
        range: Some(6 * 3_600_000),
        chosen,
        ..of_kinds()
    };
    let all = kinds(view, Beside::default()).await;
    for id in ["lines", "week"] {
        let Body::Lines(graph) = &all[id] else {
            panic!("{:?}", all[id])
        };
        assert_eq!(graph.to - graph.from, 6.0 * 3_600_000.0, "{id}");
    }
    assert!(
        matches!(&all["lines"], Body::Lines(g) if g.lines.len() == 2),
        "everything"
    );
    assert!(matches!(&all["calendar"], Body::Days(d) if d.rows.len() <= 2));
    let library = library();
    let unknown = View {
        chosen: [("nope".to_owned(), Vec::new())].into(),
        ..view_of_b()
    };
    let Err(e) = setup(&library, &unknown) else {
        panic!("no such variable")
    };
    assert_eq!(e.sentence().0, "cli.render_no_variable");
}

fn view_of_b() -> View {
    view(None, NOON)
}

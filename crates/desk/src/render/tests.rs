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

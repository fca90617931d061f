//! InfluxDB as a source of metrics: a real InfluxDB 1, and servers that play 2 and 3.

use model::{InstantValue, Labels, Lang, Secret};
use shouwang_tests::hostile::{Answer, Body, Hostile};
use shouwang_tests::influx::{self, ADMIN, DATABASE, ORG, Point, READER, TOKEN};
use shouwang_tests::now_ms;
use shouwang_tests::servers::Server;
use source::influx::{Generation, Influx};
use source::{
    Auth, Connection, Flavor, Metrics, QueryFault, SourceError, conformance, source_conformance,
};
use std::time::Duration;

fn connection(url: String, auth: Auth) -> Connection {
    let mut to = Connection::to(url);
    to.auth = auth;
    to.part.database = DATABASE.into();
    to.part.organization = ORG.into();
    to.timeout = Duration::from_secs(5);
    to
}

fn basic(who: (&str, &str)) -> Auth {
    Auth::Basic {
        user: who.0.into(),
        password: Secret::new(who.1),
    }
}

fn client(url: String, auth: Auth, generation: Generation) -> Influx {
    Influx::new(&connection(url, auth), generation).expect("a client")
}

async fn conforming() -> (Box<dyn Metrics>, i64, Server) {
    let base = (now_ms() - 7_200_000) / conformance::STEP_MS * conformance::STEP_MS;
    let server = influx::influxdb1(false);
    influx::write_prometheus(&server, &conformance::fixture(base));
    let source = client(server.url(), Auth::None, Generation::One);
    (Box::new(source), base, server)
}

source_conformance!(influxdb_1_conforms, conforming());

/// Two hosts as Telegraf writes them, a point every 10 s, the last one at `end`.
fn telegraf(server: &Server, end: i64, points: i64) {
    let mut lines = String::new();
    for i in 0..points {
        let t = end - (points - 1 - i) * 10_000;
        for (host, idle) in [("web-1", 90.0), ("web-2", 40.0)] {
            let idle = idle - (i % 10) as f64;
            lines.push_str(&format!(
                "cpu,cpu=cpu-total,host={host} usage_idle={idle},usage_iowait=1,usage_steal=0 {t}\n\
                 mem,host={host} available_percent={idle} {t}\n\
                 disk,host={host},path=/srv,device=sda1,fstype=ext4 used_percent=55 {t}\n\
                 disk,host={host},path=/run,device=tmpfs,fstype=tmpfs used_percent=1 {t}\n"
            ));
        }
    }
    influx::write(server, &lines);
}

fn vector(value: InstantValue) -> Vec<(Labels, f64, i64)> {
    match value {
        InstantValue::Vector(all) => all.into_iter().map(|(l, s)| (l, s.v, s.t)).collect(),
        other => panic!("{other:?}"),
    }
}

const CPU: &str = "SELECT 100 - mean(\"usage_idle\") FROM \"cpu\" WHERE time >= $from AND time < $to GROUP BY time($step), \"host\" fill(none)";

#[tokio::test(flavor = "multi_thread")]
async fn influxql_stands_in_promql() {
    let server = influx::influxdb1(true);
    let end = now_ms() / 10_000 * 10_000;
    telegraf(&server, end, 60);
    let source = client(server.url(), basic(READER), Generation::One);
    let cpu = Lang::Influxql.in_promql(CPU);

    let info = source.probe().await.expect("a probe").value;
    assert_eq!((info.flavor, info.ready), (Flavor::InfluxDb, true));
    assert!(info.version.is_some_and(|v| v.starts_with("1.6")));
    let there = source
        .exists(&["cpu", "mem", "absent"])
        .await
        .expect("an answer");
    assert_eq!(there.value, [true, true, false]);

    // the last of 60 points has i % 10 == 9
    let now = vector(source.instant(&cpu, None).await.expect("an answer").value);
    let values: Vec<(&str, f64)> = now
        .iter()
        .map(|(l, v, _)| (l.get("instance").unwrap_or(""), *v))
        .collect();
    assert_eq!(values, [("web-1", 19.0), ("web-2", 69.0)]);
    // the data's own time, not the time of evaluation
    let ages = format!("max by (instance) (timestamp({cpu}))");
    let ages = vector(
        source
            .instant(&ages, Some(end + 60_000))
            .await
            .expect("an answer")
            .value,
    );
    assert!(
        ages.iter().all(|(_, v, _)| *v == (end / 1_000) as f64),
        "{ages:?} {end}"
    );
    let worst = vector(
        source
            .instant(&format!("max({cpu})"), None)
            .await
            .expect("an answer")
            .value,
    );
    assert_eq!(worst[0].1, 69.0);

    let frame = source
        .range(&cpu, end - 100_000, end, 10_000)
        .await
        .expect("an answer")
        .value;
    assert_eq!((frame.len, frame.series.len()), (11, 2));
    let column = &frame.series[0].1;
    assert_eq!(
        column[1..],
        [10.0, 11.0, 12.0, 13.0, 14.0, 15.0, 16.0, 17.0, 18.0, 19.0]
    );
    // a coarser grid is grouped by the server
    let coarse = source
        .range(&cpu, end / 60_000 * 60_000 - 300_000, end, 60_000)
        .await;
    assert_eq!(coarse.expect("an answer").value.series.len(), 2);

    // concepts: their dialects, wrapped by what a board asks around them
    let library = desk::boards::load(None);
    for (concept, metric) in [
        ("host_cpu_percent", "cpu"),
        ("host_memory_percent", "mem"),
        ("host_disk_percent", "disk"),
    ] {
        let concept = &library.concepts[concept];
        let dialect = concept
            .dialects
            .iter()
            .find(|d| d.lang == Lang::Influxql)
            .expect("a dialect");
        assert_eq!(dialect.discovery, metric);
        let query = format!("max by (instance, mountpoint) ({})", dialect.in_promql());
        let found = vector(source.instant(&query, None).await.expect("an answer").value);
        assert_eq!(found.len(), 2, "{found:?}");
        let place = if metric == "disk" { Some("/srv") } else { None };
        assert!(
            found.iter().all(|(l, _, _)| l.get("mountpoint") == place),
            "{found:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_of_influxdb_1_are_told() {
    let server = influx::influxdb1(true);
    let end = now_ms() / 10_000 * 10_000;
    telegraf(&server, end, 1);
    let ask = |auth: Auth, database: &str| {
        let mut to = connection(server.url(), auth);
        to.part.database = database.into();
        Influx::new(&to, Generation::One).expect("a client")
    };
    for auth in [Auth::None, basic(("wall", "wrong-password"))] {
        let refused = ask(auth, DATABASE).probe().await.expect_err("no login");
        assert_eq!(refused, SourceError::Unauthorized);
    }
    let nowhere = ask(basic(ADMIN), "nowhere")
        .probe()
        .await
        .expect_err("no database");
    assert!(
        matches!(&nowhere, SourceError::Query { fault: QueryFault::Failed, message } if message.contains("nowhere")),
        "{nowhere}"
    );

    let source = ask(basic(READER), DATABASE);
    let asked = |text: &str| {
        let text = Lang::Influxql.in_promql(text);
        let source = &source;
        async move { source.instant(&text, None).await }
    };
    let wrong = asked("SELECT FROM cpu WHERE time >= $from AND time < $to")
        .await
        .expect_err("no InfluxQL");
    assert!(
        matches!(&wrong, SourceError::Query { fault: QueryFault::Invalid, message } if message.contains("parsing query")),
        "{wrong}"
    );
    for forbidden in [
        "DROP MEASUREMENT cpu -- $from $to",
        "SELECT * INTO x FROM cpu WHERE time >= $from AND time < $to",
        "SELECT * FROM cpu WHERE time >= $from AND time < $to; DROP MEASUREMENT cpu",
    ] {
        let refused = asked(forbidden).await.expect_err("only reading");
        assert!(refused.to_string().contains("not allowed"), "{refused}");
    }
    assert_eq!(
        source.exists(&["cpu"]).await.expect("an answer").value,
        [true]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_the_server_cuts_is_marked() {
    let server = influx::influxdb1(false);
    let end = now_ms() / 1_000 * 1_000;
    let lines: String = (0..6_000)
        .map(|i| format!("dense value={i} {}\n", end - i * 10))
        .collect();
    influx::write(&server, &lines);
    let source = client(server.url(), Auth::None, Generation::One);
    let raw =
        Lang::Influxql.in_promql("SELECT value FROM dense WHERE time >= $from AND time < $to");
    let cut = source
        .range(&raw, end - 60_000, end, 1_000)
        .await
        .expect("an answer");
    assert!(cut.partial, "more than max-row-limit rows");
    let few = source
        .range(&raw, end - 1_000, end, 1_000)
        .await
        .expect("an answer");
    assert!(
        few.partial,
        "five minutes before the first point are read too"
    );
}

fn points(end: i64) -> Vec<Point> {
    let mut all = Vec::new();
    for (host, v) in [("web-1", 20.0), ("web-2", 70.0)] {
        for i in 0..30 {
            all.push(Point {
                measurement: "mem",
                field: "available_percent",
                tags: vec![("host", host.to_owned())],
                t: end - i * 10_000,
                v,
            });
        }
    }
    all
}

const MEM_FLUX: &str = "from(bucket: $database) |> range(start: $from, stop: $to) |> filter(fn: (r) => r._measurement == \"mem\" and r._field == \"available_percent\")";
const MEM_SQL: &str =
    "SELECT time, host, available_percent AS value FROM mem WHERE time >= $from AND time < $to";

async fn answers(source: &Influx, lang: Lang, text: &str, end: i64, version: &str) {
    let info = source.probe().await.expect("a probe").value;
    assert_eq!(info.version.as_deref(), Some(version));
    assert_eq!(
        source
            .exists(&["mem", "cpu"])
            .await
            .expect("an answer")
            .value,
        [true, false]
    );
    let query = lang.in_promql(text);
    let now = vector(source.instant(&query, None).await.expect("an answer").value);
    let values: Vec<(&str, f64)> = now
        .iter()
        .map(|(l, v, _)| (l.get("instance").unwrap_or(""), *v))
        .collect();
    assert_eq!(values, [("web-1", 20.0), ("web-2", 70.0)]);
    let frame = source
        .range(&format!("max({query})"), end - 100_000, end, 10_000)
        .await
        .expect("an answer")
        .value;
    assert_eq!(frame.series[0].1, [70.0; 11]);
    let plain = source
        .instant("up", None)
        .await
        .expect_err("no PromQL of its own");
    assert_eq!(plain.code(), "unsupported");
}

#[tokio::test(flavor = "multi_thread")]
async fn flux_and_sql_stand_in_promql() {
    let end = now_ms() / 10_000 * 10_000;
    let two = influx::influxdb2(points(end));
    let token = || Auth::Bearer(Secret::new(TOKEN));
    let source = client(two.url(), token(), Generation::Two);
    answers(&source, Lang::Flux, MEM_FLUX, end, "2.7.11").await;
    let three = influx::influxdb3(points(end));
    let source = client(three.url(), token(), Generation::Three);
    answers(&source, Lang::Sql, MEM_SQL, end, "3.0.0").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_of_its_successors_are_told() {
    let two = influx::influxdb2(points(0));
    let three = influx::influxdb3(points(0));
    for (url, generation, lang, text) in [
        (two.url(), Generation::Two, Lang::Flux, MEM_FLUX),
        (three.url(), Generation::Three, Lang::Sql, MEM_SQL),
    ] {
        let wrong = client(
            url.clone(),
            Auth::Bearer(Secret::new("wrong-token")),
            generation,
        );
        assert_eq!(
            wrong.probe().await.expect_err("no token"),
            SourceError::Unauthorized
        );
        let mut to = connection(url.clone(), Auth::Bearer(Secret::new(TOKEN)));
        to.part.database = "elsewhere".into();
        let elsewhere = Influx::new(&to, generation).expect("a client");
        let refused = elsewhere
            .instant(&lang.in_promql(text), Some(0))
            .await
            .expect_err("no database");
        assert!(
            matches!(&refused, SourceError::Query { fault: QueryFault::Invalid, message } if message.contains("find") || message.contains("found")),
            "{refused}"
        );
        let source = client(url, Auth::Bearer(Secret::new(TOKEN)), generation);
        let bad = match lang {
            Lang::Flux => "frm(b: 1) // $from $to",
            _ => "SELECT 1 + '$from' + '$to' FROM mem",
        };
        let refused = source
            .instant(&lang.in_promql(bad), Some(0))
            .await
            .expect_err("no query");
        assert_eq!(refused.code(), "query", "{refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_is_new_is_asked_for() {
    let end = now_ms() / 10_000 * 10_000;
    let two = influx::influxdb2(points(end));
    let source = client(two.url(), Auth::Bearer(Secret::new(TOKEN)), Generation::Two);
    let query = Lang::Flux.in_promql(MEM_FLUX);
    // two points of overlap, as the engine asks for them; the evaluator looks five minutes back from there
    source
        .range(&query, end - 20_000, end, 10_000)
        .await
        .expect("an answer");
    let asked = two.requests().last().expect("a request").text();
    let from = asked
        .split("range(start: ")
        .nth(1)
        .and_then(|t| t.split(',').next())
        .expect("a start")
        .to_owned();
    let from = chrono::DateTime::parse_from_rfc3339(&from)
        .expect("a time")
        .timestamp_millis();
    assert_eq!(from, end - 20_000 - 300_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_that_misbehave_are_told_apart() {
    let all = [
        (Generation::One, Lang::Influxql, CPU),
        (Generation::Two, Lang::Flux, MEM_FLUX),
        (Generation::Three, Lang::Sql, MEM_SQL),
    ];
    for (generation, lang, text) in all {
        let failure = async |answer: Answer| {
            let server = Hostile::always(answer);
            let mut to = connection(server.url(), Auth::Bearer(Secret::new(TOKEN)));
            to.timeout = Duration::from_millis(1_500);
            to.limits.body_bytes = 1 << 20;
            let source = Influx::new(&to, generation).expect("a client");
            source
                .instant(&lang.in_promql(text), Some(0))
                .await
                .expect_err("a failure")
        };
        let page = "<!doctype html><title>登录</title>";
        let stranger = failure(Answer::with(200, "text/html", Body::Full(page.into()))).await;
        assert_eq!(stranger.code(), "not_expected", "{stranger}");
        let stranger = failure(Answer::with(200, "text/plain", Body::Full(page.into()))).await;
        assert!(
            matches!(stranger.code(), "not_expected" | "malformed" | "truncated"),
            "{stranger}"
        );
        let cut = Body::Truncated {
            declared: 5_000,
            sent: b"{\"results\":[".to_vec(),
        };
        assert_eq!(
            failure(Answer::with(200, "application/json", cut)).await,
            SourceError::Truncated
        );
        let endless = Body::Endless {
            first: b"{\"results\":[".to_vec(),
            again: vec![b' '; 65_536],
        };
        let endless = failure(Answer::with(200, "application/json", endless)).await;
        assert_eq!(endless, SourceError::TooLarge { limit: 1 << 20 });
        let silent = Answer::with(
            200,
            "application/json",
            Body::Silence(Duration::from_secs(10)),
        );
        assert_eq!(failure(silent).await.code(), "timeout");
        let echo = serde_json::json!({"error": format!("token {TOKEN} is unknown"), "message": format!("token {TOKEN} is unknown")});
        let echo = failure(Answer::json(400, echo.to_string())).await;
        assert!(
            matches!(&echo, SourceError::Query { message, .. } if message.contains("[secret]")),
            "{echo}"
        );
        assert!(!format!("{echo} {echo:?}").contains(TOKEN));
    }
}

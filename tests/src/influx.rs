//! A real InfluxDB 1 (Debian's), and servers that play InfluxDB 2 and 3 by their documentation: what they demand of a request, how
//! their answers and their errors look.

use crate::fake_logs::{asked, get, rfc3339, rfc3339_ns};
use crate::hostile::{Answer, Body, Hostile, Request};
use crate::http;
use crate::servers::{Ready, Server, Spec};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// The database of the tests.
pub const DATABASE: &str = "telegraf";
/// The administrator of an InfluxDB 1 with logins.
pub const ADMIN: (&str, &str) = ("admin", "adm-4711");
/// A login that may only read.
pub const READER: (&str, &str) = ("wall", "read-0815");
/// The token of the servers that are played.
pub const TOKEN: &str = "tok-influx-4711";
/// Their organization.
pub const ORG: &str = "ops";

/// A real InfluxDB 1 with the database [`DATABASE`]; with `logins` only [`ADMIN`] and [`READER`] are let in.
///
/// # Panics
/// As [`Server::start`], and when the database cannot be made.
pub fn influxdb1(logins: bool) -> Server {
    let config = format!(
        "reporting-disabled = true\nbind-address = \"127.0.0.1:0\"\n\
         [meta]\ndir = \"{{dir}}/meta\"\n\
         [data]\ndir = \"{{dir}}/data\"\nwal-dir = \"{{dir}}/wal\"\nindex-version = \"inmem\"\n\
         [http]\nbind-address = \"127.0.0.1:{{port}}\"\nauth-enabled = {logins}\nmax-row-limit = 5000\n\
         [subscriber]\nenabled = false\n[monitor]\nstore-enabled = false\n"
    );
    let server = Server::start(Spec {
        program: "influxd".into(),
        args: ["run", "-config", "{dir}/influx.conf"]
            .map(str::to_owned)
            .into(),
        env: Vec::new(),
        files: vec![("influx.conf".into(), config)],
        ready: Ready::Http("/ping"),
        scheme: "http",
    });
    if logins {
        let (user, password) = ADMIN;
        order(
            &server,
            &format!("CREATE USER {user} WITH PASSWORD '{password}' WITH ALL PRIVILEGES"),
        );
        let (user, password) = READER;
        order(
            &server,
            &format!("CREATE USER \"{user}\" WITH PASSWORD '{password}'"),
        );
    }
    order(&server, &format!("CREATE DATABASE {DATABASE}"));
    if logins {
        order(
            &server,
            &format!("GRANT READ ON {DATABASE} TO \"{}\"", READER.0),
        );
    }
    server
}

fn login() -> String {
    format!("u={}&p={}", ADMIN.0, ADMIN.1)
}

fn order(server: &Server, text: &str) {
    let body: String = text.bytes().map(|b| format!("%{b:02X}")).collect();
    let reply = http::request(
        server.port(),
        "POST",
        &format!("/query?{}", login()),
        &[("Content-Type", "application/x-www-form-urlencoded")],
        format!("q={body}").as_bytes(),
    );
    let text = reply.expect("an answer").text();
    assert!(!text.contains("error"), "{text}");
}

/// Writes lines of the line protocol with times in ms.
///
/// # Panics
/// When they are refused.
pub fn write(server: &Server, lines: &str) {
    let path = format!("/write?db={DATABASE}&precision=ms&{}", login());
    let reply = http::request(server.port(), "POST", &path, &[], lines.as_bytes());
    let reply = reply.expect("an answer");
    assert_eq!(reply.status, 204, "{}", reply.text());
}

/// Writes series as a Prometheus does.
///
/// # Panics
/// When they are refused.
pub fn write_prometheus(server: &Server, series: &[model::Series]) {
    let path = format!("/api/v1/prom/write?db={DATABASE}&{}", login());
    let body = crate::remote_write::encode(series);
    let headers = [
        ("Content-Encoding", "snappy"),
        ("Content-Type", "application/x-protobuf"),
    ];
    let reply = http::request(server.port(), "POST", &path, &headers, &body).expect("an answer");
    assert_eq!(reply.status, 204, "{}", reply.text());
}

/// One point of a server that is played.
#[derive(Clone, Debug)]
pub struct Point {
    /// Its measurement or table.
    pub measurement: &'static str,
    /// Its field.
    pub field: &'static str,
    /// Tags with their values.
    pub tags: Vec<(&'static str, String)>,
    /// When, ms since the epoch.
    pub t: i64,
    /// The value.
    pub v: f64,
}

fn error(status: u16, body: &Value) -> Answer {
    Answer::json(status, body.to_string())
}

fn ping(version: &str) -> Answer {
    Answer {
        status: 204,
        headers: vec![
            ("X-Influxdb-Version".into(), version.into()),
            ("Date".into(), httpdate()),
        ],
        body: Body::Full(Vec::new()),
    }
}

/// The present as HTTP writes it.
fn httpdate() -> String {
    let t = chrono_like(crate::now_ms());
    format!("{t} GMT")
}

fn chrono_like(ms: i64) -> String {
    let text = rfc3339(ms * 1_000_000);
    let days = ms.div_euclid(86_400_000);
    let weekday = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default().to_owned();
    let month: usize = part(5, 7).parse().unwrap_or(1);
    format!(
        "{}, {} {} {} {}",
        weekday[usize::try_from(days.rem_euclid(7)).unwrap_or(0)],
        part(8, 10),
        months[month.clamp(1, 12) - 1],
        part(0, 4),
        part(11, 19)
    )
}

/// What stands between `before` and `after` in `text`.
fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let from = text.find(before)? + before.len();
    let rest = text.get(from..)?;
    rest.get(..rest.find(after)?)
}

/// A server that plays InfluxDB 2.7 with these points in bucket [`DATABASE`].
pub fn influxdb2(points: Vec<Point>) -> Hostile {
    Hostile::start(move |request| answer2(request, &points))
}

fn answer2(request: &Request, points: &[Point]) -> Answer {
    let (path, params) = asked(request);
    if path == "/ping" {
        return ping("v2.7.11");
    }
    if (request.method.as_str(), path.as_str()) != ("POST", "/api/v2/query") {
        return error(
            404,
            &json!({"code": "not found", "message": "path not found"}),
        );
    }
    if request.header("authorization") != Some(&format!("Token {TOKEN}")) {
        return error(
            401,
            &json!({"code": "unauthorized", "message": "unauthorized access"}),
        );
    }
    if get(&params, "org") != ORG {
        return error(
            404,
            &json!({"code": "not found", "message": "organization name not found"}),
        );
    }
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let text = body["query"].as_str().unwrap_or_default();
    let annotated = body["dialect"]["annotations"] == json!(["datatype", "group", "default"]);
    if body["type"] != "flux" || !annotated {
        return error(
            400,
            &json!({"code": "invalid", "message": "unknown query type"}),
        );
    }
    if text.contains("schema.measurements") {
        return csv(&measurements2(points));
    }
    let Some(bucket) = between(text, "from(bucket: \"", "\"") else {
        let message = "compilation failed: error @1:1-1:5: undefined identifier";
        return error(400, &json!({"code": "invalid", "message": message}));
    };
    if bucket != DATABASE {
        let message =
            format!("failed to initialize execute state: could not find bucket {bucket:?}");
        return error(404, &json!({"code": "not found", "message": message}));
    }
    let time = |name: &str, end: &str| between(text, name, end).and_then(rfc3339_ns);
    let (Some(start), Some(stop)) = (time("range(start: ", ","), time("stop: ", ")")) else {
        let message = "cannot submit unbounded read to \"telegraf\"; try bounding 'from' with a call to 'range'";
        return error(400, &json!({"code": "invalid", "message": message}));
    };
    let wanted = |p: &&Point| {
        text.contains(&format!("_measurement == {:?}", p.measurement))
            && text.contains(&format!("_field == {:?}", p.field))
            && (start..stop).contains(&(p.t * 1_000_000))
    };
    csv(&tables2(&points.iter().filter(wanted).collect::<Vec<_>>()))
}

fn csv(text: &str) -> Answer {
    Answer::with(
        200,
        "text/csv; charset=utf-8",
        Body::Full(text.replace('\n', "\r\n").into_bytes()),
    )
}

fn measurements2(points: &[Point]) -> String {
    let mut names: Vec<&str> = points.iter().map(|p| p.measurement).collect();
    names.sort_unstable();
    names.dedup();
    let mut out = "#datatype,string,long,string\n#group,false,false,false\n#default,_result,,\n,result,table,_value\n".to_owned();
    for name in names {
        let _ = writeln!(out, ",,0,{name}");
    }
    out.push('\n');
    out
}

fn tables2(points: &[&Point]) -> String {
    let mut out = String::new();
    for (i, p) in points.iter().enumerate() {
        let tags: Vec<&str> = p.tags.iter().map(|(n, _)| *n).collect();
        let n = tags.len();
        let _ = writeln!(
            out,
            "#datatype,string,long,dateTime:RFC3339,double{}",
            ",string".repeat(n)
        );
        let _ = writeln!(out, "#group,false,false,false,false{}", ",true".repeat(n));
        let _ = writeln!(out, "#default,_result,,,{}", ",".repeat(n));
        let _ = writeln!(out, ",result,table,_time,_value,{}", tags.join(","));
        let values: Vec<&str> = p.tags.iter().map(|(_, v)| v.as_str()).collect();
        let _ = writeln!(
            out,
            ",,{i},{},{},{}\n",
            rfc3339(p.t * 1_000_000),
            p.v,
            values.join(",")
        );
    }
    out
}

/// A server that plays InfluxDB 3 Core with these points in database [`DATABASE`].
pub fn influxdb3(points: Vec<Point>) -> Hostile {
    Hostile::start(move |request| answer3(request, &points))
}

fn answer3(request: &Request, points: &[Point]) -> Answer {
    let (path, _) = asked(request);
    if request.header("authorization") != Some(&format!("Bearer {TOKEN}")) {
        return error(401, &json!({"error": "the request was not authenticated"}));
    }
    if path == "/ping" {
        let mut answer = Answer::json(
            200,
            json!({"version": "3.0.0", "revision": "f3d3d3d"}).to_string(),
        );
        answer.headers.push(("Date".into(), httpdate()));
        return answer;
    }
    if (request.method.as_str(), path.as_str()) != ("POST", "/api/v3/query_sql") {
        return error(404, &json!({"error": "not found"}));
    }
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    if body["db"] != DATABASE {
        return error(404, &json!({"error": "query error: database not found"}));
    }
    if body["format"] != "jsonl" {
        return error(400, &json!({"error": "invalid mime type (*/*)"}));
    }
    let text = body["q"].as_str().unwrap_or_default();
    let mut out = String::new();
    if text.contains("information_schema.tables") {
        let mut names: Vec<&str> = points.iter().map(|p| p.measurement).collect();
        names.dedup();
        for name in names {
            let _ = writeln!(out, "{}", json!({"table_name": name}));
        }
        return Answer::with(200, "application/jsonl", Body::Full(out.into_bytes()));
    }
    let time = |name: &str| between(text, name, "'").and_then(rfc3339_ns);
    let (Some(start), Some(stop)) = (time("time >= TIMESTAMP '"), time("time < TIMESTAMP '"))
    else {
        let message = "query error: error while planning query: SQL error: ParserError";
        return error(400, &json!({"error": message}));
    };
    let wanted = |p: &&Point| {
        let table = format!("FROM {}", p.measurement);
        text.contains(&table)
            && text.contains(p.field)
            && (start..stop).contains(&(p.t * 1_000_000))
    };
    for p in points.iter().filter(wanted) {
        let mut row = json!({"time": rfc3339(p.t * 1_000_000).trim_end_matches('Z'), "value": p.v});
        for (name, value) in &p.tags {
            row[*name] = json!(value);
        }
        let _ = writeln!(out, "{row}");
    }
    Answer::with(200, "application/jsonl", Body::Full(out.into_bytes()))
}

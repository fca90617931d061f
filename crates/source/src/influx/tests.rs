use super::evaluate::Wanted;
use super::{Generation, csv, json1, json3, select};
use crate::connection::Limits;
use crate::error::{Capacity, QueryFault, SourceError};
use crate::metrics::Span;
use model::{Labels, Lang, Sample, Series};

fn limits() -> Limits {
    Limits::default()
}

fn series(labels: &[(&str, &str)], samples: &[(i64, f64)]) -> Series {
    Series {
        labels: Labels::from_pairs(labels.iter().copied()),
        samples: samples
            .iter()
            .map(|(t, v)| Sample { t: *t, v: *v })
            .collect(),
    }
}

fn sorted(mut all: Vec<Series>) -> Vec<Series> {
    all.sort_by(|a, b| a.labels.cmp(&b.labels));
    all
}

#[test]
fn influxql_answers_become_series() {
    let body = br#"{"results":[{"statement_id":0,"series":[
        {"name":"cpu","tags":{"host":"a","rack":""},"columns":["time","mean","max"],
         "values":[[2000,1.5,null],[1000,3,"text"],[3000,true,9007199254740993]]},
        {"name":"cpu","tags":{"host":"b"},"columns":["time","mean","max"],"values":[[1000,null,null]],"partial":true}],
        "messages":[{"level":"warning","text":"deprecated"}]}]}"#;
    let read = json1::series(body, &limits()).unwrap();
    let a = [("__name__", "cpu"), ("host", "a"), ("instance", "a")];
    let with = |field| [&a[..], &[("field", field)]].concat();
    assert_eq!(
        sorted(read.value),
        sorted(vec![
            series(&with("mean"), &[(1000, 3.0), (2000, 1.5), (3000, 1.0)]),
            series(&with("max"), &[(3000, 9_007_199_254_740_992.0)]),
        ])
    );
    assert!(read.partial);
    assert_eq!(read.warnings, ["deprecated"]);
    let none = json1::series(br#"{"results":[{"statement_id":0}]}"#, &limits()).unwrap();
    assert!(none.value.is_empty());
}

#[test]
fn influxql_errors_stand_in_good_answers() {
    let body = br#"{"results":[{"statement_id":0,"error":"database not found: x"}]}"#;
    let failed = json1::series(body, &limits()).unwrap_err();
    let expected = SourceError::Query {
        fault: QueryFault::Failed,
        message: "database not found: x".into(),
    };
    assert_eq!(failed, expected);
    for (body, code) in [
        (&b""[..], "truncated"),
        (b"{\"results\":[{\"series\":[{\"name\":\"a\",\"columns\":[\"time\",\"v\"],\"values\":[[1,", "truncated"),
        (b"<html>", "malformed"),
        (b"{}", "malformed"),
        (b"{\"results\":[{\"series\":[{\"columns\":[\"time\",\"v\"],\"values\":[[1,2],[3]]}]}]}", "malformed"),
        (b"{\"results\":[{\"series\":[{\"columns\":[\"v\"],\"values\":[[1]]}]}]}", "malformed"),
    ] {
        assert_eq!(json1::series(body, &limits()).unwrap_err().code(), code, "{}", String::from_utf8_lossy(body));
    }
}

#[test]
fn a_list_is_read_from_its_column() {
    let body = br#"{"results":[{"series":[{"name":"measurements","columns":["name"],"values":[["mem"],["cpu"],["mem"]]}]}]}"#;
    assert_eq!(
        json1::texts(body, "name", &limits()).unwrap().value,
        ["cpu", "mem"]
    );
}

const FLUX: &str = "#datatype,string,long,dateTime:RFC3339,dateTime:RFC3339,dateTime:RFC3339,double,string,string,string\r\n\
#group,false,false,true,true,false,false,true,true,true\r\n\
#default,_result,,,,,,,,\r\n\
,result,table,_start,_stop,_time,_value,_field,_measurement,host\r\n\
,,0,2026-01-01T00:00:00Z,2026-01-01T01:00:00Z,2026-01-01T00:00:10Z,1.5,usage_idle,cpu,a\r\n\
,,0,2026-01-01T00:00:00Z,2026-01-01T01:00:00Z,2026-01-01T00:00:20.5Z,,usage_idle,cpu,a\r\n\
,,1,2026-01-01T00:00:00Z,2026-01-01T01:00:00Z,2026-01-01T00:00:10Z,2.5,usage_idle,cpu,\"b,1\"\r\n\
\r\n\
#datatype,string,long,dateTime:RFC3339,long,string\r\n\
#group,false,false,false,false,true\r\n\
#default,_result,,,,\r\n\
,result,table,_time,_value,path\r\n\
,,2,2026-01-01T00:00:10Z,7,/srv\r\n";

#[test]
fn flux_tables_become_series() {
    let t = 1_767_225_610_000;
    let cpu = |host| {
        series(
            &[
                ("__name__", "cpu"),
                ("field", "usage_idle"),
                ("host", host),
                ("instance", host),
            ],
            &[(t, if host == "a" { 1.5 } else { 2.5 })],
        )
    };
    let read = csv::series(FLUX.as_bytes(), &limits()).unwrap();
    assert_eq!(
        sorted(read.value),
        sorted(vec![
            cpu("a"),
            cpu("b,1"),
            series(&[("path", "/srv")], &[(t, 7.0)])
        ])
    );
    assert_eq!(
        csv::texts(FLUX.as_bytes(), "host", &limits())
            .unwrap()
            .value,
        ["a", "b,1"]
    );
}

#[test]
fn flux_errors_after_good_tables_and_broken_answers_are_told() {
    let late = format!(
        "{FLUX}\r\n#datatype,string,string\r\n#group,true,true\r\n#default,,\r\n,error,reference\r\n,out of memory,897\r\n"
    );
    let failed = csv::series(late.as_bytes(), &limits()).unwrap_err();
    assert!(
        matches!(failed, SourceError::Query { fault: QueryFault::Failed, message } if message == "out of memory")
    );
    let cut = FLUX.get(..FLUX.len() - 6).unwrap();
    assert_eq!(
        csv::series(cut.as_bytes(), &limits()).unwrap_err(),
        SourceError::Truncated
    );
    assert_eq!(
        csv::series(b"<html>\n", &limits()).unwrap_err().code(),
        "malformed"
    );
    assert_eq!(
        csv::series(&[0xff; 9], &limits()).unwrap_err().code(),
        "malformed"
    );
    assert!(csv::series(b"", &limits()).unwrap().value.is_empty());
    assert!(csv::series(b"\r\n", &limits()).unwrap().value.is_empty());
}

#[test]
fn sql_rows_become_series() {
    let body = b"{\"host\":\"a\",\"time\":\"2026-01-01T00:00:10\",\"value\":1.5,\"n\":2}\n\
                 {\"host\":\"a\",\"time\":\"2026-01-01T00:00:20.250Z\",\"value\":2}\n\n\
                 {\"iox::measurement\":\"cpu\",\"time\":\"2026-01-01T00:00:10\",\"value\":true,\"x\":null,\"y\":[1]}\n";
    let t = 1_767_225_610_000;
    let a = [("host", "a"), ("instance", "a")];
    assert_eq!(
        sorted(json3::series(body, &limits()).unwrap().value),
        sorted(vec![
            series(&a, &[(t, 1.5), (t + 10_250, 2.0)]),
            series(&[&a[..], &[("field", "n")]].concat(), &[(t, 2.0)]),
            series(&[("__name__", "cpu")], &[(t, 1.0)]),
        ])
    );
    assert_eq!(
        json3::series(b"{\"time\":\"2026-01-01T0", &limits()).unwrap_err(),
        SourceError::Truncated
    );
    assert_eq!(
        json3::series(b"{\"a\":1}\n", &limits()).unwrap_err().code(),
        "malformed"
    );
    assert_eq!(
        json3::series(b"{\"error\":\"no table\"}\n", &limits())
            .unwrap_err()
            .code(),
        "query"
    );
    assert_eq!(
        json3::texts(b"{\"table_name\":\"cpu\"}\n", "table_name", &limits())
            .unwrap()
            .value,
        ["cpu"]
    );
}

#[test]
fn every_format_is_bounded() {
    let small = Limits {
        series: 1,
        values: 1,
        label_bytes: 8,
        ..limits()
    };
    let limit = |e: SourceError| match e {
        SourceError::Limit { what, .. } => what,
        other => panic!("{other}"),
    };
    assert_eq!(
        limit(csv::series(FLUX.as_bytes(), &small).unwrap_err()),
        Capacity::LabelBytes
    );
    let two = b"{\"time\":\"2026-01-01T00:00:10\",\"value\":1}\n{\"time\":\"2026-01-01T00:00:11\",\"value\":1}\n";
    assert_eq!(
        limit(json3::series(two, &small).unwrap_err()),
        Capacity::Values
    );
    let hosts = br#"{"results":[{"series":[{"name":"c","tags":{"h":"a"},"columns":["time","v"],"values":[[1,1]]},
        {"name":"c","tags":{"h":"b"},"columns":["time","v"],"values":[[1,1]]}]}]}"#;
    assert_eq!(
        limit(json1::series(hosts, &small).unwrap_err()),
        Capacity::Series
    );
}

fn wanted(selector: &str) -> Wanted {
    let span = Span {
        start_ms: 1_767_225_611_000,
        end_ms: 1_767_225_620_000,
    };
    Wanted::parse(selector, span).unwrap()
}

#[test]
fn times_are_filled_in_as_whole_groups() {
    let ask = |lang: Lang, generation, text: &str| {
        select::question(
            &wanted(&lang.in_promql(text)),
            10_000,
            generation,
            "my \"db\"",
        )
        .unwrap()
    };
    assert_eq!(
        ask(
            Lang::Influxql,
            Generation::One,
            "SELECT mean(a) FROM $database..c WHERE time >= $from AND time < $to GROUP BY time($step)"
        ),
        "SELECT mean(a) FROM \"my \\\"db\\\"\"..c WHERE time >= 1767225610000ms AND time < 1767225630000ms GROUP BY time(10000ms)"
    );
    assert_eq!(
        ask(
            Lang::Flux,
            Generation::Two,
            "from(bucket: $database) |> range(start: $from, stop: $to) |> window(every: $step)"
        ),
        "from(bucket: \"my \\\"db\\\"\") |> range(start: 2026-01-01T00:00:10.000Z, stop: 2026-01-01T00:00:30.000Z) |> window(every: 10000ms)"
    );
    assert_eq!(
        ask(
            Lang::Sql,
            Generation::Three,
            "SELECT date_bin($step, time) FROM a WHERE time >= $from AND time < $to"
        ),
        "SELECT date_bin(INTERVAL '10000 milliseconds', time) FROM a WHERE time >= TIMESTAMP '2026-01-01T00:00:10.000Z' AND time < TIMESTAMP '2026-01-01T00:00:30.000Z'"
    );
}

#[test]
fn a_plain_selector_is_written_in_influxql() {
    let text = select::question(
        &wanted("up{job=\"o'brien\",path=~\"/a|b\",x!=\"\"}"),
        1_000,
        Generation::One,
        "d",
    );
    let text = text.unwrap();
    for part in [
        "SELECT \"value\" FROM \"up\" WHERE time >= 1767225611000ms AND time <= 1767225620000ms",
        "\"job\" = 'o\\'brien'",
        "\"path\" =~ /^(?:\\/a|b)$/",
        "\"x\" != ''",
        "GROUP BY *",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let other = select::question(&wanted("up"), 1_000, Generation::Two, "d");
    assert_eq!(other.unwrap_err().code(), "unsupported");
    let strange = Lang::Sql.in_promql("SELECT 1");
    let strange = select::question(&wanted(&strange), 1_000, Generation::One, "d");
    assert_eq!(strange.unwrap_err().code(), "query");
    let unbounded = Lang::Influxql.in_promql("SELECT a FROM b");
    let unbounded = select::question(&wanted(&unbounded), 1_000, Generation::One, "d");
    assert!(unbounded.unwrap_err().to_string().contains("$from"));
}

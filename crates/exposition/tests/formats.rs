//! The two formats, as their specifications and real exporters write them, and as nobody should.

use exposition::{Format, Kind, Limits, Metadata, Problem, parse, write_metadata, write_sample};
use model::Labels;
use proptest::prelude::*;

fn text(page: &str) -> Result<exposition::Exposition, exposition::ParseError> {
    parse(page.as_bytes(), Format::Text, &Limits::default())
}

fn open(page: &str) -> Result<exposition::Exposition, exposition::ParseError> {
    parse(page.as_bytes(), Format::OpenMetrics, &Limits::default())
}

fn problem(page: &str) -> (usize, usize, Problem) {
    let e = text(page).expect_err("must be refused");
    (e.line, e.column, e.problem)
}

#[test]
fn the_example_of_the_text_format_specification() {
    let page = concat!(
        "# HELP http_requests_total The total number of HTTP requests.\n",
        "# TYPE http_requests_total counter\n",
        "http_requests_total{method=\"post\",code=\"200\"} 1027 1395066363000\n",
        "http_requests_total{method=\"post\",code=\"400\"}    3 1395066363000\n",
        "\n# Escaping in label values:\n",
        "msdos_file_access_time_seconds{path=\"C:\\\\DIR\\\\FILE.TXT\",error=\"Cannot find file:\\n\\\"FILE.TXT\\\"\"} 1.458255915e9\n",
        "# Minimalistic line:\nmetric_without_timestamp_and_labels 12.47\n",
        "something_weird{problem=\"division by zero\"} +Inf -3982045\n",
        "# TYPE http_request_duration_seconds histogram\n",
        "http_request_duration_seconds_bucket{le=\"+Inf\",} 144320\n",
        "none{} NaN\n",
    );
    let got = text(page).expect("the specification's example");
    assert_eq!(got.samples.len(), 7);
    assert_eq!(got.samples[0].timestamp_ms, Some(1_395_066_363_000));
    assert_eq!(got.samples[2].labels.get("path"), Some("C:\\DIR\\FILE.TXT"));
    assert_eq!(
        got.samples[2].labels.get("error"),
        Some("Cannot find file:\n\"FILE.TXT\"")
    );
    assert_eq!(got.samples[3].value, 12.47);
    assert_eq!(
        (got.samples[4].value, got.samples[4].timestamp_ms),
        (f64::INFINITY, Some(-3_982_045))
    );
    assert_eq!(got.samples[5].labels.get("le"), Some("+Inf"));
    assert!(got.samples[6].value.is_nan());
    assert_eq!(
        got.metadata[0],
        Metadata {
            name: "http_requests_total".into(),
            kind: Kind::Counter,
            help: "The total number of HTTP requests.".into(),
            unit: String::new()
        }
    );
}

#[test]
fn openmetrics_with_unit_exemplar_and_seconds() {
    let page = concat!(
        "# TYPE acme_http_router_request_seconds summary\n",
        "# UNIT acme_http_router_request_seconds seconds\n",
        "# HELP acme_http_router_request_seconds Latency though \\\"all\\\" of ACME's HTTP request router.\n",
        "acme_http_router_request_seconds_sum{path=\"/api/v1\"} 9036.32 1520879607.789\n",
        "# TYPE foo histogram\n",
        "foo_bucket{le=\"0.1\"} 8 # {trace_id=\"a} b\"} 0.054 1520879607.7\n",
        "foo_bucket{le=\"+Inf\"} 17 1520879607 # {} 1\n",
        "# EOF\n",
    );
    let got = open(page).expect("the specification's example");
    assert_eq!(got.samples[0].timestamp_ms, Some(1_520_879_607_789));
    assert_eq!(
        (got.samples[1].value, got.samples[1].timestamp_ms),
        (8.0, None)
    );
    assert_eq!(got.samples[2].timestamp_ms, Some(1_520_879_607_000));
    assert_eq!(got.metadata[0].unit, "seconds");
    assert_eq!(
        got.metadata[0].help,
        "Latency though \"all\" of ACME's HTTP request router."
    );
}

#[test]
fn openmetrics_cut_off_or_continued_after_its_end_is_refused() {
    assert_eq!(open("a 1\n").expect_err("cut").problem, Problem::MissingEof);
    let e = open("a 1\n# EOF\nb 2\n").expect_err("continued");
    assert_eq!((e.line, e.problem), (3, Problem::AfterEof));
}

#[test]
fn mistakes_are_named_with_line_and_column() {
    assert_eq!(
        problem("a 1\nb{x=\"1\" 2\n"),
        (
            2,
            9,
            Problem::Expected {
                expected: "`,` or `}`",
                found: "2".into()
            }
        )
    );
    assert_eq!(problem("a{x=1} 2").1, 5);
    assert_eq!(
        problem("a{x=\"1\n").2,
        Problem::Unterminated { label: "x".into() }
    );
    assert_eq!(
        problem("a{x=\"1\",x=\"2\"} 1").2,
        Problem::DuplicateLabel { label: "x".into() }
    );
    assert_eq!(problem("a one").2, Problem::Value { text: "one".into() });
    assert_eq!(
        problem("a 1 soon").2,
        Problem::Timestamp {
            text: "soon".into()
        }
    );
    assert_eq!(
        problem("# TYPE a thing\n").2,
        Problem::Type {
            text: "thing".into()
        }
    );
    assert_eq!(
        problem("a 1 2 3").2,
        Problem::Expected {
            expected: "the end of the line",
            found: "3".into()
        }
    );
    assert!(matches!(
        problem("a").2,
        Problem::Expected {
            expected: "a value",
            ..
        }
    ));
    assert_eq!(problem("  <!DOCTYPE html><html>").2, Problem::Html);
    let e =
        parse(b"ok 1\na{x=\"\xff\"} 1\n", Format::Text, &Limits::default()).expect_err("not UTF-8");
    assert_eq!((e.line, e.column, e.problem), (2, 6, Problem::NotUtf8));
}

#[test]
fn sizes_are_bounded() {
    let page = format!("ok 1\na{{x=\"{}\"}} 1\n", "v".repeat(10 << 20));
    assert_eq!(
        problem(&page),
        (
            2,
            6,
            Problem::LabelValueTooLong {
                label: "x".into(),
                limit: 16 << 10
            }
        )
    );
    assert!(matches!(
        problem(&format!("# HELP a {}\n", "h".repeat(1 << 20))).2,
        Problem::LineTooLong { .. }
    ));
    assert!(matches!(
        problem(&format!("{} 1\n", "n".repeat(600))).2,
        Problem::NameTooLong { limit: 512 }
    ));
    let many: String = (0..65).map(|i| format!("l{i}=\"1\",")).collect();
    assert_eq!(
        problem(&format!("a{{{many}}} 1")).2,
        Problem::TooManyLabels { limit: 64 }
    );
    let few = Limits {
        samples: 2,
        families: 1,
        body: 1000,
        ..Limits::default()
    };
    let refused = |page: &str| {
        parse(page.as_bytes(), Format::Text, &few)
            .expect_err("over a limit")
            .problem
    };
    assert_eq!(
        refused("a 1\na 2\na 3\n"),
        Problem::TooManySamples { limit: 2 }
    );
    assert_eq!(
        refused("# HELP a x\n# HELP b x\n"),
        Problem::TooManyFamilies { limit: 1 }
    );
    assert_eq!(
        refused(&"\n".repeat(1001)),
        Problem::BodyTooLarge { limit: 1000 }
    );
}

#[test]
fn the_content_type_decides_the_format() {
    assert_eq!(
        Format::from_content_type("application/openmetrics-text; version=1.0.0; charset=utf-8"),
        Format::OpenMetrics
    );
    assert_eq!(
        Format::from_content_type("text/plain; version=0.0.4"),
        Format::Text
    );
    assert_eq!(Format::from_content_type(""), Format::Text);
}

proptest! {
    #[test]
    fn no_page_panics(bytes in proptest::collection::vec(any::<u8>(), 0..400), open in any::<bool>()) {
        let format = if open { Format::OpenMetrics } else { Format::Text };
        if let Err(e) = parse(&bytes, format, &Limits::default()) {
            prop_assert!(e.line >= 1 && e.column >= 1);
        }
    }

    #[test]
    fn no_almost_right_page_panics(page in "(# (TYPE|HELP|UNIT|EOF) ?[a-z]{0,3} ?[a-z\\\\]{0,7}\n|[a-z:]{0,3}(\\{([a-z]{0,2}(=|)(\"|)[a-zé\\\\\"]{0,4}(\"|),?){0,3}\\}?)? ?[0-9NaInf+.eE-]{0,6} ?[0-9.#{}-]{0,6}\n){0,6}", open in any::<bool>()) {
        let format = if open { Format::OpenMetrics } else { Format::Text };
        let tight = Limits { line: 24, labels: 1, name: 2, label_value: 2, ..Limits::default() };
        for limits in [Limits::default(), tight] {
            if let Err(e) = parse(page.as_bytes(), format, &limits) {
                prop_assert!(e.line <= page.lines().count().max(1) + 1);
            }
        }
    }

    #[test]
    fn what_is_written_reads_the_same(
        name in "[a-zA-Z_:][a-zA-Z0-9_:]{0,8}",
        labels in proptest::collection::btree_map("[a-zA-Z_][a-zA-Z0-9_]{0,5}", "\\PC{0,12}|[\\\\\"\n]{1,4}", 0..5),
        value in any::<f64>(),
        t in proptest::option::of(any::<i64>()),
        help in "\\PC{0,20}",
    ) {
        let pairs = labels.iter().map(|(n, v)| (n.as_str(), v.as_str())).filter(|(n, _)| *n != "__name__");
        let labels = Labels::from_pairs(pairs.chain([("__name__", name.as_str())]));
        let mut page = String::new();
        let help = help.trim().to_owned();
        write_metadata(&mut page, &Metadata { name: name.clone(), kind: Kind::Gauge, help: help.clone(), unit: String::new() });
        write_sample(&mut page, &labels, value, t);
        let got = text(&page).expect("our own page");
        prop_assert_eq!(&got.samples[0].labels, &labels);
        prop_assert_eq!(got.samples[0].timestamp_ms, t);
        prop_assert!(got.samples[0].value.to_bits() == value.to_bits() || (value.is_nan() && got.samples[0].value.is_nan()));
        prop_assert_eq!(&got.metadata[0].help, &help);
    }
}

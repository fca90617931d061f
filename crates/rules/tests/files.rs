//! What is wrong with a rule file is named with file, line, group, rule, field and what to do; hostile text does no harm.

use proptest::prelude::*;
use rules::template::{Data, MAX_OUTPUT, Template};
use rules::{Problem, export_file, parse};

fn wrong(text: &str) -> Vec<(u64, String, String, &'static str)> {
    let errors = parse("f.yaml", text).expect_err(text);
    errors
        .into_iter()
        .map(|e| {
            assert_eq!(e.file, "f.yaml");
            assert!(!e.problem.remedy().is_empty() && e.to_string().starts_with("f.yaml"));
            (e.line, e.rule.clone(), e.field.clone(), e.problem.code())
        })
        .collect()
}

#[test]
fn every_mistake_has_its_place() {
    let text = "groups:
- name: g
  interval: 1x
  rules:
  - alert: A
    expr: up ==
    for: 5
    labels:
      1a: x
      __name__: y
    annotations:
      summary: '{{ $nope }}'
  - record: 'a b'
    expr: up
    for: 5m
  - expr: up
  - alert: B
    record: c
    expr: up
  - alert: C
  - alert: D
    expr: up[5m]
- name: g
  rules: []
";
    let found = wrong(text);
    let expected: &[(u64, &str, &str, &str)] = &[
        (3, "", "interval", "duration"),
        (6, "A", "expr", "expression"),
        (7, "A", "for", "duration"),
        (9, "A", "labels.1a", "label_name"),
        (10, "A", "labels.__name__", "label_name"),
        (5, "A", "annotations.summary", "template"),
        (13, "a b", "for", "not_for_recording"),
        (13, "a b", "record", "metric_name"),
        (16, "", "alert", "alert_or_record"),
        (17, "Bc", "alert", "alert_or_record"),
        (20, "C", "expr", "no_expression"),
        (22, "D", "expr", "expression_type"),
        (23, "", "name", "group_twice"),
    ];
    let found: Vec<(u64, &str, &str, &str)> = found
        .iter()
        .map(|(l, r, f, c)| (*l, r.as_str(), f.as_str(), *c))
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn what_is_not_a_rule_file_is_refused() {
    for (text, line) in [
        ("groups: 5", 1),
        ("groups:\n- name: g\n  rulez: []", 3),
        (
            "groups:\n- name: g\n  rules:\n  - alert: A\n    expr: m\n    fro: 5m",
            6,
        ),
        ("group: []", 1),
        ("[", 0),
        ("groups: [{name: a, limit: x}]", 1),
    ] {
        let found = wrong(text);
        assert_eq!(found[0].3, "yaml", "{text}");
        assert!(line == 0 || found[0].0 == line, "{text}: {found:?}");
    }
    assert_eq!(wrong(&"#".repeat(5 * 1024 * 1024))[0].3, "too_large");
    assert_eq!(wrong("groups: [{name: ''}]")[0].3, "group_without_name");
    assert_eq!(wrong("groups: [{name: a, limit: -1}]")[0].3, "negative");
    let long = format!(
        "groups: [{{name: a, rules: [{{alert: {}, expr: m}}]}}]",
        "x".repeat(70_000)
    );
    assert_eq!(wrong(&long)[0].3, "too_large");
    for empty in ["", "---\n", "# nothing\n\n", "groups:\n", "groups: []"] {
        assert!(
            parse("f", empty).is_ok_and(|l| l.file.groups.is_empty()),
            "{empty:?}"
        );
    }
}

#[test]
fn numbers_and_words_are_texts_where_texts_are_wanted() {
    let text = "groups: [{name: 5, rules: [{alert: A, expr: 1, for: 0, labels: {a: 1, b: true, c: 1.50, d: null, e: ~}}]}]";
    let file = parse("f", text).unwrap_or_else(|e| panic!("{e:#?}")).file;
    let rule = &file.groups[0].rules[0];
    assert_eq!(
        (file.groups[0].name.as_str(), rule.expr.as_str()),
        ("5", "1")
    );
    let labels: Vec<_> = rule
        .labels
        .iter()
        .map(|(n, v)| format!("{n}={v}"))
        .collect();
    assert_eq!(labels, ["a=1", "b=true", "c=1.50", "d=", "e="]);
}

#[test]
fn warnings_do_not_keep_a_file_from_being_used() {
    let text = "groups: [{name: g, labels: {team: a}, rules: [{alert: A, expr: m, annotations: {s: '{{ query \"up\" | first | value }}'}}, {alert: A, expr: n, labels: {team: a}}]}]";
    let loaded = parse("f", text).unwrap_or_else(|e| panic!("{e:#?}"));
    let codes: Vec<_> = loaded
        .warnings
        .iter()
        .map(|w| (w.problem.code(), w.problem.detail()))
        .collect();
    let function = |name: &str| ("template_function", name.to_owned());
    assert_eq!(
        codes,
        [
            function("first"),
            function("query"),
            function("value"),
            ("duplicate", String::new())
        ]
    );
    assert!(loaded.warnings.iter().all(|w| w.problem.is_warning()));
    let t = Template::parse("A", "{{ query \"up\" }}").expect("it can be read");
    let said = t.expand_or_say(&Data::default());
    assert!(
        said.starts_with("<error expanding template:")
            && said.contains("\"query\" is not available"),
        "{said}"
    );
    assert!(!Problem::NoExpression.is_warning());
}

#[test]
fn what_is_written_is_read_again() {
    let text = "groups: [{name: \"g\\n\\\"中\", interval: 90s, limit: 3, labels: {a: x}, rules: [{alert: 'A b', expr: 'm{a=\"\\\\d\"} > 1', for: 1d, keep_firing_for: 1h30m, labels: {b: \"y\\t\\u0007\"}, annotations: {s: \"l1\\nl2: #\"}}, {record: 'r:x', expr: m}]}, {name: empty}]";
    let file = parse("f", text).unwrap_or_else(|e| panic!("{e:#?}")).file;
    let again = parse("f", &export_file(&file))
        .unwrap_or_else(|e| panic!("{e:#?}"))
        .file;
    let rule = &again.groups[0].rules[0];
    assert_eq!(
        rule.labels,
        file.groups[0].labels_of(&file.groups[0].rules[0])
    );
    assert_eq!(
        (rule.for_ms, rule.keep_firing_for_ms),
        (86_400_000, 5_400_000)
    );
    assert_eq!(rule.annotations["s"], "l1\nl2: #");
    assert_eq!(export_file(&again), export_file(&file));
}

#[test]
fn a_text_is_bounded_in_size_and_work() {
    let data = Data {
        labels: model::Labels::from_pairs((0..60).map(|i| (format!("l{i:02}"), "x".repeat(100)))),
        ..Data::default()
    };
    let nested =
        "{{ range $labels }}".repeat(3) + "{{ printf \"%1000d\" 1 }}" + &"{{ end }}".repeat(3);
    let nested = nested.replacen("range $labels", "range .Labels", 1);
    for text in [
        "{{ range $labels }}{{ range $labels }}{{ range $labels }}{{ printf \"%1000d\" 1 }}{{ end }}{{ end }}{{ end }}".to_owned(),
        "{{ range $labels }}{{ range $labels }}{{ range $labels }}{{ range $labels }}{{ $x := 1 }}{{ end }}{{ end }}{{ end }}{{ end }}".to_owned(),
        nested,
    ] {
        let said = Template::parse("A", &text).expect("it can be read").expand_or_say(&data);
        assert!(said.len() <= MAX_OUTPUT);
        assert!(said.starts_with("<error expanding template:"), "{}", said.chars().take(200).collect::<String>());
    }
    let deep = format!("{{{{ {}1{} }}}}", "(".repeat(5000), ")".repeat(5000));
    assert!(Template::parse("A", &deep).is_err());
    let deep = "{{ if true }}".repeat(5000) + &"{{ end }}".repeat(5000);
    assert!(Template::parse("A", &deep).is_err());
    let elses = "{{ if true }}".to_owned() + &"{{ else if true }}".repeat(5000) + "{{ end }}";
    assert!(Template::parse("A", &elses).is_err());
}

proptest! {
    #[test]
    fn no_text_makes_the_template_engine_fall(pieces in proptest::collection::vec(prop_oneof![
        Just("{{".to_owned()), Just("}}".to_owned()), Just("{{-".to_owned()), Just(" -}}".to_owned()),
        Just("if ".to_owned()), Just("end".to_owned()), Just("else".to_owned()), Just("range $k, $v := ".to_owned()),
        Just("$labels".to_owned()), Just(".a".to_owned()), Just("$value".to_owned()), Just(" | ".to_owned()),
        Just("printf \"%v %*d %.3q %[1]d %\"".to_owned()), Just("humanizeDuration ".to_owned()), Just("(".to_owned()),
        Just(")".to_owned()), Just("1e400".to_owned()), Just("-9223372036854775808".to_owned()), Just("'中'".to_owned()),
        Just("\"\\xff\"".to_owned()), Just("`".to_owned()), Just("/*".to_owned()), Just("*/".to_owned()),
        Just("index ".to_owned()), Just("reReplaceAll \"(a*)*b\" \"$1$2\" ".to_owned()), Just(" ".to_owned()), ".{0,6}",
    ], 0..14), value in any::<f64>()) {
        let text: String = pieces.concat();
        if let Ok(t) = Template::parse("A", &text) {
            let data = Data { labels: model::Labels::from_pairs([("a", "b中")]), value, ..Data::default() };
            let _ = t.expand_or_say(&data);
        }
    }

    #[test]
    fn no_text_makes_the_reader_fall(text in "(groups|name|rules|alert|expr|[ \\n\\-:\\[\\]{}'\"&*!|>#,0-9a-z]){0,60}") {
        let _ = parse("f", &text);
    }

    #[test]
    fn spans_of_time_are_written_as_they_are_read(ms in 0i64..9_000_000_000_000) {
        prop_assert_eq!(rules::duration::parse(&rules::duration::format(ms)), Ok(ms));
    }
}

use super::*;
use serde_json::json;

fn variables() -> Variables {
    let dashboard = json!({"title": "T", "templating": {"list": [
        {"name": "node", "type": "query", "current": {"value": "db-1"}},
        {"name": "job", "type": "query"},
        {"name": "ds", "type": "datasource", "query": "prometheus"},
        {"name": "agg", "type": "custom", "query": "5m,10m", "current": {"value": "10m"}},
        {"name": "env", "type": "custom", "query": "prod.a, test", "current": {"value": ["$__all"]}},
        {"name": "quoted", "type": "constant", "query": "a\"b\\c"},
        {"name": "filter", "type": "adhoc"},
    ]}});
    let node = Node {
        value: &dashboard,
        path: "$".into(),
    };
    Variables::read(&node, 3600, &mut Losses::default())
}

fn filled(text: &str) -> String {
    variables().expression(text).unwrap().text
}

#[test]
fn a_condition_on_everything_holds_always() {
    for (before, after) in [
        (r#"up{instance="$node"}"#, r#"up{instance=~".*"}"#),
        (
            r#"up{instance=~"$node",job='${job}'}"#,
            r#"up{instance=~".*",job=~".*"}"#,
        ),
        (r#"up{a!="$node", b!~"[[job]]"}"#, r#"up{a=~".*", b=~".*"}"#),
        (r#"up{instance="$node:9100"}"#, r#"up{instance=~".*:9100"}"#),
        (r#"up{instance = "a.$node"}"#, r#"up{instance =~"a\\..*"}"#),
        (
            r#"up{instance=~"(${node:regex}):.+"}"#,
            r#"up{instance=~"(.*):.+"}"#,
        ),
    ] {
        let before = before.replace(" =", "=");
        assert_eq!(filled(&before), after.replace(" =", "="));
        promql_parser::parser::parse(&filled(&before)).unwrap();
    }
    let widened = variables()
        .expression(r#"up{a="$node"} + up{a="$job"}"#)
        .unwrap()
        .widened;
    assert_eq!(widened.into_iter().collect::<Vec<_>>(), ["job", "node"]);
}

#[test]
fn known_values_are_put_in() {
    assert_eq!(
        filled("rate(x[$__rate_interval]) + rate(x[$agg])"),
        "rate(x[60s]) + rate(x[10m])"
    );
    assert_eq!(
        filled("increase(x[${__range}]) / $__range_s"),
        "increase(x[3600s]) / 3600"
    );
    assert_eq!(filled(r#"x{env=~"$env"}"#), r#"x{env=~"(prod\\.a|test)"}"#);
    assert_eq!(filled(r#"x{env!="$env"}"#), r#"x{env!~"(prod\\.a|test)"}"#);
    assert_eq!(filled(r#"x{a="$quoted"}"#), r#"x{a="a\"b\\c"}"#);
}

#[test]
fn what_is_no_variable_stays() {
    let text = r#"label_replace(up, "a", "$1-$2", "b", "(.*)-(.*)$")"#;
    assert_eq!(filled(text), text);
}

#[test]
fn places_where_everything_makes_no_sense_are_refused() {
    let refused = |text: &str| variables().expression(text).unwrap_err();
    assert_eq!(
        refused("topk($node, up)"),
        LossKind::VariablePlace("node".into())
    );
    assert_eq!(
        refused(r#"label_replace(up, "a", "$node", "", "")"#),
        LossKind::VariablePlace("node".into())
    );
    assert_eq!(
        refused("rate(x[${nope}])"),
        LossKind::VariableUnknown("nope".into())
    );
}

#[test]
fn words_for_people_name_values() {
    assert_eq!(
        variables().words("CPU of $node ($agg) 5$"),
        "CPU of * (10m) 5$"
    );
}

#[test]
fn kinds_without_a_meaning_are_listed() {
    let dashboard = json!({"templating": {"list": [{"name": "f", "type": "adhoc"}]}});
    let node = Node {
        value: &dashboard,
        path: "$".into(),
    };
    let mut losses = Losses::default();
    Variables::read(&node, 3600, &mut losses);
    assert_eq!(losses.all[0].path, "$.templating.list[0]");
    assert_eq!(
        losses.all[0].kind,
        LossKind::VariableKind("f (adhoc)".into())
    );
}

#[test]
fn a_variable_that_a_board_can_have_stays_one() {
    let dashboard = json!({"templating": {"list": [
        {"name": "job", "type": "query", "query": {"query": "label_values(up, job)"}, "label": "任务", "includeAll": true},
        {"name": "node", "type": "query", "definition": "label_values(up{job=\"$job\"}, instance)"},
        {"name": "other", "type": "query", "query": "query_result(up)"},
        {"name": "part", "type": "query", "query": "label_values(up, a)", "regex": "/(.*):/"},
    ]}});
    let node = Node {
        value: &dashboard,
        path: "$".into(),
    };
    let variables = Variables::read(&node, 3600, &mut Losses::default());
    let kept: Vec<_> = variables
        .kept
        .values()
        .map(|v| (v.id.as_str(), v.query.as_deref(), v.multi))
        .collect();
    assert_eq!(
        kept,
        [
            ("job", Some("label_values(up, job)"), true),
            (
                "node",
                Some("label_values(up{job=~\".*\"}, instance)"),
                false
            )
        ]
    );
    assert_eq!(variables.kept["job"].label.as_deref(), Some("任务"));
    for (before, after, widened) in [
        (
            r#"up{a="$node", b=~"${job:regex}"}"#,
            r#"up{a=~"$node", b=~"$job"}"#,
            0,
        ),
        (r#"up{a="${node}_x"}"#, r#"up{a=~".*_x"}"#, 1),
        (r#"up{a!="$node"}"#, r#"up{a=~".*"}"#, 1),
        (r#"up{a="$node:$other"}"#, r#"up{a=~"$node:.*"}"#, 1),
    ] {
        let filled = variables.expression(before).unwrap();
        assert_eq!(filled.text, after);
        assert_eq!(filled.widened.len(), widened, "{before}");
    }
    assert_eq!(
        variables.words("CPU of $node and $other"),
        "CPU of $node and *"
    );
}

//! `shouwang query`: PromQL against any configured source.

use super::output::{fail, line, sentence, table};
use crate::clock;
use crate::config::{self, Config, Loaded};
use crate::driver::failure;
use crate::feeders;
use crate::sources;
use clap::ArgMatches;
use engine::Failure;
use model::{InstantValue, Labels, RangeFrame, Sample};
use serde_json::{Value, json};
use source::Metrics;
use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Sources inside the program; the last one only while it runs.
const INSIDE: [&str; 3] = ["demo", "local", crate::duty_metrics::SOURCE];
/// Points of a range when no step is given.
const POINTS: i64 = 120;

/// Runs the query and prints its answer.
pub async fn run(arguments: &ArgMatches, loaded: Loaded, locale: &'static str) -> ExitCode {
    for problem in &loaded.problems {
        super::output::error_line(&problem.say(locale));
    }
    let wanted = arguments.get_one::<String>("source").cloned();
    let expr = arguments
        .get_one::<String>("expr")
        .cloned()
        .unwrap_or_default();
    let stop = CancellationToken::new();
    let found = find(&loaded.config, wanted.as_deref(), &stop).await;
    let client = match found {
        Ok(client) => client,
        Err(why) => return said(locale, &why),
    };
    let now = clock::now_ms();
    let answer = match times(arguments, now) {
        Err(text) => return fail(locale, "cli.query_bad_time", &[("text", text)]),
        Ok(Times::Range(start, end, step)) => client
            .range(&expr, start, end, step)
            .await
            .map(|a| a.map(Answered::Range)),
        Ok(Times::At(at)) => client
            .instant(&expr, at)
            .await
            .map(|a| a.map(Answered::Instant)),
    };
    stop.cancel();
    match answer {
        Ok(answer) => {
            for warning in &answer.warnings {
                super::output::error_line(warning);
            }
            print(&answer.value, arguments.get_flag("json"), locale);
            ExitCode::SUCCESS
        }
        Err(e) => said(locale, &failure(&e)),
    }
}

fn said(locale: &str, why: &Failure) -> ExitCode {
    fail(locale, &format!("error.{}", why.code), &why.params)
}

/// The named source, or the first one. Those inside the program are built as the wall would build them; the simulated platform
/// first lives through its past.
async fn find(
    config: &Config,
    wanted: Option<&str>,
    stop: &CancellationToken,
) -> Result<Arc<dyn Metrics>, Failure> {
    let data = config::data_dir(config);
    let secrets = sources::secrets(config, data.as_deref()).await;
    let mut all: BTreeMap<String, Result<Arc<dyn Metrics>, Failure>> = BTreeMap::new();
    let mut first = None;
    for (spec, client) in sources::connect_all(config, &secrets) {
        first.get_or_insert(spec.name.clone());
        all.insert(spec.name, client);
    }
    let name = match wanted.map(str::to_owned).or(first) {
        Some(name) => name,
        None if config.demo_enabled() => "demo".to_owned(),
        None => "local".to_owned(),
    };
    match all.remove(&name) {
        Some(client) => client,
        None if INSIDE.contains(&name.as_str()) => {
            feeders::for_query(config, data.as_deref(), &name, stop).await
        }
        None => Err(Failure::new("unknown_source", "source", name)),
    }
}

enum Times {
    At(Option<i64>),
    Range(i64, i64, i64),
}

fn times(arguments: &ArgMatches, now: i64) -> Result<Times, String> {
    if let Some(text) = arguments.get_one::<String>("range") {
        let length = simulator::incident::parse_duration_ms(text).map_err(|_| text.clone())?;
        let step = match arguments.get_one::<String>("step") {
            Some(text) => simulator::incident::parse_duration_ms(text).map_err(|_| text.clone())?,
            None => (length / POINTS).max(1_000),
        };
        let end = now.div_euclid(step) * step;
        return Ok(Times::Range(
            end - length.div_euclid(step) * step,
            end,
            step,
        ));
    }
    match arguments.get_one::<String>("at") {
        None => Ok(Times::At(None)),
        Some(text) => moment(text)
            .map(|at| Times::At(Some(at)))
            .ok_or_else(|| text.clone()),
    }
}

/// RFC 3339, or seconds since the epoch.
pub(super) fn moment(text: &str) -> Option<i64> {
    if let Ok(t) = chrono::DateTime::parse_from_rfc3339(text) {
        return Some(t.timestamp_millis());
    }
    let seconds: f64 = text.parse().ok()?;
    (seconds.is_finite() && seconds.abs() < 9e12).then_some((seconds * 1000.0) as i64)
}

enum Answered {
    Instant(InstantValue),
    Range(RangeFrame),
}

fn print(answer: &Answered, as_json: bool, locale: &str) {
    if as_json {
        return line(&to_json(answer).to_string());
    }
    let mut rows: Vec<Vec<String>> = Vec::new();
    match answer {
        Answered::Instant(InstantValue::Scalar(s)) => rows.push(vec![number(s.v)]),
        Answered::Instant(InstantValue::Text(_, text)) => rows.push(vec![text.clone()]),
        Answered::Instant(InstantValue::Vector(all)) => {
            rows.extend(all.iter().map(|(l, s)| vec![l.to_string(), number(s.v)]));
        }
        Answered::Instant(InstantValue::Matrix(all)) => {
            for series in all {
                rows.push(vec![series.labels.to_string()]);
                rows.extend(
                    series
                        .samples
                        .iter()
                        .map(|s| vec![format!("  {}", time(s.t)), number(s.v)]),
                );
            }
        }
        Answered::Range(frame) => {
            for (labels, values) in &frame.series {
                rows.push(vec![labels.to_string()]);
                rows.extend(
                    points(frame, values).map(|s| vec![format!("  {}", time(s.t)), number(s.v)]),
                );
            }
        }
    }
    if rows.is_empty() {
        line(&sentence(locale, "cli.query_empty", &[]));
    } else {
        table(&rows);
    }
}

fn points<'a>(frame: &'a RangeFrame, values: &'a [f64]) -> impl Iterator<Item = Sample> + 'a {
    let all = values.iter().enumerate().map(|(i, v)| Sample {
        t: frame.time(i),
        v: *v,
    });
    all.filter(|s| !model::sample::is_stale_marker(s.v))
}

/// In the shapes of Prometheus' HTTP API.
fn to_json(answer: &Answered) -> Value {
    let pair = |s: &Sample| json!([s.t as f64 / 1000.0, number(s.v)]);
    let series = |l: &Labels, all: Vec<Value>| json!({"metric": l, "values": all});
    let (kind, result) = match answer {
        Answered::Instant(InstantValue::Scalar(s)) => ("scalar", pair(s)),
        Answered::Instant(InstantValue::Text(t, text)) => {
            ("string", json!([*t as f64 / 1000.0, text]))
        }
        Answered::Instant(InstantValue::Vector(all)) => (
            "vector",
            all.iter()
                .map(|(l, s)| json!({"metric": l, "value": pair(s)}))
                .collect(),
        ),
        Answered::Instant(InstantValue::Matrix(all)) => (
            "matrix",
            all.iter()
                .map(|s| series(&s.labels, s.samples.iter().map(pair).collect()))
                .collect(),
        ),
        Answered::Range(f) => (
            "matrix",
            f.series
                .iter()
                .map(|(l, v)| series(l, points(f, v).map(|s| pair(&s)).collect()))
                .collect(),
        ),
    };
    json!({"resultType": kind, "result": result})
}

fn number(v: f64) -> String {
    if v.is_nan() {
        "NaN".into()
    } else if v.is_infinite() {
        if v > 0.0 {
            "+Inf".into()
        } else {
            "-Inf".into()
        }
    } else {
        v.to_string()
    }
}

fn time(ms: i64) -> String {
    chrono::DateTime::from_timestamp_millis(ms).map_or_else(
        || ms.to_string(),
        |t| t.to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_both_notations() {
        assert_eq!(moment("1700000000.5"), Some(1_700_000_000_500));
        assert_eq!(moment("2023-11-14T22:13:20Z"), Some(1_700_000_000_000));
        assert_eq!(moment("yesterday"), None);
        assert_eq!(moment("NaN"), None);
    }

    #[test]
    fn json_has_prometheus_shapes_and_gaps_are_left_out() {
        let frame = RangeFrame {
            start_ms: 1_000,
            step_ms: 1_000,
            len: 3,
            series: vec![(
                Labels::from_pairs([("a", "b")]),
                vec![1.0, model::sample::stale_marker(), f64::NAN],
            )],
        };
        let said = to_json(&Answered::Range(frame)).to_string();
        assert_eq!(
            said,
            r#"{"result":[{"metric":{"a":"b"},"values":[[1.0,"1"],[3.0,"NaN"]]}],"resultType":"matrix"}"#
        );
    }
}

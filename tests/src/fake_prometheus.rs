//! A small server that plays a Prometheus which knows `vector(…)` and nothing else.

use crate::fake_logs;
use crate::hostile::{Answer, Body, Request};

/// What a well-behaved one answers: `vector(…)` gives the time in seconds, everything else is empty.
pub fn answer(request: &Request) -> Answer {
    with(request, serde_json::json!({}))
}

/// The same with more fields on the top level of each query's answer (`isPartial`, `warnings`).
pub fn with(request: &Request, more: serde_json::Value) -> Answer {
    let (path, params) = fake_logs::asked(request);
    let number = |name: &str| fake_logs::get(&params, name).parse::<f64>().unwrap_or(0.0);
    let known = fake_logs::get(&params, "query").starts_with("vector(");
    let data = match path.as_str() {
        "/-/ready" => {
            return Answer::with(
                200,
                "text/plain",
                Body::Full(b"Prometheus Server is Ready.\n".to_vec()),
            );
        }
        "/api/v1/status/buildinfo" => serde_json::json!({"version": "2.42.0"}),
        "/api/v1/metadata" => serde_json::json!({}),
        "/api/v1/query_range" if known => {
            let (mut t, end, step) = (number("start"), number("end"), number("step").max(1.0));
            let mut values = Vec::new();
            while t <= end {
                values.push(serde_json::json!([t, format!("{t}")]));
                t += step;
            }
            serde_json::json!({"resultType": "matrix", "result": [{"metric": {}, "values": values}]})
        }
        "/api/v1/query_range" => serde_json::json!({"resultType": "matrix", "result": []}),
        "/api/v1/query" if known => {
            let now = crate::now_ms() as f64 / 1000.0;
            serde_json::json!({"resultType": "vector", "result": [{"metric": {}, "value": [now, format!("{now}")]}]})
        }
        _ => serde_json::json!({"resultType": "vector", "result": []}),
    };
    let mut body = serde_json::json!({"status": "success", "data": data});
    if let (Some(body), Some(more)) = (body.as_object_mut(), more.as_object()) {
        body.extend(more.clone());
    }
    Answer::json(200, body.to_string())
}

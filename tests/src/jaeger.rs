//! A Jaeger that answers by both of its HTTP APIs as they are documented, with the parameters that they insist on, the errors that
//! they send and the oddities of old and new versions.

use crate::fake_logs::{decoded, pairs, rfc3339_ns};
use crate::hostile::{Answer, Body, Hostile, Request};
use serde_json::{Map, Value, json};

/// A span that the fake holds; it is written in the shape of the API that is asked.
#[derive(Clone, Debug, Default)]
pub struct FakeSpan {
    /// Hexadecimal, as long as the test wants it.
    pub trace: String,
    /// The span.
    pub id: u64,
    /// Its parent, 0 for none.
    pub parent: u64,
    /// Its service.
    pub service: String,
    /// What it does.
    pub operation: String,
    /// `server`, `client`, …
    pub kind: String,
    /// When it began, µs since the epoch.
    pub start_us: i64,
    /// How long it took, µs.
    pub duration_us: i64,
    /// Whether it failed.
    pub error: bool,
    /// Tags with texts as values.
    pub tags: Vec<(String, String)>,
}

/// Which Jaeger is played.
#[derive(Clone, Debug)]
pub struct Behaviour {
    /// Whether the classic API is served at all.
    pub classic: bool,
    /// Whether its search is.
    pub classic_search: bool,
    /// Whether `/api/v3` is.
    pub v3: bool,
    /// Whether `/api/v3/trace-summaries` is; without it v3 is spelled as it was before and knows no attributes.
    pub summaries: bool,
    /// No services are `null` instead of `[]`.
    pub null_when_empty: bool,
    /// Unknown routes are answered with the page of the program, and not with `404 page not found`.
    pub page_for_unknown: bool,
    /// Under which path it hangs.
    pub base: String,
    /// Who calls whom; `None`: the storage cannot tell (501).
    pub dependencies: Option<Vec<(String, String, u64)>>,
    /// Refuses everything as a storage that is away does.
    pub storage_away: bool,
}

impl Default for Behaviour {
    /// A current Jaeger.
    fn default() -> Self {
        Self {
            classic: true,
            classic_search: true,
            v3: true,
            summaries: true,
            null_when_empty: false,
            page_for_unknown: false,
            base: String::new(),
            dependencies: Some(Vec::new()),
            storage_away: false,
        }
    }
}

impl Behaviour {
    /// A current Jaeger whose services call each other as in a giant platform's, always in the same way.
    pub fn with_graph(services: usize, edges: usize) -> Self {
        let calls = simulator::giants::graph(services, edges, 5);
        let calls = calls.into_iter().map(|d| (d.parent, d.child, d.calls));
        Self {
            dependencies: Some(calls.collect()),
            ..Self::default()
        }
    }
}

/// Starts it.
pub fn start(behaviour: Behaviour, spans: Vec<FakeSpan>) -> Hostile {
    Hostile::start(move |request| {
        Fake {
            behaviour: &behaviour,
            spans: &spans,
        }
        .answer(request)
    })
}

struct Fake<'a> {
    behaviour: &'a Behaviour,
    spans: &'a [FakeSpan],
}

/// A refusal: status and message.
type Refused = (u16, String);

impl Fake<'_> {
    fn answer(&self, request: &Request) -> Answer {
        let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
        let query = pairs(query);
        let Some(path) = path.strip_prefix(&self.behaviour.base) else {
            return not_a_route();
        };
        let parts: Vec<String> = path.split('/').skip(1).map(decoded).collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let b = self.behaviour;
        match &parts[..] {
            ["api", "v3", rest @ ..] if b.v3 => match self.v3(rest, &query) {
                Some(Ok(value)) => Answer::json(200, value.to_string()),
                Some(Err((status, message))) => plain(
                    status,
                    &json!({"error": {"httpCode": status, "message": message}}),
                ),
                None => self.unknown(),
            },
            ["api", rest @ ..] if b.classic && rest.first() != Some(&"v3") => {
                match self.classic(rest, &query) {
                    Some(Ok(value)) => Answer::json(200, value.to_string()),
                    Some(Err((status, message))) => plain(
                        status,
                        &json!({"data": null, "total": 0, "limit": 0, "offset": 0,
                            "errors": [{"code": status, "msg": message}]}),
                    ),
                    None => self.unknown(),
                }
            }
            _ => self.unknown(),
        }
    }

    fn unknown(&self) -> Answer {
        if self.behaviour.page_for_unknown {
            let page = "<!doctype html><html><head><title>Jaeger UI</title>";
            return Answer::with(200, "text/html; charset=utf-8", Body::Full(page.into()));
        }
        not_a_route()
    }

    fn classic(
        &self,
        route: &[&str],
        query: &[(String, String)],
    ) -> Option<Result<Value, Refused>> {
        if self.behaviour.storage_away {
            return Some(Err((500, "storage is away".into())));
        }
        Some(match route {
            ["services"] => Ok(self.list(self.services())),
            ["services", service, "operations"] => {
                let names = self
                    .operations(service)
                    .into_iter()
                    .map(|(name, _)| name.into());
                Ok(self.list(names.collect()))
            }
            ["operations"] => required(query, "service").map(|service| {
                let all = self.operations(service).into_iter();
                self.list(
                    all.map(|(name, kind)| json!({"name": name, "spanKind": kind}))
                        .collect(),
                )
            }),
            ["traces"] if self.behaviour.classic_search => self.classic_search(query),
            ["traces", id] if self.behaviour.classic_search => self.classic_trace(id),
            ["dependencies"] => self.dependencies(query),
            _ => return None,
        })
    }

    fn list(&self, all: Vec<Value>) -> Value {
        let total = all.len();
        let data = if all.is_empty() && self.behaviour.null_when_empty {
            Value::Null
        } else {
            all.into()
        };
        json!({"data": data, "total": total, "limit": 0, "offset": 0, "errors": null})
    }

    fn services(&self) -> Vec<Value> {
        let mut all: Vec<&str> = self.spans.iter().map(|s| s.service.as_str()).collect();
        all.sort_unstable();
        all.dedup();
        // no order is promised
        all.into_iter().rev().map(Value::from).collect()
    }

    fn operations(&self, service: &str) -> Vec<(String, String)> {
        let of = self.spans.iter().filter(|s| s.service == service);
        let mut all: Vec<_> = of.map(|s| (s.operation.clone(), s.kind.clone())).collect();
        all.sort();
        all.dedup();
        all.reverse();
        all
    }

    fn dependencies(&self, query: &[(String, String)]) -> Result<Value, Refused> {
        for name in ["endTs", "lookback"] {
            let text = required(query, name)?;
            number(name, text)?;
        }
        let known = self.behaviour.dependencies.as_ref();
        let known = known.ok_or_else(|| (501, "not implemented".to_owned()))?;
        let all = known.iter().rev().map(
            |(parent, child, calls)| json!({"parent": parent, "child": child, "callCount": calls}),
        );
        Ok(
            json!({"data": all.collect::<Vec<_>>(), "total": 0, "limit": 0, "offset": 0, "errors": null}),
        )
    }

    /// Ids of the traces one of whose spans fits everything, in the order of their first spans.
    fn matching(&self, wanted: &Wanted) -> Vec<&str> {
        let mut ids: Vec<&str> = Vec::new();
        for span in self.spans {
            if wanted.fits(span) && !ids.contains(&span.trace.as_str()) {
                ids.push(&span.trace);
            }
        }
        ids.truncate(wanted.limit);
        ids
    }

    fn of<'s>(&'s self, id: &'s str) -> impl Iterator<Item = &'s FakeSpan> {
        self.spans.iter().filter(move |s| same_id(&s.trace, id))
    }

    fn classic_search(&self, query: &[(String, String)]) -> Result<Value, Refused> {
        let mut wanted = Wanted {
            service: required(query, "service")?.to_owned(),
            operation: get(query, "operation").map(str::to_owned),
            ..Wanted::default()
        };
        // both are now when they are missing, and then nothing is found
        for (name, into) in [("start", &mut wanted.from_us), ("end", &mut wanted.to_us)] {
            if let Some(text) = get(query, name) {
                *into = number(name, text)?;
            }
        }
        if let Some(text) = get(query, "limit") {
            wanted.limit = usize::try_from(number("limit", text)?).unwrap_or(0);
        }
        for (name, into) in [
            ("minDuration", &mut wanted.min_us),
            ("maxDuration", &mut wanted.max_us),
        ] {
            if let Some(text) = get(query, name) {
                let parsed = go_duration_us(text);
                let failed = || unparsable(name, &format!("time: invalid duration \"{text}\""));
                *into = Some(parsed.ok_or_else(failed)?);
            }
        }
        for (_, text) in query.iter().filter(|(n, _)| n == "tags") {
            wanted.tags.extend(tags(text).ok_or_else(|| {
                (
                    400,
                    format!("malformed 'tags' parameter, cannot unmarshal JSON: {text}"),
                )
            })?);
        }
        let traces: Vec<Value> = self
            .matching(&wanted)
            .into_iter()
            .map(|id| self.classic_shape(id))
            .collect();
        Ok(json!({"data": traces, "total": 0, "limit": 0, "offset": 0, "errors": null}))
    }

    fn classic_trace(&self, id: &str) -> Result<Value, Refused> {
        if !is_hex(id) {
            return Err(unparsable(
                "traceID",
                "strconv.ParseUint: parsing: invalid syntax",
            ));
        }
        if self.of(id).next().is_none() {
            return Err((404, "trace not found".into()));
        }
        Ok(
            json!({"data": [self.classic_shape(id)], "total": 0, "limit": 0, "offset": 0, "errors": null}),
        )
    }

    fn classic_shape(&self, id: &str) -> Value {
        let mut processes = Map::new();
        let mut names: Vec<&str> = Vec::new();
        let spans: Vec<Value> = self
            .of(id)
            .map(|s| {
                let at = names
                    .iter()
                    .position(|n| *n == s.service)
                    .unwrap_or_else(|| {
                        names.push(&s.service);
                        names.len() - 1
                    });
                let process = format!("p{}", at + 1);
                processes.insert(
                    process.clone(),
                    json!({"serviceName": s.service, "tags": []}),
                );
                classic_span(s, &process)
            })
            .collect();
        json!({"traceID": id, "spans": spans, "processes": processes, "warnings": null})
    }

    fn v3(&self, route: &[&str], query: &[(String, String)]) -> Option<Result<Value, Refused>> {
        if self.behaviour.storage_away {
            return Some(Err((500, "storage is away".into())));
        }
        let unless_empty = |name: &str, all: Vec<Value>| {
            if all.is_empty() {
                json!({})
            } else {
                json!({name: all})
            }
        };
        Some(match route {
            ["services"] => Ok(unless_empty("services", self.services())),
            ["operations"] => {
                let all = self
                    .operations(get(query, "service").unwrap_or_default())
                    .into_iter();
                let shape = |(name, kind): (String, String)| json!({"name": name, "spanKind": if kind.is_empty() { "internal" } else { &kind }});
                Ok(unless_empty("operations", all.map(shape).collect()))
            }
            ["traces"] => self.wanted_v3(query).and_then(|wanted| {
                let ids = self.matching(&wanted);
                if ids.is_empty() {
                    return Err((404, "No traces found".into()));
                }
                Ok(self.v3_shape(&ids))
            }),
            ["trace-summaries"] if self.behaviour.summaries => {
                self.wanted_v3(query).map(|wanted| {
                    let all = self
                        .matching(&wanted)
                        .into_iter()
                        .map(|id| self.summary(id));
                    unless_empty("summaries", all.collect())
                })
            }
            ["traces", id] => self.v3_trace(id),
            _ => return None,
        })
    }

    fn v3_trace(&self, id: &str) -> Result<Value, Refused> {
        if !is_hex(id) {
            return Err((400, "malformed parameter trace_id: invalid syntax".into()));
        }
        if self.of(id).next().is_none() {
            return Err((404, "trace not found".into()));
        }
        Ok(self.v3_shape(&[id]))
    }

    fn wanted_v3(&self, query: &[(String, String)]) -> Result<Wanted, Refused> {
        let snake = !self.behaviour.summaries;
        let name = |camel: &str, old: &str| format!("query.{}", if snake { old } else { camel });
        let (min, max) = (
            name("startTimeMin", "start_time_min"),
            name("startTimeMax", "start_time_max"),
        );
        let (Some(from), Some(to)) = (get(query, &min), get(query, &max)) else {
            return Err((400, format!("{min} and {max} are required")));
        };
        let mut wanted = Wanted {
            service: get(query, &name("serviceName", "service_name"))
                .unwrap_or_default()
                .to_owned(),
            operation: get(query, &name("operationName", "operation_name")).map(str::to_owned),
            from_us: rfc3339_us(from).ok_or_else(|| (400, format!("malformed parameter {min}")))?,
            to_us: rfc3339_us(to).ok_or_else(|| (400, format!("malformed parameter {max}")))?,
            ..Wanted::default()
        };
        if let Some(text) = get(query, &name("searchDepth", "num_traces")) {
            wanted.limit = text
                .parse()
                .map_err(|_| (400, "malformed parameter searchDepth".to_owned()))?;
        }
        for (name, into) in [
            (name("durationMin", "duration_min"), &mut wanted.min_us),
            (name("durationMax", "duration_max"), &mut wanted.max_us),
        ] {
            if let Some(text) = get(query, &name) {
                *into = Some(
                    go_duration_us(text)
                        .ok_or_else(|| (400, format!("malformed parameter {name}")))?,
                );
            }
        }
        if let (Some(text), false) = (get(query, "query.attributes"), snake) {
            wanted.tags = tags(text)
                .ok_or_else(|| (400, "malformed parameter query.attributes".to_owned()))?;
        }
        Ok(wanted)
    }

    /// The spans of all these traces in one document, mixed: the first of each, then the second of each, …
    fn v3_shape(&self, ids: &[&str]) -> Value {
        let mut of: Vec<Vec<&FakeSpan>> = ids.iter().map(|id| self.of(id).collect()).collect();
        of.iter_mut().for_each(|spans| spans.reverse());
        let mut all = Vec::new();
        while of.iter().any(|spans| !spans.is_empty()) {
            for span in of.iter_mut().filter_map(Vec::pop) {
                all.push(json!({
                    "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": span.service}}]},
                    "scopeSpans": [{"scope": {}, "spans": [v3_span(span)]}],
                }));
            }
        }
        let document = json!({"resourceSpans": all});
        // before there were summaries the wrapper was missing
        if self.behaviour.summaries {
            json!({"result": document})
        } else {
            document
        }
    }

    fn summary(&self, id: &str) -> Value {
        let spans: Vec<&FakeSpan> = self.of(id).collect();
        let start = spans.iter().map(|s| s.start_us).min().unwrap_or(0);
        let end = spans
            .iter()
            .map(|s| s.start_us + s.duration_us)
            .max()
            .unwrap_or(0);
        let root = spans.iter().find(|s| s.parent == 0);
        let mut services: Vec<&str> = spans.iter().map(|s| s.service.as_str()).collect();
        services.sort_unstable();
        services.dedup();
        let share = |name: &str| {
            let of = spans.iter().filter(|s| s.service == name);
            json!({"name": name, "spanCount": of.clone().count(), "errorSpanCount": of.filter(|s| s.error).count()})
        };
        json!({
            "traceId": format!("{id:0>32}"),
            "rootServiceName": root.map_or("", |s| &s.service),
            "rootOperationName": root.map_or("", |s| &s.operation),
            "minStartTimeUnixNano": (start * 1_000).to_string(),
            "maxEndTimeUnixNano": (end * 1_000).to_string(),
            "spanCount": spans.len(),
            "errorSpanCount": spans.iter().filter(|s| s.error).count(),
            "services": services.into_iter().map(share).collect::<Vec<_>>(),
        })
    }
}

/// What a search wants of **one** span.
struct Wanted {
    service: String,
    operation: Option<String>,
    from_us: i64,
    to_us: i64,
    min_us: Option<f64>,
    max_us: Option<f64>,
    tags: Vec<(String, String)>,
    limit: usize,
}

impl Default for Wanted {
    fn default() -> Self {
        let now = crate::now_ms() * 1_000;
        Self {
            service: String::new(),
            operation: None,
            from_us: now,
            to_us: now,
            min_us: None,
            max_us: None,
            tags: Vec::new(),
            limit: 100,
        }
    }
}

impl Wanted {
    fn fits(&self, span: &FakeSpan) -> bool {
        (self.service.is_empty() || span.service == self.service)
            && self.operation.as_ref().is_none_or(|o| *o == span.operation)
            && (self.from_us..=self.to_us).contains(&span.start_us)
            && self
                .min_us
                .is_none_or(|least| span.duration_us as f64 >= least)
            && self
                .max_us
                .is_none_or(|most| span.duration_us as f64 <= most)
            && self.tags.iter().all(|tag| span.tags.contains(tag))
    }
}

fn classic_span(s: &FakeSpan, process: &str) -> Value {
    let mut tags: Vec<Value> = s
        .tags
        .iter()
        .map(|(k, v)| json!({"key": k, "type": "string", "value": v}))
        .collect();
    if !s.kind.is_empty() {
        tags.push(json!({"key": "span.kind", "type": "string", "value": s.kind}));
    }
    if s.error {
        tags.push(json!({"key": "error", "type": "bool", "value": true}));
    }
    let parent = format!("{:016x}", s.parent);
    let references = match s.parent {
        0 => json!([]),
        _ => json!([{"refType": "CHILD_OF", "traceID": s.trace, "spanID": parent}]),
    };
    json!({
        "traceID": s.trace, "spanID": format!("{:016x}", s.id), "operationName": s.operation,
        "references": references, "startTime": s.start_us, "duration": s.duration_us, "tags": tags,
        "logs": [], "processID": process, "warnings": null,
    })
}

fn v3_span(s: &FakeSpan) -> Value {
    let kind = ["", "internal", "server", "client", "producer", "consumer"]
        .iter()
        .position(|k| *k == s.kind);
    let attributes: Vec<Value> = s
        .tags
        .iter()
        .map(|(k, v)| json!({"key": k, "value": {"stringValue": v}}))
        .collect();
    let parent = match s.parent {
        0 => String::new(),
        parent => format!("{parent:016x}"),
    };
    json!({
        "traceId": format!("{:0>32}", s.trace), "spanId": format!("{:016x}", s.id), "parentSpanId": parent,
        "name": s.operation, "kind": kind.unwrap_or(0),
        "startTimeUnixNano": (s.start_us * 1_000).to_string(),
        "endTimeUnixNano": ((s.start_us + s.duration_us) * 1_000).to_string(),
        "attributes": attributes, "status": if s.error { json!({"code": 2}) } else { json!({}) },
    })
}

/// JSON under the wrong content type, with a line feed behind it, as Go's `http.Error` sends it.
fn plain(status: u16, value: &Value) -> Answer {
    let body = format!("{value}\n").into_bytes();
    Answer::with(status, "text/plain; charset=utf-8", Body::Full(body))
}

fn not_a_route() -> Answer {
    let body = Body::Full("404 page not found\n".into());
    Answer::with(404, "text/plain; charset=utf-8", body)
}

fn get<'q>(query: &'q [(String, String)], name: &str) -> Option<&'q str> {
    let found = query.iter().find(|(n, _)| n == name)?;
    Some(found.1.as_str()).filter(|v| !v.is_empty())
}

fn required<'q>(query: &'q [(String, String)], name: &str) -> Result<&'q str, Refused> {
    get(query, name).ok_or_else(|| (400, format!("parameter '{name}' is required")))
}

fn unparsable(name: &str, why: &str) -> Refused {
    (400, format!("unable to parse param '{name}': {why}"))
}

fn number(name: &str, text: &str) -> Result<i64, Refused> {
    let why = format!("strconv.ParseInt: parsing \"{text}\": invalid syntax");
    text.parse().map_err(|_| unparsable(name, &why))
}

fn is_hex(id: &str) -> bool {
    !id.is_empty() && id.len() <= 32 && id.bytes().all(|b| b.is_ascii_hexdigit())
}

fn same_id(a: &str, b: &str) -> bool {
    a.trim_start_matches('0') == b.trim_start_matches('0')
}

fn tags(text: &str) -> Option<Vec<(String, String)>> {
    let all: Map<String, Value> = serde_json::from_str(text).ok()?;
    all.into_iter()
        .map(|(k, v)| Some((k, v.as_str()?.to_owned())))
        .collect()
}

/// One number with one unit, which is all that the client writes; there are no days.
fn go_duration_us(text: &str) -> Option<f64> {
    let units = [
        ("ns", 1e-3),
        ("us", 1.0),
        ("ms", 1e3),
        ("s", 1e6),
        ("m", 6e7),
        ("h", 3.6e9),
    ];
    units.iter().find_map(|(unit, us)| {
        let number: f64 = text.strip_suffix(unit)?.parse().ok()?;
        Some(number * us)
    })
}

fn rfc3339_us(text: &str) -> Option<i64> {
    rfc3339_ns(text).map(|ns| ns.div_euclid(1_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_no_days() {
        assert_eq!(go_duration_us("1500ms"), Some(1_500_000.0));
        assert_eq!(go_duration_us("1d"), None);
    }
}

//! The names under which programs write time, level, message, service, host and trace.

use super::draft::Draft;
use super::stamp;
use memchr::memmem;
use model::log::{Attrs, LogLevel};
use serde_json::Value;

const TIME: &[&str] = &[
    "@timestamp",
    "timestamp",
    "time",
    "ts",
    "datetime",
    "date",
    "t",
    "Timestamp",
    "timeUnixNano",
    "time_unix_nano",
    "asctime",
    "written_at",
    "eventTime",
    "__REALTIME_TIMESTAMP",
    "_SOURCE_REALTIME_TIMESTAMP",
    "observedTimeUnixNano",
    "timeMillis",
    "时间",
];
const LEVEL: &[&str] = &[
    "level",
    "log.level",
    "severity",
    "severity_text",
    "severityText",
    "SeverityText",
    "lvl",
    "loglevel",
    "log_level",
    "levelname",
    "logLevel",
    "PRIORITY",
    "级别",
];
const SEVERITY_NUMBER: &[&str] = &["severityNumber", "severity_number", "SeverityNumber"];
const MESSAGE: &[&str] = &[
    "message",
    "msg",
    "MESSAGE",
    "body",
    "Body",
    "@message",
    "log",
    "event",
    "short_message",
    "text",
    "消息",
];
const SERVICE: &[&str] = &[
    "service.name",
    "service",
    "service_name",
    "serviceName",
    "resource.service.name",
    "resource.attributes.service.name",
    "Resource.service.name",
    "ResourceAttributes.service.name",
    "app",
    "application",
    "appname",
    "app_name",
    "springAppName",
    "SYSLOG_IDENTIFIER",
    "kubernetes.container_name",
    "container_name",
    "program",
    "_SYSTEMD_UNIT",
    "_COMM",
    "服务",
];
const HOST: &[&str] = &[
    "host.name",
    "hostname",
    "host",
    "HOSTNAME",
    "_HOSTNAME",
    "kubernetes.pod_name",
    "k8s.pod.name",
    "pod",
    "pod_name",
    "resource.host.name",
    "resource.attributes.host.name",
    "主机",
];
const TRACE: &[&str] = &[
    "trace_id",
    "traceId",
    "traceid",
    "TraceId",
    "trace.id",
    "traceID",
    "otelTraceID",
    "otel.trace_id",
    "X-B3-TraceId",
    "x_b3_traceid",
    "trace",
];
const SPAN: &[&str] = &[
    "span_id",
    "spanId",
    "spanid",
    "SpanId",
    "span.id",
    "spanID",
    "otelSpanID",
    "otel.span_id",
    "X-B3-SpanId",
    "x_b3_spanid",
];

/// Whether programs write something that a line has of its own under this name.
pub(super) fn is_name(key: &str) -> bool {
    [
        TIME,
        LEVEL,
        SEVERITY_NUMBER,
        MESSAGE,
        SERVICE,
        HOST,
        TRACE,
        SPAN,
    ]
    .iter()
    .any(|names| names.contains(&key))
}

/// Names with points become names within names, as the query language and the stores know them: `http.status` is `status` in `http`.
/// A name whose beginning is a value already stays as it is.
pub fn nest(attrs: Attrs) -> Attrs {
    let mut out = Attrs::new();
    for (key, value) in attrs {
        let value = match value {
            Value::Object(inner) => Value::Object(nest(inner)),
            other => other,
        };
        put(&mut out, &key, value);
    }
    out
}

fn put(into: &mut Attrs, key: &str, value: Value) {
    let path: Vec<&str> = key.split('.').collect();
    let simple =
        path.len() == 1 || path.len() > super::MAX_DEPTH || path.iter().any(|p| p.is_empty());
    if !simple {
        if let Some((last, outer)) = path.split_last()
            && let Some(place) = place(into, outer)
            && !place.contains_key(*last)
        {
            place.insert((*last).to_owned(), value);
            return;
        }
    } else if let (Some(Value::Object(there)), Value::Object(more)) = (into.get_mut(key), &value) {
        there.extend(more.clone());
        return;
    }
    into.insert(key.to_owned(), value);
}

/// The object at this path, made where nothing is; `None` when something else is there.
fn place<'a>(mut at: &'a mut Attrs, path: &[&str]) -> Option<&'a mut Attrs> {
    for key in path {
        let next = at
            .entry((*key).to_owned())
            .or_insert_with(|| Value::Object(Attrs::new()));
        at = next.as_object_mut()?;
    }
    Some(at)
}

/// Takes what is known out of the attributes and puts the rest with the draft's. Gives the message.
pub(super) fn take(attrs: Attrs, draft: &mut Draft<'_>) -> String {
    let mut attrs = nest(attrs);
    if let Some(Value::Object(more)) = attrs.get("attributes")
        && attrs.contains_key("body")
    {
        // OpenTelemetry keeps them apart; a line's attributes are these
        let more = more.clone();
        attrs.remove("attributes");
        for (key, value) in nest(more) {
            attrs.entry(key).or_insert(value);
        }
    }
    let origin = draft.origin;
    if let Some(at) = first(&mut attrs, TIME, |v| time(v, origin)) {
        draft.at_ns = Some(at);
    }
    if let Some(level) = first(&mut attrs, LEVEL, level) {
        draft.level = Some(level);
    }
    let number = first(&mut attrs, SEVERITY_NUMBER, |v| {
        let number = usize::try_from(v.as_u64()?).ok()?.checked_sub(1)?;
        LogLevel::ALL.get(number / 4).copied()
    });
    draft.level_if_none(number);
    if let Some(name) = first(&mut attrs, SERVICE, name) {
        draft.service(&name);
    }
    if let Some(name) = first(&mut attrs, HOST, name) {
        draft.host(&name);
    }
    trace(&mut attrs, draft);
    let message = first(&mut attrs, MESSAGE, text).unwrap_or_default();
    draft.attrs.extend(attrs);
    message
}

fn trace(attrs: &mut Attrs, draft: &mut Draft<'_>) {
    if let Some((trace, span)) = first(attrs, &["traceparent"], |v| parent(v.as_str()?)) {
        (draft.trace_id, draft.span_id) = (trace, span);
    }
    if let Some(id) = first(attrs, TRACE, |v| hex_id(v.as_str()?)) {
        draft.trace_id = id;
    }
    if let Some(id) = first(attrs, SPAN, |v| hex_id(v.as_str()?)) {
        draft.span_id = id;
    }
}

/// The first of these names whose value can be read; it is taken out.
fn first<T>(attrs: &mut Attrs, names: &[&str], read: impl Fn(&Value) -> Option<T>) -> Option<T> {
    names.iter().find_map(|name| {
        // most names are simple, and most are not there
        if !name.contains('.') {
            let found = attrs.get(*name).and_then(&read)?;
            attrs.remove(*name);
            return Some(found);
        }
        let mut path: Vec<&str> = name.split('.').collect();
        let last = path.pop()?;
        let found = within(attrs, &path)?.get(last).and_then(&read)?;
        if let Some(place) = within_mut(attrs, &path) {
            place.remove(last);
        }
        // what held nothing else goes with it
        while let Some(outer) = path.pop() {
            let place = within_mut(attrs, &path)?;
            if place
                .get(outer)
                .and_then(Value::as_object)
                .is_some_and(Attrs::is_empty)
            {
                place.remove(outer);
            }
        }
        Some(found)
    })
}

fn within<'a>(attrs: &'a Attrs, path: &[&str]) -> Option<&'a Attrs> {
    path.iter()
        .try_fold(attrs, |at, key| at.get(*key)?.as_object())
}

fn within_mut<'a>(attrs: &'a mut Attrs, path: &[&str]) -> Option<&'a mut Attrs> {
    path.iter()
        .try_fold(attrs, |at, key| at.get_mut(*key)?.as_object_mut())
}

fn time(value: &Value, origin: &super::Origin) -> Option<i64> {
    match value {
        Value::String(text) => stamp::whole(text, origin),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => stamp::epoch(whole),
            None => stamp::epoch_seconds(number.as_f64()?),
        },
        _ => None,
    }
}

/// A level by its word; by number as pino and bunyan write it (10 to 60), or syslog, the journal and GELF (0 to 7).
fn level(value: &Value) -> Option<LogLevel> {
    match value {
        Value::String(text) => match text.parse::<u8>() {
            Ok(severity) => syslog_level(severity),
            Err(_) => LogLevel::read(text),
        },
        Value::Number(number) => match number.as_u64()? {
            10 => Some(LogLevel::Trace),
            20 => Some(LogLevel::Debug),
            30 => Some(LogLevel::Info),
            40 => Some(LogLevel::Warn),
            50 => Some(LogLevel::Error),
            60 => Some(LogLevel::Fatal),
            n => u8::try_from(n).ok().and_then(syslog_level),
        },
        _ => None,
    }
}

/// A level by syslog's severity.
pub(super) fn syslog_level(severity: u8) -> Option<LogLevel> {
    match severity {
        0..=2 => Some(LogLevel::Fatal),
        3 => Some(LogLevel::Error),
        4 => Some(LogLevel::Warn),
        5 | 6 => Some(LogLevel::Info),
        7 => Some(LogLevel::Debug),
        _ => None,
    }
}

fn name(value: &Value) -> Option<String> {
    let name = value.as_str()?.trim();
    (!name.is_empty()).then(|| name.to_owned())
}

/// A text; OpenTelemetry puts one into an object, the journal writes one that is not UTF-8 as a list of bytes.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Object(map) => map.get("stringValue")?.as_str().map(str::to_owned),
        Value::Array(items) => {
            let byte = |v: &Value| v.as_u64().and_then(|n| u8::try_from(n).ok());
            let bytes: Option<Vec<u8>> = items.iter().map(byte).collect();
            bytes.map(|b| String::from_utf8_lossy(&b).into_owned())
        }
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A trace's or span's id: 16 to 32 hex digits, perhaps with dashes; not all zero.
pub(super) fn hex_id(text: &str) -> Option<String> {
    let id: String = text.trim().chars().filter(|c| *c != '-').take(33).collect();
    let hex = id.bytes().all(|b| b.is_ascii_hexdigit());
    let zero = id.bytes().all(|b| b == b'0');
    ((16..=32).contains(&id.len()) && hex && !zero).then(|| id.to_ascii_lowercase())
}

/// W3C's `traceparent`: version, trace, span, flags.
pub(super) fn parent(text: &str) -> Option<(String, String)> {
    let mut parts = text.trim().split('-');
    let version = parts.next()?;
    let (trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?);
    let lengths = version.len() == 2 && trace.len() == 32 && span.len() == 16 && flags.len() == 2;
    let version = version.bytes().all(|b| b.is_ascii_hexdigit()) && version != "ff";
    if !lengths || !version {
        return None;
    }
    Some((hex_id(trace)?, hex_id(span)?))
}

/// Bytes of a message in which a trace is looked for.
const TRACE_WITHIN: usize = 8192;

/// The trace, and the span, that a message names: `trace_id=…`, `traceId: …`, `traceparent=…`.
pub(super) fn trace_in_text(message: &str) -> Option<(String, String)> {
    let bytes = message.as_bytes();
    let bytes = bytes
        .get(..bytes.len().min(TRACE_WITHIN))
        .unwrap_or_default();
    // hardly any message names one
    memmem::find(bytes, b"race").or_else(|| memmem::find(bytes, b"RACE"))?;
    if let Some(at) = find(bytes, b"traceparent") {
        let value = value_at(bytes, at + 11, |b| b.is_ascii_hexdigit() || b == b'-');
        if let Some(found) = parent(&value) {
            return Some(found);
        }
    }
    let id = |names: &[&[u8]]| {
        names.iter().find_map(|name| {
            let at = find(bytes, name)?;
            hex_id(&value_at(bytes, at + name.len(), |b| {
                b.is_ascii_hexdigit() || b == b'-'
            }))
        })
    };
    let trace = id(&[b"trace_id", b"traceid", b"trace-id", b"trace.id"])?;
    Some((
        trace,
        id(&[b"span_id", b"spanid", b"span-id", b"span.id"]).unwrap_or_default(),
    ))
}

fn find(text: &[u8], name: &[u8]) -> Option<usize> {
    text.windows(name.len())
        .position(|w| w.eq_ignore_ascii_case(name))
}

/// What stands behind `=` or `:`, with or without quotation marks.
fn value_at(text: &[u8], at: usize, part: impl Fn(u8) -> bool) -> String {
    let rest = text.get(at..).unwrap_or_default();
    let between = rest
        .iter()
        .take_while(|b| matches!(b, b'"' | b'\'' | b'=' | b':' | b' ' | b'['))
        .count();
    let rest = rest.get(between.min(5)..).unwrap_or_default();
    rest.iter()
        .take_while(|b| part(**b))
        .take(64)
        .map(|b| char::from(*b))
        .collect()
}

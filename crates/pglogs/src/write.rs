//! Lines into our own schema, by binary COPY.
//!
//! All lines of a call are one transaction: all are kept or none is. The counters of minutes and the row for live tails are written by
//! the table's trigger in the same transaction.

use crate::connect::{Credentials, Options};
use crate::error::source_error;
use crate::layout::split;
use crate::predicate::{category_code, level_code};
use futures::FutureExt as _;
use model::log::{Attrs, LogLine};
use serde_json::Value;
use source::{Answer, Ask, LogSink, SourceError};
use sqlx::postgres::PgPool;
use std::time::Duration;

/// Tells the time in nanoseconds since the epoch.
pub type Clock = fn() -> i64;

/// Longest message in bytes; the rest is cut off and the attribute `cut_bytes` says how much it was.
pub const MAX_MESSAGE_BYTES: usize = 1 << 20;
/// Largest attributes of a line in bytes of JSON; larger ones are kept as their beginning, a text.
pub const MAX_ATTRS_BYTES: usize = 1 << 20;
/// Deepest nesting of attributes; what lies deeper becomes text.
pub const MAX_DEPTH: usize = 64;
/// Longest service, host, trace and span.
const MAX_NAME_BYTES: usize = 1000;
/// Bytes that are sent at once.
const CHUNK: usize = 1 << 20;
/// Times beyond these have no meaning: before the year 2000, or more than a year ahead.
const OLDEST_NS: i64 = 946_684_800_000_000_000;
const AHEAD_NS: i64 = 366 * 86_400 * 1_000_000_000;
/// Microseconds from 1970 to 2000, where PostgreSQL begins to count.
const EPOCH_US: i64 = 946_684_800_000_000;
/// The text that stands for what cannot be kept, and the marks of what was changed.
const REPLACED: char = '\u{fffd}';
const NUL_MARK: &str = "nul_replaced";
const CUT_MARK: &str = "cut_bytes";
const TIME_MARK: &str = "time_replaced";
/// Under which large attributes stand.
const ATTRS_CUT: &str = "attrs_cut";

const COPY: &str = "COPY shouwang_logs.line (ts, ns, level, category, service, host, trace_id, span_id, message, attrs) FROM STDIN (FORMAT binary)";
const COLUMNS: i16 = 10;

/// A sink of lines; its login needs the role `shouwang_logs_writer` and no other.
#[derive(Debug)]
pub struct Writer {
    pool: PgPool,
    timeout: Duration,
    clock: Clock,
}

impl Writer {
    /// A writer. Sends nothing.
    ///
    /// Must be called within a tokio runtime.
    pub fn new(options: &Options, who: &Credentials, clock: Clock) -> Self {
        Self {
            pool: options.writers(who),
            timeout: options.timeout.max(Duration::from_secs(30)),
            clock,
        }
    }

    async fn keep(&self, lines: Vec<LogLine>) -> Result<usize, SourceError> {
        let kept = lines.len();
        if kept == 0 {
            return Ok(0);
        }
        let failed = |e: sqlx::Error| source_error(&e, self.timeout);
        let now = (self.clock)();
        let mut conn = self.pool.acquire().await.map_err(failed)?;
        // one statement is one transaction: without its end nothing is kept
        let mut copy = conn.copy_in_raw(COPY).await.map_err(failed)?;
        let mut buffer = header();
        for line in lines {
            encode(line, now, &mut buffer);
            if buffer.len() >= CHUNK {
                copy.send(std::mem::take(&mut buffer))
                    .await
                    .map_err(failed)?;
            }
        }
        buffer.extend_from_slice(&(-1_i16).to_be_bytes());
        copy.send(buffer).await.map_err(failed)?;
        copy.finish().await.map_err(failed)?;
        Ok(kept)
    }
}

impl LogSink for Writer {
    fn append(&self, lines: Vec<LogLine>) -> Ask<'_, usize> {
        async move {
            match tokio::time::timeout(self.timeout, self.keep(lines)).await {
                Ok(kept) => kept.map(Answer::local),
                Err(_) => Err(SourceError::Timeout {
                    after: self.timeout,
                }),
            }
        }
        .boxed()
    }
}

/// Signature, flags, length of the extension.
fn header() -> Vec<u8> {
    let mut bytes = Vec::with_capacity(CHUNK + (64 << 10));
    bytes.extend_from_slice(b"PGCOPY\n\xff\r\n\0");
    bytes.extend_from_slice(&[0; 8]);
    bytes
}

/// A row of binary COPY: the number of fields, then each with its length.
fn encode(line: LogLine, now_ns: i64, into: &mut Vec<u8>) {
    let mut marks = Attrs::new();
    let mut at_ns = line.position.at_ns;
    if at_ns < OLDEST_NS || at_ns > now_ns.saturating_add(AHEAD_NS) {
        at_ns = now_ns;
        marks.insert(TIME_MARK.into(), Value::Bool(true));
    }
    let mut nul = false;
    let message = text(line.message, MAX_MESSAGE_BYTES, &mut nul, Some(&mut marks));
    let service = text(line.service, MAX_NAME_BYTES, &mut nul, None);
    let host = text(line.host, MAX_NAME_BYTES, &mut nul, None);
    let trace_id = text(line.trace_id, MAX_NAME_BYTES, &mut nul, None);
    let span_id = text(line.span_id, MAX_NAME_BYTES, &mut nul, None);
    let mut attrs = clean(line.attrs, 0, &mut nul);
    if nul {
        marks.insert(NUL_MARK.into(), Value::Bool(true));
    }
    let mut json = serde_json::to_vec(&attrs).unwrap_or_else(|_| b"{}".to_vec());
    if json.len() > MAX_ATTRS_BYTES {
        let whole = String::from_utf8_lossy(&json).into_owned();
        let mut cut = whole;
        cut.truncate(boundary(&cut, MAX_MESSAGE_BYTES / 16));
        attrs = Attrs::from_iter([(ATTRS_CUT.to_owned(), Value::String(cut))]);
        marks.insert("attrs_bytes".into(), json.len().into());
        json.clear();
    }
    if !marks.is_empty() {
        attrs.append(&mut marks);
        json.clear();
    }
    if json.is_empty() {
        json = serde_json::to_vec(&attrs).unwrap_or_else(|_| b"{}".to_vec());
    }

    let (us, ns) = split(at_ns);
    into.extend_from_slice(&COLUMNS.to_be_bytes());
    field(into, &(us - EPOCH_US).to_be_bytes());
    field(into, &ns.to_be_bytes());
    field(into, &level_code(line.level).to_be_bytes());
    field(into, &category_code(line.category).to_be_bytes());
    for text in [&service, &host, &trace_id, &span_id, &message] {
        field(into, text.as_bytes());
    }
    // jsonb: one byte for the version of its format, then its text
    into.extend_from_slice(&length(json.len() + 1).to_be_bytes());
    into.push(1);
    into.extend_from_slice(&json);
}

fn field(into: &mut Vec<u8>, bytes: &[u8]) {
    into.extend_from_slice(&length(bytes.len()).to_be_bytes());
    into.extend_from_slice(bytes);
}

/// Every field is far shorter than 2 GiB, see the limits above.
fn length(bytes: usize) -> i32 {
    i32::try_from(bytes).unwrap_or(i32::MAX)
}

/// The text without NULs, which PostgreSQL does not keep, and not longer than `max`.
fn text(mut text: String, max: usize, nul: &mut bool, cut: Option<&mut Attrs>) -> String {
    if text.len() > max {
        if let Some(marks) = cut {
            marks.insert(CUT_MARK.into(), text.len().into());
        }
        text.truncate(boundary(&text, max));
    }
    if text.contains('\0') {
        *nul = true;
        text = text.replace('\0', REPLACED.encode_utf8(&mut [0; 4]));
    }
    text
}

/// The last place not beyond `max` where a character begins.
fn boundary(text: &str, max: usize) -> usize {
    let mut at = max.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn clean(attrs: Attrs, depth: usize, nul: &mut bool) -> Attrs {
    let any_nul = |key: &str| key.contains('\0');
    attrs
        .into_iter()
        .map(|(key, value)| {
            let key = if any_nul(&key) {
                *nul = true;
                key.replace('\0', REPLACED.encode_utf8(&mut [0; 4]))
            } else {
                key
            };
            (key, clean_value(value, depth + 1, nul))
        })
        .collect()
}

fn clean_value(value: Value, depth: usize, nul: &mut bool) -> Value {
    match value {
        Value::Array(_) | Value::Object(_) if depth > MAX_DEPTH => {
            // what is nested so deep was made to break something; that it was there is enough
            drop_flat(value);
            Value::String("…".into())
        }
        Value::Array(items) => Value::Array(
            items
                .into_iter()
                .map(|item| clean_value(item, depth + 1, nul))
                .collect(),
        ),
        Value::Object(map) => Value::Object(clean(map, depth, nul)),
        Value::String(t) => Value::String(text(t, MAX_MESSAGE_BYTES, nul, None)),
        other => other,
    }
}

/// Drops a value however deep it is: the usual way would use a stack frame for each level.
fn drop_flat(value: Value) {
    let mut open = vec![value];
    while let Some(value) = open.pop() {
        match value {
            Value::Array(items) => open.extend(items),
            Value::Object(map) => open.extend(map.into_iter().map(|(_, v)| v)),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::log::LogPosition;
    use serde_json::json;

    const NOW: i64 = 1_795_247_926_000_000_000;

    fn line(message: &str) -> LogLine {
        LogLine {
            position: LogPosition::before(NOW),
            message: message.into(),
            ..LogLine::default()
        }
    }

    /// The fields of a row.
    fn fields(line: LogLine) -> Vec<Vec<u8>> {
        let mut bytes = Vec::new();
        encode(line, NOW, &mut bytes);
        assert_eq!(bytes[..2], COLUMNS.to_be_bytes());
        let mut rest = &bytes[2..];
        let mut fields = Vec::new();
        while !rest.is_empty() {
            let (length, after) = rest.split_at(4);
            let length = u32::from_be_bytes(length.try_into().expect("four")) as usize;
            let (field, after) = after.split_at(length);
            fields.push(field.to_vec());
            rest = after;
        }
        fields
    }

    fn attrs(fields: &[Vec<u8>]) -> Value {
        assert_eq!(fields[9][0], 1);
        serde_json::from_slice(&fields[9][1..]).expect("JSON")
    }

    #[test]
    fn nul_is_replaced_and_marked() {
        let mut bad = line("a\0b");
        bad.attrs = json!({"k\0": ["x\0"]})
            .as_object()
            .cloned()
            .expect("an object");
        let fields = fields(bad);
        assert_eq!(fields[8], "a\u{fffd}b".as_bytes());
        assert_eq!(
            attrs(&fields),
            json!({"k\u{fffd}": ["x\u{fffd}"], "nul_replaced": true})
        );
    }

    #[test]
    fn long_lines_are_cut_between_characters_and_say_so() {
        let fields = fields(line(&"超".repeat(4 << 20)));
        assert!(fields[8].len() <= MAX_MESSAGE_BYTES && fields[8].len() > MAX_MESSAGE_BYTES - 3);
        assert!(String::from_utf8(fields[8].clone()).is_ok());
        assert_eq!(attrs(&fields), json!({"cut_bytes": 12 << 20}));
    }

    #[test]
    fn attributes_without_end_become_text() {
        let mut deep = json!(1);
        for _ in 0..1000 {
            deep = json!([deep]);
        }
        let mut bad = line("x");
        bad.attrs.insert("deep".into(), deep);
        assert!(attrs(&fields(bad)).to_string().contains('…'));
        let mut wide = line("x");
        wide.attrs
            .insert("w".into(), json!(vec!["字".repeat(1000); 1000]));
        let fields = fields(wide);
        assert!(fields[9].len() < 200_000);
        assert!(attrs(&fields)["attrs_bytes"].as_u64().expect("a number") > 3_000_000);
    }

    #[test]
    fn times_without_meaning_are_those_of_arrival() {
        for (at_ns, replaced) in [
            (0, true),
            (i64::MIN, true),
            (i64::MAX, true),
            (NOW - 86_400_000_000_000, false),
            (NOW + 86_400_000_000_000, false),
        ] {
            let mut odd = line("x");
            odd.position = LogPosition::before(at_ns);
            let fields = fields(odd);
            let us = i64::from_be_bytes(fields[0].clone().try_into().expect("eight"));
            let is = if replaced { NOW } else { at_ns };
            assert_eq!((us + EPOCH_US) * 1000, is);
            assert_eq!(attrs(&fields)["time_replaced"] == json!(true), replaced);
        }
    }
}

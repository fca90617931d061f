//! Syslog: RFC 5424, RFC 3164, and the lines that syslog daemons write to files.

use super::draft::Draft;
use super::known::{hex_id, syslog_level};
use super::{dispatch, stamp};
use model::log::Attrs;
use serde_json::Value;

/// Elements of structured data that are kept, with their parameters.
const MAX_DATA: usize = 100;

/// Reads `<priority>…`; false when it is none.
pub(super) fn read(text: &str, draft: &mut Draft<'_>, nested: u8) -> bool {
    let Some((priority, rest)) = text.strip_prefix('<').and_then(|t| t.split_once('>')) else {
        return false;
    };
    let Some(priority) = priority.parse::<u8>().ok().filter(|p| *p < 192) else {
        return false;
    };
    if let Some(rest) = rest.strip_prefix("1 ")
        && structured(rest, draft, nested).is_some()
    {
        facility(priority, draft);
        return true;
    }
    if !file(rest, draft, nested) {
        dispatch(rest, draft, nested + 1);
    }
    facility(priority, draft);
    true
}

fn facility(priority: u8, draft: &mut Draft<'_>) {
    draft.level_if_none(syslog_level(priority % 8));
    draft.put("facility", Value::from(priority / 8));
}

/// RFC 5424 behind its version: time, host, program, process, message id, structured data, message.
fn structured(text: &str, draft: &mut Draft<'_>, nested: u8) -> Option<()> {
    let mut parts = text.splitn(6, ' ');
    let (time, host, program) = (parts.next()?, parts.next()?, parts.next()?);
    let (process, id, rest) = (parts.next()?, parts.next()?, parts.next()?);
    let at = stamp::whole(time, draft.origin);
    if at.is_none() && time != "-" {
        return None;
    }
    let (data, message) = data(rest)?;
    draft.host(host);
    draft.service(program);
    let message = message.strip_prefix('\u{feff}').unwrap_or(message);
    inner(message, draft, nested);
    draft.at_ns = draft.at_ns.or(at);
    if process != "-" {
        draft.number("pid", process);
    }
    if id != "-" {
        draft.attr("msgid", id);
    }
    let trace = data.values().filter_map(Value::as_object).find_map(|p| {
        let id = p.get("trace_id").or_else(|| p.get("traceId"))?;
        hex_id(id.as_str()?)
    });
    if let Some(trace) = trace {
        draft.trace_id = trace;
    }
    if !data.is_empty() {
        draft.put("data", Value::Object(data));
    }
    Some(())
}

/// `[id key="value" …][…] rest`, or `- rest`.
fn data(text: &str) -> Option<(Attrs, &str)> {
    let mut out = Attrs::new();
    if let Some(rest) = text.strip_prefix('-') {
        return Some((out, rest.trim_start_matches(' ')));
    }
    let mut rest = text;
    while let Some(element) = rest.strip_prefix('[') {
        let end = element.find([' ', ']'])?;
        let (id, mut params) = element.split_at(end);
        let mut values = Attrs::new();
        while let Some(param) = params.strip_prefix(' ') {
            let (key, value) = param.split_once("=\"")?;
            let (value, after) = quoted(value)?;
            if values.len() < MAX_DATA {
                values.insert(key.to_owned(), value.into());
            }
            params = after;
        }
        rest = params.strip_prefix(']')?;
        if out.len() < MAX_DATA {
            out.insert(id.to_owned(), Value::Object(values));
        }
    }
    Some((out, rest.strip_prefix(' ').unwrap_or(rest)))
}

fn quoted(text: &str) -> Option<(String, &str)> {
    let mut out = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((out, text.get(at + 1..)?)),
            '\\' => out.push(chars.next()?.1),
            c => out.push(c),
        }
    }
    None
}

/// `Nov 21 10:00:00 host program[123]: message`, also with a time of RFC 3339; false when it is none.
pub(super) fn file(text: &str, draft: &mut Draft<'_>, nested: u8) -> bool {
    let Some((at, length)) = stamp::at_start(text, draft.origin) else {
        return false;
    };
    // other programs write a space between date and time
    let stamp = text.get(..length).unwrap_or_default();
    if !stamp.contains('T') && !stamp.starts_with(|c: char| c.is_ascii_uppercase()) {
        return false;
    }
    let rest = text.get(length..).unwrap_or_default().trim_start();
    let Some((host, rest)) = rest.split_once(' ') else {
        return false;
    };
    let Some((tag, message)) = rest.split_once(':') else {
        return false;
    };
    let (program, process) = match tag.strip_suffix(']').and_then(|t| t.split_once('[')) {
        Some((program, process)) => (program, process),
        None => (tag, ""),
    };
    let program = program.trim();
    let name = |t: &str| {
        !t.is_empty()
            && t.bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-_./@()".contains(&b))
    };
    let level = model::log::LogLevel::read(host).is_some();
    if !name(program)
        || !name(host)
        || level
        || (!process.is_empty() && !process.bytes().all(|b| b.is_ascii_digit()))
    {
        return false;
    }
    draft.host(host);
    draft.service(program);
    inner(message.trim_start(), draft, nested);
    draft.at_ns = draft.at_ns.or(Some(at));
    draft.number("pid", process);
    true
}

/// What a program gave to syslog is mostly a sentence; JSON and pairs are read.
fn inner(message: &str, draft: &mut Draft<'_>, nested: u8) {
    let json = message
        .strip_prefix("@cee:")
        .map_or(message, str::trim_start);
    if json.starts_with('{') {
        dispatch(json, draft, nested + 1);
    } else if !super::logfmt::read(message, draft) {
        super::header::plain(message, draft);
    }
}

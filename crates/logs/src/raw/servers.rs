//! PostgreSQL, Redis, RabbitMQ.

use super::draft::Draft;
use super::stamp;
use model::log::LogLevel;

/// Reads a line of one of them; false when it is none.
pub(super) fn read(text: &str, draft: &mut Draft<'_>) -> bool {
    postgres(text, draft).is_some() || redis(text, draft).is_some() || rabbit(text, draft).is_some()
}

/// Bytes in front of PostgreSQL's severity.
const PREFIX: usize = 300;
const SEVERITIES: &[&str] = &[
    "DEBUG",
    "DEBUG1",
    "DEBUG2",
    "DEBUG3",
    "DEBUG4",
    "DEBUG5",
    "INFO",
    "NOTICE",
    "WARNING",
    "ERROR",
    "LOG",
    "FATAL",
    "PANIC",
    "DETAIL",
    "HINT",
    "CONTEXT",
    "STATEMENT",
    "QUERY",
    "LOCATION",
    // as a server with lc_messages = zh_CN writes them
    "错误",
    "警告",
    "日志",
    "致命错误",
    "注意",
    "详细信息",
    "提示",
    "上下文",
    "语句",
    "比致命错误还过分的错误",
];

/// `2026-11-21 10:00:00.123 CST [123] app@shop ERROR:  message`: two spaces behind the severity, anything in front of it.
fn postgres(text: &str, draft: &mut Draft<'_>) -> Option<()> {
    let (at, length) = stamp::at_start(text, draft.origin)?;
    let rest = text.get(length..)?;
    let colon = rest.find(":  ").filter(|at| *at < PREFIX)?;
    let (front, message) = (rest.get(..colon)?, rest.get(colon + 3..)?);
    let severity = front.rsplit([' ', '\t']).next()?;
    if !SEVERITIES.contains(&severity) {
        return None;
    }
    draft.at_ns = Some(at);
    draft.level = match severity {
        "致命错误" | "比致命错误还过分的错误" => Some(LogLevel::Fatal),
        "日志" | "注意" => Some(LogLevel::Info),
        _ => LogLevel::read(severity.trim_end_matches(|c: char| c.is_ascii_digit())),
    };
    if draft.level.is_none() {
        // DETAIL, STATEMENT and so on belong to the line before
        draft.attr("part", &severity.to_lowercase());
    }
    draft.service("postgresql");
    for word in front.split_whitespace() {
        let bare = word.trim_matches(|c| matches!(c, '[' | ']' | ':' | ','));
        let process = bare.split('-').next().unwrap_or_default();
        match bare.split_once('@') {
            Some((user, database)) => {
                draft.attr("user", user);
                draft.attr("database", database);
            }
            None if word.starts_with('[') && process.bytes().all(|b| b.is_ascii_digit()) => {
                draft.number("pid", process);
            }
            None => (),
        }
    }
    draft.message(message);
    Some(())
}

/// `123:M 21 Nov 2026 10:00:00.123 * message`
fn redis(text: &str, draft: &mut Draft<'_>) -> Option<()> {
    let (process, rest) = text.split_once(':')?;
    let (role, rest) = rest.split_once(' ')?;
    if process.is_empty() || !process.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let role = match role {
        "M" => "master",
        "S" => "replica",
        "C" => "child",
        "X" => "sentinel",
        _ => return None,
    };
    let (at, length) = stamp::at_start(rest, draft.origin)?;
    let rest = rest.get(length..)?.strip_prefix(' ')?;
    let (sign, message) = rest.split_once(' ').unwrap_or((rest, ""));
    let level = match sign {
        "." => LogLevel::Debug,
        "-" | "*" => LogLevel::Info,
        "#" => LogLevel::Warn,
        _ => return None,
    };
    draft.at_ns = Some(at);
    draft.level = Some(level);
    draft.service("redis");
    draft.number("pid", process);
    draft.attr("role", role);
    draft.message(message);
    Some(())
}

/// `2026-11-21 10:00:00.123456+08:00 [error] <0.123.0> message`, and the reports of versions before 3.9.
fn rabbit(text: &str, draft: &mut Draft<'_>) -> Option<()> {
    if let Some(rest) = text.strip_prefix('=') {
        let (level, rest) = rest.split_once(" REPORT==== ")?;
        let (at, _) = stamp::at_start(rest, draft.origin)?;
        let (_, message) = rest.split_once("===\n")?;
        draft.at_ns = Some(at);
        draft.level = LogLevel::read(level);
        draft.service("rabbitmq");
        draft.message(message);
        return Some(());
    }
    let (at, length) = stamp::at_start(text, draft.origin)?;
    let rest = text.get(length..)?.trim_start().strip_prefix('[')?;
    let (level, rest) = rest.split_once("] <")?;
    let level = LogLevel::read(level)?;
    let (process, message) = rest.split_once("> ")?;
    if !process.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return None;
    }
    draft.at_ns = Some(at);
    draft.level = Some(level);
    draft.service("rabbitmq");
    draft.attr("process", process);
    draft.message(message);
    Some(())
}

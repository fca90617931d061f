//! The functions that a template can call: Go's own and Prometheus'.

use super::Data;
use super::format::quote;
use super::humanize;
use super::printf::sprintf;
use super::value::Value;
use crate::duration;
use regex::Regex;
use std::cmp::Ordering;
use std::net::IpAddr;

/// What a parameter takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Param {
    Text,
    Any,
}

/// How a function is called.
#[derive(Clone, Copy, Debug)]
pub(super) struct Signature {
    /// Without the repeated ones.
    pub(super) params: &'static [Param],
    /// What may be repeated at the end.
    pub(super) rest: Option<Param>,
}

const fn fixed(params: &'static [Param]) -> Signature {
    Signature { params, rest: None }
}

const fn open(params: &'static [Param]) -> Signature {
    Signature {
        params,
        rest: Some(Param::Any),
    }
}

/// How `name` is called; `None` for what there is none of here.
pub(super) fn find(name: &str) -> Option<Signature> {
    use Param::{Any, Text};
    Some(match name {
        "and" | "or" | "index" | "eq" => open(&[Any]),
        "not" | "len" => fixed(&[Any]),
        "print" | "println" | "html" | "urlquery" => open(&[]),
        "printf" => open(&[Text]),
        "ne" | "lt" | "le" | "gt" | "ge" => fixed(&[Any, Any]),
        "humanize" | "humanize1024" | "humanizeDuration" | "humanizePercentage"
        | "humanizeTimestamp" | "toTime" => fixed(&[Any]),
        "title" | "toUpper" | "toLower" | "stripPort" | "stripDomain" | "safeHtml"
        | "graphLink" | "tableLink" | "parseDuration" => fixed(&[Text]),
        "match" => fixed(&[Text, Text]),
        "reReplaceAll" => fixed(&[Text, Text, Text]),
        "externalURL" | "pathPrefix" => fixed(&[]),
        _ => return None,
    })
}

/// What Prometheus has and this desk has not: most of it asks a further question of the database.
const ELSEWHERE: [&str; 10] = [
    "query",
    "first",
    "label",
    "value",
    "strvalue",
    "args",
    "sortByLabel",
    "js",
    "call",
    "slice",
];

/// Whether Prometheus knows a function of this name.
pub(super) fn is_known(name: &str) -> bool {
    find(name).is_some() || ELSEWHERE.contains(&name)
}

pub(super) fn call<'a>(
    name: &str,
    args: &[Value<'a>],
    data: &'a Data,
) -> Result<Value<'a>, String> {
    let text = |i: usize| match args.get(i) {
        Some(Value::Text(s)) => s.as_str(),
        _ => "",
    };
    let first = args.first().unwrap_or(&Value::Nil);
    let said = |text: String| Ok(Value::Text(text));
    match name {
        "not" => Ok(Value::Bool(!first.is_true())),
        "len" => length(first),
        "index" => index(args),
        "print" => said(print(args)),
        "println" => {
            let all: Vec<String> = args.iter().map(Value::print).collect();
            said(format!("{}\n", all.join(" ")))
        }
        "printf" => said(sprintf(text(0), args.get(1..).unwrap_or_default())),
        "html" => said(html(&print(args))),
        "urlquery" => said(query_escape(&print(args))),
        "eq" | "ne" | "lt" | "le" | "gt" | "ge" => compare(name, args).map(Value::Bool),
        "humanize" => said(humanize::humanize(number(first)?)),
        "humanize1024" => said(humanize::humanize1024(number(first)?)),
        "humanizeDuration" => said(humanize::duration(number(first)?)),
        "humanizePercentage" => said(humanize::percentage(number(first)?)),
        "humanizeTimestamp" => humanize::timestamp(number(first)?).map(Value::Text),
        "toTime" => humanize::to_time(number(first)?)?
            .map(Value::Time)
            .ok_or_else(|| "value is NaN or Inf".to_owned()),
        "title" => said(title(text(0))),
        "toUpper" => said(each(text(0), |c| only(c.to_uppercase(), c))),
        "toLower" => said(each(text(0), |c| only(c.to_lowercase(), c))),
        "stripPort" => {
            said(split_host_port(text(0)).map_or_else(|| text(0).to_owned(), |(host, _)| host))
        }
        "stripDomain" => said(strip_domain(text(0))),
        "safeHtml" => said(text(0).to_owned()),
        "graphLink" => said(format!("/graph?g0.expr={}&g0.tab=0", query_escape(text(0)))),
        "tableLink" => said(format!("/graph?g0.expr={}&g0.tab=1", query_escape(text(0)))),
        "parseDuration" => duration::parse(text(0))
            .map(|ms| Value::Float(ms as f64 / 1000.0))
            .map_err(|e| e.to_string()),
        "match" => Ok(Value::Bool(regex(text(0))?.is_match(text(1)))),
        "reReplaceAll" => said(regex(text(0))?.replace_all(text(2), text(1)).into_owned()),
        "externalURL" => said(data.external_url.clone()),
        "pathPrefix" => said(path_of(&data.external_url)),
        other => Err(format!("{other} is not available here")),
    }
}

fn path_of(url: &str) -> String {
    let after = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = after.find('/').and_then(|i| after.get(i..)).unwrap_or("");
    path.split(['?', '#']).next().unwrap_or("").to_owned()
}

fn regex(pattern: &str) -> Result<Regex, String> {
    regex::RegexBuilder::new(pattern)
        .size_limit(1 << 20)
        .build()
        .map_err(|e| format!("error parsing regexp: {e}"))
}

/// `fmt.Sprint`: a space between two operands of which neither is a string.
fn print(args: &[Value<'_>]) -> String {
    let mut out = String::new();
    let mut before_is_text = true;
    for (i, arg) in args.iter().enumerate() {
        let is_text = matches!(arg, Value::Text(_));
        if i > 0 && !is_text && !before_is_text {
            out.push(' ');
        }
        out.push_str(&arg.print());
        before_is_text = is_text;
    }
    out
}

fn length<'a>(value: &Value<'a>) -> Result<Value<'a>, String> {
    let len = match value {
        Value::Text(s) => s.len(),
        Value::Map(labels) => labels.len(),
        Value::Nil => {
            return Err("reflect: call of reflect.Value.Type on zero Value".to_owned());
        }
        other => return Err(format!("len of type {}", other.type_name())),
    };
    Ok(Value::Int(i64::try_from(len).unwrap_or(i64::MAX)))
}

fn index<'a>(args: &[Value<'a>]) -> Result<Value<'a>, String> {
    let mut item = match args.first() {
        None | Some(Value::Nil) => return Err("index of untyped nil".to_owned()),
        Some(v) => v.clone(),
    };
    for key in args.get(1..).unwrap_or_default() {
        item = match (&item, key) {
            (Value::Map(labels), Value::Text(name)) => {
                Value::Text(labels.get(name).unwrap_or("").to_owned())
            }
            (Value::Map(_), Value::Nil) => {
                return Err("value is nil; should be of type string".to_owned());
            }
            (Value::Map(_), other) => {
                return Err(format!(
                    "value has type {}; should be string",
                    other.type_name()
                ));
            }
            (Value::Text(_), Value::Nil) => {
                return Err("cannot index slice/array with nil".to_owned());
            }
            (Value::Text(s), Value::Int(n)) => {
                let byte = usize::try_from(*n).ok().and_then(|i| s.as_bytes().get(i));
                match byte {
                    Some(b) => Value::Int(i64::from(*b)),
                    None => return Err(format!("index out of range: {n}")),
                }
            }
            (Value::Text(_), other) => {
                return Err(format!(
                    "cannot index slice/array with type {}",
                    other.type_name()
                ));
            }
            (other, _) => return Err(format!("can't index item of type {}", other.type_name())),
        };
    }
    Ok(item)
}

/// `convertToFloat` of Prometheus.
fn number(value: &Value<'_>) -> Result<f64, String> {
    match value {
        Value::Float(v) => Ok(*v),
        Value::Int(n) => Ok(*n as f64),
        Value::Text(s) => s
            .parse()
            .map_err(|_| format!("strconv.ParseFloat: parsing {}: invalid syntax", quote(s))),
        other => Err(format!("can't convert {} to float", other.type_name())),
    }
}

fn compare(name: &str, args: &[Value<'_>]) -> Result<bool, String> {
    let (Some(a), Some(_)) = (args.first(), args.get(1)) else {
        return Err("missing argument for comparison".to_owned());
    };
    let others = args.get(1..).unwrap_or_default();
    match name {
        "eq" => {
            for b in others {
                if equal(a, b)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        "ne" => others.first().map_or(Ok(false), |b| Ok(!equal(a, b)?)),
        _ => {
            let order = others.first().map(|b| order(a, b)).transpose()?.flatten();
            Ok(match name {
                "lt" => order == Some(Ordering::Less),
                "le" => matches!(order, Some(Ordering::Less | Ordering::Equal)),
                // Go takes gt for "not le", so that NaN is greater than anything
                "gt" => !matches!(order, Some(Ordering::Less | Ordering::Equal)),
                _ => order != Some(Ordering::Less),
            })
        }
    }
}

const INCOMPATIBLE: &str = "incompatible types for comparison";
const NOT_COMPARABLE: &str = "invalid type for comparison";

fn equal(a: &Value<'_>, b: &Value<'_>) -> Result<bool, String> {
    match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => Ok(a == b),
        (Value::Int(a), Value::Int(b)) => Ok(a == b),
        (Value::Float(a), Value::Float(b)) => Ok(a == b),
        (Value::Text(a), Value::Text(b)) => Ok(a == b),
        (Value::Nil, Value::Nil) => Ok(true),
        (Value::Nil, _) | (_, Value::Nil) => Ok(false),
        (Value::Map(_), Value::Map(_)) => Err(format!(
            "non-comparable type {}: {}",
            a.print(),
            a.type_name()
        )),
        _ => Err(INCOMPATIBLE.to_owned()),
    }
}

fn order(a: &Value<'_>, b: &Value<'_>) -> Result<Option<Ordering>, String> {
    let comparable = |v: &Value<'_>| matches!(v, Value::Int(_) | Value::Float(_) | Value::Text(_));
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => Ok(Some(a.cmp(b))),
        (Value::Float(a), Value::Float(b)) => Ok(a.partial_cmp(b)),
        (Value::Text(a), Value::Text(b)) => Ok(Some(a.cmp(b))),
        (Value::Bool(_), Value::Bool(_)) => Err(NOT_COMPARABLE.to_owned()),
        (a, b)
            if (comparable(a) || matches!(a, Value::Bool(_)))
                && (comparable(b) || matches!(b, Value::Bool(_))) =>
        {
            Err(INCOMPATIBLE.to_owned())
        }
        _ => Err(NOT_COMPARABLE.to_owned()),
    }
}

fn each(text: &str, change: impl FnMut(char) -> char) -> String {
    text.chars().map(change).collect()
}

/// The one character of a case mapping; Go changes one for one.
fn only(mut mapped: impl Iterator<Item = char>, same: char) -> char {
    match (mapped.next(), mapped.next()) {
        (Some(c), None) => c,
        _ => same,
    }
}

/// `strings.Title`: the first letter of each word in upper case.
fn title(text: &str) -> String {
    let mut before = ' ';
    each(text, |c| {
        let starts = is_separator(before);
        before = c;
        if starts { only(c.to_uppercase(), c) } else { c }
    })
}

fn is_separator(c: char) -> bool {
    if c.is_ascii() {
        return !(c.is_ascii_alphanumeric() || c == '_');
    }
    !c.is_alphanumeric() && c.is_whitespace()
}

/// `net.SplitHostPort`; `None` where it fails.
fn split_host_port(text: &str) -> Option<(String, String)> {
    let colon = text.rfind(':')?;
    let (before, port) = (text.get(..colon)?, text.get(colon + 1..)?);
    let host = if let Some(rest) = text.strip_prefix('[') {
        let end = rest.find(']')?;
        if end + 2 != colon {
            return None;
        }
        let host = rest.get(..end)?;
        if host.contains('[') || port.contains(['[', ']']) {
            return None;
        }
        host
    } else {
        if before.contains(':') || text.contains(['[', ']']) {
            return None;
        }
        before
    };
    Some((host.to_owned(), port.to_owned()))
}

fn strip_domain(text: &str) -> String {
    let (host, port) = split_host_port(text).unwrap_or_else(|| (text.to_owned(), String::new()));
    if host.parse::<IpAddr>().is_ok() {
        return text.to_owned();
    }
    let short = host.split('.').next().unwrap_or("");
    if port.is_empty() {
        short.to_owned()
    } else if short.contains(':') {
        format!("[{short}]:{port}")
    } else {
        format!("{short}:{port}")
    }
}

fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' => out.push_str("&#34;"),
            '\'' => out.push_str("&#39;"),
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\0' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// `url.QueryEscape`.
fn query_escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b' ' => out.push('+'),
            b if b.is_ascii_alphanumeric() || b"-_.~".contains(&b) => out.push(char::from(b)),
            b => out.push_str(&format!("%{b:02X}")),
        }
    }
    out
}

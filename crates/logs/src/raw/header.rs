//! What logging libraries write in front of a message: time, level, thread, logger, in whatever order and signs.

use super::draft::Draft;
use super::known::{self, hex_id};
use super::text::Notes;
use super::{json, stamp};
use model::log::LogLevel;

/// Parts of a head at most.
const MAX_PARTS: usize = 12;
/// Bytes of a head at most.
const MAX_HEAD: usize = 400;
/// Attributes taken from an object behind a message.
const MAX_TAIL: usize = 100;

/// Reads a line that begins with a time; false when none does.
pub(super) fn read(text: &str, draft: &mut Draft<'_>) -> bool {
    if klog(text, draft).is_some() {
        return true;
    }
    let bracket = text.strip_prefix('[');
    let Some((at, length)) = stamp::at_start(bracket.unwrap_or(text), draft.origin) else {
        return false;
    };
    let rest = bracket.unwrap_or(text).get(length..).unwrap_or_default();
    let rest = match bracket {
        Some(_) => match rest.strip_prefix(']') {
            Some(rest) => rest,
            None => return false,
        },
        None => rest,
    };
    draft.at_ns = Some(at);
    let head = Head::of(rest);
    let message = if head.level.is_some() {
        rest.get(head.end..).unwrap_or_default()
    } else {
        rest
    };
    head.tell(draft);
    tail(message, draft);
    true
}

/// Any text: its level when it begins with one, and the text itself.
pub(super) fn plain(text: &str, draft: &mut Draft<'_>) {
    let head = Head::of(text);
    if head.level.is_some() && head.level_first {
        let message = text.get(head.end..).unwrap_or_default();
        head.tell(draft);
        tail(message, draft);
    } else {
        draft.message(text);
    }
}

/// `E1121 10:00:00.123456    1 file.go:123] message`, as Kubernetes' own programs write it.
fn klog(text: &str, draft: &mut Draft<'_>) -> Option<()> {
    let level = match text.as_bytes().first()? {
        b'I' => LogLevel::Info,
        b'W' => LogLevel::Warn,
        b'E' => LogLevel::Error,
        b'F' => LogLevel::Fatal,
        _ => return None,
    };
    let (month, day) = (text.get(1..3)?, text.get(3..5)?);
    let (head, message) = text.get(5..)?.split_once("] ")?;
    let mut parts = head.split_whitespace();
    let (clock, process, caller) = (parts.next()?, parts.next()?, parts.next()?);
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let month = MONTHS.get(month.parse::<usize>().ok()?.checked_sub(1)?)?;
    let at = stamp::whole(&format!("{month} {day} {clock}"), draft.origin)?;
    if !caller.contains(':') {
        return None;
    }
    draft.at_ns = Some(at);
    draft.level = Some(level);
    draft.number("pid", process);
    draft.attr("caller", caller);
    draft.message(message);
    Some(())
}

/// The message, without the signs in front of it; an object behind it (zap) becomes attributes.
fn tail(message: &str, draft: &mut Draft<'_>) {
    let message = message.trim_start_matches([' ', '\t', '|', ':', '：']);
    let message = message.strip_prefix("- ").unwrap_or(message);
    if let Some((said, object)) = message.rsplit_once("\t{")
        && object.ends_with('}')
        && !said.contains('\n')
    {
        let (mut notes, mut left) = (Notes::default(), MAX_TAIL);
        let object = message.get(said.len() + 1..).unwrap_or_default();
        if let Some(attrs) = json::object(object, super::MAX_DEPTH, &mut left, &mut notes) {
            let (at, level) = (draft.at_ns, draft.level);
            known::take(attrs, draft);
            // the head's are the record's
            (draft.at_ns, draft.level) = (at, level);
            draft.message(said);
            return;
        }
    }
    draft.message(message);
}

/// A head.
#[derive(Default)]
struct Head<'a> {
    level: Option<LogLevel>,
    /// Whether the level came before anything else.
    level_first: bool,
    thread: Option<&'a str>,
    logger: Option<&'a str>,
    caller: Option<&'a str>,
    process: Option<&'a str>,
    service: Option<&'a str>,
    trace: Option<(String, String)>,
    /// Where the message begins.
    end: usize,
}

impl<'a> Head<'a> {
    fn of(text: &'a str) -> Self {
        let mut head = Self::default();
        let line = text.split('\n').next().unwrap_or_default();
        let mut at = 0;
        for part in 0..MAX_PARTS {
            let rest = line.get(at..).unwrap_or_default();
            let gap = rest.len() - rest.trim_start().len();
            let tab = rest.starts_with('\t');
            let rest = rest.trim_start();
            at += gap;
            if at > MAX_HEAD || rest.is_empty() {
                break;
            }
            let had_level = head.level.is_some();
            let length = if rest.starts_with('[') {
                head.bracket(rest)
            } else {
                head.word(rest, tab)
            };
            let Some(length) = length else {
                break;
            };
            at += length;
            head.level_first |= part == 0 && head.level.is_some();
            if head.level.is_some() {
                head.end = at;
            }
            // behind a logger's colon comes the message
            if had_level
                && head.logger.is_some()
                && line.get(..at).is_some_and(|l| l.ends_with([':', '-']))
            {
                break;
            }
        }
        head
    }

    /// `[…]`: level, thread, process, or service with trace and span.
    fn bracket(&mut self, text: &'a str) -> Option<usize> {
        let end = text.find(']').filter(|end| *end < MAX_HEAD)?;
        let inside = text.get(1..end)?.trim();
        let length = Some(end + 1);
        if self.level.is_none()
            && let Some(level) = LogLevel::read(inside)
        {
            self.level = Some(level);
            return length;
        }
        if let Some(trace) = traced(inside) {
            self.trace = Some(trace);
            let service = inside.split(',').next().unwrap_or_default().trim();
            if inside.contains(',') && hex_id(service).is_none() {
                self.service = Some(service).filter(|s| !s.is_empty());
            }
            return length;
        }
        let number = !inside.is_empty() && inside.bytes().all(|b| b.is_ascii_digit());
        match (number, self.process, self.thread) {
            (true, None, _) => self.process = Some(inside),
            (false, _, None) if inside.len() < 100 => self.thread = Some(inside),
            // Spring Boot writes the application's name in front of the thread
            (false, _, Some(first)) if self.service.is_none() && self.process.is_some() => {
                self.service = Some(first);
                self.thread = Some(inside);
            }
            _ => return None,
        }
        length
    }

    /// A sign, level, process, caller or logger at the beginning of `text`; its length.
    fn word(&mut self, text: &'a str, tab: bool) -> Option<usize> {
        let end = text.find([' ', '\t', '[', '|']).unwrap_or(text.len());
        let word = text.get(..end)?;
        let rest = text.get(end..)?;
        if word.is_empty() {
            return text.starts_with('|').then_some(1);
        }
        if word.bytes().all(|b| matches!(b, b'-' | b':')) {
            return Some(end);
        }
        if self.level.is_none() {
            return self.before_level(word, rest, tab);
        }
        if word.bytes().all(|b| b.is_ascii_digit()) && rest.trim_start().starts_with("---") {
            self.process = Some(word);
            return Some(end);
        }
        if self.caller.is_none() && self.logger.is_none() && is_caller(word) {
            self.caller = Some(word);
            return Some(end);
        }
        let bare = word.strip_suffix(':').unwrap_or(word);
        let next = rest.trim_start();
        let closed = bare.len() < word.len() || next.starts_with("- ") || next.starts_with(": ");
        let named = bare
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"._$/-".contains(&b));
        // a sentence's first word is no logger: that is a package's or a class's name
        let logger = bare.contains(['.', '_', '$'])
            || bare.starts_with(|c: char| c.is_ascii_uppercase())
            || tab;
        if self.logger.is_none() && closed && named && logger && !bare.is_empty() {
            self.logger = Some(bare);
            let sign = if bare.len() < word.len() {
                0
            } else {
                rest.len() - next.len() + 1
            };
            return Some(end + sign);
        }
        None
    }

    /// A level, or what can stand in front of one.
    fn before_level(&mut self, word: &'a str, rest: &'a str, tab: bool) -> Option<usize> {
        let bare = word.trim_end_matches([':', '：', ',']);
        let shouted = bare
            .chars()
            .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || !c.is_ascii());
        let apart = tab
            || rest.starts_with('\t')
            || rest.starts_with(" - ")
            || rest.starts_with(" |")
            || rest.starts_with('|');
        if let Some(level) =
            LogLevel::read(bare).filter(|_| shouted || apart || bare.len() < word.len())
        {
            self.level = Some(level);
            return Some(word.len());
        }
        // `错误：…` has no space behind it
        if let Some((first, _)) = word.split_once('：')
            && let Some(level) = LogLevel::read(first)
        {
            self.level = Some(level);
            return Some(first.len() + '：'.len_utf8());
        }
        // Python: `name - LEVEL - message`; a process before the level
        if apart
            && self.logger.is_none()
            && word
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"._".contains(&b))
        {
            self.logger = Some(word);
            return Some(word.len());
        }
        if word.bytes().all(|b| b.is_ascii_digit()) && self.process.is_none() {
            self.process = Some(word);
            return Some(word.len());
        }
        None
    }

    /// What was found, into the draft; without a level nothing is certain.
    fn tell(self, draft: &mut Draft<'_>) {
        if self.level.is_none() {
            return;
        }
        draft.level = self.level;
        for (key, value) in [
            ("thread", self.thread),
            ("logger", self.logger),
            ("caller", self.caller),
        ] {
            draft.attr(key, value.unwrap_or_default());
        }
        draft.number("pid", self.process.unwrap_or_default());
        draft.service(self.service.unwrap_or_default());
        if let Some((trace, span)) = self.trace {
            (draft.trace_id, draft.span_id) = (trace, span);
        }
    }
}

/// `file.go:123`, `dir/file.go:123`.
fn is_caller(word: &str) -> bool {
    word.rsplit_once(':').is_some_and(|(file, line)| {
        file.contains('.') && !line.is_empty() && line.bytes().all(|b| b.is_ascii_digit())
    })
}

/// `service,trace,span`, `trace-span`, `trace,span`; a trace has 16 or 32 digits.
fn traced(inside: &str) -> Option<(String, String)> {
    let id = |text: &&str| matches!(text.len(), 16 | 32) && hex_id(text).is_some();
    let ids: Vec<&str> = inside
        .split([',', '-', ' '])
        .map(str::trim)
        .filter(id)
        .collect();
    let trace = hex_id(ids.first()?)?;
    // one id alone is a trace only among the parts of such a list
    if ids.len() == 1 && !inside.contains(',') {
        return None;
    }
    let span = ids.get(1).and_then(|id| hex_id(id)).unwrap_or_default();
    Some((trace, span))
}

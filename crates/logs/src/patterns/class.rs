//! What kind of thing a run of characters is.

use super::token::Wild;

/// What a character does to a message's tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Space,
    /// Stands within names and values.
    Chunk,
    /// A Chinese character (also kana and hangul), which is a word with its neighbours.
    Han,
    /// Opens something quoted.
    Quote,
    /// Anything else, a token by itself.
    Sign,
}

/// The class of the character at `at`, and its bytes.
pub(super) fn class(bytes: &[u8], at: usize) -> (Class, usize) {
    let Some(&byte) = bytes.get(at) else {
        return (Class::Space, 1);
    };
    if byte < 0x80 {
        let class = match byte {
            b' ' | b'\t' | b'\r' | b'\n' => Class::Space,
            b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => Class::Chunk,
            b'_' | b'.' | b'-' | b'/' | b':' | b'+' | b'@' | b'%' | b'#' | b'$' | b'&' | b'*'
            | b'~' | b'\\' | b'?' | b'!' => Class::Chunk,
            b'"' | b'\'' => Class::Quote,
            _ => Class::Sign,
        };
        return (class, 1);
    }
    let width = match byte {
        0xf0.. => 4,
        0xe0.. => 3,
        _ => 2,
    };
    let rest = bytes.get(at..at + width).unwrap_or_default();
    let c = std::str::from_utf8(rest)
        .ok()
        .and_then(|s| s.chars().next());
    let class = match c {
        Some('\u{3000}') => Class::Space,
        Some('“' | '「' | '『') => Class::Quote,
        Some('\u{2e80}'..='\u{2fdf}' | '\u{3005}'..='\u{3007}' | '\u{3040}'..='\u{30ff}') => {
            Class::Han
        }
        Some('\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}') => {
            Class::Han
        }
        Some('\u{20000}'..='\u{3ffff}') => Class::Han,
        Some(c) if c.is_alphanumeric() => Class::Chunk,
        _ => Class::Sign,
    };
    (class, width)
}

/// The end of what is quoted from `from` on, behind the closing mark. An apostrophe within a word opens nothing.
pub(super) fn quoted(bytes: &[u8], from: usize) -> Option<usize> {
    let rest = bytes.get(from..)?;
    let (open, close): (usize, &[u8]) = match rest.first()? {
        b'"' => (1, b"\""),
        b'\'' => (1, b"'"),
        _ => (
            3,
            match rest.get(..3)? {
                [0xe2, ..] => "”".as_bytes(),
                [_, _, 0x8c] => "」".as_bytes(),
                _ => "』".as_bytes(),
            },
        ),
    };
    let before = from.checked_sub(1).and_then(|b| bytes.get(b));
    if *close == *b"'" && before.is_some_and(u8::is_ascii_alphanumeric) {
        return None;
    }
    let mut at = from + open;
    while at < bytes.len() {
        let here = bytes.get(at..)?;
        if here.starts_with(close) {
            return Some(at + close.len());
        }
        at += if here.first() == Some(&b'\\') { 2 } else { 1 };
    }
    None
}

/// The kind of value that the whole text is; `None` for a word and for what consists of several.
pub(super) fn value(text: &[u8]) -> Option<Wild> {
    let first = *text.first()?;
    if first.is_ascii_alphabetic() && text.iter().all(u8::is_ascii_alphabetic) {
        return None;
    }
    let has = |b: u8| text.contains(&b);
    let digits = text.iter().any(u8::is_ascii_digit);
    if has(b':') && text.windows(3).any(|w| w == b"://") {
        return Some(Wild::Url);
    }
    if digits && let Some(wild) = digital(text) {
        return Some(wild);
    }
    if is_path(text) {
        return Some(Wild::Path);
    }
    is_host(text).then_some(Wild::Address)
}

/// Values that have digits.
fn digital(text: &[u8]) -> Option<Wild> {
    if is_address(text) {
        return Some(Wild::Address);
    }
    if is_number(text) {
        return Some(Wild::Number);
    }
    if is_time(text) {
        return Some(Wild::Time);
    }
    if let Some(hex) = text.strip_prefix(b"0x").or(text.strip_prefix(b"0X")) {
        return (!hex.is_empty() && hex.iter().all(u8::is_ascii_hexdigit)).then_some(Wild::Hex);
    }
    if text.len() >= 6 && text.iter().all(u8::is_ascii_hexdigit) {
        return Some(Wild::Hex);
    }
    if is_uuid(text) {
        return Some(Wild::Id);
    }
    number_with_unit(text)
}

/// Sign, digits with points or commas between them, per cent: `-1.5`, `1.2.3`, `99%`.
fn is_number(text: &[u8]) -> bool {
    let text = text.strip_suffix(b"%").unwrap_or(text);
    let text = match text {
        [b'+' | b'-' | b'#', rest @ ..] => rest,
        _ => text,
    };
    let mut digit = false;
    for &byte in text {
        match byte {
            b'0'..=b'9' => digit = true,
            b'.' if digit => digit = false,
            _ => return false,
        }
    }
    digit
}

/// Digits with the signs of dates and clocks: `12:30:15.123`, `2026-11-21T10:00:00Z`, `2005/06/09`, `00:01`.
fn is_time(text: &[u8]) -> bool {
    let (mut colons, mut dashes, mut slashes, mut run) = (0, 0, 0, 0);
    for (at, &byte) in text.iter().enumerate() {
        match byte {
            b'0'..=b'9' => {
                run += 1;
                continue;
            }
            // a clock's fields have two digits
            b':' if run == 1 || run == 2 => colons += 1,
            b'-' if run == 2 || run == 4 => dashes += 1,
            b'/' if run == 2 || run == 4 => slashes += 1,
            b'.' | b'+' if run > 0 && colons + dashes + slashes > 0 => (),
            b'T' if run == 2 && dashes == 2 => (),
            b'Z' if at + 1 == text.len() && colons > 0 => (),
            _ => return false,
        }
        run = 0;
    }
    colons > 0 || dashes == 2 || slashes == 2
}

/// IPv4 with or without port, mask or a slash before it; IPv6 and hardware addresses; a host with a port.
fn is_address(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"/").unwrap_or(text);
    let end = text.iter().position(|b| matches!(b, b':' | b'/'));
    let (host, port) = end.map_or((text, &[][..]), |at| {
        (
            text.get(..at).unwrap_or_default(),
            text.get(at + 1..).unwrap_or_default(),
        )
    });
    let port_ok = port.iter().all(u8::is_ascii_digit);
    let v4 = host.split(|b| *b == b'.');
    let mut parts = 0;
    let octet = |part: &[u8]| (1..=3).contains(&part.len()) && part.iter().all(u8::is_ascii_digit);
    if v4.inspect(|_| parts += 1).all(octet) && parts == 4 {
        return port_ok;
    }
    if end.is_some() && port_ok && !port.is_empty() && port.len() <= 5 {
        let named = host == b"localhost" || is_host(host) || host.len() > 3 && dotted_host(host);
        return named && text.get(end.unwrap_or(0)) == Some(&b':');
    }
    let colons = text.iter().filter(|b| **b == b':').count();
    colons >= 2
        && text
            .iter()
            .all(|b| b.is_ascii_hexdigit() || matches!(b, b':' | b'.'))
        && (colons == 5 || text.windows(2).any(|w| w == b"::") || colons == 7)
}

/// Labels with points between them, all lower case.
fn dotted_host(text: &[u8]) -> bool {
    let label =
        |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.' | b'_');
    text.contains(&b'.') && text.iter().all(label) && !has_extension(text)
}

/// Whether it ends like a source file, which is no host however much it looks like one.
fn has_extension(text: &[u8]) -> bool {
    let last = text.rsplit(|b| *b == b'.').next().unwrap_or_default();
    matches!(
        last,
        b"java"
            | b"c"
            | b"cc"
            | b"cpp"
            | b"h"
            | b"py"
            | b"go"
            | b"rs"
            | b"js"
            | b"ts"
            | b"kt"
            | b"php"
            | b"rb"
            | b"scala"
    )
}

/// A host's name by its top-level domain.
fn is_host(text: &[u8]) -> bool {
    let mut labels = text.rsplit(|b| *b == b'.');
    let Some(top) = labels.next() else {
        return false;
    };
    let known = matches!(
        top,
        b"com"
            | b"net"
            | b"org"
            | b"edu"
            | b"gov"
            | b"cn"
            | b"hk"
            | b"tw"
            | b"jp"
            | b"kr"
            | b"de"
            | b"uk"
            | b"fr"
            | b"ru"
            | b"br"
            | b"in"
            | b"au"
            | b"us"
            | b"eu"
            | b"io"
            | b"local"
            | b"internal"
            | b"lan"
            | b"localdomain"
            | b"om"
            | b"it"
            | b"nl"
            | b"pl"
            | b"svc"
    );
    known && text.contains(&b'.') && {
        let mut any = 0;
        labels.inspect(|_| any += 1).all(|l| {
            !l.is_empty()
                && l.iter()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
        }) && any > 0
    }
}

/// A path: begins like one, or has at least two slashes.
fn is_path(text: &[u8]) -> bool {
    match text {
        [b'/', rest @ ..] => rest.iter().any(u8::is_ascii_alphanumeric),
        [b'.' | b'~', b'/', _, ..] => true,
        [drive, b':', b'\\', ..] => drive.is_ascii_alphabetic(),
        _ => text.iter().filter(|b| matches!(b, b'/' | b'\\')).count() >= 2,
    }
}

/// 8-4-4-4-12 hex digits.
fn is_uuid(text: &[u8]) -> bool {
    text.len() == 36
        && text.iter().enumerate().all(|(at, b)| match at {
            8 | 13 | 18 | 23 => *b == b'-',
            _ => b.is_ascii_hexdigit(),
        })
}

/// `12ms`, `1.5GB`.
fn number_with_unit(text: &[u8]) -> Option<Wild> {
    let number = text
        .iter()
        .position(|b| b.is_ascii_alphabetic())
        .filter(|at| *at > 0)?;
    let (digits, letters) = text.split_at_checked(number)?;
    if !is_number(digits) {
        return None;
    }
    match letters {
        b"s" | b"m" | b"h" | b"d" => Some(Wild::Time),
        b"k" | b"K" | b"M" | b"G" | b"T" => Some(Wild::Number),
        _ => unit(letters),
    }
}

/// What a number with this word behind it is.
pub(super) fn unit(word: &[u8]) -> Option<Wild> {
    match std::str::from_utf8(word).unwrap_or_default() {
        "B" | "字节" => return Some(Wild::Size),
        "微秒" | "毫秒" | "秒" | "秒钟" | "分钟" | "小时" | "天" => {
            return Some(Wild::Time);
        }
        _ => (),
    }
    let (mut lower, length) = ([0; 12], word.len());
    let lower = lower.get_mut(..length)?;
    lower.copy_from_slice(word);
    lower.make_ascii_lowercase();
    match &*lower {
        b"ns" | b"us" | b"ms" | b"msec" | b"msecs" | b"sec" | b"secs" | b"second" | b"seconds"
        | b"min" | b"mins" | b"minute" | b"minutes" | b"hour" | b"hours" | b"day" | b"days"
        | b"millis" | b"millisecond" | b"milliseconds" => Some(Wild::Time),
        b"byte" | b"bytes" | b"kb" | b"mb" | b"gb" | b"tb" | b"kib" | b"mib" | b"gib" => {
            Some(Wild::Size)
        }
        _ => None,
    }
}

/// Where a chunk that is no value by itself falls into two.
pub(super) fn cut(text: &[u8]) -> Option<usize> {
    text.iter()
        .position(|b| matches!(b, b':' | b'/' | b'@' | b'#' | b'&' | b'?' | b'\\'))
}

/// Letters and digits that no person made up: they alternate, within one part of a name.
pub(super) fn is_id(text: &[u8]) -> bool {
    text.split(|b| !b.is_ascii_alphanumeric()).any(|part| {
        let turns = part
            .windows(2)
            .filter(|w| matches!(w, [a, b] if a.is_ascii_digit() != b.is_ascii_digit()))
            .count();
        turns >= 4
    })
}

/// A day of the week in English, long or short.
pub(super) fn is_weekday(word: &[u8]) -> bool {
    let days: [&[u8]; 7] = [
        b"Monday",
        b"Tuesday",
        b"Wednesday",
        b"Thursday",
        b"Friday",
        b"Saturday",
        b"Sunday",
    ];
    days.iter().any(|d| *d == word || d.get(..3) == Some(word))
}

/// A month in English, long or short.
pub(super) fn is_month(word: &[u8]) -> bool {
    let months: [&[u8]; 12] = [
        b"January",
        b"February",
        b"March",
        b"April",
        b"May",
        b"June",
        b"July",
        b"August",
        b"September",
        b"October",
        b"November",
        b"December",
    ];
    months
        .iter()
        .any(|m| *m == word || m.get(..3) == Some(word))
}

/// Whether what follows this word is somebody's name.
pub(super) fn names_somebody(word: &[u8]) -> bool {
    matches!(word, b"user" | b"User" | b"username")
}

/// A name that programs make or use, no word of a language: it has signs or digits within, or changes its case.
pub(super) fn is_identifier(word: &[u8]) -> bool {
    word.windows(2)
        .any(|w| matches!(w, [a, b] if a.is_ascii_lowercase() && b.is_ascii_uppercase()))
        || word
            .iter()
            .any(|b| b.is_ascii_digit() || matches!(b, b'_' | b'.' | b'$'))
}

//! Numbers, characters and texts as a template writes them.

use super::ast::ArgKind;

/// A number, or a character's code.
pub(super) fn number(text: &str) -> Option<ArgKind> {
    if text.starts_with('\'') {
        let inside = unquote(text)?;
        let mut chars = inside.chars();
        let c = chars.next()?;
        return chars
            .next()
            .is_none()
            .then(|| ArgKind::Int(text.to_owned(), i64::from(u32::from(c))));
    }
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let plain = digits.replace('_', "");
    let radix = |prefix: [&str; 2], radix: u32| {
        prefix
            .iter()
            .find_map(|p| plain.strip_prefix(p))
            .and_then(|s| i64::from_str_radix(s, radix).ok())
    };
    let int = radix(["0x", "0X"], 16)
        .or_else(|| radix(["0b", "0B"], 2))
        .or_else(|| radix(["0o", "0O"], 8))
        .or_else(|| {
            let octal = plain.len() > 1 && plain.starts_with('0');
            i64::from_str_radix(&plain, if octal { 8 } else { 10 }).ok()
        });
    if let Some(n) = int {
        return Some(ArgKind::Int(text.to_owned(), sign * n));
    }
    let f = plain
        .parse::<f64>()
        .ok()
        .filter(|_| plain.starts_with(|c: char| c.is_ascii_digit() || c == '.'))?;
    Some(ArgKind::Float(text.to_owned(), f * sign as f64))
}

/// What a Go literal in quotes means; `None` where it means nothing, or no UTF-8.
pub(super) fn unquote(text: &str) -> Option<String> {
    let quote = text.chars().next()?;
    let inside = text.get(1..text.len().checked_sub(1)?)?;
    if quote == '`' {
        return Some(inside.replace('\r', ""));
    }
    let mut bytes = Vec::with_capacity(inside.len());
    let mut chars = inside.chars();
    while let Some(c) = chars.next() {
        let mut add = if c == '\\' {
            escaped(&mut chars, quote)?
        } else {
            c.to_string().into_bytes()
        };
        bytes.append(&mut add);
    }
    String::from_utf8(bytes).ok()
}

/// What follows a backslash.
fn escaped(chars: &mut std::str::Chars<'_>, quote: char) -> Option<Vec<u8>> {
    let c = chars.next()?;
    let simple = match c {
        'a' => Some(7),
        'b' => Some(8),
        'f' => Some(12),
        'n' => Some(b'\n'),
        'r' => Some(b'\r'),
        't' => Some(b'\t'),
        'v' => Some(11),
        '\\' => Some(b'\\'),
        c if c == quote => u8::try_from(c).ok(),
        _ => None,
    };
    if let Some(byte) = simple {
        return Some(vec![byte]);
    }
    let digits = match c {
        'x' => 2,
        'u' => 4,
        'U' => 8,
        _ => return None,
    };
    let text: String = chars.by_ref().take(digits).collect();
    let code = u32::from_str_radix(&text, 16)
        .ok()
        .filter(|_| text.len() == digits)?;
    if c == 'x' {
        u8::try_from(code).ok().map(|b| vec![b])
    } else {
        char::from_u32(code).map(|c| c.to_string().into_bytes())
    }
}

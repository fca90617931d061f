//! Bytes to text, and text without what could deceive or disturb a reader.

use super::MAX_RECORD;
use encoding_rs::GB18030;
use model::log::Attrs;
use serde_json::Value;
use std::borrow::Cow;

/// What was changed; see [`super::NOTES`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Notes {
    pub cut_bytes: usize,
    pub encoding: Option<&'static str>,
    pub replaced: usize,
    pub escapes: usize,
    pub controls: usize,
    pub bidi: usize,
    pub dropped_attrs: usize,
    pub duplicate_keys: usize,
    pub partial: bool,
}

impl Notes {
    /// What there is to tell.
    pub fn told(&self) -> Attrs {
        let counts = [
            ("cut_bytes", self.cut_bytes),
            ("replaced", self.replaced),
            ("escapes", self.escapes),
            ("controls", self.controls),
            ("bidi", self.bidi),
            ("dropped_attrs", self.dropped_attrs),
            ("duplicate_keys", self.duplicate_keys),
        ];
        let mut out: Attrs = counts
            .into_iter()
            .filter(|(_, n)| *n > 0)
            .map(|(name, n)| (name.to_owned(), Value::from(n)))
            .collect();
        if let Some(encoding) = self.encoding {
            out.insert("encoding".to_owned(), encoding.into());
        }
        if self.partial {
            out.insert("partial".to_owned(), true.into());
        }
        out
    }
}

/// The bytes as text: UTF-8; GB18030 (GBK) when they are that; else UTF-8 with replacement characters.
pub(super) fn decode<'a>(bytes: &'a [u8], notes: &mut Notes) -> Cow<'a, str> {
    let (bytes, rest) = bytes.split_at(bytes.len().min(MAX_RECORD));
    notes.cut_bytes += rest.len();
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) => return Cow::Borrowed(text),
        // the limit may have cut a character
        Err(e) if e.error_len().is_none() && !rest.is_empty() => {
            if let Some(text) = bytes.get(..e.valid_up_to()).map(str::from_utf8) {
                notes.cut_bytes += bytes.len() - e.valid_up_to();
                return Cow::Borrowed(text.unwrap_or_default());
            }
        }
        Err(_) => (),
    }
    if let Some(text) = chinese(bytes) {
        notes.encoding = Some("gb18030");
        return Cow::Owned(text);
    }
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        if !chunk.invalid().is_empty() {
            out.push(char::REPLACEMENT_CHARACTER);
            notes.replaced += chunk.invalid().len();
        }
    }
    Cow::Owned(out)
}

/// GB18030, when all of it is, and what comes out are mostly Chinese characters. A text of UTF-8 with a few broken places is not.
fn chinese(bytes: &[u8]) -> Option<String> {
    let (mut good, mut broken) = (0, 0);
    for chunk in bytes.utf8_chunks() {
        good += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        broken += usize::from(!chunk.invalid().is_empty());
    }
    if good > broken {
        return None;
    }
    let text = GB18030.decode_without_bom_handling_and_without_replacement(bytes)?;
    let common = |c: &char| matches!(c, '\u{4e00}'..='\u{9fff}' | '\u{3000}'..='\u{303f}' | '\u{ff00}'..='\u{ff5e}' | '“' | '”' | '—' | '…' | '·');
    let beyond = text.chars().filter(|c| !c.is_ascii()).count();
    let known = text.chars().filter(common).count();
    (known * 10 >= beyond * 8).then(|| text.into_owned())
}

/// The text without control sequences, with other control characters and bidirectional controls made visible, cut at a character's
/// boundary to `max` bytes.
pub(super) fn clean(text: &str, max: usize, notes: &mut Notes) -> String {
    let suspicious = |b: &u8| {
        (*b < 0x20 && !matches!(b, b'\n' | b'\t')) || *b == 0x7f || matches!(b, 0xc2 | 0xd8 | 0xe2)
    };
    if text.len() <= max && !text.as_bytes().iter().any(suspicious) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len().min(max));
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let before = out.len();
        match c {
            '\n' | '\t' => out.push(c),
            '\r' => {
                if chars.peek().is_some_and(|(_, next)| *next != '\n') {
                    out.push('\n');
                }
            }
            '\u{1b}' | '\u{9b}' => {
                notes.escapes += 1;
                let rest = text.get(at + c.len_utf8()..).unwrap_or_default();
                let skip = sequence(rest, c == '\u{9b}');
                let end = at + c.len_utf8() + skip;
                while chars.next_if(|(at, _)| *at < end).is_some() {}
            }
            '\0'..='\u{1f}' => {
                notes.controls += 1;
                out.extend(char::from_u32(0x2400 + c as u32));
            }
            '\u{7f}' => {
                notes.controls += 1;
                out.push('␡');
            }
            '\u{80}'..='\u{9f}' => {
                notes.controls += 1;
                out.push(char::REPLACEMENT_CHARACTER);
            }
            '\u{202a}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{61c}' => {
                notes.bidi += 1;
                out.push_str(&format!("⟨U+{:04X}⟩", c as u32));
            }
            _ => out.push(c),
        }
        if out.len() > max {
            out.truncate(before);
            notes.cut_bytes += text.len() - at;
            break;
        }
    }
    out
}

/// The text without terminal control sequences, such as colours, each as a whole: without its escape character alone the rest of it
/// would stand in the text.
pub fn without_escapes(text: &str) -> Cow<'_, str> {
    let is_escape = |c: char| matches!(c, '\u{1b}' | '\u{9b}');
    let Some(first) = text.find(is_escape) else {
        return Cow::Borrowed(text);
    };
    let mut out = String::with_capacity(text.len());
    let (kept, mut rest) = text.split_at(first);
    out.push_str(kept);
    while let Some(c) = rest.chars().next() {
        let behind = rest.get(c.len_utf8()..).unwrap_or_default();
        let skip = sequence(behind, c == '\u{9b}');
        rest = behind.get(skip..).unwrap_or_default();
        let next = rest.find(is_escape).unwrap_or(rest.len());
        let (kept, further) = rest.split_at(next);
        out.push_str(kept);
        rest = further;
    }
    Cow::Owned(out)
}

/// Bytes of a control sequence behind its escape character (ECMA-48): `[31m`, a title up to BEL, a single letter.
fn sequence(rest: &str, control: bool) -> usize {
    let bytes = rest.as_bytes();
    let first = bytes.first().copied();
    if control || first == Some(b'[') {
        let from = usize::from(!control);
        let body = bytes
            .iter()
            .skip(from)
            .take_while(|b| (0x20..0x40).contains(*b));
        let end = from + body.count();
        // what ends it belongs to it, unless the sequence is broken
        return end + usize::from(bytes.get(end).is_some_and(|b| (0x40..0x7f).contains(b)));
    }
    match first {
        Some(b']' | b'P' | b'^' | b'_') => {
            let limit = bytes.iter().take(4096);
            let end = limit.enumerate().find_map(|(at, b)| match b {
                0x07 => Some(at + 1),
                0x1b if bytes.get(at + 1) == Some(&b'\\') => Some(at + 2),
                _ => None,
            });
            end.unwrap_or(1)
        }
        Some(0x20..=0x7e) => 1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cleaned(text: &str) -> (String, Notes) {
        let mut notes = Notes::default();
        (clean(text, 1000, &mut notes), notes)
    }

    #[test]
    fn colours_titles_and_controls() {
        let (text, notes) = cleaned(
            "\u{1b}[1;31m错误\u{1b}[0m \u{1b}]0;title\u{7}x\u{1b}]8;;u\u{1b}\\y\u{9b}2Kz\u{1b}cq",
        );
        assert_eq!((text.as_str(), notes.escapes), ("错误 xyzq", 6));
        let (text, notes) = cleaned("a\0b\u{7}c\u{7f}\u{85}\td\r\ne\rf\u{1b}");
        assert_eq!(
            (text.as_str(), notes.controls),
            ("a␀b␇c␡\u{fffd}\td\ne\nf", 4)
        );
        let (text, notes) = cleaned("transfer \u{202e}001\u{2066}");
        assert_eq!(
            (text.as_str(), notes.bidi),
            ("transfer ⟨U+202E⟩001⟨U+2066⟩", 2)
        );
    }

    #[test]
    fn a_broken_sequence_swallows_nothing() {
        assert_eq!(cleaned("\u{1b}[31\nkept").0, "\nkept");
        assert_eq!(cleaned("\u{1b}]never closed").0, "never closed");
    }

    #[test]
    fn escapes_go_and_nothing_else() {
        for (text, wanted) in [
            ("plain 订单", "plain 订单"),
            ("\u{1b}[1;31m错误\u{1b}[0m: x", "错误: x"),
            ("a\u{1b}]0;title\u{7}b\u{9b}2Kc\u{1b}cd\u{1b}", "abcd"),
            ("\u{1b}[31\nkept\0", "\nkept\0"),
            ("\u{1b}订", "订"),
        ] {
            assert_eq!(without_escapes(text), wanted, "{text:?}");
        }
    }

    #[test]
    fn gbk_is_known_and_broken_utf8_is_not_gbk() {
        let mut notes = Notes::default();
        let (gbk, _, _) = GB18030.encode("订单创建失败：库存不足 order=1");
        assert_eq!(decode(&gbk, &mut notes), "订单创建失败：库存不足 order=1");
        assert_eq!((notes.encoding, notes.replaced), (Some("gb18030"), 0));
        let mut notes = Notes::default();
        let mut broken = "订单创建失败".as_bytes().to_vec();
        broken.truncate(broken.len() - 1);
        assert_eq!(decode(&broken, &mut notes), "订单创建失\u{fffd}");
        assert_eq!((notes.encoding, notes.replaced), (None, 2));
        let mut notes = Notes::default();
        assert_eq!(decode(b"a\xff\xfeb", &mut notes), "a\u{fffd}\u{fffd}b");
        assert_eq!(notes.replaced, 2);
    }

    proptest! {
        #[test]
        fn what_is_clean_has_no_controls_and_its_size(text in "(\\x1b\\[[0-9;]{0,3}[a-z]|[\\x00-\\x20]|\u{202e}|[a-c订单]|.){0,40}", max in 0usize..80) {
            let mut notes = Notes::default();
            let out = clean(&text, max, &mut notes);
            prop_assert!(out.len() <= max, "{} > {}", out.len(), max);
            let shows = |c: char| (!c.is_control() || matches!(c, '\n' | '\t')) && !('\u{202a}'..='\u{202e}').contains(&c);
            prop_assert!(out.chars().all(shows));
        }

        #[test]
        fn without_escapes_there_is_none_and_what_has_none_stays(text in "(\\x1b[\\[\\]P]?[0-9;]{0,3}[a-zé]?|\u{9b}|[a-c订单\\n]){0,30}") {
            let out = without_escapes(&text);
            let escapes = ['\u{1b}', '\u{9b}'];
            prop_assert!(!out.contains(escapes));
            let again = without_escapes(&out).into_owned();
            prop_assert_eq!(again.as_str(), out.as_ref());
        }

        #[test]
        fn any_bytes_become_text(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let mut notes = Notes::default();
            let text = decode(&bytes, &mut notes).into_owned();
            clean(&text, 1000, &mut notes);
        }
    }
}

//! Text from outside made safe to show: control and direction characters become visible marks, lengths are bounded in characters.
//!
//! A label's value can hold anything. A right-to-left override makes a name read as another one, a line feed fakes a second line, an escape
//! sequence repaints a terminal. Markup is not touched here: a channel that interprets it escapes it ([`escape_markup`]).

use std::fmt::Write as _;

/// Characters of a title.
pub const TITLE: usize = 120;
/// Characters of a line of the body.
pub const LINE: usize = 300;
/// Characters of a fact's value, and of a value in an error.
pub const DETAIL: usize = 200;
/// Characters of a label's name.
pub const NAME: usize = 60;

/// One line: without marks at the ends, at most `max` characters, the last one `…` if something is missing. Breaks become `⏎`, tabs a blank.
pub fn line(text: &str, max: usize) -> String {
    let mut out = String::new();
    // what is not shown is not looked at: a value may be of megabytes
    for (count, c) in text.trim().chars().enumerate() {
        if count == max {
            out.pop();
            out.push('…');
            return out;
        }
        push_visible(&mut out, c);
    }
    out
}

/// Several lines, each as [`line`] makes it; empty ones fall out. At most `max_lines`.
pub fn lines(text: &str, max: usize, max_lines: usize) -> Vec<String> {
    text.lines()
        .map(|l| line(l, max))
        .filter(|l| !l.is_empty())
        .take(max_lines)
        .collect()
}

fn push_visible(out: &mut String, c: char) {
    match c {
        '\n' | '\u{2028}' | '\u{2029}' | '\u{85}' => out.push('⏎'),
        '\r' => {}
        '\t' => out.push(' '),
        // Unicode has a picture for each of the C0 controls
        '\0'..='\u{1f}' => out.push(char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{fffd}')),
        '\u{7f}' => out.push('\u{2421}'),
        c if is_deceptive(c) => {
            // writing to a String cannot fail
            let _ = write!(out, "‹U+{:04X}›", u32::from(c));
        }
        c => out.push(c),
    }
}

/// Direction marks, invisible characters, C1 controls, tags, private use: what makes a text look like another.
fn is_deceptive(c: char) -> bool {
    matches!(c,
        '\u{80}'..='\u{9f}'
        | '\u{ad}'
        | '\u{61c}'
        | '\u{180e}'
        | '\u{200b}' | '\u{200e}' | '\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{e000}'..='\u{f8ff}'
        | '\u{e0000}'..='\u{e007f}'
        | '\u{f0000}'..='\u{10ffff}')
}

/// `&`, `<`, `>` and quotes as entities, for servers that interpret markup in the body of a notification.
pub fn escape_markup(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_deceives_is_shown() {
        assert_eq!(line("pay\u{202e}gpj.exe", 50), "pay‹U+202E›gpj.exe");
        assert_eq!(line("a\u{1b}[31mred\u{7}", 50), "a␛[31mred␇");
        assert_eq!(line("one\r\ntwo\tthree", 50), "one⏎two three");
        assert_eq!(line("a\u{200b}b\u{9b}c", 50), "a‹U+200B›b‹U+009B›c");
        assert_eq!(line("微信支付 ✅ 👩‍💻", 50), "微信支付 ✅ 👩‍💻");
    }

    #[test]
    fn lengths_are_in_characters() {
        assert_eq!(line("支付成功率", 5), "支付成功率");
        assert_eq!(line("支付成功率低", 5), "支付成功…");
        assert_eq!(lines("a\n\n b \nc\nd", 10, 3), ["a", "b", "c"]);
        assert_eq!(line("", 5), "");
    }

    #[test]
    fn markup_is_escaped() {
        assert_eq!(
            escape_markup("<b>\"a\" & 'b'</b>"),
            "&lt;b&gt;&quot;a&quot; &amp; &apos;b&apos;&lt;/b&gt;"
        );
    }

    proptest! {
        #[test]
        fn no_control_gets_through(s in "\\PC*|.*|[\\x00-\\x1f\u{202a}-\u{202e}]{0,40}", max in 1usize..40) {
            let out = line(&s, max);
            prop_assert!(out.chars().all(|c| !c.is_control() && !is_deceptive(c)));
            // a mark is at most ten characters
            prop_assert!(out.chars().count() <= max * 10);
        }
    }
}

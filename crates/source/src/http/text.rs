//! Texts of the other side, made fit to be shown and logged.

/// One line without control characters and direction overrides, at most `max` characters.
pub(crate) fn clean(text: &str, max: usize) -> String {
    let mut out = String::with_capacity(text.len().min(max * 4));
    let mut count = 0;
    let mut gap = false;
    for c in text.chars() {
        // bidirectional overrides and isolates can make a text read as another one
        let hidden = matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
        if c.is_whitespace() || c.is_control() || hidden {
            gap = !out.is_empty();
            continue;
        }
        if count >= max {
            out.push('…');
            break;
        }
        if gap {
            out.push(' ');
            count += 1;
            gap = false;
        }
        out.push(c);
        count += 1;
    }
    out
}

/// What a page is about: an HTML page's title, or its text without tags.
pub(crate) fn gist(page: &str) -> String {
    let lower = page.to_ascii_lowercase(); // same byte positions as `page`
    let title = lower.find("<title").and_then(|at| {
        let open = at + lower.get(at..)?.find('>')? + 1;
        let close = open + lower.get(open..)?.find("</title")?;
        page.get(open..close)
    });
    match title {
        Some(title) if !title.trim().is_empty() => title.to_owned(),
        _ => without_tags(page),
    }
}

fn without_tags(page: &str) -> String {
    let mut out = String::with_capacity(page.len());
    let mut inside = false;
    for c in page.chars() {
        match c {
            '<' => inside = true,
            '>' if inside => {
                inside = false;
                out.push(' ');
            }
            _ if inside => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_without_tricks() {
        assert_eq!(clean("  a\u{202e}b\r\n\tc\u{1b}[31m ", 50), "a b c [31m");
        assert_eq!(clean("守望守望", 3), "守望守…");
        assert_eq!(clean("守望", 2), "守望");
    }

    #[test]
    fn the_gist_of_a_page() {
        assert_eq!(gist("<html><TITLE>Sign in</TITLE><body>x"), "Sign in");
        assert_eq!(clean(&gist("<p>Hello <b>you</b>"), 50), "Hello you");
        assert_eq!(gist("plain"), "plain");
        assert_eq!(gist("<title>never closed").trim(), "never closed");
    }
}

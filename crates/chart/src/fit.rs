//! Text that fits into a width.

/// How wide a text is, pixels.
pub(crate) trait Measure {
    /// See the trait.
    fn width(&self, text: &str) -> i32;
}

impl<F: Fn(&str) -> i32> Measure for F {
    fn width(&self, text: &str) -> i32 {
        self(text)
    }
}

/// At most `lines` lines of at most `width` pixels; what does not fit ends with `…`. Breaks before a word where one begins late in the
/// line, else anywhere: Chinese has no spaces.
pub(crate) fn lines(text: &str, width: i32, lines: usize, measure: &impl Measure) -> Vec<String> {
    let mut out = Vec::new();
    let cleaned: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let mut rest = cleaned.trim();
    while !rest.is_empty() && out.len() < lines {
        let fits = longest(rest, width, measure);
        if fits == rest.len() {
            out.push(rest.to_owned());
            return out;
        }
        if out.len() + 1 == lines {
            out.push(shortened(rest, width, measure));
            return out;
        }
        let end = word_end(rest, fits);
        let (line, after) = rest.split_at(end);
        out.push(line.trim_end().to_owned());
        rest = after.trim_start();
    }
    out
}

/// One line, ending with `…` when it does not fit.
pub(crate) fn line(text: &str, width: i32, measure: &impl Measure) -> String {
    lines(text, width, 1, measure).pop().unwrap_or_default()
}

/// Bytes of the longest beginning that fits; at least one character, so that a line always goes on.
fn longest(text: &str, width: i32, measure: &impl Measure) -> usize {
    if measure.width(text) <= width {
        return text.len();
    }
    let ends: Vec<usize> = text
        .char_indices()
        .map(|(i, c)| i + c.len_utf8())
        .take(2_000)
        .collect();
    let fitting = ends.partition_point(|end| measure.width(&text[..*end]) <= width);
    ends.get(fitting.saturating_sub(1))
        .copied()
        .unwrap_or(text.len())
}

fn shortened(text: &str, width: i32, measure: &impl Measure) -> String {
    let room = width - measure.width("…");
    let end = longest(text, room, measure);
    format!("{}…", text[..end].trim_end())
}

/// The last beginning of a word behind the first third of a line, or the line's end.
fn word_end(text: &str, fits: usize) -> usize {
    let line = &text[..fits];
    line.rfind(' ')
        .filter(|at| *at > 0 && at * 3 > fits)
        .unwrap_or(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wide(text: &str) -> i32 {
        text.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum()
    }

    #[test]
    fn what_does_not_fit_is_said_to_go_on() {
        assert_eq!(lines("订单服务", 8, 1, &wide), ["订单服务"]);
        assert_eq!(lines("订单服务错误", 8, 1, &wide), ["订单服…"]);
        assert_eq!(lines("订单服务错误", 8, 2, &wide), ["订单服务", "错误"]);
        assert_eq!(line("", 8, &wide), "");
        assert_eq!(line("a\nb\u{7}c", 8, &wide), "a b c");
    }

    #[test]
    fn words_stay_whole_where_they_can() {
        assert_eq!(
            lines("order service is slow", 12, 3, &wide),
            ["order", "service is", "slow"]
        );
        assert_eq!(lines("aaaaaaaaaaaaaaaa", 6, 2, &wide), ["aaaaaa", "aaaa…"]);
    }

    #[test]
    fn a_width_of_nothing_ends() {
        assert_eq!(lines("订单", 0, 5, &wide), ["订", "单"]);
    }
}

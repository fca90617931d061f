//! What the command line writes.

use crate::texts::say;
use std::collections::BTreeMap;
use std::io::Write;
use std::process::ExitCode;

/// A line on standard output. When nobody reads any more (`| head`), that is no error of ours.
pub fn line(text: &str) {
    let _ = writeln!(std::io::stdout(), "{}", printable(text));
}

/// A line on standard error.
pub fn error_line(text: &str) {
    let _ = writeln!(std::io::stderr(), "{}", printable(text));
}

/// Values come from outside: control characters (a terminal's escape sequences) do not go to the terminal.
fn printable(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c.is_control() && c != '\n' && c != '\t' {
                '\u{fffd}'
            } else {
                c
            }
        })
        .collect()
}

/// A sentence with its values.
pub fn sentence(locale: &str, key: &str, params: &[(&str, String)]) -> String {
    let mut params: BTreeMap<String, String> = params
        .iter()
        .map(|(n, v)| ((*n).to_owned(), v.clone()))
        .collect();
    // As the page does it: a reason that is a sentence of its own stands in its place.
    if let Some(reason) = params
        .get("reason_key")
        .map(|key| say(locale, key, &params))
    {
        params.entry("reason".to_owned()).or_insert(reason);
    }
    say(locale, key, &params)
}

/// Says what went wrong; the exit code of a failed command.
pub fn fail(locale: &str, key: &str, params: &[(&str, String)]) -> ExitCode {
    error_line(&sentence(locale, key, params));
    ExitCode::FAILURE
}

/// Columns padded by their width on a terminal, where a Han character takes two places.
pub fn table(rows: &[Vec<String>]) {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|c| {
            rows.iter()
                .filter_map(|r| r.get(c))
                .map(|t| width(t))
                .max()
                .unwrap_or(0)
        })
        .collect();
    for row in rows {
        let cells = row.iter().zip(&widths).enumerate().map(|(i, (text, w))| {
            let pad = if i + 1 == row.len() {
                0
            } else {
                w.saturating_sub(width(text))
            };
            format!("{text}{}", " ".repeat(pad))
        });
        line(cells.collect::<Vec<_>>().join("  ").trim_end());
    }
}

fn width(text: &str) -> usize {
    // East Asian wide characters begin at U+1100 (Hangul Jamo); finer tables are not worth a crate here.
    text.chars()
        .map(|c| if u32::from(c) >= 0x1100 { 2 } else { 1 })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_do_not_reach_the_terminal() {
        assert_eq!(printable("a\u{1b}[31mb\tc"), "a\u{fffd}[31mb\tc");
        assert_eq!(width("ab大屏"), 6);
    }
}

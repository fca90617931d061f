//! A question of a board must not change anything at the server. The login should not be allowed to; this is the second lock.

use crate::error::{QueryFault, SourceError};
use model::Lang;

/// Libraries of Flux that can neither write nor reach other systems.
const LIBRARIES: &[&str] = &[
    "array",
    "date",
    "dict",
    "experimental/aggregate",
    "influxdata/influxdb/schema",
    "interpolate",
    "join",
    "math",
    "regexp",
    "strings",
    "timezone",
    "types",
];

/// Words after which a slash begins a regular expression and no division.
const BEFORE_REGEX: &[&str] = &["from", "by", "select", "where", "and", "or", "in"];

/// Refuses what is not one reading statement.
///
/// # Errors
/// [`SourceError::Query`] that says what is not allowed.
pub(super) fn read_only(lang: Lang, text: &str) -> Result<(), SourceError> {
    let refused = match lang {
        Lang::Promql => None,
        Lang::Influxql => influxql(text),
        Lang::Flux => flux(text),
        // its endpoint answers nothing but queries; the first word makes the message clear
        Lang::Sql => (!begins_with(text, &["select", "with", "show"])).then_some("this statement"),
    };
    match refused {
        None => Ok(()),
        Some(what) => Err(SourceError::Query {
            fault: QueryFault::Invalid,
            message: format!("only one reading statement may be asked: {what} is not allowed"),
        }),
    }
}

fn begins_with(text: &str, words: &[&str]) -> bool {
    let first = text
        .trim_start()
        .split(|c: char| !c.is_ascii_alphabetic())
        .next()
        .unwrap_or("");
    words.iter().any(|w| first.eq_ignore_ascii_case(w))
}

fn influxql(text: &str) -> Option<&'static str> {
    if !begins_with(text, &["select", "show"]) {
        return Some("this statement");
    }
    let chars: Vec<char> = text.trim_end().trim_end_matches(';').chars().collect();
    let at = |i: usize| chars.get(i).copied().unwrap_or('\0');
    let (mut i, mut last, mut word) = (0, '\0', String::new());
    while i < chars.len() {
        let c = at(i);
        if c.is_alphanumeric() || c == '_' {
            word.clear();
            while at(i).is_alphanumeric() || at(i) == '_' {
                word.push(at(i).to_ascii_lowercase());
                i += 1;
            }
            if word == "into" {
                return Some("INTO");
            }
            last = 'a';
            continue;
        }
        match c {
            ';' => return Some("a second statement"),
            '-' if at(i + 1) == '-' => return Some("a comment"),
            '/' if at(i + 1) == '*' => return Some("a comment"),
            '\'' | '"' => i = closing(&chars, i, c)?,
            '/' => {
                let divides = match last {
                    'a' => !BEFORE_REGEX.contains(&word.as_str()),
                    ')' | '"' | '\'' => true,
                    _ => false,
                };
                if !divides {
                    i = closing(&chars, i, '/')?;
                }
            }
            _ => {}
        }
        if !c.is_whitespace() {
            last = c;
        }
        i += 1;
    }
    None
}

/// The place of the quote that ends what begins at `from`; without one the server will refuse the text anyway.
fn closing(chars: &[char], from: usize, quote: char) -> Option<usize> {
    let mut i = from + 1;
    while let Some(c) = chars.get(i) {
        match c {
            '\\' => i += 1,
            c if *c == quote => return Some(i),
            _ => {}
        }
        i += 1;
    }
    None
}

fn flux(text: &str) -> Option<&'static str> {
    // looked for everywhere, strings and comments included: strict, and nothing can hide
    for (at, _) in text.match_indices("import") {
        let rest = text.get(at + "import".len()..).unwrap_or("").trim_start();
        let name = rest.split('"').nth(1).unwrap_or("");
        if rest.contains('"') && !LIBRARIES.contains(&name) {
            return Some("a library that may write");
        }
    }
    let mut before = '\0';
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_alphabetic() || c == '_') {
        if start > 0 {
            before = rest
                .get(..start)
                .and_then(|s| s.chars().last())
                .unwrap_or('\0');
        }
        let word_on = rest.get(start..).unwrap_or("");
        let len = word_on
            .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
            .unwrap_or(word_on.len());
        let (word, after) = word_on.split_at_checked(len).unwrap_or((word_on, ""));
        let is_argument = after.trim_start().starts_with(':');
        if matches!(word, "to" | "wideTo") && before != '$' && !is_argument {
            return Some("to()");
        }
        before = 'a';
        rest = after;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(lang: Lang, text: &str) -> bool {
        read_only(lang, text).is_err()
    }

    #[test]
    fn influxql_reads_and_nothing_else() {
        for good in [
            "SELECT mean(\"into\") / 2 FROM \"a;b\" WHERE x = 'drop; into' GROUP BY time(1m);",
            "select a from /'into'/ where b =~ /;'/ and c = 1",
            "SHOW MEASUREMENTS",
            "SELECT (a) / b, \"c\" / 3 FROM d",
            "SELECT a - -1 FROM b",
        ] {
            assert!(!refused(Lang::Influxql, good), "{good}");
        }
        for bad in [
            "DROP MEASUREMENT cpu",
            "",
            "SELECT a INTO b FROM c",
            "SELECT a FROM b; DROP DATABASE c",
            "SELECT a FROM b -- '\n; DROP DATABASE c --'",
            "SELECT a FROM /'/ ; DROP DATABASE c; SELECT '",
            "SELECT a FROM b WHERE c =~ /'/ ; DROP DATABASE d /'/",
            "SELECT a FROM b /* ' */ ; DROP DATABASE c /* ' */",
        ] {
            assert!(refused(Lang::Influxql, bad), "{bad}");
        }
    }

    #[test]
    fn flux_and_sql_read_and_nothing_else() {
        let good = "import \"math\"\nfrom(bucket: $database) |> range(start: $from, stop: $to) |> filter(fn: (r) => r.to_host == \"a\")";
        assert!(!refused(Lang::Flux, good));
        assert!(!refused(Lang::Sql, "WITH x AS (SELECT 1) SELECT * FROM x"));
        for bad in [
            "from(bucket: \"a\") |> to(bucket: \"b\")",
            "w = to\nfrom(bucket: \"a\") |> w(bucket: \"b\")",
            "import \"sql\"\nx = 1",
            "import h \"experimental/http\"\nh.post()",
            "from(bucket: \"a\") |> wideTo(bucket: \"b\")",
        ] {
            assert!(refused(Lang::Flux, bad), "{bad}");
        }
        assert!(refused(Lang::Sql, "DELETE FROM x"));
    }
}

//! What a store found odd, read from the sentences that it sends: Jaeger has no codes for them.

use model::trace::{SpanId, Trace};

/// What a store says of a trace or a span. Jaeger's sentences are those of its clock skew adjuster, versions 1.x and 2.x.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// The store has moved the span's times already, by so much, ns; it may be negative. So nothing here is as recorded.
    AdjustedByStore(i64),
    /// The store's clock adjustment is off (or the span is beyond its limit); it would have moved the span by so much, ns.
    NotAdjusted(i64),
    /// The span's parent is not in the trace. Arranging says so too ([`crate::Marks::ORPHAN`]); when it does not, the span came
    /// after the store had looked.
    ParentMissing(Option<SpanId>),
    /// Ids repeat, so the store did not adjust clocks.
    DuplicateIds,
    /// Anything else, in the store's words.
    Other(String),
}

/// All notes of a trace: its own first, then those of its spans by their index.
pub(crate) fn all(trace: &Trace) -> Vec<(Option<u32>, Note)> {
    let of_trace = trace.warnings.iter().map(|w| (None, read(w)));
    let spans = (0..).zip(&trace.spans);
    let of_spans = spans.flat_map(|(n, s)| s.warnings.iter().map(move |w| (Some(n), read(w))));
    of_trace.chain(of_spans).collect()
}

fn read(text: &str) -> Note {
    let known = adjusted(text)
        .or_else(|| not_adjusted(text))
        .or_else(|| missing(text));
    match known {
        Some(note) => note,
        None if text.starts_with("duplicate span IDs") => Note::DuplicateIds,
        None => Note::Other(text.to_owned()),
    }
}

fn adjusted(text: &str) -> Option<Note> {
    let by = text.strip_prefix("This span's timestamps were adjusted by ")?;
    go_duration(by).map(Note::AdjustedByStore)
}

fn not_adjusted(text: &str) -> Option<Note> {
    let (why, by) = text.split_once("; not applying calculated delta of ")?;
    let known = why.starts_with("clock skew adjustment disabled")
        || why.starts_with("max clock skew adjustment delta");
    known
        .then(|| go_duration(by))
        .flatten()
        .map(Note::NotAdjusted)
}

fn missing(text: &str) -> Option<Note> {
    let what = text.strip_suffix("; skipping clock skew adjustment")?;
    let id = what
        .strip_prefix("parent span ID=")
        .and_then(|w| w.strip_suffix(" is not in the trace"))
        .or_else(|| what.strip_prefix("invalid parent span IDs="))?;
    Some(Note::ParentMissing(id.parse().ok()))
}

/// Reads Go's way of writing a duration (`-1h2m3.5s`, `1.2ms`, `500µs`), in ns.
fn go_duration(text: &str) -> Option<i64> {
    let text = text.trim();
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text),
    };
    let mut sum = 0.0;
    while !rest.is_empty() && rest != "0" {
        let number = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (value, unit_on) = rest.split_at_checked(number)?;
        let unit = unit_on
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(unit_on.len());
        let (unit, after) = unit_on.split_at_checked(unit)?;
        let ns = match unit {
            "ns" => 1.0,
            "us" | "µs" | "μs" => 1e3,
            "ms" => 1e6,
            "s" => 1e9,
            "m" => 60e9,
            "h" => 3_600e9,
            _ => return None,
        };
        sum += value.parse::<f64>().ok()? * ns;
        rest = after;
    }
    Some((sign * sum).round() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jaegers_sentences_are_understood() {
        let by = |text: &str| read(&format!("This span's timestamps were adjusted by {text}"));
        assert_eq!(by("1.2ms"), Note::AdjustedByStore(1_200_000));
        assert_eq!(by("-500µs"), Note::AdjustedByStore(-500_000));
        assert_eq!(by("1m2.5s"), Note::AdjustedByStore(62_500_000_000));
        assert_eq!(
            read("clock skew adjustment disabled; not applying calculated delta of -3s"),
            Note::NotAdjusted(-3_000_000_000)
        );
        assert_eq!(
            read(
                "max clock skew adjustment delta of 1s exceeded; not applying calculated delta of 2s"
            ),
            Note::NotAdjusted(2_000_000_000)
        );
        assert_eq!(
            read(
                "parent span ID=c449f1aaae9cd987 is not in the trace; skipping clock skew adjustment"
            ),
            Note::ParentMissing(Some(SpanId(0xc449_f1aa_ae9c_d987)))
        );
        assert_eq!(
            read("invalid parent span IDs=1; skipping clock skew adjustment"),
            Note::ParentMissing(Some(SpanId(1)))
        );
        assert_eq!(
            read("duplicate span IDs; skipping clock skew adjustment"),
            Note::DuplicateIds
        );
        for odd in [
            "",
            "时钟不准",
            "This span's timestamps were adjusted by 3 parsecs",
            "1.2.3s",
        ] {
            assert_eq!(read(odd), Note::Other(odd.to_owned()));
        }
    }
}

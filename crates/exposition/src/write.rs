//! Samples and metadata become a page of the text format 0.0.4.

use crate::Metadata;
use model::Labels;
use model::labels::METRIC_NAME;
use std::fmt::Write;

/// The `Content-Type` of what this module writes.
pub const MEDIA_TYPE_TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Writes `# HELP` (where there is one) and `# TYPE`. Must come once and before the samples of its family.
pub fn write_metadata(out: &mut String, metadata: &Metadata) {
    if !metadata.help.is_empty() {
        out.push_str("# HELP ");
        out.push_str(&metadata.name);
        out.push(' ');
        escape(out, &metadata.help, false);
        out.push('\n');
    }
    out.push_str("# TYPE ");
    out.push_str(&metadata.name);
    out.push(' ');
    out.push_str(metadata.kind.as_text());
    out.push('\n');
}

/// Writes one line. `timestamp_ms` is left out where it is `None`, so that the scraper sets the time.
pub fn write_sample(out: &mut String, labels: &Labels, value: f64, timestamp_ms: Option<i64>) {
    out.push_str(labels.metric_name().unwrap_or("_"));
    let mut open = false;
    for (name, text) in labels.iter().filter(|(n, _)| *n != METRIC_NAME) {
        out.push(if open { ',' } else { '{' });
        open = true;
        out.push_str(name);
        out.push_str("=\"");
        escape(out, text, true);
        out.push('"');
    }
    if open {
        out.push('}');
    }
    out.push(' ');
    format_value(out, value);
    if let Some(t) = timestamp_ms {
        // writing to a String cannot fail
        let _ = write!(out, " {t}");
    }
    out.push('\n');
}

/// Writes a value so that reading it gives the same value again: the shortest decimal, `NaN`, `+Inf`, `-Inf`.
pub fn format_value(out: &mut String, value: f64) {
    let magnitude = value.abs();
    // writing to a String cannot fail
    let _ = if value.is_nan() {
        out.write_str("NaN")
    } else if value.is_infinite() {
        out.write_str(if value > 0.0 { "+Inf" } else { "-Inf" })
    } else if magnitude != 0.0 && !(1e-5..1e16).contains(&magnitude) {
        write!(out, "{value:e}")
    } else {
        write!(out, "{value}")
    };
}

fn escape(out: &mut String, text: &str, quotes: bool) {
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '"' if quotes => out.push_str("\\\""),
            c => out.push(c),
        }
    }
}

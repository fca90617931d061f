//! Bytes of a record, as a program wrote it, to a [`LogLine`]; bytes of a stream to records ([`Splitter`]).
//!
//! The form of a record is found out by looking at it: JSON (zap, logrus, pino, logback, ECS, OpenTelemetry, Docker, the journal), the
//! journal's export, logfmt, syslog (RFC 5424 and 3164), Kubernetes CRI, nginx, PostgreSQL, Redis, RabbitMQ, what logging libraries
//! write in lines (log4j, logback, Python, zap, klog), else plain text. Nothing fails: what is not understood is the message.
//!
//! Everything is bounded, and what had to be changed is told in the attribute [`NOTES`].

mod cri;
mod draft;
mod header;
mod journal;
mod json;
mod known;
mod logfmt;
mod servers;
mod split;
mod stamp;
mod syslog;
mod text;
mod web;

pub use known::nest;
pub use split::{PatternFault, Record, Splitter, Start};
pub use text::without_escapes;

use chrono_tz::Tz;
use draft::Draft;
use model::log::{Attrs, LogCategory, LogLine};

/// Bytes of a record that are read at most; the rest is counted in `cut_bytes`.
pub const MAX_RECORD: usize = 16 << 20;
/// Bytes of a message at most.
pub const MAX_MESSAGE: usize = 64 << 10;
/// Bytes of an attribute's text at most.
pub const MAX_VALUE: usize = 16 << 10;
/// Attributes at most, with those within others.
pub const MAX_ATTRS: usize = 500;
/// Attributes within attributes; deeper ones are kept as their JSON text.
pub const MAX_DEPTH: usize = 16;

/// The attribute that tells what was changed: `cut_bytes` (left out), `encoding` (when it was not UTF-8), `replaced` (bytes that are
/// no text in it), `escapes` (control sequences, such as colours, removed), `controls` (other control characters, shown as their
/// pictures), `bidi` (signs that turn the direction of text round, made visible), `dropped_attrs`, `duplicate_keys` (how many; the last
/// one counts), `partial` (a record that the container runtime cut).
pub const NOTES: &str = "_raw";

/// Where a record comes from, and what is taken for what it does not tell.
#[derive(Clone, Debug, PartialEq)]
pub struct Origin {
    /// The zone of times that tell none.
    pub zone: Tz,
    /// When it was received, ns since the epoch: the time of records without one, and what the year of a syslog time is found by.
    pub received_ns: i64,
    /// The program's name, when the record tells none.
    pub service: String,
    /// The host's name, when the record tells none.
    pub host: String,
    /// The kind of log.
    pub category: LogCategory,
}

impl Origin {
    /// Nothing known but zone and time.
    pub fn new(zone: Tz, received_ns: i64) -> Self {
        Self {
            zone,
            received_ns,
            service: String::new(),
            host: String::new(),
            category: LogCategory::default(),
        }
    }
}

/// The line that a record is.
pub fn read(record: &[u8], origin: &Origin) -> LogLine {
    let mut draft = Draft::new(origin);
    if !journal::export(record, &mut draft) {
        let mut text = text::decode(record, &mut draft.notes);
        // colours stand in front of the words by which forms are known
        if memchr::memchr(0x1b, text.as_bytes()).is_some() {
            text = text::clean(&text, MAX_RECORD, &mut draft.notes).into();
        }
        dispatch(text.trim_end_matches(['\n', '\r']), &mut draft, 0);
    }
    draft.finish()
}

/// The members of a JSON object, however deep it is: objects and lists below [`MAX_DEPTH`] are kept as their text, and what is beyond
/// [`MAX_ATTRS`] is left out. `None` when it is no object.
pub fn object(text: &str) -> Option<Attrs> {
    let (mut left, mut notes) = (MAX_ATTRS, text::Notes::default());
    json::object(text, MAX_DEPTH, &mut left, &mut notes)
}

/// Reads a text by its form. `nested` counts records within records (Docker, CRI, syslog).
fn dispatch(text: &str, draft: &mut Draft<'_>, nested: u8) {
    if nested > 2 {
        draft.message(text);
        return;
    }
    let form = text.trim_start();
    let understood = match form.as_bytes().first() {
        Some(b'{') => json::read(form, draft, nested),
        Some(b'<') => syslog::read(form, draft, nested),
        _ => {
            cri::read(form, draft, nested)
                || web::read(form, draft)
                || servers::read(form, draft)
                || syslog::file(form, draft, nested)
                || header::read(form, draft)
                || logfmt::read(form, draft)
        }
    };
    if !understood {
        header::plain(text, draft);
    }
}

#[cfg(test)]
mod tests;

//! The journal's export format: `KEY=value` on lines, or a key, a length and bytes.

use super::draft::Draft;
use super::{MAX_ATTRS, known, text};
use model::log::Attrs;

/// Reads an entry of the export format; false when it is none.
pub(super) fn export(record: &[u8], draft: &mut Draft<'_>) -> bool {
    let begins = [
        b"__CURSOR=".as_slice(),
        b"__REALTIME_TIMESTAMP=",
        b"_BOOT_ID=",
    ];
    if !begins.iter().any(|b| record.starts_with(b)) {
        return false;
    }
    let mut attrs = Attrs::new();
    let mut rest = record;
    while let Some((key, value, after)) = field(rest) {
        rest = after;
        if attrs.len() >= MAX_ATTRS {
            draft.notes.dropped_attrs += 1;
            continue;
        }
        let value = text::decode(value, &mut draft.notes).into_owned();
        attrs.insert(key, value.into());
    }
    // of no use to a reader, and different in every line
    for key in [
        "__CURSOR",
        "__MONOTONIC_TIMESTAMP",
        "__SEQNUM",
        "__SEQNUM_ID",
        "_SOURCE_MONOTONIC_TIMESTAMP",
    ] {
        attrs.remove(key);
    }
    let message = known::take(attrs, draft);
    draft.message(&message);
    true
}

/// The first field, and what follows it.
fn field(rest: &[u8]) -> Option<(String, &[u8], &[u8])> {
    let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
    let (line, after) = rest.split_at(end);
    if line.is_empty() {
        return None;
    }
    let after = after.get(1..).unwrap_or_default();
    let name = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if let Some(at) = memchr::memchr(b'=', line) {
        return Some((name(line.get(..at)?), line.get(at + 1..)?, after));
    }
    let length = u64::from_le_bytes(*after.first_chunk::<8>()?);
    let value = after.get(8..)?;
    let (value, after) = value.split_at_checked(usize::try_from(length).ok()?)?;
    Some((name(line), value, after.get(1..).unwrap_or_default()))
}

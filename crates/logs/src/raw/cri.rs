//! What a Kubernetes node's container runtime writes: `2026-11-21T02:00:00.123456789Z stdout F message`.

use super::draft::Draft;
use super::{dispatch, stamp};

/// Reads the runtime's own part, and what is behind it by its form.
pub(super) fn read(text: &str, draft: &mut Draft<'_>, nested: u8) -> bool {
    let mut parts = text.splitn(4, ' ');
    let (Some(time), Some(stream), Some(tag)) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    if !matches!(stream, "stdout" | "stderr") || !matches!(tag, "F" | "P") {
        return false;
    }
    let Some(at) = stamp::whole(time, draft.origin) else {
        return false;
    };
    dispatch(parts.next().unwrap_or_default(), draft, nested + 1);
    draft.at_ns = draft.at_ns.or(Some(at));
    draft.notes.partial |= tag == "P";
    draft.attr("stream", stream);
    true
}

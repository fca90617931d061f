//! Ids as the two APIs write them.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use model::trace::{SpanId, TraceId};

/// A trace's id: hexadecimal, also with its leading zeros dropped, or 16 (rarely 8) bytes in base64. An id of zeros is none.
pub(super) fn trace(text: &str) -> Option<TraceId> {
    let id = text.parse().ok().or_else(|| match bytes(text)?[..] {
        ref b if b.len() == 16 => Some(TraceId(u128::from_be_bytes(b.try_into().ok()?))),
        ref b if b.len() == 8 => Some(TraceId(u64::from_be_bytes(b.try_into().ok()?).into())),
        _ => None,
    });
    id.filter(|id| id.0 != 0)
}

/// A span's id: hexadecimal, or 8 bytes in base64. An id of zeros is none.
pub(super) fn span(text: &str) -> Option<SpanId> {
    let id = text.parse().ok().or_else(|| {
        let bytes = bytes(text)?;
        Some(SpanId(u64::from_be_bytes(bytes.try_into().ok()?)))
    });
    id.filter(|id| id.0 != 0)
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    // 16 bytes are 24 characters; longer texts are no ids and need no decoding
    if text.len() > 24 {
        return None;
    }
    [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD]
        .iter()
        .find_map(|engine| engine.decode(text).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_and_base64_are_the_same_id() {
        let id = TraceId(0x0123_4567_89ab_cdef_fedc_ba98_7654_3210);
        assert_eq!(trace("0123456789abcdeffedcba9876543210"), Some(id));
        assert_eq!(
            trace("123456789abcdeffedcba9876543210"),
            Some(id),
            "a zero dropped"
        );
        let base64 = STANDARD.encode(id.0.to_be_bytes());
        assert_eq!(trace(&base64), Some(id));
        assert_eq!(trace(base64.trim_end_matches('=')), Some(id));
        assert_eq!(
            trace(&STANDARD.encode(7u64.to_be_bytes())),
            Some(TraceId(7))
        );
        assert_eq!(span("00000000000000ff"), Some(SpanId(255)));
        assert_eq!(
            span(&STANDARD.encode(255u64.to_be_bytes())),
            Some(SpanId(255))
        );
        assert_eq!(
            span(&URL_SAFE.encode(u64::MAX.to_be_bytes())),
            Some(SpanId(u64::MAX))
        );
    }

    #[test]
    fn what_is_no_id() {
        for bad in [
            "",
            "0",
            "0000000000000000",
            "zz",
            "<b>",
            &"a".repeat(33),
            &"=".repeat(24),
        ] {
            assert_eq!(trace(bad), None, "{bad}");
        }
        for bad in ["", "0", &"1".repeat(17), "AAAAAAAAAAA="] {
            assert_eq!(span(bad), None, "{bad}");
        }
    }
}

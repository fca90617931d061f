//! Names of traces and spans.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A trace's id. Old tracers give 64 bits and some stores drop leading zeros, so ids are compared as numbers.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(into = "String", try_from = "String")]
pub struct TraceId(pub u128);

/// A span's id, unique within its trace only, and in broken traces not even there.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(into = "String", try_from = "String")]
pub struct SpanId(pub u64);

/// Not an id: empty, too long, or not hexadecimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAnId;

impl fmt::Display for NotAnId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "not an id: hexadecimal digits are expected, at most 32 for a trace and 16 for a span",
        )
    }
}

impl std::error::Error for NotAnId {}

impl fmt::Display for TraceId {
    /// 32 hexadecimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Display for SpanId {
    /// 16 hexadecimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

fn digits(text: &str, most: usize) -> Result<&str, NotAnId> {
    let all_hex = text.bytes().all(|b| b.is_ascii_hexdigit());
    if text.is_empty() || text.len() > most || !all_hex {
        return Err(NotAnId);
    }
    Ok(text)
}

impl FromStr for TraceId {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        u128::from_str_radix(digits(text, 32)?, 16)
            .map(Self)
            .map_err(|_| NotAnId)
    }
}

impl FromStr for SpanId {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        u64::from_str_radix(digits(text, 16)?, 16)
            .map(Self)
            .map_err(|_| NotAnId)
    }
}

impl TraceId {
    /// Whether it has 64 bits at most: the whole id of an old tracer, or the lower half of another.
    pub fn is_short(self) -> bool {
        self.0 >> 64 == 0
    }

    /// Its lower half, by which logs and old tracers may know it; `None` when that is itself, or says nothing.
    pub fn lower_half(self) -> Option<Self> {
        let low = Self(self.0 & u128::from(u64::MAX));
        (low != self && low.0 != 0).then_some(low)
    }

    /// Whether `other` may be the same trace: equal, or one of them is the lower 64 bits of the other, as some logs have it.
    pub fn may_be(self, other: Self) -> bool {
        self == other || self.lower_half() == Some(other) || other.lower_half() == Some(self)
    }
}

impl From<TraceId> for String {
    fn from(id: TraceId) -> Self {
        id.to_string()
    }
}

impl From<SpanId> for String {
    fn from(id: SpanId) -> Self {
        id.to_string()
    }
}

impl TryFrom<String> for TraceId {
    type Error = NotAnId;

    fn try_from(text: String) -> Result<Self, NotAnId> {
        text.parse()
    }
}

impl TryFrom<String> for SpanId {
    type Error = NotAnId;

    fn try_from(text: String) -> Result<Self, NotAnId> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leading_zeros_do_not_matter() {
        let id: TraceId = "1f".parse().expect("an id");
        assert_eq!(id.to_string(), format!("{:0>32}", "1f"));
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!("0AB".parse::<SpanId>().map(|i| i.0), Ok(0xab));
        for bad in ["", "xyz", "+1", &"1".repeat(33)] {
            assert_eq!(bad.parse::<TraceId>(), Err(NotAnId), "{bad}");
        }
        assert_eq!("1".repeat(17).parse::<SpanId>(), Err(NotAnId));
    }

    #[test]
    fn logs_may_have_half_of_it() {
        let whole = TraceId(0xabc << 64 | 0x77);
        assert!(whole.may_be(TraceId(0x77)));
        assert!(TraceId(0x77).may_be(whole));
        assert!(!whole.may_be(TraceId(0xabd << 64 | 0x77)));
        assert!(!whole.may_be(TraceId(0x78)));
        assert!(!TraceId(1 << 64).may_be(TraceId(0)));
        assert_eq!(whole.lower_half(), Some(TraceId(0x77)));
        assert_eq!(TraceId(0x77).lower_half(), None);
        assert!(TraceId(0x77).is_short() && !whole.is_short());
    }
}

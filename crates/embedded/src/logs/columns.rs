//! Times, levels and streams of the rows of a block.

use model::log::LogLevel;

/// Rows of a block. A row's block is its number divided by this.
pub(super) const BLOCK: i64 = 1_024;
const LEVELS: u64 = 8;

/// A stream and a level in one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LineKind(pub(super) u64);

impl LineKind {
    pub(super) fn new(stream: u64, level: Option<LogLevel>) -> Self {
        Self(stream * LEVELS + level.map_or(0, |l| 1 + l as u64))
    }

    /// The stream's number.
    pub(super) fn stream(self) -> usize {
        usize::try_from(self.0 / LEVELS).unwrap_or(usize::MAX)
    }

    /// Where in a histogram's row it is counted: no level, then each level.
    pub(super) fn column(self) -> usize {
        usize::try_from(self.0 % LEVELS).unwrap_or(0).min(6)
    }

    pub(super) fn level(self) -> Option<LogLevel> {
        let index = self.column().checked_sub(1)?;
        LogLevel::ALL.get(index).copied()
    }

    /// The kind as an index into a table of all kinds of a day.
    pub(super) fn index(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

/// One row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Its number within the block.
    pub(super) offset: u16,
    /// Nanoseconds since the day began.
    pub(super) at: i64,
    pub(super) kind: LineKind,
}

fn put(out: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

fn get(data: &mut &[u8]) -> Option<u64> {
    let mut n = 0_u64;
    for shift in (0..64).step_by(7) {
        let (first, rest) = data.split_first()?;
        *data = rest;
        n |= u64::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            return Some(n);
        }
    }
    None
}

/// Each row as the distance of its number and of its time from the row before, and its kind; LEB128, times zigzag.
pub(super) fn encode(entries: &[Entry]) -> Vec<u8> {
    let mut out = Vec::with_capacity(entries.len() * 8);
    let (mut offset, mut at) = (0, 0);
    for e in entries {
        put(&mut out, u64::from(e.offset - offset));
        let step = e.at - at;
        put(&mut out, ((step << 1) ^ (step >> 63)).cast_unsigned());
        put(&mut out, e.kind.0);
        (offset, at) = (e.offset, e.at);
    }
    out
}

/// What [`encode`] wrote; `None` when it is damaged.
pub(super) fn decode(mut data: &[u8], into: &mut Vec<Entry>) -> Option<()> {
    into.clear();
    let (mut offset, mut at) = (0_u64, 0_i64);
    while !data.is_empty() {
        offset = offset.checked_add(get(&mut data)?)?;
        let step = get(&mut data)?;
        at = at.wrapping_add((step >> 1).cast_signed() ^ -((step & 1).cast_signed()));
        let kind = LineKind(get(&mut data)?);
        if offset >= BLOCK.cast_unsigned() {
            return None;
        }
        into.push(Entry {
            offset: u16::try_from(offset).ok()?,
            at,
            kind,
        });
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_kind_is_a_stream_and_a_level() {
        let kind = LineKind::new(7, Some(LogLevel::Fatal));
        assert_eq!((kind.stream(), kind.column()), (7, 6));
        assert_eq!(kind.level(), Some(LogLevel::Fatal));
        assert_eq!(LineKind::new(7, None).level(), None);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(rows in proptest::collection::btree_map(0_u16..1024, (0_i64..86_400_000_000_000, 0_u64..1 << 40), 0..60)) {
            let entries: Vec<Entry> = rows.into_iter().map(|(offset, (at, kind))| Entry { offset, at, kind: LineKind(kind) }).collect();
            let mut read = Vec::new();
            prop_assert_eq!(decode(&encode(&entries), &mut read), Some(()));
            prop_assert_eq!(read, entries);
        }

        #[test]
        fn damage_is_noticed_or_read(data in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _ = decode(&data, &mut Vec::new());
        }
    }
}

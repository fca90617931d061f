//! Bit streams, most significant bit first.

/// Appends bits to a byte vector.
#[derive(Clone, Debug, Default)]
pub(super) struct BitWriter {
    bytes: Vec<u8>,
    /// Bits of the last byte that are not written yet.
    free: u32,
}

impl BitWriter {
    /// The bytes so far; unused bits of the last one are zero.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes, with no spare capacity.
    pub(super) fn into_bytes(self) -> Box<[u8]> {
        self.bytes.into_boxed_slice()
    }

    /// Bytes held, spare capacity included.
    pub(super) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// Writes the `count` (at most 64) low bits of `value`.
    pub(super) fn put(&mut self, value: u64, count: u32) {
        let mut left = count;
        while left > 0 {
            if self.free == 0 {
                self.bytes.push(0);
                self.free = 8;
            }
            let take = left.min(self.free);
            let part = (value >> (left - take)) & ((1 << take) - 1);
            if let Some(last) = self.bytes.last_mut() {
                *last |= (part << (self.free - take)) as u8;
            }
            self.free -= take;
            left -= take;
        }
    }
}

/// Reads bits from a slice.
pub(super) struct BitReader<'a> {
    data: &'a [u8],
    pos: usize,
    /// The next bits, left-aligned. Below the valid ones stand bits of `data` that are read again at the next
    /// refill; as they are the same bits, or-ing them twice changes nothing.
    buffer: u64,
    valid: u32,
}

impl<'a> BitReader<'a> {
    pub(super) fn new(data: &'a [u8]) -> Self {
        Self {
            data,
            pos: 0,
            buffer: 0,
            valid: 0,
        }
    }

    #[inline]
    fn refill(&mut self) {
        if let Some(word) = self.data.get(self.pos..).and_then(|d| d.first_chunk::<8>()) {
            self.buffer |= u64::from_be_bytes(*word) >> self.valid;
            let bytes = (64 - self.valid) / 8;
            self.pos += bytes as usize;
            self.valid += bytes * 8;
            return;
        }
        while self.valid <= 56 {
            let Some(&byte) = self.data.get(self.pos) else {
                return;
            };
            self.buffer |= u64::from(byte) << (56 - self.valid);
            self.pos += 1;
            self.valid += 8;
        }
    }

    /// One bit, or `None` at the end.
    #[inline]
    pub(super) fn bit(&mut self) -> Option<bool> {
        if self.valid == 0 {
            self.refill();
            if self.valid == 0 {
                return None;
            }
        }
        let bit = self.buffer >> 63 == 1;
        self.buffer <<= 1;
        self.valid -= 1;
        Some(bit)
    }

    /// `count` bits (at most 64), or `None` when there are not so many left.
    #[inline]
    pub(super) fn bits(&mut self, count: u32) -> Option<u64> {
        if count > 56 {
            let high = self.bits(count - 32)?;
            return Some(high << 32 | self.bits(32)?);
        }
        if count == 0 {
            return Some(0);
        }
        if self.valid < count {
            self.refill();
            if self.valid < count {
                return None;
            }
        }
        let value = self.buffer >> (64 - count);
        self.buffer <<= count;
        self.valid -= count;
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_is_read(fields in prop::collection::vec((any::<u64>(), 0u32..=64), 0..200)) {
            let mut w = BitWriter::default();
            for &(value, count) in &fields {
                w.put(value, count);
            }
            let total: u32 = fields.iter().map(|f| f.1).sum();
            prop_assert_eq!(w.bytes().len() as u32, total.div_ceil(8));
            let mut r = BitReader::new(w.bytes());
            for &(value, count) in &fields {
                let expected = if count == 64 { value } else { value & ((1 << count) - 1) };
                prop_assert_eq!(r.bits(count), Some(expected));
            }
            prop_assert!(r.bits(8).is_none());
        }
    }

    #[test]
    fn single_bits_mix_with_fields() {
        let mut w = BitWriter::default();
        w.put(1, 1);
        w.put(0x0123_4567_89ab_cdef, 64);
        w.put(0, 1);
        let mut r = BitReader::new(w.bytes());
        assert_eq!(r.bit(), Some(true));
        assert_eq!(r.bits(64), Some(0x0123_4567_89ab_cdef));
        assert_eq!(r.bit(), Some(false));
    }
}

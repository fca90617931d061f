//! Compressed runs of samples.
//!
//! The encoding is that of Prometheus' XOR chunks (`tsdb/chunkenc/xor.go`, after "Gorilla: A Fast, Scalable,
//! In-Memory Time Series Database", VLDB 2015): timestamps as the difference of differences, values as the XOR with
//! the one before. Unlike there, the number of samples stands beside the bytes and not before them.

use super::bits::{BitReader, BitWriter};
use model::Sample;

/// A chunk's bytes do not decode: the file was damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a chunk of samples does not decode")]
struct DamagedChunk;

/// No leading/trailing window has been written yet.
const NO_WINDOW: u8 = 0xff;

/// A chunk that still grows.
#[derive(Clone, Debug)]
pub(super) struct Encoder {
    out: BitWriter,
    first_t: i64,
    t: i64,
    v: u64,
    delta: i64,
    count: u16,
    leading: u8,
    trailing: u8,
}

impl Encoder {
    /// A chunk with its first sample.
    pub(super) fn new(first: Sample) -> Self {
        let mut out = BitWriter::default();
        out.put(first.t as u64, 64);
        out.put(first.v.to_bits(), 64);
        Self {
            out,
            first_t: first.t,
            t: first.t,
            v: first.v.to_bits(),
            delta: 0,
            count: 1,
            leading: NO_WINDOW,
            trailing: 0,
        }
    }

    /// Time of the first sample.
    pub(super) fn start(&self) -> i64 {
        self.first_t
    }

    /// Time of the last sample.
    pub(super) fn end(&self) -> i64 {
        self.t
    }

    /// Number of samples.
    pub(super) fn count(&self) -> u16 {
        self.count
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.out.bytes()
    }

    /// Bytes of memory behind this chunk.
    pub(super) fn memory(&self) -> usize {
        self.out.capacity() + size_of::<Self>()
    }

    /// Ends the chunk.
    pub(super) fn into_bytes(self) -> Box<[u8]> {
        self.out.into_bytes()
    }

    /// Appends a sample; its time must be after the last one's.
    pub(super) fn push(&mut self, s: Sample) {
        let delta = s.t.wrapping_sub(self.t);
        self.put_time(delta.wrapping_sub(self.delta));
        self.put_value(s.v.to_bits());
        self.delta = delta;
        self.t = s.t;
        self.count = self.count.saturating_add(1);
    }

    fn put_time(&mut self, change: i64) {
        let fits = |bits: u32| change >= -(1 << (bits - 1)) && change < (1 << (bits - 1));
        if change == 0 {
            self.out.put(0, 1);
        } else if fits(14) {
            self.out.put(0b10, 2);
            self.out.put(change as u64, 14);
        } else if fits(17) {
            self.out.put(0b110, 3);
            self.out.put(change as u64, 17);
        } else if fits(20) {
            self.out.put(0b1110, 4);
            self.out.put(change as u64, 20);
        } else {
            self.out.put(0b1111, 4);
            self.out.put(change as u64, 64);
        }
    }

    fn put_value(&mut self, v: u64) {
        let xor = v ^ self.v;
        self.v = v;
        if xor == 0 {
            self.out.put(0, 1);
            return;
        }
        let leading = xor.leading_zeros().min(31) as u8; // five bits hold it
        let trailing = xor.trailing_zeros() as u8;
        if self.leading != NO_WINDOW && leading >= self.leading && trailing >= self.trailing {
            let significant = 64 - u32::from(self.leading) - u32::from(self.trailing);
            self.out.put(0b10, 2);
            self.out.put(xor >> self.trailing, significant);
            return;
        }
        self.leading = leading;
        self.trailing = trailing;
        let significant = 64 - u32::from(leading) - u32::from(trailing);
        self.out.put(0b11, 2);
        self.out.put(u64::from(leading), 5);
        self.out.put(u64::from(significant) & 63, 6); // 64 is written as 0
        self.out.put(xor >> trailing, significant);
    }
}

/// Appends to `out` those of a chunk's `count` samples that lie in `start..=end`.
fn decode(
    data: &[u8],
    count: u16,
    start: i64,
    end: i64,
    out: &mut Vec<Sample>,
) -> Result<(), DamagedChunk> {
    let mut r = BitReader::new(data);
    let mut t = r.bits(64).ok_or(DamagedChunk)? as i64;
    let mut v = r.bits(64).ok_or(DamagedChunk)?;
    let (mut delta, mut window) = (0i64, None);
    for left in (0..count).rev() {
        if t > end {
            return Ok(());
        }
        if t >= start {
            out.push(Sample {
                t,
                v: f64::from_bits(v),
            });
        }
        if left == 0 {
            break;
        }
        delta = delta.wrapping_add(time_change(&mut r).ok_or(DamagedChunk)?);
        if delta <= 0 {
            return Err(DamagedChunk);
        }
        t = t.checked_add(delta).ok_or(DamagedChunk)?;
        v ^= value_change(&mut r, &mut window).ok_or(DamagedChunk)?;
    }
    Ok(())
}

/// As [`decode`]; a chunk that does not decode adds nothing. Answers how many chunks were left out: 1 or 0.
pub(super) fn decode_or_skip(
    data: &[u8],
    count: u16,
    start: i64,
    end: i64,
    out: &mut Vec<Sample>,
) -> u64 {
    let before = out.len();
    match decode(data, count, start, end, out) {
        Ok(()) => 0,
        Err(DamagedChunk) => {
            out.truncate(before);
            1
        }
    }
}

#[inline]
fn time_change(r: &mut BitReader<'_>) -> Option<i64> {
    if !r.bit()? {
        return Some(0);
    }
    let bits = if !r.bit()? {
        14
    } else if !r.bit()? {
        17
    } else if !r.bit()? {
        20
    } else {
        64
    };
    let raw = r.bits(bits)?;
    Some(((raw << (64 - bits)) as i64) >> (64 - bits)) // sign-extends
}

/// `window`: significant bits and trailing zeros of the last value written with its own window.
#[inline]
fn value_change(r: &mut BitReader<'_>, window: &mut Option<(u32, u32)>) -> Option<u64> {
    if !r.bit()? {
        return Some(0);
    }
    let (significant, trailing) = if r.bit()? {
        let header = r.bits(11)? as u32;
        let (leading, stored) = (header >> 6, header & 63);
        let significant = if stored == 0 { 64 } else { stored };
        let trailing = 64u32.checked_sub(leading + significant)?;
        *window = Some((significant, trailing));
        (significant, trailing)
    } else {
        (*window)?
    };
    Some(r.bits(significant)? << trailing)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn encode(samples: &[Sample]) -> Encoder {
        let mut e = Encoder::new(samples[0]);
        for &s in &samples[1..] {
            e.push(s);
        }
        e
    }

    fn bits(samples: &[Sample]) -> Vec<(i64, u64)> {
        samples.iter().map(|s| (s.t, s.v.to_bits())).collect()
    }

    /// Values as they occur: anything at all (NaN payloads included), counters, repeats, the stale marker.
    fn value() -> impl Strategy<Value = u64> {
        prop_oneof![
            any::<u64>(),
            (0u32..1000).prop_map(|n| f64::from(n).to_bits()),
            Just(model::sample::STALE_NAN_BITS),
            Just(f64::NAN.to_bits()),
            Just((-0.0f64).to_bits()),
            Just(f64::INFINITY.to_bits()),
        ]
    }

    fn step() -> impl Strategy<Value = i64> {
        prop_oneof![
            Just(15_000i64),
            1i64..100,
            14_000i64..16_000,
            1i64..100_000_000,
            1i64..(1 << 50)
        ]
    }

    proptest! {
        #[test]
        fn every_bit_comes_back(
            first in -(1i64 << 52)..(1i64 << 52),
            rest in prop::collection::vec((step(), value()), 1..300),
        ) {
            let mut t = first;
            let samples: Vec<Sample> = rest.iter().map(|&(d, v)| { t += d; Sample { t, v: f64::from_bits(v) } }).collect();
            let e = encode(&samples);
            let mut out = Vec::new();
            decode(e.bytes(), e.count(), i64::MIN, i64::MAX, &mut out).unwrap();
            prop_assert_eq!(bits(&out), bits(&samples));
        }

        #[test]
        fn a_range_is_what_a_filter_would_give(
            rest in prop::collection::vec((step(), value()), 1..60), a in 0usize..60, b in 0usize..60,
        ) {
            let mut t = 0;
            let samples: Vec<Sample> = rest.iter().map(|&(d, v)| { t += d; Sample { t, v: f64::from_bits(v) } }).collect();
            let at = |i: usize| samples[i.min(samples.len() - 1)].t;
            let (start, end) = (at(a) + 1, at(b));
            let expected: Vec<Sample> = samples.iter().copied().filter(|s| s.t >= start && s.t <= end).collect();
            let e = encode(&samples);
            let mut out = Vec::new();
            decode(e.bytes(), e.count(), start, end, &mut out).unwrap();
            prop_assert_eq!(bits(&out), bits(&expected));
        }

        #[test]
        fn garbage_is_an_error_or_ascending_samples(data in prop::collection::vec(any::<u8>(), 0..400), count in 0u16..300) {
            let mut out = Vec::new();
            if decode(&data, count, i64::MIN, i64::MAX, &mut out).is_ok() {
                prop_assert!(out.windows(2).all(|w| w[0].t < w[1].t));
            }
        }
    }

    #[test]
    fn a_regular_counter_costs_little() {
        let samples: Vec<Sample> = (0..240)
            .map(|i| Sample {
                t: 1_700_000_000_000 + i * 15_000,
                v: (i * 3) as f64,
            })
            .collect();
        let bytes = encode(&samples).into_bytes().len();
        assert!(bytes < 240 * 3, "{bytes} bytes");
    }
}

//! One series in memory.

use super::append::AppendError;
use super::chunk::{Encoder, decode_or_skip};
use model::{Labels, Sample};
use parking_lot::Mutex;

/// A chunk never crosses a multiple of this many milliseconds (two hours, as Prometheus' blocks), so that old data
/// leave the file in whole ranges of keys.
pub(super) const BUCKET_MS: i64 = 2 * 3600 * 1000;

/// Samples after which a chunk is closed.
pub(super) const CHUNK_SAMPLES: u16 = 240;

/// The bucket in which `t` lies.
pub(super) fn bucket(t: i64) -> i64 {
    t.div_euclid(BUCKET_MS)
}

/// Where a chunk stands in the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Saved {
    /// Its key, 0 before it has one.
    pub(super) key: i64,
    /// How many of its samples are in the file.
    pub(super) samples: u16,
}

/// A chunk that is complete.
#[derive(Clone, Debug)]
pub(super) struct Closed {
    pub(super) start: i64,
    pub(super) end: i64,
    pub(super) count: u16,
    pub(super) saved: Saved,
    pub(super) bytes: Box<[u8]>,
}

/// What changes in a series.
#[derive(Debug)]
pub(super) struct State {
    /// Time of the earliest sample ever seen (in memory or in the file); retention may have removed it since.
    pub(super) first_t: i64,
    /// Time of the last sample, `i64::MIN` before there is one.
    pub(super) last_t: i64,
    /// Bits of its value; `None` when it is in the file only.
    last_v: Option<u64>,
    /// From here on every sample is in memory; earlier ones may be in the file. `i64::MIN`: all are in memory.
    pub(super) memory_from: i64,
    pub(super) closed: Vec<Closed>,
    pub(super) open: Option<Encoder>,
    pub(super) open_saved: Saved,
    /// Whether the file knows the series.
    pub(super) in_file: bool,
}

/// What an append did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pushed {
    Stored,
    /// The same sample was there already.
    Known,
}

impl State {
    /// A series that has no sample yet.
    pub(super) fn empty() -> Self {
        Self {
            first_t: i64::MAX,
            last_t: i64::MIN,
            last_v: None,
            memory_from: i64::MIN,
            closed: Vec::new(),
            open: None,
            open_saved: Saved::default(),
            in_file: false,
        }
    }

    /// A series whose samples `first_t..=last_t` are in the file and none in memory.
    pub(super) fn in_file(first_t: i64, last_t: i64) -> Self {
        Self {
            first_t,
            last_t,
            memory_from: last_t.saturating_add(1),
            in_file: true,
            ..Self::empty()
        }
    }

    pub(super) fn push(&mut self, s: Sample) -> Result<Pushed, AppendError> {
        if s.t <= self.last_t {
            return if s.t < self.last_t {
                Err(AppendError::OutOfOrder {
                    t: s.t,
                    last: self.last_t,
                })
            } else if self.last_v.is_none_or(|v| v == s.v.to_bits()) {
                // a value that is in the file only is taken for the same: senders repeat their last batch after a crash
                Ok(Pushed::Known)
            } else {
                Err(AppendError::Duplicate { t: s.t })
            };
        }
        match &mut self.open {
            Some(open) if open.count() < CHUNK_SAMPLES && bucket(open.start()) == bucket(s.t) => {
                open.push(s)
            }
            _ => {
                self.close();
                self.open = Some(Encoder::new(s));
            }
        }
        self.first_t = self.first_t.min(s.t);
        self.last_t = s.t;
        self.last_v = Some(s.v.to_bits());
        Ok(Pushed::Stored)
    }

    /// Ends the growing chunk, if there is one.
    pub(super) fn close(&mut self) {
        if let Some(open) = self.open.take() {
            self.closed.push(Closed {
                start: open.start(),
                end: open.end(),
                count: open.count(),
                saved: std::mem::take(&mut self.open_saved),
                bytes: open.into_bytes(),
            });
        }
    }

    /// Notes that the chunk which begins at `start` is in the file.
    pub(super) fn mark_saved(&mut self, start: i64, saved: Saved) {
        self.in_file = true;
        if self.open.as_ref().is_some_and(|o| o.start() == start) {
            self.open_saved = saved;
        } else if let Ok(i) = self.closed.binary_search_by_key(&start, |c| c.start)
            && let Some(chunk) = self.closed.get_mut(i)
        {
            chunk.saved = saved;
        }
    }

    /// Takes chunks of the file into memory: all that the file has from `from` on. Chunks that were in memory
    /// anyway are left out; nothing is taken when the rest does not join what is in memory.
    pub(super) fn prepend(&mut self, mut chunks: Vec<Closed>, from: i64) {
        chunks.retain(|c| c.start < self.memory_from);
        chunks.sort_unstable_by_key(|c| c.start);
        if chunks
            .last()
            .is_some_and(|last| last.end.saturating_add(1) == self.memory_from)
        {
            chunks.append(&mut self.closed);
            self.closed = chunks;
            self.memory_from = from;
        }
    }

    /// The file is gone: what is in memory is all there is, and all of it is to be written.
    pub(super) fn forget_file(&mut self) {
        for c in &mut self.closed {
            c.saved = Saved::default();
        }
        self.open_saved = Saved::default();
        self.in_file = false;
        self.memory_from = i64::MIN;
    }

    /// Appends the samples in memory that lie in `start..=end`; answers how many chunks were left out because they
    /// do not decode (chunks come from the file, too).
    pub(super) fn read(&self, start: i64, end: i64, out: &mut Vec<Sample>) -> u64 {
        let mut damaged = 0;
        for c in &self.closed {
            if c.end >= start && c.start <= end {
                damaged += decode_or_skip(&c.bytes, c.count, start, end, out);
            }
        }
        if let Some(open) = &self.open
            && open.end() >= start
            && open.start() <= end
        {
            damaged += decode_or_skip(open.bytes(), open.count(), start, end, out);
        }
        damaged
    }

    /// Whether some sample in `start..=end` may be in the file only.
    pub(super) fn needs_file(&self, start: i64, end: i64) -> bool {
        start < self.memory_from && self.first_t < self.memory_from && self.first_t <= end
    }

    /// Whether the series can have a sample in `start..=end` at all.
    pub(super) fn overlaps(&self, start: i64, end: i64) -> bool {
        self.last_t >= start && self.first_t <= end
    }

    /// Drops closed chunks that end before `before` and may go; answers how many samples went that are in no file.
    ///
    /// With `unsaved` false only chunks that are wholly in the file go.
    pub(super) fn evict(&mut self, before: i64, unsaved: bool) -> u64 {
        let goes = |c: &Closed| c.end < before && (unsaved || c.saved.samples == c.count);
        let n = self.closed.iter().take_while(|c| goes(c)).count();
        let mut lost = 0;
        for c in self.closed.drain(..n) {
            self.memory_from = c.end + 1;
            lost += u64::from(c.count - c.saved.samples.min(c.count));
        }
        if self.closed.is_empty() {
            self.closed.shrink_to_fit();
        }
        lost
    }

    /// Samples that are in memory only.
    pub(super) fn unsaved(&self) -> u64 {
        let closed: u64 = self
            .closed
            .iter()
            .map(|c| u64::from(c.count.saturating_sub(c.saved.samples)))
            .sum();
        let open = self
            .open
            .as_ref()
            .map_or(0, |o| o.count().saturating_sub(self.open_saved.samples));
        closed + u64::from(open)
    }

    /// Bytes of memory behind the chunks.
    pub(super) fn memory(&self) -> usize {
        let closed: usize = self
            .closed
            .iter()
            .map(|c| c.bytes.len() + size_of::<Closed>())
            .sum();
        closed + self.open.as_ref().map_or(0, Encoder::memory)
    }
}

/// A series: what identifies it never changes, the rest is behind a lock of its own.
#[derive(Debug)]
pub(super) struct MemSeries {
    pub(super) labels: Labels,
    /// Its key in the file; unique for the life of the file, given even when there is none.
    pub(super) key: i64,
    pub(super) state: Mutex<State>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn s(t: i64, v: f64) -> Sample {
        Sample { t, v }
    }

    #[test]
    fn older_and_contradicting_samples_are_refused_and_equal_ones_known() {
        let mut state = State::empty();
        assert_eq!(state.push(s(10, 1.0)), Ok(Pushed::Stored));
        assert_eq!(state.push(s(10, 1.0)), Ok(Pushed::Known));
        assert_eq!(
            state.push(s(10, 2.0)),
            Err(AppendError::Duplicate { t: 10 })
        );
        assert_eq!(
            state.push(s(9, 1.0)),
            Err(AppendError::OutOfOrder { t: 9, last: 10 })
        );
        let nan = f64::from_bits(0x7ff8_0000_0000_1234);
        assert_eq!(state.push(s(11, nan)), Ok(Pushed::Stored));
        assert_eq!(
            state.push(s(11, nan)),
            Ok(Pushed::Known),
            "NaN with the same bits is the same"
        );
    }

    #[test]
    fn chunks_end_when_full_and_at_bucket_borders() {
        let mut state = State::empty();
        for i in 0..i64::from(CHUNK_SAMPLES) + 1 {
            state.push(s(i, 0.0)).unwrap();
        }
        assert_eq!(state.closed.len(), 1);
        state.push(s(BUCKET_MS, 0.0)).unwrap();
        assert_eq!(state.closed.len(), 2);
        let mut out = Vec::new();
        assert_eq!(state.read(i64::MIN, i64::MAX, &mut out), 0);
        assert_eq!(out.len(), usize::from(CHUNK_SAMPLES) + 2);
    }

    #[test]
    fn eviction_keeps_what_is_in_no_file_unless_told_otherwise() {
        let mut state = State::empty();
        for i in 0..600 {
            state.push(s(i, i as f64)).unwrap();
        }
        assert_eq!(state.closed.len(), 2);
        assert_eq!(state.evict(1000, false), 0);
        assert_eq!(state.closed.len(), 2);
        state.closed[0].saved = Saved {
            key: 1,
            samples: 240,
        };
        assert_eq!(state.evict(1000, false), 0);
        assert_eq!((state.closed.len(), state.memory_from), (1, 240));
        assert_eq!(state.evict(1000, true), 240, "samples lost are counted");
        assert!(state.needs_file(0, 1000) && !state.needs_file(480, 1000));
    }
}

//! How much of a trace is taken, and what was left out of it.

/// How much of an answer is taken. What is beyond is left out and counted, never fatal for the rest; only the bytes of the body
/// are a limit that refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceLimits {
    /// Bytes of the body, decompressed. 50,000 spans are about 40 MB.
    pub body_bytes: u64,
    /// Traces of one answer.
    pub traces: usize,
    /// Spans of one answer.
    pub spans: usize,
    /// Tags of one span, one event or one process.
    pub tags: usize,
    /// Events of one span.
    pub events: usize,
    /// References of one span.
    pub links: usize,
    /// Bytes of a name or a value; longer ones are cut and marked with `…`.
    pub text_bytes: usize,
}

impl Default for TraceLimits {
    fn default() -> Self {
        Self {
            body_bytes: 256 << 20,
            traces: 2_000,
            spans: 300_000,
            tags: 256,
            events: 1_000,
            links: 256,
            text_bytes: 64 << 10,
        }
    }
}

/// One kind of oddity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Odd {
    /// A name or value was longer than allowed and is cut.
    TextCut,
    /// Tags beyond the number allowed were left out.
    TagsDropped,
    /// What is no tag, or a tag whose value has no meaning, was left out.
    TagRefused,
    /// Events beyond the number allowed, or without a time, were left out.
    EventsDropped,
    /// References beyond the number allowed, or without a usable id, were left out.
    LinksDropped,
    /// Spans beyond the number allowed were left out.
    SpansDropped,
    /// A span without a usable id or beginning was left out.
    SpanRefused,
    /// A span's process is not listed; its service is unknown.
    MissingProcess,
    /// A span without a duration that is a number; taken as 0.
    BadDuration,
    /// A span that says to be of another trace; taken all the same.
    ForeignSpan,
    /// The answer was not UTF-8; what was broken is shown as `U+FFFD`.
    NotUtf8,
}

/// What was odd in a trace: how often, of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Oddities([u32; Odd::ALL.len()]);

/// What a code stands behind in [`model::trace::Trace::warnings`], so that it cannot be taken for the store's own words.
const MARK: &str = "shouwang.";

impl Odd {
    /// All kinds.
    pub const ALL: [Self; 11] = [
        Self::TextCut,
        Self::TagsDropped,
        Self::TagRefused,
        Self::EventsDropped,
        Self::LinksDropped,
        Self::SpansDropped,
        Self::SpanRefused,
        Self::MissingProcess,
        Self::BadDuration,
        Self::ForeignSpan,
        Self::NotUtf8,
    ];

    /// Its code: stable, snake case, locale key `trace_source.oddity.<code>`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::TextCut => "text_cut",
            Self::TagsDropped => "tags_dropped",
            Self::TagRefused => "tag_refused",
            Self::EventsDropped => "events_dropped",
            Self::LinksDropped => "links_dropped",
            Self::SpansDropped => "spans_dropped",
            Self::SpanRefused => "span_refused",
            Self::MissingProcess => "missing_process",
            Self::BadDuration => "bad_duration",
            Self::ForeignSpan => "foreign_span",
            Self::NotUtf8 => "not_utf8",
        }
    }

    /// Reads a text of [`model::trace::Trace::warnings`]: which oddity and how often, or `None` for the store's own words.
    ///
    /// ```
    /// use source::jaeger::Odd;
    /// assert_eq!(Odd::read("shouwang.text_cut 3"), Some((Odd::TextCut, 3)));
    /// assert_eq!(Odd::read("clock skew"), None);
    /// ```
    pub fn read(warning: &str) -> Option<(Self, u32)> {
        let (code, times) = warning.strip_prefix(MARK)?.split_once(' ')?;
        let odd = Self::ALL.into_iter().find(|o| o.code() == code)?;
        Some((odd, times.parse().ok()?))
    }
}

impl Oddities {
    pub(super) fn note(&mut self, odd: Odd) {
        if let Some(n) = self.0.get_mut(odd as usize) {
            *n = n.saturating_add(1);
        }
    }

    pub(super) fn add(&mut self, other: &Self) {
        for (n, more) in self.0.iter_mut().zip(other.0) {
            *n = n.saturating_add(more);
        }
    }

    /// As texts that [`Odd::read`] understands.
    pub(super) fn texts(&self) -> impl Iterator<Item = String> {
        Odd::ALL
            .into_iter()
            .zip(self.0)
            .filter(|(_, n)| *n > 0)
            .map(|(odd, n)| format!("{MARK}{} {n}", odd.code()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn oddities_are_read_as_they_are_written() {
        let mut odd = Oddities::default();
        for (n, kind) in Odd::ALL.into_iter().enumerate() {
            assert_eq!(kind as usize, n);
            for _ in 0..=n {
                odd.note(kind);
            }
        }
        let mut twice = odd;
        twice.add(&odd);
        let read: Vec<_> = twice.texts().filter_map(|t| Odd::read(&t)).collect();
        let wanted: Vec<_> = (1..)
            .map(|n| n * 2)
            .zip(Odd::ALL)
            .map(|(n, o)| (o, n))
            .collect();
        assert_eq!(read, wanted);
        assert_eq!(Odd::read("text_cut 3"), None);
        assert_eq!(Odd::read("shouwang.unheard_of 3"), None);
    }
}

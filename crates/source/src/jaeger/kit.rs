//! What both decoders need: shared texts, bounded tags, counted oddities.

use super::limits::{Odd, Oddities, TraceLimits};
use hashbrown::HashSet;
use model::trace::{SpanKind, Tag, TagValue};
use std::borrow::Cow;
use std::sync::Arc;

/// Texts longer than this are hardly ever said twice and are not looked up.
const SHARED: usize = 4 << 10;

/// The state of reading one answer.
pub(super) struct Kit<'l> {
    pub limits: &'l TraceLimits,
    /// Oddities of the span or trace being read.
    pub odd: Oddities,
    /// Tags of the list being read; its memory is used again for the next.
    tags: Vec<Tag>,
    texts: HashSet<Arc<str>>,
    /// Spans that may still be taken.
    spans_left: usize,
}

impl<'l> Kit<'l> {
    pub(super) fn new(limits: &'l TraceLimits) -> Self {
        Self {
            limits,
            odd: Oddities::default(),
            tags: Vec::new(),
            texts: HashSet::new(),
            spans_left: limits.spans,
        }
    }

    /// Whether one more span may be taken.
    pub(super) fn another_span(&mut self) -> bool {
        let yes = self.spans_left > 0;
        self.spans_left = self.spans_left.saturating_sub(1);
        if !yes {
            self.odd.note(Odd::SpansDropped);
        }
        yes
    }

    /// The text, cut where it is too long, one copy for all who say it.
    pub(super) fn text(&mut self, text: &str) -> Arc<str> {
        let text = self.cut(text);
        if text.len() > SHARED {
            return text.into();
        }
        self.texts
            .get_or_insert_with(&*text, |t: &str| Arc::from(t))
            .clone()
    }

    /// At most the bytes allowed, of whole characters.
    pub(super) fn cut<'t>(&mut self, text: &'t str) -> Cow<'t, str> {
        let most = self.limits.text_bytes;
        if text.len() <= most {
            return Cow::Borrowed(text);
        }
        self.odd.note(Odd::TextCut);
        let end = text.floor_char_boundary(most.saturating_sub('…'.len_utf8()));
        Cow::Owned(format!("{}…", text.get(..end).unwrap_or_default()))
    }

    /// One more tag of the list being read.
    pub(super) fn tag(&mut self, key: &str, value: TagValue) {
        if self.tags.len() >= self.limits.tags {
            self.odd.note(Odd::TagsDropped);
            return;
        }
        let key = self.text(key);
        self.tags.push(Tag { key, value });
    }

    /// The list that was read, with no room to spare; the next begins.
    pub(super) fn tags(&mut self) -> Vec<Tag> {
        self.tags.drain(..).collect()
    }
}

/// Whether tags say that the span failed, in the words of OpenTracing (`error`) or OpenTelemetry (`otel.status_code`).
pub(super) fn failed(tags: &[Tag]) -> bool {
    tags.iter().any(|tag| match (&*tag.key, &tag.value) {
        ("error", TagValue::Bool(yes)) => *yes,
        ("error", TagValue::Text(word)) => word.eq_ignore_ascii_case("true"),
        ("otel.status_code" | "status.code", TagValue::Text(word)) => {
            word.eq_ignore_ascii_case("error")
        }
        _ => false,
    })
}

/// The kind that the tag `span.kind` names.
pub(super) fn kind(tags: &[Tag]) -> SpanKind {
    tags.iter()
        .find(|tag| &*tag.key == "span.kind")
        .map(|tag| match &tag.value {
            TagValue::Text(name) => SpanKind::named(name),
            _ => SpanKind::Internal,
        })
        .unwrap_or_default()
}

/// Bytes that a base64 text stands for; the text itself is not kept.
pub(super) fn base64_bytes(text: &str) -> usize {
    let text = text.trim_end_matches('=');
    text.len() / 4 * 3 + (text.len() % 4).saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_of_base64() {
        use base64::Engine as _;
        for n in 0..20 {
            let text = base64::engine::general_purpose::STANDARD.encode(vec![0u8; n]);
            assert_eq!(base64_bytes(&text), n);
        }
    }

    #[test]
    fn one_copy_of_what_is_said_often() {
        let limits = TraceLimits {
            text_bytes: 7,
            ..TraceLimits::default()
        };
        let mut kit = Kit::new(&limits);
        let (a, b) = (kit.text("守望"), kit.text("守望"));
        assert!(Arc::ptr_eq(&a, &b));
        assert_eq!(&*kit.text("守望守望"), "守…");
        assert_eq!(kit.odd.texts().collect::<Vec<_>>(), ["shouwang.text_cut 1"]);
    }
}

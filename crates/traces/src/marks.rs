//! What is odd or notable about a span.

use std::ops::{BitOr, BitOrAssign};

/// A set of things to say of a span.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Marks(u16);

impl Marks {
    /// It failed.
    pub const ERROR: Self = Self(1);
    /// It names a parent that is not in the trace, so it stands as a root.
    pub const ORPHAN: Self = Self(1 << 1);
    /// Its parents form a ring, which was cut here: it stands as a root.
    pub const RING: Self = Self(1 << 2);
    /// Another span of the trace has its id.
    pub const DUPLICATE: Self = Self(1 << 3);
    /// It answers the call of a span with the same id, as Zipkin's tracers write it, and stands below that.
    pub const SHARED_ID: Self = Self(1 << 4);
    /// Its duration is negative as recorded; it is drawn with none.
    pub const NEGATIVE: Self = Self(1 << 5);
    /// It begins before its parent.
    pub const BEFORE_PARENT: Self = Self(1 << 6);
    /// It ends after its parent.
    pub const AFTER_PARENT: Self = Self(1 << 7);
    /// Its parent does not wait for it.
    pub const ASYNC: Self = Self(1 << 8);
    /// The store has something to say of it ([`crate::Note`]).
    pub const WARNED: Self = Self(1 << 9);
    /// It is drawn at another time than recorded ([`crate::Clocks::Adjusted`]).
    pub const ADJUSTED: Self = Self(1 << 10);
    /// It refers to other spans besides its parent.
    pub const LINKED: Self = Self(1 << 11);
    /// It noted events.
    pub const EVENTS: Self = Self(1 << 12);

    /// The set as bits: bit n is the n-th constant of this type.
    pub const fn bits(self) -> u16 {
        self.0
    }

    /// Whether all of `other` are in it.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Adds `other` when `really`.
    pub(crate) fn set(&mut self, other: Self, really: bool) {
        if really {
            self.0 |= other.0;
        }
    }
}

impl BitOr for Marks {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for Marks {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

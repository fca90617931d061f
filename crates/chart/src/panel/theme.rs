//! Colours, as the wall's tokens have them.

use super::Grade;
use crate::Colour;

/// Colours of one look. No meaning is by colour alone: what is bad has a mark of its own shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Theme {
    /// Behind everything.
    pub ground: Colour,
    /// Behind a panel.
    pub panel: Colour,
    /// Between things.
    pub hair: Colour,
    /// Lines of a grid.
    pub grid: Colour,
    /// What a bar or an arc runs on.
    pub track: Colour,
    /// Text.
    pub text: Colour,
    /// Text of less weight.
    pub text_2: Colour,
    /// Text of least weight.
    pub text_3: Colour,
    /// What is normal.
    pub calm: Colour,
    /// What is good.
    pub good: Colour,
    /// 警告, 严重, 紧急.
    pub bad: [Colour; 3],
    /// Series, apart for the colour-blind too.
    pub series: [Colour; 8],
}

const fn hex(rgb: u32) -> Colour {
    Colour((rgb >> 16) as u8, (rgb >> 8) as u8, rgb as u8)
}

impl Theme {
    /// 深色: for dim rooms.
    pub const DARK: Self = Self {
        ground: hex(0x0a0f14),
        panel: hex(0x10171e),
        hair: hex(0x1f2b36),
        grid: hex(0x1b2631),
        track: hex(0x1a242e),
        text: hex(0xe8eef4),
        text_2: hex(0xa3b5c5),
        text_3: hex(0x71869a),
        calm: hex(0x7894ad),
        good: hex(0x4fb695),
        bad: [hex(0xf0b429), hex(0xff7d45), hex(0xff3d71)],
        series: [
            hex(0x56b4e9),
            hex(0xe69f00),
            hex(0x1fb58a),
            hex(0xcc79a7),
            hex(0xf0e442),
            hex(0xd98a5b),
            hex(0x6f9bff),
            hex(0xa3b5c5),
        ],
    };

    /// 静默灰: for lit rooms.
    pub const CALM: Self = Self {
        ground: hex(0xd9dee3),
        panel: hex(0xe8ecf0),
        hair: hex(0xc6ced6),
        grid: hex(0xd6dde3),
        track: hex(0xd3dae0),
        text: hex(0x17212a),
        text_2: hex(0x42505c),
        text_3: hex(0x667582),
        calm: hex(0x5d7183),
        good: hex(0x1f7a5c),
        bad: [hex(0xa66e00), hex(0xa83800), hex(0xbf0046)],
        series: [
            hex(0x0072b2),
            hex(0xb87700),
            hex(0x007a59),
            hex(0xa8487e),
            hex(0x7d7400),
            hex(0xb04a00),
            hex(0x3a56b8),
            hex(0x42505c),
        ],
    };

    /// For paper: the calm one's inks on white.
    pub const PAPER: Self = Self {
        ground: hex(0xffffff),
        panel: hex(0xffffff),
        hair: hex(0xd5dbe1),
        grid: hex(0xe9edf1),
        track: hex(0xe9edf1),
        ..Self::CALM
    };

    /// The look of this name: `dark` or `calm`.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "dark" => Some(Self::DARK),
            "calm" => Some(Self::CALM),
            _ => None,
        }
    }

    /// The colour of how bad something is.
    pub fn grade(&self, grade: Grade) -> Colour {
        match grade {
            Grade::Normal => self.calm,
            Grade::Warning => self.bad[0],
            Grade::Critical => self.bad[1],
            Grade::Emergency => self.bad[2],
        }
    }
}

//! The tray's icon, drawn: the level by colour and by shape (who cannot tell the colours sees the shape), the number in it.

/// Pixels of an edge.
pub const SIZE: u32 = 48;

/// Digits of three by five, rows from the top, the left pixel highest.
const DIGITS: [[u8; 5]; 10] = [
    [0b111, 0b101, 0b101, 0b101, 0b111],
    [0b010, 0b110, 0b010, 0b010, 0b111],
    [0b111, 0b001, 0b111, 0b100, 0b111],
    [0b111, 0b001, 0b111, 0b001, 0b111],
    [0b101, 0b101, 0b111, 0b001, 0b001],
    [0b111, 0b100, 0b111, 0b001, 0b111],
    [0b111, 0b100, 0b111, 0b101, 0b111],
    [0b111, 0b001, 0b010, 0b010, 0b010],
    [0b111, 0b101, 0b111, 0b101, 0b111],
    [0b111, 0b101, 0b111, 0b001, 0b111],
];
const PLUS: [u8; 5] = [0b000, 0b010, 0b111, 0b010, 0b000];

/// Red, orange, yellow, blue; green when all is quiet.
const COLOURS: [[u8; 3]; 5] = [
    [0xe5, 0x39, 0x35],
    [0xf5, 0x7c, 0x00],
    [0xf2, 0xc0, 0x37],
    [0x42, 0x8b, 0xca],
    [0x2e, 0x9e, 0x6b],
];

/// RGBA, [`SIZE`] by [`SIZE`]: the most urgent level and its number, or that nothing waits.
pub fn draw(most_urgent: Option<(usize, u32)>) -> Vec<u8> {
    let kind = most_urgent.map_or(4, |(level, _)| level.min(3));
    let [r, g, b] = COLOURS[kind];
    let edge = i32::try_from(SIZE).unwrap_or(i32::MAX);
    let mut out = Vec::with_capacity((SIZE * SIZE * 4) as usize);
    let glyphs = most_urgent.map(|(_, n)| glyphs(n)).unwrap_or_default();
    for y in 0..edge {
        for x in 0..edge {
            let pixel = if written(&glyphs, x, y) || (kind == 4 && tick(x, y)) {
                // black on yellow, white on the rest
                if kind == 2 { [0, 0, 0, 255] } else { [255; 4] }
            } else if inside(kind, x, y) {
                [r, g, b, 255]
            } else {
                [0; 4]
            };
            out.extend(pixel);
        }
    }
    out
}

/// P0 octagon, P1 triangle (on a base that holds the number), P2 diamond, P3 and quiet circle.
fn inside(kind: usize, x: i32, y: i32) -> bool {
    // twice the distance from the middle
    let (dx, dy) = ((2 * x - 47).abs(), (2 * y - 47).abs());
    match kind {
        0 => dx + dy <= 66,
        1 => dx <= 12 + 2 * y || y >= 20,
        2 => dx + dy <= 56,
        _ => dx * dx + dy * dy <= 47 * 47,
    }
}

/// Two digits, or `9+`.
fn glyphs(n: u32) -> Vec<[u8; 5]> {
    let digit = |d: u32| DIGITS.get(d as usize).copied().unwrap_or(PLUS);
    match n {
        0..10 => vec![digit(n)],
        10..100 => vec![digit(n / 10), digit(n % 10)],
        _ => vec![digit(9), PLUS],
    }
}

fn written(glyphs: &[[u8; 5]], x: i32, y: i32) -> bool {
    let Ok(count) = i32::try_from(glyphs.len()) else {
        return false;
    };
    if count == 0 {
        return false;
    }
    let dot = if count == 1 { 5 } else { 4 };
    let width = (4 * count - 1) * dot;
    let (left, top) = ((48 - width) / 2, (48 - 5 * dot) / 2 + 2);
    let (x, y) = (x - left, y - top);
    if x < 0 || y < 0 {
        return false;
    }
    let (column, row) = (x / dot, y / dot);
    let glyph = usize::try_from(column / 4).ok().and_then(|i| glyphs.get(i));
    let line = usize::try_from(row).ok().and_then(|i| glyph?.get(i));
    let within = column % 4;
    within < 3 && line.is_some_and(|bits| bits >> (2 - within) & 1 == 1)
}

/// A tick: nothing waits.
fn tick(x: i32, y: i32) -> bool {
    let down = (13..=21).contains(&x) && (y - x - 11).abs() <= 3;
    let up = (21..=35).contains(&x) && (y + x - 53).abs() <= 3;
    down || up
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ink(most_urgent: Option<(usize, u32)>) -> (usize, usize) {
        let pixels = draw(most_urgent);
        assert_eq!(pixels.len(), (SIZE * SIZE * 4) as usize);
        let solid = pixels.chunks(4).filter(|p| p[3] == 255).count();
        let white = pixels.chunks(4).filter(|p| **p == [255; 4]).count();
        (solid, white)
    }

    #[test]
    fn each_level_has_a_shape_and_a_number() {
        let shapes: Vec<usize> = (0..4).map(|level| ink(Some((level, 8))).0).collect();
        for (i, a) in shapes.iter().enumerate() {
            assert!(shapes[..i].iter().all(|b| a != b), "{shapes:?}");
        }
        let (_, eight) = ink(Some((0, 8)));
        assert_eq!(eight, 13 * 25, "an 8 has thirteen dots of five by five");
        assert!(ink(Some((0, 1))).1 < eight);
        assert_eq!(draw(Some((0, 100))), draw(Some((0, 5000))));
        assert_ne!(draw(Some((0, 100))), draw(Some((0, 99))));
        assert_eq!(draw(Some((7, 1))), draw(Some((3, 1))));
    }

    #[test]
    fn quiet_is_a_tick() {
        let (solid, white) = ink(None);
        assert!(solid > 1500 && white > 80, "{solid} {white}");
    }
}

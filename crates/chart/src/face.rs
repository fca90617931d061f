//! The face that everything is written with.
//!
//! Plotters takes a face as bytes of one font. Chinese faces mostly come in collections (TTC) of which the first is not the one wanted:
//! in Noto Sans CJK it has Japanese forms. So the wanted one is cut out (OpenType specification, "Font Collections").

use fontdb::{Database, Family, Query};
use plotters::style::{FontStyle, register_font};
use std::sync::OnceLock;

/// The name under which Plotters knows it.
pub(crate) const NAME: &str = "shouwang";

/// Faces with Chinese characters, the preferred first, by the names under which Linux, macOS and Windows know them.
pub const WANTED: [&str; 8] = [
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "PingFang SC",
    "Microsoft YaHei",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "SimHei",
];

/// Tables of a font at most; real ones have about twenty.
const TABLES: usize = 256;

/// The face; absent: there is none.
static INSTALLED: OnceLock<Option<Face>> = OnceLock::new();

/// A face and how it stands about the base line, in ems.
struct Face {
    bytes: &'static [u8],
    shape: Shape,
}

/// How far a face reaches above and below the base line, in ems.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    pub ascent: f64,
    descent: f64,
}

impl Shape {
    /// From ascent to descent, ems.
    pub fn height(self) -> f64 {
        self.ascent + self.descent
    }
}

/// The face's shape; a plain one where there is no face.
pub(crate) fn shape() -> Shape {
    let plain = Shape {
        ascent: 0.8,
        descent: 0.2,
    };
    INSTALLED
        .get()
        .and_then(Option::as_ref)
        .map_or(plain, |face| face.shape)
}

/// The installed face as a font file of its own (OpenType), to be put into a document.
pub fn bytes() -> Option<&'static [u8]> {
    INSTALLED
        .get()
        .and_then(Option::as_ref)
        .map(|face| face.bytes)
}

/// Looks for one of [`WANTED`] among the system's fonts and makes it known; later calls answer what the first one found. Reads font files:
/// tens of milliseconds. False: there is none, or none that can be read.
pub fn install() -> bool {
    let look = || {
        let mut fonts = Database::new();
        fonts.load_system_fonts();
        WANTED.iter().find_map(|name| {
            let query = Query {
                families: &[Family::Name(name)],
                ..Query::default()
            };
            let id = fonts.query(&query);
            let bytes = id.and_then(|id| fonts.with_face_data(id, single)).flatten();
            bytes.and_then(register)
        })
    };
    INSTALLED.get_or_init(look).is_some()
}

pub(crate) fn is_installed() -> bool {
    INSTALLED.get().is_some_and(Option::is_some)
}

/// The size as Plotters takes it, from ascent to descent, of characters that are `em` pixels wide: a whole number of pixels, so that Chinese
/// characters stand evenly.
pub(crate) fn size(em: i32) -> f64 {
    let face = INSTALLED.get().and_then(Option::as_ref);
    f64::from(em) * face.map_or(1.0, |face| face.shape.height())
}

fn register(bytes: Vec<u8>) -> Option<Face> {
    let shape = shape_of(&bytes)?;
    // Plotters keeps faces for the life of the program; there is one.
    let bytes: &'static [u8] = Box::leak(bytes.into_boxed_slice());
    register_font(NAME, FontStyle::Normal, bytes)
        .is_ok()
        .then_some(Face { bytes, shape })
}

/// From the tables `head` (units per em) and `hhea` (ascender, descender) of the OpenType specification.
fn shape_of(font: &[u8]) -> Option<Shape> {
    let tables = u16_at(font, 4)?.min(TABLES);
    let table = |tag: &[u8; 4]| {
        let record = (0..tables)
            .map(|i| 12 + 16 * i)
            .find(|at| font.get(*at..*at + 4) == Some(tag))?;
        u32_at(font, record + 8)
    };
    let signed = |at: usize| {
        let bytes = font.get(at..at.checked_add(2)?)?;
        Some(f64::from(i16::from_be_bytes(bytes.try_into().ok()?)))
    };
    let units = u16_at(font, table(b"head")? + 18)? as f64;
    let hhea = table(b"hhea")?;
    let shape = Shape {
        ascent: signed(hhea + 4)? / units,
        descent: -signed(hhea + 6)? / units,
    };
    (0.5..4.0).contains(&shape.height()).then_some(shape)
}

fn u16_at(data: &[u8], at: usize) -> Option<usize> {
    let bytes = data.get(at..at.checked_add(2)?)?;
    Some(usize::from(u16::from_be_bytes(bytes.try_into().ok()?)))
}

fn u32_at(data: &[u8], at: usize) -> Option<usize> {
    let bytes = data.get(at..at.checked_add(4)?)?;
    usize::try_from(u32::from_be_bytes(bytes.try_into().ok()?)).ok()
}

/// The font number `index` of a file by itself. `None`: the file is not as it should be.
fn single(data: &[u8], index: u32) -> Option<Vec<u8>> {
    if data.get(..4)? != b"ttcf" {
        return (index == 0).then(|| data.to_vec());
    }
    let index = usize::try_from(index).ok()?;
    if index >= u32_at(data, 8)? {
        return None;
    }
    let head = u32_at(data, 12 + 4 * index)?;
    let tables = u16_at(data, head + 4)?;
    if tables > TABLES {
        return None;
    }
    let directory = 12 + 16 * tables;
    let mut out = data.get(head..head.checked_add(directory)?)?.to_vec();
    for table in 0..tables {
        let record = 12 + 16 * table;
        let (from, length) = (u32_at(&out, record + 8)?, u32_at(&out, record + 12)?);
        let bytes = data.get(from..from.checked_add(length)?)?;
        let at = u32::try_from(out.len()).ok()?;
        out.get_mut(record + 8..record + 12)?
            .copy_from_slice(&at.to_be_bytes());
        out.extend_from_slice(bytes);
        // Tables begin at multiples of four.
        out.resize(out.len().next_multiple_of(4), 0);
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A collection of two fonts of one table each, which share no bytes.
    fn collection() -> Vec<u8> {
        let mut file = b"ttcf\0\x01\0\0\0\0\0\x02".to_vec();
        let font = |head: usize, text: &[u8]| {
            let mut f = b"OTTO\0\x01\0\0\0\0\0\0name\0\0\0\0".to_vec();
            f.extend(u32::try_from(head + 28).expect("small").to_be_bytes());
            f.extend(u32::try_from(text.len()).expect("small").to_be_bytes());
            f.extend(text);
            f
        };
        let first = font(20, b"japan");
        let second_at = 20 + first.len();
        file.extend(20_u32.to_be_bytes());
        file.extend(u32::try_from(second_at).expect("small").to_be_bytes());
        file.extend(first);
        file.extend(font(second_at, b"china"));
        file
    }

    #[test]
    fn a_font_is_cut_out_of_a_collection() {
        let file = collection();
        let second = single(&file, 1).expect("the second font");
        assert_eq!(&second[..4], b"OTTO");
        assert_eq!(
            (u32_at(&second, 20), u32_at(&second, 24)),
            (Some(28), Some(5))
        );
        assert_eq!(&second[28..33], b"china");
        assert_eq!(second.len() % 4, 0);
        assert_eq!(single(&file, 2), None);
        assert_eq!(
            single(b"OTTO and more", 0).as_deref(),
            Some(&b"OTTO and more"[..])
        );
        assert_eq!(single(b"OTTO and more", 1), None);
    }

    #[test]
    fn a_file_that_ends_early_is_no_font() {
        let file = collection();
        for end in 0..file.len() {
            // Whatever it answers, it does not read beyond the end.
            let cut = single(&file[..end], 1);
            assert!(cut.is_none() || end < 4, "{end}");
        }
        let mut huge = file;
        huge[24] = 0xff; // number of tables
        assert_eq!(single(&huge, 0), None);
    }
}

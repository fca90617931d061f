//! Bytes of a file to text: UTF-8 with or without a mark, UTF-16 with one, GB18030 (and so GBK and GB2312), as Excel and WPS write them.

use crate::fault::{Fault, Field, Problem};
use encoding_rs::{DecoderResult, Encoding, GB18030, UTF_8, UTF_16BE, UTF_16LE};
use std::borrow::Cow;

/// Bytes of a file at most.
pub const MAX_BYTES: usize = 10 << 20;

/// The file's text, without the mark of its encoding.
///
/// # Errors
/// [`Problem::TooLarge`], [`Problem::Empty`], [`Problem::Encoding`] with the line where it ends to be text.
pub(crate) fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, Fault> {
    if bytes.len() > MAX_BYTES {
        return Err(Fault::of_file(Problem::TooLarge {
            what: "bytes",
            is: bytes.len() as u64,
            max: MAX_BYTES as u64,
        }));
    }
    let text = match Encoding::for_bom(bytes) {
        Some((encoding, mark)) => strict(encoding, bytes.get(mark..).unwrap_or_default())?,
        None => unmarked(bytes)?,
    };
    if text.trim().is_empty() {
        return Err(Fault::of_file(Problem::Empty));
    }
    Ok(text)
}

fn unmarked(bytes: &[u8]) -> Result<Cow<'_, str>, Fault> {
    // neither UTF-8 nor GB18030 text has zeros: UTF-16 without a mark, or no text at all
    if let Some(at) = bytes.iter().position(|b| *b == 0) {
        return Err(broken(bytes, at, "none"));
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Ok(Cow::Borrowed(text));
    }
    if damaged_utf8(bytes) {
        return strict(UTF_8, bytes);
    }
    strict(GB18030, bytes)
}

/// UTF-8 with a few wrong bytes in it: nearly any bytes are GB18030 of something, and that would be other characters than were written. Of real
/// GB18030 text hardly a character is UTF-8 by accident.
fn damaged_utf8(bytes: &[u8]) -> bool {
    let (mut whole, mut broken) = (0_usize, 0_usize);
    for chunk in bytes.utf8_chunks() {
        whole += chunk.valid().chars().filter(|c| c.len_utf8() > 2).count();
        broken += usize::from(!chunk.invalid().is_empty());
    }
    whole > broken
}

fn strict<'a>(encoding: &'static Encoding, bytes: &'a [u8]) -> Result<Cow<'a, str>, Fault> {
    if let Some(text) = encoding.decode_without_bom_handling_and_without_replacement(bytes) {
        return Ok(text);
    }
    // once more, to find out where
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let mut text = String::new();
    let room = decoder.max_utf8_buffer_length_without_replacement(bytes.len());
    text.reserve(room.unwrap_or(bytes.len()));
    let (result, read) = decoder.decode_to_string_without_replacement(bytes, &mut text, true);
    let wrong = match result {
        DecoderResult::Malformed(length, after) => usize::from(length) + usize::from(after),
        DecoderResult::InputEmpty | DecoderResult::OutputFull => 0,
    };
    let at = read.saturating_sub(wrong);
    if encoding == UTF_16LE || encoding == UTF_16BE {
        let line = 1 + text.matches('\n').count() as u64;
        return Err(encoding_fault(line, encoding.name()));
    }
    Err(broken(bytes, at, encoding.name()))
}

fn broken(bytes: &[u8], at: usize, encoding: &'static str) -> Fault {
    let before = bytes.get(..at).unwrap_or_default();
    let line = 1 + before.iter().filter(|b| **b == b'\n').count() as u64;
    encoding_fault(line, encoding)
}

fn encoding_fault(line: u64, encoding: &'static str) -> Fault {
    Fault {
        line,
        column: 0,
        field: Field::File,
        cell: String::new(),
        problem: Problem::Encoding { encoding },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "姓名,手机\r\n张三,13800001234\r\n";

    fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        let units = std::iter::once(0xfeff).chain(text.encode_utf16());
        units.flat_map(bytes).collect()
    }

    #[test]
    fn what_excel_and_wps_write_is_read() {
        let (gbk, _, lost) = GB18030.encode(TEXT);
        assert!(!lost);
        let marked = [b"\xef\xbb\xbf".as_slice(), TEXT.as_bytes()].concat();
        for bytes in [
            TEXT.as_bytes(),
            &marked,
            &gbk,
            &utf16(TEXT, u16::to_le_bytes),
            &utf16(TEXT, u16::to_be_bytes),
        ] {
            assert_eq!(decode(bytes).expect("text"), TEXT);
        }
        // a character of the four-byte part of GB18030, that GBK has not
        let (rare, _, _) = GB18030.encode("姓名\n㐂𠮷\n");
        assert_eq!(decode(&rare).expect("text"), "姓名\n㐂𠮷\n");
    }

    #[test]
    fn what_is_no_text_is_refused_with_its_line() {
        let mut utf8 = TEXT.as_bytes().to_vec();
        utf8.truncate(utf8.len() - 15);
        assert!(std::str::from_utf8(&utf8).is_err(), "in the middle of 三");
        let fault = decode(&utf8).expect_err("cut");
        assert_eq!((fault.line, fault.problem.code()), (2, "encoding"));
        let (gbk, _, _) = GB18030.encode(TEXT);
        let mut cut = gbk.to_vec();
        cut.extend(b"\xc5\xff");
        let fault = decode(&cut).expect_err("no GBK");
        assert_eq!(fault.line, 3);
        assert_eq!(
            fault.problem,
            Problem::Encoding {
                encoding: "gb18030"
            }
        );
        let unmarked: Vec<u8> = TEXT.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(decode(&unmarked).expect_err("no mark").line, 1);
        let mut half = utf16(TEXT, u16::to_le_bytes);
        half.pop();
        assert_eq!(decode(&half).expect_err("half a unit").line, 2);
    }

    #[test]
    fn nothing_and_too_much_are_refused() {
        for empty in ["", "\u{feff}", " \r\n\r\n"] {
            let fault = decode(empty.as_bytes()).expect_err("empty");
            assert_eq!(fault.problem, Problem::Empty, "{empty:?}");
        }
        let large = vec![b'a'; MAX_BYTES + 1];
        let fault = decode(&large).expect_err("large");
        assert_eq!(fault.problem.code(), "too_large");
    }
}

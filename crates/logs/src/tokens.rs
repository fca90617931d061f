//! What an index of words keeps of a message, and what a phrase must find there.
//!
//! A phrase is part of a text, anywhere: `imeout` is in `ConnectTimeout`, `超时` in `连接超时`. An index knows whole tokens
//! only. So [`tokens`] and [`needs`] are made for each other: whatever text contains a phrase, the text's tokens meet the
//! phrase's needs. The reverse may fail, so hits are looked at again with [`crate::matches`] unless [`Needs::exact`].
//!
//! The tokens of a text, ASCII letters in lower case:
//! - letters and digits beyond ASCII (Chinese above all): each two neighbours, and the last of a run by itself, so that a
//!   single character is always the beginning of a token;
//! - a run of ASCII letters and digits that is digits only, or hex digits of both sorts: itself;
//! - any other such run: its letters and its digits, split where they meet;
//! - if a run of eight or more has a digit (an order's number, a trace's id), further some of its pieces of five, chosen by
//!   what they are (minimizers: Roberts et al. 2004, "Reducing storage requirements for biological sequence comparison"), so
//!   that every part of eight characters contains a piece that was chosen, wherever the part begins.

/// How long a run of ASCII letters and digits may be to be indexed.
pub const MAX_RUN: usize = 64;
/// Tokens of one text at most.
pub const MAX_TOKENS: usize = 2_000;
/// The character before a piece of an id.
pub const PIECE_MARK: char = '~';

/// Bytes of a piece.
const PIECE: usize = 5;
/// Pieces side by side of which one is chosen.
const WINDOW: usize = 4;
/// The shortest part of an id that is found by its pieces.
const FINDABLE: usize = PIECE + WINDOW - 1;

/// What a token is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// ASCII letters only. A store that keeps a list of these finds words by their middle ([`Need::Word`]).
    Word,
    /// Digits, or hex digits.
    Id,
    /// A piece of an id, behind [`PIECE_MARK`].
    Piece,
    /// Two characters beyond ASCII, or the last of a run.
    Pair,
}

/// What the tokens of every text that contains a phrase meet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Need {
    /// This token is there.
    Token(String),
    /// A token that begins so is there.
    Prefix(String),
    /// A token of [`Kind::Word`] is there that contains this.
    Word {
        /// What it contains, in lower case.
        part: String,
        /// It begins with it.
        begins: bool,
        /// It ends with it.
        ends: bool,
    },
}

/// All that a phrase needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Each must be met. Empty: the index knows nothing about the phrase, every line is a candidate.
    pub all: Vec<Need>,
    /// Whether a text that meets them surely contains the phrase (texts for which [`tokens`] answered false aside).
    pub exact: bool,
}

/// Calls `take` with each token of `text`, in order, with repetitions. False when not all of the text is indexed
/// ([`MAX_RUN`], [`MAX_TOKENS`]): such a text must be a candidate for every phrase.
pub fn tokens(text: &str, mut take: impl FnMut(Kind, &str)) -> bool {
    let mut whole = true;
    let mut count = 0;
    let mut low = [0_u8; MAX_RUN];
    for run in runs(text) {
        if count >= MAX_TOKENS {
            return false;
        }
        let mut take = |kind, token: &str| {
            count += 1;
            take(kind, token);
        };
        if run.ascii {
            match lower(run.text, &mut low) {
                Some(low) => of_ascii(low, &mut take),
                None => whole = false,
            }
        } else {
            whole &= of_wide(run.text, &mut take);
        }
    }
    whole
}

/// What an index must have of a text that contains `phrase`.
pub fn needs(phrase: &str) -> Needs {
    let mut all = Vec::new();
    let mut low = [0_u8; MAX_RUN];
    let mut exact = false;
    for run in runs(phrase) {
        let open = Open {
            left: run.start == 0,
            right: run.start + run.text.len() == phrase.len(),
        };
        let alone = open.left && open.right;
        if !run.ascii {
            let one_or_two = wide_needs(run.text, open, &mut all);
            exact = alone && one_or_two;
        } else if let Some(low) = lower(run.text, &mut low) {
            ascii_needs(low, open, &mut all);
            let word = shape(low) == Shape::Letters && !all.is_empty();
            exact = alone && word;
        }
    }
    all.dedup();
    Needs { all, exact }
}

/// Which ends of a run touch the end of the phrase, so that it may be part of a longer run.
#[derive(Clone, Copy)]
struct Open {
    left: bool,
    right: bool,
}

/// Characters side by side that are indexed alike.
struct Run<'a> {
    /// ASCII letters and digits, or letters and digits beyond ASCII.
    ascii: bool,
    /// Its first byte.
    start: usize,
    text: &'a str,
}

/// Whether a character is indexed, and how. By itself alone, so that a part of a text is cut like the text.
fn class(c: char) -> Option<bool> {
    if c.is_ascii() {
        c.is_ascii_alphanumeric().then_some(true)
    } else {
        c.is_alphanumeric().then_some(false)
    }
}

fn runs(text: &str) -> impl Iterator<Item = Run<'_>> {
    let mut rest = text.char_indices().peekable();
    std::iter::from_fn(move || {
        loop {
            let (start, c) = rest.next()?;
            let Some(ascii) = class(c) else { continue };
            let mut end = start + c.len_utf8();
            while let Some((at, c)) = rest.next_if(|(_, c)| class(*c) == Some(ascii)) {
                end = at + c.len_utf8();
            }
            let text = text.get(start..end)?;
            return Some(Run { ascii, start, text });
        }
    })
}

fn lower<'a>(run: &str, into: &'a mut [u8; MAX_RUN]) -> Option<&'a str> {
    let low = into.get_mut(..run.len())?;
    low.copy_from_slice(run.as_bytes());
    low.make_ascii_lowercase();
    std::str::from_utf8(low).ok()
}

/// What a run of ASCII letters and digits is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Letters,
    Digits,
    /// Hex digits of both sorts.
    Hex,
    Mixed,
}

fn shape(run: &str) -> Shape {
    let digit = run.bytes().any(|b| b.is_ascii_digit());
    let letter = run.bytes().any(|b| b.is_ascii_alphabetic());
    match (digit, letter) {
        (true, false) => Shape::Digits,
        (true, true) if hex(run) => Shape::Hex,
        (true, true) => Shape::Mixed,
        (false, _) => Shape::Letters,
    }
}

fn hex(run: &str) -> bool {
    run.bytes().all(|b| b.is_ascii_hexdigit())
}

fn of_ascii(low: &str, take: &mut impl FnMut(Kind, &str)) {
    let shape = shape(low);
    match shape {
        Shape::Letters => take(Kind::Word, low),
        Shape::Digits | Shape::Hex => take(Kind::Id, low),
        Shape::Mixed => halves(low).for_each(|part| take(kind(part), part)),
    }
    if shape != Shape::Letters && low.len() >= FINDABLE {
        pieces(low, |piece| take(Kind::Piece, piece));
    }
}

fn kind(part: &str) -> Kind {
    if part.bytes().all(|b| b.is_ascii_digit()) {
        Kind::Id
    } else {
        Kind::Word
    }
}

/// Letters and digits, split where they meet.
fn halves(low: &str) -> impl Iterator<Item = &str> {
    low.as_bytes()
        .chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit())
        .filter_map(|part| std::str::from_utf8(part).ok())
}

/// The pieces of `low` that are chosen, each behind its mark: of any [`WINDOW`] side by side the one with the smallest hash.
fn pieces(low: &str, mut take: impl FnMut(&str)) {
    let hash = |piece: &[u8]| {
        let packed = piece.iter().fold(0_u64, |n, b| n << 8 | u64::from(*b));
        let mixed = packed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed ^ (mixed >> 29)
    };
    let bytes = low.as_bytes();
    let mut token = [0_u8; PIECE + 1];
    let mut last = None;
    for (start, window) in bytes.windows(FINDABLE).enumerate() {
        let chosen = window.windows(PIECE).map(hash).enumerate();
        let Some((offset, _)) = chosen.min_by_key(|(offset, hash)| (*hash, *offset)) else {
            continue;
        };
        let at = start + offset;
        if last.replace(at) == Some(at) {
            continue;
        }
        if let (Some((mark, rest)), Some(piece)) =
            (token.split_first_mut(), bytes.get(at..at + PIECE))
        {
            *mark = PIECE_MARK as u8;
            rest.copy_from_slice(piece);
        }
        if let Ok(token) = std::str::from_utf8(&token) {
            take(token);
        }
    }
}

/// Each two neighbours, then the last character.
fn of_wide(run: &str, take: &mut impl FnMut(Kind, &str)) -> bool {
    let mut start = 0;
    let mut before = None;
    for (count, (at, c)) in run.char_indices().enumerate() {
        if count > MAX_TOKENS {
            return false;
        }
        let end = at + c.len_utf8();
        if before.is_some()
            && let Some(pair) = run.get(start..end)
        {
            take(Kind::Pair, pair);
        }
        (start, before) = (at, Some(c));
    }
    if let Some(last) = run.get(start..) {
        take(Kind::Pair, last);
    }
    true
}

/// True when the needs say all: the run has one or two characters.
fn wide_needs(run: &str, open: Open, all: &mut Vec<Need>) -> bool {
    let chars = run.chars().count();
    if chars == 1 {
        let one = run.to_owned();
        all.push(if open.right {
            Need::Prefix(one)
        } else {
            Need::Token(one)
        });
        return true;
    }
    let mut tokens = Vec::new();
    of_wide(run, &mut |_, token| tokens.push(token.to_owned()));
    if open.right {
        tokens.pop(); // the last character may have a neighbour there
    }
    all.extend(tokens.into_iter().map(Need::Token));
    chars == 2
}

fn ascii_needs(low: &str, open: Open, all: &mut Vec<Need>) {
    let token = |t: &str| Need::Token(t.to_owned());
    if !open.left && !open.right {
        of_ascii(low, &mut |_, t| all.push(token(t)));
        return;
    }
    let shape = shape(low);
    if shape == Shape::Letters {
        if !hex(low) {
            all.push(Need::Word {
                part: low.to_owned(),
                begins: !open.left,
                ends: !open.right,
            });
        } else if !open.left {
            // in a word, or at the beginning of a hex number
            all.push(Need::Prefix(low.to_owned()));
        }
    } else if low.len() >= FINDABLE {
        pieces(low, |piece| all.push(token(piece)));
    } else if shape == Shape::Digits && !open.left {
        // all of it, or the beginning of digits, of a hex number, of the digits that a mixed run begins with
        all.push(Need::Prefix(low.to_owned()));
    } else if shape == Shape::Mixed {
        mixed_needs(low, open, all);
    }
}

/// The run around it is mixed too, so it is split as this is; only what touches an open end may go on there.
fn mixed_needs(low: &str, open: Open, all: &mut Vec<Need>) {
    let parts: Vec<&str> = halves(low).collect();
    let last = parts.len().saturating_sub(1);
    for (i, part) in parts.into_iter().enumerate() {
        let begins = i > 0 || !open.left;
        let ends = i < last || !open.right;
        let owned = part.to_owned();
        match (begins, ends, kind(part)) {
            (true, true, _) => all.push(Need::Token(owned)),
            (_, _, Kind::Word) => all.push(Need::Word {
                part: owned,
                begins,
                ends,
            }),
            (true, false, _) => all.push(Need::Prefix(owned)),
            (false, ..) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(text: &str) -> Vec<String> {
        let mut out = Vec::new();
        tokens(text, |_, t| out.push(t.to_owned()));
        out
    }

    fn plain(text: &str) -> Vec<String> {
        let mut out = all(text);
        out.retain(|t| !t.starts_with(PIECE_MARK));
        out
    }

    fn met(need: &Need, text: &str) -> bool {
        let mut met = false;
        tokens(text, |kind, t| {
            met |= match need {
                Need::Token(token) => t == token,
                Need::Prefix(start) => t.starts_with(start.as_str()),
                Need::Word { part, begins, ends } => {
                    kind == Kind::Word
                        && t.contains(part.as_str())
                        && (!begins || t.starts_with(part.as_str()))
                        && (!ends || t.ends_with(part.as_str()))
                }
            };
        });
        met
    }

    #[test]
    fn chinese_by_pairs_and_the_last_character() {
        assert_eq!(
            plain("下单失败，连接超时"),
            ["下单", "单失", "失败", "败", "连接", "接超", "超时", "时"]
        );
        assert_eq!(plain("库"), ["库"]);
    }

    #[test]
    fn words_numbers_and_ids() {
        assert_eq!(
            plain("PreserveServiceImpl took 1250ms"),
            ["preserveserviceimpl", "took", "1250", "ms"]
        );
        assert_eq!(
            plain("trace 4bf92f3577B34DA6"),
            ["trace", "4bf92f3577b34da6"]
        );
        assert_eq!(
            plain("PO20261121-000123"),
            ["po", "20261121", "000123"],
            "letters and digits split"
        );
        assert_eq!(plain("支付ok了"), ["支付", "付", "ok", "了"]);
    }

    #[test]
    fn what_a_phrase_needs() {
        let token = |t: &str| Need::Token(t.into());
        let exact = |all: Vec<Need>| Needs { all, exact: true };
        assert_eq!(needs("超时"), exact(vec![token("超时")]));
        assert_eq!(needs("超"), exact(vec![Need::Prefix("超".into())]));
        assert_eq!(
            needs("连接超时"),
            Needs {
                all: vec![token("连接"), token("接超"), token("超时")],
                exact: false
            }
        );
        let word = |part: &str, begins, ends| Need::Word {
            part: part.into(),
            begins,
            ends,
        };
        assert_eq!(needs("Timeout"), exact(vec![word("timeout", false, false)]));
        assert_eq!(
            needs("read timeout"),
            Needs {
                all: vec![word("read", false, true), word("timeout", true, false)],
                exact: false
            }
        );
        assert_eq!(needs("500").all, [], "may be in any id");
        assert_eq!(needs(" 500 ").all, [token("500")]);
        assert_eq!(needs("，").all, []);
        assert!(!needs("，").exact);
        assert!(!needs("4bf92f3577b3").all.is_empty());
    }

    #[test]
    fn parts_of_ids_are_found_from_eight_characters_on() {
        let id = "4bf92f3577b34da6a3ce929d0e0e4736";
        for from in 0..id.len() - 8 {
            for to in from + 8..=id.len() {
                let part = needs(&id[from..to]).all;
                let letters_only = id[from..to].bytes().all(|b| b.is_ascii_alphabetic());
                assert!(letters_only || !part.is_empty());
                assert!(part.iter().all(|n| met(n, &format!("trace={id} end"))));
                assert!(!part.iter().all(|n| met(n, "trace=00112233445566778899")));
            }
        }
        let mut chosen = all(id);
        chosen.retain(|t| t.starts_with(PIECE_MARK));
        assert!(chosen.len() < 18, "{} of 28 pieces", chosen.len());
    }

    #[test]
    fn bounded() {
        assert!(!tokens(&"a".repeat(MAX_RUN + 1), |_, t| panic!("{t}")));
        assert!(tokens(&"a".repeat(MAX_RUN), |_, _| ()));
        for long in [
            "时".repeat(100_000),
            "时 ".repeat(100_000),
            "ab1 ".repeat(100_000),
        ] {
            let mut count = 0;
            assert!(!tokens(&long, |_, _| count += 1));
            assert!(count <= 2 * MAX_TOKENS, "{count}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        /// Whatever part of a text is looked for, the text is among the candidates.
        #[test]
        fn no_text_is_missed(text in "[aefgz019ABG超时接é， -]{1,24}", from in 0_usize..24, len in 1_usize..16) {
            let phrase: String = text.chars().skip(from).take(len).collect();
            let needs = needs(&phrase);
            for need in &needs.all {
                prop_assert!(met(need, &text), "{text:?} has {phrase:?} and does not meet {need:?}");
            }
        }

        /// Where the index says that it is enough, it is.
        #[test]
        fn exact_is_exact(text in "[aegz01A超时é，]{0,8}", phrase in "[egz0超时é]{1,3}") {
            let needs = needs(&phrase);
            if needs.exact {
                let met = needs.all.iter().all(|n| met(n, &text));
                prop_assert_eq!(met, crate::contains(&text, &phrase));
            }
        }

        /// Nothing of a text breaks it.
        #[test]
        fn any_text(text in "\\PC{0,200}") {
            let mut tokens_of = Vec::new();
            tokens(&text, |_, t| tokens_of.push(t.to_owned()));
            for t in tokens_of {
                prop_assert!(!t.contains(' ') && !t.is_empty());
            }
        }
    }
}

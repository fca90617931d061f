//! A query's text cut into tokens. Never fails: what is broken is a token that says so, because completion works on broken text.

use model::log::{Compare, Field};

/// What stands between a field and its value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Op {
    /// `:`
    Is,
    /// `=`
    Exactly,
    /// `!=`
    IsNot,
    /// `<` and its like
    Compare(Compare),
}

/// A word or a phrase.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Word {
    /// What it says, without quotation marks, escapes and stars.
    pub text: String,
    /// Whether it stood between quotation marks.
    pub quoted: bool,
    /// False for a quotation mark that is not closed.
    pub closed: bool,
    /// A `*` at its beginning.
    pub star_before: bool,
    /// A `*` at its end.
    pub star_after: bool,
    /// A `*` elsewhere.
    pub star_inside: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    Open,
    Close,
    And,
    Or,
    Not,
    /// A separator that in a list means "or" and elsewhere nothing.
    Comma,
    Name(Field),
    Op(Op),
    Tilde,
    Word(Word),
    /// `[` (true) or `{`
    RangeOpen(bool),
    To,
    /// `]` (true) or `}`
    RangeClose(bool),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub kind: Kind,
    /// First character.
    pub from: usize,
    /// Behind the last one.
    pub to: usize,
}

/// What the next token may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// Words and conditions.
    Term,
    /// One value, then terms again.
    Value,
    /// Values up to the closing parenthesis.
    List,
    /// The ends of a range.
    Range,
}

/// The tokens, and where the text leaves off.
pub(super) struct Scan {
    pub tokens: Vec<Token>,
    pub mode: Mode,
    /// The last field named.
    pub field: Option<Field>,
}

pub(super) fn scan(text: &[char]) -> Scan {
    let mut scanner = Scanner {
        text,
        at: 0,
        tokens: Vec::new(),
        mode: Mode::Term,
        list: false,
        field: None,
    };
    while scanner.skip_space() {
        match scanner.mode {
            Mode::Term => scanner.term(),
            Mode::Value | Mode::List => scanner.value(),
            Mode::Range => scanner.range(),
        }
    }
    Scan {
        tokens: scanner.tokens,
        mode: scanner.mode,
        field: scanner.field,
    }
}

/// The ASCII sign of which this is the full-width form that Chinese input methods give.
fn half(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        '【' => '[',
        '】' => ']',
        '《' => '<',
        '》' => '>',
        _ => c,
    }
}

fn is_quote(c: char) -> bool {
    matches!(c, '"' | '“' | '”' | '＂')
}

/// Full-width commas always separate; they are what an input method gives instead of a space.
fn is_comma(c: char) -> bool {
    matches!(c, '，' | '、')
}

/// What a field's name begins with, unless it is in quotation marks.
pub(super) fn begins_name(c: char) -> bool {
    c.is_ascii_alphabetic() || matches!(c, '_' | '@' | '$')
}

/// What a field's name goes on with.
pub(super) fn in_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '@' | '$' | '-' | '/')
}

/// The own fields in Chinese.
pub(super) const ALIASES: [(&str, Field); 12] = [
    ("级别", Field::Level),
    ("等级", Field::Level),
    ("服务", Field::Service),
    ("主机", Field::Host),
    ("消息", Field::Message),
    ("内容", Field::Message),
    ("类别", Field::Category),
    ("分类", Field::Category),
    ("链路", Field::TraceId),
    ("追踪", Field::TraceId),
    ("调用链", Field::TraceId),
    ("跨度", Field::SpanId),
];

/// A word that combines, in its languages.
pub(super) fn keyword(word: &str) -> Option<Kind> {
    let is = |name: &str| word.eq_ignore_ascii_case(name);
    match word {
        "且" | "并且" | "&&" | "＆＆" => Some(Kind::And),
        "或" | "或者" | "||" | "｜｜" => Some(Kind::Or),
        "非" | "不含" => Some(Kind::Not),
        _ if is("and") => Some(Kind::And),
        _ if is("or") => Some(Kind::Or),
        _ if is("not") => Some(Kind::Not),
        _ => None,
    }
}

struct Scanner<'a> {
    text: &'a [char],
    at: usize,
    tokens: Vec<Token>,
    mode: Mode,
    /// Whether a list is open.
    list: bool,
    field: Option<Field>,
}

impl Scanner<'_> {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.text.get(self.at + ahead).copied()
    }

    /// The character `ahead` in its ASCII form; NUL at the end.
    fn sign(&self, ahead: usize) -> char {
        self.peek(ahead).map_or('\0', half)
    }

    fn skip_space(&mut self) -> bool {
        while self.peek(0).is_some_and(char::is_whitespace) {
            self.at += 1;
        }
        self.at < self.text.len()
    }

    fn push(&mut self, kind: Kind, length: usize) {
        let from = self.at;
        self.at = (from + length).min(self.text.len());
        let to = self.at;
        self.tokens.push(Token { kind, from, to });
    }

    /// Where a value ends, terms (or further values) begin.
    fn value_done(&mut self) {
        self.mode = if self.list { Mode::List } else { Mode::Term };
    }

    fn close(&mut self) {
        self.push(Kind::Close, 1);
        self.list = false;
        self.mode = Mode::Term;
    }

    fn term(&mut self) {
        match self.sign(0) {
            '(' => return self.push(Kind::Open, 1),
            ')' => return self.close(),
            '-' | '!' if self.negates() => return self.push(Kind::Not, 1),
            ',' if self.peek(1).is_none_or(char::is_whitespace) => {
                return self.push(Kind::Comma, 1);
            }
            _ if self.peek(0).is_some_and(is_comma) => return self.push(Kind::Comma, 1),
            _ => (),
        }
        if let Some((field, name_end)) = self.name()
            && let Some((op, from, to)) = self.operator(name_end, &field)
        {
            self.push(Kind::Name(field.clone()), name_end - self.at);
            self.at = from;
            self.push(Kind::Op(op), to - from);
            self.field = Some(field);
            self.mode = Mode::Value;
            return;
        }
        let (word, length) = self.word();
        let kind = (!word.quoted && !word.star_after && !word.star_before)
            .then(|| keyword(&word.text))
            .flatten()
            .unwrap_or(Kind::Word(word));
        self.push(kind, length);
    }

    /// Whether the sign here excludes what follows, and is no part of a word like `->` or `--flag`.
    fn negates(&self) -> bool {
        self.peek(1)
            .is_some_and(|c| !c.is_whitespace() && !matches!(half(c), '>' | '=' | '-' | ')' | '!'))
    }

    fn value(&mut self) {
        match self.sign(0) {
            '(' => {
                self.push(Kind::Open, 1);
                self.list = true;
                self.mode = Mode::List;
            }
            ')' => self.close(),
            '[' | '{' => {
                let including = self.sign(0) == '[';
                self.push(Kind::RangeOpen(including), 1);
                self.mode = Mode::Range;
            }
            '~' => self.push(Kind::Tilde, 1),
            ',' if self.list => self.push(Kind::Comma, 1),
            _ if self.peek(0).is_some_and(is_comma) => {
                self.push(Kind::Comma, 1);
                self.value_done();
            }
            _ => {
                let (word, length) = self.word();
                let joins = (self.list && !word.quoted)
                    .then(|| keyword(&word.text))
                    .flatten();
                self.push(joins.unwrap_or(Kind::Word(word)), length);
                self.value_done();
            }
        }
    }

    fn range(&mut self) {
        match self.sign(0) {
            ']' | '}' => {
                let including = self.sign(0) == ']';
                self.push(Kind::RangeClose(including), 1);
                self.value_done();
            }
            '(' => self.push(Kind::Open, 1),
            ')' => self.close(),
            _ if self.peek(0).is_some_and(is_comma) => self.push(Kind::Comma, 1),
            _ => {
                let (word, length) = self.word();
                let to = !word.quoted
                    && (word.text.eq_ignore_ascii_case("to")
                        || matches!(word.text.as_str(), "到" | "至"));
                self.push(if to { Kind::To } else { Kind::Word(word) }, length);
            }
        }
    }

    /// A field's name that begins here, and where it ends; whether an operator follows is not looked at.
    fn name(&self) -> Option<(Field, usize)> {
        for (alias, field) in ALIASES {
            let length = alias.chars().count();
            let here = self.text.get(self.at..self.at + length);
            if here.is_some_and(|h| h.iter().copied().eq(alias.chars())) {
                return Some((field, self.at + length));
            }
        }
        // a backslash before it makes `level` an attribute of that name
        let attr = self.peek(0) == Some('\\');
        let mut at = self.at + usize::from(attr);
        let mut path = Vec::new();
        loop {
            let c = *self.text.get(at)?;
            if is_quote(c) {
                let (text, end) = self.quoted(at)?;
                path.push(text);
                at = end;
            } else {
                let rest = self.text.get(at..)?;
                let length = rest.iter().take_while(|c| in_name(**c)).count();
                let segment = rest.get(..length)?;
                let first = segment.first()?;
                let last = segment.last()?;
                if (path.is_empty() && !begins_name(*first)) || matches!(last, '-' | '/') {
                    return None;
                }
                path.push(segment.iter().collect());
                at += length;
            }
            if self.text.get(at) == Some(&'.') {
                at += 1;
            } else {
                break;
            }
        }
        let own = Field::OWN.into_iter().find(|f| {
            !attr && matches!(path.as_slice(), [only] if f.to_string().eq_ignore_ascii_case(only))
        });
        Some((own.unwrap_or(Field::Attr(path)), at))
    }

    /// The operator behind a name that ends at `end`, and its place. Where the text looks like a piece of a log line rather
    /// than a condition (`http://…`, `TypeError: …`, `std::fmt`, `C:\…`), there is none.
    fn operator(&self, end: usize, field: &Field) -> Option<(Op, usize, usize)> {
        let rest = self.text.get(end..)?;
        let gap = rest.iter().take_while(|c| c.is_whitespace()).count();
        let signs: Vec<char> = rest.iter().skip(gap).take(3).map(|c| half(*c)).collect();
        let sign = |n: usize| signs.get(n).copied().unwrap_or('\0');
        let own = !matches!(field, Field::Attr(_));
        let comparing = |n: usize| match (sign(n), sign(n + 1)) {
            ('>', '=') | ('=', '>') => Some((Op::Compare(Compare::AtLeast), 2)),
            ('<', '=') | ('=', '<') => Some((Op::Compare(Compare::AtMost), 2)),
            ('>', '<') | ('<', '>' | '<') | ('>', '>') => None,
            ('>', _) => Some((Op::Compare(Compare::More), 1)),
            ('<', _) => Some((Op::Compare(Compare::Less), 1)),
            ('!', '=') => Some((Op::IsNot, 2)),
            ('=', '=') => Some((Op::Exactly, 2)),
            ('=', _) => Some((Op::Exactly, 1)),
            _ => None,
        };
        let (op, length) = match rest.get(gap).map_or('\0', |c| match c {
            '≥' | '≤' | '≠' => *c,
            c => half(*c),
        }) {
            ':' if sign(1) == ':' || (sign(1) == '/' && sign(2) == '/') || sign(1) == '\\' => {
                return None;
            }
            ':' => {
                let pasted = rest.get(gap + 1).is_some_and(|c| c.is_whitespace())
                    && rest.iter().skip(gap + 1).any(|c| !c.is_whitespace());
                if !own && (gap > 0 || pasted) {
                    return None;
                }
                let (op, more) = comparing(1).unwrap_or((Op::Is, 0));
                (op, more + 1)
            }
            '≥' => (Op::Compare(Compare::AtLeast), 1),
            '≤' => (Op::Compare(Compare::AtMost), 1),
            '≠' => (Op::IsNot, 1),
            _ => comparing(0)?,
        };
        Some((op, end + gap, end + gap + length))
    }

    /// What stands between the quotation mark at `at` and the one that closes it, and where that ends; `None` when none does.
    fn quoted(&self, at: usize) -> Option<(String, usize)> {
        let (text, end, closed) = self.quoted_to_end(at);
        closed.then_some((text, end))
    }

    fn quoted_to_end(&self, at: usize) -> (String, usize, bool) {
        // an ASCII mark is closed by its like alone, so that what is quoted may hold Chinese ones
        let ascii = self.text.get(at) == Some(&'"');
        let closes = |c: char| if ascii { c == '"' } else { is_quote(c) };
        let mut out = String::new();
        let mut at = at + 1;
        while let Some(&c) = self.text.get(at) {
            at += 1;
            if closes(c) {
                return (out, at, true);
            }
            match (c, self.text.get(at)) {
                ('\\', Some(&escaped)) => {
                    out.push(match escaped {
                        'n' => '\n',
                        'r' => '\r',
                        't' => '\t',
                        other => other,
                    });
                    at += 1;
                }
                _ => out.push(c),
            }
        }
        (out, at, false)
    }

    /// The word or phrase here, and its length.
    fn word(&self) -> (Word, usize) {
        if self.peek(0).is_some_and(is_quote) {
            let (text, end, closed) = self.quoted_to_end(self.at);
            let star = closed && self.text.get(end) == Some(&'*') && self.mode != Mode::Term;
            let word = Word {
                text,
                quoted: true,
                closed,
                star_after: star,
                ..Word::default()
            };
            return (word, end - self.at + usize::from(star));
        }
        let mut text = String::new();
        let mut stars = Vec::new();
        let mut at = self.at;
        while let Some(&c) = self.text.get(at) {
            if self.ends_word(c, at) {
                break;
            }
            at += 1;
            match (c, self.text.get(at)) {
                ('\\', Some(&escaped)) if !escaped.is_alphanumeric() => {
                    text.push(escaped);
                    at += 1;
                }
                ('*' | '＊', _) => stars.push(text.len()),
                _ => text.push(c),
            }
        }
        // a sign that belongs nowhere else stands for itself, so that every round takes at least one character
        if at == self.at {
            text.extend(self.peek(0));
            at += 1;
        }
        let word = Word {
            closed: true,
            star_before: stars.contains(&0),
            star_after: stars.contains(&text.len()),
            star_inside: stars.iter().any(|s| *s != 0 && *s != text.len()),
            text,
            ..Word::default()
        };
        (word, at - self.at)
    }

    fn ends_word(&self, c: char, at: usize) -> bool {
        let separates = || {
            let next = self.text.get(at + 1);
            self.list || (at > self.at && next.is_none_or(|c| c.is_whitespace()))
        };
        match half(c) {
            '(' | ')' => true,
            ']' | '}' => self.mode == Mode::Range,
            ',' if c == ',' => separates(),
            _ => c.is_whitespace() || is_quote(c) || is_comma(c),
        }
    }
}

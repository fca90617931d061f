//! From text to tokens, as `text/template/parse/lex.go` cuts it.

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Open,
    Close,
    /// `.name`
    Field,
    /// `$name`
    Variable,
    /// A function, `true`, `false`, `nil`.
    Word,
    /// `if`, `else`, `end`, …
    Keyword,
    Dot,
    Char,
    Number,
    Quoted,
    Raw,
    Pipe,
    LeftParen,
    RightParen,
    Declare,
    Assign,
    Comma,
    Space,
}

#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    /// Byte offset into the template.
    pub(super) pos: usize,
    pub(super) text: String,
}

const KEYWORDS: [&str; 10] = [
    "block", "break", "continue", "define", "else", "end", "if", "range", "template", "with",
];
const SPACES: [char; 4] = [' ', '\t', '\r', '\n'];

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    tokens: Vec<Token>,
    parens: usize,
}

/// Where and why the text is no template.
pub(super) struct LexError {
    pub(super) pos: usize,
    pub(super) what: String,
}

pub(super) fn tokens(text: &str) -> Result<Vec<Token>, LexError> {
    let mut lexer = Lexer {
        text,
        at: 0,
        tokens: Vec::new(),
        parens: 0,
    };
    while lexer.at < text.len() {
        lexer.text_then_action()?;
    }
    Ok(lexer.tokens)
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn fail<T>(&self, what: impl Into<String>) -> Result<T, LexError> {
        Err(LexError {
            pos: self.at,
            what: what.into(),
        })
    }

    fn push(&mut self, kind: Kind, len: usize) {
        let text = self.rest().get(..len).unwrap_or("").to_owned();
        self.tokens.push(Token {
            kind,
            pos: self.at,
            text,
        });
        self.at += len;
    }

    fn text_then_action(&mut self) -> Result<(), LexError> {
        let rest = self.rest();
        let Some(open) = rest.find("{{") else {
            self.push(Kind::Text, rest.len());
            return Ok(());
        };
        let after = rest.get(open + 2..).unwrap_or("");
        let trims = after.starts_with('-') && after.get(1..).is_some_and(|s| s.starts_with(SPACES));
        let before = rest.get(..open).unwrap_or("");
        let kept = if trims {
            before.trim_end_matches(SPACES).len()
        } else {
            open
        };
        if kept > 0 {
            self.push(Kind::Text, kept);
        }
        self.at += open - kept;
        let skip = if trims { 4 } else { 2 };
        if rest.get(open + skip..).is_some_and(|s| s.starts_with("/*")) {
            self.at += skip;
            return self.comment();
        }
        self.push(Kind::Open, 2);
        if trims {
            self.at += 2;
        }
        self.parens = 0;
        while self.inside()? {}
        Ok(())
    }

    fn comment(&mut self) -> Result<(), LexError> {
        let Some(end) = self.rest().find("*/") else {
            return self.fail("unclosed comment");
        };
        self.at += end + 2;
        let rest = self.rest();
        let trims = rest.starts_with(SPACES) && rest.get(1..).is_some_and(|s| s.starts_with("-}}"));
        if trims {
            self.at += 4;
            self.trim_after();
        } else if rest.starts_with("}}") {
            self.at += 2;
        } else {
            return self.fail("comment ends before closing delimiter");
        }
        Ok(())
    }

    fn trim_after(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches(SPACES).len();
    }

    /// One token of an action; false after its end.
    fn inside(&mut self) -> Result<bool, LexError> {
        let rest = self.rest();
        let trims = rest.starts_with(SPACES) && rest.get(1..).is_some_and(|s| s.starts_with("-}}"));
        if trims || rest.starts_with("}}") {
            if self.parens > 0 {
                return self.fail("unclosed left paren");
            }
            if trims {
                self.at += 2;
            }
            self.push(Kind::Close, 2);
            if trims {
                self.trim_after();
            }
            return Ok(false);
        }
        let mut chars = rest.chars();
        let Some(c) = chars.next() else {
            return self.fail("unclosed action");
        };
        let next = chars.next();
        match c {
            c if SPACES.contains(&c) => self.spaces(),
            '=' => self.push(Kind::Assign, 1),
            ':' if next == Some('=') => self.push(Kind::Declare, 2),
            ':' => return self.fail("expected :="),
            '|' => self.push(Kind::Pipe, 1),
            ',' => self.push(Kind::Comma, 1),
            '"' => self.quoted('"', Kind::Quoted, "unterminated quoted string")?,
            '\'' => self.quoted('\'', Kind::Char, "unterminated character constant")?,
            '`' => self.raw()?,
            '$' => self.name(Kind::Variable)?,
            '.' if !next.is_some_and(|n| n.is_ascii_digit()) => self.name(Kind::Field)?,
            '(' => {
                self.parens += 1;
                self.push(Kind::LeftParen, 1);
            }
            ')' => {
                if self.parens == 0 {
                    return self.fail("unexpected right paren U+0029 ')'");
                }
                self.parens -= 1;
                self.push(Kind::RightParen, 1);
            }
            '.' | '+' | '-' | '0'..='9' => self.number()?,
            c if is_word(c) => self.word()?,
            c => return self.fail(format!("unrecognized character in action: {}", shown(c))),
        }
        Ok(true)
    }

    /// Spaces, but not the one that belongs to ` -}}`.
    fn spaces(&mut self) {
        let rest = self.rest();
        let mut len = rest.len() - rest.trim_start_matches(SPACES).len();
        if rest.get(len..).is_some_and(|s| s.starts_with("-}}")) {
            len -= 1;
        }
        if len > 0 {
            self.push(Kind::Space, len);
        }
    }

    fn quoted(&mut self, quote: char, kind: Kind, unterminated: &str) -> Result<(), LexError> {
        let mut escaped = false;
        for (i, c) in self.rest().char_indices().skip(1) {
            match c {
                '\n' => break,
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                c if c == quote => {
                    self.push(kind, i + 1);
                    return Ok(());
                }
                _ => {}
            }
        }
        self.fail(unterminated)
    }

    fn raw(&mut self) -> Result<(), LexError> {
        match self.rest().get(1..).and_then(|s| s.find('`')) {
            Some(len) => {
                self.push(Kind::Raw, len + 2);
                Ok(())
            }
            None => self.fail("unterminated raw quoted string"),
        }
    }

    /// `$`, `$name`, `.`, `.name`.
    fn name(&mut self, kind: Kind) -> Result<(), LexError> {
        let rest = self.rest();
        let len = 1 + run(rest.get(1..).unwrap_or(""));
        let kind = if kind == Kind::Field && len == 1 {
            Kind::Dot
        } else {
            kind
        };
        self.push(kind, len);
        self.terminated()
    }

    fn word(&mut self) -> Result<(), LexError> {
        let len = run(self.rest());
        let word = self.rest().get(..len).unwrap_or("");
        let kind = if KEYWORDS.contains(&word) {
            Kind::Keyword
        } else {
            Kind::Word
        };
        self.push(kind, len);
        self.terminated()
    }

    fn terminated(&self) -> Result<(), LexError> {
        let rest = self.rest();
        match rest.chars().next() {
            None => Ok(()),
            Some(c) if SPACES.contains(&c) || ".,|:()".contains(c) || rest.starts_with("}}") => {
                Ok(())
            }
            Some(c) => self.fail(format!("bad character {}", shown(c))),
        }
    }

    fn number(&mut self) -> Result<(), LexError> {
        let rest = self.rest();
        let mut len = usize::from(rest.starts_with(['+', '-']));
        let hex = rest
            .get(len..)
            .is_some_and(|s| s.starts_with("0x") || s.starts_with("0X"));
        let mut before = ' ';
        for c in rest.get(len..).unwrap_or("").chars() {
            let sign = matches!(c, '+' | '-') && matches!(before, 'e' | 'E') && !hex;
            if !(is_word(c) || c == '.' || sign) {
                break;
            }
            before = c;
            len += c.len_utf8();
        }
        self.push(Kind::Number, len);
        Ok(())
    }
}

fn is_word(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

fn run(text: &str) -> usize {
    text.find(|c| !is_word(c)).unwrap_or(text.len())
}

/// As Go's `%#U`.
pub(super) fn shown(c: char) -> String {
    format!("U+{:04X} '{c}'", u32::from(c))
}

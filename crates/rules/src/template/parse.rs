//! From tokens to the tree, as `text/template/parse/parse.go` builds it.

use super::TemplateError;
use super::ast::{Arg, ArgKind, Branch, Command, List, Node, Pipe};
use super::functions;
use super::lex::{Kind, Token, tokens};
use super::literal::{number, unquote};

/// How deep actions and parentheses may be nested.
const MAX_DEPTH: usize = 64;

struct Parser<'a> {
    name: &'a str,
    text: &'a str,
    tokens: Vec<Token>,
    at: usize,
    variables: Vec<String>,
    depth: usize,
    loops: usize,
}

/// How a list of nodes ended.
enum Stop {
    Text,
    End,
    Else,
}

type Parsed<T> = Result<T, TemplateError>;

pub(super) fn parse(name: &str, text: &str) -> Parsed<List> {
    let fail = |pos: usize, what: &str| {
        let line = 1 + text.get(..pos).unwrap_or(text).matches('\n').count();
        TemplateError(format!("template: {name}:{line}: {what}"))
    };
    let tokens = tokens(text).map_err(|e| fail(e.pos, &e.what))?;
    let mut parser = Parser {
        name,
        text,
        tokens,
        at: 0,
        variables: vec!["$".to_owned()],
        depth: 0,
        loops: 0,
    };
    match parser.list()? {
        (list, Stop::Text) => Ok(list),
        (_, Stop::End) => Err(parser.fail("unexpected {{end}}")),
        (_, Stop::Else) => Err(parser.fail("unexpected {{else}}")),
    }
}

impl Parser<'_> {
    fn fail(&self, what: impl AsRef<str>) -> TemplateError {
        let last = self.tokens.get(self.at.saturating_sub(1));
        let pos = last.map_or(0, |t| t.pos);
        let line = 1 + self
            .text
            .get(..pos)
            .unwrap_or(self.text)
            .matches('\n')
            .count();
        TemplateError(format!("template: {}:{line}: {}", self.name, what.as_ref()))
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn peek_kind(&self) -> Option<Kind> {
        self.peek().map(|t| t.kind)
    }

    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += usize::from(token.is_some());
        token
    }

    fn skip_spaces(&mut self) {
        while self.peek_kind() == Some(Kind::Space) {
            self.at += 1;
        }
    }

    fn unexpected(&self, token: Option<&Token>, context: &str) -> TemplateError {
        match token {
            None => self.fail("unexpected EOF"),
            Some(t) => self.fail(format!("unexpected {} in {context}", quoted(&t.text))),
        }
    }

    fn enter(&mut self) -> Parsed<()> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.fail(format!("more than {MAX_DEPTH} levels deep")));
        }
        Ok(())
    }

    fn list(&mut self) -> Parsed<(List, Stop)> {
        let mut list = List::new();
        while let Some(token) = self.next() {
            if token.kind == Kind::Text {
                list.push(Node::Text(token.text));
                continue;
            }
            self.skip_spaces();
            match self.peek() {
                Some(t) if t.kind == Kind::Keyword => {
                    let word = t.text.clone();
                    self.at += 1;
                    match word.as_str() {
                        "end" => {
                            self.close("end")?;
                            return Ok((list, Stop::End));
                        }
                        "else" => return Ok((list, Stop::Else)),
                        _ => list.push(self.keyword(&word)?),
                    }
                }
                _ => {
                    let pipe = self.pipeline("command", Kind::Close)?;
                    list.push(Node::Action(pipe));
                }
            }
        }
        Ok((list, Stop::Text))
    }

    fn close(&mut self, context: &str) -> Parsed<()> {
        self.skip_spaces();
        match self.next() {
            Some(t) if t.kind == Kind::Close => Ok(()),
            other => Err(self.unexpected(other.as_ref(), context)),
        }
    }

    fn keyword(&mut self, word: &str) -> Parsed<Node> {
        match word {
            "if" => Ok(Node::If(self.branch("if")?)),
            "range" => {
                self.loops += 1;
                let branch = self.branch("range")?;
                self.loops -= 1;
                Ok(Node::Range(branch))
            }
            "with" => Ok(Node::With(self.branch("with")?)),
            "break" | "continue" => {
                self.close(word)?;
                if self.loops == 0 {
                    return Err(self.fail(format!("{{{{{word}}}}} outside {{{{range}}}}")));
                }
                Ok(if word == "break" {
                    Node::Break
                } else {
                    Node::Continue
                })
            }
            other => Err(self.fail(format!("{{{{{other}}}}} is not available here"))),
        }
    }

    fn branch(&mut self, context: &str) -> Parsed<Branch> {
        self.enter()?;
        let known = self.variables.len();
        self.skip_spaces();
        let pipe = self.pipeline(context, Kind::Close)?;
        let (list, end) = self.list()?;
        let otherwise = match end {
            Stop::End => None,
            Stop::Text => return Err(self.fail("unexpected EOF")),
            Stop::Else => Some(self.otherwise(context)?),
        };
        self.variables.truncate(known);
        self.depth -= 1;
        Ok(Branch {
            pipe,
            list,
            otherwise,
        })
    }

    /// What follows `{{else`.
    fn otherwise(&mut self, context: &str) -> Parsed<List> {
        self.skip_spaces();
        if context == "if"
            && self
                .peek()
                .is_some_and(|t| t.kind == Kind::Keyword && t.text == "if")
        {
            self.at += 1;
            return Ok(vec![Node::If(self.branch("if")?)]);
        }
        self.close("else")?;
        match self.list()? {
            (list, Stop::End) => Ok(list),
            (_, Stop::Else) => Err(self.fail("expected end; found {{else}}")),
            (_, Stop::Text) => Err(self.fail("unexpected EOF")),
        }
    }

    fn pipeline(&mut self, context: &str, end: Kind) -> Parsed<Pipe> {
        self.enter()?;
        self.skip_spaces();
        let pos = self.peek().map_or(self.text.len(), |t| t.pos);
        let (decl, assign) = self.declarations(context)?;
        let mut commands: Vec<Command> = Vec::new();
        loop {
            self.skip_spaces();
            match self.peek_kind() {
                Some(kind) if kind == end => {
                    self.at += 1;
                    if commands.is_empty() {
                        return Err(self.fail(format!("missing value for {context}")));
                    }
                    self.executable(&commands)?;
                    self.depth -= 1;
                    return Ok(Pipe {
                        pos,
                        assign,
                        decl,
                        commands,
                    });
                }
                Some(
                    Kind::Word
                    | Kind::Char
                    | Kind::Dot
                    | Kind::Field
                    | Kind::Number
                    | Kind::Quoted
                    | Kind::Raw
                    | Kind::Variable
                    | Kind::LeftParen,
                ) => commands.push(self.command()?),
                _ => {
                    let token = self.next();
                    return Err(self.unexpected(token.as_ref(), context));
                }
            }
        }
    }

    /// A value can only stand at the beginning of a pipeline.
    fn executable(&self, commands: &[Command]) -> Parsed<()> {
        for (i, command) in commands.iter().enumerate().skip(1) {
            let value = matches!(
                command.args.first().map(|a| &a.kind),
                Some(
                    ArgKind::Bool(_)
                        | ArgKind::Dot
                        | ArgKind::Nil
                        | ArgKind::Int(..)
                        | ArgKind::Float(..)
                        | ArgKind::Text(..)
                )
            );
            if value {
                let stage = i + 1;
                return Err(self.fail(format!("non executable command in pipeline stage {stage}")));
            }
        }
        Ok(())
    }

    fn declarations(&mut self, context: &str) -> Parsed<(Vec<String>, bool)> {
        let mut decl = Vec::new();
        let start = self.at;
        while let Some(variable) = self.peek().filter(|t| t.kind == Kind::Variable).cloned() {
            self.at += 1;
            self.skip_spaces();
            match self.peek_kind() {
                Some(kind @ (Kind::Declare | Kind::Assign)) => {
                    self.at += 1;
                    decl.push(variable.text);
                    if kind == Kind::Declare {
                        self.variables.extend(decl.iter().cloned());
                    }
                    if decl.len() > 2 {
                        return Err(self.fail(format!("too many declarations in {context}")));
                    }
                    return Ok((decl, kind == Kind::Assign));
                }
                Some(Kind::Comma) if context == "range" && decl.len() < 2 => {
                    self.at += 1;
                    decl.push(variable.text);
                    self.skip_spaces();
                }
                _ => break,
            }
        }
        if decl.len() > 1 {
            return Err(self.fail("too many declarations in range"));
        }
        self.at = start;
        Ok((Vec::new(), false))
    }

    fn command(&mut self) -> Parsed<Command> {
        self.skip_spaces();
        let pos = self.peek().map_or(self.text.len(), |t| t.pos);
        let mut args = Vec::new();
        loop {
            self.skip_spaces();
            if let Some(arg) = self.operand()? {
                args.push(arg);
            }
            match self.peek_kind() {
                Some(Kind::Space) => {}
                Some(Kind::Close | Kind::RightParen) => break,
                Some(Kind::Pipe) => {
                    self.at += 1;
                    break;
                }
                _ => {
                    let token = self.next();
                    return Err(self.unexpected(token.as_ref(), "operand"));
                }
            }
        }
        if args.is_empty() {
            return Err(self.fail("empty command"));
        }
        Ok(Command { pos, args })
    }

    fn operand(&mut self) -> Parsed<Option<Arg>> {
        let Some(mut arg) = self.term()? else {
            return Ok(None);
        };
        if self.peek_kind() == Some(Kind::Field) {
            let pos = self.peek().map_or(0, |t| t.pos);
            let mut names = Vec::new();
            while let Some(t) = self.peek().filter(|t| t.kind == Kind::Field) {
                names.push(t.text.trim_start_matches('.').to_owned());
                self.at += 1;
            }
            let kind = match arg.kind {
                ArgKind::Field(mut all) => {
                    all.append(&mut names);
                    ArgKind::Field(all)
                }
                ArgKind::Variable(mut all) => {
                    all.append(&mut names);
                    ArgKind::Variable(all)
                }
                ArgKind::Bool(_)
                | ArgKind::Text(..)
                | ArgKind::Int(..)
                | ArgKind::Float(..)
                | ArgKind::Nil
                | ArgKind::Dot => {
                    return Err(self.fail(format!(
                        "unexpected . after term {}",
                        quoted(&arg.to_string())
                    )));
                }
                _ => ArgKind::Chain(Box::new(arg), names),
            };
            arg = Arg { pos, kind };
        }
        Ok(Some(arg))
    }

    fn term(&mut self) -> Parsed<Option<Arg>> {
        let Some(token) = self.peek().cloned() else {
            return Err(self.fail("unclosed action"));
        };
        let kind = match token.kind {
            Kind::Word => {
                self.at += 1;
                match token.text.as_str() {
                    "true" => ArgKind::Bool(true),
                    "false" => ArgKind::Bool(false),
                    "nil" => ArgKind::Nil,
                    name if functions::is_known(name) => ArgKind::Function(name.to_owned()),
                    name => {
                        return Err(self.fail(format!("function {} not defined", quoted(name))));
                    }
                }
            }
            Kind::Dot => {
                self.at += 1;
                ArgKind::Dot
            }
            Kind::Variable => {
                self.at += 1;
                if !self.variables.contains(&token.text) {
                    return Err(self.fail(format!("undefined variable {}", quoted(&token.text))));
                }
                ArgKind::Variable(vec![token.text])
            }
            Kind::Field => {
                self.at += 1;
                ArgKind::Field(vec![token.text.trim_start_matches('.').to_owned()])
            }
            Kind::Char | Kind::Number => {
                self.at += 1;
                number(&token.text).ok_or_else(|| {
                    self.fail(format!("bad number syntax: {}", quoted(&token.text)))
                })?
            }
            Kind::Quoted | Kind::Raw => {
                self.at += 1;
                let text = unquote(&token.text).ok_or_else(|| self.fail("invalid syntax"))?;
                ArgKind::Text(token.text, text)
            }
            Kind::LeftParen => {
                self.at += 1;
                ArgKind::Pipe(self.pipeline("parenthesized pipeline", Kind::RightParen)?)
            }
            _ => return Ok(None),
        };
        Ok(Some(Arg {
            pos: token.pos,
            kind,
        }))
    }
}

fn quoted(text: &str) -> String {
    super::format::quote(text)
}

//! The tree of a template, and its nodes as Go prints them in error messages.

use std::fmt;

pub(super) type List = Vec<Node>;

#[derive(Clone, Debug)]
pub(super) enum Node {
    Text(String),
    Action(Pipe),
    If(Branch),
    Range(Branch),
    With(Branch),
    Break,
    Continue,
}

#[derive(Clone, Debug)]
pub(super) struct Branch {
    pub(super) pipe: Pipe,
    pub(super) list: List,
    pub(super) otherwise: Option<List>,
}

#[derive(Clone, Debug)]
pub(super) struct Pipe {
    pub(super) pos: usize,
    pub(super) assign: bool,
    /// With the `$`.
    pub(super) decl: Vec<String>,
    pub(super) commands: Vec<Command>,
}

#[derive(Clone, Debug)]
pub(super) struct Command {
    pub(super) pos: usize,
    pub(super) args: Vec<Arg>,
}

#[derive(Clone, Debug)]
pub(super) struct Arg {
    pub(super) pos: usize,
    pub(super) kind: ArgKind,
}

#[derive(Clone, Debug)]
pub(super) enum ArgKind {
    Dot,
    Nil,
    Bool(bool),
    Int(String, i64),
    Float(String, f64),
    /// As it is written, and what it means.
    Text(String, String),
    Field(Vec<String>),
    /// The first is the variable with its `$`.
    Variable(Vec<String>),
    Function(String),
    Chain(Box<Arg>, Vec<String>),
    Pipe(Pipe),
}

fn joined<T: fmt::Display>(f: &mut fmt::Formatter<'_>, all: &[T], between: &str) -> fmt::Result {
    for (i, one) in all.iter().enumerate() {
        if i > 0 {
            f.write_str(between)?;
        }
        write!(f, "{one}")?;
    }
    Ok(())
}

impl fmt::Display for Pipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.decl.is_empty() {
            joined(f, &self.decl, ", ")?;
            f.write_str(if self.assign { " = " } else { " := " })?;
        }
        joined(f, &self.commands, " | ")
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, arg) in self.args.iter().enumerate() {
            if i > 0 {
                f.write_str(" ")?;
            }
            match &arg.kind {
                ArgKind::Pipe(pipe) => write!(f, "({pipe})")?,
                _ => write!(f, "{arg}")?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for Arg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            ArgKind::Dot => f.write_str("."),
            ArgKind::Nil => f.write_str("nil"),
            ArgKind::Bool(b) => write!(f, "{b}"),
            ArgKind::Int(text, _) | ArgKind::Float(text, _) | ArgKind::Text(text, _) => {
                f.write_str(text)
            }
            ArgKind::Field(names) => fields(f, names),
            ArgKind::Variable(names) => joined(f, names, "."),
            ArgKind::Function(name) => f.write_str(name),
            ArgKind::Chain(of, names) => {
                match &of.kind {
                    ArgKind::Pipe(pipe) => write!(f, "({pipe})")?,
                    _ => write!(f, "{of}")?,
                }
                fields(f, names)
            }
            ArgKind::Pipe(pipe) => write!(f, "{pipe}"),
        }
    }
}

fn fields(f: &mut fmt::Formatter<'_>, names: &[String]) -> fmt::Result {
    names.iter().try_for_each(|n| write!(f, ".{n}"))
}

/// Calls `visit` with the name of each function that is called.
pub(super) fn functions(list: &[Node], visit: &mut dyn FnMut(&str)) {
    for node in list {
        match node {
            Node::Text(_) | Node::Break | Node::Continue => {}
            Node::Action(pipe) => in_pipe(pipe, visit),
            Node::If(b) | Node::Range(b) | Node::With(b) => {
                in_pipe(&b.pipe, visit);
                functions(&b.list, visit);
                functions(b.otherwise.as_deref().unwrap_or_default(), visit);
            }
        }
    }
}

fn in_pipe(pipe: &Pipe, visit: &mut dyn FnMut(&str)) {
    for arg in pipe.commands.iter().flat_map(|c| &c.args) {
        in_arg(arg, visit);
    }
}

fn in_arg(arg: &Arg, visit: &mut dyn FnMut(&str)) {
    match &arg.kind {
        ArgKind::Function(name) => visit(name),
        ArgKind::Chain(of, _) => in_arg(of, visit),
        ArgKind::Pipe(pipe) => in_pipe(pipe, visit),
        _ => {}
    }
}

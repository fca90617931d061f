//! Fills a template in, as `text/template/exec.go` does, with bounds on what it may write and do.

use super::ast::{Arg, ArgKind, Branch, Command, Node, Pipe};
use super::functions::{self, Param, Signature};
use super::value::Value;
use super::{Data, MAX_OUTPUT, TemplateError};
use std::fmt::Display;

/// Most nodes that are evaluated.
const MAX_STEPS: usize = 100_000;

type Done<T> = Result<T, TemplateError>;

/// How a list ended.
#[derive(PartialEq, Eq)]
enum Flow {
    On,
    Break,
    Continue,
}

struct Exec<'a> {
    name: &'a str,
    text: &'a str,
    data: &'a Data,
    variables: Vec<(String, Value<'a>)>,
    out: String,
    steps: usize,
    /// The node that an error is about.
    at: Option<(usize, &'a dyn Display)>,
}

pub(super) fn execute(name: &str, text: &str, nodes: &[Node], data: &Data) -> Done<String> {
    let root = Value::Root(data);
    let mut exec = Exec {
        name,
        text,
        data,
        variables: vec![("$".to_owned(), root.clone())],
        out: String::new(),
        steps: 0,
        at: None,
    };
    exec.list(&root, nodes)?;
    Ok(exec.out)
}

impl<'a> Exec<'a> {
    fn fail(&self, what: impl AsRef<str>) -> TemplateError {
        let what = what.as_ref();
        let Some((pos, node)) = self.at else {
            return TemplateError(format!("template: {}: {what}", self.name));
        };
        let before = self.text.get(..pos).unwrap_or(self.text);
        let line = 1 + before.matches('\n').count();
        let column = before.rfind('\n').map_or(pos, |n| pos - n - 1);
        TemplateError(format!(
            "template: {0}:{line}:{column}: executing {1} at <{node}>: {what}",
            self.name,
            super::format::quote(self.name),
        ))
    }

    fn step(&mut self) -> Done<()> {
        self.steps += 1;
        if self.steps > MAX_STEPS {
            return Err(self.fail(format!("more than {MAX_STEPS} steps")));
        }
        Ok(())
    }

    fn write(&mut self, text: &str) -> Done<()> {
        if self.out.len() + text.len() > MAX_OUTPUT {
            return Err(self.fail(format!("the text is longer than {MAX_OUTPUT} bytes")));
        }
        self.out.push_str(text);
        Ok(())
    }

    fn list(&mut self, dot: &Value<'a>, nodes: &'a [Node]) -> Done<Flow> {
        for node in nodes {
            self.step()?;
            let flow = match node {
                Node::Text(text) => {
                    self.write(text)?;
                    Flow::On
                }
                Node::Action(pipe) => {
                    let value = self.pipe(dot, pipe)?;
                    if pipe.decl.is_empty() {
                        let text = match value {
                            Value::Nil => "<no value>".to_owned(),
                            value => value.print(),
                        };
                        self.write(&text)?;
                    }
                    Flow::On
                }
                Node::If(branch) => self.branch(dot, branch, false)?,
                Node::With(branch) => self.branch(dot, branch, true)?,
                Node::Range(branch) => self.range(dot, branch)?,
                Node::Break => Flow::Break,
                Node::Continue => Flow::Continue,
            };
            if flow != Flow::On {
                return Ok(flow);
            }
        }
        Ok(Flow::On)
    }

    fn branch(&mut self, dot: &Value<'a>, branch: &'a Branch, with: bool) -> Done<Flow> {
        let known = self.variables.len();
        let value = self.pipe(dot, &branch.pipe)?;
        let flow = if value.is_true() {
            self.list(if with { &value } else { dot }, &branch.list)?
        } else {
            match &branch.otherwise {
                Some(list) => self.list(dot, list)?,
                None => Flow::On,
            }
        };
        self.variables.truncate(known);
        Ok(flow)
    }

    fn range(&mut self, dot: &Value<'a>, branch: &'a Branch) -> Done<Flow> {
        let known = self.variables.len();
        let value = self.pipe(dot, &branch.pipe)?;
        let Value::Map(labels) = value else {
            return Err(self.fail(format!("range can't iterate over {}", value.print())));
        };
        let inside = self.variables.len();
        for (name, value) in labels.iter() {
            let (key, element) = (Value::Text(name.into()), Value::Text(value.into()));
            let decl = &branch.pipe.decl;
            if let Some(last) = decl.last() {
                self.set(last, branch.pipe.assign, element.clone())?;
            }
            if let [first, _] = decl.as_slice() {
                self.set(first, branch.pipe.assign, key)?;
            }
            let flow = self.list(&element, &branch.list)?;
            self.variables.truncate(inside);
            if flow == Flow::Break {
                break;
            }
        }
        self.variables.truncate(known);
        if labels.is_empty()
            && let Some(list) = &branch.otherwise
        {
            return self.list(dot, list);
        }
        Ok(Flow::On)
    }

    fn set(&mut self, name: &str, assign: bool, value: Value<'a>) -> Done<()> {
        if !assign {
            self.variables.push((name.to_owned(), value));
            return Ok(());
        }
        match self.variables.iter_mut().rev().find(|(n, _)| n == name) {
            Some(known) => {
                known.1 = value;
                Ok(())
            }
            None => Err(self.fail(format!("undefined variable: {name}"))),
        }
    }

    fn pipe(&mut self, dot: &Value<'a>, pipe: &'a Pipe) -> Done<Value<'a>> {
        self.at = Some((pipe.pos, pipe));
        let mut value = None;
        for command in &pipe.commands {
            value = Some(self.command(dot, command, value)?);
        }
        let value = value.unwrap_or(Value::Nil);
        for name in &pipe.decl {
            self.set(name, pipe.assign, value.clone())?;
        }
        Ok(value)
    }

    fn command(
        &mut self,
        dot: &Value<'a>,
        command: &'a Command,
        last: Option<Value<'a>>,
    ) -> Done<Value<'a>> {
        self.step()?;
        let Some(first) = command.args.first() else {
            return Ok(Value::Nil);
        };
        let arguments = command.args.len() > 1 || last.is_some();
        match &first.kind {
            ArgKind::Function(name) => {
                let args = command.args.get(1..).unwrap_or_default();
                self.at = Some((first.pos, first));
                return self.function(dot, name, (command.pos, command), args, last);
            }
            ArgKind::Pipe(pipe) => {
                self.no_arguments(first, arguments)?;
                return self.pipe(dot, pipe);
            }
            ArgKind::Field(_) | ArgKind::Variable(_) | ArgKind::Chain(..) => {
                return self.access(dot, first, arguments);
            }
            _ => {}
        }
        self.at = Some((first.pos, first));
        self.no_arguments(first, arguments)?;
        if matches!(first.kind, ArgKind::Nil) {
            return Err(self.fail("nil is not a command"));
        }
        self.operand(dot, first)
    }

    fn no_arguments(&self, first: &Arg, arguments: bool) -> Done<()> {
        if arguments {
            return Err(self.fail(format!("can't give argument to non-function {first}")));
        }
        Ok(())
    }

    /// A field, a variable, or fields of them.
    fn access(&mut self, dot: &Value<'a>, arg: &'a Arg, arguments: bool) -> Done<Value<'a>> {
        self.at = Some((arg.pos, arg));
        let (mut value, names) = match &arg.kind {
            ArgKind::Field(names) => (dot.clone(), names.as_slice()),
            ArgKind::Variable(names) => {
                let (first, rest) = names
                    .split_first()
                    .map_or(("$", [].as_slice()), |(f, r)| (f.as_str(), r));
                let known = self.variables.iter().rev().find(|(n, _)| n == first);
                let value = match known {
                    Some((_, value)) => value.clone(),
                    None => return Err(self.fail(format!("undefined variable: {first}"))),
                };
                if rest.is_empty() {
                    self.no_arguments(arg, arguments)?;
                }
                (value, rest)
            }
            ArgKind::Chain(of, names) => {
                let value = self.operand(dot, of)?;
                self.at = Some((arg.pos, arg));
                (value, names.as_slice())
            }
            _ => return self.operand(dot, arg),
        };
        for (i, name) in names.iter().enumerate() {
            let last = i + 1 == names.len();
            value = self.field(&value, name, arguments && last)?;
        }
        Ok(value)
    }

    fn field(&self, of: &Value<'a>, name: &str, arguments: bool) -> Done<Value<'a>> {
        let found = match of {
            Value::Root(data) => match name {
                "Labels" => Some(Value::Map(&data.labels)),
                "ExternalLabels" => Some(Value::Map(&data.external_labels)),
                "ExternalURL" => Some(Value::Text(data.external_url.clone())),
                "Value" => Some(Value::Float(data.value)),
                _ => None,
            },
            // a key that is not there is the empty text (`missingkey=zero`)
            Value::Map(labels) => Some(Value::Text(labels.get(name).unwrap_or("").to_owned())),
            _ => None,
        };
        match found {
            Some(_) if arguments => Err(self.fail(match of {
                Value::Map(_) => format!("{name} is not a method but has arguments"),
                _ => format!("{name} has arguments but cannot be invoked as function"),
            })),
            Some(value) => Ok(value),
            None => Err(self.fail(format!(
                "can't evaluate field {name} in type {}",
                of.type_name()
            ))),
        }
    }

    /// The value of an argument.
    fn operand(&mut self, dot: &Value<'a>, arg: &'a Arg) -> Done<Value<'a>> {
        self.step()?;
        self.at = Some((arg.pos, arg));
        match &arg.kind {
            ArgKind::Dot => Ok(dot.clone()),
            ArgKind::Nil => Ok(Value::Nil),
            ArgKind::Bool(b) => Ok(Value::Bool(*b)),
            ArgKind::Int(_, n) => Ok(Value::Int(*n)),
            ArgKind::Float(_, v) => Ok(Value::Float(*v)),
            ArgKind::Text(_, s) => Ok(Value::Text(s.clone())),
            ArgKind::Field(_) | ArgKind::Variable(_) | ArgKind::Chain(..) => {
                self.access(dot, arg, false)
            }
            ArgKind::Function(name) => self.function(dot, name, (arg.pos, arg), &[], None),
            ArgKind::Pipe(pipe) => self.pipe(dot, pipe),
        }
    }

    fn function(
        &mut self,
        dot: &Value<'a>,
        name: &str,
        node: (usize, &'a dyn Display),
        args: &'a [Arg],
        last: Option<Value<'a>>,
    ) -> Done<Value<'a>> {
        let Some(signature) = functions::find(name) else {
            self.at = Some(node);
            return Err(self.fail(format!(
                "function {name:?} is not available here: the desk asks no second question for a text"
            )));
        };
        let count = args.len() + usize::from(last.is_some());
        let wanted = signature.params.len();
        if signature.rest.is_some() && count < wanted {
            return Err(self.fail(format!(
                "wrong number of args for {name}: want at least {wanted} got {}",
                args.len()
            )));
        }
        if signature.rest.is_none() && count != wanted {
            return Err(self.fail(format!(
                "wrong number of args for {name}: want {wanted} got {count}"
            )));
        }
        if matches!(name, "and" | "or") {
            let mut value = Value::Nil;
            for arg in args {
                value = self.operand(dot, arg)?;
                if value.is_true() == (name == "or") {
                    return Ok(value);
                }
            }
            return Ok(last.unwrap_or(value));
        }
        let mut values = Vec::with_capacity(count);
        for (i, arg) in args.iter().enumerate() {
            values.push(self.argument(dot, arg, param(signature, i))?);
        }
        if let Some(value) = last {
            self.typed(&value, param(signature, args.len()))?;
            values.push(value);
        }
        let result = functions::call(name, &values, self.data);
        result.map_err(|what| {
            self.at = Some(node);
            self.fail(format!("error calling {name}: {what}"))
        })
    }

    fn argument(&mut self, dot: &Value<'a>, arg: &'a Arg, param: Param) -> Done<Value<'a>> {
        self.at = Some((arg.pos, arg));
        if param == Param::Text {
            match &arg.kind {
                ArgKind::Nil => return Err(self.fail("cannot assign nil to string")),
                ArgKind::Bool(_) | ArgKind::Int(..) | ArgKind::Float(..) => {
                    return Err(self.fail(format!("expected string; found {arg}")));
                }
                _ => {}
            }
        }
        let value = self.operand(dot, arg)?;
        self.typed(&value, param)?;
        Ok(value)
    }

    fn typed(&self, value: &Value<'a>, param: Param) -> Done<()> {
        match (param, value) {
            (Param::Any, _) | (Param::Text, Value::Text(_)) => Ok(()),
            (Param::Text, Value::Nil) => Err(self.fail("invalid value; expected string")),
            (Param::Text, other) => Err(self.fail(format!(
                "wrong type for value; expected string; got {}",
                other.type_name()
            ))),
        }
    }
}

fn param(signature: Signature, i: usize) -> Param {
    signature
        .params
        .get(i)
        .copied()
        .or(signature.rest)
        .unwrap_or(Param::Any)
}

//! Function calls: arity, argument types, and what each function becomes.

use crate::compile::{Compiled, Compiler, bare, expect, label_name, wrong_type};
use crate::error::{ExecutionError, PromqlError};
use crate::functions::{self, Function, RangeFn, Signature};
use crate::plan::{LabelJoin, LabelReplace, Math, Node, RangeSource, Rolling};
use model::Labels;
use promql_parser::label::MatchOp;
use promql_parser::parser::value::ValueType;
use promql_parser::parser::{self as ast, Expr};
use regex::Regex;

/// The compiled arguments of a call, taken from the front; arity and types are checked before.
struct Args {
    function: &'static str,
    nodes: std::vec::IntoIter<Node>,
}

impl Args {
    fn node(&mut self) -> Result<Node, PromqlError> {
        let function = self.function;
        self.nodes
            .next()
            .ok_or_else(|| PromqlError::parse(format!("missing argument of {function}")))
    }

    fn boxed(&mut self) -> Result<Box<Node>, PromqlError> {
        self.node().map(Box::new)
    }

    fn rest(&mut self) -> Vec<Node> {
        self.nodes.by_ref().collect()
    }

    fn text(&mut self) -> Result<String, PromqlError> {
        match self.node()? {
            Node::Text(text) => Ok(text),
            other => Err(self.wrong(ValueType::String, &other)),
        }
    }

    fn source(&mut self) -> Result<RangeSource, PromqlError> {
        match self.node()? {
            Node::Range(source) => Ok(source),
            other => Err(self.wrong(ValueType::Matrix, &other)),
        }
    }

    fn wrong(&self, expected: ValueType, got: &Node) -> PromqlError {
        let place = format!("call to function {:?}", self.function);
        wrong_type(expected, got.value_type(), &place)
    }
}

impl Compiler {
    pub(crate) fn call(&self, call: &ast::Call, depth: usize) -> Result<Compiled, PromqlError> {
        let name = call.func.name;
        let signature = functions::lookup(name)
            .ok_or_else(|| PromqlError::parse(format!("unknown function with name {name:?}")))?;
        let args = &call.args.args;
        check_arity(name, &signature, args.len())?;
        let mut invariant = !signature.function.depends_on_time();
        let mut compiled = Vec::with_capacity(args.len());
        let last = signature.arguments.len().saturating_sub(1);
        for (i, arg) in args.iter().enumerate() {
            let arg = self.node(arg, depth)?;
            if let Some(expected) = signature.arguments.get(i.min(last)) {
                expect(&arg.node, *expected, &format!("call to function {name:?}"))?;
            }
            invariant = invariant && arg.invariant;
            compiled.push(arg);
        }
        let nodes: Vec<Node> = compiled
            .into_iter()
            .map(|c| if invariant { c.node } else { c.fixed() })
            .collect();
        let args = Args {
            function: name,
            nodes: nodes.into_iter(),
        };
        let node = function(signature.function, args, call)?;
        Ok(Compiled { node, invariant })
    }
}

fn function(function: Function, mut args: Args, call: &ast::Call) -> Result<Node, PromqlError> {
    Ok(match function {
        Function::Time => Node::Time,
        Function::Pi => Node::Number(std::f64::consts::PI),
        Function::Date(part) => Node::Date(part, args.boxed().ok()),
        Function::Absent => Node::Absent(args.boxed()?, absent_labels(call)),
        Function::AbsentOverTime => Node::AbsentOverTime(args.source()?, absent_labels(call)),
        Function::Scalar => Node::Scalar(args.boxed()?),
        Function::Vector => Node::Vector(args.boxed()?),
        Function::Timestamp => Node::Timestamp(match args.node()? {
            // asked of the selector itself: its samples' own times, step by step
            Node::Fixed(inner) if matches!(*inner, Node::Select(_)) => inner,
            other => Box::new(other),
        }),
        Function::Sort | Function::SortDesc => Node::Sort {
            arg: args.boxed()?,
            descending: function == Function::SortDesc,
        },
        Function::HistogramQuantile => Node::HistogramQuantile {
            quantile: args.boxed()?,
            arg: args.boxed()?,
        },
        Function::NativeHistogram => {
            // the vector comes last, after bounds
            let last = args.rest().pop();
            Node::NativeHistogram(Box::new(last.map_or_else(|| args.node(), Ok)?))
        }
        Function::Math(function) => Node::Math(Box::new(Math {
            function,
            arg: args.node()?,
            parameters: args.rest(),
        })),
        Function::Rolling(function) => rolling(function, &mut args)?,
        Function::LabelReplace => label_replace(&mut args)?,
        Function::LabelJoin => label_join(&mut args)?,
    })
}

fn rolling(function: RangeFn, args: &mut Args) -> Result<Node, PromqlError> {
    let mut parameters = Vec::new();
    if function == RangeFn::Quantile {
        parameters.push(args.node()?);
    }
    let source = args.source()?;
    parameters.extend(args.rest());
    Ok(Node::Rolling(Box::new(Rolling {
        function,
        source,
        parameters,
    })))
}

fn label_replace(args: &mut Args) -> Result<Node, PromqlError> {
    let arg = args.node()?;
    let (target, replacement) = (args.text()?, args.text()?);
    let (source, pattern) = (args.text()?, args.text()?);
    let compiled = Regex::new(&format!("^(?:{pattern})$"))
        .map_err(|_| PromqlError::from(ExecutionError::Regex(pattern)))?;
    label_name(&target, "label_replace")?;
    Ok(Node::LabelReplace(Box::new(LabelReplace {
        arg,
        target,
        replacement,
        source,
        pattern: compiled,
    })))
}

fn label_join(args: &mut Args) -> Result<Node, PromqlError> {
    let arg = args.node()?;
    let (target, separator) = (args.text()?, args.text()?);
    label_name(&target, "label_join")?;
    let mut sources = Vec::new();
    while args.nodes.len() > 0 {
        let source = args.text()?;
        label_name(&source, "label_join")?;
        sources.push(source);
    }
    Ok(Node::LabelJoin(Box::new(LabelJoin {
        arg,
        target,
        separator,
        sources,
    })))
}

fn check_arity(name: &str, signature: &Signature, got: usize) -> Result<(), PromqlError> {
    let wanted = signature.arguments.len();
    let (least, most) = match signature.variadic {
        0 => (wanted, wanted),
        n => {
            let least = wanted.saturating_sub(1);
            (least, usize::try_from(n).map_or(usize::MAX, |n| least + n))
        }
    };
    if (least..=most).contains(&got) {
        return Ok(());
    }
    Err(PromqlError::parse(format!(
        "expected {} argument(s) in call to {name:?}, got {got}",
        match signature.variadic {
            0 => wanted.to_string(),
            _ if got < least => format!("at least {least}"),
            _ => format!("at most {most}"),
        }
    )))
}

/// The labels that an absent series must have had: those that the selector asks for with `=`, once each.
fn absent_labels(call: &ast::Call) -> Labels {
    let matchers = match call.args.args.first().map(|arg| bare(arg)) {
        Some(Expr::VectorSelector(selector)) => &selector.matchers.matchers,
        Some(Expr::MatrixSelector(matrix)) => &matrix.vs.matchers.matchers,
        _ => return Labels::default(),
    };
    let mut asked: Vec<&str> = Vec::new();
    let mut pairs: Vec<(&str, &str)> = Vec::new();
    for matcher in matchers.iter().filter(|m| m.name != "__name__") {
        let name = matcher.name.as_str();
        pairs.retain(|(n, _)| *n != name);
        if matcher.op == MatchOp::Equal && !asked.contains(&name) {
            pairs.push((name, &matcher.value));
            asked.push(name);
        }
    }
    Labels::from_pairs(pairs)
}

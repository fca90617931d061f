//! From the parser's tree to a [`Node`]: what Prometheus 2.42 checks before it evaluates.

use crate::error::{ExecutionError, LimitError, PromqlError};
use crate::plan::{
    Aggregate, AggregateOp, Binary, Cardinality, Grouping, Matching, Node, Operator, RangeSource,
    Selector, SetOperation, SetOperator, Subquery,
};
use promql_parser::label::{MatchOp, Matcher, Matchers};
use promql_parser::parser::value::ValueType;
use promql_parser::parser::{
    self as ast, AtModifier, Expr, LabelModifier, Offset, VectorMatchCardinality, token,
};
use std::time::{Duration, SystemTime};

/// Deepest expression that is evaluated (evaluation recurses).
const MAX_DEPTH: usize = 150;
/// Times and durations beyond this many milliseconds (142,000 years) are refused, so that sums of them cannot overflow.
pub(crate) const MAX_MS: i64 = 1 << 52;

/// Parses `query`; typed errors, never a panic.
pub(crate) fn parse(query: &str) -> Result<Expr, PromqlError> {
    let text = crate::guard::prepare(query)?;
    // the parser is somebody else's: should it panic on a text nobody thought of, the query fails and not the program
    match std::panic::catch_unwind(|| promql_parser::parser::parse(&text)) {
        Ok(parsed) => parsed.map_err(PromqlError::parse),
        Err(_) => Err(PromqlError::parse("the parser failed on this query")),
    }
}

/// Makes `expr` ready for evaluation between `start` and `end` (`@ start()` and `@ end()` are these).
pub(crate) fn compile(
    expr: &Expr,
    start: i64,
    end: i64,
    default_step: i64,
) -> Result<Node, PromqlError> {
    let compiler = Compiler {
        start,
        end,
        default_step,
    };
    Ok(compiler.node(expr, 0)?.fixed())
}

pub(crate) struct Compiler {
    start: i64,
    end: i64,
    default_step: i64,
}

/// A node, and whether it is the same at every step.
pub(crate) struct Compiled {
    pub(crate) node: Node,
    pub(crate) invariant: bool,
}

impl Compiled {
    /// The node, to be evaluated only once if that is enough.
    pub(crate) fn fixed(self) -> Node {
        match self.node {
            node @ (Node::Number(_) | Node::Text(_) | Node::Range(_) | Node::Fixed(_)) => node,
            node if self.invariant => Node::Fixed(Box::new(node)),
            node => node,
        }
    }
}

/// `expr` without parentheses around it.
pub(crate) fn bare(mut expr: &Expr) -> &Expr {
    while let Expr::Paren(paren) = expr {
        expr = &paren.expr;
    }
    expr
}

pub(crate) fn wrong_type(expected: ValueType, got: ValueType, place: &str) -> PromqlError {
    let name = |t| match t {
        ValueType::Vector => "instant vector",
        ValueType::Scalar => "scalar",
        ValueType::Matrix => "range vector",
        ValueType::String => "string",
    };
    PromqlError::parse(format!(
        "expected type {} in {place}, got {}",
        name(expected),
        name(got)
    ))
}

pub(crate) fn expect(node: &Node, expected: ValueType, place: &str) -> Result<(), PromqlError> {
    let got = node.value_type();
    if got == expected {
        Ok(())
    } else {
        Err(wrong_type(expected, got, place))
    }
}

fn milliseconds(duration: Duration) -> Result<i64, PromqlError> {
    i64::try_from(duration.as_millis())
        .ok()
        .filter(|ms| *ms <= MAX_MS)
        .ok_or_else(|| LimitError::Time.into())
}

fn offset(offset: Option<&Offset>) -> Result<i64, PromqlError> {
    match offset {
        None => Ok(0),
        Some(Offset::Pos(d)) => milliseconds(*d),
        Some(Offset::Neg(d)) => Ok(-milliseconds(*d)?),
    }
}

fn sorted(labels: &promql_parser::label::Labels) -> Vec<String> {
    let mut names = labels.labels.clone();
    names.sort();
    names.dedup();
    names
}

/// Whether `name` is a label name (as of Prometheus 2).
fn is_label_name(name: &str) -> bool {
    let mut chars = name.chars();
    chars
        .next()
        .is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
}

impl Compiler {
    pub(crate) fn node(&self, expr: &Expr, depth: usize) -> Result<Compiled, PromqlError> {
        if depth > MAX_DEPTH {
            return Err(LimitError::Depth { max: MAX_DEPTH }.into());
        }
        let depth = depth + 1;
        match expr {
            Expr::Paren(paren) => self.node(&paren.expr, depth),
            Expr::NumberLiteral(n) => Ok(Compiled {
                node: Node::Number(n.val),
                invariant: true,
            }),
            Expr::StringLiteral(s) => Ok(Compiled {
                node: Node::Text(s.val.clone()),
                invariant: true,
            }),
            Expr::VectorSelector(selector) => {
                let selector = self.selector(selector)?;
                let invariant = selector.at.is_some();
                Ok(Compiled {
                    node: Node::Select(selector),
                    invariant,
                })
            }
            Expr::MatrixSelector(_) | Expr::Subquery(_) => self.range(expr, depth),
            Expr::Unary(unary) => {
                let inner = self.node(&unary.expr, depth)?;
                if !matches!(
                    inner.node.value_type(),
                    ValueType::Scalar | ValueType::Vector
                ) {
                    return Err(PromqlError::parse(
                        "unary expression only allowed on expressions of type scalar or instant vector",
                    ));
                }
                Ok(Compiled {
                    invariant: inner.invariant,
                    node: Node::Negate(Box::new(inner.node)),
                })
            }
            Expr::Binary(binary) => self.binary(binary, depth),
            Expr::Aggregate(aggregate) => self.aggregate(aggregate, depth),
            Expr::Call(call) => self.call(call, depth),
            Expr::Extension(_) => Err(PromqlError::parse("extensions of the language are unknown")),
        }
    }

    fn at(&self, at: Option<&AtModifier>) -> Result<Option<i64>, PromqlError> {
        let ms = |d: Duration| milliseconds(d);
        Ok(match at {
            None => None,
            Some(AtModifier::Start) => Some(self.start),
            Some(AtModifier::End) => Some(self.end),
            Some(AtModifier::At(time)) => Some(match time.duration_since(SystemTime::UNIX_EPOCH) {
                Ok(since) => ms(since)?,
                Err(before) => -ms(before.duration())?,
            }),
        })
    }

    fn selector(&self, selector: &ast::VectorSelector) -> Result<Selector, PromqlError> {
        if !selector.matchers.or_matchers.is_empty() {
            return Err(PromqlError::parse(
                "unexpected \"or\" in label matching, expected \",\" or \"}\"",
            ));
        }
        let mut matchers = selector.matchers.matchers.clone();
        if let Some(name) = &selector.name {
            matchers.push(Matcher::new(MatchOp::Equal, "__name__", name));
        }
        let one_name = matchers
            .iter()
            .any(|m| m.name == "__name__" && m.op == MatchOp::Equal);
        Ok(Selector {
            matchers: Matchers::new(matchers),
            offset: offset(selector.offset.as_ref())?,
            at: self.at(selector.at.as_ref())?,
            one_name,
        })
    }

    fn range(&self, expr: &Expr, depth: usize) -> Result<Compiled, PromqlError> {
        let (source, at) = match bare(expr) {
            Expr::MatrixSelector(matrix) => {
                let selector = self.selector(&matrix.vs)?;
                let at = selector.at;
                (
                    RangeSource::Select(selector, milliseconds(matrix.range)?),
                    at,
                )
            }
            Expr::Subquery(subquery) => {
                let inner = self.node(&subquery.expr, depth)?.fixed();
                expect(&inner, ValueType::Vector, "subquery")?;
                let at = self.at(subquery.at.as_ref())?;
                let subquery = Subquery {
                    inner,
                    range: milliseconds(subquery.range)?,
                    step: subquery
                        .step
                        .map_or(Ok(self.default_step), milliseconds)?
                        .max(1),
                    offset: offset(subquery.offset.as_ref())?,
                    at,
                };
                (RangeSource::Subquery(Box::new(subquery)), at)
            }
            other => {
                let got = other.value_type();
                return Err(wrong_type(ValueType::Matrix, got, "function call"));
            }
        };
        Ok(Compiled {
            node: Node::Range(source),
            invariant: at.is_some(),
        })
    }

    fn binary(&self, binary: &ast::BinaryExpr, depth: usize) -> Result<Compiled, PromqlError> {
        let left = self.node(&binary.lhs, depth)?;
        let right = self.node(&binary.rhs, depth)?;
        for side in [&left, &right] {
            if !matches!(
                side.node.value_type(),
                ValueType::Scalar | ValueType::Vector
            ) {
                return Err(PromqlError::parse(
                    "binary expression must contain only scalar and instant vector types",
                ));
            }
        }
        let invariant = left.invariant && right.invariant;
        let (left, right) = if invariant {
            (left.node, right.node)
        } else {
            (left.fixed(), right.fixed())
        };
        let modifier = binary.modifier.as_ref();
        let node = match set_operator(binary.op.id()) {
            Some(_) if left.is_scalar() || right.is_scalar() => {
                return Err(PromqlError::parse(format!(
                    "set operator {:?} not allowed in binary scalar expression",
                    binary.op.to_string()
                )));
            }
            Some(op) => Node::Set(Box::new(SetOperation {
                op,
                left,
                right,
                matching: matching(modifier)?,
            })),
            None => {
                let (cardinality, include) = cardinality(modifier);
                Node::Arithmetic(Box::new(Binary {
                    op: operator(binary.op.id())?,
                    left,
                    right,
                    matching: matching(modifier)?,
                    cardinality,
                    include,
                    return_bool: modifier.is_some_and(|m| m.return_bool),
                }))
            }
        };
        Ok(Compiled { node, invariant })
    }

    fn aggregate(
        &self,
        aggregate: &ast::AggregateExpr,
        depth: usize,
    ) -> Result<Compiled, PromqlError> {
        let arg = self.node(&aggregate.expr, depth)?;
        expect(&arg.node, ValueType::Vector, "aggregation expression")?;
        let grouping = match &aggregate.modifier {
            None => Grouping {
                without: false,
                labels: Vec::new(),
            },
            Some(m) => Grouping {
                without: matches!(m, LabelModifier::Exclude(_)),
                labels: sorted(m.labels()),
            },
        };
        let mut invariant = arg.invariant;
        let mut scalar = || -> Result<Node, PromqlError> {
            let parameter = aggregate
                .param
                .as_ref()
                .ok_or_else(|| PromqlError::parse("the aggregation needs a parameter"))?;
            let parameter = self.node(parameter, depth)?;
            expect(&parameter.node, ValueType::Scalar, "aggregation parameter")?;
            invariant = invariant && parameter.invariant;
            Ok(parameter.fixed())
        };
        let op = match aggregate.op.id() {
            token::T_TOPK => AggregateOp::Topk(scalar()?),
            token::T_BOTTOMK => AggregateOp::Bottomk(scalar()?),
            token::T_QUANTILE => AggregateOp::Quantile(scalar()?),
            token::T_COUNT_VALUES => match aggregate.param.as_deref().map(bare) {
                Some(Expr::StringLiteral(label)) => {
                    label_name(&label.val, "count_values")?;
                    AggregateOp::CountValues(label.val.clone())
                }
                _ => {
                    return Err(PromqlError::parse(
                        "count_values needs a label name in quotes",
                    ));
                }
            },
            id => simple_aggregation(id).ok_or_else(|| {
                PromqlError::parse(format!("unknown aggregation {}", aggregate.op))
            })?,
        };
        let arg = if invariant { arg.node } else { arg.fixed() };
        let node = Node::Aggregate(Box::new(Aggregate { op, arg, grouping }));
        Ok(Compiled { node, invariant })
    }
}

/// The aggregations without parameter.
fn simple_aggregation(id: token::TokenId) -> Option<AggregateOp> {
    Some(match id {
        token::T_SUM => AggregateOp::Sum,
        token::T_AVG => AggregateOp::Avg,
        token::T_COUNT => AggregateOp::Count,
        token::T_MIN => AggregateOp::Min,
        token::T_MAX => AggregateOp::Max,
        token::T_GROUP => AggregateOp::Group,
        token::T_STDDEV => AggregateOp::Stddev,
        token::T_STDVAR => AggregateOp::Stdvar,
        _ => return None,
    })
}

/// `on` or `ignoring`; neither is `ignoring()`.
fn matching(modifier: Option<&ast::BinModifier>) -> Result<Matching, PromqlError> {
    if modifier.is_some_and(|m| m.fill_values.lhs.is_some() || m.fill_values.rhs.is_some()) {
        return Err(PromqlError::parse(
            "unexpected \"fill\" in binary expression",
        ));
    }
    Ok(match modifier.and_then(|m| m.matching.as_ref()) {
        None => Matching {
            on: false,
            labels: Vec::new(),
        },
        Some(m) => Matching {
            on: m.is_include(),
            labels: sorted(m.labels()),
        },
    })
}

fn cardinality(modifier: Option<&ast::BinModifier>) -> (Cardinality, Vec<String>) {
    match modifier.map(|m| &m.card) {
        Some(VectorMatchCardinality::ManyToOne(l)) => (Cardinality::ManyToOne, l.labels.clone()),
        Some(VectorMatchCardinality::OneToMany(l)) => (Cardinality::OneToMany, l.labels.clone()),
        _ => (Cardinality::OneToOne, Vec::new()),
    }
}

fn set_operator(id: token::TokenId) -> Option<SetOperator> {
    match id {
        token::T_LAND => Some(SetOperator::And),
        token::T_LOR => Some(SetOperator::Or),
        token::T_LUNLESS => Some(SetOperator::Unless),
        _ => None,
    }
}

fn operator(id: token::TokenId) -> Result<Operator, PromqlError> {
    Ok(match id {
        token::T_ADD => Operator::Add,
        token::T_SUB => Operator::Sub,
        token::T_MUL => Operator::Mul,
        token::T_DIV => Operator::Div,
        token::T_MOD => Operator::Mod,
        token::T_POW => Operator::Pow,
        token::T_ATAN2 => Operator::Atan2,
        token::T_EQLC => Operator::Equal,
        token::T_NEQ => Operator::NotEqual,
        token::T_GTR => Operator::Greater,
        token::T_LSS => Operator::Less,
        token::T_GTE => Operator::GreaterEqual,
        token::T_LTE => Operator::LessEqual,
        _ => return Err(PromqlError::parse("unknown operator")),
    })
}

pub(crate) fn label_name(name: &str, place: &'static str) -> Result<(), PromqlError> {
    if is_label_name(name) {
        return Ok(());
    }
    Err(ExecutionError::LabelName {
        name: name.to_owned(),
        place,
    }
    .into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(query: &str) -> Result<Node, PromqlError> {
        compile(&parse(query)?, 1_000, 2_000, 60_000)
    }

    #[test]
    fn what_does_not_change_is_evaluated_once() {
        assert!(matches!(plan("m @ 5").expect("ok"), Node::Fixed(_)));
        assert!(matches!(
            plan("sum(rate(m[5m] @ end()))").expect("ok"),
            Node::Fixed(_)
        ));
        assert!(matches!(plan("m").expect("ok"), Node::Select(_)));
        assert!(matches!(
            plan("predict_linear(m[5m] @ 5, 1)").expect("ok"),
            Node::Rolling(_)
        ));
        let Node::Arithmetic(b) = plan("m + n @ start()").expect("ok") else {
            panic!("not arithmetic")
        };
        assert!(matches!(
            (&b.left, &b.right),
            (Node::Select(_), Node::Fixed(_))
        ));
    }

    #[test]
    fn newer_dialect_and_wrong_types_are_refused() {
        for bad in [
            "mad_over_time(m[5m])",
            "start()",
            "limitk(2, m)",
            "ln(0)",
            "exp(NaN)",
            "rate(m)",
            "abs(m[5m])",
            r#"m{a="1" or b="2"}"#,
            "a + fill(0) b",
            "1 and 2",
            r#"label_join(m, "a")"#,
            "round(m, 1, 2)",
            "sum(1)",
            r#"topk("a", m)"#,
            "count_values(1, m)",
            "m[5m] + 1",
            "-m[5m]",
            "(m + 1)[5m]",
            "1 > 2",
            "vector(m)",
        ] {
            assert!(matches!(plan(bad), Err(PromqlError::Parse { .. })), "{bad}");
        }
    }

    #[test]
    fn long_chains_are_a_typed_error() {
        let chain = |n: usize| vec!["m"; n].join(" + ");
        assert!(plan(&chain(100)).is_ok());
        assert!(matches!(plan(&chain(400)), Err(PromqlError::Limit(_))));
        assert!(matches!(
            plan(&format!("{}m", "-".repeat(499))),
            Err(PromqlError::Limit(_))
        ));
    }

    #[test]
    fn times_beyond_reckoning_are_a_typed_error() {
        for bad in ["m @ 1e17", "m offset 4000000000y", "m[4000000000y:1s]"] {
            assert!(plan(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn absent_takes_labels_asked_for_once() {
        let labels = |q: &str| match plan(q).expect("ok") {
            Node::Absent(_, labels) => labels.to_string(),
            _ => panic!("not absent"),
        };
        assert_eq!(labels(r#"absent(m{a="1",b=~"2",c!="3"})"#), r#"{a="1"}"#);
        assert_eq!(labels(r#"absent(m{a="1",a="2",b="3"})"#), r#"{b="3"}"#);
        assert_eq!(labels("absent(sum(m))"), "{}");
    }
}

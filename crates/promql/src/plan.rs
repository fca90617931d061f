//! A query ready to evaluate: types checked, times resolved to milliseconds, functions resolved to what they do.

use crate::functions::{DatePart, MathFn, RangeFn};
use model::Labels;
use promql_parser::label::Matchers;
use promql_parser::parser::value::ValueType;
use regex::Regex;

/// One expression.
#[derive(Debug)]
pub(crate) enum Node {
    Number(f64),
    Text(String),
    /// `time()`
    Time,
    /// An instant selector.
    Select(Selector),
    /// A range selector or subquery; only as the whole query or inside a [`Rolling`].
    Range(RangeSource),
    Negate(Box<Node>),
    Arithmetic(Box<Binary>),
    Set(Box<SetOperation>),
    Aggregate(Box<Aggregate>),
    Rolling(Box<Rolling>),
    Math(Box<Math>),
    /// Date functions; without argument they take the evaluation time.
    Date(DatePart, Option<Box<Node>>),
    Absent(Box<Node>, Labels),
    AbsentOverTime(RangeSource, Labels),
    /// `scalar(v)`
    Scalar(Box<Node>),
    /// `vector(s)`
    Vector(Box<Node>),
    Timestamp(Box<Node>),
    Sort {
        arg: Box<Node>,
        descending: bool,
    },
    LabelReplace(Box<LabelReplace>),
    LabelJoin(Box<LabelJoin>),
    HistogramQuantile {
        quantile: Box<Node>,
        arg: Box<Node>,
    },
    /// Functions of native histograms: no sample of ours is one, so the result is empty.
    NativeHistogram(Box<Node>),
    /// The same at every step: evaluated once, at the start.
    Fixed(Box<Node>),
}

/// `name{matchers} @ at offset offset`
#[derive(Debug)]
pub(crate) struct Selector {
    /// The metric's name included.
    pub matchers: Matchers,
    pub offset: i64,
    pub at: Option<i64>,
    /// Whether all series have the same name, so that dropping it keeps them apart.
    pub one_name: bool,
}

/// `expr[range:step]`
#[derive(Debug)]
pub(crate) struct Subquery {
    pub inner: Node,
    pub range: i64,
    pub step: i64,
    pub offset: i64,
    pub at: Option<i64>,
}

/// What gives samples over a range.
#[derive(Debug)]
pub(crate) enum RangeSource {
    Select(Selector, i64),
    Subquery(Box<Subquery>),
}

/// A function over a sliding window.
#[derive(Debug)]
pub(crate) struct Rolling {
    pub function: RangeFn,
    pub source: RangeSource,
    /// The scalar arguments in order.
    pub parameters: Vec<Node>,
}

/// A function of each value alone.
#[derive(Debug)]
pub(crate) struct Math {
    pub function: MathFn,
    pub arg: Node,
    pub parameters: Vec<Node>,
}

/// Arithmetic and comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Add,
    Sub,
    Mul,
    Div,
    Mod,
    Pow,
    Atan2,
    Equal,
    NotEqual,
    Greater,
    Less,
    GreaterEqual,
    LessEqual,
}

/// Which labels count for a match.
#[derive(Clone, Debug)]
pub(crate) struct Matching {
    /// `on(labels)`, else `ignoring(labels)`.
    pub on: bool,
    /// Sorted.
    pub labels: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cardinality {
    OneToOne,
    /// `group_left`
    ManyToOne,
    /// `group_right`
    OneToMany,
}

#[derive(Debug)]
pub(crate) struct Binary {
    pub op: Operator,
    pub left: Node,
    pub right: Node,
    pub matching: Matching,
    pub cardinality: Cardinality,
    /// Labels taken from the "one" side.
    pub include: Vec<String>,
    pub return_bool: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SetOperator {
    And,
    Or,
    Unless,
}

#[derive(Debug)]
pub(crate) struct SetOperation {
    pub op: SetOperator,
    pub left: Node,
    pub right: Node,
    pub matching: Matching,
}

/// How series are grouped.
#[derive(Clone, Debug)]
pub(crate) struct Grouping {
    /// `without(labels)`, else `by(labels)`.
    pub without: bool,
    /// Sorted, each once.
    pub labels: Vec<String>,
}

#[derive(Debug)]
pub(crate) enum AggregateOp {
    Sum,
    Avg,
    Count,
    Min,
    Max,
    Group,
    Stddev,
    Stdvar,
    Topk(Node),
    Bottomk(Node),
    Quantile(Node),
    CountValues(String),
}

#[derive(Debug)]
pub(crate) struct Aggregate {
    pub op: AggregateOp,
    pub arg: Node,
    pub grouping: Grouping,
}

#[derive(Debug)]
pub(crate) struct LabelReplace {
    pub arg: Node,
    pub target: String,
    pub replacement: String,
    pub source: String,
    pub pattern: Regex,
}

#[derive(Debug)]
pub(crate) struct LabelJoin {
    pub arg: Node,
    pub target: String,
    pub separator: String,
    pub sources: Vec<String>,
}

impl Operator {
    pub(crate) fn is_comparison(self) -> bool {
        matches!(
            self,
            Self::Equal
                | Self::NotEqual
                | Self::Greater
                | Self::Less
                | Self::GreaterEqual
                | Self::LessEqual
        )
    }

    /// Whether the result is no longer what the metric's name says. Prometheus 2.42 keeps the name for `atan2`.
    pub(crate) fn drops_name(self) -> bool {
        !self.is_comparison() && self != Self::Atan2
    }
}

impl RangeSource {
    /// Whether the rows stay apart when their names are dropped.
    pub(crate) fn distinct(&self) -> bool {
        match self {
            Self::Select(selector, _) => selector.one_name,
            Self::Subquery(subquery) => subquery.inner.distinct(),
        }
    }
}

impl Node {
    pub(crate) fn value_type(&self) -> ValueType {
        match self {
            Self::Number(_) | Self::Time | Self::Scalar(_) => ValueType::Scalar,
            Self::Text(_) => ValueType::String,
            Self::Range(_) => ValueType::Matrix,
            Self::Negate(inner) | Self::Fixed(inner) => inner.value_type(),
            Self::Arithmetic(b)
                if b.left.value_type() == ValueType::Scalar
                    && b.right.value_type() == ValueType::Scalar =>
            {
                ValueType::Scalar
            }
            _ => ValueType::Vector,
        }
    }

    pub(crate) fn is_scalar(&self) -> bool {
        self.value_type() == ValueType::Scalar
    }

    /// Whether the order of an instant vector's elements says something.
    pub(crate) fn has_order(&self) -> bool {
        match self {
            Self::Sort { .. } => true,
            Self::Aggregate(a) => matches!(a.op, AggregateOp::Topk(_) | AggregateOp::Bottomk(_)),
            Self::Negate(arg) | Self::Fixed(arg) => arg.has_order(),
            Self::Math(math) => math.arg.has_order(),
            Self::LabelReplace(replace) => replace.arg.has_order(),
            Self::LabelJoin(join) => join.arg.has_order(),
            Self::Arithmetic(b) if b.left.is_scalar() => b.right.has_order(),
            Self::Arithmetic(b) => b.left.has_order(),
            Self::Set(set) => set.left.has_order(),
            _ => false,
        }
    }

    /// Whether the rows of this vector stay apart when their names are dropped (so that nobody need look).
    /// False where it is not known.
    pub(crate) fn distinct(&self) -> bool {
        match self {
            Self::Select(selector) => selector.one_name,
            Self::Fixed(inner) | Self::NativeHistogram(inner) => inner.distinct(),
            Self::Sort { arg, .. } => arg.distinct(),
            Self::Rolling(r) => r.function != RangeFn::Last || r.source.distinct(),
            Self::Aggregate(a) => match &a.op {
                AggregateOp::Topk(_) | AggregateOp::Bottomk(_) => a.arg.distinct(),
                _ => a.grouping.without || !a.grouping.labels.iter().any(|l| l == "__name__"),
            },
            Self::Arithmetic(b) if b.op.drops_name() || b.return_bool => b.include.is_empty(),
            Self::Arithmetic(b) if b.left.is_scalar() => b.right.distinct(),
            Self::Arithmetic(b) if b.right.is_scalar() => b.left.distinct(),
            Self::Set(s) => s.op != SetOperator::Or && s.left.distinct(),
            Self::Negate(_)
            | Self::Math(_)
            | Self::Date(..)
            | Self::Absent(..)
            | Self::AbsentOverTime(..)
            | Self::Vector(_)
            | Self::Timestamp(_)
            | Self::HistogramQuantile { .. } => true,
            _ => false,
        }
    }
}

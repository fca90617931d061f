//! The functions of Prometheus 2.42: their names, argument types, and which computation they are.

use promql_parser::parser::value::ValueType::{self, Matrix, Scalar, String as Text, Vector};

/// Functions over the samples of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RangeFn {
    Rate,
    Increase,
    Delta,
    Irate,
    Idelta,
    Deriv,
    PredictLinear,
    HoltWinters,
    Changes,
    Resets,
    Avg,
    Count,
    Last,
    Max,
    Min,
    Sum,
    Stddev,
    Stdvar,
    Present,
    Quantile,
}

/// Functions of one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MathFn {
    Abs,
    Ceil,
    Floor,
    Exp,
    Sqrt,
    Ln,
    Log2,
    Log10,
    Sin,
    Cos,
    Tan,
    Asin,
    Acos,
    Atan,
    Sinh,
    Cosh,
    Tanh,
    Asinh,
    Acosh,
    Atanh,
    Rad,
    Deg,
    Sgn,
    Clamp,
    ClampMin,
    ClampMax,
    Round,
}

/// Parts of a UTC date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DatePart {
    DaysInMonth,
    DayOfMonth,
    DayOfWeek,
    DayOfYear,
    Hour,
    Minute,
    Month,
    Year,
}

/// What a function name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Function {
    Rolling(RangeFn),
    Math(MathFn),
    Date(DatePart),
    Absent,
    AbsentOverTime,
    Scalar,
    Vector,
    Time,
    Pi,
    Timestamp,
    Sort,
    SortDesc,
    LabelReplace,
    LabelJoin,
    HistogramQuantile,
    NativeHistogram,
}

/// A function's name and arguments.
pub(crate) struct Signature {
    pub function: Function,
    pub arguments: &'static [ValueType],
    /// As in Prometheus: 0 exactly these; n > 0: the last one is optional and may come up to n times; -1: any number of the last.
    pub variadic: i32,
}

impl Function {
    /// Whether the result depends on the evaluation time even when the arguments do not.
    pub(crate) fn depends_on_time(self) -> bool {
        matches!(
            self,
            Self::Date(_) | Self::Time | Self::Timestamp | Self::Rolling(RangeFn::PredictLinear)
        )
    }
}

/// The function called `name`, or `None` when Prometheus 2.42 has none.
pub(crate) fn lookup(name: &str) -> Option<Signature> {
    let (function, arguments, variadic): (Function, &'static [ValueType], i32) = match name {
        "absent" => (Function::Absent, &[Vector], 0),
        "absent_over_time" => (Function::AbsentOverTime, &[Matrix], 0),
        "scalar" => (Function::Scalar, &[Vector], 0),
        "vector" => (Function::Vector, &[Scalar], 0),
        "time" => (Function::Time, &[], 0),
        "pi" => (Function::Pi, &[], 0),
        "timestamp" => (Function::Timestamp, &[Vector], 0),
        "sort" => (Function::Sort, &[Vector], 0),
        "sort_desc" => (Function::SortDesc, &[Vector], 0),
        "label_replace" => (Function::LabelReplace, &[Vector, Text, Text, Text, Text], 0),
        "label_join" => (Function::LabelJoin, &[Vector, Text, Text, Text], -1),
        "histogram_quantile" => (Function::HistogramQuantile, &[Scalar, Vector], 0),
        "histogram_count" | "histogram_sum" => (Function::NativeHistogram, &[Vector], 0),
        "histogram_fraction" => (Function::NativeHistogram, &[Scalar, Scalar, Vector], 0),
        _ => return math(name).or_else(|| date(name)).or_else(|| range(name)),
    };
    Some(Signature {
        function,
        arguments,
        variadic,
    })
}

fn math(name: &str) -> Option<Signature> {
    let function = match name {
        "abs" => MathFn::Abs,
        "ceil" => MathFn::Ceil,
        "floor" => MathFn::Floor,
        "exp" => MathFn::Exp,
        "sqrt" => MathFn::Sqrt,
        "ln" => MathFn::Ln,
        "log2" => MathFn::Log2,
        "log10" => MathFn::Log10,
        "sin" => MathFn::Sin,
        "cos" => MathFn::Cos,
        "tan" => MathFn::Tan,
        "asin" => MathFn::Asin,
        "acos" => MathFn::Acos,
        "atan" => MathFn::Atan,
        "sinh" => MathFn::Sinh,
        "cosh" => MathFn::Cosh,
        "tanh" => MathFn::Tanh,
        "asinh" => MathFn::Asinh,
        "acosh" => MathFn::Acosh,
        "atanh" => MathFn::Atanh,
        "rad" => MathFn::Rad,
        "deg" => MathFn::Deg,
        "sgn" => MathFn::Sgn,
        "clamp" => MathFn::Clamp,
        "clamp_min" => MathFn::ClampMin,
        "clamp_max" => MathFn::ClampMax,
        "round" => MathFn::Round,
        _ => return None,
    };
    let (arguments, variadic): (&'static [ValueType], i32) = match function {
        MathFn::Clamp => (&[Vector, Scalar, Scalar], 0),
        MathFn::ClampMin | MathFn::ClampMax => (&[Vector, Scalar], 0),
        MathFn::Round => (&[Vector, Scalar], 1),
        _ => (&[Vector], 0),
    };
    Some(Signature {
        function: Function::Math(function),
        arguments,
        variadic,
    })
}

fn date(name: &str) -> Option<Signature> {
    let part = match name {
        "days_in_month" => DatePart::DaysInMonth,
        "day_of_month" => DatePart::DayOfMonth,
        "day_of_week" => DatePart::DayOfWeek,
        "day_of_year" => DatePart::DayOfYear,
        "hour" => DatePart::Hour,
        "minute" => DatePart::Minute,
        "month" => DatePart::Month,
        "year" => DatePart::Year,
        _ => return None,
    };
    Some(Signature {
        function: Function::Date(part),
        arguments: &[Vector],
        variadic: 1,
    })
}

fn range(name: &str) -> Option<Signature> {
    let function = match name {
        "rate" => RangeFn::Rate,
        "increase" => RangeFn::Increase,
        "delta" => RangeFn::Delta,
        "irate" => RangeFn::Irate,
        "idelta" => RangeFn::Idelta,
        "deriv" => RangeFn::Deriv,
        "predict_linear" => RangeFn::PredictLinear,
        // the parser's name; the text said holt_winters
        "double_exponential_smoothing" => RangeFn::HoltWinters,
        "changes" => RangeFn::Changes,
        "resets" => RangeFn::Resets,
        "avg_over_time" => RangeFn::Avg,
        "count_over_time" => RangeFn::Count,
        "last_over_time" => RangeFn::Last,
        "max_over_time" => RangeFn::Max,
        "min_over_time" => RangeFn::Min,
        "sum_over_time" => RangeFn::Sum,
        "stddev_over_time" => RangeFn::Stddev,
        "stdvar_over_time" => RangeFn::Stdvar,
        "present_over_time" => RangeFn::Present,
        "quantile_over_time" => RangeFn::Quantile,
        _ => return None,
    };
    let arguments: &'static [ValueType] = match function {
        RangeFn::PredictLinear => &[Matrix, Scalar],
        RangeFn::HoltWinters => &[Matrix, Scalar, Scalar],
        RangeFn::Quantile => &[Scalar, Matrix],
        _ => &[Matrix],
    };
    Some(Signature {
        function: Function::Rolling(function),
        arguments,
        variadic: 0,
    })
}

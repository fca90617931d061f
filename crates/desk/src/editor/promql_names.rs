//! Names that PromQL has of itself.

/// Functions and aggregations, as of Prometheus 2.42.
pub(super) const FUNCTIONS: [&str; 78] = [
    "abs",
    "absent",
    "absent_over_time",
    "acos",
    "acosh",
    "asin",
    "asinh",
    "atan",
    "atanh",
    "avg",
    "avg_over_time",
    "bottomk",
    "ceil",
    "changes",
    "clamp",
    "clamp_max",
    "clamp_min",
    "cos",
    "cosh",
    "count",
    "count_over_time",
    "count_values",
    "day_of_month",
    "day_of_week",
    "day_of_year",
    "days_in_month",
    "deg",
    "delta",
    "deriv",
    "exp",
    "floor",
    "group",
    "histogram_quantile",
    "hour",
    "idelta",
    "increase",
    "irate",
    "label_join",
    "label_replace",
    "last_over_time",
    "ln",
    "log10",
    "log2",
    "max",
    "max_over_time",
    "min",
    "min_over_time",
    "minute",
    "month",
    "pi",
    "predict_linear",
    "present_over_time",
    "quantile",
    "quantile_over_time",
    "rad",
    "rate",
    "resets",
    "round",
    "scalar",
    "sgn",
    "sin",
    "sinh",
    "sort",
    "sort_desc",
    "sqrt",
    "stddev",
    "stddev_over_time",
    "stdvar",
    "stdvar_over_time",
    "sum",
    "sum_over_time",
    "tan",
    "tanh",
    "time",
    "timestamp",
    "topk",
    "vector",
    "year",
];

/// Usual lengths of a range.
pub(super) const DURATIONS: [&str; 7] = ["1m", "5m", "10m", "30m", "1h", "6h", "1d"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_known_to_the_parser() {
        for name in FUNCTIONS {
            let forms = [
                format!("{name}()"),
                format!("{name}(up)"),
                format!("{name}(up[5m])"),
                format!("{name}(1, up)"),
                format!("{name}(up, 1)"),
                format!("{name}(up, 1, 2)"),
                format!("{name}(up[5m], 1)"),
                format!("{name}(1, up[5m])"),
                format!("{name}(up[5m], 0.5, 0.5)"),
                format!("{name}(\"a\", up)"),
                format!("{name}(1)"),
                format!("{name}(up, \"a\", \"b\", \"c\")"),
                format!("{name}(up, \"a\", \"b\", \"c\", \"d\")"),
            ];
            assert!(
                forms
                    .iter()
                    .any(|f| promql_parser::parser::parse(f).is_ok()),
                "{name}"
            );
        }
        assert!(FUNCTIONS.is_sorted());
    }
}

//! The queries of the corpus: those written down, and combinations of what can be combined.

#[path = "random.rs"]
mod random;

/// Queries that have an answer.
pub fn all() -> Vec<String> {
    let mut all = listed(include_str!("queries.txt"));
    all.extend(functions());
    all.extend(windows());
    all.extend(aggregations());
    all.extend(operators());
    all.extend(matching());
    all.sort();
    all.dedup();
    all
}

/// Expressions put together at random; some are refused, by both.
pub fn random() -> Vec<String> {
    random::expressions()
}

/// Where we differ from Prometheus 2.42 on purpose: over a range it moves the window of `predict_linear` away from the time that `@`
/// fixes, step by step. They count as what disagrees.
pub fn deviations() -> Vec<String> {
    listed(include_str!("deviations.txt"))
}

/// Every function of Prometheus 2.42 (<https://prometheus.io/docs/prometheus/2.42/querying/functions/>) but those of native histograms.
pub const FUNCTIONS: [&str; 67] = [
    "abs",
    "absent",
    "absent_over_time",
    "acos",
    "acosh",
    "asin",
    "asinh",
    "atan",
    "atanh",
    "avg_over_time",
    "ceil",
    "changes",
    "clamp",
    "clamp_max",
    "clamp_min",
    "cos",
    "cosh",
    "count_over_time",
    "day_of_month",
    "day_of_week",
    "day_of_year",
    "days_in_month",
    "deg",
    "delta",
    "deriv",
    "exp",
    "floor",
    "histogram_quantile",
    "holt_winters",
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
    "max_over_time",
    "min_over_time",
    "minute",
    "month",
    "pi",
    "predict_linear",
    "present_over_time",
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
    "stddev_over_time",
    "stdvar_over_time",
    "sum_over_time",
    "tan",
    "tanh",
    "time",
    "timestamp",
    "vector",
    "year",
];

/// Whether `query` calls the function `name`.
pub fn calls(query: &str, name: &str) -> bool {
    query.match_indices(name).any(|(at, _)| {
        let before = query[..at].chars().next_back();
        let after = query[at + name.len()..].trim_start();
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_') && after.starts_with('(')
    })
}

/// Queries that both must refuse wherever there are data.
pub fn errors() -> Vec<String> {
    listed(include_str!("errors.txt"))
}

fn listed(text: &str) -> Vec<String> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(str::to_owned)
        .collect()
}

/// Every function of one value, over values of all kinds.
fn functions() -> Vec<String> {
    let math = [
        "abs",
        "ceil",
        "floor",
        "exp",
        "sqrt",
        "ln",
        "log2",
        "log10",
        "sin",
        "cos",
        "tan",
        "asin",
        "acos",
        "atan",
        "sinh",
        "cosh",
        "tanh",
        "asinh",
        "acosh",
        "atanh",
        "rad",
        "deg",
        "sgn",
        "timestamp",
        "round",
        "sort",
        "sort_desc",
    ];
    let date = [
        "days_in_month",
        "day_of_month",
        "day_of_week",
        "day_of_year",
        "hour",
        "minute",
        "month",
        "year",
    ];
    let mut all = Vec::new();
    for f in math {
        all.push(format!("{f}(temperature)"));
        all.push(format!("{f}(small * 1e12 - 0.5)"));
    }
    for f in date {
        all.push(format!("{f}()"));
        all.push(format!("{f}(dates)"));
        all.push(format!("{f}(timestamp(up))"));
    }
    all
}

/// Every function of a window, over counters, gauges, gaps and subqueries.
fn windows() -> Vec<String> {
    let functions = [
        "rate",
        "increase",
        "delta",
        "irate",
        "idelta",
        "deriv",
        "changes",
        "resets",
        "avg_over_time",
        "count_over_time",
        "last_over_time",
        "max_over_time",
        "min_over_time",
        "sum_over_time",
        "stddev_over_time",
        "stdvar_over_time",
        "present_over_time",
        "absent_over_time",
    ];
    let ranges = [
        "http_requests_total[5m]",
        "http_requests_total{instance=~\"c.*|d.*\"}[47s]",
        "temperature[3m]",
        "sparse[13m]",
        "uneven[2m] offset 90s",
        "large[10m]",
        "rate(http_requests_total[2m])[10m:30s]",
    ];
    let mut all = Vec::new();
    for f in functions {
        for range in ranges {
            all.push(format!("{f}({range})"));
        }
    }
    for range in ranges {
        all.push(format!("quantile_over_time(0.3, {range})"));
        all.push(format!("predict_linear({range}, 600)"));
        all.push(format!("holt_winters({range}, 0.4, 0.7)"));
    }
    all
}

/// Every aggregation, grouped in every way.
fn aggregations() -> Vec<String> {
    let operations = [
        "sum(",
        "avg(",
        "count(",
        "min(",
        "max(",
        "group(",
        "stddev(",
        "stdvar(",
        "quantile(0.7, ",
        "count_values(\"v\", ",
    ];
    let groupings = [
        "",
        " by (room)",
        " without (sensor)",
        " by (nosuch)",
        " by (__name__, room)",
    ];
    let mut all = Vec::new();
    for op in operations {
        for grouping in groupings {
            all.push(format!("{op}temperature){grouping}"));
        }
        all.push(format!("{op}http_requests_total) by (job, code)"));
        all.push(format!("{op}orders > 3) without (shop)"));
    }
    for op in ["topk", "bottomk"] {
        for k in ["1", "3", "100", "0", "-1"] {
            all.push(format!("{op}({k}, http_requests_total)"));
            all.push(format!("{op}({k}, temperature) by (room)"));
        }
        all.push(format!(
            "{op} without (instance, code) (2, rate(http_requests_total[5m]))"
        ));
    }
    all
}

/// Every operator between scalars, vector and scalar both ways, and vectors.
fn operators() -> Vec<String> {
    let mut all = Vec::new();
    for op in ["+", "-", "*", "/", "%", "^", "atan2"] {
        all.push(format!("7 {op} -3.5"));
        all.push(format!("temperature {op} 3"));
        all.push(format!("3 {op} temperature"));
        all.push(format!("temperature {op} temperature"));
        all.push(format!("zero {op} 0"));
    }
    for op in ["==", "!=", ">", "<", ">=", "<="] {
        all.push(format!("7 {op} bool 7"));
        all.push(format!("temperature {op} 20"));
        all.push(format!("20 {op} temperature"));
        all.push(format!("temperature {op} bool 20"));
        all.push(format!("orders {op} ignoring(shop) group_left() vector(4)"));
        all.push(format!("temperature {op} bool (temperature offset 1m)"));
        all.push(format!("temperature {op} (temperature offset 1m)"));
    }
    all
}

/// Vector matching in its forms.
fn matching() -> Vec<String> {
    let mut all = Vec::new();
    let rate = "rate(http_requests_total[5m])";
    for op in ["+", "/", ">", "> bool", "atan2"] {
        all.push(format!("{rate} {op} on(job) group_left limits"));
        all.push(format!("limits {op} on(job) group_right {rate}"));
        all.push(format!(
            "{rate} {op} ignoring(instance, job) group_left() share"
        ));
        all.push(format!("sum by (job) ({rate}) {op} on(job) limits"));
        all.push(format!("sum by (job) ({rate}) {op} limits"));
        all.push(format!(
            "up {op} on(instance) group_left(version, rack) build_info"
        ));
        all.push(format!(
            "build_info {op} on(instance) group_right(version) up"
        ));
    }
    for op in ["and", "or", "unless"] {
        for on in ["", " on(job)", " ignoring(instance)", " on()"] {
            all.push(format!("up {op}{on} limits"));
            all.push(format!("(up == 1) {op}{on} (up offset 10m == 1)"));
            all.push(format!("http_requests_total > 900 {op}{on} up"));
        }
        all.push(format!(
            "up {op} on(instance) build_info{{version=\"1.1\"}}"
        ));
        all.push(format!("relay_a {op} relay_b"));
    }
    all
}

//! Expressions put together at random from a grammar of well-typed parts; the same ones in every run.

/// How many expressions.
const COUNT: usize = 400;

/// Numbers that look random (xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 33) % n as u64) as usize
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }
}

/// Well-typed expressions; some of them end in matches that are not unique, which both must refuse alike.
pub fn expressions() -> Vec<String> {
    let mut dice = Dice(0x2545_f491_4f6c_dd1d);
    (0..COUNT).map(|i| vector(&mut dice, 1 + i % 4)).collect()
}

fn time(dice: &mut Dice) -> String {
    match dice.below(6) {
        0 => format!(" offset {}", dice.pick(&["30s", "7m", "-90s", "1h"])),
        1 => format!(
            " @ {}",
            dice.pick(&["1700002000", "start()", "end()", "1700003333.3"])
        ),
        2 => " @ 1700004000 offset 1m".to_owned(),
        _ => String::new(),
    }
}

fn selector(dice: &mut Dice) -> &'static str {
    dice.pick(&[
        "up",
        "http_requests_total",
        "http_requests_total{code=~\"[45]..\"}",
        "http_requests_total{instance!=\"d:80\",method=\"get\"}",
        "temperature",
        "temperature{room!=\"hall\"}",
        "orders",
        "sparse",
        "uneven",
        "limits",
        "build_info",
        "cpu_seconds_total{mode!~\"i.*\"}",
        "relay_a",
        "latency_seconds_bucket{job=\"good\"}",
    ])
}

fn range(dice: &mut Dice, depth: usize) -> String {
    let window = dice.pick(&["1m", "2m30s", "5m", "11m", "40m"]);
    let time = time(dice);
    if depth == 0 || dice.below(4) > 0 {
        return format!("{}[{window}]{time}", selector(dice));
    }
    let step = dice.pick(&["", "30s", "1m", "47s"]);
    format!("({})[{window}:{step}]{time}", vector(dice, depth - 1))
}

fn scalar(dice: &mut Dice) -> String {
    match dice.below(5) {
        0 => "scalar(limits{job=\"api\"})".to_owned(),
        1 => "(time() % 600)".to_owned(),
        2 => format!("scalar(sum({}))", selector(dice)),
        _ => dice
            .pick(&["0", "1", "2.5", "-3", "20", "1e3", "0.1"])
            .to_owned(),
    }
}

fn labels(dice: &mut Dice) -> &'static str {
    dice.pick(&[
        "job",
        "instance",
        "job, instance",
        "code",
        "room",
        "method, code",
        "nosuch",
        "",
        "job, __name__",
    ])
}

fn aggregation(dice: &mut Dice, depth: usize) -> String {
    let op = dice.pick(&[
        "sum(",
        "avg(",
        "min(",
        "max(",
        "count(",
        "group(",
        "stddev(",
        "stdvar(",
        "quantile(0.25, ",
    ]);
    let arg = vector(dice, depth - 1);
    match dice.below(3) {
        0 => format!("{op}{arg})"),
        1 => format!("{op}{arg}) by ({})", labels(dice)),
        _ => format!("{op}{arg}) without ({})", labels(dice)),
    }
}

fn function(dice: &mut Dice, depth: usize) -> String {
    match dice.below(6) {
        0 => {
            let f = dice.pick(&[
                "abs",
                "ceil",
                "floor",
                "sgn",
                "sqrt",
                "exp",
                "ln",
                "timestamp",
                "hour",
                "minute",
            ]);
            format!("{f}({})", vector(dice, depth - 1))
        }
        1 => {
            let f = dice.pick(&["clamp_min", "clamp_max", "round"]);
            format!("{f}({}, {})", vector(dice, depth - 1), scalar(dice))
        }
        2 => format!("absent({})", vector(dice, depth - 1)),
        3 => {
            let target = dice.pick(&["job", "job_b", "code"]);
            let source = dice.pick(&["job", "instance", "code", "nosuch"]);
            let pattern = dice.pick(&["(.*)", "([a-z]).*", "(.)(.*)", "no"]);
            format!(
                "label_replace({}, \"{target}\", \"$1\", \"{source}\", \"{pattern}\")",
                vector(dice, depth - 1)
            )
        }
        4 => format!("histogram_quantile(0.8, {})", vector(dice, depth - 1)),
        _ => format!("-({})", vector(dice, depth - 1)),
    }
}

fn window(dice: &mut Dice, depth: usize) -> String {
    let f = dice.pick(&[
        "rate",
        "increase",
        "delta",
        "irate",
        "idelta",
        "deriv",
        "changes",
        "resets",
        "avg_over_time",
        "min_over_time",
        "max_over_time",
        "sum_over_time",
        "count_over_time",
        "last_over_time",
        "stddev_over_time",
        "present_over_time",
        "absent_over_time",
    ]);
    format!("{f}({})", range(dice, depth - 1))
}

fn binary(dice: &mut Dice, depth: usize) -> String {
    let left = vector(dice, depth - 1);
    let op = dice.pick(&[
        "+", "-", "*", "/", ">", "<=", "!=", "== bool", "> bool", "atan2", "%",
    ]);
    match dice.below(4) {
        0 => format!("({left}) {op} {}", scalar(dice)),
        1 => format!("{} {op} ({left})", scalar(dice)),
        2 => {
            let set = dice.pick(&["and", "or", "unless"]);
            let matching = match dice.below(3) {
                0 => format!("on({})", labels(dice)),
                1 => format!("ignoring({})", labels(dice)),
                _ => String::new(),
            };
            format!("({left}) {set} {matching} ({})", vector(dice, depth - 1))
        }
        _ => {
            let matching = match dice.below(5) {
                0 => format!("on({})", labels(dice)),
                1 => format!("ignoring({})", labels(dice)),
                2 => "on(job) group_left".to_owned(),
                3 => "on(instance) group_left(job, version)".to_owned(),
                _ => String::new(),
            };
            format!("({left}) {op} {matching} ({})", vector(dice, depth - 1))
        }
    }
}

fn vector(dice: &mut Dice, depth: usize) -> String {
    if depth == 0 {
        return format!("{}{}", selector(dice), time(dice));
    }
    match dice.below(8) {
        0 | 1 => aggregation(dice, depth),
        2 => function(dice, depth),
        3 | 4 => window(dice, depth),
        5 | 6 => binary(dice, depth),
        _ => format!("{}{}", selector(dice), time(dice)),
    }
}

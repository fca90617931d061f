//! The samples of the corpus: two hours of counters that start over, gauges below zero, gaps, stale markers, NaN and
//! infinities, histograms good and broken, and labels of many shapes. The same in every run.

use model::sample::stale_marker;
use model::{Labels, Sample, Series};

/// The first sample's time: a Tuesday evening, on no round minute.
pub const T0: i64 = 1_700_000_000_000;
const SECOND: i64 = 1_000;
const MINUTE: i64 = 60_000;
/// How long the data last.
const SPAN: i64 = 120 * MINUTE;
/// Prometheus refuses samples an hour older than the newest one, so they are written in slices of time.
const SLICE: i64 = 20 * MINUTE;

/// Numbers that look random and are the same in every run (xorshift).
struct Dice(u64);

impl Dice {
    /// Between 0 and 1.
    fn roll(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn below(&mut self, n: i64) -> i64 {
        (self.roll() * n as f64) as i64
    }
}

struct Builder {
    series: Vec<Series>,
    dice: Dice,
}

impl Builder {
    fn add(&mut self, labels: &[(&str, &str)], samples: Vec<Sample>) {
        self.series.push(Series {
            labels: Labels::from_pairs(labels.iter().copied()),
            samples,
        });
    }

    /// Samples every `interval` with up to `jitter` of delay, `value(index, time since T0)`; `None` leaves a gap.
    fn every(
        &mut self,
        labels: &[(&str, &str)],
        interval: i64,
        jitter: i64,
        mut value: impl FnMut(i64, i64, &mut Dice) -> Option<f64>,
    ) {
        let phase = self.dice.below(interval.min(15 * SECOND));
        let mut samples = Vec::new();
        for i in 0..SPAN / interval {
            let t = phase + i * interval + self.dice.below(jitter.max(1));
            if let Some(v) = value(i, t, &mut self.dice) {
                samples.push(Sample { t: T0 + t, v });
            }
        }
        self.add(labels, samples);
    }
}

/// All series, in the order in which Prometheus first sees them.
pub fn all() -> Vec<Series> {
    let mut b = Builder {
        series: Vec::new(),
        dice: Dice(0x9e37_79b9_7f4a_7c15),
    };
    counters(&mut b);
    gauges(&mut b);
    histograms(&mut b);
    joins(&mut b);
    odd_ones(&mut b);
    let mut series = b.series;
    // ties are decided by the order of the series, which is that of their first slice
    series.sort_by_key(|s| s.samples.first().map(|f| (f.t - T0) / SLICE));
    series
}

/// The series cut along time.
pub fn slices(series: &[Series]) -> Vec<Vec<Series>> {
    (0..=SPAN / SLICE)
        .map(|i| {
            let within = |t: i64| (t - T0) / SLICE == i;
            series
                .iter()
                .map(|s| Series {
                    labels: s.labels.clone(),
                    samples: s.samples.iter().copied().filter(|p| within(p.t)).collect(),
                })
                .filter(|s| !s.samples.is_empty())
                .collect()
        })
        .collect()
}

fn counters(b: &mut Builder) {
    for (job, instance) in [
        ("api", "a:80"),
        ("api", "b:80"),
        ("web", "c:80"),
        ("web", "d:80"),
    ] {
        for (method, code) in [
            ("get", "200"),
            ("get", "500"),
            ("post", "200"),
            ("post", "404"),
        ] {
            let labels = [
                ("__name__", "http_requests_total"),
                ("job", job),
                ("instance", instance),
                ("method", method),
                ("code", code),
            ];
            let mut total = 0.0;
            let pace = 1.0 + 20.0 * b.dice.roll();
            b.every(&labels, 15 * SECOND, 200, move |i, t, dice| {
                total += (pace * dice.roll()).floor();
                // c starts over now and then, d pauses for half an hour
                if instance == "c:80" && i % 97 == 60 {
                    total = 0.0;
                }
                let pause = instance == "d:80" && (30 * MINUTE..60 * MINUTE).contains(&t);
                (!pause && dice.roll() > 0.02).then_some(total)
            });
        }
    }
    let mut seconds = 1.5e6;
    b.every(
        &[
            ("__name__", "cpu_seconds_total"),
            ("cpu", "0"),
            ("mode", "idle"),
        ],
        10 * SECOND,
        50,
        move |_, _, dice| {
            seconds += dice.roll() * 0.3;
            Some(seconds)
        },
    );
    for cpu in ["0", "1", "2"] {
        for mode in ["user", "system"] {
            let mut total = 0.001;
            b.every(
                &[
                    ("__name__", "cpu_seconds_total"),
                    ("cpu", cpu),
                    ("mode", mode),
                ],
                15 * SECOND,
                0,
                move |_, _, dice| {
                    total += dice.roll() * 0.01;
                    Some(total)
                },
            );
        }
    }
}

fn gauges(b: &mut Builder) {
    for (room, sensor) in [
        ("kitchen", "1"),
        ("kitchen", "2"),
        ("hall", "1"),
        ("freezer", "1"),
    ] {
        let labels = [
            ("__name__", "temperature"),
            ("room", room),
            ("sensor", sensor),
        ];
        let base = if room == "freezer" { -18.0 } else { 20.0 };
        b.every(&labels, 30 * SECOND, 900, move |i, _, dice| match i {
            _ if room == "hall" && i % 11 == 3 => Some(f64::NAN),
            _ if sensor == "2" && i % 37 == 5 => Some(f64::INFINITY),
            _ if sensor == "2" && i % 53 == 9 => Some(f64::NEG_INFINITY),
            _ if sensor == "2" && i % 41 == 7 => Some(stale_marker()),
            _ => (dice.roll() > 0.05).then(|| base + 8.0 * (dice.roll() - 0.5)),
        });
    }
    for (job, instance) in [
        ("api", "a:80"),
        ("api", "b:80"),
        ("web", "c:80"),
        ("web", "d:80"),
    ] {
        let labels = [("__name__", "up"), ("job", job), ("instance", instance)];
        b.every(&labels, 15 * SECOND, 0, move |i, t, _| {
            if instance == "d:80" {
                // stale at the start of each pause
                return match t / (10 * MINUTE) % 3 {
                    1 if t % (10 * MINUTE) < 15 * SECOND => Some(stale_marker()),
                    1 => None,
                    _ => Some(1.0),
                };
            }
            Some(f64::from(u8::from(i % 50 > 3 || instance != "b:80")))
        });
    }
    for shop in ["1", "2", "3", "10"] {
        let labels = [("__name__", "orders"), ("shop", shop), ("city", "上海")];
        b.every(&labels, MINUTE, 0, move |i, _, dice| {
            Some(((i + 3) % 7) as f64 + dice.below(3) as f64)
        });
    }
    b.every(&[("__name__", "large")], 15 * SECOND, 0, |i, _, dice| {
        Some(1e15 + i as f64 + dice.roll())
    });
    b.every(&[("__name__", "small")], 15 * SECOND, 0, |_, _, dice| {
        Some(1e-12 * dice.roll())
    });
    b.every(
        &[("__name__", "constant"), ("of", "7")],
        15 * SECOND,
        0,
        |_, _, _| Some(7.0),
    );
    b.every(&[("__name__", "endless")], 15 * SECOND, 0, |_, _, _| {
        Some(f64::INFINITY)
    });
    b.every(&[("__name__", "zero")], 15 * SECOND, 0, |i, _, _| {
        Some(if i % 2 == 0 { 0.0 } else { -0.0 })
    });
    b.every(&[("__name__", "steps")], 20 * SECOND, 0, |i, _, _| {
        Some((i / 10) as f64)
    });
}

fn histograms(b: &mut Builder) {
    let shapes: [(&str, &[&str]); 5] = [
        ("good", &["0.1", "0.5", "1", "2.5", "+Inf"]),
        ("shaky", &["0.1", "0.5", "1", "2.5", "+Inf"]),
        ("endless", &["0.1", "0.5", "1"]),
        ("strange", &["1", "1.0", "abc", "", "1e999", "+Inf"]),
        ("negative", &["-5", "-1", "0", "1", "+Inf"]),
    ];
    for (job, bounds) in shapes {
        for path in ["/", "/pay"] {
            for (n, le) in bounds.iter().enumerate() {
                let labels = [
                    ("__name__", "latency_seconds_bucket"),
                    ("job", job),
                    ("path", path),
                    ("le", le),
                ];
                let mut total = 0.0;
                b.every(&labels, 30 * SECOND, 0, move |i, _, dice| {
                    total += ((n + 1) as f64 * 4.0).floor()
                        + if job == "shaky" {
                            dice.below(30) as f64
                        } else {
                            0.0
                        };
                    // the second half of an hour without the last bucket
                    let gone = job == "good" && path == "/pay" && *le == "+Inf" && i % 120 > 90;
                    (!gone).then_some(total)
                });
            }
        }
    }
    b.every(
        &[
            ("__name__", "latency_seconds_sum"),
            ("job", "good"),
            ("path", "/"),
        ],
        30 * SECOND,
        0,
        |i, _, _| Some(i as f64 * 3.7),
    );
    b.every(
        &[
            ("__name__", "latency_seconds_count"),
            ("job", "good"),
            ("path", "/"),
        ],
        30 * SECOND,
        0,
        |i, _, _| Some(i as f64 * 20.0),
    );
}

fn joins(b: &mut Builder) {
    for (instance, rack) in [("a:80", "r1"), ("b:80", "r1"), ("c:80", "r2")] {
        for (version, from, to) in [("1.0", 0, 50 * MINUTE), ("1.1", 50 * MINUTE, SPAN)] {
            let labels = [
                ("__name__", "build_info"),
                ("instance", instance),
                ("rack", rack),
                ("version", version),
            ];
            b.every(&labels, 15 * SECOND, 0, move |_, t, _| {
                let ended = version == "1.0" && (to..to + 15 * SECOND).contains(&t);
                if ended {
                    return Some(stale_marker());
                }
                (from..to).contains(&t).then_some(1.0)
            });
        }
    }
    for (job, limit) in [("api", 100.0), ("web", 50.0), ("gone", 1.0)] {
        b.every(
            &[("__name__", "limits"), ("job", job)],
            MINUTE,
            0,
            move |_, _, _| Some(limit),
        );
    }
    for (method, code, share) in [
        ("get", "200", 0.9),
        ("get", "500", 0.1),
        ("post", "200", 0.8),
        ("put", "200", 1.0),
    ] {
        b.every(
            &[("__name__", "share"), ("method", method), ("code", code)],
            MINUTE,
            0,
            move |_, _, _| Some(share),
        );
    }
    // the same labels under two names: at the same time, and one after the other
    for (name, v) in [("twin_a", 1.0), ("twin_b", 2.0)] {
        b.every(
            &[("__name__", name), ("x", "1")],
            15 * SECOND,
            0,
            move |_, _, _| Some(v),
        );
    }
    for (name, from, to) in [("relay_a", 0, 40 * MINUTE), ("relay_b", 50 * MINUTE, SPAN)] {
        b.every(
            &[("__name__", name), ("x", "1")],
            15 * SECOND,
            0,
            move |i, t, _| (from..to).contains(&t).then_some(i as f64),
        );
    }
}

fn odd_ones(b: &mut Builder) {
    b.every(
        &[("__name__", "sparse"), ("every", "4m")],
        4 * MINUTE,
        0,
        |i, _, _| Some(i as f64),
    );
    b.every(
        &[("__name__", "sparse"), ("every", "6m")],
        6 * MINUTE,
        0,
        |i, _, _| Some(i as f64 * i as f64),
    );
    b.every(
        &[("__name__", "uneven")],
        17 * SECOND,
        16_500,
        |i, _, dice| Some(i as f64 + dice.roll()),
    );
    b.add(
        &[("__name__", "once")],
        vec![Sample {
            t: T0 + 20 * MINUTE,
            v: 4.2,
        }],
    );
    for (a, v) in [
        ("", 1.0),
        ("quote\"back\\slash", 2.0),
        ("new\nline", 3.0),
        ("中文", 4.0),
        ("a|b.c", 5.0),
    ] {
        b.every(
            &[
                ("__name__", "shapes"),
                ("A", a),
                ("Zz", "x"),
                ("_u", "y"),
                ("n1", "9"),
            ],
            MINUTE,
            0,
            move |_, _, _| Some(v),
        );
    }
    b.every(
        &[
            ("__name__", "ns:rule:sum"),
            ("src", "host-12.example.com:9100"),
        ],
        MINUTE,
        0,
        |i, _, _| Some(i as f64),
    );
    let dates = [
        ("leap", 1_709_251_140.0),
        ("year", 978_307_199.0),
        ("before", -86_401.5),
        ("nan", f64::NAN),
        ("far", 1e12),
        ("inf", f64::INFINITY),
        ("minus", -1e12),
        ("now", 1_700_003_000.9),
    ];
    for (kind, v) in dates {
        b.every(
            &[("__name__", "dates"), ("kind", kind)],
            MINUTE,
            0,
            move |_, _, _| Some(v),
        );
    }
}

//! The state of the platform at one moment, from which every series follows. A pure function of seed, time and incidents.

use crate::incident::{Incident, IncidentKind, ambient};
use crate::noise;
use crate::rhythm;

/// A host of the platform.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HostSpec {
    pub name: &'static str,
    pub cores: usize,
    pub memory_gib: f64,
    /// CPU share when nobody is there, and what full activity adds.
    cpu: (f64, f64),
    /// Memory share, likewise.
    memory: (f64, f64),
    /// Network bytes a second received and sent for one request a second of the platform.
    net: (f64, f64),
    /// Size of the data disk in GiB and the share in use; 0 for none.
    pub data_gib: f64,
    data_used: f64,
    pub data_mount: &'static str,
}

/// The hosts, in the order of [`World::hosts`].
pub(crate) const HOSTS: [HostSpec; 7] = [
    HostSpec {
        name: "sw-web-01",
        cores: 4,
        memory_gib: 16.0,
        cpu: (0.07, 0.40),
        memory: (0.40, 0.13),
        net: (9_000.0, 16_000.0),
        data_gib: 0.0,
        data_used: 0.0,
        data_mount: "",
    },
    HostSpec {
        name: "sw-web-02",
        cores: 4,
        memory_gib: 16.0,
        cpu: (0.07, 0.38),
        memory: (0.41, 0.12),
        net: (8_600.0, 15_500.0),
        data_gib: 0.0,
        data_used: 0.0,
        data_mount: "",
    },
    HostSpec {
        name: "sw-app-01",
        cores: 4,
        memory_gib: 32.0,
        cpu: (0.11, 0.42),
        memory: (0.55, 0.12),
        net: (7_000.0, 7_500.0),
        data_gib: 200.0,
        data_used: 0.52,
        data_mount: "/var/lib/containerd",
    },
    HostSpec {
        name: "sw-app-02",
        cores: 4,
        memory_gib: 32.0,
        cpu: (0.10, 0.41),
        memory: (0.57, 0.11),
        net: (7_200.0, 7_400.0),
        data_gib: 200.0,
        data_used: 0.49,
        data_mount: "/var/lib/containerd",
    },
    HostSpec {
        name: "sw-db-01",
        cores: 4,
        memory_gib: 64.0,
        cpu: (0.09, 0.36),
        memory: (0.68, 0.04),
        net: (3_200.0, 8_800.0),
        data_gib: 500.0,
        data_used: 0.61,
        data_mount: "/var/lib/postgresql",
    },
    HostSpec {
        name: "sw-db-02",
        cores: 4,
        memory_gib: 64.0,
        cpu: (0.07, 0.24),
        memory: (0.66, 0.03),
        net: (2_600.0, 3_000.0),
        data_gib: 500.0,
        data_used: 0.60,
        data_mount: "/var/lib/postgresql",
    },
    HostSpec {
        name: "sw-mq-01",
        cores: 4,
        memory_gib: 16.0,
        cpu: (0.08, 0.26),
        memory: (0.48, 0.08),
        net: (4_200.0, 4_400.0),
        data_gib: 100.0,
        data_used: 0.33,
        data_mount: "/var/lib/rabbitmq",
    },
];

const APP_01: usize = 2;
const DB_01: usize = 4;
const DB_02: usize = 5;
const MQ_01: usize = 6;

/// A host at one moment.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Host {
    /// CPU share in use, 0..1; now, and as it was in the middle of the last 5 and 15 minutes.
    pub cpu: f64,
    pub cpu_5m: f64,
    pub cpu_15m: f64,
    /// Share of memory in use.
    pub memory: f64,
    /// Share of time in which the data disk (or the root disk) is busy.
    pub io: f64,
    /// Share of the root disk and of the data disk in use.
    pub root_used: f64,
    pub data_used: f64,
    /// Bytes a second.
    pub received: f64,
    pub sent: f64,
}

/// How people pay.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ChannelSpec {
    /// Label `channel`.
    pub name: &'static str,
    /// Share of all payments.
    pub share: f64,
    /// Median seconds of one payment.
    pub seconds: f64,
    /// The server that is called.
    pub server: &'static str,
}

/// The payment channels, in the order of [`World::payments`].
pub(crate) const CHANNELS: [ChannelSpec; 3] = [
    ChannelSpec {
        name: "alipay",
        share: 0.43,
        seconds: 0.42,
        server: "openapi.alipay.com",
    },
    ChannelSpec {
        name: "wechat",
        share: 0.49,
        seconds: 0.38,
        server: "api.mch.weixin.qq.com",
    },
    ChannelSpec {
        name: "bank_card",
        share: 0.08,
        seconds: 0.85,
        server: "gateway.95516.com",
    },
];

/// One payment channel at one moment.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Payment {
    /// Attempts a second.
    pub attempts: f64,
    /// Shares of attempts; the rest succeeds.
    pub failed: f64,
    pub timeout: f64,
    /// Median seconds.
    pub seconds: f64,
}

impl Payment {
    /// Share of attempts that succeed.
    pub(crate) fn ok(&self) -> f64 {
        1.0 - self.failed - self.timeout
    }
}

/// The platform at one moment.
pub(crate) struct World {
    seed: u64,
    pub t_ms: i64,
    levels: [f64; IncidentKind::ALL.len()],
    /// About 0.03 at night to about 1 at lunch, with its noise.
    pub activity: f64,
    /// Users in a session.
    pub online: f64,
    /// API requests a second.
    pub rps: f64,
    /// Orders created a second.
    pub orders: f64,
    /// Share of orders that are paid.
    pub paid: f64,
    /// Factor on the response times of all routes, and the share of requests that end with a 5xx.
    pub slowness: f64,
    pub failures: f64,
    pub hosts: [Host; HOSTS.len()],
    pub payments: [Payment; CHANNELS.len()],
}

/// Between `normal` (level 0) and what warning, critical and emergency look like (levels 1, 2, 3), piecewise linear.
pub(crate) fn ladder(level: f64, normal: f64, steps: [f64; 3]) -> f64 {
    let points = [normal, steps[0], steps[1], steps[2]];
    let level = level.clamp(0.0, 3.0);
    let i = (level.floor() as usize).min(2);
    points[i] + (points[i + 1] - points[i]) * (level - i as f64)
}

impl World {
    /// The platform at `t_ms` with these incidents (and the one that comes by itself, if `gentle`).
    pub(crate) fn at(seed: u64, t_ms: i64, incidents: &[Incident], gentle: bool) -> Self {
        let level_at = |kind: IncidentKind, t: i64| {
            let own = if gentle { ambient(seed, t) } else { None };
            incidents
                .iter()
                .copied()
                .chain(own)
                .filter(|i| i.kind == kind)
                .map(|i| i.level(t))
                .fold(0.0, f64::max)
        };
        let mut world = Self {
            seed,
            t_ms,
            levels: IncidentKind::ALL.map(|k| level_at(k, t_ms)),
            activity: 0.0,
            online: 0.0,
            rps: 0.0,
            orders: 0.0,
            paid: 0.0,
            slowness: 1.0,
            failures: 0.0,
            hosts: [Host::default(); HOSTS.len()],
            payments: [Payment::default(); CHANNELS.len()],
        };
        world.load();
        world.trouble();
        world.pay();
        for i in 0..HOSTS.len() {
            world.hosts[i] = world.host(i, &level_at);
        }
        world
    }

    /// How bad an incident is now: 0 not at all, 1 warning, 2 critical, 3 emergency.
    pub(crate) fn level(&self, kind: IncidentKind) -> f64 {
        IncidentKind::ALL
            .iter()
            .position(|k| *k == kind)
            .map_or(0.0, |i| self.levels[i])
    }

    /// Noise in -1..1 that changes over `period_s`.
    pub(crate) fn noise(&self, key: u64, period_s: f64) -> f64 {
        noise::smooth(self.seed, key, self.t_ms, period_s)
    }

    /// A factor about 1 that strays by at most `by`.
    pub(crate) fn wobble(&self, key: u64, period_s: f64, by: f64) -> f64 {
        1.0 + by * self.noise(key, period_s)
    }

    fn load(&mut self) {
        let busy = rhythm::activity(self.t_ms);
        self.activity = busy * (1.0 + 0.05 * self.noise(1, 420.0) + 0.02 * self.noise(2, 35.0));
        self.online = 40.0 + 2560.0 * self.activity * self.wobble(3, 180.0, 0.02);
        self.rps = (self.online * 0.14 + 6.0) * self.wobble(4, 20.0, 0.05);
        // people look before a meal and order at it
        self.orders = (0.012 + 2.4 * self.activity.powf(1.25)) * self.wobble(5, 45.0, 0.08);
    }

    fn trouble(&mut self) {
        use IncidentKind::{EventLoopLag, HostCpu, ReplicaLag};
        let blocked = ladder(self.level(EventLoopLag), 1.0, [9.5, 22.0, 45.0]);
        let cpu = ladder(self.level(HostCpu), 0.0, [0.6, 1.6, 3.5]);
        self.slowness = (1.0 + 0.15 * self.activity + cpu + 0.12 * self.level(ReplicaLag))
            * blocked
            * self.wobble(6, 40.0, 0.06);
        self.failures = (0.0010 * self.wobble(7, 90.0, 0.4)
            + ladder(self.level(EventLoopLag), 0.0, [0.006, 0.022, 0.07])
            + ladder(self.level(HostCpu), 0.0, [0.001, 0.006, 0.02]))
        .max(0.0);
    }

    fn pay(&mut self) {
        let failing = self.level(IncidentKind::PaymentChannelFailing);
        for (i, spec) in CHANNELS.iter().enumerate() {
            let k = 20 + i as u64;
            let hit = if i == 0 { failing } else { 0.0 };
            let failed = ladder(
                hit,
                0.0055 * self.wobble(k, 60.0, 0.35),
                [0.030, 0.050, 0.17],
            );
            let timeout = ladder(
                hit,
                0.0018 * self.wobble(k + 10, 75.0, 0.4),
                [0.016, 0.034, 0.15],
            );
            self.payments[i] = Payment {
                attempts: self.orders
                    * spec.share
                    * self.wobble(k + 20, 30.0, 0.06)
                    * (1.0 + 0.15 * hit),
                failed,
                timeout,
                seconds: spec.seconds
                    * self.wobble(k + 30, 50.0, 0.08)
                    * ladder(hit, 1.0, [2.6, 5.5, 12.0]),
            };
        }
        let attempts: f64 = self.payments.iter().map(|p| p.attempts).sum();
        let ok: f64 = self.payments.iter().map(|p| p.attempts * p.ok()).sum();
        // some who fail pay on a second try
        let first_try = ok / attempts.max(1e-9);
        self.paid = 0.975 * (first_try + (1.0 - first_try) * 0.35);
    }

    fn host(&self, i: usize, level_at: &dyn Fn(IncidentKind, i64) -> f64) -> Host {
        let spec = &HOSTS[i];
        let k = 100 + 10 * i as u64;
        let cpu_at = |lag_s: i64, noisy: f64| {
            let t = self.t_ms - lag_s * 1000;
            let base = spec.cpu.0 + spec.cpu.1 * rhythm::activity(t).min(1.1);
            let calm =
                base * (1.0 + noisy * (0.08 * self.noise(k, 70.0) + 0.05 * self.noise(k + 1, 8.0)));
            match i {
                APP_01 => ladder(
                    level_at(IncidentKind::HostCpu, t),
                    calm,
                    [0.79, 0.905, 0.985],
                ),
                DB_02 => calm + 0.05 * level_at(IncidentKind::ReplicaLag, t),
                MQ_01 => calm + 0.06 * level_at(IncidentKind::QueuePilingUp, t),
                DB_01 => calm + 0.03 * level_at(IncidentKind::DiskFilling, t),
                _ => calm,
            }
            .min(0.995)
        };
        let filling = if i == DB_01 {
            self.level(IncidentKind::DiskFilling)
        } else {
            0.0
        };
        let lagging = if i == DB_02 {
            self.level(IncidentKind::ReplicaLag)
        } else {
            0.0
        };
        let piling = if i == MQ_01 {
            self.level(IncidentKind::QueuePilingUp)
        } else {
            0.0
        };
        // a disk grows through the week and is cleaned on Sunday night
        let week =
            (rhythm::day_number(self.t_ms) + 3).rem_euclid(7) as f64 + rhythm::day_share(self.t_ms);
        let grown = spec.data_used + 0.006 * week;
        let io = 0.03 + 0.25 * self.activity * if spec.data_gib > 300.0 { 1.3 } else { 0.5 };
        Host {
            cpu: cpu_at(0, 1.0),
            cpu_5m: cpu_at(150, 0.3),
            cpu_15m: cpu_at(450, 0.1),
            memory: (spec.memory.0
                + spec.memory.1 * self.activity
                + 0.01 * self.noise(k + 2, 600.0)
                + 0.06 * piling
                + if i == APP_01 {
                    0.03 * self.level(IncidentKind::HostCpu)
                } else {
                    0.0
                })
            .min(0.97),
            io: (io * self.wobble(k + 3, 25.0, 0.2)
                + 0.14 * filling
                + 0.16 * lagging
                + 0.1 * piling)
                .min(0.98),
            root_used: 0.34 + 0.02 * (i as f64) + 0.002 * week,
            data_used: ladder(filling, grown, [0.872, 0.923, 0.972]),
            received: (2.0e4 + spec.net.0 * self.rps) * self.wobble(k + 4, 15.0, 0.12),
            sent: (2.0e4 + spec.net.1 * self.rps) * self.wobble(k + 5, 15.0, 0.12),
        }
    }
}

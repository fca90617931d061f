//! What a report is made of: everything that was asked, before anything is said about it.

use crate::period::Period;
use crate::trend::Track;
use chrono_tz::Tz;
use model::board::Unit;
use model::{Direction, Thresholds};

/// What part of a report a measure belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Orders, money, users.
    Business,
    /// What users feel.
    Service,
    /// What it runs on.
    Resource,
}

/// How a measure's values become the one that is shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shown {
    /// The mean.
    Mean,
    /// The greatest.
    Peak,
    /// What a rate a minute adds up to, in this unit.
    Total(Unit),
}

/// Something that is measured, by its concept.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measure {
    /// Its name is `report.measure.<id>`.
    pub id: &'static str,
    /// PromQL with `${concept}`, giving one series.
    pub expr: &'static str,
    /// PromQL that gives its parts, and the label that names them.
    pub parts: Option<(&'static str, &'static str)>,
    /// Of the values.
    pub unit: Unit,
    /// Where it stands.
    pub group: Group,
    /// What is shown of it.
    pub shown: Shown,
    /// Which direction is good, if any is.
    pub better: Option<Direction>,
    /// The concept whose limits it is held against.
    pub limits: Option<&'static str>,
    /// Whether it is among the key figures.
    pub key: bool,
    /// Whether its time inside the limit is promised.
    pub promised: bool,
}

const fn measure(
    id: &'static str,
    expr: &'static str,
    unit: Unit,
    group: Group,
    shown: Shown,
) -> Measure {
    Measure {
        id,
        expr,
        parts: None,
        unit,
        group,
        shown,
        better: None,
        limits: None,
        key: false,
        promised: false,
    }
}

/// Everything that a report measures, in its order.
pub const MEASURES: &[Measure] = &[
    Measure {
        better: Some(Direction::Above),
        key: true,
        parts: Some(("${orders_by_channel}", "channel")),
        ..measure(
            "orders",
            "sum(${orders_created})",
            Unit::PerMinute,
            Group::Business,
            Shown::Total(Unit::Count),
        )
    },
    Measure {
        better: Some(Direction::Above),
        key: true,
        ..measure(
            "amount",
            "sum(${order_amount})",
            Unit::YuanPerMinute,
            Group::Business,
            Shown::Total(Unit::Yuan),
        )
    },
    Measure {
        better: Some(Direction::Above),
        ..measure(
            "paid",
            "sum(${orders_paid})",
            Unit::PerMinute,
            Group::Business,
            Shown::Total(Unit::Count),
        )
    },
    Measure {
        better: Some(Direction::Above),
        ..measure(
            "order_value",
            "${average_order_value}",
            Unit::Yuan,
            Group::Business,
            Shown::Mean,
        )
    },
    Measure {
        better: Some(Direction::Above),
        key: true,
        ..measure(
            "users",
            "sum(${online_users})",
            Unit::Count,
            Group::Business,
            Shown::Peak,
        )
    },
    Measure {
        better: Some(Direction::Above),
        ..measure(
            "active",
            "max(${daily_active_users})",
            Unit::Count,
            Group::Business,
            Shown::Peak,
        )
    },
    Measure {
        better: Some(Direction::Above),
        ..measure(
            "registrations",
            "sum(${new_registrations})",
            Unit::PerMinute,
            Group::Business,
            Shown::Total(Unit::Count),
        )
    },
    Measure {
        better: Some(Direction::Above),
        limits: Some("order_paid_percent"),
        key: true,
        promised: true,
        ..measure(
            "order_success",
            "min(${order_paid_percent})",
            Unit::Percent,
            Group::Service,
            Shown::Mean,
        )
    },
    Measure {
        better: Some(Direction::Above),
        limits: Some("payment_success_percent"),
        key: true,
        promised: true,
        parts: Some(("${payment_channel_success_percent}", "channel")),
        ..measure(
            "payment_success",
            "min(${payment_success_percent})",
            Unit::Percent,
            Group::Service,
            Shown::Mean,
        )
    },
    Measure {
        better: Some(Direction::Below),
        limits: Some("api_5xx_percent"),
        key: true,
        promised: true,
        ..measure(
            "api_errors",
            "max(${api_5xx_percent})",
            Unit::Percent,
            Group::Service,
            Shown::Mean,
        )
    },
    Measure {
        better: Some(Direction::Below),
        limits: Some("api_p90"),
        ..measure(
            "api_p90",
            "max(${api_p90})",
            Unit::Seconds,
            Group::Service,
            Shown::Mean,
        )
    },
    Measure {
        better: Some(Direction::Above),
        limits: Some("recommendation_success_percent"),
        ..measure(
            "recommendation",
            "min(${recommendation_success_percent})",
            Unit::Percent,
            Group::Service,
            Shown::Mean,
        )
    },
    Measure {
        better: Some(Direction::Below),
        limits: Some("consultation_response_p90"),
        ..measure(
            "consultation",
            "max(${consultation_response_p90})",
            Unit::Seconds,
            Group::Service,
            Shown::Mean,
        )
    },
    Measure {
        better: Some(Direction::Below),
        limits: Some("host_cpu_percent"),
        ..measure(
            "cpu",
            "max(${host_cpu_percent})",
            Unit::Percent,
            Group::Resource,
            Shown::Peak,
        )
    },
    Measure {
        better: Some(Direction::Below),
        limits: Some("host_memory_percent"),
        ..measure(
            "memory",
            "max(${host_memory_percent})",
            Unit::Percent,
            Group::Resource,
            Shown::Peak,
        )
    },
];

/// The disks that a report looks at: one series each.
pub const DISKS: &str = "${host_disk_percent}";

/// A measure's values in a period and in the one before.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// What.
    pub measure: &'static Measure,
    /// Limits in force.
    pub limits: Option<Thresholds>,
    /// In the period.
    pub now: Track,
    /// In the period before.
    pub before: Track,
    /// Its parts in the period, by name.
    pub parts: Vec<(String, Track)>,
}

/// An objective that a board promises, counted in events over the period.
#[derive(Clone, Debug, PartialEq)]
pub struct Objective {
    /// What is promised, as the board names it.
    pub name: String,
    /// The measure ([`Measure::id`]) that is about the same; this objective is then what it is held against.
    pub of: Option<&'static str>,
    /// Good events of all, percent, above 0 and below 100.
    pub promised: f64,
    /// The same as it was in the period; `None`: nothing is known.
    pub good: Option<f64>,
}

/// How long something took: how many times, and the times, ms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Times {
    /// Of how many.
    pub count: u64,
    /// Arithmetic mean.
    pub mean: Option<i64>,
    /// 95 of 100 were not longer.
    pub p95: Option<i64>,
}

/// What happened to alerts of one level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OfLevel {
    /// Episodes that began.
    pub fired: u64,
    /// Until somebody had it.
    pub response: Times,
    /// Until it was over.
    pub resolution: Times,
    /// Responses in time, of how many that are decided.
    pub response_kept: (u64, u64),
    /// Resolutions in time, of how many that are decided.
    pub resolution_kept: (u64, u64),
}

/// What happened to alerts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Alerts {
    /// P0 to P3.
    pub levels: [OfLevel; 4],
    /// All together: until somebody had it.
    pub response: Times,
    /// All together: until it was over.
    pub resolution: Times,
    /// Ended before anybody took them, or nobody has.
    pub unanswered: u64,
    /// Still open.
    pub open: u64,
    /// Rules that fired most often.
    pub rules: Vec<(String, u64)>,
    /// Who acknowledged how often.
    pub people: Vec<(String, u64)>,
}

impl Alerts {
    /// Episodes of all levels.
    pub fn fired(&self) -> u64 {
        self.levels.iter().map(|l| l.fired).sum()
    }
}

/// A disk's use in percent.
#[derive(Clone, Debug, PartialEq)]
pub struct Disk {
    /// Which.
    pub name: String,
    /// Its use.
    pub used: Track,
}

/// One person's duty.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Duty {
    /// Who.
    pub person: String,
    /// On which rota.
    pub rota: String,
    /// Time on duty, ms.
    pub on_duty: i64,
    /// Nights.
    pub nights: u32,
    /// Days of weekends and holidays.
    pub days_off: u32,
}

/// The rota's figures.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rota {
    /// Who had how much duty.
    pub people: Vec<Duty>,
    /// Handovers: signed in time, signed late, not signed.
    pub handovers: (u32, u32, u32),
    /// Time in which nobody had a required role, ms.
    pub gaps: i64,
}

/// Everything.
#[derive(Clone, Debug, PartialEq)]
pub struct Data {
    /// About when.
    pub period: Period,
    /// The zone of days and times.
    pub zone: Tz,
    /// `zh-CN` or `en`.
    pub locale: String,
    /// When it was gathered, ms.
    pub made_at: i64,
    /// Whether simulated values are in it.
    pub demo: bool,
    /// The promised share of time, percent.
    pub promise: f64,
    /// What was measured.
    pub measures: Vec<Measured>,
    /// What boards promise.
    pub objectives: Vec<Objective>,
    /// What happened to alerts; `None`: there is no alert desk's database.
    pub alerts: Option<Alerts>,
    /// The same in the period before.
    pub alerts_before: Option<Alerts>,
    /// Disks, the fullest first.
    pub disks: Vec<Disk>,
    /// The rota; `None`: there is none.
    pub rota: Option<Rota>,
    /// What could not be asked, as sentences.
    pub faults: Vec<String>,
}

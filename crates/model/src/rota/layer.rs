//! A rota and its layers: who takes turns in which shifts.

use super::{CalendarId, DayKind, HandoverRules, LayerId, Role, RotaId};
use crate::duty::PersonId;
use chrono::NaiveDate;
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

/// A time of the wall clock, minutes after midnight: 0 to 1439. As text `HH:MM`.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct WallTime(u16);

impl WallTime {
    /// Of hours and minutes; `None` if there is no such time.
    pub fn new(hour: u16, minute: u16) -> Option<Self> {
        (hour < 24 && minute < 60).then_some(Self(hour * 60 + minute))
    }

    /// At a full hour; hours over 23 begin anew.
    pub const fn hour(hour: u16) -> Self {
        Self(hour % 24 * 60)
    }

    /// Minutes after midnight, below 1440.
    pub fn minutes(self) -> u16 {
        self.0
    }
}

/// A text that is no time of the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotATime;

impl fmt::Display for NotATime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a time of the day is written HH:MM, from 00:00 to 23:59")
    }
}

impl std::error::Error for NotATime {}

impl FromStr for WallTime {
    type Err = NotATime;

    fn from_str(text: &str) -> Result<Self, NotATime> {
        let (hour, minute) = text.trim().split_once(':').ok_or(NotATime)?;
        let number = |s: &str| -> Result<u16, NotATime> {
            let short = (1..=2).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_digit());
            if short { s.parse().ok() } else { None }.ok_or(NotATime)
        };
        Self::new(number(hour)?, number(minute)?).ok_or(NotATime)
    }
}

impl TryFrom<String> for WallTime {
    type Error = NotATime;

    fn try_from(text: String) -> Result<Self, NotATime> {
        text.parse()
    }
}

impl From<WallTime> for String {
    fn from(time: WallTime) -> Self {
        time.to_string()
    }
}

impl fmt::Display for WallTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

/// On which days a layer's shift begins, and from when to when it lasts by the wall clock.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShiftRule {
    /// Kinds of days on which it begins; none named: every kind. A shift over midnight belongs to the day on which it begins.
    #[serde(default)]
    pub kinds: BTreeSet<DayKind>,
    /// Days of the week on which it begins, 1 Monday to 7 Sunday; none named: every one. Both must hold.
    #[serde(default)]
    pub weekdays: BTreeSet<u8>,
    /// Begin.
    pub from: WallTime,
    /// End; not after `from`: on the next day (the same time: 24 hours).
    pub to: WallTime,
}

impl ShiftRule {
    /// Every day around the clock, beginning at `from`.
    pub fn around_the_clock(from: WallTime) -> Self {
        Self {
            from,
            to: from,
            ..Self::default()
        }
    }

    /// On days of one kind.
    pub fn on(kind: DayKind, from: WallTime, to: WallTime) -> Self {
        Self {
            kinds: BTreeSet::from([kind]),
            weekdays: BTreeSet::new(),
            from,
            to,
        }
    }

    /// Whether it is made for holidays: then it wins over layers that are not.
    pub fn is_for_holidays(&self) -> bool {
        self.kinds.contains(&DayKind::Holiday)
    }
}

/// When the next turn of a rotation begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "every", rename_all = "snake_case")]
pub enum Cadence {
    /// After this many days from the layer's first day: 1 is daily.
    Days {
        /// 1 to 366.
        days: u16,
    },
    /// After this many weeks, on a day of the week.
    Weeks {
        /// 1 to 52.
        weeks: u16,
        /// 1 Monday to 7 Sunday.
        weekday: u8,
    },
    /// After this many of the layer's own shifts, however far apart they are: on a layer of weekends, the next weekend day.
    Shifts {
        /// 1 to 366.
        shifts: u16,
    },
    /// A cycle of its own: how many days each turn lasts, in the order of the turns; as many as there are turns.
    Cycle {
        /// 1 to 366 each.
        days: Vec<u16>,
    },
}

/// Who takes which turn. A turn is one person or several at once; a turn of nobody is a hole on purpose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rotation {
    /// In turn, over and over.
    Turns {
        /// In order.
        turns: Vec<Vec<PersonId>>,
        /// When the next one begins.
        cadence: Cadence,
    },
    /// Each day of the week has its people: 1 Monday to 7 Sunday.
    Weekdays {
        /// Days that are not named have nobody.
        people: BTreeMap<u8, Vec<PersonId>>,
    },
    /// Laid down day by day, as a plan does. On days that are not named the layer does not apply.
    Planned {
        /// By the day on which the shift begins.
        days: BTreeMap<NaiveDate, Vec<PersonId>>,
    },
}

impl Default for Rotation {
    fn default() -> Self {
        Self::Turns {
            turns: Vec::new(),
            cadence: Cadence::Weeks {
                weeks: 1,
                weekday: 1,
            },
        }
    }
}

impl Rotation {
    /// Everybody whom it names, in order, each once.
    pub fn people(&self) -> Vec<&PersonId> {
        let all: Vec<&PersonId> = match self {
            Self::Turns { turns, .. } => turns.iter().flatten().collect(),
            Self::Weekdays { people } => people.values().flatten().collect(),
            Self::Planned { days } => days.values().flatten().collect(),
        };
        let mut seen = BTreeSet::new();
        all.into_iter().filter(|p| seen.insert(*p)).collect()
    }
}

/// Shifts of one role and who takes turns in them.
///
/// Of the layers of one role that cover an instant one counts: those made for holidays before the others, then the larger `priority`, then the
/// order in the rota. A layer whose turn has nobody who is there (absences) gives way to the next.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layer {
    /// Which; 0 in an edit that makes it.
    #[serde(default)]
    pub id: LayerId,
    /// As shown: 工作日白班.
    pub name: String,
    /// As what.
    pub role: Role,
    /// Larger wins.
    #[serde(default)]
    pub priority: i32,
    /// When.
    pub rule: ShiftRule,
    /// Who.
    pub rotation: Rotation,
    /// When the turn changes, by the wall clock, even within a shift. `None`: with the shift that begins on that day. Not used by
    /// [`Cadence::Shifts`] and [`Rotation::Planned`], which go by shifts.
    #[serde(default)]
    pub handoff: Option<WallTime>,
    /// The first day on which its shift can begin; turns count from here.
    pub first_day: NaiveDate,
    /// The last day on which its shift can begin; `None`: without end.
    #[serde(default)]
    pub last_day: Option<NaiveDate>,
    /// The zone of its times, if not the rota's: layers in several zones follow the sun.
    #[serde(default)]
    pub zone: Option<Tz>,
    /// The calendar that decides its days, if not the rota's.
    #[serde(default)]
    pub calendar: Option<CalendarId>,
}

/// Who is on duty for something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rota {
    /// Which.
    pub id: RotaId,
    /// As shown: 平台值班.
    pub name: String,
    /// The zone of its days and times.
    pub zone: Tz,
    /// The calendar that decides its days; `None`: Monday to Friday are worked, and there are no holidays.
    #[serde(default)]
    pub calendar: Option<CalendarId>,
    /// In order.
    #[serde(default)]
    pub layers: Vec<Layer>,
    /// Roles that somebody must have at each instant: without somebody there is a gap. [`Role::Primary`] by default.
    #[serde(default = "primary_only")]
    pub required: Vec<Role>,
    /// How shifts are handed over; `None`: pages follow the rota without a signature.
    #[serde(default)]
    pub handover: Option<HandoverRules>,
}

fn primary_only() -> Vec<Role> {
    vec![Role::Primary]
}

impl Rota {
    /// Without layers; the primary is required, and handovers are signed.
    pub fn new(id: impl Into<RotaId>, name: &str, zone: Tz) -> Self {
        Self {
            id: id.into(),
            name: name.to_string(),
            zone,
            calendar: None,
            layers: Vec::new(),
            required: primary_only(),
            handover: Some(HandoverRules::default()),
        }
    }

    /// A layer by id.
    pub fn layer(&self, id: LayerId) -> Option<&Layer> {
        self.layers.iter().find(|l| l.id == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_the_day_are_read_and_written() {
        for (text, minutes) in [
            ("00:00", Some(0)),
            ("9:05", Some(545)),
            ("23:59", Some(1439)),
            ("24:00", None),
            ("12:60", None),
            ("-1:00", None),
            ("+1:00", None),
            ("012:00", None),
            ("12", None),
            ("", None),
        ] {
            let read = text.parse::<WallTime>().ok();
            assert_eq!(read.map(WallTime::minutes), minutes, "{text}");
        }
        assert_eq!(WallTime::new(9, 5).map(String::from), Some("09:05".into()));
    }

    #[test]
    fn a_rotation_names_each_person_once() {
        let rotation = Rotation::Turns {
            turns: vec![vec!["b".into(), "a".into()], vec!["b".into()]],
            cadence: Cadence::Days { days: 1 },
        };
        assert_eq!(rotation.people(), ["b", "a"]);
    }
}

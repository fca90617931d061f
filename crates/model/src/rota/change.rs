//! Every change to the rota: who, when, what it was before and after.

use super::{
    Absence, Calendar, ChangeId, DutyNote, Handover, Member, Override, Rota, RotaId, Swap,
};
use crate::duty::Actor;
use serde::{Deserialize, Serialize};

/// One change, which is kept for good. What it has touched can be put back as it was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RotaChange {
    /// Which. Larger than every former one, and than every number that this change has given.
    pub id: ChangeId,
    /// When, ms.
    pub at: i64,
    /// Who.
    pub by: Actor,
    /// What was done: the name of the [`super::Edit`] in snake_case, `undo`.
    pub action: String,
    /// The rota concerned, if it is one.
    pub rota: Option<RotaId>,
    /// Everything that is different now.
    pub touched: Vec<Touched>,
    /// The change that this one has undone.
    #[serde(default)]
    pub undoes: Option<ChangeId>,
}

/// One thing before and after: without `before` it was made, without `after` it was deleted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Touched {
    /// A person.
    Member {
        /// As it was.
        before: Option<Box<Member>>,
        /// As it is.
        after: Option<Box<Member>>,
    },
    /// A rota with its layers.
    Rota {
        /// As it was.
        before: Option<Box<Rota>>,
        /// As it is.
        after: Option<Box<Rota>>,
    },
    /// An absence.
    Absence {
        /// As it was.
        before: Option<Box<Absence>>,
        /// As it is.
        after: Option<Box<Absence>>,
    },
    /// An override.
    Override {
        /// As it was.
        before: Option<Box<Override>>,
        /// As it is.
        after: Option<Box<Override>>,
    },
    /// A swap.
    Swap {
        /// As it was.
        before: Option<Box<Swap>>,
        /// As it is.
        after: Option<Box<Swap>>,
    },
    /// A calendar.
    Calendar {
        /// As it was.
        before: Option<Box<Calendar>>,
        /// As it is.
        after: Option<Box<Calendar>>,
    },
    /// A handover.
    Handover {
        /// As it was.
        before: Option<Box<Handover>>,
        /// As it is.
        after: Option<Box<Handover>>,
    },
    /// A note of the duty record.
    Note {
        /// As it was.
        before: Option<Box<DutyNote>>,
        /// As it is.
        after: Option<Box<DutyNote>>,
    },
}

/// What the store keeps of the rota. One change is one transaction: its line in the log, and every `after` in its place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RotaRecord {
    /// A change: one more line of the log, and the things that it touched as they are now.
    Change(Box<RotaChange>),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rota::{Cadence, CalendarDay, DayKind, Layer, Role, Rotation, ShiftRule, WallTime};
    use chrono::NaiveDate;
    use std::collections::BTreeMap;

    /// What the store does with a change, with the maps whose keys are numbers and days.
    #[test]
    fn a_change_is_the_same_after_it_was_kept() {
        let day = NaiveDate::from_ymd_opt(2026, 10, 1).unwrap();
        let layer = |rotation| Layer {
            role: Role::Other("dba".into()),
            rule: ShiftRule::on(DayKind::Holiday, WallTime::hour(9), WallTime::hour(9)),
            rotation,
            zone: Some(chrono_tz::Europe::Berlin),
            ..Layer::default()
        };
        let mut rota = Rota::new("platform", "平台", chrono_tz::Asia::Shanghai);
        rota.layers = vec![
            layer(Rotation::Weekdays {
                people: BTreeMap::from([(1, vec!["a".into()])]),
            }),
            layer(Rotation::Planned {
                days: BTreeMap::from([(day, vec!["a".into()])]),
            }),
            layer(Rotation::Turns {
                turns: vec![vec!["a".into()]],
                cadence: Cadence::Cycle { days: vec![3] },
            }),
        ];
        let calendar = Calendar {
            days: BTreeMap::from([(
                day,
                CalendarDay {
                    off: true,
                    name: "国庆节".into(),
                },
            )]),
            years: BTreeMap::from([(2026, "notice".into())]),
            ..Calendar::default()
        };
        let change = RotaChange {
            id: ChangeId(7),
            at: 1,
            by: Actor::default(),
            action: "put_rota".into(),
            rota: Some("platform".into()),
            touched: vec![
                Touched::Rota {
                    before: None,
                    after: Some(Box::new(rota)),
                },
                Touched::Calendar {
                    before: Some(Box::new(calendar)),
                    after: None,
                },
            ],
            undoes: None,
        };
        let text = serde_json::to_string(&change).unwrap();
        assert!(text.contains(r#""zone":"Europe/Berlin""#), "{text}");
        assert!(text.contains(r#""from":"09:00""#), "{text}");
        assert_eq!(serde_json::from_str::<RotaChange>(&text).unwrap(), change);
    }
}

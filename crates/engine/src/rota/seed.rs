//! The operations handbook's rota: 工作日 09:00–18:00, 夜间 18:00–09:00, 周末 24 小时, 节假日 24 小时.

use chrono::NaiveDate;
use model::duty::PersonId;
use model::rota::{Cadence, DayKind, Layer, Role, Rotation, ShiftRule, WallTime};

/// What the four shifts are called on screens.
#[derive(Clone, Copy, Debug)]
pub struct SeedNames<'a> {
    /// 工作日白班
    pub workday: &'a str,
    /// 夜间
    pub night: &'a str,
    /// 周末
    pub weekend: &'a str,
    /// 节假日
    pub holiday: &'a str,
    /// 主管
    pub manager: &'a str,
}

/// The layers of the handbook's four shifts for `people` in turn: workdays, nights and weekends by week, each with another person of the list,
/// holidays day by day. From two people on they are also each other's secondary. `managers` take turns by week behind them.
///
/// The 24-hour shifts begin at 09:00, when the night ends: so all four together leave no gap, and the night before a holiday is handed over on
/// its morning. They are to be put into a rota with a calendar; without one there are no holidays.
pub fn seed_layers(
    people: &[PersonId],
    managers: &[PersonId],
    first_day: NaiveDate,
    names: SeedNames<'_>,
) -> Vec<Layer> {
    let mut out = Vec::new();
    let (nine, six) = (WallTime::hour(9), WallTime::hour(18));
    let weekly = Cadence::Weeks {
        weeks: 1,
        weekday: 1,
    };
    let daily = Cadence::Shifts { shifts: 1 };
    let shifts = [
        (names.workday, DayKind::Workday, nine, six, &weekly),
        (names.night, DayKind::Workday, six, nine, &weekly),
        (names.weekend, DayKind::Weekend, nine, nine, &weekly),
        (names.holiday, DayKind::Holiday, nine, nine, &daily),
    ];
    let roles = [Role::Primary, Role::Secondary];
    let roles = if people.len() > 1 {
        &roles[..]
    } else {
        &roles[..1]
    };
    if !people.is_empty() {
        for (later, role) in roles.iter().enumerate() {
            // Half the list apart: whoever is behind the day is not on duty in the night.
            let later = later * (people.len() / 2);
            for (turn, (name, kind, from, to, cadence)) in shifts.iter().enumerate() {
                let rule = ShiftRule::on(*kind, *from, *to);
                let turn = turn + later;
                out.push(layer(name, role, rule, (people, turn), cadence, first_day));
            }
        }
    }
    if !managers.is_empty() {
        let rule = ShiftRule::around_the_clock(nine);
        let turns = (managers, 0);
        out.push(layer(
            names.manager,
            &Role::Manager,
            rule,
            turns,
            &weekly,
            first_day,
        ));
    }
    out
}

/// A layer of one person at a time, of whom the one at `turns.1` begins.
fn layer(
    name: &str,
    role: &Role,
    rule: ShiftRule,
    turns: (&[PersonId], usize),
    cadence: &Cadence,
    first_day: NaiveDate,
) -> Layer {
    let (people, first) = turns;
    let mut turns: Vec<Vec<PersonId>> = people.iter().map(|p| vec![p.clone()]).collect();
    turns.rotate_left(first.checked_rem(people.len()).unwrap_or(0));
    Layer {
        name: name.to_string(),
        role: role.clone(),
        rule,
        rotation: Rotation::Turns {
            turns,
            cadence: cadence.clone(),
        },
        first_day,
        ..Layer::default()
    }
}

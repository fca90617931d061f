//! Lines that belong to no request: what hosts, containers, devices and servers write by themselves.

mod app;
mod container;
mod middleware;
mod network;
mod os;
mod security;

use super::Due;
use super::cast::skew_ns;
use super::dice::Dice;
use crate::incident::IncidentKind;
use crate::world::World;
use model::log::LogLine;

/// Something that is written again and again.
struct Habit {
    /// How often on a calm day, relative to the others.
    calm: f64,
    /// What makes it more frequent, and by how much at each level of badness.
    trouble: Option<(IncidentKind, f64)>,
    write: fn(&World, &mut Dice) -> LogLine,
}

const fn often(calm: f64, write: fn(&World, &mut Dice) -> LogLine) -> Habit {
    Habit {
        calm,
        trouble: None,
        write,
    }
}

const fn when(
    kind: IncidentKind,
    by: f64,
    calm: f64,
    write: fn(&World, &mut Dice) -> LogLine,
) -> Habit {
    Habit {
        calm,
        trouble: Some((kind, by)),
        write,
    }
}

/// How often now.
fn weight(habit: &Habit, world: &World) -> f64 {
    habit.calm
        + habit
            .trouble
            .map_or(0.0, |(kind, by)| by * world.level(kind))
}

/// On average `mean` lines on a calm day, within the slot that begins at `begin_ns`; incidents add theirs.
pub(super) fn lines(
    world: &World,
    dice: &mut Dice,
    mean: f64,
    begin_ns: i64,
    slot_ns: i64,
) -> Vec<Due<LogLine>> {
    let habits: [&[Habit]; 6] = [
        &os::HABITS,
        &container::HABITS,
        &network::HABITS,
        &security::HABITS,
        &middleware::HABITS,
        &app::HABITS,
    ];
    let now: Vec<(&Habit, f64)> = habits
        .iter()
        .copied()
        .flatten()
        .map(|h| (h, weight(h, world)))
        .collect();
    let calm: f64 = now.iter().map(|(h, _)| h.calm).sum();
    let total: f64 = now.iter().map(|(_, weight)| weight).sum();
    (0..dice.count(mean * total / calm))
        .map(|_| {
            let at_ns = begin_ns + dice.range(0, slot_ns);
            let (habit, _) = dice.weighted(&now, |(_, weight)| *weight);
            let mut what = (habit.write)(world, dice);
            what.position.at_ns = at_ns + skew_ns(&what.host);
            Due { at_ns, what }
        })
        .collect()
}

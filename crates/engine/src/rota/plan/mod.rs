//! A fair plan for a time to come: who takes which shift, so that everybody's weighted load is even.
//!
//! The shifts are those that the rota's own layers have, with the holidays and make-up days of the calendar. The heaviest are given first, each
//! to the person with the least load who can take it; then single shifts are moved and exchanged as long as that makes it fairer. The plan is
//! the same for the same book, rules and seed.

mod board;
mod jobs;
mod search;

use super::edit::{Refusal, apply};
use super::fairness::fairness;
use super::wall;
use board::Board;
use chrono::NaiveDate;
use jobs::Job;
use model::duty::{Actor, PersonId};
use model::rota::{
    Book, Edit, Fairness, Gap, GapCause, Layer, LayerId, Role, Rota, RotaId, Rotation, WallTime,
    Weights,
};
use std::collections::BTreeMap;

/// More shifts are not planned at once: some 14 months of six layers.
pub const MAX_SHIFTS: usize = 2_500;

/// More days of history are not looked at: three years.
pub const MAX_HISTORY: u32 = 1_096;

/// What a plan must respect, and what counts as fair.
#[derive(Clone, Debug, PartialEq)]
pub struct PlanRules {
    /// Who takes turns; nobody named: in each layer those whom its rotation names.
    pub people: Vec<PersonId>,
    /// The most nights in a row that one person is on duty.
    pub max_nights: u32,
    /// The least time between two shifts of one person, ms.
    pub min_rest_ms: i64,
    /// How much heavier nights, weekends and holidays are.
    pub weights: Weights,
    /// How many days before the plan count as history that is evened out; 0: none.
    pub history_days: u32,
}

impl Default for PlanRules {
    fn default() -> Self {
        Self {
            people: Vec::new(),
            max_nights: 2,
            min_rest_ms: 11 * 3_600_000,
            weights: Weights::default(),
            history_days: 90,
        }
    }
}

/// A rule that had to give way, because otherwise nobody would have had the shift.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Strain {
    /// Who.
    pub person: PersonId,
    /// Which shift: its layer, its day.
    pub layer: LayerId,
    /// The day on which it begins.
    pub day: NaiveDate,
    /// Too many nights in a row; if not, too little rest.
    pub nights: bool,
}

/// A plan. Nothing holds before it is adopted: [`Edit::AdoptPlan`] with its layers.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// For which rota.
    pub rota: RotaId,
    /// Layers over the rota's own, numbers 0.
    pub layers: Vec<Layer>,
    /// Shifts for which there is nobody who is not absent or elsewhere: there the rota's own layers go on to count.
    pub unfilled: Vec<Gap>,
    /// Where a rule had to give way.
    pub strained: Vec<Strain>,
    /// The planned time as it is now.
    pub before: Fairness,
    /// The planned time with the plan.
    pub after: Fairness,
    /// History and planned time together as they are now.
    pub total_before: Fairness,
    /// History and planned time together with the plan.
    pub total_after: Fairness,
}

/// Plans the shifts that begin from the day `from` to the day before `until`, in the rota's zone. The manager's role is not planned.
pub fn plan(
    book: &Book,
    rota: &RotaId,
    from: NaiveDate,
    until: NaiveDate,
    rules: &PlanRules,
    seed: u64,
) -> Result<Plan, Refusal> {
    let found = book
        .rotas
        .get(rota)
        .ok_or_else(|| Refusal::UnknownRota { rota: rota.clone() })?;
    for person in &rules.people {
        if !book.members.contains_key(person) {
            let person = person.clone();
            return Err(Refusal::UnknownPerson { person });
        }
    }
    let moment = |day| wall::instant(day, WallTime::default(), found.zone).unwrap_or(0);
    let (start, end) = (moment(from), moment(until));
    if start >= end || end - start > 400 * 24 * 3_600_000 {
        return Err(Refusal::BadStretch {
            from: start,
            until: end,
        });
    }
    let jobs = jobs::jobs(book, found, from, until, rules);
    if jobs.len() > MAX_SHIFTS {
        return Err(Refusal::TooMany {
            what: "shifts",
            limit: MAX_SHIFTS,
        });
    }
    let days = i64::from(rules.history_days.min(MAX_HISTORY));
    let history = start - days * 24 * 3_600_000;
    let past = fairness(book, rota, history, start, &rules.weights);
    let mut board = Board::new(book, found, jobs, rules, &past, start, end);
    search::fill(&mut board, seed);
    search::improve(&mut board, seed);
    finish(
        book,
        found,
        &board,
        from,
        until,
        (history, start, end),
        rules,
    )
}

fn finish(
    book: &Book,
    rota: &Rota,
    board: &Board<'_>,
    from: NaiveDate,
    until: NaiveDate,
    (history, start, end): (i64, i64, i64),
    rules: &PlanRules,
) -> Result<Plan, Refusal> {
    let layers = layers(rota, board, from, until);
    let planned = if layers.is_empty() {
        book.clone()
    } else {
        let edit = Edit::AdoptPlan {
            rota: rota.id.clone(),
            layers: layers.clone(),
        };
        apply(book, edit, &Actor::default(), start)?.0
    };
    let judge = |book: &Book, from| fairness(book, &rota.id, from, end, &rules.weights);
    Ok(Plan {
        rota: rota.id.clone(),
        unfilled: unfilled(board),
        strained: board.strained(),
        before: judge(book, start),
        after: judge(&planned, start),
        total_before: judge(book, history),
        total_after: judge(&planned, history),
        layers,
    })
}

/// One planned layer over each that has shifts in the plan.
fn layers(rota: &Rota, board: &Board<'_>, from: NaiveDate, until: NaiveDate) -> Vec<Layer> {
    let mut days: BTreeMap<LayerId, BTreeMap<NaiveDate, Vec<PersonId>>> = BTreeMap::new();
    for (job, person) in board.given() {
        let day = days.entry(job.layer.id).or_default();
        day.entry(job.day).or_default().push(person.clone());
    }
    let over = |layer: &Layer| {
        let days = days.get(&layer.id)?.clone();
        Some(Layer {
            id: LayerId(0),
            priority: layer.priority.saturating_add(1),
            rotation: Rotation::Planned { days },
            handoff: None,
            first_day: from,
            last_day: wall::previous(until),
            ..layer.clone()
        })
    };
    rota.layers.iter().filter_map(over).collect()
}

fn unfilled(board: &Board<'_>) -> Vec<Gap> {
    let gap = |job: &Job<'_>| Gap {
        role: job.layer.role.clone(),
        from: job.from,
        until: job.until,
        cause: GapCause::NobodyNamed {
            layer: job.layer.id,
        },
    };
    board.open().map(gap).collect()
}

/// Whether a layer is one that plans are made for.
fn is_planned_for(layer: &Layer) -> bool {
    layer.role != Role::Manager && !matches!(layer.rotation, Rotation::Planned { .. })
}

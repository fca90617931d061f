//! Who has which shift so far, and what that does to everybody's load.

use super::jobs::Job;
use super::{PlanRules, Strain};
use crate::rota::query::schedule;
use chrono::NaiveDate;
use model::duty::PersonId;
use model::rota::{Book, Fairness, Role, Rota, SwapState};
use std::collections::{BTreeMap, BTreeSet};

/// Whether somebody can take a shift, the better the smaller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fit {
    /// Within all rules.
    Good,
    /// Too many nights in a row.
    Nights,
    /// Too little rest.
    Rest,
    /// Absent, on duty elsewhere, or not in the pool.
    Never,
}

/// One person's part.
#[derive(Debug, Default)]
struct Desk {
    /// Time that is taken: begin → end. Absences, other rotas, decisions of people.
    taken: Vec<(i64, i64)>,
    /// Shifts of this plan: begin → end.
    shifts: BTreeMap<i64, i64>,
    nights: BTreeMap<NaiveDate, u32>,
    score: f64,
    holidays: f64,
    weekends: f64,
    night_count: f64,
}

pub(super) struct Board<'a> {
    pub jobs: Vec<Job<'a>>,
    /// Who has each job: an index into `people`.
    pub holder: Vec<Option<usize>>,
    people: Vec<&'a PersonId>,
    /// Pools of the jobs as indexes.
    pools: Vec<Vec<usize>>,
    desks: Vec<Desk>,
    rules: &'a PlanRules,
}

impl<'a> Board<'a> {
    pub fn new(
        book: &'a Book,
        rota: &Rota,
        jobs: Vec<Job<'a>>,
        rules: &'a PlanRules,
        past: &Fairness,
        start: i64,
        end: i64,
    ) -> Self {
        let people: BTreeSet<&PersonId> = jobs.iter().flat_map(|j| j.pool.clone()).collect();
        let people: Vec<&PersonId> = people.into_iter().collect();
        let index = |p: &PersonId| people.binary_search(&p).ok();
        let pool = |j: &Job<'_>| j.pool.iter().filter_map(|p| index(p)).collect();
        let pools = jobs.iter().map(pool).collect();
        let mut desks: Vec<Desk> = people.iter().map(|_| Desk::default()).collect();
        for load in &past.people {
            if let Some(desk) = index(&load.person).and_then(|i| desks.get_mut(i)) {
                desk.score = load.score;
                desk.holidays = f64::from(load.holidays);
                desk.weekends = f64::from(load.weekends);
                desk.night_count = f64::from(load.nights);
            }
        }
        for (person, from, until) in taken(book, rota, start, end) {
            if let Some(desk) = index(&person).and_then(|i| desks.get_mut(i)) {
                desk.taken.push((from, until));
            }
        }
        Self {
            holder: vec![None; jobs.len()],
            jobs,
            people,
            pools,
            desks,
            rules,
        }
    }

    pub fn pool(&self, job: usize) -> &[usize] {
        self.pools.get(job).map_or(&[], Vec::as_slice)
    }

    /// Whether a person can take a job beside what the person has.
    pub fn fit(&self, job: usize, person: usize) -> Fit {
        let (Some(job), Some(desk)) = (self.jobs.get(job), self.desks.get(person)) else {
            return Fit::Never;
        };
        let (from, until) = (job.from, job.until);
        if desk.taken.iter().any(|(f, u)| *f < until && *u > from) {
            return Fit::Never;
        }
        let rest = self.rules.min_rest_ms.max(0);
        let before = desk.shifts.range(..until).next_back();
        let after = desk.shifts.range(from..).next();
        if before.is_some_and(|(_, end)| *end > from) || after.is_some_and(|(f, _)| *f < until) {
            return Fit::Never;
        }
        if before.is_some_and(|(_, end)| end.saturating_add(rest) > from)
            || after.is_some_and(|(begin, _)| *begin < until.saturating_add(rest))
        {
            return Fit::Rest;
        }
        let too_many = |night: &NaiveDate| desk.row(*night, &job.nights) > self.rules.max_nights;
        if job.nights.iter().any(too_many) {
            return Fit::Nights;
        }
        Fit::Good
    }

    pub fn give(&mut self, job: usize, person: usize) {
        self.change(job, person, 1.0);
        if let Some(holder) = self.holder.get_mut(job) {
            *holder = Some(person);
        }
    }

    pub fn take(&mut self, job: usize) -> Option<usize> {
        let person = self.holder.get_mut(job)?.take()?;
        self.change(job, person, -1.0);
        Some(person)
    }

    fn change(&mut self, job: usize, person: usize, sign: f64) {
        let (Some(job), Some(desk)) = (self.jobs.get(job), self.desks.get_mut(person)) else {
            return;
        };
        if sign > 0.0 {
            desk.shifts.insert(job.from, job.until);
        } else {
            desk.shifts.remove(&job.from);
        }
        for night in &job.nights {
            let count = desk.nights.entry(*night).or_default();
            *count = if sign > 0.0 {
                *count + 1
            } else {
                count.saturating_sub(1)
            };
            if *count == 0 {
                desk.nights.remove(night);
            }
        }
        desk.score += sign * job.weight;
        desk.holidays += sign * f64::from(job.holidays);
        desk.weekends += sign * f64::from(job.weekends);
        desk.night_count += sign * job.nights.len() as f64;
    }

    pub fn score(&self, person: usize) -> f64 {
        self.desks.get(person).map_or(0.0, |d| d.score)
    }

    /// How unfair one person's load is by itself; the sum over all is the smaller the fairer, because the sum of loads is always the same. Hours
    /// by weight decide; counts of holidays, weekends and nights make them even in kind as well.
    pub fn cost(&self, person: usize) -> f64 {
        let Some(desk) = self.desks.get(person) else {
            return 0.0;
        };
        desk.score.powi(2)
            + 300.0 * desk.holidays.powi(2)
            + 100.0 * desk.weekends.powi(2)
            + 30.0 * desk.night_count.powi(2)
    }

    /// Jobs with their people.
    pub fn given(&self) -> impl Iterator<Item = (&Job<'a>, &'a PersonId)> + '_ {
        let who = |holder: &Option<usize>| self.people.get((*holder)?).copied();
        let both = self.jobs.iter().zip(&self.holder);
        both.filter_map(move |(job, holder)| Some((job, who(holder)?)))
    }

    /// Jobs without anybody.
    pub fn open(&self) -> impl Iterator<Item = &Job<'a>> + '_ {
        let both = self.jobs.iter().zip(&self.holder);
        both.filter(|(_, holder)| holder.is_none()).map(|(j, _)| j)
    }

    /// Where a rule gave way.
    pub fn strained(&self) -> Vec<Strain> {
        let mut out = Vec::new();
        for ((job, holder), person) in self
            .jobs
            .iter()
            .zip(&self.holder)
            .filter_map(|(j, h)| Some(((j, (*h)?), *self.people.get((*h)?)?)))
        {
            let Some(desk) = self.desks.get(holder) else {
                continue;
            };
            let rest = self.rules.min_rest_ms.max(0);
            let before = desk.shifts.range(..job.from).next_back();
            let tired = before.is_some_and(|(_, end)| end.saturating_add(rest) > job.from);
            let long = |n: &NaiveDate| desk.row(*n, &[]) > self.rules.max_nights;
            let nights = job.nights.iter().any(long);
            if tired || nights {
                out.push(Strain {
                    person: person.clone(),
                    layer: job.layer.id,
                    day: job.day,
                    nights: !tired,
                });
            }
        }
        out
    }
}

impl Desk {
    /// How many nights in a row there are around `night`, together with `more`.
    fn row(&self, night: NaiveDate, more: &[NaiveDate]) -> u32 {
        let has = |n: &NaiveDate| self.nights.contains_key(n) || more.contains(n);
        let back = std::iter::successors(night.pred_opt(), NaiveDate::pred_opt).take_while(has);
        let on = std::iter::successors(night.succ_opt(), NaiveDate::succ_opt).take_while(has);
        (1 + back.count() + on.count()) as u32
    }
}

/// When people cannot take a shift: absent, on duty in another rota, put somewhere by an override, or busy with a swap.
fn taken(book: &Book, rota: &Rota, start: i64, end: i64) -> Vec<(PersonId, i64, i64)> {
    let mut out = Vec::new();
    let (from, until) = (start, end + 2 * 24 * 3_600_000);
    for a in book.absences.values() {
        out.push((a.person.clone(), a.from, a.until));
    }
    for o in book.overrides.values().filter(|o| o.rota == rota.id) {
        out.push((o.person.clone(), o.from, o.until));
    }
    for s in book.swaps.values() {
        if s.state == SwapState::Accepted {
            out.push((s.with.clone(), s.give.from, s.give.until));
            if let Some(take) = &s.take {
                out.push((s.give.person.clone(), take.from, take.until));
            }
        }
    }
    for other in book.rotas.keys().filter(|id| **id != rota.id) {
        for shift in schedule(book, other, from, until) {
            if shift.role != Role::Manager {
                out.push((shift.person, shift.from, shift.until));
            }
        }
    }
    out.retain(|(_, f, u)| *f < until && *u > from);
    out
}

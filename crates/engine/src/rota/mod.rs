//! The rota's decisions: who is on duty at an instant and why, where nobody is, what an edit would break, how evenly duty is spread, who
//! hands over to whom.
//!
//! Everything is a pure function of a [`model::rota::Book`] and a time in ms. Shifts go by the wall clock of their zone: they hold on the days
//! on which summer time begins and ends (see [`wall::instant`]), and on which days they begin is decided by the calendar of holidays and make-up
//! days. [`apply`] makes a changed book out of a book and an edit, or says why not.

mod coverage;
mod days;
mod edit;
mod fairness;
mod handover;
pub mod holidays;
pub mod plan;
mod preview;
mod query;
mod reach;
mod seed;
mod timeline;
mod turns;
pub mod wall;

pub use coverage::coverage;
pub use days::{day, missing_notices};
pub use edit::{Refusal, apply, name, record, undo};
pub use fairness::fairness;
pub use handover::{
    Nobody, Pages, PagesWhy, handovers_due, next_moment, next_overdue, nobody_on_duty, pages_for,
    pages_to, unsigned,
};
pub use plan::{Plan, PlanRules, Strain, plan};
pub use preview::{Difference, Preview, differences, preview, tried};
pub use query::{LOOK, holders, next_change, next_on_duty, on_duty, schedule};
pub use reach::{AHEAD, reach};
pub use seed::{SeedNames, seed_layers};
pub use timeline::LONGEST;

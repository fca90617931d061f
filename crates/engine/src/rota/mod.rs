//! The rota's decisions: who is on duty at an instant and why, where nobody is, what an edit would break, how evenly duty is spread, who
//! hands over to whom.
//!
//! Everything is a pure function of a [`model::rota::Book`] and a time in ms. Shifts go by the wall clock of their zone: they hold on the days
//! on which summer time begins and ends (see [`wall::instant`]), and on which days they begin is decided by the calendar of holidays and make-up
//! days. Edits make a changed book, or say why not.

mod coverage;
mod days;
pub mod holidays;
mod query;
mod timeline;
mod turns;
pub mod wall;

pub use coverage::coverage;
pub use days::{day, missing_notices};
pub use query::{LOOK, holders, next_change, on_duty, schedule};
pub use timeline::LONGEST;

//! What the rota reads from and writes to other programs: people and shifts as CSV, duty and holidays as iCalendar. Bytes in, nouns out, and
//! back; no I/O, no clock.
//!
//! Everything that is read is hostile: bounded in size, and taken as a whole or not at all. What is wrong is told all at once ([`Refused`]), each
//! fault with its line, its column and what stands there; sentences for people are under `exchange` in the locales, by [`Problem::code`].
#![warn(missing_docs)]

mod fault;
mod ical;
mod names;
#[cfg(test)]
mod samples;
mod sheet;
mod text;
mod when;
mod who;

pub use fault::{Fault, Field, MAX_FAULTS, Problem, Refused};
pub use ical::feed::{Feed, feed};
pub use ical::holidays::{Holiday, Holidays, holidays};
pub use ical::lines::MAX_EVENTS;
pub use ical::overrides::overrides_from_ical;
pub use sheet::people::{People, people, people_csv};
pub use sheet::shifts::{Overrides, overrides_from_csv, shifts_csv};
pub use sheet::table::MAX_ROWS;
pub use text::MAX_BYTES;

/// The language of a file's heads and role names. Both are read, whichever was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Language {
    /// 姓名, 手机, 主值
    #[default]
    Chinese,
    /// name, phone, primary
    English,
}

//! Log lines, what is asked of a store of them, and what it answers.
//!
//! A line's place among the others is its [`LogPosition`]: its time and, among lines of the same time, a number. Pages are cut
//! at positions and never at times alone, because many lines can carry one time stamp.

mod filter;
mod line;
mod question;

pub use filter::{Compare, Field, Filter};
pub use line::{Attrs, LogCategory, LogLevel, LogLine, LogPosition};
pub use question::{
    Counted, Direction, Facet, FacetValue, Histogram, LogPage, LogRange, LogTail, PageAsk, TailMark,
};

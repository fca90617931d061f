//! What is decided about a trace before it is drawn. A trace may have 200,000 spans, chains 50,000 deep, ids twice, parents
//! that are missing or form a ring, and clocks that are apart: nothing here recurses, nothing is dropped, and what is odd
//! is said ([`Marks`], [`Skew`], [`Note`]). Pure: no I/O, no clock.
//!
//! [`Arrangement`] is the tree as flat rows; [`Collapsed`] is which of them are folded away; the page asks for the rows that it
//! shows ([`Arrangement::visible`]).
#![warn(missing_docs)]

mod arrange;
mod collapsed;
mod compare;
mod critical;
mod find;
mod flame;
mod graph;
mod layout;
mod marks;
mod minimap;
mod notes;
mod parents;
mod paths;
mod rows;
mod self_time;
mod services;
mod skew;
mod statistics;

pub use arrange::{Arrangement, Clocks};
pub use collapsed::Collapsed;
pub use compare::{Change, Compared, Comparison, Side, Significance, compare};
pub use critical::{CriticalPath, Segment};
pub use find::{Find, Hits};
pub use flame::{Cell, Flame, Frame};
pub use graph::{Edge, Graph, Node, Origin, Part, Sample, calls, prefix};
pub use layout::{Layout, MOST_EDGES, MOST_NODES, Options, Placed, Routed, TooLarge, layout};
pub use marks::Marks;
pub use minimap::Bucket;
pub use notes::Note;
pub use paths::{Name, PathTotals};
pub use rows::Row;
pub use services::ServiceTotals;
pub use skew::{HostSkew, Skew};
pub use statistics::{By, Group};

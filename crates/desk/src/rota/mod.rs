//! The rota's desk: one loop, the only writer of the rota's book, around `engine::rota`. It tells the alert desk who has which role, opens
//! handovers before a change of shift, and raises an alert when nobody is on duty.

mod ask;
mod core;
mod edits;
mod feed;
mod files;
mod handle;
mod import;
mod named;
pub(crate) mod news;
mod page;
mod parts;
mod steps;
mod words;

pub use self::core::{RotaCore, RotaParts};
pub use feed::serve as serve_calendars;
pub use handle::{RotaAsk, RotaHandle};
pub use named::{checked, unknown_roles};
pub use news::{RotaNews, SOURCE};
pub use words::{Words, role_name};

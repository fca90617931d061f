//! PostgreSQL as a store of logs.
//!
//! - [`Options`] says how to reach a database and as whom; [`Reader`] answers what [`source::Logs`] asks, [`Writer`] takes lines in.
//!   Both work on our own schema; a [`Reader`] also on a table that is already there, described by a [`mapping::Mapping`].
//! - [`schema`] makes and checks the schema: a partition for each day (UTC), counters of each minute, three roles.
//! - [`lifecycle`] makes partitions ahead, and takes old ones through hot, warm and cold to their end, step by step; [`cold`] are the
//!   files in which lines go on when they have left the database.
//!
//! Everything a line says is hostile input. Texts of SQL are made of our own words, of identifiers that the catalogue confirmed,
//! quoted, and of parameters.
#![warn(missing_docs)]

pub mod cold;
mod connect;
mod error;
mod layout;
pub mod lifecycle;
pub mod mapping;
mod predicate;
mod read;
pub mod schema;
mod write;

pub use connect::{Credentials, Options};
pub use error::PgLogsError;
pub use read::Reader;
pub use write::{Clock, MAX_ATTRS_BYTES, MAX_DEPTH, MAX_MESSAGE_BYTES, Writer};

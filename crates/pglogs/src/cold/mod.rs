//! Lines that left the database: a folder for each day, in it files of NDJSON compressed with zstd, and a manifest that says how many
//! lines of which times each has and what its SHA-256 is. Each line of a file is a [`model::log::LogLine`] as JSON, in order of positions.

mod files;
mod manifest;
mod read;
mod scan;
mod store;

pub use files::Files;
pub use manifest::{
    FORMAT, FileEntry, Manifest, Survey, forget, of_table, parts, remove, survey, sweep,
};
pub use read::verify;
pub use scan::search;
pub use store::{ColdLogs, Progress};

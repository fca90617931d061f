//! Tables as CSV, as spreadsheets read and write them.

pub(crate) mod people;
pub(crate) mod shifts;
pub(crate) mod table;

//! Calendars as iCalendar (RFC 5545), as phones, Outlook and other calendars read and write them.

pub(crate) mod feed;
pub(crate) mod holidays;
pub(crate) mod lines;
pub(crate) mod overrides;
mod times;

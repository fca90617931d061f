//! Boards are the user's: written as the YAML that a person writes, and taken from and given to Grafana.

pub mod file;
pub mod yaml;

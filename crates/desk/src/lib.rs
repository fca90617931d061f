//! The application: loop, driver, configuration, secrets, command line. It runs without a window.
#![warn(missing_docs)]

rust_i18n::i18n!("../../locales", fallback = "zh-CN");

pub mod annotations;
pub mod boards;
pub mod cli;
pub mod clock;
pub mod config;
pub mod core;
pub mod demo_past;
pub mod driver;
pub mod duty;
pub mod duty_metrics;
pub mod editor;
pub mod feeders;
pub mod frames;
pub mod happened;
pub mod investigation;
pub mod kiosk;
mod late;
pub mod listener;
pub mod local;
pub mod logs;
pub mod problem;
pub mod registries;
pub mod render;
pub mod reports;
pub mod rota;
pub mod scraping;
pub mod secret_store;
pub mod sources;
pub mod start;
pub mod stories;
pub mod texts;
mod tiers;
pub mod traces;

pub use core::{Handle, Request};
pub use problem::Problem;

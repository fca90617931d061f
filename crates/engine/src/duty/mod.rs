//! The alert desk's brain: one list of alerts without doubles, who has taken them, what keeps them quiet, who is told what and when.
//!
//! [`Duty::handle`] takes an [`Event`] and the time and answers with [`Effect`]s as data; [`Duty::act`] takes what a person does and may
//! refuse it; [`Duty::next_wakeup`] tells when it wants to be called again, and why. No clock, no runtime, no database: every change is an
//! [`Effect::Keep`], and [`Event::Restored`] goes on from what was kept.
#![warn(missing_docs)]

pub mod calendar;
mod event;
pub mod setup;

pub use event::{
    Action, Changes, Count, Effect, Episode, Event, Next, Refused, Retry, SendFailure, WakeReason,
};
pub use setup::{
    FlapLimits, InhibitRule, LevelMapping, PerLevel, Policy, QuietHours, Repeat, ResponseTargets,
    RetryLimits, Setup, Step, StormLimits, Target, When, Window,
};

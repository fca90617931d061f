//! Sans-IO decisions: what to ask next, what is fresh, how bad it is.
//!
//! [`Engine::handle`] takes an event and the time and answers with effects as data; [`Engine::next_wakeup`] tells when it wants to
//! be called again, and why. There is no clock, no runtime and no socket here.
#![warn(missing_docs)]

pub mod binding;
pub mod columns;
pub mod duty;
pub mod freshness;
pub mod judge;
pub mod kiosk;
pub mod machine;
pub mod panels;
pub mod plan;
pub mod remarks;
pub mod rota;
pub mod source_state;
pub mod stream;

pub use columns::Columns;
pub use freshness::{Budget, Freshness};
pub use machine::{
    Effect, Engine, Event, Memory, MemoryLimits, OpenBoard, ProbeReport, Setup, Shown, WakeReason,
};
pub use panels::{PanelStatus, QueryStatus};
pub use remarks::{Caveat, Remark};
pub use source_state::{Health, SourceSpec, SourceState};
pub use stream::{Stream, StreamId};

/// Why something could not be had: a stable code of `wire`'s closed set with the values of its sentence.
///
/// The engine only compares codes; it never looks into the values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The code in snake_case.
    pub code: &'static str,
    /// Placeholders of the sentence.
    pub params: Vec<(&'static str, String)>,
}

impl Failure {
    /// A failure with one value.
    pub fn new(code: &'static str, name: &'static str, value: impl ToString) -> Self {
        Self {
            code,
            params: vec![(name, value.to_string())],
        }
    }

    /// Whether the question is at fault and not the source, so that other questions may be answered all the same.
    pub fn is_of_the_question(&self) -> bool {
        matches!(
            self.code,
            "query" | "limit" | "too_large" | "malformed" | "truncated"
        )
    }

    /// Whether asking again without a change by a person is useless, so that the question should be asked rarely.
    pub fn is_permanent(&self) -> bool {
        matches!(
            self.code,
            "query"
                | "unauthorized"
                | "unknown_source"
                | "secret_missing"
                | "secret_unreadable"
                | "not_prometheus"
                | "not_alertmanager"
                | "not_expected"
                | "unsupported"
        )
    }
}

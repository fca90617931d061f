//! What a picture shows beside metrics: what happened, the alert desk's alerts, lines of logs.

use super::words::grade;
use chart::panel::Moment;
use engine::Engine;
use model::Severity;
use std::collections::BTreeMap;
use wire::{AlertRow, AnnotationView, HappenedView, LogLineView, SeverityView};

/// What is known of it; empty where nobody was asked.
#[derive(Clone, Debug, Default)]
pub struct Beside {
    /// What happened.
    pub notes: Vec<AnnotationView>,
    /// Open alerts, most urgent first; `None`: there is no alert desk to be asked.
    pub alerts: Option<Vec<AlertRow>>,
    /// Newest lines by the panel's id, or why there are none, in words.
    pub lines: BTreeMap<String, Result<Vec<LogLineView>, String>>,
}

impl Beside {
    /// With what the board's own questions for times have been answered.
    pub fn with_marks(mut self, engine: &Engine) -> Self {
        self.notes = crate::frames::happened(engine, std::mem::take(&mut self.notes));
        self
    }

    /// What happened, as charts have it.
    pub(super) fn moments(&self) -> Vec<Moment> {
        let moment = |note: &AnnotationView| Moment {
            at: note.at,
            // How long an alert held is told by its own panels.
            until: note
                .until
                .filter(|_| !matches!(note.kind, HappenedView::Alert | HappenedView::Acknowledged)),
            name: note.title.clone(),
            grade: grade(match note.severity {
                SeverityView::Normal => Severity::Normal,
                SeverityView::Warning => Severity::Warning,
                SeverityView::Critical => Severity::Critical,
                SeverityView::Emergency => Severity::Emergency,
            }),
        };
        self.notes.iter().map(moment).collect()
    }
}

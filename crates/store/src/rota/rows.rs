//! Changes as rows.

use super::verify::{ACTION, CHANGE, KEPT, SHA256};
use crate::StoreError;
use crate::audit::hex;
use crate::commit::json;
use model::duty::AuditEntry;
use model::rota::{
    Absence, Calendar, DutyNote, Handover, Member, Override, Rota, RotaChange, RotaRecord, Swap,
    Touched,
};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::Display;

/// Touched things that an audit entry names; more are counted.
const NAMED: usize = 20;

/// A transaction's rows, ready to be bound. Of several states of one thing the last counts; `None`: it was removed.
#[derive(Default)]
pub(crate) struct Rows {
    pub(super) members: BTreeMap<String, Option<String>>,
    pub(super) rotas: BTreeMap<String, Option<String>>,
    pub(super) calendars: BTreeMap<String, Option<String>>,
    pub(super) absences: BTreeMap<i64, Option<Span>>,
    pub(super) overrides: BTreeMap<i64, Option<Span>>,
    pub(super) swaps: BTreeMap<i64, Option<Span>>,
    pub(super) handovers: BTreeMap<i64, Option<HandoverRow>>,
    pub(super) notes: BTreeMap<i64, Option<NoteRow>>,
    pub(super) changes: Vec<ChangeRow>,
    /// Time, entry.
    pub(crate) audit: Vec<(i64, String)>,
}

pub(super) struct Span {
    pub(super) person: String,
    pub(super) from: i64,
    pub(super) until: i64,
    pub(super) body: String,
}

pub(super) struct HandoverRow {
    pub(super) rota: String,
    pub(super) at: i64,
    pub(super) signed: bool,
    pub(super) body: String,
}

pub(super) struct NoteRow {
    pub(super) rota: String,
    pub(super) at: i64,
    pub(super) by: String,
    pub(super) words: String,
    pub(super) alerts: Vec<i64>,
    pub(super) body: String,
}

pub(super) struct ChangeRow {
    pub(super) id: i64,
    pub(super) at: i64,
    pub(super) rota: Option<String>,
    pub(super) kept: bool,
    pub(super) body: String,
}

impl Rows {
    pub(crate) fn of(records: &[RotaRecord]) -> Result<Self, StoreError> {
        let mut rows = Self::default();
        for RotaRecord::Change(change) in records {
            rows.change(change)?;
            for touched in &change.touched {
                rows.touched(touched)?;
            }
        }
        Ok(rows)
    }

    /// Changes.
    pub(crate) fn len(&self) -> usize {
        self.changes.len()
    }

    /// The number of the first change, and the largest.
    pub(crate) fn numbers(&self) -> Option<(i64, i64)> {
        Some((self.changes.first()?.id, self.changes.last()?.id))
    }

    /// About as many bytes as they add to the write-ahead log.
    pub(crate) fn bytes(&self) -> usize {
        // what was touched stands in its change once or twice
        self.changes.iter().map(|c| 2 * c.body.len()).sum()
    }

    fn change(&mut self, change: &RotaChange) -> Result<(), StoreError> {
        let id = change.id.0;
        if let Some(last) = self.changes.last().map(|c| c.id)
            && id <= last
        {
            return Err(StoreError::StaleChange { id, last });
        }
        let body = json("rota_changes", &id.to_string(), change)?;
        let passing = |t: &Touched| matches!(t, Touched::Note { .. } | Touched::Handover { .. });
        let kept = change.touched.is_empty() || !change.touched.iter().all(passing);
        let entry = audit_entry(change, &body, kept);
        self.audit.push((change.at, json("audit", "", &entry)?));
        self.changes.push(ChangeRow {
            id,
            at: change.at,
            rota: change.rota.as_ref().map(|r| r.0.clone()),
            kept,
            body,
        });
        Ok(())
    }

    fn touched(&mut self, touched: &Touched) -> Result<(), StoreError> {
        match touched {
            Touched::Member { before, after } => {
                let key = |m: &Member| m.id.clone();
                put(
                    &mut self.members,
                    "members",
                    (before, after),
                    key,
                    |_, body| body,
                )
            }
            Touched::Rota { before, after } => {
                let key = |r: &Rota| r.id.0.clone();
                put(&mut self.rotas, "rotas", (before, after), key, |_, body| {
                    body
                })
            }
            Touched::Calendar { before, after } => {
                let key = |c: &Calendar| c.id.0.clone();
                put(
                    &mut self.calendars,
                    "calendars",
                    (before, after),
                    key,
                    |_, body| body,
                )
            }
            Touched::Absence { before, after } => {
                let row = |a: &Absence, body| Span {
                    person: a.person.clone(),
                    from: a.from,
                    until: a.until,
                    body,
                };
                put(
                    &mut self.absences,
                    "absences",
                    (before, after),
                    |a| a.id.0,
                    row,
                )
            }
            Touched::Override { before, after } => {
                let row = |o: &Override, body| Span {
                    person: o.person.clone(),
                    from: o.from,
                    until: o.until,
                    body,
                };
                put(
                    &mut self.overrides,
                    "overrides",
                    (before, after),
                    |o| o.id.0,
                    row,
                )
            }
            Touched::Swap { before, after } => {
                let row = |s: &Swap, body| Span {
                    person: s.give.person.clone(),
                    from: s.give.from,
                    until: s.give.until,
                    body,
                };
                put(&mut self.swaps, "swaps", (before, after), |s| s.id.0, row)
            }
            Touched::Handover { before, after } => {
                let row = |h: &Handover, body| HandoverRow {
                    rota: h.rota.0.clone(),
                    at: h.at,
                    signed: h.signed_at().is_some(),
                    body,
                };
                put(
                    &mut self.handovers,
                    "handovers",
                    (before, after),
                    |h| h.id.0,
                    row,
                )
            }
            Touched::Note { before, after } => put(
                &mut self.notes,
                "duty_notes",
                (before, after),
                |n| n.id.0,
                note_row,
            ),
        }
    }
}

/// Enters what a thing is now.
fn put<T: Serialize, K: Ord + Display, R>(
    into: &mut BTreeMap<K, Option<R>>,
    table: &'static str,
    (before, after): (&Option<Box<T>>, &Option<Box<T>>),
    key: impl Fn(&T) -> K,
    row: impl Fn(&T, String) -> R,
) -> Result<(), StoreError> {
    let Some(any) = after.as_ref().or(before.as_ref()) else {
        return Ok(());
    };
    let key = key(any);
    let row = match after {
        Some(now) => Some(row(now, json(table, &key.to_string(), now)?)),
        None => None,
    };
    into.insert(key, row);
    Ok(())
}

fn note_row(note: &DutyNote, body: String) -> NoteRow {
    let mut words = note.text.to_lowercase();
    for tag in &note.tags {
        words.push('\n');
        words.push_str(&tag.to_lowercase());
    }
    NoteRow {
        rota: note.rota.0.clone(),
        at: note.at,
        by: note.by.clone(),
        words,
        alerts: note.alerts.iter().map(|a| a.0).collect(),
        body,
    }
}

/// What the audit log says of a change: who, when, what kinds of things by id, and the hash of the rest. No names, no contacts: the audit log is
/// never shortened.
fn audit_entry(change: &RotaChange, body: &str, kept: bool) -> AuditEntry {
    let named: Vec<String> = change.touched.iter().take(NAMED).map(name).collect();
    let mut touched = named.join(", ");
    if let Some(more) = change.touched.len().checked_sub(NAMED).filter(|n| *n > 0) {
        touched.push_str(&format!(", +{more}"));
    }
    let mut detail = BTreeMap::from([
        (CHANGE.to_owned(), change.id.to_string()),
        (SHA256.to_owned(), hex(&Sha256::digest(body.as_bytes()))),
        (KEPT.to_owned(), if kept { "yes" } else { "no" }.to_owned()),
        ("touched".to_owned(), touched),
    ]);
    if let Some(rota) = &change.rota {
        detail.insert("rota".to_owned(), rota.0.clone());
    }
    if let Some(undone) = change.undoes {
        detail.insert("undoes".to_owned(), undone.to_string());
    }
    AuditEntry {
        at: change.at,
        by: change.by.clone(),
        action: format!("{ACTION}{}", change.action),
        alerts: Vec::new(),
        detail,
    }
}

fn name(touched: &Touched) -> String {
    fn of<T>(
        kind: &str,
        (before, after): (&Option<Box<T>>, &Option<Box<T>>),
        id: impl Fn(&T) -> String,
    ) -> String {
        let any = after.as_ref().or(before.as_ref());
        let sign = match (before, after) {
            (None, Some(_)) => "+",
            (Some(_), None) => "-",
            _ => "",
        };
        format!("{sign}{kind} {}", any.map(|t| id(t)).unwrap_or_default())
    }
    match touched {
        Touched::Member { before, after } => of("member", (before, after), |m| m.id.clone()),
        Touched::Rota { before, after } => of("rota", (before, after), |r| r.id.to_string()),
        Touched::Calendar { before, after } => {
            of("calendar", (before, after), |c| c.id.to_string())
        }
        Touched::Absence { before, after } => of("absence", (before, after), |a| a.id.to_string()),
        Touched::Override { before, after } => {
            of("override", (before, after), |o| o.id.to_string())
        }
        Touched::Swap { before, after } => of("swap", (before, after), |s| s.id.to_string()),
        Touched::Handover { before, after } => {
            of("handover", (before, after), |h| h.id.to_string())
        }
        Touched::Note { before, after } => of("note", (before, after), |n| n.id.to_string()),
    }
}

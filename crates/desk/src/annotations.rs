//! What happened lately, for the marks across panels of time: kept in memory, bounded, each thing once.

use model::{Annotation, Happened, Level, Severity};
use std::collections::BTreeMap;
use wire::{AlertBand, AlertLook, AlertRow, AnnotationView};

/// Things that are kept; the oldest go first.
const MOST: usize = 500;
/// Things that reach a page.
const SHOWN: usize = 200;
/// Nothing older than this is kept, ms: the longest window that panels of time usually have.
const KEEP: i64 = 8 * 86_400_000;
/// Rows of a full band ([`AlertBand::ticker`]).
const FULL: usize = 30;
/// Characters of a text.
const TEXT: usize = 200;
/// Parts of a place.
const PLACES: usize = 4;

/// The book of what happened.
#[derive(Debug, Default)]
pub struct Annotations {
    by_id: BTreeMap<String, Annotation>,
    /// Alerts that were open in the last band, and whether somebody had them.
    open: BTreeMap<i64, bool>,
    /// A first band has come: what is acknowledged in it was so before, at a time that is not known.
    begun: bool,
}

impl Annotations {
    /// Writes something down; answers whether anything is new.
    pub fn note(&mut self, mut note: Annotation, now: i64) -> bool {
        if note.at < now - KEEP || note.id.is_empty() {
            return false;
        }
        note.title = cut(&note.title);
        note.place = note.place.iter().take(PLACES).map(|p| cut(p)).collect();
        note.source = cut(&note.source);
        note.id = cut(&note.id);
        if self.by_id.get(&note.id) == Some(&note) {
            return false;
        }
        self.by_id.insert(note.id.clone(), note);
        self.by_id.retain(|_, n| n.at >= now - KEEP);
        while self.by_id.len() > MOST {
            let oldest = self.by_id.values().min_by_key(|n| n.at);
            let Some(id) = oldest.map(|n| n.id.clone()) else {
                break;
            };
            self.by_id.remove(&id);
        }
        true
    }

    /// Takes over from the alert desk which alerts fired, were taken by somebody, and ended; answers whether anything is new.
    pub fn band(&mut self, band: &AlertBand, now: i64) -> bool {
        let mut changed = false;
        let mut open = BTreeMap::new();
        for row in band.urgent.iter().chain(&band.ticker) {
            let taken = row.look == AlertLook::Acked;
            changed |= self.note(fired(row), now);
            if taken && self.begun && self.open.get(&row.id) != Some(&true) {
                changed |= self.note(acknowledged(row, now), now);
            }
            open.insert(row.id, taken);
        }
        // The band holds a bounded number of rows: an alert that left a full one may still be open.
        if band.ticker.len() < FULL {
            for id in self.open.keys().filter(|id| !open.contains_key(*id)) {
                if let Some(note) = self.by_id.get_mut(&alert_id(*id)) {
                    note.until = Some(now);
                    changed = true;
                }
            }
        }
        self.open = open;
        self.begun = true;
        changed
    }

    /// Everything that is kept, for the next start; the simulated platform begins anew with each.
    pub fn kept(&self) -> Vec<Annotation> {
        let real = self.by_id.values().filter(|n| !n.demo);
        real.cloned().collect()
    }

    /// Takes over what an earlier run has kept; what is known already stays. An alert that was open then says itself whether it still is.
    pub fn recall(&mut self, kept: Vec<Annotation>, now: i64) {
        for note in kept {
            if !self.by_id.contains_key(&note.id) {
                self.note(note, now);
            }
        }
    }

    /// The newest things, oldest first.
    pub fn view(&self) -> Vec<AnnotationView> {
        let mut all: Vec<&Annotation> = self.by_id.values().collect();
        all.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
        let from = all.len().saturating_sub(SHOWN);
        all.into_iter().skip(from).map(view).collect()
    }
}

/// Kept things as pages see them, the oldest first.
pub fn view_of(kept: Vec<Annotation>) -> Vec<AnnotationView> {
    let newest = kept.iter().map(|n| n.at).max().unwrap_or_default();
    let mut book = Annotations::default();
    book.recall(kept, newest);
    book.view()
}

fn alert_id(id: i64) -> String {
    format!("alert/{id}")
}

fn fired(row: &AlertRow) -> Annotation {
    Annotation {
        id: alert_id(row.id),
        kind: Happened::Alert,
        at: row.starts_at as i64,
        until: None,
        title: row.title.clone(),
        place: row.place.clone(),
        source: String::new(),
        severity: severity(row.level.into()),
        demo: row.demo,
    }
}

fn acknowledged(row: &AlertRow, now: i64) -> Annotation {
    let who = row.acked_by.iter().cloned();
    Annotation {
        id: format!("ack/{}/{}", row.id, row.acked_by.as_deref().unwrap_or("")),
        kind: Happened::Acknowledged,
        at: now,
        place: who.chain(row.place.iter().cloned()).collect(),
        severity: Severity::Normal,
        ..fired(row)
    }
}

/// The shape and colour of a level on a chart.
fn severity(level: Level) -> Severity {
    match level {
        Level::P0 => Severity::Emergency,
        Level::P1 => Severity::Critical,
        Level::P2 => Severity::Warning,
        Level::P3 => Severity::Normal,
    }
}

fn view(note: &Annotation) -> AnnotationView {
    AnnotationView {
        id: note.id.clone(),
        kind: note.kind.into(),
        at: note.at as f64,
        until: note.until.map(|t| t as f64),
        title: note.title.clone(),
        place: note.place.clone(),
        source: note.source.clone(),
        severity: note.severity.into(),
        demo: note.demo,
    }
}

fn cut(text: &str) -> String {
    text.chars().take(TEXT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: i64 = 1_800_000_000_000;

    fn note(id: &str, at: i64) -> Annotation {
        Annotation {
            id: id.into(),
            kind: Happened::Deployment,
            at,
            until: None,
            title: "order-service 2.4.1".into(),
            place: vec!["order".into()],
            source: "consul".into(),
            severity: Severity::Normal,
            demo: false,
        }
    }

    #[test]
    fn the_same_thing_is_one_mark_and_the_book_is_bounded() {
        let mut book = Annotations::default();
        assert!(book.note(note("a", T), T));
        assert!(!book.note(note("a", T), T), "told twice");
        assert!(!book.note(note("old", T - KEEP - 1), T));
        for i in 0..2 * MOST as i64 {
            book.note(note(&format!("n{i}"), T + i), T + i);
        }
        assert_eq!(book.by_id.len(), MOST);
        let shown = book.view();
        assert_eq!(shown.len(), SHOWN);
        assert_eq!(
            shown.last().map(|n| n.at),
            Some((T + 2 * MOST as i64 - 1) as f64)
        );
        let long = Annotation {
            title: "长".repeat(10_000),
            ..note("long", T + 5_000)
        };
        book.note(long, T + 5_000);
        assert_eq!(book.by_id["long"].title.chars().count(), TEXT);
    }

    #[test]
    fn what_was_kept_is_known_again_without_the_simulated_and_the_old() {
        let mut book = Annotations::default();
        book.note(note("a", T), T);
        let simulated = Annotation {
            demo: true,
            ..note("d", T)
        };
        book.note(simulated, T);
        let kept = book.kept();
        assert_eq!(kept.len(), 1);
        let mut later = Annotations::default();
        let newer = Annotation {
            title: "order-service 2.4.2".into(),
            ..note("a", T)
        };
        later.note(newer, T);
        later.recall(kept.clone(), T + 1_000);
        assert_eq!(
            later.view()[0].title,
            "order-service 2.4.2",
            "the newer word counts"
        );
        let mut much_later = Annotations::default();
        much_later.recall(kept, T + KEEP + 1);
        assert!(much_later.view().is_empty());
    }
}

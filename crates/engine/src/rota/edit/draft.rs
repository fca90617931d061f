//! A book that is being changed, and what has been touched so far.

use super::Refusal;
use model::duty::{Actor, PersonId};
use model::rota::{
    Absence, AbsenceId, Book, Calendar, CalendarId, ChangeId, DutyNote, Handover, HandoverId,
    Member, Override, OverrideId, Rota, RotaChange, RotaId, Swap, SwapId, Touched,
};
use std::sync::Arc;

/// How long a handover that a later one has followed stays in the book, ms: a week.
const KEEP_HANDOVERS: i64 = 7 * 24 * 3_600_000;

pub(super) struct Draft<'a> {
    pub book: Book,
    pub by: &'a Actor,
    pub now: i64,
    touched: Vec<Touched>,
}

macro_rules! setters {
    ($($name:ident, $map:ident, $key:ty, $value:ident, $variant:ident;)*) => {$(
        /// Puts it in its place, or takes it away.
        pub fn $name(&mut self, key: &$key, after: Option<$value>) {
            let before = self.book.$map.get(key);
            if before.map(AsRef::as_ref) == after.as_ref() {
                return;
            }
            let before = before.map(|b| Box::new($value::clone(b)));
            match &after {
                Some(value) => {
                    let value = Arc::new(value.clone());
                    self.book.$map.insert(key.clone(), value);
                }
                None => {
                    self.book.$map.remove(key);
                }
            }
            let after = after.map(Box::new);
            self.touched.push(Touched::$variant { before, after });
        }
    )*};
}

impl<'a> Draft<'a> {
    pub fn new(book: &Book, by: &'a Actor, now: i64) -> Self {
        Self {
            book: book.clone(),
            by,
            now,
            touched: Vec::new(),
        }
    }

    /// The next number.
    pub fn number(&mut self) -> i64 {
        self.book.last_id += 1;
        self.book.last_id
    }

    setters! {
        set_member, members, PersonId, Member, Member;
        set_rota, rotas, RotaId, Rota, Rota;
        set_absence, absences, AbsenceId, Absence, Absence;
        set_override, overrides, OverrideId, Override, Override;
        set_swap, swaps, SwapId, Swap, Swap;
        set_calendar, calendars, CalendarId, Calendar, Calendar;
        set_handover, handovers, HandoverId, Handover, Handover;
    }

    /// Notes are not in the book; the change carries them to the store.
    pub fn note(&mut self, before: Option<DutyNote>, after: Option<DutyNote>) {
        if before != after {
            let (before, after) = (before.map(Box::new), after.map(Box::new));
            self.touched.push(Touched::Note { before, after });
        }
    }

    /// Puts one thing as the change has it after (or, to undo it, before).
    pub fn put(&mut self, touched: &Touched, undo: bool) {
        macro_rules! put {
            ($set:ident, $before:ident, $after:ident) => {{
                let now = if undo { $before } else { $after };
                let any = $before.as_ref().or($after.as_ref());
                if let Some(any) = any {
                    let key = any.id.clone();
                    self.$set(&key, now.as_deref().cloned());
                }
            }};
        }
        match touched {
            Touched::Member { before, after } => put!(set_member, before, after),
            Touched::Rota { before, after } => put!(set_rota, before, after),
            Touched::Absence { before, after } => put!(set_absence, before, after),
            Touched::Override { before, after } => put!(set_override, before, after),
            Touched::Swap { before, after } => put!(set_swap, before, after),
            Touched::Calendar { before, after } => put!(set_calendar, before, after),
            Touched::Handover { before, after } => put!(set_handover, before, after),
            Touched::Note { before, after } => {
                let (from, to) = if undo {
                    (after, before)
                } else {
                    (before, after)
                };
                self.note(from.as_deref().cloned(), to.as_deref().cloned());
            }
        }
    }

    /// The changed book and the line of the log.
    pub fn finish(
        mut self,
        action: &str,
        rota: Option<RotaId>,
        undoes: Option<ChangeId>,
    ) -> Result<(Book, RotaChange), Refusal> {
        if self.touched.is_empty() {
            return Err(Refusal::NothingToDo);
        }
        let change = RotaChange {
            id: ChangeId(self.number()),
            at: self.now,
            by: self.by.clone(),
            action: action.to_string(),
            rota,
            touched: self.touched,
            undoes,
        };
        forget_handovers(&mut self.book, self.now);
        Ok((self.book, change))
    }
}

/// Handovers that a later one of the same rota and role has followed long ago decide nothing any more.
pub(super) fn forget_handovers(book: &mut Book, now: i64) {
    let old: Vec<HandoverId> = book
        .handovers
        .values()
        .filter(|h| h.at < now.saturating_sub(KEEP_HANDOVERS))
        .filter(|h| {
            let later = |o: &&Arc<Handover>| o.rota == h.rota && o.role == h.role && o.at > h.at;
            book.handovers.values().any(|o| later(&o))
        })
        .map(|h| h.id)
        .collect();
    for id in old {
        book.handovers.remove(&id);
    }
}

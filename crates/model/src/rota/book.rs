//! Everything that decides who is on duty.

use super::{
    Absence, AbsenceId, Calendar, CalendarId, Handover, HandoverId, Member, Override, OverrideId,
    Rota, RotaId, Swap, SwapId,
};
use crate::duty::PersonId;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Everything that decides who is on duty. Cheap to clone as long as nothing is changed, so that a change can be tried on a copy.
/// Notes of the duty record are not in it: they only grow, and the store searches them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Book {
    /// People by id.
    pub members: BTreeMap<PersonId, Arc<Member>>,
    /// Rotas by id.
    pub rotas: BTreeMap<RotaId, Arc<Rota>>,
    /// Absences.
    pub absences: BTreeMap<AbsenceId, Arc<Absence>>,
    /// Overrides.
    pub overrides: BTreeMap<OverrideId, Arc<Override>>,
    /// Swaps in every state.
    pub swaps: BTreeMap<SwapId, Arc<Swap>>,
    /// Calendars by id.
    pub calendars: BTreeMap<CalendarId, Arc<Calendar>>,
    /// Handovers that are not signed, and the latest of each rota.
    pub handovers: BTreeMap<HandoverId, Arc<Handover>>,
    /// The largest number that was ever given: that of the latest change.
    pub last_id: i64,
}

impl Book {
    /// A person's name, or the id where there is none.
    pub fn name_of<'a>(&'a self, id: &'a str) -> &'a str {
        match self.members.get(id) {
            Some(m) if !m.name.is_empty() => &m.name,
            _ => id,
        }
    }
}

//! What the rota keeps: its book, the duty record, and the log of every change.
//!
//! One change of [`model::rota`] is one transaction: its line in the log, everything that it touched as it is now, and an entry of the audit log
//! with the change's SHA-256, so that [`Store::verify`](crate::Store::verify) finds a log that was edited. Telephone numbers and addresses are in
//! `members` and in the log of changes, in the clear; the audit log has ids only.

mod load;
mod log;
mod notes;
mod retain;
mod rows;
mod verify;
mod write;

pub use log::{ChangeQuery, HandoverQuery};
pub use notes::{NoteCursor, NotePage, NoteQuery};
pub(crate) use retain::piece;
pub(crate) use rows::Rows;
pub(crate) use verify::{Promise, check, promise};
pub(crate) use write::write;

use crate::commit::{Committed, commit_all};
use crate::{Store, StoreError};
use model::duty::Record;
use model::rota::RotaRecord;

impl Store {
    /// Keeps changes of the rota, all of them or none, as [`Store::commit`] does.
    ///
    /// # Errors
    /// As [`Store::commit`]; [`StoreError::StaleChange`] when a change's number is not larger than every one before it.
    pub async fn commit_rota(&self, changes: &[RotaRecord]) -> Result<Committed, StoreError> {
        commit_all(self, &[], changes).await
    }

    /// Keeps what the alert desk and the rota have decided together, in one transaction: a handover that was signed and the notices about it.
    ///
    /// # Errors
    /// As [`Store::commit`] and [`Store::commit_rota`].
    pub async fn commit_both(
        &self,
        records: &[Record],
        changes: &[RotaRecord],
    ) -> Result<Committed, StoreError> {
        commit_all(self, records, changes).await
    }
}

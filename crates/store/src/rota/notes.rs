//! The search through the duty record.

use crate::load::read;
use crate::{Store, StoreError};
use futures::TryStreamExt;
use model::duty::{AlertId, PersonId};
use model::rota::{DutyNote, NoteId, RotaId};
use sqlx::{QueryBuilder, Sqlite};

/// Notes in one page at most.
const PAGE: u32 = 500;
/// Rows looked at for one page at most; the page then says where to go on.
const SCANNED: u32 = 50_000;
/// Words of a search; further ones are not looked at.
const WORDS: usize = 16;

/// Where a page ended: the time and the number of its last note.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoteCursor {
    /// When, ms.
    pub at: i64,
    /// Which.
    pub id: NoteId,
}

/// What is searched for. What is left empty does not restrict; [`NoteQuery::default`] is everything, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NoteQuery {
    /// Of one rota.
    pub rota: Option<RotaId>,
    /// Written by.
    pub person: Option<PersonId>,
    /// About an alert.
    pub alert: Option<AlertId>,
    /// Written at this time or later, ms.
    pub from: Option<i64>,
    /// Written before this time, ms.
    pub to: Option<i64>,
    /// Words that all stand in text or tags, whatever the case; `%` and `_` are characters like others.
    pub text: String,
    /// Goes on behind this place.
    pub before: Option<NoteCursor>,
    /// Notes wanted; 0 and more than 500 count as 500.
    pub limit: u32,
}

/// A part of an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NotePage {
    /// Newest first. May be fewer than wanted although there are more, when the search was long.
    pub notes: Vec<DutyNote>,
    /// Where the next page begins; `None` when this is the last.
    pub next: Option<NoteCursor>,
}

impl NoteQuery {
    fn wanted(&self) -> usize {
        match self.limit {
            0 => PAGE as usize,
            n => n.min(PAGE) as usize,
        }
    }

    /// The part of the search that the database can answer by itself.
    fn sql(&self) -> QueryBuilder<Sqlite> {
        let mut sql = QueryBuilder::new("SELECT id, at, words, body FROM duty_notes n WHERE true");
        if let Some(rota) = &self.rota {
            sql.push(" AND rota = ").push_bind(rota.0.clone());
        }
        if let Some(person) = &self.person {
            sql.push(" AND by = ").push_bind(person.clone());
        }
        if let Some(alert) = self.alert {
            sql.push(" AND EXISTS (SELECT 1 FROM note_alerts a WHERE a.note = n.id AND a.alert = ")
                .push_bind(alert.0)
                .push(")");
        }
        if let Some(from) = self.from {
            sql.push(" AND at >= ").push_bind(from);
        }
        if let Some(to) = self.to {
            sql.push(" AND at < ").push_bind(to);
        }
        if let Some(before) = self.before {
            sql.push(" AND (at, id) < (")
                .push_bind(before.at)
                .push(", ")
                .push_bind(before.id.0)
                .push(")");
        }
        sql.push(" ORDER BY at DESC, id DESC LIMIT ")
            .push_bind(SCANNED);
        sql
    }
}

impl Store {
    /// One page of the duty record, newest first. Pages that follow each other by [`NotePage::next`] lose nothing and repeat nothing.
    ///
    /// # Errors
    /// From the database; [`StoreError::Unreadable`] for a row that cannot be read back.
    pub async fn notes(&self, query: &NoteQuery) -> Result<NotePage, StoreError> {
        let text = query.text.to_lowercase();
        let words: Vec<&str> = text.split_whitespace().take(WORDS).collect();
        let wanted = query.wanted();
        let mut reader = self.reader().await?;
        let mut sql = query.sql();
        let mut rows = sql
            .build_query_as::<(i64, i64, String, String)>()
            .fetch(&mut *reader);
        let (mut notes, mut last, mut scanned) = (Vec::new(), None, 0);
        while let Some((id, at, text, body)) = rows.try_next().await.map_err(|e| self.failed(&e))? {
            if notes.len() == wanted {
                // there is at least one more row
                return Ok(NotePage { notes, next: last });
            }
            scanned += 1;
            let id = NoteId(id);
            last = Some(NoteCursor { at, id });
            if words.iter().all(|w| text.contains(w)) {
                notes.push(read("duty_notes", id, &body)?);
            }
        }
        let next = if scanned >= SCANNED { last } else { None };
        Ok(NotePage { notes, next })
    }
}

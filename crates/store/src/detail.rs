//! One episode with all that happened to it.

use crate::load::read;
use crate::{Store, StoreError};
use model::duty::{Alert, AlertId, Mute, MuteId, Notice, NoticeId, Transition};

impl Store {
    /// An episode as it stands, or `None`.
    ///
    /// # Errors
    /// From the database; [`StoreError::Unreadable`].
    pub async fn alert(&self, id: AlertId) -> Result<Option<Alert>, StoreError> {
        let mut reader = self.reader().await?;
        let body: Option<String> = sqlx::query_scalar("SELECT body FROM alerts WHERE id = $1")
            .bind(id.0)
            .fetch_optional(&mut *reader)
            .await
            .map_err(|e| self.failed(&e))?;
        body.map(|b| read("alerts", id.0, &b)).transpose()
    }

    /// What happened to an episode, oldest first.
    ///
    /// # Errors
    /// From the database; [`StoreError::Unreadable`].
    pub async fn timeline(&self, id: AlertId) -> Result<Vec<Transition>, StoreError> {
        let mut reader = self.reader().await?;
        let rows: Vec<(i64, String)> =
            sqlx::query_as("SELECT seq, body FROM transitions WHERE alert = $1 ORDER BY seq")
                .bind(id.0)
                .fetch_all(&mut *reader)
                .await
                .map_err(|e| self.failed(&e))?;
        rows.iter()
            .map(|(seq, body)| read("transitions", seq, body))
            .collect()
    }

    /// Every notice that is about an episode, also by a digest; oldest first.
    ///
    /// # Errors
    /// From the database; [`StoreError::Unreadable`].
    pub async fn notices_of(&self, id: AlertId) -> Result<Vec<Notice>, StoreError> {
        let mut reader = self.reader().await?;
        let rows: Vec<(i64, String)> = sqlx::query_as(
            "SELECT n.number, n.body FROM notice_alerts a JOIN notices n ON n.number = a.notice WHERE a.alert = $1 ORDER BY n.number",
        )
        .bind(id.0)
        .fetch_all(&mut *reader)
        .await
        .map_err(|e| self.failed(&e))?;
        rows.iter()
            .map(|(number, body)| read("notices", number, body))
            .collect()
    }

    /// A notice as it stands, or `None`.
    ///
    /// # Errors
    /// From the database; [`StoreError::Unreadable`].
    pub async fn notice(&self, id: &NoticeId) -> Result<Option<Notice>, StoreError> {
        let mut reader = self.reader().await?;
        let body: Option<String> = sqlx::query_scalar("SELECT body FROM notices WHERE id = $1")
            .bind(id.to_string())
            .fetch_optional(&mut *reader)
            .await
            .map_err(|e| self.failed(&e))?;
        body.map(|b| read("notices", id, &b)).transpose()
    }

    /// A silence or maintenance window, also one that has ended, or `None`: a timeline names it.
    ///
    /// # Errors
    /// From the database; [`StoreError::Unreadable`].
    pub async fn mute(&self, id: MuteId) -> Result<Option<Mute>, StoreError> {
        let mut reader = self.reader().await?;
        let body: Option<String> = sqlx::query_scalar("SELECT body FROM mutes WHERE id = $1")
            .bind(id.0)
            .fetch_optional(&mut *reader)
            .await
            .map_err(|e| self.failed(&e))?;
        body.map(|b| read("mutes", id.0, &b)).transpose()
    }
}

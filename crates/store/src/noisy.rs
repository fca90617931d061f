//! Which rules were noisy.

use crate::{Store, StoreError};

/// How often a rule spoke up in some time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NoisyRule {
    /// Its name. Hostile input: show as text.
    pub rule: String,
    /// Episodes that began in that time.
    pub episodes: u32,
    /// Notices made in that time that are about alerts of the rule, whichever episode.
    pub notices: u32,
}

impl Store {
    /// Rules whose alerts began from `from` to `to` (ms, not at it), noisiest first, at most `limit`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn noisy(
        &self,
        from: i64,
        to: i64,
        limit: usize,
    ) -> Result<Vec<NoisyRule>, StoreError> {
        let mut reader = self.reader().await?;
        let rows: Vec<(String, i64, i64)> = sqlx::query_as(
            "SELECT a.name, COUNT(*),
                    (SELECT COUNT(DISTINCT n.number) FROM notices n
                       JOIN notice_alerts na ON na.notice = n.number
                       JOIN alerts b ON b.id = na.alert
                      WHERE n.created_at >= $1 AND n.created_at < $2 AND b.name = a.name)
               FROM alerts a WHERE a.begins_at >= $1 AND a.begins_at < $2
              GROUP BY a.name ORDER BY COUNT(*) DESC, a.name LIMIT $3",
        )
        .bind(from)
        .bind(to)
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .fetch_all(&mut *reader)
        .await
        .map_err(|e| self.failed(&e))?;
        let count = |n: i64| u32::try_from(n).unwrap_or(u32::MAX);
        Ok(rows
            .into_iter()
            .map(|(rule, episodes, notices)| NoisyRule {
                rule: rule.chars().take(200).collect(),
                episodes: count(episodes),
                notices: count(notices),
            })
            .collect())
    }
}

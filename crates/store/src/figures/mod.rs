//! How quickly alerts are answered and resolved, by ISO week.
//!
//! What counts, and how:
//! - An episode belongs to the week in which it was first heard of, in the zone given; an acknowledgement to the week in which it was made.
//! - Times count from the episode's start or from when we first heard of it, whichever is later: nobody can answer what they do not know of.
//! - Time to acknowledge (MTTA): from there to when somebody first took it (acknowledged, assigned to oneself, resolved by hand). Episodes that
//!   nobody took have none; they are counted in [`Unanswered`], never left out silently, and never counted as 0.
//! - Time to resolve (MTTR): from there to the end. Those still open are counted in [`Tally::open`].
//! - Mean: arithmetic. Median: the middle one, of an even number the mean of the two in the middle. p95: nearest rank, the smallest time that
//!   at least 95 of 100 do not exceed. Times that a clock set back would make negative count as 0.
//! - A target is met at its very millisecond. Not yet decided are those still open within the target. An episode that ended unanswered within
//!   the response target needed no answer; one that was kept quiet (silence, maintenance, inhibition, source) and nobody took was not to be
//!   answered. Both are counted apart and not as missed.

mod tally;

use crate::load::read;
use crate::{Store, StoreError};
use chrono::{DateTime, Datelike, Days, NaiveDate, TimeZone};
use chrono_tz::Tz;
use futures::TryStreamExt;
use model::Level;
use model::duty::{Ack, PersonId, Transition, What};
use serde::Serialize;
use sqlx::sqlite::SqliteConnection;
use std::collections::BTreeMap;
use tally::Counting;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
/// Weeks in an answer at most, up to the end asked for or next week; what is before them is counted in [`Figures::undated`].
const WEEKS: usize = 1000;

/// Times that are promised, by level (P0 to P3), ms; `None`: nothing is promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Targets {
    /// Until somebody has it.
    pub response: [Option<i64>; 4],
    /// Until it is over.
    pub resolution: [Option<i64>; 4],
}

/// Response within 5 min, 15 min, 1 h, 4 h; resolution within 30 min, 2 h, 8 h, and of P3 nothing is promised.
impl Default for Targets {
    fn default() -> Self {
        Self {
            response: [
                Some(5 * MINUTE),
                Some(15 * MINUTE),
                Some(HOUR),
                Some(4 * HOUR),
            ],
            resolution: [Some(30 * MINUTE), Some(2 * HOUR), Some(8 * HOUR), None],
        }
    }
}

/// How times are spread, ms; without a value when there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Spread {
    /// Of how many.
    pub count: u64,
    /// Arithmetic mean.
    pub mean: Option<i64>,
    /// Middle one.
    pub median: Option<i64>,
    /// Nearest rank.
    pub p95: Option<i64>,
}

/// Episodes that nobody took. Each stands in one of these.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Unanswered {
    /// Ended before anybody took them.
    pub ended: u64,
    /// Still open.
    pub open: u64,
    /// Kept quiet at some time, open or not.
    pub quieted: u64,
}

/// How often a promise was kept. All six together are all episodes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Kept {
    /// In time.
    pub met: u64,
    /// Too late, or not yet although it is too late.
    pub missed: u64,
    /// Still open, and there is still time.
    pub pending: u64,
    /// Ended in time without an answer (response only).
    pub not_needed: u64,
    /// Kept quiet and not answered (response only).
    pub quieted: u64,
    /// Of a level for which nothing is promised.
    pub without: u64,
}

impl Kept {
    /// Decided: met and missed.
    pub fn total(&self) -> u64 {
        self.met.saturating_add(self.missed)
    }
}

/// How often a rule fired.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Noisy {
    /// Its name, cut at 200 characters. Hostile input: show as text.
    pub rule: String,
    /// Episodes.
    pub count: u64,
}

/// How often somebody acknowledged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AcksBy {
    /// Who.
    pub person: PersonId,
    /// As shown when they last did.
    pub name: String,
    /// Acknowledgements, also of the same episode again.
    pub count: u64,
}

/// The figures of some time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Episodes.
    pub fired: u64,
    /// The same by level, P0 to P3.
    pub by_level: [u64; 4],
    /// Time to acknowledge.
    pub response: Spread,
    /// Those without one.
    pub unanswered: Unanswered,
    /// Time to resolve.
    pub resolution: Spread,
    /// Those without one.
    pub open: u64,
    /// Response in time.
    pub response_target: Kept,
    /// Resolution in time.
    pub resolution_target: Kept,
    /// [`Self::response`] of each level, P0 first.
    pub response_times: [Spread; 4],
    /// [`Self::resolution`] of each level, P0 first.
    pub resolution_times: [Spread; 4],
    /// [`Self::response_target`] of each level, P0 first.
    pub response_by_level: [Kept; 4],
    /// [`Self::resolution_target`] of each level, P0 first.
    pub resolution_by_level: [Kept; 4],
    /// Rules that fired most often, at most ten, most often first.
    pub noisiest: Vec<Noisy>,
    /// Who acknowledged, most often first.
    pub acks: Vec<AcksBy>,
}

/// The figures of one ISO week.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Week {
    /// ISO year: the one that the week's Thursday is in.
    pub year: i32,
    /// 1 to 53.
    pub week: u32,
    /// Its Monday's beginning in the zone, ms.
    pub start: i64,
    /// What happened in it.
    pub tally: Tally,
}

/// The figures of some weeks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Figures {
    /// From the first week with anything to the last, none left out between.
    pub weeks: Vec<Week>,
    /// All of them together.
    pub total: Tally,
    /// Episodes whose time is no date, or lies before the thousand weeks that are answered. Not in the total.
    pub undated: u64,
}

/// What the figures need of an episode.
#[derive(Clone, Debug, sqlx::FromRow)]
struct Episode {
    name: String,
    level: u8,
    first_seen: i64,
    begins_at: i64,
    responded_at: Option<i64>,
    resolved_at: Option<i64>,
    quieted: bool,
}

/// The Monday of a time's week.
fn monday(at: i64, zone: Tz) -> Option<NaiveDate> {
    let date = DateTime::from_timestamp_millis(at)?
        .with_timezone(&zone)
        .date_naive();
    date.checked_sub_days(Days::new(date.weekday().num_days_from_monday().into()))
}

/// When a day begins; where midnight does not exist, an hour later.
fn begins(day: NaiveDate, zone: Tz) -> i64 {
    (0..4)
        .filter_map(|hour| day.and_hms_opt(hour, 0, 0))
        .find_map(|time| zone.from_local_datetime(&time).earliest())
        .map_or(0, |time| time.timestamp_millis())
}

/// Figures that are being added up.
struct Adding<'a> {
    zone: Tz,
    targets: &'a Targets,
    now: i64,
    weeks: BTreeMap<NaiveDate, Counting>,
    total: Counting,
    undated: u64,
}

impl Adding<'_> {
    fn week(&mut self, at: i64) -> Option<&mut Counting> {
        let monday = monday(at, self.zone)?;
        Some(self.weeks.entry(monday).or_default())
    }

    fn episode(&mut self, episode: &Episode) {
        let (targets, now) = (self.targets, self.now);
        let Some(week) = self.week(episode.first_seen) else {
            self.undated = self.undated.saturating_add(1);
            return;
        };
        week.episode(episode, targets, now);
        self.total.episode(episode, targets, now);
    }

    fn acknowledgement(&mut self, at: i64, ack: &Ack) {
        if let Some(week) = self.week(at) {
            week.acknowledgement(&ack.by);
            self.total.acknowledgement(&ack.by);
        }
    }

    fn finish(mut self) -> Figures {
        let (first, last) = match (self.weeks.keys().next(), self.weeks.keys().next_back()) {
            (Some(first), Some(last)) => (*first, *last),
            _ => (NaiveDate::MAX, NaiveDate::MIN),
        };
        let mut weeks = Vec::new();
        let mut day = last;
        while day >= first && weeks.len() < WEEKS {
            let iso = day.iso_week();
            weeks.push(Week {
                year: iso.year(),
                week: iso.week(),
                start: begins(day, self.zone),
                tally: self.weeks.remove(&day).unwrap_or_default().finish(),
            });
            let Some(before) = day.checked_sub_days(Days::new(7)) else {
                break;
            };
            day = before;
        }
        weeks.reverse();
        Figures {
            weeks,
            total: self.total.finish(),
            undated: self.undated,
        }
    }
}

impl Store {
    /// The figures of the episodes first heard of, and the acknowledgements made, from `from` (inclusive) to `to` (exclusive). `now` decides
    /// what is still open in time. See the module for what counts.
    ///
    /// Reads row by row; what it holds is two numbers for each episode.
    ///
    /// # Errors
    /// From the database.
    pub async fn figures(
        &self,
        from: i64,
        to: i64,
        zone: Tz,
        targets: &Targets,
        now: i64,
    ) -> Result<Figures, StoreError> {
        let mut adding = Adding {
            zone,
            targets,
            now,
            weeks: BTreeMap::new(),
            total: Counting::default(),
            undated: 0,
        };
        // counted from now, so that an end far in the future leaves nothing out
        let week = 7 * 24 * HOUR;
        let last = to.min(now.saturating_add(week));
        let earliest = last.saturating_sub(WEEKS as i64 * week);
        let mut reader = self.reader().await?;
        if earliest > from {
            adding.undated = count(&mut reader, from, earliest)
                .await
                .map_err(|e| self.failed(&e))?;
        }
        let from = from.max(earliest);
        self.add_episodes(&mut reader, from, to, &mut adding)
            .await?;
        self.add_acknowledgements(&mut reader, from, to, &mut adding)
            .await?;
        Ok(adding.finish())
    }

    async fn add_episodes(
        &self,
        conn: &mut SqliteConnection,
        from: i64,
        to: i64,
        adding: &mut Adding<'_>,
    ) -> Result<(), StoreError> {
        let mut rows = sqlx::query_as::<_, Episode>(
            "SELECT substr(name, 1, 200) AS name, level, first_seen, begins_at, responded_at, resolved_at, quieted \
             FROM alerts WHERE first_seen >= $1 AND first_seen < $2 ORDER BY first_seen",
        )
        .bind(from)
        .bind(to)
        .fetch(conn);
        while let Some(episode) = rows.try_next().await.map_err(|e| self.failed(&e))? {
            adding.episode(&episode);
        }
        Ok(())
    }

    async fn add_acknowledgements(
        &self,
        conn: &mut SqliteConnection,
        from: i64,
        to: i64,
        adding: &mut Adding<'_>,
    ) -> Result<(), StoreError> {
        let mut rows = sqlx::query_as::<_, (i64, i64, String)>(
            "SELECT seq, at, body FROM transitions WHERE acked = 1 AND at >= $1 AND at < $2 ORDER BY at",
        )
        .bind(from)
        .bind(to)
        .fetch(conn);
        while let Some((seq, at, body)) = rows.try_next().await.map_err(|e| self.failed(&e))? {
            let line: Transition = read("transitions", seq, &body)?;
            if let What::Acked { ack } = &line.what {
                adding.acknowledgement(at, ack);
            }
        }
        Ok(())
    }
}

/// Episodes of some time.
async fn count(conn: &mut SqliteConnection, from: i64, to: i64) -> Result<u64, sqlx::Error> {
    let sql = "SELECT count(*) FROM alerts WHERE first_seen >= $1 AND first_seen < $2";
    let count: i64 = sqlx::query_scalar(sql)
        .bind(from)
        .bind(to)
        .fetch_one(conn)
        .await?;
    Ok(count.unsigned_abs())
}

/// A level by its number, for the arrays here.
fn index(level: u8) -> usize {
    usize::from(level.min(Level::P3.number()))
}

#[cfg(test)]
mod tests;

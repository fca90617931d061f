//! The search through past and present episodes.

use crate::load::read;
use crate::{Store, StoreError};
use futures::TryStreamExt;
use model::alert::Matcher;
use model::duty::{Alert, AlertId, PersonId};
use model::{Labels, Level};
use regex::{Regex, RegexBuilder};
use sqlx::{QueryBuilder, Sqlite};

/// Episodes in one page at most.
pub const PAGE: u32 = 1000;
/// Rows looked at for one page at most, so that a search for what is nowhere answers in time; the page then says where to go on.
pub const SCANNED: u32 = 50_000;
/// Bytes of a compiled regular expression at most.
const PATTERN_BYTES: usize = 1 << 20;

/// What somebody had to do with an episode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Acknowledged it, also if it was taken back.
    Acknowledged,
    /// It was given to them, also if it was given on.
    Assigned,
    /// A notice reached them.
    Told,
}

impl Role {
    pub(crate) fn number(self) -> i64 {
        match self {
            Self::Acknowledged => 0,
            Self::Assigned => 1,
            Self::Told => 2,
        }
    }
}

/// In what state an episode is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// It holds.
    Open,
    /// It holds and nobody has it.
    Unacknowledged,
    /// It holds and somebody has it.
    Acknowledged,
    /// It is over.
    Resolved,
}

/// Where a page ended: the time and the number of its last episode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// When it was first heard of, ms.
    pub time: i64,
    /// Which.
    pub id: AlertId,
}

/// What is searched for. What is left empty does not restrict; [`Query::default`] is everything, newest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Query {
    /// First heard of at this time or later, ms.
    pub from: Option<i64>,
    /// First heard of before this time, ms.
    pub to: Option<i64>,
    /// One of these levels.
    pub levels: Vec<Level>,
    /// Conditions on labels; all must hold. A missing label counts as empty.
    pub labels: Vec<Matcher>,
    /// Stands in a label's value, a text of the alert or its rule's name, whatever the case.
    pub text: String,
    /// Who had to do with it, and as what (`None`: as anything).
    pub person: Option<(PersonId, Option<Role>)>,
    /// In what state it is.
    pub state: Option<State>,
    /// Goes on behind this place.
    pub before: Option<Cursor>,
    /// Episodes wanted; 0 and more than [`PAGE`] count as [`PAGE`].
    pub limit: u32,
}

/// A part of an answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T> {
    /// Newest first. May be fewer than wanted although there are more, when [`SCANNED`] was reached.
    pub items: Vec<T>,
    /// Where the next page begins; `None` when this is the last.
    pub next: Option<Cursor>,
}

/// A condition that is ready to be asked.
enum Test {
    Is(String),
    Fits(Regex),
}

struct Condition {
    name: String,
    test: Test,
    wanted: bool,
}

impl Condition {
    fn of(matcher: &Matcher) -> Result<Self, StoreError> {
        let test = if matcher.is_regex {
            let regex = RegexBuilder::new(&format!("^(?s:{})$", matcher.value))
                .size_limit(PATTERN_BYTES)
                .build();
            Test::Fits(regex.map_err(|e| StoreError::Pattern {
                pattern: matcher.value.chars().take(200).collect(),
                detail: e.to_string(),
            })?)
        } else {
            Test::Is(matcher.value.clone())
        };
        Ok(Self {
            name: matcher.name.clone(),
            test,
            wanted: matcher.is_equal,
        })
    }

    fn holds(&self, labels: &Labels) -> bool {
        let value = labels.get(&self.name).unwrap_or("");
        let found = match &self.test {
            Test::Is(wanted) => value == wanted,
            Test::Fits(regex) => regex.is_match(value),
        };
        found == self.wanted
    }
}

fn contains(alert: &Alert, needle: &str) -> bool {
    let texts = alert.labels.iter().map(|(_, v)| v);
    let texts = texts.chain(alert.annotations.values().map(String::as_str));
    let mut texts = texts;
    texts.any(|t| t.to_lowercase().contains(needle))
}

impl Query {
    fn wanted(&self) -> usize {
        match self.limit {
            0 => PAGE as usize,
            n => n.min(PAGE) as usize,
        }
    }

    /// The name of the rule, if the search is for one: it has an index.
    fn rule(&self) -> Option<&str> {
        let rule = |m: &&Matcher| {
            m.name == model::alert::ALERT_NAME && m.is_equal && !m.is_regex && !m.value.is_empty()
        };
        self.labels.iter().find(rule).map(|m| m.value.as_str())
    }

    /// The part of the search that the database can answer by itself.
    fn sql(&self) -> QueryBuilder<Sqlite> {
        let mut sql = QueryBuilder::new("SELECT id, first_seen, body FROM alerts a WHERE true");
        if let Some(from) = self.from {
            sql.push(" AND first_seen >= ").push_bind(from);
        }
        if let Some(to) = self.to {
            sql.push(" AND first_seen < ").push_bind(to);
        }
        if let Some(at) = self.before {
            sql.push(" AND (first_seen, id) < (")
                .push_bind(at.time)
                .push(", ")
                .push_bind(at.id.0)
                .push(")");
        }
        if let Some(rule) = self.rule() {
            sql.push(" AND name = ").push_bind(rule.to_owned());
        }
        if !self.levels.is_empty() {
            sql.push(" AND level IN (");
            let mut list = sql.separated(", ");
            for level in &self.levels {
                list.push_bind(level.number());
            }
            sql.push(")");
        }
        match self.state {
            None => {}
            Some(State::Open) => {
                sql.push(" AND resolved_at IS NULL");
            }
            Some(State::Unacknowledged) => {
                sql.push(" AND resolved_at IS NULL AND acknowledged = 0");
            }
            Some(State::Acknowledged) => {
                sql.push(" AND resolved_at IS NULL AND acknowledged = 1");
            }
            Some(State::Resolved) => {
                sql.push(" AND resolved_at IS NOT NULL");
            }
        }
        if let Some((person, role)) = &self.person {
            sql.push(" AND EXISTS (SELECT 1 FROM involved i WHERE i.alert = a.id AND i.person = ")
                .push_bind(person.clone());
            if let Some(role) = role {
                sql.push(" AND i.role = ").push_bind(role.number());
            }
            sql.push(")");
        }
        sql.push(" ORDER BY first_seen DESC, id DESC LIMIT ")
            .push_bind(SCANNED);
        sql
    }
}

impl Store {
    /// One page of the search, newest first. Pages that follow each other by [`Page::next`] lose nothing and repeat nothing, also where many
    /// episodes have the same time; what is new since the first page stands before it.
    ///
    /// # Errors
    /// [`StoreError::Pattern`] for a wrong regular expression; [`StoreError::Unreadable`]; from the database.
    pub async fn history(&self, query: &Query) -> Result<Page<Alert>, StoreError> {
        let conditions = query
            .labels
            .iter()
            .map(Condition::of)
            .collect::<Result<Vec<_>, _>>()?;
        let needle = query.text.trim().to_lowercase();
        let wanted = query.wanted();
        let mut reader = self.reader().await?;
        let mut sql = query.sql();
        let mut rows = sql
            .build_query_as::<(i64, i64, String)>()
            .fetch(&mut *reader);
        let mut items = Vec::new();
        let mut last = None;
        let mut scanned = 0;
        while let Some((id, time, body)) = rows.try_next().await.map_err(|e| self.failed(&e))? {
            if items.len() == wanted {
                // there is at least one more row
                return Ok(Page { items, next: last });
            }
            scanned += 1;
            let id = AlertId(id);
            last = Some(Cursor { time, id });
            let alert: Alert = read("alerts", id.0, &body)?;
            let fits = conditions.iter().all(|c| c.holds(&alert.labels))
                && (needle.is_empty() || contains(&alert, &needle));
            if fits {
                items.push(alert);
            }
        }
        let next = if scanned >= SCANNED { last } else { None };
        Ok(Page { items, next })
    }
}

//! One answer of the engine is one transaction.

use crate::audit::{self, Head};
use crate::bulk;
use crate::history::Role;
use crate::rota;
use crate::{Store, StoreError, Writer};
use model::Reported;
use model::duty::{
    Alert, AlertId, Mute, Notice, NoticeId, NoticeState, Record, Resolution, Suppression,
    Transition, What,
};
use model::rota::RotaRecord;
use serde::Serialize;
use sqlx::sqlite::SqliteConnection;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// A transaction writes some pages of 4 KiB however small it is.
const SMALLEST: usize = 10 * 4096;

/// What a transaction wrote. It is on the disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Committed {
    /// Episodes, each counted once.
    pub alerts: usize,
    /// Lines of timelines.
    pub transitions: usize,
    /// Notices, each counted once.
    pub notices: usize,
    /// Silences and maintenance windows, each counted once.
    pub mutes: usize,
    /// Changes of the rota.
    pub changes: usize,
    /// Lines of the audit log.
    pub audit: usize,
    /// The audit log's last entry now.
    pub audit_seq: i64,
}

/// A transaction's rows, ready to be bound: no JSON is made while the database is held.
#[derive(Default)]
struct Rows {
    alerts: Vec<AlertRow>,
    /// Episode, time, whether it says that somebody acknowledged, JSON.
    transitions: Vec<(i64, i64, bool, String)>,
    notices: Vec<NoticeRow>,
    /// Alert, notice.
    about: Vec<(i64, String)>,
    involved: BTreeSet<(String, i64, i64)>,
    mutes: Vec<(i64, i64, i64, String)>,
    /// Time, entry.
    audit: Vec<(i64, String)>,
    alive: Option<i64>,
    last_alert: i64,
    last_mute: i64,
    rota: rota::Rows,
}

struct AlertRow {
    id: i64,
    fingerprint: String,
    name: String,
    level: u8,
    first_seen: i64,
    begins_at: i64,
    responded_at: Option<i64>,
    resolved_at: Option<i64>,
    acknowledged: bool,
    quieted: bool,
    lingers: bool,
    body: String,
}

struct NoticeRow {
    id: String,
    created_at: i64,
    open: bool,
    body: String,
}

pub(crate) fn json<T: Serialize>(
    table: &'static str,
    key: &str,
    value: &T,
) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|e| StoreError::Unreadable {
        table,
        key: key.to_owned(),
        detail: e.to_string(),
    })
}

impl Rows {
    fn of(records: &[Record]) -> Result<Self, StoreError> {
        let mut rows = Self::default();
        let mut alerts: BTreeMap<i64, &Alert> = BTreeMap::new();
        let mut notices: BTreeMap<NoticeId, &Notice> = BTreeMap::new();
        let mut mutes: BTreeMap<i64, &Mute> = BTreeMap::new();
        // the last of several states counts
        for record in records {
            match record {
                Record::Alert(alert) => {
                    alerts.insert(alert.id.0, alert);
                }
                Record::Transition(transition) => rows.transition(transition)?,
                Record::Notice(notice) => {
                    notices.insert(notice.id, notice);
                }
                Record::Mute(mute) => {
                    mutes.insert(mute.id.0, mute);
                }
                Record::Audit(entry) => rows.audit.push((entry.at, json("audit", "", entry)?)),
                Record::Alive(at) => rows.alive = Some(*at),
            }
        }
        for alert in alerts.into_values() {
            rows.alert(alert)?;
        }
        for notice in notices.into_values() {
            rows.notice(notice)?;
        }
        for mute in mutes.into_values() {
            let id = mute.id.0;
            let body = json("mutes", &id.to_string(), mute)?;
            rows.mutes.push((id, mute.starts_at, mute.ends_at, body));
            rows.last_mute = rows.last_mute.max(id);
        }
        Ok(rows)
    }

    /// About as many bytes as the transaction adds to the write-ahead log.
    fn bytes(&self) -> usize {
        let alerts: usize = self.alerts.iter().map(|a| a.body.len()).sum();
        let lines: usize = self.transitions.iter().map(|t| t.3.len()).sum();
        let notices: usize = self.notices.iter().map(|n| n.body.len()).sum();
        let audit: usize = self.audit.iter().map(|a| a.1.len()).sum();
        alerts + lines + notices + audit + self.rota.bytes() + SMALLEST
    }

    fn alert(&mut self, alert: &Alert) -> Result<(), StoreError> {
        let id = alert.id.0;
        self.last_alert = self.last_alert.max(id);
        let mut involve = |person: &str, role: Role| {
            self.involved.insert((person.to_owned(), id, role.number()));
        };
        if let Some(ack) = &alert.ack {
            involve(&ack.by.id, Role::Acknowledged);
        }
        if let Some(person) = &alert.assignee {
            involve(person, Role::Assigned);
        }
        let by_hand = matches!(&alert.resolved, Some((_, Resolution::ByHand { .. })));
        let reported = alert.sights.values().any(|s| s.state != Reported::Resolved);
        self.alerts.push(AlertRow {
            id,
            fingerprint: alert.fingerprint.to_string(),
            name: alert.name().to_owned(),
            level: alert.level.number(),
            first_seen: alert.first_seen,
            begins_at: alert.first_seen.max(alert.starts_at),
            responded_at: alert.responded_at,
            quieted: alert.suppressions.iter().any(keeps_quiet),
            resolved_at: alert.resolved.as_ref().map(|(at, _)| *at),
            acknowledged: alert.ack.is_some(),
            lingers: by_hand && reported,
            body: json("alerts", &id.to_string(), alert)?,
        });
        Ok(())
    }

    fn transition(&mut self, transition: &Transition) -> Result<(), StoreError> {
        let id = transition.alert.0;
        let mut involve = |person: &str, role: Role| {
            self.involved.insert((person.to_owned(), id, role.number()));
        };
        match &transition.what {
            What::Acked { ack } => involve(&ack.by.id, Role::Acknowledged),
            What::Assigned { to: Some(to), .. } => involve(to, Role::Assigned),
            _ => {}
        }
        let acked = matches!(transition.what, What::Acked { .. });
        let body = json("transitions", &id.to_string(), transition)?;
        self.transitions.push((id, transition.at, acked, body));
        Ok(())
    }

    fn notice(&mut self, notice: &Notice) -> Result<(), StoreError> {
        let id = notice.id.to_string();
        let about = notice.alerts.iter().map(|a| (a.0, id.clone()));
        self.about.extend(about);
        if matches!(notice.outcome, NoticeState::Sent { .. }) {
            let told = |a: &AlertId| (notice.to.clone(), a.0, Role::Told.number());
            self.involved.extend(notice.alerts.iter().map(told));
        }
        self.notices.push(NoticeRow {
            created_at: notice.created_at,
            open: matches!(
                notice.outcome,
                NoticeState::Waiting { .. } | NoticeState::Sending { .. }
            ),
            body: json("notices", &id, notice)?,
            id,
        });
        Ok(())
    }
}

/// Whether somebody or something else than a person who took it keeps it quiet.
fn keeps_quiet(by: &Suppression) -> bool {
    !matches!(
        by,
        Suppression::Acknowledged { .. } | Suppression::Snoozed { .. }
    )
}

impl Store {
    /// Keeps all of it or, when it fails, none of it; when it answers it is on the disk. Of several states of one episode, notice or mute the
    /// last counts; transitions and audit entries are kept in their order.
    ///
    /// # Errors
    /// [`StoreError::Full`], [`StoreError::Io`], [`StoreError::Busy`]: try again later. [`StoreError::UnknownAlert`] when a transition is about
    /// an episode that nobody kept. [`StoreError::AuditMoved`] when somebody else has appended to the audit log.
    pub async fn commit(&self, records: &[Record]) -> Result<Committed, StoreError> {
        commit_all(self, records, &[]).await
    }
}

/// What the alert desk and the rota want kept, in one transaction.
pub(crate) async fn commit_all(
    store: &Store,
    records: &[Record],
    changes: &[RotaRecord],
) -> Result<Committed, StoreError> {
    let mut rows = Rows::of(records)?;
    rows.rota = rota::Rows::of(changes)?;
    rows.audit.append(&mut rows.rota.audit);
    let mut writer = store.writer().await?;
    let bytes = rows.bytes();
    let committed = commit(&mut writer, store.path(), rows).await?;
    writer.checkpoint.after(bytes, store.path());
    Ok(committed)
}

/// Also for entries that the store writes about itself.
pub(crate) async fn commit_records(
    writer: &mut Writer,
    path: &Path,
    records: &[Record],
) -> Result<Committed, StoreError> {
    commit(writer, path, Rows::of(records)?).await
}

async fn commit(writer: &mut Writer, path: &Path, rows: Rows) -> Result<Committed, StoreError> {
    let failed = |e: sqlx::Error| StoreError::of(path, &e);
    writer.clear().await;
    follows(&mut writer.conn, path, &rows.rota).await?;
    // taken, so that the end is read anew if this is given up half-way
    let before = match writer.head.take() {
        Some(head) => head,
        None => audit::head_again(writer, path).await?,
    };
    let chained = audit::chain(before, &rows.audit);
    let after = chained.last().map_or(before, |link| link.head());
    let committed = Committed {
        alerts: rows.alerts.len(),
        transitions: rows.transitions.len(),
        notices: rows.notices.len(),
        mutes: rows.mutes.len(),
        changes: rows.rota.len(),
        audit: chained.len(),
        audit_seq: after.seq,
    };
    announce(writer, before, after).await?;
    writer.begin().await.map_err(failed)?;
    let written = write(&mut writer.conn, rows, chained).await;
    // whether a commit that failed took place is looked up before the next one
    writer.end(written).await.map_err(failed)?;
    writer.head = Some(after);
    if after != before
        && let Some(anchor) = &mut writer.anchor
        // what was announced still holds, and the next transaction writes it anew
        && let Err(e) = anchor.confirm(after).await
    {
        tracing::warn!(error = %e, "the audit log's anchor cannot be confirmed");
    }
    Ok(committed)
}

/// Numbers of changes only grow: whoever decided on an older book must read it anew.
async fn follows(
    conn: &mut SqliteConnection,
    path: &Path,
    changes: &rota::Rows,
) -> Result<(), StoreError> {
    let Some((id, _)) = changes.numbers() else {
        return Ok(());
    };
    let last: i64 = sqlx::query_scalar("SELECT last_rota FROM desk")
        .fetch_one(conn)
        .await
        .map_err(|e| StoreError::of(path, &e))?;
    if id <= last {
        return Err(StoreError::StaleChange { id, last });
    }
    Ok(())
}

/// The anchor knows the next end of the audit log before the database does.
async fn announce(writer: &mut Writer, before: Head, after: Head) -> Result<(), StoreError> {
    match &mut writer.anchor {
        Some(anchor) if after != before => anchor.announce(before, after).await,
        _ => Ok(()),
    }
}

async fn write(
    conn: &mut SqliteConnection,
    rows: Rows,
    chained: Vec<audit::Link>,
) -> Result<(), sqlx::Error> {
    write_alerts(conn, rows.alerts).await?;
    let head = "INSERT INTO transitions (alert, at, acked, body)";
    bulk::insert(conn, head, "", rows.transitions, |v, row| {
        let (alert, at, acked, body) = row;
        v.push_bind(alert)
            .push_bind(at)
            .push_bind(acked)
            .push_bind(body);
    })
    .await?;
    write_notices(conn, rows.notices, rows.about).await?;
    let head = "INSERT INTO involved (person, alert, role)";
    let involved = rows.involved.into_iter().collect();
    bulk::insert(conn, head, " ON CONFLICT DO NOTHING", involved, |v, row| {
        let (person, alert, role) = row;
        v.push_bind(person).push_bind(alert).push_bind(role);
    })
    .await?;
    let head = "INSERT INTO mutes (id, starts_at, ends_at, body)";
    let tail = " ON CONFLICT (id) DO UPDATE SET starts_at = excluded.starts_at, ends_at = excluded.ends_at, body = excluded.body";
    bulk::insert(conn, head, tail, rows.mutes, |v, row| {
        let (id, starts, ends, body) = row;
        v.push_bind(id)
            .push_bind(starts)
            .push_bind(ends)
            .push_bind(body);
    })
    .await?;
    rota::write(conn, rows.rota).await?;
    audit::append(conn, chained).await?;
    if rows.alive.is_some() || rows.last_alert > 0 || rows.last_mute > 0 {
        sqlx::query(
            "UPDATE desk SET alive_at = coalesce($1, alive_at), last_alert = max(last_alert, $2), last_mute = max(last_mute, $3)",
        )
        .bind(rows.alive)
        .bind(rows.last_alert)
        .bind(rows.last_mute)
        .execute(&mut *conn)
        .await?;
    }
    Ok(())
}

async fn write_alerts(
    conn: &mut SqliteConnection,
    alerts: Vec<AlertRow>,
) -> Result<(), sqlx::Error> {
    let head = "INSERT INTO alerts (id, fingerprint, name, level, first_seen, begins_at, responded_at, resolved_at, acknowledged, quieted, lingers, body)";
    let tail = " ON CONFLICT (id) DO UPDATE SET fingerprint = excluded.fingerprint, name = excluded.name, level = excluded.level, \
         first_seen = excluded.first_seen, begins_at = excluded.begins_at, responded_at = excluded.responded_at, resolved_at = excluded.resolved_at, acknowledged = excluded.acknowledged, \
         quieted = max(alerts.quieted, excluded.quieted), lingers = excluded.lingers, body = excluded.body";
    bulk::insert(conn, head, tail, alerts, |v, row| {
        v.push_bind(row.id)
            .push_bind(row.fingerprint)
            .push_bind(row.name)
            .push_bind(row.level)
            .push_bind(row.first_seen)
            .push_bind(row.begins_at)
            .push_bind(row.responded_at)
            .push_bind(row.resolved_at)
            .push_bind(row.acknowledged)
            .push_bind(row.quieted)
            .push_bind(row.lingers)
            .push_bind(row.body);
    })
    .await
}

async fn write_notices(
    conn: &mut SqliteConnection,
    notices: Vec<NoticeRow>,
    about: Vec<(i64, String)>,
) -> Result<(), sqlx::Error> {
    let head = "INSERT INTO notices (id, created_at, open, body)";
    let tail = " ON CONFLICT (id) DO UPDATE SET created_at = excluded.created_at, open = excluded.open, body = excluded.body";
    bulk::insert(conn, head, tail, notices, |v, row| {
        v.push_bind(row.id)
            .push_bind(row.created_at)
            .push_bind(row.open)
            .push_bind(row.body);
    })
    .await?;
    let head = "INSERT INTO notice_alerts (alert, notice)";
    bulk::insert(conn, head, " ON CONFLICT DO NOTHING", about, |v, row| {
        let (alert, notice) = row;
        v.push_bind(alert);
        v.push("(SELECT number FROM notices WHERE id = ");
        v.push_bind_unseparated(notice);
        v.push_unseparated(")");
    })
    .await
}

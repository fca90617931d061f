//! Rows into the database, within a transaction.

use super::rows::{HandoverRow, NoteRow, Rows, Span};
use crate::bulk;
use sqlx::sqlite::SqliteConnection;
use std::collections::BTreeMap;

/// Writes everything; the audit entries are written with the others.
pub(crate) async fn write(conn: &mut SqliteConnection, rows: Rows) -> Result<(), sqlx::Error> {
    let Some((_, last)) = rows.numbers() else {
        return Ok(());
    };
    texts(conn, &MEMBERS, rows.members).await?;
    texts(conn, &ROTAS, rows.rotas).await?;
    texts(conn, &CALENDARS, rows.calendars).await?;
    spans(conn, &ABSENCES, rows.absences).await?;
    spans(conn, &OVERRIDES, rows.overrides).await?;
    spans(conn, &SWAPS, rows.swaps).await?;
    handovers(conn, rows.handovers).await?;
    notes(conn, rows.notes).await?;
    let head = "INSERT INTO rota_changes (id, at, rota, kept, body)";
    bulk::insert(conn, head, "", rows.changes, |v, row| {
        v.push_bind(row.id)
            .push_bind(row.at)
            .push_bind(row.rota)
            .push_bind(row.kept)
            .push_bind(row.body);
    })
    .await?;
    sqlx::query("UPDATE desk SET last_rota = max(last_rota, $1)")
        .bind(last)
        .execute(conn)
        .await
        .map(|_| ())
}

/// A table's statements.
struct Table {
    head: &'static str,
    tail: &'static str,
    delete: &'static str,
}

const TEXT_TAIL: &str = " ON CONFLICT (id) DO UPDATE SET body = excluded.body";
const SPAN_TAIL: &str = " ON CONFLICT (id) DO UPDATE SET person = excluded.person, from_at = excluded.from_at, until_at = excluded.until_at, \
     body = excluded.body";

const MEMBERS: Table = Table {
    head: "INSERT INTO members (id, body)",
    tail: TEXT_TAIL,
    delete: "DELETE FROM members WHERE id = $1",
};
const ROTAS: Table = Table {
    head: "INSERT INTO rotas (id, body)",
    tail: TEXT_TAIL,
    delete: "DELETE FROM rotas WHERE id = $1",
};
const CALENDARS: Table = Table {
    head: "INSERT INTO calendars (id, body)",
    tail: TEXT_TAIL,
    delete: "DELETE FROM calendars WHERE id = $1",
};
const ABSENCES: Table = Table {
    head: "INSERT INTO absences (id, person, from_at, until_at, body)",
    tail: SPAN_TAIL,
    delete: "DELETE FROM absences WHERE id = $1",
};
const OVERRIDES: Table = Table {
    head: "INSERT INTO overrides (id, person, from_at, until_at, body)",
    tail: SPAN_TAIL,
    delete: "DELETE FROM overrides WHERE id = $1",
};
const SWAPS: Table = Table {
    head: "INSERT INTO swaps (id, person, from_at, until_at, body)",
    tail: SPAN_TAIL,
    delete: "DELETE FROM swaps WHERE id = $1",
};

/// What is there now, and what is there no more.
fn divided<K, R>(rows: BTreeMap<K, Option<R>>) -> (Vec<(K, R)>, Vec<K>) {
    let (mut there, mut gone) = (Vec::new(), Vec::new());
    for (key, row) in rows {
        match row {
            Some(row) => there.push((key, row)),
            None => gone.push(key),
        }
    }
    (there, gone)
}

async fn delete<K>(
    conn: &mut SqliteConnection,
    sql: &'static str,
    keys: Vec<K>,
) -> Result<(), sqlx::Error>
where
    K: for<'q> sqlx::Encode<'q, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite> + Send + Sync + 'static,
{
    for key in keys {
        sqlx::query(sql).bind(key).execute(&mut *conn).await?;
    }
    Ok(())
}

async fn texts(
    conn: &mut SqliteConnection,
    table: &Table,
    rows: BTreeMap<String, Option<String>>,
) -> Result<(), sqlx::Error> {
    let (there, gone) = divided(rows);
    bulk::insert(conn, table.head, table.tail, there, |v, (id, body)| {
        v.push_bind(id).push_bind(body);
    })
    .await?;
    delete(conn, table.delete, gone).await
}

async fn spans(
    conn: &mut SqliteConnection,
    table: &Table,
    rows: BTreeMap<i64, Option<Span>>,
) -> Result<(), sqlx::Error> {
    let (there, gone) = divided(rows);
    bulk::insert(conn, table.head, table.tail, there, |v, (id, row)| {
        v.push_bind(id)
            .push_bind(row.person)
            .push_bind(row.from)
            .push_bind(row.until)
            .push_bind(row.body);
    })
    .await?;
    delete(conn, table.delete, gone).await
}

async fn handovers(
    conn: &mut SqliteConnection,
    rows: BTreeMap<i64, Option<HandoverRow>>,
) -> Result<(), sqlx::Error> {
    let (there, gone) = divided(rows);
    let head = "INSERT INTO handovers (id, rota, at, signed, body)";
    let tail = " ON CONFLICT (id) DO UPDATE SET rota = excluded.rota, at = excluded.at, signed = excluded.signed, body = excluded.body";
    bulk::insert(conn, head, tail, there, |v, (id, row)| {
        v.push_bind(id)
            .push_bind(row.rota)
            .push_bind(row.at)
            .push_bind(row.signed)
            .push_bind(row.body);
    })
    .await?;
    delete(conn, "DELETE FROM handovers WHERE id = $1", gone).await
}

async fn notes(
    conn: &mut SqliteConnection,
    rows: BTreeMap<i64, Option<NoteRow>>,
) -> Result<(), sqlx::Error> {
    let (there, gone) = divided(rows);
    let of_note = |(id, row): &(i64, NoteRow)| {
        let id = *id;
        row.alerts.iter().map(move |a| (*a, id)).collect::<Vec<_>>()
    };
    let about: Vec<(i64, i64)> = there.iter().flat_map(of_note).collect();
    let ids: Vec<i64> = there.iter().map(|(id, _)| *id).collect();
    let head = "INSERT INTO duty_notes (id, rota, at, by, words, body)";
    let tail = " ON CONFLICT (id) DO UPDATE SET rota = excluded.rota, at = excluded.at, by = excluded.by, words = excluded.words, body = excluded.body";
    bulk::insert(conn, head, tail, there, |v, (id, row)| {
        v.push_bind(id)
            .push_bind(row.rota)
            .push_bind(row.at)
            .push_bind(row.by)
            .push_bind(row.words)
            .push_bind(row.body);
    })
    .await?;
    delete(conn, "DELETE FROM note_alerts WHERE note = $1", ids).await?;
    let head = "INSERT INTO note_alerts (alert, note)";
    bulk::insert(
        conn,
        head,
        " ON CONFLICT DO NOTHING",
        about,
        |v, (alert, note)| {
            v.push_bind(alert).push_bind(note);
        },
    )
    .await?;
    delete(conn, "DELETE FROM duty_notes WHERE id = $1", gone).await
}

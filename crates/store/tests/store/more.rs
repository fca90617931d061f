//! What the tests alone need.

use crate::samples::actor;
use model::alert::Matcher;
use model::duty::*;
use model::{Level, Reported};

pub fn resolved(mut alert: Alert, at: i64) -> Alert {
    let source = "am".to_owned();
    alert.resolved = Some((at, Resolution::Source { source }));
    for sight in alert.sights.values_mut() {
        sight.state = Reported::Resolved;
    }
    alert
}

pub fn notice(id: u128, alerts: &[i64], at: i64, outcome: NoticeState) -> Notice {
    Notice {
        id: NoticeId(id),
        kind: NoticeKind::Step { step: 0, round: 0 },
        level: Level::P0,
        alerts: alerts.iter().map(|a| AlertId(*a)).collect(),
        to: "li".to_owned(),
        channel: "popup".to_owned(),
        created_at: at,
        attempts: 0,
        outcome,
    }
}

pub fn mute(id: i64, from: i64, to: i64) -> Mute {
    Mute {
        id: MuteId(id),
        kind: MuteKind::Silence,
        matchers: vec![Matcher::equal("job", "order-service")],
        starts_at: from,
        ends_at: to,
        by: actor("li"),
        comment: "发布".to_owned(),
    }
}

/// Statements of somebody who has the file and no regard for the program.
pub async fn raw(path: &std::path::Path, sql: &str) -> Result<(), sqlx::Error> {
    use sqlx::Connection;
    let address = format!("sqlite:{}", path.display());
    let mut conn = sqlx::sqlite::SqliteConnection::connect(&address).await?;
    let done = sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned()))
        .execute(&mut conn)
        .await;
    conn.close().await?;
    done.map(|_| ())
}

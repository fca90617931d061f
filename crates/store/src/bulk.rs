//! Many rows by few statements.

use sqlx::query_builder::Separated;
use sqlx::sqlite::SqliteConnection;
use sqlx::{QueryBuilder, Sqlite};

/// Rows of one statement. With the widest table it is far below SQLite's 32,766 parameters, and more gains nothing.
const ROWS: usize = 512;

/// Writes all rows: `head` is the statement up to `VALUES`, `tail` what follows the values, `row` pushes one row's values.
///
/// Statements are made for 512, 256, …, 1 rows, so that few different texts are prepared and kept.
pub(crate) async fn insert<T>(
    conn: &mut SqliteConnection,
    head: &str,
    tail: &str,
    rows: Vec<T>,
    row: impl Fn(&mut Separated<'_, Sqlite, &'static str>, T),
) -> Result<(), sqlx::Error> {
    let mut left = rows.into_iter();
    while left.len() > 0 {
        let n = ROWS.min(1 << left.len().ilog2());
        let mut sql = QueryBuilder::<Sqlite>::new(head);
        sql.push(" ");
        sql.push_values(left.by_ref().take(n), |mut values, item| {
            row(&mut values, item);
        });
        sql.push(tail);
        sql.build().execute(&mut *conn).await?;
    }
    Ok(())
}

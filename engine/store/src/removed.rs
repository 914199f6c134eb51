//! The end of retention: a closed case that was exported is removed whole.
//!
//! The row in `removed` opens the log's trigger for this case alone, and refuses its birth for ever.

use sqlx::FromRow;

use crate::error::{ChoreError, ReadError};
use crate::store::Store;

/// What is left of a removed case.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct RemovedRow {
    /// The case.
    pub case_id: String,
    /// Its last revision.
    pub revision: i64,
    /// The hash of its last entry.
    pub hash: String,
    /// SHA-256 of the archive it was exported to.
    pub archive_sha: String,
    /// When.
    pub removed_at_ms: i64,
}

/// Every table that holds rows of a case, and the column that names it.
const TABLES: [&str; 10] = [
    "DELETE FROM log WHERE case_id = $1",
    "DELETE FROM tasks WHERE case_id = $1",
    "DELETE FROM timers WHERE case_id = $1",
    "DELETE FROM outbox WHERE case_id = $1",
    "DELETE FROM notices WHERE case_id = $1",
    "DELETE FROM inbox WHERE sender = $1 OR receiver = $1",
    "DELETE FROM receipts WHERE case_id = $1",
    "DELETE FROM personal WHERE case_id = $1",
    "DELETE FROM drafts WHERE case_id = $1",
    "DELETE FROM cases WHERE case_id = $1",
];

/// Removes `case_id` in one transaction and keeps its last hash with the hash of its archive;
/// `false`, and nothing is changed, if the case is absent, open, or has effects still queued.
pub async fn remove(
    store: &Store,
    case_id: &str,
    archive_sha: &str,
    now_ms: i64,
) -> Result<bool, ChoreError> {
    const SQL: &str = "
        INSERT INTO removed (case_id, revision, hash, archive_sha, removed_at_ms)
        SELECT c.case_id, c.revision, c.hash, $2, CAST($3 AS bigint) FROM cases c
        WHERE c.case_id = $1 AND c.done = $4 AND NOT EXISTS (
            SELECT 1 FROM outbox o WHERE o.case_id = c.case_id AND o.state = 'queued')";
    let mut writer = store.writer().await?;
    writer.begin().await?;
    let named = on!(&mut writer.tx, |connection| sqlx::query(SQL)
        .bind(case_id)
        .bind(archive_sha)
        .bind(now_ms)
        .bind(true)
        .execute(connection)
        .await
        .map(|done| done.rows_affected()))?;
    if named == 0 {
        writer.roll_back().await;
        return Ok(false);
    }
    for sql in TABLES {
        on!(&mut writer.tx, |connection| sqlx::query(sql)
            .bind(case_id)
            .execute(connection)
            .await
            .map(drop))?;
    }
    writer.commit().await?;
    Ok(true)
}

/// Every removed case, in the order of their ids.
pub async fn list(store: &Store) -> Result<Vec<RemovedRow>, ReadError> {
    const SQL: &str = "SELECT * FROM removed ORDER BY case_id";
    Ok(on!(store.reads(), |pool| sqlx::query_as(SQL).fetch_all(pool).await)?)
}

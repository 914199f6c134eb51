//! Seals over the heads: what a chain of hashes per case cannot see (a cut tail, a case that is gone).
//!
//! An anchor covers the heads that moved since the one before. How it is hashed is the caller's;
//! here it is kept, numbered without a gap, and never changed.

use serde::Serialize;
use sqlx::FromRow;
use sqlx::types::Json;

use crate::batch::document;
use crate::error::{ChoreError, ReadError};
use crate::store::Store;

/// A seal.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct AnchorRow {
    /// Counts from 1.
    pub anchor: i64,
    /// Hash of the anchor before.
    pub previous: String,
    /// Hash over the one before and the heads.
    pub hash: String,
    /// When it was taken.
    pub taken_at_ms: i64,
}

/// One head under a seal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, FromRow)]
pub struct AnchorHead {
    /// The case.
    pub case_id: String,
    /// Its revision at that moment.
    pub revision: i64,
    /// The hash of that entry.
    pub hash: String,
}

/// The last anchor, if there is one.
pub async fn last(store: &Store) -> Result<Option<AnchorRow>, ReadError> {
    const SQL: &str = "SELECT * FROM anchors ORDER BY anchor DESC LIMIT 1";
    Ok(on!(store.reads(), |pool| sqlx::query_as(SQL).fetch_optional(pool).await)?)
}

/// The heads that no anchor covers as they are now, in the order of their cases.
pub async fn moved(store: &Store) -> Result<Vec<AnchorHead>, ReadError> {
    const SQL: &str = "
        SELECT c.case_id, c.revision, c.hash FROM cases c
        WHERE NOT EXISTS (
            SELECT 1 FROM anchor_heads h WHERE h.case_id = c.case_id AND h.revision = c.revision)
        ORDER BY c.case_id";
    Ok(on!(store.reads(), |pool| sqlx::query_as(SQL).fetch_all(pool).await)?)
}

/// Writes the anchor number `anchor` with its heads; `false`, and nothing is written, if another
/// process has taken that number or the number before is not there.
pub async fn append(
    store: &Store,
    anchor: i64,
    previous: &str,
    hash: &str,
    taken_at_ms: i64,
    heads: &[AnchorHead],
) -> Result<bool, ChoreError> {
    const ANCHOR: &str = "
        INSERT INTO anchors (anchor, previous, hash, taken_at_ms)
        SELECT CAST($1 AS bigint), $2, $3, CAST($4 AS bigint)
        WHERE CAST($1 AS bigint) = (SELECT COALESCE(MAX(a.anchor), 0) + 1 FROM anchors a)
        ON CONFLICT (anchor) DO NOTHING";
    const HEADS: &str = "
        INSERT INTO anchor_heads (anchor, case_id, revision, hash)
        SELECT CAST($1 AS bigint), d.value->>'case_id', CAST(d.value->>'revision' AS bigint),
            d.value->>'hash'
        FROM jsonb_each($2) d
        WHERE CAST($1 AS bigint) > 0";
    let rows = document(heads.iter())?;
    let mut writer = store.writer().await?;
    writer.begin().await?;
    let written = on!(&mut writer.tx, |connection| sqlx::query(ANCHOR)
        .bind(anchor)
        .bind(previous)
        .bind(hash)
        .bind(taken_at_ms)
        .execute(connection)
        .await
        .map(|done| done.rows_affected()))?;
    if written == 0 {
        writer.roll_back().await;
        return Ok(false);
    }
    on!(&mut writer.tx, |connection| sqlx::query(HEADS)
        .bind(anchor)
        .bind(Json(&*rows))
        .execute(connection)
        .await
        .map(drop))?;
    writer.commit().await?;
    Ok(true)
}

/// Every anchor, in order.
pub async fn list(store: &Store) -> Result<Vec<AnchorRow>, ReadError> {
    const SQL: &str = "SELECT * FROM anchors ORDER BY anchor";
    Ok(on!(store.reads(), |pool| sqlx::query_as(SQL).fetch_all(pool).await)?)
}

/// The heads under one anchor, in the order of their cases.
pub async fn heads(store: &Store, anchor: i64) -> Result<Vec<AnchorHead>, ReadError> {
    const SQL: &str = "
        SELECT case_id, revision, hash FROM anchor_heads WHERE anchor = $1 ORDER BY case_id";
    Ok(on!(store.reads(), |pool| sqlx::query_as(SQL).bind(anchor).fetch_all(pool).await)?)
}

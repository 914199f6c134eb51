//! What was done about accounts and rights: who signed in or failed to, who gave whom which right.
//!
//! Persons stand here by their opaque ids, as in the log, so that erasing one leaves it as it is. Moments
//! are those of the real clock, whatever clock the cases run on.
//!
//! **Invariant:** a row is added and never changed; triggers refuse anything else.

use serde::Serialize;
use sqlx::FromRow;

use crate::error::{ChoreError, ReadError};
use crate::store::Store;

/// Something that was done.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct AuditRow {
    /// When.
    pub at_ms: i64,
    /// What, one of the words of whoever writes it, such as `signed_in`.
    pub what: String,
    /// Who did it; empty where that is not known.
    pub person: String,
    /// Whom or what it was done to; empty where that says nothing more.
    pub about: String,
    /// From which network address; empty where it came from none.
    pub address: String,
    /// More about it, in words or as JSON.
    pub detail: String,
}

/// What was done, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, FromRow)]
pub struct StoredAudit {
    /// Its place: a later one has a larger number.
    pub id: i64,
    /// See [`AuditRow::at_ms`].
    pub at_ms: i64,
    /// See [`AuditRow::what`].
    pub what: String,
    /// See [`AuditRow::person`].
    pub person: String,
    /// See [`AuditRow::about`].
    pub about: String,
    /// See [`AuditRow::address`].
    pub address: String,
    /// See [`AuditRow::detail`].
    pub detail: String,
}

/// Adds `row`.
pub async fn add(store: &Store, row: &AuditRow) -> Result<(), ChoreError> {
    const SQL: &str = "
        INSERT INTO audit (at_ms, what, person, about, address, detail)
        VALUES ($1, $2, $3, $4, $5, $6)";
    write_one!(
        store,
        SQL,
        row.at_ms,
        &row.what,
        &row.person,
        &row.about,
        &row.address,
        &row.detail
    );
    Ok(())
}

/// What was done, the latest first: before the row `before`, by or to `person` and called `what` where those are
/// not empty, `limit` of them at the most.
pub async fn list(
    store: &Store,
    person: &str,
    what: &str,
    before: i64,
    limit: i64,
) -> Result<Vec<StoredAudit>, ReadError> {
    const SQL: &str = "
        SELECT * FROM audit
        WHERE id < $1 AND ($2 = '' OR person = $2 OR about = $2) AND ($3 = '' OR what = $3)
        ORDER BY id DESC LIMIT $4";
    Ok(on!(store.reads(), |pool| {
        sqlx::query_as(SQL).bind(before).bind(person).bind(what).bind(limit).fetch_all(pool).await
    })?)
}

/// How often `what` was done from `address` since `since_ms`.
pub async fn count_from(
    store: &Store,
    address: &str,
    what: &str,
    since_ms: i64,
) -> Result<i64, ReadError> {
    const SQL: &str = "
        SELECT COUNT(*) FROM audit WHERE address = $1 AND what = $2 AND at_ms >= $3";
    Ok(on!(store.reads(), |pool| {
        sqlx::query_scalar(SQL).bind(address).bind(what).bind(since_ms).fetch_one(pool).await
    })?)
}

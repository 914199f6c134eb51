//! Settings that belong to the database itself: its clock (real, or virtual at an instant), its epoch,
//! the version of the assignments.

use crate::error::{ChoreError, ReadError};
use crate::store::Store;

/// The value of `key`, if it is set.
pub async fn find(store: &Store, key: &str) -> Result<Option<String>, ReadError> {
    const SQL: &str = "SELECT value FROM meta WHERE key = $1";
    Ok(on!(store.reads(), |pool| sqlx::query_scalar(SQL).bind(key).fetch_optional(pool).await)?)
}

/// Sets `key` to `value`, whatever it was.
pub async fn set(store: &Store, key: &str, value: &str) -> Result<(), ChoreError> {
    const SQL: &str = "
        INSERT INTO meta (key, value) VALUES ($1, $2)
        ON CONFLICT (key) DO UPDATE SET value = excluded.value";
    write_one!(store, SQL, key, value);
    Ok(())
}

/// Raises the epoch; to be called once after the database was restored from a copy, before anybody
/// writes. Followers of the feed then see numbers that are given a second time as new.
pub async fn raise_epoch(store: &Store) -> Result<(), ChoreError> {
    const SQL: &str = "
        UPDATE meta SET value = CAST(CAST(value AS bigint) + 1 AS text) WHERE key = 'epoch'";
    write_one!(store, SQL,);
    Ok(())
}

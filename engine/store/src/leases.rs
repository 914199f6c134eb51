//! Things that only one process may do at a time: anchors, schedules, a person's letter of the day.
//!
//! A lease keeps two from doing the same work; it does not make the work safe. What is done under it
//! must be harmless when done twice, because a holder may be slower than its lease.

use crate::error::ChoreError;
use crate::store::Store;

/// Takes the lease `name` for `owner` until `until_ms`, or prolongs it; whether `owner` has it now.
/// It is free when nobody has it or its time was over at `now_ms`.
pub async fn take(
    store: &Store,
    name: &str,
    owner: &str,
    now_ms: i64,
    until_ms: i64,
) -> Result<bool, ChoreError> {
    const SQL: &str = "
        INSERT INTO leases (name, owner, until_ms) VALUES ($1, $2, $3)
        ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, until_ms = excluded.until_ms
        WHERE leases.owner = excluded.owner OR leases.until_ms <= $4";
    Ok(write_one!(store, SQL, name, owner, until_ms, now_ms) == 1)
}

/// Gives the lease `name` back if `owner` has it; whether it had.
pub async fn release(store: &Store, name: &str, owner: &str) -> Result<bool, ChoreError> {
    const SQL: &str = "DELETE FROM leases WHERE name = $1 AND owner = $2";
    Ok(write_one!(store, SQL, name, owner) == 1)
}

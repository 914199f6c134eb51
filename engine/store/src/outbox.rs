//! Effects for the world: claimed, performed, and then done, tried again later, or dead.
//!
//! A process claims what is due for the length of a lease. If it dies between performing and saying
//! so, another performs it again under the same id, which the world can recognise.
//!
//! **Invariant:** what is done or dead is never claimed.

use sqlx::types::Json;

use crate::batch;
use crate::error::{ChoreError, ReadError};
use crate::rows::StoredOutbox;
use crate::store::{Db, Store};

macro_rules! claim {
    ($lock:literal) => {
        concat!(
            "WITH due AS MATERIALIZED (
                SELECT case_id, id FROM outbox
                WHERE state = 'queued' AND due_at_ms <= $2
                    AND (claimed_until_ms IS NULL OR claimed_until_ms <= $2)
                ORDER BY due_at_ms, id
                LIMIT $4 ",
            $lock,
            ")
            UPDATE outbox SET claimed_by = $1, claimed_until_ms = $3 FROM due
            WHERE outbox.case_id = due.case_id AND outbox.id = due.id
            RETURNING outbox.case_id, outbox.id, outbox.revision, outbox.ordinal, outbox.kind,
                outbox.body, outbox.due_at_ms, outbox.state, outbox.attempts, outbox.claimed_by,
                outbox.claimed_until_ms, outbox.error, outbox.done_at_ms"
        )
    };
}

/// Takes up to `limit` effects that are due at `now_ms` and that nobody holds, for `owner` until
/// `until_ms`; in the order (due, id).
pub async fn claim(
    store: &Store,
    owner: &str,
    now_ms: i64,
    until_ms: i64,
    limit: u32,
) -> Result<Vec<StoredOutbox>, ChoreError> {
    const SQLITE: &str = claim!("");
    // Differs by necessity: on PostgreSQL several may claim at once and step over each other's rows.
    const POSTGRES: &str = claim!("FOR UPDATE SKIP LOCKED");
    let mut writer = store.writer().await?;
    let sql = match writer.tx {
        Db::Sqlite(_) => SQLITE,
        Db::Postgres(_) => POSTGRES,
    };
    let mut rows: Vec<StoredOutbox> = on!(&mut writer.tx, |connection| sqlx::query_as(sql)
        .bind(owner)
        .bind(now_ms)
        .bind(until_ms)
        .bind(i64::from(limit))
        .fetch_all(connection)
        .await)?;
    writer.keep();
    rows.sort_by_cached_key(|stored| (stored.row.due_at_ms, stored.row.id.clone()));
    Ok(rows)
}

/// Lets the claim of `owner` on the effect `id` hold until `until_ms`; whether it was still theirs.
pub async fn renew(
    store: &Store,
    owner: &str,
    id: &str,
    until_ms: i64,
) -> Result<bool, ChoreError> {
    const SQL: &str = "
        UPDATE outbox SET claimed_until_ms = $3
        WHERE state = 'queued' AND id = $1 AND claimed_by = $2";
    Ok(write_one!(store, SQL, id, owner, until_ms) == 1)
}

/// Gives back whatever `owner` holds; how many effects that were.
pub async fn release(store: &Store, owner: &str) -> Result<u64, ChoreError> {
    const SQL: &str = "
        UPDATE outbox SET claimed_by = NULL, claimed_until_ms = NULL
        WHERE state = 'queued' AND claimed_by = $1";
    Ok(write_one!(store, SQL, owner))
}

/// Says that effects were performed; how many of them were still queued.
pub async fn done<S: AsRef<str>>(store: &Store, ids: &[S], now_ms: i64) -> Result<u64, ChoreError> {
    const SQL: &str = "
        UPDATE outbox
        SET state = 'done', attempts = attempts + 1, error = NULL, done_at_ms = $2,
            claimed_by = NULL, claimed_until_ms = NULL
        WHERE state = 'queued' AND id IN (SELECT d.value->>'id' FROM jsonb_each($1) d)";
    let ids = batch::ids(ids)?;
    Ok(write_one!(store, SQL, Json(&*ids), now_ms))
}

/// Says that an attempt of `owner` failed and when to try again; whether `owner` still held it.
///
/// One whose lease ended in the middle of its attempt says nothing about that of its successor.
pub async fn failed(
    store: &Store,
    id: &str,
    owner: &str,
    error: &str,
    retry_at_ms: i64,
) -> Result<bool, ChoreError> {
    const SQL: &str = "
        UPDATE outbox
        SET attempts = attempts + 1, error = $3, due_at_ms = $4, claimed_by = NULL,
            claimed_until_ms = NULL
        WHERE id = $1 AND state = 'queued' AND claimed_by = $2";
    Ok(write_one!(store, SQL, id, owner, error, retry_at_ms) == 1)
}

/// Gives an effect up that `owner` holds and says why; whether `owner` still held it.
pub async fn dead(
    store: &Store,
    id: &str,
    owner: &str,
    error: &str,
    now_ms: i64,
) -> Result<bool, ChoreError> {
    const SQL: &str = "
        UPDATE outbox
        SET state = 'dead', attempts = attempts + 1, error = $3, done_at_ms = $4,
            claimed_by = NULL, claimed_until_ms = NULL
        WHERE id = $1 AND state = 'queued' AND claimed_by = $2";
    Ok(write_one!(store, SQL, id, owner, error, now_ms) == 1)
}

/// Queues a dead effect again, due at `now_ms`, its attempts forgotten; whether it was dead.
pub async fn requeue(store: &Store, id: &str, now_ms: i64) -> Result<bool, ChoreError> {
    const SQL: &str = "
        UPDATE outbox SET state = 'queued', attempts = 0, due_at_ms = $2, done_at_ms = NULL
        WHERE id = $1 AND state = 'dead'";
    Ok(write_one!(store, SQL, id, now_ms) == 1)
}

/// The effect with `id`, if there is one.
pub async fn find(store: &Store, id: &str) -> Result<Option<StoredOutbox>, ReadError> {
    const SQL: &str = "SELECT * FROM outbox WHERE id = $1";
    Ok(on!(store.reads(), |pool| sqlx::query_as(SQL).bind(id).fetch_optional(pool).await)?)
}

/// The earliest moment at which a queued effect is due, claimed or not.
pub async fn next_due(store: &Store) -> Result<Option<i64>, ReadError> {
    const SQL: &str = "SELECT MIN(due_at_ms) FROM outbox WHERE state = 'queued'";
    Ok(on!(store.reads(), |pool| sqlx::query_scalar(SQL).fetch_one(pool).await)?)
}

/// The first `limit` effects after the id `after` (empty: from the start) in the order of their ids;
/// only those in `state` (`queued`, `done`, `dead`) and of `case_id`, if given.
pub async fn list(
    store: &Store,
    state: Option<&str>,
    case_id: Option<&str>,
    after: &str,
    limit: i64,
) -> Result<Vec<StoredOutbox>, ReadError> {
    const OF_ALL: &str = "
        SELECT * FROM outbox
        WHERE id > $3 AND (CAST($1 AS text) IS NULL OR state = $1) AND CAST($2 AS text) IS NULL
        ORDER BY id
        LIMIT $4";
    // Said plainly, or the rows of every case are walked.
    const OF_CASE: &str = "
        SELECT * FROM outbox
        WHERE case_id = $2 AND id > $3 AND (CAST($1 AS text) IS NULL OR state = $1)
        ORDER BY id
        LIMIT $4";
    let sql = if case_id.is_some() { OF_CASE } else { OF_ALL };
    Ok(on!(store.reads(), |pool| {
        sqlx::query_as(sql).bind(state).bind(case_id).bind(after).bind(limit).fetch_all(pool).await
    })?)
}

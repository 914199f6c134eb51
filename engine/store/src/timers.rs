//! Moments at which cases want to be woken: claimed, fired, gone.
//!
//! A process claims what is due for the length of a lease and sends each as a command; the commit of
//! what it led to deletes the row. Claims only keep two processes from doing the same work: whether a
//! timer still counts is decided by its generation inside the step.
//!
//! **Invariant:** a dead timer is never claimed; it waits for somebody to look at it.

use crate::error::{ChoreError, ReadError};
use crate::rows::{StoredTimer, TimerRow};
use crate::store::{Db, Store};

/// The earliest moment at which a living timer is due, claimed or not.
pub async fn next_due(store: &Store) -> Result<Option<i64>, ReadError> {
    const SQL: &str = "SELECT MIN(due_at_ms) FROM timers WHERE state = 'waiting'";
    Ok(on!(store.reads(), |pool| sqlx::query_scalar(SQL).fetch_one(pool).await)?)
}

macro_rules! claim {
    ($lock:literal) => {
        concat!(
            "WITH due AS MATERIALIZED (
                SELECT case_id, name, generation FROM timers
                WHERE state = 'waiting' AND due_at_ms <= $2
                    AND (claimed_until_ms IS NULL OR claimed_until_ms <= $2)
                ORDER BY due_at_ms, case_id, name
                LIMIT $4 ",
            $lock,
            ")
            UPDATE timers SET claimed_by = $1, claimed_until_ms = $3 FROM due
            WHERE timers.case_id = due.case_id AND timers.name = due.name
                AND timers.generation = due.generation
            RETURNING timers.case_id, timers.name, timers.generation, timers.due_at_ms"
        )
    };
}

/// Takes up to `limit` timers that are due at `now_ms` and that nobody holds, for `owner` until
/// `until_ms`; in the order (due, case, name).
pub async fn claim(
    store: &Store,
    owner: &str,
    now_ms: i64,
    until_ms: i64,
    limit: u32,
) -> Result<Vec<TimerRow>, ChoreError> {
    const SQLITE: &str = claim!("");
    // Differs by necessity: on PostgreSQL several may claim at once and step over each other's rows.
    const POSTGRES: &str = claim!("FOR UPDATE SKIP LOCKED");
    let mut writer = store.writer().await?;
    let sql = match writer.tx {
        Db::Sqlite(_) => SQLITE,
        Db::Postgres(_) => POSTGRES,
    };
    let mut timers: Vec<TimerRow> = on!(&mut writer.tx, |connection| sqlx::query_as(sql)
        .bind(owner)
        .bind(now_ms)
        .bind(until_ms)
        .bind(i64::from(limit))
        .fetch_all(connection)
        .await)?;
    writer.keep();
    let order = |timer: &TimerRow| {
        (timer.due_at_ms, timer.case_id.clone(), timer.name.clone(), timer.generation)
    };
    timers.sort_by_cached_key(order);
    Ok(timers)
}

/// Gives back whatever `owner` holds; how many timers that were.
pub async fn release(store: &Store, owner: &str) -> Result<u64, ChoreError> {
    const SQL: &str = "
        UPDATE timers SET claimed_by = NULL, claimed_until_ms = NULL
        WHERE state = 'waiting' AND claimed_by = $1";
    Ok(write_one!(store, SQL, owner))
}

/// Deletes a timer that no longer means anything to its case; whether it was there.
pub async fn drop_void(store: &Store, timer: &TimerRow) -> Result<bool, ChoreError> {
    const SQL: &str = "DELETE FROM timers WHERE case_id = $1 AND name = $2 AND generation = $3";
    let TimerRow { case_id, name, generation, .. } = timer;
    Ok(write_one!(store, SQL, case_id, name, generation) == 1)
}

/// Marks a timer dead that failed in the hands of `owner`, and says why; whether it still was in them.
pub async fn bury(
    store: &Store,
    owner: &str,
    timer: &TimerRow,
    error: &str,
    now_ms: i64,
) -> Result<bool, ChoreError> {
    const SQL: &str = "
        UPDATE timers
        SET state = 'dead', error = $4, dead_at_ms = $5, claimed_by = NULL, claimed_until_ms = NULL
        WHERE case_id = $1 AND name = $2 AND generation = $3 AND claimed_by = $6";
    let TimerRow { case_id, name, generation, .. } = timer;
    Ok(write_one!(store, SQL, case_id, name, generation, error, now_ms, owner) == 1)
}

/// Lets the dead timers of `case_id` run again; how many.
pub async fn revive(store: &Store, case_id: &str) -> Result<u64, ChoreError> {
    const SQL: &str = "
        UPDATE timers SET state = 'waiting', error = NULL, dead_at_ms = NULL
        WHERE case_id = $1 AND state = 'dead'";
    Ok(write_one!(store, SQL, case_id))
}

/// The living timers of `case_id`, with who holds them, in the order (due, name).
pub async fn of_case(store: &Store, case_id: &str) -> Result<Vec<StoredTimer>, ReadError> {
    const SQL: &str = "
        SELECT case_id, name, generation, due_at_ms, claimed_by, claimed_until_ms FROM timers
        WHERE case_id = $1 AND state = 'waiting'
        ORDER BY due_at_ms, name, generation";
    Ok(on!(store.reads(), |pool| sqlx::query_as(SQL).bind(case_id).fetch_all(pool).await)?)
}

/// The dead timers of `case_id`, in the order (due, name).
pub async fn dead_of_case(store: &Store, case_id: &str) -> Result<Vec<TimerRow>, ReadError> {
    const SQL: &str = "
        SELECT case_id, name, generation, due_at_ms FROM timers
        WHERE case_id = $1 AND state = 'dead'
        ORDER BY due_at_ms, name, generation";
    Ok(on!(store.reads(), |pool| sqlx::query_as(SQL).bind(case_id).fetch_all(pool).await)?)
}

/// The living timers that are due at or before `until_ms`, at most `limit`, in the order (due, case,
/// name).
pub async fn upcoming(
    store: &Store,
    until_ms: i64,
    limit: i64,
) -> Result<Vec<StoredTimer>, ReadError> {
    const SQL: &str = "
        SELECT case_id, name, generation, due_at_ms, claimed_by, claimed_until_ms FROM timers
        WHERE state = 'waiting' AND due_at_ms <= $1
        ORDER BY due_at_ms, case_id, name, generation
        LIMIT $2";
    Ok(on!(store.reads(), |pool| {
        sqlx::query_as(SQL).bind(until_ms).bind(limit).fetch_all(pool).await
    })?)
}

//! Messages between cases: written in the sender's commit, deleted in the receiver's.
//!
//! A commit that consumes a message which is gone is refused ([`mod@crate::commit`]), so a message is
//! delivered exactly once whoever claims it. Claims keep the order: of one pair of cases a message is
//! never claimed while an earlier one is held by somebody else. Earlier is (due, revision, ordinal):
//! a message with a delay is overtaken by one without.
//!
//! **Invariant:** a dead message is never claimed and holds nobody up.

use crate::error::{ChoreError, ReadError};
use crate::rows::{InboxRow, StoredInbox};
use crate::store::{Db, Store};

/// The earliest moment at which a waiting message is due, claimed or not.
pub async fn next_due(store: &Store) -> Result<Option<i64>, ReadError> {
    const SQL: &str = "SELECT MIN(due_at_ms) FROM inbox WHERE state = 'waiting'";
    Ok(on!(store.reads(), |pool| sqlx::query_scalar(SQL).fetch_one(pool).await)?)
}

macro_rules! claim {
    ($lock:literal) => {
        concat!(
            "WITH due AS MATERIALIZED (
                SELECT i.sender, i.revision, i.ordinal FROM inbox i
                WHERE i.state = 'waiting' AND i.due_at_ms <= $2
                    AND (i.claimed_until_ms IS NULL OR i.claimed_until_ms <= $2)
                    AND NOT EXISTS (
                        SELECT 1 FROM inbox e
                        WHERE e.receiver = i.receiver AND e.sender = i.sender
                            AND (e.due_at_ms, e.revision, e.ordinal)
                                < (i.due_at_ms, i.revision, i.ordinal)
                            AND e.state = 'waiting' AND e.claimed_until_ms > $2)
                ORDER BY i.due_at_ms, i.sender, i.revision, i.ordinal
                LIMIT $4 ",
            $lock,
            ")
            UPDATE inbox SET claimed_by = $1, claimed_until_ms = $3 FROM due
            WHERE inbox.sender = due.sender AND inbox.revision = due.revision
                AND inbox.ordinal = due.ordinal
            RETURNING inbox.receiver, inbox.sender, inbox.revision, inbox.ordinal, inbox.kind,
                inbox.event, inbox.payload, inbox.from_child, inbox.due_at_ms, inbox.body"
        )
    };
}

/// Takes up to `limit` messages that are due at `now_ms` and that nobody holds, for `owner` until
/// `until_ms`; in the order (due, sender, revision, ordinal).
pub async fn claim(
    store: &Store,
    owner: &str,
    now_ms: i64,
    until_ms: i64,
    limit: u32,
) -> Result<Vec<InboxRow>, ChoreError> {
    const SQLITE: &str = claim!("");
    // Differs by necessity: on PostgreSQL several processes claim, and a row that another has locked
    // but not yet claimed in our sight would let a later one overtake it. So they claim in turn; the
    // rows of a commit under way are stepped over.
    const POSTGRES: &str = claim!("FOR UPDATE OF i SKIP LOCKED");
    const TURN: &str =
        "SELECT pg_advisory_xact_lock(hashtext('cotmoc.inbox.' || current_schema()))";
    let mut writer = store.writer().await?;
    writer.begin().await?;
    let sql = match &mut writer.tx {
        Db::Sqlite(_) => SQLITE,
        Db::Postgres(connection) => {
            sqlx::query(TURN).execute(connection).await?;
            POSTGRES
        }
    };
    let mut rows: Vec<InboxRow> = on!(&mut writer.tx, |connection| sqlx::query_as(sql)
        .bind(owner)
        .bind(now_ms)
        .bind(until_ms)
        .bind(i64::from(limit))
        .fetch_all(connection)
        .await)?;
    writer.commit().await?;
    rows.sort_by_cached_key(|row| (row.due_at_ms, row.sender.clone(), row.revision, row.ordinal));
    Ok(rows)
}

/// Gives back whatever `owner` holds; how many messages that were.
pub async fn release(store: &Store, owner: &str) -> Result<u64, ChoreError> {
    const SQL: &str = "
        UPDATE inbox SET claimed_by = NULL, claimed_until_ms = NULL
        WHERE state = 'waiting' AND claimed_by = $1";
    Ok(write_one!(store, SQL, owner))
}

/// Deletes a message that means nothing to its receiver; whether it was there.
pub async fn drop_void(store: &Store, row: &InboxRow) -> Result<bool, ChoreError> {
    const SQL: &str = "DELETE FROM inbox WHERE sender = $1 AND revision = $2 AND ordinal = $3";
    Ok(write_one!(store, SQL, &row.sender, row.revision, row.ordinal) == 1)
}

/// Marks a message dead that failed in the hands of `owner`, and says why; whether it still was in
/// them.
pub async fn bury(
    store: &Store,
    owner: &str,
    row: &InboxRow,
    error: &str,
    now_ms: i64,
) -> Result<bool, ChoreError> {
    const SQL: &str = "
        UPDATE inbox
        SET state = 'dead', error = $4, dead_at_ms = $5, claimed_by = NULL, claimed_until_ms = NULL
        WHERE sender = $1 AND revision = $2 AND ordinal = $3 AND claimed_by = $6";
    let InboxRow { sender, revision, ordinal, .. } = row;
    Ok(write_one!(store, SQL, sender, revision, ordinal, error, now_ms, owner) == 1)
}

/// Lets the dead messages to `receiver` run again; how many.
pub async fn revive(store: &Store, receiver: &str) -> Result<u64, ChoreError> {
    const SQL: &str = "
        UPDATE inbox SET state = 'waiting', error = NULL, dead_at_ms = NULL
        WHERE receiver = $1 AND state = 'dead'";
    Ok(write_one!(store, SQL, receiver))
}

/// The first `limit` messages, waiting and dead, in the order (due, sender, revision, ordinal); only
/// those to `receiver` if one is given.
pub async fn list(
    store: &Store,
    receiver: Option<&str>,
    limit: i64,
) -> Result<Vec<StoredInbox>, ReadError> {
    const SQL: &str = "
        SELECT * FROM inbox WHERE CAST($1 AS text) IS NULL OR receiver = $1
        ORDER BY due_at_ms, sender, revision, ordinal
        LIMIT $2";
    Ok(on!(store.reads(), |pool| {
        sqlx::query_as(SQL).bind(receiver).bind(limit).fetch_all(pool).await
    })?)
}

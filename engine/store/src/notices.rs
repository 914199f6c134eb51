//! What reminders say, until it becomes a letter.
//!
//! One process builds letters at a time: it holds a lease, reads what is unbuilt, and in one
//! transaction queues the letters and names them on the notices ([`build`]). A notice with several
//! holders goes into several letters; it carries the first of them.
//!
//! **Invariant:** a notice is built once; the letter that it names is in the outbox.

use serde::Serialize;
use sqlx::types::Json;

use crate::batch::{self, document};
use crate::error::{ChoreError, ReadError};
use crate::leases;
use crate::rows::{NoticeRow, OutboxRow, StoredNotice};
use crate::store::Store;

/// Takes the letter of `person` for `local_date` (`2022-11-25`) for `owner` until `until_ms`;
/// whether it was free.
pub async fn claim_digest(
    store: &Store,
    person: &str,
    local_date: &str,
    owner: &str,
    now_ms: i64,
    until_ms: i64,
) -> Result<bool, ChoreError> {
    leases::take(store, &format!("digest:{person}:{local_date}"), owner, now_ms, until_ms).await
}

/// Writes notices that no step has asked for (a failure the administrator must hear of); one that is
/// there already is left as it is. How many are new.
pub async fn put(store: &Store, rows: &[NoticeRow]) -> Result<u64, ChoreError> {
    const SQL: &str = "
        INSERT INTO notices (case_id, id, revision, ordinal, role, subject, letter, item, rung,
            due_at_ms, immediate, data, created_at_ms)
        SELECT d.value->>'case_id', d.value->>'id', CAST(d.value->>'revision' AS bigint),
            CAST(d.value->>'ordinal' AS bigint), d.value->>'role', d.value->>'subject',
            d.value->>'letter', d.value->>'item', d.value->>'rung',
            CAST(d.value->>'due_at_ms' AS bigint), CAST(d.value->>'immediate' AS boolean),
            d.value->>'data', CAST(d.value->>'created_at_ms' AS bigint)
        FROM jsonb_each($1) d WHERE d.value->>'id' <> ''
        ON CONFLICT (case_id, id) DO NOTHING";
    let rows = document(rows.iter())?;
    Ok(write_one!(store, SQL, Json(&*rows)))
}

/// The first `limit` notices that were written at or before `before_ms` and are in no letter yet,
/// the oldest first; only immediate or only gathered ones, if given.
pub async fn unbuilt(
    store: &Store,
    before_ms: i64,
    immediate: Option<bool>,
    limit: i64,
) -> Result<Vec<StoredNotice>, ReadError> {
    const SQL: &str = "
        SELECT * FROM notices
        WHERE built IS NULL AND created_at_ms <= $1
            AND (CAST($2 AS boolean) IS NULL OR immediate = $2)
        ORDER BY created_at_ms, id
        LIMIT $3";
    Ok(on!(store.reads(), |pool| {
        sqlx::query_as(SQL).bind(before_ms).bind(immediate).bind(limit).fetch_all(pool).await
    })?)
}

const MARK: &str = "
    UPDATE notices SET built = $1
    WHERE built IS NULL AND id IN (SELECT d.value->>'id' FROM jsonb_each($2) d)";

/// Names the letter on those of the notices `ids` that are in none yet; how many that were. For a
/// notice that nobody is to get, the letter is a word that says so.
pub async fn mark_built(store: &Store, ids: &[String], letter: &str) -> Result<u64, ChoreError> {
    let ids = batch::ids(ids)?;
    Ok(write_one!(store, MARK, letter, Json(&*ids)))
}

/// Queues `letters` and names on each notice of `built` (id, letter) the letter that tells it, all in
/// one transaction; whether it was done. If one of the notices is in a letter already, somebody else
/// was building: nothing is written. Letters that are queued already are left as they are.
pub async fn build(
    store: &Store,
    built: &[(String, String)],
    letters: &[OutboxRow],
) -> Result<bool, ChoreError> {
    const NAME: &str = "
        UPDATE notices SET built = d.value->>'letter' FROM jsonb_each($1) d
        WHERE notices.built IS NULL AND notices.id = d.value->>'id'";
    const QUEUE: &str = "
        INSERT INTO outbox (case_id, id, revision, ordinal, kind, body, due_at_ms)
        SELECT d.value->>'case_id', d.value->>'id', CAST(d.value->>'revision' AS bigint),
            CAST(d.value->>'ordinal' AS bigint), d.value->>'kind', d.value->>'body',
            CAST(d.value->>'due_at_ms' AS bigint)
        FROM jsonb_each($1) d
        WHERE NOT EXISTS (SELECT 1 FROM outbox o WHERE o.id = d.value->>'id')
        ON CONFLICT (case_id, id) DO NOTHING";
    let rows = document(letters.iter())?;
    let names = document(built.iter().map(|(id, letter)| Built { id, letter }))?;
    let mut writer = store.writer().await?;
    writer.begin().await?;
    let named = on!(&mut writer.tx, |connection| sqlx::query(NAME)
        .bind(Json(&*names))
        .execute(connection)
        .await?
        .rows_affected());
    if usize::try_from(named) != Ok(built.len()) {
        writer.roll_back().await;
        return Ok(false);
    }
    on!(&mut writer.tx, |connection| {
        sqlx::query(QUEUE).bind(Json(&*rows)).execute(connection).await?;
    });
    writer.commit().await?;
    Ok(true)
}

/// The notices of `case_id`, in the order they were written.
pub async fn of_case(store: &Store, case_id: &str) -> Result<Vec<StoredNotice>, ReadError> {
    const SQL: &str = "SELECT * FROM notices WHERE case_id = $1 ORDER BY revision, ordinal, id";
    Ok(on!(store.reads(), |pool| sqlx::query_as(SQL).bind(case_id).fetch_all(pool).await)?)
}

#[derive(Serialize)]
struct Built<'a> {
    id: &'a str,
    letter: &'a str,
}

//! What one person asked for on many tasks at once, and what became of each.
//!
//! A batch is written whole before its first command is sent, and each command's key follows from it; so
//! whoever goes on after a crash sends what was sent already without harm, and writes the outcome.
//!
//! **Invariant:** an outcome is written after its command was answered; what is settled stays, but for a failure
//! that somebody asks to try again.

use serde::Serialize;
use sqlx::FromRow;
use sqlx::types::Json;

use crate::batch::document;
use crate::error::{ChoreError, ReadError};
use crate::store::Store;

/// A batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, FromRow)]
pub struct BatchRow {
    /// Its id.
    pub id: String,
    /// `remind` or `escalate`.
    pub kind: String,
    /// Who asked for it.
    pub person: String,
    /// What is said with each item.
    pub note: String,
    /// The local day it was asked for.
    pub local_date: String,
    /// When it was asked for.
    pub created_at_ms: i64,
}

/// One task of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, FromRow)]
pub struct ItemRow {
    /// The batch.
    pub batch_id: String,
    /// Its place in it, from 0.
    pub item: i64,
    /// The case.
    pub case_id: String,
    /// The task's state.
    pub state: String,
    /// Which entry of the state.
    pub generation: i64,
    /// The task's element.
    pub element: String,
    /// The role that owes it.
    pub role: String,
    /// The role that is told.
    pub told: String,
    /// Whether it is told even if it was told that day.
    pub forced: bool,
    /// `waiting`, `done`, `skipped` or `failed`.
    pub outcome: String,
    /// Why it was skipped or failed: a short word, and what was said where there is more to say.
    pub why: String,
    /// The revision of the entry that records it.
    pub revision: Option<i64>,
    /// How often it was tried.
    pub tries: i64,
    /// When it was settled.
    pub settled_at_ms: Option<i64>,
}

/// What a command was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// `done`, `skipped` or `failed`.
    pub outcome: &'static str,
    /// Why, where it was not done.
    pub why: String,
    /// The revision of the entry.
    pub revision: Option<i64>,
}

/// How far the letter of an item has come.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct ItemLetter {
    /// The item.
    pub item: i64,
    /// The letter that tells it, once there is one; `nobody` if nobody could be told.
    pub built: Option<String>,
    /// `queued`, `done` or `dead`, once it lies in the outbox.
    pub state: Option<String>,
    /// Why it could not be delivered.
    pub error: Option<String>,
}

/// When a role was told of something of a case.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Told {
    /// The case.
    pub case_id: String,
    /// The role that was told.
    pub role: String,
    /// What it was about: the state's id.
    pub item: String,
    /// In which letter.
    pub letter: String,
    /// The rung; `by hand`, or empty.
    pub rung: String,
    /// What went with it.
    pub data: String,
    /// When it was written.
    pub created_at_ms: i64,
    /// Where the letter lies that tells it: `letters/2022-11-25`; none while there is no letter.
    pub place: Option<String>,
}

/// Writes `batch` with its `items`, all or none; whether it is new. One of the same id is left as it is.
pub async fn put(store: &Store, batch: &BatchRow, items: &[ItemRow]) -> Result<bool, ChoreError> {
    const BATCH: &str = "
        INSERT INTO batches (id, kind, person, note, local_date, created_at_ms)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (id) DO NOTHING";
    const ITEMS: &str = "
        INSERT INTO batch_items (batch_id, item, case_id, state, generation, element, role, told, forced, outcome, why)
        SELECT d.value->>'batch_id', CAST(d.value->>'item' AS bigint), d.value->>'case_id',
            d.value->>'state', CAST(d.value->>'generation' AS bigint), d.value->>'element',
            d.value->>'role', d.value->>'told', CAST(d.value->>'forced' AS boolean),
            d.value->>'outcome', d.value->>'why'
        FROM jsonb_each($1) d WHERE d.value->>'batch_id' <> ''";
    let rows = document(items.iter())?;
    let mut writer = store.writer().await?;
    writer.begin().await?;
    let written = on!(&mut writer.tx, |connection| sqlx::query(BATCH)
        .bind(&batch.id)
        .bind(&batch.kind)
        .bind(&batch.person)
        .bind(&batch.note)
        .bind(&batch.local_date)
        .bind(batch.created_at_ms)
        .execute(connection)
        .await?
        .rows_affected());
    if written == 0 {
        writer.roll_back().await;
        return Ok(false);
    }
    on!(&mut writer.tx, |connection| {
        sqlx::query(ITEMS).bind(Json(&*rows)).execute(connection).await?;
    });
    writer.commit().await?;
    Ok(true)
}

/// The batch `id`, if there is one.
pub async fn find(store: &Store, id: &str) -> Result<Option<BatchRow>, ReadError> {
    const SQL: &str = "SELECT * FROM batches WHERE id = $1";
    Ok(on!(store.reads(), |pool| sqlx::query_as(SQL).bind(id).fetch_optional(pool).await)?)
}

/// The last `limit` batches, the newest first.
pub async fn list(store: &Store, limit: i64) -> Result<Vec<BatchRow>, ReadError> {
    const SQL: &str = "SELECT * FROM batches ORDER BY created_at_ms DESC, id LIMIT $1";
    Ok(on!(store.reads(), |pool| sqlx::query_as(SQL).bind(limit).fetch_all(pool).await)?)
}

/// The items of the batch `id`, in their order.
pub async fn items(store: &Store, id: &str) -> Result<Vec<ItemRow>, ReadError> {
    const SQL: &str = "SELECT * FROM batch_items WHERE batch_id = $1 ORDER BY item";
    Ok(on!(store.reads(), |pool| sqlx::query_as(SQL).bind(id).fetch_all(pool).await)?)
}

/// The batches in which something waits, by id.
pub async fn waiting(store: &Store) -> Result<Vec<String>, ReadError> {
    const SQL: &str =
        "SELECT DISTINCT batch_id FROM batch_items WHERE outcome = 'waiting' ORDER BY batch_id";
    Ok(on!(store.reads(), |pool| sqlx::query_scalar(SQL).fetch_all(pool).await)?)
}

/// Writes what became of an item that waits; whether it did.
pub async fn settle(
    store: &Store,
    id: &str,
    item: i64,
    outcome: &Outcome,
    now_ms: i64,
) -> Result<bool, ChoreError> {
    const SQL: &str = "
        UPDATE batch_items SET outcome = $3, why = $4, revision = $5, tries = tries + 1, settled_at_ms = $6
        WHERE batch_id = $1 AND item = $2 AND outcome = 'waiting'";
    let Outcome { outcome, why, revision } = outcome;
    Ok(write_one!(store, SQL, id, item, *outcome, why, *revision, now_ms) == 1)
}

/// Lets the items of the batch `id` that failed wait again; how many they are.
pub async fn again(store: &Store, id: &str) -> Result<u64, ChoreError> {
    const SQL: &str = "
        UPDATE batch_items SET outcome = 'waiting', why = '', settled_at_ms = NULL
        WHERE batch_id = $1 AND outcome = 'failed'";
    Ok(write_one!(store, SQL, id))
}

/// How far the letters of the batch `id` have come, by item.
pub async fn letters(store: &Store, id: &str) -> Result<Vec<ItemLetter>, ReadError> {
    const SQL: &str = "
        SELECT i.item, n.built, o.state, o.error FROM batch_items i
        JOIN notices n ON n.case_id = i.case_id AND n.revision = i.revision
        LEFT JOIN outbox o ON o.id = n.built
        WHERE i.batch_id = $1 ORDER BY i.item";
    Ok(on!(store.reads(), |pool| sqlx::query_as(SQL).bind(id).fetch_all(pool).await)?)
}

/// Whom the cases `case_ids` told what that falls due, from `from_ms` on, in the order in which it was written.
pub async fn told(
    store: &Store,
    case_ids: &[String],
    from_ms: i64,
) -> Result<Vec<Told>, ReadError> {
    const SQL: &str = "
        SELECT n.case_id, n.role, n.item, n.letter, n.rung, n.data, n.created_at_ms, o.case_id AS place
        FROM jsonb_each($1) d JOIN notices n ON n.case_id = d.value->>'id'
        LEFT JOIN outbox o ON o.id = n.built
        WHERE n.created_at_ms >= $2 AND n.letter IN ('reminder', 'due_today', 'overdue', 'escalation')
        ORDER BY n.created_at_ms, n.id";
    let ids = crate::batch::ids(case_ids)?;
    Ok(on!(store.reads(), |pool| {
        sqlx::query_as(SQL).bind(Json(&*ids)).bind(from_ms).fetch_all(pool).await
    })?)
}

//! What somebody typed into the form of an act and has not sent yet.
//!
//! A draft is one person's: no function here gives it to another. It is no part of the case and is in no
//! log, so it can go without a trace, and does when the act is recorded. Moments are those of the real clock,
//! whatever clock the cases run on.
//!
//! **Invariant:** a draft goes with its person ([`crate::personal::erase_person`]) and with its case
//! ([`crate::removed::remove`]).

use serde::Serialize;
use sqlx::FromRow;

use crate::error::{ChoreError, ReadError};
use crate::store::Store;

/// What one person typed into the form of one act. Key: (person, case, event).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, FromRow)]
pub struct DraftRow {
    /// Whose it is.
    pub person: String,
    /// The case.
    pub case_id: String,
    /// The act.
    pub event: String,
    /// JSON: what was typed, by the names of the fields.
    pub fields: String,
    /// JSON: the form that it was typed into.
    pub form: String,
    /// When it was kept.
    pub saved_at_ms: i64,
}

/// Keeps a draft in the place of the one before.
pub async fn put(store: &Store, row: &DraftRow) -> Result<(), ChoreError> {
    const SQL: &str = "
        INSERT INTO drafts (person, case_id, event, fields, form, saved_at_ms)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (person, case_id, event) DO UPDATE SET fields = excluded.fields,
            form = excluded.form, saved_at_ms = excluded.saved_at_ms";
    let DraftRow { person, case_id, event, fields, form, saved_at_ms } = row;
    write_one!(store, SQL, person, case_id, event, fields, form, saved_at_ms);
    Ok(())
}

/// The draft of `person` for `event` in `case_id`, if there is one.
pub async fn find(
    store: &Store,
    person: &str,
    case_id: &str,
    event: &str,
) -> Result<Option<DraftRow>, ReadError> {
    const SQL: &str = "SELECT * FROM drafts WHERE person = $1 AND case_id = $2 AND event = $3";
    Ok(on!(store.reads(), |pool| {
        sqlx::query_as(SQL).bind(person).bind(case_id).bind(event).fetch_optional(pool).await
    })?)
}

/// The drafts of `person` in all cases, in the order of cases and events.
pub async fn of_person(store: &Store, person: &str) -> Result<Vec<DraftRow>, ReadError> {
    const SQL: &str = "SELECT * FROM drafts WHERE person = $1 ORDER BY case_id, event";
    Ok(on!(store.reads(), |pool| sqlx::query_as(SQL).bind(person).fetch_all(pool).await)?)
}

/// Throws a draft away; whether there was one.
pub async fn discard(
    store: &Store,
    person: &str,
    case_id: &str,
    event: &str,
) -> Result<bool, ChoreError> {
    const SQL: &str = "DELETE FROM drafts WHERE person = $1 AND case_id = $2 AND event = $3";
    Ok(write_one!(store, SQL, person, case_id, event) > 0)
}

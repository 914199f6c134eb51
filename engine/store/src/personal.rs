//! Personal values, apart from the log, which names them by reference and commitment only.
//!
//! **Invariant:** erasing changes nothing that is hashed.

use serde::Serialize;
use sqlx::FromRow;
use sqlx::types::Json;

use crate::batch::document;
use crate::error::{ChoreError, ReadError};
use crate::store::{Db, Store};
use crate::writer::Tx;

/// A value and the salt of its commitment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, FromRow)]
pub struct PersonalRow {
    /// What the log calls it.
    #[sqlx(rename = "ref")]
    #[serde(rename = "ref")]
    pub reference: String,
    /// The case it was sent to.
    pub case_id: String,
    /// Whose it is, if that is known.
    pub person: Option<String>,
    /// JSON.
    pub value: String,
    /// Goes into the commitment with the value.
    pub salt: String,
    /// When it came.
    pub created_at_ms: i64,
}

/// Keeps `values`; one that is there already is left as it is.
pub async fn put(store: &Store, values: &[PersonalRow]) -> Result<(), ChoreError> {
    const SQL: &str = "
        INSERT INTO personal (ref, case_id, person, value, salt, created_at_ms)
        SELECT d.value->>'ref', d.value->>'case_id', d.value->>'person', d.value->>'value',
            d.value->>'salt', CAST(d.value->>'created_at_ms' AS bigint)
        FROM jsonb_each($1) d WHERE d.value->>'ref' <> ''
        ON CONFLICT (ref) DO NOTHING";
    let rows = document(values.iter())?;
    write_one!(store, SQL, Json(&*rows));
    Ok(())
}

/// The value under `reference`; `None` if it was erased or never there.
pub async fn find(store: &Store, reference: &str) -> Result<Option<PersonalRow>, ReadError> {
    const SQL: &str = "SELECT * FROM personal WHERE ref = $1";
    Ok(on!(store.reads(), |pool| sqlx::query_as(SQL).bind(reference).fetch_optional(pool).await)?)
}

/// The values sent to `case_id`, in the order of their references.
pub async fn of_case(store: &Store, case_id: &str) -> Result<Vec<PersonalRow>, ReadError> {
    const SQL: &str = "SELECT * FROM personal WHERE case_id = $1 ORDER BY ref";
    Ok(on!(store.reads(), |pool| sqlx::query_as(SQL).bind(case_id).fetch_all(pool).await)?)
}

/// The values of `person`, in the order of their references.
pub async fn of_person(store: &Store, person: &str) -> Result<Vec<PersonalRow>, ReadError> {
    const SQL: &str = "SELECT * FROM personal WHERE person = $1 ORDER BY ref";
    Ok(on!(store.reads(), |pool| sqlx::query_as(SQL).bind(person).fetch_all(pool).await)?)
}

/// Erases the value under `reference`; whether there was one.
pub async fn erase(store: &Store, reference: &str) -> Result<bool, ChoreError> {
    const SQL: &str = "DELETE FROM personal WHERE ref = $1";
    let mut writer = store.writer().await?;
    overwrite(&mut writer.tx, true).await?;
    writer.begin().await?;
    let erased = on!(&mut writer.tx, |connection| {
        sqlx::query(SQL).bind(reference).execute(connection).await?.rows_affected()
    });
    overwrite(&mut writer.tx, false).await?;
    writer.commit().await?;
    Ok(erased == 1)
}

/// Erases every value of `person`, name and address, their drafts, and how they sign in; the opaque id stays. How
/// many values.
pub async fn erase_person(store: &Store, person: &str) -> Result<u64, ChoreError> {
    const VALUES: &str = "DELETE FROM personal WHERE person = $1";
    const PERSON: &str = "UPDATE persons SET name = '', email = '', erased = $2 WHERE id = $1";
    // What a token was for may name somebody; its id is the hash of no secret.
    const OWN: [&str; 5] = [
        "UPDATE api_tokens SET token_sha = id, name = '' WHERE person = $1",
        "DELETE FROM sessions WHERE person = $1",
        "DELETE FROM invitations WHERE person = $1",
        "DELETE FROM accounts WHERE person = $1",
        "DELETE FROM drafts WHERE person = $1",
    ];
    let mut writer = store.writer().await?;
    overwrite(&mut writer.tx, true).await?;
    writer.begin().await?;
    let erased = on!(&mut writer.tx, |connection| {
        sqlx::query(PERSON).bind(person).bind(true).execute(&mut *connection).await?;
        for sql in OWN {
            sqlx::query(sql).bind(person).execute(&mut *connection).await?;
        }
        sqlx::query(VALUES).bind(person).execute(connection).await?.rows_affected()
    });
    overwrite(&mut writer.tx, false).await?;
    writer.commit().await?;
    Ok(erased)
}

/// Whether what is deleted from now on is overwritten in the file. Only here: it costs a write for
/// every freed page, and timers and tasks are deleted all day.
///
/// Differs by necessity: PostgreSQL overwrites when it vacuums.
async fn overwrite(tx: &mut Tx, on: bool) -> Result<(), sqlx::Error> {
    if let Db::Sqlite(connection) = tx {
        let pragma = if on { "PRAGMA secure_delete = ON" } else { "PRAGMA secure_delete = OFF" };
        sqlx::query(pragma).execute(connection).await?;
    }
    Ok(())
}

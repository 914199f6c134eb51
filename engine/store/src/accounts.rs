//! How people sign in: passwords, open sessions, and links that let somebody choose a password.
//!
//! Only hashes are kept: of a password the text its algorithm gives (PHC), of a session's or
//! invitation's token its SHA-256. Moments are those of the real clock, whatever clock the cases run on.
//!
//! **Invariant:** choosing a password ends every session and every invitation of that person.

use serde::Serialize;
use sqlx::FromRow;

use crate::error::{ChoreError, ReadError};
use crate::store::Store;

/// A person who can sign in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, FromRow)]
pub struct AccountRow {
    /// The person.
    pub person: String,
    /// The hash of the password, as PHC text.
    pub password: String,
    /// When it was chosen.
    pub changed_at_ms: i64,
    /// Wrong passwords since the last right one.
    pub failures: i64,
    /// Until before this moment no password is looked at.
    pub locked_until_ms: i64,
}

/// Somebody signed in on one browser.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, FromRow)]
pub struct SessionRow {
    /// SHA-256 of the token the browser holds, hex.
    pub token_sha: String,
    /// The person.
    pub person: String,
    /// When it began.
    pub opened_at_ms: i64,
    /// When it was last used.
    pub seen_at_ms: i64,
    /// It is worth nothing from this moment on.
    pub ends_at_ms: i64,
    /// What the browser calls itself.
    pub agent: String,
}

/// The account of `person`, if they ever chose a password.
pub async fn find(store: &Store, person: &str) -> Result<Option<AccountRow>, ReadError> {
    const SQL: &str = "SELECT * FROM accounts WHERE person = $1";
    Ok(on!(store.reads(), |pool| sqlx::query_as(SQL).bind(person).fetch_optional(pool).await)?)
}

/// Every account, in the order of the persons' ids.
pub async fn list(store: &Store) -> Result<Vec<AccountRow>, ReadError> {
    const SQL: &str = "SELECT * FROM accounts ORDER BY person";
    Ok(on!(store.reads(), |pool| sqlx::query_as(SQL).fetch_all(pool).await)?)
}

/// Gives `person` a password; ends their sessions and invitations in the same transaction.
pub async fn set_password(
    store: &Store,
    person: &str,
    password: &str,
    now_ms: i64,
) -> Result<(), ChoreError> {
    const PUT: &str = "
        INSERT INTO accounts (person, password, changed_at_ms, failures, locked_until_ms)
        VALUES ($1, $2, $3, 0, 0)
        ON CONFLICT (person) DO UPDATE SET password = excluded.password,
            changed_at_ms = excluded.changed_at_ms, failures = 0, locked_until_ms = 0";
    const ENDS: [&str; 2] =
        ["DELETE FROM sessions WHERE person = $1", "DELETE FROM invitations WHERE person = $1"];
    let mut writer = store.writer().await?;
    writer.begin().await?;
    on!(&mut writer.tx, |connection| {
        let put = sqlx::query(PUT).bind(person).bind(password).bind(now_ms);
        put.execute(&mut *connection).await?;
        for sql in ENDS {
            sqlx::query(sql).bind(person).execute(&mut *connection).await?;
        }
    });
    writer.commit().await?;
    Ok(())
}

/// Lets `person` in no more before `until_ms`: no password is looked at until then, their sessions and
/// invitations end. With 0 they may try again.
pub async fn lock(store: &Store, person: &str, until_ms: i64) -> Result<(), ChoreError> {
    const PUT: &str = "UPDATE accounts SET locked_until_ms = $2, failures = 0 WHERE person = $1";
    const ENDS: [&str; 2] =
        ["DELETE FROM sessions WHERE person = $1", "DELETE FROM invitations WHERE person = $1"];
    let mut writer = store.writer().await?;
    writer.begin().await?;
    on!(&mut writer.tx, |connection| {
        sqlx::query(PUT).bind(person).bind(until_ms).execute(&mut *connection).await?;
        for sql in ENDS {
            sqlx::query(sql).bind(person).execute(&mut *connection).await?;
        }
    });
    writer.commit().await?;
    Ok(())
}

/// Counts a wrong password; no password of `person` is looked at before `locked_until_ms`.
pub async fn failed(store: &Store, person: &str, locked_until_ms: i64) -> Result<(), ChoreError> {
    const SQL: &str = "
        UPDATE accounts SET failures = failures + 1,
            locked_until_ms = CASE WHEN locked_until_ms > $2 THEN locked_until_ms ELSE $2 END
        WHERE person = $1";
    write_one!(store, SQL, person, locked_until_ms);
    Ok(())
}

/// Begins a session, and forgets the wrong passwords before it.
pub async fn open_session(store: &Store, row: &SessionRow) -> Result<(), ChoreError> {
    const PUT: &str = "
        INSERT INTO sessions (token_sha, person, opened_at_ms, seen_at_ms, ends_at_ms, agent)
        VALUES ($1, $2, $3, $4, $5, $6)";
    const CLEAR: &str = "UPDATE accounts SET failures = 0, locked_until_ms = 0 WHERE person = $1";
    let mut writer = store.writer().await?;
    writer.begin().await?;
    on!(&mut writer.tx, |connection| {
        sqlx::query(PUT)
            .bind(&row.token_sha)
            .bind(&row.person)
            .bind(row.opened_at_ms)
            .bind(row.seen_at_ms)
            .bind(row.ends_at_ms)
            .bind(&row.agent)
            .execute(&mut *connection)
            .await?;
        sqlx::query(CLEAR).bind(&row.person).execute(&mut *connection).await?;
    });
    writer.commit().await?;
    Ok(())
}

/// The session of this token, unless it has ended by `now_ms`.
pub async fn session(
    store: &Store,
    token_sha: &str,
    now_ms: i64,
) -> Result<Option<SessionRow>, ReadError> {
    const SQL: &str = "SELECT * FROM sessions WHERE token_sha = $1 AND ends_at_ms > $2";
    Ok(on!(store.reads(), |pool| {
        sqlx::query_as(SQL).bind(token_sha).bind(now_ms).fetch_optional(pool).await
    })?)
}

/// The sessions of `person` that have not ended by `now_ms`, the last used first.
pub async fn sessions_of(
    store: &Store,
    person: &str,
    now_ms: i64,
) -> Result<Vec<SessionRow>, ReadError> {
    const SQL: &str = "
        SELECT * FROM sessions WHERE person = $1 AND ends_at_ms > $2
        ORDER BY seen_at_ms DESC, token_sha";
    Ok(on!(store.reads(), |pool| {
        sqlx::query_as(SQL).bind(person).bind(now_ms).fetch_all(pool).await
    })?)
}

/// Notes that a session was used, and until when it is good now.
pub async fn keep_session(
    store: &Store,
    token_sha: &str,
    now_ms: i64,
    ends_at_ms: i64,
) -> Result<(), ChoreError> {
    const SQL: &str = "
        UPDATE sessions SET seen_at_ms = $2, ends_at_ms = $3
        WHERE token_sha = $1 AND ends_at_ms > $2";
    write_one!(store, SQL, token_sha, now_ms, ends_at_ms);
    Ok(())
}

/// Ends a session of `person`; whether there was one. Another's session is left alone.
pub async fn end_session(store: &Store, person: &str, token_sha: &str) -> Result<bool, ChoreError> {
    const SQL: &str = "DELETE FROM sessions WHERE person = $1 AND token_sha = $2";
    Ok(write_one!(store, SQL, person, token_sha) > 0)
}

/// Ends every session of `person`; how many there were.
pub async fn end_sessions(store: &Store, person: &str) -> Result<u64, ChoreError> {
    Ok(write_one!(store, "DELETE FROM sessions WHERE person = $1", person))
}

/// Deletes what has ended by `now_ms`: sessions and invitations.
pub async fn sweep(store: &Store, now_ms: i64) -> Result<(), ChoreError> {
    write_one!(store, "DELETE FROM sessions WHERE ends_at_ms <= $1", now_ms);
    write_one!(store, "DELETE FROM invitations WHERE ends_at_ms <= $1", now_ms);
    Ok(())
}

/// Lets whoever holds this token choose the password of `person` until `ends_at_ms`; an earlier
/// invitation of that person is worth nothing from now on.
pub async fn invite(
    store: &Store,
    token_sha: &str,
    person: &str,
    ends_at_ms: i64,
) -> Result<(), ChoreError> {
    const PUT: &str = "
        INSERT INTO invitations (person, token_sha, ends_at_ms) VALUES ($1, $2, $3)
        ON CONFLICT (person) DO UPDATE
        SET token_sha = excluded.token_sha, ends_at_ms = excluded.ends_at_ms";
    write_one!(store, PUT, person, token_sha, ends_at_ms);
    Ok(())
}

/// Whom this token invites, unless it has ended by `now_ms`.
pub async fn invited(
    store: &Store,
    token_sha: &str,
    now_ms: i64,
) -> Result<Option<String>, ReadError> {
    const SQL: &str = "SELECT person FROM invitations WHERE token_sha = $1 AND ends_at_ms > $2";
    Ok(on!(store.reads(), |pool| {
        sqlx::query_scalar(SQL).bind(token_sha).bind(now_ms).fetch_optional(pool).await
    })?)
}

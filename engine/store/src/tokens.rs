//! Tokens by which programs act for a person and an organisation.
//!
//! Only the SHA-256 of a secret is kept. A row stays when its token was revoked or has ended, with who made
//! it, who revoked it and when. Moments are those of the real clock.
//!
//! **Invariant:** no row is ever deleted, and what was revoked stays so.

use serde::Serialize;
use sqlx::FromRow;

use crate::error::{ChoreError, ReadError};
use crate::store::Store;

/// A token, known by the hash of its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, FromRow)]
pub struct TokenRow {
    /// What people call it by; says nothing of the secret.
    pub id: String,
    /// SHA-256 of the secret, hex.
    pub token_sha: String,
    /// What it is for, in the words of whoever made it.
    pub name: String,
    /// The organisation it acts for.
    pub organisation: String,
    /// The person who acts through it.
    pub person: String,
    /// What it may be used for: words with a blank between them.
    pub scopes: String,
    /// When it was made.
    pub created_at_ms: i64,
    /// Who made it: a person's id, or the command line.
    pub created_by: String,
    /// It is worth nothing from this moment on.
    pub expires_at_ms: i64,
    /// When it was last used, to some minutes.
    pub seen_at_ms: Option<i64>,
    /// When it was revoked.
    pub revoked_at_ms: Option<i64>,
    /// Who revoked it.
    pub revoked_by: Option<String>,
}

/// Adds a token.
pub async fn add_token(store: &Store, row: &TokenRow) -> Result<(), ChoreError> {
    const SQL: &str = "
        INSERT INTO api_tokens (id, token_sha, name, organisation, person, scopes, created_at_ms,
            created_by, expires_at_ms, seen_at_ms, revoked_at_ms, revoked_by)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, NULL, NULL, NULL)";
    write_one!(
        store,
        SQL,
        &row.id,
        &row.token_sha,
        &row.name,
        &row.organisation,
        &row.person,
        &row.scopes,
        row.created_at_ms,
        &row.created_by,
        row.expires_at_ms
    );
    Ok(())
}

/// The token of this secret, unless it was revoked or has ended by `now_ms`.
pub async fn token_in_force(
    store: &Store,
    token_sha: &str,
    now_ms: i64,
) -> Result<Option<TokenRow>, ReadError> {
    const SQL: &str = "
        SELECT * FROM api_tokens
        WHERE token_sha = $1 AND expires_at_ms > $2 AND revoked_at_ms IS NULL";
    Ok(on!(store.reads(), |pool| {
        sqlx::query_as(SQL).bind(token_sha).bind(now_ms).fetch_optional(pool).await
    })?)
}

/// Every token that was ever made, the newest first.
pub async fn list_tokens(store: &Store) -> Result<Vec<TokenRow>, ReadError> {
    const SQL: &str = "SELECT * FROM api_tokens ORDER BY created_at_ms DESC, id";
    Ok(on!(store.reads(), |pool| sqlx::query_as(SQL).fetch_all(pool).await)?)
}

/// Every token that was ever made for `person`, the newest first.
pub async fn tokens_of(store: &Store, person: &str) -> Result<Vec<TokenRow>, ReadError> {
    const SQL: &str = "
        SELECT * FROM api_tokens WHERE person = $1 ORDER BY created_at_ms DESC, id";
    Ok(on!(store.reads(), |pool| sqlx::query_as(SQL).bind(person).fetch_all(pool).await)?)
}

/// Notes that a token was used.
pub async fn token_used(store: &Store, id: &str, now_ms: i64) -> Result<(), ChoreError> {
    const SQL: &str = "UPDATE api_tokens SET seen_at_ms = $2 WHERE id = $1";
    write_one!(store, SQL, id, now_ms);
    Ok(())
}

/// Revokes a token in the name of `by`; whether it was in force until now. With `person`, only if it is theirs.
pub async fn revoke_token(
    store: &Store,
    id: &str,
    person: Option<&str>,
    by: &str,
    now_ms: i64,
) -> Result<bool, ChoreError> {
    const SQL: &str = "
        UPDATE api_tokens SET revoked_at_ms = $3, revoked_by = $2
        WHERE id = $1 AND revoked_at_ms IS NULL
            AND (CAST($4 AS text) IS NULL OR person = $4)";
    Ok(write_one!(store, SQL, id, by, now_ms, person) > 0)
}

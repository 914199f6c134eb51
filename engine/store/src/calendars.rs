//! Published calendars of working days: written once per version, never changed.

use sqlx::FromRow;

use crate::charts::PublishError;
use crate::error::ReadError;
use crate::store::Store;

/// One version of a calendar.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct CalendarRow {
    /// Its name.
    pub name: String,
    /// Counts its versions from 1.
    pub version: i64,
    /// SHA-256 of the document.
    pub sha: String,
    /// Canonical JSON: the bytes that are hashed.
    pub document: String,
}

/// Publishes `calendar`; nothing if this version is published with the same hash.
pub async fn publish(
    store: &Store,
    calendar: &CalendarRow,
    now_ms: i64,
) -> Result<(), PublishError> {
    const DEFINE: &str = "
        INSERT INTO calendars (name, version, sha, document, published_at_ms)
        VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (name, version) DO NOTHING";
    const PUBLISHED: &str = "SELECT sha FROM calendars WHERE name = $1 AND version = $2";
    let CalendarRow { name, version, sha, document } = calendar;
    let mut writer = store.writer().await?;
    let published: String = on!(&mut writer.tx, |connection| {
        sqlx::query(DEFINE)
            .bind(name)
            .bind(version)
            .bind(sha)
            .bind(document)
            .bind(now_ms)
            .execute(&mut *connection)
            .await?;
        sqlx::query_scalar(PUBLISHED).bind(name).bind(version).fetch_one(connection).await?
    });
    writer.keep();
    if published == *sha {
        return Ok(());
    }
    let (name, brought) = (name.clone(), sha.clone());
    let (what, version) = ("calendar", *version);
    Err(PublishError::Contradiction { what, name, version, published, brought })
}

/// Every published calendar, in the order of names and versions.
pub async fn list(store: &Store) -> Result<Vec<CalendarRow>, ReadError> {
    const SQL: &str = "SELECT name, version, sha, document FROM calendars ORDER BY name, version";
    Ok(on!(store.reads(), |pool| sqlx::query_as(SQL).fetch_all(pool).await)?)
}

/// The calendar whose document has this hash, if it is published.
pub async fn find(store: &Store, sha: &str) -> Result<Option<CalendarRow>, ReadError> {
    const SQL: &str =
        "SELECT name, version, sha, document FROM calendars WHERE sha = $1 ORDER BY name, version";
    Ok(on!(store.reads(), |pool| sqlx::query_as(SQL).bind(sha).fetch_optional(pool).await)?)
}

//! Published charts: the definitions that cases are pinned to, and the words that go with them.
//!
//! A definition is written once and never changed; the words (source, titles, reasons, letters) decide
//! nothing and are replaced at every publishing.

use sqlx::FromRow;

use crate::error::{ChoreError, ReadError};
use crate::store::Store;

/// One version of a chart.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct ChartRow {
    /// Its name.
    pub name: String,
    /// Counts its versions from 1.
    pub version: i64,
    /// SHA-256 of the definition.
    pub sha: String,
    /// Canonical JSON: the bytes that are hashed and stepped.
    pub definition: String,
    /// The source that people read.
    pub document: String,
    /// JSON of titles, reasons, basis and letters.
    pub wording: String,
}

/// Why a chart or a calendar was not published. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The version is taken by something else.
    #[error(
        "{what} `{name}` version {version} is published as {published}, not as {brought}: raise its version"
    )]
    Contradiction {
        /// `chart` or `calendar`.
        what: &'static str,
        /// Its name.
        name: String,
        /// The version both claim.
        version: i64,
        /// The hash in the database.
        published: String,
        /// The hash that was brought.
        brought: String,
    },
    /// The database could not be read or written.
    #[error(transparent)]
    Write(#[from] ChoreError),
}

impl From<sqlx::Error> for PublishError {
    fn from(error: sqlx::Error) -> Self {
        Self::Write(error.into())
    }
}

/// Publishes `chart`, or only its words if this version is published with the same hash.
pub async fn publish(store: &Store, chart: &ChartRow, now_ms: i64) -> Result<(), PublishError> {
    const DEFINE: &str = "
        INSERT INTO charts (name, version, sha, definition, published_at_ms)
        VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (name, version) DO NOTHING";
    const PUBLISHED: &str = "SELECT sha FROM charts WHERE name = $1 AND version = $2";
    const WORDS: &str = "
        INSERT INTO chart_words (name, version, document, wording) VALUES ($1, $2, $3, $4)
        ON CONFLICT (name, version)
        DO UPDATE SET document = excluded.document, wording = excluded.wording";
    let ChartRow { name, version, sha, definition, document, wording } = chart;
    let mut writer = store.writer().await?;
    writer.begin().await?;
    let published: String = on!(&mut writer.tx, |connection| {
        sqlx::query(DEFINE)
            .bind(name)
            .bind(version)
            .bind(sha)
            .bind(definition)
            .bind(now_ms)
            .execute(&mut *connection)
            .await?;
        sqlx::query_scalar(PUBLISHED).bind(name).bind(version).fetch_one(connection).await?
    });
    if published != *sha {
        writer.roll_back().await;
        let (name, brought) = (name.clone(), sha.clone());
        let (what, version) = ("chart", *version);
        return Err(PublishError::Contradiction { what, name, version, published, brought });
    }
    on!(&mut writer.tx, |connection| sqlx::query(WORDS)
        .bind(name)
        .bind(version)
        .bind(document)
        .bind(wording)
        .execute(connection)
        .await
        .map(drop))?;
    writer.commit().await?;
    Ok(())
}

macro_rules! select {
    ($where:literal) => {
        concat!(
            "SELECT c.name, c.version, c.sha, c.definition, w.document, w.wording
            FROM charts c JOIN chart_words w ON w.name = c.name AND w.version = c.version ",
            $where,
            " ORDER BY c.name, c.version"
        )
    };
}

/// Every published chart, in the order of names and versions.
pub async fn list(store: &Store) -> Result<Vec<ChartRow>, ReadError> {
    const SQL: &str = select!("");
    Ok(on!(store.reads(), |pool| sqlx::query_as(SQL).fetch_all(pool).await)?)
}

/// One version of a chart, if it is published.
pub async fn find(store: &Store, name: &str, version: i64) -> Result<Option<ChartRow>, ReadError> {
    const SQL: &str = select!("WHERE c.name = $1 AND c.version = $2");
    Ok(on!(store.reads(), |pool| {
        sqlx::query_as(SQL).bind(name).bind(version).fetch_optional(pool).await
    })?)
}

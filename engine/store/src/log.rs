//! The log, read: per case in the order of revisions, over all cases in the order of the feed.
//!
//! Entries are written by [`mod@crate::commit`] only and are never changed; triggers refuse it.
//!
//! The feed is for those who follow everything. `seq` is not the order of commits (a transaction that
//! began earlier may commit later), so on PostgreSQL an entry is in the feed only once every
//! transaction that could still come before it has ended, and it is ordered by (epoch, txid, seq).
//! A restore of the database raises the epoch, because numbers are then given a second time.

use std::collections::BTreeSet;

use std::fmt;
use std::str::FromStr;

use crate::error::ReadError;
use crate::rows::StoredEntry;
use crate::store::{Db, Store};

/// A place in the feed. Its text is opaque to whoever keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Cursor {
    epoch: i64,
    txid: i64,
    seq: i64,
}

impl Cursor {
    /// Before the first entry.
    pub fn start() -> Self {
        Self::default()
    }

    /// Just after `entry`.
    pub fn after(entry: &StoredEntry) -> Self {
        Self { epoch: entry.epoch, txid: entry.txid, seq: entry.seq }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}-{}", self.epoch, self.txid, self.seq)
    }
}

/// A text that is no place in the feed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no place in the feed: leave it out to start from the beginning")]
pub struct CursorError {
    text: String,
}

impl FromStr for Cursor {
    type Err = CursorError;

    fn from_str(text: &str) -> Result<Self, CursorError> {
        let mut parts = text.split('-').map(|part| part.parse::<i64>().ok().filter(|n| *n >= 0));
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(Some(epoch)), Some(Some(txid)), Some(Some(seq)), None) => {
                Ok(Self { epoch, txid, seq })
            }
            _ => Err(CursorError { text: text.to_owned() }),
        }
    }
}

/// Every entry of `case_id`, in the order of revisions.
pub async fn of_case(store: &Store, case_id: &str) -> Result<Vec<StoredEntry>, ReadError> {
    list(store, case_id, 0, i64::MAX).await
}

/// The first `limit` entries of `case_id` after `revision`, in the order of revisions.
pub async fn list(
    store: &Store,
    case_id: &str,
    revision: i64,
    limit: i64,
) -> Result<Vec<StoredEntry>, ReadError> {
    const SQL: &str = "
        SELECT * FROM log WHERE case_id = $1 AND revision > $2 ORDER BY revision LIMIT $3";
    Ok(on!(store.reads(), |pool| {
        sqlx::query_as(SQL).bind(case_id).bind(revision).bind(limit).fetch_all(pool).await
    })?)
}

/// The last entry of `case_id`, if there is one.
pub async fn last(store: &Store, case_id: &str) -> Result<Option<StoredEntry>, ReadError> {
    const SQL: &str = "SELECT * FROM log WHERE case_id = $1 ORDER BY revision DESC LIMIT 1";
    Ok(on!(store.reads(), |pool| sqlx::query_as(SQL).bind(case_id).fetch_optional(pool).await)?)
}

/// The first `limit` entries of all cases after (`case_id`, `revision`), in that order: for whoever
/// reads the whole log.
pub async fn page(
    store: &Store,
    case_id: &str,
    revision: i64,
    limit: i64,
) -> Result<Vec<StoredEntry>, ReadError> {
    const SQL: &str = "
        SELECT * FROM log WHERE (case_id, revision) > ($1, $2) ORDER BY case_id, revision LIMIT $3";
    Ok(on!(store.reads(), |pool| {
        sqlx::query_as(SQL).bind(case_id).bind(revision).bind(limit).fetch_all(pool).await
    })?)
}

/// The first `limit` entries of the feed after `cursor`.
pub async fn entries_after(
    store: &Store,
    cursor: Cursor,
    limit: i64,
) -> Result<Vec<StoredEntry>, ReadError> {
    const SQLITE: &str = "
        SELECT * FROM log WHERE (epoch, txid, seq) > ($1, $2, $3)
        ORDER BY epoch, txid, seq LIMIT $4";
    // Differs by necessity: on SQLite one transaction writes at a time, so nothing can come before.
    // Numbers of an earlier epoch say nothing about the transactions of this one.
    const POSTGRES: &str = "
        SELECT * FROM log
        WHERE (epoch, txid, seq) > ($1, $2, $3)
            AND (epoch < (SELECT CAST(value AS bigint) FROM meta WHERE key = 'epoch')
                OR txid < CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS text) AS bigint))
        ORDER BY epoch, txid, seq LIMIT $4";
    let Cursor { epoch, txid, seq } = cursor;
    let sql = match store.reads() {
        Db::Sqlite(_) => SQLITE,
        Db::Postgres(_) => POSTGRES,
    };
    Ok(on!(store.reads(), |pool| {
        sqlx::query_as(sql).bind(epoch).bind(txid).bind(seq).bind(limit).fetch_all(pool).await
    })?)
}

/// The cases that have entries numbered after `seq`, in the order of their ids, and the last number
/// given out. For whoever is the only writer and waits for their own commits; for others the feed.
pub async fn cases_after(store: &Store, seq: i64) -> Result<(Vec<String>, i64), ReadError> {
    // Grouping is done here: SQLite would walk the whole log by case to spare itself a sort.
    const SQL: &str = "SELECT case_id, seq FROM log WHERE seq > $1 ORDER BY seq";
    let rows: Vec<(String, i64)> =
        on!(store.reads(), |pool| sqlx::query_as(SQL).bind(seq).fetch_all(pool).await)?;
    let last = rows.last().map_or(seq, |row| row.1);
    let cases: BTreeSet<String> = rows.into_iter().map(|row| row.0).collect();
    Ok((cases.into_iter().collect(), last))
}

/// The ids of all cases that have entries, in their order.
pub async fn case_ids(store: &Store) -> Result<Vec<String>, ReadError> {
    const SQL: &str = "SELECT DISTINCT case_id FROM log ORDER BY case_id";
    Ok(on!(store.reads(), |pool| sqlx::query_scalar(SQL).fetch_all(pool).await)?)
}

#[cfg(test)]
mod tests {
    use super::Cursor;

    #[test]
    fn a_place_in_the_feed_survives_being_written_down() {
        let cursor = Cursor { epoch: 2, txid: 77, seq: 1_000 };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        for text in ["", "1-2", "1-2-3-4", "1--3", "a-b-c"] {
            let error = text.parse::<Cursor>().unwrap_err().to_string();
            assert!(error.contains(&format!("`{text}`")), "{error}");
        }
    }
}

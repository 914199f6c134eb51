//! A batch of steps becomes durable: heads are the locks, every write is answered for itself.
//!
//! One path for one write and for fifty: one string of statements on `SQLite`, one statement on
//! PostgreSQL (`statements.rs`). A write whose head has moved since it was stepped is *refused*
//! and leaves nothing behind; its neighbours are written all the same. An error is about the batch:
//! nothing of it is there afterwards, unless the error says that this is unknown.
//!
//! **Invariant:** a case is written whole (entries, head, tasks, timers, messages, receipt) or not at all.

use sqlx::types::Json;

use crate::batch::Documents;
use crate::error::Cause;
use crate::rows::Write;
use crate::slots;
use crate::statements;
use crate::store::{Db, Store};
use crate::writer::Tx;

/// How often a batch that was chosen as the victim of a deadlock is run, before it is called busy.
const ATTEMPTS_MAX: usize = 4;

/// Why a batch was not committed.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// A lock was not given in time. Nothing was written; the same batch may be committed again.
    #[error("the database is busy; nothing was written, try again")]
    Busy(#[source] sqlx::Error),
    /// A row of the batch breaks a rule of its table. Nothing was written; commit the writes one by
    /// one to find the culprit.
    #[error("a row was refused by the database; nothing was written")]
    Data(#[source] sqlx::Error),
    /// The connection was lost around the commit: whether the batch is there is unknown until its
    /// receipts are looked up.
    #[error("the connection to the database was lost; look up the receipt before sending again")]
    Unknown(#[source] sqlx::Error),
    /// The database could not be reached. Nothing was written.
    #[error("the database could not be reached; nothing was written")]
    Unreachable(#[source] sqlx::Error),
    /// The disk is full. Nothing was written.
    #[error("the disk of the database is full; nothing was written, free some space")]
    Full(#[source] sqlx::Error),
    /// The database may only be read. Nothing was written.
    #[error("the database may only be read; give this user the right to write it")]
    ReadOnly(#[source] sqlx::Error),
    /// A fault of the program or of the database. Nothing was written.
    #[error("the database could not be written")]
    Database(#[source] sqlx::Error),
}

impl From<sqlx::Error> for CommitError {
    fn from(error: sqlx::Error) -> Self {
        match Cause::of(&error) {
            Cause::Victim | Cause::Busy => Self::Busy(error),
            Cause::Data => Self::Data(error),
            Cause::Lost => Self::Unknown(error),
            Cause::Full => Self::Full(error),
            Cause::ReadOnly => Self::ReadOnly(error),
            Cause::Other => Self::Database(error),
        }
    }
}

/// Commits `batch` durably and answers each in its place: whether it was accepted.
///
/// Not accepted is a write whose case has another revision by now (or exists, or was removed, where
/// it should be born), that consumes a message which is gone, or whose receipt's key was used. A case may be in a batch only once.
/// Cancelling the call leaves nothing half-written, but its caller not knowing.
///
/// # Panics
/// In a debug build, when a case is in the batch twice or a write names another case than its head.
pub async fn commit(store: &Store, batch: &[Write]) -> Result<Vec<bool>, CommitError> {
    if batch.is_empty() {
        return Ok(Vec::new());
    }
    debug_assert!(is_sound(batch), "a case is in a batch once, and its rows are its own");
    let ready = Ready::of(store, batch)?;
    let mut attempt = 1;
    loop {
        let mut writer = store.writer().await.map_err(|error| match Cause::of(&error) {
            Cause::Lost => CommitError::Unreachable(error),
            _ => error.into(),
        })?;
        match ready.run(&mut writer.tx).await {
            Ok(mut accepted) => {
                writer.keep();
                accepted.sort_unstable();
                let is_accepted = |write: &Write| accepted.binary_search(&write.case_id).is_ok();
                return Ok(batch.iter().map(is_accepted).collect());
            }
            Err(error) => {
                let cause = Cause::of(&error);
                if cause != Cause::Lost {
                    leave_transaction(writer).await;
                }
                if cause != Cause::Victim || attempt == ATTEMPTS_MAX {
                    return Err(error.into());
                }
                attempt += 1;
            }
        }
    }
}

/// A batch in the form its database reads it in.
enum Ready {
    Bound(slots::Batch),
    Documents(Documents),
}

impl Ready {
    fn of(store: &Store, batch: &[Write]) -> Result<Self, sqlx::Error> {
        Ok(if store.is_sqlite() {
            Self::Bound(slots::Batch::of(batch)?)
        } else {
            Self::Documents(Documents::of(batch)?)
        })
    }

    /// Runs the batch; the ids of the accepted cases.
    async fn run(&self, tx: &mut Tx) -> Result<Vec<String>, sqlx::Error> {
        match (self, tx) {
            (Self::Bound(batch), Db::Sqlite(connection)) => slots::run(connection, batch).await,
            (Self::Documents(Documents(documents)), Db::Postgres(connection)) => {
                let mut query = sqlx::query_scalar(statements::POSTGRES);
                for document in documents {
                    query = query.bind(Json(&**document));
                }
                query.fetch_all(connection).await
            }
            _ => unreachable!("a batch is made for the database of its store"),
        }
    }
}

/// Gives the connection back without what failed. On PostgreSQL the statement was its own
/// transaction; on `SQLite` the string stopped somewhere inside, unless the engine has rolled back
/// already, which `ROLLBACK` then reports and the connection is closed for safety.
async fn leave_transaction(writer: crate::writer::Writer<'_>) {
    match writer.tx {
        Db::Sqlite(_) => writer.roll_back().await,
        Db::Postgres(_) => writer.keep(),
    }
}

fn is_sound(writes: &[Write]) -> bool {
    let mut ids: Vec<_> = writes.iter().map(|write| &write.case_id).collect();
    ids.sort_unstable();
    ids.windows(2).all(|pair| pair[0] != pair[1])
        && writes.iter().all(|write| {
            let case_id = &write.case_id;
            let last = write.entries.last().map(|entry| entry.revision);
            let entries = i64::try_from(write.entries.len());
            *case_id == write.head.case_id
                && last == Some(write.head.revision)
                && entries == Ok(write.head.revision - write.expected_revision)
                && write.entries.iter().all(|row| row.case_id == *case_id)
                && write.tasks_put.iter().all(|row| row.case_id == *case_id)
                && write.timers_put.iter().all(|row| row.case_id == *case_id)
                && write.outbox.iter().all(|row| row.case_id == *case_id)
                && write.notices.iter().all(|row| row.case_id == *case_id)
                && write.inbox.iter().all(|row| row.sender == *case_id)
                && write.receipt.iter().all(|row| row.case_id == *case_id)
                && write.personal.iter().all(|row| row.case_id == *case_id)
        })
}

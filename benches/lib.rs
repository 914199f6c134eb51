//! What the engine is measured against: the least a program written for one purpose would do.
//!
//! The same bytes as the engine commits for one command (entry, head, task, timer, receipt), written
//! by hand through `rusqlite` and `tokio-postgres`, without a chart, a hash or a plan. Three
//! [`Way`]s of each. `cotmoc bench commit` runs them beside the engine, in turns.
//!
//! Reading order: [`mod@unit`], [`sqlite`], [`postgres`].
//!
//! **Invariant:** an answer is given only after its commit returned, as in the engine.

pub mod postgres;
pub mod sqlite;
pub mod unit;

/// How the hand-written loop commits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Whatever is queued when the last commit returns is one commit.
    Grouped,
    /// Every command is a commit of its own.
    Single,
    /// One small row is a commit of its own: the floor under everything durable.
    Floor,
}

/// The most commands of one grouped commit; the engine's bound.
pub const BATCH_MAX: usize = 100;

/// Why a hand-written loop broke off.
#[derive(Debug, thiserror::Error)]
pub enum HandError {
    /// `SQLite` said no.
    #[error("the hand-written loop on SQLite failed")]
    Sqlite(#[from] rusqlite::Error),
    /// PostgreSQL said no.
    #[error("the hand-written loop on PostgreSQL failed")]
    Postgres(#[from] tokio_postgres::Error),
    /// The bytes to be written could not be put together.
    #[error("the rows of the hand-written loop could not be put together")]
    Rows(#[from] serde_json::Error),
    /// The loop ended before it answered.
    #[error("the hand-written loop ended before it answered")]
    Gone,
    /// A head did not move.
    #[error("the head of case {0} did not move; something else writes this database")]
    Unmoved(usize),
    /// A turn is not of the shape that is written here.
    #[error("a turn must put and drop one task and one timer and keep a receipt")]
    Shape,
}

/// The answer for the next caller of one batch: the error goes to the first, the rest hear of it.
pub(crate) fn hand_out(done: &mut Result<(), HandError>) -> Result<(), HandError> {
    match done {
        Ok(()) => Ok(()),
        Err(_) => std::mem::replace(done, Err(HandError::Gone)),
    }
}

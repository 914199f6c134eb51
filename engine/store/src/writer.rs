//! The one write connection of a store, lent to one writer at a time.
//!
//! A connection is taken out of its place while it is used and put back only by [`Writer::keep`] or
//! [`Writer::commit`]. Whoever fails, panics or is cancelled on the way loses it, so its transaction
//! is rolled back by closing, and the next writer connects anew. A statement that was its own
//! transaction may still be finished by the server, whole, after that: the revisions of the heads
//! decide who was first. `SQLite` gets one writer by this, PostgreSQL one order of statements per
//! process.
//!
//! **Invariant:** a connection in its place has no open transaction.

use sqlx::{PgConnection, SqliteConnection};
use tokio::sync::MutexGuard;

use crate::store::Db;

/// A connection that may write.
pub(crate) type Tx = Db<SqliteConnection, PgConnection>;

/// The right to write, and the connection to do it with.
#[derive(Debug)]
pub(crate) struct Writer<'a> {
    place: MutexGuard<'a, Option<Tx>>,
    pub(crate) tx: Tx,
}

impl<'a> Writer<'a> {
    pub(crate) fn new(place: MutexGuard<'a, Option<Tx>>, tx: Tx) -> Self {
        Self { place, tx }
    }

    /// Opens a transaction; `SQLite` takes its write lock now, so that no later statement can be busy.
    pub(crate) async fn begin(&mut self) -> Result<(), sqlx::Error> {
        match &mut self.tx {
            Db::Sqlite(connection) => {
                sqlx::query("BEGIN IMMEDIATE").execute(connection).await?.rows_affected()
            }
            Db::Postgres(connection) => {
                sqlx::query("BEGIN").execute(connection).await?.rows_affected()
            }
        };
        Ok(())
    }

    /// Makes the transaction durable and gives the connection back.
    pub(crate) async fn commit(mut self) -> Result<(), sqlx::Error> {
        on!(&mut self.tx, |connection| sqlx::query("COMMIT").execute(connection).await.map(drop))?;
        self.keep();
        Ok(())
    }

    /// Forgets the transaction and gives the connection back; if even that fails, closes it.
    pub(crate) async fn roll_back(mut self) {
        let rolled_back = on!(&mut self.tx, |connection| sqlx::query("ROLLBACK")
            .execute(connection)
            .await
            .map(drop));
        if rolled_back.is_ok() {
            self.keep();
        }
    }

    /// Gives the connection back; for one statement that was its own transaction.
    pub(crate) fn keep(self) {
        let Self { mut place, tx } = self;
        *place = Some(tx);
    }
}

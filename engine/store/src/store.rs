//! A database, opened: one connection that writes, a few that read.
//!
//! The two databases are a closed set, so they are an enum ([`Db`]) and no trait. A `SQLite` file in
//! a temporary folder is the stand-in of every test. What is set on a connection is set here and
//! nowhere else: `SQLite` in WAL with `synchronous=FULL`, PostgreSQL with `synchronous_commit=on`,
//! so that what was answered is on the disk.
//!
//! **Invariant:** nothing is written through a reading connection; `SQLite`'s cannot.

use std::sync::Arc;
use std::time::Duration;

use sqlx::error::DatabaseError;
use sqlx::migrate::Migrator;
use sqlx::pool::PoolOptions;
use sqlx::postgres::{PgListener, PgPoolOptions};
use sqlx::sqlite::SqlitePoolOptions;
use sqlx::{ConnectOptions, Connection, PgPool, SqlitePool};
use tokio::sync::Mutex;

use crate::address::{Options, address};
use crate::error::{ChoreError, ReadError};
use crate::writer::{Tx, Writer};

/// Connections that only read, per store.
const READERS_MAX: u32 = 4;
/// Attempts at migrating while another process does the same on one `SQLite` file.
const MIGRATE_ATTEMPTS_MAX: usize = 5;

static SQLITE: Migrator = sqlx::migrate!("../../migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("../../migrations/postgres");

/// One of the two databases, with what belongs to each.
#[derive(Debug, Clone)]
pub enum Db<S, P> {
    /// A file.
    Sqlite(S),
    /// A server.
    Postgres(P),
}

/// The connections that read.
pub(crate) type Pool = Db<SqlitePool, PgPool>;

/// Why a database was not opened. Nothing was changed in it.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The address is not one of ours.
    #[error(
        "`{url}` is no address of a store: write `sqlite:path/to/file` or `postgres://user@host/name`"
    )]
    Address {
        /// As it was given, without its password.
        url: String,
    },
    /// No answer, or no access.
    #[error(
        "the database at `{url}` could not be reached: check that it runs and that this user may use it"
    )]
    Unreachable {
        /// Without its password.
        url: String,
        /// What the driver said.
        source: sqlx::Error,
    },
    /// Another process keeps the file to itself.
    #[error("the file of `{url}` is locked by another process: stop it, or wait for it")]
    Locked {
        /// As given.
        url: String,
        /// What the driver said.
        source: sqlx::Error,
    },
    /// The file is something else.
    #[error("the file of `{url}` is not a database of this program")]
    NotADatabase {
        /// As given.
        url: String,
        /// What the driver said.
        source: sqlx::Error,
    },
    /// Text could not be kept as it is.
    #[error("the database at `{url}` keeps text as {encoding}: make one with the encoding UTF8")]
    Encoding {
        /// Without its password.
        url: String,
        /// What it has.
        encoding: String,
    },
    /// A newer program has migrated it.
    #[error(
        "the database at `{url}` has schema {found}, this program knows {known}: use the newer program"
    )]
    Newer {
        /// Without its password.
        url: String,
        /// The schema in the database.
        found: i64,
        /// The newest schema of this program.
        known: i64,
    },
}

/// Why the schema was not brought up to date; each migration is applied whole or not at all.
#[derive(Debug, thiserror::Error)]
#[error("the schema of the database could not be brought up to date")]
pub struct MigrateError(#[from] sqlx::migrate::MigrateError);

/// A database, opened. Cheap to clone; all clones share the one write connection.
#[derive(Debug, Clone)]
pub struct Store {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    url: String,
    options: Options,
    reads: Pool,
    write: Mutex<Option<Tx>>,
}

impl Store {
    /// Opens the database at `url` (`sqlite:path`, made if absent, or `postgres://…`) and sees that
    /// it is one this program can use; its schema is left as it is.
    pub async fn open(url: &str) -> Result<Self, OpenError> {
        let (shown, options) = address(url)?;
        let mut tx = connect(&options).await.map_err(|source| unreachable(&shown, source))?;
        check(&mut tx, &shown).await?;
        let reads = match &options {
            Db::Sqlite(options) => {
                Db::Sqlite(readers::<sqlx::Sqlite>(SqlitePoolOptions::new()).connect_lazy_with(
                    options.clone().create_if_missing(false).pragma("query_only", "on"),
                ))
            }
            Db::Postgres(options) => Db::Postgres(
                readers::<sqlx::Postgres>(PgPoolOptions::new())
                    .connect_lazy_with((**options).clone()),
            ),
        };
        let shared = Shared { url: shown, options, reads, write: Mutex::new(Some(tx)) };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Brings the schema up to date; harmless if it is, and if several processes do it at once.
    pub async fn migrate(&self) -> Result<(), MigrateError> {
        let mut attempt = 1;
        loop {
            let mut writer = self.writer().await.map_err(sqlx::migrate::MigrateError::Execute)?;
            let outcome = match &mut writer.tx {
                Db::Sqlite(connection) => SQLITE.run_direct(None, connection, false).await,
                Db::Postgres(connection) => POSTGRES.run_direct(None, connection, false).await,
            };
            match outcome {
                Ok(()) => {
                    writer.keep();
                    return Ok(());
                }
                // SQLite has no lock around a migration: whoever comes second finds the table there,
                // and the next attempt finds the migration applied.
                Err(_) if attempt < MIGRATE_ATTEMPTS_MAX && self.is_sqlite() => attempt += 1,
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// The address it was opened with, without its password.
    pub fn url(&self) -> &str {
        &self.shared.url
    }

    /// Whether it is a `SQLite` file.
    pub fn is_sqlite(&self) -> bool {
        matches!(self.shared.reads, Db::Sqlite(_))
    }

    /// A number that moves when *another* connection has written the `SQLite` file, so that a cache
    /// of heads can be dropped; always 0 on PostgreSQL.
    pub async fn data_version(&self) -> Result<i64, ReadError> {
        let mut writer = self.writer().await?;
        let version = match &mut writer.tx {
            Db::Sqlite(connection) => {
                sqlx::query_scalar("PRAGMA data_version").fetch_one(connection).await?
            }
            Db::Postgres(_) => 0,
        };
        writer.keep();
        Ok(version)
    }

    /// The settings that durability and fairness rest on, as the open write connection has them:
    /// (name, value), sorted by name.
    pub async fn settings(&self) -> Result<Vec<(String, String)>, ReadError> {
        const SQLITE: &str = "
            SELECT 'busy_timeout', CAST(timeout AS TEXT) FROM pragma_busy_timeout
            UNION ALL SELECT 'foreign_keys', CAST(foreign_keys AS TEXT) FROM pragma_foreign_keys
            UNION ALL SELECT 'journal_mode', journal_mode FROM pragma_journal_mode
            UNION ALL SELECT 'synchronous', CAST(synchronous AS TEXT) FROM pragma_synchronous";
        const POSTGRES: &str = "
            SELECT name, setting FROM pg_settings
            WHERE name IN ('fsync', 'full_page_writes', 'idle_in_transaction_session_timeout', 'jit',
                'lock_timeout', 'server_encoding', 'synchronous_commit')
            ORDER BY name";
        let mut writer = self.writer().await?;
        let settings = match &mut writer.tx {
            Db::Sqlite(connection) => sqlx::query_as(SQLITE).fetch_all(connection).await?,
            Db::Postgres(connection) => sqlx::query_as(POSTGRES).fetch_all(connection).await?,
        };
        writer.keep();
        Ok(settings)
    }

    /// Tells every process that listens on this database that there is something to do. Nothing on
    /// `SQLite`, where others poll. A message may be lost: whoever listens polls as well.
    pub async fn notify(&self, word: &str) -> Result<(), ChoreError> {
        const SQL: &str = "SELECT pg_notify('cotmoc.' || current_schema(), $1)";
        let mut writer = self.writer().await?;
        if let Db::Postgres(connection) = &mut writer.tx {
            sqlx::query(SQL).bind(word).execute(connection).await?;
        }
        writer.keep();
        Ok(())
    }

    /// A listener for [`Store::notify`] with a connection of its own; `None` on `SQLite`.
    pub async fn listen(&self) -> Result<Option<PgListener>, ReadError> {
        let Db::Postgres(pool) = &self.shared.reads else { return Ok(None) };
        let schema: String =
            sqlx::query_scalar("SELECT CAST(current_schema() AS TEXT)").fetch_one(pool).await?;
        let mut listener = PgListener::connect_with(pool).await?;
        listener.listen(&format!("cotmoc.{schema}")).await?;
        Ok(Some(listener))
    }

    /// Closes the connections after the write in hand; later calls connect anew or fail.
    pub async fn close(&self) {
        on!(&self.shared.reads, |pool| pool.close().await);
        if let Some(tx) = self.shared.write.lock().await.take() {
            // The connection goes away in either case.
            let _closed = on!(tx, |connection| connection.close().await);
        }
    }

    pub(crate) fn reads(&self) -> &Pool {
        &self.shared.reads
    }

    /// The right to write, once everybody before has finished.
    pub(crate) async fn writer(&self) -> Result<Writer<'_>, sqlx::Error> {
        let mut place = self.shared.write.lock().await;
        let tx = match place.take() {
            Some(tx) => tx,
            None => connect(&self.shared.options).await?,
        };
        Ok(Writer::new(place, tx))
    }
}

fn readers<D: sqlx::Database>(options: PoolOptions<D>) -> PoolOptions<D> {
    options.max_connections(READERS_MAX).acquire_timeout(Duration::from_secs(10))
}

/// A connection ready to write.
async fn connect(options: &Options) -> Result<Tx, sqlx::Error> {
    Ok(match options {
        Db::Sqlite(options) => {
            let mut connection = options.connect().await?;
            // The ids of a batch that are accepted; see `statements`.
            sqlx::query("CREATE TEMP TABLE accepted (case_id TEXT NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID")
                .execute(&mut connection)
                .await?;
            Db::Sqlite(connection)
        }
        // A commit looks rows up by their keys. Its plan is made once, when the tables may be empty and
        // reading them whole looks cheap; it must not still do that when they have grown.
        Db::Postgres(options) => {
            let options = (**options).clone();
            let options = options.options([("enable_seqscan", "off"), ("enable_mergejoin", "off")]);
            Db::Postgres(options.connect().await?)
        }
    })
}

/// Sees that the database keeps UTF-8 and that no newer program has migrated it.
async fn check(tx: &mut Tx, url: &str) -> Result<(), OpenError> {
    const VERSION: &str = "SELECT CAST(COALESCE(MAX(version), 0) AS bigint) FROM _sqlx_migrations";
    let unreachable = |source| unreachable(url, source);
    let encoding: String = match tx {
        Db::Sqlite(c) => sqlx::query_scalar("PRAGMA encoding").fetch_one(c).await,
        Db::Postgres(c) => sqlx::query_scalar("SHOW server_encoding").fetch_one(c).await,
    }
    .map_err(unreachable)?;
    if !["UTF-8", "UTF8"].contains(&encoding.as_str()) {
        return Err(OpenError::Encoding { url: url.to_owned(), encoding });
    }
    let migrated: bool = match tx {
        Db::Sqlite(c) => {
            sqlx::query_scalar(
                "SELECT count(*) > 0 FROM sqlite_schema WHERE name = '_sqlx_migrations'",
            )
            .fetch_one(c)
            .await
        }
        Db::Postgres(c) => {
            sqlx::query_scalar("SELECT to_regclass('_sqlx_migrations') IS NOT NULL")
                .fetch_one(c)
                .await
        }
    }
    .map_err(unreachable)?;
    if !migrated {
        return Ok(());
    }
    let found: i64 =
        on!(tx, |c| sqlx::query_scalar(VERSION).fetch_one(c).await).map_err(unreachable)?;
    let known = SQLITE.iter().map(|migration| migration.version).max().unwrap_or(0);
    if found > known {
        return Err(OpenError::Newer { url: url.to_owned(), found, known });
    }
    Ok(())
}

fn unreachable(url: &str, source: sqlx::Error) -> OpenError {
    let url = url.to_owned();
    let code = source.as_database_error().and_then(DatabaseError::code).unwrap_or_default();
    match code.parse::<i32>().map(|code| code & 0xff) {
        Ok(5 | 6) if code.len() < 5 => OpenError::Locked { url, source },
        Ok(11 | 26) if code.len() < 5 => OpenError::NotADatabase { url, source },
        _ => OpenError::Unreachable { url, source },
    }
}

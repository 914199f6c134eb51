//! An empty database for one test, on either side.

use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};
use store::Store;
use tempfile::TempDir;

/// A migrated, empty database and a store that is open on it.
pub(crate) struct Fresh {
    pub(crate) store: Store,
    pub(crate) url: String,
    _folder: Option<TempDir>,
}

pub(crate) async fn sqlite() -> Fresh {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("store.db").display());
    Fresh { store: open(&url).await, url, _folder: Some(folder) }
}

pub(crate) async fn postgres() -> Fresh {
    let url = support::postgres::fresh().await;
    Fresh { store: open(&url).await, url, _folder: None }
}

async fn open(url: &str) -> Store {
    let store = Store::open(url).await.unwrap();
    store.migrate().await.unwrap();
    store
}

impl Fresh {
    /// A second store on the same database, as another process would have it.
    pub(crate) async fn another(&self) -> Store {
        Store::open(&self.url).await.unwrap()
    }

    /// The one number that `sql` asks for, through a connection of its own.
    pub(crate) async fn number(&self, sql: &str) -> i64 {
        let sql = AssertSqlSafe(sql.to_owned());
        if let Some(path) = self.url.strip_prefix("sqlite:") {
            let mut connection = SqliteConnection::connect(path).await.unwrap();
            sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap()
        } else {
            let mut connection = PgConnection::connect(&self.url).await.unwrap();
            sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap()
        }
    }

    /// Runs `sql` behind the store's back; whether the database took it.
    pub(crate) async fn run(&self, sql: &str) -> Result<(), sqlx::Error> {
        let sql = AssertSqlSafe(sql.to_owned());
        if let Some(path) = self.url.strip_prefix("sqlite:") {
            let mut connection = SqliteConnection::connect(path).await?;
            sqlx::raw_sql(sql).execute(&mut connection).await?;
        } else {
            let mut connection = PgConnection::connect(&self.url).await?;
            sqlx::raw_sql(sql).execute(&mut connection).await?;
        }
        Ok(())
    }

    /// How many rows every table of a case holds together.
    pub(crate) async fn rows(&self) -> i64 {
        let mut rows = 0;
        for table in
            ["log", "cases", "tasks", "timers", "outbox", "notices", "inbox", "receipts", "removed"]
        {
            rows += self.number(&format!("SELECT count(*) FROM {table}")).await;
        }
        rows
    }
}

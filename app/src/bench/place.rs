//! Throwaway databases for measuring, beside the one that was named.
//!
//! On `SQLite` a folder beside the file, so that the same disk is measured; on PostgreSQL schemas
//! of their own in the same database.
//!
//! **Invariant:** what was named is not touched, and what was made is gone afterwards.

use std::path::Path;

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use store::Store;
use tempfile::TempDir;

use super::commit::CommitBenchError;

/// Where to measure.
#[derive(Debug)]
pub enum Place {
    /// A folder.
    Folder(TempDir),
    /// A PostgreSQL database, and the schemas that were made in it.
    Server {
        /// The address that was named.
        url: String,
        /// The beginning of the schemas' names.
        prefix: String,
    },
}

impl Place {
    /// Makes a place beside the database that `url` names.
    pub fn beside(url: &str) -> Result<Self, CommitBenchError> {
        let Some(path) = url.strip_prefix("sqlite:") else {
            let prefix = format!("cotmoc_bench_{}", std::process::id());
            return Ok(Self::Server { url: url.to_owned(), prefix });
        };
        let path = Path::new(path.strip_prefix("//").unwrap_or(path));
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        let made = tempfile::Builder::new().prefix("cotmoc-bench-").tempdir_in(folder);
        made.map(Self::Folder).map_err(CommitBenchError::Folder)
    }

    /// Whether this is PostgreSQL.
    pub fn is_postgres(&self) -> bool {
        matches!(self, Self::Server { .. })
    }

    /// The address of an empty database called `name`, with the store's schema made.
    pub async fn make(&self, name: &str) -> Result<(String, Store), CommitBenchError> {
        let url = match self {
            Self::Folder(folder) => format!("sqlite:{}", folder.path().join(name).display()),
            Self::Server { url, prefix } => {
                let schema = format!("{prefix}_{name}");
                let mut connection = PgConnection::connect(url).await?;
                sqlx::query(AssertSqlSafe(format!("CREATE SCHEMA {schema}")))
                    .execute(&mut connection)
                    .await?;
                let separator = if url.contains('?') { '&' } else { '?' };
                format!("{url}{separator}options=-csearch_path%3D{schema}")
            }
        };
        let store = Store::open(&url).await?;
        store.migrate().await?;
        Ok((url, store))
    }

    /// Takes away what [`Place::make`] made as `name`; a folder goes as a whole in the end.
    pub async fn clear(&self, name: &str) -> Result<(), CommitBenchError> {
        if let Self::Server { url, prefix } = self {
            let mut connection = PgConnection::connect(url).await?;
            let drop = format!("DROP SCHEMA IF EXISTS {prefix}_{name} CASCADE");
            sqlx::query(AssertSqlSafe(drop)).execute(&mut connection).await?;
        }
        Ok(())
    }
}

//! The address of a database, and everything that is set on its connections.
//!
//! **Invariant:** a password is in the options and never in what is shown.

use std::str::FromStr;
use std::time::Duration;

use sqlx::ConnectOptions;
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};

use crate::store::{Db, OpenError};

/// How long a statement waits for a lock before the batch is said to be busy.
const LOCK_WAIT: Duration = Duration::from_secs(5);
/// Statements kept prepared, per connection.
const STATEMENTS_MAX: usize = 256;

/// How to connect.
pub(crate) type Options = Db<SqliteConnectOptions, Box<PgConnectOptions>>;

/// What to show of an address, and how to connect to it.
pub(crate) fn address(url: &str) -> Result<(String, Options), OpenError> {
    let shown = without_password(url);
    let bad = || OpenError::Address { url: shown.clone() };
    if let Some(path) = url.strip_prefix("sqlite:") {
        let path = path.strip_prefix("//").unwrap_or(path);
        if path.is_empty() || path.starts_with(":memory:") {
            return Err(bad());
        }
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(LOCK_WAIT)
            .pragma("temp_store", "memory")
            .statement_cache_capacity(STATEMENTS_MAX)
            .disable_statement_logging();
        Ok((shown, Db::Sqlite(options)))
    } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        let options = PgConnectOptions::from_str(url).map_err(|_| bad())?;
        let options = options
            .application_name("cotmoc")
            .options([
                ("synchronous_commit", "on"),
                ("lock_timeout", "5s"),
                ("idle_in_transaction_session_timeout", "60s"),
                ("jit", "off"),
            ])
            .statement_cache_capacity(STATEMENTS_MAX)
            .disable_statement_logging();
        Ok((shown, Db::Postgres(Box::new(options))))
    } else {
        Err(bad())
    }
}

/// `postgres://name:secret@host` without the secret.
fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (authority, path) = rest.split_once('/').map_or((rest, ""), |(a, p)| (a, p));
    let slash = if rest.contains('/') { "/" } else { "" };
    match authority.rsplit_once('@') {
        Some((user, host)) => {
            let user = user.split_once(':').map_or(user, |(name, _)| name);
            format!("{scheme}://{user}@{host}{slash}{path}")
        }
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::without_password;

    #[test]
    fn a_password_is_never_shown() {
        let cases = [
            ("postgres://a:secret@host:5432/b?host=/tmp", "postgres://a@host:5432/b?host=/tmp"),
            ("postgres://a:se@cret@host", "postgres://a@host"),
            ("postgres://host/b", "postgres://host/b"),
            ("sqlite:a/b.db", "sqlite:a/b.db"),
        ];
        for (url, expected) in cases {
            assert_eq!(without_password(url), expected, "{url}");
        }
    }
}

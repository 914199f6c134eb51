//! What a database error means to the caller: may I try again, is it my row, is the disk full.
//!
//! The two databases say the same thing in different codes; this is the one place that reads them.
//!
//! **Invariant:** the text of the cause stays in `source`; messages here are in the user's words.

/// Why something could not be read. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The database failed or could not be reached; try again later.
    #[error("the database could not be read")]
    Database(#[from] sqlx::Error),
}

/// Why a write beside the cases (a claim, an outcome, a person) was not made.
#[derive(Debug, thiserror::Error)]
pub enum ChoreError {
    /// Somebody else holds a lock; nothing was written, the same call may be made again.
    #[error("the database is busy; nothing was written, try again")]
    Busy(#[source] sqlx::Error),
    /// A row breaks a rule of its table (a reference to nothing, a key that exists, a NUL).
    #[error("a row was refused by the database; nothing was written")]
    Data(#[source] sqlx::Error),
    /// The disk is full; nothing was written. Free some space and try again.
    #[error("the disk of the database is full; nothing was written, free some space")]
    Full(#[source] sqlx::Error),
    /// The database may only be read; nothing was written.
    #[error("the database may only be read; give this user the right to write it")]
    ReadOnly(#[source] sqlx::Error),
    /// Anything else; the transaction is rolled back, or the connection is lost.
    #[error("the database could not be written")]
    Database(#[source] sqlx::Error),
}

impl From<sqlx::Error> for ChoreError {
    fn from(error: sqlx::Error) -> Self {
        match Cause::of(&error) {
            Cause::Victim | Cause::Busy => Self::Busy(error),
            Cause::Data => Self::Data(error),
            Cause::Full => Self::Full(error),
            Cause::ReadOnly => Self::ReadOnly(error),
            Cause::Lost | Cause::Other => Self::Database(error),
        }
    }
}

/// The kinds of failure that a writer treats differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    /// Chosen as the victim of a deadlock or of a conflict: run it again at once.
    Victim,
    /// A lock was not given in time: run it again, later.
    Busy,
    /// One row is wrong.
    Data,
    /// No space left.
    Full,
    /// No right to write.
    ReadOnly,
    /// The connection, and with it the knowledge of what was committed.
    Lost,
    /// A fault of the statement or the server that is none of these.
    Other,
}

impl Cause {
    pub(crate) fn of(error: &sqlx::Error) -> Self {
        match error {
            sqlx::Error::Database(database) => {
                let code = database.code().unwrap_or_default();
                match code.len() {
                    5 => Self::of_postgres(&code),
                    _ => Self::of_sqlite(&code),
                }
            }
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::WorkerCrashed
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed => Self::Lost,
            sqlx::Error::Encode(_) => Self::Data,
            _ => Self::Other,
        }
    }

    /// By SQLSTATE: classes 22 and 23 are data, 40001/40P01/55P03 are locks, 57P0x a server going away.
    fn of_postgres(code: &str) -> Self {
        match code {
            "40001" | "40P01" => Self::Victim,
            "55P03" => Self::Busy,
            "53100" => Self::Full,
            "25006" | "42501" => Self::ReadOnly,
            "57P01" | "57P02" | "57P03" => Self::Lost,
            _ if code.starts_with("22") || code.starts_with("23") => Self::Data,
            _ if code.starts_with("08") => Self::Lost,
            _ => Self::Other,
        }
    }

    /// By the primary result code, which is the low byte of an extended one.
    fn of_sqlite(code: &str) -> Self {
        match code.parse::<i32>().map(|code| code & 0xff) {
            Ok(5 | 6) => Self::Busy,
            Ok(8) => Self::ReadOnly,
            Ok(10) => Self::Lost,
            Ok(13) => Self::Full,
            Ok(18 | 19 | 20 | 25) => Self::Data,
            _ => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Cause;

    #[test]
    fn codes_of_both_databases_mean_the_same() {
        assert_eq!(Cause::of_postgres("40P01"), Cause::Victim);
        assert_eq!(Cause::of_sqlite("5"), Cause::Busy);
        let cases = [
            ("55P03", "517", Cause::Busy),
            ("23505", "1555", Cause::Data),
            ("22P05", "20", Cause::Data),
            ("53100", "13", Cause::Full),
            ("25006", "8", Cause::ReadOnly),
            ("57P01", "778", Cause::Lost),
            ("42P01", "1", Cause::Other),
        ];
        for (postgres, sqlite, expected) in cases {
            assert_eq!(Cause::of_postgres(postgres), expected, "{postgres}");
            assert_eq!(Cause::of_sqlite(sqlite), expected, "{sqlite}");
        }
    }
}

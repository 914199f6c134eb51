//! The store: what happened and what is owed, on `SQLite` and on PostgreSQL, with one behaviour.
//!
//! A case is its log; everything else (head, tasks, timers, messages, receipts) is written in the
//! same commit and could be computed again from it. The store keeps bytes and order. It decides
//! nothing, reads no clock and draws no id: moments, ids and documents are handed in.
//!
//! Reading order: [`rows`] (what is stored), [`store`] (how it is opened), [`mod@commit`] (the one path
//! by which a case moves), then one module per table. To add a function: write its SQL as
//! `const SQL` inside it, send it through `on!`, and add its conformance test in `tests/store`.
//!
//! **Invariant:** every write goes through the store's one write connection ([`store::Store`]).
//! **Invariant:** one SQL text for both databases, unless a comment says `Differs by necessity`.

/// Runs one expression on whichever database it is; checked by the compiler once for each.
macro_rules! on {
    ($db:expr, |$connection:ident| $body:expr) => {
        match $db {
            $crate::store::Db::Sqlite($connection) => $body,
            $crate::store::Db::Postgres($connection) => $body,
        }
    };
}

/// SQL: whether a role held on the scope `$held` is held on the case `$case_id` about `$subject`. The rule is
/// that of `runtime::roles::scopes`, which judges one case: the case itself, its subject, what that lies below
/// (`platform/x/e` and `participation/x/e` below `platform/x`), the ministry.
macro_rules! bears_on {
    ($held:literal, $subject:literal, $case_id:literal) => {
        concat!(
            "(",
            $held,
            " <> '' AND (",
            $held,
            " IN ('ministry', ",
            $subject,
            ", 'case/' || ",
            $case_id,
            ")",
            " OR (substr(",
            $held,
            ", 1, 9) = 'platform/' AND length(",
            $held,
            ") > 9",
            " AND (substr(",
            $subject,
            ", 1, length(",
            $held,
            ") + 1) = (",
            $held,
            ") || '/'",
            " OR (",
            $held,
            " NOT LIKE 'platform/%/%'",
            " AND substr(",
            $subject,
            " || '/', 1, length(",
            $held,
            ") + 6)",
            " = 'participation/' || substr(",
            $held,
            ", 10) || '/')))))"
        )
    };
}

/// Runs one statement that is its own transaction; how many rows it changed.
macro_rules! write_one {
    ($store:expr, $sql:expr, $($value:expr),*) => {{
        let mut writer = $store.writer().await?;
        let changed = on!(&mut writer.tx, |connection| sqlx::query($sql)
            $(.bind($value))*
            .execute(connection)
            .await
            .map(|done| done.rows_affected()))?;
        writer.keep();
        changed
    }};
}

pub mod rows;
pub mod store;

pub mod commit;

pub mod cases;
pub mod inbox;
pub mod log;
pub mod notices;
pub mod outbox;
pub mod receipts;
pub mod tasks;
pub mod timers;

pub mod accounts;
pub mod anchors;
pub mod audit;
pub mod batches;
pub mod calendars;
pub mod charts;
pub mod drafts;
pub mod leases;
pub mod meta;
pub mod people;
pub mod personal;
pub mod removed;
pub mod tokens;

mod address;
mod batch;
pub mod error;
mod slots;
mod statements;
mod writer;

pub use commit::{CommitError, commit};
pub use error::{ChoreError, ReadError};
pub use store::{MigrateError, OpenError, Store};

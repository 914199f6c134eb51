//! What the store promises, on both databases.
//!
//! Every test is one function over an open store; `both!` runs it on a `SQLite` file and in a
//! PostgreSQL schema of its own. Every `pub async fn` of the store is named in one of them.

#![expect(
    clippy::unwrap_used,
    clippy::assigning_clones,
    reason = "a test says what is special about a sample, and fails where it stands"
)]

/// Runs each test on both databases.
macro_rules! both {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(&crate::fresh::sqlite().await).await;
            })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(&crate::fresh::postgres().await).await;
            })*
        }
    };
}

mod accounts;
mod audit;
mod batches;
mod cases;
mod commit;
mod definitions;
mod drafts;
mod fresh;
mod keeping;
mod log;
mod messages;
mod people;
mod rivals;
mod sample;
mod store;
mod tokens;
mod trouble;
mod work;

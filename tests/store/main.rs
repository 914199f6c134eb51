//! What the store promises, on both databases.
//!
//! Every test is one function over an open store; `both!` runs it on a `SQLite` file and in a
//! PostgreSQL schema of its own. Every `pub async fn` of the store is named in one of them.

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

mod commit;
mod fresh;
mod rivals;
mod sample;
mod store;

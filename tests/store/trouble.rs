//! What goes wrong around a commit: a lock, a lost connection, a caller that went away.

use sqlx::{Connection, PgConnection, SqliteConnection};
use store::{CommitError, commit};

use crate::fresh::Fresh;
use crate::sample::{full, step};

both!(a_locked_database_is_busy_and_stays_whole, a_commit_that_was_cancelled_is_whole_or_nothing,);

async fn a_locked_database_is_busy_and_stays_whole(fresh: &Fresh) {
    commit(&fresh.store, &[full("a", 0)]).await.unwrap();
    let rows = fresh.rows().await;
    let outcome = if let Some(path) = fresh.url.strip_prefix("sqlite:") {
        let mut other = SqliteConnection::connect(path).await.unwrap();
        sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
        commit(&fresh.store, &[full("a", 1), full("b", 0)]).await
    } else {
        let mut other = PgConnection::connect(&fresh.url).await.unwrap();
        let mut lock = other.begin().await.unwrap();
        sqlx::query("SELECT 1 FROM cases FOR UPDATE").execute(&mut *lock).await.unwrap();
        commit(&fresh.store, &[full("a", 1), full("b", 0)]).await
    };
    assert!(matches!(outcome, Err(CommitError::Busy(_))), "{outcome:?}");
    assert_eq!(fresh.rows().await, rows);
    let again = commit(&fresh.store, &[full("a", 1), full("b", 0)]).await;
    assert_eq!(again.unwrap(), [true, true]);
}

async fn a_commit_that_was_cancelled_is_whole_or_nothing(fresh: &Fresh) {
    const HEAD: &str = "SELECT revision FROM cases WHERE case_id = 'a'";
    commit(&fresh.store, &[full("a", 0)]).await.unwrap();
    for polls in 0..20 {
        let revision = fresh.number(HEAD).await;
        let batch = [full("a", revision)];
        tokio::select! {
            biased;
            // Refused is only whoever was overtaken by one that was left before.
            outcome = commit(&fresh.store, &batch) => {
                assert!(outcome.unwrap() == [true] || fresh.number(HEAD).await > revision);
            }
            () = async {
                for _ in 0..polls {
                    tokio::task::yield_now().await;
                }
            } => {}
        }
        // Whoever comes next gets a sound connection, while a server may still finish what was left.
        let answers = commit(&fresh.store, &[step(&format!("next {polls}"), 0)]).await.unwrap();
        assert_eq!(answers, [true]);
        for table in ["log", "tasks", "timers", "outbox", "notices", "inbox", "receipts"] {
            let column = if table == "inbox" { "sender" } else { "case_id" };
            let missing =
                format!("SELECT ({HEAD}) - (SELECT count(*) FROM {table} WHERE {column} = 'a')");
            assert_eq!(fresh.number(&missing).await, 0, "{table} after {polls}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_connection_leaves_the_outcome_open_and_is_replaced() {
    let fresh = crate::fresh::postgres().await;
    commit(&fresh.store, &[step("a", 0)]).await.unwrap();
    let mut other = PgConnection::connect(&fresh.url).await.unwrap();
    let mut lock = other.begin().await.unwrap();
    sqlx::query("SELECT 1 FROM cases FOR UPDATE").execute(&mut *lock).await.unwrap();
    let store = fresh.store.clone();
    let blocked = tokio::spawn(async move { commit(&store, &[step("a", 1)]).await });
    // The server says who waits for our lock: that is the writer, and it is sent away.
    let sql = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
        WHERE pg_backend_pid() = ANY (pg_blocking_pids(pid))";
    loop {
        let sent: i64 = sqlx::query_scalar(sql).fetch_one(&mut *lock).await.unwrap();
        if sent > 0 {
            break;
        }
        tokio::task::yield_now().await;
    }
    let outcome = blocked.await.unwrap();
    assert!(matches!(outcome, Err(CommitError::Unknown(_))), "{outcome:?}");
    lock.rollback().await.unwrap();
    assert_eq!(commit(&fresh.store, &[step("a", 1)]).await.unwrap(), [true]);
}

#[tokio::test]
async fn a_database_that_may_only_be_read_says_so() {
    let fresh = crate::fresh::postgres().await;
    let url = format!("{}%20-cdefault_transaction_read_only%3Don", fresh.url);
    let store = store::Store::open(&url).await.unwrap();
    let outcome = commit(&store, &[step("a", 0)]).await;
    assert!(matches!(outcome, Err(CommitError::ReadOnly(_))), "{outcome:?}");
    assert!(outcome.unwrap_err().to_string().contains("give this user the right"));
}

#[tokio::test]
async fn a_full_disk_says_so_and_leaves_nothing() {
    // The smallest disk there is: a file that may not grow.
    let fresh = crate::fresh::sqlite().await;
    let pages = fresh.number("PRAGMA page_count").await;
    let path = fresh.url.strip_prefix("sqlite:").unwrap();
    let mut connection = SqliteConnection::connect(path).await.unwrap();
    let limit: i64 =
        sqlx::query_scalar("PRAGMA max_page_count = 1").fetch_one(&mut connection).await.unwrap();
    assert_eq!(limit, pages, "a file is never cut");
    let sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9999)
        INSERT INTO meta (key, value) SELECT i, printf('%.900c', 'x') FROM n";
    let error = sqlx::query(sql).execute(&mut connection).await.unwrap_err();
    let error = store::ChoreError::from(error);
    assert!(matches!(error, store::ChoreError::Full(_)), "{error:?}");
    assert!(error.to_string().contains("free some space"));
    assert_eq!(fresh.number("SELECT count(*) FROM meta").await, 2);
}

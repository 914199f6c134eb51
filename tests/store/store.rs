//! Opening: what is set on a connection, and what is said when a database cannot be used.

use store::{OpenError, Store};

use crate::fresh::Fresh;
use crate::sample::step;

both!(
    migrating_again_changes_nothing,
    a_newer_schema_is_refused_by_name,
    a_database_is_told_from_the_outside_when_another_wrote,
    a_notification_reaches_a_listener,
    a_closed_store_leaves_the_database_to_others,
);

#[tokio::test]
async fn sqlite_keeps_what_it_answered() {
    let fresh = crate::fresh::sqlite().await;
    let settings = fresh.store.settings().await.unwrap();
    let expected = [
        ("busy_timeout", "5000"),
        ("foreign_keys", "1"),
        ("journal_mode", "wal"),
        ("synchronous", "2"),
    ];
    assert_eq!(settings, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
}

#[tokio::test]
async fn postgres_keeps_what_it_answered() {
    let fresh = crate::fresh::postgres().await;
    let settings = fresh.store.settings().await.unwrap();
    let expected = [
        ("fsync", "on"),
        ("full_page_writes", "on"),
        ("idle_in_transaction_session_timeout", "60000"),
        ("jit", "off"),
        ("lock_timeout", "5000"),
        ("server_encoding", "UTF8"),
        ("synchronous_commit", "on"),
    ];
    assert_eq!(settings, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
}

#[tokio::test]
async fn an_address_that_is_none_is_answered_with_one() {
    for url in ["", "mysql://host/db", "sqlite:", "sqlite::memory:", "postgres"] {
        let error = Store::open(url).await.unwrap_err();
        assert!(matches!(error, OpenError::Address { .. }), "{url}: {error}");
        assert!(error.to_string().contains("sqlite:path/to/file"), "{error}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named_without_its_password() {
    let url = "postgres://clerk:secret@localhost/db?host=/nowhere";
    let error = Store::open(url).await.unwrap_err();
    assert!(matches!(error, OpenError::Unreachable { .. }), "{error}");
    assert!(error.to_string().contains("clerk@localhost"), "{error}");
    assert!(!format!("{error:?}").contains("secret"), "{error:?}");
}

#[tokio::test]
async fn a_file_that_is_something_else_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("letter.txt");
    let text = "Kính gửi Bộ Thông tin và Truyền thông, ".repeat(200);
    std::fs::write(&path, &text).unwrap();
    let error = Store::open(&format!("sqlite:{}", path.display())).await.unwrap_err();
    assert!(matches!(error, OpenError::NotADatabase { .. }), "{error:?}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    let error = Store::open(&format!("sqlite:{}/no/such/folder.db", folder.path().display())).await;
    assert!(matches!(error, Err(OpenError::Unreachable { .. })), "{error:?}");
}

#[tokio::test]
async fn a_database_in_another_encoding_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wide.db");
    let fresh = format!("sqlite:{}", path.display());
    let mut connection =
        <sqlx::SqliteConnection as sqlx::Connection>::connect(&format!("{fresh}?mode=rwc"))
            .await
            .unwrap();
    sqlx::raw_sql("PRAGMA encoding = 'UTF-16le'; CREATE TABLE t (a TEXT)")
        .execute(&mut connection)
        .await
        .unwrap();
    let error = Store::open(&fresh).await.unwrap_err();
    assert!(matches!(error, OpenError::Encoding { .. }), "{error}");
}

async fn migrating_again_changes_nothing(fresh: &Fresh) {
    store::commit(&fresh.store, &[step("a", 0)]).await.unwrap();
    let (first, second) = (fresh.another().await, fresh.another().await);
    let (first, second) = tokio::join!(first.migrate(), second.migrate());
    first.unwrap();
    second.unwrap();
    assert_eq!(fresh.rows().await, 2);
}

async fn a_newer_schema_is_refused_by_name(fresh: &Fresh) {
    fresh.run("UPDATE _sqlx_migrations SET version = 9000 WHERE version = 1").await.unwrap();
    let error = Store::open(&fresh.url).await.unwrap_err();
    assert!(matches!(error, OpenError::Newer { found: 9000, .. }), "{error}");
}

async fn a_database_is_told_from_the_outside_when_another_wrote(fresh: &Fresh) {
    let before = fresh.store.data_version().await.unwrap();
    store::commit(&fresh.store, &[step("ours", 0)]).await.unwrap();
    assert_eq!(fresh.store.data_version().await.unwrap(), before, "our own writes do not count");
    store::commit(&fresh.another().await, &[step("theirs", 0)]).await.unwrap();
    let moved = fresh.store.data_version().await.unwrap() != before;
    assert_eq!(moved, fresh.store.is_sqlite());
    assert!(fresh.url.starts_with(fresh.store.url().split(':').next().unwrap()));
}

async fn a_notification_reaches_a_listener(fresh: &Fresh) {
    let listener = fresh.another().await.listen().await.unwrap();
    assert_eq!(listener.is_none(), fresh.store.is_sqlite());
    fresh.store.notify("timers").await.unwrap();
    if let Some(mut listener) = listener {
        assert_eq!(listener.recv().await.unwrap().payload(), "timers");
    }
}

async fn a_closed_store_leaves_the_database_to_others(fresh: &Fresh) {
    store::commit(&fresh.store, &[step("a", 0)]).await.unwrap();
    fresh.store.close().await;
    assert_eq!(store::commit(&fresh.another().await, &[step("a", 1)]).await.unwrap(), [true]);
}

//! Databases that cannot be used, and databases that are not what they say.

use std::fs;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};

use crate::cli::desk::{Desk, run};

async fn connect(desk: &Desk) -> SqliteConnection {
    let file = desk.store.strip_prefix("sqlite:").expect("it is a file");
    SqliteConnectOptions::new().filename(file).connect().await.expect("the database can be opened")
}

#[test]
fn a_database_that_cannot_be_used_is_told_with_what_to_do() {
    let desk = Desk::empty();
    let file = |name: &str| format!("sqlite:{}", desk.folder.path().join(name).display());
    fs::write(desk.folder.path().join("text.db"), "not a database, ".repeat(100)).unwrap();
    let nobody = format!("postgres://cotmoc:secret@127.0.0.1:{}/cotmoc", support::port::free());
    for (store, command, code, vi, en) in [
        (file("none.db"), "verify", 4, "`cotmoc --store sqlite:", "init`"),
        (file("none/none.db"), "init", 4, "thư mục", "folder exists"),
        (file("text.db"), "verify", 1, "không phải cơ sở dữ liệu", "not a database"),
        (nobody, "verify", 4, "máy chủ PostgreSQL", "check that it runs"),
        ("mysql://x".to_owned(), "verify", 1, "`mysql://x`", "no address of a store"),
    ] {
        for (lang, words) in [("vi", vi), ("en", en)] {
            let error = run(&["--store", &store, "--lang", lang, command]).failed(code);
            assert!(error.contains(words), "{store}: {error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }
    assert!(!desk.folder.path().join("none.db").exists(), "a command that reads makes no file");
}

#[tokio::test]
async fn a_database_that_nobody_has_set_up_says_init() {
    let desk = Desk::empty();
    let file = desk.store.strip_prefix("sqlite:").unwrap();
    let options = SqliteConnectOptions::new().filename(file).create_if_missing(true);
    options.connect().await.unwrap().close().await.unwrap();
    let error = desk.run(&["case", "list"]).failed(4);
    assert!(error.contains("`cotmoc init`"), "{error}");
}

#[tokio::test]
async fn the_database_of_a_newer_program_is_left_alone() {
    let desk = Desk::empty();
    desk.run(&["init", "--without-people"]).ok();
    let mut connection = connect(&desk).await;
    sqlx::query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (9999, 'later', TRUE, x'00', 0)",
    )
    .execute(&mut connection)
    .await
    .unwrap();
    connection.close().await.unwrap();
    for command in [&["verify"][..], &["init"], &["serve"]] {
        let error = desk.run(command).failed(4);
        assert!(error.contains("9999") && error.contains("mới hơn"), "{error}");
    }
}

#[tokio::test]
async fn a_locked_database_is_said_to_be_busy() {
    let desk = Desk::prepared();
    let id = desk.report();
    let mut connection = connect(&desk).await;
    sqlx::query("BEGIN EXCLUSIVE").execute(&mut connection).await.unwrap();
    let error = desk.run(&["--lang", "en", "case", "send", &id, "save", "--as", "p"]).failed(4);
    assert!(error.contains("busy") || error.contains("lock"), "{error}");
    sqlx::query("ROLLBACK").execute(&mut connection).await.unwrap();
    desk.run(&["verify"]).ok();
}

#[tokio::test]
async fn a_changed_byte_in_the_log_is_found_and_named() {
    let desk = Desk::prepared();
    let id = desk.report();
    let clean = desk.run(&["verify", "--json"]).json();
    assert_eq!((&clean["clean"], &clean["cases"]), (&true.into(), &36.into()));
    let mut connection = connect(&desk).await;
    for statement in [
        "DROP TRIGGER log_is_never_updated".to_owned(),
        format!("UPDATE log SET actor = replace(actor, 'system', 'sysadm') WHERE case_id = '{id}'"),
    ] {
        sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut connection).await.unwrap();
    }
    connection.close().await.unwrap();
    let ran = desk.run(&["verify"]);
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains(&format!("case {id}: chain: ")), "{}", ran.out);
    let last = ran.out.trim_end().lines().last().unwrap();
    assert!(last.len() == 64 && last.chars().all(|c| c.is_ascii_hexdigit()), "{last}");
    let json = desk.run(&["verify", "--json"]);
    let found: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert!(found["findings"].as_array().unwrap().iter().all(|one| one["case_id"] == id));
}

//! A PostgreSQL schema of its own for every test.
//!
//! The server is the one that `COTMOC_TEST_POSTGRES` names (`./check` sets it), otherwise a throwaway
//! one that this process starts, once, with `postgres.sh`. With `REQUIRE_POSTGRES` set the first is
//! demanded, so that a gate cannot run on something else than it says.

use std::env;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{AssertSqlSafe, Connection, PgConnection};

/// A running server; the child, if we started it, lives while its standard input is open.
#[derive(Debug)]
pub struct Server {
    /// Its address, without any schema.
    pub url: String,
    _child: Option<Child>,
}

impl Server {
    /// Starts a throwaway server for one test, with `before` put before the command that starts it,
    /// such as `env NAME=VALUE`. It ends soon after this is dropped.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn start(before: &[&str]) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/support/postgres.sh");
        let mut child = Command::new("bash")
            .arg(script)
            .args(before)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("bash is installed");
        let stdout = child.stdout.take().expect("standard output is piped");
        let mut url = String::new();
        BufReader::new(stdout).read_line(&mut url).expect("the URL is text");
        assert!(
            url.ends_with('\n'),
            "PostgreSQL could not be started (see above): run `./check`, which installs it, or \
             `apt-get install postgresql`"
        );
        Self { url: url.trim_end().to_owned(), _child: Some(child) }
    }
}

/// The URL of the server, without any schema: started by now if it was not running.
///
/// # Panics
/// When there is no server and none can be started.
pub fn server() -> &'static str {
    static SERVER: OnceLock<Server> = OnceLock::new();
    let server = SERVER.get_or_init(|| {
        match choose(env::var("COTMOC_TEST_POSTGRES").ok(), env::var("REQUIRE_POSTGRES").is_ok()) {
            Choice::Given(url) => Server { url, _child: None },
            Choice::Start => Server::start(&[]),
            Choice::Missing => panic!(
                "REQUIRE_POSTGRES is set, but COTMOC_TEST_POSTGRES names no server: run `./check`, \
                 which starts one, or unset REQUIRE_POSTGRES"
            ),
        }
    });
    &server.url
}

/// The URL of a new, empty schema: every table made through it is this test's own.
///
/// The schema goes away with the throwaway server; on a server that stays, the next run with the
/// same name drops it.
///
/// # Panics
/// When the server cannot be reached.
pub async fn fresh() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let schema = format!("cotmoc_test_{}_{count}", std::process::id());
    let server = server();
    let mut connection = PgConnection::connect(server)
        .await
        .unwrap_or_else(|error| panic!("PostgreSQL at `{server}` cannot be reached: {error}"));
    for statement in
        [format!("DROP SCHEMA IF EXISTS {schema} CASCADE"), format!("CREATE SCHEMA {schema}")]
    {
        sqlx::query(AssertSqlSafe(statement))
            .execute(&mut connection)
            .await
            .expect("the test user may make a schema");
    }
    let separator = if server.contains('?') { '&' } else { '?' };
    format!("{server}{separator}options=-csearch_path%3D{schema}")
}

#[derive(Debug, PartialEq)]
enum Choice {
    Given(String),
    Start,
    Missing,
}

fn choose(url: Option<String>, required: bool) -> Choice {
    match url {
        Some(url) if !url.is_empty() => Choice::Given(url),
        _ if required => Choice::Missing,
        _ => Choice::Start,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_required_server_that_is_absent_is_never_replaced() {
        let cases = [
            (Some("postgres://x"), false, Choice::Given("postgres://x".to_owned())),
            (Some("postgres://x"), true, Choice::Given("postgres://x".to_owned())),
            (Some(""), true, Choice::Missing),
            (None, true, Choice::Missing),
            (None, false, Choice::Start),
        ];
        for (url, required, expected) in cases {
            assert_eq!(choose(url.map(str::to_owned), required), expected, "{url:?} {required}");
        }
    }

    #[tokio::test]
    async fn two_tests_do_not_see_each_other() {
        let (ours, theirs) = (fresh().await, fresh().await);
        let mut connection = PgConnection::connect(&ours).await.unwrap();
        sqlx::query("CREATE TABLE cases (id TEXT)").execute(&mut connection).await.unwrap();
        for (url, expected) in [(&ours, true), (&theirs, false)] {
            let mut connection = PgConnection::connect(url).await.unwrap();
            let found: bool = sqlx::query_scalar("SELECT to_regclass('cases') IS NOT NULL")
                .fetch_one(&mut connection)
                .await
                .unwrap();
            assert_eq!(found, expected, "{url}");
        }
    }

    #[tokio::test]
    async fn the_server_keeps_its_promises_of_durability() {
        let mut connection = PgConnection::connect(server()).await.unwrap();
        for statement in ["SHOW fsync", "SHOW synchronous_commit", "SHOW full_page_writes"] {
            let value: String =
                sqlx::query_scalar(statement).fetch_one(&mut connection).await.unwrap();
            assert_eq!(value, "on", "{statement}");
        }
    }
}

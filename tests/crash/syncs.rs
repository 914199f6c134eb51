//! No answer leaves the process before the sync that makes it durable: watched from inside, by a
//! recorder that is preloaded into `cotmoc` and into the PostgreSQL server.
//!
//! Each proof comes with its opposite: the same check on a writer that does not wait for the disk must
//! find every answer uncovered.

use std::collections::BTreeMap;
use std::fs::{self, File, Permissions};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use runtime::clock::Clock;
use serde_json::json;
use sqlx::{Connection as _, PgConnection};
use support::postgres::Server;
use tempfile::TempDir;

use super::charts::{Place, block_on};
use super::engine::{Engine, PATIENCE, command, wait_for};
use super::record::{Call, Commit, answers, key, postgres_writes, read, sqlite_writes, uncovered};

const COMMANDS: usize = 600;
const CASES: usize = 20;
/// How many commands are left without an answer at a time.
const WINDOW: usize = 24;

/// A writer that is not ours: the same file, the same answers, and `synchronous` as it is told.
const OTHER_WRITER: &str = "
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute('PRAGMA journal_mode=WAL')
db.execute('PRAGMA synchronous=' + sys.argv[2])
db.execute('CREATE TABLE t (key TEXT) STRICT')
for n in range(50):
    db.execute('INSERT INTO t VALUES (?)', ('kq%06dzw' % n,))
    print('kq%06dzw' % n, flush=True)
";

/// The recorder, compiled, and its file of records.
struct Recorder {
    folder: TempDir,
    library: PathBuf,
    records: PathBuf,
}

impl Recorder {
    fn build() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        // The server may run as another user.
        let open = |path: &Path, mode| fs::set_permissions(path, Permissions::from_mode(mode));
        open(folder.path(), 0o755).expect("it is ours");
        let library = folder.path().join("recorder.so");
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/crash/recorder.c");
        let compiled = Command::new("cc")
            .args(["-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o"])
            .args([library.as_os_str(), source.as_ref(), "-ldl".as_ref()])
            .status();
        assert!(compiled.expect("cc is installed").success(), "the recorder does not compile");
        let records = folder.path().join("records");
        File::create(&records).expect("it is ours");
        open(&records, 0o666).expect("it is ours");
        Self { folder, library, records }
    }

    fn settings(&self) -> [(&'static str, &Path); 2] {
        [("LD_PRELOAD", &self.library), ("RECORDER_LOG", &self.records)]
    }

    /// Runs a recorded engine on `place` with the commands `from` and on; its process id.
    fn run(&self, place: &Place, cases: &[String], from: usize) -> u32 {
        let mut recorded = command(&place.url);
        recorded.envs(self.settings());
        let mut engine = Engine::start(recorded, WINDOW, &place.folder.path().join("heard"));
        let pid = engine.pid();
        for number in from..from + COMMANDS {
            engine.send(
                &json!({
                    "case": cases[number % CASES], "event": "add", "data": { "n": number },
                    "as": "anna", "key": key(number)
                })
                .to_string(),
            );
            if number >= from + WINDOW {
                engine.hear(PATIENCE).expect("the engine answers").taken();
            }
        }
        let (rest, status) = engine.finish();
        assert!(status.success() && rest.iter().all(|one| one.outcome == "ok"), "{rest:?}");
        assert_eq!(rest.len(), WINDOW, "every command was answered");
        pid
    }

    /// Runs the other writer; its process id.
    fn run_other(&self, name: &str, synchronous: &str) -> u32 {
        let mut child = Command::new("/usr/bin/python3")
            .args(["-c", OTHER_WRITER])
            .args([self.folder.path().join(name).as_os_str(), synchronous.as_ref()])
            .envs(self.settings())
            .stdout(Stdio::null())
            .spawn()
            .expect("python3 is installed");
        let pid = child.id();
        assert!(child.wait().expect("it is ours").success());
        pid
    }
}

#[test]
fn no_answer_leaves_before_the_sync_of_sqlite_that_covers_it() {
    let (place, recorder) = (Place::sqlite(), Recorder::build());
    let cases = block_on(place.prepare(Clock::Real, "counter", CASES));
    let pid = recorder.run(&place, &cases, 0);
    let calls = read(&recorder.records);
    let (answers, needed) = (answers(&calls, pid), sqlite_writes(&calls));
    assert_eq!((answers.len(), needed.len()), (COMMANDS, COMMANDS), "every answer is judged");
    assert_eq!(uncovered(&calls, &answers, &needed), [""; 0]);
    tell("sqlite", &calls, pid, COMMANDS);
    // Without the syncs of the log file, nothing of it stands.
    let unsynced: Vec<Call> = calls.iter().filter(|call| call.kind != b'S').cloned().collect();
    assert_eq!(uncovered(&unsynced, &answers, &needed).len(), 2 * COMMANDS);
}

#[test]
fn a_writer_to_sqlite_that_does_not_wait_for_the_disk_is_found_out() {
    for (synchronous, covered) in [("FULL", true), ("NORMAL", false), ("OFF", false)] {
        let recorder = Recorder::build();
        let pid = recorder.run_other("other.db", synchronous);
        let calls = read(&recorder.records);
        let (answers, needed) = (answers(&calls, pid), sqlite_writes(&calls));
        assert_eq!((answers.len(), needed.len()), (50, 50), "every answer is judged");
        let problems = uncovered(&calls, &answers, &needed);
        assert_eq!(problems.len(), if covered { 0 } else { 100 }, "{synchronous}: {problems:?}");
    }
}

#[test]
fn no_answer_leaves_before_the_sync_of_postgres_that_covers_it() {
    let recorder = Recorder::build();
    let settings = recorder.settings().map(|(name, value)| format!("{name}={}", value.display()));
    let server = Server::start(&["env", &settings[0], &settings[1]]);
    let place = Place::at(server.url.clone());
    set(&place, "ALTER SYSTEM SET wal_keep_size = '1GB'", "wal_keep_size", "1GB");
    let cases = block_on(place.prepare(Clock::Real, "counter", CASES));
    let pid = recorder.run(&place, &cases, 0);
    let calls = read(&recorder.records);
    let commits = block_on(commits(&place));
    let (given, needed) = (answers(&calls, pid), postgres_writes(&calls, &commits));
    assert_eq!((given.len(), needed.len()), (COMMANDS, COMMANDS), "every answer is judged");
    assert_eq!(uncovered(&calls, &given, &needed), [""; 0]);
    tell("postgres", &calls, pid, COMMANDS);
    // A server that does not sync keeps the same promise in words only, and is found out.
    set(&place, "ALTER SYSTEM SET fsync = off", "fsync", "off");
    let pid = recorder.run(&place, &cases, COMMANDS);
    let calls = read(&recorder.records);
    let commits = block_on(self::commits(&place));
    let (given, needed) = (answers(&calls, pid), postgres_writes(&calls, &commits));
    assert_eq!((given.len(), needed.len()), (COMMANDS, 2 * COMMANDS), "every answer is judged");
    let mut found = uncovered(&calls, &given, &needed);
    found.dedup_by_key(|problem| problem.split(':').next().map(str::to_owned));
    assert_eq!(found.len(), COMMANDS, "every answer is found uncovered");
}

/// Changes a setting of the server and waits until it holds.
fn set(place: &Place, statement: &'static str, name: &'static str, value: &str) {
    wait_for("a setting to hold", || {
        let now: String = block_on(async {
            let mut connection = PgConnection::connect(&place.url).await?;
            sqlx::raw_sql(statement).execute(&mut connection).await?;
            sqlx::query("SELECT pg_reload_conf()").execute(&mut connection).await?;
            connection.close().await?;
            let mut connection = PgConnection::connect(&place.url).await?;
            sqlx::query_scalar("SELECT current_setting($1)")
                .bind(name)
                .fetch_one(&mut connection)
                .await
        })
        .unwrap_or_else(|error: sqlx::Error| panic!("{statement}: {error}"));
        (now == value).then_some(())
    });
}

/// Where the commit of each command's transaction is in the server's log, by key.
async fn commits(place: &Place) -> BTreeMap<String, Commit> {
    let mut connection = PgConnection::connect(&place.url).await.expect("a server");
    let (folder, programs, from): (String, String, String) = sqlx::query_as(
        "SELECT current_setting('data_directory'), (SELECT setting FROM pg_config WHERE name = 'BINDIR'),
            (SELECT min(name) FROM pg_ls_waldir() WHERE length(name) = 24)",
    )
    .fetch_one(&mut connection)
    .await
    .expect("the server says where it is");
    let transactions: Vec<(String, i64)> = sqlx::query_as(
        "SELECT r.key, l.txid FROM receipts r
         JOIN log l ON l.case_id = r.case_id AND l.revision = r.revision
         WHERE r.key LIKE 'kq%'",
    )
    .fetch_all(&mut connection)
    .await
    .expect("receipts can be read");
    let dumped = Command::new(Path::new(&programs).join("pg_waldump"))
        .args(["--rmgr=Transaction", "--path"])
        .args([&format!("{folder}/pg_wal"), &from])
        .output()
        .expect("PostgreSQL brings pg_waldump");
    // It ends with an error: the log goes on where it stops reading.
    let dumped = String::from_utf8_lossy(&dumped.stdout).into_owned();
    let found: BTreeMap<u32, Commit> = dumped.lines().filter_map(commit).collect();
    let of = |(key, txid): (String, i64)| {
        let transaction = u32::try_from(txid & 0xffff_ffff).expect("it is masked");
        found.get(&transaction).map(|commit| (key, commit.clone()))
    };
    transactions.into_iter().filter_map(of).collect()
}

/// A line of `pg_waldump` that is a commit: the transaction, and where its record is.
///
/// `rmgr: Transaction len (rec/tot): 34/ 34, tx: 745, lsn: 0/01547F58, prev …, desc: COMMIT …`
fn commit(line: &str) -> Option<(u32, Commit)> {
    if !line.contains("desc: COMMIT") {
        return None;
    }
    let word = |name: &str| {
        let after = line.split_once(name)?.1.trim_start();
        after.split([',', ' ']).next().map(str::to_owned)
    };
    let length: u32 =
        line.split_once('/')?.1.split_once('/')?.1.split_once(',')?.0.trim().parse().ok()?;
    let transaction: u32 = word("tx:")?.parse().ok()?;
    let lsn = word("lsn:")?;
    let (high, low) = lsn.split_once('/')?;
    let [high, low] = [high, low].map(|half| usize::from_str_radix(half, 16));
    let at = (high.ok()? << 32) + low.ok()?;
    let mut opening = [0; 8];
    opening[..4].copy_from_slice(&length.to_le_bytes());
    opening[4..].copy_from_slice(&transaction.to_le_bytes());
    Some((transaction, Commit { at, length: usize::try_from(length).ok()?, opening }))
}

/// Says what was proved, directly, so that whoever runs the gate sees it.
fn tell(database: &str, calls: &[Call], pid: u32, answers: usize) {
    let of = |kind: u8| calls.iter().filter(move |call| call.kind == kind);
    let lines = of(b'A').filter(|call| call.pid == pid).count();
    let slowest = of(b'S').map(|call| Duration::from_nanos(call.end - call.begin)).max();
    let _written = writeln!(
        std::io::stderr(),
        "{database}: {answers} answers ({lines} writes) covered; {} writes to the log, {} syncs, \
         the longest {:.1} ms",
        of(b'W').count(),
        of(b'S').count(),
        slowest.unwrap_or_default().as_secs_f64() * 1_000.0
    );
}

//! What the tests of commands share: a database of their own, charts, a runtime on a still clock.

use std::sync::Arc;

use chart::calendar::Calendar;
use chart::load::{Files, load};
use chart::moment::Timestamp;
use runtime::clock::Clock;
use runtime::command::{ActorRef, Command, Opening, Receipt};
use runtime::engine::{Runtime, Setup};
use runtime::publishing::Definition;
use serde_json::{Value, json};
use store::Store;
use tempfile::TempDir;

/// Monday, 5 September 2022, 09:00 in Ha Noi.
pub(crate) const MONDAY: Timestamp = Timestamp(1_662_343_200_000);
/// A day.
pub(crate) const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// Anna may count; `close` needs a count of at least one.
pub(crate) const COUNTER: &str = r#"
chart: counter
version: 1
title: { vi: Bộ đếm, en: Counter }
basis: product
roles:
  clerk: { title: { vi: Người đếm, en: Clerk }, holders: "['anna']" }
data:
  type: object
  properties: { count: { type: integer, default: 0 }, note: { type: string, default: "" } }
  additionalProperties: false
events:
  add:
    title: { vi: Cộng, en: Add }
    basis: product
    payload: { type: object, properties: { n: { type: integer, default: 1 } } }
  note:
    title: { vi: Ghi chú, en: Note }
    basis: product
    payload: { type: object, properties: { text: { type: string } }, required: [ text ] }
  close: { title: { vi: Đóng, en: Close }, basis: product }
  reopen: { title: { vi: Mở lại, en: Reopen }, basis: product }
initial: open
states:
  open:
    title: { vi: Đang mở, en: Open }
    basis: product
    task: { for: clerk, title: { vi: Đếm, en: Count } }
    on:
      add: { set: [ { path: data.count, to: "data.count + event.n" } ] }
      note: { set: [ { path: data.note, to: event.text } ] }
      close:
        to: shut
        require:
          - that: "data.count > 0"
            else: { vi: Chưa đếm gì., en: Nothing was counted. }
  shut:
    title: { vi: Đã đóng, en: Shut }
    basis: product
    task: { for: clerk, title: { vi: Mở lại, en: Reopen } }
    on: { reopen: { to: open } }
"#;

/// A term of five working days with a reminder and two escalations; `answer` ends it.
pub(crate) const ANSWER: &str = r"
chart: answer
version: 1
title: { vi: Trả lời công văn, en: Answer to a letter }
basis: product
roles:
  clerk: { title: { vi: Chuyên viên, en: Clerk } }
  head: { title: { vi: Trưởng phòng, en: Head of division } }
events:
  answer: { title: { vi: Trả lời, en: Answer }, basis: product }
  forward: { title: { vi: Chuyển, en: Forward }, basis: product }
initial: waiting
states:
  waiting:
    title: { vi: Chờ trả lời, en: Waiting for the answer }
    basis: product
    task: { for: clerk, title: { vi: Trả lời, en: Answer } }
    term:
      due: after 5 working_days
      remind: [ 2 working_days before, 1 working_days before ]
      escalate:
        - { after: 1 working_days, to: head }
        - { after: 2 working_days, to: head }
    on:
      answer: { to: answered, by: clerk }
      forward: { to: waiting, by: head }
  answered:
    title: { vi: Đã trả lời, en: Answered }
    basis: product
    type: final
";

/// A parent that spawns two counters' worth of children, and a child that reports back.
pub(crate) const PARENT: &str = r#"
chart: parent
version: 1
title: { vi: Hồ sơ mẹ, en: Parent }
basis: product
data:
  type: object
  properties:
    names: { type: array, items: { type: string }, default: [ a, b ] }
    heard: { type: array, items: { type: string }, default: [] }
events:
  start: { title: { vi: Bắt đầu, en: Start }, basis: product }
  child.done:
    title: { vi: Hồ sơ con xong, en: Child done }
    machine: true
    payload: { type: object, properties: { name: { type: string } }, required: [ name ] }
initial: idle
states:
  idle:
    title: { vi: Chưa bắt đầu, en: Idle }
    basis: product
    on:
      start:
        to: busy
        do: [ { spawn: { chart: child, each: data.names, id: it, data: { name: it } } } ]
  busy:
    title: { vi: Đang chờ, en: Busy }
    basis: product
    on:
      child.done: { set: [ { path: data.heard, to: "data.heard + [event.name]" } ] }
    always: [ { if: "size(data.heard) == size(data.names)", to: over } ]
  over:
    title: { vi: Xong, en: Over }
    basis: product
    type: final
"#;

/// Tells its parent at once, and ends.
pub(crate) const CHILD: &str = r#"
chart: child
version: 1
title: { vi: Hồ sơ con, en: Child }
basis: product
data:
  type: object
  properties: { name: { type: string, default: "" } }
initial: working
states:
  working:
    title: { vi: Đang làm, en: Working }
    basis: product
    entry: [ { send: { event: child.done, to: parent, data: { name: data.name } } } ]
    always: [ { to: over } ]
  over:
    title: { vi: Xong, en: Over }
    basis: product
    type: final
"#;

/// Invokes a counter, can stop doing so, and can shout at a case that is not there.
pub(crate) const INVOKER: &str = r#"
chart: invoker
version: 1
title: { vi: Hồ sơ gọi, en: Invoker }
basis: product
roles:
  clerk: { title: { vi: Người đếm, en: Clerk }, holders: "['anna']" }
events:
  stop: { title: { vi: Dừng, en: Stop }, basis: product }
  shout: { title: { vi: Gọi, en: Shout }, basis: product }
initial: working
states:
  working:
    title: { vi: Đang làm, en: Working }
    basis: product
    invoke: { id: helper, chart: counter }
    on:
      stop: { to: stopped, cancels: true }
      shout: { do: [ { send: { event: hello, to: { case: "'nobody'" } } } ] }
  stopped:
    title: { vi: Đã dừng, en: Stopped }
    basis: product
    task: { for: clerk, title: { vi: Kết thúc, en: Finish } }
"#;

/// Its due moment cannot be taken: the list has no fourth element.
pub(crate) const FRAGILE: &str = r#"
chart: fragile
version: 1
title: { vi: Hồ sơ hỏng, en: Fragile }
basis: product
roles:
  clerk: { title: { vi: Người đếm, en: Clerk }, holders: "['anna']" }
data:
  type: object
  properties:
    items: { type: array, items: { type: integer }, default: [ 1 ] }
    last: { type: integer, default: 0 }
events:
  fill: { title: { vi: Bổ sung, en: Fill }, basis: product }
initial: waiting
states:
  waiting:
    title: { vi: Đang chờ, en: Waiting }
    basis: product
    task: { for: clerk, title: { vi: Bổ sung, en: Fill } }
    term: { due: after 1 working_days }
    on:
      term.due: { set: [ { path: data.last, to: "data.items[3]" } ] }
      fill: { set: [ { path: data.items, to: "[1, 2, 3, 4]" } ] }
"#;

/// A database of one test.
pub(crate) struct Place {
    pub(crate) url: String,
    _folder: Option<TempDir>,
}

impl Place {
    pub(crate) fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("test.db").display());
        Self { url, _folder: Some(folder) }
    }

    pub(crate) async fn postgres() -> Self {
        Self { url: support::postgres::fresh().await, _folder: None }
    }

    pub(crate) async fn store(&self) -> Store {
        let store = Store::open(&self.url).await.unwrap();
        store.migrate().await.unwrap();
        store
    }

    /// A runtime with every chart of this file on a clock that stands at [`MONDAY`].
    pub(crate) async fn runtime(&self) -> Runtime {
        self.runtime_with(setup()).await
    }

    pub(crate) async fn runtime_with(&self, setup: Setup) -> Runtime {
        Runtime::open(self.store().await, setup).await.unwrap()
    }

    /// Changes the database behind the engine's back.
    pub(crate) async fn tamper(&self, statement: &str) -> u64 {
        let statement = sqlx::AssertSqlSafe(statement.to_owned());
        let done = if self.url.starts_with("sqlite:") {
            use sqlx::Connection as _;
            let mut connection = sqlx::SqliteConnection::connect(&self.url).await.unwrap();
            sqlx::raw_sql(statement).execute(&mut connection).await.map(|done| done.rows_affected())
        } else {
            use sqlx::Connection as _;
            let mut connection = sqlx::PgConnection::connect(&self.url).await.unwrap();
            sqlx::raw_sql(statement).execute(&mut connection).await.map(|done| done.rows_affected())
        };
        done.unwrap()
    }

    /// What `query` counts.
    pub(crate) async fn number(&self, query: &str) -> i64 {
        use sqlx::Connection as _;
        let query = sqlx::AssertSqlSafe(query.to_owned());
        if self.url.starts_with("sqlite:") {
            let mut connection = sqlx::SqliteConnection::connect(&self.url).await.unwrap();
            sqlx::query_scalar(query).fetch_one(&mut connection).await.unwrap()
        } else {
            let mut connection = sqlx::PgConnection::connect(&self.url).await.unwrap();
            sqlx::query_scalar(query).fetch_one(&mut connection).await.unwrap()
        }
    }
}

pub(crate) fn setup() -> Setup {
    let charts = [COUNTER, ANSWER, PARENT, CHILD, INVOKER, FRAGILE].map(definition).into();
    let calendar = Calendar::parse(include_str!("../../workflows/calendars/vn-state.json"));
    Setup::new(charts, Arc::new(calendar.unwrap())).on(Clock::standing_at(MONDAY))
}

pub(crate) fn definition(text: &str) -> Definition {
    let files = Files::from([("chart.yaml".to_owned(), text.to_owned())]);
    let loaded = load(&files, "chart.yaml");
    assert!(loaded.problems.is_empty(), "{:#?}", loaded.problems);
    Definition::of(loaded).unwrap()
}

/// Opens a case of `chart` under `key`.
pub(crate) async fn open(runtime: &Runtime, chart: &str, key: &str) -> Receipt {
    runtime.send(opening(chart, key)).await.unwrap()
}

pub(crate) fn opening(chart: &str, key: &str) -> Command {
    let chart = chart.to_owned();
    let subject = "participation/ndp2022-01/ent-x".to_owned();
    let opening = Opening { chart, subject, data: json!({}) };
    Command::open("tests", key, opening, ActorRef::person("anna"))
}

/// A command of `anna` to an open case.
pub(crate) fn command(case_id: &str, event: &str, payload: Value, key: &str) -> Command {
    Command::send(case_id, event, payload, ActorRef::person("anna"), key)
}

/// The data of a case, as its head has it.
pub(crate) async fn data(runtime: &Runtime, case_id: &str) -> Value {
    let head = store::cases::find(runtime.store(), case_id).await.unwrap().unwrap();
    let snapshot: Value = serde_json::from_str(&head.snapshot).unwrap();
    snapshot["data"].clone()
}

/// The kinds and events of a case's log.
pub(crate) async fn entries(runtime: &Runtime, case_id: &str) -> Vec<(String, String)> {
    let rows = store::log::of_case(runtime.store(), case_id).await.unwrap();
    rows.into_iter().map(|row| (row.entry.kind, row.entry.event)).collect()
}

/// Verifies the database and demands that nothing is wrong.
pub(crate) async fn demand_clean(runtime: &Runtime) {
    let verified = runtime.verify().await.unwrap();
    assert!(verified.is_clean(), "{:#?}", verified.findings);
}

/// Expands each test to one on `SQLite` and one on PostgreSQL.
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(crate::desk::Place::sqlite()).await;
            })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(crate::desk::Place::postgres().await).await;
            })*
        }
    };
}
pub(crate) use on_both;

//! The charts that are run under fire, and a database with cases of them.
//!
//! They are published by the test, not shipped: `cotmoc` finds them in the database, as it finds
//! every chart that an older program has left there.

use std::sync::LazyLock;

use chart::load::{Files, load};
use chart::moment::Timestamp;
use runtime::clock::Clock;
use runtime::engine::CLOCK;
use runtime::publishing::Definition;
use runtime::{ActorRef, Command, Opening, Runtime, Setup};
use serde_json::json;
use sqlx::{Connection as _, PgConnection, SqliteConnection};
use store::people::{OrganisationRow, PersonRow};
use store::{Store, meta, people};
use tempfile::TempDir;

/// Counts what it is told; the payload of each entry says which command it was.
const COUNTER: &str = r#"
chart: counter
version: 1
title: { vi: Bộ đếm, en: Counter }
basis: product
roles:
  clerk: { title: { vi: Người đếm, en: Clerk }, holders: "['anna']" }
data:
  type: object
  properties: { count: { type: integer, default: 0 } }
events:
  add:
    title: { vi: Cộng, en: Add }
    basis: product
    payload: { type: object, properties: { n: { type: integer } }, required: [ n ] }
initial: open
states:
  open:
    title: { vi: Đang mở, en: Open }
    basis: product
    task: { for: clerk, title: { vi: Đếm, en: Count } }
    on: { add: { set: [ { path: data.count, to: "data.count + 1" } ] } }
"#;

/// Five terms that fall due at one instant; of each the clerk is told at once, and with the last the
/// case is over. `REGIONS` stands for five of [`REGION`].
const BELLS: &str = r#"
chart: bells
version: 1
title: { vi: Năm hồi chuông, en: Five bells }
basis: product
roles:
  clerk: { title: { vi: Người nghe, en: Clerk }, holders: "['anna']" }
initial: listening
states:
  listening:
    type: parallel
    title: { vi: Đang nghe, en: Listening }
    basis: product
    on: { done.state.listening: { to: over } }
    states: { REGIONS }
  over:
    title: { vi: Xong, en: Over }
    basis: product
    type: final
"#;

const REGION: &str = "
bell_N:
  title: { vi: Chuông N, en: Bell N }
  basis: product
  initial: waiting_N
  states:
    waiting_N:
      title: { vi: Chờ chuông N, en: Waiting for bell N }
      basis: product
      task: { for: clerk, title: { vi: Chờ, en: Wait } }
      term: { due: after 1 working_days, remind: [] }
      on: { term.due: { to: rung_N, do: [ { letter: { name: due_today, to: clerk, immediate: true } } ] } }
    rung_N: { title: { vi: Đã kêu, en: Rung }, basis: product, type: final }
";

/// Walks five steps by its own timers; at each it asks for a document and opens a child that answers.
const WALKER: &str = r#"
chart: walker
version: 1
title: { vi: Người đi bộ, en: Walker }
basis: product
data:
  type: object
  properties:
    steps: { type: integer, default: 0 }
    heard: { type: integer, default: 0 }
events:
  step: { title: { vi: Bước, en: Step }, machine: true }
  child.done: { title: { vi: Hồ sơ con xong, en: Child done }, machine: true }
initial: walking
states:
  walking:
    title: { vi: Đang đi, en: Walking }
    basis: product
    entry:
      - send: { event: step, delay: { cel: "200" } }
    on:
      step:
        - if: "data.steps < 4"
          to: walking
          set: [ { path: data.steps, to: "data.steps + 1" } ]
          do:
            - document: { name: note }
            - spawn: { chart: echo }
        - to: resting
      child.done: { set: [ { path: data.heard, to: "data.heard + 1" } ] }
  resting:
    title: { vi: Đang nghỉ, en: Resting }
    basis: product
    on:
      child.done: { set: [ { path: data.heard, to: "data.heard + 1" } ] }
    always: [ { if: "data.heard == 4", to: over } ]
  over:
    title: { vi: Xong, en: Over }
    basis: product
    type: final
"#;

/// Tells its parent at once, and ends.
const ECHO: &str = r"
chart: echo
version: 1
title: { vi: Tiếng vọng, en: Echo }
basis: product
initial: answering
states:
  answering:
    title: { vi: Đang đáp, en: Answering }
    basis: product
    entry: [ { send: { event: child.done, to: parent } } ]
    always: [ { to: over } ]
  over:
    title: { vi: Xong, en: Over }
    basis: product
    type: final
";

/// A database of one test; a file lives as long as this.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) url: String,
    pub(crate) folder: TempDir,
}

impl Place {
    pub(crate) fn sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        Self { url: format!("sqlite:{}", folder.path().join("a.db").display()), folder }
    }

    pub(crate) fn postgres() -> Self {
        Self::at(block_on(support::postgres::fresh()))
    }

    /// The database at `url`.
    pub(crate) fn at(url: String) -> Self {
        Self { url, folder: tempfile::tempdir().expect("a temporary folder can be made") }
    }

    pub(crate) async fn store(&self) -> Store {
        let store = Store::open(&self.url).await.expect("the database can be opened");
        store.migrate().await.expect("the schema can be made");
        store
    }

    /// What a question with one number for an answer is answered now.
    pub(crate) fn number(&self, sql: &'static str) -> i64 {
        self.number_of(sql, "")
    }

    /// The same of a question about `name`.
    pub(crate) fn number_of(&self, sql: &'static str, name: &str) -> i64 {
        // SQLite minds a value that is not asked for no less than PostgreSQL does.
        let asked = sql.contains("$1");
        let answer = block_on(async {
            if self.url.starts_with("sqlite:") {
                let mut connection = SqliteConnection::connect(&self.url).await?;
                let question = sqlx::query_scalar(sql);
                let question = if asked { question.bind(name) } else { question };
                question.fetch_one(&mut connection).await
            } else {
                let mut connection = PgConnection::connect(&self.url).await?;
                let question = sqlx::query_scalar(sql);
                let question = if asked { question.bind(name) } else { question };
                question.fetch_one(&mut connection).await
            }
        });
        answer.unwrap_or_else(|error: sqlx::Error| panic!("{sql}: {error}"))
    }

    /// Makes the database ready, on the clock `clock`, and opens `number` cases of `chart`; their
    /// ids. Afterwards it is on the real clock.
    pub(crate) async fn prepare(&self, clock: Clock, chart: &str, number: usize) -> Vec<String> {
        let setup = Setup::new(DEFINITIONS.clone(), workflows::calendars::calendar()).on(clock);
        let runtime = Runtime::open(self.store().await, setup).await.expect("it can be opened");
        let openings = (0..number).map(|number| {
            let (chart, subject) = (chart.to_owned(), format!("platform/p-{number}"));
            let opening = Opening { chart, subject, data: json!({}) };
            Command::open("crash", &number.to_string(), opening, ActorRef::system())
        });
        let opened = runtime.send_all(openings.collect()).await;
        let ids = opened.into_iter().map(|one| one.expect("a case opens").case_id).collect();
        employ(runtime.store()).await;
        meta::set(runtime.store(), CLOCK, "real").await.expect("the clock can be set");
        let store = runtime.store().clone();
        runtime.close().await;
        store.close().await;
        ids
    }
}

/// Brings in whoever the charts name as their clerk, with an address.
async fn employ(store: &Store) {
    let text = str::to_owned;
    let organisation = OrganisationRow {
        id: text("office"),
        kind: text("department"),
        name: text(r#"{"vi":"Văn phòng","en":"Office"}"#),
        parent_id: None,
        document: text("{}"),
    };
    let person = PersonRow {
        id: text("anna"),
        organisation: text("office"),
        name: text("Anna"),
        email: text("anna@example.vn"),
        language: text("vi"),
        erased: false,
    };
    people::put_organisations(store, &[organisation]).await.expect("it can be brought in");
    people::put_persons(store, &[person]).await.expect("she can be brought in");
}

/// A clock that stands in the past, so that what begins there is due by now.
pub(crate) fn long_ago() -> Clock {
    // Monday, 5 September 2022, 09:00 in Ha Noi.
    Clock::standing_at(Timestamp(1_662_343_200_000))
}

/// Runs `future` to its end.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    let threads = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    threads.expect("threads can be started").block_on(future)
}

static DEFINITIONS: LazyLock<Vec<Definition>> =
    LazyLock::new(|| [COUNTER, &bells(), WALKER, ECHO].map(definition).into());

fn bells() -> String {
    let regions = (1..=5).map(|number| REGION.replace('N', &number.to_string()));
    let indented = regions.collect::<String>().replace('\n', "\n      ");
    BELLS.replace("{ REGIONS }", &indented)
}

fn definition(text: &str) -> Definition {
    let files = Files::from([("chart.yaml".to_owned(), text.to_owned())]);
    let loaded = load(&files, "chart.yaml");
    assert!(loaded.problems.is_empty(), "{:#?}", loaded.problems);
    Definition::of(loaded).expect("a chart without problems can be used")
}

//! Durable commands a second: the engine beside the least that a hand-written program would do.
//!
//! One chart with two states, each with a task and a legal clock: a command writes an entry, the
//! head, a task, a timer and a receipt, and drops a task and a timer. What the engine wrote for two
//! commands is then written by hand, over and over, through other drivers (the crate `benches`),
//! in turns with the engine, so that what the machine does besides hits all alike.
//!
//! **Invariant:** every count is of commands that were answered after their commit.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use benches::unit::Turn;
use benches::{HandError, Way};
use chart::load::{Files, load};
use runtime::publishing::Definition;
use runtime::{ActorRef, Command, Opening, Runtime, Setup};
use serde_json::json;
use store::people::{self, AssignmentRow, OrganisationRow, PersonRow};
use store::rows::Write;
use store::{Store, cases, log, receipts, tasks, timers};

use super::load::{Measured, Target, measure};
use super::place::Place;

/// The chart that is driven.
const CHART: &str = include_str!("bench.yaml");
/// About what a case of the programme knows.
const NOTE_BYTES: usize = 600;
/// Who sends.
const CLERK: &str = "measure:clerk";
/// For whom they act.
const OFFICE: &str = "measure";

/// Why a measurement broke off; nothing of it is left behind but what the message names.
#[derive(Debug, thiserror::Error)]
pub enum CommitBenchError {
    /// No folder could be made beside the database.
    #[error("no folder could be made beside the database that was named")]
    Folder(#[source] std::io::Error),
    /// A schema could not be made or dropped.
    #[error("a schema for measuring could not be made or dropped")]
    Schema(#[from] sqlx::Error),
    /// The database could not be opened.
    #[error(transparent)]
    Open(#[from] store::OpenError),
    /// Its schema could not be made.
    #[error(transparent)]
    Migrate(#[from] store::MigrateError),
    /// The chart could not be published.
    #[error(transparent)]
    Publish(#[from] runtime::publishing::PublishError),
    /// The chart did not load.
    #[error("the chart that is driven did not load")]
    Chart,
    /// A command was not taken.
    #[error(transparent)]
    Send(#[from] runtime::SendError),
    /// What was written could not be read back.
    #[error(transparent)]
    Read(#[from] store::error::ReadError),
    /// Whoever sends could not be brought in.
    #[error(transparent)]
    Write(#[from] store::error::ChoreError),
    /// The hand-written side broke off.
    #[error(transparent)]
    Hand(#[from] HandError),
}

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// This engine.
    Engine,
    /// A hand-written loop.
    Hand(Way),
}

/// All of them, in the order they are run.
pub const SIDES: [Side; 4] =
    [Side::Engine, Side::Hand(Way::Grouped), Side::Hand(Way::Single), Side::Hand(Way::Floor)];

/// How much to measure.
#[derive(Debug, Clone)]
pub struct Amount {
    /// Numbers of callers.
    pub callers: Vec<usize>,
    /// Cases they share.
    pub cases: usize,
    /// How often each is measured.
    pub runs: usize,
    /// For how long, each time.
    pub span: Duration,
}

/// One number of callers: what each run came to on every side of [`SIDES`].
#[derive(Debug, Clone)]
pub struct Row {
    /// How many callers.
    pub callers: usize,
    /// For every run, in the order of [`SIDES`].
    pub runs: Vec<[Measured; 4]>,
}

/// Where the time of the engine's commands went.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Share {
    /// Commands a commit carried on average.
    pub per_commit: f64,
    /// Microseconds of planning for each command: the step, its rows, its hash.
    pub plan_us: f64,
    /// Microseconds of the commit for each command, in this process and in the database.
    pub commit_us: f64,
}

/// What was measured.
#[derive(Debug, Clone)]
pub struct Figures {
    /// One row for each number of callers.
    pub rows: Vec<(Row, Share)>,
}

struct Engine {
    runtime: Runtime,
    ids: Vec<String>,
    sent: AtomicU64,
}

impl Engine {
    async fn open(place: &Place, cases: usize) -> Result<Self, CommitBenchError> {
        let (_, store) = place.make("engine").await?;
        employ(&store).await?;
        let files = Files::from([("bench.yaml".to_owned(), CHART.to_owned())]);
        let chart = Definition::of(load(&files, "bench.yaml")).ok_or(CommitBenchError::Chart)?;
        let setup = Setup::new(vec![chart], workflows::calendars::calendar());
        let runtime = Runtime::open(store, setup).await?;
        let openings = (0..cases).map(|case| {
            let opening = Opening {
                chart: "bench".to_owned(),
                subject: format!("platform/{case:06}"),
                data: json!({ "note": "x".repeat(NOTE_BYTES) }),
            };
            Command::open("bench", &format!("{case:06}"), opening, ActorRef::system())
        });
        let mut ids = Vec::with_capacity(cases);
        for answer in runtime.send_all(openings.collect()).await {
            ids.push(answer?.case_id);
        }
        Ok(Self { runtime, ids, sent: AtomicU64::new(0) })
    }

    /// What the engine writes for two commands to one case, read back from its tables.
    async fn turns(&self) -> Result<Vec<Turn>, CommitBenchError> {
        let mut turns = Vec::new();
        for _ in 0..2 {
            let store = self.runtime.store();
            let id = self.ids[0].as_str();
            let over = (tasks::of_case(store, id).await?, timers::of_case(store, id).await?);
            self.send(0, 0).await?;
            let key = self.key(self.sent.load(Ordering::Relaxed) - 1);
            let head = cases::find(store, id).await?;
            let entry = log::last(store, id).await?;
            let (Some(head), Some(entry)) = (head, entry) else {
                return Err(HandError::Shape.into());
            };
            turns.push(Turn::of(Write {
                case_id: id.to_owned(),
                expected_revision: head.revision - 1,
                head,
                entries: vec![entry.entry],
                tasks_put: tasks::of_case(store, id).await?,
                tasks_drop: over
                    .0
                    .into_iter()
                    .map(|task| (task.state, task.generation, task.element))
                    .collect(),
                timers_put: timers::of_case(store, id)
                    .await?
                    .into_iter()
                    .map(|t| t.timer)
                    .collect(),
                timers_drop: over
                    .1
                    .into_iter()
                    .map(|stored| (stored.timer.name, stored.timer.generation))
                    .collect(),
                outbox: Vec::new(),
                notices: Vec::new(),
                inbox: Vec::new(),
                inbox_drop: Vec::new(),
                receipt: receipts::find(store, id, &key).await?,
                personal: Vec::new(),
            })?);
        }
        Ok(turns)
    }

    fn key(&self, number: u64) -> String {
        format!("{:06}/{number:09}", self.ids.len())
    }
}

impl Target for Engine {
    type Error = CommitBenchError;

    async fn send(&self, _caller: usize, case: usize) -> Result<(), CommitBenchError> {
        let key = self.key(self.sent.fetch_add(1, Ordering::Relaxed));
        let payload = json!({ "remark": "Đã xem xét, chuyển bước tiếp theo." });
        let clerk = ActorRef { org: OFFICE.to_owned(), ..ActorRef::person(CLERK) };
        self.runtime.send(Command::send(&self.ids[case], "pass", payload, clerk, &key)).await?;
        Ok(())
    }
}

/// Somebody who may act on every case.
async fn employ(store: &Store) -> Result<(), CommitBenchError> {
    let text = str::to_owned;
    let organisation = OrganisationRow {
        id: text(OFFICE),
        kind: text("department"),
        name: text(r#"{"vi":"Phòng đo"}"#),
        parent_id: None,
        document: text("{}"),
    };
    let person = PersonRow {
        id: text(CLERK),
        organisation: text(OFFICE),
        name: text("Người đo"),
        email: text("measure@example.vn"),
        language: text("vi"),
        erased: false,
    };
    let assignment = AssignmentRow {
        id: text("measure"),
        role: text("clerk"),
        scope: text("ministry"),
        holder: text(CLERK),
        organisation: text(OFFICE),
        from_ms: 0,
        to_ms: None,
        basis: text("product"),
    };
    people::put_organisations(store, &[organisation]).await?;
    people::put_persons(store, &[person]).await?;
    people::put_assignments(store, &[assignment]).await?;
    Ok(())
}

/// A hand-written loop on either database.
enum Hand {
    Sqlite(benches::sqlite::Loop),
    Postgres(Box<benches::postgres::Loop>),
}

impl Target for Hand {
    type Error = CommitBenchError;

    async fn send(&self, caller: usize, case: usize) -> Result<(), CommitBenchError> {
        match self {
            Self::Sqlite(hand) => hand.send(case).await?,
            Self::Postgres(hand) => hand.send(caller, case).await?,
        }
        Ok(())
    }
}

/// Measures on throwaway databases beside `url`; `told` hears of each run that begins.
pub async fn run(
    url: &str,
    amount: &Amount,
    told: &mut (dyn FnMut(usize, usize) + Send),
) -> Result<Figures, CommitBenchError> {
    let place = Place::beside(url)?;
    let figures = compare(&place, amount, told).await;
    for name in ["engine", "grouped", "single", "floor"] {
        place.clear(name).await?;
    }
    figures
}

async fn compare(
    place: &Place,
    amount: &Amount,
    told: &mut (dyn FnMut(usize, usize) + Send),
) -> Result<Figures, CommitBenchError> {
    let engine = Arc::new(Engine::open(place, amount.cases).await?);
    let turns = engine.turns().await?;
    let most = amount.callers.iter().copied().max().unwrap_or(1);
    let mut hands = Vec::new();
    for (name, way) in [("grouped", Way::Grouped), ("single", Way::Single), ("floor", Way::Floor)] {
        let (url, store) = place.make(name).await?;
        store.close().await;
        let turns = turns.clone();
        hands.push(Arc::new(if place.is_postgres() {
            let hand = benches::postgres::Loop::open(&url, way, turns, amount.cases, most);
            Hand::Postgres(Box::new(hand.await?))
        } else {
            let path = url.strip_prefix("sqlite:").unwrap_or(&url);
            Hand::Sqlite(benches::sqlite::Loop::open(path, way, turns, amount.cases)?)
        }));
    }
    let mut rows = Vec::new();
    for (done, &callers) in amount.callers.iter().enumerate() {
        let callers = callers.clamp(1, amount.cases.max(1));
        let before = engine.runtime.done();
        let mut runs = Vec::new();
        for run in 0..amount.runs.max(1) {
            told(done * amount.runs.max(1) + run, amount.callers.len() * amount.runs.max(1));
            let (cases, span) = (amount.cases, amount.span);
            let mut sides = [measure(&engine, callers, cases, span).await?; 4];
            for (hand, side) in hands.iter().zip(&mut sides[1..]) {
                *side = measure(hand, callers, cases, span).await?;
            }
            runs.push(sides);
        }
        let share = Share::between(&before, &engine.runtime.done());
        rows.push((Row { callers, runs }, share));
    }
    Ok(Figures { rows })
}

impl Share {
    #[expect(clippy::cast_precision_loss, reason = "figures for people")]
    fn between(before: &runtime::Done, after: &runtime::Done) -> Self {
        let commands = (after.steps - before.steps).max(1) as f64;
        let commits = (after.commits - before.commits).max(1) as f64;
        let micros =
            |after: Duration, before: Duration| after.saturating_sub(before).as_micros() as f64;
        Self {
            per_commit: commands / commits,
            plan_us: micros(after.planning, before.planning) / commands,
            commit_us: micros(after.committing, before.committing) / commands,
        }
    }
}

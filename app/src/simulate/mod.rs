//! The programme on a virtual clock with seeded people: demonstration, what-if and test in one.
//!
//! The same engine as in service runs under it: the same writer, the same timers, the same database.
//! Only the clock stands until nothing is left to do and then jumps to the next moment at which
//! something is due (R35), and the people are made up: each looks at their tasks, asks the chart
//! what is allowed, and acts in time, late, wrongly or not at all, as a keyed draw has it.
//!
//! Reading order: [`Plan`], [`run`], then `programme` (the loop), `agenda` (when),
//! `policy` (who does what), `decide`
//! (one act), `payload`, `sense` and `figures` (what is sent), `engine` and `faults` (what is made to
//! fail), `digest` (what must come out the same), `findings` (what the database tells afterwards).
//!
//! **Invariant:** for one plan the entries of every case are the same on every database, with every
//! size of batch, and with faults as without.

mod agenda;
pub mod decide;
pub mod digest;
pub mod draw;
pub mod engine;
pub mod faults;
pub mod figures;
pub mod findings;
pub mod hours;
pub mod payload;
pub mod policy;
mod programme;
pub mod sense;
pub mod world;

use std::collections::BTreeMap;

use chart::moment::Timestamp;
use chrono::NaiveDate;

pub use faults::Faults;
pub use programme::run;

/// The date of Decision 186/QĐ-BTTTT, where the programme begins.
pub fn first_day() -> NaiveDate {
    NaiveDate::from_ymd_opt(2022, 2, 11).unwrap_or_default()
}

/// What is to be simulated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The seed of every draw.
    pub seed: u64,
    /// The first day.
    pub from: NaiveDate,
    /// How many months.
    pub months: u32,
    /// How many platforms of the catalogue, from the first on.
    pub platforms: usize,
    /// The database; it must not hold a programme yet.
    pub store: String,
    /// Whether crashes, lost replies, repeated commands and refused mail are put in.
    pub faults: bool,
}

/// How far a run has come; told at the beginning of each simulated day that something happens on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The simulated day.
    pub today: NaiveDate,
    /// Days since the beginning.
    pub days: i64,
    /// Days of the whole run.
    pub days_all: i64,
    /// Commands that people sent.
    pub commands: u64,
}

/// What came of a run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outcome {
    /// The moment at which the virtual clock stands.
    pub ended: Timestamp,
    /// Commands that people sent, repetitions not counted.
    pub commands: u64,
    /// Commands refused, by the engine's word for the reason.
    pub refused: BTreeMap<String, u64>,
    /// The hash of the anchor taken at the end.
    pub anchor: String,
    /// The digest of every decision, without moments.
    pub digest: String,
    /// What was put in and survived.
    pub faults: Faults,
}

/// Why a simulation did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum SimulateError {
    /// Threads could not be started.
    #[error("threads could not be started; the machine may be out of memory")]
    Threads(#[source] std::io::Error),
    /// The engine's threads ended.
    #[error("the engine's threads have ended")]
    Gone,
    /// The database could not be opened.
    #[error(transparent)]
    Open(#[from] store::OpenError),
    /// Its schema could not be made.
    #[error(transparent)]
    Migrate(#[from] store::MigrateError),
    /// The charts could not be published.
    #[error(transparent)]
    Publish(#[from] runtime::publishing::PublishError),
    /// The schedules cannot be used.
    #[error(transparent)]
    Schedules(#[from] crate::schedules::ProgrammeError),
    /// The database could not be read.
    #[error(transparent)]
    Read(#[from] store::error::ReadError),
    /// The database could not be written.
    #[error(transparent)]
    Write(#[from] store::error::ChoreError),
    /// The engine could not go on.
    #[error(transparent)]
    Round(#[from] runtime::RoundError),
    /// Letters could not be built.
    #[error(transparent)]
    Letters(#[from] crate::letters::LettersError),
    /// A command was answered in a way that no made-up person expects.
    #[error("`{event}` to case `{case_id}`: {why}")]
    Command {
        /// The case.
        case_id: String,
        /// The event.
        event: String,
        /// The answer.
        why: String,
    },
    /// A head does not read.
    #[error("case `{case_id}` cannot be read: {why}")]
    Head {
        /// The case.
        case_id: String,
        /// Why.
        why: String,
    },
    /// The calendar does not reach so far.
    #[error(transparent)]
    Calendar(#[from] chart::calendar::NoCalendar),
    /// The database holds cases already.
    #[error("`{url}` holds a programme already; name a new database")]
    Occupied {
        /// The database.
        url: String,
    },
}

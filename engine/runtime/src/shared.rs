//! What the tasks of one runtime have in common: store, clock, library, assignments, alarm bells.
//!
//! **Invariant:** nothing here is decided; whoever reads a library or the assignments holds one
//! consistent value of them.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use chart::moment::Timestamp;
use store::Store;
use store::error::{ChoreError, ReadError};
use store::rows::Write;
use tokio::sync::Notify;

use crate::clock::{Clock, Salts};
use crate::library::Library;
use crate::plan::Context;
use crate::roles::Assignments;

/// How long a claim on timers, messages and effects lasts unless the setup says otherwise, in
/// milliseconds of the stored clock.
pub const LEASE_MS: i64 = 30_000;

/// Why a round of timers, messages, effects or schedules stopped; what was done before is durable.
#[derive(Debug, thiserror::Error)]
pub enum RoundError {
    /// The database could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The database could not be written.
    #[error(transparent)]
    Write(#[from] ChoreError),
    /// A schedule could not be opened.
    #[error("schedule `{schedule}` could not be opened: {why}")]
    Schedule {
        /// Its name.
        schedule: String,
        /// What is wrong.
        why: String,
    },
    /// Cases send each other messages at one instant without end.
    #[error("cases are still sending each other messages after {rounds} rounds at one instant")]
    Endless {
        /// The bound that was reached.
        rounds: usize,
    },
}

/// What the tasks of one runtime have in common.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) salts: Salts,
    /// This process, as claims name it.
    pub(crate) process: String,
    /// How long its claims last.
    pub(crate) lease_ms: i64,
    pub(crate) wake: Wake,
    pub(crate) counts: Counts,
    /// Whether nobody else writes the database.
    pub(crate) alone: bool,
    library: Arc<Library>,
    assignments: RwLock<Arc<Assignments>>,
}

impl Shared {
    /// What a runtime on `store` begins with, as the process called `process`.
    pub(crate) fn new(store: Store, clock: Clock, process: String, library: Library) -> Self {
        Self {
            store,
            clock,
            salts: Salts::Drawn,
            process,
            lease_ms: LEASE_MS,
            wake: Wake::default(),
            counts: Counts::default(),
            alone: false,
            library: Arc::new(library),
            assignments: RwLock::default(),
        }
    }

    pub(crate) fn library(&self) -> Arc<Library> {
        Arc::clone(&self.library)
    }

    pub(crate) fn assignments(&self) -> Arc<Assignments> {
        Arc::clone(&self.assignments.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn set_assignments(&self, assignments: Assignments) {
        *self.assignments.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(assignments);
    }

    /// What a batch is planned with.
    pub(crate) fn context(&self) -> Context {
        let (library, assignments) = (self.library(), self.assignments());
        Context { library, assignments, now: self.clock.now(), salts: self.salts }
    }

    /// Until when a claim made now holds. On a virtual clock it ends at once: one process drives
    /// it, and after a crash it must find its own claims free.
    pub(crate) fn lease_until(&self, now: Timestamp) -> i64 {
        let lease_ms = if self.clock.is_virtual() { 0 } else { self.lease_ms };
        now.as_ms().saturating_add(lease_ms)
    }
}

/// Bells that a commit rings for the loops that have work now.
#[derive(Debug)]
pub(crate) struct Wake {
    pub(crate) timers: Notify,
    pub(crate) inbox: Notify,
    pub(crate) outbox: Notify,
    /// The earliest due moment this process knows of.
    next_due_ms: AtomicI64,
    pub(crate) gates: Gates,
}

impl Default for Wake {
    fn default() -> Self {
        Self {
            timers: Notify::new(),
            inbox: Notify::new(),
            outbox: Notify::new(),
            next_due_ms: AtomicI64::new(i64::MAX),
            gates: Gates::default(),
        }
    }
}

/// Before which moments the tables of due things have nothing, for a process that is alone at
/// its database: it need not look where it knows that nothing is.
#[derive(Debug, Default)]
pub(crate) struct Gates {
    pub(crate) timers: Gate,
    pub(crate) inbox: Gate,
    pub(crate) outbox: Gate,
}

/// A moment before which one table has nothing due. Open until the table was looked into.
#[derive(Debug)]
pub(crate) struct Gate(AtomicI64);

impl Default for Gate {
    fn default() -> Self {
        Self(AtomicI64::new(i64::MIN))
    }
}

impl Gate {
    /// Whether nothing is due at `now`.
    pub(crate) fn is_shut(&self, now: Timestamp) -> bool {
        now.as_ms() < self.0.load(Ordering::SeqCst)
    }

    /// A row that is due then was written.
    pub(crate) fn open_at(&self, due_at_ms: Option<i64>) {
        self.0.fetch_min(due_at_ms.unwrap_or(i64::MAX), Ordering::SeqCst);
    }

    /// To be called before the table is asked what is due next; [`Gate::open_at`] with the answer
    /// follows. Rows written meanwhile are not lost: the earlier moment stays.
    pub(crate) fn shut(&self) {
        self.0.store(i64::MAX, Ordering::SeqCst);
    }
}

impl Wake {
    /// Rings for what `write` has left to be done.
    pub(crate) fn after(&self, write: &Write) {
        if let Some(due_at_ms) = write.timers_put.iter().map(|timer| timer.due_at_ms).min()
            && due_at_ms < self.next_due_ms.fetch_min(due_at_ms, Ordering::SeqCst)
        {
            self.timers.notify_one();
        }
        let Gates { timers, inbox, outbox } = &self.gates;
        timers.open_at(write.timers_put.iter().map(|timer| timer.due_at_ms).min());
        if !write.inbox.is_empty() {
            inbox.open_at(write.inbox.iter().map(|row| row.due_at_ms).min());
            self.inbox.notify_one();
        }
        if !write.outbox.is_empty() {
            outbox.open_at(write.outbox.iter().map(|row| row.due_at_ms).min());
            self.outbox.notify_one();
        }
    }

    /// The earliest due moment known, if any.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        let due_at_ms = self.next_due_ms.load(Ordering::SeqCst);
        (due_at_ms < i64::MAX).then_some(Timestamp(due_at_ms))
    }

    /// Replaces what is known by what the table says.
    pub(crate) fn set_next_due(&self, due_at_ms: Option<i64>) {
        self.next_due_ms.store(due_at_ms.unwrap_or(i64::MAX), Ordering::SeqCst);
    }
}

/// What is counted for the operator; never decides anything.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) timers_fired: AtomicU64,
    pub(crate) timers_void: AtomicU64,
    pub(crate) messages: AtomicU64,
    pub(crate) dead: AtomicU64,
    pub(crate) effects: AtomicU64,
    pub(crate) notices: AtomicU64,
    pub(crate) steps: AtomicU64,
    pub(crate) commits: AtomicU64,
    pub(crate) planning_us: AtomicU64,
    pub(crate) committing_us: AtomicU64,
}

impl Counts {
    /// Counts the notices of a committed write that do not wait for the morning.
    pub(crate) fn told(&self, write: &Write) {
        let soon = write.notices.iter().filter(|one| one.immediate || !one.rung.is_empty());
        self.notices.fetch_add(u64::try_from(soon.count()).unwrap_or(0), Ordering::Relaxed);
    }

    /// Counts the time in which a batch was planned.
    pub(crate) fn planned(&self, planning: Duration) {
        self.planning_us.fetch_add(micros(planning), Ordering::Relaxed);
    }

    /// Counts a commit of `steps` that took so long.
    pub(crate) fn committed(&self, steps: usize, committing: Duration) {
        self.commits.fetch_add(1, Ordering::Relaxed);
        self.steps.fetch_add(u64::try_from(steps).unwrap_or(0), Ordering::Relaxed);
        self.committing_us.fetch_add(micros(committing), Ordering::Relaxed);
    }
}

fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}

pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

//! A runtime: a store with its charts and calendar, one writer, and the loops that keep it going.
//!
//! [`Runtime::open`] publishes the charts it is given, loads those that are only in the database and
//! starts the writer. From then on there are two ways to live: [`Runtime::serve`] runs timers,
//! messages, effects and schedules until it is told to stop; [`Runtime::run_to`] moves a virtual
//! clock from one due moment to the next and does at each what is due (R35).
//!
//! **Invariant:** every way into a case leads through [`crate::writer`].

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use chart::moment::Timestamp;
use store::error::ReadError;
use store::{Store, meta};
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

use crate::clock::{Clock, Salts, fresh_key};
use crate::command::{Command, Receipt, SendError, admit};
use crate::library::Library;
use crate::outbox::Performer;
use crate::publishing::{self, Definition, PublishError, Stranded};
use crate::queue::{Answer, Door, Outcome, Request, Work, queue};
use crate::roles::Assignments;
use crate::schedules::Schedule;
use crate::shared::{Gate, LEASE_MS, RoundError, Shared};
use crate::writer::Writer;
use crate::{checkpoints, inbox, outbox, people, timers};

/// How many bytes of heads are kept in memory.
pub const CACHE_BYTES_MAX: usize = 64 * 1_024 * 1_024;
/// How many rounds one instant may take before cases are said to talk in circles.
pub const ROUNDS_MAX: usize = 10_000;

/// What a runtime is opened with.
#[derive(Debug)]
pub struct Setup {
    /// The charts this program ships; those of the database are loaded beside them.
    pub charts: Vec<Definition>,
    /// The calendar new steps are taken with.
    pub calendar: Arc<chart::calendar::Calendar>,
    /// The clock of a database that has none yet; one that has keeps its own (R35).
    pub clock: Clock,
    /// What performs effects.
    pub performer: Performer,
    /// Recurring openings.
    pub schedules: Vec<Schedule>,
    /// How many bytes of heads are kept in memory.
    pub cache_bytes_max: usize,
    /// Whether nobody but this runtime writes the database while it is open.
    pub alone: bool,
    /// How long a claim on timers, messages and effects lasts before others may take it over.
    pub lease_ms: i64,
    /// Where the salts of personal values come from.
    pub salts: Salts,
}

impl Setup {
    /// The given charts on the real clock, with no schedules and nobody who performs effects.
    pub fn new(charts: Vec<Definition>, calendar: Arc<chart::calendar::Calendar>) -> Self {
        Self {
            charts,
            calendar,
            clock: Clock::Real,
            performer: Performer::idle(),
            schedules: Vec::new(),
            cache_bytes_max: CACHE_BYTES_MAX,
            alone: false,
            lease_ms: LEASE_MS,
            salts: Salts::Drawn,
        }
    }

    /// The same on `clock`.
    #[must_use]
    pub fn on(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// The same with `performer`.
    #[must_use]
    pub fn performing(mut self, performer: Performer) -> Self {
        self.performer = performer;
        self
    }

    /// The same with nobody else at the database: where nothing can be due, no table is asked.
    #[must_use]
    pub fn alone(mut self) -> Self {
        self.alone = true;
        self
    }

    /// The same with claims that last `lease_ms`.
    #[must_use]
    pub fn leasing(mut self, lease_ms: i64) -> Self {
        self.lease_ms = lease_ms;
        self
    }

    /// The same with `salts`.
    #[must_use]
    pub fn salting(mut self, salts: Salts) -> Self {
        self.salts = salts;
        self
    }

    /// The same with `schedules`.
    #[must_use]
    pub fn scheduled(mut self, schedules: Vec<Schedule>) -> Self {
        self.schedules = schedules;
        self
    }
}

/// A store with its charts, its writer and its loops. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Runtime {
    pub(crate) shared: Arc<Shared>,
    pub(crate) door: Door,
    pub(crate) performer: Performer,
    pub(crate) schedules: Arc<Vec<Schedule>>,
    stranded: Arc<Vec<Stranded>>,
    writer: Arc<Mutex<Option<JoinHandle<()>>>>,
}

/// What a runtime has done since it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Done {
    /// Timers that became entries.
    pub timers_fired: u64,
    /// Timers of another generation, dropped.
    pub timers_void: u64,
    /// Messages delivered between cases.
    pub messages: u64,
    /// Effects performed.
    pub effects: u64,
    /// Notices written that may be told before the next morning: immediate ones and rungs.
    pub notices: u64,
    /// Timers, messages and effects given up.
    pub dead: u64,
    /// Writes that were committed, whatever asked for them.
    pub steps: u64,
    /// Commits that carried them.
    pub commits: u64,
    /// Time spent on deciding what to write: heads read, steps taken, rows made.
    pub planning: Duration,
    /// Time spent on writing it durably.
    pub committing: Duration,
}

impl Runtime {
    /// Opens `store` (migrated) with what `setup` brings.
    ///
    /// Publishes the charts and the calendar; the same version with another hash stops here and
    /// names both (R10). Charts of open cases that cannot be loaded are named by
    /// [`Runtime::stranded`]; their cases and timers are left alone.
    pub async fn open(store: Store, setup: Setup) -> Result<Self, PublishError> {
        let Setup { charts, calendar, clock, performer, schedules, .. } = setup;
        let Setup { cache_bytes_max, lease_ms, alone, salts, .. } = setup;
        let clock = stored_clock(&store, clock).await?;
        let library = publishing::publish(&store, &charts, calendar, clock.now()).await?;
        let stranded = publishing::stranded(&store, &library).await?;
        let mut shared = Shared::new(store, clock, fresh_key(), library);
        (shared.alone, shared.lease_ms, shared.salts) = (alone, lease_ms, salts);
        let shared = Arc::new(shared);
        people::refresh(&shared).await?;
        let (door, queue) = queue();
        let writer = Writer::new(Arc::clone(&shared), queue, cache_bytes_max);
        let writer = tokio::spawn(writer.run());
        checkpoints::renew(&shared, &door).await?;
        Ok(Self {
            shared,
            door,
            performer,
            schedules: Arc::new(schedules),
            stranded: Arc::new(stranded),
            writer: Arc::new(Mutex::new(Some(writer))),
        })
    }

    /// Sends `command`; the receipt comes when its step is durable (R18).
    pub async fn send(&self, command: Command) -> Result<Receipt, SendError> {
        receipt(answer(self.post(command).await?).await)
    }

    /// Sends many commands at once, so that they share commits; the answers are in their order.
    pub async fn send_all(&self, commands: Vec<Command>) -> Vec<Result<Receipt, SendError>> {
        let mut posted = Vec::with_capacity(commands.len());
        for command in commands {
            posted.push(self.post(command).await);
        }
        let mut answers = Vec::with_capacity(posted.len());
        for one in posted {
            answers.push(match one {
                Ok(waiting) => receipt(answer(waiting).await),
                Err(error) => Err(error),
            });
        }
        answers
    }

    /// Tells `case_id` that the calendar under the term of `state` has changed (R32); `None` where
    /// the term does not move.
    pub async fn recompute(
        &self,
        case_id: &str,
        state: &str,
    ) -> Result<Option<Receipt>, SendError> {
        let (request, waiting) = Request::new(case_id.into(), Work::Calendar(state.into()));
        self.door.put(request).await?;
        match answer(waiting).await? {
            Outcome::Stepped(receipt) => Ok(Some(receipt)),
            Outcome::Void => Ok(None),
        }
    }

    async fn post(
        &self,
        command: Command,
    ) -> Result<tokio::sync::oneshot::Receiver<Answer>, SendError> {
        let admitted = admit(command)?;
        let case_id = Arc::clone(&admitted.case_id);
        let (request, waiting) = Request::new(case_id, Work::Command(Box::new(admitted)));
        self.door.put(request).await?;
        Ok(waiting)
    }

    /// The store underneath, for reading.
    pub fn store(&self) -> &Store {
        &self.shared.store
    }

    /// The clock the database stores.
    pub fn clock(&self) -> &Clock {
        &self.shared.clock
    }

    /// The charts and calendars at hand.
    pub fn library(&self) -> Arc<Library> {
        self.shared.library()
    }

    /// Who holds which role, as this process knows it.
    pub fn assignments(&self) -> Arc<Assignments> {
        self.shared.assignments()
    }

    /// Reads people and assignments anew; to be called after changing them.
    pub async fn refresh_people(&self) -> Result<(), ReadError> {
        people::refresh(&self.shared).await.map(drop)
    }

    /// Charts of open cases that cannot be loaded, with their cases.
    pub fn stranded(&self) -> &[Stranded] {
        &self.stranded
    }

    /// What was done since the runtime was opened.
    pub fn done(&self) -> Done {
        let counts = &self.shared.counts;
        let of = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
        Done {
            timers_fired: of(&counts.timers_fired),
            timers_void: of(&counts.timers_void),
            messages: of(&counts.messages),
            effects: of(&counts.effects),
            notices: of(&counts.notices),
            dead: of(&counts.dead),
            steps: of(&counts.steps),
            commits: of(&counts.commits),
            planning: Duration::from_micros(of(&counts.planning_us)),
            committing: Duration::from_micros(of(&counts.committing_us)),
        }
    }

    /// Does everything that is due at this instant, in rounds: timers by (due, case, name), then
    /// messages by their key, then effects, until nothing is left (R35). The number of things done.
    pub async fn run_until_idle(&self) -> Result<usize, RoundError> {
        let mut done = 0;
        for _ in 0..ROUNDS_MAX {
            let mut round = self.fire_due().await?;
            if round == 0 {
                round += self.deliver_due().await?;
            }
            if round == 0 {
                round += self.perform_due().await?;
            }
            if round == 0 {
                return Ok(done);
            }
            done += round;
        }
        Err(RoundError::Endless { rounds: ROUNDS_MAX })
    }

    /// Whether this process knows that nothing behind `gate` is due.
    fn knows_nothing_due(&self, gate: &Gate) -> bool {
        self.is_alone() && gate.is_shut(self.shared.clock.now())
    }

    /// This runtime, as claims name it; another after every start.
    pub fn process(&self) -> &str {
        &self.shared.process
    }

    /// Whether nobody but this runtime writes the database ([`Setup::alone`]).
    pub fn is_alone(&self) -> bool {
        self.shared.alone
    }

    async fn fire_due(&self) -> Result<usize, RoundError> {
        let gate = &self.shared.wake.gates.timers;
        if self.knows_nothing_due(gate) {
            return Ok(0);
        }
        let fired = timers::round(&self.shared, &self.door).await?;
        if fired == 0 {
            gate.shut();
            gate.open_at(store::timers::next_due(self.store()).await?);
        }
        Ok(fired)
    }

    async fn deliver_due(&self) -> Result<usize, RoundError> {
        let gate = &self.shared.wake.gates.inbox;
        if self.knows_nothing_due(gate) {
            return Ok(0);
        }
        let delivered = inbox::round(&self.shared, &self.door).await?;
        if delivered == 0 {
            gate.shut();
            gate.open_at(store::inbox::next_due(self.store()).await?);
        }
        Ok(delivered)
    }

    async fn perform_due(&self) -> Result<usize, RoundError> {
        let gate = &self.shared.wake.gates.outbox;
        if self.knows_nothing_due(gate) {
            return Ok(0);
        }
        let performed = outbox::round(&self.shared, &self.performer).await?;
        if performed == 0 {
            gate.shut();
            gate.open_at(store::outbox::next_due(self.store()).await?);
        }
        Ok(performed)
    }

    /// Something was put into the outbox beside the commits of this runtime, such as letters: the
    /// next [`Runtime::run_until_idle`] looks.
    pub fn effects_queued(&self) {
        self.shared.wake.gates.outbox.open_at(Some(i64::MIN));
        self.shared.wake.outbox.notify_one();
    }

    /// Moves the virtual clock from one due moment to the next up to `until`, and does at each
    /// instant what is due then, schedules first. On a real clock only the present is done.
    pub async fn run_to(&self, until: Timestamp) -> Result<usize, RoundError> {
        let mut done = 0;
        loop {
            done += self.open_scheduled().await?;
            done += self.run_until_idle().await?;
            let now = self.shared.clock.now();
            if !self.shared.clock.is_virtual() || now >= until {
                return Ok(done);
            }
            let next = self.next_moment().await?;
            self.advance_to(next.unwrap_or(until).min(until)).await?;
        }
    }

    /// The next moment after now at which anything is due: a timer, a delayed message, a schedule.
    /// What is due already and still there (a stranded case) is passed over.
    pub async fn next_moment(&self) -> Result<Option<Timestamp>, RoundError> {
        let (store, now) = (&self.shared.store, self.shared.clock.now());
        let mut timer = store::timers::next_due(store).await?.map(Timestamp);
        if timer.is_some_and(|due| due <= now) {
            let upcoming = store::timers::upcoming(store, i64::MAX, UPCOMING_MAX).await?;
            let mut due = upcoming.iter().map(|stored| Timestamp(stored.timer.due_at_ms));
            timer = due.find(|&due| due > now);
        }
        let message = store::inbox::next_due(store).await?.map(Timestamp);
        let strike = self.next_strike().await?;
        let due = [timer, message, strike].into_iter().flatten();
        Ok(due.filter(|&due| due > now).min())
    }

    /// Sets the virtual clock of this database to `to`, never backwards; durable when it returns.
    pub async fn advance_to(&self, to: Timestamp) -> Result<(), RoundError> {
        let clock = &self.shared.clock;
        if clock.is_virtual() && to > clock.now() {
            clock.advance(to);
            meta::set(&self.shared.store, CLOCK, &clock.to_text()).await?;
        }
        Ok(())
    }

    /// Takes no more commands, answers those already taken and ends the writer. Clones of this
    /// runtime must be gone by then; those that are not keep the writer going.
    pub async fn close(self) {
        let Self { door, writer, .. } = self;
        drop(door);
        let writer = writer.lock().await.take();
        if let Some(writer) = writer {
            // A writer that panicked has nothing left to answer.
            drop(writer.await);
        }
    }
}

/// How many timers are looked through for one that is still to come.
const UPCOMING_MAX: i64 = 10_000;
/// Where the database keeps its clock, among its settings.
pub const CLOCK: &str = "clock";

/// The clock the database stores; a database without one is given `clock`.
async fn stored_clock(store: &Store, clock: Clock) -> Result<Clock, PublishError> {
    let Some(text) = meta::find(store, CLOCK).await? else {
        meta::set(store, CLOCK, &clock.to_text()).await?;
        return Ok(clock);
    };
    let stored = Clock::from_text(&text).ok_or(PublishError::Clock { text })?;
    if let (Clock::Virtual(given), Clock::Virtual(at)) = (&clock, &stored) {
        // The caller's own handle goes on from where the database stands.
        given.store(at.load(Ordering::SeqCst), Ordering::SeqCst);
        return Ok(clock);
    }
    Ok(stored)
}

async fn answer(waiting: tokio::sync::oneshot::Receiver<Answer>) -> Answer {
    let gone = || SendError::Unavailable { why: "the writer of this process ended".to_owned() };
    waiting.await.unwrap_or_else(|_| Err(gone()))
}

fn receipt(answer: Answer) -> Result<Receipt, SendError> {
    match answer? {
        Outcome::Stepped(receipt) => Ok(receipt),
        Outcome::Void => unreachable!("a command is stepped or refused"),
    }
}

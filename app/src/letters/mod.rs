//! Notices become letters (R34): gathered, written in the reader's language, put into the outbox.
//!
//! One transaction names the letters on the notices and queues them, so a notice is told once
//! whatever crashes and however many processes build. Who is told is looked up at that moment; the
//! address only when the letter leaves ([`crate::mail`]). `docs/letters.md` tells the whole way.
//!
//! How to wire it in: [`run`] beside [`Runtime::serve`] in a process that serves; [`run_to`] in place
//! of [`Runtime::run_to`] where a virtual clock is moved; [`Builder::tick`] for a loop of one's own,
//! called after [`Runtime::run_until_idle`] at each moment, with [`next_moment`] among the moments.
//! The performer of the runtime is [`crate::mail::performer`].
//!
//! Reading order: [`gather`], `facts`, `render`, [`letter`], then [`Builder`].
//!
//! **Invariant:** the same notices, people and moment give the same letters, byte for byte.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chart::moment::Timestamp;
use chrono::NaiveDate;
use runtime::clock::fresh_key;
use runtime::{RoundError, Runtime};
use store::error::{ChoreError, ReadError};
use store::rows::OutboxRow;
use store::{leases, notices};

pub mod gather;
pub mod letter;

mod dead;
mod facts;
mod render;
pub(crate) mod wording;
mod write;

use facts::{Facts, Names};
use gather::{Day, Told, gather};

/// The environment variable with the address of the pages that letters lead to.
pub const URL: &str = "COTMOC_URL";
/// The address when [`URL`] is not set.
pub const URL_DEFAULT: &str = "http://localhost:8080";
/// What a notice names in place of a letter when neither its role nor who stands in for it is held
/// by anybody who can be written to.
pub const NOBODY: &str = "nobody";
/// How often [`run`] looks for notices.
pub const POLL: Duration = Duration::from_secs(1);
/// The lease under which one process builds letters.
const LEASE: &str = "letters";
/// How long that lease holds, in milliseconds.
const LEASE_MS: i64 = 60_000;
/// How many notices are looked at for one building.
const NOTICES_MAX: i64 = 5_000;

/// Why no letters were built; every notice waits as it was.
#[derive(Debug, thiserror::Error)]
pub enum LettersError {
    /// The database could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The database could not be written.
    #[error(transparent)]
    Write(#[from] ChoreError),
    /// What comes before the letters failed.
    #[error(transparent)]
    Round(#[from] RoundError),
    /// A chart or ladder names a letter that this program does not ship.
    #[error("no text of the letter `{letter}` in `{lang}` is shipped")]
    Unknown {
        /// The name of the letter.
        letter: String,
        /// `vi` or `en`.
        lang: String,
    },
    /// A text could not be filled.
    #[error("the letter `{letter}` in `{lang}` cannot be filled")]
    Unfilled {
        /// The name of the letter.
        letter: String,
        /// `vi` or `en`.
        lang: String,
        /// Where and why.
        source: Box<minijinja::Error>,
    },
}

/// The day it was read for, and what was read.
type Known<T> = Option<(NaiveDate, T)>;

/// Builds letters for one database; keep one for the life of a process. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Builder {
    /// Where links lead, without a slash at the end.
    url: String,
    /// This builder, as its lease names it.
    owner: String,
    /// The names as of a day.
    names: Arc<Mutex<Known<Arc<Names>>>>,
    /// What was told on a day; kept only where nobody else tells anything.
    told: Arc<Mutex<Known<Told>>>,
    /// The last day whose dead effects were told.
    reported: Arc<Mutex<Option<NaiveDate>>>,
    /// What was known when nothing was left to build.
    quiet: Arc<Mutex<Option<Quiet>>>,
}

/// Nothing is to be built before a moment, unless notices have been written since.
#[derive(Debug, Clone)]
struct Quiet {
    until: Timestamp,
    /// Notices written by then, by which process.
    notices: (String, u64),
}

impl Default for Builder {
    fn default() -> Self {
        Self::new(URL_DEFAULT)
    }
}

impl Builder {
    /// A builder whose letters lead to pages under `url`.
    pub fn new(url: &str) -> Self {
        let url = url.trim_end_matches('/').to_owned();
        Self {
            url,
            owner: fresh_key(),
            names: Arc::default(),
            told: Arc::default(),
            reported: Arc::default(),
            quiet: Arc::default(),
        }
    }

    /// A builder for the value of [`URL`], or [`URL_DEFAULT`].
    pub fn from_setting(url: Option<&str>) -> Self {
        Self::new(url.filter(|url| !url.trim().is_empty()).unwrap_or(URL_DEFAULT))
    }

    /// Builds every letter whose time has come at `now`; how many were queued.
    pub async fn tick(&self, runtime: &Runtime, now: Timestamp) -> Result<usize, LettersError> {
        let notices = (runtime.process().to_owned(), runtime.done().notices);
        if runtime.is_alone() && self.is_quiet(now, &notices) {
            return Ok(0);
        }
        let mut queued = self.report_dead(runtime, now).await?;
        loop {
            match self.build_due(runtime, now).await? {
                Built::Nothing => break,
                Built::Letters(letters) => queued += letters,
            }
        }
        if queued > 0 {
            runtime.effects_queued();
        }
        let until = morning_after(runtime, now);
        let quiet = until.map(|until| Quiet { until, notices });
        *lock(&self.quiet) = quiet;
        Ok(queued)
    }

    /// Whether nothing can have come due since the last look, where nobody else writes notices.
    fn is_quiet(&self, now: Timestamp, notices: &(String, u64)) -> bool {
        let quiet = lock(&self.quiet);
        quiet.as_ref().is_some_and(|quiet| now < quiet.until && *notices == quiet.notices)
    }

    async fn build_due(&self, runtime: &Runtime, now: Timestamp) -> Result<Built, LettersError> {
        let store = runtime.store();
        let unbuilt = notices::unbuilt(store, now.as_ms(), None, NOTICES_MAX).await?;
        if unbuilt.is_empty() {
            return Ok(Built::Nothing);
        }
        let day = Day::read(runtime, now).await?;
        let mut waiting: Vec<_> = unbuilt.into_iter().map(|stored| stored.notice).collect();
        waiting.retain(|notice| day.when(notice).is_some());
        if waiting.is_empty() || !self.take_lease(runtime, now).await? {
            return Ok(Built::Nothing);
        }
        let mut facts = Facts::new(runtime, self.names(runtime, day.today).await?);
        let mut told = self.take_told(runtime, &day).await?;
        let gathered = gather(runtime, &day, &told, waiting, &mut facts).await?;
        let mut built: BTreeMap<String, String> = BTreeMap::new();
        let mut letters: Vec<OutboxRow> = Vec::new();
        for (person, lines) in &gathered.by_person {
            for group in write::groups(lines) {
                let row = write::letter(self, runtime, &day, person, &group, &mut facts).await?;
                for line in &group.lines {
                    for notice in std::iter::once(&line.notice.id).chain(&line.also) {
                        built.entry(notice.clone()).or_insert_with(|| row.id.clone());
                    }
                }
                letters.push(row);
            }
        }
        for (notice, letter) in gathered.settled {
            built.entry(notice).or_insert(letter);
        }
        if built.is_empty() {
            return Ok(Built::Nothing);
        }
        let built: Vec<(String, String)> = built.into_iter().collect();
        // Where another was faster, the next look finds what is left.
        let done = notices::build(store, &built, &letters).await?;
        if done {
            for row in &letters {
                told.add(&day, row);
            }
            *lock(&self.told) = Some((day.today, told));
        }
        Ok(if done { Built::Letters(letters.len()) } else { Built::Nothing })
    }

    /// Once a morning, what could not be delivered until then.
    async fn report_dead(&self, runtime: &Runtime, now: Timestamp) -> Result<usize, LettersError> {
        let today = runtime.library().calendar().local_date(now);
        let reported = *lock(&self.reported);
        if reported == Some(today) {
            return Ok(0);
        }
        let day = Day::read(runtime, now).await?;
        if now < day.morning || !self.take_lease(runtime, now).await? {
            return Ok(0);
        }
        let mut facts = Facts::new(runtime, Arc::default());
        let queued = dead::report(self, runtime, &day, &mut facts).await?;
        *lock(&self.told) = None;
        *lock(&self.reported) = Some(day.today);
        Ok(queued)
    }

    /// A lease spares processes each other's work; what makes it safe is the one transaction.
    async fn take_lease(&self, runtime: &Runtime, now: Timestamp) -> Result<bool, LettersError> {
        if runtime.is_alone() {
            return Ok(true);
        }
        let length = if runtime.clock().is_virtual() { 0 } else { LEASE_MS };
        let (now_ms, until_ms) = (now.as_ms(), now.as_ms().saturating_add(length));
        Ok(leases::take(runtime.store(), LEASE, &self.owner, now_ms, until_ms).await?)
    }

    async fn names(&self, runtime: &Runtime, today: NaiveDate) -> Result<Arc<Names>, LettersError> {
        let known = lock(&self.names).clone();
        if let Some((_, names)) = known.filter(|(day, _)| *day == today) {
            return Ok(names);
        }
        let names = Arc::new(facts::names(runtime.store()).await?);
        *lock(&self.names) = Some((today, Arc::clone(&names)));
        Ok(names)
    }

    /// What was told today. It is taken out of memory, so that a building that breaks off leaves
    /// nothing stale behind.
    async fn take_told(&self, runtime: &Runtime, day: &Day) -> Result<Told, LettersError> {
        let known = lock(&self.told).take().filter(|(date, _)| *date == day.today);
        match known.filter(|_| runtime.is_alone()) {
            Some((_, told)) => Ok(told),
            None => gather::told(runtime, day).await,
        }
    }

    fn link(&self, case_id: &str) -> String {
        format!("{}/cases/{case_id}", self.url)
    }
}

/// What is behind `mutex`, also after a panic: nothing there is ever half changed.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What one building came to.
enum Built {
    /// Nothing was left to do.
    Nothing,
    /// So many letters were queued; perhaps more is left.
    Letters(usize),
}

/// The next moment later than `now` at which waiting notices become letters: the next 07:30, if any
/// waits. For whoever moves a virtual clock; [`Builder::tick`] has been called at `now`.
pub async fn next_moment(
    runtime: &Runtime,
    now: Timestamp,
) -> Result<Option<Timestamp>, LettersError> {
    if notices::unbuilt(runtime.store(), now.as_ms(), None, 1).await?.is_empty() {
        return Ok(None);
    }
    Ok(morning_after(runtime, now))
}

/// The next 07:30 later than `now`.
fn morning_after(runtime: &Runtime, now: Timestamp) -> Option<Timestamp> {
    let library = runtime.library();
    let calendar = library.calendar();
    let today = calendar.local_date(now);
    let mornings = [Some(today), today.succ_opt()].into_iter().flatten();
    let mut mornings = mornings.map(|date| calendar.instant(date, chart::calendar::Clock::DIGEST));
    mornings.find(|&morning| morning > now)
}

/// Builds letters until `shutdown` resolves; a failure is told and tried again. To run beside
/// [`Runtime::serve`], in as many processes as one likes.
pub async fn run(builder: &Builder, runtime: &Runtime, shutdown: impl Future<Output = ()>) {
    tokio::pin!(shutdown);
    loop {
        if let Err(error) = builder.tick(runtime, runtime.clock().now()).await {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            tracing::error!(%error, cause, "building letters failed and is tried again");
        }
        if tokio::time::timeout(POLL, &mut shutdown).await.is_ok() {
            return;
        }
    }
}

/// Moves the virtual clock to `until` as [`Runtime::run_to`] does, and builds and sends at each
/// moment the letters whose time has come; the number of things done.
pub async fn run_to(
    builder: &Builder,
    runtime: &Runtime,
    until: Timestamp,
) -> Result<usize, LettersError> {
    let mut done = 0;
    loop {
        done += runtime.open_scheduled().await?;
        done += settle(builder, runtime).await?;
        let now = runtime.clock().now();
        if !runtime.clock().is_virtual() || now >= until {
            return Ok(done);
        }
        let due = [runtime.next_moment().await?, next_moment(runtime, now).await?];
        let next = due.into_iter().flatten().min().unwrap_or(until).min(until);
        runtime.advance_to(next.max(now.plus_ms(1))).await?;
    }
}

/// Does everything that is due at this instant, letters included; the number of things done.
pub async fn settle(builder: &Builder, runtime: &Runtime) -> Result<usize, LettersError> {
    let mut done = runtime.run_until_idle().await?;
    let built = builder.tick(runtime, runtime.clock().now()).await?;
    if built > 0 {
        done += built + runtime.run_until_idle().await?;
    }
    Ok(done)
}

//! The engine under a simulation, on threads of its own, so that it can be made to crash.
//!
//! A crash drops every thread of the engine wherever they are: before a commit, within it, or after
//! it and before the answer. What was durable stays, the rest is sent again under the same keys.
//!
//! **Invariant:** the database is touched on the engine's own threads only; a crash leaves no
//! connection behind that somebody still uses.

use std::future::Future;
use std::sync::LazyLock;
use std::time::Duration;

use chart::moment::Timestamp;
use runtime::clock::{Clock, Salts};
use runtime::command::{Command, Receipt, SendError};
use runtime::outbox::Performer;
use runtime::publishing::Definition;
use runtime::{Runtime, Setup};
use store::Store;

use super::SimulateError;
use crate::schedules;

/// What a sender hears.
pub type Answer = Result<Receipt, SendError>;

/// The charts, read once: an engine that crashes often must not read them each time.
static CHARTS: LazyLock<Vec<Definition>> =
    LazyLock::new(|| workflows::all().into_iter().filter_map(Definition::of).collect());

/// How often a batch is sent again while the database recovers from a crash.
const RESENDS_MAX: u32 = 5;

/// A runtime that can crash and be opened again.
#[derive(Debug)]
pub struct Engine {
    url: String,
    clock: Clock,
    began: Timestamp,
    performer: Performer,
    salts: Salts,
    threads: Option<tokio::runtime::Runtime>,
    runtime: Option<Runtime>,
}

impl Engine {
    /// Opens the database at `url` on a virtual clock that stands at `began`, unless it has one;
    /// salts follow from `seed`.
    pub async fn open(
        url: &str,
        began: Timestamp,
        performer: Performer,
        seed: u64,
    ) -> Result<Self, SimulateError> {
        let (url, clock) = (url.to_owned(), Clock::standing_at(began));
        let (salts, threads, runtime) = (Salts::Seeded(seed), None, None);
        let mut engine = Self { url, clock, began, performer, salts, threads, runtime };
        engine.start().await?;
        Ok(engine)
    }

    async fn start(&mut self) -> Result<(), SimulateError> {
        let threads = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_stack_size(8 << 20)
            .enable_all()
            .build()
            .map_err(SimulateError::Threads)?;
        let (url, clock, began) = (self.url.clone(), self.clock.clone(), self.began);
        let (performer, salts, charts) = (self.performer.clone(), self.salts, CHARTS.clone());
        let opening = threads.spawn(async move {
            let store = Store::open(&url).await?;
            store.migrate().await?;
            let setup = Setup::new(charts, workflows::calendars::calendar())
                .on(clock)
                .performing(performer)
                .alone()
                .salting(salts)
                .scheduled(schedules::programme(&store, began)?);
            Ok::<Runtime, SimulateError>(Runtime::open(store, setup).await?)
        });
        self.threads = Some(threads);
        self.runtime = Some(opening.await.map_err(|_| SimulateError::Gone)??);
        Ok(())
    }

    /// The runtime, for what is read from memory.
    pub fn runtime(&self) -> Result<&Runtime, SimulateError> {
        self.runtime.as_ref().ok_or(SimulateError::Gone)
    }

    /// Has `work` done by the engine.
    pub async fn call<T, F>(
        &self,
        work: impl FnOnce(Runtime) -> F + Send + 'static,
    ) -> Result<T, SimulateError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, SimulateError>> + Send + 'static,
    {
        let runtime = self.runtime()?.clone();
        let threads = self.threads.as_ref().ok_or(SimulateError::Gone)?;
        threads.spawn(work(runtime)).await.map_err(|_| SimulateError::Gone)?
    }

    /// Sends a batch, again while the database is busy with what a crash has left; the answers are
    /// in its order.
    pub async fn send(&self, commands: Vec<Command>) -> Result<Vec<Answer>, SimulateError> {
        let mut resends = 0;
        loop {
            let batch = commands.clone();
            let answers =
                self.call(|runtime| async move { Ok(runtime.send_all(batch).await) }).await?;
            let is_busy = |answer: &Answer| matches!(answer, Err(SendError::Unavailable { .. }));
            if resends == RESENDS_MAX || !answers.iter().any(is_busy) {
                return Ok(answers);
            }
            resends += 1;
        }
    }

    /// Begins `work` and crashes after `pause`, whether it is over or not.
    pub async fn crash_during<T, F>(
        &mut self,
        pause: Duration,
        work: impl FnOnce(Runtime) -> F + Send + 'static,
    ) -> Result<(), SimulateError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, SimulateError>> + Send + 'static,
    {
        let runtime = self.runtime()?.clone();
        let threads = self.threads.as_ref().ok_or(SimulateError::Gone)?;
        let begun = threads.spawn(work(runtime));
        // Over or not, nobody hears the answer.
        drop(tokio::time::timeout(pause, begun).await);
        self.drop_threads();
        self.start().await
    }

    fn drop_threads(&mut self) {
        self.runtime = None;
        if let Some(threads) = self.threads.take() {
            threads.shutdown_background();
        }
    }

    /// Ends the engine in good order.
    pub async fn close(mut self) -> Result<(), SimulateError> {
        if let (Some(runtime), Some(threads)) = (self.runtime.take(), self.threads.as_ref()) {
            let store = runtime.store().clone();
            let closing = threads.spawn(async move {
                runtime.close().await;
                store.close().await;
            });
            closing.await.map_err(|_| SimulateError::Gone)?;
        }
        self.drop_threads();
        Ok(())
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.drop_threads();
    }
}

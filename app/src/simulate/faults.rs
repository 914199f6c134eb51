//! What is made to fail on purpose, and how often it was.
//!
//! The draws are apart from those of the people: with faults or without, everybody decides the same.
//!
//! **Invariant:** a fault never changes what is decided, only how often it must be asked for.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use runtime::Runtime;
use runtime::command::Command;
use runtime::outbox::{Performed, Performer};

use super::SimulateError;
use super::draw::Draw;
use super::engine::{Answer, Engine};

/// How many of each fault were put in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct Faults {
    /// The engine was dropped while people's commands were under way, and opened again.
    pub crashes: u64,
    /// The same while timers, messages, letters or schedules were under way.
    pub interruptions: u64,
    /// The answer did not reach the sender, who sent again.
    pub lost_replies: u64,
    /// A command was sent twice.
    pub duplicates: u64,
    /// The mail server refused a letter for the time being.
    pub refused_mail: u64,
}

impl Faults {
    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            crashes: self.crashes + other.crashes,
            interruptions: self.interruptions + other.interruptions,
            lost_replies: self.lost_replies + other.lost_replies,
            duplicates: self.duplicates + other.duplicates,
            refused_mail: self.refused_mail + other.refused_mail,
        }
    }
}

/// What happens to one batch of commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// The engine crashes so many microseconds after the batch was handed over.
    Crash(u64),
    /// The answers are thrown away, and everything is sent again.
    LostReplies,
    /// Everything is sent twice.
    Duplicates,
}

/// The fault of the batch number `batch`.
pub fn of_batch(seed: u64, batch: u64) -> Fault {
    let mut draw = Draw::of(seed, &["faults", &batch.to_string()]);
    match draw.below(1_000) {
        0..40 => Fault::Crash(draw.below(6_000)),
        40..120 => Fault::LostReplies,
        120..220 => Fault::Duplicates,
        _ => Fault::None,
    }
}

/// After how long the engine crashes in its round number `round`, if it does. What follows from a
/// day of people's acts takes longer than one batch, so the pauses are drawn from more orders of
/// magnitude: some crashes meet the first timer, some the last letter.
pub fn of_round(seed: u64, round: u64) -> Option<Duration> {
    let mut draw = Draw::of(seed, &["rounds", &round.to_string()]);
    let falls = draw.below(1_000) < 40;
    let order = 10_u64.pow(u32::try_from(draw.below(3)).unwrap_or(0));
    falls.then(|| Duration::from_micros(draw.below(1_000) * order))
}

/// Sends `commands` with `fault`, and counts what was put in; the answers are in their order.
pub(super) async fn send(
    engine: &mut Engine,
    fault: Fault,
    commands: Vec<Command>,
    faults: &mut Faults,
) -> Result<Vec<Answer>, SimulateError> {
    let count = commands.len() as u64;
    match fault {
        Fault::None => {}
        Fault::Crash(pause_us) => {
            let lost = commands.clone();
            let work = move |runtime: Runtime| async move { Ok(runtime.send_all(lost).await) };
            engine.crash_during(Duration::from_micros(pause_us), work).await?;
            faults.crashes += 1;
        }
        Fault::LostReplies => {
            engine.send(commands.clone()).await?;
            faults.lost_replies += count;
        }
        Fault::Duplicates => {
            let twice = commands.iter().flat_map(|one| [one.clone(), one.clone()]).collect();
            faults.duplicates += count;
            return Ok(engine.send(twice).await?.into_iter().step_by(2).collect());
        }
    }
    engine.send(commands).await
}

/// A performer that refuses some letters the first time, and counts how many.
pub fn mail(seed: u64, with_faults: bool) -> (Performer, Arc<AtomicU64>) {
    let refused = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&refused);
    let seen = Arc::new(std::sync::Mutex::new(std::collections::BTreeSet::new()));
    let performer = Performer::new(move |row: store::rows::OutboxRow| {
        let refuse = with_faults && Draw::of(seed, &["mail", &row.id]).chance(100) && {
            let mut seen = seen.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            seen.insert(row.id)
        };
        if refuse {
            counter.fetch_add(1, Ordering::Relaxed);
        }
        let performed = if refuse {
            Performed::Retry("421 the server is busy".to_owned())
        } else {
            Performed::Done
        };
        std::future::ready(performed)
    });
    (performer, refused)
}

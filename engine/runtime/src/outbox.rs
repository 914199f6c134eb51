//! Effects on the world are performed: claimed by lease, tried again with growing pauses, given up
//! with a reason.
//!
//! What performing means is the application's: it hands over a [`Performer`]. A crash after the act
//! and before its row is marked repeats the act under the same id, so whatever is on the other side
//! must take the id as its key (a letter's Message-ID, a document's name).
//!
//! **Invariant:** an effect ends `done` or `dead`; nothing is tried for ever.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use chart::moment::Timestamp;
use store::outbox;
use store::rows::{OutboxRow, StoredOutbox};
use tracing::{error, warn};

use crate::shared::{RoundError, Shared, count};

/// How many effects are claimed at a time.
pub const CLAIM_MAX: u32 = 50;
/// How often an effect is tried before it is given up: with the pauses below, over two days.
pub const ATTEMPTS_MAX: i64 = 20;
/// How often it is tried at one instant of a virtual clock.
pub const INSTANT_ATTEMPTS_MAX: i64 = 3;
/// The pause after the first failure, in milliseconds; it doubles with each further one.
pub const PAUSE_FIRST_MS: i64 = 2_000;
/// The longest pause, in milliseconds.
pub const PAUSE_MAX_MS: i64 = 4 * 60 * 60 * 1_000;

/// What became of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Performed {
    /// It is done.
    Done,
    /// Not now; try again later.
    Retry(String),
    /// Never: trying again would fail the same way.
    Dead(String),
}

/// An attempt in progress.
pub type Performing = Pin<Box<dyn Future<Output = Performed> + Send>>;

/// What the application does with an effect; the row's id is the key against repeating.
#[derive(Clone)]
pub struct Performer(Arc<dyn Fn(OutboxRow) -> Performing + Send + Sync>);

impl Performer {
    /// A performer that calls `perform` for each effect.
    pub fn new<F, P>(perform: P) -> Self
    where
        P: Fn(OutboxRow) -> F + Send + Sync + 'static,
        F: Future<Output = Performed> + Send + 'static,
    {
        Self(Arc::new(move |row| Box::pin(perform(row))))
    }

    /// Performs one effect.
    pub async fn perform(&self, row: OutboxRow) -> Performed {
        self.0(row).await
    }

    /// A performer that calls everything done: for runs that need no world.
    pub fn idle() -> Self {
        Self::new(|_| std::future::ready(Performed::Done))
    }
}

impl fmt::Debug for Performer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Performer")
    }
}

/// How long to pause after `attempts` failures of the effect `id`: doubling, capped, and moved by
/// up to a quarter either way, the same for the same id.
pub fn pause_ms(id: &str, attempts: i64) -> i64 {
    let doublings = u32::try_from(attempts.clamp(1, 40) - 1).unwrap_or(0);
    let pause = PAUSE_FIRST_MS.saturating_mul(1_i64 << doublings).min(PAUSE_MAX_MS);
    let spread = id.bytes().fold(attempts, |sum, byte| (sum * 31 + i64::from(byte)) % 1_001);
    pause - pause / 4 + pause / 2 * spread / 1_000
}

/// Claims what is due and performs it; the number of attempts.
pub(crate) async fn round(shared: &Shared, performer: &Performer) -> Result<usize, RoundError> {
    let now = shared.clock.now();
    let until_ms = shared.lease_until(now);
    let rows =
        outbox::claim(&shared.store, &shared.process, now.as_ms(), until_ms, CLAIM_MAX).await?;
    // A letter that left is marked before the next one leaves, so that a crash repeats one at most.
    // Nothing leaves from under a virtual clock, and one commit may mark them all.
    let mark_each = !shared.clock.is_virtual();
    let mut done: Vec<&str> = Vec::new();
    let mut attempts = 0;
    for stored in &rows {
        if !is_ours(shared, &stored.row.id).await? {
            warn!(effect = stored.row.id, "a lease ended before its effect was performed");
            continue;
        }
        attempts += 1;
        match performer.perform(stored.row.clone()).await {
            Performed::Done => done.push(&stored.row.id),
            performed => settle(shared, stored, performed, now).await?,
        }
        if mark_each {
            mark(shared, &mut done, now).await?;
        }
    }
    mark(shared, &mut done, now).await?;
    Ok(attempts)
}

/// Whether the effect `id` is still in this process's hands, now for a whole lease. Whoever slept past
/// the lease, or was held up by a slow world, finds that another has taken over.
async fn is_ours(shared: &Shared, id: &str) -> Result<bool, RoundError> {
    if shared.clock.is_virtual() {
        return Ok(true);
    }
    let until_ms = shared.lease_until(shared.clock.now());
    Ok(outbox::renew(&shared.store, &shared.process, id, until_ms).await?)
}

/// Records that the effects `done` were performed.
async fn mark(
    shared: &Shared,
    done: &mut Vec<&str>,
    claimed_at: Timestamp,
) -> Result<(), RoundError> {
    if done.is_empty() {
        return Ok(());
    }
    let now = shared.clock.now().max(claimed_at);
    outbox::done(&shared.store, done, now.as_ms()).await?;
    done.drain(..).for_each(|_| count(&shared.counts.effects));
    Ok(())
}

/// Records an attempt that did not end well.
async fn settle(
    shared: &Shared,
    stored: &StoredOutbox,
    performed: Performed,
    claimed_at: Timestamp,
) -> Result<(), RoundError> {
    let StoredOutbox { row, attempts, .. } = stored;
    let (store, now) = (&shared.store, shared.clock.now().max(claimed_at));
    match performed {
        Performed::Done => mark(shared, &mut vec![row.id.as_str()], claimed_at).await?,
        Performed::Retry(why) if attempts + 1 < ATTEMPTS_MAX => {
            warn!(effect = row.id, kind = row.kind, why, "an effect is tried again later");
            let attempts = attempts + 1;
            // On a virtual clock the world is not waited for (R35); one that stays away is left
            // for the next moment, or every letter would be given up within one instant.
            let pause_ms = if shared.clock.is_virtual() {
                i64::from(attempts >= INSTANT_ATTEMPTS_MAX)
            } else {
                pause_ms(&row.id, attempts)
            };
            let retry_at_ms = now.as_ms().saturating_add(pause_ms);
            outbox::failed(store, &row.id, &shared.process, &why, retry_at_ms).await?;
        }
        Performed::Retry(why) | Performed::Dead(why) => {
            error!(effect = row.id, kind = row.kind, why, "an effect is given up");
            if outbox::dead(store, &row.id, &shared.process, &why, now.as_ms()).await? {
                count(&shared.counts.dead);
            }
        }
    }
    Ok(())
}

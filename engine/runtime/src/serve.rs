//! The loops of a serving process: timers, messages, effects, schedules, anchors.
//!
//! Each loop does what is due, then sleeps until it is rung awake by a commit of this process, until
//! the next due moment it knows, or until it is time to look what other processes have left. A bell
//! between processes would cost each commit a statement; a second's wait costs nobody anything.
//!
//! **Invariant:** when [`Runtime::serve`] returns, no round is half done.

use std::future::Future;
use std::time::Duration;

use chart::moment::Timestamp;
use tokio::sync::{Notify, watch};
use tokio::time::timeout;
use tracing::{debug, error, info, warn};

use crate::engine::Runtime;
use crate::shared::RoundError;
use crate::{anchors, inbox, outbox, people, timers};

/// How often a loop looks into its table although nobody rang.
pub const POLL: Duration = Duration::from_secs(1);
/// How often schedules are looked at.
pub const SCHEDULES_EVERY: Duration = Duration::from_secs(20);
/// How often it is seen whether an anchor is to be taken.
pub const ANCHORS_EVERY: Duration = Duration::from_mins(1);

impl Runtime {
    /// Serves until `shutdown` resolves: fires timers, delivers messages, performs effects, opens
    /// schedules, takes anchors. Rounds that have begun are finished.
    pub async fn serve(&self, shutdown: impl Future<Output = ()>) {
        let (stop, stopped) = watch::channel(false);
        info!(clock = %self.clock(), process = self.shared.process, "serving");
        let work = async {
            tokio::join!(
                self.timers_loop(stopped.clone()),
                self.inbox_loop(stopped.clone()),
                self.outbox_loop(stopped.clone()),
                self.slow_loop(stopped.clone()),
            );
        };
        let ending = async {
            shutdown.await;
            stop.send_replace(true);
            let wake = &self.shared.wake;
            for bell in [&wake.timers, &wake.inbox, &wake.outbox] {
                bell.notify_one();
            }
        };
        tokio::join!(work, ending);
        self.give_back().await;
        info!("stopped serving");
    }

    /// Gives back what this process still holds, so that others need not wait for the lease's end.
    async fn give_back(&self) {
        let (store, process) = (self.store(), self.shared.process.as_str());
        let released = [
            store::timers::release(store, process).await,
            store::inbox::release(store, process).await,
            store::outbox::release(store, process).await,
        ];
        for error in released.into_iter().filter_map(Result::err) {
            warn!(%error, "claims are not given back; they end with their lease");
        }
    }

    async fn timers_loop(&self, stopped: watch::Receiver<bool>) {
        while !*stopped.borrow() {
            let round = async {
                let fired = timers::round(&self.shared, &self.door).await?;
                if fired > 0 {
                    debug!(fired, "timers");
                }
                let next = store::timers::next_due(self.store()).await?;
                self.shared.wake.set_next_due(next);
                Ok(fired)
            };
            if went_on("timers", round.await) {
                continue;
            }
            let next = self.shared.wake.next_due();
            rest(&self.shared.wake.timers, self.until(next)).await;
        }
    }

    async fn inbox_loop(&self, stopped: watch::Receiver<bool>) {
        while !*stopped.borrow() {
            if !went_on("inbox", inbox::round(&self.shared, &self.door).await) {
                rest(&self.shared.wake.inbox, POLL).await;
            }
        }
    }

    async fn outbox_loop(&self, stopped: watch::Receiver<bool>) {
        while !*stopped.borrow() {
            if !went_on("outbox", outbox::round(&self.shared, &self.performer).await) {
                rest(&self.shared.wake.outbox, POLL).await;
            }
        }
    }

    /// Schedules, anchors and the version of the assignments.
    async fn slow_loop(&self, mut stopped: watch::Receiver<bool>) {
        let mut until_anchor = Duration::ZERO;
        let mut until_schedules = Duration::ZERO;
        while !*stopped.borrow() {
            if until_schedules.is_zero() {
                went_on("schedules", self.open_scheduled().await);
                until_schedules = SCHEDULES_EVERY;
            }
            if until_anchor.is_zero() {
                let taken = anchors::take_if_due(&self.shared).await;
                went_on("anchors", taken.map(usize::from));
                until_anchor = ANCHORS_EVERY;
            }
            let refreshed = people::refresh_if_moved(&self.shared).await;
            went_on("assignments", refreshed.map(usize::from).map_err(RoundError::from));
            // Ended early by the stop; both ends of the race are right.
            drop(timeout(POLL, stopped.changed()).await);
            until_anchor = until_anchor.saturating_sub(POLL);
            until_schedules = until_schedules.saturating_sub(POLL);
        }
    }

    /// How long until `due`, at most until the next look; a standing clock brings nothing nearer.
    fn until(&self, due: Option<Timestamp>) -> Duration {
        let Some(due) = due.filter(|_| !self.clock().is_virtual()) else { return POLL };
        let ms = due.as_ms().saturating_sub(self.clock().now().as_ms()).max(1);
        Duration::from_millis(u64::try_from(ms).unwrap_or(1)).min(POLL)
    }
}

/// Whether a round did anything; a failure is told and rested on.
fn went_on(what: &str, round: Result<usize, RoundError>) -> bool {
    match round {
        Ok(done) => done > 0,
        Err(error) => {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            error!(%error, cause, what, "a round failed and is tried again");
            false
        }
    }
}

async fn rest(bell: &Notify, at_most: Duration) {
    // Rung or not, the next round looks for itself.
    drop(timeout(at_most, bell.notified()).await);
}

//! Messages between cases are delivered, each exactly once (R21).
//!
//! The sender's commit wrote the row; the receiver's commit removes it, and is refused when the row
//! is gone. So a crash between the two only means that the message is delivered later. A spawn is
//! the birth of its child, the end of an invoking state the end of its invoked one.
//!
//! Messages of one pair of cases keep their order: a round sends a receiver its next message only
//! after the one before was answered.
//!
//! **Invariant:** a row leaves the inbox in its receiver's commit, or as dead with a reason.

use std::collections::{BTreeMap, VecDeque};

use store::inbox;
use store::rows::InboxRow;
use tokio::sync::oneshot;
use tracing::{error, warn};

use crate::command::SendError;
use crate::faults;
use crate::queue::{Answer, Door, Outcome, Request, Work};
use crate::shared::{RoundError, Shared, count};
use crate::writes::inbox_kind;

/// How many messages are claimed at a time.
pub const CLAIM_MAX: u32 = 500;

/// Claims what waits and delivers it; the number of messages that are gone from the table.
pub(crate) async fn round(shared: &Shared, door: &Door) -> Result<usize, RoundError> {
    let now = shared.clock.now();
    let until_ms = shared.lease_until(now);
    let rows =
        inbox::claim(&shared.store, &shared.process, now.as_ms(), until_ms, CLAIM_MAX).await?;
    let mut by_receiver: BTreeMap<String, VecDeque<InboxRow>> = BTreeMap::new();
    for row in rows {
        by_receiver.entry(row.receiver.clone()).or_default().push_back(row);
    }
    let mut gone = 0;
    while !by_receiver.is_empty() {
        let mut sent = Vec::with_capacity(by_receiver.len());
        for rows in by_receiver.values_mut() {
            if let Some(row) = rows.pop_front() {
                sent.push((deliver(door, &row).await, row));
            }
        }
        for (answer, row) in sent {
            let answer = match answer {
                Some(answer) => answer.await.ok(),
                None => None,
            };
            let settled = match answer {
                Some(answer) => settle(shared, &row, answer).await?,
                None => false,
            };
            if settled {
                gone += 1;
            } else {
                // What comes after a message that must wait, waits too.
                by_receiver.remove(&row.receiver);
            }
        }
        by_receiver.retain(|_, rows| !rows.is_empty());
    }
    Ok(gone)
}

async fn deliver(door: &Door, row: &InboxRow) -> Option<oneshot::Receiver<Answer>> {
    let work = Work::Inbox(Box::new(row.clone()));
    let (request, answer) = Request::new(row.receiver.as_str().into(), work);
    door.put(request).await.ok()?;
    Some(answer)
}

/// Puts away a message after its answer; whether its row is gone.
async fn settle(shared: &Shared, row: &InboxRow, answer: Answer) -> Result<bool, RoundError> {
    match answer {
        Ok(Outcome::Stepped(_)) => {
            count(&shared.counts.messages);
            Ok(true)
        }
        Ok(Outcome::Void) => {
            inbox::drop_void(&shared.store, row).await?;
            Ok(true)
        }
        Err(error) if must_wait(row, &error) => {
            warn!(case = row.receiver, sender = row.sender, %error, "a message waits");
            Ok(false)
        }
        Err(error) => {
            let (now, why) = (shared.clock.now(), error.to_string());
            if !inbox::bury(&shared.store, &shared.process, row, &why, now.as_ms()).await? {
                // The lease ran out, and whoever took it over will see for itself.
                return Ok(false);
            }
            error!(case = row.receiver, sender = row.sender, %error, "a message is dead");
            count(&shared.counts.dead);
            let item = format!("message {}/{}/{}", row.sender, row.revision, row.ordinal);
            faults::tell(shared, &row.receiver, &item, &why).await?;
            Ok(true)
        }
    }
}

/// Whether the message stays where it is: the fault is not in it.
fn must_wait(row: &InboxRow, error: &SendError) -> bool {
    match error {
        SendError::Unavailable { .. } | SendError::Stale { .. } => true,
        // The receiver's chart cannot be loaded; a spawn of an unknown chart is the sender's fault.
        SendError::NoChart { .. } => row.kind != inbox_kind::SPAWN,
        _ => false,
    }
}

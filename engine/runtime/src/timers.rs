//! Due timers become events, through the writer, in batches.
//!
//! A claim only spares processes each other's work; the truth is the generation in the snapshot,
//! checked when the event is planned and guarded by the commit (R30). So a timer fires once even
//! when a process sleeps past its lease and goes on.
//!
//! The loop sleeps until the next due moment it knows and is rung awake when an earlier one is
//! committed here; it looks into the table from time to time for what other processes committed.
//!
//! **Invariant:** a timer whose generation is not the snapshot's never becomes an event.

use chart::event::Event;
use chart::moment::Timestamp;
use store::rows::TimerRow;
use store::timers;
use tracing::{error, warn};

use crate::cache::Head;
use crate::command::SendError;
use crate::faults;
use crate::queue::{Answer, Door, Outcome, Request, Work};
use crate::shared::{RoundError, Shared, count};

/// How many timers are claimed at a time.
pub const CLAIM_MAX: u32 = 500;

/// The event `timer` stands for, if the case that stands at `head` still waits for it at `now`.
///
/// After downtime several rungs of one ladder are due together: a rung is only recorded as skipped
/// when every role it would tell is told by a later one of them (R30).
pub(crate) fn event_of(timer: &TimerRow, head: &Head, now: Timestamp) -> Option<Event> {
    let waits = head.timers.iter().find(|one| {
        one.name == timer.name && i64::from(one.generation) == timer.generation && one.due_at <= now
    })?;
    if let Some(state) = waits.name.strip_prefix("due:") {
        return Some(Event::due(state));
    }
    if let Some((state, rung)) = rung_of(&waits.name) {
        let overtaken = is_overtaken(head, state, rung, waits.due_at, now);
        return Some(Event::rung(state, rung, overtaken));
    }
    let ordinal = waits.name.strip_prefix("send:")?.parse().ok()?;
    Some(Event::send(ordinal))
}

/// State and number of the rung called `name`.
fn rung_of(name: &str) -> Option<(&str, usize)> {
    let (state, rung) = name.strip_prefix("rung:")?.rsplit_once(':')?;
    Some((state, rung.parse().ok()?))
}

fn is_overtaken(head: &Head, state: &str, rung: usize, due_at: Timestamp, now: Timestamp) -> bool {
    let term = head.chart.find(state).and_then(|ix| head.chart.state(ix).term.as_ref());
    let Some(rungs) = term.map(|term| &term.rungs) else { return false };
    let Some(own) = rungs.get(rung) else { return false };
    let later: Vec<&str> = head
        .timers
        .iter()
        .filter(|one| one.due_at <= now)
        .filter_map(|one| rung_of(&one.name).map(|(of, at)| (of, at, one.due_at)))
        .filter(|&(of, at, at_due)| of == state && (at_due, at) > (due_at, rung))
        .filter_map(|(_, at, _)| rungs.get(at))
        .flat_map(|later| later.to.iter().map(String::as_str))
        .collect();
    !own.to.is_empty() && own.to.iter().all(|role| later.contains(&role.as_str()))
}

/// Claims what is due and fires it; the number of timers that are gone from the table.
pub(crate) async fn round(shared: &Shared, door: &Door) -> Result<usize, RoundError> {
    let now = shared.clock.now();
    let until_ms = shared.lease_until(now);
    let rows =
        timers::claim(&shared.store, &shared.process, now.as_ms(), until_ms, CLAIM_MAX).await?;
    let mut sent = Vec::with_capacity(rows.len());
    for row in rows {
        let (request, answer) = Request::new(row.case_id.as_str().into(), Work::Timer(row.clone()));
        if door.put(request).await.is_err() {
            break;
        }
        sent.push((row, answer));
    }
    let mut gone = 0;
    for (row, answer) in sent {
        let Ok(answer) = answer.await else { break };
        gone += usize::from(settle(shared, &row, answer).await?);
    }
    Ok(gone)
}

/// Puts away a timer after its answer; whether its row is gone.
async fn settle(shared: &Shared, row: &TimerRow, answer: Answer) -> Result<bool, RoundError> {
    match answer {
        Ok(Outcome::Stepped(_)) => {
            count(&shared.counts.timers_fired);
            Ok(true)
        }
        Ok(Outcome::Void) => {
            count(&shared.counts.timers_void);
            timers::drop_void(&shared.store, row).await?;
            Ok(true)
        }
        // Another process is busy with the case, the database is away, or the chart is not there:
        // the row stays as it is.
        Err(
            error @ (SendError::Unavailable { .. }
            | SendError::NoChart { .. }
            | SendError::Stale { .. }),
        ) => {
            warn!(case = row.case_id, timer = row.name, %error, "a timer waits");
            Ok(false)
        }
        Err(error) => {
            let (now, why) = (shared.clock.now(), error.to_string());
            if !timers::bury(&shared.store, &shared.process, row, &why, now.as_ms()).await? {
                // The lease ran out, and whoever took it over will see for itself.
                return Ok(false);
            }
            error!(case = row.case_id, timer = row.name, %error, "a timer is dead");
            count(&shared.counts.dead);
            let item = format!("{}/{}", row.name, row.generation);
            faults::tell(shared, &row.case_id, &item, &why).await?;
            Ok(true)
        }
    }
}

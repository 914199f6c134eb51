//! Checkpoints: entries that carry the whole case, from which replay may begin (R7).
//!
//! Two things call for one. A long log: each entry whose number is a multiple of [`EVERY`] is a
//! checkpoint, written in the commit of the step before it. And new semantics: when a program steps
//! otherwise than the one before, every case is written whole before it is stepped again, because
//! nothing replays across the change.
//!
//! **Invariant:** where a case gets a checkpoint follows from its log alone, never from a clock, a
//! batch or a process.

use chart::entry::Entry;
use chart::event::{Actor, Event};
use chart::snapshot::Snapshot;
use chart::step::{SEMANTICS, checkpoint};
use chart::stepped::Step;
use chart::{calendar::Calendar, definition::Chart};
use store::{cases, meta};
use tracing::{info, warn};

use crate::publishing::PublishError;
use crate::queue::{Door, Request, Work};
use crate::shared::Shared;

/// Each so manieth entry of a case is a checkpoint.
pub const EVERY: u64 = 200;
/// Where the database keeps the semantics all of its cases were last stepped or written under.
pub const STORED: &str = "semantics";
/// How many cases are written at a time.
const PAGE: i64 = 200;

/// The case written whole, and its entry after the one whose hash is `prev_hash`.
pub(crate) fn take(
    chart: &Chart,
    snapshot: &Snapshot,
    calendar: &Calendar,
    prev_hash: &str,
) -> (Step, Entry) {
    let step = checkpoint(snapshot, snapshot.recorded_at);
    let (event, actor) = (Event::checkpoint(), Actor::system());
    let entry = Entry::record(chart, &step, &event, &actor, calendar, prev_hash);
    (step, entry)
}

/// Whether the entry after `snapshot` is to be a checkpoint. A case at its end grows no more.
pub(crate) fn follows(snapshot: &Snapshot) -> bool {
    !snapshot.done && (snapshot.revision + 1).is_multiple_of(EVERY)
}

/// Writes every case whole that was last stepped under other semantics; before any is stepped.
pub(crate) async fn renew(shared: &Shared, door: &Door) -> Result<(), PublishError> {
    let store = &shared.store;
    let current = SEMANTICS.to_string();
    if meta::find(store, STORED).await?.as_ref() == Some(&current) {
        return Ok(());
    }
    let (mut after, mut left) = (String::new(), 0);
    loop {
        let heads = cases::of_other_semantics(store, SEMANTICS, &after, PAGE).await?;
        let Some(last) = heads.last() else { break };
        after.clone_from(&last.case_id);
        info!(cases = heads.len(), "cases of other semantics are written whole");
        let mut waiting = Vec::with_capacity(heads.len());
        for head in heads {
            let work = Work::Checkpoint(head.revision);
            let (request, answer) = Request::new(head.case_id.as_str().into(), work);
            if door.put(request).await.is_ok() {
                waiting.push((head.case_id, answer));
            }
        }
        for (case_id, answer) in waiting {
            match answer.await {
                Ok(Ok(_)) => {}
                Ok(Err(error)) => {
                    // Its chart is not there, or it is corrupt: it stays as it is, and is asked again.
                    warn!(case = case_id, %error, "a case is not written whole");
                    left += 1;
                }
                Err(_) => left += 1,
            }
        }
    }
    if left == 0 {
        meta::set(store, STORED, &current).await?;
    }
    Ok(())
}

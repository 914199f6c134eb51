//! Replay: entries in, the case out, by calling [`step`](crate::step::step) and nothing else.
//!
//! `replay(log) == head` holds always. Replay starts at the last checkpoint, or at the unborn case;
//! [`check_checkpoints`] sees that what is skipped leads there.
//!
//! **Invariant:** what an entry recorded (actor, moment, calendar) is used, never what is so now.

use serde_json::Value;

use crate::calendar::Calendar;
use crate::canonical;
use crate::definition::Chart;
use crate::entry::{Entry, FIRST, states_of};
use crate::frozen::ThawError;
use crate::snapshot::Snapshot;
use crate::step::{SEMANTICS, checkpoint, step};
use crate::stepped::EntryKind;

/// Why a log does not give a case back. Names the revision at fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReplayError {
    /// There is nothing to replay.
    #[error("the log of the case is empty")]
    Empty,
    /// A revision is missing or comes twice.
    #[error("revision {expected} is missing: the log goes on with {found}")]
    Gap {
        /// What should come.
        expected: u64,
        /// What comes.
        found: u64,
    },
    /// The chain is broken: `prev_hash` is not the hash of the entry before.
    #[error("revision {revision}: the chain is broken before this entry")]
    Chain {
        /// The entry at fault.
        revision: u64,
    },
    /// A column was changed after it was hashed.
    #[error("revision {revision}: the entry does not match its own hash")]
    Hash {
        /// The entry at fault.
        revision: u64,
    },
    /// It was stepped under other semantics; a checkpoint is needed before it.
    #[error("revision {revision}: recorded under semantics {found}, this program has {SEMANTICS}")]
    Semantics {
        /// The entry at fault.
        revision: u64,
        /// Its semantics.
        found: i64,
    },
    /// The calendar it was stepped under is not known.
    #[error("revision {revision}: calendar `{sha}` is not in the store")]
    NoCalendar {
        /// The entry at fault.
        revision: u64,
        /// The calendar's hash.
        sha: String,
    },
    /// It was stepped under another chart.
    #[error("revision {revision}: recorded under chart `{sha}`")]
    OtherChart {
        /// The entry at fault.
        revision: u64,
        /// The chart's hash.
        sha: String,
    },
    /// A document in it cannot be read.
    #[error("revision {revision}: {message}")]
    Malformed {
        /// The entry at fault.
        revision: u64,
        /// What is wrong.
        message: String,
    },
    /// The step gives something else now.
    #[error("revision {revision}: the step gives another {what} than was recorded")]
    Differs {
        /// The entry at fault.
        revision: u64,
        /// `kind`, `states`, `data`, `effects`, `terms` or `snapshot`.
        what: &'static str,
    },
    /// The step is refused now.
    #[error("revision {revision}: the step is refused now: {message}")]
    Refused {
        /// The entry at fault.
        revision: u64,
        /// The refusal.
        message: String,
    },
}

/// Rebuilds a case from its whole log, checking the chain and every recorded result.
///
/// `calendar` finds a calendar by its hash. The result is the head the store must have.
pub fn replay<'c>(
    chart: &Chart,
    calendar: impl Fn(&str) -> Option<&'c Calendar>,
    entries: &[Entry],
) -> Result<Snapshot, ReplayError> {
    let first = entries.first().ok_or(ReplayError::Empty)?;
    let mut snapshot = Snapshot::unborn(&chart.sha256, &first.case_id);
    let mut previous: Option<&Entry> = None;
    let start = entries.iter().rposition(|entry| entry.kind == EntryKind::Checkpoint).unwrap_or(0);
    for (at, entry) in entries.iter().enumerate() {
        check_link(previous, entry)?;
        if at >= start {
            snapshot = replay_one(chart, &calendar, &snapshot, entry)?;
        }
        previous = Some(entry);
    }
    Ok(snapshot)
}

/// Checks that every checkpoint holds what the entries before it give, as far as they were stepped
/// under these semantics; what is older is vouched for by the chain alone.
pub fn check_checkpoints<'c>(
    chart: &Chart,
    calendar: impl Fn(&str) -> Option<&'c Calendar>,
    entries: &[Entry],
) -> Result<(), ReplayError> {
    let is_whole = |entry: &Entry| entry.kind == EntryKind::Checkpoint;
    let Some(last) = entries.iter().rposition(is_whole) else { return Ok(()) };
    let unborn = Snapshot::unborn(&chart.sha256, &entries[last].case_id);
    let mut known = Some(unborn.clone());
    for entry in &entries[..=last] {
        known = match known {
            before if is_whole(entry) => {
                let snapshot = replay_one(chart, &calendar, &unborn, entry)?;
                let wanted = before.map(|before| checkpoint(&before, entry.recorded_at).snapshot);
                if wanted.is_some_and(|wanted| wanted != snapshot) {
                    let (revision, what) = (entry.revision, "snapshot");
                    return Err(ReplayError::Differs { revision, what });
                }
                Some(snapshot)
            }
            Some(before) if entry.semantics == SEMANTICS => {
                Some(replay_one(chart, &calendar, &before, entry)?)
            }
            _ => None,
        };
    }
    Ok(())
}

/// Checks that `entry` follows `previous` and matches its own hash.
pub fn check_link(previous: Option<&Entry>, entry: &Entry) -> Result<(), ReplayError> {
    let expected = previous.map_or(1, |previous| previous.revision + 1);
    let revision = entry.revision;
    if revision != expected {
        return Err(ReplayError::Gap { expected, found: revision });
    }
    if entry.computed_hash() != entry.hash {
        return Err(ReplayError::Hash { revision });
    }
    let prev_hash = previous.map_or(FIRST, |previous| previous.hash.as_str());
    if entry.prev_hash != prev_hash {
        return Err(ReplayError::Chain { revision });
    }
    Ok(())
}

fn replay_one<'c>(
    chart: &Chart,
    calendar: &impl Fn(&str) -> Option<&'c Calendar>,
    snapshot: &Snapshot,
    entry: &Entry,
) -> Result<Snapshot, ReplayError> {
    let revision = entry.revision;
    if entry.chart_sha != chart.sha256 {
        return Err(ReplayError::OtherChart { revision, sha: entry.chart_sha.to_string() });
    }
    if entry.kind == EntryKind::Checkpoint {
        return thaw(chart, entry);
    }
    if entry.semantics != SEMANTICS {
        return Err(ReplayError::Semantics { revision, found: entry.semantics });
    }
    let known = calendar(&entry.calendar_sha);
    let known = known
        .ok_or_else(|| ReplayError::NoCalendar { revision, sha: entry.calendar_sha.clone() })?;
    let (event, actor) = entry
        .told()
        .map_err(|error| ReplayError::Malformed { revision, message: error.to_string() })?;
    let stepped = step(chart, snapshot, &event, &actor, entry.recorded_at, known)
        .map_err(|refused| ReplayError::Refused { revision, message: refused.to_string() })?;
    let again = Entry::record(chart, &stepped, &event, &actor, known, &entry.prev_hash);
    let differs = |what| Err(ReplayError::Differs { revision, what });
    match () {
        () if again.kind != entry.kind => differs("kind"),
        () if again.states != entry.states => differs("states"),
        () if again.data_sha != entry.data_sha => differs("data"),
        () if again.effects != entry.effects => differs("effects"),
        () if again.terms != entry.terms => differs("terms"),
        () => Ok(stepped.snapshot),
    }
}

fn thaw(chart: &Chart, entry: &Entry) -> Result<Snapshot, ReplayError> {
    let revision = entry.revision;
    let malformed = |message| ReplayError::Malformed { revision, message };
    let value: Value =
        serde_json::from_str(&entry.snapshot).map_err(|error| malformed(error.to_string()))?;
    let snapshot = Snapshot::from_value(chart, &value)
        .map_err(|error: ThawError| malformed(error.to_string()))?;
    let same = snapshot.case_id == entry.case_id
        && snapshot.revision == revision
        && snapshot.recorded_at == entry.recorded_at
        && canonical::sha256_hex(&canonical::data_to_string(&snapshot.data)) == entry.data_sha
        && canonical::to_string(&snapshot.terms_value(chart)) == entry.terms
        && states_of(chart, &snapshot) == entry.states;
    if !same {
        return Err(ReplayError::Differs { revision, what: "snapshot" });
    }
    Ok(snapshot)
}

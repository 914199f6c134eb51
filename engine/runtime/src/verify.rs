//! Verify: everything the database says is derived again from the log, and compared.
//!
//! The chain of each case is followed, its log is replayed by [`chart::replay::replay`] and must end
//! in its head; tasks and timers must be those of the head; every open case must have something to
//! wait for; the anchors must name what is there. What is wrong is named, case by case, and the rest
//! goes on.
//!
//! **Invariant:** nothing is written and nothing is mended.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use chart::entry::{Entry, FIRST};
use chart::moment::Timestamp;
use chart::replay::{check_checkpoints, check_link, replay};
use chart::snapshot::Snapshot;
use chart::waiting;
use serde_json::Value;
use store::error::ReadError;
use store::rows::{Head, TaskRow};
use store::{
    Store, anchors as stored_anchors, cases, log, personal as stored_personal, tasks, timers,
};

use crate::anchors;
use crate::engine::Runtime;
use crate::entries;
use crate::library::Library;
use crate::personal::{commitment, kept_in};
use crate::writes;

/// How long a due timer may stand unclaimed before it is called overdue, in milliseconds.
pub const OVERDUE_AFTER_MS: i64 = 60_000;
/// How many cases are read at a time.
const PAGE: i64 = 200;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The case, or empty where it is about none.
    pub case_id: String,
    /// What kind of fault: `chain`, `replay`, `head`, `tasks`, `timers`, `stuck`, `overdue`,
    /// `anchor`, `missing`, `chart`, `personal`.
    pub kind: &'static str,
    /// In words.
    pub what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.case_id.as_str() {
            "" => write!(f, "{}: {}", self.kind, self.what),
            case_id => write!(f, "case {case_id}: {}: {}", self.kind, self.what),
        }
    }
}

/// What was verified.
#[derive(Debug, Clone, Default)]
pub struct Verified {
    /// Everything that is wrong, by case.
    pub findings: Vec<Finding>,
    /// How many cases were read.
    pub cases: usize,
    /// How many entries.
    pub entries: usize,
    /// The hash of the last anchor; 64 zeros where none was taken.
    pub anchor: String,
}

impl Verified {
    /// Whether nothing is wrong.
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }

    fn find(&mut self, case_id: &str, kind: &'static str, what: impl Into<String>) {
        self.findings.push(Finding { case_id: case_id.to_owned(), kind, what: what.into() });
    }
}

/// Verifies the whole database; `now` is the moment of its clock.
///
/// # Errors
/// Only where the database cannot be read; what is wrong in it is a finding.
pub async fn verify(
    store: &Store,
    library: &Library,
    now: Timestamp,
) -> Result<Verified, ReadError> {
    let mut verified = Verified::default();
    // Case -> (revision, hash) pairs that anchors name, checked while the logs pass by.
    let mut anchored = verify_anchors(store, &mut verified).await?;
    let mut seen = BTreeSet::new();
    let mut after = String::new();
    loop {
        let heads = cases::page(store, &after, PAGE).await?;
        let Some(last) = heads.last() else { break };
        after.clone_from(&last.case_id);
        for head in heads {
            verified.cases += 1;
            seen.insert(head.case_id.clone());
            let named = anchored.remove(&head.case_id).unwrap_or_default();
            verify_case(store, library, now, &head, &named, &mut verified).await?;
        }
    }
    for case_id in log::case_ids(store).await? {
        if !seen.contains(&case_id) {
            verified.find(&case_id, "missing", "the log has entries but the head is gone");
        }
    }
    let removed = cases::removed_ids(store).await?;
    for case_id in anchored.into_keys().filter(|case_id| !removed.contains(case_id)) {
        verified.find(&case_id, "missing", "an anchor names the case but it is gone");
    }
    verified.findings.sort();
    Ok(verified)
}

/// What anchors name: revisions and hashes by case.
type Anchored = BTreeMap<String, Vec<(i64, String)>>;

async fn verify_anchors(store: &Store, verified: &mut Verified) -> Result<Anchored, ReadError> {
    let mut named = Anchored::new();
    FIRST.clone_into(&mut verified.anchor);
    let mut number = 0;
    for anchor in stored_anchors::list(store).await? {
        number += 1;
        let heads = stored_anchors::heads(store, anchor.anchor).await?;
        if anchor.anchor != number {
            verified.find("", "anchor", format!("anchor {number} is gone"));
            number = anchor.anchor;
        }
        if anchor.previous != verified.anchor {
            verified.find("", "anchor", format!("anchor {number} does not follow the one before"));
        }
        if anchors::hash(&anchor.previous, &heads) != anchor.hash {
            verified.find("", "anchor", format!("anchor {number} does not match its own hash"));
        }
        verified.anchor = anchor.hash;
        for head in heads {
            named.entry(head.case_id).or_default().push((head.revision, head.hash));
        }
    }
    Ok(named)
}

async fn verify_case(
    store: &Store,
    library: &Library,
    now: Timestamp,
    head: &Head,
    anchored: &[(i64, String)],
    verified: &mut Verified,
) -> Result<(), ReadError> {
    let case_id = head.case_id.as_str();
    let rows = log::of_case(store, case_id).await?;
    verified.entries += rows.len();
    let mut entries = Vec::with_capacity(rows.len());
    for stored in rows {
        let revision = stored.entry.revision;
        match entries::entry_of(stored.entry) {
            Some(entry) => entries.push(entry),
            None => verified.find(case_id, "chain", format!("revision {revision} is no entry")),
        }
    }
    verify_named(case_id, anchored, &entries, verified);
    if !verify_chain(case_id, &entries, verified) {
        return Ok(());
    }
    let chart = match library.chart(&head.chart_sha) {
        Ok(chart) => chart,
        Err(error) => {
            verified.find(case_id, "chart", error.to_string());
            return Ok(());
        }
    };
    let calendar = |sha: &str| library.find_calendar(sha).map(AsRef::as_ref);
    if let Err(error) = check_checkpoints(chart, calendar, &entries) {
        verified.find(case_id, "replay", error.to_string());
        return Ok(());
    }
    let snapshot = match replay(chart, calendar, &entries) {
        Ok(snapshot) => snapshot,
        Err(error) => {
            verified.find(case_id, "replay", error.to_string());
            return Ok(());
        }
    };
    let last = entries.last().map_or(FIRST, |entry| entry.hash.as_str());
    let opened_at = entries.first().map_or(head.opened_at_ms, |entry| entry.recorded_at.as_ms());
    for column in writes::head_differences(chart, &snapshot, last, opened_at, head) {
        let what = format!("column `{column}` of the head is not what the log gives");
        verified.find(case_id, "head", what);
    }
    verify_personal(store, case_id, &entries, verified).await?;
    let waits = verify_waiting(store, chart, &snapshot, now, verified).await?;
    if !waits && !snapshot.done {
        verified.find(case_id, "stuck", "open, but without task, timer or child");
    }
    Ok(())
}

/// Follows the chain; whether it holds.
fn verify_chain(case_id: &str, entries: &[Entry], verified: &mut Verified) -> bool {
    if entries.is_empty() {
        verified.find(case_id, "chain", "the head has no log");
        return false;
    }
    let mut previous = None;
    for entry in entries {
        if let Err(error) = check_link(previous, entry) {
            verified.find(case_id, "chain", error.to_string());
            return false;
        }
        previous = Some(entry);
    }
    true
}

/// Sees that what the anchors name is in the log.
fn verify_named(
    case_id: &str,
    anchored: &[(i64, String)],
    entries: &[Entry],
    verified: &mut Verified,
) {
    for (revision, hash) in anchored {
        let entry = entries.iter().find(|entry| writes::number(entry.revision) == *revision);
        match entry {
            None => verified.find(
                case_id,
                "missing",
                format!("an anchor names revision {revision}, which is gone"),
            ),
            Some(entry) if entry.hash != *hash => verified.find(
                case_id,
                "anchor",
                format!("revision {revision} is not the one that was anchored"),
            ),
            Some(_) => {}
        }
    }
}

/// Sees that the personal values still kept are those the log commits to; erased ones are no fault.
async fn verify_personal(
    store: &Store,
    case_id: &str,
    entries: &[Entry],
    verified: &mut Verified,
) -> Result<(), ReadError> {
    let rows = stored_personal::of_case(store, case_id).await?;
    if rows.is_empty() {
        return Ok(());
    }
    let mut named = BTreeMap::new();
    for entry in entries {
        let payload: Value = serde_json::from_str(&entry.payload).unwrap_or_default();
        named.extend(kept_in(&payload).into_iter().map(|one| (one.reference, one.commitment)));
    }
    for row in rows {
        let value: Option<Value> = serde_json::from_str(&row.value).ok();
        let given = value.map(|value| commitment(&row.salt, &row.reference, &value));
        let what = match named.get(&row.reference) {
            None => format!("no entry names the value `{}`", row.reference),
            Some(wanted) if given.as_ref() != Some(wanted) => {
                format!("the value `{}` is not the one that was sent", row.reference)
            }
            Some(_) => continue,
        };
        verified.find(case_id, "personal", what);
    }
    Ok(())
}

/// Compares tasks and timers with the tables; whether the case waits for anything.
async fn verify_waiting(
    store: &Store,
    chart: &chart::definition::Chart,
    snapshot: &Snapshot,
    now: Timestamp,
    verified: &mut Verified,
) -> Result<bool, ReadError> {
    let case_id = snapshot.case_id.as_ref();
    let of = waiting::tasks(chart, snapshot);
    let expected: Vec<TaskRow> = of.iter().map(|task| writes::task_row(task, snapshot)).collect();
    let key = |row: &TaskRow| {
        let TaskRow { state, generation, element, role, subject, due_at_ms, due_date, .. } = row;
        let (state, element, role) = (state.clone(), element.clone(), role.clone());
        (state, *generation, element, role, subject.clone(), *due_at_ms, due_date.clone())
    };
    let stored = tasks::of_case(store, case_id).await?;
    let keys = |rows: &[TaskRow]| rows.iter().map(key).collect::<BTreeSet<_>>();
    if keys(&expected) != keys(&stored) {
        verified.find(case_id, "tasks", "the tasks are not those of the head");
    }
    let expected: BTreeSet<(String, i64, i64)> = waiting::timers(chart, snapshot)
        .into_iter()
        .map(|timer| (timer.name, i64::from(timer.generation), timer.due_at.as_ms()))
        .collect();
    let stored = timers::of_case(store, case_id).await?;
    let dead = timers::dead_of_case(store, case_id).await?;
    let found: BTreeSet<(String, i64, i64)> = stored
        .iter()
        .map(|stored| &stored.timer)
        .chain(&dead)
        .map(|timer| (timer.name.clone(), timer.generation, timer.due_at_ms))
        .collect();
    if expected != found {
        verified.find(case_id, "timers", "the timers are not those of the head");
    }
    for stored in &stored {
        let late = stored.timer.due_at_ms.saturating_add(OVERDUE_AFTER_MS) < now.as_ms();
        if late && stored.claimed_until_ms.is_none_or(|until| until < now.as_ms()) {
            let what = format!("timer `{}` is overdue and nobody fires it", stored.timer.name);
            verified.find(case_id, "overdue", what);
        }
    }
    let child = snapshot.children.values().any(|child| !child.done);
    Ok(!of.is_empty() || !expected.is_empty() || child)
}

impl Runtime {
    /// Verifies the whole database against the charts and calendars at hand.
    pub async fn verify(&self) -> Result<Verified, ReadError> {
        verify(self.store(), &self.library(), self.clock().now()).await
    }
}

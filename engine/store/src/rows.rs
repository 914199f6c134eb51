//! The rows of the store as plain structs: what a writer hands over, what a reader gets back.
//!
//! Moments are milliseconds UTC (`*_at_ms`), ids and documents are text. A document is canonical JSON
//! made by the caller; the store keeps its bytes and never looks inside. `Stored*` is a row together
//! with what the database itself keeps about it (order, claims, outcomes).
//!
//! Reading order: [`Write`] (one case's share of a commit), then the rows it is made of.
//!
//! **Invariant:** no field is a database type, and no string holds NUL (PostgreSQL cannot keep it;
//! [`crate::commit()`] refuses it on both databases).

use serde::Serialize;
use sqlx::FromRow;

use crate::personal::PersonalRow;

/// Everything one case writes in one commit; all of it or nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Write {
    /// The case that is locked by its head row.
    pub case_id: String,
    /// The revision that was stepped on; 0 for the birth of a case.
    pub expected_revision: i64,
    /// The head as it is afterwards.
    pub head: Head,
    /// New entries of the log, in order; the last has the head's revision.
    pub entries: Vec<EntryRow>,
    /// Tasks that are opened or changed.
    pub tasks_put: Vec<TaskRow>,
    /// Tasks that are over: (state, generation, element).
    pub tasks_drop: Vec<(String, i64, String)>,
    /// Timers that are started or moved; a claim on them is forgotten.
    pub timers_put: Vec<TimerRow>,
    /// Timers that fired or were cancelled: (name, generation). Absent ones are no error.
    pub timers_drop: Vec<(String, i64)>,
    /// Effects for the world.
    pub outbox: Vec<OutboxRow>,
    /// What reminders say.
    pub notices: Vec<NoticeRow>,
    /// Messages to other cases.
    pub inbox: Vec<InboxRow>,
    /// Messages to this case that this commit consumes: (sender, revision, ordinal). If one of them
    /// is gone, another process has consumed it and the whole write is refused.
    pub inbox_drop: Vec<(String, i64, i64)>,
    /// The answer kept for the sender's key. If the key was used before, the whole write is refused:
    /// the answer given then is the answer.
    pub receipt: Option<ReceiptRow>,
    /// Personal values that the entries name by reference.
    pub personal: Vec<PersonalRow>,
}

/// The head row of a case: the result of its log so far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, FromRow)]
pub struct Head {
    /// `UUIDv5`, lower case and hyphenated.
    pub case_id: String,
    /// Name of the chart it runs under.
    pub chart: String,
    /// Version of that chart.
    pub chart_version: i64,
    /// SHA-256 of the compiled definition.
    pub chart_sha: String,
    /// What the case is about.
    pub subject: String,
    /// The case that opened this one.
    pub parent_id: Option<String>,
    /// Number of the last entry; at least 1.
    pub revision: i64,
    /// Rises only with configuration or data.
    pub decision: i64,
    /// One of the stages that people name; empty if the chart has none.
    pub stage: String,
    /// JSON array of the active atomic states.
    pub states: String,
    /// The whole canonical snapshot.
    pub snapshot: String,
    /// Hash of the last entry.
    pub hash: String,
    /// Moment of the first entry.
    pub opened_at_ms: i64,
    /// Moment of the last entry.
    pub recorded_at_ms: i64,
    /// Whether the case has reached its end.
    pub done: bool,
    /// Which rule of retention holds for the case.
    pub retention_class: String,
}

/// One entry of the log, as its writer makes it. `hash` covers every field but `snapshot` and `trace`
/// (the data by `data_sha`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, FromRow)]
pub struct EntryRow {
    /// The case.
    pub case_id: String,
    /// Counts the entries of the case from 1.
    pub revision: i64,
    /// `event`, `notice`, `ignored`, `skipped`, `calendar` or `checkpoint`.
    pub kind: String,
    /// The engine's version of the meaning of a step.
    pub semantics: i64,
    /// The `now` of the step.
    pub recorded_at_ms: i64,
    /// The definition that was stepped.
    pub chart_sha: String,
    /// The calendar that was asked.
    pub calendar_sha: String,
    /// Who sent the event: JSON.
    pub actor: String,
    /// Name of the event.
    pub event: String,
    /// JSON.
    pub payload: String,
    /// Where the event came from (person, timer, inbox, operator).
    pub origin: String,
    /// The resulting configuration: JSON array.
    pub states: String,
    /// SHA-256 of the resulting data.
    pub data_sha: String,
    /// JSON array of the effects.
    pub effects: String,
    /// JSON of the terms.
    pub terms: String,
    /// The whole canonical snapshot; only in a checkpoint.
    pub snapshot: Option<String>,
    /// What the step did on its way; not hashed, decides nothing.
    pub trace: String,
    /// Hash of the entry before; 64 zeros in the first.
    pub prev_hash: String,
    /// SHA-256 over all that decides.
    pub hash: String,
}

/// An entry together with its place in the feed.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct StoredEntry {
    /// Rises with every insert; not the order of commits.
    pub seq: i64,
    /// Rises with every restore of the database.
    pub epoch: i64,
    /// PostgreSQL's transaction; 0 on `SQLite`.
    pub txid: i64,
    /// The entry.
    #[sqlx(flatten)]
    pub entry: EntryRow,
}

/// Who owes the next act of a case. Key: (case, state, generation, element).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, FromRow)]
pub struct TaskRow {
    /// The case.
    pub case_id: String,
    /// The waiting state.
    pub state: String,
    /// Which entry of the state.
    pub generation: i64,
    /// The element of a task per element; empty otherwise.
    pub element: String,
    /// The role that owes; never a person.
    pub role: String,
    /// What the role is held on.
    pub subject: String,
    /// JSON `{vi, en}`.
    pub title: String,
    /// When it was opened.
    pub opened_at_ms: i64,
    /// The effective instant; late from here on.
    pub due_at_ms: Option<i64>,
    /// The effective day as it is printed.
    pub due_date: Option<String>,
}

/// A moment at which a case wants to be woken. Key: (case, name, generation).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, FromRow)]
pub struct TimerRow {
    /// The case.
    pub case_id: String,
    /// Name within the case.
    pub name: String,
    /// Checked against the snapshot when it fires.
    pub generation: i64,
    /// Not before.
    pub due_at_ms: i64,
}

/// A timer and who is firing it.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct StoredTimer {
    /// The timer.
    #[sqlx(flatten)]
    pub timer: TimerRow,
    /// The process that took it.
    pub claimed_by: Option<String>,
    /// Until when nobody else takes it.
    pub claimed_until_ms: Option<i64>,
}

/// An effect waiting to be performed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, FromRow)]
pub struct OutboxRow {
    /// `UUIDv5`; the outside world's key against repeating.
    pub id: String,
    /// The case that asked.
    pub case_id: String,
    /// The entry that asked.
    pub revision: i64,
    /// Its place among the effects of that entry.
    pub ordinal: i64,
    /// Which performer takes it (`letter`, `document`, `webhook`).
    pub kind: String,
    /// JSON for the performer.
    pub body: String,
    /// Not before.
    pub due_at_ms: i64,
}

/// An effect and how far it has come.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct StoredOutbox {
    /// The effect.
    #[sqlx(flatten)]
    pub row: OutboxRow,
    /// `queued`, `done` or `dead`.
    pub state: String,
    /// How often it was tried.
    pub attempts: i64,
    /// The process that took it.
    pub claimed_by: Option<String>,
    /// Until when nobody else takes it.
    pub claimed_until_ms: Option<i64>,
    /// Why the last attempt failed.
    pub error: Option<String>,
    /// When it was performed, or given up.
    pub done_at_ms: Option<i64>,
}

/// What a step or a rung wants said to a role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, FromRow)]
pub struct NoticeRow {
    /// `UUIDv5`.
    pub id: String,
    /// The case that says it.
    pub case_id: String,
    /// The entry that says it.
    pub revision: i64,
    /// Its place among the effects of that entry.
    pub ordinal: i64,
    /// To whom; holders are looked up when the letter is built.
    pub role: String,
    /// What the role is held on.
    pub subject: String,
    /// Name of the letter.
    pub letter: String,
    /// What is owed; at most one notice per item and person a day.
    pub item: String,
    /// Which rung of the ladder.
    pub rung: String,
    /// When the item is due.
    pub due_at_ms: Option<i64>,
    /// Whether it goes out at once instead of with the morning's letter.
    pub immediate: bool,
    /// JSON for the letter.
    pub data: String,
    /// When it was written.
    pub created_at_ms: i64,
}

/// A notice and the letter it went into.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct StoredNotice {
    /// The notice.
    #[sqlx(flatten)]
    pub notice: NoticeRow,
    /// The letter; none while it waits.
    pub built: Option<String>,
}

/// A message from one case to another. Key: (sender, revision, ordinal).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, FromRow)]
pub struct InboxRow {
    /// The case it goes to; for `spawn` the case to be born.
    pub receiver: String,
    /// The case it comes from.
    pub sender: String,
    /// The sender's entry.
    pub revision: i64,
    /// Its place among the effects of that entry.
    pub ordinal: i64,
    /// `event`, `spawn` or `cancel`.
    pub kind: String,
    /// Name of the event.
    pub event: String,
    /// JSON.
    pub payload: String,
    /// The name under which the sender is the receiver's child.
    pub from_child: Option<String>,
    /// Not before.
    pub due_at_ms: i64,
    /// JSON; what a spawn needs beside the payload.
    pub body: String,
}

/// A message and how far it has come.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct StoredInbox {
    /// The message.
    #[sqlx(flatten)]
    pub row: InboxRow,
    /// `waiting` or `dead`.
    pub state: String,
    /// The process that took it.
    pub claimed_by: Option<String>,
    /// Until when nobody else takes it.
    pub claimed_until_ms: Option<i64>,
    /// Why it is dead.
    pub error: Option<String>,
}

/// The answer given for a sender's key, kept as long as its case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, FromRow)]
pub struct ReceiptRow {
    /// The case.
    pub case_id: String,
    /// The sender's key against repeating.
    pub key: String,
    /// SHA-256 of what was sent; another body under the same key is refused.
    pub body_sha: String,
    /// The revision it led to.
    pub revision: i64,
    /// The decision it led to.
    pub decision: i64,
    /// JSON.
    pub answer: String,
    /// When.
    pub recorded_at_ms: i64,
}

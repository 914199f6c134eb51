//! The bytes of one command.
//!
//! A [`Turn`] is what the engine committed for one command, with everything of the case taken out
//! that differs from case to case; the loops put their own case, revision and generation in.
//!
//! **Invariant:** texts keep their length, so every loop writes as many bytes as the engine did.

use serde::Serialize;
use store::rows::{EntryRow, Head, ReceiptRow, TaskRow, TimerRow, Write};

use crate::HandError;

/// One command's rows.
#[derive(Debug, Clone)]
pub struct Turn {
    /// The head afterwards.
    pub head: Head,
    /// The entry.
    pub entry: EntryRow,
    /// The task that is opened.
    pub task: TaskRow,
    /// The state whose task is over.
    pub task_over: String,
    /// The timer that is started.
    pub timer: TimerRow,
    /// The name of the timer that is dropped.
    pub timer_over: String,
    /// The answer kept.
    pub receipt: ReceiptRow,
}

impl Turn {
    /// The turn that `write` was.
    pub fn of(write: Write) -> Result<Self, HandError> {
        let Write {
            head, entries, tasks_put, tasks_drop, timers_put, timers_drop, receipt, ..
        } = write;
        let one = |count: usize| count == 1;
        let fits = [entries.len(), tasks_put.len(), tasks_drop.len()].into_iter().all(one)
            && [timers_put.len(), timers_drop.len()].into_iter().all(one);
        let rows = (entries.into_iter().next(), tasks_put.into_iter().next());
        let ((Some(entry), Some(task)), Some(receipt)) = (rows, receipt) else {
            return Err(HandError::Shape);
        };
        let dropped = (tasks_drop.into_iter().next(), timers_drop.into_iter().next());
        let (Some(timer), (Some((task_over, ..)), Some((timer_over, _)))) =
            (timers_put.into_iter().next(), dropped)
        else {
            return Err(HandError::Shape);
        };
        if !fits {
            return Err(HandError::Shape);
        }
        Ok(Self { head, entry, task, task_over, timer, timer_over, receipt })
    }

    /// The rows of this turn for one case at `revision`.
    pub(crate) fn row<'t>(&'t self, case_id: &'t str, revision: i64, key: &'t str) -> Row<'t> {
        let Self { head, entry, task, task_over, timer, timer_over, receipt } = self;
        Row {
            case_id,
            revision,
            decision: head.decision,
            stage: &head.stage,
            states: &head.states,
            snapshot: &head.snapshot,
            hash: &head.hash,
            recorded_at_ms: head.recorded_at_ms,
            kind: &entry.kind,
            semantics: entry.semantics,
            chart_sha: &entry.chart_sha,
            calendar_sha: &entry.calendar_sha,
            actor: &entry.actor,
            event: &entry.event,
            payload: &entry.payload,
            origin: &entry.origin,
            data_sha: &entry.data_sha,
            effects: &entry.effects,
            terms: &entry.terms,
            trace: &entry.trace,
            prev_hash: &entry.prev_hash,
            task: &task.state,
            task_over,
            role: &task.role,
            subject: &task.subject,
            title: &task.title,
            task_due_at_ms: task.due_at_ms,
            due_date: task.due_date.as_deref(),
            timer: &timer.name,
            timer_over,
            timer_due_at_ms: timer.due_at_ms,
            key,
            body_sha: &receipt.body_sha,
            answer: &receipt.answer,
        }
    }
}

/// One command's rows for one case, side by side; the generation of what is put is its revision.
#[derive(Debug, Serialize)]
pub(crate) struct Row<'t> {
    pub(crate) case_id: &'t str,
    pub(crate) revision: i64,
    pub(crate) decision: i64,
    pub(crate) stage: &'t str,
    pub(crate) states: &'t str,
    pub(crate) snapshot: &'t str,
    pub(crate) hash: &'t str,
    pub(crate) recorded_at_ms: i64,
    pub(crate) kind: &'t str,
    pub(crate) semantics: i64,
    pub(crate) chart_sha: &'t str,
    pub(crate) calendar_sha: &'t str,
    pub(crate) actor: &'t str,
    pub(crate) event: &'t str,
    pub(crate) payload: &'t str,
    pub(crate) origin: &'t str,
    pub(crate) data_sha: &'t str,
    pub(crate) effects: &'t str,
    pub(crate) terms: &'t str,
    pub(crate) trace: &'t str,
    pub(crate) prev_hash: &'t str,
    pub(crate) task: &'t str,
    pub(crate) task_over: &'t str,
    pub(crate) role: &'t str,
    pub(crate) subject: &'t str,
    pub(crate) title: &'t str,
    pub(crate) task_due_at_ms: Option<i64>,
    pub(crate) due_date: Option<&'t str>,
    pub(crate) timer: &'t str,
    pub(crate) timer_over: &'t str,
    pub(crate) timer_due_at_ms: i64,
    pub(crate) key: &'t str,
    pub(crate) body_sha: &'t str,
    pub(crate) answer: &'t str,
}

/// The cases of a loop and where each stands.
#[derive(Debug)]
pub(crate) struct Cases {
    pub(crate) ids: Vec<String>,
    pub(crate) turns: Vec<Turn>,
}

impl Cases {
    pub(crate) fn new(turns: Vec<Turn>, cases: usize) -> Self {
        // Of the length of the engine's ids.
        let ids = (0..cases).map(|case| format!("{case:08}-aaaa-5aaa-8aaa-aaaaaaaaaaaa")).collect();
        Self { ids, turns }
    }

    /// The turn that takes a case to `revision`.
    pub(crate) fn turn(&self, revision: i64) -> &Turn {
        let turns = self.turns.len().max(1);
        &self.turns[usize::try_from(revision).unwrap_or_default() % turns]
    }
}

/// A key of the length of the engine's callers' keys.
pub(crate) fn key(case: usize, revision: i64) -> String {
    format!("{case:06}/{revision:09}")
}

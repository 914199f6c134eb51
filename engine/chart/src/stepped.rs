//! What a chart answered.

use std::sync::Arc;

use serde_json::Value;

use crate::effect::Effect;
use crate::snapshot::Snapshot;

/// The kind of an entry (R6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EntryKind {
    /// An event was taken.
    Event,
    /// A rung of a ladder, or a due moment nobody handles: told, not stepped.
    Notice,
    /// A machine's event that no state handles.
    Ignored,
    /// A rung passed over after downtime.
    Skipped,
    /// The calendar changed under a term.
    Calendar,
    /// The whole snapshot, from which replay may start.
    Checkpoint,
}

impl EntryKind {
    /// The kind as the log stores it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Notice => "notice",
            Self::Ignored => "ignored",
            Self::Skipped => "skipped",
            Self::Calendar => "calendar",
            Self::Checkpoint => "checkpoint",
        }
    }
}

/// What a chart answered to one event.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// The kind of entry it is recorded as.
    pub kind: EntryKind,
    /// The case afterwards; its revision is one higher.
    pub snapshot: Snapshot,
    /// What is asked of the world, in order; the position is the effect's ordinal.
    pub effects: Vec<Effect>,
    /// Lines of `log` and what happened on the way, for people.
    pub trace: Vec<Trace>,
}

/// One thing that happened inside a step.
#[derive(Debug, Clone, PartialEq)]
pub enum Trace {
    /// A `log` action spoke.
    Log {
        /// Its label.
        label: String,
        /// What it said.
        value: Value,
    },
    /// A state was left.
    Exit(Arc<str>),
    /// A state was entered.
    Enter(Arc<str>),
    /// An error was raised internally.
    Error(String),
}

//! What a step asks of the world, as data.
//!
//! **Invariant:** nothing here is done here; the store writes these rows in the commit of the step,
//! and the runtime performs them afterwards.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::moment::Timestamp;

/// One thing asked of the world. Its identity is (case, revision, ordinal in the step).
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// A notice to the holders of a role (R34): one row per role.
    Notice {
        /// The letter's name.
        letter: String,
        /// The role told.
        role: String,
        /// What it is about: the state's id.
        item: String,
        /// The rung of the ladder as text (`3 working_days before`, or `by hand` for a person's reminder), or
        /// empty for a step's letter.
        rung: String,
        /// When the item is due, if it has a term (effective instant, exclusive).
        due_at: Option<Timestamp>,
        /// Sent at once rather than in the morning's digest.
        immediate: bool,
        /// Values for the letter's texts.
        data: Value,
    },
    /// A document to be drawn up from a template.
    Document {
        /// The template's name.
        name: String,
        /// Values for it.
        data: Value,
    },
    /// A child case to be opened (R21).
    Spawn {
        /// The child's case id, `UUIDv5` of (parent, revision, ordinal).
        case_id: Arc<str>,
        /// Its chart by name.
        chart: String,
        /// Its subject.
        subject: String,
        /// Its name towards the parent.
        name: String,
        /// Its first data.
        data: Value,
        /// Whether it ends when the invoking state is left.
        invoked: bool,
        /// How many cases lie above it.
        depth: u32,
    },
    /// An invoked child to be ended, because its state was left.
    CancelChild {
        /// The child.
        case_id: Arc<str>,
        /// Its name towards the parent.
        name: String,
    },
    /// An event to another case, through its inbox.
    Send {
        /// The receiver.
        case_id: Arc<str>,
        /// The event.
        event: String,
        /// Its payload.
        payload: Value,
        /// When it is to be delivered; now or earlier for at once.
        at: Timestamp,
        /// The sender's name at the receiver (for `done.invoke.*` and `finalize`), if it has one.
        from_child: Option<String>,
    },
}

impl Effect {
    /// The effect as the log hashes it.
    pub fn to_value(&self) -> Value {
        match self {
            Self::Notice { letter, role, item, rung, due_at, immediate, data } => json!({
                "notice": letter, "role": role, "item": item, "rung": rung,
                "due_at_ms": due_at.map(Timestamp::as_ms), "immediate": immediate, "data": data,
            }),
            Self::Document { name, data } => json!({ "document": name, "data": data }),
            Self::Spawn { case_id, chart, subject, name, data, invoked, depth } => json!({
                "spawn": chart, "case_id": case_id.as_ref(), "subject": subject, "name": name,
                "data": data, "invoked": invoked, "depth": depth,
            }),
            Self::CancelChild { case_id, name } => {
                json!({ "cancel_child": case_id.as_ref(), "name": name })
            }
            Self::Send { case_id, event, payload, at, from_child } => json!({
                "send": event, "case_id": case_id.as_ref(), "payload": payload,
                "at_ms": at.as_ms(), "from_child": from_child,
            }),
        }
    }
}

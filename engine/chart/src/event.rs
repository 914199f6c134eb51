//! What a chart is told, and by whom.
//!
//! **Invariant:** an event is a fact; whether it may happen is decided in [`crate::step`].

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::snapshot::Parent;

/// Names of events the engine itself sends.
pub mod name {
    /// A case begins.
    pub const OPENED: &str = "case.opened";
    /// A term has fallen due; the payload names its state: `{"term": "<state>"}`.
    pub const DUE: &str = "term.due";
    /// A rung of a ladder is reached: `{"term": .., "rung": n, "skip": bool}`. Runs no step.
    pub const RUNG: &str = "term.rung";
    /// The calendar under a term has changed: `{"term": ..}`.
    pub const CALENDAR: &str = "calendar.changed";
    /// The parent has left the state that invoked this case: it ends and tells nobody.
    pub const CANCELLED: &str = "case.cancelled";
    /// A pending send of the case itself is due: `{"ordinal": n}`.
    pub const SEND: &str = "send.due";
    /// A person reminds whoever owes a task: `{"state", "generation", "element", "note", ..}`. Runs no step.
    pub const REMINDED: &str = "task.reminded";
    /// A person tells somebody above of it; the role is in `to`. Runs no step.
    pub const ESCALATED: &str = "task.escalated";
    /// The case is written whole; nothing moves.
    pub const CHECKPOINT: &str = "case.checkpoint";
}

/// Where an event comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// A person or another program acting for one: refused when it cannot be taken.
    Person,
    /// A timer of the case.
    Timer,
    /// Another case, through the inbox.
    Inbox,
    /// The operator's tools: a calendar change, a checkpoint.
    Operator,
}

/// What a chart is told.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Its name, such as `submit` or `term.due`.
    pub name: Arc<str>,
    /// Its payload; null where there is none.
    pub payload: Value,
    /// Where it comes from.
    pub origin: Origin,
    /// The invoke id or name of the child that sent it, for events from a child.
    pub child: Option<Arc<str>>,
}

impl Event {
    /// An event sent by a person.
    pub fn person(name: &str, payload: Value) -> Self {
        Self { name: name.into(), payload, origin: Origin::Person, child: None }
    }

    /// The event that begins a case: its subject, its first data (merged over the schema's
    /// defaults) and the case that opened it, if any.
    pub fn opened(subject: &str, data: &Value, parent: Option<&Parent>) -> Self {
        let mut payload = json!({ "subject": subject, "data": data });
        if let Some(parent) = parent {
            payload["parent"] = json!({
                "case_id": parent.case_id.as_ref(), "name": parent.name.as_ref(),
                "invoked": parent.invoked, "depth": parent.depth,
            });
        }
        Self { name: name::OPENED.into(), payload, origin: Origin::Operator, child: None }
    }

    /// A term falling due.
    pub fn due(state: &str) -> Self {
        let payload = json!({ "term": state });
        Self { name: name::DUE.into(), payload, origin: Origin::Timer, child: None }
    }

    /// A rung of the term's ladder, sent or (after downtime, R30) only recorded as skipped.
    pub fn rung(state: &str, rung: usize, skip: bool) -> Self {
        let payload = json!({ "term": state, "rung": rung, "skip": skip });
        Self { name: name::RUNG.into(), payload, origin: Origin::Timer, child: None }
    }

    /// A pending send falling due.
    pub fn send(ordinal: u64) -> Self {
        let payload = json!({ "ordinal": ordinal });
        Self { name: name::SEND.into(), payload, origin: Origin::Timer, child: None }
    }

    /// An event from another case.
    pub fn inbox(name: &str, payload: Value, child: Option<&str>) -> Self {
        Self { name: name.into(), payload, origin: Origin::Inbox, child: child.map(Into::into) }
    }

    /// The calendar under `state`'s term has changed.
    pub fn calendar(state: &str) -> Self {
        let payload = json!({ "term": state });
        Self { name: name::CALENDAR.into(), payload, origin: Origin::Operator, child: None }
    }

    /// The case as it stands, written whole.
    pub fn checkpoint() -> Self {
        let (name, payload) = (name::CHECKPOINT.into(), Value::Null);
        Self { name, payload, origin: Origin::Operator, child: None }
    }
}

/// Who sends an event (R28). People appear by opaque id, never by name (R9).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct Actor {
    /// The person's id; empty for the system.
    pub id: String,
    /// The organisation they act for.
    #[serde(default)]
    pub org: String,
    /// Roles they hold on this case's subject at this moment, sorted.
    #[serde(default)]
    pub roles: Vec<String>,
    /// Whom they stand in for, if anybody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<String>,
}

impl Actor {
    /// The engine itself: timers, inbox, schedules.
    pub fn system() -> Self {
        Self { id: "system".to_owned(), ..Self::default() }
    }

    /// The actor as expressions and the log see it.
    pub fn to_value(&self) -> Value {
        let mut value = json!({ "id": self.id, "org": self.org, "roles": self.roles });
        if let Some(other) = &self.on_behalf_of {
            value["on_behalf_of"] = json!(other);
        }
        value
    }
}

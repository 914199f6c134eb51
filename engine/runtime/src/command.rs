//! A command: who tells which case which event, with a key and the decision they had seen.
//!
//! The edge is here (R1): what a sender brings is let in by [`chart::canonical::admit`] once, and
//! nothing behind this file meets a NUL, a text that is not NFC or a number that a double would
//! bend. The rest of a command's way is in [`crate::writer`].
//!
//! **Invariant:** a [`Receipt`] is given only for what is durable; a [`SendError`] other than
//! [`SendError::Unavailable`] means that nothing was written.

use std::sync::Arc;

use chart::canonical;
use chart::event::{Actor, Event, name};
use chart::moment::Timestamp;
use chart::refusal::Refused;
use chart::stepped::EntryKind;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The longest idempotency key that is taken, in bytes.
pub const KEY_BYTES_MAX: usize = 200;

/// Who sends: a person by opaque id, for an organisation, perhaps in another's place.
///
/// Roles are not claimed here; they are found in the dated assignments ([`crate::roles`]).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ActorRef {
    /// The person's id.
    pub person: String,
    /// The organisation they act for; empty where that does not matter.
    pub org: String,
    /// Whom they stand in for; a substitution in force must say so.
    pub on_behalf_of: Option<String>,
}

impl ActorRef {
    /// The person `id`, for no organisation in particular.
    pub fn person(id: &str) -> Self {
        Self { person: id.to_owned(), ..Self::default() }
    }

    /// The engine itself: schedules and the operator's tools.
    pub fn system() -> Self {
        Self::person(&Actor::system().id)
    }

    /// Whether this is the engine itself.
    pub fn is_system(&self) -> bool {
        self.person == Actor::system().id
    }
}

/// What a case begins with.
#[derive(Debug, Clone, PartialEq)]
pub struct Opening {
    /// The chart by name; its newest published version is taken and kept for good.
    pub chart: String,
    /// What the case is about, such as `platform/ndp2022-01`.
    pub subject: String,
    /// Its first data, merged over the defaults of the chart's schema.
    pub data: Value,
}

/// Who tells which case which event.
#[derive(Debug, Clone, PartialEq)]
pub struct Command {
    /// The case.
    pub case_id: String,
    /// The event; not read where `opening` is given (it is then `case.opened`).
    pub event: String,
    /// Its payload; not read where `opening` is given.
    pub payload: Value,
    /// Who sends it.
    pub actor: ActorRef,
    /// Sending again under the same key is harmless: the same receipt comes back (R16).
    pub key: String,
    /// The decision counter the sender had seen; another one refuses the command (R26).
    pub expected_decision: Option<u64>,
    /// Given where the command opens the case.
    pub opening: Option<Opening>,
}

impl Command {
    /// A command to a case that is open.
    pub fn send(case_id: &str, event: &str, payload: Value, actor: ActorRef, key: &str) -> Self {
        Self {
            case_id: case_id.to_owned(),
            event: event.to_owned(),
            payload,
            actor,
            key: key.to_owned(),
            expected_decision: None,
            opening: None,
        }
    }

    /// A command that opens a case; the case's id follows from `source` and `key` (R4).
    pub fn open(source: &str, key: &str, opening: Opening, actor: ActorRef) -> Self {
        Self {
            case_id: case_id(source, key),
            event: name::OPENED.to_owned(),
            payload: Value::Null,
            actor,
            key: key.to_owned(),
            expected_decision: None,
            opening: Some(opening),
        }
    }

    /// The same command, refused as stale unless the case's decision is still `decision`.
    #[must_use]
    pub fn expecting(mut self, decision: u64) -> Self {
        self.expected_decision = Some(decision);
        self
    }
}

/// The id of the case that `key` from `source` opens: the same on every machine (R4).
pub fn case_id(source: &str, key: &str) -> String {
    canonical::uuid5("case", &[json!(source), json!(key)])
}

/// What the sender is told when the step is durable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The case.
    pub case_id: String,
    /// Its revision after the step.
    pub revision: u64,
    /// Its decision counter after the step: what the next command may expect.
    pub decision: u64,
    /// The kind of the entry.
    pub kind: String,
    /// When it was recorded.
    pub recorded_at_ms: i64,
    /// The active states, outermost first, by id.
    pub states: Vec<String>,
}

impl Receipt {
    /// The receipt of `step`'s snapshot.
    pub(crate) fn of(
        chart: &chart::definition::Chart,
        kind: EntryKind,
        snapshot: &chart::snapshot::Snapshot,
    ) -> Self {
        let states = snapshot.configuration.iter();
        Self {
            case_id: snapshot.case_id.as_ref().to_owned(),
            revision: snapshot.revision,
            decision: snapshot.decision,
            kind: kind.as_str().to_owned(),
            recorded_at_ms: snapshot.recorded_at.as_ms(),
            states: states.map(|&state| chart.state(state).id.as_ref().to_owned()).collect(),
        }
    }

    /// When the step was recorded.
    pub fn recorded_at(&self) -> Timestamp {
        Timestamp(self.recorded_at_ms)
    }
}

/// Why a command has no receipt. Except for [`SendError::Unavailable`], nothing was written.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SendError {
    /// The chart said no, in words.
    #[error(transparent)]
    Refused(Box<Refused>),
    /// Someone was faster: the case was decided on since the sender looked.
    #[error("case `{case_id}` is at decision {decision}; look at it again and decide anew")]
    Stale {
        /// The case.
        case_id: String,
        /// What the sender had seen, if they said.
        expected: Option<u64>,
        /// What it is now.
        decision: u64,
    },
    /// The key was used for a command with another body (R16).
    #[error("key `{key}` was already used in case `{case_id}` for another command; use a new key")]
    KeyReused {
        /// The case.
        case_id: String,
        /// The key.
        key: String,
    },
    /// There is no such case.
    #[error("there is no case `{case_id}`")]
    NoCase {
        /// The id asked for.
        case_id: String,
    },
    /// The chart is not there, or cannot be loaded; the case stays as it is.
    #[error("chart `{chart}` cannot be loaded: {why}")]
    NoChart {
        /// Its name or hash.
        chart: String,
        /// What is wrong, and how to mend it.
        why: String,
    },
    /// The case is open already, under another key.
    #[error("case `{case_id}` is open already")]
    Exists {
        /// The case.
        case_id: String,
    },
    /// The sender may not act in another's place.
    #[error(
        "`{person}` does not stand in for `{other}` now; a substitution must be recorded first"
    )]
    Forbidden {
        /// The sender.
        person: String,
        /// Whom they named.
        other: String,
    },
    /// The command itself is malformed.
    #[error("the command is not taken: {why}")]
    Malformed {
        /// What is wrong, and where.
        why: String,
    },
    /// What the database holds of this case cannot be read; other cases go on.
    #[error("case `{case_id}` cannot be read: {why}; run `cotmoc verify`")]
    Corrupt {
        /// The case.
        case_id: String,
        /// What is wrong.
        why: String,
    },
    /// The database did not answer; whether the command was taken is found out by sending it
    /// again under the same key.
    #[error("the database is not available: {why}; send the command again under the same key")]
    Unavailable {
        /// What it said.
        why: String,
    },
}

impl SendError {
    /// A short stable word for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Refused(refused) => refused.code(),
            Self::Stale { .. } => "stale",
            Self::KeyReused { .. } => "key_reused",
            Self::NoCase { .. } => "no_case",
            Self::NoChart { .. } => "no_chart",
            Self::Exists { .. } => "exists",
            Self::Forbidden { .. } => "forbidden",
            Self::Malformed { .. } => "malformed",
            Self::Corrupt { .. } => "corrupt",
            Self::Unavailable { .. } => "unavailable",
        }
    }
}

impl From<Refused> for SendError {
    fn from(refused: Refused) -> Self {
        Self::Refused(Box::new(refused))
    }
}

/// A command that has passed the edge.
#[derive(Debug, Clone)]
pub(crate) struct Admitted {
    pub(crate) case_id: Arc<str>,
    pub(crate) event: Arc<Event>,
    pub(crate) actor: ActorRef,
    pub(crate) key: Arc<str>,
    /// SHA-256 of what the key stands for (R16), where none of it is personal.
    pub(crate) body_sha: String,
    pub(crate) expected_decision: Option<u64>,
    /// The chart's name where the command opens the case.
    pub(crate) chart: Option<String>,
}

/// Lets `command` in, or says what is wrong with it.
pub(crate) fn admit(command: Command) -> Result<Admitted, SendError> {
    let Command { case_id, event, payload, actor, key, expected_decision, opening } = command;
    let key = admit_name("key", key)?;
    if key.len() > KEY_BYTES_MAX {
        let why = format!("its key is longer than {KEY_BYTES_MAX} bytes; shorten it");
        return Err(SendError::Malformed { why });
    }
    let case_id = admit_name("case", case_id)?;
    let person = admit_name("actor", actor.person)?;
    let actor = ActorRef { person, org: actor.org, on_behalf_of: actor.on_behalf_of };
    let (event, chart) = match opening {
        Some(Opening { chart, subject, data }) => {
            let subject = admit_name("subject", subject)?;
            (Event::opened(&subject, &admit_value(data)?, None), Some(chart))
        }
        None => (Event::person(&admit_name("event", event)?, admit_value(payload)?), None),
    };
    let body_sha = body_sha(&event.name, &event.payload, chart.as_deref(), &actor);
    Ok(Admitted {
        case_id: case_id.into(),
        event: Arc::new(event),
        actor,
        key: key.into(),
        body_sha,
        expected_decision,
        chart,
    })
}

/// SHA-256 of what a key stands for (R16).
pub(crate) fn body_sha(
    event: &str,
    payload: &Value,
    chart: Option<&str>,
    actor: &ActorRef,
) -> String {
    let body = json!([event, payload, chart, actor.person, actor.org, actor.on_behalf_of]);
    canonical::sha256_hex(&canonical::to_string(&body))
}

fn admit_value(value: Value) -> Result<Value, SendError> {
    canonical::admit(value).map_err(|fault| SendError::Malformed { why: fault.to_string() })
}

fn admit_name(what: &str, text: String) -> Result<String, SendError> {
    if text.is_empty() {
        return Err(SendError::Malformed { why: format!("its {what} is empty") });
    }
    match admit_value(Value::String(text))? {
        Value::String(text) => Ok(text),
        other => Err(SendError::Malformed { why: format!("its {what} is `{other}`") }),
    }
}

//! A step as recorded: one row of the log, and its place in the hash chain (R6).
//!
//! **Invariant:** no unhashed column decides anything; nothing of the batch it was written in, its
//! size, order or attempt, is hashed.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::calendar::Calendar;
use crate::canonical;
use crate::definition::Chart;
use crate::event::{Actor, Event, Origin};
use crate::moment::Timestamp;
use crate::snapshot::Snapshot;
use crate::step::{SEMANTICS, active_ids};
use crate::stepped::{EntryKind, Step};

/// The version of the hashed array's form.
pub const FORMAT: i64 = 1;

/// The `prev_hash` of a case's first entry.
pub const FIRST: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// One row of the log; texts are canonical JSON.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The case.
    pub case_id: Arc<str>,
    /// 1 for the first entry of a case.
    pub revision: u64,
    /// What kind of entry.
    pub kind: EntryKind,
    /// The semantics it was stepped under (R7).
    pub semantics: i64,
    /// The step's `now`.
    pub recorded_at: Timestamp,
    /// The chart's SHA-256.
    pub chart_sha: Arc<str>,
    /// The calendar's SHA-256.
    pub calendar_sha: String,
    /// The actor, as expressions saw it.
    pub actor: String,
    /// The event: name, origin, child.
    pub event: String,
    /// Its payload as sent.
    pub payload: String,
    /// Ids of the active states afterwards, ancestors included.
    pub states: String,
    /// SHA-256 of the data afterwards.
    pub data_sha: String,
    /// What was asked of the world.
    pub effects: String,
    /// The clocks afterwards.
    pub terms: String,
    /// The whole snapshot, for a checkpoint; otherwise empty.
    pub snapshot: String,
    /// The hash of the entry before.
    pub prev_hash: String,
    /// This entry's hash.
    pub hash: String,
}

impl Entry {
    /// Records `step`, which took `event` from `actor`, after the entry whose hash is `prev_hash`.
    pub fn record(
        chart: &Chart,
        step: &Step,
        event: &Event,
        actor: &Actor,
        calendar: &Calendar,
        prev_hash: &str,
    ) -> Self {
        let snapshot = &step.snapshot;
        let effects: Vec<Value> =
            step.effects.iter().map(crate::effect::Effect::to_value).collect();
        let whole = match step.kind {
            EntryKind::Checkpoint => canonical::to_string(&snapshot.to_value(chart)),
            _ => String::new(),
        };
        let mut entry = Self {
            case_id: Arc::clone(&snapshot.case_id),
            revision: snapshot.revision,
            kind: step.kind,
            semantics: SEMANTICS,
            recorded_at: snapshot.recorded_at,
            chart_sha: Arc::clone(&snapshot.chart_sha),
            calendar_sha: calendar.sha256().to_owned(),
            actor: canonical::to_string(&actor.to_value()),
            event: canonical::to_string(&event_value(event)),
            payload: canonical::to_string(&event.payload),
            states: states_of(chart, snapshot),
            data_sha: canonical::sha256_hex(&canonical::data_to_string(&snapshot.data)),
            effects: canonical::to_string(&Value::Array(effects)),
            terms: canonical::to_string(&snapshot.terms_value(chart)),
            snapshot: whole,
            prev_hash: prev_hash.to_owned(),
            hash: String::new(),
        };
        entry.hash = entry.computed_hash();
        entry
    }

    /// The hash that this entry's columns give: SHA-256 of one RFC 8785 array.
    pub fn computed_hash(&self) -> String {
        let array = json!([
            FORMAT,
            self.semantics,
            self.kind.as_str(),
            self.prev_hash,
            self.case_id.as_ref(),
            self.revision,
            self.recorded_at.as_ms(),
            self.chart_sha.as_ref(),
            self.calendar_sha,
            self.actor,
            self.event,
            self.payload,
            self.states,
            self.data_sha,
            self.effects,
            self.terms,
            self.snapshot,
        ]);
        canonical::sha256_hex(&canonical::to_string(&array))
    }

    /// The event and actor this entry records, for replay.
    pub fn told(&self) -> Result<(Event, Actor), serde_json::Error> {
        let head: Value = serde_json::from_str(&self.event)?;
        let origin = match head["origin"].as_str() {
            Some("timer") => Origin::Timer,
            Some("inbox") => Origin::Inbox,
            Some("operator") => Origin::Operator,
            _ => Origin::Person,
        };
        let event = Event {
            name: head["name"].as_str().unwrap_or_default().into(),
            payload: serde_json::from_str(&self.payload)?,
            origin,
            child: head["child"].as_str().map(Into::into),
        };
        Ok((event, serde_json::from_str(&self.actor)?))
    }
}

fn event_value(event: &Event) -> Value {
    let origin = match event.origin {
        Origin::Person => "person",
        Origin::Timer => "timer",
        Origin::Inbox => "inbox",
        Origin::Operator => "operator",
    };
    json!({ "name": event.name.as_ref(), "origin": origin, "child": event.child.as_deref() })
}

/// Ids of the active states, ancestors included, as an entry records them.
pub(crate) fn states_of(chart: &Chart, snapshot: &Snapshot) -> String {
    let states: Vec<&str> =
        snapshot.configuration.iter().map(|&state| chart.state(state).id.as_ref()).collect();
    canonical::to_string(&json!(states))
}

/// The active atomic states of `step` as the head row shows them: a JSON list of ids.
pub fn states_text(chart: &Chart, step: &Step) -> String {
    canonical::to_string(&json!(active_ids(chart, &step.snapshot)))
}

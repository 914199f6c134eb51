//! A snapshot as a document, and back: what the head row stores and a checkpoint hashes.
//!
//! States appear by id, so the document can be read without the chart's numbering; numbers that
//! could pass 2^53 do not occur.
//!
//! **Invariant:** `from_value(chart, to_value(chart))` is the same snapshot.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::calendar::{Due, Rule, Stopped};
use crate::definition::{Chart, StateIx};
use crate::moment::Timestamp;
use crate::snapshot::{Child, Parent, PendingSend, Snapshot, TermState};

/// Why a stored snapshot cannot be read; the case is left alone until it is mended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ThawError {
    /// The document is not a snapshot.
    #[error("the snapshot cannot be read: {0}")]
    Malformed(String),
    /// It was made under another chart.
    #[error("the snapshot belongs to chart `{found}`, not `{expected}`")]
    OtherChart {
        /// The chart's hash.
        expected: String,
        /// The snapshot's.
        found: String,
    },
    /// It names a state that the chart does not have.
    #[error("the chart has no state `{0}`")]
    UnknownState(String),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Frozen {
    case_id: String,
    chart: String,
    subject: String,
    revision: u64,
    decision: u64,
    configuration: Vec<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    history: BTreeMap<String, Vec<String>>,
    data: Value,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    generations: BTreeMap<String, u32>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    clocks: BTreeMap<String, u32>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    terms: BTreeMap<String, FrozenTerm>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pending: Vec<FrozenSend>,
    sends: u64,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    children: BTreeMap<String, FrozenChild>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    parent: Option<FrozenParent>,
    recorded_at_ms: i64,
    done: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FrozenTerm {
    rule: Rule,
    from_ms: i64,
    due: Due,
    rungs_ms: Vec<i64>,
    generation: u32,
    fired: bool,
    sent: Vec<usize>,
    spent: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    stopped: Option<Stopped>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FrozenSend {
    ordinal: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    event: String,
    payload: Value,
    due_at_ms: i64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FrozenChild {
    case_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    state: Option<String>,
    done: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FrozenParent {
    case_id: String,
    name: String,
    invoked: bool,
    depth: u32,
}

impl Snapshot {
    /// The snapshot as a document; [`crate::canonical::to_string`] of it is what is stored.
    ///
    /// # Panics
    /// Never: every key of a snapshot is text.
    pub fn to_value(&self, chart: &Chart) -> Value {
        let id = |state: StateIx| chart.state(state).id.to_string();
        let counts = |map: &BTreeMap<StateIx, u32>| {
            map.iter().map(|(&state, &count)| (id(state), count)).collect::<BTreeMap<_, _>>()
        };
        let frozen = Frozen {
            case_id: self.case_id.to_string(),
            chart: self.chart_sha.to_string(),
            subject: self.subject.to_string(),
            revision: self.revision,
            decision: self.decision,
            configuration: self.configuration.iter().map(|&state| id(state)).collect(),
            history: self
                .history
                .iter()
                .map(|(&state, kept)| (id(state), kept.iter().map(|&state| id(state)).collect()))
                .collect(),
            data: self.data.to_value(),
            generations: counts(&self.generations),
            clocks: counts(&self.clocks),
            terms: self.terms.iter().map(|(&state, term)| (id(state), freeze(term))).collect(),
            pending: self.pending.iter().map(freeze_send).collect(),
            sends: self.sends,
            children: self
                .children
                .iter()
                .map(|(name, child)| {
                    let state = child.state.map(id);
                    let case_id = child.case_id.to_string();
                    (name.clone(), FrozenChild { case_id, state, done: child.done })
                })
                .collect(),
            parent: self.parent.as_ref().map(|parent| FrozenParent {
                case_id: parent.case_id.to_string(),
                name: parent.name.to_string(),
                invoked: parent.invoked,
                depth: parent.depth,
            }),
            recorded_at_ms: self.recorded_at.as_ms(),
            done: self.done,
        };
        serde_json::to_value(frozen).expect("a snapshot has only string keys")
    }

    /// The terms alone, as the log hashes them (R6).
    ///
    /// # Panics
    /// Never: every key of a snapshot is text.
    pub fn terms_value(&self, chart: &Chart) -> Value {
        let id = |state: StateIx| chart.state(state).id.to_string();
        let terms: BTreeMap<String, FrozenTerm> =
            self.terms.iter().map(|(&state, term)| (id(state), freeze(term))).collect();
        serde_json::to_value(terms).expect("terms have only string keys")
    }

    /// Reads a stored snapshot of `chart`.
    pub fn from_value(chart: &Chart, value: &Value) -> Result<Self, ThawError> {
        let frozen =
            Frozen::deserialize(value).map_err(|error| ThawError::Malformed(error.to_string()))?;
        if frozen.chart != chart.sha256.as_ref() {
            let expected = chart.sha256.to_string();
            return Err(ThawError::OtherChart { expected, found: frozen.chart });
        }
        let find = |id: &String| chart.find(id).ok_or_else(|| ThawError::UnknownState(id.clone()));
        let find_all = |ids: &Vec<String>| ids.iter().map(find).collect::<Result<Vec<_>, _>>();
        let counts = |map: &BTreeMap<String, u32>| {
            let found = map.iter().map(|(id, &count)| Ok((find(id)?, count)));
            found.collect::<Result<BTreeMap<_, _>, ThawError>>()
        };
        let mut configuration = find_all(&frozen.configuration)?;
        configuration.sort_unstable();
        let mut history = BTreeMap::new();
        for (id, kept) in &frozen.history {
            history.insert(find(id)?, find_all(kept)?);
        }
        let mut terms = BTreeMap::new();
        for (id, term) in frozen.terms {
            terms.insert(find(&id)?, thaw(term));
        }
        let mut children = BTreeMap::new();
        for (name, child) in frozen.children {
            let state = child.state.as_ref().map(find).transpose()?;
            let case_id = child.case_id.into();
            children.insert(name, Child { case_id, state, done: child.done });
        }
        Ok(Self {
            case_id: frozen.case_id.into(),
            chart_sha: Arc::clone(&chart.sha256),
            subject: frozen.subject.into(),
            revision: frozen.revision,
            decision: frozen.decision,
            configuration,
            history,
            data: frozen.data.into(),
            generations: counts(&frozen.generations)?,
            clocks: counts(&frozen.clocks)?,
            terms,
            pending: frozen.pending.into_iter().map(thaw_send).collect(),
            sends: frozen.sends,
            children,
            parent: frozen.parent.map(|parent| Parent {
                case_id: parent.case_id.into(),
                name: parent.name.into(),
                invoked: parent.invoked,
                depth: parent.depth,
            }),
            recorded_at: Timestamp(frozen.recorded_at_ms),
            done: frozen.done,
        })
    }
}

fn freeze(term: &TermState) -> FrozenTerm {
    FrozenTerm {
        rule: term.rule,
        from_ms: term.from.as_ms(),
        due: term.due,
        rungs_ms: term.rungs.iter().map(|at| at.as_ms()).collect(),
        generation: term.generation,
        fired: term.fired,
        sent: term.sent.clone(),
        spent: term.spent,
        stopped: term.stopped,
    }
}

fn thaw(term: FrozenTerm) -> TermState {
    TermState {
        rule: term.rule,
        from: Timestamp(term.from_ms),
        due: term.due,
        rungs: term.rungs_ms.into_iter().map(Timestamp).collect(),
        generation: term.generation,
        fired: term.fired,
        sent: term.sent,
        spent: term.spent,
        stopped: term.stopped,
    }
}

fn freeze_send(send: &PendingSend) -> FrozenSend {
    FrozenSend {
        ordinal: send.ordinal,
        id: send.id.clone(),
        event: send.event.to_string(),
        payload: send.payload.clone(),
        due_at_ms: send.due_at.as_ms(),
    }
}

fn thaw_send(send: FrozenSend) -> PendingSend {
    PendingSend {
        ordinal: send.ordinal,
        id: send.id,
        event: send.event.into(),
        payload: send.payload,
        due_at: Timestamp(send.due_at_ms),
    }
}

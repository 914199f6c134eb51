//! A case at one moment, as a value: where it is, what it knows, what it waits for.
//!
//! **Invariant:** between steps the internal queue is empty, so this is the whole case;
//! [`Snapshot::to_value`] and [`Snapshot::from_value`] are inverse (a property test holds it).

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::calendar::{Due, Rule, Stopped};
use crate::data::Data;
use crate::definition::StateIx;
use crate::moment::Timestamp;

/// A case at one moment. Cloning is cheap: the data is shared.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// The case.
    pub case_id: Arc<str>,
    /// SHA-256 of the chart it runs under.
    pub chart_sha: Arc<str>,
    /// What the case is about, such as `platform/ndp2022-01` (a path: each prefix is a scope).
    pub subject: Arc<str>,
    /// Counts every entry; 0 before the first.
    pub revision: u64,
    /// Counts changes of configuration or data only (R26).
    pub decision: u64,
    /// Active states in document order, ancestors included, the root not.
    pub configuration: Vec<StateIx>,
    /// What each history state remembers.
    pub history: BTreeMap<StateIx, Vec<StateIx>>,
    /// The case's data.
    pub data: Data,
    /// How often each state with a task, term or invoke was entered.
    pub generations: BTreeMap<StateIx, u32>,
    /// How often each term's clock was set; only ever rises.
    pub clocks: BTreeMap<StateIx, u32>,
    /// The clocks that run or stand still.
    pub terms: BTreeMap<StateIx, TermState>,
    /// Sends that wait for their moment, oldest first.
    pub pending: Vec<PendingSend>,
    /// The next ordinal of a pending send.
    pub sends: u64,
    /// Children by invoke id or name.
    pub children: BTreeMap<String, Child>,
    /// The case that opened this one, if any.
    pub parent: Option<Parent>,
    /// When the last entry was recorded.
    pub recorded_at: Timestamp,
    /// Whether a top-level final state was reached.
    pub done: bool,
}

impl Snapshot {
    /// The case before its first event, [`crate::event::Event::opened`], which brings its subject,
    /// its parent and its first data.
    pub fn unborn(chart_sha: &Arc<str>, case_id: &str) -> Self {
        Self {
            case_id: case_id.into(),
            chart_sha: Arc::clone(chart_sha),
            subject: "".into(),
            revision: 0,
            decision: 0,
            configuration: Vec::new(),
            history: BTreeMap::new(),
            data: Data::default(),
            generations: BTreeMap::new(),
            clocks: BTreeMap::new(),
            terms: BTreeMap::new(),
            pending: Vec::new(),
            sends: 0,
            children: BTreeMap::new(),
            parent: None,
            recorded_at: Timestamp(i64::MIN),
            done: false,
        }
    }

    /// Whether `state` is active.
    pub fn is_active(&self, state: StateIx) -> bool {
        self.configuration.binary_search(&state).is_ok()
    }
}

/// The legal clock of an active state.
#[derive(Debug, Clone, PartialEq)]
pub struct TermState {
    /// The rule in force (R29).
    pub rule: Rule,
    /// Counted from here; after a stop, from the moment it ran again.
    pub from: Timestamp,
    /// The nominal and effective instants; while stopped, as they were at the stop.
    pub due: Due,
    /// When each rung of the ladder is reached, in the chart's order.
    pub rungs: Vec<Timestamp>,
    /// Rises on entry and on every recomputation; a timer of another generation is void (R30).
    pub generation: u32,
    /// Whether `term.due` has been taken.
    pub fired: bool,
    /// Rungs already sent or skipped, ascending.
    pub sent: Vec<usize>,
    /// Days of the rule's unit used up before `from`, by earlier stops (R31).
    pub spent: u32,
    /// Set while the clock stands still.
    pub stopped: Option<Stopped>,
}

/// A send of the case to itself that waits.
#[derive(Debug, Clone, PartialEq)]
pub struct PendingSend {
    /// Unique in the case, ascending.
    pub ordinal: u64,
    /// The id `cancel` names, if any.
    pub id: Option<String>,
    /// The event.
    pub event: Arc<str>,
    /// Its payload, evaluated when the send ran.
    pub payload: Value,
    /// When it is due.
    pub due_at: Timestamp,
}

/// The case that opened this one.
#[derive(Debug, Clone, PartialEq)]
pub struct Parent {
    /// Its id.
    pub case_id: Arc<str>,
    /// This case's name there.
    pub name: Arc<str>,
    /// Whether this case ends when the parent leaves the invoking state.
    pub invoked: bool,
    /// How many cases lie above this one; bounded (R21).
    pub depth: u32,
}

/// A child case.
#[derive(Debug, Clone, PartialEq)]
pub struct Child {
    /// Its id.
    pub case_id: Arc<str>,
    /// The state whose leaving ends it; `None` for a spawned one.
    pub state: Option<StateIx>,
    /// Whether it has reported its end.
    pub done: bool,
}

/// One row of [`crate::waiting::timers`]: what must wake the case, and when.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timer {
    /// When.
    pub due_at: Timestamp,
    /// Unique in the case: `due:<state>`, `rung:<state>:<n>`, `send:<ordinal>`.
    pub name: String,
    /// The generation it belongs to (R30).
    pub generation: u32,
}

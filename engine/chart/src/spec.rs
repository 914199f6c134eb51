//! A chart as its reader saw it: a tree with names, before anything is resolved.
//!
//! Readers (YAML in [`crate::load`], SCXML in its own crate) fill this tree;
//! [`crate::build::build`] turns it into a [`crate::definition::Chart`]. Expressions are already
//! compiled; targets are still names.
//!
//! **Invariant:** nothing here decides anything; it is only carried.

use std::collections::BTreeMap;

use crate::definition::{
    Basis, Block, DataItem, DoneData, EventDef, InvokeDef, Place, Requirement, RoleDef, TaskDef,
    TermDef, Text, Unhandled,
};
use crate::expr::Expr;
use crate::schema::Schema;

/// A whole chart.
#[derive(Debug, Clone, Default)]
pub struct ChartSpec {
    /// See [`crate::definition::Chart`] for this and the fields below.
    pub name: String,
    /// The version.
    pub version: u32,
    /// SHA-256 of the canonical definition.
    pub sha256: String,
    /// Titles.
    pub title: Text,
    /// The legal ground.
    pub basis: Option<Basis>,
    /// The kind of subject.
    pub subject: Option<String>,
    /// Events by name.
    pub events: BTreeMap<String, EventDef>,
    /// Roles by name.
    pub roles: BTreeMap<String, RoleDef>,
    /// The schema of the data.
    pub data_schema: Option<Schema>,
    /// Initial data items.
    pub data_items: Vec<DataItem>,
    /// What an event nobody takes means.
    pub unhandled: Unhandled,
    /// The root state; its id is the chart's name.
    pub root: StateSpec,
}

/// What kind of state is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum KindSpec {
    /// Atomic without children, compound with them.
    #[default]
    Plain,
    /// All children at once.
    Parallel,
    /// The end of its parent.
    Final,
    /// History, shallow or deep; its one transition is the default.
    History {
        /// Deep rather than shallow.
        deep: bool,
    },
}

/// One state with its children.
#[derive(Debug, Clone, Default)]
pub struct StateSpec {
    /// Unique; a reader makes one up where the source has none.
    pub id: String,
    /// What kind of state is meant.
    pub kind: KindSpec,
    /// The initial transition; absent: the first child that is not a history state.
    pub initial: Option<TransitionSpec>,
    /// Transitions in document order (for a history state: the default one).
    pub transitions: Vec<TransitionSpec>,
    /// Children in document order.
    pub children: Vec<StateSpec>,
    /// Entry blocks.
    pub on_entry: Vec<Block>,
    /// Exit blocks.
    pub on_exit: Vec<Block>,
    /// What a final state reports.
    pub done_data: Option<DoneData>,
    /// Invoked children.
    pub invokes: Vec<InvokeDef>,
    /// Titles.
    pub title: Text,
    /// The legal ground.
    pub basis: Option<Basis>,
    /// The stage people name.
    pub stage: Option<String>,
    /// Tasks.
    pub tasks: Vec<TaskDef>,
    /// The legal clock.
    pub term: Option<TermDef>,
    /// Whether the enclosing term's clock stands still here.
    pub clock_stopped: bool,
    /// Where it stands.
    pub place: Place,
}

/// One transition with target names.
#[derive(Debug, Clone, Default)]
pub struct TransitionSpec {
    /// Event patterns as written; empty for an eventless one.
    pub events: Vec<String>,
    /// The condition.
    pub guard: Option<Expr>,
    /// Roles that may send it.
    pub by: Vec<String>,
    /// Worded conditions.
    pub require: Vec<Requirement>,
    /// Names of the targets.
    pub targets: Vec<String>,
    /// Whether it is internal.
    pub internal: bool,
    /// What it does.
    pub actions: Block,
    /// Marks an expected cancelling of invoked children.
    pub cancels: bool,
    /// Where it stands.
    pub place: Place,
}

//! What the checker needs beyond the chart: where each expression and name stands in the file.
//!
//! A [`crate::definition::Chart`] carries no places for its expressions and actions, because a
//! step never needs them. The reader writes them down here instead.
//!
//! **Invariant:** every expression and every name of the file is listed once, in document order.

use std::collections::{BTreeMap, BTreeSet};

use crate::definition::Place;
use crate::expr::Expr;
use crate::path::DataPath;

/// The file behind a chart.
#[derive(Debug, Clone, Default)]
pub struct Source {
    /// The path the caller gave.
    pub path: String,
    /// Its lines, for messages.
    pub lines: Vec<String>,
    /// Every expression that compiled.
    pub sites: Vec<Site>,
    /// Every name that points somewhere.
    pub mentions: Vec<Mention>,
    /// Every target named by a transition, in document order.
    pub targets: Vec<(String, Place)>,
    /// Every list of assignments.
    pub assignments: Vec<Vec<Written>>,
    /// The states that say `term: none`: no date is set, on purpose.
    pub no_term: BTreeSet<String>,
    /// Where the schema of the data is named.
    pub data_place: Place,
    /// Where each event's payload is named.
    pub payload_places: BTreeMap<String, Place>,
}

/// One expression in the file.
#[derive(Debug, Clone)]
pub struct Site {
    /// Where it stands.
    pub place: Place,
    /// Compiled; it keeps what was written.
    pub expr: Expr,
    /// What it is for.
    pub purpose: Purpose,
    /// What it sees.
    pub scope: Scope,
}

/// What an expression is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The condition of a transition on events.
    Guard,
    /// The condition of an eventless transition.
    EventlessGuard,
    /// A requirement.
    Require,
    /// The condition of an `if` action.
    Condition,
    /// A list walked by `each`, or the holders of a role.
    List,
    /// Any value.
    Value,
}

/// Which event an expression sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// The events of a transition, as patterns.
    Events(Vec<String>),
    /// Whatever event led here: entry and exit actions, eventless transitions.
    AnyEvent,
    /// None: tasks, terms and holders are computed from the data alone.
    NoEvent,
}

/// A path that is written.
#[derive(Debug, Clone)]
pub struct Written {
    /// Where it stands.
    pub place: Place,
    /// Compiled; it keeps what was written.
    pub path: DataPath,
}

/// A name that points somewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    /// Where it stands.
    pub place: Place,
    /// The name.
    pub name: String,
    /// What it must be the name of.
    pub role: MentionOf,
    /// The id of the state it stands in; the chart's name at the top.
    pub state: String,
}

/// What a mentioned name must be the name of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MentionOf {
    /// A role of the chart, told or asked.
    Role,
    /// A letter with texts.
    Letter,
    /// A document template.
    Document,
    /// A chart that is spawned (under the id, if it is a plain text) or invoked.
    Chart {
        /// The name towards the parent: an invoke's id.
        invoke: Option<String>,
    },
    /// An event pattern of a transition.
    Pattern,
    /// An event raised or sent to the case itself.
    OwnEvent,
    /// An event sent to the parent.
    ParentEvent,
    /// An event sent to a child, whose name follows unless an expression gives it.
    ChildEvent(Option<String>),
    /// An event sent to a case that an expression names.
    CaseEvent,
    /// The id of a delayed send.
    SendId,
    /// The id of a `cancel`.
    CancelId,
}

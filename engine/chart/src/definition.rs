//! The definition of a chart as plain data: states in document order, and what hangs on them.
//!
//! A [`Chart`] is made by [`crate::build::build`] from a [`crate::spec::ChartSpec`]; readers of
//! YAML and of SCXML both produce that tree. Everything is resolved here: names are indexes,
//! expressions are compiled, and the states lie in document order (preorder), so the descendants
//! of a state are the contiguous range after it.
//!
//! Reading order: [`Chart`], [`State`], [`Transition`], [`Action`], then what belongs to people:
//! [`TermDef`], [`TaskDef`], [`EventDef`], [`RoleDef`].
//!
//! **Invariant:** a `Chart` never changes after it is built; a case is pinned to its hash.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::calendar::{Offset, Rule};
use crate::expr::Expr;
use crate::schema::Schema;

mod actions;

pub use actions::{
    Action, Assign, Delay, InvokeDef, LetterDef, NameOrExpr, SendDef, SendTarget, SpawnDef,
};

/// The index of a state in document order; 0 is the chart itself.
pub type StateIx = u16;

/// The index of a transition in [`Chart::transitions`]; document order.
pub type TransitionIx = u32;

/// A text in the two languages of the product. Vietnamese is never absent in a checked chart.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Text {
    /// Vietnamese, NFC.
    pub vi: String,
    /// English.
    #[serde(default)]
    pub en: String,
}

impl Text {
    /// The text in `lang` (`vi` or `en`); English falls back to Vietnamese when it is empty.
    pub fn get(&self, lang: &str) -> &str {
        if lang == "en" && !self.en.is_empty() { &self.en } else { &self.vi }
    }
}

/// Where something stands in its source file, for messages; lines and columns start at 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, PartialOrd, Ord)]
pub struct Place {
    /// The line; 0 where the source has no places.
    pub line: u32,
    /// The column.
    pub column: u32,
}

/// The legal ground of a state or event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Basis {
    /// A citation, such as `186/QĐ-BTTTT, Điều 1.IV.3`.
    Cited(String),
    /// This product's own default; no authority behind it (`basis: product`).
    Product,
}

/// What happens to an event that no active state takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unhandled {
    /// The sender is told: a person's event is refused (the rule of this product's charts).
    #[default]
    Refuse,
    /// The event is dropped and errors carry on, as the SCXML Recommendation says.
    Ignore,
}

/// A statechart, resolved and immutable.
#[derive(Debug, Clone)]
pub struct Chart {
    /// The name, such as `report`.
    pub name: String,
    /// The version a case is pinned to, with [`Chart::sha256`].
    pub version: u32,
    /// SHA-256 of the canonical definition (without titles, basis, reasons): lower-case hex.
    pub sha256: Arc<str>,
    /// Titles in both languages.
    pub title: Text,
    /// The legal ground of the whole procedure.
    pub basis: Option<Basis>,
    /// The kind of subject a case of this chart is about, such as `platform`.
    pub subject: Option<String>,
    /// All states in document order; `states[0]` is the root.
    pub states: Vec<State>,
    /// All transitions in document order, initial and history-default ones included.
    pub transitions: Vec<Transition>,
    /// The events people or machines may send, by name.
    pub events: BTreeMap<String, EventDef>,
    /// The roles that act on a case.
    pub roles: BTreeMap<String, RoleDef>,
    /// The schema of the case's data, with defaults.
    pub data_schema: Option<Schema>,
    /// Initial data items in document order (the SCXML `<datamodel>`); empty for YAML charts.
    pub data_items: Vec<DataItem>,
    /// What an event nobody takes means.
    pub unhandled: Unhandled,
    /// State index by id.
    pub by_id: BTreeMap<String, StateIx>,
}

impl Chart {
    /// The state at `ix`.
    pub fn state(&self, ix: StateIx) -> &State {
        &self.states[usize::from(ix)]
    }

    /// The transition at `ix`.
    pub fn transition(&self, ix: TransitionIx) -> &Transition {
        &self.transitions[ix as usize]
    }

    /// The index of the state called `id`, if there is one.
    pub fn find(&self, id: &str) -> Option<StateIx> {
        self.by_id.get(id).copied()
    }

    /// Whether `state` lies below `ancestor` (a state is not its own descendant).
    pub fn is_descendant(&self, state: StateIx, ancestor: StateIx) -> bool {
        state > ancestor && state < self.state(ancestor).end
    }

    /// The ancestors of `state`, nearest first, ending with the root.
    pub fn ancestors(&self, state: StateIx) -> impl Iterator<Item = StateIx> + '_ {
        std::iter::successors(self.state(state).parent, |&up| self.state(up).parent)
    }
}

/// What a state is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// No children.
    Atomic,
    /// One child at a time; `initial` names the transition that enters it by default.
    Compound {
        /// The initial transition (its source is the state itself).
        initial: TransitionIx,
    },
    /// All children at once.
    Parallel,
    /// The end of its parent.
    Final,
    /// Remembers where its parent was left.
    History {
        /// Whether all descendants are remembered rather than only the children.
        deep: bool,
        /// Taken when nothing is remembered yet.
        default: TransitionIx,
    },
}

/// One state.
#[derive(Debug, Clone)]
pub struct State {
    /// Unique in the chart.
    pub id: Arc<str>,
    /// The enclosing state; `None` only for the root.
    pub parent: Option<StateIx>,
    /// One past the last descendant, in document order.
    pub end: StateIx,
    /// Distance from the root.
    pub depth: u16,
    /// What it is made of.
    pub kind: Kind,
    /// Children in document order, history states included.
    pub children: Vec<StateIx>,
    /// Its own transitions in document order (not the initial one).
    pub transitions: Vec<TransitionIx>,
    /// Run on entry, block by block; an error ends its own block only (SCXML 3.8).
    pub on_entry: Vec<Block>,
    /// Run on exit, block by block (SCXML 3.9).
    pub on_exit: Vec<Block>,
    /// Data items initialised on first entry (SCXML late binding is not offered: always empty
    /// unless the reader of SCXML put local `<datamodel>` items here for early binding).
    pub done_data: Option<DoneData>,
    /// Children cases that live as long as this state (SCXML 6.4).
    pub invokes: Vec<InvokeDef>,
    /// Titles, empty for charts read from SCXML.
    pub title: Text,
    /// The legal ground.
    pub basis: Option<Basis>,
    /// The stage people name, such as `registration`; inherited by descendants.
    pub stage: Option<String>,
    /// Who owes the next act while this state is active.
    pub tasks: Vec<TaskDef>,
    /// The legal clock of this state.
    pub term: Option<TermDef>,
    /// Whether the clock of the nearest enclosing term stands still here (R31).
    pub clock_stopped: bool,
    /// Where it stands in the source.
    pub place: Place,
}

/// A list of actions in which an error skips the rest.
pub type Block = Vec<Action>;

/// A pattern of event names: `*`, or dot-separated tokens matched as a prefix (SCXML 3.12.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventPattern(pub Arc<str>);

impl EventPattern {
    /// Whether `name` matches: equal, or continued after a dot; `*` matches every name.
    pub fn matches(&self, name: &str) -> bool {
        let pattern = self.0.as_ref();
        let pattern = pattern.strip_suffix(".*").unwrap_or(pattern);
        let pattern = pattern.strip_suffix('.').unwrap_or(pattern);
        if pattern == "*" {
            return true;
        }
        name.strip_prefix(pattern).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }
}

/// One transition.
#[derive(Debug, Clone)]
pub struct Transition {
    /// The state it leaves from.
    pub source: StateIx,
    /// The events that trigger it; empty for an eventless one.
    pub events: Vec<EventPattern>,
    /// The condition; absent means true.
    pub guard: Option<Expr>,
    /// Roles that may send it; empty means that any role may (R28). Machines are not asked.
    pub by: Vec<String>,
    /// Worded conditions that refuse the event when they fail (R22).
    pub require: Vec<Requirement>,
    /// Where it leads; empty for a targetless transition.
    pub targets: Vec<StateIx>,
    /// Whether its source is not left when every target lies inside it (SCXML 3.13).
    pub internal: bool,
    /// What it does, between exits and entries.
    pub actions: Block,
    /// Marks an expected cancelling of invoked children (R21).
    pub cancels: bool,
    /// Where it stands in the source.
    pub place: Place,
}

/// A worded condition of a transition.
#[derive(Debug, Clone)]
pub struct Requirement {
    /// Must be true.
    pub that: Expr,
    /// Said to the person when it is not.
    pub reason: Text,
    /// The role that can put it right.
    pub unlocks: Option<String>,
    /// The earliest moment (ms) at which it can become true, if the chart knows.
    pub unlocks_at: Option<Expr>,
    /// Where it stands in the source.
    pub place: Place,
}

/// What a final state reports.
#[derive(Debug, Clone)]
pub enum DoneData {
    /// An object by key.
    Params(Vec<(String, Expr)>),
    /// One value.
    Content(Expr),
}

/// An initial data item (SCXML `<data>`).
#[derive(Debug, Clone)]
pub struct DataItem {
    /// The variable.
    pub id: String,
    /// Its value; an error leaves it null and raises `error.execution`.
    pub value: Option<Expr>,
}

/// Who owes an act while a state is active (R27).
#[derive(Debug, Clone)]
pub struct TaskDef {
    /// The role.
    pub role: String,
    /// One task per element that still owes; the element's key is the task's.
    pub each: Option<Expr>,
    /// What is owed.
    pub title: Text,
    /// Where it stands in the source.
    pub place: Place,
}

/// The legal clock of a state (R29–R33).
#[derive(Debug, Clone)]
pub struct TermDef {
    /// When it falls due.
    pub due: DueDef,
    /// From when it is counted: milliseconds, or a date text; absent: the moment of entry.
    pub from: Option<Expr>,
    /// Reminders before and escalations after, in the order written: the ladder.
    pub rungs: Vec<RungDef>,
    /// Titles of what falls due; absent: the state's.
    pub title: Option<Text>,
    /// Where it stands in the source.
    pub place: Place,
}

/// A rule written in the chart, or carried by the case (a setting of its schedule).
#[derive(Debug, Clone)]
pub enum DueDef {
    /// Written in the chart.
    Rule(Rule),
    /// Computed on entry: must give a rule's text.
    Expr(Expr),
}

/// One rung of a ladder.
#[derive(Debug, Clone)]
pub struct RungDef {
    /// When, relative to the effective date.
    pub offset: Offset,
    /// The roles told.
    pub to: Vec<String>,
    /// The letter's name: `reminder` before and on the day, `overdue` or `escalation` after.
    pub letter: String,
}

/// An event people or machines may send.
#[derive(Debug, Clone, Default)]
pub struct EventDef {
    /// Titles: the words on the button.
    pub title: Text,
    /// The legal ground.
    pub basis: Option<Basis>,
    /// The schema of its payload, also the form on the page.
    pub payload: Option<Schema>,
    /// Sent by machines only (timers, other cases); never offered to a person.
    pub machine: bool,
    /// Where it stands in the source.
    pub place: Place,
}

/// Where holders of a role come from (R28).
#[derive(Debug, Clone)]
pub struct RoleDef {
    /// Titles.
    pub title: Text,
    /// A CEL list of person ids in the case's data; `None`: dated assignments on the subject.
    pub holders: Option<Expr>,
    /// Where it stands in the source.
    pub place: Place,
}

/// An object built from named expressions, in document order.
pub type Params = Vec<(String, Expr)>;

/// The JSON null, for borrowing.
pub const NULL: Value = Value::Null;

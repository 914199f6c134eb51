//! What a chart does on the way: assignments, sends, letters, children.
//!
//! **Invariant:** an action is a description; [`crate::step`] carries it out.

use std::sync::Arc;

use super::{Block, Place};
use crate::expr::Expr;
use crate::path::DataPath;

/// One executable action.
#[derive(Debug, Clone)]
pub enum Action {
    /// Assignments, all evaluated against the data before the list (R24).
    Set(Vec<Assign>),
    /// Raises an internal event.
    Raise {
        /// Its name.
        event: Arc<str>,
        /// Its payload by key.
        data: Vec<(String, Expr)>,
    },
    /// Sends an event outside, or to itself after a delay.
    Send(Box<SendDef>),
    /// Takes back a pending send by id.
    Cancel {
        /// The id, an expression.
        id: Expr,
    },
    /// The first branch whose condition holds.
    If {
        /// Conditions with their blocks, in order.
        branches: Vec<(Expr, Block)>,
        /// Run when none holds.
        otherwise: Block,
    },
    /// Runs a block once per element (SCXML 4.6; a YAML chart has `each` on effects instead).
    Foreach {
        /// The list or map.
        items: Expr,
        /// The variable for the element.
        item: String,
        /// The variable for the index.
        index: Option<String>,
        /// The block.
        body: Block,
    },
    /// Asks for a letter: a notice row to a role (R34).
    Letter(Box<LetterDef>),
    /// Asks for a document to be drawn up.
    Document {
        /// The template's name.
        name: String,
        /// Values for it.
        data: Vec<(String, Expr)>,
    },
    /// Opens a child case that outlives the state.
    Spawn(Box<SpawnDef>),
    /// Says something in the trace.
    Log {
        /// A label.
        label: String,
        /// What is said.
        value: Option<Expr>,
    },
    /// Always fails when run: what a reader could not make sense of but may not refuse at load.
    Fail {
        /// The reason raised as `error.execution` data.
        reason: String,
    },
}

/// One assignment.
#[derive(Debug, Clone)]
pub struct Assign {
    /// Where.
    pub path: DataPath,
    /// The new value; `None` removes what is there.
    pub to: Option<Expr>,
    /// Whether it hands on a member of the payload, admitted with it, to a member of the data that
    /// demands the same: then the value need not be judged again.
    pub hands_on: bool,
    /// Where it stands in the source.
    pub place: Place,
}

/// To whom an event is sent.
#[derive(Debug, Clone)]
pub enum SendTarget {
    /// This case, through its inbox.
    Own,
    /// This case's internal queue (SCXML `#_internal`): the same as raise.
    Internal,
    /// The case that opened this one.
    Parent,
    /// An invoked child by its invoke id, or a spawned one by its name.
    Child(String),
    /// A case whose id the expression gives.
    Case(Expr),
    /// Computed when sent (SCXML `targetexpr`).
    Computed(Expr),
    /// Known at load to be impossible: raises `error.communication` (SCXML 6.2.4).
    Unreachable,
    /// Known at load to be malformed: raises `error.execution`.
    Invalid,
}

/// What `send` says.
#[derive(Debug, Clone)]
pub struct SendDef {
    /// The name of the event.
    pub event: NameOrExpr,
    /// The receiver.
    pub to: SendTarget,
    /// Milliseconds to wait, or an expression giving them (or a text such as `1s`).
    pub delay: Delay,
    /// An id for `cancel`.
    pub id: Option<String>,
    /// A data path that receives a made-up id (SCXML `idlocation`).
    pub id_path: Option<DataPath>,
    /// The payload by key.
    pub data: Vec<(String, Expr)>,
    /// The whole payload, instead of keys (SCXML `<content>`).
    pub content: Option<Expr>,
}

/// A name, or an expression that gives one.
#[derive(Debug, Clone)]
pub enum NameOrExpr {
    /// As written.
    Name(Arc<str>),
    /// Computed when sent.
    Expr(Expr),
}

/// How long a send waits.
#[derive(Debug, Clone)]
pub enum Delay {
    /// Milliseconds.
    Ms(i64),
    /// Computed: a number of milliseconds, or a text such as `1s` or `500ms`.
    Expr(Expr),
}

/// A letter a chart asks for.
#[derive(Debug, Clone)]
pub struct LetterDef {
    /// The folder of its texts, such as `returned`.
    pub name: String,
    /// The roles it goes to.
    pub to: Vec<String>,
    /// Sent at once rather than in the morning's digest.
    pub immediate: bool,
    /// Values for its texts.
    pub data: Vec<(String, Expr)>,
}

/// A child case a chart opens.
#[derive(Debug, Clone)]
pub struct SpawnDef {
    /// The chart of the child.
    pub chart: String,
    /// One child per element of this list; the element is `it`.
    pub each: Option<Expr>,
    /// The child's subject; absent: the parent's.
    pub subject: Option<Expr>,
    /// The child's name towards its parent (for `send` to it); may read `it`.
    pub id: Option<Expr>,
    /// The child's first data by key.
    pub data: Vec<(String, Expr)>,
}

/// A child that lives as long as its state.
#[derive(Debug, Clone)]
pub struct InvokeDef {
    /// Unique among the active invokes; made up as `<state>.<n>` when not given.
    pub id: String,
    /// A data path that receives the id.
    pub id_path: Option<DataPath>,
    /// The child chart's name; for SCXML, a key of the reader's inline children.
    pub chart: NameOrExpr,
    /// The child's first data by key.
    pub data: Vec<(String, Expr)>,
    /// Run when an event comes from the child, before transitions are selected (SCXML 6.5).
    pub finalize: Block,
    /// Whether every external event is passed on to the child.
    pub autoforward: bool,
    /// Known at load to be malformed: raises `error.execution` instead of starting.
    pub invalid: bool,
}

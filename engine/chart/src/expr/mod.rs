//! Expressions of charts: CEL, fenced, and evaluated without converting a document.
//!
//! The `cel` crate parses and is the meaning of every expression; it is visible nowhere outside
//! this module, because each of its releases breaks. What it lacks is added here: limits on the
//! source, a list of the names and functions there are, what an expression reads, and values
//! that borrow JSON ([`json`]). Plain forms run on a small tree of our own ([`plan`]) that gives
//! exactly CEL's answer, an order of magnitude sooner; all others run on the crate.
//!
//! Reading order: [`Expr`], [`Scope`], then `compile`, `walk`, `plan`, `cel_run`.
//!
//! **Invariant:** an answer depends on the expression and its scope alone; no order is taken from
//! a map; nothing here can exhaust the stack, whatever the source (a test holds the largest).

#[cfg(test)]
mod agreement;
mod cel_run;
mod compile;
mod functions;
mod json;
mod plan;
mod plan_build;
mod plan_each;
mod plan_test;
mod plan_value;
mod rewrite;
mod seen;
mod static_type;
mod walk;

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use crate::data::Data;

pub use compile::{DEPTH_MAX, NESTING_MAX, SOURCE_MAX};
pub use functions::ITEMS_MAX;
pub use seen::Seen;
pub use static_type::StaticType;
pub use walk::{Read, Reads};

/// A compiled expression. Cloning is cheap; two are equal when their sources are.
#[derive(Clone)]
pub struct Expr(Arc<Compiled>);

/// What compiling leaves behind.
struct Compiled {
    source: String,
    mode: Mode,
    ast: cel::IdedExpr,
    plan: Option<plan::Plan>,
    reads: Reads,
    static_type: StaticType,
}

/// Which names an expression may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// The roots of [`Scope`] and the given locals.
    Closed,
    /// Besides, every bare identifier is a key of the data (SCXML).
    Open,
}

impl Expr {
    /// Compiles `source`, which may use the roots of [`Scope`].
    pub fn compile(source: &str) -> Result<Self, ExprError> {
        Self::compile_with(source, &[])
    }

    /// Compiles `source`, which may use the roots and `locals`, such as `it`.
    pub fn compile_with(source: &str, locals: &[&str]) -> Result<Self, ExprError> {
        compile::compile(source, locals, Mode::Closed).map(|compiled| Self(Arc::new(compiled)))
    }

    /// Compiles `source` of an SCXML document: each top-level key of the data is a variable, and a
    /// missing one is an error when evaluated. `_sessionid` and `_name` come as locals.
    pub fn compile_open(source: &str) -> Result<Self, ExprError> {
        compile::compile(source, &[], Mode::Open).map(|compiled| Self(Arc::new(compiled)))
    }

    /// The expression as written.
    pub fn source(&self) -> &str {
        &self.0.source
    }

    /// What it reads, found without evaluating it.
    pub fn reads(&self) -> &Reads {
        &self.0.reads
    }

    /// Whether its answer is a bool, as far as can be told without evaluating it.
    pub fn static_type(&self) -> StaticType {
        self.0.static_type
    }

    /// The member of the payload that it hands on as it is, if that is all it does.
    pub(crate) fn payload_member(&self) -> Option<&str> {
        match self.0.plan.as_ref()? {
            plan::Plan::Path(plan::Root::Event, keys) if keys.len() == 1 => Some(&keys[0]),
            _ => None,
        }
    }

    /// Its answer in `scope`, as a value a document can hold: timestamps, durations, bytes, uint,
    /// NaN, infinity and numbers beyond ±(2^53 − 1) are errors (R1, R24).
    pub fn eval(&self, scope: &Scope<'_>) -> Result<Value, EvalError> {
        if let Some(plan) = &self.0.plan {
            match plan.eval(scope, &mut plan::Bound::new()) {
                Ok(value) => return value.into_json().map_err(|what| self.not_json(what)),
                Err(plan::Stop::Fault(fault)) => return Err(self.failed(&fault)),
                Err(plan::Stop::Bail) => {}
            }
        }
        cel_run::eval(&self.0, scope)
    }

    /// Its answer in `scope`, which must be a bool: CEL knows no truthiness.
    pub fn eval_bool(&self, scope: &Scope<'_>) -> Result<bool, EvalError> {
        if let Some(plan) = &self.0.plan {
            let answer = match plan {
                plan if plan.is_condition() => {
                    plan.test(scope, &mut plan::Bound::new()).map(plan_value::Plain::Bool)
                }
                plan => plan.eval(scope, &mut plan::Bound::new()),
            };
            match answer {
                Ok(plan_value::Plain::Bool(answer)) => return Ok(answer),
                Ok(other) => return Err(self.not_bool(other.type_name())),
                Err(plan::Stop::Fault(fault)) => return Err(self.failed(&fault)),
                Err(plan::Stop::Bail) => {}
            }
        }
        cel_run::eval_bool(&self.0, scope)
    }

    fn failed(&self, message: &plan::Fault) -> EvalError {
        EvalError::Failed { expr: self.0.source.clone(), message: message.to_string() }
    }

    fn not_bool(&self, found: &str) -> EvalError {
        EvalError::NotBool { expr: self.0.source.clone(), found: found.to_owned() }
    }

    fn not_json(&self, found: &str) -> EvalError {
        EvalError::NotJson { expr: self.0.source.clone(), found: found.to_owned() }
    }
}

impl PartialEq for Expr {
    fn eq(&self, other: &Self) -> bool {
        self.0.source == other.0.source && self.0.mode == other.0.mode
    }
}

impl Eq for Expr {}

impl fmt::Debug for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Expr").field(&self.0.source).finish()
    }
}

/// What an expression sees. Nothing is converted or copied: a field is looked up when it is read.
#[derive(Clone, Copy)]
pub struct Scope<'a> {
    /// `data`: the case's data.
    pub data: &'a Data,
    /// `event`, `event_name` and `_event`; reading one where there is none is an error.
    pub event: Option<EventView<'a>>,
    /// `actor`: an object with `id`, `org`, `roles` and perhaps `on_behalf_of`.
    pub actor: Seen<'a>,
    /// `now`: milliseconds since the epoch, UTC.
    pub now_ms: i64,
    /// `subject`: the path of what the case is about, a text.
    pub subject: Seen<'a>,
    /// Backs `In('state')`.
    pub active: &'a dyn ActiveStates,
    /// Names beside the roots, such as `it`; they hide roots and keys of the same name.
    pub locals: &'a [(&'a str, &'a Value)],
}

impl fmt::Debug for Scope<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope")
            .field("data", &self.data)
            .field("event", &self.event)
            .field("actor", &self.actor)
            .field("now_ms", &self.now_ms)
            .field("subject", &self.subject)
            .field("locals", &self.locals)
            .finish_non_exhaustive()
    }
}

/// The event an expression sees: `event` is the payload, `event_name` the name, and `_event` the
/// envelope SCXML describes (section 5.10.1).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EventView<'a> {
    /// Its name.
    pub name: &'a str,
    /// `_event.type`: `external`, `internal` or `platform`.
    pub kind: &'a str,
    /// Its payload; null where there is none.
    pub payload: &'a Value,
    /// `_event.sendid`, if the send had an id.
    pub sendid: Option<&'a str>,
    /// `_event.invokeid`, if an invoked child sent it.
    pub invokeid: Option<&'a str>,
}

impl<'a> EventView<'a> {
    /// An external event without ids.
    pub fn new(name: &'a str, payload: &'a Value) -> Self {
        Self { name, kind: "external", payload, sendid: None, invokeid: None }
    }
}

/// The states that are active: what `In('state')` asks.
pub trait ActiveStates: Sync {
    /// Whether the state of that id is active.
    fn is_active(&self, state: &str) -> bool;
}

/// No state is active: for expressions evaluated outside a case.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoStates;

impl ActiveStates for NoStates {
    fn is_active(&self, _state: &str) -> bool {
        false
    }
}

/// Why a source was not compiled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ExprError {
    /// The line in the source, from 1.
    pub line: usize,
    /// The column in the line, in characters, from 1.
    pub column: usize,
    /// What is wrong and how to mend it.
    pub message: String,
    /// Which rule it breaks.
    pub kind: ExprErrorKind,
}

/// The rule a refused source breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExprErrorKind {
    /// It is not CEL.
    Syntax,
    /// It is longer than [`SOURCE_MAX`].
    TooLong,
    /// It is nested deeper than [`DEPTH_MAX`], or has too many comprehensions.
    TooComplex,
    /// It calls a function there is not.
    UnknownFunction,
    /// It reads a name there is not.
    UnknownName,
    /// It uses a part of CEL that charts may not.
    Unsupported,
}

/// Why an expression has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EvalError {
    /// Evaluating failed: an absent field, operands that do not fit, an overflow.
    #[error("`{expr}`: {message}")]
    Failed {
        /// The source.
        expr: String,
        /// What went wrong.
        message: String,
    },
    /// A condition is not a bool.
    #[error("`{expr}` must be true or false and is {found}")]
    NotBool {
        /// The source.
        expr: String,
        /// The type of the answer.
        found: String,
    },
    /// The answer is nothing a document can hold.
    #[error("`{expr}` gives {found}, which a document cannot hold")]
    NotJson {
        /// The source.
        expr: String,
        /// What the answer is.
        found: String,
    },
    /// A path of `set` does not lead anywhere.
    #[error("`{path}`: {message}")]
    Path {
        /// The path.
        path: String,
        /// What is in the way.
        message: String,
    },
}

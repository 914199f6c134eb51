//! What expressions see of a step, and asking them.
//!
//! **Invariant:** asking changes nothing.

use std::borrow::Cow;

use serde_json::Value;

use crate::definition::Chart;
use crate::expr::{ActiveStates, EvalError, EventView, Expr, Scope, Seen};
use crate::machine::Machine;
use crate::path::{DataPath, Segment};
use crate::snapshot::Snapshot;

/// The active configuration as `In()` asks for it.
pub(crate) struct Active<'a> {
    pub(crate) chart: &'a Chart,
    pub(crate) snapshot: &'a Snapshot,
}

impl ActiveStates for Active<'_> {
    fn is_active(&self, state: &str) -> bool {
        self.chart.find(state).is_some_and(|state| self.snapshot.is_active(state))
    }
}

impl Machine<'_> {
    pub(crate) fn truth(&self, expr: &Expr) -> Result<bool, String> {
        self.within(|scope| expr.eval_bool(scope)).map_err(|error| explain(expr, &error))
    }

    pub(crate) fn value(&self, expr: &Expr) -> Result<Value, String> {
        self.within(|scope| expr.eval(scope)).map_err(|error| explain(expr, &error))
    }

    /// Where `path` leads now.
    pub(crate) fn leads<'p>(&self, path: &'p DataPath) -> Result<Cow<'p, [Segment]>, EvalError> {
        match path.segments() {
            Some(segments) => Ok(Cow::Borrowed(segments)),
            None => self.within(|scope| path.resolve(scope)),
        }
    }

    /// Calls `ask` with what expressions may see now.
    pub(crate) fn within<T>(&self, ask: impl FnOnce(&Scope<'_>) -> T) -> T {
        let active = Active { chart: self.chart, snapshot: &self.snapshot };
        let locals: Vec<(&str, &Value)> =
            self.locals.iter().map(|(name, value)| (name.as_str(), value)).collect();
        let event = self.current.as_ref().map(|current| EventView {
            name: &current.name,
            kind: current.kind,
            payload: &current.payload,
            sendid: current.sendid.as_deref(),
            invokeid: current.invokeid.as_deref(),
        });
        ask(&Scope {
            data: &self.snapshot.data,
            event,
            actor: Seen::Actor(self.actor, &self.seen.0),
            now_ms: self.now.as_ms(),
            subject: Seen::Text(&self.snapshot.subject, &self.seen.1),
            active: &active,
            locals: &locals,
        })
    }
}

fn explain(expr: &Expr, error: &impl std::fmt::Display) -> String {
    format!("`{}`: {error}", expr.source())
}

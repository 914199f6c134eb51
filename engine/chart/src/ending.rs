//! Final states: what is done with them, up to the end of the case (SCXML 3.7, 6.4).
//!
//! **Invariant:** nothing waits after the end; the final states stay to be seen.

use serde_json::Value;

use crate::definition::{DoneData, Kind, StateIx};
use crate::effect::Effect;
use crate::machine::{Internal, Machine};
use crate::refusal::Refused;

impl Machine<'_> {
    /// A final state was entered: its parent is done, and perhaps the parallel around it.
    pub(crate) fn finish(&mut self, state: StateIx) {
        let chart = self.chart;
        let parent = chart.state(state).parent.expect("a final state has a parent");
        if parent == 0 {
            self.running = false;
            return;
        }
        let data = self.done_data(state);
        self.raise_done(parent, data);
        let Some(grandparent) = chart.state(parent).parent else { return };
        if chart.state(grandparent).kind == Kind::Parallel && self.in_final(grandparent) {
            self.raise_done(grandparent, Value::Null);
        }
    }

    fn raise_done(&mut self, state: StateIx, data: Value) {
        let name = format!("done.state.{}", self.chart.state(state).id).into();
        self.queue.push_back(Internal { name, data, kind: "internal", sendid: None });
    }

    /// What the final `state` reports; an error is raised and reports nothing (SCXML 5.7).
    pub(crate) fn done_data(&mut self, state: StateIx) -> Value {
        let chart = self.chart;
        let result = match &chart.state(state).done_data {
            None => return Value::Null,
            Some(DoneData::Content(content)) => self.value(content),
            Some(DoneData::Params(params)) => return self.params_leniently(params),
        };
        result.unwrap_or_else(|error| {
            self.error(error);
            Value::Null
        })
    }

    fn in_final(&self, state: StateIx) -> bool {
        let chart = self.chart;
        let mut children = chart.state(state).children.iter().copied();
        match chart.state(state).kind {
            Kind::Compound { .. } => children.any(|child| {
                chart.state(child).kind == Kind::Final && self.snapshot.is_active(child)
            }),
            Kind::Parallel => children
                .filter(|&child| !matches!(chart.state(child).kind, Kind::History { .. }))
                .all(|child| self.in_final(child)),
            _ => false,
        }
    }

    /// The case has reached a top-level final state: exit blocks run, nothing waits any more, the
    /// parent is told. The configuration keeps the final state, for people to see.
    pub(crate) fn end(&mut self) -> Result<(), Refused> {
        let chart = self.chart;
        let active = self.snapshot.configuration.clone();
        self.stop()?;
        let top = |state: &&StateIx| {
            chart.state(**state).kind == Kind::Final && chart.state(**state).parent == Some(0)
        };
        let done = active.iter().find(top).copied();
        let data = done.map_or(Value::Null, |state| self.done_data(state));
        if let Some(parent) = self.snapshot.parent.clone()
            && parent.invoked
        {
            self.effects.push(Effect::Send {
                case_id: parent.case_id,
                event: format!("done.invoke.{}", parent.name),
                payload: data,
                at: self.now,
                from_child: Some(parent.name.to_string()),
            });
        }
        Ok(())
    }

    /// Runs the exit blocks of every active state, innermost first; nothing waits any more.
    pub(crate) fn stop(&mut self) -> Result<(), Refused> {
        let chart = self.chart;
        let active = self.snapshot.configuration.clone();
        for &state in active.iter().rev() {
            for block in &chart.state(state).on_exit {
                self.run(block)?;
            }
            self.cancel_invokes(state);
        }
        self.snapshot.terms.clear();
        self.snapshot.pending.clear();
        self.snapshot.done = true;
        self.queue.clear();
        Ok(())
    }
}

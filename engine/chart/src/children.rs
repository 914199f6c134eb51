//! Child cases: opened, heard of, ended with the state that invoked them (R21, SCXML 6.4).
//!
//! **Invariant:** a child's id follows from its parent, the revision and the place in the step.

use std::sync::Arc;

use serde_json::Value;

use crate::canonical;
use crate::definition::{InvokeDef, NameOrExpr, SpawnDef, StateIx};
use crate::effect::Effect;
use crate::execute::{Stop, text};
use crate::machine::Machine;
use crate::refusal::Refused;
use crate::snapshot::Child;

/// How many child cases one step may open (R21).
pub const SPAWNS_MAX: usize = 200;
/// How many cases may lie above another (R21).
pub const DEPTH_MAX: u32 = 8;

impl Machine<'_> {
    pub(crate) fn spawn(&mut self, spawn: &SpawnDef) -> Result<(), Stop> {
        let elements = match &spawn.each {
            None => vec![Value::Null],
            Some(each) => match self.value(each)? {
                Value::Array(elements) => elements,
                other => return Err(format!("`each` needs a list, not `{other}`").into()),
            },
        };
        for element in elements {
            self.locals.push(("it".to_owned(), element));
            let spawned = self.spawn_one(spawn);
            self.locals.pop();
            spawned?;
        }
        Ok(())
    }

    fn spawn_one(&mut self, spawn: &SpawnDef) -> Result<(), Stop> {
        let subject = match &spawn.subject {
            Some(subject) => text(&self.value(subject)?),
            None => self.snapshot.subject.to_string(),
        };
        let data = self.params(&spawn.data)?;
        let name = match &spawn.id {
            Some(id) => text(&self.value(id)?),
            None => format!("{}.{}", spawn.chart, self.effects.len()),
        };
        self.open_child(spawn.chart.clone(), subject, name, data, None)
    }

    fn open_child(
        &mut self,
        chart: String,
        subject: String,
        name: String,
        data: Value,
        state: Option<StateIx>,
    ) -> Result<(), Stop> {
        let opened =
            self.effects.iter().filter(|effect| matches!(effect, Effect::Spawn { .. })).count();
        let depth = self.snapshot.parent.as_ref().map_or(0, |parent| parent.depth) + 1;
        if opened >= SPAWNS_MAX || depth > DEPTH_MAX {
            let message = format!("more than {SPAWNS_MAX} children in a step, or {DEPTH_MAX} deep");
            return Err(Stop::Refused(self.failed(message)));
        }
        let identity = [
            Value::from(self.snapshot.case_id.as_ref()),
            Value::from(self.snapshot.revision + 1),
            Value::from(self.effects.len()),
        ];
        let case_id: Arc<str> = canonical::uuid5("child", &identity).into();
        let child = Child { case_id: Arc::clone(&case_id), state, done: false };
        self.snapshot.children.insert(name.clone(), child);
        let invoked = state.is_some();
        self.effects.push(Effect::Spawn { case_id, chart, subject, name, data, invoked, depth });
        Ok(())
    }

    /// Starts the invokes of states entered and not left since (SCXML `invoke`).
    pub(crate) fn start_invokes(&mut self) -> Result<(), Refused> {
        let chart = self.chart;
        for state in std::mem::take(&mut self.to_invoke) {
            for invoke in &chart.state(state).invokes {
                match self.start_invoke(state, invoke) {
                    Ok(()) => {}
                    Err(Stop::Error { name, message, sendid }) => {
                        self.raise_error(name, message, sendid);
                    }
                    Err(Stop::Refused(refused)) => return Err(refused),
                }
            }
        }
        Ok(())
    }

    fn start_invoke(&mut self, state: StateIx, invoke: &InvokeDef) -> Result<(), Stop> {
        if invoke.invalid {
            return Err("the invoke is malformed".to_owned().into());
        }
        let chart = match &invoke.chart {
            NameOrExpr::Name(name) => name.to_string(),
            NameOrExpr::Expr(expr) => text(&self.value(expr)?),
        };
        let data = self.params(&invoke.data)?;
        if let Some(path) = &invoke.id_path {
            let segments = self.leads(path);
            let segments = segments.map_err(|error| error.to_string())?;
            self.must_be_declared(&segments)?;
            self.write(&segments, Some(Value::String(invoke.id.clone())))?;
        }
        let subject = self.snapshot.subject.to_string();
        self.open_child(chart, subject, invoke.id.clone(), data, Some(state))
    }

    /// Ends the invoked children of `state`, which is being left.
    pub(crate) fn cancel_invokes(&mut self, state: StateIx) {
        if self.snapshot.children.is_empty() {
            return;
        }
        let ending = |(_, child): &(&String, &Child)| child.state == Some(state);
        let ended: Vec<(String, Child)> = self
            .snapshot
            .children
            .iter()
            .filter(ending)
            .map(|(name, child)| (name.clone(), child.clone()))
            .collect();
        for (name, child) in ended {
            self.snapshot.children.remove(&name);
            if !child.done {
                self.effects.push(Effect::CancelChild { case_id: child.case_id, name });
            }
        }
    }

    /// What an event from a child, or any external event, does before transitions are selected
    /// (SCXML 6.4, 6.5): `finalize`, `autoforward`, and the child's end.
    pub(crate) fn hear_child(&mut self, child: Option<&str>) -> Result<(), Refused> {
        let chart = self.chart;
        let mut active = self.snapshot.configuration.iter();
        if child.is_none() && active.all(|&state| chart.state(state).invokes.is_empty()) {
            return Ok(());
        }
        let Some((name, payload)) = self
            .current
            .as_ref()
            .map(|current| (Arc::clone(&current.name), current.payload.clone()))
        else {
            return Ok(());
        };
        for state in self.snapshot.configuration.clone() {
            for invoke in &chart.state(state).invokes {
                if child == Some(invoke.id.as_str()) {
                    self.run(&invoke.finalize)?;
                }
                if invoke.autoforward
                    && let Some(child) = self.snapshot.children.get(&invoke.id)
                {
                    self.effects.push(Effect::Send {
                        case_id: Arc::clone(&child.case_id),
                        event: name.to_string(),
                        payload: payload.clone(),
                        at: self.now,
                        from_child: None,
                    });
                }
            }
        }
        if let Some(child) = child
            && name.starts_with("done.invoke.")
            && let Some(child) = self.snapshot.children.get_mut(child)
        {
            child.done = true;
        }
        Ok(())
    }
}

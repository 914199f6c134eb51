//! What a case waits for: tasks of people, and moments (R27, R30).
//!
//! Both are pure functions of the snapshot. The store writes the difference between two
//! snapshots' rows, and `verify` computes them again.
//!
//! **Invariant:** no calendar and no clock is asked; every instant is in the snapshot.

use std::sync::OnceLock;

use serde_json::Value;

use crate::ask::Active;
use crate::calendar::Due;
use crate::definition::{Chart, StateIx, Text};
use crate::expr::{Scope, Seen};
use crate::snapshot::{Snapshot, Timer};

/// An act that is owed. Its key in the case is (state, generation, element).
#[derive(Debug, Clone, PartialEq)]
pub struct Task {
    /// The waiting state.
    pub state: String,
    /// Which entry of the state it belongs to.
    pub generation: u32,
    /// Which element owes, for a task with `each`; with several tasks in a state, prefixed by the
    /// task's position.
    pub element: String,
    /// The role that owes it.
    pub role: String,
    /// What is owed.
    pub title: Text,
    /// The clock it is under, if any; `None` too while the clock stands still.
    pub due: Option<Due>,
}

/// The acts owed in `snapshot`, in document order.
pub fn tasks(chart: &Chart, snapshot: &Snapshot) -> Vec<Task> {
    let mut tasks = Vec::new();
    if snapshot.done {
        return tasks;
    }
    for &state in &snapshot.configuration {
        let definition = chart.state(state);
        for (position, task) in definition.tasks.iter().enumerate() {
            let elements = match &task.each {
                None => vec![String::new()],
                Some(each) => elements(chart, snapshot, each),
            };
            for element in elements {
                let element = if position == 0 { element } else { format!("{position}:{element}") };
                tasks.push(Task {
                    state: definition.id.to_string(),
                    generation: snapshot.generations.get(&state).copied().unwrap_or(0),
                    element,
                    role: task.role.clone(),
                    title: task.title.clone(),
                    due: clock_over(chart, snapshot, state),
                });
            }
        }
    }
    tasks
}

/// The due date that governs `state`: its own clock, or the nearest enclosing one.
pub fn clock_over(chart: &Chart, snapshot: &Snapshot, state: StateIx) -> Option<Due> {
    let mut around = std::iter::once(state).chain(chart.ancestors(state));
    let clock = around.find_map(|state| snapshot.terms.get(&state))?;
    clock.stopped.is_none().then_some(clock.due)
}

fn elements(chart: &Chart, snapshot: &Snapshot, each: &crate::expr::Expr) -> Vec<String> {
    let active = Active { chart, snapshot };
    let subject = OnceLock::new();
    let scope = Scope {
        data: &snapshot.data,
        event: None,
        actor: Seen::Value(&Value::Null),
        now_ms: snapshot.recorded_at.as_ms(),
        subject: Seen::Text(&snapshot.subject, &subject),
        active: &active,
        locals: &[],
    };
    let key = |element: &Value| match element {
        Value::String(text) => text.clone(),
        Value::Object(object) => match object.get("id") {
            Some(Value::String(id)) => id.clone(),
            _ => element.to_string(),
        },
        other => other.to_string(),
    };
    match each.eval(&scope) {
        Ok(Value::Array(elements)) => elements.iter().map(key).collect(),
        // An `each` that fails owes nothing it could name: the task stands for the whole state.
        _ => vec![String::new()],
    }
}

/// The moments at which `snapshot` must be woken, by name.
pub fn timers(chart: &Chart, snapshot: &Snapshot) -> Vec<Timer> {
    let mut timers = Vec::new();
    for (&state, clock) in &snapshot.terms {
        if clock.stopped.is_some() {
            continue;
        }
        let id = &chart.state(state).id;
        let generation = clock.generation;
        if !clock.fired {
            let due_at = clock.due.effective_at();
            timers.push(Timer { due_at, name: format!("due:{id}"), generation });
        }
        for (rung, &due_at) in clock.rungs.iter().enumerate() {
            if clock.sent.binary_search(&rung).is_err() {
                timers.push(Timer { due_at, name: format!("rung:{id}:{rung}"), generation });
            }
        }
    }
    for send in &snapshot.pending {
        let name = format!("send:{:010}", send.ordinal);
        timers.push(Timer { due_at: send.due_at, name, generation: 0 });
    }
    timers
}

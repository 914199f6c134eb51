//! Words to whoever owes: a reminder that a person sends by hand, and one to somebody above them.
//!
//! Both are notice entries, as the rungs of a ladder are: nothing moves, so no page grows stale (R26). The chart says
//! who may: whoever the ladder of the task's term tells that it is late, but for the role that owes it. So every
//! chart with a ladder takes them, those of cases that are open already too.
//!
//! **Invariant:** what is reminded of is owed at that moment; what is done is never reminded of.

use serde_json::{Value, json};

use crate::calendar::Due;
use crate::definition::{Chart, StateIx};
use crate::effect::Effect;
use crate::event::{Event, name};
use crate::machine::Machine;
use crate::refusal::Refused;
use crate::snapshot::Snapshot;
use crate::stepped::EntryKind;
use crate::waiting::{Task, tasks};

/// In the place of a rung: sent by a person. At most one a day reaches somebody, whatever the ladder says.
pub const BY_HAND: &str = "by hand";

/// The letter before the due moment.
const BEFORE: &str = "reminder";
/// The letter from the due moment on.
const AFTER: &str = "overdue";
/// The letter to somebody above.
const ABOVE: &str = "escalation";

/// The roles that may remind of `task`, in the order in which the ladder of its term tells them; none where it is
/// under no term, or its ladder tells nobody else.
pub fn urgers<'c>(chart: &'c Chart, snapshot: &Snapshot, task: &Task) -> Vec<&'c str> {
    let term = term_over(chart, snapshot, task).and_then(|state| chart.state(state).term.as_ref());
    let rungs = term.into_iter().flat_map(|term| &term.rungs);
    let told = rungs.filter(|rung| rung.offset.working_days > 0).flat_map(|rung| &rung.to);
    let mut roles: Vec<&str> = Vec::new();
    for role in told {
        if *role != task.role && !roles.contains(&role.as_str()) {
            roles.push(role);
        }
    }
    roles
}

/// The state under whose clock `task` is: its own, or the nearest around it.
fn term_over(chart: &Chart, snapshot: &Snapshot, task: &Task) -> Option<StateIx> {
    let state = chart.find(&task.state)?;
    std::iter::once(state)
        .chain(chart.ancestors(state))
        .find(|one| snapshot.terms.contains_key(one))
}

/// Takes a reminder: `{"state", "generation", "element"}` name the task, `note` is said with it, `forced` says it
/// even to whoever was told that day; [`name::ESCALATED`] names in `to` the role that is told.
pub(crate) fn urge(machine: &mut Machine<'_>, event: &Event) -> Result<EntryKind, Refused> {
    let chart = machine.chart;
    let (payload, asked) = (&event.payload, event.name.to_string());
    let is_named = |task: &&Task| {
        payload["state"] == task.state
            && payload["generation"].as_u64() == Some(u64::from(task.generation))
            && payload["element"] == task.element
    };
    let owed = tasks(chart, &machine.snapshot);
    let task = owed.iter().find(is_named);
    let task = task.ok_or_else(|| Refused::NotOwed { event: asked.clone() })?;
    let roles = urgers(chart, &machine.snapshot, task);
    if !roles.iter().any(|role| machine.holds(role)) {
        let roles = roles.into_iter().map(str::to_owned).collect();
        return Err(Refused::NotPermitted { event: asked, roles });
    }
    let due_at = task.due.as_ref().map(Due::effective_at);
    let is_late = due_at.is_some_and(|due| due <= machine.now);
    let (letter, role) = if event.name.as_ref() == name::ESCALATED {
        let above = payload["to"].as_str().filter(|to| *to != task.role);
        let above = above.filter(|to| chart.roles.contains_key(*to));
        (ABOVE, above.ok_or(Refused::NotOwed { event: asked })?)
    } else {
        (if is_late { AFTER } else { BEFORE }, task.role.as_str())
    };
    let item =
        term_over(chart, &machine.snapshot, task).map(|state| chart.state(state).id.to_string());
    let rung = if payload["forced"] == Value::Bool(true) { "" } else { BY_HAND };
    let notice = Effect::Notice {
        letter: letter.to_owned(),
        role: role.to_owned(),
        item: item.unwrap_or_else(|| task.state.clone()),
        rung: rung.to_owned(),
        due_at,
        immediate: true,
        data: json!({
            "note": payload["note"].as_str().unwrap_or_default(),
            "unit": machine.actor.org,
            "batch": payload["batch"].as_str().unwrap_or_default(),
        }),
    };
    machine.effects.push(notice);
    Ok(EntryKind::Notice)
}

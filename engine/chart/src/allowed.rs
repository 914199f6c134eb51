//! What an actor may do with a case now, and what is not possible yet and why.
//!
//! Pages, the API and the CLI show these words. Guards and conditions that read `event` cannot be
//! judged before it is sent; they count as true until then (R22).
//!
//! **Invariant:** an event listed as allowed is refused only for what its payload says.

use serde_json::Value;

use crate::calendar::Calendar;
use crate::definition::{Chart, EventDef, Requirement, Text, TransitionIx};
use crate::event::{Actor, Event};
use crate::machine::Machine;
use crate::moment::Timestamp;
use crate::refusal::{Reason, Refused};
use crate::select::{Judge, Trigger, select};
use crate::snapshot::Snapshot;

/// An event as offered to a person.
#[derive(Debug, Clone, PartialEq)]
pub struct Action {
    /// The event.
    pub event: String,
    /// The words on the button.
    pub title: Text,
    /// The schema of its payload, the form; null when it takes none.
    pub payload: Value,
}

/// An event that is not possible now.
#[derive(Debug, Clone, PartialEq)]
pub struct Blocked {
    /// The event.
    pub event: String,
    /// Its title.
    pub title: Text,
    /// Why, every reason.
    pub reasons: Vec<Reason>,
    /// The roles that may send it, when the actor is not among them.
    pub roles: Vec<String>,
}

/// The answer for one case and one actor.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Allowed {
    /// What can be sent now, in the order of event names.
    pub allowed: Vec<Action>,
    /// What cannot, and why.
    pub blocked: Vec<Blocked>,
}

/// Every event of the chart that an active state takes, as `actor` may or may not send it now.
pub fn allowed(
    chart: &Chart,
    snapshot: &Snapshot,
    actor: &Actor,
    now: Timestamp,
    calendar: &Calendar,
) -> Allowed {
    let mut answer = Allowed::default();
    if snapshot.done || snapshot.revision == 0 {
        return answer;
    }
    for (name, definition) in chart.events.iter().filter(|(_, definition)| !definition.machine) {
        let event = Event::person(name, Value::Null);
        let mut machine = Machine::new(chart, snapshot.clone(), &event, actor, now, calendar);
        machine.see(&event.name, Value::Null, None);
        judge(&machine, name, definition, &mut answer);
    }
    answer
}

/// Judges guards leniently: what reads the payload counts as true.
struct Lenient<'m, 'a>(&'m Machine<'a>);

impl Judge for Lenient<'_, '_> {
    fn guard(&self, transition: TransitionIx) -> Result<bool, String> {
        match &self.0.chart.transition(transition).guard {
            Some(guard) if guard.reads().event => Ok(true),
            _ => self.0.guard(transition),
        }
    }

    fn permits(&self, transition: TransitionIx) -> bool {
        self.0.permits(transition)
    }
}

fn judge(machine: &Machine<'_>, name: &str, definition: &EventDef, answer: &mut Allowed) {
    let Snapshot { configuration, history, .. } = &machine.snapshot;
    let trigger = Trigger::Named(name);
    let selection = select(machine.chart, configuration, history, trigger, &Lenient(machine));
    if selection.enabled.is_empty() {
        if !selection.forbidden.is_empty() {
            let refused = Refused::NotPermitted {
                event: name.to_owned(),
                roles: selection.forbidden.clone(),
            };
            answer.blocked.push(Blocked {
                event: name.to_owned(),
                title: definition.title.clone(),
                reasons: vec![Reason {
                    text: refused.text(),
                    unlocks: selection.forbidden.first().cloned(),
                    earliest: None,
                }],
                roles: selection.forbidden,
            });
        }
        return;
    }
    let requirements =
        selection.enabled.iter().flat_map(|&one| &machine.chart.transition(one).require);
    let reasons: Vec<Reason> =
        requirements.filter_map(|requirement| unmet(machine, requirement)).collect();
    if reasons.is_empty() {
        answer.allowed.push(Action {
            event: name.to_owned(),
            title: definition.title.clone(),
            payload: definition
                .payload
                .as_ref()
                .map_or(Value::Null, |schema| schema.source().clone()),
        });
    } else {
        answer.blocked.push(Blocked {
            event: name.to_owned(),
            title: definition.title.clone(),
            reasons,
            roles: Vec::new(),
        });
    }
}

fn unmet(machine: &Machine<'_>, requirement: &Requirement) -> Option<Reason> {
    if requirement.that.reads().event || machine.truth(&requirement.that) == Ok(true) {
        return None;
    }
    let earliest = requirement.unlocks_at.as_ref().and_then(|at| machine.value(at).ok());
    Some(Reason {
        text: requirement.reason.clone(),
        unlocks: requirement.unlocks.clone(),
        earliest: earliest.and_then(|ms| ms.as_i64()).map(Timestamp),
    })
}

//! Finds the assignments that hand on what was judged: a member of the payload, as it is, to a member
//! of the data that demands the same. `set: [{ path: data.notes, to: event.notes }]` is most of what
//! the steps of an official procedure do; the value was judged with the payload.
//!
//! **Invariant:** an assignment is marked only where each declared event that its transition takes has that
//! member; what was not admitted by its event's schema is judged in any case.

use std::collections::BTreeMap;

use crate::definition::{Action, Assign, EventDef, Transition};
use crate::expr::Expr;
use crate::path::Segment;
use crate::schema::Schema;

/// Marks such assignments of `transitions`.
pub(crate) fn mark(
    transitions: &mut [Transition],
    events: &BTreeMap<String, EventDef>,
    data: Option<&Schema>,
) {
    let Some(data) = data else { return };
    for transition in transitions {
        let takes = |name: &str| transition.events.iter().any(|pattern| pattern.matches(name));
        let taken = events.iter().filter(|(name, _)| takes(name));
        let payloads: Option<Vec<&Schema>> =
            taken.map(|(_, event)| event.payload.as_ref()).collect();
        if let Some(payloads) = payloads.filter(|payloads| !payloads.is_empty()) {
            mark_block(&mut transition.actions, &payloads, data);
        }
    }
}

fn mark_block(block: &mut [Action], payloads: &[&Schema], data: &Schema) {
    for action in block {
        match action {
            Action::Set(assigns) => {
                for assign in assigns {
                    assign.hands_on = hands_on(assign, payloads, data);
                }
            }
            Action::If { branches, otherwise } => {
                for (_, branch) in branches {
                    mark_block(branch, payloads, data);
                }
                mark_block(otherwise, payloads, data);
            }
            _ => {}
        }
    }
}

fn hands_on(assign: &Assign, payloads: &[&Schema], data: &Schema) -> bool {
    let Some([Segment::Key(to)]) = assign.path.segments() else { return false };
    let from = assign.to.as_ref().and_then(Expr::payload_member);
    from.is_some_and(|from| payloads.iter().all(|payload| payload.demands_as(from, data, to)))
}

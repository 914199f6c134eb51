//! Transitions that cannot be meant as they stand, seen by looking at their neighbours.

use crate::definition::{Chart, Kind, StateIx, Transition};
use crate::event::name;
use crate::problem::ProblemKind;

use super::work::{line, never_waits, no_act};
use super::{Check, event_of};

/// Looks at every transition, and at the words of terms and history states.
pub(super) fn check(check: &mut Check<'_>) {
    empty(check);
    due(check);
    nowhere(check);
    untitled(check);
    for state in (0..).take(check.chart.states.len()) {
        never_waits(check, state);
        no_act(check, state);
    }
}

/// Transitions that lead nowhere and do nothing.
fn empty(check: &mut Check<'_>) {
    let chart = check.chart;
    for state in &chart.states {
        for &one in &state.transitions {
            let transition = chart.transition(one);
            if transition.targets.is_empty() && transition.actions.is_empty() {
                let event = event_of(transition);
                check.report(
                    ProblemKind::EmptyTransition,
                    transition.place,
                    &event,
                    format!("bước `{event}` của `{}` không dẫn tới đâu và không làm gì", state.id),
                    format!("`{event}` of `{}` leads nowhere and does nothing", state.id),
                );
            }
        }
    }
}

/// A `term.due` without `event.term`, where the chart has several terms.
fn due(check: &mut Check<'_>) {
    let chart = check.chart;
    if chart.states.iter().filter(|one| one.term.is_some()).count() < 2 {
        return;
    }
    for transition in &chart.transitions {
        let on_due = transition.events.iter().any(|one| one.0.as_ref() == name::DUE);
        let own = chart.state(transition.source).term.is_some();
        let asks = transition.guard.as_ref().is_some_and(|guard| guard.reads().event);
        if on_due && !asks && (own || !transition.targets.is_empty()) {
            check.report(
                ProblemKind::AmbiguousTerm,
                transition.place,
                name::DUE,
                "quy trình có nhiều thời hạn; hãy hỏi `event.term` là của trạng thái nào",
                "the chart has several terms; ask `event.term` whose has fallen due",
            );
        }
    }
}

/// An event that leads on from other states by the same people, and from one nowhere, though
/// where it leads is not active there.
fn nowhere(check: &mut Check<'_>) {
    let chart = check.chart;
    for transition in &chart.transitions {
        if !transition.targets.is_empty() || transition.events.is_empty() {
            continue;
        }
        let Some(other) = elsewhere(chart, transition) else { continue };
        let (event, id) = (event_of(transition), &chart.state(transition.source).id);
        let leads = &chart.state(other).id;
        check.report(
            ProblemKind::LeadsNowhere,
            transition.place,
            &event,
            format!("`{event}` ở nơi khác dẫn tới `{leads}`, còn ở `{id}` thì không dẫn tới đâu"),
            format!("`{event}` leads to `{leads}` from elsewhere, and from `{id}` nowhere"),
        );
    }
}

/// Where the same event leads from another state; nothing where that is active here already.
fn elsewhere(chart: &Chart, here: &Transition) -> Option<StateIx> {
    let mut found = None;
    for other in &chart.transitions {
        let same = other.events == here.events && other.source != here.source;
        let people = other.by.is_empty() && here.by.is_empty()
            || other.by.iter().any(|role| here.by.contains(role));
        let told = here
            .events
            .iter()
            .all(|one| chart.events.get(one.0.as_ref()).is_some_and(|event| !event.machine));
        let Some(&target) = other.targets.first() else { continue };
        if !same || !people || !told {
            continue;
        }
        if line(chart, here.source).any(|up| up == target || other.source == up) {
            return None;
        }
        found = Some(target);
    }
    found
}

/// Terms and history states without words: people meet both on pages and in pictures.
fn untitled(check: &mut Check<'_>) {
    for state in &check.chart.states {
        let wordless = matches!(state.kind, Kind::History { .. }) && state.title.vi.is_empty();
        let place = match &state.term {
            Some(term) if term.title.is_none() => term.place,
            _ if wordless => state.place,
            _ => continue,
        };
        check.report(
            ProblemKind::Untitled,
            place,
            &state.id,
            format!("`{}`: thời hạn hoặc trạng thái nhớ chưa có tên gọi", state.id),
            format!("`{}`: its term or history has no title", state.id),
        );
    }
}

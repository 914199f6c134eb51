//! Behaviour: what the search over configurations shows.

use std::collections::BTreeSet;

use crate::definition::{Chart, EventPattern, Kind, StateIx, Transition, TransitionIx};
use crate::problem::{Problem, ProblemKind};

use super::machine::{Machine, Place};
use super::search::{Found, events, search};
use super::{Check, event_of};

/// Searches, then tells what was seen and what never was.
pub(super) fn check(check: &mut Check<'_>) {
    let machine = Machine::new(check.chart, &events(check.chart));
    let found = search(&machine);
    endless(check, &found);
    cancels(check, &found);
    if !found.complete {
        return;
    }
    unreachable(check, &found);
    let waited = regions(check, &found);
    dead(check, &machine, &found, &waited);
    if found.endless.is_empty() {
        ends(check, &found);
    }
}

fn endless(check: &mut Check<'_>, found: &Found) {
    for (&one, trace) in &found.endless {
        let transition = check.chart.transition(one);
        let id = check.chart.state(transition.source).id.to_string();
        check.push(
            Problem::new(
                ProblemKind::EndlessCycle,
                transition.place,
                &id,
                format!("bước tự động từ `{id}` không bao giờ dừng"),
                format!("the eventless transition of `{id}` never comes to rest"),
            )
            .with_trace(trace.clone()),
        );
    }
}

fn cancels(check: &mut Check<'_>, found: &Found) {
    let chart = check.chart;
    for (&one, (state, trace)) in &found.left {
        let transition = chart.transition(one);
        let by_child = transition
            .events
            .iter()
            .any(|pattern| pattern.0.starts_with("done.invoke") || pattern.0.starts_with("error"));
        if transition.cancels || by_child {
            continue;
        }
        let (event, id) = (event_of(transition), &chart.state(*state).id);
        check.push(
            Problem::new(
                ProblemKind::SilentCancel,
                transition.place,
                &event,
                format!("`{event}` rời `{id}` và hủy hồ sơ con; nếu đúng ý, ghi `cancels: true`"),
                format!(
                    "`{event}` leaves `{id}` and ends its child; write `cancels: true` if meant"
                ),
            )
            .with_trace(trace.clone()),
        );
    }
}

fn unreachable(check: &mut Check<'_>, found: &Found) {
    let chart = check.chart;
    for (ix, state) in (0..).zip(&chart.states) {
        let parent_is_entered = state.parent.is_none_or(|up| found.entered.contains(&up));
        let reached = match state.kind {
            Kind::History { .. } => chart.transitions.iter().any(|one| one.targets.contains(&ix)),
            _ => found.entered.contains(&ix),
        };
        if parent_is_entered && !reached {
            let id = &state.id;
            check.report(
                ProblemKind::UnreachableState,
                state.place,
                id,
                format!("không có cách nào đến `{id}`"),
                format!("`{id}` is never entered"),
            );
        }
    }
}

/// Whether a region can reach its end.
fn can_end(chart: &Chart, found: &Found, state: StateIx) -> bool {
    let here = chart.state(state);
    match here.kind {
        Kind::Compound { .. } => here
            .children
            .iter()
            .any(|&one| chart.state(one).kind == Kind::Final && found.entered.contains(&one)),
        Kind::Parallel => here.children.iter().all(|&one| can_end(chart, found, one)),
        Kind::History { .. } => true,
        Kind::Atomic | Kind::Final => false,
    }
}

/// Parallel states whose end is waited for and never comes; their `done.state` names.
fn regions(check: &mut Check<'_>, found: &Found) -> BTreeSet<String> {
    let chart = check.chart;
    let mut waited = BTreeSet::new();
    for (ix, state) in (0..).zip(&chart.states) {
        let done = format!("done.state.{}", state.id);
        let awaited = chart
            .transitions
            .iter()
            .flat_map(|one| &one.events)
            .any(|one| one.0.as_ref() != "*" && one.matches(&done));
        if state.kind != Kind::Parallel || !awaited || !found.entered.contains(&ix) {
            continue;
        }
        for &region in &state.children {
            if can_end(chart, found, region) {
                continue;
            }
            waited.insert(done.clone());
            let id = &chart.state(region).id;
            check.report(
                ProblemKind::RegionCannotEnd,
                chart.state(region).place,
                id,
                format!("nhánh `{id}` không bao giờ kết thúc, nên `{done}` không bao giờ xảy ra"),
                format!("region `{id}` never reaches its end, so `{done}` never comes"),
            );
        }
    }
    waited
}

fn dead(check: &mut Check<'_>, machine: &Machine<'_>, found: &Found, waited: &BTreeSet<String>) {
    let chart = check.chart;
    for (ix, state) in (0..).zip(&chart.states) {
        if !found.entered.contains(&ix) {
            continue;
        }
        for &one in &state.transitions {
            let transition = chart.transition(one);
            let told = transition.events.is_empty()
                || transition.events.iter().any(|one| can_come(check, one));
            let explained = waited
                .iter()
                .any(|done| transition.events.iter().any(|pattern| pattern.matches(done)));
            if found.taken.contains(&one) || !told || explained {
                continue;
            }
            let event = event_of(transition);
            let (vi, en) = match shadow(machine, state.transitions.as_slice(), one) {
                Some(line) => (
                    format!("bước ở dòng {line} luôn được chọn trước"),
                    format!("the transition on line {line} is always taken first"),
                ),
                None => ("không bao giờ xảy ra".to_owned(), "it is never taken".to_owned()),
            };
            check.report(
                ProblemKind::DeadTransition,
                transition.place,
                &event,
                format!("bước `{event}` của `{}`: {vi}", state.id),
                format!("`{event}` of `{}`: {en}", state.id),
            );
        }
    }
}

/// Whether an event that matches can come at all; if not, its name is wrong, which is told apart.
fn can_come(check: &Check<'_>, pattern: &EventPattern) -> bool {
    let chart = check.chart;
    let engine = ["term.due", "error.execution", "error.communication"];
    let named = pattern.0.starts_with("done.");
    let own = check.source.mentions.iter().any(|one| {
        one.role == crate::load::source::MentionOf::OwnEvent && pattern.matches(&one.name)
    });
    named
        || own
        || chart.events.keys().any(|one| pattern.matches(one))
        || engine.iter().any(|one| pattern.matches(one))
}

/// The line of an earlier transition of the same state that always wins.
fn shadow(machine: &Machine<'_>, siblings: &[TransitionIx], one: TransitionIx) -> Option<u32> {
    let chart = machine.chart;
    let late = chart.transition(one);
    let wider = |early: &Transition| {
        let events = late.events.iter().all(|pattern| {
            early
                .events
                .iter()
                .any(|wide| wide.matches(pattern.0.strip_suffix(".*").unwrap_or(&pattern.0)))
        });
        let roles = early.by.is_empty()
            || (!late.by.is_empty() && late.by.iter().all(|role| early.by.contains(role)));
        events && roles && early.events.is_empty() == late.events.is_empty()
    };
    siblings
        .iter()
        .take_while(|&&early| early != one)
        .find(|&&early| machine.truth(early).is_plain() && wider(chart.transition(early)))
        .map(|&early| chart.transition(early).place.line)
}

/// Dead ends, and places from which the end is out of reach.
fn ends(check: &mut Check<'_>, found: &Found) {
    let escapes = backwards(found, |one| {
        let place = &found.places[one];
        place.done
            || found.next[one]
                .iter()
                .any(|&to| found.places[to].active != place.active || found.places[to].done)
    });
    let stuck: BTreeSet<usize> =
        (0..found.places.len()).filter(|one| !escapes.contains(one)).collect();
    let mut told = BTreeSet::new();
    for &one in &stuck {
        let (id, place) = innermost(check.chart, &found.places[one]);
        if told.insert(place) {
            check.push(
                Problem::new(
                    ProblemKind::DeadEnd,
                    place,
                    &id,
                    format!("đến `{id}` thì không đi tiếp được, mà đó không phải kết thúc"),
                    format!("`{id}` is reached and cannot be left, and it is not final"),
                )
                .with_trace(found.trace(one)),
            );
        }
    }
    let completes = backwards(found, |one| found.places[one].done || stuck.contains(&one));
    let Some(lost) = (0..found.places.len()).find(|one| !completes.contains(one)) else { return };
    let (id, place) = innermost(check.chart, &found.places[lost]);
    check.push(
        Problem::new(
            ProblemKind::CannotComplete,
            place,
            &id,
            format!("từ `{id}` không có cách nào đi đến kết thúc"),
            format!("from `{id}` the chart can never complete"),
        )
        .with_trace(found.trace(lost)),
    );
}

/// The places from which some place that `is` so can be reached.
fn backwards(found: &Found, is: impl Fn(usize) -> bool) -> BTreeSet<usize> {
    let mut before: Vec<Vec<usize>> = vec![Vec::new(); found.places.len()];
    for (from, all) in found.next.iter().enumerate() {
        for &to in all {
            before[to].push(from);
        }
    }
    let mut known: BTreeSet<usize> = (0..found.places.len()).filter(|&one| is(one)).collect();
    let mut open: Vec<usize> = known.iter().copied().collect();
    while let Some(one) = open.pop() {
        for &from in &before[one] {
            if known.insert(from) {
                open.push(from);
            }
        }
    }
    known
}

/// The innermost active state, the first in document order where there are several.
fn innermost(chart: &Chart, place: &Place) -> (String, crate::definition::Place) {
    let deepest = place
        .active
        .iter()
        .copied()
        .find(|&one| chart.state(one).kind == Kind::Atomic)
        .unwrap_or(0);
    (chart.state(deepest).id.to_string(), chart.state(deepest).place)
}

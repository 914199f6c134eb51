//! Which states a set of transitions leaves and enters (SCXML Appendix D), over document order.
//!
//! States are numbered in document order, so "descendant of" is a range test, exit order is
//! descending and entry order ascending. A transition's exit set is the active part of its
//! domain's range; two exit sets meet exactly when one domain holds the other.
//!
//! **Invariant:** nothing here changes anything.

use std::collections::BTreeMap;
use std::ops::Deref;

use smallvec::SmallVec;

use crate::definition::{Chart, Kind, StateIx, TransitionIx};

/// What each history state remembers.
pub(crate) type History = BTreeMap<StateIx, Vec<StateIx>>;
/// A few states; most steps move less than eight.
pub(crate) type States = SmallVec<[StateIx; 8]>;
/// Transitions with their domains; most steps take one.
pub(crate) type Moving = SmallVec<[(TransitionIx, Option<StateIx>); 4]>;

/// The states a transition leads to, history states replaced by what they remember.
pub(crate) fn effective_targets(chart: &Chart, targets: &[StateIx], history: &History) -> States {
    let mut found = States::new();
    for &target in targets {
        match chart.state(target).kind {
            Kind::History { default, .. } => {
                let more = match history.get(&target) {
                    Some(remembered) => States::from_slice(remembered),
                    None => effective_targets(chart, &chart.transition(default).targets, history),
                };
                for state in more {
                    insert(&mut found, state);
                }
            }
            _ => insert(&mut found, target),
        }
    }
    found
}

/// The state whose active descendants the transition leaves; `None` when it leaves nothing.
pub(crate) fn domain(
    chart: &Chart,
    transition: TransitionIx,
    history: &History,
) -> Option<StateIx> {
    let definition = chart.transition(transition);
    if definition.targets.is_empty() {
        return None;
    }
    let plain = |&state: &StateIx| !matches!(chart.state(state).kind, Kind::History { .. });
    let resolved;
    let targets: &[StateIx] = if definition.targets.iter().all(plain) {
        &definition.targets
    } else {
        resolved = effective_targets(chart, &definition.targets, history);
        &resolved
    };
    let source = definition.source;
    if source == 0 {
        return Some(0);
    }
    let compound = |state| matches!(chart.state(state).kind, Kind::Compound { .. });
    if definition.internal
        && compound(source)
        && targets.iter().all(|&target| chart.is_descendant(target, source))
    {
        return Some(source);
    }
    chart.ancestors(source).find(|&ancestor| {
        (compound(ancestor) || ancestor == 0)
            && targets.iter().all(|&target| chart.is_descendant(target, ancestor))
    })
}

/// Whether the exit sets of two transitions with these domains have a state in common.
pub(crate) fn meet(chart: &Chart, one: Option<StateIx>, other: Option<StateIx>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => {
            one == other || chart.is_descendant(one, other) || chart.is_descendant(other, one)
        }
        _ => false,
    }
}

/// The states to enter, and what their entering brings with it.
#[derive(Debug, Default)]
pub(crate) struct Entry {
    /// In document order.
    pub(crate) states: States,
    /// Compound states entered by default: their initial transition's content is run.
    pub(crate) by_default: States,
    /// Default content of a history state, run after its parent's entry blocks.
    pub(crate) history_default: Vec<(StateIx, TransitionIx)>,
}

/// The entry set of `transitions` (SCXML `computeEntrySet`), each with its domain as it was before
/// anything was left.
///
/// Differs from Appendix D, which asks for the domain again here: leaving a state may just have
/// changed what a history target stands for, and the smaller domain would leave out ancestors.
pub(crate) fn entry_set(
    chart: &Chart,
    transitions: &[(TransitionIx, Option<StateIx>)],
    history: &History,
) -> Entry {
    let mut entry = Entry::default();
    for &(transition, domain) in transitions {
        let targets = &chart.transition(transition).targets;
        for &target in targets {
            add_descendants(chart, target, history, &mut entry);
        }
        if let Some(domain) = domain {
            for target in effective_targets(chart, targets, history) {
                add_ancestors(chart, target, domain, history, &mut entry);
            }
        }
    }
    entry
}

fn add_descendants(chart: &Chart, state: StateIx, history: &History, entry: &mut Entry) {
    match chart.state(state).kind {
        Kind::History { default, .. } => {
            let parent = chart.state(state).parent.expect("a history state has a parent");
            if let Some(remembered) = history.get(&state) {
                enter_all(chart, remembered, parent, history, entry);
            } else {
                entry.history_default.push((parent, default));
                enter_all(chart, &chart.transition(default).targets, parent, history, entry);
            }
        }
        Kind::Compound { initial } => {
            insert(&mut entry.states, state);
            entry.by_default.push(state);
            enter_all(chart, &chart.transition(initial).targets, state, history, entry);
        }
        Kind::Parallel => {
            insert(&mut entry.states, state);
            enter_regions(chart, state, history, entry);
        }
        Kind::Atomic | Kind::Final => insert(&mut entry.states, state),
    }
}

fn enter_all(
    chart: &Chart,
    targets: &[StateIx],
    below: StateIx,
    history: &History,
    entry: &mut Entry,
) {
    for &target in targets {
        add_descendants(chart, target, history, entry);
    }
    for &target in targets {
        add_ancestors(chart, target, below, history, entry);
    }
}

fn add_ancestors(
    chart: &Chart,
    state: StateIx,
    below: StateIx,
    history: &History,
    entry: &mut Entry,
) {
    for ancestor in chart.ancestors(state).take_while(|&ancestor| ancestor != below) {
        if ancestor == 0 {
            break;
        }
        insert(&mut entry.states, ancestor);
        if chart.state(ancestor).kind == Kind::Parallel {
            enter_regions(chart, ancestor, history, entry);
        }
    }
}

/// Enters every region of a parallel state that is not being entered already.
fn enter_regions(chart: &Chart, parallel: StateIx, history: &History, entry: &mut Entry) {
    for &child in &chart.state(parallel).children {
        if matches!(chart.state(child).kind, Kind::History { .. }) {
            continue;
        }
        let entering =
            entry.states.iter().any(|&state| state == child || chart.is_descendant(state, child));
        if !entering {
            add_descendants(chart, child, history, entry);
        }
    }
}

/// A list that a state can be put into.
pub(crate) trait List: Deref<Target = [StateIx]> {
    fn put(&mut self, at: usize, state: StateIx);
}

impl List for Vec<StateIx> {
    fn put(&mut self, at: usize, state: StateIx) {
        self.insert(at, state);
    }
}

impl List for States {
    fn put(&mut self, at: usize, state: StateIx) {
        self.insert(at, state);
    }
}

/// Adds `state` to a list kept in document order, once.
pub(crate) fn insert(states: &mut impl List, state: StateIx) {
    if let Err(at) = states.binary_search(&state) {
        states.put(at, state);
    }
}

//! The chart without its data: which configurations follow which, guards taken both ways.
//!
//! This is SCXML's algorithm (Appendix D) on sets of states only. A condition is unknown unless it
//! is constant or asks `In()` alone, so each selection is tried once for every answer the
//! conditions could give; conditions with one text answer alike. Delayed sends are remembered by
//! name, so a timer is an event like any other.
//!
//! **Invariant:** every configuration a real case can reach is reached here too (while the bound
//! holds); the converse is not promised.

use std::collections::{BTreeMap, BTreeSet};

use crate::definition::{Chart, Kind, StateIx, TransitionIx};

use super::effects::{Effects, Op};
use super::entry::{Entry, effective};
use super::truth::{Sender, Truth};

/// A case as far as its data do not matter.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Place {
    /// Active states in document order, the root included.
    pub(super) active: Vec<StateIx>,
    /// What each history state remembers.
    pub(super) history: BTreeMap<StateIx, Vec<StateIx>>,
    /// Delayed sends that wait: event and id.
    pub(super) pending: BTreeSet<(String, String)>,
    /// Internal events not taken yet.
    pub(super) queue: Vec<String>,
    /// Whether a top-level final state was reached.
    pub(super) done: bool,
}

/// An event as the machine tells it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Told {
    /// Its name.
    pub(super) name: String,
    /// The id of the state whose term fell due, for `term.due`.
    pub(super) term_id: Option<String>,
}

impl Told {
    /// The term of the state `id` falling due.
    pub(super) fn due(id: &str) -> Self {
        Self { name: crate::event::name::DUE.to_owned(), term_id: Some(id.to_owned()) }
    }

    /// How a trace tells it.
    pub(super) fn label(&self) -> String {
        match &self.term_id {
            Some(id) => format!("{}({id})", self.name),
            None => self.name.clone(),
        }
    }

    /// An event by name.
    pub(super) fn named(name: &str) -> Self {
        Self { name: name.to_owned(), term_id: None }
    }
}

/// The chart with what is known of its conditions and actions.
#[derive(Debug)]
pub(super) struct Machine<'a> {
    pub(super) chart: &'a Chart,
    truths: Vec<Truth>,
    /// The transitions each event triggers, by the event's name; empty for the eventless ones.
    triggered: BTreeMap<String, Vec<bool>>,
    pub(super) effects: Effects,
}

/// Conditions beyond this many are not tried in every combination.
const KEYS_MAX: usize = 4;

impl<'a> Machine<'a> {
    /// Prepares `chart` for the events it can be told, and for those it tells itself.
    pub(super) fn new(chart: &'a Chart, events: &BTreeSet<String>) -> Self {
        let truths = chart.transitions.iter().map(|one| Truth::of(chart, one)).collect();
        let mut triggered = BTreeMap::new();
        let eventless = chart.transitions.iter().map(|one| one.events.is_empty()).collect();
        triggered.insert(String::new(), eventless);
        for event in events {
            let on = |one: &crate::definition::Transition| {
                one.events.iter().any(|pattern| pattern.matches(event))
            };
            triggered.insert(event.clone(), chart.transitions.iter().map(on).collect());
        }
        Self { chart, truths, triggered, effects: Effects::of(chart) }
    }

    /// The places in which a case can find itself when it begins, before anything eventless.
    pub(super) fn start(&self) -> Vec<Place> {
        let mut entry = Entry::new(self.chart, BTreeMap::new());
        entry.descendants(0);
        self.enter(Place::default(), &entry, vec![Vec::new()])
    }

    /// Every set of transitions that `event` (or nothing) may select, the empty set included where
    /// conditions allow it.
    pub(super) fn selections(&self, at: &Place, event: Option<&Told>) -> Vec<Vec<TransitionIx>> {
        let mut keys: Vec<&str> = Vec::new();
        let lines = self.candidates(at, event, &mut keys);
        if lines.is_empty() {
            return vec![Vec::new()];
        }
        let senders = self.senders(&lines, event);
        let mut enabled = BTreeSet::new();
        for holds in answers(&lines, keys.len(), event.is_none()) {
            for sender in &senders {
                let mut chosen: Vec<TransitionIx> = Vec::new();
                for line in &lines {
                    let first = line
                        .iter()
                        .find(|one| one.needs & !holds == 0 && self.truth(one.ix).may(sender));
                    if let Some(first) = first
                        && !chosen.contains(&first.ix)
                    {
                        chosen.push(first.ix);
                    }
                }
                enabled.insert(chosen);
            }
        }
        let sets: BTreeSet<Vec<TransitionIx>> =
            enabled.iter().map(|chosen| self.without_conflicts(at, chosen)).collect();
        sets.into_iter().collect()
    }

    /// For each active leaf, the transitions that could be enabled, innermost first, up to the
    /// first that no data can forbid.
    fn candidates<'k>(
        &'k self,
        at: &Place,
        event: Option<&Told>,
        keys: &mut Vec<&'k str>,
    ) -> Vec<Vec<Candidate>> {
        let triggered = self.triggered(event);
        let mut lines = Vec::new();
        for &leaf in &at.active {
            if !matches!(self.chart.state(leaf).kind, Kind::Atomic | Kind::Final) {
                continue;
            }
            let mut line = Vec::new();
            let states = std::iter::once(leaf).chain(self.chart.ancestors(leaf));
            for one in states.flat_map(|state| self.chart.state(state).transitions.iter().copied())
            {
                let on = triggered.get(one as usize).copied().unwrap_or(false);
                if !on || self.truth(one).fixed(at, event) == Some(false) {
                    continue;
                }
                let mut needs = 0;
                for key in self.truth(one).keys() {
                    let bit = keys.iter().position(|known| *known == key).unwrap_or_else(|| {
                        keys.push(key);
                        keys.len() - 1
                    });
                    needs |= 1_u64 << (bit % 64);
                }
                line.push(Candidate { ix: one, needs });
                if needs == 0 && self.truth(one).by.is_empty() {
                    break;
                }
            }
            if !line.is_empty() {
                lines.push(line);
            }
        }
        lines
    }

    /// Who may send the event, as far as transitions tell them apart.
    fn senders<'k>(&'k self, lines: &[Vec<Candidate>], event: Option<&Told>) -> Vec<Sender<'k>> {
        if !event.is_some_and(|one| self.is_person(&one.name)) {
            return vec![Sender::Machine];
        }
        let mut roles: BTreeSet<&str> = BTreeSet::from([""]);
        for one in lines.iter().flatten() {
            roles.extend(self.truth(one.ix).by.iter().map(String::as_str));
        }
        roles.into_iter().map(Sender::Person).collect()
    }

    /// Whether people send the event.
    fn is_person(&self, event: &str) -> bool {
        self.chart.events.get(event).is_some_and(|one| !one.machine)
    }

    /// Whether any active state has a transition on `event` at all.
    pub(super) fn could_take(&self, at: &Place, event: &Told) -> bool {
        let triggered = self.triggered(Some(event));
        at.active
            .iter()
            .flat_map(|&state| &self.chart.state(state).transitions)
            .any(|&one| triggered.get(one as usize).copied().unwrap_or(false))
    }

    pub(super) fn truth(&self, one: TransitionIx) -> &Truth {
        &self.truths[one as usize]
    }

    /// Which transitions `event` triggers; no event triggers the eventless ones.
    fn triggered(&self, event: Option<&Told>) -> &[bool] {
        let name = event.map_or("", |one| one.name.as_str());
        self.triggered.get(name).map_or(&[], Vec::as_slice)
    }

    /// SCXML `removeConflictingTransitions`.
    fn without_conflicts(&self, at: &Place, enabled: &[TransitionIx]) -> Vec<TransitionIx> {
        let mut kept: Vec<TransitionIx> = Vec::new();
        'enabled: for &one in enabled {
            let exits = self.exits(at, one);
            let mut lost = Vec::new();
            for &other in &kept {
                if self.exits(at, other).iter().all(|state| !exits.contains(state)) {
                    continue;
                }
                let (mine, theirs) =
                    (self.chart.transition(one).source, self.chart.transition(other).source);
                if self.chart.is_descendant(mine, theirs) {
                    lost.push(other);
                } else {
                    continue 'enabled;
                }
            }
            kept.retain(|other| !lost.contains(other));
            kept.push(one);
        }
        kept
    }

    /// The active states that the transition leaves.
    pub(super) fn exits(&self, at: &Place, one: TransitionIx) -> Vec<StateIx> {
        let Some(domain) = self.domain(&at.history, one) else { return Vec::new() };
        at.active.iter().copied().filter(|&one| self.chart.is_descendant(one, domain)).collect()
    }

    /// SCXML `getTransitionDomain`; nothing for a targetless transition.
    fn domain(
        &self,
        history: &BTreeMap<StateIx, Vec<StateIx>>,
        one: TransitionIx,
    ) -> Option<StateIx> {
        let transition = self.chart.transition(one);
        let targets = effective(self.chart, history, &transition.targets);
        if targets.is_empty() {
            return None;
        }
        let source = transition.source;
        let inside = |up: StateIx| targets.iter().all(|&one| self.chart.is_descendant(one, up));
        let compound = matches!(self.chart.state(source).kind, Kind::Compound { .. });
        if transition.internal && compound && inside(source) {
            return Some(source);
        }
        self.chart
            .ancestors(source)
            .find(|&up| {
                (up == 0 || matches!(self.chart.state(up).kind, Kind::Compound { .. }))
                    && inside(up)
            })
            .or(Some(0))
    }

    /// What one microstep makes of a place; several answers where actions choose.
    pub(super) fn microstep(&self, at: &Place, taken: &[TransitionIx]) -> Vec<Place> {
        let mut next = at.clone();
        let mut leaving: BTreeSet<StateIx> = BTreeSet::new();
        for &one in taken {
            leaving.extend(self.exits(at, one));
        }
        for &state in &leaving {
            for &child in &self.chart.state(state).children {
                if let Kind::History { deep, .. } = self.chart.state(child).kind {
                    let kept = at.active.iter().copied().filter(|&one| {
                        if deep {
                            self.chart.is_descendant(one, state)
                                && matches!(self.chart.state(one).kind, Kind::Atomic | Kind::Final)
                        } else {
                            self.chart.state(one).parent == Some(state)
                        }
                    });
                    next.history.insert(child, kept.collect());
                }
            }
        }
        next.active.retain(|one| !leaving.contains(one));
        let mut lists: Vec<Vec<Op>> = vec![Vec::new()];
        for &state in leaving.iter().rev() {
            lists = Effects::then(lists, self.effects.exit(state));
        }
        for &one in taken {
            lists = Effects::then(lists, self.effects.transition(one));
        }
        let mut entry = Entry::new(self.chart, next.history.clone());
        for &one in taken {
            let Some(domain) = self.domain(&at.history, one) else { continue };
            let targets = &self.chart.transition(one).targets;
            for &target in targets {
                entry.descendants(target);
            }
            for target in effective(self.chart, &entry.history, targets) {
                entry.ancestors(target, domain);
            }
        }
        self.enter(next, &entry, lists)
    }

    fn enter(&self, mut next: Place, entry: &Entry<'_>, mut lists: Vec<Vec<Op>>) -> Vec<Place> {
        let mut finals = Vec::new();
        for &state in &entry.states {
            lists = Effects::then(lists, self.effects.entry(state));
            if let Some(ops) = entry.defaults.get(&state) {
                lists = Effects::then(lists, self.effects.transition(*ops));
            }
            next.active.push(state);
            next.active.sort_unstable();
            if self.chart.state(state).kind != Kind::Final {
                continue;
            }
            let parent = self.chart.state(state).parent.unwrap_or(0);
            if parent == 0 {
                next.done = true;
                continue;
            }
            finals.push(format!("done.state.{}", self.chart.state(parent).id));
            if let Some(up) = self.chart.state(parent).parent
                && self.chart.state(up).kind == Kind::Parallel
                && self.chart.state(up).children.iter().all(|&one| self.is_over(one, &next.active))
            {
                finals.push(format!("done.state.{}", self.chart.state(up).id));
            }
        }
        let raised = finals.into_iter().map(Op::Raise).collect::<Vec<_>>();
        let mut places = BTreeSet::new();
        for list in Effects::then(lists, &[raised]) {
            let mut place = next.clone();
            for op in list {
                match op {
                    Op::Raise(event) => place.queue.push(event),
                    Op::Send(event, id) => {
                        place.pending.insert((event, id));
                    }
                    Op::Cancel(id) => place.pending.retain(|(_, one)| *one != id),
                }
            }
            if place.done {
                place.queue.clear();
            }
            places.insert(place);
        }
        places.into_iter().collect()
    }

    /// SCXML `isInFinalState`.
    fn is_over(&self, state: StateIx, active: &[StateIx]) -> bool {
        let here = self.chart.state(state);
        match here.kind {
            Kind::Compound { .. } => here
                .children
                .iter()
                .any(|&one| self.chart.state(one).kind == Kind::Final && active.contains(&one)),
            Kind::Parallel => here.children.iter().all(|&one| self.is_over(one, active)),
            Kind::History { .. } => true,
            Kind::Atomic | Kind::Final => false,
        }
    }
}

/// A transition that could be enabled, and the conditions it needs, as bits.
struct Candidate {
    ix: TransitionIx,
    needs: u64,
}

/// The answers worth trying. For eventless transitions one at a time is enough: those that are
/// enabled together in parallel regions are taken one after the other with the same result. For
/// events, every combination while there are few conditions, else those for one or two transitions.
fn answers(lines: &[Vec<Candidate>], keys: usize, eventless: bool) -> BTreeSet<u64> {
    if keys <= KEYS_MAX && !eventless {
        return (0..1_u64 << keys).collect();
    }
    let needs: BTreeSet<u64> = lines.iter().flatten().map(|one| one.needs).collect();
    let mut all = BTreeSet::from([0]);
    for &one in &needs {
        all.insert(one);
        if !eventless {
            all.extend(needs.iter().map(|other| one | other));
            all.insert(u64::MAX);
        }
    }
    all
}

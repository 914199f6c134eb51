//! Every configuration a case can come to rest in, breadth first, and what was seen on the way.
//!
//! A step runs from one place of rest to the next: an event, then eventless transitions and
//! internal events until nothing is left. Because the search is breadth first, the first run of
//! events that reaches a place is a shortest one.
//!
//! **Invariant:** when the bound is reached, only what was seen is reported; nothing is said to be
//! unreachable or dead.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::definition::{Chart, NameOrExpr, StateIx, TransitionIx};
use crate::event::name;

use super::effects::Effects;
use super::machine::{Machine, Place, Told};
use super::work::writes;

/// More places of rest than these are not visited.
const PLACES_MAX: usize = 6_000;

/// More steps within one event than these are not followed.
const INNER_MAX: usize = 4_000;

/// An internal queue longer than this never empties.
const QUEUE_MAX: usize = 24;

/// What the search found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Places of rest in the order of discovery; shorter runs first.
    pub(super) places: Vec<Place>,
    /// How each place was first reached: from where, by what.
    pub(super) ways: Vec<Option<(usize, String)>>,
    /// Where each place leads in one event.
    pub(super) next: Vec<BTreeSet<usize>>,
    /// States entered at any moment.
    pub(super) entered: BTreeSet<StateIx>,
    /// Transitions taken at any moment.
    pub(super) taken: BTreeSet<TransitionIx>,
    /// Transitions that left a state with invoked children, and how that was reached.
    pub(super) left: BTreeMap<TransitionIx, (StateIx, Vec<String>)>,
    /// Eventless transitions that never come to rest, and how they were reached.
    pub(super) endless: BTreeMap<TransitionIx, Vec<String>>,
    /// Whether everything was visited.
    pub(super) complete: bool,
}

impl Found {
    /// The shortest run of events to a place.
    pub(super) fn trace(&self, mut place: usize) -> Vec<String> {
        let mut trace = Vec::new();
        while let Some((from, event)) = &self.ways[place] {
            trace.push(event.clone());
            place = *from;
        }
        trace.reverse();
        trace
    }
}

/// Every event a case of the chart can be told, by itself or by others.
pub(super) fn events(chart: &Chart) -> BTreeSet<String> {
    let mut all: BTreeSet<String> = Effects::of(chart).names().map(str::to_owned).collect();
    all.extend(Alphabet::of(chart).always.into_iter().map(|one| one.name));
    all.insert(name::DUE.to_owned());
    all.insert("error.communication".to_owned());
    for state in &chart.states {
        all.insert(format!("done.state.{}", state.id));
        all.extend(state.invokes.iter().map(|one| format!("done.invoke.{}", one.id)));
    }
    all
}

/// Visits every place of rest, as far as the bound allows.
pub(super) fn search(machine: &Machine<'_>) -> Found {
    let mut search = Search {
        machine,
        found: Found { complete: true, ..Found::default() },
        index: BTreeMap::new(),
        settled: BTreeMap::new(),
        waiting: VecDeque::new(),
        alphabet: Alphabet::of(machine.chart),
    };
    let start = machine.start();
    for place in &start {
        search.found.entered.extend(place.active.iter().copied());
    }
    for place in start {
        for rest in search.settle(place, &[]) {
            search.visit(rest, None);
        }
    }
    while let Some(at) = search.waiting.pop_front() {
        if search.found.places.len() > PLACES_MAX {
            search.found.complete = false;
            break;
        }
        search.leave(at);
    }
    search.found
}

struct Search<'a> {
    machine: &'a Machine<'a>,
    found: Found,
    index: BTreeMap<Place, usize>,
    /// Where places between events come to rest.
    settled: BTreeMap<Place, Vec<usize>>,
    waiting: VecDeque<usize>,
    alphabet: Alphabet,
}

impl Search<'_> {
    fn visit(&mut self, place: Place, way: Option<(usize, String)>) -> usize {
        if let Some(&known) = self.index.get(&place) {
            return known;
        }
        let ix = self.found.places.len();
        self.index.insert(place.clone(), ix);
        if !place.done {
            self.waiting.push_back(ix);
        }
        self.found.places.push(place);
        self.found.ways.push(way);
        self.found.next.push(BTreeSet::new());
        ix
    }

    /// Tells a place of rest every event it could be told.
    fn leave(&mut self, from: usize) {
        let at = self.found.places[from].clone();
        let before = self.found.trace(from);
        for event in self.alphabet.events(self.machine.chart, &at) {
            if !self.machine.could_take(&at, &event) {
                continue;
            }
            let mut told = at.clone();
            if let Some(waiting) = at.pending.iter().find(|(name, _)| *name == event.name) {
                told.pending.remove(waiting);
            }
            let mut trace = before.clone();
            trace.push(event.label());
            let mut after = Vec::new();
            for chosen in self.machine.selections(&told, Some(&event)) {
                if !chosen.is_empty() {
                    after.extend(self.take(&told, &chosen, &trace));
                }
            }
            for place in after {
                for to in self.arrive(place, (from, &event), &trace) {
                    self.found.next[from].insert(to);
                }
            }
        }
    }

    /// Where a place comes to rest, as places already visited; known places are not run again.
    fn arrive(&mut self, place: Place, way: (usize, &Told), trace: &[String]) -> Vec<usize> {
        if let Some(known) = self.settled.get(&place) {
            return known.clone();
        }
        let rests = self.settle(place.clone(), trace);
        let all: Vec<usize> =
            rests.into_iter().map(|rest| self.visit(rest, Some((way.0, way.1.label())))).collect();
        self.settled.insert(place, all.clone());
        all
    }

    /// One microstep, noting what it took, entered and left.
    fn take(&mut self, at: &Place, chosen: &[TransitionIx], trace: &[String]) -> Vec<Place> {
        self.found.taken.extend(chosen.iter().copied());
        for &one in chosen {
            let exits = self.machine.exits(at, one);
            let children =
                exits.iter().find(|&&state| !self.machine.chart.state(state).invokes.is_empty());
            if let Some(&state) = children {
                self.found.left.entry(one).or_insert_with(|| (state, trace.to_vec()));
            }
        }
        let next = self.machine.microstep(at, chosen);
        for place in &next {
            self.found.entered.extend(place.active.iter().copied());
        }
        next
    }

    /// Runs a place to rest: eventless transitions first, then the internal queue.
    fn settle(&mut self, begin: Place, trace: &[String]) -> Vec<Place> {
        let mut inner = Inner::default();
        let mut open: VecDeque<usize> = inner.add(begin).into_iter().collect();
        while let Some(at) = open.pop_front() {
            if inner.places.len() > INNER_MAX {
                self.found.complete = false;
                break;
            }
            let place = inner.places[at].clone();
            if place.done || place.queue.len() > QUEUE_MAX {
                inner.rest[at] = place.done;
                continue;
            }
            for chosen in self.machine.selections(&place, None) {
                let next = if chosen.is_empty() {
                    self.next_internal(&place, trace)
                } else {
                    inner.by[at].extend(chosen.iter().copied());
                    self.take(&place, &chosen, trace)
                };
                if chosen.is_empty() && next.is_empty() {
                    inner.rest[at] = true;
                }
                for one in next {
                    let same = !chosen.is_empty() && one == place;
                    if same && self.changes_nothing(&chosen) {
                        self.found.endless.entry(chosen[0]).or_insert_with(|| trace.to_vec());
                    }
                    let new = inner.add(one.clone());
                    let to = inner.index[&one];
                    inner.next[at].insert(to);
                    open.extend(new);
                }
            }
        }
        self.trapped(&inner, trace);
        let at_rest = inner.places.into_iter().zip(inner.rest);
        at_rest.filter(|(_, rest)| *rest).map(|(place, _)| place).collect()
    }

    /// What the next internal event makes of a place; nothing where the queue is empty.
    fn next_internal(&mut self, place: &Place, trace: &[String]) -> Vec<Place> {
        let Some((event, rest)) = place.queue.split_first() else { return Vec::new() };
        let mut told = place.clone();
        told.queue = rest.to_vec();
        let mut all = Vec::new();
        for chosen in self.machine.selections(&told, Some(&Told::named(event))) {
            if chosen.is_empty() {
                all.push(told.clone());
            } else {
                all.extend(self.take(&told, &chosen, trace));
            }
        }
        all
    }

    /// Whether eventless transitions that lead nowhere write nothing that their conditions read.
    fn changes_nothing(&self, chosen: &[TransitionIx]) -> bool {
        chosen.iter().all(|&one| {
            let transition = self.machine.chart.transition(one);
            let Some(guard) = &transition.guard else { return true };
            let mut written = BTreeSet::new();
            writes(&transition.actions, &mut written);
            if !transition.targets.is_empty() {
                for state in &self.machine.chart.states {
                    state.on_entry.iter().for_each(|block| writes(block, &mut written));
                    state.on_exit.iter().for_each(|block| writes(block, &mut written));
                }
            }
            guard
                .reads()
                .data_paths
                .iter()
                .all(|read| read.path.first().is_some_and(|first| !written.contains(first)))
        })
    }

    /// Notes the places from which no place of rest can be reached.
    fn trapped(&mut self, inner: &Inner, trace: &[String]) {
        let mut free: BTreeSet<usize> =
            (0..inner.places.len()).filter(|&one| inner.rest[one]).collect();
        loop {
            let more: Vec<usize> = (0..inner.places.len())
                .filter(|one| !free.contains(one))
                .filter(|&one| inner.next[one].iter().any(|to| free.contains(to)))
                .collect();
            if more.is_empty() {
                break;
            }
            free.extend(more);
        }
        let bounded = inner.places.len() > INNER_MAX;
        let stuck = (0..inner.places.len()).filter(|one| !free.contains(one) && !bounded);
        let culprit = stuck.filter_map(|one| inner.by[one].first()).min();
        if let Some(&culprit) = culprit {
            self.found.endless.entry(culprit).or_insert_with(|| trace.to_vec());
        }
    }
}

/// Places on the way to rest.
#[derive(Default)]
struct Inner {
    places: Vec<Place>,
    index: BTreeMap<Place, usize>,
    next: Vec<BTreeSet<usize>>,
    by: Vec<Vec<TransitionIx>>,
    rest: Vec<bool>,
}

impl Inner {
    /// Adds a place; its index if it is new.
    fn add(&mut self, place: Place) -> Option<usize> {
        if self.index.contains_key(&place) {
            return None;
        }
        let ix = self.places.len();
        self.index.insert(place.clone(), ix);
        self.places.push(place);
        self.next.push(BTreeSet::new());
        self.by.push(Vec::new());
        self.rest.push(false);
        Some(ix)
    }
}

/// The events a case can be told.
struct Alphabet {
    always: Vec<Told>,
}

impl Alphabet {
    fn of(chart: &Chart) -> Self {
        let mut names: BTreeSet<String> = chart.events.keys().cloned().collect();
        for transition in &chart.transitions {
            for pattern in &transition.events {
                let pattern = pattern.0.as_ref();
                if pattern == "error" || pattern.starts_with("error.") {
                    names.insert("error.execution".to_owned());
                    names.insert("error.communication".to_owned());
                }
            }
        }
        Self { always: names.iter().map(|one| Told::named(one)).collect() }
    }

    /// The events that can come at a place: those people and machines send, the terms that run,
    /// the sends that wait, and the ends of invoked children.
    fn events(&self, chart: &Chart, at: &Place) -> Vec<Told> {
        let mut all = self.always.clone();
        for &state in &at.active {
            let state = chart.state(state);
            if state.term.is_some() {
                all.push(Told::due(&state.id));
            }
            for invoke in &state.invokes {
                all.push(Told::named(&format!("done.invoke.{}", invoke.id)));
                if let NameOrExpr::Expr(_) = invoke.chart {
                    all.push(Told::named("error.communication"));
                }
            }
        }
        all.extend(at.pending.iter().map(|(event, _)| Told::named(event)));
        all.sort();
        all.dedup();
        all
    }
}

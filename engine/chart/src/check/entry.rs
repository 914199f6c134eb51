//! Which states a microstep enters: SCXML's `computeEntrySet` on the abstract machine.

use std::collections::{BTreeMap, BTreeSet};

use crate::definition::{Chart, Kind, StateIx, TransitionIx};

/// The states a microstep enters (SCXML `computeEntrySet`).
pub(super) struct Entry<'a> {
    chart: &'a Chart,
    pub(super) history: BTreeMap<StateIx, Vec<StateIx>>,
    /// In document order.
    pub(super) states: BTreeSet<StateIx>,
    /// The initial or default transition whose actions run after a state's own.
    pub(super) defaults: BTreeMap<StateIx, TransitionIx>,
}

impl<'a> Entry<'a> {
    /// Nothing is entered yet.
    pub(super) fn new(chart: &'a Chart, history: BTreeMap<StateIx, Vec<StateIx>>) -> Self {
        Self { chart, history, states: BTreeSet::new(), defaults: BTreeMap::new() }
    }

    /// SCXML `addDescendantStatesToEnter`.
    pub(super) fn descendants(&mut self, state: StateIx) {
        let here = self.chart.state(state);
        match here.kind {
            Kind::History { default, .. } => {
                let targets = self.history.get(&state).cloned().unwrap_or_else(|| {
                    self.defaults.insert(here.parent.unwrap_or(0), default);
                    self.chart.transition(default).targets.clone()
                });
                for &one in &targets {
                    self.descendants(one);
                }
                for &one in &targets {
                    self.ancestors(one, here.parent.unwrap_or(0));
                }
            }
            Kind::Compound { initial } => {
                self.states.insert(state);
                self.defaults.insert(state, initial);
                let targets = self.chart.transition(initial).targets.clone();
                for &one in &targets {
                    self.descendants(one);
                }
                for &one in &targets {
                    self.ancestors(one, state);
                }
            }
            Kind::Parallel => {
                self.states.insert(state);
                self.regions(state);
            }
            Kind::Atomic | Kind::Final => {
                self.states.insert(state);
            }
        }
    }

    /// SCXML `addAncestorStatesToEnter`: those between `state` and `top`, neither included.
    pub(super) fn ancestors(&mut self, state: StateIx, top: StateIx) {
        let line: Vec<StateIx> = self.chart.ancestors(state).take_while(|&up| up != top).collect();
        for up in line {
            self.states.insert(up);
            if self.chart.state(up).kind == Kind::Parallel {
                self.regions(up);
            }
        }
    }

    fn regions(&mut self, parallel: StateIx) {
        for &region in &self.chart.state(parallel).children {
            let real = !matches!(self.chart.state(region).kind, Kind::History { .. });
            let begun = self.states.range(region..self.chart.state(region).end).next().is_some();
            if real && !begun {
                self.descendants(region);
            }
        }
    }
}

/// SCXML `getEffectiveTargetStates`: history states give what they remember, or their default.
pub(super) fn effective(
    chart: &Chart,
    history: &BTreeMap<StateIx, Vec<StateIx>>,
    targets: &[StateIx],
) -> Vec<StateIx> {
    let mut all = Vec::new();
    for &target in targets {
        match chart.state(target).kind {
            Kind::History { default, .. } => match history.get(&target) {
                Some(kept) => all.extend(kept),
                None => all.extend(effective(chart, history, &chart.transition(default).targets)),
            },
            _ => all.push(target),
        }
    }
    all
}

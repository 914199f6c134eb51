//! SCXML's Appendix D, word for word and without regard to speed: what the engine is held to.
//!
//! Written from the pseudo-code of the Recommendation, over the tree of [`crate::model`], and
//! sharing nothing with the engine.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::model::{Kind, Model, Move};

/// So many microsteps are taken for a chart that never rests, as in the engine.
const MICROSTEPS_MAX: u32 = chart::MICROSTEPS_MAX;

/// A transition with its source.
type Taken<'a> = (usize, &'a Move);

pub(crate) struct Oracle<'a> {
    model: &'a Model,
    pub(crate) configuration: BTreeSet<usize>,
    history: BTreeMap<usize, BTreeSet<usize>>,
    queue: VecDeque<String>,
    pub(crate) running: bool,
    /// `+3` for entering, `-3` for leaving.
    pub(crate) trace: Vec<String>,
}

/// The chart never rests.
pub(crate) struct Endless;

#[derive(Default)]
struct Entry<'a> {
    states: BTreeSet<usize>,
    by_default: BTreeSet<usize>,
    history_content: BTreeMap<usize, &'a Move>,
}

impl<'a> Oracle<'a> {
    pub(crate) fn start(model: &'a Model) -> Result<Self, Endless> {
        let mut oracle = Self {
            model,
            configuration: BTreeSet::new(),
            history: BTreeMap::new(),
            queue: VecDeque::new(),
            running: true,
            trace: Vec::new(),
        };
        oracle.enter_states(&[(0, &model.nodes[0].default)], &[Some(0)]);
        oracle.rest()?;
        Ok(oracle)
    }

    pub(crate) fn send(&mut self, event: &str) -> Result<(), Endless> {
        self.trace.clear();
        if !self.running {
            return Ok(());
        }
        let enabled = self.select(Some(event));
        if !enabled.is_empty() {
            self.microstep(&enabled);
        }
        self.rest()
    }

    fn rest(&mut self) -> Result<(), Endless> {
        let mut microsteps = 0;
        while self.running {
            let mut enabled = self.select(None);
            if enabled.is_empty() {
                let Some(event) = self.queue.pop_front() else { break };
                enabled = self.select(Some(&event));
            }
            if !enabled.is_empty() {
                microsteps += 1;
                if microsteps > MICROSTEPS_MAX {
                    return Err(Endless);
                }
                self.microstep(&enabled);
            }
        }
        Ok(())
    }

    fn microstep(&mut self, enabled: &[Taken<'a>]) {
        // The one departure: Appendix D asks for the domain again after leaving, when a history
        // target may stand for something else than it did, and then forgets to enter ancestors.
        let domains: Vec<Option<usize>> =
            enabled.iter().map(|(source, one)| self.domain(*source, one)).collect();
        self.exit_states(enabled);
        for (_, one) in enabled {
            self.queue.extend(one.raises.iter().cloned());
        }
        self.enter_states(enabled, &domains);
    }

    fn select(&self, event: Option<&str>) -> Vec<Taken<'a>> {
        let mut enabled: Vec<Taken<'a>> = Vec::new();
        for &state in self.configuration.iter().filter(|&&state| self.is_atomic(state)) {
            let line = std::iter::once(state).chain(self.ancestors(state, None));
            'line: for state in line {
                for one in &self.model.nodes[state].moves {
                    if Self::matches(one, event) && self.holds(one) {
                        if !enabled.iter().any(|(_, other)| std::ptr::eq(*other, one)) {
                            enabled.push((state, one));
                        }
                        break 'line;
                    }
                }
            }
        }
        self.without_conflicts(enabled)
    }

    fn matches(one: &Move, event: Option<&str>) -> bool {
        let Some(event) = event else { return one.events.is_empty() };
        let tokens: Vec<&str> = event.split('.').collect();
        one.events.iter().any(|pattern| {
            pattern == "*" || {
                let pattern: Vec<&str> = pattern.split('.').collect();
                tokens.starts_with(&pattern)
            }
        })
    }

    fn holds(&self, one: &Move) -> bool {
        one.guard.is_none_or(|(negated, state)| self.configuration.contains(&state) != negated)
    }

    fn without_conflicts(&self, enabled: Vec<Taken<'a>>) -> Vec<Taken<'a>> {
        let mut filtered: Vec<Taken<'a>> = Vec::new();
        for one in enabled {
            let mut preempted = false;
            let mut removed = Vec::new();
            for (at, other) in filtered.iter().enumerate() {
                let (left, right) = (self.exit_set(&[one]), self.exit_set(&[*other]));
                if !left.is_disjoint(&right) {
                    if self.is_descendant(one.0, other.0) {
                        removed.push(at);
                    } else {
                        preempted = true;
                        break;
                    }
                }
            }
            if !preempted {
                for at in removed.into_iter().rev() {
                    filtered.remove(at);
                }
                filtered.push(one);
            }
        }
        filtered
    }

    fn exit_set(&self, transitions: &[Taken<'a>]) -> BTreeSet<usize> {
        let mut states = BTreeSet::new();
        for &(source, one) in transitions {
            if let Some(domain) = self.domain(source, one) {
                let inside = |state: &&usize| self.is_descendant(**state, domain);
                states.extend(self.configuration.iter().filter(inside));
            }
        }
        states
    }

    fn exit_states(&mut self, enabled: &[Taken<'a>]) {
        let leaving = self.exit_set(enabled);
        for &state in leaving.iter().rev() {
            for &child in &self.model.nodes[state].children {
                let kept = |active: &&usize| match self.model.nodes[child].kind {
                    Kind::Deep => self.is_atomic(**active) && self.is_descendant(**active, state),
                    _ => self.model.nodes[**active].parent == Some(state),
                };
                if self.is_history(child) {
                    let kept = self.configuration.iter().filter(kept).copied().collect();
                    self.history.insert(child, kept);
                }
            }
        }
        for &state in leaving.iter().rev() {
            self.queue.extend(self.model.nodes[state].on_exit.iter().cloned());
            self.configuration.remove(&state);
            self.trace.push(format!("-{state}"));
        }
    }

    fn enter_states(&mut self, enabled: &[Taken<'a>], domains: &[Option<usize>]) {
        let mut entry = Entry::default();
        for (&(_, one), &domain) in enabled.iter().zip(domains) {
            for &target in &one.targets {
                self.add_descendants(target, &mut entry);
            }
            for target in self.effective_targets(one) {
                self.add_ancestors(target, domain, &mut entry);
            }
        }
        for &state in &entry.states {
            self.configuration.insert(state);
            self.trace.push(format!("+{state}"));
            let node = &self.model.nodes[state];
            self.queue.extend(node.on_entry.iter().cloned());
            if entry.by_default.contains(&state) {
                self.queue.extend(node.default.raises.iter().cloned());
            }
            if let Some(content) = entry.history_content.get(&state) {
                self.queue.extend(content.raises.iter().cloned());
            }
            if node.kind == Kind::Final {
                self.finished(state);
            }
        }
    }

    fn finished(&mut self, state: usize) {
        let parent = self.model.nodes[state].parent.expect("the root is not final");
        let Some(grandparent) = self.model.nodes[parent].parent else {
            self.running = false;
            return;
        };
        self.queue.push_back(format!("done.state.s{parent}"));
        if self.model.nodes[grandparent].kind == Kind::Parallel && self.in_final(grandparent) {
            self.queue.push_back(format!("done.state.s{grandparent}"));
        }
    }

    fn in_final(&self, state: usize) -> bool {
        let node = &self.model.nodes[state];
        let mut children = node.children.iter().filter(|&&child| !self.is_history(child));
        match node.kind {
            Kind::Compound => children.any(|child| {
                self.model.nodes[*child].kind == Kind::Final && self.configuration.contains(child)
            }),
            Kind::Parallel => children.all(|&child| self.in_final(child)),
            _ => false,
        }
    }

    fn add_descendants(&self, state: usize, entry: &mut Entry<'a>) {
        let node = &self.model.nodes[state];
        if self.is_history(state) {
            let targets: Vec<usize> = if let Some(kept) = self.history.get(&state) {
                kept.iter().copied().collect()
            } else {
                let parent = node.parent.expect("a history has a parent");
                entry.history_content.insert(parent, &node.default);
                node.default.targets.clone()
            };
            for &target in &targets {
                self.add_descendants(target, entry);
            }
            for &target in &targets {
                self.add_ancestors(target, node.parent, entry);
            }
            return;
        }
        entry.states.insert(state);
        match node.kind {
            Kind::Compound => {
                entry.by_default.insert(state);
                for &target in &node.default.targets {
                    self.add_descendants(target, entry);
                }
                for &target in &node.default.targets {
                    self.add_ancestors(target, Some(state), entry);
                }
            }
            Kind::Parallel => self.add_regions(state, entry),
            _ => {}
        }
    }

    fn add_ancestors(&self, state: usize, below: Option<usize>, entry: &mut Entry<'a>) {
        for ancestor in self.ancestors(state, below) {
            if ancestor == 0 {
                continue;
            }
            entry.states.insert(ancestor);
            if self.model.nodes[ancestor].kind == Kind::Parallel {
                self.add_regions(ancestor, entry);
            }
        }
    }

    fn add_regions(&self, parallel: usize, entry: &mut Entry<'a>) {
        for &child in &self.model.nodes[parallel].children {
            let entering = entry.states.iter().any(|&state| self.is_descendant(state, child));
            if !self.is_history(child) && !entering {
                self.add_descendants(child, entry);
            }
        }
    }

    fn domain(&self, source: usize, one: &Move) -> Option<usize> {
        let targets = self.effective_targets(one);
        if targets.is_empty() {
            return None;
        }
        let inside = |state: usize| targets.iter().all(|&target| self.is_descendant(target, state));
        if source == 0 {
            return Some(0);
        }
        if one.internal && self.model.nodes[source].kind == Kind::Compound && inside(source) {
            return Some(source);
        }
        let compound = |state: &usize| self.model.nodes[*state].kind == Kind::Compound;
        self.ancestors(source, None).filter(compound).find(|&ancestor| inside(ancestor))
    }

    fn effective_targets(&self, one: &Move) -> BTreeSet<usize> {
        let mut targets = BTreeSet::new();
        for &target in &one.targets {
            if !self.is_history(target) {
                targets.insert(target);
            } else if let Some(kept) = self.history.get(&target) {
                targets.extend(kept);
            } else {
                targets.extend(self.effective_targets(&self.model.nodes[target].default));
            }
        }
        targets
    }

    /// Proper ancestors, nearest first, without `below` and what lies above it.
    fn ancestors(&self, state: usize, below: Option<usize>) -> impl Iterator<Item = usize> + '_ {
        let parent = |&state: &usize| self.model.nodes[state].parent;
        std::iter::successors(self.model.nodes[state].parent, parent)
            .take_while(move |&ancestor| Some(ancestor) != below)
    }

    fn is_descendant(&self, state: usize, of: usize) -> bool {
        self.ancestors(state, None).any(|ancestor| ancestor == of)
    }

    fn is_atomic(&self, state: usize) -> bool {
        matches!(self.model.nodes[state].kind, Kind::Atomic | Kind::Final)
    }

    fn is_history(&self, state: usize) -> bool {
        matches!(self.model.nodes[state].kind, Kind::Shallow | Kind::Deep)
    }
}

//! From the tree a reader saw to the chart that is stepped.
//!
//! States are numbered in preorder, so the descendants of a state are the range after it; targets
//! become indexes; every compound state gets its initial transition and every history state its
//! default. What cannot be resolved is a [`Problem`], all of them at once. Whether the chart makes
//! sense is asked elsewhere ([`crate::check`]); here only what SCXML forbids is refused.
//!
//! **Invariant:** a chart that is built is well formed in the sense of SCXML 3.2 to 3.11: every
//! target exists, every set of targets is legal, every initial leads inside.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::definition::{
    Chart, EventPattern, Kind, Place, State, StateIx, Transition, TransitionIx,
};
use crate::handing;
use crate::problem::{Problem, ProblemKind, closest};
use crate::spec::{ChartSpec, KindSpec, StateSpec, TransitionSpec};

/// More states than this are refused: indexes are 16 bits wide.
pub const STATES_MAX: usize = 60_000;

/// Builds the chart; every problem is listed when it cannot be built.
pub fn build(spec: ChartSpec) -> Result<Chart, Vec<Problem>> {
    let count = count(&spec.root);
    if count > STATES_MAX {
        return Err(vec![Problem::new(
            ProblemKind::TooLarge,
            spec.root.place,
            &spec.root.id,
            format!("quy trình có {count} trạng thái, nhiều hơn {STATES_MAX}"),
            format!("the chart has {count} states, more than {STATES_MAX}"),
        )]);
    }
    let mut builder = Builder::default();
    builder.number(&spec.root, None, 0);
    builder.place(spec.root, 0);
    builder.check_targets();
    if !builder.problems.is_empty() {
        return Err(builder.problems);
    }
    handing::mark(&mut builder.transitions, &spec.events, spec.data_schema.as_ref());
    Ok(Chart {
        name: spec.name,
        version: spec.version,
        sha256: spec.sha256.into(),
        title: spec.title,
        basis: spec.basis,
        subject: spec.subject,
        states: builder.states,
        transitions: builder.transitions,
        events: spec.events,
        roles: spec.roles,
        data_schema: spec.data_schema,
        data_items: spec.data_items,
        unhandled: spec.unhandled,
        by_id: builder.by_id,
    })
}

fn count(state: &StateSpec) -> usize {
    1 + state.children.iter().map(count).sum::<usize>()
}

/// What is built so far.
#[derive(Default)]
struct Builder {
    states: Vec<State>,
    transitions: Vec<Transition>,
    by_id: BTreeMap<String, StateIx>,
    problems: Vec<Problem>,
}

impl Builder {
    /// First pass: indexes, ids and the family tree, so that targets can be resolved later.
    fn number(&mut self, spec: &StateSpec, parent: Option<StateIx>, depth: u16) -> StateIx {
        let ix = StateIx::try_from(self.states.len()).expect("the number of states was checked");
        if *self.by_id.entry(spec.id.clone()).or_insert(ix) != ix {
            self.problems.push(Problem::new(
                ProblemKind::DuplicateState,
                spec.place,
                &spec.id,
                format!("có hai trạng thái cùng tên `{}`", spec.id),
                format!("two states are called `{}`; ids are unique in a chart", spec.id),
            ));
        }
        self.states.push(State {
            id: spec.id.as_str().into(),
            parent,
            end: ix + 1,
            depth,
            kind: Kind::Atomic,
            children: Vec::new(),
            transitions: Vec::new(),
            on_entry: Vec::new(),
            on_exit: Vec::new(),
            done_data: None,
            invokes: Vec::new(),
            title: spec.title.clone(),
            basis: None,
            stage: None,
            tasks: Vec::new(),
            term: None,
            clock_stopped: spec.clock_stopped,
            place: spec.place,
        });
        for child in &spec.children {
            let child = self.number(child, Some(ix), depth + 1);
            self.states[usize::from(ix)].children.push(child);
        }
        let end = StateIx::try_from(self.states.len()).expect("the number of states was checked");
        self.states[usize::from(ix)].end = end;
        ix
    }

    /// Second pass: transitions in document order, and what hangs on the state.
    fn place(&mut self, spec: StateSpec, ix: StateIx) {
        self.check_shape(&spec);
        let kind = match spec.kind {
            KindSpec::Parallel => Kind::Parallel,
            KindSpec::Final => Kind::Final,
            KindSpec::History { deep } => {
                let default = self.history_default(&spec, ix);
                Kind::History { deep, default }
            }
            KindSpec::Plain if spec.children.is_empty() => Kind::Atomic,
            KindSpec::Plain => Kind::Compound { initial: self.initial(&spec, ix) },
        };
        let mut own = Vec::new();
        if !matches!(kind, Kind::History { .. }) {
            for transition in spec.transitions {
                own.push(self.transition(transition, ix));
            }
        }
        let state = &mut self.states[usize::from(ix)];
        state.kind = kind;
        state.transitions = own;
        state.on_entry = spec.on_entry;
        state.on_exit = spec.on_exit;
        state.done_data = spec.done_data;
        state.invokes = spec.invokes;
        state.basis = spec.basis;
        state.stage = spec.stage;
        state.tasks = spec.tasks;
        state.term = spec.term;
        let children = state.children.clone();
        for (child, child_ix) in spec.children.into_iter().zip(children) {
            self.place(child, child_ix);
        }
    }

    fn transition(&mut self, spec: TransitionSpec, source: StateIx) -> TransitionIx {
        let mut targets = Vec::new();
        for name in &spec.targets {
            if let Some(&target) = self.by_id.get(name) {
                targets.push(target);
                continue;
            }
            let hint = closest(name, self.by_id.keys().map(String::as_str));
            let (vi, en) = crate::problem::hint(hint);
            self.problems.push(Problem::new(
                ProblemKind::UnknownTarget,
                spec.place,
                name,
                format!("không có trạng thái `{name}`{vi}"),
                format!("there is no state `{name}`{en}"),
            ));
        }
        let ix = TransitionIx::try_from(self.transitions.len()).expect("fewer than 2^32");
        self.transitions.push(Transition {
            source,
            events: spec.events.iter().map(|one| EventPattern(Arc::from(one.as_str()))).collect(),
            guard: spec.guard,
            by: spec.by,
            require: spec.require,
            targets,
            internal: spec.internal,
            actions: spec.actions,
            cancels: spec.cancels,
            place: spec.place,
        });
        ix
    }

    /// The initial transition of a compound state: as written, else to its first real child.
    fn initial(&mut self, spec: &StateSpec, ix: StateIx) -> TransitionIx {
        let written = spec.initial.clone();
        let first = spec.children.iter().find(|one| !matches!(one.kind, KindSpec::History { .. }));
        let mut initial = written
            .unwrap_or_else(|| TransitionSpec { place: spec.place, ..TransitionSpec::default() });
        if initial.guard.is_some() || !initial.events.is_empty() || !initial.by.is_empty() {
            self.problem(ProblemKind::BadInitial, initial.place, &spec.id, |id| {
                (
                    format!("bước vào mặc định của `{id}` không được có điều kiện hay sự kiện"),
                    format!("the initial transition of `{id}` may not ask an event or condition"),
                )
            });
        }
        if initial.targets.is_empty() {
            match first {
                Some(child) => initial.targets.push(child.id.clone()),
                None => self.problem(ProblemKind::BadInitial, spec.place, &spec.id, |id| {
                    (
                        format!("`{id}` không có trạng thái con nào để bước vào"),
                        format!("`{id}` has no child state to enter"),
                    )
                }),
            }
        }
        let place = initial.place;
        let transition = self.transition(initial, ix);
        let targets = self.transitions[transition as usize].targets.clone();
        for target in targets {
            if !self.below(target, ix) {
                let name = self.states[usize::from(target)].id.to_string();
                self.problem(ProblemKind::BadInitial, place, &name, |name| {
                    (
                        format!("`{name}` không nằm trong `{}`", spec.id),
                        format!("`{name}` does not lie inside `{}`", spec.id),
                    )
                });
            }
        }
        transition
    }

    /// The default transition of a history state (SCXML 3.10.2).
    fn history_default(&mut self, spec: &StateSpec, ix: StateIx) -> TransitionIx {
        let mut written = spec.transitions.iter();
        let default = written.next().cloned().unwrap_or_default();
        let plain = default.guard.is_none() && default.events.is_empty() && default.by.is_empty();
        if default.targets.is_empty() || !plain || written.next().is_some() {
            self.problem(ProblemKind::BadHistory, spec.place, &spec.id, |id| {
                (
                    format!("trạng thái nhớ `{id}` cần đúng một đích mặc định, không điều kiện"),
                    format!("history `{id}` needs exactly one default, without event or condition"),
                )
            });
        }
        let place = if default.place == Place::default() { spec.place } else { default.place };
        let transition = self.transition(TransitionSpec { place, ..default }, ix);
        let parent = self.states[usize::from(ix)].parent.unwrap_or(0);
        let targets = self.transitions[transition as usize].targets.clone();
        for target in targets {
            if !self.below(target, parent) || target == ix {
                self.problem(ProblemKind::BadHistory, place, &spec.id, |id| {
                    (
                        format!("đích mặc định của `{id}` phải nằm trong trạng thái chứa nó"),
                        format!("the default of history `{id}` must lie inside its parent"),
                    )
                });
            }
        }
        transition
    }

    /// What a kind of state may not have (SCXML 3.3 to 3.10).
    fn check_shape(&mut self, spec: &StateSpec) {
        let leaf = matches!(spec.kind, KindSpec::Final | KindSpec::History { .. });
        let wrong = match spec.kind {
            KindSpec::Final if !spec.transitions.is_empty() => {
                Some(("trạng thái kết thúc không có bước đi tiếp", "a final state is never left"))
            }
            KindSpec::Parallel if spec.children.is_empty() => {
                Some(("trạng thái song song cần có các nhánh", "a parallel state needs regions"))
            }
            KindSpec::History { .. } if !spec.on_entry.is_empty() || !spec.on_exit.is_empty() => {
                Some(("trạng thái nhớ không có hành động", "a history state runs no actions"))
            }
            _ if leaf && !spec.children.is_empty() => Some((
                "trạng thái kết thúc hoặc nhớ không có trạng thái con",
                "a final or history state has no children",
            )),
            _ => None,
        };
        if let Some((vi, en)) = wrong {
            self.problem(ProblemKind::BadState, spec.place, &spec.id, |id| {
                (format!("`{id}`: {vi}"), format!("`{id}`: {en}"))
            });
        }
        let has_no_initial = spec.kind != KindSpec::Plain || spec.children.is_empty();
        if let (true, Some(initial)) = (has_no_initial, &spec.initial) {
            self.problem(ProblemKind::BadInitial, initial.place, &spec.id, |id| {
                (
                    format!("`{id}` không phải trạng thái gộp nên không có `initial`"),
                    format!("`{id}` is not a compound state and has no `initial`"),
                )
            });
        }
    }

    /// Several targets must be able to be active together (SCXML 3.13, legal configuration).
    fn check_targets(&mut self) {
        let mut found = Vec::new();
        for transition in &self.transitions {
            for (position, &left) in transition.targets.iter().enumerate() {
                for &right in &transition.targets[position + 1..] {
                    if self.conflict(left, right) {
                        found.push((transition.place, left, right));
                    }
                }
            }
        }
        for (place, left, right) in found {
            let (left, right) = (self.id(left), self.id(right));
            self.problem(ProblemKind::IllegalTargets, place, &right, |_| {
                (
                    format!("`{left}` và `{right}` không thể cùng hoạt động"),
                    format!("`{left}` and `{right}` can never be active together"),
                )
            });
        }
    }

    /// Whether two targets exclude each other: their nearest common ancestor is not parallel.
    fn conflict(&self, left: StateIx, right: StateIx) -> bool {
        if left == right || self.below(left, right) || self.below(right, left) {
            return false;
        }
        let mut up = self.states[usize::from(left)].parent;
        while let Some(ancestor) = up {
            if self.below(right, ancestor) {
                return self.states[usize::from(ancestor)].kind != Kind::Parallel;
            }
            up = self.states[usize::from(ancestor)].parent;
        }
        true
    }

    fn below(&self, state: StateIx, ancestor: StateIx) -> bool {
        state > ancestor && state < self.states[usize::from(ancestor)].end
    }

    fn id(&self, ix: StateIx) -> String {
        self.states[usize::from(ix)].id.to_string()
    }

    fn problem(
        &mut self,
        kind: ProblemKind,
        place: Place,
        excerpt: &str,
        words: impl FnOnce(&str) -> (String, String),
    ) {
        let (vi, en) = words(excerpt);
        self.problems.push(Problem::new(kind, place, excerpt, vi, en));
    }
}

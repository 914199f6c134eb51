//! What actions do to the queue and to pending sends; values do not matter here.

use std::collections::BTreeMap;

use crate::definition::{
    Action, Block, Chart, Delay, NameOrExpr, SendTarget, StateIx, TransitionIx,
};

/// One thing done to the queue or to the pending sends.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Op {
    /// An internal event.
    Raise(String),
    /// An event that comes later, with its id.
    Send(String, String),
    /// Takes pending sends back.
    Cancel(String),
}

/// The lists of things each part of the chart may do; several where an action chooses.
#[derive(Debug, Default)]
pub(super) struct Effects {
    entries: BTreeMap<StateIx, Vec<Vec<Op>>>,
    exits: BTreeMap<StateIx, Vec<Vec<Op>>>,
    transitions: BTreeMap<TransitionIx, Vec<Vec<Op>>>,
}

/// More ways than these are not followed.
const WAYS_MAX: usize = 32;

const NOTHING: &[Vec<Op>] = &[Vec::new()];

impl Effects {
    /// The names of the events that the chart tells itself.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let lists = self.entries.values().chain(self.exits.values());
        lists.chain(self.transitions.values()).flatten().flatten().filter_map(|op| match op {
            Op::Raise(event) | Op::Send(event, _) => Some(event.as_str()),
            Op::Cancel(_) => None,
        })
    }

    /// Reads every block of the chart once.
    pub(super) fn of(chart: &Chart) -> Self {
        let mut all = Self::default();
        for (ix, state) in (0..).zip(&chart.states) {
            all.entries.insert(ix, blocks(&state.on_entry));
            all.exits.insert(ix, blocks(&state.on_exit));
        }
        for (ix, transition) in (0..).zip(&chart.transitions) {
            all.transitions.insert(ix, ways(&transition.actions));
        }
        all
    }

    pub(super) fn entry(&self, state: StateIx) -> &[Vec<Op>] {
        self.entries.get(&state).map_or(NOTHING, Vec::as_slice)
    }

    pub(super) fn exit(&self, state: StateIx) -> &[Vec<Op>] {
        self.exits.get(&state).map_or(NOTHING, Vec::as_slice)
    }

    pub(super) fn transition(&self, one: TransitionIx) -> &[Vec<Op>] {
        self.transitions.get(&one).map_or(NOTHING, Vec::as_slice)
    }

    /// Every way of doing one of `first` and then one of `second`.
    pub(super) fn then(first: Vec<Vec<Op>>, second: &[Vec<Op>]) -> Vec<Vec<Op>> {
        if second == NOTHING {
            return first;
        }
        let mut all = Vec::new();
        for one in &first {
            for other in second {
                all.push(one.iter().chain(other).cloned().collect());
            }
        }
        all.sort();
        all.dedup();
        all.truncate(WAYS_MAX);
        all
    }
}

fn blocks(all: &[Block]) -> Vec<Vec<Op>> {
    all.iter().fold(vec![Vec::new()], |ways_so_far, block| Effects::then(ways_so_far, &ways(block)))
}

fn ways(block: &Block) -> Vec<Vec<Op>> {
    block.iter().fold(vec![Vec::new()], |so_far, action| Effects::then(so_far, &ways_of(action)))
}

fn ways_of(action: &Action) -> Vec<Vec<Op>> {
    match action {
        Action::Raise { event, .. } => vec![vec![Op::Raise(event.to_string())]],
        Action::Send(send) => {
            let NameOrExpr::Name(event) = &send.event else { return NOTHING.to_vec() };
            let id = send.id.clone().unwrap_or_default();
            match (&send.to, &send.delay) {
                (SendTarget::Internal, _) => vec![vec![Op::Raise(event.to_string())]],
                (SendTarget::Own, Delay::Ms(_) | Delay::Expr(_)) => {
                    vec![vec![Op::Send(event.to_string(), id)]]
                }
                _ => NOTHING.to_vec(),
            }
        }
        Action::Cancel { id } => {
            vec![vec![Op::Cancel(id.source().trim_matches('\'').to_owned())]]
        }
        Action::If { branches, otherwise } => {
            let mut all = ways(otherwise);
            for (_, block) in branches {
                all.extend(ways(block));
            }
            all.sort();
            all.dedup();
            all
        }
        Action::Foreach { body, .. } => ways(body),
        _ => NOTHING.to_vec(),
    }
}

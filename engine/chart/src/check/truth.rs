//! What is known of a transition's conditions without data.

use crate::definition::{Chart, StateIx, Transition};

use super::machine::{Place, Told};

/// Who sends an event.
#[derive(Debug, Clone, Copy)]
pub(super) enum Sender<'a> {
    /// A timer, a case, the chart itself: `by` is not asked.
    Machine,
    /// A person with one role; empty for a role no transition names.
    Person(&'a str),
}

/// What is known of one transition's conditions.
#[derive(Debug, Clone, Default)]
pub(super) struct Truth {
    /// The part of the guard that the data decide, as written; empty where nothing is unknown.
    unknown: Vec<String>,
    /// States that must (or must not) be active.
    states: Vec<(Option<StateIx>, bool)>,
    /// The state whose term must have fallen due.
    term: Option<String>,
    /// Whether the guard is the literal `false`.
    never: bool,
    /// The roles that may send it; empty for any.
    pub(super) by: Vec<String>,
}

impl Truth {
    /// Reads the guard and `by` of a transition.
    pub(super) fn of(chart: &Chart, transition: &Transition) -> Self {
        let mut truth = Self::default();
        if let Some(guard) = &transition.guard {
            let source = guard.source().trim();
            for part in conjuncts(source) {
                truth.part(chart, part.trim());
            }
        }
        truth.by.clone_from(&transition.by);
        truth
    }

    fn part(&mut self, chart: &Chart, part: &str) {
        let (bare, wanted) = match part.strip_prefix('!') {
            Some(rest) => (rest.trim(), false),
            None => (part, true),
        };
        if let Some(id) = between(bare, "In('", "')") {
            self.states.push((chart.find(id), wanted));
        } else if let Some(id) = between(part, "event.term == '", "'") {
            self.term = Some(id.to_owned());
        } else if part == "false" {
            self.never = true;
        } else if part != "true" {
            self.unknown.push(part.to_owned());
        }
    }

    /// What the place alone decides: true, false, or nothing.
    pub(super) fn fixed(&self, at: &Place, event: Option<&Told>) -> Option<bool> {
        let placed = self.states.iter().all(|&(state, wanted)| {
            state.is_some_and(|state| at.active.binary_search(&state).is_ok()) == wanted
        });
        let due = match (&self.term, event.and_then(|one| one.term_id.as_deref())) {
            (Some(wanted), Some(found)) => wanted == found,
            (Some(_), None) => event.is_some_and(|one| one.name != "term.due"),
            (None, _) => true,
        };
        if self.never || !placed || !due {
            return Some(false);
        }
        self.unknown.is_empty().then_some(true)
    }

    /// The conditions that the data decide.
    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        self.unknown.iter().map(String::as_str)
    }

    /// Whether `sender` may send it. Somebody with several roles takes the first transition that
    /// one of them may, so one role is enough.
    pub(super) fn may(&self, sender: &Sender<'_>) -> bool {
        match sender {
            Sender::Machine => true,
            Sender::Person(role) => self.by.is_empty() || self.by.iter().any(|one| one == role),
        }
    }

    /// Whether it is always enabled by its event, whatever the data.
    pub(super) fn is_plain(&self) -> bool {
        self.unknown.is_empty() && self.states.is_empty() && self.term.is_none() && !self.never
    }
}

fn between<'a>(text: &'a str, open: &str, close: &str) -> Option<&'a str> {
    text.strip_prefix(open)?.strip_suffix(close).filter(|id| !id.contains('\''))
}

/// The parts of `a && b && c` at the top level; the whole where there is anything looser.
fn conjuncts(source: &str) -> Vec<&str> {
    let mut depth = 0_i32;
    let mut quote = None;
    let mut parts = Vec::new();
    let mut start = 0;
    let bytes = source.as_bytes();
    for (at, &byte) in bytes.iter().enumerate() {
        match (quote, byte) {
            (Some(open), _) => quote = (byte != open).then_some(open),
            (None, b'\'' | b'"') => quote = Some(byte),
            (None, b'(' | b'[' | b'{') => depth += 1,
            (None, b')' | b']' | b'}') => depth -= 1,
            (None, b'|' | b'?') if depth == 0 => return vec![source],
            (None, b'&') if depth == 0 && bytes.get(at + 1) == Some(&b'&') => {
                parts.push(&source[start..at]);
                start = at + 2;
            }
            _ => {}
        }
    }
    parts.push(&source[start..]);
    parts
}

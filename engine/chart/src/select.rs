//! Which transitions an event takes: selection and preemption (SCXML Appendix D).
//!
//! For each active atomic state, from itself outwards, the first transition in document order that
//! matches the event, whose guard holds and which the sender may send (R22, R28). Of two whose
//! exit sets meet, a descendant's wins over its ancestor's, and otherwise the earlier one.
//!
//! **Invariant:** selection changes nothing; failed guards are reported, not raised here.

use smallvec::SmallVec;

use crate::definition::{Chart, Kind, StateIx, TransitionIx};
use crate::moves::{History, Moving, domain, meet};

/// A few transitions; most events enable one.
pub(crate) type Transitions = SmallVec<[TransitionIx; 4]>;
/// Transitions that were judged, and how.
type Judged = SmallVec<[(TransitionIx, bool); 8]>;

/// Answers questions a selection has to ask.
pub(crate) trait Judge {
    /// Whether the guard of `transition` holds; `Err` carries what failed.
    fn guard(&self, transition: TransitionIx) -> Result<bool, String>;
    /// Whether the sender may take `transition`.
    fn permits(&self, transition: TransitionIx) -> bool;
}

/// What was selected.
#[derive(Debug, Default)]
pub(crate) struct Selection {
    /// The optimal set, in the order of the atomic states that selected.
    pub(crate) enabled: Transitions,
    /// Roles of transitions that would have been taken by somebody else.
    pub(crate) forbidden: Vec<String>,
    /// What failed while guards were evaluated.
    pub(crate) errors: Vec<String>,
}

/// What is being selected for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Trigger<'a> {
    /// No event: eventless transitions only.
    Eventless,
    /// An event by name.
    Named(&'a str),
    /// `term.due` of one state: only transitions in line with that state may take it.
    Due(&'a str, StateIx),
}

impl Trigger<'_> {
    fn takes(self, chart: &Chart, transition: TransitionIx) -> bool {
        let definition = chart.transition(transition);
        match self {
            Self::Eventless => definition.events.is_empty(),
            Self::Named(name) => definition.events.iter().any(|pattern| pattern.matches(name)),
            Self::Due(name, term) => {
                let source = definition.source;
                let in_line = source == term
                    || chart.is_descendant(source, term)
                    || chart.is_descendant(term, source);
                in_line && definition.events.iter().any(|pattern| pattern.matches(name))
            }
        }
    }
}

/// The optimal transition set for `trigger` in `configuration`.
pub(crate) fn select(
    chart: &Chart,
    configuration: &[StateIx],
    history: &History,
    trigger: Trigger<'_>,
    judge: &impl Judge,
) -> Selection {
    let mut selection = Selection::default();
    let mut judged = Judged::new();
    for &state in configuration {
        if !matches!(chart.state(state).kind, Kind::Atomic | Kind::Final) {
            continue;
        }
        let outwards = std::iter::once(state).chain(chart.ancestors(state));
        let found = outwards.flat_map(|state| chart.state(state).transitions.iter().copied()).find(
            |&one| {
                trigger.takes(chart, one) && holds(chart, one, judge, &mut judged, &mut selection)
            },
        );
        if let Some(found) = found
            && !selection.enabled.contains(&found)
        {
            selection.enabled.push(found);
        }
    }
    if selection.enabled.len() > 1 {
        selection.enabled = without_conflicts(chart, &selection.enabled, history);
    }
    selection
}

/// Whether `transition` may be taken now; each is judged once per selection.
fn holds(
    chart: &Chart,
    transition: TransitionIx,
    judge: &impl Judge,
    judged: &mut Judged,
    selection: &mut Selection,
) -> bool {
    let definition = chart.transition(transition);
    if definition.guard.is_none() && definition.by.is_empty() && chart.roles.is_empty() {
        return true;
    }
    if let Some(&(_, answer)) = judged.iter().find(|(seen, _)| *seen == transition) {
        return answer;
    }
    let guard = if definition.guard.is_some() { judge.guard(transition) } else { Ok(true) };
    let answer = match guard {
        Err(error) => {
            selection.errors.push(error);
            false
        }
        Ok(false) => false,
        Ok(true) if judge.permits(transition) => true,
        Ok(true) => {
            for role in &definition.by {
                if !selection.forbidden.contains(role) {
                    selection.forbidden.push(role.clone());
                }
            }
            if definition.by.is_empty() {
                selection.forbidden.extend(chart.roles.keys().cloned());
            }
            false
        }
    };
    judged.push((transition, answer));
    answer
}

/// Removes preempted transitions (SCXML `removeConflictingTransitions`).
fn without_conflicts(chart: &Chart, enabled: &[TransitionIx], history: &History) -> Transitions {
    let mut kept = Moving::new();
    for &one in enabled {
        let own = domain(chart, one, history);
        let source = chart.transition(one).source;
        let rivals: Transitions =
            kept.iter().filter(|(_, other)| meet(chart, own, *other)).map(|(ix, _)| *ix).collect();
        let deeper =
            |rival: &TransitionIx| chart.is_descendant(source, chart.transition(*rival).source);
        if rivals.iter().all(deeper) {
            kept.retain(|(ix, _)| !rivals.contains(ix));
            kept.push((one, own));
        }
    }
    kept.into_iter().map(|(ix, _)| ix).collect()
}

//! The checker: every mistake of a chart that can be decided without running it.
//!
//! The reader has already told what it could not read; here the chart is taken as a whole. First
//! names, values and work, each by looking; then behaviour, by a bounded search over every
//! configuration the chart can rest in. All kinds are listed with an example in `docs/checks.md`.
//!
//! Reading order: [`check()`], then `names`, `values` (with `shape`), `work`, `neighbours`,
//! `behaviour` (with `search`, `machine`, `entry`, `truth` and `effects`).
//!
//! **Invariant:** nothing is reported of which the checker is not sure; where it must guess (data,
//! other cases) it takes every possibility as possible.

mod behaviour;
mod effects;
mod entry;
mod machine;
mod names;
mod neighbours;
mod search;
mod shape;
mod truth;
mod values;
mod work;

use std::collections::{BTreeMap, BTreeSet};

use crate::definition::{Chart, Place, Transition};
use crate::load::source::Source;
use crate::load::{Files, Loaded, locate, sort};
use crate::problem::{Problem, ProblemKind, Severity};

/// What is known around a chart. What is absent is not asked about.
#[derive(Debug, Clone, Default)]
pub struct Library {
    /// The other charts, by name; empty: charts that are opened, and events to them, are not asked.
    pub charts: BTreeMap<String, Chart>,
    /// The roles that are held by dated assignments.
    pub roles: Option<BTreeSet<String>>,
    /// The letters of this chart that have texts.
    pub letters: Option<BTreeSet<String>>,
}

/// Every problem of a chart that was read: the reader's and the checker's, in the order of the
/// file. Behaviour is searched only where nothing is wrong before.
pub fn check(loaded: &Loaded, library: &Library) -> Vec<Problem> {
    let mut problems = look(loaded, library);
    let sound = problems.iter().all(|one| !misleads(one));
    if let (Some(chart), true) = (&loaded.chart, sound) {
        let mut check = Check { chart, source: &loaded.source, library, problems: Vec::new() };
        behaviour::check(&mut check);
        problems.extend(check.problems);
    }
    finish(problems, loaded)
}

/// The part of [`check()`] that needs no search: fast enough for every keystroke.
pub fn look(loaded: &Loaded, library: &Library) -> Vec<Problem> {
    let mut problems = loaded.problems.clone();
    if let Some(chart) = &loaded.draft {
        let mut check = Check { chart, source: &loaded.source, library, problems: Vec::new() };
        names::check(&mut check);
        values::check(&mut check);
        work::check(&mut check);
        if loaded.chart.is_some() {
            neighbours::check(&mut check);
        }
        problems.extend(check.problems);
    }
    finish(problems, loaded)
}

fn finish(mut problems: Vec<Problem>, loaded: &Loaded) -> Vec<Problem> {
    for problem in &mut problems {
        locate(problem, &loaded.source, &Files::new());
    }
    sort(&mut problems);
    problems
}

/// Whether a problem would make the search tell its consequences as well.
fn misleads(problem: &Problem) -> bool {
    problem.severity == Severity::Error
        && matches!(
            problem.kind,
            ProblemKind::UnknownEvent | ProblemKind::UnheardEvent | ProblemKind::UnknownState
        )
}

/// One check under way.
struct Check<'a> {
    chart: &'a Chart,
    source: &'a Source,
    library: &'a Library,
    problems: Vec<Problem>,
}

impl Check<'_> {
    fn report(
        &mut self,
        kind: ProblemKind,
        place: Place,
        excerpt: &str,
        vi: impl Into<String>,
        en: impl Into<String>,
    ) {
        self.push(Problem::new(kind, place, excerpt, vi, en));
    }

    fn push(&mut self, problem: Problem) {
        self.problems.push(problem);
    }
}

/// The events of a transition, as people call it.
fn event_of(transition: &Transition) -> String {
    if transition.events.is_empty() {
        return "always".to_owned();
    }
    transition.events.iter().map(|one| one.0.as_ref()).collect::<Vec<_>>().join(" ")
}

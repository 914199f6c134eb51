//! Who may see what.
//!
//! A person sees the cases on which they hold a role, by an assignment to the case itself, its subject
//! or anything above it, and those that owe them a task by name (members of a council). A role held
//! on the whole ministry (coordination, its leaders) sees every case. The same rule narrows lists in
//! SQL ([`store::cases::CaseFilter::scopes`]) and judges one case here.
//!
//! **Invariant:** whoever may not see a case is answered as if there were none.

use std::collections::BTreeSet;

use chart::moment::Timestamp;
use runtime::roles::{Assignments, scopes};
use store::rows::{Head, TaskRow};

/// The scope that holds every case.
pub(super) const MINISTRY: &str = "ministry";

/// What `person` holds at `now`: (role, scope), sorted, each once.
pub(super) fn holdings(
    assignments: &Assignments,
    person: &str,
    now: Timestamp,
) -> BTreeSet<(String, String)> {
    let own = assignments.of_person(person, now);
    own.map(|one| (one.role.clone(), one.scope.clone())).collect()
}

/// The scopes on which `person` holds any role at `now`.
pub(super) fn held_scopes(
    assignments: &Assignments,
    person: &str,
    now: Timestamp,
) -> BTreeSet<String> {
    assignments.of_person(person, now).map(|one| one.scope.clone()).collect()
}

/// Whether `person` watches over every case.
pub(super) fn watches(assignments: &Assignments, person: &str, now: Timestamp) -> bool {
    assignments.of_person(person, now).any(|one| one.scope == MINISTRY)
}

/// Whether `person` may see the case of `head`, whose open tasks are `tasks`.
pub(super) fn may_see(
    assignments: &Assignments,
    person: &str,
    head: &Head,
    tasks: &[TaskRow],
    now: Timestamp,
) -> bool {
    let around = scopes(&head.subject, &head.case_id);
    let holds = assignments.of_person(person, now).any(|one| around.contains(&one.scope));
    holds || tasks.iter().any(|task| is_named(task, person))
}

/// Whether a task is owed by `person` by name.
pub(super) fn is_named(task: &TaskRow, person: &str) -> bool {
    task.element == person
        || task.element.rsplit_once(':').is_some_and(|(_, element)| element == person)
}

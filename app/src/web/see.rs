//! Who may see what.
//!
//! A person sees the cases on which they hold a role: by an assignment to the case itself, its subject or
//! anything above it, of their own or of somebody they stand in for, or because the case names them (members of a council, R28). A role held
//! on the whole ministry (coordination, its leaders) sees every case. [`Sight`] is what narrows lists in SQL
//! ([`store::cases::CaseFilter::scopes`], [`store::tasks::of_holder`]); [`may_see`] judges one case by the same.
//!
//! **Invariant:** whoever may not see a case is answered as if there were none.

use std::collections::BTreeSet;

use chart::definition::Chart;
use chart::moment::Timestamp;
use runtime::roles::{Assignment, Assignments, scopes};
use serde_json::Value;
use store::cases;
use store::rows::{EntryRow, Head, TaskRow};

use super::Site;
use super::trouble::Trouble;
use crate::facts::CaseFacts;

/// The scope that holds every case.
pub(super) const MINISTRY: &str = "ministry";
/// The role that looks after accounts and rights, and shows its holder no case.
pub(super) const ADMINISTRATOR: &str = "administrator";

/// What one person holds: (role, scope), each once. Where a case names them the scope is `case/<id>`.
#[derive(Debug)]
pub(super) struct Sight(BTreeSet<(String, String)>);

impl Sight {
    /// What `person` holds now.
    pub(super) async fn of(site: &Site, person: &str) -> Result<Self, Trouble> {
        let (assignments, now) = (site.runtime.assignments(), site.now());
        let own = exercised(&assignments, person, now);
        let mut held: BTreeSet<(String, String)> =
            own.map(|one| (one.role.clone(), one.scope.clone())).collect();
        let library = site.runtime.library();
        let declares = |chart: &&std::sync::Arc<chart::definition::Chart>| {
            chart.roles.values().any(|role| role.holders.is_some())
        };
        let charts: BTreeSet<String> =
            library.charts().filter(declares).map(|chart| chart.name.clone()).collect();
        let charts: Vec<String> = charts.into_iter().collect();
        let text =
            serde_json::to_string(person).map_err(|error| Trouble::Corrupt(error.to_string()))?;
        for head in cases::mentioning(site.store(), &charts, &text).await? {
            let Some(facts) = CaseFacts::of(&head, &library) else { continue };
            let scope = format!("case/{}", head.case_id);
            let roles = facts.roles_declared_for(person).into_iter();
            held.extend(roles.map(|role| (role.to_owned(), scope.clone())));
        }
        Ok(Self(held))
    }

    /// Each role with the scope it is held on.
    pub(super) fn held(&self) -> Vec<(String, String)> {
        self.0.iter().cloned().collect()
    }

    /// The scopes on which any role is held.
    pub(super) fn scopes(&self) -> Vec<String> {
        let scopes: BTreeSet<&String> = self.0.iter().map(|(_, scope)| scope).collect();
        scopes.into_iter().cloned().collect()
    }
}

/// The roles on cases that `person` exercises: their own, and those of whom they stand in for.
fn exercised<'a>(
    assignments: &'a Assignments,
    person: &'a str,
    now: Timestamp,
) -> impl Iterator<Item = &'a Assignment> {
    assignments.exercised_by(person, now).filter(|one| one.role != ADMINISTRATOR)
}

/// Whether `person` watches over every case.
pub(super) fn watches(assignments: &Assignments, person: &str, now: Timestamp) -> bool {
    exercised(assignments, person, now).any(|one| one.scope == MINISTRY)
}

/// Whether `person` looks after accounts and rights.
pub(super) fn administers(assignments: &Assignments, person: &str, now: Timestamp) -> bool {
    let mut held = assignments.of_person(person, now);
    held.any(|one| one.role == ADMINISTRATOR && one.scope == MINISTRY)
}

/// The scopes on which `person` exercises a role by assignment.
pub(super) fn scopes_of<'a>(
    assignments: &'a Assignments,
    person: &'a str,
    now: Timestamp,
) -> impl Iterator<Item = &'a str> {
    exercised(assignments, person, now).map(|one| one.scope.as_str())
}

/// Whether a role held on one of the scopes `held` is one on the case, its subject or anything above it.
pub(super) fn bears_on(held: &BTreeSet<&str>, subject: &str, case_id: &str) -> bool {
    scopes(subject, case_id).iter().any(|scope| held.contains(scope.as_str()))
}

/// Whether `person` may see the case of `head`.
pub(super) fn may_see(
    assignments: &Assignments,
    person: &str,
    head: &Head,
    facts: &CaseFacts,
    now: Timestamp,
) -> bool {
    let held: BTreeSet<&str> = scopes_of(assignments, person, now).collect();
    bears_on(&held, &head.subject, &head.case_id) || !facts.roles_declared_for(person).is_empty()
}

/// The chart of evaluations: what its members send is closed until they open it.
const CLOSED: &str = "evaluation";

/// Whether `person`, who may see the case, may read what an entry of it carries: their own always, another's where
/// it is no member's score or vote.
pub(super) fn may_read(person: &str, chart: &Chart, entry: &EntryRow) -> bool {
    chart.name != CLOSED || sender_of(entry).as_deref() == Some(person)
}

/// The person who sent an entry; none where the engine did.
pub(super) fn sender_of(entry: &EntryRow) -> Option<String> {
    let actor: Value = serde_json::from_str(&entry.actor).ok()?;
    let id = actor["id"].as_str().filter(|id| !id.is_empty() && *id != "system")?;
    Some(id.to_owned())
}

/// Whether a task of a role that `person` holds is theirs, and not that of another whom the case names.
pub(super) fn owes(person: &str, task: &TaskRow, case: &CaseFacts) -> bool {
    case.named_for(task).is_none_or(|named| named.iter().any(|one| one == person))
}

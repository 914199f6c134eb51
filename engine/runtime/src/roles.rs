//! Who holds which role on a subject at a moment (R28).
//!
//! A role is held on a *scope*, and whoever holds it on a scope holds it on everything below:
//! the case itself, then its participation, its platform, the ministry. The assignments are kept in
//! memory with the version they were read at; whoever changes them raises the version, and the
//! writer reads them anew.
//!
//! **Invariant:** the answer is a function of the assignments, the subject and the moment; the
//! actor that comes out is recorded in the entry, so replay never asks again.

use std::collections::{BTreeMap, BTreeSet};

use chart::event::Actor;
use chart::moment::Timestamp;

use crate::command::{ActorRef, SendError};

/// A role held on a scope for a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// The role.
    pub role: String,
    /// Where: `ministry`, `platform/ndp2022-01`, `participation/ndp2022-01/ent-x`, `case/<id>`.
    pub scope: String,
    /// The person that holds it.
    pub holder: String,
    /// The organisation they hold it for.
    pub organisation: String,
    /// From this moment on.
    pub from: Timestamp,
    /// Until before this moment; open where absent.
    pub to: Option<Timestamp>,
}

/// A person acting in another's place for a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Substitution {
    /// Whose place it is.
    pub absent: String,
    /// Who takes it.
    pub substitute: String,
    /// In which role; empty for all of them.
    pub role: String,
    /// From this moment on.
    pub from: Timestamp,
    /// Until before this moment; open where absent.
    pub to: Option<Timestamp>,
}

/// Every assignment and substitution of a database, as of one version.
#[derive(Debug, Clone, Default)]
pub struct Assignments {
    version: i64,
    by_scope: BTreeMap<String, Vec<Assignment>>,
    substitutions: Vec<Substitution>,
}

impl Assignments {
    /// The assignments as of `version`.
    pub fn new(
        version: i64,
        assignments: impl IntoIterator<Item = Assignment>,
        substitutions: Vec<Substitution>,
    ) -> Self {
        let mut by_scope: BTreeMap<String, Vec<Assignment>> = BTreeMap::new();
        for assignment in assignments {
            by_scope.entry(assignment.scope.clone()).or_default().push(assignment);
        }
        Self { version, by_scope, substitutions }
    }

    /// The version they were read at.
    pub fn version(&self) -> i64 {
        self.version
    }

    /// The actor that `actor` is towards the case at `now`: its roles on the subject, sorted.
    ///
    /// Whoever names another to act for must be their substitute then; they act with those roles of
    /// the other that they stand in for, and both are recorded. Who names an organisation acts with
    /// the roles they hold for it; who names none acts for that of their nearest role.
    pub fn resolve(
        &self,
        actor: &ActorRef,
        subject: &str,
        case_id: &str,
        now: Timestamp,
    ) -> Result<Actor, SendError> {
        if actor.is_system() {
            return Ok(Actor::system());
        }
        let holder = actor.on_behalf_of.as_ref().unwrap_or(&actor.person);
        let stands_in = |role: Option<&str>| {
            actor.on_behalf_of.is_none() || self.stands_in(&actor.person, holder, role, now)
        };
        if !stands_in(None) {
            let (person, other) = (actor.person.clone(), holder.clone());
            return Err(SendError::Forbidden { person, other });
        }
        let mut org = actor.org.clone();
        let mut roles = BTreeSet::new();
        for assignment in self.on(subject, case_id, now) {
            let own = assignment.holder == *holder
                && (actor.org.is_empty() || assignment.organisation == actor.org);
            if own && stands_in(Some(&assignment.role)) {
                if org.is_empty() {
                    org.clone_from(&assignment.organisation);
                }
                roles.insert(assignment.role.clone());
            }
        }
        Ok(Actor {
            id: actor.person.clone(),
            org,
            roles: roles.into_iter().collect(),
            on_behalf_of: actor.on_behalf_of.clone(),
        })
    }

    /// Who holds `role` on `subject` at `now`, nearest scope first, each person once.
    pub fn holders<'a>(
        &'a self,
        role: &str,
        subject: &str,
        case_id: &str,
        now: Timestamp,
    ) -> Vec<&'a Assignment> {
        let mut holders: Vec<&Assignment> = Vec::new();
        for assignment in self.on(subject, case_id, now).filter(|one| one.role == role) {
            if !holders.iter().any(|one| one.holder == assignment.holder) {
                holders.push(assignment);
            }
        }
        holders
    }

    /// The cases on which somebody holds a role on the case itself, by id; few, where any.
    pub fn cases(&self) -> impl Iterator<Item = &str> {
        let from = self.by_scope.range("case/".to_owned()..);
        from.map_while(|(scope, _)| scope.strip_prefix("case/"))
    }

    /// What `person` holds at `now`, on any scope.
    pub fn of_person(&self, person: &str, now: Timestamp) -> impl Iterator<Item = &Assignment> {
        let all = self.by_scope.values().flatten();
        all.filter(move |one| one.holder == person && in_force(one.from, one.to, now))
    }

    /// For whom `person` acts at `now`, each once.
    pub fn absent_for(&self, person: &str, now: Timestamp) -> BTreeSet<&str> {
        let acts =
            |one: &&Substitution| one.substitute == person && in_force(one.from, one.to, now);
        self.substitutions.iter().filter(acts).map(|one| one.absent.as_str()).collect()
    }

    /// What `person` may exercise at `now`: their own roles, and of those of whom they stand in for the ones
    /// they stand in for.
    pub fn exercised_by<'a>(
        &'a self,
        person: &'a str,
        now: Timestamp,
    ) -> impl Iterator<Item = &'a Assignment> {
        let absent = self.absent_for(person, now);
        let all = self.by_scope.values().flatten();
        all.filter(move |one| {
            let holder = one.holder.as_str();
            let is_theirs = holder == person
                || (absent.contains(holder)
                    && self.stands_in(person, holder, Some(&one.role), now));
            is_theirs && in_force(one.from, one.to, now)
        })
    }

    fn on(
        &self,
        subject: &str,
        case_id: &str,
        now: Timestamp,
    ) -> impl Iterator<Item = &Assignment> + use<'_> {
        scopes(subject, case_id)
            .into_iter()
            .filter_map(|scope| self.by_scope.get(&scope))
            .flatten()
            .filter(move |one| in_force(one.from, one.to, now))
    }

    fn stands_in(&self, person: &str, other: &str, role: Option<&str>, now: Timestamp) -> bool {
        self.substitutions.iter().any(|one| {
            one.substitute == person
                && one.absent == other
                && role.is_none_or(|role| one.role.is_empty() || one.role == role)
                && in_force(one.from, one.to, now)
        })
    }
}

fn in_force(from: Timestamp, to: Option<Timestamp>, now: Timestamp) -> bool {
    from <= now && to.is_none_or(|to| now < to)
}

/// The scopes that bear on a case, nearest first: the case, its subject, whatever that lies below
/// (`platform/ndp2022-01/dn-a1` below `platform/ndp2022-01`), the ministry.
pub fn scopes(subject: &str, case_id: &str) -> Vec<String> {
    let mut scopes = vec![format!("case/{case_id}")];
    if !subject.is_empty() && subject != "ministry" {
        scopes.push(subject.to_owned());
    }
    if subject.starts_with("platform/") {
        let mut above = subject;
        while let Some((parent, _)) = above.rsplit_once('/').filter(|(up, _)| up.contains('/')) {
            scopes.push(parent.to_owned());
            above = parent;
        }
    }
    if let Some(rest) = subject.strip_prefix("participation/") {
        let platform = rest.split('/').next().unwrap_or(rest);
        scopes.push(format!("platform/{platform}"));
    }
    scopes.push("ministry".to_owned());
    scopes
}

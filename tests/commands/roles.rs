//! Who may send: dated assignments on a scope, substitutions, and what is recorded of them.

use chart::moment::Timestamp;
use runtime::command::ActorRef;
use runtime::roles::{Assignment, Assignments, Substitution, scopes};

use super::desk::MONDAY;

fn assignment(role: &str, scope: &str, holder: &str) -> Assignment {
    Assignment {
        role: role.to_owned(),
        scope: scope.to_owned(),
        holder: holder.to_owned(),
        organisation: format!("org of {holder}"),
        from: MONDAY,
        to: None,
    }
}

fn until(assignment: Assignment, to: Timestamp) -> Assignment {
    Assignment { to: Some(to), ..assignment }
}

fn assignments() -> Assignments {
    let all = [
        assignment("reporter", "participation/p1/e1", "anna"),
        assignment("focal", "platform/p1", "binh"),
        assignment("coordinator", "ministry", "chi"),
        assignment("secretary", "case/c1", "dung"),
        until(assignment("focal", "platform/p1", "anna"), MONDAY.plus_ms(10)),
        assignment("focal", "platform/p2", "anna"),
    ];
    let substitution = Substitution {
        absent: "binh".to_owned(),
        substitute: "chi".to_owned(),
        role: "focal".to_owned(),
        from: MONDAY.plus_ms(5),
        to: Some(MONDAY.plus_ms(20)),
    };
    Assignments::new(1, all, vec![substitution])
}

#[test]
fn a_role_on_a_scope_is_held_on_everything_below_and_only_in_its_time() {
    let assignments = assignments();
    let cases: [(&str, &str, i64, &[&str]); 9] = [
        ("anna", "participation/p1/e1", 0, &["focal", "reporter"]),
        ("anna", "participation/p1/e1", 10, &["reporter"]),
        ("anna", "participation/p1/e1", -1, &[]),
        ("anna", "participation/p1/e2", 10, &[]),
        ("binh", "participation/p1/e1", 0, &["focal"]),
        ("binh", "platform/p2", 0, &[]),
        ("chi", "participation/p1/e1", 0, &["coordinator"]),
        ("chi", "ministry", 0, &["coordinator"]),
        ("dung", "ministry", 0, &["secretary"]),
    ];
    for (person, subject, after_ms, expected) in cases {
        let actor = ActorRef::person(person);
        let now = MONDAY.plus_ms(after_ms);
        let actor = assignments.resolve(&actor, subject, "c1", now).unwrap();
        assert_eq!(actor.roles, expected, "{person} on {subject} after {after_ms} ms");
    }
}

#[test]
fn a_substitute_acts_with_the_roles_they_stand_in_for_and_both_are_recorded() {
    let assignments = assignments();
    let actor = ActorRef { on_behalf_of: Some("binh".to_owned()), ..ActorRef::person("chi") };
    let resolve =
        |after_ms: i64| assignments.resolve(&actor, "platform/p1", "c1", MONDAY.plus_ms(after_ms));
    let acting = resolve(5).unwrap();
    assert_eq!((acting.id.as_str(), acting.roles.as_slice()), ("chi", &["focal".to_owned()][..]));
    assert_eq!(acting.on_behalf_of.as_deref(), Some("binh"));
    for outside in [4, 20] {
        assert_eq!(resolve(outside).unwrap_err().code(), "forbidden");
    }
}

#[test]
fn a_person_of_two_organisations_acts_for_the_one_they_name() {
    let assignments = assignments();
    let actor = ActorRef { org: "org of anna".to_owned(), ..ActorRef::person("anna") };
    let known = assignments.resolve(&actor, "platform/p2", "c1", MONDAY).unwrap();
    assert_eq!((known.org.as_str(), known.roles.len()), ("org of anna", 1));
    let actor = ActorRef { org: "another".to_owned(), ..actor };
    let other = assignments.resolve(&actor, "platform/p2", "c1", MONDAY).unwrap();
    assert_eq!((other.org.as_str(), other.roles.len()), ("another", 0));
}

#[test]
fn the_holders_of_a_role_are_found_nearest_first() {
    let assignments = assignments();
    let holders = assignments.holders("focal", "participation/p1/e1", "c1", MONDAY);
    let holders: Vec<&str> = holders.iter().map(|one| one.holder.as_str()).collect();
    assert_eq!(holders, ["binh", "anna"]);
}

#[test]
fn the_scopes_of_a_subject_go_up_to_the_ministry() {
    let cases: [(&str, &[&str]); 4] = [
        ("ministry", &["case/c", "ministry"]),
        ("", &["case/c", "ministry"]),
        ("platform/p1", &["case/c", "platform/p1", "ministry"]),
        ("participation/p1/e1", &["case/c", "participation/p1/e1", "platform/p1", "ministry"]),
    ];
    for (subject, expected) in cases {
        assert_eq!(scopes(subject, "c"), expected, "{subject}");
    }
}

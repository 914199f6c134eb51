//! Who holds what, and personal values apart from the log.

use store::people::{AssignmentRow, OrganisationRow, PersonRow, SubstitutionRow};
use store::personal::PersonalRow;
use store::{ChoreError, Store, people, personal};

use crate::fresh::Fresh;
use crate::sample::NOW;

both!(
    assignments_hold_from_a_moment_to_a_moment,
    every_change_of_who_holds_what_raises_the_version,
    an_assignment_to_nobody_is_refused,
    a_person_who_was_erased_stays_erased,
    personal_values_are_kept_and_erased_one_by_one,
);

fn organisation(id: &str) -> OrganisationRow {
    OrganisationRow {
        id: id.to_owned(),
        kind: "ministry".to_owned(),
        name: r#"{"vi":"Bộ Thông tin và Truyền thông"}"#.to_owned(),
        parent_id: None,
        document: "{}".to_owned(),
    }
}

fn person(id: &str) -> PersonRow {
    PersonRow {
        id: id.to_owned(),
        organisation: "mic".to_owned(),
        name: "Nguyễn Thị Mốc".to_owned(),
        email: "moc@example.vn".to_owned(),
        language: "vi".to_owned(),
        erased: false,
    }
}

fn assignment(id: &str, scope: &str, from_ms: i64, to_ms: Option<i64>) -> AssignmentRow {
    AssignmentRow {
        id: id.to_owned(),
        role: "ministry_focal".to_owned(),
        scope: scope.to_owned(),
        holder: "p-1".to_owned(),
        organisation: "mic".to_owned(),
        from_ms,
        to_ms,
        basis: "QĐ 12/QĐ-BTTTT".to_owned(),
    }
}

async fn settle(store: &Store) {
    people::put_organisations(store, &[organisation("mic")]).await.unwrap();
    people::put_persons(store, &[person("p-1"), person("p-2")]).await.unwrap();
}

async fn assignments_hold_from_a_moment_to_a_moment(fresh: &Fresh) {
    let store = &fresh.store;
    settle(store).await;
    let rows = [
        assignment("1", "platform/gốm", 0, Some(10)),
        assignment("2", "platform/gốm", 10, None),
        assignment("3", "platform/lụa", 0, None),
    ];
    people::put_assignments(store, &rows).await.unwrap();
    let at = async |scopes: &[&str], at_ms| {
        let scopes: Vec<_> = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        let found = people::assignments_for(store, &scopes, at_ms).await.unwrap();
        found.into_iter().map(|row| row.id).collect::<Vec<_>>()
    };
    assert_eq!(at(&["platform/gốm", "x"], 9).await, ["1"]);
    assert_eq!(at(&["platform/gốm"], 10).await, ["2"]);
    assert_eq!(at(&["platform/lụa", "platform/gốm"], 10).await, ["2", "3"]);
    assert_eq!(at(&["platform"], 10).await, [""; 0]);
    assert_eq!(at(&[], 10).await, [""; 0]);
    assert!(people::end_assignment(store, "2", 20).await.unwrap());
    assert!(!people::end_assignment(store, "2", 30).await.unwrap(), "an end is not moved on");
    assert!(!people::end_assignment(store, "absent", 20).await.unwrap());
    assert_eq!(at(&["platform/gốm"], 20).await, [""; 0]);
    let all = people::list_assignments(store).await.unwrap();
    assert_eq!(all.len(), 3);
    assert_eq!(all[1].to_ms, Some(20));
}

async fn every_change_of_who_holds_what_raises_the_version(fresh: &Fresh) {
    let store = &fresh.store;
    let mut version = people::assignments_version(store).await.unwrap();
    let mut rose = async || {
        let before = version;
        version = people::assignments_version(store).await.unwrap();
        version > before
    };
    assert!(!rose().await);
    settle(store).await;
    assert!(rose().await);
    people::put_assignments(store, &[assignment("1", "x", 0, None)]).await.unwrap();
    assert!(rose().await);
    let substitution = SubstitutionRow {
        id: "s".to_owned(),
        absent: "p-1".to_owned(),
        substitute: "p-2".to_owned(),
        role: String::new(),
        from_ms: 0,
        to_ms: 10,
        basis: "nghỉ phép".to_owned(),
    };
    people::put_substitutions(store, std::slice::from_ref(&substitution)).await.unwrap();
    assert!(rose().await);
    assert_eq!(people::list_substitutions(store).await.unwrap(), [substitution]);
    people::end_assignment(store, "1", 5).await.unwrap();
    assert!(rose().await);
    assert_eq!(people::list_organisations(store).await.unwrap(), [organisation("mic")]);
    assert!(!rose().await);
}

async fn an_assignment_to_nobody_is_refused(fresh: &Fresh) {
    let store = &fresh.store;
    settle(store).await;
    let version = people::assignments_version(store).await.unwrap();
    let stranger = AssignmentRow { holder: "p-9".to_owned(), ..assignment("2", "x", 0, None) };
    let rows = [assignment("1", "x", 0, None), stranger];
    let refused = people::put_assignments(store, &rows).await;
    assert!(matches!(refused, Err(ChoreError::Data(_))), "{refused:?}");
    assert_eq!(people::list_assignments(store).await.unwrap(), [], "all or none");
    assert_eq!(people::assignments_version(store).await.unwrap(), version);
}

async fn a_person_who_was_erased_stays_erased(fresh: &Fresh) {
    let store = &fresh.store;
    settle(store).await;
    personal::put(store, &[value("r-1", Some("p-1")), value("r-2", None)]).await.unwrap();
    assert_eq!(people::find_person(store, "p-1").await.unwrap(), Some(person("p-1")));
    assert_eq!(personal::erase_person(store, "p-1").await.unwrap(), 1);
    people::put_persons(store, &[person("p-1")]).await.unwrap();
    let erased = people::find_person(store, "p-1").await.unwrap().unwrap();
    assert_eq!((erased.name.as_str(), erased.email.as_str(), erased.erased), ("", "", true));
    let left: Vec<_> = people::list_persons(store).await.unwrap();
    assert_eq!(left[1], person("p-2"));
    assert_eq!(personal::find(store, "r-1").await.unwrap(), None);
    assert_eq!(personal::find(store, "r-2").await.unwrap(), Some(value("r-2", None)));
    assert_eq!(people::find_person(store, "p-9").await.unwrap(), None);
}

fn value(reference: &str, person: Option<&str>) -> PersonalRow {
    PersonalRow {
        reference: reference.to_owned(),
        case_id: "a".to_owned(),
        person: person.map(str::to_owned),
        value: r#""0912345678""#.to_owned(),
        salt: "00ff".to_owned(),
        created_at_ms: NOW,
    }
}

async fn personal_values_are_kept_and_erased_one_by_one(fresh: &Fresh) {
    let store = &fresh.store;
    personal::put(store, &[value("r-2", None), value("r-1", None)]).await.unwrap();
    let other = PersonalRow { value: "other".to_owned(), ..value("r-1", None) };
    personal::put(store, &[other]).await.unwrap();
    let kept = personal::of_case(store, "a").await.unwrap();
    assert_eq!(kept, [value("r-1", None), value("r-2", None)], "a value is never replaced");
    assert_eq!(personal::of_person(store, "p-1").await.unwrap(), []);
    personal::put(store, &[value("r-0", Some("p-1"))]).await.unwrap();
    assert_eq!(personal::of_person(store, "p-1").await.unwrap(), [value("r-0", Some("p-1"))]);
    assert!(personal::erase(store, "r-0").await.unwrap());
    assert!(personal::erase(store, "r-1").await.unwrap());
    assert!(!personal::erase(store, "r-1").await.unwrap());
    assert_eq!(personal::of_case(store, "a").await.unwrap(), [value("r-2", None)]);
}

//! What somebody typed and has not sent.

use store::drafts::{self, DraftRow};
use store::people::{self, OrganisationRow, PersonRow};
use store::{Store, commit, personal, removed};

use crate::fresh::Fresh;
use crate::sample::{NOW, full};

both!(
    a_draft_is_kept_in_the_place_of_the_one_before,
    a_draft_is_of_one_person_and_goes_when_it_is_thrown_away,
    a_draft_goes_with_its_person,
    a_draft_goes_with_its_case,
);

async fn settle(store: &Store) {
    let organisation = OrganisationRow {
        id: "mic".to_owned(),
        kind: "ministry".to_owned(),
        name: "{}".to_owned(),
        parent_id: None,
        document: "{}".to_owned(),
    };
    people::put_organisations(store, &[organisation]).await.unwrap();
    let person = |id: &str| PersonRow {
        id: id.to_owned(),
        organisation: "mic".to_owned(),
        name: "Nguyễn Thị Mốc".to_owned(),
        email: String::new(),
        language: "vi".to_owned(),
        erased: false,
    };
    people::put_persons(store, &[person("p-1"), person("p-2")]).await.unwrap();
}

fn draft(person: &str, case_id: &str, event: &str) -> DraftRow {
    DraftRow {
        person: person.to_owned(),
        case_id: case_id.to_owned(),
        event: event.to_owned(),
        fields: r#"{"/note":["Đang viết"]}"#.to_owned(),
        form: "{}".to_owned(),
        saved_at_ms: NOW,
    }
}

async fn a_draft_is_kept_in_the_place_of_the_one_before(fresh: &Fresh) {
    let store = &fresh.store;
    settle(store).await;
    assert_eq!(drafts::find(store, "p-1", "a", "submit").await.unwrap(), None);
    let first = draft("p-1", "a", "submit");
    drafts::put(store, &first).await.unwrap();
    assert_eq!(drafts::find(store, "p-1", "a", "submit").await.unwrap(), Some(first.clone()));
    let fields = r#"{"/note":["Xong"]}"#.to_owned();
    let second = DraftRow { fields, form: "{\"f\":1}".to_owned(), saved_at_ms: NOW + 1, ..first };
    drafts::put(store, &second).await.unwrap();
    assert_eq!(drafts::of_person(store, "p-1").await.unwrap(), [second]);
    assert!(drafts::put(store, &draft("nobody", "a", "submit")).await.is_err());
}

async fn a_draft_is_of_one_person_and_goes_when_it_is_thrown_away(fresh: &Fresh) {
    let store = &fresh.store;
    settle(store).await;
    let own =
        [draft("p-1", "a", "accept"), draft("p-1", "a", "submit"), draft("p-1", "b", "submit")];
    for row in own.iter().rev().chain([&draft("p-2", "a", "submit")]) {
        drafts::put(store, row).await.unwrap();
    }
    assert_eq!(drafts::of_person(store, "p-1").await.unwrap(), own);
    assert!(drafts::discard(store, "p-1", "a", "submit").await.unwrap());
    assert!(!drafts::discard(store, "p-1", "a", "submit").await.unwrap());
    assert_eq!(drafts::of_person(store, "p-1").await.unwrap().len(), 2);
    assert_eq!(drafts::of_person(store, "p-2").await.unwrap().len(), 1, "another's is left alone");
}

async fn a_draft_goes_with_its_person(fresh: &Fresh) {
    let store = &fresh.store;
    settle(store).await;
    for person in ["p-1", "p-2"] {
        drafts::put(store, &draft(person, "a", "submit")).await.unwrap();
    }
    personal::erase_person(store, "p-1").await.unwrap();
    assert_eq!(drafts::of_person(store, "p-1").await.unwrap(), []);
    assert_eq!(drafts::of_person(store, "p-2").await.unwrap().len(), 1);
}

async fn a_draft_goes_with_its_case(fresh: &Fresh) {
    let store = &fresh.store;
    settle(store).await;
    let mut closed = full("a", 0);
    closed.outbox.clear();
    closed.head.done = true;
    assert_eq!(commit(store, &[closed]).await.unwrap(), [true]);
    for case_id in ["a", "b"] {
        drafts::put(store, &draft("p-1", case_id, "submit")).await.unwrap();
    }
    assert!(removed::remove(store, "a", "archive", NOW).await.unwrap());
    let left = drafts::of_person(store, "p-1").await.unwrap();
    assert_eq!(left.iter().map(|row| &*row.case_id).collect::<Vec<_>>(), ["b"]);
}

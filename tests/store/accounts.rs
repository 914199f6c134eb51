//! How people sign in, and what one person is shown of tasks and cases.

use store::accounts::{self, SessionRow};
use store::cases::{self, CaseFilter};
use store::people::{self, OrganisationRow, PersonRow};
use store::{Store, commit, personal, tasks};

use crate::fresh::Fresh;
use crate::sample::{NOW, full};

both!(
    a_password_is_chosen_once_by_an_invitation,
    wrong_passwords_are_counted_and_forgotten,
    a_session_lasts_while_it_is_used,
    whoever_is_erased_cannot_sign_in,
    a_person_is_found_by_address_if_it_is_theirs_alone,
    tasks_and_cases_are_found_by_what_is_held_above_them,
    cases_that_mention_somebody_are_found_under_their_chart,
);

pub(crate) async fn settle(store: &Store) {
    let organisation = OrganisationRow {
        id: "mic".to_owned(),
        kind: "ministry".to_owned(),
        name: "{}".to_owned(),
        parent_id: None,
        document: "{}".to_owned(),
    };
    people::put_organisations(store, &[organisation]).await.unwrap();
    let person = |id: &str, email: &str| PersonRow {
        id: id.to_owned(),
        organisation: "mic".to_owned(),
        name: "Nguyễn Thị Mốc".to_owned(),
        email: email.to_owned(),
        language: "vi".to_owned(),
        erased: false,
    };
    let persons = [person("p-1", "moc@example.vn"), person("p-2", "chung@example.vn")];
    people::put_persons(store, &persons).await.unwrap();
    people::put_persons(store, &[person("p-3", "chung@example.vn")]).await.unwrap();
}

pub(crate) fn session(token_sha: &str) -> SessionRow {
    SessionRow {
        token_sha: token_sha.to_owned(),
        person: "p-1".to_owned(),
        opened_at_ms: NOW,
        seen_at_ms: NOW,
        ends_at_ms: NOW + 100,
        agent: "Firefox".to_owned(),
    }
}

async fn a_password_is_chosen_once_by_an_invitation(fresh: &Fresh) {
    let store = &fresh.store;
    settle(store).await;
    assert_eq!(accounts::find(store, "p-1").await.unwrap(), None);
    accounts::invite(store, "first", "p-1", NOW + 50).await.unwrap();
    accounts::invite(store, "second", "p-1", NOW + 50).await.unwrap();
    let invited = async |token: &str, at| accounts::invited(store, token, at).await.unwrap();
    assert_eq!(invited("first", NOW).await, None, "a newer one ends it");
    assert_eq!(invited("second", NOW).await.as_deref(), Some("p-1"));
    assert_eq!(invited("second", NOW + 50).await, None, "it has ended");
    accounts::open_session(store, &session("t")).await.unwrap();
    accounts::set_password(store, "p-1", "$argon2id$1", NOW + 1).await.unwrap();
    assert_eq!(invited("second", NOW).await, None, "it was used");
    assert_eq!(accounts::session(store, "t", NOW).await.unwrap(), None);
    let account = accounts::find(store, "p-1").await.unwrap().unwrap();
    assert_eq!((account.password.as_str(), account.changed_at_ms), ("$argon2id$1", NOW + 1));
    accounts::set_password(store, "p-1", "$argon2id$2", NOW + 2).await.unwrap();
    let all = accounts::list(store).await.unwrap();
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].password, "$argon2id$2");
}

async fn wrong_passwords_are_counted_and_forgotten(fresh: &Fresh) {
    let store = &fresh.store;
    settle(store).await;
    accounts::set_password(store, "p-1", "hash", NOW).await.unwrap();
    accounts::failed(store, "p-1", 0).await.unwrap();
    accounts::failed(store, "p-1", NOW + 30).await.unwrap();
    let account = accounts::find(store, "p-1").await.unwrap().unwrap();
    assert_eq!((account.failures, account.locked_until_ms), (2, NOW + 30));
    accounts::open_session(store, &session("t")).await.unwrap();
    let account = accounts::find(store, "p-1").await.unwrap().unwrap();
    assert_eq!((account.failures, account.locked_until_ms), (0, 0));
}

async fn a_session_lasts_while_it_is_used(fresh: &Fresh) {
    let store = &fresh.store;
    settle(store).await;
    for token in ["a", "b"] {
        accounts::open_session(store, &session(token)).await.unwrap();
    }
    assert_eq!(accounts::session(store, "a", NOW + 99).await.unwrap(), Some(session("a")));
    assert_eq!(accounts::session(store, "a", NOW + 100).await.unwrap(), None);
    accounts::keep_session(store, "a", NOW + 90, NOW + 190).await.unwrap();
    let kept = accounts::session(store, "a", NOW + 150).await.unwrap().unwrap();
    assert_eq!((kept.seen_at_ms, kept.ends_at_ms), (NOW + 90, NOW + 190));
    accounts::keep_session(store, "b", NOW + 100, NOW + 500).await.unwrap();
    assert_eq!(accounts::session(store, "b", NOW + 100).await.unwrap(), None, "none comes back");
    let own = accounts::sessions_of(store, "p-1", NOW).await.unwrap();
    let tokens: Vec<&str> = own.iter().map(|row| row.token_sha.as_str()).collect();
    assert_eq!(tokens, ["a", "b"], "the last used first");
    assert!(!accounts::end_session(store, "p-2", "a").await.unwrap(), "it is another's");
    assert!(accounts::end_session(store, "p-1", "a").await.unwrap());
    assert_eq!(accounts::session(store, "a", NOW).await.unwrap(), None);
    accounts::invite(store, "old", "p-1", NOW).await.unwrap();
    accounts::sweep(store, NOW + 100).await.unwrap();
    assert_eq!(fresh.number("SELECT count(*) FROM sessions").await, 0);
    assert_eq!(fresh.number("SELECT count(*) FROM invitations").await, 0);
}

async fn whoever_is_erased_cannot_sign_in(fresh: &Fresh) {
    let store = &fresh.store;
    settle(store).await;
    accounts::set_password(store, "p-1", "hash", NOW).await.unwrap();
    accounts::open_session(store, &session("t")).await.unwrap();
    accounts::invite(store, "i", "p-1", NOW + 50).await.unwrap();
    personal::erase_person(store, "p-1").await.unwrap();
    assert_eq!(accounts::find(store, "p-1").await.unwrap(), None);
    assert_eq!(accounts::session(store, "t", NOW).await.unwrap(), None);
    assert_eq!(accounts::invited(store, "i", NOW).await.unwrap(), None);
}

async fn a_person_is_found_by_address_if_it_is_theirs_alone(fresh: &Fresh) {
    let store = &fresh.store;
    settle(store).await;
    let found = people::find_by_email(store, "MOC@example.vn").await.unwrap();
    assert_eq!(found.map(|person| person.id).as_deref(), Some("p-1"));
    assert_eq!(people::find_by_email(store, "chung@example.vn").await.unwrap(), None);
    assert_eq!(people::find_by_email(store, "").await.unwrap(), None);
}

async fn tasks_and_cases_are_found_by_what_is_held_above_them(fresh: &Fresh) {
    let store = &fresh.store;
    let subjects = [
        "platform/x",
        "platform/x/ent-1",
        "platform/x/ent-1/part",
        "platform/xy",
        "participation/x/ent-1",
        "participation/xy/ent-1",
        "ministry",
        "",
    ];
    let ids: Vec<String> = (0..subjects.len()).map(|at| format!("case-{at}")).collect();
    let writes: Vec<_> = subjects
        .iter()
        .zip(&ids)
        .map(|(subject, id)| {
            let mut write = full(id, 0);
            write.head.subject = (*subject).to_owned();
            for task in &mut write.tasks_put {
                task.subject = (*subject).to_owned();
            }
            write
        })
        .collect();
    let role = writes[0].tasks_put[0].role.clone();
    assert!(commit(store, &writes).await.unwrap().iter().all(|accepted| *accepted));
    let rows: [(&str, &[usize]); 12] = [
        ("ministry", &[0, 1, 2, 3, 4, 5, 6, 7]),
        ("platform/x", &[0, 1, 2, 4]),
        ("platform/xy", &[3, 5]),
        ("platform/x/ent-1", &[1, 2]),
        ("platform/x/ent", &[]),
        ("platform/", &[]),
        ("platform", &[]),
        ("participation/x", &[]),
        ("participation/x/ent-1", &[4]),
        ("case/case-3", &[3]),
        ("case/case", &[]),
        ("", &[]),
    ];
    for (scope, expected) in rows {
        let expected: Vec<&str> = expected.iter().map(|at| ids[*at].as_str()).collect();
        let filter = CaseFilter { scopes: Some(vec![scope.to_owned()]), ..CaseFilter::default() };
        let found = cases::list(store, &filter, "", 99).await.unwrap();
        assert_eq!(
            found.iter().map(|head| &*head.case_id).collect::<Vec<_>>(),
            expected,
            "{scope}"
        );
        let held = |role: &str| vec![(role.to_owned(), scope.to_owned())];
        let found = tasks::of_holder(store, &held(&role), 99).await.unwrap();
        assert_eq!(
            found.iter().map(|task| &*task.case_id).collect::<Vec<_>>(),
            expected,
            "{scope}"
        );
        assert_eq!(tasks::of_holder(store, &held("another"), 99).await.unwrap(), []);
    }
    let nobody = CaseFilter { scopes: Some(Vec::new()), ..CaseFilter::default() };
    assert_eq!(cases::list(store, &nobody, "", 99).await.unwrap(), []);
    assert_eq!(tasks::of_holder(store, &[], 99).await.unwrap(), []);
}

async fn cases_that_mention_somebody_are_found_under_their_chart(fresh: &Fresh) {
    let store = &fresh.store;
    let about = |id: &str, chart: &str, snapshot: &str| {
        let mut write = full(id, 0);
        write.head.chart = chart.to_owned();
        write.head.snapshot = snapshot.to_owned();
        write
    };
    let writes = [
        about("a", "evaluation", r#"{"data":{"members":["p-1","p-2"]}}"#),
        about("b", "evaluation", r#"{"data":{"members":["p-10"]}}"#),
        about("c", "report", r#"{"data":{"by":"p-1"}}"#),
    ];
    assert_eq!(commit(store, &writes).await.unwrap(), [true; 3]);
    let rows: [(&[&str], &str, &[&str]); 5] = [
        (&["evaluation"], "\"p-1\"", &["a"]),
        (&["evaluation", "report"], "\"p-1\"", &["a", "c"]),
        (&["evaluation"], "p-1", &["a", "b"]),
        (&["evaluation"], "P-1", &[]),
        (&[], "p-1", &[]),
    ];
    for (charts, text, expected) in rows {
        let charts: Vec<String> = charts.iter().map(|chart| (*chart).to_owned()).collect();
        let found = cases::mentioning(store, &charts, text).await.unwrap();
        let found: Vec<&str> = found.iter().map(|head| head.case_id.as_str()).collect();
        assert_eq!(found, expected, "{charts:?} {text}");
    }
}

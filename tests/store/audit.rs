//! What was done about accounts and rights, and who acts for whom until when.

use store::audit::{self, AuditRow};
use store::people::{self, AssignmentRow, SubstitutionRow};
use store::{Store, accounts};

use crate::accounts::settle;
use crate::fresh::Fresh;
use crate::sample::NOW;

both!(
    what_was_done_is_listed_and_counted,
    what_was_done_is_never_changed,
    a_substitution_is_ended_before_its_time_or_not_at_all,
    roles_are_handed_over_all_or_none,
    whoever_is_locked_out_has_no_session_and_no_way_in,
);

fn row(at_ms: i64, what: &str, person: &str, about: &str, address: &str) -> AuditRow {
    let text = str::to_owned;
    AuditRow {
        at_ms,
        what: text(what),
        person: text(person),
        about: text(about),
        address: text(address),
        detail: String::new(),
    }
}

async fn what_was_done_is_listed_and_counted(fresh: &Fresh) {
    let store = &fresh.store;
    for one in [
        row(NOW, "signed_in", "p-1", "", "10.0.0.1"),
        row(NOW + 1, "sign_in_failed", "", "p-2", "10.0.0.1"),
        row(NOW + 2, "sign_in_failed", "", "p-1", "10.0.0.2"),
        row(NOW + 3, "sign_in_failed", "", "", "10.0.0.1"),
    ] {
        audit::add(store, &one).await.unwrap();
    }
    let all = audit::list(store, "", "", i64::MAX, 10).await.unwrap();
    assert_eq!(all.iter().map(|one| one.at_ms - NOW).collect::<Vec<_>>(), [3, 2, 1, 0]);
    let next = audit::list(store, "", "", all[1].id, 1).await.unwrap();
    assert_eq!(next, all[2..3]);
    let of = audit::list(store, "p-1", "", i64::MAX, 10).await.unwrap();
    assert_eq!(of.len(), 2, "done by them and to them");
    let of = audit::list(store, "p-1", "signed_in", i64::MAX, 10).await.unwrap();
    assert_eq!(of.len(), 1);
    let count =
        async |since| audit::count_from(store, "10.0.0.1", "sign_in_failed", since).await.unwrap();
    assert_eq!((count(NOW).await, count(NOW + 2).await, count(NOW + 4).await), (2, 1, 0));
}

async fn what_was_done_is_never_changed(fresh: &Fresh) {
    audit::add(&fresh.store, &row(NOW, "signed_in", "p-1", "", "")).await.unwrap();
    for sql in ["UPDATE audit SET person = 'p-2'", "DELETE FROM audit"] {
        let refused = fresh.run(sql).await.unwrap_err().to_string();
        assert!(refused.contains("the audit is append-only"), "{sql}: {refused}");
    }
}

async fn a_substitution_is_ended_before_its_time_or_not_at_all(fresh: &Fresh) {
    let store = &fresh.store;
    settle(store).await;
    let row = SubstitutionRow {
        id: "s-1".to_owned(),
        absent: "p-1".to_owned(),
        substitute: "p-2".to_owned(),
        role: String::new(),
        from_ms: NOW,
        to_ms: NOW + 100,
        basis: "QĐ-1".to_owned(),
    };
    people::put_substitutions(store, &[row]).await.unwrap();
    let version = people::assignments_version(store).await.unwrap();
    assert!(people::end_substitution(store, "s-1", NOW + 50).await.unwrap());
    assert!(!people::end_substitution(store, "s-1", NOW + 60).await.unwrap(), "it has ended");
    assert!(!people::end_substitution(store, "s-2", NOW).await.unwrap(), "there is none");
    assert_eq!(people::list_substitutions(store).await.unwrap()[0].to_ms, NOW + 50);
    assert!(people::assignments_version(store).await.unwrap() > version);
}

fn assignment(id: &str, holder: &str, from_ms: i64) -> AssignmentRow {
    AssignmentRow {
        id: id.to_owned(),
        role: "coordinator".to_owned(),
        scope: "ministry".to_owned(),
        holder: holder.to_owned(),
        organisation: "mic".to_owned(),
        from_ms,
        to_ms: None,
        basis: "QĐ-1".to_owned(),
    }
}

async fn roles_are_handed_over_all_or_none(fresh: &Fresh) {
    let store: &Store = &fresh.store;
    settle(store).await;
    people::put_assignments(store, &[assignment("a", "p-1", NOW)]).await.unwrap();
    let version = people::assignments_version(store).await.unwrap();
    let nobody = assignment("b", "p-9", NOW + 10);
    let refused = people::hand_over(store, &["a".to_owned()], NOW + 10, &[nobody]).await;
    assert!(refused.is_err(), "there is no such person");
    assert_eq!(people::list_assignments(store).await.unwrap()[0].to_ms, None, "nothing moved");
    let next = assignment("b", "p-2", NOW + 10);
    people::hand_over(store, &["a".to_owned()], NOW + 10, &[next]).await.unwrap();
    let all = people::list_assignments(store).await.unwrap();
    assert_eq!((all[0].to_ms, all[1].holder.as_str()), (Some(NOW + 10), "p-2"));
    assert!(people::assignments_version(store).await.unwrap() > version);
}

async fn whoever_is_locked_out_has_no_session_and_no_way_in(fresh: &Fresh) {
    let store = &fresh.store;
    settle(store).await;
    accounts::set_password(store, "p-1", "hash", NOW).await.unwrap();
    accounts::open_session(store, &crate::accounts::session("token")).await.unwrap();
    accounts::invite(store, "link", "p-1", NOW + 50).await.unwrap();
    accounts::lock(store, "p-1", i64::MAX).await.unwrap();
    assert_eq!(accounts::session(store, "token", NOW).await.unwrap(), None);
    assert_eq!(accounts::invited(store, "link", NOW).await.unwrap(), None);
    let account = accounts::find(store, "p-1").await.unwrap().unwrap();
    assert_eq!(account.locked_until_ms, i64::MAX);
    accounts::failed(store, "p-1", NOW).await.unwrap();
    let account = accounts::find(store, "p-1").await.unwrap().unwrap();
    assert_eq!(account.locked_until_ms, i64::MAX, "a wrong password opens nothing");
    accounts::lock(store, "p-1", 0).await.unwrap();
    assert_eq!(accounts::find(store, "p-1").await.unwrap().unwrap().locked_until_ms, 0);
    accounts::open_session(store, &crate::accounts::session("token")).await.unwrap();
    assert_eq!(accounts::end_sessions(store, "p-1").await.unwrap(), 1);
    assert_eq!(accounts::session(store, "token", NOW).await.unwrap(), None);
}

//! Who sees what: a case is there for those it concerns, and is not there for anybody else.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use runtime::{ActorRef, Command, Opening, roles};
use serde_json::json;
use store::cases::{self, CaseFilter};
use store::people;

use crate::browser::{Place, shared};

#[tokio::test]
async fn a_case_is_seen_by_those_it_concerns_and_by_nobody_else() {
    let place = shared().await;
    let rows = [
        (&place.enterprise, StatusCode::OK),
        (&place.coordinator, StatusCode::OK),
        (&place.stranger, StatusCode::NOT_FOUND),
    ];
    for (person, expected) in rows {
        let mut browser = place.signed_in(person).await;
        let paths =
            [format!("/cases/{}", place.report), format!("/cases/{}/actions/submit", place.report)];
        for path in &paths {
            assert_eq!(browser.get(path).await.status, expected, "{person} {path}");
        }
        let forged = browser.post(&paths[1], &[("/indicators/users_registered", "1")]).await;
        assert_eq!(forged.status == StatusCode::NOT_FOUND, expected == StatusCode::NOT_FOUND);
        let list = browser.get("/cases").await.text;
        assert_eq!(list.contains(&place.report), expected == StatusCode::OK, "{person}");
        // The list says where a case is, as its own page does.
        assert_eq!(list.contains("Chưa nộp"), expected == StatusCode::OK, "{list}");
    }
    let mut stranger = place.signed_in(&place.stranger).await;
    let here = stranger.get(&format!("/cases/{}", place.report)).await;
    let nowhere = stranger.get("/cases/00000000-0000-0000-0000-000000000000").await;
    assert_eq!(here.text, nowhere.text, "nobody can tell a case from none");
}

#[tokio::test]
async fn my_work_holds_what_i_owe_and_no_more() {
    let place = shared().await;
    let mut browser = place.signed_in(&place.enterprise).await;
    let page = browser.get("/work").await;
    assert!(page.text.contains(&place.report));
    assert!(page.text.contains("thứ Sáu 25/11/2022 · còn 9 ngày làm việc"), "{}", page.text);
    let mut stranger = place.signed_in(&place.stranger).await;
    let page = stranger.get("/work").await;
    assert!(!page.text.contains(&place.report));
    assert!(page.text.contains("Bạn không còn việc nào đang chờ"));
}

#[tokio::test]
async fn a_council_sees_its_own_round_and_no_other() {
    let place = Place::sqlite().await;
    let rounds = [place.round(1, 1..=7).await, place.round(2, 8..=14).await];
    for (own, other, member) in [(0, 1, 1), (0, 1, 7), (1, 0, 9)] {
        let mut browser = place.signed_in(&app::people::expert_id(member)).await;
        for path in ["/cases", "/work"] {
            let page = browser.get(path).await;
            assert!(page.text.contains(&rounds[own]), "{member} {path} {}", page.text);
            assert!(!page.text.contains(&rounds[other]), "{member} {path}");
        }
        // Each member owes one declaration, their own.
        let work = browser.get("/work").await;
        assert_eq!(work.text.matches("Khai báo xung đột lợi ích").count(), 1, "{}", work.text);
        let declare = format!("/cases/{}/actions/declare", rounds[own]);
        assert_eq!(browser.get(&declare).await.status, StatusCode::OK);
        let refused = browser.get(&format!("/cases/{}", rounds[other])).await;
        assert_eq!(refused.status, StatusCode::NOT_FOUND);
    }
    // A member of a council watches over nothing else.
    let mut member = place.signed_in(&app::people::expert_id(1)).await;
    assert_eq!(member.get(&format!("/cases/{}", place.report)).await.status, StatusCode::NOT_FOUND);
    let mut coordinator = place.signed_in(&place.coordinator).await;
    let page = coordinator.get(&format!("/cases/{}", rounds[0])).await;
    assert!(page.text.contains("Ủy viên hội đồng · Hội đồng"), "the unit that owes: {}", page.text);
}

#[tokio::test]
async fn a_case_is_found_by_what_people_type() {
    let place = shared().await;
    let all = people::list_organisations(place.runtime.store()).await.unwrap();
    let head = cases::find(place.runtime.store(), &place.report).await.unwrap().unwrap();
    let unit = all.iter().find(|one| head.subject.ends_with(&format!("/{}", one.id))).unwrap();
    let other = all.iter().find(|one| one.kind == "enterprise" && one.id != unit.id).unwrap();
    let last_word = |id: &str| id.rsplit('-').next().unwrap().to_uppercase();
    let rows = [
        (format!("doanh nghiep {}", last_word(&unit.id)), true),
        (format!("DOANH  NGHIỆP {}", last_word(&unit.id)), true),
        (place.report[..8].to_owned(), true),
        (unit.id.clone(), true),
        (String::new(), true),
        (format!("doanh nghiep {}", last_word(&other.id)), false),
        ("không có gì như thế".to_owned(), false),
        ("' OR 1=1 --".to_owned(), false),
    ];
    let mut browser = place.signed_in(&place.enterprise).await;
    let mut stranger = place.signed_in(&place.stranger).await;
    for (typed, expected) in rows {
        let query = serde_urlencoded::to_string([("q", &typed)]).unwrap();
        let page = browser.get(&format!("/cases?{query}")).await;
        assert_eq!(page.status, StatusCode::OK, "{typed}");
        assert_eq!(page.text.contains(&place.report), expected, "{typed}");
        assert!(!stranger.get(&format!("/cases?{query}")).await.text.contains(&place.report));
    }
}

#[tokio::test]
async fn the_overdue_board_is_for_those_who_watch_over_the_programme() {
    let place = shared().await;
    let mut coordinator = place.signed_in(&place.coordinator).await;
    let page = coordinator.get("/overdue").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains("Quá hạn theo đơn vị"));
    let mut enterprise = place.signed_in(&place.enterprise).await;
    assert_eq!(enterprise.get("/overdue").await.status, StatusCode::NOT_FOUND);
    assert!(!enterprise.get("/work").await.text.contains("/overdue"));
}

#[tokio::test]
async fn lists_and_boards_are_the_same_on_postgres() {
    let place = Place::postgres().await;
    let mut browser = place.signed_in(&place.coordinator).await;
    for path in ["/work", "/cases?chart=report&open=yes", "/overdue", "/account"] {
        let page = browser.get(path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
    }
    // Ids that no database takes are told, not stumbled over.
    for path in ["/cases/%00", "/cases?after=%00", "/cases/%00/actions/submit", "/cases/x%27--"] {
        let page = browser.get(path).await;
        assert!(page.status.is_client_error(), "{path}: {}", page.status);
    }
    let nul = [("name", "x\0y"), ("password", "p")];
    assert_eq!(browser.post("/sign-in", &nul).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let mut browser = place.signed_in(&place.enterprise).await;
    let submit = format!("/cases/{}/actions/submit", place.report);
    for (name, value) in [("/narrative/results", "a\0b"), ("_key", "k\0"), ("_decision", "x")] {
        let page = browser.post(&submit, &[(name, value)]).await;
        assert!(page.status.is_client_error(), "{name}: {}", page.status);
    }
    assert!(browser.get("/work").await.text.contains(&place.report));
    assert!(browser.get("/cases").await.text.contains(&place.report));
    let page = browser.get(&format!("/cases/{}", place.report)).await;
    assert!(page.text.contains("Bạn cần làm gì bây giờ"));
}

#[tokio::test]
async fn lists_are_narrowed_by_the_rule_that_judges_one_case() {
    let place = Place::sqlite().await;
    let subjects = [
        "platform/x",
        "platform/x/ent-1",
        "platform/x/ent-1/part",
        "platform/xy",
        "participation/x/ent-1",
        "participation/xy/ent-1",
        "ministry",
    ];
    let mut opened = Vec::new();
    for subject in subjects {
        let data = json!({ "level": "enterprise", "kind": "enterprise_month", "reporter": "ent-1", "period": "2022-11" });
        let opening = Opening { chart: "report".to_owned(), subject: subject.to_owned(), data };
        let command = Command::open("scopes", subject, opening, ActorRef::system());
        opened.push((place.runtime.send(command).await.unwrap().case_id, subject));
    }
    let mut asked: BTreeSet<String> =
        opened.iter().flat_map(|(id, subject)| roles::scopes(subject, id)).collect();
    asked.extend(
        ["platform", "platform/", "platform/x/ent", "participation/x", "case/"].map(str::to_owned),
    );
    for scope in asked {
        let filter = CaseFilter { scopes: Some(vec![scope.clone()]), ..CaseFilter::default() };
        let listed = cases::list(place.runtime.store(), &filter, "", 99).await.unwrap();
        for (id, subject) in &opened {
            let is_listed = listed.iter().any(|head| head.case_id == *id);
            assert_eq!(
                is_listed,
                roles::scopes(subject, id).contains(&scope),
                "{scope} on {subject}"
            );
        }
    }
}

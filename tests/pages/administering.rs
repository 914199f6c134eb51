//! Administration: people, roles, substitutes, handing over, and what is noted of it.

use axum::extract::ConnectInfo;
use axum::http::StatusCode;
use axum::http::{Request, header};
use store::{audit, people};

use crate::browser::{NOW, PASSWORD, Place};

const ADMIN: &str = "/admin/people";

#[tokio::test]
async fn whoever_does_not_administer_finds_nothing_here() {
    let place = Place::sqlite().await;
    let admin = place.administrator().await;
    for person in [&place.enterprise, &place.coordinator] {
        let mut browser = place.signed_in(person).await;
        assert!(!browser.get("/work").await.text.contains(ADMIN));
        let invite = format!("{ADMIN}/{admin}/invite");
        assert_eq!(browser.get(ADMIN).await.status, StatusCode::NOT_FOUND);
        assert_eq!(browser.post(&invite, &[]).await.status, StatusCode::NOT_FOUND);
    }
    let mut browser = place.signed_in(&admin).await;
    assert!(browser.get("/work").await.text.contains(ADMIN));
    // The role opens no case.
    assert_eq!(
        browser.get(&format!("/cases/{}", place.report)).await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(browser.get("/overdue").await.status, StatusCode::NOT_FOUND);
    assert!(browser.get("/cases").await.text.contains("Không có hồ sơ nào"));
}

#[tokio::test]
async fn somebody_new_is_added_given_a_role_and_invited() {
    let place = Place::postgres().await;
    let admin = place.administrator().await;
    let mut browser = place.signed_in(&admin).await;
    let unit =
        people::find_person(place.runtime.store(), &place.coordinator).await.unwrap().unwrap();
    let form = |email: &'static str| {
        [
            ("name", "Lê Thị Thử"),
            ("email", email),
            ("unit", unit.organisation.as_str()),
            ("language", "vi"),
        ]
    };
    let page = browser.post(ADMIN, &form("không phải địa chỉ")).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.text.contains("bạn nhập: không phải địa chỉ") && page.text.contains("Lê Thị Thử"));
    let page = browser.post(ADMIN, &form("thu.le@example.gov.vn")).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text);
    let own = page.location.split('?').next().unwrap().to_owned();
    let again = browser.post(ADMIN, &form("THU.LE@example.gov.vn")).await;
    assert!(again.text.contains("Địa chỉ này đã là của Lê Thị Thử"));
    assert!(browser.get(&format!("{ADMIN}?q=thi+thu")).await.text.contains("Lê Thị Thử"));

    let role =
        [("role", "coordinator"), ("scope", "ministry"), ("from", "14/11/2022"), ("basis", "")];
    let page = browser.post(&format!("{own}/roles"), &role).await;
    assert!(page.text.contains("Hãy ghi căn cứ"), "{}", page.text);
    let role = [role[0], role[1], ("from", "13/11/2022"), ("basis", "QĐ-9")];
    assert!(browser.post(&format!("{own}/roles"), &role).await.text.contains("Ngày này đã qua"));
    let role = [role[0], role[1], ("from", "14/11/2022"), ("basis", "QĐ-9")];
    let page = browser.post(&format!("{own}/roles"), &role).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER);
    assert!(browser.get(&page.location).await.text.contains("QĐ-9"));

    let page = browser.post(&format!("{own}/invite"), &[]).await;
    let link = page.text.split("/invitation/").nth(1).unwrap().split('"').next().unwrap();
    let link = format!("/invitation/{link}");
    let mut other = place.browser();
    other.post(&link, &[("password", PASSWORD), ("again", PASSWORD)]).await;
    assert_eq!(other.get("/overdue").await.status, StatusCode::OK, "the role is in force");

    let rows = audit::list(place.runtime.store(), &admin, "", i64::MAX, 100).await.unwrap();
    let whats: Vec<&str> = rows.iter().rev().map(|row| row.what.as_str()).collect();
    assert_eq!(whats, ["signed_in", "person_added", "role_given", "invited"]);
    let page = browser.get("/admin/audit?what=role_given").await;
    assert!(page.text.contains("QĐ-9") && page.text.contains("Lê Thị Thử"));
}

#[tokio::test]
async fn roles_are_handed_over_with_their_open_tasks_after_a_preview() {
    let place = Place::sqlite().await;
    let admin = place.administrator().await;
    let mut browser = place.signed_in(&admin).await;
    let store = place.runtime.store();
    let path = format!("{ADMIN}/{}/hand-over", place.enterprise);
    let page = browser.get(&path).await;
    assert!(page.text.contains("1 việc đang chờ"), "the open report goes with it");
    let all = people::list_assignments(store).await.unwrap();
    let held: Vec<_> = all.iter().filter(|one| one.holder == place.enterprise).collect();
    let mut form: Vec<(&str, &str)> =
        held.iter().map(|one| ("assignment", one.id.as_str())).collect();
    form.extend([("to", place.stranger.as_str()), ("from", "14/11/2022"), ("basis", "QĐ-10")]);
    let page = browser.post(&path, &form).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains("Xem trước việc bàn giao") && page.text.contains("QĐ-10"));
    assert_eq!(
        people::list_assignments(store).await.unwrap().len(),
        all.len(),
        "nothing is written"
    );
    form.push(("step", "write"));
    let page = browser.post(&path, &form).await;
    assert_eq!(page.location, format!("{ADMIN}/{}?done=handed", place.enterprise));
    let case = format!("/cases/{}", place.report);
    let mut before = place.signed_in(&place.enterprise).await;
    assert_eq!(before.get(&case).await.status, StatusCode::NOT_FOUND);
    let mut after = place.signed_in(&place.stranger).await;
    assert!(after.get("/work").await.text.contains(&case), "the task has followed");
    assert!(
        after.get(&format!("{case}/actions/submit")).await.text.contains("Số tài khoản đăng ký")
    );
}

#[tokio::test]
async fn the_last_administrator_stays() {
    let place = Place::sqlite().await;
    let admin = place.administrator().await;
    let mut browser = place.signed_in(&admin).await;
    let own = format!("{ADMIN}/{admin}");
    let page = browser.post(&format!("{own}/lock"), &[]).await;
    assert_eq!(page.status, StatusCode::CONFLICT);
    assert!(page.text.contains("người quản trị cuối cùng"));
    let all = people::list_assignments(place.runtime.store()).await.unwrap();
    let role = all.iter().find(|one| one.role == "administrator").unwrap();
    let page = browser.post(&format!("{own}/roles/end"), &[("assignment", &role.id)]).await;
    assert_eq!(page.status, StatusCode::CONFLICT);
    assert_eq!(browser.get(ADMIN).await.status, StatusCode::OK);
}

#[tokio::test]
async fn whoever_is_locked_is_out_until_unlocked() {
    let place = Place::sqlite().await;
    let admin = place.administrator().await;
    let mut browser = place.signed_in(&admin).await;
    let mut person = place.signed_in(&place.enterprise).await;
    let own = format!("{ADMIN}/{}", place.enterprise);
    browser.post(&format!("{own}/lock"), &[]).await;
    assert_eq!(person.get("/work").await.status, StatusCode::SEE_OTHER, "the session has ended");
    let right = [("name", place.enterprise.as_str()), ("password", PASSWORD)];
    let page = person.post("/sign-in", &right).await;
    assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(page.text.contains("đã bị khoá"));
    browser.post(&format!("{own}/unlock"), &[]).await;
    assert_eq!(person.post("/sign-in", &right).await.status, StatusCode::SEE_OTHER);
    browser.post(&format!("{own}/sessions"), &[]).await;
    assert_eq!(person.get("/work").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_substitute_sees_and_acts_while_the_substitution_lasts() {
    let place = Place::sqlite().await;
    let admin = place.administrator().await;
    let mut browser = place.signed_in(&admin).await;
    let path = format!("{ADMIN}/{}/substitute", place.enterprise);
    let stranger = place.stranger.clone();
    let form = |to: &'static str| {
        [
            ("substitute", stranger.clone()),
            ("role", String::new()),
            ("from", "14/11/2022".to_owned()),
            ("to", to.to_owned()),
            ("basis", "GUQ-1".to_owned()),
        ]
    };
    let wrong = form("không");
    let wrong: Vec<(&str, &str)> =
        wrong.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert!(browser.post(&path, &wrong).await.text.contains("Hãy nhập một ngày có thật"));
    let right = form("14/11/2022");
    let right: Vec<(&str, &str)> =
        right.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let page = browser.post(&path, &right).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text);
    let case = format!("/cases/{}", place.report);
    let mut other = place.signed_in(&place.stranger).await;
    assert_eq!(other.get(&case).await.status, StatusCode::OK);
    assert!(other.get("/work").await.text.contains(&case));
    let submit = format!("{case}/actions/submit");
    let page = other.get(&submit).await;
    assert!(page.text.contains("Thay mặt"), "{}", page.text);
    let form = [
        ("_decision", page.hidden("_decision")),
        ("_key", page.hidden("_key")),
        ("_for", page.hidden("_for")),
        ("/indicators/users_registered", "1.250.000".to_owned()),
        ("/narrative/results", "Hoàn thành".to_owned()),
    ];
    let form: Vec<(&str, &str)> =
        form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let page = other.post(&submit, &form).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text);
    let history = other.get(&case).await;
    assert!(history.text.contains("thay mặt"), "both names stand in the history");
    // The day after it is over.
    place.runtime.advance_to(chart::moment::Timestamp(NOW.as_ms() + 86_400_000)).await.unwrap();
    assert_eq!(other.get(&case).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_address_that_fails_too_often_has_to_wait() {
    let place = Place::sqlite().await;
    let from = |ip: [u8; 4], forwarded: Option<&'static str>| {
        let mut request = Request::post("/sign-in")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .extension(ConnectInfo(std::net::SocketAddr::from((ip, 4000))));
        if let Some(forwarded) = forwarded {
            request = request.header("x-forwarded-for", forwarded);
        }
        request
    };
    let mut browser = place.browser();
    let wrong = "name=nobody&password=x";
    let right = format!("name={}&password={}", place.enterprise, PASSWORD.replace(' ', "+"));
    for at in 0..41 {
        let page = browser.ask(from([203, 0, 113, 7], None), wrong.into()).await;
        let expected = if at < 40 { 422 } else { 429 };
        assert_eq!(page.status.as_u16(), expected, "try {at}");
    }
    let page = browser.ask(from([203, 0, 113, 7], None), right.clone().into()).await;
    assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS);
    // What somebody says of themselves is believed of a proxy on this machine only.
    let page =
        browser.ask(from([203, 0, 113, 7], Some("198.51.100.1")), right.clone().into()).await;
    assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS);
    let proxied =
        browser.ask(from([127, 0, 0, 1], Some("10.0.0.9, 203.0.113.7")), right.clone().into());
    assert_eq!(proxied.await.status, StatusCode::TOO_MANY_REQUESTS);
    let elsewhere = browser.ask(from([127, 0, 0, 1], Some("198.51.100.1")), right.into()).await;
    assert_eq!(elsewhere.status, StatusCode::SEE_OTHER);
}

//! Acting on a case: the form of an event, what is wrong with it, what came of it.

use axum::http::StatusCode;
use store::cases;

use crate::browser::{Answer, Browser, Place};

const RESULTS: &str = "/narrative/results";

async fn form(browser: &mut Browser, place: &Place) -> (String, Answer) {
    let path = format!("/cases/{}/actions/submit", place.report);
    let page = browser.get(&path).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    (path, page)
}

#[tokio::test]
async fn a_report_is_submitted_once_however_often_the_button_is_pressed() {
    let place = Place::sqlite().await;
    let mut browser = place.signed_in(&place.enterprise).await;
    let (path, page) = form(&mut browser, &place).await;
    assert!(page.text.contains("Số tài khoản đăng ký"));
    assert!(page.text.contains("Kỳ trước: 1.200.000"), "what it was in the period before");
    let (decision, key) = (page.hidden("_decision"), page.hidden("_key"));
    let fields = [
        ("_decision", decision.as_str()),
        ("_key", key.as_str()),
        ("/indicators/users_registered", "1.250.000"),
        (RESULTS, "Ho\u{300}a tha\u{300}nh"),
    ];
    for _ in 0..2 {
        let done = browser.post(&path, &fields).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER);
        assert_eq!(done.location, format!("/cases/{}?done=submit&at=2", place.report));
    }
    let page = browser.get(&format!("/cases/{}?done=submit&at=2", place.report)).await;
    assert!(page.text.contains(&format!("/cases/{}/receipts/2\">Xem biên nhận", place.report)));
    assert!(page.text.contains("“Nộp báo cáo” đã được ghi vào hồ sơ"));
    let head = cases::find(place.runtime.store(), &place.report).await.unwrap().unwrap();
    assert_eq!(head.revision, 2, "opened, submitted, and nothing twice");
    assert!(head.snapshot.contains("\"users_registered\":1250000"));
    assert!(head.snapshot.contains("Hòa thành"), "texts are NFC");
}

#[tokio::test]
async fn what_is_wrong_is_said_at_its_field_and_what_was_typed_stays() {
    let place = Place::sqlite().await;
    let mut browser = place.signed_in(&place.enterprise).await;
    let (path, page) = form(&mut browser, &place).await;
    let decision = page.hidden("_decision");
    let typed = |value: &'static str| {
        vec![
            ("_decision", decision.as_str()),
            ("/indicators/users_registered", value),
            (RESULTS, "<script>alert(1)</script>"),
        ]
    };
    let page = browser.post(&path, &typed("1,25 tỷ")).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.text.contains("<title>Có lỗi: "));
    let words = "“Số tài khoản đăng ký” phải là số, ví dụ 1.250.000 (bạn nhập: 1,25 tỷ)";
    assert_eq!(page.text.matches(words).count(), 2, "above and at the field");
    assert!(page.text.contains("href=\"#f-indicators-users_registered\""));
    assert!(page.text.contains("id=\"f-indicators-users_registered\""));
    assert!(page.text.contains("value=\"1,25 tỷ\""));
    assert!(page.text.contains("&lt;script&gt;alert(1)"), "and is never run");
    // What the schema of the chart says of a field is said in the same places.
    let page = browser.post(&path, &typed("-3")).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.text.contains("href=\"#f-indicators-users_registered\""), "{}", page.text);
    // A condition of the chart is said in the chart's own words.
    let page = browser.post(&path, &typed("")).await;
    assert_eq!(page.status, StatusCode::CONFLICT);
    assert!(page.text.contains("Còn chỉ tiêu bắt buộc chưa có số liệu"), "{}", page.text);
    let head = cases::find(place.runtime.store(), &place.report).await.unwrap().unwrap();
    assert_eq!(head.revision, 1, "nothing was written");
}

#[tokio::test]
async fn a_stale_page_is_told_and_keeps_what_was_typed() {
    let place = Place::sqlite().await;
    let mut browser = place.signed_in(&place.enterprise).await;
    let (path, page) = form(&mut browser, &place).await;
    let decision = page.hidden("_decision");
    let fields = [
        ("_decision", decision.as_str()),
        ("/indicators/users_registered", "2.000.000"),
        (RESULTS, "Xong."),
    ];
    let first = browser.post(&path, &fields).await;
    assert_eq!(first.status, StatusCode::SEE_OTHER);
    // The same page, sent again under a key of its own: the case has moved on.
    let stale = browser.post(&path, &fields).await;
    assert_eq!(stale.status, StatusCode::CONFLICT);
    assert!(stale.text.contains("vừa được người khác xử lý"), "{}", stale.text);
    assert!(stale.text.contains("Xong."));
    assert_ne!(stale.hidden("_decision"), decision);
}

#[tokio::test]
async fn what_is_not_possible_says_why_and_who_can() {
    let place = Place::sqlite().await;
    let mut browser = place.signed_in(&place.enterprise).await;
    let page = browser.get(&format!("/cases/{}", place.report)).await;
    assert!(page.text.contains("Chưa thực hiện được"));
    let cancel = format!("/cases/{}/actions/cancel", place.report);
    let page = browser.get(&cancel).await;
    assert!(page.text.contains("Chưa thực hiện được"), "{}", page.text);
    assert!(!page.text.contains("<textarea"), "no form for what cannot be sent");
    let forged = browser.post(&cancel, &[("/reasons", "không được phép")]).await;
    assert_eq!(forged.status, StatusCode::CONFLICT);
    assert!(forged.text.contains("không được phép"), "what was typed is kept");
    // An event of machines is no action of people.
    let path = format!("/cases/{}/actions/report.received", place.report);
    assert_eq!(browser.get(&path).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_form_that_is_too_large_is_told_and_nothing_is_written() {
    let place = Place::sqlite().await;
    let mut browser = place.signed_in(&place.enterprise).await;
    let path = format!("/cases/{}/actions/submit", place.report);
    let page = browser.post(&path, &[(RESULTS, &"x".repeat(2 << 20))]).await;
    assert_eq!(page.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(page.text.contains("Biểu mẫu chỉ nhận đến 1 MB"), "{}", page.text);
}

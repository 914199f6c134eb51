//! Receipts: what they say, and who is given one.

use axum::http::StatusCode;
use chart::moment::Timestamp;
use runtime::{ActorRef, Command};
use serde_json::json;
use store::log;

use crate::browser::{Browser, NOW, Place};

const USERS: &str = "/indicators/users_registered";
const RESULTS: &str = "/narrative/results";

async fn send(browser: &mut Browser, place: &Place, event: &str, fields: &[(&str, &str)]) {
    let path = format!("/cases/{}/actions/{event}", place.report);
    let decision = browser.get(&path).await.hidden("_decision");
    let mut all = vec![("_decision", decision.as_str())];
    all.extend(fields);
    let sent = browser.post(&path, &all).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text);
}

async fn says_what_was_sent_when_and_by_whom(place: &Place) {
    let mut browser = place.signed_in(&place.enterprise).await;
    let receipt = |revision: usize| format!("/cases/{}/receipts/{revision}", place.report);
    assert_eq!(browser.get(&receipt(2)).await.status, StatusCode::NOT_FOUND, "nothing was sent");
    send(&mut browser, place, "submit", &[(USERS, "1.250.000"), (RESULTS, "<i>Xong</i>")]).await;
    let page = browser.get(&receipt(2)).await;
    let hash = log::last(place.runtime.store(), &place.report).await.unwrap().unwrap().entry.hash;
    let number = format!("BN-{}-2", &place.report[..8]);
    for words in [
        &*number,
        &*hash,
        "Nộp đúng hạn",
        "09:00 thứ Hai 14/11/2022",
        "1.250.000 tài khoản",
        "&lt;i&gt;Xong",
        "/actions/correct",
    ] {
        assert!(page.text.contains(words), "{words}: {}", page.text);
    }
    assert!(!page.text.contains("Bản trước"));
    send(
        &mut browser,
        place,
        "correct",
        &[("/reason", "Thiếu"), (USERS, "1.260.000"), (RESULTS, "Đủ")],
    )
    .await;
    let page = browser.get(&receipt(3)).await;
    assert!(page.text.contains("Bản trước: 1.250.000 tài khoản"), "{}", page.text);
    assert!(page.text.contains("Bản đầu nộp lúc 09:00"));
    let old = browser.get(&receipt(2)).await;
    assert!(old.text.contains("Đã có bản mới hơn") && old.text.contains(&receipt(3)));
    // The history of the case leads there.
    let case = browser.get(&format!("/cases/{}", place.report)).await;
    assert!(case.text.contains(&receipt(2)) && case.text.contains(&receipt(3)));
    assert!(!case.text.contains(&receipt(1)), "nobody sent the opening");
    assert_eq!(browser.get(&receipt(1)).await.status, StatusCode::NOT_FOUND);
    let mut stranger = place.signed_in(&place.stranger).await;
    assert_eq!(stranger.get(&receipt(2)).await.status, StatusCode::NOT_FOUND);
    let odd = browser.get(&format!("/cases/{}/receipts/x", place.report)).await;
    assert!(odd.status.is_client_error());
}

#[tokio::test]
async fn a_receipt_says_what_was_sent_when_and_by_whom() {
    says_what_was_sent_when_and_by_whom(&Place::sqlite().await).await;
}

#[tokio::test]
async fn a_receipt_says_what_was_sent_when_and_by_whom_on_postgresql() {
    says_what_was_sent_when_and_by_whom(&Place::postgres().await).await;
}

#[tokio::test]
async fn a_receipt_says_that_a_report_was_late_and_stays_so() {
    let place = Place::sqlite().await;
    place.runtime.run_to(Timestamp(NOW.as_ms() + 15 * 86_400_000)).await.unwrap();
    let mut browser = place.signed_in(&place.enterprise).await;
    send(&mut browser, &place, "submit", &[(USERS, "1.250.000"), (RESULTS, "Xong")]).await;
    let last = log::last(place.runtime.store(), &place.report).await.unwrap().unwrap();
    let path = format!("/cases/{}/receipts/{}", place.report, last.entry.revision);
    let page = browser.get(&path).await;
    assert!(page.text.contains("Nộp muộn") && !page.text.contains("Nộp đúng hạn"), "{}", page.text);
}

#[tokio::test]
async fn what_a_member_of_a_council_sent_is_theirs_to_read() {
    let place = Place::sqlite().await;
    let case = place.round(1, 1..=7).await;
    let declare = json!({ "conflict": false });
    let who = ActorRef::person(&app::people::expert_id(1));
    let sent = Command::send(&case, "declare", declare, who, "declared");
    let receipt = place.runtime.send(sent).await.unwrap();
    let path = format!("/cases/{case}/receipts/{}", receipt.revision);
    for (person, expected) in [
        (app::people::expert_id(1), StatusCode::OK),
        (app::people::expert_id(2), StatusCode::NOT_FOUND),
        (place.coordinator.clone(), StatusCode::NOT_FOUND),
    ] {
        let mut browser = place.signed_in(&person).await;
        assert_eq!(browser.get(&path).await.status, expected, "{person}");
        let page = browser.get(&format!("/cases/{case}")).await;
        assert_eq!(page.text.contains(&path), expected == StatusCode::OK, "{person}");
    }
}

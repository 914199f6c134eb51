//! Tokens on the page of one's account: shown once, listed, revoked by their owner alone.

use axum::body::Body;
use axum::http::{Request, StatusCode};

use crate::browser::{Answer, Browser, Place};
use crate::program::sent;

async fn made(browser: &mut Browser, fields: &[(&str, &str)]) -> Answer {
    browser.post("/account/tokens", fields).await
}

fn secret_of(page: &Answer) -> String {
    let at = page.text.find("ctm_").expect("the secret is shown");
    page.text[at..].split('"').next().unwrap().to_owned()
}

async fn lets_in(place: &Place, secret: &str) -> bool {
    let request = Request::get("/api/v1/me").header("authorization", format!("Bearer {secret}"));
    sent(&place.router, request.body(Body::empty()).unwrap()).await.status == StatusCode::OK
}

#[tokio::test]
async fn a_token_is_shown_once_and_revoked_by_its_owner() {
    let place = Place::postgres().await;
    let mut browser = place.signed_in(&place.enterprise).await;
    let page = browser.get("/account").await;
    assert!(page.text.contains("Bạn chưa có mã nào còn hiệu lực"));
    let page = browser.get("/account/tokens").await;
    assert!(page.text.contains("Phần mềm được làm gì"), "{}", page.text);
    let fields =
        [("name", "Phần mềm <kế toán>"), ("scope", "read"), ("scope", "report"), ("days", "30")];
    let page = made(&mut browser, &fields).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    assert_eq!(page.headers.get("cache-control").unwrap(), "no-store");
    let secret = secret_of(&page);
    assert!(lets_in(&place, &secret).await);
    let account = browser.get("/account").await;
    assert!(
        account.text.contains("Phần mềm &lt;kế toán&gt;") && account.text.contains("read, report")
    );
    assert!(!account.text.contains("ctm_"), "never again");
    let token = account.text.split("/account/tokens/").nth(1).unwrap().split('"').next().unwrap();
    let path = format!("/account/tokens/{token}");
    // Somebody else cannot revoke it, even knowing its name.
    let mut stranger = place.signed_in(&place.stranger).await;
    stranger.post(&path, &[]).await;
    assert!(lets_in(&place, &secret).await);
    assert_eq!(browser.post(&path, &[]).await.status, StatusCode::SEE_OTHER);
    assert!(!lets_in(&place, &secret).await);
    let account = browser.get("/account").await;
    assert!(account.text.contains("Mã đã hết hiệu lực"), "what was there is still told");
    let rows = store::tokens::tokens_of(place.runtime.store(), &place.enterprise).await.unwrap();
    let told = (rows[0].created_by.as_str(), rows[0].revoked_by.as_deref());
    assert_eq!(told, (place.enterprise.as_str(), Some(place.enterprise.as_str())));
}

#[tokio::test]
async fn a_token_needs_a_name_and_a_scope_and_acts_for_a_unit_of_its_owner() {
    let place = Place::sqlite().await;
    let mut browser = place.signed_in(&place.enterprise).await;
    let rows: [(&[(&str, &str)], &str); 3] = [
        (&[("name", " "), ("scope", "read")], "Hãy nhập “Dùng để làm gì”"),
        (&[("name", "x")], "Hãy chọn ít nhất một phạm vi"),
        (&[("name", "x\0y"), ("scope", "read")], "Hãy nhập “Dùng để làm gì”"),
    ];
    for (fields, words) in rows {
        let page = made(&mut browser, fields).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{words}");
        assert!(
            page.text.contains(words) && page.text.contains("<title>Có lỗi: "),
            "{}",
            page.text
        );
    }
    let forged = [("name", "x"), ("scope", "read"), ("organisation", "another"), ("days", "99999")];
    assert_eq!(made(&mut browser, &forged).await.status, StatusCode::OK);
    let rows = store::tokens::list_tokens(place.runtime.store()).await.unwrap();
    assert_eq!(rows.len(), 1);
    assert!(place.enterprise.contains(&rows[0].organisation), "{}", rows[0].organisation);
    assert_eq!(rows[0].expires_at_ms - rows[0].created_at_ms, 90 * 86_400_000);
}

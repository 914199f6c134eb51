//! Signing in and out, invitations, languages, and forms of other sites.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use store::accounts;

use crate::browser::{PASSWORD, Place};

#[tokio::test]
async fn whoever_is_not_signed_in_is_led_there_and_back() {
    let place = Place::sqlite().await;
    let mut browser = place.browser();
    let page = browser.get("/cases?chart=report").await;
    assert_eq!(page.status, StatusCode::SEE_OTHER);
    assert_eq!(page.location, "/sign-in?next=%2Fcases%3Fchart%3Dreport");
    let page = browser.get(&page.location).await;
    assert_eq!(page.hidden("next"), "/cases?chart=report");
    let form = [
        ("name", place.enterprise.as_str()),
        ("password", PASSWORD),
        ("next", "/cases?chart=report"),
    ];
    let page = browser.post("/sign-in", &form).await;
    assert_eq!(
        (page.status, page.location.as_str()),
        (StatusCode::SEE_OTHER, "/cases?chart=report")
    );
    let cookie = page.headers.get(header::SET_COOKIE).unwrap().to_str().unwrap();
    assert!(cookie.contains("HttpOnly; SameSite=Lax"), "{cookie}");
    assert_eq!(browser.get("/cases?chart=report").await.status, StatusCode::OK);
    let kept = browser.clone();
    assert_eq!(browser.post("/sign-out", &[]).await.location, "/sign-in");
    assert_eq!(browser.get("/work").await.status, StatusCode::SEE_OTHER);
    // The token itself is worth nothing any more, whoever has kept it.
    assert_eq!(kept.clone().get("/work").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_wrong_password_says_nothing_of_the_name_and_costs_time() {
    let place = Place::sqlite().await;
    let mut browser = place.browser();
    let unknown = browser.post("/sign-in", &[("name", "nobody"), ("password", "x")]).await;
    let known = [("name", place.enterprise.as_str()), ("password", "x")];
    let wrong = browser.post("/sign-in", &known).await;
    assert_eq!(unknown.status, StatusCode::UNPROCESSABLE_ENTITY);
    let said = |text: &str| text.contains("Tên hoặc mật khẩu không đúng");
    assert!(said(&unknown.text) && said(&wrong.text));
    for _ in 0..4 {
        assert_eq!(browser.post("/sign-in", &known).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let right = [("name", place.enterprise.as_str()), ("password", PASSWORD)];
    let page = browser.post("/sign-in", &right).await;
    assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS, "even the right one has to wait");
    assert!(page.text.contains("phút"));
}

#[tokio::test]
async fn an_invitation_lets_one_person_choose_a_password_once() {
    let place = Place::postgres().await;
    let store = place.runtime.store();
    let now = app::web::real_ms();
    let url = "http://localhost";
    let link = app::cli::account::invitation(store, &place.enterprise, url, now).await.unwrap();
    let path = link.strip_prefix(url).unwrap();
    let mut browser = place.browser();
    assert!(browser.get(path).await.text.contains(&place.enterprise));
    let wrong = [
        (("ngắn", "ngắn"), "ít nhất 12 ký tự"),
        (("một câu dài dễ nhớ", "một câu dài dễ quên"), "không giống nhau"),
    ];
    for ((password, again), words) in wrong {
        let page = browser.post(path, &[("password", password), ("again", again)]).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.text.contains(words), "{words}");
    }
    let chosen = "câu mới, dài hơn câu cũ";
    let page = browser.post(path, &[("password", chosen), ("again", chosen)]).await;
    assert_eq!((page.status, page.location.as_str()), (StatusCode::SEE_OTHER, "/work"));
    assert_eq!(browser.get("/work").await.status, StatusCode::OK, "and is signed in");
    assert_eq!(place.browser().get(path).await.status, StatusCode::NOT_FOUND);
    let old = [("name", place.enterprise.as_str()), ("password", PASSWORD)];
    let page = place.browser().post("/sign-in", &old).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(accounts::list(store).await.unwrap().len(), 3);
}

#[tokio::test]
async fn a_form_of_another_site_is_not_taken() {
    let place = Place::sqlite().await;
    let mut browser = place.signed_in(&place.enterprise).await;
    let request = Request::post("/sign-out").header("sec-fetch-site", "cross-site");
    assert_eq!(browser.ask(request, Body::empty()).await.status, StatusCode::FORBIDDEN);
    assert_eq!(browser.get("/work").await.status, StatusCode::OK, "still signed in");
}

#[tokio::test]
async fn sessions_are_listed_and_ended_one_by_one() {
    let place = Place::sqlite().await;
    let mut here = place.signed_in(&place.enterprise).await;
    let mut there = place.signed_in(&place.enterprise).await;
    let page = here.get("/account").await;
    assert_eq!(page.text.matches("/account/sessions/").count(), 2);
    let token = there.cookies.iter().find(|(name, _)| name == "cotmoc_session").unwrap().1.clone();
    let sha = app::web::tokens::kept(&token);
    // Somebody else cannot end it, even knowing its name.
    let mut stranger = place.signed_in(&place.stranger).await;
    stranger.post(&format!("/account/sessions/{sha}"), &[]).await;
    assert_eq!(there.get("/work").await.status, StatusCode::OK);
    here.post(&format!("/account/sessions/{sha}"), &[]).await;
    assert_eq!(there.get("/work").await.status, StatusCode::SEE_OTHER);
    assert_eq!(here.get("/work").await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_language_is_as_chosen_or_as_the_browser_asks() {
    let place = Place::sqlite().await;
    let mut browser = place.browser();
    assert!(
        browser.get("/sign-in").await.text.contains("<html class=\"govuk-template\" lang=\"vi\"")
    );
    browser.lang = "en-GB,en;q=0.9";
    assert!(browser.get("/sign-in").await.text.contains("Sign in"));
    browser.post("/lang/vi", &[]).await;
    assert!(browser.get("/sign-in").await.text.contains("Đăng nhập"));
}

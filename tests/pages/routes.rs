//! Every route with who may ask for it; a route that is in the program and not here fails.

use axum::http::StatusCode;

use crate::browser::shared;

/// (method, route as the router writes it, whether anybody may ask).
const ROUTES: [(&str, &str, bool); 22] = [
    ("get", "/assets/{name}", true),
    ("get", "/sign-in", true),
    ("post", "/sign-in", true),
    ("get", "/invitation/{token}", true),
    ("post", "/invitation/{token}", true),
    ("post", "/lang/{code}", true),
    ("get", "/api/docs", true),
    ("get", "/api/openapi.json", true),
    ("get", "/api/problems/{code}", true),
    ("get", "/healthz", true),
    ("get", "/", false),
    ("get", "/work", false),
    ("get", "/cases", false),
    ("get", "/cases/{id}", false),
    ("get", "/cases/{id}/actions/{event}", false),
    ("post", "/cases/{id}/actions/{event}", false),
    ("get", "/overdue", false),
    ("get", "/account", false),
    ("post", "/account/sessions/{token}", false),
    ("get", "/account/tokens", false),
    ("post", "/account/tokens", false),
    ("post", "/account/tokens/{id}", false),
];
/// One more, apart because it ends the session it is asked in.
const SIGN_OUT: (&str, &str, bool) = ("post", "/sign-out", false);

#[test]
fn every_route_is_listed_here() {
    let source = include_str!("../../app/src/web/mod.rs");
    let mut written = Vec::new();
    for line in source.lines().filter_map(|line| line.trim().strip_prefix(".route(\"")) {
        let (path, handlers) = line.split_once('"').unwrap();
        for method in ["get", "post"] {
            if handlers.contains(&format!("{method}(")) {
                written.push((method, path));
            }
        }
    }
    let mut listed: Vec<(&str, &str)> =
        ROUTES.iter().chain([&SIGN_OUT]).map(|(method, path, _)| (*method, *path)).collect();
    written.sort_unstable();
    listed.sort_unstable();
    assert_eq!(written, listed);
}

#[tokio::test]
async fn whoever_is_not_signed_in_gets_no_further_than_the_door() {
    let place = shared().await;
    for (method, route, open) in ROUTES.iter().chain([&SIGN_OUT]) {
        let path = route
            .replace("{id}", &place.report)
            .replace("{event}", "submit")
            .replace("{token}", "0")
            .replace("{name}", "0")
            .replace("{code}", "vi");
        let mut browser = place.browser();
        browser.cookies.push(("cotmoc_session".to_owned(), "forged".to_owned()));
        let page = match *method {
            "get" => browser.get(&path).await,
            _ => browser.post(&path, &[]).await,
        };
        let sent_away =
            page.status == StatusCode::SEE_OTHER && page.location.starts_with("/sign-in");
        assert_eq!(sent_away, !open, "{method} {path}: {} {}", page.status, page.location);
        assert!(!page.status.is_server_error(), "{method} {path}");
    }
}

#[tokio::test]
async fn every_answer_says_what_a_browser_may_load() {
    let place = shared().await;
    let mut browser = place.signed_in(&place.coordinator).await;
    for path in ["/work", "/nowhere", "/cases?after=%00", "/healthz"] {
        let page = browser.get(path).await;
        assert!(!page.status.is_server_error(), "{path}: {}", page.status);
        let policy = page.headers.get("content-security-policy").unwrap().to_str().unwrap();
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        assert!(!page.text.contains("<script") && !page.text.contains(" style="), "{path}");
    }
    let page = browser.get("/nowhere").await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    assert!(page.text.contains("Không tìm thấy trang"));
    let style = page.text.split("href=\"/assets/").nth(1).unwrap().split('"').next().unwrap();
    let style = browser.get(&format!("/assets/{style}")).await;
    let kept = style.headers.get("cache-control").unwrap().to_str().unwrap();
    assert!(style.status == StatusCode::OK && kept.contains("immutable"), "{kept}");
}

//! Every route with who may ask for it; a route that is in the program and not here fails.

use axum::http::StatusCode;

use crate::browser::shared;

/// (method, route as the router writes it, whether anybody may ask).
const ROUTES: [(&str, &str, bool); 53] = [
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
    ("get", "/cases/{id}/receipts/{revision}", false),
    ("get", "/cases/{id}/actions/{event}", false),
    ("post", "/cases/{id}/actions/{event}", false),
    ("get", "/reports", false),
    ("post", "/cases/{id}/actions/{event}/draft", false),
    ("get", "/cases/{id}/actions/{event}/discard", false),
    ("post", "/cases/{id}/actions/{event}/discard", false),
    ("get", "/cases/{id}/actions/{event}/sheet", false),
    ("post", "/cases/{id}/actions/{event}/sheet", false),
    ("get", "/cases/{id}/actions/{event}/template", false),
    ("get", "/overdue", false),
    ("get", "/calendar", false),
    ("get", "/admin/people", false),
    ("post", "/admin/people", false),
    ("get", "/admin/people/new", false),
    ("get", "/admin/people/{id}", false),
    ("post", "/admin/people/{id}/invite", false),
    ("post", "/admin/people/{id}/sessions", false),
    ("post", "/admin/people/{id}/lock", false),
    ("post", "/admin/people/{id}/unlock", false),
    ("get", "/admin/people/{id}/roles", false),
    ("post", "/admin/people/{id}/roles", false),
    ("post", "/admin/people/{id}/roles/end", false),
    ("get", "/admin/people/{id}/substitute", false),
    ("post", "/admin/people/{id}/substitute", false),
    ("post", "/admin/people/{id}/substitute/end", false),
    ("get", "/admin/people/{id}/hand-over", false),
    ("post", "/admin/people/{id}/hand-over", false),
    ("get", "/admin/audit", false),
    ("post", "/urge", false),
    ("post", "/urge/send", false),
    ("get", "/batches", false),
    ("get", "/batches/{id}", false),
    ("post", "/batches/{id}/again", false),
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
    for route in source.split(".route(").skip(1) {
        let (path, handlers) =
            route.trim_start().strip_prefix('"').unwrap().split_once('"').unwrap();
        let handlers = handlers.split(';').next().unwrap();
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
            .replace("{revision}", "1")
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
        // Scripts and styles are files of ours; none stands in a page.
        let scripts = page.text.matches("<script").count();
        assert_eq!(scripts, page.text.matches("<script src=\"/assets/").count(), "{path}");
        assert_eq!(scripts, page.text.matches("defer></script>").count(), "{path}");
        assert!(!page.text.contains(" style=") && !page.text.contains(" onclick="), "{path}");
    }
    let page = browser.get("/nowhere").await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    assert!(page.text.contains("Không tìm thấy trang"));
    let style = page.text.split("href=\"/assets/").nth(1).unwrap().split('"').next().unwrap();
    let style = browser.get(&format!("/assets/{style}")).await;
    let kept = style.headers.get("cache-control").unwrap().to_str().unwrap();
    assert!(style.status == StatusCode::OK && kept.contains("immutable"), "{kept}");
}
